"""What each process of the sandbox keeps: how far its clock is ahead, read where all keep it."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from shared.schemas.bac_a_sable import ProblemeProvoque
from shared.socle import problems
from shared.socle.auth import COLLECTIVITE_BAC, Acces
from shared.socle.bac_a_sable import queries, rules
from shared.socle.db import ATTENTE_TRAVAIL, BaseDeDonnees

TAG = "bac-a-sable"
_SUIVI_S = 0.5


class BacASable:
    """The sandbox as one process sees it: a clock that partners move, faults that they ask for.

    `saut` is set when the clock is next moved.
    """

    def __init__(self, base: BaseDeDonnees, horloge: Callable[[], datetime]) -> None:
        self._base = base
        self._reelle = horloge
        self._decalage_s = 0
        self.saut = asyncio.Event()

    def reelle(self) -> datetime:
        """The true instant, by which tokens are judged."""
        return self._reelle()

    def horloge(self) -> datetime:
        """The sandbox's instant, as this process last knew it."""
        return self._reelle() + timedelta(seconds=self._decalage_s)

    async def passer(self, acces: Acces, operation: str, tags: Collection[object]) -> None:
        """Let a request in at the sandbox's time, unless its client asked for a fault.

        The count commits by itself, before the answer and before anything else is read: n calls
        are spoilt, of all processes together, and none of them writes.

        Raises:
            PanneProvoquee: the problem that was asked for.
        """
        if TAG in tags:  # by these a partner gets out of a fault
            await self.lire()
            return
        async with self._base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            row = await queries.passer(tx, operation)
        self.savoir(row.decalage_s)
        if row.code is not None:
            await asyncio.sleep(row.latence_ms / 1000)
            raise rules.PanneProvoquee(ProblemeProvoque(row.code), row.reprise_s)

    async def lire(self) -> None:
        """Read how far the clock is."""
        acces = Acces(TAG, COLLECTIVITE_BAC, frozenset())
        async with self._base.transaction(acces) as tx:
            decalage_s = await queries.read_decalage(tx)
        self.savoir(decalage_s)

    async def suivre(self) -> None:
        """Read it for ever: a job, a sweep or a follower has no request that would."""
        while True:
            await asyncio.sleep(_SUIVI_S)
            await self.relire()

    async def relire(self) -> None:
        """Read it if the database answers: it will be back."""
        try:
            await self.lire()
        except (SQLAlchemyError, OSError) as error:
            problems.log_fault(error)

    def savoir(self, decalage_s: int) -> None:
        """Take a reading of the clock; every process of the sandbox reads the same one."""
        # What was asked before a move may be answered after it: the clock only goes forward.
        if decalage_s > self._decalage_s:
            self._decalage_s = decalage_s
            saut, self.saut = self.saut, asyncio.Event()
            saut.set()
