"""Offres: what can be prescribed for a frein, and what is left of it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    INCHANGE,
    Booleen,
    Centimes,
    Code,
    CodeCommune,
    Commentaire,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    Rang,
    Ressource,
)
from shared.schemas.parcours.contrats_engagement import ModaliteActivite
from shared.schemas.parcours.freins import CodeFrein

Thematique = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]+(-[a-z]+)*--[a-z]+(-[a-z]+)*$", max_length=120),
    Field(description="Thématique de data·inclusion, ex. mobilite--preparer-un-permis"),
]
ReferenceDataInclusion = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._:-]+--[A-Za-z0-9._:-]+$", max_length=200),
    Field(description="Identifiant de data·inclusion : source, deux tirets, identifiant local"),
]
Lien = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[!-~]+$", max_length=500),
    Field(description="Adresse d'une page, jamais celle d'une personne"),
]
Age = Annotated[int, Field(strict=True, ge=0, le=120, description="En années révolues")]
_COMMUNES = "Communes servies ; vide : toute la collectivité"
_FREINS = "Freins qu'elle peut lever ; ceux de ses thématiques s'y ajoutent"
_PUBLIC = Field(description="Public de data·inclusion (enumerations-data-inclusion), indicatif")
Publics = Annotated[list[Annotated[str, Field(max_length=64), _PUBLIC]], Field(max_length=20)]


class OrigineOffre(StrEnum):
    """D'où vient l'offre. Liste ouverte."""

    COLLECTIVITE = "collectivite"
    DATA_INCLUSION = "data_inclusion"


class OffreCreation(Entree):
    """Une offre de la collectivité : ce qu'elle lève, pour qui, où et quand."""

    titre: Libelle
    description: Commentaire | None = None
    thematiques: list[Thematique] = Field(default=[], max_length=20)
    freins: list[CodeFrein] = Field(default=[], max_length=15, description=_FREINS)
    modalite: ModaliteActivite
    type: Code | None = Field(
        default=None, description="Type de service de data·inclusion, ex. atelier"
    )
    frais: Code | None = Field(
        default=None, description="Pour la personne, selon data·inclusion : gratuit ou payant"
    )
    publics: Publics = Field(default=[])
    conditions_acces: Commentaire | None = Field(
        default=None, description="Ce qui ne se vérifie pas ici : à lire par qui prescrit"
    )
    age_min: Age | None = None
    age_max: Age | None = None
    beneficiaire_rsa_requis: Booleen = False
    projet_requis: Booleen = Field(
        default=False,
        description="Vrai : un parcours réel, dont le diagnostic porte un projet et dont le contrat"
        " d'engagement est signé (ex. l'aide au permis)",
    )
    communes: list[CodeCommune] = Field(default=[], max_length=2000, description=_COMMUNES)
    code_commune: CodeCommune | None = Field(
        default=None, description="Commune du lieu ; null : itinérante, à domicile ou à distance"
    )
    a_distance: Booleen = Field(default=False, description="Vrai : se suit sans se déplacer")
    lien: Lien | None = None
    date_debut: DateCivile = Field(description="Premier jour où elle se prescrit")
    date_fin: DateCivile | None = Field(default=None, description="Dernier jour, inclus")
    action_id: Identifiant | None = Field(
        default=None,
        description="Action de financement où se prennent ses places et son argent ; sans elle,"
        " l'offre se lit et ne se prescrit pas",
    )


class OffreModification(Entree):
    """Ce qui change d'une offre ; un tableau est remplacé en entier."""

    titre: Libelle = INCHANGE
    description: Commentaire | None = INCHANGE
    thematiques: Annotated[list[Thematique], Field(max_length=20)] = INCHANGE
    freins: Annotated[list[CodeFrein], Field(max_length=15)] = INCHANGE
    modalite: ModaliteActivite | None = INCHANGE
    type: Code | None = INCHANGE
    frais: Code | None = INCHANGE
    publics: Publics = INCHANGE
    conditions_acces: Commentaire | None = INCHANGE
    age_min: Age | None = INCHANGE
    age_max: Age | None = INCHANGE
    beneficiaire_rsa_requis: Booleen = INCHANGE
    projet_requis: Booleen = INCHANGE
    communes: Annotated[list[CodeCommune], Field(max_length=2000)] = INCHANGE
    code_commune: CodeCommune | None = INCHANGE
    a_distance: Booleen = INCHANGE
    lien: Lien | None = INCHANGE
    date_debut: DateCivile = INCHANGE
    date_fin: DateCivile | None = INCHANGE
    action_id: Identifiant | None = INCHANGE


class ServiceDataInclusionCreation(Entree):
    """Un service de data·inclusion (schéma v1), réduit aux champs que Jalons garde.

    Les autres ne s'envoient pas, et surtout pas un contact nommé.
    """

    id: ReferenceDataInclusion
    nom: Annotated[Libelle, Field(min_length=3, max_length=150)]
    description: Commentaire | None = Field(default=None, description="2 000 caractères au plus")
    date_maj: DateCivile = Field(
        description="Jour de la dernière modification chez le producteur : un enregistrement plus"
        " ancien que celui qui est connu ne change rien"
    )
    type: Code | None = None
    thematiques: list[Thematique] = Field(default=[], max_length=69)
    frais: Code | None = None
    publics: Publics = Field(default=[])
    conditions_acces: Commentaire | None = None
    code_insee: CodeCommune | None = None
    modes_accueil: list[Code] = Field(default=[], max_length=2)
    zone_eligibilite: list[Code] = Field(
        default=[],
        max_length=2000,
        description="Codes de commune, de département, d'EPCI ou de pays, ou `france`",
    )
    lien_mobilisation: Lien | None = None


class Offre(Ressource):
    """Ce qui peut se prescrire pour un frein."""

    origine: OrigineOffre
    reference: ReferenceDataInclusion | None
    titre: Libelle
    description: Commentaire | None
    thematiques: list[Thematique] = Field(max_length=69)
    freins: list[CodeFrein] = Field(max_length=15, description="Dont ceux de ses thématiques")
    modalite: ModaliteActivite | None = Field(description="Null : data·inclusion ne le dit pas")
    type: Code | None
    frais: Code | None
    publics: Publics
    conditions_acces: Commentaire | None
    age_min: Age | None
    age_max: Age | None
    beneficiaire_rsa_requis: Booleen
    projet_requis: Booleen
    communes: list[CodeCommune] = Field(max_length=2000, description=_COMMUNES)
    zone_a_verifier: Booleen = Field(
        description="Vrai : sa zone est dite par un code dont les communes ne sont pas connues ici"
    )
    code_commune: CodeCommune | None
    a_distance: Booleen
    lien: Lien | None
    date_debut: DateCivile
    date_fin: DateCivile | None
    action_id: Identifiant | None
    date_maj: DateCivile | None = Field(description="Chez data·inclusion")
    date_retrait: DateCivile | None = Field(
        description="Jour où data·inclusion ne la connaissait plus : elle se lit, et ne se propose"
        " ni ne se prescrit ; null : elle est au catalogue"
    )


class PageOffres(Page[Offre]):
    """Une page d'offres."""


# Solutions


class ConditionOffre(StrEnum):
    """Ce qu'une offre demande, et qui se vérifie. Liste ouverte."""

    AGE = "age"
    BENEFICIAIRE_RSA = "beneficiaire_rsa"
    COMMUNE = "commune"
    DIAGNOSTIC_PROJET = "diagnostic_projet"
    CONTRAT_SIGNE = "contrat_signe"


class StatutEligibilite(StrEnum):
    """Ce que les faits connus disent d'une personne et d'une offre. Liste fermée."""

    ELIGIBLE = "eligible"
    A_VERIFIER = "a_verifier"
    NON_ELIGIBLE = "non_eligible"


class Eligibilite(Modele):
    """Ce qui se vérifie ici, condition par condition ; jamais une décision."""

    statut: StatutEligibilite
    manquantes: list[ConditionOffre] = Field(max_length=5, description="Dites non")
    inconnues: list[ConditionOffre] = Field(max_length=5, description="Que rien ne dit ici")


class Proximite(StrEnum):
    """À quelle distance, par degrés : aucune coordonnée n'est connue ici. Liste ouverte."""

    MEME_COMMUNE = "meme_commune"
    COMMUNE_DESSERVIE = "commune_desservie"
    A_DISTANCE = "a_distance"
    COLLECTIVITE = "collectivite"
    HORS_ZONE = "hors_zone"


class EtatFinancement(StrEnum):
    """Ce que `financement` a répondu de l'action. Liste fermée."""

    LU = "lu"
    SILENCIEUX = "silencieux"
    SANS_OBJET = "sans_objet"


class Solution(Modele):
    """Une offre pour un frein : à quelle distance, pour qui, et ce qui en reste."""

    id: Identifiant = Field(
        json_schema_extra={"readOnly": True}, description="De l'offre (`offres`)"
    )
    titre: Libelle
    modalite: ModaliteActivite | None
    origine: OrigineOffre
    code_commune: CodeCommune | None
    proximite: Proximite
    eligibilite: Eligibilite
    conditions_acces: Commentaire | None
    action_id: Identifiant | None
    financement: EtatFinancement
    places_disponibles: Entier | None = Field(
        description="Null : sans action, sans places comptées, ou financement ne répond pas"
    )
    prix_centimes: Centimes | None = Field(description="Prix unitaire indicatif de l'action")
    montant_disponible_centimes: Centimes | None = Field(
        description="Ce qui reste pour la payer sur ses enveloppes, à l'instant"
    )
    prochaine_seance_le: Instant | None = Field(description="La prochaine séance, complète ou non")


class PageSolutions(Page[Solution]):
    """Une page d'offres pour un frein, les plus proches d'abord."""


# Séances


class SeanceCreation(Entree):
    """Une séance d'une offre collective."""

    debut_le: Instant = Field(description="À venir")
    fin_le: Instant
    places: Annotated[int, Field(strict=True, ge=1, le=1000)]
    code_commune: CodeCommune | None = Field(
        default=None, description="Absente : celle de l'offre ; une offre itinérante la dit"
    )


class Seance(Ressource):
    """Une séance d'une offre collective."""

    offre_id: Identifiant
    debut_le: Instant
    fin_le: Instant
    places: Rang
    code_commune: CodeCommune | None
    places_disponibles: Entier | None = Field(
        description="À l'instant ; null : l'offre lève aussi un frein de santé, et le jeton n'a pas"
        " `parcours.sante:lire`"
    )


class PageSeances(Page[Seance]):
    """Une page de séances."""


class StatutInscription(StrEnum):
    """Inscrit, puis ce que dit l'émargement. Liste fermée."""

    INSCRIT = "inscrit"
    PRESENT = "present"
    ABSENT = "absent"
    EXCUSE = "excuse"


class StatutPresence(StrEnum):
    """Ce que dit l'émargement. Liste fermée."""

    PRESENT = "present"
    ABSENT = "absent"
    EXCUSE = "excuse"


class InscriptionCreation(Entree):
    """L'inscription à une séance, par la prescription de son offre."""

    prescription_id: Identifiant


class EmargementCreation(Entree):
    """L'émargement ; `excuse` se dit aussi avant, et rend la place."""

    statut: StatutPresence


class Inscription(Ressource):
    """Une personne inscrite à une séance, et si elle y était."""

    seance_id: Identifiant
    parcours_id: Identifiant
    prescription_id: Identifiant
    statut: StatutInscription


class PageInscriptions(Page[Inscription]):
    """Une page d'inscriptions."""
