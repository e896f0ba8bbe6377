"""Places of an organisme, through the door: given, queued, and given back."""

from typing import Any

import pytest_asyncio

from tests.api.orientation.conftest import Dossier, criteres
from tests.conftest import Client, Connecter

ACCEPTEE = {"etat_decision": "acceptee"}


async def ouvrir_et_proposer(client: Client, ouvrir: Dossier) -> dict[str, Any]:
    """A case that waits for a decision; France Travail is proposed (P5, O09)."""
    orientation = await ouvrir()
    url = f"/v1/orientations/{orientation['id']}/criteres"
    answer = await client.post(url, criteres(), version=1)
    assert answer.status_code == 201, answer.text
    return orientation


async def decider(client: Client, orientation: dict[str, Any], **corps: Any) -> dict[str, Any]:
    """Decide as proposed, unless told otherwise."""
    url = f"/v1/orientations/{orientation['id']}/decisions"
    answer = await client.post(url, ACCEPTEE | corps, version=2)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def borner(client: Client, organisme: dict[str, Any], places: int | None) -> dict[str, Any]:
    """Tell how many places an organisme has."""
    url = f"/v1/organismes-referents/{organisme['id']}"
    courant = (await client.get(url)).json()
    answer = await client.request(
        "PATCH",
        url,
        json={"places": places},
        headers={
            "If-Match": f'"{courant["version"]}"',
            "Content-Type": "application/merge-patch+json",
        },
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest_asyncio.fixture
async def ft(client: Client) -> dict[str, Any]:
    """France Travail, with one place."""
    organismes = (await client.get("/v1/organismes-referents")).json()["elements"]
    found = next(one for one in organismes if one["type"] == "france_travail")
    return await borner(client, found, 1)


async def _faits(client: Client, nom: str) -> list[dict[str, Any]]:
    feed = (await client.get("/v1/changements?limite=200")).json()["elements"]
    return [one for one in feed if one["type"] == nom]


async def test_without_a_bound_every_decision_gives_a_place(
    client: Client, ouvrir: Dossier
) -> None:
    decision = await decider(client, await ouvrir_et_proposer(client, ouvrir))

    assert (decision["place"]["statut"], decision["place"]["rang"]) == ("placee", None)
    organisme = await client.get(f"/v1/organismes-referents/{decision['organisme_referent_id']}")
    assert [organisme.json()[nom] for nom in ("places", "places_occupees", "file")] == [None, 1, 0]


async def test_past_the_last_place_a_decision_is_recorded_and_waits(
    client: Client, ouvrir: Dossier, ft: dict[str, Any]
) -> None:
    dossiers = [await ouvrir_et_proposer(client, ouvrir) for _ in range(3)]

    decisions = [await decider(client, one, date_effet=None) for one in dossiers]

    places = [one["place"] for one in decisions]
    assert [(one["statut"], one["rang"]) for one in places] == [
        ("placee", None),
        ("en_file", 1),
        ("en_file", 2),
    ]
    assert places[0]["date_limite_file"] is None
    assert places[1]["date_limite_file"] > decisions[1]["date_effet"]
    read = (await client.get(f"/v1/orientations/{dossiers[2]['id']}")).json()
    assert (read["statut"], read["place"]) == ("ouverte", places[2])
    organisme = (await client.get(f"/v1/organismes-referents/{ft['id']}")).json()
    assert (organisme["places_occupees"], organisme["file"]) == (1, 2)
    url = f"/v1/organismes-referents/{ft['id']}/places"
    listed = (await client.get(f"{url}?statut=en_file")).json()["elements"]
    assert [(one["orientation_id"], one["rang"]) for one in listed] == [
        (dossiers[1]["id"], 1),
        (dossiers[2]["id"], 2),
    ]
    assert len((await client.get(url)).json()["elements"]) == 3


async def test_the_wait_has_the_collectivites_own_last_day(
    client: Client, ouvrir: Dossier, ft: dict[str, Any], ouverte: str
) -> None:
    """A delay `file_attente` of the collectivité comes before ours, and is no échéance."""
    url = f"/v1/collectivites/{ouverte}"
    version = (await client.get(url)).headers["ETag"]
    delai = {"code": "file_attente", "duree": 0, "unite": "jours", "source": "délibération"}
    patched = await client.request(
        "PATCH",
        url,
        json={"delais": [delai]},
        headers={"If-Match": version, "Content-Type": "application/merge-patch+json"},
    )
    assert patched.status_code == 200, patched.text
    await decider(client, await ouvrir_et_proposer(client, ouvrir))

    decision = await decider(client, await ouvrir_et_proposer(client, ouvrir))

    assert decision["place"]["date_limite_file"] == decision["date_effet"]
    dues = (await client.get("/v1/echeances")).json()["elements"]
    assert "file_attente" not in {one["code"] for one in dues}


async def test_who_waits_is_told_where_there_is_room(
    client: Client, ouvrir: Dossier, ft: dict[str, Any]
) -> None:
    """Of the same rule; a second one that is full is no alternative."""
    autre = await client.post(
        "/v1/organismes-referents",
        {"reference": "ft-2", "type": "france_travail", "nom": "Agence de Redon", "places": 1},
    )
    premier = await decider(client, await ouvrir_et_proposer(client, ouvrir))
    assert premier["organisme_referent_id"] == ft["id"]

    decisions = [await decider(client, await ouvrir_et_proposer(client, ouvrir))]
    await decider(
        client,
        await ouvrir_et_proposer(client, ouvrir),
        etat_decision="refusee",
        motif_refus="manque_capacite_accueil",
        type_parcours="professionnel",
        organisme_referent_id=autre.json()["id"],
    )
    decisions.append(await decider(client, await ouvrir_et_proposer(client, ouvrir)))

    assert [one["place"]["organisme_alternatif_id"] for one in decisions] == [
        autre.json()["id"],
        None,
    ]


async def test_a_new_decision_gives_the_former_place_to_the_first_in_the_queue(
    client: Client, ouvrir: Dossier, ft: dict[str, Any]
) -> None:
    """Released with the orientation that it replaces, in the same transaction, and told."""
    dossiers = [await ouvrir_et_proposer(client, ouvrir) for _ in range(3)]
    decisions = [await decider(client, one) for one in dossiers]
    organismes = (await client.get("/v1/organismes-referents")).json()["elements"]
    cd = next(one for one in organismes if one["type"] == "conseil_departemental")
    body = {"personne_id": dossiers[0]["personne_id"]}
    suivante = (await client.post("/v1/orientations", body)).json()
    await client.post(f"/v1/orientations/{suivante['id']}/criteres", criteres(), version=1)

    await decider(
        client,
        suivante,
        etat_decision="refusee",
        motif_refus="appreciation_differente",
        type_parcours="social",
        organisme_referent_id=cd["id"],
    )

    lues = [(await client.get(f"/v1/orientations/{one['id']}")).json() for one in dossiers]
    assert [(one["place"]["statut"], one["place"]["rang"]) for one in lues] == [
        ("liberee", None),
        ("placee", None),
        ("en_file", 1),
    ]
    # The decision says what it gave; what became of it is the orientation's.
    url = f"/v1/orientations/{dossiers[1]['id']}/decisions/{decisions[1]['id']}"
    assert (await client.get(url)).json() == decisions[1]
    (fait,) = await _faits(client, "orientation.place.attribuee")
    assert (fait["ressource"], fait["id"], fait["version"]) == (
        "places",
        decisions[1]["place"]["place_id"],
        2,
    )
    place = (await client.get(f"/v1/places/{fait['id']}")).json()
    assert (place["statut"], place["version"]) == ("placee", 2)
    assert place["placee_le"] is not None


async def test_a_new_decision_for_the_same_organisme_keeps_the_place(
    client: Client, ouvrir: Dossier, ft: dict[str, Any]
) -> None:
    """Those who wait do not take the place of one who stays. Planted: queue served first, red."""
    dossiers = [await ouvrir_et_proposer(client, ouvrir) for _ in range(2)]
    for one in dossiers:
        await decider(client, one)
    body = {"personne_id": dossiers[0]["personne_id"]}
    suivante = (await client.post("/v1/orientations", body)).json()
    await client.post(f"/v1/orientations/{suivante['id']}/criteres", criteres(), version=1)

    decision = await decider(client, suivante)

    assert decision["place"]["statut"] == "placee"
    attend = (await client.get(f"/v1/orientations/{dossiers[1]['id']}")).json()
    assert (attend["place"]["statut"], attend["place"]["rang"]) == ("en_file", 1)


async def test_a_new_decision_for_the_same_organisme_keeps_the_turn(
    client: Client, ouvrir: Dossier, ft: dict[str, Any]
) -> None:
    """Who waits there goes on waiting where it was, and for no longer.

    Planted: a turn at the end of the queue, red.
    """
    dossiers = [await ouvrir_et_proposer(client, ouvrir) for _ in range(3)]
    decisions = [await decider(client, one) for one in dossiers]
    body = {"personne_id": dossiers[1]["personne_id"]}
    suivante = (await client.post("/v1/orientations", body)).json()
    await client.post(f"/v1/orientations/{suivante['id']}/criteres", criteres(), version=1)

    decision = await decider(client, suivante)

    avant, ici = decisions[1]["place"], decision["place"]
    assert (ici["statut"], ici["rang"]) == ("en_file", 1)
    assert ici["date_limite_file"] == avant["date_limite_file"]
    apres = (await client.get(f"/v1/orientations/{dossiers[2]['id']}")).json()
    assert (apres["place"]["statut"], apres["place"]["rang"]) == ("en_file", 2)
    await borner(client, ft, 2)
    lue = (await client.get(f"/v1/orientations/{suivante['id']}")).json()
    assert lue["place"]["statut"] == "placee"


async def test_a_state_asked_twice_is_one(
    client: Client, ouvrir: Dossier, ft: dict[str, Any]
) -> None:
    """No row comes twice, and none is left out of the pages. Planted: a part each time, red."""
    dossiers = [await ouvrir_et_proposer(client, ouvrir) for _ in range(3)]
    for one in dossiers:
        await decider(client, one)

    url = f"/v1/organismes-referents/{ft['id']}/places?statut=en_file&statut=en_file"
    listed = (await client.get(url)).json()["elements"]
    assert [one["orientation_id"] for one in listed] == [one["id"] for one in dossiers[1:]]
    url = "/v1/orientations?statut=ouverte&statut=ouverte&limite=2"
    page = (await client.get(url)).json()
    assert (len(page["elements"]), page["pagination"]["suivant"] is None) == (2, False)


async def test_more_places_are_given_in_order_and_fewer_take_none_back(
    client: Client, ouvrir: Dossier, ft: dict[str, Any]
) -> None:
    dossiers = [await ouvrir_et_proposer(client, ouvrir) for _ in range(4)]
    for one in dossiers:
        await decider(client, one)

    async def statuts() -> list[str]:
        found = [(await client.get(f"/v1/orientations/{one['id']}")).json() for one in dossiers]
        return [one["place"]["statut"] for one in found]

    plus = await borner(client, ft, 2)
    assert (plus["places_occupees"], plus["file"]) == (2, 2)
    assert await statuts() == ["placee", "placee", "en_file", "en_file"]
    moins = await borner(client, ft, 0)
    assert (moins["places_occupees"], moins["file"]) == (2, 2)
    sans = await borner(client, ft, None)
    assert (sans["places_occupees"], sans["file"]) == (4, 0)
    assert len(await _faits(client, "orientation.place.attribuee")) == 3


async def test_a_trial_takes_no_place(client: Client, ouvrir: Dossier, ft: dict[str, Any]) -> None:
    orientation = await ouvrir_et_proposer(client, ouvrir)
    url = f"/v1/orientations/{orientation['id']}/decisions?essai=true"

    tried = await client.post(url, ACCEPTEE, version=2)

    assert tried.json()["place"]["statut"] == "placee"
    assert (await client.get(f"/v1/organismes-referents/{ft['id']}")).json()["places_occupees"] == 0


async def test_another_collectivite_sees_no_place(
    client: Client, connecter: Connecter, ouvrir: Dossier, ft: dict[str, Any]
) -> None:
    decision = await decider(client, await ouvrir_et_proposer(client, ouvrir))
    ailleurs = connecter("orientation", dans="999Z")

    for url in (
        f"/v1/places/{decision['place']['place_id']}",
        f"/v1/organismes-referents/{ft['id']}/places",
    ):
        assert (await ailleurs.get(url)).json()["code"] == "introuvable"
