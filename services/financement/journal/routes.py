"""The journal, as it is: read only, entries come from commands."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.journal import queries
from shared.refus import Introuvable
from shared.schemas.commun import Identifiant
from shared.schemas.financement.journal import Ecriture, PageEcritures
from shared.socle.contrat import portee, routeur
from shared.socle.documents import refusals
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import rendre_lecture
from shared.socle.transactions import TransactionDep

router = routeur("journal")

_EcritureId = Annotated[
    UUID,
    Path(description="Une écriture", examples=["019cad9d-67a0-726b-b2a7-4de452e6b438"]),
]


def _render(row: Row[Any]) -> Ecriture:
    return Ecriture.model_validate(
        {
            **row._mapping,
            "empreinte_precedente": row.empreinte_precedente.hex(),
            "empreinte": row.empreinte.hex(),
        }
    )


@router.get(
    "/ecritures",
    response_model=PageEcritures,
    summary="Lister les écritures du journal",
    dependencies=[portee("financement:lire")],
)
async def lister_ecritures(
    page: Annotated[PageDemandee, page_de(PageEcritures, "seq")],
    tx: TransactionDep,
    objet_id: Annotated[
        Identifiant | None,
        Query(
            description="Qui touchent cette enveloppe, cette action ou un autre objet du journal",
            examples=["019b789f-d7a0-711d-ab0d-549b6f03675a"],
        ),
    ] = None,
) -> Response:
    """Rend le journal dans l'ordre de `seq`, de la première écriture à la dernière.

    Aucune n'est jamais changée ni retirée ; chacune porte l'empreinte de la précédente.
    Portée `financement:lire`.
    """
    return rendre_page(page, await queries.list_ecritures(tx, page, objet_id), _render)


@router.get(
    "/ecritures/{ecriture_id}",
    response_model=Ecriture,
    summary="Lire une écriture du journal",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_ecriture(
    ecriture_id: _EcritureId, request: Request, tx: TransactionDep
) -> Response:
    """Rend une écriture et ses lignes, telles qu'inscrites. Portée `financement:lire`."""
    # An entry never changes: its version is, for ever, the first.
    return rendre_lecture(request, _render(await queries.read_ecriture(tx, ecriture_id)), 1)
