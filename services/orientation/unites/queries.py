"""SQL of the units of an organisme référent."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from services.orientation import tables
from services.orientation.places.comptes import comptee
from services.orientation.unites.rules import Unite
from shared.refus import Introuvable, Refus
from shared.socle.db import Transaction, siens
from shared.socle.modification import update_version
from shared.socle.pages import PageDemandee, paginer

_U = tables.Unite
_CHARGE = comptee(tables.ComptePlace.placees, _U).label("charge")
_SELECT = select(*_U.__table__.columns, _CHARGE).where(siens(_U))
_BY_ID = _SELECT.where(_U.id == bindparam("id"))
_DE_L_ORGANISME = select(_U.id, _U.communes, _U.territoire, _U.date_debut, _U.date_fin).where(
    siens(_U), _U.organisme_referent_id == bindparam("organisme")
)
_INSERT = insert(_U)


class UniteExistante(Refus):
    code = "reference-externe-existante"
    detail = "Une unite de l'organisme porte deja cette reference."


async def store_unite(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a unit; its reference is unique in the organisme, which exists.

    Raises:
        UniteExistante: the reference is taken.
    """
    try:
        await tx.execute(_INSERT, values)
    except IntegrityError:
        raise UniteExistante from None
    return await read_unite(tx, values["id"])


async def read_unite(tx: Transaction, unite_id: UUID) -> Row[Any]:
    """Read one unit and its load.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": unite_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def update_unite(
    tx: Transaction, unite_id: UUID, version: int, valeurs: dict[str, Any]
) -> Row[Any]:
    """Write the next version of a unit.

    Raises:
        VersionDepassee: another came first.
    """
    await update_version(tx, _U, _U.id == unite_id, version, valeurs)
    return await read_unite(tx, unite_id)


async def list_unites(
    tx: Transaction, organisme_id: UUID, page: PageDemandee
) -> Sequence[Row[Any]]:
    """Read a page of the units of an organisme."""
    return await paginer(tx, _SELECT.where(_U.organisme_referent_id == organisme_id), _U, page)


async def read_unites(tx: Transaction, organisme_id: UUID) -> Sequence[Unite]:
    """Read all the units of an organisme: tens, among which one serves a commune."""
    rows = await tx.execute(_DE_L_ORGANISME, {"organisme": organisme_id})
    return [
        Unite(row.id, frozenset(row.communes), row.territoire, row.date_debut, row.date_fin)
        for row in rows
    ]
