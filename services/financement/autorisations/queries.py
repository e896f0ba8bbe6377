"""SQL of the commitment authorisations, and of the versions of their schedules."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Row, bindparam, cast, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from services.financement import tables
from services.financement.journal.queries import soldes_de
from shared.refus import Introuvable, Refus
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste, Sens
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer

_T, _R, _C = tables.AutorisationEngagement, tables.RevisionAutorisation, tables.CreditPaiement
_E, _L, _G = tables.Ecriture, tables.LigneEcriture, tables.Engagement
_REVISION = (
    select(
        func.jsonb_build_object(
            "numero", _R.numero, "date_effet", _R.date_effet, "echeancier", _R.echeancier
        )
    )
    .where(siens(_R), _R.autorisation_engagement_id == _T.id)
    .order_by(_R.numero.desc())
    .limit(1)
    .scalar_subquery()
)
# What it bears alone of the engagements that draw on it: years whose envelopes are not notified.
_NON_COUVERT = (
    select(cast(func.coalesce(func.sum(_G.non_couvert_centimes), 0), BigInteger))
    .where(siens(_G), _G.ae_id == _T.id)
    .correlate(_T)
    .scalar_subquery()
)
_SELECT = select(
    *_T.__table__.columns,
    _REVISION.label("revision"),
    soldes_de(_T.id).label("soldes"),
    _NON_COUVERT.label("engage_non_couvert_centimes"),
).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("id"))
_LOCK = select(_T.id).where(siens(_T), _T.id == bindparam("id")).with_for_update(key_share=True)
_REVISIONS = select(*_R.__table__.columns).where(siens(_R))
_INSERT = insert(_T)
_TOUCH = (
    update(_T)
    .where(siens(_T), _T.id == bindparam("p_id"))
    .values(
        statut=func.coalesce(bindparam("p_statut", type_=_T.statut.type), _T.statut),
        version=_T.version + 1,
        modifie_le=bindparam("p_modifie_le"),
    )
)
# By vote: what a rattachement gives back the year after, or a carry-over, is not counted; nor is an
# opening that was undone.
_X = aliased(_E)
_OUVERTS = (
    select(
        _C.exercice,
        cast(func.sum(_L.quantite), BigInteger).label("ouvert"),
    )
    .join(_L, (_L.collectivite == _C.collectivite) & (_L.objet_id == _C.id))
    .join(_E, (_E.collectivite == _L.collectivite) & (_E.id == _L.ecriture_id))
    .where(siens(_C), _C.autorisation_engagement_id == bindparam("id"))
    .where(_L.livre == Livre.CP.value, _L.poste == Poste.OUVERT.value, _L.sens == Sens.CREDIT.value)
    .where(_E.evenement == EvenementJournal.OUVERTURE_CP.value)
    .where(~exists().where(siens(_X), _X.extourne_de == _E.id))
    .group_by(_C.exercice)
)


class AutorisationExistante(Refus):
    code = "reference-externe-existante"
    detail = "Une autorisation d'engagement porte deja cette reference."


async def store_autorisation(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert an authorisation; its reference is unique in the collectivité.

    Raises:
        AutorisationExistante: the reference is taken.
    """
    try:
        await tx.execute(_INSERT, values)
    except IntegrityError:
        raise AutorisationExistante from None


async def store_revision(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert the next version of a schedule."""
    await tx.add(_R, values)


async def touch_autorisation(
    tx: Transaction, autorisation_id: UUID, instant: datetime, statut: str | None = None
) -> None:
    """Write the next version of an authorisation, in another state when one is given."""
    values = {"p_id": autorisation_id, "p_modifie_le": instant, "p_statut": statut}
    await tx.execute(_TOUCH, values)


async def lock_autorisation(tx: Transaction, autorisation_id: UUID) -> Row[Any]:
    """Read an authorisation whose gate is held, and hold its row until the transaction ends.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    await tx.execute(_LOCK, {"id": autorisation_id})
    return await read_autorisation(tx, autorisation_id)


async def read_autorisation(tx: Transaction, autorisation_id: UUID) -> Row[Any]:
    """Read an authorisation, its schedule in force and its balances.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": autorisation_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_autorisations(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of authorisations."""
    return await paginer(tx, _SELECT, _T, page)


async def list_revisions(
    tx: Transaction, page: PageDemandee, autorisation_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of the versions of a schedule."""
    statement = _REVISIONS.where(_R.autorisation_engagement_id == autorisation_id)
    return await paginer(tx, statement, _R, page)


async def read_ouverts(tx: Transaction, autorisation_id: UUID) -> dict[int, int]:
    """Return, by year, the payment credits opened by vote under an authorisation."""
    rows = await tx.execute(_OUVERTS, {"id": autorisation_id})
    return {row.exercice: row.ouvert for row in rows}
