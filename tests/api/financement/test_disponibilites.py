"""What is left of several actions, in one call, as a sibling asks it."""

from typing import Any
from uuid import uuid4

from tests.api.financement.conftest import Horloge, Terrain
from tests.api.financement.test_reservations import deux_parts
from tests.conftest import Connecter


async def restes(terrain: Terrain, *actions: str) -> dict[str, tuple[int | None, int]]:
    """Places and cents left of each action, by id."""
    answer = await terrain.client.post("/v1/actions/recherches", {"action_ids": list(actions)})
    assert answer.status_code == 200, answer.text
    return {
        one["action_id"]: (one["places_disponibles"], one["montant_disponible_centimes"])
        for one in answer.json()["elements"]
    }


async def test_it_tells_what_a_reservation_may_take(terrain: Terrain, horloge: Horloge) -> None:
    """And what fell due is back, swept or not.

    Planted: `echu_de` left out of the envelopes, red.
    """
    action_id, *_ = await deux_parts(terrain)
    seule = await terrain.action((await terrain.enveloppe(None), 1, 1))
    assert (await terrain.reserver(action_id, 1, 400_00, duree_s=60)).status_code == 201

    found = await restes(terrain, action_id, seule, str(uuid4()))

    assert found == {action_id: (1, 1_600_00), seule: (None, 0)}
    horloge.avancer(seconds=60)
    assert await restes(terrain, action_id) == {action_id: (2, 2_000_00)}
    assert (await terrain.reserver(action_id, 2, 2_000_01)).status_code == 409
    assert (await terrain.reserver(action_id, 2, 2_000_00)).status_code == 201
    assert await restes(terrain, action_id) == {action_id: (0, 0)}


async def test_it_is_bounded_and_scoped(
    terrain: Terrain, connecter: Connecter, ouverte: str
) -> None:
    for ids in ([], [str(uuid4())] * 201):
        refused = await terrain.client.post("/v1/actions/recherches", {"action_ids": ids})
        assert refused.status_code == 422
    demande: dict[str, Any] = {"action_ids": [str(uuid4())], "personne_id": str(uuid4())}
    unknown = await terrain.client.post("/v1/actions/recherches", demande)
    assert [one["code"] for one in unknown.json()["erreurs"]] == ["champ-inconnu"]
    writer = connecter("financement", "financement:ecrire")
    refused = await writer.post("/v1/actions/recherches", {"action_ids": [str(uuid4())]})
    assert (refused.status_code, refused.json()["code"]) == (403, "portee-insuffisante")
