"""What is done of a call that went wrong: a table, and how long to wait. Pure.

Source: france-travail-integration.md §6, §12 and §13.
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto

_SANS_PRECISION_S = 60.0  # a Retry-After that nobody can read
_PREMIERE_S, _PLUS_LONGUE_S = 0.5, 30.0


class Suite(Enum):
    """What may follow."""

    FINALE = auto()  # it would be the same again
    REPRENDRE = auto()  # the same again, later
    LIRE_AVANT = auto()  # it may have been done: read, then decide
    RENOUVELER = auto()  # another token, and once more


@dataclass(frozen=True)
class Issue:
    """How a call ended.

    Args:
        statut: of the answer; None when none came.
        code: France Travail's own word, whichever of its five shapes it was in.
        lisible: whether a success could be read: a firewall's page is 200 too.
        partie: whether the request can have reached them.
    """

    statut: int | None
    code: str | None = None
    lisible: bool = True
    partie: bool = True


# A word of theirs says more than the status that carries it.
_CODES = {
    "R999": Suite.REPRENDRE,
    **dict.fromkeys(
        ("R001", "R002", "R997", "R998", "S002", "S003", "ID_NON_RECONNU"), Suite.FINALE
    ),
}
_STATUTS = {
    401: Suite.RENOUVELER,
    429: Suite.REPRENDRE,  # refused before anything was done
    502: Suite.LIRE_AVANT,
    503: Suite.LIRE_AVANT,
    504: Suite.LIRE_AVANT,
}


def suite(issue: Issue, *, idempotent: bool) -> Suite:
    """Tell what may follow a call that is no success.

    Args:
        idempotent: whether doing it twice is doing it once. POST of a rendez-vous is not.
    """
    if issue.code in _CODES:
        return _CODES[issue.code]
    if not issue.partie:
        return Suite.REPRENDRE
    if issue.statut is None or (issue.statut < 300 and not issue.lisible):
        found = Suite.LIRE_AVANT
    else:
        found = _STATUTS.get(issue.statut, Suite.FINALE)
    return Suite.REPRENDRE if found is Suite.LIRE_AVANT and idempotent else found


def attente_s(retry_after: str | None, essai: int, *, hasard: float, maintenant: datetime) -> float:
    """Tell how long to wait before the attempt after `essai` (the first is 1).

    What they ask for is obeyed, in seconds or as an HTTP date; unreadable, it is a minute. Else
    full jitter: anywhere between nothing and a bound that doubles.

    Args:
        retry_after: the header, as it came.
        hasard: between 0 and 1.
        maintenant: an aware instant.
    """
    if retry_after is None:
        return hasard * min(_PLUS_LONGUE_S, _PREMIERE_S * 2.0 ** (essai - 1))
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        quand = parsedate_to_datetime(retry_after)
    except ValueError:
        return _SANS_PRECISION_S
    if quand.tzinfo is None:  # "-0000": they do not know where they are
        return _SANS_PRECISION_S
    return max(0.0, (quand - maintenant).total_seconds())
