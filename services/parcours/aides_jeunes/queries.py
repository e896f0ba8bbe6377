"""SQL of the aids of the fonds d'aide aux jeunes, and of the rules of the fund."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, case, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import aliased

from services.parcours import tables
from services.parcours.aides_jeunes.rules import TRANSITIONS, EtatAide, Reglement
from shared.refus import Introuvable, TransitionInterdite
from shared.schemas.parcours.aides_jeunes import (
    AideJeune,
    NatureAide,
    ReglementAide,
    StatutAide,
)
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, parmi

_A, _R, _T = tables.AideJeune, tables.ReglementAide, tables.Parcours
_SIEN = aliased(_T)

_SELECT = select(*_A.__table__.columns).where(siens(_A))
_BY_ID = (
    select(*_A.__table__.columns, _T.statut.label("statut_parcours"))
    .join(_T, (_T.collectivite == _A.collectivite) & (_T.id == _A.parcours_id))
    .where(siens(_A), _A.id == bindparam("p_id"))
)
_INSERT = insert(_A).returning(*_A.__table__.columns)
_UPDATE = (
    update(_A)
    .where(siens(_A), _A.id == bindparam("p_id"), _A.statut == bindparam("p_avant"))
    .where(_A.reservation_id == bindparam("p_reservation_id"))
    .values(version=_A.version + 1, modifie_le=func.now())
    .returning(*_A.__table__.columns)
)
# Of the person, whatever the parcours: what is asked counts until it is refused or withdrawn.
_DEJA = (
    select(
        func.coalesce(
            func.sum(
                case(
                    (_A.statut == StatutAide.DEMANDEE.value, _A.montant_demande_centimes),
                    else_=_A.montant_centimes,
                )
            ),
            0,
        )
    )
    .join(_T, (_T.collectivite == _A.collectivite) & (_T.id == _A.parcours_id))
    .join(_SIEN, (_SIEN.collectivite == _T.collectivite) & (_SIEN.personne_id == _T.personne_id))
    .where(siens(_A), _SIEN.id == bindparam("p_parcours_id"))
    .where(_A.date_demande.between(bindparam("p_debut"), bindparam("p_fin")))
)
_REGLEMENTS = select(*_R.__table__.columns).where(siens(_R))
_EN_VIGUEUR = (
    _REGLEMENTS.where(_R.depuis <= bindparam("p_jour")).order_by(_R.depuis.desc()).limit(1)
)
_INSERT_REGLEMENT = upsert(_R).on_conflict_do_nothing().returning(*_R.__table__.columns)


async def read_aide(tx: Transaction, aide_jeune_id: UUID) -> Row[Any]:
    """Read one aid.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": aide_jeune_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_aides(
    tx: Transaction,
    page: PageDemandee,
    *,
    statuts: Sequence[StatutAide],
    parcours: Sequence[UUID],
) -> Sequence[Row[Any]]:
    """Read a page of aids."""
    statement = _SELECT.where(parmi(_A.statut, statuts), parmi(_A.parcours_id, parcours))
    return await paginer(tx, statement, _A, page)


async def store_aide(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a request."""
    return (await tx.execute(_INSERT, values)).one()


async def resolve_aide(tx: Transaction, aide: Row[Any], values: Mapping[str, Any]) -> Row[Any]:
    """Write what became of an aid, as it stood when it was read.

    Raises:
        TransitionInterdite: another command changed it since.
    """
    connu = "versement_le" if values["statut"] == StatutAide.VERSEE else "resolue_le"
    row = await _write(tx, aide, {**values, connu: func.now()})
    if row is None:
        raise TransitionInterdite(aide.statut, TRANSITIONS[StatutAide(aide.statut)])
    return row


async def replace_reservation(
    tx: Transaction, aide: Row[Any], values: Mapping[str, Any]
) -> Row[Any] | None:
    """Write what holds an aid now that what held it fell; nothing if it changed since."""
    return await _write(tx, aide, values)


async def read_deja(tx: Transaction, parcours_id: UUID, jour: date) -> int:
    """Read the cents of this person's aids in the civil year of a day."""
    keys = {
        "p_parcours_id": parcours_id,
        "p_debut": jour.replace(month=1, day=1),
        "p_fin": jour.replace(month=12, day=31),
    }
    return int((await tx.execute(_DEJA, keys)).scalar_one())


async def read_reglement(tx: Transaction, jour: date) -> Reglement:
    """Read the rules in force on a day; without any, those of the law."""
    row = (await tx.execute(_EN_VIGUEUR, {"p_jour": jour})).one_or_none()
    if row is None:
        return Reglement()
    return Reglement(
        age_min=row.age_min,
        age_max=row.age_max,
        urgence_max_centimes=row.urgence_max_centimes,
        annuel_max_centimes=row.annuel_max_centimes,
        plafonds={
            NatureAide(un["nature"]): un["montant_centimes"] for un in row.natures_plafonnees
        },
    )


async def store_reglement(tx: Transaction, values: Mapping[str, Any]) -> Row[Any] | None:
    """Insert a set of rules; nothing if one holds from that day."""
    return (await tx.execute(_INSERT_REGLEMENT, values)).one_or_none()


async def read_reglement_id(tx: Transaction, reglement_aide_id: UUID) -> Row[Any]:
    """Read one set of rules.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _REGLEMENTS.where(_R.id == bindparam("p_id"))
    row = (await tx.execute(statement, {"p_id": reglement_aide_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_reglements(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of sets of rules."""
    return await paginer(tx, _REGLEMENTS, _R, page)


async def _write(tx: Transaction, aide: Row[Any], values: Mapping[str, Any]) -> Row[Any] | None:
    """Write on an aid as it stood when it was read."""
    keys = {
        "p_id": aide.id,
        "p_avant": aide.statut,
        "p_reservation_id": aide.reservation_id,
    }
    return (await tx.execute(_UPDATE.values(**values), keys)).one_or_none()


def etat(row: Row[Any]) -> EtatAide:
    """What the rules need to know of an aid."""
    return EtatAide(
        statut=StatutAide(row.statut),
        urgence=row.urgence,
        demande_centimes=row.montant_demande_centimes,
        montant_centimes=row.montant_centimes,
        date_demande=row.date_demande,
    )


def render(row: Row[Any]) -> AideJeune:
    """Make the contract of a row."""
    return AideJeune.model_validate(row, from_attributes=True)


def render_reglement(row: Row[Any]) -> ReglementAide:
    """Make the contract of a set of rules."""
    return ReglementAide.model_validate({**row._mapping, "source": row.texte_source})
