"""Imports of parcours: which lines a file may hold."""

from enum import StrEnum

from shared.schemas.commun import Page
from shared.schemas.imports import ImportLignes


class TypeImportParcours(StrEnum):
    """Ce que sont les lignes d'un fichier. Liste ouverte."""

    REFERENTS = "referents"
    DIAGNOSTICS = "diagnostics"
    FREINS = "freins"
    CONTRATS_ENGAGEMENT = "contrats_engagement"
    ACTIVITES = "activites"
    RENDEZ_VOUS = "rendez_vous"
    OFFRES = "offres"
    OFFRES_DATA_INCLUSION = "offres_data_inclusion"


class ImportParcours(ImportLignes):
    """Un fichier de lignes de parcours, et où en est sa lecture."""

    type: TypeImportParcours


class PageImportsParcours(Page[ImportParcours]):
    """Une page d'imports."""
