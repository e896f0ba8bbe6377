"""Pieces, known by their digest, and whom each cent of them is told to."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.financement.tables.base import Base, vers
from shared.schemas.financement.enveloppes import Financeur
from shared.schemas.financement.justificatifs import TypeJustificatif, UsageJustificatif
from shared.socle.dictionnaire import colonne, fiche
from shared.socle.tables import Cle, Cloisonnee, Ecrite, Versionnee


class Justificatif(Versionnee, Base):
    """A piece. Its file stays with who holds it."""

    __tablename__ = "justificatif"
    __table_args__ = (
        Index(None, "collectivite", "sha256", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "type", "cree_le", "id"),
        # One piece's imputations sum to its amount at most (I-17), by the database too.
        CheckConstraint(
            "impute_centimes BETWEEN 0 AND coalesce(montant_total_centimes, 0)", name="impute"
        ),
        fiche(
            "Une pièce, connue par son empreinte ; le fichier n'est pas ici",
            source="POST /v1/justificatifs",
        ),
    )

    type: Mapped[str] = colonne("Ce qu'est la pièce", codes=TypeJustificatif)
    sha256: Mapped[str] = colonne("SHA-256 du fichier, hexadécimal")
    montant_total_centimes: Mapped[int | None] = colonne(
        "Ce que la pièce prouve ; vide : elle ne porte pas de montant"
    )
    date_piece: Mapped[date] = colonne("Date de la pièce")
    emetteur_siret: Mapped[str | None] = colonne("SIRET de qui l'a émise")
    impute_centimes: Mapped[int] = colonne(
        "Somme de ses imputations", source="service", server_default=text("0")
    )


class Imputation(Ecrite, Cle, Base):
    """The part of a piece that a funder bears. Insert-only."""

    __tablename__ = "imputation"
    __table_args__ = (
        Index(None, "collectivite", "justificatif_id", "cree_le", "id"),
        Index(None, "collectivite", "liquidation_id"),
        # At most one EU-funded imputation per expense (I-17), by the database too.
        Index(
            "ix_imputation_union_europeenne",
            "collectivite",
            "justificatif_id",
            unique=True,
            postgresql_where=text("financeur = 'union_europeenne'"),
        ),
        CheckConstraint("montant_centimes > 0", name="montant"),
        *vers("justificatif", "liquidation"),
        fiche(
            "La part d'une pièce imputée à un financeur ; jamais changée",
            source="POST /v1/engagements/{id}/liquidations,"
            " POST /v1/justificatifs/{id}/imputations",
        ),
    )

    justificatif_id: Mapped[UUID] = colonne("Pièce")
    liquidation_id: Mapped[UUID | None] = colonne("Liquidation qu'elle justifie ; vide : hors")
    financeur: Mapped[str | None] = colonne("Qui paie cette part", codes=Financeur)
    usage: Mapped[str] = colonne("Comment elle est déclarée", codes=UsageJustificatif)
    montant_centimes: Mapped[int] = colonne("Part imputée")
    objet: Mapped[str | None] = colonne("Demande ou bilan où elle est déclarée")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a imputée", source="jeton")


class LiquidationPiece(Cloisonnee, Base):
    """A piece that a liquidation names, whether it bears an amount or not."""

    __tablename__ = "liquidation_piece"
    __table_args__ = (
        Index(None, "collectivite", "justificatif_id"),
        *vers("liquidation", "justificatif"),
        fiche(
            "Une pièce que nomme une liquidation", source="POST /v1/engagements/{id}/liquidations"
        ),
    )

    liquidation_id: Mapped[UUID] = colonne("Liquidation", primary_key=True)
    justificatif_id: Mapped[UUID] = colonne("Pièce", primary_key=True)
