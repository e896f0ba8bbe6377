"""SQL of the orientations: the case, its criteria, proposals and decision."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Row, RowMapping, bindparam, case, insert, select, text, true, update
from sqlalchemy.exc import IntegrityError

from services.orientation import tables
from services.orientation.criteres.rules import Critere, Enonce
from services.orientation.places.queries import RANG_ACTUEL
from shared.refus import Introuvable, Refus, VersionDepassee
from shared.schemas.orientation.vocabulaire import StatutOrientation, StatutPlace
from shared.socle.db import Transaction, exige_version, siens
from shared.socle.pages import PageDemandee, entre, paginer, par_tranches, trancher

_O, _P, _G = tables.Orientation, tables.Personne, tables.Place
_SELECT = (
    select(
        *_O.__table__.columns,
        _G.id.label("place_id"),
        _G.statut.label("place_statut"),
        RANG_ACTUEL.label("place_rang"),
        _G.date_limite_file,
        _G.organisme_alternatif_id,
    )
    .outerjoin(_G, (_G.collectivite == _O.collectivite) & (_G.orientation_id == _O.id))
    .where(siens(_O))
)
_BY_ID = _SELECT.where(_O.id == bindparam("id"))
# The person first, as whoever merges does; then the orientation, which a merge may have passed on.
_TENUE = (
    select(
        _P.id.label("tenue_id"),
        _P.date_naissance,
        _P.commune.label("code_commune"),
        _P.beneficiaire_rsa,
    )
    .where(
        siens(_P),
        _P.id
        == select(_O.personne_id).where(siens(_O), _O.id == bindparam("id")).scalar_subquery(),
    )
    .with_for_update(read=True, key_share=True)
    .cte("tenue")
)
_LOCK = (
    select(*_O.__table__.columns, *_TENUE.c)
    .join(_TENUE, true())
    .where(siens(_O), _O.id == bindparam("id"))
    .with_for_update(of=_O)
)
_INSERT = insert(_O).returning(*_O.__table__.columns)
_TOUCH = {"version": _O.version + 1, "modifie_le": text("now()")}
_PROPOSE = (
    update(_O)
    .where(siens(_O), _O.id == bindparam("la"))
    .values(
        **_TOUCH,
        statut=bindparam("nouveau_statut"),
        criteres=bindparam("nouveaux_criteres"),
        proposition_id=bindparam("nouvelle_proposition"),
    )
    .returning(*_O.__table__.columns)
)
_DECIDE = (
    update(_O)
    .where(siens(_O), _O.id == bindparam("la"))
    .values(
        **_TOUCH,
        statut=StatutOrientation.OUVERTE.value,
        decision_id=bindparam("prise"),
        type_parcours=bindparam("parcours_decide"),
        organisme_referent_id=bindparam("organisme_decide"),
        date_effet=bindparam("effet"),
        difficultes_durables=bindparam("durables"),
    )
    .returning(*_O.__table__.columns)
)
# A new decision takes the place of the one in force: at most one is open.
_CLOSE_PREVIOUS = (
    update(_O)
    .where(
        siens(_O),
        _O.personne_id == bindparam("la_personne"),
        _O.statut == StatutOrientation.OUVERTE.value,
    )
    .values(**_TOUCH, statut=StatutOrientation.CLOTUREE.value)
    .returning(_O.id, _O.version, _O.organisme_referent_id)
)
_PROPOSITION = select(*tables.Proposition.__table__.columns).where(siens(tables.Proposition))
# In id order, as everywhere when there are several.
_LOCK_IN_FORCE = (
    select(_O.id)
    .where(
        siens(_O),
        _O.id.in_(bindparam("orientations", expanding=True)),
        _O.statut == StatutOrientation.OUVERTE.value,
    )
    .order_by(_O.id)
    .with_for_update()
)
_CLOSE = (
    update(_O)
    .where(siens(_O), _O.id.in_(bindparam("orientations", expanding=True)))
    .values(**_TOUCH, statut=StatutOrientation.CLOTUREE.value)
    .returning(_O.id, _O.version, _O.organisme_referent_id)
)
# The place as the decision gave it: what is never written again.
_DECISION = (
    select(
        *tables.Decision.__table__.columns,
        _G.id.label("place_id"),
        case((_G.rang.is_(None), StatutPlace.PLACEE.value), else_=StatutPlace.EN_FILE.value).label(
            "place_statut"
        ),
        _G.rang.label("place_rang"),
        _G.date_limite_file,
        _G.organisme_alternatif_id,
    )
    .outerjoin(
        _G,
        (_G.collectivite == tables.Decision.collectivite)
        & (_G.orientation_id == tables.Decision.orientation_id),
    )
    .where(siens(tables.Decision))
)


_PROPOSED = insert(tables.Proposition).returning(*tables.Proposition.__table__.columns)
_DECIDED = insert(tables.Decision)
_RECUEILS = (
    select(tables.RecueilCriteres.criteres, tables.RecueilCriteres.date_recueil)
    .where(
        siens(tables.RecueilCriteres),
        tables.RecueilCriteres.orientation_id == bindparam("orientation"),
    )
    .order_by(tables.RecueilCriteres.cree_le, tables.RecueilCriteres.id)
)


class OrientationEnCours(Refus):
    """The person has an orientation to decide already: that one is to be used."""

    code = "reference-externe-existante"
    detail = "Une orientation est deja a faire."


async def store_orientation(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert an orientation to make.

    Raises:
        OrientationEnCours: the person has one to decide.
        Introuvable: no such person here.
    """
    try:
        return (await tx.execute(_INSERT, values)).one()
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) == "23503":
            raise Introuvable from None
        raise OrientationEnCours from None


async def read_orientation(tx: Transaction, orientation_id: UUID) -> Row[Any]:
    """Read one orientation.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": orientation_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_orientation(
    tx: Transaction, orientation_id: UUID, version: int | None = None
) -> Row[Any]:
    """Read an orientation with what the rules need of its person, and hold both.

    The person is held against a merge only. Without a version, it is another resource's that the
    caller has read.

    Raises:
        Introuvable: none of this collectivité has this id.
        VersionDepassee: it changed since the caller read it, or a merge waited for has passed it
            on to another person.
    """
    row = (await tx.execute(_LOCK, {"id": orientation_id})).one_or_none()
    if row is None:
        raise Introuvable
    if version is not None:
        exige_version(row.version, version)
    if row.personne_id != row.tenue_id:
        raise VersionDepassee(row.version)
    return row


async def list_orientations(
    tx: Transaction,
    page: PageDemandee,
    statuts: Sequence[StatutOrientation],
    *,
    date_limite_min: date | None,
    date_limite_max: date | None,
) -> Sequence[Row[Any]]:
    """Read a page of orientations, of some states or of all, due between two days."""
    statement = select(_O.id, _O.cree_le, _O.date_limite).where(
        siens(_O), entre(_O.date_limite, date_limite_min, date_limite_max)
    )
    parts = par_tranches(statement, _O.statut, statuts, _O, page).subquery()
    # The page first, then what stands beside it.
    elues = trancher(select(parts), parts.c, page).subquery()
    return await paginer(tx, _SELECT.where(_O.id.in_(select(elues.c.id))), _O, page)


def enonce(recueil: Mapping[str, Any] | RowMapping) -> Enonce:
    """Make of a statement what the rules merge: the latest collected wins."""
    return Enonce(
        datetime.combine(recueil["date_recueil"], time.min, tzinfo=UTC),
        tuple(Critere(**critere) for critere in recueil["criteres"]),
    )


async def read_enonces(tx: Transaction, orientation_id: UUID) -> Sequence[Enonce]:
    """Read what was stated so far, in the order it came."""
    rows = await tx.execute(_RECUEILS, {"orientation": orientation_id})
    return [enonce(row) for row in rows.mappings()]


def as_json(value: dict[str, Any]) -> dict[str, Any]:
    """Make JSON of a rule's dataclass: ids and codes become strings, once, before storing."""
    found: dict[str, Any] = json.loads(json.dumps(value, default=str, ensure_ascii=False))
    return found


async def store_criteres(
    tx: Transaction,
    orientation_id: UUID,
    *,
    recueil: Mapping[str, Any],
    proposition: Mapping[str, Any],
    criteres: Sequence[Mapping[str, str]],
    statut: StatutOrientation,
) -> tuple[Row[Any], int]:
    """Add a statement and the proposal that follows; return it and the orientation's version."""
    await tx.add(tables.RecueilCriteres, {**recueil, "orientation_id": orientation_id})
    row = (await tx.execute(_PROPOSED, {**proposition, "orientation_id": orientation_id})).one()
    orientation = (
        await tx.execute(
            _PROPOSE,
            {
                "la": orientation_id,
                "nouveau_statut": statut.value,
                "nouveaux_criteres": list(criteres),
                "nouvelle_proposition": proposition["id"],
            },
        )
    ).one()
    return row, orientation.version


async def close_previous(tx: Transaction, personne_id: UUID) -> Sequence[Row[Any]]:
    """Close the orientation in force of a person, if there is one: id, new version, organisme."""
    return (await tx.execute(_CLOSE_PREVIOUS, {"la_personne": personne_id})).all()


async def close_orientations(tx: Transaction, orientations: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Close those of these orientations that are in force: id, new version, organisme."""
    held = (await tx.execute(_LOCK_IN_FORCE, {"orientations": list(orientations)})).scalars().all()
    return (await tx.execute(_CLOSE, {"orientations": held})).all()


async def store_decision(tx: Transaction, decision: Mapping[str, Any], *, durables: bool) -> int:
    """Add a decision, open the orientation; return the orientation's version."""
    await tx.execute(_DECIDED, decision)
    orientation = (
        await tx.execute(
            _DECIDE,
            {
                "la": decision["orientation_id"],
                "prise": decision["id"],
                "parcours_decide": decision["type_parcours"],
                "organisme_decide": decision["organisme_referent_id"],
                "effet": decision["date_effet"],
                "durables": durables,
            },
        )
    ).one()
    version: int = orientation.version
    return version


async def read_proposition(tx: Transaction, proposition_id: UUID) -> Row[Any]:
    """Read one proposal.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _PROPOSITION.where(tables.Proposition.id == bindparam("id"))
    row = (await tx.execute(statement, {"id": proposition_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_propositions(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of proposals."""
    return await paginer(tx, _PROPOSITION, tables.Proposition, page)


async def read_decision(tx: Transaction, decision_id: UUID) -> Row[Any]:
    """Read one decision.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _DECISION.where(tables.Decision.id == bindparam("id"))
    row = (await tx.execute(statement, {"id": decision_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_decisions(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of decisions."""
    return await paginer(tx, _DECISION, tables.Decision, page)
