"""SQL of the figures: people counted where they are, none of them read."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, text

from services.parcours import tables
from services.parcours.accompagnements.rules import MOTIFS_SANTE
from services.parcours.indicateurs.rules import CompteAction
from shared.schemas.parcours.indicateurs import AxeIndicateurs
from shared.socle.db import Transaction

# Each person once, in the last of her parcours that the period touches. An exit is of the period.
_SUIVIES = """
WITH suivies AS (
  SELECT DISTINCT ON (p.personne_id) p.personne_id, {cle} AS cle,
    CASE WHEN p.date_cloture <= :fin THEN {motif} ELSE 'en_cours' END AS statut
  FROM parcours p
  WHERE p.collectivite = :collectivite AND p.date_ouverture <= :fin
    AND (p.date_cloture IS NULL OR p.date_cloture >= :debut)
  ORDER BY p.personne_id, p.date_ouverture DESC, p.cree_le DESC
),
leurs AS (
  SELECT s.personne_id, s.cle, q.id AS parcours_id
  FROM suivies s
  JOIN parcours q ON q.collectivite = :collectivite AND q.personne_id = s.personne_id
)
"""
_FREINS = (
    "SELECT id, parcours_id, code, statut, date_debut, date_fin FROM {frein}"
    " WHERE collectivite = :collectivite"
)
_PRESCRIPTIONS = (
    "SELECT parcours_id, frein_id, action_id, cree_le, engagement_id,"
    " coalesce(confirmee_le, cree_le) AS depuis_le"
    " FROM {prescription} WHERE collectivite = :collectivite"
)
# Planned hours of the activities under way on the last day: an objective, never a due.
_COMPTES = """
SELECT cle, 'statut' AS nom, statut AS modalite, count(*) AS nombre
FROM suivies GROUP BY cle, statut
UNION ALL
SELECT cle, 'intensite', CASE
    WHEN minutes IS NULL THEN 'aucune_activite'
    WHEN minutes < 900 THEN 'moins_de_15h'
    WHEN minutes <= 1200 THEN 'de_15h_a_20h' ELSE 'plus_de_20h' END, count(*)
FROM (
  SELECT s.cle, s.personne_id, sum(a.duree_hebdomadaire_minutes) AS minutes
  FROM suivies s
  LEFT JOIN leurs l ON l.personne_id = s.personne_id
  LEFT JOIN activite a ON a.collectivite = :collectivite AND a.parcours_id = l.parcours_id
    AND a.date_debut <= :fin AND coalesce(a.date_fin, :fin) >= :fin
    AND coalesce(a.date_arret, :fin) >= :fin
  GROUP BY s.cle, s.personne_id
) heures GROUP BY 1, 3
UNION ALL
SELECT l.cle, v.nom || f.code, 'avec', count(DISTINCT l.personne_id)
FROM leurs l JOIN ({freins}) f ON f.parcours_id = l.parcours_id, LATERAL (VALUES
  ('frein_ouvert.', f.date_debut BETWEEN :debut AND :fin),
  ('frein_leve.', f.statut = 'leve' AND f.date_fin BETWEEN :debut AND :fin)) v (nom, vrai)
WHERE v.vrai
GROUP BY l.cle, v.nom, f.code
UNION ALL
SELECT l.cle, 'prescription', 'avec', count(DISTINCT l.personne_id)
FROM leurs l JOIN ({prescriptions}) r ON r.parcours_id = l.parcours_id
WHERE r.cree_le >= :debut_le AND r.cree_le < :fin_le
GROUP BY l.cle
"""
# The last rows are of all groups together: a median cannot be made of medians.
_DELAIS = """
SELECT l.cle, grouping(l.cle) = 1 AS ensemble, f.code,
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY f.date_fin - f.date_debut))::bigint AS mediane
FROM leurs l JOIN ({freins}) f ON f.parcours_id = l.parcours_id
WHERE f.statut = 'leve' AND f.date_fin BETWEEN :debut AND :fin
GROUP BY GROUPING SETS ((l.cle, f.code), (f.code))
"""
# After a prescription that was confirmed: an engagement was born of it, that day.
_LEVEES = """
SELECT r.action_id, count(DISTINCT p.personne_id) AS personnes,
  count(DISTINCT f.id) AS freins_leves,
  round(percentile_cont(0.5) WITHIN GROUP (
    ORDER BY f.date_fin - timezone(cast(:fuseau AS text), r.depuis_le)::date))::bigint AS mediane
FROM ({freins}) f
JOIN ({prescriptions}) r ON r.frein_id = f.id
  AND timezone(cast(:fuseau AS text), r.depuis_le)::date <= f.date_fin
JOIN parcours p ON p.collectivite = :collectivite AND p.id = f.parcours_id
WHERE f.statut = 'leve' AND f.date_fin BETWEEN :debut AND :fin AND r.engagement_id IS NOT NULL
GROUP BY r.action_id
ORDER BY r.action_id
LIMIT 5000
"""
# An exit that tells of a handicap is counted as it is told.
_MOTIFS = {
    True: "p.motif_cloture",
    False: "CASE p.motif_cloture "
    + " ".join(f"WHEN '{motif}' THEN '{dit}'" for motif, dit in MOTIFS_SANTE.items())
    + " ELSE p.motif_cloture END",
}
_CLES = {
    None: "'ensemble'",
    AxeIndicateurs.ORGANISME: "p.organisme_referent_id::text",
    AxeIndicateurs.TYPE_PARCOURS: "p.type_parcours",
}


def _sources(*, sante: bool) -> dict[str, str]:
    """Freins and prescriptions that may be counted, as one table each."""
    volets = tables.VOLETS[sante]
    return {
        "freins": " UNION ALL ".join(
            _FREINS.format(frein=volet.frein.__tablename__) for volet in volets
        ),
        "prescriptions": " UNION ALL ".join(
            _PRESCRIPTIONS.format(prescription=volet.prescription.__tablename__) for volet in volets
        ),
    }


async def read_comptes(
    tx: Transaction, axe: AxeIndicateurs | None, *, sante: bool, **periode: Any
) -> dict[str, dict[str, dict[str, int]]]:
    """Count the people of each group, once in each répartition."""
    comptes: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for row in await _read(tx, _COMPTES, axe, sante=sante, **periode):
        comptes[row.cle][row.nom][row.modalite] = row.nombre
    return comptes


async def read_delais(
    tx: Transaction, axe: AxeIndicateurs | None, *, sante: bool, **periode: Any
) -> dict[tuple[str | None, str], int]:
    """Read the median days to lift each frein, by group, and in all under None."""
    rows = await _read(tx, _DELAIS, axe, sante=sante, **periode)
    return {(None if row.ensemble else row.cle, row.code): row.mediane for row in rows}


async def read_levees(
    tx: Transaction, debut: date, fin: date, *, fuseau: str, sante: bool
) -> dict[str, CompteAction]:
    """Count what was lifted after a prescription, by action."""
    statement = text(_LEVEES.format(**_sources(sante=sante)))
    rows = await tx.execute(statement, {"debut": debut, "fin": fin, "fuseau": fuseau})
    return {
        str(row.action_id): CompteAction(row.personnes, row.freins_leves, row.mediane)
        for row in rows
    }


async def _read(
    tx: Transaction, mesure: str, axe: AxeIndicateurs | None, *, sante: bool, **periode: Any
) -> Sequence[Row[Any]]:
    # Only constants of this page are put together: what the caller sent is a parameter.
    cle, sources = _CLES[axe], _sources(sante=sante)
    statement = text(_SUIVIES.format(cle=cle, motif=_MOTIFS[sante]) + mesure.format(**sources))
    parametres = {nom for nom in periode if f":{nom}" in statement.text}
    return (await tx.execute(statement, {nom: periode[nom] for nom in parametres})).all()
