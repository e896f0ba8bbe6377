"""Orders to pay, payments, and what the payee gives back."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.financement.tables.base import Base, vers
from shared.schemas.financement.mandats import StatutMandat
from shared.socle.dictionnaire import colonne, fiche
from shared.socle.tables import Cle, Cloisonnee, Ecrite, Versionnee

_VENTILATION = "Part de chaque enveloppe : enveloppe_id, montant_centimes"


class CompteurMandat(Cloisonnee, Base):
    """The last number given in a year."""

    __tablename__ = "compteur_mandat"
    __table_args__ = fiche("Le dernier numéro de mandat d'un exercice", source="service")

    exercice: Mapped[int] = colonne(
        "Exercice", unite="année civile", primary_key=True, autoincrement=False
    )
    dernier: Mapped[int] = colonne("Dernier numéro donné", unite="rang")


class Mandat(Versionnee, Base):
    """An order to pay a liquidation."""

    __tablename__ = "mandat"
    __table_args__ = (
        Index(None, "collectivite", "exercice", "numero", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "exercice", "cree_le", "id"),
        Index(None, "collectivite", "exercice", "statut", "cree_le", "id"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        Index(None, "collectivite", "liquidation_id"),
        # One order at a time: another only when the comptable has rejected it.
        Index(
            "ix_mandat_vivant",
            "collectivite",
            "liquidation_id",
            unique=True,
            postgresql_where=text("statut <> 'rejete'"),
        ),
        CheckConstraint("montant_centimes > 0", name="montant"),
        ForeignKeyConstraint(
            ["collectivite", "credit_id"], ["credit_paiement.collectivite", "credit_paiement.id"]
        ),
        *vers("liquidation"),
        fiche(
            "Un ordre de payer, numéroté dans l'exercice",
            source="POST /v1/liquidations/{id}/mandats",
        ),
    )

    liquidation_id: Mapped[UUID] = colonne("Liquidation")
    exercice: Mapped[int] = colonne("Année budgétaire", source="service", unite="année civile")
    numero: Mapped[int] = colonne(
        "Numéro dans l'exercice, sans trou", source="service", unite="rang"
    )
    bordereau: Mapped[str] = colonne("Bordereau de mandats")
    chapitre: Mapped[str | None] = colonne(
        "Chapitre ; vide : non dit", codes="imputations-comptables"
    )
    fonction: Mapped[str] = colonne("Fonction", codes="imputations-comptables")
    nature: Mapped[str] = colonne("Nature de dépense", codes="imputations-comptables")
    montant_centimes: Mapped[int] = colonne("Montant à payer")
    date_emission: Mapped[date] = colonne("Jour de l'émission")
    credit_id: Mapped[UUID | None] = colonne("Crédits de paiement consommés ; vide : non suivis")
    date_prise_en_charge: Mapped[date | None] = colonne(
        "Jour où le comptable l'a pris en charge", source="POST /v1/mandats/{id}/prises-en-charge"
    )
    motif_rejet: Mapped[str | None] = colonne(
        "Pourquoi le comptable l'a rejeté", source="POST /v1/mandats/{id}/rejets"
    )
    statut: Mapped[str] = colonne("Où il en est", source="service", codes=StatutMandat)
    client_id: Mapped[str] = colonne("Client OAuth qui a mandaté", source="jeton")


class MandatLigne(Cloisonnee, Base):
    """The cents of an order that an envelope pays."""

    __tablename__ = "mandat_ligne"
    __table_args__ = (
        Index(None, "collectivite", "enveloppe_id"),
        CheckConstraint(
            "0 <= rembourse_centimes AND rembourse_centimes <= paye_centimes"
            " AND paye_centimes <= montant_centimes AND montant_centimes > 0",
            name="emploi",
        ),
        *vers("mandat", "enveloppe"),
        fiche("Les centimes d'un mandat qu'une enveloppe paie", source="service"),
    )

    mandat_id: Mapped[UUID] = colonne("Mandat", primary_key=True)
    enveloppe_id: Mapped[UUID] = colonne("Enveloppe", primary_key=True)
    rang: Mapped[int] = colonne("Ordre de la ligne, de 0", unite="rang")
    montant_centimes: Mapped[int] = colonne("Montant que l'enveloppe porte")
    paye_centimes: Mapped[int] = colonne("Ce qui en est payé", server_default=text("0"))
    rembourse_centimes: Mapped[int] = colonne(
        "Ce que le tiers en a rendu", server_default=text("0")
    )


class Paiement(Ecrite, Cle, Base):
    """Money sent to the payee. Insert-only."""

    __tablename__ = "paiement"
    __table_args__ = (
        Index(None, "collectivite", "mandat_id", "cree_le", "id"),
        *vers("mandat"),
        fiche("Un versement au tiers ; jamais changé", source="POST /v1/mandats/{id}/paiements"),
    )

    mandat_id: Mapped[UUID] = colonne("Mandat")
    montant_centimes: Mapped[int] = colonne("Montant versé")
    ventilation: Mapped[list[Any]] = colonne(_VENTILATION, source="service")
    date_valeur: Mapped[date] = colonne("Jour de valeur")
    reference_comptable: Mapped[str] = colonne("Référence du comptable")
    client_id: Mapped[str] = colonne("Client OAuth du comptable", source="jeton")


class Remboursement(Ecrite, Cle, Base):
    """Money that the payee gave back. Insert-only."""

    __tablename__ = "remboursement"
    __table_args__ = (
        Index(None, "collectivite", "mandat_id", "cree_le", "id"),
        *vers("mandat"),
        fiche(
            "Ce que le tiers a rendu ; jamais changé",
            source="POST /v1/mandats/{id}/remboursements",
        ),
    )

    mandat_id: Mapped[UUID] = colonne("Mandat")
    montant_centimes: Mapped[int] = colonne("Montant rendu")
    ventilation: Mapped[list[Any]] = colonne(_VENTILATION, source="service")
    date_valeur: Mapped[date] = colonne("Jour de valeur")
    reference_comptable: Mapped[str] = colonne("Référence du comptable")
    motif: Mapped[str] = colonne("Pourquoi, sans identité")
    client_id: Mapped[str] = colonne("Client OAuth du comptable", source="jeton")
