"""SQL of the annulments: the act, the end of the orientation, and the one to make again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.orientation import tables
from services.orientation.criteres.queries import copy_recueils
from shared.refus import Introuvable
from shared.schemas.orientation.orientations import OrigineOrientation
from shared.schemas.orientation.vocabulaire import StatutOrientation
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id

_A, _O = tables.Annulation, tables.Orientation
_BY_ID = select(*_A.__table__.columns).where(siens(_A), _A.id == bindparam("id"))
_INSERT = insert(_A).returning(*_A.__table__.columns)
_ANNUL = (
    update(_O)
    .where(siens(_O), _O.id == bindparam("la"))
    .values(
        version=_O.version + 1,
        modifie_le=text("now()"),
        statut=StatutOrientation.CLOTUREE.value,
        annulation_id=bindparam("acte"),
    )
    .returning(_O.version)
)
# At most one is to decide: the person's own, if there is one already, takes its place.
_REOPEN = insert(_O).on_conflict_do_nothing().returning(_O.id)


async def reopen(tx: Transaction, orientation: Row[Any]) -> UUID | None:
    """Make the person to orient again, with what was stated; None when already to orient.

    The six weeks still count from the first reception: the annulled decision did not use them up.
    """
    suivante: UUID | None = (
        await tx.execute(
            _REOPEN,
            {
                "id": new_id(),
                "personne_id": orientation.personne_id,
                "origine": OrigineOrientation.ANNULATION.value,
                "demande": orientation.demande,
                "statut": StatutOrientation.EN_ATTENTE.value,
                "recu_le": orientation.recu_le,
                "date_limite": orientation.date_limite,
                "criteres": orientation.criteres,
                "proposition_id": orientation.proposition_id,
            },
        )
    ).scalar_one_or_none()
    if suivante is not None:
        await copy_recueils(tx, orientation.id, suivante)
    return suivante


async def store_annulation(tx: Transaction, values: Mapping[str, Any]) -> tuple[Row[Any], int]:
    """Add the act and close its orientation; return the act and the orientation's version."""
    row = (await tx.execute(_INSERT, values)).one()
    closed = await tx.execute(_ANNUL, {"la": row.orientation_id, "acte": row.id})
    return row, closed.scalar_one()


async def read_annulation(tx: Transaction, annulation_id: UUID) -> Row[Any]:
    """Read one annulment.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": annulation_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row
