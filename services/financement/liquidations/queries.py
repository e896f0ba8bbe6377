"""SQL of the liquidations, of their pieces, and of the thresholds of certification."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Row,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    insert,
    null,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, array
from sqlalchemy.exc import IntegrityError

from services.financement import tables
from services.financement.liquidations.rules import LiquidationVoisine, SeuilExistant
from shared.refus import Introuvable
from shared.schemas.financement.enveloppes import Financeur
from shared.schemas.financement.liquidations import Liquidation, StatutLiquidation
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, parmi

_T, _P, _J = tables.Liquidation, tables.LiquidationPiece, tables.Justificatif
_G, _V, _S = tables.Engagement, tables.Enveloppe, tables.SeuilCertification
_PIECES = (
    select(
        func.coalesce(
            func.array_agg(aggregate_order_by(_J.sha256, _J.id)), cast(array([]), ARRAY(Text()))
        )
    )
    .join(_P, (_P.collectivite == _J.collectivite) & (_P.justificatif_id == _J.id))
    .where(siens(_P), _P.liquidation_id == _T.id)
    .scalar_subquery()
    .label("justificatifs")
)
_SELECT = select(*_T.__table__.columns, _PIECES).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("id"))
_LOCK = select(_T.id).where(siens(_T), _T.id == bindparam("id")).with_for_update()
_FINANCEURS = select(_V.id, _V.financeur).where(
    siens(_V), _V.id == func.any(bindparam("enveloppes", type_=ARRAY(Uuid())))
)
_SEUIL = (
    select(_S.montant_centimes)
    .where(siens(_S), _S.valable_du <= bindparam("jour"))
    .order_by(_S.valable_du.desc())
    .limit(1)
)
_SEUILS = select(
    _S.id, _S.montant_centimes, _S.valable_du, _S.texte_source.label("source"), _S.cree_le
).where(siens(_S))
# Of another engagement with its third party and object, and of the same month; or by a piece.
_VOISINES = union_all(
    select(_T.id, _T.engagement_id, null().cast(Uuid()).label("justificatif_id"))
    .join(_G, (_G.collectivite == _T.collectivite) & (_G.id == _T.engagement_id))
    .where(
        siens(_T),
        _G.cle_doublon == bindparam("cle", type_=Text()),
        _T.engagement_id != bindparam("engagement_id", type_=Uuid()),
        _T.statut != StatutLiquidation.REFUSEE.value,
        _T.date_service_fait.between(bindparam("debut"), bindparam("fin")),
    ),
    select(_T.id, _T.engagement_id, _P.justificatif_id)
    .join(_P, (_P.collectivite == _T.collectivite) & (_P.liquidation_id == _T.id))
    .where(
        siens(_T),
        _P.justificatif_id == func.any(bindparam("pieces", type_=ARRAY(Uuid()))),
        _T.statut != StatutLiquidation.REFUSEE.value,
    ),
)


def render(row: Row[Any]) -> Liquidation:
    """The contract of a row of `read_liquidation`."""
    return Liquidation.model_validate({**row._mapping, "auteur": {"client_id": row.client_id}})


async def read_financeurs(
    tx: Transaction, enveloppes: Sequence[UUID]
) -> dict[UUID, Financeur | None]:
    """Read who pays each envelope; null when the source does not say."""
    rows = await tx.execute(_FINANCEURS, {"enveloppes": list(enveloppes)})
    return {row.id: row.financeur and Financeur(row.financeur) for row in rows}


async def read_seuil(tx: Transaction, jour: date) -> int | None:
    """Read the threshold of a day; null when none is known."""
    found: int | None = (await tx.execute(_SEUIL, {"jour": jour})).scalar_one_or_none()
    return found


async def read_voisines(
    tx: Transaction,
    engagement_id: UUID,
    cle: str | None,
    service_fait: date,
    pieces: Sequence[UUID],
) -> list[LiquidationVoisine]:
    """Read the liquidations that may pay for the same thing."""
    rows = await tx.execute(
        _VOISINES,
        {
            "engagement_id": engagement_id,
            "cle": cle,
            "debut": service_fait.replace(day=1),
            "fin": service_fait.replace(day=monthrange(service_fait.year, service_fait.month)[1]),
            "pieces": list(pieces),
        },
    )
    return [LiquidationVoisine(row.id, row.engagement_id, row.justificatif_id) for row in rows]


async def store_liquidation(
    tx: Transaction, values: Mapping[str, Any], pieces: Sequence[UUID]
) -> None:
    """Insert a liquidation and the pieces that it names."""
    await tx.execute(insert(_T), values)
    await store_pieces(tx, values["id"], pieces)


async def store_pieces(tx: Transaction, liquidation_id: UUID, pieces: Sequence[UUID]) -> None:
    """Insert the pieces that a liquidation names."""
    await tx.add(
        _P, [{"liquidation_id": liquidation_id, "justificatif_id": piece} for piece in pieces]
    )


async def lock_liquidation(tx: Transaction, liquidation_id: UUID) -> Row[Any]:
    """Hold the row of a liquidation until the transaction ends, then read it.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    await tx.execute(_LOCK, {"id": liquidation_id})
    return await read_liquidation(tx, liquidation_id)


async def update_liquidation(
    tx: Transaction, liquidation_id: UUID, instant: datetime, **valeurs: Any
) -> int:
    """Write the next version of a liquidation whose row is held; return it."""
    statement = (
        update(_T)
        .where(siens(_T), _T.id == liquidation_id)
        .values(version=_T.version + 1, modifie_le=instant, **valeurs)
        .returning(_T.version)
    )
    version: int = (await tx.execute(statement)).scalar_one()
    return version


async def read_liquidation(tx: Transaction, liquidation_id: UUID) -> Row[Any]:
    """Read one liquidation.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": liquidation_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_liquidations(
    tx: Transaction, page: PageDemandee, engagements: Sequence[UUID], *, a_justifier: bool
) -> Sequence[Row[Any]]:
    """Read a page of liquidations, of some engagements or not covered by pieces when asked."""
    manque = _T.justifie_centimes < _T.montant_retenu_centimes if a_justifier else true()
    statement = _SELECT.where(parmi(_T.engagement_id, engagements), manque)
    return await paginer(tx, statement, _T, page)


async def store_seuil(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a threshold; there is one from a day on.

    Raises:
        SeuilExistant: that day has one.
    """
    try:
        await tx.execute(insert(_S), values)
    except IntegrityError:
        raise SeuilExistant from None
    return await read_seuil_certification(tx, values["id"])


async def read_seuil_certification(tx: Transaction, seuil_id: UUID) -> Row[Any]:
    """Read one threshold.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _SEUILS.where(_S.id == bindparam("id"))
    row = (await tx.execute(statement, {"id": seuil_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_seuils(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of thresholds."""
    return await paginer(tx, _SEUILS, _S, page)
