"""SQL of the publications of subsidies."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, select

from services.financement import tables
from shared.refus import Introuvable
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer

_T = tables.PublicationSubvention
_SELECT = select(*_T.__table__.columns).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("id"))
_INSERT = insert(_T).returning(*_T.__table__.columns)


async def store_publication(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a publication."""
    return (await tx.execute(_INSERT, {**values, "client_id": tx.acces.auteur})).one()


async def read_publication(tx: Transaction, publication_id: UUID) -> Row[Any]:
    """Read one publication.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": publication_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_publications(
    tx: Transaction, page: PageDemandee, convention_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of the publications of a subsidy."""
    return await paginer(tx, _SELECT.where(_T.convention_id == convention_id), _T, page)
