"""Rendez-vous, and what happened to each."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from services.parcours.tables.accompagnement import du_parcours
from services.parcours.tables.base import Base
from shared.schemas.orientation.accueils import MotifAbsence, PresenceAccueil
from shared.schemas.parcours.rendez_vous import (
    InitiateurRendezVous,
    ModaliteRendezVous,
    MotifRendezVous,
    ReceptionRendezVous,
    StatutRendezVous,
)
from shared.socle.dictionnaire import AUCUNE, INDIRECTE, colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee


class RendezVous(Versionnee, Base):
    """When and how a person meets an agent, and what came of it."""

    __tablename__ = "rendez_vous"
    __table_args__ = (
        Index(None, "collectivite", "debut_le", "id"),
        Index(None, "collectivite", "parcours_id", "debut_le", "id"),
        Index(None, "collectivite", "agent", "debut_le", "id"),
        Index(None, "collectivite", "organisme_id", "debut_le", "id"),
        Index(None, "collectivite", "statut", "debut_le", "id"),
        CheckConstraint("fin_le > debut_le", name="creneau"),
        CheckConstraint(
            "(statut IN ('effectue', 'absent')) = (presence IS NOT NULL)"
            " AND (statut = 'effectue') = coalesce(presence = 'presente', false)"
            " AND (motif_absence IS NULL OR statut = 'absent')",
            name="statut",
        ),
        CheckConstraint("suivant_id IS NULL OR statut IN ('absent', 'annule')", name="suivant"),
        du_parcours(),
        du_parcours("rendez_vous", "precedent_id"),
        du_parcours("rendez_vous", "suivant_id"),
        fiche(
            "Un rendez-vous d'un parcours, et ce qu'il en est advenu",
            source="POST /v1/parcours/{id}/rendez-vous, puis /v1/rendez-vous/{id}/…",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours")
    motif: Mapped[str] = colonne("À quoi il sert", codes=MotifRendezVous)
    modalite: Mapped[str] = colonne("Comment on s'y retrouve", codes=ModaliteRendezVous)
    reception: Mapped[str] = colonne("Seul ou en groupe", codes=ReceptionRendezVous)
    statut: Mapped[str] = colonne("Où il en est", source="service", codes=StatutRendezVous)
    initiateur: Mapped[str] = colonne("Qui l'a pris", codes=InitiateurRendezVous)
    agent: Mapped[str] = colonne("Qui reçoit : son code opaque chez le partenaire")
    organisme_id: Mapped[UUID] = colonne("Son organisme ; à défaut, l'organisme référent du jour")
    debut_le: Mapped[datetime] = colonne("Début du créneau")
    fin_le: Mapped[datetime] = colonne("Fin du créneau")
    lieu: Mapped[str | None] = colonne("Nom du lieu, public", AUCUNE)
    presence: Mapped[str | None] = colonne("Dernière présence constatée", codes=PresenceAccueil)
    motif_absence: Mapped[str | None] = colonne("Motif d'une absence", codes=MotifAbsence)
    precedent_id: Mapped[UUID | None] = colonne("Rendez-vous repris", source="service")
    suivant_id: Mapped[UUID | None] = colonne("Rendez-vous qui le reprend", source="service")
    rang_relance: Mapped[int] = colonne(
        "Relances après une absence ; une annulation ne compte pas", source="service", unite="rang"
    )


class ActeRendezVous(Ecrite, Cle, Base):
    """What happened to a rendez-vous. Never changed."""

    __tablename__ = "acte_rendez_vous"
    __table_args__ = (
        Index(None, "collectivite", "rendez_vous_id", "cree_le", "id"),
        Index(None, "collectivite", "parcours_id", "date_acte", "id"),
        du_parcours(),
        du_parcours("rendez_vous", "rendez_vous_id"),
        fiche(
            "Ce qui est arrivé à un rendez-vous, avec le créneau d'alors ; immuable",
            source="POST /v1/parcours/{id}/rendez-vous, puis /v1/rendez-vous/{id}/…",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours", source="service")
    rendez_vous_id: Mapped[UUID] = colonne("Rendez-vous")
    statut: Mapped[str] = colonne("Ce que l'acte en fait", codes=StatutRendezVous)
    date_acte: Mapped[date] = colonne("Son jour")
    initiateur: Mapped[str | None] = colonne(
        "Qui prend, déplace ou annule ; vide d'une présence", codes=InitiateurRendezVous
    )
    debut_le: Mapped[datetime] = colonne("Début du créneau ; d'une modification, de l'ancien")
    fin_le: Mapped[datetime] = colonne("Fin du créneau ; d'une modification, de l'ancien")
    presence: Mapped[str | None] = colonne("Ce qui est constaté", codes=PresenceAccueil)
    motif_absence: Mapped[str | None] = colonne("Motif d'une absence", codes=MotifAbsence)
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", AUCUNE, source="jeton")
