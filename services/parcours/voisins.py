"""The siblings of parcours, as its routes and its worker call them."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from starlette.responses import Response

from shared import contexte
from shared.clients.financement import FinancementClient
from shared.clients.orientation import OrientationClient
from shared.clients.voisin import RefusVoisin
from shared.refus import Refus
from shared.schemas.financement.engagements import Engagement
from shared.schemas.financement.reservations import ConfirmationCreation
from shared.socle.auth import Acces
from shared.socle.db import Transaction
from shared.socle.idempotence import Commande, IdempotenceEnCours, once
from shared.socle.reponses import Effet
from shared.socle.service import Service

T = TypeVar("T")
DEJA_RESOLUE, EXPIREE = "reservation-deja-resolue", "reservation-expiree"


def orientation(
    service: Service, collectivite: str, portees: str = "orientation:lire"
) -> OrientationClient:
    """Orientation, in one collectivité."""
    return OrientationClient(
        url=service.reglages.url_de("orientation"),
        portees=portees,
        collectivite=collectivite,
        jetons=service.jetons,
        client=service.client,
    )


def financement(service: Service, collectivite: str) -> FinancementClient:
    """Financement, in one collectivité."""
    return FinancementClient(
        url=service.reglages.url_de("financement"),
        portees="financement:ecrire financement:lire",
        collectivite=collectivite,
        jetons=service.jetons,
        client=service.client,
    )


async def engager_reservation(
    voisin: FinancementClient, reservation_id: UUID, montant_centimes: int | None, *, cle: str
) -> Engagement:
    """Turn a reservation into an engagement; of one confirmed already, read which.

    Confirmed under another key, whose answer was lost: what is engaged there is written here, for
    the euros must not be without what they pay.
    """
    try:
        return await voisin.creer_confirmation(
            reservation_id, ConfirmationCreation(montant_centimes=montant_centimes), cle=cle
        )
    except RefusVoisin as refus:
        if refus.code != DEJA_RESOLUE:
            raise
        known = await voisin.lire_reservation(reservation_id)
        if known.engagement_id is None:
            raise
        return await voisin.lire_engagement(known.engagement_id)


async def call_then_write(
    service: Service,
    acces: Acces,
    commande: Commande,
    call: Callable[[], Awaitable[T]],
    write: Callable[[Transaction, T], Awaitable[Effet]],
) -> Response:
    """Ask financement, with no connection held, then write what it answered under the key.

    A refusal met on the way is told from inside `once`, which looks the key up first: an honest
    repeat gets its first answer, even if the frein was lifted since or financement is silent.
    """
    found: T | Refus
    try:
        found = await call()
    except Refus as refus:
        if refus.code == IdempotenceEnCours.code:
            # A twin of ours is there now. That is no answer to keep under the key.
            raise IdempotenceEnCours from None
        found = refus
    async with service.base.transaction(acces) as tx:

        async def act() -> Effet:
            if isinstance(found, Refus):
                raise found
            return await write(tx, found)

        response = await once(tx, commande, act)
        contexte.sans_retour()
    return response
