"""The receiver kits of the guides, against the real sender; and a receiver in the worst of weeks.

What a receiver keeps after it all is what the feed says: nothing lost, nothing older on top.
"""

import asyncio
import importlib.util
import json
import random
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from deploy.local.node import SansNode, en_integration_continue, paquets
from deploy.local.services import RACINE
from shared.schemas.webhooks import SignatureWebhook
from shared.socle.service import Service
from shared.socle.webhooks import rules
from tests.api.orientation.conftest import PERSONNE
from tests.api.test_webhooks import Banc
from tests.conftest import Client, Connecter
from tests.doubles.recepteur import Reponse, recepteur

KITS = RACINE / "docs" / "guides" / "recepteurs"
LIGNES_MAX = 60
SECRET = rules.secret_lisible(b"x" * 32)


def kit() -> ModuleType:
    """The Python kit, as a partner copies it."""
    spec = importlib.util.spec_from_file_location("recepteur_du_guide", KITS / "recepteur.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def client(connecter: Connecter, ouverte: str) -> Client:
    return connecter("orientation")


@pytest_asyncio.fixture
async def banc(
    services: Mapping[str, Service],
    ouverte: str,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Banc]:
    service = services["orientation"]
    monkeypatch.setattr(service.reglages, "webhooks_essais", [])
    banc = Banc(service, ouverte, client)
    monkeypatch.setattr(service, "horloge", banc.horloge)
    yield banc
    banc.expediteur.fermer()


class Partenaire:
    """A partner who copied the kit: a version for each resource, and what was applied how often."""

    def __init__(self, banc: Banc) -> None:
        self.banc = banc
        self.etat: dict[str, int] = {}
        self.faits: dict[str, float] = {}
        self.appliques: list[str] = []
        self.secrets: list[str] = []
        self.panne = False

    def appliquer(self, evenement: Mapping[str, Any]) -> None:
        donnees = evenement["data"]
        if self.panne:
            raise RuntimeError
        self.appliques.append(donnees["id"])
        self.etat[donnees["id"]] = max(self.etat.get(donnees["id"], 0), donnees["version"])

    async def repondre(self, entetes: Mapping[str, str], corps: bytes) -> Reponse:
        horloge = self.banc.horloge
        if not self.secrets:  # the challenge comes before the answer that shows the secret
            evenement = json.loads(corps)
            return 200, {}, json.dumps({"defi": evenement["data"]["defi"]}).encode()
        made = kit().Recepteur(
            self.secrets, self.appliquer, self.faits, lambda: horloge().timestamp()
        )
        try:
            statut, rendu = made.recevoir(entetes, corps)
        except RuntimeError:
            return 500, {}, b""
        return statut, {"Content-Type": "application/json"}, rendu


async def fil(banc: Banc, ressources: set[str]) -> dict[str, int]:
    """What the feed says: the last version of each resource."""
    etat: dict[str, int] = {}
    suite = "/v1/changements?limite=200"
    while page := (await banc.client.get(suite)).json():
        if not page["elements"]:
            return etat
        for one in page["elements"]:
            if one["ressource"] in ressources:
                etat[one["id"]] = max(etat.get(one["id"], 0), one["version"])
        suite = page["pagination"]["suivant"]
    return etat


def test_kits_are_short() -> None:
    for fichier in ("recepteur.py", "recepteur.ts"):
        lignes = (KITS / fichier).read_text(encoding="utf-8").splitlines()
        assert len(lignes) <= LIGNES_MAX, fichier


def signe(corps: bytes, *, le: float = 1_772_536_501, secret: bytes = b"x" * 32) -> dict[str, str]:
    return rules.entetes(SignatureWebhook.V1, [secret], "evenement-1", int(le), corps)


CORPS = b'{"type": "orientation.x.y",  "timestamp": "t", "data": {"id": "a", "version": 1}}'
LE = 1_772_536_501
# Name, headers, body, the receiver's clock, and what it answers.
ENVOIS: list[tuple[str, dict[str, str], bytes, float, int]] = [
    ("honnête", signe(CORPS), CORPS, LE, 204),
    ("cinq minutes après", signe(CORPS), CORPS, 1_772_536_801, 204),
    ("trop tard", signe(CORPS), CORPS, 1_772_536_802, 401),
    ("trop tôt", signe(CORPS), CORPS, 1_772_536_200, 401),
    ("corps changé", signe(CORPS), CORPS.replace(b"1}", b"2}"), LE, 401),
    ("mêmes valeurs, autres octets", signe(CORPS), CORPS.replace(b"  ", b" "), LE, 401),
    ("autre secret", signe(CORPS, secret=b"y" * 32), CORPS, LE, 401),
    ("sans signature", {"webhook-id": "a", "webhook-timestamp": "1772536501"}, CORPS, LE, 401),
    ("sans en-tête", {}, CORPS, LE, 401),
    ("autre identifiant", {**signe(CORPS), "webhook-id": "evenement-2"}, CORPS, LE, 401),
    ("autre instant", {**signe(CORPS), "webhook-timestamp": "1772536502"}, CORPS, LE, 401),
    ("instant illisible", {**signe(CORPS), "webhook-timestamp": "demain"}, CORPS, LE, 401),
    ("signature non ASCII", {**signe(CORPS), "webhook-signature": "v1,é"}, CORPS, LE, 401),
    (
        "deux signatures",
        {**signe(CORPS), "webhook-signature": "v1,AAAA " + signe(CORPS)["webhook-signature"]},
        CORPS,
        LE,
        204,
    ),
]


@pytest.mark.parametrize(
    ("entetes", "corps", "horloge", "statut"),
    [pytest.param(*rest, id=nom) for nom, *rest in ENVOIS],
)
def test_the_python_kit_believes_what_we_sign_and_nothing_else(
    entetes: dict[str, str], corps: bytes, horloge: float, statut: int
) -> None:
    """Planted in the kit: signed over the body parsed and written again, red; no age, red."""
    applied: list[Any] = []
    made = kit().Recepteur([SECRET], applied.append, {}, lambda: horloge)
    assert made.recevoir(entetes, corps)[0] == statut
    assert len(applied) == (statut == 204)


def test_the_python_kit_keeps_an_id_once_its_effect_is_done_and_forgets_it_later() -> None:
    """Planted: the id kept before the effect, red: a crash would lose the event."""
    faits: dict[str, float] = {}
    applied: list[Any] = []

    def fail(_: Any) -> None:
        raise RuntimeError

    now = 1_772_536_501.0
    for _ in range(2):
        with pytest.raises(RuntimeError):
            kit().Recepteur([SECRET], fail, faits, lambda: now).recevoir(signe(CORPS), CORPS)
    made = kit().Recepteur([SECRET], applied.append, faits, lambda: now)
    assert [made.recevoir(signe(CORPS), CORPS)[0] for _ in range(3)] == [204] * 3
    assert len(applied) == 1
    later = kit().Recepteur([SECRET], applied.append, faits, lambda: now + 4_000)
    autre = rules.entetes(SignatureWebhook.V1, [b"x" * 32], "evenement-2", int(now) + 4_000, CORPS)
    later.recevoir(autre, CORPS)
    assert list(faits) == ["evenement-2"]


ESSAI_TS = """
import { readFileSync } from "node:fs";
import { Recepteur, type Entetes } from "./recepteur.js";

type Envoi = [string, Entetes, string, number, number];
const [secret, envois] = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as [string, Envoi[]];
const rendus: Record<string, unknown> = {};
for (const [nom, entetes, corps, horloge] of envois) {
  let faits = 0;
  const fait = async () => { faits += 1; };
  const recepteur = new Recepteur([secret], fait, new Map(), () => horloge);
  const { statut } = await recepteur.recevoir(entetes, Buffer.from(corps, "base64"));
  rendus[nom] = [statut, faits];
}
const [, entetes, corps, horloge] = envois[0]!;
const octets = Buffer.from(corps, "base64");
const vus = new Map<string, number>();
let faits = 0;
let panne = true;
const effet = async () => { if (panne) throw new Error("panne"); faits += 1; };
const recepteur = new Recepteur([secret], effet, vus, () => horloge);
const premier = await recepteur.recevoir(entetes, octets).then(() => "fait", () => "panne");
panne = false;
for (const _ of [1, 2, 3]) await recepteur.recevoir(entetes, octets);
rendus["reprise"] = [premier, faits, vus.size];
const [nom, defi, question] = envois[envois.length - 1]!;
rendus[nom] = await recepteur.recevoir(defi, Buffer.from(question, "base64"));
console.log(JSON.stringify(rendus));
"""


def test_the_typescript_kit_does_as_the_python_one(tmp_path: Path) -> None:
    """Compiled with every check, then run on the same requests."""
    from base64 import b64encode

    node = shutil.which("node")
    try:
        tsc = paquets(RACINE / "tests" / "clients") / ".bin" / "tsc"
    except SansNode as absent:
        if en_integration_continue():
            raise
        pytest.skip(str(absent))
    assert node is not None
    shutil.copy(KITS / "recepteur.ts", tmp_path)
    (tmp_path / "essai.ts").write_text(ESSAI_TS, encoding="utf-8")
    (tmp_path / "package.json").write_text('{"type":"module"}', encoding="utf-8")
    types = RACINE / "tests" / "clients" / "node_modules" / "@types"
    words = (
        f"--strict --noUncheckedIndexedAccess --noUnusedLocals --target es2022 --module nodenext"
        f" --types node --typeRoots {types} --outDir {tmp_path / 'js'}"
    )
    done = subprocess.run(
        [tsc, *words.split(), tmp_path / "essai.ts"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    question = b'{"type":"endpoint.verification","timestamp":"t","data":{"defi":"abc"}}'
    envois = [
        *((nom, headers, corps, le, statut) for nom, headers, corps, le, statut in ENVOIS),
        ("défi", signe(question), question, 1_772_536_501, 200),
    ]
    entree = [SECRET, [(n, h, b64encode(c).decode(), le, s) for n, h, c, le, s in envois]]
    (tmp_path / "envois.json").write_text(json.dumps(entree), encoding="utf-8")
    ran = subprocess.run(
        [node, tmp_path / "js" / "essai.js", tmp_path / "envois.json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    rendus = json.loads(ran.stdout)
    assert {nom: rendus[nom] for nom, *_ in ENVOIS} == {
        nom: [statut, int(statut == 204)] for nom, *_, statut in ENVOIS
    }
    assert rendus["reprise"] == ["panne", 1, 1]
    assert rendus["défi"] == {"statut": 200, "corps": '{"defi":"abc"}'}


async def test_the_worst_week_of_a_receiver_ends_as_the_feed(banc: Banc, complet: bool) -> None:
    """Errors, silences, pages, crashes after the effect, disorder, three days down: one state.

    Planted in the kit: the id kept before the effect, red.
    """
    tirage = random.Random(35)
    async with recepteur() as recu:
        partenaire = Partenaire(banc)
        recu.repondre = partenaire.repondre
        webhook = await banc.abonner(
            recu, types=["orientation.personne.enregistree", "orientation.personne.modifiee"]
        )
        partenaire.secrets = [webhook["secret"]]
        chaos = Chaos(partenaire, tirage)
        recu.repondre = chaos.repondre
        personnes: list[tuple[str, int]] = []
        for tour in range(60 if complet else 8):
            chaos.mauvais = tour % 4 != 3
            personnes += [await creer(banc) for _ in range(5 if complet else 2)]
            for rang in tirage.sample(range(len(personnes)), min(3, len(personnes))):
                personnes[rang] = await changer(banc, *personnes[rang])
            await banc.tour()
            banc.avance += timedelta(seconds=tirage.choice((1, 10, 400)))
        # Three days of a week-end, from Friday evening.
        chaos.eteint = True
        for _ in range(3):
            personnes[0] = await changer(banc, *personnes[0])
        personnes.append(await creer(banc))
        for heures in range(0, 72, 6):
            await banc.tour()
            banc.avance += timedelta(hours=6)
            assert heures < 72
        assert (await banc.lire(webhook["id"]))["statut"] == "actif"
        chaos.eteint = chaos.mauvais = False
        for _ in range(30):
            await banc.tour()
            if not await banc.livraisons(webhook["id"], "&statut=en_attente"):
                break
            banc.avance += timedelta(hours=5)
        assert await banc.livraisons(webhook["id"], "&statut=abandonnee") == []
    assert partenaire.etat == await fil(banc, {"personnes"})
    assert partenaire.etat == dict(personnes)
    assert chaos.mauvaises > len(personnes) / 2
    # What was answered wrong after the effect came again, and was known.
    assert len(partenaire.appliques) < len(recu.recus)


class Chaos:
    """A receiver with all that goes wrong around it."""

    def __init__(self, partenaire: Partenaire, tirage: random.Random) -> None:
        self.partenaire, self.tirage = partenaire, tirage
        self.mauvais = self.eteint = False
        self.mauvaises = 0

    async def repondre(self, entetes: Mapping[str, str], corps: bytes) -> Reponse:
        if self.eteint:
            return self._mal((503, {"Retry-After": "60"}, b""))
        sort = self.tirage.randrange(8) if self.mauvais else 7
        match sort:
            case 0:
                return self._mal((500, {}, b"Internal Server Error"))
            case 1:
                return self._mal((200, {"Content-Type": "text/html"}, b"<html>Bloque</html>"))
            case 2:
                return self._mal((302, {"Location": "/connexion"}, b""))
            case 3:  # the effect, then an error
                await self.partenaire.repondre(entetes, corps)
                return self._mal((500, {}, b""))
            case 4:  # the effect fails
                self.partenaire.panne = True
                answer = await self.partenaire.repondre(entetes, corps)
                self.partenaire.panne = False
                return self._mal(answer)
            case 5:  # the line is cut
                self.mauvaises += 1
                raise ConnectionResetError
            case 6:  # later than another that was sent after it
                await asyncio.sleep(0.02)
        return await self.partenaire.repondre(entetes, corps)

    def _mal(self, answer: Reponse) -> Reponse:
        self.mauvaises += 1
        return answer


async def creer(banc: Banc) -> tuple[str, int]:
    nom = f"Essai-{uuid4().hex[:8].translate(str.maketrans('0123456789', 'ghijklmnop'))}"
    answer = await banc.client.post("/v1/personnes", PERSONNE | {"nom": nom, "nir": None})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], 1


async def changer(banc: Banc, personne_id: str, version: int) -> tuple[str, int]:
    commune = "35236" if version % 2 else "35238"
    answer = await banc.client.request(
        "PATCH",
        f"/v1/personnes/{personne_id}",
        content=json.dumps({"code_commune": commune}).encode(),
        headers={
            "If-Match": f'"{version}"',
            "Content-Type": "application/merge-patch+json",
        },
    )
    assert answer.status_code == 200, answer.text
    return personne_id, answer.json()["version"]
