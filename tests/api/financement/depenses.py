"""The four hands of a payment, each a client of its own, and what they do."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import uuid4

import httpx

from tests.api.financement.conftest import Terrain
from tests.conftest import Client, Connecter

LIRE = "financement:lire"
ENGAGER = "financement.engagement:ecrire"
CERTIFIER = "financement.service_fait:decider"
MANDATER = "financement.ordonnateur:ecrire"
PAYER = "financement.comptable:ecrire"
SIRET = "10000000900017"
IMPUTATION = {"bordereau": "B-1", "fonction": "444", "nature": "65748"}


@dataclass
class Chaine:
    """Who engages, who certifies, who orders and who pays."""

    terrain: Terrain
    gestionnaire: Client
    certificateur: Client
    ordonnateur: Client
    comptable: Client

    async def engager(self, action_id: str, montant: int, **values: Any) -> httpx.Response:
        """Try to engage."""
        corps = {
            "action_id": action_id,
            "tiers_siret": SIRET,
            "objet": f"Atelier {uuid4().hex}",
            "montant_centimes": montant,
            "nature": "juridique",
            **values,
        }
        return await self.gestionnaire.post("/v1/engagements", corps)

    async def piece(self, montant: int | None = None, **values: Any) -> str:
        """A piece, recorded; its digest."""
        empreinte = sha256(uuid4().bytes).hexdigest()
        corps = {
            "type": "facture",
            "sha256": empreinte,
            "montant_total_centimes": montant,
            "date_piece": "2026-03-01",
            **values,
        }
        faite(await self.gestionnaire.post("/v1/justificatifs", corps))
        return empreinte

    async def liquider(
        self, engagement: dict[str, Any], presente: int, retenu: int | None = None, **values: Any
    ) -> httpx.Response:
        """Try to certify a service done, of the engagement as it is now."""
        corps = {
            "montant_presente_centimes": presente,
            "montant_retenu_centimes": presente if retenu is None else retenu,
            "date_service_fait": "2026-03-01",
            **values,
        }
        chemin = f"/v1/engagements/{engagement['id']}"
        version = (await self.terrain.lire(chemin))["version"]
        return await self.certificateur.post(f"{chemin}/liquidations", corps, version=version)

    async def mandater(self, liquidation: dict[str, Any], **values: Any) -> httpx.Response:
        """Try to order the payment of a liquidation, as it is now."""
        chemin = f"/v1/liquidations/{liquidation['id']}"
        version = (await self.terrain.lire(chemin))["version"]
        return await self.ordonnateur.post(
            f"{chemin}/mandats", {**IMPUTATION, **values}, version=version
        )

    async def acte(
        self,
        mandat: dict[str, Any],
        acte: str,
        corps: dict[str, Any],
        *,
        par: Client | None = None,
        version: int | None = None,
    ) -> httpx.Response:
        """Try an act of the comptable on an order, as it is now unless a version is given."""
        chemin = f"/v1/mandats/{mandat['id']}"
        lue = version or (await self.terrain.lire(chemin))["version"]
        return await (par or self.comptable).post(f"{chemin}/{acte}", corps, version=lue)

    async def payer(self, mandat: dict[str, Any], montant: int, **rest: Any) -> httpx.Response:
        """Try to record a payment."""
        corps = {
            "montant_centimes": montant,
            "date_valeur": "2026-03-02",
            "reference_comptable": "VIR-1",
        }
        return await self.acte(mandat, "paiements", corps, **rest)

    async def mandat_pris(self, liquidation: dict[str, Any], **values: Any) -> dict[str, Any]:
        """An order of a liquidation, taken by the comptable."""
        mandat = faite(await self.mandater(liquidation, **values))
        return faite(await self.acte(mandat, "prises-en-charge", {}))

    async def clore(self, liquidation: dict[str, Any]) -> dict[str, Any]:
        """Order and pay a liquidation to the end."""
        mandat = await self.mandat_pris(liquidation)
        return faite(await self.payer(mandat, mandat["montant_centimes"]))

    async def postes(self, enveloppe_id: str) -> dict[str, int]:
        """The balances of an envelope, by poste, and what is legally available."""
        found = await self.terrain.lire(f"/v1/enveloppes/{enveloppe_id}")
        return {
            nom.removesuffix("_centimes"): valeur
            for nom, valeur in found.items()
            if nom.endswith("_centimes")
        }


def faite(answer: httpx.Response) -> dict[str, Any]:
    """What an act that must succeed answers."""
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def parts(resource: dict[str, Any]) -> list[int]:
    """What each envelope bears of it."""
    return [part["montant_centimes"] for part in resource["ventilation"]]


def chaine_de(terrain: Terrain, connecter: Connecter) -> Chaine:
    """Four clients, each with the scope of its role alone."""
    mains = (
        ("gestionnaire", ENGAGER),
        ("certificateur", CERTIFIER),
        ("ordonnateur", MANDATER),
        ("comptable", PAYER),
    )
    return Chaine(
        terrain,
        *(
            connecter("financement", f"{LIRE} {portee}", client_id=client_id)
            for client_id, portee in mains
        ),
    )
