"""How the elements of a flux are read, whatever its version: present, bounded, of the right form.

Pure. Every fault is a `ValeurIllisible` that names the element, never its value.
"""

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Final

from lxml.etree import _Element

from services.orientation.flux.canonique import (
    Avertissement,
    CodeAvertissement,
    MotifRejet,
    ValeurIllisible,
)

Valeurs = Mapping[str, str]
Codes = Mapping[str, frozenset[str]]

# The longest text of the schemas (LIBANO).
_TEXTE_MAX: Final = 200
_BOOLEENS: Final = {"0": False, "1": True, "false": False, "true": True}


def connus(**codes: str) -> Codes:
    """Return the codes whose meaning is known, by element; in each text, spaces part them."""
    return {element: frozenset(texte.split()) for element, texte in codes.items()}


def bloc(element: _Element, nom: str) -> _Element:
    """Return a block that must be there."""
    # `find` would read `nom` as a path, at twice the cost.
    found = next(element.iterchildren(nom), None)
    if found is None:
        raise ValeurIllisible(MotifRejet.ELEMENT_ABSENT, nom)
    return found


def valeurs(element: _Element | None) -> dict[str, str]:
    """Return the values of a block by name, without the spaces that pad them, nor blank ones.

    Read at once, they cost a seventh of as many searches: a file may hold 100 000 foyers. A block
    that is absent has none.
    """
    found: dict[str, str] = {}
    for enfant in () if element is None else element:
        if valeur := texte(enfant):
            found[str(enfant.tag)] = valeur
    return found


def texte(element: _Element) -> str:
    """Return the text of an element, without the spaces that pad it."""
    found = (element.text or "").strip()
    if len(found) > _TEXTE_MAX:
        raise ValeurIllisible(MotifRejet.TEXTE_TROP_LONG, str(element.tag))
    return found


def presentes(valeurs: Valeurs, *noms: str) -> list[str]:
    """Return those that are there, in the order of the names."""
    return [valeurs[nom] for nom in noms if nom in valeurs]


def requis(valeurs: Valeurs, nom: str) -> str:
    """Return a value that must be there."""
    if nom not in valeurs:
        raise ValeurIllisible(MotifRejet.ELEMENT_ABSENT, nom)
    return valeurs[nom]


def code(valeurs: Valeurs, nom: str, codes: Codes, avertissements: list[Avertissement]) -> str:
    """Return a code as it came, with a warning if nobody told us what it means."""
    found = requis(valeurs, nom)
    if found not in codes[nom]:
        avertissements.append(Avertissement(CodeAvertissement.CODE_INCONNU, nom))
    return found


def jour(valeurs: Valeurs, nom: str) -> date:
    """Return a civil day."""
    brut = requis(valeurs, nom)
    # fromisoformat alone would also take 20260131 and 2026-W05-6.
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", brut):
        try:
            return date.fromisoformat(brut)
        except ValueError:
            pass
    raise ValeurIllisible(MotifRejet.DATE_INVALIDE, nom)


def jour_facultatif(valeurs: Valeurs, nom: str) -> date | None:
    """Return a civil day, or None if there is none."""
    return jour(valeurs, nom) if nom in valeurs else None


def heure(valeurs: Valeurs, nom: str) -> time:
    """Return a time of the day."""
    brut = requis(valeurs, nom)
    if re.fullmatch(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?", brut):
        try:
            return time.fromisoformat(brut)
        except ValueError:
            pass
    raise ValeurIllisible(MotifRejet.DATE_INVALIDE, nom)


def entier(valeurs: Valeurs, nom: str) -> int:
    """Return a whole number."""
    brut = requis(valeurs, nom)
    # The longest counter of the schemas has 8 digits; int() would also take 1_000 and ١.
    if not re.fullmatch(r"[0-9]{1,9}", brut):
        raise ValeurIllisible(MotifRejet.NOMBRE_INVALIDE, nom)
    return int(brut)


def booleen(valeurs: Valeurs, nom: str) -> bool:
    """Return a boolean that must be there."""
    brut = requis(valeurs, nom)
    if brut not in _BOOLEENS:
        raise ValeurIllisible(MotifRejet.BOOLEEN_INVALIDE, nom)
    return _BOOLEENS[brut]


def booleen_facultatif(valeurs: Valeurs, nom: str) -> bool:
    """Return a boolean, false if there is none."""
    return nom in valeurs and booleen(valeurs, nom)
