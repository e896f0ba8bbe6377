"""SQL of the journal: who read or changed a parcours, a line a client, an operation and a day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, text

from services.parcours import tables
from shared.schemas.parcours.consultations import AccesJournal
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer

_A, _T = tables.AccesParcours, tables.Parcours
# Where a path names a resource otherwise than its table.
_NOMS = {"contrat_engagement": "contrat"}
PARCOURS = "parcours_id"


def _tables() -> Iterator[tuple[str, str]]:
    """Each table whose rows are of one parcours, by the path parameter that names one of them."""
    for table in tables.Base.metadata.sorted_tables:
        if "id" in table.c and PARCOURS in table.c and table.name != _A.__tablename__:
            nom = table.name.removesuffix("_sante")
            yield f"{_NOMS.get(nom, nom)}_id", table.name


_DE: dict[str, list[str]] = {PARCOURS: []}
for _parametre, _table in _tables():
    _DE.setdefault(_parametre, []).append(_table)


def _journaliser(source: str) -> Any:
    return text(
        "INSERT INTO acces_parcours (collectivite, id, parcours_id, jour, client_id,"
        " operation, ecriture, sante, cree_le)"
        " SELECT :collectivite, :id, s.parcours_id, cast(:instant AS timestamptz)::date,"
        " :client_id, :operation, :ecriture, :sante, :instant"
        # What is nobody's yet is read in no parcours.
        f" FROM ({source}) s WHERE s.parcours_id IS NOT NULL"
        " ON CONFLICT (collectivite, parcours_id, jour, client_id, operation, ecriture, sante)"
        " DO NOTHING"
    )


_JOURNALISER = {
    parametre: _journaliser(
        " UNION ALL ".join(
            f"SELECT {'id' if table == 'parcours' else PARCOURS} AS parcours_id FROM {table}"
            " WHERE collectivite = :collectivite AND id = :cle"
            for table in (noms or ["parcours"])
        )
    )
    for parametre, noms in _DE.items()
}
_DE_PERSONNE = (
    select(*_A.__table__.columns)
    .join(_T, (_T.collectivite == _A.collectivite) & (_T.id == _A.parcours_id))
    .where(siens(_A), _T.personne_id == bindparam("p_personne_id"))
)
_DERNIERS = (
    select(_A.client_id, _A.operation, _A.ecriture, _A.jour)
    .where(siens(_A), _A.parcours_id == bindparam("p_parcours_id"))
    .order_by(_A.cree_le.desc(), _A.id.desc())
    .limit(50)
)


def nommees(chemin: Mapping[str, Any]) -> tuple[str, UUID] | None:
    """Return which parameter of a path leads to a parcours, and its value."""
    for parametre, valeur in chemin.items():
        if parametre in _JOURNALISER:
            return parametre, UUID(str(valeur))
    return None


def personnes_du_chemin() -> dict[str, str]:
    """How the volume guard finds the person of what a path names: as the journal does."""
    return {
        parametre: "SELECT personne_id FROM parcours WHERE collectivite = :collectivite AND id IN ("
        + " UNION ALL ".join(
            f"SELECT {PARCOURS} FROM {table} WHERE collectivite = :collectivite"
            f" AND id = ANY(cast(:{parametre} AS uuid[]))"
            for table in noms
        )
        + ")"
        for parametre, noms in _DE.items()
        if noms
    }


async def store_acces(
    tx: Transaction,
    nommees: Iterable[tuple[str, UUID]],
    *,
    operation: str,
    ecriture: bool,
    sante: bool,
    instant: datetime,
) -> None:
    """Note that the caller had access, that day, to the parcours of resources, where there is one.

    In order: two that note the same ones would else wait for each other.
    """
    commun = {
        "client_id": tx.acces.auteur,
        "operation": operation,
        "ecriture": ecriture,
        "sante": sante,
        "instant": instant,
    }
    for parametre, groupe in groupby(sorted(nommees), key=itemgetter(0)):
        rows = [{**commun, "id": new_id(), "cle": cle} for _, cle in groupe]
        await tx.execute(_JOURNALISER[parametre], rows)


async def list_acces(tx: Transaction, page: PageDemandee, personne_id: UUID) -> Sequence[Row[Any]]:
    """Read a page of the accesses to the parcours of a person."""
    return await paginer(tx, _DE_PERSONNE, _A, page, {"p_personne_id": personne_id})


async def read_derniers(tx: Transaction, parcours_id: UUID) -> Sequence[Row[Any]]:
    """Read the last accesses to a parcours."""
    return (await tx.execute(_DERNIERS, {"p_parcours_id": parcours_id})).all()


def render(row: Row[Any]) -> AccesJournal:
    """Make the contract of a row."""
    return AccesJournal.model_validate({**row._mapping, "portee_sante": row.sante})
