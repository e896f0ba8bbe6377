"""What a day of reading is compared with, and what is decided of it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from shared.refus import TransitionInterdite
from shared.schemas.volumes import EtatVolume
from shared.socle.volumes.rules import (
    LeveeParLeBloque,
    Seuils,
    etat_apres,
    secondes_restantes,
    seuils,
    verifier_levee,
)

ORD, A, B, L = EtatVolume
PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("nombres", "plancher", "attendu"),
    [
        pytest.param([], 500, (500, 1_500, 5_000), id="sans habitude : le plancher"),
        pytest.param([900] * 9, 500, (500, 1_500, 5_000), id="neuf jours ne font pas une habitude"),
        pytest.param([900] * 10, 500, (900, 2_700, 9_000), id="dix jours en font une"),
        pytest.param([10] * 10, 500, (10, 500, 500), id="rien n'est dit sous le plancher"),
        pytest.param([100] * 20, 500, (100, 500, 1_000), id="l'alerte au plancher, le blocage non"),
        pytest.param([1] * 9 + [9_000], 1, (1, 3, 10), id="un jour hors norme ne la change pas"),
        pytest.param([4, 6] * 5, 1, (4, 12, 40), id="la médiane basse, un nombre qui fut lu"),
    ],
)
def test_a_day_is_compared_with_its_habit(
    nombres: list[int], plancher: int, attendu: tuple[int, int, int]
) -> None:
    assert seuils(nombres, plancher) == Seuils(*attendu)


@pytest.mark.parametrize(
    ("etat", "nombre", "apres"),
    [
        pytest.param(ORD, 30, ORD, id="trois fois, encore admis"),
        pytest.param(ORD, 31, A, id="une de plus : alerte"),
        pytest.param(A, 31, A, id="l'alerte n'est donnée qu'une fois"),
        pytest.param(A, 100, A, id="dix fois, encore admis"),
        pytest.param(A, 101, B, id="une de plus : bloqué"),
        pytest.param(ORD, 101, B, id="d'un coup"),
        pytest.param(B, 5, B, id="bloqué le reste"),
        pytest.param(L, 10_000, L, id="levé jusqu'à la fin du jour"),
    ],
)
def test_the_state_of_a_day(etat: EtatVolume, nombre: int, apres: EtatVolume) -> None:
    assert etat_apres(etat, nombre, Seuils(10, alerte=30, blocage=100)) is apres


@pytest.mark.parametrize("etat", [ORD, A, L])
def test_only_a_block_is_lifted(etat: EtatVolume) -> None:
    with pytest.raises(TransitionInterdite):
        verifier_levee(etat, lecteur="un", par="autre")


def test_nobody_lifts_what_holds_itself() -> None:
    verifier_levee(B, lecteur="un", par="autre")
    with pytest.raises(LeveeParLeBloque):
        verifier_levee(B, lecteur="un", par="un")


@pytest.mark.parametrize(
    ("jour", "instant", "secondes"),
    [
        pytest.param(date(2026, 3, 3), datetime(2026, 3, 3, 22, 59, 59, tzinfo=UTC), 1, id="fin"),
        pytest.param(date(2026, 3, 3), datetime(2026, 3, 3, 11, tzinfo=UTC), 43_200, id="midi"),
        pytest.param(
            date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC), 90_000, id="25 heures"
        ),
    ],
)
def test_the_day_ends_where_the_collectivite_is(
    jour: date, instant: datetime, secondes: int
) -> None:
    assert secondes_restantes(jour, PARIS, instant) == secondes
