"""The worker's part: turn facts into deliveries, send them, and note how it went.

One queue per subscription, five in flight at the most whoever sends them, and a slow receiver
holds its own queue only. No transaction is open while something is sent: what a worker takes it
leases, so a worker that dies leaves nothing behind but a repeated attempt.
"""

import asyncio
import random
import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError

from shared import contexte
from shared.schemas.commun import Operation
from shared.schemas.webhooks import (
    TENTATIVES_MAX,
    IssueTentative,
    MotifDesactivation,
    StatutLivraison,
    StatutWebhook,
)
from shared.socle import problems
from shared.socle.coffre import Coffre
from shared.socle.db import ATTENTE_TRAVAIL, Transaction
from shared.socle.evenements import Fait, publier
from shared.socle.ids import new_id
from shared.socle.service import Service
from shared.socle.webhooks import queries, rules
from shared.socle.webhooks.envoi import Expediteur, Reponse

CONTEXTE_SECRET = "webhook.secret"
_PAUSE_S = 0.5
_SANS_ABONNE_S = 5
_log = structlog.get_logger()
_alea = random.SystemRandom()


async def tenir(service: Service, collectivite: str) -> None:
    """Deliver for ever; a fault is logged, and what was to be sent stays in its queue."""
    expediteur = Expediteur(service.reglages.webhooks_essais)
    files: dict[UUID, asyncio.Task[None]] = {}
    try:
        while True:
            contexte.adopt(None)
            try:
                lus = await distribuer(service, collectivite)
                abonnements = await dues(service, collectivite)
                for webhook_id, due in abonnements.items():
                    if not due:
                        continue
                    if webhook_id not in files or files[webhook_id].done():
                        files[webhook_id] = asyncio.create_task(
                            vider(service, collectivite, webhook_id, expediteur)
                        )
                pause = _PAUSE_S if abonnements else _SANS_ABONNE_S
                await asyncio.sleep(0 if lus == rules.PAGE else pause)
            except Exception as error:  # the database is away, or a defect: the queues stay
                problems.log_fault(error)
                await asyncio.sleep(1 if isinstance(error, DBAPIError | OSError) else 5)
            files = {key: task for key, task in files.items() if not task.done()}
    finally:
        for task in files.values():
            task.cancel()
        await asyncio.gather(*files.values(), return_exceptions=True)
        expediteur.fermer()


async def distribuer(service: Service, collectivite: str) -> int:
    """Queue the next facts for those who subscribed to them. Returns how many were read.

    The place in the feed and the deliveries commit together. Of the facts of a job only the job's
    own is queued: an import is one event. Whoever is off finds what they missed given up, to be
    replayed.
    """
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        faits = await queries.read_faits(tx, rules.PAGE)
        if not faits:
            return 0
        maintenant = service.horloge()
        livraisons = [
            _livraison(collectivite, abonne, fait, maintenant)
            for abonne in await queries.read_abonnes(tx)
            for fait in faits
            if fait.lot_id is None
            and _apres_activation(abonne, fait)
            and (not abonne.types or fait.type in abonne.types)
        ]
        await queries.queue(tx, livraisons)
        await queries.advance(tx, faits[-1])
    return len(faits)


def _apres_activation(abonne: Row[Any], fait: Row[Any]) -> bool:
    if abonne.debut_xid == "0":  # another epoch: its own number means nothing here
        return bool(fait.survenu_le >= abonne.debut_le)
    return int(fait.xid) >= int(abonne.debut_xid)


def _livraison(
    collectivite: str, abonne: Row[Any], fait: Row[Any], maintenant: datetime
) -> dict[str, Any]:
    donnees = {
        "collectivite": collectivite,
        "ressource": fait.ressource,
        "id": str(fait.id),
        "version": fait.version,
        "operation": fait.operation,
    }
    eteint = abonne.statut == StatutWebhook.DESACTIVE
    return _en_file(
        abonne.id,
        evenement_id=fait.evenement_id,
        type_=fait.type,
        survenu_le=fait.survenu_le,
        donnees=donnees,
        trace=fait.trace,
        statut=StatutLivraison.ABANDONNEE if eteint else StatutLivraison.EN_ATTENTE,
        prochaine_le=None if eteint else maintenant,
    )


def verification(webhook_id: UUID, collectivite: str, maintenant: datetime) -> dict[str, Any]:
    """The delivery that asks a receiver to give a challenge back: it proves whose it is."""
    donnees: dict[str, object] = {
        "collectivite": collectivite,
        "webhook_id": str(webhook_id),
        "defi": secrets.token_urlsafe(32),
    }
    return _en_file(
        webhook_id,
        evenement_id=new_id(),
        type_=rules.VERIFICATION,
        survenu_le=maintenant,
        donnees=donnees,
        trace=contexte.trace_id(),
        statut=StatutLivraison.EN_ATTENTE,
        prochaine_le=maintenant,
    )


def _en_file(
    webhook_id: UUID,
    *,
    evenement_id: UUID,
    type_: str,
    survenu_le: datetime,
    donnees: dict[str, object],
    trace: str,
    statut: StatutLivraison,
    prochaine_le: datetime | None,
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "webhook_id": webhook_id,
        "evenement_id": evenement_id,
        "type": type_,
        "survenu_le": survenu_le,
        "corps": rules.corps(type_, survenu_le, donnees),
        "trace": trace,
        "statut": statut.value,
        "rang": 0,
        "prochaine_le": prochaine_le,
        "nombre_tentatives": 0,
        "tentatives": [],
    }


async def dues(service: Service, collectivite: str) -> dict[UUID, bool]:
    """All subscriptions, and whether each has something to send, or to give up, now."""
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        return {row.id: row.due for row in await queries.read_dues(tx, service.horloge())}


async def vider(
    service: Service, collectivite: str, webhook_id: UUID, expediteur: Expediteur
) -> None:
    """Send what is due to one subscription, until nothing is: as one ends, another begins."""
    en_vol: set[asyncio.Task[None]] = set()
    try:
        while True:
            prises = await _prendre(service, collectivite, webhook_id)
            if prises is not None:
                en_vol |= {
                    asyncio.create_task(
                        _livrer(service, collectivite, prises.webhook, livraison, expediteur)
                    )
                    for livraison in prises.livraisons
                }
            if not en_vol:
                return
            finies, en_vol = await asyncio.wait(en_vol, return_when=asyncio.FIRST_COMPLETED)
            for task in finies:
                task.result()
    except Exception as error:  # what was taken is anyone's once its lease ends
        problems.log_fault(error)
    finally:
        for task in en_vol:
            task.cancel()
        await asyncio.gather(*en_vol, return_exceptions=True)


async def _prendre(service: Service, collectivite: str, webhook_id: UUID) -> queries.Prises | None:
    acces = service.acces_interne(collectivite)
    while True:
        maintenant = service.horloge()
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            prises = await queries.take(tx, webhook_id, maintenant, maintenant + rules.BAIL)
        if prises is None or not prises.abandonnees:
            return prises


async def _livrer(
    service: Service,
    collectivite: str,
    webhook: Row[Any],
    livraison: Row[Any],
    expediteur: Expediteur,
) -> None:
    maintenant = service.horloge()
    corps = livraison.corps.encode()
    signes = rules.entetes(
        rules.schema_de(webhook.cle_publique),
        cles(service.coffre, webhook, maintenant),
        str(livraison.evenement_id),
        # The receiver's five minutes are of its own clock: no sandbox moves it.
        int(service.horloge_reelle().timestamp()),
        corps,
    )
    trace = f"00-{livraison.trace}-{secrets.token_hex(8)}-01"
    reponse = await expediteur.envoyer(
        webhook.url,
        {**signes, "traceparent": trace},
        corps,
        html_est_echec=webhook.html_est_echec,
    )
    if livraison.type == rules.VERIFICATION and reponse.issue is IssueTentative.RECUE:
        reponse = _verifiee(reponse, livraison.corps)
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        await _noter(service, tx, webhook, livraison, reponse, maintenant)
    _log.info(
        "webhook_tente",
        webhook_id=str(webhook.id),
        evenement_id=str(livraison.evenement_id),
        collectivite=collectivite,
        issue=reponse.issue.value,
        statut=reponse.statut,
        duree_ms=reponse.duree_ms,
    )


def cles(coffre: Coffre, webhook: Row[Any], maintenant: datetime) -> list[bytes]:
    """The secrets that sign now: the one in use, and the one it replaced while it still holds."""
    scelles = [webhook.secret]
    if webhook.secret_precedent and maintenant < webhook.secret_precedent_fin_le:
        scelles.append(webhook.secret_precedent)
    return [coffre.ouvrir(one, CONTEXTE_SECRET) for one in scelles]


def _verifiee(reponse: Reponse, corps: str) -> Reponse:
    defi = rules.defi_de(corps)
    if rules.defi_rendu(reponse.contenu, defi):
        return reponse
    return Reponse(IssueTentative.DEFI_NON_RENDU, reponse.statut, duree_ms=reponse.duree_ms)


async def _noter(
    service: Service,
    tx: Transaction,
    envoye: Row[Any],
    livraison: Row[Any],
    reponse: Reponse,
    tentee_le: datetime,
) -> None:
    """Write how an attempt ended, and what it says of its receiver.

    Args:
        envoye: the subscription as it was sent to: another address answers for itself alone.
    """
    maintenant = service.horloge()
    webhook = (await tx.execute(queries.LOCK, {"id": envoye.id})).one_or_none()
    if webhook is None:
        return  # deleted meanwhile, and its deliveries with it
    # A date is of the receiver's clock, which no sandbox moves.
    demandee = rules.attente_demandee(reponse.statut, reponse.retry_after, service.horloge_reelle())
    suite = rules.suite(
        reponse.issue, livraison.rang + 1, maintenant, _alea.uniform(-1, 1), demandee
    )
    tentative = {
        "tentee_le": tentee_le.isoformat(),
        "issue": reponse.issue.value,
        "statut_http": reponse.statut,
        "duree_ms": reponse.duree_ms,
    }
    notee = await queries.note(
        tx,
        livraison.id,
        {
            "statut": suite.statut.value,
            "rang": livraison.rang + 1,
            "prochaine_le": suite.prochaine_le,
            "nombre": livraison.nombre_tentatives + 1,
            "tentatives": [*livraison.tentatives, tentative][-TENTATIVES_MAX:],
        },
    )
    if not notee:
        return
    if livraison.type == rules.VERIFICATION:
        if reponse.issue is IssueTentative.RECUE:
            row = await queries.activate(tx, webhook)
            await publier(tx, fait(service.nom, "active", row))
    elif reponse.issue is IssueTentative.RECUE:
        if webhook.echec_depuis_le is not None:
            await queries.note_echec(tx, webhook.id, None)
    elif webhook.url == envoye.url:
        await _apres_echec(service, tx, webhook, reponse.issue, tentee_le)


async def _apres_echec(
    service: Service,
    tx: Transaction,
    webhook: Row[Any],
    issue: IssueTentative,
    tentee_le: datetime,
) -> None:
    maintenant = service.horloge()
    if webhook.echec_depuis_le is None:
        await queries.note_echec(tx, webhook.id, tentee_le)
    motif = rules.motif_de_desactivation(issue, webhook.echec_depuis_le, maintenant)
    if motif is not None and webhook.statut != StatutWebhook.DESACTIVE:
        await _desactiver(service, tx, webhook, motif, maintenant)


async def _desactiver(
    service: Service,
    tx: Transaction,
    webhook: Row[Any],
    motif: MotifDesactivation,
    maintenant: datetime,
) -> None:
    """Stop sending, and say why: whoever takes next gives up what waits, to be replayed."""
    row = await queries.change_webhook(
        tx,
        webhook.id,
        webhook.version,
        {
            "statut": StatutWebhook.DESACTIVE.value,
            "motif_desactivation": motif.value,
            "desactive_le": maintenant,
        },
    )
    await publier(tx, fait(service.nom, "desactive", row))
    _log.warning(
        "webhook_desactive",
        webhook_id=str(webhook.id),
        collectivite=tx.collectivite,
        motif=motif.value,
    )


def fait(nom: str, quoi: str, row: Row[Any], operation: Operation = Operation.MODIFICATION) -> Fait:
    """A fact of a subscription itself."""
    return Fait(f"{nom}.webhook.{quoi}", "webhooks", row.id, row.version, operation)
