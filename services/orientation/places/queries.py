"""SQL of the places: given, queued, released, under the lock of the organisme's row.

The order of locks is the same everywhere: orientations, then organismes in id order, then places.
Whoever writes a place at an organisme that has a bound holds that organisme's row, so that the
places are only ever counted by one at a time.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, case, func, insert, null, select, text, update
from sqlalchemy.orm import aliased

from services.orientation import tables
from services.orientation.places.comptes import somme
from services.orientation.places.rules import Attribution, Stock
from shared.delais import Delai, Unite
from shared.refus import Introuvable
from shared.schemas.collectivite import DelaiLocal
from shared.schemas.commun import Operation
from shared.schemas.orientation.vocabulaire import StatutPlace
from shared.socle.db import Transaction, siens
from shared.socle.evenements import Fait
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer, par_tranches, parmi
from shared.socle.tables import Collectivite

_T, _G, _F = tables.OrganismeReferent, tables.Place, aliased(tables.Place)
_C = tables.ComptePlace
_EN_FILE = _G.statut == StatutPlace.EN_FILE.value

# How many wait before this one, itself included; computed only for those who wait.
_RANG = (
    select(func.count())
    .where(
        _F.collectivite == _G.collectivite,
        _F.organisme_id == _G.organisme_id,
        _F.statut == StatutPlace.EN_FILE.value,
        _F.numero <= _G.numero,
    )
    .correlate(_G)
    .scalar_subquery()
)
RANG_ACTUEL = case((_EN_FILE, _RANG), else_=null())
_COLUMNS = [column for column in _G.__table__.columns if column.key not in ("rang", "numero")]
_SELECT = select(*_COLUMNS, RANG_ACTUEL.label("rang")).where(siens(_G))
_BY_ID = _SELECT.where(_G.id == bindparam("id"))
# NO KEY UPDATE: a place written elsewhere refers to its organisme, and need not wait for that.
_LOCK = (
    select(_T.id, _T.places)
    .where(
        siens(_T),
        _T.id.in_(bindparam("organismes", expanding=True)),
        _T.places.is_not(None),
    )
    .order_by(_T.id)
    .with_for_update(key_share=True)
)
_DERNIER = (
    select(func.coalesce(func.max(_F.numero), 0))
    .where(
        _F.collectivite == _C.collectivite,
        _F.organisme_id == _C.objet_id,
        # Written in the statement, as in the index of the queue.
        _F.statut == bindparam(None, StatutPlace.EN_FILE.value, literal_execute=True),
    )
    .correlate(_C)
    .scalar_subquery()
)
_COMPTES = (
    select(
        _C.objet_id.label("organisme_id"),
        somme(_C.placees).label("occupees"),
        somme(_C.en_file).label("file"),
        _DERNIER.label("dernier"),
    )
    .where(siens(_C), _C.objet_id.in_(bindparam("organismes", expanding=True)))
    .group_by(_C.collectivite, _C.objet_id)
)
_INSERT = insert(_G)
_DELAIS = select(Collectivite.delais).where(siens(Collectivite))
_TOUCH = {"version": _G.version + 1, "modifie_le": text("now()")}
_RELEASE = (
    update(_G)
    .where(
        siens(_G),
        _G.orientation_id.in_(bindparam("orientations", expanding=True)),
        _G.statut != StatutPlace.LIBEREE.value,
    )
    .values(**_TOUCH, statut=StatutPlace.LIBEREE.value, liberee_le=text("now()"))
)
_TENUE = (
    select(
        _G.statut,
        _G.numero,
        RANG_ACTUEL.label("rang"),
        _G.date_limite_file,
        _G.unite_id,
        _G.portefeuille_id,
    )
    .where(
        siens(_G),
        _G.orientation_id.in_(bindparam("orientations", expanding=True)),
        _G.organisme_id == bindparam("organisme"),
        _G.statut != StatutPlace.LIBEREE.value,
    )
    .with_for_update(of=_G)
)
# Those who asked first; LIMIT NULL is no limit.
_PROMOTE = (
    update(_G)
    .where(
        siens(_G),
        _G.id.in_(
            select(_F.id)
            .where(
                _F.collectivite == bindparam("cloison"),
                _F.organisme_id == bindparam("organisme"),
                _F.statut == StatutPlace.EN_FILE.value,
            )
            .order_by(_F.numero)
            .limit(bindparam("libres", type_=_G.numero.type))
        ),
    )
    .values(**_TOUCH, statut=StatutPlace.PLACEE.value, placee_le=text("now()"))
    .returning(_G.id, _G.version)
)


async def lock_organismes(tx: Transaction, organismes: Collection[UUID]) -> Mapping[UUID, int]:
    """Hold those of these organismes that have a bound, in id order; return their bounds.

    Two decisions on the last place must queue: without the lock both would count it free. An
    organisme without a bound is not held, for nothing is counted there.
    """
    rows = await tx.execute(_LOCK, {"organismes": list(organismes)})
    return {row.id: row.places for row in rows}


async def read_stocks(tx: Transaction, bornes: Mapping[UUID, int | None]) -> Mapping[UUID, Stock]:
    """Count the places of these organismes; exact only for those that are held."""
    rows = await tx.execute(_COMPTES, {"organismes": list(bornes)})
    comptes = {row.organisme_id: (row.occupees, row.file, row.dernier) for row in rows}
    return {one: Stock(borne, *comptes.get(one, ())) for one, borne in bornes.items()}


async def read_delais_locaux(tx: Transaction) -> Sequence[Delai]:
    """Read the delays that the collectivité gave itself, for all its territory."""
    found = [DelaiLocal.model_validate(one) for one in (await tx.execute(_DELAIS)).scalar_one()]
    return [
        Delai(un.code, un.duree, Unite(un.unite.value), un.depuis, un.source, confirme=False)
        for un in found
        if not un.communes and un.territoire is None
    ]


async def store_place(
    tx: Transaction,
    orientation_id: UUID,
    organisme_id: UUID,
    attribution: Attribution,
    organisme_alternatif_id: UUID | None,
    *,
    unite_id: UUID | None,
    portefeuille_id: UUID | None,
) -> None:
    """Write what a decision gave, and who follows the person there."""
    placee = attribution.statut is StatutPlace.PLACEE
    await tx.execute(
        _INSERT.values(placee_le=func.now() if placee else None),
        {
            "id": new_id(),
            "orientation_id": orientation_id,
            "organisme_id": organisme_id,
            "organisme_alternatif_id": organisme_alternatif_id,
            "unite_id": unite_id,
            "portefeuille_id": portefeuille_id,
            **vars(attribution),
        },
    )


async def lock_tenue(
    tx: Transaction, orientations: Sequence[UUID], organisme_id: UUID
) -> Row[Any] | None:
    """Read the place that a person holds at an organisme, or waits for, and hold its row.

    Args:
        orientations: of that person, locked: at most one was in force.
    """
    if not orientations:
        return None
    asked = {"orientations": list(orientations), "organisme": organisme_id}
    return (await tx.execute(_TENUE, asked)).one_or_none()


async def release_places(tx: Transaction, orientations: Sequence[UUID]) -> None:
    """Give back the places of orientations that ended; `promote` gives them to others.

    Args:
        orientations: locked, no longer in force; their organismes are held too.
    """
    if orientations:
        await tx.execute(_RELEASE, {"orientations": list(orientations)})


async def promote(tx: Transaction, bornes: Mapping[UUID, int | None]) -> Sequence[Fait]:
    """Place the first of each queue as long as there is room; return the facts to publish.

    Args:
        bornes: of organismes whose rows are held.
    """
    faits: list[Fait] = []
    if not bornes:
        return faits
    for organisme_id, stock in (await read_stocks(tx, bornes)).items():
        if stock.file and stock.libres != 0:
            rows = await tx.execute(_PROMOTE, {"organisme": organisme_id, "libres": stock.libres})
            faits += [
                Fait(
                    "orientation.place.attribuee",
                    "places",
                    row.id,
                    row.version,
                    Operation.MODIFICATION,
                )
                for row in rows
            ]
    return faits


async def read_place(tx: Transaction, place_id: UUID) -> Row[Any]:
    """Read one place.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": place_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_places(
    tx: Transaction,
    organisme_id: UUID,
    page: PageDemandee,
    statuts: Sequence[StatutPlace],
    *,
    unites: Sequence[UUID] = (),
    portefeuilles: Sequence[UUID] = (),
) -> Sequence[Row[Any]]:
    """Read a page of the places of an organisme, of some states, units and portfolios or of all."""
    statement = _SELECT.where(
        _G.organisme_id == organisme_id,
        parmi(_G.unite_id, unites),
        parmi(_G.portefeuille_id, portefeuilles),
    )
    if unites or portefeuilles:
        # Their index has each state in order.
        statuts = statuts or list(StatutPlace)
    ensemble = par_tranches(statement, _G.statut, statuts, _G, page).subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)
