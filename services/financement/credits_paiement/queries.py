"""SQL of the payment credits."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Row, bindparam, cast, func, insert, literal, select
from sqlalchemy.exc import IntegrityError

from services.financement import tables
from services.financement.journal.queries import soldes_de
from shared.refus import Introuvable, Refus
from shared.schemas.financement.journal import EvenementJournal, Poste
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, par_tranches, parmi

_T, _E, _L = tables.CreditPaiement, tables.Ecriture, tables.LigneEcriture
# What last year attached, and this year got back: entries of another object's closing.
_CONTREPASSE = (
    select(cast(func.coalesce(func.sum(_L.quantite), literal(0)), BigInteger))
    .join(_E, (_E.collectivite == _L.collectivite) & (_E.id == _L.ecriture_id))
    .where(siens(_L), _L.objet_id == _T.id, _L.poste == Poste.OUVERT.value)
    .where(_E.evenement == EvenementJournal.CONTREPASSATION_RATTACHEMENT.value)
    .correlate(_T)
    .scalar_subquery()
)
_SELECT = select(
    *_T.__table__.columns,
    soldes_de(_T.id).label("soldes"),
    _CONTREPASSE.label("contrepasse"),
).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("id"))
_INSERT = insert(_T)


class CreditExistant(Refus):
    code = "reference-externe-existante"
    detail = "Cet exercice a deja ces credits de paiement : ils s'ouvrent davantage."


async def store_credit(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert payment credits: one object an authorisation, or a budget line, and a year.

    Raises:
        CreditExistant: the year has them.
    """
    try:
        await tx.execute(_INSERT, values)
    except IntegrityError:
        raise CreditExistant from None


async def read_credit(tx: Transaction, credit_id: UUID) -> Row[Any]:
    """Read payment credits and their balances.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": credit_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_credits(
    tx: Transaction,
    page: PageDemandee,
    *,
    exercices: Sequence[int],
    autorisations: Sequence[UUID],
) -> Sequence[Row[Any]]:
    """Read a page of payment credits, of some years or authorisations when asked."""
    statement = _SELECT.where(parmi(_T.autorisation_engagement_id, autorisations))
    ensemble = par_tranches(statement, _T.exercice, exercices, _T, page).subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)
