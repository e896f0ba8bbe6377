"""One access token for all: tasks share a flight, and workers what the flight brought back.

Asking for a second token may kill the first, so whoever has the lease asks, and the others wait
for what it will keep. No connection is held meanwhile: the lease is a row, and ends by itself.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID, uuid4

BAIL_S = 20  # longer than a request of a token
DEMANDE_S = 10
_PAUSE_S = 0.1


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


class JetonsPartages:
    """The tokens of one collectivité at one partner's."""

    def __init__(self, magasin: Magasin) -> None:
        self._magasin = magasin
        self._verrous: dict[str, asyncio.Lock] = {}

    async def partager(
        self, cle: str, demander: Callable[[], Awaitable[tuple[str, int]]], *, apres: int
    ) -> Jeton | None:
        """Return a token newer than the one of rank `apres`; None if nobody brought one in time.

        Args:
            cle: which token.
            demander: asks for one, and returns it with the seconds that it lasts.
        """
        fin = time.monotonic() + BAIL_S + DEMANDE_S
        async with self._verrous.setdefault(cle, asyncio.Lock()):
            while time.monotonic() < fin:
                found = await self._magasin.lire(cle, apres=apres)
                if found is not None:
                    return found
                demandeur = uuid4()
                if await self._magasin.prendre(cle, demandeur, apres=apres):
                    return await self._demander(cle, demander, demandeur)
                await asyncio.sleep(_PAUSE_S)
        return None

    async def _demander(
        self, cle: str, demander: Callable[[], Awaitable[tuple[str, int]]], demandeur: UUID
    ) -> Jeton:
        try:
            valeur, duree_s = await demander()
        except BaseException:
            await self._magasin.rendre(cle, demandeur)
            raise
        return await self._magasin.garder(cle, demandeur, valeur, duree_s)
