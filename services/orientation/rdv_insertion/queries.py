"""SQL of what rdv-insertion tells: what came, the rendez-vous, and who is who."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.orientation import tables
from services.orientation.rdv_insertion.rules import Connue, Participation, RendezVousLu, Usager
from shared.refus import Introuvable
from shared.schemas.commun import Operation
from shared.schemas.orientation.rdv_insertion import (
    ModeRattachement,
    StatutReception,
    StatutRendezVousPartenaire,
)
from shared.socle.coffre import Coffre
from shared.socle.db import Transaction, siens
from shared.socle.evenements import Fait, publier
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer, par_tranches, parmi

CORPS = "reception_rdv_insertion.corps"
_R, _V, _U = (
    tables.ReceptionRdvInsertion,
    tables.RendezVousRdvInsertion,
    tables.UsagerRdvInsertion,
)
_P, _O = tables.Personne, tables.Orientation
_SUPPRIME = StatutRendezVousPartenaire.SUPPRIME.value

# What is told of one thing is applied one after the other, and there may be no row to hold yet.
_SEUL = text(
    "SELECT pg_advisory_xact_lock(hashtextextended("
    "concat_ws('|', 'rdv-insertion', cast(:collectivite AS text), cast(:modele AS text),"
    " cast(:objet AS text)), 0))"
)
_DERNIER = select(func.max(_R.emis_le)).where(
    siens(_R),
    _R.modele == bindparam("le_modele"),
    _R.objet == bindparam("l_objet"),
    _R.statut == StatutReception.APPLIQUEE.value,
)
_RECEVOIR = (
    insert(_R)
    .on_conflict_do_nothing(index_elements=[_R.collectivite, _R.empreinte])
    .returning(_R.id)
)
_DIRE_RENDEZ_VOUS = insert(_V)
_ENVOYE = _DIRE_RENDEZ_VOUS.excluded
_DIT = ("usager", "categorie", "statut", "debut_le", "duree_minutes", "rattache")
_TOUCHE = {"version": _V.version + 1, "modifie_le": text("now()")}
_ECRIRE = _DIRE_RENDEZ_VOUS.on_conflict_do_update(
    index_elements=[_V.collectivite, _V.rendez_vous, _V.participation],
    set_={**{nom: _ENVOYE[nom] for nom in _DIT}, **_TOUCHE},
    where=or_(*(getattr(_V, nom).is_distinct_from(_ENVOYE[nom]) for nom in _DIT)),
).returning(_V.id, _V.version)
_RETIRER = (
    update(_V)
    .where(siens(_V), _V.statut != _SUPPRIME)
    .values(**_TOUCHE, statut=_SUPPRIME)
    .returning(_V.id, _V.version)
)
_RATTACHER = (
    update(_V)
    .where(siens(_V), _V.usager == bindparam("l_usager"))
    .values(**_TOUCHE, rattache=True)
    .returning(_V.id, _V.version)
)
_QUI = select(_U.id).where(siens(_U), _U.usager == bindparam("l_usager"))
_DIRE = insert(_U)
_DIRE_A_LA_MAIN = _DIRE.on_conflict_do_update(
    index_elements=[_U.collectivite, _U.usager],
    set_={nom: _DIRE.excluded[nom] for nom in ("personne_id", "mode", "client_id")},
)
_DIRE_SEUL = _DIRE.on_conflict_do_nothing().returning(_U.id)
_GARDEE = func.coalesce(_P.fusionnee_avec_id, _P.id).label("personne_id")
_PERSONNES = select(_GARDEE, _P.date_naissance).where(siens(_P))
_USAGERS = select(_U.usager).where(
    siens(_U), _U.personne_id.in_(bindparam("les_personnes", expanding=True))
)
_BILAN = text(
    "SELECT (SELECT count(*) FROM rendez_vous_rdv_insertion"
    " WHERE collectivite = :collectivite AND NOT rattache) AS non_rattaches,"
    " (SELECT count(*) FROM reception_rdv_insertion"
    " WHERE collectivite = :collectivite AND statut = 'inintelligible') AS inintelligibles,"
    " (SELECT max(cree_le) FROM reception_rdv_insertion"
    " WHERE collectivite = :collectivite) AS derniere_le"
)
_PURGER_CORPS = text(
    "DELETE FROM reception_rdv_insertion WHERE collectivite = :collectivite AND cree_le < :corps"
)
_PURGER_USAGERS = text(
    "DELETE FROM usager_rdv_insertion u WHERE collectivite = :collectivite AND cree_le < :faits"
    " AND NOT EXISTS (SELECT FROM rendez_vous_rdv_insertion v"
    " WHERE v.collectivite = u.collectivite AND v.usager = u.usager)"
)
_PURGER_RENDEZ_VOUS = text(
    "DELETE FROM rendez_vous_rdv_insertion WHERE collectivite = :collectivite AND id IN"
    " (SELECT id FROM rendez_vous_rdv_insertion WHERE collectivite = :collectivite"
    " AND debut_le < :faits ORDER BY debut_le LIMIT :lot) RETURNING id, version"
)


async def hold_objet(tx: Transaction, modele: str, objet: str) -> datetime | None:
    """Wait for who tells of the same thing, and return when the last applied was dated."""
    await tx.execute(_SEUL, {"modele": modele, "objet": objet})
    found: datetime | None = (
        await tx.execute(_DERNIER, {"le_modele": modele, "l_objet": objet})
    ).scalar_one()
    return found


async def store_reception(tx: Transaction, values: Mapping[str, Any]) -> bool:
    """Keep a body; tell whether it is the first time that it comes."""
    return (await tx.execute(_RECEVOIR, {"id": new_id(), **values})).one_or_none() is not None


async def store_rendez_vous(
    tx: Transaction, rendez_vous: str, lu: RendezVousLu, connus: Mapping[str, bool]
) -> None:
    """Write who is at a rendez-vous; who was and is no more is taken out."""
    faits = []
    for une in lu.participations:
        values = {
            "id": new_id(),
            "rendez_vous": rendez_vous,
            "participation": une.reference,
            "usager": une.usager.reference,
            "categorie": lu.categorie,
            "statut": une.statut.value,
            "debut_le": lu.debut_le,
            "duree_minutes": lu.duree_minutes,
            "rattache": connus[une.usager.reference],
        }
        row = (await tx.execute(_ECRIRE, values)).one_or_none()
        if row is not None:
            faits.append(_fait("recu" if row.version == 1 else "modifie", row))
    await publier(tx, *faits)
    await remove_rendez_vous(tx, rendez_vous, sauf=lu.participations)


async def remove_rendez_vous(
    tx: Transaction, rendez_vous: str, *, sauf: Sequence[Participation] = ()
) -> None:
    """Say that a rendez-vous is no more, or that some are no more at it."""
    presentes = [une.reference for une in sauf]
    statement = _RETIRER.where(
        _V.rendez_vous == bindparam("le_rendez_vous"), _V.participation.not_in(presentes)
    )
    rows = (await tx.execute(statement, {"le_rendez_vous": rendez_vous})).all()
    await publier(tx, *(_fait("modifie", row) for row in rows))


async def remove_a_venir(tx: Transaction, usager: str, maintenant: datetime) -> None:
    """Say that what was to come of somebody who is no more there will not be."""
    statement = _RETIRER.where(_V.usager == bindparam("l_usager"), _V.debut_le > maintenant)
    rows = (await tx.execute(statement, {"l_usager": usager})).all()
    await publier(tx, *(_fait("modifie", row) for row in rows))


async def is_known(tx: Transaction, usager: str) -> bool:
    """Tell whether somebody of theirs is known here already."""
    return (await tx.execute(_QUI, {"l_usager": usager})).one_or_none() is not None


async def find_candidats(
    tx: Transaction, coffre: Coffre, usager: Usager, client: str | None
) -> dict[ModeRattachement, list[Connue]]:
    """Find who here has one of the keys of somebody of theirs.

    Args:
        client: whose `reference_externe` their file number is; without one, it is an id of ours.
    """
    found: dict[ModeRattachement, list[Connue]] = {}
    conditions: dict[ModeRattachement, Any] = {}
    if usager.nir is not None:
        conditions[ModeRattachement.NIR] = _P.nir_empreinte == coffre.empreinte(usager.nir)
    if usager.numero_france_travail is not None:
        conditions[ModeRattachement.NUMERO_FRANCE_TRAVAIL] = (
            _P.numero_france_travail == usager.numero_france_travail
        )
    if usager.reference_interne is not None:
        ici = _uuid(usager.reference_interne)
        if ici is not None:
            conditions[ModeRattachement.REFERENCE] = _P.id == ici
        elif client is not None:
            conditions[ModeRattachement.REFERENCE] = (_P.client_id == client) & (
                _P.reference_externe == usager.reference_interne
            )
    for mode, condition in conditions.items():
        rows = await tx.execute(_PERSONNES.where(condition).limit(2))
        found[mode] = [Connue(row.personne_id, row.date_naissance) for row in rows]
    return found


async def link_usager(
    tx: Transaction, usager: str, personne_id: UUID, mode: ModeRattachement
) -> None:
    """Say who somebody of theirs is; by hand, whoever it was before."""
    values = {
        "id": new_id(),
        "usager": usager,
        "personne_id": personne_id,
        "mode": mode.value,
        "client_id": tx.acces.auteur,
    }
    if mode is ModeRattachement.MANUEL:
        await tx.execute(_DIRE_A_LA_MAIN, values)
    elif (await tx.execute(_DIRE_SEUL, values)).one_or_none() is None:
        return
    rows = (await tx.execute(_RATTACHER, {"l_usager": usager})).all()
    await publier(tx, *(_fait("rattache", row) for row in rows))


async def list_rendez_vous(
    tx: Transaction,
    page: PageDemandee,
    *,
    personnes: Sequence[UUID],
    statuts: Sequence[StatutRendezVousPartenaire],
    rattache: bool | None,
) -> Sequence[Row[Any]]:
    """Read a page of rendez-vous, of some persons and states or of all."""
    statement = select(*_V.__table__.columns).where(siens(_V))
    if rattache is not None:
        # Written out: of those to be linked there are few, and an index of their own.
        statement = statement.where(_V.rattache if rattache else ~_V.rattache)
    if personnes:
        usagers = (await tx.execute(_USAGERS, {"les_personnes": personnes})).scalars().all()
        statement = statement.where(parmi(_V.statut, statuts))
        # Nobody bears an empty number: persons whom nobody of theirs is have no rendez-vous.
        tranches = par_tranches(statement, _V.usager, [*usagers, ""], _V, page)
    else:
        tranches = par_tranches(statement, _V.statut, statuts, _V, page)
    ensemble = tranches.subquery()
    return await paginer(tx, _de_qui(ensemble.c, select(ensemble)), ensemble.c, page)


async def read_rendez_vous(
    tx: Transaction, rendez_vous_id: UUID, *, tenir: bool = False
) -> Row[Any]:
    """Read one; held to act on it.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _de_qui(_V, select(*_V.__table__.columns)).where(
        siens(_V), _V.id == bindparam("id")
    )
    if tenir:
        statement = statement.with_for_update(of=_V)
    row = (await tx.execute(statement, {"id": rendez_vous_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def read_bilan(tx: Transaction) -> Row[Any]:
    """Count what asks for a look."""
    return (await tx.execute(_BILAN)).one()


async def purge(tx: Transaction, *, corps: datetime, faits: datetime, lot: int) -> int:
    """Forget what is past its time; return how many rendez-vous went, `lot` at most."""
    await tx.execute(_PURGER_CORPS, {"corps": corps})
    rows = (await tx.execute(_PURGER_RENDEZ_VOUS, {"faits": faits, "lot": lot})).all()
    await tx.execute(_PURGER_USAGERS, {"faits": faits})
    await publier(tx, *(_fait("efface", row, Operation.EFFACEMENT) for row in rows))
    return len(rows)


def _de_qui(rendez_vous: Any, statement: Any) -> Any:
    """Add who is at it, and the last orientation of who is at one of orientation."""
    orientation = (
        select(_O.id)
        .where(siens(_O), _O.personne_id == _U.personne_id, _O.cree_le <= func.now())
        .where(rendez_vous.categorie.like("rsa\\_orientation%"))
        .order_by(_O.cree_le.desc(), _O.id.desc())
        .limit(1)
        .scalar_subquery()
        .label("orientation_id")
    )
    return statement.add_columns(
        _U.personne_id, _U.mode.label("rattachement"), orientation
    ).outerjoin(
        _U,
        (_U.collectivite == rendez_vous.collectivite) & (_U.usager == rendez_vous.usager),
    )


def _uuid(texte: str) -> UUID | None:
    try:
        return UUID(texte)
    except ValueError:
        return None


def _fait(nom: str, row: Row[Any], operation: Operation | None = None) -> Fait:
    if operation is None:
        operation = Operation.CREATION if row.version == 1 else Operation.MODIFICATION
    return Fait(
        f"orientation.rendez_vous_rdv_insertion.{nom}",
        "participations-rdv-insertion",
        row.id,
        row.version,
        operation,
    )
