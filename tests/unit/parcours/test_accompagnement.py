"""One référent at a time, who hands over when both sides agree."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from services.parcours.accompagnements.rules import soir
from services.parcours.referents import rules
from services.parcours.referents.rules import EtatPassation
from shared.refus import Refus, TransitionInterdite, Validation
from shared.schemas.parcours.accompagnement import (
    CotePassation,
    MotifPassation,
    PassationCreation,
    PassationReponseCreation,
    ReferentClotureCreation,
    ReferentCreation,
    RoleIntervenant,
    SensPassation,
    StatutPassation,
)
from shared.schemas.parcours.chronologies import TypeEvenement
from shared.schemas.parcours.contrats_engagement import TypeActeContrat

DEBUT, JOUR = date(2026, 3, 9), date(2026, 6, 1)
UN_JOUR = timedelta(days=1)
CEDANT, REPRENEUR, CHEF = "agt-1", "agt-2", "agt-9"


@pytest.mark.parametrize(
    ("debut", "depart", "ok"),
    [
        pytest.param(DEBUT, None, True, id="premier jour de la période"),
        pytest.param(DEBUT - UN_JOUR, None, False, id="avant la période"),
        pytest.param(JOUR, None, True, id="aujourd'hui"),
        pytest.param(JOUR + UN_JOUR, None, False, id="demain"),
        pytest.param(JOUR - UN_JOUR, JOUR - UN_JOUR, True, id="le jour du départ"),
        pytest.param(JOUR - 2 * UN_JOUR, JOUR - UN_JOUR, False, id="avant le départ"),
    ],
)
def test_referents_do_not_overlap(debut: date, depart: date | None, ok: bool) -> None:
    demande = ReferentCreation(agent=CEDANT, organisme_referent_id=uuid4(), date_debut=debut)
    bornes = {"debut_periode": DEBUT, "dernier_depart": depart, "jour": JOUR}
    if ok:
        rules.verifier_designation(demande, **bornes)  # type: ignore[arg-type]  # dates all
        return
    with pytest.raises(Validation):
        rules.verifier_designation(demande, **bornes)  # type: ignore[arg-type]  # dates all


def test_another_organisme_is_a_reorientation() -> None:
    with pytest.raises(rules.AutreOrganisme):
        rules.exige_organisme(uuid4(), uuid4())


def _etat(**champs: object) -> EtatPassation:
    found = {
        "statut": StatutPassation.PROPOSEE,
        "motif": MotifPassation.CHARGE,
        "cedant": CEDANT,
        "repreneur": REPRENEUR,
        "reponses": (),
    }
    return EtatPassation(**{**found, **champs})  # type: ignore[arg-type]  # a test's shorthand


def _reponse(cote: str, agent: str, sens: str = "accord") -> PassationReponseCreation:
    return PassationReponseCreation(cote=CotePassation(cote), sens=SensPassation(sens), agent=agent)


@pytest.mark.parametrize(
    ("etat", "reponse", "statut"),
    [
        pytest.param({}, _reponse("cedant", CEDANT), "proposee", id="un seul accord"),
        pytest.param(
            {"reponses": (CotePassation.CEDANT,)},
            _reponse("repreneur", REPRENEUR),
            "acceptee",
            id="les deux",
        ),
        pytest.param({}, _reponse("repreneur", REPRENEUR, "refus"), "refusee", id="un refus"),
        pytest.param(
            {"motif": MotifPassation.DEPART, "reponses": (CotePassation.REPRENEUR,)},
            _reponse("cedant", CHEF),
            "acceptee",
            id="pour un cédant parti",
        ),
    ],
)
def test_both_sides_agree_or_one_refuses(
    etat: dict[str, object], reponse: PassationReponseCreation, statut: str
) -> None:
    assert rules.statut_apres(_etat(**etat), reponse) == statut


@pytest.mark.parametrize(
    ("etat", "reponse", "refus"),
    [
        pytest.param({}, _reponse("cedant", CHEF), Validation, id="pour un cédant présent"),
        pytest.param({}, _reponse("repreneur", CHEF), Validation, id="pour le repreneur"),
        pytest.param(
            {"motif": MotifPassation.ABSENCE},
            _reponse("cedant", REPRENEUR),
            Validation,
            id="le repreneur des deux côtés",
        ),
        pytest.param(
            {"reponses": (CotePassation.CEDANT,)},
            _reponse("cedant", CEDANT, "refus"),
            rules.ReponseDejaDonnee,
            id="deux fois",
        ),
        pytest.param(
            {"statut": StatutPassation.CADUQUE},
            _reponse("cedant", CEDANT),
            TransitionInterdite,
            id="caduque",
        ),
    ],
)
def test_nobody_answers_for_another(
    etat: dict[str, object], reponse: PassationReponseCreation, refus: type[Refus]
) -> None:
    with pytest.raises(refus):
        rules.statut_apres(_etat(**etat), reponse)


@pytest.mark.parametrize(
    ("voulu", "effet"),
    [
        pytest.param(JOUR - UN_JOUR, JOUR, id="voulu hier : l'histoire n'est pas réécrite"),
        pytest.param(JOUR, JOUR, id="aujourd'hui"),
        pytest.param(JOUR + UN_JOUR, JOUR + UN_JOUR, id="demain"),
    ],
)
def test_the_referent_changes_once_both_agreed(voulu: date, effet: date) -> None:
    assert rules.debut_apres_accord(voulu, JOUR) == effet


@pytest.mark.parametrize(
    ("agent", "voulu", "pointeur"),
    [
        pytest.param(CEDANT, JOUR, "/agent", id="à soi-même"),
        pytest.param(REPRENEUR, DEBUT - UN_JOUR, "/date_passation", id="avant sa désignation"),
    ],
)
def test_refuses_a_hand_over(agent: str, voulu: date, pointeur: str) -> None:
    demande = PassationCreation(
        agent=agent,
        organisme_referent_id=uuid4(),
        motif=MotifPassation.CHARGE,
        date_passation=voulu,
    )
    with pytest.raises(Validation) as refus:
        rules.verifier_passation(demande, cedant=CEDANT, date_debut=DEBUT)
    assert [erreur["pointeur"] for erreur in refus.value.members["erreurs"]] == [pointeur]


@pytest.mark.parametrize(
    ("fin", "ok"),
    [
        pytest.param(DEBUT, True, id="le jour même"),
        pytest.param(DEBUT - UN_JOUR, False, id="la veille"),
        pytest.param(JOUR, True, id="aujourd'hui"),
        pytest.param(JOUR + UN_JOUR, False, id="demain"),
    ],
)
def test_a_referent_leaves_between_his_first_day_and_today(fin: date, ok: bool) -> None:
    demande = ReferentClotureCreation(motif=MotifPassation.DEPART, date_fin=fin)
    if ok:
        rules.verifier_fin(demande, date_debut=DEBUT, jour=JOUR)
        return
    with pytest.raises(Validation):
        rules.verifier_fin(demande, date_debut=DEBUT, jour=JOUR)


def test_a_nurse_is_known_under_the_scope_of_health() -> None:
    assert RoleIntervenant.INFIRMIER not in rules.roles_connus(sante=False)
    assert set(rules.roles_connus(sante=True)) == set(RoleIntervenant)


def test_the_evening_is_that_of_the_collectivite() -> None:
    from zoneinfo import ZoneInfo

    assert soir(JOUR, ZoneInfo("Europe/Paris")).isoformat() == "2026-06-02T00:00:00+02:00"


@pytest.mark.parametrize(
    ("fin", "debut", "ok"),
    [
        pytest.param(None, DEBUT, True, id="sans fin"),
        pytest.param(JOUR, DEBUT, False, id="parti ce jour"),
        pytest.param(JOUR + UN_JOUR, DEBUT, True, id="part demain"),
        pytest.param(JOUR + UN_JOUR, JOUR + UN_JOUR, False, id="à venir, déjà retiré"),
    ],
)
def test_an_end_to_come_may_come_sooner(fin: date | None, debut: date, ok: bool) -> None:
    if ok:
        rules.exige_en_cours(fin, date_debut=debut, jour=JOUR)
        return
    with pytest.raises(TransitionInterdite):
        rules.exige_en_cours(fin, date_debut=debut, jour=JOUR)


def test_one_to_come_is_withdrawn_on_his_first_day_only() -> None:
    debut = JOUR + UN_JOUR
    retrait = ReferentClotureCreation(motif=MotifPassation.AUTRE, date_fin=debut)
    rules.verifier_fin(retrait, date_debut=debut, jour=JOUR)
    for fin in (JOUR, debut + UN_JOUR):
        with pytest.raises(Validation):
            rules.verifier_fin(
                ReferentClotureCreation(motif=MotifPassation.AUTRE, date_fin=fin),
                date_debut=debut,
                jour=JOUR,
            )


def test_every_act_on_a_contract_has_its_place_in_the_timeline() -> None:
    assert {f"contrat_{acte}" for acte in TypeActeContrat} <= set(TypeEvenement)
