"""What a diagnostic may say, and what it does to the freins."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.parcours.diagnostics import rules
from services.parcours.diagnostics.rules import EtatDiagnostic, Suite
from services.parcours.freins.rules import EtatFrein, fin_connue
from shared.refus import Validation
from shared.schemas.orientation.vocabulaire import CritereLigne, NiveauFrein
from shared.schemas.parcours.diagnostics import (
    DiagnosticCreation,
    FreinDiagnosticLigne,
    ValeurBesoin,
)
from shared.schemas.parcours.freins import CodeFrein, StatutFrein

JOUR = date(2026, 6, 1)
UN_JOUR = timedelta(days=1)
PROJET = {"typologie": "MR", "est_prioritaire": True}
OUVERT = EtatFrein(
    code=CodeFrein.MOBILITE,
    statut=StatutFrein.OUVERT,
    niveau=NiveauFrein.FORT,
    date_debut=date(2026, 3, 12),
    date_observation=date(2026, 3, 12),
    date_fin=None,
    suivi=False,
)
LEVE = replace(OUVERT, statut=StatutFrein.LEVE, date_fin=date(2026, 5, 4))


def _demande(**champs: Any) -> DiagnosticCreation:
    return DiagnosticCreation.model_validate(
        {"date_diagnostic": str(JOUR), "agent": "agt-1", **champs}
    )


def _frein(code: str = "mobilite", niveau: str | None = "moyen", **champs: Any) -> dict[str, Any]:
    return {"code": code, "niveau": niveau, **champs}


@pytest.mark.parametrize(
    "champs",
    [
        pytest.param({}, id="rien n'est exploré"),
        pytest.param({"sans_contrainte": True}, id="explorés, aucun"),
        pytest.param(
            {"sans_contrainte": True, "freins": [_frein(niveau="sans_impact")]},
            id="explorés, sans impact",
        ),
        pytest.param(
            {"projets": [PROJET, {**PROJET, "est_prioritaire": False}]}, id="un prioritaire"
        ),
        pytest.param({"freins": [_frein(situations=["6", "40"])]}, id="situations"),
        pytest.param({"freins": [_frein("handicap", None)]}, id="handicap"),
    ],
)
def test_accepts(champs: dict[str, Any]) -> None:
    rules.verifier_diagnostic(_demande(**champs), None, JOUR)


@pytest.mark.parametrize(
    ("champs", "pointeur"),
    [
        pytest.param({"date_diagnostic": "2026-06-02"}, "/date_diagnostic", id="demain"),
        pytest.param({"date_diagnostic": "2026-04-30"}, "/date_diagnostic", id="avant l'autre"),
        pytest.param({"projets": [PROJET, PROJET]}, "/projets", id="deux prioritaires"),
        pytest.param(
            {"projets": [{**PROJET, "besoins": [{"code": "22", "valeur": "besoin"}]}]},
            "/projets/0/besoins/0/code",
            id="besoin inconnu",
        ),
        pytest.param(
            {"projets": [{**PROJET, "besoins": [{"code": "5", "valeur": "besoin"}] * 2}]},
            "/projets/0/besoins/1/code",
            id="besoin deux fois",
        ),
        pytest.param({"freins": [_frein(), _frein()]}, "/freins/1/code", id="frein deux fois"),
        pytest.param(
            {"freins": [_frein(niveau="non_explore")]}, "/freins/0/niveau", id="non exploré"
        ),
        pytest.param({"freins": [_frein(niveau=None)]}, "/freins/0/niveau", id="sans niveau"),
        pytest.param(
            {"freins": [_frein("handicap", "fort")]}, "/freins/0/niveau", id="statut, un niveau"
        ),
        pytest.param(
            {"freins": [_frein("sante", "fort", commentaire="Lombalgie")]},
            "/freins/0/commentaire",
            id="texte libre sur la santé",
        ),
        pytest.param({"freins": [_frein(libelle="Vélo")]}, "/freins/0/libelle", id="libellé"),
        pytest.param(
            {"freins": [_frein(situations=["13"])]},
            "/freins/0/situations/0",
            id="situation d'un autre frein",
        ),
        pytest.param(
            {"sans_contrainte": True, "freins": [_frein()]}, "/sans_contrainte", id="aucun, et un"
        ),
        pytest.param(
            {"sans_contrainte": True, "freins": [_frein("handicap", None)]},
            "/sans_contrainte",
            id="aucun, et un statut",
        ),
    ],
)
def test_refuses(champs: dict[str, Any], pointeur: str) -> None:
    courant = EtatDiagnostic(uuid4(), 1, date(2026, 5, 1))
    with pytest.raises(Validation) as refus:
        rules.verifier_diagnostic(_demande(**champs), courant, JOUR)
    assert [erreur["pointeur"] for erreur in refus.value.members["erreurs"]] == [pointeur]


def test_whoever_supersedes_has_read() -> None:
    courant = EtatDiagnostic(uuid4(), 1, JOUR)
    rules.exige_lu(None, None)
    rules.exige_lu(courant, courant.id)
    for etat, lu in ((courant, None), (courant, uuid4()), (None, uuid4())):
        with pytest.raises(rules.DiagnosticRemplace):
            rules.exige_lu(etat, lu)


@pytest.mark.parametrize(
    ("etat", "niveau", "suite"),
    [
        pytest.param(None, "moyen", Suite.OUVRIR, id="jamais observé"),
        pytest.param(OUVERT, "sans_impact", Suite.OBSERVER, id="ouvert"),
        pytest.param(LEVE, "moyen", Suite.ROUVRIR, id="levé, revenu"),
        pytest.param(LEVE, "sans_impact", Suite.RIEN, id="levé, toujours levé"),
    ],
)
def test_a_line_observes_its_frein(etat: EtatFrein | None, niveau: str, suite: Suite) -> None:
    ligne = FreinDiagnosticLigne(code=CodeFrein.MOBILITE, niveau=NiveauFrein(niveau))
    assert rules.suite(ligne, etat) is suite


@pytest.mark.parametrize(
    ("etat", "champs", "pointeur"),
    [
        pytest.param(
            OUVERT, {"date_diagnostic": "2026-03-11"}, "/date_diagnostic", id="avant l'épisode"
        ),
        pytest.param(
            LEVE, {"date_diagnostic": "2026-05-03"}, "/date_diagnostic", id="avant la levée"
        ),
        pytest.param(
            LEVE,
            {"freins": [_frein(niveau="sans_impact", commentaire="Va bien")]},
            "/freins/0/commentaire",
            id="un mot que rien ne garde",
        ),
    ],
)
def test_lines_obey_the_rules_of_freins(
    etat: EtatFrein, champs: dict[str, Any], pointeur: str
) -> None:
    demande = _demande(**{"freins": [_frein()], **champs})
    with pytest.raises(Validation) as refus:
        rules.verifier_lignes(demande, {CodeFrein.MOBILITE: etat}, JOUR)
    assert [erreur["pointeur"] for erreur in refus.value.members["erreurs"]] == [pointeur]


def test_a_frein_autre_is_named_when_it_opens() -> None:
    demande = _demande(freins=[_frein("autre")])
    with pytest.raises(Validation) as refus:
        rules.verifier_lignes(demande, {}, JOUR)
    assert refus.value.members["erreurs"][0]["pointeur"] == "/freins/0/libelle"


def test_a_project_has_its_twenty_one_needs() -> None:
    besoins = rules.besoins({"5": "besoin"})
    assert len(besoins) == 21
    said = {besoin.code: besoin.valeur for besoin in besoins}
    assert (said["5"], said["6"]) == (ValeurBesoin.BESOIN, ValeurBesoin.NON_EXPLORE)


@pytest.mark.parametrize(
    ("champ", "valeur", "attendus"),
    [
        pytest.param(
            "contrainte_mobilite", "AUCUN_MOYEN_DE_TRANSPORT", {"mobilite": "fort"}, id="fort"
        ),
        pytest.param("contrainte_mobilite", "AUCUNE", {"mobilite": "sans_impact"}, id="aucune"),
        pytest.param("contrainte_mobilite", "INVENTEE", {}, id="valeur inconnue"),
        pytest.param("contrainte_logement", "SANS_LOGEMENT", {"logement": "fort"}, id="logement"),
        pytest.param(
            "contrainte_familiale",
            "ENFANT_SANS_SOLUTION_GARDE",
            {"garde_enfant": "fort"},
            id="garde",
        ),
        pytest.param(
            "contrainte_familiale", "AIDANT_FAMILIAL", {"proche_aidant": "fort"}, id="aidant"
        ),
        pytest.param("niveau_etude", "AFS", {}, id="sans rapport avec un frein"),
        pytest.param(
            "contrainte_familiale",
            "IMPACT_FAIBLE_RECHERCHE_EMPLOI",
            {"famille": "moyen"},
            id="la famille en général",
        ),
        pytest.param(
            "contrainte_familiale",
            "AUCUNE",
            dict.fromkeys(("famille", "garde_enfant", "proche_aidant"), "sans_impact"),
            id="aucune, des trois",
        ),
    ],
)
def test_criteria_propose(champ: str, valeur: str, attendus: dict[str, str]) -> None:
    proposes = rules.proposer([CritereLigne(champ=champ, valeur=valeur)], {}, sante=True)
    assert len(proposes) == 15
    said = {un.code: un.niveau for un in proposes if un.niveau is not NiveauFrein.NON_EXPLORE}
    assert said == attendus
    assert {un.code for un in proposes if un.critere} == set(attendus)


def test_what_is_known_stands_beside_what_is_proposed() -> None:
    frein_id = uuid4()
    critere = CritereLigne(champ="contrainte_mobilite", valeur="AUCUNE")
    ouverts = {CodeFrein.MOBILITE: (frein_id, NiveauFrein.FORT)}
    found = {un.code: un for un in rules.proposer([critere], ouverts, sante=False)}
    mobilite = found[CodeFrein.MOBILITE]
    assert (mobilite.niveau, mobilite.niveau_connu) == ("sans_impact", "fort")
    assert mobilite.frein_id == frein_id
    assert not {CodeFrein.SANTE, CodeFrein.HANDICAP} & set(found)


SU = datetime(2026, 5, 4, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("jour", "jusqu_a", "connue"),
    [
        pytest.param(date(2026, 5, 4), None, True, id="le jour même"),
        pytest.param(date(2026, 5, 3), None, False, id="la veille"),
        pytest.param(JOUR, SU + timedelta(seconds=1), True, id="sue juste avant"),
        pytest.param(JOUR, SU, False, id="sue à cet instant"),
    ],
)
def test_an_end_is_known_from_its_day_and_its_telling(
    jour: date, jusqu_a: datetime | None, connue: bool
) -> None:
    fin = date(2026, 5, 4)
    assert fin_connue(fin, SU, jour, jusqu_a) == (fin if connue else None)
    assert fin_connue(None, SU, jour, jusqu_a) is None
