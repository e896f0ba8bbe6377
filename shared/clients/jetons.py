"""Access tokens of a client: one per (audience, collectivité), kept until just before they end."""

import asyncio
import time

import httpx

from shared.clients.emetteur import Emetteur
from shared.refus import DependanceIndisponible

_MARGE_S = 10


class Jetons:
    """Ask the issuer for tokens, once each."""

    def __init__(self, *, emetteur: Emetteur, client_id: str, secret: str) -> None:
        self._emetteur = emetteur
        self._client_id = client_id
        self._secret = secret
        self._kept: dict[tuple[str, str], tuple[str, float]] = {}
        self._locks: dict[tuple[str, str], asyncio.Lock] = {}

    async def obtenir(self, portees: str, collectivite: str) -> str:
        """Return a token for these space-separated scopes, all of one service.

        Raises:
            DependanceIndisponible: the issuer does not answer, or declines.
        """
        key = (portees, collectivite)
        async with self._locks.setdefault(key, asyncio.Lock()):
            token, until = self._kept.get(key, ("", 0.0))
            if time.monotonic() < until:
                return token
            try:
                answer = await self._emetteur.client.post(
                    await self._emetteur.adresse("token_endpoint"),
                    data={
                        "grant_type": "client_credentials",
                        "client_id": self._client_id,
                        "client_secret": self._secret,
                        "scope": portees,
                        "collectivite": collectivite,
                    },
                )
                answer.raise_for_status()
                found = answer.json()
                token = str(found["access_token"])
                # Only recommended (RFC 6749, 5.1): a token of unknown life is used at once.
                life_s = int(found.get("expires_in", 0))
                self._kept[key] = (token, time.monotonic() + life_s - _MARGE_S)
            except (httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError):
                raise DependanceIndisponible from None
            return token
