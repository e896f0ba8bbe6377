"""The built-in OAuth 2 issuer: client credentials in, a signed access token out (RFC 9068).

Any OpenID provider that signs the same claims may take its place.
"""

import asyncio
import base64
import binascii
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote_plus
from uuid import uuid4

from fastapi import FastAPI, Form, Header, Request
from fastapi.exceptions import RequestValidationError
from joserfc import jwt
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deploy.emetteur.assertions import ASSERTION, Assertions
from deploy.emetteur.cles import Trousseau
from deploy.emetteur.clients import Annuaire, Client, correspond, hacher
from shared.socle.auth import DUREE_MAX_S
from shared.socle.emetteur import ALGORITHMES, INVALIDE, STATUTS_S, SUSPENDU, VALIDE

# A request is a few fields: more is not one, and slower either.
CORPS_MAX, ATTENTE_S = 16 * 1024, 10
# Compared with when the client is unknown, so that the answer takes as long.
_LEURRE = hacher("leurre")
_BITS = 2  # a client


class Settings(BaseSettings):
    """Where the issuer is, its files, and the audience of each service."""

    model_config = SettingsConfigDict(env_prefix="JALONS_EMETTEUR_")

    url: str
    clients: Path = Field(description="Fichier des clients (secrets hachés)")
    cles: Path = Field(description="Clés privées ES256 (JWK) ; créées si le fichier manque")
    orientation: str = Field(validation_alias="JALONS_ORIENTATION_URL")
    parcours: str = Field(validation_alias="JALONS_PARCOURS_URL")
    financement: str = Field(validation_alias="JALONS_FINANCEMENT_URL")


def create() -> FastAPI:
    """Make the issuer's app from the environment."""
    settings = Settings()
    trousseau = Trousseau(settings.cles)
    annuaire = Annuaire(settings.clients)
    statuts = f"{settings.url}/connexion/statuts"
    point_jeton = f"{settings.url}/connexion/oauth2/access_token?realm=%2Fpartenaire"
    assertions = Assertions(audiences=(settings.url, point_jeton))
    audiences = {
        "orientation": settings.orientation,
        "parcours": settings.parcours,
        "financement": settings.financement,
    }
    app = FastAPI(
        title="Jalons, émetteur de jetons", docs_url=None, redoc_url=None, openapi_url=None
    )

    @app.exception_handler(RequestValidationError)
    async def illisible(_: Request, __: Exception) -> JSONResponse:
        return _error("invalid_request")  # FastAPI's own answer would quote the secret

    @app.get("/sante/vivant")
    async def vivant() -> dict[str, str]:
        return {"statut": "vivant"}

    @app.get("/connexion/jwks")
    async def cles() -> dict[str, Any]:
        return trousseau.publiques

    @app.get("/connexion/statuts")
    async def statuts_des_clients() -> Response:
        """The Token Status List (draft-ietf-oauth-status-list): who is suspended, by rank."""
        now = int(time.time())
        token = jwt.encode(
            {"alg": "ES256", "typ": "statuslist+jwt", "kid": trousseau.courante.kid},
            {
                "sub": statuts,
                "iat": now,
                "exp": now + 3600,
                "ttl": STATUTS_S,
                "status_list": {"bits": _BITS, "lst": _liste(annuaire.clients().values())},
            },
            trousseau.courante,
        )
        return Response(
            token,
            media_type="application/statuslist+jwt",
            headers={"Cache-Control": f"max-age={STATUTS_S}"},
        )

    @app.get("/.well-known/oauth-authorization-server")
    async def metadonnees() -> dict[str, Any]:
        return {
            "issuer": settings.url,
            "token_endpoint": point_jeton,
            "jwks_uri": f"{settings.url}/connexion/jwks",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": [
                "private_key_jwt",
                "client_secret_post",
                "client_secret_basic",
            ],
            "token_endpoint_auth_signing_alg_values_supported": ALGORITHMES,
            "response_types_supported": [],
        }

    async def authentifier(
        client_id: str, secret: str, type_assertion: str, assertion: str
    ) -> tuple[Client | None, bool]:
        """The client that proved itself, and whether it did so by its key."""
        if type_assertion or assertion:
            if type_assertion != ASSERTION or secret:
                return None, True
            return assertions.verifier(assertion, annuaire.clients(), client_id), True
        client = annuaire.clients().get(client_id)
        known = client.secret if client is not None else _LEURRE
        right = await asyncio.to_thread(correspond, secret, known)
        return client if right else None, False

    @app.post("/connexion/oauth2/access_token")
    async def jeton(
        realm: str = "",
        grant_type: Annotated[str, Form()] = "",
        scope: Annotated[str, Form()] = "",
        collectivite: Annotated[str, Form()] = "",
        client_id: Annotated[str, Form()] = "",
        client_secret: Annotated[str, Form()] = "",
        client_assertion_type: Annotated[str, Form()] = "",
        client_assertion: Annotated[str, Form()] = "",
        authorization: Annotated[str, Header()] = "",
    ) -> JSONResponse:
        if realm != "/partenaire":
            return _error("invalid_request")
        if grant_type != "client_credentials":
            return _error("unsupported_grant_type")
        if authorization:
            client_id, client_secret = _basic(authorization)
        client, by_key = await authentifier(
            client_id, client_secret, client_assertion_type, client_assertion
        )
        if client is None or client.suspendu:
            return _error("invalid_client", 401)
        if not collectivite and len({one.collectivite for one in client.autorisations}) == 1:
            collectivite = client.autorisations[0].collectivite
        autorisation = client.autorisation(collectivite)
        if autorisation.cle_exigee and not by_key:
            return _error("unauthorized_client")
        asked = scope.split()
        # The scopes say which service the token is for: one service, one audience.
        services = {one.partition(":")[0].partition(".")[0] for one in asked}
        if len(services) != 1 or not set(autorisation.portees).issuperset(asked):
            return _error("invalid_scope")
        audience = audiences[services.pop()]
        now = int(time.time())
        token = jwt.encode(
            {"alg": "ES256", "typ": "at+jwt", "kid": trousseau.courante.kid},
            {
                "iss": settings.url,
                "aud": audience,
                "sub": client.client_id,
                "client_id": client.client_id,
                "collectivite": collectivite,
                "scope": " ".join(asked),
                "iat": now,
                "exp": now + DUREE_MAX_S,
                "jti": str(uuid4()),
                "status": {"status_list": {"idx": client.rang, "uri": statuts}},
            },
            trousseau.courante,
        )
        return JSONResponse(
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": DUREE_MAX_S,
                "scope": scope,
            },
            headers={"Cache-Control": "no-store"},
        )

    app.add_middleware(Borne)
    return app


class Borne:
    """Read a body whole before its route does, as long as it is short and comes at once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = bytearray()
        try:
            async with asyncio.timeout(ATTENTE_S):
                async for chunk in Request(scope, receive).stream():
                    body += chunk
                    if len(body) > CORPS_MAX:
                        raise ValueError
        except (TimeoutError, ValueError, ClientDisconnect):
            await _error("invalid_request")(scope, receive, send)
            return

        async def whole() -> Message:
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self._app(scope, whole, send)


def _liste(clients: Iterable[Client]) -> str:
    """Two bits a client, the first in the low bits; a rank that no client has is invalid."""
    statuts = {client.rang: SUSPENDU if client.suspendu else VALIDE for client in clients}
    size = max(statuts, default=-1) // (8 // _BITS) + 1
    packed = sum(statuts.get(rang, INVALIDE) << rang * _BITS for rang in range(size * (8 // _BITS)))
    return (
        base64.urlsafe_b64encode(zlib.compress(packed.to_bytes(size, "little")))
        .decode()
        .rstrip("=")
    )


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, value = authorization.partition(" ")
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        return "", ""
    return (unquote_plus(name), unquote_plus(secret)) if scheme.lower() == "basic" else ("", "")


def _error(code: str, status: int = 400) -> JSONResponse:
    """Errors of this endpoint are those of RFC 6749, 5.2: OAuth clients know no others."""
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="/partenaire"'
    return JSONResponse({"error": code}, status_code=status, headers=headers)
