"""SQL of the parity: what each funder opened, by year, from the journal."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select

from services.financement import tables
from services.financement.journal.queries import Regard, soldes_au, soldes_de
from services.financement.parites.rules import Part
from shared.schemas.financement.enveloppes import Financeur
from shared.socle.db import Transaction, siens

_E = tables.Enveloppe
_OF_CONVENTION = (
    select(_E.id, _E.exercice, _E.financeur)
    .where(siens(_E), _E.convention_id == bindparam("convention_id"))
    .where(_E.exercice.is_not(None), _E.financeur.is_not(None))
    .order_by(_E.exercice, _E.id)
)
_OUVERTES = _OF_CONVENTION.add_columns(soldes_de(_E.id).label("soldes"))


def _select(regard: Regard | None) -> Select[Any]:
    if regard is None:
        return _OUVERTES
    return _OF_CONVENTION.add_columns(soldes_au(_E.id, regard).label("soldes"))


async def read_parts(
    tx: Transaction,
    convention_id: UUID,
    regard: Regard | None = None,
    convenus: Mapping[UUID, int] | None = None,
) -> list[Part]:
    """Read what is opened of the envelopes of a convention, as of a day when asked.

    Args:
        convenus: amounts that an avenant agrees, in the place of those opened.
    """
    rows = await tx.execute(_select(regard), {"convention_id": convention_id})
    return [
        Part(
            exercice=row.exercice,
            financeur=Financeur(row.financeur),
            montant_centimes=(convenus or {}).get(row.id, row.soldes["ouvert"]),
        )
        for row in rows
    ]
