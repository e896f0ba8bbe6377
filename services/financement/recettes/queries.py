"""SQL of the receipts: titres numbered in order, and the acts that are never changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, exists, literal_column, select, text, update

from services.financement import tables
from services.financement.journal.queries import (
    Regard,
    lock_disponibles,
    open_comptes,
    soldes_au,
    soldes_de,
)
from services.financement.recettes.rules import EtatTitre
from shared.refus import Introuvable
from shared.schemas.financement.journal import Livre, Poste
from shared.schemas.financement.recettes import StatutTitre
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, par_tranches, parmi

_V, _T, _A, _S = tables.Enveloppe, tables.Titre, tables.ActeRecette, tables.Solde
_ENVELOPPE = select(*_V.__table__.columns).where(siens(_V), _V.id == bindparam("p_id"))
_AVEC_SOLDES = _ENVELOPPE.add_columns(soldes_de(_V.id).label("soldes"))
_SELECT = select(
    *_T.__table__.columns,
    (_T.montant_centimes - _T.encaisse_centimes - _T.reduit_centimes).label("reste_centimes"),
).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("p_id"))
_ENVELOPPE_DU_TITRE = select(_T.enveloppe_id).where(siens(_T), _T.id == bindparam("p_id"))
_ACTES = select(*_A.__table__.columns).where(siens(_A))
_ACTE = _ACTES.where(_A.id == bindparam("p_id"))
_A_COMPTES = select(
    exists(
        select(literal_column("1")).where(
            siens(_S), _S.objet_id == bindparam("p_id"), _S.livre == bindparam("p_livre")
        )
    )
)
# The titre takes the year's next number, and is stored with it, in one round trip.
_STORE = text(
    "WITH suivant AS ("
    " INSERT INTO compteur_titre AS c (collectivite, exercice, dernier)"
    " VALUES (:collectivite, :exercice, 1)"
    " ON CONFLICT (collectivite, exercice) DO UPDATE SET dernier = c.dernier + 1"
    " RETURNING dernier"
    ") INSERT INTO titre (collectivite, id, enveloppe_id, exercice, numero, date_emission, objet,"
    "  montant_centimes, statut, titre_corrige_id, motif, cree_le, modifie_le)"
    " SELECT :collectivite, :id, :enveloppe_id, :exercice, dernier, :date_emission, :objet,"
    "  :montant_centimes, :statut, :titre_corrige_id, :motif, :instant, :instant FROM suivant"
).bindparams(
    bindparam("date_emission", type_=_T.date_emission.type),
    bindparam("titre_corrige_id", type_=_T.titre_corrige_id.type),
    bindparam("motif", type_=_T.motif.type),
    bindparam("instant", type_=_T.cree_le.type),
)
_MOVE = (
    update(_T)
    .where(siens(_T), _T.id == bindparam("p_id"))
    .values(
        statut=bindparam("p_statut"),
        encaisse_centimes=_T.encaisse_centimes + bindparam("p_encaisse"),
        reduit_centimes=_T.reduit_centimes + bindparam("p_reduit"),
        version=_T.version + 1,
        modifie_le=bindparam("p_modifie_le"),
    )
)


async def lock_enveloppe(tx: Transaction, enveloppe_id: UUID) -> Row[Any]:
    """Hold the gate of an envelope until the transaction ends; read it with its balances.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    await lock_disponibles(tx, [enveloppe_id])
    return await read_enveloppe(tx, enveloppe_id)


async def read_enveloppe(
    tx: Transaction, enveloppe_id: UUID, regard: Regard | None = None
) -> Row[Any]:
    """Read an envelope with the balances of all its books, as of a day when asked.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _AVEC_SOLDES
    if regard is not None:
        statement = _ENVELOPPE.add_columns(soldes_au(_V.id, regard).label("soldes"))
    row = (await tx.execute(statement, {"p_id": enveloppe_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def open_livre(tx: Transaction, livre: Livre, enveloppe_id: UUID) -> None:
    """Open the accounts of a book for an envelope whose gate is held, the first time."""
    found = await tx.execute(_A_COMPTES, {"p_id": enveloppe_id, "p_livre": livre})
    if not found.scalar_one():
        await open_comptes(tx, livre, enveloppe_id)


async def lock_titre(tx: Transaction, titre_id: UUID) -> Row[Any]:
    """Hold the gate of the titre's envelope, then read the titre.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    enveloppe_id = (await tx.execute(_ENVELOPPE_DU_TITRE, {"p_id": titre_id})).scalar_one_or_none()
    if enveloppe_id is None:
        raise Introuvable
    await lock_disponibles(tx, [enveloppe_id])
    return await read_titre(tx, titre_id)


async def read_titre(tx: Transaction, titre_id: UUID) -> Row[Any]:
    """Read one titre.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": titre_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def find_titre(tx: Transaction, titre_id: UUID | None) -> Row[Any] | None:
    """Read a titre that a demand names, if it is one of ours."""
    if titre_id is None:
        return None
    return (await tx.execute(_BY_ID, {"p_id": titre_id})).one_or_none()


async def store_titre(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert a titre under the next number of its year."""
    await tx.execute(_STORE, values)


async def move_titre(
    tx: Transaction,
    titre_id: UUID,
    statut: StatutTitre,
    instant: datetime,
    *,
    encaisse: int = 0,
    reduit: int = 0,
) -> None:
    """Add to what is cashed or taken off a titre."""
    values = {"p_encaisse": encaisse, "p_reduit": reduit, "p_modifie_le": instant}
    await tx.execute(_MOVE, {"p_id": titre_id, "p_statut": statut, **values})


async def store_acte(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Keep an act."""
    await tx.add(_A, values)


async def read_acte(tx: Transaction, acte_id: UUID) -> Row[Any]:
    """Read one act.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_ACTE, {"p_id": acte_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_titres(
    tx: Transaction,
    page: PageDemandee,
    *,
    enveloppes: Sequence[UUID],
    exercices: Sequence[int],
    statuts: Sequence[StatutTitre],
) -> Sequence[Row[Any]]:
    """Read a page of titres, of some envelopes, years or states when asked."""
    statement = _SELECT
    if exercices:
        statement = statement.where(parmi(_T.enveloppe_id, enveloppes), parmi(_T.statut, statuts))
        tranches = par_tranches(statement, _T.exercice, exercices, _T, page)
    elif statuts:
        statement = statement.where(parmi(_T.enveloppe_id, enveloppes))
        tranches = par_tranches(statement, _T.statut, statuts, _T, page)
    else:
        tranches = par_tranches(statement, _T.enveloppe_id, enveloppes, _T, page)
    ensemble = tranches.subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)


async def list_actes(
    tx: Transaction, page: PageDemandee, *, enveloppes: Sequence[UUID], titres: Sequence[UUID]
) -> Sequence[Row[Any]]:
    """Read a page of acts, on some envelopes or some titres when asked."""
    statement = _ACTES.where(parmi(_A.enveloppe_id, enveloppes), parmi(_A.titre_id, titres))
    return await paginer(tx, statement, _A, page)


def etat_titre(row: Row[Any]) -> EtatTitre:
    """Turn a row into what the rules know."""
    return EtatTitre(
        StatutTitre(row.statut), row.montant_centimes, row.encaisse_centimes, row.reduit_centimes
    )


def solde(row: Row[Any], poste: Poste) -> int:
    """A balance of an envelope; zero while its book is not open."""
    found: int = (row.soldes or {}).get(poste, 0)
    return found
