"""SQL of the offers, and of who is put forward for them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.parcours import tables
from shared.refus import Introuvable
from shared.schemas.parcours.employeurs import (
    MiseEnRelation,
    OffreEmploi,
    StatutMiseEnRelation,
    StatutOffre,
)
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, parmi

_O, _M, _T, _E = tables.OffreEmploi, tables.MiseEnRelation, tables.Parcours, tables.Emploi

_SELECT = select(*_O.__table__.columns).where(siens(_O))
_BY_ID = _SELECT.where(_O.id == bindparam("p_id"))
_LOCK = _BY_ID.with_for_update()
_INSERT = insert(_O).returning(*_O.__table__.columns)
_UPDATE = (
    update(_O)
    .where(siens(_O), _O.id == bindparam("p_id"))
    .values(version=_O.version + 1, modifie_le=func.now())
    .returning(*_O.__table__.columns)
)
_MISES = select(*_M.__table__.columns).where(siens(_M))
_MISE = (
    select(*_M.__table__.columns, _T.statut.label("statut_parcours"))
    .join(_T, (_T.collectivite == _M.collectivite) & (_T.id == _M.parcours_id))
    .where(siens(_M), _M.id == bindparam("p_id"))
)
_LOCK_MISE = _MISE.with_for_update(of=_M)
_INSERT_MISE = (
    upsert(_M)
    .on_conflict_do_nothing(
        index_elements=["collectivite", "offre_emploi_id", "parcours_id"],
        # Not a bound value: a generic plan would no longer know the index by it.
        index_where=text("statut = 'proposee'"),
    )
    .returning(*_M.__table__.columns)
)
_RESOLVE = (
    update(_M)
    .where(siens(_M), _M.id == bindparam("p_id"))
    .values(version=_M.version + 1, modifie_le=func.now())
    .returning(*_M.__table__.columns)
)
_PARCOURS_EMPLOI = select(_E.parcours_id).where(siens(_E), _E.id == bindparam("p_id"))


async def read_offre(tx: Transaction, offre_emploi_id: UUID, *, lock: bool = False) -> Row[Any]:
    """Read one offer, and hold it if its places are to be taken.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK if lock else _BY_ID, {"p_id": offre_emploi_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_offres(
    tx: Transaction,
    page: PageDemandee,
    *,
    statuts: Sequence[StatutOffre],
    employeurs: Sequence[UUID],
    rome: Sequence[str],
    communes: Sequence[str],
) -> Sequence[Row[Any]]:
    """Read a page of offers."""
    statement = _SELECT.where(
        parmi(_O.statut, statuts),
        parmi(_O.employeur_id, employeurs),
        parmi(_O.rome, rome),
        parmi(_O.code_commune, communes),
    )
    return await paginer(tx, statement, _O, page)


async def store_offre(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert an offer."""
    return (await tx.execute(_INSERT, values)).one()


async def update_offre(
    tx: Transaction, offre_emploi_id: UUID, values: Mapping[str, Any]
) -> Row[Any]:
    """Write what changes of a locked offer."""
    return (await tx.execute(_UPDATE.values(**values), {"p_id": offre_emploi_id})).one()


async def read_mise(tx: Transaction, mise_id: UUID, *, lock: bool = False) -> Row[Any]:
    """Read one mise en relation.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK_MISE if lock else _MISE, {"p_id": mise_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_mises(
    tx: Transaction,
    page: PageDemandee,
    *,
    offres: Sequence[UUID],
    parcours: Sequence[UUID],
    statuts: Sequence[StatutMiseEnRelation],
) -> Sequence[Row[Any]]:
    """Read a page of mises en relation."""
    statement = _MISES.where(
        parmi(_M.offre_emploi_id, offres),
        parmi(_M.parcours_id, parcours),
        parmi(_M.statut, statuts),
    )
    return await paginer(tx, statement, _M, page)


async def store_mise(tx: Transaction, values: Mapping[str, Any]) -> Row[Any] | None:
    """Insert a mise en relation; nothing if the person is put forward there."""
    return (await tx.execute(_INSERT_MISE, values)).one_or_none()


async def resolve_mise(tx: Transaction, mise_id: UUID, values: Mapping[str, Any]) -> Row[Any]:
    """Write the issue of a locked mise en relation."""
    return (await tx.execute(_RESOLVE.values(**values), {"p_id": mise_id})).one()


async def read_parcours_emploi(tx: Transaction, emploi_id: UUID | None) -> UUID | None:
    """Read whose an emploi is; none: it is not there."""
    found = (await tx.execute(_PARCOURS_EMPLOI, {"p_id": emploi_id})).scalar_one_or_none()
    return found if emploi_id is not None else None


def render(row: Row[Any]) -> OffreEmploi:
    """Make the contract of an offer."""
    return OffreEmploi.model_validate(row, from_attributes=True)


def render_mise(row: Row[Any]) -> MiseEnRelation:
    """Make the contract of a mise en relation."""
    return MiseEnRelation.model_validate(row, from_attributes=True)
