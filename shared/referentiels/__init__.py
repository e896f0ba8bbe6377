"""Coded lists of the sector, one CSV each, with the source of every row.

Codes of ours are lower snake_case, as on the wire; those of CAF, MSA and France Travail keep
their form. A list inside a cell is separated by `|`; an empty cell says that nothing is known.
"""

import csv
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@cache
def charger(nom: str) -> tuple[Mapping[str, str], ...]:
    """Return the rows of a list, in the order of its file, read once and immutable.

    Raises:
        FileNotFoundError: no list bears this name.
    """
    texte = (files(__name__) / f"{nom}.csv").read_text(encoding="utf-8")
    lignes = csv.DictReader(texte.splitlines(), strict=True)
    return tuple(MappingProxyType(ligne) for ligne in lignes)


@cache
def codes(nom: str, colonne: str = "code", **filtres: str) -> frozenset[str]:
    """Return the distinct values of a column, among the rows that equal every filter."""
    return frozenset(
        ligne[colonne]
        for ligne in charger(nom)
        if all(ligne[champ] == valeur for champ, valeur in filtres.items())
    )


@cache
def version(nom: str) -> str:
    """Return what tells two states of a list apart: the beginning of its file's SHA-256."""
    return hashlib.sha256((files(__name__) / f"{nom}.csv").read_bytes()).hexdigest()[:12]
