"""Prescriptions: an action of financement, for a frein."""

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
    Page,
    Ressource,
)
from shared.schemas.parcours.vocabulaire import TEXTE_LIBRE

# Bounds of their own: a `Field` beside `Entier` would not narrow it.
PlacesDemandees = Annotated[int, Field(strict=True, ge=0, le=1000)]

DureePrescription = Annotated[int, Field(strict=True, ge=60, le=30 * 24 * 3600)]


class StatutPrescription(StrEnum):
    """États d'une prescription ; `expiree` se calcule, rien ne l'écrit. Liste fermée."""

    RESERVEE = "reservee"
    CONFIRMEE = "confirmee"
    ANNULEE = "annulee"
    EXPIREE = "expiree"


class PrescriptionCreation(Entree):
    """Une action pour lever un frein : ses places et son montant se réservent ensemble."""

    frein_id: Identifiant
    action_id: Identifiant = Field(description="Action d'une convention (service financement)")
    montant_centimes: Centimes
    places: PlacesDemandees = Field(
        default=1, description="Nombre de places ; zéro : un montant seul"
    )
    duree_s: DureePrescription | None = Field(
        default=None, description="Secondes avant expiration de la réservation ; trente jours"
    )


class PrescriptionConfirmationCreation(Entree):
    """La confirmation : le montant définitif, ou celui qui est réservé."""

    montant_centimes: Centimes | None = Field(
        default=None, description="Au plus le montant réservé ; absent : tout. En centimes d'euro"
    )


class PrescriptionAnnulationCreation(Entree):
    """L'annulation : ce qui était réservé est rendu."""

    motif: Libelle | None = Field(default=None, description=f"Requis. {TEXTE_LIBRE}")


class Prescription(Ressource):
    """Une action prescrite pour un frein, et la réservation qui la garantit."""

    parcours_id: Identifiant
    frein_id: Identifiant
    action_id: Identifiant
    montant_centimes: Centimes = Field(description="Réservé, puis engagé. En centimes d'euro")
    places: Entier
    statut: StatutPrescription
    reservation_id: Identifiant
    expire_le: Instant = Field(description="Sans confirmation avant, la réservation tombe")
    engagement_id: Identifiant | None
    motif_annulation: Libelle | None


class PagePrescriptions(Page[Prescription]):
    """Une page de prescriptions."""
