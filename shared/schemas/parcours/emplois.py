"""What a person works at, or tries out: each type with a body of its own."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    Auteur,
    DateCivile,
    Entree,
    Identifiant,
    Instant,
    Modele,
    Page,
    Ressource,
)

CodeRome = Annotated[
    str,
    StringConstraints(pattern=r"^[A-N][0-9]{4}$", max_length=5),
    Field(description="Code métier ROME, ex. F1703"),
]
MinutesHebdomadaires = Annotated[
    int,
    Field(strict=True, ge=15, le=2_880, multiple_of=15, description="Minutes, par quarts d'heure"),
]
Age = Annotated[int, Field(strict=True, ge=14, le=99, description="Âge révolu ce jour-là")]


class TypeEmploi(StrEnum):
    """Ce qu'est une mise en situation ou un emploi. Liste fermée."""

    PMSMP = "pmsmp"
    IAE = "iae"
    CONTRAT_AIDE = "contrat_aide"
    APPRENTISSAGE = "apprentissage"
    CDI = "cdi"
    CDD = "cdd"
    INTERIM = "interim"
    CREATION_ACTIVITE = "creation_activite"


class ObjetPmsmp(StrEnum):
    """Pourquoi une mise en situation en milieu professionnel (D5135-3). Liste fermée."""

    DECOUVRIR = "decouvrir"
    CONFIRMER = "confirmer"
    INITIER = "initier"


class PrescripteurPmsmp(StrEnum):
    """Qui prescrit une mise en situation (L5135-2). Liste ouverte."""

    CONSEIL_DEPARTEMENTAL = "conseil_departemental"
    FRANCE_TRAVAIL = "france_travail"
    MISSION_LOCALE = "mission_locale"
    CAP_EMPLOI = "cap_emploi"
    STRUCTURE_IAE = "structure_iae"
    AUTRE = "autre"


class StructureIae(StrEnum):
    """Structures d'insertion par l'activité économique (L5132-4). Liste fermée."""

    EI = "ei"
    ETTI = "etti"
    AI = "ai"
    ACI = "aci"


class DispositifAide(StrEnum):
    """Contrats aidés. Liste ouverte."""

    CUI_CAE = "cui_cae"
    CUI_CIE = "cui_cie"
    PEC = "pec"


class DecideurAide(StrEnum):
    """Qui décide l'aide (L5134-19-1). Liste ouverte."""

    CONSEIL_DEPARTEMENTAL = "conseil_departemental"
    ETAT = "etat"
    FRANCE_TRAVAIL = "france_travail"


class Derogation(StrEnum):
    """Ce qui permet de passer une borne de la loi, sans dire la situation. Liste fermée."""

    FORMATION_EN_COURS = "formation_en_cours"
    SITUATION_PARTICULIERE = "situation_particuliere"
    EXPERIMENTATION = "experimentation"


class DetailPmsmp(Entree):
    """Une mise en situation : son objet, qui la prescrit, et celle qu'elle renouvelle."""

    objet: ObjetPmsmp
    prescripteur: PrescripteurPmsmp
    renouvelle_id: Identifiant | None = Field(
        default=None, description="Même personne, même structure, même objet ; une fois"
    )


class DetailIae(Entree):
    """Un contrat dans une structure d'insertion, sous un PASS IAE."""

    structure: StructureIae
    pass_iae_id: Identifiant = Field(description="Le dispositif `pass_iae` de la personne")
    derogation: Derogation | None = Field(
        default=None, description="Pour un CDDI de moins de quatre mois, ou au-delà de vingt-quatre"
    )


class DetailContratAide(Entree):
    """Un contrat aidé, et l'aide à l'employeur."""

    dispositif: DispositifAide
    decideur: DecideurAide
    date_fin_aide: DateCivile = Field(description="Dernier jour de l'aide, qui court du début")
    derogation: Derogation | None = Field(
        default=None, description="Pour moins de vingt heures, ou plus de vingt-quatre mois"
    )


class DetailApprentissage(Entree):
    """Un contrat d'apprentissage ; après vingt-cinq ans, ce qui l'admet."""

    age_entree: Age
    derogation: Derogation | None = Field(default=None, description="Au-delà de l'âge de la loi")


class EmploiCreation(Entree):
    """Un emploi ou une mise en situation ; `type` dit quel détail est requis, et lui seul."""

    type: TypeEmploi
    employeur_id: Identifiant | None = Field(
        default=None, description="Requis, sauf pour `creation_activite`"
    )
    date_debut: DateCivile
    date_fin: DateCivile | None = Field(
        default=None, description="Dernier jour prévu, compris ; null : sans terme"
    )
    duree_hebdomadaire_minutes: MinutesHebdomadaires | None = None
    rome: CodeRome | None = None
    age_entree: Age | None = Field(
        default=None,
        description="Requis si l'employeur est tenu par le département, pour son bilan ; sauf pour"
        " `pmsmp`, et pour `apprentissage`, dont le détail le dit",
    )
    pmsmp: DetailPmsmp | None = None
    iae: DetailIae | None = None
    contrat_aide: DetailContratAide | None = None
    apprentissage: DetailApprentissage | None = None


class StatutEmploi(StrEnum):
    """États d'un emploi ; `annule` : il n'a pas eu lieu, rien ne le compte. Liste fermée."""

    OUVERT = "ouvert"
    TERMINE = "termine"
    ANNULE = "annule"


class MotifFinEmploi(StrEnum):
    """Pourquoi un emploi finit. Liste ouverte."""

    TERME = "terme"
    EMBAUCHE = "embauche"
    FORMATION = "formation"
    RUPTURE_EMPLOYEUR = "rupture_employeur"
    RUPTURE_SALARIE = "rupture_salarie"
    RUPTURE_COMMUNE = "rupture_commune"
    CESSATION_ACTIVITE = "cessation_activite"
    AUTRE = "autre"


class Emploi(Ressource):
    """Un emploi ou une mise en situation, tel que ses actes l'ont fait."""

    parcours_id: Identifiant
    type: TypeEmploi
    statut: StatutEmploi
    employeur_id: Identifiant | None
    date_debut: DateCivile
    date_fin: DateCivile | None = Field(description="Dernier jour, prévu ou effectif ; compris")
    motif_fin: MotifFinEmploi | None
    duree_hebdomadaire_minutes: MinutesHebdomadaires | None
    rome: CodeRome | None
    age_entree: Age | None
    date_accompagnement_renforce: DateCivile | None = Field(
        description="Début de l'accompagnement renforcé avant la fin d'un contrat aidé"
    )
    pmsmp: DetailPmsmp | None
    iae: DetailIae | None
    contrat_aide: DetailContratAide | None
    apprentissage: DetailApprentissage | None


class PageEmplois(Page[Emploi]):
    """Une page d'emplois."""


class TypeActeEmploi(StrEnum):
    """Ce qui arrive à un emploi. Liste fermée."""

    DEBUT = "debut"
    PROLONGATION = "prolongation"
    ACCOMPAGNEMENT_RENFORCE = "accompagnement_renforce"
    FIN = "fin"
    ANNULATION = "annulation"


class ActeEmploiCreation(Entree):
    """Une prolongation, une fin, une annulation, ou un accompagnement renforcé qui commence."""

    type: TypeActeEmploi = Field(description="Tout autre que `debut`, qu'écrit la création")
    date_acte: DateCivile = Field(
        description="Dernier jour nouveau d'une prolongation ou d'une fin ; début de"
        " l'accompagnement ; jour d'une annulation"
    )
    motif: MotifFinEmploi | None = Field(default=None, description="Requis d'une fin, et d'elle")
    derogation: Derogation | None = Field(
        default=None, description="D'une prolongation qui passe une borne de la loi"
    )


class ActeEmploi(Modele):
    """Ce qui est arrivé à un emploi. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    emploi_id: Identifiant
    type: TypeActeEmploi
    date_acte: DateCivile
    motif: MotifFinEmploi | None
    derogation: Derogation | None
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageActesEmploi(Page[ActeEmploi]):
    """Une page d'actes."""
