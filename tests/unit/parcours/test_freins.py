"""Levels, states and free text of freins: the tables of parcours-rules.md §3, cell by cell."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from services.parcours.freins import rules
from shared.referentiels import codes
from shared.refus import TransitionInterdite, Validation
from shared.schemas.orientation.vocabulaire import NiveauFrein
from shared.schemas.parcours.freins import (
    AbandonCreation,
    CodeFrein,
    FondementLevee,
    FreinCreation,
    LeveeCreation,
    NiveauCreation,
    ReouvertureCreation,
    SourceObservation,
    StatutFrein,
)

NON_EXPLORE, SANS_IMPACT, MOYEN, FORT = NiveauFrein
OUVERT, EN_COURS, LEVE, ABANDONNE = StatutFrein
DEBUT, VU, JOUR = date(2026, 3, 9), date(2026, 4, 1), date(2026, 6, 1)
UN_JOUR = timedelta(days=1)
ETAT = rules.EtatFrein(
    code=CodeFrein.MOBILITE,
    statut=OUVERT,
    niveau=MOYEN,
    date_debut=DEBUT,
    date_observation=VU,
    date_fin=None,
    suivi=False,
)
FINI = replace(ETAT, statut=LEVE, date_fin=VU + UN_JOUR)


def _observation(niveau: NiveauFrein = FORT, jour: date = JOUR, **rest: Any) -> NiveauCreation:
    return NiveauCreation(
        niveau=niveau, date_observation=jour, source=SourceObservation.REFERENT, **rest
    )


def _creation(code: CodeFrein = CodeFrein.MOBILITE, **rest: Any) -> FreinCreation:
    values = {"niveau": FORT, "date_observation": JOUR, "source": SourceObservation.PERSONNE}
    return FreinCreation(code=code, **{**values, **rest})


def _levee(**rest: Any) -> LeveeCreation:
    values = {"fondement": FondementLevee.OBJECTIFS_ATTEINTS, "date_levee": JOUR}
    return LeveeCreation(**{**values, **rest})


def _reouverture(**rest: Any) -> ReouvertureCreation:
    values = {"niveau": FORT, "date_observation": JOUR, "source": SourceObservation.REFERENT}
    return ReouvertureCreation(**{**values, **rest})


def _erreurs(refus: pytest.ExceptionInfo[Validation]) -> list[tuple[str, str]]:
    return [(erreur["pointeur"], erreur["code"]) for erreur in refus.value.members["erreurs"]]


def test_the_codes_are_those_of_the_referential() -> None:
    assert {code.value for code in CodeFrein} == codes("freins")
    assert {CodeFrein.HANDICAP} == rules.SANS_NIVEAU


@pytest.mark.parametrize(("avant", "apres"), [*product(NiveauFrein, NiveauFrein)])
def test_every_level_follows_every_other_but_non_explore(
    avant: NiveauFrein, apres: NiveauFrein
) -> None:
    etat = replace(ETAT, niveau=avant)

    if apres is NON_EXPLORE:
        with pytest.raises(TransitionInterdite) as refus:
            rules.verifier_observation(etat, _observation(apres), JOUR)
        assert refus.value.members == {
            "statut_actuel": avant,
            "transitions_possibles": [SANS_IMPACT, MOYEN, FORT],
        }
    else:
        rules.verifier_observation(etat, _observation(apres), JOUR)


@pytest.mark.parametrize(
    ("statut", "niveau", "possibles"),
    [
        *(
            pytest.param(OUVERT, niveau, (EN_COURS, LEVE, ABANDONNE), id=f"ouvert, {niveau}")
            for niveau in (MOYEN, FORT)
        ),
        *(
            pytest.param(OUVERT, niveau, (EN_COURS, ABANDONNE), id=f"ouvert, {niveau}")
            for niveau in (NON_EXPLORE, SANS_IMPACT)
        ),
        pytest.param(EN_COURS, FORT, (LEVE, ABANDONNE), id="en cours, fort"),
        pytest.param(EN_COURS, SANS_IMPACT, (ABANDONNE,), id="en cours, sans impact"),
        pytest.param(LEVE, MOYEN, (OUVERT,), id="levé"),
        pytest.param(ABANDONNE, SANS_IMPACT, (OUVERT,), id="abandonné"),
    ],
)
def test_what_may_follow_a_state(
    statut: StatutFrein, niveau: NiveauFrein, possibles: tuple[StatutFrein, ...]
) -> None:
    etat = replace(ETAT, statut=statut, niveau=niveau)

    assert rules.transitions_possibles(etat) == possibles


def test_a_status_ends_without_a_level() -> None:
    etat = replace(ETAT, code=CodeFrein.HANDICAP, niveau=None)

    rules.verifier_levee(etat, _levee(fondement=FondementLevee.DECISION_REFERENT), JOUR)


@pytest.mark.parametrize("statut", [LEVE, ABANDONNE])
def test_an_episode_that_ended_takes_nothing_more(statut: StatutFrein) -> None:
    etat = replace(FINI, statut=statut)
    acts: tuple[Callable[[], None], ...] = (
        lambda: rules.verifier_observation(etat, _observation(), JOUR),
        lambda: rules.verifier_levee(etat, _levee(), JOUR),
        lambda: rules.verifier_abandon(
            etat, AbandonCreation(date_abandon=JOUR, commentaire="Déménagement"), JOUR
        ),
        lambda: rules.exige_episode_ouvert(statut),
    )
    for act in acts:
        with pytest.raises(TransitionInterdite) as refus:
            act()
        assert refus.value.members == {"statut_actuel": statut, "transitions_possibles": [OUVERT]}


@pytest.mark.parametrize(
    ("jour", "accepte"),
    [
        pytest.param(DEBUT - UN_JOUR, False, id="avant l'épisode"),
        pytest.param(DEBUT, True, id="premier jour"),
        pytest.param(JOUR, True, id="aujourd'hui"),
        pytest.param(JOUR + UN_JOUR, False, id="demain"),
    ],
)
def test_an_observation_stands_between_the_start_and_today(jour: date, accepte: bool) -> None:
    if accepte:
        rules.verifier_observation(ETAT, _observation(jour=jour), JOUR)
        return
    with pytest.raises(Validation) as refus:
        rules.verifier_observation(ETAT, _observation(jour=jour), JOUR)
    assert _erreurs(refus) == [("/date_observation", "date-incoherente")]


@pytest.mark.parametrize(
    ("jour", "courante"),
    [
        pytest.param(VU - UN_JOUR, (MOYEN, VU), id="plus ancienne : l'histoire seule"),
        pytest.param(VU, (FORT, VU), id="le même jour : la dernière dite"),
        pytest.param(JOUR, (FORT, JOUR), id="plus récente"),
    ],
)
def test_the_latest_day_gives_the_level(jour: date, courante: tuple[NiveauFrein, date]) -> None:
    assert rules.observation_courante(ETAT, _observation(FORT, jour)) == courante


@pytest.mark.parametrize(
    "demande",
    [
        pytest.param(_creation(), id="aujourd'hui"),
        pytest.param(_creation(niveau=NON_EXPLORE), id="à explorer"),
        pytest.param(_creation(CodeFrein.AUTRE, libelle="Animal à garder"), id="autre, nommé"),
        pytest.param(_creation(CodeFrein.SANTE), id="santé, sans un mot"),
        pytest.param(_creation(CodeFrein.HANDICAP, niveau=None), id="handicap, sans niveau"),
        pytest.param(_creation(commentaire="Permis suspendu"), id="commenté"),
    ],
)
def test_accepts_a_first_observation(demande: FreinCreation) -> None:
    rules.verifier_creation(demande, JOUR)


@pytest.mark.parametrize(
    ("demande", "erreur"),
    [
        pytest.param(
            _creation(date_observation=JOUR + UN_JOUR),
            ("/date_observation", "date-incoherente"),
            id="demain",
        ),
        pytest.param(_creation(CodeFrein.AUTRE), ("/libelle", "requis"), id="autre, sans nom"),
        pytest.param(
            _creation(libelle="Voiture"), ("/libelle", "champ-inconnu"), id="mobilité, renommée"
        ),
        pytest.param(_creation(niveau=None), ("/niveau", "requis"), id="sans niveau"),
        pytest.param(
            _creation(CodeFrein.HANDICAP), ("/niveau", "champ-inconnu"), id="handicap, avec niveau"
        ),
        pytest.param(
            _creation(CodeFrein.SANTE, commentaire="Lombalgie"),
            ("/commentaire", "champ-inconnu"),
            id="santé, commentée",
        ),
    ],
)
def test_refuses_a_first_observation(demande: FreinCreation, erreur: tuple[str, str]) -> None:
    with pytest.raises(Validation) as refus:
        rules.verifier_creation(demande, JOUR)
    assert _erreurs(refus) == [erreur]


def test_a_frein_observed_anew_does_not_overlap_its_last_episode() -> None:
    fin = VU + UN_JOUR
    rules.verifier_creation(_creation(date_observation=fin), JOUR, FINI)
    rules.verifier_creation(_creation(date_observation=VU), JOUR, ETAT)
    with pytest.raises(Validation) as refus:
        rules.verifier_creation(_creation(date_observation=VU), JOUR, FINI)
    assert _erreurs(refus) == [("/date_observation", "date-incoherente")]


@pytest.mark.parametrize("niveau", NiveauFrein)
def test_a_frein_that_ended_comes_back_at_a_level_that_weighs(niveau: NiveauFrein) -> None:
    """Whichever way it comes."""
    demande = _creation(niveau=niveau)
    rules.verifier_creation(demande, JOUR)
    acts: tuple[Callable[[], None], ...] = (
        lambda: rules.verifier_creation(demande, JOUR, FINI),
        lambda: rules.verifier_reouverture(FINI, _reouverture(niveau=niveau), JOUR),
    )
    for act in acts:
        if niveau in rules.PESANTS:
            act()
            continue
        with pytest.raises(Validation) as refus:
            act()
        assert _erreurs(refus) == [("/niveau", "hors-bornes")]
    handicap = replace(FINI, code=CodeFrein.HANDICAP, niveau=None)
    rules.verifier_creation(_creation(CodeFrein.HANDICAP, niveau=None), JOUR, handicap)


@pytest.mark.parametrize(
    ("demande", "erreur"),
    [
        pytest.param(_levee(), None, id="objectifs atteints, sans un mot"),
        pytest.param(_levee(date_levee=VU), None, id="le jour observé"),
        pytest.param(
            _levee(date_levee=VU - UN_JOUR), ("/date_levee", "date-incoherente"), id="avant"
        ),
        pytest.param(
            _levee(date_levee=JOUR + UN_JOUR), ("/date_levee", "date-incoherente"), id="demain"
        ),
        pytest.param(
            _levee(fondement=FondementLevee.DECISION_REFERENT),
            ("/commentaire", "requis"),
            id="décision muette",
        ),
        pytest.param(
            _levee(fondement=FondementLevee.DECISION_REFERENT, commentaire="Voiture trouvée"),
            None,
            id="décision motivée",
        ),
    ],
)
def test_lifts(demande: LeveeCreation, erreur: tuple[str, str] | None) -> None:
    if erreur is None:
        rules.verifier_levee(ETAT, demande, JOUR)
        return
    with pytest.raises(Validation) as refus:
        rules.verifier_levee(ETAT, demande, JOUR)
    assert _erreurs(refus) == [erreur]


def test_giving_up_is_said_why() -> None:
    with pytest.raises(Validation) as refus:
        rules.verifier_abandon(ETAT, AbandonCreation(date_abandon=JOUR), JOUR)
    assert _erreurs(refus) == [("/commentaire", "requis")]

    sante = replace(ETAT, code=CodeFrein.SANTE)
    rules.verifier_abandon(sante, AbandonCreation(date_abandon=JOUR), JOUR)


@pytest.mark.parametrize(
    ("demande", "erreur"),
    [
        pytest.param(_reouverture(niveau=MOYEN), None, id="moyen"),
        pytest.param(_reouverture(niveau=FORT), None, id="fort"),
        pytest.param(
            _reouverture(niveau=SANS_IMPACT), ("/niveau", "hors-bornes"), id="sans impact"
        ),
        pytest.param(
            _reouverture(niveau=NON_EXPLORE), ("/niveau", "hors-bornes"), id="non exploré"
        ),
        pytest.param(_reouverture(date_observation=VU + UN_JOUR), None, id="le jour de la levée"),
        pytest.param(
            _reouverture(date_observation=VU),
            ("/date_observation", "date-incoherente"),
            id="avant la levée",
        ),
    ],
)
def test_reopens(demande: ReouvertureCreation, erreur: tuple[str, str] | None) -> None:
    if erreur is None:
        rules.verifier_reouverture(FINI, demande, JOUR)
        return
    with pytest.raises(Validation) as refus:
        rules.verifier_reouverture(FINI, demande, JOUR)
    assert _erreurs(refus) == [erreur]


@pytest.mark.parametrize(
    ("etat", "possibles"),
    [
        pytest.param(ETAT, [EN_COURS, LEVE, ABANDONNE], id="ouvert"),
        pytest.param(replace(FINI, suivi=True), [], id="déjà rouvert"),
    ],
)
def test_only_the_last_ended_episode_is_reopened(
    etat: rules.EtatFrein, possibles: list[StatutFrein]
) -> None:
    with pytest.raises(TransitionInterdite) as refus:
        rules.verifier_reouverture(etat, _reouverture(), JOUR)
    assert refus.value.members["transitions_possibles"] == possibles


@pytest.mark.parametrize(
    ("portees", "lit", "connait", "ecrit"),
    [
        pytest.param({"parcours:lire", "parcours:ecrire"}, False, False, False, id="ordinaires"),
        pytest.param({"parcours.sante:lire"}, True, True, False, id="lecture"),
        pytest.param({"parcours.sante:ecrire"}, False, True, True, id="écriture"),
    ],
)
def test_health_has_scopes_of_its_own(
    portees: set[str], lit: bool, connait: bool, ecrit: bool
) -> None:
    assert (rules.lit_sante(portees), rules.connait_sante(portees)) == (lit, connait)
    rules.exige_ecriture(sante=False, portees=portees)
    if ecrit:
        rules.exige_ecriture(sante=True, portees=portees)
    else:
        with pytest.raises(rules.DonneeSanteInterdite):
            rules.exige_ecriture(sante=True, portees=portees)
