"""Freins, their levels and their ends."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
    Auteur,
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
from shared.schemas.orientation.vocabulaire import NiveauFrein
from shared.schemas.parcours.vocabulaire import NIVEAU_REQUIS, TEXTE_LIBRE


class CodeFrein(StrEnum):
    """Freins périphériques et professionnels, `handicap` étant un statut. Liste ouverte."""

    MOBILITE = "mobilite"
    GARDE_ENFANT = "garde_enfant"
    PROCHE_AIDANT = "proche_aidant"
    FAMILLE = "famille"
    SANTE = "sante"
    HANDICAP = "handicap"
    LOGEMENT = "logement"
    LANGUE_ILLETTRISME = "langue_illettrisme"
    NUMERIQUE = "numerique"
    FINANCES = "finances"
    ADMINISTRATIF_JURIDIQUE = "administratif_juridique"
    QUALIFICATION = "qualification"
    CONFIANCE = "confiance"
    ISOLEMENT = "isolement"
    AUTRE = "autre"


class StatutFrein(StrEnum):
    """États d'un épisode. `en_cours` : une action au moins est engagée. Liste fermée."""

    OUVERT = "ouvert"
    EN_COURS = "en_cours"
    LEVE = "leve"
    ABANDONNE = "abandonne"


class SourceObservation(StrEnum):
    """Qui a observé. Liste ouverte."""

    PERSONNE = "personne"
    REFERENT = "referent"
    ORGANISME = "organisme"
    FRANCE_TRAVAIL = "france_travail"


class FondementLevee(StrEnum):
    """Ce qui permet de dire un frein levé. Liste fermée."""

    OBJECTIFS_ATTEINTS = "objectifs_atteints"
    DECISION_REFERENT = "decision_referent"


class FreinCreation(Entree):
    """Un frein observé pour la première fois : il ouvre un épisode."""

    code: CodeFrein
    niveau: NiveauFrein | None = Field(default=None, description=NIVEAU_REQUIS)
    date_observation: DateCivile = Field(description="Aujourd'hui au plus tard")
    source: SourceObservation
    libelle: Libelle | None = Field(
        default=None, description="Requis pour le code `autre`, et pour lui seul"
    )
    commentaire: Commentaire | None = Field(default=None, description=TEXTE_LIBRE)


class NiveauCreation(Entree):
    """Une nouvelle observation d'un frein ; les précédentes restent."""

    niveau: NiveauFrein
    date_observation: DateCivile = Field(description="Du début de l'épisode à aujourd'hui")
    source: SourceObservation
    commentaire: Commentaire | None = Field(default=None, description=TEXTE_LIBRE)


class LeveeCreation(Entree):
    """La levée d'un frein, par ses objectifs atteints ou par décision du référent."""

    fondement: FondementLevee
    date_levee: DateCivile = Field(description="De la dernière observation à aujourd'hui")
    commentaire: Commentaire | None = Field(
        default=None, description=f"Requis pour `decision_referent`. {TEXTE_LIBRE}"
    )


class AbandonCreation(Entree):
    """On cesse de travailler ce frein, sans qu'il soit levé."""

    date_abandon: DateCivile = Field(description="De la dernière observation à aujourd'hui")
    commentaire: Commentaire | None = Field(default=None, description=f"Requis. {TEXTE_LIBRE}")


class ReouvertureCreation(Entree):
    """Le retour d'un frein : un nouvel épisode, avec sa propre date de début."""

    niveau: NiveauFrein | None = Field(
        default=None, description=f"`moyen` ou `fort`. {NIVEAU_REQUIS}"
    )
    date_observation: DateCivile = Field(description="De la fin de l'épisode à aujourd'hui")
    source: SourceObservation
    commentaire: Commentaire | None = Field(default=None, description=TEXTE_LIBRE)


class Frein(Ressource):
    """Un épisode d'un frein, et son niveau selon la dernière observation."""

    parcours_id: Identifiant
    code: CodeFrein
    libelle: Libelle | None
    statut: StatutFrein
    niveau: NiveauFrein | None = Field(description="Null pour `handicap`, qui est un statut")
    date_debut: DateCivile = Field(description="Première observation de l'épisode")
    date_observation: DateCivile = Field(description="Observation qui donne le niveau")
    date_fin: DateCivile | None = Field(description="Levée ou abandon")
    fondement: FondementLevee | None
    commentaire_fin: Commentaire | None
    precedent_id: Identifiant | None = Field(description="L'épisode que celui-ci rouvre")
    suivant_id: Identifiant | None = Field(description="L'épisode qui rouvre celui-ci")


class PageFreins(Page[Frein]):
    """Une page de freins."""


class Observation(Modele):
    """Ce qui a été observé d'un frein, un jour, par quelqu'un. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    frein_id: Identifiant
    niveau: NiveauFrein | None = Field(description="Null pour `handicap`, qui est un statut")
    date_observation: DateCivile
    source: SourceObservation
    commentaire: Commentaire | None
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageObservations(Page[Observation]):
    """Une page d'observations."""


class NiveauConnu(Modele):
    """Le niveau d'un frein à un jour, d'après ce qui était connu à un autre."""

    frein_id: Identifiant
    date_reference: DateCivile = Field(description="Jour dont on parle")
    date_connaissance: DateCivile | None = Field(
        description="Jour, compris, au soir duquel cela était su ; null : tout ce qui l'est"
    )
    niveau: NiveauFrein | None = Field(
        description="`non_explore` : rien n'était su ; null : `handicap`, observé, sans niveau"
    )
    observation_id: Identifiant | None = Field(description="L'observation qui le dit")
    date_observation: DateCivile | None
    date_fin: DateCivile | None = Field(description="Levée ou abandon, alors connu")
