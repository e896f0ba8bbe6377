"""Activities of the plan d'action, the hours done of them, and the intensity that follows."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    Auteur,
    Booleen,
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
from shared.schemas.parcours.contrats_engagement import ModaliteActivite, TypeActivite

_SEMAINE_MAX = 7 * 24 * 60

# What a week can hold; what a plan may ask of one is a rule, which is dated.
DureePrevue = Annotated[int, Field(strict=True, ge=15, le=_SEMAINE_MAX, multiple_of=15)]
DureeFaite = Annotated[int, Field(strict=True, ge=0, le=_SEMAINE_MAX, multiple_of=15)]

CodeSemaine = Annotated[
    str,
    StringConstraints(
        pattern=r"^(1[89]|2[0-9])[0-9]{2}-W(0[1-9]|[1-4][0-9]|5[0-3])$", max_length=8
    ),
    Field(description="Semaine ISO 8601, du lundi au dimanche, ex. 2026-W11"),
]


class SourceHeures(StrEnum):
    """Qui dit des heures faites. Liste fermée."""

    DECLARE = "declare"
    ATTESTE_PARTENAIRE = "atteste_partenaire"
    SYSTEME = "systeme"


class ActiviteCreation(Entree):
    """Une activité prévue au plan d'action : un objectif, ni un travail ni une obligation."""

    type: TypeActivite
    libelle: Libelle = Field(description="Ni santé, ni identité d'un tiers")
    modalite: ModaliteActivite
    encadree: Booleen = Field(description="Faux : en autonomie")
    organisme_id: Identifiant | None = Field(
        default=None,
        description="Qui la tient ; absent : l'organisme référent. Un autre, il la coordonne",
    )
    duree_hebdomadaire_minutes: DureePrevue = Field(
        description="Prévue chaque semaine, par quarts d'heure"
    )
    date_debut: DateCivile
    date_fin: DateCivile | None = Field(default=None, description="Dernier jour prévu, compris")


class Activite(Ressource):
    """Une activité du plan d'action. Rien n'y est obligatoire, et rien n'est un travail."""

    parcours_id: Identifiant
    type: TypeActivite
    libelle: Libelle
    modalite: ModaliteActivite
    encadree: Booleen
    organisme_id: Identifiant = Field(description="Qui la tient")
    par_organisme_referent: Booleen = Field(
        description="Ce qu'il était quand elle fut prévue ; faux : il la coordonne"
    )
    duree_hebdomadaire_minutes: DureePrevue
    date_debut: DateCivile
    date_fin: DateCivile | None = Field(description="Dernier jour prévu, compris")
    date_arret: DateCivile | None = Field(description="Dernier jour, si elle a cessé avant")


class PageActivites(Page[Activite]):
    """Une page d'activités."""


class ActiviteClotureCreation(Entree):
    """Une activité cesse avant sa fin ; rien d'autre n'en découle."""

    date_arret: DateCivile = Field(description="Dernier jour, compris : aujourd'hui au plus tard")


class DeclarationHeuresCreation(Entree):
    """Ce qui a été fait d'une activité, un jour ou une semaine entière."""

    date_activite: DateCivile | None = Field(
        default=None, description="Le jour ; l'un de `date_activite` et de `semaine`"
    )
    semaine: CodeSemaine | None = Field(
        default=None, description="La semaine entière : elle prend la place de ses jours"
    )
    duree_minutes: DureeFaite = Field(
        description="Tout ce qui a été fait ce jour ou cette semaine, par quarts d'heure ; zéro"
        " retire ce qui était dit"
    )
    source: SourceHeures


class DeclarationHeures(Modele):
    """Ce qui a été dit d'un jour ou d'une semaine. Immuable : la suivante la corrige."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    activite_id: Identifiant
    semaine: CodeSemaine
    date_activite: DateCivile | None = Field(description="Null : la semaine entière")
    duree_minutes: DureeFaite
    source: SourceHeures
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageDeclarationsHeures(Page[DeclarationHeures]):
    """Une page de déclarations d'heures."""


class RepereHeuresCreation(Entree):
    """L'intensité que le département affiche, ex. quinze à vingt heures : un réglage local."""

    date_debut: DateCivile = Field(description="Premier jour où il vaut ; le suivant le remplace")
    minimum_minutes: DureePrevue
    maximum_minutes: DureePrevue
    source: Libelle = Field(description="Le texte local qui le pose")


class RepereHeures(Modele):
    """Un repère local, affiché comme tel : il ne borne aucun contrat. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    date_debut: DateCivile
    minimum_minutes: DureePrevue
    maximum_minutes: DureePrevue
    source: Libelle
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageReperesHeures(Page[RepereHeures]):
    """Une page de repères."""


class RepartitionHeures(Modele):
    """Des minutes d'une semaine, selon que l'activité est individuelle ou collective."""

    individuelle_minutes: Entier
    collective_minutes: Entier
    total_minutes: Entier


class SemaineActivite(Modele):
    """Une semaine ISO : l'objectif du contrat, ce que le plan prévoit, ce qui a été fait."""

    semaine: CodeSemaine
    date_debut: DateCivile = Field(description="Lundi")
    date_fin: DateCivile = Field(description="Dimanche")
    complete: Booleen = Field(description="Vrai : son dimanche est passé")
    objectif_minutes: Entier | None = Field(
        description="Durée hebdomadaire du contrat qui engageait le lundi ; null : il n'y en a pas,"
        " ou elle n'est pas fixée"
    )
    prevu: RepartitionHeures = Field(description="Somme des activités prévues cette semaine-là")
    realise: RepartitionHeures = Field(description="Somme de ce qui en a été dit")


class IntensiteSuivie(Modele):
    """Où en est l'objectif d'heures : un repère d'accompagnement, dont aucune sanction ne naît."""

    parcours_id: Identifiant
    date_reference: DateCivile
    date_connaissance: DateCivile | None = Field(
        description="Au soir duquel tout cela était su ; null : tout ce qui l'est"
    )
    intensite_points_base: Entier | None = Field(
        description="Réalisé sur objectif, des quatre dernières semaines complètes, arrondi vers le"
        " bas : 10000 pour tout. Null : aucun objectif"
    )
    objectif_minutes: Entier | None = Field(description="De ces quatre semaines ; null : aucun")
    realise_minutes: Entier = Field(description="De ces quatre semaines")
    repere: RepereHeures | None = Field(
        description="Réglage local en vigueur ce jour-là, affiché comme tel ; null : aucun"
    )
    semaines: list[SemaineActivite] = Field(max_length=53, description="De la dernière à rebours")
