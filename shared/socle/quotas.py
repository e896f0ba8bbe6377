"""Quotas: so many requests of a class in a window, per client and collectivité (guide, 17.1).

One row a counter, one statement that commits by itself: every process and replica counts in the
same place, before the request's own transaction begins. A request that is refused afterwards has
been made all the same.
"""

import asyncio
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from sqlalchemy import text
from starlette.requests import Request

from shared.refus import Refus
from shared.socle.auth import Acces
from shared.socle.db import ATTENTE_REQUETE, BaseDeDonnees
from shared.socle.reglages import Reglages

FENETRES_S = {"ecriture": 60, "job": 3600, "lecture": 60, "recherche": 60}

# Whom it counts for is set by the statement itself, before its row is written: row-level security
# holds, and there is no other round trip. The window opens with its first request. That commit does
# not wait for the disk: a crash may forget a few requests, which harms nobody.
_COMPTER = text(
    "WITH pour AS MATERIALIZED ("
    "SELECT set_config('app.collectivite', :collectivite, true) AS collectivite,"
    " set_config('synchronous_commit', 'off', true) AS validation,"
    f" set_config('lock_timeout', '{ATTENTE_REQUETE}', true) AS attente)"
    " INSERT INTO quota AS q (collectivite, client_id, classe, ouvert_le, nombre)"
    " SELECT collectivite, :client_id, :classe, :instant, :ajout FROM pour"
    " ON CONFLICT (collectivite, client_id, classe) DO UPDATE SET"
    " ouvert_le = CASE WHEN q.ouvert_le <= :clos THEN EXCLUDED.ouvert_le ELSE q.ouvert_le END,"
    " nombre = EXCLUDED.nombre"
    " + CASE WHEN q.ouvert_le <= :clos THEN 0 ELSE least(q.nombre, :admis) END"
    " RETURNING ouvert_le, nombre"
)


class QuotaDepasse(Refus):
    """Too many requests of one class: the answer says which, and when to come back."""

    code = "quota-depasse"

    def __init__(self, classe: str, attente_s: int, entetes: Mapping[str, str]) -> None:
        super().__init__(politiques=[classe])
        self._headers = {**entetes, "Retry-After": str(attente_s)}

    @property
    def headers(self) -> dict[str, str]:
        return self._headers


@dataclass(frozen=True)
class Quota:
    """The class of a route; as a dependency it declares it, and `RouteContrat` counts.

    Args:
        essais: the class of what is only tried (`essai=true`), which tells as much as a search.
    """

    classe: str
    essais: str | None = None

    async def __call__(self) -> None:
        """Do nothing: a declaration, as the scope is."""

    def classe_de(self, request: Request) -> str:
        """The class of one request."""
        essai = self.essais is not None and request.query_params.get("essai") == "true"
        return self.essais if essai and self.essais else self.classe


def quota(classe: str, *, essais: bool = False) -> Any:
    """Put a route in a class other than its method's; `essais`: what is only tried."""
    return Depends(Quota("ecriture", essais=classe) if essais else Quota(classe))


def quota_de(methodes: Iterable[str], declares: Iterable[Any]) -> Quota:
    """The quota of a route: the one it declares, else that of its method."""
    found = next((one for one in declares if isinstance(one, Quota)), None)
    return found or Quota("lecture" if "GET" in methodes else "ecriture")


def appliques(routeurs: Iterable[APIRouter]) -> dict[str, Quota]:
    """Return the quotas that bind routes, by name of route."""
    return {
        route.name: quota_de(route.methods or (), (one.dependency for one in route.dependencies))
        for routeur in routeurs
        for route in routeur.routes
        if isinstance(route, APIRoute)
    }


def nombre_de(classe: str, reglages: Reglages | None = None) -> int:
    """How many requests of a class a window admits; without settings, the documented number."""
    champ = f"quota_{classe}"
    if reglages is None:
        return int(Reglages.model_fields[champ].default)
    return int(getattr(reglages, champ))


def politique(classe: str, nombre: int) -> str:
    """The bound, as `RateLimit-Policy` says it."""
    return f'"{classe}";q={nombre};w={FENETRES_S[classe]}'


@dataclass(frozen=True)
class _Compteur:
    """Whose requests of a class are counted together."""

    collectivite: str
    client_id: str
    classe: str


@dataclass(frozen=True)
class _Compte:
    """Where a request stands in its window, the first being 1."""

    ouvert_le: datetime
    rang: int


@dataclass(frozen=True)
class _Attente:
    """A request that waits for its rank."""

    instant: datetime
    place: asyncio.Future[_Compte]


class Compteurs:
    """Counts requests where all processes do, by one statement at a time for each counter.

    Those that come while it is under way are added at once by the next: under load a process asks
    less often than it is asked, and its own requests never queue on the row. Each still has a rank
    of its own, so that the bound is exact.
    """

    def __init__(self, base: BaseDeDonnees) -> None:
        self._base = base
        self._attendent: dict[_Compteur, list[_Attente]] = {}
        self._taches: set[asyncio.Task[None]] = set()

    async def compter(
        self, acces: Acces, classe: str, reglages: Reglages, instant: datetime
    ) -> dict[str, str]:
        """Count a request, and return the headers that tell what is left.

        Raises:
            QuotaDepasse: 429, with the seconds until the window opens again.
        """
        nombre, fenetre_s = nombre_de(classe, reglages), FENETRES_S[classe]
        compteur = _Compteur(acces.collectivite, acces.client_id, classe)
        attente = _Attente(instant, asyncio.get_running_loop().create_future())
        attendent = self._attendent.get(compteur)
        if attendent is None:
            self._attendent[compteur] = [attente]
            # A task of its own: a caller who leaves must not take the others' count away.
            tache = asyncio.create_task(self._ecrire(compteur, nombre))
            self._taches.add(tache)
            tache.add_done_callback(self._taches.discard)
        else:
            attendent.append(attente)
        compte = await attente.place
        fin = compte.ouvert_le + timedelta(seconds=fenetre_s)
        # Another replica's clock may be a little ahead: never more than a window.
        attente_s = min(fenetre_s, math.ceil((fin - instant).total_seconds()))
        entetes = {
            "RateLimit-Policy": politique(classe, nombre),
            "RateLimit": f'"{classe}";r={max(0, nombre - compte.rang)};t={attente_s}',
        }
        if compte.rang > nombre:
            raise QuotaDepasse(classe, attente_s, entetes)
        return entetes

    async def _ecrire(self, compteur: _Compteur, admis: int) -> None:
        try:
            while lot := self._attendent[compteur]:
                self._attendent[compteur] = []
                try:
                    ouvert_le, dernier = await self._ajouter(
                        compteur, len(lot), admis, lot[-1].instant
                    )
                except Exception as error:  # whatever it is, each of them is to be told
                    for un in lot:
                        if not un.place.done():
                            un.place.set_exception(error)
                    continue
                for rang, un in enumerate(lot, start=dernier - len(lot) + 1):
                    if not un.place.done():
                        un.place.set_result(_Compte(ouvert_le, rang))
        finally:
            for un in self._attendent.pop(compteur):
                un.place.cancel()

    async def _ajouter(
        self, compteur: _Compteur, ajout: int, admis: int, instant: datetime
    ) -> tuple[datetime, int]:
        async with self._base.sans_transaction() as connexion:
            row = (
                await connexion.execute(
                    _COMPTER,
                    {
                        "collectivite": compteur.collectivite,
                        "client_id": compteur.client_id,
                        "classe": compteur.classe,
                        "instant": instant,
                        "clos": instant - timedelta(seconds=FENETRES_S[compteur.classe]),
                        "admis": admis,
                        "ajout": ajout,
                    },
                )
            ).one()
        return row.ouvert_le, row.nombre
