"""A procedure of suspension, reported: what the demonstration does not do, done once."""

from typing import Any

from deploy.local.partenaire import Partenaire

FAITS = "2025-06-02"


async def signaler(si: Partenaire, parcours: dict[str, Any], departement: str) -> str:
    """Report a refusal to draw up a contract, as the département; return the procedure's id."""
    chemin = f"/v1/parcours/{parcours['id']}/suspensions"
    demande = {
        "organisme_id": departement,
        "nature_manquement": "N63",
        "date_faits": FAITS,
        "faits": "Le contrat proposé a été refusé.",
    }
    return str((await si.ecrire("parcours", chemin, demande, cle=chemin))["id"])
