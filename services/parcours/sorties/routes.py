"""Returns after an exit, and what the fluxes told of the right: no route closes one for the other.

An exit of the parcours is `POST /v1/parcours/{id}/clotures`; that of the right is told by a flux.
"""

from typing import Annotated
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.parcours import voisins
from services.parcours.accompagnements.queries import read_parcours, render
from services.parcours.contrats_engagement.queries import read_delais_locaux
from services.parcours.freins.rules import lit_sante
from services.parcours.sorties import queries, rules
from services.parcours.sorties.rules import (
    AutreParcoursOuvert,
    OrientationFinie,
    RetourTropTardif,
)
from shared.clients.voisin import RefusVoisin
from shared.refus import Introuvable, TransitionInterdite
from shared.schemas.commun import Operation
from shared.schemas.orientation.vocabulaire import StatutOrientation
from shared.schemas.parcours.accompagnement import Parcours
from shared.schemas.parcours.sorties import (
    PageMouvementsDroit,
    PageReouverturesParcours,
    ReouvertureParcoursCreation,
)
from shared.socle.auth import Acces
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("parcours")


@router.post(
    "/parcours/{parcours_id}/reouvertures",
    status_code=201,
    response_model=Parcours,
    summary="Rouvrir le parcours d'une personne qui revient",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(
        Introuvable, TransitionInterdite, RetourTropTardif, OrientationFinie, AutreParcoursOuvert
    ),
)
async def rouvrir_parcours(
    parcours_id: UUID,
    demande: ReouvertureParcoursCreation,
    commande: CommandeDep,
    version: SiVersion,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Rouvre un parcours clos, sous l'orientation qu'il avait : son histoire est continue.

    Dans les douze mois de la sortie, ou le délai que la collectivité se donne sous
    `reentree_parcours` : une proposition de l'outil, aucun texte lu. Si son orientation n'est plus
    en vigueur, ou plus tard, une nouvelle décision le rouvre, ou ouvre un autre parcours lié à
    celui-ci. Portée `parcours:ecrire`. Publie `parcours.parcours.rouvert`.
    """
    acces: Acces = request.state.acces
    async with service.base.transaction(acces) as tx:
        orientation_id = (await read_parcours(tx, parcours_id)).orientation_id
    orientation = await _orientation(service, acces, orientation_id)

    async def rouvrir(tx: Transaction) -> Effet:
        row = await queries.lock_sortie(tx, parcours_id)
        exige_version(row.version, version)
        rules.verifier_reouverture(
            rules.EtatClos(
                statut=row.statut,
                date_sortie=row.date_cloture,
                orientation=orientation if row.orientation_id == orientation_id else None,
                autre_ouvert=await queries.goes_on_elsewhere(tx, row),
            ),
            demande.date_reouverture,
            await service.aujourdhui(tx),
            await read_delais_locaux(tx),
        )
        rouvert = await queries.reopen_as_it_was(tx, row, demande.date_reouverture)
        await publier(
            tx,
            Fait(
                "parcours.parcours.rouvert",
                "parcours",
                parcours_id,
                rouvert.version,
                Operation.MODIFICATION,
            ),
        )
        return Effet(
            render(rouvert, sante=lit_sante(acces.portees)),
            location=f"/v1/parcours/{parcours_id}",
            version=rouvert.version,
        )

    async with service.base.transaction(acces) as tx:
        return await once(tx, commande, lambda: rouvrir(tx))


@router.get(
    "/parcours/{parcours_id}/reouvertures",
    response_model=PageReouverturesParcours,
    summary="Lire les retours dans un parcours",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_reouvertures(
    parcours_id: UUID,
    page: Annotated[PageDemandee, page_de(PageReouverturesParcours)],
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Rend chaque retour et la sortie qu'il suit, le dernier d'abord. Portée `parcours:lire`.

    Sans `parcours.sante:lire`, une sortie pour l'AAH se lit `radie_autre_motif`, sans commentaire.
    """
    await read_parcours(tx, parcours_id)
    rows = await queries.list_reouvertures(tx, page, parcours_id)
    sante = lit_sante(tx.acces.portees)
    return rendre_page(
        page, rows, lambda row: queries.render_reouverture(row, service.coffre, sante=sante)
    )


@router.get(
    "/parcours/{parcours_id}/mouvements-droits",
    response_model=PageMouvementsDroit,
    summary="Lire ce que les flux disent du droit de la personne",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_mouvements_droit(
    parcours_id: UUID,
    page: Annotated[PageDemandee, page_de(PageMouvementsDroit)],
    tx: TransactionDep,
) -> Response:
    """Rend ouvertures et clôtures du droit, décès, entrées et sorties des droits et devoirs.

    Aucun n'ouvre ni ne clôt le parcours : c'est une décision. Un droit suspendu n'est pas une
    sortie, et n'y est pas. Un droit ouvert dans les douze mois d'une clôture publie
    `parcours.parcours.retour_propose` : `…/reouvertures`, ou une nouvelle décision, y répond.
    Portée `parcours:lire`.
    """
    await read_parcours(tx, parcours_id)
    rows = await queries.list_mouvements(tx, page, parcours_id)
    return rendre_page(page, rows, queries.render_mouvement)


async def _orientation(
    service: Service, acces: Acces, orientation_id: UUID
) -> StatutOrientation | None:
    """Read where an orientation stands; None: it was erased."""
    try:
        voisin = voisins.orientation(service, acces.collectivite)
        return (await voisin.lire_orientation(orientation_id)).statut
    except RefusVoisin:
        return None
