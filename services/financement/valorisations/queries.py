"""SQL of the contributions in kind."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Row, bindparam, cast, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from services.financement import tables
from services.financement.journal.queries import lock_disponibles
from services.financement.valorisations.rules import Regle
from shared.refus import Introuvable, Refus
from shared.schemas.financement.justificatifs import TypeJustificatif
from shared.schemas.financement.valorisations import (
    MethodeValorisation,
    NatureApport,
    StatutValorisation,
)
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, par_tranches, parmi

_R, _P, _T = tables.RegleValorisation, tables.PrevisionValorisation, tables.Valorisation
_J = tables.Justificatif
_REGLES = select(*_R.__table__.columns).where(siens(_R))
_REGLE = _REGLES.where(_R.id == bindparam("p_id"))
_REGLE_AU = (
    _REGLES.where(
        _R.convention_id == bindparam("p_convention_id"),
        _R.nature == bindparam("p_nature"),
        _R.valable_du <= bindparam("p_jour"),
    )
    .order_by(_R.valable_du.desc())
    .limit(1)
)
_INSERT_REGLE = pg_insert(_R).on_conflict_do_nothing().returning(*_R.__table__.columns)
_PREVISIONS = select(*_P.__table__.columns).where(siens(_P))
_PREVISION = _PREVISIONS.where(_P.id == bindparam("p_id"))
_SELECT = select(*_T.__table__.columns).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("p_id"))
_ENVELOPPE = select(_T.enveloppe_id).where(siens(_T), _T.id == bindparam("p_id"))
_INSERT = insert(_T)
_DEJA = select(cast(func.coalesce(func.sum(_T.montant_centimes), 0), BigInteger)).where(
    siens(_T),
    _T.enveloppe_id == bindparam("p_enveloppe_id"),
    _T.nature == bindparam("p_nature"),
    _T.statut != StatutValorisation.REJETEE.value,
)
_DECIDE = (
    update(_T)
    .where(siens(_T), _T.id == bindparam("p_id"))
    .values(
        statut=bindparam("p_statut"),
        motif=bindparam("p_motif"),
        justificatif_ids=bindparam("p_justificatifs"),
        version=_T.version + 1,
        modifie_le=bindparam("p_modifie_le"),
    )
)
# The row of an agent's month is the gate of her time, made by the first who needs it; when nothing
# is taken from it any more, her time may be told anew.
_OUVRIR_TEMPS = text(
    "INSERT INTO temps_agent (collectivite, agent_ref, mois, temps_mois_minutes, minutes)"
    " VALUES (:collectivite, :agent_ref, :mois, :temps, 0)"
    " ON CONFLICT (collectivite, agent_ref, mois)"
    " DO UPDATE SET temps_mois_minutes = excluded.temps_mois_minutes"
    " WHERE temps_agent.minutes = 0"
)
_LOCK_TEMPS = text(
    "SELECT temps_mois_minutes, minutes FROM temps_agent"
    " WHERE collectivite = :collectivite AND agent_ref = :agent_ref AND mois = :mois FOR UPDATE"
)
_AJOUTER_TEMPS = text(
    "UPDATE temps_agent SET minutes = minutes + :minutes"
    " WHERE collectivite = :collectivite AND agent_ref = :agent_ref AND mois = :mois"
)


class RegleExistante(Refus):
    code = "reference-externe-existante"
    detail = "Cette convention a deja une regle de cette nature a compter de ce jour."


async def store_regle(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a rule; a nature has one a convention and a day.

    Raises:
        RegleExistante: it has one.
    """
    row = (await tx.execute(_INSERT_REGLE, values)).one_or_none()
    if row is None:
        raise RegleExistante
    return row


async def read_regle(tx: Transaction, regle_id: UUID) -> Row[Any]:
    """Read one rule.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_REGLE, {"p_id": regle_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def find_regle(
    tx: Transaction, convention_id: UUID | None, nature: NatureApport, jour: date
) -> Row[Any] | None:
    """Read what a convention says of a nature on a day, if it says anything."""
    values = {"p_convention_id": convention_id, "p_nature": nature, "p_jour": jour}
    return (await tx.execute(_REGLE_AU, values)).one_or_none()


async def list_regles(
    tx: Transaction, page: PageDemandee, conventions: Sequence[UUID]
) -> Sequence[Row[Any]]:
    """Read a page of rules, of some conventions when asked."""
    return await paginer(tx, _REGLES.where(parmi(_R.convention_id, conventions)), _R, page)


async def store_prevision(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Keep what is planned."""
    await tx.add(_P, values)


async def read_prevision(tx: Transaction, prevision_id: UUID) -> Row[Any]:
    """Read what was planned once.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_PREVISION, {"p_id": prevision_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_previsions(
    tx: Transaction, page: PageDemandee, enveloppes: Sequence[UUID]
) -> Sequence[Row[Any]]:
    """Read a page of what is planned, on some envelopes when asked."""
    return await paginer(tx, _PREVISIONS.where(parmi(_P.enveloppe_id, enveloppes)), _P, page)


async def read_deja(tx: Transaction, enveloppe_id: UUID, nature: NatureApport) -> int:
    """Read what is declared or validated of a nature on an envelope whose gate is held."""
    found = await tx.execute(_DEJA, {"p_enveloppe_id": enveloppe_id, "p_nature": nature})
    deja: int = found.scalar_one()
    return deja


async def lock_temps(tx: Transaction, agent_ref: UUID, mois: date, temps: int) -> Row[Any]:
    """Hold an agent's month until the transaction ends, of this time if it is new or unused."""
    values = {"agent_ref": agent_ref, "mois": mois}
    await tx.execute(_OUVRIR_TEMPS, {**values, "temps": temps})
    return (await tx.execute(_LOCK_TEMPS, values)).one()


async def add_temps(tx: Transaction, agent_ref: UUID, mois: date, minutes: int) -> None:
    """Take from an agent's month, or give back."""
    await tx.execute(_AJOUTER_TEMPS, {"agent_ref": agent_ref, "mois": mois, "minutes": minutes})


async def read_types(tx: Transaction, pieces: Sequence[UUID]) -> dict[UUID, TypeJustificatif]:
    """Read what some pieces are; those that are not ours are left out."""
    if not pieces:
        return {}
    rows = await tx.execute(select(_J.id, _J.type).where(siens(_J), _J.id.in_(pieces)))
    return {row.id: TypeJustificatif(row.type) for row in rows}


async def lock_valorisation(tx: Transaction, valorisation_id: UUID) -> Row[Any]:
    """Hold the gate of a contribution's envelope, then read it.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    enveloppe_id = (await tx.execute(_ENVELOPPE, {"p_id": valorisation_id})).scalar_one_or_none()
    if enveloppe_id is None:
        raise Introuvable
    await lock_disponibles(tx, [enveloppe_id])
    return await read_valorisation(tx, valorisation_id)


async def read_valorisation(tx: Transaction, valorisation_id: UUID) -> Row[Any]:
    """Read one contribution.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": valorisation_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_valorisations(
    tx: Transaction,
    page: PageDemandee,
    *,
    enveloppes: Sequence[UUID],
    statuts: Sequence[StatutValorisation],
) -> Sequence[Row[Any]]:
    """Read a page of contributions, of some envelopes or states when asked."""
    if statuts:
        statement = _SELECT.where(parmi(_T.enveloppe_id, enveloppes))
        tranches = par_tranches(statement, _T.statut, statuts, _T, page)
    else:
        tranches = par_tranches(_SELECT, _T.enveloppe_id, enveloppes, _T, page)
    ensemble = tranches.subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)


async def store_valorisation(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert a contribution."""
    await tx.execute(_INSERT, values)


async def store_decision(
    tx: Transaction,
    valorisation_id: UUID,
    statut: StatutValorisation,
    motif: str | None,
    justificatifs: Sequence[str],
    instant: datetime,
) -> None:
    """Decide of a contribution whose envelope is held."""
    values = {"p_statut": statut, "p_motif": motif, "p_justificatifs": list(justificatifs)}
    await tx.execute(_DECIDE, {"p_id": valorisation_id, **values, "p_modifie_le": instant})


def regle(row: Row[Any]) -> Regle:
    """Turn a row into what the rules know."""
    part = row.part_maximale_points_base
    return Regle(
        autorisee=row.autorisee,
        methode=None if row.methode is None else MethodeValorisation(row.methode),
        part_maximale=None if part is None else Fraction(part, 10_000),
        pieces_requises=frozenset(TypeJustificatif(one) for one in row.pieces_requises),
    )
