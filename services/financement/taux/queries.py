"""SQL of the dated rates."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from services.financement import tables
from shared.refus import Introuvable, Refus
from shared.schemas.financement.bilans import NatureTaux
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, parmi

_T = tables.Taux
_SELECT = select(*_T.__table__.columns).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("p_id"))
_AU = (
    _SELECT.where(
        _T.code == bindparam("p_code"),
        _T.nature == bindparam("p_nature"),
        _T.valable_du <= bindparam("p_jour"),
    )
    .order_by(_T.valable_du.desc())
    .limit(1)
)
_INSERT = insert(_T).on_conflict_do_nothing().returning(*_T.__table__.columns)


class TauxExistant(Refus):
    code = "reference-externe-existante"
    detail = "Ce taux a deja une valeur a compter de ce jour."


async def store_taux(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a rate; a code has one value a day.

    Raises:
        TauxExistant: it has one from this day on.
    """
    row = (await tx.execute(_INSERT, values)).one_or_none()
    if row is None:
        raise TauxExistant
    return row


async def read_taux(tx: Transaction, taux_id: UUID) -> Row[Any]:
    """Read one rate.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": taux_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def find_taux(tx: Transaction, code: str, nature: NatureTaux, jour: date) -> Row[Any] | None:
    """Read the value of a rate on a day, if it has one."""
    values = {"p_code": code, "p_nature": nature, "p_jour": jour}
    return (await tx.execute(_AU, values)).one_or_none()


async def list_taux(
    tx: Transaction, page: PageDemandee, natures: Sequence[NatureTaux]
) -> Sequence[Row[Any]]:
    """Read a page of rates, of some natures when asked."""
    return await paginer(tx, _SELECT.where(parmi(_T.nature, natures)), _T, page)
