"""A faithful data·inclusion in memory, v1: offset pages, that move when they are told to.

Source: partners.md §4; gip-inclusion/data-inclusion, api v1 (routes, parameters, pagination).
"""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json = dict[str, Any]
_TAILLE, _TAILLE_MAX = 5_000, 10_000


@dataclass
class Panne:
    """A fault, for the next calls whose path holds `chemin`; `corps`: a 200 that says this."""

    chemin: str
    statut: int = 500
    nombre: int = 1
    retry_after: str | None = None
    corps: str | None = None


@dataclass
class Catalogue:
    """The services, and how they are given.

    Args:
        decale: the rows slide by one after each page: one comes twice, another not at all.
        caches: identifiers that lists leave out, and that a read by id still finds.
    """

    jeton: str = "jeton-essai"
    services: dict[str, Json] = field(default_factory=dict)
    decale: bool = False
    caches: set[str] = field(default_factory=set)
    pannes: list[Panne] = field(default_factory=list)
    appels: Counter[str] = field(default_factory=Counter)

    def ajouter(self, **champs: Any) -> Json:
        """Put a service, as they write it: with a contact, and places in numbers with a comma."""
        rang = len(self.services) + 1
        service = {
            "id": f"dora--{rang:08x}",
            "source": "dora",
            "structure_id": "dora--structure",
            "nom": f"Atelier {rang}",
            "description": "Apprendre les bases",
            "date_maj": "2026-02-14",
            "type": "atelier",
            "thematiques": ["numerique--maitriser-les-fondamentaux-du-numerique"],
            "frais": "gratuit",
            "publics": ["tous-publics"],
            "conditions_acces": None,
            "code_insee": "35238",
            "modes_accueil": ["en-presentiel"],
            "zone_eligibilite": ["35"],
            "lien_mobilisation": None,
            "contact_nom_prenom": "Camille Exemple",
            "courriel": "contact@exemple.example",
            "latitude": 48.1,
            "volume_horaire_hebdomadaire": 3.5,
            "score_qualite": 0.8,
        } | champs
        self.services[str(service["id"])] = service
        return service

    def panne(self, chemin: str) -> Response | None:
        """Take the next fault planted on a path."""
        for panne in self.pannes:
            if panne.nombre > 0 and panne.chemin in chemin:
                panne.nombre -= 1
                if panne.corps is not None:
                    return Response(panne.corps, media_type="application/json")
                headers = {} if panne.retry_after is None else {"Retry-After": panne.retry_after}
                return JSONResponse({"detail": "panne"}, panne.statut, headers)
        return None


def app(catalogue: Catalogue) -> Starlette:
    """An ASGI app of one catalogue."""

    def porte(geste: Callable[[Request], Response]) -> Callable[[Request], Any]:
        async def passer(request: Request) -> Response:
            catalogue.appels[request.url.path] += 1
            panne = catalogue.panne(request.url.path)
            if panne is not None:
                return panne
            if request.headers.get("authorization") != f"Bearer {catalogue.jeton}":
                return JSONResponse({"detail": "Not authenticated"}, 401)
            return geste(request)

        return passer

    def lister(request: Request) -> Response:
        departement = request.query_params.get("code_departement")
        return _page(
            catalogue,
            request,
            lambda un: departement is None or str(un["code_insee"] or "").startswith(departement),
            lambda un: un,
        )

    def chercher(request: Request) -> Response:
        commune = request.query_params.get("code_commune", "")
        if not commune.isdigit():
            return JSONResponse({"detail": "This `code_commune` does not exist."}, 422)
        zones = {commune, commune[:2], "france", "99100"}
        return _page(
            catalogue,
            request,
            lambda un: un["zone_eligibilite"] is None or bool(zones & set(un["zone_eligibilite"])),
            lambda un: {"service": un, "distance": None},
        )

    def lire(request: Request) -> Response:
        found = catalogue.services.get(request.path_params["id"])
        return JSONResponse(found) if found else JSONResponse({"detail": "Not Found"}, 404)

    return Starlette(
        routes=[
            Route("/api/v1/services", porte(lister)),
            Route("/api/v1/services/{id}", porte(lire)),
            Route("/api/v1/search/services", porte(chercher)),
        ]
    )


def _page(
    catalogue: Catalogue,
    request: Request,
    garde: Callable[[Json], bool],
    rendre: Callable[[Json], Json],
) -> Response:
    query = request.query_params
    numero, taille = int(query.get("page", "1")), int(query.get("size", _TAILLE))
    if not (numero >= 1 and 1 <= taille <= _TAILLE_MAX):
        return JSONResponse({"detail": [{"loc": ["query", "size"]}]}, 422)
    found = [un for un in catalogue.services.values() if garde(un)]
    for nom in ("thematiques", "modes_accueil", "frais"):
        voulues = set(query.getlist(nom))
        if voulues:
            found = [un for un in found if voulues & _valeurs(un[nom])]
    found = [un for un in found if un["id"] not in catalogue.caches]
    total = len(found)
    if catalogue.decale and found:
        recul = (numero - 1) % len(found)
        found = found[-recul:] + found[:-recul] if recul else found
    items = [rendre(un) for un in found[(numero - 1) * taille : numero * taille]]
    corps = {
        "items": items,
        "total": total,
        "page": numero,
        "size": len(items),
        "pages": math.ceil(total / taille),
    }
    return JSONResponse(corps)


def _valeurs(dites: Any) -> set[str]:
    return set(dites) if isinstance(dites, list) else {dites}
