"""Notifications: by what means a decision was sent, and when it was received for certain."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.notifications import queries, rules
from services.orientation.orientations.queries import (
    lock_orientation,
    read_decision,
    read_orientation,
)
from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import Auteur, Operation
from shared.schemas.orientation.orientations import (
    Notification,
    NotificationCreation,
    PageNotifications,
)
from shared.schemas.orientation.vocabulaire import StatutOrientation
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("orientations")


@router.post(
    "/orientations/{orientation_id}/notifications",
    status_code=201,
    response_model=Notification,
    summary="Enregistrer la notification d'une décision",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(Introuvable, VersionDepassee, TransitionInterdite),
)
async def notifier_decision(
    orientation_id: UUID,
    demande: NotificationCreation,
    version: SiVersion,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Enregistre un envoi de la décision et sa réception, qui fait date certaine (R5411-8-1).

    Un envoi sans réception peut être suivi d'un autre ; la première réception compte et devient
    `date_notification` de l'orientation. Portée `orientation:ecrire`. Publie
    `orientation.notification.enregistree`.
    """

    async def notifier() -> Effet:
        row = await lock_orientation(tx, orientation_id, version)
        rules.exige_decidee(StatutOrientation(row.statut), decidee=row.decision_id is not None)
        decision = await read_decision(tx, row.decision_id)
        reception = rules.date_certaine(
            rules.Envoi(demande.mode, demande.date_envoi, demande.date_reception),
            date_decision=decision.date_decision,
            jour=await service.aujourdhui(tx),
        )
        notification, orientation_version = await queries.store_notification(
            tx,
            {
                "id": new_id(),
                "orientation_id": orientation_id,
                "decision_id": row.decision_id,
                "mode": demande.mode.value,
                "date_envoi": demande.date_envoi,
                "date_reception": reception,
                "client_id": tx.acces.auteur,
            },
            rules.premiere(row.date_notification, reception),
        )
        await publier(
            tx,
            Fait(
                "orientation.notification.enregistree",
                "orientations",
                orientation_id,
                orientation_version,
                Operation.MODIFICATION,
            ),
        )
        return Effet(
            _render(notification),
            location=f"/v1/orientations/{orientation_id}/notifications/{notification.id}",
            version=orientation_version,
        )

    return await once(tx, commande, notifier)


@router.get(
    "/orientations/{orientation_id}/notifications",
    response_model=PageNotifications,
    summary="Lister les notifications d'une décision",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def lister_notifications(
    orientation_id: UUID,
    page: Annotated[PageDemandee, page_de(PageNotifications)],
    tx: TransactionDep,
) -> Response:
    """Rend les envois d'une décision, reçus ou non, les plus récents d'abord.

    Portée `orientation:lire`.
    """
    await read_orientation(tx, orientation_id)
    rows = await queries.list_notifications(tx, orientation_id, page)
    return rendre_page(page, rows, _render)


@router.get(
    "/orientations/{orientation_id}/notifications/{notification_id}",
    response_model=Notification,
    summary="Lire une notification",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_notification(
    orientation_id: UUID, notification_id: UUID, request: Request, tx: TransactionDep
) -> Response:
    """Rend une notification de décision, immuable. Portée `orientation:lire`."""
    row = await queries.read_notification(tx, notification_id)
    if row.orientation_id != orientation_id:
        raise Introuvable
    return rendre_lecture(request, _render(row), 1)


def _render(row: Row[Any]) -> Notification:
    return Notification.model_validate({**row._mapping, "auteur": Auteur(client_id=row.client_id)})
