"""SQL of the référents, their hand-overs, and the contributors beside them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Date,
    Row,
    Uuid,
    bindparam,
    column,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_pg

from services.parcours import tables
from services.parcours.accompagnements.queries import lock_parcours
from services.parcours.referents.rules import ROLES_SANTE, EtatPassation
from shared.refus import Introuvable
from shared.schemas.commun import Operation
from shared.schemas.parcours.accompagnement import (
    CotePassation,
    Intervenant,
    MotifFinReferent,
    MotifPassation,
    Passation,
    Referent,
    RoleIntervenant,
    StatutPassation,
)
from shared.socle.db import Transaction, siens
from shared.socle.evenements import Fait
from shared.socle.pages import PageDemandee, paginer, parmi

_P, _O = tables.Periode, tables.Reouverture
_R, _H, _A, _I = tables.Referent, tables.Passation, tables.ReponsePassation, tables.Intervenant

_PARCOURS_DE = {
    table: select(table.parcours_id).where(siens(table), table.id == bindparam("p_id"))
    for table in (_R, _H, _I)
}
_READ = {
    table: select(*table.__table__.columns).where(siens(table), table.id == bindparam("p_id"))
    for table in (_R, _H, _I)
}
_REFERENT_COURANT = select(*_R.__table__.columns).where(
    siens(_R), _R.parcours_id == bindparam("p_parcours_id"), _R.date_fin.is_(None)
)
# A designation that never took effect holds no day.
_DERNIER_DEPART = select(func.max(_R.date_fin)).where(
    siens(_R), _R.parcours_id == bindparam("p_parcours_id"), _R.date_fin > _R.date_debut
)
_END_REFERENT = (
    update(_R)
    .where(siens(_R), _R.id == bindparam("p_id"))
    .values(
        date_fin=bindparam("p_date_fin"),
        motif_fin=bindparam("p_motif"),
        fin_le=func.now(),
        version=_R.version + 1,
        modifie_le=func.now(),
    )
    .returning(*_R.__table__.columns)
)
_FINS = (
    func.unnest(
        bindparam("p_parcours", type_=ARRAY(Uuid)), bindparam("p_dates_fin", type_=ARRAY(Date))
    )
    .table_valued(column("parcours_id", Uuid), column("date_fin", Date))
    .render_derived(name="fins")
)
# Whoever was to come, or to stay longer, ends with the period; one to come never begins. An end
# that has come is what was known: it stays, be it after a decision that takes effect before it.
_END_REFERENTS = (
    update(_R)
    .where(
        siens(_R),
        _R.parcours_id == _FINS.c.parcours_id,
        or_(
            _R.date_fin.is_(None),
            _R.date_fin > func.greatest(_FINS.c.date_fin, bindparam("p_jour", type_=Date)),
        ),
    )
    .values(
        date_fin=func.greatest(_R.date_debut, _FINS.c.date_fin),
        motif_fin=bindparam("p_motif"),
        fin_le=func.now(),
        version=_R.version + 1,
        modifie_le=func.now(),
    )
    .returning(_R.id, _R.version)
)
_LAPSE_PASSATIONS = (
    update(_H)
    .where(
        siens(_H),
        _H.referent_id.in_(bindparam("p_referents", expanding=True)),
        _H.statut == StatutPassation.PROPOSEE.value,
    )
    .values(statut=StatutPassation.CADUQUE.value, version=_H.version + 1, modifie_le=func.now())
    .returning(_H.id, _H.version)
)
_END_INTERVENANTS = (
    update(_I)
    .where(siens(_I), _I.parcours_id == bindparam("p_parcours_id"), _I.date_fin.is_(None))
    .values(
        date_fin=func.greatest(_I.date_debut, bindparam("p_date_fin", type_=Date)),
        fin_le=func.now(),
        version=_I.version + 1,
        modifie_le=func.now(),
    )
    .returning(_I.id, _I.version, _I.role)
)
_INSERT = {
    _R: insert(_R).returning(*_R.__table__.columns),
    _H: insert_pg(_H)
    .on_conflict_do_nothing(
        index_elements=["collectivite", "referent_id"],
        index_where=text("statut = 'proposee'"),
    )
    .returning(*_H.__table__.columns),
    _I: insert_pg(_I)
    .on_conflict_do_nothing(
        index_elements=["collectivite", "parcours_id", "role", "agent"],
        index_where=text("date_fin IS NULL"),
    )
    .returning(*_I.__table__.columns),
}
_REPONSES = (
    select(*_A.__table__.columns)
    .where(siens(_A), _A.passation_id == bindparam("p_passation_id"))
    .order_by(_A.cree_le, _A.id)
)
_SETTLE = (
    update(_H)
    .where(siens(_H), _H.id == bindparam("p_id"))
    .values(
        statut=bindparam("p_statut"),
        referent_suivant_id=bindparam("p_suivant_id"),
        version=_H.version + 1,
        modifie_le=func.now(),
    )
    .returning(*_H.__table__.columns)
)
_END_INTERVENANT = (
    update(_I)
    .where(siens(_I), _I.id == bindparam("p_id"))
    .values(
        date_fin=bindparam("p_date_fin"),
        fin_le=func.now(),
        version=_I.version + 1,
        modifie_le=func.now(),
    )
    .returning(*_I.__table__.columns)
)
_LIST = {
    table: select(*table.__table__.columns).where(
        siens(table), table.parcours_id == bindparam("p_parcours_id")
    )
    for table in (_R, _I)
}
# A period that the next one replaced on its first day covers none.
_PERIODE_AU = (
    select(_P.organisme_referent_id)
    .where(
        siens(_P),
        _P.parcours_id == bindparam("p_parcours_id"),
        _P.date_debut <= bindparam("p_jour"),
        or_(_P.date_fin.is_(None), _P.date_fin > bindparam("p_jour")),
        # Between an exit and the return that resumed this period, nobody followed.
        ~exists().where(
            _O.collectivite == _P.collectivite,
            _O.parcours_id == _P.parcours_id,
            _O.orientation_id == _P.orientation_id,
            _O.date_sortie <= bindparam("p_jour"),
            _O.date_reouverture > bindparam("p_jour"),
        ),
    )
    .order_by(_P.date_debut.desc(), _P.cree_le.desc())
    .limit(1)
)
_AU = {
    table: select(*table.__table__.columns)
    .where(
        siens(table),
        table.parcours_id == bindparam("p_parcours_id"),
        table.date_debut <= bindparam("p_jour"),
        or_(table.date_fin.is_(None), table.date_fin > bindparam("p_jour")),
    )
    .order_by(table.date_debut, table.id)
    .limit(200)
    for table in (_R, _I)
}


async def lock_parcours_de(tx: Transaction, table: type[Any], ressource_id: UUID) -> Row[Any]:
    """Hold the parcours of a référent, a hand-over or a contributor, before it is read.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    parcours_id = (await tx.execute(_PARCOURS_DE[table], {"p_id": ressource_id})).scalar()
    if parcours_id is None:
        raise Introuvable
    return await lock_parcours(tx, parcours_id)


async def read_referent(tx: Transaction, referent_id: UUID) -> Row[Any]:
    """Read one référent.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    return await _read(tx, _R, referent_id)


async def read_passation(tx: Transaction, passation_id: UUID) -> tuple[Row[Any], Sequence[Any]]:
    """Read one hand-over and its answers.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = await _read(tx, _H, passation_id)
    return row, await read_reponses(tx, passation_id)


async def read_intervenant(
    tx: Transaction, intervenant_id: UUID, roles: Sequence[RoleIntervenant]
) -> Row[Any]:
    """Read one contributor, in a role that may be known.

    Raises:
        Introuvable: none that may be known has this id.
    """
    row = await _read(tx, _I, intervenant_id)
    if row.role not in roles:
        raise Introuvable
    return row


async def read_courant(tx: Transaction, parcours_id: UUID) -> Row[Any] | None:
    """Read the référent whose end is not known, if there is one."""
    return (await tx.execute(_REFERENT_COURANT, {"p_parcours_id": parcours_id})).one_or_none()


async def read_dernier_depart(tx: Transaction, parcours_id: UUID) -> date | None:
    """Read the day when the last référent ends, if there was one."""
    found: date | None = (
        await tx.execute(_DERNIER_DEPART, {"p_parcours_id": parcours_id})
    ).scalar_one()
    return found


async def read_reponses(tx: Transaction, passation_id: UUID) -> Sequence[Row[Any]]:
    """Read what both sides answered, the first answer first."""
    return (await tx.execute(_REPONSES, {"p_passation_id": passation_id})).all()


async def read_suivi(
    tx: Transaction, parcours_id: UUID, jour: date, roles: Sequence[RoleIntervenant]
) -> tuple[UUID | None, Row[Any] | None, Sequence[Row[Any]]]:
    """Read whose a parcours was on a day: organisme, référent and contributors."""
    keys = {"p_parcours_id": parcours_id, "p_jour": jour}
    organisme_id: UUID | None = (await tx.execute(_PERIODE_AU, keys)).scalar()
    # A decision may take effect before the référent's last day: he speaks for his organisme only.
    referents = [
        row for row in await tx.execute(_AU[_R], keys) if row.organisme_referent_id == organisme_id
    ]
    visibles = _AU[_I].where(parmi(_I.role, roles))
    return (
        organisme_id,
        referents[-1] if referents else None,
        (await tx.execute(visibles, keys)).all(),
    )


async def list_referents(
    tx: Transaction, page: PageDemandee, parcours_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of the référents of a parcours."""
    return await paginer(tx, _LIST[_R], _R, page, {"p_parcours_id": parcours_id})


async def list_intervenants(
    tx: Transaction, page: PageDemandee, parcours_id: UUID, roles: Sequence[RoleIntervenant]
) -> Sequence[Row[Any]]:
    """Read a page of the contributors of a parcours, in roles that may be known."""
    statement = _LIST[_I].where(parmi(_I.role, roles))
    return await paginer(tx, statement, _I, page, {"p_parcours_id": parcours_id})


async def store_referent(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a référent on a locked parcours that has none."""
    return (await tx.execute(_INSERT[_R], values)).one()


async def store_passation(tx: Transaction, values: Mapping[str, Any]) -> Row[Any] | None:
    """Insert a hand-over; nothing if another one awaits its answers."""
    return (await tx.execute(_INSERT[_H], values)).one_or_none()


async def store_intervenant(tx: Transaction, values: Mapping[str, Any]) -> Row[Any] | None:
    """Insert a contributor; nothing if this agent is there in this role."""
    return (await tx.execute(_INSERT[_I], values)).one_or_none()


async def store_reponse(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Add the answer of one side."""
    await tx.add(_A, values)


async def settle_passation(
    tx: Transaction, passation_id: UUID, statut: StatutPassation, suivant_id: UUID | None
) -> Row[Any]:
    """Write where a locked hand-over stands."""
    values = {"p_id": passation_id, "p_statut": statut.value, "p_suivant_id": suivant_id}
    return (await tx.execute(_SETTLE, values)).one()


async def end_referent(tx: Transaction, referent_id: UUID, *, date_fin: date, motif: str) -> Any:
    """End a référent of a locked parcours."""
    values = {"p_id": referent_id, "p_date_fin": date_fin, "p_motif": motif}
    return (await tx.execute(_END_REFERENT, values)).one()


async def lapse_passations(tx: Transaction, referents: Sequence[UUID]) -> list[Fait]:
    """A hand-over that awaits answers has nobody to hand over any more; return what to tell."""
    rows = await tx.execute(_LAPSE_PASSATIONS, {"p_referents": list(referents)})
    return _faits("parcours.passation.caduque", "passations", rows)


async def end_organisme(
    tx: Transaction, fins: Sequence[tuple[UUID, date]], motif: MotifFinReferent, jour: date
) -> list[Fait]:
    """The référents of locked parcours end with the organisme that they spoke for.

    Args:
        fins: parcours, each with the day when its organisme ceases.
        motif: why it does.
        jour: civil day of the collectivité: an end that has come by then stays.

    Returns:
        What to tell the feed.
    """
    if not fins:
        return []
    keys = {
        "p_parcours": [parcours_id for parcours_id, _ in fins],
        "p_dates_fin": [fin for _, fin in fins],
        "p_motif": motif.value,
        "p_jour": jour,
    }
    rows = (await tx.execute(_END_REFERENTS, keys)).all()
    return [
        *_faits("parcours.referent.parti", "referents", rows),
        *await lapse_passations(tx, [row.id for row in rows]),
    ]


async def end_intervenants(tx: Transaction, parcours_id: UUID, date_fin: date) -> list[Fait]:
    """All leave with the person; return what to tell the feed, which is nothing of health."""
    keys = {"p_parcours_id": parcours_id, "p_date_fin": date_fin}
    rows = await tx.execute(_END_INTERVENANTS, keys)
    shown = [row for row in rows if row.role not in ROLES_SANTE]
    return _faits("parcours.intervenant.parti", "intervenants", shown)


async def end_intervenant(tx: Transaction, intervenant_id: UUID, date_fin: date) -> Row[Any]:
    """End a contributor of a locked parcours."""
    values = {"p_id": intervenant_id, "p_date_fin": date_fin}
    return (await tx.execute(_END_INTERVENANT, values)).one()


def etat(passation: Row[Any], reponses: Sequence[Row[Any]], cedant: str) -> EtatPassation:
    """What the rules need to know of a hand-over."""
    return EtatPassation(
        statut=StatutPassation(passation.statut),
        motif=MotifPassation(passation.motif),
        cedant=cedant,
        repreneur=passation.agent,
        reponses=tuple(CotePassation(reponse.cote) for reponse in reponses),
    )


def render_referent(row: Row[Any]) -> Referent:
    """Make the contract of a référent."""
    return Referent.model_validate(row, from_attributes=True)


def render_passation(row: Row[Any], reponses: Sequence[Row[Any]]) -> Passation:
    """Make the contract of a hand-over and its answers."""
    given = [{**one._mapping, "auteur": {"client_id": one.client_id}} for one in reponses]
    return Passation.model_validate({**row._mapping, "reponses": given})


def render_intervenant(row: Row[Any]) -> Intervenant:
    """Make the contract of a contributor."""
    return Intervenant.model_validate(row, from_attributes=True)


async def _read(tx: Transaction, table: type[Any], ressource_id: UUID) -> Row[Any]:
    row = (await tx.execute(_READ[table], {"p_id": ressource_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


def _faits(fait: str, ressource: str, rows: Iterable[Row[Any]]) -> list[Fait]:
    """What the feed tells of rows that another act changed."""
    return [Fait(fait, ressource, row.id, row.version, Operation.MODIFICATION) for row in rows]
