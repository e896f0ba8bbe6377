"""What is owed, numbered, and who pays each cent of it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    Annee,
    Auteur,
    Booleen,
    Centimes,
    CentimesPositifs,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Libelle,
    Modele,
    Page,
    Ressource,
)
from shared.schemas.financement.justificatifs import Avertissement, Sha256
from shared.schemas.financement.reservations import MontantEnveloppe
from shared.schemas.parcours.employeurs import Siret

Rna = Annotated[
    str,
    StringConstraints(pattern=r"^W[0-9][0-9A-Z][0-9]{7}$", max_length=10),
    Field(description="Numéro d'une association au répertoire national (RNA)"),
]


class StatutEngagement(StrEnum):
    """États d'un engagement. Liste fermée."""

    PROPOSE = "propose"
    ENGAGE = "engage"
    PARTIELLEMENT_LIQUIDE = "partiellement_liquide"
    SOLDE = "solde"
    DEGAGE = "degage"


class NatureEngagement(StrEnum):
    """Ce qui oblige : un acte juridique, ou une provision avant lui. Liste ouverte."""

    JURIDIQUE = "juridique"
    PROVISIONNEL = "provisionnel"


class EcheanceEngagementLigne(Entree):
    """Ce qui est prévu d'un engagement sur un exercice."""

    exercice: Annee
    montant_centimes: CentimesPositifs


class EcheanceEngagement(Modele):
    """Ce qui est prévu d'un engagement sur un exercice."""

    exercice: Annee
    montant_centimes: Centimes


class EngagementCreation(Entree):
    """Un montant à engager envers un tiers, sur les enveloppes qui paient l'action."""

    action_id: Identifiant
    tiers_siret: Siret | None = Field(default=None, description="SIRET du tiers, ou son RNA")
    tiers_rna: Rna | None = Field(default=None, description="RNA du tiers, ou son SIRET")
    objet: Libelle = Field(description="Ce qui est payé, sans nommer de personne physique")
    montant_centimes: CentimesPositifs
    nature: NatureEngagement
    date_engagement: DateCivile | None = Field(
        default=None, description="Aujourd'hui ou avant ; absente : aujourd'hui"
    )
    echeancier: list[EcheanceEngagementLigne] = Field(
        default_factory=list,
        max_length=10,
        description="Par exercice ; sa somme est le montant. Vide : l'exercice de l'engagement."
        " Sur une autorisation, elle seule porte les exercices à venir",
    )
    personnel: Booleen = Field(
        default=False, description="Dépense de personnel : jamais sur une autorisation"
    )
    ae_id: Identifiant | None = Field(
        default=None, description="Autorisation d'engagement qui le porte aussi"
    )
    pieces: list[Sha256] = Field(
        default_factory=list,
        max_length=20,
        description="Justificatifs enregistrés qui le fondent, par leur SHA-256",
    )


class DegagementCreation(Entree):
    """Ce qui, d'un engagement, ne sera pas dépensé."""

    montant_centimes: CentimesPositifs | None = Field(
        default=None, description="Absent : tout ce qui n'est pas liquidé"
    )
    motif: Libelle = Field(description="Sans donnée de santé ni identité")


class CouvertureLigne(Entree):
    """Ce qu'une enveloppe de l'exercice en porte."""

    enveloppe_id: Identifiant
    montant_centimes: CentimesPositifs


class CouvertureCreation(Entree):
    """Ce que les enveloppes d'un exercice, notifiées depuis, portent d'un engagement."""

    exercice: Annee = Field(description="Une année de l'échéancier, après celle de l'engagement")
    enveloppes: list[CouvertureLigne] = Field(
        min_length=1, max_length=20, description="Ensemble, l'échéance de l'exercice au plus"
    )
    source: Libelle = Field(description="Acte qui engage l'échéance")


class ReportEngagementCreation(Entree):
    """Ce qu'un avenant fait porter par l'enveloppe d'un exercice suivant."""

    enveloppe_id: Identifiant = Field(description="Celle qui le porte, sa fenêtre finie")
    vers_enveloppe_id: Identifiant = Field(
        description="Celle, ouverte et d'un exercice suivant, qui le portera"
    )
    date_effet: DateCivile = Field(description="Après le dernier jour de la fenêtre")
    source: Libelle = Field(description="Avenant qui reporte")
    decision: Libelle | None = Field(
        default=None,
        description="Décision expresse : requise pour reporter sur un autre financeur, une autre"
        " convention, ou hors d'un volet non fongible",
    )


class Engagement(Ressource):
    """Un montant engagé, né d'une réservation confirmée ou envers un tiers."""

    exercice: Annee = Field(description="Année civile de l'engagement")
    numero: Entier = Field(description="Rang dans l'exercice, sans trou")
    action_id: Identifiant
    reservation_id: Identifiant | None = Field(description="Nul : il n'est pas né d'elle")
    beneficiaire_ref: Identifiant | None
    date_engagement: DateCivile
    places: Entier
    montant_centimes: Centimes
    ventilation: list[MontantEnveloppe] = Field(
        max_length=200, description="Ce que chaque enveloppe en porte, reports faits"
    )
    statut: StatutEngagement = Field(json_schema_extra={"readOnly": True})
    tiers_siret: Siret | None
    tiers_rna: Rna | None
    objet: Libelle | None
    nature: NatureEngagement | None
    echeancier: list[EcheanceEngagement] = Field(max_length=10)
    ae_id: Identifiant | None
    personnel: Booleen = Field(description="Dépense de personnel : jamais sur une autorisation")
    non_couvert_centimes: Centimes = Field(
        description="Ce que l'autorisation porte seule : des exercices dont l'argent n'est pas"
        " notifié"
    )
    pieces: list[Sha256] = Field(max_length=20, description="Justificatifs qui le fondent")
    liquide_centimes: Centimes = Field(description="Service fait certifié, mandaté ou non")
    degage_centimes: Centimes = Field(description="Rendu aux enveloppes, ne sera pas dépensé")
    auteur: Auteur | None = Field(description="Nul : engagé avant que ce ne soit retenu")
    avertissements: list[Avertissement] = Field(
        max_length=50, description="Ce qui semblait financé deux fois le jour de l'engagement"
    )


class PageEngagements(Page[Engagement]):
    """Une page d'engagements."""


class EngagementNonMandate(Modele):
    """Ce qui reste d'un engagement à mandater, un jour donné."""

    id: Identifiant = Field(
        json_schema_extra={"readOnly": True}, description="Identifiant de l'engagement"
    )
    exercice: Annee
    numero: Entier
    action_id: Identifiant
    tiers_siret: Siret | None
    tiers_rna: Rna | None
    objet: Libelle | None
    date_engagement: DateCivile
    montant_centimes: Centimes
    engage_centimes: Centimes = Field(description="Engagé et non liquidé ce jour-là")
    liquide_centimes: Centimes = Field(description="Liquidé et non mandaté ce jour-là")


class PageEngagementsNonMandates(Page[EngagementNonMandate]):
    """Une page d'engagements qui ne sont pas mandatés en entier."""
