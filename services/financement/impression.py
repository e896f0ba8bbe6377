"""A page to print: accessible, in French, and without a script. Pure."""

import base64
import hashlib
from collections.abc import Collection, Iterable, Sequence
from html import escape

# Each at 4.5:1 at least on white, and apart from the next by its lightness.
ENCRE, ENGAGE, LIQUIDE, PAYE, FOND = "#1b1b1b", "#4a6fa5", "#8a4b00", "#12355b", "#ffffff"
STYLE = f"""
body {{ font: 1rem/1.5 system-ui, sans-serif; color: {ENCRE}; background: {FOND};
  max-width: 60rem; margin: 0 auto; padding: 1rem; }}
h1 {{ font-size: 1.6rem; }} h2 {{ font-size: 1.25rem; margin-top: 2rem; }}
table {{ border-collapse: collapse; width: 100%; margin: 1rem 0; font-size: .875rem; }}
caption {{ text-align: left; font-weight: bold; padding: .25rem 0; }}
th, td {{ border: 1px solid #767676; padding: .25rem .5rem; text-align: left; }}
td.n {{ text-align: right; white-space: nowrap; }}
thead th {{ background: #eeeeee; }}
figure {{ margin: 1rem 0; }} svg {{ max-width: 100%; height: auto; }}
svg text {{ font: 13px system-ui, sans-serif; fill: {ENCRE}; }}
code {{ overflow-wrap: anywhere; }}
.engage {{ fill: {ENGAGE}; stroke: {ENGAGE}; }} .liquide {{ fill: {LIQUIDE}; stroke: {LIQUIDE}; }}
.paye {{ fill: {PAYE}; stroke: {PAYE}; }} .trait {{ fill: none; stroke-width: 2.5; }}
.tirets {{ stroke-dasharray: 7 4; }} .ouvert {{ fill: none; stroke: {ENCRE}; stroke-width: 1.5; }}
.regle {{ stroke: #767676; }}
@page {{ size: A4; margin: 15mm; }}
@media print {{ body {{ max-width: none; padding: 0; }} h2 {{ break-after: avoid; }}
  figure, tr {{ break-inside: avoid; }} thead {{ display: table-header-group; }} }}
"""
_SHA = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# The style by its digest, and nothing else: no script, no image, no form, no frame, no network.
CSP = (
    f"default-src 'none'; style-src 'sha256-{_SHA}'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)


def document(titre: str, corps: Iterable[str]) -> str:
    """Write the whole page, under its title; what is empty is left out."""
    return (
        '<!doctype html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(titre)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(titre)}</h1>\n"
        + "\n".join(part for part in corps if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def table(
    legende: str,
    entetes: Sequence[str],
    lignes: Iterable[Sequence[str]],
    *,
    textes: Collection[int] = (),
) -> str:
    """A table: its first column heads the rows; none without a row.

    Args:
        textes: ranks of the other columns that are sentences; all others are figures.
    """
    rows = [
        f'<tr><th scope="row">{escape(ligne[0])}</th>'
        + "".join(
            (
                f"<td>{escape(cellule)}</td>"
                if rang in textes
                else f'<td class="n">{escape(cellule)}</td>'
            )
            for rang, cellule in enumerate(ligne[1:], start=1)
        )
        + "</tr>"
        for ligne in lignes
    ]
    if not rows:
        return ""
    tete = "".join(f'<th scope="col">{escape(entete)}</th>' for entete in entetes)
    return (
        f"<table>\n<caption>{escape(legende)}</caption>\n<thead><tr>{tete}</tr></thead>\n"
        f"<tbody>\n{chr(10).join(rows)}\n</tbody>\n</table>"
    )
