"""Exchanges with France Travail, opened, compared and repaired: the demonstration has no way in."""

import httpx
from sqlalchemy.engine import Row

from deploy.local.partenaire import Partenaire
from deploy.local.services import Installation
from services.orientation.activites_france_travail import travail as activites
from services.orientation.france_travail import queries, travail
from services.orientation.settings import Settings
from shared.socle.service import Service
from tests.doubles.france_travail import Monde, Usager, app

REGLAGE = {
    "envoi": True,
    "comparaison": True,
    "correspondance": {"professionnel": "PED", "socio_professionnel": "PSP", "social": "PSO"},
}
_HOTE = "https://ft.example"


async def reconcilier(si: Partenaire, installation: Installation) -> dict[str, str]:
    """Open, compare with a France Travail that knows all and has decided nothing, repair one."""
    reglage = await si.ecrire(
        "orientation", "/v1/reglages-france-travail", REGLAGE, cle="reglage-france-travail"
    )
    env = installation._environnement()
    acces = {"url_jetons": _HOTE, "url_api": _HOTE, "client_id": "jalons-essai"}
    reglages = Settings(
        url=env["JALONS_ORIENTATION_URL"],
        postgres=env["JALONS_ORIENTATION_POSTGRES"],
        cle=env["JALONS_ORIENTATION_CLE"],
        connexions=2,
        JALONS_EMETTEUR_URL=env["JALONS_EMETTEUR_URL"],
        france_travail={"35D": acces | {"secret": "secret-essai", "par_seconde": 1000}},
    )
    monde = Monde()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app(monde))) as http:
        service = Service("orientation", reglages, client=http)
        try:
            async with service.base.transaction(service.acces_interne("35D")) as tx:
                rows = await queries.a_comparer(tx, age=travail.AGE_COMPARAISON, limite=20)
            for rang, row in enumerate(rows):
                monde.ajouter(_usager(service, rang, row))
            await travail.echanger_france_travail(service, "35D")
            monde.tache("99900099999", "ACT382", "INSEA", typeParcours="PED")
            await activites.lire_activites_france_travail(service, "35D")
            (activite, *_) = [
                une async for une in si.tout("orientation", "/v1/activites-france-travail")
            ]
            (ecart, *_) = [
                un
                async for un in si.tout("orientation", "/v1/ecarts-france-travail")
                if un["reparable"]
            ]
            chemin = f"/v1/ecarts-france-travail/{ecart['id']}"
            await si.ecrire(
                "orientation",
                f"{chemin}/reparations",
                {},
                cle=f"{chemin}:reparation",
                version=ecart["version"],
            )
            await travail.echanger_france_travail(service, "35D")
        finally:
            await service.base.aclose()
    found = await si.lire("orientation", chemin)
    assert (found["type"], found["reparation"]) == (None, "enregistree")
    return {
        "reglage_france_travail_id": str(reglage["id"]),
        "ecart_orientation_id": str(ecart["id"]),
        "activite_france_travail_id": str(activite["id"]),
    }


def _usager(service: Service, rang: int, row: Row[tuple[object, ...]]) -> Usager:
    identite = travail.identite_de(service, row)
    numero = identite.numero or f"999000{rang:05d}"
    return Usager(numero, identite.nir or "", identite.date_naissance.isoformat())
