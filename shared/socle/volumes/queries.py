"""SQL of the volume guard."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, bindparam, select, text

from shared.refus import Introuvable
from shared.schemas.volumes import EtatVolume
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.modification import update_version
from shared.socle.pages import PageDemandee, paginer
from shared.socle.volumes.rules import JOURS_MAX, Seuils
from shared.socle.volumes.tables import VolumeLu

_SELECT = select(*VolumeLu.__table__.columns).where(siens(VolumeLu))
_BY_ID = _SELECT.where(VolumeLu.id == bindparam("id"))
_HABITUDE = (
    select(VolumeLu.nombre)
    .where(
        siens(VolumeLu),
        VolumeLu.client_id == bindparam("client"),
        VolumeLu.jour < bindparam("ce_jour"),
        VolumeLu.etat != EtatVolume.BLOQUE.value,
    )
    .order_by(VolumeLu.jour.desc())
    .limit(JOURS_MAX)
)
_PURGER = text("DELETE FROM personne_lue WHERE collectivite = :collectivite AND jour < :jour")
_OUBLIER = text("DELETE FROM volume_lu WHERE collectivite = :collectivite AND jour < :avant")


def compter_lues(lues: Iterable[str]) -> TextClause:
    """The statement that adds to a client's day the persons it had not been shown.

    Persons are taken in one order, so that two answers wait for each other and never block. The
    day's row comes after them, and holds the next one back the shortest.

    Args:
        lues: by name of an id, the SELECT of the persons that ids of this name lead to.
    """
    return text(
        f"WITH lues AS ({' UNION '.join(lues)}), nouvelles AS ("
        "INSERT INTO personne_lue (collectivite, client_id, jour, lue_id)"
        " SELECT :collectivite, :client_id, :jour, id FROM lues AS l (id) ORDER BY id"
        " ON CONFLICT DO NOTHING RETURNING 1)"
        # An UPDATE that waited would count none: it evaluates again, and the CTE is written once.
        " INSERT INTO volume_lu AS v (collectivite, id, client_id, jour, nombre, reference,"
        " seuil_alerte, seuil_blocage, etat)"
        " SELECT :collectivite, :id, :client_id, :jour, count(*), :reference, :alerte, :blocage,"
        f" '{EtatVolume.ORDINAIRE.value}' FROM nouvelles"
        " ON CONFLICT (collectivite, client_id, jour) DO UPDATE"
        " SET nombre = v.nombre + EXCLUDED.nombre"
        " RETURNING v.*, (SELECT count(*) FROM nouvelles) AS ajout"
    )


async def read_habitude(tx: Transaction, client_id: str, jour: date) -> Sequence[int]:
    """Read how many persons the client was shown in its last active days."""
    rows = await tx.execute(_HABITUDE, {"client": client_id, "ce_jour": jour})
    return rows.scalars().all()


async def count_lues(
    tx: Transaction,
    compter: TextClause,
    client_id: str,
    jour: date,
    bornes: Seuils,
    ids: Mapping[str, Sequence[UUID]],
) -> Row[Any]:
    """Add persons to the day of a client, and read it: `ajout` were not of it yet.

    The bounds are those of the answer that opens the day.
    """
    values = {"id": new_id(), "client_id": client_id, "jour": jour, **asdict(bornes)}
    return (await tx.execute(compter, {**ids, **values})).one()


async def read_volume(tx: Transaction, volume_lu_id: UUID, *, tenir: bool = False) -> Row[Any]:
    """Read a day by its id, and hold it if asked.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _BY_ID.with_for_update() if tenir else _BY_ID
    row = (await tx.execute(statement, {"id": volume_lu_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_volumes(
    tx: Transaction, etats: Collection[EtatVolume], page: PageDemandee
) -> Sequence[Row[Any]]:
    """Read a page of the days."""
    statement = _SELECT.where(VolumeLu.etat.in_(etats)) if etats else _SELECT
    return await paginer(tx, statement, VolumeLu, page)


async def change_volume(tx: Transaction, row: Row[Any], valeurs: dict[str, Any]) -> Row[Any]:
    """Write the next version of a day."""
    return await update_version(tx, VolumeLu, VolumeLu.id == row.id, row.version, valeurs)


async def purge(tx: Transaction, jour: date, avant: date) -> None:
    """Forget the persons of days before `jour`, and the days before `avant`."""
    await tx.execute(_PURGER, {"jour": jour})
    await tx.execute(_OUBLIER, {"avant": avant})
