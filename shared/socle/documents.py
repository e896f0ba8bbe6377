"""The OpenAPI document: what FastAPI derives, completed by what the contract says of every route.

A route declares its own refusals with `refusals`; what any route may answer (401, 429, 503…),
its headers and its links are the same everywhere, and are written here once.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shared.refus import STATUTS, Refus

_PROBLEME = "application/problem+json"
_CONTACT = {"name": "Équipe Jalons", "url": "https://docs.insertion.example/jalons"}
_COMMUNES: Mapping[int, Sequence[str]] = {
    400: ("parametre-inconnu", "parametre-repete", "entete-invalide"),
    401: ("jeton-absent", "jeton-invalide", "jeton-expire", "jeton-audience", "preuve-invalide"),
    403: ("portee-insuffisante",),
    422: ("validation",),
    429: ("quota-depasse",),
    500: ("interne",),
    503: ("surcharge", "dependance-indisponible", "maintenance"),
    504: ("delai-depasse",),
}
_ECRITURE: Mapping[int, Sequence[str]] = {
    400: ("json-illisible", "json-trop-profond", "cle-json-dupliquee", "idempotence-cle-manquante"),
    409: ("idempotence-en-cours",),
    413: ("corps-trop-grand",),
    415: ("type-non-admis",),
    422: ("idempotence-cle-reutilisee",),
}
_CONDITION: Mapping[int, Sequence[str]] = {
    400: ("if-match-etoile",),
    412: ("version-depassee",),
    428: ("precondition-requise",),
}
_TITRES = {
    400: "Requête illisible",
    401: "Jeton absent ou invalide",
    403: "Portée insuffisante",
    404: "Absent, ou hors de portée",
    409: "L'état ne le permet pas",
    410: "Expiré",
    412: "Version dépassée",
    413: "Corps trop grand",
    415: "Type de contenu non admis",
    422: "Valeurs non admises",
    428: "If-Match requis",
    429: "Quota dépassé",
    500: "Erreur interne",
    503: "Indisponible pour l'instant",
    504: "Délai dépassé",
}


def refusals(*refus: type[Refus]) -> dict[int | str, dict[str, Any]]:
    """Declare the refusals of a route, by status, for FastAPI's `responses`."""
    codes: dict[int, list[str]] = defaultdict(list)
    for one in refus:
        codes[STATUTS[one.code]].append(one.code)
    return {status: {"x-codes": found} for status, found in codes.items()}


def install(app: FastAPI, *, portees: dict[str, str]) -> None:
    """Make the app serve the completed document."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    openapi_version="3.1.0",
                    description=app.description,
                    routes=app.routes,
                    tags=app.openapi_tags,
                    separate_input_output_schemas=False,
                ),
                portees,
            )
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(document: dict[str, Any], portees: dict[str, str]) -> dict[str, Any]:
    document["info"] |= {
        "x-public": "partenaire",
        "contact": _CONTACT,
        "license": {"name": "MIT", "identifier": "MIT"},
    }
    components = document["components"]
    components["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"] = portees
    schemas = components["schemas"]
    for leftover in ("HTTPValidationError", "ValidationError"):
        schemas.pop(leftover, None)
    schemas |= _probleme()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete_operation(path, method, operation, document["paths"])
    for schema in schemas.values():
        if "enum" in schema:
            schema.setdefault("x-enum-ouverte", "ouverte" in schema.get("description", ""))
    _fold_nulls(document)
    return document


def _complete_operation(
    path: str, method: str, operation: dict[str, Any], paths: dict[str, Any]
) -> None:
    codes: dict[int, list[str]] = defaultdict(list)
    writes = method in ("post", "put", "patch")
    headers = {parameter["name"] for parameter in operation.get("parameters", ())}
    families = [_COMMUNES]
    if "{" in path:
        families.append({404: ("introuvable",)})
    if writes and not path.endswith("/recherches"):
        families.append(_ECRITURE)
    if "If-Match" in headers:
        families.append(_CONDITION)
    responses = operation["responses"]
    for status, declared in list(responses.items()):
        if "x-codes" in declared:
            codes[int(status)].extend(declared.pop("x-codes"))
    for family in families:
        for status, found in family.items():
            codes[status].extend(code for code in found if code not in codes[status])
    for code_status, names in sorted(codes.items()):
        responses[str(code_status)] = _refusal(code_status, names)
    for status, answer in responses.items():
        if status in ("200", "201", "202") and "application/json" in answer.get("content", {}):
            kept = answer.setdefault("headers", {})
            if path.endswith("}") or status == "201":
                kept["ETag"] = _header("Version de la ressource, entre guillemets", '"3"')
            if status in ("201", "202"):
                kept["Location"] = _header("Adresse de la ressource", f"{path}")
            if status == "202":
                kept["Retry-After"] = _header("Secondes avant de revenir", "5")
        if status == "201":
            target = _reader(path, paths)
            if target is not None:
                operation_id, name = target
                answer["links"] = {
                    "lecture": {
                        "operationId": operation_id,
                        "parameters": {name: "$response.body#/id"},
                    }
                }
    operation["responses"] = dict(sorted(responses.items()))


def _reader(path: str, paths: dict[str, Any]) -> tuple[str, str] | None:
    """The operation that reads what a POST on `path` creates, and its own parameter."""
    for other, operations in paths.items():
        found = re.fullmatch(re.escape(path) + r"/\{(\w+)\}", other)
        if found and "get" in operations:
            return operations["get"]["operationId"], found.group(1)
    # A sub-resource may have a root path of its own: /v1/parcours/{id}/freins, /v1/freins/{id}.
    own = path.rsplit("/", 1)[1]
    for other, operations in paths.items():
        found = re.fullmatch(rf"/v1/{own}/\{{(\w+)\}}", other)
        if found and "get" in operations:
            return operations["get"]["operationId"], found.group(1)
    return None


def _refusal(status: int, codes: list[str]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": f"{_TITRES[status]} : " + ", ".join(f"`{code}`" for code in codes),
        "content": {
            _PROBLEME: {
                "schema": {"$ref": "#/components/schemas/Probleme"},
                "example": {
                    "type": f"https://api.insertion.example/problemes/{codes[0]}",
                    "title": _TITRES[status],
                    "status": status,
                    "code": codes[0],
                    "correlation": "4bf92f3577b34da6a3ce929d0e0e4736",
                },
            }
        },
    }
    if status in (429, 503):
        answer["headers"] = {"Retry-After": _header("Secondes avant de réessayer", "2")}
    if status == 429:
        answer["headers"] |= {
            "RateLimit": _header("Reste du quota", '"lecture";r=0;t=18'),
            "RateLimit-Policy": _header("Quota", '"lecture";q=600;w=60'),
        }
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": _header("Ce qui manque au jeton", "Bearer")}
    return answer


def _header(description: str, example: str) -> dict[str, Any]:
    return {
        "description": description,
        "schema": {"type": "string", "maxLength": 2000},
        "example": example,
    }


def _probleme() -> dict[str, Any]:
    def texte(description: str, length: int = 300) -> dict[str, Any]:
        return {"type": "string", "maxLength": length, "description": description}

    return {
        "CodeProbleme": {
            "type": "string",
            "enum": sorted(STATUTS),
            "x-enum-ouverte": True,
            "description": "Code stable d'un problème ; un code inconnu se lit par son statut",
        },
        "ErreurValidation": {
            "type": "object",
            "description": "Une valeur non admise, et où elle se trouve",
            "required": ["pointeur", "code", "message"],
            "properties": {
                "pointeur": texte("RFC 6901 dans le corps, `?nom` pour un paramètre"),
                "code": texte("Ce qui ne va pas", 60),
                "message": texte("Phrase fixe, sans la valeur reçue"),
            },
        },
        "Probleme": {
            "type": "object",
            "description": "Une erreur (RFC 9457) ; d'autres membres disent les faits utiles",
            "required": ["type", "title", "status", "code"],
            "properties": {
                "type": texte("URI du type, qui mène à sa documentation"),
                "title": texte("Titre, fixe par type"),
                "status": {
                    "type": "integer",
                    "minimum": 400,
                    "maximum": 599,
                    "description": "Statut HTTP",
                },
                "code": {"$ref": "#/components/schemas/CodeProbleme"},
                "detail": texte("Précision, sans donnée personnelle", 1000),
                "instance": texte("Chemin de la requête", 2000),
                "correlation": texte("Identifiant de trace", 64),
                "erreurs": {
                    "type": "array",
                    "maxItems": 100,
                    "description": "Valeurs non admises, sous `validation`",
                    "items": {"$ref": "#/components/schemas/ErreurValidation"},
                },
            },
        },
    }


def _fold_nulls(node: Any) -> None:
    """Write a nullable scalar as `type: [x, "null"]`: clients turn `anyOf` into wrapper unions."""
    if isinstance(node, list):
        for child in node:
            _fold_nulls(child)
        return
    if not isinstance(node, dict):
        return
    for child in node.values():
        _fold_nulls(child)
    options = node.get("anyOf")
    if not isinstance(options, list) or {"type": "null"} not in options or len(options) != 2:
        return
    (value,) = (option for option in options if option != {"type": "null"})
    if isinstance(value.get("type"), str) and value["type"] != "array":
        del node["anyOf"]
        kept = {name: node[name] for name in ("description", "title") if name in node}
        node |= {**value, **kept, "type": [value["type"], "null"]}
