"""Employers: an establishment once, by its SIRET, and what is done with it."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request
from starlette.responses import Response

from services.parcours.employeurs import queries, rules
from shared.refus import Introuvable
from shared.schemas.commun import Operation
from shared.schemas.parcours.employeurs import (
    AccompagnementEmployeurCreation,
    Employeur,
    EmployeurCreation,
    PageAccompagnementsEmployeur,
    PageEmployeurs,
    SecteurGroupement,
    Siret,
)
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("employeurs")

_EmployeurId = Annotated[
    UUID, Path(description="Un employeur", examples=["019b789f-d7a0-7d72-9e15-3c80f6a4b2e7"])
]


@router.post(
    "/employeurs",
    status_code=201,
    response_model=Employeur,
    summary="Enregistrer un employeur",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(rules.EmployeurExistant),
)
async def creer_employeur(
    demande: EmployeurCreation, commande: CommandeDep, tx: TransactionDep
) -> Response:
    """Enregistre un établissement qui accueille ou recrute ; aucune personne n'y est nommée.

    Son SIRET est vérifié. Un groupement d'employeurs dit son secteur ; une structure d'insertion,
    ce qu'elle est. Portée `parcours:ecrire`. Publie `parcours.employeur.enregistre`.
    """

    async def enregistrer() -> Effet:
        rules.verifier_employeur(demande)
        row = await queries.store_employeur(tx, {"id": new_id(), **demande.model_dump()})
        if row is None:
            raise rules.EmployeurExistant
        await publier(
            tx,
            Fait("parcours.employeur.enregistre", "employeurs", row.id, 1, Operation.CREATION),
        )
        return Effet(queries.render(row), location=f"/v1/employeurs/{row.id}", version=1)

    return await once(tx, commande, enregistrer)


@router.get(
    "/employeurs",
    response_model=PageEmployeurs,
    summary="Lister les employeurs",
    dependencies=[portee("parcours:lire")],
)
async def lister_employeurs(
    page: Annotated[PageDemandee, page_de(PageEmployeurs)],
    tx: TransactionDep,
    secteur_groupement: Annotated[
        list[SecteurGroupement],
        Query(
            default_factory=list,
            max_length=6,
            description="Groupements d'employeurs de ces secteurs",
            examples=[["batiment"]],
        ),
    ],
    siret: Annotated[
        Siret | None, Query(description="L'établissement de ce SIRET", examples=["10000000900017"])
    ] = None,
) -> Response:
    """Rend les employeurs, les derniers enregistrés d'abord. Portée `parcours:lire`."""
    rows = await queries.list_employeurs(tx, page, secteurs=secteur_groupement, siret=siret)
    return rendre_page(page, rows, queries.render)


@router.get(
    "/employeurs/{employeur_id}",
    response_model=Employeur,
    summary="Lire un employeur",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_employeur(
    employeur_id: _EmployeurId, request: Request, tx: TransactionDep
) -> Response:
    """Rend un établissement qui accueille ou recrute. Portée `parcours:lire`."""
    row = await queries.read_employeur(tx, employeur_id)
    return rendre_lecture(request, queries.render(row), row.version)


@router.post(
    "/employeurs/{employeur_id}/accompagnements",
    status_code=201,
    response_model=Employeur,
    summary="Enregistrer un accompagnement d'employeur",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(Introuvable),
)
async def creer_accompagnement_employeur(
    employeur_id: _EmployeurId,
    demande: AccompagnementEmployeurCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Ajoute un besoin dit par l'employeur, ou ce qui a été fait auprès de lui, et rend celui-ci.

    Portée `parcours:ecrire`. Rien n'est publié.
    """

    async def accompagner() -> Effet:
        employeur = await queries.read_employeur(tx, employeur_id)
        rules.verifier_accompagnement(demande, await service.aujourdhui(tx))
        await queries.store_accompagnement(
            tx,
            {
                "id": new_id(),
                "employeur_id": employeur.id,
                "client_id": tx.acces.auteur,
                **demande.model_dump(),
            },
        )
        return Effet(
            queries.render(employeur),
            location=f"/v1/employeurs/{employeur_id}",
            version=employeur.version,
        )

    return await once(tx, commande, accompagner)


@router.get(
    "/employeurs/{employeur_id}/accompagnements",
    response_model=PageAccompagnementsEmployeur,
    summary="Lister les accompagnements d'un employeur",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_accompagnements_employeur(
    employeur_id: _EmployeurId,
    page: Annotated[PageDemandee, page_de(PageAccompagnementsEmployeur)],
    tx: TransactionDep,
) -> Response:
    """Rend besoins et accompagnements, les derniers d'abord. Portée `parcours:lire`."""
    await queries.read_employeur(tx, employeur_id)
    rows = await queries.list_accompagnements(tx, page, employeur_id)
    return rendre_page(page, rows, queries.render_accompagnement)
