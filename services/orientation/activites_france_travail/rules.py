"""What a task of France Travail's work queue waits for here. Pure.

Source: france-travail-integration.md §6.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.clients.france_travail.vocabulaire import CodeActivite
from shared.schemas.orientation.france_travail import (
    StatutActiviteFranceTravail,
)

_S = StatutActiviteFranceTravail


@dataclass(frozen=True)
class Situation:
    """What is known here of the person that a task is about.

    Args:
        a_decider_id: her orientation that waits for a decision, at most one.
        decidee_id: the one in force, at most one.
        decidee_le: when its decision was written.
    """

    a_decider_id: UUID | None = None
    decidee_id: UUID | None = None
    decidee_le: datetime | None = None


def situer(
    code: CodeActivite, creee_le: datetime | None, connue: Situation | None
) -> tuple[StatutActiviteFranceTravail, UUID | None]:
    """Tell what a task that is in the queue waits for, and the orientation that it is about.

    What is open here comes first: it is what somebody can act upon. A réorientation (ACT414) is
    asked of a person already oriented: only a decision written since the task was created answers
    it; without that date, a decision in force is not taken for the answer.

    Args:
        code: which task.
        creee_le: its creation there, when they say it.
        connue: None: nobody here has her number.
    """
    if connue is None:
        return _S.INCONNUE, None
    if connue.a_decider_id is not None:
        return _S.A_DECIDER, connue.a_decider_id
    if connue.decidee_id is None or connue.decidee_le is None:
        return _S.SANS_ORIENTATION, None
    repondue = creee_le is not None and connue.decidee_le >= creee_le
    if code is CodeActivite.ORIENTATION or repondue:
        return _S.DEJA_DECIDEE, connue.decidee_id
    return _S.A_DECIDER, connue.decidee_id


def vues_avant(
    commencee_le: datetime, *, precedente_le: datetime | None, pages: int
) -> datetime | None:
    """Since when a task must have been seen to be still there, after a complete reading.

    One page is the queue at one moment: what it lacks is gone. Of several, the queue may have
    moved between two, and one that is there jumped over: it is gone when two readings lack it.

    Args:
        commencee_le: when this reading began.
        precedente_le: when the complete one before began; None: there was none.
        pages: of this reading.

    Returns:
        That moment; None: nothing can be said gone.
    """
    return commencee_le if pages == 1 else precedente_le
