"""SQL of the deadlines: what each parcours owes, computed from its dates, stored nowhere."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Text, and_, case, exists, literal, or_, select, true, union_all
from sqlalchemy.orm import aliased

from services.parcours import tables
from services.parcours.contrats_engagement.queries import NON_CLOS
from services.parcours.contrats_engagement.rules import CONTRAT_REORIENTATION, ORE
from services.parcours.echeances.rules import DUES, Due
from shared.schemas.orientation.echeances import EtatEcheance
from shared.schemas.orientation.vocabulaire import TypeParcours
from shared.schemas.parcours.accompagnement import StatutParcours
from shared.schemas.parcours.contrats_engagement import StatutContrat
from shared.socle.db import Transaction, siens
from shared.socle.echeances import dans_etat, date_limite
from shared.socle.pages import PageDemandee, entre, paginer, trancher

_C, _P, _T = tables.ContratEngagement, tables.Periode, tables.Parcours
_AUTRE, _CLOS = aliased(_P), aliased(_C)
# Of who is no longer inscribed, nothing is owed: suspended, or closed after it.
_SUSPENDU, _CLOTURE = StatutContrat.SUSPENDU.value, StatutContrat.CLOTURE.value


async def list_echeances(
    tx: Transaction,
    page: PageDemandee,
    dues: Sequence[Due],
    etats: Sequence[EtatEcheance],
    *,
    jour: date,
    alerte: date,
    date_limite_min: date | None,
    date_limite_max: date | None,
    parcours_id: UUID | None,
) -> Sequence[Row[Any]]:
    """Read a page of what is due, in some states or in all, between two days.

    Each kind is cut to the page before the kinds are put together.
    """
    if not dues:
        return []
    tranches = []
    for due in dues:
        table = _dues(due)
        statement = (
            select(table)
            .where(entre(table.c.date_limite, date_limite_min, date_limite_max))
            .where(true() if parcours_id is None else table.c.parcours_id == parcours_id)
            .where(or_(table.c.en_cours, table.c.date_accomplie.is_not(None)))
        )
        if etats:
            statement = statement.where(
                or_(*(dans_etat(table.c, etat, jour, alerte) for etat in etats))
            )
        tranches.append(select(trancher(statement, table.c, page).subquery()))
    ensemble = union_all(*tranches).subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)


def _dues(due: Due) -> Any:
    """The deadlines of one kind: of the open parcours, in their last period."""
    table = _ore(due) if due.delai.code == ORE else _contrat(due)
    return table.subquery()


def _contrat(due: Due) -> Any:
    reoriente = (
        exists()
        .where(_AUTRE.collectivite == _P.collectivite, _AUTRE.parcours_id == _P.parcours_id)
        .where(_AUTRE.orientation_id != _P.orientation_id)
    )
    apres = due.delai.code == CONTRAT_REORIENTATION
    clos = (
        exists()
        .where(_CLOS.collectivite == _P.collectivite, _CLOS.parcours_id == _P.parcours_id)
        .where(_CLOS.orientation_id == _P.orientation_id, _CLOS.statut == _CLOTURE)
    )
    return (
        select(
            _P.id,
            _P.cree_le,
            literal(due.delai.code, Text).label("code"),
            literal(due.delai.depuis).label("depuis"),
            _P.orientation_id,
            _P.parcours_id,
            _T.personne_id,
            _C.id.label("contrat_id"),
            _P.date_depart_contrat.label("date_depart"),
            date_limite(_P.date_depart_contrat, due.delai).label("date_limite"),
            _C.date_premiere_signature.label("date_accomplie"),
            and_(_C.date_premiere_signature.is_(None), _C.statut.is_distinct_from(_SUSPENDU)).label(
                "en_cours"
            ),
        )
        .join(_T, (_T.collectivite == _P.collectivite) & (_T.id == _P.parcours_id))
        .outerjoin(
            _C,
            (_C.collectivite == _P.collectivite)
            & (_C.parcours_id == _P.parcours_id)
            & (_C.orientation_id == _P.orientation_id)
            & NON_CLOS,
        )
        .where(siens(_P), _P.date_fin.is_(None), _T.statut == StatutParcours.OUVERT.value)
        .where(or_(_C.id.is_not(None), ~clos))
        .where(_en_vigueur(_P.date_depart_contrat, due))
        # By a CASE, asked of each period in the order of the page: NOT EXISTS would be a join, for
        # which all are read.
        .where(case((reoriente, apres), else_=not apres))
    )


def _ore(due: Due) -> Any:
    return (
        select(
            _C.id,
            _C.cree_le,
            literal(due.delai.code, Text).label("code"),
            literal(due.delai.depuis).label("depuis"),
            _C.orientation_id,
            _C.parcours_id,
            _C.personne_id,
            _C.id.label("contrat_id"),
            _C.date_premiere_signature.label("date_depart"),
            date_limite(_C.date_premiere_signature, due.delai).label("date_limite"),
            _C.date_ore.label("date_accomplie"),
            and_(_C.date_ore.is_(None), _C.statut != _SUSPENDU).label("en_cours"),
        )
        .join(_T, (_T.collectivite == _C.collectivite) & (_T.id == _C.parcours_id))
        .where(siens(_C), NON_CLOS, _T.statut == StatutParcours.OUVERT.value)
        .where(_T.type_parcours != TypeParcours.SOCIAL.value)
        .where(_en_vigueur(_C.date_premiere_signature, due))
    )


def _en_vigueur(depart: Any, due: Due) -> Any:
    """The event happened while this row of the law ruled, up to the row that follows it."""
    suites = [
        one.delai.depuis
        for one in DUES
        if one.delai.code == due.delai.code and one.delai.depuis and one.delai != due.delai
        if due.delai.depuis is None or one.delai.depuis > due.delai.depuis
    ]
    held = and_(depart.is_not(None), entre(depart, due.delai.depuis, None))
    return and_(held, depart < min(suites)) if suites else held
