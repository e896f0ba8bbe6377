"""Places and cents held together; a beneficiary is an opaque reference, never a person."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.schemas.commun import (
    Centimes,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    Ressource,
)

DureeReservation = Annotated[int, Field(strict=True, ge=1, le=30 * 24 * 3600)]


class StatutReservation(StrEnum):
    """États d'une réservation ; tous sont définitifs sauf `en_attente`. Liste fermée."""

    EN_ATTENTE = "en_attente"
    CONFIRMEE = "confirmee"
    ANNULEE = "annulee"
    EXPIREE = "expiree"


class MontantEnveloppe(Modele):
    """Ce qu'une enveloppe porte d'un montant."""

    enveloppe_id: Identifiant
    montant_centimes: Centimes


class ReservationCreation(Entree):
    """Des places et un montant à prendre ensemble, ou pas du tout."""

    action_id: Identifiant
    places: Entier = 0
    montant_centimes: Centimes = 0
    beneficiaire_ref: Identifiant = Field(
        description="Référence opaque, que parcours seul sait lire ; jamais une identité"
    )
    duree_s: DureeReservation = Field(
        default=900, description="Durée de la réservation, en secondes ; trente jours au plus"
    )


class Reservation(Ressource):
    """Des places et un montant retenus jusqu'à `expire_le`, cet instant exclu."""

    action_id: Identifiant
    places: Entier
    montant_centimes: Centimes
    ventilation: list[MontantEnveloppe] = Field(max_length=20)
    beneficiaire_ref: Identifiant
    statut: StatutReservation = Field(json_schema_extra={"readOnly": True})
    expire_le: Instant
    resolue_le: Instant | None
    motif: Libelle | None
    engagement_id: Identifiant | None


class PageReservations(Page[Reservation]):
    """Une page de réservations."""


class ConfirmationCreation(Entree):
    """Ce qui est confirmé ; absent : tout ce qui est réservé. Le reste est rendu."""

    places: Entier | None = None
    montant_centimes: Centimes | None = None


class AnnulationCreation(Entree):
    """Pourquoi la réservation est rendue."""

    motif: Libelle = Field(description="Sans donnée de santé ni identité")
