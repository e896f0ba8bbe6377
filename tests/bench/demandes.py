"""Every request that reads a collectivité: by id, and each list by each of its filters and orders.

Made from the OpenAPI document and from the rows that are there: a new list or order is asked
without being named here; a new filter or path fails until the population or a table answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, product
from typing import Any, LiteralString
from urllib.parse import urlencode

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from tests.bench.peuplement import Population

_ORDINAIRES = frozenset({"limite", "curseur", "champs", "tri"})
# Neither lists nor reads of people: the feed, what counts them, the département's own, and jobs.
_AUTRES = (
    "/v1/changements",
    "/v1/statistiques/",
    "/v1/limites",
    "/v1/collectivites/",
    "/v1/referentiels",
    "/v1/webhooks",
    "/v1/exports",
    "/v1/volumes-lus",
    # Of the sandbox alone.
    "/v1/horloges-de-test",
    "/v1/pannes-de-test",
)
_COMBIEN = 100

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Demande:
    """One kind of request.

    Args:
        nom: its route, its filters and its order.
        chemins: paths of this kind, of as many rows.
        refusee: a range of one column in the order of another, which no index gives.
    """

    nom: str
    chemins: Sequence[str]
    refusee: bool = False


class Demandes:
    """What can be asked of the rows that a database holds."""

    def __init__(
        self,
        population: Population,
        document: Mapping[str, Any],
        base: psycopg.Connection[Any],
        code: str,
        jour: date,
    ) -> None:
        self._population, self._document = population, document
        self._base, self._code, self._jour = base, code, jour
        self._tables = {table.name: table for table in population.tables}
        self._lues: dict[tuple[str, str], Sequence[Mapping[str, Any]]] = {}

    def __iter__(self) -> Iterator[Demande]:
        autres = (*_AUTRES, *self._population.ni_listes_ni_personnes)
        for chemin, operations in self._document["paths"].items():
            if "get" in operations and not chemin.startswith(autres):
                for nom, chemins in self._chemins(chemin):
                    yield from self._route(nom, chemins, operations["get"].get("parameters", ()))

    def _route(
        self, nom: str, chemins: Sequence[str], parametres: Sequence[Mapping[str, Any]]
    ) -> Iterator[Demande]:
        lus = {un["name"]: un for un in parametres if un["in"] == "query"}
        filtres = {nom: un["schema"] for nom, un in lus.items() if nom not in _ORDINAIRES}
        requis = {nom for nom, un in lus.items() if un.get("required")}
        tris: list[str | None] = [None]
        # An order by default whatever the filters: it is that of the column of the range.
        range_seul = False
        if "tri" in lus:
            schema = lus["tri"]["schema"]
            range_seul = "default" not in schema
            motif = schema["pattern"].removeprefix("^-?(").removesuffix(")$")
            tris = [f"{signe}{nom}" for nom in motif.split("|") for signe in ("-", "")]
        for query, tri in product(self._queries(filtres), tris):
            if not requis <= dict(query).keys():
                continue
            demande = urlencode((*query, *([("tri", tri)] if tri else ())))
            suite = f"?{demande}" if demande else ""
            yield Demande(
                f"{nom}{suite}",
                [f"{un}{suite}" for un in chemins],
                refusee=range_seul and tri is not None and _refusee(dict(query), tri.lstrip("-")),
            )

    def _queries(self, filtres: Mapping[str, Mapping[str, Any]]) -> Iterator[Query]:
        """No filter, each value of each, two of one, and two or three of different columns."""
        seuls: dict[str, list[Query]] = {}
        for nom in filtres:
            if nom.endswith("_max"):
                continue
            colonne = nom.removesuffix("_min")
            seuls[colonne] = list(self._filtre(nom, filtres))
        yield ()
        for valeurs in seuls.values():
            yield from valeurs
            if len(valeurs) > 1 and filtres[valeurs[0][0][0]]["type"] == "array":
                yield (*valeurs[0], *valeurs[1])
        for deux in combinations(seuls.values(), 2):
            yield from ((*un, *autre) for un, autre in product(*deux))
        yield from (
            (*un[0], *autre[0], *encore[0]) for un, autre, encore in combinations(seuls.values(), 3)
        )

    def _filtre(self, nom: str, filtres: Mapping[str, Mapping[str, Any]]) -> Iterator[Query]:
        schema = filtres[nom]
        valeur = schema.get("items", schema)
        valeur = next((un for un in valeur.get("anyOf", ()) if "$ref" in un), valeur)
        if "$ref" in valeur:
            valeur = self._document["components"]["schemas"][valeur["$ref"].rsplit("/", 1)[1]]
        if codes := valeur.get("enum"):
            yield from (((nom, code),) for code in codes)
        elif nom.endswith("_min"):
            debut, fin = self._jour - timedelta(days=400), self._jour - timedelta(days=393)
            heure = "T00:00:00Z" if "_le_" in nom else ""
            bornes = ((nom, f"{debut}{heure}"), (nom.removesuffix("min") + "max", f"{fin}{heure}"))
            yield tuple(borne for borne in bornes if borne[0] in filtres)
        elif valeurs := self._population.filtres.get(nom):
            yield from (((nom, un),) for un in valeurs)
        elif valeur.get("format") == "date":
            yield ((nom, str(self._jour - timedelta(days=100))),)
        elif valeur.get("type") == "integer":
            yield ((nom, str(valeur["maximum"])),)
        else:
            yield ((nom, str(self._connu(nom))),)

    def _connu(self, nom: str) -> Any:
        """The id of another resource: one of those that this one has."""
        table = self._population.table(nom)
        if table in self._tables:
            return self._rows(table)[-1]["id"]
        qui_l_a = next(un for un in self._tables.values() if nom in un.columns)
        return self._rows(qui_l_a.name)[-1][nom]

    def _chemins(self, chemin: str) -> Iterator[tuple[str, Sequence[str]]]:
        """The paths of a route; those of health, which are read elsewhere, apart."""
        noms = [un.strip("{}") for un in chemin.split("/") if un.startswith("{")]
        if not noms:
            yield chemin, [chemin]
            return
        # The last one names a row, which knows those before it.
        dernier = noms[-1]
        table = self._population.table(dernier)
        for volet in (table, f"{table}_sante"):
            if volet in self._tables:
                nom = chemin if volet == table else chemin.replace(f"{{{dernier}}}", f"{{{volet}}}")
                condition = self._population.seulement.get(dernier.removesuffix("_id"), "true")
                rows = self._rows(volet, condition)
                yield nom, [chemin.format(**{**row, dernier: row["id"]}) for row in rows]

    def _rows(self, table: str, condition: LiteralString = "true") -> Sequence[Mapping[str, Any]]:
        """Rows of a table from anywhere, then the oldest, then the newest, which is the last."""
        lues = (table, condition)
        if lues not in self._lues:
            un = (
                SQL("SELECT * FROM {} {{}} WHERE collectivite = %s AND {} {{}} LIMIT %s")
                .format(Identifier(table), SQL(condition))
                .as_string()
            )
            rows: list[Mapping[str, Any]] = []
            for echantillon, ordre in (
                ("TABLESAMPLE SYSTEM (10) REPEATABLE (35)", ""),
                ("", "ORDER BY id"),
                ("", "ORDER BY id DESC"),
            ):
                curseur = self._base.cursor(row_factory=dict_row)
                choix = SQL(un).format(SQL(echantillon), SQL(ordre))
                rows += reversed(curseur.execute(choix, [self._code, _COMBIEN]).fetchall())
            self._lues[lues] = rows
        assert self._lues[lues], table
        return self._lues[lues]


def _refusee(filtres: Mapping[str, str], tri: str) -> bool:
    rangees = {nom.rpartition("_")[0] for nom in filtres if nom.endswith(("_min", "_max"))}
    if filtres.get("etat") in ("a_temps", "a_risque", "en_retard"):
        rangees.add("date_limite")
    return bool(rangees - {tri})
