"""What is left of an action is what a reservation may take: not a cent more, nor less."""

import random
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

import pytest

from services.financement.actions.rules import PartDisponible, montant_disponible
from services.financement.reservations.rules import (
    DisponibleInsuffisant,
    EtatAction,
    HorsPeriode,
    PartAction,
    tenues_reservees,
)

DEBUT, FIN, JUIN = date(2026, 1, 1), date(2026, 12, 31), date(2026, 6, 1)
VEILLE, LENDEMAIN = DEBUT - timedelta(days=1), FIN + timedelta(days=1)


@pytest.mark.parametrize("graine", range(200))
def test_one_cent_more_is_refused(graine: int) -> None:
    """The two rules agree. Planted: the cents of rounding left out of the bound, red."""
    hasard = random.Random(graine)
    parties = hasard.randint(1, 4)
    total = hasard.randint(parties, 60)
    coupes = sorted(hasard.sample(range(1, total), parties - 1)) if parties > 1 else []
    poids = [
        Fraction(fin - debut, total)
        for debut, fin in zip([0, *coupes], [*coupes, total], strict=True)
    ]
    restes = [hasard.randint(0, 5_000) for _ in poids]
    parts = [
        PartAction(UUID(int=rang + 1), part, hasard.randint(0, 900), None, None, fermee=False)
        for rang, part in enumerate(poids)
    ]
    etat = EtatAction(
        UUID(int=99), parts, {one.enveloppe_id: r for one, r in zip(parts, restes, strict=True)}
    )

    montant = montant_disponible(
        [
            PartDisponible(part, reste, None, None, fermee=False)
            for part, reste in zip(poids, restes, strict=True)
        ],
        JUIN,
    )

    prises = tenues_reservees(etat, places=0, montant_centimes=montant, jour=JUIN)
    assert sum(tenue.quantite for tenue in prises) == montant
    with pytest.raises(DisponibleInsuffisant):
        tenues_reservees(etat, places=0, montant_centimes=montant + 1, jour=JUIN)


@pytest.mark.parametrize(
    ("jour", "montant"),
    [
        pytest.param(VEILLE, 0, id="la veille"),
        pytest.param(DEBUT, 10_00, id="premier jour"),
        pytest.param(FIN, 10_00, id="dernier jour"),
        pytest.param(LENDEMAIN, 0, id="le lendemain"),
    ],
)
def test_a_window_closes_the_money(jour: date, montant: int) -> None:
    parts = [PartDisponible(Fraction(1), 10_00, DEBUT, FIN, fermee=False)]
    assert montant_disponible(parts, jour) == montant


def test_a_closed_envelope_pays_nothing_more() -> None:
    """What a dégagement gives back to it is not spent again, nor shown as if it could be.

    Seen red: the window alone looked at, and one that has none is always in it.
    """
    assert (
        montant_disponible([PartDisponible(Fraction(1), 10_00, None, None, fermee=True)], JUIN) == 0
    )
    part = PartAction(UUID(int=1), Fraction(1), 0, None, None, fermee=True)
    with pytest.raises(HorsPeriode):
        tenues_reservees(
            EtatAction(UUID(int=9), [part], {UUID(int=1): 10_00}),
            places=0,
            montant_centimes=1,
            jour=JUIN,
        )


def test_an_action_that_nobody_pays_has_no_money() -> None:
    assert montant_disponible([], JUIN) == 0
