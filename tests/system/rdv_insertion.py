"""Exchanges with rdv-insertion, told and invited: the demonstration has none."""

from datetime import UTC, datetime

import httpx

from deploy.local.partenaire import Partenaire
from deploy.local.services import Installation
from services.orientation import app
from services.orientation.invitations import queries
from services.orientation.settings import Settings
from shared.socle.service import Service
from tests.api.orientation.test_rdv_insertion import SECRET, corps, rdv, signer, usager


async def annoncer(si: Partenaire, installation: Installation) -> dict[str, list[str]]:
    """Have three persons whom nobody knows at one rendez-vous, and decisions to invite for.

    Returns:
        The ids of what is known of each.
    """
    reglage = await si.ecrire(
        "orientation",
        "/v1/reglages-invitations",
        {"envoi": True, "categorie": "rsa_accompagnement"},
        cle="reglage-invitations",
    )
    env = installation._environnement()
    reglages = Settings(
        url=env["JALONS_ORIENTATION_URL"],
        postgres=env["JALONS_ORIENTATION_POSTGRES"],
        cle=env["JALONS_ORIENTATION_CLE"],
        connexions=2,
        JALONS_EMETTEUR_URL=env["JALONS_EMETTEUR_URL"],
        rdv_insertion={"35D": {"secrets": [SECRET]}},
    )
    contenu = corps(rdv(usager(1), usager(2), usager(3)))
    ici = app.app(reglages)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(ici), base_url=reglages.url) as http:
        ici.state.service = service = Service("orientation", reglages, client=http)
        try:
            answer = await http.post(
                "/v1/receptions/rdv-insertion/35D",
                content=contenu,
                headers={"X-RDVI-SIGNATURE": signer(contenu)},
            )
            async with service.base.transaction(service.acces_interne("35D")) as tx:
                await queries.inscrire_depuis(tx, datetime(2026, 1, 1, tzinfo=UTC), 5)
        finally:
            await service.base.aclose()
    assert answer.status_code == 204, answer.text

    async def ids(chemin: str) -> list[str]:
        return [str(un["id"]) async for un in si.tout("orientation", chemin)]

    return {
        "rendez_vous_rdv_insertion": await ids("/v1/participations-rdv-insertion"),
        "invitations": await ids("/v1/invitations"),
        "reglages_invitations": [str(reglage["id"])],
    }
