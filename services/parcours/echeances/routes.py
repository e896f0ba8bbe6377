"""Deadlines: what is due, by when, under which text; lateness is computed each time."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours.contrats_engagement.queries import read_delais_locaux
from services.parcours.echeances import queries
from services.parcours.echeances.rules import DUES_SUSPENSION, Due, dues_du_jour
from services.parcours.emplois.rules import delai_accompagnement
from services.parcours.freins.rules import lit_sante
from shared.delais import Delai, delai_en_vigueur, etat
from shared.schemas.commun import Code, DateCivile, Identifiant
from shared.schemas.orientation.echeances import EtatEcheance
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
            description="Un délai : `contrat_engagement`, `contrat_apres_reorientation`, `ore`,"
            " `reexamen_heures`, `reexamen_heures_social`,"
            " `instruction_proposition_ft`, `observations_pcd`, `decision_pcd`, `fin_mesure`,"
            " `fin_pmsmp`, `fin_contrat_iae`, `fin_contrat_aide`,"
            " `accompagnement_fin_contrat_aide`, `fin_pass_iae`, `fin_cej`, `fin_pacea`,"
            " `fin_trajectoire_autonomie`",
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
    raisonnable d'emploi, six mois après la signature, hors parcours social. Enfin le jour où le
    motif d'une durée réduite, quel qu'il soit, se revoit : proposé par l'outil, non confirmé. Qui
    sort des droits et devoirs ne doit plus de contrat. D'une suspension : la proposition de France
    Travail à instruire, les observations, la décision, la fin de la mesure. Le jour de l'échéance
    est encore à temps ; elle est à risque dans ses sept derniers jours, cinq pour une proposition
    à instruire. Puis la fin de ce qui est daté, et d'un contrat aidé
    l'accompagnement renforcé, huit semaines avant ou ce que la collectivité fixe. Portée
    `parcours:lire` ; un CEJ admis pour handicap n'y est qu'avec `parcours.sante:lire`.
    """
    jour = await service.aujourdhui(tx)
    locaux = await read_delais_locaux(tx)
    dues = dues_du_jour(code, delai_accompagnement(locaux, jour))
    rows = await queries.list_echeances(
        tx,
        page,
        dues,
        etat,
        jour=jour,
        fuseau=(await service.fuseau(tx)).key,
        sante=lit_sante(tx.acces.portees),
        date_limite_min=date_limite_min,
        date_limite_max=date_limite_max,
        parcours_id=parcours_id,
    )
    # Those that were asked with: a local one begins on a day of its own.
    lues = {(due.delai.code, due.delai.depuis): due for due in dues}
    return rendre_page(
        page, rows, lambda row: _echeance(row, lues[row.code, row.depuis], jour, locaux)
    )


def _echeance(row: Row[Any], due: Due, jour: date, locaux: Sequence[Delai]) -> EcheanceParcours:
    delai = due.delai
    # Where the law set none, the collectivité's own dated it.
    if due in DUES_SUSPENSION and not delai.confirme:
        delai = delai_en_vigueur(delai.code, row.date_depart, locaux)
    return EcheanceParcours(
        id=row.id,
        code=row.code,
        nature=due.nature,
        orientation_id=row.orientation_id,
        parcours_id=row.parcours_id,
        personne_id=row.personne_id,
        contrat_id=row.contrat_id,
        suspension_id=row.suspension_id,
        emploi_id=row.emploi_id,
        dispositif_id=row.dispositif_id,
        depart=due.depart,
        date_depart=row.date_depart,
        fin=due.fin,
        date_limite=row.date_limite,
        etat=EtatEcheance(
            etat(
                row.date_limite,
                jour,
                date_accomplie=row.date_accomplie,
                alerte_jours=due.alerte_jours,
            )
        ),
        confirme=delai.confirme,
        source=delai.source,
        cree_le=row.cree_le,
    )
