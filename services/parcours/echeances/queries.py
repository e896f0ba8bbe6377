"""SQL of the deadlines: what each parcours owes, computed from its dates, stored nowhere."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased

from services.parcours import tables
from services.parcours.contrats_engagement.queries import NON_CLOS
from services.parcours.contrats_engagement.rules import (
    CONTRAT_REORIENTATION,
    ORE,
    REEXAMEN,
    REEXAMEN_SOCIAL,
)
from services.parcours.dispositifs.queries import connus
from services.parcours.echeances.rules import (
    DUES,
    DUES_SUSPENSION,
    FINS_DISPOSITIF,
    FINS_EMPLOI,
    Due,
)
from services.parcours.emplois.rules import ACCOMPAGNEMENT
from services.parcours.suspensions.rules import DECISION, FIN_MESURE, OBSERVATIONS, SAISIE
from shared.schemas.orientation.echeances import EtatEcheance
from shared.schemas.orientation.vocabulaire import TypeParcours
from shared.schemas.parcours.accompagnement import StatutParcours
from shared.schemas.parcours.contrats_engagement import StatutContrat
from shared.schemas.parcours.dispositifs import StatutDispositif
from shared.schemas.parcours.emplois import StatutEmploi, TypeEmploi
from shared.schemas.parcours.suspensions import StatutSuspension, TypeActeSuspension
from shared.socle.db import Transaction, siens
from shared.socle.echeances import dans_etat, date_avant, date_limite
from shared.socle.pages import PageDemandee, entre, paginer, trancher

_C, _P, _T = tables.ContratEngagement, tables.Periode, tables.Parcours
_E, _D = tables.Emploi, tables.Dispositif
_PROPRES = ("emploi_id", "dispositif_id")
_V, _S = tables.RevisionContrat, tables.Suspension
_AUTRE, _CLOS = aliased(_P), aliased(_C)
_ACTE = tables.ActeSuspension
# What was seen at the term, or the day on which it was lifted.
_TERME = (
    select(func.min(_ACTE.date_acte))
    .where(_ACTE.collectivite == _S.collectivite, _ACTE.suspension_id == _S.id)
    .where(_ACTE.type.in_([TypeActeSuspension.TERME.value, TypeActeSuspension.LEVEE.value]))
    .scalar_subquery()
)
# Of who is no longer inscribed, nothing is owed: suspended, or closed after it.
_SUSPENDU, _CLOTURE = StatutContrat.SUSPENDU.value, StatutContrat.CLOTURE.value


async def list_echeances(
    tx: Transaction,
    page: PageDemandee,
    dues: Sequence[Due],
    etats: Sequence[EtatEcheance],
    *,
    jour: date,
    fuseau: str,
    sante: bool,
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
        table = _dues(due, fuseau, jour, sante=sante)
        statement = (
            select(*_colonnes(table))
            .where(entre(table.c.date_limite, date_limite_min, date_limite_max))
            .where(true() if parcours_id is None else table.c.parcours_id == parcours_id)
            .where(or_(table.c.en_cours, table.c.date_accomplie.is_not(None)))
        )
        if etats:
            statement = statement.where(
                or_(
                    *(
                        dans_etat(table.c, etat, jour, jour + timedelta(days=due.alerte_jours))
                        for etat in etats
                    )
                )
            )
        tranches.append(select(trancher(statement, table.c, page).subquery()))
    ensemble = union_all(*tranches).subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)


def _colonnes(table: Any) -> list[Any]:
    """The same columns of each kind, in one order; what is another kind's is null."""
    return [
        *(une for une in table.c if une.key not in _PROPRES),
        *((table.c[nom] if nom in table.c else cast(null(), Uuid)).label(nom) for nom in _PROPRES),
    ]


def _dues(due: Due, fuseau: str, jour: date, *, sante: bool) -> Any:
    """The deadlines of one kind: of the open parcours, in their last period."""
    if due.delai.code in FINS_EMPLOI or due.delai.code == ACCOMPAGNEMENT:
        return _emploi(due).subquery()
    if due.delai.code in FINS_DISPOSITIF:
        return _dispositif(due, sante=sante).subquery()
    if due.delai.code in (REEXAMEN, REEXAMEN_SOCIAL):
        return _reexamen(due, fuseau).subquery()
    if due in DUES_SUSPENSION:
        return _suspension(due, jour).subquery()
    table = _ore(due) if due.delai.code == ORE else _contrat(due)
    return table.subquery()


def _contrat(due: Due) -> Any:
    reoriente = _il_en_est(
        select(_AUTRE.id)
        .where(_AUTRE.collectivite == _P.collectivite, _AUTRE.parcours_id == _P.parcours_id)
        .where(_AUTRE.orientation_id != _P.orientation_id)
    )
    apres = due.delai.code == CONTRAT_REORIENTATION
    clos = _il_en_est(
        select(_CLOS.id)
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
            cast(null(), Uuid).label("suspension_id"),
            _P.date_depart_contrat.label("date_depart"),
            date_limite(_P.date_depart_contrat, due.delai).label("date_limite"),
            _C.date_premiere_signature.label("date_accomplie"),
            and_(
                _C.date_premiere_signature.is_(None),
                _C.statut.is_distinct_from(_SUSPENDU),
                # Out of droits et devoirs the contract is owed no more (R5411-15-2).
                _T.date_sortie_droits_devoirs.is_(None),
            ).label("en_cours"),
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
        .where(reoriente if apres else ~reoriente)
    )


def _il_en_est(rows: Select[Any]) -> Any:
    """Tell, of each period in the order of the page, whether there are such rows.

    EXISTS would be a join, or a table of all that there are: either reads them all.
    """
    return rows.limit(1).scalar_subquery().is_not(None)


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
            cast(null(), Uuid).label("suspension_id"),
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


def _reexamen(due: Due, fuseau: str) -> Any:
    """The day was set with the version: it may be sooner than the delay, never later."""
    social = _P.type_parcours == TypeParcours.SOCIAL.value
    parcours = _celui(
        _T,
        _T.id == _C.parcours_id,
        _T.collectivite == _V.collectivite,
        _T.statut == StatutParcours.OUVERT.value,
    )
    periode = _celui(
        _P,
        _P.orientation_id == _V.orientation_id,
        _P.collectivite == _V.collectivite,
        social if due.delai.code == REEXAMEN_SOCIAL else ~social,
    )
    return (
        select(
            _V.id,
            _V.cree_le,
            literal(due.delai.code, Text).label("code"),
            literal(due.delai.depuis, Date).label("depuis"),
            _V.orientation_id,
            _C.parcours_id,
            _C.personne_id,
            _C.id.label("contrat_id"),
            cast(null(), Uuid).label("suspension_id"),
            cast(func.timezone(fuseau, _V.cree_le), Date).label("date_depart"),
            _V.date_reexamen.label("date_limite"),
            # The next version answers it, and has its own.
            cast(null(), Date).label("date_accomplie"),
            (_C.statut != _SUSPENDU).label("en_cours"),
        )
        .join(_C, (_C.collectivite == _V.collectivite) & (_C.id == _V.contrat_id))
        .join(parcours, true())
        .join(periode, true())
        .where(siens(_V), _V.date_reexamen.is_not(None), _V.rang == _C.revision, NON_CLOS)
    )


def _celui(table: Any, *criteres: ColumnElement[bool]) -> Any:
    """The one row that there is, looked up for each one of the page.

    A join would be planned by statistics that are of every collectivité: of one that has none of
    these, it read all the parcours.
    """
    return select(table).where(*criteres).limit(1).lateral()


_SUIVIES = {  # from, last day, done, what waits for it
    SAISIE: (
        _S.date_proposition_ft,
        _S.date_limite_saisie,
        _S.date_saisie,
        [StatutSuspension.SIGNALE],
    ),
    OBSERVATIONS: (
        _S.date_information,
        _S.date_limite_observations,
        _S.date_observations,
        [StatutSuspension.CONTRADICTOIRE, StatutSuspension.AVIS_EP],
    ),
    DECISION: (
        _S.date_information,
        _S.date_limite_decision,
        _S.date_decision,
        [StatutSuspension.CONTRADICTOIRE, StatutSuspension.AVIS_EP],
    ),
    FIN_MESURE: (_S.date_debut, _S.date_fin, _TERME, [StatutSuspension.EN_COURS]),
}


def _suspension(due: Due, jour: date) -> Any:
    """The steps of a procedure, each with its last day; after an exit, only a measure that runs."""
    depart, limite, accomplie, attendue = _SUIVIES[due.delai.code]
    statement = (
        select(
            # Several are due of one: a page needs an id for each.
            cast(func.md5(literal(f"{due.delai.code}:", Text) + cast(_S.id, Text)), Uuid).label(
                "id"
            ),
            _S.cree_le,
            literal(due.delai.code, Text).label("code"),
            literal(due.delai.depuis, Date).label("depuis"),
            _S.orientation_id,
            _S.parcours_id,
            _T.personne_id,
            cast(null(), Uuid).label("contrat_id"),
            _S.id.label("suspension_id"),
            depart.label("date_depart"),
            limite.label("date_limite"),
            accomplie.label("date_accomplie"),
            _S.statut.in_([one.value for one in attendue]).label("en_cours"),
        )
        .join(_T, (_T.collectivite == _S.collectivite) & (_T.id == _S.parcours_id))
        .where(siens(_S), limite.is_not(None))
        .where(_en_vigueur(depart, due))
    )
    if due.delai.code != FIN_MESURE:
        statement = statement.where(_T.statut == StatutParcours.OUVERT.value)
    if due.delai.code == OBSERVATIONS:
        # To answer is a right: once it is over, nobody is late.
        statement = statement.where(or_(limite >= jour, accomplie.is_not(None)))
    return statement


def _emploi(due: Due) -> Any:
    """The last day of what is open; of an aided contract, so long before it, its support."""
    renforcer = due.delai.code == ACCOMPAGNEMENT
    type_ = TypeEmploi.CONTRAT_AIDE if renforcer else FINS_EMPLOI[due.delai.code]
    depart_id = cast(func.md5(literal(f"{due.delai.code}:", Text) + cast(_E.id, Text)), Uuid)
    accomplie: Any = cast(null(), Date)
    return _termes(
        due,
        _E,
        (depart_id if renforcer else _E.id).label("id"),
        date_avant(_E.date_fin, due.delai),
        _E.date_accompagnement_renforce if renforcer else accomplie,
    ).where(_E.type == type_.value, _E.statut == StatutEmploi.OUVERT.value)


def _dispositif(due: Due, *, sante: bool) -> Any:
    """The last day of what is open; one of health only under its scope."""
    type_ = FINS_DISPOSITIF[due.delai.code]
    return _termes(due, _D, _D.id, _D.date_fin, cast(null(), Date)).where(
        _D.type == type_.value, _D.statut == StatutDispositif.OUVERT.value, connus(sante=sante)
    )


def _termes(due: Due, table: Any, id_: Any, limite: Any, accomplie: Any) -> Any:
    return (
        select(
            id_,
            table.cree_le,
            literal(due.delai.code, Text).label("code"),
            literal(due.delai.depuis, Date).label("depuis"),
            _T.orientation_id,
            table.parcours_id,
            _T.personne_id,
            cast(null(), Uuid).label("contrat_id"),
            cast(null(), Uuid).label("suspension_id"),
            table.date_debut.label("date_depart"),
            limite.label("date_limite"),
            accomplie.label("date_accomplie"),
            accomplie.is_(None).label("en_cours"),
            table.id.label(f"{table.__tablename__}_id"),
        )
        .join(_T, (_T.collectivite == table.collectivite) & (_T.id == table.parcours_id))
        .where(siens(table), table.date_fin.is_not(None))
        .where(_T.statut == StatutParcours.OUVERT.value)
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
