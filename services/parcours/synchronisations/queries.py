"""SQL of the readings of data·inclusion's catalogue: one at a time, and what each saw."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from services.parcours import tables
from shared.refus import Introuvable
from shared.schemas.parcours.synchronisations import StatutSynchronisation
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer

_S, _O = tables.SynchronisationDataInclusion, tables.Offre
_EN_COURS = StatutSynchronisation.EN_COURS.value
_TOUCHE_S = {"version": _S.version + 1, "modifie_le": text("now()")}
_SELECT = select(*_S.__table__.columns).where(siens(_S))
_DERNIERE = _SELECT.order_by(_S.cree_le.desc(), _S.id.desc()).limit(1)
_ABANDONNER = (
    update(_S)
    .where(siens(_S), _S.id == bindparam("la_sync"), _S.statut == _EN_COURS)
    .values(
        **_TOUCHE_S,
        statut=StatutSynchronisation.ECHOUEE.value,
        fin_le=bindparam("fin"),
        erreur="interrompue",
    )
    .returning(_S.id, _S.version)
)
# Two workers begin at once: the index lets one in.
_COMMENCER = (
    upsert(_S)
    .on_conflict_do_nothing(
        index_elements=["collectivite"], index_where=text("statut = 'en_cours'")
    )
    .returning(_S.id, _S.cree_le, _S.version)
)
_TENIR = (
    select(_S.id)
    .where(siens(_S), _S.id == bindparam("la_sync"), _S.statut == _EN_COURS)
    .with_for_update()
)
_VUES = (
    update(_O)
    .where(siens(_O), _O.id == func.any(bindparam("offres", type_=ARRAY(Uuid))))
    .values(vue_le=bindparam("debut"), absences=0)
)
_SUIVIES = (siens(_O), _O.vue_le.is_not(None), _O.date_retrait.is_(None))
_NON_VUES = (
    select(_O.id, _O.reference, _O.absences, _O.vue_le, _O.version)
    .where(*_SUIVIES, _O.vue_le < bindparam("debut"))
    .order_by(_O.id)
)
_COMPTE = select(func.count()).where(*_SUIVIES)
_ABSENTES = (
    update(_O).where(*_SUIVIES, _O.vue_le < bindparam("debut")).values(absences=_O.absences + 1)
)
_RETIRER = (
    update(_O)
    .where(
        *_SUIVIES,
        _O.id == func.any(bindparam("offres", type_=ARRAY(Uuid))),
        # Another reading may have seen it since it was looked for.
        _O.vue_le < bindparam("debut"),
    )
    .values(version=_O.version + 1, modifie_le=text("now()"), date_retrait=bindparam("jour"))
    .returning(_O.id, _O.version)
)


async def derniere(tx: Transaction) -> Row[Any] | None:
    """Read the last reading that began."""
    return (await tx.execute(_DERNIERE)).one_or_none()


async def abandonner(tx: Transaction, sync_id: UUID, fin: datetime) -> Row[Any] | None:
    """Say failed a reading that whoever began it does not go on with."""
    return (await tx.execute(_ABANDONNER, {"la_sync": sync_id, "fin": fin})).one_or_none()


async def commencer(tx: Transaction, debut: datetime) -> Row[Any] | None:
    """Begin a reading; None: another has begun one."""
    return (
        await tx.execute(_COMMENCER, {"id": new_id(), "statut": _EN_COURS, "cree_le": debut})
    ).one_or_none()


async def tenir(tx: Transaction, sync_id: UUID) -> bool:
    """Hold a reading until the transaction ends; False: it was said failed meanwhile."""
    return (await tx.execute(_TENIR, {"la_sync": sync_id})).one_or_none() is not None


async def finir(tx: Transaction, sync_id: UUID, values: Mapping[str, Any]) -> Row[Any]:
    """Write how a reading that is held ended."""
    statement = (
        update(_S)
        .where(siens(_S), _S.id == bindparam("la_sync"))
        .values({**_TOUCHE_S, **values})
        .returning(_S.id, _S.version)
    )
    return (await tx.execute(statement, {"la_sync": sync_id})).one()


async def voir(tx: Transaction, offres: Sequence[UUID], debut: datetime) -> None:
    """Write that offers were seen: that changes nothing of them."""
    if offres:
        await tx.execute(_VUES, {"offres": list(offres), "debut": debut})


async def suivies(tx: Transaction) -> int:
    """Count the offers that a reading has seen, and that are not gone."""
    found: int = (await tx.execute(_COMPTE)).scalar_one()
    return found


async def non_vues(tx: Transaction, debut: datetime) -> Sequence[Row[Any]]:
    """Read those that were seen before a reading, and not by it."""
    return (await tx.execute(_NON_VUES, {"debut": debut})).all()


async def compter_absentes(tx: Transaction, debut: datetime) -> int:
    """Count one more absence for each; return how many."""
    return (await tx.execute(_ABSENTES, {"debut": debut})).rowcount


async def retirer(
    tx: Transaction, offres: Sequence[UUID], debut: datetime, jour: date
) -> Sequence[Row[Any]]:
    """Say gone some of the offers not seen; return those that are."""
    values = {"offres": list(offres), "debut": debut, "jour": jour}
    return (await tx.execute(_RETIRER, values)).all()


async def list_synchronisations(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of readings."""
    return await paginer(tx, _SELECT, _S, page)


async def read_synchronisation(tx: Transaction, sync_id: UUID) -> Row[Any]:
    """Read one.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _SELECT.where(_S.id == bindparam("p_id"))
    row = (await tx.execute(statement, {"p_id": sync_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row
