"""SQL of the welcome: sessions, who is convened to them, and what came of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CompoundSelect,
    Row,
    bindparam,
    func,
    insert,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError

from services.orientation import tables
from services.orientation.accueils.rules import ETAPES, PremierAccueil, Relance
from shared.refus import Erreur, Introuvable, Refus, Validation
from shared.schemas.orientation.accueils import (
    PresenceAccueil,
    StatutAccueil,
    StatutConvocation,
    TypeAccueil,
)
from shared.socle.db import Transaction, exige_version, siens
from shared.socle.modification import update_version
from shared.socle.pages import PageDemandee, entre, paginer, par_tranches, parmi

_A, _C = tables.Accueil, tables.Convocation
_PRESENCE, _DISPENSE, _CONTACT = tables.Presence, tables.Dispense, tables.Contact

_PRISES = (
    select(func.count())
    .select_from(_C)
    .where(siens(_C), _C.accueil_id == _A.id)
    .scalar_subquery()
    .label("places_prises")
)
_ACCUEIL = select(*_A.__table__.columns, _PRISES).where(siens(_A))
_ACCUEIL_BY_ID = _ACCUEIL.where(_A.id == bindparam("id"))
# The places are counted by another statement, once the row is held: a count in this one would be
# of before the wait.
_LOCK_ACCUEIL = select(_A.id).where(siens(_A), _A.id == bindparam("id")).with_for_update()
_INSERT_ACCUEIL = insert(_A).returning(*_A.__table__.columns)

_CONVOCATION = select(*_C.__table__.columns).where(siens(_C))
_CONVOCATION_BY_ID = _CONVOCATION.where(_C.id == bindparam("id"))
_INSERT_CONVOCATION = insert(_C).returning(*_C.__table__.columns)
_EN_COURS = select(_C.id).where(
    siens(_C),
    _C.personne_id == bindparam("personne"),
    or_(
        _C.accueil_id == bindparam("accueil"),
        (_C.type == bindparam("type_accueil"))
        & _C.type.in_([etape.value for etape in ETAPES])
        & (_C.statut == StatutConvocation.ENVOYEE.value),
    ),
)
_DEJA: CompoundSelect[*tuple[Any, ...]] = union_all(
    select(_C.type, func.min(_A.fin_le).label("fin_le"))
    .join(_A, (_A.collectivite == _C.collectivite) & (_A.id == _C.accueil_id))
    .where(
        siens(_C),
        _C.personne_id == bindparam("personne"),
        _C.presence == PresenceAccueil.PRESENTE.value,
    )
    .group_by(_C.type),
    select(_DISPENSE.type, null()).where(
        siens(_DISPENSE), _DISPENSE.personne_id == bindparam("personne")
    ),
)
_TOUCH = {"version": _C.version + 1, "modifie_le": func.now()}
_RELANCER = (
    update(_C)
    .where(
        siens(_C),
        _C.personne_id == bindparam("la_personne"),
        _C.type == bindparam("le_type"),
        _C.statut == StatutConvocation.A_RELANCER.value,
    )
    .values(**_TOUCH, statut=StatutConvocation.RELANCEE.value)
    .returning(_C.id, _C.version, _C.rang_relance, _C.presence, _C.cree_le)
)
_LIBERER = (
    update(_C)
    .where(siens(_C), _C.accueil_id == bindparam("la_seance"))
    .values(**_TOUCH, statut=StatutConvocation.A_RELANCER.value)
    .returning(_C.id, _C.version)
)
_CONSTATER = (
    update(_C)
    .where(siens(_C), _C.id == bindparam("la"))
    .values(**_TOUCH, statut=bindparam("nouveau"), presence=bindparam("constatee"))
    .returning(*_C.__table__.columns)
)
_TENIR = (
    update(_A)
    .where(
        siens(_A),
        _A.id == bindparam("la"),
        _A.statut == StatutAccueil.PROGRAMME.value,
    )
    .values(version=_A.version + 1, modifie_le=func.now(), statut=StatutAccueil.TENU.value)
    .returning(_A.version)
)
_CONVOQUES = select(_C.personne_id).where(siens(_C), _C.accueil_id == bindparam("accueil"))


class ConvocationEnCours(Refus):
    """The person is convened already: to this session, or to another of the same step."""

    code = "reference-externe-existante"
    detail = "La personne est deja convoquee."


async def store_accueil(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a session.

    Raises:
        Validation: its organisme is unknown here.
    """
    try:
        return (await tx.execute(_INSERT_ACCUEIL, values)).one()
    except IntegrityError:
        message = "Organisme referent inconnu"
        raise Validation([Erreur("/organisme_referent_id", "hors-bornes", message)]) from None


async def read_accueil(tx: Transaction, accueil_id: UUID) -> Row[Any]:
    """Read one session and how many are convened to it.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_ACCUEIL_BY_ID, {"id": accueil_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_accueil(tx: Transaction, accueil_id: UUID) -> Row[Any]:
    """Read one session, and hold its row until the transaction ends.

    Two convocations to one session must queue: without the lock both would see the last place,
    and both would take it.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    await tx.execute(_LOCK_ACCUEIL, {"id": accueil_id})
    return await read_accueil(tx, accueil_id)


async def update_accueil(
    tx: Transaction, accueil_id: UUID, version: int, valeurs: dict[str, Any]
) -> Row[Any]:
    """Write the next version of a session.

    Raises:
        VersionDepassee: another came first.
    """
    await update_version(tx, _A, _A.id == accueil_id, version, valeurs)
    return await read_accueil(tx, accueil_id)


async def list_accueils(
    tx: Transaction,
    page: PageDemandee,
    types: Sequence[TypeAccueil],
    communes: Sequence[str],
    *,
    debut_le_min: datetime | None,
    debut_le_max: datetime | None,
) -> Sequence[Row[Any]]:
    """Read a page of sessions, of some types and communes or of all, beginning between two."""
    statement = _ACCUEIL.where(entre(_A.debut_le, debut_le_min, debut_le_max))
    if communes:
        statement = statement.where(parmi(_A.type, types))
        tranches = par_tranches(statement, _A.code_commune, communes, _A, page)
    else:
        tranches = par_tranches(statement, _A.type, types, _A, page)
    ensemble = tranches.subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)


async def cancel_convocations(tx: Transaction, accueil_id: UUID) -> Sequence[Row[Any]]:
    """Leave those convened to a cancelled session to be invited again: ids and versions."""
    return (await tx.execute(_LIBERER, {"la_seance": accueil_id})).all()


async def list_convoques(tx: Transaction, accueil_id: UUID) -> Sequence[UUID]:
    """Read who is convened to a session."""
    return (await tx.execute(_CONVOQUES, {"accueil": accueil_id})).scalars().all()


async def premier_accueil(tx: Transaction, personne_id: UUID) -> PremierAccueil:
    """Read what a person has attended, and what they are dispensed from."""
    rows = (await tx.execute(_DEJA, {"personne": personne_id})).all()
    return PremierAccueil(
        suivis={TypeAccueil(row.type): row.fin_le for row in rows if row.fin_le is not None},
        dispenses={TypeAccueil(row.type) for row in rows if row.fin_le is None},
    )


async def exige_libre(tx: Transaction, personne_id: UUID, accueil: Row[Any]) -> None:
    """Refuse a person convened already, to this session or to an open one of the same step.

    Raises:
        ConvocationEnCours: with the convocation.
    """
    keys = {"personne": personne_id, "accueil": accueil.id, "type_accueil": accueil.type}
    known = (await tx.execute(_EN_COURS, keys)).scalars().first()
    if known is not None:
        raise ConvocationEnCours(id=str(known))


async def relancer(
    tx: Transaction, personne_id: UUID, type_: str
) -> tuple[Relance | None, Sequence[Row[Any]]]:
    """Mark what a new convocation follows; return the last one, and all that changed."""
    keys = {"la_personne": personne_id, "le_type": type_}
    rows = (await tx.execute(_RELANCER, keys)).all()
    last = max(rows, key=lambda row: (row.cree_le, row.id), default=None)
    if last is None:
        return None, rows
    presence = None if last.presence is None else PresenceAccueil(last.presence)
    return Relance(last.id, last.rang_relance, presence), rows


async def store_convocation(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a convocation."""
    return (await tx.execute(_INSERT_CONVOCATION, values)).one()


async def read_convocation(tx: Transaction, convocation_id: UUID) -> Row[Any]:
    """Read one convocation.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_CONVOCATION_BY_ID, {"id": convocation_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_convocation(
    tx: Transaction, convocation_id: UUID, version: int
) -> tuple[Row[Any], Row[Any]]:
    """Read a convocation and its session, and hold the session, then the convocation.

    Raises:
        Introuvable: none of this collectivité has this id.
        VersionDepassee: it changed since the caller read it.
    """
    accueil_id = (await read_convocation(tx, convocation_id)).accueil_id
    accueil = await lock_accueil(tx, accueil_id)
    row = (await tx.execute(_CONVOCATION_BY_ID.with_for_update(), {"id": convocation_id})).one()
    exige_version(row.version, version)
    return accueil, row


async def list_convocations(
    tx: Transaction,
    page: PageDemandee,
    *,
    accueils: Sequence[UUID],
    personnes: Sequence[UUID],
    statuts: Sequence[StatutConvocation],
) -> Sequence[Row[Any]]:
    """Read a page of convocations, of some sessions, persons and states or of all."""
    statement = _CONVOCATION.where(
        parmi(_C.accueil_id, accueils),
        parmi(_C.personne_id, personnes),
    )
    ensemble = par_tranches(statement, _C.statut, statuts, _C, page).subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)


async def store_presence(
    tx: Transaction, presence: Mapping[str, Any], statut: StatutConvocation
) -> Row[Any]:
    """Add a statement, and return the convocation that it changes."""
    await tx.add(_PRESENCE, presence)
    changed = {
        "la": presence["convocation_id"],
        "nouveau": statut.value,
        "constatee": presence["presence"],
    }
    return (await tx.execute(_CONSTATER, changed)).one()


async def hold_accueil(tx: Transaction, accueil_id: UUID) -> int | None:
    """Say that a session was held; its new version, the first time."""
    version: int | None = (await tx.execute(_TENIR, {"la": accueil_id})).scalar_one_or_none()
    return version


async def list_presences(
    tx: Transaction, page: PageDemandee, convocation_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of the statements of a convocation."""
    statement = select(*_PRESENCE.__table__.columns).where(
        siens(_PRESENCE), _PRESENCE.convocation_id == convocation_id
    )
    return await paginer(tx, statement, _PRESENCE, page)


async def store_dispense(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a dispensation.

    Raises:
        Introuvable: no such person here.
    """
    return await _store_de_personne(tx, _DISPENSE, values)


async def read_dispense(tx: Transaction, personne_id: UUID, dispense_id: UUID) -> Row[Any]:
    """Read one dispensation of a person.

    Raises:
        Introuvable: the person has none of this id.
    """
    statement = _dispenses(personne_id).where(_DISPENSE.id == dispense_id)
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_dispenses(
    tx: Transaction, page: PageDemandee, personne_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of the dispensations of a person."""
    return await paginer(tx, _dispenses(personne_id), _DISPENSE, page)


def _dispenses(personne_id: UUID) -> Any:
    return select(*_DISPENSE.__table__.columns).where(
        siens(_DISPENSE), _DISPENSE.personne_id == personne_id
    )


async def store_contact(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a first contact.

    Raises:
        Introuvable: no such person here.
    """
    return await _store_de_personne(tx, _CONTACT, values)


async def read_contact(tx: Transaction, contact_id: UUID) -> Row[Any]:
    """Read one first contact.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = select(*_CONTACT.__table__.columns).where(
        siens(_CONTACT), _CONTACT.id == contact_id
    )
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_contacts(
    tx: Transaction, page: PageDemandee, *, date_contact_min: Any, date_contact_max: Any
) -> Sequence[Row[Any]]:
    """Read a page of first contacts, between two days."""
    statement = select(*_CONTACT.__table__.columns).where(
        siens(_CONTACT), entre(_CONTACT.date_contact, date_contact_min, date_contact_max)
    )
    return await paginer(tx, statement, _CONTACT, page)


async def _store_de_personne(tx: Transaction, table: Any, values: Mapping[str, Any]) -> Row[Any]:
    try:
        return (await tx.execute(insert(table).returning(*table.__table__.columns), values)).one()
    except IntegrityError:
        raise Introuvable from None
