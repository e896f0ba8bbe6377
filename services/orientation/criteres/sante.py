"""Who sees of health: those who hold its scope (contract guide, 15.4 and 7.5)."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from shared.socle.auth import Acces

PORTEE = "orientation.sante:lire"

T = TypeVar("T")


def visibles(
    acces: Acces, lignes: Iterable[T], sensible: Callable[[T], bool], masque: str
) -> tuple[list[T], list[str]]:
    """Return what the token may see of some lines, and the name of what it may not."""
    toutes = list(lignes)
    if PORTEE in acces.portees:
        return toutes, []
    montrees = [ligne for ligne in toutes if not sensible(ligne)]
    return montrees, [masque] if len(montrees) < len(toutes) else []
