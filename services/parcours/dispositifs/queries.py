"""SQL of the dispositifs, their acts, and the network around a person."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, bindparam, func, insert, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import aliased

from services.parcours import tables
from services.parcours.dispositifs.rules import EtatDispositif
from shared.delais import Pause
from shared.refus import Introuvable
from shared.schemas.parcours.dispositifs import (
    ActeDispositif,
    Dispositif,
    Membre,
    RoleMembre,
    StatutDispositif,
    TypeActeDispositif,
    TypeDispositif,
)
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer, parmi

_D, _A, _M, _T = tables.Dispositif, tables.ActeDispositif, tables.MembreReseau, tables.Parcours
_SIEN = aliased(_T)

_SELECT = select(*_D.__table__.columns).where(siens(_D))
_LOCK = (
    select(*_D.__table__.columns, _T.statut.label("statut_parcours"))
    .join(_T, (_T.collectivite == _D.collectivite) & (_T.id == _D.parcours_id))
    .where(siens(_D), _D.id == bindparam("p_id"))
    .with_for_update(of=[_T, _D])
)
# Of the person, whatever the parcours.
_DE_LA_PERSONNE = (
    _SELECT.join(_T, (_T.collectivite == _D.collectivite) & (_T.id == _D.parcours_id))
    .join(_SIEN, (_SIEN.collectivite == _T.collectivite) & (_SIEN.personne_id == _T.personne_id))
    .where(_SIEN.id == bindparam("p_parcours_id"), _D.type == bindparam("p_type"))
)
_INSERT = insert(_D).returning(*_D.__table__.columns)
_UPDATE = (
    update(_D)
    .where(siens(_D), _D.id == bindparam("p_id"))
    .values(version=_D.version + 1, modifie_le=func.now())
    .returning(*_D.__table__.columns)
)
_ACTES = select(*_A.__table__.columns).where(
    siens(_A), _A.dispositif_id == bindparam("p_dispositif_id")
)
_SUSPENSIONS = select(_A.date_acte, _A.date_fin).where(
    siens(_A),
    _A.dispositif_id == bindparam("p_dispositif_id"),
    _A.type == TypeActeDispositif.SUSPENSION.value,
)
_MEMBRES = select(*_M.__table__.columns).where(
    siens(_M), _M.role.in_(bindparam("p_roles", expanding=True))
)
_MEMBRE = (
    select(
        *_M.__table__.columns,
        _D.rqth,
        _D.parcours_id,
        _T.statut.label("statut_parcours"),
    )
    .join(_D, (_D.collectivite == _M.collectivite) & (_D.id == _M.dispositif_id))
    .join(_T, (_T.collectivite == _D.collectivite) & (_T.id == _D.parcours_id))
    .where(siens(_M), _M.id == bindparam("p_id"))
)
_LOCK_MEMBRE = _MEMBRE.with_for_update(of=_M)
_INSERT_MEMBRE = (
    upsert(_M)
    .on_conflict_do_nothing(
        index_elements=["collectivite", "dispositif_id", "role", "organisme_id"],
        index_where=_M.date_fin.is_(None),
    )
    .returning(*_M.__table__.columns)
)
_END_MEMBRE = (
    update(_M)
    .where(siens(_M), _M.id == bindparam("p_id"))
    .values(date_fin=bindparam("p_date_fin"), version=_M.version + 1, modifie_le=func.now())
    .returning(*_M.__table__.columns)
)


def connus(*, sante: bool) -> ColumnElement[bool]:
    """Those that may be known, by whether health may be."""
    return true() if sante else _D.rqth.is_(False)


async def read_dispositif(tx: Transaction, dispositif_id: UUID, *, sante: bool) -> Row[Any]:
    """Read one; one admitted for a handicap only if health may be known.

    Raises:
        Introuvable: none that may be known has this id.
    """
    statement = _SELECT.where(_D.id == bindparam("p_id"), connus(sante=sante))
    row = (await tx.execute(statement, {"p_id": dispositif_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_dispositif(tx: Transaction, dispositif_id: UUID, *, sante: bool) -> Row[Any]:
    """Read one, and hold it and its parcours until the transaction ends.

    Raises:
        Introuvable: none that may be known has this id.
    """
    row = (await tx.execute(_LOCK, {"p_id": dispositif_id})).one_or_none()
    if row is None or (row.rqth and not sante):
        raise Introuvable
    return row


async def list_dispositifs(
    tx: Transaction,
    page: PageDemandee,
    *,
    sante: bool,
    types: Sequence[TypeDispositif],
    statuts: Sequence[StatutDispositif],
    parcours: Sequence[UUID],
) -> Sequence[Row[Any]]:
    """Read a page."""
    statement = _SELECT.where(
        connus(sante=sante),
        parmi(_D.type, types),
        parmi(_D.statut, statuts),
        parmi(_D.parcours_id, parcours),
    )
    return await paginer(tx, statement, _D, page)


async def read_autres(
    tx: Transaction,
    parcours_id: UUID,
    type_: TypeDispositif,
    *,
    sante: bool,
    sauf: UUID | None = None,
) -> list[EtatDispositif]:
    """Read the person's dispositifs of a type that may be known, but one.

    The price: from who may not know, a CEJ is admitted beside a hidden one. Refused, trials would
    tell of the handicap, to the day.
    """
    keys = {"p_parcours_id": parcours_id, "p_type": type_.value}
    rows = await tx.execute(_DE_LA_PERSONNE.where(connus(sante=sante)), keys)
    return [etat(row) for row in rows if row.id != sauf]


async def read_suspensions(tx: Transaction, dispositif_id: UUID) -> list[Pause]:
    """Read the days when a PASS IAE did not run."""
    rows = await tx.execute(_SUSPENSIONS, {"p_dispositif_id": dispositif_id})
    return [Pause(row.date_acte, row.date_fin) for row in rows]


async def store_dispositif(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert one and the act that begins it."""
    row = (await tx.execute(_INSERT, values)).one()
    await store_acte(tx, row.id, TypeActeDispositif.DEBUT, row.date_debut)
    return row


async def store_acte(
    tx: Transaction,
    dispositif_id: UUID,
    type_acte: TypeActeDispositif,
    date_acte: date,
    *,
    date_fin: date | None = None,
    motif: str | None = None,
) -> None:
    """Add an act."""
    await tx.add(
        _A,
        {
            "id": new_id(),
            "dispositif_id": dispositif_id,
            "type": type_acte.value,
            "date_acte": date_acte,
            "date_fin": date_fin,
            "motif": motif,
            "client_id": tx.acces.auteur,
        },
    )


async def update_dispositif(
    tx: Transaction, dispositif_id: UUID, values: Mapping[str, Any]
) -> Row[Any]:
    """Write what an act makes of a locked one."""
    return (await tx.execute(_UPDATE.values(**values), {"p_id": dispositif_id})).one()


async def list_actes(
    tx: Transaction, page: PageDemandee, dispositif_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of acts."""
    return await paginer(tx, _ACTES, _A, page, {"p_dispositif_id": dispositif_id})


async def list_membres(
    tx: Transaction, page: PageDemandee, dispositif_id: UUID, roles: Collection[RoleMembre]
) -> Sequence[Row[Any]]:
    """Read a page of the network, in the roles that may be known."""
    statement = _MEMBRES.where(_M.dispositif_id == dispositif_id)
    return await paginer(tx, statement, _M, page, {"p_roles": list(roles)})


async def read_membre(
    tx: Transaction, membre_id: UUID, roles: Collection[RoleMembre], *, sante: bool, lock: bool
) -> Row[Any]:
    """Read a partner, in the roles that may be known.

    Raises:
        Introuvable: none that may be known has this id.
    """
    row = (await tx.execute(_LOCK_MEMBRE if lock else _MEMBRE, {"p_id": membre_id})).one_or_none()
    if row is None or row.role not in roles or (row.rqth and not sante):
        raise Introuvable
    return row


async def store_membre(tx: Transaction, values: Mapping[str, Any]) -> Row[Any] | None:
    """Insert a partner; nothing if it is there in this role."""
    return (await tx.execute(_INSERT_MEMBRE, values)).one_or_none()


async def end_membre(tx: Transaction, membre_id: UUID, date_fin: date) -> Row[Any]:
    """Write the last day of a partner."""
    return (await tx.execute(_END_MEMBRE, {"p_id": membre_id, "p_date_fin": date_fin})).one()


def etat(row: Row[Any], suspensions: Sequence[Pause] = ()) -> EtatDispositif:
    """What the rules need to know of one."""
    return EtatDispositif(
        type=TypeDispositif(row.type),
        statut=StatutDispositif(row.statut),
        debut=row.date_debut,
        fin=row.date_fin,
        suspensions=suspensions,
    )


def render(row: Row[Any]) -> Dispositif:
    """Make the contract of a row: what admitted it is not among its fields."""
    return Dispositif.model_validate(row, from_attributes=True)


def render_acte(row: Row[Any]) -> ActeDispositif:
    """Make the contract of an act."""
    return ActeDispositif.model_validate({**row._mapping, "auteur": {"client_id": row.client_id}})


def render_membre(row: Row[Any]) -> Membre:
    """Make the contract of a partner."""
    return Membre.model_validate(row, from_attributes=True)
