"""Parcours through the door: opened as in life, by a decision that the feed tells."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from services.parcours.taches import TRAVAIL
from shared.schemas.commun import Operation
from shared.socle.evenements import Fait, publier
from shared.socle.ids import new_id
from shared.socle.service import Service
from shared.socle.suivi import un_tour
from tests.conftest import URLS, Client, Connecter, Reseau

ORDINAIRES = "parcours:lire parcours:ecrire"


class Orientation:
    """Orientation on the wire: its feed is the real one, its orientations are told here."""

    def __init__(self, app: ASGIApp, service: Service, collectivite: str) -> None:
        self._app = app
        self._service = service
        self._collectivite = collectivite
        self.orientations: dict[str, dict[str, Any]] = {}

    def dans(self, collectivite: str) -> "Orientation":
        """The same service, which decides and tells in another collectivité."""
        found = Orientation(self._app, self._service, collectivite)
        found.orientations = self.orientations
        return found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer for one orientation; the rest is the real app's."""
        told = ("/v1/orientations/", "/v1/reorientations/", "/v1/mouvements/")
        if not scope["path"].startswith(told):
            await self._app(scope, receive, send)
            return
        found = self.orientations.get(scope["path"].rsplit("/", 1)[-1])
        problem = {"code": "introuvable", "title": "Ressource introuvable"}
        answer = JSONResponse(found or problem, 200 if found else 404)
        await answer(scope, receive, send)

    async def decider(self, personne_id: UUID | None = None, **champs: Any) -> dict[str, Any]:
        """Record a decision, and tell the feed."""
        orientation = {
            "id": str(new_id()),
            "version": 2,
            "cree_le": "2026-03-02T08:15:00Z",
            "modifie_le": "2026-03-03T11:15:00Z",
            "personne_id": str(personne_id or uuid4()),
            "origine": "saisie",
            "statut": "ouverte",
            "recu_le": "2026-03-02T08:15:00Z",
            "date_limite": "2026-04-13",
            "criteres": [],
            "champs_masques": [],
            "proposition_id": str(new_id()),
            "decision_id": str(new_id()),
            "type_parcours": "social",
            "organisme_referent_id": str(new_id()),
            "date_effet": "2026-03-09",
            "place": None,
            "date_notification": None,
            "annulation_id": None,
            **champs,
        }
        self.orientations[str(orientation["id"])] = orientation
        await self.redire(orientation)
        return orientation

    async def notifier(self, orientation: dict[str, Any], date_notification: str) -> None:
        """Record when the decision was received, and tell the feed."""
        orientation["date_notification"] = date_notification
        await self.redire(orientation, "orientation.notification.enregistree")

    async def demander(self, orientation: dict[str, Any], **champs: Any) -> dict[str, Any]:
        """Ask for a réorientation right after the diagnostic, and tell the feed."""
        reorientation = {
            "id": str(new_id()),
            "version": 1,
            "cree_le": "2026-03-20T08:15:00Z",
            "modifie_le": "2026-03-20T08:15:00Z",
            "orientation_id": orientation["id"],
            "statut": "en_attente",
            "demandeur": "organisme",
            "organisme_demandeur_id": orientation["organisme_referent_id"],
            "moment": "apres_diagnostic",
            "motif": "diagnostic_global",
            "commentaire": None,
            "diagnostic_id": None,
            "type_parcours_propose": "professionnel",
            "organisme_propose_id": str(new_id()),
            "date_demande": "2026-03-20",
            "date_limite_reponse": "2026-04-04",
            "etat_reponse": "attendue",
            "date_limite_avis": None,
            "etat_avis": "non_requise",
            "actes": [],
            "orientation_suivante_id": None,
            "contrat": {"effet": "delai_interrompu", "date_limite": None, "source": "D5411-8-2"},
            **champs,
        }
        self.orientations[str(reorientation["id"])] = reorientation
        await self.redire(reorientation, "orientation.reorientation.demandee")
        return reorientation

    async def mouvoir(self, type_: str, *personne_ids: str, **champs: Any) -> dict[str, Any]:
        """Say what a flux told of a foyer, or of a person, and tell the feed."""
        mouvement = {
            "id": str(new_id()),
            "version": 1,
            "type": type_,
            "dossier_id": str(new_id()),
            "personne_id": None,
            "import_id": str(new_id()),
            "date_reference": "2026-06-30",
            "motif": None,
            "version_flux": "VRSB0801",
            "cree_le": "2026-07-01T04:00:00Z",
            "personne_ids": list(personne_ids),
            **champs,
        }
        self.orientations[str(mouvement["id"])] = mouvement
        await self.redire(mouvement, f"orientation.mouvement.{type_}")
        return mouvement

    async def redire(
        self, ressource: dict[str, Any], fait: str = "orientation.decision.enregistree"
    ) -> None:
        """Tell the feed of a decision, or of another fact, again or for the first time."""
        told = Fait(
            fait,
            "reorientations" if ".reorientation." in fait else "orientations",
            UUID(ressource["id"]),
            ressource["version"],
            Operation.MODIFICATION,
        )
        acces = self._service.acces_interne(self._collectivite)
        async with self._service.base.transaction(acces) as tx:
            await publier(tx, told)


@pytest.fixture
def orientation(
    services: Mapping[str, Service], reseau: Reseau, ouverte: str, monkeypatch: pytest.MonkeyPatch
) -> Orientation:
    """The sibling whose decisions open parcours."""
    host = httpx.URL(URLS["orientation"]).host
    found = Orientation(reseau.apps[host], services["orientation"], ouverte)
    monkeypatch.setitem(reseau.apps, host, found)
    return found


class Horloge:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 7, 1, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        """What time it is."""
        return self.instant

    def avancer(self, duree: timedelta) -> None:
        """Let time pass."""
        self.instant += duree


@pytest.fixture(autouse=True)
def horloge(services: Mapping[str, Service], monkeypatch: pytest.MonkeyPatch) -> Horloge:
    """One time for parcours and financement."""
    found = Horloge()
    for nom in ("parcours", "financement"):
        monkeypatch.setattr(services[nom], "horloge", found)
    return found


async def ensemble(
    client: Client, *requetes: Coroutine[Any, Any, httpx.Response]
) -> list[httpx.Response]:
    """Send requests at once, on warm connections: opening one takes longer than a command."""
    await asyncio.gather(*(client.get("/v1/parcours") for _ in requetes))
    return await asyncio.gather(*requetes)


Suivre = Callable[[], Coroutine[Any, Any, int]]


@pytest.fixture
def suivre(services: Mapping[str, Service], ouverte: str) -> Suivre:
    """One look of the worker at orientation's feed."""

    async def look() -> int:
        return await un_tour(services["parcours"], TRAVAIL.suivis[0], ouverte, attente_s=0)

    return look


@pytest.fixture
def jour(horloge: Horloge) -> date:
    """The civil day of the collectivité, and of UTC."""
    return horloge().date()


@pytest.fixture
def hier(jour: date) -> date:
    """The day before."""
    return jour - timedelta(days=1)


@pytest_asyncio.fixture
async def parcours_id(
    orientation: Orientation, suivre: Suivre, connecter: Connecter
) -> AsyncIterator[str]:
    """An open parcours."""
    decidee = await orientation.decider()
    await suivre()
    found = await connecter("parcours").get(f"/v1/parcours?personne_id={decidee['personne_id']}")
    yield found.json()["elements"][0]["id"]


Observer = Callable[..., Coroutine[Any, Any, httpx.Response]]


@pytest.fixture
def observer(connecter: Connecter, parcours_id: str, hier: date) -> Observer:
    """Observe a frein of the open parcours for the first time."""
    everything = connecter("parcours")

    async def observe(
        code: str = "mobilite", *, client: Client = everything, **champs: Any
    ) -> httpx.Response:
        demande = {
            "code": code,
            "niveau": None if code == "handicap" else "fort",
            "date_observation": str(hier),
            "source": "referent",
            **champs,
        }
        return await client.post(f"/v1/parcours/{parcours_id}/freins", demande)

    return observe
