"""Quotas count for every process at once; the limits page says the numbers that are applied."""

import asyncio
import importlib
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from sqlalchemy import text

from services.orientation.imports import decompression, routes, rules
from shared.schemas.commun import LIMITE_MAX
from shared.socle import auth, contrat, evenements, pages, retention
from shared.socle.quotas import appliques
from shared.socle.service import Service
from tests.conftest import URLS, Client, Connecter
from tests.documents import document

RECHERCHES = "/v1/personnes/recherches"
PERSONNE = {"nom": "Essai", "prenoms": "Camille", "date_naissance": "1990-04-12"}
POLITIQUE = '"recherche";q=30;w=60'


@pytest.fixture
def client(connecter: Connecter, ouverte: str) -> Client:
    return connecter("orientation")


@pytest.fixture
def service(services: Mapping[str, Service], monkeypatch: pytest.MonkeyPatch) -> Service:
    """Orientation, its clock stopped."""
    found = services["orientation"]
    now = found.horloge()
    monkeypatch.setattr(found, "horloge", lambda: now)
    return found


async def chercher(client: Client) -> httpx.Response:
    return await client.request("POST", RECHERCHES, json=PERSONNE)


def reste(answer: httpx.Response) -> tuple[int, int]:
    """What `RateLimit` tells: requests left, seconds to the next window."""
    found = re.fullmatch(r'"recherche";r=(\d+);t=(\d+)', answer.headers["RateLimit"])
    assert found is not None
    return int(found[1]), int(found[2])


async def test_sixty_at_once_and_thirty_pass(client: Client, service: Service) -> None:
    """Exactly, and each is told another number. Planted: the count read, then written, red."""
    answers = await asyncio.gather(*(chercher(client) for _ in range(60)))

    passed = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert (len(passed), len(refused)) == (30, 30)
    assert sorted(reste(answer)[0] for answer in passed) == list(range(30))
    for answer in refused:
        assert answer.json()["code"] == "quota-depasse"
        assert answer.json()["politiques"] == ["recherche"]
        assert answer.headers["Retry-After"] == "60"
        assert reste(answer) == (0, 60)
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {POLITIQUE}


async def test_the_window_opens_with_its_first_request_and_ends_a_minute_later(
    client: Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever obeys `Retry-After` is served; a refused request does not put the end off."""
    start = service.horloge()

    async def at(seconds: float) -> httpx.Response:
        monkeypatch.setattr(service, "horloge", lambda: start + timedelta(seconds=seconds))
        return await chercher(client)

    first = await at(0)
    assert reste(first) == (29, 60)
    for _ in range(29):
        last = await at(41.5)
    assert reste(last) == (0, 19)
    refused = [await at(41.5), await at(59.9)]
    assert [answer.headers["Retry-After"] for answer in refused] == ["19", "1"]
    again = await at(60)
    assert (again.status_code, reste(again)) == (200, (29, 60))
    # The clock of another replica, a little behind the one that opened the window.
    assert reste(await at(57)) == (28, 60)


async def test_a_quota_is_of_one_client_in_one_collectivite(
    client: Client, connecter: Connecter, service: Service
) -> None:
    for _ in range(30):
        await chercher(client)

    assert (await chercher(client)).status_code == 429
    assert (await chercher(connecter("orientation", client_id="un-autre"))).status_code == 200
    assert (await chercher(connecter("orientation", dans="44D"))).status_code == 200
    # Other routes have none yet.
    assert (await client.get("/v1/orientations")).status_code == 200


async def test_a_refused_request_counts_and_one_that_cannot_be_read_does_not(
    client: Client, connecter: Connecter, service: Service
) -> None:
    """A search that is not whole is a try all the same; its answer bears no count.

    Planted: counted in the request's own transaction, undone with it, red.
    """
    invalid = await client.request("POST", RECHERCHES, json={"date_naissance": "1990-04-12"})
    unreadable = await client.request(
        "POST", RECHERCHES, content=b"{", headers={"Content-Type": "application/json"}
    )
    weak = await chercher(connecter("orientation", "orientation:ecrire"))

    assert [one.status_code for one in (invalid, unreadable, weak)] == [422, 400, 403]
    assert "RateLimit" not in invalid.headers
    assert reste(await chercher(client)) == (28, 60)


async def test_counters_are_forgotten(
    client: Client, service: Service, ouverte: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: no purge of this table, red."""
    await chercher(client)
    start = service.horloge()

    async def purge(hours: int) -> int:
        monkeypatch.setattr(service, "horloge", lambda: start + timedelta(hours=hours))
        await retention.purger(service, ouverte)
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            return int((await tx.execute(text("SELECT count(*) FROM quota"))).scalar_one())

    assert [await purge(23), await purge(25)] == [1, 0]


@pytest.mark.parametrize("nom", URLS)
async def test_the_limits_page_serves_the_numbers_in_force(
    connecter: Connecter, ouverte: str, nom: str
) -> None:
    """Those of the code that applies them, named here one by one: a new one must be looked at."""
    answer = await connecter(nom).get("/v1/limites")

    imports = {
        "octets_max": routes.TAILLE_MAX,
        "ratio_max": decompression.RATIO_MAX,
        "depot_max_s": routes.DEPOT_S,
        "resultats_jours": rules.RESULTATS_JOURS,
    }
    quotas = [{"classe": "recherche", "nombre": 30, "fenetre_s": 60}]
    assert answer.json() == {
        "limite_max": LIMITE_MAX,
        "curseur_duree_s": pages.CURSEUR_S,
        "corps_max_octets": contrat.CORPS_MAX,
        "json_profondeur_max": contrat.PROFONDEUR_MAX,
        "json_cles_max": contrat.CLES_MAX,
        "json_elements_max": contrat.ELEMENTS_MAX,
        "delai_min_ms": contrat.DELAI_MIN_MS,
        "delai_max_ms": contrat.DELAI_MAX_MS,
        "delai_defaut_ms": contrat.DELAI_MS,
        "attente_max_s": evenements.ATTENTE_MAX_S,
        "idempotence_jours": retention.IDEMPOTENCE_JOURS,
        "changements_jours": retention.CHANGEMENTS_JOURS,
        "jeton_duree_max_s": auth.DUREE_MAX_S,
        "jeton_tolerance_s": auth.TOLERANCE_S,
        "imports": imports if nom == "orientation" else None,
        "quotas": [] if nom == "financement" else quotas,
    }
    assert answer.headers["Cache-Control"] == "public, max-age=3600"


async def test_what_the_page_says_is_what_happens(client: Client) -> None:
    """At each number, and one beyond it."""
    limites = (await client.get("/v1/limites")).json()

    async def page(limite: int) -> int:
        return (await client.get(f"/v1/orientations?limite={limite}")).status_code

    async def code(contenu: bytes) -> str:
        headers = {"Content-Type": "application/json"}
        answer = await client.request("POST", RECHERCHES, content=contenu, headers=headers)
        return str(answer.json()["code"])

    async def delai(millisecondes: int) -> int:
        headers = {"Delai-Max": str(millisecondes)}
        return (await client.get("/v1/orientations", headers=headers)).status_code

    async def attente(secondes: int) -> int:
        # From the start, where there is something: nothing is waited for.
        url = f"/v1/changements?attente={secondes}"
        return (await client.get(url)).status_code

    assert [await page(limites["limite_max"] + n) for n in (0, 1)] == [200, 422]
    octets = limites["corps_max_octets"]
    assert [await code(b"null".ljust(octets + n)) for n in (0, 1)] == [
        "validation",
        "corps-trop-grand",
    ]
    profond = limites["json_profondeur_max"]
    assert [await code(b"[" * (profond + n) + b"]" * (profond + n)) for n in (0, 1)] == [
        "validation",
        "json-trop-profond",
    ]
    cles = limites["json_cles_max"]
    assert [await code(objet(cles + n)) for n in (0, 1)] == ["validation", "corps-trop-grand"]
    elements = limites["json_elements_max"]
    assert [await code(b"[0" + b",0" * (elements + n) + b"]") for n in (0, 1)] == [
        "validation",
        "corps-trop-grand",
    ]
    assert [await delai(limites["delai_min_ms"] - n) for n in (0, 1)] == [200, 400]
    assert [await delai(limites["delai_max_ms"] + n) for n in (0, 1)] == [200, 400]
    await client.post(
        "/v1/organismes-referents",
        {"reference": "cd", "type": "conseil_departemental", "nom": "CD"},
    )
    assert [await attente(limites["attente_max_s"] + n) for n in (0, 1)] == [200, 422]


def objet(cles: int) -> bytes:
    """A JSON object of so many keys."""
    return b"{" + b",".join(b'"c%d":0' % n for n in range(cles)) + b"}"


def test_a_quota_is_applied_where_it_is_announced() -> None:
    """The document, the page and the route say the same, for they read the same."""
    for nom in URLS:
        module: Any = importlib.import_module(f"services.{nom}.app")
        paths = document(nom)["paths"]
        announced = {
            operation["operationId"]
            for operations in paths.values()
            for operation in operations.values()
            if any(
                "RateLimit" in operation["responses"].get(status, {}).get("headers", {})
                for status in ("200", "201")
            )
        }
        routeurs = [one for one in vars(module).values() if isinstance(one, APIRouter)]
        assert announced == set(appliques(routeurs))
        searches = {
            "orientation": {"rechercher_personne", "creer_personne", "creer_enregistrement"},
            # A code may be tried.
            "parcours": {"rechercher_consultation", "creer_reorientation_personne"},
        }
        assert announced == searches.get(nom, set())
