"""SQL of the deadlines: what each orientation owes, computed from its dates."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Row, Select, bindparam, or_, select

from services.orientation import tables
from shared.delais import ALERTE_JOURS
from shared.schemas.orientation import EtatEcheance, StatutOrientation
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, entre, paginer

_O, _D = tables.Orientation, tables.Decision
_SELECT: Select[*tuple[Any, ...]] = (
    select(_O.id, _O.personne_id, _O.recu_le, _O.date_limite, _O.cree_le, _D.date_decision)
    .outerjoin(_D, (_D.collectivite == _O.collectivite) & (_D.orientation_id == _O.id))
    # Closed without a decision: nothing is owed any more.
    .where(siens(_O), (_O.statut != StatutOrientation.CLOTUREE.value) | _D.id.is_not(None))
)
_JOUR: BindParameter[date] = bindparam("jour")
_ALERTE: BindParameter[date] = bindparam("alerte")
# The same bounds as `shared.delais.etat`, for the database to filter by.
_ETATS: dict[EtatEcheance, ColumnElement[bool]] = {
    EtatEcheance.A_TEMPS: _D.id.is_(None) & (_O.date_limite > _ALERTE),
    EtatEcheance.A_RISQUE: _D.id.is_(None) & _O.date_limite.between(_JOUR, _ALERTE),
    EtatEcheance.EN_RETARD: _D.id.is_(None) & (_O.date_limite < _JOUR),
    EtatEcheance.RESPECTEE: _D.date_decision <= _O.date_limite,
    EtatEcheance.DEPASSEE: _D.date_decision > _O.date_limite,
}


async def list_echeances(
    tx: Transaction,
    page: PageDemandee,
    etats: Sequence[EtatEcheance],
    jour: date,
    *,
    date_limite_min: date | None,
    date_limite_max: date | None,
) -> Sequence[Row[Any]]:
    """Read a page of what is due, in some states or in all, between two days."""
    statement = _SELECT.where(entre(_O.date_limite, date_limite_min, date_limite_max))
    dates = {}
    if etats:
        statement = statement.where(or_(*(_ETATS[etat] for etat in etats)))
        dates = {"jour": jour, "alerte": jour + timedelta(days=ALERTE_JOURS)}
    return await paginer(tx, statement, _O, page, dates)
