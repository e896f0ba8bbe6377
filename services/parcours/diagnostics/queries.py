"""SQL of the diagnostics: each added to the last, none changed; lines on health apart."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, exists, insert, select
from sqlalchemy.orm import aliased

from services.parcours import tables
from services.parcours.diagnostics.rules import EtatDiagnostic, besoins
from shared.refus import Introuvable
from shared.schemas.parcours.diagnostics import Diagnostic
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer

_D, _SUIVANT = tables.Diagnostic, aliased(tables.Diagnostic)
_LIGNES: Mapping[bool, type[Any]] = {
    False: tables.FreinDiagnostic,
    True: tables.FreinDiagnosticSante,
}
_VISIBLES = {False: (False,), True: (False, True)}  # by whether health may be seen

_SELECT = select(
    *_D.__table__.columns,
    (
        ~exists().where(
            _SUIVANT.collectivite == _D.collectivite,
            _SUIVANT.parcours_id == _D.parcours_id,
            _SUIVANT.rang == _D.rang + 1,
        )
    ).label("courant"),
).where(siens(_D))
_BY_ID = _SELECT.where(_D.id == bindparam("p_id"))
_DU_PARCOURS = _SELECT.where(_D.parcours_id == bindparam("p_parcours_id"))
_COURANT = (
    select(_D.id, _D.rang, _D.date_diagnostic)
    .where(siens(_D), _D.parcours_id == bindparam("p_parcours_id"))
    .order_by(_D.rang.desc())
    .limit(1)
)
_INSERT = insert(_D).returning(*_D.__table__.columns)
_READ_LIGNES = {
    sante: select(*table.__table__.columns)
    .where(siens(table), table.diagnostic_id.in_(bindparam("p_ids", expanding=True)))
    .order_by(table.cree_le, table.id)
    for sante, table in _LIGNES.items()
}


async def read_diagnostic(tx: Transaction, diagnostic_id: UUID) -> Row[Any]:
    """Read one diagnostic.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": diagnostic_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def read_courant(tx: Transaction, parcours_id: UUID) -> EtatDiagnostic | None:
    """Read which diagnostic of a parcours no other supersedes, if there is one."""
    row = (await tx.execute(_COURANT, {"p_parcours_id": parcours_id})).one_or_none()
    return EtatDiagnostic(**row._mapping) if row is not None else None


async def list_diagnostics(
    tx: Transaction, page: PageDemandee, parcours_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of the diagnostics of a parcours."""
    return await paginer(tx, _DU_PARCOURS, _D, page, {"p_parcours_id": parcours_id})


async def read_lignes(
    tx: Transaction, diagnostics: Sequence[UUID], *, sante: bool
) -> Mapping[UUID, list[Row[Any]]]:
    """Read what diagnostics say of freins; of health only if it may be seen."""
    found: dict[UUID, list[Row[Any]]] = defaultdict(list)
    if diagnostics:
        for volet in _VISIBLES[sante]:
            for row in await tx.execute(_READ_LIGNES[volet], {"p_ids": list(diagnostics)}):
                found[row.diagnostic_id].append(row)
    return found


async def store_diagnostic(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a diagnostic on a locked parcours."""
    return (await tx.execute(_INSERT, values)).one()


async def store_ligne(tx: Transaction, values: Mapping[str, Any], *, sante: bool) -> None:
    """Insert what a diagnostic says of a frein."""
    await tx.add(_LIGNES[sante], values)


def render(row: Row[Any], lignes: Sequence[Any], *, courant: bool) -> Diagnostic:
    """Make the contract of a row and its lines."""
    vu = row._mapping
    pouvoir = {"confiance": row.confiance, "accompagnement": row.accompagnement}
    return Diagnostic.model_validate(
        {
            **{nom: vu[nom] for nom in Diagnostic.model_fields if nom in vu},
            "courant": courant,
            "projets": [
                {**projet, "besoins": besoins(projet["besoins"])} for projet in row.projets
            ],
            "freins": [
                {"frein_id": un.frein_id, "code": un.code, "niveau": un.niveau}
                | {"situations": un.situations}
                for un in lignes
            ],
            "sans_contrainte": {
                "declare": row.sans_contrainte,
                "date_declaration": row.date_diagnostic if row.sans_contrainte else None,
            },
            "pouvoir_agir": pouvoir if row.confiance is not None else None,
            "auteur": {"client_id": row.client_id},
        }
    )
