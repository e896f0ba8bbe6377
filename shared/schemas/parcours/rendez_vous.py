"""Rendez-vous: taken, moved, honoured or missed, taken again."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
    Auteur,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    ReferenceExterne,
    Ressource,
)
from shared.schemas.orientation.accueils import MotifAbsence, PresenceAccueil
from shared.schemas.parcours.vocabulaire import AGENT


class MotifRendezVous(StrEnum):
    """À quoi sert un rendez-vous, selon France Travail. Liste fermée."""

    PREMIER_ACCOMPAGNEMENT = "premier_accompagnement"
    ORIENTATION = "orientation"
    AUTRE = "autre"


class ModaliteRendezVous(StrEnum):
    """Comment on s'y retrouve, selon France Travail. Liste fermée."""

    PHYSIQUE = "physique"
    TELEPHONE = "telephone"
    VISIO = "visio"


class ReceptionRendezVous(StrEnum):
    """Seul ou en groupe, selon France Travail. Liste fermée."""

    INDIVIDUELLE = "individuelle"
    COLLECTIVE = "collective"


class StatutRendezVous(StrEnum):
    """États d'un rendez-vous, ceux de France Travail. Liste fermée."""

    PRIS = "pris"
    MODIFIE = "modifie"
    EFFECTUE = "effectue"
    ABSENT = "absent"
    ANNULE = "annule"


class InitiateurRendezVous(StrEnum):
    """Qui prend, déplace ou annule un rendez-vous, selon France Travail. Liste fermée."""

    USAGER = "usager"
    PARTENAIRE = "partenaire"


class CreneauCreation(Entree):
    """Un créneau et qui le demande."""

    debut_le: Instant
    fin_le: Instant = Field(description="Après le début, d'un jour au plus")
    modalite: ModaliteRendezVous
    lieu: Libelle | None = Field(default=None, description="Nom du lieu, public")
    initiateur: InitiateurRendezVous


class RendezVousCreation(CreneauCreation):
    """Un rendez-vous à prendre."""

    motif: MotifRendezVous
    reception: ReceptionRendezVous
    agent: ReferenceExterne = Field(description=AGENT)
    organisme_id: Identifiant | None = Field(
        default=None, description="Qui reçoit ; absent : l'organisme référent du jour"
    )


class ModificationRendezVousCreation(CreneauCreation):
    """Un autre créneau ; l'ancien reste dans les actes."""


class ReconvocationCreation(CreneauCreation):
    """Un nouveau rendez-vous après un autre, manqué ou annulé."""


class AnnulationRendezVousCreation(Entree):
    """L'annulation d'un rendez-vous, avant qu'il soit constaté."""

    initiateur: InitiateurRendezVous


class PresenceRendezVousCreation(Entree):
    """Ce qui est constaté d'un rendez-vous ; une absence est un fait, non un manquement."""

    presence: PresenceAccueil
    motif: MotifAbsence | None = Field(
        default=None, description="Requis d'une personne excusée, sans objet d'une présente"
    )
    date_constat: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")


class CodesRendezVous(Modele):
    """Le même rendez-vous, dans les codes de France Travail."""

    motif: str = Field(max_length=20)
    modalite: str = Field(max_length=20)
    reception: str = Field(max_length=20)
    statut: str = Field(max_length=20)
    initiateur: str = Field(max_length=20)


class RendezVous(Ressource):
    """Un rendez-vous d'un parcours, et ce qu'il en est advenu."""

    parcours_id: Identifiant
    motif: MotifRendezVous
    modalite: ModaliteRendezVous
    reception: ReceptionRendezVous
    statut: StatutRendezVous
    initiateur: InitiateurRendezVous = Field(description="De la prise")
    agent: ReferenceExterne = Field(description=AGENT)
    organisme_id: Identifiant
    debut_le: Instant
    fin_le: Instant
    date_rendez_vous: DateCivile = Field(description="Jour civil du début, dans le département")
    lieu: Libelle | None
    presence: PresenceAccueil | None = Field(description="Dernière présence constatée")
    motif_absence: MotifAbsence | None
    precedent_id: Identifiant | None = Field(description="Rendez-vous que celui-ci reprend")
    suivant_id: Identifiant | None = Field(description="Rendez-vous qui reprend celui-ci")
    rang_relance: Entier = Field(
        description="Relances après une absence ; une annulation ne compte pas"
    )
    france_travail: CodesRendezVous


class PageRendezVous(Page[RendezVous]):
    """Une page de rendez-vous."""


class ActeRendezVous(Modele):
    """Ce qui est arrivé à un rendez-vous. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    rendez_vous_id: Identifiant
    statut: StatutRendezVous = Field(description="Ce que l'acte en fait")
    date_acte: DateCivile
    initiateur: InitiateurRendezVous | None = Field(description="D'une présence, null")
    debut_le: Instant = Field(description="Créneau d'alors ; d'une modification, l'ancien")
    fin_le: Instant
    presence: PresenceAccueil | None
    motif_absence: MotifAbsence | None
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageActesRendezVous(Page[ActeRendezVous]):
    """Une page d'actes."""
