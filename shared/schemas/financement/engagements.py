"""What is owed, numbered, and who pays each cent of it."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
    Annee,
    Centimes,
    DateCivile,
    Entier,
    Identifiant,
    Page,
    Ressource,
)
from shared.schemas.financement.reservations import MontantEnveloppe


class StatutEngagement(StrEnum):
    """États d'un engagement. Liste fermée."""

    PROPOSE = "propose"
    ENGAGE = "engage"
    PARTIELLEMENT_LIQUIDE = "partiellement_liquide"
    SOLDE = "solde"
    DEGAGE = "degage"


class Engagement(Ressource):
    """Un montant engagé et des places occupées, nés d'une réservation confirmée."""

    exercice: Annee = Field(description="Année civile de l'engagement")
    numero: Entier = Field(description="Rang dans l'exercice, sans trou")
    action_id: Identifiant
    reservation_id: Identifiant
    beneficiaire_ref: Identifiant
    date_engagement: DateCivile
    places: Entier
    montant_centimes: Centimes
    ventilation: list[MontantEnveloppe] = Field(max_length=20)
    statut: StatutEngagement = Field(json_schema_extra={"readOnly": True})


class PageEngagements(Page[Engagement]):
    """Une page d'engagements."""
