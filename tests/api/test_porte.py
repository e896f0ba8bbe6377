"""The door: what no route reads before it has been looked at, on every route of the documents."""

import asyncio
import importlib
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.refus import CODES_ERREUR, STATUTS, Refus
from shared.socle import contrat
from shared.socle.service import Service
from tests.api.orientation.conftest import PERSONNE
from tests.api.test_listes import BAC
from tests.conftest import URLS, Client, Connecter, Reseau
from tests.documents import document

RACINE = Path(__file__).parents[2]
ID = "019cad9d-67a0-726b-b2a7-4de452e6b438"
JSON = {"Content-Type": "application/json"}
CD = {"reference": "cd", "type": "conseil_departemental", "nom": "Conseil départemental"}
DEPOT = "/v1/imports?type=flux_beneficiaires"

# Codes of the guide that nothing gives yet: what will. One that finds its producer leaves.
SANS_PRODUCTEUR = {
    "personne-effacee": "l'effacement des personnes",
}
SANS_PRODUCTEUR_ERREUR: dict[str, str] = {}


@pytest.fixture
def client(connecter: Connecter, ouverte: str) -> Client:
    return connecter("orientation")


@pytest.fixture(params=list(URLS))
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def operations(service: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation of a service's document."""
    for path, found in document(service)["paths"].items():
        for method, operation in found.items():
            yield method.upper(), path, operation


def parameters(operation: dict[str, Any], where: str) -> list[dict[str, Any]]:
    return [one for one in operation.get("parameters", ()) if one["in"] == where]


def valeurs(operation: dict[str, Any]) -> dict[str, Any]:
    """What a query must hold, from the document's examples."""
    return {
        one["name"]: one["schema"]["examples"][0]
        for one in parameters(operation, "query")
        if one["required"]
    }


async def ask(client: Client, method: str, path: str, **query: Any) -> tuple[int, Any]:
    """A request whose only faults are in its path or its query."""
    media = "application/merge-patch+json" if method == "PATCH" else "application/json"
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": '"1"', "Content-Type": media}
    body = {} if method == "GET" else {"content": b"{}"}
    answer = await client.request(method, path, headers=headers, params=query, **body)
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("accept", "admis"),
    [
        pytest.param("application/json", True, id="le nôtre"),
        pytest.param("application/problem+json", True, id="celui des refus"),
        pytest.param("Application/JSON; charset=utf-8", True, id="avec un paramètre"),
        pytest.param("*/*", True, id="tout"),
        pytest.param("application/*;q=0.2", True, id="la famille"),
        pytest.param("", True, id="vide"),
        pytest.param("text/html, application/json;q=0.001", True, id="en dernier"),
        pytest.param("*/*;q=0, application/json", True, id="rien d'autre"),
        pytest.param("text/html", False, id="une page"),
        pytest.param("application/xml, text/*", False, id="d'autres"),
        pytest.param("application/json;q=0, text/html", False, id="exclu"),
        pytest.param("*/*;q=0.000", False, id="tout exclu"),
        pytest.param("application/*; q=0, */*", False, id="la famille exclue"),
        pytest.param("json", False, id="pas un type"),
    ],
)
async def test_an_answer_that_nobody_can_read_is_not_prepared(
    client: Client, accept: str, admis: bool
) -> None:
    """Planted: the check taken out, red; the widest range deciding, red."""
    answer = await client.post("/v1/organismes-referents", CD, headers={"Accept": accept})

    assert answer.status_code == (201 if admis else 406), answer.text
    if not admis:
        assert answer.json()["code"] == "format-indisponible"
        assert answer.headers["content-type"] == "application/problem+json"
    facts = (await client.get("/v1/changements")).json()["elements"]
    assert len(facts) == admis


async def test_a_route_of_lines_gives_lines(client: Client) -> None:
    async def code(accept: str) -> str:
        answer = await client.get(f"/v1/imports/{ID}/resultats", headers={"Accept": accept})
        return str(answer.json()["code"])

    assert await code("application/x-ndjson") == "introuvable"
    assert await code("application/json") == "format-indisponible"


async def test_an_announced_maintenance_is_told_with_its_end(
    client: Client, services: Mapping[str, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: the end not compared with the clock, red."""
    reglages, now = services["orientation"].reglages, datetime.now(UTC)
    monkeypatch.setattr(reglages, "maintenance_jusqu_a", now + timedelta(minutes=5))

    refused = await client.post("/v1/organismes-referents", CD)
    alive = await client.get("/sante/vivant")
    document = await client.get("/openapi.json")
    monkeypatch.setattr(reglages, "maintenance_jusqu_a", now - timedelta(seconds=1))

    assert (refused.status_code, refused.json()["code"]) == (503, "maintenance")
    assert 290 < int(refused.headers["Retry-After"]) <= 300
    assert (alive.status_code, document.status_code) == (200, 200)
    assert (await client.get("/v1/organismes-referents")).json()["elements"] == []


def test_a_maintenance_is_a_setting_with_a_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    from services.parcours.settings import Settings

    kept: dict[str, Any] = dict.fromkeys(("url", "postgres", "cle", "JALONS_EMETTEUR_URL"), "")
    monkeypatch.setenv("JALONS_PARCOURS_MAINTENANCE_JUSQU_A", "2026-11-22T06:00:00+01:00")
    assert Settings(**kept).maintenance_jusqu_a == datetime(2026, 11, 22, 5, tzinfo=UTC)
    monkeypatch.setenv("JALONS_PARCOURS_MAINTENANCE_JUSQU_A", "2026-11-22T06:00:00")
    with pytest.raises(ValueError, match="timezone"):
        Settings(**kept)


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param(f"urn:uuid:{ID}", id="URN"),
        pytest.param(f"{{{ID}}}", id="accolades"),
        pytest.param(ID.upper(), id="capitales"),
        pytest.param(ID.replace("-", ""), id="sans tirets"),
        pytest.param(f"{ID}\n", id="fin de ligne"),
        pytest.param("1", id="nombre"),
    ],
)
async def test_an_identifier_has_one_spelling(
    connecter: Connecter, ouverte: str, reseau: Reseau, service: str, spelling: str
) -> None:
    """In every path and every query. Planted: the forms not checked, red."""
    client = connecter(service)
    seen = 0
    for method, path, operation in operations(service):
        for one in chain(parameters(operation, "path"), parameters(operation, "query")):
            if one["schema"].get("format") != "uuid":
                continue
            seen += 1
            name, query = one["name"], valeurs(operation)
            ids = dict.fromkeys(re.findall(r"{(\w+)}", path), ID)
            if one["in"] == "path":
                ids[name] = spelling.replace("\n", "%0A")
            else:
                query[name] = spelling
            status, told = await ask(client, method, path.format(**ids), **query)
            assert (status, told["code"]) == (422, "validation"), f"{method} {path} {name}"
            assert ("?" + name, "uuid-attendu") in faults(told), f"{method} {path}"
    assert seen > 3


async def test_an_identifier_in_a_body_has_one_spelling(client: Client) -> None:
    for spelling in (f"urn:uuid:{ID}", ID.upper(), ID.replace("-", ""), f"{{{ID}}}"):
        refused = await client.post("/v1/orientations", {"personne_id": spelling})
        assert faults(refused.json()) == [("/personne_id", "uuid-attendu")]
    assert (await client.post("/v1/orientations", {"personne_id": ID})).status_code == 404


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param("50.0", id="décimal"),
        pytest.param(" 50", id="espace"),
        pytest.param("5_0", id="soulignement"),
        pytest.param("+50", id="signe"),
        pytest.param("050", id="zéro devant"),
        pytest.param("٥٠", id="autres chiffres"),
        pytest.param("5e1", id="exposant"),
        pytest.param("", id="vide"),
        pytest.param("1" * 5000, id="sans fin"),
    ],
)
async def test_a_number_has_one_spelling(
    connecter: Connecter, ouverte: str, reseau: Reseau, service: str, spelling: str
) -> None:
    """In every query. Planted: the forms not checked, red.

    What the sandbox alone serves is not found elsewhere, whatever its query.
    """
    client = connecter(service)
    seen = 0
    for method, path, operation in operations(service):
        if path in BAC:
            continue
        for one in parameters(operation, "query"):
            if one["schema"].get("type") != "integer":
                continue
            seen += 1
            path = re.sub(r"{\w+}", ID, path)
            query = {**valeurs(operation), one["name"]: spelling}
            status, told = await ask(client, method, path, **query)
            assert (status, told["code"]) == (422, "validation"), f"{method} {path}"
            assert "?" + one["name"] in dict(faults(told)), f"{method} {path}"
    assert seen > 3


def faults(told: Any) -> list[tuple[str, str]]:
    return [(one["pointeur"], one["code"]) for one in told["erreurs"]]


async def test_a_fault_is_told_by_our_names_only(client: Client) -> None:
    """A list is named as a whole, and a field that is not ours may bear anything as a name.

    Planted: the name told as it came, red.
    """
    listed = await client.get("/v1/orientations?statut=ouverte&statut=zz")
    assert faults(listed.json()) == [("?statut", "code-referentiel-inconnu")]
    for name in ("Jeanne Exemple", "1" * 15, "a" * 1000, "\\ud800", "a/b~c"):
        code = "caractere-interdit" if "ud800" in name else "champ-inconnu"
        refused = await client.request(
            "POST",
            "/v1/organismes-referents",
            content=f'{{"{name}": 1, "nom": "x", "reference": "x", "type": "autre"}}'.encode(),
            headers={**JSON, "Idempotency-Key": str(uuid4())},
        )
        assert refused.status_code == 422, name
        assert ("/", code) in faults(refused.json()), refused.text
        assert name not in refused.text
    known = await client.post("/v1/organismes-referents", CD | {"version": 3})
    assert faults(known.json()) == [("/version", "champ-inconnu")]


@pytest.mark.parametrize("hote", ["[", "a b", "é", "a:b:c", ""])
async def test_a_host_that_is_none_changes_nothing(client: Client, hote: str) -> None:
    headers = {"Host": hote.encode()}
    for path in ("/v1/organismes-referents?limite=1", "/v1/changements?limite=1"):
        answer = await client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
    refused = await client.get("/v1/rien", headers=headers)
    assert (refused.status_code, refused.json()["instance"]) == (404, "/v1/rien")
    created = await client.post("/v1/organismes-referents", CD, headers=headers)
    assert created.status_code == 201


async def test_a_deadline_is_documented_where_it_is_kept(reseau: Reseau, service: str) -> None:
    free = {endpoint.__name__ for endpoint in contrat.SANS_DELAI}
    for method, path, operation in operations(service):
        found = [one for one in parameters(operation, "header") if one["name"] == "Delai-Max"]
        assert bool(found) is (operation["operationId"] not in free), f"{method} {path}"
        for one in found:
            assert (one["schema"]["minimum"], one["schema"]["maximum"]) == (100, 30_000)
            assert one["required"] is False


async def goutte(head: bytes, pause_s: float, tail: bytes = b" ") -> AsyncIterator[bytes]:
    """A body that never ends."""
    yield head
    while True:
        await asyncio.sleep(pause_s)
        yield tail


async def test_the_reading_of_a_body_is_under_the_deadline(client: Client) -> None:
    """Planted: the body read before the deadline begins, red (it waits for ever)."""
    async with asyncio.timeout(20):
        answer = await client.request(
            "POST",
            "/v1/organismes-referents",
            content=goutte(b"{", 0.02),
            headers={**JSON, "Idempotency-Key": str(uuid4()), "Delai-Max": "300"},
        )

    assert (answer.status_code, answer.json()["code"]) == (504, "delai-depasse")
    assert (await client.get("/v1/changements")).json()["elements"] == []


@pytest.mark.parametrize(
    ("pause_s", "morceau"),
    [pytest.param(3600, b" ", id="silence"), pytest.param(0.02, b" ", id="goutte à goutte")],
)
async def test_an_upload_that_no_longer_comes_is_cut(
    client: Client, monkeypatch: pytest.MonkeyPatch, pause_s: float, morceau: bytes
) -> None:
    """Planted: each byte taken for progress, red (drop by drop)."""
    monkeypatch.setattr(contrat, "AVANCE_S", 0.3)
    async with asyncio.timeout(20):
        answer = await client.request(
            "POST",
            DEPOT,
            content=goutte(b"<Racine>", pause_s, morceau),
            headers={"Content-Type": "application/xml", "Idempotency-Key": str(uuid4())},
        )

    assert (answer.status_code, answer.json()["code"]) == (504, "delai-depasse")
    assert (await client.get("/v1/imports")).json()["elements"] == []


async def test_an_upload_that_comes_slowly_is_taken(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer in all than one delay, and further at each: the delay is not of the whole."""
    monkeypatch.setattr(contrat, "AVANCE_S", 0.5)

    async def lentement() -> AsyncIterator[bytes]:
        for _ in range(8):
            await asyncio.sleep(0.1)
            yield b" " * contrat.AVANCE

    answer = await client.request(
        "POST",
        DEPOT,
        content=lentement(),
        headers={"Content-Type": "application/xml", "Idempotency-Key": str(uuid4())},
    )

    assert answer.status_code == 202, answer.text


async def test_a_version_that_is_past_is_told(client: Client) -> None:
    person = await client.post("/v1/personnes", PERSONNE)
    opened = await client.post("/v1/orientations", {"personne_id": person.json()["id"]})
    criteria = {
        "criteres": [{"champ": "contrainte_mobilite", "valeur": "DEPENDANT_TRANSPORT"}],
        "date_recueil": "2026-03-05",
        "source": "professionnel",
    }

    stale = await client.post(f"{opened.headers['Location']}/criteres", criteria, version=7)

    assert (stale.status_code, stale.json()["code"]) == (412, "version-depassee"), stale.text
    assert stale.json()["version_courante"] == 1


async def test_a_cursor_ends_after_a_day(
    client: Client, services: Mapping[str, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    for rang in range(2):
        await client.post("/v1/organismes-referents", CD | {"reference": f"r{rang}"})
    first = await client.get("/v1/organismes-referents?limite=1")
    suivant, now = first.json()["pagination"]["suivant"], datetime.now(UTC)

    async def lu(apres_s: int) -> httpx.Response:
        later = now + timedelta(seconds=apres_s)
        monkeypatch.setattr(services["orientation"], "horloge", lambda: later)
        return await client.get(suivant)

    late = await lu(24 * 3600 + 60)
    assert (await lu(24 * 3600 - 60)).status_code == 200
    assert (late.status_code, late.json()["code"]) == (410, "curseur-expire")


def refus_connus() -> set[str]:
    """The codes of all the refusals that the services can raise."""
    for nom in URLS:
        importlib.import_module(f"services.{nom}.app")

    def walk(kind: type[Refus]) -> Iterator[type[Refus]]:
        for child in kind.__subclasses__():
            yield child
            yield from walk(child)

    return {kind.code for kind in walk(Refus) if hasattr(kind, "code")}


def sources(*folders: str, sauf: str = "") -> str:
    return "\n".join(
        path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted((RACINE / folder).rglob("*.py"))
        if path.name != sauf
    )


def test_each_code_of_the_closed_list_is_given_and_tested() -> None:
    """A code without a producer is written down above, until it has one."""
    given, tests = refus_connus(), sources("tests")

    assert given <= set(STATUTS)
    assert set(STATUTS) - given == set(SANS_PRODUCTEUR)
    assert [code for code in sorted(given) if f'"{code}"' not in tests] == []


def test_each_code_of_a_value_is_given_and_tested() -> None:
    code, tests = sources("shared", "services", sauf="refus.py"), sources("tests")
    given = {one for one in CODES_ERREUR if f'"{one}"' in code}

    assert CODES_ERREUR - given == set(SANS_PRODUCTEUR_ERREUR)
    assert [one for one in sorted(given) if f'"{one}"' not in tests] == []
