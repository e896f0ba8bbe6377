"""PATCH, once for all: what a client edits freely, under the version that it read (guide, 8 and 9).

No key is taken: a patch sent twice is refused the second time, or changes nothing.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import Body
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Row, func, select, update
from starlette.responses import Response

from shared.refus import VersionDepassee
from shared.socle.contrat import MERGE_PATCH
from shared.socle.db import Transaction, siens
from shared.socle.idempotence import essayer
from shared.socle.reponses import Effet, rendre

D = TypeVar("D", bound=BaseModel)
# The body of a PATCH: `demande: Fusion[OrganismeReferentModification]`.
Fusion = Annotated[D, Body(media_type=MERGE_PATCH)]


def changements(courant: BaseModel, demande: BaseModel) -> dict[str, Any]:
    """Return what a merge patch changes of a resource: null clears, an array is replaced whole.

    Args:
        courant: the resource, as it is answered.
        demande: the patch; each of its fields is one of the resource, and none is an object.
    """
    actuels, sent = courant.model_dump(), demande.model_dump()
    # Sent or not is told of the fields; an element of an array is whole, its defaults included.
    return {
        champ: valeur
        for champ, valeur in sent.items()
        if champ in demande.model_fields_set and valeur != actuels[champ]
    }


async def update_version(
    tx: Transaction, table: Any, ici: ColumnElement[bool], version: int, valeurs: dict[str, Any]
) -> Row[Any]:
    """Write the next version of a row: the test and the write are one statement.

    Raises:
        VersionDepassee: another came first.
    """
    touched = {"version": table.version + 1, "modifie_le": func.now(), **valeurs}
    statement = (
        update(table)
        .where(siens(table), ici, table.version == version)
        .values(touched)
        .returning(*table.__table__.columns)
    )
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        current = await tx.execute(select(table.version).where(siens(table), ici))
        raise VersionDepassee(current.scalar_one())
    return row


async def modifier(
    tx: Transaction, act: Callable[[], Awaitable[Effet]], *, essai: bool
) -> Response:
    """Answer a PATCH; with `essai` everything is checked and undone."""
    return await essayer(tx, act) if essai else rendre(await act())
