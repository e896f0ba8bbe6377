"""What parcours asks of the worker: to follow the decisions of orientation."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import structlog

from services.parcours.accompagnements import queries, rules
from services.parcours.accompagnements.rules import OrientationDecidee
from shared.clients.orientation import OrientationClient
from shared.clients.voisin import RefusVoisin
from shared.schemas.commun import Changement, Operation
from shared.socle.db import Transaction
from shared.socle.evenements import Fait, publier
from shared.socle.ids import new_id
from shared.socle.service import Service
from shared.socle.suivi import Suivi
from shared.socle.travailleur import Travail

_LECTURES = 8  # at once: a page of a hundred decisions must not take the sibling's whole pool

_log = structlog.get_logger()


async def lire_orientations(
    service: Service, collectivite: str, changements: Sequence[Changement]
) -> Sequence[OrientationDecidee]:
    """Read the orientations that the facts name, in their order, each once."""
    client = OrientationClient(
        url=service.reglages.url_de("orientation"),
        portees="orientation:lire",
        collectivite=collectivite,
        jetons=service.jetons,
        client=service.client,
    )
    guichet = asyncio.Semaphore(_LECTURES)

    async def lire(orientation_id: UUID) -> OrientationDecidee | None:
        async with guichet:
            try:
                orientation = await client.lire_orientation(orientation_id)
            except RefusVoisin as refus:
                if refus.status not in (404, 410):
                    raise
                # Erased since: there is no one left to accompany.
                _log.warning("orientation_disparue", orientation_id=str(orientation_id))
                return None
        decidee = rules.orientation_decidee(orientation)
        if decidee is None:
            _log.warning("orientation_non_decidee", orientation_id=str(orientation_id))
        return decidee

    ids = dict.fromkeys(changement.id for changement in changements)
    found = await asyncio.gather(*(lire(orientation_id) for orientation_id in ids))
    return [decidee for decidee in found if decidee is not None]


async def appliquer_orientations(
    _: Service, tx: Transaction, decidees: Sequence[OrientationDecidee]
) -> None:
    """Open a parcours for each decision, or turn the open one; a known decision changes nothing."""
    connues = await queries.known_orientations(tx, [one.orientation_id for one in decidees])
    nouvelles = [one for one in decidees if one.orientation_id not in connues]
    for vague in rules.vagues(nouvelles):
        ouverts = await queries.lock_ouverts(tx, [one.personne_id for one in vague])
        ouverture = [one for one in vague if one.personne_id not in ouverts]
        suite = [(ouverts[one.personne_id], one) for one in vague if one.personne_id in ouverts]
        ids = await queries.open_parcours(tx, ouverture, new_id)
        await queries.reorient_parcours(tx, suite, new_id)
        await publier(
            tx,
            *(
                Fait("parcours.parcours.ouvert", "parcours", parcours_id, 1, Operation.CREATION)
                for parcours_id in ids
            ),
            *(
                Fait(
                    "parcours.parcours.reoriente",
                    "parcours",
                    row.id,
                    row.version + 1,
                    Operation.MODIFICATION,
                )
                for row, _ in suite
            ),
        )


TRAVAIL = Travail(
    taches={},
    periodiques={},
    suivis=[
        Suivi(
            source="orientation",
            types=frozenset({"orientation.decision.enregistree"}),
            lire=lire_orientations,
            appliquer=appliquer_orientations,
        )
    ],
)
