"""The embedded server, killed, orphaned and refused, with real processes.

Each test that guards against a loss was seen red once, with the bug that its docstring names.
"""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from deploy.local.postgres import ErreurLocale, PortOccupe, PostgresLocal, connecter

# Starts a server, tells its pid, then waits to be killed.
INSTANCE = """
import sys, threading, time
from pathlib import Path
from deploy.local.postgres import PostgresLocal

def demarrer():
    serveur = PostgresLocal(Path(sys.argv[1]))
    serveur.demarrer()
    print(serveur.url(), flush=True)

if sys.argv[2] == "fil":  # then the kernel does not stop the server when we die
    fil = threading.Thread(target=demarrer)
    fil.start()
    fil.join()
else:
    demarrer()
time.sleep(60)
"""


@pytest.fixture(scope="module")
def modele(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a server has run once, and holds a row."""
    dossier = tmp_path_factory.mktemp("modele") / ".jalons"
    with PostgresLocal(dossier) as serveur, connecter(serveur.url()) as connexion:
        connexion.execute("CREATE TABLE temoin (valeur integer UNIQUE)")
        connexion.execute("INSERT INTO temoin VALUES (1)")
    return dossier


@pytest.fixture
def dossier(tmp_path: Path, modele: Path) -> Path:
    """Copy the model, owner included: initdb for each test would take most of the time."""
    dossier = tmp_path / "un dépôt"
    subprocess.run(["cp", "-Rp", modele, dossier], check=True)
    return dossier


@contextmanager
def instance(dossier: Path, fil: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run Jalons in another process, which the test may kill; give it and its server's URL."""
    processus = subprocess.Popen(
        [sys.executable, "-c", INSTANCE, str(dossier), fil],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with processus:
        try:
            assert processus.stdout is not None
            yield processus, processus.stdout.readline().strip()
        finally:
            processus.kill()


def pid_du_serveur(dossier: Path) -> int:
    return int((dossier / "postgres/donnees/postmaster.pid").read_text().splitlines()[0])


def vit(pid: int) -> bool:
    """Tell whether a process runs; a zombie that nobody has reaped yet does not."""
    etat = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(etat) and not etat.startswith("Z")


def attendre(condition: Callable[[], bool]) -> bool:
    limite = time.monotonic() + 10
    while not condition() and time.monotonic() < limite:
        time.sleep(0.02)
    return condition()


def ecrire(url: str, valeur: int) -> None:
    with connecter(url) as connexion:
        connexion.execute("INSERT INTO temoin VALUES (%s)", [valeur])


def lire(url: str) -> list[int]:
    with connecter(url) as connexion:
        return [v for (v,) in connexion.execute("SELECT valeur FROM temoin ORDER BY 1").fetchall()]


def test_restart_finds_the_data_again(dossier: Path) -> None:
    with PostgresLocal(dossier) as serveur:
        ecrire(serveur.url(), 42)
        pid = pid_du_serveur(dossier)
    assert not serveur.vivant
    assert not vit(pid)

    with PostgresLocal(dossier) as serveur:
        assert serveur.vivant
        assert lire(serveur.url()) == [1, 42]


def test_first_start_is_safe_by_default(dossier: Path) -> None:
    with PostgresLocal(dossier) as serveur, connecter(serveur.url()) as connexion:
        reglages: dict[str, str] = dict(
            connexion.execute(
                "SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'fsync',"
                " 'unix_socket_directories', 'password_encryption', 'server_encoding')"
            ).fetchall()
        )
        tri = connexion.execute("SELECT lower('É'), 'É' < 'z' COLLATE \"C\"").fetchone()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(serveur.url(), password="faux")
    assert reglages == {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "on",
        "password_encryption": "scram-sha-256",
        "server_encoding": "UTF8",
    }
    assert tri == ("é", False)
    for secret in ("mot_de_passe", "journal.log"):
        assert stat.S_IMODE((dossier / "postgres" / secret).stat().st_mode) == 0o600


def test_log_never_quotes_a_row(dossier: Path) -> None:
    """Seen red without `log_error_verbosity`, then without `log_min_error_statement`."""
    with PostgresLocal(dossier) as serveur:
        ecrire(serveur.url(), 285)
        with pytest.raises(psycopg.errors.UniqueViolation):
            ecrire(serveur.url(), 285)
    journal = (dossier / "postgres/journal.log").read_text()
    assert "temoin_valeur_key" in journal
    assert "(285)" not in journal
    assert "INSERT" not in journal


def test_killed_server_recovers_what_was_committed(dossier: Path) -> None:
    """Seen red with `demarrer` that leaves the dead server's instance lock taken."""
    with PostgresLocal(dossier) as serveur:
        ecrire(serveur.url(), 42)
        os.kill(pid_du_serveur(dossier), signal.SIGKILL)
        assert attendre(lambda: not serveur.vivant)

        serveur.demarrer()
        assert lire(serveur.url()) == [1, 42]


def test_orphan_of_a_killed_instance_is_taken_over(dossier: Path) -> None:
    """Seen red without `_arreter_orphelin`: the lock is refused for ever."""
    with instance(dossier, "fil") as (processus, url):
        ecrire(url, 42)
        orphelin = pid_du_serveur(dossier)
        processus.kill()
        processus.wait()
    assert lire(url) == [1, 42]  # alone, and still serving

    with PostgresLocal(dossier) as serveur:
        assert not vit(orphelin)
        assert lire(serveur.url()) == [1, 42]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of this death")
def test_server_stops_when_its_instance_is_killed(dossier: Path) -> None:
    """Seen red without `mort_avec_parent`."""
    with instance(dossier, "principal") as (processus, _):
        pid = pid_du_serveur(dossier)
        processus.kill()
        assert attendre(lambda: not vit(pid))


def test_pid_of_a_stranger_is_neither_trusted_nor_killed(dossier: Path) -> None:
    """After a reboot the pid left in the file may be anybody's.

    Seen red without the removal of `postmaster.pid`: PostgreSQL takes the stranger for a server.
    """
    with PostgresLocal(dossier) as serveur:
        pass
    compte = (dossier / "postgres/donnees").stat().st_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], user=compte, cwd="/") as etranger:
        try:
            (dossier / "postgres/donnees/postmaster.pid").write_text(f"{etranger.pid}\n/x\n1\n1\n")
            with serveur:
                assert serveur.vivant
            assert etranger.poll() is None
        finally:
            etranger.kill()


def test_busy_port_is_named(dossier: Path) -> None:
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        prise.listen()
        port = prise.getsockname()[1]
        with pytest.raises(PortOccupe, match=f"Le port {port} est déjà utilisé.*--port"):
            PostgresLocal(dossier, port).demarrer()

    with PostgresLocal(dossier, port) as serveur:  # nothing was left behind by the refusal
        assert f":{port}/" in serveur.url()


def test_second_instance_is_refused(dossier: Path) -> None:
    """Seen red without the lock of `verrouiller`: the second stops the first one's server."""
    with PostgresLocal(dossier) as premiere:
        with pytest.raises(ErreurLocale, match=rf"tourne déjà.*\(processus {os.getpid()}\)"):
            PostgresLocal(dossier).demarrer()
        assert premiere.vivant


def test_data_of_another_version_are_left_alone(dossier: Path) -> None:
    with PostgresLocal(dossier):
        pass
    (dossier / "postgres/donnees/PG_VERSION").write_text("14\n")
    with pytest.raises(ErreurLocale, match="sont celles de PostgreSQL 14"):
        PostgresLocal(dossier).demarrer()


def test_unusable_folder_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "fichier").write_text("")
    with pytest.raises(ErreurLocale, match="est inutilisable"):
        PostgresLocal(tmp_path / "fichier" / ".jalons").demarrer()
