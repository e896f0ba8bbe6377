"""How the catalogue of data·inclusion was read."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours.synchronisations import queries
from shared.refus import Introuvable
from shared.schemas.parcours.synchronisations import (
    PageSynchronisationsDataInclusion,
    SynchronisationDataInclusion,
)
from shared.socle.contrat import portee, routeur
from shared.socle.documents import refusals
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import rendre_lecture
from shared.socle.transactions import TransactionDep

router = routeur("offres")


@router.get(
    "/synchronisations-data-inclusion",
    response_model=PageSynchronisationsDataInclusion,
    summary="Lister les lectures du catalogue de data·inclusion",
    dependencies=[portee("parcours:lire")],
)
async def lister_synchronisations_data_inclusion(
    page: Annotated[PageDemandee, page_de(PageSynchronisationsDataInclusion)], tx: TransactionDep
) -> Response:
    """Rend ce que chaque lecture a trouvé et changé, la dernière d'abord.

    Une par jour, où l'exploitant a réglé un accès ; échouée, elle est reprise une heure après. Un
    service lu devient une offre par les règles de `POST /v1/offres-data-inclusion`. Publie
    `parcours.synchronisation_data_inclusion.terminee` ou `.echouee`, et `parcours.offre.retiree`.
    Portée `parcours:lire`.
    """
    return rendre_page(page, await queries.list_synchronisations(tx, page), _synchronisation)


@router.get(
    "/synchronisations-data-inclusion/{synchronisation_data_inclusion_id}",
    response_model=SynchronisationDataInclusion,
    summary="Lire une lecture du catalogue de data·inclusion",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_synchronisation_data_inclusion(
    synchronisation_data_inclusion_id: UUID, request: Request, tx: TransactionDep
) -> Response:
    """Rend une lecture, en cours ou finie, et les services qu'elle a refusés.

    Portée `parcours:lire`.
    """
    row = await queries.read_synchronisation(tx, synchronisation_data_inclusion_id)
    return rendre_lecture(request, _synchronisation(row), row.version)


def _synchronisation(row: Row[Any]) -> SynchronisationDataInclusion:
    return SynchronisationDataInclusion.model_validate(row, from_attributes=True)
