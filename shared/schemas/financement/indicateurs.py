"""Indicators of a convention: what is aimed at, and what was observed, when, by whom."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
    Annee,
    Code,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Nom,
    Page,
    Rang,
    Ressource,
)


class SensIndicateur(StrEnum):
    """Dans quel sens un indicateur s'améliore. Liste fermée."""

    HAUSSE = "hausse"
    BAISSE = "baisse"


class IndicateurConventionCreation(Entree):
    """Un indicateur d'une convention, pour un exercice."""

    code: Code = Field(description="Unique dans la convention et l'exercice")
    libelle: Libelle
    unite: Nom = Field(description="Ce qu'une valeur compte, ex. personnes ; un nombre entier")
    sens: SensIndicateur
    exercice: Annee
    cible: Entier | None = Field(default=None, description="Nulle : aucun document ne la dit")
    source: Libelle | None = None


class IndicateurConvention(Ressource):
    """Un indicateur d'une convention, pour un exercice ; `cible` nulle : aucune n'est dite."""

    convention_id: Identifiant
    code: Code
    libelle: Libelle
    unite: Nom
    sens: SensIndicateur
    exercice: Annee
    cible: Entier | None
    source: Libelle | None


class PageIndicateursConvention(Page[IndicateurConvention]):
    """Une page d'indicateurs."""


class ValeurIndicateurCreation(Entree):
    """Une valeur observée un jour ; une correction est une valeur de plus, du même jour."""

    valeur: Entier
    numerateur: Entier | None = None
    denominateur: Rang | None = None
    date_observation: DateCivile
    source: Libelle = Field(description="D'où vient la valeur")


class ValeurIndicateur(Modele):
    """Une valeur observée : jamais changée ; du même jour, la dernière inscrite compte."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    indicateur_id: Identifiant
    valeur: Entier
    numerateur: Entier | None
    denominateur: Entier | None
    date_observation: DateCivile
    source: Libelle
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageValeursIndicateur(Page[ValeurIndicateur]):
    """Une page de valeurs d'un indicateur."""
