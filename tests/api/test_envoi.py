"""The sender never goes inside: one lookup, judged, and a connection to what was judged.

Certificates, names and addresses are of this file; the network is loopback, whatever the address.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.schemas.webhooks import IssueTentative
from shared.socle.webhooks import rules
from shared.socle.webhooks.envoi import Expediteur, Reponse
from tests.doubles.recepteur import Recepteur, recepteur
from tests.doubles.recepteur import Reponse as Recue

NOM, PUBLIQUE, AUTRE = "recepteur.example", "93.184.216.34", "2606:2800:220:1::1"
URL = f"https://{NOM}/reception"


class Noms:
    """A resolver that answers what it is told, one answer after the other."""

    def __init__(self, *reponses: Sequence[str] | Exception) -> None:
        self._reponses = list(reponses)
        self.demandes: list[str] = []

    async def __call__(self, nom: str, port: int) -> Sequence[str]:
        self.demandes.append(nom)
        reponse = self._reponses[min(len(self.demandes), len(self._reponses)) - 1]
        if isinstance(reponse, Exception):
            raise reponse
        return reponse


class Fils(httpcore.AnyIOBackend):
    """A network on which every address leads to one port of this machine; it says which."""

    def __init__(self, port: int, *sourdes: str) -> None:
        self._port, self._sourdes = port, sourdes
        self.adresses: list[tuple[str, int]] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        ip_address(host)  # a name here would be a second lookup
        self.adresses.append((host, port))
        if host in self._sourdes:
            raise httpcore.ConnectError
        return await super().connect_tcp("127.0.0.1", self._port, timeout)


def certificat(dossier: Path, *noms: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side for these names, and a client's side that believes it."""
    cle = ec.generate_private_key(ec.SECP256R1())
    sujet = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, noms[0])])
    now = datetime.now(UTC)
    fait = (
        x509.CertificateBuilder()
        .subject_name(sujet)
        .issuer_name(sujet)
        .public_key(cle.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(nom) for nom in noms]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(cle, hashes.SHA256())
    )
    pem = fait.public_bytes(serialization.Encoding.PEM)
    prive = cle.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    fichier = dossier / f"{noms[0]}.pem"
    fichier.write_bytes(pem + prive)
    serveur = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serveur.load_cert_chain(fichier)
    client = ssl.create_default_context(cadata=pem.decode())
    return serveur, client


@pytest_asyncio.fixture
async def distant(tmp_path: Path) -> AsyncIterator[tuple[Recepteur, ssl.SSLContext]]:
    """A receiver behind TLS, and who believes its name."""
    serveur, client = certificat(tmp_path, NOM)
    found = Recepteur()
    server = await asyncio.start_server(found.servir, "127.0.0.1", 0, ssl=serveur)
    found.port = server.sockets[0].getsockname()[1]
    yield found, client
    server.close()


async def envoyer(
    distant: tuple[Recepteur, ssl.SSLContext], noms: Noms, url: str = URL, *sourdes: str
) -> tuple[Reponse, list[tuple[str, int]]]:
    found, tls = distant
    fils = Fils(found.port, *sourdes)
    expediteur = Expediteur(resoudre=noms, reseau=fils, tls=tls)
    try:
        reponse = await expediteur.envoyer(url, {}, b'{"type":"x"}', html_est_echec=True)
    finally:
        expediteur.fermer()
    return reponse, fils.adresses


Distant = tuple[Recepteur, ssl.SSLContext]


async def test_the_connection_goes_to_the_judged_address_and_tls_is_the_names(
    distant: Distant,
) -> None:
    """Planted: the name given to the network (a second lookup), red."""
    noms = Noms([PUBLIQUE])
    reponse, adresses = await envoyer(distant, noms)
    assert reponse.issue is IssueTentative.RECUE
    assert (noms.demandes, adresses) == ([NOM], [(PUBLIQUE, 443)])
    (recu,) = distant[0].recus
    assert recu[0]["host"] == NOM


async def test_a_certificate_of_another_name_is_not_believed(
    distant: Distant, tmp_path: Path
) -> None:
    reponse, _ = await envoyer(distant, Noms([PUBLIQUE]), "https://autre.example/reception")
    assert reponse.issue is IssueTentative.CONNEXION
    _, etranger = certificat(tmp_path, "etranger.example")
    reponse, _ = await envoyer((distant[0], etranger), Noms([PUBLIQUE]))
    assert reponse.issue is IssueTentative.CONNEXION
    assert distant[0].recus == []


@pytest.mark.parametrize(
    "adresses",
    [
        pytest.param(["127.0.0.1"], id="cette machine"),
        pytest.param(["169.254.169.254"], id="les métadonnées"),
        pytest.param([PUBLIQUE, "10.0.0.1"], id="une publique et une privée"),
        pytest.param(["::ffff:127.0.0.1"], id="v4 dans v6"),
        pytest.param(["fe80::1%eth0"], id="un lien local"),
    ],
)
async def test_a_name_that_leads_inside_is_not_followed(
    distant: Distant, adresses: list[str]
) -> None:
    """Planted: the admitted ones of several kept, red."""
    reponse, connectees = await envoyer(distant, Noms(adresses))
    assert reponse.issue is IssueTentative.ADRESSE_INTERDITE
    assert connectees == []


async def test_a_name_that_changes_between_check_and_connection_leads_nowhere(
    distant: Distant,
) -> None:
    """Public when it is judged, private ever after: what was judged is what is reached.

    And at the next attempt it is judged again. Planted: the name looked up again to connect, red;
    the first judgement kept for the next attempt, red.
    """
    noms = Noms([PUBLIQUE], ["127.0.0.1"])
    first, adresses = await envoyer(distant, noms)
    assert first.issue is IssueTentative.RECUE
    assert adresses == [(PUBLIQUE, 443)]
    second, adresses = await envoyer(distant, noms)
    assert second.issue is IssueTentative.ADRESSE_INTERDITE
    assert adresses == []
    assert len(noms.demandes) == 2


async def test_the_next_address_is_tried_when_one_is_deaf(distant: Distant) -> None:
    reponse, adresses = await envoyer(distant, Noms([AUTRE, PUBLIQUE]), URL, AUTRE)
    assert reponse.issue is IssueTentative.RECUE
    assert adresses == [(AUTRE, 443), (PUBLIQUE, 443)]


async def test_a_name_that_leads_nowhere_is_said_so(distant: Distant) -> None:
    for noms in (Noms(OSError()), Noms([])):
        reponse, adresses = await envoyer(distant, noms)
        assert (reponse.issue, adresses) == (IssueTentative.NOM_INCONNU, [])


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "http://recepteur.example/",
        "http://127.0.0.1:9001/",
        "https://a.local/",
    ],
)
async def test_an_address_is_judged_again_when_it_is_used(distant: Distant, url: str) -> None:
    """A base may hold what another setting admitted. Planted: judged at the door only, red."""
    noms = Noms([PUBLIQUE])
    reponse, adresses = await envoyer(distant, noms, url)
    assert reponse.issue is IssueTentative.ADRESSE_INTERDITE
    assert (noms.demandes, adresses) == ([], [])


async def test_a_redirection_is_not_followed(distant: Distant) -> None:
    """Planted: followed, red."""

    async def ailleurs(_: Mapping[str, str], corps: bytes) -> Recue:
        return 307, {"Location": "https://127.0.0.1/interne"}, b""

    distant[0].repondre = ailleurs
    noms = Noms([PUBLIQUE])
    reponse, adresses = await envoyer(distant, noms)
    assert (reponse.issue, reponse.statut) == (IssueTentative.REDIRECTION, 307)
    assert len(adresses) == len(distant[0].recus) == 1


async def test_an_answer_without_end_costs_64_kib() -> None:
    """Planted: the whole of it read, red."""
    envoye = 0

    async def verser(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal envoye
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        try:
            while envoye < 200 * 1024 * 1024:
                writer.write(b"x" * 65_536)
                envoye += 65_536
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(verser, "127.0.0.1", 0)
    origine = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    expediteur = Expediteur([origine])
    reponse = await expediteur.envoyer(f"{origine}/", {}, b"{}", html_est_echec=True)
    expediteur.fermer()
    server.close()
    assert reponse.issue is IssueTentative.RECUE
    assert len(reponse.contenu) == rules.REPONSE_MAX
    assert envoye < 100 * 1024 * 1024


@pytest.mark.parametrize(
    ("reponse", "issue"),
    [
        pytest.param(b"", IssueTentative.REPONSE_ILLISIBLE, id="rien"),
        pytest.param(b"bonjour\r\n\r\n", IssueTentative.REPONSE_ILLISIBLE, id="autre chose"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx",
            IssueTentative.REPONSE_ILLISIBLE,
            id="coupée",
        ),
    ],
)
async def test_what_is_not_http_is_a_failure(reponse: bytes, issue: IssueTentative) -> None:
    async def repondre(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(2)
        writer.write(reponse)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(repondre, "127.0.0.1", 0)
    origine = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    expediteur = Expediteur([origine])
    found = await expediteur.envoyer(f"{origine}/", {}, b"{}", html_est_echec=True)
    expediteur.fermer()
    server.close()
    assert found.issue is issue


async def test_a_receiver_that_drips_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is that of the whole attempt, not of each read."""
    monkeypatch.setattr(rules, "DELAI_REPONSE_S", 0.5)

    async def goutte(_: Mapping[str, str], corps: bytes) -> Recue:
        await asyncio.sleep(30)
        return 204, {}, b""

    async with recepteur(goutte) as found:
        expediteur = Expediteur([found.origine])
        reponse = await expediteur.envoyer(found.url, {}, b"{}", html_est_echec=True)
        expediteur.fermer()
    assert reponse.issue is IssueTentative.DELAI_DEPASSE
    assert reponse.duree_ms < 20_000
