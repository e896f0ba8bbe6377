"""Two walls between collectivités: the service's filter, and PostgreSQL's own."""

import importlib
from collections.abc import Mapping

import pytest
from sqlalchemy import select, text

from shared.socle import tables as communes
from shared.socle.db import Transaction
from shared.socle.service import Service
from tests.api.orientation.conftest import PERSONNE
from tests.conftest import URLS, Connecter

_SANS_LOCATAIRE = {"epoque", "version_referentiel"}


def tables_of(nom: str) -> dict[str, object]:
    module = importlib.import_module(f"services.{nom}.tables")
    return {
        table.name: table
        for metadata in (communes.Base.metadata, module.Base.metadata)
        for table in metadata.sorted_tables
    }


@pytest.mark.parametrize("nom", URLS)
async def test_every_table_is_keyed_by_its_collectivite_and_walled(
    services: Mapping[str, Service], nom: str
) -> None:
    """A new table that forgot its wall is named here. Planted: one left out, red."""
    async with services[nom].base.engine.connect() as connexion:
        walled = {
            row.relname
            for row in await connexion.execute(
                text(
                    "SELECT relname FROM pg_class"
                    " WHERE relrowsecurity AND relforcerowsecurity AND relkind = 'r'"
                )
            )
        }
        role = (
            await connexion.execute(
                text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            )
        ).scalar_one()
    assert role is False
    for name, table in tables_of(nom).items():
        if name not in _SANS_LOCATAIRE:
            assert "collectivite" in [column.name for column in table.primary_key], name  # type: ignore[attr-defined]
            assert name in walled, name


async def test_without_the_services_own_filter_the_wall_alone_hides_everything(
    services: Mapping[str, Service], connecter: Connecter, ouverte: str
) -> None:
    """Raw SELECTs as another collectivité, or as nobody, see no row. Planted: no wall, red."""
    client = connecter("orientation")
    created = await client.post("/v1/personnes", PERSONNE)
    await client.post("/v1/orientations", {"personne_id": created.json()["id"]})
    service = services["orientation"]
    queries = [
        select(text("count(*)")).select_from(text(name)).where(text(f"collectivite = '{ouverte}'"))
        for name in ("personne", "orientation", "evenement", "idempotence")
    ]

    async with service.base.engine.connect() as connexion:
        for query in queries:
            assert (await connexion.execute(query)).scalar_one() == 0
    other: Transaction
    async with service.base.transaction(service.acces_interne("44D")) as other:
        for query in queries:
            assert (await other.execute(query)).scalar_one() == 0
    async with service.base.transaction(service.acces_interne(ouverte)) as own:
        for query in queries:
            assert (await own.execute(query)).scalar_one() > 0


async def test_a_row_cannot_be_moved_to_another_collectivite(
    services: Mapping[str, Service], connecter: Connecter, ouverte: str
) -> None:
    await connecter("orientation").post("/v1/personnes", PERSONNE)
    service = services["orientation"]

    with pytest.raises(Exception, match="row-level security"):
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            await tx.connexion.execute(text("UPDATE personne SET collectivite = '44D'"))
