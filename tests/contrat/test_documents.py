"""The three OpenAPI documents: served as committed, whole, and true in their examples."""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from deploy.local.services import RACINE, SERVICES
from deploy.local.verification import DOCUMENTS
from shared import schemas as schemas_partages
from shared.refus import CODES_ERREUR, STATUTS, TITRES
from shared.socle import evenements
from shared.socle.contrat import RouteContrat

SCHEMAS = [
    importlib.import_module(un.name)
    for un in pkgutil.walk_packages(schemas_partages.__path__, f"{schemas_partages.__name__}.")
]
ECRITURES = ("post", "put", "patch")
MEDIAS_JSON = ("application/json", "application/merge-patch+json")
# All that our schemas may say; another word would be one that `conforme` does not read.
MOTS = frozenset(
    "$ref additionalProperties anyOf default description enum examples format items maxItems"
    " maxLength maximum minItems minLength minimum multipleOf pattern properties readOnly"
    " required type writeOnly x-enum-ouverte".split()
)
TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
FORMATS: Mapping[str, Any] = {
    "uuid": UUID,
    "date": date.fromisoformat,
    "date-time": datetime.fromisoformat,
    "int64": int,
    "binary": str,
}

Document = dict[str, Any]


@pytest.fixture(scope="session", params=SERVICES)
def application(request: pytest.FixtureRequest) -> FastAPI:
    """Each service, without settings: it only describes itself."""
    app: FastAPI = importlib.import_module(f"services.{request.param}.app").app(None)
    return app


@pytest.fixture(scope="session")
def document(application: FastAPI) -> Document:
    """Its document."""
    return application.openapi()


def operations(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation."""
    for path, found in document["paths"].items():
        for method, operation in found.items():
            yield path, method, operation


def noeuds(schema: Any) -> Iterator[dict[str, Any]]:
    """A schema and those inside it, what it gives as values left out."""
    yield schema
    for child in (*schema.get("properties", {}).values(), *schema.get("anyOf", ())):
        yield from noeuds(child)
    if "items" in schema:
        yield from noeuds(schema["items"])


def schemas(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of the document, with where it is."""
    for name, schema in document["components"]["schemas"].items():
        for node in noeuds(schema):
            yield name, node
    for path, method, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            yield f"{method} {path} {parameter['name']}", parameter["schema"]
        for content in contenus(operation):
            yield f"{method} {path}", content["schema"]


def contenus(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The bodies of an operation, asked and answered."""
    yield from operation.get("requestBody", {}).get("content", {}).values()
    for answer in operation["responses"].values():
        yield from answer.get("content", {}).values()


def conforme(value: Any, schema: Mapping[str, Any], document: Document) -> bool:
    """Whether a value keeps a schema, in the words that our documents use."""
    if "$ref" in schema:
        target = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return conforme(value, target, document)
    if "anyOf" in schema:
        return any(conforme(value, option, document) for option in schema["anyOf"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(type(value) in TYPES[kind] for kind in kinds):
        return False
    match value:
        case str():
            return _texte_conforme(value, schema)
        case bool() | None:
            return True
        case int():
            within = schema["minimum"] <= value <= schema["maximum"]
            return bool(within and value % schema.get("multipleOf", 1) == 0)
        case list():
            return schema.get("minItems", 0) <= len(value) <= schema["maxItems"] and all(
                conforme(one, schema["items"], document) for one in value
            )
    properties = schema.get("properties", {})  # a partner's own document states none
    closed = schema.get("additionalProperties") is False
    return (
        set(schema.get("required", ())) <= set(value)
        and (not closed or set(value) <= set(properties))
        and all(
            conforme(one, properties[name], document)
            for name, one in value.items()
            if name in properties
        )
    )


def _texte_conforme(value: str, schema: Mapping[str, Any]) -> bool:
    if "format" in schema:
        try:
            FORMATS[schema["format"]](value)
        except ValueError:
            return False
    return (
        schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
        and re.search(schema.get("pattern", ""), value) is not None
        and value in schema.get("enum", [value])
    )


def exemples(document: Document) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Every example, with where it stands and its schema."""
    for where, schema in schemas(document):
        for value in schema.get("examples", ()):
            yield where, value, schema
    for path, method, operation in operations(document):
        for content in contenus(operation):
            if "example" in content:
                yield f"{method} {path}", content["example"], content["schema"]


def modele(name: str) -> type[BaseModel] | None:
    """The class behind a component."""
    for module in (*SCHEMAS, evenements):
        found = getattr(module, name, None)
        if isinstance(found, type) and issubclass(found, BaseModel):
            return found
    return None


async def test_it_is_served_as_committed(application: FastAPI) -> None:
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="https://service.example") as client:
        answer = await client.get("/openapi.json")

    nom = application.title.rsplit(" ", 1)[1]
    assert answer.content == (DOCUMENTS / f"{nom}.json").read_bytes()
    assert answer.headers["content-type"] == "application/json"


def test_paths_have_the_form_of_the_guide(document: Document) -> None:
    form = re.compile(r"/v1(/[a-z0-9]+(-[a-z0-9]+)*|/\{[a-z]+(_[a-z]+)*\})+")

    assert [path for path in document["paths"] if not form.fullmatch(path)] == []


def test_every_route_asks_a_scope_that_the_document_lists(
    application: FastAPI, document: Document
) -> None:
    flows = document["components"]["securitySchemes"]["oauth2"]["flows"]
    listed = set(flows["clientCredentials"]["scopes"])

    for path, method, operation in operations(document):
        asked = {one for need in operation["security"] for one in need["oauth2"]}
        assert asked, f"{method} {path}"
        assert asked <= listed, f"{method} {path}"
    # A scope that a route declares is exigé by its class: no route may be of another one.
    included = [
        route
        for one in application.routes
        for route in getattr(getattr(one, "original_router", None), "routes", ())
    ]
    assert len(included) == len(list(operations(document)))
    assert all(isinstance(route, RouteContrat) for route in included)


def test_codes_are_those_of_the_code(document: Document) -> None:
    components = document["components"]["schemas"]

    assert components["CodeProbleme"]["enum"] == sorted(STATUTS)
    assert components["CodeErreur"]["enum"] == sorted(CODES_ERREUR)


def test_a_refusal_is_declared_under_its_own_status(document: Document) -> None:
    for path, method, operation in operations(document):
        for status, answer in operation["responses"].items():
            for code in re.findall(r"`([a-z-]+)`", answer["description"]):
                if status >= "400":
                    assert STATUTS[code] == int(status), f"{method} {path} {code}"


def test_every_command_asks_an_idempotency_key(document: Document) -> None:
    for path, method, operation in operations(document):
        if method != "post" or path.endswith("/recherches"):
            continue
        asked = {one["name"] for one in operation["parameters"] if one["required"]}
        assert "Idempotency-Key" in asked, path


def test_a_query_never_offers_null(document: Document) -> None:
    for path, method, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            assert parameter["schema"].get("type") != "null", f"{method} {path}"
            assert not isinstance(parameter["schema"].get("type"), list), f"{method} {path}"
            assert {"type": "null"} not in parameter["schema"].get("anyOf", ()), f"{method} {path}"


def test_schemas_use_the_words_that_are_read_here(document: Document) -> None:
    """So `conforme` checks all that a schema says; and nothing is a `number`."""
    for where, schema in schemas(document):
        assert set(schema) <= MOTS, where
        assert "number" not in str(schema.get("type")), where


def test_what_is_accepted_is_closed(document: Document) -> None:
    components = document["components"]["schemas"]

    for path, method, operation in operations(document):
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            if media in MEDIAS_JSON:
                name = content["schema"]["$ref"].rsplit("/", 1)[1]
                assert components[name]["additionalProperties"] is False, f"{method} {path}"


def test_every_enumeration_says_whether_it_is_open(document: Document) -> None:
    for name, schema in document["components"]["schemas"].items():
        if "enum" in schema:
            words = "Liste ouverte" if schema["x-enum-ouverte"] else "Liste fermée"
            assert words in schema["description"], name


def test_defaults_are_values_that_the_schema_takes(document: Document) -> None:
    for where, schema in schemas(document):
        if "default" in schema:
            assert conforme(schema["default"], schema, document), where


def test_every_body_and_answer_has_an_example_that_its_schema_takes(document: Document) -> None:
    found = list(exemples(document))

    assert len(found) > 100
    for where, value, schema in found:
        assert conforme(value, schema, document), f"{where}: {value}"


def test_every_object_shows_an_example_that_the_service_itself_takes(document: Document) -> None:
    """Stricter than a schema: NIR, control characters, and strict types are read too."""
    without = []
    for name, schema in document["components"]["schemas"].items():
        if "enum" in schema:
            continue
        model = modele(name)
        if model is None:
            without.append(name)
            continue
        for value in schema["examples"]:
            model.model_validate(value)
    assert without == ["ErreurValidation", "Probleme"]


def test_every_parameter_shows_an_example(document: Document) -> None:
    for path, method, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            assert parameter["schema"].get("examples"), f"{method} {path} {parameter['name']}"
            assert parameter["description"], f"{method} {path} {parameter['name']}"


def test_an_act_links_to_the_reading_of_what_it_answers(document: Document) -> None:
    """A link to another resource would send its caller, and schemathesis, to a 404."""
    readings = {
        operation["operationId"]: (path, operation) for path, _, operation in operations(document)
    }
    for path, method, operation in operations(document):
        answer = operation["responses"].get("201")
        if answer is None:
            continue
        for link in answer["links"].values():
            target, reading = readings[link["operationId"]]
            assert set(link["parameters"]) == set(re.findall(r"{(\w+)}", target)), path
            read = _objet(reading["responses"]["200"], document)
            told = _objet(answer, document)
            pointer = "".join(link["parameters"].values()).partition("$response.body#/")[2]
            for name in pointer.split("/")[:-1]:  # what is linked may be within the answer
                objet = told[name].get("anyOf", [told[name]])[0]  # or null
                told = _proprietes(objet["$ref"], document)
            assert set(told) <= set(read), f"{method} {path}"


def _objet(answer: dict[str, Any], document: Document) -> dict[str, Any]:
    return _proprietes(answer["content"]["application/json"]["schema"]["$ref"], document)


def _proprietes(reference: str, document: Document) -> dict[str, Any]:
    name = reference.rsplit("/", 1)[1]
    found: dict[str, Any] = document["components"]["schemas"][name]["properties"]
    return found


def test_no_example_names_a_place_that_exists(document: Document) -> None:
    hosts = re.findall(r"https?://([^/\"\s?]+)", str([one[1] for one in exemples(document)]))

    assert hosts
    assert all(host.endswith(".example") for host in hosts)


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        pytest.param({"limite": 50, "suivant": None}, True, id="fin de liste"),
        pytest.param({"limite": 0, "suivant": None}, False, id="hors bornes"),
        pytest.param({"limite": 50}, False, id="champ requis absent"),
        pytest.param({"limite": True, "suivant": None}, False, id="booléen pour entier"),
        pytest.param({"limite": 50, "suivant": "x" * 2001}, False, id="trop long"),
    ],
)
def test_the_check_of_examples_refuses(document: Document, value: Any, taken: bool) -> None:
    schema = {"$ref": "#/components/schemas/Pagination"}

    assert conforme(value, schema, document) is taken


def test_each_refusal_has_its_page() -> None:
    """The `type` of a problem leads there: its code, under its status, and its one title."""
    page = (RACINE / "docs" / "problemes.md").read_text(encoding="utf-8")
    titles = re.findall(r"^### (\S+)\n\n« (.+?) »", page, re.M | re.S)

    assert {code: " ".join(title.split()) for code, title in titles} == TITRES
    for status in set(STATUTS.values()):
        section = page.split(f"\n## {status}\n")[1].split("\n## ")[0]
        assert set(re.findall(r"^### (\S+)", section, re.M)) == {
            code for code, its in STATUTS.items() if its == status
        }
    assert set(re.findall(r"`([a-z-]+)`", page.split("## Codes d'une valeur")[1])) >= CODES_ERREUR
