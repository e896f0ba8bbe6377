"""Coded lists of the sector, one CSV each, with the source of every row.

Codes of ours are lower snake_case, as on the wire; those of CAF, MSA and France Travail keep
their form. A list inside a cell is separated by `|`; an empty cell says that nothing is known.
"""

import csv
import hashlib
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType

Ligne = Mapping[str, str]


@cache
def charger(nom: str) -> tuple[Ligne, ...]:
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


@cache
def noms() -> tuple[str, ...]:
    """Return the names of the lists, in alphabetical order."""
    return tuple(
        sorted(one.name[:-4] for one in files(__name__).iterdir() if one.name[-4:] == ".csv")
    )


@dataclass(frozen=True)
class Forme:
    """What a list is, and which of its columns tell its codes and their labels."""

    sens: str
    code: str = "code"
    libelle: str = "libelle"


@cache
def forme(nom: str) -> Forme:
    """Return how a list is to be read."""
    texte = (files(__name__) / "dictionnaire.toml").read_text(encoding="utf-8")
    fiche = tomllib.loads(texte)[nom]
    return Forme(**{champ: fiche[champ] for champ in ("sens", "code", "libelle") if champ in fiche})


@dataclass(frozen=True)
class Code:
    """One row of a list, in the words that all lists share.

    Attributes:
        code: what circulates; two rows may share it, told apart by their attributes.
        libelle: for people; none where the list has none.
        debut, fin: first and last day of its validity; none: no bound is known.
        attributs: the other columns that say something, `source` included.
    """

    code: str
    libelle: str | None
    debut: date | None
    fin: date | None
    attributs: Mapping[str, str]

    def vaut(self, jour: date) -> bool:
        """Whether an act of this day may bear it."""
        return (self.debut is None or self.debut <= jour) and (self.fin is None or jour <= self.fin)


def presenter(forme: Forme, lignes: Sequence[Ligne]) -> list[Code]:
    """Give the rows of one state of a list their common words.

    Of two rows with one code and a first day each, the earlier ends the day before the later.
    """
    debuts: dict[str, list[date]] = defaultdict(list)
    for ligne in lignes:
        if ligne.get("depuis"):
            debuts[ligne[forme.code]].append(date.fromisoformat(ligne["depuis"]))
    found = []
    for ligne in lignes:
        debut = date.fromisoformat(ligne["depuis"]) if ligne.get("depuis") else None
        if ligne.get("jusqu_a"):
            fin: date | None = date.fromisoformat(ligne["jusqu_a"])
        else:
            suivants = [d for d in debuts[ligne[forme.code]] if debut is None or d > debut]
            fin = min(suivants) - timedelta(days=1) if suivants and "jusqu_a" not in ligne else None
        communs = {forme.code, forme.libelle, "depuis", "jusqu_a"}
        attributs = {
            champ: valeur for champ, valeur in ligne.items() if valeur and champ not in communs
        }
        libelle = ligne.get(forme.libelle) or None
        found.append(Code(ligne[forme.code], libelle, debut, fin, attributs))
    return found


@dataclass(frozen=True)
class Difference:
    """What a state of a list changes from the one before: codes, each once, in order."""

    ajoutes: list[str]
    retires: list[str]
    modifies: list[str]


def comparer(colonne: str, avant: Sequence[Ligne], apres: Sequence[Ligne]) -> Difference:
    """Tell what changed between two states of a list, whatever the order of their rows.

    Args:
        colonne: the one that tells the codes.
    """

    def par_code(lignes: Sequence[Ligne]) -> dict[str, list[list[tuple[str, str]]]]:
        found: dict[str, list[list[tuple[str, str]]]] = defaultdict(list)
        for ligne in lignes:
            # A column that a state leaves empty, and another does not have, says the same.
            found[ligne[colonne]].append(sorted((k, v) for k, v in ligne.items() if v))
        return {code: sorted(rows) for code, rows in found.items()}

    ancien, nouveau = par_code(avant), par_code(apres)
    return Difference(
        ajoutes=sorted(nouveau.keys() - ancien.keys()),
        retires=sorted(ancien.keys() - nouveau.keys()),
        modifies=sorted(c for c in ancien.keys() & nouveau.keys() if ancien[c] != nouveau[c]),
    )
