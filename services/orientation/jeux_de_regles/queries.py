"""SQL of the sets of rules: drafts, what puts them in force, and what a simulation reads."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, exists, func, insert, select, text, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from services.orientation import tables
from shared.refus import Introuvable, Refus
from shared.schemas.orientation.jeux_de_regles import StatutSimulation
from shared.schemas.orientation.orientations import OrigineOrientation
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.modification import update_version
from shared.socle.pages import PageDemandee, paginer
from shared.socle.tables import Collectivite

_J, _V, _S, _D = (
    tables.JeuDeRegles,
    tables.MiseEnVigueur,
    tables.Simulation,
    tables.Deplacement,
)
_O, _P = tables.Orientation, tables.Proposition
_SUIVANTE = aliased(_V)
_PREMIER_SUIVANT = (
    select(func.min(_SUIVANTE.date_debut))
    .where(_SUIVANTE.collectivite == _V.collectivite, _SUIVANTE.date_debut > _V.date_debut)
    .correlate(_V)
    .scalar_subquery()
)
_SIMULE = (
    exists()
    .where(
        _S.collectivite == _J.collectivite,
        _S.jeu_de_regles_id == _J.id,
        _S.empreinte == _J.empreinte,
        _S.statut == StatutSimulation.TERMINEE.value,
    )
    .correlate(_J)
)
_SELECT = (
    select(
        *_J.__table__.columns,
        _V.reference_arrete,
        _V.date_debut,
        # `least` ignores what is null: the end that the order gave, or the eve of the next.
        func.least(_V.date_fin, _PREMIER_SUIVANT - 1).label("date_fin"),
        _SIMULE.label("simule"),
    )
    .outerjoin(_V, (_V.collectivite == _J.collectivite) & (_V.jeu_de_regles_id == _J.id))
    .where(siens(_J))
)
_BY_ID = _SELECT.where(_J.id == bindparam("id"))
_LOCK = _BY_ID.with_for_update(of=_J)
_INSERT = insert(_J)
# The latest that has begun, or none when its own end is past: never the one before it.
_EN_VIGUEUR = (
    select(_J.id, _J.code, _J.contenu, _V.reference_arrete, _V.date_debut)
    .join(_V, (_V.collectivite == _J.collectivite) & (_V.jeu_de_regles_id == _J.id))
    .where(
        siens(_J),
        _V.date_debut
        == select(func.max(_SUIVANTE.date_debut))
        .where(
            _SUIVANTE.collectivite == bindparam("cloison"),
            _SUIVANTE.date_debut <= bindparam("jour"),
        )
        .scalar_subquery(),
        _V.date_fin.is_(None) | (_V.date_fin >= bindparam("jour")),
    )
)
# Acts of one collectivité queue on its row: two of them could each find the way free.
_LOCK_CALENDRIER = (
    select(Collectivite.collectivite).where(siens(Collectivite)).with_for_update(key_share=True)
)
_DEBUTS = select(_V.date_debut).where(siens(_V))
_SIMULATION = (
    select(
        *(column for column in _S.__table__.columns if column.key != "contenu"),
        (_S.empreinte == _J.empreinte).label("a_jour"),
    )
    .join(_J, (_J.collectivite == _S.collectivite) & (_J.id == _S.jeu_de_regles_id))
    .where(siens(_S))
)
_SIMULATION_BY_ID = _SIMULATION.where(
    _S.id == bindparam("id"), _S.jeu_de_regles_id == bindparam("jeu")
)
_START = (
    update(_S)
    .where(siens(_S), _S.id == bindparam("la"), _S.statut != StatutSimulation.TERMINEE.value)
    .values(
        version=_S.version + 1,
        modifie_le=text("now()"),
        statut=StatutSimulation.EN_COURS.value,
    )
    .returning(_S.contenu, _S.date_debut, _S.date_fin)
)
_FINISH = (
    update(_S)
    .where(siens(_S), _S.id == bindparam("la"), _S.statut != StatutSimulation.TERMINEE.value)
    .values(
        version=_S.version + 1,
        modifie_le=text("now()"),
        statut=StatutSimulation.TERMINEE.value,
        resultat=bindparam("le_resultat"),
        termine_le=bindparam("fini_le"),
    )
    .returning(_S.version, _S.jeu_de_regles_id)
)
_DEPLACEMENTS = text(
    "INSERT INTO deplacement (collectivite, id, simulation_id, orientation_id)"
    " SELECT :collectivite, une.id, :simulation, une.orientation_id"
    " FROM unnest(cast(:ids AS uuid[]), cast(:orientations AS uuid[])) une (id, orientation_id)"
)
# One whose decision was annulled goes on in the next one: as in the statistics, counted there.
# Without RSA no local set applies, so none is replayed.
_PROPOSITIONS = (
    select(
        _O.id,
        _O.recu_le,
        _P.type_parcours,
        _P.organisme_referent_id,
        _P.entrees,
    )
    .join(_P, (_P.collectivite == _O.collectivite) & (_P.id == _O.proposition_id))
    .where(
        siens(_O),
        _O.recu_le < bindparam("fin"),
        tuple_(_O.recu_le, _O.id) > tuple_(bindparam("recu_le"), bindparam("apres")),
        _O.annulation_id.is_(None),
        # It bears the proposal of the one it replaced, which is there already.
        _O.origine != OrigineOrientation.REORIENTATION.value,
        _P.entrees["situation"]["brsa"].as_boolean(),
    )
    .order_by(_O.recu_le, _O.id)
    .limit(bindparam("nombre"))
)
_PROPOSITION = (
    select(
        *_P.__table__.columns,
        _J.code,
        _J.contenu,
        _V.reference_arrete,
        _V.date_debut,
    )
    .outerjoin(_J, (_J.collectivite == _P.collectivite) & (_J.id == _P.jeu_de_regles_id))
    .outerjoin(_V, (_V.collectivite == _J.collectivite) & (_V.jeu_de_regles_id == _J.id))
    .where(siens(_P), _P.id == bindparam("id"))
)


class JeuExistant(Refus):
    """Sets are told apart by their code."""

    code = "reference-externe-existante"
    detail = "Un jeu de regles porte deja ce code."


async def store_jeu(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a draft.

    Raises:
        JeuExistant: its code is taken.
    """
    try:
        await tx.execute(_INSERT, values)
    except IntegrityError:
        raise JeuExistant from None
    return await read_jeu(tx, values["id"])


async def read_jeu(tx: Transaction, jeu_id: UUID) -> Row[Any]:
    """Read a set of rules, its period and whether it was simulated as it is.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    return await _read(tx, _BY_ID, jeu_id)


async def lock_jeu(tx: Transaction, jeu_id: UUID) -> Row[Any]:
    """Read a set of rules and hold its row.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    return await _read(tx, _LOCK, jeu_id)


async def _read(tx: Transaction, statement: Any, jeu_id: UUID) -> Row[Any]:
    row: Row[Any] | None = (await tx.execute(statement, {"id": jeu_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_jeux(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of sets of rules."""
    return await paginer(tx, _SELECT, _J, page)


async def update_jeu(
    tx: Transaction, jeu_id: UUID, version: int, valeurs: dict[str, Any]
) -> Row[Any]:
    """Write the next version of a set.

    Raises:
        VersionDepassee: another came first.
    """
    await update_version(tx, _J, _J.id == jeu_id, version, valeurs)
    return await read_jeu(tx, jeu_id)


async def lock_calendrier(tx: Transaction) -> Sequence[date]:
    """Hold what puts sets in force; return the first days of all."""
    await tx.execute(_LOCK_CALENDRIER)
    return (await tx.execute(_DEBUTS)).scalars().all()


async def store_mise_en_vigueur(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Add the act; from now on its set cannot be changed."""
    await tx.add(_V, values)


async def read_en_vigueur(tx: Transaction, jour: date) -> Row[Any] | None:
    """Read the local set in force on a day; None: the national one is."""
    return (await tx.execute(_EN_VIGUEUR, {"jour": jour})).one_or_none()


async def store_simulation(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Add a simulation to run."""
    await tx.add(_S, values)
    return await read_simulation(tx, values["jeu_de_regles_id"], values["id"])


async def read_simulation(tx: Transaction, jeu_id: UUID, simulation_id: UUID) -> Row[Any]:
    """Read one simulation of a set.

    Raises:
        Introuvable: this set has none of this id.
    """
    values = {"id": simulation_id, "jeu": jeu_id}
    row = (await tx.execute(_SIMULATION_BY_ID, values)).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_deplacements(
    tx: Transaction, simulation_id: UUID, page: PageDemandee
) -> Sequence[Row[Any]]:
    """Read a page of those whom a simulation would have oriented otherwise."""
    statement = select(*_D.__table__.columns).where(siens(_D), _D.simulation_id == simulation_id)
    return await paginer(tx, statement, _D, page)


async def start_simulation(tx: Transaction, simulation_id: UUID) -> Row[Any] | None:
    """Begin a simulation, or begin it again; None when it is done."""
    return (await tx.execute(_START, {"la": simulation_id})).one_or_none()


async def finish_simulation(
    tx: Transaction,
    simulation_id: UUID,
    *,
    resultat: Mapping[str, Any],
    deplacees: Sequence[UUID],
    termine_le: datetime,
) -> Row[Any] | None:
    """Write all that a simulation found, at once; None when another did it."""
    values = {"la": simulation_id, "le_resultat": resultat, "fini_le": termine_le}
    row = (await tx.execute(_FINISH, values)).one_or_none()
    if row is not None and deplacees:
        await tx.execute(
            _DEPLACEMENTS,
            {
                "simulation": simulation_id,
                "ids": [new_id() for _ in deplacees],
                "orientations": list(deplacees),
            },
        )
    return row


async def read_propositions(
    tx: Transaction, *, apres: tuple[datetime, UUID], fin: datetime, nombre: int
) -> Sequence[Row[Any]]:
    """Read the next last proposals of orientations received before `fin`, by reception."""
    recu_le, orientation_id = apres
    values = {"recu_le": recu_le, "apres": orientation_id, "fin": fin, "nombre": nombre}
    return (await tx.execute(_PROPOSITIONS, values)).all()


async def read_proposition(tx: Transaction, proposition_id: UUID) -> Row[Any]:
    """Read one proposal with the set of rules that it names.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    return await _read(tx, _PROPOSITION, proposition_id)
