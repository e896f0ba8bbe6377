"""Contracts of the parcours service. A person is known here by an opaque id, nothing else."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.schemas.commun import (
    Auteur,
    Centimes,
    Code,
    Commentaire,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    Ressource,
)
from shared.schemas.orientation import NiveauFrein, TypeParcours

# Bounds of their own: a `Field` beside `Entier` would not narrow it.
PlacesDemandees = Annotated[int, Field(strict=True, ge=0, le=1000)]
DureePrescription = Annotated[int, Field(strict=True, ge=60, le=30 * 24 * 3600)]

# --- parcours


class StatutParcours(StrEnum):
    """États d'un parcours. Liste fermée."""

    OUVERT = "ouvert"
    CLOS = "clos"


class Parcours(Ressource):
    """Le parcours d'une personne ; la période en cours donne type et organisme référent."""

    personne_id: Identifiant = Field(description="Personne, opaque : elle vit dans orientation")
    statut: StatutParcours
    date_ouverture: DateCivile = Field(description="Date d'effet de la première orientation")
    date_cloture: DateCivile | None
    motif_cloture: Code | None = Field(description="Code du référentiel motifs-sortie")
    orientation_id: Identifiant = Field(description="Orientation de la dernière période")
    type_parcours: TypeParcours
    organisme_referent_id: Identifiant


class PageParcours(Page[Parcours]):
    """Une page de parcours."""


class Periode(Modele):
    """Ce qu'une orientation a ouvert : de sa date d'effet jusqu'à la suivante, ou à la sortie."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    orientation_id: Identifiant
    type_parcours: TypeParcours
    organisme_referent_id: Identifiant
    date_debut: DateCivile
    date_fin: DateCivile | None = Field(
        description="Jour où la période cesse ; la suivante commence ce jour-là. Null : en cours"
    )


class ParcoursDetaille(Parcours):
    """Un parcours et toutes ses périodes : une réorientation n'en perd aucune."""

    periodes: list[Periode] = Field(max_length=500, description="De la plus ancienne à la dernière")


class ClotureCreation(Entree):
    """La sortie du parcours : quand, et pourquoi."""

    motif: Code = Field(description="Code du référentiel motifs-sortie, ex. emploi_durable")
    date_sortie: DateCivile
    commentaire: Commentaire | None = Field(
        default=None, description="Requis pour le motif `autre` ; ni santé, ni identité d'un tiers"
    )


# --- freins


class CodeFrein(StrEnum):
    """Freins périphériques et professionnels, `handicap` étant un statut. Liste ouverte."""

    MOBILITE = "mobilite"
    GARDE_ENFANT = "garde_enfant"
    PROCHE_AIDANT = "proche_aidant"
    FAMILLE = "famille"
    SANTE = "sante"
    HANDICAP = "handicap"
    LOGEMENT = "logement"
    LANGUE_ILLETTRISME = "langue_illettrisme"
    NUMERIQUE = "numerique"
    FINANCES = "finances"
    ADMINISTRATIF_JURIDIQUE = "administratif_juridique"
    QUALIFICATION = "qualification"
    CONFIANCE = "confiance"
    ISOLEMENT = "isolement"
    AUTRE = "autre"


class StatutFrein(StrEnum):
    """États d'un épisode. `en_cours` : une action au moins est engagée. Liste fermée."""

    OUVERT = "ouvert"
    EN_COURS = "en_cours"
    LEVE = "leve"
    ABANDONNE = "abandonne"


class SourceObservation(StrEnum):
    """Qui a observé. Liste ouverte."""

    PERSONNE = "personne"
    REFERENT = "referent"
    ORGANISME = "organisme"
    FRANCE_TRAVAIL = "france_travail"


class FondementLevee(StrEnum):
    """Ce qui permet de dire un frein levé. Liste fermée."""

    OBJECTIFS_ATTEINTS = "objectifs_atteints"
    DECISION_REFERENT = "decision_referent"


_NIVEAU = "Requis, sauf pour `handicap` : c'est un statut, il n'a pas de niveau"
_LIBRE = "Refusé sur un frein de santé ou de handicap ; ni santé, ni identité d'un tiers"


class FreinCreation(Entree):
    """Un frein observé pour la première fois : il ouvre un épisode."""

    code: CodeFrein
    niveau: NiveauFrein | None = Field(default=None, description=_NIVEAU)
    date_observation: DateCivile = Field(description="Aujourd'hui au plus tard")
    source: SourceObservation
    libelle: Libelle | None = Field(
        default=None, description="Requis pour le code `autre`, et pour lui seul"
    )
    commentaire: Commentaire | None = Field(default=None, description=_LIBRE)


class NiveauCreation(Entree):
    """Une nouvelle observation d'un frein ; les précédentes restent."""

    niveau: NiveauFrein
    date_observation: DateCivile = Field(description="Du début de l'épisode à aujourd'hui")
    source: SourceObservation
    commentaire: Commentaire | None = Field(default=None, description=_LIBRE)


class LeveeCreation(Entree):
    """La levée d'un frein, par ses objectifs atteints ou par décision du référent."""

    fondement: FondementLevee
    date_levee: DateCivile = Field(description="De la dernière observation à aujourd'hui")
    commentaire: Commentaire | None = Field(
        default=None, description=f"Requis pour `decision_referent`. {_LIBRE}"
    )


class AbandonCreation(Entree):
    """On cesse de travailler ce frein, sans qu'il soit levé."""

    date_abandon: DateCivile = Field(description="De la dernière observation à aujourd'hui")
    commentaire: Commentaire | None = Field(default=None, description=f"Requis. {_LIBRE}")


class ReouvertureCreation(Entree):
    """Le retour d'un frein : un nouvel épisode, avec sa propre date de début."""

    niveau: NiveauFrein | None = Field(default=None, description=f"`moyen` ou `fort`. {_NIVEAU}")
    date_observation: DateCivile = Field(description="De la fin de l'épisode à aujourd'hui")
    source: SourceObservation
    commentaire: Commentaire | None = Field(default=None, description=_LIBRE)


class Frein(Ressource):
    """Un épisode d'un frein, et son niveau selon la dernière observation."""

    parcours_id: Identifiant
    code: CodeFrein
    libelle: Libelle | None
    statut: StatutFrein
    niveau: NiveauFrein | None = Field(description="Null pour `handicap`, qui est un statut")
    date_debut: DateCivile = Field(description="Première observation de l'épisode")
    date_observation: DateCivile = Field(description="Observation qui donne le niveau")
    date_fin: DateCivile | None = Field(description="Levée ou abandon")
    fondement: FondementLevee | None
    commentaire_fin: Commentaire | None
    precedent_id: Identifiant | None = Field(description="L'épisode que celui-ci rouvre")
    suivant_id: Identifiant | None = Field(description="L'épisode qui rouvre celui-ci")


class PageFreins(Page[Frein]):
    """Une page de freins."""


class Observation(Modele):
    """Ce qui a été observé d'un frein, un jour, par quelqu'un. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    frein_id: Identifiant
    niveau: NiveauFrein | None = Field(description="Null pour `handicap`, qui est un statut")
    date_observation: DateCivile
    source: SourceObservation
    commentaire: Commentaire | None
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageObservations(Page[Observation]):
    """Une page d'observations."""


# --- prescriptions


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

    motif: Libelle | None = Field(default=None, description=f"Requis. {_LIBRE}")


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
