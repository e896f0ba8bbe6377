"""The built-in OAuth 2 issuer: client credentials in, a signed access token out (RFC 9068).

Any OpenID provider that signs the same claims may take its place.
"""

import asyncio
import base64
import binascii
import os
import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote_plus
from uuid import uuid4

from fastapi import FastAPI, Form, Header, Request
from fastapi.exceptions import RequestValidationError
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.responses import JSONResponse

from deploy.emetteur.clients import Annuaire, correspond, hacher

DUREE_S = 300
# Compared with when the client is unknown, so that the answer takes as long.
_LEURRE = hacher("leurre")


class Settings(BaseSettings):
    """Where the issuer is, its files, and the audience of each service."""

    model_config = SettingsConfigDict(env_prefix="JALONS_EMETTEUR_")

    url: str
    clients: Path = Field(description="Fichier des clients (secrets hachés)")
    cle: Path = Field(description="Clé privée ES256, PEM ; créée si elle manque")
    orientation: str = Field(validation_alias="JALONS_ORIENTATION_URL")
    parcours: str = Field(validation_alias="JALONS_PARCOURS_URL")
    financement: str = Field(validation_alias="JALONS_FINANCEMENT_URL")


def create() -> FastAPI:
    """Make the issuer's app from the environment."""
    settings = Settings()
    key = _load_key(settings.cle)
    annuaire = Annuaire(settings.clients)
    audiences = {
        "orientation": settings.orientation,
        "parcours": settings.parcours,
        "financement": settings.financement,
    }
    jwks = {"keys": [{**key.as_dict(private=False), "use": "sig", "alg": "ES256", "kid": key.kid}]}
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
        return jwks

    @app.get("/.well-known/oauth-authorization-server")
    async def metadonnees() -> dict[str, Any]:
        return {
            "issuer": settings.url,
            "token_endpoint": f"{settings.url}/connexion/oauth2/access_token?realm=%2Fpartenaire",
            "jwks_uri": f"{settings.url}/connexion/jwks",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "response_types_supported": [],
        }

    @app.post("/connexion/oauth2/access_token")
    async def jeton(
        realm: str = "",
        grant_type: Annotated[str, Form()] = "",
        scope: Annotated[str, Form()] = "",
        collectivite: Annotated[str, Form()] = "",
        client_id: Annotated[str, Form()] = "",
        client_secret: Annotated[str, Form()] = "",
        authorization: Annotated[str, Header()] = "",
    ) -> JSONResponse:
        if realm != "/partenaire":
            return _error("invalid_request")
        if grant_type != "client_credentials":
            return _error("unsupported_grant_type")
        if authorization:
            client_id, client_secret = _basic(authorization)
        client = annuaire.get(client_id)
        known = client.secret if client is not None else _LEURRE
        right = await asyncio.to_thread(correspond, client_secret, known)
        if client is None or not right or client.suspendu:
            return _error("invalid_client", 401)
        if not collectivite and len({one.collectivite for one in client.autorisations}) == 1:
            collectivite = client.autorisations[0].collectivite
        asked = scope.split()
        granted = client.portees(collectivite)
        # The scopes say which service the token is for: one service, one audience.
        services = {one.partition(":")[0].partition(".")[0] for one in asked}
        if len(services) != 1 or not granted.issuperset(asked):
            return _error("invalid_scope")
        audience = audiences[services.pop()]
        now = int(time.time())
        token = jwt.encode(
            {"alg": "ES256", "typ": "at+jwt", "kid": key.kid},
            {
                "iss": settings.url,
                "aud": audience,
                "sub": client_id,
                "client_id": client_id,
                "collectivite": collectivite,
                "scope": " ".join(asked),
                "iat": now,
                "exp": now + DUREE_S,
                "jti": str(uuid4()),
            },
            key,
        )
        return JSONResponse(
            {"access_token": token, "token_type": "Bearer", "expires_in": DUREE_S, "scope": scope},
            headers={"Cache-Control": "no-store"},
        )

    return app


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


def _load_key(chemin: Path) -> ECKey:
    """Read the signing key, or make it: its thumbprint is its `kid`, stable over restarts."""
    if not chemin.exists():
        # Whole or not at all: half a key would keep every later start from its own.
        draft = chemin.with_suffix(".nouveau")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(ECKey.generate_key("P-256").as_pem(private=True))
        draft.rename(chemin)
    key = ECKey.import_key(chemin.read_bytes())
    key.ensure_kid()
    return key
