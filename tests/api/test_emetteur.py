"""The built-in issuer: who may have a token, for which service and which collectivité."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import KeySet

from deploy.emetteur.app import create
from deploy.emetteur.clients import Autorisation, Client, ecrire, hacher
from tests.conftest import EMETTEUR, URLS

URL = "/connexion/oauth2/access_token?realm=%2Fpartenaire"
SECRET = "un secret : d'essai"
CLIENTS = {
    "plie": Client(
        "plie",
        hacher(SECRET),
        (
            Autorisation("35D", ("parcours:lire", "parcours:ecrire", "orientation:lire")),
            Autorisation("44D", ("parcours:lire",)),
        ),
    ),
    "seul": Client("seul", hacher(SECRET), (Autorisation("42D", ("financement:lire",)),)),
}


@pytest.fixture
def annuaire(tmp_path: Path) -> Path:
    chemin = tmp_path / "clients.json"
    ecrire(chemin, CLIENTS)
    return chemin


@pytest_asyncio.fixture
async def http(
    annuaire: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    for nom, url in URLS.items():
        monkeypatch.setenv(f"JALONS_{nom.upper()}_URL", url)
    monkeypatch.setenv("JALONS_EMETTEUR_URL", EMETTEUR)
    monkeypatch.setenv("JALONS_EMETTEUR_CLIENTS", str(annuaire))
    monkeypatch.setenv("JALONS_EMETTEUR_CLE", str(tmp_path / "cle.pem"))
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
        pytest.param({"collectivite": "01D"}, 400, "invalid_scope", id="collectivité inconnue"),
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

    ecrire(annuaire, CLIENTS | {"plie": replace(CLIENTS["plie"], suspendu=True)})

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
