"""What is shown of counts never gives back a group under five."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from fractions import Fraction
from functools import partial
from itertools import combinations, product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.orientation.criteres.rules import Critere
from services.orientation.statistiques.rules import (
    Durees,
    Objectif,
    equite,
    objectif_compte,
    profil,
    repartition,
    tableau,
)
from shared.masques import SEUIL, groupes_masques, modalites_masquees
from shared.refus import Validation
from shared.schemas.collectivite import DelaiLocal
from shared.schemas.orientation.statistiques import GroupeStatistiques, ProfilEquite
from tests.unit.orientation.construire import COMPLET, criteres

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


DELAIS = ("dans_objectif", "dans_delai", "hors_delai")
PARCOURS, SANS = ("P", "S", "O"), ("non_decidee", "sans_suite")
# What one person is: decided, by delay and by parcours, or not decided, by one name in both.
ISSUES = [*product(DELAIS, PARCOURS), *((nom, nom) for nom in SANS)]
comptes_tires = st.dictionaries(
    st.sampled_from("xyz"), st.lists(st.sampled_from(ISSUES), max_size=40), min_size=1
)
Cellule = tuple[str, str, str]


@given(comptes_tires)
@example({"x": [("hors_delai", "P")] * 2 + [("dans_delai", "S")] * 10 + [("non_decidee",) * 2] * 8})
@example(
    {
        "x": [("dans_objectif", "P")] * 20
        + [("hors_delai", "S")] * 2
        + [("non_decidee",) * 2] * 3
        + [("sans_suite",) * 2] * 4
    }
)
@example(
    {
        "x": [("hors_delai", "P"), ("dans_delai", "P")]
        + [("dans_objectif", "P")] * 20
        + [("non_decidee",) * 2] * 3
        + [("sans_suite",) * 2] * 4,
        "y": [("hors_delai", "P")] * 2 + [("dans_delai", "P")] * 5 + [("dans_objectif", "P")] * 20,
    }
)
@example(
    {
        "x": [("dans_objectif", "P")] * 10
        + [("dans_delai", "P")] * 2
        + [("hors_delai", "P")] * 8
        + [("non_decidee",) * 2] * 9
    }
)
def test_no_group_under_five_can_be_computed_from_what_is_shown(
    personnes: Mapping[str, list[tuple[str, str]]],
) -> None:
    """All that is shown, as linear equations of the true counts: no sum of 1 to 4 has a solution.

    With a local objective and without it, both asked of the same people.

    Planted: groups hidden alone; the second count left out; each répartition masked as if the
    others did not tell of those without a decision; the hidden ones of a group summed with those
    without a decision; a delay hidden by the objective alone; red all five.
    """
    comptes = {
        cle: {
            nom: {m: sum(un[rang] == m for un in tous) for m in {un[rang] for un in tous}}
            for rang, nom in enumerate(("delai", "parcours"))
        }
        for cle, tous in personnes.items()
    }
    cellules = [(cle, *issue) for cle in personnes for issue in ISSUES]
    equations = []
    for objectif in (True, False):
        lus = comptes if objectif else {cle: _sans_objectif(un) for cle, un in comptes.items()}
        ensemble, groupes = tableau(lus, {None: Durees(24, 24)}, objectif=objectif)
        equations += [
            [int(quoi(cellule)) for cellule in cellules]
            for groupe in (ensemble, *groupes)
            for quoi in _montres(groupe, tous=ensemble is groupe, objectif=objectif)
        ]
    base = _echelonner(equations)
    for nom, rang in (("delai", 1), ("parcours", 2)):
        for modalites in _parties({issue[rang - 1] for issue in ISSUES}):
            for cles in (*((cle,) for cle in personnes), tuple(personnes)):
                nombre = sum(comptes[cle][nom].get(un, 0) for cle in cles for un in modalites)
                if 0 < nombre < SEUIL:
                    vise = [int(c[0] in cles and c[rang] in modalites) for c in cellules]
                    assert not _engendre(base, vise), (cles, modalites, nombre)


def _parties(noms: Collection[str]) -> Iterator[tuple[str, ...]]:
    """Each count, and each sum of several: a few people are no less few for being of two kinds."""
    for taille in range(1, len(noms) + 1):
        yield from combinations(sorted(noms), taille)


def _sans_objectif(repartitions: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """The same people, their delays not told apart."""
    delai = dict(repartitions["delai"])
    atteint = delai.pop("dans_objectif", 0)
    reunis = {"dans_delai": delai.get("dans_delai", 0) + atteint}
    merged = delai | {un: n for un, n in reunis.items() if n}
    return {nom: dict(un) for nom, un in repartitions.items()} | {"delai": merged}


def _montres(
    groupe: GroupeStatistiques, *, tous: bool, objectif: bool
) -> Iterator[Callable[[Cellule], bool]]:
    """What each number shown is the sum of."""

    def dedans(cellule: Cellule) -> bool:
        return tous or cellule[0] == groupe.cle

    if groupe.a_orienter is not None:
        yield dedans
    if groupe.orientees is not None:
        yield lambda c: dedans(c) and c[1] not in SANS
    for une in groupe.repartitions:
        if une.masquee:
            continue
        rang, noms = (1, DELAIS) if une.nom == "delai" else (2, PARCOURS)
        masquees = {un.modalite for un in une.effectifs if un.masque}
        for modalite in {*noms, *SANS} - masquees:
            lues = {modalite}
            if not objectif and une.nom == "delai":
                lues = {"dans_delai": {*DELAIS[:2]}, "dans_objectif": set()}.get(modalite, lues)
            yield partial(_est, dedans, rang, lues)


def _est(
    dedans: Callable[[Cellule], bool], rang: int, modalites: Collection[str], cellule: Cellule
) -> bool:
    return dedans(cellule) and cellule[rang] in modalites


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
    assert ensemble.orientees == 43
    assert {un.modalite: un.nombre for un in ensemble.repartitions[0].effectifs} == {
        "dans_delai": None,
        "hors_delai": None,
        "non_decidee": 20,
    }
    assert (ensemble.dans_delai_points_base, ensemble.delai_moyen_heures) == (None, None)


def test_rates_and_means_of_what_is_shown() -> None:
    comptes = {"x": {"delai": {"dans_delai": 40, "hors_delai": 20}}}

    ensemble, (groupe,) = tableau(comptes, {None: Durees(240, 200), "x": Durees(240, 200)})

    assert (ensemble.dans_delai_points_base, ensemble.delai_median_heures) == (6667, 200)
    assert groupe.dans_delai_points_base == 6667


def test_a_local_objective_is_a_part_of_the_delay_and_never_beside_it() -> None:
    """Within 15 days and within six weeks share one répartition: their difference is a count."""
    comptes = {"x": {"delai": {"dans_objectif": 30, "dans_delai": 10, "hors_delai": 10}}}

    ensemble, _ = tableau(comptes, {}, objectif=True)
    sans, _ = tableau(comptes, {})
    serre, _ = tableau({"x": {"delai": {"dans_objectif": 30, "dans_delai": 2}}}, {}, objectif=True)

    assert (ensemble.dans_delai_points_base, ensemble.dans_objectif_points_base) == (8000, 6000)
    assert sans.dans_objectif_points_base is None
    assert (serre.dans_delai_points_base, serre.dans_objectif_points_base) == (None, None)


def _local(**champs: object) -> DelaiLocal:
    base = {"code": "entree_parcours", "duree": 15, "unite": "jours", "source": "délibération"}
    return DelaiLocal.model_validate(base | champs)


@pytest.mark.parametrize(
    ("local", "objectif", "confirme"),
    [
        pytest.param({}, Objectif(0, 15, entree=False), False, id="rien de dit : à la décision"),
        pytest.param(
            {"depart": "reception", "fin": "entree_parcours"},
            Objectif(0, 15, entree=True),
            True,
            id="de la réception à l'entrée",
        ),
        pytest.param(
            {"depart": "ouverture_droit", "fin": "accueil", "duree": 1, "unite": "mois"},
            Objectif(1, 0, entree=False),
            False,
            id="en mois, faits non datés ici",
        ),
        pytest.param(
            {"depart": "reception", "fin": "decision", "duree": 2, "unite": "semaines"},
            Objectif(0, 14, entree=False),
            True,
            id="en semaines",
        ),
    ],
)
def test_a_local_objective_as_it_is_counted(
    local: dict[str, object], objectif: Objectif, confirme: bool
) -> None:
    _, found, montre = objectif_compte([_local(**local)], "entree_parcours", date(2026, 3, 31))

    assert (found, montre.confirme) == (objectif, confirme)


def test_the_objective_of_the_last_day_is_counted_for_all_the_period() -> None:
    locaux = [
        _local(duree=30),
        _local(duree=15, depuis="2026-03-31"),
        _local(duree=10, depuis="2026-04-01"),
        _local(code="autre", duree=1),
    ]

    assert objectif_compte(locaux, "entree_parcours", date(2026, 3, 31))[1].jours == 15
    with pytest.raises(Validation):
        objectif_compte(locaux, "inconnu", date(2026, 3, 31))
    with pytest.raises(Validation):
        objectif_compte(locaux[1:3], "entree_parcours", date(2026, 3, 30))


def test_reorientations_are_shared_out_on_their_own() -> None:
    assert repartition("motif", {"A": 3}).masquee
    found = repartition("motif", {"A": 12, "B": 3, "C": 6})
    assert {un.modalite: un.nombre for un in found.effectifs} == {"A": 12, "B": None, "C": None}


PROFIL = ProfilEquite(
    regle="P4",
    activite="oui",
    projection="oui",
    qualification="oui",
    frein="moyen",
    obstacle="non",
)


def test_the_same_inputs_are_one_profile_whatever_else_differs() -> None:
    """A profile is what the table reads, not the criteria behind it."""
    un = profil("P4", criteres(**COMPLET | {"contrainte_mobilite": "DEPENDANT_TRANSPORT"}))
    autre = profil(
        "P4",
        [
            *criteres(**COMPLET | {"contrainte_numerique": "NON_ACCES_INTERNET"}),
            Critere("obstacle_temporaire", "false"),
        ],
    )

    assert un == autre == PROFIL
    assert profil("P5", criteres(**COMPLET)) != un


def test_unequal_decisions_on_the_same_inputs_show() -> None:
    """A territory where the proposal is set aside three times in four, beside two where it is not.

    Planted: groups compared without their profile, red.
    """
    autre = PROFIL.model_copy(update={"regle": "P2", "frein": "fort"})
    groupes = equite(
        {
            (PROFIL, "35236"): {"conforme": 10, "autre_parcours.social": 30},
            (PROFIL, "35238"): {"conforme": 36, "autre_parcours.social": 5},
            (autre, "35236"): {"conforme": 20},
            (autre, "35238"): {"conforme": 20},
        }
    )

    assert {(un.profil.regle, un.cle): un.ecart_points_base for un in groupes} == {
        ("P4", "35236"): 7500,
        ("P4", "35238"): 1220,
        ("P2", "35236"): 0,
        ("P2", "35238"): 0,
    }


ECARTS = ("conforme", "autre_organisme", "autre_parcours.social")
decisions_tirees = st.dictionaries(
    st.tuples(st.sampled_from(["P2", "P4"]), st.sampled_from("uvw")),
    st.dictionaries(st.sampled_from(ECARTS), st.integers(1, 30), min_size=1),
    min_size=1,
)


@given(decisions_tirees)
def test_no_departure_of_a_few_can_be_computed(
    tires: Mapping[tuple[str, str], dict[str, int]],
) -> None:
    """Even by who knows how many decisions there are in all, as the other statistics tell it.

    Planted: cells hidden alone, red.
    """
    comptes = {
        (PROFIL.model_copy(update={"regle": regle}), cle): effectifs
        for (regle, cle), effectifs in tires.items()
    }
    groupes = equite(comptes)

    cellules = [(*cle, ecart) for cle in tires for ecart in ECARTS]
    tous = sum(sum(effectifs.values()) for effectifs in tires.values())
    equations = [[1] * len(cellules)] if tous >= SEUIL else []
    for groupe in groupes:
        ici = (groupe.profil.regle, groupe.cle)
        if groupe.decisions is not None:
            equations.append([int(c[:2] == ici) for c in cellules])
        masques = {un.modalite for un in groupe.effectifs if un.masque}
        vus = set(ECARTS) - masques if groupe.effectifs else set()
        equations += [[int(c == (*ici, m)) for c in cellules] for m in vus]
        if groupe.ecart_points_base is not None:
            assert "conforme" in vus
    base = _echelonner(equations)
    for cle, effectifs in tires.items():
        for ecarts in _parties(ECARTS):
            if 0 < sum(effectifs.get(ecart, 0) for ecart in ecarts) < SEUIL:
                vise = [int(c[:2] == cle and c[2] in ecarts) for c in cellules]
                assert not _engendre(base, vise), (cle, ecarts, effectifs)
