"""A worker killed in the midst of its calls to other platforms: what they did is done once here.

One kill for all three: an invitation that has left, a reading of immersion-facile, another of
data·inclusion.
"""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deploy.local.partenaire import Json, Partenaire
from deploy.local.services import SERVICES, Installation
from tests.api.orientation.conftest import PERSONNE, criteres
from tests.doubles import data_inclusion, immersion_facile, rdv_insertion
from tests.jours import aujourdhui
from tests.system.conftest import departement

_ATTENTE_S = 30
_CLE = "cle-d-essai"


@dataclass
class Portier:
    """Lets calls through, until one whose path says `retenu`: done there, it is never answered."""

    app: ASGIApp
    retenu: str
    laisses: int = 0
    atteint: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        retenir = scope["type"] == "http" and self.retenu in scope["path"]
        if retenir and not self.atteint.is_set():
            self.laisses -= 1
            if self.laisses < 0:
                await self.app(scope, receive, _taire)
                self.atteint.set()
                while (await receive())["type"] != "http.disconnect":
                    pass
                return
        await self.app(scope, receive, send)


async def _taire(_: Message) -> None:
    """What the caller will not hear."""


@contextmanager
def servi(app: ASGIApp) -> Iterator[str]:
    """Serve on loopback, from a thread of its own."""
    prise = socket.socket()
    prise.bind(("127.0.0.1", 0))
    serveur = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    fil = threading.Thread(target=serveur.run, args=([prise],), daemon=True)
    fil.start()
    try:
        yield f"http://127.0.0.1:{prise.getsockname()[1]}"
    finally:
        serveur.should_exit = serveur.force_exit = True
        fil.join(10)
        prise.close()


@dataclass(frozen=True)
class Dehors:
    """The three platforms, and who holds a call of each."""

    rdvi: rdv_insertion.Monde
    portiers: list[Portier]


@pytest.fixture
def dehors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dehors]:
    """Each knows something; what is told to the installation is where they are."""
    rdvi = rdv_insertion.Monde()
    immersions = immersion_facile.Monde(_CLE)
    debut = aujourdhui()
    for jours in (1, 2):
        fin = debut + timedelta(days=jours)
        immersions.poser(str(uuid4()), dateStart=debut.isoformat(), dateEnd=fin.isoformat())
    catalogue = data_inclusion.Catalogue()
    for _ in range(3):
        catalogue.ajouter()
    portiers = [
        Portier(rdv_insertion.app(rdvi), "create_and_invite"),
        Portier(immersion_facile.app(immersions), "/v2/conventions", laisses=4),
        Portier(data_inclusion.app(catalogue), "/services", laisses=1),
    ]
    with ExitStack() as stack:
        invite, lit, synchronise = (stack.enter_context(servi(un)) for un in portiers)
        api = {
            "url_api": f"{invite}/api/v1",
            "url_connexion": f"{invite}/api/v1",
            "email": rdv_insertion.EMAIL,
            "mot_de_passe": rdv_insertion.MOT_DE_PASSE,
            "organisations": {"cd": rdv_insertion.ORGANISATION},
        }
        acces: dict[str, Json] = {
            "ORIENTATION_RDV_INSERTION": {"secrets": ["secret-de-l-organisation"], "api": api},
            "PARCOURS_IMMERSION_FACILE": {"url_api": lit, "cle": _CLE},
            "PARCOURS_DATA_INCLUSION": {
                "url": synchronise,
                "jeton": catalogue.jeton,
                "taille": 1,
            },
        }
        for nom, un in acces.items():
            monkeypatch.setenv(f"JALONS_{nom}", json.dumps({"35D": un}))
        yield Dehors(rdvi, portiers)


async def preparer(si: Partenaire) -> None:
    """35D, where a person may be invited, and one decided."""
    for service in SERVICES:
        corps: Json = {
            "code": "35D",
            "libelle": "Essai",
            "ideparte": "035",
            "fuseau": "Europe/Paris",
        }
        await si.ecrire(service, "/v1/collectivites", corps, cle=f"ouvrir:{service}")
    for reference, type_ in (("cd", "conseil_departemental"), ("ft", "france_travail")):
        organisme: Json = {
            "reference": reference,
            "type": type_,
            "nom": reference,
            "clients": ["si-departement-35"],
        }
        await si.ecrire("orientation", "/v1/organismes-referents", organisme, cle=type_)
    reglage: Json = {"envoi": True, "categorie": "rsa_accompagnement"}
    await si.ecrire("orientation", "/v1/reglages-invitations", reglage, cle="reglage")
    personne = await si.ecrire("orientation", "/v1/personnes", PERSONNE, cle="personne")
    ouverte = await si.ecrire(
        "orientation", "/v1/orientations", {"personne_id": personne["id"]}, cle="orientation"
    )
    chemin = f"/v1/orientations/{ouverte['id']}"
    await si.ecrire("orientation", f"{chemin}/criteres", criteres(), cle="criteres", version=1)
    organismes = [un async for un in si.tout("orientation", "/v1/organismes-referents")]
    decision: Json = {
        "etat_decision": "refusee",
        "motif_refus": "appreciation_differente",
        "type_parcours": "social",
        "organisme_referent_id": next(un["id"] for un in organismes if un["reference"] == "cd"),
    }
    await si.ecrire("orientation", f"{chemin}/decisions", decision, cle="decision", version=2)


async def jusqu_a(question: Callable[[], Any]) -> Any:
    """Ask until it says something."""
    async with asyncio.timeout(_ATTENTE_S):
        while True:
            found = await question()
            if found:
                return found
            await asyncio.sleep(0.2)


async def test_what_a_killed_worker_asked_of_others_is_done_once(
    dehors: Dehors, neuve: Callable[[], Installation]
) -> None:
    """Planted: the attempt not written before it leaves, the invitation refused for good, red."""
    with neuve().en_marche() as installation:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            si = departement(installation, http, "35D")
            installation.tuer("travailleur")
            await preparer(si)
            await asyncio.to_thread(installation.relancer, "travailleur", attendre=False)
            for portier in dehors.portiers:
                assert await asyncio.to_thread(portier.atteint.wait, _ATTENTE_S), portier.retenu
            installation.tuer("travailleur")

            async def lus(service: str, chemin: str) -> list[Json]:
                return [un async for un in si.tout(service, chemin)]

            assert [un["statut"] for un in await lus("orientation", "/v1/invitations")] == [
                "a_faire"
            ]
            (commencee,) = await lus("parcours", "/v1/synchronisations-data-inclusion")
            assert commencee["statut"] == "en_cours"
            _finir_les_baux(installation)
            await asyncio.to_thread(installation.relancer, "travailleur", attendre=False)

            async def invitee() -> bool:
                (une,) = await lus("orientation", "/v1/invitations")
                return bool(une["statut"] != "a_faire")

            async def synchronisee() -> bool:
                chemin = "/v1/synchronisations-data-inclusion"
                statuts = {un["statut"] for un in await lus("parcours", chemin)}
                return statuts == {"echouee", "terminee"}

            async def lue() -> bool:
                bilan = await si.lire("parcours", "/v1/conventions-immersion/bilan")
                return bilan["lue_le"] is not None

            for fait in (invitee, synchronisee, lue):
                await jusqu_a(fait)
            # They refuse to invite again, so nobody knows: one message left, and no more.
            assert [un["statut"] for un in await lus("orientation", "/v1/invitations")] == [
                "incertaine"
            ]
            assert len(dehors.rdvi.messages) == 1
            assert len(await lus("parcours", "/v1/conventions-immersion")) == 2
            assert len(await lus("parcours", "/v1/offres")) == 3
            feed = await si.lire("parcours", "/v1/changements", limite=200)
            recues = [un["type"] for un in feed["elements"] if un["type"].endswith(".recue")]
            assert len(recues) == 2


def _finir_les_baux(installation: Installation) -> None:
    """As long after as each lease lasts."""
    for nom, sql in (
        ("orientation", "UPDATE invitation_rdv_insertion SET reprendre_le = now()"),
        ("parcours", "UPDATE lecture_immersions SET reprendre_le = now()"),
        (
            "parcours",
            "UPDATE synchronisation_data_inclusion SET cree_le = cree_le - interval '3 hours'",
        ),
    ):
        with psycopg.connect(installation._bases[nom].proprietaire, autocommit=True) as base:
            base.execute("SELECT set_config('app.collectivite', '35D', false)")
            base.execute(sql)
