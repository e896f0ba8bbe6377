"""What a task of France Travail waits for, and what a complete reading says gone, by cases."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.orientation.activites_france_travail.rules import Situation, situer, vues_avant
from shared.clients.france_travail.vocabulaire import CodeActivite
from shared.schemas.orientation.france_travail import StatutActiviteFranceTravail as Statut

ACT382, ACT414 = CodeActivite
CREEE = datetime(2026, 3, 2, 8, tzinfo=UTC)
OUVERTE, DECIDEE = UUID(int=1), UUID(int=2)
LE, AVANT = CREEE, CREEE - timedelta(microseconds=1)
A_DECIDER = Situation(a_decider_id=OUVERTE)
LES_DEUX = Situation(a_decider_id=OUVERTE, decidee_id=DECIDEE, decidee_le=LE)


def decidee(le: datetime) -> Situation:
    return Situation(decidee_id=DECIDEE, decidee_le=le)


@pytest.mark.parametrize(
    ("code", "creee", "connue", "statut", "orientation"),
    [
        pytest.param(ACT382, CREEE, None, Statut.INCONNUE, None, id="personne d'ici"),
        pytest.param(ACT382, CREEE, Situation(), Statut.SANS_ORIENTATION, None, id="rien d'ouvert"),
        pytest.param(ACT382, CREEE, A_DECIDER, Statut.A_DECIDER, OUVERTE, id="à décider"),
        pytest.param(
            ACT382,
            CREEE,
            decidee(AVANT),
            Statut.DEJA_DECIDEE,
            DECIDEE,
            id="décidée avant",
        ),
        pytest.param(ACT382, CREEE, LES_DEUX, Statut.A_DECIDER, OUVERTE, id="de nouveau"),
        pytest.param(
            ACT414,
            CREEE,
            decidee(AVANT),
            Statut.A_DECIDER,
            DECIDEE,
            id="réorientation due",
        ),
        pytest.param(
            ACT414,
            CREEE,
            decidee(LE),
            Statut.DEJA_DECIDEE,
            DECIDEE,
            id="réorientée depuis",
        ),
        pytest.param(ACT414, CREEE, LES_DEUX, Statut.A_DECIDER, OUVERTE, id="en cours ici"),
        pytest.param(
            ACT414,
            None,
            decidee(LE),
            Statut.A_DECIDER,
            DECIDEE,
            id="sans date de création",
        ),
    ],
)
def test_a_task_waits_for(
    code: CodeActivite,
    creee: datetime | None,
    connue: Situation | None,
    statut: Statut,
    orientation: UUID | None,
) -> None:
    assert situer(code, creee, connue) == (statut, orientation)


@pytest.mark.parametrize(
    ("pages", "precedente", "avant"),
    [
        pytest.param(1, None, LE, id="une page, la première lecture"),
        pytest.param(1, AVANT, LE, id="une page"),
        pytest.param(2, AVANT, AVANT, id="deux pages"),
        pytest.param(2, None, None, id="deux pages, la première lecture"),
    ],
)
def test_a_complete_reading_says_gone(
    pages: int, precedente: datetime | None, avant: datetime | None
) -> None:
    assert vues_avant(LE, precedente_le=precedente, pages=pages) == avant
