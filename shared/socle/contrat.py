"""The door of every route: what the contract asks of a request before its route reads it.

The order is the guide's (8.3): token, scope, then a readable request (media type, size, JSON,
parameters, required headers), then values. FastAPI alone would parse the body before it looked
at the token, take duplicate keys, and ignore what it does not know.
"""

import asyncio
import hashlib
import json
import math
import re
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.params import Depends
from fastapi.routing import APIRoute
from fastapi.security import OAuth2
from starlette.requests import HTTPConnection
from starlette.responses import Response

from shared import contexte
from shared.refus import Refus
from shared.socle.auth import Acces
from shared.socle.idempotence import Commande
from shared.socle.problems import DelaiDepasse, JsonIllisible

CORPS_MAX = 256 * 1024
PROFONDEUR_MAX = 20
CLES_MAX = 1_000
ELEMENTS_MAX = 10_000
DELAI_MS = 10_000

_CHAINE = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_CROCHET = re.compile(rb"[\[\]{}]")
_CLE = re.compile(r'(?P<q>"?)([A-Za-z0-9_-]{16,64})(?P=q)')
_VERSION = re.compile(r'"([1-9][0-9]{0,14})"')
_DELAI = re.compile(r"[0-9]{3,5}")


class CorpsTropGrand(Refus):
    code, title = "corps-trop-grand", "Corps trop grand"


class TypeNonAdmis(Refus):
    code, title = "type-non-admis", "Type de contenu non admis"


class JsonTropProfond(Refus):
    code, title = "json-trop-profond", "JSON trop profond"


class CleJsonDupliquee(Refus):
    code, title = "cle-json-dupliquee", "Cle JSON dupliquee"


class ParametreInconnu(Refus):
    code, title = "parametre-inconnu", "Parametre de requete inconnu"

    def __init__(self, admis: list[str]) -> None:
        super().__init__(parametres_admis=admis)


class ParametreRepete(Refus):
    code, title = "parametre-repete", "Parametre de requete repete"


class IdempotenceCleManquante(Refus):
    code, title = "idempotence-cle-manquante", "En-tete Idempotency-Key manquant"


class EnteteInvalide(Refus):
    code, title = "entete-invalide", "En-tete invalide"


class PreconditionRequise(Refus):
    code, title = "precondition-requise", "En-tete If-Match requis"


class IfMatchEtoile(Refus):
    code, title = "if-match-etoile", "If-Match: * n'est pas admis"


class SchemaOAuth2(OAuth2):
    """The scheme of the OpenAPI document; the check itself is `RouteContrat`'s."""

    async def __call__(self, request: HTTPConnection) -> str | None:
        return None


# The document is the same everywhere, so it names the guide's issuer; a deployment overlays it.
_SCHEMA = SchemaOAuth2(
    scheme_name="oauth2",
    description="Client OAuth 2.0 (client_credentials) : un jeton par service et par collectivité",
    flows=OAuthFlows(
        clientCredentials=OAuthFlowClientCredentials(
            tokenUrl="https://auth.insertion.example/connexion/oauth2/access_token?realm=%2Fpartenaire",
            scopes={},
        )
    ),
    auto_error=False,
)


def portee(nom: str) -> Any:
    """Declare the scope of a route: shown in its document, and required before anything is read."""
    return Security(_SCHEMA, scopes=[nom])


def routeur(tag: str) -> APIRouter:
    """A router of one tag whose routes keep the contract."""
    return APIRouter(prefix="/v1", tags=[tag], route_class=RouteContrat)


class RouteContrat(APIRoute):
    """A route that checks the contract before FastAPI reads anything."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler with the checks that its declaration implies."""
        inner = super().get_route_handler()
        dependants = list(_walk(self.dependant))
        scopes = [scope for dependant in dependants for scope in dependant.own_oauth_scopes or ()]
        query = {field.alias: field for d in dependants for field in d.query_params}
        single = {name for name, field in query.items() if not _is_list(field)}
        headers = {field.alias.lower() for d in dependants for field in d.header_params}
        # A route that reads its own stream (an import) declares no body, and bounds it itself.
        media = (
            "application/merge-patch+json"
            if "PATCH" in (self.methods or ())
            else "application/json"
        )
        reads_json = self.body_field is not None

        async def handle(request: Request) -> Response:
            service = request.app.state.service
            acces = await service.verificateur.verifier(request.headers.get("authorization"))
            acces = acces.pour(request.headers.get("client-origine"))
            request.state.acces = acces
            request.scope["jalons.acces"] = acces  # for the access log
            acces.exige(*scopes)

            names = [name for name, _ in request.query_params.multi_items()]
            if any(name not in query for name in names):
                raise ParametreInconnu(sorted(query))
            if any(names.count(name) > 1 for name in single):
                raise ParametreRepete
            if "idempotency-key" in headers:
                request.state.cle = _idempotency_key(request)
            body: Any = None
            raw = b""
            if reads_json:
                raw = await _read(request, media)
                body = parse(raw)
                request._json = body
                request._body = raw
            if "if-match" in headers:
                request.state.version = _if_match(request)
            if "idempotency-key" in headers:
                canonical = json.dumps(
                    body, sort_keys=True, ensure_ascii=False, separators=(",", ":")
                )
                request.state.empreinte = hashlib.sha256(
                    f"{request.url.path}?{request.url.query}\n{canonical}".encode(
                        "utf-8", "surrogatepass"
                    )
                ).digest()
                request.state.route = self.path
            delai_s = _deadline(request)
            try:
                with contexte.demande(origine=acces.auteur, delai_s=delai_s or math.inf):
                    async with asyncio.timeout(delai_s):
                        return await inner(request)
            except TimeoutError:
                raise DelaiDepasse from None

        return handle


def get_commande(
    request: Request,
    _cle: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            min_length=16,
            max_length=66,
            pattern='^("[A-Za-z0-9_-]{16,64}"|[A-Za-z0-9_-]{16,64})$',
            description="Clé d'idempotence : 16 à 64 caractères [A-Za-z0-9_-], guillemets admis",
            examples=['"f29d0da9-953f-48f1-a09f-76b5a170b338"'],
        ),
    ],
    essai: Annotated[
        str | None,
        Query(
            pattern="^(true|false)$",
            max_length=5,
            description="`true` : tout est vérifié, rien n'est écrit ni envoyé",
            examples=["false"],
        ),
    ] = None,
) -> Commande:
    """What makes this request one command: its client, key and fingerprint."""
    acces: Acces = request.state.acces
    return Commande(
        client_id=acces.client_id,
        collectivite=acces.collectivite,
        methode=request.method,
        route=request.state.route,
        cle=request.state.cle,
        empreinte=request.state.empreinte,
        essai=essai == "true",
        coffre=request.app.state.service.coffre,
    )


def get_version(
    request: Request,
    _if_match: Annotated[
        str,
        Header(
            alias="If-Match",
            max_length=20,
            pattern='^"[1-9][0-9]{0,14}"$',
            description="Version lue, telle que rendue par ETag",
            examples=['"3"'],
        ),
    ],
) -> int:
    """The version that the caller has read, from `If-Match`."""
    version: int = request.state.version
    return version


CommandeDep = Annotated[Commande, Depends(get_commande)]
SiVersion = Annotated[int, Depends(get_version)]


def parse(raw: bytes) -> Any:
    """Parse JSON strictly: bounded in depth and number, no duplicate key, no NaN.

    Raises:
        JsonIllisible, JsonTropProfond, CleJsonDupliquee: 400.
        CorpsTropGrand: 413, more keys or elements than admitted.
    """
    # Depth is counted before parsing, outside of strings: the parser itself recurses.
    depth = elements = 0
    skeleton = _CHAINE.sub(b"", raw)
    for bracket in _CROCHET.findall(skeleton):
        depth += 1 if bracket in b"[{" else -1
        if depth > PROFONDEUR_MAX:
            raise JsonTropProfond
    elements = skeleton.count(b",")
    if elements > ELEMENTS_MAX:
        raise CorpsTropGrand

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(pairs) > CLES_MAX:
            raise CorpsTropGrand
        found = dict(pairs)
        if len(found) != len(pairs):
            raise CleJsonDupliquee
        return found

    def refuse(_: str) -> Any:
        raise JsonIllisible

    try:
        return json.loads(raw.decode(), object_pairs_hook=unique, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise JsonIllisible from None


async def _read(request: Request, media: str) -> bytes:
    received = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if received != media:
        raise TypeNonAdmis(types_admis=[media])
    if request.headers.get("content-encoding", "identity") != "identity":
        raise TypeNonAdmis(types_admis=[media])
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > CORPS_MAX:
            raise CorpsTropGrand(corps_max_octets=CORPS_MAX)
        chunks.append(chunk)
    return b"".join(chunks)


def _idempotency_key(request: Request) -> str:
    received = request.headers.get("idempotency-key")
    if received is None:
        raise IdempotenceCleManquante
    found = _CLE.fullmatch(received)
    if found is None:
        raise EnteteInvalide(entete="Idempotency-Key")
    return found.group(2)


def _if_match(request: Request) -> int:
    received = request.headers.get("if-match")
    if received is None:
        raise PreconditionRequise
    if received == "*":
        raise IfMatchEtoile
    found = _VERSION.fullmatch(received)
    if found is None:
        raise EnteteInvalide(entete="If-Match")
    return int(found.group(1))


def _deadline(request: Request) -> float | None:
    """Seconds for the work, from `Delai-Max`; a stream or a long poll bounds itself."""
    if getattr(request.scope.get("route"), "endpoint", None) in SANS_DELAI:
        return None
    received = request.headers.get("delai-max")
    if received is None:
        return DELAI_MS / 1000
    if not _DELAI.fullmatch(received) or not 100 <= int(received) <= 30_000:
        raise EnteteInvalide(entete="Delai-Max")
    return int(received) / 1000


SANS_DELAI: set[Callable[..., Any]] = set()


def sans_delai(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a route whose own bounds replace `Delai-Max`: an upload, a long poll."""
    SANS_DELAI.add(endpoint)
    return endpoint


def _walk(dependant: Dependant) -> list[Dependant]:
    found = [dependant]
    for child in dependant.dependencies:
        found.extend(_walk(child))
    return found


def _is_list(field: Any) -> bool:
    return getattr(field.field_info.annotation, "__origin__", None) is list
