"""What orientation's tests start from: a département's organisme, a person, a case."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest_asyncio

from tests.conftest import Client, Connecter

# Every required criterion, none of which hinders: rule P5, parcours professionnel.
SANS_FREIN = {
    "situation_professionnelle": "EN_ACTIVITE",
    "niveau_etude": "NV4",
    "capacite_a_travailler": "true",
    "projet_pro": "SALARIAT",
    **{
        f"contrainte_{nom}": "AUCUNE"
        for nom in (
            "sante",
            "logement",
            "mobilite",
            "familiale",
            "financiere",
            "numerique",
            "administrative_juridique",
            "francais_calcul",
        )
    },
}


def criteres(**changes: str) -> dict[str, Any]:
    """A whole questionnaire, with some answers of one's own."""
    valeurs = SANS_FREIN | changes
    return {
        "criteres": [{"champ": champ, "valeur": valeur} for champ, valeur in valeurs.items()],
        "source": "professionnel",
        "date_recueil": "2026-01-05",
    }


PERSONNE = {
    "nom": "Essai-Rivière",
    "prenoms": "Maëlle",
    "date_naissance": "1991-01-31",
    "code_commune": "35236",
    "beneficiaire_rsa": True,
    "droits_devoirs": True,
}

Dossier = Callable[..., Awaitable[dict[str, Any]]]


@pytest_asyncio.fixture
async def client(connecter: Connecter, ouverte: str) -> Client:
    """The département's own client."""
    client = connecter("orientation")
    for reference, type_, clients in (
        ("cd", "conseil_departemental", ["si-essai"]),
        ("ft", "france_travail", ["ft-essai"]),
    ):
        created = await client.post(
            "/v1/organismes-referents",
            {"reference": reference, "type": type_, "nom": reference.upper(), "clients": clients},
        )
        assert created.status_code == 201, created.text
    return client


@pytest_asyncio.fixture
async def ouvrir(client: Client) -> Dossier:
    """Open a case for a new person; returns the orientation."""

    async def open_case(recu_le: str | None = None, **changes: Any) -> dict[str, Any]:
        personne = await client.post("/v1/personnes", PERSONNE | changes)
        assert personne.status_code == 201, personne.text
        body = {"personne_id": personne.json()["id"]} | ({"recu_le": recu_le} if recu_le else {})
        created = await client.post("/v1/orientations", body)
        assert created.status_code == 201, created.text
        found: dict[str, Any] = created.json()
        return found

    return open_case
