"""Money spent to the end: what the demonstration does not do, done once."""

from hashlib import sha256
from typing import Any
from uuid import uuid4

from deploy.local.partenaire import Partenaire, Refusee

_FACTURE = 500_00


async def depenser(si: Partenaire, comptable: Partenaire) -> dict[str, str]:
    """Engage, certify, order, reject, order again, pay, be paid back, give back; return the ids.

    The invoice is the one of the document's examples; a service done is left to order.
    """
    empreinte = sha256(b"foo").hexdigest()

    async def faire(
        chemin: str, corps: dict[str, Any], version: int | None = None, par: Partenaire = si
    ) -> dict[str, Any]:
        cle = f"{chemin}:{version}"
        return await par.ecrire("financement", chemin, corps, cle=cle, version=version)

    seuil = await faire(
        "/v1/seuils-certification",
        {"montant_centimes": 23_000_00, "valable_du": "2024-01-01", "source": "Essai"},
    )
    justificatif = await faire(
        "/v1/justificatifs",
        {
            "type": "facture",
            "sha256": empreinte,
            "montant_total_centimes": 10 * _FACTURE,
            "date_piece": "2024-01-15",
        },
    )
    engagement = await _engager(si)
    chemin = f"/v1/engagements/{engagement['id']}"
    await faire(f"{chemin}/degagements", {"montant_centimes": 1, "motif": "Essai"}, 1)
    liquidation = await faire(
        f"{chemin}/liquidations",
        {
            "montant_presente_centimes": _FACTURE,
            "montant_retenu_centimes": _FACTURE - 1,
            "motif_ecart": "Essai",
            "date_service_fait": "2024-01-15",
        },
        2,
    )
    base = f"/v1/liquidations/{liquidation['id']}"
    await faire(f"{base}/justifications", {"justificatifs": [empreinte]}, 1)
    await faire(
        f"/v1/justificatifs/{justificatif['id']}/imputations",
        {
            "financeur": "caf",
            "usage": "depense_reelle",
            "montant_centimes": 1_00,
            "objet": "Bilan",
        },
    )
    ordre = {"bordereau": "B-1", "fonction": "444", "nature": "65748"}
    rejete = await faire(f"{base}/mandats", ordre, 2)
    await faire(f"/v1/mandats/{rejete['id']}/rejets", {"motif": "Essai"}, 1, comptable)
    mandat = await faire(f"{base}/mandats", ordre, 4)
    suite = f"/v1/mandats/{mandat['id']}"
    versement = {
        "montant_centimes": _FACTURE - 1,
        "date_valeur": mandat["date_emission"],
        "reference_comptable": "VIR-1",
    }
    await faire(f"{suite}/prises-en-charge", {}, 1, comptable)
    await faire(f"{suite}/paiements", versement, 2, comptable)
    rendu = {**versement, "montant_centimes": 1, "motif": "Essai"}
    await faire(f"{suite}/remboursements", rendu, 3, comptable)
    attente = await _engager(si, "attente")
    demande = {
        "montant_presente_centimes": _FACTURE // 50,
        "montant_retenu_centimes": _FACTURE // 50,
        "date_service_fait": "2024-01-15",
        "justificatifs": [empreinte],
    }
    due = await faire(f"/v1/engagements/{attente['id']}/liquidations", demande, 1)
    return {
        "seuil_certification_id": str(seuil["id"]),
        "justificatif_id": str(justificatif["id"]),
        "liquidation_id": str(liquidation["id"]),
        "mandat_id": str(mandat["id"]),
        "liquidation_due_id": str(due["id"]),
        "engagement_du_id": str(attente["id"]),
        "action_financee_id": str(attente["action_id"]),
    }


async def reserver(si: Partenaire, combien: int) -> dict[str, list[str]]:
    """Reserve a place and 450 euros, for a day, on an action that has both; return the ids."""
    corps = {
        "places": 1,
        "montant_centimes": 450_00,
        "duree_s": 86_400,
        "beneficiaire_ref": str(uuid4()),
    }
    async for action in si.tout("financement", "/v1/actions"):
        try:
            reservations = [
                await si.ecrire(
                    "financement",
                    "/v1/reservations",
                    {"action_id": action["id"], **corps},
                    cle=f"reserver:{action['id']}:{rang}",
                )
                for rang in range(combien)
            ]
        except Refusee:
            continue
        return {
            "action_reservable": [action["id"]],
            "reservation": [one["id"] for one in reservations],
        }
    raise AssertionError("No action has a place and 450 euros left")


async def _engager(si: Partenaire, suite: str = "") -> dict[str, Any]:
    """Engage on the first action that has the amount left."""
    corps = {
        "tiers_siret": "10000000900017",
        "objet": "Essai",
        "montant_centimes": _FACTURE + 1,
        "nature": "juridique",
    }
    async for action in si.tout("financement", "/v1/actions"):
        try:
            return await si.ecrire(
                "financement",
                "/v1/engagements",
                {"action_id": action["id"], **corps},
                cle=f"engagement:{action['id']}:{suite}",
            )
        except Refusee:
            continue
    raise AssertionError("No action has a hundred euros left")
