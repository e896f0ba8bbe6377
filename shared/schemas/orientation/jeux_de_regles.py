"""Rules as dated data, simulated and replayed."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    INCHANGE,
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
    Ressource,
)
from shared.schemas.orientation.vocabulaire import (
    CritereLigne,
    Mot,
    NiveauFrein,
    TypeOrganisme,
    TypeParcours,
)


class StatutJeuDeRegles(StrEnum):
    """États d'un jeu de règles, calculés ; `a_venir` : son premier jour l'est. Liste fermée."""

    BROUILLON = "brouillon"
    SIMULE = "simule"
    A_VENIR = "a_venir"
    EN_VIGUEUR = "en_vigueur"
    REMPLACE = "remplace"


class StatutSimulation(StrEnum):
    """États d'une simulation. Liste fermée."""

    EN_ATTENTE = "en_attente"
    EN_COURS = "en_cours"
    TERMINEE = "terminee"


class ConditionBoe(StrEnum):
    """Ce qu'une règle locale demande de l'obligation d'emploi. Liste fermée."""

    INDIFFERENT = "indifferent"
    OUI = "oui"
    NON = "non"


RegleOrganismeProposee = Annotated[
    str,
    StringConstraints(pattern=r"^O0[5-9]$", max_length=3),
    Field(description="O05 à O09 : celles que nul texte ne fixe"),
]

Age = Annotated[int, Field(strict=True, ge=0, le=130)]

_Champ = Annotated[str, StringConstraints(max_length=60)]

_TypesOrganismes = Annotated[
    list[TypeOrganisme],
    Field(min_length=1, max_length=6, description="Types d'organismes, le préféré d'abord"),
]


class ParcoursLigne(Entree):
    """Le parcours d'un des 24 cas, sans obstacle temporaire : avec lui, la loi dit le social."""

    activite_recente: Booleen = Field(description="A : en activité, ou dans les deux ans")
    capacite_a_se_projeter: Booleen = Field(description="P")
    formation_qualifiante: Booleen = Field(description="Q")
    niveau_freins: NiveauFrein = Field(description="F : le plus élevé ; jamais `non_explore`")
    type_parcours: TypeParcours


class NiveauLigne(Entree):
    """Le niveau de frein que dit une valeur d'un critère."""

    champ: _Champ
    valeur: _Champ
    niveau: NiveauFrein


class ProjectionLigne(Entree):
    """Les valeurs d'un critère qui disent la capacité à se projeter ; il les faut toutes."""

    champ: _Champ
    valeurs: list[_Champ] = Field(min_length=1, max_length=20)


class OrganismeLigne(Entree):
    """Les types d'organismes d'une règle, dans l'ordre."""

    regle: RegleOrganismeProposee
    types: _TypesOrganismes


class RegleLocaleLigne(Entree):
    """Ce qu'un arrêté conjoint fixe (O04) pour un parcours, un territoire, un public."""

    type_parcours: TypeParcours
    types: _TypesOrganismes
    communes: list[CodeCommune] = Field(
        default=[], max_length=2000, description="Communes visées ; vide : toute la collectivité"
    )
    age_min: Age | None = Field(default=None, description="Âge révolu, inclus")
    age_max: Age | None = Field(default=None, description="Âge révolu, inclus")
    boe: ConditionBoe = Field(
        default=ConditionBoe.INDIFFERENT,
        description="Bénéficiaires de l'obligation d'emploi, les autres, ou tous",
    )


_Parcours = Annotated[
    list[ParcoursLigne],
    Field(max_length=100, description="Les 24 cas, chacun une fois"),
]

_Niveaux = Annotated[
    list[NiveauLigne],
    Field(max_length=100, description="Chaque valeur des contraintes, une fois"),
]

_NiveauxQualifiants = Annotated[
    list[_Champ],
    Field(min_length=1, max_length=20, description="Valeurs de `niveau_etude` qualifiantes"),
]

_Obstacles = Annotated[
    list[CritereLigne],
    Field(min_length=1, max_length=100, description="Valeurs qui disent un obstacle temporaire"),
]

_Projection = Annotated[list[ProjectionLigne], Field(min_length=1, max_length=10)]

_Organismes = Annotated[
    list[OrganismeLigne], Field(max_length=20, description="O05 à O09, chacune une fois")
]

_ReglesLocales = Annotated[
    list[RegleLocaleLigne],
    Field(max_length=200, description="O04 : la première qui s'applique l'emporte"),
]


class ContenuJeuDeRegles(Entree):
    """Les règles elles-mêmes, telles que conservées."""

    parcours: _Parcours
    niveaux: _Niveaux
    niveaux_qualifiants: _NiveauxQualifiants
    obstacles: _Obstacles
    projection: _Projection
    organismes: _Organismes
    regles_locales: _ReglesLocales


class JeuDeReglesCreation(Entree):
    """Un brouillon ; une table absente est celle du jeu national."""

    code: Code = Field(description="Code du jeu dans la collectivité, ex. 35-2027-01")
    libelle: Libelle
    parcours: _Parcours = INCHANGE
    niveaux: _Niveaux = INCHANGE
    niveaux_qualifiants: _NiveauxQualifiants = INCHANGE
    obstacles: _Obstacles = INCHANGE
    projection: _Projection = INCHANGE
    organismes: _Organismes = INCHANGE
    regles_locales: _ReglesLocales = INCHANGE


class JeuDeReglesModification(Entree):
    """Ce qui change d'un brouillon ; une table est remplacée entière."""

    libelle: Libelle = INCHANGE
    parcours: _Parcours = INCHANGE
    niveaux: _Niveaux = INCHANGE
    niveaux_qualifiants: _NiveauxQualifiants = INCHANGE
    obstacles: _Obstacles = INCHANGE
    projection: _Projection = INCHANGE
    organismes: _Organismes = INCHANGE
    regles_locales: _ReglesLocales = INCHANGE


class JeuDeRegles(Ressource):
    """Un jeu de règles de la collectivité, pour ses bénéficiaires du RSA."""

    code: Code
    libelle: Libelle
    statut: StatutJeuDeRegles
    reference_arrete: Libelle | None = Field(
        description="Arrêté conjoint du préfet et du président du conseil départemental"
    )
    date_debut: DateCivile | None
    date_fin: DateCivile | None = Field(description="Dernier jour ; null : pas encore connu")
    ecarts: list[Mot] = Field(
        max_length=50, description="Règles et tables qui s'écartent du jeu national"
    )
    parcours: _Parcours
    niveaux: _Niveaux
    niveaux_qualifiants: _NiveauxQualifiants
    obstacles: _Obstacles
    projection: _Projection
    organismes: _Organismes
    regles_locales: _ReglesLocales


class PageJeuxDeRegles(Page[JeuDeRegles]):
    """Une page de jeux de règles."""


class ReglesNationales(Modele):
    """Le jeu qui vaut par défaut, et toujours hors RSA."""

    code: Code
    date_debut: DateCivile
    versions: list[Mot] = Field(max_length=10, description="Tables, telles que citées")
    source: str = Field(max_length=300)
    parcours: _Parcours
    niveaux: _Niveaux
    niveaux_qualifiants: _NiveauxQualifiants
    obstacles: _Obstacles
    projection: _Projection
    organismes: _Organismes
    regles_locales: _ReglesLocales


class MiseEnVigueurCreation(Entree):
    """Ce qui met un jeu de règles en vigueur (L5411-5-1 III al. 2)."""

    reference_arrete: Libelle = Field(
        description="Arrêté conjoint du préfet et du président du conseil départemental"
    )
    date_debut: DateCivile = Field(description="Premier jour, aujourd'hui au plus tôt")
    date_fin: DateCivile | None = Field(
        default=None, description="Dernier jour ; absent : jusqu'au jeu suivant"
    )


class SimulationCreation(Entree):
    """Les réceptions à rejouer, bornes comprises."""

    date_debut: DateCivile
    date_fin: DateCivile = Field(description="Aujourd'hui au plus tard, un an après au plus")


class PassageParcours(Modele):
    """Les personnes qui vont d'un parcours à un autre, ou qui y restent."""

    avant: TypeParcours | None = Field(description="Null : aucun parcours ne pouvait être proposé")
    apres: TypeParcours | None
    nombre: Entier | None
    masque: Booleen


class ChargeOrganisme(Modele):
    """Les personnes proposées à un organisme, sous les règles d'alors et sous celles-ci."""

    organisme_id: Identifiant | None = Field(description="Null : aucun organisme proposé")
    places: Entier | None = Field(description="Null : aucune borne dite")
    avant: Entier | None
    apres: Entier | None
    masque: Booleen


class GroupeSimulation(Modele):
    """L'effet sur un territoire ; un nombre masqué est `null`."""

    cle: str = Field(max_length=64, description="`ensemble`, ou la commune")
    rejouees: Entier | None
    deplacees: Entier | None = Field(description="Autre parcours, ou autre organisme")
    masque: Booleen
    passages: list[PassageParcours] = Field(max_length=20)
    charges: list[ChargeOrganisme] = Field(max_length=2000)


class ResultatSimulation(Modele):
    """Ce que le jeu aurait changé ; des nombres seulement."""

    seuil: Entier = Field(description="Un effectif inférieur est masqué")
    ensemble: GroupeSimulation
    territoires: list[GroupeSimulation] = Field(max_length=5000)


class Simulation(Ressource):
    """Le rejeu d'une période sous un jeu de règles ; rien d'autre n'en est écrit."""

    jeu_de_regles_id: Identifiant
    statut: StatutSimulation
    date_debut: DateCivile
    date_fin: DateCivile
    a_jour: Booleen = Field(description="Vrai : le jeu dit encore ce qui a été simulé")
    termine_le: Instant | None
    resultat: ResultatSimulation | None


class Deplacement(Modele):
    """Une orientation dont la proposition aurait été autre."""

    orientation_id: Identifiant


class PageDeplacements(Page[Deplacement]):
    """Une page d'orientations déplacées."""


class Rejeu(Modele):
    """Une proposition refaite sur ses entrées et ses règles conservées."""

    proposition_id: Identifiant
    jeu_de_regles_id: Identifiant | None = Field(description="Null : le jeu national")
    version_regles: str = Field(max_length=300)
    identique: Booleen = Field(description="Vrai : octet pour octet")
    empreinte_conservee: str = Field(
        max_length=64, description="De ce qui est conservé, sous la clé du service"
    )
    empreinte_rejouee: str = Field(max_length=64, description="De ce qui est refait, sous la même")
