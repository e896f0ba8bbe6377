"""The app of a service: routers, one error language, logs, health, documentation without a CDN."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from importlib.resources import files
from typing import Any

import structlog
from alembic.script import ScriptDirectory
from fastapi import APIRouter, FastAPI, Request
from fastapi.params import Depends
from fastapi_offline import FastAPIOffline
from sqlalchemy import text
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import contexte
from shared.schemas.commun import LimitesImport
from shared.socle import (
    collectivites,
    documents,
    evenements,
    limites,
    observabilite,
    problems,
    referentiels,
)
from shared.socle.auth import METADONNEES
from shared.socle.bac_a_sable import routes as bac_a_sable
from shared.socle.contrat import chemins, operations
from shared.socle.depreciation import depreciation
from shared.socle.quotas import appliques
from shared.socle.reglages import Reglages
from shared.socle.serveur import arret_annonce
from shared.socle.service import Service, ouvrir
from shared.socle.volumes import routes as volumes
from shared.socle.volumes.garde import Garde
from shared.socle.webhooks import routes as webhooks

_log = structlog.get_logger()
_REVISION = text("SELECT version_num FROM alembic_version")


def creer(
    nom: str,
    *,
    titre: str,
    description: str,
    version: str,
    reglages: Reglages | None,
    routeurs: Sequence[APIRouter],
    tags: Mapping[str, str],
    portees: Mapping[str, str],
    imports: LimitesImport | None = None,
    dependances: Sequence[Depends] = (),
    personnes_par: Mapping[str, str] | None = None,
    personnes_du_chemin: Mapping[str, str] | None = None,
) -> FastAPI:
    """Make the app of one service. Without settings it only describes itself (OpenAPI).

    Args:
        dependances: what every route of the service depends on.
        personnes_par: by member of its answers, how the persons that it names are found; none
            where no person is known.
        personnes_du_chemin: the same, of the ids that its paths alone name.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        assert reglages is not None, "Un service a besoin de ses réglages pour démarrer"
        observabilite.configure(nom, reglages.journal)
        async with ouvrir(nom, reglages) as service:
            app.state.service = service
            with arret_annonce(service.arret.set, reglages.arret_s):
                yield

    common = {
        "changements": "Ce qui a changé, dans l'ordre et sans trou",
        "collectivites": "La collectivité du jeton et ce qui lui est propre",
        "limites": "Les nombres que ce service applique",
        "referentiels": "Les listes de codes, leurs versions et ce que chacune change",
        "bac-a-sable": "L'horloge et les pannes du bac à sable ; introuvables ailleurs",
        "webhooks": "Les événements livrés aux récepteurs des partenaires",
        **({"volumes-lus": "Combien de personnes chaque client lit"} if personnes_par else {}),
        "evenements": "Ce que reçoit un récepteur, un fait à la fois",
    }
    app = FastAPIOffline(
        title=titre,
        description=description,
        version=version,
        lifespan=lifespan,
        openapi_tags=[
            {"name": name, "description": text} for name, text in {**tags, **common}.items()
        ],
        # A path that differs by a trailing slash is another path (contract guide, 2.2).
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        separate_input_output_schemas=False,
    )
    routeurs = [
        *routeurs,
        collectivites.routes(nom),
        evenements.routes(nom),
        referentiels.routes(nom),
        webhooks.routes(nom),
        *([volumes.routes(nom)] if personnes_par else []),
        limites.routes(nom, imports),
        bac_a_sable.routes(nom),
    ]
    if personnes_par:
        app.state.garde = Garde(personnes_par, personnes_du_chemin or {})
        dependances = (*dependances, Depends(app.state.garde.garder, scope="function"))
    for routeur in routeurs:
        app.include_router(routeur, dependencies=dependances)
    app.state.chemins = chemins(routeurs)
    app.state.operations = operations(routeurs)
    documents.install(app, portees=dict(portees), quotas=appliques(routeurs))
    problems.declare(app)
    _health(app, nom)
    _resource(app, portees)
    app.add_middleware(Journal)
    return app


@cache
def _depassees(nom: str) -> frozenset[str]:
    """The revisions of a service's database that this code has left behind."""
    scripts = ScriptDirectory(str(files(f"services.{nom}") / "migrations"))
    revisions = {script.revision for script in scripts.walk_revisions()}
    return frozenset(revisions - {scripts.get_current_head()})


def _health(app: FastAPI, nom: str) -> None:
    @app.get("/sante/vivant", include_in_schema=False)
    async def vivant() -> dict[str, str]:
        return {"statut": "vivant"}

    @app.get("/sante/pret", include_in_schema=False)
    async def pret(request: Request) -> JSONResponse:
        service: Service = request.app.state.service
        if service.arret.is_set():
            return JSONResponse({"statut": "arret"}, status_code=503)
        try:
            async with service.base.engine.connect() as connexion:
                revision = (await connexion.execute(_REVISION)).scalar_one()
        except Exception as error:  # whatever it is, we are not ready, and say no more
            problems.log_fault(error)
            return JSONResponse({"statut": "indisponible"}, status_code=503)
        # A revision unknown here is of the next version, which is being put in our place.
        if revision in _depassees(nom):
            return JSONResponse({"statut": "migration"}, status_code=503)
        return JSONResponse({"statut": "pret"})


def _resource(app: FastAPI, portees: Mapping[str, str]) -> None:
    @app.get(METADONNEES, include_in_schema=False)
    async def ressource_protegee(request: Request) -> dict[str, Any]:
        """Which issuer this service believes (RFC 9728)."""
        reglages = request.app.state.service.reglages
        return {
            "resource": reglages.url,
            "resource_name": app.title,
            "authorization_servers": [reglages.emetteur],
            "scopes_supported": sorted(portees),
            "bearer_methods_supported": ["header"],
        }


class Journal:
    """One log line a request: route template and identifiers, never a query, a body or a name.

    It also asks who is answered during a stop not to come back by the same connection: closed
    under a request, it would cut it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        contexte.adopt(headers.get(b"traceparent", b"").decode("latin-1"))
        started = time.perf_counter()
        status = 500
        begun = False

        async def observed(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                if (fin := depreciation(scope.get("route"))) is not None:
                    for name, value in fin.entetes.items():
                        MutableHeaders(scope=message).append(name, value)
                service = getattr(scope["app"].state, "service", None)
                if service is not None and service.arret.is_set():
                    MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        try:
            await self._app(scope, receive, observed)
        except Exception as error:
            problems.log_fault(error)
            if begun:  # too late to say it: the connection is cut, so the answer is not believed
                raise
            await problems.render(problems.Interne(), scope["path"])(scope, receive, observed)
        finally:
            acces = scope.get("jalons.acces")
            route = scope.get("route")
            fin = depreciation(route)
            _log.info(
                "requete",
                methode=scope["method"],
                route=getattr(route, "path", None),
                statut=status,
                duree_ms=round((time.perf_counter() - started) * 1000, 1),
                client=getattr(acces, "client_id", None),
                origine=getattr(acces, "origine", None),
                collectivite=getattr(acces, "collectivite", None),
                # Who still calls what is to end, before anyone ends it (contract guide, 19.3).
                **({"extinction": fin.extinction.isoformat()} if fin else {}),
            )
