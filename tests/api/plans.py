"""What a service sends to its database, and how PostgreSQL answers it (architecture.md).

A service on a database that no other test fills: a plan follows the statistics of whole tables,
and those are of everybody's rows.
"""

import contextlib
import importlib
import json
import re
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import psycopg
import pytest
from sqlalchemy import event

from deploy.local import bases as provision
from deploy.local.postgres import adresse
from deploy.local.services import migrer
from shared.socle.coffre import nouvelle_cle
from shared.socle.service import Service, ouvrir
from tests.bench.demandes import Demande, Demandes
from tests.bench.peuplement import Population, peupler, preparer
from tests.conftest import EMETTEUR, QUOTAS_LARGES, URLS, Client, Emetteur, Reseau
from tests.documents import document
from tests.jours import aujourdhui

CODE, CLIENT = "35D", "si-essai"
PLANIFICATEUR = 180000  # what the embedded server is
# A page of 50 with what stands beside it, and what a common filter passes over; of 20 000 people.
LIGNES_MAX = 2_500
JOUR = aujourdhui()
OUVERTURE = {"code": CODE, "libelle": "Essai", "ideparte": "035", "fuseau": "Europe/Paris"}


@dataclass(frozen=True)
class Seul:
    """A service on a database of its own, in which one collectivité is open.

    Args:
        par: another client of it, by its id.
        admin: that database, under the role that administers the server.
        document: its OpenAPI document.
    """

    service: Service
    client: Client
    par: Callable[[str], Client]
    admin: str
    document: Mapping[str, Any]


@asynccontextmanager
async def seul(
    nom: str,
    serveur: str,
    emetteur: Emetteur,
    reseau: Reseau,
    dossier: Path,
    avant: Callable[[str], None] | None = None,
) -> AsyncIterator[Seul]:
    """Hold a service on a database of its own, until the block ends.

    Args:
        avant: opens the collectivité in a database that is not migrated yet, by its owner's URL.
    """
    prefixe = f"plans_{uuid4().hex[:8]}"
    module = importlib.import_module(f"services.{nom}.app")
    found = provision.creer(serveur, dossier / "secrets.json", prefixe)[nom]
    try:
        if avant:
            avant(found.proprietaire)
        migrer(nom, found.proprietaire)
        settings = importlib.import_module(f"services.{nom}.settings").Settings(
            url=URLS[nom],
            postgres=found.service,
            cle=nouvelle_cle(),
            secret="secret-de-test",
            connexions=5,
            JALONS_EMETTEUR_URL=EMETTEUR,
            **QUOTAS_LARGES,
            **{f"JALONS_{autre.upper()}_URL": url for autre, url in URLS.items()},
        )
        async with (
            ouvrir(nom, settings) as service,
            httpx.AsyncClient(transport=reseau) as voisins,
        ):
            await service.client.aclose()
            await service.base.aclose()
            service = Service(nom, settings, client=voisins)
            app = module.app(settings)
            app.state.service = service
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url=settings.url) as http:

                def par(client_id: str) -> Client:
                    portees = " ".join(module.PORTEES)
                    return Client(http, emetteur.jeton(nom, CODE, portees, client_id))

                client = par(CLIENT)
                if not avant:
                    await creer(client, "/v1/collectivites", OUVERTURE)
                admin = adresse(serveur, urlsplit(found.service).path.lstrip("/"))
                yield Seul(service, client, par, admin, document(nom))
            await service.base.aclose()
    finally:
        provision.supprimer_tout(serveur, prefixe)


@dataclass(frozen=True)
class Plein(Seul):
    """A service whose collectivité has people."""

    population: Population

    def demandes(self) -> list[Demande]:
        """All that can be read of it."""
        with psycopg.connect(self.admin) as base:
            return list(Demandes(self.population, self.document, base, CODE, JOUR))


@asynccontextmanager
async def plein(
    population: Population,
    personnes: int,
    serveur: str,
    emetteur: Emetteur,
    reseau: Reseau,
    dossier: Path,
) -> AsyncIterator[Plein]:
    """Hold a service whose collectivité has so many people, until the block ends."""
    async with seul(population.service, serveur, emetteur, reseau, dossier) as found:
        preparer(population, found.admin, CODE)
        exemple = population.exemple()
        requete = next(exemple)
        with contextlib.suppress(StopIteration):
            while True:
                made = await creer(
                    found.client, requete.chemin, requete.corps, version=requete.version
                )
                requete = exemple.send(made)
        peupler(population, found.admin, CODE, CLIENT, personnes)
        yield Plein(**vars(found), population=population)


async def fautes_des_lectures(plein: Plein) -> list[Any]:
    """Send all that can be read, and plan again, on the same rows, what it really sent.

    Of a list, the first page and the second. A range in the order of another column, which no
    index gives, is refused.

    Returns:
        What reads a whole table, or most of an index, each with how much.
    """
    fautes = []
    exemptes = plein.population.exemptes
    kinds = [un for un in plein.demandes() if not re.search(exemptes, un.nom)]
    assert len(kinds) > 100
    for demande in kinds:
        chemin = demande.chemins[-1]
        if demande.refusee:
            refus = await plein.client.get(chemin)
            assert refus.status_code == 422, (demande.nom, refus.text)
            assert [one["pointeur"] for one in refus.json()["erreurs"]] == ["?tri"], demande.nom
            continue
        with instructions(plein.service) as sent:
            page = await plein.client.get(chemin)
            assert page.status_code == 200, (demande.nom, page.text)
            if "next" in page.links:
                assert (await plein.client.get(page.links["next"]["url"])).status_code == 200
        for statement, parameters in sent:
            plan = await expliquer(plein.service, statement, parameters, "ANALYZE, BUFFERS")
            blocs = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
            whole = entieres(plan, plein.population.petites)
            combien = lues(plan, plein.population.petites)
            if whole or combien > LIGNES_MAX or blocs > plein.population.blocs_max:
                fautes.append((demande.nom, whole, combien, blocs))
    return fautes


async def fautes_des_commandes(plein: Plein, sent: Sequence[tuple[str, Any]]) -> list[Any]:
    """Plan again what commands sent: what reads a whole table, each with which."""
    fautes = []
    for statement, parameters in sent:
        plan = await expliquer(plein.service, statement, parameters, "COSTS ON")
        if whole := entieres(plan, plein.population.petites):
            fautes.append((statement, whole))
    return fautes


def d_un_autre_planificateur(serveur: str) -> None:
    """Skip where the bounds are not those of the server: docs/mesures.md says which differ."""
    with psycopg.connect(serveur) as connexion:
        version = connexion.info.server_version
    if version < PLANIFICATEUR:
        pytest.skip(f"plans d'un autre planificateur : PostgreSQL {version // 10_000}")


async def creer(client: Client, chemin: str, corps: Any, **rest: Any) -> dict[str, Any]:
    """POST what must succeed."""
    answer = await client.post(chemin, corps, **rest)
    assert answer.status_code == 201, (chemin, answer.text)
    found: dict[str, Any] = answer.json()
    return found


@contextmanager
def instructions(service: Service) -> Iterator[list[tuple[str, Any]]]:
    """What is sent to the database meanwhile."""
    sent: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, ___: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            sent.append((statement, parameters[0] if many else parameters))

    moteur = service.base.engine.sync_engine
    event.listen(moteur, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(moteur, "before_cursor_execute", note)


async def expliquer(
    service: Service, statement: str, parameters: Any, options: str, collectivite: str = CODE
) -> Mapping[str, Any]:
    """The plan of a statement."""
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        found = await tx.connexion.exec_driver_sql(
            f"EXPLAIN (FORMAT JSON, {options}) {statement}", tuple(parameters)
        )
        plan = found.scalar_one()
    whole: Mapping[str, Any] = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    return whole


def noeuds(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A plan's nodes, itself first."""
    yield plan
    for one in plan.get("Plans", ()):
        yield from noeuds(one)


def entieres(plan: Mapping[str, Any], petites: Collection[str]) -> set[str]:
    """The tables that follow the number of people, and that a plan reads from end to end."""
    found = {one["Relation Name"] for one in noeuds(plan) if one["Node Type"] == "Seq Scan"}
    return found.difference(petites)


def lues(plan: Mapping[str, Any], petites: Collection[str] = ()) -> float:
    """Rows of people that the scans of a plan went through, kept or not."""
    found: float = sum(
        one["Actual Loops"]
        * sum(
            one.get(nom, 0)
            for nom in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
        )
        for one in noeuds(plan)
        if ("Relation Name" in one or "Index Name" in one)
        and one.get("Relation Name") not in petites
    )
    return found
