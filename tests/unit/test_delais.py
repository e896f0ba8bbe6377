"""Deadlines. Planted by hand and seen red: 41 days for six weeks, `<` for `<=` on the due date,
the alert at D-6, UTC midnight for the local one, 30 days for a month."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delais import (
    DELAIS,
    Delai,
    Etat,
    Interruption,
    Pause,
    Unite,
    delai_en_vigueur,
    echeance,
    echeance_prolongee,
    echeance_suivie,
    etat,
    fin_de_delai,
    jour_civil,
)

PARIS, REUNION = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")
GUADELOUPE, MIQUELON = ZoneInfo("America/Guadeloupe"), ZoneInfo("America/Miquelon")
FUSEAUX = [PARIS, REUNION, GUADELOUPE, MIQUELON, ZoneInfo("Indian/Mayotte")]

jours = st.dates(date(1990, 1, 1), date(2200, 1, 1))


@pytest.mark.parametrize(
    ("code", "depart", "attendue"),
    [
        pytest.param("orientation_pcd", date(2026, 1, 5), date(2026, 2, 16), id="six semaines"),
        pytest.param(
            "orientation_pcd", date(2026, 12, 1), date(2027, 1, 12), id="transfert, fin d'année"
        ),
        pytest.param(
            "contrat_engagement", date(2026, 1, 31), date(2026, 2, 28), id="31 janvier, un mois"
        ),
        pytest.param(
            "contrat_engagement", date(2028, 1, 31), date(2028, 2, 29), id="année bissextile"
        ),
        pytest.param(
            "contrat_engagement",
            date(2026, 2, 28),
            date(2026, 3, 28),
            id="le quantième, non la fin",
        ),
        pytest.param(
            "relecture_social", date(2026, 8, 31), date(2027, 2, 28), id="six mois, fin de février"
        ),
        pytest.param(
            "reprise_stock", date(2025, 1, 1), date(2027, 1, 1), id="reprise du stock, deux ans"
        ),
        pytest.param("observations_ft", date(2026, 3, 1), date(2026, 3, 11), id="dix jours"),
    ],
)
def test_due_dates_of_the_texts(code: str, depart: date, attendue: date) -> None:
    assert delai_en_vigueur(code, depart).echeance(depart) == attendue


@pytest.mark.parametrize(
    ("depart", "attendue"),
    [
        pytest.param(date(2026, 2, 13), date(2026, 2, 28), id="échéance un samedi"),
        pytest.param(date(2026, 4, 16), date(2026, 5, 1), id="échéance un jour férié"),
    ],
)
def test_weekends_and_holidays_extend_nothing(depart: date, attendue: date) -> None:
    assert echeance(depart, 15, Unite.JOURS) == attendue


def test_29_february_ends_on_the_28th_a_year_later() -> None:
    assert echeance(date(2028, 2, 29), 1, Unite.ANS) == date(2029, 2, 28)


@pytest.mark.parametrize(
    ("jour", "duree", "unite"),
    [
        pytest.param(date(2024, 12, 31), 2, Unite.MOIS, id="veille de la réforme"),
        pytest.param(date(2025, 1, 1), 6, Unite.SEMAINES, id="jour de la réforme"),
    ],
)
def test_a_reform_rules_from_its_first_day(jour: date, duree: int, unite: Unite) -> None:
    delai = delai_en_vigueur("orientation_pcd", jour)

    assert (delai.duree, delai.unite) == (duree, unite)


def test_no_delay_before_the_text_that_sets_it() -> None:
    with pytest.raises(LookupError):
        delai_en_vigueur("contrat_engagement", date(2024, 12, 31))


REDON = Delai(
    "entree_parcours",
    15,
    Unite.JOURS,
    depuis=date(2023, 7, 1),
    source="page publique : Ille-et-Vilaine 2023",
    confirme=False,
)
LOIRE = Delai(
    "accueil", 1, Unite.MOIS, depuis=None, source="page publique : Loire 2019", confirme=False
)


@pytest.mark.parametrize(
    ("code", "depart", "attendue"),
    [
        pytest.param("entree_parcours", date(2023, 7, 1), date(2023, 7, 16), id="Redon, 15 jours"),
        pytest.param("accueil", date(2026, 1, 31), date(2026, 2, 28), id="Loire, un mois"),
    ],
)
def test_local_objectives_are_passed_in(code: str, depart: date, attendue: date) -> None:
    assert delai_en_vigueur(code, depart, [REDON, LOIRE]).echeance(depart) == attendue


def test_a_local_objective_comes_before_the_law_of_the_same_code() -> None:
    local = Delai("orientation_pcd", 4, Unite.SEMAINES, date(2026, 1, 1), "local", confirme=False)

    assert delai_en_vigueur("orientation_pcd", date(2025, 12, 31), [local]).duree == 6
    assert delai_en_vigueur("orientation_pcd", date(2026, 1, 1), [local]).duree == 4


def test_what_could_not_be_read_is_not_presented_as_law() -> None:
    reserves = {delai.code for delai in DELAIS if not delai.confirme}

    assert "observations_pcd" in reserves
    assert not reserves & {"orientation_pcd", "contrat_engagement", "relecture_social"}
    assert all(delai.duree > 0 for delai in DELAIS)


@pytest.mark.parametrize(
    ("jour", "attendu"),
    [
        pytest.param(date(2026, 2, 8), Etat.A_TEMPS, id="J-8"),
        pytest.param(date(2026, 2, 9), Etat.A_RISQUE, id="J-7"),
        pytest.param(date(2026, 2, 16), Etat.A_RISQUE, id="jour de l'échéance"),
        pytest.param(date(2026, 2, 17), Etat.EN_RETARD, id="lendemain"),
    ],
)
def test_state_of_what_is_not_done(jour: date, attendu: Etat) -> None:
    assert etat(date(2026, 2, 16), jour) is attendu


@pytest.mark.parametrize(
    ("accomplie", "attendu"),
    [
        pytest.param(date(2026, 2, 16), Etat.RESPECTEE, id="le dernier jour"),
        pytest.param(date(2026, 2, 17), Etat.DEPASSEE, id="le lendemain"),
    ],
)
def test_state_of_what_is_done_depends_on_its_date_alone(accomplie: date, attendu: Etat) -> None:
    for jour in (accomplie, date(2030, 1, 1)):
        assert etat(date(2026, 2, 16), jour, date_accomplie=accomplie) is attendu


def test_the_alert_may_be_set() -> None:
    assert etat(date(2026, 2, 16), date(2026, 2, 13), alerte_jours=2) is Etat.A_TEMPS
    assert etat(date(2026, 2, 16), date(2026, 2, 14), alerte_jours=2) is Etat.A_RISQUE


@pytest.mark.parametrize(
    ("date_echeance", "fuseau", "fin"),
    [
        pytest.param(date(2026, 2, 16), PARIS, "2026-02-16T23:00Z", id="Paris, hiver"),
        pytest.param(date(2026, 7, 14), PARIS, "2026-07-14T22:00Z", id="Paris, été"),
        pytest.param(date(2026, 3, 28), PARIS, "2026-03-28T23:00Z", id="veille de l'heure d'été"),
        pytest.param(date(2026, 3, 29), PARIS, "2026-03-29T22:00Z", id="nuit de l'heure d'été"),
        pytest.param(
            date(2026, 10, 24), PARIS, "2026-10-24T22:00Z", id="veille de l'heure d'hiver"
        ),
        pytest.param(date(2026, 10, 25), PARIS, "2026-10-25T23:00Z", id="nuit de l'heure d'hiver"),
        pytest.param(date(2026, 2, 16), REUNION, "2026-02-16T20:00Z", id="La Réunion"),
        pytest.param(date(2026, 2, 16), GUADELOUPE, "2026-02-17T04:00Z", id="Guadeloupe"),
    ],
)
def test_a_deadline_ends_at_local_midnight(date_echeance: date, fuseau: ZoneInfo, fin: str) -> None:
    calculee = fin_de_delai(date_echeance, fuseau)

    assert calculee == datetime.fromisoformat(fin)
    assert calculee.tzinfo is UTC


@pytest.mark.parametrize(
    ("recu_le", "fuseau", "fin"),
    [
        pytest.param("2026-01-04T23:30Z", PARIS, "2026-02-16T23:00Z", id="Paris, hiver"),
        pytest.param("2026-02-20T10:00Z", PARIS, "2026-04-03T22:00Z", id="à travers l'heure d'été"),
        pytest.param("2026-09-20T10:00Z", PARIS, "2026-11-01T23:00Z", id="à travers l'hiver"),
        pytest.param("2028-01-18T12:00Z", PARIS, "2028-02-29T23:00Z", id="jusqu'au 29 février"),
        pytest.param("2028-02-29T12:00Z", PARIS, "2028-04-11T22:00Z", id="depuis le 29 février"),
        pytest.param("2026-11-19T20:00Z", REUNION, "2027-01-01T20:00Z", id="reçue le 20 là-bas"),
        pytest.param(
            "2026-11-19T19:59:59Z", REUNION, "2026-12-31T20:00Z", id="31 décembre, La Réunion"
        ),
    ],
)
def test_six_weeks_end_one_second_after_their_last(
    recu_le: str, fuseau: ZoneInfo, fin: str
) -> None:
    recu = jour_civil(datetime.fromisoformat(recu_le), fuseau)
    due = delai_en_vigueur("orientation_pcd", recu).echeance(recu)
    minuit = fin_de_delai(due, fuseau)

    assert minuit == datetime.fromisoformat(fin)
    avant, apres = (jour_civil(minuit + timedelta(seconds=n), fuseau) for n in (-1, 1))
    assert (etat(due, avant), etat(due, apres)) == (Etat.A_RISQUE, Etat.EN_RETARD)


LUNDI = date(2026, 1, 5)  # six weeks later: 16 February


def jour(mois: int, quantieme: int) -> date:
    return date(2026, mois, quantieme)


@pytest.mark.parametrize(
    ("pauses", "attendue"),
    [
        pytest.param([], jour(2, 16), id="sans pause"),
        pytest.param([(jour(1, 10), jour(1, 19))], jour(2, 26), id="dix jours"),
        pytest.param([(jour(1, 10), jour(1, 10))], jour(2, 17), id="un jour"),
        pytest.param([(jour(2, 16), jour(2, 16))], jour(2, 17), id="le dernier jour"),
        pytest.param([(jour(2, 17), jour(2, 20))], jour(2, 16), id="le lendemain, trop tard"),
        pytest.param([(jour(1, 1), jour(1, 5))], jour(2, 16), id="le jour du fait ne court pas"),
        pytest.param([(jour(1, 1), jour(1, 6))], jour(2, 17), id="commencée avant"),
        pytest.param(
            [(jour(1, 10), jour(1, 19)), (jour(1, 15), jour(1, 24))], jour(3, 3), id="chevauchées"
        ),
        pytest.param(
            [(jour(2, 20), jour(2, 21)), (jour(2, 10), jour(2, 14))],
            jour(2, 23),
            id="la seconde dans le temps ajouté par la première",
        ),
        pytest.param([(jour(1, 10), None)], None, id="en cours"),
        pytest.param([(jour(2, 17), None)], jour(2, 16), id="en cours, après la fin"),
    ],
)
def test_a_pause_pushes_the_end_by_its_days(
    pauses: list[tuple[date, date | None]], attendue: date | None
) -> None:
    """Planted: a day paused twice counted twice, the day of the event paused; red both."""
    due = delai_en_vigueur("orientation_pcd", LUNDI).echeance(LUNDI)

    assert echeance_prolongee(due, LUNDI, [Pause(*pause) for pause in pauses]) == attendue


@pytest.mark.parametrize(
    ("interruptions", "pauses", "attendue"),
    [
        pytest.param([], [], jour(2, 28), id="un mois"),
        pytest.param([(jour(2, 10), jour(3, 31))], [], jour(4, 30), id="repart de zéro"),
        pytest.param([(jour(2, 10), None)], [], None, id="en attente de la nouvelle décision"),
        pytest.param([(jour(2, 28), jour(3, 2))], [], jour(4, 2), id="le dernier jour"),
        pytest.param([(jour(3, 1), jour(3, 2))], [], jour(2, 28), id="trop tard : rien ne revit"),
        pytest.param([(jour(1, 30), jour(3, 2))], [], jour(2, 28), id="avant le départ"),
        pytest.param(
            [(jour(2, 10), jour(3, 2)), (jour(3, 20), jour(4, 1))], [], jour(5, 1), id="deux fois"
        ),
        pytest.param(
            [(jour(2, 10), jour(3, 2))],
            [(jour(2, 2), jour(2, 6)), (jour(3, 3), jour(3, 4))],
            jour(4, 4),
            id="une pause d'avant la reprise s'efface",
        ),
        pytest.param(
            [(jour(3, 2), None)],
            [(jour(2, 2), jour(2, 6))],
            None,
            id="interrompu dans le temps d'une pause",
        ),
    ],
)
def test_an_interruption_starts_the_month_of_the_contract_again(
    interruptions: list[tuple[date, date | None]],
    pauses: list[tuple[date, date | None]],
    attendue: date | None,
) -> None:
    """D5411-8-2. Planted: the rest of the month kept at the restart, red."""
    notifiee = jour(1, 31)
    delai = delai_en_vigueur("contrat_engagement", notifiee)

    calculee = echeance_suivie(
        delai,
        notifiee,
        pauses=[Pause(*pause) for pause in pauses],
        interruptions=[Interruption(*one) for one in interruptions],
    )

    assert calculee == attendue


@pytest.mark.parametrize(
    ("fuseau", "jour"),
    [
        pytest.param(PARIS, date(2026, 2, 16), id="Paris"),
        pytest.param(REUNION, date(2026, 2, 17), id="La Réunion, déjà demain"),
        pytest.param(GUADELOUPE, date(2026, 2, 16), id="Guadeloupe"),
    ],
)
def test_the_civil_day_is_the_one_of_the_collectivite(fuseau: ZoneInfo, jour: date) -> None:
    assert jour_civil(datetime(2026, 2, 16, 21, 30, tzinfo=UTC), fuseau) == jour


def test_an_instant_without_an_offset_has_no_day() -> None:
    with pytest.raises(ValueError, match="aware"):
        jour_civil(datetime.fromisoformat("2026-02-16T12:00"), PARIS)


@given(jours, st.sampled_from(FUSEAUX))
def test_the_last_day_ends_exactly_at_its_end(jour: date, fuseau: ZoneInfo) -> None:
    fin = fin_de_delai(jour, fuseau)

    assert jour_civil(fin - timedelta(microseconds=1), fuseau) == jour
    assert jour_civil(fin, fuseau) == jour + timedelta(days=1)


@given(jours, st.integers(1, 240))
def test_months_end_on_the_same_day_or_on_the_last(jour: date, mois: int) -> None:
    fin = echeance(jour, mois, Unite.MOIS)

    assert (fin.year - jour.year) * 12 + fin.month - jour.month == mois
    assert fin.day == jour.day or (fin.day < jour.day and (fin + timedelta(days=1)).day == 1)


@given(jours, st.integers(1, 20))
def test_units_agree(jour: date, duree: int) -> None:
    assert echeance(jour, duree, Unite.SEMAINES) == echeance(jour, 7 * duree, Unite.JOURS)
    assert echeance(jour, duree, Unite.ANS) == echeance(jour, 12 * duree, Unite.MOIS)


@given(jours, jours, st.integers(1, 60), st.sampled_from(Unite))
def test_a_later_event_never_ends_earlier(un: date, autre: date, duree: int, unite: Unite) -> None:
    premier, second = sorted((un, autre))

    assert echeance(premier, duree, unite) <= echeance(second, duree, unite)
    assert echeance(premier, duree, unite) > premier


@given(jours, st.integers(1, 90), st.sampled_from(Unite), st.data())
def test_a_pause_of_n_days_moves_the_end_by_n_days(
    depart: date, duree: int, unite: Unite, data: st.DataObject
) -> None:
    due = echeance(depart, duree, unite)
    debut = data.draw(st.dates(depart + timedelta(days=1), due))
    longueur = data.draw(st.integers(1, 400))
    pause = Pause(debut, debut + timedelta(days=longueur - 1))

    assert echeance_prolongee(due, depart, [pause]) == due + timedelta(days=longueur)


pauses_tirees = st.lists(
    st.builds(
        lambda debut, longueur: Pause(debut, debut + timedelta(days=longueur)),
        st.dates(date(2026, 1, 1), date(2026, 12, 31)),
        st.integers(0, 60),
    ),
    max_size=6,
)


@given(st.dates(date(2026, 1, 1), date(2026, 6, 30)), st.integers(0, 90), pauses_tirees)
def test_with_pauses_a_later_event_never_ends_earlier(
    depart: date, retard: int, pauses: list[Pause]
) -> None:
    """In days: a month begun on the 31st already ends with one begun on the 28th."""
    ends = [
        echeance_prolongee(echeance(un, 42, Unite.JOURS), un, pauses)
        for un in (depart, depart + timedelta(days=retard))
    ]

    assert ends[0] is not None
    assert ends[1] is not None
    assert echeance(depart, 42, Unite.JOURS) <= ends[0] <= ends[1]


@given(st.dates(date(2026, 1, 1), date(2026, 6, 30)), pauses_tirees, pauses_tirees)
def test_one_more_pause_never_ends_earlier_and_the_order_is_nothing(
    depart: date, pauses: list[Pause], autres: list[Pause]
) -> None:
    due = echeance(depart, 6, Unite.SEMAINES)
    avec = echeance_prolongee(due, depart, [*pauses, *autres])
    sans = echeance_prolongee(due, depart, pauses)

    assert avec == echeance_prolongee(due, depart, [*autres, *pauses])
    assert avec is not None
    assert sans is not None
    assert sans <= avec
