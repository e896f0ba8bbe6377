"""The parcours, against the 24 rows of the oracle. Planted by hand and seen red: `and` for `or`
in P3 and in P5, `or` for `and` in P6, P0 left out, the obstacle or the strong freins ignored."""

import csv
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from services.orientation.criteres.rules import Deduction, Entrees, deriver
from services.orientation.orientations.rules import (
    VERSION_TABLE_PARCOURS,
    Base,
    proposer_parcours,
)
from shared.schemas.orientation.vocabulaire import NiveauFrein, TypeParcours
from tests.unit.orientation.construire import COMPLET, criteres, entrees

with (Path(__file__).parent / "oracle" / "table-decision-parcours.csv").open(
    encoding="utf-8", newline=""
) as fichier:
    ORACLE = list(csv.DictReader(fichier))

LIGNES = [
    pytest.param(
        entrees(
            a=ligne["activite_actuelle_ou_2_ans"] == "oui",
            p=ligne["capacite_a_se_projeter"] == "oui",
            q=ligne["formation_superieure_ou_qualifiante"] == "oui",
            f=NiveauFrein(ligne["niveau_max_freins"].lower()),
        ),
        TypeParcours(ligne["parcours"].lower()),
        Base(ligne["base"].lower()),
        id=f"{ligne['regle']} {ligne['justification']}",
    )
    for ligne in ORACLE
]
LETTRES = [
    "activite_recente",
    "capacite_a_se_projeter",
    "formation_qualifiante",
    "niveau_freins",
    "obstacle_temporaire",
]
NIVEAUX = [NiveauFrein.SANS_IMPACT, NiveauFrein.MOYEN, NiveauFrein.FORT]
OUI_NON = [True, False]


@pytest.mark.parametrize(("donnees", "parcours", "base"), LIGNES)
def test_the_table(donnees: Entrees, parcours: TypeParcours, base: Base) -> None:
    proposition = proposer_parcours(donnees)

    assert proposition.type_parcours is parcours
    assert proposition.regle.base is base
    assert proposition.version == VERSION_TABLE_PARCOURS
    assert proposition.entrees is donnees
    assert not proposition.manquantes


@pytest.mark.parametrize(("donnees", "parcours", "base"), LIGNES)
def test_a_temporary_obstacle_always_gives_social(
    donnees: Entrees, parcours: TypeParcours, base: Base
) -> None:
    proposition = proposer_parcours(replace(donnees, obstacle_temporaire=Deduction(True)))

    assert proposition.regle.code == "P1"
    assert proposition.type_parcours is TypeParcours.SOCIAL
    assert proposition.regle.base is Base.TEXTE


@pytest.mark.parametrize(("donnees", "parcours", "base"), LIGNES)
@pytest.mark.parametrize("manquante", LETTRES)
def test_nothing_is_proposed_without_every_input(
    donnees: Entrees, parcours: TypeParcours, base: Base, manquante: str
) -> None:
    proposition = proposer_parcours(replace(donnees, **{manquante: Deduction(None)}))

    assert proposition.regle.code == "P0"
    assert proposition.type_parcours is None
    assert proposition.manquantes == (manquante,)


def test_an_unexplored_level_is_missing() -> None:
    assert proposer_parcours(entrees(f=NiveauFrein.NON_EXPLORE)).manquantes == ("niveau_freins",)


@pytest.mark.parametrize(
    ("regle", "a", "p", "q", "f"),
    [
        pytest.param(
            "P2", False, False, True, NiveauFrein.FORT, id="fort, sans activité ni projet"
        ),
        pytest.param("P3", True, False, True, NiveauFrein.FORT, id="fort, mais une activité"),
        pytest.param("P3", False, True, True, NiveauFrein.FORT, id="fort, mais un projet"),
        pytest.param("P4", False, False, False, NiveauFrein.MOYEN, id="moyen"),
        pytest.param("P5", True, False, True, NiveauFrein.SANS_IMPACT, id="qualifié, en activité"),
        pytest.param("P6", True, True, False, NiveauFrein.SANS_IMPACT, id="non qualifié, les deux"),
        pytest.param("P7", True, False, False, NiveauFrein.SANS_IMPACT, id="non qualifié, un seul"),
        pytest.param(
            "P7", False, False, True, NiveauFrein.SANS_IMPACT, id="qualifié, ni l'un ni l'autre"
        ),
    ],
)
def test_the_rule_is_told(regle: str, a: bool, p: bool, q: bool, f: NiveauFrein) -> None:
    proposition = proposer_parcours(entrees(a, p, q, f))

    assert proposition.regle.code == regle
    assert proposition.regle.entretien_recommande is (regle == "P3")
    assert proposition.regle.source


def test_the_table_is_total_and_every_rule_serves() -> None:
    """Every combination, missing ones included, gets one rule; none of P0 to P7 is dead."""
    cas = product([*OUI_NON, None], [*OUI_NON, None], [*OUI_NON, None], [*NIVEAUX, None], OUI_NON)
    propositions = [proposer_parcours(entrees(*valeurs)) for valeurs in cas]

    assert {p.regle.code for p in propositions} == {f"P{rang}" for rang in range(8)}
    assert all((p.type_parcours is None) == bool(p.manquantes) for p in propositions)


def test_the_oracle_has_no_gap_and_no_overlap() -> None:
    cles = [tuple(ligne.values())[1:5] for ligne in ORACLE]

    assert len(cles) == len(set(cles)) == 24


@pytest.mark.parametrize("absent", COMPLET)
def test_from_criteria_to_parcours_no_field_may_be_missing(absent: str) -> None:
    """With no strong frein and nothing negative, each stated field is needed."""
    champs = {champ: valeur for champ, valeur in COMPLET.items() if champ != absent}

    assert proposer_parcours(deriver(criteres(**COMPLET))).regle.code == "P5"
    assert proposer_parcours(deriver(criteres(**champs))).regle.code == "P0"
