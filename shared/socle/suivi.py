"""Following a sibling's feed: at least once delivered, exactly once applied.

The cursor and the effect commit together, and the cursor moves only from where it was read:
two workers on one feed cannot both apply a page. While the sibling is silent nothing is lost:
the position waits.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from shared import contexte
from shared.clients.changements import ChangementsClient
from shared.clients.voisin import RefusVoisin
from shared.refus import Refus
from shared.schemas.commun import Changement
from shared.socle import problems
from shared.socle.db import ATTENTE_TRAVAIL, Transaction, siens
from shared.socle.service import Service
from shared.socle.tables import Suivi as TableSuivi

_PAGE, _ATTENTE_S = 100, 20
_log = structlog.get_logger()


@dataclass(frozen=True)
class Suivi:
    """What a service does with a sibling's facts.

    Args:
        source: the sibling's name.
        types: the types of events that matter; the others only move the cursor.
        lire: reads, over HTTP and with no transaction open, what the facts do not say.
        appliquer: writes the effect of what was read, in one short transaction.
    """

    source: str
    types: frozenset[str]
    lire: Callable[[Service, str, Sequence[Changement]], Awaitable[Any]]
    appliquer: Callable[[Service, Transaction, Any], Awaitable[None]]


_POSITION = select(TableSuivi.position).where(
    siens(TableSuivi), TableSuivi.source == bindparam("p_source")
)
_MOVE = (
    update(TableSuivi)
    .where(
        siens(TableSuivi),
        TableSuivi.source == bindparam("p_source"),
        TableSuivi.position == bindparam("lue"),
    )
    .values(position=bindparam("suivante"))
)


async def suivre(service: Service, suivi: Suivi, collectivite: str) -> None:
    """Follow for ever; a fault is logged, and the same page is tried again."""
    while True:
        contexte.adopt(None)
        try:
            await un_tour(service, suivi, collectivite)
        except (Refus, DBAPIError, OSError, httpx.HTTPError) as error:
            if not isinstance(error, Refus):
                problems.log_fault(error)
            _log.warning("suivi_interrompu", source=suivi.source, collectivite=collectivite)
            await asyncio.sleep(1)
        except Exception as error:
            # A defect: the page stays to be done, visibly, and the other feeds go on.
            problems.log_fault(error)
            await asyncio.sleep(5)


async def un_tour(
    service: Service, suivi: Suivi, collectivite: str, *, attente_s: int = _ATTENTE_S
) -> int:
    """Read one page and apply it. Returns how many facts it held."""
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces) as tx:
        lue = (await tx.execute(_POSITION, {"p_source": suivi.source})).scalar_one_or_none()
    feed = ChangementsClient(
        url=service.reglages.url_de(suivi.source),
        portees=f"{suivi.source}:lire",
        collectivite=collectivite,
        jetons=service.jetons,
        client=service.client,
    )
    reprise = False
    try:
        elements, suivante = await feed.lire(lue, limite=_PAGE, attente_s=attente_s)
    except RefusVoisin as refus:
        if refus.code != "curseur-expire":
            raise
        # A restored sibling begins another epoch: all is read again, and effects are repeatable.
        _log.warning("suivi_repris_au_debut", source=suivi.source, collectivite=collectivite)
        elements, suivante = await feed.lire(None, limite=_PAGE, attente_s=0)
        reprise = True
    # A position that expired is left even for nothing: kept, it would be refused again at once.
    if not elements and not reprise:
        return 0
    wanted = [element for element in elements if element.type in suivi.types]
    donnees = await suivi.lire(service, collectivite, wanted) if wanted else None
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        if not await _move(tx, suivi.source, lue, suivante):
            return 0  # another worker did it
        if donnees is not None:
            await suivi.appliquer(service, tx, donnees)
    return len(elements)


async def _move(tx: Transaction, source: str, lue: str | None, suivante: str) -> bool:
    """Take the page: whoever moves the cursor first applies it."""
    if lue is None:
        done = await tx.execute(
            insert(TableSuivi).on_conflict_do_nothing(), {"source": source, "position": suivante}
        )
    else:
        done = await tx.execute(_MOVE, {"p_source": source, "lue": lue, "suivante": suivante})
    return done.rowcount == 1
