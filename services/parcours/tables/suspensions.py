"""The suspension-remobilisation: the procedure, and its acts."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from services.parcours.tables.accompagnement import du_parcours
from services.parcours.tables.base import Base
from shared.schemas.parcours.suspensions import (
    MesureSuspension,
    RangManquement,
    StatutSuspension,
    TypeActeSuspension,
)
from shared.socle.dictionnaire import AUCUNE, CHIFFREE, INDIRECTE, colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee


class Suspension(Versionnee, Base):
    """A procedure, and where it stands: its acts say how it came there."""

    __tablename__ = "suspension"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "parcours_id", "cree_le", "id"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        CheckConstraint(
            "(mesure IN ('suspension', 'suppression')) IS NOT TRUE"
            " OR (rang IS NOT NULL AND bareme IS NOT NULL AND part_pourcent IS NOT NULL"
            " AND duree_mois IS NOT NULL AND foyer_personnes IS NOT NULL"
            " AND foyer_majoration IS NOT NULL)",
            name="mesure",
        ),
        CheckConstraint(
            "mesure IS DISTINCT FROM 'suppression' OR date_avis_ep IS NOT NULL", name="avis_ep"
        ),
        CheckConstraint(
            "statut NOT IN ('en_cours', 'leve', 'terme')"
            " OR (date_notification IS NOT NULL AND date_debut IS NOT NULL"
            " AND date_fin >= date_debut)",
            name="dates",
        ),
        du_parcours(),
        du_parcours("suspension", "suspension_precedente_id"),
        fiche(
            "Une procédure de suspension ou de suppression du RSA, et où elle en est",
            source="POST /v1/parcours/{id}/suspensions, puis ses actes",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours de la personne", source="service")
    orientation_id: Mapped[UUID] = colonne("Décision en vigueur au signalement", source="service")
    statut: Mapped[str] = colonne("Où elle en est", source="service", codes=StatutSuspension)
    nature_manquement: Mapped[str] = colonne(
        "Nature du manquement, au code de France Travail", codes="codes-sanctions-ft"
    )
    date_faits: Mapped[date] = colonne("Jour des faits, le dernier s'ils durent")
    date_signalement: Mapped[date] = colonne("Jour du signalement", source="service")
    organisme_signalant_id: Mapped[UUID] = colonne("Organisme qui signale")
    suspension_precedente_id: Mapped[UUID | None] = colonne(
        "Mesure à la fin de laquelle le manquement persistait"
    )
    date_proposition_ft: Mapped[date | None] = colonne(
        "Mise à disposition de la proposition de France Travail ; vide : aucune"
    )
    date_limite_saisie: Mapped[date | None] = colonne(
        "Dernier jour pour instruire la proposition", source="service"
    )
    date_saisie: Mapped[date | None] = colonne("Jour du choix d'instruire ou non")
    date_information: Mapped[date | None] = colonne("Date certaine de l'information")
    date_limite_observations: Mapped[date | None] = colonne(
        "Dernier jour des observations", source="service"
    )
    date_observations: Mapped[date | None] = colonne("Jour des premières observations reçues")
    date_avis_ep: Mapped[date | None] = colonne("Jour de l'avis de l'équipe pluridisciplinaire")
    date_limite_decision: Mapped[date | None] = colonne(
        "Dernier jour pour décider", source="service"
    )
    date_decision: Mapped[date | None] = colonne("Jour de la décision")
    mesure: Mapped[str | None] = colonne("Ce qui est décidé", codes=MesureSuspension)
    rang: Mapped[str | None] = colonne(
        "Rang du manquement ; vide : sans suite, ou à décider",
        source="service",
        codes=RangManquement,
    )
    bareme: Mapped[str | None] = colonne(
        "Ligne du barème dont les bornes ont été vérifiées",
        source="service",
        codes="bareme-sanctions",
    )
    part_pourcent: Mapped[int | None] = colonne("Part décidée du RSA", unite="pour cent")
    duree_mois: Mapped[int | None] = colonne("Durée décidée", unite="mois")
    foyer_personnes: Mapped[int | None] = colonne(
        "Personnes du foyer au jour de la décision : plus d'une plafonne la part",
        unite="personnes",
    )
    foyer_majoration: Mapped[bool | None] = colonne(
        "Vrai : majoration pour isolement au jour de la décision, qui plafonne la part"
    )
    date_notification: Mapped[date | None] = colonne("Date certaine de la notification")
    date_transmission: Mapped[date | None] = colonne("Jour de la transmission au payeur")
    date_debut: Mapped[date | None] = colonne("Premier jour de la mesure")
    date_fin: Mapped[date | None] = colonne(
        "Jour où la mesure cesse : son terme, ou sa levée", source="service"
    )


class ActeSuspension(Ecrite, Cle, Base):
    """What was done of a procedure, one day. Never changed."""

    __tablename__ = "acte_suspension"
    __table_args__ = (
        Index(None, "collectivite", "suspension_id", "cree_le", "id"),
        du_parcours("suspension", "suspension_id"),
        fiche(
            "Un acte d'une procédure de suspension ; immuable",
            source="POST /v1/parcours/{id}/suspensions et /v1/suspensions/{id}/…",
            donnee=INDIRECTE,
        ),
    )

    suspension_id: Mapped[UUID] = colonne("Procédure", source="service")
    type: Mapped[str] = colonne("Ce qui est fait", codes=TypeActeSuspension)
    date_acte: Mapped[date] = colonne("Son jour")
    organisme_id: Mapped[UUID] = colonne("Organisme dont c'est l'acte")
    nature: Mapped[str | None] = colonne("Ce qu'il dit : sens, mesure, motif, mode")
    precision: Mapped[str | None] = colonne("Ce qu'il précise : audition, assistance, motif")
    texte: Mapped[bytes | None] = colonne(
        "Faits, observations, avis ou motivation : texte libre scellé (AES-256-GCM)", CHIFFREE
    )
    complement: Mapped[bytes | None] = colonne(
        "Éléments, ou voies et délais de recours : texte libre scellé (AES-256-GCM)", CHIFFREE
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", AUCUNE, source="jeton")
