"""Quotas count for every process at once; the limits page says the numbers that are applied."""

import asyncio
import importlib
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import ValidationError
from sqlalchemy import text

from services.orientation.imports import routes, rules
from shared.schemas.commun import LIMITE_MAX
from shared.socle import auth, contrat, evenements, pages, retention
from shared.socle.auth import Acces
from shared.socle.db import BaseDeDonnees
from shared.socle.exports import rules as exports
from shared.socle.imports import decompression, depot, lignes
from shared.socle.quotas import Compteurs
from shared.socle.service import Service
from tests.conftest import URLS, Client, Connecter, Emetteur
from tests.documents import document

RECHERCHES = "/v1/personnes/recherches"
PERSONNE = {"nom": "Essai", "prenoms": "Camille", "date_naissance": "1990-04-12"}
POLITIQUE = '"recherche";q=30;w=60'
# The guide's (17.1): requests, and the seconds of their window.
DOCUMENTES = {
    "lecture": (600, 60),
    "ecriture": (120, 60),
    "recherche": (30, 60),
    "job": (10, 3600),
}
RIEN = "00000000-0000-4000-8000-000000000000"
# A request of each class, and what it answers while it passes: refused for its own reasons, it
# has been made all the same.
DEMANDES: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "lecture": ("GET", f"/v1/orientations/{RIEN}", {}, 404),
    "ecriture": ("POST", "/v1/organismes-referents", {"json": {}}, 422),
    "recherche": ("POST", RECHERCHES, {"json": PERSONNE}, 200),
    "job": ("POST", f"/v1/webhooks/{RIEN}/rejeux", {"json": {}}, 422),
}


@pytest.fixture
def client(connecter: Connecter, ouverte: str) -> Client:
    return connecter("orientation")


@pytest.fixture
def service(services: Mapping[str, Service], monkeypatch: pytest.MonkeyPatch) -> Service:
    """Orientation, its clock stopped, with the documented numbers."""
    found = services["orientation"]
    now = found.horloge()
    monkeypatch.setattr(found, "horloge", lambda: now)
    documentes = {f"quota_{classe}": nombre for classe, (nombre, _) in DOCUMENTES.items()}
    monkeypatch.setattr(found, "reglages", found.reglages.model_copy(update=documentes))
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


@pytest.mark.parametrize("classe", DOCUMENTES)
async def test_each_class_has_its_exact_bound_under_concurrency(
    connecter: Connecter, ouverte: str, service: Service, classe: str
) -> None:
    """Planted: GET counted with the writes, red; a whole batch given one rank, red."""
    client = connecter("orientation", client_id="un-partenaire")
    nombre, fenetre_s = DOCUMENTES[classe]
    methode, chemin, rest, statut = DEMANDES[classe]

    async def demander() -> httpx.Response:
        headers = {} if methode == "GET" else {"Idempotency-Key": str(uuid4())}
        return await client.request(methode, chemin, headers=headers, **rest)

    answers = [
        answer
        for _ in range(0, nombre + 10, 70)
        for answer in await asyncio.gather(*(demander() for _ in range(70)))
    ]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(answers) - len(refused) == nombre
    assert {answer.status_code for answer in answers} == {statut, 429}
    assert refused
    for answer in refused:
        assert answer.json()["politiques"] == [classe]
        assert answer.headers["Retry-After"] == str(fenetre_s)
        assert answer.headers["RateLimit-Policy"] == f'"{classe}";q={nombre};w={fenetre_s}'
        assert answer.headers["RateLimit"] == f'"{classe}";r=0;t={fenetre_s}'


async def test_two_replicas_share_one_bound(
    connecter: Connecter, ouverte: str, service: Service, emetteur: Emetteur
) -> None:
    """Two processes are two engines: 30 pass, wherever they knock.

    Planted: ranks counted in the process, red.
    """
    autre = Service("orientation", service.reglages, client=service.client)
    autre.horloge = service.horloge
    app = importlib.import_module("services.orientation.app").app(service.reglages)
    app.state.service = autre
    jeton = emetteur.jeton("orientation", ouverte, "orientation:lire", "si-essai")
    try:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=URLS["orientation"]
        ) as http:
            replicas = [connecter("orientation"), Client(http, jeton)]
            answers = await asyncio.gather(*(chercher(replicas[n % 2]) for n in range(80)))
    finally:
        await autre.base.aclose()

    passed = [answer for answer in answers if answer.status_code == 200]
    assert sorted(reste(answer)[0] for answer in passed) == list(range(30))
    assert {one.status_code for one in answers} == {200, 429}


async def test_one_who_leaves_takes_no_count_away(
    ouverte: str, service: Service, services: Mapping[str, Service]
) -> None:
    """What is counted together is written by none of those who wait."""
    acces = Acces("si-essai", ouverte, frozenset())

    def compter() -> "asyncio.Task[dict[str, str]]":
        return asyncio.create_task(
            service.compteurs.compter(acces, "job", service.reglages, service.horloge())
        )

    premier, *autres = [compter() for _ in range(4)]
    await asyncio.sleep(0)
    premier.cancel()
    entetes = await asyncio.gather(*autres)

    assert [one["RateLimit"] for one in entetes] == [f'"job";r={n};t=3600' for n in (8, 7, 6)]
    assert premier.cancelled() or premier.exception() is not None


async def test_a_database_that_is_away_is_told_to_each_and_then_forgotten(
    ouverte: str, service: Service
) -> None:
    """Planted: a failure that ends the round without telling who came meanwhile, red (it hangs)."""
    morte = Compteurs(BaseDeDonnees("postgresql://personne:rien@127.0.0.1:9/rien"))
    acces = Acces("si-essai", ouverte, frozenset())

    for _ in range(2):
        async with asyncio.timeout(10):
            faults = await asyncio.gather(
                *(
                    morte.compter(acces, "lecture", service.reglages, service.horloge())
                    for _ in range(3)
                ),
                return_exceptions=True,
            )
        assert all(isinstance(one, OSError) for one in faults), faults


async def test_our_own_services_have_no_quota(
    connecter: Connecter, ouverte: str, service: Service
) -> None:
    """Whom they call for was counted at the first door. Planted: any `service-…` exempt, red."""
    voisin = connecter("orientation", client_id="service-parcours")
    semblable = connecter("orientation", client_id="service-paie")

    answers = [await chercher(voisin) for _ in range(31)]

    assert {answer.status_code for answer in answers} == {200}
    assert not any("RateLimit" in answer.headers for answer in answers)
    assert reste(await chercher(semblable)) == (29, 60)


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
    # A class is counted apart from the others.
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
    """That of the search, and that of the opening. Planted: no purge of this table, red."""
    await chercher(client)
    start = service.horloge()

    async def purge(hours: int) -> int:
        monkeypatch.setattr(service, "horloge", lambda: start + timedelta(hours=hours))
        await retention.purger(service, ouverte)
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            return int((await tx.execute(text("SELECT count(*) FROM quota"))).scalar_one())

    assert [await purge(23), await purge(25)] == [2, 0]


@pytest.mark.parametrize("nom", URLS)
async def test_the_limits_page_serves_the_numbers_in_force(
    connecter: Connecter, ouverte: str, nom: str
) -> None:
    """Those of the code that applies them, named here one by one: a new one must be looked at."""
    answer = await connecter(nom).get("/v1/limites")

    imports = {
        # A flux is longer than a file of lines.
        "octets_max": routes.TAILLE_MAX if nom == "orientation" else lignes.TAILLE_MAX,
        "ratio_max": decompression.RATIO_MAX,
        "depot_max_s": depot.DEPOT_S,
        "resultats_jours": rules.RESULTATS_JOURS,
    }
    # An installation may admit more: the page says so.
    quotas = [
        {"classe": "ecriture", "nombre": 1_000_000, "fenetre_s": 60},
        {"classe": "job", "nombre": 1_000_000, "fenetre_s": 3600},
        {"classe": "lecture", "nombre": 1_000_000, "fenetre_s": 60},
        {"classe": "recherche", "nombre": 30, "fenetre_s": 60},
    ]
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
        "intervalle_premier_max": pages.PREMIER_MAX,
        "export_lignes_max": exports.FICHIER_LIGNES,
        "export_duree_s": exports.FICHIER_S,
        "exports_jours": retention.EXPORTS_JOURS,
        "imports": imports,
        "import_lignes_max": lignes.LIGNES_MAX,
        "import_lignes_octets_max": lignes.TAILLE_MAX,
        "import_ligne_octets_max": lignes.LIGNE_MAX,
        "quotas": quotas,
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


def test_less_than_what_is_documented_is_no_setting(services: Mapping[str, Service]) -> None:
    """And what is documented is the default."""
    for nom in URLS:
        settings: Any = importlib.import_module(f"services.{nom}.settings").Settings
        kept = services[nom].reglages.model_dump(by_alias=True)
        for classe, (nombre, _) in DOCUMENTES.items():
            assert settings.model_fields[f"quota_{classe}"].default == nombre
            with pytest.raises(ValidationError):
                settings(**{**kept, f"quota_{classe}": nombre - 1})


@pytest.mark.parametrize("nom", URLS)
def test_every_operation_says_its_quota(nom: str) -> None:
    """A job is what answers 202, a search what only looks or may be tried; the rest, its method.

    Planted: a job without its class, red.
    """
    paths = document(nom)["paths"]
    tries = {
        "orientation": {"creer_enregistrement"},
        # A code may be tried.
        "parcours": {"creer_reorientation_personne"},
    }
    for path, operations in paths.items():
        for method, operation in operations.items():
            if operation["operationId"] in tries.get(nom, ()) or path.endswith("/recherches"):
                classe = "recherche"
            elif "202" in operation["responses"]:
                classe = "job"
            else:
                classe = "lecture" if method == "get" else "ecriture"
            nombre, fenetre_s = DOCUMENTES[classe]
            told = {
                status: answer["headers"]["RateLimit-Policy"]["example"]
                for status, answer in operation["responses"].items()
                if "RateLimit" in answer.get("headers", {})
            }
            expected = {one for one in operation["responses"] if one.startswith("2")} | {"429"}
            assert told == dict.fromkeys(expected, f'"{classe}";q={nombre};w={fenetre_s}'), path
