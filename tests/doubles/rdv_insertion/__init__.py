"""A fake rdv-insertion, with the sign-in of rdv-solidarités: whom it knows, and what it sends.

From partners.md §1 and their UsersController: three headers that the next sign-in ends, persons
matched by their numbers, 422 `{success, errors}`, nobody invited twice in 24 hours, 25 a page.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

EMAIL, MOT_DE_PASSE, ORGANISATION = "agent@departement.example", "mot-de-passe", 654
_PAGE = 25
_CLES = ("nir", "department_internal_id", "france_travail_id")


@dataclass
class Panne:
    """A failure of the next call of a path: before it is done, or after."""

    chemin: str
    reponse: Response
    apres: bool = False


@dataclass
class Monde:
    """What it holds, and what left it.

    Args:
        contacts: by `department_internal_id`, the messages that may reach somebody.
    """

    contacts: dict[str, list[str]] = field(default_factory=dict)
    tous: list[str] = field(default_factory=lambda: ["sms"])
    usagers: dict[int, dict[str, Any]] = field(default_factory=dict)
    messages: list[tuple[str, str, str]] = field(default_factory=list)
    invites_le: dict[tuple[int, str], datetime] = field(default_factory=dict)
    jeton: dict[str, str] = field(default_factory=dict)
    pannes: list[Panne] = field(default_factory=list)
    appels: Counter[str] = field(default_factory=Counter)
    suite: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    horloge: Callable[[], datetime] = lambda: datetime.now(UTC)

    def enregistrer(self, envoye: dict[str, Any]) -> dict[str, Any]:
        """Match somebody by a number, or know them from now on."""
        known = next(
            (
                un
                for un in self.usagers.values()
                if any(envoye.get(cle) and envoye[cle] == un.get(cle) for cle in _CLES)
            ),
            None,
        )
        if known is None:
            known = {"id": next(self.suite)}
            self.usagers[known["id"]] = known
        known.update(envoye)
        return known

    def inviter(self, usager: dict[str, Any], categorie: str) -> tuple[list[Any], list[str]]:
        """Have the messages leave, or say why none does."""
        cle = usager["id"], categorie
        dernier = self.invites_le.get(cle)
        if dernier is not None and self.horloge() - dernier < timedelta(hours=24):
            return [], ["Erreur en envoyant l'invitation par sms: déjà invité il y a moins de 24 h"]
        interne = usager.get("department_internal_id", "")
        formats = self.contacts.get(interne, self.tous)
        if formats:
            self.invites_le[cle] = self.horloge()
        self.messages += [(interne, categorie, un) for un in formats]
        return [{"id": next(self.suite), "format": un} for un in formats], []


def app(monde: Monde) -> Starlette:
    """Both hosts as one, on the wire."""

    async def sign_in(request: Request) -> Response:
        corps = await request.json()
        await asyncio.sleep(0.02)
        if (corps["email"], corps["password"]) != (EMAIL, MOT_DE_PASSE):
            return JSONResponse({"errors": ["Mot de passe invalide"]}, 401)
        monde.jeton = {"access-token": uuid4().hex, "client": uuid4().hex, "uid": EMAIL}
        return JSONResponse({"data": {"email": EMAIL}}, headers=monde.jeton)

    async def lister(request: Request) -> Response:
        texte = request.query_params.get("search_query", "").lower()
        page = int(request.query_params.get("page", "1"))
        found = [
            un for un in monde.usagers.values() if texte in str(un.get("last_name", "")).lower()
        ]
        reste = len(found) > page * _PAGE
        return JSONResponse(
            {
                "success": True,
                "users": found[(page - 1) * _PAGE : page * _PAGE],
                "pagination": {
                    "current_page": page,
                    "next_page": page + 1 if reste else None,
                    "total_count": len(found),
                },
            }
        )

    async def creer(request: Request) -> Response:
        user = (await request.json())["user"]
        if not user.get("first_name") or not user.get("last_name"):
            return _refus("Prénom doit être rempli(e)")
        return JSONResponse({"success": True, "user": monde.enregistrer(user)})

    async def creer_et_inviter(request: Request) -> Response:
        user = (await request.json())["user"]
        categorie = user.pop("invitation")["motif_category"]["short_name"]
        return _invites(monde.enregistrer(user), categorie)

    async def inviter(request: Request) -> Response:
        usager = monde.usagers.get(int(request.path_params["id"]))
        if usager is None:
            return JSONResponse({"not_found": "User"}, 404)
        corps = await request.json()
        return _invites(usager, corps["invitation"]["motif_category"]["short_name"])

    def _invites(usager: dict[str, Any], categorie: str) -> Response:
        invitations, erreurs = monde.inviter(usager, categorie)
        if erreurs:
            return _refus(*erreurs)
        return JSONResponse({"success": True, "user": usager, "invitations": invitations})

    async def departement(request: Request) -> Response:
        categories = [{"id": 1, "short_name": "rsa_accompagnement", "name": "Accompagnement"}]
        organisation = {
            "id": 91,
            "name": "Pôle d'essai",
            "rdv_solidarites_organisation_id": ORGANISATION,
            "motif_categories": categories,
        }
        numero = request.path_params["numero"]
        found = {"number": numero, "organisations": [organisation]}
        return JSONResponse({"success": True, "department": found})

    def servi(suite: Callable[[Request], Awaitable[Response]]) -> Any:
        async def serve(request: Request) -> Response:
            chemin = request.url.path
            monde.appels[chemin] += 1
            panne = next((une for une in monde.pannes if une.chemin in chemin), None)
            if panne is not None:
                monde.pannes.remove(panne)
                if not panne.apres:
                    return panne.reponse
            if "sign_in" not in chemin and any(
                request.headers.get(nom) != valeur for nom, valeur in monde.jeton.items()
            ):
                return JSONResponse({"errors": ["Vous devez vous connecter"]}, 401)
            if not monde.jeton and "sign_in" not in chemin:
                return JSONResponse({"errors": ["Vous devez vous connecter"]}, 401)
            if "organisation" in request.path_params and (
                int(request.path_params["organisation"]) != ORGANISATION
            ):
                return JSONResponse({"not_found": "Organisation"}, 404)
            answer = await suite(request)
            return panne.reponse if panne is not None else answer

        return serve

    usagers = "/api/v1/organisations/{organisation}/users"
    return Starlette(
        routes=[
            Route("/api/v1/auth/sign_in", servi(sign_in), methods=["POST"]),
            Route("/api/v1/departments/{numero}", servi(departement)),
            Route(usagers, servi(lister), methods=["GET"]),
            Route(usagers, servi(creer), methods=["POST"]),
            Route(f"{usagers}/create_and_invite", servi(creer_et_inviter), methods=["POST"]),
            Route(f"{usagers}/{{id}}/invite", servi(inviter), methods=["POST"]),
        ]
    )


def _refus(*erreurs: str) -> Response:
    return JSONResponse({"success": False, "errors": list(erreurs)}, 422)
