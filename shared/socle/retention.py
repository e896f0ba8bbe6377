"""What is kept for a time only: answers for replay, facts, their deliveries, counters."""

from datetime import timedelta

from sqlalchemy import text

from shared.socle.db import ATTENTE_TRAVAIL
from shared.socle.service import Service

# Longer than a long week-end, and than any schedule of a partner (contract guide, 10.2, 13.5).
IDEMPOTENCE_JOURS, CHANGEMENTS_JOURS = 7, 30
LIVRAISONS_JOURS = 30  # no shorter than the feed: a feed read again finds what it queued
EXPORTS_JOURS = 1  # what was asked and told; the files themselves, an hour and the next purge
FICHIERS_EXPORT_H = 2
IMPORTS_JOURS = 30  # what became of each line, after the end of its file (guide, 12.4)
_QUOTAS_JOURS = 1  # longer than the longest window
VOLUMES_JOURS = 365  # a year of habits; who was read is forgotten the next day
PAUSE_S = 3600.0

_PURGES = {
    text(
        "DELETE FROM idempotence WHERE collectivite = :collectivite AND cree_le < :avant"
    ): IDEMPOTENCE_JOURS,
    text(
        "DELETE FROM evenement WHERE collectivite = :collectivite AND survenu_le < :avant"
    ): CHANGEMENTS_JOURS,
    text(
        "DELETE FROM webhook_livraison WHERE collectivite = :collectivite AND cree_le < :avant"
    ): LIVRAISONS_JOURS,
    text(
        "DELETE FROM quota WHERE collectivite = :collectivite AND ouvert_le < :avant"
    ): _QUOTAS_JOURS,
}


async def purger(service: Service, collectivite: str) -> None:
    """Forget what is past its time, in one collectivité."""
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        # By the clock that dated the rows: that of the sandbox would purge what was just written.
        instant = service.horloge_reelle()
        for purge, jours in _PURGES.items():
            await tx.execute(purge, {"avant": instant - timedelta(days=jours)})
