"""What rdv-insertion tells of the persons' rendez-vous, and who they are here."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    Code,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Modele,
    Page,
    Ressource,
)


class EtapeRendezVous(StrEnum):
    """De quelle étape de la personne est un rendez-vous, par sa catégorie. Liste ouverte."""

    ORIENTATION = "orientation"
    ACCOMPAGNEMENT = "accompagnement"
    AUTRE = "autre"


class StatutRendezVousPartenaire(StrEnum):
    """Ce que rdv-insertion dit d'une personne à un rendez-vous. Liste ouverte."""

    NON_RENSEIGNE = "non_renseigne"
    HONORE = "honore"
    ABSENT = "absent"
    EXCUSE = "excuse"
    ANNULE = "annule"
    SUPPRIME = "supprime"
    AUTRE = "autre"


class ModeRattachement(StrEnum):
    """Par quoi une personne de rdv-insertion est reconnue ici. Liste ouverte."""

    NIR = "nir"
    NUMERO_FRANCE_TRAVAIL = "numero_france_travail"
    REFERENCE = "reference"
    MANUEL = "manuel"


class StatutReception(StrEnum):
    """Ce qui est fait d'un corps reçu. Liste fermée."""

    APPLIQUEE = "appliquee"
    DEPASSEE = "depassee"
    IGNOREE = "ignoree"
    ININTELLIGIBLE = "inintelligible"


ReferencePartenaire = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$", min_length=1, max_length=40)
]


class RendezVousPartenaire(Ressource):
    """Une personne à un rendez-vous de rdv-insertion, tel que le dernier envoi le dit."""

    reference_rendez_vous: ReferencePartenaire = Field(description="Son numéro dans rdv-insertion")
    reference_usager: ReferencePartenaire = Field(
        description="Numéro de la personne dans rdv-insertion"
    )
    etape: EtapeRendezVous
    categorie: Code = Field(description="Catégorie de motif de rdv-insertion, ex. rsa_orientation")
    statut: StatutRendezVousPartenaire
    debut_le: Instant
    duree_minutes: Entier
    personne_id: Identifiant | None = Field(description="Vide : pas reconnue ici, à rattacher")
    rattachement: ModeRattachement | None = Field(
        description="Par quoi elle est reconnue ; vide : elle ne l'est pas"
    )
    orientation_id: Identifiant | None = Field(
        description="Sa dernière orientation, d'un rendez-vous d'orientation ; vide : aucune"
    )


class PageRendezVousPartenaires(Page[RendezVousPartenaire]):
    """Une page de rendez-vous de rdv-insertion."""


class RattachementUsagerCreation(Entree):
    """Qui est ici une personne de rdv-insertion, dit par un agent."""

    personne_id: Identifiant


class BilanReceptions(Modele):
    """Ce qui est arrivé de rdv-insertion et demande un regard."""

    non_rattaches: Entier = Field(description="Rendez-vous de personnes qui ne sont pas reconnues")
    inintelligibles: Entier = Field(description="Corps signés, gardés, et que rien ne lit")
    derniere_le: Instant | None = Field(description="Dernière réception ; vide : aucune")
