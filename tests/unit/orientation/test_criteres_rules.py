"""Criteria. Planted by hand and seen red: a missing contrainte counted as no frein, NV5 left out
of the qualifying levels, the first statement kept instead of the latest."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orientation.criteres.rules import (
    CHAMPS_SANTE,
    GRILLE,
    REFERENTIEL,
    Critere,
    Deduction,
    Enonce,
    deriver,
    fusionner,
    verifier,
    vrai,
)
from shared.referentiels import codes
from shared.refus import Validation
from shared.schemas.orientation.vocabulaire import NiveauFrein
from tests.unit.orientation.construire import COMPLET, SANS_CONTRAINTE, criteres

MIDI = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_accepts_what_the_referential_knows() -> None:
    verifier(criteres(**COMPLET, brsa="true", msa_autonomie_recherche_emploi="5"))


@pytest.mark.parametrize(
    ("critere", "pointeur"),
    [
        pytest.param(Critere("couleur", "BLEU"), "/criteres/1/champ", id="critère inconnu"),
        pytest.param(Critere("statut", "DECIDE"), "/criteres/1/champ", id="résultat, non critère"),
        pytest.param(
            Critere("decision.motif_refus", "AUTRE"),
            "/criteres/1/champ",
            id="décision, non critère",
        ),
        pytest.param(Critere("niveau_etude", "NV6"), "/criteres/1/valeur", id="valeur inconnue"),
        pytest.param(Critere("niveau_etude", "nv5"), "/criteres/1/valeur", id="autre casse"),
        pytest.param(Critere("boe", "oui"), "/criteres/1/valeur", id="booléen mal écrit"),
        pytest.param(
            Critere("contrainte_sante", "SANS_LOGEMENT"),
            "/criteres/1/valeur",
            id="valeur d'un autre critère",
        ),
        pytest.param(
            Critere("msa_autonomie_recherche_emploi", "6"), "/criteres/1/valeur", id="au-delà de 5"
        ),
    ],
)
def test_refuses_what_the_referential_does_not_know(critere: Critere, pointeur: str) -> None:
    with pytest.raises(Validation) as refus:
        verifier([Critere("projet_pro", "AUCUN"), critere])

    (erreur,) = refus.value.members["erreurs"]
    assert (erreur["pointeur"], erreur["code"]) == (pointeur, "code-referentiel-inconnu")
    assert critere.valeur not in erreur["message"]


def test_refuses_a_field_stated_twice_at_once() -> None:
    with pytest.raises(Validation) as refus:
        verifier([Critere("projet_pro", "AUCUN"), Critere("projet_pro", "SALARIAT")], "/corps")

    (erreur,) = refus.value.members["erreurs"]
    assert (erreur["pointeur"], erreur["code"]) == ("/corps/1/champ", "format-inattendu")


def test_tells_every_error_at_once() -> None:
    with pytest.raises(Validation) as refus:
        verifier(criteres(couleur="BLEU", niveau_etude="NV6", projet_pro="AUCUN"))

    assert len(refus.value.members["erreurs"]) == 2


def test_the_latest_statement_of_each_field_wins() -> None:
    premier = Enonce(MIDI, criteres(projet_pro="AUCUN", niveau_etude="NV5"))
    second = Enonce(MIDI + timedelta(seconds=1), criteres(projet_pro="SALARIAT"))

    attendus = criteres(niveau_etude="NV5", projet_pro="SALARIAT")
    assert fusionner([premier, second]) == fusionner([second, premier]) == attendus


def test_of_one_instant_the_statement_given_last_wins() -> None:
    enonces = [Enonce(MIDI, criteres(boe="true")), Enonce(MIDI, criteres(boe="false"))]

    assert fusionner(enonces) == criteres(boe="false")


@pytest.mark.parametrize(
    ("valeur", "attendu"),
    [
        pytest.param("EN_ACTIVITE", True, id="en activité"),
        pytest.param("DEUX_DERNIERES_ANNEES", True, id="dans les deux ans"),
        pytest.param("PLUS_DEUX_ANS", False, id="plus de deux ans"),
        pytest.param("JAMAIS", False, id="jamais travaillé"),
    ],
)
def test_recent_activity(valeur: str, attendu: bool) -> None:
    enonces = criteres(situation_professionnelle=valeur)

    assert deriver(enonces).activite_recente == Deduction(attendu, enonces)


@pytest.mark.parametrize(
    ("champs", "attendu", "manquants"),
    [
        pytest.param(
            {"capacite_a_travailler": "true", "projet_pro": "FORMATION"}, True, (), id="les deux"
        ),
        pytest.param(
            {"capacite_a_travailler": "true", "projet_pro": "AUCUN"}, False, (), id="sans projet"
        ),
        pytest.param(
            {"capacite_a_travailler": "false", "projet_pro": "SALARIAT"},
            False,
            (),
            id="ne peut pas travailler",
        ),
        pytest.param(
            {"capacite_a_travailler": "false"}, False, (), id="le projet n'y changerait rien"
        ),
        pytest.param({"projet_pro": "AUCUN"}, False, (), id="la capacité n'y changerait rien"),
        pytest.param(
            {"capacite_a_travailler": "true"}, None, ("projet_pro",), id="projet à connaître"
        ),
        pytest.param(
            {"projet_pro": "SALARIAT"}, None, ("capacite_a_travailler",), id="capacité à connaître"
        ),
        pytest.param({}, None, ("capacite_a_travailler", "projet_pro"), id="rien de dit"),
    ],
)
def test_ability_to_plan_ahead(
    champs: dict[str, str], attendu: bool | None, manquants: tuple[str, ...]
) -> None:
    projection = deriver(criteres(**champs)).capacite_a_se_projeter

    assert (projection.valeur, projection.manquants) == (attendu, manquants)


@pytest.mark.parametrize(
    ("valeur", "attendu"),
    [
        pytest.param("AFS", False, id="aucune formation"),
        pytest.param("C12", False, id="première achevée"),
        pytest.param("NV5", True, id="CAP ou BEP"),
        pytest.param("NV1", True, id="bac + 5"),
    ],
)
def test_qualifying_training(valeur: str, attendu: bool) -> None:
    assert deriver(criteres(niveau_etude=valeur)).formation_qualifiante.valeur is attendu


FORT = {"contrainte_financiere": "IMPACT_FORT_RECHERCHE_EMPLOI"}
MOYEN = {"contrainte_mobilite": "DEPENDANT_TRANSPORT"}


@pytest.mark.parametrize(
    ("champs", "attendu", "source"),
    [
        pytest.param(SANS_CONTRAINTE, NiveauFrein.SANS_IMPACT, None, id="aucune contrainte"),
        pytest.param(SANS_CONTRAINTE | MOYEN, NiveauFrein.MOYEN, MOYEN, id="une moyenne"),
        pytest.param(SANS_CONTRAINTE | MOYEN | FORT, NiveauFrein.FORT, FORT, id="la plus forte"),
        pytest.param(FORT, NiveauFrein.FORT, FORT, id="une forte suffit"),
    ],
)
def test_highest_level_of_freins(
    champs: dict[str, str], attendu: NiveauFrein, source: dict[str, str] | None
) -> None:
    niveau = deriver(criteres(**champs)).niveau_freins

    assert niveau == Deduction(attendu, criteres(**(source or champs)))


@pytest.mark.parametrize("absent", SANS_CONTRAINTE)
def test_an_unexplored_frein_is_missing_not_absent(absent: str) -> None:
    champs = {champ: valeur for champ, valeur in COMPLET.items() if champ != absent}

    niveau = deriver(criteres(**champs)).niveau_freins

    assert (niveau.valeur, niveau.manquants) == (None, (absent,))


SANTE_LOGEMENT = {"contrainte_sante": "AUCUNE", "contrainte_logement": "AUCUNE"}


@pytest.mark.parametrize(
    ("champs", "declare", "attendu"),
    [
        pytest.param(SANTE_LOGEMENT, None, False, id="aucun critère ne le signale"),
        pytest.param({"contrainte_logement": "SANS_LOGEMENT"}, None, True, id="sans logement"),
        pytest.param(
            {"contrainte_sante": "INCAPACITE_RECHERCHE_ACTIVITE_PRO"}, None, True, id="incapacité"
        ),
        pytest.param(
            SANTE_LOGEMENT | {"contrainte_logement": "PROCEDURE_EXPULSION"},
            None,
            False,
            id="expulsion en cours : frein fort, non obstacle",
        ),
        pytest.param({}, None, None, id="rien de dit"),
        pytest.param({"contrainte_sante": "AUCUNE"}, None, None, id="logement à connaître"),
        pytest.param({}, True, True, id="dit par le professionnel"),
        pytest.param({}, False, False, id="écarté par le professionnel"),
        pytest.param(SANTE_LOGEMENT, True, True, id="le professionnel en sait plus"),
        pytest.param(
            {"contrainte_logement": "SANS_LOGEMENT"}, False, True, id="le critère l'emporte"
        ),
    ],
)
def test_temporary_obstacle(
    champs: dict[str, str], declare: bool | None, attendu: bool | None
) -> None:
    obstacle = deriver(criteres(**champs), obstacle_declare=declare).obstacle_temporaire

    assert obstacle.valeur is attendu


def test_complete_criteria_leave_nothing_missing() -> None:
    assert not [d for d in vars(deriver(criteres(**COMPLET))).values() if d.manquants]


@given(
    st.fixed_dictionaries(
        {}, optional={c: st.sampled_from(sorted(codes(REFERENTIEL, champ=c))) for c in COMPLET}
    ),
    st.sampled_from(sorted(COMPLET)),
    st.data(),
)
def test_a_known_input_never_changes_when_a_missing_field_is_stated(
    champs: dict[str, str], ajoute: str, data: st.DataObject
) -> None:
    avant = deriver(criteres(**champs))
    valeur = data.draw(st.sampled_from(sorted(codes(REFERENTIEL, champ=ajoute))))
    apres = deriver(criteres(**({ajoute: valeur} | champs)))

    for nom, deduction in vars(avant).items():
        assert deduction.valeur is None or getattr(apres, nom).valeur == deduction.valeur
        assert bool(deduction.manquants) is (deduction.valeur is None)


@pytest.mark.parametrize(("valeur", "attendu"), [("true", True), ("false", False)])
def test_booleans_are_read(valeur: str, attendu: bool) -> None:
    assert vrai(criteres(boe=valeur), "boe") is attendu
    assert vrai(criteres(boe=valeur), "esat") is None


def test_health_fields_are_criteria() -> None:
    assert codes(REFERENTIEL, "champ", usage="critere") > CHAMPS_SANTE


def test_the_grid_is_dated_and_says_whose_it_is() -> None:
    assert GRILLE.depuis.year == 2025
    assert "Proposition" in GRILLE.source
