"""Receipts, claims, contributions, clauses: what the demonstration does not do, done once."""

from typing import Any

from deploy.local.partenaire import Partenaire
from tests.jours import aujourdhui


async def recevoir(si: Partenaire, rang: int = 0) -> dict[str, str]:
    """Do each act of the receipts once, on a fresh pair of envelopes; return their ids."""
    date = aujourdhui()
    jour, mois = date.isoformat(), date.replace(day=1).isoformat()

    async def faire(chemin: str, corps: dict[str, Any], version: int | None = None) -> str:
        cle = f"{chemin}:{rang}:{version}:{corps}"
        made = await si.ecrire("financement", chemin, corps, cle=cle, version=version)
        return str(made["id"])

    convention = (await si.lire("financement", "/v1/conventions", limite=1))["elements"][0]["id"]

    async def enveloppe(financeur: str) -> str:
        return await faire(
            "/v1/enveloppes",
            {
                "reference": f"essai-{financeur}-{rang}",
                "convention_id": convention,
                "financeur": financeur,
            },
        )

    etat, departement = await enveloppe("etat"), await enveloppe("departement")
    base = f"/v1/enveloppes/{etat}"
    acte = await faire(
        f"{base}/notifications",
        {
            "montant_centimes": 620_850_00,
            "qualificatif": "exact",
            "date_effet": jour,
            "reference": "Notification d'essai",
        },
    )
    ids = await _titrer(faire, base, jour)
    taux = await faire(
        "/v1/taux",
        {
            "code": f"etat-{rang}",
            "nature": "intervention",
            "libelle": "Part de l'État",
            "numerateur": 1,
            "denominateur": 2,
            "valable_du": "2024-01-01",
        },
    )
    demande = {"date_arrete": jour, "taux_code": f"etat-{rang}"}
    adopte = await faire(f"{base}/bilans", {**demande, "depense_retenue_centimes": 200_01})
    adoption = {"assemblee": "Assemblée", "date_adoption": jour, "reference": "Délibération"}
    await faire(f"/v1/bilans/{adopte}/adoptions", adoption, 1)
    bilan = await faire(f"{base}/bilans", demande)
    apports = await _apporter(faire, convention, departement, jour, mois, rang)
    clauses = await _clauser(faire, jour, mois, rang)
    publiees = await _publier(faire, jour, rang)
    publiees = await _publier(faire, jour, rang)
    return {
        "acte_recette_id": acte,
        "taux_id": taux,
        "bilan_id": bilan,
        "enveloppe_etat_id": etat,
        "enveloppe_departement_id": departement,
        **ids,
        **apports,
        **clauses,
        **publiees,
    }


async def _publier(faire: Any, jour: str, rang: int) -> dict[str, str]:
    """A subsidy signed, and its data published."""
    signe = {"organisme": "Département", "statut": "signe", "date_signature": "2026-01-02"}
    subvention = await faire(
        "/v1/conventions",
        {
            "reference": f"essai-subvention-{rang}",
            "type": "convention_subvention",
            "intitule": "Subvention d'essai",
            "annee_debut": 2026,
            "statut": "signee",
            "beneficiaire": {"nom": "Association d'exemple", "siret": "10000000900017"},
            "signataires": [signe],
            "date_signature": "2026-01-02",
        },
    )
    publication = {
        "date_publication": jour,
        "acte": "Jeu de données d'essai",
        "url": "https://donnees.departement.example/subventions.csv",
    }
    chemin = f"/v1/conventions/{subvention}/publications"
    return {"subvention_id": subvention, "publication_id": await faire(chemin, publication)}


async def _titrer(faire: Any, base: str, jour: str) -> dict[str, str]:
    """Claim, cash a part, reduce, cancel, find an excess and give it back."""
    emission = {"date_emission": jour, "objet": "Acompte"}
    encaisse = await faire(f"{base}/titres", {"montant_centimes": 200_000_00, **emission})
    recu = {"montant_centimes": 150_000_00, "date_effet": jour, "reference": "Bordereau"}
    await faire(f"/v1/titres/{encaisse}/encaissements", recu)
    moins = {"suite": "a_titrer", "motif": "Essai", "date_effet": jour}
    titre = await faire(f"{base}/titres", {"montant_centimes": 100_00, **emission})
    await faire(f"/v1/titres/{titre}/reductions", {"montant_centimes": 1_00, **moins}, 1)
    await faire(f"/v1/titres/{titre}/annulations", moins, 2)
    trop = {"montant_centimes": 40_000_00, "date_effet": jour, "motif": "Essai"}
    await faire(f"{base}/trop-percus", trop)
    rendu = {"montant_centimes": 2_00, "date_effet": jour, "reference": "Mandat"}
    await faire(f"{base}/reversements", rendu)
    ouvert = await faire(f"{base}/titres", {"montant_centimes": 2_000_00, **emission})
    return {"titre_id": ouvert}


async def _apporter(
    faire: Any, convention: str, enveloppe: str, jour: str, mois: str, rang: int
) -> dict[str, str]:
    """Admit, plan, declare and validate a contribution."""
    regle = await faire(
        f"/v1/conventions/{convention}/regles-valorisation",
        {
            "nature": "personnel",
            "autorisee": True,
            "methode": "taux_horaire",
            "source": "Convention d'essai",
            "valable_du": f"20{10 + rang}-01-01",
        },
    )
    prevision = await faire(
        f"/v1/enveloppes/{enveloppe}/previsions-valorisation",
        {"montant_centimes": 5_000_00, "date_effet": jour, "source": "Annexe"},
    )
    heures = {
        "nature": "personnel",
        "mois": mois,
        "date_effet": jour,
        "minutes": 60,
        "taux_horaire_centimes": 28_50,
        "agent_ref": enveloppe,
        "temps_mois_minutes": 9_100,
    }
    chemin = f"/v1/enveloppes/{enveloppe}/valorisations"
    validee = await faire(chemin, heures)
    decision = {"sens": "validee", "date_effet": jour}
    await faire(f"/v1/valorisations/{validee}/decisions", decision, 1)
    declaree = await faire(chemin, {**heures, "minutes": 1_000})
    return {
        "regle_valorisation_id": regle,
        "prevision_valorisation_id": prevision,
        "valorisation_id": declaree,
    }


async def _clauser(faire: Any, jour: str, mois: str, rang: int) -> dict[str, str]:
    """Make a clause, add to it, declare and validate."""
    clause = await faire(
        "/v1/clauses",
        {
            "reference": f"M-{rang}",
            "objet": "Marché d'essai",
            "acheteur_siret": "10000000900017",
            "titulaire_siret": "10000001700010",
            "minutes_prevues": 4_440_000,
            "part_brsa_cible_points_base": 4_000,
            "date_debut": "2024-01-01",
            "date_fin": "2040-12-31",
        },
    )
    base = f"/v1/clauses/{clause}"
    plus = {"minutes": 600, "date_effet": jour, "source": "Avenant"}
    await faire(f"{base}/complements", plus, 1)
    corps = {"mois": mois, "public": "brsa", "minutes": 600, "personnes": 3, "date_effet": jour}
    validee = await faire(f"{base}/declarations", corps)
    decision = {"sens": "validee", "date_effet": jour}
    await faire(f"{base}/declarations/{validee}/decisions", decision, 1)
    declaree = await faire(f"{base}/declarations", {**corps, "minutes": 6_000})
    return {"clause_id": clause, "declaration_clause_id": declaree}
