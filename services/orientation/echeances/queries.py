"""SQL of the deadlines: what each orientation owes, computed from its dates, stored nowhere."""

from collections.abc import Sequence
from datetime import date
from itertools import product
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
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert

from services.orientation import tables
from services.orientation.echeances.rules import DUS, ORIENTATION, Objectif, Palier
from services.orientation.flux.canonique import SOURCE_OUVERTURE
from services.orientation.places.rules import FILE_ATTENTE
from shared.delais import Delai
from shared.schemas.collectivite import EvenementDelai
from shared.schemas.orientation.accueils import PresenceAccueil, TypeAccueil
from shared.schemas.orientation.echeances import EtatEcheance
from shared.schemas.orientation.orientations import OrigineOrientation
from shared.schemas.orientation.vocabulaire import StatutOrientation, StatutPlace, TypeParcours
from shared.socle.db import Transaction, siens
from shared.socle.echeances import dans_etat, date_limite
from shared.socle.pages import PageDemandee, entre, paginer, par_tranches, parmi, trancher
from shared.socle.tables import Collectivite

_O, _D, _P = tables.Orientation, tables.Decision, tables.Personne
_A, _C, _S, _F = tables.Alerte, tables.Convocation, tables.Accueil, tables.Dossier
_G = tables.Place
_LOCAUX = select(Collectivite.delais).where(siens(Collectivite))
# To decide, or decided and in force: of what is closed, nothing is owed any more.
_A_DECIDER = (StatutOrientation.BROUILLON.value, StatutOrientation.EN_ATTENTE.value)
_EN_COURS = (*_A_DECIDER, StatutOrientation.OUVERTE.value)
_DECIDEES = (StatutOrientation.OUVERTE.value, StatutOrientation.CLOTUREE.value)


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

    Each kind and each state is cut to the page before they are put together: each stays on its
    index.
    """
    tranches = []
    # A state asked twice is one part: its rows would come twice.
    for objectif, etat in product(objectifs, dict.fromkeys(etats) or (None,)):
        dues = _dues(objectif, fuseau)
        ici = sorted(objectif.communes.intersection(communes or objectif.communes))
        if communes and objectif.communes and not ici:
            continue
        statement = (
            select(dues)
            .where(entre(dues.c.date_limite, date_limite_min, date_limite_max))
            .where(true() if orientation_id is None else dues.c.orientation_id == orientation_id)
        )
        # The two dates are of two tables: which came first is written beside the case.
        ecrit = etat is not None and etat not in DUS and objectif.delai is None
        tete = (dues.c.hors_delai, etat is EtatEcheance.DEPASSEE) if ecrit else None
        if tete is not None:
            # With the head of the order, where the index is read from and to.
            rang = tuple_(tete[0], dues.c.date_limite)
            if date_limite_min is not None:
                statement = statement.where(rang >= (tete[1], date_limite_min))
            if date_limite_max is not None:
                statement = statement.where(rang <= (tete[1], date_limite_max))
        elif etat is not None:
            statement = statement.where(dans_etat(dues.c, etat, jour, alerte))
        if ici or communes:
            colonne, valeurs = dues.c.code_commune, ici or communes
        else:
            colonne, valeurs = dues.c.statut, _statuts(objectif, etat)
        parts = par_tranches(statement, colonne, valeurs, dues.c, page, tete).subquery()
        tranches.append(select(trancher(select(parts), parts.c, page).subquery()))
    if not tranches:
        return []
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
    return union_all(*kinds, _attentes(jour, alerte))


def _attentes(jour: date, alerte: date) -> Select[*tuple[Any, ...]]:
    """Who waits for a place, and whose last day is near or past: the wait is not without end."""
    limite = _G.date_limite_file
    return select(
        _G.collectivite,
        _G.orientation_id,
        literal(FILE_ATTENTE, Text).label("code"),
        case((limite < jour, Palier.DEPASSEE.value), else_=Palier.A_RISQUE.value).label("palier"),
    ).where(siens(_G), _G.statut == StatutPlace.EN_FILE.value, limite <= alerte)


def _dues(objectif: Objectif, fuseau: str) -> Subquery:
    """The deadlines of one kind: of people with the RSA, where it holds, while it ruled."""
    if objectif.durable is not None:
        return _reexamens(objectif, objectif.durable)
    depart = _jour(objectif.depart, fuseau)
    depart_compte: ColumnElement[str] = literal(objectif.depart.value, Text)
    depart_dit: ColumnElement[bool] = true()
    if objectif.depart is EvenementDelai.OUVERTURE_DROIT:
        # No flux told the opening of who did not come by one: the reception stands for it.
        reception = EvenementDelai.RECEPTION.value
        depart_compte = case((_F.ouverture_droit.is_(None), reception), else_=depart_compte)
        depart_dit = func.coalesce(_F.source_ouverture == SOURCE_OUVERTURE, false())
    limite = _O.date_limite if objectif.delai is None else date_limite(depart, objectif.delai)
    accomplie = _jour(objectif.fin, fuseau)
    # Written in the statement, as in the index that holds no others.
    encore = _EN_COURS if objectif.fin is EvenementDelai.ACCUEIL else _A_DECIDER
    statuts: Any = bindparam(None, encore, expanding=True, literal_execute=True)
    en_cours: ColumnElement[bool] = _O.statut.in_(statuts)
    if objectif.fin is EvenementDelai.ACCUEIL:
        en_cours = and_(en_cours, accomplie.is_(None))
    statement: Select[*tuple[Any, ...]] = (
        select(
            _id(objectif).label("id"),
            _O.collectivite,
            _O.id.label("orientation_id"),
            _O.personne_id,
            _O.cree_le,
            _O.statut,
            _O.commune.label("code_commune"),
            literal(objectif.code, Text).label("code"),
            literal(objectif.depuis, Date).label("depuis"),
            depart_compte.label("depart"),
            depart_dit.label("depart_dit"),
            depart.label("date_depart"),
            limite.label("date_limite"),
            accomplie.label("date_accomplie"),
            en_cours.label("en_cours"),
            _O.hors_delai,
        )
        .join(_P, (_P.collectivite == _O.collectivite) & (_P.id == _O.personne_id))
        .outerjoin(_D, (_D.collectivite == _O.collectivite) & (_D.id == _O.decision_id))
        .where(siens(_O), _P.beneficiaire_rsa, or_(en_cours, accomplie.is_not(None)))
        .where(depart.is_not(None), entre(depart, objectif.depuis, None))
        .where(parmi(_O.commune, sorted(objectif.communes)))
        # One who is oriented already owes nothing of this: no six weeks, no first steps.
        .where(_O.origine != OrigineOrientation.REORIENTATION.value)
    )
    if objectif.depart is EvenementDelai.OUVERTURE_DROIT:
        foyer = (_F.collectivite == _P.collectivite) & (_F.id == _P.dossier_id)
        statement = statement.outerjoin(_F, foyer)
    if objectif.avant is not None:
        statement = statement.where(depart < objectif.avant)
    return statement.subquery()


def _reexamens(objectif: Objectif, durable: Delai) -> Subquery:
    """The review that each parcours social in force owes, from the last one on.

    Never notified, it counts from its effect. The one limit hides which difficulties last.
    """
    assert objectif.delai is not None
    depart = func.coalesce(_O.date_reexamen, _O.date_notification, _O.date_effet)
    statement: Select[*tuple[Any, ...]] = (
        select(
            _id(objectif).label("id"),
            _O.collectivite,
            _O.id.label("orientation_id"),
            _O.personne_id,
            _O.cree_le,
            _O.statut,
            _O.commune.label("code_commune"),
            literal(objectif.code, Text).label("code"),
            literal(objectif.depuis, Date).label("depuis"),
            case(
                (_O.date_reexamen.is_not(None), EvenementDelai.REEXAMEN.value),
                (_O.date_notification.is_not(None), EvenementDelai.NOTIFICATION.value),
                else_=EvenementDelai.ENTREE_PARCOURS.value,
            ).label("depart"),
            true().label("depart_dit"),
            depart.label("date_depart"),
            case(
                (_O.difficultes_durables, date_limite(depart, durable)),
                else_=date_limite(depart, objectif.delai),
            ).label("date_limite"),
            # Each review starts the next: what is owed is never done while the parcours lasts.
            literal(None, Date).label("date_accomplie"),
            true().label("en_cours"),
            _O.hors_delai,
        )
        .join(_P, (_P.collectivite == _O.collectivite) & (_P.id == _O.personne_id))
        .where(siens(_O), _P.beneficiaire_rsa)
        .where(_O.statut == StatutOrientation.OUVERTE.value)
        .where(_O.type_parcours == TypeParcours.SOCIAL.value)
        .where(entre(depart, objectif.depuis, None))
    )
    if objectif.avant is not None:
        statement = statement.where(depart < objectif.avant)
    return statement.subquery()


def _statuts(objectif: Objectif, etat: EtatEcheance | None) -> Sequence[str]:
    """Where deadlines in this state are to be found; empty: anywhere, or where an index has it."""
    if etat is None or objectif.durable or objectif.fin is EvenementDelai.ACCUEIL:
        return ()
    if etat in DUS:
        return _A_DECIDER
    return () if objectif.delai is None else _DECIDEES


def _id(objectif: Objectif) -> Any:
    # One orientation has several deadlines: a page needs one id for each.
    if objectif.code == ORIENTATION:
        return _O.id
    return cast(func.md5(literal(f"{objectif.code}:", Text) + cast(_O.id, Text)), Uuid)


def _jour(evenement: EvenementDelai, fuseau: str) -> Any:
    """The civil day of an event, where the collectivité is; null when it has not happened."""
    match evenement:
        case EvenementDelai.OUVERTURE_DROIT:
            reception = _jour(EvenementDelai.RECEPTION, fuseau)
            return func.coalesce(_F.ouverture_droit, reception)
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
