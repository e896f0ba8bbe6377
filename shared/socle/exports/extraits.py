"""What a service exports: its own list routes, read as their client reads them.

An export asks the list's function itself, with the snapshot for transaction: what a line holds,
who sees it and which filters there are is said once, by the list.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams

from shared.refus import Erreur, Validation
from shared.schemas.commun import LIMITE_MAX
from shared.schemas.exports import FiltreExport
from shared.socle import problems
from shared.socle.db import Transaction
from shared.socle.pages import PageDemandee
from shared.socle.service import Service
from shared.socle.transactions import get_service, get_transaction

# Filters that name one person: such a reading is noted by its list, with who was read, and is
# asked of the list.
_NOMINATIFS = frozenset({"personne_id", "parcours_id", "dossier_id", "orientation_id", "frein_id"})


@dataclass(frozen=True)
class Extrait:
    """One list of a service, as it is exported."""

    route: APIRoute

    @property
    def ressource(self) -> str:
        """The collection, as its path and the feed name it."""
        return self.route.path.rpartition("/")[2]

    @property
    def portees(self) -> list[str]:
        """The scopes that the list asks for."""
        return [
            nom for one in self.route.dependant.dependencies for nom in one.own_oauth_scopes or ()
        ]

    def filtrer(self, filtre: Sequence[FiltreExport]) -> dict[str, Any]:
        """Read filters as the list reads its query: its arguments.

        Raises:
            Validation: a filter that the list does not have, that names a person, or a value that
                it does not take.
        """
        connus = {champ.alias for champ in self.route.dependant.query_params} - _NOMINATIFS
        rangs: dict[str, int] = {}
        for rang, un in enumerate(filtre):
            if un.champ not in connus or un.champ in rangs:
                message = "Cette liste n'a pas ce filtre, ou il est dit deux fois"
                raise Validation(
                    [Erreur(f"/filtre/{rang}/champ", "code-referentiel-inconnu", message)]
                )
            rangs[un.champ] = rang
        valeurs, fautes = request_params_to_args(
            self.route.dependant.query_params, QueryParams(_paires(filtre))
        )
        if fautes:
            # Named by where its filter is: in the query, it would be by its own name.
            erreurs = problems.from_pydantic(fautes).members["erreurs"]
            raise Validation(
                [
                    Erreur(
                        f"/filtre/{rangs[nom]}/valeurs" if nom in rangs else "/filtre",
                        une["code"],
                        une["message"],
                    )
                    for une in erreurs
                    for nom in [une["pointeur"].removeprefix("?")]
                ]
            )
        return valeurs

    async def lire(
        self,
        service: Service,
        tx: Transaction,
        filtre: Sequence[FiltreExport],
        *,
        curseur: str | None = None,
        ids: Sequence[UUID] | None = None,
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Read a page of the list, as large as it gives, and the cursor of the next one.

        Args:
            service: what the list may ask for.
            tx: the snapshot, and the access of who sees it.
            filtre: the filters of the list.
            curseur: the page; none: the first.
            ids: the only elements wanted, no more than a page; none: all.
        """
        request = _requete(self.route, service, tx, filtre)
        arguments = self.filtrer(filtre)
        for une in self.route.dependant.dependencies:
            if une.name is not None:
                arguments[une.name] = await _resoudre(une, request, service, tx, curseur, ids)
        if self.route.dependant.request_param_name is not None:
            arguments[self.route.dependant.request_param_name] = request
        page = json.loads((await self.route.endpoint(**arguments)).body)
        suivant = page["pagination"]["suivant"]
        return page["elements"], suivant and parse_qs(urlsplit(suivant).query)["curseur"][0]


Extraits = Mapping[str, Extrait]


def extraits(types: type[StrEnum], routeurs: Iterable[APIRouter]) -> Extraits:
    """Find the list of each type: its collection is named as the type is."""
    listes = {
        route.path: route
        for routeur in routeurs
        for route in routeur.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    }
    return {un.value: Extrait(listes[f"/v1/{un.value.replace('_', '-')}"]) for un in types}


async def _resoudre(
    dependance: Dependant,
    request: Request,
    service: Service,
    tx: Transaction,
    curseur: str | None,
    ids: Sequence[UUID] | None,
) -> Any:
    if dependance.call is get_transaction:
        return tx
    if dependance.call is get_service:
        return service
    # What is left is the page: asked as any client would, at its largest.
    assert dependance.call is not None
    page: PageDemandee = await dependance.call(request=request, limite=LIMITE_MAX, curseur=curseur)
    return replace(page, ids=ids)


def _requete(
    route: APIRoute, service: Service, tx: Transaction, filtre: Sequence[FiltreExport]
) -> Request:
    """The request by which a client would read the list."""
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": route.path,
            "query_string": urlencode(_paires(filtre)).encode(),
            "headers": [],
            "route": route,
            "app": SimpleNamespace(state=SimpleNamespace(service=service)),
            "state": {"acces": tx.acces, "entetes": {}},
        }
    )


def _paires(filtre: Sequence[FiltreExport]) -> list[tuple[str, str]]:
    return [(un.champ, valeur) for un in filtre for valeur in un.valeurs]
