"""What every route asks of a request, seen through one of them; the order is the guide's (8.3)."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from shared.refus import STATUTS
from shared.socle import retention
from shared.socle.service import Service
from tests.api.orientation.conftest import PERSONNE
from tests.conftest import URLS, Client, Connecter, Reseau

CD = {"reference": "cd", "type": "conseil_departemental", "nom": "Conseil départemental"}
CLE = {"Idempotency-Key": "0123456789abcdef"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def client(connecter: Connecter, ouverte: str) -> Client:
    return connecter("orientation")


async def send(client: Client, contenu: bytes | str, **headers: str) -> httpx.Response:
    return await client.request(
        "POST",
        "/v1/organismes-referents",
        content=contenu,
        headers={**CLE, **JSON, **{k.replace("_", "-"): v for k, v in headers.items()}},
    )


@pytest.mark.parametrize(
    ("contenu", "status", "code"),
    [
        pytest.param(b"{", 400, "json-illisible", id="tronqué"),
        pytest.param(b"\xff", 400, "json-illisible", id="pas de l'UTF-8"),
        pytest.param(b'{"a": NaN}', 400, "json-illisible", id="NaN"),
        pytest.param(b"9" * 5000, 400, "json-illisible", id="nombre sans fin"),
        pytest.param(b'{"a": 1, "a": 2}', 400, "cle-json-dupliquee", id="clé double"),
        pytest.param(b"[" * 100_000, 400, "json-trop-profond", id="100 000 niveaux"),
        pytest.param(b'{"a": "' + b"[" * 50 + b'"}', 422, "validation", id="crochets en texte"),
        pytest.param(b" " * 262_145, 413, "corps-trop-grand", id="un octet de trop"),
        pytest.param(b"[" + b"1," * 10_001 + b"1]", 413, "corps-trop-grand", id="éléments"),
        pytest.param(b"null", 422, "validation", id="null"),
        pytest.param(b"[]", 422, "validation", id="tableau"),
        pytest.param(b"", 400, "json-illisible", id="vide"),
    ],
)
async def test_a_body_is_read_strictly(
    client: Client, contenu: bytes, status: int, code: str
) -> None:
    answer = await send(client, contenu)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        pytest.param({"Content-Type": "text/plain"}, 415, "type-non-admis", id="texte"),
        pytest.param({"Content-Encoding": "gzip"}, 415, "type-non-admis", id="compressé"),
        pytest.param({"Idempotency-Key": "court"}, 400, "entete-invalide", id="clé courte"),
        pytest.param({"Idempotency-Key": '"' + "a" * 16}, 400, "entete-invalide", id="guillemet"),
        pytest.param({"Delai-Max": "9" * 5000}, 400, "entete-invalide", id="délai sans fin"),
        pytest.param({"Delai-Max": "99"}, 400, "entete-invalide", id="délai trop court"),
        pytest.param({"Delai-Max": "30001"}, 400, "entete-invalide", id="délai trop long"),
    ],
)
async def test_headers_are_read_strictly(
    client: Client, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await client.request(
        "POST", "/v1/organismes-referents", content=b"{}", headers={**CLE, **JSON, **headers}
    )

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_checks_come_in_the_order_of_the_guide(
    client: Client, connecter: Connecter, reseau: Reseau
) -> None:
    """Each request has every later fault too: the first one is told."""
    url = "/v1/orientations/00000000-0000-4000-8000-000000000000/decisions"
    async with httpx.AsyncClient(transport=reseau, base_url=URLS["orientation"]) as nobody:
        answer = await nobody.post(url, content=b"{")
        assert (answer.status_code, answer.json()["code"]) == (401, "jeton-absent")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer resource_metadata=")
    weak = connecter("orientation", "orientation:lire")
    assert (await weak.request("POST", url, content=b"{")).json()["code"] == "portee-insuffisante"

    async def code(content: bytes, **headers: str) -> str:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await client.request("POST", url, content=content, headers=sent)
        return str(answer.json()["code"])

    media = {"Content_Type": "application/json"}
    key = {"Idempotency_Key": str(uuid4())}
    assert await code(b"{", **media) == "idempotence-cle-manquante"
    assert await code(b"{", **key) == "type-non-admis"
    assert await code(b"{", **key, **media) == "json-illisible"
    assert await code(b"{}", **key, **media) == "precondition-requise"
    assert await code(b"{}", **key, **media, If_Match="*") == "if-match-etoile"
    assert await code(b"{}", **key, **media, If_Match="3") == "entete-invalide"
    assert await code(b"{}", **key, **media, If_Match='"03"') == "entete-invalide"
    assert await code(b"{}", **key, **media, If_Match='"3"') == "validation"
    good = b'{"etat_decision": "acceptee"}'
    assert await code(good, **key, **media, If_Match='"3"') == "introuvable"


async def test_parameters_are_known_and_given_once(client: Client) -> None:
    unknown = await client.get("/v1/orientations?couleur=bleue")
    twice = await client.get("/v1/orientations?limite=1&limite=2")
    repeated = await client.get("/v1/orientations?statut=ouverte&statut=brouillon")

    assert (unknown.status_code, unknown.json()["code"]) == (400, "parametre-inconnu")
    assert (twice.status_code, twice.json()["code"]) == (400, "parametre-repete")
    assert repeated.status_code == 200
    for limite in (0, 201):
        refused = await client.get(f"/v1/orientations?limite={limite}")
        assert refused.status_code == 422
        assert refused.json()["erreurs"][0]["pointeur"] == "?limite"


async def test_unknown_paths_and_methods_speak_the_same_language(client: Client) -> None:
    absent = await client.get("/v1/rien")
    slash = await client.get("/v1/orientations/")
    method = await client.request("DELETE", "/v1/orientations")

    assert (absent.status_code, absent.json()["code"]) == (404, "introuvable")
    assert slash.status_code == 404
    assert (method.status_code, method.json()["code"]) == (405, "methode-interdite")
    assert method.headers["Allow"] == "GET, POST"


async def test_the_same_key_forty_times_at_once_has_one_effect(client: Client) -> None:
    """Twins may be told to wait; whoever is answered is answered the same.

    Planted: a key taken already let through again, red.
    """
    cle = str(uuid4())

    answers = await asyncio.gather(
        *(client.post("/v1/organismes-referents", CD, cle=cle) for _ in range(40))
    )

    done = [answer for answer in answers if answer.status_code == 201]
    assert done
    assert len({answer.json()["id"] for answer in done}) == 1
    waiting = [answer for answer in answers if answer.status_code != 201]
    assert {answer.json()["code"] for answer in waiting} <= {"idempotence-en-cours"}
    assert len((await client.get("/v1/organismes-referents")).json()["elements"]) == 1


async def test_a_key_is_bound_to_its_body_and_to_its_client(
    client: Client, connecter: Connecter
) -> None:
    cle = str(uuid4())
    first = await client.post("/v1/organismes-referents", CD, cle=cle)

    other = await client.post("/v1/organismes-referents", CD | {"nom": "Autre"}, cle=cle)
    quoted = await client.post("/v1/organismes-referents", CD, cle=f'"{cle}"')
    stranger = connecter("orientation", client_id="un-autre")
    theirs = await stranger.post("/v1/organismes-referents", CD | {"reference": "b"}, cle=cle)

    assert (other.status_code, other.json()["code"]) == (422, "idempotence-cle-reutilisee")
    assert quoted.json() == first.json()
    assert quoted.headers["Idempotency-Replayed"] == "true"
    assert {quoted.headers[name] for name in ("Location", "ETag")} == {
        first.headers[name] for name in ("Location", "ETag")
    }
    assert theirs.status_code == 201


async def test_a_refusal_is_kept_and_a_404_is_not(client: Client) -> None:
    await client.post("/v1/organismes-referents", CD)
    cle = str(uuid4())

    refused = [await client.post("/v1/organismes-referents", CD, cle=cle) for _ in range(2)]

    assert [answer.status_code for answer in refused] == [409, 409]
    assert refused[1].headers["Idempotency-Replayed"] == "true"
    body = {"personne_id": str(uuid4())}
    absent = [await client.post("/v1/orientations", body, cle=str(uuid4())) for _ in range(2)]
    assert [answer.status_code for answer in absent] == [404, 404]
    assert "Idempotency-Replayed" not in absent[1].headers


async def test_a_trial_checks_all_and_changes_nothing(client: Client) -> None:
    trial = await client.post("/v1/organismes-referents?essai=true", CD)

    assert (trial.status_code, trial.json()["essai"]) == (201, True)
    assert "Location" not in trial.headers
    assert trial.headers["Cache-Control"] == "private, no-store"
    assert (await client.get("/v1/organismes-referents")).json()["elements"] == []
    assert (await client.get("/v1/changements")).json()["elements"] == []
    await client.post("/v1/organismes-referents", CD)
    refused = await client.post("/v1/organismes-referents?essai=true", CD)
    assert refused.status_code == 409


async def test_a_walk_sees_stable_rows_exactly_once(client: Client) -> None:
    for rang in range(7):
        await client.post("/v1/organismes-referents", CD | {"reference": f"r{rang}"})
    seen: list[str] = []
    url: str | None = "/v1/organismes-referents?limite=3"
    while url:
        page = await client.get(url)
        seen += [one["reference"] for one in page.json()["elements"]]
        url = page.json()["pagination"]["suivant"]
        if url:
            assert page.headers["Link"] == f'<{url}>; rel="next"'
            await client.post("/v1/organismes-referents", CD | {"reference": f"n{len(seen)}"})

    assert [one for one in seen if one.startswith("r")] == [f"r{n}" for n in range(6, -1, -1)]


async def test_a_cursor_is_ours_and_bound_to_its_list(client: Client, connecter: Connecter) -> None:
    for rang in range(3):
        await client.post("/v1/organismes-referents", CD | {"reference": f"r{rang}"})
    suivant = (await client.get("/v1/organismes-referents?limite=1")).json()["pagination"][
        "suivant"
    ]
    curseur = httpx.URL(suivant).params["curseur"]
    spoiled = curseur[:-2] + ("AA" if curseur[-2:] != "AA" else "BB")
    path = "/v1/organismes-referents"

    assert (await client.get(f"{path}?curseur={curseur}")).status_code == 200
    for bad in (spoiled, "x", "é"):
        refused = await client.get(path, params={"curseur": bad})
        assert (refused.status_code, refused.json()["code"]) == (400, "curseur-invalide")
    elsewhere = await client.get(f"/v1/orientations?curseur={curseur}")
    stranger = await connecter("orientation", client_id="un-autre").get(f"{path}?curseur={curseur}")
    assert {elsewhere.json()["code"], stranger.json()["code"]} == {"curseur-invalide"}


async def test_a_resource_is_not_read_twice_for_nothing(client: Client) -> None:
    personne = {
        "nom": "Essai",
        "prenoms": "Alix",
        "date_naissance": "1990-04-12",
        "beneficiaire_rsa": True,
    }
    created = await client.post("/v1/personnes", personne)
    url = created.headers["Location"]

    known = await client.get(url, headers={"If-None-Match": created.headers["ETag"]})
    other = await client.get(url, headers={"If-None-Match": '"9"'})

    assert (known.status_code, known.content) == (304, b"")
    assert other.status_code == 200
    assert other.headers["Cache-Control"] == "private, no-store"


async def test_the_feed_never_skips_a_late_commit(
    client: Client, services: Mapping[str, Service], ouverte: str
) -> None:
    """A slow transaction began first and commits last: it is read after, and once.

    Planted: the feed read without its snapshot bound, the slow fact lost for ever, red.
    """
    from shared.schemas.commun import Operation
    from shared.socle.evenements import Fait, publier

    service = services["orientation"]
    slow_id = uuid4()
    began, release = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            await publier(
                tx, Fait("orientation.essai.lent", "essais", slow_id, 1, Operation.CREATION)
            )
            began.set()
            await release.wait()

    task = asyncio.create_task(slow())
    await began.wait()
    fast = await client.post("/v1/personnes", PERSONNE)
    first = (await client.get("/v1/changements")).json()
    release.set()
    await task
    second = (await client.get(first["pagination"]["suivant"])).json()

    seen = [one["id"] for page in (first, second) for one in page["elements"]]
    assert sorted(seen) == sorted([str(slow_id), fast.json()["id"]])


async def test_the_feed_waits_and_wakes(client: Client) -> None:
    start = (await client.get("/v1/changements?depuis=maintenant")).json()["pagination"]["suivant"]

    waiting = asyncio.create_task(client.get(f"{start}&attente=10"))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    created = await client.post("/v1/organismes-referents", CD)

    page = (await asyncio.wait_for(waiting, 5)).json()
    assert [one["id"] for one in page["elements"]] == [created.json()["id"]]


async def test_waiting_from_now_sees_what_comes_next(client: Client) -> None:
    """Seen red: the end of the feed was asked again at each look, and walked past the fact."""
    waiting = asyncio.create_task(client.get("/v1/changements?depuis=maintenant&attente=10"))
    await asyncio.sleep(0.5)
    created = await client.post("/v1/organismes-referents", CD)

    page = (await asyncio.wait_for(waiting, 5)).json()
    assert [one["id"] for one in page["elements"]] == [created.json()["id"]]


async def test_what_is_past_its_time_is_forgotten(
    client: Client, services: Mapping[str, Service], ouverte: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers after seven days, facts after thirty; a position that old is told so."""
    cle = str(uuid4())
    first = await client.post("/v1/organismes-referents", CD, cle=cle)
    position = (await client.get("/v1/changements")).json()["pagination"]["suivant"]
    service = services["orientation"]
    now = service.horloge()

    async def purge(days: int) -> tuple[int, int]:
        monkeypatch.setattr(service, "horloge", lambda: now + timedelta(days=days))
        await retention.purger(service, ouverte)
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            kept = await tx.execute(text("SELECT count(*) FROM idempotence"))
            facts = await tx.execute(text("SELECT count(*) FROM evenement"))
            return kept.scalar_one(), facts.scalar_one()

    assert await purge(6) == (2, 1)
    assert (await client.post("/v1/organismes-referents", CD, cle=cle)).json() == first.json()
    assert await purge(8) == (0, 1)
    assert await purge(31) == (0, 0)
    old = await client.get(position)
    assert (old.status_code, old.json()["reprise"]) == (410, "/v1/exports")


def test_one_code_has_one_status() -> None:
    assert len(STATUTS) == 47
    assert {status // 100 for status in STATUTS.values()} == {4, 5}
