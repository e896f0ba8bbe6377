"""Another organisme, asked and decided; the review of the parcours social."""

from enum import StrEnum

from pydantic import Field

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
    Ressource,
)
from shared.schemas.orientation.vocabulaire import EtatDecision, TypeParcours


class StatutReorientation(StrEnum):
    """États d'une demande de réorientation. Liste fermée."""

    EN_ATTENTE = "en_attente"
    ACCEPTEE = "acceptee"
    REFUSEE = "refusee"
    ANNULEE = "annulee"


class DemandeurReorientation(StrEnum):
    """De qui vient la demande ; l'organisme référent la porte toujours. Liste fermée."""

    ORGANISME = "organisme"
    PERSONNE = "personne"


class MomentReorientation(StrEnum):
    """Quand la réorientation est demandée : l'effet sur le contrat en dépend. Liste fermée."""

    APRES_DIAGNOSTIC = "apres_diagnostic"
    ACCOMPAGNEMENT = "accompagnement"


class EffetContrat(StrEnum):
    """Ce qu'une réorientation fait au contrat (D5411-8-2, D5411-14-2). Liste fermée."""

    DELAI_INTERROMPU = "delai_interrompu"
    NOUVEAU_CONTRAT = "nouveau_contrat"


class EtatAttente(StrEnum):
    """Où en est une réponse ou un avis aujourd'hui ; calculé, jamais conservé. Liste fermée."""

    NON_REQUISE = "non_requise"
    ATTENDUE = "attendue"
    RECUE = "recue"
    SILENCE = "silence"
    SANS_OBJET = "sans_objet"


class TypeActeReorientation(StrEnum):
    """Ce qui est fait d'une demande de réorientation. Liste ouverte."""

    REPONSE = "reponse"
    AVIS = "avis"
    DECISION = "decision"
    ANNULATION = "annulation"


class SensReponse(StrEnum):
    """Ce que répond l'organisme proposé. Liste fermée."""

    ACCORD = "accord"
    REFUS = "refus"


class SensAvis(StrEnum):
    """Ce que dit l'équipe pluridisciplinaire. Liste fermée."""

    FAVORABLE = "favorable"
    DEFAVORABLE = "defavorable"


class SensActe(StrEnum):
    """Ce que dit un acte, selon son type. Liste ouverte."""

    ACCORD = "accord"
    REFUS = "refus"
    FAVORABLE = "favorable"
    DEFAVORABLE = "defavorable"
    ACCEPTEE = "acceptee"
    REFUSEE = "refusee"
    RETIREE = "retiree"
    SANS_OBJET = "sans_objet"


class ReorientationCreation(Entree):
    """Une demande de réorientation, par l'organisme référent en charge."""

    demandeur: DemandeurReorientation
    moment: MomentReorientation
    motif: Code = Field(description="Code du référentiel motifs-reorientation")
    commentaire: Commentaire | None = Field(default=None, description="Requis avec le motif autre")
    diagnostic_id: Identifiant | None = Field(
        default=None, description="Diagnostic du service parcours, opaque ici"
    )
    type_parcours_propose: TypeParcours
    organisme_propose_id: Identifiant
    date_demande: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")


class ReponseReorientationCreation(Entree):
    """Ce que répond l'organisme proposé : une information pour le décideur."""

    reponse: SensReponse
    motif: Libelle | None = Field(
        default=None, description="Requis d'un refus ; sans donnée de santé ni identité"
    )


class AvisReorientationCreation(Entree):
    """L'avis de l'équipe pluridisciplinaire (CASF L262-39)."""

    avis: SensAvis
    date_avis: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")
    motif: Libelle | None = Field(default=None, description="Sans donnée de santé ni identité")


class DecisionReorientationCreation(Entree):
    """La décision de l'autorité compétente sur une demande de réorientation."""

    etat_decision: EtatDecision
    motif: Libelle | None = Field(
        default=None, description="Requis d'un refus ; sans donnée de santé ni identité"
    )
    date_decision: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")
    date_effet: DateCivile | None = Field(
        default=None,
        description="Absente : la date de décision, ou le lendemain de l'effet de l'orientation en"
        " vigueur ; sans objet d'un refus",
    )


class AnnulationReorientationCreation(Entree):
    """Pourquoi l'organisme retire sa demande."""

    motif: Libelle = Field(description="Sans donnée de santé ni identité")


class ActeReorientation(Modele):
    """Un acte sur une demande de réorientation. Immuable."""

    type: TypeActeReorientation
    sens: SensActe
    motif: Libelle | None
    date_acte: DateCivile
    organisme_id: Identifiant | None = Field(
        description="Organisme pour qui il est fait ; null : l'équipe pluridisciplinaire, ou le"
        " service"
    )
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class ContratReorientation(Modele):
    """Ce que la demande fait au délai du contrat d'engagement."""

    effet: EffetContrat
    date_limite: DateCivile | None = Field(
        description="Dernier jour pour le signer, d'après les notifications connues ; null : aucun"
        " délai ne court"
    )
    source: str = Field(max_length=300)


class Reorientation(Ressource):
    """Une demande de réorientation : ce qui est demandé, répondu, décidé."""

    orientation_id: Identifiant = Field(description="L'orientation en vigueur à la demande")
    statut: StatutReorientation
    demandeur: DemandeurReorientation
    organisme_demandeur_id: Identifiant
    moment: MomentReorientation
    motif: Code
    commentaire: Commentaire | None
    diagnostic_id: Identifiant | None
    type_parcours_propose: TypeParcours
    organisme_propose_id: Identifiant
    date_demande: DateCivile
    date_limite_reponse: DateCivile = Field(
        description="Dernier jour pour répondre : un objectif de l'outil ou de la collectivité"
    )
    etat_reponse: EtatAttente = Field(description="Aujourd'hui ; le silence n'empêche rien")
    date_limite_avis: DateCivile | None = Field(
        description="Dernier jour de l'équipe pluridisciplinaire ; null : elle n'est pas consultée"
    )
    etat_avis: EtatAttente = Field(description="Aujourd'hui ; le silence vaut avis rendu")
    actes: list[ActeReorientation] = Field(max_length=4, description="Du premier au dernier")
    orientation_suivante_id: Identifiant | None = Field(
        description="L'orientation décidée, si la demande est acceptée"
    )
    contrat: ContratReorientation


class PageReorientations(Page[Reorientation]):
    """Une page de demandes de réorientation."""


class IssueReexamen(StrEnum):
    """Ce qui sort du réexamen d'un parcours social (CASF L262-31). Liste ouverte."""

    MAINTIEN = "maintien"
    REORIENTATION_DEMANDEE = "reorientation_demandee"
    CONTRAT_REVISE = "contrat_revise"


class ReexamenCreation(Entree):
    """Un diagnostic conjoint de France Travail et du référent, et ce qui en sort."""

    issue: IssueReexamen
    france_travail_id: Identifiant = Field(
        description="L'organisme France Travail qui l'a fait avec l'organisme référent"
    )
    difficultes_durables: Booleen = Field(
        description="Vrai : des difficultés du D262-65-2-1 demandent plus de six mois, sans dire"
        " lesquelles ; le réexamen suivant vient alors à douze mois"
    )
    date_reexamen: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")


class Reexamen(Modele):
    """Un réexamen fait. Immuable : le suivant se compte de sa date."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    orientation_id: Identifiant
    issue: IssueReexamen
    organisme_referent_id: Identifiant
    france_travail_id: Identifiant
    difficultes_durables: Booleen
    date_reexamen: DateCivile
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageReexamens(Page[Reexamen]):
    """Une page de réexamens."""
