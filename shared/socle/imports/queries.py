"""SQL of the files of lines: the file, how far it was applied, what each line became."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, exists, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.refus import Introuvable
from shared.schemas.imports import CompteursLignes, StatutImport
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer
from shared.socle.tables import (
    ImportLignes,
    ImportLignesMorceau,
    ImportLignesResultat,
    ImportReference,
)

_I, _M, _R, _K = ImportLignes, ImportLignesMorceau, ImportLignesResultat, ImportReference
OUVERTS = (StatutImport.EN_ATTENTE.value, StatutImport.EN_COURS.value)

_INSERT = insert(_I).returning(*_I.__table__.columns)
_BY_ID = select(*_I.__table__.columns).where(siens(_I), _I.id == bindparam("id"))
# Whoever did not deposit it is told that there is none.
MIENS = select(*_I.__table__.columns).where(siens(_I), _I.client_id == bindparam("le_client"))
_MIEN = MIENS.where(_I.id == bindparam("id"))
_LOCK = _MIEN.with_for_update()
_HOLD = (
    select(_I.id)
    .where(
        siens(_I),
        _I.id == bindparam("id"),
        _I.statut == StatutImport.EN_COURS.value,
        _I.lignes_traitees == bindparam("lues"),
    )
    .with_for_update()
)
# Progress is no version: whoever cancels names the state that they have read.
_ADVANCE = (
    update(_I)
    .where(siens(_I), _I.id == bindparam("le"))
    .values(lignes_traitees=bindparam("traitees"), compteurs=bindparam("comptes"))
)
_STATE = (
    update(_I)
    .where(siens(_I), _I.id == bindparam("le"))
    .values(version=_I.version + 1, modifie_le=text("now()"))
    .returning(_I.version)
)
_MORCEAU = select(_M.octets).where(
    siens(_M), _M.import_id == bindparam("id"), _M.numero == bindparam("numero")
)
_FORGET = delete(_M).where(siens(_M), _M.import_id == bindparam("le"))
_CLES = select(_R.ligne_cle).where(
    siens(_R), _R.import_id == bindparam("id"), _R.ligne_cle.is_not(None)
)
_RESULTATS = (
    select(*_R.__table__.columns)
    .where(siens(_R), _R.import_id == bindparam("id"), _R.ligne > bindparam("apres"))
    .order_by(_R.ligne)
    .limit(500)
)
_REFERENCES = select(_K.reference_externe, _K.ressource_id, _K.empreinte).where(
    siens(_K),
    _K.client_id == bindparam("le_client"),
    _K.type == bindparam("le_type"),
    _K.reference_externe.in_(bindparam("references", expanding=True)),
)
_RETENIR = upsert(_K)
_RETENIR = _RETENIR.on_conflict_do_update(
    index_elements=[_K.collectivite, _K.client_id, _K.type, _K.reference_externe],
    set_={"empreinte": _RETENIR.excluded.empreinte},
)
_ABANDONNES = (
    select(_I.id)
    .where(siens(_I), _I.statut.in_(OUVERTS), _I.recu_le < bindparam("avant"))
    .order_by(_I.id)
    .with_for_update(skip_locked=True)
)
_AVEC_RESULTATS = select(_I.id).where(
    siens(_I),
    _I.termine_le < bindparam("avant"),
    exists().where(_R.collectivite == _I.collectivite, _R.import_id == _I.id),
)
_OUBLI = delete(_R).where(siens(_R), _R.import_id == bindparam("le"))


async def store_import(
    tx: Transaction, values: Mapping[str, Any], morceaux: Iterator[bytes]
) -> Row[Any]:
    """Keep a file, piece by piece, and what is known of it."""
    comptes = dict.fromkeys(CompteursLignes.model_fields, 0)
    row = (await tx.execute(_INSERT, {**values, "compteurs": comptes})).one()
    for numero, octets in enumerate(morceaux):
        await tx.add(_M, {"import_id": row.id, "numero": numero, "octets": octets})
    return row


async def read_import(tx: Transaction, import_id: UUID, *, tenir: bool = False) -> Row[Any]:
    """Read an import that the caller deposited.

    Raises:
        Introuvable: they deposited none of this id.
    """
    statement = _LOCK if tenir else _MIEN
    found = await tx.execute(statement, {"id": import_id, "le_client": tx.acces.auteur})
    row = found.one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_imports(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of the imports that the caller deposited."""
    return await paginer(tx, MIENS, _I, page, {"le_client": tx.acces.auteur})


async def start_import(tx: Transaction, import_id: UUID, instant: datetime) -> Row[Any] | None:
    """Begin an import or take it up again; None when it is done, or cancelled."""
    found = await tx.execute(_BY_ID.with_for_update(), {"id": import_id})
    row = found.one_or_none()
    if row is None or row.statut not in OUVERTS:
        return None
    if row.statut == StatutImport.EN_ATTENTE.value:
        await change_import(tx, import_id, statut=StatutImport.EN_COURS.value, demarre_le=instant)
    return row


async def hold_import(tx: Transaction, import_id: UUID, *, lues: int) -> bool:
    """Hold an import for the lines that follow; False if it was cancelled, or moved by another."""
    found = await tx.execute(_HOLD, {"id": import_id, "lues": lues})
    return found.one_or_none() is not None


async def advance(
    tx: Transaction,
    import_id: UUID,
    *,
    traitees: int,
    compteurs: Mapping[str, int],
    resultats: Sequence[Mapping[str, Any]],
) -> None:
    """Keep what lines became, in the transaction of their effects."""
    await tx.add(_R, resultats)
    await tx.execute(_ADVANCE, {"le": import_id, "traitees": traitees, "comptes": dict(compteurs)})


async def change_import(tx: Transaction, import_id: UUID, **values: Any) -> int:
    """Change the state of an import; return its version."""
    version: int = (await tx.execute(_STATE.values(**values), {"le": import_id})).scalar_one()
    return version


async def finish_import(
    tx: Transaction, import_id: UUID, statut: StatutImport, **values: Any
) -> int:
    """End an import: the file itself is not kept."""
    await tx.execute(_FORGET, {"le": import_id})
    return await change_import(tx, import_id, statut=statut.value, **values)


async def read_morceau(tx: Transaction, import_id: UUID, numero: int) -> bytes | None:
    """Read a piece of the file, sealed; None past the last."""
    found = await tx.execute(_MORCEAU, {"id": import_id, "numero": numero})
    return found.scalar_one_or_none()


async def read_cles(tx: Transaction, import_id: UUID) -> set[str]:
    """Read the keys of the lines that are done."""
    return set((await tx.execute(_CLES, {"id": import_id})).scalars())


async def read_resultats(tx: Transaction, import_id: UUID, apres: int) -> Sequence[Row[Any]]:
    """Read some results, in the order of the file."""
    return (await tx.execute(_RESULTATS, {"id": import_id, "apres": apres})).all()


async def read_references(
    tx: Transaction, type_: str, references: Sequence[str]
) -> dict[str, tuple[UUID | None, bytes]]:
    """Read what the keys of a client stand for, and the digest of the line last applied."""
    if not references:
        return {}
    keys = {"le_client": tx.acces.auteur, "le_type": type_, "references": references}
    return {
        row.reference_externe: (row.ressource_id, bytes(row.empreinte))
        for row in await tx.execute(_REFERENCES, keys)
    }


async def keep_reference(
    tx: Transaction, type_: str, reference: str, ressource_id: UUID, empreinte: bytes
) -> None:
    """Note what a key stands for, and by which line."""
    await tx.execute(
        _RETENIR,
        {
            "client_id": tx.acces.auteur,
            "type": type_,
            "reference_externe": reference,
            "ressource_id": ressource_id,
            "empreinte": empreinte,
        },
    )


async def plan_again(tx: Transaction) -> None:
    """Have PostgreSQL make the plans of this connection again, for the tables as they are.

    A plan made on empty tables is kept until autovacuum analyses them, a minute later: each line
    would cost more than the one before.
    """
    await tx.execute(text("DISCARD PLANS"))


async def lock_abandonnes(tx: Transaction, avant: datetime) -> Sequence[UUID]:
    """Find the imports received before an instant that are still to be applied, and hold them."""
    return (await tx.execute(_ABANDONNES, {"avant": avant})).scalars().all()


async def with_resultats(tx: Transaction, avant: datetime) -> Sequence[UUID]:
    """Find the imports that ended before an instant, and whose results are still there."""
    return (await tx.execute(_AVEC_RESULTATS, {"avant": avant})).scalars().all()


async def forget_resultats(tx: Transaction, import_id: UUID) -> None:
    """Remove the results of an import."""
    await tx.execute(_OUBLI, {"le": import_id})
