"""SQL of the rendez-vous, and of what happened to each."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, bindparam, func, insert, select, true, update

from services.parcours import tables
from services.parcours.rendez_vous.rules import EtatRendezVous, vers_france_travail
from shared.delais import jour_civil
from shared.refus import Introuvable
from shared.schemas.parcours.rendez_vous import (
    ActeRendezVous,
    CodesRendezVous,
    InitiateurRendezVous,
    ModaliteRendezVous,
    MotifRendezVous,
    ReceptionRendezVous,
    RendezVous,
    StatutRendezVous,
)
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer, par_tranches, parmi

_R, _A, _T = tables.RendezVous, tables.ActeRendezVous, tables.Parcours

_SELECT = select(*_R.__table__.columns).where(siens(_R))
_BY_ID = _SELECT.where(_R.id == bindparam("p_id"))
# Its parcours too, so that none is closed between the reading and the writing.
_LOCK = (
    select(*_R.__table__.columns, _T.statut.label("statut_parcours"))
    .join(_T, (_T.collectivite == _R.collectivite) & (_T.id == _R.parcours_id))
    .where(siens(_R), _R.id == bindparam("p_id"))
    .with_for_update(of=[_T, _R])
)
_INSERT = insert(_R).returning(*_R.__table__.columns)
_UPDATE = (
    update(_R)
    .where(siens(_R), _R.id == bindparam("p_id"))
    .values(version=_R.version + 1, modifie_le=func.now())
    .returning(*_R.__table__.columns)
)
_ACTES = select(*_A.__table__.columns).where(
    siens(_A), _A.rendez_vous_id == bindparam("p_rendez_vous_id")
)


async def store_rendez_vous(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a rendez-vous."""
    statut = StatutRendezVous.PRIS.value
    return (await tx.execute(_INSERT, {**values, "id": new_id(), "statut": statut})).one()


async def read_rendez_vous(tx: Transaction, rendez_vous_id: UUID) -> Row[Any]:
    """Read one rendez-vous.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": rendez_vous_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_rendez_vous(tx: Transaction, rendez_vous_id: UUID) -> Row[Any]:
    """Read one and where its parcours stands, and hold both until the transaction ends.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK, {"p_id": rendez_vous_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_rendez_vous(
    tx: Transaction,
    page: PageDemandee,
    *,
    parcours: Sequence[UUID],
    agent: str | None,
    organisme_id: UUID | None,
    statuts: Sequence[StatutRendezVous],
    des: datetime | None,
    avant: datetime | None,
) -> Sequence[Row[Any]]:
    """Read a page of rendez-vous, of some parcours, agent and states, from one instant to another.

    The last instant is that at which a day ends: what begins then is of the next.
    """
    statement = _SELECT.where(
        true() if agent is None else _R.agent == agent,
        true() if organisme_id is None else _R.organisme_id == organisme_id,
        true() if des is None else _R.debut_le >= des,
        true() if avant is None else _R.debut_le < avant,
    )
    if agent is not None or organisme_id is not None or parcours:
        # Each of these has its own: the index of the agent, of the organisme or of the parcours
        # has them in order.
        statement = statement.where(parmi(_R.statut, statuts), parmi(_R.parcours_id, parcours))
        return await paginer(tx, statement, _R, page)
    ensemble = par_tranches(statement, _R.statut, statuts, _R, page).subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)


async def update_rendez_vous(tx: Transaction, rendez_vous_id: UUID, **values: Any) -> Row[Any]:
    """Write what changes of a locked rendez-vous."""
    return (await tx.execute(_UPDATE.values(**values), {"p_id": rendez_vous_id})).one()


async def store_acte(
    tx: Transaction,
    rendez_vous: Row[Any],
    statut: StatutRendezVous,
    date_acte: date,
    **values: Any,
) -> None:
    """Add what happened to a rendez-vous, with the slot that it had then."""
    await tx.add(
        _A,
        {
            "id": new_id(),
            "rendez_vous_id": rendez_vous.id,
            "parcours_id": rendez_vous.parcours_id,
            "statut": statut.value,
            "date_acte": date_acte,
            "debut_le": rendez_vous.debut_le,
            "fin_le": rendez_vous.fin_le,
            "client_id": tx.acces.auteur,
            **values,
        },
    )


async def list_actes(
    tx: Transaction, page: PageDemandee, rendez_vous_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of what happened to a rendez-vous."""
    return await paginer(tx, _ACTES, _A, page, {"p_rendez_vous_id": rendez_vous_id})


def etat(row: Row[Any]) -> EtatRendezVous:
    """What the rules need to know of a row."""
    return EtatRendezVous(
        statut=StatutRendezVous(row.statut),
        debut_le=row.debut_le,
        rang_relance=row.rang_relance,
        repris=row.suivant_id is not None,
    )


def render(row: Row[Any], fuseau: ZoneInfo) -> RendezVous:
    """Make the contract of a row, where the collectivité is."""
    codes = CodesRendezVous(
        motif=vers_france_travail(MotifRendezVous(row.motif)),
        modalite=vers_france_travail(ModaliteRendezVous(row.modalite)),
        reception=vers_france_travail(ReceptionRendezVous(row.reception)),
        statut=vers_france_travail(StatutRendezVous(row.statut)),
        initiateur=vers_france_travail(InitiateurRendezVous(row.initiateur)),
    )
    return RendezVous.model_validate(
        {
            **row._mapping,
            "date_rendez_vous": jour_civil(row.debut_le, fuseau),
            "france_travail": codes,
        }
    )


def render_acte(row: Row[Any]) -> ActeRendezVous:
    """Make the contract of an act."""
    return ActeRendezVous.model_validate({**row._mapping, "auteur": {"client_id": row.client_id}})
