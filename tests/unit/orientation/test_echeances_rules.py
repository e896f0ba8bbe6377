"""Which deadlines a collectivité has: the law's, and its own beside it."""

from datetime import date

import pytest

from services.orientation.echeances.rules import LEGAL, LEGALES, objectifs
from shared.schemas.collectivite import DelaiLocal, EvenementDelai, UniteDelai
from shared.schemas.orientation.echeances import NatureDelai


def local(code: str = "entree_parcours", **changes: object) -> DelaiLocal:
    base = {"code": code, "duree": 15, "unite": UniteDelai.JOURS, "source": "Essai"}
    return DelaiLocal.model_validate(base | changes)


def test_the_law_is_always_there_and_first() -> None:
    assert objectifs([]) == LEGALES
    assert objectifs([local()])[0] is LEGAL
    assert (LEGAL.code, LEGAL.nature, LEGAL.confirme) == (
        "orientation_pcd",
        NatureDelai.LEGALE,
        True,
    )


@pytest.mark.parametrize(
    ("depart", "fin", "compte", "confirme"),
    [
        pytest.param(None, None, ("reception", "decision"), False, id="la source ne dit rien"),
        pytest.param(
            None, "entree_parcours", ("reception", "entree_parcours"), False, id="départ non dit"
        ),
        pytest.param(
            "ouverture_droit", "accueil", ("ouverture_droit", "accueil"), True, id="Loire"
        ),
        pytest.param("reception", "accueil", ("reception", "accueil"), True, id="réglé"),
        pytest.param(
            "decision", "entree_parcours", ("decision", "entree_parcours"), True, id="deux"
        ),
        pytest.param("accueil", "reception", ("reception", "decision"), False, id="à l'envers"),
    ],
)
def test_what_the_source_does_not_give_is_not_confirmed(
    depart: str | None, fin: str | None, compte: tuple[str, str], confirme: bool
) -> None:
    *_, objectif = objectifs([local(depart=depart, fin=fin)])

    assert (objectif.depart, objectif.fin) == tuple(EvenementDelai(un) for un in compte)
    assert objectif.confirme is confirme
    assert objectif.nature is NatureDelai.OBJECTIF_LOCAL


@pytest.mark.parametrize(
    "delai",
    [
        pytest.param(local("orientation_pcd"), id="code de la loi"),
        pytest.param(local("contrat_engagement"), id="code d'une autre loi"),
        pytest.param(local(territoire="redon"), id="territoire sans communes connues"),
        pytest.param(local("reexamen_social"), id="réexamen du parcours social"),
        pytest.param(local("reponse_reorientation"), id="attente d'une réponse"),
        pytest.param(local("avis_ep_reorientation"), id="attente d'un avis"),
    ],
)
def test_what_is_no_objective_here(delai: DelaiLocal) -> None:
    assert objectifs([delai]) == LEGALES


def test_rows_of_one_code_follow_one_another() -> None:
    premier, second = local(), local(duree=10, depuis=date(2026, 7, 1))

    avant, apres = (
        un for un in objectifs([second, premier, local("accueil")]) if un.code == "entree_parcours"
    )

    assert (avant.depuis, avant.avant) == (None, date(2026, 7, 1))
    assert (apres.depuis, apres.avant) == (date(2026, 7, 1), None)


def test_of_two_rows_of_one_day_the_last_wins() -> None:
    *_, seul = objectifs([local(duree=15), local(duree=10)])

    assert seul.delai is not None
    assert seul.delai.duree == 10
