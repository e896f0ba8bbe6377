"""A service killed at each point of a command: the whole effect is there, or nothing of it.

Points are between any two statements, while one runs, around the commit, the call to a sibling
and each part of the answer. What a client was told is there, and the same command sent again
has its effect once.

Planted, red each: the event published after the commit; the answer sent before the commit
(`TransactionDep` without its scope); a key drawn at random for the call to financement.
"""

import asyncio
import contextlib
import functools
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import pytest_asyncio
from psycopg.sql import SQL, Identifier, Literal

from deploy.local import services
from deploy.local.services import Installation
from services.financement.journal.queries import verifier_journal
from shared.clients.emetteur import Emetteur
from shared.clients.jetons import Jetons
from shared.socle.auth import Acces
from shared.socle.db import BaseDeDonnees
from tests.api.orientation.conftest import PERSONNE, criteres
from tests.system import coupure

CODE, CLIENT = "35D", "si-departement-35"
COLLECTIVITE = {
    "code": CODE,
    "libelle": "Ille-et-Vilaine",
    "ideparte": "035",
    "fuseau": "Europe/Paris",
}
ORGANISMES = (
    {
        "reference": "cd",
        "type": "conseil_departemental",
        "nom": "Le Département",
        "clients": [CLIENT],
    },
    {"reference": "ft", "type": "france_travail", "nom": "France Travail", "clients": []},
)
ACCEPTEE = {"etat_decision": "acceptee"}
CONVENTION = {
    "reference": "c",
    "type": "contrat_local_solidarites",
    "intitule": "Une convention",
    "annee_debut": 2024,
}
FREIN = {
    "code": "mobilite",
    "niveau": "fort",
    "date_observation": "2026-01-05",
    "source": "referent",
}
ABANDON = {"date_abandon": "2026-01-05", "commentaire": "Un essai"}
OUVERTURE = {
    "montant_centimes": 1_000_00,
    "qualificatif": "exact",
    "date_effet": "2024-01-01",
    "source": "acte d'essai",
}
PORTEES = {
    "orientation": "orientation:ecrire orientation:decider orientation:administrer",
    "parcours": "parcours:lire parcours:ecrire parcours:administrer",
    "financement": "financement:ecrire financement:administrer",
}

Json = dict[str, Any]
Lignes = frozenset[tuple[str, str]]  # table, row
Ecart = frozenset[tuple[str, str, str]]  # - or +, table, row


@dataclass(frozen=True)
class Reponse:
    """What a client holds of an answer; `corps` is None when it was cut short."""

    statut: int
    entetes: httpx.Headers
    corps: bytes | None


@dataclass
class Banc:
    """One service, what a client sends it, and what its database holds."""

    http: httpx.AsyncClient
    jeton: Callable[[], Awaitable[str]]
    base: psycopg.Connection[Any]
    _coupure: int = 0
    _vie: str = ""
    _formes: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)
    _issues: dict[str, list[str]] = field(default_factory=dict)
    _finies: set[str] = field(default_factory=set)

    async def tuer_partout(self, tour: Callable[[], Awaitable[None]]) -> None:
        """Do rounds of commands: two whole ones, then each cut at its first point, … its last.

        The first of all makes rows that the others change; the second is the model of all.
        """
        for self._coupure in itertools.count(-1):
            await tour()
            if self._finies == self._formes.keys():
                break
        for issues in self._issues.values():
            assert len(issues) >= 20
            assert set(issues) == {"rien", "tout, tu", "tout, dit"}

    async def creer(self, chemin: str, corps: Json, version: int | None = None) -> Json:
        """Give a command that nothing cuts."""
        answer = await self._envoyer(chemin, corps, str(uuid4()), version)
        assert answer is not None
        assert answer.statut == 201, answer.corps
        found: Json = json.loads(answer.corps or b"")
        return found

    async def eprouver(self, chemin: str, corps: Json, version: int | None = None) -> Json:
        """Cut a command at this round's point, look, repeat it, and look again."""
        cle, avant, vie = str(uuid4()), self._lignes(), self._vie
        premier = await self._envoyer(chemin, corps, cle, version, coupure=self._coupure)
        await self._repos()
        entre = _ecart(avant, self._lignes())
        second = await self._repeter(chemin, corps, cle, version)
        effet = _ecart(avant, self._lignes())

        survit = self._vie == vie
        if premier is None:
            assert not survit  # whoever lives answers
        else:
            # What was told, were it by its status line alone, is there; and it is told again.
            assert premier.statut == 201
            assert entre
            assert premier.corps in (None, second.corps)
        assert entre in (frozenset(), effet)
        assert ("Idempotency-Replayed" in second.entetes) == bool(entre)
        _verifier(effet)

        nom = chemin.rpartition("/")[2]
        if self._coupure <= 0:
            self._formes[nom] = _forme(effet)
        elif survit:  # it has no such point
            self._finies.add(nom)
        else:
            issue = "rien" if not entre else "tout, tu" if premier is None else "tout, dit"
            self._issues.setdefault(nom, []).append(issue)
        assert _forme(effet) == self._formes[nom]
        found: Json = json.loads(second.corps or b"")
        return found

    async def _repeter(self, chemin: str, corps: Json, cle: str, version: int | None) -> Reponse:
        """Send until it is answered, as an honest client: the same key, the same `If-Match`."""
        for _ in range(200):
            answer = await self._envoyer(chemin, corps, cle, version)
            if answer is not None and answer.corps is not None:
                if answer.statut == 201:
                    return answer
                # A sibling may still be at work for the one that died.
                assert json.loads(answer.corps)["code"] == "idempotence-en-cours", answer.corps
            await asyncio.sleep(0.02)
        raise AssertionError("aucune réponse")

    async def _envoyer(
        self, chemin: str, corps: Json, cle: str, version: int | None, *, coupure: int = 0
    ) -> Reponse | None:
        """POST; None when nothing came back."""
        entetes = {
            "Authorization": f"Bearer {await self.jeton()}",
            "Idempotency-Key": cle,
            "X-Coupure": str(coupure),
            **({"If-Match": f'"{version}"'} if version is not None else {}),
        }
        answer = recu = None
        try:
            async with self.http.stream("POST", chemin, json=corps, headers=entetes) as answer:
                recu = await answer.aread()
        except (httpx.NetworkError, httpx.RemoteProtocolError):
            if answer is None:
                return None
        self._vie = answer.headers["X-Vie"]
        return Reponse(answer.status_code, answer.headers, recu)

    async def _repos(self) -> None:
        """Wait until PostgreSQL has seen that its client is dead."""
        ouvertes = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'jalons' AND xact_start IS NOT NULL"
        )
        while self.base.execute(ouvertes).fetchone() != (0,):
            await asyncio.sleep(0.001)

    def _lignes(self) -> Lignes:
        """Every row of every table, whomever it belongs to; a request counts even if it dies."""
        tables = self.base.execute(
            "SELECT relname FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND relname NOT IN ('quota', 'personne_lue', 'volume_lu')"
        )
        lire = SQL(" UNION ALL ").join(
            SQL("SELECT {}, to_jsonb(t)::text FROM {} t").format(Literal(nom), Identifier(nom))
            for (nom,) in tables
        )
        return frozenset(self.base.execute(lire).fetchall())


def _ecart(avant: Lignes, apres: Lignes) -> Ecart:
    """What went and what came."""
    parties = {("-", *ligne) for ligne in avant - apres}
    return frozenset(parties | {("+", *ligne) for ligne in apres - avant})


def _forme(effet: Ecart) -> Counter[tuple[str, str]]:
    return Counter((signe, table) for signe, table, _ in effet)


def _verifier(effet: Ecart) -> None:
    """An effect has its event and its kept answer, and moves each version by one."""
    lignes = [(signe, table, json.loads(ligne)) for signe, table, ligne in effet]
    assert [une["statut"] for _, table, une in lignes if table == "idempotence"] == [201]
    assert any(table == "evenement" for _, table, _ in lignes)
    versions: dict[Any, dict[str, int]] = {}
    for signe, table, une in lignes:
        if "version" in une and table != "evenement":
            versions.setdefault((table, une["id"]), {})[signe] = une["version"]
    assert versions
    assert all(une["+"] == une.get("-", 0) + 1 for une in versions.values())


@pytest.fixture(scope="module")
def installation(neuve: Callable[[], Installation]) -> Iterator[Installation]:
    """A whole Jalons whose services die where they are told to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "uvicorn", coupure.commande)
        with neuve().en_marche() as found:
            yield found


@pytest_asyncio.fixture(scope="module")
async def bancs(installation: Installation) -> AsyncIterator[Mapping[str, Banc]]:
    """The three services, a parcours open; the worker is gone, so that only commands write."""
    assert installation._serveur is not None
    async with contextlib.AsyncExitStack() as stack:
        found: dict[str, Banc] = {}
        for nom, portees in PORTEES.items():
            # A connection kept would be one that a dead process has left.
            http = await stack.enter_async_context(
                httpx.AsyncClient(
                    base_url=installation.adresses.service(nom),
                    limits=httpx.Limits(max_keepalive_connections=0),
                    timeout=30,
                    trust_env=False,
                )
            )
            jetons = Jetons(
                emetteur=Emetteur(installation.adresses.emetteur, http),
                client_id=CLIENT,
                secret=installation.secret(CLIENT),
            )
            url = installation._serveur.url(f"jalons_{nom}")
            found[nom] = Banc(
                http,
                functools.partial(jetons.obtenir, portees, CODE),
                stack.enter_context(psycopg.connect(url, autocommit=True)),
            )
            await found[nom].creer("/v1/collectivites", COLLECTIVITE)
        for organisme in ORGANISMES:
            await found["orientation"].creer("/v1/organismes-referents", organisme)
        orientation = await _ouvrir_orientation(found["orientation"])
        await found["orientation"].creer(f"{orientation}/criteres", criteres(), 1)
        await found["orientation"].creer(f"{orientation}/decisions", ACCEPTEE, 2)
        async with asyncio.timeout(60):
            while found["parcours"].base.execute("SELECT FROM parcours").fetchone() is None:
                await asyncio.sleep(0.05)
        installation.tuer("travailleur")
        yield found


async def _ouvrir_orientation(banc: Banc) -> str:
    personne = await banc.creer("/v1/personnes", PERSONNE)
    orientation = await banc.creer("/v1/orientations", {"personne_id": personne["id"]})
    return f"/v1/orientations/{orientation['id']}"


@pytest_asyncio.fixture(scope="module")
async def action_id(bancs: Mapping[str, Banc]) -> str:
    """An action with places and euros for all."""
    banc = bancs["financement"]
    convention = await banc.creer("/v1/conventions", CONVENTION)
    enveloppe = await banc.creer("/v1/enveloppes", {"reference": "e"})
    await banc.creer(f"/v1/enveloppes/{enveloppe['id']}/ouvertures", OUVERTURE, 1)
    action = {
        "code": "a",
        "libelle": "Une action",
        "mode_capacite": "stock",
        "places_ouvertes": 10_000,
        "cle": [{"enveloppe_id": enveloppe["id"], "numerateur": 1, "denominateur": 1}],
    }
    created = await banc.creer(f"/v1/conventions/{convention['id']}/actions", action)
    return str(created["id"])


# What is cut by default in each service is the command that draws the most with it; the others
# are given whole then, and cut with --complet.


async def test_orientation(bancs: Mapping[str, Banc], complet: bool) -> None:
    banc = bancs["orientation"]
    autre = banc.eprouver if complet else banc.creer

    async def tour() -> None:
        orientation = await _ouvrir_orientation(banc)
        await autre(f"{orientation}/criteres", criteres(), 1)
        await banc.eprouver(f"{orientation}/decisions", ACCEPTEE, 2)

    await banc.tuer_partout(tour)


async def test_financement(
    installation: Installation, bancs: Mapping[str, Banc], action_id: str, complet: bool
) -> None:
    """And the journal is without gap, chained, and proves every balance."""
    banc = bancs["financement"]
    autre = banc.eprouver if complet else banc.creer

    async def tour() -> None:
        enveloppe = await banc.creer("/v1/enveloppes", {"reference": uuid4().hex})
        await autre(f"/v1/enveloppes/{enveloppe['id']}/ouvertures", OUVERTURE, 1)
        demande = {"action_id": action_id, "places": 1, "montant_centimes": 10}
        demande["beneficiaire_ref"] = str(uuid4())
        reservation = await banc.eprouver("/v1/reservations", demande)
        await autre(f"/v1/reservations/{reservation['id']}/confirmations", {})

    await banc.tuer_partout(tour)
    base = BaseDeDonnees(installation._bases["financement"].service)
    async with base.transaction(Acces(CLIENT, CODE, frozenset())) as tx:
        assert await verifier_journal(tx) == []
    await base.aclose()


async def test_parcours(bancs: Mapping[str, Banc], action_id: str, complet: bool) -> None:
    """And financement, which it calls, holds one reservation for each prescription."""
    banc, financement = bancs["parcours"], bancs["financement"]
    autre = banc.eprouver if complet else banc.creer
    (parcours_id,) = banc.base.execute("SELECT id FROM parcours").fetchone() or ()
    avant = _reservations(financement, "reservation", "id")

    async def tour() -> None:
        frein = await autre(f"/v1/parcours/{parcours_id}/freins", FREIN)
        demande = {"frein_id": frein["id"], "action_id": action_id, "montant_centimes": 10}
        prescription = await banc.eprouver("/v1/prescriptions", demande)
        await autre(f"/v1/prescriptions/{prescription['id']}/confirmations", {})
        await autre(f"/v1/freins/{frein['id']}/abandons", ABANDON, 2)

    await banc.tuer_partout(tour)
    prises = Counter(_reservations(financement, "reservation", "id")) - Counter(avant)
    assert prises == Counter(_reservations(banc, "prescription", "reservation_id"))


def _reservations(banc: Banc, table: str, colonne: str) -> list[Any]:
    lire = SQL("SELECT {} FROM {}").format(Identifier(colonne), Identifier(table))
    return [row[0] for row in banc.base.execute(lire)]
