"""data·inclusion's catalogue of services, v1, as our worker reads it: whole, and suspicious of it.

Its pages are offsets, which move while they are read: one may come twice, another not at all.
What is read is one record by identifier, as they write it: who uses it picks, and drops contacts.

Source: partners.md §4; gip-inclusion/data-inclusion, api v1 (routes, parameters, pagination).
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
import stamina
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from shared.clients.france_travail.reprises import attente_s
from shared.clients.partenaires import Adresse
from shared.schemas.commun import CodeCommune

Json = Mapping[str, Any]
_A_REPRENDRE = frozenset({429, 500, 502, 503, 504})
_PAGES_MAX = 1000


class AccesDataInclusion(BaseModel):
    """One collectivité's way in. Without one, nothing is asked of data·inclusion for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Adresse
    jeton: SecretStr = Field(min_length=1)
    # From each, what is at a distance or within their 50 km: the neighbours' too.
    communes: list[CodeCommune] = Field(default=[], max_length=50)
    taille: int = Field(default=1000, ge=1, le=10_000)  # of a page: they take no more
    delai_s: float = Field(default=30, gt=0, le=120)  # of one call
    essais: int = Field(default=4, ge=1, le=10)
    patience_s: float = Field(default=60, ge=0, le=300)  # the longest that they are waited for


class ErreurDataInclusion(Exception):
    """A call that gave nothing.

    Attributes:
        code: what a log or a person may read: a status, or a word of ours.
        a_reprendre: whether the same call may succeed later.
    """

    def __init__(self, code: str, *, a_reprendre: bool, retry_after: str | None = None) -> None:
        super().__init__(code)
        self.code, self.a_reprendre, self.retry_after = code, a_reprendre, retry_after


@dataclass
class Lecture:
    """What was read of a catalogue.

    Args:
        services: by identifier, as they write them.
        doublons: rows that came again.
        manquants: how many more there were, by their own count.
    """

    services: dict[str, Json] = field(default_factory=dict)
    doublons: int = 0
    manquants: int = 0

    def ajouter(self, autre: "Lecture") -> None:
        """Add what another reading found: a service of both is no duplicate."""
        self.services |= autre.services
        self.doublons += autre.doublons
        self.manquants += autre.manquants


class _Page(BaseModel):
    items: list[dict[str, Any]]
    total: int = Field(ge=0)
    pages: int = Field(ge=0)


class DataInclusion:
    """The client of one collectivité."""

    def __init__(self, acces: AccesDataInclusion, client: httpx.AsyncClient) -> None:
        self._acces = acces
        self._client = client

    async def lister(self, departement: str, thematiques: Sequence[str]) -> Lecture:
        """Read the services whose place is in a département.

        Raises:
            ErreurDataInclusion: they did not answer, or not to the end.
        """
        params = {"code_departement": departement, "thematiques": list(thematiques)}
        return await self._tout("/services", params)

    async def chercher(self, commune: str, *, thematiques: Sequence[str]) -> Lecture:
        """Read the services for a commune: near it, or at a distance, whose zone holds it.

        Raises:
            ErreurDataInclusion: they did not answer, or not to the end.
        """
        params = {"code_commune": commune, "thematiques": list(thematiques)}
        return await self._tout("/search/services", params)

    async def lire_service(self, reference: str) -> Json | None:
        """Read one; None: they say that there is none.

        Raises:
            ErreurDataInclusion: they did not answer.
        """
        found = await self._appeler(f"/services/{quote(reference, safe='')}", {})
        if found is None or isinstance(found, dict):
            return found
        raise ErreurDataInclusion("illisible", a_reprendre=False)

    async def _tout(self, chemin: str, params: Mapping[str, Any]) -> Lecture:
        found, numero, lues = Lecture(), 1, 0
        while True:
            said = await self._appeler(
                chemin, {**params, "page": numero, "size": self._acces.taille}
            )
            try:
                page = _Page.model_validate(said)
                # A search gives each with its distance.
                records = [une.get("service", une) for une in page.items]
                found.services |= {str(un["id"]): un for un in records}
            except (ValidationError, LookupError, AttributeError):
                raise ErreurDataInclusion("illisible", a_reprendre=False) from None
            lues += len(records)
            if numero >= min(page.pages, _PAGES_MAX):
                found.doublons = lues - len(found.services)
                found.manquants = max(0, page.total - len(found.services))
                return found
            numero += 1

    async def _appeler(self, chemin: str, params: Mapping[str, Any]) -> Any:
        """Call, and again while it may mend and they ask for no more than our patience."""
        essai = 0

        def pause(error: Exception) -> bool | float:
            if not isinstance(error, ErreurDataInclusion) or not error.a_reprendre:
                return False
            wait = attente_s(
                error.retry_after, essai, hasard=random.random(), maintenant=datetime.now(UTC)
            )
            return wait if wait <= self._acces.patience_s else False

        async for attempt in stamina.retry_context(
            on=pause, attempts=self._acces.essais, timeout=None
        ):
            with attempt:
                essai = attempt.num
                return await self._une_fois(chemin, params)
        raise AssertionError("stamina lève la dernière erreur")

    async def _une_fois(self, chemin: str, params: Mapping[str, Any]) -> Any:
        url = f"{self._acces.url.rstrip('/')}/api/v1{chemin}"
        jeton = self._acces.jeton.get_secret_value()
        try:
            async with asyncio.timeout(self._acces.delai_s):
                answer = await self._client.get(
                    url,
                    params={nom: valeur for nom, valeur in params.items() if valeur},
                    headers={"Authorization": f"Bearer {jeton}"},
                    timeout=None,
                )
        except (httpx.HTTPError, OSError):  # TimeoutError is one
            raise ErreurDataInclusion("sans-reponse", a_reprendre=True) from None
        if answer.status_code == 404:
            return None
        if not answer.is_success:
            raise ErreurDataInclusion(
                str(answer.status_code),
                a_reprendre=answer.status_code in _A_REPRENDRE,
                retry_after=answer.headers.get("Retry-After"),
            )
        try:
            return answer.json()
        except ValueError:
            raise ErreurDataInclusion("illisible", a_reprendre=False) from None
