"""Exits: when a parcours ends, its orientation is closed and its place goes to another."""

import asyncio
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import structlog

from services.orientation.orientations.queries import close_orientations
from services.orientation.places.queries import lock_organismes, promote, release_places
from services.orientation.reorientations.queries import end_reorientations
from services.orientation.reorientations.rules import SansObjet
from shared.clients.parcours import ParcoursClient
from shared.clients.voisin import RefusVoisin
from shared.schemas.commun import Changement, Operation
from shared.socle.db import Transaction
from shared.socle.evenements import Fait, publier
from shared.socle.service import Service
from shared.socle.suivi import Suivi

_LECTURES = 8  # at once: a page of a hundred exits must not take the sibling's whole pool

_log = structlog.get_logger()


async def lire_sorties(
    service: Service, collectivite: str, changements: Sequence[Changement]
) -> Sequence[UUID]:
    """Read under which orientation each parcours ended."""
    client = ParcoursClient(
        url=service.reglages.url_de("parcours"),
        portees="parcours:lire",
        collectivite=collectivite,
        jetons=service.jetons,
        client=service.client,
    )
    guichet = asyncio.Semaphore(_LECTURES)

    async def lire(parcours_id: UUID) -> UUID | None:
        async with guichet:
            try:
                return (await client.lire_parcours(parcours_id)).orientation_id
            except RefusVoisin as refus:
                if refus.status not in (404, 410):
                    raise
                _log.warning("parcours_disparu", parcours_id=str(parcours_id))
                return None

    ids = dict.fromkeys(changement.id for changement in changements)
    found = await asyncio.gather(*(lire(parcours_id) for parcours_id in ids))
    return [orientation_id for orientation_id in found if orientation_id is not None]


async def appliquer_sorties(
    service: Service, tx: Transaction, orientations: Sequence[UUID]
) -> None:
    """Close what is still in force of the orientations that parcours told."""
    await clore_en_vigueur(tx, orientations, await service.aujourdhui(tx))


async def clore_en_vigueur(tx: Transaction, orientations: Sequence[UUID], jour: date) -> int:
    """Close those of these orientations that are in force: one that was replaced is so no more.

    Their places go to the first of each queue. Returns how many were closed.

    Args:
        jour: today, where the collectivité is.
    """
    closes = await close_orientations(tx, orientations)
    sans_objet = await end_reorientations(
        tx, [one.id for one in closes], SansObjet.ORIENTATION_CLOSE, jour
    )
    bornes = await lock_organismes(tx, {one.organisme_referent_id for one in closes})
    await release_places(tx, [one.id for one in closes])
    await publier(
        tx,
        *sans_objet,
        *(
            Fait(
                "orientation.orientation.close",
                "orientations",
                one.id,
                one.version,
                Operation.MODIFICATION,
            )
            for one in closes
        ),
        *await promote(tx, bornes),
    )
    return len(closes)


SORTIES = Suivi(
    source="parcours",
    types=frozenset({"parcours.parcours.clos"}),
    lire=lire_sorties,
    appliquer=appliquer_sorties,
)
