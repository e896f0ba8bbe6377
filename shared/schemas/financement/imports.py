"""Imports of financement: which lines a file may hold."""

from enum import StrEnum

from shared.schemas.commun import Page
from shared.schemas.imports import ImportLignes


class TypeImportFinancement(StrEnum):
    """Ce que sont les lignes d'un fichier. Liste ouverte."""

    CONVENTIONS = "conventions"
    ENVELOPPES = "enveloppes"
    ACTIONS = "actions"
    JUSTIFICATIFS = "justificatifs"
    ENGAGEMENTS = "engagements"


class ImportFinancement(ImportLignes):
    """Un fichier de lignes de financement, et où en est sa lecture."""

    type: TypeImportFinancement


class PageImportsFinancement(Page[ImportFinancement]):
    """Une page d'imports."""
