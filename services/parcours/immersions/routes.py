"""Conventions of immersion-facile: read, and given by hand to whom they are."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request
from starlette.responses import Response

from services.parcours.accompagnements.rules import ParcoursClos
from services.parcours.immersions import actes, queries, rules
from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import Identifiant
from shared.schemas.parcours.immersions import (
    BilanImmersions,
    ConventionImmersion,
    EtatConvention,
    ModeReconnaissance,
    PageConventionsImmersion,
    RattachementConventionCreation,
)
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import exige_version
from shared.socle.documents import refusals
from shared.socle.idempotence import once
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.transactions import TransactionDep

router = routeur("immersions")

_ConventionId = Annotated[
    UUID,
    Path(
        description="Une convention d'immersion", examples=["019cb368-8f25-7d93-a7b1-5e20c84f61d9"]
    ),
]


@router.get(
    "/conventions-immersion",
    response_model=PageConventionsImmersion,
    summary="Lister les conventions d'immersion-facile",
    dependencies=[portee("parcours:lire")],
)
async def lister_conventions_immersion(
    page: Annotated[PageDemandee, page_de(PageConventionsImmersion)],
    tx: TransactionDep,
    etat: Annotated[
        list[EtatConvention],
        Query(
            default_factory=list,
            max_length=6,
            description="États voulus",
            examples=[["personne_inconnue"]],
        ),
    ],
    parcours_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="Parcours concernés",
            examples=[["019cb368-8f25-7160-8999-50d836f675cc"]],
        ),
    ],
) -> Response:
    """Rend les conventions lues dans immersion-facile, les dernières connues d'abord.

    L'identité de la personne n'en est jamais rendue. Portée `parcours:lire`.
    """
    rows = await queries.list_conventions(tx, page, etats=etat, parcours=parcours_id)
    return rendre_page(page, rows, queries.render)


@router.get(
    "/conventions-immersion/bilan",
    response_model=BilanImmersions,
    summary="Voir où en est la lecture d'immersion-facile",
    dependencies=[portee("parcours:lire")],
)
async def obtenir_bilan_immersions(tx: TransactionDep) -> Response:
    """Rend la dernière lecture, et compte ce qui demande un regard. Portée `parcours:lire`."""
    bilan = BilanImmersions.model_validate(await queries.read_bilan(tx))
    return rendre(Effet(bilan, status=200))


@router.get(
    "/conventions-immersion/{convention_immersion_id}",
    response_model=ConventionImmersion,
    summary="Lire une convention d'immersion-facile",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_convention_immersion(
    convention_immersion_id: _ConventionId, request: Request, tx: TransactionDep
) -> Response:
    """Rend une convention, et ce qui en est fait ici. Portée `parcours:lire`."""
    row = await queries.read_convention(tx, convention_immersion_id)
    return rendre_lecture(request, queries.render(row), row.version)


@router.post(
    "/conventions-immersion/{convention_immersion_id}/rattachements",
    status_code=201,
    response_model=ConventionImmersion,
    summary="Dire de qui est une convention d'immersion",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(Introuvable, VersionDepassee, TransitionInterdite, ParcoursClos),
)
async def creer_rattachement_convention_immersion(
    convention_immersion_id: _ConventionId,
    demande: RattachementConventionCreation,
    version: SiVersion,
    commande: CommandeDep,
    tx: TransactionDep,
) -> Response:
    """Donne une convention à un parcours ouvert, et en fait une mise en situation.

    Sans employeur de ce SIRET, elle l'attend (`employeur_inconnu`) ; au-delà d'une borne de la loi
    (D5135-3), elle le dit (`hors_bornes`) et rien n'en est fait. Portée `parcours:ecrire`. Publie
    `parcours.convention_immersion.modifiee`, et `parcours.emploi.commence`.
    """

    async def donner() -> Effet:
        row = await queries.lock_convention(tx, convention_immersion_id)
        exige_version(row.version, version)
        rules.exige_rattachable(EtatConvention(row.etat))
        row = await actes.rattacher(tx, row, demande.parcours_id, ModeReconnaissance.MANUEL)
        location = f"/v1/conventions-immersion/{row.id}"
        return Effet(queries.render(row), location=location, version=row.version)

    return await once(tx, commande, donner)
