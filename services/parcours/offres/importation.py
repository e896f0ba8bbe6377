"""A service of data·inclusion becomes an offer, or updates the one that it is already.

The same by the route and by the worker: what is not newer changes nothing, what the collectivité
added stays, and one that was said gone is there again.
"""

from datetime import date
from enum import Enum, auto
from typing import Any

from sqlalchemy import Row

from services.parcours.offres import queries, rules
from shared.schemas.commun import Operation
from shared.schemas.parcours.offres import ServiceDataInclusionCreation
from shared.socle.db import Transaction
from shared.socle.evenements import Fait, publier
from shared.socle.ids import new_id


class Issue(Enum):
    """What became of a service."""

    NOUVELLE = auto()
    MODIFIEE = auto()
    INCHANGEE = auto()


async def importer_service(
    tx: Transaction, demande: ServiceDataInclusionCreation, jour: date
) -> tuple[Row[Any], Issue]:
    """Write the offer of a service, and publish what changed.

    Raises:
        Validation: a code is in none of their lists, or no zone of it is of the collectivité.
    """
    values = rules.offre_importee(demande, tx.collectivite[:-1])
    locales: dict[str, Any] = {
        "freins": [],
        "modalite": None,
        "age_min": None,
        "age_max": None,
        "beneficiaire_rsa_requis": False,
        "projet_requis": False,
        "date_debut": jour,
        "date_fin": None,
        "action_id": None,
    }
    row = await queries.store_offre(tx, {"id": new_id(), **locales, **values})
    if row is not None:
        await publier(tx, fait("enregistree", row, Operation.CREATION))
        return row, Issue.NOUVELLE
    connue = await queries.lock_reference(tx, demande.id)
    changees = values if demande.date_maj > connue.date_maj else {}
    if connue.date_retrait is not None:
        changees = {**changees, "date_retrait": None, "absences": 0}
    if not changees:
        return connue, Issue.INCHANGEE
    row = await queries.update_offre(tx, connue.id, connue.version, changees)
    await publier(tx, fait("modifiee", row, Operation.MODIFICATION))
    return row, Issue.MODIFIEE


def fait(nom: str, row: Row[Any], operation: Operation) -> Fait:
    """What happened to an offer."""
    return Fait(f"parcours.offre.{nom}", "offres", row.id, row.version, operation)
