"""The split of an amount: exact to the cent, and fair over time."""

from fractions import Fraction
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.financement.repartition import Part, Quote, repartir, ventiler

DEMI = Fraction(1, 2)
SANS_PLAFOND = 10**15


def suite(poids: list[Fraction], montants: list[int]) -> list[list[int]]:
    """Split amounts one after the other, each knowing what the earlier ones gave."""
    deja = [0] * len(poids)
    parts = []
    for montant in montants:
        quotes = [Quote(p, d, SANS_PLAFOND) for p, d in zip(poids, deja, strict=True)]
        parts.append(repartir(montant, quotes))
        deja = [d + part for d, part in zip(deja, parts[-1], strict=True)]
    return parts


def test_worked_example_of_the_rules() -> None:
    """Règles de financement, § 7 A: 48 250,35 € engaged, liquidated in three times."""
    engage = repartir(4_825_035, [Quote(DEMI, 0, 62_085_000)] * 2)
    assert engage == [24_125_18, 24_125_17]

    reste, deja, liquidations = engage, [0, 0], []
    for montant in (31_000_01, 10_000_01, 7_250_33):
        quotes = [Quote(DEMI, d, r) for d, r in zip(deja, reste, strict=True)]
        parts = repartir(montant, quotes)
        liquidations.append(parts)
        deja = [d + part for d, part in zip(deja, parts, strict=True)]
        reste = [r - part for r, part in zip(reste, parts, strict=True)]

    assert liquidations == [
        [15_500_01, 15_500_00],
        [5_000_00, 5_000_01],
        [3_625_17, 3_625_16],
    ]
    assert (deja, reste) == (engage, [0, 0])


def test_seventeen_equal_actions_of_the_contract() -> None:
    parts = repartir(124_170_000, [Quote(Fraction(1, 17), 0, SANS_PLAFOND)] * 17)

    assert sorted(parts) == [73_041_17] * 6 + [73_041_18] * 11


@pytest.mark.parametrize(
    ("montant", "poids", "parts"),
    [
        pytest.param(1, [DEMI, DEMI], [1, 0], id="un centime : le premier rang"),
        pytest.param(0, [DEMI, DEMI], [0, 0], id="rien"),
        pytest.param(7919, [Fraction(1, 3), Fraction(2, 3)], [2640, 5279], id="premier, un tiers"),
        pytest.param(185_050, [Fraction(2, 3), Fraction(1, 3)], [123_367, 61_683], id="deux tiers"),
        pytest.param(40_001, [Fraction(1)], [40_001], id="un seul"),
        pytest.param(
            64_535,
            [Fraction(73_067, 135_534), Fraction(62_467, 135_534)],
            [34_791, 29_744],
            id="au prorata, premiers entre eux",
        ),
    ],
)
def test_splits(montant: int, poids: list[Fraction], parts: list[int]) -> None:
    assert repartir(montant, [Quote(p, 0, SANS_PLAFOND) for p in poids]) == parts


def test_the_same_amount_again_and_again_favours_nobody() -> None:
    parts = suite([DEMI, DEMI], [103_475] * 1_200)

    assert [sum(part) for part in zip(*parts, strict=True)] == [62_085_000, 62_085_000]


def test_a_ceiling_sends_the_odd_cent_elsewhere() -> None:
    assert repartir(1, [Quote(DEMI, 0, 0), Quote(DEMI, 0, 5)]) == [0, 1]


def test_ceilings_that_do_not_cover_the_amount_are_a_fault() -> None:
    with pytest.raises(ValueError, match="plafonds"):
        repartir(11, [Quote(DEMI, 0, 5), Quote(DEMI, 0, 5)])


cles = st.lists(st.integers(1, 100_000), min_size=2, max_size=5).map(
    lambda poids: [Fraction(p, sum(poids)) for p in poids]
)
montants = st.one_of(
    st.integers(1, 3), st.sampled_from([7, 101, 7_919, 104_729]), st.integers(1, 10**11)
)


@settings(max_examples=4_000, deadline=None)
@given(poids=cles, suivis=st.lists(montants, min_size=1, max_size=8))
def test_no_sequence_favours_a_funder(poids: list[Fraction], suivis: list[int]) -> None:
    """Exact, never negative, under one cent from what is due: half a cent between two (I-13).

    Seen red with the odd cent always given to the first funder.
    """
    parts = suite(poids, suivis)

    assert [sum(part) for part in parts] == suivis
    assert min(min(part) for part in parts) >= 0
    borne = DEMI if len(poids) == 2 else Fraction(999_999, 1_000_000)
    total, recus = 0, [0] * len(poids)
    for montant, part in zip(suivis, parts, strict=True):
        total += montant
        recus = [r + p for r, p in zip(recus, part, strict=True)]
        assert max(abs(total * p - r) for p, r in zip(poids, recus, strict=True)) <= borne


@settings(max_examples=1_000, deadline=None)
@given(data=st.data(), poids=cles, engage=st.integers(1, 10**9))
def test_partial_liquidations_end_exactly(
    data: st.DataObject, poids: list[Fraction], engage: int
) -> None:
    reste = repartir(engage, [Quote(p, 0, SANS_PLAFOND) for p in poids])
    deja = [0] * len(poids)
    while any(reste):
        # A partial amount, or the last one, which takes the exact remainder.
        solde = data.draw(st.booleans())
        montant = sum(reste) if solde else data.draw(st.integers(1, sum(reste)))
        quotes = [Quote(p, d, r) for p, d, r in zip(poids, deja, reste, strict=True)]
        parts = repartir(montant, quotes)
        assert sum(parts) == montant
        assert all(0 <= part <= r for part, r in zip(parts, reste, strict=True))
        deja = [d + part for d, part in zip(deja, parts, strict=True)]
        reste = [r - part for r, part in zip(reste, parts, strict=True)]
    assert sum(deja) == engage


def test_ten_thousand_random_splits_conserve_the_whole_and_end_exact() -> None:
    """10 000 engagements, each split over 2 to 5 payers, then liquidated by parts to its last cent.

    The same every time: a failure is replayed. Planted: the odd cents dropped, red.
    """
    hasard, liquidations = Random(4_4_35), 0
    for _ in range(10_000):
        poids = [hasard.randint(1, 100_000) for _ in range(hasard.randint(2, 5))]
        montant = hasard.choice((1, 7, 7_919, hasard.randint(1, 10**6), hasard.randint(1, 10**13)))
        quotes = [Quote(Fraction(un, sum(poids)), 0, SANS_PLAFOND) for un in poids]
        engage = repartir(montant, quotes)
        assert sum(engage) == montant
        assert min(engage) >= 0
        assert all(
            abs(part - montant * quote.poids) < 1
            for part, quote in zip(engage, quotes, strict=True)
        )

        lignes = {UUID(int=rang): part for rang, part in enumerate(engage)}
        deja = dict.fromkeys(lignes, 0)
        while reste := montant - sum(deja.values()):
            # A part, or the solde, which takes the exact remainder.
            liquide = reste if hasard.random() < 0.4 else hasard.randint(1, reste)
            ventilation = ventiler(
                liquide,
                [Part(un, lignes[un], deja[un], lignes[un] - deja[un]) for un in lignes],
            )
            assert sum(ventilation.values()) == liquide
            for un, centimes in ventilation.items():
                deja[un] += centimes
                assert centimes > 0
                assert deja[un] <= lignes[un]
            liquidations += 1
        assert deja == lignes
    assert liquidations > 10_000
