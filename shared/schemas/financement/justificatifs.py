"""Pieces that justify an expense, known by their digest, and whom each cent of them is told to."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    Auteur,
    Centimes,
    CentimesPositifs,
    DateCivile,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    Ressource,
)
from shared.schemas.financement.enveloppes import Financeur
from shared.schemas.parcours.employeurs import Siret

Sha256 = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{64}$", max_length=64),
    Field(description="SHA-256 du fichier, hexadécimal"),
]


class TypeJustificatif(StrEnum):
    """Ce qu'est une pièce. Liste ouverte."""

    FACTURE = "facture"
    ETAT_FRAIS = "etat_frais"
    BULLETIN_PAIE = "bulletin_paie"
    FEUILLE_TEMPS = "feuille_temps"
    LETTRE_MISSION = "lettre_mission"
    ATTESTATION_SERVICE_FAIT = "attestation_service_fait"
    COMPTE_RENDU_FINANCIER = "compte_rendu_financier"
    BILAN_QUALITATIF = "bilan_qualitatif"
    RIB = "rib"
    DELIBERATION = "deliberation"
    CONVENTION_SIGNEE = "convention_signee"
    EMARGEMENT = "emargement"


class UsageJustificatif(StrEnum):
    """Comment la dépense est déclarée : à son coût, ou par un forfait. Liste fermée."""

    DEPENSE_REELLE = "depense_reelle"
    BASE_FORFAIT = "base_forfait"


class CodeAvertissement(StrEnum):
    """Ce qui semble financé deux fois, sans que ce soit certain. Liste ouverte.

    `tiers_periode_objet` : même tiers, même objet, même période ; `justificatif_deja_joint` : la
    pièce fonde déjà un autre engagement ; `justificatif_deja_impute` : une autre liquidation en
    porte une part.
    """

    TIERS_PERIODE_OBJET = "tiers_periode_objet"
    JUSTIFICATIF_DEJA_JOINT = "justificatif_deja_joint"
    JUSTIFICATIF_DEJA_IMPUTE = "justificatif_deja_impute"


class Avertissement(Modele):
    """Ce qui semble financé deux fois, et par quoi."""

    code: CodeAvertissement
    engagement_id: Identifiant | None
    liquidation_id: Identifiant | None
    justificatif_id: Identifiant | None


class JustificatifCreation(Entree):
    """Une pièce, connue par son empreinte : le fichier reste chez qui le détient."""

    type: TypeJustificatif
    sha256: Sha256
    montant_total_centimes: CentimesPositifs | None = Field(
        default=None, description="Ce que la pièce prouve ; absent : elle ne porte pas de montant"
    )
    date_piece: DateCivile
    emetteur_siret: Siret | None = None


class Justificatif(Ressource):
    """Une pièce, et ce qui en est déjà imputé."""

    type: TypeJustificatif
    sha256: Sha256
    montant_total_centimes: Centimes | None
    date_piece: DateCivile
    emetteur_siret: Siret | None
    impute_centimes: Centimes = Field(
        json_schema_extra={"readOnly": True}, description="Somme de ses imputations"
    )


class PageJustificatifs(Page[Justificatif]):
    """Une page de justificatifs."""


class ImputationCreation(Entree):
    """La part d'une pièce qu'un financeur prend à sa charge, hors d'une liquidation."""

    financeur: Financeur
    usage: UsageJustificatif
    montant_centimes: CentimesPositifs
    objet: Libelle = Field(description="La demande de versement ou le bilan où elle est déclarée")


class Imputation(Modele):
    """La part d'une pièce imputée à un financeur ; jamais changée."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    justificatif_id: Identifiant
    liquidation_id: Identifiant | None = Field(description="Nul : imputée hors d'une liquidation")
    financeur: Financeur | None = Field(description="Nul : l'enveloppe ne dit pas qui paie")
    usage: UsageJustificatif
    montant_centimes: Centimes
    objet: Libelle | None
    auteur: Auteur
    cree_le: Instant = Field(
        json_schema_extra={"readOnly": True}, description="Instant de création"
    )


class PageImputations(Page[Imputation]):
    """Une page d'imputations d'une pièce."""
