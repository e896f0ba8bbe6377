"""SQL of the offers, and of what fits a frein."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Row,
    Text,
    and_,
    bindparam,
    case,
    delete,
    exists,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from services.parcours import tables
from services.parcours.offres.rules import Conditions, freins_leves
from shared.refus import Introuvable
from shared.schemas.parcours.contrats_engagement import StatutContrat
from shared.schemas.parcours.freins import CodeFrein
from shared.schemas.parcours.offres import Offre
from shared.socle.db import Transaction, siens
from shared.socle.modification import update_version
from shared.socle.pages import PageDemandee, paginer, parmi

_T, _F, _S = tables.Offre, tables.OffreFrein, tables.Seance
_D, _C = tables.Diagnostic, tables.ContratEngagement

_SELECT = select(*_T.__table__.columns).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("p_id"))
_BY_REFERENCE = _SELECT.where(_T.reference == bindparam("p_reference")).with_for_update()
_INSERT = (
    insert(_T)
    .on_conflict_do_nothing(
        index_elements=["collectivite", "reference"], index_where=_T.reference.is_not(None)
    )
    .returning(*_T.__table__.columns)
)
_FORGET = delete(_F).where(siens(_F), _F.offre_id == bindparam("p_offre_id"))
_DE_L_ACTION = select(exists().where(siens(_T), _T.action_id == bindparam("p_action_id")))

# A commune that nobody said is no reason to send an offer away.
_PARTOUT = func.jsonb_array_length(_T.communes) == 0
_COMMUNE = bindparam("p_commune", type_=Text())
# The ranks of `PROXIMITES`.
_PROXIMITE = case(
    (_T.code_commune == _COMMUNE, 0),
    (func.jsonb_exists(_T.communes, _COMMUNE), 1),
    (and_(_T.a_distance, or_(_PARTOUT, _COMMUNE.is_(None))), 2),
    (or_(_PARTOUT, _COMMUNE.is_(None)), 3),
    else_=4,
)
_PROCHAINE = (
    select(func.min(_S.debut_le))
    .where(siens(_S), _S.offre_id == _T.id, _S.debut_le > bindparam("p_maintenant"))
    .scalar_subquery()
)
_SOLUTIONS = (
    select(
        *_T.__table__.columns,
        _PROXIMITE.label("proximite"),
        _PROCHAINE.label("prochaine_seance_le"),
    )
    .join(_F, (_F.collectivite == _T.collectivite) & (_F.offre_id == _T.id))
    .where(
        siens(_F),
        _F.code == bindparam("p_code"),
        _T.date_debut <= bindparam("p_jour"),
        or_(_T.date_fin.is_(None), _T.date_fin >= bindparam("p_jour")),
        _T.date_retrait.is_(None),
    )
    .subquery("solutions")
)

_PROJET = (
    select(func.jsonb_array_length(_D.projets) > 0)
    .where(siens(_D), _D.parcours_id == bindparam("p_parcours_id"))
    .order_by(_D.rang.desc())
    .limit(1)
    .scalar_subquery()
)
_CONTRAT = exists().where(
    siens(_C),
    _C.personne_id == tables.Parcours.personne_id,
    _C.statut == StatutContrat.SIGNE.value,
)
_FAITS = select(
    tables.Parcours.personne_id,
    func.coalesce(_PROJET, false()).label("projet"),
    _CONTRAT.label("contrat_signe"),
).where(siens(tables.Parcours), tables.Parcours.id == bindparam("p_parcours_id"))


async def read_offre(tx: Transaction, offre_id: UUID) -> Row[Any]:
    """Read one offer.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": offre_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_reference(tx: Transaction, reference: str) -> Row[Any]:
    """Read the offer of a service of data·inclusion, and hold its row."""
    return (await tx.execute(_BY_REFERENCE, {"p_reference": reference})).one()


async def list_offres(
    tx: Transaction, page: PageDemandee, *, freins: Sequence[CodeFrein], actions: Sequence[UUID]
) -> Sequence[Row[Any]]:
    """Read a page of offers, for some freins or of some actions when asked."""
    statement = _SELECT.where(parmi(_T.action_id, actions))
    if freins:
        pour = (_F.offre_id == _T.id, _F.code.in_([code.value for code in freins]))
        statement = statement.where(exists().where(siens(_F), *pour))
    return await paginer(tx, statement, _T, page)


async def store_offre(tx: Transaction, values: Mapping[str, Any]) -> Row[Any] | None:
    """Insert an offer; nothing if its reference is known."""
    row = (await tx.execute(_INSERT, values)).one_or_none()
    if row is not None:
        await _index_freins(tx, row)
    return row


async def update_offre(
    tx: Transaction, offre_id: UUID, version: int, valeurs: dict[str, Any]
) -> Row[Any]:
    """Write the next version of an offer, and which freins it may lift.

    Raises:
        VersionDepassee: another came first.
    """
    row = await update_version(tx, _T, _T.id == offre_id, version, valeurs)
    await tx.execute(_FORGET, {"p_offre_id": offre_id})
    await _index_freins(tx, row)
    return row


async def _index_freins(tx: Transaction, row: Row[Any]) -> None:
    await tx.add(
        _F,
        [
            {"offre_id": row.id, "code": code.value}
            for code in freins_leves(row.thematiques, row.freins)
        ],
    )


async def mene_a(tx: Transaction, action_id: UUID) -> bool:
    """Tell whether an offer leads to this action."""
    found: bool = (await tx.execute(_DE_L_ACTION, {"p_action_id": action_id})).scalar_one()
    return found


async def list_solutions(
    tx: Transaction,
    page: PageDemandee,
    *,
    code: str,
    commune: str | None,
    jour: date,
    maintenant: datetime,
) -> Sequence[Row[Any]]:
    """Read a page of the offers of a day for a frein, the nearest first."""
    values = {
        "p_code": code,
        "p_commune": commune,
        "p_jour": jour,
        "p_maintenant": maintenant,
    }
    return await paginer(tx, select(_SOLUTIONS), _SOLUTIONS.c, page, values)


async def read_faits(tx: Transaction, parcours_id: UUID) -> Row[Any]:
    """Read whose a parcours is, and whether it is a real one: a project, and a signed contract."""
    return (await tx.execute(_FAITS, {"p_parcours_id": parcours_id})).one()


def conditions(row: Row[Any]) -> Conditions:
    """What the rules need to know of a row."""
    return Conditions(
        age_min=row.age_min,
        age_max=row.age_max,
        beneficiaire_rsa_requis=row.beneficiaire_rsa_requis,
        projet_requis=row.projet_requis,
        communes=frozenset(row.communes),
        zone_a_verifier=row.zone_a_verifier,
    )


def render(row: Row[Any]) -> Offre:
    """Make the contract of a row."""
    return Offre.model_validate(
        {**row._mapping, "freins": freins_leves(row.thematiques, row.freins)}
    )
