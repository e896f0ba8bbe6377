"""A call to a sibling: typed, bounded, repeatable, and one language of refusals."""

import asyncio
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel

from shared import contexte
from shared.clients.jetons import Jetons
from shared.refus import STATUTS, DependanceIndisponible, Refus

M = TypeVar("M", bound=BaseModel)


class RefusVoisin(Refus):
    """What a sibling refused, told again as it said it."""

    def __init__(self, probleme: dict[str, Any]) -> None:
        self.code = probleme["code"]
        self.detail = probleme.get("detail")
        ours = {"type", "title", "status", "code", "detail", "instance", "correlation"}
        super().__init__(**{name: value for name, value in probleme.items() if name not in ours})


class Voisin:
    """A sibling service, for one collectivité, under the scopes that the calls need."""

    def __init__(
        self,
        *,
        url: str,
        portees: str,
        collectivite: str,
        jetons: Jetons,
        client: httpx.AsyncClient,
    ) -> None:
        self._url = url.rstrip("/")
        self._portees = portees
        self._collectivite = collectivite
        self._jetons = jetons
        self._client = client

    async def _get(self, chemin: str, modele: type[M], *, delai_s: float = 2, **query: Any) -> M:
        answer = await self._send("GET", chemin, delai_s=delai_s, params=query)
        return modele.model_validate_json(answer.content)

    async def _post(
        self,
        chemin: str,
        demande: BaseModel,
        modele: type[M],
        *,
        cle: str,
        essai: bool = False,
        version: int | None = None,
        transmise: bool = False,
    ) -> M:
        answer = await self._send(
            "POST",
            chemin,
            delai_s=2,
            transmise=transmise,
            content=demande.model_dump_json(),
            headers={"Content-Type": "application/json", "Idempotency-Key": cle}
            | ({} if version is None else {"If-Match": f'"{version}"'}),
            params={"essai": "true"} if essai else {},
        )
        return modele.model_validate_json(answer.content)

    async def _send(
        self,
        methode: str,
        chemin: str,
        *,
        delai_s: float,
        headers: dict[str, str] | None = None,
        transmise: bool = False,
        **rest: Any,
    ) -> httpx.Response:
        """Send once: no loop of retries on a request, the caller repeats, and may.

        Args:
            transmise: the values are those of our own caller, under the same names.

        Raises:
            RefusVoisin: the sibling said 404 or 409, or 422 of what was handed on: so do we.
            DependanceIndisponible: anything else than a success.
        """
        token = await self._jetons.obtenir(self._portees, self._collectivite)
        delai_s, carried = contexte.en_tetes(delai_s)
        try:
            # httpx bounds each step: a sibling that drips its answer would outlast them all.
            async with asyncio.timeout(delai_s):
                answer = await self._client.request(
                    methode,
                    self._url + chemin,
                    headers={"Authorization": f"Bearer {token}", **carried, **(headers or {})},
                    timeout=None,
                    **rest,
                )
        except (httpx.HTTPError, TimeoutError):
            raise DependanceIndisponible from None
        if answer.is_success:
            return answer
        if answer.status_code in (404, 409, 410, 422):
            try:
                probleme = answer.json()
            except ValueError:
                probleme = {}
            # While two versions run, the other may refuse by a code that is not ours yet.
            # What was wrong in our own request is ours to mend, save a key used otherwise and what
            # we hand on.
            code = probleme.get("code") if isinstance(probleme, dict) else None
            if code in STATUTS and (transmise or code != "validation"):
                raise RefusVoisin(probleme)
        raise DependanceIndisponible
