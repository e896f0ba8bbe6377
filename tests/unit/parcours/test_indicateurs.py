"""What is shown of people accompanied: none under five, nor a way back to one."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.parcours.indicateurs import rules
from services.parcours.indicateurs.rules import CompteAction
from shared.refus import Validation
from shared.schemas.parcours.indicateurs import GroupeIndicateurs

FREIN = "frein_leve.mobilite"


def _effectifs(groupe: GroupeIndicateurs, nom: str) -> dict[str, int | None] | None:
    found = next(un for un in groupe.repartitions if un.nom == nom)
    return None if found.masquee else {un.modalite: un.nombre for un in found.effectifs}


def _comptes(avec: int, total: int) -> dict[str, Any]:
    return {"org": {"statut": {"en_cours": total}, FREIN: {"avec": avec} if avec else {}}}


@pytest.mark.parametrize(
    ("avec", "total", "montre"),
    [
        pytest.param(5, 10, {"avec": 5, "sans": 5}, id="cinq et cinq"),
        pytest.param(4, 10, {"avec": None, "sans": None}, id="quatre l'ont"),
        pytest.param(6, 10, {"avec": None, "sans": None}, id="quatre ne l'ont pas"),
        pytest.param(0, 10, {"sans": 10}, id="personne"),
        pytest.param(10, 10, {"avec": 10}, id="toutes"),
        pytest.param(4, 4, None, id="quatre en tout"),
    ],
)
def test_who_has_it_and_who_has_not(
    avec: int, total: int, montre: dict[str, int | None] | None
) -> None:
    """The rest is a group too.

    Planted: the count masked by itself, without those who have it not, red.
    """
    ensemble, _ = rules.tableau(rules.completer(_comptes(avec, total)), {})

    assert _effectifs(ensemble, FREIN) == montre


_STATUTS = st.dictionaries(
    st.sampled_from(["en_cours", "emploi_durable", "autre"]), st.integers(1, 12), min_size=1
)


@given(st.dictionaries(st.sampled_from("abcd"), _STATUTS, min_size=1), st.data())
def test_no_difference_tells_of_few(
    statuts: dict[str, dict[str, int]], data: st.DataObject
) -> None:
    """Any groups taken away from the whole leave nobody, or five people at least.

    Planted: each group masked by its own count alone, red.
    """
    comptes = {
        cle: {
            "statut": un,
            FREIN: {"avec": data.draw(st.integers(0, sum(un.values())))},
        }
        for cle, un in statuts.items()
    }
    ensemble, groupes = rules.tableau(rules.completer(comptes), {})

    for nom in ("statut", FREIN):
        entier = _effectifs(ensemble, nom)
        if entier is None:
            continue
        for modalite, tout in entier.items():
            if tout is None:
                continue
            lus = [_effectifs(un, nom) for un in groupes]
            vus = [None if lu is None else lu.get(modalite) or 0 for lu in lus]
            reste = tout - sum(vu or 0 for vu in vus)
            assert reste == 0 or reste >= 5
            assert all(vu is None or vu == 0 or vu >= 5 for vu in vus)
    reste = (ensemble.accompagnees or 0) - sum(un.accompagnees or 0 for un in groupes)
    assert ensemble.masque or reste == 0 or reste >= 5


@pytest.mark.parametrize(
    ("avec", "montre"),
    [
        pytest.param(5, True, id="cinq l'ont vu lever"),
        pytest.param(4, False, id="quatre"),
        pytest.param(17, False, id="trois ne l'ont pas"),
    ],
)
def test_a_median_is_hidden_with_its_people(avec: int, montre: bool) -> None:
    """So is its code: there, without its days, it tells that somebody has one.

    Planted: the code listed with null days, red.
    """
    comptes = rules.completer(_comptes(avec, 20))

    ensemble, (groupe,) = rules.tableau(comptes, {(None, "mobilite"): 40, ("org", "mobilite"): 40})

    assert [
        [(un.code, un.mediane_jours) for un in vu.delais_levee] for vu in (ensemble, groupe)
    ] == [[("mobilite", 40)] if montre else []] * 2


@given(st.dictionaries(st.sampled_from("abcd"), _STATUTS, min_size=1), st.data())
def test_a_median_tells_of_no_hidden_group(
    statuts: dict[str, dict[str, int]], data: st.DataObject
) -> None:
    """A group says a median where it shows five who have one, and nothing elsewhere."""
    comptes = {
        cle: {
            "statut": un,
            FREIN: {"avec": data.draw(st.integers(0, sum(un.values())))},
        }
        for cle, un in statuts.items()
    }
    medianes: dict[tuple[str | None, str], int] = {
        (cle, "mobilite"): 40 for cle, un in comptes.items() if un[FREIN]["avec"]
    }
    if medianes:
        medianes[None, "mobilite"] = 40
    ensemble, groupes = rules.tableau(rules.completer(comptes), medianes)

    for vu in (ensemble, *groupes):
        montrees = (_effectifs(vu, FREIN) or {}).get("avec") or 0
        assert bool(vu.delais_levee) == (montrees >= 5)


@pytest.mark.parametrize(("personnes", "masque"), [(4, True), (5, False)], ids=["quatre", "cinq"])
def test_an_action_of_few_is_hidden_whole(personnes: int, masque: bool) -> None:
    """People are few, not freins: three of them may have had six lifted.

    Planted: masked by the number of freins, red.
    """
    action = "019cad9d-67a0-7c02-9e41-6b1f0f5a2d33"
    montre = rules.levee(action, CompteAction(personnes, 9, 30))

    assert montre.masque is masque
    assert (montre.personnes, montre.freins_leves, montre.mediane_jours) == (
        (None, None, None) if masque else (personnes, 9, 30)
    )


@pytest.mark.parametrize(
    ("debut", "fin", "admise"),
    [
        pytest.param(date(2026, 1, 1), date(2026, 1, 1), True, id="un jour"),
        pytest.param(date(2026, 1, 2), date(2026, 1, 1), False, id="a l'envers"),
        pytest.param(date(2025, 1, 1), date(2026, 1, 2), True, id="366 jours"),
        pytest.param(date(2025, 1, 1), date(2026, 1, 3), False, id="367 jours"),
    ],
)
def test_a_period_is_of_a_year_at_most(debut: date, fin: date, admise: bool) -> None:
    if admise:
        rules.verifier_periode(debut, fin)
        return
    with pytest.raises(Validation):
        rules.verifier_periode(debut, fin)
