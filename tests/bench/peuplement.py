"""A collectivité of any size, written by the server itself: `INSERT … SELECT generate_series`.

Three years of one département, one service's part of it (`peuplement_*.py`). What a table has and
that part does not name is filled by its type, so that a new column needs nothing here. Nobody: the
names are numbers, the NIR are digests of nothing.
"""

import json
import re
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal
from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql

from shared.socle import tables as socle

_DIALECTE = postgresql.dialect()  # type: ignore[no-untyped-call]
_TROIS_ANS_MS = 3 * 365 * 86_400_000
# Not of persons: the collectivité's own, what is read and forgotten, and what a client asks.
_AUTRES = frozenset(
    {"collectivite", "epoque", "quota", "suivi", "version_referentiel", "volume_lu"}
    # What a receiver is sent follows the feed, and no read of a person.
    | {"webhook", "webhook_livraison", "webhook_position"}
    # Files do not grow with persons.
    | {"import_lignes", "import_lignes_morceau", "import_lignes_resultat", "import_reference"}
)
_DE_QUI: Mapping[str, LiteralString] = {"evenement": "n % 10 = 0", "idempotence": "n % 40 = 0"}
_VALEURS: Mapping[str, Mapping[str, LiteralString]] = {
    "evenement": {
        "evenement_id": "{id:evenement}",
        "type": "'essai.essai.ouvert'",
        "ressource": "'essais'",
        "id": "{id:evenement}",
        "trace": "md5(n::text)",
    },
    "idempotence": {"methode": "'POST'", "route": "'/v1/essai'", "cle": "n::text"},
}
# Of a column that is not named.
_PAR_TYPE: Mapping[str, LiteralString] = {
    "BIGINT": "1",
    "INTEGER": "1",
    "BOOLEAN": "false",
    "BYTEA": "sha256(n::text::bytea)",
    "DATE": "cree::date",
    "JSONB": "'[]'",
    "TEXT": "n::text",
    "TIMESTAMP WITH TIME ZONE": "cree",
}
_NOM_D_ID = re.compile(r"{id:(\w+)(?::([^:}]+))?(?::([^:}]+))?}")


@dataclass(frozen=True)
class Requete:
    """One POST, that must succeed."""

    chemin: str
    corps: Mapping[str, Any]
    version: int | None = None


Exemple = Generator[Requete, dict[str, Any], None]
"""The requests that make one case, each told what the one before was answered."""


@dataclass(frozen=True)
class Population:
    """One service's part of a collectivité.

    Args:
        tables: those of the service; the common ones are added.
        base: a sub-select of SQL with a row for each person: `n`, `cree` (when they came), and
            what `de_qui` and `valeurs` speak of. `{name}` is a constant, `{id:table}` the id of
            that person's row of a table, `{id:table:n:j}` of any.
        de_qui: of which persons a table has rows. One that is not here: of each tenth.
        combien: rows of a table for each person, told apart by `j`, from zero. Not here: one.
        valeurs: columns of a table that their type does not tell.
        avant: SQL run first, for what no request makes.
        exemple: what is then asked of the service; `modele` reads of it what all the others copy.
        autres: tables that are left empty.
        ensuite: SQL run at the end.
        de: the table whose id an id of nobody's knows is.
        noms: tables whose ids bear another name.
        seulement: which rows of its table a name tells, in SQL, where it does not tell them all.
        filtres: values of the filters of lists, where neither the document nor a table tells.
        ni_listes_ni_personnes: beginnings of paths that neither list nor read people.
        exemptes: a regular expression of the requests whose cost follows the number of people, or
            is another service's; each says why.
        blocs_max: blocks that a page may read, whatever the size.
    """

    service: str
    tables: Sequence[Table]
    base: LiteralString
    de_qui: Mapping[str, LiteralString]
    valeurs: Mapping[str, Mapping[str, LiteralString]]
    exemple: Callable[[], Exemple]
    modele: LiteralString
    de: str
    constantes: Mapping[str, Any] = field(default_factory=dict)
    combien: Mapping[str, int] = field(default_factory=dict)
    autres: frozenset[str] = frozenset()
    avant: LiteralString = "SELECT"
    ensuite: LiteralString = "SELECT"
    noms: Mapping[str, str] = field(default_factory=dict)
    seulement: Mapping[str, LiteralString] = field(default_factory=dict)
    filtres: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ni_listes_ni_personnes: tuple[str, ...] = ()
    exemptes: str = "^$"
    blocs_max: int = 3_000

    @property
    def petites(self) -> frozenset[str]:
        """The tables whose rows do not follow the number of people: to read them whole is best."""
        bornees = {nom for nom, qui in self.de_qui.items() if re.match(r"n <= ({\w+}|\d+)$", qui)}
        return _AUTRES | self.autres | bornees

    def table(self, nom: str) -> str:
        """The table whose id a name tells."""
        nom = nom.removesuffix("_id")
        return self.noms.get(nom, nom)


def preparer(population: Population, url: str, code: str) -> None:
    """Write what no request makes, for the example to stand on."""
    with psycopg.connect(url) as base:
        base.execute(SQL(population.avant).format(code=Literal(code)))


def peupler(
    population: Population,
    url: str,
    code: str,
    client: str,
    personnes: int,
    constantes: Mapping[str, Any] | None = None,
) -> None:
    """Write so many persons, and what hangs from them, in a collectivité that has one example.

    Args:
        url: administration role, on the database of the service: foreign keys are not checked.
        code: the collectivité, which is open.
        client: who speaks for the first organisme.
        constantes: in the place of those of the population.
    """
    with psycopg.connect(url, autocommit=True) as base:
        base.execute("SET session_replication_role = replica")
        base.execute("SET synchronous_commit = off")
        copie = base.cursor(row_factory=dict_row).execute(population.modele, [code]).fetchone()
        assert copie is not None
        pas = _TROIS_ANS_MS // personnes
        debut = time.time_ns() // 1_000_000 - pas * personnes
        valeurs = {
            "client": client,
            "personnes": personnes,
            **population.constantes,
            **copie,
            **(constantes or {}),
        }
        litteraux: dict[str, Composable] = {
            nom: Literal(json.dumps(valeur) if isinstance(valeur, dict | list) else valeur)
            for nom, valeur in valeurs.items()
        }
        litteraux["instant"] = SQL("({} + n * {}::bigint)").format(Literal(debut), Literal(pas))
        ecrivain = _Ecrivain(population, code, litteraux, debut, pas)
        with _sans_index(base, ecrivain.tables):
            for table in ecrivain.tables:
                if table.name not in _AUTRES | population.autres:
                    base.execute(ecrivain.insertion(table))
        base.execute(population.ensuite)
        base.execute("VACUUM (ANALYZE)")


@contextmanager
def _sans_index(base: psycopg.Connection[Any], tables: Sequence[Table]) -> Iterator[None]:
    """Put the indexes away, those of keys apart, and make them again: quicker than row by row."""
    index = base.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " JOIN pg_class ON pg_class.oid = indrelid"
        " WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%s)"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
        [[table.name for table in tables]],
    ).fetchall()
    for nom, _ in index:
        base.execute(SQL("DROP INDEX {}").format(SQL(nom)))
    yield
    base.execute("SET maintenance_work_mem = '512MB'")
    for _, definition in index:
        base.execute(definition)


class _Ecrivain:
    """Says the rows of each table in SQL."""

    def __init__(
        self,
        population: Population,
        code: str,
        litteraux: Mapping[str, Composable],
        debut: int,
        pas: int,
    ) -> None:
        self.tables = (*socle.Base.metadata.sorted_tables, *population.tables)
        self._population, self._code, self._litteraux = population, code, litteraux
        self._debut, self._pas = debut, pas
        self._sortes = [table.name for table in self.tables]

    def insertion(self, table: Table) -> Composed:
        """The statement that writes all the rows of a table."""
        valeurs = {
            colonne.name: texte
            for colonne in table.columns
            if (texte := self._valeur(table, colonne)) is not None
        }
        de_qui = {**_DE_QUI, **self._population.de_qui}.get(table.name, "n % 10 = 0")
        # Constants of these pages, and literals put in by psycopg.
        choix = _NOM_D_ID.sub(
            self._identifiant,
            f"SELECT {', '.join(valeurs.values())} FROM {self._population.base},"
            f" generate_series(0, {self._population.combien.get(table.name, 1) - 1}) j"
            f" WHERE {de_qui}",
        )
        return SQL("INSERT INTO {} ({}) {}").format(
            Identifier(table.name),
            SQL(", ").join(Identifier(nom) for nom in valeurs),
            SQL(choix).format(**self._litteraux),
        )

    def _identifiant(self, trouve: re.Match[str]) -> str:
        """As the service makes them: in the order of time."""
        nom, rang, j = trouve[1], trouve[2] or "n", trouve[3] or "0"
        # A resource that another service has is told apart too.
        if nom not in self._sortes:
            self._sortes.append(nom)
        instant = f"{self._debut} + ({rang}) * {self._pas}::bigint"
        return (
            f"(lpad(to_hex({instant}), 12, '0') || '7{self._sortes.index(nom):03x}8000'"
            f" || lpad(to_hex(({rang})::bigint * 16 + ({j})), 12, '0'))::uuid"
        )

    def _valeur(self, table: Table, colonne: Column[Any]) -> str | None:
        """What a column is given: SQL over the base; None: its default."""
        nommees = {**_VALEURS, **self._population.valeurs}.get(table.name, {})
        if colonne.name in nommees:
            return nommees[colonne.name]
        match colonne.name:
            case "collectivite":
                return f"'{self._code}'"
            case "id":
                return f"{{id:{table.name}:n:j}}"
            case "cree_le" | "modifie_le" | "survenu_le":
                return "cree + j * interval '1 minute'"
            case "client_id":
                return "{client}"
        if colonne.nullable or colonne.server_default is not None or colonne.identity is not None:
            return None
        autre = self._population.table(colonne.name)
        if colonne.name.endswith("_id") and autre in self._sortes:
            return f"{{id:{autre}}}"
        codes = colonne.info["colonne"].codes
        if isinstance(codes, type) and issubclass(codes, StrEnum) and str(colonne.type) == "TEXT":
            return f"'{next(iter(codes)).value}'"
        nom = str(colonne.type.compile(dialect=_DIALECTE))
        return f"{{id:{self._population.de}}}" if nom == "UUID" else _PAR_TYPE[nom]
