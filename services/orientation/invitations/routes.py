"""Invitations by rdv-insertion: opened by a person, and what came of each."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.invitations import queries
from shared.refus import Introuvable
from shared.schemas.commun import Auteur, Operation
from shared.schemas.orientation.invitations import (
    Invitation,
    PageInvitations,
    PageReglagesInvitations,
    ReglageInvitations,
    ReglageInvitationsCreation,
    StatutInvitation,
)
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.transactions import TransactionDep

router = routeur("rdv-insertion")


@router.post(
    "/reglages-invitations",
    status_code=201,
    response_model=ReglageInvitations,
    summary="Ouvrir ou fermer les invitations par rdv-insertion",
    dependencies=[portee("orientation:administrer")],
    responses=refusals(),
)
async def creer_reglage_invitations(
    demande: ReglageInvitationsCreation, commande: CommandeDep, tx: TransactionDep
) -> Response:
    """Ouvre ou ferme, pour toute la collectivité : personne n'est invité avant un premier réglage.

    Seules les décisions prises après l'ouverture sont suivies d'une invitation, dans la catégorie
    dite. Portée `orientation:administrer`. Publie `orientation.reglage_invitations.enregistre`.
    """

    async def enregistrer() -> Effet:
        values = demande.model_dump() | {"id": new_id(), "client_id": tx.acces.auteur}
        row = await queries.store_reglage(tx, values)
        nom = "orientation.reglage_invitations.enregistre"
        await publier(tx, Fait(nom, "reglages-invitations", row.id, 1, Operation.CREATION))
        return Effet(_reglage(row), location=f"/v1/reglages-invitations/{row.id}", version=1)

    return await once(tx, commande, enregistrer)


@router.get(
    "/reglages-invitations",
    response_model=PageReglagesInvitations,
    summary="Lister les réglages des invitations",
    dependencies=[portee("orientation:lire")],
)
async def lister_reglages_invitations(
    page: Annotated[PageDemandee, page_de(PageReglagesInvitations)], tx: TransactionDep
) -> Response:
    """Rend qui a ouvert ou fermé quoi, le réglage en vigueur d'abord. Portée `orientation:lire`."""
    return rendre_page(page, await queries.list_reglages(tx, page), _reglage)


@router.get(
    "/reglages-invitations/{reglage_invitations_id}",
    response_model=ReglageInvitations,
    summary="Lire un réglage des invitations",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_reglage_invitations(reglage_invitations_id: UUID, tx: TransactionDep) -> Response:
    """Rend un réglage, en vigueur ou remplacé : il ne change jamais. Portée `orientation:lire`."""
    row = await queries.read_reglage(tx, reglage_invitations_id)
    return rendre(Effet(_reglage(row), version=1, status=200))


@router.get(
    "/invitations",
    response_model=PageInvitations,
    summary="Lister les invitations par rdv-insertion",
    dependencies=[portee("orientation:lire")],
)
async def lister_invitations(
    page: Annotated[PageDemandee, page_de(PageInvitations)],
    tx: TransactionDep,
    statut: Annotated[
        list[StatutInvitation],
        Query(
            default_factory=list,
            max_length=7,
            description="États voulus",
            examples=[["sans_contact"]],
        ),
    ],
) -> Response:
    """Rend l'invitation qui suit chaque décision, les dernières d'abord.

    `sans_contact` : rdv-insertion ne connaît ni téléphone ni courriel. `incertaine` : elle est
    peut-être partie, et ne sera pas répétée ; leur webhook le dira, ou un agent là-bas. Portée
    `orientation:lire`.
    """
    return rendre_page(page, await queries.list_invitations(tx, page, statut), queries.render)


@router.get(
    "/invitations/{invitation_id}",
    response_model=Invitation,
    summary="Lire une invitation par rdv-insertion",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_invitation(invitation_id: UUID, request: Request, tx: TransactionDep) -> Response:
    """Rend l'invitation qui suit une décision, et ce qu'il en est. Portée `orientation:lire`."""
    row = await queries.read_invitation(tx, invitation_id)
    return rendre_lecture(request, queries.render(row), row.version)


def _reglage(row: Row[Any]) -> ReglageInvitations:
    return ReglageInvitations(
        id=row.id,
        envoi=row.envoi,
        categorie=row.categorie,
        auteur=Auteur(client_id=row.client_id),
        cree_le=row.cree_le,
    )
