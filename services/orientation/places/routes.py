"""Places: who an organisme référent has, and who waits for it."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from services.orientation.organismes.queries import read_organisme
from services.orientation.places import queries
from shared.refus import Introuvable
from shared.schemas.commun import Identifiant
from shared.schemas.orientation.organismes import PagePlaces, Place
from shared.schemas.orientation.vocabulaire import StatutPlace
from shared.socle.contrat import portee, routeur
from shared.socle.documents import refusals
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre
from shared.socle.transactions import TransactionDep

router = routeur("places")


@router.get(
    "/organismes-referents/{organisme_referent_id}/places",
    response_model=PagePlaces,
    summary="Lister les places d'un organisme et sa file",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def lister_places(
    organisme_referent_id: UUID,
    page: Annotated[PageDemandee, page_de(PagePlaces, "cree_le")],
    tx: TransactionDep,
    statut: Annotated[
        list[StatutPlace],
        Query(
            default_factory=list, max_length=3, description="États voulus", examples=[["en_file"]]
        ),
    ],
    unite_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=50,
            description="Suivies par ces unités, par répétition",
            examples=[["019b789f-d7a0-7e52-a3d1-4c8f0b6e9a17"]],
        ),
    ],
    portefeuille_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=50,
            description="Dans ces portefeuilles, par répétition",
            examples=[["019b789f-d7a0-7f83-b6c2-9d1e5a4f7028"]],
        ),
    ],
) -> Response:
    """Rend qui est placé, qui attend et à quel rang, les plus anciens d'abord.

    Portée `orientation:lire`.
    """
    await read_organisme(tx, organisme_referent_id)
    rows = await queries.list_places(
        tx, organisme_referent_id, page, statut, unites=unite_id, portefeuilles=portefeuille_id
    )
    return rendre_page(page, rows, lambda row: Place.model_validate(row, from_attributes=True))


@router.get(
    "/places/{place_id}",
    response_model=Place,
    summary="Lire une place",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_place(place_id: UUID, tx: TransactionDep) -> Response:
    """Rend une place, ou un tour dans la file et son rang à l'instant.

    Le rang avance sans que `version` change, donc la réponse n'est jamais 304. Portée
    `orientation:lire`.
    """
    row = await queries.read_place(tx, place_id)
    place = Place.model_validate(row, from_attributes=True)
    return rendre(Effet(place, version=place.version, status=200))
