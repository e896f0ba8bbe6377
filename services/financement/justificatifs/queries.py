"""SQL of the pieces, and of whom each cent of them is told to."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Text, Uuid, bindparam, func, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError

from services.financement import tables
from services.financement.justificatifs.rules import EtatPiece, PartPiece
from shared.refus import Introuvable, Refus
from shared.schemas.financement.enveloppes import Financeur
from shared.schemas.financement.justificatifs import TypeJustificatif, UsageJustificatif
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer, par_tranches

_J, _I = tables.Justificatif, tables.Imputation
_SELECT = select(*_J.__table__.columns).where(siens(_J))
_BY_ID = _SELECT.where(_J.id == bindparam("id"))
_IMPUTATIONS = select(*_I.__table__.columns).where(siens(_I))
_LOCK_BY_SHA = (
    select(_J.id)
    .where(siens(_J), _J.sha256 == func.any(bindparam("empreintes", type_=ARRAY(Text()))))
    .order_by(_J.id)
    .with_for_update()
)
_LOCK_BY_ID = select(_J.id).where(siens(_J), _J.id == bindparam("id")).with_for_update()


def _de(colonne: Any) -> Any:
    """A column: the distinct values of the piece's imputations; null when there is none."""
    return (
        select(func.array_agg(colonne.distinct()))
        .where(siens(_I), _I.justificatif_id == _J.id)
        .scalar_subquery()
    )


_ETATS = (
    select(
        _J.id,
        _J.sha256,
        _J.montant_total_centimes,
        _J.impute_centimes,
        _de(_I.financeur).label("financeurs"),
        _de(_I.usage).label("usages"),
    )
    .where(siens(_J), _J.id == func.any(bindparam("ids", type_=ARRAY(Uuid()))))
    .order_by(_J.id)
)
_STORE_PARTS = text(
    "WITH parts AS (SELECT * FROM jsonb_to_recordset(cast(:parts AS jsonb))"
    "  AS p(id uuid, justificatif_id uuid, financeur text, montant_centimes bigint)"
    "), ajoutees AS ("
    " INSERT INTO imputation (collectivite, id, justificatif_id, liquidation_id, financeur, usage,"
    "  montant_centimes, objet, client_id, cree_le)"
    " SELECT :collectivite, id, justificatif_id, :liquidation_id, financeur, :usage,"
    "  montant_centimes, :objet, :client, :instant FROM parts"
    ") UPDATE justificatif j SET impute_centimes = j.impute_centimes + p.montant_centimes,"
    "  version = j.version + 1, modifie_le = :instant"
    " FROM (SELECT justificatif_id, sum(montant_centimes)::bigint AS montant_centimes"
    "  FROM parts GROUP BY 1) p"
    " WHERE j.collectivite = :collectivite AND j.id = p.justificatif_id"
).bindparams(bindparam("instant", type_=_J.cree_le.type), bindparam("liquidation_id", type_=Uuid()))


class JustificatifExistant(Refus):
    """A piece is recorded once, by its digest."""

    code = "reference-externe-existante"
    detail = "Cette piece est deja enregistree."


async def store_justificatif(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert a piece; its digest is unique in the collectivité.

    Raises:
        JustificatifExistant: it is recorded already.
    """
    try:
        await tx.execute(insert(_J), values)
    except IntegrityError:
        raise JustificatifExistant from None


async def lock_pieces(tx: Transaction, empreintes: Sequence[str]) -> list[EtatPiece]:
    """Hold the rows of pieces until the transaction ends, in id order, then read them.

    Two expenses that name one piece queue: without it both would see it free.
    """
    if not empreintes:
        return []
    rows = await tx.execute(_LOCK_BY_SHA, {"empreintes": list(empreintes)})
    return await _etats(tx, [row.id for row in rows])


async def lock_piece(tx: Transaction, justificatif_id: UUID) -> EtatPiece:
    """Hold the row of a piece until the transaction ends, then read it.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK_BY_ID, {"id": justificatif_id})).one_or_none()
    if row is None:
        raise Introuvable
    (etat,) = await _etats(tx, [row.id])
    return etat


async def store_parts(
    tx: Transaction,
    parts: Sequence[PartPiece],
    usage: UsageJustificatif,
    instant: datetime,
    *,
    liquidation_id: UUID | None = None,
    objet: str | None = None,
) -> None:
    """Insert what funders bear of pieces, and count it in each."""
    lignes = [{**vars(part), "id": new_id()} for part in parts]
    if lignes:
        await tx.execute(
            _STORE_PARTS,
            {
                "parts": json.dumps(lignes, default=str),
                "liquidation_id": liquidation_id,
                "usage": usage,
                "objet": objet,
                "client": tx.acces.auteur,
                "instant": instant,
            },
        )


async def read_justificatif(tx: Transaction, justificatif_id: UUID) -> Row[Any]:
    """Read one piece.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": justificatif_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_justificatifs(
    tx: Transaction, page: PageDemandee, types: Sequence[TypeJustificatif]
) -> Sequence[Row[Any]]:
    """Read a page of pieces, of some types when asked."""
    ensemble = par_tranches(_SELECT, _J.type, types, _J, page).subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)


async def list_imputations(
    tx: Transaction, page: PageDemandee, justificatif_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of the parts of a piece."""
    return await paginer(tx, _IMPUTATIONS.where(_I.justificatif_id == justificatif_id), _I, page)


async def _etats(tx: Transaction, ids: Sequence[UUID]) -> list[EtatPiece]:
    rows = await tx.execute(_ETATS, {"ids": list(ids)})
    return [
        EtatPiece(
            id=row.id,
            sha256=row.sha256,
            montant_total_centimes=row.montant_total_centimes,
            impute_centimes=row.impute_centimes,
            financeurs=frozenset(one and Financeur(one) for one in row.financeurs or ()),
            usages=frozenset(map(UsageJustificatif, row.usages or ())),
        )
        for row in rows
    ]
