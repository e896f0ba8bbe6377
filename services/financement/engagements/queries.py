"""SQL of the engagements: numbered in order, split to the cent."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by

from services.financement import tables
from services.financement.reservations.rules import EtatReservation
from shared.refus import Introuvable
from shared.schemas.financement.engagements import Engagement, StatutEngagement
from shared.schemas.financement.journal import Livre
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, entre, paginer

_T, _L = tables.Engagement, tables.EngagementLigne
_VENTILATION = (
    select(
        func.coalesce(
            func.jsonb_agg(
                aggregate_order_by(
                    func.jsonb_build_object(
                        "enveloppe_id",
                        _L.enveloppe_id,
                        "montant_centimes",
                        _L.montant_centimes,
                    ),
                    _L.rang,
                )
            ),
            func.jsonb_build_array(),
        )
    )
    .where(siens(_L), _L.engagement_id == _T.id)
    .scalar_subquery()
    .label("ventilation")
)
_SELECT = select(*_T.__table__.columns, _VENTILATION).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("id"))
# The engagement takes the year's next number, the reservation is resolved, and what is not
# confirmed leaves the parts of the action: one round trip, just before the journal's.
_STORE = text(
    "WITH lignes AS (SELECT * FROM jsonb_to_recordset(cast(:lignes AS jsonb))"
    "  AS l(enveloppe_id uuid, rang bigint, prise bigint, rendue bigint)"
    "), suivant AS ("
    " INSERT INTO compteur_engagement AS c (collectivite, exercice, dernier)"
    " VALUES (:collectivite, :exercice, 1)"
    " ON CONFLICT (collectivite, exercice) DO UPDATE SET dernier = c.dernier + 1"
    " RETURNING dernier"
    "), entete AS ("
    " INSERT INTO engagement (collectivite, id, exercice, numero, action_id, reservation_id,"
    "  beneficiaire_ref, date_engagement, places, montant_centimes, statut, cree_le, modifie_le)"
    " SELECT :collectivite, :id, :exercice, dernier, :action_id, :reservation_id,"
    "  :beneficiaire_ref, :date_engagement, :places, :montant_centimes, :statut,"
    "  :instant, :instant FROM suivant"
    "), ventilation AS ("
    " INSERT INTO engagement_ligne"
    "  (collectivite, engagement_id, enveloppe_id, rang, montant_centimes)"
    " SELECT :collectivite, :id, enveloppe_id, rang, prise FROM lignes WHERE prise > 0"
    "), resolue AS ("
    " UPDATE reservation SET statut = 'confirmee', resolue_le = :instant, modifie_le = :instant,"
    "  version = version + 1 WHERE collectivite = :collectivite AND id = :reservation_id"
    "), parts AS ("
    " UPDATE part_financement p SET attribue_centimes = p.attribue_centimes - l.rendue"
    " FROM lignes l WHERE p.collectivite = :collectivite AND p.action_id = :action_id"
    "  AND p.enveloppe_id = l.enveloppe_id AND l.rendue > 0"
    ") SELECT dernier FROM suivant"
).bindparams(bindparam("instant", type_=_T.cree_le.type))


async def store_engagement(
    tx: Transaction,
    engagement_id: UUID,
    reservation: EtatReservation,
    beneficiaire_ref: UUID,
    prises: Mapping[UUID, int],
    jour: date,
    instant: datetime,
) -> Engagement:
    """Insert what a confirmed reservation became, and resolve the reservation."""
    lignes: list[dict[str, Any]] = [
        {
            "enveloppe_id": tenue.objet_id,
            "rang": rang,
            "prise": prises[tenue.objet_id],
            "rendue": tenue.quantite - prises[tenue.objet_id],
        }
        for rang, tenue in enumerate(reservation.tenues)
        if tenue.livre is Livre.ENG
    ]
    ventilation = [
        {"enveloppe_id": ligne["enveloppe_id"], "montant_centimes": ligne["prise"]}
        for ligne in lignes
        if ligne["prise"]
    ]
    values = {
        "id": engagement_id,
        "exercice": jour.year,
        "action_id": reservation.action_id,
        "reservation_id": reservation.id,
        "beneficiaire_ref": beneficiaire_ref,
        "date_engagement": jour,
        "places": prises[reservation.action_id],
        "montant_centimes": sum(ligne["prise"] for ligne in lignes),
        "statut": StatutEngagement.ENGAGE,
    }
    found = await tx.execute(
        _STORE, {**values, "instant": instant, "lignes": json.dumps(lignes, default=str)}
    )
    dates = {"version": 1, "cree_le": instant, "modifie_le": instant}
    return Engagement.model_validate(
        {**values, **dates, "numero": found.scalar_one(), "ventilation": ventilation}
    )


async def read_engagement(tx: Transaction, engagement_id: UUID) -> Row[Any]:
    """Read one engagement.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": engagement_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_engagements(
    tx: Transaction,
    page: PageDemandee,
    enveloppes: Sequence[UUID],
    *,
    date_engagement_min: date | None,
    date_engagement_max: date | None,
) -> Sequence[Row[Any]]:
    """Read a page of engagements, made between two days, paid by some envelopes when asked."""
    statement = _SELECT.where(entre(_T.date_engagement, date_engagement_min, date_engagement_max))
    if enveloppes:
        paid = select(_L.engagement_id).where(siens(_L), _L.enveloppe_id.in_(enveloppes))
        statement = statement.where(_T.id.in_(paid))
    return await paginer(tx, statement, _T, page)
