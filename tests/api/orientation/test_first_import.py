"""The first flux of a département: into tables that were empty when PostgreSQL made its plans."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import date
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest_asyncio
from pydantic import SecretStr

from deploy.local import bases as provision
from deploy.local.flux_synthetique import generer
from deploy.local.services import migrer
from services.orientation.imports import queries, travail
from shared.schemas.orientation.imports import CompteursImport
from shared.socle.ids import new_id
from shared.socle.service import Service
from shared.socle.tables import Collectivite

CODE = "35D"
FOYERS = 1_500
_LUES = "SELECT coalesce(sum(idx_tup_read), 0)::bigint FROM pg_stat_user_indexes"
_AUTRES = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"


@pytest_asyncio.fixture
async def vide(
    serveur: str, tmp_path: Path, services: Mapping[str, Service]
) -> AsyncIterator[tuple[Service, str]]:
    """An orientation whose database was just made, and the address of its owner."""
    prefixe = f"vide_{uuid4().hex[:8]}"
    adresses = provision.creer(serveur, tmp_path / "secrets.json", prefixe)["orientation"]
    migrer("orientation", adresses.proprietaire)
    connu = services["orientation"]
    reglages = connu.reglages.model_copy(update={"postgres": SecretStr(adresses.service)})
    service = Service("orientation", reglages, client=connu.client)
    yield service, adresses.proprietaire
    await service.base.aclose()
    provision.supprimer_tout(serveur, prefixe)


async def test_a_foyer_costs_no_more_than_the_one_before(vide: tuple[Service, str]) -> None:
    """Keys are sought by their index, in tables that grew since it was chosen.

    Planted: plans kept from batch to batch, 3 541 213 rows read in place of 403 561, red.
    """
    service, proprietaire = vide
    import_id = new_id()
    contenu = b"".join(generer(foyers=FOYERS, graine=35, date_reference=date(2026, 10, 31)))
    async with service.base.transaction(service.acces_interne(CODE)) as tx:
        await tx.add(
            Collectivite,
            {"libelle": "Essai", "ideparte": "035", "fuseau": "Europe/Paris", "delais": []},
        )
        values = {
            "id": import_id,
            "type": "flux_beneficiaires",
            "statut": "en_attente",
            "empreinte": b"",
            "taille_octets": len(contenu),
            "recu_le": service.horloge(),
            "compteurs": dict.fromkeys(CompteursImport.model_fields, 0),
            "client_id": "si-essai",
        }
        scelle = service.coffre.sceller(contenu, travail.CONTEXTE)
        row = await queries.store_import(tx, values, iter([scelle]))

    await travail.importer_flux(service, import_id=str(row.id), collectivite=CODE)

    # A connection tells what it read when it ends.
    await service.base.aclose()
    with psycopg.connect(proprietaire, autocommit=True) as base:
        while base.execute(_AUTRES).fetchone() != (1,):
            await asyncio.sleep(0.05)
        (lues,) = base.execute(_LUES).fetchone() or (0,)
    # Some hundreds of rows look like none to the planner: what follows is read by its key.
    assert lues < FOYERS**2 / 2
