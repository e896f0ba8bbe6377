"""Conventions: what is agreed, between whom, in which axes and volets."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.conventions import queries, rules
from shared.refus import Introuvable
from shared.schemas.commun import Operation
from shared.schemas.financement.conventions import Convention, ConventionCreation, PageConventions
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("conventions")

ConventionId = Annotated[
    UUID,
    Path(description="Une convention", examples=["019cad9d-67a0-726b-b2a7-4de452e6b438"]),
]


def _render(row: Row[Any]) -> Convention:
    return Convention.model_validate(row, from_attributes=True)


@router.post(
    "/conventions",
    status_code=201,
    response_model=Convention,
    summary="Enregistrer une convention",
    dependencies=[portee("financement:administrer")],
    responses=refusals(queries.ConventionExistante),
)
async def creer_convention(
    demande: ConventionCreation, commande: CommandeDep, tx: TransactionDep, service: ServiceDep
) -> Response:
    """Enregistre une convention, un pacte ou un programme. Portée `financement:administrer`.

    Une convention déjà en cours entre dans l'état que sa source établit ; ensuite `statut` ne
    bouge que par des actes. Publie `financement.convention.enregistree`.
    """

    async def enregistrer() -> Effet:
        rules.verifier_convention(demande)
        instant = service.horloge()
        dates = {"cree_le": instant, "modifie_le": instant}
        row = await queries.store_convention(
            tx, {"id": new_id(), **demande.model_dump(mode="json"), **dates}
        )
        await publier(
            tx,
            Fait(
                "financement.convention.enregistree",
                "conventions",
                row.id,
                row.version,
                Operation.CREATION,
            ),
        )
        return Effet(_render(row), location=f"/v1/conventions/{row.id}", version=row.version)

    return await once(tx, commande, enregistrer)


@router.get(
    "/conventions",
    response_model=PageConventions,
    summary="Lister les conventions",
    dependencies=[portee("financement:lire")],
)
async def lister_conventions(
    page: Annotated[PageDemandee, page_de(PageConventions)], tx: TransactionDep
) -> Response:
    """Rend les conventions, les plus récentes d'abord. Portée `financement:lire`."""
    return rendre_page(page, await queries.list_conventions(tx, page), _render)


@router.get(
    "/conventions/{convention_id}",
    response_model=Convention,
    summary="Lire une convention",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_convention(
    convention_id: ConventionId, request: Request, tx: TransactionDep
) -> Response:
    """Rend une convention, ses axes, ses volets et ses parties. Portée `financement:lire`."""
    row = await queries.read_convention(tx, convention_id)
    return rendre_lecture(request, _render(row), row.version)
