"""Engagements: what is owed, numbered, and who pays which cent of it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.engagements import queries
from shared.refus import Introuvable
from shared.schemas.commun import DateCivile, Identifiant
from shared.schemas.financement.engagements import Engagement, PageEngagements
from shared.socle.contrat import portee, routeur
from shared.socle.documents import refusals
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import rendre_lecture
from shared.socle.transactions import TransactionDep

router = routeur("engagements")

_EngagementId = Annotated[
    UUID,
    Path(description="Un engagement", examples=["019cb40d-5aa0-78d0-9738-f7d93d9c1724"]),
]


def _render(row: Row[Any]) -> Engagement:
    return Engagement.model_validate(row, from_attributes=True)


@router.get(
    "/engagements",
    response_model=PageEngagements,
    summary="Lister les engagements",
    dependencies=[portee("financement:lire")],
)
async def lister_engagements(
    page: Annotated[PageDemandee, page_de(PageEngagements)],
    tx: TransactionDep,
    enveloppe_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="Que paie l'une de ces enveloppes",
            examples=[["019b789f-d7a0-711d-ab0d-549b6f03675a"]],
        ),
    ],
    date_engagement_min: Annotated[
        DateCivile | None, Query(description="Engagés ce jour ou après", examples=["2026-01-01"])
    ] = None,
    date_engagement_max: Annotated[
        DateCivile | None, Query(description="Engagés ce jour ou avant", examples=["2026-12-31"])
    ] = None,
) -> Response:
    """Rend les engagements, les plus récents d'abord. Portée `financement:lire`."""
    rows = await queries.list_engagements(
        tx,
        page,
        enveloppe_id,
        date_engagement_min=date_engagement_min,
        date_engagement_max=date_engagement_max,
    )
    return rendre_page(page, rows, _render)


@router.get(
    "/engagements/{engagement_id}",
    response_model=Engagement,
    summary="Lire un engagement",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_engagement(
    engagement_id: _EngagementId, request: Request, tx: TransactionDep
) -> Response:
    """Rend un engagement et ce que chaque enveloppe en paie. Portée `financement:lire`."""
    row = await queries.read_engagement(tx, engagement_id)
    return rendre_lecture(request, _render(row), row.version)
