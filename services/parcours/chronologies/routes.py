"""The timeline of a parcours: all that happened, as of a day, as known on another."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from starlette.responses import Response

from services.parcours.accompagnements.queries import read_parcours
from services.parcours.accompagnements.rules import soir
from services.parcours.chronologies import queries
from services.parcours.freins.rules import lit_sante
from shared.refus import Introuvable
from shared.schemas.commun import DateCivile
from shared.schemas.parcours.chronologies import PageChronologie
from shared.socle.contrat import portee, routeur
from shared.socle.documents import refusals
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("parcours")


@router.get(
    "/parcours/{parcours_id}/chronologie",
    response_model=PageChronologie,
    summary="Lire la chronologie d'un parcours",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_chronologie(
    parcours_id: Annotated[
        UUID, Path(description="Un parcours", examples=["019cb368-8f25-7160-8999-50d836f675cc"])
    ],
    page: Annotated[PageDemandee, page_de(PageChronologie, "-date_evenement")],
    service: ServiceDep,
    tx: TransactionDep,
    au: Annotated[
        DateCivile | None,
        Query(description="Ce qui était arrivé ce jour, compris", examples=["2026-03-31"]),
    ] = None,
    connu_au: Annotated[
        DateCivile | None,
        Query(description="Ce qui était su au soir de ce jour", examples=["2026-03-03"]),
    ] = None,
) -> Response:
    """Rend tout ce qui est arrivé au parcours, d'un référent et d'un organisme à l'autre.

    Ouverture, périodes, référents, passations, intervenants, diagnostics, contrats, freins,
    prescriptions, activités, rendez-vous, suspensions, droit, sortie, retour ; le plus récent
    d'abord. Avec `connu_au`, rien n'y est d'un jour postérieur : ce qui était encore à venir a pu
    changer depuis. Portée `parcours:lire` ; la santé n'y est qu'avec `parcours.sante:lire`.
    """
    await read_parcours(tx, parcours_id)
    fuseau = await service.fuseau(tx)
    rows = await queries.list_evenements(
        tx,
        page,
        parcours_id,
        fuseau.key,
        sante=lit_sante(tx.acces.portees),
        # What was to come that evening was not told yet: an end may be moved before its day.
        au=min((jour for jour in (au, connu_au) if jour is not None), default=None),
        jusqu_a=None if connu_au is None else soir(connu_au, fuseau),
    )
    return rendre_page(page, rows, queries.render)
