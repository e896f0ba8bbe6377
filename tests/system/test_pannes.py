"""What goes wrong on a machine: a sentence, the way out, and no acknowledged write lost."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from deploy.local.flux_synthetique import generer
from deploy.local.partenaire import Json, Partenaire, Refusee
from deploy.local.services import RACINE, Installation
from tests.api.orientation.conftest import PERSONNE
from tests.system.conftest import ports_libres
from tests.system.test_postgres_local import vit

COLLECTIVITE = {
    "code": "35D",
    "libelle": "Ille-et-Vilaine",
    "ideparte": "035",
    "fuseau": "Europe/Paris",
}


def jalons(*arguments: object) -> list[str]:
    return [str(RACINE / "jalons"), *map(str, arguments)]


def said(arguments: list[str]) -> tuple[int, str]:
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, " ".join(done.stderr.split())


@pytest.fixture
def lance(tmp_path: Path) -> Callable[[int], subprocess.Popen[bytes]]:
    def start(port: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            jalons("serve", "--dossier", tmp_path / "donnees", "--port", port),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    return start


def attend(port: int, *, ouvert: bool = True) -> None:
    """Wait until someone listens, or no longer does."""
    for _ in range(400):
        with socket.socket() as prise:
            if (prise.connect_ex(("127.0.0.1", port)) == 0) is ouvert:
                return
        time.sleep(0.1)
    raise AssertionError(f"le port {port} n'est pas {'ouvert' if ouvert else 'fermé'}")


def test_a_busy_port_and_a_second_instance_get_a_sentence_then_all_stops_cleanly(
    lance: Callable[[int], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    port = ports_libres()
    with socket.socket() as occupe:
        occupe.bind(("127.0.0.1", port + 2))
        occupe.listen()
        status, sentence = said(jalons("serve", "--dossier", tmp_path / "a", "--port", port))
        assert status == 1
        assert f"Le port {port + 2} est déjà utilisé" in sentence
        assert "--port" in sentence
        assert "Traceback" not in sentence

    first = lance(port)
    try:
        attend(port + 3)
        status, sentence = said(
            jalons("serve", "--dossier", tmp_path / "donnees", "--port", ports_libres())
        )
        assert status == 1
        assert "Jalons tourne déjà" in sentence
    finally:
        first.send_signal(signal.SIGINT)
        first.wait(40)
    for rang in range(4):
        with socket.socket() as prise:
            assert prise.connect_ex(("127.0.0.1", port + rang)) != 0


@pytest.mark.skipif(sys.platform != "linux", reason="seul Linux lie un enfant à son parent")
def test_when_the_launcher_is_killed_nothing_is_left_behind(
    lance: Callable[[int], subprocess.Popen[bytes]],
) -> None:
    """Issuer, services, worker and PostgreSQL all end. Seen red: a worker whose database died
    first waited for it for ever.
    """
    port = ports_libres()
    first = lance(port)
    attend(port + 3)
    # `jalons` replaces itself by the launcher: this is it.
    children = enfants(first)
    assert len(children) == 6
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert restants(children) == []

    again = lance(port)
    try:
        attend(port + 3)
        assert again.poll() is None
    finally:
        again.send_signal(signal.SIGINT)
        again.wait(40)


@pytest.mark.skipif(sys.platform != "linux", reason="seul Linux lie un enfant à son parent")
def test_a_launcher_killed_while_all_loads_leaves_nothing_either(
    lance: Callable[[int], subprocess.Popen[bytes]],
) -> None:
    """Started in the background by a script, it was given a Ctrl-C that is ignored.

    Seen red: its services were given it too, and stayed.
    """
    heritee = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        first = lance(ports_libres())
    finally:
        signal.signal(signal.SIGINT, heritee)
    for _ in range(600):
        if len(children := enfants(first)) == 6:
            break
        time.sleep(0.05)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert len(children) == 6
    assert restants(children) == []


def enfants(lanceur: subprocess.Popen[bytes]) -> list[str]:
    """The processes that the launcher started."""
    return Path(f"/proc/{lanceur.pid}/task/{lanceur.pid}/children").read_text().split()


def restants(pids: list[str]) -> list[str]:
    """Those that still run when half a minute has passed; a dead one may wait to be reaped."""
    for _ in range(300):
        left = [pid for pid in pids if vit(int(pid))]
        if not left:
            break
        time.sleep(0.1)
    return left


async def test_a_killed_database_loses_no_acknowledged_write(
    installation: Installation, si: Partenaire
) -> None:
    """PostgreSQL is killed while persons are written and a flux is read.

    A power cut cannot be tried here: `fsync` and `synchronous_commit` are on.
    """
    for service in ("orientation", "parcours", "financement"):
        await si.ecrire(service, "/v1/collectivites", COLLECTIVITE, cle="collectivite")
    contenu = b"".join(generer(foyers=1500, graine=3, date_reference=date(2026, 10, 31)))
    recu = await si.deposer("/v1/imports?type=flux_beneficiaires", contenu, cle="panne")
    acknowledged: list[Json] = []
    refused: list[int] = []

    async def write(rang: int) -> None:
        await asyncio.sleep(rang * 0.006)
        corps = PERSONNE | {"nom": f"Panne {rang}"}
        for _ in range(200):
            try:
                # The same key at each try: whatever happened to the first, there is one person.
                acknowledged.append(
                    await si.ecrire("orientation", "/v1/personnes", corps, cle=f"panne{rang}")
                )
                return
            except Refusee as refus:
                refused.append(refus.status)
                await asyncio.sleep(0.1)

    async def kill() -> None:
        await asyncio.sleep(0.4)
        installation.tuer("postgres")
        await asyncio.sleep(0.5)
        while not await asyncio.to_thread(installation.veiller):
            await asyncio.sleep(0.05)

    await asyncio.gather(kill(), *map(write, range(200)))

    assert set(refused) <= {409, 503, 504}
    assert refused
    assert len({one["id"] for one in acknowledged}) == 200
    for one in acknowledged:
        assert (await si.lire("orientation", f"/v1/personnes/{one['id']}"))["nom"] == one["nom"]
    for _ in range(600):
        importe = await si.lire("orientation", f"/v1/imports/{recu['id']}")
        if importe["statut"] in ("terminee", "echouee"):
            break
        await asyncio.sleep(0.1)
    assert importe["statut"] == "terminee"
    assert importe["compteurs"]["foyers_lus"] == importe["compteurs"]["foyers_crees"] == 1500
    a_faire = [one async for one in si.tout("orientation", "/v1/orientations")]
    assert len(a_faire) == importe["compteurs"]["orientations_creees"]


async def test_a_client_suspended_while_all_runs_is_refused_with_the_token_it_holds(
    installation: Installation, si: Partenaire
) -> None:
    """The operator's command, the issuer's list, the services: 20 s at most."""

    async def answer() -> str:
        try:
            await si.lire("financement", "/v1/changements")
        except Refusee as refus:
            return refus.code
        return "servi"

    async def says(expected: str) -> bool:
        for _ in range(300):
            if await answer() == expected:
                return True
            await asyncio.sleep(0.1)
        return False

    assert await says("servi")
    said(jalons("emetteur", "suspendre", "si-departement-35", "--dossier", installation.dossier))
    assert await says("client-suspendu")
    said(jalons("emetteur", "retablir", "si-departement-35", "--dossier", installation.dossier))
