"""SQL of the employers, and of what was done with them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from services.parcours import tables
from shared.refus import Introuvable
from shared.schemas.parcours.employeurs import (
    AccompagnementEmployeur,
    Employeur,
    SecteurGroupement,
)
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, parmi

_E, _A = tables.Employeur, tables.ActeEmployeur

_SELECT = select(*_E.__table__.columns).where(siens(_E))
_BY_ID = _SELECT.where(_E.id == bindparam("p_id"))
_INSERT = insert(_E).on_conflict_do_nothing().returning(*_E.__table__.columns)
_ACTES = select(*_A.__table__.columns).where(
    siens(_A), _A.employeur_id == bindparam("p_employeur_id")
)


async def read_employeur(tx: Transaction, employeur_id: UUID) -> Row[Any]:
    """Read one employer.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": employeur_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_employeurs(
    tx: Transaction,
    page: PageDemandee,
    *,
    secteurs: Sequence[SecteurGroupement],
    siret: str | None,
) -> Sequence[Row[Any]]:
    """Read a page of employers."""
    statement = _SELECT.where(
        parmi(_E.secteur_groupement, secteurs), parmi(_E.siret, [siret] if siret else [])
    )
    return await paginer(tx, statement, _E, page)


async def store_employeur(tx: Transaction, values: Mapping[str, Any]) -> Row[Any] | None:
    """Insert an employer; nothing if its SIRET is known."""
    return (await tx.execute(_INSERT, values)).one_or_none()


async def store_accompagnement(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Add what was done with an employer."""
    await tx.add(_A, values)


async def list_accompagnements(
    tx: Transaction, page: PageDemandee, employeur_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of what was done with an employer."""
    return await paginer(tx, _ACTES, _A, page, {"p_employeur_id": employeur_id})


def render(row: Row[Any]) -> Employeur:
    """Make the contract of a row."""
    return Employeur.model_validate(row, from_attributes=True)


def render_accompagnement(row: Row[Any]) -> AccompagnementEmployeur:
    """Make the contract of what was done."""
    return AccompagnementEmployeur.model_validate(
        {**row._mapping, "auteur": {"client_id": row.client_id}}
    )
