"""France Travail, in memory."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.doubles.france_travail import Monde, Usager, app
from tests.doubles.france_travail.etat import AGENT, PRODUITS

NUMERO, NIR, NAISSANCE = "99900000001", "285019999900145", "1985-01-02"
ENTETES = {
    "pa-identifiant-agent": "BATCH",
    "pa-nom-agent": "JALONS",
    "pa-prenom-agent": "ESSAI",
}
AUTH = "https://auth.ft.example"

# method, product and path, then what httpx takes.
Appeler = Callable[..., Awaitable[httpx.Response]]


def usager(numero: str = NUMERO, nir: str = NIR, **rest: Any) -> Usager:
    """A synthetic person."""
    return Usager(numero, nir, NAISSANCE, etat_civil={"nom": "ESSAI", "prenom": "ALIX"}, **rest)


def jeton(monde: Monde, realm: str = AGENT) -> str:
    """A token of every scope of a realm, by the side door."""
    portees = [un.portees for un in PRODUITS.values() if un.realm == realm]
    return monde.emettre("jalons-essai", realm, frozenset().union(*portees))


@pytest.fixture
def monde() -> Monde:
    """A scenario with one person."""
    found = Monde()
    found.ajouter(usager())
    return found


@pytest_asyncio.fixture
async def appeler(monde: Monde) -> AsyncIterator[Appeler]:
    """Call a product as a client that does all right; headers given replace, None removes."""
    transport = httpx.ASGITransport(app(monde), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=AUTH) as http:

        async def call(
            methode: str, produit: str, chemin: str, *, numero: str = NUMERO, **rest: Any
        ) -> httpx.Response:
            base = PRODUITS[produit]
            headers = {
                "Authorization": f"Bearer {jeton(monde, base.realm)}",
                "ft-jeton-usager": monde.emettre_jeton_usager(numero),
                **ENTETES,
                **rest.pop("headers", {}),
            }
            given = {nom: valeur for nom, valeur in headers.items() if valeur is not None}
            url = f"/partenaire{base.base}{chemin}"
            return await http.request(methode, url, headers=given, **rest)

        yield call
