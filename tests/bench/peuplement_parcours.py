"""Parcours' part of a collectivité: each person is followed, one in five has left.

Of each, four freins and what was observed of them, diagnostics, a contract, activities, hours,
rendez-vous; of most, prescriptions, objectifs, and what else a table of parcours has.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, LiteralString

from services.parcours import tables
from tests.bench.peuplement import Exemple, Population, Requete

FREINS_PAR_PERSONNE = 4
OFFRES, EMPLOYEURS, AGENTS = 300, 1_500, 500
PARCOURS = "019cb368-8f1e-7a0b-9c4d-2f6e81b7a350"
PERSONNE = "019cb368-8f1e-7a0b-9c4d-2f6e81b7a351"
# No request opens a parcours: the worker does, as orientation's feed tells.
_AVANT: LiteralString = f"""
WITH parcours AS (INSERT INTO parcours (collectivite, id, personne_id, statut, date_ouverture,
    orientation_id, type_parcours, organisme_referent_id)
  VALUES ({{code}}, '{PARCOURS}', '{PERSONNE}', 'ouvert', current_date - 30,
    '{PERSONNE}', 'social', '{PERSONNE}'))
INSERT INTO periode (collectivite, id, parcours_id, orientation_id, type_parcours,
    organisme_referent_id, date_debut, date_notification, date_depart_contrat)
  VALUES ({{code}}, '{PARCOURS}', '{PARCOURS}', '{PERSONNE}', 'social',
    '{PERSONNE}', current_date - 30, current_date - 20, current_date - 20)
"""

# As many as a page and more, the oldest: a frein that few people have.
_RARE, _RARES = "proche_aidant", 60
_FREIN = (
    f"CASE WHEN j = 3 AND n <= {_RARES} THEN '{_RARE}' ELSE (ARRAY['mobilite', 'garde_enfant',"
    " 'famille', 'logement', 'numerique', 'langue_illettrisme', 'finances',"
    " 'administratif_juridique', 'qualification'])[1 + (n + j) % 9] END"
)
_STATUTS_FREIN = "(ARRAY['ouvert', 'leve', 'en_cours', 'abandonne'])[1 + j]"
_SORTIE = "CASE WHEN clos THEN jour + 300 END"
_AGENT = "'agent-' || n % 500"

# Of whom: `clos`, who left; `reoriente`, who had another période before.
_DE_QUI: Mapping[str, LiteralString] = {
    "parcours": "true",
    "periode": "j = 0 OR reoriente",
    "referent": "j = 0 OR reoriente",
    "passation": "n % 8 = 0",
    "reponse_passation": "n % 8 = 0",
    "intervenant": "n % 3 = 0",
    "diagnostic": "j = 0 OR n % 2 = 0",
    "frein_diagnostic": "true",
    "frein_diagnostic_sante": "n % 3 = 0",
    "diagnostic_france_travail": "true",
    "diagnostic_france_travail_sante": "n % 3 = 0",
    "frein": "true",
    "observation": "true",
    "frein_sante": "n % 3 = 0",
    "observation_sante": "n % 3 = 0",
    "prescription": "n % 2 = 0",
    "prescription_sante": "n % 30 = 0",
    "objectif": "n % 2 = 0",
    "etat_objectif": "n % 2 = 0",
    "objectif_sante": "n % 30 = 0",
    "etat_objectif_sante": "n % 30 = 0",
    "contrat_engagement": "n % 10 <> 9",
    "revision_contrat": "n % 10 <> 9 AND (j = 0 OR n % 2 = 0)",
    "acte_contrat": "n % 10 NOT IN (0, 9)",
    "motif_heures_sante": "n % 10 = 5",
    "interruption": "n % 50 = 0",
    "activite": "true",
    "declaration_heures": "true",
    "rendez_vous": "true",
    "acte_rendez_vous": "true",
    "suspension": "n % 10 = 2",
    "acte_suspension": "n % 10 = 2",
    "reouverture": "n % 20 = 1",
    "mouvement_droit": "n % 10 = 1",
    "acces_parcours": "true",
    "emploi": "n % 4 = 1",
    # Of nobody known, one in forty; no reading is due, for none is set.
    "convention_immersion": "n % 4 = 1",
    "lecture_immersions": "false",
    "acte_emploi": "n % 4 = 1",
    "dispositif": "n % 6 = 1",
    "acte_dispositif": "n % 6 = 1",
    "membre_reseau": "n % 6 = 1",
    "aide_jeune": "n % 10 = 3",
    "mise_en_relation": "n % 10 = 7",
    "heures_clause": "n % 20 = 7",
    "seance": "n % 10 = 0",
    "inscription": "n % 2 = 0 AND n >= 10",
    "inscription_sante": "n % 30 = 0",
    # A département has so many of them, whoever lives there.
    "synchronisation_data_inclusion": "n <= 1000",
    "offre": "n <= {offres}",
    "offre_frein": "n <= {offres}",
    "employeur": "n <= {employeurs}",
    "acte_employeur": "n <= {employeurs}",
    "offre_emploi": "n <= {employeurs}",
    "marche": "n <= 100",
    "reglement_aide": "n <= 2",
    "repere_heures": "n <= 2",
}
_COMBIEN = {
    "periode": 2,
    "referent": 2,
    "reponse_passation": 2,
    "intervenant": 2,
    "diagnostic": 2,
    "frein_diagnostic": 3,
    "frein": FREINS_PAR_PERSONNE,
    "observation": 2 * FREINS_PAR_PERSONNE,
    "observation_sante": 2,
    "prescription": 2,
    "objectif": 2,
    "etat_objectif": 4,
    "revision_contrat": 2,
    "acte_contrat": 2,
    "activite": 2,
    "declaration_heures": 4,
    "rendez_vous": 3,
    "acte_rendez_vous": 5,
    "acte_suspension": 2,
    "acces_parcours": 3,
    "offre_frein": 3,
}

_ORGANISME: LiteralString = "{id:organisme:1 + n % 30}"
_ORIENTATION: LiteralString = "{id:orientation}"


def _du_frein(volet: str) -> Mapping[str, Any]:
    """What both volets say alike."""
    observe = {
        "frein_id": f"{{id:frein{volet}:n:j / 2}}",
        "niveau": "'fort'",
        "date_observation": "jour + 10 * (j % 2)",
        "source": "'referent'",
    }
    return {
        f"observation{volet}": observe,
        f"prescription{volet}": {
            "frein_id": f"{{id:frein{volet}:n:2 * j}}",
            "action_id": "({actions}::uuid[])[1 + n % cardinality({actions}::uuid[])]",
            "montant_centimes": "40000",
            "statut": "CASE j WHEN 0 THEN prescrite ELSE suivie END",
            "reservation_id": "{id:reservation:n:j}",
            "expire_le": "cree + interval '30 days'",
            "engagement_id": "CASE j WHEN 1 THEN {id:engagement} END",
            "offre_id": f"{{id:offre:1 + n % {OFFRES}}}",
            "offre_titre": "'Offre ' || 1 + n % {offres}",
            "motif_refus": "CASE WHEN j = 0 AND prescrite = 'refusee' THEN 'complet' END",
            "date_fin": "CASE WHEN j = 1 AND suivie <> 'confirmee' THEN jour + 90 END",
            "effet_frein": "CASE WHEN j = 1 AND suivie = 'terminee' THEN 'ameliore' END",
        },
        f"objectif{volet}": {
            "frein_id": f"{{id:frein{volet}:n:2 * j}}",
            "libelle": "{objectif}",
            "libelle_empreinte": "sha256((n || ' ' || j)::bytea)",
            "statut": "'en_cours'",
            "date_etat": "jour + 20",
        },
        f"etat_objectif{volet}": {
            "objectif_id": f"{{id:objectif{volet}:n:j / 2}}",
            "statut": "(ARRAY['non_aborde', 'en_cours'])[1 + j % 2]",
            "date_etat": "jour + 10 * (j % 2)",
        },
    }


_VALEURS: Mapping[str, Mapping[str, LiteralString]] = {
    "parcours": {
        "personne_id": "{id:personne}",
        "statut": "CASE WHEN clos THEN 'clos' ELSE 'ouvert' END",
        "date_ouverture": "jour",
        "date_cloture": _SORTIE,
        "cloture_le": "CASE WHEN clos THEN cree + interval '300 days' END",
        "motif_cloture": "CASE WHEN clos THEN 'emploi_durable' END",
        "orientation_id": _ORIENTATION,
        "type_parcours": "type_parcours",
        "organisme_referent_id": _ORGANISME,
        "nombre_reouvertures": "CASE n % 20 WHEN 1 THEN 1 ELSE 0 END",
    },
    "periode": {
        "orientation_id": "{id:orientation:n:j}",
        "type_parcours": "type_parcours",
        "organisme_referent_id": _ORGANISME,
        "date_debut": "CASE WHEN j = 0 AND reoriente THEN jour + 60 ELSE jour END",
        "date_fin": "CASE WHEN j = 1 THEN jour + 60 WHEN clos THEN jour + 300 END",
        "date_notification": "jour + 64 - 60 * j",
        "date_depart_contrat": "jour + 64 - 60 * j",
    },
    "referent": {
        "organisme_referent_id": _ORGANISME,
        "agent": _AGENT,
        "date_debut": "CASE WHEN j = 0 AND reoriente THEN jour + 60 ELSE jour END",
        "date_fin": "CASE WHEN j = 1 THEN jour + 60 WHEN clos THEN jour + 300 END",
        "motif_fin": "CASE WHEN j = 1 THEN 'depart' WHEN clos THEN 'sortie' END",
        "fin_le": "CASE WHEN j = 1 OR clos THEN cree + interval '60 days' END",
    },
    "passation": {
        "referent_id": "{id:referent:n:1}",
        "agent": _AGENT,
        "date_proposition": "jour + 50",
        "date_passation": "jour + 60",
        "statut": "'acceptee'",
        "referent_suivant_id": "{id:referent}",
    },
    "reponse_passation": {
        "cote": "(ARRAY['cedant', 'repreneur'])[1 + j]",
        "agent": _AGENT,
        "date_reponse": "jour + 52 + j",
    },
    "intervenant": {
        "role": "(ARRAY['correspondant_social', 'infirmier', 'referent_ase',"
        " 'conseiller_emploi'])[1 + (n + j) % 4]",
        "agent": _AGENT,
        "organisme_id": _ORGANISME,
        "date_debut": "jour + 5",
    },
    "diagnostic": {
        "rang": "1 + j",
        "remplace_id": "CASE j WHEN 1 THEN {id:diagnostic} END",
        "orientation_id": _ORIENTATION,
        "organisme_referent_id": _ORGANISME,
        "date_diagnostic": "jour + 7 + 90 * j",
        "agent": _AGENT,
        "projets": "{projets}",
        "autonomie_numerique": "'besoin'",
    },
    "frein_diagnostic": {
        "frein_id": "{id:frein:n:j}",
        "code": _FREIN,
        "niveau": "'fort'",
    },
    "frein_diagnostic_sante": {
        "frein_id": "{id:frein_sante}",
        "code": "'sante'",
        "niveau": "'fort'",
    },
    "diagnostic_france_travail": {
        "diagnostic_id": "{id:diagnostic:n:(n + 1) % 2}",
        "version_listes": "{version_listes}",
        "dossier": "{dossier}",
    },
    "diagnostic_france_travail_sante": {
        "diagnostic_id": "{id:diagnostic:n:(n + 1) % 2}",
        "contraintes": "{contraintes}",
    },
    "frein": {
        "code": _FREIN,
        "statut": _STATUTS_FREIN,
        "niveau": "'fort'",
        "date_debut": "jour",
        "date_observation": "jour + 10",
        "date_fin": "CASE WHEN j % 2 = 1 THEN jour + 120 END",
        "fin_le": "CASE WHEN j % 2 = 1 THEN cree + interval '120 days' END",
        "fondement": "CASE j WHEN 1 THEN 'decision_referent' END",
    },
    "frein_sante": {
        "code": "(ARRAY['sante', 'handicap'])[1 + n / 3 % 2]",
        "niveau": "CASE n / 3 % 2 WHEN 0 THEN 'fort' END",
        "date_debut": "jour",
        "date_observation": "jour + 10",
    },
    **_du_frein(""),
    **_du_frein("_sante"),
    "contrat_engagement": {
        "personne_id": "{id:personne}",
        "orientation_id": _ORIENTATION,
        "statut": "contrat",
        "statut_precedent": "CASE contrat WHEN 'suspendu' THEN 'signe' END",
        "revision": "2 - n % 2",
        "date_premiere_signature": "signature",
        "date_signature": "signature",
        "date_ore": "CASE WHEN n % 3 = 0 THEN signature + 100 END",
        "date_suspension": "CASE WHEN contrat IN ('suspendu', 'cloture') THEN jour + 200 END",
        "date_cloture": "CASE contrat WHEN 'cloture' THEN jour + 600 END",
    },
    "revision_contrat": {
        "contrat_id": "{id:contrat_engagement}",
        "rang": "1 + j",
        "nature": "(ARRAY['initiale', 'avenant'])[1 + j]",
        "orientation_id": _ORIENTATION,
        "organisme_referent_id": _ORGANISME,
        "referent": _AGENT,
        "contenu": "{contrat}",
        "duree_hebdomadaire_minutes": "900",
        "date_reexamen": "CASE WHEN n % 7 = 0 THEN jour + 150 END",
        "periodicite_actualisation_mois": "3",
    },
    "acte_contrat": {
        "contrat_id": "{id:contrat_engagement}",
        "revision": "1",
        "orientation_id": _ORIENTATION,
        "signataire": "(ARRAY['personne', 'organisme'])[1 + j]",
        "date_acte": "jour + 30",
    },
    "motif_heures_sante": {
        "contrat_id": "{id:contrat_engagement}",
        "motif": "'invalidite'",
    },
    "interruption": {"orientation_id": _ORIENTATION, "date_reprise": "jour + 20"},
    "activite": {
        "type": "'formation'",
        "libelle": "{activite}",
        "organisme_id": _ORGANISME,
        "par_organisme_referent": "true",
        "duree_hebdomadaire_minutes": "240",
        "date_debut": "jour + 20",
        "date_arret": "CASE j WHEN 1 THEN jour + 90 END",
        "arret_le": "CASE j WHEN 1 THEN cree + interval '90 days' END",
    },
    "declaration_heures": {
        "activite_id": "{id:activite:n:j % 2}",
        "date_lundi": "date_trunc('week', jour + 28 + 7 * (j / 2))::date",
        "duree_minutes": "240",
    },
    "repere_heures": {"minimum_minutes": "900", "maximum_minutes": "1200"},
    "rendez_vous": {
        "statut": "(ARRAY['effectue', 'absent', 'pris'])[1 + j]",
        "agent": _AGENT,
        "organisme_id": _ORGANISME,
        "debut_le": "cree + (1 + j) * interval '30 days'",
        "fin_le": "cree + (1 + j) * interval '30 days' + interval '1 hour'",
        "presence": "(ARRAY['presente', 'absente', NULL])[1 + j]",
        "rang_relance": "0",
    },
    "acte_rendez_vous": {
        "rendez_vous_id": "{id:rendez_vous:n:j % 3}",
        "statut": "(ARRAY['pris', 'pris', 'pris', 'effectue', 'absent'])[1 + j]",
        "date_acte": "jour + 30 * (j / 3)",
        "presence": "(ARRAY[NULL, NULL, NULL, 'presente', 'absente'])[1 + j]",
    },
    "suspension": {
        "orientation_id": _ORIENTATION,
        "statut": "suspension",
        "nature_manquement": "'F01'",
        "date_faits": "jour + 100",
        "date_signalement": "jour + 110",
        "organisme_signalant_id": _ORGANISME,
        "date_proposition_ft": "CASE WHEN n % 20 = 2 THEN jour + 105 END",
        "date_limite_saisie": "CASE WHEN n % 20 = 2 THEN jour + 120 END",
        "date_saisie": "CASE WHEN n % 20 = 2 AND suspension <> 'signale' THEN jour + 118 END",
        "date_information": "CASE WHEN suspension <> 'signale' THEN jour + 120 END",
        "date_limite_observations": "CASE WHEN suspension <> 'signale' THEN jour + 130 END",
        "date_observations": "CASE WHEN suspension <> 'signale' AND n % 20 = 2 THEN jour + 126 END",
        "date_limite_decision": "CASE WHEN suspension <> 'signale' THEN jour + 180 END",
        "date_decision": "CASE WHEN sanction THEN jour + 140 END",
        "mesure": "CASE WHEN sanction THEN 'suspension' END",
        "rang": "CASE WHEN sanction THEN 'premier' END",
        "bareme": "CASE WHEN sanction THEN 'RSA_OBLIGATIONS_1' END",
        "part_pourcent": "CASE WHEN sanction THEN 50 END",
        "duree_mois": "CASE WHEN sanction THEN 2 END",
        "foyer_personnes": "CASE WHEN sanction THEN 1 END",
        "foyer_majoration": "CASE WHEN sanction THEN false END",
        "date_notification": "CASE WHEN sanction THEN jour + 145 END",
        "date_debut": "CASE WHEN sanction THEN jour + 150 END",
        "date_fin": "CASE WHEN sanction THEN jour + 210 END",
    },
    "acte_suspension": {
        "type": "(ARRAY['signalement', 'information'])[1 + j]",
        "date_acte": "jour + 110 + 10 * j",
        "organisme_id": _ORGANISME,
    },
    "reouverture": {
        "orientation_id": _ORIENTATION,
        "date_sortie": "jour + 50",
        "date_reouverture": "jour + 80",
        "motif_sortie": "'emploi_durable'",
    },
    "mouvement_droit": {"mouvement_id": "{id:mouvement}"},
    "code_consultation": {
        "agent": _AGENT,
        "repere": "sha256((n || ' repere')::bytea)",
        "expire_le": "cree + interval '15 minutes'",
    },
    "acces_parcours": {"jour": "jour + j", "operation": "'obtenir_parcours'"},
    "employeur": {
        "siret": "lpad(n::text, 14, '0')",
        "naf": "'43.21A'",
        "code_commune": "commune",
        "secteur_groupement": "CASE WHEN n % 10 = 0 THEN (ARRAY['batiment', 'proprete',"
        " 'industrie', 'agriculture', 'transports', 'autre'])[1 + n / 10 % 6] END",
    },
    "acte_employeur": {"agent": _AGENT},
    "offre_emploi": {
        "rome": "'F17' || lpad((1 + n % 50)::text, 2, '0')",
        "type_emploi": "'cdd'",
        "code_commune": "commune",
        "duree_hebdomadaire_minutes": "2100",
        "places": "2",
        "places_pourvues": "n % 3",
        "statut": "(ARRAY['ouverte', 'ouverte', 'pourvue'])[1 + n % 3]",
    },
    "mise_en_relation": {
        "offre_emploi_id": f"{{id:offre_emploi:1 + n % {EMPLOYEURS}}}",
        "statut": "(ARRAY['proposee', 'recrutee', 'non_retenue', 'declinee',"
        " 'sans_suite'])[1 + n / 10 % 5]",
        "date_resultat": "CASE WHEN n / 10 % 5 > 0 THEN jour + 60 END",
    },
    "emploi": {
        "employeur_id": f"{{id:employeur:1 + n % {EMPLOYEURS}}}",
        "type": "emploi",
        "statut": "CASE WHEN n % 3 = 0 THEN 'termine' ELSE 'ouvert' END",
        "date_debut": "jour + 100",
        "date_fin": "CASE WHEN emploi <> 'cdi' THEN jour + 280 END",
        "motif_fin": "CASE WHEN n % 3 = 0 THEN 'terme' END",
        "duree_hebdomadaire_minutes": "1200",
        "rome": "'F1703'",
        "objet": "CASE emploi WHEN 'pmsmp' THEN 'decouvrir' END",
        "prescripteur": "CASE emploi WHEN 'pmsmp' THEN 'france_travail' END",
        "age_entree": "CASE emploi WHEN 'apprentissage' THEN 30 END",
        "structure": "CASE emploi WHEN 'iae' THEN 'aci' END",
        "pass_iae_id": "CASE emploi WHEN 'iae' THEN {id:dispositif} END",
        "dispositif_aide": "CASE emploi WHEN 'contrat_aide' THEN 'pec' END",
        "decideur": "CASE emploi WHEN 'contrat_aide' THEN 'etat' END",
        "date_fin_aide": "CASE emploi WHEN 'contrat_aide' THEN jour + 280 END",
    },
    "acte_emploi": {"date_acte": "jour + 100"},
    "convention_immersion": {
        "convention_id": "{id:convention_immersion}",
        "statut": "'ACCEPTED_BY_VALIDATOR'",
        "etat": "CASE WHEN n % 160 = 1 THEN 'personne_inconnue' ELSE 'rattachee' END",
        "empreinte": "sha256(n::text::bytea)",
        "parcours_id": "CASE WHEN n % 160 <> 1 THEN {id:parcours} END",
        "emploi_id": "CASE WHEN n % 160 <> 1 THEN {id:emploi} END",
        "siret": "'10000000900017'",
        "date_debut": "jour + 100",
        "date_fin": "jour + 110",
        "rome": "'F1703'",
    },
    "dispositif": {
        "type": "(ARRAY['pass_iae', 'cej', 'pacea', 'trajectoire_autonomie'])[1 + n / 6 % 4]",
        "statut": "CASE WHEN n % 5 = 0 THEN 'clos' ELSE 'ouvert' END",
        "date_debut": "jour + 100",
        "date_fin": "jour + 400",
        "motif_fin": "CASE WHEN n % 5 = 0 THEN 'terme' END",
        "age_entree": "20",
        "rqth": "n / 6 % 4 = 1 AND n % 7 = 0",
        "organisme_id": _ORGANISME,
    },
    "acte_dispositif": {"date_acte": "jour + 100"},
    "membre_reseau": {
        "role": "(ARRAY['logement', 'sante', 'parrain'])[1 + n / 6 % 3]",
        "organisme_id": _ORGANISME,
        "date_debut": "jour + 100",
    },
    "aide_jeune": {
        "action_id": "({actions}::uuid[])[1]",
        "age": "20",
        "statut": "(ARRAY['demandee', 'versee', 'annulee'])[1 + n / 10 % 3]",
        "montant_demande_centimes": "20000",
        "date_demande": "jour + 40",
        "date_versement": "CASE n / 10 % 3 WHEN 1 THEN jour + 41 END",
        "date_annulation": "CASE n / 10 % 3 WHEN 2 THEN jour + 50 END",
        "versement_le": "CASE n / 10 % 3 WHEN 1 THEN cree + interval '41 days' END",
        "resolue_le": "CASE n / 10 % 3 WHEN 2 THEN cree + interval '50 days' END",
        "reservation_id": "{id:reservation:n:2}",
        "engagement_id": "CASE n / 10 % 3 WHEN 1 THEN {id:engagement:n:2} END",
    },
    "reglement_aide": {
        "depuis": "date '2024-01-01' + n::int",
        "age_min": "18",
        "age_max": "25",
    },
    "marche": {"date_fin": "jour + 700", "minutes_prevues": "60000", "minutes_rsa": "0"},
    "heures_clause": {
        "marche_id": "{id:marche:1 + n % 100}",
        "mois": "date_trunc('month', jour)::date",
        "minutes": "600",
        "parcours_id": "{id:parcours}",
    },
    "synchronisation_data_inclusion": {"statut": "'terminee'"},
    "offre": {
        "origine": "'collectivite'",
        "titre": "'Offre ' || n",
        "freins": "jsonb_build_array('mobilite')",
        "communes": "CASE WHEN n % 3 = 0 THEN '[]' ELSE jsonb_build_array(commune, '35238') END",
        "code_commune": "CASE WHEN n % 3 = 1 THEN commune END",
        "a_distance": "n % 6 = 0",
        "date_debut": "date '2024-01-01'",
        "action_id": "({actions}::uuid[])[1 + n % cardinality({actions}::uuid[])]",
    },
    "offre_frein": {"code": _FREIN},
    "seance": {
        "offre_id": f"{{id:offre:1 + n / 10 % {OFFRES}}}",
        "debut_le": "cree + interval '90 days'",
        "fin_le": "cree + interval '90 days 2 hours'",
        "places": "20",
    },
    # Those who came just after: each séance has five.
    "inscription": {"seance_id": "{id:seance:n - n % 10}"},
    "inscription_sante": {
        "seance_id": "{id:seance}",
        "prescription_id": "{id:prescription_sante}",
    },
}

_BASE: LiteralString = """
(SELECT *, CASE WHEN contrat IN ('signe', 'suspendu', 'cloture') THEN jour + 30 END AS signature,
  suspension IN ('en_cours', 'leve', 'terme') AS sanction
FROM (
  SELECT n, cree, cree::date AS jour, n % 5 = 0 AS clos, n % 4 = 0 AS reoriente,
    '35' || lpad((1 + n::bigint * 7919 % 340)::text, 3, '0') AS commune,
    (ARRAY['social', 'socio_professionnel', 'professionnel'])[1 + n % 3] AS type_parcours,
    (ARRAY['a_signer', 'en_attente_signature', 'refuse', 'suspendu', 'cloture', 'signe', 'signe',
      'signe', 'signe', 'signe'])[1 + n % 10] AS contrat,
    (ARRAY['reservee', 'acceptee', 'refusee', 'annulee'])[1 + n / 2 % 4] AS prescrite,
    (ARRAY['confirmee', 'terminee', 'abandonnee'])[1 + n / 2 % 3] AS suivie,
    (ARRAY['signale', 'contradictoire', 'avis_ep', 'en_cours', 'leve', 'terme'])[1 + n / 10 % 6]
      AS suspension,
    (ARRAY['pmsmp', 'iae', 'contrat_aide', 'apprentissage', 'cdi', 'cdd'])[1 + n / 4 % 6] AS emploi
  FROM (SELECT n, to_timestamp({instant} / 1000.0) AS cree
    FROM generate_series(1, {personnes}) n) d) s) base
"""


def _un_cas() -> Exemple:
    """What is kept sealed: only the service writes it."""
    jour = date.today() - timedelta(days=2)  # noqa: DTZ011 - any day of the last weeks
    url = f"/v1/parcours/{PARCOURS}"
    activite = {"type": "formation", "libelle": "Code de la route", "modalite": "collective"}
    yield Requete(
        f"{url}/activites",
        {
            **activite,
            "encadree": True,
            "organisme_id": PERSONNE,
            "duree_hebdomadaire_minutes": 240,
            "date_debut": str(jour),
        },
    )
    yield Requete(
        f"{url}/contrats-engagement",
        {
            "engagements_organisme": {"referent_unique": "agent-7", "engagements": ["Accompagner"]},
            "engagements_personne": {"engagements": ["Participer"]},
            "plan_action": {
                "objectifs": [{"domaine": "social", "libelle": "Se déplacer"}],
                "actions": [{**activite, "encadree": True}],
                "intensite": {"duree_hebdomadaire_minutes": 900},
            },
            "droits_recours": "Voies et délais de recours.",
            "periodicite_actualisation_mois": 3,
        },
    )
    frein = yield Requete(
        f"{url}/freins",
        {
            "code": "mobilite",
            "niveau": "fort",
            "date_observation": str(jour),
            "source": "referent",
        },
    )
    yield Requete(
        f"/v1/freins/{frein['id']}/objectifs",
        {"libelle": "Passer le permis", "date_etat": str(jour), "source": "referent"},
    )
    le = f"{jour}T09:30:00.000+02:00"
    agent = {"id": "ertc8250", "nom": "Dupont", "prenom": "Fernande"}
    yield Requete(
        f"{url}/diagnostic-france-travail",
        {
            "dossier": {
                "besoinsParDiagnostic": [
                    {
                        "diagnostic": {
                            "idDiagnostic": "uuid123",
                            "codeTypologie": "MR",
                            "codeRome": "F1204",
                            "codeAppellation": None,
                            "statut": "EN_COURS",
                            "estPrioritaire": True,
                            "nomMetier": "Boulanger",
                        },
                        "thematiquesBesoins": [
                            {
                                "code": "2",
                                "besoins": [{"code": "5", "valeur": "BESOIN", "agent": None}],
                            }
                        ],
                    }
                ],
                "thematiqueContrainte": {
                    "agent": agent,
                    "dateExploration": le,
                    "declareSansContrainte": {"flag": False, "date": None},
                    "contraintes": [
                        {
                            "code": code,
                            "valeur": "OUI",
                            "dateExploration": le,
                            "estPrioritaire": False,
                            "impact": "FORT",
                            "situations": [],
                            "objectifs": [],
                        }
                        for code in ("23", "25")
                    ],
                },
                "pouvoirAgir": {
                    "confiance": "OUI",
                    "accompagnement": "NON",
                    "resultatAnalyse": "Bon",
                },
            }
        },
    )


def actions(ids: Iterable[str]) -> str:
    """Actions of financement, as the constant that offers and prescriptions take them from."""
    return f"{{{','.join(ids)}}}"


POPULATION = Population(
    service="parcours",
    tables=tables.Base.metadata.sorted_tables,
    base=_BASE,
    de_qui=_DE_QUI,
    combien=_COMBIEN,
    valeurs=_VALEURS,
    avant=_AVANT,
    exemple=_un_cas,
    modele="SELECT a.libelle AS activite, v.contenu AS contrat, o.libelle AS objectif, d.projets,"
    " f.dossier, f.version_listes, s.contraintes FROM activite a, revision_contrat v, objectif o,"
    " diagnostic d, diagnostic_france_travail f, diagnostic_france_travail_sante s"
    " WHERE a.collectivite = %s",
    de="parcours",
    constantes={
        "offres": OFFRES,
        "employeurs": EMPLOYEURS,
        # Of financement: nobody's, unless they are told.
        "actions": actions(f"019cad9d-67a0-7c02-9e41-6b1f0f5a2d{rang}" for rang in range(10, 50)),
    },
    noms={"contrat": "contrat_engagement", "membre": "membre_reseau"},
    filtres={
        "agent": ("agent-7",),
        "code": ("contrat_engagement", "ore", "fin_mesure", "fin_cej"),
        "code_commune": ("35238",),
        "commune": ("35238",),
        "siret": ("00000000000007",),
        "rome": ("F1707",),
    },
    ni_listes_ni_personnes=(
        # They count people.
        "/v1/indicateurs/",
        "/v1/emplois/bilan-recrutement",
    ),
    exemptes=(
        # Read in orientation, which does not know these people: what is read here, the document
        # for France Travail reads too.
        r"/diagnostics/prerempli$|"
        # One row says where a collectivité's reading stands; what is counted beside is by an index.
        r"^/v1/conventions-immersion/bilan$|"
        # A deadline is computed, from dates of two tables and local delays: by its day, or by its
        # state, all that is due is read; the oldest first, what came before the law is passed
        # over. Those of one parcours are not exempt. docs/mesures.md says what it costs.
        r"^/v1/echeances\?(?!.*parcours_id).*(etat|date_limite|tri=cree_le)"
    ),
)
