"""The worker's part: what came from rdv-insertion goes in its time, for they tell nobody."""

from datetime import timedelta

from services.orientation.rdv_insertion import queries
from services.orientation.rdv_insertion.rules import RECEPTIONS_JOURS, RENDEZ_VOUS_JOURS
from shared.socle.db import ATTENTE_TRAVAIL
from shared.socle.service import Service

_LOT = 200


async def purger_rdv_insertion(service: Service, collectivite: str) -> None:
    """Forget bodies and rendez-vous past their time, a few in a transaction."""
    # The database dated their rows, at the true time.
    corps = service.horloge_reelle() - timedelta(days=RECEPTIONS_JOURS)
    faits = service.horloge_reelle() - timedelta(days=RENDEZ_VOUS_JOURS)
    acces = service.acces_interne(collectivite)
    encore = _LOT
    while encore == _LOT:
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            encore = await queries.purge(tx, corps=corps, faits=faits, lot=_LOT)
