"""Objectifs of a frein: what is aimed at to lift it, in France Travail's four values."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
    Auteur,
    DateCivile,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    Ressource,
)
from shared.schemas.parcours.freins import SourceObservation


class StatutObjectif(StrEnum):
    """Valeurs d'un objectif chez France Travail, en minuscules. Liste fermée."""

    NON_ABORDE = "non_aborde"
    EN_COURS = "en_cours"
    REALISE = "realise"
    ABANDONNE = "abandonne"


class ObjectifCreation(Entree):
    """Un objectif pour lever un frein."""

    libelle: Libelle = Field(
        description="Unique dans l'épisode, aux majuscules et aux espaces près ; il s'apparie avec"
        " France Travail par contrainte et libellé. Pour un frein de santé ou de handicap, un"
        " libellé de contraintes-france-travail, et aucun autre"
    )
    statut: StatutObjectif = StatutObjectif.NON_ABORDE
    date_etat: DateCivile = Field(description="Du début de l'épisode à aujourd'hui")
    source: SourceObservation


class EtatObjectifCreation(Entree):
    """Un nouvel état d'un objectif ; les précédents restent."""

    statut: StatutObjectif
    date_etat: DateCivile = Field(description="De l'état précédent à aujourd'hui")
    source: SourceObservation


class Objectif(Ressource):
    """Un objectif pour lever un frein, dans son dernier état."""

    frein_id: Identifiant
    parcours_id: Identifiant
    libelle: Libelle
    contrainte_ft: str | None = Field(
        max_length=10, description="Contrainte de France Travail dont c'est un objectif connu"
    )
    statut: StatutObjectif
    date_etat: DateCivile = Field(description="Jour où il a pris cet état")


class PageObjectifs(Page[Objectif]):
    """Une page d'objectifs."""


class EtatObjectif(Modele):
    """Un état qu'un objectif a eu. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    objectif_id: Identifiant
    statut: StatutObjectif
    date_etat: DateCivile
    source: SourceObservation
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageEtatsObjectif(Page[EtatObjectif]):
    """Une page des états d'un objectif, le dernier d'abord."""
