"""A merge of two persons, decided in orientation: their parcours and contracts follow."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from services.parcours import tables
from shared.socle.ids import new_id
from shared.socle.service import Service
from tests.api.parcours.conftest import Orientation, Suivre
from tests.conftest import Client, Connecter

RATTACHEE, RETABLIE = "orientation.orientation.rattachee", "orientation.orientation.retablie"


@pytest.fixture
def client(connecter: Connecter) -> Client:
    """Every scope."""
    return connecter("parcours")


async def _parcours(client: Client, personne_id: UUID) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        await client.get(f"/v1/parcours?personne_id={personne_id}")
    ).json()["elements"]
    return found


async def _contrats(client: Client, personne_id: UUID) -> list[str]:
    found = await client.get(f"/v1/contrats-engagement?personne_id={personne_id}")
    return [one["id"] for one in found.json()["elements"]]


async def _passer(
    orientation: Orientation, decidee: dict[str, Any], personne_id: UUID, fait: str = RATTACHEE
) -> None:
    """Tell whose an orientation is from now on."""
    decidee["personne_id"] = str(personne_id)
    await orientation.redire(decidee, fait)


async def _contracter(service: Service, ouverte: str, parcours: dict[str, Any]) -> str:
    """A contract to sign, of that parcours."""
    contrat_id = new_id()
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await tx.add(
            tables.ContratEngagement,
            {
                "id": contrat_id,
                "personne_id": UUID(parcours["personne_id"]),
                "parcours_id": UUID(parcours["id"]),
                "orientation_id": UUID(parcours["orientation_id"]),
                "statut": "a_signer",
                "revision": 1,
            },
        )
    return str(contrat_id)


async def _clore(client: Client, parcours: dict[str, Any], jour: date) -> None:
    closed = await client.post(
        f"/v1/parcours/{parcours['id']}/clotures",
        {"motif": "emploi_durable", "date_sortie": str(jour)},
        version=parcours["version"],
    )
    assert closed.status_code == 201, closed.text


async def test_parcours_and_contract_follow_a_merge_and_its_undoing(
    services: Mapping[str, Service],
    client: Client,
    orientation: Orientation,
    suivre: Suivre,
    ouverte: str,
) -> None:
    """Planted: the facts not followed, red."""
    absorbee, gardee = uuid4(), uuid4()
    decidee = await orientation.decider(absorbee)
    await suivre()
    (parcours,) = await _parcours(client, absorbee)
    contrat_id = await _contracter(services["parcours"], ouverte, parcours)

    await _passer(orientation, decidee, gardee)
    await suivre()

    assert (await _parcours(client, absorbee), await _contrats(client, absorbee)) == ([], [])
    (moved,) = await _parcours(client, gardee)
    assert (moved["id"], moved["version"]) == (parcours["id"], parcours["version"] + 1)
    assert await _contrats(client, gardee) == [contrat_id]
    feed = (await client.get("/v1/changements")).json()["elements"]
    assert [(one["type"], one["id"], one["version"]) for one in feed[-2:]] == [
        ("parcours.parcours.rattache", parcours["id"], 2),
        ("parcours.contrat_engagement.rattache", contrat_id, 2),
    ]
    await _passer(orientation, decidee, absorbee, RETABLIE)
    await suivre()
    assert (await _parcours(client, gardee), await _contrats(client, gardee)) == ([], [])
    assert [one["id"] for one in await _parcours(client, absorbee)] == [parcours["id"]]
    assert await _contrats(client, absorbee) == [contrat_id]


async def test_a_decision_after_the_merge_turns_the_one_parcours(
    client: Client, orientation: Orientation, suivre: Suivre
) -> None:
    """Both facts in one page. Undone then, the parcours stays with its last decision.

    Planted: the decisions applied first, red.
    """
    absorbee, gardee = uuid4(), uuid4()
    decidee = await orientation.decider(absorbee)
    await suivre()
    (parcours,) = await _parcours(client, absorbee)
    await _passer(orientation, decidee, gardee)
    suivante = await orientation.decider(gardee, date_effet="2026-05-04")
    await suivre()

    (turned,) = await _parcours(client, gardee)
    assert (turned["id"], turned["orientation_id"]) == (parcours["id"], suivante["id"])
    await _passer(orientation, decidee, absorbee, RETABLIE)
    await suivre()
    assert await _parcours(client, gardee) == [turned]


@pytest.mark.parametrize("en_cours", ["parcours", "contrat"])
async def test_each_keeps_hers_when_both_go_on(
    services: Mapping[str, Service],
    client: Client,
    orientation: Orientation,
    suivre: Suivre,
    ouverte: str,
    jour: date,
    en_cours: str,
) -> None:
    """Planted: the other's parcours not looked for, then her contract, red."""
    personnes = [uuid4(), uuid4()]
    decidees = [await orientation.decider(one) for one in personnes]
    await suivre()
    before = [(await _parcours(client, one))[0] for one in personnes]
    if en_cours == "contrat":
        for one in before:
            await _contracter(services["parcours"], ouverte, one)
        await _clore(client, before[0], jour)
        before[0] = (await _parcours(client, personnes[0]))[0]

    await _passer(orientation, decidees[0], personnes[1])
    with capture_logs() as logs:
        await suivre()

    assert [await _parcours(client, one) for one in personnes] == [[one] for one in before]
    assert [one["parcours_id"] for one in logs if one["event"] == "parcours_non_rattache"] == [
        before[0]["id"]
    ]
    assert not any(str(one) in str(logs) for one in personnes)


async def test_a_closed_parcours_follows_and_its_end_stays_known_since_then(
    client: Client, orientation: Orientation, suivre: Suivre, jour: date
) -> None:
    """Planted: the closing told as known since the row last changed, red."""
    absorbee, gardee = uuid4(), uuid4()
    decidee = await orientation.decider(absorbee)
    await orientation.decider(gardee)
    await suivre()
    (parcours,) = await _parcours(client, absorbee)
    await _clore(client, parcours, jour)
    timeline = f"/v1/parcours/{parcours['id']}/chronologie"
    told = (await client.get(timeline)).json()

    await _passer(orientation, decidee, gardee)
    await suivre()

    assert [one["statut"] for one in await _parcours(client, gardee)] == ["ouvert", "clos"]
    assert (await client.get(timeline)).json() == told
