"""What tables and columns mean, said once, where they are declared.

`docs/dictionnaire` is made of it (`./jalons dictionnaire`), hence in French. A column that says
nothing, or whose unit neither its name, its type nor `unite` tells, does not pass `./jalons check`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import MappedColumn, mapped_column


class Donnee(StrEnum):
    """What a value tells of a natural person."""

    AUCUNE = "aucune"
    INDIRECTE = "indirecte"
    IDENTIFIANTE = "identifiante"
    SANTE = "santé"
    CHIFFREE = "chiffrée"


AUCUNE, INDIRECTE, IDENTIFIANTE, SANTE, CHIFFREE = Donnee


@dataclass(frozen=True)
class Colonne:
    """A column; what it leaves empty is its table's."""

    sens: str
    donnee: Donnee | None
    source: str
    unite: str
    codes: type[StrEnum] | str | None


@dataclass(frozen=True)
class Fiche:
    """A table, and what its columns say when they do not say otherwise."""

    sens: str
    source: str
    donnee: Donnee
    conserve: str


def colonne(
    sens: str,
    donnee: Donnee | None = None,
    *definition: Any,
    source: str = "",
    unite: str = "",
    codes: type[StrEnum] | str | None = None,
    **options: Any,
) -> MappedColumn[Any]:
    """Declare a column with its meaning.

    Args:
        sens: what a value means.
        donnee: what it tells of a person.
        source: who or what gives it.
        unite: when name and type do not tell.
        codes: the values it takes: an enumeration, or the name of a référentiel.
        definition, options: those of `mapped_column`.
    """
    info = {"colonne": Colonne(sens, donnee, source, unite, codes)}
    return mapped_column(*definition, info=info, **options)


def fiche(
    sens: str, *, source: str, donnee: Donnee = AUCUNE, conserve: str = ""
) -> dict[str, dict[str, Fiche]]:
    """Describe a table: the last of its `__table_args__`.

    Args:
        sens: what a row is.
        source: who or what gives the values.
        donnee: what they tell of a person.
        conserve: how long a row is kept, by the names of the constants that rule it, e.g.
            `{IDEMPOTENCE_JOURS} jours`; empty: nothing removes it.
    """
    return {"info": {"fiche": Fiche(sens, source, donnee, conserve)}}
