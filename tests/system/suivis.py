"""A parcours that somebody follows: what the demonstration does not do, done once."""

from typing import Any

from deploy.local.partenaire import Partenaire


async def suivre(si: Partenaire, parcours: dict[str, Any]) -> dict[str, str]:
    """Name a référent, propose the next, add a contributor, sign a diagnostic; return their ids."""
    base, jour = f"/v1/parcours/{parcours['id']}", parcours["date_ouverture"]
    referent = {
        "agent": "agt-1",
        "organisme_referent_id": parcours["organisme_referent_id"],
    }
    demandes: dict[str, tuple[str, dict[str, Any]]] = {
        "referent_id": (f"{base}/referents", {**referent, "date_debut": jour}),
        "passation_id": (
            f"{base}/passations",
            {**referent, "agent": "agt-2", "motif": "secteur", "date_passation": jour},
        ),
        "intervenant_id": (
            f"{base}/intervenants",
            {"role": "referent_ase", "agent": "agt-3", "date_debut": "2024-01-15"},
        ),
        "diagnostic_id": (
            f"{base}/diagnostics",
            {"agent": "agt-1", "date_diagnostic": "2024-01-15", "sans_contrainte": True},
        ),
    }
    return {
        nom: str((await si.ecrire("parcours", chemin, demande, cle=chemin))["id"])
        for nom, (chemin, demande) in demandes.items()
    }
