"""Organismes référents: who may be designated, where, and which clients speak for them."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.orientation.organismes import queries, rules
from shared.refus import Introuvable
from shared.schemas.commun import Operation
from shared.schemas.orientation import (
    OrganismeReferent,
    OrganismeReferentCreation,
    PageOrganismesReferents,
)
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDep, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import TransactionDep

router = routeur("organismes-referents")


@router.post(
    "/organismes-referents",
    status_code=201,
    response_model=OrganismeReferent,
    summary="Enregistrer un organisme référent",
    dependencies=[portee("orientation:administrer")],
    responses=refusals(queries.OrganismeExistant),
)
async def creer_organisme_referent(
    demande: OrganismeReferentCreation, commande: CommandeDep, tx: TransactionDep
) -> Response:
    """Enregistre un organisme qui peut être désigné référent. Portée `orientation:administrer`.

    Publie `orientation.organisme_referent.enregistre`.
    """

    async def enregistrer() -> Effet:
        rules.verifier_organisme(demande)
        row = await queries.store_organisme(tx, {"id": new_id(), **demande.model_dump()})
        await publier(
            tx,
            Fait(
                "orientation.organisme_referent.enregistre",
                "organismes-referents",
                row.id,
                row.version,
                Operation.CREATION,
            ),
        )
        return Effet(
            OrganismeReferent.model_validate(row, from_attributes=True),
            location=f"/v1/organismes-referents/{row.id}",
            version=row.version,
        )

    return await once(tx, commande, enregistrer)


@router.get(
    "/organismes-referents",
    response_model=PageOrganismesReferents,
    summary="Lister les organismes référents",
    dependencies=[portee("orientation:lire")],
)
async def lister_organismes_referents(page: PageDep, tx: TransactionDep) -> Response:
    """Rend les organismes référents, les plus récents d'abord. Portée `orientation:lire`."""
    rows = await queries.list_organismes(tx, page)
    return rendre_page(
        page,
        PageOrganismesReferents,
        rows,
        lambda row: OrganismeReferent.model_validate(row, from_attributes=True),
    )


@router.get(
    "/organismes-referents/{organisme_referent_id}",
    response_model=OrganismeReferent,
    summary="Lire un organisme référent",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_organisme_referent(
    organisme_referent_id: UUID, request: Request, tx: TransactionDep
) -> Response:
    """Rend un organisme référent de la collectivité du jeton. Portée `orientation:lire`."""
    row = await queries.read_organisme(tx, organisme_referent_id)
    return rendre_lecture(
        request, OrganismeReferent.model_validate(row, from_attributes=True), row.version
    )
