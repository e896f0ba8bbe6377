"""A client of Jalons, written as a partner's information system would write it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Iterable
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx

from deploy.local.services import Adresses
from shared.clients.emetteur import Emetteur
from shared.clients.jetons import Jetons

_ENSEMBLE = 16

Json = dict[str, Any]


class Refusee(Exception):
    """A request was refused: its code, as the service gave it."""

    def __init__(self, status: int, code: str, probleme: Json) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.probleme = probleme


class Partenaire:
    """A client of the three services, in one collectivité, as an information system writes it."""

    def __init__(
        self,
        adresses: Adresses,
        http: httpx.AsyncClient,
        *,
        client_id: str,
        secret: str,
        collectivite: str,
        portees: Iterable[str],
    ) -> None:
        self._adresses = adresses
        self._http = http
        self._jetons = Jetons(
            emetteur=Emetteur(adresses.emetteur, http), client_id=client_id, secret=secret
        )
        self._collectivite = collectivite
        self._portees = tuple(portees)
        self._ensemble = asyncio.Semaphore(_ENSEMBLE)

    async def lire(self, service: str, chemin: str, **query: Any) -> Json:
        """GET one resource or one page."""
        # With nothing to add, the query that an address already bears is kept.
        return await self._envoyer("GET", service, chemin, params=query or None)

    async def tout(self, service: str, chemin: str, **query: Any) -> AsyncIterator[Json]:
        """GET a whole collection, page by page."""
        page = await self.lire(service, chemin, limite=200, **query)
        while True:
            for element in page["elements"]:
                yield element
            suivant = page["pagination"]["suivant"]
            if suivant is None:
                return
            page = await self._envoyer("GET", service, suivant)

    async def ecrire(
        self, service: str, chemin: str, corps: Json, *, cle: str, version: int | None = None
    ) -> Json:
        """POST a command, under a key of its own: sent again, it has no other effect."""
        headers = {"Idempotency-Key": str(uuid5(NAMESPACE_URL, f"{self._collectivite}:{cle}"))}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await self._envoyer("POST", service, chemin, json=corps, headers=headers)

    async def modifier(self, service: str, chemin: str, corps: Json, *, version: int) -> Json:
        """PATCH what changes of a resource, at the version that was read."""
        headers = {
            "If-Match": f'"{version}"',
            "Content-Type": "application/merge-patch+json",
        }
        contenu = json.dumps(corps)
        return await self._envoyer("PATCH", service, chemin, content=contenu, headers=headers)

    async def deposer(
        self,
        chemin: str,
        contenu: bytes,
        *,
        cle: str,
        media: str = "application/xml",
        service: str = "orientation",
    ) -> Json:
        """POST a file."""
        headers = {
            "Idempotency-Key": str(uuid5(NAMESPACE_URL, cle)),
            "Content-Type": media,
        }
        return await self._envoyer("POST", service, chemin, content=contenu, headers=headers)

    async def jeton(self, service: str) -> str:
        """A token for one service, with every scope that this client has there."""
        ours = (
            portee
            for portee in self._portees
            if portee.partition(":")[0].partition(".")[0] == service
        )
        return await self._jetons.obtenir(" ".join(ours), self._collectivite)

    async def _envoyer(self, methode: str, service: str, chemin: str, **rest: Any) -> Json:
        headers = {
            "Authorization": f"Bearer {await self.jeton(service)}",
            **rest.pop("headers", {}),
        }
        url = chemin if chemin.startswith("http") else self._adresses.service(service) + chemin
        async with self._ensemble:
            answer = await self._http.request(methode, url, headers=headers, **rest)
        if answer.is_success:
            found: Json = answer.json()
            return found
        probleme = answer.json()
        raise Refusee(answer.status_code, probleme["code"], probleme)


async def une_fois(envoi: Awaitable[Json]) -> None:
    """Do what may be done already: a reference that exists is what we wanted."""
    try:
        await envoi
    except Refusee as refus:
        if refus.code != "reference-externe-existante":
            raise


async def par_reference(si: Partenaire, chemin: str) -> dict[str, Json]:
    """Read a whole collection of financement, by reference."""
    return {one["reference"]: one async for one in si.tout("financement", chemin)}
