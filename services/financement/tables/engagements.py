"""What is owed, numbered, and who pays each cent of it."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.financement.tables.base import Base, vers
from shared.schemas.financement.engagements import NatureEngagement, StatutEngagement
from shared.socle.dictionnaire import INDIRECTE, colonne, fiche
from shared.socle.tables import Cloisonnee, Versionnee


class CompteurEngagement(Cloisonnee, Base):
    """The last number given in a year."""

    __tablename__ = "compteur_engagement"
    __table_args__ = fiche("Le dernier numéro d'engagement d'un exercice", source="service")

    exercice: Mapped[int] = colonne(
        "Exercice", unite="année civile", primary_key=True, autoincrement=False
    )
    dernier: Mapped[int] = colonne("Dernier numéro donné", unite="rang")


class Engagement(Versionnee, Base):
    """What a confirmed reservation became, or what is owed to a third party."""

    __tablename__ = "engagement"
    __table_args__ = (
        Index(None, "collectivite", "exercice", "numero", unique=True),
        Index(None, "collectivite", "reservation_id", unique=True),  # I-40, by the database too
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "date_engagement", "id"),
        Index(None, "collectivite", "cle_doublon"),
        CheckConstraint("places_liberees BETWEEN 0 AND places", name="places"),
        CheckConstraint("reservation_id IS NOT NULL OR objet IS NOT NULL", name="origine"),
        # I-20, by the database too.
        CheckConstraint("NOT (personnel AND ae_id IS NOT NULL)", name="personnel"),
        CheckConstraint(
            "non_couvert_centimes = 0 OR (non_couvert_centimes > 0 AND ae_id IS NOT NULL)",
            name="non_couvert",
        ),
        Index(None, "collectivite", "ae_id"),
        ForeignKeyConstraint(
            ["collectivite", "ae_id"],
            ["autorisation_engagement.collectivite", "autorisation_engagement.id"],
        ),
        *vers("action", "reservation"),
        fiche(
            "Ce qu'une réservation confirmée est devenue, ou ce qui est dû à un tiers",
            source="POST /v1/reservations/{id}/confirmations, POST /v1/engagements",
            donnee=INDIRECTE,
        ),
    )

    exercice: Mapped[int] = colonne(
        "Année civile de l'engagement", source="service", unite="année civile"
    )
    numero: Mapped[int] = colonne(
        "Numéro dans l'exercice, sans trou", source="service", unite="rang"
    )
    action_id: Mapped[UUID] = colonne("Action", source="réservation")
    reservation_id: Mapped[UUID | None] = colonne(
        "Réservation confirmée ; vide : engagé envers un tiers"
    )
    beneficiaire_ref: Mapped[UUID | None] = colonne(
        "Bénéficiaire : référence opaque, que parcours seul sait lire", source="réservation"
    )
    date_engagement: Mapped[date] = colonne("Jour de l'engagement")
    places: Mapped[int] = colonne("Places occupées", unite="places")
    places_liberees: Mapped[int] = colonne(
        "Places occupées qui ne le sont plus",
        source="POST /v1/engagements/{id}/liberations",
        unite="places",
        server_default=text("0"),
    )
    montant_centimes: Mapped[int] = colonne("Montant engagé")
    statut: Mapped[str] = colonne("Où il en est", source="service", codes=StatutEngagement)
    tiers_siret: Mapped[str | None] = colonne("SIRET du tiers, sur 14 chiffres")
    tiers_rna: Mapped[str | None] = colonne("Numéro RNA du tiers, une association")
    objet: Mapped[str | None] = colonne("Ce qui est payé ; vide : né d'une réservation")
    nature: Mapped[str | None] = colonne("Ce qui oblige", codes=NatureEngagement)
    echeancier: Mapped[list[Any]] = colonne(
        "Montants prévus : exercice, montant_centimes", server_default=text("'[]'")
    )
    ae_id: Mapped[UUID | None] = colonne("Autorisation d'engagement qui le porte aussi")
    personnel: Mapped[bool] = colonne(
        "Vrai : dépense de personnel, jamais sur une autorisation", server_default=text("false")
    )
    non_couvert_centimes: Mapped[int] = colonne(
        "Ce que l'autorisation porte seule : les exercices à venir, sans enveloppe notifiée",
        source="service",
        server_default=text("0"),
    )
    client_id: Mapped[str | None] = colonne(
        "Client OAuth qui l'a engagé ; vide : avant que ce ne soit retenu", source="jeton"
    )
    cle_doublon: Mapped[str | None] = colonne(
        "Tiers et objet sous une forme comparable ; vide : sans tiers", source="service"
    )
    avertissements: Mapped[list[Any]] = colonne(
        "Ce qui semblait financé deux fois : code, engagement_id, liquidation_id, justificatif_id",
        source="service",
        server_default=text("'[]'"),
    )


class EngagementLigne(Cloisonnee, Base):
    """The cents of an engagement that an envelope pays."""

    __tablename__ = "engagement_ligne"
    __table_args__ = (
        Index(None, "collectivite", "enveloppe_id"),
        # What is engaged and not liquidated: few rows, whatever was engaged.
        Index(
            "ix_engagement_ligne_reste",
            "collectivite",
            "engagement_id",
            postgresql_where=text(
                "montant_centimes + couvert_centimes + recu_centimes - reporte_centimes"
                " - liquide_centimes - degage_centimes > 0"
            ),
        ),
        CheckConstraint(
            "montant_centimes >= 0 AND couvert_centimes >= 0 AND recu_centimes >= 0"
            " AND montant_centimes + couvert_centimes + recu_centimes > 0",
            name="montant",
        ),
        # Per line, never more than what it holds (I-13), by the database too.
        CheckConstraint(
            "liquide_centimes >= 0 AND degage_centimes >= 0 AND reporte_centimes >= 0"
            " AND liquide_centimes + degage_centimes + reporte_centimes"
            " <= montant_centimes + couvert_centimes + recu_centimes",
            name="emploi",
        ),
        *vers("engagement", "enveloppe"),
        fiche(
            "Les centimes d'un engagement qu'une enveloppe paie",
            source="service",
            donnee=INDIRECTE,
        ),
    )

    engagement_id: Mapped[UUID] = colonne("Engagement", primary_key=True)
    enveloppe_id: Mapped[UUID] = colonne("Enveloppe", primary_key=True)
    rang: Mapped[int] = colonne("Ordre de la ligne, de 0", unite="rang")
    montant_centimes: Mapped[int] = colonne(
        "Montant que l'enveloppe porte, le jour de l'engagement"
    )
    couvert_centimes: Mapped[int] = colonne(
        "Ce qu'elle porte en plus, pour un exercice alors à venir, notifié depuis",
        source="POST /v1/engagements/{id}/couvertures",
        server_default=text("0"),
    )
    recu_centimes: Mapped[int] = colonne(
        "Ce que le report d'une autre enveloppe y ajoute",
        source="service",
        server_default=text("0"),
    )
    reporte_centimes: Mapped[int] = colonne(
        "Ce qui en est porté par l'enveloppe d'un exercice suivant",
        source="service",
        server_default=text("0"),
    )
    liquide_centimes: Mapped[int] = colonne(
        "Ce qui en est liquidé", source="service", server_default=text("0")
    )
    degage_centimes: Mapped[int] = colonne(
        "Ce qui en est rendu à l'enveloppe", source="service", server_default=text("0")
    )


class EngagementPiece(Cloisonnee, Base):
    """A piece that an engagement stands on."""

    __tablename__ = "engagement_piece"
    __table_args__ = (
        Index(None, "collectivite", "justificatif_id"),
        *vers("engagement", "justificatif"),
        fiche("Une pièce qui fonde un engagement", source="POST /v1/engagements"),
    )

    engagement_id: Mapped[UUID] = colonne("Engagement", primary_key=True)
    justificatif_id: Mapped[UUID] = colonne("Justificatif", primary_key=True)
