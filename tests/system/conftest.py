"""Real processes: a whole Jalons on ports and in a folder of its own."""

import random
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from deploy.local.collectivites import charger
from deploy.local.partenaire import Partenaire
from deploy.local.services import COLLECTIVITES, Installation

# A contrat d'engagement that asks nothing of the parcours that it is of.
CONTRAT = {
    "engagements_organisme": {"referent_unique": "agent-7", "engagements": ["Accompagner"]},
    "engagements_personne": {"engagements": ["Participer"]},
    "plan_action": {
        "objectifs": [{"domaine": "social", "libelle": "Se déplacer"}],
        "actions": [
            {
                "type": "formation",
                "libelle": "Code de la route",
                "modalite": "collective",
                "encadree": True,
            }
        ],
        "intensite": {"duree_hebdomadaire_minutes": 900},
    },
    "droits_recours": "Voies et délais de recours.",
    "periodicite_actualisation_mois": 3,
}


def ports_libres(nombre: int = 4) -> int:
    """The first of some consecutive free ports, on loopback."""
    # Not always from the first: two runs of the suite at once would take the same.
    for premier in random.sample(range(20_000, 32_000, 10), 1_200):
        try:
            for rang in range(nombre):
                with socket.socket() as prise:
                    prise.bind(("127.0.0.1", premier + rang))
        except OSError:
            continue
        return premier
    raise AssertionError("aucun port libre")


@pytest.fixture(scope="session")
def neuve(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Installation]:
    """Make installations that never ran: their databases are made once, empty, and copied."""
    modele = tmp_path_factory.mktemp("modele")
    premiere = Installation(modele, port=ports_libres())
    try:
        premiere.preparer()
    finally:
        premiere.arreter()

    def make() -> Installation:
        dossier: Path = tmp_path_factory.mktemp("installation")
        # With its owners: as root, the server runs under another account.
        subprocess.run(["cp", "-a", f"{modele}/.", dossier], check=True)
        return Installation(dossier, port=ports_libres())

    return make


@pytest.fixture(scope="module")
def installation(neuve: Callable[[], Installation]) -> Iterator[Installation]:
    """The issuer, the three services and the worker, running."""
    with neuve().en_marche() as found:
        yield found


def departement(
    installation: Installation, http: httpx.AsyncClient, code: str, role: str = "si-departement-"
) -> Partenaire:
    """A département's information system, or another of its clients, with every scope it has."""
    client = next(
        one for one in charger(COLLECTIVITES)[code].clients if one.client_id.startswith(role)
    )
    return Partenaire(
        installation.adresses,
        http,
        client_id=client.client_id,
        secret=installation.secret(client.client_id),
        collectivite=code,
        portees=client.portees,
    )


@pytest_asyncio.fixture(scope="module")
async def si(installation: Installation) -> AsyncIterator[Partenaire]:
    """The information system of 35D."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        yield departement(installation, http, "35D")
