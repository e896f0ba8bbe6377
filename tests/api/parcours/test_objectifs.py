"""Objectifs of a frein, through the door: their history, and what they let be lifted."""

from collections.abc import Callable, Coroutine
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from tests.api.parcours.conftest import ORDINAIRES, Observer
from tests.conftest import Client, Connecter

PERMIS = "Obtenir le permis de conduire (code / conduite)"
SOINS = "Bénéficier d'un accompagnement pour accéder aux droits et aux soins"
Fixer = Callable[..., Coroutine[Any, Any, httpx.Response]]


@pytest.fixture
def client(connecter: Connecter) -> Client:
    """Every scope."""
    return connecter("parcours")


@pytest_asyncio.fixture
async def frein(observer: Observer) -> dict[str, Any]:
    """A frein of mobility."""
    found: dict[str, Any] = (await observer()).json()
    return found


@pytest.fixture
def fixer(client: Client, frein: dict[str, Any], jour: date) -> Fixer:
    """Aim at something."""

    async def aim(libelle: str = PERMIS, frein_id: str = frein["id"], **champs: Any) -> Any:
        demande = {"libelle": libelle, "date_etat": str(jour), "source": "referent", **champs}
        return await client.post(f"/v1/freins/{frein_id}/objectifs", demande)

    return aim


async def passer(
    client: Client, objectif: dict[str, Any], statut: str, jour: date
) -> httpx.Response:
    """Say where it is now."""
    demande = {"statut": statut, "date_etat": str(jour), "source": "personne"}
    chemin = f"/v1/objectifs/{objectif['id']}/etats"
    return await client.post(chemin, demande, version=objectif["version"])


async def test_every_state_is_kept(
    client: Client, fixer: Fixer, frein: dict[str, Any], jour: date
) -> None:
    made = await fixer()
    assert (made.status_code, made.json()["contrainte_ft"]) == (201, "23"), made.text
    assert (made.json()["statut"], made.json()["libelle"]) == ("non_aborde", PERMIS)
    assert (await client.get(f"/v1/freins/{frein['id']}")).json()["statut"] == "ouvert"

    begun = (await passer(client, made.json(), "en_cours", jour)).json()
    done = await passer(client, begun, "realise", jour)

    assert (done.status_code, done.json()["statut"], done.json()["version"]) == (201, "realise", 3)
    chemin = f"/v1/objectifs/{begun['id']}"
    assert (await client.get(chemin)).json() == done.json()
    states = (await client.get(f"{chemin}/etats")).json()["elements"]
    assert [one["statut"] for one in states] == ["realise", "en_cours", "non_aborde"]
    # The frein is under way, and nothing lifts it.
    assert (await client.get(f"/v1/freins/{frein['id']}")).json()["statut"] == "en_cours"
    listed = (await client.get(f"/v1/freins/{frein['id']}/objectifs")).json()["elements"]
    assert listed == [done.json()]
    facts = (await client.get("/v1/changements?limite=200")).json()["elements"]
    assert [one["type"] for one in facts][-4:] == [
        "parcours.objectif.fixe",
        "parcours.objectif.etat",
        "parcours.frein.en_cours",
        "parcours.objectif.etat",
    ]
    timeline = await client.get(f"/v1/parcours/{frein['parcours_id']}/chronologie")
    assert {
        one["type"] for one in timeline.json()["elements"] if one["ressource"] == "objectifs"
    } == {"objectif_non_aborde", "objectif_en_cours", "objectif_realise"}


async def test_one_objectif_an_episode(fixer: Fixer) -> None:
    """By its words, whatever their case: France Travail's codes moved."""
    assert (await fixer()).status_code == 201
    twin = await fixer(f"  {PERMIS.upper()}")
    assert (twin.status_code, twin.json()["code"]) == (409, "reference-externe-existante")


async def test_a_frein_is_lifted_when_none_is_left(
    client: Client, fixer: Fixer, frein: dict[str, Any], jour: date
) -> None:
    """Planted: the check left out, it was lifted with an objectif under way."""
    objectif = (await fixer(statut="en_cours")).json()
    levee = {"fondement": "objectifs_atteints", "date_levee": str(jour)}
    chemin = f"/v1/freins/{frein['id']}/levees"

    early = await client.post(chemin, levee, version=2)
    assert [one["pointeur"] for one in early.json()["erreurs"]] == ["/fondement"]
    await passer(client, objectif, "abandonne", jour)
    lifted = await client.post(chemin, levee, version=2)

    assert (lifted.status_code, lifted.json()["statut"]) == (201, "leve"), lifted.text
    late = await passer(client, {**objectif, "version": 2}, "en_cours", jour)
    assert (late.status_code, late.json()["code"]) == (409, "transition-interdite")


async def test_a_stale_state_is_refused(client: Client, fixer: Fixer, jour: date) -> None:
    objectif = (await fixer()).json()
    await passer(client, objectif, "en_cours", jour)
    stale = await passer(client, objectif, "realise", jour)
    assert (stale.status_code, stale.json()["code"]) == (412, "version-depassee")


async def test_health_has_france_travails_words_and_its_scope(
    client: Client, connecter: Connecter, fixer: Fixer, observer: Observer, jour: date
) -> None:
    sante = (await observer("sante")).json()
    free = await fixer("Opération du dos", frein_id=sante["id"])
    assert [one["pointeur"] for one in free.json()["erreurs"]] == ["/libelle"]
    before = (await client.get("/v1/changements?limite=200")).json()["elements"]

    made = await fixer(SOINS, frein_id=sante["id"], statut="en_cours")

    assert (made.status_code, made.json()["contrainte_ft"]) == (201, "25"), made.text
    assert (await client.get("/v1/changements?limite=200")).json()["elements"] == before
    ordinaire, objectif = connecter("parcours", ORDINAIRES), made.json()
    timeline = await ordinaire.get(f"/v1/parcours/{sante['parcours_id']}/chronologie")
    assert {one["ressource"] for one in timeline.json()["elements"]} <= {"parcours", "freins"}
    for nom in ("", "/etats"):
        told = [
            (await ordinaire.get(f"/v1/objectifs/{one}{nom}")).json()
            | {"instance": 0, "correlation": 0}
            for one in (objectif["id"], str(uuid4()))
        ]
        assert told[0] == told[1]
        assert told[0]["code"] == "introuvable"
    hidden = await passer(ordinaire, objectif, "realise", jour)
    assert hidden.status_code == 404
    assert (await passer(client, objectif, "realise", jour)).status_code == 201
