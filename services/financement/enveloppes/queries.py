"""SQL of the envelopes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from services.financement import tables
from services.financement.journal.queries import Regard, soldes_au, soldes_de
from services.financement.reservations.queries import echu_de
from shared.refus import Introuvable, Refus
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, parmi

_T = tables.Enveloppe
_ROW = select(*_T.__table__.columns).where(siens(_T))
# `key_share`: a reservation that refers to the envelope meanwhile need not wait.
_LOCK = _ROW.where(_T.id == bindparam("id")).with_for_update(key_share=True)
_SELECT = _ROW.add_columns(soldes_de(_T.id).label("soldes"), echu_de(_T.id).label("echu"))
_INSERT = insert(_T)
_OPEN = (
    update(_T)
    .where(siens(_T), _T.id == bindparam("p_id"))
    .values(
        statut=bindparam("p_statut"),
        version=_T.version + 1,
        modifie_le=bindparam("p_modifie_le"),
    )
)


class EnveloppeExistante(Refus):
    code = "reference-externe-existante"
    detail = "Une enveloppe porte deja cette reference."


async def store_enveloppe(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert an envelope; its reference is unique in the collectivité.

    Raises:
        EnveloppeExistante: the reference is taken.
    """
    try:
        await tx.execute(_INSERT, values)
    except IntegrityError:
        raise EnveloppeExistante from None


async def lock_enveloppe(tx: Transaction, enveloppe_id: UUID) -> Row[Any]:
    """Read an envelope and hold its row until the transaction ends.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK, {"id": enveloppe_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def store_statut(
    tx: Transaction, enveloppe_id: UUID, statut: str, modifie_le: datetime
) -> None:
    """Move an envelope to another state."""
    await tx.execute(_OPEN, {"p_id": enveloppe_id, "p_statut": statut, "p_modifie_le": modifie_le})


def _select(regard: Regard | None) -> Select[Any]:
    """The envelopes with their balances: of this instant, or as of a day."""
    if regard is None:
        return _SELECT
    return _ROW.add_columns(soldes_au(_T.id, regard).label("soldes"), literal(0).label("echu"))


async def read_enveloppe(
    tx: Transaction, enveloppe_id: UUID, instant: datetime, regard: Regard | None = None
) -> Row[Any]:
    """Read one envelope with its balances: as of a day when asked.

    Else of this instant, with what is due back to it and not yet swept.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _select(regard).where(_T.id == bindparam("id"))
    row = (await tx.execute(statement, {"id": enveloppe_id, "instant": instant})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_enveloppes(
    tx: Transaction,
    page: PageDemandee,
    instant: datetime,
    *,
    exercices: Sequence[int],
    conventions: Sequence[UUID],
    regard: Regard | None = None,
) -> Sequence[Row[Any]]:
    """Read a page of envelopes, of some years or of some conventions when asked."""
    statement = _select(regard).where(
        parmi(_T.exercice, exercices), parmi(_T.convention_id, conventions)
    )
    return await paginer(tx, statement, _T, page, {"instant": instant})
