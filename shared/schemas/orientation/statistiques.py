"""How orientation goes: statistics, fairness, indicators."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.collectivite import EvenementDelai, UniteDelai
from shared.schemas.commun import (
    Annee,
    Booleen,
    Code,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
)
from shared.schemas.financement.enveloppes import Qualificatif
from shared.schemas.orientation.organismes import RoleAgent
from shared.schemas.orientation.vocabulaire import Mot


class AxeStatistiques(StrEnum):
    """Selon quoi répartir les personnes en groupes. Liste ouverte."""

    COMMUNE = "commune"
    ORGANISME = "organisme"
    AGE = "age"


class Effectif(Modele):
    """Un nombre de personnes ; masqué, il est `null`."""

    modalite: str = Field(max_length=120)
    nombre: Entier | None
    masque: Booleen


class Repartition(Modele):
    """Les personnes d'un groupe, chacune dans une seule modalité ; à zéro, une modalité manque."""

    nom: str = Field(
        max_length=80,
        description="delai, decision, parcours, defaut, critere.<champ> ; des réorientations :"
        " motif, statut",
    )
    masquee: Booleen = Field(description="Vrai : rien n'en est montré pour ce groupe")
    effectifs: list[Effectif] = Field(max_length=500)


class GroupeStatistiques(Modele):
    """Un groupe de personnes à orienter. Un nombre, une durée ou un taux masqué est `null`."""

    cle: str = Field(max_length=64)
    a_orienter: Entier | None
    orientees: Entier | None = Field(description="Dont l'orientation est décidée")
    masque: Booleen
    delai_moyen_heures: Entier | None = Field(description="De la réception à la décision")
    delai_median_heures: Entier | None
    dans_delai_points_base: Entier | None = Field(
        description="Part des décisions prises dans les six semaines, en dix-millièmes"
    )
    dans_objectif_points_base: Entier | None = Field(
        description="Part des décisions dans l'objectif local demandé, en dix-millièmes"
    )
    repartitions: list[Repartition] = Field(max_length=100)


class ObjectifStatistiques(Modele):
    """L'objectif local appliqué à toutes les personnes comptées, du territoire et d'ailleurs."""

    code: Code
    duree: Entier
    unite: UniteDelai
    fin: EvenementDelai = Field(description="Fait qui le ferme ; il court de la réception")
    confirme: Booleen = Field(
        description="Faux : la source ne dit pas ces faits, ou le service ne les date pas"
    )
    source: Libelle


class Statistiques(Modele):
    """Les orientations reçues dans une période : l'ensemble, puis les groupes qui le partagent."""

    date_debut: DateCivile
    date_fin: DateCivile
    seuil: Entier = Field(description="Un effectif inférieur est masqué")
    objectif: ObjectifStatistiques | None
    communes_inconnues: Booleen = Field(
        description="Vrai : personne n'a dit les communes du territoire, donc aucun groupe"
    )
    ensemble: GroupeStatistiques
    groupes: list[GroupeStatistiques] = Field(max_length=5000)
    reorientations: list[Repartition] = Field(
        max_length=2,
        description="Les réorientations demandées dans la période, par motif et par statut",
    )
    champs_masques: list[Mot] = Field(max_length=5)


class MesureIndicateur(StrEnum):
    """Ce que le service compte à côté d'un chiffre annoncé. Liste ouverte."""

    PERSONNES_SUIVIES = "personnes_suivies"
    UNITES = "unites"
    AGENTS = "agents"


class PeriodiciteIndicateur(StrEnum):
    """Le chiffre est répété. Liste ouverte."""

    ANNUELLE = "annuelle"


class EtatConstat(StrEnum):
    """Ce que vaut le constat. Liste fermée.

    `masque` : de 1 à 4 personnes ; `communes_inconnues` : le territoire n'a pas de communes
    dites, et rien n'est compté ; `sans_mesure` : le service ne compte pas cela.
    """

    COMPTE = "compte"
    MASQUE = "masque"
    COMMUNES_INCONNUES = "communes_inconnues"
    SANS_MESURE = "sans_mesure"


class IndicateurCreation(Entree):
    """Un chiffre qu'une source annonce. Il n'autorise ni n'interdit rien."""

    reference: Code = Field(description="Code du chiffre, unique, ex. prise_en_charge_2024")
    libelle: Libelle
    valeur: Entier | None = Field(default=None, description="Absente : dite en mots")
    unite: Code = Field(description="Unité de la valeur, ex. personnes")
    qualificatif: Qualificatif
    annee: Annee | None = None
    periodicite: PeriodiciteIndicateur | None = None
    territoire: Code | None = Field(
        default=None,
        description="Territoire compté : ses communes sont celles que disent les délais locaux et"
        " les unités de ce territoire ; absent : la collectivité",
    )
    organisme_referent_id: Identifiant | None = Field(
        default=None, description="Organisme compté ; absent : tous"
    )
    mesure: MesureIndicateur | None = Field(
        default=None, description="Ce qu'il faut compter à côté ; absente : rien"
    )
    role: RoleAgent | None = Field(
        default=None, description="Rôle des agents comptés ; absent : tous"
    )
    texte_source: Libelle | None = Field(
        default=None, description="Le chiffre, dans les mots de la source"
    )
    source: Libelle


class Indicateur(Modele):
    """Un chiffre annoncé, et ce que le service compte à côté, à l'instant. Jamais une borne."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    reference: Code
    libelle: Libelle
    valeur: Entier | None = Field(
        description="Telle qu'annoncée ; `qualificatif` dit ce qu'elle vaut"
    )
    unite: Code
    qualificatif: Qualificatif
    annee: Annee | None
    periodicite: PeriodiciteIndicateur | None
    territoire: Code | None
    organisme_referent_id: Identifiant | None
    mesure: MesureIndicateur | None
    role: RoleAgent | None
    texte_source: Libelle | None
    source: Libelle
    constat: Entier | None = Field(
        description="Compté à l'instant ; null : `etat_constat` dit pourquoi"
    )
    etat_constat: EtatConstat
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageIndicateurs(Page[Indicateur]):
    """Une page d'indicateurs."""


class ProfilEquite(Modele):
    """Des entrées identiques : la règle appliquée, et ce qu'elle a lu (A, P, Q, F, O)."""

    regle: str = Field(max_length=10, description="P1 à P7")
    activite: str = Field(max_length=20, description="A : activité récente, oui ou non")
    projection: str = Field(max_length=20, description="P : capacité à se projeter, oui ou non")
    qualification: str = Field(max_length=20, description="Q : formation qualifiante, oui ou non")
    frein: str = Field(max_length=20, description="F : niveau du frein le plus élevé")
    obstacle: str = Field(max_length=20, description="O : obstacle temporaire, oui ou non")


class GroupeEquite(Modele):
    """Les décisions d'un groupe sur un profil. Un nombre ou un taux masqué est `null`."""

    profil: ProfilEquite
    cle: str = Field(max_length=64)
    decisions: Entier | None
    masque: Booleen
    ecart_points_base: Entier | None = Field(
        description="Part des décisions qui s'écartent de la préconisation, en dix-millièmes"
    )
    effectifs: list[Effectif] = Field(
        max_length=10,
        description="conforme, autre_organisme, autre_parcours.<parcours décidé>",
    )


class Equite(Modele):
    """Les mêmes entrées, et ce qui en est décidé selon le groupe."""

    date_debut: DateCivile
    date_fin: DateCivile
    seuil: Entier = Field(description="Un effectif inférieur est masqué")
    axe: AxeStatistiques | None = Field(description="Null : le territoire et le reste")
    communes_inconnues: Booleen = Field(
        description="Vrai : personne n'a dit les communes du territoire, donc aucun groupe"
    )
    groupes: list[GroupeEquite] = Field(max_length=5000)
