"""The data dictionary of `docs/dictionnaire`, made of the tables and of the référentiels.

Exact because generated: what a column is comes from its declaration, what it means from the same
line (`shared/socle/dictionnaire.py`). Nothing here knows a column by its name.
"""

import importlib
import inspect
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, MetaData, Table
from sqlalchemy.dialects import postgresql

from deploy.local.services import RACINE, SERVICES
from services.orientation.imports import rules as imports
from services.orientation.rdv_insertion import rules as rdv_insertion
from services.parcours.immersions import rules as immersions
from shared.referentiels import charger
from shared.socle import retention, tables
from shared.socle.dictionnaire import Colonne, Fiche
from shared.socle.volumes import tables as volumes

DOSSIER = RACINE / "docs" / "dictionnaire"
REFERENTIELS = RACINE / "shared" / "referentiels"

_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]
SANS_TERME = "sans terme, rien ne l'efface"
_PERSONNELLES = """\
Donnée personnelle : `aucune` ; `indirecte`, elle se rapporte à une personne que seul un identifiant
opaque désigne ; `identifiante`, elle désigne une personne, seule ou recoupée ; `santé`, elle peut
dire un état de santé ou un handicap (RGPD, article 9) ; `chiffrée`, scellée ou condensée sous une
clé que la base n'a pas. Sans source, une colonne a celle de sa table."""
_OUTILS = """\
## Tables d'outils

Elles ne sont pas à nous, et ne sont pas décrites colonne par colonne.

- `alembic_version` : la version du schéma.
- `procrastinate_*` : la file des travaux ; leurs arguments sont des identifiants et une trace.
"""


class Indecrite(Exception):
    """A table or a column does not say what it means: a sentence that names it."""


def pages() -> dict[Path, str]:
    """The pages, by the file that holds each."""
    found = {DOSSIER / f"{nom}.md": _service(nom) for nom in SERVICES}
    return {**found, DOSSIER / "referentiels.md": _referentiels()}


def dictionnaire(*, ecrire: bool) -> list[str]:
    """Write the pages, or name those that differ from what the code says.

    Raises:
        Indecrite: something does not say what it means.
    """
    differentes = []
    for fichier, texte in pages().items():
        if ecrire:
            fichier.parent.mkdir(exist_ok=True)
            fichier.write_text(texte, encoding="utf-8")
        elif not fichier.exists() or fichier.read_text(encoding="utf-8") != texte:
            differentes.append(fichier.name)
    return differentes


def metadonnees(service: str) -> tuple[MetaData, ...]:
    """The tables of a service: its own, those of its volume guard, then those that all have."""
    own: MetaData = importlib.import_module(f"services.{service}.tables").Base.metadata
    garde = () if service == "financement" else (volumes.Base.metadata,)
    return own, *garde, tables.Base.metadata


def _service(nom: str) -> str:
    *own, common = metadonnees(nom)
    nombre = sum(len(metadata.tables) for metadata in own)
    lines = [
        f"# Dictionnaire des données : {nom}",
        "",
        "Engendré des tables par `./jalons dictionnaire` ; ne se modifie pas à la main.",
        f"{nombre} tables du service, puis {len(common.tables)} que tous ont.",
        "",
        _PERSONNELLES,
        "",
    ]
    for metadata in (*own, common):
        for table in sorted(metadata.tables.values(), key=lambda table: table.name):
            lines += _table(table)
    return "\n".join([*lines, _OUTILS])


def _table(table: Table) -> Iterator[str]:
    fiche: Fiche | None = table.info.get("fiche")
    if fiche is None:
        raise Indecrite(f"La table {table.name} n'a pas de fiche.")
    # A duration is read where it is applied: said twice, it would come to differ.
    constants = {**vars(retention), **vars(imports), **vars(rdv_insertion), **vars(immersions)}
    yield f"## `{table.name}`"
    yield ""
    yield f"{fiche.sens}."
    yield ""
    yield f"- Source : {fiche.source}."
    yield f"- Conservation : {fiche.conserve.format_map(constants) or SANS_TERME}."
    for contrainte in _contraintes(table):
        yield f"- {contrainte}."
    yield ""
    yield "| colonne | type | vide | sens | unité ou valeurs | source | donnée personnelle |"
    yield "|---|---|---|---|---|---|---|"
    for column in table.columns:
        yield _ligne(table, fiche, column)
    yield ""


def _ligne(table: Table, fiche: Fiche, column: Column[Any]) -> str:
    colonne: Colonne | None = column.info.get("colonne")
    if colonne is None:
        raise Indecrite(f"La colonne {table.name}.{column.name} ne dit pas son sens.")
    cells = [
        f"**`{column.name}`**" if column.primary_key else f"`{column.name}`",
        column.type.compile(_POSTGRESQL).lower(),
        "oui" if column.nullable else "",
        colonne.sens + _vers(column),
        _unite(table, column, colonne),
        colonne.source,
        colonne.donnee or fiche.donnee,
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _vers(column: Column[Any]) -> str:
    """The table that a foreign key leads to; the collectivité is in all of them."""
    cibles = sorted({key.column.table.name for key in column.foreign_keys})
    return f" → `{cibles[0]}`" if cibles and column.name != "collectivite" else ""


def _unite(table: Table, column: Column[Any], colonne: Colonne) -> str:
    if isinstance(colonne.codes, str):
        return f"référentiel [{colonne.codes}](referentiels.md#{colonne.codes})"
    if colonne.codes is not None:
        return _valeurs(colonne.codes)
    if colonne.unite:
        return colonne.unite
    suffixes = {"_centimes": "centimes d'euro", "_octets": "octets", "_jours": "jours"}
    for suffixe, unite in suffixes.items():
        if column.name.endswith(suffixe):
            return unite
    match column.type.python_type.__name__:
        case "date":
            return "jour civil"
        case "datetime":
            return "instant, UTC"
        case "int":
            raise Indecrite(f"La colonne {table.name}.{column.name} ne dit pas son unité.")
    return ""


def _valeurs(codes: type[StrEnum]) -> str:
    """The values of an enumeration, with what its docstring says of its closure."""
    ouverte = " (liste ouverte)" if "Liste ouverte" in (inspect.getdoc(codes) or "") else ""
    return ", ".join(f"`{code.value}`" for code in codes) + ouverte


def _contraintes(table: Table) -> Iterator[str]:
    uniques = (index for index in table.indexes if index.unique)
    for index in sorted(uniques, key=lambda index: str(index.name)):
        yield _unique(index)
    checks = (c for c in table.constraints if isinstance(c, CheckConstraint))
    for check in sorted(checks, key=lambda check: str(check.name)):
        yield f"Toujours : `{check.sqltext}`"


def _unique(index: Index) -> str:
    columns = ", ".join(f"`{column.name}`" for column in index.columns)
    condition = index.dialect_options["postgresql"]["where"]
    return f"Unique : {columns}" + (f", parmi `{condition}`" if condition is not None else "")


def _referentiels() -> str:
    said = tomllib.loads((REFERENTIELS / "dictionnaire.toml").read_text(encoding="utf-8"))
    lines = [
        "# Dictionnaire des données : référentiels",
        "",
        "Engendré de `shared/referentiels` par `./jalons dictionnaire` ; ne se modifie pas à la",
        "main. Des fichiers du code, sans donnée personnelle : une livraison les remplace. Chaque",
        f"ligne porte sa source, lue le {said['releve']:%d/%m/%Y} au plus tard ; une cellule",
        "vide : rien n'est connu.",
        "",
    ]
    for fichier in sorted(REFERENTIELS.glob("*.csv")):
        lines += _referentiel(fichier.stem, said["communes"], said.get(fichier.stem))
    return "\n".join(lines)


def _referentiel(nom: str, communes: dict[str, str], said: Any) -> Iterator[str]:
    if said is None:
        raise Indecrite(f"Le référentiel {nom} n'est pas dans dictionnaire.toml.")
    rows = charger(nom)
    meanings = communes | said.get("colonnes", {})
    missing = rows[0].keys() - meanings.keys()
    if missing:
        raise Indecrite(f"Le référentiel {nom} ne dit pas le sens de {sorted(missing)}.")
    yield f"## {nom}"
    yield ""
    yield f"{said['sens']}. Sert à {said['usage']}."
    yield ""
    yield f"{len(rows)} lignes."
    yield ""
    yield "| colonne | sens |"
    yield "|---|---|"
    yield from (f"| `{colonne}` | {meanings[colonne]} |" for colonne in rows[0])
    yield ""
    yield "Sources :"
    yield ""
    yield from (f"- {source}" for source in sorted({row["source"] for row in rows}))
    yield ""
