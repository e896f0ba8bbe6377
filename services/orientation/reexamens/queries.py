"""SQL of the reviews: one more, and the clock of the next one."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, insert, select, text, update

from services.orientation import tables
from services.orientation.reexamens.rules import REEXAMEN
from shared.refus import Introuvable
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer

_R, _O, _A = tables.Reexamen, tables.Orientation, tables.Alerte
_SELECT = select(*_R.__table__.columns).where(siens(_R))
_BY_ID = _SELECT.where(_R.id == bindparam("id"))
_INSERT = insert(_R).returning(*_R.__table__.columns)
_RESTART = (
    update(_O)
    .where(siens(_O), _O.id == bindparam("la"))
    .values(
        version=_O.version + 1,
        modifie_le=text("now()"),
        date_reexamen=bindparam("le"),
        difficultes_durables=bindparam("durables"),
    )
    .returning(_O.version)
)
# The next deadline is another one, to be announced in its turn.
_FORGET = delete(_A).where(
    siens(_A), _A.orientation_id == bindparam("la"), _A.code == bindparam("delai")
)


async def store_reexamen(tx: Transaction, values: Mapping[str, Any]) -> tuple[Row[Any], int]:
    """Add a review and start the clock of the next; return it and its orientation's version."""
    row = (await tx.execute(_INSERT, values)).one()
    restarted = await tx.execute(
        _RESTART,
        {
            "la": row.orientation_id,
            "le": row.date_reexamen,
            "durables": row.difficultes_durables,
        },
    )
    await tx.execute(_FORGET, {"la": row.orientation_id, "delai": REEXAMEN})
    return row, restarted.scalar_one()


async def read_reexamen(tx: Transaction, reexamen_id: UUID) -> Row[Any]:
    """Read one review.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": reexamen_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_reexamens(
    tx: Transaction, orientation_id: UUID, page: PageDemandee
) -> Sequence[Row[Any]]:
    """Read a page of the reviews of an orientation."""
    return await paginer(tx, _SELECT.where(_R.orientation_id == orientation_id), _R, page)
