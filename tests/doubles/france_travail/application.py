"""The fake's door: tokens, the gate that every call passes, and the side door of the scenarios."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import fields
from typing import Any, TypeVar
from urllib.parse import parse_qs

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.doubles.france_travail import diagnostic, orientation, rendez_vous, sanctions, usager
from tests.doubles.france_travail.etat import (
    AGENT,
    PARTENAIRE,
    PORTEES,
    PRODUITS,
    Monde,
    Panne,
    Produit,
    Usager,
)
from tests.doubles.france_travail.reponses import Refuse, spring

B = TypeVar("B", bound=BaseModel)
Geste = Callable[["Appel"], Awaitable[Response]]
_ENTETES_AGENT = ("pa-identifiant-agent", "pa-nom-agent", "pa-prenom-agent")


def app(monde: Monde | None = None) -> Starlette:
    """An ASGI app of one scenario, empty unless given; also found in `app.state.monde`."""
    found = monde or Monde()
    routes = [
        Route("/connexion/oauth2/access_token", _jeton, methods=["POST"]),
        Route("/_scenario/usagers", _ajouter, methods=["POST"]),
        Route("/_scenario/preconisations", _preconiser, methods=["POST"]),
        Route("/_scenario/pannes", _planter, methods=["POST"]),
        Route("/_scenario/horloge", _avancer, methods=["POST"]),
        Route("/_scenario/reglages", _regler, methods=["POST"]),
        Route("/_scenario/appels", _compter, methods=["GET"]),
    ]
    for module in (usager, orientation, rendez_vous, diagnostic, sanctions):
        for produit, methode, chemin, geste in module.GESTES:
            base = PRODUITS[produit]
            routes.append(
                Route(f"/partenaire{base.base}{chemin}", _porte(base, geste), methods=[methode])
            )
    application = Starlette(routes=routes)
    application.state.monde = found
    return application


class Appel:
    """One call that passed the gate."""

    def __init__(self, monde: Monde, request: Request, corps: bytes, usager: Usager | None) -> None:
        self.monde = monde
        self.request = request
        self.corps = corps
        self._usager = usager
        self.chemin = request.url.path

    @property
    def usager(self) -> Usager:
        """Whose user token it bears: the gate has read it."""
        assert self._usager is not None
        return self._usager

    @property
    def agent(self) -> str:
        """Who acts."""
        return self.request.headers["pa-identifiant-agent"]

    def lire(self, modele: type[B]) -> B:
        """Read the body.

        Raises:
            ValidationError: it is not what this call takes.
        """
        return modele.model_validate_json(self.corps or b"null")


class _Coupee(Response):
    """An answer that begins, and whose connection is then reset."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise ConnectionResetError


def _porte(produit: Produit, geste: Geste) -> Callable[[Request], Awaitable[Response]]:
    """What each call meets before its own work: faults, token, scopes, agent, user token."""

    async def passer(request: Request) -> Response:
        monde: Monde = request.app.state.monde
        chemin = request.url.path
        monde.appels[f"{request.method} {chemin}"] += 1
        corps = await request.body()
        panne = monde.panne(chemin, apres=False)
        if panne is not None and (rendue := await _gater(panne)) is not None:
            return rendue
        refus = _identifier(monde, produit, request)
        if refus is not None:
            return refus
        usager = None
        if produit.jeton_usager and "/referentiel" not in chemin:
            usager = monde.lire_jeton_usager(request.headers.get("ft-jeton-usager", ""))
            if usager is None and not chemin.endswith("/lecture/structure"):
                return _sans_usager(monde, request)
        if usager is not None:
            panne = monde.panne(chemin, apres=False, numero=usager.numero)
            if panne is not None and (rendue := await _gater(panne)) is not None:
                return rendue
        try:
            reponse = await geste(Appel(monde, request, corps, usager))
        except ValidationError as error:
            reponse = produit_refuse(produit, chemin, error)
        except Refuse as refuse:
            reponse = refuse.reponse
        panne = monde.panne(chemin, apres=True)
        if panne is not None and (rendue := await _gater(panne)) is not None:
            return rendue
        return reponse

    return passer


def _identifier(monde: Monde, produit: Produit, request: Request) -> Response | None:
    bearer = request.headers.get("authorization", "")
    jeton = monde.lire_jeton(bearer.removeprefix("Bearer "))
    if jeton is None or jeton[0] != produit.realm:
        return _passerelle(401, "Jeton absent, inconnu ou expire")
    if not produit.portees <= jeton[1]:
        return _passerelle(403, "Portee insuffisante")
    if produit.realm == PARTENAIRE:
        return None
    agent = [request.headers.get(nom) for nom in _ENTETES_AGENT]
    if any(un is None for un in agent):
        return Response(status_code=302, headers={"Location": "/connexion"})
    if not all(agent):
        return _passerelle(401, "Agent non identifie")
    if any("|" in (un or "") for un in agent):
        return _passerelle(400, "Caractere interdit dans l'identite de l'agent")
    return None


def _sans_usager(monde: Monde, request: Request) -> Response:
    if "/contrat-engagement/" in request.url.path:
        return usager.probleme(400, "DonneeEnEntreeInvalideException", "Jeton usager absent")
    absent = "ft-jeton-usager" not in request.headers
    return _passerelle(400 if absent else monde.statut_jeton_usager, "Jeton usager inutilisable")


def _passerelle(statut: int, message: str) -> JSONResponse:
    corps = {"codeErreur": f"JCS{statut:04d}G", "codeHttp": statut, "message": message}
    return JSONResponse(corps, status_code=statut)


def produit_refuse(produit: Produit, chemin: str, error: ValidationError) -> Response:
    """A body that is not the contract's, in the words of this product."""
    premiere = error.errors()[0]
    champ = str(premiere["loc"][0]) if premiere["loc"] else "corps"
    if produit is PRODUITS["rechercher"]:
        corps = {"codeRetour": "R997", "message": f"Erreur de validation : {champ}"}
        return JSONResponse(corps, status_code=400)
    if produit in (PRODUITS["orientation"], PRODUITS["orientation_v2"]):
        attendues = premiere.get("ctx", {}).get("expected")
        texte = (
            f"Le champ {champ} doit avoir une de ces valeurs : [{attendues}]"
            if attendues
            else f"Le champ {champ} est obligatoire, ou invalide"
        )
        return spring(chemin, texte)
    if produit is PRODUITS["contrat"]:
        return usager.probleme(400, "DonneeEnEntreeInvalideException", f"{champ} invalide")
    if produit is PRODUITS["sanctions"]:
        return sanctions.invalide(champ, absent=premiere["type"] == "missing")
    return _passerelle(400, f"{champ} invalide")


async def _gater(panne: Panne) -> Response | None:
    """Make a fault of an answer; a slow call goes on."""
    await asyncio.sleep(panne.delai_s)
    headers = {} if panne.retry_after is None else {"Retry-After": panne.retry_after}
    match panne.genre:
        case "lent":
            return None
        case "coupe":
            return _Coupee()
        case "corps":
            return JSONResponse(panne.corps, status_code=200)
        case "html":
            page = "<html><body>Service indisponible</body></html>"
            return Response(page, panne.statut, headers, "text/html")
        case "tronque":
            return Response(b'{"codeRetour": "S00', 200, headers, "application/json")
        case "latin1":
            texte = '{"message": "Usager non trouvé"}'.encode("latin-1")
            return Response(texte, panne.statut, headers, "application/json; charset=utf-8")
    if panne.corps is not None:
        return JSONResponse(panne.corps, panne.statut, headers)
    return Response(status_code=panne.statut, headers=headers)


async def _jeton(request: Request) -> Response:
    monde: Monde = request.app.state.monde
    monde.appels["jeton"] += 1
    form = {nom: un[0] for nom, un in parse_qs((await request.body()).decode()).items()}
    panne = monde.panne("access_token", apres=False)
    if panne is not None and (rendue := await _gater(panne)) is not None:
        return rendue
    if form.get("grant_type") != "client_credentials":
        return _oauth("unsupported_grant_type", "Grant type inconnu")
    client = form.get("client_id", "")
    if not client or monde.clients.get(client) != form.get("client_secret"):
        return _oauth("invalid_client", "Client authentication failed")
    realm = request.query_params.get("realm")
    if realm not in (AGENT, PARTENAIRE):
        return _oauth("invalid_grant", "Realm inconnu")
    demandees = set(form.get("scope", "").split()) - {f"application_{client}"}
    inconnues = sorted(demandees - PORTEES)
    if inconnues:
        return _oauth("invalid_scope", f"Unknown/invalid scope(s): {inconnues}")
    corps = {
        "access_token": monde.emettre(client, realm, frozenset(demandees)),
        "token_type": "Bearer",
        "expires_in": monde.duree_jeton_s,
        "scope": " ".join(sorted(demandees)),
    }
    return JSONResponse(corps, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _oauth(error: str, description: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, status_code=400)


async def _ajouter(request: Request) -> Response:
    """`{numero, nir, date_naissance, retour?, …}`: a person, or the same one rewritten."""
    corps = await request.json()
    connus = {un.name for un in fields(Usager)}
    request.app.state.monde.ajouter(Usager(**{k: v for k, v in corps.items() if k in connus}))
    return Response(status_code=204)


async def _preconiser(request: Request) -> Response:
    """`{numero, parcours, organisme}`: what France Travail would decide of a person."""
    corps = await request.json()
    return JSONResponse(request.app.state.monde.preconiser(**corps), status_code=201)


async def _planter(request: Request) -> Response:
    """The fields of a `Panne`."""
    request.app.state.monde.pannes.append(Panne(**await request.json()))
    return Response(status_code=204)


async def _avancer(request: Request) -> Response:
    """`{avancer_s}`; the instant that it is then."""
    monde = request.app.state.monde
    monde.avancer((await request.json())["avancer_s"])
    return JSONResponse({"instant": monde.maintenant().isoformat()})


async def _regler(request: Request) -> Response:
    """Any setting of `Monde`, by its name."""
    corps: dict[str, Any] = await request.json()
    for nom, valeur in corps.items():
        if not isinstance(getattr(request.app.state.monde, nom, None), bool | int):
            return Response(status_code=400)
        setattr(request.app.state.monde, nom, valeur)
    return Response(status_code=204)


async def _compter(request: Request) -> Response:
    return Response(json.dumps(request.app.state.monde.appels), media_type="application/json")
