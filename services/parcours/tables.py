"""Tables of parcours: periods of accompaniment, freins as observed, and what was prescribed.

Health has tables of its own (contract guide, 16.3), of the same columns: a query that does not
name them cannot show it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase, Mapped

from shared.schemas.orientation import NiveauFrein, TypeParcours
from shared.schemas.parcours import (
    FondementLevee,
    SourceObservation,
    StatutFrein,
    StatutParcours,
    StatutPrescription,
)
from shared.socle.dictionnaire import AUCUNE, CHIFFREE, INDIRECTE, Donnee, colonne, fiche
from shared.socle.tables import CONVENTION, TYPES, Cle, Ecrite, Versionnee


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
        fiche(
            "L'accompagnement d'une personne ; sa dernière période y est recopiée",
            source="orientation : décision suivie par le fil",
            donnee=INDIRECTE,
        ),
    )

    personne_id: Mapped[UUID] = colonne("Personne, opaque : son identité est dans orientation")
    statut: Mapped[str] = colonne("Ouvert ou clos", source="service", codes=StatutParcours)
    date_ouverture: Mapped[date] = colonne("Jour d'effet de la première orientation")
    date_cloture: Mapped[date | None] = colonne(
        "Jour de sortie", source="POST /v1/parcours/{id}/clotures"
    )
    motif_cloture: Mapped[str | None] = colonne(
        "Pourquoi il est clos", source="POST /v1/parcours/{id}/clotures", codes="motifs-sortie"
    )
    commentaire_cloture: Mapped[bytes | None] = colonne(
        "Texte libre de la sortie, scellé (AES-256-GCM)",
        CHIFFREE,
        source="POST /v1/parcours/{id}/clotures",
    )
    orientation_id: Mapped[UUID] = colonne("Orientation de la dernière période")
    type_parcours: Mapped[str] = colonne("Type de la dernière période", codes=TypeParcours)
    organisme_referent_id: Mapped[UUID] = colonne("Organisme référent de la dernière période")


class Periode(Ecrite, Cle, Base):
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
        fiche(
            "Ce qu'une orientation a ouvert, jusqu'au jour où la suivante prend sa place",
            source="orientation : décision suivie par le fil",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours", source="service")
    orientation_id: Mapped[UUID] = colonne("Orientation qui l'a ouverte")
    type_parcours: Mapped[str] = colonne("Type de parcours décidé", codes=TypeParcours)
    organisme_referent_id: Mapped[UUID] = colonne("Organisme référent décidé")
    date_debut: Mapped[date] = colonne("Premier jour : celui de l'effet de la décision")
    date_fin: Mapped[date | None] = colonne(
        "Jour où elle cesse et où la suivante commence ; vide : en cours", source="service"
    )


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


def _prescription(frein: str, sens: str, donnee: Donnee) -> tuple[Any, ...]:
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
