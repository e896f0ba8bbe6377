"""Commands sent again because their answers were cut: each has one effect, and one answer."""

import asyncio
import json
import random
import socket
import struct
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from deploy.local.partenaire import Json, Partenaire
from deploy.local.services import Installation
from services.financement.journal.queries import verifier_journal
from shared.clients.emetteur import Emetteur
from shared.clients.jetons import Jetons
from shared.socle.auth import Acces
from shared.socle.db import BaseDeDonnees

CODE, CLIENT = "35D", "si-departement-35"
PORTEES = "financement:lire financement:ecrire"
ENSEMBLE = 16
REPRISE_S = 60  # a command that is never answered
# An answer that says to send again.
ENCORE = {(409, "idempotence-en-cours"), (503, "surcharge"), (503, "dependance-indisponible")}
_LEURS = (
    " FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user"
    " AND application_name = 'jalons' AND pid <> pg_backend_pid()"
    " AND state LIKE 'idle in transaction%'"
)
_ROMPRE = text(f"SELECT pg_terminate_backend(pid){_LEURS} ORDER BY random() LIMIT 1")
_OUBLIEES = text(f"SELECT count(*){_LEURS} AND now() - state_change > interval '1 second'")


class Coupure(Enum):
    """Where the client stops listening."""

    AUCUNE = auto()
    EN_ENVOYANT = auto()
    AUSSITOT = auto()
    EN_ATTENDANT = auto()
    EN_LISANT = auto()


@dataclass(frozen=True)
class Reponse:
    """An answer read to its last byte."""

    statut: int
    entetes: dict[str, str]
    corps: bytes

    @property
    def dit(self) -> tuple[Any, ...]:
        """All that must be the same each time."""
        return self.statut, self.entetes["location"], self.entetes["etag"], self.corps


@dataclass
class Client:
    """A client on a bad line: raw sockets, closed or reset where it pleases."""

    url: str
    jetons: Jetons
    alea: random.Random
    envois: Counter[Coupure] = field(default_factory=Counter)
    refus: Counter[str] = field(default_factory=Counter)
    rejouees: int = 0

    async def commander(self, corps: Json) -> list[Reponse]:
        """Send one command one to three times, and more until an answer was read whole."""
        octets = await self._requete(corps, cle=str(uuid4()))
        coupures = self.alea.choices(list(Coupure), k=self.alea.randint(1, 3))
        if self.alea.random() < 0.3:
            lues = list(await asyncio.gather(*(self._envoyer(octets, une) for une in coupures)))
        else:
            lues = [await self._envoyer(octets, une) for une in coupures]
        async with asyncio.timeout(REPRISE_S):
            while not any(lues):
                await asyncio.sleep(self.alea.uniform(0, 0.2))
                lues.append(await self._envoyer(octets, Coupure.AUCUNE))
        return [une for une in lues if une is not None]

    async def _envoyer(self, octets: bytes, coupure: Coupure) -> Reponse | None:
        """Send once. Returns the answer, unless it was cut or says to send again."""
        self.envois[coupure] += 1
        try:
            recu = await self._echanger(octets, coupure)
        except OSError:  # nobody listens, or nobody does any longer
            self.refus["connexion"] += 1
            return None
        tete, _, corps = recu.partition(b"\r\n\r\n")
        ligne, *lignes = tete.decode("latin-1").split("\r\n")
        entetes = {nom.lower(): valeur for nom, _, valeur in (un.partition(": ") for un in lignes)}
        if coupure is not Coupure.AUCUNE or int(entetes.get("content-length", -1)) != len(corps):
            return None
        reponse = Reponse(int(ligne.split()[1]), entetes, corps)
        if reponse.statut != 201:
            code = json.loads(corps)["code"]
            assert (reponse.statut, code) in ENCORE, corps
            self.refus[code] += 1
            return None
        self.rejouees += "idempotency-replayed" in entetes
        return reponse

    async def _echanger(self, octets: bytes, coupure: Coupure) -> bytes:
        hote, port = urlsplit(self.url).netloc.split(":")
        lecteur, plume = await asyncio.open_connection(hote, int(port))
        try:
            if coupure is Coupure.EN_ENVOYANT:
                octets = octets[: self.alea.randrange(1, len(octets))]
            plume.write(octets)
            await plume.drain()
            if coupure is Coupure.AUCUNE:
                return await lecteur.read()
            if coupure is Coupure.EN_ATTENDANT:
                await asyncio.sleep(self.alea.uniform(0, 0.1))
            if coupure is Coupure.EN_LISANT:
                await lecteur.read(self.alea.randint(1, 300))
            return b""
        finally:
            if self.alea.random() < 0.5:  # a reset, as when a machine falls, and not a farewell
                prise = plume.get_extra_info("socket")
                prise.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            plume.transport.abort()

    async def _requete(self, corps: Json, *, cle: str) -> bytes:
        contenu = json.dumps(corps).encode()
        entetes = {
            "Host": "financement",
            "Authorization": f"Bearer {await self.jetons.obtenir(PORTEES, CODE)}",
            "Idempotency-Key": cle,
            "Content-Type": "application/json",
            "Content-Length": len(contenu),
            "Connection": "close",
        }
        lignes = "".join(f"{nom}: {valeur}\r\n" for nom, valeur in entetes.items())
        return f"POST /v1/reservations HTTP/1.1\r\n{lignes}\r\n".encode() + contenu


@pytest_asyncio.fixture
async def base(installation: Installation) -> AsyncIterator[BaseDeDonnees]:
    """The database of financement, as the service sees it."""
    found = BaseDeDonnees(installation._bases["financement"].service, connexions=1)
    yield found
    await found.aclose()


@pytest_asyncio.fixture
async def jetons(installation: Installation) -> AsyncIterator[Jetons]:
    """The tokens of the client."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        yield Jetons(
            emetteur=Emetteur(installation.adresses.emetteur, http),
            client_id=CLIENT,
            secret=installation.secret(CLIENT),
        )


@pytest.fixture(scope="session")
def commandes(complet: bool) -> int:
    return 10_000 if complet else 300


async def _preparer(si: Partenaire, places: int) -> tuple[str, str]:
    """An action with places, and the envelope that pays for it, a hundred euros a place."""

    async def ecrire(chemin: str, corps: Json, **rest: Any) -> str:
        created: str = (await si.ecrire("financement", chemin, corps, cle=chemin, **rest))["id"]
        return created

    await si.ecrire(
        "financement",
        "/v1/collectivites",
        {
            "code": CODE,
            "libelle": "Ille-et-Vilaine",
            "ideparte": "035",
            "fuseau": "Europe/Paris",
        },
        cle="collectivite",
    )
    enveloppe_id = await ecrire("/v1/enveloppes", {"reference": "repetees"})
    ouverture = {
        "montant_centimes": places * 100_00,
        "qualificatif": "exact",
        "date_effet": "2024-01-01",
        "source": "acte d'essai",
    }
    await ecrire(f"/v1/enveloppes/{enveloppe_id}/ouvertures", ouverture, version=1)
    convention = {
        "reference": "repetees",
        "type": "contrat_local_solidarites",
        "intitule": "Une convention",
        "annee_debut": 2024,
    }
    convention_id = await ecrire("/v1/conventions", convention)
    action = {
        "code": "repetees",
        "libelle": "Une action",
        "mode_capacite": "stock",
        "places_ouvertes": places,
        "cle": [{"enveloppe_id": enveloppe_id, "numerateur": 1, "denominateur": 1}],
    }
    return await ecrire(f"/v1/conventions/{convention_id}/actions", action), enveloppe_id


async def _faits(si: Partenaire) -> list[Json]:
    """The feed of financement, from its start to its end."""
    found: list[Json] = []
    depuis: dict[str, str] = {}
    while True:
        page = await si.lire("financement", "/v1/changements", limite=200, attente=1, **depuis)
        if not page["elements"]:
            return found
        found += page["elements"]
        (curseur,) = parse_qs(urlsplit(page["pagination"]["suivant"]).query)["depuis"]
        depuis = {"depuis": curseur}


async def test_a_command_repeated_until_its_answer_is_read_has_one_effect(
    installation: Installation,
    si: Partenaire,
    jetons: Jetons,
    base: BaseDeDonnees,
    commandes: int,
) -> None:
    """All along, PostgreSQL cuts a transaction on its way; half-way, the service is killed.

    Planted: the key looked up first and written after the effect, red; the key and its answer
    kept by a transaction of their own, red.
    """
    action_id, enveloppe_id = await _preparer(si, 2 * commandes)
    alea = random.Random(35)
    client = Client(installation.adresses.service("financement"), jetons, alea)
    ensemble = asyncio.Semaphore(ENSEMBLE)
    dues = [
        {
            "action_id": action_id,
            "places": 1,
            "montant_centimes": alea.randint(1, 100_00),
            "beneficiaire_ref": str(uuid4()),
            "duree_s": 86_400,
        }
        for _ in range(commandes)
    ]
    faites = rompues = 0

    async def commander(corps: Json) -> list[Reponse]:
        nonlocal faites
        async with ensemble:
            reponses = await client.commander(corps)
            faites += 1
            if faites == commandes // 2:
                installation.tuer("financement")
                await asyncio.to_thread(installation.relancer, "financement")
            return reponses

    async def rompre() -> None:
        """Cut a transaction on its way, again and again: all that it did is undone."""
        nonlocal rompues
        while faites < commandes:
            await asyncio.sleep(0.3)
            async with base.engine.begin() as connexion:
                rompues += len((await connexion.execute(_ROMPRE)).all())

    started = time.monotonic()
    lues, _ = await asyncio.gather(asyncio.gather(*map(commander, dues)), rompre())
    duree_s = time.monotonic() - started

    dites = [{reponse.dit for reponse in reponses} for reponses in lues]
    assert {len(one) for one in dites} == {1}
    reservations = [json.loads(reponses[0].corps) for reponses in lues]
    ids = {one["id"] for one in reservations}
    assert len(ids) == commandes
    for corps, reservation in zip(dues, reservations, strict=True):
        assert corps.items() - {("duree_s", 86_400)} <= reservation.items()
    action = await si.lire("financement", f"/v1/actions/{action_id}")
    assert (action["places_reservees"], action["places_disponibles"]) == (commandes, commandes)
    soldes = await si.lire("financement", f"/v1/enveloppes/{enveloppe_id}")
    assert soldes["reserve_centimes"] == sum(one["montant_centimes"] for one in reservations)
    listees = {one["id"] async for one in si.tout("financement", "/v1/reservations")}
    assert listees == ids
    creees = [
        fait["id"] for fait in await _faits(si) if fait["type"] == "financement.reservation.creee"
    ]
    assert sorted(creees) == sorted(ids)
    async with base.transaction(Acces("essai", CODE, frozenset())) as tx:
        assert await verifier_journal(tx) == []
        assert (await tx.execute(_OUBLIEES)).scalar_one() == 0
    # Answers were cut after their effect too, else nothing was repeated.
    assert client.rejouees > commandes / 10
    assert rompues
    print(
        f"\n{commandes} commandes en {duree_s:.1f} s ({commandes / duree_s:.0f}/s),"
        f" {client.envois.total()} envois {{{_compte(client.envois)}}},"
        f" {client.rejouees} rejouées, {rompues} transactions rompues,"
        f" encore : {dict(client.refus)}"
    )


def _compte(envois: Counter[Coupure]) -> str:
    return ", ".join(f"{coupure.name.lower()} {nombre}" for coupure, nombre in envois.items())
