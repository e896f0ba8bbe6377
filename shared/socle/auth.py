"""Who calls, for which collectivité, and what they may do: the access token (RFC 9068).

Any OpenID provider that signs the claims of the contract guide (15.2) may issue it: the service
knows an issuer and its keys, nothing else.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from shared.refus import DependanceIndisponible, Refus

# Asymmetric only: with HS256 the public key would be a shared secret.
ALGORITHMES = ["ES256", "PS256", "RS256"]
DUREE_MAX_S = 300
TOLERANCE_S = 60
_CACHE_MAX = 10_000
_RECHARGE_MIN_S = 10

_log = structlog.get_logger()


class JetonRefuse(Refus):
    """A 401, with the header by which a client knows what to mend."""

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class JetonAbsent(JetonRefuse):
    code, title = "jeton-absent", "Jeton d'acces absent"

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class JetonInvalide(JetonRefuse):
    code, title = "jeton-invalide", "Jeton d'acces invalide"


class JetonExpire(JetonRefuse):
    code, title = "jeton-expire", "Jeton d'acces expire"


class JetonAudience(JetonRefuse):
    code, title = "jeton-audience", "Jeton destine a un autre service"


class PreuveInvalide(JetonRefuse):
    """A token bound to a key (`cnf`) needs a proof that this release cannot check."""

    code, title = "preuve-invalide", "Preuve de possession non verifiable"


class PorteeInsuffisante(Refus):
    code, title = "portee-insuffisante", "Portee insuffisante"

    def __init__(self, requises: list[str]) -> None:
        super().__init__(portees_requises=requises)

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}


@dataclass(frozen=True)
class Acces:
    """What a verified token grants: one client, one collectivité, some scopes."""

    client_id: str
    collectivite: str
    portees: frozenset[str]
    expire_le: float = float("inf")

    def exige(self, *portees: str) -> None:
        """Refuse unless every scope is held.

        Raises:
            PorteeInsuffisante: one is missing.
        """
        if not self.portees.issuperset(portees):
            raise PorteeInsuffisante(sorted(portees))


class Verificateur:
    """Check access tokens for one audience, with the issuer's published keys."""

    def __init__(
        self,
        *,
        emetteur: str,
        audience: str,
        client: httpx.AsyncClient,
        horloge: Callable[[], float] = time.time,
    ) -> None:
        self._emetteur = emetteur
        self._audience = audience
        self._client = client
        self._horloge = horloge
        self._keys: KeySet | None = None
        self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()
        # A check costs a third of a read: the claims are kept until they expire, by token hash.
        self._cache: dict[bytes, Acces] = {}

    async def verifier(self, authorization: str | None) -> Acces:
        """Return what the `Authorization` header grants.

        Raises:
            JetonAbsent, JetonInvalide, JetonExpire, JetonAudience, PreuveInvalide: 401.
            DependanceIndisponible: no key of the issuer has ever been read.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise JetonAbsent
        token = token.strip()
        digest = hashlib.sha256(token.encode()).digest()
        now = self._horloge()
        known = self._cache.get(digest)
        if known is not None:
            if now > known.expire_le + TOLERANCE_S:
                del self._cache[digest]
                raise JetonExpire
            return known
        acces = self._read(await self._decode(token), now)
        if len(self._cache) >= _CACHE_MAX:
            self._cache.clear()
        self._cache[digest] = acces
        return acces

    def _read(self, claims: dict[str, Any], now: float) -> Acces:
        match claims:
            case {
                "iss": self._emetteur,
                "aud": audience,
                "client_id": str(client_id),
                "collectivite": str(collectivite),
                "scope": str(scope),
                "iat": int(iat),
                "exp": int(exp),
                "jti": str(),
            }:
                pass
            case _:
                raise JetonInvalide
        if audience not in (self._audience, [self._audience]):
            raise JetonAudience
        if now > exp + TOLERANCE_S:
            raise JetonExpire
        if iat > now + TOLERANCE_S or exp - iat > DUREE_MAX_S:
            raise JetonInvalide
        if "cnf" in claims:
            raise PreuveInvalide
        return Acces(client_id, collectivite, frozenset(scope.split()), exp)

    async def _decode(self, token: str) -> dict[str, Any]:
        try:
            keys = await self._keys_now()
            if keys is None:
                raise DependanceIndisponible
            try:
                decoded = jwt.decode(token, keys, algorithms=ALGORITHMES)
            except InvalidKeyIdError:  # the issuer may have rotated since
                keys = await self._keys_now(renew=True) or keys
                decoded = jwt.decode(token, keys, algorithms=ALGORITHMES)
        except (JoseError, ValueError, TypeError, KeyError):
            raise JetonInvalide from None
        # RFC 9068: an ID token, signed by the same keys, is not an access token.
        if str(decoded.header.get("typ", "")).lower() not in ("at+jwt", "application/at+jwt"):
            raise JetonInvalide
        return dict(decoded.claims)

    async def _keys_now(self, *, renew: bool = False) -> KeySet | None:
        """The keys in hand; those known keep serving while the issuer is silent."""
        async with self._fetching:
            # By the last attempt, not the last success: a silent issuer is asked now and then,
            # and a made-up key id cannot make each request wait for it.
            age = self._horloge() - self._tried_at
            pause = 1 if self._keys is None else _RECHARGE_MIN_S
            if (self._keys is None or renew or age > 3600) and age > pause:
                self._tried_at = self._horloge()
                try:
                    answer = await self._client.get(f"{self._emetteur}/connexion/jwks", timeout=3)
                    answer.raise_for_status()
                    self._keys = KeySet.import_key_set(answer.json())
                except (httpx.HTTPError, ValueError, JoseError) as error:
                    _log.warning("jwks_indisponible", type=type(error).__name__)
            return self._keys
