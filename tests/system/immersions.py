"""Conventions of immersion-facile, read: the demonstration has no key."""

from datetime import timedelta
from uuid import uuid4

import httpx

from deploy.local.partenaire import Partenaire
from deploy.local.services import Installation
from services.parcours.immersions import travail
from services.parcours.settings import Settings
from shared.socle.service import Service
from tests.doubles.immersion_facile import Monde, app
from tests.jours import aujourdhui

_HOTE, _CLE = "https://immersion.example", "cle-d-essai"


async def immerger(si: Partenaire, installation: Installation) -> list[str]:
    """Read three conventions of persons whom nobody knows, and return what is known of them."""
    env = installation._environnement()
    reglages = Settings(
        url=env["JALONS_PARCOURS_URL"],
        postgres=env["JALONS_PARCOURS_POSTGRES"],
        cle=env["JALONS_PARCOURS_CLE"],
        secret=env["JALONS_PARCOURS_SECRET"],
        connexions=2,
        JALONS_EMETTEUR_URL=env["JALONS_EMETTEUR_URL"],
        JALONS_ORIENTATION_URL=env["JALONS_ORIENTATION_URL"],
        immersion_facile={"35D": {"url_api": _HOTE, "cle": _CLE}},
    )
    monde = Monde(_CLE)
    debut = aujourdhui()
    for _ in range(3):
        fin = debut + timedelta(days=4)
        monde.poser(str(uuid4()), dateStart=debut.isoformat(), dateEnd=fin.isoformat())
    mounts = {_HOTE: httpx.ASGITransport(app(monde))}
    async with httpx.AsyncClient(mounts=mounts) as http:
        service = Service("parcours", reglages, client=http)
        try:
            await travail.lire_immersions(service, "35D")
        finally:
            await service.base.aclose()
    return [str(un["id"]) async for un in si.tout("parcours", "/v1/conventions-immersion")]
