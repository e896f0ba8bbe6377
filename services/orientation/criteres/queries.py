"""SQL of the statements of criteria."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select

from services.orientation import tables
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer

_R = tables.RecueilCriteres
_DE_L_ORIENTATION = select(*_R.__table__.columns).where(
    siens(_R), _R.orientation_id == bindparam("la")
)


async def list_recueils(
    tx: Transaction, page: PageDemandee, orientation_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of the statements that inform an orientation."""
    statement = select(*_R.__table__.columns).where(siens(_R), _R.orientation_id == orientation_id)
    return await paginer(tx, statement, _R, page)


async def copy_recueils(tx: Transaction, source_id: UUID, cible_id: UUID) -> None:
    """Give an orientation what was stated for another of the same person, in the same order.

    What is stated next is merged with statements, not with the criteria that came of them.
    """
    rows = (await tx.execute(_DE_L_ORIENTATION, {"la": source_id})).mappings().all()
    await tx.add(_R, [{**un, "id": new_id(), "orientation_id": cible_id} for un in rows])
