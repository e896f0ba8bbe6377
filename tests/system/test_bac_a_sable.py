"""The sandbox that a partner starts: one command, its own people, and a France Travail that plays.

One installation for the whole file: what it costs is its start.
"""

import asyncio
import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from deploy.local.collectivites import charger
from deploy.local.partenaire import Json, Partenaire, Refusee
from deploy.local.services import BAC_A_SABLE, RACINE, SERVICES, Adresses
from tests.system.conftest import ports_libres
from tests.system.exemples import Rejeu

DECISION = "POST /partenaire/orientationusager/v1/decisionOrientation"
# An example that is understood, and refused: it does not exist here, or is done.
_SUR_L_ETAT = (404, 409, 410)
# Two values that do not fit what is already there; all else under `validation` is their form.
_REGLES = {"code-referentiel-inconnu", "date-incoherente", "hors-bornes"}
_AILLEURS = {
    # Another client lifts what stopped this one: 403.
    "orientation creer_levee_volume",
    "parcours creer_levee_volume",
}
_DEPART_S, _EFFET_S, _ARRET_S = 120, 20, 30


@dataclass
class Lancee:
    """The running command."""

    processus: subprocess.Popen[str]
    dossier: Path
    port: int
    lignes: dict[str, str]

    def instant_de_france_travail(self) -> datetime:
        """What the clock of its fake says."""
        url = f"{self.lignes['france_travail']}/_scenario/horloge"
        answer = httpx.post(url, json={"avancer_s": 0}, trust_env=False)
        return datetime.fromisoformat(answer.json()["instant"])

    def jalons(self, *mots: str) -> str:
        """Another command on the same installation, as it was told."""
        ou = ["--dossier", str(self.dossier), "--port", str(self.port)]
        done = subprocess.run(
            [RACINE / "jalons", *mots, *ou], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@contextmanager
def en_marche(dossier: Path, port: int) -> Iterator[Lancee]:
    """`./jalons bac-a-sable`, until it says that it runs."""
    options = ["--dossier", str(dossier), "--port", str(port), "--foyers", "12"]
    with (dossier / "sortie.log").open("w") as dit:
        processus = subprocess.Popen(
            [RACINE / "jalons", "bac-a-sable", *options],
            stdout=subprocess.PIPE,
            stderr=dit,
            text=True,
        )
    try:
        lignes: dict[str, str] = {}
        limite = time.monotonic() + _DEPART_S
        assert processus.stdout is not None
        for ligne in processus.stdout:
            nom, _, reste = ligne.strip().partition(" ")
            lignes[nom] = reste
            if nom == "horloge":
                break
            assert time.monotonic() < limite
        assert "horloge" in lignes, (dossier / "sortie.log").read_text()
        yield Lancee(processus, dossier, port, lignes)
    finally:
        if processus.poll() is None:
            processus.send_signal(signal.SIGTERM)
            processus.wait(_ARRET_S)
        if processus.stdout is not None:
            processus.stdout.close()


@pytest.fixture(scope="module")
def lancee(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lancee]:
    """The one that the file tries."""
    with en_marche(tmp_path_factory.mktemp("bac"), ports_libres(6)) as found:
        yield found


@pytest_asyncio.fixture
async def si(lancee: Lancee) -> Any:
    """The département's information system, with the secret that the command wrote."""
    (client,) = (
        one for one in charger(BAC_A_SABLE)["999D"].clients if one.client_id == "si-departement-999"
    )
    secrets = json.loads((lancee.dossier / "secrets.json").read_text())
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        yield Partenaire(
            Adresses(lancee.port),
            http,
            client_id=client.client_id,
            secret=secrets["clients"][client.client_id],
            collectivite="999D",
            portees=client.portees,
        )


def attendre(question: Callable[[], bool]) -> bool:
    """Ask until it is so, for a while."""
    limite = time.monotonic() + _EFFET_S
    while time.monotonic() < limite:
        if question():
            return True
        time.sleep(0.2)
    return False


def _regle(answer: httpx.Response) -> bool:
    """Whether it is refused by a rule alone."""
    erreurs = answer.json().get("erreurs") or [{"code": "aucune"}]
    return {erreur["code"] for erreur in erreurs} <= _REGLES


def decisions(lancee: Lancee) -> int:
    """How many decisions the fake France Travail was told."""
    appels = httpx.get(f"{lancee.lignes['france_travail']}/_scenario/appels", trust_env=False)
    return int(appels.json().get(DECISION, 0))


async def ouvrir(si: Partenaire) -> Json:
    """Open a case for a person whom nobody knew."""
    ordre = f"{uuid4().int % 900 + 100}"
    personne = await si.ecrire(
        "orientation",
        "/v1/personnes",
        {
            "nom": "Essai-Sable",
            "prenoms": "Camille",
            "date_naissance": "1991-01-31",
            "nir": f"2910135999{ordre}",
            "code_commune": "35238",
            "beneficiaire_rsa": True,
            "droits_devoirs": True,
        },
        cle=f"personne:{uuid4()}",
    )
    corps = {"personne_id": personne["id"]}
    return await si.ecrire("orientation", "/v1/orientations", corps, cle=f"dossier:{uuid4()}")


async def dit_expiree(si: Partenaire, reservation_id: str) -> bool:
    """Read the feed from its beginning, until it says that the reservation lapsed."""
    voulu = ("financement.reservation.expiree", reservation_id)
    limite = time.monotonic() + _EFFET_S
    url = "/v1/changements?limite=200"
    while time.monotonic() < limite:
        page = await si.lire("financement", url)
        if voulu in {(un["type"], un["id"]) for un in page["elements"]}:
            return True
        url = page["pagination"]["suivant"]
        if not page["elements"]:
            await asyncio.sleep(0.2)
    return False


def test_it_gives_a_token_to_whoever_follows_what_it_prints(lancee: Lancee) -> None:
    commande = lancee.lignes["jeton"].split()
    assert commande[0] == "./jalons"
    done = subprocess.run(
        [RACINE / "jalons", *commande[1:]], capture_output=True, text=True, check=True
    )
    url = lancee.lignes["orientation"]
    headers = {"Authorization": f"Bearer {done.stdout.strip()}"}
    page = httpx.get(f"{url}/v1/orientations?limite=5", headers=headers, trust_env=False)
    assert page.status_code == 200
    assert page.json()["elements"], "nobody was put into it"


async def test_a_decision_reaches_its_france_travail(lancee: Lancee, si: Partenaire) -> None:
    """A person whom nobody knew, registered, oriented, decided."""
    avant = decisions(lancee)
    orientation = await ouvrir(si)
    ordre = orientation["id"]
    chemin = f"/v1/orientations/{orientation['id']}"
    criteres = {
        "situation_professionnelle": "EN_ACTIVITE",
        "niveau_etude": "NV4",
        "capacite_a_travailler": "true",
        "projet_pro": "SALARIAT",
        **{
            f"contrainte_{nom}": "AUCUNE"
            for nom in (
                "sante logement mobilite familiale financiere numerique"
                " administrative_juridique francais_calcul"
            ).split()
        },
    }
    corps: Json = {
        "criteres": [{"champ": champ, "valeur": valeur} for champ, valeur in criteres.items()],
        "source": "professionnel",
        "date_recueil": orientation["recu_le"][:10],
    }
    await si.ecrire(
        "orientation",
        f"{chemin}/criteres",
        corps,
        cle=f"criteres:{ordre}",
        version=orientation["version"],
    )
    orientation = await si.lire("orientation", chemin)
    await si.ecrire(
        "orientation",
        f"{chemin}/decisions",
        {"etat_decision": "acceptee"},
        cle=f"decision:{ordre}",
        version=orientation["version"],
    )
    assert attendre(lambda: decisions(lancee) > avant)


async def test_time_passes_in_the_three_services(lancee: Lancee, si: Partenaire) -> None:
    """A reservation lapses by the worker alone."""
    actions = [one async for one in si.tout("financement", "/v1/actions")]
    action = next(one for one in actions if one["places_disponibles"])
    reservation = await si.ecrire(
        "financement",
        "/v1/reservations",
        {
            "action_id": action["id"],
            "places": 1,
            "montant_centimes": action["prix_centimes"],
            "beneficiaire_ref": str(uuid4()),
            "duree_s": 86_400,
        },
        cle=f"reservation:{uuid4()}",
    )
    attendue = await ouvrir(si)
    dit = lancee.jalons("avancer", "50")
    assert set(re.findall(r"^(\w+) ", dit, re.MULTILINE)) == set(SERVICES)
    assert await dit_expiree(si, reservation["id"])
    lue = await si.lire("financement", f"/v1/reservations/{reservation['id']}")
    assert lue["statut"] == "expiree"
    echeances = await si.lire("orientation", "/v1/echeances", orientation_id=attendue["id"])
    assert "en_retard" in {one["etat"] for one in echeances["elements"]}


async def test_its_people_are_nobody(si: Partenaire) -> None:
    with pytest.raises(Refusee) as refus:
        await si.ecrire(
            "orientation",
            "/v1/personnes/recherches",
            {"nir": "2910135998001", "date_naissance": "1991-01-31"},
            cle=f"recherche:{uuid4()}",
        )
    assert refus.value.probleme["erreurs"][0]["code"] == "nir-interdit-ici"


async def test_every_example_request_of_the_documents_is_understood(
    lancee: Lancee, si: Partenaire
) -> None:
    """Whoever copies one gets an answer on the state of the sandbox, never on the form of his copy.

    Contract guide 20.6(f). Planted: an example without what its act requires, or with an unknown
    member, red.
    """
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        rejeu = Rejeu(si, Adresses(lancee.port), http)
        await rejeu.rejouer()
    incomprises = {
        nom: (answer.status_code, answer.text)
        for nom, answer in rejeu.reponses.items()
        if not (answer.is_success or answer.status_code in _SUR_L_ETAT) and not _regle(answer)
    }
    assert incomprises.keys() <= _AILLEURS, incomprises
    acceptees = [nom for nom in rejeu.reponses if rejeu.acceptee(nom)]
    # The rest asks for what no sandbox has at once: a closed year, a suspended contract.
    assert len(acceptees) > len(rejeu.reponses) / 2


def test_it_stops_whole_and_starts_again_where_its_time_was(lancee: Lancee) -> None:
    """The last of the file: nothing of it listens any more, which `avancer` says in a sentence.

    Planted: the fake left at the true time when it starts again, red.
    """
    avant = lancee.instant_de_france_travail()
    assert avant > datetime.now(UTC) + timedelta(days=49)
    lancee.processus.send_signal(signal.SIGTERM)
    assert lancee.processus.wait(_ARRET_S) == 0
    for nom in (*SERVICES, "emetteur", "france_travail"):
        with pytest.raises(httpx.ConnectError):
            httpx.get(lancee.lignes[nom], trust_env=False)
    with pytest.raises(AssertionError, match="Le bac à sable ne répond pas"):
        lancee.jalons("avancer", "1")
    with en_marche(lancee.dossier, lancee.port) as encore:
        assert encore.instant_de_france_travail() >= avant
