"""SQL of the markets with a clause d'insertion, and of their hours."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.parcours import tables
from services.parcours.marches.rules import part_points_base
from shared.refus import Introuvable
from shared.schemas.parcours.employeurs import HeuresClause, Marche
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer

_M, _H = tables.Marche, tables.HeuresClause

_SELECT = select(*_M.__table__.columns).where(siens(_M))
_BY_ID = _SELECT.where(_M.id == bindparam("p_id"))
_LOCK = _BY_ID.with_for_update()
_INSERT = insert(_M).on_conflict_do_nothing().returning(*_M.__table__.columns)
_COUNT = (
    update(_M)
    .where(siens(_M), _M.id == bindparam("p_id"))
    .values(
        minutes_travaillees=bindparam("p_minutes"),
        minutes_rsa=bindparam("p_minutes_rsa"),
        version=_M.version + 1,
        modifie_le=func.now(),
    )
    .returning(*_M.__table__.columns)
)
_HEURES = select(*_H.__table__.columns).where(siens(_H), _H.marche_id == bindparam("p_marche_id"))


async def read_marche(tx: Transaction, marche_id: UUID, *, lock: bool = False) -> Row[Any]:
    """Read one market, and hold it if its hours are to be counted.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK if lock else _BY_ID, {"p_id": marche_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_marches(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of markets."""
    return await paginer(tx, _SELECT, _M, page)


async def store_marche(tx: Transaction, values: Mapping[str, Any]) -> Row[Any] | None:
    """Insert a market; nothing if its reference is known."""
    return (await tx.execute(_INSERT, values)).one_or_none()


async def count_heures(
    tx: Transaction,
    marche_id: UUID,
    values: Mapping[str, Any],
    *,
    minutes: int,
    minutes_rsa: int,
) -> Row[Any]:
    """Add hours to a locked market, and write what they make in all."""
    await tx.add(_H, values)
    keys = {"p_id": marche_id, "p_minutes": minutes, "p_minutes_rsa": minutes_rsa}
    return (await tx.execute(_COUNT, keys)).one()


async def list_heures(tx: Transaction, page: PageDemandee, marche_id: UUID) -> Sequence[Row[Any]]:
    """Read a page of hours."""
    return await paginer(tx, _HEURES, _H, page, {"p_marche_id": marche_id})


def render(row: Row[Any]) -> Marche:
    """Make the contract of a market."""
    part = part_points_base(row.minutes_rsa, row.minutes_travaillees)
    return Marche.model_validate({**row._mapping, "part_rsa_points_base": part})


def render_heures(row: Row[Any]) -> HeuresClause:
    """Make the contract of hours."""
    return HeuresClause.model_validate({**row._mapping, "auteur": {"client_id": row.client_id}})
