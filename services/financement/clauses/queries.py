"""SQL of the social clauses."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Row, bindparam, cast, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.financement import tables
from services.financement.journal.queries import lock_disponibles, soldes_de
from shared.refus import Introuvable, Refus
from shared.schemas.financement.clauses import StatutDeclarationClause
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, parmi

_T, _D = tables.Clause, tables.DeclarationClause
_PAR_PUBLIC = (
    select(
        _D.public,
        *(
            cast(
                func.coalesce(func.sum(_D.minutes).filter(_D.statut == statut.value), 0),
                BigInteger,
            ).label(nom)
            for nom, statut in (
                ("declarees", StatutDeclarationClause.DECLAREE),
                ("validees", StatutDeclarationClause.VALIDEE),
            )
        ),
    )
    .where(siens(_D), _D.clause_id == _T.id)
    .group_by(_D.public)
    .correlate(_T)
    .lateral()
)
_PUBLICS = (
    select(
        func.coalesce(
            func.jsonb_agg(
                func.jsonb_build_object(
                    "public",
                    _PAR_PUBLIC.c.public,
                    "declarees_minutes",
                    _PAR_PUBLIC.c.declarees,
                    "validees_minutes",
                    _PAR_PUBLIC.c.validees,
                )
            ),
            func.jsonb_build_array(),
        )
    )
    .select_from(_PAR_PUBLIC)
    .scalar_subquery()
    .label("publics")
)
_SELECT = select(*_T.__table__.columns, soldes_de(_T.id).label("soldes"), _PUBLICS).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("p_id"))
_INSERT = insert(_T)
_DECLARATIONS = select(*_D.__table__.columns).where(
    siens(_D), _D.clause_id == bindparam("p_clause_id")
)
_DECLARATION = _DECLARATIONS.where(_D.id == bindparam("p_id"))
_DECIDE = (
    update(_D)
    .where(siens(_D), _D.id == bindparam("p_id"))
    .values(
        statut=bindparam("p_statut"),
        motif=bindparam("p_motif"),
        version=_D.version + 1,
        modifie_le=bindparam("p_modifie_le"),
    )
)
_TOUCH = (
    update(_T)
    .where(siens(_T), _T.id == bindparam("p_id"))
    .values(version=_T.version + 1, modifie_le=bindparam("p_modifie_le"))
)


class ClauseExistante(Refus):
    code = "reference-externe-existante"
    detail = "Une clause de ce marche et de ce lot existe deja."


async def store_clause(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert a clause; a market has one a lot.

    Raises:
        ClauseExistante: it has one.
    """
    try:
        await tx.execute(_INSERT, values)
    except IntegrityError:
        raise ClauseExistante from None


async def lock_clause(tx: Transaction, clause_id: UUID) -> Row[Any]:
    """Hold the gate of a clause until the transaction ends, then read it.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    await lock_disponibles(tx, [clause_id])
    return await read_clause(tx, clause_id)


async def read_clause(tx: Transaction, clause_id: UUID) -> Row[Any]:
    """Read one clause with its minutes.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": clause_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_clauses(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of clauses."""
    return await paginer(tx, _SELECT, _T, page)


async def touch_clause(tx: Transaction, clause_id: UUID, instant: datetime) -> None:
    """Step the version of a clause whose planned minutes change."""
    await tx.execute(_TOUCH, {"p_id": clause_id, "p_modifie_le": instant})


async def store_declaration(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert a declaration."""
    await tx.add(_D, values)


async def read_declaration(tx: Transaction, clause_id: UUID, declaration_id: UUID) -> Row[Any]:
    """Read one declaration of a clause.

    Raises:
        Introuvable: none of this clause has this id.
    """
    values = {"p_clause_id": clause_id, "p_id": declaration_id}
    row = (await tx.execute(_DECLARATION, values)).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_declarations(
    tx: Transaction,
    page: PageDemandee,
    clause_id: UUID,
    statuts: Sequence[StatutDeclarationClause],
) -> Sequence[Row[Any]]:
    """Read a page of the declarations of a clause, in some states when asked."""
    statement = _DECLARATIONS.where(parmi(_D.statut, statuts))
    return await paginer(tx, statement, _D, page, {"p_clause_id": clause_id})


async def store_decision(
    tx: Transaction,
    declaration_id: UUID,
    statut: StatutDeclarationClause,
    motif: str | None,
    instant: datetime,
) -> None:
    """Decide of a declaration whose clause is held."""
    values = {"p_statut": statut, "p_motif": motif, "p_modifie_le": instant}
    await tx.execute(_DECIDE, {"p_id": declaration_id, **values})
