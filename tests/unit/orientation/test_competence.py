"""Who may decide. Planted by hand and seen red: `>=` for `>` past the due date, a mission locale
let in for a BRSA, the last day of a delegation left out, 26 years accepted."""

from dataclasses import replace
from datetime import date

import pytest

from services.orientation.orientations.competence import (
    AutoriteIncompetente,
    Delegation,
    verifier_competence,
)
from services.orientation.orientations.referent import Situation
from shared.delais import delai_en_vigueur
from shared.schemas.orientation.vocabulaire import TypeOrganisme

CD, FT = TypeOrganisme.CONSEIL_DEPARTEMENTAL, TypeOrganisme.FRANCE_TRAVAIL
ML, CE = TypeOrganisme.MISSION_LOCALE, TypeOrganisme.CAP_EMPLOI
RECEPTION = date(2026, 1, 5)
ECHEANCE = delai_en_vigueur("orientation_pcd", RECEPTION).echeance(RECEPTION)
DERNIER_JOUR, LENDEMAIN = date(2026, 2, 16), date(2026, 2, 17)
DELEGATION = Delegation(date(2026, 2, 1), date(2026, 2, 10))

BRSA = Situation(brsa=True, age=40)
BRSA_JEUNE_BOE = Situation(
    brsa=True, age=20, boe=True, demande_mission_locale=True, demande_cap_emploi=True
)
JEUNE = Situation(brsa=False, age=25, demande_mission_locale=True)
HANDICAP = Situation(brsa=False, age=40, boe=True, demande_cap_emploi=True)
AUTRE = Situation(brsa=False, age=40)


@pytest.mark.parametrize(
    ("auteur", "situation", "jour", "regle"),
    [
        pytest.param(CD, BRSA, RECEPTION, "C1", id="PCD, premier jour"),
        pytest.param(CD, BRSA, DERNIER_JOUR, "C1", id="PCD, dernier jour des six semaines"),
        pytest.param(CD, BRSA_JEUNE_BOE, DERNIER_JOUR, "C1", id="PCD, BRSA jeune et BOE"),
        pytest.param(CD, BRSA, date(2026, 2, 5), "C1", id="PCD, malgré la délégation"),
        pytest.param(FT, BRSA, date(2026, 2, 1), "C2", id="délégation, premier jour"),
        pytest.param(FT, BRSA, date(2026, 2, 10), "C2", id="délégation, dernier jour"),
        pytest.param(FT, BRSA, LENDEMAIN, "C3", id="France Travail, six semaines passées"),
        pytest.param(ML, JEUNE, LENDEMAIN, "C4", id="mission locale, 25 ans révolus"),
        pytest.param(ML, replace(JEUNE, age=16), LENDEMAIN, "C4", id="mission locale, 16 ans"),
        pytest.param(CE, HANDICAP, LENDEMAIN, "C5", id="Cap emploi"),
        pytest.param(FT, AUTRE, LENDEMAIN, "C6", id="toute autre personne"),
        pytest.param(FT, replace(JEUNE, age=26), LENDEMAIN, "C6", id="26 ans"),
        pytest.param(FT, replace(JEUNE, age=15), LENDEMAIN, "C6", id="15 ans"),
        pytest.param(FT, replace(JEUNE, age=None), LENDEMAIN, "C6", id="âge inconnu"),
        pytest.param(
            FT,
            replace(JEUNE, demande_mission_locale=False),
            LENDEMAIN,
            "C6",
            id="jeune, sans demande",
        ),
        pytest.param(
            FT, replace(HANDICAP, demande_cap_emploi=False), LENDEMAIN, "C6", id="BOE, sans demande"
        ),
        pytest.param(FT, replace(HANDICAP, boe=None), LENDEMAIN, "C6", id="BOE non établi"),
    ],
)
def test_the_competent_authority(
    auteur: TypeOrganisme, situation: Situation, jour: date, regle: str
) -> None:
    assert (
        verifier_competence(
            auteur, situation, jour, date_echeance=ECHEANCE, delegations=[DELEGATION]
        )
        == regle
    )


@pytest.mark.parametrize(
    ("auteur", "situation", "jour", "regle", "competents"),
    [
        pytest.param(CD, BRSA, LENDEMAIN, "C3", [FT], id="PCD, au lendemain de l'échéance"),
        pytest.param(FT, BRSA, DERNIER_JOUR, "C1", [CD], id="France Travail, trop tôt"),
        pytest.param(FT, BRSA, date(2026, 1, 31), "C1", [CD], id="veille de la délégation"),
        pytest.param(FT, BRSA, date(2026, 2, 11), "C1", [CD], id="lendemain de la délégation"),
        pytest.param(ML, BRSA_JEUNE_BOE, DERNIER_JOUR, "C1", [CD], id="mission locale, BRSA"),
        pytest.param(CE, BRSA_JEUNE_BOE, DERNIER_JOUR, "C1", [CD], id="Cap emploi, BRSA"),
        pytest.param(ML, BRSA_JEUNE_BOE, LENDEMAIN, "C3", [FT], id="mission locale, BRSA, tard"),
        pytest.param(CE, BRSA_JEUNE_BOE, LENDEMAIN, "C3", [FT], id="Cap emploi, BRSA, tard"),
        pytest.param(
            TypeOrganisme.DELEGATAIRE_DEPARTEMENTAL,
            BRSA,
            DERNIER_JOUR,
            "C1",
            [CD],
            id="un délégataire n'est pas délégué pour décider",
        ),
        pytest.param(CD, AUTRE, LENDEMAIN, "C6", [FT], id="PCD, personne sans RSA"),
        pytest.param(FT, JEUNE, LENDEMAIN, "C4", [ML], id="France Travail, jeune qui a demandé"),
        pytest.param(FT, HANDICAP, LENDEMAIN, "C5", [CE], id="France Travail, BOE qui a demandé"),
        pytest.param(
            ML, replace(JEUNE, age=26), LENDEMAIN, "C6", [FT], id="mission locale, 26 ans"
        ),
        pytest.param(
            FT,
            replace(BRSA_JEUNE_BOE, brsa=False),
            LENDEMAIN,
            "C4",
            [ML, CE],
            id="les deux ont été demandés",
        ),
    ],
)
def test_refuses_any_other(
    auteur: TypeOrganisme,
    situation: Situation,
    jour: date,
    regle: str,
    competents: list[TypeOrganisme],
) -> None:
    with pytest.raises(AutoriteIncompetente) as refus:
        verifier_competence(
            auteur, situation, jour, date_echeance=ECHEANCE, delegations=[DELEGATION]
        )

    assert (refus.value.code, refus.value.status) == ("autorite-incompetente", 409)
    assert refus.value.members == {"regle": regle, "decideurs_competents": competents}


def test_a_delegation_still_rules_past_the_six_weeks() -> None:
    sans_fin = Delegation(date(2026, 2, 1))

    regle = verifier_competence(FT, BRSA, LENDEMAIN, date_echeance=ECHEANCE, delegations=[sans_fin])

    assert regle == "C2"


def test_a_clock_that_has_not_started_leaves_the_pcd_competent() -> None:
    assert verifier_competence(CD, BRSA, date(2030, 1, 1), date_echeance=None) == "C1"
    with pytest.raises(AutoriteIncompetente):
        verifier_competence(FT, BRSA, date(2030, 1, 1), date_echeance=None)


@pytest.mark.parametrize("auteur", [ML, CE])
@pytest.mark.parametrize("jour", [RECEPTION, DERNIER_JOUR, LENDEMAIN])
@pytest.mark.parametrize("delegations", [[], [DELEGATION]])
def test_neither_mission_locale_nor_cap_emploi_ever_decides_for_a_brsa(
    auteur: TypeOrganisme, jour: date, delegations: list[Delegation]
) -> None:
    with pytest.raises(AutoriteIncompetente):
        verifier_competence(
            auteur, BRSA_JEUNE_BOE, jour, date_echeance=ECHEANCE, delegations=delegations
        )
