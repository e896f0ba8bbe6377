"""SQL of the sandbox: its clock, and its faults, which are taken one call at a time."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, func, select, text

from shared.refus import Introuvable
from shared.socle import tables
from shared.socle.db import Transaction, exige_version, siens
from shared.socle.pages import PageDemandee, paginer

_H, _P = tables.HorlogeDeTest, tables.PanneDeTest
_HORLOGES = select(*_H.__table__.columns).where(siens(_H))
_DECALAGE = select(func.coalesce(func.max(_H.decalage_s), 0)).where(siens(_H))
_TENIR = (
    select(tables.Collectivite.collectivite)
    .where(siens(tables.Collectivite))
    .with_for_update(key_share=True)
)
_PANNES = select(*_P.__table__.columns).where(siens(_P), _P.client_id == bindparam("client"))
# The row is locked before it is counted: a twin waits, reads what is left, and takes the next
# fault if nothing is. One round trip a request says the clock, and the fault if there is one.
_PASSER = text(
    "WITH prise AS ("
    " UPDATE panne_de_test SET restants = restants - 1"
    " WHERE collectivite = :collectivite AND id = ("
    "  SELECT id FROM panne_de_test WHERE collectivite = :collectivite AND client_id = :client"
    "  AND restants > 0 AND (operation IS NULL OR operation = :operation)"
    "  ORDER BY cree_le, id LIMIT 1 FOR UPDATE)"
    " RETURNING code, latence_ms, reprise_s)"
    " SELECT (SELECT coalesce(max(decalage_s), 0) FROM horloge_de_test"
    "  WHERE collectivite = :collectivite) AS decalage_s, prise.*"
    " FROM (VALUES (1)) AS une LEFT JOIN prise ON true"
)


async def passer(tx: Transaction, operation: str) -> Row[Any]:
    """Read the clock, and take a call from the client's oldest fault, if one bears on it."""
    values = {"client": tx.acces.auteur, "operation": operation}
    return (await tx.execute(_PASSER, values)).one()


async def read_decalage(tx: Transaction) -> int:
    """How far the clock is ahead, in seconds."""
    return int((await tx.execute(_DECALAGE)).scalar_one())


async def lock_horloge(tx: Transaction) -> int:
    """Read the clock, and let nobody else move it until the transaction ends.

    Raises:
        Introuvable: the collectivité is not open.
    """
    if (await tx.execute(_TENIR)).one_or_none() is None:
        raise Introuvable
    return await read_decalage(tx)


async def store_horloge(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a move of the clock."""
    await tx.add(_H, values)
    return await read_horloge(tx, values["id"])


async def read_horloge(tx: Transaction, horloge_de_test_id: UUID) -> Row[Any]:
    """Read a move of the clock.

    Raises:
        Introuvable: none has this id.
    """
    row = (await tx.execute(_HORLOGES.where(_H.id == horloge_de_test_id))).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_horloges(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of the moves."""
    return await paginer(tx, _HORLOGES, _H, page)


async def store_panne(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a fault."""
    await tx.add(_P, values)
    return await read_panne(tx, values["id"])


async def read_panne(tx: Transaction, panne_de_test_id: UUID) -> Row[Any]:
    """Read a fault of the client.

    Raises:
        Introuvable: it has none with this id.
    """
    found = await tx.execute(_PANNES.where(_P.id == panne_de_test_id), {"client": tx.acces.auteur})
    row = found.one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_pannes(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of the client's faults."""
    return await paginer(tx, _PANNES, _P, page, {"client": tx.acces.auteur})


async def remove_panne(tx: Transaction, panne_de_test_id: UUID, version: int) -> None:
    """Delete a fault of the client: what is left of it no longer spoils anything.

    Raises:
        Introuvable: it has none with this id.
        VersionDepassee: the version is not the one that was read.
    """
    row = await read_panne(tx, panne_de_test_id)
    exige_version(row.version, version)
    await tx.execute(delete(_P).where(siens(_P), _P.id == row.id))
