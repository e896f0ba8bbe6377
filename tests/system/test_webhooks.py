"""Webhooks of real processes: each act once, and a worker that is killed while it sends."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from uuid import uuid4

from deploy.local.partenaire import Json, Partenaire
from deploy.local.services import SERVICES, Installation
from tests.doubles.recepteur import Reponse, accuser, recepteur
from tests.system.abonnements import abonner

FAITS = 30


async def test_a_killed_worker_loses_no_event(installation: Installation, si: Partenaire) -> None:
    """Killed with five in flight, twice; what it held is sent again once its lease ends."""
    for service in SERVICES:
        await si.ecrire(
            service,
            "/v1/collectivites",
            {"code": "35D", "libelle": "Essai", "ideparte": "035", "fuseau": "Europe/Paris"},
            cle=f"ouvrir:{service}",
        )
    await abonner(si, installation.adresses)

    async def slow(_: Mapping[str, str], corps: bytes) -> Reponse:
        await asyncio.sleep(0.2)
        return accuser(corps)

    async with recepteur(slow, port=installation.adresses.recepteur_port) as partenaire:
        made = set()
        for rang in range(FAITS):
            organisme = await si.ecrire(
                "orientation",
                "/v1/organismes-referents",
                {
                    "reference": f"essai-{rang}",
                    "type": "mission_locale",
                    "nom": f"Organisme {rang}",
                },
                cle=str(uuid4()),
            )
            made.add(organisme["id"])
            if rang in (10, 20):
                async with asyncio.timeout(30):
                    while not partenaire.ensemble:
                        await asyncio.sleep(0.01)
                installation.tuer("travailleur")
                installation.relancer("travailleur", attendre=False)
        async with asyncio.timeout(150):
            while not made <= {one["data"]["id"] for one in partenaire.faits}:  # type: ignore[index]
                await asyncio.sleep(0.2)
        (webhook,) = (await si.lire("orientation", "/v1/webhooks"))["elements"]
        async with asyncio.timeout(60):
            while (
                await si.lire(
                    "orientation", f"/v1/webhooks/{webhook['id']}/livraisons", statut="en_attente"
                )
            )["elements"]:
                await asyncio.sleep(0.2)
    ids = {headers["webhook-id"] for headers, _ in partenaire.recus}
    feed = [
        one["evenement_id"]
        async for one in _fil(si)
        if one["type"] == "orientation.organisme_referent.enregistre"
    ]
    assert set(feed) <= ids


async def _fil(si: Partenaire) -> AsyncIterator[Json]:
    page = await si.lire("orientation", "/v1/changements", limite=200)
    while page["elements"]:
        for one in page["elements"]:
            yield one
        page = await si._envoyer("GET", "orientation", page["pagination"]["suivant"])
