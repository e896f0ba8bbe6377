"""What is due is given back: by whoever needs it next, or by the sweeper."""

from collections.abc import Sequence
from datetime import tzinfo

from services.financement.journal.rules import Ecriture
from services.financement.reservations import queries, rules
from services.financement.reservations.rules import EtatReservation
from shared.schemas.commun import Operation
from shared.socle.db import Transaction
from shared.socle.evenements import Fait, publier


async def expirer(
    tx: Transaction, echues: Sequence[EtatReservation], fuseau: tzinfo
) -> list[Ecriture]:
    """End reservations whose gates are held; return their entries, for the caller to post."""
    if not echues:
        return []
    await queries.store_expirations(tx, [echue.id for echue in echues])
    await publier(
        tx,
        *(
            Fait(
                "financement.reservation.expiree",
                "reservations",
                echue.id,
                echue.version + 1,
                Operation.MODIFICATION,
            )
            for echue in echues
        ),
    )
    return rules.ecritures_expiration(echues, fuseau)
