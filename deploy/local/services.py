"""Jalons on one machine: databases, migrations, secrets, and the processes that serve.

Everything lives in one folder (`.jalons/`): found again at the next start, thrown away by
`neuf`. Processes are our children: they end with us, and one that dies is started again.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy.exc import SQLAlchemyError

from deploy.emetteur.clients import Annuaire, Autorisation, nouveau_secret
from deploy.local import bases
from deploy.local.collectivites import charger, charger_demonstration
from deploy.local.postgres import (
    ErreurLocale,
    PostgresLocal,
    Serveur,
    mort_avec_parent,
    ouvrir,
    port_libre,
    verrouiller,
)
from shared.socle.coffre import nouvelle_cle

RACINE = Path(__file__).resolve().parents[2]
COLLECTIVITES = RACINE / "deploy" / "collectivites"
BAC_A_SABLE = RACINE / "deploy" / "bac_a_sable"
SERVICES = bases.SERVICES
PORT = 8700
# Whoever plays the whole of Jalons and its sandbox at once gives each its ports.
PORT_BAC = 8710
# The fake France Travail knows one client; it is nobody's secret.
_ACCES_FRANCE_TRAVAIL = {"client_id": "jalons-essai", "secret": "secret-essai", "par_seconde": 200}
_ARRET_S, _DEPART_S = 15, 60
# What a service asks of its siblings, in every collectivité.
_PORTEES_VOISINS = {
    "orientation": ("parcours:lire",),
    "parcours": (
        "orientation:lire",
        "orientation:ecrire",
        "financement:lire",
        "financement:ecrire",
    ),
    "financement": ("parcours:lire", "parcours.sante:lire"),
}


def migrer(service: str, url_proprietaire: str) -> None:
    """Bring a service's database to the newest version.

    Raises:
        ErreurLocale: the migration failed; what it had begun is undone.
    """
    os.environ[f"JALONS_{service.upper()}_MIGRATION"] = url_proprietaire
    try:
        command.upgrade(alembic(service), "head")
    except CommandError as error:
        raise ErreurLocale(
            f"La base {service} vient d'une version de Jalons que celle-ci ne connaît pas.",
            "Revenez à cette version-là, ou repartez d'un dossier vide avec --neuf.",
        ) from error
    except SQLAlchemyError as error:
        raise ErreurLocale(
            f"La migration de la base {service} a échoué ({type(error).__name__}).",
            "Rien n'a été changé. Vérifiez la place sur le disque et les droits, puis recommencez.",
        ) from error


def alembic(service: str) -> Config:
    """Alembic's configuration for one service, from whatever folder we were called."""
    config = Config(str(RACINE / "alembic.ini"), ini_section=service)
    config.set_main_option("script_location", str(RACINE / "services" / service / "migrations"))
    config.set_main_option("prepend_sys_path", str(RACINE))
    return config


@dataclass(frozen=True)
class Adresses:
    """Where everything answers."""

    port: int

    @property
    def emetteur(self) -> str:
        """The token issuer."""
        return f"http://127.0.0.1:{self.port}"

    def service(self, nom: str) -> str:
        """One of the three services."""
        return f"http://127.0.0.1:{self.port + 1 + SERVICES.index(nom)}"

    @property
    def recepteur_port(self) -> int:
        """Where a receiver of webhooks may listen on this machine."""
        return self.port + 1 + len(SERVICES)

    @property
    def recepteur(self) -> str:
        """The one origin of this machine that webhooks go to."""
        return f"http://127.0.0.1:{self.recepteur_port}"

    @property
    def france_travail_port(self) -> int:
        """Where the sandbox's fake France Travail listens."""
        return self.recepteur_port + 1

    @property
    def france_travail(self) -> str:
        """The sandbox's fake France Travail."""
        return f"http://127.0.0.1:{self.france_travail_port}"

    def environnement(self) -> dict[str, str]:
        """What all processes are told."""
        urls = {f"JALONS_{nom.upper()}_URL": self.service(nom) for nom in SERVICES}
        essais = {"JALONS_WEBHOOKS_ESSAIS": json.dumps([self.recepteur])}
        # A demonstration or a test sends from one client what a partner sends in days.
        quotas = {
            f"JALONS_{nom.upper()}_{classe}": "1000000"
            for nom in SERVICES
            for classe in ("QUOTA_LECTURE", "QUOTA_ECRITURE", "QUOTA_JOB", "VOLUME_PLANCHER")
        }
        return {"JALONS_EMETTEUR_URL": self.emetteur, **urls, **essais, **quotas}


class Installation:
    """One Jalons, whole, on this machine: that of the départements, or the sandbox."""

    def __init__(
        self,
        dossier: Path,
        *,
        port: int = PORT,
        url_postgres: str | None = None,
        bac_a_sable: bool = False,
    ) -> None:
        self.dossier = dossier
        self.collectivites = BAC_A_SABLE if bac_a_sable else COLLECTIVITES
        self._bac_a_sable = bac_a_sable
        # On a server that is given, the two have bases of their own.
        self._prefixe = "jalons_bac_a_sable" if bac_a_sable else "jalons"
        self.adresses = Adresses(port)
        self._url_postgres = url_postgres
        self._serveur: Serveur | None = None
        self._processus: list[Processus] = []
        self._bases: Mapping[str, bases.Adresses] = {}

    @property
    def _fichier_secrets(self) -> Path:
        return self.dossier / "secrets.json"

    @property
    def fichier_clients(self) -> Path:
        """The clients that the issuer knows."""
        return self.dossier / "emetteur" / "clients.json"

    @property
    def fichier_cles(self) -> Path:
        """The keys by which the issuer signs."""
        return self.dossier / "emetteur" / "cles.json"

    def preparer(self, *, neuf: bool = False) -> None:
        """Start PostgreSQL, bring its databases up to date, and know every client.

        Raises:
            ErreurLocale: with the way out.
        """
        self._verrou = verrouiller(self.dossier) if self._url_postgres else None
        if neuf:
            self._effacer()
        self._serveur = ouvrir(self.dossier, url=self._url_postgres)
        self._serveur.demarrer()
        self._bases = bases.creer(self._serveur.url(), self._fichier_secrets, self._prefixe)
        for nom in SERVICES:
            migrer(nom, self._bases[nom].proprietaire)
        self._inscrire_clients()

    def demarrer(self, *, workers: int = 1) -> None:
        """Start the issuer, the three services and the worker, and wait until they answer.

        Raises:
            ErreurLocale: a port is taken, or a process does not start; its journal says why.
        """
        for rang in range(1 + len(SERVICES)):
            port_libre(self.adresses.port + rang)
        (self.dossier / "journaux").mkdir(exist_ok=True)
        env = self._environnement()
        self._processus = [
            self._processus_de("emetteur", uvicorn("deploy.emetteur.app", self.adresses.port), env),
            *(
                self._processus_de(
                    nom,
                    uvicorn(
                        f"services.{nom}.app",
                        self.adresses.port + 1 + rang,
                        workers=workers,
                    ),
                    env,
                )
                for rang, nom in enumerate(SERVICES)
            ),
            self._processus_de(
                "travailleur", [sys.executable, "-m", "shared.socle.travailleur", *SERVICES], env
            ),
        ]
        if self._bac_a_sable:
            port_libre(self.adresses.france_travail_port)
            commande = uvicorn(
                "deploy.bac_a_sable.france_travail", self.adresses.france_travail_port
            )
            self._processus.insert(0, self._processus_de("france_travail", commande, env))
        for processus in self._processus:
            processus.lancer()
        self._attendre_prets()

    def veiller(self) -> str | None:
        """Start again what died; returns what to say of it, if anything did."""
        assert self._serveur is not None
        if not self._serveur.vivant:
            self._serveur.demarrer()
            return "PostgreSQL s'était arrêté : il est relancé, aucune ligne n'est perdue."
        for processus in self._processus:
            if processus.mort:
                processus.lancer()
                return (
                    f"Le processus « {processus.nom} » s'était arrêté : il est relancé"
                    f" (journal : {processus.journal})."
                )
        return None

    def arreter(self) -> None:
        """Stop everything that was started, the last first."""
        for processus in reversed(self._processus):
            processus.demander_arret()
        for processus in reversed(self._processus):
            processus.attendre_arret()
        self._processus = []
        if self._serveur is not None:
            self._serveur.arreter()

    @contextlib.contextmanager
    def en_marche(self, *, neuf: bool = False, workers: int = 1) -> Iterator["Installation"]:
        """Hold a running installation."""
        try:
            self.preparer(neuf=neuf)
            self.demarrer(workers=workers)
            yield self
        finally:
            self.arreter()

    def secret(self, client_id: str) -> str:
        """The secret of a client of this installation.

        Raises:
            ErreurLocale: there is no such client.
        """
        found = self._secrets("clients").get(client_id)
        if found is None:
            raise ErreurLocale(
                f"Aucun client « {client_id} » dans {self.dossier}.",
                "Les clients sont ceux de deploy/collectivites ; lancez d'abord ./jalons demo.",
            )
        return found

    def processus(self, nom: str) -> "Processus":
        """One of the running processes, by its name."""
        return next(one for one in self._processus if one.nom == nom)

    def tuer(self, nom: str) -> None:
        """Kill a process, or `postgres`, without warning: for the tests of what survives it."""
        if nom == "postgres":
            assert isinstance(self._serveur, PostgresLocal)
            os.kill(self._serveur.pid, signal.SIGKILL)
        else:
            self.processus(nom).tuer()

    def relancer(self, nom: str, *, attendre: bool = True) -> None:
        """Start a process again, and wait until all answer."""
        self.processus(nom).lancer()
        if attendre:
            self._attendre_prets()

    def _effacer(self) -> None:
        # The lock is taken first: another instance's data are not ours to throw away.
        verrou = verrouiller(self.dossier) if self._url_postgres is None else None
        if self._url_postgres:
            bases.supprimer_tout(self._url_postgres, self._prefixe)
        for nom in ("postgres", "emetteur", "journaux"):
            shutil.rmtree(self.dossier / nom, ignore_errors=True)
        self._fichier_secrets.unlink(missing_ok=True)
        if verrou is not None:
            os.close(verrou)

    def _environnement(self) -> dict[str, str]:
        # The caller's own PG… settings are for another server.
        env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        env |= self.adresses.environnement()
        env |= {
            "JALONS_EMETTEUR_CLIENTS": str(self.fichier_clients),
            "JALONS_EMETTEUR_CLES": str(self.fichier_cles),
        }
        # Which of the two this is does not depend on who calls.
        env["JALONS_BAC_A_SABLE"] = "true" if self._bac_a_sable else "false"
        if self._bac_a_sable:
            url = self.adresses.france_travail
            acces = {"999D": _ACCES_FRANCE_TRAVAIL | {"url_jetons": url, "url_api": url}}
            env["JALONS_ORIENTATION_FRANCE_TRAVAIL"] = json.dumps(acces)
        cles = self._secrets("cles", dict.fromkeys(SERVICES, nouvelle_cle))
        clients = self._secrets("clients")
        for nom in SERVICES:
            prefix = f"JALONS_{nom.upper()}_"
            env |= {
                f"{prefix}POSTGRES": self._bases[nom].service,
                f"{prefix}CLE": cles[nom],
                f"{prefix}SECRET": clients[f"service-{nom}"],
            }
            # Nobody has requests to send elsewhere: a Ctrl-C need not wait.
            env.setdefault(f"{prefix}ARRET_S", "0")
        return env

    def _secrets(self, sorte: str, manquants: Mapping[str, object] | None = None) -> dict[str, str]:
        """Read secrets of one kind, making those that are missing."""
        contenu = bases.lire_secrets(self._fichier_secrets)
        found: dict[str, str] = dict(contenu.get(sorte) or {})  # type: ignore[call-overload]
        missing = {name: make for name, make in (manquants or {}).items() if name not in found}
        if missing:
            found |= {name: make() for name, make in missing.items()}  # type: ignore[operator]
            bases.ecrire_secrets(self._fichier_secrets, {**contenu, sorte: found})
        return found

    def _inscrire_clients(self) -> None:
        """Tell the issuer who may ask for what: the files of the collectivités say it."""
        self.fichier_clients.parent.mkdir(mode=0o700, exist_ok=True)
        portees = portees_par_client(self.collectivites)
        secrets = self._secrets("clients", dict.fromkeys(portees, nouveau_secret))
        Annuaire(self.fichier_clients).inscrire(portees, secrets)

    def _processus_de(
        self, nom: str, commande: Sequence[str], env: Mapping[str, str]
    ) -> "Processus":
        return Processus(nom, commande, env, self.dossier / "journaux" / f"{nom}.log")

    def _attendre_prets(self) -> None:
        limite = time.monotonic() + _DEPART_S
        sondes = {
            "emetteur": f"{self.adresses.emetteur}/sante/vivant",
            **{nom: f"{self.adresses.service(nom)}/sante/pret" for nom in SERVICES},
        }
        with httpx.Client(timeout=2, trust_env=False) as client:
            for processus in self._processus:
                url = sondes.get(processus.nom)
                while url and not _repond(client, url):
                    if processus.mort or time.monotonic() > limite:
                        raise ErreurLocale(
                            f"Le processus « {processus.nom} » n'a pas démarré.",
                            f"Son journal dit pourquoi : {processus.journal}",
                        )
                    time.sleep(0.05)


def portees_par_client(dossier: Path = COLLECTIVITES) -> dict[str, tuple[Autorisation, ...]]:
    """What each client may ask for, from the files of the collectivités."""
    collectivites = charger(dossier)
    demonstration = charger_demonstration(dossier, collectivites)
    found: dict[str, tuple[Autorisation, ...]] = {
        client.client_id: (
            Autorisation(code, tuple(client.portees), cle_exigee=collectivite.cle_exigee),
        )
        for code, collectivite in collectivites.items()
        for client in collectivite.clients
    }
    found |= {
        client.client_id: (Autorisation(demonstration.collectivite, tuple(client.portees)),)
        for client in demonstration.clients
    }
    found |= {
        f"service-{nom}": tuple(Autorisation(code, portees) for code in collectivites)
        for nom, portees in _PORTEES_VOISINS.items()
    }
    return found


def uvicorn(module: str, port: int, *, hote: str = "127.0.0.1", workers: int = 1) -> list[str]:
    """The command that serves an app."""
    options = {"--host": hote, "--port": port, "--workers": workers}
    pairs = [str(word) for pair in options.items() for word in pair]
    return [sys.executable, "-m", "shared.socle.serveur", module, *pairs]


class Processus:
    """A process of ours: in a session of its own, its words in a journal, and ended with us."""

    def __init__(
        self, nom: str, commande: Sequence[str], env: Mapping[str, str], journal: Path
    ) -> None:
        self.nom = nom
        self.journal = journal
        self._commande = commande
        self._env = env
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def mort(self) -> bool:
        """Whether it ended by itself."""
        return self._popen is not None and self._popen.poll() is not None

    @property
    def memoire(self) -> int:
        """Bytes of memory that it holds now (Linux)."""
        assert self._popen is not None
        status = Path(f"/proc/{self._popen.pid}/status").read_text()
        return 1024 * int(status.partition("VmRSS:")[2].split()[0])

    def lancer(self) -> None:
        """Start it."""
        with self.journal.open("ab") as journal:
            self._popen = _popen(self._commande, self._env, journal)

    def demander_arret(self) -> None:
        """Ask it to finish what it does, and stop."""
        if self._popen is not None and self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)

    def attendre_arret(self) -> int | None:
        """Wait for its end, and end it if it lasts; returns its status."""
        if self._popen is None:
            return None
        try:
            self._popen.wait(_ARRET_S)
        except subprocess.TimeoutExpired:
            self.tuer()
        return self._popen.returncode

    def tuer(self) -> None:
        """Kill it and its own children."""
        assert self._popen is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()


def _popen(
    commande: Sequence[str], env: Mapping[str, str], journal: IO[bytes]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        commande,
        cwd=RACINE,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=journal,
        stderr=journal,
        # A Ctrl-C in the terminal is ours to hand on, in order.
        start_new_session=True,
        preexec_fn=mort_avec_parent(),
    )


def _repond(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).is_success
    except httpx.HTTPError:
        return False


def decrire(adresses: Adresses) -> dict[str, str]:
    """The pages that a person may open."""
    pages = {nom: f"{adresses.service(nom)}/docs" for nom in SERVICES}
    return {**pages, "emetteur": adresses.emetteur}
