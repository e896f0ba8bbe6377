"""SQL of the portfolios, and of who is in them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, insert, select
from sqlalchemy.exc import IntegrityError

from services.orientation import tables
from services.orientation.places.comptes import comptee
from services.orientation.portefeuilles.rules import Service
from shared.refus import Erreur, Introuvable, Refus, Validation
from shared.schemas.orientation.organismes import RoleAgent
from shared.socle.db import Transaction, siens
from shared.socle.modification import update_version
from shared.socle.pages import PageDemandee, paginer, parmi

_P, _G, _A = tables.Portefeuille, tables.Place, tables.Affectation
_U, _O = tables.Unite, tables.OrganismeReferent
_CHARGE = comptee(tables.ComptePlace.placees, _P).label("charge")
_SELECT = select(*_P.__table__.columns, _CHARGE).where(siens(_P))
_BY_ID = _SELECT.where(_P.id == bindparam("id"))
_INSERT = insert(_P)
_CLIENTS = select(_O.clients).where(siens(_O), _O.id == bindparam("id"))
_UNITE = select(_U.id, _U.organisme_referent_id, _U.date_debut, _U.date_fin).where(
    siens(_U), _U.id == bindparam("id")
)
_DERNIERE = (
    select(func.max(_A.date_affectation)).where(siens(_A), _A.place_id == _G.id).scalar_subquery()
)
# Who follows the person, who speaks for the organisme, and since when: one reading.
_SUIVI = (
    select(*_G.__table__.columns, _O.clients, _DERNIERE.label("depuis"))
    .join(_O, (_O.collectivite == _G.collectivite) & (_O.id == _G.organisme_id))
    .where(siens(_G), _G.id == bindparam("id"))
)
_AFFECTATION = select(*_A.__table__.columns).where(siens(_A))
_AFFECTATION_BY_ID = _AFFECTATION.where(_A.id == bindparam("id"))
_INSERT_AFFECTATION = insert(_A).returning(*_A.__table__.columns)


class PortefeuilleExistant(Refus):
    code = "reference-externe-existante"
    detail = "Un portefeuille de l'organisme porte deja cette reference."


async def read_clients(tx: Transaction, organisme_id: UUID) -> Sequence[str]:
    """Read which clients speak for an organisme.

    Raises:
        Validation: the collectivité has no such organisme.
    """
    clients: Sequence[str] | None = (
        await tx.execute(_CLIENTS, {"id": organisme_id})
    ).scalar_one_or_none()
    if clients is None:
        message = "Organisme referent inconnu"
        raise Validation([Erreur("/organisme_referent_id", "hors-bornes", message)])
    return clients


async def read_unite(tx: Transaction, unite_id: UUID | None) -> Service | None:
    """Read the unit that a body names, if it names one.

    Raises:
        Validation: the collectivité has no such unit.
    """
    if unite_id is None:
        return None
    row = (await tx.execute(_UNITE, {"id": unite_id})).one_or_none()
    if row is None:
        raise Validation([Erreur("/unite_id", "hors-bornes", "Unite inconnue")])
    return Service(row.id, row.organisme_referent_id, row.date_debut, row.date_fin)


async def read_service(tx: Transaction, portefeuille_id: UUID | None) -> Service | None:
    """Read the portfolio that a body names, if it names one.

    Raises:
        Validation: the collectivité has no such portfolio.
    """
    if portefeuille_id is None:
        return None
    row = (await tx.execute(_BY_ID, {"id": portefeuille_id})).one_or_none()
    if row is None:
        raise Validation([Erreur("/portefeuille_id", "hors-bornes", "Portefeuille inconnu")])
    return Service(
        row.id, row.organisme_referent_id, row.date_debut, row.date_fin, unite_id=row.unite_id
    )


async def store_portefeuille(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a portfolio; its reference is unique in the organisme.

    Raises:
        PortefeuilleExistant: the reference is taken.
    """
    try:
        await tx.execute(_INSERT, values)
    except IntegrityError:
        raise PortefeuilleExistant from None
    return await read_portefeuille(tx, values["id"])


async def read_portefeuille(tx: Transaction, portefeuille_id: UUID) -> Row[Any]:
    """Read one portfolio and its load.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": portefeuille_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def update_portefeuille(
    tx: Transaction, portefeuille_id: UUID, version: int, valeurs: dict[str, Any]
) -> Row[Any]:
    """Write the next version of a portfolio.

    Raises:
        VersionDepassee: another came first.
    """
    await update_version(tx, _P, _P.id == portefeuille_id, version, valeurs)
    return await read_portefeuille(tx, portefeuille_id)


async def list_portefeuilles(
    tx: Transaction,
    page: PageDemandee,
    *,
    organismes: Sequence[UUID],
    unites: Sequence[UUID],
    roles: Sequence[RoleAgent],
) -> Sequence[Row[Any]]:
    """Read a page of portfolios, of some organismes, units and roles or of all."""
    statement = _SELECT.where(
        parmi(_P.organisme_referent_id, organismes),
        parmi(_P.unite_id, unites),
        parmi(_P.role, roles),
    )
    return await paginer(tx, statement, _P, page)


async def read_suivi(tx: Transaction, place_id: UUID) -> Row[Any]:
    """Read who follows the person of a place.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_SUIVI, {"id": place_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def store_affectation(
    tx: Transaction, version: int, values: Mapping[str, Any]
) -> tuple[Row[Any], int]:
    """Add the act and move the person; return the act and the place's version.

    The version guards all that was read of the place: given back or placed meanwhile, it changed.

    Raises:
        VersionDepassee: another came first.
    """
    moved = {nom: values[nom] for nom in ("unite_id", "portefeuille_id")}
    place = await update_version(tx, _G, _G.id == values["place_id"], version, moved)
    row = (await tx.execute(_INSERT_AFFECTATION, values)).one()
    return row, place.version


async def read_affectation(tx: Transaction, affectation_id: UUID) -> Row[Any]:
    """Read one assignment.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_AFFECTATION_BY_ID, {"id": affectation_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_affectations(
    tx: Transaction, place_id: UUID, page: PageDemandee
) -> Sequence[Row[Any]]:
    """Read a page of the assignments of a place."""
    return await paginer(tx, _AFFECTATION.where(_A.place_id == place_id), _A, page)
