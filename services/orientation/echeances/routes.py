"""Deadlines: what is due, by when, under which text; lateness is computed each time."""

from datetime import date
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.echeances import queries
from shared.delais import delai_en_vigueur, etat, jour_civil
from shared.schemas.commun import DateCivile
from shared.schemas.orientation import Echeance, EtatEcheance, PageEcheances
from shared.socle.contrat import portee, routeur
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("echeances")

ORIENTATION = "orientation_pcd"


@router.get(
    "/echeances",
    response_model=PageEcheances,
    summary="Lister les échéances d'orientation",
    dependencies=[portee("orientation:lire")],
)
async def lister_echeances(
    page: Annotated[PageDemandee, page_de(PageEcheances, "-cree_le", "date_limite")],
    service: ServiceDep,
    tx: TransactionDep,
    etat: Annotated[
        list[EtatEcheance],
        Query(
            default_factory=list,
            max_length=5,
            description="États voulus, à la date d'aujourd'hui",
            examples=[["a_risque"]],
        ),
    ],
    date_limite_min: Annotated[
        DateCivile | None, Query(description="Dues ce jour ou après", examples=["2026-03-01"])
    ] = None,
    date_limite_max: Annotated[
        DateCivile | None, Query(description="Dues ce jour ou avant", examples=["2026-03-31"])
    ] = None,
) -> Response:
    """Rend ce qui est dû pour chaque orientation et où cela en est aujourd'hui.

    L'échéance elle-même est encore à temps ; elle est à risque dans ses sept derniers jours. Le
    jour est celui de la collectivité. Portée `orientation:lire`.
    """
    jour = await service.aujourdhui(tx)
    fuseau = await service.fuseau(tx)
    rows = await queries.list_echeances(
        tx,
        page,
        etat,
        jour,
        date_limite_min=date_limite_min,
        date_limite_max=date_limite_max,
    )
    return rendre_page(
        page,
        rows,
        lambda row: _echeance(row, jour, jour_civil(row.recu_le, fuseau)),
    )


def _echeance(row: Row[Any], jour: date, recu: date) -> Echeance:
    return Echeance(
        id=row.id,
        code=ORIENTATION,
        personne_id=row.personne_id,
        date_limite=row.date_limite,
        etat=EtatEcheance(etat(row.date_limite, jour, date_accomplie=row.date_decision)),
        source=delai_en_vigueur(ORIENTATION, recu).source,
        cree_le=row.cree_le,
    )
