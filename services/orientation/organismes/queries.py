"""SQL of the organismes référents."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from services.orientation import tables
from services.orientation.places.comptes import comptee
from shared.refus import Introuvable, Refus
from shared.socle.db import Transaction, siens
from shared.socle.modification import update_version
from shared.socle.pages import PageDemandee, paginer

_T, _C = tables.OrganismeReferent, tables.ComptePlace
_ALL = select(*_T.__table__.columns).where(siens(_T)).order_by(_T.reference)
_SELECT = select(
    *_T.__table__.columns,
    comptee(_C.placees, _T).label("places_occupees"),
    comptee(_C.en_file, _T).label("file"),
).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("id"))
_INSERT = insert(_T)


class OrganismeExistant(Refus):
    code = "reference-externe-existante"
    detail = "Un organisme porte deja cette reference."


async def store_organisme(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert an organisme; its reference is unique in the collectivité.

    Raises:
        OrganismeExistant: the reference is taken.
    """
    try:
        await tx.execute(_INSERT, values)
    except IntegrityError:
        raise OrganismeExistant from None
    return await read_organisme(tx, values["id"])


async def read_organisme(tx: Transaction, organisme_id: UUID) -> Row[Any]:
    """Read one organisme.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": organisme_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def update_organisme(
    tx: Transaction, organisme_id: UUID, version: int, valeurs: dict[str, Any]
) -> None:
    """Write the next version of an organisme, and hold its row.

    Raises:
        VersionDepassee: another came first.
    """
    await update_version(tx, _T, _T.id == organisme_id, version, valeurs)


async def list_organismes(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of organismes."""
    return await paginer(tx, _SELECT, _T, page)


async def all_organismes(tx: Transaction) -> Sequence[Row[Any]]:
    """Read all the organismes of the collectivité: tens, the candidates of a proposal."""
    return (await tx.execute(_ALL)).all()
