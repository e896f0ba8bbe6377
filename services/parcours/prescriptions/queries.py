"""SQL of the prescriptions: the same statements on two sets of tables, ordinary and health."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Row,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from services.parcours import tables
from services.parcours.prescriptions.rules import EN_ATTENTE, statut_a
from services.parcours.tables import Volet
from shared.refus import Introuvable
from shared.schemas.parcours.prescriptions import (
    FinPrescriptionCreation,
    Prescription,
    StatutPrescription,
)
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, parmi


def _sante(volet: Volet) -> Any:
    return literal_column("true" if volet.sante else "false", Boolean).label("sante")


def _tous(volets: Sequence[Volet]) -> Any:
    """The prescriptions of the volets as one table, whose reader says whose it wants (`siens`).

    A filter inside would keep the planner from merging their indexes in order.
    """
    return union_all(
        *(select(*volet.prescription.__table__.columns, _sante(volet)) for volet in volets)
    ).subquery("prescriptions")


_LIST = {connue: _tous(volets) for connue, volets in tables.VOLETS.items()}
_READ = {
    connue: select(t).where(siens(t.c), t.c.id == bindparam("p_id")) for connue, t in _LIST.items()
}
_INSERT = {
    volet.sante: insert(volet.prescription).returning(
        *volet.prescription.__table__.columns, _sante(volet)
    )
    for volet in tables.VOLETS[True]
}
_LOCK = {
    volet.sante: select(*volet.prescription.__table__.columns, _sante(volet))
    .where(siens(volet.prescription), volet.prescription.id == bindparam("p_id"))
    .with_for_update()
    for volet in tables.VOLETS[True]
}
_BY_ID = {
    volet.sante: update(volet.prescription)
    .where(siens(volet.prescription), volet.prescription.id == bindparam("p_id"))
    .values(
        statut=bindparam("p_statut"), version=volet.prescription.version + 1, modifie_le=func.now()
    )
    .returning(*volet.prescription.__table__.columns, _sante(volet))
    for volet in tables.VOLETS[True]
}
_RESOLVE = {
    volet.sante: _BY_ID[volet.sante]
    .where(volet.prescription.statut.in_([statut.value for statut in EN_ATTENTE]))
    .values(
        montant_centimes=bindparam("p_montant_centimes"),
        engagement_id=bindparam("p_engagement_id"),
        confirmee_le=bindparam("p_confirmee_le"),
        motif_annulation=bindparam("p_motif_annulation"),
        motif_refus=bindparam("p_motif_refus"),
    )
    for volet in tables.VOLETS[True]
}
_ACCEPT = {
    volet.sante: _BY_ID[volet.sante].values(acceptee_le=bindparam("p_acceptee_le"))
    for volet in tables.VOLETS[True]
}
_END = {
    volet.sante: _BY_ID[volet.sante].values(
        date_fin=bindparam("p_date_fin"),
        effet_frein=bindparam("p_effet_frein"),
        # A confirmation older than the column is known since the row last changed, until now.
        confirmee_le=func.coalesce(volet.prescription.confirmee_le, volet.prescription.modifie_le),
    )
    for volet in tables.VOLETS[True]
}


async def read_prescription(tx: Transaction, prescription_id: UUID, *, sante: bool) -> Row[Any]:
    """Read one prescription; those for a frein of health only if they may be known.

    Raises:
        Introuvable: none that may be known has this id.
    """
    row = (await tx.execute(_READ[sante], {"p_id": prescription_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_prescription(tx: Transaction, prescription_id: UUID, *, sante: bool) -> Row[Any]:
    """Read one prescription and hold its row until the transaction ends.

    Raises:
        Introuvable: none that may be known has this id.
    """
    for volet in tables.VOLETS[sante]:
        row = (await tx.execute(_LOCK[volet.sante], {"p_id": prescription_id})).one_or_none()
        if row is not None:
            return row
    raise Introuvable


async def list_prescriptions(
    tx: Transaction,
    page: PageDemandee,
    *,
    sante: bool,
    parcours: Sequence[UUID],
    freins: Sequence[UUID],
    statuts: Sequence[StatutPrescription],
    maintenant: datetime,
) -> Sequence[Row[Any]]:
    """Read a page of prescriptions, in the states that they have as of now."""
    table = _LIST[sante].c
    statement = select(*table).where(
        siens(table), parmi(table.parcours_id, parcours), parmi(table.frein_id, freins)
    )
    parameters: dict[str, Any] = {}
    if statuts:
        statement = statement.where(or_(*(_shown(table, statut) for statut in statuts)))
        if {*EN_ATTENTE, StatutPrescription.EXPIREE} & set(statuts):
            parameters["p_maintenant"] = maintenant
    return await paginer(tx, statement, table, page, parameters)


async def store_prescription(
    tx: Transaction, values: Mapping[str, Any], *, sante: bool
) -> Row[Any]:
    """Insert a prescription; a reservation belongs to one."""
    return (await tx.execute(_INSERT[sante], values)).one()


async def resolve_prescription(
    tx: Transaction,
    prescription: Row[Any],
    statut: StatutPrescription,
    *,
    montant_centimes: int,
    engagement_id: UUID | None,
    motif: str | None,
    motif_refus: str | None,
    confirmee_le: datetime | None,
) -> Row[Any] | None:
    """Write how a reservation ended; nothing if that was written since it was read."""
    values = {
        "p_id": prescription.id,
        "p_statut": statut.value,
        "p_montant_centimes": montant_centimes,
        "p_engagement_id": engagement_id,
        "p_confirmee_le": confirmee_le,
        "p_motif_annulation": motif,
        "p_motif_refus": motif_refus,
    }
    return (await tx.execute(_RESOLVE[prescription.sante], values)).one_or_none()


async def accept_prescription(
    tx: Transaction, prescription: Row[Any], acceptee_le: datetime
) -> Row[Any]:
    """Write that the organisme takes the person of a locked prescription."""
    values = {
        "p_id": prescription.id,
        "p_statut": StatutPrescription.ACCEPTEE.value,
        "p_acceptee_le": acceptee_le,
    }
    return (await tx.execute(_ACCEPT[prescription.sante], values)).one()


async def end_prescription(
    tx: Transaction, prescription: Row[Any], demande: FinPrescriptionCreation
) -> Row[Any]:
    """Write how what a locked prescription began came to its end."""
    effet = demande.effet_frein
    values = {
        "p_id": prescription.id,
        "p_statut": demande.issue.value,
        "p_date_fin": demande.date_fin,
        "p_effet_frein": None if effet is None else effet.value,
    }
    return (await tx.execute(_END[prescription.sante], values)).one()


def render(row: Row[Any], maintenant: datetime) -> Prescription:
    """Make the contract of a row, as of an instant."""
    return Prescription.model_validate(
        {**row._mapping, "statut": statut_a(row.statut, row.expire_le, maintenant)}
    )


def _shown(table: Any, statut: StatutPrescription) -> ColumnElement[bool]:
    maintenant: BindParameter[datetime] = bindparam("p_maintenant")
    match statut:
        case StatutPrescription.RESERVEE | StatutPrescription.ACCEPTEE:
            return and_(table.statut == statut.value, table.expire_le > maintenant)
        case StatutPrescription.EXPIREE:
            attendent = [one.value for one in EN_ATTENTE]
            return and_(table.statut.in_(attendent), table.expire_le <= maintenant)
        case _:
            return table.statut == statut.value  # type: ignore[no-any-return]
