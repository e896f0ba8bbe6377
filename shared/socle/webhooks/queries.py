"""SQL of webhooks: subscriptions, the place in the feed, and the queue of each subscription."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert

from shared.refus import Introuvable
from shared.schemas.webhooks import StatutLivraison, StatutWebhook
from shared.socle import tables
from shared.socle.db import Transaction, exige_version, siens
from shared.socle.modification import update_version
from shared.socle.pages import PageDemandee, paginer, par_tranches
from shared.socle.webhooks.rules import EN_VOL_MAX, REJEU_MAX, VERIFICATION

_W, _L = tables.Webhook, tables.WebhookLivraison
_SELECT = select(*_W.__table__.columns).where(siens(_W))
_BY_ID = _SELECT.where(_W.id == bindparam("id"))
# A delivery that is queued names its subscription: it does not wait for this lock.
LOCK = _BY_ID.with_for_update(key_share=True)
_LIVRAISONS = select(*_L.__table__.columns).where(siens(_L))


async def store_webhook(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a subscription."""
    await tx.add(_W, values)
    return await read_webhook(tx, values["id"])


async def read_webhook(tx: Transaction, webhook_id: UUID, *, tenir: bool = False) -> Row[Any]:
    """Read a subscription, and hold it if asked.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(LOCK if tenir else _BY_ID, {"id": webhook_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_webhooks(
    tx: Transaction, statuts: Sequence[StatutWebhook], page: PageDemandee
) -> Sequence[Row[Any]]:
    """Read a page of the subscriptions: tens, whatever their state."""
    statement = _SELECT.where(_W.statut.in_(statuts)) if statuts else _SELECT
    return await paginer(tx, statement, _W, page)


async def change_webhook(
    tx: Transaction, webhook_id: UUID, version: int, valeurs: dict[str, Any]
) -> Row[Any]:
    """Write the next version of a subscription.

    Raises:
        VersionDepassee: another came first.
    """
    return await update_version(tx, _W, _W.id == webhook_id, version, valeurs)


async def remove_webhook(tx: Transaction, webhook_id: UUID, version: int) -> Row[Any]:
    """Delete a subscription and its deliveries.

    Raises:
        Introuvable: none of this collectivité has this id.
        VersionDepassee: it changed since it was read.
    """
    row = await read_webhook(tx, webhook_id, tenir=True)
    exige_version(row.version, version)
    await tx.execute(delete(_W).where(siens(_W), _W.id == webhook_id))
    return row


async def list_livraisons(
    tx: Transaction, webhook_id: UUID, statuts: Sequence[StatutLivraison], page: PageDemandee
) -> Sequence[Row[Any]]:
    """Read a page of the log of a subscription."""
    statement = _LIVRAISONS.where(_L.webhook_id == webhook_id)
    ensemble = par_tranches(statement, _L.statut, statuts, _L, page).subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)


_COMMENCER = text(
    "INSERT INTO webhook_position (collectivite, epoque, xid, seq)"
    " SELECT :collectivite, epoque, pg_snapshot_xmin(pg_current_snapshot()), -1 FROM epoque"
    " ON CONFLICT DO NOTHING"
)


async def activate(tx: Transaction, row: Row[Any]) -> Row[Any]:
    """Begin to deliver, or again: what commits from now on is delivered."""
    await tx.execute(_COMMENCER)
    valeurs: dict[str, Any] = {
        "statut": StatutWebhook.ACTIF.value,
        "motif_desactivation": None,
        "desactive_le": None,
        "echec_depuis_le": None,
    }
    if row.debut_xid is None:
        valeurs["debut_xid"] = text("pg_snapshot_xmin(pg_current_snapshot())")
    return await change_webhook(tx, row.id, row.version, valeurs)


async def queue(tx: Transaction, livraisons: Sequence[Mapping[str, Any]]) -> None:
    """Put deliveries in their queues; one that is there already stays as it is."""
    if livraisons:
        await tx.execute(insert(_L).on_conflict_do_nothing(), list(livraisons))


_ABANDON = (
    update(_L)
    .where(
        siens(_L),
        _L.webhook_id == bindparam("webhook"),
        _L.statut == StatutLivraison.EN_ATTENTE.value,
        (_L.type == VERIFICATION) == bindparam("verification"),
    )
    .values(statut=StatutLivraison.ABANDONNEE.value, prochaine_le=None, prise_jusqu_a=None)
)


async def abandon(tx: Transaction, webhook_id: UUID, *, verifications: bool) -> None:
    """Give up what waits: challenges that another replaces, or facts for a receiver that is off."""
    await tx.execute(_ABANDON, {"webhook": webhook_id, "verification": verifications})


_REJOUER = text(
    "WITH voulues AS MATERIALIZED (SELECT id FROM webhook_livraison"
    "  WHERE collectivite = :collectivite AND webhook_id = :webhook"
    "  AND survenu_le BETWEEN :depuis AND :jusqu_a AND type <> :verification"
    "  AND statut = ANY(:statuts) AND (statut <> 'en_attente' OR rang > 0)"
    "  ORDER BY survenu_le, id LIMIT :borne FOR UPDATE)"
    " UPDATE webhook_livraison l SET statut = 'en_attente', rang = 0, prochaine_le = :maintenant"
    " FROM voulues WHERE l.collectivite = :collectivite AND l.id = voulues.id"
)


async def replay(
    tx: Transaction,
    webhook_id: UUID,
    *,
    depuis: datetime,
    jusqu_a: datetime,
    statuts: Sequence[StatutLivraison],
    maintenant: datetime,
) -> int:
    """Queue again, under the same ids, what happened between two instants; returns how many."""
    done = await tx.execute(
        _REJOUER,
        {
            "webhook": webhook_id,
            "depuis": depuis,
            "jusqu_a": jusqu_a,
            "statuts": [one.value for one in statuts],
            "maintenant": maintenant,
            "verification": VERIFICATION,
            "borne": REJEU_MAX,
        },
    )
    return done.rowcount


# Whoever holds it turns facts into deliveries; another worker leaves it to them.
_POSITION = text(
    "SELECT p.xid::text AS xid, p.seq, p.epoque = e.epoque AS la_meme"
    " FROM webhook_position p, epoque e WHERE p.collectivite = :collectivite"
    " FOR UPDATE OF p SKIP LOCKED"
)
_REPRENDRE = (
    text(
        "UPDATE webhook SET debut_xid = '0'"
        " WHERE collectivite = :collectivite AND debut_xid IS NOT NULL"
    ),
    text(
        "UPDATE webhook_position SET epoque = (SELECT epoque FROM epoque)"
        " WHERE collectivite = :collectivite"
    ),
)
# As the feed is read: below the oldest running transaction, ordered by (xid, seq).
_FAITS = text(
    "SELECT e.xid::text AS xid, e.seq, evenement_id, type, ressource, id, version, operation,"
    " survenu_le, trace, lot_id FROM evenement e"
    " WHERE collectivite = :collectivite AND e.xid < pg_snapshot_xmin(pg_current_snapshot())"
    " AND (e.xid, seq) > (cast(:xid AS text)::xid8, :seq)"
    " ORDER BY e.xid, seq LIMIT :limite"
)
_ABONNES = text(
    "SELECT id, types, statut, debut_xid::text AS debut_xid FROM webhook"
    " WHERE collectivite = :collectivite AND debut_xid IS NOT NULL"
)
_AVANCER = text(
    "UPDATE webhook_position SET xid = cast(:xid AS text)::xid8, seq = :seq, modifie_le = now()"
    " WHERE collectivite = :collectivite"
)


async def read_faits(tx: Transaction, limite: int) -> Sequence[Row[Any]]:
    """Take the next facts of the feed, if no other worker does.

    A restored database begins another epoch, whose transactions are numbered again: what is kept
    is read again from its beginning, and what was queued already is known by its id.
    """
    place = (await tx.execute(_POSITION)).one_or_none()
    if place is None:
        return []
    xid, seq = place.xid, place.seq
    if not place.la_meme:
        xid, seq = "0", -1
        for statement in _REPRENDRE:
            await tx.execute(statement)
    return (await tx.execute(_FAITS, {"xid": xid, "seq": seq, "limite": limite})).all()


async def read_abonnes(tx: Transaction) -> Sequence[Row[Any]]:
    """Read who was ever active: asked after the facts, so that none of theirs is missed."""
    return (await tx.execute(_ABONNES)).all()


async def advance(tx: Transaction, dernier: Row[Any]) -> None:
    """Move the place in the feed past a fact."""
    await tx.execute(_AVANCER, {"xid": dernier.xid, "seq": dernier.seq})


_DUES = text(
    "SELECT id FROM webhook w WHERE collectivite = :collectivite AND EXISTS ("
    " SELECT 1 FROM webhook_livraison l WHERE l.collectivite = :collectivite"
    " AND l.webhook_id = w.id AND l.statut = 'en_attente' AND l.prochaine_le <= :maintenant"
    " AND (l.prise_jusqu_a IS NULL OR l.prise_jusqu_a <= :maintenant)"
    " AND CASE w.statut WHEN 'actif' THEN l.type <> :verification"
    "  WHEN 'en_pause' THEN false ELSE l.type = :verification END)"
)
# Materialised: within a join the planner may run it again for each row, and take them all.
_PRENDRE = text(
    "WITH prises AS MATERIALIZED ("
    " SELECT id FROM webhook_livraison WHERE collectivite = :collectivite"
    "  AND webhook_id = :webhook AND statut = 'en_attente' AND prochaine_le <= :maintenant"
    "  AND (prise_jusqu_a IS NULL OR prise_jusqu_a <= :maintenant)"
    "  AND (type = :verification) = :a_verifier"
    "  ORDER BY prochaine_le, id"
    "  LIMIT greatest(0, :en_vol - (SELECT count(*) FROM webhook_livraison"
    "   WHERE collectivite = :collectivite AND webhook_id = :webhook"
    "   AND statut = 'en_attente' AND prise_jusqu_a > :maintenant))"
    "  FOR UPDATE SKIP LOCKED)"
    " UPDATE webhook_livraison l SET prise_jusqu_a = :bail FROM prises"
    " WHERE l.collectivite = :collectivite AND l.id = prises.id"
    " RETURNING l.id, l.evenement_id, l.type, l.corps, l.trace, l.rang, l.nombre_tentatives,"
    " l.tentatives"
)


async def read_dues(tx: Transaction, maintenant: datetime) -> Sequence[UUID]:
    """Read which subscriptions have something to send now."""
    found = await tx.execute(_DUES, {"maintenant": maintenant, "verification": VERIFICATION})
    return found.scalars().all()


@dataclass(frozen=True)
class Prises:
    """What a worker may send now, and to whom."""

    webhook: Row[Any]
    livraisons: Sequence[Row[Any]]


async def take(
    tx: Transaction, webhook_id: UUID, maintenant: datetime, bail: datetime
) -> Prises | None:
    """Take what may be sent at this instant: no more than five of one subscription are in flight.

    The subscription is held while they are counted, so that two workers do not take ten. What a
    worker took and did not end is anyone's after its lease.
    """
    row = (await tx.execute(LOCK, {"id": webhook_id})).one_or_none()
    if row is None or row.statut == StatutWebhook.EN_PAUSE:
        return None
    taken = await tx.execute(
        _PRENDRE,
        {
            "webhook": webhook_id,
            "maintenant": maintenant,
            "bail": bail,
            "verification": VERIFICATION,
            "a_verifier": row.statut != StatutWebhook.ACTIF,
            "en_vol": EN_VOL_MAX,
        },
    )
    return Prises(row, taken.all())


_NOTER = (
    update(_L)
    .where(siens(_L), _L.id == bindparam("le"), _L.statut == StatutLivraison.EN_ATTENTE.value)
    .values(
        statut=bindparam("p_statut"),
        rang=bindparam("p_rang"),
        prochaine_le=bindparam("p_prochaine_le"),
        prise_jusqu_a=None,
        nombre_tentatives=bindparam("p_nombre"),
        tentatives=bindparam("p_tentatives"),
    )
)


async def note(tx: Transaction, livraison_id: UUID, valeurs: Mapping[str, Any]) -> bool:
    """Write how an attempt ended; false if the delivery was given up meanwhile."""
    done = await tx.execute(
        _NOTER, {"le": livraison_id, **{f"p_{nom}": one for nom, one in valeurs.items()}}
    )
    return done.rowcount == 1


_ECHEC = (
    update(_W)
    .where(siens(_W), _W.id == bindparam("le"))
    .values(echec_depuis_le=bindparam("p_echec"))
)


async def note_echec(tx: Transaction, webhook_id: UUID, echec_depuis_le: datetime | None) -> None:
    """Write since when a receiver fails: told, and no version of what its owner decides."""
    await tx.execute(_ECHEC, {"le": webhook_id, "p_echec": echec_depuis_le})
