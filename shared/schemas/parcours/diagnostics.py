"""The diagnostic global."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    Auteur,
    Booleen,
    Code,
    Commentaire,
    DateCivile,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    Rang,
    ReferenceExterne,
)
from shared.schemas.orientation.vocabulaire import CritereLigne, NiveauFrein
from shared.schemas.parcours.freins import CodeFrein
from shared.schemas.parcours.vocabulaire import AGENT, NIVEAU_REQUIS, TEXTE_LIBRE


class ValeurBesoin(StrEnum):
    """Ce que le diagnostic dit d'un besoin. Liste fermée."""

    NON_EXPLORE = "non_explore"
    BESOIN = "besoin"
    POINT_FORT = "point_fort"


class ReponsePouvoirAgir(StrEnum):
    """Ce que dit la personne de son pouvoir d'agir. Liste fermée."""

    OUI = "oui"
    NON = "non"
    NE_SAIT_PAS = "ne_sait_pas"


_CODE_BESOIN = "Code du référentiel besoins-france-travail, ex. 5"

CodeRome = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z][0-9]{4}$", max_length=5),
    Field(description="Code ROME, ex. H2409"),
]

CodeAppellation = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4,6}$", max_length=6),
    Field(description="Code d'appellation du ROME, ex. 13782"),
]

CodeTypologie = Annotated[
    str,
    StringConstraints(pattern=r"^(EF|PM|MR)$", max_length=2),
    Field(description="Typologie de France Travail : EF, PM ou MR"),
]


class BesoinLigne(Entree):
    """Ce que le diagnostic dit d'un besoin, pour un projet."""

    code: Code = Field(description=_CODE_BESOIN)
    valeur: ValeurBesoin


class Besoin(Modele):
    """Ce que le diagnostic dit d'un besoin, pour un projet."""

    code: Code = Field(description=_CODE_BESOIN)
    valeur: ValeurBesoin


class ProjetLigne(Entree):
    """Un projet ou un métier, et ses besoins ; un besoin absent est `non_explore`."""

    typologie: CodeTypologie
    code_rome: CodeRome | None = None
    code_appellation: CodeAppellation | None = None
    est_prioritaire: Booleen = False
    besoins: list[BesoinLigne] = Field(default_factory=list, max_length=21)


class Projet(Modele):
    """Un projet ou un métier, et ses vingt et un besoins."""

    typologie: CodeTypologie
    code_rome: CodeRome | None
    code_appellation: CodeAppellation | None
    est_prioritaire: Booleen
    besoins: list[Besoin] = Field(max_length=21)


class PouvoirAgirLigne(Entree):
    """Le pouvoir d'agir de la personne, selon elle."""

    confiance: ReponsePouvoirAgir
    accompagnement: ReponsePouvoirAgir


class PouvoirAgir(Modele):
    """Le pouvoir d'agir de la personne, selon elle."""

    confiance: ReponsePouvoirAgir
    accompagnement: ReponsePouvoirAgir


class FreinDiagnosticLigne(Entree):
    """Un frein exploré : il devient une observation du frein."""

    code: CodeFrein
    niveau: NiveauFrein | None = Field(
        default=None, description=f"{NIVEAU_REQUIS}. `non_explore` est refusé : la ligne s'omet"
    )
    libelle: Libelle | None = Field(
        default=None, description="Requis pour le code `autre`, et pour lui seul"
    )
    situations: list[Code] = Field(
        default_factory=list,
        max_length=20,
        description="Situations de France Travail constatées : contraintes-france-travail",
    )
    commentaire: Commentaire | None = Field(default=None, description=TEXTE_LIBRE)


class FreinDiagnostic(Modele):
    """Ce que le diagnostic dit d'un frein ; un frein absent n'est pas exploré."""

    frein_id: Identifiant = Field(description="L'épisode observé, ou celui qui reste levé")
    code: CodeFrein
    niveau: NiveauFrein | None = Field(description="Null pour `handicap`, qui est un statut")
    situations: list[Code] = Field(max_length=20)


class SansContrainte(Modele):
    """« Explorés, aucun » : ce que « pas exploré » n'est pas."""

    declare: Booleen
    date_declaration: DateCivile | None


class DiagnosticCreation(Entree):
    """Un diagnostic global, signé d'un agent ; il remplace le courant sans l'effacer."""

    date_diagnostic: DateCivile = Field(
        description="Aujourd'hui au plus tard, et pas avant le diagnostic remplacé"
    )
    agent: ReferenceExterne = Field(description=f"Qui le signe. {AGENT}")
    remplace_id: Identifiant | None = Field(
        default=None, description="Le diagnostic courant, que l'appelant a lu ; absent du premier"
    )
    projets: list[ProjetLigne] = Field(
        default_factory=list, max_length=20, description="Un seul prioritaire, au plus"
    )
    freins: list[FreinDiagnosticLigne] = Field(
        default_factory=list, max_length=15, description="Chaque code une fois"
    )
    sans_contrainte: Booleen = Field(
        default=False, description="Vrai : la personne déclare n'avoir aucune contrainte"
    )
    pouvoir_agir: PouvoirAgirLigne | None = Field(default=None, description="Absent : pas exploré")
    autonomie_numerique: ValeurBesoin = Field(
        default=ValeurBesoin.NON_EXPLORE,
        description="Besoin 7 de France Travail ; sa contrainte 22 est le frein `numerique`",
    )


class Diagnostic(Modele):
    """Un diagnostic global, immuable : le suivant le remplace et ne l'efface pas."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    parcours_id: Identifiant
    rang: Rang = Field(description="1 pour le premier du parcours")
    courant: Booleen = Field(description="Aucun autre ne l'a remplacé")
    remplace_id: Identifiant | None
    orientation_id: Identifiant = Field(description="Orientation de la période où il est fait")
    organisme_referent_id: Identifiant
    date_diagnostic: DateCivile
    agent: ReferenceExterne = Field(description=f"Qui l'a signé. {AGENT}")
    projets: list[Projet] = Field(max_length=20)
    freins: list[FreinDiagnostic] = Field(
        max_length=15, description="Santé et handicap n'y sont qu'avec `parcours.sante:lire`"
    )
    sans_contrainte: SansContrainte
    pouvoir_agir: PouvoirAgir | None = Field(description="Null : pas exploré")
    autonomie_numerique: ValeurBesoin
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageDiagnostics(Page[Diagnostic]):
    """Une page de diagnostics."""


class FreinPropose(Modele):
    """Un frein à explorer, ce qu'en disent les critères d'orientation, et ce qu'on en sait."""

    code: CodeFrein
    niveau: NiveauFrein = Field(description="Selon le critère ; `non_explore` : il n'en dit rien")
    critere: CritereLigne | None = Field(description="Ce qui le dit")
    frein_id: Identifiant | None = Field(description="L'épisode ouvert, s'il y en a un")
    niveau_connu: NiveauFrein | None = Field(description="Celui de l'épisode ouvert")


class DiagnosticPrerempli(Modele):
    """Ce que l'orientation a déjà recueilli ; rien n'est écrit avant qu'un agent le signe."""

    parcours_id: Identifiant
    orientation_id: Identifiant
    remplace_id: Identifiant | None = Field(description="Le diagnostic courant, s'il y en a un")
    freins: list[FreinPropose] = Field(max_length=15)
