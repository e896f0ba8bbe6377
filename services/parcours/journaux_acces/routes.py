"""Who read or changed a parcours: written with each request that names one, told to who asks."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from fastapi.params import Depends
from starlette.responses import Response

from services.parcours.freins.rules import connait_sante
from services.parcours.journaux_acces import queries
from shared.schemas.commun import Identifiant
from shared.schemas.parcours.consultations import PageAccesJournal
from shared.socle.auth import Acces
from shared.socle.contrat import portee, routeur
from shared.socle.db import ATTENTE_TRAVAIL, Transaction
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.service import Service
from shared.socle.transactions import TransactionDep

router = routeur("journaux-acces")

# What this process knows to be noted, some 30 MB of it at most: said once, a line is not written
# again that day.
_NOTES_MAX = 100_000


async def journaliser(request: Request) -> AsyncIterator[None]:
    """Note who read or changed a parcours, before the answer leaves: none is read unnoted.

    A parcours is named by the path, by a list's `parcours_id`, or by a route that found it itself
    (`request.state.parcours_lus`). A list of all parcours names none: what it shows of each is in
    the request's log only. What was refused or failed is not noted; a trial changes nothing, and
    is noted as a read of what it answers. A fault here after a write leaves it done, as a lost
    answer does: its repeat is told the same, but for what is told once (`noter`).
    """
    yield
    # Refused, under the command's key, or noted with what it did.
    if request.state.statut >= HTTPStatus.BAD_REQUEST or hasattr(request.state, "acces_note"):
        return
    nommees = _nommees(request)
    if not nommees:
        return
    service: Service = request.app.state.service
    acces: Acces = request.state.acces
    commun, instant = _commun(request), service.horloge()
    # Who, what and when, but for which resource.
    cle = (acces.collectivite, acces.auteur, *commun.values(), instant.date())
    notes: set[tuple[Any, ...]] = request.app.state.acces_notes
    nouvelles = {une for une in nommees if (*cle, *une) not in notes}
    if not nouvelles:
        return
    # The one row of a client, an operation and a day: its twins may make it wait a little.
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        await queries.store_acces(tx, nouvelles, **commun, instant=instant)
    if len(notes) > _NOTES_MAX:
        notes.clear()
    notes.update((*cle, *une) for une in nouvelles)


async def noter(request: Request, tx: Transaction) -> None:
    """Note a command in its own transaction, where its answer is told once.

    Noted after, a fault would lose that answer for ever, and leave what it tells of.
    """
    instant = request.app.state.service.horloge()
    await queries.store_acces(tx, _nommees(request), **_commun(request), instant=instant)
    request.state.acces_note = True


def _nommees(request: Request) -> list[tuple[str, UUID]]:
    """Which parameters name a parcours, and their values."""
    found = [(queries.PARCOURS, un) for un in getattr(request.state, "parcours_lus", ())]
    found += [(queries.PARCOURS, UUID(un)) for un in request.query_params.getlist(queries.PARCOURS)]
    du_chemin = queries.nommees(request.path_params)
    return found if du_chemin is None else [*found, du_chemin]


def _commun(request: Request) -> dict[str, Any]:
    """What is noted of all that a request names."""
    route = request.scope["route"]
    return {
        "operation": route.name,
        "ecriture": not (
            request.method == "GET"
            or route.path.endswith("/recherches")
            or request.query_params.get("essai") == "true"
        ),
        # Health is seen by the scopes, or by what the route says: a code may open it to a portal.
        "sante": getattr(request.state, "sante_lue", connait_sante(request.state.acces.portees)),
    }


# scope="function" writes it before the response leaves, after the request's own transaction.
JOURNAL: Any = Depends(journaliser, scope="function")


@router.get(
    "/journaux-acces",
    response_model=PageAccesJournal,
    summary="Lister qui a lu ou changé les parcours d'une personne",
    dependencies=[portee("parcours:administrer")],
)
async def lister_journaux_acces(
    page: Annotated[PageDemandee, page_de(PageAccesJournal)],
    tx: TransactionDep,
    personne_id: Annotated[
        Identifiant,
        Query(description="La personne, opaque", examples=["39263059-f28c-405d-9fb1-7c2390c192cf"]),
    ],
) -> Response:
    """Rend les accès aux parcours d'une personne, les derniers d'abord : une ligne par jour (UTC).

    Ce que nomme une requête y est noté, lu ou changé, avec le client qui l'a demandé ; le parcours
    d'une liste qui n'en nomme aucun n'y est pas. Portée `parcours:administrer`.
    """
    rows = await queries.list_acces(tx, page, personne_id)
    return rendre_page(page, rows, queries.render)
