"""Prescriptions: an action of financement, for a frein."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.schemas.commun import (
    Centimes,
    DateCivile,
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
    """États d'une prescription ; `expiree` se calcule, rien ne l'écrit. Liste ouverte."""

    RESERVEE = "reservee"
    CONFIRMEE = "confirmee"
    ANNULEE = "annulee"
    EXPIREE = "expiree"
    ACCEPTEE = "acceptee"
    REFUSEE = "refusee"
    TERMINEE = "terminee"
    ABANDONNEE = "abandonnee"


class SensReponse(StrEnum):
    """Ce que l'organisme répond. Liste fermée."""

    ACCEPTEE = "acceptee"
    REFUSEE = "refusee"


class MotifRefusPrescription(StrEnum):
    """Pourquoi l'organisme refuse. Liste ouverte."""

    COMPLET = "complet"
    PUBLIC_NON_VISE = "public_non_vise"
    HORS_ZONE = "hors_zone"
    PERSONNE_NON_JOINTE = "personne_non_jointe"
    OFFRE_SUSPENDUE = "offre_suspendue"
    AUTRE = "autre"


class IssuePrescription(StrEnum):
    """Comment une prescription commencée s'achève. Liste fermée."""

    TERMINEE = "terminee"
    ABANDONNEE = "abandonnee"


class EffetFrein(StrEnum):
    """Ce que l'action a fait au frein : un élément de preuve, qui ne le lève pas. Liste fermée."""

    RESOLU = "resolu"
    AMELIORE = "ameliore"
    INCHANGE = "inchange"
    AGGRAVE = "aggrave"


class PrescriptionCreation(Entree):
    """Une action pour lever un frein : ses places et son montant se réservent ensemble."""

    frein_id: Identifiant
    offre_id: Identifiant | None = Field(
        default=None,
        description="Offre prescrite : ses conditions sont vérifiées, son action est celle qui est"
        " réservée. Requise si une offre mène à l'action",
    )
    action_id: Identifiant | None = Field(
        default=None,
        description="Action d'une convention (service financement) ; requise sans `offre_id`",
    )
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


class ReponsePrescriptionCreation(Entree):
    """La réponse de l'organisme ; un refus rend ce qui était réservé."""

    sens: SensReponse
    motif: MotifRefusPrescription | None = Field(
        default=None, description="Requis pour `refusee`, et pour elle seule"
    )


class FinPrescriptionCreation(Entree):
    """La fin d'une prescription confirmée ; ce qui est engagé le reste."""

    issue: IssuePrescription
    date_fin: DateCivile = Field(description="Aujourd'hui au plus tard")
    effet_frein: EffetFrein | None = Field(
        default=None, description="Requis pour `terminee` : ce qu'elle a fait au frein"
    )


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
    offre_id: Identifiant | None = Field(description="Null : l'action seule a été prescrite")
    offre_titre: Libelle | None = Field(description="Tel qu'il était à la prescription")
    motif_refus: MotifRefusPrescription | None
    date_fin: DateCivile | None
    effet_frein: EffetFrein | None = Field(description="Il ne lève pas le frein à lui seul")


class PagePrescriptions(Page[Prescription]):
    """Une page de prescriptions."""
