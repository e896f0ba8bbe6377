"""A point d'étape and an indicator: what the demonstration does not do, done once."""

from typing import Any

from deploy.local.partenaire import Partenaire


async def etablir(si: Partenaire, rang: int = 0) -> dict[str, str]:
    """Open two points d'étape, arrest one, validate another, observe a value; return the ids."""
    (convention,) = (await si.lire("financement", "/v1/conventions", limite=1))["elements"]
    base = f"/v1/conventions/{convention['id']}"

    async def faire(chemin: str, corps: dict[str, Any], version: int | None = None) -> str:
        cle = f"{chemin}:{rang}:{corps.get('date_arrete', '')}"
        made = await si.ecrire("financement", chemin, corps, cle=cle, version=version)
        return str(made["id"])

    points = [
        await faire(f"{base}/points-etape", {"exercice": 2024, "date_arrete": f"2024-12-{jour}"})
        for jour in (29, 30, 31)
    ]
    for point in points[1:]:
        await faire(f"/v1/points-etape/{point}/arrets", {}, 1)
    participants = {"participants": ["Préfecture", "Département"]}
    await faire(f"/v1/points-etape/{points[2]}/validations", participants, 2)
    indicateur = await faire(
        f"{base}/indicateurs",
        {
            "code": f"permis-{rang}",
            "libelle": "Permis de conduire obtenus",
            "unite": "personnes",
            "sens": "hausse",
            "exercice": 2024,
            "cible": 40,
        },
    )
    valeur = await faire(
        f"/v1/indicateurs/{indicateur}/valeurs",
        {"valeur": 29, "date_observation": "2024-12-31", "source": "Bilan"},
    )
    return {
        "point_brouillon_id": points[0],
        "point_arrete_id": points[1],
        "point_etape_id": points[2],
        "indicateur_convention_id": indicateur,
        "valeur_indicateur_id": valeur,
    }
