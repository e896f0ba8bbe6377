"""Health: without its scopes it is not there, nowhere; with them, like the rest, but wordless."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.socle.service import Service
from tests.api.parcours.conftest import ORDINAIRES, Observer
from tests.conftest import Connecter

CODES = ("sante", "handicap")


@pytest.mark.parametrize("code", CODES)
async def test_without_its_scope_health_is_not_there(
    connecter: Connecter, observer: Observer, parcours_id: str, jour: date, code: str
) -> None:
    """Planted once, `VOLETS[False]` with both sets of tables: it was listed."""
    frein = (await observer(code)).json()
    shown = (await observer("mobilite")).json()
    client = connecter("parcours", ORDINAIRES)

    for query in ("", f"?parcours_id={parcours_id}", f"?code={code}&code=mobilite"):
        listed = (await client.get(f"/v1/freins{query}")).json()["elements"]
        assert [one["id"] for one in listed] == [shown["id"]]
    observation = {"niveau": "fort", "date_observation": str(jour), "source": "referent"}
    levee = {"fondement": "objectifs_atteints", "date_levee": str(jour)}
    absent = str(uuid4())
    for chemin, demande in (
        ("", None),
        ("/niveaux", None),
        ("/niveaux", observation),
        ("/levees", levee),
        ("/abandons", {"date_abandon": str(jour)}),
        ("/reouvertures", observation),
    ):
        answers = [
            await (
                client.get(f"/v1/freins/{one}{chemin}")
                if demande is None
                else client.post(f"/v1/freins/{one}{chemin}", demande, version=1)
            )
            for one in (frein["id"], absent)
        ]
        told = [
            {**one.json(), "instance": None, "correlation": None, "http": one.status_code}
            for one in answers
        ]
        assert told[0] == told[1]
        assert told[0]["code"] == "introuvable"


@pytest.mark.parametrize("code", CODES)
async def test_the_feed_does_not_tell_health(
    connecter: Connecter, observer: Observer, jour: date, code: str
) -> None:
    """Not even to who may read it: the feed has readers of every scope. Planted once: told."""
    client = connecter("parcours")
    frein = (await observer(code)).json()
    lifted = await client.post(
        f"/v1/freins/{frein['id']}/levees",
        {"fondement": "decision_referent", "date_levee": str(jour)},
        version=1,
    )
    assert lifted.status_code == 201, lifted.text

    feed = (await client.get("/v1/changements")).json()["elements"]

    assert [one["type"] for one in feed] == ["parcours.parcours.ouvert"]


@pytest.mark.parametrize("code", CODES)
async def test_writing_health_has_a_scope(
    connecter: Connecter, observer: Observer, jour: date, code: str
) -> None:
    reader = connecter("parcours", f"{ORDINAIRES} parcours.sante:lire")

    for client in (connecter("parcours", ORDINAIRES), reader):
        refused = await observer(code, client=client)
        assert (refused.status_code, refused.json()["code"]) == (403, "donnee-sante-interdite")
    frein = (await observer(code)).json()
    refused = await reader.post(
        f"/v1/freins/{frein['id']}/levees",
        {"fondement": "objectifs_atteints", "date_levee": str(jour)},
        version=1,
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "donnee-sante-interdite")
    assert (await reader.get(f"/v1/freins/{frein['id']}")).json() == frein


async def test_who_writes_health_need_not_read_it(
    connecter: Connecter, observer: Observer, jour: date
) -> None:
    writer = connecter("parcours", f"{ORDINAIRES} parcours.sante:ecrire")

    frein = (await observer("sante", client=writer)).json()
    seen = await writer.post(
        f"/v1/freins/{frein['id']}/niveaux",
        {"niveau": "moyen", "date_observation": str(jour), "source": "referent"},
        version=1,
    )

    assert (seen.status_code, seen.json()["niveau"]) == (201, "moyen")
    assert (await writer.get(f"/v1/freins/{frein['id']}")).status_code == 404
    assert (await writer.get("/v1/freins")).json()["elements"] == []


@pytest.mark.parametrize("code", CODES)
async def test_no_free_text_beside_health(
    connecter: Connecter, observer: Observer, jour: date, code: str
) -> None:
    refused = await observer(code, commentaire="Lombalgie")
    assert [(one["pointeur"], one["code"]) for one in refused.json()["erreurs"]] == [
        ("/commentaire", "champ-inconnu")
    ]
    frein = (await observer(code)).json()
    refused = await connecter("parcours").post(
        f"/v1/freins/{frein['id']}/levees",
        {"fondement": "decision_referent", "date_levee": str(jour), "commentaire": "Guérison"},
        version=1,
    )
    assert refused.json()["erreurs"][0]["code"] == "champ-inconnu"


async def test_handicap_is_a_status_not_a_level(observer: Observer) -> None:
    refused = await observer("handicap", niveau="fort")
    assert refused.json()["erreurs"][0]["pointeur"] == "/niveau"

    frein = (await observer("handicap")).json()
    assert (frein["niveau"], frein["statut"]) == (None, "ouvert")


async def test_health_has_tables_of_its_own(
    services: Mapping[str, Service], observer: Observer, ouverte: str
) -> None:
    for code in ("sante", "handicap", "mobilite"):
        await observer(code)
    service = services["parcours"]

    async def kept(table: str) -> list[Any]:
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            found = await tx.execute(
                text(f"SELECT code FROM {table} WHERE collectivite = :collectivite ORDER BY code")
            )
            return list(found.scalars())

    assert await kept("frein") == ["mobilite"]
    assert await kept("frein_sante") == ["handicap", "sante"]
