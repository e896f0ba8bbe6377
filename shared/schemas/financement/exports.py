"""Exports: the essential data of subsidies, and by when they are published."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    Auteur,
    Centimes,
    Code,
    DateCivile,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
)
from shared.schemas.orientation.echeances import EtatEcheance

AdressePublique = Annotated[
    str,
    StringConstraints(pattern=r"^https://[!-~]{1,1990}$", max_length=2000),
    Field(description="Adresse publique en https, telle qu'elle s'ouvre dans un navigateur"),
]


class FormePeriode(StrEnum):
    """Ce qui sépare deux dates d'une période : `/` du schéma, `_` de l'arrêté. Liste fermée."""

    SCHEMA = "schema"
    ARRETE = "arrete"


class PublicationSubventionCreation(Entree):
    """La publication des données essentielles d'une subvention signée."""

    date_publication: DateCivile = Field(description="De la signature à aujourd'hui")
    acte: Libelle = Field(description="Ce qui publie : décision, jeu de données, page")
    url: AdressePublique


class PublicationSubvention(Modele):
    """La publication des données essentielles d'une subvention. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    convention_id: Identifiant
    date_publication: DateCivile
    acte: Libelle
    url: AdressePublique
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PagePublicationsSubvention(Page[PublicationSubvention]):
    """Une page de publications d'une subvention."""


class EcheancePublication(Modele):
    """Une subvention dont les données essentielles sont à publier, et pour quand."""

    id: Identifiant = Field(
        json_schema_extra={"readOnly": True}, description="La convention de subvention"
    )
    reference: str = Field(max_length=64)
    beneficiaire: Libelle
    montant_centimes: Centimes = Field(description="Le plus élevé de ses exercices")
    date_signature: DateCivile
    date_alerte: DateCivile = Field(description="Deux mois après la signature")
    date_limite: DateCivile = Field(description="Trois mois après la signature, ce jour compris")
    date_publication: DateCivile | None = Field(
        description="Première publication enregistrée ; nulle : aucune"
    )
    etat: EtatEcheance = Field(
        description="À risque dès la date d'alerte ; publiée, `respectee` ou, après la date limite,"
        " `depassee`"
    )
    defauts: list[Code] = Field(
        max_length=20, description="Champs SCDL qui empêchent de publier la ligne ; vide : aucun"
    )
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageEcheancesPublication(Page[EcheancePublication]):
    """Une page d'échéances de publication."""
