"""SQL of the codes: found by a digest, proved by another, never read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, insert, select, update

from services.parcours import tables
from services.parcours.consultations.rules import EtatCode, statut
from shared.refus import Introuvable
from shared.schemas.parcours.consultations import CodeConsultation
from shared.socle.coffre import Coffre
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer

_C = tables.CodeConsultation
_REPERE, _SECRET = "code_consultation.repere:", "code_consultation.secret:"
_COLONNES = [un for un in _C.__table__.columns if un.key not in ("repere", "secret")]
_SELECT = select(*_COLONNES).where(siens(_C))
_BY_ID = _SELECT.where(_C.id == bindparam("p_id"))
_LOCK = _BY_ID.with_for_update()
# Held while it is tried: guesses made at once are counted one after the other.
_ESSAYER = (
    select(*_C.__table__.columns)
    .where(siens(_C), _C.repere == bindparam("p_repere"))
    .with_for_update()
)
_INSERT = insert(_C).returning(*_COLONNES)
_UPDATE = update(_C).where(siens(_C), _C.id == bindparam("p_id"))
# No new version: whoever revokes a code under attack must not be told to read it again.
_COMPTER = _UPDATE.values(essais=_C.essais + 1)
_REVOQUER = _UPDATE.values(
    revoque_le=bindparam("p_revoque_le"),
    motif_revocation=bindparam("p_motif_revocation"),
    version=_C.version + 1,
    modifie_le=func.now(),
).returning(*_COLONNES)


def empreintes(coffre: Coffre, repere: str, secret: str) -> tuple[bytes, bytes]:
    """Return what is kept of a code: keyed digests, each of its own half."""
    return coffre.empreinte(_REPERE + repere), coffre.empreinte(_SECRET + repere + secret)


async def store_code(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a code."""
    return (await tx.execute(_INSERT, values)).one()


async def read_code(tx: Transaction, code_id: UUID, *, tenu: bool = False) -> Row[Any]:
    """Read one code, and hold it if it is to change.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK if tenu else _BY_ID, {"p_id": code_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_codes(tx: Transaction, page: PageDemandee, parcours_id: UUID) -> Sequence[Row[Any]]:
    """Read a page of the codes of a parcours."""
    statement = _SELECT.where(_C.parcours_id == bindparam("p_parcours_id"))
    return await paginer(tx, statement, _C, page, {"p_parcours_id": parcours_id})


async def lock_repere(tx: Transaction, repere: bytes) -> Row[Any] | None:
    """Find a code by the digest of its beginning, and hold it while it is tried."""
    return (await tx.execute(_ESSAYER, {"p_repere": repere})).one_or_none()


async def count_essai(tx: Transaction, code_id: UUID) -> None:
    """Count a wrong secret."""
    await tx.execute(_COMPTER, {"p_id": code_id})


async def revoke_code(tx: Transaction, code_id: UUID, le: datetime, motif: str) -> Row[Any]:
    """End a locked code."""
    values = {"p_id": code_id, "p_revoque_le": le, "p_motif_revocation": motif}
    return (await tx.execute(_REVOQUER, values)).one()


def etat(row: Row[Any]) -> EtatCode:
    """What the rules need to know of a row."""
    return EtatCode(expire_le=row.expire_le, revoque_le=row.revoque_le, essais=row.essais)


def render(row: Row[Any], maintenant: datetime) -> CodeConsultation:
    """Make the contract of a row."""
    return CodeConsultation.model_validate(
        {**row._mapping, "statut": statut(etat(row), maintenant)}
    )
