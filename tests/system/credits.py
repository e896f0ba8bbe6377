"""Envelopes changed and closed, authorisations, payment credits and a year: each act done once."""

from typing import Any

from deploy.local.partenaire import Partenaire
from tests.jours import aujourdhui
from tests.system.annees import traverser

JOUR = {"date_effet": "2024-03-01", "source": "Acte d'essai"}
ANNEE = 2024


async def financer(si: Partenaire, rang: int = 0) -> dict[str, dict[str, str]]:
    """Do all that this part of financement can do; the ids of its objects, by their parameter."""

    async def faire(
        chemin: str, corps: dict[str, Any], version: int | None = None, *, encore: str = ""
    ) -> dict[str, Any]:
        cle = f"{chemin}:{rang}:{encore}"
        return await si.ecrire("financement", f"/v1{chemin}", corps, cle=cle, version=version)

    anciennes = []
    for suite in range(3):
        corps = {
            "reference": f"credits-{rang}-{suite}",
            "exercice": ANNEE + suite % 2,
            "financeur": "etat",
        }
        made = await faire("/enveloppes", corps, encore=str(suite))
        ouverture = {**JOUR, "montant_centimes": 1_000_00, "qualificatif": "exact"}
        await faire(f"/enveloppes/{made['id']}/ouvertures", ouverture, 1)
        anciennes.append(made["id"])
    une = f"/enveloppes/{anciennes[0]}"
    autre = {"enveloppe_id": anciennes[1]}
    amendee = await faire(f"{une}/avenants", {**JOUR, "montant_centimes": 1_500_00}, 2)
    entries = [
        one
        async for one in si.tout("financement", "/v1/ecritures", objet_id=anciennes[0])
        if one["evenement"] == "avenant"
    ]
    await faire(f"/ecritures/{entries[-1]['id']}/contrepassations", JOUR)
    viree = await faire(f"{une}/virements", {**JOUR, **autre, "montant_centimes": 10_00})
    fin = {"date_effet": "2025-01-01", "source": "Constat", "reliquat": "annulation"}
    close = await faire(f"{une}/clotures", fin, viree["version"])
    await faire(f"{une}/soldes", {"source": "Constat"}, close["version"])
    assert amendee["ouvert_centimes"] == 1_500_00
    await faire(f"/enveloppes/{anciennes[2]}/clotures", fin, 2)
    ouverte = f"/enveloppes/{anciennes[1]}"
    lue = await si.lire("financement", f"/v1{ouverte}")
    plus = {**JOUR, "montant_centimes": 2_000_00}
    await faire(f"{ouverte}/avenants", plus, lue["version"])
    corrigible = [
        one
        async for one in si.tout("financement", "/v1/ecritures", objet_id=anciennes[1])
        if one["evenement"] == "avenant"
    ]

    convention = await anext(aiter(si.tout("financement", "/v1/conventions")))
    made = await faire(
        f"/conventions/{convention['id']}/actions",
        {
            "code": f"credits-{rang}",
            "libelle": "Des places",
            "mode_capacite": "stock",
            "places_ouvertes": 90,
        },
    )
    action, jour = made["id"], aujourdhui().isoformat()
    await faire(
        f"/actions/{action}/fermetures", {"places": 1, "date_effet": jour, "source": "Avenant"}
    )
    demande = {"action_id": action, "places": 1, "beneficiaire_ref": anciennes[0]}
    reservation = await faire("/reservations", demande)
    engagement = await faire(f"/reservations/{reservation['id']}/confirmations", {})
    await faire(
        f"/engagements/{engagement['id']}/liberations", {"date_effet": jour, "motif": "Fin"}
    )
    tenue = await faire("/reservations", demande, encore="tenue")
    occupant = await faire(f"/reservations/{tenue['id']}/confirmations", {})

    vote = {
        "reference": f"ae-credits-{rang}",
        "libelle": "Une autorisation",
        "deliberation": "Délibération 1",
        "montant_vote_centimes": 10_000_00,
        "date_effet": "2024-01-02",
        "echeancier": [{"exercice": ANNEE, "montant_centimes": 10_000_00}],
    }
    autorisation = await faire("/autorisations-engagement", vote)
    chemin = f"/autorisations-engagement/{autorisation['id']}"
    credit = await faire(
        "/credits-paiement",
        {
            "exercice": ANNEE,
            "libelle": "Crédits",
            "autorisation_engagement_id": autorisation["id"],
            "montant_centimes": 40_00,
            **JOUR,
        },
    )
    await faire(f"/credits-paiement/{credit['id']}/ouvertures", {**JOUR, "montant_centimes": 10_00})
    affectation = {**JOUR, "action_id": action, "montant_centimes": 30_00}
    affectee = await faire(f"{chemin}/affectations", affectation)
    revision = {
        "deliberation": "Délibération 2",
        "montant_vote_centimes": 12_000_00,
        "date_effet": "2024-06-01",
        "echeancier": [{"exercice": ANNEE, "montant_centimes": 12_000_00}],
    }
    await faire(f"{chemin}/revisions", revision, affectee["version"])
    libre_vote = {**vote, "reference": f"ae-credits-{rang}-libre"}
    libre = await faire("/autorisations-engagement", libre_vote, encore="libre")
    autre_vote = {**vote, "reference": f"ae-credits-{rang}-annulee"}
    annulee = await faire("/autorisations-engagement", autre_vote, encore="annulee")
    annulation = {"date_effet": "2024-12-01", "source": "Délibération 3"}
    await faire(f"/autorisations-engagement/{annulee['id']}/annulations", annulation, 1)

    await traverser(si, convention["id"], rang)
    exercice = await faire("/exercices", {"annee": 2015 - rang})
    annee = f"/exercices/{exercice['id']}"
    journee = await faire(f"{annee}/journees-complementaires", {"source": "Règlement"}, 1)
    cloture = await faire(f"{annee}/clotures", {"source": "Délibération"}, journee["version"])
    restant = await faire("/exercices", {"annee": 2020 - rang}, encore="ouvert")
    return {
        "enveloppe_ouverte_id": {"enveloppe_id": anciennes[1]},
        "enveloppe_close_id": {"enveloppe_id": anciennes[2]},
        "ecriture_id": {"ecriture_id": corrigible[-1]["id"]},
        "action_stock_id": {"action_id": action},
        "engagement_id": {"engagement_id": occupant["id"]},
        "autorisation_libre_id": {"autorisation_engagement_id": libre["id"]},
        "exercice_ouvert_id": {"exercice_id": restant["id"]},
        "autorisation_engagement_id": {"autorisation_engagement_id": autorisation["id"]},
        "credit_paiement_id": {"credit_paiement_id": credit["id"]},
        "exercice_id": {"exercice_id": exercice["id"]},
        "cloture_id": {"exercice_id": exercice["id"], "cloture_id": cloture["id"]},
    }
