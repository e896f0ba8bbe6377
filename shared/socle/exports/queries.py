"""SQL of the exports: what is asked, its files, their pieces, and what the feed says changed."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, exists, insert, select, text, update

from shared.refus import Introuvable
from shared.socle.db import Transaction, exige_version, siens
from shared.socle.pages import PageDemandee, paginer
from shared.socle.tables import Export, ExportFichier, ExportMorceau

_E, _F, _M = Export, ExportFichier, ExportMorceau
_VIF = (siens(_E), _E.supprime_le.is_(None))
_SELECT = select(*_E.__table__.columns).where(*_VIF)
# Of the client that asked, and of nobody else.
_SIENS = _SELECT.where(_E.client_id == bindparam("client"))
_INSERT = insert(_E).returning(*_E.__table__.columns)
_FICHIERS = (
    select(*_F.__table__.columns)
    .where(siens(_F), _F.export_id.in_(bindparam("exports", expanding=True)))
    .order_by(_F.export_id, _F.rang)
)
_MOVE = (
    update(_E)
    .where(*_VIF, _E.id == bindparam("le"), _E.version == bindparam("lue"))
    .values(version=_E.version + 1, modifie_le=text("now()"))
    .returning(_E.version)
)
_HOLD = (
    select(_E.id)
    .where(*_VIF, _E.id == bindparam("le"), _E.version == bindparam("lue"))
    .with_for_update(read=True)
)
_MORCEAU = select(_M.octets).where(
    siens(_M),
    _M.export_id == bindparam("le"),
    _M.rang == bindparam("du"),
    _M.numero == bindparam("numero"),
)
# Whose files nobody reads any more: past their time, or deleted.
_PERIMES = (
    select(_M.export_id, _M.rang)
    .distinct()
    .where(
        siens(_M),
        exists().where(
            _E.collectivite == _M.collectivite,
            _E.id == _M.export_id,
            (_E.expire_le < bindparam("instant"))
            | (_E.cree_le < bindparam("avant"))
            | _E.supprime_le.is_not(None),
        ),
    )
)
_OUBLI = delete(_M).where(siens(_M), _M.export_id == bindparam("le"), _M.rang == bindparam("du"))
_PURGE = delete(_E).where(
    siens(_E),
    (_E.cree_le < bindparam("avant")) | _E.supprime_le.is_not(None),
    ~exists().where(_M.collectivite == _E.collectivite, _M.export_id == _E.id),
)
# An id once, whatever happened to it; the last word is that it is gone.
_CHANGES = text(
    "SELECT id, bool_or(operation = 'effacement') AS efface FROM evenement e"
    " WHERE collectivite = :collectivite AND ressource = :ressource"
    " AND (e.xid, seq) > (cast(:xid AS text)::xid8, :seq)"
    " GROUP BY id"
)


async def store_export(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Keep what is asked."""
    return (await tx.execute(_INSERT, values)).one()


async def read_export(
    tx: Transaction, export_id: UUID, *, client: str | None, tenir: bool = False
) -> Row[Any]:
    """Read an export of a client, and hold it when asked; none: whoever's it is.

    Raises:
        Introuvable: there is none, it is another client's, or it was deleted.
    """
    statement = (_SELECT if client is None else _SIENS).where(_E.id == bindparam("le"))
    if tenir:
        statement = statement.with_for_update()
    values = {"le": export_id, **({} if client is None else {"client": client})}
    row = (await tx.execute(statement, values)).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_exports(tx: Transaction, page: PageDemandee, client: str) -> Sequence[Row[Any]]:
    """Read a page of the exports of a client."""
    return await paginer(tx, _SIENS, _E, page, {"client": client})


async def read_fichiers(
    tx: Transaction, exports: Sequence[UUID]
) -> Mapping[UUID, Sequence[Row[Any]]]:
    """Read the files of some exports, in order."""
    found: dict[UUID, list[Row[Any]]] = {un: [] for un in exports}
    for row in await tx.execute(_FICHIERS, {"exports": list(exports)}):
        found[row.export_id].append(row)
    return found


async def change_export(tx: Transaction, export_id: UUID, lue: int, **values: Any) -> int | None:
    """Change an export that is as it was read, and return its version; None: it is not."""
    found = await tx.execute(_MOVE.values(**values), {"le": export_id, "lue": lue})
    version: int | None = found.scalar_one_or_none()
    return version


async def remove_export(
    tx: Transaction, export_id: UUID, version: int, client: str, instant: datetime
) -> None:
    """Make an export one that nobody finds; what it held goes after.

    Raises:
        Introuvable: there is none of this client.
        VersionDepassee: it changed since it was read.
    """
    row = await read_export(tx, export_id, client=client, tenir=True)
    exige_version(row.version, version)
    await change_export(tx, export_id, version, supprime_le=instant)


async def hold_export(tx: Transaction, export_id: UUID, version: int) -> bool:
    """Keep others from an export until the end of the transaction; False: it is theirs already."""
    found = await tx.execute(_HOLD, {"le": export_id, "lue": version})
    return found.one_or_none() is not None


async def forget_fichiers(tx: Transaction, export_id: UUID) -> None:
    """Forget what an earlier run wrote."""
    for table in (_M, _F):
        await tx.execute(
            delete(table).where(siens(table), table.export_id == bindparam("le")),
            {"le": export_id},
        )


async def store_morceau(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Keep a sealed piece."""
    await tx.add(_M, values)


async def store_fichier(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Tell a file."""
    await tx.add(_F, values)


async def read_morceau(tx: Transaction, export_id: UUID, rang: int, numero: int) -> bytes | None:
    """Read a sealed piece; None past the last."""
    found = await tx.execute(_MORCEAU, {"le": export_id, "du": rang, "numero": numero})
    return found.scalar_one_or_none()


async def iter_changes(
    tx: Transaction, ressource: str, position: Mapping[str, Any], lot: int
) -> AsyncIterator[Mapping[UUID, bool]]:
    """Read what the feed says changed of a collection since a place, and whether it was erased.

    By lots, and a cursor of the server's: the ids of a month are not held here.
    """
    # A month of facts is read to its end before the first lot comes.
    await tx.execute(text("SELECT set_config('statement_timeout', '300s', true)"))
    async with tx.connexion.stream(
        _CHANGES,
        {
            "collectivite": tx.collectivite,
            "ressource": ressource,
            "xid": position["xid"],
            "seq": position["seq"],
        },
    ) as rows:
        async for partition in rows.partitions(lot):
            yield {row.id: row.efface for row in partition}


async def list_perimes(tx: Transaction, instant: datetime, avant: datetime) -> Sequence[Row[Any]]:
    """Find the files whose pieces are to be forgotten: past their hour, or asked for too long."""
    return (await tx.execute(_PERIMES, {"instant": instant, "avant": avant})).all()


async def forget_morceaux(tx: Transaction, export_id: UUID, rang: int) -> None:
    """Forget what a file holds."""
    await tx.execute(_OUBLI, {"le": export_id, "du": rang})


async def purge_exports(tx: Transaction, avant: datetime) -> None:
    """Forget the exports of before an instant, and those deleted, once they hold nothing."""
    await tx.execute(_PURGE, {"avant": avant})
