"""SQL of the places that engagements leave."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update

from services.financement import tables
from shared.refus import Introuvable
from shared.socle.db import Transaction, siens

_G = tables.Engagement
_OF_ENGAGEMENT = select(_G.id, _G.action_id, _G.places, _G.places_liberees).where(
    siens(_G), _G.id == bindparam("id")
)
_LOCK = _OF_ENGAGEMENT.with_for_update(key_share=True)
_LEAVE = (
    update(_G)
    .where(siens(_G), _G.id == bindparam("p_id"))
    .values(places_liberees=_G.places_liberees + bindparam("p_places"))
)


async def read_engagement(tx: Transaction, engagement_id: UUID, *, verrou: bool) -> Row[Any]:
    """Read the places of an engagement; hold its row when its action's gate is held.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _LOCK if verrou else _OF_ENGAGEMENT
    row = (await tx.execute(statement, {"id": engagement_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def store_liberation(tx: Transaction, engagement_id: UUID, places: int) -> None:
    """Count places that an engagement leaves."""
    await tx.execute(_LEAVE, {"p_id": engagement_id, "p_places": places})
