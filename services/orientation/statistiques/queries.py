"""SQL of the statistics: people counted where they are, none of them read."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, text

from services.orientation.indicateurs.queries import COMMUNES
from services.orientation.statistiques.rules import Objectif
from shared.schemas.orientation.statistiques import AxeStatistiques
from shared.socle.db import Transaction

# Who received an orientation to make in the period, the decision in force, and which group.
_RECUES = """
WITH recues AS (
  SELECT o.criteres, o.date_limite, d.date_decision,
    d.date_decision - timezone(cast(:fuseau AS text), o.recu_le)::date AS jours,
    -- Without an objective the length is null: nobody is told to be within it.
    CASE WHEN cast(:entree AS boolean) THEN d.date_effet ELSE d.date_decision END
      <= timezone(cast(:fuseau AS text), o.recu_le)::date
        + make_interval(months => cast(:mois AS int), days => cast(:jours AS int))
      AS dans_objectif,
    {cle} AS cle,
    CASE WHEN d.id IS NOT NULL THEN NULL
      WHEN o.statut = 'cloturee' THEN 'sans_suite' ELSE 'non_decidee' END AS sans_decision,
    d.etat_decision || coalesce('.' || d.motif_refus, '') AS decision,
    d.type_parcours || '.' || r.type AS parcours,
    p.regle, p.entrees -> 'criteres' AS lus,
    CASE WHEN d.type_parcours <> p.type_parcours THEN 'autre_parcours.' || d.type_parcours
      WHEN d.organisme_referent_id <> p.organisme_referent_id THEN 'autre_organisme'
      WHEN p.type_parcours IS NOT NULL THEN 'conforme' END AS ecart,
    CASE WHEN d.regle_competence = 'C3' THEN 'C3'
      WHEN p.explication ->> 'regle_organisme' = 'O02' THEN 'O02' ELSE 'non' END AS defaut
  FROM orientation o
  JOIN personne h ON h.collectivite = o.collectivite AND h.id = o.personne_id
  LEFT JOIN decision d ON d.collectivite = o.collectivite AND d.id = o.decision_id
  LEFT JOIN proposition p ON p.collectivite = d.collectivite AND p.id = d.proposition_id
  LEFT JOIN organisme_referent r
    ON r.collectivite = d.collectivite AND r.id = d.organisme_referent_id
  WHERE o.collectivite = :collectivite AND h.beneficiaire_rsa
    AND o.recu_le >= :debut AND o.recu_le < :fin
    -- One whose decision was annulled goes on in the next one, with its own reception.
    AND o.annulation_id IS NULL
    -- A réorientation is made of one who was oriented: nobody new to orient.
    AND o.origine <> 'reorientation'
)
"""
_COMPTES = """
SELECT cle, nom, modalite, count(*) AS nombre
FROM recues, LATERAL (
  VALUES
    ('delai', coalesce(sans_decision,
      CASE WHEN date_decision <= date_limite
        THEN CASE WHEN dans_objectif THEN 'dans_objectif' ELSE 'dans_delai' END
        ELSE CASE WHEN dans_objectif THEN 'hors_delai.dans_objectif' ELSE 'hors_delai' END END)),
    ('decision', coalesce(sans_decision, decision)),
    ('parcours', coalesce(sans_decision, parcours)),
    ('defaut', coalesce(sans_decision, defaut))
  UNION ALL
  SELECT 'critere.' || (un ->> 'champ'), un ->> 'valeur' FROM jsonb_array_elements(criteres) un
) AS v (nom, modalite)
GROUP BY cle, nom, modalite
"""
# The last row is of all groups together: a median cannot be made of medians.
_DELAIS = """
SELECT cle, grouping(cle) = 1 AS ensemble,
  round(avg(jours) * 24)::bigint AS moyen,
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY jours) * 24)::bigint AS median
FROM recues WHERE jours IS NOT NULL
GROUP BY GROUPING SETS ((cle), ())
"""
# Put together by value; with many criteria stated, a group is close to one person, so what is read
# here leaves the service by profile only.
_ECARTS = """
SELECT cle, regle, lus, ecart, count(*) AS nombre
FROM recues WHERE ecart IS NOT NULL
GROUP BY cle, regle, lus, ecart
"""
_REORIENTATIONS = text("""
SELECT nom, modalite, count(*) AS nombre
FROM reorientation r, LATERAL (VALUES ('motif', r.motif), ('statut', r.statut)) v (nom, modalite)
WHERE r.collectivite = :collectivite AND r.date_demande BETWEEN :debut AND :fin
GROUP BY nom, modalite
""")
_COMMUNES = text(COMMUNES.format(cloison=":collectivite", territoire="cast(:territoire AS text)"))
_COMMUNE = "coalesce(h.commune, 'inconnue')"
_TERRITOIRE = (
    "CASE WHEN h.commune = ANY(cast(:communes AS text[])) THEN 'territoire'"
    " ELSE 'hors_territoire' END"
)
_PARMI = f"CASE WHEN h.commune = ANY(cast(:communes AS text[])) THEN {_COMMUNE} ELSE 'autres' END"
_AGE = (
    "CASE WHEN extract(year FROM age(timezone(cast(:fuseau AS text), o.recu_le)::date,"
    " h.date_naissance)) < 26 THEN 'moins_de_26'"
    " WHEN extract(year FROM age(timezone(cast(:fuseau AS text), o.recu_le)::date,"
    " h.date_naissance)) < 50 THEN 'de_26_a_49' ELSE '50_et_plus' END"
)
_CLES = {
    None: "'ensemble'",
    AxeStatistiques.COMMUNE: _COMMUNE,
    AxeStatistiques.ORGANISME: "coalesce(d.organisme_referent_id::text, 'sans_organisme')",
    AxeStatistiques.AGE: _AGE,
}


async def read_comptes(
    tx: Transaction, axe: AxeStatistiques | None, **periode: Any
) -> Sequence[Row[Any]]:
    """Count people of each group, once in each répartition."""
    return await _read(tx, _COMPTES, axe, **periode)


async def read_delais(
    tx: Transaction, axe: AxeStatistiques | None, **periode: Any
) -> Sequence[Row[Any]]:
    """Average what time decisions took, in each group and in all."""
    return await _read(tx, _DELAIS, axe, **periode)


async def read_ecarts(
    tx: Transaction, axe: AxeStatistiques | None, **periode: Any
) -> Sequence[Row[Any]]:
    """Count decisions by group, by what was read of the person, and by departure from it."""
    return await _read(tx, _ECARTS, axe, **periode)


async def read_reorientations(tx: Transaction, debut: date, fin: date) -> Sequence[Row[Any]]:
    """Count the requests made between two days, both included, by motif and by state."""
    return (await tx.execute(_REORIENTATIONS, {"debut": debut, "fin": fin})).all()


async def read_communes(tx: Transaction, territoire: str) -> Sequence[str]:
    """Read the communes of a territory, as its local delays and its units say them."""
    rows = await tx.execute(_COMMUNES, {"territoire": territoire})
    return rows.scalars().all()


async def _read(
    tx: Transaction,
    mesure: str,
    axe: AxeStatistiques | None,
    *,
    communes: Collection[str],
    debut: datetime,
    fin: datetime,
    fuseau: str,
    objectif: Objectif | None = None,
) -> Sequence[Row[Any]]:
    # Only constants of this page are put together: what the caller sent is a parameter.
    statement = text(_RECUES.format(cle=_cle(axe, territoire=bool(communes))) + mesure)
    values: dict[str, Any] = {
        "debut": debut,
        "fin": fin,
        "fuseau": fuseau,
        "mois": objectif and objectif.mois,
        "jours": objectif and objectif.jours,
        "entree": objectif is not None and objectif.entree,
    }
    if communes:
        values["communes"] = list(communes)
    return (await tx.execute(statement, values)).all()


def _cle(axe: AxeStatistiques | None, *, territoire: bool) -> str:
    if not territoire:
        return _CLES[axe]
    match axe:
        case None:
            return _TERRITOIRE
        case AxeStatistiques.COMMUNE:
            return _PARMI
        case _:
            return f"{_TERRITOIRE} || '.' || {_CLES[axe]}"
