"""The examples of the OpenAPI document: one per object, built from its schema and the values here.

All is invented: the people are nobody, a NIR is of commune 999, a host ends in `.example`. The
objects tell one story, in one department, so that the identifiers of one lead to another.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

IDENTIFIANTS: Mapping[str, str] = {
    "export_id": "019cad9d-67a0-7b95-8c4e-d1f06a27e3b8",
    "livraison_id": "019cb368-90bd-7c15-a3f0-6e91d2478b5c",
    "horloge_de_test_id": "019cad9d-67a0-7e15-92c4-8b06d3f7a15e",
    "panne_de_test_id": "019cad9d-67a0-7f2a-a8d1-47e59c0b36f2",
    "volume_lu_id": "019cad9d-67a0-7b3d-9a52-6f10c8e4d7b3",
    "webhook_id": "019cad9d-67a0-7c8e-b15f-2a74d903e6f1",
    "imputation_id": "019cb40d-5aa0-7f38-a4b6-c17d29e0835f",
    "justificatif_id": "019cb40d-5aa0-7c47-b83a-e5f0219d6c74",
    "liquidation_id": "019cb40d-5aa0-7d15-a2c9-4b83e7f06d51",
    "mandat_id": "019cb40d-5aa0-7e62-8f1b-90d4c5a37b28",
    "paiement_id": "019cb40d-5aa0-7a94-b7e3-26f8d0c15b49",
    "remboursement_id": "019cb40d-5aa0-7bd6-9032-8e4c71f5a0d7",
    "seuil_certification_id": "019b789f-d7a0-7f64-9c1d-2e80b5a7d943",
    "acte_convention_id": "019cad9d-67a0-7a10-8b3e-5c29f0d4e617",
    "avenant_id": "019cad9d-67a0-7b52-9d06-1e84c7f3a925",
    "document_id": "019cad9d-67a0-7c71-a4f8-3b60d92e15c4",
    "acte_dispositif_id": "019cb368-8f25-7c0e-8d72-5a19e4b360f7",
    "acte_emploi_id": "019cb368-8f25-7b7d-94a6-e0c83f51d92b",
    "accompagnement_employeur_id": "019cb368-8f25-7e2b-a1f0-9d64c7385e1b",
    "aide_jeune_id": "019cb368-8f25-7a63-b9d5-72e04c81f3a6",
    "dispositif_id": "019cb368-8f25-7d46-9b18-f3a62c70e594",
    "convention_immersion_id": "019cb368-8f25-7d93-a7b1-5e20c84f61d9",
    "emploi_id": "019cb368-8f25-7c51-a7d4-18e0b95f3c26",
    "employeur_id": "019b789f-d7a0-7d72-9e15-3c80f6a4b2e7",
    "heures_clause_id": "019cb368-8f25-7f4d-b827-06e1a9c5d38f",
    "marche_id": "019b789f-d7a0-7c93-9b40-e1f75d28a6c4",
    "membre_id": "019cb368-8f25-7e97-8c2d-405b1fa8d763",
    "mise_en_relation_id": "019cb368-8f25-7185-b3e9-6c07f5a24d81",
    "offre_emploi_id": "019cb368-8f25-7f02-a5b7-94d1e6c3082f",
    "pass_iae_id": "019cb368-8f25-7d46-9b18-f3a62c70e594",
    "reglement_aide_id": "019b789f-d7a0-7b15-8a7e-c4d2906f3e81",
    "annulation_id": "019cb5c1-2d40-7a66-8d0e-5b7f31c9e284",
    "notification_id": "019cb3f8-77e0-7d12-a4c5-9e60b8d2f371",
    "reorientation_id": "019cb7e4-90b0-7a51-8c3d-4f26d1e08b95",
    "reexamen_id": "019cb7e4-90b0-7e86-b12f-60c9a7d35e14",
    "place_id": "019cb368-8f21-7c38-b1f9-2a64d07e8c5b",
    "affectation_id": "019cb5c1-2d40-7f18-9b3c-6e0a4d72c581",
    "indicateur_id": "019b789f-d7a0-7ab4-8e51-0f6c93d2a74e",
    "portefeuille_id": "019b789f-d7a0-7f83-b6c2-9d1e5a4f7028",
    "synchronisation_data_inclusion_id": "019cb5c1-2d40-7b92-a0f4-6c18e3d75a09",
    "activite_france_travail_id": "019cb5c1-2d40-7e13-8c5a-70d4f9b26e81",
    "ecart_orientation_id": "019cb5c1-2d40-7c84-9a1f-3e60d7b2f589",
    "reglage_invitations_id": "019b789f-d7a0-7e41-9c6d-52b0f8a7e319",
    "invitation_id": "019cb5c1-2d40-7d35-b7e8-0a4c91f6d283",
    "reglage_france_travail_id": "019b789f-d7a0-7d29-8b5a-61c0f4e93a72",
    "unite_id": "019b789f-d7a0-7e52-a3d1-4c8f0b6e9a17",
    "activite_id": "019cb7e4-90b0-7f24-a58d-3c61e0b97d42",
    "declaration_heures_id": "019cbd2a-5b60-7c17-9e84-d05f72a1b638",
    "repere_heures_id": "019b789f-d7a0-7b06-8f29-4e7d1c53a9b0",
    "rendez_vous_partenaire_id": "019cb7e4-90b0-7c1d-8a52-f36e09d4b781",
    "rendez_vous_id": "019cb7e4-90b0-7e9b-b340-8d52f61c07ae",
    "acte_rendez_vous_id": "019cb7e4-90b0-7ea8-97c6-1f3b504d8e29",
    "accueil_id": "019cad9d-67a0-7d55-8b06-4c1e9a72f3d8",
    "acte_recette_id": "019cb40d-5aa0-7d63-8b1e-27c9f054a8d6",
    "action_id": "019cad9d-67a0-7c02-9e41-6b1f0f5a2d33",
    "agent_ref": "019b789f-d7a0-7b6e-9a14-c82f5d03e7b9",
    "prevision_valorisation_id": "019cb40d-5aa0-7f19-9c62-84d0e7b3a51f",
    "regle_valorisation_id": "019b789f-d7a0-7d08-b46a-5e2f91c7a380",
    "valorisation_id": "019cb40d-5aa0-7a8c-b3d7-16f5c09e4b28",
    "clause_id": "019b789f-d7a0-7e63-a8d1-05f7c39b426e",
    "declaration_clause_id": "019cb40d-5aa0-7b47-91e6-d30a8f5c2e79",
    "bilan_id": "019cb40d-5aa0-7e85-a274-9f13d60b8c57",
    "publication_id": "019cb40d-5aa0-7e16-b7c4-52d80f93a16b",
    "taux_id": "019b789f-d7a0-7f50-8c3e-b1d64a72e905",
    "titre_id": "019cb40d-5aa0-7c27-9d41-a60f38e5b972",
    "autorisation_engagement_id": "019b789f-d7a0-7a25-8f60-3d1c94e7b052",
    "vers_enveloppe_id": "01a1d2a4-3fa0-7d1e-9b35-6c80e24f7a19",
    "reliquat_id": "01a1d2a4-3fa0-7c58-a6f1-0b93e7d42c85",
    "credit_paiement_id": "019b789f-d7a0-7c61-a3f8-4e05d9b2716c",
    "exercice_id": "019b789f-d7a0-7e14-92bd-60c8a5f37e21",
    "cloture_id": "019cad9d-67a0-7b83-84e6-d1f20c95a738",
    "rattachement_id": "019cad9d-67a0-7d52-a19f-3b86e0c4d7f5",
    "revision_autorisation_id": "019b789f-d7a0-7f3a-b5c9-71e40d8a2c96",
    "beneficiaire_ref": "019cb3d4-11c8-7f53-8d0c-2f7b1de04a16",
    "contrat_id": "019cb4a1-6c30-7e55-9d02-71b8e4f0a36c",
    "revision_contrat_id": "019cb4a1-6c30-7f0b-a417-2d96c8e53b70",
    "acte_contrat_id": "019cb4c6-0d80-7a92-8e35-b40f7d19c26e",
    "motif_heures_contrat_id": "019cb4a1-6c30-7b38-95fc-80e2a7d4619b",
    "code_consultation_id": "019cb7e4-90b0-7f4c-8d15-3a92e06b7c81",
    "acces_journal_id": "019cb7e5-0c28-7b60-9a37-5d81f2c4e09b",
    "contact_id": "019cb3d4-11c8-71a9-b5e3-68f0d2c7941b",
    "convention_id": "019cad9d-67a0-726b-b2a7-4de452e6b438",
    "point_etape_id": "019cb40d-5aa0-7c44-8b1e-2f9d7a6c5e03",
    "valeur_indicateur_id": "019cb40d-5aa0-7d61-9a27-c83b5e0f4d19",
    "convocation_id": "019cb3d4-11c8-7e24-93bd-05a7f1c68e3f",
    "decision_id": "019cb368-8f20-70c6-a6a3-a4506513270e",
    "declaration_dsp_id": "019cb3d4-11c8-7a02-9c5b-6e1f0d3b8a47",
    "diagnostic_id": "019cb7e4-90b0-7d03-a6f8-12e5b9c74a60",
    "dispense_id": "019cb3d4-11c8-7b60-8f17-d94e2a05c7b3",
    "dossier_id": "019cad95-0a20-7297-8d61-e00a0d5efb5a",
    "ecriture_id": "019cb40d-5aa0-7a3e-9c55-0d1b7f6e2c48",
    "engagement_id": "019cb40d-5aa0-7b91-8e27-5f3a9c0d6e12",
    "enveloppe_id": "019b789f-d7a0-711d-ab0d-549b6f03675a",
    "evenement_id": "019cb368-8f21-7d04-b6f2-91c3e5a7084d",
    "frein_id": "019cb368-8f25-7160-8999-50d836f675cd",
    "import_id": "019cad94-f1e0-7e6a-9b3d-7c2f4a108e55",
    "intervenant_id": "019cb368-8f25-7b58-a3e9-0f6d72c1b845",
    "jeu_de_regles_id": "019cb7e4-90b0-7b69-9d27-e3a05f8c1642",
    "mouvement_id": "019cad95-0a20-7d5e-9f38-b1c6e07a4d29",
    "offre_id": "019cb1a0-4c80-7d21-8f36-5a9c0e7b2d48",
    "seance_id": "019cb1a0-4c80-7e94-b05d-17c3f6a8e290",
    "inscription_id": "019cb4c6-0d80-7d57-9a12-c8e04f6b3715",
    "objectif_id": "019cb368-8f25-7c6a-9e48-b3072f5d1a69",
    "etat_objectif_id": "019cb368-8f25-7da1-84f7-6e1b0c9d3528",
    "observation_id": "019cb368-8f25-7742-a1c0-3e9d5b7f2a60",
    "organisme_id": "019b789f-d7a0-7d19-8c44-e2a6f05b3c71",
    "organisme_referent_id": "019b789f-d7a0-7c02-9e41-6b1f0f5a2d33",
    "orientation_id": "019cad9d-67a0-75f1-b8d3-c6a90e24f517",
    "parcours_id": "019cb368-8f25-7160-8999-50d836f675cc",
    "passation_id": "019cb368-8f25-7f36-8b07-c4d19e2a5f70",
    "periode_id": "019cb368-8f25-7a0b-94e6-18d2c7f3b509",
    "personne_id": "019cad95-0a20-7c8e-a75b-d4f1390e62ab",
    "presence_id": "019cb3d4-11c8-7c93-a8d1-3b60e5f7294c",
    "prescription_id": "019cb368-8f25-7160-8999-50d836f675ce",
    "proposition_id": "019cad9d-67a0-7e40-8a12-b95c3d07f6e8",
    "rapprochement_id": "019cad96-3c70-7f18-a264-90b7e5d1c83a",
    "acte_rapprochement_id": "019cb3d5-40e8-7b27-9d13-5f8c02a6e4b1",
    "gardee_id": "019cad95-0a20-7c8e-a75b-d4f1390e62ab",
    "recueil_id": "019cad9d-67a0-7c19-b4e3-2f8a6d0b5c71",
    "reponse_passation_id": "019cb368-8f25-7d83-b6a1-2e94c70f5d18",
    "referent_id": "019cb368-8f25-7e11-9d42-7a05c1e8b364",
    "reservation_id": "019cb40d-5aa0-78d0-9738-f7d93d9c1724",
    "simulation_id": "019cb7e4-90b0-7c34-8ab5-70d1e6f29b83",
    "suspension_id": "019d0c5a-3e80-7b42-9f16-d4a8c07e25b1",
    "acte_suspension_id": "019d0c5a-3e80-7e95-8a3c-61f0b2d7894e",
    "reouverture_id": "019d9f2c-7140-7a38-b5d4-0e83c6f1927a",
    "mouvement_droit_id": "019cad95-0a20-7b17-a4c2-58e1d90f63b7",
}

# What a field says wherever it stands; an object that says otherwise is in `_OBJETS`.
_CHAMPS: Mapping[str, Any] = {
    **IDENTIFIANTS,
    "annee_debut": 2024,
    "client_id": "si-departement-35",
    "code_commune": "35238",
    "cree_le": "2026-03-03T11:15:00.000000Z",
    "date_decision": "2026-03-09",
    "date_affectation": "2026-03-10",
    "date_constat": "2026-03-17",
    "date_contact": "2026-03-05",
    "date_debut": "2026-03-09",
    "date_declaration": "2026-03-03",
    "date_dispense": "2026-03-05",
    "date_demande": "2026-03-20",
    "date_effet": "2026-03-09",
    "date_engagement": "2026-03-18",
    "date_envoi": "2026-03-05",
    "date_limite": "2026-04-14",
    "date_naissance": "1990-04-12",
    "date_observation": "2026-03-12",
    "date_ouverture": "2026-03-09",
    "date_recueil": "2026-03-05",
    "exercice": 2026,
    "expire_le": "2026-03-16T09:45:00.000000Z",
    "fuseau": "Europe/Paris",
    "ideparte": "035",
    "inscrite_le": "2026-03-16T09:30:00.000000Z",
    "modifie_le": "2026-03-03T11:15:00.000000Z",
    "montant_centimes": 45_000,
    "nom": "Exemple",
    "organisme_decideur_id": IDENTIFIANTS["organisme_id"],
    "places": 1,
    "prenoms": "Camille",
    "recu_le": "2026-03-03T11:15:00.000000Z",
    "survenu_le": "2026-03-03T11:15:00.000000Z",
    "type_parcours": "socio_professionnel",
    "version": 1,
}

_AXE: Mapping[str, Any] = {
    "ordre": 1,
    "libelle": "Lutter contre les freins à l'emploi",
    "fongible": True,
    "date_debut": "2024-01-01",
    "date_fin": None,
    "taux_etat": {"numerateur": 1, "denominateur": 2},
    "source": None,
}
_VOLET: Mapping[str, Any] = {**_AXE, "libelle": "Mobilité", "fongible": False}
_SIGNATAIRE: Mapping[str, Any] = {
    "organisme": "Département",
    "qualite": "La présidente du conseil départemental",
    "requis": True,
    "statut": "signe",
    "date_signature": "2024-05-15",
}
_CONVENTION: Mapping[str, Any] = {
    "reference": "35-CLS-2024-2027",
    "intitule": "Contrat local des solidarités",
    "annee_fin": 2027,
    "statut": "en_vigueur",
    "nombre_actions": 17,
    "axes": [_AXE],
    "volets": [_VOLET],
    "signataires": [_SIGNATAIRE],
    "territoires": ["redon-vallons-de-vilaine"],
    "publics": ["Personnes en situation de grande exclusion"],
    "comite_pilotage": ["État", "Département"],
    "beneficiaire": None,
    "convention_mere_id": None,
    "date_deliberation": "2024-04-05",
    "reference_deliberation": "Session du 5 avril 2024",
    "date_signature": "2024-05-15",
    "date_effet": "2024-01-01",
    "date_fin": "2027-12-31",
    "date_bilan": "2028-06-30",
}
_CONTENU: Mapping[str, Any] = {
    **{
        nom: _CONVENTION[nom]
        for nom in (
            *("intitule", "annee_fin", "date_fin", "date_bilan", "nombre_actions", "axes"),
            *("volets", "territoires", "publics", "comite_pilotage", "beneficiaire"),
        )
    },
    "annee_debut": 2024,
    "nombre_actions_territoriales": None,
    "nombre_orientations": None,
    "parties": [{nom: _SIGNATAIRE[nom] for nom in ("organisme", "qualite", "requis")}],
    "enveloppes": [
        {
            "enveloppe_id": IDENTIFIANTS["enveloppe_id"],
            "montant_centimes": 62_085_000,
            "fenetre_debut": "2024-01-01",
            "fenetre_fin": "2025-06-30",
        }
    ],
}
_AVENANT: Mapping[str, Any] = {
    "reference": "35-CLS-2024-2027-AV1",
    "type": "execution",
    "motif": "Exécution de 2024 prolongée au 30 juin 2025",
    "date_deliberation": "2024-12-06",
    "reference_deliberation": "Session du 6 décembre 2024",
    "date_effet": "2025-01-01",
}
_TIERS: Mapping[str, Any] = {
    "nom": "Association d'exemple",
    "siret": "10000000900017",
    "rna": "W351000001",
}
_ACTION: Mapping[str, Any] = {
    "code": "mobilite-01",
    "libelle": "Permis de conduire et location solidaire",
    "axe": 1,
    "caractere": "renforcee",
    "mode_capacite": "flux",
    "places_ouvertes": 40,
    "cle": [{"enveloppe_id": IDENTIFIANTS["enveloppe_id"], "numerateur": 1, "denominateur": 1}],
    "freins": ["mobilite"],
    "porteur": _TIERS,
    "territoires": ["redon-vallons-de-vilaine"],
    "publics": ["Bénéficiaires du RSA"],
    "mode_credits": "annuel",
    "base_reference": {
        "montant_centimes": 1_200_000,
        "file_active": 25,
        "annee": 2023,
        "source": "Compte rendu de l'action en 2023",
    },
    "cofinancements": [
        {
            "financeur": "union_europeenne",
            "numerateur": 3,
            "denominateur": 5,
            "valable_du": "2024-01-01",
            "source": "Appel à projets FSE+",
        }
    ],
}
_ENVELOPPE: Mapping[str, Any] = {
    "reference": "cls-2026-mobilite",
    "convention_id": IDENTIFIANTS["convention_id"],
    "exercice": 2026,
    "financeur": "etat",
    "annonce": {"montant_centimes": 72_000_000, "qualificatif": "presque", "source": None},
    "fenetre_debut": "2026-01-01",
    "fenetre_fin": "2026-12-31",
}
_SEANCE: Mapping[str, Any] = {
    "type": "reunion_collective",
    "type_lieu": "caf",
    "lieu": "Accueil de la caisse d'allocations familiales",
    "debut_le": "2026-03-17T08:00:00.000000Z",
    "fin_le": "2026-03-17T10:00:00.000000Z",
    "places": 12,
}
_ORGANISME: Mapping[str, Any] = {
    "reference": "cd-35",
    "type": "conseil_departemental",
    "nom": "Département, service insertion",
    "communes": ["35238"],
    "clients": ["si-departement-35"],
    "places": 140,
}
_UNITE: Mapping[str, Any] = {
    "reference": "agence-redon",
    "nom": "Agence de Redon",
    "territoire": "redon-vallons-de-vilaine",
    "communes": ["35236"],
    "places": 1_400,
    "date_fin": None,
}
_PORTEFEUILLE: Mapping[str, Any] = {
    "reference": "agent-0417",
    "role": "referent_rsa",
    "taille": 140,
    "date_fin": None,
}
_INDICATEUR: Mapping[str, Any] = {
    "reference": "prise_en_charge_2024",
    "libelle": "bénéficiaires du RSA pris en charge",
    "valeur": 1_400,
    "unite": "personnes",
    "qualificatif": "environ",
    "annee": 2024,
    "periodicite": None,
    "territoire": "redon-vallons-de-vilaine",
    "organisme_referent_id": None,
    "mesure": "personnes_suivies",
    "role": None,
    "texte_source": "environ 1 400",
    "source": "Département d'Ille-et-Vilaine, actualité du 18 avril 2024, ligne 41",
}
_ENGAGEMENTS = {"engagements": ["Participer aux rendez-vous et aux ateliers convenus"]}
_ENGAGEMENTS_ORGANISME = {"engagements": ["Proposer un rendez-vous chaque mois"]}
_OBJECTIF = {"domaine": "professionnel", "libelle": "Se déplacer pour travailler"}
_ACTION_PLAN = {
    "type": "demarche_droits_freins",
    "libelle": "Préparer le code de la route",
    "modalite": "collective",
    "encadree": True,
}
_INTENSITE = {"duree_hebdomadaire_minutes": 900}
_PLAN_ACTION: Mapping[str, Any] = {
    "objectifs": [_OBJECTIF],
    "actions": [{**_ACTION_PLAN, "date_debut": None, "date_fin": None}],
    "intensite": {**_INTENSITE, "diagnostic_id": None, "date_reexamen": None},
}
_PLAN_ACTION_CREATION = {
    "objectifs": [_OBJECTIF],
    "actions": [_ACTION_PLAN],
    "intensite": _INTENSITE,
}
_DROITS = "Vous pouvez contester ce contrat devant le président du conseil départemental."
_CONTRAT: Mapping[str, Any] = {
    "engagements_organisme": {"referent_unique": "agent-7", **_ENGAGEMENTS_ORGANISME},
    "engagements_personne": _ENGAGEMENTS,
    "plan_action": _PLAN_ACTION_CREATION,
    "droits_recours": _DROITS,
    "periodicite_actualisation_mois": 3,
}
_REVISION_CONTRAT: Mapping[str, Any] = {
    "rang": 1,
    "motif": None,
    "plan_action": _PLAN_ACTION,
    "droits_recours": _DROITS,
    "periodicite_actualisation_mois": 3,
}
_ETAT_CONTRAT: Mapping[str, Any] = {
    "statut": "a_signer",
    "revision": 1,
    "date_limite": "2026-04-12",
    "etat_echeance": "a_temps",
    "date_premiere_signature": None,
    "date_signature": None,
    "date_suspension": None,
    "date_cloture": None,
}
_NOTIFICATION = {
    "mode": "lettre_recommandee",
    "date_envoi": "2026-03-10",
    "date_reception": "2026-03-12",
}
_DSP = [{"champ": "DIFDISP", "code": "0507"}, {"champ": "NIVETU", "code": "1204"}]
_REORIENTATION: Mapping[str, Any] = {
    "demandeur": "organisme",
    "organisme_demandeur_id": IDENTIFIANTS["organisme_referent_id"],
    "moment": "apres_diagnostic",
    "motif": "diagnostic_autre_organisme",
    "diagnostic_id": "019cb7e4-90b0-7d03-a6f8-12e5b9c74a60",
    "type_parcours_propose": "professionnel",
    "organisme_propose_id": IDENTIFIANTS["organisme_id"],
}
_ACTE: Mapping[str, Any] = {
    "type": "reponse",
    "sens": "accord",
    "motif": None,
    "date_acte": "2026-03-24",
    "organisme_id": IDENTIFIANTS["organisme_id"],
    "auteur": {"client_id": "france-travail-35"},
    "cree_le": "2026-03-24T10:05:00.000000Z",
}
_REEXAMEN: Mapping[str, Any] = {
    "issue": "maintien",
    "france_travail_id": IDENTIFIANTS["organisme_id"],
    "difficultes_durables": False,
    "date_reexamen": "2026-09-08",
}
_REGLES: Mapping[str, Any] = {
    "parcours": [
        {
            "activite_recente": True,
            "capacite_a_se_projeter": True,
            "formation_qualifiante": False,
            "niveau_freins": "moyen",
            "type_parcours": "professionnel",
        }
    ],
    "niveaux": [
        {"champ": "contrainte_mobilite", "valeur": "DEPENDANT_TRANSPORT", "niveau": "moyen"}
    ],
    "niveaux_qualifiants": ["NV1", "NV2", "NV3", "NV4", "NV5"],
    "obstacles": [{"champ": "contrainte_logement", "valeur": "SANS_LOGEMENT"}],
    "projection": [{"champ": "capacite_a_travailler", "valeurs": ["true"]}],
    "organismes": [
        {"regle": "O08", "types": ["delegataire_departemental", "conseil_departemental"]}
    ],
    "regles_locales": [
        {
            "type_parcours": "socio_professionnel",
            "types": ["delegataire_departemental"],
            "communes": ["35236"],
            "age_min": 26,
            "age_max": None,
            "boe": "indifferent",
        }
    ],
}
_ARRETE = "Arrêté conjoint n° 2026-117"
_SIMULATION: Mapping[str, Any] = {
    "cle": "ensemble",
    "rejouees": 160,
    "deplacees": 24,
    "masque": False,
    "passages": [
        {
            "avant": "socio_professionnel",
            "apres": "professionnel",
            "nombre": 24,
            "masque": False,
        }
    ],
    "charges": [
        {
            "organisme_id": IDENTIFIANTS["organisme_id"],
            "places": 140,
            "avant": 90,
            "apres": 66,
            "masque": False,
        }
    ],
}
_ATTENTE = {"rang": 1, "date_limite_file": "2026-04-08", "organisme_alternatif_id": None}
_BESOIN = {"code": "5", "valeur": "besoin"}
_PROJET: Mapping[str, Any] = {
    "typologie": "MR",
    "code_rome": "H2409",
    "code_appellation": "13782",
    "est_prioritaire": True,
    "besoins": [_BESOIN],
}
_REFERENT: Mapping[str, Any] = {
    "agent": "agt-0417",
    "date_debut": "2026-03-10",
    "date_fin": None,
    "motif_fin": None,
    "passation_id": None,
}
_PASSATION: Mapping[str, Any] = {
    "agent": "agt-0522",
    "motif": "secteur",
    "date_passation": "2026-06-01",
}
_REPONSE: Mapping[str, Any] = {
    "id": IDENTIFIANTS["reponse_passation_id"],
    "auteur": {"client_id": "si-departement-35"},
    "cote": "cedant",
    "sens": "accord",
    "agent": "agt-0417",
    "date_reponse": "2026-05-20",
    "cree_le": "2026-05-20T09:30:00.000000Z",
}
_EMPLOYEUR: Mapping[str, Any] = {
    "siret": "10000000900017",
    "nom": "Chantier d'insertion d'exemple",
    "naf": "81.21Z",
    "structures_iae": ["aci"],
}
_PMSMP: Mapping[str, Any] = {
    "type": "pmsmp",
    "employeur_id": IDENTIFIANTS["employeur_id"],
    "date_fin": "2026-04-08",
    "pmsmp": {"objet": "decouvrir", "prescripteur": "conseil_departemental"},
}
_CEJ: Mapping[str, Any] = {"type": "cej", "date_fin": "2027-03-08", "age_entree": 19}
_MEMBRE: Mapping[str, Any] = {
    "role": "logement",
    "organisme_id": IDENTIFIANTS["organisme_id"],
    "agent": None,
    "date_debut": "2026-03-10",
}
_AIDE: Mapping[str, Any] = {
    "nature": "mobilite",
    "paye_a": "tiers",
    "age": 21,
    "date_demande": "2026-03-10",
}
_REGLEMENT: Mapping[str, Any] = {
    "depuis": "2026-01-01",
    "age_min": 18,
    "age_max": 25,
    "annuel_max_centimes": 100_000,
    "natures_plafonnees": [{"nature": "mobilite", "montant_centimes": 50_000}],
    "source": "Règlement intérieur du fonds",
}
_OFFRE_EMPLOI: Mapping[str, Any] = {
    "rome": "F1703",
    "intitule": "Ouvrier ou ouvrière de maçonnerie",
    "type_emploi": "cdi",
    "duree_hebdomadaire_minutes": 2_100,
    "places": 2,
}
_MARCHE: Mapping[str, Any] = {
    "reference": "M-2026-017",
    "objet": "Nettoyage des collèges",
    "minutes_prevues": 60_000,
    "date_debut": "2026-01-01",
    "date_fin": "2026-12-31",
}
_HEURES_CLAUSE: Mapping[str, Any] = {
    "mois": "2026-03-01",
    "minutes": 2_100,
    "public": "brsa",
    "parcours_id": IDENTIFIANTS["parcours_id"],
}
_VENTILATION = [{"enveloppe_id": IDENTIFIANTS["enveloppe_id"], "montant_centimes": 45_000}]
_LIGNES = [
    {
        "livre": "eng",
        "poste": poste,
        "objet_id": IDENTIFIANTS["enveloppe_id"],
        "sens": sens,
        "quantite": 45_000,
        "actif": "centime",
    }
    for poste, sens in (("disponible", "debit"), ("reserve", "credit"))
]
_SHA256 = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
_ENGAGE: Mapping[str, Any] = {
    "tiers_siret": "10000000900017",
    "tiers_rna": None,
    "objet": "Location solidaire de véhicules, bassin de Redon",
    "nature": "juridique",
    "echeancier": [{"exercice": 2026, "montant_centimes": 45_000}],
    "pieces": [_SHA256],
}
_LIQUIDATION: Mapping[str, Any] = {
    "montant_presente_centimes": 45_000,
    "montant_retenu_centimes": 45_000,
    "date_service_fait": "2026-04-10",
    "pour_solde": True,
    "justificatifs": [_SHA256],
}
_MANDAT: Mapping[str, Any] = {
    "bordereau": "B-2026-014",
    "chapitre": "017",
    "fonction": "444",
    "nature": "65748",
    "date_emission": "2026-04-20",
}
_VERSEMENT: Mapping[str, Any] = {
    "montant_centimes": 45_000,
    "date_valeur": "2026-04-27",
    "reference_comptable": "VIR-2026-0093",
}
_DES_DEPENSES: Mapping[str, Mapping[str, Any]] = {
    "Engagement": {
        "numero": 1,
        "statut": "solde",
        "ventilation": _VENTILATION,
        **_ENGAGE,
        "reservation_id": None,
        "beneficiaire_ref": None,
        "places": 0,
        "ae_id": None,
        "liquide_centimes": 45_000,
        "avertissements": [],
    },
    "EngagementCreation": {
        nom: valeur for nom, valeur in _ENGAGE.items() if valeur is not None and nom != "pieces"
    },
    "EcheanceEngagementLigne": {"exercice": 2026, "montant_centimes": 45_000},
    "EngagementNonMandate": {**_ENGAGE, "numero": 1, "engage_centimes": 45_000},
    "DegagementCreation": {"motif": "L'action s'est arrêtée plus tôt que prévu"},
    "CouvertureCreation": {"exercice": 2027, "source": "Notification du 4 février 2027"},
    "CouvertureLigne": {"montant_centimes": 30_000},
    "ReportEngagementCreation": {"date_effet": "2027-01-15", "source": "Avenant n° 2"},
    "Avertissement": {
        "code": "tiers_periode_objet",
        "liquidation_id": None,
        "justificatif_id": None,
    },
    "Justificatif": {
        "sha256": _SHA256,
        "montant_total_centimes": 45_000,
        "date_piece": "2026-04-12",
        "emetteur_siret": "10000000900017",
        "impute_centimes": 45_000,
    },
    "JustificatifCreation": {
        "sha256": _SHA256,
        "montant_total_centimes": 45_000,
        "date_piece": "2026-04-12",
    },
    "Imputation": {"financeur": "etat", "objet": None},
    "ImputationCreation": {"objet": "Demande de versement 2026"},
    "JustificationCreation": {"justificatifs": [_SHA256]},
    "Liquidation": {
        **_LIQUIDATION,
        "motif_ecart": None,
        "date_certification": "2026-04-15",
        "ventilation": _VENTILATION,
        "justifie_centimes": 45_000,
        "statut": "mandatee",
        "avertissements": [],
    },
    "LiquidationCreation": _LIQUIDATION,
    "Mandat": {
        **_MANDAT,
        "numero": 1,
        "ventilation": _VENTILATION,
        "paye_centimes": 45_000,
        "credit_id": None,
        "date_prise_en_charge": "2026-04-22",
        "statut": "paye",
    },
    "MandatCreation": _MANDAT,
    "PriseEnChargeCreation": {"date_prise_en_charge": "2026-04-22"},
    "RejetMandatCreation": {"motif": "La nature n'est pas celle de la convention"},
    "Paiement": {**_VERSEMENT, "ventilation": _VENTILATION},
    "PaiementCreation": _VERSEMENT,
    "Remboursement": {
        **_VERSEMENT,
        "ventilation": _VENTILATION,
        "motif": "Subvention non employée",
    },
    "RemboursementCreation": {**_VERSEMENT, "motif": "Subvention non employée"},
    "SeuilCertification": {
        "montant_centimes": 2_300_000,
        "valable_du": "2026-01-01",
        "source": "Règlement budgétaire et financier",
    },
    "SeuilCertificationCreation": {
        "valable_du": "2026-01-01",
        "source": "Règlement budgétaire et financier",
    },
}
_COMPTEURS_LIGNES = {
    "lues": 50_000,
    "creees": 49_863,
    "modifiees": 0,
    "identiques": 0,
    "refusees": 137,
}
_IMPORT_LIGNES = {
    "statut": "terminee",
    "essai": False,
    "taille_octets": 9_184_320,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "recu_le": "2026-03-03T11:15:00.000000Z",
    "termine_le": "2026-03-03T11:20:41.000000Z",
    "lignes": _COMPTEURS_LIGNES,
    "probleme": None,
    "version": 3,
}
_COMPTEURS = {
    "foyers_lus": 2,
    "foyers_crees": 1,
    "foyers_modifies": 0,
    "foyers_identiques": 0,
    "foyers_refuses": 1,
    "personnes_lues": 3,
    "personnes_a_orienter": 1,
    "personnes_hors_orientation": 1,
    "personnes_refusees": 1,
    "orientations_creees": 1,
    "orientations_closes": 0,
}
_CRITERES = [
    {"champ": "contrainte_mobilite", "valeur": "DEPENDANT_TRANSPORT"},
    {"champ": "niveau_etude", "valeur": "NV4"},
]

_PERSONNE: Mapping[str, Any] = {
    "beneficiaire_rsa": True,
    "droits_devoirs": True,
    "role": "DEM",
    "situation_rsa": "beneficiaire",
    "source": None,
    "numero_france_travail": "10000000001",
    "date_risque_rsa": None,
    "source_risque_rsa": None,
    "fusionnee_avec_id": None,
}
_RAPPROCHEMENT: Mapping[str, Any] = {
    "personne_ids": [IDENTIFIANTS["personne_id"], "4b1d9e07-52f6-4c3a-8e90-1a7d6f2c5b38"],
    "motifs": ["meme_nom_premier_prenom"],
    "statut": "propose",
    "gardee_id": None,
}
_FUSION = {
    "id": IDENTIFIANTS["acte_rapprochement_id"],
    "nature": "fusion",
    "gardee_id": IDENTIFIANTS["gardee_id"],
    "motif": "Même dossier papier",
    "auteur": {"client_id": "si-departement-35"},
    "cree_le": "2026-03-05T11:15:00.000000Z",
}
_SEPARATION = {
    **_FUSION,
    "id": "019cb3d5-40e8-7c90-8b54-e16d7a03f92c",
    "nature": "separation",
    "gardee_id": None,
    "motif": "Deux personnes, vues ensemble à l'accueil",
}
_GROUPE: Mapping[str, Any] = {
    "cle": "ensemble",
    "a_orienter": 160,
    "orientees": 140,
    "masque": False,
    "delai_moyen_heures": 552,
    "delai_median_heures": 504,
    "dans_delai_points_base": 9143,
    "dans_objectif_points_base": None,
    "repartitions": [
        {
            "nom": "delai",
            "masquee": False,
            "effectifs": [
                {"modalite": "dans_delai", "nombre": 128, "masque": False},
                {"modalite": "hors_delai", "nombre": 12, "masque": False},
                {"modalite": "non_decidee", "nombre": 20, "masque": False},
            ],
        }
    ],
}
_EQUITE: Mapping[str, Any] = {
    "profil": {
        "regle": "P4",
        "activite": "oui",
        "projection": "oui",
        "qualification": "oui",
        "frein": "moyen",
        "obstacle": "non",
    },
    "cle": "35236",
    "decisions": 40,
    "masque": False,
    "ecart_points_base": 2_500,
    "effectifs": [
        {"modalite": "autre_parcours.social", "nombre": 10, "masque": False},
        {"modalite": "conforme", "nombre": 30, "masque": False},
    ],
}
_ACTIVITE: Mapping[str, Any] = {
    "type": "formation",
    "libelle": "Code de la route",
    "modalite": "collective",
    "encadree": True,
    "duree_hebdomadaire_minutes": 240,
    "date_debut": "2026-03-23",
    "date_fin": "2026-06-26",
}
_REPERE: Mapping[str, Any] = {
    "date_debut": "2026-01-01",
    "minimum_minutes": 900,
    "maximum_minutes": 1_200,
    "source": "Convention d'expérimentation du département",
}
_HEURES = {"individuelle_minutes": 600, "collective_minutes": 240, "total_minutes": 840}
_SEMAINE: Mapping[str, Any] = {
    "semaine": "2026-W14",
    "date_debut": "2026-03-30",
    "date_fin": "2026-04-05",
    "complete": True,
    "objectif_minutes": 900,
    "prevu": _HEURES,
    "realise": _HEURES,
}
_CRENEAU: Mapping[str, Any] = {
    "debut_le": "2026-03-24T09:00:00.000000Z",
    "fin_le": "2026-03-24T10:00:00.000000Z",
    "modalite": "physique",
    "lieu": "Maison du département",
    "initiateur": "partenaire",
}
_RENDEZ_VOUS: Mapping[str, Any] = {
    **_CRENEAU,
    "motif": "premier_accompagnement",
    "reception": "individuelle",
    "agent": "agt-1",
}
_MOUVEMENT: Mapping[str, Any] = {
    "type": "droit_ouvert",
    "personne_id": None,
    "date_reference": "2026-02-28",
    "motif": None,
    "version_flux": "VRSB0801",
}
_SIGNALEMENT: Mapping[str, Any] = {
    "nature_manquement": "N61",
    "date_faits": "2026-04-20",
    "date_proposition_ft": None,
    "suspension_precedente_id": None,
}
_SUSPENSION: Mapping[str, Any] = {
    **_SIGNALEMENT,
    "statut": "contradictoire",
    "date_signalement": "2026-04-22",
    "organisme_signalant_id": IDENTIFIANTS["organisme_referent_id"],
    "date_limite_saisie": None,
    "date_saisie": None,
    "date_information": "2026-04-28",
    "date_limite_observations": "2026-05-08",
    "date_observations": None,
    "date_avis_ep": None,
    "date_limite_decision": "2026-05-23",
    "date_decision": None,
    "mesure": None,
    "rang": None,
    "bareme": None,
    "part_pourcent": None,
    "duree_mois": None,
    "date_notification": None,
    "date_transmission": None,
    "date_debut": None,
    "date_fin": None,
}
_PARAMETRE: Mapping[str, Any] = {
    "code": "observations_pcd",
    "duree": 10,
    "unite": "jours",
    "confirme": False,
    "source": "CASF L262-37 III",
}
_CHAMP_ECHANGE: Mapping[str, Any] = {"nom": "dateEvenement", "valeur": "2026-04-29"}
_ECHANGE: Mapping[str, Any] = {
    "operation": "evenementSanctionRSA",
    "type_evenement": "SAISIE_SANCTION",
    "activite": "ACT366",
    "acte_id": IDENTIFIANTS["acte_suspension_id"],
    "date_acte": "2026-04-29",
    "champs": [{"nom": "identifiantConsequenceSanction", "valeur": None}, _CHAMP_ECHANGE],
}
_DES_SUSPENSIONS: Mapping[str, Mapping[str, Any]] = {
    "Suspension": _SUSPENSION,
    "SuspensionDetaillee": {**_SUSPENSION, "parametres": [_PARAMETRE]},
    "SuspensionCreation": {
        "nature_manquement": "N61",
        "date_faits": "2026-04-20",
        "faits": "Les démarches convenues au contrat n'ont pas été faites.",
    },
    "ParametreApplique": _PARAMETRE,
    "FoyerSuspension": {"personnes": 1, "majoration": False},
    "SaisieSuspensionCreation": {"choix": "instruire", "date_saisie": "2026-04-29"},
    "InformationSuspensionCreation": {
        "mode": "lettre_recommandee",
        "date_information": "2026-04-28",
    },
    "ObservationsSuspensionCreation": {
        "forme": "orales",
        "assistance": "personne_de_son_choix",
        "date_observations": "2026-05-05",
    },
    "AvisEpSuspensionCreation": {
        "sens": "reserve",
        "audition": "entendue",
        "date_avis": "2026-05-12",
    },
    "DecisionSuspensionCreation": {
        "mesure": "sans_suite",
        "motif_sans_suite": "motif_legitime",
        "motivation": "Le motif avancé est légitime.",
    },
    "NotificationSuspensionCreation": {
        "mode": "lettre_recommandee",
        "date_notification": "2026-05-18",
        "date_debut": "2026-06-01",
    },
    "TransmissionSuspensionCreation": {
        "organisme_payeur": "caf",
        "date_transmission": "2026-05-19",
    },
    "RemobilisationSuspensionCreation": {
        "motif": "obligations_respectees",
        "date_remobilisation": "2026-06-15",
    },
    "LeveeSuspensionCreation": {"motif": "obligations_respectees", "date_levee": "2026-06-15"},
    "TermeSuspensionCreation": {"constat": "cesse", "date_terme": "2026-07-01"},
    "AnnulationSuspensionCreation": {"motif": "recours", "date_annulation": "2026-09-10"},
    "ActeSuspension": {
        "type": "information",
        "date_acte": "2026-04-28",
        "nature": "lettre_recommandee",
        "precision": None,
        "texte": None,
        "complement": None,
    },
    "ChampEchange": _CHAMP_ECHANGE,
    "EchangeFranceTravail": _ECHANGE,
    "EchangesFranceTravail": {"echanges": [_ECHANGE]},
    "ReouvertureParcoursCreation": {"date_reouverture": "2027-01-18"},
    "ReouvertureParcours": {
        "rang": 1,
        "origine": "demande",
        "date_reouverture": "2027-01-18",
        "date_sortie": "2026-09-30",
        "motif_sortie": "emploi_durable",
        "commentaire_sortie": None,
    },
    "MouvementDroit": {
        "type": "droit_clos",
        "effet": "transfert",
        "date_reference": "2026-09-30",
        "motif_sortie": "droit_clos_mutation",
    },
}
_CODE_CONSULTATION: Mapping[str, Any] = {
    "agent": "agt-0417",
    "statut": "valable",
    "expire_le": "2026-03-10T23:00:00.000000Z",
    "motif_revocation": None,
}
_DOSSIER_V4: Mapping[str, Any] = {
    "pouvoirAgir": {
        "confiance": "NON",
        "accompagnement": "OUI",
        "dateExploration": "2026-03-12T09:30:00.000+01:00",
        "agent": {"id": "agtft0417"},
    },
    "thematiqueContrainte": {
        "dateExploration": "2026-03-12T09:30:00.000+01:00",
        "agent": {"id": "agtft0417"},
        "contraintes": [
            {
                "code": "23",
                "libelle": "Développer sa mobilité",
                "valeur": "OUI",
                "impact": "MOYEN",
                "estPrioritaire": True,
                "dateExploration": "2026-03-12T09:30:00.000+01:00",
                "situations": [{"code": "6", "valeur": "OUI"}],
            }
        ],
    },
}
_OFFRE: Mapping[str, Any] = {
    "titre": "Aide au permis de conduire",
    "thematiques": ["mobilite--preparer-un-permis"],
    "freins": ["mobilite"],
    "modalite": "individuelle",
    "type": "aide-financiere",
    "frais": "gratuit",
    "publics": ["beneficiaires-des-minimas-sociaux"],
    "age_min": 18,
    "age_max": None,
    "projet_requis": True,
    "communes": ["35238", "35278"],
    "lien": "https://offres.example/permis",
    "date_debut": "2026-01-01",
    "date_fin": "2026-12-31",
}
_ATELIER: Mapping[str, Any] = {
    "debut_le": "2026-04-07T07:30:00.000000Z",
    "fin_le": "2026-04-07T10:00:00.000000Z",
    "places": 12,
}
_DES_OFFRES: Mapping[str, Mapping[str, Any]] = {
    "Offre": {**_OFFRE, "reference": None, "date_maj": None, "date_retrait": None},
    "ServiceRefuse": {"reference": "dora--8f3a7c21", "champ": "zone_eligibilite"},
    "SynchronisationDataInclusion": {
        "id": IDENTIFIANTS["synchronisation_data_inclusion_id"],
        "statut": "terminee",
        "fin_le": "2026-03-03T11:16:00.000000Z",
        "erreur": None,
        "lues": 1_840,
        "doublons": 2,
        "manquantes": 2,
        "nouvelles": 12,
        "modifiees": 31,
        "inchangees": 1_796,
        "refusees": 1,
        "absentes": 3,
        "retirees": 1,
        "version": 2,
    },
    "OffreCreation": _OFFRE,
    "OffreModification": {"date_fin": "2026-12-31"},
    "ServiceDataInclusionCreation": {
        "id": "dora--8f3a7c21",
        "nom": "Atelier numérique",
        "date_maj": "2026-02-14",
        "type": "atelier",
        "thematiques": ["numerique--maitriser-les-fondamentaux-du-numerique"],
        "frais": "gratuit",
        "publics": ["tous-publics"],
        "code_insee": "35238",
        "modes_accueil": ["en-presentiel"],
        "zone_eligibilite": ["35"],
        "lien_mobilisation": "https://offres.example/atelier",
    },
    "Solution": {
        "id": IDENTIFIANTS["offre_id"],
        "titre": "Aide au permis de conduire",
        "financement": "lu",
        "places_disponibles": 12,
        "prix_centimes": 120_000,
        "montant_disponible_centimes": 5_400_000,
        "prochaine_seance_le": None,
    },
    "Eligibilite": {"statut": "non_eligible", "manquantes": ["contrat_signe"], "inconnues": []},
    "Seance": {**_ATELIER, "places_disponibles": 4},
    "SeanceCreation": _ATELIER,
    "Inscription": {"statut": "present"},
    "EmargementCreation": {"statut": "present"},
    "Objectif": {
        "libelle": "Obtenir le permis de conduire (code / conduite)",
        "contrainte_ft": "23",
        "statut": "en_cours",
        "date_etat": "2026-03-12",
    },
    "ObjectifCreation": {
        "libelle": "Obtenir le permis de conduire (code / conduite)",
        "statut": "en_cours",
        "date_etat": "2026-03-12",
        "source": "referent",
    },
    "EtatObjectifCreation": {
        "statut": "realise",
        "date_etat": "2026-06-15",
        "source": "referent",
    },
    "EtatObjectif": {
        "id": IDENTIFIANTS["etat_objectif_id"],
        "statut": "en_cours",
        "date_etat": "2026-03-12",
        "source": "referent",
    },
    "ReponsePrescriptionCreation": {"sens": "refusee", "motif": "complet"},
    "FinPrescriptionCreation": {
        "issue": "terminee",
        "date_fin": "2026-06-15",
        "effet_frein": "ameliore",
    },
    "Disponibilite": {
        "places_disponibles": 12,
        "prix_centimes": 120_000,
        "montant_disponible_centimes": 5_400_000,
    },
    "DisponibilitesRequete": {"action_ids": [IDENTIFIANTS["action_id"]]},
}
_AUTORISATION: Mapping[str, Any] = {
    "reference": "ae-2026-mobilite",
    "libelle": "Mobilité 2026-2027",
    "deliberation": "Délibération du 12 février 2026, n° 2026-017",
    "echeancier": [
        {"exercice": 2026, "montant_centimes": 15_000},
        {"exercice": 2027, "montant_centimes": 30_000},
    ],
}
_CLOTURE_SOURCE = "Délibération du 6 février 2027, compte administratif 2026"
_DECISION_BUDGET = "Budget primitif 2026"
_DES_CREDITS: Mapping[str, Mapping[str, Any]] = {
    "AutorisationEngagement": {
        **_AUTORISATION,
        "revision": 1,
        "votee_centimes": 45_000,
        "affectee_centimes": 45_000,
    },
    "AutorisationEngagementCreation": {
        **_AUTORISATION,
        "convention_id": IDENTIFIANTS["convention_id"],
        "montant_vote_centimes": 45_000,
    },
    "RevisionAutorisationCreation": {**_AUTORISATION, "montant_vote_centimes": 45_000},
    "RevisionAutorisation": {
        **_AUTORISATION,
        "id": IDENTIFIANTS["revision_autorisation_id"],
        "montant_vote_centimes": 45_000,
    },
    "EcheanceCp": {"montant_centimes": 45_000},
    "AffectationAutorisationCreation": {"source": "Délibération du 12 février 2026"},
    "AnnulationAutorisation": {"source": "Délibération du 18 décembre 2027"},
    "CreditPaiement": {
        "libelle": "Mobilité, crédits 2026",
        "imputation": "017-444-65748",
        "source": _DECISION_BUDGET,
        "ouvert_centimes": 15_000,
        "disponible_centimes": 15_000,
        "consommation_nette_centimes": 0,
    },
    "CreditPaiementCreation": {
        "libelle": "Mobilité, crédits 2026",
        "imputation": "017-444-65748",
        "source": _DECISION_BUDGET,
    },
    "JourneeComplementaireCommande": {"source": "Règlement budgétaire et financier"},
    "ClotureExercice": {"statut": "en_attente", "source": _CLOTURE_SOURCE},
    "ClotureExerciceCreation": {
        "source": _CLOTURE_SOURCE,
        "credits": [
            {
                "credit_paiement_id": IDENTIFIANTS["credit_paiement_id"],
                "reliquat": "report",
            }
        ],
    },
    "ResteLigne": {"objet": "disponible", "sort": "annulation"},
    "EnveloppeASolder": {"exercice": 2026, "disponible_centimes": 15_000},
    "Reliquat": {"sort": "annulation", "engagement_id": None, "vers_enveloppe_id": None},
    "Rattachement": {"credit_suivant_id": "019cad9d-67a0-7a18-9e43-c5f0b72d861a"},
    "AvenantEnveloppeCommande": {"source": "Avenant financier n° 1"},
    "VirementCommande": {
        "enveloppe_id": IDENTIFIANTS["vers_enveloppe_id"],
        "source": "Demande du service",
        "decision": "Décision n° 2026-12",
    },
    "ClotureEnveloppeCommande": {"reliquat": "annulation", "source": "Constat de fin de fenêtre"},
    "SoldeEnveloppeCommande": {"source": "Constat de fin d'exécution"},
    "LiberationCreation": {"motif": "Fin de l'action"},
    "FermetureCreation": {"source": "Avenant n° 1"},
    "ContrepassationCreation": {"source": "Saisie sur la mauvaise enveloppe"},
    "OuvertureCreditCommande": {"source": "Décision modificative n° 1"},
    "Exercice": {"annee": 2026, "source": "Règlement budgétaire et financier"},
    "ExerciceCreation": {
        "annee": 2026,
        "seuil_rattachement_centimes": 50_000,
        "source": "Règlement budgétaire et financier",
    },
}
_TITRE: Mapping[str, Any] = {
    "montant_centimes": 62_085_000,
    "date_emission": "2026-03-02",
    "objet": "Contrat local des solidarités, part de l'État, acompte",
    "titre_corrige_id": None,
    "motif": None,
}
_ACTE_RECETTE: Mapping[str, Any] = {
    "montant_centimes": 62_085_000,
    "date_effet": "2026-01-15",
    "reference": "Notification du 15 janvier 2026",
}
_TAUX: Mapping[str, Any] = {
    "code": "etat-cls",
    "nature": "intervention",
    "libelle": "Part de l'État dans chaque action",
    "numerateur": 1,
    "denominateur": 2,
    "valable_du": "2024-01-01",
    "source": "Contrat local des solidarités, cadrage national",
    "confirme": True,
}
_LIGNE_BILAN: Mapping[str, Any] = {
    "nature": "a_reverser",
    "type_refaction": None,
    "montant_centimes": 3_085_000,
    "explication": "590 000,00 € dus, 620 850,00 € encaissés : 30 850,00 € à reverser.",
}
_REGLE_VALORISATION: Mapping[str, Any] = {
    "nature": "personnel",
    "autorisee": True,
    "methode": "taux_horaire",
    "part_maximale_points_base": 2_000,
    "pieces_requises": ["bulletin_paie", "feuille_temps"],
    "source": "Convention, art. 6",
    "valable_du": "2026-01-01",
}
_VALORISATION: Mapping[str, Any] = {
    "nature": "personnel",
    "mois": "2026-02-01",
    "date_effet": "2026-03-02",
    "minutes": 2_400,
    "taux_horaire_centimes": 2_850,
    "agent_ref": "019b789f-d7a0-7b6e-9a14-c82f5d03e7b9",
}
_CLAUSE: Mapping[str, Any] = {
    "reference": "M-2026-017",
    "lot": "2",
    "objet": "Construction d'un collège",
    "acheteur_siret": "10000000900017",
    "titulaire_siret": "10000001700010",
    "facilitateur": "Maison de l'emploi",
    "part_brsa_cible_points_base": 4_000,
    "date_debut": "2026-01-01",
    "date_fin": "2027-12-31",
    "source": None,
}
_MINUTES_PUBLIC = {"public": "brsa", "declarees_minutes": 0, "validees_minutes": 42_000}
_DECLARATION_CLAUSE: Mapping[str, Any] = {
    "mois": "2026-02-01",
    "public": "brsa",
    "minutes": 42_000,
    "personnes": 12,
    "contrats": 14,
    "date_effet": "2026-03-02",
}
_DES_RECETTES: Mapping[str, Mapping[str, Any]] = {
    "Clause": {
        **_CLAUSE,
        "prevues_minutes": 4_440_000,
        "a_realiser_minutes": 4_398_000,
        "validees_minutes": 42_000,
        "cible_brsa_minutes": 1_776_000,
        "part_brsa_points_base": 10_000,
        "publics": [_MINUTES_PUBLIC],
    },
    "ClauseCreation": {**_CLAUSE, "minutes_prevues": 4_440_000},
    "ComplementClauseCreation": {"minutes": 6_000, "source": "Avenant 1 au marché"},
    "DeclarationClause": {**_DECLARATION_CLAUSE, "motif": None},
    "DeclarationClauseCreation": _DECLARATION_CLAUSE,
    "DecisionClauseCreation": {"sens": "validee"},
    "MinutesPublic": _MINUTES_PUBLIC,
    "Apport": {"prevu_centimes": 114_000, "declare_centimes": 114_000},
    "DecisionValorisationCreation": {"sens": "validee"},
    "PrevisionValorisation": {
        "montant_centimes": 114_000,
        "source": "Convention, annexe financière",
    },
    "PrevisionValorisationCreation": {
        "montant_centimes": 114_000,
        "source": "Convention, annexe financière",
    },
    "RegleValorisation": _REGLE_VALORISATION,
    "RegleValorisationCreation": _REGLE_VALORISATION,
    "Valorisation": {
        **_VALORISATION,
        "montant_centimes": 114_000,
        "justificatif_ids": [],
        "motif": None,
    },
    "ValorisationCreation": {**_VALORISATION, "temps_mois_minutes": 9_100},
    "AdoptionBilanCreation": {
        "assemblee": "Conseil départemental",
        "date_adoption": "2026-03-26",
        "reference": "Délibération du 26 mars 2026, n° 2026-031",
    },
    "Bilan": {
        "date_arrete": "2025-12-31",
        "date_limite": "2026-06-30",
        "statut": "calcule",
        "depense_retenue_centimes": 118_000_001,
        "plafond_centimes": 62_085_000,
        "du_centimes": 59_000_000,
        "encaisse_centimes": 62_085_000,
        "a_reverser_centimes": 3_085_000,
        "lignes": [_LIGNE_BILAN],
        "justificatifs_manquants": [],
        "assemblee": None,
        "date_adoption": None,
        "reference_adoption": None,
    },
    "BilanCreation": {
        "date_arrete": "2025-12-31",
        "depense_retenue_centimes": 118_000_001,
        "taux_code": "etat-cls",
        "date_limite": "2026-06-30",
    },
    "LigneBilan": _LIGNE_BILAN,
    "RefactionLigne": {
        "type": "prorata_indicateur",
        "indicateur": "Personnes accompagnées",
        "cible": 100,
        "realise": 90,
    },
    "TauxDate": _TAUX,
    "TauxDateCreation": _TAUX,
    "ActeRecette": {**_ACTE_RECETTE, "titre_id": None, "motif": None, "suite": None},
    "AnnulationTitreCreation": {"motif": "Débiteur mal nommé", "suite": "a_titrer"},
    "EncaissementCreation": {**_ACTE_RECETTE, "reference": "Bordereau 2026-118"},
    "NotificationRecetteCreation": {**_ACTE_RECETTE, "qualificatif": "exact"},
    "Recette": {
        "notifie_centimes": 62_085_000,
        "titre_centimes": 62_085_000,
    },
    "ReductionTitreCreation": {
        "montant_centimes": 85_000,
        "motif": "Erreur de calcul",
        "suite": "a_titrer",
    },
    "ReversementCreation": {"montant_centimes": 3_085_000, "reference": "Mandat 2026-204"},
    "Titre": {**_TITRE, "numero": 1, "reste_centimes": 62_085_000},
    "TitreCreation": {
        nom: valeur for nom, valeur in _TITRE.items() if nom not in ("titre_corrige_id", "motif")
    },
    "TropPercuCreation": {"montant_centimes": 3_085_000, "motif": "Double versement"},
}

_INDICATEUR_CONVENTION: Mapping[str, Any] = {
    "code": "permis-obtenus",
    "libelle": "Permis de conduire obtenus",
    "unite": "personnes",
    "cible": 40,
}
_POINT_ARRETE: Mapping[str, Any] = {"date_arrete": "2026-12-31", "connu_au": 412}
_PUBLICATION = {
    "date_publication": "2026-05-04",
    "acte": "Jeu de données des subventions de 2026",
    "url": "https://donnees.departement.example/subventions-2026.csv",
}
_POINTS_ETAPE: Mapping[str, Mapping[str, Any]] = {
    "PointEtapeCreation": {"date_arrete": "2026-12-31"},
    "ArretPointEtapeCreation": {"connu_au": 412},
    "ValidationPointEtapeCreation": {"participants": ["Préfecture", "Département"]},
    "PointEtapeResume": {
        **_POINT_ARRETE,
        "id": IDENTIFIANTS["point_etape_id"],
        "statut": "brouillon",
        "connu_au": None,
    },
    "PointEtape": {"date_arrete": "2026-12-31", "statut": "brouillon"},
    "PreuvePointEtape": {
        "connu_au": 412,
        "sha256": "fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13",
        "sha256_recalcule": "fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13",
        "identique": True,
    },
    "CadrePointEtape": {
        **_POINT_ARRETE,
        "reference": "35-CLS-2024-2027",
        "intitule": "Contrat local des solidarités",
    },
    "VersionEnVigueur": {
        "version_id": "019cad9d-67a0-7e52-a3d1-4c8f0b6e9a17",
        "numero": 0,
        "contenu_sha256": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
    },
    "IntituleOrdre": {"ordre": 1, "libelle": "Lutter contre les freins à l'emploi"},
    "EnveloppeSuivie": {
        "reference": "35-CLS-2026-etat",
        "statut": "ouverte",
        "financeur": "etat",
        "fenetre_debut": "2026-01-01",
        "fenetre_fin": "2026-12-31",
    },
    "ActionSuivie": {"code": "mobilite-01", "libelle": "Permis de conduire", "axe": 1},
    "Precedent": {"date_arrete": "2025-12-31", "connu_au": 207},
    "IndicateurObserve": {
        **_INDICATEUR_CONVENTION,
        "valeur": 29,
        "source": "Bilan de l'action",
        "taux_points_base": 7250,
    },
    "LigneMesures": {
        "cle": "",
        "libelle": "Total",
        "ouvert_centimes": 124_170_000,
        "disponible_centimes": 109_344_965,
        "reserve_centimes": 10_000_000,
        "engage_centimes": 4_825_035,
        "liquide_centimes": 4_100_002,
        "mandate_centimes": 3_100_001,
        "paye_centimes": 3_100_001,
        "reste_a_payer_centimes": 1_725_034,
        "taux_engagement_points_base": 389,
        "taux_paiement_points_base": 250,
    },
    "ResultatAction": {
        "libelle": "Permis de conduire",
        "places_ouvertes": 40,
        "places_occupees": 31,
        "personnes": 29,
        "freins_leves": 27,
        "cout_par_frein_leve_centimes": 114_815,
    },
    "VoletPresume": {"volet": 2, "engage_centimes": 4_825_035},
    "MoisExecution": {
        "mois": "2026-12",
        "engage_centimes": 4_825_035,
        "liquide_centimes": 4_100_002,
        "paye_centimes": 3_100_001,
    },
    "VariationCorrigee": {"poste": "disponible", "variation_centimes": 30_000},
    "CorrectionsDepuis": {"ecritures": 1, "actes": ["Avenant n° 2"]},
    "EcheancePublication": {
        "id": IDENTIFIANTS["convention_id"],
        "reference": "35-SUB-2026-01",
        "beneficiaire": "Association d'exemple",
        "montant_centimes": 4_500_000,
        "date_signature": "2026-03-16",
        "date_alerte": "2026-05-16",
        "date_limite": "2026-06-16",
        "etat": "a_temps",
    },
    "PublicationSubvention": _PUBLICATION,
    "PublicationSubventionCreation": _PUBLICATION,
    "IndicateurConventionCreation": _INDICATEUR_CONVENTION,
    "IndicateurConvention": _INDICATEUR_CONVENTION,
    "ValeurIndicateurCreation": {"valeur": 29, "source": "Bilan de l'action"},
    "ValeurIndicateur": {"valeur": 29, "source": "Bilan de l'action"},
}
_VERSION_CODES = {"version_codes": "0f3a9c5be217", "en_vigueur_le": "2026-01-05T06:00:00.000Z"}
_REFERENTIEL = {
    "nom": "freins",
    "sens": "Les freins du parcours, avec leurs équivalents ailleurs",
    **_VERSION_CODES,
}
_CORRESPONDANCE = {"professionnel": "PED", "socio_professionnel": "PSP", "social": "PSO"}
_REGLAGE_FRANCE_TRAVAIL = {"envoi": True, "comparaison": True, "correspondance": _CORRESPONDANCE}
_ACTIVITE_FRANCE_TRAVAIL: Mapping[str, Any] = {
    "identifiant_ft": "7b0d6f14-6f0e-4a55-9d1c-0f5f3a9be210",
    "code_activite": "ACT382",
    "statut": "a_decider",
    "decision_id": None,
    "envoi": None,
    "ecart_id": None,
    "type_parcours_ft": "PED",
    "organisme_ft": "FT",
    "creee_ft_le": "2026-03-02T05:00:00.000000Z",
    "date_echeance": "2026-03-17",
    "date_echeance_proche": "2026-03-14",
    "vue_le": "2026-03-03T11:15:00.000000Z",
    "disparue_le": None,
}
_OBJETS: Mapping[str, Mapping[str, Any]] = {
    "AttributReferentiel": {"nom": "nature", "valeur": "peripherique"},
    "CodeReferentiel": {"code": "mobilite", "libelle": "Mobilité"},
    "Referentiel": _REFERENTIEL,
    "ReferentielResume": _REFERENTIEL,
    "VersionReferentiel": {
        "nom": "freins",
        **_VERSION_CODES,
        "ajoutes": ["acces_aux_droits"],
        "retires": [],
        "modifies": ["mobilite"],
    },
    **_POINTS_ETAPE,
    **_DES_RECETTES,
    **_DES_CREDITS,
    **_DES_OFFRES,
    **_DES_SUSPENSIONS,
    # commun
    "Collectivite": {"code": "35D", "libelle": "Ille-et-Vilaine"},
    "CollectiviteModification": {"libelle": "Département d'Ille-et-Vilaine"},
    "HorlogeDeTestCreation": {"avance_s": 3_628_800, "instant": None},
    "HorlogeDeTest": {"instant": "2026-04-14T11:15:00.000000Z", "decalage_s": 3_628_800},
    "PanneDeTestCreation": {"code": "quota-depasse", "appels": 3, "operation": None},
    "PanneDeTest": {
        "code": "quota-depasse",
        "appels": 3,
        "restants": 3,
        "operation": None,
        "version": 1,
    },
    "WebhookCreation": {
        "url": "https://si.partenaire.example/reception",
        "types": [],
        "description": "Le système d'information du département",
        "contacts": ["astreinte@partenaire.example"],
    },
    "WebhookModification": {"contacts": ["exploitation@partenaire.example"]},
    "Webhook": {
        "url": "https://si.partenaire.example/reception",
        "types": [],
        "description": "Le système d'information du département",
        "contacts": ["astreinte@partenaire.example"],
        "html_est_echec": True,
        "statut": "actif",
        "motif_desactivation": None,
        "desactive_le": None,
        "echec_depuis_le": None,
        "signature": "v1",
        "secret": None,
        "cle_publique": None,
        "secret_precedent_fin_le": None,
        "version": 2,
    },
    "VolumeLu": {
        "client_id": "si-departement-35",
        "jour": "2026-03-03",
        "nombre": 212,
        "reference": 180,
        "seuil_alerte": 540,
        "seuil_blocage": 1_800,
        "etat": "ordinaire",
        "leve_par": None,
        "leve_le": None,
        "version": 1,
    },
    "TentativeLivraison": {
        "tentee_le": "2026-03-03T11:15:01.000000Z",
        "issue": "recue",
        "statut_http": 204,
        "duree_ms": 84,
    },
    "RejeuWebhookCommande": {"depuis": "2026-03-02T00:00:00Z", "statut": "abandonnee"},
    "RejeuWebhook": {
        "nombre": 12,
        "dernier_survenu_le": "2026-03-03T11:15:00.412Z",
        "incomplet": False,
    },
    "PagePartielle": {"elements": [{"id": IDENTIFIANTS["orientation_id"], "version": 2}]},
    "CollectiviteCreation": {"code": "35D", "libelle": "Ille-et-Vilaine"},
    "DelaiLocal": {
        "code": "premier-rendez-vous",
        "duree": 15,
        "unite": "jours",
        "source": "Règlement intérieur du département",
        "depart": "reception",
        "fin": "accueil",
        "depuis": "2026-01-01",
        "territoire": "redon-vallons-de-vilaine",
        "communes": ["35236"],
    },
    "Limites": {
        "limite_max": 200,
        "curseur_duree_s": 86_400,
        "corps_max_octets": 262_144,
        "json_profondeur_max": 20,
        "json_cles_max": 1_000,
        "json_elements_max": 10_000,
        "delai_min_ms": 100,
        "delai_max_ms": 30_000,
        "delai_defaut_ms": 10_000,
        "attente_max_s": 20,
        "idempotence_jours": 7,
        "changements_jours": 30,
        "jeton_duree_max_s": 300,
        "jeton_tolerance_s": 60,
        "intervalle_premier_max": 3000,
        "export_lignes_max": 10_000,
        "export_duree_s": 3600,
        "exports_jours": 1,
        "imports": None,
        "quotas": [
            {"classe": "ecriture", "nombre": 120, "fenetre_s": 60},
            {"classe": "job", "nombre": 10, "fenetre_s": 3600},
            {"classe": "lecture", "nombre": 600, "fenetre_s": 60},
            {"classe": "recherche", "nombre": 30, "fenetre_s": 60},
        ],
        "import_lignes_max": 50_000,
        "import_lignes_octets_max": 52_428_800,
        "import_ligne_octets_max": 65_536,
    },
    "LimitesImport": {
        "octets_max": 536_870_912,
        "ratio_max": 100,
        "depot_max_s": 900,
        "resultats_jours": 30,
    },
    "Pagination": {"limite": 50, "suivant": None},
    "FiltreExport": {"champ": "statut", "valeurs": ["ouverte"]},
    "ErreurExport": {"code": "curseur-expire"},
    "FichierExport": {
        "rang": 1,
        "url": "https://orientation.insertion.example/v1/exports/"
        f"{IDENTIFIANTS['export_id']}/fichiers/1",
        "nombre": 8412,
        "octets": 6_381_204,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "expire_le": "2026-03-03T12:15:09.000000Z",
    },
    "Export": {
        "filtre": [],
        "depuis": None,
        "statut": "terminee",
        "instant_reference": "2026-03-03T11:15:02.000000Z",
        "curseur_changements": "WyJvcGFxdWUiXQ",
        "nombre": 8412,
        "nombre_supprimes": 0,
        "supprimes": [],
        "erreurs": [],
        "termine_le": "2026-03-03T11:15:09.000000Z",
        "version": 3,
    },
    "QuotaApplique": {"classe": "recherche", "nombre": 30, "fenetre_s": 60},
    "Probleme": {
        "type": "https://api.insertion.example/problemes/introuvable",
        "title": "Ressource introuvable",
        "status": 404,
        "code": "introuvable",
        "correlation": "4bf92f3577b34da6a3ce929d0e0e4736",
    },
    "ErreurValidation": {
        "pointeur": "/date_effet",
        "code": "date-attendue",
        "message": "Date AAAA-MM-JJ attendue",
    },
    # orientation
    "Accueil": {**_SEANCE, "places_prises": 1, "motif_annulation": None},
    "AccueilAnnulationCreation": {"motif": "Salle indisponible"},
    "AccueilCreation": _SEANCE,
    "AccueilModification": {"lieu": "Salle des associations", "places": 15},
    "CompteursImport": _COMPTEURS,
    "Contact": {"lieu": "Espace France services", "motif": "acces_aux_droits"},
    "ContactCreation": {"lieu": "Espace France services", "motif": "acces_aux_droits"},
    "Convocation": {"mode": "courrier", "precedente_id": None, "presence": None},
    "ConvocationCreation": {"mode": "courrier", "date_envoi": "2026-03-05"},
    "CritereEvalue": {
        "champ": "contrainte_mobilite",
        "valeur": "DEPENDANT_TRANSPORT",
        "effet": "frein : moyen",
    },
    "CritereLigne": _CRITERES[0],
    "CriteresCreation": {"criteres": _CRITERES, "source": "professionnel"},
    "CodeDsp": _DSP[0],
    "DeclarationDsp": {"codes": _DSP, "source": "organisme_payeur"},
    "DeclarationDspCreation": {"codes": _DSP, "source": "organisme_payeur"},
    "IndiceCritere": {
        "champ": "niveau_etude",
        "valeurs_possibles": ["NV5"],
        "codes": [_DSP[1]],
    },
    "IndiceFrein": {"frein": "mobilite", "codes": [_DSP[0]]},
    "RecueilCriteres": {"criteres": _CRITERES, "source": "professionnel"},
    "Decision": {"regle_competence": "C1", "etat_decision": "acceptee"},
    "DecisionCreation": {"etat_decision": "acceptee", "date_effet": "2026-03-09"},
    "Dispense": {"motif": "deja_informee"},
    "DispenseCreation": {"type": "reunion_collective", "motif": "deja_informee"},
    "EcartOrganisme": {
        "organisme_id": IDENTIFIANTS["organisme_id"],
        "motif": "hors_territoire",
    },
    "Echeance": {
        "id": IDENTIFIANTS["orientation_id"],
        "code": "orientation_pcd",
        "date_depart": "2026-03-03",
        "fin": "decision",
        "confirme": True,
        "etat": "a_temps",
        "source": "Code de l'action sociale et des familles, D262-65-2",
    },
    "Effectif": {"modalite": "dans_delai", "nombre": 128},
    "Explication": {
        "texte": "La règle P4 propose le parcours socio-professionnel. Le frein le plus élevé est"
        " de niveau moyen. La règle O08 propose le conseil départemental comme organisme référent :"
        " c'est l'organisme prévu pour le parcours socio-professionnel. La règle O08 est une"
        " proposition de l'outil : une décision motivée peut s'en écarter. Cette proposition ne"
        " vaut pas décision.",
        "regle_parcours": "P4",
        "base_parcours": "texte",
        "source_parcours": "Référentiel d'orientation, délibération CNE du 7 novembre 2024",
        "regle_organisme": "O08",
        "base_organisme": "propose",
        "source_organisme": "Annexe de l'arrêté",
        "versions": ["parcours-2025-01-01", "proposee-2025-01-01", "organisme-2025-01-01"],
    },
    "ParcoursLigne": _REGLES["parcours"][0],
    "NiveauLigne": _REGLES["niveaux"][0],
    "ProjectionLigne": _REGLES["projection"][0],
    "OrganismeLigne": _REGLES["organismes"][0],
    "RegleLocaleLigne": _REGLES["regles_locales"][0],
    "JeuDeReglesCreation": {
        "code": "35-2027-01",
        "libelle": "Redon : les délégataires d'abord",
        "regles_locales": _REGLES["regles_locales"],
    },
    "JeuDeReglesModification": {"regles_locales": _REGLES["regles_locales"]},
    "JeuDeRegles": {
        **_REGLES,
        "code": "35-2027-01",
        "libelle": "Redon : les délégataires d'abord",
        "statut": "brouillon",
        "reference_arrete": None,
        "date_debut": None,
        "date_fin": None,
        "ecarts": ["L4", "O04", "O08"],
    },
    "ReglesNationales": {
        **_REGLES,
        "code": "national-2025-01-01",
        "date_debut": "2025-01-01",
        "versions": ["parcours-2025-01-01", "proposee-2025-01-01", "organisme-2025-01-01"],
        "source": "Proposition de Jalons",
        "regles_locales": [],
    },
    "MiseEnVigueurCreation": {"reference_arrete": _ARRETE, "date_debut": "2026-04-01"},
    "PassageParcours": _SIMULATION["passages"][0],
    "ChargeOrganisme": _SIMULATION["charges"][0],
    "GroupeSimulation": _SIMULATION,
    "ResultatSimulation": {"seuil": 5, "ensemble": _SIMULATION, "territoires": []},
    "SimulationCreation": {"date_debut": "2026-01-01", "date_fin": "2026-03-01"},
    "Simulation": {
        "statut": "terminee",
        "date_debut": "2026-01-01",
        "date_fin": "2026-03-01",
        "a_jour": True,
        "termine_le": "2026-03-03T11:15:04.000000Z",
        "resultat": {"seuil": 5, "ensemble": _SIMULATION, "territoires": []},
        "version": 3,
    },
    "Rejeu": {
        "jeu_de_regles_id": None,
        "version_regles": "parcours-2025-01-01 proposee-2025-01-01 organisme-2025-01-01",
        "identique": True,
        "empreinte_conservee": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
        "empreinte_rejouee": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
    },
    "ImportFichier": {
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "statut": "terminee",
        "taille_octets": 184_320,
        "termine_le": "2026-03-03T11:15:04.000000Z",
        "date_reference": "2026-02-28",
        "complet": True,
        "essai": False,
        "lignes": None,
        "version": 3,
    },
    "CompteursLignes": _COMPTEURS_LIGNES,
    "ImportParcours": {**_IMPORT_LIGNES, "type": "freins"},
    "ImportFinancement": {**_IMPORT_LIGNES, "type": "conventions"},
    "Mouvement": _MOUVEMENT,
    "MouvementDetaille": {**_MOUVEMENT, "personne_ids": [IDENTIFIANTS["personne_id"]]},
    "AnnulationDecision": {
        "motif": "Critères relevés par erreur",
        "date_annulation": "2026-03-20",
        "orientation_suivante_id": "019cb5c1-2d40-7d02-9a4b-c7e1850f62a3",
    },
    "AnnulationDecisionCreation": {"motif": "Critères relevés par erreur"},
    "Notification": _NOTIFICATION,
    "NotificationCreation": _NOTIFICATION,
    "ActeReorientation": _ACTE,
    "AnnulationReorientationCreation": {"motif": "Demande retirée par la personne"},
    "AvisReorientationCreation": {"avis": "favorable", "date_avis": "2026-04-02"},
    "ContratReorientation": {
        "effet": "delai_interrompu",
        "date_limite": None,
        "source": "Code du travail D5411-8-2",
    },
    "DecisionReorientationCreation": {"etat_decision": "acceptee", "date_decision": "2026-04-07"},
    "Reexamen": _REEXAMEN,
    "ReexamenCreation": _REEXAMEN,
    "Reorientation": {
        **_REORIENTATION,
        "statut": "en_attente",
        "commentaire": None,
        "date_limite_reponse": "2026-04-04",
        "etat_reponse": "recue",
        "date_limite_avis": None,
        "etat_avis": "non_requise",
        "actes": [_ACTE],
        "orientation_suivante_id": None,
        "version": 2,
    },
    "ReorientationCreation": _REORIENTATION,
    "ReponseReorientationCreation": {"reponse": "accord"},
    "OrganismeReferent": {**_ORGANISME, "places_occupees": 140, "file": 1},
    "OrganismeReferentCreation": _ORGANISME,
    "OrganismeReferentModification": {"communes": ["35238", "35047"], "date_fin": None},
    "Affectation": {"unite_precedente_id": None, "portefeuille_precedent_id": None},
    "Indicateur": {**_INDICATEUR, "constat": 1_212, "etat_constat": "compte"},
    "IndicateurCreation": _INDICATEUR,
    "CorrespondanceParcours": _CORRESPONDANCE,
    "CorrespondanceRelue": _CORRESPONDANCE,
    "EcartOrientation": {
        "type": "parcours_inverse",
        "type_parcours": "social",
        "type_organisme": "conseil_departemental",
        "preconisation": None,
        "parcours_ft": "PSP",
        "organisme_ft": "CD",
        "code_ft": None,
        "compare_le": "2026-03-03T11:15:00.000000Z",
        "reparable": True,
        "reparation": None,
    },
    "Invitation": {"statut": "envoyee", "formats": ["sms"], "code": None, "essais": 1},
    "ReglageInvitations": {"envoi": True, "categorie": "rsa_accompagnement"},
    "ReglageInvitationsCreation": {"envoi": True, "categorie": "rsa_accompagnement"},
    "BilanImmersions": {"lue_le": "2026-03-03T04:15:00.000000Z", "personnes_inconnues": 1},
    "ConventionImmersion": {
        "convention_id": "5f0c3f52-6a4e-4d0f-9d53-2b8a1c7e9f04",
        "statut": "ACCEPTED_BY_VALIDATOR",
        "etat": "rattachee",
        "parcours_id": IDENTIFIANTS["parcours_id"],
        "rattachement": "identite",
        "emploi_id": IDENTIFIANTS["emploi_id"],
        "siret": "10000000900017",
        "date_debut": "2026-03-09",
        "date_fin": "2026-03-20",
    },
    "RattachementConventionCreation": {"parcours_id": IDENTIFIANTS["parcours_id"]},
    "BilanReceptions": {"non_rattaches": 2, "derniere_le": "2026-03-03T11:15:00.000000Z"},
    "RattachementUsagerCreation": {"personne_id": IDENTIFIANTS["personne_id"]},
    "RendezVousPartenaire": {
        "reference_rendez_vous": "1261",
        "reference_usager": "3432",
        "etape": "orientation",
        "categorie": "rsa_orientation",
        "statut": "honore",
        "debut_le": "2026-03-02T08:00:00.000000Z",
        "duree_minutes": 45,
        "personne_id": IDENTIFIANTS["personne_id"],
        "rattachement": "nir",
    },
    "ActiviteFranceTravail": _ACTIVITE_FRANCE_TRAVAIL,
    "ActiviteFranceTravailDetaillee": {
        **_ACTIVITE_FRANCE_TRAVAIL,
        "id": IDENTIFIANTS["activite_france_travail_id"],
        "numero_france_travail": None,
    },
    "ReglageFranceTravail": _REGLAGE_FRANCE_TRAVAIL,
    "ReglageFranceTravailCreation": _REGLAGE_FRANCE_TRAVAIL,
    "Portefeuille": {**_PORTEFEUILLE, "charge": 128},
    "PortefeuilleCreation": _PORTEFEUILLE,
    "PortefeuilleModification": {"taille": 120, "date_fin": "2026-12-31"},
    "Unite": {**_UNITE, "charge": 1_212},
    "UniteCreation": _UNITE,
    "UniteModification": {"communes": ["35236", "35238"], "places": None},
    "Place": {"statut": "en_file", "placee_le": None, "portefeuille_id": None, **_ATTENTE},
    "PlaceDonnee": {"statut": "en_file", **_ATTENTE},
    "Orientation": {
        "statut": "en_attente",
        "criteres": _CRITERES,
        "annulation_id": None,
        "date_effet": None,
        "date_notification": None,
        "decision_id": None,
        "organisme_referent_id": None,
        "place": None,
        "type_parcours": None,
        "version": 2,
    },
    "Personne": _PERSONNE,
    "PersonneModification": {"code_commune": "35047", "nom_naissance": None},
    "EnregistrementCreation": {
        "nir": "2900435999001",
        "organisme_payeur": "CAF/351",
        "matricule": "2089564",
        "role": "DEM",
        "source": "msa",
    },
    "Enregistrement": {"reconnue_par": "nir", "rapprochements": []},
    "PersonneARisque": {
        "id": "2f6c8a51-0d43-4b7e-9a1c-6e5f3b20d784",
        "date_risque_rsa": "2026-02-16",
        "source_risque_rsa": "mission_locale",
    },
    "Rapprochement": _RAPPROCHEMENT,
    "RapprochementDetaille": {**_RAPPROCHEMENT, "id": IDENTIFIANTS["rapprochement_id"]},
    "RapprochementCreation": {"personne_ids": _RAPPROCHEMENT["personne_ids"]},
    "ActeRapprochement": {"nature": "ecart", "gardee_id": None, "motif": "Deux cousines"},
    "FusionCreation": {"motif": "Même dossier papier"},
    "EcartCreation": {"motif": "Deux cousines"},
    "SeparationCreation": {"motif": "Deux personnes, vues ensemble à l'accueil"},
    "PersonneCreation": {
        "beneficiaire_rsa": True,
        "droits_devoirs": True,
        "code_commune": "35238",
        "nir": "2900435999001",
    },
    "PersonneRequete": {"nir": "2900435999001"},
    "PresenceConstatee": {"presence": "absente", "motif": "transport"},
    "PresenceCreation": {"presence": "absente", "motif": "transport"},
    "ProblemeImport": {"code": "date-attendue", "champ": "DTNAI"},
    "Proposition": {"regle": "P4", "jeu_de_regles_id": None},
    "GroupeStatistiques": _GROUPE,
    "Repartition": _GROUPE["repartitions"][0],
    "Statistiques": {
        "date_debut": "2026-01-01",
        "date_fin": "2026-03-31",
        "seuil": 5,
        "objectif": None,
        "communes_inconnues": False,
        "ensemble": _GROUPE,
        "groupes": [
            {
                **_GROUPE,
                "cle": "territoire",
                "a_orienter": None,
                "orientees": None,
                "masque": True,
                "delai_moyen_heures": None,
                "delai_median_heures": None,
                "dans_delai_points_base": None,
                "repartitions": [{"nom": "delai", "masquee": True, "effectifs": []}],
            }
        ],
        "reorientations": [
            {
                "nom": "motif",
                "masquee": False,
                "effectifs": [{"modalite": "DEMANDE_PERSONNE", "nombre": 17, "masque": False}],
            }
        ],
    },
    "ObjectifStatistiques": {
        "code": "entree_parcours",
        "duree": 15,
        "unite": "jours",
        "fin": "entree_parcours",
        "confirme": False,
        "source": "Règlement intérieur du département",
    },
    "Equite": {
        "date_debut": "2026-01-01",
        "date_fin": "2026-03-31",
        "seuil": 5,
        "axe": "commune",
        "communes_inconnues": False,
        "groupes": [_EQUITE],
    },
    "GroupeEquite": _EQUITE,
    "ProfilEquite": _EQUITE["profil"],
    # parcours
    "BesoinLigne": _BESOIN,
    "Besoin": _BESOIN,
    "Diagnostic": {
        "rang": 1,
        "courant": True,
        "remplace_id": None,
        "date_diagnostic": "2026-03-12",
        "agent": "agt-0417",
        "autonomie_numerique": "besoin",
        "sans_contrainte": {"declare": False, "date_declaration": None},
    },
    "DiagnosticCreation": {
        "date_diagnostic": "2026-03-12",
        "agent": "agt-0417",
        "projets": [_PROJET],
        "freins": [{"code": "mobilite", "niveau": "moyen", "situations": ["7"]}],
        "autonomie_numerique": "besoin",
    },
    "DiagnosticPrerempli": {"remplace_id": None},
    "EvenementParcours": {
        "id": IDENTIFIANTS["observation_id"],
        "type": "frein_observe",
        "date_evenement": "2026-03-12",
        "ressource": "freins",
        "ressource_id": IDENTIFIANTS["frein_id"],
        "connu_le": "2026-03-12T14:05:00.000000Z",
    },
    "FreinDiagnostic": {"niveau": "moyen", "situations": ["7"]},
    "FreinDiagnosticLigne": {"code": "mobilite", "niveau": "moyen", "situations": ["7"]},
    "FreinPropose": {
        "code": "mobilite",
        "niveau": "moyen",
        "critere": {"champ": "contrainte_mobilite", "valeur": "DEPENDANT_TRANSPORT"},
        "niveau_connu": None,
        "frein_id": None,
    },
    "Intervenant": {"role": "referent_ase", "agent": "agt-0533", "date_fin": None},
    "IntervenantCreation": {"role": "referent_ase", "agent": "agt-0533"},
    "IntervenantClotureCreation": {"date_fin": "2026-06-30"},
    "AccompagnementEmployeur": {"nature": "besoin", "agent": "agt-0417"}
    | {"date_accompagnement": "2026-03-12", "rome": "F1703", "places": 2},
    "AccompagnementEmployeurCreation": {"nature": "besoin", "agent": "agt-0417"}
    | {"date_accompagnement": "2026-03-12"},
    "ActeDispositif": {"type": "debut", "date_acte": "2026-03-09", "date_fin": None},
    "ActeDispositifCreation": {"type": "prolongation", "date_acte": "2027-06-08"},
    "ActeEmploi": {"type": "debut", "date_acte": "2026-03-09"},
    "ActeEmploiCreation": {"type": "fin", "date_acte": "2026-04-08", "motif": "terme"},
    "AideJeune": {
        **_AIDE,
        "statut": "demandee",
        "montant_demande_centimes": 45_000,
        "montant_centimes": 0,
        "date_versement": None,
        "date_commission": None,
        "date_annulation": None,
        "engagement_id": None,
    },
    "AideJeuneCreation": _AIDE,
    "AideJeuneAnnulationCreation": {"date_annulation": "2026-03-12"},
    "BilanRecrutement": {"annee": 2026, "age_max": 25, "recrutes": 48}
    | {"en_situation_handicap": 22, "seuil": 5},
    "DecisionAideCreation": {"sens": "attribution", "date_commission": "2026-03-24"},
    "DetailApprentissage": {"age_entree": 27, "derogation": None},
    "DetailContratAide": {"date_fin_aide": "2027-03-08"},
    "DetailIae": {"structure": "aci", "derogation": None},
    "DetailPmsmp": {"objet": "decouvrir", "prescripteur": "conseil_departemental"},
    "Dispositif": {**_CEJ, "motif_fin": None, "agent": None, "numero": None},
    "DispositifCreation": _CEJ,
    "Emploi": {**_PMSMP, "motif_fin": None, "rome": None, "age_entree": None}
    | {"duree_hebdomadaire_minutes": 2_100, "date_accompagnement_renforce": None},
    "EmploiCreation": _PMSMP,
    "Employeur": {**_EMPLOYEUR, "secteur_groupement": None},
    "EmployeurCreation": _EMPLOYEUR,
    "HeuresClause": _HEURES_CLAUSE,
    "HeuresClauseCreation": _HEURES_CLAUSE,
    "Marche": {**_MARCHE, "minutes_travaillees": 2_100, "minutes_rsa": 2_100}
    | {"part_rsa_points_base": 10_000},
    "MarcheCreation": _MARCHE,
    "Membre": {**_MEMBRE, "date_fin": None},
    "MembreClotureCreation": {"date_fin": "2026-06-30"},
    "MembreCreation": {k: v for k, v in _MEMBRE.items() if v is not None},
    "MiseEnRelation": {"date_proposition": "2026-03-16", "statut": "proposee"}
    | {"date_resultat": None, "emploi_id": None},
    "MiseEnRelationCreation": {"date_proposition": "2026-03-16"},
    "MiseEnRelationResultatCreation": {"issue": "recrutee", "date_resultat": "2026-03-23"},
    "OffreEmploi": {
        **_OFFRE_EMPLOI,
        "statut": "ouverte",
        "places_pourvues": 0,
        "date_cloture": None,
    },
    "OffreEmploiClotureCreation": {"date_cloture": "2026-06-30"},
    "OffreEmploiCreation": _OFFRE_EMPLOI,
    "PlafondAideLigne": {"nature": "mobilite", "montant_centimes": 50_000},
    "ReglementAide": {**_REGLEMENT, "urgence_max_centimes": None},
    "ReglementAideCreation": _REGLEMENT,
    "VersementUrgenceCreation": {},
    "NiveauConnu": {
        "date_reference": "2026-03-31",
        "date_connaissance": None,
        "niveau": "moyen",
        "date_fin": None,
    },
    "Passation": {**_PASSATION, "statut": "proposee", "reponses": [_REPONSE]}
    | {"date_proposition": "2026-05-18", "referent_suivant_id": None},
    "PassationCreation": _PASSATION,
    "PassationReponseCreation": {"cote": "cedant", "sens": "accord", "agent": "agt-0417"},
    "Projet": _PROJET,
    "ProjetLigne": _PROJET,
    "Referent": _REFERENT,
    "ReferentCreation": {"agent": "agt-0417", "date_debut": "2026-03-10"},
    "ReferentClotureCreation": {"motif": "depart", "date_fin": "2026-06-30"},
    "ReponsePassation": _REPONSE,
    "SansContrainte": {"declare": False, "date_declaration": None},
    "Suivi": {"date_reference": "2026-03-31", "niveau": "agent"},
    "AbandonCreation": {
        "date_abandon": "2026-05-04",
        "commentaire": "La personne préfère travailler d'abord son logement.",
    },
    "ClotureCreation": {"motif": "emploi_durable", "date_sortie": "2026-09-01"},
    "ActeContrat": {
        "type": "signature",
        "revision": 1,
        "signataire": "organisme",
        "date_acte": "2026-03-20",
        "motif": None,
    },
    "ActionPlan": _ACTION_PLAN,
    "Activite": {**_ACTIVITE, "par_organisme_referent": True, "date_arret": None},
    "ActiviteClotureCreation": {"date_arret": "2026-04-17"},
    "ActiviteCreation": _ACTIVITE,
    "ActeRendezVous": {
        **_CRENEAU,
        "statut": "pris",
        "date_acte": "2026-03-12",
        "presence": None,
        "motif_absence": None,
    },
    "AnnulationRendezVousCreation": {"initiateur": "usager"},
    "CodesRendezVous": {
        "motif": "ACC",
        "modalite": "PHYSIQUE",
        "reception": "IND",
        "statut": "PRIS",
        "initiateur": "PARTENAIRE",
    },
    "DeclarationHeures": {
        "semaine": "2026-W14",
        "date_activite": "2026-03-31",
        "duree_minutes": 120,
        "source": "atteste_partenaire",
    },
    "DeclarationHeuresCreation": {
        "date_activite": "2026-03-31",
        "duree_minutes": 120,
        "source": "atteste_partenaire",
    },
    "IntensiteSuivie": {
        "date_reference": "2026-04-08",
        "date_connaissance": None,
        "intensite_points_base": 9_333,
        "objectif_minutes": 3_600,
        "realise_minutes": 3_360,
        "semaines": [_SEMAINE],
    },
    "ModificationRendezVousCreation": _CRENEAU,
    "PresenceRendezVousCreation": {"presence": "excusee", "motif": "transport"},
    "ReconvocationCreation": _CRENEAU,
    "RendezVous": {
        **_RENDEZ_VOUS,
        "date_rendez_vous": "2026-03-24",
        "presence": None,
        "motif_absence": None,
        "precedent_id": None,
        "suivant_id": None,
    },
    "RendezVousCreation": _RENDEZ_VOUS,
    "RepartitionHeures": _HEURES,
    "RepereHeures": _REPERE,
    "RepereHeuresCreation": _REPERE,
    "SemaineActivite": _SEMAINE,
    "ClotureContratCreation": {"date_cloture": "2027-04-01"},
    "ContratEngagement": _ETAT_CONTRAT,
    "ContratEngagementCreation": _CONTRAT,
    "ContratEngagementDetaille": _ETAT_CONTRAT,
    "EcheanceParcours": {
        "id": IDENTIFIANTS["periode_id"],
        "code": "contrat_engagement",
        "suspension_id": None,
        "depart": "notification",
        "date_depart": "2026-03-12",
        "fin": "signature_contrat",
        "date_limite": "2026-04-12",
        "confirme": True,
        "source": "Code du travail D5411-14-1",
    },
    "EngagementsOrganisme": _ENGAGEMENTS_ORGANISME,
    "EngagementsOrganismeCreation": {"referent_unique": "agent-7", **_ENGAGEMENTS_ORGANISME},
    "EngagementsPersonne": _ENGAGEMENTS,
    "Intensite": _PLAN_ACTION["intensite"],
    "IntensiteCreation": _INTENSITE,
    "MotifHeuresContrat": {
        "revision": 1,
        "motif": "invalidite",
        "date_demande": "2026-03-18",
        "age_enfant": None,
    },
    "ObjectifPlan": _OBJECTIF,
    "OffreRaisonnableEmploi": {"emploi": "Aide à domicile", "zone": "Redon, 20 kilomètres"},
    "PlanAction": _PLAN_ACTION,
    "PlanActionCreation": _PLAN_ACTION_CREATION,
    "ReferentUnique": {"reference": "agent-7"},
    "RefusContratCreation": {"date_refus": "2026-03-25"},
    "RepriseContratCreation": {"date_reprise": "2026-06-01"},
    "RevisionContrat": _REVISION_CONTRAT,
    "RevisionContratCreation": {**_CONTRAT, "motif": "Un atelier s'ajoute au plan d'action"},
    "SignatureContratCreation": {"signataire": "organisme", "date_signature": "2026-03-20"},
    "SuspensionContratCreation": {"date_suspension": "2026-04-01"},
    "FreinCreation": {"niveau": "moyen", "source": "referent"},
    "LeveeCreation": {"date_levee": "2026-06-15"},
    "Frein": {"niveau": "moyen"},
    "NiveauCreation": {"niveau": "fort", "date_observation": "2026-04-02", "source": "referent"},
    "Observation": {"niveau": "moyen", "source": "referent"},
    "Prescription": {
        "engagement_id": None,
        "offre_titre": "Aide au permis de conduire",
        "motif_refus": None,
        "date_fin": None,
        "effet_frein": None,
    },
    "PrescriptionCreation": {
        "action_id": IDENTIFIANTS["action_id"],
        "montant_centimes": 45_000,
        "places": 1,
        "duree_s": 900,
    },
    "PrescriptionAnnulationCreation": {"motif": "Action reportée par l'organisme"},
    "PrescriptionConfirmationCreation": {"montant_centimes": 45_000},
    "ReouvertureCreation": {
        "niveau": "moyen",
        "date_observation": "2026-09-07",
        "source": "referent",
    },
    "DiagnosticFranceTravailCreation": {"dossier": _DOSSIER_V4},
    "DiagnosticFranceTravail": {
        "version_listes": "v4:2f6a91c04b7d:8e5b03d1a9f2",
        "recu_de_france_travail": True,
        "champs_masques": ["contrainte_25"],
        "dossier": _DOSSIER_V4,
    },
    "IndicateursAccompagnement": {"date_fin": "2026-06-30", "seuil": 5, "avec_sante": False},
    "GroupeIndicateurs": {
        "cle": "ensemble",
        "accompagnees": 160,
        "masque": False,
        "repartitions": [
            {
                "nom": "frein_leve.mobilite",
                "masquee": False,
                "effectifs": [
                    {"modalite": "avec", "nombre": 24, "masque": False},
                    {"modalite": "sans", "nombre": 136, "masque": False},
                ],
            }
        ],
    },
    "DelaiLevee": {"code": "mobilite", "mediane_jours": 74},
    "IndicateursLevee": {"date_fin": "2026-06-30", "seuil": 5, "avec_sante": False},
    "LeveeAction": {
        "personnes": 18,
        "freins_leves": 19,
        "mediane_jours": 61,
        "masque": False,
    },
    "EcartFranceTravail": {"contrainte": "23", "motif": "Le frein a pris fin depuis"},
    "CodeConsultation": _CODE_CONSULTATION,
    "CodeConsultationCree": {
        "code": "7K3M-QX9D-2VBH-8RTN-5WPA-E4YC",
        "avec_sante": False,
        "duree_source": "Proposition de Jalons",
        "duree_confirmee": False,
    },
    "CodeConsultationCreation": {"agent": "agt-0417", "avec_sante": False},
    "CodeConsultationRevocationCreation": {"motif": "perdu"},
    "ConsultationRequete": {"code": "7K3M-QX9D-2VBH-8RTN-5WPA-E4YC"},
    "ConsultationReorientationCreation": {
        "code": "7K3M-QX9D-2VBH-8RTN-5WPA-E4YC",
        "type_parcours_propose": "professionnel",
        "organisme_propose_id": IDENTIFIANTS["organisme_id"],
    },
    "Consultation": {"agent_referent": "agt-0417", "statut": "ouvert"},
    "OrientationConsultee": {
        "id": IDENTIFIANTS["orientation_id"],
        "statut": "ouverte",
        "date_notification": "2026-03-12",
    },
    "ContratConsulte": {
        "id": IDENTIFIANTS["contrat_id"],
        "statut": "signe",
        "date_signature": "2026-03-24",
        "revision": 1,
    },
    "EcheanceConsultee": {"code": "ore", "date_limite": "2026-09-24", "etat": "a_temps"},
    "FreinConsulte": {"niveau": "moyen", "statut": "ouvert"},
    "PrescriptionConsultee": {
        "id": IDENTIFIANTS["prescription_id"],
        "titre": "Permis de conduire et location solidaire",
        "statut": "confirmee",
    },
    "AccesConsulte": {
        "operation": "obtenir_parcours",
        "ecriture": False,
        "date_acces": "2026-03-24",
    },
    "ParcoursVise": {"id": IDENTIFIANTS["parcours_id"], "statut": "ouvert"},
    "ReorientationDemandee": {"statut": "en_attente", "date_limite_reponse": "2026-04-04"},
    "AccesJournal": {
        "operation": "obtenir_frein",
        "ecriture": False,
        "portee_sante": False,
    },
    # financement
    "Action": {
        **_ACTION,
        "statut": "en_cours",
        "date_statut": "2024-06-03",
        "places_disponibles": 39,
        "places_reservees": 1,
    },
    "ActionCreation": _ACTION,
    "ActionModification": {"libelle": "Permis de conduire, location solidaire", "axe": None},
    "AnnulationCreation": {"motif": "Action reportée par l'organisme"},
    "Annonce": _ENVELOPPE["annonce"],
    "AnnonceLigne": {"montant_centimes": 72_000_000, "qualificatif": "presque"},
    "ActeActionCreation": {"type": "demarrage", "date_acte": "2024-06-03", "motif": None},
    "ActeAvenantCreation": {
        "type": "deliberation",
        "date_acte": "2024-12-06",
        "organisme": None,
        "reference": "Session du 6 décembre 2024",
    },
    "ActeConvention": {
        "id": IDENTIFIANTS["acte_convention_id"],
        "numero_version": 0,
        "action_id": None,
        "type": "signature",
        "date_acte": "2024-05-15",
        "organisme": "Département",
        "qualite": "La présidente du conseil départemental",
    },
    "ActeConventionCreation": {
        "type": "signature",
        "date_acte": "2024-05-15",
        "organisme": "Département",
        "qualite": "La présidente du conseil départemental",
    },
    "AvenantCreation": {
        **_AVENANT,
        "statut": "delibere",
        "changements": {"enveloppes": _CONTENU["enveloppes"], "date_bilan": "2028-06-30"},
    },
    "AvertissementAvenant": {
        "code": "parite_rompue",
        "exercice": 2024,
        "ecart_centimes": -1,
        "bloquant": True,
    },
    "Axe": _AXE,
    "AxeLigne": _AXE,
    "BaseReference": _ACTION["base_reference"],
    "BaseReferenceLigne": _ACTION["base_reference"],
    "Cofinancement": _ACTION["cofinancements"][0],
    "CofinancementLigne": _ACTION["cofinancements"][0],
    "ContenuConvention": _CONTENU,
    "ContenuModification": {"enveloppes": _CONTENU["enveloppes"], "date_bilan": "2028-06-30"},
    "Difference": {"champ": "date_bilan", "avant": "null", "apres": '"2028-06-30"'},
    "DocumentConvention": {
        "type": "diagnostic_partage",
        "libelle": "Diagnostic partagé de la précarité",
        "date_document": None,
    },
    "DocumentConventionCreation": {
        "type": "diagnostic_partage",
        "libelle": "Diagnostic partagé de la précarité",
        "sha256": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
    },
    "Parite": {"convention_id": IDENTIFIANTS["convention_id"]},
    "PariteExercice": {"exercice": 2024, "total_centimes": 124_170_000, "constat": "respectee"},
    "PartParite": {
        "financeur": "etat",
        "montant_centimes": 62_085_000,
        "attendu_centimes": 62_085_000,
        "ecart_centimes": 0,
    },
    "Partie": _CONTENU["parties"][0],
    "PartieLigne": _CONTENU["parties"][0],
    "RegleParite": {
        "nature": "egalite",
        "contraignante": True,
        "valable_du": "2024-01-01",
        "source": "Instructions des 27 octobre et 23 novembre 2023",
    },
    "Taux": _AXE["taux_etat"],
    "TauxLigne": _AXE["taux_etat"],
    "TermesEnveloppe": _CONTENU["enveloppes"][0],
    "TermesEnveloppeLigne": _CONTENU["enveloppes"][0],
    "Tiers": _TIERS,
    "TiersLigne": _TIERS,
    "VersionConvention": {
        **_AVENANT,
        "id": IDENTIFIANTS["avenant_id"],
        "numero": 1,
        "nature": "avenant",
        "statut": "delibere",
        "date_signature": None,
        "date_fin_effet": None,
        "remplace_id": None,
        "champs": ["date_bilan"],
        "differences": [{"champ": "date_bilan", "avant": "null", "apres": '"2028-06-30"'}],
        "contenu": _CONTENU,
        "contenu_sha256": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
        "avertissements": [],
    },
    "ConfirmationCreation": {"places": 1, "montant_centimes": 45_000},
    "Convention": _CONVENTION,
    "ConventionCreation": _CONVENTION,
    "Ecriture": {
        "seq": 12,
        "evenement": "reservation",
        "date_effet": "2026-03-16",
        "engagement_id": None,
        "lignes": _LIGNES,
        "empreinte_precedente": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
        "empreinte": "fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13",
    },
    **_DES_DEPENSES,
    "Enveloppe": {
        **_ENVELOPPE,
        "statut": "ouverte",
        "ouvert_centimes": 71_980_000,
        "disponible_centimes": 71_935_000,
        "reserve_centimes": 45_000,
        "disponibilite_legale_centimes": 71_980_000,
        "version": 2,
    },
    "EnveloppeCreation": {
        **_ENVELOPPE,
        "annonce": {"montant_centimes": 72_000_000, "qualificatif": "presque"},
    },
    "LigneEcriture": _LIGNES[1],
    "Preuve": {
        "objet_id": IDENTIFIANTS["enveloppe_id"],
        "ecritures": 1,
        "comptes": [
            {"livre": "eng", "poste": "disponible", "quantite": 71_980_000},
            {"livre": "eng", "poste": "ouvert", "quantite": 71_980_000},
        ],
        "parts": [
            {
                "evenement": "ouverture",
                "livre": "eng",
                "poste": poste,
                "variation": 71_980_000,
                "lignes": 1,
            }
            for poste in ("disponible", "ouvert")
        ],
        "actes": [
            {
                "ecriture_id": IDENTIFIANTS["ecriture_id"],
                "seq": 1,
                "source": "Notification du 15 janvier 2026",
            }
        ],
        "derniere": {"seq": 1, "empreinte": "0" * 64},
    },
    "OuvertureCommande": {
        "montant_centimes": 71_980_000,
        "qualificatif": "exact",
        "date_effet": "2026-01-15",
        "source": "Notification du 15 janvier 2026",
    },
    "Part": {"numerateur": 1, "denominateur": 1},
    "PartLigne": {"numerateur": 1, "denominateur": 1},
    "Reservation": {"ventilation": _VENTILATION, "engagement_id": None},
    "ReservationCreation": {"places": 1, "montant_centimes": 45_000, "duree_s": 900},
    "Signataire": _SIGNATAIRE,
    "SignataireLigne": _SIGNATAIRE,
    "Volet": _VOLET,
    "VoletLigne": _VOLET,
}

# A fact of each service's own feed.
_FAITS: Mapping[str, Mapping[str, Any]] = {
    "orientation": {
        "type": "orientation.orientation.decidee",
        "ressource": "orientations",
        "id": IDENTIFIANTS["orientation_id"],
        "version": 3,
        "operation": "modification",
    },
    "parcours": {
        "type": "parcours.frein.leve",
        "ressource": "freins",
        "id": IDENTIFIANTS["frein_id"],
        "version": 2,
        "operation": "modification",
    },
    "financement": {
        "type": "financement.reservation.creee",
        "ressource": "reservations",
        "id": IDENTIFIANTS["reservation_id"],
        "operation": "creation",
    },
}

_LIVRAISON: Mapping[str, Any] = {
    "id": IDENTIFIANTS["livraison_id"],
    "evenement_id": "019cb368-90bc-7893-923f-0824128b2f33",
    "statut": "livree",
    "prochaine_le": None,
    "nombre_tentatives": 1,
}

# What an act leaves, where the object's own example would show it before the act.
_ACTES: Mapping[str, Mapping[str, Any]] = {
    "annuler_accueil": {
        "statut": "annule",
        "motif_annulation": "Salle indisponible",
        "version": 2,
    },
    "annuler_rendez_vous": {"statut": "annule", "version": 2},
    "cloturer_activite": {"date_arret": "2026-04-17", "version": 2},
    "creer_declaration_heures": {"version": 2},
    "creer_modification_rendez_vous": {"statut": "modifie", "version": 2},
    "creer_presence_rendez_vous": {
        "statut": "absent",
        "presence": "excusee",
        "motif_absence": "transport",
        "version": 2,
    },
    "creer_reconvocation": {
        "id": "019cb7e4-90b0-7eb5-8a1d-52c09f6e43d7",
        "precedent_id": IDENTIFIANTS["rendez_vous_id"],
        "rang_relance": 1,
    },
    "annuler_prescription": {
        "statut": "annulee",
        "motif_annulation": "Action reportée par l'organisme",
        "version": 2,
    },
    "annuler_reservation": {
        "statut": "annulee",
        "motif": "Action reportée par l'organisme",
        "resolue_le": "2026-03-16T09:40:00.000000Z",
        "version": 2,
    },
    "cloturer_intervenant": {"date_fin": "2026-06-30", "version": 2},
    "cloturer_referent": {"date_fin": "2026-06-30", "motif_fin": "depart", "version": 2},
    "creer_passation": {"reponses": []},
    "creer_reponse_passation": {"version": 2},
    "cloturer_parcours": {
        "statut": "clos",
        "date_cloture": "2026-09-01",
        "motif_cloture": "emploi_durable",
        "version": 2,
    },
    "cloturer_contrat_engagement": {
        "statut": "cloture",
        "date_suspension": "2026-04-01",
        "date_cloture": "2027-04-01",
        "version": 3,
    },
    "confirmer_prescription": {
        "statut": "confirmee",
        "engagement_id": IDENTIFIANTS["engagement_id"],
        "version": 2,
    },
    "creer_refus_contrat": {"statut": "refuse", "version": 2},
    "creer_revision_contrat": {"revision": 2, "version": 2},
    "creer_suspension_contrat": {
        "statut": "suspendu",
        "date_suspension": "2026-04-01",
        "version": 2,
    },
    "creer_reprise_contrat": {"version": 3},
    "signer_contrat_engagement": {"statut": "en_attente_signature", "version": 2},
    "creer_abandon_frein": {
        "statut": "abandonne",
        "date_fin": "2026-05-04",
        "commentaire_fin": "La personne préfère travailler d'abord son logement.",
        "version": 2,
    },
    "creer_accueil": {"places_prises": 0},
    "creer_action": {"places_disponibles": 40, "places_reservees": 0},
    "creer_enveloppe": {
        "statut": "annoncee",
        "ouvert_centimes": 0,
        "disponible_centimes": 0,
        "reserve_centimes": 0,
        "disponibilite_legale_centimes": 0,
        "version": 1,
    },
    "creer_niveau_frein": {"niveau": "fort", "date_observation": "2026-04-02", "version": 2},
    "creer_orientation": {
        "statut": "brouillon",
        "origine": "saisie",
        "criteres": [],
        "proposition_id": None,
        "version": 1,
    },
    "creer_ouverture": {
        "disponible_centimes": 71_980_000,
        "reserve_centimes": 0,
    },
    "creer_rapprochement": {"motifs": ["signalement"], "actes": []},
    "creer_ecart": {"statut": "ecarte", "version": 2},
    "creer_fusion": {
        "statut": "fusionne",
        "gardee_id": IDENTIFIANTS["gardee_id"],
        "actes": [_FUSION],
        "version": 2,
    },
    "creer_separation": {"statut": "separe", "actes": [_FUSION, _SEPARATION], "version": 3},
    "creer_webhook": {
        "statut": "a_verifier",
        "secret": "whsec_ncx1/etHqktEJPu1f6vcKNyoRigT69NP5bcJu/JdH4U=",
        "version": 1,
    },
    "creer_secret_webhook": {
        "secret": "whsec_ncx1/etHqktEJPu1f6vcKNyoRigT69NP5bcJu/JdH4U=",
        "secret_precedent_fin_le": "2026-03-06T11:15:00.000000Z",
        "version": 3,
    },
    "creer_levee_volume": {
        "nombre": 1_800,
        "etat": "leve",
        "client_id": "plie-redon",
        "leve_par": "si-departement-35",
        "leve_le": "2026-03-03T11:20:00.000000Z",
        "version": 4,
    },
    "creer_pause_webhook": {"statut": "en_pause", "version": 3},
    "creer_export": {
        "statut": "en_attente",
        "instant_reference": None,
        "curseur_changements": None,
        "nombre": 0,
        "fichiers": [],
        "termine_le": None,
        "version": 1,
    },
    "creer_presence": {"statut": "a_relancer", "presence": "absente", "version": 2},
    "importer_lignes": {
        "lignes": dict.fromkeys(_COMPTEURS_LIGNES, 0),
        "statut": "en_attente",
        "termine_le": None,
        "version": 1,
    },
    "importer_flux": {
        "compteurs": dict.fromkeys(_COMPTEURS, 0),
        "statut": "en_attente",
        "termine_le": None,
        "date_reference": None,
        "complet": False,
        "version": 1,
    },
    "lever_frein": {
        "statut": "leve",
        "fondement": "objectifs_atteints",
        "date_fin": "2026-06-15",
        "version": 2,
    },
    "modifier_accueil": {"lieu": "Salle des associations", "places": 15, "version": 2},
    "modifier_action": {
        "libelle": "Permis de conduire, location solidaire",
        "axe": None,
        "version": 2,
    },
    "modifier_collectivite": {"libelle": "Département d'Ille-et-Vilaine", "version": 2},
    "creer_organisme_referent": {"places_occupees": 0, "file": 0},
    "modifier_jeu_de_regles": {"version": 2},
    "creer_mise_en_vigueur": {
        "statut": "a_venir",
        "reference_arrete": _ARRETE,
        "date_debut": "2026-04-01",
        "version": 3,
    },
    "simuler_jeu_de_regles": {
        "statut": "en_attente",
        "termine_le": None,
        "resultat": None,
        "version": 1,
    },
    "modifier_organisme_referent": {"communes": ["35238", "35047"], "version": 2},
    "rouvrir_frein": {
        "date_debut": "2026-09-07",
        "date_observation": "2026-09-07",
        "precedent_id": "019cb368-8f25-7160-8999-50d836f675c0",
    },
}


def illustrer(document: dict[str, Any], service: str) -> None:
    """Give every object of the document its example, and every act what it leaves."""
    schemas = document["components"]["schemas"]
    fait = _FAITS[service]
    exportables = schemas[f"TypeExport{service.capitalize()}"]["enum"]
    objets = {
        **_OBJETS,
        "Export": {**_OBJETS["Export"], "type": exportables[0]},
        "Changement": fait,
        "DonneesEvenement": {"collectivite": "35D", **fait},
        "EvenementWebhook": {"type": fait["type"], "timestamp": "2026-03-03T11:15:00.412000Z"},
        "LivraisonWebhook": {**_LIVRAISON, "type": fait["type"]},
    }
    conteur = _Conteur(schemas, objets)
    for name, schema in schemas.items():
        if schema.get("type") == "object":
            schema["examples"] = [conteur.objet(name)]
    actes: dict[str, Mapping[str, Any]] = {
        **_ACTES,
        "suivre_changements": {
            "pagination": {
                "limite": 100,
                "suivant": f"https://{service}.insertion.example/v1/changements?depuis=WyJvcGFxd",
            }
        },
    }
    for operations in document["paths"].values():
        for operation in operations.values():
            acte = actes.get(operation["operationId"], {})
            for status, answer in operation["responses"].items():
                media = answer.get("content", {}).get("application/json")
                if acte and media and status.startswith("2"):
                    name = media["schema"]["$ref"].rsplit("/", 1)[1]
                    media["example"] = {**conteur.objet(name), **acte}


@dataclass(frozen=True)
class _Conteur:
    """Tells one object from its schema, and from what we say of it."""

    schemas: Mapping[str, Any]
    objets: Mapping[str, Mapping[str, Any]]

    def objet(self, name: str) -> dict[str, Any]:
        schema, given = self.schemas[name], self.objets.get(name, {})
        # What we accept shows what is required; what we answer shows everything.
        partial = schema.get("additionalProperties") is False or name == "Probleme"
        found = {}
        for field, prop in schema["properties"].items():
            if field in given:
                found[field] = given[field]
            elif field == "id":
                found[field] = _identifiant(name)
            elif not partial or field in schema.get("required", ()):
                found[field] = self._valeur(field, prop)
        return found

    def _valeur(self, field: str, prop: Mapping[str, Any]) -> Any:
        if field in _CHAMPS:
            return _CHAMPS[field]
        if "$ref" in prop:
            name = prop["$ref"].rsplit("/", 1)[1]
            values = self.schemas[name].get("enum")
            return values[0] if values else self.objet(name)
        match prop.get("type"):
            case "array":
                items = prop["items"]
                return [self._valeur("", items)] if "$ref" in items else []
            case "boolean":
                return False
            case "integer":
                return prop["minimum"]
            case "string":
                return "exemple"  # refused by the tests wherever it is not one
            case _:
                return None  # it may be null


def _identifiant(name: str) -> str:
    """The identifier of an object, under its own name or its first word's."""
    own = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return IDENTIFIANTS.get(f"{own}_id") or IDENTIFIANTS[f"{own.partition('_')[0]}_id"]
