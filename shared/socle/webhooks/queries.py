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
from shared.socle.webhooks.rules import EN_VOL_MAX, PAGE, REJEU_MAX, VERIFICATION

_W, _L = tables.Webhook, tables.WebhookLivraison
_SELECT = select(*_W.__table__.columns).where(siens(_W))
_BY_ID = _SELECT.where(_W.id == bindparam("id"))
# A delivery that is queued names its subscription: it does not wait for this lock.
LOCK = _BY_ID.with_for_update(key_share=True)
_LIVRAISONS = select(*_L.__table__.columns).where(siens(_L))
# Literals: no plan for any parameter could use the index of challenges.
_DEFI, _FAIT = f"type = '{VERIFICATION}'", f"type <> '{VERIFICATION}'"


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
        valeurs["debut_le"] = text("clock_timestamp()")  # the clock of the facts
    return await change_webhook(tx, row.id, row.version, valeurs)


async def queue(tx: Transaction, livraisons: Sequence[Mapping[str, Any]]) -> None:
    """Put deliveries in their queues; one that is there already stays as it is."""
    if livraisons:
        await tx.execute(insert(_L).on_conflict_do_nothing(), list(livraisons))


_ABANDON = {
    quoi: text(
        "WITH vaines AS MATERIALIZED (SELECT id FROM webhook_livraison"
        "  WHERE collectivite = :collectivite AND webhook_id = :webhook"
        f"  AND statut = 'en_attente' AND {quoi}"
        f"  ORDER BY prochaine_le LIMIT {PAGE})"
        " UPDATE webhook_livraison l"
        " SET statut = 'abandonnee', prochaine_le = NULL, prise_jusqu_a = NULL"
        " FROM vaines WHERE l.collectivite = :collectivite AND l.id = vaines.id"
    )
    for quoi in (_DEFI, _FAIT)
}


async def abandon_defis(tx: Transaction, webhook_id: UUID) -> None:
    """Give up the challenge that waits, which another replaces."""
    await tx.execute(_ABANDON[_DEFI], {"webhook": webhook_id})


_REJOUER = text(
    "WITH voulues AS MATERIALIZED (SELECT id FROM webhook_livraison"
    "  WHERE collectivite = :collectivite AND webhook_id = :webhook"
    "  AND survenu_le BETWEEN :depuis AND :jusqu_a AND type <> :verification"
    "  AND statut = ANY(:statuts) AND (statut <> 'en_attente' OR rang > 0)"
    "  ORDER BY survenu_le, id LIMIT :borne FOR UPDATE), remises AS ("
    " UPDATE webhook_livraison l SET statut = 'en_attente', rang = 0, prochaine_le = :maintenant"
    " FROM voulues WHERE l.collectivite = :collectivite AND l.id = voulues.id"
    " RETURNING l.survenu_le)"
    " SELECT count(*) AS nombre, max(survenu_le) AS dernier_survenu_le FROM remises"
)


async def replay(
    tx: Transaction,
    webhook_id: UUID,
    *,
    depuis: datetime,
    jusqu_a: datetime,
    statuts: Sequence[StatutLivraison],
    maintenant: datetime,
) -> Row[Any]:
    """Queue again, under the same ids, what happened between two instants.

    Returns:
        How many, and when the last of them happened.
    """
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
    return done.one()


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
    "SELECT id, types, statut, debut_xid::text AS debut_xid, debut_le FROM webhook"
    " WHERE collectivite = :collectivite AND debut_xid IS NOT NULL"
)
_AVANCER = text(
    "UPDATE webhook_position SET xid = cast(:xid AS text)::xid8, seq = :seq, modifie_le = now()"
    " WHERE collectivite = :collectivite"
)


async def read_faits(tx: Transaction, limite: int) -> Sequence[Row[Any]]:
    """Take the next facts of the feed, if no other worker does.

    A restored database begins another epoch, whose transactions are numbered again: what is kept
    is read again from its beginning, what was queued already is known by its id, and the instant
    of an activation stands for its transaction, which means nothing there.
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


def _une(condition: str) -> str:
    """Whether a delivery of `w` waits so.

    Not EXISTS, which may be joined or hashed, and ordered, or a table full of another's rows seems
    the shorter way: either would read them all.
    """
    return (
        "(SELECT true FROM webhook_livraison l WHERE l.collectivite = :collectivite"
        f" AND l.webhook_id = w.id AND l.statut = 'en_attente' AND {condition}"
        " ORDER BY l.prochaine_le LIMIT 1)"
    )


_DUE = "prochaine_le <= :maintenant AND (prise_jusqu_a IS NULL OR prise_jusqu_a <= :maintenant)"
# The state decides which rows are looked at: none of those of a pause are.
_DUES = text(
    "SELECT id, CASE statut"
    f" WHEN 'actif' THEN {_une(f'{_FAIT} AND {_DUE}')}"
    f" WHEN 'a_verifier' THEN {_une(f'{_DEFI} AND {_DUE}')}"
    f" WHEN 'desactive' THEN coalesce({_une(_FAIT)}, {_une(f'{_DEFI} AND {_DUE}')})"
    " END IS TRUE AS due FROM webhook w WHERE collectivite = :collectivite"
)
# Materialised: within a join the planner may run it again for each row, and take them all. Bounded
# by a literal first: of a bound that it does not know it expects a tenth of all, and reads all.
_PRENDRE = {
    quoi: text(
        "WITH premieres AS MATERIALIZED ("
        " SELECT id FROM webhook_livraison WHERE collectivite = :collectivite"
        f"  AND webhook_id = :webhook AND statut = 'en_attente' AND {_DUE} AND {quoi}"
        f"  ORDER BY prochaine_le, id LIMIT {EN_VOL_MAX} FOR UPDATE SKIP LOCKED),"
        " prises AS MATERIALIZED (SELECT id FROM premieres"
        f"  LIMIT greatest(0, {EN_VOL_MAX} - (SELECT count(*) FROM webhook_livraison"
        "   WHERE collectivite = :collectivite AND webhook_id = :webhook"
        "   AND statut = 'en_attente' AND prise_jusqu_a > :maintenant)))"
        " UPDATE webhook_livraison l SET prise_jusqu_a = :bail FROM prises"
        " WHERE l.collectivite = :collectivite AND l.id = prises.id"
        " RETURNING l.id, l.evenement_id, l.type, l.corps, l.trace, l.rang, l.nombre_tentatives,"
        " l.tentatives"
    )
    for quoi in (_DEFI, _FAIT)
}


async def read_dues(tx: Transaction, maintenant: datetime) -> Sequence[Row[Any]]:
    """Read all subscriptions, and which have something to send, or to give up, now."""
    return (await tx.execute(_DUES, {"maintenant": maintenant})).all()


@dataclass(frozen=True)
class Prises:
    """What a worker may send now, and to whom.

    Args:
        abandonnees: what it gave up instead, of a subscription that is off: there may be more.
    """

    webhook: Row[Any]
    livraisons: Sequence[Row[Any]]
    abandonnees: int = 0


async def take(
    tx: Transaction, webhook_id: UUID, maintenant: datetime, bail: datetime
) -> Prises | None:
    """Take what may be sent at this instant: no more than five of one subscription are in flight.

    The subscription is held while they are counted, so that two workers do not take ten. What a
    worker took and did not end is anyone's after its lease. One that is off is not asked for its
    challenge while facts wait: they are given up first, a slice in each transaction, so that a long
    queue passes no time-out and nothing of it is sent when it comes back.
    """
    row = (await tx.execute(LOCK, {"id": webhook_id})).one_or_none()
    if row is None or row.statut == StatutWebhook.EN_PAUSE:
        return None
    if row.statut == StatutWebhook.DESACTIVE:
        done = await tx.execute(_ABANDON[_FAIT], {"webhook": webhook_id})
        if done.rowcount:
            return Prises(row, (), done.rowcount)
    taken = await tx.execute(
        _PRENDRE[_FAIT if row.statut == StatutWebhook.ACTIF else _DEFI],
        {
            "webhook": webhook_id,
            "maintenant": maintenant,
            "bail": bail,
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
