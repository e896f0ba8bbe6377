"""Tables of parcours: periods of accompaniment, freins as observed, and what was prescribed.

Health has tables of its own (contract guide, 16.3), of the same columns: a query that does not
name them cannot show it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.socle.tables import CONVENTION, TYPES, Cle, Versionnee


class Base(DeclarativeBase):
    """Metadata of this service's tables."""

    metadata = MetaData(naming_convention=CONVENTION)
    type_annotation_map = TYPES


class Parcours(Versionnee, Base):
    """The accompaniment of one person; its last period is copied here, where lists read it."""

    __tablename__ = "parcours"
    __table_args__ = (
        # At most one open.
        Index(
            "uq_parcours_ouvert",
            "collectivite",
            "personne_id",
            unique=True,
            postgresql_where=text("statut = 'ouvert'"),
        ),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "personne_id", "cree_le", "id"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        CheckConstraint(
            "(statut = 'ouvert' AND date_cloture IS NULL AND motif_cloture IS NULL)"
            " OR (statut = 'clos' AND date_cloture IS NOT NULL AND motif_cloture IS NOT NULL)",
            name="statut",
        ),
    )

    personne_id: Mapped[UUID]
    statut: Mapped[str]
    date_ouverture: Mapped[date]
    date_cloture: Mapped[date | None]
    motif_cloture: Mapped[str | None]
    commentaire_cloture: Mapped[bytes | None]  # sealed
    orientation_id: Mapped[UUID]
    type_parcours: Mapped[str]
    organisme_referent_id: Mapped[UUID]


class Periode(Cle, Base):
    """What one orientation opened, up to the day when the next one takes its place."""

    __tablename__ = "periode"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id", unique=True),
        Index(
            "uq_periode_courante",
            "collectivite",
            "parcours_id",
            unique=True,
            postgresql_where=text("date_fin IS NULL"),
        ),
        Index(None, "collectivite", "parcours_id", "date_debut"),
        CheckConstraint("date_fin >= date_debut", name="dates"),
        ForeignKeyConstraint(
            ["collectivite", "parcours_id"], ["parcours.collectivite", "parcours.id"]
        ),
    )

    parcours_id: Mapped[UUID]
    orientation_id: Mapped[UUID]
    type_parcours: Mapped[str]
    organisme_referent_id: Mapped[UUID]
    date_debut: Mapped[date]
    date_fin: Mapped[date | None]
    cree_le: Mapped[datetime] = mapped_column(server_default=text("now()"))


FREIN_OUVERT = "statut IN ('ouvert', 'en_cours')"


class ColonnesFrein(Versionnee):
    """One episode of a frein, and what the last observation says of it."""

    parcours_id: Mapped[UUID]
    code: Mapped[str]
    libelle: Mapped[str | None]
    statut: Mapped[str]
    niveau: Mapped[str | None]
    date_debut: Mapped[date]
    date_observation: Mapped[date]
    date_fin: Mapped[date | None]
    fondement: Mapped[str | None]
    commentaire_fin: Mapped[bytes | None]  # sealed
    precedent_id: Mapped[UUID | None]
    suivant_id: Mapped[UUID | None]


def _frein(nom: str, codes: str) -> tuple[Any, ...]:
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
    )


class ColonnesObservation(Cle):
    """What was observed of a frein, one day. Never changed."""

    frein_id: Mapped[UUID]
    niveau: Mapped[str | None]
    date_observation: Mapped[date]
    source: Mapped[str]
    commentaire: Mapped[bytes | None]  # sealed
    client_id: Mapped[str]
    cree_le: Mapped[datetime] = mapped_column(server_default=text("now()"))


def _observation(frein: str) -> tuple[Any, ...]:
    return (
        Index(None, "collectivite", "frein_id", "cree_le", "id"),
        ForeignKeyConstraint(
            ["collectivite", "frein_id"], [f"{frein}.collectivite", f"{frein}.id"]
        ),
    )


class ColonnesPrescription(Versionnee):
    """An action for a frein, and the reservation of financement that guarantees it."""

    parcours_id: Mapped[UUID]
    frein_id: Mapped[UUID]
    action_id: Mapped[UUID]
    montant_centimes: Mapped[int]
    places: Mapped[int]
    statut: Mapped[str]
    reservation_id: Mapped[UUID]
    expire_le: Mapped[datetime]
    engagement_id: Mapped[UUID | None]
    motif_annulation: Mapped[str | None]


def _prescription(frein: str) -> tuple[Any, ...]:
    return (
        Index(None, "collectivite", "reservation_id", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "parcours_id", "cree_le", "id"),
        Index(None, "collectivite", "frein_id", "cree_le", "id"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        # `expiree` is not among them: it is a reading of `expire_le`, nobody writes it.
        CheckConstraint(
            "(statut = 'confirmee') = (engagement_id IS NOT NULL)"
            " AND (statut = 'annulee' OR motif_annulation IS NULL)"
            " AND statut IN ('reservee', 'confirmee', 'annulee')",
            name="statut",
        ),
        ForeignKeyConstraint(
            ["collectivite", "parcours_id"], ["parcours.collectivite", "parcours.id"]
        ),
        ForeignKeyConstraint(
            ["collectivite", "frein_id"], [f"{frein}.collectivite", f"{frein}.id"]
        ),
    )


_CODES_SANTE = "('sante', 'handicap')"


class Frein(ColonnesFrein, Base):
    """A frein that is not of health."""

    __tablename__ = "frein"
    __table_args__ = _frein(__tablename__, f"code NOT IN {_CODES_SANTE}")


class Observation(ColonnesObservation, Base):
    """An observation of such a frein."""

    __tablename__ = "observation"
    __table_args__ = _observation("frein")


class Prescription(ColonnesPrescription, Base):
    """A prescription for such a frein."""

    __tablename__ = "prescription"
    __table_args__ = _prescription("frein")


class FreinSante(ColonnesFrein, Base):
    """A frein of health, or the status of handicap."""

    __tablename__ = "frein_sante"
    __table_args__ = _frein(__tablename__, f"code IN {_CODES_SANTE}")


class ObservationSante(ColonnesObservation, Base):
    """An observation of such a frein."""

    __tablename__ = "observation_sante"
    __table_args__ = _observation("frein_sante")


class PrescriptionSante(ColonnesPrescription, Base):
    """A prescription for such a frein: naming the frein would tell that it is of health."""

    __tablename__ = "prescription_sante"
    __table_args__ = _prescription("frein_sante")


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
