"""Freins, what was observed of them, prescriptions; health apart."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.parcours.tables.base import Base
from shared.schemas.orientation.vocabulaire import NiveauFrein
from shared.schemas.parcours.freins import FondementLevee, SourceObservation, StatutFrein
from shared.schemas.parcours.prescriptions import (
    EffetFrein,
    MotifRefusPrescription,
    StatutPrescription,
)
from shared.socle.dictionnaire import AUCUNE, CHIFFREE, INDIRECTE, Donnee, colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee

_SOURCE_FREIN = "POST /v1/parcours/{id}/freins, puis /v1/freins/{id}/niveaux et /reouvertures"

FREIN_OUVERT = "statut IN ('ouvert', 'en_cours')"


class ColonnesFrein(Versionnee):
    """One episode of a frein, and what the last observation says of it."""

    parcours_id: Mapped[UUID] = colonne("Parcours")
    code: Mapped[str] = colonne("Ce qui freine", codes="freins")
    libelle: Mapped[str | None] = colonne("Précision, pour le code autre et lui seul")
    statut: Mapped[str] = colonne("Où en est l'épisode", source="service", codes=StatutFrein)
    niveau: Mapped[str | None] = colonne(
        "Niveau de la dernière observation ; vide : handicap, qui est un statut", codes=NiveauFrein
    )
    date_debut: Mapped[date] = colonne("Première observation de l'épisode")
    date_observation: Mapped[date] = colonne("Observation qui donne le niveau")
    date_fin: Mapped[date | None] = colonne(
        "Levée ou abandon", source="POST /v1/freins/{id}/levees ou /abandons"
    )
    fin_le: Mapped[datetime | None] = colonne(
        "Instant où la fin a été sue ; vide d'une fin plus ancienne que cette colonne",
        AUCUNE,
        source="horloge de la base",
    )
    fondement: Mapped[str | None] = colonne(
        "Ce qui permet de le dire levé",
        source="POST /v1/freins/{id}/levees",
        codes=FondementLevee,
    )
    commentaire_fin: Mapped[bytes | None] = colonne(
        "Texte libre de la levée ou de l'abandon, scellé (AES-256-GCM)",
        CHIFFREE,
        source="POST /v1/freins/{id}/levees ou /abandons",
    )
    precedent_id: Mapped[UUID | None] = colonne("Épisode que celui-ci rouvre", source="service")
    suivant_id: Mapped[UUID | None] = colonne("Épisode qui rouvre celui-ci", source="service")


def _frein(nom: str, codes: str, sens: str, donnee: Donnee) -> tuple[Any, ...]:
    return (
        # At most one open episode of a code.
        Index(
            f"uq_{nom}_ouvert",
            "collectivite",
            "parcours_id",
            "code",
            unique=True,
            postgresql_where=text(FREIN_OUVERT),
        ),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "parcours_id", "cree_le", "id"),
        Index(None, "collectivite", "code", "cree_le", "id"),
        Index(None, "collectivite", "code", "statut", "cree_le", "id"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        CheckConstraint(
            f"({FREIN_OUVERT} AND date_fin IS NULL)"
            " OR (statut IN ('leve', 'abandonne') AND date_fin IS NOT NULL)",
            name="statut",
        ),
        CheckConstraint(codes, name="code"),
        ForeignKeyConstraint(
            ["collectivite", "parcours_id"], ["parcours.collectivite", "parcours.id"]
        ),
        ForeignKeyConstraint(
            ["collectivite", "precedent_id"], [f"{nom}.collectivite", f"{nom}.id"]
        ),
        ForeignKeyConstraint(["collectivite", "suivant_id"], [f"{nom}.collectivite", f"{nom}.id"]),
        fiche(sens, source=_SOURCE_FREIN, donnee=donnee),
    )


class ColonnesObservation(Ecrite, Cle):
    """What was observed of a frein, one day. Never changed."""

    frein_id: Mapped[UUID] = colonne("Frein observé")
    niveau: Mapped[str | None] = colonne(
        "Niveau observé ; vide : handicap, qui est un statut", codes=NiveauFrein
    )
    date_observation: Mapped[date] = colonne("Jour de l'observation")
    source: Mapped[str] = colonne("Qui a observé", codes=SourceObservation)
    commentaire: Mapped[bytes | None] = colonne("Texte libre, scellé (AES-256-GCM)", CHIFFREE)
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", AUCUNE, source="jeton")


def _observation(frein: str, sens: str, donnee: Donnee) -> tuple[Any, ...]:
    return (
        Index(None, "collectivite", "frein_id", "cree_le", "id"),
        ForeignKeyConstraint(
            ["collectivite", "frein_id"], [f"{frein}.collectivite", f"{frein}.id"]
        ),
        fiche(sens, source=_SOURCE_FREIN, donnee=donnee),
    )


class ColonnesPrescription(Versionnee):
    """An action for a frein, and the reservation of financement that guarantees it."""

    parcours_id: Mapped[UUID] = colonne("Parcours", source="service")
    frein_id: Mapped[UUID] = colonne("Frein à lever")
    action_id: Mapped[UUID] = colonne("Action prescrite : elle est dans financement")
    montant_centimes: Mapped[int] = colonne("Montant réservé, puis engagé")
    places: Mapped[int] = colonne("Places réservées, puis occupées", unite="places")
    statut: Mapped[str] = colonne(
        "Où elle en est ; expiree ne s'écrit pas, elle se lit de expire_le",
        source="service",
        codes=StatutPrescription,
    )
    reservation_id: Mapped[UUID] = colonne("Réservation qui la garantit", source="financement")
    expire_le: Mapped[datetime] = colonne(
        "Sans confirmation avant cet instant, la réservation tombe", source="financement"
    )
    engagement_id: Mapped[UUID | None] = colonne(
        "Engagement né de sa confirmation", source="financement"
    )
    motif_annulation: Mapped[str | None] = colonne(
        "Pourquoi elle est annulée ; vide si le frein est de santé",
        source="POST /v1/prescriptions/{id}/annulations",
    )
    offre_id: Mapped[UUID | None] = colonne("Offre prescrite ; vide : l'action seule")
    offre_titre: Mapped[str | None] = colonne(
        "Titre de l'offre à la prescription : il se lit encore si elle disparaît", source="service"
    )
    acceptee_le: Mapped[datetime | None] = colonne(
        "Instant où l'organisme l'a acceptée", AUCUNE, source="horloge du service"
    )
    confirmee_le: Mapped[datetime | None] = colonne(
        "Instant de sa confirmation ; vide d'une confirmation plus ancienne que cette colonne",
        AUCUNE,
        source="horloge du service",
    )
    motif_refus: Mapped[str | None] = colonne(
        "Pourquoi l'organisme l'a refusée",
        source="POST /v1/prescriptions/{id}/reponses",
        codes=MotifRefusPrescription,
    )
    date_fin: Mapped[date | None] = colonne(
        "Jour où elle s'est achevée", source="POST /v1/prescriptions/{id}/fins"
    )
    effet_frein: Mapped[str | None] = colonne(
        "Ce qu'elle a fait au frein, sans le lever",
        source="POST /v1/prescriptions/{id}/fins",
        codes=EffetFrein,
    )


def _prescription(frein: str, sens: str, donnee: Donnee) -> tuple[Any, ...]:
    return (
        Index(None, "collectivite", "reservation_id", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "parcours_id", "cree_le", "id"),
        Index(None, "collectivite", "frein_id", "cree_le", "id"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        # Those that still run, among all that ran out and that nobody rewrote.
        Index(None, "collectivite", "statut", "expire_le"),
        ForeignKeyConstraint(["collectivite", "offre_id"], ["offre.collectivite", "offre.id"]),
        # `expiree` is not among them: it is a reading of `expire_le`, nobody writes it.
        CheckConstraint(
            "(statut IN ('confirmee', 'terminee', 'abandonnee')) = (engagement_id IS NOT NULL)"
            " AND (statut = 'annulee' OR motif_annulation IS NULL)"
            " AND (statut = 'refusee') = (motif_refus IS NOT NULL)"
            " AND (statut IN ('terminee', 'abandonnee')) = (date_fin IS NOT NULL)"
            " AND (statut = 'terminee') = (effet_frein IS NOT NULL)"
            " AND statut IN ('reservee', 'acceptee', 'refusee', 'confirmee', 'annulee',"
            " 'terminee', 'abandonnee')",
            name="statut",
        ),
        ForeignKeyConstraint(
            ["collectivite", "parcours_id"], ["parcours.collectivite", "parcours.id"]
        ),
        ForeignKeyConstraint(
            ["collectivite", "frein_id"], [f"{frein}.collectivite", f"{frein}.id"]
        ),
        fiche(sens, source="POST /v1/prescriptions", donnee=donnee),
    )


_CODES_SANTE = "('sante', 'handicap')"


class Frein(ColonnesFrein, Base):
    """A frein that is not of health."""

    __tablename__ = "frein"
    __table_args__ = _frein(
        __tablename__,
        f"code NOT IN {_CODES_SANTE}",
        "Un épisode d'un frein, et ce qu'en dit la dernière observation",
        INDIRECTE,
    )


class Observation(ColonnesObservation, Base):
    """An observation of such a frein."""

    __tablename__ = "observation"
    __table_args__ = _observation(
        "frein", "Ce qui a été observé d'un frein, un jour ; immuable", INDIRECTE
    )


class Prescription(ColonnesPrescription, Base):
    """A prescription for such a frein."""

    __tablename__ = "prescription"
    __table_args__ = _prescription(
        "frein", "Une action pour lever un frein, et la réservation qui la garantit", INDIRECTE
    )


class FreinSante(ColonnesFrein, Base):
    """A frein of health, or the status of handicap."""

    __tablename__ = "frein_sante"
    __table_args__ = _frein(
        __tablename__,
        f"code IN {_CODES_SANTE}",
        "Comme frein, pour la santé et le handicap seuls : sous leur propre portée",
        Donnee.SANTE,
    )


class ObservationSante(ColonnesObservation, Base):
    """An observation of such a frein."""

    __tablename__ = "observation_sante"
    __table_args__ = _observation(
        "frein_sante", "Comme observation, d'un frein de santé", Donnee.SANTE
    )


class PrescriptionSante(ColonnesPrescription, Base):
    """A prescription for such a frein: naming the frein would tell that it is of health."""

    __tablename__ = "prescription_sante"
    __table_args__ = _prescription(
        "frein_sante", "Comme prescription, pour un frein de santé", Donnee.SANTE
    )


@dataclass(frozen=True)
class Volet:
    """The tables of one sensitivity, which queries compose their statements from."""

    sante: bool
    frein: type[Any]
    observation: type[Any]
    prescription: type[Any]


ORDINAIRE = Volet(False, Frein, Observation, Prescription)

SANTE = Volet(True, FreinSante, ObservationSante, PrescriptionSante)

VOLETS = {False: (ORDINAIRE,), True: (ORDINAIRE, SANTE)}  # by whether health may be seen
