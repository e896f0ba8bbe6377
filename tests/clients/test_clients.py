"""The clients that partners generate: made without a word said, compiled, and run for real."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local import clients, node
from deploy.local.clients import Langage
from deploy.local.partenaire import Partenaire
from deploy.local.services import SERVICES, Installation
from deploy.local.verification import DOCUMENTS
from tests.api.orientation.conftest import criteres
from tests.system.conftest import departement, installation, neuve  # noqa: F401
from tests.system.test_pannes import COLLECTIVITE

SCENARIOS = Path(__file__).parent / "scenarios"
ORGANISMES = {"cd": "conseil_departemental", "ft": "france_travail", "ml": "mission_locale"}


@dataclass(frozen=True)
class Faits:
    """What was generated, where, from which documents, and what was said of it."""

    documents: Path
    dossier: Path
    remarques: Mapping[Langage, list[str]]

    def exiger(self, langage: Langage) -> Path:
        """The folder of a language; without its tools the test is left out, but never in CI."""
        if langage not in self.remarques:
            assert not node.en_integration_continue(), f"{langage} : outils absents"
            pytest.skip(f"{langage} : outils absents")
        return self.dossier / langage


@pytest.fixture(scope="session")
def faits(tmp_path_factory: pytest.TempPathFactory) -> Faits:
    """Every client of the published documents, made once."""
    dossier = tmp_path_factory.mktemp("clients")
    documents = shutil.copytree(DOCUMENTS, dossier / "documents")
    remarques, _ = clients.construire(dossier, documents)
    return Faits(documents, dossier, remarques)


@pytest.mark.parametrize("langage", Langage)
def test_no_generator_nor_compiler_says_a_word(faits: Faits, langage: Langage) -> None:
    """Seen red: events under the tag of the subscriptions, whose class Java wrote over."""
    faits.exiger(langage)

    assert faits.remarques[langage] == []


# Where each generator writes an operation, and under what name.
METHODES: Mapping[Langage, Callable[[Path, str], set[str]]] = {
    Langage.PYTHON: lambda dossier, service: {
        one.stem for one in (dossier / service).glob("*/api/*/*.py") if one.stem != "__init__"
    },
    Langage.TYPESCRIPT: lambda dossier, service: set(
        re.findall(
            r"^    (\w+): \{$",
            (dossier / f"{service}.ts").read_text().partition("export interface operations {")[2],
            re.M,
        )
    ),
    Langage.JAVA: lambda dossier, service: {
        re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        for api in (dossier / service / "src" / "main").rglob("*Api.java")
        for name in re.findall(r"^  public \S+(?: \S+)* (\w+)\(", api.read_text(), re.M)
    },
}


@pytest.mark.parametrize("langage", Langage)
@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_in_the_client(faits: Faits, langage: Langage, service: str) -> None:
    """A generator may leave one out and say nothing (contract guide, 20.5)."""
    dossier = faits.exiger(langage)
    document = json.loads((faits.documents / f"{service}.json").read_text(encoding="utf-8"))

    assert clients.operations(document) - METHODES[langage](dossier, service) == set()


@pytest_asyncio.fixture(scope="module")
async def si(installation: Installation) -> AsyncIterator[Partenaire]:  # noqa: F811
    """The information system of 35D, in a collectivité that is open and has its organismes."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        si = departement(installation, http, "35D")
        for service in SERVICES:
            await si.ecrire(service, "/v1/collectivites", COLLECTIVITE, cle="collectivite")
        for reference, type_ in ORGANISMES.items():
            corps = {
                "reference": reference,
                "type": type_,
                "nom": reference,
                "clients": ["si-departement-35"] if reference == "cd" else [],
            }
            await si.ecrire("orientation", "/v1/organismes-referents", corps, cle=reference)
        yield si


def _python(dossier: Path, donne: Callable[[str], dict[str, Any]]) -> None:
    fichiers = [f"{service}.py" for service in SERVICES]
    status, said = clients.mypy(dossier, [SCENARIOS / one for one in fichiers])
    assert status == 0, said
    chemin = os.pathsep.join([str(SCENARIOS), *(str(dossier / one) for one in SERVICES)])
    env = clients.environ(PYTHONPATH=chemin)
    _jouer([str(clients.generateurs())], fichiers, SCENARIOS, donne, env)


def _typescript(dossier: Path, donne: Callable[[str], dict[str, Any]]) -> None:
    for service in SERVICES:
        (dossier / f"{service}.ts").rename(dossier / f"{service}-api.ts")
    for scenario in SCENARIOS.glob("*.ts"):
        (dossier / scenario.name).symlink_to(scenario)
    (dossier / "node_modules").symlink_to(node.paquets(clients.OUTILS))
    (dossier / "package.json").write_text('{"type": "module"}')
    fichiers = [f"{service}.ts" for service in SERVICES]
    status, said = clients.tsc(dossier, fichiers, "--preserveSymlinks", "--outDir", "js")
    assert status == 0, said
    compiles = [f"js/{service}.js" for service in SERVICES]
    _jouer(["node"], compiles, dossier, donne, clients.environ())


def _jouer(
    commande: list[str],
    fichiers: list[str],
    dossier: Path,
    donne: Callable[[str], dict[str, Any]],
    env: Mapping[str, str],
) -> None:
    """Run the scenario of each service: what orientation says of a person is told to the next."""
    dit = ""
    for service, fichier in zip(SERVICES, fichiers, strict=True):
        given = donne(service) | {"personne_id": dit}
        done = subprocess.run(
            [*commande, fichier],
            cwd=dossier,
            env=dict(env),
            input=json.dumps(given),
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"{fichier}\n{done.stdout}\n{done.stderr}"
        dit = done.stdout.strip() or dit


@pytest.mark.parametrize(
    ("langage", "jouer"), [(Langage.PYTHON, _python), (Langage.TYPESCRIPT, _typescript)]
)
async def test_a_scenario_of_each_service_is_lived_through_the_client(
    faits: Faits,
    installation: Installation,  # noqa: F811
    si: Partenaire,
    langage: Langage,
    jouer: Callable[[Path, Callable[[str], dict[str, Any]]], None],
) -> None:
    """Create, act, read, page, be refused, repeat a key, name a version; compiled strictly."""
    dossier = faits.exiger(langage)
    jetons = {service: await si.jeton(service) for service in SERVICES}

    def donne(service: str) -> dict[str, Any]:
        return {
            "url": installation.adresses.service(service),
            "jeton": jetons[service],
            "criteres": criteres(),
            "organismes": sorted(ORGANISMES),
        }

    jouer(dossier, donne)
