"""How figures leave for people: French in pages, plain and harmless in CSV. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date

_FINE, _INSECABLE = "\u202f", "\u00a0"
_MOIS = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
)
# A number of ours is no formula, whatever its sign.
_NOMBRE = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_FORMULES = ("=", "+", "-", "@", "\t", "\r")


def montant(centimes: int) -> str:
    """Cents as a plain number of euros: two decimals, a point."""
    signe, absolu = ("-" if centimes < 0 else ""), abs(centimes)
    return f"{signe}{absolu // 100}.{absolu % 100:02d}"


def euros(centimes: int | None) -> str:
    """Cents as a French reader writes them: 1 241 700,00 €; a dash when not known."""
    if centimes is None:
        return "–"
    signe, absolu = ("\u2212" if centimes < 0 else ""), abs(centimes)
    entiers = f"{absolu // 100:,}".replace(",", _FINE)
    return f"{signe}{entiers},{absolu % 100:02d}{_INSECABLE}€"


def nombre(valeur: int | None) -> str:
    """An integer, its thousands apart; a dash when not known."""
    if valeur is None:
        return "–"
    return f"{valeur:,}".replace(",", _FINE).replace("-", "\u2212")


def taux(points_base: int | None) -> str:
    """Basis points as a percentage of two decimals; a dash when it has no meaning."""
    if points_base is None:
        return "–"
    signe, absolu = ("\u2212" if points_base < 0 else ""), abs(points_base)
    return f"{signe}{nombre(absolu // 100)},{absolu % 100:02d}{_INSECABLE}%"


def jour(valeur: date | None) -> str:
    """A day in full: 1er mars 2026; a dash when not known."""
    if valeur is None:
        return "–"
    quantieme = "1er" if valeur.day == 1 else str(valeur.day)
    return f"{quantieme} {_MOIS[valeur.month - 1]} {valeur.year}"


def mois(valeur: str) -> str:
    """A month, `2026-03`, in full: mars 2026."""
    annee, _, rang = valeur.partition("-")
    return f"{_MOIS[int(rang) - 1]} {annee}"


def cellule(valeur: object) -> str:
    """A cell that no spreadsheet runs: what begins like a formula comes after an apostrophe."""
    texte = "" if valeur is None else str(valeur)
    if texte.startswith(_FORMULES) and not _NOMBRE.fullmatch(texte):
        return f"'{texte}"
    return texte


def lignes_csv(lignes: Iterable[Sequence[object]]) -> str:
    """Rows as CSV: commas, everything quoted, nothing that a spreadsheet would run."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerows([cellule(valeur) for valeur in ligne] for ligne in lignes)
    return buffer.getvalue()
