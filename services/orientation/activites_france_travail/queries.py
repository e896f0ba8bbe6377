"""SQL of France Travail's work queue: who reads it, what was read, whose each task is here."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Interval,
    Row,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from services.orientation import tables
from services.orientation.activites_france_travail.rules import Situation
from shared.clients.france_travail.vocabulaire import CodeActivite
from shared.refus import Introuvable
from shared.schemas.orientation.france_travail import (
    StatutActiviteFranceTravail,
    StatutEnvoi,
)
from shared.schemas.orientation.vocabulaire import StatutOrientation
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, entre, paginer, par_tranches, parmi

# The whole of a queue and its repetitions, page after page; taken by another, nothing is written.
BAIL = timedelta(minutes=30)
_A, _L = tables.ActiviteFranceTravail, tables.LectureFranceTravail
_P, _O, _D = tables.Personne, tables.Orientation, tables.Decision
_E, _C = tables.EnvoiFranceTravail, tables.EcartFranceTravail
_GARDEE = func.coalesce(_P.fusionnee_avec_id, _P.id)
_A_DECIDER = (StatutOrientation.BROUILLON.value, StatutOrientation.EN_ATTENTE.value)

_OUVRIR = upsert(_L).values(reprendre_le=text("now()")).on_conflict_do_nothing()
_TOUCHE = {"version": _L.version + 1, "modifie_le": text("now()")}
_PRENDRE = (
    update(_L)
    .where(
        siens(_L),
        _L.code == bindparam("la_file"),
        _L.reprendre_le <= func.clock_timestamp(),
    )
    .values(**_TOUCHE, reprendre_le=func.clock_timestamp() + bindparam("bail", type_=Interval()))
    .returning(_L.code, _L.complete_le, _L.essais, _L.version)
)
_TENUE = (siens(_L), _L.code == bindparam("la_file"), _L.version == bindparam("prise"))
_TENIR = select(_L.code).where(*_TENUE).with_for_update()
_FINIR = (
    update(_L)
    .where(*_TENUE)
    .values(
        **_TOUCHE,
        complete_le=bindparam("complete"),
        code_ft=bindparam("raison"),
        essais=bindparam("manquees"),
        reprendre_le=func.clock_timestamp() + bindparam("dans", type_=Interval()),
    )
)
_CONNUES = select(*_A.__table__.columns).where(
    siens(_A), _A.identifiant_ft == func.any(bindparam("identifiants", type_=ARRAY(Text)))
)
_RECONNUES = select(_P.numero_france_travail, _GARDEE.label("id")).where(
    siens(_P), _P.numero_france_travail == func.any(bindparam("numeros", type_=ARRAY(Text)))
)
_GARDEES = select(_P.id, _GARDEE.label("gardee")).where(
    siens(_P), _P.id == func.any(bindparam("personnes", type_=ARRAY(Uuid)))
)
_SITUATIONS = (
    select(_O.personne_id, _O.id, _O.statut, _D.cree_le)
    .outerjoin(_D, and_(_D.collectivite == _O.collectivite, _D.id == _O.decision_id))
    .where(
        siens(_O),
        _O.personne_id == func.any(bindparam("personnes", type_=ARRAY(Uuid))),
        _O.statut != StatutOrientation.CLOTUREE.value,
    )
)
_PRESENTES = (
    select(*_A.__table__.columns)
    .where(siens(_A), _A.disparue_le.is_(None), _A.id > bindparam("apres"))
    .order_by(_A.id)
    .limit(bindparam("limite"))
)
_REVUES = (
    update(_A)
    .where(siens(_A), _A.id == func.any(bindparam("activites", type_=ARRAY(Uuid))))
    # Two readings may overlap: the older one, when it ends, does not say less.
    .values(vue_le=func.greatest(_A.vue_le, bindparam("instant")))
)
_LIES = (
    "identifiant_ft",
    "code_activite",
    "cree_le",
    "modifie_le",
    "version",
    "collectivite",
    "id",
)
_CHANGER = (
    update(_A)
    .where(siens(_A), _A.id == bindparam("l_activite"), _A.version == bindparam("lue"))
    .values(
        version=_A.version + 1,
        modifie_le=text("now()"),
        **{
            colonne.name: bindparam(f"p_{colonne.name}", type_=colonne.type)
            for colonne in _A.__table__.columns
            if colonne.name not in (*_LIES, "vue_le")
        },
        vue_le=func.greatest(_A.vue_le, bindparam("p_vue_le")),
    )
    .returning(_A.version)
)
_AJOUTER = upsert(_A).on_conflict_do_nothing()
_ABSENTES = (
    select(_A.id)
    .where(
        siens(_A),
        _A.code_activite == bindparam("la_file"),
        _A.disparue_le.is_(None),
        _A.vue_le < bindparam("avant"),
    )
    .order_by(_A.id)
    .limit(bindparam("limite"))
)
_RETIRER = (
    update(_A)
    .where(siens(_A), _A.id.in_(_ABSENTES))
    .values(
        version=_A.version + 1,
        modifie_le=text("now()"),
        statut=StatutActiviteFranceTravail.DISPARUE.value,
        numero_scelle=None,
        disparue_le=bindparam("instant"),
    )
    .returning(_A.id, _A.version)
)
# Nothing waited for it when it was sent; now something does.
_REPRENDRE = (
    update(_E)
    .where(
        siens(_E),
        _E.decision_id.in_(
            select(_O.decision_id).where(
                siens(_O), _O.id == func.any(bindparam("orientations", type_=ARRAY(Uuid)))
            )
        ),
        _E.statut == StatutEnvoi.SANS_PRECONISATION.value,
    )
    .values(
        version=_E.version + 1,
        modifie_le=text("now()"),
        statut=StatutEnvoi.A_FAIRE.value,
        essais=0,
        reprendre_le=func.clock_timestamp(),
    )
)
_SELECT = (
    select(
        *_A.__table__.columns,
        _GARDEE.label("personne_id"),
        _O.decision_id,
        _E.statut.label("envoi"),
        _C.id.label("ecart_id"),
    )
    .outerjoin(_P, and_(_P.collectivite == _A.collectivite, _P.id == _A.reconnue_id))
    .outerjoin(_O, and_(_O.collectivite == _A.collectivite, _O.id == _A.orientation_id))
    .outerjoin(_E, and_(_E.collectivite == _O.collectivite, _E.decision_id == _O.decision_id))
    .outerjoin(
        _C,
        and_(
            _C.collectivite == _O.collectivite,
            _C.orientation_id == _O.id,
            _C.type.is_not(None),
        ),
    )
    .where(siens(_A))
)


async def prendre_lecture(tx: Transaction, code: CodeActivite) -> Row[Any] | None:
    """Take the reading of a queue, for the length of a lease; None: not yet, or another has it."""
    await tx.execute(_OUVRIR, {"code": code.value})
    return (await tx.execute(_PRENDRE, {"la_file": code.value, "bail": BAIL})).one_or_none()


async def tenir_lecture(tx: Transaction, lecture: Row[Any]) -> bool:
    """Hold the reading until the transaction ends; False: its lease ended, and another has it."""
    values = {"la_file": lecture.code, "prise": lecture.version}
    return (await tx.execute(_TENIR, values)).one_or_none() is not None


async def finir_lecture(
    tx: Transaction,
    lecture: Row[Any],
    *,
    complete_le: datetime | None,
    code: str | None = None,
    essais: int = 0,
    dans: timedelta,
) -> None:
    """Write how a reading ended, and when the next one is."""
    values = {
        "la_file": lecture.code,
        "prise": lecture.version,
        "complete": complete_le,
        "raison": code,
        "manquees": essais,
        "dans": dans,
    }
    await tx.execute(_FINIR, values)


async def connues(tx: Transaction, identifiants: Sequence[str]) -> dict[str, Row[Any]]:
    """Read what is kept of some tasks, by their own identifiers."""
    rows = (await tx.execute(_CONNUES, {"identifiants": list(identifiants)})).all()
    return {row.identifiant_ft: row for row in rows}


async def reconnaitre(tx: Transaction, numeros: Sequence[str]) -> dict[str, UUID]:
    """Whom of here each number is of: the one kept, where two were merged."""
    rows = (await tx.execute(_RECONNUES, {"numeros": list(numeros)})).all()
    return {row.numero_france_travail: row.id for row in rows}


async def presentes(tx: Transaction, apres: UUID, limite: int) -> Sequence[Row[Any]]:
    """Read some of the tasks that are in the queue."""
    return (await tx.execute(_PRESENTES, {"apres": apres, "limite": limite})).all()


async def gardees(tx: Transaction, personnes: Sequence[UUID]) -> dict[UUID, UUID]:
    """Who each person is now: another, where she was merged since."""
    rows = (await tx.execute(_GARDEES, {"personnes": list(personnes)})).all()
    return {row.id: row.gardee for row in rows}


async def situations(tx: Transaction, personnes: Sequence[UUID]) -> dict[UUID, Situation]:
    """What is open here for each person, be it nothing."""
    found: dict[UUID, dict[str, Any]] = {personne: {} for personne in personnes}
    for row in (await tx.execute(_SITUATIONS, {"personnes": list(found)})).all():
        if row.statut in _A_DECIDER:
            found[row.personne_id]["a_decider_id"] = row.id
        else:
            found[row.personne_id] |= {"decidee_id": row.id, "decidee_le": row.cree_le}
    return {personne: Situation(**une) for personne, une in found.items()}


async def revoir(tx: Transaction, activites: Sequence[UUID], instant: datetime) -> None:
    """Write that tasks are still there: that changes nothing of them."""
    if activites:
        await tx.execute(_REVUES, {"activites": list(activites), "instant": instant})


async def changer(tx: Transaction, row: Row[Any], valeurs: Mapping[str, Any]) -> int | None:
    """Rewrite a task as it is now; its version, or None if another rewrote it meanwhile."""
    nouvelles = {**row._mapping, **valeurs}
    parameters = {f"p_{nom}": valeur for nom, valeur in nouvelles.items() if nom not in _LIES}
    version: int | None = (
        await tx.execute(_CHANGER, {**parameters, "l_activite": row.id, "lue": row.version})
    ).scalar_one_or_none()
    return version


async def ajouter(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep tasks that were not known."""
    if rows:
        await tx.execute(_AJOUTER, rows)


async def retirer(
    tx: Transaction, code: str, *, avant: datetime, instant: datetime, limite: int
) -> Sequence[Row[Any]]:
    """Say gone some of the tasks not seen since a moment, and return them."""
    values = {"la_file": code, "avant": avant, "instant": instant, "limite": limite}
    return (await tx.execute(_RETIRER, values)).all()


async def reprendre_envois(tx: Transaction, orientations: Sequence[UUID | None]) -> None:
    """Send again the decisions that found no préconisation: one waits now."""
    if orientations:
        await tx.execute(_REPRENDRE, {"orientations": list(orientations)})


async def list_activites(
    tx: Transaction,
    page: PageDemandee,
    *,
    statuts: Sequence[StatutActiviteFranceTravail],
    codes: Sequence[str],
    date_echeance_min: date | None,
    date_echeance_max: date | None,
) -> Sequence[Row[Any]]:
    """Read a page of tasks, in some states or of some codes, between two days."""
    statement = _SELECT.where(entre(_A.date_echeance, date_echeance_min, date_echeance_max))
    if not statuts and not codes:
        return await paginer(tx, statement, _A, page)
    if statuts:
        tranches = par_tranches(
            statement.where(parmi(_A.code_activite, codes)), _A.statut, statuts, _A, page
        )
    else:
        tranches = par_tranches(statement, _A.code_activite, codes, _A, page)
    ensemble = tranches.subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)


async def read_activite(tx: Transaction, activite_id: UUID) -> Row[Any]:
    """Read one, be it gone.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _SELECT.where(_A.id == bindparam("id"))
    row = (await tx.execute(statement, {"id": activite_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row
