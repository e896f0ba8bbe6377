"""SQL of the freins: the same statements on two sets of tables, ordinary and health."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Row,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from services.parcours import tables
from services.parcours.freins.rules import (
    OUVERTS,
    TRANSITIONS,
    EtatFrein,
    FreinDejaOuvert,
    fin_connue,
)
from services.parcours.tables import Volet
from shared.refus import Introuvable
from shared.schemas.orientation.vocabulaire import NiveauFrein
from shared.schemas.parcours.freins import CodeFrein, Frein, NiveauConnu, Observation, StatutFrein
from shared.socle.coffre import Coffre
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer, parmi

_FIN, _OBSERVATION = "frein.commentaire_fin", "observation.commentaire"


def _sante(volet: Volet) -> Any:
    return literal_column("true" if volet.sante else "false", Boolean).label("sante")


def _freins(volet: Volet) -> Select[Any]:
    """The freins of a volet, each with where its parcours stands."""
    frein, parcours = volet.frein, tables.Parcours
    return (
        select(*frein.__table__.columns, parcours.statut.label("statut_parcours"), _sante(volet))
        .join(
            parcours,
            (parcours.collectivite == frein.collectivite) & (parcours.id == frein.parcours_id),
        )
        .where(siens(frein), frein.id == bindparam("p_id"))
    )


def _tous(volets: Sequence[Volet]) -> Any:
    """The freins of the volets as one table, whose reader says whose it wants (`siens`).

    A filter inside would keep the planner from merging their indexes in order.
    """
    return union_all(
        *(select(*volet.frein.__table__.columns, _sante(volet)) for volet in volets)
    ).subquery("freins")


_READ = {
    connue: union_all(*(_freins(volet) for volet in volets))
    for connue, volets in tables.VOLETS.items()
}
_LOCK = {
    # Its parcours too, so that none is closed between the reading and the writing.
    volet.sante: _freins(volet).with_for_update(of=[tables.Parcours, volet.frein])
    for volet in tables.VOLETS[True]
}
_LIST = {connue: _tous(volets) for connue, volets in tables.VOLETS.items()}
_INSERT = {
    volet.sante: insert(volet.frein)
    .on_conflict_do_nothing(
        index_elements=["collectivite", "parcours_id", "code"],
        index_where=text(tables.FREIN_OUVERT),
    )
    .returning(*volet.frein.__table__.columns, _sante(volet))
    for volet in tables.VOLETS[True]
}
_OUVERT = {
    volet.sante: select(volet.frein.id, volet.frein.statut).where(
        siens(volet.frein),
        volet.frein.parcours_id == bindparam("p_parcours_id"),
        volet.frein.code == bindparam("p_code"),
        text(tables.FREIN_OUVERT),
    )
    for volet in tables.VOLETS[True]
}
_BY_ID = {
    volet.sante: update(volet.frein)
    .where(siens(volet.frein), volet.frein.id == bindparam("p_id"))
    .values(version=volet.frein.version + 1, modifie_le=func.now())
    for volet in tables.VOLETS[True]
}
_LEVEL = {
    volet.sante: _BY_ID[volet.sante]
    .values(niveau=bindparam("p_niveau"), date_observation=bindparam("p_date_observation"))
    .returning(*volet.frein.__table__.columns)
    for volet in tables.VOLETS[True]
}
_END = {
    volet.sante: _BY_ID[volet.sante]
    .values(
        statut=bindparam("p_statut"),
        date_fin=bindparam("p_date_fin"),
        fondement=bindparam("p_fondement"),
        commentaire_fin=bindparam("p_commentaire_fin"),
        fin_le=func.now(),
    )
    .returning(*volet.frein.__table__.columns)
    for volet in tables.VOLETS[True]
}
_LINK = {
    volet.sante: _BY_ID[volet.sante]
    .values(suivant_id=bindparam("p_suivant_id"))
    .returning(volet.frein.version)
    for volet in tables.VOLETS[True]
}
_BEGIN = {
    volet.sante: _BY_ID[volet.sante]
    .where(volet.frein.statut == StatutFrein.OUVERT.value)
    .values(statut=StatutFrein.EN_COURS.value)
    .returning(volet.frein.version)
    for volet in tables.VOLETS[True]
}
_HISTORY = {
    volet.sante: select(*volet.observation.__table__.columns).where(
        siens(volet.observation), volet.observation.frein_id == bindparam("p_frein_id")
    )
    for volet in tables.VOLETS[True]
}

# The last episodes: none took them up.
_EPISODES = {
    volet.sante: select(*volet.frein.__table__.columns, _sante(volet))
    .where(
        siens(volet.frein),
        volet.frein.parcours_id == bindparam("p_parcours_id"),
        volet.frein.suivant_id.is_(None),
    )
    .order_by(volet.frein.cree_le, volet.frein.id)
    for volet in tables.VOLETS[True]
}
# Of what was known, the latest day gives the level; of two on one day, the last one said.
_CONNU = {
    volet.sante: _HISTORY[volet.sante]
    .where(volet.observation.date_observation <= bindparam("p_jour"))
    .order_by(
        volet.observation.date_observation.desc(),
        volet.observation.cree_le.desc(),
        volet.observation.id.desc(),
    )
    .limit(1)
    for volet in tables.VOLETS[True]
}


async def read_frein(tx: Transaction, frein_id: UUID, *, sante: bool) -> Row[Any]:
    """Read one frein and where its parcours stands; those of health only if they may be known.

    Raises:
        Introuvable: none that may be known has this id.
    """
    row = (await tx.execute(_READ[sante], {"p_id": frein_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_frein(tx: Transaction, frein_id: UUID, *, sante: bool) -> Row[Any]:
    """Read one frein and where its parcours stands, and hold both until the transaction ends.

    Raises:
        Introuvable: none that may be known has this id.
    """
    for volet in tables.VOLETS[sante]:
        row = (await tx.execute(_LOCK[volet.sante], {"p_id": frein_id})).one_or_none()
        if row is not None:
            return row
    raise Introuvable


async def list_freins(
    tx: Transaction,
    page: PageDemandee,
    *,
    sante: bool,
    parcours: Sequence[UUID],
    freins: Sequence[CodeFrein],
    statuts: Sequence[StatutFrein],
) -> Sequence[Row[Any]]:
    """Read a page of freins."""
    table = _LIST[sante].c
    statement = select(*table).where(
        siens(table),
        parmi(table.parcours_id, parcours),
        parmi(table.code, freins),
        parmi(table.statut, statuts),
    )
    return await paginer(tx, statement, table, page)


async def read_niveau_connu(
    tx: Transaction, frein: Row[Any], jour: date, jusqu_a: datetime | None
) -> Row[Any] | None:
    """Read the observation that gives the level on a day, as known before an instant."""
    table = tables.SANTE.observation if frein.sante else tables.ORDINAIRE.observation
    statement = _CONNU[frein.sante]
    if jusqu_a is not None:
        statement = statement.where(table.cree_le < jusqu_a)
    keys = {"p_frein_id": frein.id, "p_jour": jour}
    return (await tx.execute(statement, keys)).one_or_none()


async def read_episodes(
    tx: Transaction,
    parcours_id: UUID,
    codes: Sequence[CodeFrein],
    *,
    sante: bool,
    libelle: str | None = None,
) -> Mapping[CodeFrein, Row[Any]]:
    """Read the open episode of each code, or the last one; none given: of all codes.

    Who holds the parcours holds them too: none is opened, observed or ended without it.

    Args:
        libelle: of a frein `autre`, which under another name is another frein; none: whichever.
    """
    found: dict[CodeFrein, Row[Any]] = {}
    for volet in tables.VOLETS[sante]:
        statement = _EPISODES[volet.sante].where(
            parmi(volet.frein.code, codes),
            true() if libelle is None else volet.frein.libelle == libelle,
        )
        for row in await tx.execute(statement, {"p_parcours_id": parcours_id}):
            known = found.get(CodeFrein(row.code))
            if known is None or known.statut not in OUVERTS:
                found[CodeFrein(row.code)] = row
    return found


async def list_observations(tx: Transaction, page: PageDemandee, frein: Row[Any]) -> Sequence[Any]:
    """Read a page of what was observed of a frein."""
    table = tables.SANTE.observation if frein.sante else tables.ORDINAIRE.observation
    return await paginer(tx, _HISTORY[frein.sante], table, page, {"p_frein_id": frein.id})


async def store_frein(tx: Transaction, values: Mapping[str, Any], *, sante: bool) -> Row[Any]:
    """Insert an episode; a code has one open at a time, whoever comes first.

    Raises:
        FreinDejaOuvert: there is one, and the refusal says which.
    """
    row = (await tx.execute(_INSERT[sante], values)).one_or_none()
    if row is not None:
        return row
    keys = {"p_parcours_id": values["parcours_id"], "p_code": values["code"]}
    # It may have ended since the insertion met it: the caller may then try again.
    known = (await tx.execute(_OUVERT[sante], keys)).one_or_none()
    statut = StatutFrein(known.statut) if known else StatutFrein.OUVERT
    raise FreinDejaOuvert(
        statut_actuel=statut,
        transitions_possibles=list(TRANSITIONS[statut]),
        frein_id=str(known.id) if known else None,
    )


async def store_observation(
    tx: Transaction,
    coffre: Coffre,
    frein: Row[Any],
    *,
    niveau: NiveauFrein | None,
    date_observation: date,
    source: str,
    commentaire: str | None,
) -> None:
    """Add an observation to the history of a frein."""
    volet = tables.SANTE if frein.sante else tables.ORDINAIRE
    await tx.add(
        volet.observation,
        {
            "id": new_id(),
            "frein_id": frein.id,
            "niveau": niveau,
            "date_observation": date_observation,
            "source": source,
            "commentaire": _seal(coffre, commentaire, _OBSERVATION),
            "client_id": tx.acces.auteur,
        },
    )


async def update_niveau(
    tx: Transaction, frein: Row[Any], *, niveau: NiveauFrein | None, date_observation: date
) -> Row[Any]:
    """Copy the last observation onto its locked frein."""
    values = {"p_id": frein.id, "p_niveau": niveau, "p_date_observation": date_observation}
    return (await tx.execute(_LEVEL[frein.sante], values)).one()


async def end_frein(
    tx: Transaction,
    coffre: Coffre,
    frein: Row[Any],
    *,
    statut: StatutFrein,
    date_fin: date,
    fondement: str | None,
    commentaire: str | None,
) -> Row[Any]:
    """End the episode of a locked frein."""
    values = {
        "p_id": frein.id,
        "p_statut": statut.value,
        "p_date_fin": date_fin,
        "p_fondement": fondement,
        "p_commentaire_fin": _seal(coffre, commentaire, _FIN),
    }
    return (await tx.execute(_END[frein.sante], values)).one()


async def link_frein(tx: Transaction, frein: Row[Any], suivant_id: UUID) -> int:
    """Say on an ended episode which one took it up; return its new version."""
    values = {"p_id": frein.id, "p_suivant_id": suivant_id}
    version: int = (await tx.execute(_LINK[frein.sante], values)).scalar_one()
    return version


async def begin_frein(tx: Transaction, frein_id: UUID, *, sante: bool) -> int | None:
    """Say that an action is under way; return the new version, if that is news."""
    found = await tx.execute(_BEGIN[sante], {"p_id": frein_id})
    version: int | None = found.scalar_one_or_none()
    return version


def etat(row: Row[Any]) -> EtatFrein:
    """What the rules need to know of a row."""
    return EtatFrein(
        code=CodeFrein(row.code),
        statut=StatutFrein(row.statut),
        niveau=NiveauFrein(row.niveau) if row.niveau else None,
        date_debut=row.date_debut,
        date_observation=row.date_observation,
        date_fin=row.date_fin,
        suivi=row.suivant_id is not None,
    )


def render(row: Row[Any], coffre: Coffre) -> Frein:
    """Make the contract of a row."""
    return Frein.model_validate(
        {**row._mapping, "commentaire_fin": _open(coffre, row.commentaire_fin, _FIN)}
    )


def render_observation(row: Row[Any], coffre: Coffre) -> Observation:
    """Make the contract of an observation."""
    return Observation.model_validate(
        {
            **row._mapping,
            "commentaire": _open(coffre, row.commentaire, _OBSERVATION),
            "auteur": {"client_id": row.client_id},
        }
    )


def render_connu(
    frein: Row[Any],
    observation: Row[Any] | None,
    jour: date,
    connu_au: date | None,
    jusqu_a: datetime | None,
) -> NiveauConnu:
    """Make the contract of what was known of a frein."""
    # An end older than `fin_le` is known since the row last changed.
    su_le = frein.fin_le or frein.modifie_le
    return NiveauConnu(
        frein_id=frein.id,
        date_reference=jour,
        date_connaissance=connu_au,
        niveau=observation.niveau if observation is not None else NiveauFrein.NON_EXPLORE,
        observation_id=observation.id if observation is not None else None,
        date_observation=observation.date_observation if observation is not None else None,
        date_fin=fin_connue(frein.date_fin, su_le, jour, jusqu_a),
    )


def _seal(coffre: Coffre, clair: str | None, contexte: str) -> bytes | None:
    return coffre.sceller(clair.encode(), contexte) if clair else None


def _open(coffre: Coffre, scelle: bytes | None, contexte: str) -> str | None:
    return coffre.ouvrir(scelle, contexte).decode() if scelle else None
