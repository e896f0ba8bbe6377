"""Whether a service may be sent requests: its database, its migrations, and no stop announced."""

from collections.abc import Iterator, Mapping

import httpx
import psycopg
import pytest

from deploy.local import bases as provision
from shared.socle.reglages import Reglages
from shared.socle.service import Service
from tests.conftest import URLS, Reseau


@pytest.fixture
def revision(bases: Mapping[str, provision.Adresses]) -> Iterator[psycopg.Cursor]:
    """What changes the revision that parcours' database says it has, put back afterwards."""
    with psycopg.connect(bases["parcours"].proprietaire, autocommit=True) as owner:
        [(head,)] = owner.execute("SELECT version_num FROM alembic_version").fetchall()
        yield owner.cursor()
        owner.execute("UPDATE alembic_version SET version_num = %s", [head])


async def pret(reseau: Reseau) -> tuple[int, str]:
    async with httpx.AsyncClient(transport=reseau, base_url=URLS["parcours"]) as http:
        answer = await http.get("/sante/pret")
    return answer.status_code, answer.json()["statut"]


@pytest.mark.parametrize(
    ("version", "attendu"),
    [
        pytest.param("0001", (503, "migration"), id="en retard"),
        # The next version's migrations run first, while this one still serves.
        pytest.param("9999", (200, "pret"), id="en avance"),
        pytest.param("", (503, "indisponible"), id="jamais migrée"),
    ],
)
async def test_a_base_that_lags_is_not_ready_and_one_ahead_is(
    services: Mapping[str, Service],
    reseau: Reseau,
    revision: psycopg.Cursor,
    version: str,
    attendu: tuple[int, str],
) -> None:
    """Planted: readiness by a mere `SELECT`, as it was, red; by equality with the head, red."""
    assert await pret(reseau) == (200, "pret")

    if version:
        revision.execute("UPDATE alembic_version SET version_num = %s", [version])
        assert await pret(reseau) == attendu
    else:
        revision.execute("ALTER TABLE alembic_version RENAME TO ailleurs")
        try:
            assert await pret(reseau) == attendu
        finally:
            revision.execute("ALTER TABLE ailleurs RENAME TO alembic_version")


async def test_a_stop_announced_is_told_and_sends_callers_away(
    services: Mapping[str, Service], reseau: Reseau
) -> None:
    """Its answers close their connection: kept, it would be closed under a request."""
    services["parcours"].arret.set()
    try:
        assert await pret(reseau) == (503, "arret")
        async with httpx.AsyncClient(transport=reseau, base_url=URLS["parcours"]) as http:
            vivant = await http.get("/sante/vivant")
        assert (vivant.status_code, vivant.headers["Connection"]) == (200, "close")
    finally:
        services["parcours"].arret.clear()


def test_a_stop_is_announced_five_seconds_ahead() -> None:
    """Contract guide, 22.2."""
    assert Reglages.model_fields["arret_s"].default == 5
