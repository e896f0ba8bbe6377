"""Pieces that justify what is spent, and whom each cent of them is told to."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.engagements.rules import DoubleFinancement
from services.financement.justificatifs import queries, rules
from services.financement.justificatifs.rules import PartPiece
from services.financement.reservations.rules import DisponibleInsuffisant
from shared.refus import Introuvable
from shared.schemas.commun import Operation
from shared.schemas.financement.justificatifs import (
    Imputation,
    ImputationCreation,
    Justificatif,
    JustificatifCreation,
    PageImputations,
    PageJustificatifs,
    TypeJustificatif,
)
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("justificatifs")

_JustificatifId = Annotated[
    UUID,
    Path(description="Un justificatif", examples=["019cb40d-5aa0-7c47-b83a-e5f0219d6c74"]),
]


def _render(row: Row[Any]) -> Justificatif:
    return Justificatif.model_validate(row, from_attributes=True)


def _render_imputation(row: Row[Any]) -> Imputation:
    return Imputation.model_validate({**row._mapping, "auteur": {"client_id": row.client_id}})


@router.post(
    "/justificatifs",
    status_code=201,
    response_model=Justificatif,
    summary="Enregistrer un justificatif",
    dependencies=[portee("financement.engagement:ecrire")],
    responses=refusals(queries.JustificatifExistant),
)
async def creer_justificatif(
    demande: JustificatifCreation, commande: CommandeDep, tx: TransactionDep, service: ServiceDep
) -> Response:
    """Enregistre une pièce par son empreinte : la même n'est enregistrée qu'une fois.

    Le fichier reste chez qui le détient. Portée `financement.engagement:ecrire`. Publie
    `financement.justificatif.enregistre`.
    """

    return await once(tx, commande, lambda: enregistrer_justificatif(service, tx, demande))


async def enregistrer_justificatif(
    service: Service, tx: Transaction, demande: JustificatifCreation
) -> Effet:
    """Record a piece by its digest."""
    rules.verifier_justificatif(demande, await service.aujourdhui(tx))
    instant, justificatif_id = service.horloge(), new_id()
    dates = {"cree_le": instant, "modifie_le": instant}
    await queries.store_justificatif(tx, {**demande.model_dump(), **dates, "id": justificatif_id})
    fait = "financement.justificatif.enregistre"
    await publier(tx, Fait(fait, "justificatifs", justificatif_id, 1, Operation.CREATION))
    row = await queries.read_justificatif(tx, justificatif_id)
    return Effet(_render(row), location=f"/v1/justificatifs/{justificatif_id}", version=1)


@router.get(
    "/justificatifs",
    response_model=PageJustificatifs,
    summary="Lister les justificatifs",
    dependencies=[portee("financement:lire")],
)
async def lister_justificatifs(
    page: Annotated[PageDemandee, page_de(PageJustificatifs)],
    tx: TransactionDep,
    type_: Annotated[
        list[TypeJustificatif],
        Query(
            alias="type",
            default_factory=list,
            max_length=12,
            description="De ces types",
            examples=[["facture"]],
        ),
    ],
) -> Response:
    """Rend les justificatifs, les plus récents d'abord. Portée `financement:lire`."""
    return rendre_page(page, await queries.list_justificatifs(tx, page, type_), _render)


@router.get(
    "/justificatifs/{justificatif_id}",
    response_model=Justificatif,
    summary="Lire un justificatif",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_justificatif(
    justificatif_id: _JustificatifId, request: Request, tx: TransactionDep
) -> Response:
    """Rend un justificatif, et ce qui en est déjà imputé. Portée `financement:lire`."""
    row = await queries.read_justificatif(tx, justificatif_id)
    return rendre_lecture(request, _render(row), row.version)


@router.post(
    "/justificatifs/{justificatif_id}/imputations",
    status_code=201,
    response_model=Justificatif,
    summary="Imputer une part d'un justificatif à un financeur",
    dependencies=[portee("financement.engagement:ecrire")],
    responses={
        **refusals(Introuvable, DisponibleInsuffisant, DoubleFinancement),
        201: {
            "links": {
                "lecture": {
                    "operationId": "obtenir_justificatif",
                    "parameters": {"justificatif_id": "$response.body#/id"},
                }
            }
        },
    },
)
async def creer_imputation(
    justificatif_id: _JustificatifId,
    demande: ImputationCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Impute une part d'une pièce à un financeur : dans une demande de versement ou un bilan.

    Ses parts ne passent jamais son montant, une seule est de l'Union européenne, et une dépense au
    forfait n'est pas aussi déclarée à son coût. Ne prend pas d'If-Match : ce qui reste de la pièce
    décide. Rend le justificatif. Portée `financement.engagement:ecrire`. Publie
    `financement.justificatif.impute`.
    """

    async def imputer() -> Effet:
        piece = await queries.lock_piece(tx, justificatif_id)
        rules.exige_imputable(piece, demande)
        part = PartPiece(justificatif_id, demande.financeur, demande.montant_centimes)
        await queries.store_parts(tx, [part], demande.usage, service.horloge(), objet=demande.objet)
        row = await queries.read_justificatif(tx, justificatif_id)
        await publier(
            tx,
            Fait(
                "financement.justificatif.impute",
                "justificatifs",
                justificatif_id,
                row.version,
                Operation.MODIFICATION,
            ),
        )
        return Effet(
            _render(row), location=f"/v1/justificatifs/{justificatif_id}", version=row.version
        )

    return await once(tx, commande, imputer)


@router.get(
    "/justificatifs/{justificatif_id}/imputations",
    response_model=PageImputations,
    summary="Lister les imputations d'un justificatif",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def lister_imputations(
    justificatif_id: _JustificatifId,
    page: Annotated[PageDemandee, page_de(PageImputations)],
    tx: TransactionDep,
) -> Response:
    """Rend ce que chaque financeur porte d'une pièce. Portée `financement:lire`."""
    await queries.read_justificatif(tx, justificatif_id)
    rows = await queries.list_imputations(tx, page, justificatif_id)
    return rendre_page(page, rows, _render_imputation)
