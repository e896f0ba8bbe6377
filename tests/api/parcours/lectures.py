"""What parcours publishes, read from its OpenAPI document: a new route enters by itself."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_DOCUMENT = Path(__file__).parents[3] / "shared" / "openapi" / "parcours.json"
# The ids that are known, by name of parameter, e.g. `parcours_id`.
Ids = Mapping[str, Sequence[str]]


@dataclass(frozen=True, eq=False)
class Lecture:
    """One GET of the document: its path, as written there, and its query parameters."""

    chemin: str
    operation: str
    parametres: Mapping[str, Mapping[str, Any]]  # the schema of each
    requis: Sequence[str]  # `name=value`, from the document's own example
    portees: frozenset[str]

    @property
    def liste(self) -> bool:
        """Whether it answers page by page."""
        return "curseur" in self.parametres

    def urls(self, ids: Ids) -> Iterator[str]:
        """Its path for each id known.

        Raises:
            KeyError: nobody knows an id of what the path names: the test has no case for it.
        """
        match re.findall(r"\{(\w+)\}", self.chemin):
            case []:
                yield self.chemin
            case [cle]:
                for un in ids[cle]:
                    yield self.chemin.replace(f"{{{cle}}}", un)
            case cles:
                raise KeyError(f"{self.chemin} : {cles}")

    def requetes(self, ids: Ids) -> Iterator[str]:
        """Its queries: what it requires, and beside that each order, each value of each filter."""
        for un in ("", *self._filtres(ids)):
            query = "&".join(filter(None, (*self.requis, un)))
            yield f"?{query}" if query else ""

    def _filtres(self, ids: Ids) -> Iterator[str]:
        for nom, schema in self.parametres.items():
            if nom == "tri":
                # A pattern is a closed list: `^-?(cree_le|date_limite)$`.
                valeurs = re.findall(r"\w+", schema["pattern"])
                yield from (f"tri={signe}{valeur}" for valeur in valeurs for signe in ("", "-"))
            else:
                yield from (f"{nom}={valeur}" for valeur in _valeurs(schema))
                yield from (f"{nom}={un}" for un in ids.get(nom, ()))


@cache
def lectures() -> tuple[Lecture, ...]:
    """Every GET that parcours publishes."""
    return tuple(
        Lecture(
            chemin=chemin,
            operation=methodes["get"]["operationId"],
            parametres={
                un["name"]: un["schema"]
                for un in methodes["get"].get("parameters", [])
                if un["in"] == "query"
            },
            requis=[
                f"{un['name']}={un['schema']['examples'][0]}"
                for un in methodes["get"].get("parameters", [])
                if un["in"] == "query" and un["required"]
            ],
            portees=frozenset(
                portee
                for exigence in methodes["get"].get("security", [])
                for portees in exigence.values()
                for portee in portees
            ),
        )
        for chemin, methodes in _document()["paths"].items()
        if "get" in methodes
    )


@dataclass(frozen=True)
class Commande:
    """One POST of the document, and the body that it gives as an example."""

    chemin: str
    exemple: Mapping[str, Any]


@cache
def commandes() -> tuple[Commande, ...]:
    """Every command that parcours publishes, with a body in JSON."""
    found = []
    for chemin, methodes in _document()["paths"].items():
        contenu = methodes.get("post", {}).get("requestBody", {}).get("content", {})
        schema = contenu.get("application/json", {}).get("schema", {})
        if "$ref" in schema:
            exemples = _schema(schema["$ref"]).get("examples", [{}])
            found.append(Commande(chemin, exemples[0]))
    return tuple(found)


def parametre(url: str) -> tuple[str, str] | None:
    """The name that paths give to what a URL is, and its id."""
    for lecture in lectures():
        if lecture.chemin.endswith("}") and lecture.chemin.count("{") == 1:
            racine, nom = lecture.chemin[:-1].split("{")
            if url.startswith(racine) and "/" not in url[len(racine) :]:
                return nom, url[len(racine) :]
    return None


def _schema(ref: str) -> dict[str, Any]:
    found: dict[str, Any] = _document()["components"]["schemas"][ref.rsplit("/", 1)[-1]]
    return found


@cache
def _document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_DOCUMENT.read_text(encoding="utf-8"))
    return found


def _valeurs(schema: Mapping[str, Any]) -> list[str]:
    """The closed list that a filter takes its values from; none: it has no such list."""
    if "$ref" in schema:
        return _valeurs(_schema(schema["$ref"]))
    if schema.get("type") == "boolean":
        return ["true", "false"]
    sous = [schema["items"]] if "items" in schema else schema.get("anyOf", [])
    return [*map(str, schema.get("enum", [])), *(v for un in sous for v in _valeurs(un))]
