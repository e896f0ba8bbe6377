"""SQL of the movements: written with the foyer that they tell of, then only read."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, true

from services.orientation import tables
from shared.refus import Introuvable
from shared.schemas.orientation.imports import TypeMouvement
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, entre, paginer, parmi

_T = tables.Mouvement
_SELECT = select(*_T.__table__.columns).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("id"))
_P = tables.Personne
# Who left it keeps it until another foyer has them, but has no role there any more.
_DU_FOYER = (
    select(_P.id)
    .where(siens(_P), _P.dossier_id == bindparam("dossier"), _P.role.is_not(None))
    .order_by(_P.role, _P.id)
    .limit(200)
)


async def read_mouvement(tx: Transaction, mouvement_id: UUID) -> Row[Any]:
    """Read one movement.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": mouvement_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def read_personnes(tx: Transaction, mouvement: Row[Any]) -> list[UUID]:
    """Read whom a movement concerns: its person, or those who are in its foyer now."""
    if mouvement.personne_id is not None:
        return [mouvement.personne_id]
    return list((await tx.execute(_DU_FOYER, {"dossier": mouvement.dossier_id})).scalars())


async def list_mouvements(
    tx: Transaction,
    page: PageDemandee,
    *,
    types: Sequence[TypeMouvement],
    import_id: UUID | None,
    dossier_id: UUID | None,
    personne_id: UUID | None,
    date_reference_min: date | None,
) -> Sequence[Row[Any]]:
    """Read a page of movements: of some types, of one file, of one foyer, of one person."""
    statement = _SELECT.where(
        parmi(_T.type, types),
        *(
            true() if valeur is None else colonne == valeur
            for colonne, valeur in (
                (_T.import_id, import_id),
                (_T.dossier_id, dossier_id),
                (_T.personne_id, personne_id),
            )
        ),
        entre(_T.date_reference, date_reference_min, None),
    )
    return await paginer(tx, statement, _T, page)
