"""The unit of work: one transaction, one collectivité.

A `Transaction` is what routes, jobs and followers are given. It tells PostgreSQL whom it works
for, so that row-level security sees this collectivité and no other, and fills the filter
(`siens`) that each query carries too: two nets, of which either alone is enough.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, CursorResult, Insert, TextClause, bindparam, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.base import Executable

from shared.refus import VersionDepassee
from shared.socle.auth import Acces

# A request waits 300 ms at most for a twin or a shared row; a job may wait longer.
ATTENTE_REQUETE, ATTENTE_TRAVAIL = "300ms", "5s"


class _Pilote(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """Says whom a transaction works for in the message that begins it: a round trip less.

    Were it left out, row-level security would show no row.
    """

    __slots__ = ("ouverture",)

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        # It names its isolation once the connection has served without a transaction.
        if query.startswith("BEGIN"):
            query += getattr(self, "ouverture", "")
        return cast(str, await super().execute(query, *args, timeout=timeout))


# One instant for all that is read, and nothing written: no transaction id, so no feed waits for it.
_INSTANTANE = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;"


def _ouverture(collectivite: str, attente: str) -> str:
    # Literals: a message of two statements takes no parameter.
    code, delai = (valeur.replace("'", "''") for valeur in (collectivite, attente))
    return (
        f"SELECT set_config('app.collectivite', '{code}', true),"
        f" set_config('lock_timeout', '{delai}', true)"
    )


class Transaction:
    """A transaction of one collectivité, opened and closed by `Base.transaction`."""

    def __init__(self, connexion: AsyncConnection, acces: Acces) -> None:
        self.connexion = connexion
        self.acces = acces
        # The job whose facts are told to webhooks as one: set by the job, before it writes.
        self.lot: UUID | None = None

    @property
    def collectivite(self) -> str:
        """The code of the collectivité, e.g. 35D."""
        return self.acces.collectivite

    async def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> CursorResult[Any]:
        """Run a statement for this collectivité: its filter, its column or its `:collectivite`."""
        # In an UPDATE a parameter named like a column would be set: the filter's own differs.
        named = "collectivite" if isinstance(statement, Insert | TextClause) else "cloison"
        own = {named: self.collectivite}
        if parameters is None or isinstance(parameters, Mapping):
            values: Any = {**(parameters or {}), **own}
        else:
            values = [{**row, **own} for row in parameters]
        return cast(CursorResult[Any], await self.connexion.execute(statement, values))

    async def add(
        self, table: type[DeclarativeBase], rows: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> None:
        """Insert one row, or several of the same columns."""
        if rows:
            await self.execute(insert(table), rows)


class BaseDeDonnees:
    """The service's database: a pool, and the transactions drawn from it."""

    def __init__(self, url: str, *, connexions: int = 20) -> None:
        self.engine: AsyncEngine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=connexions,
            max_overflow=0,
            pool_timeout=5,
            # An error's text would quote the parameters, hence persons.
            hide_parameters=True,
            connect_args={
                "connection_class": _Pilote,
                "timeout": 5,
                "server_settings": {
                    "application_name": "jalons",
                    "timezone": "UTC",
                    "statement_timeout": "9s",
                    # A writing transaction left open would hide what all others commit to feeds.
                    "idle_in_transaction_session_timeout": "15s",
                },
            },
        )
        self._seules = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def transaction(
        self, acces: Acces, *, attente: str = ATTENTE_REQUETE, instantane: bool = False
    ) -> AsyncIterator[Transaction]:
        """Commit when the block ends, roll back when it raises.

        Args:
            acces: whom it works for.
            attente: how long it waits for a lock.
            instantane: it reads the database as it was when it began, and writes nothing.
        """
        async with self.engine.begin() as connexion:
            pilote = (await connexion.get_raw_connection()).driver_connection
            assert isinstance(pilote, _Pilote)
            pilote.ouverture = (_INSTANTANE if instantane else "") + _ouverture(
                acces.collectivite, attente
            )
            try:
                yield Transaction(connexion, acces)
            finally:
                pilote.ouverture = ""

    @asynccontextmanager
    async def sans_transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection of which each statement commits by itself: one round trip, not four.

        Nothing says whom it works for but the statement itself: without, it sees no row.
        """
        async with self._seules.connect() as connexion:
            yield connexion

    async def aclose(self) -> None:
        """Close the pool."""
        await self.engine.dispose()


def siens(table: type[Any]) -> ColumnElement[bool]:
    """The service's own filter: the rows of the transaction's collectivité."""
    return cast(ColumnElement[bool], table.collectivite == bindparam("cloison"))


def exige_version(courante: int, attendue: int) -> None:
    """Refuse to act on a resource that changed since the caller read it.

    The row must be locked: the test and the write that follows are then one.

    Raises:
        VersionDepassee: the version is not the one expected.
    """
    if courante != attendue:
        raise VersionDepassee(courante)
