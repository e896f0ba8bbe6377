"""Deadlines: what is due, by when, under which text; lateness is computed each time."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours.echeances import queries
from services.parcours.echeances.rules import DUES
from shared.delais import ALERTE_JOURS, etat
from shared.schemas.commun import Code, DateCivile, Identifiant
from shared.schemas.orientation.echeances import EtatEcheance, NatureDelai
from shared.schemas.parcours.echeances import EcheanceParcours, PageEcheancesParcours
from shared.socle.contrat import portee, routeur
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("echeances")


@router.get(
    "/echeances",
    response_model=PageEcheancesParcours,
    summary="Lister les échéances de parcours",
    dependencies=[portee("parcours:lire")],
)
async def lister_echeances(
    page: Annotated[PageDemandee, page_de(PageEcheancesParcours, "-cree_le", "date_limite")],
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
    code: Annotated[
        Code | None,
        Query(
            description="Un délai : `contrat_engagement`, `contrat_apres_reorientation`, `ore`",
            examples=["contrat_engagement"],
        ),
    ] = None,
    parcours_id: Annotated[
        Identifiant | None,
        Query(description="Un parcours seul", examples=["019cb368-8f25-7160-8999-50d836f675cc"]),
    ] = None,
    date_limite_min: Annotated[
        DateCivile | None, Query(description="Dues ce jour ou après", examples=["2026-03-01"])
    ] = None,
    date_limite_max: Annotated[
        DateCivile | None, Query(description="Dues ce jour ou avant", examples=["2026-03-31"])
    ] = None,
) -> Response:
    """Rend ce qui est dû dans chaque parcours ouvert, et où cela en est.

    Le contrat à signer, un mois après la notification de la décision : rien n'est dû tant qu'elle
    n'est pas connue, ni pendant une réorientation demandée après le diagnostic. Puis l'offre
    raisonnable d'emploi, six mois après la signature, hors parcours social. Qui est hors droits et
    devoirs n'est pas distingué : ce service ne le sait pas. Le jour de l'échéance est encore à
    temps ; elle est à risque dans ses sept derniers jours. Portée `parcours:lire`.
    """
    jour = await service.aujourdhui(tx)
    rows = await queries.list_echeances(
        tx,
        page,
        [due for due in DUES if code in (None, due.delai.code)],
        etat,
        jour=jour,
        alerte=jour + timedelta(days=ALERTE_JOURS),
        date_limite_min=date_limite_min,
        date_limite_max=date_limite_max,
        parcours_id=parcours_id,
    )
    return rendre_page(page, rows, lambda row: _echeance(row, jour))


_DUES = {(due.delai.code, due.delai.depuis): due for due in DUES}


def _echeance(row: Row[Any], jour: date) -> EcheanceParcours:
    due = _DUES[row.code, row.depuis]
    return EcheanceParcours(
        id=row.id,
        code=row.code,
        nature=NatureDelai.LEGALE,
        orientation_id=row.orientation_id,
        parcours_id=row.parcours_id,
        personne_id=row.personne_id,
        contrat_id=row.contrat_id,
        depart=due.depart,
        date_depart=row.date_depart,
        fin=due.fin,
        date_limite=row.date_limite,
        etat=EtatEcheance(etat(row.date_limite, jour, date_accomplie=row.date_accomplie)),
        confirme=due.delai.confirme,
        source=due.delai.source,
        cree_le=row.cree_le,
    )
