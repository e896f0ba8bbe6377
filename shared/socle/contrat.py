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
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Sequence
from typing import Annotated, Any, get_args
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.params import Depends
from fastapi.routing import APIRoute
from fastapi.security import OAuth2
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from shared import contexte
from shared.refus import Erreur, Refus, Validation
from shared.schemas.commun import MEDIA_PARTIEL
from shared.socle.auth import Acces
from shared.socle.idempotence import Commande
from shared.socle.problems import PROBLEM_JSON, DelaiDepasse, JsonIllisible
from shared.socle.quotas import quota_de

MERGE_PATCH = "application/merge-patch+json"
CORPS_MAX = 256 * 1024
PROFONDEUR_MAX = 20
CLES_MAX = 1_000
ELEMENTS_MAX = 10_000
SI_CHANGEE_MAX = 400
DELAI_MS, DELAI_MIN_MS, DELAI_MAX_MS = 10_000, 100, 30_000
# A file comes at 2 KiB a second at the least: below, a line is broken or someone holds it open.
AVANCE, AVANCE_S = 64 * 1024, 30

# It takes all that follows a quote and gives nothing back, closed or not: a body made of escaped
# quotes would otherwise be read again from each of them, for minutes.
_CHAINE = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_CROCHET = re.compile(rb"[\[\]{}]")
_CLE = re.compile(r'(?P<q>"?)([A-Za-z0-9_-]{16,64})(?P=q)')
_VERSION = re.compile(r'"([1-9][0-9]{0,14})"')
_DELAI = re.compile(r"[1-9][0-9]{2,4}")
_SANS_VALEUR = re.compile(r"q=0(\.0{0,3})?")
_POIDS = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
# In a path or a query, one spelling of each value: Pydantic takes `5_0` for 50, and an id in
# capitals, in braces or after `urn:uuid:`, which no cache, log or signature knows for the same.
_FORMES: dict[type, tuple[re.Pattern[str], str, str]] = {
    int: (re.compile(r"0|-?[1-9][0-9]*"), "type-inattendu", "Entier attendu"),
    UUID: (
        re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        "uuid-attendu",
        "UUID attendu",
    ),
}


class CorpsTropGrand(Refus):
    code = "corps-trop-grand"


class TypeNonAdmis(Refus):
    code = "type-non-admis"

    @property
    def headers(self) -> dict[str, str]:
        """A PATCH is told which formats its path takes (RFC 5789)."""
        admis: Collection[str] = self.members["types_admis"]
        return {"Accept-Patch": MERGE_PATCH} if MERGE_PATCH in admis else {}


class JsonTropProfond(Refus):
    code = "json-trop-profond"


class CleJsonDupliquee(Refus):
    code = "cle-json-dupliquee"


class CorpsInterrompu(Refus):
    """The caller left before the end of the body: the access log is told, nobody else is left."""

    code = "entete-invalide"
    detail = "Corps plus court qu'annonce."


class FormatIndisponible(Refus):
    code = "format-indisponible"

    def __init__(self, types: Collection[str]) -> None:
        super().__init__(types_offerts=sorted(types))


class Maintenance(Refus):
    """The operator has announced until when nothing is served."""

    code = "maintenance"

    def __init__(self, secondes: int) -> None:
        super().__init__()
        self._secondes = secondes

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self._secondes)}


class ParametreInconnu(Refus):
    code = "parametre-inconnu"

    def __init__(self, admis: list[str]) -> None:
        super().__init__(parametres_admis=admis)


class ParametreRepete(Refus):
    code = "parametre-repete"


class IdempotenceCleManquante(Refus):
    code = "idempotence-cle-manquante"


class EnteteInvalide(Refus):
    code = "entete-invalide"


class PreconditionRequise(Refus):
    code = "precondition-requise"


class IfMatchEtoile(Refus):
    code = "if-match-etoile"


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


def chemins(routeurs: Iterable[APIRouter]) -> dict[str, set[str]]:
    """The methods of each path, known without making the document: it takes seconds to make."""
    found: dict[str, set[str]] = {}
    for routeur in routeurs:
        for route in routeur.routes:
            if isinstance(route, APIRoute):
                found.setdefault(route.path, set()).update(route.methods or ())
    return found


def operations(routeurs: Iterable[APIRouter]) -> frozenset[str]:
    """The operationIds of the document, which are the names of its routes."""
    routes = (route for routeur in routeurs for route in routeur.routes)
    return frozenset(
        route.name for route in routes if isinstance(route, APIRoute) and route.include_in_schema
    )


class RouteContrat(APIRoute):
    """A route that checks the contract before FastAPI reads anything."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Leave to its own route a path that is declared whole: `recherches` is no identifier."""
        if self.param_convertors and scope["path"] in scope["app"].state.chemins:
            return Match.NONE, {}
        return super().matches(scope)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler with the checks that its declaration implies."""
        inner = super().get_route_handler()
        dependants = list(_walk(self.dependant))
        scopes = [scope for dependant in dependants for scope in dependant.own_oauth_scopes or ()]
        query = {field.alias: field for d in dependants for field in d.query_params}
        single = {name for name, field in query.items() if not _is_list(field)}
        forms = [
            (field.alias, kind)
            for d in dependants
            for field in (*d.path_params, *d.query_params)
            for kind in _FORMES
            if _holds(field.field_info.annotation, kind)
        ]
        headers = {field.alias.lower() for d in dependants for field in d.header_params}
        offered = {
            media
            for status in (200, 201, 202)
            for media in self.responses.get(status, {}).get("content", ())
        } or {"application/json"}
        if "champs" in query:
            offered.add(MEDIA_PARTIEL)
        # A route that reads its own stream (an import) declares no body, and bounds it itself.
        media = MERGE_PATCH if "PATCH" in (self.methods or ()) else "application/json"
        reads_json = self.body_field is not None
        bound_by = quota_de(self.methods or (), (one.call for one in dependants))

        async def handle(request: Request) -> Response:
            service = request.app.state.service
            verifier_maintenance(service)
            acces = await service.verificateur.verifier(request.headers.get("authorization"))
            acces = acces.pour(request.headers.get("client-origine"))
            request.state.acces = acces
            request.state.entetes = {}  # what a dependency adds to the answer
            request.scope["jalons.acces"] = acces  # for the access log
            acces.exige(*scopes)

            if not _accepts(request, {*offered, PROBLEM_JSON}):
                raise FormatIndisponible(offered)
            names = [name for name, _ in request.query_params.multi_items()]
            if any(name not in query for name in names):
                raise ParametreInconnu(sorted(query))
            if any(names.count(name) > 1 for name in single):
                raise ParametreRepete
            if "idempotency-key" in headers:
                request.state.cle = _idempotency_key(request)
                request.state.route = self.path
            delai_s = _deadline(request)
            try:
                # A body is waited for no longer than the work itself, which may have no bound.
                async with asyncio.timeout(delai_s or DELAI_MS / 1000) as bound:
                    # For a dependency: until when the caller waits.
                    request.state.fin = bound.when() if delai_s else None
                    with contexte.demande(acces.auteur, delai_s or math.inf, bound):
                        if service.bac is not None:
                            await service.bac.passer(acces, self.name, self.tags)
                        body = await _read(request, media) if reads_json else None
                        _check(request, headers, body)
                        _check_forms(request, forms)
                        if not acces.interne:
                            request.state.entetes |= await service.compteurs.compter(
                                acces,
                                bound_by.classe_de(request),
                                service.reglages,
                                service.horloge(),
                            )
                        if delai_s is None:
                            bound.reschedule(None)
                        response = await inner(request)
            except TimeoutError:
                if not bound.expired():  # a database that does not answer is not our deadline
                    raise
                raise DelaiDepasse from None
            response.headers.update(request.state.entetes)
            # For a dependency, once it is over.
            request.state.statut, request.state.reponse = response.status_code, response
            return response

        return handle


async def get_essai(
    essai: Annotated[
        str | None,
        Query(
            pattern="^(true|false)$",
            max_length=5,
            description="`true` : tout est vérifié, rien n'est écrit ni envoyé",
            examples=["false"],
        ),
    ] = None,
) -> bool:
    """Whether the command is only tried."""
    return essai == "true"


EssaiDep = Annotated[bool, Depends(get_essai)]


async def get_commande(
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
    essai: EssaiDep,
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
        essai=essai,
        coffre=request.app.state.service.coffre,
    )


async def get_version(
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
    depth = 0
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


def verifier_maintenance(service: Any) -> None:
    """Refuse while the operator has announced that nothing is served.

    Raises:
        Maintenance: 503, with the seconds until it ends.
    """
    until = service.reglages.maintenance_jusqu_a
    left = (until - service.horloge_reelle()).total_seconds() if until else 0
    if left > 0:
        raise Maintenance(math.ceil(left))


def _accepts(request: Request, offered: Collection[str]) -> bool:
    """Whether `Accept` takes one of these; the narrowest range decides, and q=0 excludes."""
    ranges: dict[str, bool] = {}
    for one in ",".join(request.headers.getlist("accept")).lower().split(","):
        name, *parameters = (word.strip() for word in one.split(";"))
        if name:
            ranges[name] = not any(_SANS_VALEUR.fullmatch(word) for word in parameters)
    return not ranges or any(
        next((ranges[one] for one in _ranges(media) if one in ranges), False) for media in offered
    )


def prefere(request: Request, offered: Sequence[str]) -> str:
    """Which of these `Accept` prefers: by weight, then by the narrowest range, then the first."""
    ranges: dict[str, float] = {}
    for one in ",".join(request.headers.getlist("accept")).lower().split(","):
        name, *parameters = (word.strip() for word in one.split(";"))
        weights = [found.group(1) for word in parameters if (found := _POIDS.fullmatch(word))]
        ranges[name] = float(weights[0]) if weights else 1.0

    def weight(media: str) -> tuple[float, int]:
        found = ((ranges[one], -rank) for rank, one in enumerate(_ranges(media)) if one in ranges)
        return next(found, (0.0, 0))

    return max(offered, key=weight)


def _ranges(media: str) -> tuple[str, str, str]:
    return media, media.partition("/")[0] + "/*", "*/*"


async def _read(request: Request, media: str) -> Any:
    """Read and parse the body; FastAPI is given what was read."""
    received = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if received != media:
        raise TypeNonAdmis(types_admis=[media])
    if request.headers.get("content-encoding", "identity") != "identity":
        raise TypeNonAdmis(types_admis=[media])
    raw = bytearray()
    try:
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > CORPS_MAX:
                raise CorpsTropGrand(corps_max_octets=CORPS_MAX)
    except ClientDisconnect:
        raise CorpsInterrompu from None
    request._body = bytes(raw)
    request._json = parse(request._body)
    return request._json


async def recevoir(request: Request) -> AsyncIterator[bytes]:
    """The body of an upload, as it comes, as long as it does come.

    Raises:
        DelaiDepasse: less than `AVANCE` bytes came in `AVANCE_S` seconds.
        CorpsInterrompu: the caller left.
    """
    clock = asyncio.get_running_loop().time
    stream = request.stream()
    until, received = clock() + AVANCE_S, 0
    while True:
        try:
            async with asyncio.timeout_at(until):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise DelaiDepasse from None
        except ClientDisconnect:
            raise CorpsInterrompu from None
        received += len(chunk)
        if received >= AVANCE:
            until, received = clock() + AVANCE_S, 0
        yield chunk


def _check(request: Request, headers: Collection[str], body: Any) -> None:
    """Read the version and the fingerprint that a command needs."""
    if len(request.headers.get("if-none-match", "")) > SI_CHANGEE_MAX:
        raise EnteteInvalide(entete="If-None-Match")
    if "if-match" in headers:
        request.state.version = _if_match(request)
    if "idempotency-key" in headers:
        canonical = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        path, query = request.scope["path"], request.scope["query_string"].decode("latin-1")
        request.state.empreinte = hashlib.sha256(
            f"{path}?{query}\n{canonical}".encode("utf-8", "surrogatepass")
        ).digest()


def _check_forms(request: Request, forms: Collection[tuple[str, type]]) -> None:
    """Refuse a second spelling of an integer or of an id, in the path and in the query."""
    faults = []
    for name, kind in forms:
        shape, code, message = _FORMES[kind]
        own = request.path_params.get(name)
        values = request.query_params.getlist(name) if own is None else [own]
        if not all(shape.fullmatch(value) for value in values):
            faults.append(Erreur(f"?{name}", code, message))
    if faults:
        raise Validation(faults)


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
    if not _DELAI.fullmatch(received) or not DELAI_MIN_MS <= int(received) <= DELAI_MAX_MS:
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


def _holds(annotation: Any, kind: type) -> bool:
    return annotation is kind or any(_holds(inner, kind) for inner in get_args(annotation))
