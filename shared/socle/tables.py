"""Tables that every service has, and the types and columns that all tables share.

Each table is keyed by `collectivite`, so that a foreign key cannot cross two of them, and is
put under row-level security by its migration (`shared/socle/migrations.py`).
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Date,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

TYPES: dict[Any, Any] = {
    str: Text(),
    int: BigInteger(),  # a 32-bit column of cents stops at 21 474 836,47 €
    bytes: LargeBinary(),
    date: Date(),
    datetime: TIMESTAMP(timezone=True),
    UUID: Uuid(),
    dict[str, Any]: JSONB(),
    list[Any]: JSONB(),
}


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id, written by the server, compared by it."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


class Cle:
    """The key of a row: its collectivité, then its id."""

    collectivite: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)


class Versionnee(Cle):
    """A resource that changes: its version is its ETag."""

    version: Mapped[int] = mapped_column(server_default=text("1"))
    cree_le: Mapped[datetime] = mapped_column(server_default=text("now()"))
    modifie_le: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Base(DeclarativeBase):
    """Metadata of the common tables; each service has one of its own beside it."""

    metadata = MetaData(naming_convention=CONVENTION)
    type_annotation_map = TYPES


class Collectivite(Base):
    """The département that the service works for, and what is local to it.

    Codes, labels and time zones are public: every tenant's row may be read, so that the worker
    knows whom to work for; only its own may be written.
    """

    __tablename__ = "collectivite"

    collectivite: Mapped[str] = mapped_column(primary_key=True)
    libelle: Mapped[str]
    ideparte: Mapped[str]
    fuseau: Mapped[str]
    delais: Mapped[list[Any]]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    cree_le: Mapped[datetime] = mapped_column(server_default=text("now()"))
    modifie_le: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Idempotence(Base):
    """One command of one client, and the answer it got. Kept seven days."""

    __tablename__ = "idempotence"

    collectivite: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(primary_key=True)
    methode: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    cle: Mapped[str] = mapped_column(primary_key=True)
    empreinte: Mapped[bytes]
    statut: Mapped[int | None]
    entetes: Mapped[dict[str, Any] | None]
    corps: Mapped[bytes | None]  # sealed
    cree_le: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Evenement(Base):
    """The change feed, append-only, and who caused each change.

    Read below `pg_snapshot_xmin` and ordered by (xid, seq): a `bigserial` alone would let a slow
    transaction commit behind a reader for ever.
    """

    __tablename__ = "evenement"
    __table_args__ = (Index(None, "collectivite", "xid", "seq"),)

    collectivite: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    xid: Mapped[int] = mapped_column(Xid8(), server_default=text("pg_current_xact_id()"))
    evenement_id: Mapped[UUID]
    type: Mapped[str]
    ressource: Mapped[str]
    id: Mapped[UUID]
    version: Mapped[int]
    operation: Mapped[str]
    survenu_le: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    client_id: Mapped[str]
    trace: Mapped[str]


class Suivi(Base):
    """How far this service has followed a sibling's feed."""

    __tablename__ = "suivi"

    collectivite: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[str]
    modifie_le: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Epoque(Base):
    """One row: the life of this database. A restored one must take another.

    Transaction ids restart in a restored server: a cursor of another epoch is refused.
    """

    __tablename__ = "epoque"

    epoque: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
