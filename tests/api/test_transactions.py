"""A transaction says whom it works for as it begins, and its connection forgets it after."""

from collections.abc import Mapping

import pytest
from sqlalchemy import text

from shared.socle.auth import Acces
from shared.socle.service import Service

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
