"""France Travail's work queue, as it was read last: what it waits for here."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.activites_france_travail import queries
from services.orientation.activites_france_travail.travail import NUMERO
from shared.refus import Introuvable
from shared.schemas.commun import DateCivile
from shared.schemas.orientation.france_travail import (
    ActiviteFranceTravail,
    ActiviteFranceTravailDetaillee,
    CodeActiviteFT,
    PageActivitesFranceTravail,
    StatutActiviteFranceTravail,
)
from shared.socle.contrat import portee, routeur
from shared.socle.documents import refusals
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre
from shared.socle.service import Service
from shared.socle.transactions import TransactionDep

router = routeur("france-travail")


@router.get(
    "/activites-france-travail",
    response_model=PageActivitesFranceTravail,
    summary="Lister les activités de la file de France Travail",
    dependencies=[portee("orientation:lire")],
)
async def lister_activites_france_travail(
    page: Annotated[
        PageDemandee,
        page_de(
            PageActivitesFranceTravail, "-cree_le", "date_echeance", intervalle="date_echeance"
        ),
    ],
    tx: TransactionDep,
    statut: Annotated[
        list[StatutActiviteFranceTravail],
        Query(
            default_factory=list,
            max_length=5,
            description="Statuts voulus, par répétition",
            examples=[["a_decider"]],
        ),
    ],
    code_activite: Annotated[
        list[CodeActiviteFT],
        Query(
            default_factory=list,
            max_length=2,
            description="Activités voulues, par répétition",
            examples=[["ACT382"]],
        ),
    ],
    date_echeance_min: Annotated[
        DateCivile | None, Query(description="Dues ce jour ou après", examples=["2026-03-01"])
    ] = None,
    date_echeance_max: Annotated[
        DateCivile | None, Query(description="Dues ce jour ou avant", examples=["2026-03-31"])
    ] = None,
) -> Response:
    """Rend les décisions d'orientation et de réorientation que France Travail attend d'ici.

    Leur file est lue en entier tous les quarts d'heure, une fois la comparaison ouverte
    (`POST /v1/reglages-france-travail`) ; ce qui est décidé ici se voit dans la minute. Une
    activité n'est `disparue` qu'après une lecture menée à son terme. Publie
    `orientation.activite_france_travail.apparue`, `.modifiee`, `.disparue`. Portée
    `orientation:lire`.
    """
    rows = await queries.list_activites(
        tx,
        page,
        statuts=statut,
        codes=code_activite,
        date_echeance_min=date_echeance_min,
        date_echeance_max=date_echeance_max,
    )
    return rendre_page(page, rows, _activite)


@router.get(
    "/activites-france-travail/{activite_france_travail_id}",
    response_model=ActiviteFranceTravailDetaillee,
    summary="Lire une activité de la file de France Travail",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_activite_france_travail(
    activite_france_travail_id: UUID, request: Request, tx: TransactionDep
) -> Response:
    """Rend une activité, dans la file ou disparue ; inconnue, avec le numéro de qui elle est.

    L'envoi avance et les lectures passent sans que `version` change, donc la réponse n'est jamais
    304. Portée `orientation:lire`.
    """
    row = await queries.read_activite(tx, activite_france_travail_id)
    service: Service = request.app.state.service
    numero = (
        service.coffre.ouvrir(row.numero_scelle, NUMERO).decode() if row.numero_scelle else None
    )
    found = ActiviteFranceTravailDetaillee.model_validate(
        {**row._mapping, "numero_france_travail": numero}
    )
    return rendre(Effet(found, version=row.version, status=200))


def _activite(row: Row[Any]) -> ActiviteFranceTravail:
    return ActiviteFranceTravail.model_validate(row, from_attributes=True)
