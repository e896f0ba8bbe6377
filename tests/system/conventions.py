"""A convention that lives: what the demonstration does not do, done once."""

from typing import Any

from deploy.local.partenaire import Json, Partenaire

_ETAT, _DEPARTEMENT = "État", "Département"


async def convenir(si: Partenaire, rang: int = 0) -> dict[str, str]:
    """Record a convention, sign it, put it in force, amend it; return their ids.

    Its avenant is left a draft, its action is left to begin, and another convention is a draft.
    """

    async def faire(chemin: str, corps: dict[str, Any], version: int | None = None) -> Json:
        cle = (
            f"{chemin}:{corps.get('reference', rang)}:{corps.get('type')}:{corps.get('organisme')}"
        )
        return await si.ecrire("financement", chemin, corps, cle=cle, version=version)

    corps = {
        "reference": f"essai-convenir-{rang}",
        "type": "pacte_territorial_insertion",
        "intitule": "Pacte d'essai",
        "annee_debut": 2024,
        "signataires": [{"organisme": _ETAT}, {"organisme": _DEPARTEMENT}],
    }
    convention = await faire("/v1/conventions", corps)
    projet = await faire(
        "/v1/conventions", {**corps, "reference": f"essai-projet-{rang}", "annee_debut": 2025}
    )
    chemin = f"/v1/conventions/{convention['id']}"
    for type_acte, organisme in (
        ("deliberation", None),
        ("signature", _ETAT),
        ("signature", _DEPARTEMENT),
        ("entree_en_vigueur", None),
    ):
        acte = {"type": type_acte, "date_acte": "2024-01-15", "organisme": organisme}
        convention = await faire(f"{chemin}/actes", acte, convention["version"])
    document = await faire(
        f"{chemin}/documents", {"type": "diagnostic_partage", "libelle": "Diagnostic d'essai"}
    )
    action = await faire(f"{chemin}/actions", {"code": "essai", "libelle": "Une action"})
    await faire(
        f"/v1/actions/{action['id']}/actes",
        {"type": "demarrage", "date_acte": "2024-02-01"},
        action["version"],
    )
    applique = await faire(
        f"{chemin}/avenants",
        {
            "reference": f"essai-avenant-{rang}-1",
            "type": "prolongation",
            "motif": "Un an de plus",
            "changements": {"annee_fin": 2028},
        },
    )
    for type_acte, organisme in (
        ("deliberation", None),
        ("signature", _ETAT),
        ("signature", _DEPARTEMENT),
        ("application", None),
    ):
        acte = {"type": type_acte, "date_acte": "2025-01-15", "organisme": organisme}
        applique = await faire(f"/v1/avenants/{applique['id']}/actes", acte, applique["version"])
    ouvert = await faire(
        f"{chemin}/avenants",
        {
            "reference": f"essai-avenant-{rang}-2",
            "type": "contenu",
            "motif": "Un public de plus",
            "changements": {"publics": ["Jeunes"]},
        },
    )
    return {
        "avenant_id": str(ouvert["id"]),
        "document_id": str(document["id"]),
        "projet_id": str(projet["id"]),
    }
