"""One access token for all: tasks share a flight, and workers what the flight brought back.

Asking for a second token may kill the first, so whoever has the lease asks, and the others wait
for what it will keep. No connection is held meanwhile: the lease is a row, and ends by itself.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID, uuid4

import httpx

from shared.clients.france_travail.acces import AccesFranceTravail
from shared.clients.france_travail.erreurs import ErreurFranceTravail, lire_reponse
from shared.clients.france_travail.reprises import Issue, Suite

BAIL_S = 20  # longer than a request of a token
_DEMANDE_S, _PAUSE_S = 10, 0.1


@dataclass(frozen=True)
class Jeton:
    """A token, and its rank: a newer one has a greater rank."""

    valeur: str
    rang: int

    def __repr__(self) -> str:
        """Say nothing of the value: it may end in a log."""
        return f"Jeton(rang={self.rang})"


class Magasin(Protocol):
    """Where the workers of a service keep a token in common, sealed."""

    async def lire(self, cle: str, *, apres: int) -> Jeton | None:
        """The token that is still good, if its rank is greater than `apres`."""

    async def prendre(self, cle: str, demandeur: UUID, *, apres: int) -> bool:
        """Take the lease, unless another has it or a good token came."""

    async def garder(self, cle: str, demandeur: UUID, valeur: str, duree_s: int) -> Jeton:
        """Keep what the lease was taken for until just before its end, and give it back."""

    async def rendre(self, cle: str, demandeur: UUID) -> None:
        """Give the lease back with nothing."""


class JetonsFranceTravail:
    """The tokens of one collectivité."""

    def __init__(
        self, acces: AccesFranceTravail, magasin: Magasin, client: httpx.AsyncClient
    ) -> None:
        self._acces = acces
        self._magasin = magasin
        self._client = client
        self._verrous: dict[str, asyncio.Lock] = {}

    async def obtenir(self, portees: str, *, apres: int = 0) -> Jeton:
        """Return a token of these scopes, newer than the one of rank `apres`.

        Raises:
            ErreurFranceTravail: they do not give one, or nobody brought one back in time.
        """
        cle = f"{self._acces.realm} {portees}"
        fin = time.monotonic() + BAIL_S + _DEMANDE_S
        async with self._verrous.setdefault(cle, asyncio.Lock()):
            while time.monotonic() < fin:
                found = await self._magasin.lire(cle, apres=apres)
                if found is not None:
                    return found
                demandeur = uuid4()
                if await self._magasin.prendre(cle, demandeur, apres=apres):
                    return await self._demander(cle, portees, demandeur)
                await asyncio.sleep(_PAUSE_S)
        raise ErreurFranceTravail(Issue(None, "jeton-attendu"), Suite.REPRENDRE)

    async def _demander(self, cle: str, portees: str, demandeur: UUID) -> Jeton:
        try:
            valeur, duree_s = await self._appeler(portees)
        except BaseException:
            await self._magasin.rendre(cle, demandeur)
            raise
        return await self._magasin.garder(cle, demandeur, valeur, duree_s)

    async def _appeler(self, portees: str) -> tuple[str, int]:
        client_id = self._acces.client_id
        scope = f"application_{client_id} {portees}" if self._acces.prefixe_portees else portees
        try:
            async with asyncio.timeout(_DEMANDE_S):
                answer = await self._client.post(
                    f"{self._acces.url_jetons.rstrip('/')}/connexion/oauth2/access_token",
                    params={"realm": self._acces.realm},
                    data={
                        "grant_type": "client_credentials",
                        "client_id": client_id,
                        "client_secret": self._acces.secret.get_secret_value(),
                        "scope": scope,
                    },
                    timeout=None,
                )
        except (httpx.HTTPError, OSError):  # TimeoutError is one
            raise ErreurFranceTravail(Issue(None, "jeton"), Suite.REPRENDRE) from None
        found = lire_reponse(answer, idempotent=True)
        try:
            return str(found["access_token"]), int(found["expires_in"])
        except (LookupError, TypeError, ValueError):
            raise ErreurFranceTravail(Issue(200, "jeton-illisible"), Suite.FINALE) from None
