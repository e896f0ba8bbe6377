"""Movements: what changed from one flux to the next, foyer by foyer and person by person."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.mouvements import queries, rules
from shared.refus import Introuvable
from shared.schemas.commun import DateCivile, Identifiant
from shared.schemas.orientation.imports import (
    Mouvement,
    MouvementDetaille,
    PageMouvements,
    TypeMouvement,
)
from shared.socle.contrat import portee, routeur
from shared.socle.documents import refusals
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import rendre_lecture
from shared.socle.transactions import TransactionDep

router = routeur("mouvements")


@router.get(
    "/mouvements",
    response_model=PageMouvements,
    summary="Lister les mouvements d'un flux à l'autre",
    dependencies=[portee("orientation:lire")],
)
async def lister_mouvements(
    page: Annotated[
        PageDemandee,
        page_de(PageMouvements, "-cree_le", "date_reference", intervalle="date_reference"),
    ],
    tx: TransactionDep,
    type: Annotated[  # noqa: A002  # the contract's name
        list[TypeMouvement],
        Query(
            default_factory=list,
            max_length=11,
            description="Types voulus, par répétition",
            examples=[["droit_ouvert"]],
        ),
    ],
    import_id: Annotated[
        Identifiant | None,
        Query(
            description="Ceux d'un import seul", examples=["019cad94-f1e0-7e6a-9b3d-7c2f4a108e55"]
        ),
    ] = None,
    dossier_id: Annotated[
        Identifiant | None,
        Query(
            description="Ceux d'un foyer et de ses personnes",
            examples=["019cad95-0a20-7297-8d61-e00a0d5efb5a"],
        ),
    ] = None,
    personne_id: Annotated[
        Identifiant | None,
        Query(
            description="Ceux d'une personne, sans ceux de son foyer",
            examples=["019cad95-0a20-7c8e-a75b-d4f1390e62ab"],
        ),
    ] = None,
    date_reference_min: Annotated[
        DateCivile | None,
        Query(description="Dits par un flux de ce jour ou après", examples=["2026-03-01"]),
    ] = None,
) -> Response:
    """Rend ce qui a changé d'un flux à l'autre, le plus récent d'abord ; depuis un jour, de lui.

    Le premier flux qui montre un foyer dit l'ouverture du droit, et rien d'autre. La lecture d'un
    flux publie `orientation.mouvement.<type>`, un fait par mouvement. Portée `orientation:lire`.
    """
    rows = await queries.list_mouvements(
        tx,
        page,
        types=type,
        import_id=import_id,
        dossier_id=dossier_id,
        personne_id=personne_id,
        date_reference_min=date_reference_min,
    )
    return rendre_page(page, rows, _mouvement)


@router.get(
    "/mouvements/{mouvement_id}",
    response_model=MouvementDetaille,
    summary="Lire un mouvement",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_mouvement(mouvement_id: UUID, request: Request, tx: TransactionDep) -> Response:
    """Rend un mouvement, immuable, et les personnes qu'il concerne. Portée `orientation:lire`.

    Qui est du foyer change sans que lui change : `ETag` dit les deux, et n'est pas sa version.
    """
    row = await queries.read_mouvement(tx, mouvement_id)
    personnes = await queries.read_personnes(tx, row)
    found = MouvementDetaille.model_validate({**row._mapping, "personne_ids": personnes})
    return rendre_lecture(request, found, rules.version_de(personnes))


def _mouvement(row: Row[Any]) -> Mouvement:
    return Mouvement.model_validate(row, from_attributes=True)
