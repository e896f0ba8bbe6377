"""What is shown of counts never gives back a group under five."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orientation.statistiques.rules import (
    SEUIL,
    Durees,
    groupes_masques,
    modalites_masquees,
    tableau,
)
from shared.schemas.orientation import GroupeStatistiques

Tableau = tuple[GroupeStatistiques, list[GroupeStatistiques]]


@pytest.mark.parametrize(
    ("effectifs", "masquees"),
    [
        pytest.param({"a": 12, "b": 5}, set(), id="rien à masquer"),
        pytest.param({"a": 12, "b": 0}, set(), id="zéro n'est personne"),
        pytest.param({"a": 12, "b": 9, "c": 4}, {"b", "c"}, id="un seul : un autre avec lui"),
        pytest.param({"a": 12, "b": 4, "c": 3}, {"b", "c"}, id="deux, assez ensemble"),
        pytest.param({"a": 12, "b": 1, "c": 2}, {"a", "b", "c"}, id="deux, trop peu ensemble"),
        pytest.param(
            {"a": 12, "b": 4, "c": 4}, {"a", "b", "c"}, id="deux, au plus haut : somme parlante"
        ),
        pytest.param(
            dict.fromkeys("abcde", 1) | {"f": 9}, set("abcdef"), id="cinq fois un : somme parlante"
        ),
        pytest.param({"a": 6, "b": 6, "c": 1, "d": 7}, {"a", "b", "c"}, id="à égalité, ensemble"),
        pytest.param({"a": 4}, None, id="moins de cinq personnes"),
        pytest.param({}, None, id="personne"),
        pytest.param({"a": 4, "b": 4}, None, id="rien d'autre à masquer"),
    ],
)
def test_counts_hidden(effectifs: Mapping[str, int], masquees: set[str] | None) -> None:
    """Planted: no second count beside a lone one, red."""
    assert modalites_masquees(effectifs) == masquees


@pytest.mark.parametrize(
    ("groupes", "masquees", "caches"),
    [
        pytest.param({"x": {"a": 9}, "y": {"a": 6}}, (), set(), id="rien à cacher"),
        pytest.param(
            {"x": {"a": 9}, "y": {"a": 6}, "z": {"a": 3}}, (), {"y", "z"}, id="un autre avec lui"
        ),
        pytest.param(
            {"x": {"a": 9}, "y": {"a": 2}, "z": {"a": 3}}, (), {"y", "z"}, id="assez ensemble"
        ),
        pytest.param(
            {"x": {"a": 9}, "y": {"a": 1}, "z": {"a": 3}}, (), {"x", "y", "z"}, id="trop peu"
        ),
        pytest.param(
            {"x": {"a": 9, "b": 2}, "y": {"a": 9, "b": 8}},
            ("b",),
            {"x", "y"},
            id="la modalité masquée se déduit du total du groupe",
        ),
        pytest.param(
            {"x": {"a": 9, "b": 2, "c": 3}, "y": {"a": 9, "b": 8}},
            ("b", "c"),
            set(),
            id="masquées, assez ensemble",
        ),
    ],
)
def test_groups_hidden(
    groupes: Mapping[str, Mapping[str, int]], masquees: tuple[str, ...], caches: set[str]
) -> None:
    """Planted: hidden groups not added to, red."""
    assert groupes_masques(groupes, masquees) == caches


def test_who_knows_the_rule_still_has_two_readings() -> None:
    """Every answer, met by all the counts that give it: no hidden count is the same in all.

    Planted: the sums at one and at four left as they are; of equal counts, the first only; red
    both.
    """
    lectures: dict[tuple[object, ...], list[tuple[int, ...]]] = {}
    for vrais in product(range(11), repeat=4):
        effectifs = dict(zip("abcd", vrais, strict=True))
        masquees = modalites_masquees(effectifs)
        if masquees:
            montre = tuple(None if nom in masquees else effectifs[nom] for nom in "abcd")
            lectures.setdefault((sum(vrais), *montre), []).append(vrais)
    assert len(lectures) > 1000
    for (_, *vus), possibles in lectures.items():
        for rang, nombre in enumerate(vus):
            # Beyond ten the counts were not drawn: only what is under five is at stake.
            if nombre is None and any(un[rang] < SEUIL for un in possibles):
                assert len({un[rang] for un in possibles}) > 1, (vus, possibles)


comptes_tires = st.dictionaries(
    st.sampled_from("uvwxyz"),
    st.lists(
        st.tuples(
            st.sampled_from(["dans_delai", "hors_delai", "non_decidee"]), st.sampled_from("PSO")
        ),
        max_size=24,
    ),
    min_size=1,
)


@given(comptes_tires)
def test_no_group_under_five_can_be_computed_from_what_is_shown(
    personnes: Mapping[str, list[tuple[str, str]]],
) -> None:
    """All that is shown, as linear equations of the true counts: none of 1 to 4 has a solution.

    Planted: groups hidden alone; the second count left out; red both.
    """
    comptes = {
        cle: {
            nom: {m: sum(un[rang] == m for un in tous) for m in {un[rang] for un in tous}}
            for rang, nom in enumerate(("delai", "parcours"))
        }
        for cle, tous in personnes.items()
    }
    ensemble, groupes = tableau(comptes, {None: Durees(24, 24)})

    cellules = [
        (cle, delai, parcours)
        for cle in personnes
        for delai in ("dans_delai", "hors_delai", "non_decidee")
        for parcours in "PSO"
    ]
    equations = [
        [int(quoi(cellule)) for cellule in cellules]
        for groupe in (ensemble, *groupes)
        for quoi in _montres(groupe, ensemble is groupe)
    ]
    base = _echelonner(equations)
    for cle in personnes:
        for rang, nom in enumerate(("delai", "parcours")):
            for modalite, nombre in comptes[cle][nom].items():
                vise = [int(c[0] == cle and c[rang + 1] == modalite) for c in cellules]
                assert not (0 < nombre < SEUIL and _engendre(base, vise)), (cle, modalite, nombre)
    for rang, nom in enumerate(("delai", "parcours")):
        for modalite in ("dans_delai", "hors_delai", "non_decidee", *"PSO"):
            nombre = sum(comptes[cle][nom].get(modalite, 0) for cle in comptes)
            vise = [int(c[rang + 1] == modalite) for c in cellules]
            assert not (0 < nombre < SEUIL and _engendre(base, vise)), (modalite, nombre)


def _montres(groupe: GroupeStatistiques, tous: bool):  # type: ignore[no-untyped-def]
    """What each number shown is the sum of."""

    def dedans(cellule: tuple[str, str, str]) -> bool:
        return tous or cellule[0] == groupe.cle

    if groupe.a_orienter is not None:
        yield dedans
    for repartition in groupe.repartitions:
        rang = 1 if repartition.nom == "delai" else 2
        masquees = {un.modalite for un in repartition.effectifs if un.masque}
        if repartition.masquee:
            continue
        noms = ("dans_delai", "hors_delai", "non_decidee") if rang == 1 else tuple("PSO")
        for modalite in set(noms) - masquees:
            yield lambda c, rang=rang, modalite=modalite: dedans(c) and c[rang] == modalite


def _echelonner(lignes: list[list[int]]) -> list[list[Fraction]]:
    base: list[list[Fraction]] = []
    for ligne in lignes:
        reste = _reduire(base, ligne)
        if any(reste):
            pivot = next(i for i, x in enumerate(reste) if x)
            base.append([x / reste[pivot] for x in reste])
    return base


def _reduire(base: list[list[Fraction]], ligne: list[int]) -> list[Fraction]:
    reste = [Fraction(x) for x in ligne]
    for appui in base:
        pivot = next(i for i, x in enumerate(appui) if x)
        if reste[pivot]:
            reste = [x - reste[pivot] * y for x, y in zip(reste, appui, strict=True)]
    return reste


def _engendre(base: list[list[Fraction]], ligne: list[int]) -> bool:
    return not any(_reduire(base, ligne))


def test_a_rate_beside_a_hidden_count_would_tell_it() -> None:
    comptes = {"x": {"delai": {"dans_delai": 40, "hors_delai": 3, "non_decidee": 20}}}

    (ensemble, _) = tableau(comptes, {None: Durees(240, 200), "x": Durees(240, 200)})

    assert ensemble.a_orienter == 63
    assert {un.modalite: un.nombre for un in ensemble.repartitions[0].effectifs} == {
        "dans_delai": 40,
        "hors_delai": None,
        "non_decidee": None,
    }
    assert (ensemble.dans_delai_points_base, ensemble.delai_moyen_heures) == (None, None)


def test_rates_and_means_of_what_is_shown() -> None:
    comptes = {"x": {"delai": {"dans_delai": 40, "hors_delai": 20}}}

    ensemble, (groupe,) = tableau(comptes, {None: Durees(240, 200), "x": Durees(240, 200)})

    assert (ensemble.dans_delai_points_base, ensemble.delai_median_heures) == (6667, 200)
    assert groupe.dans_delai_points_base == 6667
