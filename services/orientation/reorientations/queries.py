"""SQL of the requests of réorientation: written, moved by acts, ended with their orientation.

The order of locks is that of the places: the orientation, then its request, then organismes.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, or_, select, text, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from services.orientation import tables
from services.orientation.reorientations.rules import SansObjet
from shared.refus import Introuvable, Refus
from shared.schemas.commun import Operation
from shared.schemas.orientation.reorientations import (
    SensActe,
    StatutReorientation,
    TypeActeReorientation,
)
from shared.socle.db import Transaction, exige_version, siens
from shared.socle.evenements import Fait
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer, parmi
from shared.socle.tables import Collectivite

_R, _A = tables.Reorientation, tables.ActeReorientation
_O, _N = tables.Orientation, aliased(tables.Orientation)
_SELECT = (
    select(
        *_R.__table__.columns,
        _O.date_notification.label("notification_precedente"),
        _N.date_notification.label("notification_nouvelle"),
    )
    .join(_O, (_O.collectivite == _R.collectivite) & (_O.id == _R.orientation_id))
    .outerjoin(_N, (_N.collectivite == _R.collectivite) & (_N.id == _R.orientation_suivante_id))
    .where(siens(_R))
)
_BY_ID = _SELECT.where(_R.id == bindparam("id"))
_LOCK = _BY_ID.with_for_update(of=_R)
_ACTES = (
    select(*_A.__table__.columns)
    .where(siens(_A), _A.reorientation_id.in_(bindparam("demandes", expanding=True)))
    .order_by(_A.cree_le, _A.id)
)
_INSERT = insert(_R).on_conflict_do_nothing().returning(_R.id)
_PENDING = select(_R.id).where(
    siens(_R),
    _R.orientation_id == bindparam("la"),
    _R.statut == StatutReorientation.EN_ATTENTE.value,
)
_MOVE = (
    update(_R)
    .where(siens(_R), _R.id == bindparam("la"))
    .values(
        version=_R.version + 1,
        modifie_le=text("now()"),
        statut=bindparam("nouveau_statut"),
        orientation_suivante_id=bindparam("suivante"),
    )
)
_END = (
    update(_R)
    .where(
        siens(_R),
        _R.orientation_id.in_(bindparam("orientations", expanding=True)),
        _R.statut == StatutReorientation.EN_ATTENTE.value,
    )
    .values(
        version=_R.version + 1,
        modifie_le=text("now()"),
        statut=StatutReorientation.ANNULEE.value,
    )
    .returning(_R.id, _R.version)
)
_AVIS_EP = select(Collectivite.avis_ep_avant_reorientation).where(siens(Collectivite))


class ReorientationEnCours(Refus):
    """A request waits already: that one is to be decided, or withdrawn."""

    code = "reference-externe-existante"
    detail = "Une demande de reorientation attend deja sa decision."

    def __init__(self, reorientation_id: UUID) -> None:
        super().__init__(id=reorientation_id)


async def avis_ep_requis(tx: Transaction) -> bool:
    """Tell whether the collectivité consults the équipe pluridisciplinaire first."""
    found: bool = (await tx.execute(_AVIS_EP)).scalar_one()
    return found


async def store_reorientation(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a request on an orientation that is held.

    Raises:
        ReorientationEnCours: one waits already.
    """
    if (await tx.execute(_INSERT, values)).one_or_none() is None:
        pending = await tx.execute(_PENDING, {"la": values["orientation_id"]})
        raise ReorientationEnCours(pending.scalar_one())
    return await read_reorientation(tx, values["id"])


async def read_reorientation(tx: Transaction, reorientation_id: UUID) -> Row[Any]:
    """Read one request, with what its orientations say of notifications.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": reorientation_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_reorientation(tx: Transaction, reorientation_id: UUID, version: int) -> Row[Any]:
    """Read one request and hold its row until the transaction ends.

    Raises:
        Introuvable: none of this collectivité has this id.
        VersionDepassee: it changed since the caller read it.
    """
    row = (await tx.execute(_LOCK, {"id": reorientation_id})).one_or_none()
    if row is None:
        raise Introuvable
    exige_version(row.version, version)
    return row


async def list_reorientations(
    tx: Transaction,
    page: PageDemandee,
    statuts: Sequence[StatutReorientation],
    *,
    organisme_id: UUID | None,
    orientation_id: UUID | None,
) -> Sequence[Row[Any]]:
    """Read a page of requests, that an organisme made or is asked to take, or of all."""
    statement = _SELECT.where(
        parmi(_R.statut, statuts),
        true() if orientation_id is None else _R.orientation_id == orientation_id,
        true()
        if organisme_id is None
        else or_(
            _R.organisme_demandeur_id == organisme_id, _R.organisme_propose_id == organisme_id
        ),
    )
    return await paginer(tx, statement, _R, page)


async def read_actes(
    tx: Transaction, demandes: Sequence[UUID]
) -> Mapping[UUID, Sequence[Row[Any]]]:
    """Read what was done of each of these requests, the first act first."""
    found: dict[UUID, list[Row[Any]]] = defaultdict(list)
    if demandes:
        for row in await tx.execute(_ACTES, {"demandes": list(demandes)}):
            found[row.reorientation_id].append(row)
    return found


async def store_acte(
    tx: Transaction,
    reorientation: Row[Any],
    acte: Mapping[str, Any],
    *,
    statut: StatutReorientation = StatutReorientation.EN_ATTENTE,
    suivante: UUID | None = None,
) -> Row[Any]:
    """Add an act to a request that is held, and move it; return it as it is now."""
    await tx.add(
        _A,
        {
            "id": new_id(),
            "reorientation_id": reorientation.id,
            "client_id": tx.acces.auteur,
            **acte,
        },
    )
    await tx.execute(
        _MOVE,
        {"la": reorientation.id, "nouveau_statut": statut.value, "suivante": suivante},
    )
    return await read_reorientation(tx, reorientation.id)


async def end_reorientations(
    tx: Transaction, orientations: Sequence[UUID], cause: SansObjet, jour: date
) -> Sequence[Fait]:
    """End what was asked of orientations that are closed; return the facts to publish.

    Args:
        orientations: held, no longer in force.
        jour: today, where the collectivité is.
    """
    if not orientations:
        return []
    rows = (await tx.execute(_END, {"orientations": list(orientations)})).all()
    if not rows:
        return []
    await tx.add(
        _A,
        [
            {
                "id": new_id(),
                "reorientation_id": row.id,
                "type": TypeActeReorientation.ANNULATION.value,
                "sens": SensActe.SANS_OBJET.value,
                "motif": cause.value,
                "date_acte": jour,
                "organisme_id": None,
                "client_id": tx.acces.auteur,
            }
            for row in rows
        ],
    )
    return [fait("annulee", row) for row in rows]


def fait(nom: str, row: Row[Any], operation: Operation = Operation.MODIFICATION) -> Fait:
    """What happened to a request."""
    return Fait(
        f"orientation.reorientation.{nom}", "reorientations", row.id, row.version, operation
    )
