"""Which deadlines this service dates: the contract to sign, then the offre raisonnable d'emploi."""

from dataclasses import dataclass

from services.parcours.contrats_engagement.rules import CONTRAT, CONTRAT_REORIENTATION, ORE
from shared.delais import DELAIS, Delai
from shared.schemas.parcours.echeances import EvenementEcheance


@dataclass(frozen=True)
class Due:
    """One kind of deadline: a delay of the law, what starts it and what ends it."""

    delai: Delai
    depart: EvenementEcheance
    fin: EvenementEcheance


_SIGNER = (EvenementEcheance.NOTIFICATION, EvenementEcheance.SIGNATURE_CONTRAT)
_COMPLETER = (EvenementEcheance.SIGNATURE_CONTRAT, EvenementEcheance.ELEMENTS_ORE)
# Each row of these codes holds from its day: a reform is a row more, and `avant` its bound.
_EVENEMENTS = {CONTRAT: _SIGNER, CONTRAT_REORIENTATION: _SIGNER, ORE: _COMPLETER}
DUES = tuple(Due(delai, *_EVENEMENTS[delai.code]) for delai in DELAIS if delai.code in _EVENEMENTS)
