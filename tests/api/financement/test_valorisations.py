"""The Département's own contribution in kind: admitted, proved, and never cash."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import uuid4

import pytest_asyncio

from services.financement.journal.queries import verifier_journal
from shared.socle.service import Service
from tests.api.financement.conftest import Terrain
from tests.api.financement.test_recettes import JOUR, refus

REGLE = {
    "nature": "personnel",
    "autorisee": True,
    "methode": "taux_horaire",
    "part_maximale_points_base": 2_000,
    "pieces_requises": ["feuille_temps"],
    "source": "Convention, art. 6",
    "valable_du": "2024-01-01",
}


@pytest_asyncio.fixture(autouse=True)
async def prouve(
    terrain: Terrain, services: Mapping[str, Service], ouverte: str
) -> AsyncIterator[None]:
    """Whatever a test does, the journal proves its balances in the end."""
    yield
    service = services["financement"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        assert await verifier_journal(tx) == []


async def enveloppe(terrain: Terrain, ouvert: int = 10_000_00, prevu: int = 5_000_00) -> str:
    """The Département's envelope, with a contribution planned."""
    enveloppe_id = await terrain.enveloppe(ouvert, financeur="departement")
    await terrain.creer(
        f"/v1/enveloppes/{enveloppe_id}/previsions-valorisation",
        {"montant_centimes": prevu, "date_effet": JOUR, "source": "Annexe financière"},
    )
    return enveloppe_id


async def regle(terrain: Terrain, **values: Any) -> None:
    """What the convention admits."""
    chemin = f"/v1/conventions/{terrain.convention_id}/regles-valorisation"
    await terrain.creer(chemin, REGLE | values)


async def piece(terrain: Terrain, type_: str = "feuille_temps") -> str:
    """A piece."""
    corps = {
        "type": type_,
        "sha256": hashlib.sha256(uuid4().bytes).hexdigest(),
        "date_piece": "2026-02-28",
    }
    found = await terrain.creer("/v1/justificatifs", corps)
    return str(found["id"])


def heures(minutes: int = 2_400, **values: Any) -> dict[str, Any]:
    """Hours of an agent in February."""
    return {
        "nature": "personnel",
        "mois": "2026-02-01",
        "date_effet": JOUR,
        "minutes": minutes,
        "taux_horaire_centimes": 28_50,
        "agent_ref": str(uuid4()),
        "temps_mois_minutes": 9_100,
        **values,
    }


async def apport(terrain: Terrain, enveloppe_id: str) -> dict[str, int]:
    """The balances that are not zero."""
    found = await terrain.lire(f"/v1/enveloppes/{enveloppe_id}/apport")
    return {
        nom.removesuffix("_centimes"): valeur
        for nom, valeur in found.items()
        if nom.endswith("_centimes") and valeur
    }


async def test_hours_are_declared_proved_and_validated_apart_from_cash(terrain: Terrain) -> None:
    enveloppe_id = await enveloppe(terrain)
    base = f"/v1/enveloppes/{enveloppe_id}"
    chemin = f"{base}/valorisations"
    # Not admitted until a document says so.
    assert await refus(terrain, chemin, heures()) == (422, "validation")
    await regle(terrain)

    declaree = await terrain.creer(chemin, heures())
    assert (declaree["montant_centimes"], declaree["statut"]) == (1_140_00, "declaree")
    decisions = f"/v1/valorisations/{declaree['id']}/decisions"
    valider = {"sens": "validee", "date_effet": JOUR}
    refused = await terrain.client.post(decisions, valider, version=1)
    assert refused.json()["transitions_possibles"] == ["rejetee"]
    avec = valider | {"justificatif_ids": [await piece(terrain)]}
    validee = await terrain.creer(decisions, avec, version=1)
    assert (validee["statut"], len(validee["justificatif_ids"])) == ("validee", 1)

    rejetee = await terrain.creer(chemin, heures(60))
    await terrain.creer(
        f"/v1/valorisations/{rejetee['id']}/decisions",
        {"sens": "rejetee", "date_effet": JOUR, "motif": "Hors objet"},
        version=1,
    )
    assert await apport(terrain, enveloppe_id) == {
        "prevu": 5_000_00,
        "a_justifier": 5_000_00 - 1_140_00 - 28_50,
        "valide": 1_140_00,
        "rejete": 28_50,
    }
    # Never cash: what is opened and paid has not moved.
    found = await terrain.lire(base)
    assert (found["ouvert_centimes"], found["paye_centimes"]) == (10_000_00, 0)


async def test_it_is_bounded_by_its_share_and_by_what_is_planned(terrain: Terrain) -> None:
    await regle(terrain)
    petite = await enveloppe(terrain, ouvert=1_000_00)
    chemin = f"/v1/enveloppes/{petite}/valorisations"
    # A fifth of 1 000.00 is 200.00: 400 minutes at 30.00 an hour.
    juste = heures(200, taux_horaire_centimes=30_00)
    await terrain.creer(chemin, juste)
    await terrain.creer(chemin, juste | {"agent_ref": str(uuid4())})
    refused = await terrain.client.post(chemin, heures(1))
    assert (refused.status_code, refused.json()["disponible_centimes"]) == (409, 0)
    prevue = await enveloppe(terrain, prevu=1_00)
    chemin = f"/v1/enveloppes/{prevue}/valorisations"
    refused = await terrain.client.post(chemin, heures(60))
    assert (refused.status_code, refused.json()["disponible_centimes"]) == (409, 1_00)


async def test_an_agent_has_one_month_over_all_conventions(terrain: Terrain) -> None:
    """Six at once of 2 000 minutes, on two envelopes, in a month of 9 100: four fit.

    What is rejected gives its minutes back. Planted: the agent's month read without its lock, red.
    """
    await regle(terrain)
    enveloppes = [await enveloppe(terrain, ouvert=100_000_00, prevu=20_000_00) for _ in range(2)]
    agent = str(uuid4())

    async def declarer(rang: int) -> tuple[int, Any]:
        chemin = f"/v1/enveloppes/{enveloppes[rang % 2]}/valorisations"
        for _ in range(20):
            answer = await terrain.client.post(chemin, heures(2_000, agent_ref=agent))
            if answer.status_code != 503:
                return answer.status_code, answer.json()
        raise AssertionError("surcharge")

    answers = await asyncio.gather(*(declarer(rang) for rang in range(6)))
    assert Counter(code for code, _ in answers) == {201: 4, 409: 2}
    perdu = next(corps for code, corps in answers if code == 409)
    assert perdu["disponible_minutes"] == 1_100
    chemin = f"/v1/enveloppes/{enveloppes[0]}/valorisations"
    autre_temps = heures(1, agent_ref=agent, temps_mois_minutes=9_101)
    assert await refus(terrain, chemin, autre_temps) == (422, "validation")
    # Another month is another time.
    await terrain.creer(chemin, heures(2_000, agent_ref=agent, mois="2026-03-01"))
    premiere = next(corps for code, corps in answers if code == 201)
    await terrain.creer(
        f"/v1/valorisations/{premiere['id']}/decisions",
        {"sens": "rejetee", "date_effet": JOUR, "motif": "Hors objet"},
        version=1,
    )
    await terrain.creer(chemin, heures(3_100, agent_ref=agent))


async def test_a_month_told_wrong_is_told_anew_once_nothing_is_taken_from_it(
    terrain: Terrain,
) -> None:
    """Seen red: a month kept as first told, even when all of it was rejected."""
    await regle(terrain)
    chemin = f"/v1/enveloppes/{await enveloppe(terrain)}/valorisations"
    agent = str(uuid4())
    fausse = await terrain.creer(chemin, heures(60, agent_ref=agent, temps_mois_minutes=91))
    juste = heures(2_400, agent_ref=agent)
    assert await refus(terrain, chemin, juste) == (422, "validation")

    await terrain.creer(
        f"/v1/valorisations/{fausse['id']}/decisions",
        {"sens": "rejetee", "date_effet": JOUR, "motif": "Temps du mois faux"},
        version=1,
    )
    await terrain.creer(chemin, juste)
    autre_temps = heures(1, agent_ref=agent, temps_mois_minutes=9_101)
    assert await refus(terrain, chemin, autre_temps) == (422, "validation")


async def test_only_the_departement_contributes_and_by_the_rule_of_the_day(
    terrain: Terrain,
) -> None:
    await regle(terrain)
    await regle(terrain, autorisee=False, methode=None, source=None, valable_du="2026-03-01")
    chemin = f"/v1/conventions/{terrain.convention_id}/regles-valorisation"
    assert await refus(terrain, chemin, REGLE) == (409, "reference-externe-existante")
    enveloppe_id = await enveloppe(terrain)
    chemin = f"/v1/enveloppes/{enveloppe_id}/valorisations"
    await terrain.creer(chemin, heures())
    assert await refus(terrain, chemin, heures(mois="2026-03-01")) == (422, "validation")
    inconnue = heures(justificatif_ids=[str(uuid4())])
    assert await refus(terrain, chemin, inconnue) == (422, "validation")
    etat = await terrain.enveloppe(None)
    prevision = {"montant_centimes": 1, "date_effet": JOUR, "source": "x"}
    for suite, corps in (("previsions-valorisation", prevision), ("valorisations", heures())):
        assert await refus(terrain, f"/v1/enveloppes/{etat}/{suite}", corps) == (422, "validation")
