"""Every request that reads a collectivité: by id, and each list by each of its filters and orders.

Made from the OpenAPI document and from the rows that are there: a new list or order is asked
without being named here; a new filter or path fails until `_VALEURS` or a table answers for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, product
from typing import Any
from urllib.parse import urlencode

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from tests.bench.peuplement import COMMUNE_RARE

_ORDINAIRES = frozenset({"limite", "curseur", "champs", "tri"})
# Neither lists nor reads of people: the feed, what counts them, and the département's own.
_AUTRES = (
    "/v1/changements",
    "/v1/statistiques/",
    "/v1/limites",
    "/v1/collectivites/",
    "/v1/jeux-de-regles/national",
    "/v1/jeux-de-regles",
    "/v1/indicateurs",
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
        self, document: Mapping[str, Any], base: psycopg.Connection[Any], code: str, jour: date
    ) -> None:
        self._document, self._base, self._code, self._jour = document, base, code, jour
        self._lues: dict[str, Sequence[Mapping[str, Any]]] = {}

    def __iter__(self) -> Iterator[Demande]:
        for chemin, operations in self._document["paths"].items():
            if "get" in operations and not chemin.startswith(_AUTRES):
                yield from self._route(chemin, operations["get"].get("parameters", ()))

    def _route(self, chemin: str, parametres: Sequence[Mapping[str, Any]]) -> Iterator[Demande]:
        chemins = self._chemins(chemin)
        schemas = {un["name"]: un["schema"] for un in parametres if un["in"] == "query"}
        if "tri" not in schemas:
            yield Demande(chemin, chemins)
            return
        triables = schemas["tri"]["pattern"].removeprefix("^-?(").removesuffix(")$").split("|")
        filtres = {nom: schema for nom, schema in schemas.items() if nom not in _ORDINAIRES}
        for query, tri in product(
            self._queries(filtres), [f"{signe}{nom}" for nom in triables for signe in ("-", "")]
        ):
            demande = urlencode((*query, ("tri", tri)))
            yield Demande(
                f"{chemin}?{demande}",
                [f"{un}?{demande}" for un in chemins],
                refusee=_refusee(dict(query), tri.lstrip("-")),
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
        elif nom.endswith("commune"):
            yield ((nom, "35238"),)
            yield ((nom, COMMUNE_RARE),)
        elif nom == "code":
            yield ((nom, "orientation_pcd"),)
        else:
            # The id of another resource: one of those that this one has.
            yield ((nom, str(self._rows(_table(nom))[-1]["id"])),)

    def _chemins(self, chemin: str) -> list[str]:
        noms = [un.strip("{}") for un in chemin.split("/") if un.startswith("{")]
        if not noms:
            return [chemin]
        # The last one names a row, which knows those before it.
        dernier = noms[-1]
        rows = self._rows(_table(dernier))
        return [chemin.format(**{**row, dernier: row["id"]}) for row in rows]

    def _rows(self, table: str) -> Sequence[Mapping[str, Any]]:
        """Rows of a table from anywhere, then the oldest, then the newest, which is the last."""
        if table not in self._lues:
            un = (
                SQL("SELECT * FROM {} {{}} WHERE collectivite = %s {{}} LIMIT %s")
                .format(Identifier(table))
                .as_string()
            )
            lues: list[Mapping[str, Any]] = []
            for echantillon, ordre in (
                ("TABLESAMPLE SYSTEM (10) REPEATABLE (35)", ""),
                ("", "ORDER BY id"),
                ("", "ORDER BY id DESC"),
            ):
                curseur = self._base.cursor(row_factory=dict_row)
                choix = SQL(un).format(SQL(echantillon), SQL(ordre))
                lues += reversed(curseur.execute(choix, [self._code, _COMBIEN]).fetchall())
            self._lues[table] = lues
        assert self._lues[table], table
        return self._lues[table]


def _refusee(filtres: Mapping[str, str], tri: str) -> bool:
    rangees = {nom.rpartition("_")[0] for nom in filtres if nom.endswith(("_min", "_max"))}
    if filtres.get("etat") in ("a_temps", "a_risque", "en_retard"):
        rangees.add("date_limite")
    return bool(rangees - {tri})


def _table(nom: str) -> str:
    """Whose id a path or a filter names."""
    return "organisme_referent" if nom == "organisme_id" else nom.removesuffix("_id")
