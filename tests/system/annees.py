"""Years crossed: an engagement on an authorisation, covered when its year comes, then carried."""

from typing import Any

from deploy.local.partenaire import Partenaire
from tests.jours import aujourdhui

ACTE = {"date_effet": "2024-03-01", "source": "Acte d'essai"}


async def traverser(si: Partenaire, convention_id: str, rang: int = 0) -> None:
    """Do once what passes from a year to the next."""

    async def faire(
        chemin: str, corps: dict[str, Any], version: int | None = None, *, encore: str = ""
    ) -> dict[str, Any]:
        cle = f"annees:{chemin}:{rang}:{encore}"
        return await si.ecrire("financement", f"/v1{chemin}", corps, cle=cle, version=version)

    enveloppes = {}
    for exercice in (2024, 2025, 2100):
        corps = {"reference": f"annees-{rang}-{exercice}", "exercice": exercice}
        enveloppes[exercice] = (await faire("/enveloppes", corps, encore=str(exercice)))["id"]
        ouverture = {**ACTE, "montant_centimes": 1_000_00, "qualificatif": "exact"}
        await faire(f"/enveloppes/{enveloppes[exercice]}/ouvertures", ouverture, 1)
    fenetre = {**ACTE, "fenetre_fin": "2100-12-31"}
    await faire(f"/enveloppes/{enveloppes[2100]}/avenants", fenetre, 2)
    action = await faire(
        f"/conventions/{convention_id}/actions",
        {
            "code": f"annees-{rang}",
            "libelle": "Des années",
            "cle": [{"enveloppe_id": enveloppes[2024], "numerateur": 1, "denominateur": 1}],
        },
    )
    date = aujourdhui()
    annee, jour = date.year, date.isoformat()
    vote = {
        "reference": f"ae-annees-{rang}",
        "libelle": "Une autorisation",
        "deliberation": "Délibération 1",
        "montant_vote_centimes": 500_00,
        "date_effet": "2024-01-02",
        "echeancier": [{"exercice": 2024, "montant_centimes": 500_00}],
    }
    autorisation = await faire("/autorisations-engagement", vote)
    affectation = {**ACTE, "action_id": action["id"], "montant_centimes": 500_00}
    await faire(f"/autorisations-engagement/{autorisation['id']}/affectations", affectation)
    engagement = await faire(
        "/engagements",
        {
            "action_id": action["id"],
            "tiers_siret": "10000000900017",
            "objet": f"Essai de plusieurs années {rang}",
            "montant_centimes": 300_00,
            "nature": "juridique",
            "ae_id": autorisation["id"],
            "echeancier": [
                {"exercice": annee, "montant_centimes": 200_00},
                {"exercice": 2100, "montant_centimes": 100_00},
            ],
        },
    )
    chemin = f"/engagements/{engagement['id']}"
    part = {"enveloppe_id": enveloppes[2100], "montant_centimes": 40_00}
    couvert = await faire(
        f"{chemin}/couvertures", {"exercice": 2100, "enveloppes": [part], "source": "Acte"}, 1
    )
    assert couvert["non_couvert_centimes"] == 60_00
    report = {"enveloppe_id": enveloppes[2024], "vers_enveloppe_id": enveloppes[2025]}
    porte = await faire(f"{chemin}/reports", {**report, "date_effet": jour, "source": "Avenant"}, 2)
    parts = {one["enveloppe_id"]: one["montant_centimes"] for one in porte["ventilation"]}
    assert parts == {enveloppes[2025]: 200_00, enveloppes[2100]: 40_00}
