"""Tables of financement: what was agreed, what it pays, and the journal that proves it."""

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


def _vers(*noms: str) -> list[ForeignKeyConstraint]:
    """Foreign keys that cannot cross two collectivités, each by `<nom>_id`."""
    return [
        ForeignKeyConstraint(["collectivite", f"{nom}_id"], [f"{nom}.collectivite", f"{nom}.id"])
        for nom in noms
    ]


class Convention(Versionnee, Base):
    """A convention, a pacte or a programme."""

    __tablename__ = "convention"
    __table_args__ = (
        Index(None, "collectivite", "reference", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
    )

    reference: Mapped[str]
    type: Mapped[str]
    intitule: Mapped[str]
    annee_debut: Mapped[int]
    annee_fin: Mapped[int | None]
    statut: Mapped[str]
    nombre_actions: Mapped[int | None]  # as the source says, which may list fewer
    axes: Mapped[list[Any]]
    volets: Mapped[list[Any]]
    signataires: Mapped[list[Any]]
    source: Mapped[str | None]


class Action(Versionnee, Base):
    """An action of a convention."""

    __tablename__ = "action"
    __table_args__ = (
        Index(None, "collectivite", "convention_id", "code", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        *_vers("convention"),
    )

    convention_id: Mapped[UUID]
    code: Mapped[str]
    libelle: Mapped[str]
    axe: Mapped[int | None]
    volet: Mapped[int | None]
    origine: Mapped[str | None]
    caractere: Mapped[str | None]
    mode_capacite: Mapped[str]
    places_ouvertes: Mapped[int | None]
    prix_centimes: Mapped[int | None]
    freins: Mapped[list[Any]]
    source: Mapped[str | None]
    illustratif: Mapped[bool]


class Enveloppe(Versionnee, Base):
    """The money of one funder for one year. Its balances are in `solde`."""

    __tablename__ = "enveloppe"
    __table_args__ = (
        Index(None, "collectivite", "reference", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "convention_id"),
        CheckConstraint("fenetre_debut <= fenetre_fin", name="fenetre"),
        *_vers("convention"),
    )

    reference: Mapped[str]
    convention_id: Mapped[UUID | None]
    exercice: Mapped[int | None]
    financeur: Mapped[str | None]
    perimetre: Mapped[str | None]
    statut: Mapped[str]
    annonce: Mapped[dict[str, Any] | None]
    fenetre_debut: Mapped[date | None]
    fenetre_fin: Mapped[date | None]
    source: Mapped[str | None]


class PartFinancement(Base):
    """The fraction of an action that an envelope pays, and the cents it was given so far.

    `attribue_centimes` is what `repartir` needs so that no funder is favoured; like a balance, it
    moves in the posting's own transaction and equals the replay of the journal.
    """

    __tablename__ = "part_financement"
    __table_args__ = (
        CheckConstraint("attribue_centimes >= 0", name="attribue"),
        CheckConstraint("0 < numerateur AND numerateur <= denominateur", name="fraction"),
        *_vers("action", "enveloppe"),
    )

    collectivite: Mapped[str] = mapped_column(primary_key=True)
    action_id: Mapped[UUID] = mapped_column(primary_key=True)
    enveloppe_id: Mapped[UUID] = mapped_column(primary_key=True)
    rang: Mapped[int]
    numerateur: Mapped[int]
    denominateur: Mapped[int]
    attribue_centimes: Mapped[int] = mapped_column(server_default=text("0"))


class Reservation(Versionnee, Base):
    """Places and cents held until `expire_le`, that instant excluded."""

    __tablename__ = "reservation"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "action_id", "cree_le", "id"),
        # What is due and not yet swept: few rows, whatever the number of reservations.
        Index(
            "ix_reservation_en_attente",
            "collectivite",
            "expire_le",
            "id",
            postgresql_where=text("statut = 'en_attente'"),
        ),
        CheckConstraint(
            "statut IN ('en_attente', 'confirmee', 'annulee', 'expiree')", name="statut"
        ),
        CheckConstraint("(statut = 'en_attente') = (resolue_le IS NULL)", name="resolue"),
        *_vers("action"),
    )

    action_id: Mapped[UUID]
    places: Mapped[int]
    montant_centimes: Mapped[int]
    beneficiaire_ref: Mapped[UUID]
    statut: Mapped[str]
    expire_le: Mapped[datetime]
    resolue_le: Mapped[datetime | None]
    motif: Mapped[str | None]


class ReservationLigne(Base):
    """What a reservation holds: cents of an envelope (eng), or places of its action (pla)."""

    __tablename__ = "reservation_ligne"
    __table_args__ = (
        Index(None, "collectivite", "objet_id"),
        CheckConstraint("quantite > 0", name="quantite"),
        *_vers("reservation"),
    )

    collectivite: Mapped[str] = mapped_column(primary_key=True)
    reservation_id: Mapped[UUID] = mapped_column(primary_key=True)
    objet_id: Mapped[UUID] = mapped_column(primary_key=True)
    livre: Mapped[str]
    rang: Mapped[int]
    quantite: Mapped[int]


class CompteurEngagement(Base):
    """The last number given in a year."""

    __tablename__ = "compteur_engagement"

    collectivite: Mapped[str] = mapped_column(primary_key=True)
    exercice: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    dernier: Mapped[int]


class Engagement(Versionnee, Base):
    """What a confirmed reservation became."""

    __tablename__ = "engagement"
    __table_args__ = (
        Index(None, "collectivite", "exercice", "numero", unique=True),
        Index(None, "collectivite", "reservation_id", unique=True),  # I-40, by the database too
        Index(None, "collectivite", "cree_le", "id"),
        *_vers("action", "reservation"),
    )

    exercice: Mapped[int]
    numero: Mapped[int]
    action_id: Mapped[UUID]
    reservation_id: Mapped[UUID]
    beneficiaire_ref: Mapped[UUID]
    date_engagement: Mapped[date]
    places: Mapped[int]
    montant_centimes: Mapped[int]
    statut: Mapped[str]


class EngagementLigne(Base):
    """The cents of an engagement that an envelope pays."""

    __tablename__ = "engagement_ligne"
    __table_args__ = (
        Index(None, "collectivite", "enveloppe_id"),
        CheckConstraint("montant_centimes > 0", name="montant"),
        *_vers("engagement", "enveloppe"),
    )

    collectivite: Mapped[str] = mapped_column(primary_key=True)
    engagement_id: Mapped[UUID] = mapped_column(primary_key=True)
    enveloppe_id: Mapped[UUID] = mapped_column(primary_key=True)
    rang: Mapped[int]
    montant_centimes: Mapped[int]


class Chaine(Base):
    """The head of a collectivité's journal. Locked last, and held shortest."""

    __tablename__ = "chaine"

    collectivite: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    empreinte: Mapped[bytes]


class Ecriture(Cle, Base):
    """An entry of the journal. Insert-only, gapless, chained."""

    __tablename__ = "ecriture"
    __table_args__ = (
        Index(None, "collectivite", "seq", unique=True),
        # A contre-passation exists at most once per original (I-06).
        Index(None, "collectivite", "extourne_de", unique=True),
        ForeignKeyConstraint(
            ["collectivite", "extourne_de"], ["ecriture.collectivite", "ecriture.id"]
        ),
        *_vers("action", "reservation", "engagement"),
    )

    seq: Mapped[int]
    evenement: Mapped[str]
    date_effet: Mapped[date]
    inscrite_le: Mapped[datetime]
    client_id: Mapped[str]
    action_id: Mapped[UUID | None]
    reservation_id: Mapped[UUID | None]
    engagement_id: Mapped[UUID | None]
    extourne_de: Mapped[UUID | None]
    source: Mapped[str | None]
    empreinte_precedente: Mapped[bytes]
    empreinte: Mapped[bytes]


class LigneEcriture(Base):
    """A line of an entry: an account, a side, an integer quantity. Insert-only."""

    __tablename__ = "ligne_ecriture"
    __table_args__ = (
        Index(None, "collectivite", "objet_id"),
        CheckConstraint("quantite > 0", name="quantite"),
        CheckConstraint("sens IN ('debit', 'credit')", name="sens"),
        *_vers("ecriture"),
    )

    collectivite: Mapped[str] = mapped_column(primary_key=True)
    ecriture_id: Mapped[UUID] = mapped_column(primary_key=True)
    rang: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    livre: Mapped[str]
    poste: Mapped[str]
    objet_id: Mapped[UUID]
    sens: Mapped[str]
    quantite: Mapped[int]
    actif: Mapped[str]


class Solde(Base):
    """The balance of an account of an object, in its normal direction: never below zero.

    Kept with each posting, and equal to the replay of the journal (I-07). The `disponible` row of
    an object is its gate: whoever moves a balance of the object holds it first.
    """

    __tablename__ = "solde"
    __table_args__ = (CheckConstraint("solde >= 0", name="positif"),)

    collectivite: Mapped[str] = mapped_column(primary_key=True)
    objet_id: Mapped[UUID] = mapped_column(primary_key=True)
    livre: Mapped[str] = mapped_column(primary_key=True)
    poste: Mapped[str] = mapped_column(primary_key=True)
    solde: Mapped[int] = mapped_column(server_default=text("0"))
