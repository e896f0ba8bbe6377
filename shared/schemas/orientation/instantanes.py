"""What orientation exports: its lists, by their names."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.exports import ExportCreation


class TypeExportOrientation(StrEnum):
    """Les listes de orientation qui s'exportent. Liste ouverte."""

    ORIENTATIONS = "orientations"
    REORIENTATIONS = "reorientations"
    RAPPROCHEMENTS = "rapprochements"
    MOUVEMENTS = "mouvements"
    ORGANISMES_REFERENTS = "organismes_referents"
    JEUX_DE_REGLES = "jeux_de_regles"
    PORTEFEUILLES = "portefeuilles"
    ACCUEILS = "accueils"
    CONVOCATIONS = "convocations"


class ExportOrientationCreation(ExportCreation):
    """Ce qui est à exporter de orientation."""

    type: TypeExportOrientation = Field(description="Liste à exporter")
