"""A collectivité of any size, written by the server itself: `INSERT … SELECT generate_series`.

Three years of one département: each person was oriented once, most are followed, the last to come
are to be decided, some of them late. What a table has and this page does not name is filled by its
type, so that a new column needs nothing here. Nobody: the names are numbers, the NIR are digests of
nothing.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, LiteralString

import psycopg
from psycopg.sql import SQL, Composable, Identifier, Literal
from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql

from services.orientation import tables
from shared.schemas.orientation.imports import CompteursImport
from shared.socle import tables as socle

_DIALECTE = postgresql.dialect()  # type: ignore[no-untyped-call]
_TROIS_ANS_MS = 3 * 365 * 86_400_000
ORGANISMES, IMPORTS = 30, 1_000
# As many as a page and more, wherever the département ends: a territory where few people live.
COMMUNE_RARE, _RARES = "35360", 60

# What is written for each person, and of which persons. `cree` is when they came; `statut` and
# `commune` are those of their orientation. A table that is
# not here has a row for each tenth person.
_DE_QUI: Mapping[str, LiteralString] = {
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
    # What follows is kept for a time only.
    "import_resultat": "n % 2 = 0 AND n > {personnes} - 20000",
    "evenement": "n % 10 = 0",
    "idempotence": "n % 40 = 0",
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
# Not of persons: the collectivité's own, what is read and forgotten, what a client asks, and what
# is counted.
AUTRES = frozenset({"collectivite", "compte_place", "epoque", "quota", "suivi", "import_morceau"})
# No trigger runs here.
_COMPTES: LiteralString = (
    "INSERT INTO compte_place (collectivite, objet_id, placees, en_file)"
    " SELECT p.collectivite, o.id, count(*) FILTER (WHERE p.statut = 'placee'),"
    " count(*) FILTER (WHERE p.statut = 'en_file')"
    " FROM place p, unnest(ARRAY[p.organisme_id, p.unite_id, p.portefeuille_id]) AS o (id)"
    " WHERE o.id IS NOT NULL GROUP BY 1, 2"
)

_VALEURS: Mapping[str, Mapping[str, LiteralString]] = {
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
    "evenement": {
        "evenement_id": "{id:evenement}",
        "type": "'orientation.orientation.ouverte'",
        "ressource": "'orientations'",
        "id": "{id:orientation}",
        "trace": "md5(n::text)",
    },
    "idempotence": {"methode": "'POST'", "route": "'/v1/essai'", "cle": "n::text"},
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


# Of a column that is not named above.
_PAR_TYPE: Mapping[str, LiteralString] = {
    "BIGINT": "1",
    "INTEGER": "1",
    "BOOLEAN": "false",
    "BYTEA": "sha256(n::text::bytea)",
    "DATE": "cree::date",
    "JSONB": "'[]'",
    "TEXT": "n::text",
    "TIMESTAMP WITH TIME ZONE": "cree",
    "UUID": "{id:orientation}",
}
_TOUTES = (*socle.Base.metadata.sorted_tables, *tables.Base.metadata.sorted_tables)
_NOM_D_ID = re.compile(r"{id:(\w+)(?::([^}]+))?}")


def peupler(url: str, code: str, client: str, personnes: int) -> None:
    """Write so many persons, and what hangs from them, in a collectivité that has nobody.

    The collectivité is open, and has one proposal, which all get a copy of.

    Args:
        url: administration role, on the database of orientation: foreign keys are not checked.
        code: the collectivité.
        client: who speaks for the first organisme.
        personnes: more than `ORGANISMES`.
    """
    with psycopg.connect(url, autocommit=True) as base:
        base.execute("SET session_replication_role = replica")
        base.execute("SET synchronous_commit = off")
        row = base.execute(
            "SELECT version_regles, regle, p.type_parcours, entrees, explication, criteres"
            " FROM proposition p JOIN orientation o ON o.id = p.orientation_id"
            " WHERE p.collectivite = %s",
            [code],
        ).fetchone()
        assert row is not None
        noms = ("version_regles", "regle", "type_parcours", "entrees", "explication", "criteres")
        exemple = {
            nom: json.dumps(valeur) if isinstance(valeur, dict | list) else valeur
            for nom, valeur in zip(noms, row, strict=True)
        }
        pas = _TROIS_ANS_MS // personnes
        debut = time.time_ns() // 1_000_000 - pas * personnes
        constantes = {
            "client": client,
            "personnes": personnes,
            "organismes": ORGANISMES,
            "imports": IMPORTS,
            "rares": _RARES,
            "commune_rare": COMMUNE_RARE,
            "motif_reorientation": "accompagnement_autre_organisme",
            "compteurs": json.dumps(dict.fromkeys(CompteursImport.model_fields, 0)),
            **exemple,
        }
        litteraux: dict[str, Composable] = {
            nom: Literal(valeur) for nom, valeur in constantes.items()
        }
        litteraux["instant"] = SQL("({} + n * {}::bigint)").format(Literal(debut), Literal(pas))
        with _sans_index(base):
            for table in _TOUTES:
                if table.name not in AUTRES:
                    _remplir(base, table, code, litteraux, debut, pas)
        base.execute(_COMPTES)
        base.execute("VACUUM (ANALYZE)")


@contextmanager
def _sans_index(base: psycopg.Connection[Any]) -> Iterator[None]:
    """Put the indexes away, those of keys apart, and make them again: quicker than row by row."""
    index = base.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " JOIN pg_class ON pg_class.oid = indrelid"
        " WHERE NOT indisprimary AND relnamespace = 'public'::regnamespace AND relname = ANY(%s)",
        [[table.name for table in _TOUTES]],
    ).fetchall()
    for nom, _ in index:
        base.execute(SQL("DROP INDEX {}").format(SQL(nom)))
    yield
    base.execute("SET maintenance_work_mem = '512MB'")
    for _, definition in index:
        base.execute(definition)


def _remplir(
    base: psycopg.Connection[Any],
    table: Table,
    code: str,
    litteraux: Mapping[str, Composable],
    debut: int,
    pas: int,
) -> None:
    def identifiant(trouve: re.Match[str]) -> str:
        rang = trouve[2] or "n"
        sorte = _sorte(trouve[1])
        # As the service makes them: in the order of time.
        return (
            f"(lpad(to_hex({debut} + ({rang}) * {pas}::bigint), 12, '0') || '7{sorte:03x}8000'"
            f" || lpad(to_hex({rang}), 12, '0'))::uuid"
        )

    valeurs = {
        colonne.name: _NOM_D_ID.sub(identifiant, texte)
        for colonne in table.columns
        if (texte := _valeur(table, colonne, code)) is not None
    }
    noms = SQL(", ").join(Identifier(nom) for nom in valeurs)
    # Constants of this page, and literals put in by psycopg.
    textes = ", ".join(valeurs.values())
    qui = _DE_QUI.get(table.name, "n % 10 = 0")
    choix = SQL(f"SELECT {textes} FROM {_BASE} WHERE {qui}").format(**litteraux)
    base.execute(SQL("INSERT INTO {} ({}) {}").format(Identifier(table.name), noms, choix))


def _valeur(table: Table, colonne: Column[Any], code: str) -> str | None:
    """What a column is given: SQL over `_BASE`; None: its default."""
    nommee = _VALEURS.get(table.name, {}).get(colonne.name)
    if nommee is not None:
        return nommee
    match colonne.name:
        case "collectivite":
            return f"'{code}'"
        case "id":
            return f"{{id:{table.name}}}"
        case "cree_le" | "modifie_le" | "survenu_le":
            return "cree"
        case "client_id":
            return "{client}"
    if colonne.nullable or colonne.server_default is not None or colonne.identity is not None:
        return None
    autre = colonne.name.removesuffix("_id")
    if autre in tables.Base.metadata.tables:
        return f"{{id:{autre}}}"
    codes = colonne.info["colonne"].codes
    if isinstance(codes, type) and issubclass(codes, StrEnum) and str(colonne.type) == "TEXT":
        return f"'{next(iter(codes)).value}'"
    return _PAR_TYPE[str(colonne.type.compile(dialect=_DIALECTE))]


def _sorte(table: str) -> int:
    """Tells the ids of two tables apart."""
    return [one.name for one in _TOUTES].index(table)
