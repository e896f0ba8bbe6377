"""The built-in issuer: who may have a token, for which service and which collectivité."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from deploy.emetteur import app as issuer
from deploy.emetteur.app import create
from deploy.emetteur.assertions import ASSERTION
from deploy.emetteur.clients import Annuaire, Autorisation, Client, hacher
from deploy.emetteur.gestion import gerer
from tests.conftest import EMETTEUR, URLS

URL = "/connexion/oauth2/access_token?realm=%2Fpartenaire"
SECRET = "un secret : d'essai"
CLE = ECKey.generate_key("P-256")
CLIENTS = {
    "plie": Client(
        "plie",
        hacher(SECRET),
        (
            Autorisation("35D", ("parcours:lire", "parcours:ecrire", "orientation:lire")),
            Autorisation("44D", ("parcours:lire",)),
            Autorisation("01D", ("parcours:lire",), cle_exigee=True),
        ),
        rang=0,
        cles=(CLE.as_dict(private=False),),
    ),
    "seul": Client("seul", hacher(SECRET), (Autorisation("42D", ("financement:lire",)),), rang=1),
}


@pytest.fixture
def annuaire(tmp_path: Path) -> Path:
    chemin = tmp_path / "clients.json"
    Annuaire(chemin).ecrire(CLIENTS.values())
    return chemin


@pytest_asyncio.fixture
async def http(
    annuaire: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    for nom, url in URLS.items():
        monkeypatch.setenv(f"JALONS_{nom.upper()}_URL", url)
    monkeypatch.setenv("JALONS_EMETTEUR_URL", EMETTEUR)
    monkeypatch.setenv("JALONS_EMETTEUR_CLIENTS", str(annuaire))
    monkeypatch.setenv("JALONS_EMETTEUR_CLES", str(tmp_path / "cles.json"))
    transport = httpx.ASGITransport(create())
    async with httpx.AsyncClient(transport=transport, base_url=EMETTEUR) as client:
        yield client


def form(**changes: str) -> dict[str, str]:
    good = {
        "grant_type": "client_credentials",
        "client_id": "plie",
        "client_secret": SECRET,
        "scope": "parcours:lire",
        "collectivite": "35D",
    }
    return good | changes


async def test_a_token_is_for_one_service_and_one_collectivite(http: httpx.AsyncClient) -> None:
    answer = await http.post(URL, data=form(scope="parcours:lire parcours:ecrire"))

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    found = answer.json()
    assert (found["token_type"], found["expires_in"]) == ("Bearer", 300)
    keys = KeySet.import_key_set((await http.get("/connexion/jwks")).json())
    token = jwt.decode(found["access_token"], keys, algorithms=["ES256"])
    assert token.header["typ"] == "at+jwt"
    claims = token.claims
    assert (claims["iss"], claims["aud"]) == (EMETTEUR, URLS["parcours"])
    assert (claims["client_id"], claims["collectivite"]) == ("plie", "35D")
    assert claims["scope"] == "parcours:lire parcours:ecrire"
    assert claims["exp"] - claims["iat"] == 300


async def test_the_secret_may_come_in_the_header_and_the_only_collectivite_is_implied(
    http: httpx.AsyncClient,
) -> None:
    quoted = "seul:" + SECRET.replace(" ", "+").replace(":", "%3A").replace("'", "%27")
    basic = base64.b64encode(quoted.encode()).decode()

    answer = await http.post(
        URL,
        data={"grant_type": "client_credentials", "scope": "financement:lire"},
        headers={"Authorization": f"Basic {basic}"},
    )

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        pytest.param({"client_secret": "faux"}, 401, "invalid_client", id="secret faux"),
        pytest.param({"client_id": "inconnu"}, 401, "invalid_client", id="client inconnu"),
        pytest.param({"scope": "parcours:administrer"}, 400, "invalid_scope", id="portée refusée"),
        pytest.param(
            {"scope": "parcours:ecrire", "collectivite": "44D"}, 400, "invalid_scope", id="ailleurs"
        ),
        pytest.param({"collectivite": "69M"}, 400, "invalid_scope", id="collectivité inconnue"),
        pytest.param({"collectivite": "01D"}, 400, "unauthorized_client", id="clé exigée"),
        pytest.param({"collectivite": ""}, 400, "invalid_scope", id="collectivité à choisir"),
        pytest.param(
            {"scope": "parcours:lire orientation:lire"}, 400, "invalid_scope", id="deux services"
        ),
        pytest.param({"scope": ""}, 400, "invalid_scope", id="aucune portée"),
        pytest.param({"grant_type": "password"}, 400, "unsupported_grant_type", id="mot de passe"),
    ],
)
async def test_what_is_refused(
    http: httpx.AsyncClient, change: dict[str, str], status: int, error: str
) -> None:
    answer = await http.post(URL, data=form(**change))

    assert (answer.status_code, answer.json()) == (status, {"error": error})


async def test_a_suspension_needs_no_restart(http: httpx.AsyncClient, annuaire: Path) -> None:
    assert (await http.post(URL, data=form())).status_code == 200

    Annuaire(annuaire).changer("plie", suspendu=True)

    assert (await http.post(URL, data=form())).json() == {"error": "invalid_client"}


async def test_secrets_are_not_in_the_file(annuaire: Path) -> None:
    assert SECRET not in annuaire.read_text(encoding="utf-8")
    assert annuaire.stat().st_mode & 0o077 == 0


async def test_the_key_is_stable_over_restarts_and_its_metadata_are_published(
    http: httpx.AsyncClient,
) -> None:
    again = httpx.AsyncClient(transport=httpx.ASGITransport(create()), base_url=EMETTEUR)
    async with again:
        assert (await again.get("/connexion/jwks")).json() == (
            await http.get("/connexion/jwks")
        ).json()
    known = (await http.get("/.well-known/oauth-authorization-server")).json()
    assert known["issuer"] == EMETTEUR
    assert known["jwks_uri"] == f"{EMETTEUR}/connexion/jwks"
    keys = (await http.get("/connexion/jwks")).json()["keys"]
    assert [key for key in keys if "d" in key] == []


def assertion(key: ECKey = CLE, **changes: Any) -> dict[str, str]:
    """A token request by `private_key_jwt`; a claim given as None is left out."""
    claims = {
        "iss": "plie",
        "sub": "plie",
        "aud": EMETTEUR,
        "exp": int(time.time()) + 120,
        "jti": str(uuid4()),
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": jwt.encode({"alg": "ES256"}, claims, key),
        "scope": "parcours:lire",
        "collectivite": "01D",
    }


async def test_a_client_proves_itself_by_its_key_once(http: httpx.AsyncClient) -> None:
    """RFC 7523. Planted: the ids of assertions not kept, red."""
    request = assertion()

    first = await http.post(URL, data=request)
    again = await http.post(URL, data=request)

    assert first.status_code == 200, first.text
    claims = jwt.decode(
        first.json()["access_token"],
        KeySet.import_key_set((await http.get("/connexion/jwks")).json()),
    ).claims
    assert (claims["client_id"], claims["collectivite"]) == ("plie", "01D")
    assert (again.status_code, again.json()) == (401, {"error": "invalid_client"})
    at_the_endpoint = assertion(aud=EMETTEUR + URL, client_id=None)
    assert (await http.post(URL, data=at_the_endpoint)).status_code == 200


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(lambda: assertion(ECKey.generate_key("P-256")), id="clé d'un autre"),
        pytest.param(lambda: assertion(aud="https://autre.example"), id="pour un autre"),
        pytest.param(lambda: assertion(aud=[EMETTEUR, "https://autre.example"]), id="pour deux"),
        pytest.param(lambda: assertion(sub="seul"), id="au nom d'un autre, sans clé"),
        pytest.param(lambda: assertion(iss="seul"), id="émise par un autre"),
        pytest.param(lambda: assertion(exp=int(time.time()) - 61), id="expirée"),
        pytest.param(lambda: assertion(exp=int(time.time()) + 3600), id="trop longue"),
        pytest.param(lambda: assertion(jti=None), id="sans jti"),
        pytest.param(lambda: assertion() | {"client_id": "seul"}, id="autre client_id à côté"),
        pytest.param(lambda: assertion() | {"client_secret": SECRET}, id="secret en plus"),
        pytest.param(lambda: assertion() | {"client_assertion_type": "x"}, id="autre sorte"),
        pytest.param(lambda: assertion() | {"client_assertion": "a.b"}, id="illisible"),
        pytest.param(lambda: assertion() | {"client_assertion": "é"}, id="pas un jeton"),
    ],
)
async def test_an_assertion_is_checked_whole(
    http: httpx.AsyncClient, request_: Callable[[], dict[str, str]]
) -> None:
    answer = await http.post(URL, data=request_())

    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


async def test_those_known_keep_their_secret_their_key_and_their_suspension(
    annuaire: Path,
) -> None:
    """Clients are registered again at each start; a new one takes a rank of its own."""
    known = Annuaire(annuaire)
    known.changer("plie", suspendu=True)
    granted = (Autorisation("35D", ("parcours:lire",)),)

    known.inscrire(dict.fromkeys(("nouveau", "seul", "plie"), granted), {"nouveau": "secret"})

    found = known.clients()
    assert [found[one].rang for one in ("plie", "seul", "nouveau")] == [0, 1, 2]
    assert (found["plie"].suspendu, found["plie"].cles) == (True, CLIENTS["plie"].cles)
    assert found["plie"].secret == CLIENTS["plie"].secret
    assert {client.autorisations for client in found.values()} == {granted}


async def test_an_operator_suspends_restores_and_registers_a_key(
    http: httpx.AsyncClient, annuaire: Path, tmp_path: Path
) -> None:
    """Each takes effect on the running issuer; a private key given by mistake is not kept."""

    def do(*arguments: object) -> str:
        return gerer([*map(str, arguments)], clients=annuaire, cles=tmp_path / "cles.json")

    do("suspendre", "plie")
    assert (await http.post(URL, data=form())).status_code == 401
    do("retablir", "plie")
    assert (await http.post(URL, data=form())).status_code == 200
    mine = ECKey.generate_key("P-256")
    fichier = tmp_path / "cle.jwk"
    fichier.write_text(json.dumps(mine.as_dict(private=True)), encoding="utf-8")
    do("cle", "plie", fichier)
    assert (await http.post(URL, data=assertion(mine))).status_code == 200
    assert str(mine.as_dict(private=True)["d"]) not in annuaire.read_text(encoding="utf-8")
    published = (await http.get("/connexion/jwks")).json()
    assert do("tourner").endswith(f"{published['keys'][0]['kid']}.")
    fichier.write_text(
        '{"kty": "oct", "k": "c2VjcmV0IGQndW4gY2xpZW50IHF1aSBzZSB0cm9tcGU"}', encoding="utf-8"
    )
    for wrong in (("cle", "plie", fichier), ("suspendre", "inconnu"), ("suspendre",), ()):
        with pytest.raises(SystemExit):
            do(*wrong)


async def test_a_body_too_long_or_too_slow_is_refused_before_it_is_read(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The issuer knows nobody yet: 16 KiB and some seconds are all that anybody gets."""
    monkeypatch.setattr(issuer, "ATTENTE_S", 0.3)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 4096
            yield b"a=" + b"x" * 4094

    async def dripping() -> AsyncIterator[bytes]:
        yield b"grant_type="
        await asyncio.sleep(5)

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (endless(), dripping()):
        answer = await http.post(URL, content=body, headers=headers)
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})
    assert sent <= 32 * 1024


async def test_two_operators_at_once_lose_nothing(annuaire: Path) -> None:
    """Planted: read and replaced without a lock, red."""

    def suspend(client_id: str) -> None:
        for value in (False, True) * 40:
            Annuaire(annuaire).changer(client_id, suspendu=value)

    await asyncio.gather(*(asyncio.to_thread(suspend, one) for one in CLIENTS))

    assert [one.suspendu for one in Annuaire(annuaire).clients().values()] == [True, True]
