"""Orders to pay, what the comptable makes of them, and what the payee gives back."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    Annee,
    Auteur,
    Centimes,
    CentimesPositifs,
    Code,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    Ressource,
)
from shared.schemas.financement.reservations import MontantEnveloppe

CodeComptable = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$", max_length=6)]


class StatutMandat(StrEnum):
    """États d'un mandat. Liste fermée."""

    EMIS = "emis"
    PRIS_EN_CHARGE = "pris_en_charge"
    PAYE = "paye"
    REJETE = "rejete"


class MandatCreation(Entree):
    """L'ordre de payer une liquidation, et où elle s'impute."""

    bordereau: Code
    chapitre: CodeComptable | None = Field(
        default=None, description="Chapitre de la nomenclature ; absent : non dit"
    )
    fonction: CodeComptable = Field(description="Fonction de la nomenclature en vigueur ce jour-là")
    nature: CodeComptable = Field(description="Nature de dépense de la même nomenclature")
    date_emission: DateCivile | None = Field(
        default=None, description="Aujourd'hui ou avant ; absente : aujourd'hui. Donne l'exercice"
    )
    credit_id: Identifiant | None = Field(
        default=None, description="Crédits de paiement de l'exercice que le mandat consomme"
    )


class RejetMandatCreation(Entree):
    """Pourquoi le comptable ne prend pas le mandat en charge."""

    motif: Libelle = Field(description="Sans donnée de santé ni identité")


class PriseEnChargeCreation(Entree):
    """Le comptable prend le mandat en charge : il a vérifié ce qu'il lui revient de vérifier."""

    date_prise_en_charge: DateCivile | None = Field(
        default=None, description="Aujourd'hui ou avant ; absente : aujourd'hui"
    )


class PaiementCreation(Entree):
    """Un versement au tiers, en tout ou partie du mandat."""

    montant_centimes: CentimesPositifs
    date_valeur: DateCivile = Field(description="Depuis l'émission du mandat, jusqu'à aujourd'hui")
    reference_comptable: Code


class RemboursementCreation(Entree):
    """Ce que le tiers rend de ce qui lui a été payé."""

    montant_centimes: CentimesPositifs
    date_valeur: DateCivile = Field(description="Depuis l'émission du mandat, jusqu'à aujourd'hui")
    reference_comptable: Code
    motif: Libelle = Field(description="Sans donnée de santé ni identité")


class Mandat(Ressource):
    """Un ordre de payer, numéroté dans l'exercice, et ce qui en est payé."""

    liquidation_id: Identifiant
    exercice: Annee = Field(description="Année budgétaire : celle de l'émission")
    numero: Entier = Field(description="Rang dans l'exercice, sans trou")
    bordereau: Code
    chapitre: CodeComptable | None
    fonction: CodeComptable
    nature: CodeComptable
    montant_centimes: Centimes
    ventilation: list[MontantEnveloppe] = Field(max_length=20)
    paye_centimes: Centimes = Field(json_schema_extra={"readOnly": True})
    rembourse_centimes: Centimes = Field(json_schema_extra={"readOnly": True})
    date_emission: DateCivile
    credit_id: Identifiant | None
    date_prise_en_charge: DateCivile | None
    motif_rejet: Libelle | None
    statut: StatutMandat = Field(json_schema_extra={"readOnly": True})
    auteur: Auteur = Field(description="Qui a mandaté")


class PageMandats(Page[Mandat]):
    """Une page de mandats."""


class Paiement(Modele):
    """Un versement au tiers ; jamais changé."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    mandat_id: Identifiant
    montant_centimes: Centimes
    ventilation: list[MontantEnveloppe] = Field(max_length=20)
    date_valeur: DateCivile
    reference_comptable: Code
    auteur: Auteur
    cree_le: Instant = Field(
        json_schema_extra={"readOnly": True}, description="Instant de création"
    )


class PagePaiements(Page[Paiement]):
    """Une page de paiements d'un mandat."""


class Remboursement(Paiement):
    """Ce que le tiers a rendu ; jamais changé."""

    motif: Libelle


class PageRemboursements(Page[Remboursement]):
    """Une page de remboursements d'un mandat."""
