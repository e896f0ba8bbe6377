"""SQL of the parcours and their periods."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, bindparam, case, exists, func, or_, select, union_all, update
from sqlalchemy.orm import aliased

from services.parcours import tables
from services.parcours.accompagnements.rules import (
    OrientationDecidee,
    debut_apres,
    motif_connu,
)
from shared.refus import Introuvable
from shared.schemas.commun import Operation
from shared.schemas.parcours.accompagnement import (
    Parcours,
    ParcoursDetaille,
    Periode,
    StatutParcours,
)
from shared.schemas.parcours.contrats_engagement import StatutContrat
from shared.socle.db import Transaction, siens
from shared.socle.evenements import Fait
from shared.socle.pages import PageDemandee, paginer, parmi

_log = structlog.get_logger()
_T, _P, _C = tables.Parcours, tables.Periode, tables.ContratEngagement
_DE_QUI = aliased(_T)
COMMENTAIRE = "parcours.commentaire_cloture"

_O = tables.Reouverture
_PRIVEES = {"commentaire_cloture", "nombre_reouvertures"}
_COLUMNS = [c for c in _T.__table__.columns if c.key not in _PRIVEES]
# Since a return the current period goes on from there: nothing is dated before it.
_RETOUR = (
    select(func.max(_O.date_reouverture))
    .where(_O.collectivite == _T.collectivite, _O.parcours_id == _T.id)
    .scalar_subquery()
)
_DEBUT = func.greatest(_P.date_debut, _RETOUR).label("date_debut")
_SELECT = select(*_COLUMNS).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("p_id"))
# Held until the end: what is written on an open parcours and its closing must queue.
_STATUT = select(_T.statut).where(siens(_T), _T.id == bindparam("p_id")).with_for_update(read=True)
_PERIODES = (
    select(*_P.__table__.columns)
    .where(siens(_P), _P.parcours_id == bindparam("p_id"))
    .order_by(_P.date_debut, _P.cree_le, _P.id)
)
# The open period is that of the last orientation; a closed parcours has none.
_LOCK = (
    select(
        _T.id,
        _T.statut,
        _T.version,
        _T.orientation_id,
        _T.organisme_referent_id,
        _DEBUT,
    )
    .outerjoin(
        _P,
        (_P.collectivite == _T.collectivite) & (_P.parcours_id == _T.id) & _P.date_fin.is_(None),
    )
    .where(siens(_T), _T.id == bindparam("p_id"))
    .with_for_update(of=_T)
)
_CONNUES = select(_P.orientation_id).where(
    siens(_P), _P.orientation_id.in_(bindparam("p_orientations", expanding=True))
)
_LOCK_OUVERTS = (
    select(_T.id, _T.personne_id, _T.version, _T.organisme_referent_id, _DEBUT)
    .join(
        _P,
        (_P.collectivite == _T.collectivite) & (_P.parcours_id == _T.id) & _P.date_fin.is_(None),
    )
    .where(
        siens(_T),
        _T.statut == StatutParcours.OUVERT.value,
        _T.personne_id.in_(bindparam("p_personnes", expanding=True)),
    )
    .order_by(_T.id)
    .with_for_update(of=_T)
)
_CLOSE_PERIODE = (
    update(_P)
    .where(siens(_P), _P.parcours_id == bindparam("p_id"), _P.date_fin.is_(None))
    .values(date_fin=bindparam("p_date_fin"))
)
_REORIENT = (
    update(_T)
    .where(siens(_T), _T.id == bindparam("p_id"))
    .values(
        orientation_id=bindparam("p_orientation_id"),
        type_parcours=bindparam("p_type_parcours"),
        organisme_referent_id=bindparam("p_organisme_referent_id"),
        version=_T.version + 1,
        modifie_le=func.now(),
    )
)
_CLOSE = (
    update(_T)
    .where(siens(_T), _T.id == bindparam("p_id"))
    .values(
        statut=StatutParcours.CLOS.value,
        date_cloture=bindparam("p_date_cloture"),
        cloture_le=func.now(),
        motif_cloture=bindparam("p_motif_cloture"),
        commentaire_cloture=bindparam("p_commentaire_cloture"),
        version=_T.version + 1,
        modifie_le=func.now(),
    )
    .returning(*_COLUMNS)
)
# Those that may pass to another, and all of whom they pass to: one of hers that opens again at the
# same instant, or a contract made on it, comes before or after.
_LOCK_RATTACHES = (
    select(_T.id, _T.personne_id, _T.orientation_id)
    .where(
        siens(_T),
        _T.id.in_(
            union_all(
                select(_P.parcours_id).where(
                    siens(_P), _P.orientation_id.in_(bindparam("p_orientations", expanding=True))
                ),
                select(_DE_QUI.id).where(
                    siens(_DE_QUI),
                    _DE_QUI.personne_id.in_(bindparam("p_personnes", expanding=True)),
                ),
            )
        ),
    )
    .order_by(_T.id)
    .with_for_update()
)
_AUTRE, _SIEN, _AUTRE_CONTRAT = aliased(_T), aliased(_C), aliased(_C)
_RATTACHER = (
    update(_T)
    .where(
        siens(_T),
        _T.id == bindparam("p_id"),
        # One open parcours a person, and one contract that is not closed.
        or_(
            _T.statut != StatutParcours.OUVERT.value,
            ~exists().where(
                _AUTRE.collectivite == _T.collectivite,
                _AUTRE.personne_id == bindparam("p_personne_id"),
                _AUTRE.statut == StatutParcours.OUVERT.value,
            ),
        ),
        ~exists().where(
            _SIEN.collectivite == _T.collectivite,
            _SIEN.parcours_id == _T.id,
            _SIEN.statut != StatutContrat.CLOTURE.value,
            _AUTRE_CONTRAT.collectivite == _T.collectivite,
            _AUTRE_CONTRAT.personne_id == bindparam("p_personne_id"),
            _AUTRE_CONTRAT.statut != StatutContrat.CLOTURE.value,
            _AUTRE_CONTRAT.id != _SIEN.id,
        ),
    )
    .values(
        personne_id=bindparam("p_personne_id"),
        # `modifie_le` told it of those closed before there was a column.
        cloture_le=case(
            (_T.date_cloture.is_not(None), func.coalesce(_T.cloture_le, _T.modifie_le))
        ),
        version=_T.version + 1,
        modifie_le=func.now(),
    )
    .returning(_T.version)
)
_RATTACHER_CONTRATS = (
    update(_C)
    .where(
        siens(_C),
        _C.parcours_id == bindparam("p_id"),
        _C.personne_id != bindparam("p_personne_id"),
    )
    .values(personne_id=bindparam("p_personne_id"), version=_C.version + 1, modifie_le=func.now())
    .returning(_C.id, _C.version)
)


async def read_parcours(tx: Transaction, parcours_id: UUID) -> Row[Any]:
    """Read one parcours.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": parcours_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def read_statut(tx: Transaction, parcours_id: UUID) -> str:
    """Read where a parcours stands, and hold it there.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statut: str | None = (await tx.execute(_STATUT, {"p_id": parcours_id})).scalar_one_or_none()
    if statut is None:
        raise Introuvable
    return statut


async def read_periodes(tx: Transaction, parcours_id: UUID) -> Sequence[Row[Any]]:
    """Read the periods of a parcours, the oldest first."""
    return (await tx.execute(_PERIODES, {"p_id": parcours_id})).all()


async def list_parcours(
    tx: Transaction,
    page: PageDemandee,
    *,
    personnes: Sequence[UUID],
    statuts: Sequence[StatutParcours],
) -> Sequence[Row[Any]]:
    """Read a page of parcours."""
    statement = _SELECT.where(parmi(_T.personne_id, personnes), parmi(_T.statut, statuts))
    return await paginer(tx, statement, _T, page)


async def lock_parcours(tx: Transaction, parcours_id: UUID) -> Row[Any]:
    """Read where a parcours stands, and hold its row until the transaction ends.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK, {"p_id": parcours_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def close_parcours(
    tx: Transaction, parcours_id: UUID, *, date_sortie: date, motif: str, commentaire: bytes | None
) -> Row[Any]:
    """End a locked parcours and its current period."""
    await tx.execute(_CLOSE_PERIODE, {"p_id": parcours_id, "p_date_fin": date_sortie})
    return (
        await tx.execute(
            _CLOSE,
            {
                "p_id": parcours_id,
                "p_date_cloture": date_sortie,
                "p_motif_cloture": motif,
                "p_commentaire_cloture": commentaire,
            },
        )
    ).one()


async def known_orientations(tx: Transaction, orientations: Sequence[UUID]) -> set[UUID]:
    """Tell which orientations opened a period already."""
    found = await tx.execute(_CONNUES, {"p_orientations": list(orientations)})
    return set(found.scalars())


async def lock_ouverts(tx: Transaction, personnes: Sequence[UUID]) -> Mapping[UUID, Row[Any]]:
    """Hold the open parcours of these persons, and tell when the current period began."""
    rows = await tx.execute(_LOCK_OUVERTS, {"p_personnes": list(personnes)})
    return {row.personne_id: row for row in rows}


async def follow_personnes(tx: Transaction, personnes: Mapping[UUID, UUID]) -> list[Fait]:
    """Pass parcours and their contracts to whom orientation says, after a merge or its undoing.

    Where both persons have an open parcours, or a contract that is not closed, each keeps what is
    hers: which of the two goes on is not ours to choose.

    Args:
        personnes: by orientation, the person whose it is now.

    Returns:
        What to tell the feed.
    """
    keys: Mapping[str, Any] = {
        "p_orientations": list(personnes),
        "p_personnes": sorted(set(personnes.values())),
    }
    faits = []
    for row in (await tx.execute(_LOCK_RATTACHES, keys)).all():
        # A parcours is of the person of its last orientation.
        personne_id = personnes.get(row.orientation_id)
        if personne_id is None or row.personne_id == personne_id:
            continue
        keys = {"p_id": row.id, "p_personne_id": personne_id}
        version = (await tx.execute(_RATTACHER, keys)).scalar_one_or_none()
        if version is None:
            _log.warning("parcours_non_rattache", parcours_id=str(row.id))
            continue
        faits.append(_rattache("parcours", "parcours", row.id, version))
        faits += [
            _rattache("contrat_engagement", "contrats-engagement", contrat.id, contrat.version)
            for contrat in await tx.execute(_RATTACHER_CONTRATS, keys)
        ]
    return faits


async def open_parcours(
    tx: Transaction,
    decidees: Sequence[OrientationDecidee],
    nouvel_id: Callable[[], UUID],
    precedents: Mapping[UUID, UUID],
) -> list[UUID]:
    """Insert a parcours and its first period for each decision; return their ids, in order.

    Args:
        precedents: by person, the parcours that ended too long ago to be opened again.
    """
    ids = [nouvel_id() for _ in decidees]
    await tx.add(
        _T,
        [
            {
                "id": parcours_id,
                "personne_id": one.personne_id,
                "statut": StatutParcours.OUVERT.value,
                "date_ouverture": one.date_effet,
                "orientation_id": one.orientation_id,
                "type_parcours": one.type_parcours.value,
                "organisme_referent_id": one.organisme_referent_id,
                "parcours_precedent_id": precedents.get(one.personne_id),
            }
            for parcours_id, one in zip(ids, decidees, strict=True)
        ],
    )
    await tx.add(
        _P,
        [
            _periode(nouvel_id(), parcours_id, one, one.date_effet)
            for parcours_id, one in zip(ids, decidees, strict=True)
        ],
    )
    return ids


async def reorient_parcours(
    tx: Transaction,
    decidees: Sequence[tuple[Row[Any], OrientationDecidee]],
    nouvel_id: Callable[[], UUID],
) -> None:
    """End the current period of each locked parcours on the day when the new one begins."""
    if not decidees:
        return
    debuts = [debut_apres(one.date_effet, row.date_debut) for row, one in decidees]
    await tx.execute(
        _CLOSE_PERIODE,
        [
            {"p_id": row.id, "p_date_fin": debut}
            for (row, _), debut in zip(decidees, debuts, strict=True)
        ],
    )
    await tx.add(
        _P,
        [
            _periode(nouvel_id(), row.id, one, debut)
            for (row, one), debut in zip(decidees, debuts, strict=True)
        ],
    )
    await tx.execute(
        _REORIENT,
        [
            {
                "p_id": row.id,
                "p_orientation_id": one.orientation_id,
                "p_type_parcours": one.type_parcours.value,
                "p_organisme_referent_id": one.organisme_referent_id,
            }
            for row, one in decidees
        ],
    )


def render(row: Row[Any], *, sante: bool) -> Parcours:
    """Make the contract of a row, as who may know of health reads it, or not."""
    return Parcours.model_validate(_connu(row, sante=sante))


def render_detaille(
    row: Row[Any], periodes: Sequence[Row[Any]], *, sante: bool
) -> ParcoursDetaille:
    """Make the contract of a row and its periods."""
    found = [Periode.model_validate(periode, from_attributes=True) for periode in periodes]
    return ParcoursDetaille.model_validate({**_connu(row, sante=sante), "periodes": found})


def _connu(row: Row[Any], *, sante: bool) -> dict[str, Any]:
    return {**row._mapping, "motif_cloture": motif_connu(row.motif_cloture, sante=sante)}


def _periode(
    periode_id: UUID, parcours_id: UUID, one: OrientationDecidee, debut: date
) -> dict[str, Any]:
    return {
        "id": periode_id,
        "parcours_id": parcours_id,
        "orientation_id": one.orientation_id,
        "type_parcours": one.type_parcours.value,
        "organisme_referent_id": one.organisme_referent_id,
        "date_debut": debut,
    }


def _rattache(objet: str, ressource: str, objet_id: UUID, version: int) -> Fait:
    return Fait(f"parcours.{objet}.rattache", ressource, objet_id, version, Operation.MODIFICATION)
