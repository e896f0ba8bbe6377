"""A decision is annulled by an act of who took it, through the door; nothing written is changed."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.socle.service import Service
from tests.api.orientation.conftest import Dossier, criteres
from tests.api.orientation.test_places import borner, decider, ft, ouvrir_et_proposer
from tests.conftest import Client, Connecter

__all__ = ["ft"]
MOTIF = {"motif": "Critères relevés par erreur"}


async def test_an_annulled_decision_leaves_the_person_to_orient(
    client: Client, ouvrir: Dossier
) -> None:
    """Six weeks still from the first reception, with what was stated; the decision stays."""
    dossier = await ouvrir_et_proposer(client, ouvrir)
    decision = await decider(client, dossier)
    url = f"/v1/orientations/{dossier['id']}"

    annulled = await client.post(f"{url}/annulations", MOTIF, version=3)

    assert annulled.status_code == 201, annulled.text
    assert annulled.headers["ETag"] == '"4"'
    acte = annulled.json()
    assert (await client.get(annulled.headers["Location"])).json() == acte
    assert (await client.get(f"{url}/decisions/{decision['id']}")).json() == decision
    lue = (await client.get(url)).json()
    assert (lue["statut"], lue["annulation_id"]) == ("cloturee", acte["id"])
    assert lue["place"]["statut"] == "liberee"
    suivante = (await client.get(f"/v1/orientations/{acte['orientation_suivante_id']}")).json()
    assert (suivante["statut"], suivante["origine"]) == ("en_attente", "annulation")
    assert (suivante["decision_id"], suivante["place"]) == (None, None)
    for nom in ("personne_id", "recu_le", "date_limite", "criteres", "proposition_id"):
        assert suivante[nom] == lue[nom]


async def test_what_was_stated_is_merged_with_what_comes_after(
    client: Client, ouvrir: Dossier
) -> None:
    """Planted: the statements left behind, red (P0: all is missing)."""
    dossier = await ouvrir_et_proposer(client, ouvrir)
    await decider(client, dossier)
    url = f"/v1/orientations/{dossier['id']}/annulations"
    acte = (await client.post(url, MOTIF, version=3)).json()

    later = criteres() | {
        "criteres": [{"champ": "contrainte_mobilite", "valeur": "DEPENDANT_TRANSPORT"}]
    }
    suivante = f"/v1/orientations/{acte['orientation_suivante_id']}"
    proposal = await client.post(f"{suivante}/criteres", later, version=1)

    assert proposal.json()["regle"] == "P4"
    decided = await client.post(f"{suivante}/decisions", {"etat_decision": "acceptee"}, version=2)
    assert decided.status_code == 201, decided.text


async def test_its_place_goes_to_the_first_in_the_queue(
    client: Client, ouvrir: Dossier, ft: dict[str, Any]
) -> None:
    dossiers = [await ouvrir_et_proposer(client, ouvrir) for _ in range(2)]
    for one in dossiers:
        await decider(client, one)

    await client.post(f"/v1/orientations/{dossiers[0]['id']}/annulations", MOTIF, version=3)

    attendait = (await client.get(f"/v1/orientations/{dossiers[1]['id']}")).json()
    assert attendait["place"]["statut"] == "placee"
    feed = (await client.get("/v1/changements?limite=200")).json()["elements"]
    assert [one["type"] for one in feed][-3:] == [
        "orientation.decision.annulee",
        "orientation.orientation.ouverte",
        "orientation.place.attribuee",
    ]


async def test_who_waits_and_is_annulled_leaves_the_queue(
    client: Client, ouvrir: Dossier, ft: dict[str, Any]
) -> None:
    dossiers = [await ouvrir_et_proposer(client, ouvrir) for _ in range(3)]
    for one in dossiers:
        await decider(client, one)

    await client.post(f"/v1/orientations/{dossiers[1]['id']}/annulations", MOTIF, version=3)
    await borner(client, ft, 2)

    dernier = (await client.get(f"/v1/orientations/{dossiers[2]['id']}")).json()
    assert dernier["place"]["statut"] == "placee"
    organisme = (await client.get(f"/v1/organismes-referents/{ft['id']}")).json()
    assert (organisme["places_occupees"], organisme["file"]) == (2, 0)


async def test_the_former_orientation_is_not_reopened_nor_another_made_to_decide(
    client: Client, ouvrir: Dossier
) -> None:
    """At most one to decide: the one that the person has already takes its place."""
    first = await ouvrir_et_proposer(client, ouvrir)
    await decider(client, first)
    body = {"personne_id": first["personne_id"]}
    second = (await client.post("/v1/orientations", body)).json()
    await client.post(f"/v1/orientations/{second['id']}/criteres", criteres(), version=1)
    await decider(client, second)
    third = (await client.post("/v1/orientations", body)).json()

    acte = await client.post(f"/v1/orientations/{second['id']}/annulations", MOTIF, version=3)

    assert (acte.status_code, acte.json()["orientation_suivante_id"]) == (201, None)
    found = [
        (await client.get(f"/v1/orientations/{one['id']}")).json()["statut"]
        for one in (first, second, third)
    ]
    assert found == ["cloturee", "cloturee", "brouillon"]


async def test_only_who_decided_annuls_once_and_what_is_in_force(
    client: Client, connecter: Connecter, ouvrir: Dossier
) -> None:
    """Planted: the author's check left out, red."""
    dossier = await ouvrir_et_proposer(client, ouvrir)
    url = f"/v1/orientations/{dossier['id']}/annulations"

    early = await client.post(url, MOTIF, version=2)
    assert (early.status_code, early.json()["code"]) == (409, "transition-interdite")
    await decider(client, dossier)
    stranger = await connecter("orientation", client_id="ft-essai").post(url, MOTIF, version=3)
    assert (stranger.status_code, stranger.json()["code"]) == (409, "autorite-incompetente")
    assert stranger.json()["decideurs_competents"] == ["conseil_departemental"]
    stale = await client.post(url, MOTIF, version=2)
    assert (stale.status_code, stale.json()["version_courante"]) == (412, 3)
    empty = await client.post(url, {}, version=3)
    assert (empty.status_code, empty.json()["erreurs"][0]["pointeur"]) == (422, "/motif")
    reader = connecter("orientation", "orientation:lire orientation:ecrire")
    assert (await reader.post(url, MOTIF, version=3)).status_code == 403

    once = await client.post(url, MOTIF, version=3, cle="annulation-une-seule-fois")
    again = await client.post(url, MOTIF, version=3, cle="annulation-une-seule-fois")
    twice = await client.post(url, MOTIF, version=4)

    assert again.json() == once.json()
    assert (twice.status_code, twice.json()["code"]) == (409, "transition-interdite")


async def test_an_annulment_is_never_changed(
    client: Client, ouvrir: Dossier, services: Mapping[str, Service], ouverte: str
) -> None:
    dossier = await ouvrir_et_proposer(client, ouvrir)
    await decider(client, dossier)
    await client.post(f"/v1/orientations/{dossier['id']}/annulations", MOTIF, version=3)
    service = services["orientation"]

    with pytest.raises(DBAPIError, match="ajout seul"):
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            await tx.connexion.execute(text("UPDATE annulation SET motif = 'autre'"))
