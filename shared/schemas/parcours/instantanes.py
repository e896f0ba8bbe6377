"""What parcours exports: its lists, by their names."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.exports import ExportCreation


class TypeExportParcours(StrEnum):
    """Les listes de parcours qui s'exportent. Liste ouverte."""

    PARCOURS = "parcours"
    FREINS = "freins"
    CONTRATS_ENGAGEMENT = "contrats_engagement"
    ACTIVITES = "activites"
    RENDEZ_VOUS = "rendez_vous"
    PRESCRIPTIONS = "prescriptions"
    SUSPENSIONS = "suspensions"
    EMPLOIS = "emplois"
    DISPOSITIFS = "dispositifs"
    AIDES_JEUNES = "aides_jeunes"
    EMPLOYEURS = "employeurs"
    MARCHES = "marches"
    OFFRES = "offres"
    OFFRES_EMPLOI = "offres_emploi"
    MISES_EN_RELATION = "mises_en_relation"


class ExportParcoursCreation(ExportCreation):
    """Ce qui est à exporter de parcours."""

    type: TypeExportParcours = Field(description="Liste à exporter")
