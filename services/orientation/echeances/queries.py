"""SQL of the deadlines: what each orientation owes, computed from its dates, stored nowhere."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    Row,
    Select,
    Subquery,
    Text,
    Uuid,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert

from services.orientation import tables
from services.orientation.echeances.rules import Objectif, Palier
from shared.delais import Delai, Unite
from shared.schemas.collectivite import EvenementDelai
from shared.schemas.orientation import (
    EtatEcheance,
    NatureDelai,
    PresenceAccueil,
    StatutOrientation,
    TypeAccueil,
)
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, entre, paginer, parmi, trancher
from shared.socle.tables import Collectivite

_O, _D, _P = tables.Orientation, tables.Decision, tables.Personne
_A, _C, _S = tables.Alerte, tables.Convocation, tables.Accueil
_LOCAUX = select(Collectivite.delais).where(siens(Collectivite))
# To decide, or decided and in force: of what is closed, nothing is owed any more.
_A_DECIDER = (StatutOrientation.BROUILLON.value, StatutOrientation.EN_ATTENTE.value)
_EN_COURS = (*_A_DECIDER, StatutOrientation.OUVERTE.value)


async def read_locaux(tx: Transaction) -> list[dict[str, Any]]:
    """Read the delays that the collectivité set itself."""
    found: list[dict[str, Any]] = (await tx.execute(_LOCAUX)).scalar_one()
    return found


async def list_echeances(
    tx: Transaction,
    page: PageDemandee,
    objectifs: Sequence[Objectif],
    etats: Sequence[EtatEcheance],
    fuseau: str,
    *,
    jour: date,
    alerte: date,
    date_limite_min: date | None,
    date_limite_max: date | None,
    communes: Sequence[str],
    orientation_id: UUID | None,
) -> Sequence[Row[Any]]:
    """Read a page of what is due, in some states or in all, between two days.

    Each kind is cut to the page before the kinds are put together: each stays on its index.
    """
    if not objectifs:
        return []
    tranches = []
    for objectif in objectifs:
        dues = _dues(objectif, fuseau)
        statement = (
            select(dues)
            .where(entre(dues.c.date_limite, date_limite_min, date_limite_max))
            .where(parmi(dues.c.code_commune, communes))
            .where(true() if orientation_id is None else dues.c.orientation_id == orientation_id)
        )
        if etats:
            statement = statement.where(or_(*(_etat(dues, etat, jour, alerte) for etat in etats)))
        tranches.append(select(trancher(statement, dues.c, page).subquery()))
    ensemble = union_all(*tranches).subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)


async def store_alertes(
    tx: Transaction,
    objectifs: Sequence[Objectif],
    fuseau: str,
    *,
    jour: date,
    alerte: date,
    limite: int,
) -> Sequence[Row[Any]]:
    """Write the announcements that are due and not made yet; return those that this one made.

    A twin that writes the same ones waits here for the other to end, and then makes none of them.
    """
    a_dire = _a_dire(objectifs, fuseau, jour, alerte).subquery()
    faites = (
        exists()
        .where(siens(_A), _A.orientation_id == a_dire.c.orientation_id)
        .where(_A.code == a_dire.c.code, _A.palier == a_dire.c.palier)
    )
    candidates = (
        select(a_dire.c.collectivite, a_dire.c.orientation_id, a_dire.c.code, a_dire.c.palier)
        .where(~faites)
        # One order for all: of two writers none waits for what the other waits for.
        .order_by(a_dire.c.orientation_id, a_dire.c.code)
        .limit(limite)
    )
    ecrites = (
        insert(_A)
        .from_select(["collectivite", "orientation_id", "code", "palier"], candidates)
        .on_conflict_do_nothing()
        .returning(_A.orientation_id, _A.palier)
        .cte("ecrites")
    )
    statement = select(ecrites.c.orientation_id, ecrites.c.palier, _O.version).join(
        _O, (_O.id == ecrites.c.orientation_id) & siens(_O)
    )
    return (await tx.execute(statement)).all()


def _a_dire(
    objectifs: Sequence[Objectif], fuseau: str, jour: date, alerte: date
) -> CompoundSelect[*tuple[Any, ...]]:
    kinds = []
    for objectif in objectifs:
        dues = _dues(objectif, fuseau)
        palier = case(
            (dues.c.date_limite < jour, Palier.DEPASSEE.value), else_=Palier.A_RISQUE.value
        )
        kinds.append(
            select(
                dues.c.collectivite, dues.c.orientation_id, dues.c.code, palier.label("palier")
            ).where(dues.c.en_cours, dues.c.date_limite <= alerte)
        )
    return union_all(*kinds)


def _etat(
    dues: Subquery, etat_voulu: EtatEcheance, jour: date, alerte: date
) -> ColumnElement[bool]:
    """The same bounds as `shared.delais.etat`, for the database to filter by."""
    limite, accomplie = dues.c.date_limite, dues.c.date_accomplie
    match etat_voulu:
        case EtatEcheance.A_TEMPS:
            return and_(dues.c.en_cours, limite > alerte)
        case EtatEcheance.A_RISQUE:
            return and_(dues.c.en_cours, limite.between(jour, alerte))
        case EtatEcheance.EN_RETARD:
            return and_(dues.c.en_cours, limite < jour)
        case EtatEcheance.RESPECTEE:
            return and_(accomplie <= limite)
        case EtatEcheance.DEPASSEE:
            return and_(accomplie > limite)


def _dues(objectif: Objectif, fuseau: str) -> Subquery:
    """The deadlines of one kind: of people with the RSA, where it holds, while it ruled."""
    depart = _jour(objectif.depart, fuseau)
    limite = _O.date_limite if objectif.delai is None else _limite(depart, objectif.delai)
    accomplie = _jour(objectif.fin, fuseau)
    if objectif.fin is EvenementDelai.ACCUEIL:
        en_cours = and_(_O.statut.in_(_EN_COURS), accomplie.is_(None))
    else:
        en_cours = _O.statut.in_(_A_DECIDER)
    statement: Select[*tuple[Any, ...]] = (
        select(
            _id(objectif).label("id"),
            _O.collectivite,
            _O.id.label("orientation_id"),
            _O.personne_id,
            _O.cree_le,
            _P.commune.label("code_commune"),
            literal(objectif.code, Text).label("code"),
            literal(objectif.depuis, Date).label("depuis"),
            depart.label("date_depart"),
            limite.label("date_limite"),
            accomplie.label("date_accomplie"),
            en_cours.label("en_cours"),
        )
        .join(_P, (_P.collectivite == _O.collectivite) & (_P.id == _O.personne_id))
        .outerjoin(_D, (_D.collectivite == _O.collectivite) & (_D.id == _O.decision_id))
        .where(siens(_O), _P.beneficiaire_rsa, or_(en_cours, accomplie.is_not(None)))
        .where(depart.is_not(None), entre(depart, objectif.depuis, None))
        .where(parmi(_P.commune, sorted(objectif.communes)))
    )
    if objectif.avant is not None:
        statement = statement.where(depart < objectif.avant)
    return statement.subquery()


def _id(objectif: Objectif) -> Any:
    # One orientation has several deadlines: a page needs one id for each.
    if objectif.nature is NatureDelai.LEGALE:
        return _O.id
    return cast(func.md5(literal(f"{objectif.code}:", Text) + cast(_O.id, Text)), Uuid)


def _jour(evenement: EvenementDelai, fuseau: str) -> Any:
    """The civil day of an event, where the collectivité is; null when it has not happened."""
    match evenement:
        case EvenementDelai.DECISION:
            return _D.date_decision
        case EvenementDelai.ENTREE_PARCOURS:
            return _D.date_effet
        case EvenementDelai.ACCUEIL:
            # The interview ends the welcome: it comes after the collective meeting.
            return (
                select(cast(func.timezone(fuseau, func.min(_S.debut_le)), Date))
                .join(_C, (_C.collectivite == _S.collectivite) & (_C.accueil_id == _S.id))
                .where(_C.collectivite == _O.collectivite, _C.personne_id == _O.personne_id)
                .where(_C.type == TypeAccueil.ENTRETIEN_INDIVIDUEL.value)
                .where(_C.presence == PresenceAccueil.PRESENTE.value)
                .where(_S.debut_le >= _O.recu_le)
                .correlate(_O)
                .scalar_subquery()
            )
        case _:
            return cast(func.timezone(fuseau, _O.recu_le), Date)


def _limite(depart: Any, delai: Delai) -> Any:
    """`shared.delais.echeance`, by the database: it too ends a month on its last day."""
    unites = (Unite.ANS, Unite.MOIS, Unite.SEMAINES, Unite.JOURS)
    duree = func.make_interval(*(delai.duree if delai.unite is one else 0 for one in unites))
    return cast(depart + duree, Date)
