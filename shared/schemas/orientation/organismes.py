"""Who may be référent: organismes, their units and portfolios, the places they give."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.schemas.commun import (
    INCHANGE,
    Auteur,
    Booleen,
    Code,
    CodeCommune,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    Rang,
    ReferenceExterne,
    Ressource,
)
from shared.schemas.orientation.vocabulaire import StatutPlace, TypeOrganisme


class OrganismeReferentCreation(Entree):
    """Un organisme qui peut être désigné référent, et les clients qui parlent pour lui."""

    reference: Code = Field(description="Code de l'organisme dans la collectivité, ex. cd-35")
    type: TypeOrganisme
    nom: Libelle
    communes: list[CodeCommune] = Field(
        default=[], max_length=2000, description="Communes servies ; vide : toute la collectivité"
    )
    date_debut: DateCivile | None = None
    date_fin: DateCivile | None = None
    convention_debut: DateCivile | None = Field(
        default=None, description="Début de la convention d'un délégataire"
    )
    convention_fin: DateCivile | None = None
    delegation_debut: DateCivile | None = Field(
        default=None, description="Début d'une délégation de la décision (L5411-5-1 II 2°)"
    )
    delegation_fin: DateCivile | None = None
    clients: list[Code] = Field(
        default=[], max_length=50, description="Clients OAuth qui parlent pour cet organisme"
    )
    source: Libelle | None = None
    illustratif: Booleen = Field(default=False, description="Vrai : inventé pour démonstration")
    places: Entier | None = Field(
        default=None,
        description="Personnes qu'il peut accompagner à la fois ; absent : aucune borne",
    )


class OrganismeReferentModification(Entree):
    """Ce qui change d'un organisme référent ; sa référence et son type ne changent pas."""

    nom: Libelle = INCHANGE
    communes: Annotated[list[CodeCommune], Field(max_length=2000)] = INCHANGE
    date_debut: DateCivile | None = INCHANGE
    date_fin: DateCivile | None = INCHANGE
    convention_debut: DateCivile | None = INCHANGE
    convention_fin: DateCivile | None = INCHANGE
    delegation_debut: DateCivile | None = INCHANGE
    delegation_fin: DateCivile | None = INCHANGE
    clients: Annotated[list[Code], Field(max_length=50)] = INCHANGE
    source: Libelle | None = INCHANGE
    places: Entier | None = INCHANGE


class OrganismeReferent(Ressource):
    """Un organisme qui peut être désigné référent."""

    reference: Code
    type: TypeOrganisme
    nom: Libelle
    communes: list[CodeCommune] = Field(max_length=2000)
    date_debut: DateCivile | None
    date_fin: DateCivile | None
    convention_debut: DateCivile | None
    convention_fin: DateCivile | None
    delegation_debut: DateCivile | None
    delegation_fin: DateCivile | None
    clients: list[Code] = Field(max_length=50)
    source: Libelle | None
    illustratif: Booleen
    places: Entier | None = Field(description="Null : aucune borne, toute décision donne une place")
    places_occupees: Entier = Field(description="Personnes placées à l'instant")
    file: Entier = Field(description="Personnes qui attendent une place, à l'instant")


class PageOrganismesReferents(Page[OrganismeReferent]):
    """Une page d'organismes référents."""


class Place(Ressource):
    """La place d'une personne chez un organisme référent, ou son tour dans la file."""

    orientation_id: Identifiant
    organisme_id: Identifiant
    statut: StatutPlace
    rang: Rang | None = Field(description="Rang dans la file à l'instant ; null hors de la file")
    date_limite_file: DateCivile | None = Field(
        description="Dernier jour d'attente : un objectif de l'outil, aucun texte ne le fixe"
    )
    organisme_alternatif_id: Identifiant | None = Field(
        description="À la décision : un organisme de la même règle qui avait de la place"
    )
    unite_id: Identifiant | None = Field(
        description="Unité qui suit la personne : celle de sa commune, ou la dernière affectée"
    )
    portefeuille_id: Identifiant | None = Field(
        description="Portefeuille où elle est ; null : aucun référent dit"
    )
    placee_le: Instant | None
    liberee_le: Instant | None


class PagePlaces(Page[Place]):
    """Une page de places."""


class RoleAgent(StrEnum):
    """Ce qu'un agent est aux personnes qu'il suit. Liste ouverte."""

    REFERENT_RSA = "referent_rsa"
    CONSEILLER_EMPLOI = "conseiller_emploi"
    CORRESPONDANT_SOCIAL = "correspondant_social"
    REFERENT_PARCOURS = "referent_parcours"
    INFIRMIER = "infirmier"
    AUTRE = "autre"


class UniteCreation(Entree):
    """Une unité d'un organisme référent : agence, maison départementale, unité emploi."""

    reference: Code = Field(description="Code de l'unité, unique dans l'organisme")
    nom: Libelle
    territoire: Code | None = Field(
        default=None,
        description="Territoire qu'elle sert ; sans ses communes, elle n'est donnée à personne",
    )
    communes: list[CodeCommune] = Field(
        default=[],
        max_length=2000,
        description="Communes servies ; vide et sans territoire : toutes celles de l'organisme",
    )
    places: Entier | None = Field(
        default=None,
        description="Personnes qu'elle peut suivre : un indicateur. Seule la borne de l'organisme"
        " décide de la file",
    )
    date_debut: DateCivile | None = None
    date_fin: DateCivile | None = None
    source: Libelle | None = None
    illustratif: Booleen = Field(default=False, description="Vrai : inventée pour démonstration")


class UniteModification(Entree):
    """Ce qui change d'une unité ; son organisme et sa référence ne changent pas."""

    nom: Libelle = INCHANGE
    territoire: Code | None = INCHANGE
    communes: Annotated[list[CodeCommune], Field(max_length=2000)] = INCHANGE
    places: Entier | None = INCHANGE
    date_debut: DateCivile | None = INCHANGE
    date_fin: DateCivile | None = INCHANGE
    source: Libelle | None = INCHANGE


class Unite(Ressource):
    """Une unité d'un organisme référent, et sa charge."""

    organisme_referent_id: Identifiant
    reference: Code
    nom: Libelle
    territoire: Code | None
    communes: list[CodeCommune] = Field(max_length=2000)
    places: Entier | None = Field(description="Un indicateur, jamais une borne")
    date_debut: DateCivile | None
    date_fin: DateCivile | None
    source: Libelle | None
    illustratif: Booleen
    charge: Entier = Field(description="Personnes placées qu'elle suit, à l'instant")


class PageUnites(Page[Unite]):
    """Une page d'unités."""


class PortefeuilleCreation(Entree):
    """Le portefeuille d'un agent, qui n'y est pas nommé."""

    organisme_referent_id: Identifiant
    unite_id: Identifiant | None = Field(
        default=None, description="Unité de l'agent ; absente : tout l'organisme"
    )
    reference: ReferenceExterne = Field(
        description="Code opaque de l'agent chez le partenaire, unique dans l'organisme ; ni nom,"
        " ni NIR"
    )
    role: RoleAgent
    taille: Entier | None = Field(
        default=None, description="Personnes prévues, ex. 140 : un indicateur, jamais une borne"
    )
    date_debut: DateCivile | None = None
    date_fin: DateCivile | None = None


class PortefeuilleModification(Entree):
    """Ce qui change d'un portefeuille ; l'organisme et l'agent ne changent pas."""

    unite_id: Identifiant | None = INCHANGE
    role: RoleAgent = INCHANGE
    taille: Entier | None = INCHANGE
    date_debut: DateCivile | None = INCHANGE
    date_fin: DateCivile | None = INCHANGE


class Portefeuille(Ressource):
    """Le portefeuille d'un agent, et sa charge."""

    organisme_referent_id: Identifiant
    unite_id: Identifiant | None
    reference: ReferenceExterne
    role: RoleAgent
    taille: Entier | None = Field(description="Un indicateur, jamais une borne")
    date_debut: DateCivile | None
    date_fin: DateCivile | None
    charge: Entier = Field(description="Personnes placées qui y sont, à l'instant")


class PagePortefeuilles(Page[Portefeuille]):
    """Une page de portefeuilles."""


class AffectationCreation(Entree):
    """À qui une personne est confiée chez son organisme référent."""

    unite_id: Identifiant | None = Field(
        default=None, description="Absente : celle du portefeuille, à défaut celle d'avant"
    )
    portefeuille_id: Identifiant | None = Field(
        default=None, description="Absent : la personne quitte son portefeuille"
    )
    date_affectation: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")


class Affectation(Modele):
    """Une personne confiée à une unité ou à un agent. Immuable : l'histoire en est la suite."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    place_id: Identifiant
    unite_id: Identifiant | None
    portefeuille_id: Identifiant | None
    unite_precedente_id: Identifiant | None
    portefeuille_precedent_id: Identifiant | None
    date_affectation: DateCivile
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageAffectations(Page[Affectation]):
    """Une page d'affectations."""
