"""data·inclusion's catalogue, read once: the demonstration has no way in."""

import httpx

from deploy.local.partenaire import Partenaire
from deploy.local.services import Installation
from services.parcours.settings import Settings
from services.parcours.synchronisations import travail
from shared.socle.service import Service
from tests.doubles.data_inclusion import Catalogue, app


async def lire_catalogue(si: Partenaire, installation: Installation) -> str:
    """Read a catalogue of two services, one of which is refused; returns the reading."""
    env = installation._environnement()
    catalogue = Catalogue()
    catalogue.ajouter()
    catalogue.ajouter(zone_eligibilite=["44"])
    reglages = Settings(
        url=env["JALONS_PARCOURS_URL"],
        postgres=env["JALONS_PARCOURS_POSTGRES"],
        cle=env["JALONS_PARCOURS_CLE"],
        connexions=2,
        JALONS_EMETTEUR_URL=env["JALONS_EMETTEUR_URL"],
        data_inclusion={"35D": {"url": "https://di.example", "jeton": catalogue.jeton}},
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app(catalogue))) as http:
        service = Service("parcours", reglages, client=http)
        try:
            await travail.synchroniser_data_inclusion(service, "35D")
        finally:
            await service.base.aclose()
    (lue, *_) = [une async for une in si.tout("parcours", "/v1/synchronisations-data-inclusion")]
    assert (lue["statut"], lue["lues"], lue["refusees"]) == ("terminee", 2, 1)
    return str(lue["id"])
