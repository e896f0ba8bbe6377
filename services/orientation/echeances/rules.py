"""Which deadlines an orientation has here: the law's, then those that the collectivité set itself.

A local delay is an objective: it obliges nobody, and never takes the place of the law's.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import zip_longest

from services.orientation.places.rules import FILE_ATTENTE
from services.orientation.reexamens.rules import REEXAMEN
from services.orientation.reorientations.rules import AVIS_EP, REPONSE
from shared.delais import DELAIS, Delai, Unite, delai_en_vigueur
from shared.schemas.collectivite import DelaiLocal, EvenementDelai
from shared.schemas.orientation.echeances import EtatEcheance, NatureDelai

ORIENTATION = "orientation_pcd"
# The law's codes, and the waits that have their own last day: a place, an answer, an avis.
_AILLEURS = frozenset({FILE_ATTENTE, REPONSE, AVIS_EP, REEXAMEN, *(delai.code for delai in DELAIS)})
# What this service can date, to start a delay and to end one.
_DEPARTS = (
    EvenementDelai.RECEPTION,
    EvenementDelai.OUVERTURE_DROIT,
    EvenementDelai.DECISION,
    EvenementDelai.ENTREE_PARCOURS,
)
_FINS = (EvenementDelai.DECISION, EvenementDelai.ENTREE_PARCOURS, EvenementDelai.ACCUEIL)


# What is owed still: these states tell between which days the limit is.
DUS = frozenset({EtatEcheance.A_TEMPS, EtatEcheance.A_RISQUE, EtatEcheance.EN_RETARD})


class Palier(StrEnum):
    """When a deadline is announced: in its last days, and once it is past."""

    A_RISQUE = "a_risque"
    DEPASSEE = "depassee"


@dataclass(frozen=True)
class Objectif:
    """One kind of deadline, from the first day that it rules to the eve of what replaces it.

    Args:
        delai: its length; None: the law's, which each orientation was given at its reception.
        communes: where it holds; empty: everywhere.
        avant: first day of the row that follows it under the same code.
        durable: of a review, its length when difficulties last.
    """

    code: str
    nature: NatureDelai
    delai: Delai | None
    depart: EvenementDelai
    fin: EvenementDelai
    confirme: bool
    communes: frozenset[str] = frozenset()
    avant: date | None = None
    durable: Delai | None = None

    @property
    def depuis(self) -> date | None:
        """First day that it rules; None: always did, or the law's own rows tell."""
        return self.delai.depuis if self.delai is not None else None


LEGAL = Objectif(
    code=ORIENTATION,
    nature=NatureDelai.LEGALE,
    delai=None,
    depart=EvenementDelai.RECEPTION,
    fin=EvenementDelai.DECISION,
    confirme=True,
)


def _reexamens() -> tuple[Objectif, ...]:
    """The review of the parcours social, from each row of the law to the eve of the next.

    It runs from the signature of the contract, which parcours knows: the notification stands for
    it here, so it is not confirmed. What began before the first row has no such contract yet.
    """
    courts = sorted(
        (un for un in DELAIS if un.code == "relecture_social" and un.depuis),
        key=lambda un: un.depuis or date.min,
    )
    longs = [delai_en_vigueur("relecture_social_long", un.depuis or date.min) for un in courts]
    return tuple(
        Objectif(
            code=REEXAMEN,
            nature=NatureDelai.LEGALE,
            # One source for both: which of the two it is would tell of what the person lives.
            delai=replace(court, source=long.source),
            depart=EvenementDelai.NOTIFICATION,
            fin=EvenementDelai.REEXAMEN,
            confirme=False,
            avant=suivant.depuis if suivant is not None else None,
            durable=long,
        )
        for court, long, suivant in zip_longest(courts, longs, courts[1:])
    )


REEXAMENS = _reexamens()
LEGALES = (LEGAL, *REEXAMENS)


def objectifs(locaux: Iterable[DelaiLocal]) -> tuple[Objectif, ...]:
    """Return every kind of deadline of a collectivité, the law's first.

    An event that the source does not give, or that this service cannot date, is replaced by the
    reception or the decision, and the deadline is then not confirmed. A territory whose communes
    are unknown concerns nobody yet.
    """
    # Of two rows of one code and one day, the last wins.
    uniques = {(un.code, un.depuis or date.min): un for un in locaux}
    tries = [un for _, un in sorted(uniques.items(), key=lambda item: item[0])]
    return (
        *LEGALES,
        *(
            _objectif(un, suivant)
            for un, suivant in zip_longest(tries, tries[1:])
            if un.code not in _AILLEURS and (un.communes or un.territoire is None)
        ),
    )


def _objectif(un: DelaiLocal, suivant: DelaiLocal | None) -> Objectif:
    depart = un.depart if un.depart in _DEPARTS else EvenementDelai.RECEPTION
    fin = un.fin if un.fin in _FINS else EvenementDelai.DECISION
    confirme = (depart, fin) == (un.depart, un.fin)
    return Objectif(
        code=un.code,
        nature=NatureDelai.OBJECTIF_LOCAL,
        delai=Delai(un.code, un.duree, Unite(un.unite.value), un.depuis, un.source, confirme),
        depart=depart,
        fin=fin,
        confirme=confirme,
        communes=frozenset(un.communes),
        avant=suivant.depuis if suivant is not None and suivant.code == un.code else None,
    )
