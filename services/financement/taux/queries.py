"""SQL of the dated rates."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Text,
    and_,
    bindparam,
    column,
    exists,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import insert

from services.financement import tables
from services.financement.taux import rules
from shared.refus import Introuvable, Refus
from shared.schemas.financement.bilans import NatureTaux
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, parmi

_T = tables.Taux
_SELECT = select(*_T.__table__.columns).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("p_id"))
_AU = (
    _SELECT.where(
        _T.code == bindparam("p_code"),
        _T.nature == bindparam("p_nature"),
        _T.valable_du <= bindparam("p_jour"),
    )
    .order_by(_T.valable_du.desc())
    .limit(1)
)
# Those that texts give stand beside the collectivité's own; on a day, one of its own wins.
_TOUS = (
    text(
        "SELECT id, code, nature, libelle, numerateur, denominateur, valable_du, source, confirme,"
        "  cree_le, 'collectivite' AS origine FROM taux WHERE collectivite = :cloison"
        " UNION ALL SELECT id, code, nature, libelle, numerateur, denominateur, valable_du, source,"
        "  confirme, cree_le, 'national' FROM jsonb_to_recordset(cast(:nationaux AS jsonb)) AS n(id"
        "  uuid, code text, nature text, libelle text, numerateur bigint, denominateur bigint,"
        "  valable_du date, source text, confirme boolean, cree_le timestamptz)"
    )
    .bindparams(
        nationaux=json.dumps([asdict(un) for un in rules.NATIONAUX], default=str),
    )
    .columns(
        *(column(one.name, one.type) for one in _T.__table__.columns if one.name != "collectivite"),
        column("origine", Text()),
    )
    .subquery("tous")
)
_SIEN = _TOUS.alias("sien")


def _vaut(jour: date) -> ColumnElement[bool]:
    """Whether a rate is the one of its code and nature on a day."""
    meilleur = (_TOUS.c.origine, _SIEN.c.origine)
    autre = (
        exists()
        .where(
            _SIEN.c.code == _TOUS.c.code,
            _SIEN.c.nature == _TOUS.c.nature,
            _SIEN.c.valable_du <= jour,
            or_(
                # "collectivite" comes before "national".
                meilleur[1] < meilleur[0],
                and_(meilleur[1] == meilleur[0], _SIEN.c.valable_du > _TOUS.c.valable_du),
            ),
        )
        .select_from(_SIEN)
    )
    return and_(_TOUS.c.valable_du <= jour, ~autre)


_INSERT = insert(_T).on_conflict_do_nothing().returning(*_T.__table__.columns)


class TauxExistant(Refus):
    code = "reference-externe-existante"
    detail = "Ce taux a deja une valeur a compter de ce jour."


async def store_taux(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a rate; a code has one value a day.

    Raises:
        TauxExistant: it has one from this day on.
    """
    row = (await tx.execute(_INSERT, values)).one_or_none()
    if row is None:
        raise TauxExistant
    return row


async def read_taux(tx: Transaction, taux_id: UUID) -> Row[Any]:
    """Read one rate.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": taux_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def find_taux(tx: Transaction, code: str, nature: NatureTaux, jour: date) -> Row[Any] | None:
    """Read the value of a rate on a day, if it has one."""
    values = {"p_code": code, "p_nature": nature, "p_jour": jour}
    return (await tx.execute(_AU, values)).one_or_none()


async def list_taux(
    tx: Transaction, page: PageDemandee, natures: Sequence[NatureTaux], au: date | None
) -> Sequence[Row[Any]]:
    """Read a page of rates, those of texts too: of some natures, or those of a day, when asked."""
    statement = select(_TOUS).where(
        parmi(_TOUS.c.nature, natures), true() if au is None else _vaut(au)
    )
    return await paginer(tx, statement, _TOUS.c, page)
