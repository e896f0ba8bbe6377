"""SQL of the conventions."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from services.financement import tables
from shared.refus import Introuvable, Refus
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer

_T = tables.Convention
_SELECT = select(*_T.__table__.columns).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("id"))
_INSERT = insert(_T).returning(*_T.__table__.columns)


class ConventionExistante(Refus):
    code = "reference-externe-existante"
    detail = "Une convention porte deja cette reference."


async def store_convention(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a convention; its reference is unique in the collectivité.

    Raises:
        ConventionExistante: the reference is taken.
    """
    try:
        return (await tx.execute(_INSERT, values)).one()
    except IntegrityError:
        raise ConventionExistante from None


async def read_convention(tx: Transaction, convention_id: UUID) -> Row[Any]:
    """Read one convention.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": convention_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_conventions(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of conventions."""
    return await paginer(tx, _SELECT, _T, page)
