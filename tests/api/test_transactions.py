"""A transaction says whom it works for as it begins, and its connection forgets it after."""

import asyncio
import socket
from collections.abc import Mapping

import pytest
from sqlalchemy import text

from deploy.local import bases as provision
from shared.socle.auth import Acces
from shared.socle.db import BaseDeDonnees
from shared.socle.service import Service
from tests.conftest import Connecter, validations_lentes

_QUI = text("SELECT current_setting('app.collectivite', true)")


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("35D", id="un code"),
        pytest.param("35D', true), set_config('app.collectivite', '44D", id="une apostrophe"),
        pytest.param("35D\\", id="une barre inverse"),
    ],
)
async def test_a_transaction_works_for_its_collectivite_and_no_other(
    services: Mapping[str, Service], code: str
) -> None:
    """Planted: apostrophes left as they come, red."""
    base = services["parcours"].base
    async with base.transaction(Acces("si-essai", code, frozenset())) as tx:
        assert (await tx.connexion.execute(_QUI)).scalar_one() == code


async def test_a_connection_given_back_works_for_nobody(services: Mapping[str, Service]) -> None:
    """Even if nothing was asked: what was to be said must not wait for the next who comes.

    Planted: `ouverture` left in place, red.
    """
    base = services["parcours"].base
    async with base.transaction(Acces("si-essai", "35D", frozenset())):
        pass
    async with base.engine.connect() as connexion:
        assert not (await connexion.execute(_QUI)).scalar_one()


async def test_a_commit_under_way_is_waited_for_past_the_deadline(
    connecter: Connecter, ouverte: str, bases: Mapping[str, provision.Adresses]
) -> None:
    """504 says that nothing is written, and a commit that is sent cannot be taken back."""
    client = connecter("orientation")
    corps = {"reference": "cd", "type": "conseil_departemental", "nom": "Conseil départemental"}

    async with validations_lentes(bases["orientation"].proprietaire, ouverte, duree_s=3):
        headers = {"Delai-Max": "2500"}
        created = await client.post("/v1/organismes-referents", corps, headers=headers)

    assert created.status_code == 201, created.text
    assert (await client.get(created.headers["Location"])).status_code == 200


async def test_a_database_that_does_not_answer_is_told_as_such(
    connecter: Connecter, services: Mapping[str, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own time-out is not the caller's: 503, to send again. Planted: told as 504, red."""
    with socket.socket() as muette:
        muette.bind(("127.0.0.1", 0))
        muette.listen()
        url = f"postgresql://x:x@127.0.0.1:{muette.getsockname()[1]}/x"
        base = BaseDeDonnees(url)
        monkeypatch.setattr(services["orientation"], "base", base)

        answer = await asyncio.wait_for(connecter("orientation").get("/v1/organismes-referents"), 9)
        await base.aclose()

    assert (answer.status_code, answer.json()["code"]) == (503, "dependance-indisponible")
