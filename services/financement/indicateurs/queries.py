"""SQL of the indicators and of their values."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from services.financement import tables
from shared.refus import Introuvable, Refus
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, par_tranches, parmi

_T, _V = tables.Indicateur, tables.ValeurIndicateur
_SELECT = select(*_T.__table__.columns).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("id"))
_INSERT = insert(_T).returning(*_T.__table__.columns)
_INSERT_VALEUR = insert(_V).returning(*_V.__table__.columns)
_VALEURS = select(*_V.__table__.columns).where(siens(_V))


class IndicateurExistant(Refus):
    code = "reference-externe-existante"
    detail = "Un indicateur de la convention porte deja ce code cet exercice."


async def store_indicateur(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert an indicator; its code is unique in the convention and the year.

    Raises:
        IndicateurExistant: the code is taken.
    """
    try:
        return (await tx.execute(_INSERT, values)).one()
    except IntegrityError:
        raise IndicateurExistant from None


async def store_valeur(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a value, which never changes."""
    return (await tx.execute(_INSERT_VALEUR, values)).one()


async def read_indicateur(tx: Transaction, indicateur_id: UUID) -> Row[Any]:
    """Read one indicator.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": indicateur_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def read_valeur(tx: Transaction, indicateur_id: UUID, valeur_id: UUID) -> Row[Any]:
    """Read one value of an indicator.

    Raises:
        Introuvable: the indicator has no such value.
    """
    statement = _VALEURS.where(_V.indicateur_id == indicateur_id, _V.id == valeur_id)
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_indicateurs(
    tx: Transaction, page: PageDemandee, conventions: Sequence[UUID], exercices: Sequence[int]
) -> Sequence[Row[Any]]:
    """Read a page of indicators."""
    if conventions:
        statement = _SELECT.where(parmi(_T.exercice, exercices))
        tranches = par_tranches(statement, _T.convention_id, conventions, _T, page)
    else:
        tranches = par_tranches(_SELECT, _T.exercice, exercices, _T, page)
    ensemble = tranches.subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)


async def list_valeurs(
    tx: Transaction, page: PageDemandee, indicateur_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of an indicator's values."""
    return await paginer(tx, _VALEURS.where(_V.indicateur_id == indicateur_id), _V, page)
