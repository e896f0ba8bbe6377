"""One message per decision: what an attempt gave, and what may follow. Pure.

They refuse to invite again within 24 hours: within them an attempt of which nothing is known may be
made again, for it is done once whoever did it. Past them it may not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.schemas.orientation.invitations import StatutInvitation

# Less than their 24 hours, by what a clock and a queue may take.
REPETABLE = timedelta(hours=20)
_PREMIERE, _PLUS_LONGUE, _JOUR_S = timedelta(minutes=1), timedelta(hours=6), 86_400.0
_ROLES = {"DEM": "demandeur", "CJT": "conjoint"}


@dataclass(frozen=True)
class Suite:
    """What an attempt leaves.

    Args:
        incertaine: whether it may have been done there.
    """

    statut: StatutInvitation
    code: str | None = None
    formats: Sequence[str] = ()
    dans: timedelta = timedelta(0)
    incertaine: bool = False


def apres_succes(formats: Sequence[str]) -> Suite:
    """Tell what an answer leaves: they may know neither phone nor e-mail."""
    if not formats:
        return Suite(StatutInvitation.SANS_CONTACT)
    return Suite(StatutInvitation.ENVOYEE, formats=sorted(set(formats)))


def apres_echec(
    statut: int | None, code: str, *, avant_incertaine: bool, essais: int, demandee_s: float
) -> Suite:
    """Tell what an attempt that gave nothing leaves.

    Declined after one that may have been done, it was perhaps declined because it was: nobody is
    asked to guess, and their webhook tells, or a person does.

    Args:
        statut: of their answer; None when none came.
        avant_incertaine: whether an earlier attempt may have been done.
        essais: attempts begun, this one included.
        demandee_s: seconds that they ask for.
    """
    dans = reprise_dans(essais, demandee_s=demandee_s)
    if statut is None or statut >= 500:
        return Suite(StatutInvitation.A_FAIRE, code, dans=dans, incertaine=True)
    if not de_la_personne(statut):  # refused before anything was done
        return Suite(StatutInvitation.A_FAIRE, code, dans=dans, incertaine=avant_incertaine)
    if avant_incertaine:
        return Suite(StatutInvitation.INCERTAINE, code, incertaine=True)
    return Suite(StatutInvitation.REFUSEE, code)


def de_la_personne(statut: int | None) -> bool:
    """Tell whether an error is of this person, who is not to be asked for again."""
    return statut in (400, 422)


def de_tous(statut: int | None) -> bool:
    """Tell whether an error would be the next one's too: not of one person, nor of one place."""
    return statut is None or statut in (401, 429) or statut >= 500


def sans_suite(statut: StatutInvitation, code: str | None, *, avant_incertaine: bool) -> Suite:
    """Tell what is left of one that is not to be sent: in doubt, if it may have been already."""
    if avant_incertaine:
        return Suite(StatutInvitation.INCERTAINE, code, incertaine=True)
    return Suite(statut)


def encore_repetable(incertaine_le: datetime | None, maintenant: datetime) -> bool:
    """Tell whether they would still refuse to do again what may have been done."""
    return incertaine_le is None or maintenant - incertaine_le < REPETABLE


def role(role: str | None) -> str | None:
    """Tell the place in the foyer, in their words."""
    return _ROLES.get(role or "")


def reprise_dans(essais: int, *, demandee_s: float = 0) -> timedelta:
    """Tell how long to wait after so many attempts; as long as they ask, up to a day."""
    attente: timedelta = _PREMIERE * (1 << min(essais - 1, 20))
    return max(min(_PLUS_LONGUE, attente), timedelta(seconds=min(demandee_s, _JOUR_S)))
