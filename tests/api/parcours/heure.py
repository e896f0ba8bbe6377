"""The time of the database, made that of the service: what was known on which day can be lived.

Rows are dated by the clock of PostgreSQL, which no test moves. For one collectivité, whatever is
written with that clock's instant takes the one that is told here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from shared.socle import tables as communes
from tests.api.parcours.conftest import Horloge

_CHANGER = SQL(
    "CREATE OR REPLACE FUNCTION {nom}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " RETURN jsonb_populate_record(NEW, (SELECT coalesce(jsonb_object_agg(key, {instant}::text),"
    " '{{}}') FROM jsonb_each(to_jsonb(NEW)) WHERE value = to_jsonb(now()))); END $$"
)
_POSER = SQL(
    "CREATE TRIGGER {nom} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW"
    " WHEN (NEW.collectivite = {code}) EXECUTE FUNCTION {nom}()"
)


_TABLES = (
    "SELECT table_name FROM information_schema.columns"
    " WHERE table_schema = 'public' AND column_name = 'collectivite' ORDER BY 1"
)


def tables_du_service(base: psycopg.Connection) -> list[str]:
    """The tables of a service's own, all that it keeps of persons."""
    found = [nom for (nom,) in base.execute(_TABLES).fetchall()]
    return [nom for nom in found if nom not in communes.Base.metadata.tables]


@dataclass(frozen=True)
class Heure:
    """One time for the service and for what its database writes of one collectivité."""

    base: psycopg.Connection
    nom: Identifier
    horloge: Horloge

    @property
    def jour(self) -> date:
        """The civil day: it is ten in the morning in UTC, and the same day in Paris."""
        return self.horloge().date()

    def mettre(self, instant: datetime) -> None:
        """Set the time."""
        self.horloge.instant = instant
        self.base.execute(
            _CHANGER.format(nom=self.nom, instant=Literal(instant.isoformat())).as_string()
        )

    def passer(self, jours: int) -> None:
        """Let days pass."""
        self.mettre(self.horloge() + timedelta(days=jours))


@contextmanager
def base_a_l_heure(url: str, code: str, horloge: Horloge) -> Iterator[Heure]:
    """Give the database the service's time, for the rows of one collectivité.

    Args:
        url: of the database, as its owner.
    """
    nom = Identifier(f"heure_{code.lower()}")
    with psycopg.connect(url, autocommit=True) as base:
        base.execute("SELECT set_config('app.collectivite', %s, false)", [code])
        heure = Heure(base, nom, horloge)
        heure.mettre(horloge())
        for table in tables_du_service(base):
            base.execute(_POSER.format(nom=nom, table=Identifier(table), code=Literal(code)))
        try:
            yield heure
        finally:
            base.execute(SQL("DROP FUNCTION {} CASCADE").format(nom))
