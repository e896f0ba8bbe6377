"""The volume guard: persons shown are counted, and too many are not shown (guide, 17.3)."""

import asyncio
import importlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from shared.socle.service import Service
from shared.socle.volumes import garde
from tests.api.test_listes import orientations, personnes
from tests.conftest import URLS, Client, Connecter, Emetteur

PLANCHER, ALERTE, BLOCAGE = 3, 9, 30


@pytest.fixture
def service(services: Mapping[str, Service], monkeypatch: pytest.MonkeyPatch) -> Service:
    """Orientation at noon in Paris, where three persons a day stand for a habit."""
    found = services["orientation"]
    midi = datetime.fromisoformat("2026-03-03T12:00:00+01:00")
    monkeypatch.setattr(found, "horloge", lambda: midi)
    etroits = {"volume_plancher": PLANCHER}
    monkeypatch.setattr(found, "reglages", found.reglages.model_copy(update=etroits))
    return found


@pytest.fixture
def client(connecter: Connecter, ouverte: str) -> Client:
    return connecter("orientation")


@pytest.fixture
def surveillant(connecter: Connecter, ouverte: str) -> Client:
    """Another client, who administers."""
    return connecter("orientation", client_id="surveillant")


async def enregistrer(service: Service, code: str, nombre: int) -> list[UUID]:
    async with service.base.transaction(service.acces_interne(code)) as tx:
        return await personnes(tx, nombre)


async def lire(client: Client, personne: UUID) -> httpx.Response:
    return await client.get(f"/v1/personnes/{personne}")


async def volumes(surveillant: Client, query: str = "") -> list[dict[str, Any]]:
    answer = await surveillant.get(f"/v1/volumes-lus{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["elements"]
    return found


async def faits(client: Client) -> list[str]:
    found = (await client.get("/v1/changements?limite=200")).json()["elements"]
    return [un["type"] for un in found if ".volume." in un["type"]]


async def test_what_no_caseload_explains_is_told_then_stopped_until_another_lifts_it(
    client: Client, surveillant: Client, service: Service, ouverte: str
) -> None:
    """Planted: what is refused stays counted as shown, red; the blocked one lifts it, red."""
    tous = await enregistrer(service, ouverte, BLOCAGE + 2)

    for un in tous[:ALERTE]:
        assert (await lire(client, un)).status_code == 200
    assert await faits(surveillant) == []
    for un in tous[ALERTE:BLOCAGE]:
        assert (await lire(client, un)).status_code == 200
    assert await faits(surveillant) == ["orientation.volume.alerte"]
    refused = [await lire(client, tous[BLOCAGE]) for _ in range(2)]
    for answer in refused:
        assert answer.status_code == 429
        assert answer.json()["code"] == "quota-depasse"
        assert answer.json()["politiques"] == ["volume"]
        assert answer.headers["Retry-After"] == "43200"
        assert str(tous[BLOCAGE]) not in answer.json().get("detail", "")
    assert await faits(surveillant) == ["orientation.volume.alerte", "orientation.volume.bloque"]
    # Work goes on with those who were read today.
    assert (await lire(client, tous[0])).status_code == 200

    (volume,) = await volumes(surveillant, "?etat=bloque")
    assert (volume["client_id"], volume["jour"]) == ("si-essai", "2026-03-03")
    assert (volume["nombre"], volume["reference"]) == (BLOCAGE, PLANCHER)
    assert (volume["seuil_alerte"], volume["seuil_blocage"]) == (ALERTE, BLOCAGE)
    url = f"/v1/volumes-lus/{volume['id']}"
    own = await client.post(f"{url}/levees", version=volume["version"], json={})
    assert (own.status_code, own.json()["code"]) == (403, "portee-insuffisante")
    lifted = await surveillant.post(f"{url}/levees", version=volume["version"], json={})
    assert lifted.status_code == 201, lifted.text
    assert (lifted.json()["etat"], lifted.json()["leve_par"]) == ("leve", "surveillant")
    assert (await surveillant.get(url)).json() == lifted.json()
    assert [(await lire(client, un)).status_code for un in tous[BLOCAGE:]] == [200, 200]
    again = await surveillant.post(f"{url}/levees", version=lifted.json()["version"], json={})
    assert again.json()["code"] == "transition-interdite"


async def test_many_at_once_and_no_more_pass_than_the_day_admits(
    client: Client, surveillant: Client, service: Service, ouverte: str, emetteur: Emetteur
) -> None:
    """Over two replicas, each with what it knows of its own.

    Planted: persons counted as the statement saw them when it began, red.
    """
    tous = await enregistrer(service, ouverte, BLOCAGE + 10)
    autre = importlib.import_module("services.orientation.app").app(service.reglages)
    autre.state.service = service
    jeton = emetteur.jeton("orientation", ouverte, "orientation:lire", "si-essai")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(autre), base_url=URLS["orientation"]
    ) as http:
        replicas = [client, Client(http, jeton)]
        answers = await asyncio.gather(
            *(lire(replicas[rang % 2], un) for rang, un in enumerate(tous))
        )
        shown = [un for un, answer in zip(tous, answers, strict=True) if answer.status_code == 200]
        # Known of the database, not of this process.
        again = [(await lire(replica, shown[0])).status_code for replica in replicas]

    assert len(shown) == BLOCAGE
    assert again == [200, 200]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert (await volumes(surveillant))[0]["nombre"] == BLOCAGE
    assert (await faits(surveillant)).count("orientation.volume.bloque") == 1


async def test_a_first_read_may_be_too_much_by_itself(
    client: Client, surveillant: Client, service: Service, ouverte: str
) -> None:
    """It is told and can be lifted, though what was undone had opened the day."""
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await orientations(tx, BLOCAGE + 1)
    url = f"/v1/orientations?limite={BLOCAGE + 1}"

    assert (await client.get(url)).status_code == 429
    (volume,) = await volumes(surveillant)
    assert (volume["etat"], volume["nombre"]) == ("bloque", 0)
    levees = f"/v1/volumes-lus/{volume['id']}/levees"
    assert (await surveillant.post(levees, {}, version=volume["version"])).status_code == 201
    assert (await client.get(url)).status_code == 200


async def test_a_list_shows_as_many_as_its_elements_name_once_each(
    client: Client, surveillant: Client, service: Service, ouverte: str
) -> None:
    """Planted: pages left out of the count, red."""
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await orientations(tx, 7)

    for _ in range(2):
        page = (await client.get("/v1/orientations?limite=5")).json()
        await lire(client, UUID(page["elements"][0]["personne_id"]))

    (volume,) = await volumes(surveillant)
    assert volume["nombre"] == 5
    partial = await client.get("/v1/orientations?limite=7&champs=personne_id")
    assert partial.status_code == 200
    assert (await volumes(surveillant))[0]["nombre"] == 7


async def test_only_what_a_partner_is_shown_is_counted(
    client: Client, surveillant: Client, connecter: Connecter, service: Service, ouverte: str
) -> None:
    (une,) = await enregistrer(service, ouverte, 1)

    await lire(connecter("orientation", client_id="service-parcours"), une)
    assert (await lire(client, uuid4())).status_code == 404
    await client.post(
        "/v1/personnes", {"nom": "Essai", "prenoms": "Camille", "date_naissance": "1990-04-12"}
    )

    assert await volumes(surveillant) == []


async def test_ten_active_days_make_a_habit_and_who_was_read_is_forgotten(
    client: Client,
    surveillant: Client,
    service: Service,
    ouverte: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each day counts anew. Planted: persons kept after their day, red."""
    tous = await enregistrer(service, ouverte, 5)
    debut = service.horloge()
    for rang in range(10):
        monkeypatch.setattr(service, "horloge", lambda rang=rang: debut + timedelta(days=rang))
        for un in tous:
            await lire(client, un)
    monkeypatch.setattr(service, "horloge", lambda: debut + timedelta(days=10))
    await lire(client, tous[0])

    jours = await volumes(surveillant)
    assert [un["nombre"] for un in jours] == [1, *[5] * 10]
    assert [un["reference"] for un in jours] == [5, *[PLANCHER] * 10]
    await garde.purger(service, ouverte)
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        left = (await tx.execute(text("SELECT count(*) FROM personne_lue"))).scalar_one()
    assert left == 1
    assert len(await volumes(surveillant)) == 11
    monkeypatch.setattr(service, "horloge", lambda: debut + timedelta(days=370))
    await garde.purger(service, ouverte)
    assert len(await volumes(surveillant)) == 6


async def test_the_persons_of_several_parcours_count_once(
    connecter: Connecter, ouverte: str, services: Mapping[str, Service]
) -> None:
    """A parcours is known by its person. Planted: parcours counted as persons, red."""
    service, personne = services["parcours"], uuid4()
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        rows = await tx.execute(
            text(
                "INSERT INTO parcours (collectivite, id, personne_id, statut, date_ouverture,"
                " orientation_id, type_parcours, organisme_referent_id, date_cloture,"
                " motif_cloture)"
                " SELECT :collectivite, gen_random_uuid(), :personne, statut,"
                " DATE '2026-03-03', gen_random_uuid(), 'social', gen_random_uuid(), cloture, motif"
                " FROM (VALUES ('ouvert', NULL, NULL), ('clos', DATE '2026-03-03', 'deces'))"
                " AS s (statut, cloture, motif) RETURNING id"
            ),
            {"personne": personne},
        )
        un, autre = rows.scalars()
    client = connecter("parcours")

    for chemin in (f"/v1/parcours/{un}", f"/v1/parcours/{autre}", "/v1/parcours"):
        answer = await client.get(chemin)
        assert answer.status_code == 200, answer.text

    (volume,) = await volumes(connecter("parcours", client_id="surveillant"))
    assert volume["nombre"] == 1


@pytest.mark.parametrize("nom", ["orientation", "parcours"])
async def test_the_tables_of_the_guard_are_walled(
    services: Mapping[str, Service], nom: str
) -> None:
    async with services[nom].base.engine.connect() as connexion:
        walled = await connexion.execute(
            text(
                "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
                " AND relname IN ('personne_lue', 'volume_lu')"
            )
        )
    assert len(walled.all()) == 2
