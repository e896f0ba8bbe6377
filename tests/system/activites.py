"""What a parcours holds once hours are planned and a rendez-vous taken, for what reads it by id."""

from typing import Any

from deploy.local.partenaire import Partenaire


async def agir(si: Partenaire, parcours: dict[str, Any]) -> dict[str, str]:
    """Plan an activity, take a rendez-vous and show a local landmark; return their ids."""
    base, jour = f"/v1/parcours/{parcours['id']}", parcours["date_ouverture"]
    demandes: dict[str, tuple[str, dict[str, Any]]] = {
        "activite_id": (
            f"{base}/activites",
            {
                "type": "formation",
                "libelle": "Code de la route",
                "modalite": "collective",
                "encadree": True,
                "duree_hebdomadaire_minutes": 240,
                "date_debut": jour,
            },
        ),
        "rendez_vous_id": (
            f"{base}/rendez-vous",
            {
                "motif": "premier_accompagnement",
                "modalite": "physique",
                "reception": "individuelle",
                "initiateur": "partenaire",
                "agent": "agt-1",
                "debut_le": f"{jour}T09:00:00Z",
                "fin_le": f"{jour}T10:00:00Z",
            },
        ),
        "repere_heures_id": (
            "/v1/reperes-heures",
            {
                "date_debut": "2026-01-01",
                "minimum_minutes": 900,
                "maximum_minutes": 1200,
                "source": "Convention locale",
            },
        ),
    }
    return {
        nom: str((await si.ecrire("parcours", chemin, demande, cle=chemin))["id"])
        for nom, (chemin, demande) in demandes.items()
    }
