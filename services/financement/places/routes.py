"""Places left by who held them, and free places closed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.responses import Response

from services.financement.actions.queries import read_action
from services.financement.actions.routes import ActionId, rendre_action
from services.financement.journal.queries import inscrire
from services.financement.journal.rules import Ecriture, exige_effet, transfert
from services.financement.places import queries, rules
from services.financement.reservations.expiration import expirer
from services.financement.reservations.queries import lock_objets
from services.financement.reservations.rules import DisponibleInsuffisant, EtatReservation
from shared.refus import Introuvable
from shared.schemas.commun import Operation
from shared.schemas.financement.actions import (
    Action,
    FermetureCreation,
    LiberationCreation,
    ModeCapacite,
)
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.reponses import Effet
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("actions")

_LECTURE: dict[int | str, dict[str, Any]] = {
    201: {
        "links": {
            "lecture": {
                "operationId": "obtenir_action",
                "parameters": {"action_id": "$response.body#/id"},
            }
        }
    }
}


@router.post(
    "/engagements/{engagement_id}/liberations",
    status_code=201,
    response_model=Action,
    summary="Libérer les places d'un engagement",
    dependencies=[portee("financement:ecrire")],
    responses={**refusals(Introuvable), **_LECTURE},
)
async def creer_liberation(
    engagement_id: UUID,
    demande: LiberationCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Libère des places occupées, une fois : d'un stock, elles sont libres ; d'un flux, servies.

    Rend l'action. Ne prend pas d'If-Match : ce que l'engagement occupe décide. Portée
    `financement:ecrire`. Publie `financement.action.liberee`.
    """

    async def liberer() -> Effet:
        exige_effet(demande.date_effet, await service.aujourdhui(tx))
        instant = service.horloge()
        action_id = (await queries.read_engagement(tx, engagement_id, verrou=False)).action_id
        echues = await lock_objets(tx, [action_id], instant)
        row = await queries.read_engagement(tx, engagement_id, verrou=True)
        places = rules.places_liberees(demande.places, row.places - row.places_liberees)
        action = await read_action(tx, action_id, instant)
        await queries.store_liberation(tx, engagement_id, places)
        ecriture = Ecriture(
            evenement=EvenementJournal.LIBERATION_PLACES,
            date_effet=demande.date_effet,
            lignes=rules.lignes_liberees(ModeCapacite(action.mode_capacite), action_id, places),
            action_id=action_id,
            engagement_id=engagement_id,
            source=demande.motif,
        )
        return await _inscrire(tx, service, "liberee", ecriture, echues, instant)

    return await once(tx, commande, liberer)


@router.post(
    "/actions/{action_id}/fermetures",
    status_code=201,
    response_model=Action,
    summary="Fermer des places libres d'une action",
    dependencies=[portee("financement:administrer")],
    responses={**refusals(Introuvable, DisponibleInsuffisant), **_LECTURE},
)
async def creer_fermeture(
    action_id: ActionId,
    demande: FermetureCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Ferme des places que personne ne retient ; le disponible décide, sans If-Match.

    Rend l'action. Portée `financement:administrer`. Publie `financement.action.fermee`.
    """

    async def fermer() -> Effet:
        exige_effet(demande.date_effet, await service.aujourdhui(tx))
        instant = service.horloge()
        echues = await lock_objets(tx, [action_id], instant)
        action = await read_action(tx, action_id, instant)
        rendues = sum(
            tenue.quantite
            for echue in echues
            for tenue in echue.tenues
            if tenue.objet_id == action_id
        )
        libres = action.soldes["disponible"] + rendues if action.soldes else 0
        rules.exige_libres(demande.places, libres)
        ecriture = Ecriture(
            evenement=EvenementJournal.FERMETURE_PLACES,
            date_effet=demande.date_effet,
            lignes=transfert(Livre.PLA, action_id, demande.places, Poste.DISPONIBLE, Poste.FERMEE),
            action_id=action_id,
            source=demande.source,
        )
        return await _inscrire(tx, service, "fermee", ecriture, echues, instant)

    return await once(tx, commande, fermer)


async def _inscrire(
    tx: Transaction,
    service: ServiceDep,
    fait: str,
    ecriture: Ecriture,
    echues: Sequence[EtatReservation],
    instant: datetime,
) -> Effet:
    """Post what is due back, then the act; answer the action, whose places alone have moved."""
    assert ecriture.action_id is not None
    liberations = await expirer(tx, echues, await service.fuseau(tx))
    row = await read_action(tx, ecriture.action_id, instant)
    nom = f"financement.action.{fait}"
    await publier(tx, Fait(nom, "actions", row.id, row.version, Operation.MODIFICATION))
    await inscrire(tx, [*liberations, ecriture], inscrite_le=instant)
    row = await read_action(tx, ecriture.action_id, instant)
    return Effet(rendre_action(row), location=f"/v1/actions/{row.id}", version=row.version)
