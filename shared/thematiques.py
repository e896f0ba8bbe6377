"""From a thématique of data·inclusion to our freins, and back, under the list that says so.

Source: référentiel `freins`, column `thematiques_data_inclusion`; thématiques of the schema v1 of
data·inclusion. One thématique may tell of several freins: a file for the MDPH is of health and of
handicap.
"""

from collections import defaultdict

from shared.referentiels import charger, version
from shared.schemas.parcours.freins import CodeFrein

# Kept beside what was read with it: a thématique that moves is read by its own list.
VERSION_THEMATIQUES = f"data-inclusion-v1:{version('freins')}"

_THEMATIQUES = {
    CodeFrein(ligne["code"]): tuple(filter(None, ligne["thematiques_data_inclusion"].split("|")))
    for ligne in charger("freins")
}
_FREINS: dict[str, list[CodeFrein]] = defaultdict(list)
for _code, _siennes in _THEMATIQUES.items():
    for _thematique in _siennes:
        _FREINS[_thematique].append(_code)


def thematiques_de(frein: CodeFrein) -> tuple[str, ...]:
    """Return the thématiques whose offers may lift a frein; none for one that has no like."""
    return _THEMATIQUES[frein]


def freins_de(thematique: str) -> tuple[CodeFrein, ...]:
    """Return the freins that a thématique tells of; none for one that the list does not know."""
    return tuple(_FREINS.get(thematique, ()))
