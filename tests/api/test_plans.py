"""Each read of orientation stands on an index, whatever the number of people (architecture.md).

A database of its own with 20 000 people in one collectivité; each list by each of its filters and
orders, each read by id and each command is sent through the door, and the statements that the
service really sent are planned again, and run again, on the same rows.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
import psycopg
import pytest
import pytest_asyncio
from sqlalchemy import Update, event, update

from deploy.local import bases as provision
from deploy.local.postgres import adresse
from deploy.local.services import migrer
from services.orientation import app as orientation
from services.orientation import tables
from services.orientation.settings import Settings
from shared.socle.coffre import nouvelle_cle
from shared.socle.service import Service, ouvrir
from tests.api.orientation.conftest import PERSONNE, criteres
from tests.bench.demandes import Demande, Demandes
from tests.bench.peuplement import peupler
from tests.conftest import EMETTEUR, URLS, Client, Connecter, Emetteur, Reseau

CODE = "35D"
PLANIFICATEUR = 180000  # what the embedded server is
JOUR = datetime.now(ZoneInfo("Europe/Paris")).date()
# Those whose rows follow the number of people; of the others, to read the whole is best.
PETITES = frozenset(
    {
        "collectivite",
        "epoque",
        "quota",
        "suivi",
        "import",
        "organisme_referent",
        "unite",
        "portefeuille",
        "indicateur",
        "jeu_de_regles",
        "mise_en_vigueur",
        "simulation",
        # What was counted of each organisme, and what was added to it since.
        "compte_place",
    }
)
# A page of 50 with what stands beside it, and what a common filter passes over; of 20 000 people.
LIGNES_MAX, BLOCS_MAX = 2_500, 3_000
NAISSANCE = {"prenoms": "Camille", "date_naissance": "1990-04-12"}
SEANCE = {
    "type": "reunion_collective",
    "type_lieu": "point_accueil",
    "lieu": "Maison d'essai",
    "code_commune": "35238",
    "debut_le": "2030-03-01T09:00:00Z",
    "fin_le": "2030-03-01T11:00:00Z",
    "places": 20,
}


@dataclass(frozen=True)
class Plein:
    """A service whose collectivité has people."""

    service: Service
    client: Client
    demandes: list[Demande]


@pytest_asyncio.fixture(scope="module")
async def plein(
    serveur: str, emetteur: Emetteur, reseau: Reseau, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Plein]:
    """20 000 people, in a database that no other test uses."""
    prefixe = f"plans_{uuid4().hex[:8]}"
    secrets = tmp_path_factory.mktemp("plans") / "secrets.json"
    found = provision.creer(serveur, secrets, prefixe)["orientation"]
    try:
        migrer("orientation", found.proprietaire)
        settings = Settings(
            url=URLS["orientation"],
            postgres=found.service,
            cle=nouvelle_cle(),
            secret="secret-de-test",
            connexions=5,
            JALONS_EMETTEUR_URL=EMETTEUR,
            **{f"JALONS_{nom.upper()}_URL": url for nom, url in URLS.items()},
        )
        async with (
            ouvrir("orientation", settings) as service,
            httpx.AsyncClient(transport=reseau) as voisins,
        ):
            await service.client.aclose()
            service = Service("orientation", settings, client=voisins)
            app = orientation.app(settings)
            app.state.service = service
            jeton = emetteur.jeton("orientation", CODE, " ".join(orientation.PORTEES), "si-essai")
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url=settings.url) as http:
                client = Client(http, jeton)
                await une_personne(client)
                admin = adresse(serveur, urlsplit(found.service).path.lstrip("/"))
                peupler(admin, CODE, "si-essai", 20_000)
                with psycopg.connect(admin) as base:
                    kinds = list(Demandes(app.openapi(), base, CODE, JOUR))
                yield Plein(service, client, kinds)
            await service.base.aclose()
    finally:
        provision.supprimer_tout(serveur, prefixe)


async def une_personne(client: Client) -> None:
    """Open the collectivité, and one case in it, whose proposal all the others copy."""
    ouverture = {"code": CODE, "libelle": "Essai", "ideparte": "035", "fuseau": "Europe/Paris"}
    await creer(client, "/v1/collectivites", ouverture)
    personne = await creer(client, "/v1/personnes", PERSONNE)
    found = await creer(client, "/v1/orientations", {"personne_id": personne["id"]})
    await creer(client, f"/v1/orientations/{found['id']}/criteres", criteres(), version=1)


async def creer(client: Client, chemin: str, corps: Any, **rest: Any) -> dict[str, Any]:
    answer = await client.post(chemin, corps, **rest)
    assert answer.status_code == 201, answer.text
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
    service: Service, statement: str, parameters: Any, options: str
) -> Mapping[str, Any]:
    """The plan of a statement."""
    async with service.base.transaction(service.acces_interne(CODE)) as tx:
        found = await tx.connexion.exec_driver_sql(
            f"EXPLAIN (FORMAT JSON, {options}) {statement}", tuple(parameters)
        )
        plan = found.scalar_one()
    whole: Mapping[str, Any] = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    return whole


def noeuds(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for one in plan.get("Plans", ()):
        yield from noeuds(one)


def entieres(plan: Mapping[str, Any]) -> set[str]:
    """The tables that follow the number of people, and that a plan reads from end to end."""
    found = {one["Relation Name"] for one in noeuds(plan) if one["Node Type"] == "Seq Scan"}
    return found - PETITES


def lues(plan: Mapping[str, Any]) -> float:
    """Rows of people that the scans of a plan went through, kept or not."""
    return sum(
        one["Actual Loops"]
        * sum(
            one.get(nom, 0)
            for nom in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
        )
        for one in noeuds(plan)
        if ("Relation Name" in one or "Index Name" in one)
        and one.get("Relation Name") not in PETITES
    )


async def test_each_list_and_read_stands_on_an_index(plein: Plein, serveur: str) -> None:
    """Neither a whole table, nor most of an index: the first page and the second.

    A range in the order of another column, which no index gives, is refused. Before the indexes of
    0012, and before 0014: red. The bounds are those of the planner that Jalons brings; what
    PostgreSQL 15 does otherwise is in docs/mesures.md.
    """
    with psycopg.connect(serveur) as connexion:
        version = connexion.info.server_version
    if version < PLANIFICATEUR:
        pytest.skip(f"plans d'un autre planificateur : PostgreSQL {version // 10_000}")
    fautes = []
    assert len(plein.demandes) > 100
    for demande in plein.demandes:
        if demande.refusee:
            refus = await plein.client.get(demande.chemins[-1])
            assert refus.status_code == 422, (demande.nom, refus.text)
            assert [one["pointeur"] for one in refus.json()["erreurs"]] == ["?tri"], demande.nom
            continue
        with instructions(plein.service) as sent:
            page = await plein.client.get(demande.chemins[-1])
            assert page.status_code == 200, (demande.nom, page.text)
            if "next" in page.links:
                assert (await plein.client.get(page.links["next"]["url"])).status_code == 200
        for statement, parameters in sent:
            plan = await expliquer(plein.service, statement, parameters, "ANALYZE, BUFFERS")
            blocs = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
            trop = lues(plan) > LIGNES_MAX or blocs > BLOCS_MAX
            if entieres(plan) or trop:
                fautes.append((demande.nom, entieres(plan), lues(plan), blocs))
    assert not fautes, "\n".join(map(str, fautes))


async def test_each_command_finds_its_rows_by_an_index(plein: Plein) -> None:
    client = plein.client
    with instructions(plein.service) as sent:
        trouvee = await client.post("/v1/personnes/recherches", {"nom": "Personne"} | NAISSANCE)
        assert trouvee.status_code == 200, trouvee.text
        personne = await creer(client, "/v1/personnes", PERSONNE)
        found = await creer(client, "/v1/orientations", {"personne_id": personne["id"]})
        url = f"/v1/orientations/{found['id']}"
        await creer(client, f"{url}/criteres", criteres(), version=1)
        await creer(client, f"{url}/decisions", {"etat_decision": "acceptee"}, version=2)
        jour = str(JOUR)
        remise = {"mode": "remise_en_main_propre", "date_envoi": jour, "date_reception": jour}
        await creer(client, f"{url}/notifications", remise, version=3)
        seance = await creer(client, "/v1/accueils", SEANCE)
        envoi = {"personne_id": personne["id"], "mode": "courrier", "date_envoi": jour}
        await creer(client, f"/v1/accueils/{seance['id']}/convocations", envoi)
        await creer(client, f"{url}/annulations", {"motif": "essai"}, version=4)
    assert len(sent) > 50
    fautes = []
    for statement, parameters in sent:
        plan = await expliquer(plein.service, statement, parameters, "COSTS ON")
        if entieres(plan):
            fautes.append((statement, entieres(plan)))
    assert not fautes, "\n".join(map(str, fautes))


async def test_a_case_is_listed_where_its_person_lives_now(
    services: Mapping[str, Service], connecter: Connecter, ouverte: str
) -> None:
    """A case keeps the commune of its person beside it, whoever moves the one or the other.

    Planted: the trigger on persons left out, red.
    """
    client = connecter("orientation")
    habitants = [
        await creer(client, "/v1/personnes", PERSONNE | {"nom": nom, "code_commune": commune})
        for nom, commune in (("Essai-Ici", "35236"), ("Essai-Ailleurs", "35238"))
    ]
    ici, ailleurs = (UUID(one["id"]) for one in habitants)
    found = await creer(client, "/v1/orientations", {"personne_id": str(ici)})

    async def communes() -> list[str]:
        listees = {}
        for commune in ("35236", "35238", "35288"):
            page = await client.get(f"/v1/echeances?code=orientation_pcd&commune={commune}")
            listees[commune] = [one["orientation_id"] for one in page.json()["elements"]]
        return [commune for commune, ids in listees.items() if found["id"] in ids]

    async def changer(statement: Update) -> None:
        service = services["orientation"]
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            await tx.execute(statement)

    assert await communes() == ["35236"]
    personne, dossier = tables.Personne, tables.Orientation
    await changer(update(personne).where(personne.id == ici).values(commune="35288"))
    assert await communes() == ["35288"]
    await changer(
        update(dossier).where(dossier.id == UUID(found["id"])).values(personne_id=ailleurs)
    )
    assert await communes() == ["35238"]
