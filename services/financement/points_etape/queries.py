"""SQL of the points d'étape: balances as of a day, by entries up to a rank, from the lines."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Date,
    Executable,
    Row,
    Uuid,
    bindparam,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.financement import tables
from services.financement.journal.rules import CONTREPARTIES
from services.financement.points_etape.rules import Fait, FaitMois
from shared.refus import Erreur, Introuvable, Validation
from shared.schemas.financement.journal import Livre, Poste
from shared.schemas.financement.points_etape import (
    ACTIONS_MAX,
    ENVELOPPES_MAX,
    ORIGINES_MAX,
    ActionSuivie,
    CadrePointEtape,
    CorrectionsDepuis,
    EnveloppeSuivie,
    IntituleOrdre,
    Precedent,
    VariationCorrigee,
    VersionEnVigueur,
)
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, par_tranches, parmi

_T, _E, _A, _I = tables.PointEtape, tables.Enveloppe, tables.Action, tables.Indicateur
_V = tables.ValeurIndicateur
_RESUME = [column for column in _T.__table__.columns if column.name != "contenu"]
_SELECT = select(*_T.__table__.columns).where(siens(_T))
_LIST = select(*_RESUME).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("id"))
_INSERT = insert(_T).returning(*_T.__table__.columns)
_LOCK = _BY_ID.with_for_update()
_PRECEDENT = (
    select(_T.id, _T.date_arrete, _T.connu_au)
    .where(
        siens(_T),
        _T.convention_id == bindparam("convention_id"),
        _T.connu_au.is_not(None),
        _T.id != bindparam("sauf"),
    )
    .order_by(_T.connu_au.desc(), _T.arrete_le.desc())
    .limit(1)
)
_SEQ = select(func.coalesce(func.max(tables.Chaine.seq), 0)).where(siens(tables.Chaine))
_ENVELOPPES = (
    select(
        _E.id.label("enveloppe_id"),
        _E.reference,
        _E.statut,
        _E.financeur,
        _E.volet,
        _E.axe,
        _E.action_id,
        _E.fenetre_debut,
        _E.fenetre_fin,
        _E.annonce,
    )
    .where(siens(_E), _E.convention_id == bindparam("convention_id"))
    # Without a year, it is of every year that its window touches; without a window, of each: money
    # that no point d'étape tells of would be nowhere.
    .where(
        or_(
            _E.exercice == bindparam("exercice"),
            _E.exercice.is_(None)
            & (func.coalesce(_E.fenetre_debut, bindparam("fin")) <= bindparam("fin"))
            & (func.coalesce(_E.fenetre_fin, bindparam("debut")) >= bindparam("debut")),
        )
    )
    .order_by(_E.reference)
    .limit(ENVELOPPES_MAX + 1)
)
_ACTIONS = (
    select(_A.id.label("action_id"), _A.code, _A.libelle, _A.volet, _A.axe)
    .where(siens(_A), _A.convention_id == bindparam("convention_id"))
    .order_by(_A.code)
    .limit(ACTIONS_MAX + 1)
)
_N = tables.VersionConvention
# In force that day; a first version without a day of effect is so from the start.
_VERSIONS = (
    select(_N.id.label("version_id"), _N.numero, _N.date_effet, _N.contenu_sha256)
    .where(
        siens(_N),
        _N.convention_id == bindparam("convention_id"),
        or_(_N.numero == 0, _N.statut.in_(["applicable", "remplace"])),
        func.coalesce(_N.date_effet, bindparam("jour")) <= bindparam("jour"),
        func.coalesce(_N.date_fin_effet, bindparam("jour")) >= bindparam("jour"),
    )
    .order_by(_N.numero)
    .limit(10)
)
_CONTRE = ", ".join(f"('{livre}', '{poste}')" for livre, poste in CONTREPARTIES.items())
_VARIATION = (
    f"CASE WHEN (l.sens = 'credit') = ((l.livre, l.poste) IN ({_CONTRE}))"
    " THEN l.quantite ELSE -l.quantite END"
)
_DE = (
    " FROM ligne_ecriture l JOIN ecriture e"
    "  ON e.collectivite = l.collectivite AND e.id = l.ecriture_id"
    " LEFT JOIN engagement g ON g.collectivite = e.collectivite AND g.id = e.engagement_id"
    " WHERE l.collectivite = :collectivite AND l.objet_id = ANY (:objets)"
)
_OBJETS, _AU = bindparam("objets", type_=ARRAY(Uuid())), bindparam("au", type_=Date())
_FAITS = text(
    "SELECT l.objet_id, coalesce(e.action_id, g.action_id) AS action_id, l.livre, l.poste,"
    f" sum({_VARIATION})::bigint AS solde{_DE}"
    " AND l.seq <= :connu_au AND e.date_effet <= :au"
    " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
).bindparams(_OBJETS, _AU)
_MOIS = text(
    f"SELECT to_char(e.date_effet, 'YYYY-MM') AS mois, l.poste, sum({_VARIATION})::bigint"
    f" AS variation{_DE} AND l.livre = 'eng' AND l.seq <= :connu_au AND e.date_effet <= :au"
    " GROUP BY 1, 2 ORDER BY 1, 2"
).bindparams(_OBJETS, _AU)
_CORRIGEES = " AND l.seq > :depuis AND l.seq <= :connu_au AND e.date_effet <= :au"
_CORRECTIONS = text(
    f"WITH vues AS (SELECT l.objet_id, l.livre, l.poste, l.seq, e.source, {_VARIATION} AS variation"
    f"{_DE}{_CORRIGEES})"
    " SELECT (SELECT count(DISTINCT seq) FROM vues) AS ecritures,"
    " (SELECT coalesce(jsonb_agg(jsonb_build_object('enveloppe_id', objet_id, 'livre', livre,"
    "   'poste', poste, 'variation_centimes', variation) ORDER BY objet_id, livre, poste), '[]')"
    "  FROM (SELECT objet_id, livre, poste, sum(variation) AS variation FROM vues GROUP BY 1, 2, 3"
    "   HAVING sum(variation) <> 0) v) AS variations,"
    " (SELECT coalesce(jsonb_agg(source ORDER BY premiere), '[]') FROM (SELECT source,"
    "   min(seq) AS premiere FROM vues WHERE source IS NOT NULL GROUP BY 1 ORDER BY 2"
    "   LIMIT :limite) s) AS actes,"
    " (SELECT count(DISTINCT source) FROM vues) AS nombre_actes"
).bindparams(_OBJETS, _AU, bindparam("limite", ORIGINES_MAX))
_TOUTES = select(_E.id).where(siens(_E), _E.convention_id == bindparam("convention_id"))
# Of a day the last written counts; of the days, the last one observed.
_OBSERVEE = (
    select(_V)
    .where(siens(_V), _V.indicateur_id == _I.id, _V.date_observation <= bindparam("au"))
    .order_by(_V.date_observation.desc(), _V.cree_le.desc(), _V.id.desc())
    .limit(1)
    .correlate(_I)
    .lateral()
)
_INDICATEURS = (
    select(
        _I.id.label("indicateur_id"),
        _I.code,
        _I.libelle,
        _I.unite,
        _I.sens,
        _I.cible,
        _OBSERVEE.c.valeur,
        _OBSERVEE.c.numerateur,
        _OBSERVEE.c.denominateur,
        _OBSERVEE.c.date_observation,
        _OBSERVEE.c.source,
    )
    .outerjoin(_OBSERVEE, text("true"))
    .where(siens(_I), _I.convention_id == bindparam("convention_id"))
    .where(_I.exercice == bindparam("exercice"))
    .order_by(_I.code)
    .limit(ORIGINES_MAX + 1)
)


async def store_point(tx: Transaction, values: dict[str, Any]) -> Row[Any]:
    """Insert a draft."""
    return (await tx.execute(_INSERT, values)).one()


async def read_point(tx: Transaction, point_etape_id: UUID, *, lock: bool = False) -> Row[Any]:
    """Read one point d'étape, and hold it until the transaction ends when asked.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK if lock else _BY_ID, {"id": point_etape_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_points(
    tx: Transaction, page: PageDemandee, conventions: Sequence[UUID], statuts: Sequence[str]
) -> Sequence[Row[Any]]:
    """Read a page of points d'étape without their content."""
    if statuts:
        statement = _LIST.where(parmi(_T.convention_id, conventions))
        tranches = par_tranches(statement, _T.statut, statuts, _T, page)
    else:
        tranches = par_tranches(_LIST, _T.convention_id, conventions, _T, page)
    ensemble = tranches.subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)


async def update_point(tx: Transaction, point_etape_id: UUID, values: dict[str, Any]) -> Row[Any]:
    """Write the next version of a point d'étape; its row is held."""
    statement = (
        update(_T)
        .where(siens(_T), _T.id == bindparam("p_id"))
        .values({"version": _T.version + 1, **values})
        .returning(*_T.__table__.columns)
    )
    return (await tx.execute(statement, {"p_id": point_etape_id})).one()


async def last_seq(tx: Transaction) -> int:
    """The rank of the last entry of the journal, 0 when there is none."""
    found: int = (await tx.execute(_SEQ)).scalar_one()
    return found


async def read_precedent(tx: Transaction, point: Row[Any]) -> Precedent | None:
    """The last point d'étape of the convention that was arrested, but for this one."""
    values = {"convention_id": point.convention_id, "sauf": point.id}
    row = (await tx.execute(_PRECEDENT, values)).one_or_none()
    if row is None:
        return None
    return Precedent(point_etape_id=row.id, date_arrete=row.date_arrete, connu_au=row.connu_au)


async def read_cadre(
    tx: Transaction, point: Row[Any], convention: Row[Any], connu_au: int
) -> CadrePointEtape:
    """Describe the convention as it is now: its versions, axes, envelopes and actions.

    Raises:
        Validation: more envelopes or actions than a point d'étape holds.
    """
    values = {
        "convention_id": point.convention_id,
        "exercice": point.exercice,
        "debut": date(point.exercice, 1, 1),
        "fin": date(point.exercice, 12, 31),
    }
    enveloppes = await _read_whole(tx, _ENVELOPPES, values, ENVELOPPES_MAX)
    actions = await _read_whole(tx, _ACTIONS, {"convention_id": point.convention_id}, ACTIONS_MAX)
    return CadrePointEtape(
        convention_id=point.convention_id,
        convention_type=convention.type,
        reference=convention.reference,
        intitule=convention.intitule,
        exercice=point.exercice,
        date_arrete=point.date_arrete,
        connu_au=connu_au,
        versions=await _versions(tx, point.convention_id, point.date_arrete),
        axes=[IntituleOrdre.model_validate(axe) for axe in convention.axes],
        volets=[IntituleOrdre.model_validate(volet) for volet in convention.volets],
        enveloppes=[EnveloppeSuivie.model_validate(dict(row._mapping)) for row in enveloppes],
        actions=[ActionSuivie.model_validate(dict(row._mapping)) for row in actions],
        precedent=await read_precedent(tx, point),
    )


async def _versions(tx: Transaction, convention_id: UUID, jour: date) -> list[VersionEnVigueur]:
    rows = await tx.execute(_VERSIONS, {"convention_id": convention_id, "jour": jour})
    return [VersionEnVigueur.model_validate(dict(row._mapping)) for row in rows]


async def read_faits(tx: Transaction, cadre: CadrePointEtape) -> list[Fait]:
    """The balances of the frame's envelopes and actions, at its day, up to its rank."""
    objets = [
        *(une.enveloppe_id for une in cadre.enveloppes),
        *(une.action_id for une in cadre.actions),
    ]
    values = {"objets": objets, "au": cadre.date_arrete, "connu_au": cadre.connu_au}
    return [
        Fait(row.objet_id, row.action_id, Livre(row.livre), Poste(row.poste), row.solde)
        for row in await tx.execute(_FAITS, values)
    ]


async def read_mois(tx: Transaction, cadre: CadrePointEtape) -> list[FaitMois]:
    """What each month of effect adds to the frame's envelopes."""
    values = {
        "objets": [une.enveloppe_id for une in cadre.enveloppes],
        "au": cadre.date_arrete,
        "connu_au": cadre.connu_au,
    }
    return [
        FaitMois(row.mois, Poste(row.poste), row.variation)
        for row in await tx.execute(_MOIS, values)
    ]


async def read_corrections(tx: Transaction, cadre: CadrePointEtape) -> CorrectionsDepuis | None:
    """What entries after the previous one's rank changed at its day, in all the convention."""
    precedent = cadre.precedent
    if precedent is None:
        return None
    toutes = await tx.execute(_TOUTES, {"convention_id": cadre.convention_id})
    values = {
        "objets": list(toutes.scalars()),
        "au": precedent.date_arrete,
        "depuis": precedent.connu_au,
        "connu_au": cadre.connu_au,
    }
    row = (await tx.execute(_CORRECTIONS, values)).one()
    return CorrectionsDepuis(
        precedent=precedent,
        ecritures=row.ecritures,
        variations=[VariationCorrigee.model_validate(une) for une in row.variations],
        actes=row.actes,
        nombre_actes=row.nombre_actes,
    )


async def read_indicateurs(tx: Transaction, point: Row[Any]) -> Sequence[Row[Any]]:
    """The indicators of the year, each with its last value of the day or before.

    Raises:
        Validation: more than a point d'étape holds.
    """
    values = {
        "convention_id": point.convention_id,
        "exercice": point.exercice,
        "au": point.date_arrete,
    }
    return await _read_whole(tx, _INDICATEURS, values, ORIGINES_MAX)


async def _read_whole(
    tx: Transaction, statement: Executable, values: dict[str, Any], maximum: int
) -> Sequence[Row[Any]]:
    """Read all, or refuse: one left out would be missing from totals that are frozen."""
    rows = (await tx.execute(statement, values)).all()
    if len(rows) > maximum:
        message = "Plus d'enveloppes, d'actions ou d'indicateurs qu'un point d'etape n'en compte"
        raise Validation([Erreur("", "hors-bornes", message)])
    return rows
