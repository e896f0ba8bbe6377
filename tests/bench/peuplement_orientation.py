"""Orientation's part of a collectivité: each person was oriented once, most are followed, the last
to come are to be decided, some of them late.
"""

from collections.abc import Mapping
from typing import LiteralString

from services.orientation import tables
from shared.schemas.orientation.imports import CompteursImport
from tests.api.orientation.conftest import PERSONNE, criteres
from tests.bench.peuplement import Exemple, Population, Requete

ORGANISMES, IMPORTS = 30, 1_000
# As many as a page and more, wherever the département ends: a territory where few people live.
COMMUNE_RARE, _RARES = "35360", 60

# `statut` and `commune` are those of a person's orientation.
_DE_QUI: Mapping[str, LiteralString] = {
    "reglage_france_travail": "n <= 12",
    "reglage_invitations": "n <= 12",
    "invitation_rdv_insertion": "decidee AND n % 10 = 4",
    # Of some départements, the rendez-vous of the welcome; few are of nobody known.
    "rendez_vous_rdv_insertion": "n % 2 = 1",
    "usager_rdv_insertion": "n % 2 = 1 AND n % 100 <> 1",
    "reception_rdv_insertion": "n % 40 = 1",
    "lecture_france_travail": "n <= 1",
    "activite_france_travail": "n % 10 = 0",
    "dossier": "true",
    "personne": "true",
    "orientation": "true",
    "recueil_criteres": "statut <> 'brouillon'",
    "proposition": "statut <> 'brouillon'",
    "decision": "statut IN ('ouverte', 'cloturee')",
    "place": "statut IN ('ouverte', 'cloturee')",
    "notification": "statut IN ('ouverte', 'cloturee')",
    "annulation": "statut = 'cloturee'",
    "alerte": "statut = 'en_attente' AND n % 2 = 0",
    "accueil": "n % 20 = 0",
    "convocation": "n % 2 = 0",
    "presence": "n % 4 = 0",
    "dispense": "n % 20 = 1",
    "contact": "n % 5 = 0",
    # Kept for a time only.
    "import_resultat": "n % 2 = 0 AND n > {personnes} - 20000",
    "mouvement": "n % 2 = 0",
    "declaration_dsp": "n % 4 = 0",
    "rapprochement": "n % 50 = 1",
    "acte_rapprochement": "n % 50 = 1",
    "fusion_changement": "n % 50 = 1",
    # The law that gives them delays is younger than three years.
    "reorientation": "decidee AND n % 10 = 6 AND n > {personnes} * 0.6",
    "acte_reorientation": "decidee AND n % 10 = 6 AND n > {personnes} * 0.6",
    "reexamen": "decidee AND n % 10 = 6 AND n > {personnes} * 0.6",
    # A département has so many of them, whoever lives there.
    "unite": "n <= {organismes}",
    "portefeuille": "n <= {organismes}",
    "indicateur": "n <= {organismes}",
    "jeu_de_regles": "n <= 2",
    "mise_en_vigueur": "n <= 1",
    "simulation": "n <= 2",
    "organisme_referent": "n <= {organismes}",
    "import": "n <= {imports}",
}
# No trigger runs here.
_COMPTES: LiteralString = (
    "INSERT INTO compte_place (collectivite, objet_id, placees, en_file)"
    " SELECT p.collectivite, o.id, count(*) FILTER (WHERE p.statut = 'placee'),"
    " count(*) FILTER (WHERE p.statut = 'en_file')"
    " FROM place p, unnest(ARRAY[p.organisme_id, p.unite_id, p.portefeuille_id]) AS o (id)"
    " WHERE o.id IS NOT NULL GROUP BY 1, 2"
)

_VALEURS: Mapping[str, Mapping[str, LiteralString]] = {
    "reglage_france_travail": {
        "correspondance": "jsonb_build_object('professionnel', 'PED', 'socio_professionnel', 'PSP',"
        " 'social', 'PSO')",
    },
    "reglage_invitations": {"categorie": "'rsa_orientation'"},
    "invitation_rdv_insertion": {
        "decision_id": "{id:decision}",
        "decidee_le": "cree",
        "statut": "CASE WHEN n % 100 = 4 THEN 'sans_contact' ELSE 'envoyee' END",
    },
    "rendez_vous_rdv_insertion": {
        "rendez_vous": "n::text",
        "participation": "n::text",
        "usager": "n::text",
        "categorie": "'rsa_orientation'",
        "statut": "CASE WHEN n % 8 = 1 THEN 'absent' ELSE 'honore' END",
        "debut_le": "cree",
        "duree_minutes": "45",
        "rattache": "n % 100 <> 1",
    },
    "usager_rdv_insertion": {"usager": "n::text", "personne_id": "{id:personne}"},
    "reception_rdv_insertion": {
        "empreinte": "sha256(n::text::bytea)",
        "statut": "CASE WHEN n % 1000 = 1 THEN 'inintelligible' ELSE 'appliquee' END",
        "modele": "'Rdv'",
        "objet": "n::text",
        "emis_le": "cree",
    },
    "activite_france_travail": {
        "identifiant_ft": "'activite-' || n",
        # Most are answered, and gone; a réorientation is rare.
        "statut": "CASE n % 100 WHEN 0 THEN 'a_decider' WHEN 10 THEN 'inconnue' ELSE 'disparue'"
        " END",
        "code_activite": "CASE WHEN n % 500 = 0 THEN 'ACT414' ELSE 'ACT382' END",
        "reconnue_id": "{id:personne}",
        "orientation_id": "{id:orientation}",
        "date_echeance": "(cree + interval '15 days')::date",
        "vue_le": "cree",
        "disparue_le": "CASE WHEN n % 100 > 10 THEN cree + interval '20 days' END",
    },
    "organisme_referent": {
        "reference": "'org-' || n",
        "type": "CASE n WHEN 1 THEN 'conseil_departemental' ELSE 'france_travail' END",
        "nom": "'Organisme ' || n",
        "communes": "CASE WHEN n <= 2 THEN '[]'::jsonb ELSE jsonb_build_array('35999') END",
        "clients": "CASE WHEN n = 1 THEN jsonb_build_array({client}::text) ELSE '[]' END",
        "places": "CASE WHEN n = 3 THEN 40 END",
        "illustratif": "true",
    },
    "dossier": {
        "cle": "'cle-' || n",
        "organisme_payeur": "'CAF/351'",
        "matricule": "n::text",
        "etat": "'2'",
        "commune": "commune",
        "empreinte": "sha256(n::text::bytea)",
    },
    "personne": {
        "dossier_id": "{id:dossier}",
        "role": "'DEM'",
        "nom": "'NOM ' || n",
        "prenoms": "'CAMILLE'",
        "date_naissance": "date '1960-01-01' + n % 15000",
        "commune": "commune",
        "beneficiaire_rsa": "n % 50 <> 3",
        "droits_devoirs": "true",
        "nir_scelle": "sha256(n::text::bytea) || sha256(n::text::bytea)",
        "nir_empreinte": "sha256((n || ' nir')::bytea)",
        "identite_empreinte": "sha256((n || ' identite')::bytea)",
    },
    "import": {
        "statut": "'terminee'",
        "recu_le": "now() - ({imports} - n) * interval '1 day'",
        "demarre_le": "now() - ({imports} - n) * interval '1 day'",
        "termine_le": "now() - ({imports} - n) * interval '1 day'",
        "compteurs": "{compteurs}",
    },
    "import_resultat": {
        "import_id": "{id:import:1000 - n % 20}",
        "numero": "n",
        "ligne": "n",
        "dossier_id": "{id:dossier}",
    },
    "orientation": {
        "statut": "statut",
        "recu_le": "cree",
        "date_limite": "(cree + interval '42 days')::date",
        "commune": "commune",
        "criteres": "{criteres}",
        "hors_delai": "CASE WHEN decidee THEN decide_le::date > (cree + interval '42 days')::date"
        " END",
        "proposition_id": "CASE WHEN statut <> 'brouillon' THEN {id:proposition} END",
        "decision_id": "CASE WHEN decidee THEN {id:decision} END",
        "type_parcours": "CASE WHEN decidee THEN 'professionnel' END",
        "organisme_referent_id": "CASE WHEN decidee THEN {id:organisme_referent:organisme} END",
        "date_effet": "CASE WHEN decidee THEN decide_le::date END",
        "date_notification": "CASE WHEN decidee THEN decide_le::date + 4 END",
    },
    "unite": {"organisme_referent_id": "{id:organisme_referent:2}"},
    "portefeuille": {"organisme_referent_id": "{id:organisme_referent:2}"},
    "rapprochement": {
        "personne_a_id": "{id:personne}",
        "personne_b_id": "{id:personne:n + 1}",
        "statut": "'propose'",
    },
    "acte_rapprochement": {"rapprochement_id": "{id:rapprochement}"},
    "fusion_changement": {"acte_id": "{id:acte_rapprochement}", "rang": "n"},
    "mouvement": {"import_id": "{id:import:1 + n % 1000}", "personne_id": "{id:personne}"},
    "reorientation": {
        "statut": "CASE WHEN n % 100 = 6 THEN 'en_attente' ELSE 'acceptee' END",
        "organisme_demandeur_id": "{id:organisme_referent:organisme}",
        "organisme_propose_id": "{id:organisme_referent:2}",
        "motif": "{motif_reorientation}",
    },
    "reexamen": {
        "organisme_referent_id": "{id:organisme_referent:organisme}",
        "france_travail_id": "{id:organisme_referent:2}",
    },
    "mise_en_vigueur": {
        "jeu_de_regles_id": "{id:jeu_de_regles:2}",
        "date_debut": "date '2099-01-01'",
        "date_fin": "date '2099-12-31'",
    },
    "simulation": {"jeu_de_regles_id": "{id:jeu_de_regles:1}", "statut": "'terminee'"},
    "deplacement": {"simulation_id": "{id:simulation:1}"},
    "recueil_criteres": {"criteres": "{criteres}", "date_recueil": "cree::date"},
    "proposition": {
        "version_regles": "{version_regles}",
        "regle": "{regle}",
        "type_parcours": "{type_parcours}",
        "organisme_referent_id": "{id:organisme_referent:2}",
        "entrees": "{entrees}",
        "explication": "{explication}",
    },
    "decision": {
        "proposition_id": "{id:proposition}",
        "etat_decision": "'acceptee'",
        "type_parcours": "'professionnel'",
        "organisme_referent_id": "{id:organisme_referent:organisme}",
        "date_decision": "decide_le::date",
        "date_effet": "decide_le::date",
        "regle_competence": "'C1'",
        "organisme_decideur_id": "{id:organisme_referent:1}",
    },
    "place": {
        "organisme_id": "{id:organisme_referent:organisme}",
        "statut": "CASE WHEN statut = 'cloturee' THEN 'liberee' WHEN organisme = 3 AND n > 2000"
        " THEN 'en_file' ELSE 'placee' END",
        "numero": "CASE WHEN organisme = 3 AND n > 2000 THEN n END",
        "rang": "CASE WHEN organisme = 3 AND n > 2000 THEN 1 END",
        "placee_le": "cree",
        # Those of the second organisme, one in thirty.
        "unite_id": "CASE WHEN organisme = 2 THEN {id:unite:1 + n / 30 % 30} END",
        "portefeuille_id": "CASE WHEN organisme = 2 THEN {id:portefeuille:1 + n / 30 % 30} END",
    },
    "notification": {
        "decision_id": "{id:decision}",
        "date_envoi": "decide_le::date",
        "date_reception": "decide_le::date + 4",
    },
    "annulation": {
        "decision_id": "{id:decision}",
        "motif": "'essai'",
        "organisme_decideur_id": "{id:organisme_referent:1}",
    },
    "alerte": {"code": "'orientation_pcd'", "palier": "'depassee'"},
    "accueil": {
        "type": "(ARRAY['reunion_collective', 'entretien_individuel'])[1 + n / 20 % 2]",
        "statut": "'tenu'",
        "lieu": "'Maison ' || n % 30",
        "code_commune": "commune",
        "debut_le": "cree + interval '15 days'",
        "fin_le": "cree + interval '15 days 2 hours'",
        "places": "20",
    },
    "convocation": {
        # The sessions of the persons that came just before: each has nine or ten.
        "accueil_id": "{id:accueil:greatest(20, n - n % 20)}",
        "type": "(ARRAY['reunion_collective', 'entretien_individuel'])"
        "[1 + greatest(20, n - n % 20) / 20 % 2]",
        "statut": "CASE WHEN n % 4 = 0 THEN 'honoree' WHEN n % 100 = 2 THEN 'a_relancer'"
        " ELSE 'relancee' END",
        "date_envoi": "cree::date",
        "rang_relance": "0",
        "presence": "CASE WHEN n % 4 = 0 THEN 'presente' END",
    },
    "presence": {"convocation_id": "{id:convocation}", "presence": "'presente'"},
    "contact": {"lieu": "'Maison ' || n % 30"},
}

_BASE: LiteralString = """
(SELECT *, statut IN ('ouverte', 'cloturee') AS decidee,
  cree + CASE WHEN n % 7 = 0 THEN interval '60 days' ELSE interval '20 days' END AS decide_le,
  -- The third has forty places, all taken, and a queue of a hundred, whatever the département.
  CASE WHEN n % 50 = 1 AND n <= 7000 THEN 3 WHEN n % 30 = 2 THEN 1 ELSE 1 + n % 30 END AS organisme
FROM (
  SELECT n, to_timestamp({instant} / 1000.0) AS cree,
    CASE WHEN n <= {rares} THEN {commune_rare}
      ELSE '35' || lpad((1 + n::bigint * 7919 % 340)::text, 3, '0') END AS commune,
    CASE WHEN n > {personnes} * 0.92 THEN CASE WHEN n % 3 = 0 THEN 'brouillon' ELSE 'en_attente' END
      WHEN n % 50 = 7 THEN 'en_attente' WHEN n % 5 = 0 THEN 'cloturee' ELSE 'ouverte' END AS statut
  FROM generate_series(1, {personnes}) n) s) base
"""


def _un_cas() -> Exemple:
    """One case, whose proposal all the others copy."""
    personne = yield Requete("/v1/personnes", PERSONNE)
    found = yield Requete("/v1/orientations", {"personne_id": personne["id"]})
    yield Requete(f"/v1/orientations/{found['id']}/criteres", criteres(), version=1)


POPULATION = Population(
    service="orientation",
    tables=tables.Base.metadata.sorted_tables,
    base=_BASE,
    de_qui=_DE_QUI,
    valeurs=_VALEURS,
    exemple=_un_cas,
    modele="SELECT version_regles, regle, p.type_parcours, entrees, explication, criteres"
    " FROM proposition p JOIN orientation o ON o.id = p.orientation_id WHERE p.collectivite = %s",
    constantes={
        "organismes": ORGANISMES,
        "imports": IMPORTS,
        "rares": _RARES,
        "commune_rare": COMMUNE_RARE,
        "motif_reorientation": "accompagnement_autre_organisme",
        "compteurs": dict.fromkeys(CompteursImport.model_fields, 0),
    },
    autres=frozenset({"compte_place", "import_morceau"}),
    ensuite=_COMPTES,
    de="orientation",
    noms={
        "organisme": "organisme_referent",
        "rendez_vous_partenaire": "rendez_vous_rdv_insertion",
        "invitation": "invitation_rdv_insertion",
    },
    filtres={
        "commune": ("35238", COMMUNE_RARE),
        "code_commune": ("35238", COMMUNE_RARE),
        "code": ("orientation_pcd",),
        "rattache": ("false", "true"),
        "code_activite": ("ACT382", "ACT414"),
    },
    ni_listes_ni_personnes=("/v1/jeux-de-regles", "/v1/indicateurs"),
)
