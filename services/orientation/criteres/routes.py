"""Criteria as they were stated: who said what, and of which day."""

from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.criteres import queries
from services.orientation.criteres.rules import CHAMPS_SANTE
from services.orientation.criteres.sante import visibles
from services.orientation.orientations.queries import read_orientation
from shared.refus import Introuvable
from shared.schemas.commun import Auteur
from shared.schemas.orientation.orientations import PageRecueilsCriteres, RecueilCriteres
from shared.socle.contrat import portee, routeur
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.transactions import TransactionDep

router = routeur("orientations")


@router.get(
    "/orientations/{orientation_id}/criteres",
    response_model=PageRecueilsCriteres,
    summary="Lister les critères énoncés",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def lister_criteres(
    orientation_id: UUID,
    page: Annotated[PageDemandee, page_de(PageRecueilsCriteres)],
    tx: TransactionDep,
) -> Response:
    """Rend chaque énoncé de critères, sa source et son jour, les plus récents d'abord.

    L'orientation, elle, porte le dernier énoncé de chaque critère. Portée `orientation:lire` ;
    la santé demande `orientation.sante:lire`.
    """
    await read_orientation(tx, orientation_id)
    rows = await queries.list_recueils(tx, page, orientation_id)
    return rendre_page(page, rows, lambda row: _recueil(tx, row))


def _recueil(tx: Transaction, row: Row[Any]) -> RecueilCriteres:
    montres, masques = visibles(
        tx.acces, row.criteres, lambda un: un["champ"] in CHAMPS_SANTE, "criteres_sante"
    )
    return RecueilCriteres.model_validate(
        {
            **row._mapping,
            "criteres": montres,
            "champs_masques": masques,
            "auteur": Auteur(client_id=row.client_id),
        }
    )
