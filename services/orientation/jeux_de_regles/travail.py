"""The job behind a simulation: replay a period's intake under a set of rules, and count.

Batches are read in short transactions and counted in memory; all that is found is written in the
last one, so that a job run again from the start, or twice, writes one result.
"""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row

from services.orientation.jeux_de_regles import queries
from services.orientation.jeux_de_regles.effets import Effets, Issue, resultat
from services.orientation.jeux_de_regles.rules import composer
from services.orientation.organismes.queries import all_organismes
from services.orientation.orientations.proposition import Regles, lire_entrees, proposer
from shared.delais import fin_de_delai
from shared.schemas.commun import Operation
from shared.schemas.orientation.jeux_de_regles import ContenuJeuDeRegles
from shared.socle.db import ATTENTE_TRAVAIL
from shared.socle.evenements import Fait, publier
from shared.socle.service import Service

LOT = 200
PROJET = "Projet d'arrêté"

_log = structlog.get_logger()


async def simuler_jeu_de_regles(service: Service, *, simulation_id: str, collectivite: str) -> None:
    """Run a simulation to its end, from its beginning."""
    acces = service.acces_interne(collectivite)
    ident = UUID(simulation_id)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        row = await queries.start_simulation(tx, ident)
        if row is None:
            return  # done already: the job came twice
        fuseau = await service.fuseau(tx)
        places = {un.id: un.places for un in await all_organismes(tx)}
    regles = composer(
        ContenuJeuDeRegles.model_validate(row.contenu),
        code="simulation",
        reference=PROJET,
        depuis=row.date_debut,
    )
    effets = Effets()
    apres = fin_de_delai(row.date_debut - timedelta(days=1), fuseau), UUID(int=0)
    fin = fin_de_delai(row.date_fin, fuseau)
    while True:
        async with service.base.transaction(acces) as tx:
            lot = await queries.read_propositions(tx, apres=apres, fin=fin, nombre=LOT)
        if not lot:
            break
        # Off the loop, which has other jobs and a heartbeat to run.
        await asyncio.to_thread(_rejouer, lot, regles, effets)
        apres = lot[-1].recu_le, lot[-1].id
    trouve = resultat(effets, places)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        finie = await queries.finish_simulation(
            tx,
            ident,
            resultat=trouve.model_dump(mode="json"),
            deplacees=effets.deplacees,
            termine_le=service.horloge(),
        )
        if finie is None:
            return
        await publier(
            tx,
            Fait(
                "orientation.simulation.terminee",
                "simulations",
                ident,
                finie.version,
                Operation.MODIFICATION,
            ),
        )
    _log.info("simulation_finie", simulation_id=simulation_id)


def _rejouer(lot: Iterable[Row[Any]], regles: Regles, effets: Effets) -> None:
    for row in lot:
        donnees = lire_entrees(row.entrees)
        parcours, organisme = proposer(donnees, regles)
        effets.ajouter(
            row.id,
            donnees.situation.code_commune,
            Issue(row.type_parcours, row.organisme_referent_id),
            Issue(parcours.type_parcours, organisme.organisme_id if organisme else None),
        )
