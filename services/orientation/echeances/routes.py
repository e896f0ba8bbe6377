"""Deadlines: what is due, by when, under which text; lateness is computed each time."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.echeances import queries
from services.orientation.echeances.rules import DUS, Objectif, objectifs
from services.orientation.settings import alerte_jours
from shared.delais import delai_en_vigueur, etat
from shared.schemas.collectivite import DelaiLocal, EvenementDelai
from shared.schemas.commun import Code, CodeCommune, DateCivile, Identifiant
from shared.schemas.orientation.echeances import Echeance, EtatEcheance, PageEcheances
from shared.socle.contrat import portee, routeur
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("echeances")


@router.get(
    "/echeances",
    response_model=PageEcheances,
    summary="Lister les échéances d'orientation",
    dependencies=[portee("orientation:lire")],
)
async def lister_echeances(
    page: Annotated[
        PageDemandee,
        page_de(
            PageEcheances, "-cree_le", "date_limite", intervalle="date_limite", etats=sorted(DUS)
        ),
    ],
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
    commune: Annotated[
        list[CodeCommune],
        Query(
            default_factory=list,
            max_length=14,  # the address of the next page repeats them, in 2 000 characters
            description="Communes de résidence voulues, par répétition",
            examples=[["35236"]],
        ),
    ],
    code: Annotated[
        Code | None,
        Query(
            description="Un délai seul : `orientation_pcd`, ou celui de la collectivité",
            examples=["orientation_pcd"],
        ),
    ] = None,
    orientation_id: Annotated[
        Identifiant | None,
        Query(
            description="Une orientation seule", examples=["019cad9d-67a0-726b-b2a7-4de452e6b438"]
        ),
    ] = None,
    date_limite_min: Annotated[
        DateCivile | None, Query(description="Dues ce jour ou après", examples=["2026-03-01"])
    ] = None,
    date_limite_max: Annotated[
        DateCivile | None, Query(description="Dues ce jour ou avant", examples=["2026-03-31"])
    ] = None,
) -> Response:
    """Rend ce qui est dû pour chaque orientation d'une personne au RSA, et où cela en est.

    L'échéance de la loi (`orientation_pcd`), puis les objectifs que la collectivité s'est donnés,
    sur leur territoire. Le jour de l'échéance est encore à temps ; elle est à risque dans ses sept
    derniers jours, sauf réglage. Le jour est celui de la collectivité. Ce qui est dû, ou borné
    par deux jours, vient le premier dû d'abord ; le reste, le plus récent. Le service publie
    `orientation.echeance.a_risque` puis `orientation.echeance.depassee`, une fois chacun, et
    de même pour le dernier jour d'une file (`place.date_limite_file`), hors de cette liste. Portée
    `orientation:lire`.
    """
    jour = await service.aujourdhui(tx)
    fuseau = await service.fuseau(tx)
    alerte = alerte_jours(service.reglages)
    locaux = [DelaiLocal.model_validate(un) for un in await queries.read_locaux(tx)]
    voulus = {(un.code, un.depuis): un for un in objectifs(locaux) if code in (None, un.code)}
    rows = await queries.list_echeances(
        tx,
        page,
        list(voulus.values()),
        etat,
        fuseau.key,
        jour=jour,
        alerte=jour + timedelta(days=alerte),
        date_limite_min=date_limite_min,
        date_limite_max=date_limite_max,
        communes=commune,
        orientation_id=orientation_id,
    )
    return rendre_page(page, rows, lambda row: _echeance(row, voulus, jour, alerte))


def _echeance(
    row: Row[Any], voulus: Mapping[Any, Objectif], jour: date, alerte_jours: int
) -> Echeance:
    objectif = voulus[row.code, row.depuis]
    delai = objectif.delai or delai_en_vigueur(row.code, row.date_depart)
    return Echeance(
        id=row.id,
        code=row.code,
        nature=objectif.nature,
        orientation_id=row.orientation_id,
        personne_id=row.personne_id,
        depart=EvenementDelai(row.depart),
        date_depart=row.date_depart,
        fin=objectif.fin,
        date_limite=row.date_limite,
        etat=EtatEcheance(
            etat(
                row.date_limite,
                jour,
                date_accomplie=row.date_accomplie,
                alerte_jours=alerte_jours,
            )
        ),
        confirme=objectif.confirme and row.depart_dit,
        source=delai.source,
        cree_le=row.cree_le,
    )
