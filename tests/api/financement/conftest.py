"""A convention with two envelopes and one action, and a clock that tests move."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from shared.socle.service import Service
from tests.conftest import Client, Connecter

CONVENTION = {
    "reference": "35-CDIE-2024",
    "type": "convention_departementale_insertion_emploi",
    "intitule": "Convention départementale pour l'insertion et l'emploi",
    "annee_debut": 2024,
    "statut": "deliberee",
}


class Horloge:
    """The service's clock, stopped, moved by tests."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.instant

    def avancer(self, **duree: float) -> None:
        """Move on."""
        self.instant += timedelta(**duree)


@pytest.fixture
def horloge(services: Mapping[str, Service]) -> Iterator[Horloge]:
    """Stop the clock of financement, and give it back."""
    service, horloge = services["financement"], Horloge()
    before, service.horloge = service.horloge, horloge
    yield horloge
    service.horloge = before


@dataclass
class Terrain:
    """A client of financement, and what it needs to reserve."""

    client: Client
    convention_id: str
    enveloppes: list[str] = field(default_factory=list)

    async def creer(self, chemin: str, corps: dict[str, Any], **rest: Any) -> dict[str, Any]:
        """POST what must succeed."""
        answer = await self.client.post(chemin, corps, **rest)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def enveloppe(self, montant_centimes: int | None, **values: Any) -> str:
        """An envelope, opened when an amount is given."""
        corps = {
            "reference": f"env-{uuid4().hex[:8]}",
            "convention_id": self.convention_id,
            "exercice": 2024,
            "financeur": "etat",
            **values,
        }
        enveloppe_id: str = (await self.creer("/v1/enveloppes", corps))["id"]
        if montant_centimes is not None:
            await self.creer(
                f"/v1/enveloppes/{enveloppe_id}/ouvertures", ouverture(montant_centimes), version=1
            )
        self.enveloppes.append(enveloppe_id)
        return enveloppe_id

    async def action(self, *parts: tuple[str, int, int], **values: Any) -> str:
        """An action, paid by these parts."""
        corps = {
            "code": f"act-{uuid4().hex[:8]}",
            "libelle": "Action d'essai",
            "cle": [
                {"enveloppe_id": enveloppe_id, "numerateur": num, "denominateur": den}
                for enveloppe_id, num, den in parts
            ],
            **values,
        }
        found = await self.creer(f"/v1/conventions/{self.convention_id}/actions", corps)
        action_id: str = found["id"]
        return action_id

    async def reserver(
        self,
        action_id: str,
        places: int = 0,
        montant: int = 0,
        *,
        cle: str | None = None,
        **rest: Any,
    ) -> httpx.Response:
        """Try to reserve."""
        corps = {
            "action_id": action_id,
            "places": places,
            "montant_centimes": montant,
            "beneficiaire_ref": str(uuid4()),
            **rest,
        }
        return await self.client.post("/v1/reservations", corps, cle=cle)

    async def lire(self, chemin: str) -> dict[str, Any]:
        """GET what must be there."""
        answer = await self.client.get(chemin)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def soldes(self, enveloppe_id: str) -> tuple[int, int, int]:
        """What is available, reserved and engaged of an envelope."""
        found = await self.lire(f"/v1/enveloppes/{enveloppe_id}")
        return (
            found["disponible_centimes"],
            found["reserve_centimes"],
            found["engage_centimes"],
        )

    async def places(self, action_id: str) -> tuple[int, int, int]:
        """Places available, reserved and occupied of an action."""
        found = await self.lire(f"/v1/actions/{action_id}")
        return found["places_disponibles"], found["places_reservees"], found["places_occupees"]


def ouverture(montant_centimes: int, **values: Any) -> dict[str, Any]:
    """The act that opens an envelope."""
    return {
        "montant_centimes": montant_centimes,
        "qualificatif": "exact",
        "date_effet": "2024-01-01",
        "source": "arrêté d'essai",
        **values,
    }


@pytest_asyncio.fixture
async def terrain(connecter: Connecter, ouverte: str, horloge: Horloge) -> Terrain:
    """A convention of this test's collectivité."""
    client = connecter("financement")
    created = await client.post("/v1/conventions", CONVENTION)
    assert created.status_code == 201, created.text
    return Terrain(client, created.json()["id"])
