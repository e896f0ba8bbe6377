"""SQL of the séances and of who is in them: two sets of tables, ordinary and health."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Row,
    and_,
    bindparam,
    cast,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql

from services.parcours import tables
from services.parcours.freins.rules import SANTE
from services.parcours.seances.rules import InscriptionExistante
from shared.refus import Introuvable
from shared.schemas.parcours.offres import Inscription, Seance, StatutInscription
from shared.schemas.parcours.prescriptions import StatutPrescription
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer

_S, _F = tables.Seance, tables.OffreFrein
_I = tables.INSCRIPTIONS
_P = {volet.sante: volet.prescription for volet in tables.VOLETS[True]}
_VISIBLES = {False: (False,), True: (False, True)}  # by whether health may be seen
_MAINTENANT = bindparam("p_maintenant", type_=_S.debut_le.type)


def _sante(sante: bool) -> Any:
    return literal_column("true" if sante else "false", Boolean).label("sante")


def _prises(sante: bool) -> Any:
    """How many hold a place: who came or should have, and whose prescription still stands."""
    inscription, prescription = _I[sante], _P[sante]
    tient = or_(
        prescription.statut.in_(
            [StatutPrescription.CONFIRMEE.value, StatutPrescription.TERMINEE.value]
        ),
        and_(
            prescription.statut.in_(
                [StatutPrescription.RESERVEE.value, StatutPrescription.ACCEPTEE.value]
            ),
            prescription.expire_le > _MAINTENANT,
        ),
    )
    return (
        select(func.count())
        .select_from(inscription)
        .join(
            prescription,
            (prescription.collectivite == inscription.collectivite)
            & (prescription.id == inscription.prescription_id),
        )
        .where(
            siens(inscription),
            inscription.seance_id == _S.id,
            or_(
                inscription.statut.in_(
                    [StatutInscription.PRESENT.value, StatutInscription.ABSENT.value]
                ),
                and_(inscription.statut == StatutInscription.INSCRIT.value, tient),
            ),
        )
        .correlate(_S)
        .scalar_subquery()
    )


# Both sets take places; whether a reader may be told how many is for who renders.
_COMPTE = cast(_prises(False) + _prises(True), BigInteger).label("prises")
_SENSIBLE = (
    exists()
    .where(siens(_F), _F.offre_id == _S.offre_id, _F.code.in_([code.value for code in SANTE]))
    .label("sensible")
)
_SELECT = select(*_S.__table__.columns, _COMPTE, _SENSIBLE).where(siens(_S))
_BY_ID = _SELECT.where(_S.id == bindparam("p_id"))
# The row first, alone: what it counts must be read once it is held, or twins see one last place.
_GATE = select(_S.id).where(siens(_S), _S.id == bindparam("p_id")).with_for_update()
_DE_L_OFFRE = _SELECT.where(_S.offre_id == bindparam("p_offre_id"))
_INSERT_SEANCE = insert(_S)
_INSCRIRE = {
    sante: postgresql.insert(table)
    .on_conflict_do_nothing(index_elements=["collectivite", "seance_id", "prescription_id"])
    .returning(*table.__table__.columns, _sante(sante))
    for sante, table in _I.items()
}
_UNE = {
    sante: select(*table.__table__.columns, _sante(sante)).where(
        siens(table), table.id == bindparam("p_id")
    )
    for sante, table in _I.items()
}
_READ = {
    connue: union_all(*(_UNE[sante] for sante in volets)) for connue, volets in _VISIBLES.items()
}
_LIST = {
    connue: union_all(
        *(select(*_I[sante].__table__.columns, _sante(sante)) for sante in volets)
    ).subquery("inscriptions")
    for connue, volets in _VISIBLES.items()
}
_EMARGER = {
    sante: update(table)
    .where(siens(table), table.id == bindparam("p_id"))
    .values(
        statut=bindparam("p_statut"),
        client_id=bindparam("p_client_id"),
        version=table.version + 1,
        modifie_le=func.now(),
    )
    .returning(*table.__table__.columns, _sante(sante))
    for sante, table in _I.items()
}


async def read_seance(tx: Transaction, seance_id: UUID, maintenant: datetime) -> Row[Any]:
    """Read one séance, and how many hold a place of it.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": seance_id, "p_maintenant": maintenant})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_seance(tx: Transaction, seance_id: UUID, maintenant: datetime) -> Row[Any]:
    """Hold a séance until the transaction ends, then read it and who holds a place of it.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    if (await tx.execute(_GATE, {"p_id": seance_id})).one_or_none() is None:
        raise Introuvable
    return await read_seance(tx, seance_id, maintenant)


async def list_seances(
    tx: Transaction, page: PageDemandee, offre_id: UUID, maintenant: datetime
) -> Sequence[Row[Any]]:
    """Read a page of the séances of an offer."""
    values = {"p_offre_id": offre_id, "p_maintenant": maintenant}
    return await paginer(tx, _DE_L_OFFRE, _S, page, values)


async def store_seance(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert a séance."""
    await tx.execute(_INSERT_SEANCE, values)


async def store_inscription(tx: Transaction, values: Mapping[str, Any], *, sante: bool) -> Row[Any]:
    """Insert an inscription into a séance that is held.

    Raises:
        InscriptionExistante: the prescription is in it.
    """
    row = (await tx.execute(_INSCRIRE[sante], values)).one_or_none()
    if row is None:
        raise InscriptionExistante
    return row


async def read_inscription(tx: Transaction, inscription_id: UUID, *, sante: bool) -> Row[Any]:
    """Read one inscription; those for a frein of health only if they may be known.

    Raises:
        Introuvable: none that may be known has this id.
    """
    row = (await tx.execute(_READ[sante], {"p_id": inscription_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_inscriptions(
    tx: Transaction, page: PageDemandee, seance_id: UUID, *, sante: bool
) -> Sequence[Row[Any]]:
    """Read a page of who is in a séance."""
    table: Any = _LIST[sante].c
    statement = select(*table).where(siens(table), table.seance_id == bindparam("p_seance_id"))
    return await paginer(tx, statement, table, page, {"p_seance_id": seance_id})


async def update_statut(
    tx: Transaction, inscription: Row[Any], statut: StatutInscription
) -> Row[Any]:
    """Write what the sheet says of an inscription whose séance is held."""
    values = {
        "p_id": inscription.id,
        "p_statut": statut.value,
        "p_client_id": tx.acces.auteur,
    }
    return (await tx.execute(_EMARGER[inscription.sante], values)).one()


def render(row: Row[Any], *, sante: bool) -> Seance:
    """Make the contract of a row; how many are left may tell of health, and then is not told."""
    reste = None if row.sensible and not sante else max(0, row.places - row.prises)
    return Seance.model_validate({**row._mapping, "places_disponibles": reste})


def render_inscription(row: Row[Any]) -> Inscription:
    """Make the contract of an inscription."""
    return Inscription.model_validate(row, from_attributes=True)
