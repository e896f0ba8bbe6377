"""A code given to a person, for what reads it by id and for what it opens."""

from deploy.local.partenaire import Partenaire


async def consulter(si: Partenaire, parcours_id: str) -> dict[str, str]:
    """Give a code; return its id, itself, and the parcours that it opens."""
    chemin = f"/v1/parcours/{parcours_id}/codes-consultation"
    donne = await si.ecrire("parcours", chemin, {"agent": "agt-1"}, cle=chemin)
    return {
        "code_consultation_id": str(donne["consultation"]["id"]),
        "code": str(donne["code"]),
        "parcours_id": parcours_id,
    }
