"""What a service believes of a token, of the issuer that signed it, and of who is behind it."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from joserfc import jws, jwt
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter

from deploy.emetteur.app import create
from deploy.emetteur.cles import Trousseau
from deploy.emetteur.clients import Annuaire, Autorisation
from shared.clients.emetteur import Emetteur as AdressesEmetteur
from shared.clients.jetons import Jetons
from shared.refus import Refus
from shared.socle import emetteur as emetteur_connu
from shared.socle.auth import Verificateur
from shared.socle.emetteur import EmetteurConnu
from shared.socle.service import Service
from tests.api.financement.conftest import ouverture
from tests.conftest import EMETTEUR, URLS, Client, Connecter, Emetteur, Reseau


async def test_a_token_is_checked_whole(reseau: Reseau, emetteur: Emetteur, ouverte: str) -> None:
    """Each spoiled in one way. Planted: the audience not compared, red."""
    good = emetteur.claims("orientation", ouverte, "orientation:lire", "si-essai")
    stranger = ECKey.generate_key("P-256")
    stranger.ensure_kid()
    public = stranger.as_dict(private=False)
    now = int(time.time())
    served = {
        "sain": emetteur.signer(good),
        "expiré depuis 55 s": emetteur.signer(good | {"iat": now - 330, "exp": now - 55}),
        # Where the key would come from, by the token itself: not read.
        "jku de plus": emetteur.signer(good, jku="https://autre.example/jwks"),
    }
    refused = {
        "audience": ("jeton-audience", emetteur.signer(good | {"aud": URLS["parcours"]})),
        "deux audiences": (
            "jeton-audience",
            emetteur.signer(good | {"aud": [URLS["parcours"], URLS["orientation"]]}),
        ),
        "expiré depuis 65 s": (
            "jeton-expire",
            emetteur.signer(good | {"iat": now - 330, "exp": now - 65}),
        ),
        "preuve": ("preuve-invalide", emetteur.signer(good | {"cnf": {"jkt": "x"}})),
    }
    invalid = {
        "trop long": emetteur.signer(good | {"exp": now + 3600}),
        "émis dans 65 s": emetteur.signer(good | {"iat": now + 65, "exp": now + 300}),
        "émetteur": emetteur.signer(good | {"iss": "https://autre.example"}),
        "jeton d'identité": emetteur.signer(good, typ="JWT"),
        "sans collectivité": emetteur.signer(
            {name: value for name, value in good.items() if name != "collectivite"}
        ),
        "client trop long": emetteur.signer(good | {"client_id": "c" * 65}),
        "collectivité mal formée": emetteur.signer(good | {"collectivite": "35D' --"}),
        "exp en texte": emetteur.signer(good | {"exp": str(now + 300)}),
        "statut illisible": emetteur.signer(good | {"status": {"status_list": {"idx": "0"}}}),
        "autre clé": sign(good, stranger, kid=emetteur.cle.kid),
        "autre clé, sa jku": sign(good, stranger, jku="https://autre.example/jwks"),
        "autre clé, elle-même": sign(good, stranger, jwk=public),
        "autre clé, sa x5u": sign(good, stranger, x5u="https://autre.example/cert"),
        "kid en chemin": sign(good, stranger, kid="../../../../dev/null"),
        "kid vide": sign(good, stranger, kid=""),
        "extension critique": sign(
            good, emetteur.cle, kid=emetteur.cle.kid, crit=["urgent"], urgent="oui"
        ),
        # The public key taken for a shared secret, and no signature at all.
        "HS256": forged(good, "HS256", emetteur.cle.as_pem(private=False)),
        "none": forged(good, "none", b""),
        "NONE": forged(good, "NoNe", b""),
        "deux signatures": twice(good, emetteur.cle, stranger),
        "quatre parties": emetteur.signer(good) + ".AAAA",
        "cinq parties": emetteur.signer(good) + ".AAAA.AAAA",
        "signature coupée": emetteur.signer(good)[:-4],
        "charge d'un autre": respelled(emetteur.signer(good), good | {"collectivite": "35D"}),
        "n'importe quoi": "a.b.c",
        "énorme": "a" * 60_000,
    }
    found: dict[str, Any] = {}
    async with httpx.AsyncClient(transport=reseau, base_url=URLS["orientation"]) as http:
        for name, token in {
            **served,
            **{name: token for name, (_, token) in refused.items()},
            **invalid,
        }.items():
            answer = await http.get(
                "/v1/orientations", headers={"Authorization": f"Bearer {token}"}
            )
            found[name] = answer.status_code if answer.is_success else answer.json()["code"]

    assert found == {
        **dict.fromkeys(served, 200),
        **{name: code for name, (code, _) in refused.items()},
        **dict.fromkeys(invalid, "jeton-invalide"),
    }


def sign(claims: dict[str, Any], key: ECKey, **header: Any) -> str:
    """A token well signed, by whatever key, under whatever header."""
    known = {"urgent": HeaderParameter("An extension that no one knows", "str")}
    registry = jws.JWSRegistry(header_registry=known, strict_check_header=False)
    return jwt.encode({"alg": "ES256", "typ": "at+jwt", **header}, claims, key, registry=registry)


def twice(claims: dict[str, Any], *keys: ECKey) -> str:
    """A token in the JSON form, with a signature of the issuer and one of a stranger."""
    members = [{"protected": {"alg": "ES256", "typ": "at+jwt"}, "header": {}} for _ in keys]
    signed = jws.serialize_json(members, json.dumps(claims).encode(), keys[0])
    return json.dumps(signed).replace(" ", "")


def respelled(token: str, claims: dict[str, Any]) -> str:
    """A token with the signature of another."""
    head, _, signature = token.split(".")
    return ".".join((head, _encode(json.dumps(claims).encode()).decode(), signature))


def forged(claims: dict[str, Any], alg: str, secret: bytes) -> str:
    """A token made without any library's scruples."""
    header = {"alg": alg, "typ": "at+jwt"}
    signed = b".".join(_encode(json.dumps(part).encode()) for part in (header, claims))
    signature = hmac.digest(secret, signed, "sha256") if secret else b""
    return (signed + b"." + _encode(signature)).decode()


def _encode(value: bytes) -> bytes:
    return base64.urlsafe_b64encode(value).rstrip(b"=")


@pytest.mark.usefixtures("services")
async def test_a_refused_token_tells_where_to_ask_for_one(reseau: Reseau) -> None:
    """RFC 9728: from the 401 to the metadata, from the metadata to the issuer."""
    async with httpx.AsyncClient(transport=reseau) as http:
        for nom, url in URLS.items():
            answer = await http.get(f"{url}/v1/changements")
            found = answer.headers["WWW-Authenticate"]
            assert found.startswith("Bearer resource_metadata=")
            metadata = (await http.get(found.split('"')[1])).json()
            assert (metadata["resource"], metadata["authorization_servers"]) == (url, [EMETTEUR])
            assert f"{nom}:lire" in metadata["scopes_supported"]
            spoiled = await http.get(f"{url}/v1/changements", headers={"Authorization": "Bearer x"})
            assert 'error="invalid_token"' in spoiled.headers["WWW-Authenticate"]


INCONNUE = {"kty": "EC", "crv": "P-1024", "x": "AA", "y": "AA", "kid": "inconnue"}
INDISPONIBLE = "dependance-indisponible"

# The built-in issuer, the services' verifier, and a clock between them.


class Horloge:
    def __init__(self) -> None:
        self.avance = 0.0

    def __call__(self) -> float:
        return time.time() + self.avance


class Ligne(httpx.AsyncBaseTransport):
    """The way to the issuer, that may be cut, or answer nothing; it counts what goes through."""

    def __init__(self, app: FastAPI) -> None:
        self._to = httpx.ASGITransport(app)
        self.coupee = self.muette = False
        self.lus: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.coupee:
            raise httpx.ConnectError("silencieux")
        if self.muette:
            await asyncio.sleep(60)
        self.lus.append(request.url.path)
        return await self._to.handle_async_request(request)


class Banc:
    """An issuer in a folder, a client of it, and what a service would believe."""

    def __init__(self, dossier: Path, ligne: Ligne, http: httpx.AsyncClient) -> None:
        self.annuaire = Annuaire(dossier / "clients.json")
        self.trousseau = Trousseau(dossier / "cles.json")
        self.ligne = ligne
        self.horloge = Horloge()
        self._http = http
        self.verificateur = self.nouveau_service()

    def nouveau_service(self) -> Verificateur:
        emetteur = AdressesEmetteur(EMETTEUR, self._http)
        return Verificateur(
            emetteur=EmetteurConnu(emetteur, horloge=self.horloge),
            audience=URLS["parcours"],
            metadonnees="",
            horloge=self.horloge,
        )

    async def jeton(self, client_id: str = "plie") -> str:
        """A fresh token: another client of the issuer each time, that keeps none."""
        jetons = Jetons(
            emetteur=AdressesEmetteur(EMETTEUR, self._http), client_id=client_id, secret=client_id
        )
        return await jetons.obtenir("parcours:lire", "35D")

    async def dit(self, jeton: str) -> str:
        """The client that the service sees, or the code of its refusal."""
        try:
            return (await self.verificateur.verifier(f"Bearer {jeton}")).client_id
        except Refus as refus:
            return refus.code


@pytest_asyncio.fixture
async def banc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Banc]:
    for nom, url in URLS.items():
        monkeypatch.setenv(f"JALONS_{nom.upper()}_URL", url)
    monkeypatch.setenv("JALONS_EMETTEUR_URL", EMETTEUR)
    monkeypatch.setenv("JALONS_EMETTEUR_CLIENTS", str(tmp_path / "clients.json"))
    monkeypatch.setenv("JALONS_EMETTEUR_CLES", str(tmp_path / "cles.json"))
    ids = ("mission-locale", "plie", "ccas")
    Annuaire(tmp_path / "clients.json").inscrire(
        dict.fromkeys(ids, (Autorisation("35D", ("parcours:lire",)),)), {one: one for one in ids}
    )
    ligne = Ligne(create())
    async with httpx.AsyncClient(transport=ligne) as http:
        yield Banc(tmp_path, ligne, http)


async def test_a_suspension_takes_effect_within_a_minute_and_a_return_too(banc: Banc) -> None:
    """15.7. Planted: the list read once and kept, red; the ranks read from the high bits, red."""
    jetons = {one: await banc.jeton(one) for one in ("mission-locale", "plie", "ccas")}
    assert [await banc.dit(jeton) for jeton in jetons.values()] == list(jetons)

    banc.annuaire.changer("plie", suspendu=True)
    banc.horloge.avance = 21
    assert [await banc.dit(jeton) for jeton in jetons.values()] == [
        "mission-locale",
        "client-suspendu",
        "ccas",
    ]

    banc.annuaire.changer("plie", suspendu=False)
    banc.horloge.avance = 42
    assert await banc.dit(jetons["plie"]) == "plie"


async def test_whoever_is_no_longer_a_client_is_refused(banc: Banc) -> None:
    jetons = {one: await banc.jeton(one) for one in ("plie", "ccas")}
    kept = banc.annuaire.clients()
    banc.annuaire.ecrire(client for one, client in kept.items() if one != "plie")

    assert await banc.dit(jetons["plie"]) == "jeton-invalide"
    assert await banc.dit(jetons["ccas"]) == "ccas"


async def test_an_issuer_silent_for_an_hour_stops_no_one_who_has_a_token(banc: Banc) -> None:
    """Known keys and known suspensions serve; a service that never read a key says 503.

    Planted: the keys forgotten when they cannot be read again, red.
    """
    suspendu = await banc.jeton("ccas")
    banc.annuaire.changer("ccas", suspendu=True)
    assert await banc.dit(await banc.jeton()) == "plie"
    assert await banc.dit(suspendu) == "client-suspendu"
    banc.ligne.coupee = True
    banc.horloge.avance = 3700

    # What a client would have got just before the line was cut.
    claims = jwt.decode(suspendu, banc.trousseau.courante).claims
    fresh = {"iat": int(banc.horloge()), "exp": int(banc.horloge()) + 300}

    def signed(**changed: Any) -> str:
        header = {"alg": "ES256", "typ": "at+jwt", "kid": banc.trousseau.courante.kid}
        return jwt.encode(header, {**claims, **fresh, **changed}, banc.trousseau.courante)

    rang = {one: client.rang for one, client in banc.annuaire.clients().items()}
    status = {"status_list": {**claims["status"]["status_list"], "idx": rang["plie"]}}
    assert await banc.dit(signed(client_id="plie", status=status)) == "plie"
    assert await banc.dit(signed()) == "client-suspendu"
    banc.verificateur = banc.nouveau_service()
    assert await banc.dit(signed()) == "dependance-indisponible"


async def test_keys_turn_without_a_token_refused_and_without_being_read_again(banc: Banc) -> None:
    """The next key is known before it signs, the former while its tokens live.

    Planted: only the key that signs published, red.
    """
    before = await banc.jeton()
    assert await banc.dit(before) == "plie"
    former = banc.trousseau.courante.kid
    banc.trousseau.tourner()
    after = await banc.jeton()

    assert banc.trousseau.courante.kid != former
    assert await banc.dit(after) == "plie"
    assert banc.ligne.lus.count("/connexion/jwks") == 1
    # A service that starts now knows the former key too.
    banc.verificateur = banc.nouveau_service()
    assert await banc.dit(before) == "plie"


async def test_a_key_drawn_since_is_read_and_made_up_ones_do_not_hammer_the_issuer(
    banc: Banc,
) -> None:
    assert await banc.dit(await banc.jeton()) == "plie"
    stranger = ECKey.generate_key("P-256")
    for rang in range(50):
        assert await banc.dit(sign({"a": rang}, stranger, kid=f"k{rang}")) == "jeton-invalide"
    assert banc.ligne.lus.count("/connexion/jwks") == 1

    banc.horloge.avance = 11
    banc.trousseau.tourner()
    banc.trousseau.tourner()
    assert await banc.dit(await banc.jeton()) == "plie"
    assert banc.ligne.lus.count("/connexion/jwks") == 2


async def test_an_issuer_that_does_not_answer_is_waited_for_once(
    banc: Banc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who wait behind the first find its failure. Planted: each tries in its turn, red."""
    monkeypatch.setattr(emetteur_connu, "_DELAI_S", 1.2)
    jeton = await banc.jeton()
    banc.ligne.muette = True

    began = time.monotonic()
    codes = await asyncio.gather(*(banc.dit(jeton) for _ in range(20)))

    assert set(codes) == {"dependance-indisponible"}
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("url", "chemin"),
    [
        pytest.param(
            "https://id.example/", "/.well-known/oauth-authorization-server", id="barre finale"
        ),
        pytest.param(
            "https://id.example/realms/d35",
            "/.well-known/oauth-authorization-server/realms/d35",
            id="RFC 8414, chemin au bout",
        ),
        pytest.param(
            "https://id.example/realms/d35",
            "/realms/d35/.well-known/openid-configuration",
            id="OpenID Connect, chemin devant",
        ),
    ],
)
async def test_another_providers_metadata_are_found(url: str, chemin: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path != chemin:
            return httpx.Response(403)
        return httpx.Response(200, json={"issuer": url, "jwks_uri": "https://id.example/k"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        assert await AdressesEmetteur(url, http).adresse("jwks_uri") == "https://id.example/k"


@pytest.mark.parametrize(
    ("cles", "dit"),
    [
        pytest.param(lambda bonne: {"keys": [INCONNUE, bonne, 3]}, "plie", id="une inconnue"),
        pytest.param(lambda bonne: {"keys": [INCONNUE]}, INDISPONIBLE, id="inconnues toutes"),
        pytest.param(lambda bonne: [bonne], INDISPONIBLE, id="une liste"),
        pytest.param(lambda bonne: {}, INDISPONIBLE, id="rien"),
    ],
)
async def test_keys_of_an_unknown_kind_are_left_aside(
    banc: Banc, monkeypatch: pytest.MonkeyPatch, cles: Callable[[Any], Any], dit: str
) -> None:
    """RFC 7517, 5."""
    jeton = await banc.jeton()
    bonne = banc.trousseau.courante.as_dict(private=False)
    served = Ligne.handle_async_request

    async def other(self: Ligne, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/connexion/jwks":
            return httpx.Response(200, json=cles(bonne))
        return await served(self, request)

    monkeypatch.setattr(Ligne, "handle_async_request", other)
    assert await banc.dit(jeton) == dit


async def test_only_our_services_may_say_for_whom_they_call(
    connecter: Connecter, ouverte: str, services: Mapping[str, Service]
) -> None:
    """15.7, ASVS 8.3.3. Planted: the header believed of every client, red."""

    async def author(client_id: str, origine: str | None) -> str:
        client: Client = connecter("financement", client_id=client_id)
        enveloppe = await client.post("/v1/enveloppes", {"reference": uuid4().hex})
        opened = await client.post(
            f"/v1/enveloppes/{enveloppe.json()['id']}/ouvertures",
            ouverture(100_00),
            version=1,
            headers={"Client-Origine": origine} if origine else {},
        )
        assert opened.status_code == 201, opened.text
        entries = (await client.get("/v1/ecritures?limite=200")).json()["elements"]
        found: str = max(entries, key=lambda entry: entry["seq"])["client_id"]
        return found

    assert await author("service-parcours", "plie-redon") == "plie-redon"
    assert await author("service-parcours", "pas un client") == "service-parcours"
    assert await author("si-essai", "plie-redon") == "si-essai"
    assert await author("service-inconnu", "plie-redon") == "service-inconnu"
