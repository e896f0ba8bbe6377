"""SQL of the objectifs: the same statements on two sets of tables, ordinary and health."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Row, bindparam, func, literal_column, select, union_all, update
from sqlalchemy.dialects.postgresql import insert

from services.parcours import tables
from services.parcours.objectifs.rules import ObjectifExistant, forme
from shared.refus import Introuvable
from shared.schemas.parcours.objectifs import EtatObjectif, Objectif, StatutObjectif
from shared.socle.coffre import Coffre
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer

_CONTEXTE = "objectif.libelle"
_T, _E = tables.OBJECTIFS, tables.ETATS_OBJECTIF
_VISIBLES = {False: (False,), True: (False, True)}  # by whether health may be seen


def _sante(sante: bool) -> Any:
    return literal_column("true" if sante else "false", Boolean).label("sante")


_UN = {
    sante: select(*table.__table__.columns, _sante(sante)).where(
        siens(table), table.id == bindparam("p_id")
    )
    for sante, table in _T.items()
}
_READ = {
    connue: union_all(*(_UN[sante] for sante in volets)) for connue, volets in _VISIBLES.items()
}
_LOCK = {sante: one.with_for_update() for sante, one in _UN.items()}
_DU_FREIN = {
    sante: select(*table.__table__.columns, _sante(sante)).where(
        siens(table), table.frein_id == bindparam("p_frein_id")
    )
    for sante, table in _T.items()
}
_STATUTS = {
    sante: select(table.statut).where(siens(table), table.frein_id == bindparam("p_frein_id"))
    for sante, table in _T.items()
}
_INSERT = {
    sante: insert(table)
    .on_conflict_do_nothing(index_elements=["collectivite", "frein_id", "libelle_empreinte"])
    .returning(*table.__table__.columns, _sante(sante))
    for sante, table in _T.items()
}
_UPDATE = {
    sante: update(table)
    .where(siens(table), table.id == bindparam("p_id"))
    .values(
        statut=bindparam("p_statut"),
        date_etat=bindparam("p_date_etat"),
        version=table.version + 1,
        modifie_le=func.now(),
    )
    .returning(*table.__table__.columns, _sante(sante))
    for sante, table in _T.items()
}
_ETATS = {
    sante: select(*table.__table__.columns).where(
        siens(table), table.objectif_id == bindparam("p_objectif_id")
    )
    for sante, table in _E.items()
}


async def read_objectif(tx: Transaction, objectif_id: UUID, *, sante: bool) -> Row[Any]:
    """Read one objectif; those of health only if they may be known.

    Raises:
        Introuvable: none that may be known has this id.
    """
    row = (await tx.execute(_READ[sante], {"p_id": objectif_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_objectif(tx: Transaction, objectif: Row[Any]) -> Row[Any]:
    """Read an objectif again, and hold its row until the transaction ends."""
    return (await tx.execute(_LOCK[objectif.sante], {"p_id": objectif.id})).one()


async def list_objectifs(
    tx: Transaction, page: PageDemandee, frein: Row[Any]
) -> Sequence[Row[Any]]:
    """Read a page of the objectifs of a frein."""
    return await paginer(
        tx, _DU_FREIN[frein.sante], _T[frein.sante], page, {"p_frein_id": frein.id}
    )


async def list_etats(tx: Transaction, page: PageDemandee, objectif: Row[Any]) -> Sequence[Row[Any]]:
    """Read a page of the states of an objectif."""
    keys = {"p_objectif_id": objectif.id}
    return await paginer(tx, _ETATS[objectif.sante], _E[objectif.sante], page, keys)


async def read_statuts(tx: Transaction, frein: Row[Any]) -> list[StatutObjectif]:
    """Read where the objectifs of a frein are; who holds the frein holds them."""
    found = await tx.execute(_STATUTS[frein.sante], {"p_frein_id": frein.id})
    return [StatutObjectif(statut) for statut in found.scalars()]


async def store_objectif(
    tx: Transaction, coffre: Coffre, frein: Row[Any], values: Mapping[str, Any], *, source: str
) -> Row[Any]:
    """Insert an objectif and its first state.

    Raises:
        ObjectifExistant: it is there in this episode.
    """
    libelle = values["libelle"]
    row = (
        await tx.execute(
            _INSERT[frein.sante],
            {
                **values,
                "id": new_id(),
                "frein_id": frein.id,
                "parcours_id": frein.parcours_id,
                "libelle": coffre.sceller(libelle.encode(), _CONTEXTE),
                "libelle_empreinte": coffre.empreinte(forme(libelle)),
            },
        )
    ).one_or_none()
    if row is None:
        raise ObjectifExistant
    await _store_etat(tx, row, source)
    return row


async def update_etat(
    tx: Transaction, objectif: Row[Any], values: Mapping[str, Any], *, source: str
) -> Row[Any]:
    """Write the next state of a locked objectif, and keep it with the others."""
    parameters = {"p_id": objectif.id, **{f"p_{nom}": valeur for nom, valeur in values.items()}}
    row = (await tx.execute(_UPDATE[objectif.sante], parameters)).one()
    await _store_etat(tx, row, source)
    return row


async def _store_etat(tx: Transaction, objectif: Row[Any], source: str) -> None:
    await tx.add(
        _E[objectif.sante],
        {
            "id": new_id(),
            "objectif_id": objectif.id,
            "parcours_id": objectif.parcours_id,
            "statut": objectif.statut,
            "date_etat": objectif.date_etat,
            "source": source,
            "client_id": tx.acces.auteur,
        },
    )


def render(row: Row[Any], coffre: Coffre) -> Objectif:
    """Make the contract of a row."""
    libelle = coffre.ouvrir(row.libelle, _CONTEXTE).decode()
    return Objectif.model_validate({**row._mapping, "libelle": libelle})


def render_etat(row: Row[Any]) -> EtatObjectif:
    """Make the contract of a state."""
    return EtatObjectif.model_validate({**row._mapping, "auteur": {"client_id": row.client_id}})
