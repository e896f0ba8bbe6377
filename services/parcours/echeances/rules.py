"""Which deadlines this service dates: the contract to sign, the offre raisonnable d'emploi, the
hours whose reason is to be seen again, the steps of a suspension, and the ends of what is dated.
"""

from dataclasses import dataclass, replace

from services.parcours.contrats_engagement.rules import (
    CONTRAT,
    CONTRAT_REORIENTATION,
    DELAIS_REEXAMEN,
    ORE,
)
from services.parcours.emplois.rules import ACCOMPAGNEMENT
from services.parcours.emplois.rules import DUREES as DUREES_EMPLOI
from services.parcours.suspensions.rules import (
    ALERTE_SAISIE_JOURS,
    DECISION,
    FIN_MESURE,
    OBSERVATIONS,
    SAISIE,
)
from shared.delais import ALERTE_JOURS, DELAIS, Delai, Unite
from shared.schemas.orientation.echeances import NatureDelai
from shared.schemas.parcours.dispositifs import TypeDispositif
from shared.schemas.parcours.echeances import EvenementEcheance
from shared.schemas.parcours.emplois import TypeEmploi


@dataclass(frozen=True)
class Due:
    """One kind of deadline: a delay of the law, what starts it and what ends it."""

    delai: Delai
    depart: EvenementEcheance
    fin: EvenementEcheance
    nature: NatureDelai = NatureDelai.LEGALE
    alerte_jours: int = ALERTE_JOURS


_SIGNER = (EvenementEcheance.NOTIFICATION, EvenementEcheance.SIGNATURE_CONTRAT)
_COMPLETER = (EvenementEcheance.SIGNATURE_CONTRAT, EvenementEcheance.ELEMENTS_ORE)
# Each row of these codes holds from its day: a reform is a row more, and `avant` its bound.
_EVENEMENTS = {CONTRAT: _SIGNER, CONTRAT_REORIENTATION: _SIGNER, ORE: _COMPLETER}
_REVOIR = (EvenementEcheance.REVISION_CONTRAT, EvenementEcheance.REVISION_CONTRAT)
# Of a suspension each last day is dated with its act: the delay may be the collectivité's.
_SUSPENSION = {
    SAISIE: (EvenementEcheance.PROPOSITION_FT, EvenementEcheance.SAISIE_SUSPENSION),
    OBSERVATIONS: (EvenementEcheance.INFORMATION, EvenementEcheance.OBSERVATIONS),
    DECISION: (EvenementEcheance.INFORMATION, EvenementEcheance.DECISION_SUSPENSION),
    FIN_MESURE: (EvenementEcheance.NOTIFICATION_SUSPENSION, EvenementEcheance.FIN_SUSPENSION),
}
_DECIDEE = Delai(
    FIN_MESURE, 0, Unite.MOIS, None, "CASF R262-68 et R262-68-1 : durée décidée", confirme=True
)
DUES_SUSPENSION = tuple(
    Due(
        delai,
        *_SUSPENSION[delai.code],
        alerte_jours=ALERTE_SAISIE_JOURS if delai.code == SAISIE else ALERTE_JOURS,
    )
    for delai in (*DELAIS, _DECIDEE)
    if delai.code in _SUSPENSION
)
_TERME = "Terme convenu, dans les bornes de la loi"
_EMPLOI = (EvenementEcheance.DEBUT_EMPLOI, EvenementEcheance.FIN_EMPLOI)
_DISPOSITIF = (EvenementEcheance.DEBUT_DISPOSITIF, EvenementEcheance.FIN_DISPOSITIF)
# By code: the type whose last day, agreed on, is the deadline.
FINS_EMPLOI = {
    "fin_pmsmp": TypeEmploi.PMSMP,
    "fin_contrat_iae": TypeEmploi.IAE,
    "fin_contrat_aide": TypeEmploi.CONTRAT_AIDE,
}
FINS_DISPOSITIF = {f"fin_{type_}": type_ for type_ in TypeDispositif}
_RENFORCER = Due(
    next(un for un in DUREES_EMPLOI if un.code == ACCOMPAGNEMENT),
    EvenementEcheance.DEBUT_EMPLOI,
    EvenementEcheance.ACCOMPAGNEMENT_RENFORCE,
    NatureDelai.OBJECTIF_LOCAL,
)
DUES = (
    *(Due(Delai(un, 0, Unite.JOURS, None, _TERME, True), *_EMPLOI) for un in FINS_EMPLOI),
    *(Due(Delai(un, 0, Unite.JOURS, None, _TERME, True), *_DISPOSITIF) for un in FINS_DISPOSITIF),
    _RENFORCER,
    *(Due(delai, *_EVENEMENTS[delai.code]) for delai in DELAIS if delai.code in _EVENEMENTS),
    # One code for all reasons, of health or not: it tells no more than the contract does.
    *(Due(delai, *_REVOIR, NatureDelai.OBJECTIF_LOCAL) for delai in DELAIS_REEXAMEN),
    *DUES_SUSPENSION,
)


def dues_du_jour(code: str | None, accompagnement: Delai) -> list[Due]:
    """Return the kinds asked for: the lead of an aided contract's end is the collectivité's.

    Args:
        code: of one kind; none: all.
        accompagnement: how long that lead is today.
    """
    return [
        replace(due, delai=accompagnement) if due is _RENFORCER else due
        for due in DUES
        if code in (None, due.delai.code)
    ]
