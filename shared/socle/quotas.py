"""Quotas: so many requests of a class in a window, per client and collectivité (guide, 17.1).

One row a counter, one statement a request: every process and replica counts in the same place.
The count commits by itself, before the request's own transaction begins: a request that is refused
afterwards has been made all the same.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from sqlalchemy import text

from shared.refus import Refus
from shared.socle.auth import Acces
from shared.socle.service import Service

# The window opens with its first request. The row stays locked until the commit, so that commit
# does not wait for the disk: a crash may forget a few requests, which harms nobody.
_COMPTER = text(
    "INSERT INTO quota AS q (collectivite, client_id, classe, ouvert_le, nombre)"
    " VALUES (:collectivite, :client_id, :classe, :instant, 1)"
    " ON CONFLICT (collectivite, client_id, classe) DO UPDATE SET"
    " ouvert_le = CASE WHEN q.ouvert_le <= :clos THEN EXCLUDED.ouvert_le ELSE q.ouvert_le END,"
    " nombre = CASE WHEN q.ouvert_le <= :clos THEN 1 ELSE least(q.nombre, :admis) + 1 END"
    " RETURNING ouvert_le, nombre, set_config('synchronous_commit', 'off', true)"
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
    """A class of requests and its bound; as a dependency, it counts the request or refuses it.

    Args:
        essais: only what is tried (`essai=true`) counts: it tells as much, and leaves nothing.
    """

    classe: str
    nombre: int
    fenetre_s: int
    essais: bool = field(default=False, compare=False)

    @property
    def politique(self) -> str:
        """The bound, as `RateLimit-Policy` says it."""
        return f'"{self.classe}";q={self.nombre};w={self.fenetre_s}'

    async def __call__(self, request: Request) -> None:
        """Count a request.

        Raises:
            QuotaDepasse: 429, with the seconds until the window opens again.
        """
        if self.essais and request.query_params.get("essai") != "true":
            return
        service: Service = request.app.state.service
        acces: Acces = request.state.acces
        instant = service.horloge()
        async with service.base.transaction(acces) as tx:
            row = (
                await tx.execute(
                    _COMPTER,
                    {
                        "client_id": acces.client_id,
                        "classe": self.classe,
                        "instant": instant,
                        "clos": instant - timedelta(seconds=self.fenetre_s),
                        "admis": self.nombre,
                    },
                )
            ).one()
        attente_s = self._attente_s(row.ouvert_le, instant)
        reste = max(0, self.nombre - row.nombre)
        entetes = {
            "RateLimit-Policy": self.politique,
            "RateLimit": f'"{self.classe}";r={reste};t={attente_s}',
        }
        if row.nombre > self.nombre:
            raise QuotaDepasse(self.classe, attente_s, entetes)
        request.state.entetes = entetes

    def _attente_s(self, ouvert_le: datetime, instant: datetime) -> int:
        # Another replica's clock may be a little ahead: never more than a window.
        fin = ouvert_le + timedelta(seconds=self.fenetre_s)
        return min(self.fenetre_s, math.ceil((fin - instant).total_seconds()))


_CLASSES = {
    quota.classe: quota
    for quota in (
        Quota("lecture", 600, 60),
        Quota("ecriture", 120, 60),
        Quota("recherche", 30, 60),
        Quota("job", 10, 3600),
    )
}


def quota(classe: str, *, essais: bool = False) -> Any:
    """Bound a route by the quota of a class: counted first, shown in its document."""
    return Depends(replace(_CLASSES[classe], essais=essais))


def appliques(routeurs: Iterable[APIRouter]) -> dict[str, Quota]:
    """Return the quotas that bind routes, by name of route."""
    return {
        route.name: depends.dependency
        for routeur in routeurs
        for route in routeur.routes
        if isinstance(route, APIRoute)
        for depends in route.dependencies
        if isinstance(depends.dependency, Quota)
    }
