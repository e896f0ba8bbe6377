"""Many decisions at once: no place is given twice, and no rank of the queue is lost or shared."""

import asyncio
import random
from collections import Counter
from typing import Any

import httpx

from tests.api.orientation.conftest import PERSONNE, criteres
from tests.conftest import Client, Connecter

# Fewer than the pool's connections: what is tried is the locks, not how long a queue may be.
ENSEMBLE = 10


async def _tous(taches: list[Any]) -> list[Any]:
    guichet = asyncio.Semaphore(ENSEMBLE)

    async def un(tache: Any) -> Any:
        async with guichet:
            return await tache

    return await asyncio.gather(*(un(tache) for tache in taches))


async def _creer(client: Client, chemin: str, corps: Any, **rest: Any) -> dict[str, Any]:
    answer = await client.post(chemin, corps, **rest)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _organisme(client: Client, reference: str, type_: str, **values: Any) -> str:
    corps = {"reference": reference, "type": type_, "nom": reference, **values}
    found: str = (await _creer(client, "/v1/organismes-referents", corps))["id"]
    return found


async def _a_decider(client: Client, personne_id: str | None = None) -> dict[str, Any]:
    if personne_id is None:
        personne_id = (await _creer(client, "/v1/personnes", PERSONNE))["id"]
    found = await _creer(client, "/v1/orientations", {"personne_id": personne_id})
    await _creer(client, f"/v1/orientations/{found['id']}/criteres", criteres(), version=1)
    return found


async def _decider(client: Client, orientation: dict[str, Any], **corps: Any) -> httpx.Response:
    url = f"/v1/orientations/{orientation['id']}/decisions"
    return await client.post(url, {"etat_decision": "acceptee", **corps}, version=2)


async def _file(client: Client, organisme_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    url = f"/v1/organismes-referents/{organisme_id}/places?statut=en_file&limite=200"
    while url:
        page = (await client.get(url)).json()
        found += page["elements"]
        url = page["pagination"]["suivant"]
    return found


async def test_two_hundred_decisions_on_fifty_places(
    connecter: Connecter, ouverte: str, complet: bool
) -> None:
    """Fifty are placed, the others wait in ranks without hole or double; releases place as many.

    By default a fifth of it. Planted: the places counted without the organisme's row lock, red.
    """
    decisions, places = (200, 50) if complet else (40, 10)
    client = connecter("orientation")
    await _organisme(client, "cd", "conseil_departemental", clients=["si-essai"])
    organisme_id = await _organisme(client, "ft", "france_travail", places=places)
    dossiers = await _tous([_a_decider(client) for _ in range(decisions)])

    answers = await _tous([_decider(client, one) for one in dossiers])

    assert Counter(answer.status_code for answer in answers) == {201: decisions}
    found = [answer.json()["place"] for answer in answers]
    attendent = decisions - places
    assert Counter(one["statut"] for one in found) == {"placee": places, "en_file": attendent}
    rangs = sorted(one["rang"] for one in found if one["rang"] is not None)
    assert rangs == list(range(1, attendent + 1))
    file = await _file(client, organisme_id)
    assert sorted(one["rang"] for one in file) == rangs

    # Half of the placed and some who wait leave, all at once.
    placees = [d for d, p in zip(dossiers, found, strict=True) if p["statut"] == "placee"]
    attente = [d for d, p in zip(dossiers, found, strict=True) if p["statut"] == "en_file"]
    partants, lasses = placees[: places // 2], attente[: places // 5]
    motif = {"motif": "essai"}
    answers = await _tous(
        [
            client.post(f"/v1/orientations/{one['id']}/annulations", motif, version=3)
            for one in random.Random(4).sample(partants + lasses, len(partants + lasses))
        ]
    )

    assert Counter(answer.status_code for answer in answers) == {201: len(partants + lasses)}
    organisme = (await client.get(f"/v1/organismes-referents/{organisme_id}")).json()
    assert organisme["places_occupees"] == places
    file = await _file(client, organisme_id)
    assert sorted(one["rang"] for one in file) == list(range(1, organisme["file"] + 1))
    feed = (await client.get("/v1/changements?limite=200")).json()
    attribuees = 0
    while feed["elements"]:
        attribuees += Counter(one["type"] for one in feed["elements"])[
            "orientation.place.attribuee"
        ]
        feed = (await client.get(feed["pagination"]["suivant"])).json()
    # Some who leave had just been placed from the queue: their place was given once more.
    assert attribuees >= len(partants)
    assert organisme["file"] + len(partants + lasses) + places == decisions


async def test_crossed_reorientations_neither_deadlock_nor_oversell(
    connecter: Connecter, ouverte: str
) -> None:
    """People go from one organisme to the other, both ways at once.

    Planted: the organismes locked in the order of each decision, not of their ids, red (503).
    """
    client = connecter("orientation")
    await _organisme(client, "cd", "conseil_departemental", clients=["si-essai"])
    ids = [await _organisme(client, f"ft-{rang}", "france_travail", places=5) for rang in (1, 2)]
    choix = {"etat_decision": "refusee", "motif_refus": "appreciation_differente"}

    def vers(rang: int) -> dict[str, Any]:
        return {**choix, "type_parcours": "professionnel", "organisme_referent_id": ids[rang % 2]}

    premieres = await _tous([_a_decider(client) for _ in range(24)])
    await _tous([_decider(client, one, **vers(rang)) for rang, one in enumerate(premieres)])
    secondes = await _tous([_a_decider(client, one["personne_id"]) for one in premieres])

    answers = await _tous(
        [_decider(client, one, **vers(rang + 1)) for rang, one in enumerate(secondes)]
    )

    assert Counter(answer.status_code for answer in answers) == {201: 24}
    for organisme_id in ids:
        organisme = (await client.get(f"/v1/organismes-referents/{organisme_id}")).json()
        assert (organisme["places_occupees"], organisme["file"]) == (5, 7)
        rangs = sorted(one["rang"] for one in await _file(client, organisme_id))
        assert rangs == list(range(1, 8))
