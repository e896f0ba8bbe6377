"""A subscription of each service, proved by a receiver on loopback, and each of its acts once."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from deploy.local.partenaire import Json, Partenaire
from deploy.local.services import SERVICES, Adresses
from tests.doubles.recepteur import Reponse, honnete, recepteur


async def abonner(si: Partenaire, adresses: Adresses) -> dict[str, str]:
    """Open, prove, pause, resume, renew and replay; the id of each, by its service."""
    found = {}
    async with recepteur(port=adresses.recepteur_port) as partenaire:
        for service in SERVICES:
            partenaire.repondre = _pas_encore
            webhook = await si.ecrire(
                service,
                "/v1/webhooks",
                {"url": f"{adresses.recepteur}/{service}"},
                cle=f"webhook:{service}",
            )
            chemin = f"/v1/webhooks/{webhook['id']}"
            # Another challenge takes the first one's place, which is sent or not.
            await si.ecrire(
                service,
                f"{chemin}/verifications",
                {},
                cle=f"{chemin}:v",
                version=webhook["version"],
            )
            partenaire.repondre = honnete
            actif = await _attendre(si, service, chemin, "actif")
            for acte in ("pauses", "reprises", "secrets"):
                actif = await si.ecrire(
                    service,
                    f"{chemin}/{acte}",
                    {},
                    cle=f"{chemin}:{acte}",
                    version=actif["version"],
                )
            assert actif["secret"].startswith("whsec_")
            depuis = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
            await si.ecrire(service, f"{chemin}/rejeux", {"depuis": depuis}, cle=f"{chemin}:rejeux")
            found[service] = str(webhook["id"])
        async with asyncio.timeout(60):
            # The facts of the subscription itself.
            while len(partenaire.faits) < len(SERVICES):
                await asyncio.sleep(0.1)
    return found


async def _pas_encore(_: Mapping[str, str], corps: bytes) -> Reponse:
    return 503, {}, b""


async def _attendre(si: Partenaire, service: str, chemin: str, statut: str) -> Json:
    async with asyncio.timeout(60):
        while (found := await si.lire(service, chemin))["statut"] != statut:
            await asyncio.sleep(0.1)
    return found
