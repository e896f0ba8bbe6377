"""SQL of the conventions of immersion-facile, and of where their reading stands."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, Row, bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.parcours import tables
from shared.refus import Introuvable
from shared.schemas.commun import Operation
from shared.schemas.parcours.immersions import ConventionImmersion, EtatConvention
from shared.socle.db import Transaction, siens
from shared.socle.evenements import Fait, publier
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer, par_tranches, parmi

IDENTITE = "convention_immersion.identite"
# Longer than a whole reading: nine calls, each bounded by two minutes.
BAIL = timedelta(minutes=20)
_C, _L = tables.ConventionImmersion, tables.LectureImmersions
_E, _T = tables.Employeur, tables.Parcours

_SELECT = select(*_C.__table__.columns).where(siens(_C))
_BY_ID = _SELECT.where(_C.id == bindparam("p_id"))
_CONNUES = (
    _SELECT.where(_C.convention_id.in_(bindparam("p_conventions", expanding=True)))
    .order_by(_C.id)
    .with_for_update()
)
_PARTAGEES = (
    _SELECT.where(
        _C.emploi_id == bindparam("p_emploi_id"),
        _C.id != bindparam("p_sauf"),
        _C.etat == EtatConvention.RATTACHEE.value,
    )
    .order_by(_C.id)
    .with_for_update()
)
_A_TRAITER = (
    _SELECT.where(_C.etat == EtatConvention.A_TRAITER.value)
    .order_by(_C.cree_le, _C.id)
    .limit(bindparam("p_lot"))
)
_INSERT = insert(_C).on_conflict_do_nothing().returning(_C.id, _C.version)
_UPDATE = (
    update(_C)
    .where(siens(_C), _C.id == bindparam("p_id"))
    .values(version=_C.version + 1, modifie_le=func.now())
    .returning(*_C.__table__.columns)
)
_PURGER = (
    delete(_C)
    .where(siens(_C), _C.date_fin < bindparam("p_avant"), _C.parcours_id.is_(None))
    .returning(_C.id, _C.version)
)
_EMPLOYEUR = select(_E.id).where(siens(_E), _E.siret == bindparam("p_siret"))
_PARCOURS = select(_T.id).where(
    siens(_T), _T.personne_id == bindparam("p_personne_id"), _T.statut == "ouvert"
)
_OUVRIR = insert(_L).values(
    reprendre_le=func.clock_timestamp() + bindparam("bail", type_=Interval()),
    essais=1,
    illisibles=0,
)
_PRENDRE = _OUVRIR.on_conflict_do_update(
    index_elements=[_L.collectivite],
    set_={"reprendre_le": _OUVRIR.excluded.reprendre_le, "essais": _L.essais + 1},
    where=_L.reprendre_le <= func.clock_timestamp(),
).returning(_L.essais)
_FINIR = (
    update(_L)
    .where(siens(_L))
    .values(reprendre_le=func.clock_timestamp() + bindparam("dans", type_=Interval()))
)
_LECTURE = select(_L.lue_le, _L.code, _L.illisibles).where(siens(_L))
_BILAN = text(
    "SELECT count(*) FILTER (WHERE etat = 'personne_inconnue') AS personnes_inconnues,"
    " count(*) FILTER (WHERE etat = 'employeur_inconnu') AS employeurs_inconnus,"
    " count(*) FILTER (WHERE etat = 'hors_bornes') AS hors_bornes"
    " FROM convention_immersion WHERE collectivite = :collectivite"
    " AND etat IN ('personne_inconnue', 'employeur_inconnu', 'hors_bornes')"
)


async def take_lecture(tx: Transaction) -> int | None:
    """Take the reading that is due, for the length of a lease; the number of this attempt."""
    found: int | None = (await tx.execute(_PRENDRE, {"bail": BAIL})).scalar_one_or_none()
    return found


async def end_lecture(
    tx: Transaction,
    dans: timedelta,
    *,
    code: str | None = None,
    lue_le: datetime | None = None,
    illisibles: int = 0,
) -> None:
    """Write what came of a reading, and when the next is due."""
    values: dict[str, Any] = {"code": code}
    if lue_le is not None:
        values |= {"lue_le": lue_le, "essais": 0, "illisibles": illisibles}
    await tx.execute(_FINIR.values(**values), {"dans": dans})


async def lock_connues(tx: Transaction, conventions: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """Read those of these conventions that are known, and hold them."""
    rows = await tx.execute(_CONNUES, {"p_conventions": conventions})
    return {row.convention_id: row for row in rows}


async def store_convention(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert a convention, and tell it."""
    row = (await tx.execute(_INSERT, {"id": new_id(), **values})).one_or_none()
    if row is not None:
        await publier(tx, _fait("recue", row, Operation.CREATION))


async def update_convention(
    tx: Transaction, convention_id: UUID, values: Mapping[str, Any]
) -> Row[Any]:
    """Write what changes of a held convention, and tell it."""
    row = (await tx.execute(_UPDATE.values(**values), {"p_id": convention_id})).one()
    await publier(tx, _fait("modifiee", row, Operation.MODIFICATION))
    return row


async def list_a_traiter(tx: Transaction, lot: int) -> Sequence[Row[Any]]:
    """Read the first conventions that wait."""
    return (await tx.execute(_A_TRAITER, {"p_lot": lot})).all()


async def lock_convention(tx: Transaction, convention_id: UUID) -> Row[Any]:
    """Read one, and hold its row until the transaction ends.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    return await _read(tx, _BY_ID.with_for_update(), convention_id)


async def lock_partagees(tx: Transaction, emploi_id: UUID, sauf: UUID) -> Sequence[Row[Any]]:
    """Read the other conventions of a mise en situation that hold still, and hold them."""
    values = {"p_emploi_id": emploi_id, "p_sauf": sauf}
    return (await tx.execute(_PARTAGEES, values)).all()


async def read_convention(tx: Transaction, convention_id: UUID) -> Row[Any]:
    """Read one.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    return await _read(tx, _BY_ID, convention_id)


async def list_conventions(
    tx: Transaction,
    page: PageDemandee,
    *,
    etats: Sequence[EtatConvention],
    parcours: Sequence[UUID],
) -> Sequence[Row[Any]]:
    """Read a page, of some states and parcours or of all."""
    if parcours:
        statement = _SELECT.where(parmi(_C.etat, etats))
        tranches = par_tranches(statement, _C.parcours_id, parcours, _C, page)
    else:
        tranches = par_tranches(_SELECT, _C.etat, etats, _C, page)
    ensemble = tranches.subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)


async def read_bilan(tx: Transaction) -> dict[str, Any]:
    """Count what asks for a look, and tell where the reading stands."""
    lecture = (await tx.execute(_LECTURE)).one_or_none()
    jamais = {"lue_le": None, "code": None, "illisibles": 0}
    comptes = (await tx.execute(_BILAN)).one()
    return {**(lecture._mapping if lecture else jamais), **comptes._mapping}


async def find_employeur(tx: Transaction, siret: str) -> UUID | None:
    """Find an employer by its SIRET."""
    found: UUID | None = (await tx.execute(_EMPLOYEUR, {"p_siret": siret})).scalar_one_or_none()
    return found


async def find_parcours(tx: Transaction, personne_id: UUID) -> UUID | None:
    """Find the open parcours of a person."""
    found: UUID | None = (
        await tx.execute(_PARCOURS, {"p_personne_id": personne_id})
    ).scalar_one_or_none()
    return found


async def purge(tx: Transaction, avant: date) -> None:
    """Forget the conventions of nobody known that ended before a day."""
    rows = (await tx.execute(_PURGER, {"p_avant": avant})).all()
    await publier(tx, *(_fait("effacee", row, Operation.EFFACEMENT) for row in rows))


def render(row: Row[Any]) -> ConventionImmersion:
    """Make the contract of a row: neither the identity nor its digest is in it."""
    return ConventionImmersion.model_validate(row, from_attributes=True)


async def _read(tx: Transaction, statement: Any, convention_id: UUID) -> Row[Any]:
    row: Row[Any] | None = (await tx.execute(statement, {"p_id": convention_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


def _fait(nom: str, row: Row[Any], operation: Operation) -> Fait:
    return Fait(
        f"parcours.convention_immersion.{nom}",
        "conventions-immersion",
        row.id,
        row.version,
        operation,
    )
