"""PASS IAE, CEJ, PACEA: lengths, ages and gaps, on both sides of each."""

from datetime import date

import pytest

from services.parcours.dispositifs.rules import (
    EtatDispositif,
    apres_acte,
    date_fin,
    fin_pass,
    verifier_creation,
)
from shared.delais import Pause
from shared.refus import TransitionInterdite, Validation
from shared.schemas.parcours.dispositifs import (
    ActeDispositifCreation,
    DispositifCreation,
    MotifFinDispositif,
    StatutDispositif,
    TypeActeDispositif,
    TypeDispositif,
)

DEBUT = date(2026, 3, 3)
CEJ = {"type": "cej", "date_debut": "2026-03-03", "date_fin": "2027-03-02", "age_entree": 19}


def passe(debut: date, fin: date, type_: TypeDispositif = TypeDispositif.CEJ) -> EtatDispositif:
    return EtatDispositif(type_, StatutDispositif.CLOS, debut, fin)


def ouvert(type_: TypeDispositif, fin: date, *suspensions: Pause) -> EtatDispositif:
    return EtatDispositif(type_, StatutDispositif.OUVERT, DEBUT, fin, suspensions)


def fautes(corps: dict[str, object], *autres: EtatDispositif) -> list[str]:
    try:
        verifier_creation(DispositifCreation.model_validate(corps), autres)
    except Validation as refus:
        return [un["pointeur"] for un in refus.members["erreurs"]]
    return []


@pytest.mark.parametrize(
    ("champs", "attendu"),
    [
        pytest.param({}, [], id="douze mois"),
        pytest.param({"date_fin": "2027-03-03"}, ["/date_fin"], id="douze mois et un jour"),
        pytest.param({"age_entree": 16}, [], id="seize ans"),
        pytest.param({"age_entree": 15}, ["/age_entree"], id="quinze ans"),
        pytest.param({"age_entree": 25}, [], id="vingt-cinq ans révolus"),
        pytest.param({"age_entree": 26}, ["/age_entree"], id="vingt-six ans"),
        pytest.param({"age_entree": 29, "rqth": True}, [], id="vingt-neuf ans, RQTH"),
        pytest.param({"age_entree": 30, "rqth": True}, ["/age_entree"], id="trente ans, RQTH"),
        pytest.param({"age_entree": None}, ["/age_entree"], id="âge absent"),
        pytest.param({"numero": "XXXXX0000000"}, ["/numero"], id="un numéro de PASS"),
        pytest.param({"date_fin": None}, ["/date_fin"], id="sans fin"),
        pytest.param({"date_fin": "2026-03-02"}, ["/date_fin"], id="fin avant début"),
    ],
)
def test_bounds_of_a_cej(champs: dict[str, object], attendu: list[str]) -> None:
    """Planted: `rqth` not asked above 25, and the twelve months read inclusive, each red."""
    assert fautes(CEJ | champs) == attendu


@pytest.mark.parametrize(
    ("fin", "admis"),
    [
        pytest.param(date(2025, 9, 2), True, id="six mois avant"),
        pytest.param(date(2025, 9, 3), False, id="six mois moins un jour"),
        pytest.param(date(2026, 3, 2), False, id="la veille"),
        pytest.param(date(2026, 3, 3), False, id="encore en cours"),
    ],
)
def test_six_months_between_two_cej(fin: date, admis: bool) -> None:
    """Planted: five months for six, red."""
    assert (fautes(CEJ, passe(date(2025, 1, 1), fin)) == []) is admis


def test_the_gap_holds_whichever_was_told_first() -> None:
    assert fautes(CEJ, passe(date(2027, 9, 2), date(2028, 1, 1))) == ["/date_debut"]
    assert fautes(CEJ, passe(date(2027, 9, 3), date(2028, 1, 1))) == []


@pytest.mark.parametrize(
    ("jour", "admis"),
    [
        pytest.param(date(2027, 9, 2), True, id="dix-huit mois"),
        pytest.param(date(2027, 9, 3), False, id="dix-huit mois et un jour"),
        pytest.param(date(2027, 3, 2), False, id="pas plus tard"),
    ],
)
def test_a_cej_goes_up_to_eighteen_months(jour: date, admis: bool) -> None:
    demande = ActeDispositifCreation(type=TypeActeDispositif.PROLONGATION, date_acte=jour)
    etat = ouvert(TypeDispositif.CEJ, date(2027, 3, 2))
    if admis:
        assert apres_acte(etat, demande, [], DEBUT) == (StatutDispositif.OUVERT, jour)
    else:
        with pytest.raises(Validation):
            apres_acte(etat, demande, [], DEBUT)


def test_a_prolonged_cej_does_not_come_near_the_next() -> None:
    demande = ActeDispositifCreation(
        type=TypeActeDispositif.PROLONGATION, date_acte=date(2027, 6, 2)
    )
    etat = ouvert(TypeDispositif.CEJ, date(2027, 3, 2))
    with pytest.raises(Validation):
        apres_acte(etat, demande, [passe(date(2027, 11, 1), date(2028, 3, 1))], DEBUT)


@pytest.mark.parametrize(
    ("suspensions", "fin"),
    [
        pytest.param([], date(2028, 3, 1), id="deux fois 365 jours"),
        pytest.param([Pause(date(2026, 6, 1), date(2026, 6, 30))], date(2028, 3, 31), id="un mois"),
        pytest.param([Pause(DEBUT, DEBUT)], date(2028, 3, 2), id="dès le premier jour"),
        pytest.param(
            [Pause(date(2026, 6, 1), date(2026, 6, 10)), Pause(date(2028, 3, 5), date(2028, 3, 9))],
            date(2028, 3, 16),
            id="dans ce qu'une autre a prolongé",
        ),
    ],
)
def test_a_suspension_pushes_the_end_of_a_pass(suspensions: list[Pause], fin: date) -> None:
    """Planted: its first day not counted, red."""
    assert (date(2028, 3, 1) - DEBUT).days + 1 == 2 * 365
    assert fin_pass(DEBUT, suspensions) == fin


@pytest.mark.parametrize(
    ("debut", "fin", "admis"),
    [
        pytest.param(date(2026, 7, 1), date(2026, 7, 31), True, id="après une autre"),
        pytest.param(date(2026, 6, 30), date(2026, 7, 31), False, id="un jour deux fois"),
        pytest.param(date(2026, 3, 2), date(2026, 3, 31), False, id="avant le PASS"),
        pytest.param(date(2026, 8, 2), date(2026, 8, 1), False, id="à l'envers"),
    ],
)
def test_suspensions_do_not_overlap(debut: date, fin: date, admis: bool) -> None:
    etat = ouvert(
        TypeDispositif.PASS_IAE, date(2028, 3, 31), Pause(date(2026, 6, 1), date(2026, 6, 30))
    )
    demande = ActeDispositifCreation(
        type=TypeActeDispositif.SUSPENSION, date_acte=debut, date_fin=fin
    )
    if admis:
        assert apres_acte(etat, demande, [], DEBUT)[1] == date(2028, 5, 1)
    else:
        with pytest.raises(Validation):
            apres_acte(etat, demande, [], DEBUT)


@pytest.mark.parametrize(
    ("type_", "acte"),
    [
        pytest.param(TypeDispositif.PASS_IAE, "prolongation", id="PASS prolongé"),
        pytest.param(TypeDispositif.CEJ, "suspension", id="CEJ suspendu"),
    ],
)
def test_some_acts_are_of_other_types(type_: TypeDispositif, acte: str) -> None:
    fin = DEBUT if acte == "suspension" else None
    demande = ActeDispositifCreation(
        type=TypeActeDispositif(acte), date_acte=date(2027, 6, 1), date_fin=fin
    )
    with pytest.raises(TransitionInterdite):
        apres_acte(ouvert(type_, date(2027, 3, 2)), demande, [], DEBUT)


@pytest.mark.parametrize(
    ("jour", "admis"),
    [
        pytest.param(DEBUT, True, id="son premier jour"),
        pytest.param(date(2026, 3, 2), False, id="avant"),
        pytest.param(date(2026, 7, 1), True, id="aujourd'hui"),
        pytest.param(date(2026, 7, 2), False, id="demain"),
    ],
)
def test_it_closes_on_a_day_that_has_come(jour: date, admis: bool) -> None:
    demande = ActeDispositifCreation(
        type=TypeActeDispositif.CLOTURE, date_acte=jour, motif=MotifFinDispositif.EMPLOI
    )
    etat = ouvert(TypeDispositif.CEJ, date(2027, 3, 2))
    if admis:
        assert apres_acte(etat, demande, [], date(2026, 7, 1)) == (StatutDispositif.CLOS, jour)
    else:
        with pytest.raises(Validation):
            apres_acte(etat, demande, [], date(2026, 7, 1))


def test_an_autonomy_contract_names_its_referent() -> None:
    corps: dict[str, object] = {
        "type": "trajectoire_autonomie",
        "date_debut": "2026-03-03",
        "date_fin": "2027-03-02",
    }

    assert fautes(corps) == ["/agent"]
    assert fautes(corps | {"agent": "agt-1"}) == []


def test_a_last_day_that_cannot_be_told_is_refused() -> None:
    """Planted: what is computed let through, red: a last day in 3001, which no contract writes."""
    etat = ouvert(TypeDispositif.PASS_IAE, date(2028, 3, 1))
    suspension = ActeDispositifCreation(
        type=TypeActeDispositif.SUSPENSION, date_acte=DEBUT, date_fin=date(2997, 1, 1)
    )
    loin = suspension.model_copy(update={"date_fin": date(2999, 12, 31)})
    creation = DispositifCreation(type=TypeDispositif.PASS_IAE, date_debut=date(2999, 1, 1))

    assert apres_acte(etat, suspension, [], DEBUT)[1].year == 2999
    for refused in (
        lambda: apres_acte(etat, loin, [], DEBUT),
        lambda: date_fin(creation),
    ):
        with pytest.raises(Validation) as refus:
            refused()
        assert [un["code"] for un in refus.value.members["erreurs"]] == ["hors-bornes"]
