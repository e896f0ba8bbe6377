"""SQL of the socio-professional data declared."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, select

from services.orientation import tables
from services.orientation.dsp.rules import SANS_DOMICILE, CodeDsp, Declaration
from shared.refus import Introuvable
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer

_T = tables.DeclarationDsp
_INSERT = insert(_T).returning(*_T.__table__.columns)
_DE_PERSONNE = select(*_T.__table__.columns).where(
    siens(_T), _T.personne_id == bindparam("personne")
)
_UNE = _DE_PERSONNE.where(_T.id == bindparam("id"))
_TOUTES = _DE_PERSONNE.order_by(_T.cree_le, _T.id)

_P, _D = tables.Personne, tables.Dossier
_SANS_DOMICILE = (
    select(_D.date_reference)
    .join(_P, (_P.collectivite == _D.collectivite) & (_P.dossier_id == _D.id))
    .where(siens(_P), _P.id == bindparam("personne"), _D.sans_domicile)
)


async def store_declaration(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a declaration of a person who was read."""
    return (await tx.execute(_INSERT, values)).one()


async def read_declaration(tx: Transaction, personne_id: UUID, declaration_id: UUID) -> Row[Any]:
    """Read one declaration of a person.

    Raises:
        Introuvable: the person has none of this id.
    """
    keys = {"personne": personne_id, "id": declaration_id}
    row = (await tx.execute(_UNE, keys)).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_declarations(
    tx: Transaction, page: PageDemandee, personne_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of the declarations of a person."""
    statement = select(*_T.__table__.columns).where(siens(_T), _T.personne_id == personne_id)
    return await paginer(tx, statement, _T, page)


async def read_declarations(tx: Transaction, personne_id: UUID) -> Sequence[Declaration]:
    """Read all that a person declared, in the order it was recorded, and what the flux tells."""
    rows = await tx.execute(_TOUTES, {"personne": personne_id})
    flux = await tx.execute(_SANS_DOMICILE, {"personne": personne_id})
    return [
        *(
            Declaration(row.date_declaration, tuple(CodeDsp(**un) for un in row.codes))
            for row in rows
        ),
        *(Declaration(row.date_reference, (SANS_DOMICILE,)) for row in flux),
    ]
