"""Conventions of immersion-facile: what is known of each here, and whose it is."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
    Code,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Modele,
    Page,
    Ressource,
)
from shared.schemas.parcours.employeurs import Siret


class EtatConvention(StrEnum):
    """Ce qu'il en est ici d'une convention d'immersion. Liste ouverte."""

    A_TRAITER = "a_traiter"
    RATTACHEE = "rattachee"
    PERSONNE_INCONNUE = "personne_inconnue"
    EMPLOYEUR_INCONNU = "employeur_inconnu"
    HORS_BORNES = "hors_bornes"
    ANNULEE = "annulee"


class ModeReconnaissance(StrEnum):
    """Par quoi la personne d'une convention est reconnue. Liste ouverte."""

    IDENTITE = "identite"
    MANUEL = "manuel"


class ConventionImmersion(Ressource):
    """Une convention d'immersion-facile ; l'identité de la personne reste scellée."""

    convention_id: Identifiant = Field(description="Son identifiant dans immersion-facile")
    statut: Code = Field(description="Son état dans immersion-facile, ex. ACCEPTED_BY_VALIDATOR")
    etat: EtatConvention
    parcours_id: Identifiant | None = Field(description="Vide : la personne n'est pas reconnue")
    rattachement: ModeReconnaissance | None = Field(
        description="Par quoi elle est reconnue ; vide : elle ne l'est pas"
    )
    emploi_id: Identifiant | None = Field(description="La mise en situation qui en est faite ici")
    siret: Siret
    date_debut: DateCivile
    date_fin: DateCivile


class PageConventionsImmersion(Page[ConventionImmersion]):
    """Une page de conventions d'immersion."""


class RattachementConventionCreation(Entree):
    """De qui est une convention, dit par un agent."""

    parcours_id: Identifiant


class BilanImmersions(Modele):
    """Où en est la lecture d'immersion-facile, et ce qui demande un regard."""

    lue_le: Instant | None = Field(description="Dernière lecture entière ; vide : aucune")
    code: Code | None = Field(description="Pourquoi la dernière tentative n'a rien lu ; vide : lue")
    illisibles: Entier = Field(description="Conventions de la dernière lecture que rien ne lit")
    personnes_inconnues: Entier
    employeurs_inconnus: Entier
    hors_bornes: Entier = Field(description="Passent une borne de la loi (D5135-3)")
