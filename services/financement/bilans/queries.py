"""SQL of the claims."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Row,
    bindparam,
    cast,
    distinct,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from services.financement import tables
from services.financement.journal.queries import lock_disponibles
from shared.refus import Introuvable
from shared.schemas.financement.bilans import StatutBilan
from shared.schemas.financement.journal import Livre, Poste
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, parmi

_T, _X, _V, _M = tables.Bilan, tables.Taux, tables.Enveloppe, tables.MouvementJour
_TAUX = (
    select(
        func.jsonb_build_object(
            *(part for column in _X.__table__.columns for part in (column.name, column))
        )
    )
    .where(siens(_X), _X.id == _T.taux_id)
    .scalar_subquery()
    .label("taux")
)
_SELECT = select(*_T.__table__.columns, _TAUX).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("p_id"))
_ENVELOPPE_DU_BILAN = select(_T.enveloppe_id).where(siens(_T), _T.id == bindparam("p_id"))
_INSERT = insert(_T)
_REPLACE = (
    update(_T)
    .where(
        siens(_T),
        _T.enveloppe_id == bindparam("p_enveloppe_id"),
        _T.statut.in_([StatutBilan.INCOMPLET.value, StatutBilan.CALCULE.value]),
    )
    .values(
        statut=StatutBilan.REMPLACE.value,
        version=_T.version + 1,
        modifie_le=bindparam("p_modifie_le"),
    )
    .returning(_T.id, _T.version)
)
_ADOPT = (
    update(_T)
    .where(siens(_T), _T.id == bindparam("p_id"))
    .values(
        statut=StatutBilan.ADOPTE.value,
        assemblee=bindparam("p_assemblee"),
        date_adoption=bindparam("p_date_adoption"),
        reference_adoption=bindparam("p_reference"),
        encaisse_centimes=bindparam("p_encaisse"),
        a_titrer_centimes=bindparam("p_a_titrer"),
        a_reduire_centimes=bindparam("p_a_reduire"),
        a_reverser_centimes=bindparam("p_a_reverser"),
        lignes=bindparam("p_lignes"),
        version=_T.version + 1,
        modifie_le=bindparam("p_modifie_le"),
    )
)
# The envelopes that pay the same thing as one, itself included: of its convention, year, volet, axe
# and action; without a convention or a year, itself alone.
_AUTRE, _L, _EL = aliased(_V), tables.Liquidation, tables.EngagementLigne
_ASSIETTE = (
    select(_AUTRE.id)
    .join(
        _V,
        (_V.collectivite == _AUTRE.collectivite)
        & (
            (_V.id == _AUTRE.id)
            | (
                (_V.convention_id == _AUTRE.convention_id)
                & (_V.exercice == _AUTRE.exercice)
                & _V.volet.is_not_distinct_from(_AUTRE.volet)
                & _V.axe.is_not_distinct_from(_AUTRE.axe)
                & _V.action_id.is_not_distinct_from(_AUTRE.action_id)
            )
        ),
    )
    .where(siens(_V), _V.id == bindparam("p_id"))
)
# Another envelope of its convention and year may pay the same thing, a null standing for all: the
# base cannot tell when it is not the very same object (CDIE of 35: the State's has no volet, the
# Département's is of volet 2), nor which of two of one funder bears an expense (I-18).
_OBJET = [(getattr(_V, nom), getattr(_AUTRE, nom)) for nom in ("volet", "axe", "action_id")]
_AMBIGUE = (
    exists()
    .where(
        siens(_V),
        _V.id == bindparam("p_id"),
        _AUTRE.collectivite == _V.collectivite,
        _AUTRE.id != _V.id,
        _AUTRE.convention_id == _V.convention_id,
        _AUTRE.exercice == _V.exercice,
        *(or_(un == autre, un.is_(None), autre.is_(None)) for un, autre in _OBJET),
        or_(
            _AUTRE.financeur == _V.financeur,
            *(un.is_distinct_from(autre) for un, autre in _OBJET),
        ),
    )
    .label("ambigue")
)
# What all funders spent on it, whether that is sure, and how many of its liquidations no piece
# covers yet.
_DEPENSE = select(
    select(cast(func.coalesce(func.sum(_M.variation), 0), BigInteger))
    .where(
        siens(_M),
        _M.objet_id.in_(_ASSIETTE),
        _M.livre == Livre.ENG.value,
        _M.poste.in_([Poste.LIQUIDE.value, Poste.MANDATE.value, Poste.PAYE.value]),
        _M.date_effet <= bindparam("p_jour"),
    )
    .scalar_subquery()
    .label("depense_centimes"),
    _AMBIGUE,
    select(func.count(distinct(_L.id)))
    .join(_EL, (_EL.collectivite == _L.collectivite) & (_EL.engagement_id == _L.engagement_id))
    .where(
        siens(_L),
        _EL.enveloppe_id.in_(_ASSIETTE),
        _L.justifie_centimes < _L.montant_retenu_centimes,
        _L.date_certification <= bindparam("p_jour"),
    )
    .scalar_subquery()
    .label("liquidations_a_justifier"),
)


async def lock_bilan(tx: Transaction, bilan_id: UUID) -> Row[Any]:
    """Hold the gate of the bilan's envelope, then read the bilan.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    enveloppe_id = (await tx.execute(_ENVELOPPE_DU_BILAN, {"p_id": bilan_id})).scalar_one_or_none()
    if enveloppe_id is None:
        raise Introuvable
    await lock_disponibles(tx, [enveloppe_id])
    return await read_bilan(tx, bilan_id)


async def read_bilan(tx: Transaction, bilan_id: UUID) -> Row[Any]:
    """Read one bilan.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": bilan_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_bilans(
    tx: Transaction, page: PageDemandee, enveloppes: Sequence[UUID]
) -> Sequence[Row[Any]]:
    """Read a page of bilans, of some envelopes when asked."""
    return await paginer(tx, _SELECT.where(parmi(_T.enveloppe_id, enveloppes)), _T, page)


async def read_depense(tx: Transaction, enveloppe_id: UUID, jour: date) -> Row[Any]:
    """Read what all who pay the same thing spent as of a day, and what of it no piece covers.

    `ambigue` when other envelopes overlap this one: what is read is then no base of a claim.
    """
    return (await tx.execute(_DEPENSE, {"p_id": enveloppe_id, "p_jour": jour})).one()


async def replace_bilans(
    tx: Transaction, enveloppe_id: UUID, instant: datetime
) -> Sequence[Row[Any]]:
    """Put aside the bilans of an envelope that no assembly adopted; return them."""
    values = {"p_enveloppe_id": enveloppe_id, "p_modifie_le": instant}
    return (await tx.execute(_REPLACE, values)).all()


async def store_bilan(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert a bilan."""
    await tx.execute(_INSERT, values)


async def store_adoption(tx: Transaction, bilan_id: UUID, values: Mapping[str, Any]) -> None:
    """Adopt a bilan whose envelope is held."""
    await tx.execute(_ADOPT, {"p_id": bilan_id, **values})
