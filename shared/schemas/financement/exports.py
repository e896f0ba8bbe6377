"""Exports: the essential data of subsidies, and by when they are published."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
    Centimes,
    Code,
    DateCivile,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
)
from shared.schemas.orientation.echeances import EtatEcheance


class FormePeriode(StrEnum):
    """Ce qui sépare deux dates d'une période : `/` du schéma, `_` de l'arrêté. Liste fermée."""

    SCHEMA = "schema"
    ARRETE = "arrete"


class EcheancePublication(Modele):
    """Une subvention dont les données essentielles sont à publier, et pour quand."""

    id: Identifiant = Field(
        json_schema_extra={"readOnly": True}, description="La convention de subvention"
    )
    reference: str = Field(max_length=64)
    beneficiaire: Libelle
    montant_centimes: Centimes = Field(description="Le plus élevé de ses exercices")
    date_signature: DateCivile
    date_alerte: DateCivile = Field(description="Deux mois après la signature")
    date_limite: DateCivile = Field(description="Trois mois après la signature, ce jour compris")
    etat: EtatEcheance = Field(
        description="À risque dès la date d'alerte ; la publication elle-même n'est pas connue ici"
    )
    defauts: list[Code] = Field(
        max_length=20, description="Champs SCDL qui empêchent de publier la ligne ; vide : aucun"
    )
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageEcheancesPublication(Page[EcheancePublication]):
    """Une page d'échéances de publication."""
