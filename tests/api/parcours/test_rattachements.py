"""A merge of two persons, decided in orientation: their parcours and contracts follow."""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from services.parcours import tables
from services.parcours.accompagnements.queries import follow_personnes
from services.parcours.sorties.queries import lock_sortie, reopen_as_it_was
from shared.socle.db import Transaction
from shared.socle.ids import new_id
from shared.socle.service import Service
from tests.api.parcours.conftest import Orientation, Suivre
from tests.api.parcours.test_accompagnement_etats import CONTENU
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


async def _rouvrir(client: Client, parcours: dict[str, Any], jour: date) -> httpx.Response:
    chemin = f"/v1/parcours/{parcours['id']}/reouvertures"
    return await client.post(
        chemin, {"date_reouverture": str(jour)}, version=parcours["version"] + 1
    )


async def _attendu(tx: Transaction) -> None:
    """Somebody waits for what this transaction holds."""
    waits = text(
        "SELECT count(*) FROM pg_locks"
        " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )
    async with asyncio.timeout(10):
        while not (await tx.execute(waits)).scalar_one():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("premier", ["rattachement", "retour"])
async def test_a_merge_and_a_return_at_one_instant(
    services: Mapping[str, Service],
    client: Client,
    orientation: Orientation,
    suivre: Suivre,
    ouverte: str,
    jour: date,
    premier: str,
) -> None:
    """Whoever is second waits, and finds the one open parcours of the person.

    Planted: only what may pass held, not what is hers: 500, and the page of the feed failed, red.
    """
    personnes = [uuid4(), uuid4()]
    decidees = [await orientation.decider(one) for one in personnes]
    await suivre()
    absorbe, garde = [(await _parcours(client, one))[0] for one in personnes]
    await _clore(client, garde, jour)
    await _passer(orientation, decidees[0], personnes[1])
    service = services["parcours"]

    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        if premier == "rattachement":
            await follow_personnes(tx, {UUID(decidees[0]["id"]): personnes[1]})
            retour = asyncio.create_task(_rouvrir(client, garde, jour))
        else:
            await reopen_as_it_was(tx, await lock_sortie(tx, UUID(garde["id"])), jour)
            page = asyncio.create_task(suivre())
        await _attendu(tx)

    if premier == "rattachement":
        refuse = await retour
        assert refuse.status_code == 409, refuse.text
        assert "autre parcours ouvert" in refuse.json()["detail"]
        await suivre()
    else:
        assert await page
    siens = await _parcours(client, personnes[1])
    (ouvert,) = [one["id"] for one in siens if one["statut"] == "ouvert"]
    assert ouvert == (absorbe if premier == "rattachement" else garde)["id"]
    assert len(siens) == (2 if premier == "rattachement" else 1)


async def test_a_contract_of_two_parcours_is_told_in_both_whosever_they_are(
    client: Client, orientation: Orientation, suivre: Suivre, jour: date
) -> None:
    """Made in one, gone on in the next: the undoing of a merge gives back the first alone.

    Planted: contracts found by the person, red.
    """
    absorbee, gardee = uuid4(), uuid4()
    decidees = [await orientation.decider(absorbee)]
    await suivre()
    (premier,) = await _parcours(client, absorbee)
    chemin = f"/v1/parcours/{premier['id']}/contrats-engagement"
    made = await client.post(chemin, dict(CONTENU))
    assert made.status_code == 201, made.text
    await _clore(client, premier, jour)
    tard = jour.replace(year=jour.year + 2)
    decidees.append(await orientation.decider(absorbee, date_effet=str(tard)))
    await suivre()
    for decidee in decidees:
        await _passer(orientation, decidee, gardee)
    await suivre()
    suivant, _ = await _parcours(client, gardee)
    await orientation.decider(gardee, date_effet=str(tard))
    await suivre()
    chronologies = [f"/v1/parcours/{one['id']}/chronologie" for one in (premier, suivant)]
    told = [(await client.get(one)).json() for one in chronologies]
    assert "contrat_etabli" in [one["type"] for one in told[0]["elements"]]

    for decidee in decidees:
        await _passer(orientation, decidee, absorbee, RETABLIE)
    await suivre()

    assert [one["id"] for one in await _parcours(client, absorbee)] == [premier["id"]]
    assert [one["id"] for one in await _parcours(client, gardee)] == [suivant["id"]]
    assert [(await client.get(one)).json() for one in chronologies] == told
