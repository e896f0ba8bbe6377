"""Deadlines announce themselves once: in their last days, and the day after the last one."""

from datetime import timedelta

from services.orientation.echeances import queries
from services.orientation.echeances.rules import Palier, objectifs
from services.orientation.settings import alerte_jours
from shared.schemas.collectivite import DelaiLocal
from shared.schemas.commun import Operation
from shared.socle.db import ATTENTE_TRAVAIL
from shared.socle.evenements import Fait, publier
from shared.socle.service import Service

PAUSE_S, LOT = 300.0, 500
_TYPES = {
    Palier.A_RISQUE: "orientation.echeance.a_risque",
    # Of the law's six weeks: the decision is now France Travail's (D262-65-2).
    Palier.DEPASSEE: "orientation.echeance.depassee",
}


async def alerter_echeances(service: Service, collectivite: str) -> None:
    """Announce what is at risk or past; a row and its fact commit together, a batch at a time."""
    acces = service.acces_interne(collectivite)
    ecrites = LOT
    while ecrites == LOT:
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            jour = await service.aujourdhui(tx)
            fuseau = await service.fuseau(tx)
            locaux = [DelaiLocal.model_validate(un) for un in await queries.read_locaux(tx)]
            rows = await queries.store_alertes(
                tx,
                objectifs(locaux),
                fuseau.key,
                jour=jour,
                alerte=jour + timedelta(days=alerte_jours(service.reglages)),
                limite=LOT,
            )
            await publier(
                tx,
                *(
                    Fait(
                        _TYPES[Palier(row.palier)],
                        "orientations",
                        row.orientation_id,
                        row.version,
                        Operation.MODIFICATION,
                    )
                    for row in rows
                ),
            )
        ecrites = len(rows)
