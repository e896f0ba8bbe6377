"""Commitment authorisations, payment credits and budget years, through the door."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from services.financement.journal.queries import verifier_journal
from shared.socle.service import Service
from tests.api.financement.conftest import Horloge, Terrain

VOTE: dict[str, Any] = {
    "reference": "ae",
    "libelle": "Une autorisation",
    "deliberation": "Délibération 1",
    "montant_vote_centimes": 100_00,
    "date_effet": "2025-01-15",
    "echeancier": [
        {"exercice": 2025, "montant_centimes": 30_00},
        {"exercice": 2026, "montant_centimes": 30_00},
        {"exercice": 2027, "montant_centimes": 40_00},
    ],
}


@pytest_asyncio.fixture(autouse=True)
async def preuve(
    terrain: Terrain, services: Mapping[str, Service], ouverte: str
) -> AsyncIterator[None]:
    """Whatever a test does, the journal proves its balances in the end."""
    yield
    service = services["financement"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        assert await verifier_journal(tx) == []


async def voter(terrain: Terrain, **values: Any) -> str:
    """An authorisation of 100.00 over 2025, 2026 and 2027."""
    found = await terrain.creer("/v1/autorisations-engagement", {**VOTE, **values})
    return str(found["id"])


def annees(*centimes: int) -> list[dict[str, int]]:
    """A schedule from 2025 on."""
    return [
        {"exercice": 2025 + rang, "montant_centimes": montant}
        for rang, montant in enumerate(centimes)
    ]


def credits_de(autorisation_id: str | None, exercice: int, montant: int) -> dict[str, Any]:
    """Payment credits of a year, opened on its second of January."""
    return {
        "exercice": exercice,
        "libelle": "Crédits",
        "autorisation_engagement_id": autorisation_id,
        "imputation": None if autorisation_id else "017-444-65748",
        "montant_centimes": montant,
        "date_effet": f"{exercice}-01-02",
        "source": "Budget primitif",
    }


async def test_an_authorisation_is_voted_assigned_and_cancelled(terrain: Terrain) -> None:
    autorisation_id = await voter(terrain)
    action_id = await terrain.action()
    chemin = f"/v1/autorisations-engagement/{autorisation_id}"
    affectation = {
        "action_id": action_id,
        "montant_centimes": 60_00,
        "date_effet": "2025-02-01",
        "source": "Décision",
    }

    affectee = await terrain.creer(f"{chemin}/affectations", affectation)
    refused = await terrain.client.post(f"{chemin}/affectations", affectation)
    annulee = await terrain.creer(
        f"{chemin}/annulations",
        {"date_effet": "2025-03-01", "source": "Délibération 2"},
        version=affectee["version"],
    )
    after = await terrain.client.post(f"{chemin}/affectations", affectation)

    names = ("votee", "disponible", "affectee", "engagee", "annulee")
    assert [affectee[f"{name}_centimes"] for name in names] == [100_00, 40_00, 60_00, 0, 0]
    assert (refused.status_code, refused.json()["disponible_centimes"]) == (409, 40_00)
    assert [annulee[f"{name}_centimes"] for name in names] == [100_00, 0, 0, 0, 100_00]
    assert (annulee["statut"], after.json()["code"]) == ("annulee", "transition-interdite")
    assert await terrain.lire(chemin) == annulee


@pytest.mark.parametrize(
    ("values", "pointeur"),
    [
        pytest.param({"montant_vote_centimes": 100_01}, "/echeancier", id="la somme diffère"),
        pytest.param(
            {"echeancier": [{"exercice": 2025, "montant_centimes": 50_00}] * 2},
            "/echeancier/1/exercice",
            id="une année deux fois",
        ),
        pytest.param({"date_effet": "2026-03-03"}, "/date_effet", id="effet à venir"),
    ],
)
async def test_a_vote_sums_to_its_schedule(
    terrain: Terrain, values: dict[str, Any], pointeur: str
) -> None:
    """I-20."""
    answer = await terrain.client.post("/v1/autorisations-engagement", {**VOTE, **values})

    assert answer.status_code == 422
    assert [one["pointeur"] for one in answer.json()["erreurs"]] == [pointeur]


async def test_a_revision_is_a_new_version_of_the_schedule(terrain: Terrain) -> None:
    autorisation_id = await voter(terrain)
    chemin = f"/v1/autorisations-engagement/{autorisation_id}"
    plus = {
        "deliberation": "Délibération 2",
        "montant_vote_centimes": 120_00,
        "date_effet": "2026-02-01",
        "echeancier": annees(30_00, 40_00, 50_00),
    }

    revisee = await terrain.creer(f"{chemin}/revisions", plus, version=1)
    baissee = await terrain.creer(
        f"{chemin}/revisions",
        {**plus, "montant_vote_centimes": 90_00, "echeancier": annees(30_00, 20_00, 40_00)},
        version=2,
    )

    assert (revisee["revision"], revisee["votee_centimes"]) == (2, 120_00)
    assert (baissee["disponible_centimes"], baissee["echeancier"]) == (
        90_00,
        annees(30_00, 20_00, 40_00),
    )
    listed = (await terrain.lire(f"{chemin}/revisions"))["elements"]
    assert [one["numero"] for one in listed] == [3, 2, 1]
    assert listed[-1]["echeancier"] == VOTE["echeancier"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        pytest.param({"echeancier": annees(20_00, 40_00, 40_00)}, "validation", id="année passée"),
        pytest.param(
            {"echeancier": annees(30_00, 24_99, 45_01)}, "validation", id="sous les crédits ouverts"
        ),
        pytest.param({"date_effet": "2025-01-14"}, "validation", id="avant la précédente"),
        pytest.param(
            {"montant_vote_centimes": 59_99, "echeancier": annees(30_00, 25_00, 4_99)},
            "disponible-insuffisant",
            id="sous ce qui est affecté",
        ),
    ],
)
async def test_a_revision_keeps_what_was_done(
    terrain: Terrain, values: dict[str, Any], code: str
) -> None:
    autorisation_id = await voter(terrain)
    chemin = f"/v1/autorisations-engagement/{autorisation_id}"
    affectation = {
        "action_id": await terrain.action(),
        "montant_centimes": 60_00,
        "date_effet": "2025-02-01",
        "source": "Décision",
    }
    await terrain.creer(f"{chemin}/affectations", affectation)
    await terrain.creer("/v1/credits-paiement", credits_de(autorisation_id, 2026, 25_00))
    revision = {
        "deliberation": "Délibération 2",
        "montant_vote_centimes": 100_00,
        "date_effet": "2026-02-01",
        "echeancier": VOTE["echeancier"],
        **values,
    }

    refused = await terrain.client.post(f"{chemin}/revisions", revision, version=2)

    assert refused.json()["code"] == code


async def test_credits_of_a_year_stay_within_the_schedule(terrain: Terrain) -> None:
    """Ten openings of 10.00 at once, under a schedule of 30.00 of which 5.00 are opened: two.

    Planted: the gates not held, red.
    """
    autorisation_id = await voter(terrain)
    opened = await terrain.creer("/v1/credits-paiement", credits_de(autorisation_id, 2026, 5_00))
    ouverture = {"montant_centimes": 10_00, "date_effet": "2026-02-01", "source": "DM 1"}
    chemin = f"/v1/credits-paiement/{opened['id']}"

    twice = await terrain.client.post(
        "/v1/credits-paiement", credits_de(autorisation_id, 2026, 5_00)
    )
    answers = await asyncio.gather(
        *(terrain.client.post(f"{chemin}/ouvertures", ouverture) for _ in range(10))
    )

    assert twice.json()["code"] == "reference-externe-existante"
    assert Counter(one.status_code for one in answers) == {201: 2, 422: 8}
    found = await terrain.lire(chemin)
    assert (found["ouvert_centimes"], found["disponible_centimes"]) == (25_00, 25_00)


async def test_an_opening_that_was_undone_leaves_its_place_in_the_schedule(
    terrain: Terrain,
) -> None:
    """§ 9: an opening that was undone takes nothing of the year."""
    autorisation_id = await voter(terrain)
    opened = await terrain.creer("/v1/credits-paiement", credits_de(autorisation_id, 2026, 30_00))
    journal = (await terrain.lire(f"/v1/ecritures?objet_id={opened['id']}"))["elements"]
    (une,) = [one for one in journal if one["evenement"] == "ouverture_cp"]
    undone = {"date_effet": "2026-02-01", "source": "Erreur"}
    await terrain.creer(f"/v1/ecritures/{une['id']}/contrepassations", undone)

    ouverture = {"montant_centimes": 30_00, "date_effet": "2026-02-01", "source": "DM 1"}
    again = await terrain.creer(f"/v1/credits-paiement/{opened['id']}/ouvertures", ouverture)

    assert again["disponible_centimes"] == 30_00


async def test_yesterday_is_the_day_before_where_the_collectivite_is(
    terrain: Terrain, horloge: Horloge
) -> None:
    """I-05, at 00:20: what takes effect the day before is of the past."""
    horloge.instant = datetime(2026, 3, 1, 23, 20, tzinfo=UTC)
    chemin = f"/v1/autorisations-engagement/{await voter(terrain)}"
    revision = {
        "deliberation": "Délibération 2",
        "montant_vote_centimes": 120_00,
        "date_effet": "2026-03-02",
        "echeancier": annees(30_00, 50_00, 40_00),
    }
    await terrain.creer(f"{chemin}/revisions", revision, version=1)
    affectation = {
        "action_id": await terrain.action(),
        "montant_centimes": 120_00,
        "date_effet": "2026-03-01",
        "source": "Décision",
    }

    answer = await terrain.client.post(f"{chemin}/affectations", affectation)

    assert (answer.status_code, answer.json()["code"]) == (409, "disponible-insuffisant")
    assert answer.json()["date"] == "2026-03-01"


@pytest.mark.parametrize(
    ("values", "pointeur"),
    [
        pytest.param({"imputation": None}, "/imputation", id="de rien"),
        pytest.param({"date_effet": "2025-12-31"}, "/date_effet", id="un jour d'avant"),
        pytest.param({"date_effet": "2026-12-31"}, "/date_effet", id="à venir"),
    ],
)
async def test_credits_are_of_something_and_of_their_year(
    terrain: Terrain, values: dict[str, Any], pointeur: str
) -> None:
    answer = await terrain.client.post(
        "/v1/credits-paiement", {**credits_de(None, 2026, 1), **values}
    )

    assert answer.status_code == 422
    assert [one["pointeur"] for one in answer.json()["erreurs"]] == [pointeur]


async def test_a_year_is_recorded_once(terrain: Terrain) -> None:
    corps = {"annee": 2025, "seuil_rattachement_centimes": 500_00, "source": "Règlement"}

    created = await terrain.creer("/v1/exercices", corps)
    again = await terrain.client.post("/v1/exercices", corps)

    assert created["statut"] == "ouvert"
    assert again.json()["code"] == "reference-externe-existante"
    assert await terrain.lire(f"/v1/exercices/{created['id']}") == created
    assert (await terrain.lire("/v1/exercices"))["elements"] == [created]
