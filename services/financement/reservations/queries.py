"""SQL of the reservations: what they hold, and what is due."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Row,
    ScalarSelect,
    Uuid,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import InstrumentedAttribute

from services.financement import tables
from services.financement.enveloppes.rules import FERMEES
from services.financement.journal.queries import lock_disponibles
from services.financement.journal.rules import Tenue
from services.financement.reservations.rules import EtatAction, EtatReservation, PartAction
from shared.refus import Introuvable
from shared.schemas.financement.actions import StatutAction
from shared.schemas.financement.journal import Livre, Poste
from shared.schemas.financement.reservations import StatutReservation
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, parmi

_R, _L, _P = tables.Reservation, tables.ReservationLigne, tables.PartFinancement
_A, _V, _G, _S = tables.Action, tables.Enveloppe, tables.Engagement, tables.Solde
_INSTANT = bindparam("instant", type_=_R.expire_le.type)
# Written out, not bound: the planner must see that the partial index applies.
_DUE = (_R.statut == literal_column("'en_attente'")) & (_R.expire_le <= _INSTANT)


def echu_de(objet_id: InstrumentedAttribute[UUID]) -> ScalarSelect[Any]:
    """A column: what is due back to each row's object at `:instant`, and not yet swept."""
    return (
        select(cast(func.coalesce(func.sum(_L.quantite), 0), BigInteger))
        .join(_R, (_R.collectivite == _L.collectivite) & (_R.id == _L.reservation_id))
        .where(siens(_R), _DUE, _L.objet_id == objet_id)
        .scalar_subquery()
    )


# An action's gates, and those of whatever is due back to them: one reservation may hold objects
# that this one does not ask for, and all of them are locked together, in id order, with the
# authorisation that it draws on too.
_LOCK_ACTION = text(
    "WITH vises AS ("
    " SELECT cast(:action_id AS uuid) AS objet_id UNION SELECT enveloppe_id FROM part_financement"
    "  WHERE collectivite = :collectivite AND action_id = :action_id AND :paie"
    " UNION SELECT cast(:autre AS uuid) WHERE cast(:autre AS uuid) IS NOT NULL"
    "), echues AS ("
    " SELECT r.id FROM reservation r WHERE r.collectivite = :collectivite"
    "  AND r.statut = 'en_attente' AND r.expire_le <= :instant"
    "  AND EXISTS (SELECT FROM reservation_ligne l JOIN vises USING (objet_id)"
    "   WHERE l.collectivite = r.collectivite AND l.reservation_id = r.id)"
    "), objets AS ("
    " SELECT objet_id FROM vises UNION SELECT l.objet_id FROM reservation_ligne l"
    "  JOIN echues ON l.reservation_id = echues.id WHERE l.collectivite = :collectivite"
    ") SELECT s.objet_id, s.solde, (SELECT count(*) FROM echues) AS echues FROM solde s"
    " WHERE s.collectivite = :collectivite AND s.poste = 'disponible'"
    "  AND s.objet_id = ANY (ARRAY(SELECT objet_id FROM objets))"
    " ORDER BY s.objet_id FOR UPDATE OF s"
).bindparams(*(bindparam(nom, type_=Uuid()) for nom in ("action_id", "autre")), _INSTANT)

_PARTS = (
    select(
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_object(
                    "enveloppe_id",
                    _P.enveloppe_id,
                    "numerateur",
                    _P.numerateur,
                    "denominateur",
                    _P.denominateur,
                    "attribue_centimes",
                    _P.attribue_centimes,
                    "fenetre_debut",
                    _V.fenetre_debut,
                    "fenetre_fin",
                    _V.fenetre_fin,
                    "fermee",
                    _V.statut.in_(FERMEES),
                ),
                _P.rang,
            )
        )
    )
    .join(_V, (_V.collectivite == _P.collectivite) & (_V.id == _P.enveloppe_id))
    .where(siens(_P), _P.action_id == _A.id)
    .scalar_subquery()
    .label("parts")
)
_READ_PARTS = select(_PARTS, _A.statut).where(siens(_A), _A.id == bindparam("action_id"))

_LIGNES = (
    select(
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_object(
                    "livre", _L.livre, "objet_id", _L.objet_id, "quantite", _L.quantite
                ),
                _L.rang,
            )
        )
    )
    .where(siens(_L), _L.reservation_id == _R.id)
    .scalar_subquery()
    .label("lignes")
)
_ENGAGEMENT = (select(_G.id).where(siens(_G), _G.reservation_id == _R.id).scalar_subquery()).label(
    "engagement_id"
)
_SELECT = select(*_R.__table__.columns, _LIGNES, _ENGAGEMENT).where(siens(_R))
_BY_ID = _SELECT.where(_R.id == bindparam("id"))
_TO_RESOLVE = (
    select(*_R.__table__.columns, _LIGNES, _PARTS, _A.statut.label("statut_action"))
    .join(_A, (_A.collectivite == _R.collectivite) & (_A.id == _R.action_id))
    .where(siens(_R), _R.id == bindparam("id"))
)
_LOCK_RESERVATION = (
    select(_S.objet_id)
    .where(
        siens(_S),
        _S.poste == Poste.DISPONIBLE.value,
        _S.objet_id.in_(select(_L.objet_id).where(siens(_L), _L.reservation_id == bindparam("id"))),
    )
    .order_by(_S.objet_id)
    .with_for_update(of=_S)
)
_ECHUES = (
    select(_R.id, _R.action_id, _R.version, _R.statut, _R.expire_le, _LIGNES)
    .where(siens(_R), _DUE)
    .order_by(_R.expire_le, _R.id)
)
_ECHUES_LOT = _ECHUES.limit(bindparam("limite", type_=BigInteger()))
_ECHUES_OF = _ECHUES.where(
    _R.id.in_(
        select(_L.reservation_id).where(
            siens(_L), _L.objet_id == func.any(bindparam("objets", type_=ARRAY(Uuid())))
        )
    )
)

_STORE = text(
    "WITH lignes AS (SELECT * FROM jsonb_to_recordset(cast(:lignes AS jsonb))"
    "  AS l(objet_id uuid, livre text, rang bigint, quantite bigint)"
    "), entete AS ("
    " INSERT INTO reservation (collectivite, id, action_id, places, montant_centimes,"
    "  beneficiaire_ref, statut, expire_le, cree_le, modifie_le)"
    " VALUES (:collectivite, :id, :action_id, :places, :montant_centimes, :beneficiaire_ref,"
    "  'en_attente', :expire_le, :instant, :instant)"
    "), tenues AS ("
    " INSERT INTO reservation_ligne (collectivite, reservation_id, objet_id, livre, rang, quantite)"
    " SELECT :collectivite, :id, objet_id, livre, rang, quantite FROM lignes"
    ") UPDATE part_financement p SET attribue_centimes = p.attribue_centimes + l.quantite"
    " FROM lignes l WHERE p.collectivite = :collectivite AND p.action_id = :action_id"
    " AND p.enveloppe_id = l.objet_id"
).bindparams(_INSTANT, bindparam("expire_le", type_=_R.expire_le.type))
# Given back whole: cancelled with a reason at an instant, or expired, each at its own.
_RELEASE = text(
    "WITH rendues AS ("
    " UPDATE reservation SET statut = :statut, motif = :motif, version = version + 1,"
    "  resolue_le = coalesce(:instant, expire_le), modifie_le = coalesce(:instant, expire_le)"
    " WHERE collectivite = :collectivite AND id = ANY (:ids) RETURNING id, action_id"
    ") UPDATE part_financement p SET attribue_centimes = p.attribue_centimes - l.quantite"
    " FROM (SELECT rendues.action_id, objet_id, sum(quantite) AS quantite"
    "  FROM rendues JOIN reservation_ligne ON reservation_id = rendues.id"
    "  WHERE collectivite = :collectivite GROUP BY 1, 2) l"
    " WHERE p.collectivite = :collectivite AND p.action_id = l.action_id"
    " AND p.enveloppe_id = l.objet_id"
).bindparams(_INSTANT, bindparam("ids", type_=ARRAY(Uuid())))


async def lock_action(
    tx: Transaction,
    action_id: UUID,
    instant: datetime,
    *,
    paie: bool,
    autre: UUID | None = None,
) -> tuple[EtatAction, list[EtatReservation]]:
    """Hold an action's gates until the transaction ends; return its state, and what is due on it.

    Without money to take (`paie`), the gates of its envelopes stay free, and are not read.

    Args:
        autre: an object of another book that the act moves too.

    Two reservations on one action or one envelope must queue: without the lock both would see the
    last place, and both would take it.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    values = {"action_id": action_id, "instant": instant, "paie": paie, "autre": autre}
    gates = (await tx.execute(_LOCK_ACTION, values)).all()
    row = (await tx.execute(_READ_PARTS, {"action_id": action_id})).one_or_none()
    if row is None:
        raise Introuvable
    disponibles = {gate.objet_id: gate.solde for gate in gates}
    echues: list[EtatReservation] = []
    if gates and gates[0].echues:
        rows = await tx.execute(_ECHUES_OF, {"instant": instant, "objets": list(disponibles)})
        # Those due on a neighbour only, whose other gates are not held, wait for the sweeper.
        echues = [
            etat
            for etat in map(_etat, rows)
            if all(tenue.objet_id in disponibles for tenue in etat.tenues)
        ]
    return EtatAction(action_id, _parts(row.parts), disponibles, StatutAction(row.statut)), echues


async def lock_reservation(tx: Transaction, reservation_id: UUID) -> Row[Any]:
    """Hold the gates of all that a reservation holds, then read it, its lines and its key.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    if not (await tx.execute(_LOCK_RESERVATION, {"id": reservation_id})).all():
        raise Introuvable
    return (await tx.execute(_TO_RESOLVE, {"id": reservation_id})).one()


async def lock_echues(tx: Transaction, instant: datetime, *, limite: int) -> list[EtatReservation]:
    """Hold the gates of the oldest reservations that are due, and return those that still are."""
    parameters = {"instant": instant, "limite": limite}
    found = [_etat(row) for row in await tx.execute(_ECHUES_LOT, parameters)]
    objets = {tenue.objet_id for etat in found for tenue in etat.tenues}
    if not objets:
        return []
    await lock_disponibles(tx, objets)
    still = {row.id for row in await tx.execute(_ECHUES_LOT, parameters)}
    return [etat for etat in found if etat.id in still]


async def lock_objets(
    tx: Transaction, objets: Collection[UUID], instant: datetime
) -> list[EtatReservation]:
    """Hold the gates of objects, and of all that is due back to them; return what is due."""
    values = {"instant": instant, "objets": list(objets)}
    found = [_etat(row) for row in await tx.execute(_ECHUES_OF, values)]
    tenus = {*objets, *(tenue.objet_id for etat in found for tenue in etat.tenues)}
    await lock_disponibles(tx, tenus)
    still = [_etat(row) for row in await tx.execute(_ECHUES_OF, values)]
    return [etat for etat in still if all(tenue.objet_id in tenus for tenue in etat.tenues)]


async def store_reservation(
    tx: Transaction, values: Mapping[str, Any], tenues: Sequence[Tenue]
) -> None:
    """Insert a reservation and what it holds, and count it in the parts of its action."""
    lignes = [{**vars(tenue), "rang": rang} for rang, tenue in enumerate(tenues)]
    await tx.execute(_STORE, {**values, "lignes": json.dumps(lignes, default=str)})


async def store_annulation(
    tx: Transaction, reservation_id: UUID, motif: str, instant: datetime
) -> None:
    """Give back all that a reservation holds, at this instant, with a reason."""
    values = {"statut": StatutReservation.ANNULEE, "motif": motif, "instant": instant}
    await tx.execute(_RELEASE, {**values, "ids": [reservation_id]})


async def store_expirations(tx: Transaction, reservations: Collection[UUID]) -> None:
    """Give back all that reservations hold, each at its `expire_le`."""
    values = {"statut": StatutReservation.EXPIREE, "motif": None, "instant": None}
    await tx.execute(_RELEASE, {**values, "ids": list(reservations)})


async def read_reservation(tx: Transaction, reservation_id: UUID) -> Row[Any]:
    """Read one reservation, as stored: what is due may not be swept yet.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": reservation_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_reservations(
    tx: Transaction, page: PageDemandee, actions: Sequence[UUID]
) -> Sequence[Row[Any]]:
    """Read a page of reservations, of some actions when asked."""
    return await paginer(tx, _SELECT.where(parmi(_R.action_id, actions)), _R, page)


def etat_reservation(row: Row[Any]) -> tuple[EtatReservation, list[PartAction]]:
    """Turn what `lock_reservation` read into what the rules know."""
    return _etat(row), _parts(row.parts)


def _etat(row: Row[Any]) -> EtatReservation:
    tenues = [
        Tenue(Livre(ligne["livre"]), UUID(ligne["objet_id"]), ligne["quantite"])
        for ligne in row.lignes
    ]
    return EtatReservation(
        id=row.id,
        action_id=row.action_id,
        version=row.version,
        statut=StatutReservation(row.statut),
        expire_le=row.expire_le,
        tenues=tenues,
    )


def _parts(found: list[dict[str, Any]] | None) -> list[PartAction]:
    return [
        PartAction(
            enveloppe_id=UUID(part["enveloppe_id"]),
            poids=Fraction(part["numerateur"], part["denominateur"]),
            attribue_centimes=part["attribue_centimes"],
            fenetre_debut=_date(part["fenetre_debut"]),
            fenetre_fin=_date(part["fenetre_fin"]),
            fermee=part["fermee"],
        )
        for part in found or ()
    ]


def _date(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)
