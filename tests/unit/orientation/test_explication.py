"""The explanation. Planted by hand and seen red: an interpretation told without its reserve, the
criteria left in the order received, a health field unmarked, a frein named in the text."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orientation.criteres.rules import deriver
from services.orientation.orientations.explication import Explication, expliquer
from services.orientation.orientations.referent import (
    Defaut,
    Ecart,
    MotifEcart,
    Organisme,
    PropositionOrganisme,
    Situation,
    proposer_organisme,
)
from services.orientation.orientations.rules import Base, PropositionParcours, proposer_parcours
from shared.referentiels import charger
from shared.schemas.orientation.vocabulaire import NiveauFrein, TypeOrganisme
from tests.unit.orientation.construire import COMPLET, criteres, entrees, un_id

JOUR = date(2026, 3, 2)
CD = Organisme(un_id(1), TypeOrganisme.CONSEIL_DEPARTEMENTAL)
FT = Organisme(un_id(2), TypeOrganisme.FRANCE_TRAVAIL)
ML = Organisme(un_id(3), TypeOrganisme.MISSION_LOCALE)
CE = Organisme(un_id(4), TypeOrganisme.CAP_EMPLOI)
TOUS = (CD, FT, ML, CE)
SITUATION = Situation(brsa=True, age=40, code_commune="35238")
FREIN_FORT = COMPLET | {"contrainte_logement": "PROCEDURE_EXPULSION"}


def explication(
    champs: Mapping[str, str],
    situation: Situation = SITUATION,
    organismes: Sequence[Organisme] = TOUS,
) -> Explication:
    enonces = criteres(**champs)
    parcours = proposer_parcours(deriver(enonces))
    organisme = (
        proposer_organisme(parcours.type_parcours, situation, organismes, JOUR)
        if parcours.type_parcours
        else None
    )
    return expliquer(parcours, enonces, organisme)


@pytest.mark.parametrize(
    ("champs", "texte"),
    [
        pytest.param(
            COMPLET,
            "La règle P5 propose le parcours professionnel. Aucun frein n'a d'impact, une formation"
            " qualifiante est acquise, et une activité récente ou une capacité à se projeter est"
            " établie. La règle O09 propose France Travail comme organisme référent : c'est"
            " l'organisme prévu pour le parcours professionnel. La règle O09 est une proposition de"
            " l'outil : une décision motivée peut s'en écarter. Cette proposition ne vaut pas"
            " décision.",
            id="règle du texte",
        ),
        pytest.param(
            FREIN_FORT,
            "La règle P3 propose le parcours socio-professionnel. Un frein fort est relevé, avec"
            " une activité récente ou une capacité à se projeter. Un entretien est recommandé avant"
            " la décision. La règle O08 propose le conseil départemental comme organisme référent :"
            " c'est l'organisme prévu pour le parcours socio-professionnel. La règle P3 interprète"
            " les textes et la règle O08 est une proposition de l'outil : une décision motivée peut"
            " s'en écarter. Cette proposition ne vaut pas décision.",
            id="interprétation",
        ),
        pytest.param(
            {"situation_professionnelle": "JAMAIS", "capacite_a_travailler": "false"}
            | {c: v for c, v in COMPLET.items() if c.startswith("contrainte_")},
            "Aucun parcours ne peut encore être proposé. Il reste à connaître : formation"
            " supérieure ou qualifiante. L'orientation reste à l'état de brouillon.",
            id="brouillon",
        ),
    ],
)
def test_the_text(champs: dict[str, str], texte: str) -> None:
    assert explication(champs).texte == texte


def test_facts_stand_beside_the_text() -> None:
    faits = explication(FREIN_FORT)

    assert (faits.regle_parcours, faits.base_parcours) == ("P3", Base.INTERPRETATION)
    assert (faits.regle_organisme, faits.base_organisme) == ("O08", Base.PROPOSE)
    assert faits.entretien_recommande
    assert faits.versions == (
        "parcours-2025-01-01",
        "proposee-2025-01-01",
        "organisme-2025-01-01",
    )
    assert faits.organismes_ecartes == (
        Ecart(FT.id, MotifEcart.TYPE_NON_RETENU),
        Ecart(ML.id, MotifEcart.HORS_AGE),
        Ecart(CE.id, MotifEcart.TYPE_NON_RETENU),
    )


def test_missing_fields_are_named_for_the_one_who_asks() -> None:
    faits = explication({"capacite_a_travailler": "true"})

    assert faits.regle_parcours == "P0"
    assert set(faits.champs_manquants) == COMPLET.keys() - {"capacite_a_travailler"}
    assert len(faits.entrees_manquantes) == 5


@pytest.mark.parametrize(
    ("champ", "valeur", "effet"),
    [
        pytest.param(
            "situation_professionnelle",
            "JAMAIS",
            "activité en cours ou dans les deux dernières années : non",
            id="activité",
        ),
        pytest.param("projet_pro", "AUCUN", "capacité à se projeter : non", id="projet"),
        pytest.param(
            "niveau_etude", "NV5", "formation supérieure ou qualifiante : oui", id="études"
        ),
        pytest.param("contrainte_mobilite", "AUTRE", "frein : moyen", id="frein moyen"),
        pytest.param(
            "contrainte_logement",
            "SANS_LOGEMENT",
            "frein : fort, obstacle temporaire",
            id="obstacle",
        ),
        pytest.param("origine", "RDS_LPE", "sans effet sur la proposition", id="sans effet"),
        pytest.param("boe", "true", "sans effet sur la proposition", id="BOE sans souhait"),
    ],
)
def test_every_criterion_is_told_with_its_effect(champ: str, valeur: str, effet: str) -> None:
    champs = COMPLET | {champ: valeur}
    evalues = {critere.champ: critere for critere in explication(champs).criteres}

    assert evalues.keys() == champs.keys() | {"age_25_ans_revolus_au_plus"}
    assert (evalues[champ].valeur, evalues[champ].effet) == (valeur, effet)


@pytest.mark.parametrize(
    ("champs", "situation", "champ", "effet"),
    [
        pytest.param(
            COMPLET | {"boe": "true", "boe_souhait_accompagnement": "true"},
            replace(SITUATION, boe=True, boe_souhait_accompagnement=True),
            "boe",
            "ouvre la règle O06",
            id="Cap emploi",
        ),
        pytest.param(
            COMPLET,
            replace(SITUATION, age=25),
            "age_25_ans_revolus_au_plus",
            "ouvre la règle O07",
            id="mission locale",
        ),
    ],
)
def test_what_opened_the_rule_of_the_organisme_says_so(
    champs: dict[str, str], situation: Situation, champ: str, effet: str
) -> None:
    evalues = {c.champ: c.effet for c in explication(champs, situation).criteres}

    assert evalues[champ] == effet


def test_an_obstacle_told_by_the_professional_is_shown() -> None:
    enonces = criteres(**COMPLET)
    parcours = proposer_parcours(deriver(enonces, obstacle_declare=True))

    faits = expliquer(parcours, enonces)

    assert faits.regle_parcours == "P1"
    assert "obstacle_temporaire" in {critere.champ for critere in faits.criteres}


def test_health_criteria_are_marked() -> None:
    champs = COMPLET | {"boe": "true", "esat": "false"}

    marques = {critere.champ for critere in explication(champs).criteres if critere.sante}

    assert marques == {"contrainte_sante", "boe", "esat"}


def _propositions() -> Iterator[tuple[PropositionParcours, PropositionOrganisme]]:
    valeurs = product([True, False], [True, False], [True, False], NiveauFrein, [True, False])
    situations = [SITUATION, replace(SITUATION, age=20), replace(SITUATION, age=None)]
    defauts = [None, Defaut(FT.type), Defaut(CD.type), Defaut(CD.type, CE.id)]
    for (a, p, q, f, o), situation, defaut in product(valeurs, situations, defauts):
        parcours = proposer_parcours(entrees(a, p, q, f, o))
        for organismes in (TOUS, ()):
            yield (
                parcours,
                proposer_organisme(
                    parcours.type_parcours, situation, organismes, JOUR, defaut=defaut
                ),
            )


def test_every_text_is_short_impersonal_and_names_no_difficulty() -> None:
    freins = {"logement", "santé", "handicap", "mobilité", "garde", "aidant", "illettrisme"}
    libelles = {ligne["libelle"].lower() for ligne in charger("freins")}
    for parcours, organisme in _propositions():
        texte = expliquer(parcours, (), organisme).texte
        mots = set(re.findall(r"\w+", texte.lower()))

        assert 2 <= len(re.findall(r"\.(?: |$)", texte)) <= 6, texte
        assert not mots & {"vous", "votre", "vos", "tu", "ton", "monsieur", "madame"}
        assert not mots & freins
        assert not any(libelle in texte.lower() for libelle in libelles)


def test_whatever_is_not_the_text_of_the_law_is_said_not_to_be() -> None:
    for parcours, organisme in _propositions():
        faits = expliquer(parcours, (), organisme)

        interprete = f"règle {faits.regle_parcours} interprète les textes" in faits.texte
        assert interprete is (faits.base_parcours is Base.INTERPRETATION)
        propose = f"règle {faits.regle_organisme} est une proposition" in faits.texte
        assert propose is (faits.base_organisme is Base.PROPOSE)


def _octets(faits: Explication) -> bytes:
    return json.dumps(asdict(faits), default=str, ensure_ascii=False).encode()


@given(st.permutations(list(FREIN_FORT.items())), st.permutations(TOUS))
def test_stored_inputs_give_the_same_bytes_in_any_order(
    champs: list[tuple[str, str]], organismes: list[Organisme]
) -> None:
    assert _octets(explication(dict(champs), organismes=organismes)) == _octets(
        explication(FREIN_FORT)
    )
