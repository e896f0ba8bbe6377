"""Financement's part of a collectivité: each dossier is reserved, engaged, certified and paid.

Of each, the entries, the pieces and the orders; of each fourth, a convention, its action, its
envelope and what hangs from them. Half of the dossiers are paid by one envelope, for one action:
that of a contract which pays for thousands of people. The oldest ones have an envelope, an action,
a convention, a year, a piece and states that no other has: what an index that is missing reads all
the others for.
"""

from collections.abc import Mapping
from typing import LiteralString

from services.financement import tables
from tests.bench.peuplement import Exemple, Population, Requete

GRANDE, RARE = (f"019cb368-8f1e-7a0b-9c4d-2f6e81b7a3{rang}" for rang in (60, 61))
ACTION, ACTION_RARE = (f"019cb368-8f1e-7a0b-9c4d-2f6e81b7a3{rang}" for rang in (62, 63))
CONVENTION_RARE, CONVENTION_AUTRE = (
    f"019cb368-8f1e-7a0b-9c4d-2f6e81b7a3{rang}" for rang in (64, 65)
)
_RARES = 60
_ANNEE_RARE = 2019

# Their rows stand on no other: what they are paid by, and for.
_AVANT: LiteralString = f"""
WITH enveloppes AS (INSERT INTO enveloppe (collectivite, id, reference, statut, exercice, financeur)
  SELECT {{code}}, id::uuid, id, 'ouverte', 2026, 'etat'
  FROM unnest(ARRAY['{GRANDE}', '{RARE}']) id)
INSERT INTO solde (collectivite, objet_id, livre, poste)
  SELECT {{code}}, id::uuid, 'eng', poste FROM unnest(ARRAY['{GRANDE}', '{RARE}']) id,
    unnest(ARRAY['ouvert', 'disponible', 'reserve', 'engage', 'liquide', 'mandate', 'paye',
      'reporte', 'annule']) poste
"""
_MODELE: LiteralString = "(SELECT max(action_id::text)::uuid FROM part_financement WHERE rang = 0)"
# The two actions and conventions are copies of another; days of the great envelope; the
# numbers and ranks that come next.
_ENSUITE: LiteralString = f"""
INSERT INTO action SELECT (copie).* FROM (SELECT jsonb_populate_record(a,
    jsonb_build_object('id', neuf, 'code', neuf)) AS copie
  FROM action a, unnest(ARRAY['{ACTION}', '{ACTION_RARE}']) neuf WHERE a.id = {_MODELE}) s;
INSERT INTO solde SELECT collectivite, neuf::uuid, livre, poste, solde
  FROM solde s, unnest(ARRAY['{ACTION}', '{ACTION_RARE}']) neuf WHERE s.objet_id = {_MODELE};
INSERT INTO part_financement SELECT collectivite, v.action::uuid, v.enveloppe::uuid, 0, 1, 1, 0
  FROM collectivite, (VALUES ('{ACTION}', '{GRANDE}'), ('{ACTION_RARE}', '{RARE}')) v(action,
    enveloppe);
INSERT INTO convention SELECT (copie).* FROM (SELECT jsonb_populate_record(c,
    jsonb_build_object('id', neuf, 'reference', neuf)) AS copie
  FROM convention c, unnest(ARRAY['{CONVENTION_RARE}', '{CONVENTION_AUTRE}']) neuf
  WHERE c.id = (SELECT max(convention_id::text)::uuid FROM version_convention)) s;
INSERT INTO mouvement_jour
  SELECT collectivite, '{GRANDE}', 'eng', poste, jour::date, jour::date, variation
  FROM collectivite, (VALUES ('ouvert', 4), ('disponible', 2), ('engage', 1), ('paye', 1))
    v(poste, variation), generate_series(now() - interval '200 days', now(), '1 day') jour;
UPDATE chaine SET (seq, empreinte)
  = (SELECT seq, empreinte FROM ecriture ORDER BY seq DESC LIMIT 1);
INSERT INTO compteur_engagement SELECT collectivite, annee, 100000000
  FROM collectivite, generate_series(2015, 2040) annee;
INSERT INTO compteur_mandat SELECT * FROM compteur_engagement;
INSERT INTO compteur_titre SELECT * FROM compteur_engagement
"""

_DE_CHACUN = (
    "reservation",
    "reservation_ligne",
    "engagement",
    "engagement_ligne",
    "engagement_piece",
    "liquidation",
    "liquidation_piece",
    "justificatif",
    "imputation",
    "mandat",
    "mandat_ligne",
    "paiement",
    "ecriture",
    "ligne_ecriture",
)
_DE_QUI: Mapping[str, LiteralString] = {
    **dict.fromkeys(_DE_CHACUN, "true"),
    # Made one at a time, by the service.
    "chaine": "n <= 0",
    "compteur_engagement": "n <= 0",
    "compteur_mandat": "n <= 0",
    "compteur_titre": "n <= 0",
    # A département has so many of them, whatever it pays.
    "exercice": "n <= 20",
    "cloture": "n <= 20",
    "taux": "n <= 60",
    "seuil_certification": "n <= 60",
    "rattachement": "n % 4 = 0",
}
_COMBIEN = {
    "version_convention": 2,
    "acte_convention": 3,
    "acte_recette": 2,
    "ecriture": 5,
    "ligne_ecriture": 10,
    "mouvement_jour": 43,
    "solde": 43,
}

_SIRET: LiteralString = "'10000000900017'"
_VENTILATION: LiteralString = (
    "jsonb_build_array(jsonb_build_object('enveloppe_id', enveloppe, 'montant_centimes', 10000))"
)
_ECHEANCIER: LiteralString = (
    "jsonb_build_array(jsonb_build_object('exercice', annee, 'montant_centimes', 10000))"
)
# Of each fourth: the accounts of its envelope, of its action, of its authorisation, of its payment
# credits and of its clause.
_COMPTE: Mapping[str, LiteralString] = {
    "objet_id": "CASE WHEN j < 21 THEN {id:enveloppe} WHEN j < 27 THEN {id:action}"
    " WHEN j < 32 THEN {id:autorisation_engagement} WHEN j < 38 THEN {id:credit_paiement}"
    " ELSE {id:clause} END",
    "livre": "CASE WHEN j < 9 THEN 'eng' WHEN j < 16 THEN 'rec' WHEN j < 21 THEN 'val'"
    " WHEN j < 27 THEN 'pla' WHEN j < 32 THEN 'ae' WHEN j < 38 THEN 'cp' ELSE 'heu' END",
    "poste": "(ARRAY['ouvert', 'disponible', 'reserve', 'engage', 'liquide', 'mandate', 'paye',"
    " 'reporte', 'annule', 'notifie', 'a_titrer', 'titre', 'encaisse', 'a_reverser', 'reverse',"
    " 'abandonne', 'prevu', 'a_justifier', 'declare', 'valide', 'rejete', 'ouverte', 'disponible',"
    " 'reservee', 'occupee', 'servie', 'fermee', 'votee', 'disponible', 'affectee', 'engagee',"
    " 'annulee', 'ouvert', 'disponible', 'mandate', 'rattache', 'reporte', 'annule', 'prevue',"
    " 'a_realiser', 'declaree', 'validee', 'rejetee'])[1 + j]",
}
_VALEURS: Mapping[str, Mapping[str, LiteralString]] = {
    "convention": {
        "reference": "'convention-' || n",
        "type": "'convention_subvention'",
        "annee_debut": "annee",
        "statut": "'en_vigueur'",
        "axes": "{contenu}::jsonb -> 'axes'",
        "volets": "{contenu}::jsonb -> 'volets'",
        "version_courante_id": "{id:version_convention:n:1}",
        "date_signature": "jour",
        "date_effet": "jour",
    },
    "version_convention": {
        "convention_id": "{id:convention}",
        "numero": "j",
        "nature": "(ARRAY['initiale', 'avenant'])[1 + j]",
        "type": "CASE j WHEN 1 THEN 'general' END",
        "reference": "'convention-' || n || '-' || j",
        "statut": "(ARRAY['remplace', 'applicable'])[1 + j]",
        "date_effet": "date '2000-01-01' + 100 * j",
        "date_fin_effet": "CASE j WHEN 0 THEN date '2000-01-01' + 99 END",
        "etat_initial": "{etat_initial}",
        "contenu": "{contenu}",
        "contenu_sha256": "encode(sha256(n::text::bytea), 'hex')",
        "jour_inscription": "date '2000-01-01'",
    },
    "acte_convention": {
        "convention_id": "{id:convention}",
        "version_id": "{id:version_convention:n:j % 2}",
        "type": "(ARRAY['deliberation', 'application', 'signature'])[1 + j]",
        "date_acte": "jour",
        "organisme": "CASE j WHEN 2 THEN 'Département' END",
        "jour_inscription": "jour",
    },
    "document_convention": {"convention_id": "{id:convention}"},
    "publication_subvention": {"url": "'https://insertion.example/' || n"},
    "action": {
        "convention_id": "convention",
        "code": "'action-' || n",
        "mode_capacite": "'stock'",
        "freins": "CASE WHEN n <= 240 THEN '[\"proche_aidant\"]'::jsonb ELSE '[\"mobilite\"]' END",
    },
    "enveloppe": {
        "reference": "'enveloppe-' || n",
        "convention_id": "convention",
        "exercice": "annee",
        "financeur": "CASE n / 4 % 2 WHEN 0 THEN 'etat' ELSE 'departement' END",
        "action_id": "{id:action}",
        "statut": "'ouverte'",
        "fenetre_debut": "jour",
        "fenetre_fin": "jour + 365",
    },
    "part_financement": {"action_id": "{id:action}", "rang": "0"},
    "reservation": {
        "action_id": "action",
        "places": "1",
        "montant_centimes": "10000",
        "statut": "CASE WHEN n > {personnes} - 60 THEN 'en_attente' ELSE 'confirmee' END",
        "expire_le": "CASE WHEN n > {personnes} - 60 THEN now() + interval '10 days'"
        " ELSE cree + interval '3 days' END",
        "resolue_le": "CASE WHEN n <= {personnes} - 60 THEN cree + interval '1 day' END",
    },
    "reservation_ligne": {
        "objet_id": "enveloppe",
        "livre": "'eng'",
        "rang": "0",
        "quantite": "10000",
    },
    "engagement": {
        "exercice": "annee",
        "numero": "n",
        "action_id": "action",
        "reservation_id": "{id:reservation}",
        "date_engagement": "jour",
        "places": "1",
        "montant_centimes": "10000",
        "statut": "statut_engagement",
        "tiers_siret": _SIRET,
        "objet": "'Accompagnement ' || n",
        "nature": "'juridique'",
        "echeancier": _ECHEANCIER,
        "cle_doublon": "n::text",
    },
    "engagement_ligne": {
        "enveloppe_id": "enveloppe",
        "rang": "0",
        "montant_centimes": "10000",
        "liquide_centimes": "CASE statut_engagement WHEN 'solde' THEN 10000 ELSE 5000 END",
    },
    "liquidation": {
        "montant_presente_centimes": "10000",
        "montant_retenu_centimes": "10000",
        "justifie_centimes": "CASE WHEN n <= 60 THEN 0 ELSE 10000 END",
        "ventilation": _VENTILATION,
        "statut": "'mandatee'",
    },
    "justificatif": {
        "type": "CASE WHEN n <= 60 THEN 'rib' ELSE (ARRAY['facture', 'etat_frais',"
        " 'attestation_service_fait'])[1 + n % 3] END",
        "sha256": "encode(sha256(n::text::bytea), 'hex')",
        "montant_total_centimes": "10000",
        "emetteur_siret": _SIRET,
        "impute_centimes": "10000",
    },
    "imputation": {
        "liquidation_id": "{id:liquidation}",
        "financeur": "'etat'",
        "usage": "'depense_reelle'",
        "montant_centimes": "10000",
    },
    "mandat": {
        "exercice": "annee",
        "numero": "n",
        "fonction": "'444'",
        "nature": "'65748'",
        "montant_centimes": "10000",
        "date_prise_en_charge": "jour",
        "motif_rejet": "CASE mandat WHEN 'rejete' THEN 'Pièce illisible' END",
        "statut": "mandat",
    },
    "mandat_ligne": {"enveloppe_id": "enveloppe", "rang": "0", "montant_centimes": "10000"},
    "paiement": {"montant_centimes": "10000", "ventilation": _VENTILATION},
    "remboursement": {"montant_centimes": "1000", "ventilation": _VENTILATION},
    "ecriture": {
        "seq": "1000 + 5 * n + j",
        "evenement": "(ARRAY['ouverture', 'engagement', 'liquidation', 'mandat',"
        " 'paiement'])[1 + j]",
        "inscrite_le": "cree",
        "action_id": "action",
        "reservation_id": "CASE WHEN j < 2 THEN {id:reservation} END",
        "engagement_id": "CASE WHEN j > 0 THEN {id:engagement} END",
        "origine": "(ARRAY[NULL, NULL, 'liquidations', 'mandats', 'paiements'])[1 + j]",
        "origine_id": "CASE j WHEN 2 THEN {id:liquidation} WHEN 3 THEN {id:mandat}"
        " WHEN 4 THEN {id:paiement} END",
    },
    "ligne_ecriture": {
        "ecriture_id": "{id:ecriture:n:j / 2}",
        "rang": "j % 2",
        "seq": "1000 + 5 * n + j / 2",
        "livre": "'eng'",
        "poste": "(ARRAY['disponible', 'ouvert', 'engage', 'disponible', 'liquide', 'engage',"
        " 'mandate', 'liquide', 'paye', 'mandate'])[1 + j]",
        "objet_id": "enveloppe",
        "sens": "(ARRAY['debit', 'credit'])[1 + j % 2]",
        "quantite": "CASE WHEN j < 4 THEN 10000 WHEN statut_engagement = 'solde' THEN 10000"
        " ELSE 5000 END",
        "actif": "'centime'",
    },
    # A subsidy of more than 23 000 euros.
    "solde": {**_COMPTE, "solde": "CASE WHEN j < 2 THEN 5000000 ELSE 0 END"},
    "mouvement_jour": {
        **_COMPTE,
        "date_effet": "jour",
        "jour_inscription": "jour",
        "variation": "0",
    },
    "titre": {
        "enveloppe_id": "enveloppe_propre",
        "exercice": "annee",
        "numero": "n",
        "montant_centimes": "10000",
        "statut": "CASE WHEN n <= 240 THEN 'annule' ELSE (ARRAY['emis', 'encaisse_partiel',"
        " 'encaisse', 'reduit'])[1 + n / 4 % 4] END",
    },
    "acte_recette": {
        "enveloppe_id": "enveloppe_propre",
        "titre_id": "CASE j WHEN 1 THEN {id:titre} END",
        "nature": "(ARRAY['notification', 'encaissement'])[1 + j]",
        "reference": "'acte ' || n",
    },
    "autorisation_engagement": {"convention_id": "{id:convention}"},
    "revision_autorisation": {
        "autorisation_engagement_id": "{id:autorisation_engagement}",
        "numero": "1",
        "echeancier": _ECHEANCIER,
    },
    "credit_paiement": {
        "exercice": "annee",
        "autorisation_engagement_id": "{id:autorisation_engagement}",
    },
    "exercice": {"annee": "2020 + n"},
    "cloture": {"statut": "'terminee'", "choix": "'{{}}'", "termine_le": "cree"},
    "rattachement": {
        "exercice_id": "{id:exercice:1 + n % 20}",
        "liquidation_id": "{id:liquidation}",
        "credit_paiement_id": "{id:credit_paiement}",
        "credit_suivant_id": "{id:credit_paiement}",
    },
    "reliquat": {
        "exercice_id": "{id:exercice:1 + n % 20}",
        "cloture_id": "{id:cloture:1 + n % 20}",
        "sort": "'annulation'",
        "a_reverser_centimes": "0",
    },
    "point_etape": {
        "convention_id": "convention",
        "exercice": "annee",
        "date_arrete": "jour",
        "statut": "CASE WHEN n <= 240 THEN 'valide' ELSE 'arrete' END",
        "connu_au": "1",
        "contenu": "{point}",
        "sha256": "{sha256}",
        "arrete_le": "cree",
        "valide_le": "CASE WHEN n <= 240 THEN cree END",
    },
    "indicateur": {
        "convention_id": "convention",
        "code": "'indicateur-' || n",
        "exercice": "annee",
    },
    "valeur_indicateur": {"indicateur_id": "{id:indicateur}"},
    "regle_valorisation": {
        "convention_id": "convention",
        "autorisee": "true",
        "methode": "'cout_reel'",
        "source": "'Essai'",
        "valable_du": "date '2020-01-01' + (n / 4 % 60)::int",
        "nature": "(ARRAY['personnel', 'locaux'])[1 + n / 4 % 2]",
    },
    "prevision_valorisation": {"enveloppe_id": "enveloppe_propre"},
    "valorisation": {
        "enveloppe_id": "enveloppe_propre",
        "mois": "date_trunc('month', jour)::date",
        "statut": "CASE WHEN n <= 240 THEN 'rejetee' ELSE (ARRAY['declaree', 'validee'])[1 + n / 4"
        " % 2] END",
        "motif": "CASE WHEN n <= 240 THEN 'Sans pièce' END",
    },
    "temps_agent": {"mois": "date_trunc('month', jour)::date"},
    "taux": {
        "code": "'taux-' || n",
        "nature": "(ARRAY['intervention', 'forfait', 'contrat_aide'])[1 + n % 3]",
        "denominateur": "2",
    },
    "seuil_certification": {"valable_du": "date '2020-01-01' + n::int"},
    "bilan": {
        "enveloppe_id": "enveloppe_propre",
        "statut": "'calcule'",
        "taux_id": "{id:taux:1 + n % 60}",
    },
    "clause": {"acheteur_siret": _SIRET, "titulaire_siret": _SIRET},
    "declaration_clause": {
        "clause_id": "{id:clause}",
        "mois": "date_trunc('month', jour)::date",
        "statut": "'validee'",
    },
}

_BASE: LiteralString = f"""
(SELECT n, cree, jour, CASE WHEN n <= {_RARES} THEN {_ANNEE_RARE} ELSE extract(year FROM jour)::int
    END AS annee,
  CASE WHEN n <= {_RARES} THEN uuid '{RARE}' WHEN n % 2 = 1 THEN uuid '{GRANDE}'
    ELSE {{id:enveloppe:n - n % 4}} END AS enveloppe,
  CASE WHEN n <= 240 THEN uuid '{RARE}' WHEN n % 8 = 0 THEN uuid '{GRANDE}'
    ELSE {{id:enveloppe}} END AS enveloppe_propre,
  CASE WHEN n <= {_RARES} THEN uuid '{ACTION_RARE}' WHEN n % 2 = 1 THEN uuid '{ACTION}'
    ELSE {{id:action:n - n % 4}} END AS action,
  CASE WHEN n <= 240 THEN uuid '{CONVENTION_RARE}' WHEN n <= 480 THEN uuid '{CONVENTION_AUTRE}'
    ELSE {{id:convention}} END AS convention,
  CASE WHEN n <= {_RARES} THEN 'rejete'
    ELSE (ARRAY['emis', 'pris_en_charge', 'paye', 'paye'])[1 + n % 4] END AS mandat,
  CASE n % 4 WHEN 0 THEN 'partiellement_liquide' ELSE 'solde' END AS statut_engagement
FROM (SELECT n, cree, cree::date AS jour FROM (SELECT n, to_timestamp({{instant}} / 1000.0) AS cree
  FROM generate_series(1, {{personnes}}) n) d) s) base
"""


def _un_cas() -> Exemple:
    """A convention, and a point d'étape that was arrested: what all the others copy."""
    made = yield Requete(
        "/v1/conventions",
        {
            "reference": "exemple",
            "type": "convention_departementale_insertion_emploi",
            "intitule": "Convention d'essai",
            "annee_debut": 2024,
            "statut": "deliberee",
            "volets": [{"ordre": 1, "libelle": "Volet d'essai", "fongible": False}],
        },
    )
    convention = made["id"]
    enveloppe = {
        "reference": "exemple",
        "convention_id": convention,
        "exercice": 2024,
        "financeur": "etat",
    }
    made = yield Requete("/v1/enveloppes", enveloppe)
    ouverture = {
        "montant_centimes": 100_000,
        "qualificatif": "exact",
        "date_effet": "2024-01-01",
        "source": "Acte d'essai",
    }
    yield Requete(f"/v1/enveloppes/{made['id']}/ouvertures", ouverture, version=1)
    arrete = {"exercice": 2024, "date_arrete": "2024-12-31"}
    made = yield Requete(f"/v1/conventions/{convention}/points-etape", arrete)
    yield Requete(f"/v1/points-etape/{made['id']}/arrets", {}, version=1)


POPULATION = Population(
    service="financement",
    tables=tables.Base.metadata.sorted_tables,
    base=_BASE,
    de_qui={
        **{table.name: "n % 4 = 0" for table in tables.Base.metadata.sorted_tables},
        **_DE_QUI,
    },
    combien=_COMBIEN,
    valeurs=_VALEURS,
    avant=_AVANT,
    ensuite=_ENSUITE,
    exemple=_un_cas,
    modele="SELECT v.contenu, v.etat_initial, p.contenu AS point, p.sha256"
    " FROM version_convention v, point_etape p WHERE v.collectivite = %s",
    de="engagement",
    noms={"avenant": "version_convention", "document": "document_convention"},
    seulement={"avenant": "nature = 'avenant'"},
    filtres={
        "enveloppe_id": (GRANDE, RARE),
        "objet_id": (GRANDE, RARE),
        "action_id": (ACTION, ACTION_RARE),
        "convention_id": (CONVENTION_RARE, CONVENTION_AUTRE),
        "exercice": ("2025", str(_ANNEE_RARE)),
        "frein": ("mobilite", "proche_aidant"),
        "a_justifier": ("true",),
    },
    # A page of envelopes as of a day looks up each of their twenty-one accounts.
    blocs_max=4_600,
    exemptes=(
        # Whatever the number of dossiers, an action is one of some hundreds: no index gives what a
        # list of codes contains under row-level security, whose operator may tell what it reads.
        r"^/v1/actions\?.*frein=|"
        # Of the journal, day by day: what is settled is passed over. docs/mesures.md says so.
        r"^/v1/engagements-non-mandates\?"
    ),
    ni_listes_ni_personnes=(
        # Whole books, as files.
        "/v1/exports/",
    ),
)
