"""Two persons who may be one."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
    Auteur,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    Ressource,
)


class StatutRapprochement(StrEnum):
    """États d'un rapprochement ; `separe` : la fusion a été défaite. Liste fermée."""

    PROPOSE = "propose"
    ECARTE = "ecarte"
    FUSIONNE = "fusionne"
    SEPARE = "separe"


class MotifRapprochement(StrEnum):
    """Ce qui rapproche deux personnes nées le même jour ; `cle_commune` : leurs clés ont été
    envoyées ensemble ; `signalement` : un client les a désignées. Liste ouverte.
    """

    MEME_IDENTITE = "meme_identite"
    MEME_NOM_PREMIER_PRENOM = "meme_nom_premier_prenom"
    NOM_DE_NAISSANCE = "nom_de_naissance"
    NOM_ET_PRENOM_INVERSES = "nom_et_prenom_inverses"
    CLE_COMMUNE = "cle_commune"
    SIGNALEMENT = "signalement"


class NatureActe(StrEnum):
    """Ce qu'un acte fait d'un rapprochement. Liste fermée."""

    FUSION = "fusion"
    ECART = "ecart"
    SEPARATION = "separation"


class ActeRapprochement(Modele):
    """Un acte sur un rapprochement. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    nature: NatureActe
    gardee_id: Identifiant | None
    motif: Libelle | None
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class RapprochementCreation(Entree):
    """Deux personnes qui sont peut-être la même."""

    personne_ids: list[Identifiant] = Field(min_length=2, max_length=2)


class FusionCreation(Entree):
    """Laquelle des deux personnes est gardée."""

    gardee_id: Identifiant
    motif: Libelle | None = Field(default=None, description="Sans donnée de santé ni identité")


class EcartCreation(Entree):
    """Pourquoi les deux personnes ne sont pas la même."""

    motif: Libelle = Field(description="Sans donnée de santé ni identité")


class SeparationCreation(Entree):
    """Pourquoi la fusion est défaite."""

    motif: Libelle = Field(description="Sans donnée de santé ni identité")


class Rapprochement(Ressource):
    """Deux personnes qui sont peut-être la même, et ce qui en est décidé."""

    personne_ids: list[Identifiant] = Field(min_length=2, max_length=2)
    motifs: list[MotifRapprochement] = Field(max_length=10)
    statut: StatutRapprochement
    gardee_id: Identifiant | None = Field(
        description="D'une fusion en vigueur : la personne gardée"
    )


class RapprochementDetaille(Rapprochement):
    """Un rapprochement et son histoire."""

    actes: list[ActeRapprochement] = Field(max_length=200, description="Du plus ancien au dernier")


class PageRapprochements(Page[Rapprochement]):
    """Une page de rapprochements."""
