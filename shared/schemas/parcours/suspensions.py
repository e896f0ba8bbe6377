"""The suspension-remobilisation: a procedure that is recorded and checked, never proposed."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.schemas.collectivite import UniteDelai
from shared.schemas.commun import (
    Auteur,
    Booleen,
    Code,
    Commentaire,
    DateCivile,
    Entree,
    Identifiant,
    Instant,
    Modele,
    Page,
    Rang,
    Ressource,
)
from shared.schemas.orientation.vocabulaire import ModeNotification

_ORGANISME = "Organisme dont c'est l'acte, et pour lequel le client parle"
Organisme = Annotated[Identifiant, Field(description=_ORGANISME)]
# A text that motivates an act is not empty; the bounds of the law are the table's, not the type's.
Texte = Annotated[Commentaire, Field(min_length=1)]
Pourcent = Annotated[int, Field(strict=True, ge=1, le=100)]
DureeMois = Annotated[int, Field(strict=True, ge=1, le=120)]


class StatutSuspension(StrEnum):
    """États d'une procédure. Liste fermée.

    `decide` dure jusqu'à la notification, ou toujours si la décision est `sans_suite` ;
    `dessaisi` : le département n'instruit pas, France Travail poursuit.
    """

    SIGNALE = "signale"
    CONTRADICTOIRE = "contradictoire"
    AVIS_EP = "avis_ep"
    DECIDE = "decide"
    EN_COURS = "en_cours"
    LEVE = "leve"
    TERME = "terme"
    ANNULE = "annule"
    DESSAISI = "dessaisi"


class TypeActeSuspension(StrEnum):
    """Actes d'une procédure. Liste ouverte."""

    SIGNALEMENT = "signalement"
    SAISIE = "saisie"
    INFORMATION = "information"
    OBSERVATIONS = "observations"
    AVIS_EP = "avis_ep"
    DECISION = "decision"
    NOTIFICATION = "notification"
    TRANSMISSION = "transmission"
    REMOBILISATION = "remobilisation"
    LEVEE = "levee"
    TERME = "terme"
    ANNULATION = "annulation"


class MesureSuspension(StrEnum):
    """Ce que l'autorité décide. Liste fermée."""

    SUSPENSION = "suspension"
    SUPPRESSION = "suppression"
    SANS_SUITE = "sans_suite"


class RangManquement(StrEnum):
    """Rang d'un manquement, calculé des sanctions notifiées à la personne. Liste fermée."""

    PREMIER = "premier"
    PERSISTANCE = "persistance"
    REITERATION = "reiteration"


class ChoixSaisie(StrEnum):
    """Ce que fait le département d'une proposition de France Travail. Liste fermée.

    `laisser` ne refuse pas la sanction : France Travail poursuit.
    """

    INSTRUIRE = "instruire"
    LAISSER = "laisser"


class FormeObservations(StrEnum):
    """Comment la personne répond. Liste fermée."""

    ECRITES = "ecrites"
    ORALES = "orales"


class AssistanceObservations(StrEnum):
    """Si la personne répond seule, ou avec une personne de son choix. Liste fermée."""

    SEULE = "seule"
    PERSONNE_DE_SON_CHOIX = "personne_de_son_choix"


class SensAvisEp(StrEnum):
    """Ce que dit l'équipe pluridisciplinaire. Liste fermée."""

    FAVORABLE = "favorable"
    DEFAVORABLE = "defavorable"
    RESERVE = "reserve"


class AuditionEp(StrEnum):
    """Comment la personne a pu être entendue : elle l'est, ou y est invitée. Liste fermée."""

    ENTENDUE = "entendue"
    INVITEE = "invitee"


class MotifSansSuite(StrEnum):
    """Pourquoi une procédure reste sans suite. Liste ouverte."""

    MOTIF_LEGITIME = "motif_legitime"
    MANQUEMENT_NON_ETABLI = "manquement_non_etabli"
    REMOBILISATION = "remobilisation"
    ERREUR = "erreur"
    AUTRE = "autre"


class OrganismePayeur(StrEnum):
    """Qui applique la mesure. Liste fermée."""

    CAF = "caf"
    MSA = "msa"


class MotifLevee(StrEnum):
    """Ce qui remobilise : le contrat (R262-68), ou les obligations (R262-68-1). Liste fermée."""

    CONTRAT_ELABORE_OU_ACTUALISE = "contrat_elabore_ou_actualise"
    OBLIGATIONS_RESPECTEES = "obligations_respectees"


class ConstatTerme(StrEnum):
    """Ce qui est vu à la fin d'une mesure. Liste fermée."""

    CESSE = "cesse"
    PERSISTE = "persiste"


class MotifAnnulation(StrEnum):
    """Pourquoi une mesure est annulée. Liste fermée."""

    RECOURS = "recours"
    ERREUR = "erreur"
    MEDIATION = "mediation"


class SuspensionCreation(Entree):
    """Le signalement d'un manquement par l'organisme référent : il ouvre la procédure.

    Un refus de contrat ou un manquement à ses obligations, jamais un compteur d'heures.
    """

    organisme_id: Organisme
    nature_manquement: Code = Field(description="Code du référentiel codes-sanctions-ft, ex. N61")
    date_faits: DateCivile = Field(description="Jour des faits ; le dernier, s'ils durent")
    faits: Texte
    elements: Commentaire | None = Field(default=None, description="Ce qui les établit")
    date_proposition_ft: DateCivile | None = Field(
        default=None,
        description="Mise à disposition de la proposition de France Travail (ACT366)",
    )
    suspension_precedente_id: Identifiant | None = Field(
        default=None,
        description="La mesure à la fin de laquelle le manquement persistait",
    )


class SaisieSuspensionCreation(Entree):
    """Le département choisit d'instruire la proposition de France Travail, ou non."""

    organisme_id: Organisme
    choix: ChoixSaisie
    date_saisie: DateCivile


class InformationSuspensionCreation(Entree):
    """La personne est informée des faits et de la sanction encourue, par un moyen daté."""

    organisme_id: Organisme
    mode: ModeNotification
    date_information: DateCivile = Field(description="Date certaine : les observations en courent")


class ObservationsSuspensionCreation(Entree):
    """Ce que répond la personne, ou son silence rompu : une fois reçues, la décision est permise.

    La personne peut répondre plusieurs fois.
    """

    organisme_id: Organisme
    forme: FormeObservations
    assistance: AssistanceObservations
    date_observations: DateCivile
    texte: Commentaire | None = None


class AvisEpSuspensionCreation(Entree):
    """L'avis de l'équipe pluridisciplinaire, que la personne a pu voir l'entendre."""

    organisme_id: Organisme
    sens: SensAvisEp
    audition: AuditionEp
    date_avis: DateCivile
    texte: Commentaire | None = None


class FoyerSuspension(Entree):
    """Le foyer au jour de la décision : plus d'une personne, ou la majoration, plafonne la part."""

    personnes: Rang
    majoration: Booleen = Field(description="Majoration pour isolement (CASF L262-9)")


class DecisionSuspensionCreation(Entree):
    """La décision motivée de l'autorité. Ses valeurs sont les siennes : rien n'est proposé."""

    organisme_id: Organisme
    mesure: MesureSuspension
    part_pourcent: Pourcent | None = Field(
        default=None, description="Part du RSA suspendue ou supprimée ; absente sans suite"
    )
    duree_mois: DureeMois | None = Field(default=None, description="Absente sans suite")
    foyer: FoyerSuspension | None = Field(default=None, description="Requis pour une sanction")
    motif_sans_suite: MotifSansSuite | None = Field(
        default=None, description="Requis sans suite, et là seulement"
    )
    motivation: Texte
    voies_recours: Commentaire | None = Field(
        default=None, description="Voies et délais de recours ; requis pour une sanction"
    )
    date_decision: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")


class NotificationSuspensionCreation(Entree):
    """La sanction est notifiée, et le jour où elle commence est dit."""

    organisme_id: Organisme
    mode: ModeNotification
    date_notification: DateCivile = Field(description="Date certaine")
    date_debut: DateCivile = Field(description="Premier jour de la mesure, dès la notification")


class TransmissionSuspensionCreation(Entree):
    """La mesure est transmise à l'organisme payeur, qui l'applique."""

    organisme_id: Organisme
    organisme_payeur: OrganismePayeur
    date_transmission: DateCivile


class RemobilisationSuspensionCreation(Entree):
    """L'organisme référent signale la remobilisation (R262-69) ; lever reste à l'autorité."""

    organisme_id: Organisme
    motif: MotifLevee
    date_remobilisation: DateCivile
    texte: Commentaire | None = None


class LeveeSuspensionCreation(Entree):
    """L'autorité met fin à une suspension avant son terme."""

    organisme_id: Organisme
    motif: MotifLevee
    date_levee: DateCivile = Field(description="Jour de la remobilisation, où la mesure finit")


class TermeSuspensionCreation(Entree):
    """Ce qui est vu à la fin de la mesure, dès son dernier jour."""

    organisme_id: Organisme
    constat: ConstatTerme
    date_terme: DateCivile = Field(description="Jour du constat")


class AnnulationSuspensionCreation(Entree):
    """La mesure est annulée : elle ne compte plus dans le rang d'un manquement suivant."""

    organisme_id: Organisme
    motif: MotifAnnulation
    date_annulation: DateCivile
    texte: Commentaire | None = None


class ParametreApplique(Modele):
    """Un délai appliqué, d'où il vient, et s'il a été lu dans un texte."""

    code: Code
    duree: Rang
    unite: UniteDelai
    confirme: Booleen = Field(description="Faux : aucun texte lu, ou lu pour un autre public")
    source: str = Field(max_length=300)


class Suspension(Ressource):
    """Une procédure de suspension-remobilisation, et où elle en est ; sans texte libre."""

    parcours_id: Identifiant
    personne_id: Identifiant
    orientation_id: Identifiant = Field(description="Décision en vigueur au signalement")
    statut: StatutSuspension
    nature_manquement: Code
    date_faits: DateCivile
    date_signalement: DateCivile
    organisme_signalant_id: Identifiant
    suspension_precedente_id: Identifiant | None
    date_proposition_ft: DateCivile | None
    date_limite_saisie: DateCivile | None
    date_saisie: DateCivile | None
    date_information: DateCivile | None
    date_limite_observations: DateCivile | None
    date_observations: DateCivile | None = Field(description="Des premières reçues")
    date_avis_ep: DateCivile | None
    date_limite_decision: DateCivile | None
    date_decision: DateCivile | None
    mesure: MesureSuspension | None
    rang: RangManquement | None = Field(description="Calculé à la décision d'une sanction")
    bareme: Code | None = Field(description="Ligne du référentiel bareme-sanctions vérifiée")
    part_pourcent: Pourcent | None = Field(description="Décidée")
    duree_mois: DureeMois | None = Field(description="Décidée")
    foyer: FoyerSuspension | None = Field(description="Dit à la décision : il plafonne la part")
    date_notification: DateCivile | None
    date_transmission: DateCivile | None
    date_debut: DateCivile | None
    date_fin: DateCivile | None = Field(
        description="Jour où la mesure cesse : son terme, ou sa levée"
    )


class SuspensionDetaillee(Suspension):
    """Une procédure, et les délais qui lui sont appliqués, chacun avec son statut."""

    parametres: list[ParametreApplique] = Field(max_length=10)


class PageSuspensions(Page[Suspension]):
    """Une page de procédures."""


class ActeSuspension(Modele):
    """Un acte d'une procédure. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    suspension_id: Identifiant
    type: TypeActeSuspension
    date_acte: DateCivile
    organisme_id: Identifiant
    nature: str | None = Field(
        max_length=60,
        description="Ce qu'il dit : sens d'un avis, mesure décidée, motif d'une levée, mode d'une"
        " notification…",
    )
    precision: str | None = Field(
        max_length=60, description="Ce qu'il précise : audition, assistance, motif sans suite"
    )
    texte: Commentaire | None = Field(description="Faits, observations, avis, motivation")
    complement: Commentaire | None = Field(
        description="Éléments du signalement, voies et délais de recours d'une décision"
    )
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageActesSuspension(Page[ActeSuspension]):
    """Une page d'actes."""


class ChampEchange(Modele):
    """Un champ d'un échange ; ceux que France Travail donne ou qu'il faut encore sont null."""

    nom: str = Field(max_length=60)
    valeur: str | None = Field(max_length=60)


class EchangeFranceTravail(Modele):
    """Un échange prêt à être envoyé à France Travail ; rien n'est envoyé ici."""

    operation: str = Field(
        max_length=60, description="evenementSanctionRSA ou decisionSanctionRSAPartenaire"
    )
    type_evenement: Code | None = Field(
        description="Code du référentiel codes-sanctions-ft ; null pour une décision de partenaire"
    )
    activite: Code | None = Field(description="Activité de France Travail à laquelle il répond")
    acte_id: Identifiant = Field(description="Acte d'où il vient")
    date_acte: DateCivile
    champs: list[ChampEchange] = Field(max_length=10, description="Champs obligatoires")


class EchangesFranceTravail(Modele):
    """Ce qu'une procédure aurait à dire à France Travail, dans l'ordre de ses actes."""

    suspension_id: Identifiant
    echanges: list[EchangeFranceTravail] = Field(max_length=200)
