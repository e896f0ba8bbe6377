"""When and where the essential data of a subsidy were published: what ends the three months."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.conventions.queries import read_convention
from services.financement.conventions.routes import ConventionId
from services.financement.publications import queries, rules
from shared.refus import Introuvable
from shared.schemas.commun import Operation
from shared.schemas.financement.conventions import TypeConvention
from shared.schemas.financement.exports import (
    PagePublicationsSubvention,
    PublicationSubvention,
    PublicationSubventionCreation,
)
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("echeances")

_PublicationId = Annotated[
    UUID,
    Path(
        description="Une publication d'une subvention",
        examples=["019cb40d-5aa0-7e16-b7c4-52d80f93a16b"],
    ),
]


def _render(row: Row[Any]) -> PublicationSubvention:
    return PublicationSubvention.model_validate(
        {**row._mapping, "auteur": {"client_id": row.client_id}}
    )


@router.post(
    "/conventions/{convention_id}/publications",
    status_code=201,
    response_model=PublicationSubvention,
    summary="Enregistrer la publication d'une subvention",
    dependencies=[portee("financement:administrer")],
    responses=refusals(Introuvable),
)
async def creer_publication_subvention(
    convention_id: ConventionId,
    demande: PublicationSubventionCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Enregistre quand, par quel acte et où les données essentielles furent publiées.

    La première clôt l'échéance de trois mois ; d'autres peuvent suivre, après un avenant. Jamais
    changée. Portée `financement:administrer`. Publie `financement.publication.enregistree`.
    """

    async def enregistrer() -> Effet:
        convention = await read_convention(tx, convention_id)
        rules.verifier_publication(
            demande,
            TypeConvention(convention.type),
            convention.date_signature,
            await service.aujourdhui(tx),
        )
        values = {"id": new_id(), "convention_id": convention_id, "cree_le": service.horloge()}
        row = await queries.store_publication(tx, {**demande.model_dump(), **values})
        fait = "financement.publication.enregistree"
        await publier(tx, Fait(fait, "publications", row.id, 1, Operation.CREATION))
        return Effet(_render(row), location=f"/v1/publications/{row.id}", version=1)

    return await once(tx, commande, enregistrer)


@router.get(
    "/conventions/{convention_id}/publications",
    response_model=PagePublicationsSubvention,
    summary="Lister les publications d'une subvention",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def lister_publications_subvention(
    convention_id: ConventionId,
    page: Annotated[PageDemandee, page_de(PagePublicationsSubvention)],
    tx: TransactionDep,
) -> Response:
    """Rend les publications d'une subvention, la dernière enregistrée d'abord.

    Portée `financement:lire`.
    """
    await read_convention(tx, convention_id)
    return rendre_page(page, await queries.list_publications(tx, page, convention_id), _render)


@router.get(
    "/publications/{publication_id}",
    response_model=PublicationSubvention,
    summary="Lire une publication d'une subvention",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_publication_subvention(
    publication_id: _PublicationId, request: Request, tx: TransactionDep
) -> Response:
    """Rend une publication telle qu'elle fut enregistrée. Portée `financement:lire`."""
    return rendre_lecture(request, _render(await queries.read_publication(tx, publication_id)), 1)
