"""Sessions, convocations, first contacts."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped

from services.orientation.tables.base import Base
from shared.schemas.orientation.accueils import (
    ModeConvocation,
    MotifAbsence,
    MotifContact,
    MotifDispense,
    PresenceAccueil,
    StatutAccueil,
    StatutConvocation,
    TypeAccueil,
    TypeContact,
    TypeLieu,
)
from shared.socle.dictionnaire import AUCUNE, INDIRECTE, colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee


class Accueil(Versionnee, Base):
    """A session of welcome: where, when, for how many; cancelled or held by acts only."""

    __tablename__ = "accueil"
    __table_args__ = (
        Index(None, "collectivite", "debut_le", "id"),
        Index(None, "collectivite", "type", "debut_le", "id"),
        Index(None, "collectivite", "code_commune", "debut_le", "id"),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "type", "cree_le", "id"),
        Index(None, "collectivite", "code_commune", "cree_le", "id"),
        CheckConstraint("statut IN ('programme', 'tenu', 'annule')", name="statut"),
        CheckConstraint("fin_le > debut_le", name="horaires"),
        CheckConstraint("places > 0", name="places"),
        ForeignKeyConstraint(
            ["collectivite", "organisme_referent_id"],
            ["organisme_referent.collectivite", "organisme_referent.id"],
        ),
        fiche(
            "Une séance d'accueil : réunion, entretien, permanence ; où, quand, combien de places",
            source="POST /v1/accueils",
        ),
    )

    type: Mapped[str] = colonne("Ce qui s'y fait", codes=TypeAccueil)
    statut: Mapped[str] = colonne("Où elle en est", source="service", codes=StatutAccueil)
    type_lieu: Mapped[str] = colonne("Chez qui elle se tient", codes=TypeLieu)
    lieu: Mapped[str] = colonne("Nom du lieu, public")
    code_commune: Mapped[str] = colonne("Code Insee de la commune du lieu")
    debut_le: Mapped[datetime] = colonne("Début de la séance")
    fin_le: Mapped[datetime] = colonne("Fin de la séance")
    places: Mapped[int | None] = colonne(
        "Personnes qui peuvent y être convoquées ; vide : sans limite", unite="personnes"
    )
    organisme_referent_id: Mapped[UUID | None] = colonne("Organisme qui la tient")
    motif_annulation: Mapped[str | None] = colonne(
        "Pourquoi elle est annulée", source="POST /v1/accueils/{id}/annulations"
    )


class Convocation(Versionnee, Base):
    """A person invited to a session, and what came of it."""

    __tablename__ = "convocation"
    __table_args__ = (
        Index(None, "collectivite", "accueil_id", "personne_id", unique=True),
        Index(None, "collectivite", "personne_id", "type"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        Index(None, "collectivite", "cree_le", "id"),
        CheckConstraint(
            "statut IN ('envoyee', 'honoree', 'a_relancer', 'relancee')", name="statut"
        ),
        CheckConstraint("presence IN ('presente', 'absente', 'excusee')", name="presence"),
        ForeignKeyConstraint(
            ["collectivite", "accueil_id"], ["accueil.collectivite", "accueil.id"]
        ),
        ForeignKeyConstraint(
            ["collectivite", "personne_id"], ["personne.collectivite", "personne.id"]
        ),
        fiche(
            "Une personne convoquée à une séance d'accueil, et la suite",
            source="POST /v1/accueils/{id}/convocations",
            donnee=INDIRECTE,
        ),
    )

    accueil_id: Mapped[UUID] = colonne("Séance")
    personne_id: Mapped[UUID] = colonne("Personne convoquée")
    type: Mapped[str] = colonne("Type de la séance", source="accueil", codes=TypeAccueil)
    statut: Mapped[str] = colonne("Où elle en est", source="service", codes=StatutConvocation)
    mode: Mapped[str] = colonne("Comment la personne est prévenue", codes=ModeConvocation)
    date_envoi: Mapped[date] = colonne("Jour de l'envoi")
    precedente_id: Mapped[UUID | None] = colonne(
        "Convocation que celle-ci relance ; vide : première", source="service"
    )
    rang_relance: Mapped[int] = colonne(
        "Relances après une absence, celle-ci comprise ; une séance annulée ne compte pas",
        source="service",
        unite="rang",
    )
    presence: Mapped[str | None] = colonne(
        "Dernière présence constatée", source="constats", codes=PresenceAccueil
    )


class Presence(Ecrite, Cle, Base):
    """One statement of presence at a session. Never changed: another one corrects it."""

    __tablename__ = "presence"
    __table_args__ = (
        Index(None, "collectivite", "convocation_id"),
        CheckConstraint("presence IN ('presente', 'absente', 'excusee')", name="presence"),
        ForeignKeyConstraint(
            ["collectivite", "convocation_id"], ["convocation.collectivite", "convocation.id"]
        ),
        fiche(
            "Un constat de présence ou d'absence à une séance ; immuable, un autre le corrige",
            source="POST /v1/convocations/{id}/presences",
            donnee=INDIRECTE,
        ),
    )

    convocation_id: Mapped[UUID] = colonne("Convocation")
    presence: Mapped[str] = colonne("Ce qui est constaté", codes=PresenceAccueil)
    motif: Mapped[str | None] = colonne("Motif d'une absence, jamais de santé", codes=MotifAbsence)
    date_constat: Mapped[date] = colonne("Jour du constat")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", AUCUNE, source="jeton")


class Dispense(Ecrite, Cle, Base):
    """A person is dispensed from a step of the welcome, with a reason. Never changed."""

    __tablename__ = "dispense"
    __table_args__ = (
        Index(None, "collectivite", "personne_id"),
        ForeignKeyConstraint(
            ["collectivite", "personne_id"], ["personne.collectivite", "personne.id"]
        ),
        fiche(
            "Une personne dispensée d'une étape de l'accueil, avec un motif ; immuable",
            source="POST /v1/personnes/{id}/dispenses",
            donnee=INDIRECTE,
        ),
    )

    personne_id: Mapped[UUID] = colonne("Personne dispensée")
    type: Mapped[str] = colonne("Étape dont elle est dispensée", codes=TypeAccueil)
    motif: Mapped[str] = colonne("Pourquoi, jamais pour raison de santé", codes=MotifDispense)
    date_dispense: Mapped[date] = colonne("Jour de la dispense")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", AUCUNE, source="jeton")


class Contact(Ecrite, Cle, Base):
    """A first-level contact of the accueil social universel: counted, and no orientation."""

    __tablename__ = "contact"
    __table_args__ = (
        Index(None, "collectivite", "date_contact", "id"),
        Index(None, "collectivite", "cree_le", "id"),
        ForeignKeyConstraint(
            ["collectivite", "personne_id"], ["personne.collectivite", "personne.id"]
        ),
        fiche(
            "Un premier contact de l'accueil social universel, qui n'est pas une orientation",
            source="POST /v1/contacts",
            donnee=INDIRECTE,
        ),
    )

    personne_id: Mapped[UUID | None] = colonne("Personne, si elle est connue ; vide : compté")
    type: Mapped[str] = colonne("Comment il a eu lieu", codes=TypeContact)
    type_lieu: Mapped[str] = colonne("Chez qui", codes=TypeLieu)
    lieu: Mapped[str] = colonne("Nom du lieu, public")
    date_contact: Mapped[date] = colonne("Jour du contact")
    motif: Mapped[str] = colonne("Ce qui est demandé, jamais de santé", codes=MotifContact)
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", AUCUNE, source="jeton")
