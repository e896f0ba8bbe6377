"""How many people an organisme, a unit or a portfolio has: kept beside the places, by the database.

Each change of a place adds what it counts for, in its own transaction; what there is is the sum.
Nobody waits for a row that others count on: an organisme without a bound is never held. What was
added is replaced by its sum from time to time, so that a reading costs one row or a few.
"""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, func, select, text

from services.orientation import tables
from shared.socle.db import ATTENTE_TRAVAIL
from shared.socle.service import Service

PAUSE_S = 60.0

_C = tables.ComptePlace
# What another job sums at the same moment is left to it: what is taken out is what is put back.
_REPLIER = text(
    "WITH repris AS (DELETE FROM compte_place c USING ("
    "  SELECT collectivite, objet_id, seq FROM compte_place"
    "  WHERE collectivite = :collectivite AND objet_id IN ("
    "   SELECT objet_id FROM compte_place WHERE collectivite = :collectivite"
    "   GROUP BY objet_id HAVING count(*) > 1)"
    "  FOR UPDATE SKIP LOCKED) d"
    " WHERE c.collectivite = d.collectivite AND c.objet_id = d.objet_id AND c.seq = d.seq"
    " RETURNING c.objet_id, c.placees, c.en_file)"
    " INSERT INTO compte_place (collectivite, objet_id, placees, en_file)"
    " SELECT :collectivite, objet_id, sum(placees), sum(en_file) FROM repris GROUP BY objet_id"
)


def somme(colonne: Any) -> ColumnElement[int]:
    """What a column of the accounts comes to; zero when nothing was ever counted."""
    return cast(func.coalesce(func.sum(colonne), 0), BigInteger)


def comptee(colonne: Any, de: Any) -> Any:
    """What a column of the accounts comes to for each row of a table that has places."""
    return (
        select(somme(colonne))
        .where(_C.collectivite == de.collectivite, _C.objet_id == de.id)
        .correlate(de)
        .scalar_subquery()
    )


async def replier_comptes(service: Service, collectivite: str) -> None:
    """Replace what was added to each account by its sum."""
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        await tx.execute(_REPLIER)
