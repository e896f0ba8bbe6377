"""Markets with a clause d'insertion, and the hours worked there."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours.accompagnements.queries import read_parcours
from services.parcours.marches import queries, rules
from shared.refus import Introuvable
from shared.schemas.commun import Operation
from shared.schemas.parcours.employeurs import (
    HeuresClauseCreation,
    Marche,
    MarcheCreation,
    PageHeuresClause,
    PageMarches,
)
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("marches")

_MarcheId = Annotated[
    UUID, Path(description="Un marché", examples=["019b789f-d7a0-7c93-9b40-e1f75d28a6c4"])
]


@router.post(
    "/marches",
    status_code=201,
    response_model=Marche,
    summary="Enregistrer un marché à clause d'insertion",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(rules.MarcheExistant),
)
async def creer_marche(
    demande: MarcheCreation, commande: CommandeDep, tx: TransactionDep
) -> Response:
    """Enregistre un marché dont une clause réserve des heures à l'insertion.

    Portée `parcours:ecrire`. Publie `parcours.marche.enregistre`.
    """

    async def enregistrer() -> Effet:
        rules.verifier_marche(demande)
        row = await queries.store_marche(
            tx,
            {
                "id": new_id(),
                "minutes_travaillees": 0,
                "minutes_rsa": 0,
                **demande.model_dump(),
            },
        )
        if row is None:
            raise rules.MarcheExistant
        return await _effet(tx, row, "enregistre")

    return await once(tx, commande, enregistrer)


@router.get(
    "/marches",
    response_model=PageMarches,
    summary="Lister les marchés à clause d'insertion",
    dependencies=[portee("parcours:lire")],
)
async def lister_marches(
    page: Annotated[PageDemandee, page_de(PageMarches)], tx: TransactionDep
) -> Response:
    """Rend les marchés et leurs heures, les derniers d'abord. Portée `parcours:lire`."""
    return rendre_page(page, await queries.list_marches(tx, page), queries.render)


@router.get(
    "/marches/{marche_id}",
    response_model=Marche,
    summary="Lire un marché à clause d'insertion",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_marche(marche_id: _MarcheId, request: Request, tx: TransactionDep) -> Response:
    """Rend un marché, ses heures travaillées et la part des allocataires du RSA.

    Portée `parcours:lire`.
    """
    row = await queries.read_marche(tx, marche_id)
    return rendre_lecture(request, queries.render(row), row.version)


@router.post(
    "/marches/{marche_id}/heures",
    status_code=201,
    response_model=Marche,
    summary="Compter des heures d'insertion",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(Introuvable),
)
async def creer_heures_clause(
    marche_id: _MarcheId,
    demande: HeuresClauseCreation,
    commande: CommandeDep,
    request: Request,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Ajoute les heures d'un mois, par quarts d'heure, et rend le marché qu'elles font.

    Une correction s'ajoute, négative. Un parcours clos depuis peut encore avoir des heures à
    compter. Portée `parcours:ecrire`. Publie `parcours.marche.heures_comptees`.
    """

    request.state.parcours_lus = [demande.parcours_id] if demande.parcours_id else []

    async def compter() -> Effet:
        marche = await queries.read_marche(tx, marche_id, lock=True)
        minutes, minutes_rsa = rules.apres_heures(
            demande,
            debut=marche.date_debut,
            fin=marche.date_fin,
            minutes=marche.minutes_travaillees,
            minutes_rsa=marche.minutes_rsa,
            jour=await service.aujourdhui(tx),
        )
        if demande.parcours_id is not None:
            await read_parcours(tx, demande.parcours_id)
        values = {
            "id": new_id(),
            "marche_id": marche_id,
            "client_id": tx.acces.auteur,
            **demande.model_dump(),
        }
        row = await queries.count_heures(
            tx, marche_id, values, minutes=minutes, minutes_rsa=minutes_rsa
        )
        return await _effet(tx, row, "heures_comptees")

    return await once(tx, commande, compter)


@router.get(
    "/marches/{marche_id}/heures",
    response_model=PageHeuresClause,
    summary="Lire les heures d'insertion d'un marché",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_heures_clause(
    marche_id: _MarcheId,
    page: Annotated[PageDemandee, page_de(PageHeuresClause)],
    tx: TransactionDep,
) -> Response:
    """Rend les heures comptées, corrections comprises, les dernières d'abord.

    Portée `parcours:lire`.
    """
    await queries.read_marche(tx, marche_id)
    rows = await queries.list_heures(tx, page, marche_id)
    return rendre_page(page, rows, queries.render_heures)


async def _effet(tx: Transaction, row: Row[Any], fait: str) -> Effet:
    operation = Operation.CREATION if row.version == 1 else Operation.MODIFICATION
    await publier(tx, Fait(f"parcours.marche.{fait}", "marches", row.id, row.version, operation))
    return Effet(queries.render(row), location=f"/v1/marches/{row.id}", version=row.version)
