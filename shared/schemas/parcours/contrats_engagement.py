"""The contrat d'engagement: versions, signatures, hours."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.schemas.commun import (
    Auteur,
    Booleen,
    CentimesPositifs,
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
    Ressource,
)
from shared.schemas.orientation.echeances import EtatEcheance

# Counted in quarter hours; what the law admits of a week is a rule, which is dated.
DureeHebdomadaire = Annotated[int, Field(strict=True, ge=0, le=7 * 24 * 60, multiple_of=15)]

DureeMois = Annotated[int, Field(strict=True, ge=1, le=24)]

Periodicite = Annotated[int, Field(strict=True, ge=1, le=12)]

AgeEnfant = Annotated[int, Field(strict=True, ge=0, le=120)]


class StatutContrat(StrEnum):
    """États d'un contrat d'engagement, ceux de France Travail. Liste fermée."""

    A_SIGNER = "a_signer"
    EN_ATTENTE_SIGNATURE = "en_attente_signature"
    SIGNE = "signe"
    REFUSE = "refuse"
    SUSPENDU = "suspendu"
    CLOTURE = "cloture"


class DispositifContrat(StrEnum):
    """Le cadre du contrat ; le CEJ et le PACEA en sont des formes nommées. Liste ouverte."""

    DROIT_COMMUN = "droit_commun"
    CEJ = "cej"
    PACEA = "pacea"


class DomaineObjectif(StrEnum):
    """À quoi tend un objectif (L5411-6 II 3°). Liste fermée."""

    SOCIAL = "social"
    PROFESSIONNEL = "professionnel"


class TypeActivite(StrEnum):
    """Types d'activité d'un plan d'action (R5411-15). Liste ouverte."""

    MISE_EN_SITUATION = "mise_en_situation"
    FORMATION = "formation"
    RECHERCHE_EMPLOI = "recherche_emploi"
    ACCOMPAGNEMENT_SOCIAL_PRO = "accompagnement_social_pro"
    DEMARCHE_DROITS_FREINS = "demarche_droits_freins"
    PERENNISATION_ACTIVITE = "perennisation_activite"


class ModaliteActivite(StrEnum):
    """Une action se fait seul, ou en groupe. Liste fermée."""

    INDIVIDUELLE = "individuelle"
    COLLECTIVE = "collective"


class MotifHeures(StrEnum):
    """Pourquoi la durée hebdomadaire est réduite, ou nulle (L5411-6 II). Liste fermée."""

    SITUATION_INDIVIDUELLE = "situation_individuelle"
    ETAT_DE_SANTE = "etat_de_sante"
    HANDICAP = "handicap"
    INVALIDITE = "invalidite"
    PARENT_ISOLE_SANS_GARDE = "parent_isole_sans_garde"


class NatureRevision(StrEnum):
    """Ce qu'une version change : un avenant se signe, une actualisation non. Liste fermée."""

    INITIALE = "initiale"
    AVENANT = "avenant"
    ACTUALISATION = "actualisation"


class SignataireContrat(StrEnum):
    """Les deux parties (L5411-6 I). Liste fermée."""

    PERSONNE = "personne"
    ORGANISME = "organisme"


class TypeActeContrat(StrEnum):
    """Ce qui est arrivé à un contrat. Liste ouverte."""

    SIGNATURE = "signature"
    REFUS = "refus"
    NOUVELLE_DECISION = "nouvelle_decision"
    SUSPENSION = "suspension"
    REPRISE = "reprise"
    CLOTURE = "cloture"


_ENGAGEMENTS = "Ni santé, ni identité d'un tiers"


class EngagementsOrganismeCreation(Entree):
    """Premier bloc : ce à quoi s'engage l'organisme référent, dont le référent unique."""

    referent_unique: ReferenceExterne = Field(
        description="L'agent que le contrat nomme pour l'organisme référent, par sa référence"
        " opaque ; jamais un nom. Qui suit la personne, `/v1/parcours/{id}/referents` le dit : le"
        " nommer ici ne désigne personne"
    )
    engagements: list[Libelle] = Field(min_length=1, max_length=20, description=_ENGAGEMENTS)


class EngagementsPersonne(Entree):
    """Deuxième bloc : assiduité, participation active."""

    engagements: list[Libelle] = Field(min_length=1, max_length=20, description=_ENGAGEMENTS)


class ObjectifPlan(Entree):
    """Un objectif d'insertion."""

    domaine: DomaineObjectif
    libelle: Libelle = Field(description=_ENGAGEMENTS)


class ActionPlan(Entree):
    """Une action prévue : un objectif du plan, jamais un temps de travail."""

    type: TypeActivite
    libelle: Libelle = Field(description=_ENGAGEMENTS)
    modalite: ModaliteActivite
    encadree: Booleen = Field(description="Faux : en autonomie")
    date_debut: DateCivile | None = Field(default=None, description="Calendrier, s'il y en a un")
    date_fin: DateCivile | None = None


class IntensiteCreation(Entree):
    """La durée hebdomadaire d'activité : un objectif, dont aucune sanction ne découle seule."""

    duree_hebdomadaire_minutes: DureeHebdomadaire = Field(
        description="Par quarts d'heure : 900 pour quinze heures"
    )
    motif: MotifHeures | None = Field(
        default=None,
        description="Sous quinze heures : `situation_individuelle`. À zéro : l'un des quatre"
        " autres, avec la portée `parcours.sante:ecrire` ; il ne se relit qu'à `…/motifs-heures`",
    )
    diagnostic_id: Identifiant | None = Field(
        default=None,
        description="Un diagnostic de ce parcours ; requis avec `situation_individuelle`",
    )
    a_la_demande: Booleen = Field(
        default=False, description="La personne demande qu'aucune heure ne soit fixée"
    )
    date_demande: DateCivile | None = Field(default=None, description="Requise à zéro heure")
    age_enfant: AgeEnfant | None = Field(
        default=None,
        description="Âge révolu du plus jeune enfant, pour `parent_isole_sans_garde` seul",
    )
    date_reexamen: DateCivile | None = Field(
        default=None,
        description="Quand le motif sera revu ; absente : au plus tard, six mois, ou douze dans un"
        " parcours social (proposition de l'outil)",
    )


class PlanActionCreation(Entree):
    """Troisième bloc : objectifs, actions, intensité."""

    objectifs: list[ObjectifPlan] = Field(min_length=1, max_length=20)
    actions: list[ActionPlan] = Field(min_length=1, max_length=50)
    intensite: IntensiteCreation


class OffreRaisonnableEmploi(Entree):
    """Les éléments de l'offre raisonnable d'emploi (L5411-6-1)."""

    emploi: Libelle = Field(description="Nature et caractéristiques de l'emploi recherché")
    zone: Libelle = Field(description="Zone géographique privilégiée")
    salaire_centimes: CentimesPositifs | None = Field(
        default=None, description="Salaire attendu, brut, par mois. En centimes d'euro"
    )


class ContratEngagementCreation(Entree):
    """Un contrat à signer : ses trois blocs, et le rythme convenu pour l'actualiser."""

    dispositif: DispositifContrat = DispositifContrat.DROIT_COMMUN
    engagements_organisme: EngagementsOrganismeCreation
    engagements_personne: EngagementsPersonne
    plan_action: PlanActionCreation
    droits_recours: Commentaire = Field(
        min_length=1,
        description="Droits de la personne, voies et délais de recours, tels que le contrat les"
        " porte",
    )
    periodicite_actualisation_mois: Periodicite = Field(
        description="Convenue avec la personne (R5411-14)"
    )
    duree_accompagnement_mois: DureeMois | None = Field(
        default=None, description="Requise pour un CEJ ou un PACEA, et pour eux seuls (R5411-15)"
    )
    offre_raisonnable_emploi: OffreRaisonnableEmploi | None = Field(
        default=None, description="Sans objet dans un parcours social (L5411-6-1 II)"
    )


class RevisionContratCreation(ContratEngagementCreation):
    """Une nouvelle version, entière : un changement essentiel fait un avenant, qui se signe."""

    motif: Libelle = Field(description=f"Ce qui change, et pourquoi. {_ENGAGEMENTS}")


class ReferentUnique(Modele):
    """L'agent que cette version nomme ; qui suit la personne, `/v1/parcours/{id}/referents`."""

    reference: ReferenceExterne
    organisme_referent_id: Identifiant


class EngagementsOrganisme(Modele):
    """Ce à quoi s'engage l'organisme référent."""

    referent_unique: ReferentUnique
    engagements: list[Libelle] = Field(max_length=20)


class Intensite(Modele):
    """La durée hebdomadaire, sans le motif d'une durée nulle : il se lit à `…/motifs-heures`."""

    duree_hebdomadaire_minutes: DureeHebdomadaire
    diagnostic_id: Identifiant | None
    date_reexamen: DateCivile | None = Field(description="Null : aucun motif à revoir")


class PlanAction(Modele):
    """Objectifs, actions, intensité."""

    objectifs: list[ObjectifPlan] = Field(max_length=20)
    actions: list[ActionPlan] = Field(max_length=50)
    intensite: Intensite


class RevisionContrat(Modele):
    """Une version du contrat. Immuable : la suivante ne l'efface pas."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    contrat_id: Identifiant
    rang: Rang = Field(description="Un de plus à chaque version")
    nature: NatureRevision
    motif: Libelle | None = Field(description="Null pour la première")
    orientation_id: Identifiant = Field(description="La décision à laquelle elle répond")
    dispositif: DispositifContrat
    engagements_organisme: EngagementsOrganisme
    engagements_personne: EngagementsPersonne
    plan_action: PlanAction
    droits_recours: Commentaire
    periodicite_actualisation_mois: Periodicite
    duree_accompagnement_mois: DureeMois | None
    offre_raisonnable_emploi: OffreRaisonnableEmploi | None
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageRevisionsContrat(Page[RevisionContrat]):
    """Une page de versions d'un contrat."""


class ContratEngagement(Ressource):
    """Un contrat d'engagement, et où il en est ; un seul non clos par personne."""

    personne_id: Identifiant
    parcours_id: Identifiant
    orientation_id: Identifiant = Field(description="La décision à laquelle il répond")
    statut: StatutContrat
    revision: Rang = Field(description="Rang de la version en cours")
    date_limite: DateCivile | None = Field(
        description="Dernier jour pour signer ; null : la décision n'est pas notifiée, le délai"
        " est interrompu, ou le contrat, jamais signé, est suspendu ou clos"
    )
    etat_echeance: EtatEcheance | None = Field(
        description="Aujourd'hui ; `depassee` : signé, mais en retard"
    )
    date_premiere_signature: DateCivile | None = Field(
        description="Par les deux parties, depuis la décision : elle ferme le délai"
    )
    date_signature: DateCivile | None = Field(
        description="De la version en cours, par les deux parties"
    )
    date_suspension: DateCivile | None
    date_cloture: DateCivile | None


class PageContratsEngagement(Page[ContratEngagement]):
    """Une page de contrats d'engagement."""


class ContratEngagementDetaille(ContratEngagement):
    """Un contrat et sa version en cours."""

    version_courante: RevisionContrat


class SignatureContratCreation(Entree):
    """La signature d'une des deux parties ; le contrat est signé avec la seconde."""

    signataire: SignataireContrat
    date_signature: DateCivile = Field(
        description="De la notification de la décision à aujourd'hui ; après l'échéance, admise et"
        " signalée"
    )


class RefusContratCreation(Entree):
    """Le refus de la personne."""

    date_refus: DateCivile = Field(description="Aujourd'hui au plus tard")
    motif: Commentaire | None = None


class SuspensionContratCreation(Entree):
    """La cessation d'inscription, qui suspend le contrat : ce n'est pas une sanction."""

    date_suspension: DateCivile = Field(description="Aujourd'hui au plus tard")


class RepriseContratCreation(Entree):
    """Le retour à l'inscription : le contrat reprend l'état qu'il avait."""

    date_reprise: DateCivile = Field(description="De la suspension à aujourd'hui")


class ClotureContratCreation(Entree):
    """La fin d'un contrat suspendu depuis douze mois."""

    date_cloture: DateCivile = Field(description="Douze mois au moins après la suspension")


class ActeContrat(Modele):
    """Ce qui est arrivé à un contrat, un jour. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    contrat_id: Identifiant
    revision: Rang = Field(description="Version en cours ce jour-là")
    orientation_id: Identifiant
    type: TypeActeContrat
    signataire: SignataireContrat | None = Field(description="D'une signature")
    date_acte: DateCivile
    motif: Commentaire | None = Field(description="D'un refus")
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageActesContrat(Page[ActeContrat]):
    """Une page d'actes."""


class MotifHeuresContrat(Modele):
    """Pourquoi aucune heure n'est fixée dans une version. Donnée de santé."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    contrat_id: Identifiant
    revision: Rang
    motif: MotifHeures
    date_demande: DateCivile
    age_enfant: AgeEnfant | None
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageMotifsHeures(Page[MotifHeuresContrat]):
    """Une page de motifs."""
