"""SQL of the returns, of what a flux tells of the right, and of decisions that were annulled."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, bindparam, case, exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from services.parcours import tables
from services.parcours.accompagnements.queries import COMMENTAIRE, close_parcours, read_parcours
from services.parcours.accompagnements.rules import OrientationDecidee, motif_connu
from services.parcours.sorties.rules import (
    DECISION_ANNULEE,
    effet_droit,
    motif_sortie,
    propose_retour,
)
from shared.delais import Delai
from shared.refus import Introuvable
from shared.schemas.commun import Operation
from shared.schemas.orientation.imports import MouvementDetaille as MouvementLu
from shared.schemas.parcours.accompagnement import StatutParcours
from shared.schemas.parcours.sorties import (
    EffetDroit,
    MouvementDroit,
    OrigineReouverture,
    ReouvertureParcours,
    TypeMouvementDroit,
)
from shared.socle.coffre import Coffre
from shared.socle.db import Transaction, siens
from shared.socle.evenements import Fait
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer

_log = structlog.get_logger()
_T, _P = tables.Parcours, tables.Periode
_O, _M = tables.Reouverture, tables.MouvementDroit
_OUVERT, _CLOS = StatutParcours.OUVERT.value, StatutParcours.CLOS.value
_SORTIE = [
    _T.id,
    _T.personne_id,
    _T.statut,
    _T.version,
    _T.orientation_id,
    _T.date_cloture,
    _T.motif_cloture,
    _T.commentaire_cloture,
    func.coalesce(_T.cloture_le, _T.modifie_le).label("sortie_le"),
    _T.nombre_reouvertures,
]
_LOCK_CLOS = (
    select(*_SORTIE)
    .where(
        siens(_T),
        _T.statut == _CLOS,
        _T.personne_id.in_(bindparam("p_personnes", expanding=True)),
    )
    .order_by(_T.id)
    .with_for_update()
)
_LOCK_UN = select(*_SORTIE).where(siens(_T), _T.id == bindparam("p_id")).with_for_update()
_AUTRE_OUVERT = select(
    exists().where(
        siens(_T),
        _T.personne_id == bindparam("p_personne_id"),
        _T.id != bindparam("p_id"),
        _T.statut == _OUVERT,
    )
)
_REOPEN = (
    update(_T)
    .where(siens(_T), _T.id == bindparam("p_id"))
    .values(
        statut=_OUVERT,
        date_cloture=None,
        cloture_le=None,
        motif_cloture=None,
        commentaire_cloture=None,
        nombre_reouvertures=_T.nombre_reouvertures + 1,
        version=_T.version + 1,
        modifie_le=func.now(),
    )
)
_TURN = _REOPEN.values(
    orientation_id=bindparam("p_orientation_id"),
    type_parcours=bindparam("p_type_parcours"),
    organisme_referent_id=bindparam("p_organisme_referent_id"),
)
_RESUME = (
    update(_P)
    .where(
        siens(_P),
        _P.parcours_id == bindparam("p_id"),
        _P.orientation_id == bindparam("p_orientation_id"),
    )
    .values(date_fin=None)
)
_REOUVERTURES = select(*_O.__table__.columns).where(siens(_O), _O.parcours_id == bindparam("p_id"))
_MOUVEMENTS = select(*_M.__table__.columns).where(siens(_M), _M.parcours_id == bindparam("p_id"))
_DES_PERSONNES = (
    select(_T.id, _T.personne_id, _T.statut, _T.date_cloture)
    .where(siens(_T), _T.personne_id.in_(bindparam("p_personnes", expanding=True)))
    .order_by(_T.id)
    .with_for_update()
)
_STORE_MOUVEMENT = (
    insert(_M)
    .on_conflict_do_nothing(index_elements=["collectivite", "mouvement_id", "parcours_id"])
    .returning(_M.id)
)
_MOVED = (
    update(_T)
    .where(siens(_T), _T.id == bindparam("p_id"))
    .values(
        # `modifie_le` told it of those closed before there was a column.
        cloture_le=case(
            (_T.date_cloture.is_not(None), func.coalesce(_T.cloture_le, _T.modifie_le))
        ),
        version=_T.version + 1,
        modifie_le=func.now(),
    )
    .returning(_T.version)
)
# Whatever a capability keeps of a parcours, now or later, names it. A period is its opening; what
# a flux told, and who read it, is nothing that was done.
_SANS_EFFET = {table.__tablename__ for table in (_T, _P, _M, tables.AccesParcours)}
_CONTENU = [
    table
    for table in tables.Base.metadata.sorted_tables
    if table.name not in _SANS_EFFET
    and any(key.column.table.name == _T.__tablename__ for key in table.foreign_keys)
]
_AUTRE_PERIODE = aliased(_P)
_ANNULES = (
    select(
        _T.id,
        _P.date_debut,
        or_(
            exists().where(
                _AUTRE_PERIODE.collectivite == _T.collectivite,
                _AUTRE_PERIODE.parcours_id == _T.id,
                _AUTRE_PERIODE.orientation_id != _T.orientation_id,
            ),
            *(
                exists(
                    select(literal(1))
                    .select_from(table)
                    .where(table.c.collectivite == _T.collectivite, table.c.parcours_id == _T.id)
                )
                for table in _CONTENU
            ),
        ).label("rempli"),
    )
    .join(_P, (_P.collectivite == _T.collectivite) & (_P.orientation_id == _T.orientation_id))
    .where(
        siens(_T),
        _P.orientation_id.in_(bindparam("p_orientations", expanding=True)),
        _T.statut == _OUVERT,
    )
    .order_by(_T.id)
    .with_for_update(of=_T)
)


async def lock_clos(tx: Transaction, personnes: Sequence[UUID]) -> Mapping[UUID, Row[Any]]:
    """Hold the parcours of these persons that ended, and return the last of each."""
    if not personnes:
        return {}
    rows = (await tx.execute(_LOCK_CLOS, {"p_personnes": list(personnes)})).all()
    return {row.personne_id: row for row in sorted(rows, key=_fin)}


async def lock_sortie(tx: Transaction, parcours_id: UUID) -> Row[Any]:
    """Hold one parcours, and tell how it ended.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK_UN, {"p_id": parcours_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def goes_on_elsewhere(tx: Transaction, row: Row[Any]) -> bool:
    """Tell whether the person of a locked parcours has another one open.

    Asked once it is held: a decision that opens another holds it first, and the lock may have
    waited for it.
    """
    keys = {"p_id": row.id, "p_personne_id": row.personne_id}
    found: bool = (await tx.execute(_AUTRE_OUVERT, keys)).scalar_one()
    return found


async def reopen_by_decision(
    tx: Transaction, retours: Sequence[tuple[Row[Any], OrientationDecidee, date]]
) -> None:
    """Open locked parcours again, each with the period of a new decision from a day on."""
    if not retours:
        return
    await tx.add(
        _O,
        [
            _reouverture(tx, row, OrigineReouverture.DECISION, one.orientation_id, jour)
            for row, one, jour in retours
        ],
    )
    await tx.add(
        _P,
        [
            {
                "id": new_id(),
                "parcours_id": row.id,
                "orientation_id": one.orientation_id,
                "type_parcours": one.type_parcours.value,
                "organisme_referent_id": one.organisme_referent_id,
                "date_debut": jour,
            }
            for row, one, jour in retours
        ],
    )
    await tx.execute(
        _TURN,
        [
            {
                "p_id": row.id,
                "p_orientation_id": one.orientation_id,
                "p_type_parcours": one.type_parcours.value,
                "p_organisme_referent_id": one.organisme_referent_id,
            }
            for row, one, _ in retours
        ],
    )


async def reopen_as_it_was(tx: Transaction, row: Row[Any], jour: date) -> Row[Any]:
    """Open a locked parcours again, its last period going on from a day, and return it."""
    await tx.add(_O, _reouverture(tx, row, OrigineReouverture.DEMANDE, row.orientation_id, jour))
    await tx.execute(_RESUME, {"p_id": row.id, "p_orientation_id": row.orientation_id})
    await tx.execute(_REOPEN, {"p_id": row.id})
    return await read_parcours(tx, row.id)


async def list_reouvertures(
    tx: Transaction, page: PageDemandee, parcours_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of the returns in a parcours."""
    return await paginer(tx, _REOUVERTURES, _O, page, {"p_id": parcours_id})


async def list_mouvements(
    tx: Transaction, page: PageDemandee, parcours_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of what fluxes told of the right of a person."""
    return await paginer(tx, _MOUVEMENTS, _M, page, {"p_id": parcours_id})


async def follow_mouvements(
    tx: Transaction, lus: Sequence[MouvementLu], locaux: Sequence[Delai]
) -> list[Fait]:
    """Keep what a flux told of persons who have a parcours, open or the last one that ended.

    Args:
        lus: in the order of the feed.
        locaux: delays of the collectivité.

    Returns:
        What to tell the feed; a movement told again tells nothing.
    """
    personnes = {personne_id for lu in lus for personne_id in lu.personne_ids}
    if not personnes:
        return []
    rows = (await tx.execute(_DES_PERSONNES, {"p_personnes": sorted(personnes)})).all()
    de = {row.personne_id: row for row in sorted(rows, key=_fin)}
    faits = []
    for lu in lus:
        for personne_id in lu.personne_ids:
            if (row := de.get(personne_id)) is not None:
                faits += await _store_mouvement(tx, lu, row, locaux)
    return faits


async def _store_mouvement(
    tx: Transaction, lu: MouvementLu, row: Row[Any], locaux: Sequence[Delai]
) -> list[Fait]:
    type_ = TypeMouvementDroit(lu.type)
    motif = motif_sortie(type_, lu.motif)
    effet = effet_droit(type_, motif)
    stored = await tx.execute(
        _STORE_MOUVEMENT,
        {
            "id": new_id(),
            "mouvement_id": lu.id,
            "parcours_id": row.id,
            "type": type_.value,
            "effet": effet.value,
            "date_reference": lu.date_reference,
            "motif_sortie": motif,
        },
    )
    if stored.one_or_none() is None:
        return []
    match effet:
        case EffetDroit.DISPENSE:
            moved = _MOVED.values(date_sortie_droits_devoirs=lu.date_reference)
        case EffetDroit.OBLIGATION:
            moved = _MOVED.values(date_sortie_droits_devoirs=None)
        case _:
            moved = _MOVED
    version = (await tx.execute(moved, {"p_id": row.id})).scalar_one()
    proposes = propose_retour(effet, lu.date_reference, row.date_cloture, locaux)
    return [_fait("retour_propose" if proposes else "droit_change", row.id, version)]


async def close_annules(tx: Transaction, orientations: Sequence[UUID], jour: date) -> list[Fait]:
    """End the parcours that an annulled decision opened, where nothing came after its opening.

    Where something did, the person is accompanied: it stays, until she is oriented again. Content
    of any kind keeps it, health included: that it stays says that something was done, to who reads
    it without that scope, and never what.

    Returns:
        What to tell the feed.
    """
    if not orientations:
        return []
    faits = []
    for row in (await tx.execute(_ANNULES, {"p_orientations": list(orientations)})).all():
        if row.rempli:
            _log.warning("parcours_de_decision_annulee", parcours_id=str(row.id))
            continue
        closed = await close_parcours(
            tx,
            row.id,
            date_sortie=max(row.date_debut, jour),
            motif=DECISION_ANNULEE,
            commentaire=None,
        )
        faits.append(_fait("clos", row.id, closed.version))
    return faits


def render_reouverture(row: Row[Any], coffre: Coffre, *, sante: bool) -> ReouvertureParcours:
    """Make the contract of a return, as who may know of health reads it, or not."""
    motif = motif_connu(row.motif_sortie, sante=sante)
    # What is said of an exit that is told as another would tell it.
    scelle = row.commentaire_sortie if motif == row.motif_sortie else None
    commentaire = coffre.ouvrir(scelle, COMMENTAIRE).decode() if scelle else None
    return ReouvertureParcours.model_validate(
        {
            **row._mapping,
            "motif_sortie": motif,
            "commentaire_sortie": commentaire,
            "auteur": {"client_id": row.client_id},
        }
    )


def render_mouvement(row: Row[Any]) -> MouvementDroit:
    """Make the contract of what a flux told."""
    return MouvementDroit.model_validate(row, from_attributes=True)


def _reouverture(
    tx: Transaction,
    row: Row[Any],
    origine: OrigineReouverture,
    orientation_id: UUID,
    jour: date,
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "parcours_id": row.id,
        "rang": row.nombre_reouvertures + 1,
        "origine": origine.value,
        "orientation_id": orientation_id,
        "date_reouverture": jour,
        "date_sortie": row.date_cloture,
        "motif_sortie": row.motif_cloture,
        "commentaire_sortie": row.commentaire_cloture,
        "sortie_le": row.sortie_le,
        "client_id": tx.acces.auteur,
    }


def _fin(row: Row[Any]) -> tuple[date, UUID]:
    """The order of parcours of one person: an open one comes last."""
    return row.date_cloture or date.max, row.id


def _fait(nom: str, parcours_id: UUID, version: int) -> Fait:
    return Fait(
        f"parcours.parcours.{nom}", "parcours", parcours_id, version, Operation.MODIFICATION
    )
