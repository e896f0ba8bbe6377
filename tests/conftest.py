"""What tests stand on: a real PostgreSQL, migrated once, and apps with real tokens.

Each test works for a collectivité of its own, and row-level security keeps it apart. With
JALONS_TEST_POSTGRES_URL (an administration role), another server takes the embedded one's place.
"""

import gc
import itertools
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import pytest_asyncio
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from joserfc import jwt
from joserfc.jwk import ECKey
from psycopg.sql import SQL, Identifier, Literal

from deploy.local import bases as provision
from deploy.local.postgres import ouvrir as ouvrir_serveur
from deploy.local.services import migrer
from shared.socle.coffre import nouvelle_cle
from shared.socle.service import Service, ouvrir
from shared.socle.webhooks.catalogue import FAITS

# No property is judged on its time: a busy machine draws slowly.
settings.register_profile("jalons", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("jalons")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest file: the others run beside it, and none waits for it at the end."""
    items.sort(key=lambda item: item.path.name != "test_schemathesis.py")
    # Thousands of tests live to the end: not to be passed over by each collection of cycles.
    gc.freeze()


EMETTEUR = "https://auth.insertion.example"
URLS = {
    nom: f"https://{nom}.insertion.example" for nom in ("orientation", "parcours", "financement")
}
# Tests send from one client what a partner sends in hours; the documented numbers are tested apart.
QUOTAS_LARGES = dict.fromkeys(
    ("quota_lecture", "quota_ecriture", "quota_job", "volume_plancher"), 1_000_000
)
_CODES = (f"{nombre}{lettre}" for nombre in range(100, 999) for lettre in "EFGHIJKLNOPQSTUVWXYZ")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--complet`: the sizes that the contract asks for, where the default proves the mechanism."""
    parser.addoption("--complet", action="store_true", help="les tailles longues")


@pytest.fixture(scope="session")
def complet(request: pytest.FixtureRequest) -> bool:
    """Whether this run has the time for the long sizes."""
    return bool(request.config.getoption("--complet"))


@pytest.fixture(scope="session")
def serveur(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The administration URL of a running PostgreSQL."""
    url = os.environ.get("JALONS_TEST_POSTGRES_URL")
    with ouvrir_serveur(tmp_path_factory.mktemp("serveur"), url=url) as found:
        if not url:
            # It is thrown away, and no test cuts its power: it need not wait for the disk.
            with psycopg.connect(found.url(), autocommit=True) as base:
                base.execute("ALTER SYSTEM SET fsync = off")
                base.execute("SELECT pg_reload_conf()")
        yield found.url()


@pytest.fixture(scope="session")
def bases(
    serveur: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, provision.Adresses]]:
    """The three databases, migrated, under a prefix that no other run has."""
    prefixe = f"essai_{uuid4().hex[:8]}"
    found = provision.creer(serveur, tmp_path_factory.mktemp("secrets") / "secrets.json", prefixe)
    for nom, adresses in found.items():
        migrer(nom, adresses.proprietaire)
    yield found
    inconnus = {fait for nom in found for fait in _inconnus(serveur, f"{prefixe}_{nom}", nom)}
    provision.supprimer_tout(serveur, prefixe)
    assert not inconnus, "Faits publiés, et absents de shared/socle/webhooks/catalogue.py"


def _inconnus(serveur: str, base: str, nom: str) -> set[str]:
    """The facts that these tests published and that nobody could subscribe to by their name."""
    with psycopg.connect(serveur, dbname=base) as connexion:
        rows = connexion.execute("SELECT DISTINCT type FROM evenement").fetchall()
    # A test of the feed itself tells what happens to nothing.
    return {str(un) for (un,) in rows if ".essai." not in un} - set(FAITS[nom])


@dataclass(frozen=True)
class Emetteur:
    """Signs tokens as any OpenID provider would, and publishes its keys."""

    cle: ECKey

    def jeton(self, service: str, collectivite: str, portees: str, client_id: str) -> str:
        """A token with the claims of the contract guide, 15.2."""
        return self.signer(self.claims(service, collectivite, portees, client_id))

    def claims(
        self, service: str, collectivite: str, portees: str, client_id: str
    ) -> dict[str, Any]:
        """The claims of a good token, for a test to spoil."""
        now = int(time.time())
        return {
            "iss": EMETTEUR,
            "aud": URLS[service],
            "sub": client_id,
            "client_id": client_id,
            "collectivite": collectivite,
            "scope": portees,
            "iat": now,
            "exp": now + 300,
            "jti": str(uuid4()),
        }

    def signer(self, claims: dict[str, Any], **header: Any) -> str:
        """Sign claims with the published key."""
        base = {"alg": "ES256", "typ": "at+jwt", "kid": self.cle.kid}
        return jwt.encode({**base, **header}, claims, self.cle)

    def repondre(self, request: httpx.Request) -> httpx.Response:
        """The issuer's side of the wire: keys, and tokens for the services themselves."""
        match request.url.path:
            case "/.well-known/oauth-authorization-server":
                ends = {"token_endpoint": "connexion/jeton", "jwks_uri": "connexion/jwks"}
                found = {name: f"{EMETTEUR}/{path}" for name, path in ends.items()}
                return httpx.Response(200, json={"issuer": EMETTEUR, **found})
            case "/connexion/jwks":
                return httpx.Response(200, json={"keys": [self.cle.as_dict(private=False)]})
        form = dict(httpx.QueryParams(request.content.decode()))
        service = form["scope"].split(":")[0].split(".")[0]
        token = self.jeton(service, form["collectivite"], form["scope"], form["client_id"])
        return httpx.Response(200, json={"access_token": token, "expires_in": 300})


@pytest.fixture(scope="session")
def emetteur() -> Emetteur:
    """An issuer with one key."""
    cle = ECKey.generate_key("P-256")
    cle.ensure_kid()
    return Emetteur(cle)


class Reseau(httpx.AsyncBaseTransport):
    """The network between services: each host is its app; a host without one is silent."""

    def __init__(self, emetteur: Emetteur) -> None:
        self._emetteur = emetteur
        self.apps: dict[str, FastAPI] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Route by host."""
        if str(request.url).startswith(EMETTEUR):
            await request.aread()
            return self._emetteur.repondre(request)
        app = self.apps.get(request.url.host)
        if app is None:
            raise httpx.ConnectError("silencieux")
        return await httpx.ASGITransport(app).handle_async_request(request)


@pytest.fixture(scope="session")
def reseau(emetteur: Emetteur) -> Reseau:
    """The network that the session's services share."""
    return Reseau(emetteur)


@pytest_asyncio.fixture(scope="session")
async def services(
    bases: Mapping[str, provision.Adresses], reseau: Reseau
) -> AsyncIterator[Mapping[str, Service]]:
    """The three services, as their apps and workers hold them."""
    import importlib
    from contextlib import AsyncExitStack

    found: dict[str, Service] = {}
    async with AsyncExitStack() as stack:
        for nom, adresses in bases.items():
            settings = importlib.import_module(f"services.{nom}.settings").Settings(
                url=URLS[nom],
                postgres=adresses.service,
                cle=nouvelle_cle(),
                secret="secret-de-test",
                connexions=15,
                JALONS_EMETTEUR_URL=EMETTEUR,
                **QUOTAS_LARGES,
                **{f"JALONS_{other.upper()}_URL": url for other, url in URLS.items()},
            )
            service = await stack.enter_async_context(ouvrir(nom, settings))
            await service.client.aclose()
            client = await stack.enter_async_context(httpx.AsyncClient(transport=reseau))
            found[nom] = Service(nom, settings, client=client)
            await service.base.aclose()
            stack.push_async_callback(found[nom].base.aclose)
            app = importlib.import_module(f"services.{nom}.app").app(settings)
            app.state.service = found[nom]
            reseau.apps[httpx.URL(URLS[nom]).host] = app
        yield found


class Client:
    """A client of one service, in one collectivité; each POST has a fresh key unless given."""

    def __init__(self, http: httpx.AsyncClient, jeton: str) -> None:
        self._http = http
        self._jeton = jeton
        self._serial = itertools.count()

    async def get(self, chemin: str, **rest: Any) -> httpx.Response:
        """GET with the token."""
        return await self.request("GET", chemin, **rest)

    async def post(
        self,
        chemin: str,
        json: Any = None,
        *,
        cle: str | None = None,
        version: int | None = None,
        **rest: Any,
    ) -> httpx.Response:
        """POST with the token, an idempotency key, and `If-Match` when a version is given."""
        headers = {"Idempotency-Key": cle or str(uuid4()), **rest.pop("headers", {})}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await self.request("POST", chemin, json=json, headers=headers, **rest)

    async def request(self, methode: str, chemin: str, **rest: Any) -> httpx.Response:
        """Any request with the token."""
        headers = {"Authorization": f"Bearer {self._jeton}", **rest.pop("headers", {})}
        return await self._http.request(methode, chemin, headers=headers, **rest)


# service, scopes (space-separated, all of that service unless given), client id, collectivité
Connecter = Callable[..., Client]


@pytest.fixture
def collectivite() -> str:
    """A collectivité of this test's own."""
    return next(_CODES)


@pytest_asyncio.fixture
async def connecter(
    services: Mapping[str, Service], reseau: Reseau, emetteur: Emetteur, collectivite: str
) -> AsyncIterator[Connecter]:
    """Make clients of the services; by default with every scope, in this test's collectivité."""
    import importlib
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        clients = {
            nom: await stack.enter_async_context(
                httpx.AsyncClient(transport=reseau, base_url=URLS[nom])
            )
            for nom in services
        }

        def connect(
            service: str,
            portees: str | None = None,
            *,
            client_id: str = "si-essai",
            dans: str = collectivite,
        ) -> Client:
            known = importlib.import_module(f"services.{service}.app").PORTEES
            jeton = emetteur.jeton(service, dans, portees or " ".join(known), client_id)
            return Client(clients[service], jeton)

        yield connect


@pytest_asyncio.fixture
async def ouverte(connecter: Connecter, collectivite: str) -> str:
    """This test's collectivité, opened in the three services."""
    for nom in URLS:
        answer = await connecter(nom).post(
            "/v1/collectivites",
            {
                "code": collectivite,
                "libelle": f"Collectivité d'essai {collectivite}",
                "ideparte": "035",
                "fuseau": "Europe/Paris",
            },
        )
        assert answer.status_code == 201, answer.text
    return collectivite


@asynccontextmanager
async def validations_lentes(
    url: str, collectivite: str, *, duree_s: int = 1
) -> AsyncIterator[None]:
    """Commits of one collectivité take some seconds, as on a disk that does not follow."""
    nom = Identifier(f"lente_{collectivite.lower()}")
    trigger = SQL(
        "CREATE FUNCTION {nom}() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_sleep({duree}); RETURN NULL; END';"
        "CREATE CONSTRAINT TRIGGER {nom} AFTER INSERT ON evenement DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW WHEN (NEW.collectivite = {code}) EXECUTE FUNCTION {nom}()"
    )
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connexion:
        await connexion.execute(
            trigger.format(nom=nom, code=Literal(collectivite), duree=Literal(duree_s))
        )
        try:
            yield
        finally:
            await connexion.execute(SQL("DROP FUNCTION {} CASCADE").format(nom))


REFERENCE = Path(os.environ.get("JALONS_REFERENCE", Path(__file__).parents[2] / "shared" / "data"))
