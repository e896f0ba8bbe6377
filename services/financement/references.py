"""What a body refers to must exist: unknown, it is a fault of the body, not of the path."""

from collections.abc import Awaitable
from typing import TypeVar

from shared.refus import Erreur, Introuvable, Validation

T = TypeVar("T")


async def exige(lecture: Awaitable[T], champ: str, message: str) -> T:
    """Return what is read.

    Raises:
        Validation: `code-referentiel-inconnu`, at the body's field.
    """
    try:
        return await lecture
    except Introuvable:
        raise Validation([Erreur(f"/{champ}", "code-referentiel-inconnu", message)]) from None
