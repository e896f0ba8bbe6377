"""Bodies and connections that no honest client makes, on a live service, through real sockets.

Each is refused in the language of the contract, writes nothing, costs little memory, and delays
nobody: another client reads all along.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from deploy.local.partenaire import Partenaire
from deploy.local.services import Installation
from shared.socle.contrat import AVANCE_S, CORPS_MAX, DELAI_MS
from shared.socle.protocole import ATTENTE_S, TETE_MAX

CHEMIN = "/v1/organismes-referents"
MEMOIRE = 48 * 1024 * 1024
PATIENCE_S = 60

Temoin = Callable[[], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Reponse:
    """What a raw connection was answered; a status of 0 when it was cut."""

    status: int
    media: str = ""
    probleme: Any = None

    @property
    def code(self) -> str:
        """The most precise code of the closed lists."""
        assert self.media == "application/problem+json", self
        faults = self.probleme.get("erreurs", [])
        return str(faults[0]["code"] if faults else self.probleme["code"])


class Assaillant:
    """A client with a good token, who writes on the wire what it likes."""

    def __init__(self, url: str, jeton: str) -> None:
        self._hote, self._port = url.removeprefix("http://").split(":")
        self._jeton = jeton

    async def ouvrir(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection of its own."""
        return await asyncio.open_connection(self._hote, int(self._port))

    def tete(self, chemin: str = CHEMIN, methode: str = "POST", **entetes: Any) -> bytes:
        """The head of a good request, but for what is said here (`None` takes a header out)."""
        kept: dict[str, Any] = {
            "Host": "orientation",
            "Authorization": f"Bearer {self._jeton}",
            "Idempotency-Key": str(uuid4()),
            "Content-Type": "application/json",
        }
        kept |= {name.replace("_", "-"): value for name, value in entetes.items()}
        lines = [f"{name}: {value}" for name, value in kept.items() if value is not None]
        return "\r\n".join([f"{methode} {chemin} HTTP/1.1", *lines, "", ""]).encode("latin-1")

    async def poster(self, corps: bytes, **entetes: Any) -> Reponse:
        """A POST of a body, with its true length unless another is given."""
        head = self.tete(**{"Content_Length": len(corps), **entetes})
        (answer,) = await self.dire([head, corps])
        return answer

    async def dire(
        self, morceaux: Iterable[bytes], *, pause_s: float = 0, reponses: int = 1
    ) -> list[Reponse]:
        """Send pieces, one after the other, while reading what is answered."""
        reader, writer = await self.ouvrir()

        async def envoyer() -> None:
            with contextlib.suppress(OSError):
                for morceau in morceaux:
                    writer.write(morceau)
                    await writer.drain()
                    await asyncio.sleep(pause_s)

        sending = asyncio.create_task(envoyer())
        try:
            async with asyncio.timeout(PATIENCE_S):
                return [await lire(reader) for _ in range(reponses)]
        finally:
            sending.cancel()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def lire(reader: asyncio.StreamReader) -> Reponse:
    """One answer."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        return Reponse(int(first.split()[1]), headers["content-type"], json.loads(body))
    except (OSError, asyncio.IncompleteReadError):
        return Reponse(0)


@pytest_asyncio.fixture(scope="module")
async def ouverte(si: Partenaire) -> Partenaire:
    """35D, opened."""
    collectivite = {"code": "35D", "libelle": "Ille-et-Vilaine", "ideparte": "035"}
    await si.ecrire(
        "orientation",
        "/v1/collectivites",
        {**collectivite, "fuseau": "Europe/Paris"},
        cle="collectivite",
    )
    return si


@pytest_asyncio.fixture
async def assaillant(installation: Installation, ouverte: Partenaire) -> Assaillant:
    """Another client of 35D, for its quota is not the witness's."""
    nom = "si-departement-35"
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(
            f"{installation.adresses.emetteur}/connexion/oauth2/access_token?realm=%2Fpartenaire",
            data={
                "grant_type": "client_credentials",
                "client_id": nom,
                "client_secret": installation.secret(nom),
                "scope": "orientation:lire orientation:importer orientation:administrer",
                "collectivite": "35D",
            },
        )
    return Assaillant(
        installation.adresses.service("orientation"),
        answer.raise_for_status().json()["access_token"],
    )


@pytest_asyncio.fixture(scope="module")
async def repos(installation: Installation, ouverte: Partenaire) -> int:
    """The memory of a service that has answered already."""
    for _ in range(20):
        await ouverte.lire("orientation", CHEMIN)
    return installation.processus("orientation").memoire


@pytest.fixture
def temoin(installation: Installation, ouverte: Partenaire, repos: int) -> Temoin:
    """Read all along an attack; then nothing was written, and little memory was taken."""
    processus = installation.processus("orientation")

    @contextlib.asynccontextmanager
    async def watch() -> AsyncIterator[None]:
        page = await ouverte.lire("orientation", "/v1/changements", depuis="maintenant")
        position = page["pagination"]["suivant"].partition("depuis=")[2].partition("&")[0]
        peak, reads, over = 0, 0, asyncio.Event()

        async def reading() -> None:
            nonlocal peak, reads
            while not over.is_set():
                async with asyncio.timeout(10):
                    await ouverte.lire("orientation", CHEMIN, limite=1)
                reads += 1
                peak = max(peak, processus.memoire)
                await asyncio.sleep(0.25)

        task = asyncio.create_task(reading())
        await asyncio.sleep(0)
        yield
        over.set()
        await task
        assert reads
        assert peak - repos < MEMOIRE, f"{(peak - repos) >> 20} Mio"
        after = await ouverte.lire("orientation", "/v1/changements", depuis=position)
        assert after["elements"] == []

    return watch


def nom(valeur: bytes) -> bytes:
    """A good body but for its name."""
    return b'{"reference": "x", "type": "conseil_departemental", "nom": ' + valeur + b"}"


@pytest.mark.parametrize(
    ("corps", "status", "code"),
    [
        pytest.param(b"[" * 100_000, 400, "json-trop-profond", id="100 000 tableaux"),
        pytest.param(
            b"[" * 60_000 + b'{"":' * 40_000, 400, "json-trop-profond", id="100 000 niveaux"
        ),
        pytest.param(nom(b"9" * 200_000), 400, "json-illisible", id="un nombre de 200 Ko"),
        pytest.param(nom(b"0." + b"1" * 200_000), 422, "type-inattendu", id="décimales, 200 Ko"),
        pytest.param(nom(b"1e999999"), 422, "type-inattendu", id="exposant"),
        pytest.param(nom(b"9" * 10_000_000), 413, "corps-trop-grand", id="10 Mo de chiffres"),
        pytest.param(nom(b'"' + b'\\"' * 131_000), 400, "json-illisible", id="guillemets échappés"),
        pytest.param(b'"' * 262_000, 400, "json-illisible", id="guillemets"),
        pytest.param(b'{"nom": "a", "nom": "b"}', 400, "cle-json-dupliquee", id="clé double"),
        pytest.param(
            b'{"nom": "a", "n\\u006fm": "b"}', 400, "cle-json-dupliquee", id="double, échappée"
        ),
        pytest.param(nom(b'"a\0b"'), 400, "json-illisible", id="NUL"),
        pytest.param(nom(b'"a\\u0000b"'), 422, "caractere-interdit", id="NUL échappé"),
        pytest.param(nom(b'"\\ud800"'), 422, "caractere-interdit", id="demi-caractère"),
        pytest.param(b'{"\\ud800": 1}', 422, "caractere-interdit", id="demi-caractère, clé"),
        pytest.param(nom(b'"a\\u202eb"'), 422, "caractere-interdit", id="bidi échappé"),
        pytest.param(nom('"a\u2066b"'.encode()), 422, "caractere-interdit", id="bidi"),
        pytest.param(nom(b"NaN"), 400, "json-illisible", id="NaN"),
        pytest.param(nom(b"-Infinity"), 400, "json-illisible", id="infini"),
        pytest.param(nom(b'"\xff"'), 400, "json-illisible", id="pas de l'UTF-8"),
        pytest.param(nom(b'"\xc0\x80"'), 400, "json-illisible", id="UTF-8 trop long"),
        pytest.param(nom(b'"\xed\xa0\x80"'), 400, "json-illisible", id="demi-caractère en UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", 400, "json-illisible", id="marque d'ordre"),
        pytest.param("{}".encode("utf-16"), 400, "json-illisible", id="UTF-16"),
        pytest.param(
            b"{" + b",".join(b'"%d":1' % n for n in range(100_000)) + b"}",
            413,
            "corps-trop-grand",
            id="100 000 clés",
        ),
        pytest.param(
            b"{" + b",".join(b'"%d":1' % n for n in range(1_001)) + b"}",
            413,
            "corps-trop-grand",
            id="1 001 clés",
        ),
        pytest.param(
            b"[" + b"1," * 100_000 + b"1]", 413, "corps-trop-grand", id="100 000 éléments"
        ),
        pytest.param(b" " * CORPS_MAX + b"{}", 413, "corps-trop-grand", id="blancs"),
        pytest.param(b"", 400, "json-illisible", id="vide"),
    ],
)
async def test_a_hostile_body_is_refused_at_little_cost(
    assaillant: Assaillant, temoin: Temoin, corps: bytes, status: int, code: str
) -> None:
    """Escaped quotes were read again from each of them: a second for 4 000, a body has 131 000.

    Planted: the former pattern of strings, red (the witness was not answered).
    """
    async with temoin():
        answer = await assaillant.poster(corps)

    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(
    ("entetes", "status", "code"),
    [
        pytest.param({"Content_Encoding": "gzip"}, 415, "type-non-admis", id="gzip"),
        pytest.param({"Content_Encoding": "br"}, 415, "type-non-admis", id="brotli"),
        pytest.param({"Content_Type": "text/json"}, 415, "type-non-admis", id="autre type"),
        pytest.param({"Content_Length": "-1"}, 400, "entete-invalide", id="longueur négative"),
        pytest.param({"Content_Length": "+2"}, 400, "entete-invalide", id="longueur signée"),
        pytest.param({"Content_Length": "2, 2"}, 400, "entete-invalide", id="deux longueurs"),
        pytest.param({"Content_Length": "9" * 40}, 400, "entete-invalide", id="longueur sans fin"),
        pytest.param(
            {"Transfer_Encoding": "chunked"}, 400, "entete-invalide", id="longueur et morceaux"
        ),
        pytest.param(
            {"Transfer_Encoding": "gzip", "Content_Length": None},
            400,
            "entete-invalide",
            id="autre transport",
        ),
        pytest.param({"Idempotency_Key": "é" * 20}, 400, "entete-invalide", id="clé accentuée"),
        pytest.param({"X": "a" * 1_000_000}, 400, "entete-invalide", id="en-tête de 1 Mo"),
        pytest.param({"X": "a" * TETE_MAX}, 400, "entete-invalide", id="en-tête de trop"),
        pytest.param(
            {f"X-{n}": "a" for n in range(100_000)}, 400, "entete-invalide", id="100 000 en-têtes"
        ),
        pytest.param(
            {"chemin": "/v1/" + "a" * 1_000_000}, 400, "entete-invalide", id="URL de 1 Mo"
        ),
        pytest.param(
            {"chemin": f"{CHEMIN}?limite={'1' * 30_000}", "methode": "GET", "Content_Length": "0"},
            422,
            "hors-bornes",
            id="paramètre de 30 Ko",
        ),
        pytest.param(
            {"chemin": f"{CHEMIN}?curseur=\xff", "methode": "GET", "Content_Length": "0"},
            400,
            "entete-invalide",
            id="requête en latin-1",
        ),
        pytest.param({"chemin": "/v1/\xff\0"}, 400, "entete-invalide", id="chemin en octets"),
        pytest.param({"chemin": "//v1/%ff%00"}, 404, "introuvable", id="chemin échappé"),
        pytest.param({"chemin": "*", "methode": "PRI"}, 400, "entete-invalide", id="HTTP/2"),
        pytest.param({"methode": "\x16\x03\x01"}, 400, "entete-invalide", id="TLS"),
        pytest.param(
            {"Delai_Max": "300", "Content_Length": "900"}, 504, "delai-depasse", id="trop court"
        ),
        pytest.param(
            {"Delai_Max": "300", "Content_Length": str(10**15)},
            504,
            "delai-depasse",
            id="un million de Go annoncés",
        ),
    ],
)
async def test_a_hostile_head_is_refused_at_little_cost(
    assaillant: Assaillant, temoin: Temoin, entetes: dict[str, Any], status: int, code: str
) -> None:
    """Planted: uvicorn's own protocol, red (a text/plain of its own, and heads of any size)."""
    async with temoin():
        answer = await assaillant.poster(b"{}", **entetes)

    assert (answer.status, answer.code) == (status, code)


async def test_what_follows_a_body_is_not_of_it(assaillant: Assaillant, temoin: Temoin) -> None:
    """What was announced is answered, the rest is no request, and the connection ends.

    Planted: the refusal of the rest sent at once, red (it passed for the answer).
    """
    head = assaillant.tete(Content_Length="2")
    async with temoin():
        first, second = await assaillant.dire([head + b"{}" + nom(b'"x"')], reponses=2)

    assert (first.status, first.code) == (422, "requis")
    assert second.status == 0


async def test_a_caller_who_leaves_writes_nothing(assaillant: Assaillant, temoin: Temoin) -> None:
    """Half of a body whose first part would be whole."""
    body = nom(b'"x"')
    async with temoin():
        for length in (len(body) + 1, 10_000):
            _, writer = await assaillant.ouvrir()
            writer.write(assaillant.tete(Content_Length=length) + body)
            await writer.drain()
            await asyncio.sleep(0.2)
            writer.close()
            await writer.wait_closed()


@pytest.mark.parametrize(
    ("morceau", "status", "code"),
    [
        pytest.param(b"4000\r\n%b\r\n" % (b" " * 0x4000), 413, "corps-trop-grand", id="morceaux"),
        pytest.param(b"1\r\n \r\n" * 3_000, 413, "corps-trop-grand", id="petits morceaux"),
        pytest.param(b"1;" + b"a" * 16_000, 400, "entete-invalide", id="extension"),
        pytest.param(b"zz\r\n", 400, "entete-invalide", id="pas un morceau"),
    ],
)
async def test_a_body_without_end_is_answered_then_cut(
    assaillant: Assaillant, temoin: Temoin, morceau: bytes, status: int, code: str
) -> None:
    """Planted: what follows an answer waited for without bound, red."""
    reader, writer = await assaillant.ouvrir()
    writer.write(assaillant.tete(Transfer_Encoding="chunked"))
    cut = asyncio.Event()

    async def envoyer() -> None:
        with contextlib.suppress(OSError):
            while True:
                writer.write(morceau)
                await writer.drain()
                await asyncio.sleep(0.02)
        cut.set()

    async with temoin(), asyncio.timeout(ATTENTE_S * 3):
        sending = asyncio.create_task(envoyer())
        answer = await lire(reader)
        await cut.wait()
        await sending
    writer.close()
    assert (answer.status, answer.code) == (status, code)


async def test_trailers_without_end_are_refused(assaillant: Assaillant, temoin: Temoin) -> None:
    head = assaillant.tete(Transfer_Encoding="chunked")
    trailers = (b"X-%d: %b\r\n" % (n, b"a" * 1_000) for n in range(10_000))
    async with temoin():
        (answer,) = await assaillant.dire([head, b"2\r\n{}\r\n0\r\n", *trailers])

    assert (answer.status, answer.code) == (400, "entete-invalide")


async def test_slow_clients_are_cut_and_delay_nobody(
    assaillant: Assaillant, temoin: Temoin, complet: bool
) -> None:
    """A byte a second, in a body or in a head; nothing at all; a request, then a blank line and
    nothing: each holds a connection for a time, no more.

    Planted: the body read before the deadline begins, red; uvicorn's own protocol, red.
    """
    drip = [b" "] * 600
    post = assaillant.tete(Content_Length="600")
    get = assaillant.tete(methode="GET")
    upload = assaillant.tete(
        chemin="/v1/imports?type=flux_beneficiaires",
        Content_Length="600",
        Content_Type="application/xml",
    )

    async def timed(morceaux: list[bytes], reponses: int = 1) -> tuple[Reponse, float]:
        started = time.monotonic()
        *_, last = await assaillant.dire(morceaux, pause_s=1, reponses=reponses)
        return last, time.monotonic() - started

    async with temoin():
        bodies, heads, silent, blank, uploads = await asyncio.gather(
            asyncio.gather(*(timed([post, *drip]) for _ in range(200))),
            asyncio.gather(*(timed([post[:-4], *drip]) for _ in range(50))),
            asyncio.gather(*(timed([b""]) for _ in range(50))),
            asyncio.gather(*(timed([get, b"\r\n"], reponses=2) for _ in range(50))),
            asyncio.gather(*(timed([upload, *drip]) for _ in range(5 if complet else 0))),
        )

    assert {(answer.status, answer.code) for answer, _ in bodies} == {(504, "delai-depasse")}
    assert {(answer.status, answer.code) for answer, _ in uploads} <= {(504, "delai-depasse")}
    assert {answer.status for answer, _ in (*heads, *silent, *blank)} == {0}
    for found, bound in (
        (bodies, DELAI_MS / 1000),
        ([*heads, *blank], ATTENTE_S),
        (uploads, AVANCE_S),
    ):
        # Not sooner, and not for ever: how much later depends on what else the machine does.
        assert all(0.9 * bound < took < 4 * bound for _, took in found)
