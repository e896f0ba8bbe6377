"""Service done, certified, and who may not certify what he engaged."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.financement.tables.base import Base, vers
from shared.schemas.financement.liquidations import StatutLiquidation
from shared.socle.dictionnaire import colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee


class Liquidation(Versionnee, Base):
    """A service done, what was asked for it and what is kept."""

    __tablename__ = "liquidation"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "engagement_id", "cree_le", "id"),
        # What pieces do not cover: few rows, whatever the number of liquidations.
        Index(
            "ix_liquidation_a_justifier",
            "collectivite",
            "cree_le",
            "id",
            postgresql_where=text("justifie_centimes < montant_retenu_centimes"),
        ),
        # What waits for its order: few rows too.
        Index(
            "ix_liquidation_a_mandater",
            "collectivite",
            "engagement_id",
            postgresql_where=text("statut IN ('certifiee', 'certifiee_partiellement')"),
        ),
        CheckConstraint(
            "montant_retenu_centimes BETWEEN 0 AND montant_presente_centimes", name="retenu"
        ),
        CheckConstraint("justifie_centimes BETWEEN 0 AND montant_retenu_centimes", name="justifie"),
        *vers("engagement"),
        fiche(
            "Un service fait certifié, ce qui en est demandé et ce qui en est retenu",
            source="POST /v1/engagements/{id}/liquidations",
        ),
    )

    engagement_id: Mapped[UUID] = colonne("Engagement")
    montant_presente_centimes: Mapped[int] = colonne("Ce qui est demandé")
    montant_retenu_centimes: Mapped[int] = colonne("Ce qui est dû ; zéro : refusée")
    motif_ecart: Mapped[str | None] = colonne("Pourquoi il est retenu moins, sans identité")
    date_service_fait: Mapped[date] = colonne("Jour du service fait")
    date_certification: Mapped[date] = colonne("Jour où il est certifié")
    pour_solde: Mapped[bool] = colonne("Vrai : la dernière de l'engagement")
    ventilation: Mapped[list[Any]] = colonne(
        "Ce que chaque enveloppe en paie : enveloppe_id, montant_centimes", source="service"
    )
    justifie_centimes: Mapped[int] = colonne(
        "Part du montant retenu que des pièces couvrent", source="service"
    )
    statut: Mapped[str] = colonne("Où elle en est", source="service", codes=StatutLiquidation)
    client_id: Mapped[str] = colonne("Client OAuth qui a certifié", source="jeton")
    avertissements: Mapped[list[Any]] = colonne(
        "Ce qui semblait financé deux fois : code, engagement_id, liquidation_id, justificatif_id",
        source="service",
    )


class SeuilCertification(Ecrite, Cle, Base):
    """Above what amount who engaged does not certify, from a day on. Insert-only."""

    __tablename__ = "seuil_certification"
    __table_args__ = (
        Index(None, "collectivite", "valable_du", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        fiche(
            "Montant au-dessus duquel qui engage ne certifie pas, du jour où il vaut ; immuable",
            source="POST /v1/seuils-certification",
        ),
    )

    montant_centimes: Mapped[int] = colonne("Montant qui peut encore être certifié par lui")
    valable_du: Mapped[date] = colonne("Premier jour des certifications qu'il régit")
    texte_source: Mapped[str] = colonne("Règlement budgétaire et financier, ou délibération")
