"""Indicators of conventions: what is aimed at, and what is observed."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import Field
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.conventions.queries import read_convention
from services.financement.conventions.routes import ConventionId
from services.financement.indicateurs import queries, rules
from shared.refus import Introuvable
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.financement.indicateurs import (
    IndicateurConvention,
    IndicateurConventionCreation,
    PageIndicateursConvention,
    PageValeursIndicateur,
    ValeurIndicateur,
    ValeurIndicateurCreation,
)
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("indicateurs")

_IndicateurId = Annotated[
    UUID,
    Path(description="Un indicateur", examples=["019b789f-d7a0-7ab4-8e51-0f6c93d2a74e"]),
]
_ValeurId = Annotated[
    UUID,
    Path(description="Une valeur", examples=["019cb40d-5aa0-7d61-9a27-c83b5e0f4d19"]),
]
# Read from a query, where all is text: `Annee` is strict.
_Exercice = Annotated[int, Field(ge=1900, le=2200)]


def _render(row: Row[Any]) -> IndicateurConvention:
    return IndicateurConvention.model_validate(row, from_attributes=True)


def _render_valeur(row: Row[Any]) -> ValeurIndicateur:
    return ValeurIndicateur.model_validate(row, from_attributes=True)


@router.post(
    "/conventions/{convention_id}/indicateurs",
    status_code=201,
    response_model=IndicateurConvention,
    summary="Enregistrer un indicateur d'une convention",
    dependencies=[portee("financement:administrer")],
    responses=refusals(Introuvable, queries.IndicateurExistant),
)
async def creer_indicateur(
    convention_id: ConventionId,
    demande: IndicateurConventionCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Enregistre ce qu'une convention vise pour un exercice ; ses valeurs viennent ensuite.

    Portée `financement:administrer`. Publie `financement.indicateur.enregistre`.
    """

    async def enregistrer() -> Effet:
        await read_convention(tx, convention_id)
        instant = service.horloge()
        row = await queries.store_indicateur(
            tx,
            {
                "id": new_id(),
                "convention_id": convention_id,
                **demande.model_dump(mode="json"),
                "cree_le": instant,
                "modifie_le": instant,
            },
        )
        fait = Fait(
            "financement.indicateur.enregistre", "indicateurs", row.id, 1, Operation.CREATION
        )
        await publier(tx, fait)
        return Effet(_render(row), location=f"/v1/indicateurs/{row.id}", version=row.version)

    return await once(tx, commande, enregistrer)


@router.get(
    "/indicateurs",
    response_model=PageIndicateursConvention,
    summary="Lister les indicateurs des conventions",
    dependencies=[portee("financement:lire")],
)
async def lister_indicateurs(
    page: Annotated[PageDemandee, page_de(PageIndicateursConvention)],
    tx: TransactionDep,
    convention_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="De ces conventions",
            examples=[["019cad9d-67a0-726b-b2a7-4de452e6b438"]],
        ),
    ],
    exercice: Annotated[
        list[_Exercice],
        Query(
            default_factory=list, max_length=10, description="De ces exercices", examples=[[2026]]
        ),
    ],
) -> Response:
    """Rend les indicateurs, les plus récents d'abord. Portée `financement:lire`."""
    rows = await queries.list_indicateurs(tx, page, convention_id, exercice)
    return rendre_page(page, rows, _render)


@router.get(
    "/indicateurs/{indicateur_id}",
    response_model=IndicateurConvention,
    summary="Lire un indicateur",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_indicateur(
    indicateur_id: _IndicateurId, request: Request, tx: TransactionDep
) -> Response:
    """Rend un indicateur et sa cible, sans ses valeurs. Portée `financement:lire`."""
    row = await queries.read_indicateur(tx, indicateur_id)
    return rendre_lecture(request, _render(row), row.version)


@router.post(
    "/indicateurs/{indicateur_id}/valeurs",
    status_code=201,
    response_model=ValeurIndicateur,
    summary="Inscrire une valeur observée",
    dependencies=[portee("financement:administrer")],
    responses=refusals(Introuvable),
)
async def creer_valeur_indicateur(
    indicateur_id: _IndicateurId,
    demande: ValeurIndicateurCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Inscrit une valeur, sa date et d'où elle vient ; elle ne change plus.

    Une erreur se corrige par une valeur du même jour : la dernière inscrite compte. Portée
    `financement:administrer`. Publie `financement.valeur_indicateur.inscrite`.
    """

    async def inscrire() -> Effet:
        await queries.read_indicateur(tx, indicateur_id)
        rules.verifier_valeur(demande, await service.aujourdhui(tx))
        row = await queries.store_valeur(
            tx,
            {
                "id": new_id(),
                "indicateur_id": indicateur_id,
                **demande.model_dump(),
                "cree_le": service.horloge(),
            },
        )
        fait = Fait(
            "financement.valeur_indicateur.inscrite",
            "indicateurs",
            indicateur_id,
            1,
            Operation.MODIFICATION,
        )
        await publier(tx, fait)
        location = f"/v1/indicateurs/{indicateur_id}/valeurs/{row.id}"
        return Effet(_render_valeur(row), location=location, version=1)

    return await once(tx, commande, inscrire)


@router.get(
    "/indicateurs/{indicateur_id}/valeurs",
    response_model=PageValeursIndicateur,
    summary="Lister les valeurs d'un indicateur",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def lister_valeurs_indicateur(
    indicateur_id: _IndicateurId,
    page: Annotated[PageDemandee, page_de(PageValeursIndicateur)],
    tx: TransactionDep,
) -> Response:
    """Rend les valeurs inscrites, la dernière d'abord. Portée `financement:lire`."""
    await queries.read_indicateur(tx, indicateur_id)
    return rendre_page(page, await queries.list_valeurs(tx, page, indicateur_id), _render_valeur)


@router.get(
    "/indicateurs/{indicateur_id}/valeurs/{valeur_indicateur_id}",
    response_model=ValeurIndicateur,
    summary="Lire une valeur d'un indicateur",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_valeur_indicateur(
    indicateur_id: _IndicateurId,
    valeur_indicateur_id: _ValeurId,
    request: Request,
    tx: TransactionDep,
) -> Response:
    """Rend une valeur, telle qu'inscrite : elle ne change jamais. Portée `financement:lire`."""
    row = await queries.read_valeur(tx, indicateur_id, valeur_indicateur_id)
    return rendre_lecture(request, _render_valeur(row), 1)
