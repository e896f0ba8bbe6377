"""SQL of the notifications of a decision."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, select, text, update

from services.orientation import tables
from shared.refus import Introuvable
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer

_N, _O = tables.Notification, tables.Orientation
_SELECT = select(*_N.__table__.columns).where(siens(_N))
_BY_ID = _SELECT.where(_N.id == bindparam("id"))
_INSERT = insert(_N).returning(*_N.__table__.columns)
_NOTIFY = (
    update(_O)
    .where(siens(_O), _O.id == bindparam("la"))
    .values(
        version=_O.version + 1,
        modifie_le=text("now()"),
        date_notification=bindparam("certaine"),
    )
    .returning(_O.version)
)


async def store_notification(
    tx: Transaction, values: Mapping[str, Any], date_notification: date | None
) -> tuple[Row[Any], int]:
    """Add a notification; return it, and the version of its orientation."""
    row = (await tx.execute(_INSERT, values)).one()
    notified = await tx.execute(_NOTIFY, {"la": row.orientation_id, "certaine": date_notification})
    return row, notified.scalar_one()


async def read_notification(tx: Transaction, notification_id: UUID) -> Row[Any]:
    """Read one notification.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": notification_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_notifications(
    tx: Transaction, orientation_id: UUID, page: PageDemandee
) -> Sequence[Row[Any]]:
    """Read a page of the notifications of an orientation."""
    return await paginer(tx, _SELECT.where(_N.orientation_id == orientation_id), _N, page)
