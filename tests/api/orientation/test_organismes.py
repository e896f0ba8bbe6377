"""Organismes référents, through the door."""

from tests.conftest import Connecter

CD = {"reference": "cd", "type": "conseil_departemental", "nom": "Conseil départemental"}


async def test_an_organisme_is_recorded_and_read_back(connecter: Connecter, ouverte: str) -> None:
    client = connecter("orientation")

    created = await client.post("/v1/organismes-referents", {**CD, "clients": ["si-essai"]})

    assert created.status_code == 201
    assert created.headers["ETag"] == '"1"'
    read = await client.get(created.headers["Location"])
    assert read.json() == created.json()
    listed = (await client.get("/v1/organismes-referents")).json()
    assert [one["id"] for one in listed["elements"]] == [created.json()["id"]]


async def test_a_reference_is_taken_once(connecter: Connecter, ouverte: str) -> None:
    client = connecter("orientation")
    await client.post("/v1/organismes-referents", CD)

    again = await client.post("/v1/organismes-referents", CD)

    assert (again.status_code, again.json()["code"]) == (409, "reference-externe-existante")


async def test_the_feed_tells_it(connecter: Connecter, ouverte: str) -> None:
    client = connecter("orientation")
    created = await client.post("/v1/organismes-referents", CD)

    feed = (await client.get("/v1/changements")).json()

    assert [(one["type"], one["id"]) for one in feed["elements"]] == [
        ("orientation.organisme_referent.enregistre", created.json()["id"])
    ]
    after = await client.get(feed["pagination"]["suivant"])
    assert after.json()["elements"] == []
