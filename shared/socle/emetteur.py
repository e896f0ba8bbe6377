"""What a service reads of the issuer: its keys, and who is suspended.

Both are kept while the issuer is silent: what was known keeps serving, and an outage of the issuer
stops no one who has a token.
"""

import asyncio
import base64
import math
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import Key, KeySet, import_key

from shared.clients.emetteur import Emetteur

# Asymmetric only: with HS256 the public key would be a shared secret.
ALGORITHMES = ["ES256", "PS256", "RS256"]
# A suspension takes effect within 60 s (contract guide, 15.7): read again well before.
CLES_S, STATUTS_S = 3600, 20
_PAUSE_S, _DELAI_S = 10, 3
_STATUTS_MAX_OCTETS = 1024 * 1024

# Of the Token Status List (draft-ietf-oauth-status-list, 7.1).
VALIDE, INVALIDE, SUSPENDU = 0, 1, 2

# What an answer that is not the one expected may raise, besides the network's own failures.
_ECHECS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    TimeoutError,
    JoseError,
    ValueError,
    TypeError,
    LookupError,
    zlib.error,
)

_log = structlog.get_logger()
T = TypeVar("T")


class Lecture(Generic[T]):
    """Something read from the issuer now and then, and kept while it is silent."""

    def __init__(
        self,
        quoi: str,
        lire: Callable[[], Awaitable[T]],
        *,
        duree_s: float,
        horloge: Callable[[], float],
    ) -> None:
        self._quoi = quoi
        self._lire = lire
        self._duree_s = duree_s
        self._horloge = horloge
        self._value: T | None = None
        self._read_at = self._tried_at = float("-inf")
        self._reading = asyncio.Lock()

    async def __call__(self, *, renew: bool = False) -> T | None:
        """The value in hand, read again when it is old; None if it was never read."""
        # While one request reads it again, the others do with what is known.
        if self._value is not None and not renew and (self._reading.locked() or not self._old()):
            return self._value
        async with self._reading:
            # A silent issuer is asked now and then: neither its silence nor a made-up key id can
            # make each request wait for it.
            pause = 1 if self._value is None else _PAUSE_S
            if (renew or self._old()) and self._horloge() - self._tried_at > pause:
                try:
                    async with asyncio.timeout(_DELAI_S):
                        self._value = await self._lire()
                    self._read_at = self._horloge()
                except _ECHECS as error:
                    _log.warning("emetteur_silencieux", quoi=self._quoi, type=type(error).__name__)
                # At its end: whoever waited meanwhile finds a fresh answer, or a fresh failure.
                self._tried_at = self._horloge()
            return self._value

    def _old(self) -> bool:
        return self._horloge() - self._read_at > self._duree_s


@dataclass(frozen=True)
class Statuts:
    """A status list: some bits for each rank."""

    bits: int
    octets: bytes

    def de(self, rang: int) -> int:
        """The status at a rank; what is not in the list is invalid."""
        each = 8 // self.bits
        if not 0 <= rang < len(self.octets) * each:
            return INVALIDE
        return self.octets[rang // each] >> rang % each * self.bits & (1 << self.bits) - 1


class EmetteurConnu:
    """The issuer's signatures and statuses, as far as this service knows them."""

    def __init__(self, emetteur: Emetteur, *, horloge: Callable[[], float] = time.time) -> None:
        self.url = emetteur.url
        self._emetteur = emetteur
        self._horloge = horloge
        self._cles = Lecture("cles", self._lire_cles, duree_s=CLES_S, horloge=horloge)
        self._statuts: dict[str, Lecture[Statuts]] = {}

    async def ouvrir(self, jeton: str, *types: str) -> dict[str, Any] | None:
        """The claims of a token that the issuer signed, of one of these types.

        Returns None when no key of the issuer has ever been read.

        Raises:
            JoseError, ValueError, TypeError, LookupError: it is not such a token.
        """
        keys = await self._cles()
        if keys is None:
            return None
        try:
            decoded = jwt.decode(jeton, keys, algorithms=ALGORITHMES)
        except InvalidKeyIdError:  # the issuer may have turned its keys since
            keys = await self._cles(renew=True) or keys
            decoded = jwt.decode(jeton, keys, algorithms=ALGORITHMES)
        # RFC 9068: an ID token, signed by the same keys, is not an access token.
        if str(decoded.header.get("typ", "")).lower().removeprefix("application/") not in types:
            raise ValueError("Ce n'est pas un jeton de ce type")
        return dict(decoded.claims)

    async def statut(self, uri: str, rang: int) -> int:
        """The status that the issuer gives to a token, known to 20 s.

        An issuer that has never answered leaves it valid: its signature is, for five minutes.
        """
        if uri not in self._statuts:
            self._statuts[uri] = Lecture(
                "statuts",
                lambda: self._lire_statuts(uri),
                duree_s=STATUTS_S,
                horloge=self._horloge,
            )
        known = await self._statuts[uri]()
        return VALIDE if known is None else known.de(rang)

    async def _lire_cles(self) -> KeySet:
        answer = await self._emetteur.client.get(await self._emetteur.adresse("jwks_uri"))
        answer.raise_for_status()
        keys = [key for one in answer.json()["keys"] for key in _known(one)]
        if not keys:
            raise ValueError("L'émetteur ne publie aucune clé que nous sachions lire")
        return KeySet(keys)

    async def _lire_statuts(self, uri: str) -> Statuts:
        answer = await self._emetteur.client.get(uri)
        answer.raise_for_status()
        claims = await self.ouvrir(answer.text, "statuslist+jwt") or {}
        match claims:
            case {"status_list": {"bits": 1 | 2 | 4 | 8 as bits, "lst": str(lst)}}:
                packed = base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4))
            case _:
                raise ValueError("Ce n'est pas une liste de statuts")
        if claims["sub"] != uri or claims.get("exp", math.inf) <= self._horloge():
            raise ValueError("Cette liste de statuts est une autre, ou elle a vécu")
        inflate = zlib.decompressobj()
        octets = inflate.decompress(packed, _STATUTS_MAX_OCTETS)
        if not inflate.eof:  # cut short, it would make strangers of good clients
            raise ValueError("Cette liste de statuts est trop longue")
        return Statuts(bits, octets)


def _known(key: Any) -> list[Key]:
    """A key, unless it is of a kind that we do not know: the others serve (RFC 7517, 5)."""
    try:
        return [import_key(key)]
    except (JoseError, ValueError, TypeError, LookupError):
        return []
