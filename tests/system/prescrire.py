"""What is done of offers, séances and objectifs, once: for the tests that need one of each."""

from typing import Any

from deploy.local.partenaire import Json, Partenaire
from tests.jours import aujourdhui

OFFRE: Json = {
    "titre": "Atelier mobilité",
    "thematiques": ["mobilite--etre-accompagne-dans-son-parcours-mobilite"],
    "modalite": "collective",
    "date_debut": "2026-01-01",
}
SEANCE: Json = {
    "debut_le": "2030-01-07T09:00:00Z",
    "fin_le": "2030-01-07T11:00:00Z",
    "places": 12,
}


async def prescrire(si: Partenaire) -> dict[str, str]:
    """An objectif of an open frein, and an inscription through its prescription of an offer."""

    async def faire(chemin: str, corps: dict[str, Any]) -> str:
        made = await si.ecrire("parcours", chemin, corps, cle=f"prescrire:{chemin}")
        return str(made["id"])

    frein = await _frein(si)
    jour = aujourdhui().isoformat()
    objectif = await faire(
        f"/v1/freins/{frein}/objectifs",
        {"libelle": "Se déplacer seul", "date_etat": jour, "source": "referent"},
    )
    action = await _action(si)
    offre = await faire("/v1/offres", {**OFFRE, "action_id": action})
    seance = await faire(f"/v1/offres/{offre}/seances", SEANCE)
    prescription = await faire(
        "/v1/prescriptions", {"frein_id": frein, "offre_id": offre, "montant_centimes": 0}
    )
    inscription = await faire(
        f"/v1/seances/{seance}/inscriptions", {"prescription_id": prescription}
    )
    return {
        "offre_id": offre,
        "seance_id": seance,
        "inscription_id": inscription,
        "objectif_id": objectif,
    }


async def _frein(si: Partenaire) -> str:
    """A frein of mobility of an open parcours, begun or not."""
    ouverts = {one["id"] async for one in si.tout("parcours", "/v1/parcours", statut="ouvert")}
    query = {"code": "mobilite", "statut": ["ouvert", "en_cours"]}
    freins = [one async for one in si.tout("parcours", "/v1/freins", **query)]
    return next(str(one["id"]) for one in freins if one["parcours_id"] in ouverts)


async def _action(si: Partenaire) -> str:
    """An action of its own: an offer that leads to another's would be asked for with it."""
    convention = await anext(aiter(si.tout("financement", "/v1/conventions")))
    action = {
        "code": "atelier-mobilite",
        "libelle": "Atelier mobilité",
        "mode_capacite": "stock",
        "places_ouvertes": 20,
    }
    chemin = f"/v1/conventions/{convention['id']}/actions"
    return str((await si.ecrire("financement", chemin, action, cle="prescrire:action"))["id"])
