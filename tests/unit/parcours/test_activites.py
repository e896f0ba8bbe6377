"""Activities and hours: ISO weeks, what holds of what was said, the objective, the intensity."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.parcours.activites import rules
from services.parcours.activites.rules import (
    ActeConnu,
    Declaration,
    EtatActivite,
    Fermeture,
    Prevue,
    Suivi,
)
from shared.delais import jour_civil
from shared.refus import Validation
from shared.schemas.parcours.activites import (
    ActiviteCreation,
    DeclarationHeuresCreation,
    RepereHeuresCreation,
)
from shared.schemas.parcours.contrats_engagement import (
    ModaliteActivite,
    SignataireContrat,
    TypeActeContrat,
)

LUNDI = date(2026, 3, 9)
JOUR = date(2026, 3, 11)  # a Wednesday
UN_JOUR, SEMAINE = timedelta(days=1), timedelta(weeks=1)
SEUL, GROUPE = ModaliteActivite.INDIVIDUELLE, ModaliteActivite.COLLECTIVE
ACTIVITE = EtatActivite(date(2026, 3, 4), date(2026, 6, 26))
PARIS, REUNION = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")


@pytest.mark.parametrize(
    ("jour", "lundi", "code"),
    [
        pytest.param(LUNDI, LUNDI, "2026-W11", id="lundi"),
        pytest.param(date(2026, 3, 15), LUNDI, "2026-W11", id="dimanche"),
        pytest.param(date(2026, 3, 16), LUNDI + SEMAINE, "2026-W12", id="lundi suivant"),
        pytest.param(date(2026, 12, 31), date(2026, 12, 28), "2026-W53", id="53e semaine"),
        pytest.param(date(2027, 1, 3), date(2026, 12, 28), "2026-W53", id="janvier de l'an passé"),
        pytest.param(date(2027, 1, 4), date(2027, 1, 4), "2027-W01", id="première semaine"),
        pytest.param(
            date(2024, 12, 30), date(2024, 12, 30), "2025-W01", id="décembre de l'an neuf"
        ),
    ],
)
def test_a_week_is_iso(jour: date, lundi: date, code: str) -> None:
    assert (rules.lundi(jour), rules.code_semaine(jour)) == (lundi, code)
    assert rules.lundi_de(code) == lundi


@pytest.mark.parametrize(
    ("instant", "fuseau", "code"),
    [
        pytest.param("2027-01-03T19:59:59Z", REUNION, "2026-W53", id="dimanche soir à la Réunion"),
        pytest.param("2027-01-03T20:00:00Z", REUNION, "2027-W01", id="lundi à la Réunion"),
        pytest.param("2027-01-03T22:59:59Z", PARIS, "2026-W53", id="dimanche soir à Paris"),
        pytest.param("2027-01-03T23:00:00Z", PARIS, "2027-W01", id="lundi à Paris"),
        # Summer time begins in the night of that Sunday: the week has 167 hours.
        pytest.param("2026-03-29T21:59:59Z", PARIS, "2026-W13", id="dimanche d'été"),
        pytest.param("2026-03-29T22:00:00Z", PARIS, "2026-W14", id="lundi d'été"),
        pytest.param("2026-10-25T22:59:59Z", PARIS, "2026-W43", id="dimanche d'hiver"),
        pytest.param("2026-10-25T23:00:00Z", PARIS, "2026-W44", id="lundi d'hiver"),
    ],
)
def test_a_week_is_that_of_the_collectivite(instant: str, fuseau: ZoneInfo, code: str) -> None:
    jour = jour_civil(datetime.fromisoformat(instant), fuseau)
    assert rules.code_semaine(jour) == code


def test_a_week_that_a_year_has_not_is_refused() -> None:
    with pytest.raises(Validation) as refused:
        rules.lundi_de("2025-W53")
    assert refused.value.members["erreurs"][0]["code"] == "date-incoherente"


@pytest.mark.parametrize(
    ("jour", "derniere"),
    [
        pytest.param(date(2026, 3, 15), date(2026, 3, 2), id="dimanche : pas encore complète"),
        pytest.param(date(2026, 3, 16), LUNDI, id="lundi : complète"),
        pytest.param(date(2027, 1, 4), date(2026, 12, 28), id="au jour de l'an"),
    ],
)
def test_four_weeks_are_complete(jour: date, derniere: date) -> None:
    assert rules.semaines_suivies(jour) == [derniere - rang * SEMAINE for rang in range(4)]


@pytest.mark.parametrize(
    ("jour", "nombre", "lisible"),
    [
        pytest.param(date(1800, 1, 6), 1, True, id="première semaine entière"),
        pytest.param(date(1800, 1, 5), 1, False, id="commencée en 1799"),
        pytest.param(date(1800, 1, 13), 2, True, id="deux semaines de 1800"),
        pytest.param(date(1800, 1, 13), 3, False, id="la troisième est de 1799"),
        pytest.param(date(2999, 12, 29), 53, True, id="dernière semaine entière"),
        pytest.param(date(2999, 12, 30), 1, False, id="finit en 3000"),
    ],
)
def test_weeks_are_of_the_years_that_a_date_may_have(
    jour: date, nombre: int, *, lisible: bool
) -> None:
    if lisible:
        lundis = rules.semaines_lisibles(jour, nombre, parametre="au")
        assert lundis == [rules.lundi(jour) - rang * SEMAINE for rang in range(nombre)]
        return
    with pytest.raises(Validation) as refused:
        rules.semaines_lisibles(jour, nombre, parametre="au")
    (erreur,) = refused.value.members["erreurs"]
    assert (erreur["pointeur"], erreur["code"]) == ("?au", "hors-bornes")


def _activite(**champs: Any) -> ActiviteCreation:
    return ActiviteCreation.model_validate(
        {
            "type": "formation",
            "libelle": "Code de la route",
            "modalite": "collective",
            "encadree": True,
            "duree_hebdomadaire_minutes": 240,
            "date_debut": "2026-03-04",
            **champs,
        }
    )


@pytest.mark.parametrize(
    "champs",
    [
        pytest.param({"duree_hebdomadaire_minutes": 15}, id="un quart d'heure"),
        pytest.param({"duree_hebdomadaire_minutes": 35 * 60}, id="trente-cinq heures"),
        pytest.param({"date_fin": "2026-03-04"}, id="un seul jour"),
        pytest.param({"date_debut": "2026-09-01"}, id="à venir"),
    ],
)
def test_an_activity_is_planned(champs: Mapping[str, Any]) -> None:
    rules.verifier_activite(_activite(**champs), JOUR)


@pytest.mark.parametrize(
    ("champs", "pointeur"),
    [
        pytest.param(
            {"duree_hebdomadaire_minutes": 35 * 60 + 15},
            "/duree_hebdomadaire_minutes",
            id="un quart d'heure de trop",
        ),
        pytest.param({"date_fin": "2026-03-03"}, "/date_fin", id="la veille du début"),
    ],
)
def test_an_activity_is_refused(champs: Mapping[str, Any], pointeur: str) -> None:
    with pytest.raises(Validation) as refused:
        rules.verifier_activite(_activite(**champs), JOUR)
    assert [one["pointeur"] for one in refused.value.members["erreurs"]] == [pointeur]


@pytest.mark.parametrize("minutes", [0, 10, 14, 16, 910, 7 * 24 * 60 + 15, -15, "240", 240.0, True])
def test_a_plan_counts_in_quarter_hours(minutes: Any) -> None:
    with pytest.raises(ValidationError):
        _activite(duree_hebdomadaire_minutes=minutes)


@pytest.mark.parametrize(
    ("etat", "arret"),
    [
        pytest.param(ACTIVITE, date(2026, 3, 4), id="premier jour"),
        pytest.param(ACTIVITE, JOUR, id="aujourd'hui"),
        pytest.param(EtatActivite(date(2026, 3, 4), None), JOUR, id="sans terme"),
        pytest.param(EtatActivite(date(2026, 3, 4), JOUR - UN_JOUR), JOUR - UN_JOUR, id="au terme"),
    ],
)
def test_an_activity_ceases(etat: EtatActivite, arret: date) -> None:
    rules.verifier_arret(etat, arret, JOUR)


@pytest.mark.parametrize(
    ("etat", "arret", "refus"),
    [
        pytest.param(ACTIVITE, date(2026, 3, 3), Validation, id="veille du début"),
        pytest.param(ACTIVITE, JOUR + UN_JOUR, Validation, id="demain"),
        pytest.param(
            EtatActivite(date(2026, 3, 4), JOUR - UN_JOUR), JOUR, Validation, id="après le terme"
        ),
        pytest.param(
            replace(ACTIVITE, date_arret=JOUR), JOUR, rules.ActiviteArretee, id="deux fois"
        ),
    ],
)
def test_an_activity_does_not_cease(etat: EtatActivite, arret: date, refus: type[Any]) -> None:
    with pytest.raises(refus):
        rules.verifier_arret(etat, arret, JOUR)


def _dite(**champs: Any) -> DeclarationHeuresCreation:
    return DeclarationHeuresCreation.model_validate(
        {"duree_minutes": 120, "source": "declare", **champs}
    )


@pytest.mark.parametrize(
    ("champs", "lundi"),
    [
        pytest.param({"date_activite": "2026-03-11"}, LUNDI, id="aujourd'hui"),
        pytest.param({"date_activite": "2026-03-04"}, date(2026, 3, 2), id="premier jour"),
        pytest.param({"semaine": "2026-W11"}, LUNDI, id="semaine en cours"),
        pytest.param({"semaine": "2026-W10"}, date(2026, 3, 2), id="commence dans la semaine"),
        pytest.param(
            {"date_activite": "2026-03-11", "duree_minutes": 1440}, LUNDI, id="un jour entier"
        ),
        pytest.param({"semaine": "2026-W11", "duree_minutes": 1455}, LUNDI, id="plus d'un jour"),
        pytest.param({"semaine": "2026-W11", "duree_minutes": 0}, LUNDI, id="rien, corrigé"),
    ],
)
def test_hours_are_said(champs: Mapping[str, Any], lundi: date) -> None:
    assert rules.semaine_declaree(_dite(**champs), ACTIVITE, JOUR) == lundi


@pytest.mark.parametrize(
    ("champs", "admis"),
    [
        pytest.param({"date_activite": "2026-03-11"}, True, id="lendemain de l'arrêt"),
        pytest.param({"semaine": "2026-W09"}, True, id="semaine d'avant"),
        pytest.param({"date_activite": "2026-03-12"}, False, id="demain"),
        pytest.param({"semaine": "2026-W12"}, False, id="semaine à venir"),
    ],
)
def test_hours_outside_of_an_activity_are_withdrawn(
    champs: Mapping[str, Any], *, admis: bool
) -> None:
    """Said while it went on, of days that its end, recorded later, left out."""
    arretee = replace(ACTIVITE, date_arret=date(2026, 3, 10))
    if admis:
        rules.semaine_declaree(_dite(**champs, duree_minutes=0), arretee, JOUR)
        with pytest.raises(Validation):
            rules.semaine_declaree(_dite(**champs, duree_minutes=15), arretee, JOUR)
    else:
        with pytest.raises(Validation):
            rules.semaine_declaree(_dite(**champs, duree_minutes=0), arretee, JOUR)


@pytest.mark.parametrize(
    ("champs", "etat", "erreur"),
    [
        pytest.param({}, ACTIVITE, ("/date_activite", "requis"), id="ni jour ni semaine"),
        pytest.param(
            {"date_activite": "2026-03-11", "semaine": "2026-W11"},
            ACTIVITE,
            ("/semaine", "champ-inconnu"),
            id="les deux",
        ),
        pytest.param(
            {"date_activite": "2026-03-12"},
            ACTIVITE,
            ("/date_activite", "date-incoherente"),
            id="demain",
        ),
        pytest.param(
            {"semaine": "2026-W12"},
            ACTIVITE,
            ("/semaine", "date-incoherente"),
            id="semaine à venir",
        ),
        pytest.param(
            {"date_activite": "2026-03-03"},
            ACTIVITE,
            ("/date_activite", "date-incoherente"),
            id="veille du début",
        ),
        pytest.param(
            {"semaine": "2026-W09"},
            ACTIVITE,
            ("/semaine", "date-incoherente"),
            id="semaine d'avant",
        ),
        pytest.param(
            {"date_activite": "2026-03-11"},
            replace(ACTIVITE, date_arret=date(2026, 3, 10)),
            ("/date_activite", "date-incoherente"),
            id="lendemain de l'arrêt",
        ),
        pytest.param(
            {"semaine": "2026-W11"},
            EtatActivite(date(2026, 3, 1), date(2026, 3, 8)),
            ("/semaine", "date-incoherente"),
            id="terminée le dimanche d'avant",
        ),
        pytest.param(
            {"date_activite": "2026-03-11", "duree_minutes": 1455},
            ACTIVITE,
            ("/duree_minutes", "hors-bornes"),
            id="plus d'un jour en un jour",
        ),
        pytest.param(
            {"semaine": "2025-W53"}, ACTIVITE, ("/semaine", "date-incoherente"), id="pas de W53"
        ),
    ],
)
def test_hours_are_refused(
    champs: Mapping[str, Any], etat: EtatActivite, erreur: tuple[str, str]
) -> None:
    with pytest.raises(Validation) as refused:
        rules.semaine_declaree(_dite(**champs), etat, JOUR)
    assert [(one["pointeur"], one["code"]) for one in refused.value.members["erreurs"]] == [erreur]


@pytest.mark.parametrize(
    ("minimum", "maximum", "admis"),
    [
        pytest.param(900, 1200, True, id="quinze à vingt heures"),
        pytest.param(900, 900, True, id="un seul nombre"),
        pytest.param(900, 2100, True, id="plafond"),
        pytest.param(915, 900, False, id="à l'envers"),
        pytest.param(900, 2115, False, id="au-delà du plafond"),
    ],
)
def test_a_local_landmark_has_bounds(minimum: int, maximum: int, *, admis: bool) -> None:
    demande = RepereHeuresCreation.model_validate(
        {
            "date_debut": "2026-01-01",
            "minimum_minutes": minimum,
            "maximum_minutes": maximum,
            "source": "Convention locale",
        }
    )
    if admis:
        rules.verifier_repere(demande)
    else:
        with pytest.raises(Validation):
            rules.verifier_repere(demande)


# What holds of what was said.

UNE = UUID(int=1)


def _declaration(
    jour: int | None, minutes: int, modalite: ModaliteActivite = SEUL, une: UUID = UNE
) -> Declaration:
    quand = None if jour is None else LUNDI + jour * UN_JOUR
    return Declaration(une, modalite, LUNDI, quand, minutes)


@pytest.mark.parametrize(
    ("dites", "total"),
    [
        pytest.param([], 0, id="rien"),
        pytest.param([(0, 60), (1, 45)], 105, id="deux jours"),
        pytest.param([(0, 60), (0, 15)], 15, id="le dernier mot d'un jour"),
        pytest.param([(0, 60), (1, 60), (None, 90)], 90, id="la semaine prend leur place"),
        pytest.param([(None, 90), (None, 0)], 0, id="la semaine corrigée"),
    ],
)
def test_the_last_word_holds(dites: list[tuple[int | None, int]], total: int) -> None:
    """Planted: all that was said summed, and the days kept under their week, each red."""
    found = rules.retenues(_declaration(*dite) for dite in dites)
    assert sum(une.duree_minutes for une in found) == total


_MINUTES = st.integers(0, 96).map(lambda quarts: quarts * 15)
_DITES = st.lists(
    st.builds(
        Declaration,
        activite_id=st.sampled_from([UUID(int=n) for n in range(3)]),
        modalite=st.sampled_from(ModaliteActivite),
        lundi=st.integers(0, 5).map(lambda rang: LUNDI - rang * SEMAINE),
        date_activite=st.none(),
        duree_minutes=_MINUTES,
    ).flatmap(
        lambda une: st.one_of(st.none(), st.integers(0, 6)).map(
            lambda jour: replace(
                une, date_activite=None if jour is None else une.lundi + jour * UN_JOUR
            )
        )
    ),
    max_size=30,
)


def _sans_jour_apres_semaine(dites: list[Declaration]) -> list[Declaration]:
    """The door refuses a day of a week that was said whole."""
    found, entieres = [], set()
    for une in dites:
        cle = (une.activite_id, une.lundi)
        if une.date_activite is None:
            entieres.add(cle)
        if une.date_activite is None or cle not in entieres:
            found.append(une)
    return found


@given(_DITES.map(_sans_jour_apres_semaine))
def test_weeks_sum_to_what_was_said(dites: list[Declaration]) -> None:
    """No hour is lost or told twice from one week to another, nor between alone and in group."""
    suivi = Suivi([], [], dites)
    semaines = [rules.semaine(suivi, LUNDI - rang * SEMAINE) for rang in range(6)]

    derniers: dict[Any, int] = {}
    for une in dites:  # said again in the simplest way: who speaks last of each day or week
        if une.date_activite is None:
            jours = [une.lundi + rang * UN_JOUR for rang in range(7)]
            derniers.update({(une.activite_id, jour): 0 for jour in jours})
            derniers[une.activite_id, une.lundi, "semaine"] = une.duree_minutes
        else:
            derniers[une.activite_id, une.date_activite] = une.duree_minutes
    assert sum(sum(une.realise.values()) for une in semaines) == sum(derniers.values())
    assert all(minutes % 15 == 0 for une in semaines for minutes in une.realise.values())


# The objective: the last version that both signed.

CONTRAT, DECISION, SUIVANTE = uuid4(), uuid4(), uuid4()
A = TypeActeContrat


def _acte(type_: TypeActeContrat, jour: str, **champs: Any) -> ActeConnu:
    return ActeConnu(
        **{
            "contrat_id": CONTRAT,
            "type": type_,
            "revision": 1,
            "orientation_id": DECISION,
            "signataire": None,
            "date_acte": date.fromisoformat(jour),
            "duree_hebdomadaire_minutes": 900,
            **champs,
        }
    )


def _signe(jour: str, **champs: Any) -> list[ActeConnu]:
    return [_acte(A.SIGNATURE, jour, signataire=partie, **champs) for partie in SignataireContrat]


MARS = _signe("2026-03-02")
REVUE = {"revision": 2, "duree_hebdomadaire_minutes": 600}
REORIENTE = _acte(A.NOUVELLE_DECISION, "2026-04-01", orientation_id=SUIVANTE)


@pytest.mark.parametrize(
    ("actes", "jour", "minutes"),
    [
        pytest.param([], "2026-03-09", None, id="aucun contrat"),
        pytest.param(MARS[:1], "2026-03-09", None, id="une seule signature"),
        pytest.param(MARS, "2026-03-02", 900, id="le jour de la signature"),
        pytest.param(MARS, "2026-03-01", None, id="la veille"),
        pytest.param(
            [*MARS, *_signe("2026-03-20", **REVUE)], "2026-03-19", 900, id="avant avenant"
        ),
        pytest.param(
            [*MARS, *_signe("2026-03-20", **REVUE)], "2026-03-20", 600, id="avenant signé"
        ),
        pytest.param(
            [*MARS, *_signe("2026-03-20", **REVUE)[:1]], "2026-03-21", 900, id="avenant à signer"
        ),
        pytest.param(
            [*MARS, _acte(A.REFUS, "2026-03-20", **REVUE)], "2026-03-21", 900, id="avenant refusé"
        ),
        pytest.param(
            [MARS[0], _acte(A.REFUS, "2026-03-03"), MARS[1]], "2026-03-09", None, id="refus défait"
        ),
        pytest.param([*MARS, REORIENTE], "2026-03-31", 900, id="veille d'une réorientation"),
        pytest.param([*MARS, REORIENTE], "2026-04-01", None, id="réorientation : tout à signer"),
        pytest.param(
            [*MARS, REORIENTE, *_signe("2026-04-10", orientation_id=SUIVANTE)],
            "2026-04-10",
            900,
            id="signé de nouveau",
        ),
        pytest.param([*MARS, _acte(A.SUSPENSION, "2026-04-01")], "2026-04-01", None, id="suspendu"),
        pytest.param(
            [*MARS, _acte(A.SUSPENSION, "2026-04-01"), _acte(A.REPRISE, "2026-05-01")],
            "2026-05-01",
            900,
            id="repris",
        ),
        pytest.param(
            [*MARS, _acte(A.SUSPENSION, "2026-04-01"), _acte(A.CLOTURE, "2027-04-01")],
            "2027-04-01",
            None,
            id="clos",
        ),
        # As if there were no contract: the reason for it may be of health.
        pytest.param(
            _signe("2026-03-02", duree_hebdomadaire_minutes=0),
            "2026-03-09",
            None,
            id="aucune heure",
        ),
    ],
)
def test_the_objective_is_that_of_what_was_signed(
    actes: list[ActeConnu], jour: str, minutes: int | None
) -> None:
    """Planted: zero hour told as 0, and a version in force on one signature, each red."""
    assert rules.objectif(actes, date.fromisoformat(jour)) == minutes


@pytest.mark.parametrize(
    ("etat", "prevues"),
    [
        pytest.param(EtatActivite(LUNDI, None), 2, id="commence le lundi"),
        pytest.param(EtatActivite(LUNDI + 6 * UN_JOUR, None), 2, id="commence le dimanche"),
        pytest.param(EtatActivite(LUNDI + SEMAINE, None), 1, id="commence le lundi suivant"),
        pytest.param(EtatActivite(date(2026, 1, 5), LUNDI), 1, id="finit le lundi"),
        pytest.param(EtatActivite(date(2026, 1, 5), LUNDI - UN_JOUR), 0, id="finie la veille"),
        pytest.param(
            EtatActivite(date(2026, 1, 5), date(2026, 9, 1), LUNDI - UN_JOUR), 0, id="arrêtée"
        ),
    ],
)
def test_a_plan_counts_each_week_that_it_touches(etat: EtatActivite, prevues: int) -> None:
    suivi = Suivi([], [Prevue(GROUPE, 240, etat)], [])
    semaines = [rules.semaine(suivi, LUNDI + rang * SEMAINE) for rang in range(2)]
    assert [une.prevu[GROUPE] for une in semaines].count(240) == prevues
    assert not any(une.prevu[SEUL] for une in semaines)


def test_nothing_is_planned_of_a_parcours_that_ended() -> None:
    prevue = Prevue(SEUL, 240, EtatActivite(date(2026, 1, 5), None))
    faite = _declaration(0, 60)
    ouvert = Suivi(MARS, [prevue], [faite])

    def prevu(*fermetures: Fermeture) -> tuple[int | None, int, int]:
        une = rules.semaine(replace(ouvert, fermetures=fermetures), LUNDI)
        return une.objectif_minutes, une.prevu[SEUL], une.realise[SEUL]

    dimanche = LUNDI + 6 * UN_JOUR
    assert prevu() == prevu(Fermeture(LUNDI + UN_JOUR)) == (900, 240, 60)
    assert prevu(Fermeture(LUNDI)) == prevu(Fermeture(LUNDI, LUNDI + SEMAINE)) == (None, 0, 60)
    # The week is planned again in which it returned; its Monday engaged to nothing.
    assert prevu(Fermeture(LUNDI - UN_JOUR, dimanche)) == (None, 240, 60)
    assert prevu(Fermeture(LUNDI - UN_JOUR, LUNDI)) == prevu(Fermeture(LUNDI, LUNDI))
    assert prevu(Fermeture(LUNDI, LUNDI), Fermeture(dimanche)) == (900, 240, 60)
    assert prevu(Fermeture(LUNDI - SEMAINE, LUNDI - UN_JOUR), Fermeture(LUNDI)) == (None, 0, 60)


@pytest.mark.parametrize(
    ("minutes", "objectifs", "points"),
    [
        pytest.param([900] * 4, [900] * 4, 10_000, id="tout"),
        pytest.param([450] * 4, [900] * 4, 5_000, id="la moitié"),
        pytest.param([0] * 4, [900] * 4, 0, id="rien"),
        pytest.param([1200] * 4, [900] * 4, 13_333, id="davantage, vers le bas"),
        pytest.param([900] * 4, [900, None, None, 900], 20_000, id="deux semaines sans contrat"),
        pytest.param([900] * 4, [None] * 4, None, id="aucun objectif"),
        pytest.param([], [], None, id="aucune semaine"),
    ],
)
def test_intensity_is_done_over_planned(
    minutes: list[int], objectifs: list[int | None], points: int | None
) -> None:
    """Planted: rounded to the nearest, and 0 where nothing is planned, each red."""
    semaines = [
        rules.Semaine(LUNDI, objectif, {}, {SEUL: faites})
        for faites, objectif in zip(minutes, objectifs, strict=True)
    ]
    assert rules.intensite_points_base(semaines) == points
