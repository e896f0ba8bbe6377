"""Our words and theirs: the parcours, the organismes, and the inversion that others have sent.

Source: shared/referentiels/types-parcours.csv and organismes-referents.csv (code_ft).
"""

from collections.abc import Mapping
from enum import StrEnum

from shared.referentiels import charger
from shared.schemas.orientation.vocabulaire import TypeOrganisme, TypeParcours

PARCOURS_FT: Mapping[TypeParcours, str] = {
    TypeParcours(ligne["code"]): ligne["code_ft"]
    for ligne in charger("types-parcours")
    if ligne["code"] in set(TypeParcours)
}
PARCOURS: Mapping[str, TypeParcours] = {code: ours for ours, code in PARCOURS_FT.items()}
# The délégataire acts for the département, and has a code of its own in rendez-vous only. An other
# organisme has none that a decision may hold.
ORGANISMES_FT: Mapping[TypeOrganisme, str] = {
    TypeOrganisme(ligne["code"]): ligne["code_ft"]
    for ligne in charger("organismes-referents")
    if ligne["code"] in set(TypeOrganisme) and ligne["code_ft"] not in ("", "IND")
}
# WebRSA 4.32 sends social as PSP and socio-professionnel as PSO, and reads them the other way.
_INVERSE = {
    PARCOURS_FT[TypeParcours.SOCIAL]: PARCOURS_FT[TypeParcours.SOCIO_PROFESSIONNEL],
    PARCOURS_FT[TypeParcours.SOCIO_PROFESSIONNEL]: PARCOURS_FT[TypeParcours.SOCIAL],
}


def inverses(ici: TypeParcours, la: str) -> bool:
    """Tell whether theirs is what an inverted sender would have made of ours."""
    return _INVERSE.get(PARCOURS_FT[ici]) == la


def table_inversee(table: Mapping[TypeParcours, str]) -> bool:
    """Tell whether a table of correspondence swaps social and socio-professionnel."""
    return any(ici in table and inverses(ici, table[ici]) for ici in TypeParcours)


class CodeActivite(StrEnum):
    """The tasks of their work queue that are a département's to answer here."""

    ORIENTATION = "ACT382"
    REORIENTATION = "ACT414"
