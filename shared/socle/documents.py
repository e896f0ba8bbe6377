"""The OpenAPI document: what FastAPI derives, completed by what the contract says of every route.

A route declares its own refusals with `refusals`; what any route may answer (401, 429, 503…),
its headers and its links are the same everywhere, and are written here once.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import Response

from shared.refus import CODES_ERREUR, STATUTS, TITRES, Refus
from shared.schemas.commun import LIMITE_MAX, MEDIA_PARTIEL, PagePartielle
from shared.schemas.webhooks import EvenementWebhook
from shared.socle.contrat import (
    DELAI_MAX_MS,
    DELAI_MIN_MS,
    DELAI_MS,
    MERGE_PATCH,
    SANS_DELAI,
    SI_CHANGEE_MAX,
)
from shared.socle.depreciation import DEPRECIEES, Depreciation
from shared.socle.exemples import IDENTIFIANTS, illustrer
from shared.socle.pages import PREMIER_MAX, UNITE
from shared.socle.quotas import FENETRES_S, Quota, nombre_de, politique
from shared.socle.webhooks.catalogue import FAITS

_PROBLEME = "application/problem+json"
_CONTACT = {"name": "Équipe Jalons", "url": "https://docs.insertion.example/jalons"}
_COMMUNES: Mapping[int, Sequence[str]] = {
    400: ("parametre-inconnu", "parametre-repete", "entete-invalide"),
    401: ("jeton-absent", "jeton-invalide", "jeton-expire", "jeton-audience", "preuve-invalide"),
    403: ("portee-insuffisante",),
    406: ("format-indisponible",),
    422: ("validation",),
    429: ("quota-depasse",),
    500: ("interne",),
    503: ("surcharge", "dependance-indisponible", "maintenance"),
    504: ("delai-depasse",),
}
_CORPS: Mapping[int, Sequence[str]] = {
    400: ("json-illisible", "json-trop-profond", "cle-json-dupliquee"),
    413: ("corps-trop-grand",),
    415: ("type-non-admis",),
}
_COMMANDE: Mapping[int, Sequence[str]] = {
    400: ("idempotence-cle-manquante",),
    409: ("idempotence-en-cours",),
    422: ("idempotence-cle-reutilisee",),
}
# A PATCH takes no key: the version that it names is its guard. Every write declares the refusal of
# a state that forbids it; none forbids a modification yet.
_MODIFICATION: Mapping[int, Sequence[str]] = {409: ("transition-interdite",)}
_CONDITION: Mapping[int, Sequence[str]] = {
    400: ("if-match-etoile",),
    412: ("version-depassee",),
    428: ("precondition-requise",),
}
_LISTE: Mapping[int, Sequence[str]] = {400: ("curseur-invalide",), 410: ("curseur-expire",)}
_TITRES = {
    200: "Ce qui est demandé",
    201: "Fait : la réponse est gardée, et rejouée sous la même clé",
    202: "Reçu : le travail continue, à suivre par `Location`",
    206: "Les éléments que `Range` demande, ou ceux qu'il y a",
    204: "Fait : il n'en reste rien à lire",
    304: "Inchangée depuis la version que l'appelant a lue",
    400: "Requête illisible",
    401: "Jeton absent ou invalide",
    403: "Portée insuffisante",
    404: "Absent, ou hors de portée",
    406: "Format indisponible",
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


# What a path names, by its parameter: the words and the value are the same in every route.
_CHEMIN = {
    "engagement_id": ("Un engagement", None),
    "justificatif_id": ("Un justificatif", None),
    "liquidation_id": ("Une liquidation", None),
    "mandat_id": ("Un mandat", None),
    "seuil_certification_id": ("Un seuil de certification", None),
    "avenant_id": ("Un avenant d'une convention", None),
    "document_id": ("Un document d'une convention", None),
    "acte_recette_id": ("Un acte sur les recettes d'une enveloppe", None),
    "bilan_id": ("Un bilan d'une enveloppe", None),
    "publication_id": ("Une publication d'une subvention", None),
    "taux_id": ("Un taux daté", None),
    "prevision_valorisation_id": ("Un apport prévu", None),
    "regle_valorisation_id": ("Une règle de valorisation", None),
    "valorisation_id": ("Un apport valorisé", None),
    "clause_id": ("Une clause sociale", None),
    "declaration_clause_id": ("Une déclaration de minutes", None),
    "titre_id": ("Un titre de recette", None),
    "autorisation_engagement_id": ("Une autorisation d'engagement", None),
    "credit_paiement_id": ("Des crédits de paiement d'une année", None),
    "exercice_id": ("Un exercice budgétaire", None),
    "cloture_id": ("Une clôture d'exercice", None),
    "aide_jeune_id": ("Une aide aux jeunes", None),
    "dispositif_id": ("Un dispositif", None),
    "emploi_id": ("Un emploi", None),
    "employeur_id": ("Un employeur", None),
    "marche_id": ("Un marché", None),
    "referentiel": ("Un référentiel, par son nom", "freins"),
    "membre_id": ("Un membre d'un réseau", None),
    "mise_en_relation_id": ("Une mise en relation", None),
    "offre_emploi_id": ("Une offre d'emploi", None),
    "reglement_aide_id": ("Un règlement du fonds d'aide aux jeunes", None),
    "accueil_id": ("Une séance d'accueil", None),
    "activite_id": ("Une activité du plan d'action", None),
    "affectation_id": ("Une affectation à un portefeuille", None),
    "code_consultation_id": ("Un code de consultation, jamais le code lui-même", None),
    "code": ("La collectivité du jeton, par son code Insee", "35D"),
    "contact_id": ("Un premier contact", None),
    "convention_immersion_id": ("Une convention d'immersion", None),
    "convocation_id": ("Une convocation", None),
    "annulation_id": ("Une annulation de décision", None),
    "decision_id": ("Une décision d'orientation", None),
    "declaration_dsp_id": ("Une déclaration de données socio-professionnelles", None),
    "dispense_id": ("Une dispense", None),
    "import_id": ("Un import", None),
    "export_id": ("Un export", None),
    "horloge_de_test_id": ("Un déplacement de l'horloge du bac à sable", None),
    "panne_de_test_id": ("Une panne provoquée au bac à sable", None),
    "webhook_id": ("Un abonnement", None),
    "volume_lu_id": ("Le volume d'un client et d'un jour", None),
    "indicateur_id": ("Un indicateur", None),
    "synchronisation_data_inclusion_id": ("Une lecture du catalogue de data·inclusion", None),
    "activite_france_travail_id": ("Une activité de la file de France Travail", None),
    "ecart_orientation_id": ("Une orientation comparée à France Travail", None),
    "reglage_invitations_id": ("Un réglage des invitations", None),
    "invitation_id": ("L'invitation qui suit une décision", None),
    "reglage_france_travail_id": ("Un réglage des échanges avec France Travail", None),
    "jeu_de_regles_id": ("Un jeu de règles", None),
    "mouvement_id": ("Un mouvement", None),
    "organisme_referent_id": ("Un organisme référent", None),
    "notification_id": ("Une notification de décision", None),
    "offre_id": ("Une offre qui peut se prescrire", None),
    "seance_id": ("Une séance d'une offre collective", None),
    "inscription_id": ("Une inscription à une séance", None),
    "objectif_id": ("Un objectif d'un frein", None),
    "orientation_id": ("Une orientation", None),
    "parcours_id": ("Un parcours", None),
    "personne_id": ("Une personne, opaque", None),
    "place_id": ("Une place chez un organisme référent", None),
    "point_etape_id": ("Un point d'étape", None),
    "portefeuille_id": ("Un portefeuille de référent", None),
    "proposition_id": ("Une proposition", None),
    "simulation_id": ("Une simulation de jeu de règles", None),
    "rapprochement_id": ("Un rapprochement de deux personnes", None),
    "reexamen_id": ("Un réexamen du parcours social", None),
    "rendez_vous_id": ("Un rendez-vous", None),
    "rendez_vous_partenaire_id": ("Une personne à un rendez-vous de rdv-insertion", None),
    "repere_heures_id": ("Un repère d'heures du département", None),
    "reorientation_id": ("Une demande de réorientation", None),
    "suspension_id": ("Une procédure de suspension", None),
    "valeur_indicateur_id": ("Une valeur d'un indicateur", None),
    "unite_id": ("Une unité d'un organisme référent", None),
}


def texte(app: FastAPI) -> str:
    """The document, written as it is served and as it is committed: byte for byte."""
    return json.dumps(app.openapi(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def install(app: FastAPI, *, portees: dict[str, str], quotas: Mapping[str, Quota]) -> None:
    """Make the app serve the completed document, rendered once.

    Args:
        app: the app that the document describes.
        portees: the scopes of the service, and what each is for.
        quotas: by operation, the quota that bounds it.
    """
    rendered: list[bytes] = []

    async def serve(_: Request) -> Response:
        if not rendered:
            rendered.append(texte(app).encode())
        return Response(rendered[0], media_type="application/json")

    # FastAPI's own route would write the same document another way, and add servers to it.
    app.router.routes[:] = [
        route for route in app.router.routes if getattr(route, "path", None) != app.openapi_url
    ]
    assert app.openapi_url is not None
    app.add_route(app.openapi_url, serve, include_in_schema=False)

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
                quotas,
            )
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(
    document: dict[str, Any], portees: dict[str, str], quotas: Mapping[str, Quota]
) -> dict[str, Any]:
    document["info"] |= {
        "x-public": "partenaire",
        "contact": _CONTACT,
        "license": {"name": "MIT", "identifier": "MIT"},
    }
    # Each deployment has its own address; relative, it is right wherever this is served from.
    document["servers"] = [{"url": "/", "description": "Le service qui sert ce document"}]
    components = document["components"]
    components["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"] = portees
    schemas = components["schemas"]
    for leftover in ("HTTPValidationError", "ValidationError"):
        schemas.pop(leftover, None)
    schemas |= _probleme() | _partiel() | _evenement()
    finissent = {endpoint.__name__: its for endpoint, its in DEPRECIEES.items()}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete_operation(path, method, operation, document["paths"])
            _complete_quota(operation, quotas[operation["operationId"]])
            if operation["operationId"] in finissent:
                _complete_depreciation(operation, finissent[operation["operationId"]])
    for schema in schemas.values():
        if "enum" in schema:
            schema.setdefault("x-enum-ouverte", "Liste ouverte" in schema.get("description", ""))
    _tidy(document)
    service = next(iter(portees)).partition(":")[0].partition(".")[0]
    components["parameters"] = {
        nom: {
            "name": nom,
            "in": "header",
            "required": True,
            "description": words,
            "schema": {"type": "string", "maxLength": 500, "examples": [example]},
        }
        for nom, (words, example) in _EN_TETES_WEBHOOK.items()
    }
    document["webhooks"] = {fait: _webhook(fait, sens) for fait, sens in FAITS[service].items()}
    illustrer(document, service)
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
    if writes:
        families.append(_CORPS)
    if method == "patch":
        families.append(_MODIFICATION)
    elif writes and not path.endswith("/recherches"):
        families.append(_COMMANDE)
    if "If-Match" in headers:
        families.append(_CONDITION)
    if "curseur" in headers:
        families.append(_LISTE)
    responses = operation["responses"]
    for status, declared in list(responses.items()):
        if "x-codes" in declared:
            codes[int(status)].extend(declared.pop("x-codes"))
    for family in families:
        for status, found in family.items():
            codes[status].extend(code for code in found if code not in codes[status])
    for code_status, names in sorted(codes.items()):
        responses[str(code_status)] = _refusal(code_status, names)
    if method == "patch":
        responses["415"]["headers"] = {"Accept-Patch": _header("Format admis", MERGE_PATCH)}
    if "curseur" in headers:
        operation["parameters"].append(deepcopy(_INTERVALLE))
    if "champs" in headers:
        responses["200"]["content"][MEDIA_PARTIEL] = {
            "schema": {"$ref": "#/components/schemas/PagePartielle"}
        }
    if method == "get" and path.endswith("}"):
        responses["304"] = {"description": _TITRES[304]}
        operation.setdefault("parameters", []).append(deepcopy(_SI_CHANGEE))
    if operation["operationId"] not in {endpoint.__name__ for endpoint in SANS_DELAI}:
        operation.setdefault("parameters", []).append(deepcopy(_DELAI_MAX))
    for status, answer in responses.items():
        if answer["description"] == "Successful Response":  # FastAPI's own words
            answer["description"] = _TITRES[int(status)]
        if status in ("200", "201", "202") and "application/json" in answer.get("content", {}):
            _complete_success(path, method, status, answer, paths)
    if "curseur" in headers:
        _complete_intervalle(responses)
    operation["responses"] = dict(sorted(responses.items()))
    for parameter in operation.get("parameters", ()):
        _complete_parameter(parameter)


def _complete_intervalle(responses: dict[str, Any]) -> None:
    """A list answers a `Range` as it answers a page, and says what it shows of what there is."""
    responses["200"]["headers"]["Accept-Ranges"] = _header("Unité que `Range` admet", UNITE)
    responses["206"] = {**deepcopy(responses["200"]), "description": _TITRES[206]}
    responses["206"]["headers"]["Content-Range"] = _header(
        "Rangs rendus, et combien il y a d'éléments, ou `*` s'il en reste ; `*` pour rangs : aucun",
        f"{UNITE} 0-49/*",
    )


def _complete_quota(operation: dict[str, Any], quota: Quota) -> None:
    classe, nombre = quota.classe, nombre_de(quota.classe)
    pour = f" ; un essai compte en `{quota.essais}`" if quota.essais else ""
    for status, answer in operation["responses"].items():
        if status == "429" or status.startswith("2"):
            reste = 0 if status == "429" else nombre - 1
            answer.setdefault("headers", {}).update(
                {
                    "RateLimit": _header(
                        "Requêtes restantes, et secondes jusqu'à la prochaine fenêtre",
                        f'"{classe}";r={reste};t={FENETRES_S[classe] // 2}',
                    ),
                    "RateLimit-Policy": _header(
                        f"Quota de cette opération{pour}", politique(classe, nombre)
                    ),
                }
            )


def _complete_depreciation(operation: dict[str, Any], depreciation: Depreciation) -> None:
    operation |= {"deprecated": True, "x-extinction": depreciation.extinction.isoformat()}
    entetes = depreciation.entetes
    for answer in operation["responses"].values():
        kept = answer.setdefault("headers", {})
        kept["Deprecation"] = _header(
            "Jour depuis lequel elle est dépréciée", entetes["Deprecation"]
        )
        kept["Sunset"] = _header("Jour de son extinction, au plus tôt", entetes["Sunset"])
        # A page says its next one by the same name.
        kept.setdefault("Link", _header("Ce qui la remplace", entetes["Link"]))


def _complete_success(
    path: str, method: str, status: str, answer: dict[str, Any], paths: dict[str, Any]
) -> None:
    kept = answer.setdefault("headers", {})
    if (method in ("get", "patch") and path.endswith("}")) or status == "201":
        kept["ETag"] = _header("Version de la ressource, entre guillemets", '"3"')
    if method == "get" and "/Page" in answer["content"]["application/json"]["schema"]["$ref"]:
        kept["Link"] = _header(
            "Page suivante, s'il y en a une : `pagination.suivant`",
            '</v1/…?curseur=WyJvcGFxdWUiXQ>; rel="next"',
        )
    if status not in ("201", "202"):
        return
    kept["Idempotency-Replayed"] = _header("Présent quand la réponse est rejouée", "true")
    target = _reader(path, answer, paths)
    kept["Location"] = _header("Adresse de la ressource", _address(target or path))
    if status == "202":
        kept["Retry-After"] = _header("Secondes avant de revenir", "5")
    if status == "201" and target is not None:
        answer.setdefault("links", {"lecture": _link(path, target, paths[target]["get"])})


def _reader(path: str, answer: dict[str, Any], paths: dict[str, Any]) -> str | None:
    """The path that reads again what a POST on `path` answers."""
    readers = {
        other: operations["get"]["responses"]["200"]["content"]
        for other, operations in paths.items()
        if other.endswith("}") and "get" in operations
    }
    for other, content in readers.items():
        if content == answer["content"]:
            return other
    # An act may answer less than the reading of what it acts on.
    parents = [other for other in readers if path.startswith(f"{other}/")]
    return max(parents, key=len, default=None)


def _link(path: str, target: str, reading: dict[str, Any]) -> dict[str, Any]:
    names = re.findall(r"{(\w+)}", target)
    own = names[-1]
    identifier = "id" if own.endswith("_id") else own
    parameters = {name: f"$request.path.{name}" for name in names[:-1]}
    return {
        "operationId": reading["operationId"],
        "parameters": {**parameters, own: f"$response.body#/{identifier}"},
    }


def _address(path: str) -> str:
    """A path with the identifiers of the examples."""
    return re.sub(
        r"{(\w+)}",
        lambda found: IDENTIFIANTS.get(found[1]) or str(_CHEMIN[found[1]][1]),
        path,
    )


def _complete_parameter(parameter: dict[str, Any]) -> None:
    name, schema = parameter["name"], parameter["schema"]
    if parameter["in"] == "path" and name in _CHEMIN:
        words, example = _CHEMIN[name]
        parameter["description"] = words
        schema.setdefault("examples", [example or IDENTIFIANTS[name]])
    # null cannot be written in a query: absent is what it means.
    kept = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(kept) == 1:
        del schema["anyOf"]
        schema |= kept[0]
    if name == "essai":
        del schema["pattern"], schema["maxLength"]
        schema |= {"type": "boolean", "default": False, "examples": [True]}
    # Said once, beside the name: a schema that says it again makes a type of its own in clients.
    if "description" in parameter:
        schema.pop("description", None)


def _refusal(status: int, codes: list[str]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": f"{_TITRES[status]} : " + ", ".join(f"`{code}`" for code in codes),
        "content": {
            _PROBLEME: {
                "schema": {"$ref": "#/components/schemas/Probleme"},
                "example": {
                    "type": f"https://api.insertion.example/problemes/{codes[0]}",
                    "title": TITRES[codes[0]],
                    "status": status,
                    "code": codes[0],
                    "correlation": "4bf92f3577b34da6a3ce929d0e0e4736",
                },
            }
        },
    }
    if status in (429, 503):
        answer["headers"] = {"Retry-After": _header("Secondes avant de réessayer", "2")}
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": _header("Ce qui manque au jeton", "Bearer")}
    return answer


_DELAI_MAX = {
    "name": "Delai-Max",
    "in": "header",
    "required": False,
    "description": "Millisecondes que l'appelant attend ; au-delà, 504 et rien n'est écrit",
    "schema": {
        "type": "integer",
        "minimum": DELAI_MIN_MS,
        "maximum": DELAI_MAX_MS,
        "default": DELAI_MS,
        "examples": [2500],
    },
}
_INTERVALLE = {
    "name": "Range",
    "in": "header",
    "required": False,
    "description": "Rangs voulus, de 0, les deux inclus : 206, `Content-Range`, et `limite` est"
    f" sans effet. {LIMITE_MAX} éléments au plus, le premier à {PREMIER_MAX} au plus loin ; une"
    " liste se lit en entier par `curseur`, avec lequel il est refusé. Une autre unité est ignorée",
    "schema": {
        "type": "string",
        "pattern": rf"^{UNITE}=(0|[1-9][0-9]{{0,5}})-(0|[1-9][0-9]{{0,5}})$",
        "maxLength": 19,
        "examples": [f"{UNITE}=0-49"],
    },
}
_SI_CHANGEE = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "Version déjà lue, telle que rendue par ETag : 304 si elle n'a pas changé",
    "schema": {"type": "string", "maxLength": SI_CHANGEE_MAX, "examples": ['"3"']},
}


def _header(description: str, example: str) -> dict[str, Any]:
    return {
        "description": description,
        "schema": {"type": "string", "maxLength": 2000},
        "example": example,
    }


def _partiel() -> dict[str, Any]:
    page = PagePartielle.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**page.pop("$defs"), "PagePartielle": page}


def _evenement() -> dict[str, Any]:
    schema = EvenementWebhook.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "EvenementWebhook": schema}


_EN_TETES_WEBHOOK = {
    "webhook-id": (
        "Identifiant de l'événement, le même à chaque tentative et à chaque rejeu",
        "019cb368-90bc-7893-923f-0824128b2f33",
    ),
    "webhook-timestamp": ("Instant de la tentative, en secondes", "1772536501"),
    "webhook-signature": (
        "Signatures `v1,…` (HMAC-SHA256 de `id.timestamp.corps`), séparées d'une espace",
        "v1,goV5sFqJc1j7cMlMHC2ec/eL64CdXpYMZhuD2+81Xdk=",
    ),
}


def _webhook(fait: str, sens: str) -> dict[str, Any]:
    """What a receiver of one fact is sent: thin, signed, at least once, in no order."""
    return {
        "post": {
            "operationId": f"recevoir_{fait.replace('.', '_')}",
            "summary": sens,
            "description": f"{sens}. Au moins une fois et sans ordre : `version` écarte ce qui est"
            " dépassé. Le corps désigne la ressource, qui se lit avec les droits du récepteur.",
            # A tag of its own: a Java client has one class for each, of each section.
            "tags": ["evenements"],
            "parameters": [{"$ref": f"#/components/parameters/{nom}"} for nom in _EN_TETES_WEBHOOK],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/EvenementWebhook"}
                    }
                },
            },
            "responses": {
                "204": {"description": "Reçu : tout statut 2xx, en quinze secondes"},
                "410": {"description": "Le récepteur n'est plus : l'abonnement est désactivé"},
            },
        }
    }


def _probleme() -> dict[str, Any]:
    def texte(description: str, length: int = 300) -> dict[str, Any]:
        return {"type": "string", "maxLength": length, "description": description}

    return {
        "CodeProbleme": {
            "type": "string",
            "enum": sorted(STATUTS),
            "x-enum-ouverte": True,
            "description": "Code stable d'un problème ; un code inconnu se lit par son statut."
            " Liste ouverte.",
        },
        "CodeErreur": {
            "type": "string",
            "enum": sorted(CODES_ERREUR),
            "x-enum-ouverte": True,
            "description": "Ce qui ne va pas dans une valeur. Liste ouverte",
        },
        "ErreurValidation": {
            "type": "object",
            "description": "Une valeur non admise, et où elle se trouve",
            "required": ["pointeur", "code", "message"],
            "properties": {
                "pointeur": texte("RFC 6901 dans le corps, `?nom` pour un paramètre"),
                "code": {"$ref": "#/components/schemas/CodeErreur"},
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


def _tidy(node: Any) -> None:
    """Write what every reader takes: whole bounds, no title that repeats a name, folded nulls.

    A nullable scalar becomes `type: [x, "null"]`: clients turn `anyOf` into wrapper unions.
    """
    if isinstance(node, list):
        for child in node:
            _tidy(child)
        return
    if not isinstance(node, dict):
        return
    for child in node.values():
        _tidy(child)
    if not _is_schema(node):
        return
    node.pop("title", None)
    for bound in ("minimum", "maximum"):
        if isinstance(node.get(bound), float) and node[bound].is_integer():
            node[bound] = int(node[bound])
    options = node.get("anyOf")
    if not isinstance(options, list) or {"type": "null"} not in options or len(options) != 2:
        return
    (value,) = (option for option in options if option != {"type": "null"})
    if isinstance(value.get("type"), str) and value["type"] != "array":
        del node["anyOf"]
        kept = {name: node[name] for name in ("description",) if name in node}
        node |= {**value, **kept, "type": [value["type"], "null"]}


def _is_schema(node: dict[str, Any]) -> bool:
    kind = node.get("type")
    return (
        kind in ("string", "integer", "boolean", "object", "array", "null")
        or isinstance(kind, list)
        or "anyOf" in node
        or (isinstance(node.get("$ref"), str))
    )
