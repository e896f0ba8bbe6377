"""A parcours that works: what the demonstration does not do, done once."""

from typing import Any

from deploy.local.partenaire import Partenaire, Refusee

_SIRETS = ("10000000900017", "10000001700010", "10000002500013")
_JOUR = "2024-01-15"


async def employer(si: Partenaire, parcours_id: str, rang: int = 0) -> dict[str, str]:
    """Make an employer, an offer, a job, a network, a market, an aid; return their ids."""

    async def faire(chemin: str, corps: dict[str, Any]) -> str:
        return str((await si.ecrire("parcours", chemin, corps, cle=f"{chemin}:{rang}"))["id"])

    base = f"/v1/parcours/{parcours_id}"
    employeur = await faire(
        "/v1/employeurs",
        {
            "siret": _SIRETS[rang],
            "nom": "Chantier d'exemple",
            "naf": "81.21Z",
            "code_commune": "35236",
            "structures_iae": ["aci"],
        },
    )
    offre = await faire(
        "/v1/offres-emploi",
        {
            "employeur_id": employeur,
            "rome": "F1703",
            "intitule": "Maçon",
            "type_emploi": "cdi",
            "code_commune": "35236",
            "duree_hebdomadaire_minutes": 2_100,
            "places": 2,
            "date_ouverture": _JOUR,
        },
    )
    mise = await faire(
        f"/v1/offres-emploi/{offre}/mises-en-relation",
        {"parcours_id": parcours_id, "date_proposition": _JOUR},
    )
    emploi = await faire(
        f"{base}/emplois", {"type": "cdi", "employeur_id": employeur, "date_debut": _JOUR}
    )
    dispositif = await faire(
        f"{base}/dispositifs",
        {
            "type": "trajectoire_autonomie",
            "date_debut": _JOUR,
            "date_fin": "2030-01-14",
            "agent": "agt-1",
        },
    )
    membre = await faire(
        f"/v1/dispositifs/{dispositif}/membres",
        {"role": "logement", "organisme_id": employeur, "date_debut": _JOUR},
    )
    marche = await faire(
        "/v1/marches",
        {
            "reference": f"M-{rang}",
            "objet": "Nettoyage",
            "minutes_prevues": 60_000,
            "date_debut": "2024-01-01",
            "date_fin": "2030-12-31",
        },
    )
    reglement = await faire(
        "/v1/reglements-aides-jeunes",
        {"depuis": f"2024-01-0{rang + 1}", "age_min": 16, "age_max": 30, "source": "Essai"},
    )
    return {
        "employeur_id": employeur,
        "offre_emploi_id": offre,
        "mise_en_relation_id": mise,
        "emploi_id": emploi,
        "dispositif_id": dispositif,
        "membre_id": membre,
        "marche_id": marche,
        "reglement_aide_id": reglement,
        "aide_jeune_id": await _aide(si, base, rang),
    }


async def _aide(si: Partenaire, base: str, rang: int) -> str:
    """Ask for an euro of the first action that has one left."""
    corps = {
        "nature": "projet",
        "montant_centimes": 100,
        "paye_a": "jeune",
        "age": 20,
        "date_demande": _JOUR,
    }
    async for action in si.tout("financement", "/v1/actions"):
        try:
            made = await si.ecrire(
                "parcours",
                f"{base}/aides-jeunes",
                {"action_id": action["id"], **corps},
                cle=f"aide:{action['id']}:{rang}",
            )
        except Refusee:
            continue
        return str(made["id"])
    raise AssertionError("No action has an euro left")
