"""SQL of the actions and of their funding keys."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Row,
    Select,
    Uuid,
    bindparam,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.exc import IntegrityError

from services.financement import tables
from services.financement.actions.rules import PartDisponible
from services.financement.enveloppes.rules import FERMEES
from services.financement.journal.queries import Regard, soldes_au, soldes_de
from services.financement.reservations.queries import echu_de
from shared.refus import Introuvable, Refus
from shared.schemas.financement.actions import PartLigne
from shared.socle.db import Transaction, siens
from shared.socle.modification import update_version
from shared.socle.pages import PageDemandee, paginer, par_tranches

_T, _P, _E = tables.Action, tables.PartFinancement, tables.Enveloppe
_CLE = (
    select(
        func.coalesce(
            func.jsonb_agg(
                aggregate_order_by(
                    func.jsonb_build_object(
                        "enveloppe_id",
                        _P.enveloppe_id,
                        "numerateur",
                        _P.numerateur,
                        "denominateur",
                        _P.denominateur,
                    ),
                    _P.rang,
                )
            ),
            func.jsonb_build_array(),
        )
    )
    .where(siens(_P), _P.action_id == _T.id)
    .scalar_subquery()
)
_ROW = select(*_T.__table__.columns, _CLE.label("cle")).where(siens(_T))
_SELECT = _ROW.add_columns(soldes_de(_T.id).label("soldes"), echu_de(_T.id).label("echu"))
_INSERT = insert(_T)
_LOCK = (
    select(*_T.__table__.columns)
    .where(siens(_T), _T.id == bindparam("id"))
    .with_for_update(key_share=True)
)
_CONVENTIONS = select(_E.id, _E.convention_id).where(
    siens(_E), _E.id == func.any(bindparam("enveloppes", type_=ARRAY(Uuid())))
)
# What each envelope has left is in the journal, less what is due back and not yet swept (I-41).
_PARTS = (
    select(
        func.jsonb_agg(
            func.jsonb_build_object(
                "numerateur",
                _P.numerateur,
                "denominateur",
                _P.denominateur,
                "disponible",
                func.coalesce(
                    cast(
                        func.jsonb_extract_path_text(soldes_de(_P.enveloppe_id), "disponible"),
                        BigInteger,
                    ),
                    0,
                )
                + echu_de(_P.enveloppe_id),
                "fenetre_debut",
                _E.fenetre_debut,
                "fenetre_fin",
                _E.fenetre_fin,
                "fermee",
                _E.statut.in_(FERMEES),
            )
        )
    )
    .join(_E, (_E.collectivite == _P.collectivite) & (_E.id == _P.enveloppe_id))
    .where(siens(_P), _P.action_id == _T.id)
    .scalar_subquery()
)
_DISPONIBILITES = (
    select(
        _T.id,
        _T.statut,
        _T.mode_capacite,
        _T.prix_centimes,
        soldes_de(_T.id).label("soldes"),
        echu_de(_T.id).label("echu"),
        _PARTS.label("parts"),
    )
    .where(siens(_T), _T.id == func.any(bindparam("actions", type_=ARRAY(Uuid()))))
    .order_by(_T.cree_le, _T.id)
)


class ActionExistante(Refus):
    code = "reference-externe-existante"
    detail = "Une action de la convention porte deja ce code."


async def conventions_of(tx: Transaction, enveloppes: Sequence[UUID]) -> Mapping[UUID, UUID | None]:
    """Return the convention of each envelope known, null when it has none."""
    rows = await tx.execute(_CONVENTIONS, {"enveloppes": list(enveloppes)})
    return {row.id: row.convention_id for row in rows}


async def store_action(
    tx: Transaction, values: Mapping[str, Any], cle: Sequence[PartLigne]
) -> None:
    """Insert an action and its key; its code is unique in the convention.

    Raises:
        ActionExistante: the code is taken.
    """
    try:
        await tx.execute(_INSERT, values)
    except IntegrityError:
        raise ActionExistante from None
    await tx.add(
        _P,
        [
            {"action_id": values["id"], "rang": rang, **part.model_dump()}
            for rang, part in enumerate(cle)
        ],
    )


async def update_action(
    tx: Transaction, action_id: UUID, version: int, valeurs: dict[str, Any]
) -> Row[Any]:
    """Write the next version of an action.

    Raises:
        VersionDepassee: another came first.
    """
    return await update_version(tx, _T, _T.id == action_id, version, valeurs)


async def lock_action(tx: Transaction, action_id: UUID) -> Row[Any]:
    """Read an action and hold its row until the transaction ends.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK, {"id": action_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


def _select(regard: Regard | None) -> Select[Any]:
    """The actions with their places: of this instant, or as of a day."""
    if regard is None:
        return _SELECT
    return _ROW.add_columns(soldes_au(_T.id, regard).label("soldes"), literal(0).label("echu"))


async def read_action(
    tx: Transaction, action_id: UUID, instant: datetime, regard: Regard | None = None
) -> Row[Any]:
    """Read one action and its places: as of a day when asked.

    Else of this instant, with those due back to it and not yet swept.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _select(regard).where(_T.id == bindparam("id"))
    row = (await tx.execute(statement, {"id": action_id, "instant": instant})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_actions(
    tx: Transaction,
    page: PageDemandee,
    instant: datetime,
    *,
    conventions: Sequence[UUID],
    freins: Sequence[str],
    regard: Regard | None = None,
) -> Sequence[Row[Any]]:
    """Read a page of actions, of some conventions or against some freins when asked."""
    statement = _select(regard)
    if freins:
        statement = statement.where(or_(*(_T.freins.contains([frein]) for frein in freins)))
    ensemble = par_tranches(statement, _T.convention_id, conventions, _T, page).subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page, {"instant": instant})


async def read_disponibilites(
    tx: Transaction, actions: Sequence[UUID], instant: datetime
) -> Sequence[Row[Any]]:
    """Read what is left of some actions, and of the envelopes that pay them; none is locked."""
    values = {"actions": list(actions), "instant": instant}
    return (await tx.execute(_DISPONIBILITES, values)).all()


def parts_disponibles(row: Row[Any]) -> list[PartDisponible]:
    """What the rules need to know of a row's envelopes."""
    return [
        PartDisponible(
            poids=Fraction(part["numerateur"], part["denominateur"]),
            disponible_centimes=part["disponible"],
            fenetre_debut=_date(part["fenetre_debut"]),
            fenetre_fin=_date(part["fenetre_fin"]),
            fermee=part["fermee"],
        )
        for part in row.parts or ()
    ]


def _date(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)
