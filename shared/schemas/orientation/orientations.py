"""From the information received to the decision, and what follows it."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
    Auteur,
    Booleen,
    BooleenFacultatif,
    Commentaire,
    DateCivile,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    Rang,
    Ressource,
)
from shared.schemas.orientation.vocabulaire import (
    CritereLigne,
    EtatDecision,
    ModeNotification,
    Mot,
    MotifRefus,
    OrganismeDemande,
    SourceCriteres,
    StatutOrientation,
    StatutPlace,
    TypeParcours,
)


class CriteresCreation(Entree):
    """Des critères énoncés ensemble ; le dernier énoncé de chaque champ l'emporte."""

    criteres: list[CritereLigne] = Field(min_length=1, max_length=40)
    obstacle_temporaire: BooleenFacultatif = Field(
        default=None, description="Ce qu'en dit le professionnel (L5411-5-1 I al. 2)"
    )
    source: SourceCriteres
    date_recueil: DateCivile


class EcartOrganisme(Modele):
    """Un organisme écarté, et pourquoi."""

    organisme_id: Identifiant
    motif: str = Field(max_length=60)


class CritereEvalue(Modele):
    """Un critère, sa valeur, et ce qu'il a fait à la proposition."""

    champ: str = Field(max_length=60)
    valeur: str = Field(max_length=60)
    effet: str = Field(max_length=300)
    sante: Booleen


class Explication(Modele):
    """Pourquoi : un texte pour toute personne, puis les faits sur lesquels il repose."""

    texte: str = Field(max_length=4000)
    regle_parcours: str = Field(max_length=10)
    base_parcours: str = Field(
        max_length=20, description="texte, interpretation, propose, local ou technique"
    )
    source_parcours: str = Field(max_length=300)
    entretien_recommande: Booleen
    entrees_manquantes: list[Mot] = Field(max_length=10)
    champs_manquants: list[Mot] = Field(max_length=40)
    regle_organisme: str | None = Field(max_length=10)
    base_organisme: str | None = Field(max_length=20)
    source_organisme: str | None = Field(max_length=300)
    criteres: list[CritereEvalue] = Field(max_length=60)
    organismes_ecartes: list[EcartOrganisme] = Field(max_length=2000)
    versions: list[Mot] = Field(max_length=10, description="Tables appliquées")


class Proposition(Modele):
    """Ce que les règles proposent, sur quelles entrées et sous quelle table. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    orientation_id: Identifiant
    jeu_de_regles_id: Identifiant | None = Field(
        description="Jeu de règles de la collectivité appliqué ; null : le jeu national"
    )
    regle: str = Field(max_length=10, description="P0 à P7, ou L2 à L7 d'un arrêté local")
    type_parcours: TypeParcours | None
    organisme_referent_id: Identifiant | None
    explication: Explication
    champs_masques: list[Mot] = Field(
        max_length=5, description="Ce que la portée du jeton ne laisse pas voir"
    )
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PagePropositions(Page[Proposition]):
    """Une page de propositions."""


class OrigineOrientation(StrEnum):
    """D'où vient une orientation à faire. Liste ouverte."""

    FLUX = "flux"
    SAISIE = "saisie"
    ANNULATION = "annulation"
    REORIENTATION = "reorientation"


class OrientationCreation(Entree):
    """Une orientation à faire, pour une personne enregistrée hors flux."""

    personne_id: Identifiant
    recu_le: Instant | None = Field(
        default=None,
        description="Réception de l'information par les services ; absent : maintenant",
    )
    organisme_demande: OrganismeDemande | None = Field(
        default=None, description="Sans RSA : l'organisme à qui la personne s'est adressée"
    )


class PlaceDonnee(Modele):
    """La place chez l'organisme référent, ou l'attente : la capacité n'empêche aucune décision."""

    place_id: Identifiant
    statut: StatutPlace
    rang: Rang | None = Field(description="Rang dans la file ; null : sans attente")
    date_limite_file: DateCivile | None = Field(
        description="Dernier jour d'attente : un objectif de l'outil, aucun texte ne le fixe"
    )
    organisme_alternatif_id: Identifiant | None = Field(
        description="À la décision : un organisme de la même règle qui avait de la place"
    )


class Orientation(Ressource):
    """Une orientation : à faire, proposée, décidée."""

    personne_id: Identifiant
    origine: OrigineOrientation
    statut: StatutOrientation
    recu_le: Instant = Field(description="Réception de l'information : le délai court de là")
    date_limite: DateCivile = Field(description="Dernier jour des six semaines (D262-65-2)")
    criteres: list[CritereLigne] = Field(max_length=60)
    champs_masques: list[Mot] = Field(max_length=5)
    proposition_id: Identifiant | None
    decision_id: Identifiant | None
    type_parcours: TypeParcours | None = Field(description="Décidé ; null avant la décision")
    organisme_referent_id: Identifiant | None
    date_effet: DateCivile | None
    place: PlaceDonnee | None = Field(description="À l'instant ; null avant la décision")
    date_notification: DateCivile | None = Field(
        description="Date certaine : la première réception de la décision (R5411-8-1)"
    )
    annulation_id: Identifiant | None = Field(description="L'acte qui a annulé la décision")


class PageOrientations(Page[Orientation]):
    """Une page d'orientations."""


class DecisionCreation(Entree):
    """La décision de l'autorité compétente sur une préconisation."""

    etat_decision: EtatDecision
    motif_refus: MotifRefus | None = None
    commentaire: Commentaire | None = None
    type_parcours: TypeParcours | None = None
    organisme_referent_id: Identifiant | None = None
    date_decision: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")
    date_effet: DateCivile | None = Field(default=None, description="Absente : la date de décision")


class Decision(Modele):
    """Une décision d'orientation. Immuable : seul un autre acte la remplace."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    orientation_id: Identifiant
    etat_decision: EtatDecision
    motif_refus: MotifRefus | None
    commentaire: Commentaire | None
    type_parcours: TypeParcours
    organisme_referent_id: Identifiant
    date_decision: DateCivile
    date_effet: DateCivile
    regle_competence: str = Field(max_length=2, description="C1 à C6 : ce qui rend compétent")
    organisme_decideur_id: Identifiant
    place: PlaceDonnee | None = Field(
        description="Telle que la décision l'a donnée ; elle vit ensuite dans l'orientation"
    )
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageDecisions(Page[Decision]):
    """Une page de décisions."""


class AnnulationDecisionCreation(Entree):
    """Pourquoi l'autorité annule sa décision."""

    motif: Libelle = Field(description="Sans donnée de santé ni identité")


class AnnulationDecision(Modele):
    """L'acte qui annule une décision ; celle-ci reste écrite. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    orientation_id: Identifiant
    decision_id: Identifiant
    motif: Libelle
    date_annulation: DateCivile
    organisme_decideur_id: Identifiant
    orientation_suivante_id: Identifiant | None = Field(
        description="L'orientation de nouveau à faire ; null : la personne en avait déjà une"
    )
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class NotificationCreation(Entree):
    """Un envoi de la décision, et sa réception si elle est connue."""

    mode: ModeNotification
    date_envoi: DateCivile
    date_reception: DateCivile | None = Field(
        default=None, description="Absente : non reçue ; d'une remise, le jour même"
    )


class Notification(Modele):
    """Un envoi de la décision à la personne. Immuable : un autre envoi en est un autre."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    orientation_id: Identifiant
    decision_id: Identifiant
    mode: ModeNotification
    date_envoi: DateCivile
    date_reception: DateCivile | None
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageNotifications(Page[Notification]):
    """Une page de notifications."""


class RecueilCriteres(Modele):
    """Des critères énoncés ensemble : qui les a dits, et de quel jour. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    orientation_id: Identifiant
    criteres: list[CritereLigne] = Field(max_length=60)
    champs_masques: list[Mot] = Field(
        max_length=5, description="Ce que la portée du jeton ne laisse pas voir"
    )
    source: SourceCriteres
    date_recueil: DateCivile
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageRecueilsCriteres(Page[RecueilCriteres]):
    """Une page de critères énoncés."""
