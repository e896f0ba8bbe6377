"""The fake answers as France Travail's own documents say, wherever those documents are at hand.

They are of a third party and no part of this repository: JALONS_REFERENCE names the directory
that holds them.
"""

import asyncio
import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import REFERENCE
from tests.doubles.france_travail import Monde, app
from tests.unit.doubles.conftest import ENTETES, NUMERO, Appeler, jeton

DOSSIER = REFERENCE / "france-travail"
DOCUMENTS = (
    "diagnostic-usager",
    "gestion-sanctions-rsa",
    "informations-administratives-usager",
    "orientation-usager-v1",
    "rechercher-usager",
    "rendez-vous-partenaires",
    "statut-usager",
)
# An empty list is told by 204, which the document leaves out; a project that is not known has no
# other answer in it than 500.
ADMIS = {
    "GET /rendez-vous-usager": {204},
    "POST /diagnostics/{idDiagnostic}/priorise": {500},
    "POST /diagnostics/{idDiagnostic}/supprime": {500},
}


RENDEZ_VOUS = {
    "date": "2030-01-05T10:00:00Z",
    "motif": "ACC",
    "modaliteContact": "PHYSIQUE",
    "typeReception": "IND",
    "statut": "PRIS",
    "organisme": {"code": "CD"},
    "interlocuteur": {"civilite": "Mme"},
    "initiateur": "PARTENAIRE",
}
REFUSEE = {
    "etat_decision": "REFUSEE",
    "motif_refus": "AUTRE",
    "date_decision": "2026-02-01",
    "organisme_decision": "CD",
    "agent_decision": "BATCH",
    "parcours": "PSO",
    "organisme": "CD",
}
DOSSIER_ECRIT = {
    "contraintesDossierAEnregistrer": {
        "dateExploration": "2026-02-01T10:00:00.000+0100",
        "contraintesAEnregistrer": [{"code": "23", "valeur": "OUI", "impact": "FORT"}],
        "situationsAEnregistrer": [{"code": "6", "valeur": "OUI"}],
        "declareSansContrainteAEnregistrer": False,
    },
    "autonomieNumeriqueAEnregistrer": {
        "dateExploration": "2026-02-01T10:00:00.000+0100",
        "besoinAEnregistrer": {"code": "1", "valeur": "BESOIN"},
    },
    "diagnosticsAEnregistrer": [{"codeTypologie": "EF", "nomMetier": "Jardinier"}],
    "pouvoirAgirAEnregistrer": {"confiance": "OUI", "accompagnement": "NON"},
}


async def vivant(monde: Monde, appeler: Appeler) -> None:
    """Make all known of the person: what is read has something to say."""
    monde.sanctions_ouvertes = True
    connu = monde.usagers[NUMERO]
    for _ in range(2):
        monde.preconiser(NUMERO, "PED", "FT")
        decidee = await appeler("POST", "orientation", "/decisionOrientation", json=REFUSEE)
        assert decidee.status_code == 201
    assert [une["etat"] for une in connu.orientations] == ["CLOTURE", "OUVERT"]
    for produit, chemin, corps in (
        ("rendez_vous", "/rendez-vous", RENDEZ_VOUS),
        ("diagnostic", "/dossiers", DOSSIER_ECRIT),
    ):
        assert (await appeler("POST", produit, chemin, json=corps)).is_success
    connu.manquements["C1"] = {
        "individu": {"numeroFranceTravail": NUMERO},
        "identifiantManquement": "M1",
        "familleManquement": "F01",
        "consequencesSanction": [{"idConsequenceSanction": "C1", "montantPropose": 80}],
        "etat": "PROPOSEE",
    }
    return monde


@pytest.mark.skipif(
    not DOSSIER.is_dir(),
    reason="les documents OpenAPI de France Travail ne sont pas là (JALONS_REFERENCE)",
)
@pytest.mark.parametrize("nom", DOCUMENTS)
async def test_every_answer_is_one_that_its_document_knows(
    nom: str, complet: bool, monde: Monde, appeler: Appeler
) -> None:
    """Status, type and body, of requests drawn from the document.

    Planted: the statut of an orientation DECIDEE instead of DECIDE, red; `estEnConflit` left out
    of a rendez-vous, red.
    """
    document: dict[str, Any] = json.loads((DOSSIER / f"{nom}.openapi.json").read_text("utf-8"))
    await vivant(monde, appeler)
    vues = [
        await asyncio.to_thread(verifier, monde, found.ok(), 100 if complet else 12)
        for found in schemathesis.openapi.from_dict(document).get_all_operations()
    ]
    assert vues
    assert all(vues)


def verifier(monde: Monde, operation: Any, tirages: int) -> int:
    """Draw requests of an operation, and check each answer; return how many were sent."""
    porte = app(monde)
    vues = 0

    @settings(
        max_examples=tirages,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def run(case: Any) -> None:
        nonlocal vues
        vues += 1
        connu = monde.usagers[NUMERO]
        connu.orientations = connu.orientations[:5]
        if vues % 2:  # half of the draws find a préconisation to decide
            monde.preconiser(NUMERO, "PED", "FT")
        ours = {
            "Authorization": f"Bearer {jeton(monde)}",
            "ft-jeton-usager": monde.emettre_jeton_usager(NUMERO),
            **ENTETES,
        }
        noms = {un.lower() for un in ours}
        case.headers = {k: v for k, v in (case.headers or {}).items() if k.lower() not in noms}
        answer = case.call(app=porte, headers=ours)
        checks = [content_type_conformance, response_schema_conformance]
        if answer.status_code not in ADMIS.get(operation.label, ()):
            checks += [not_a_server_error, status_code_conformance]
        case.validate_response(answer, checks=checks, headers=ours)

    run()
    return vues
