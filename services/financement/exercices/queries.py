"""SQL of the budget years, and of their closings."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Integer,
    Row,
    Uuid,
    bindparam,
    cast,
    func,
    insert,
    literal,
    null,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError

from services.financement import tables
from services.financement.engagements.queries import RESTE
from services.financement.exercices.rules import RESTES, EnveloppeNommee, Reste, ServiceFait
from services.financement.journal.queries import lock_chaine, open_comptes, soldes_de
from services.financement.reservations.queries import echu_de
from shared.refus import Introuvable, Refus, TransitionInterdite
from shared.schemas.financement.credits import StatutCloture, StatutExercice
from shared.schemas.financement.enveloppes import StatutEnveloppe
from shared.schemas.financement.journal import Livre, Poste
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer

_T, _C = tables.Exercice, tables.Cloture
_R, _K, _Q = tables.Rattachement, tables.CreditPaiement, tables.Liquidation
_V, _EL, _S, _B = tables.Enveloppe, tables.EngagementLigne, tables.Solde, tables.Reliquat
_SELECT = select(*_T.__table__.columns).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("id"))
_LOCK = _BY_ID.with_for_update(key_share=True)
_INSERT = insert(_T).returning(*_T.__table__.columns)
_MOVE = (
    update(_T)
    .where(siens(_T), _T.id == bindparam("p_id"))
    .values(
        statut=bindparam("p_statut"),
        clos_le=bindparam("p_clos_le", type_=_T.clos_le.type),
        clos_par=bindparam("p_clos_par", type_=_T.clos_par.type),
        version=_T.version + 1,
        modifie_le=bindparam("p_modifie_le"),
    )
    .returning(*_T.__table__.columns)
)
_CLOTURES = select(*_C.__table__.columns).where(siens(_C))
_CLOTURE = _CLOTURES.where(_C.id == bindparam("id"))
_START = (
    update(_C)
    .where(siens(_C), _C.id == bindparam("p_id"))
    .where(_C.statut.in_([StatutCloture.EN_ATTENTE.value, StatutCloture.EN_COURS.value]))
    .values(statut=StatutCloture.EN_COURS.value, version=_C.version + 1)
    .returning(*_C.__table__.columns)
)
_FINISH = (
    update(_C)
    .where(siens(_C), _C.id == bindparam("p_id"), _C.statut == StatutCloture.EN_COURS.value)
    .values(
        statut=bindparam("p_statut"),
        resultat=bindparam("p_resultat"),
        termine_le=bindparam("p_termine_le"),
        modifie_le=bindparam("p_termine_le"),
        version=_C.version + 1,
    )
    .returning(_C.version)
)
_RATTACHEMENTS = select(*_R.__table__.columns).where(siens(_R))
# Certified, of service done by the last day, ordered in no year up to this one, not attached yet.
# What a later year has ordered already is of this one all the same.
_SERVICES = text(
    "SELECT l.id, l.montant_retenu_centimes AS montant, g.ae_id FROM liquidation l"
    " JOIN engagement g ON g.collectivite = l.collectivite AND g.id = l.engagement_id"
    " WHERE l.collectivite = :collectivite AND l.montant_retenu_centimes > 0"
    " AND l.date_service_fait BETWEEN :debut AND :fin"
    " AND l.montant_retenu_centimes >= :seuil"
    " AND NOT EXISTS (SELECT FROM mandat m WHERE m.collectivite = l.collectivite"
    "  AND m.liquidation_id = l.id AND m.statut <> 'rejete' AND m.exercice <= :annee)"
    " AND NOT EXISTS (SELECT FROM rattachement r WHERE r.collectivite = l.collectivite"
    "  AND r.liquidation_id = l.id)"
    " AND l.id = coalesce(:liquidation_id, l.id)"
    " ORDER BY l.date_service_fait, l.id"
).bindparams(bindparam("liquidation_id", type_=Uuid()))
_LIQUIDATIONS = select(_Q.id).where(
    siens(_Q),
    _Q.date_service_fait.between(bindparam("debut"), bindparam("fin")),
    _Q.id == func.any(bindparam("ids", type_=ARRAY(Uuid()))),
)
_CREDIT = select(*_K.__table__.columns).where(siens(_K))
_OF_YEAR = _CREDIT.where(_K.exercice == bindparam("annee")).order_by(_K.id)
_OF_AUTORISATION = _CREDIT.where(
    _K.exercice == bindparam("annee"),
    _K.autorisation_engagement_id == bindparam("autorisation_id"),
)
_DERNIER_JOUR = select(func.max(tables.MouvementJour.date_effet)).where(
    siens(tables.MouvementJour), tables.MouvementJour.objet_id == bindparam("credit_id")
)
_ANTERIEURS = select(_T.annee).where(
    siens(_T), _T.annee < bindparam("annee"), _T.statut != StatutExercice.CLOS.value
)
# The same credits, the year after; those that the year has already are taken as they are.
_SUIVANT = text(
    "WITH neuf AS ("
    " INSERT INTO credit_paiement (collectivite, id, exercice, libelle,"
    "  autorisation_engagement_id, imputation, source)"
    " SELECT collectivite, :neuf, exercice + 1, libelle, autorisation_engagement_id, imputation,"
    "  :source FROM credit_paiement WHERE collectivite = :collectivite AND id = :credit"
    " ON CONFLICT DO NOTHING RETURNING id"
    ") SELECT id, true AS neuf FROM neuf UNION ALL"
    " SELECT s.id, false FROM credit_paiement k JOIN credit_paiement s"
    "  ON s.collectivite = k.collectivite AND s.exercice = k.exercice + 1"
    "  AND (s.autorisation_engagement_id = k.autorisation_engagement_id"
    "   OR (s.autorisation_engagement_id IS NULL AND k.autorisation_engagement_id IS NULL"
    "    AND s.imputation = k.imputation))"
    " WHERE k.collectivite = :collectivite AND k.id = :credit"
)
_TOTAUX = text(
    "SELECT"
    " (SELECT count(*) FROM rattachement WHERE collectivite = :collectivite"
    "   AND exercice_id = :exercice_id) AS rattachements,"
    " (SELECT coalesce(sum(montant_centimes), 0)::bigint FROM rattachement"
    "   WHERE collectivite = :collectivite AND exercice_id = :exercice_id) AS rattache_centimes,"
    " coalesce(sum(variation) FILTER (WHERE livre = 'eng' AND poste = 'engage'), 0)::bigint"
    "  AS reste_a_liquider_centimes,"
    " coalesce(sum(variation) FILTER (WHERE livre = 'eng' AND poste = 'liquide'), 0)::bigint"
    "  AS reste_a_mandater_centimes,"
    " (SELECT coalesce(sum(solde), 0)::bigint FROM solde s JOIN credit_paiement k"
    "   ON k.collectivite = s.collectivite AND k.id = s.objet_id AND k.exercice = :annee"
    "  WHERE s.collectivite = :collectivite AND poste = 'reporte') AS reporte_centimes,"
    " (SELECT coalesce(sum(solde), 0)::bigint FROM solde s JOIN credit_paiement k"
    "   ON k.collectivite = s.collectivite AND k.id = s.objet_id AND k.exercice = :annee"
    "  WHERE s.collectivite = :collectivite AND poste = 'annule') AS annule_centimes,"
    " (SELECT coalesce(sum(montant_centimes) FILTER (WHERE sort = 'report'), 0)::bigint"
    "   FROM reliquat WHERE collectivite = :collectivite AND exercice_id = :exercice_id)"
    "  AS restes_reportes_centimes,"
    " (SELECT coalesce(sum(montant_centimes) FILTER (WHERE sort = 'degagement'), 0)::bigint"
    "   FROM reliquat WHERE collectivite = :collectivite AND exercice_id = :exercice_id)"
    "  AS restes_degages_centimes,"
    " (SELECT coalesce(sum(montant_centimes) FILTER"
    "   (WHERE sort IN ('annulation', 'retour_financeur')), 0)::bigint"
    "   FROM reliquat WHERE collectivite = :collectivite AND exercice_id = :exercice_id)"
    "  AS restes_annules_centimes,"
    " (SELECT coalesce(sum(a_reverser_centimes), 0)::bigint"
    "   FROM reliquat WHERE collectivite = :collectivite AND exercice_id = :exercice_id)"
    "  AS a_reverser_centimes"
    " FROM mouvement_jour WHERE collectivite = :collectivite AND date_effet <= :fin"
)


# Envelopes whose window is over on the last day of a year: their own year's when none is said. One
# without a year and without an end runs on.
_FINIE = func.coalesce(
    _V.fenetre_fin, func.make_date(cast(_V.exercice, Integer), 12, 31)
) <= bindparam("fin", type_=_V.fenetre_fin.type)
_OUVERTES = _V.statut.in_([StatutEnveloppe.OUVERTE.value, StatutEnveloppe.CLOSE.value])
_NOMMEES = select(
    _V.id,
    _V.exercice,
    _V.financeur,
    func.coalesce(_FINIE & _OUVERTES, literal(False)).label("finie"),
).where(siens(_V), _V.id == func.any(bindparam("ids", type_=ARRAY(Uuid()))))
_A_SOLDER = (
    select(*_V.__table__.columns, soldes_de(_V.id).label("soldes"), echu_de(_V.id).label("echu"))
    .where(siens(_V), _OUVERTES, _FINIE)
    # Envelope by envelope, in order: an EXISTS is joined, all balances hashed for one page.
    .where(
        select(func.max(_S.solde))
        .where(
            siens(_S),
            _S.objet_id == _V.id,
            _S.livre == Livre.ENG.value,
            _S.poste.in_([poste.value for poste in RESTES]),
        )
        .scalar_subquery()
        > 0
    )
)
_ENGAGES = (
    select(_EL.enveloppe_id, _EL.engagement_id, RESTE.label("montant_centimes"))
    .join(_V, (_V.collectivite == _EL.collectivite) & (_V.id == _EL.enveloppe_id))
    .where(siens(_EL), _OUVERTES, _FINIE, RESTE > 0)
    .order_by(_EL.engagement_id, _EL.rang)
)
_LIBRES = (
    select(
        _S.objet_id.label("enveloppe_id"),
        null().cast(Uuid()).label("engagement_id"),
        cast(func.sum(_S.solde), BigInteger).label("montant_centimes"),
    )
    .join(_V, (_V.collectivite == _S.collectivite) & (_V.id == _S.objet_id))
    .where(siens(_S), _OUVERTES, _FINIE)
    .where(_S.livre == Livre.ENG.value)
    .where(_S.poste.in_([Poste.DISPONIBLE.value, Poste.RESERVE.value]))
    .group_by(_S.objet_id)
    .having(func.sum(_S.solde) > 0)
    .order_by(_S.objet_id)
)


class ExerciceExistant(Refus):
    code = "reference-externe-existante"
    detail = "Cette annee est deja enregistree."


async def store_exercice(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a budget year, once.

    Raises:
        ExerciceExistant: it is there.
    """
    try:
        return (await tx.execute(_INSERT, values)).one()
    except IntegrityError:
        raise ExerciceExistant from None


async def lock_exercice(tx: Transaction, exercice_id: UUID) -> Row[Any]:
    """Read a budget year and hold its row until the transaction ends.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK, {"id": exercice_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def move_exercice(
    tx: Transaction,
    exercice_id: UUID,
    statut: StatutExercice,
    instant: datetime,
    clos_par: str | None = None,
) -> Row[Any]:
    """Move a year to another state; whoever posts meanwhile has posted before, or sees it."""
    await lock_chaine(tx)
    values = {
        "p_id": exercice_id,
        "p_statut": statut,
        "p_clos_le": instant if statut is StatutExercice.CLOS else None,
        "p_clos_par": clos_par,
        "p_modifie_le": instant,
    }
    return (await tx.execute(_MOVE, values)).one()


async def read_exercice(tx: Transaction, exercice_id: UUID) -> Row[Any]:
    """Read a budget year.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": exercice_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_exercices(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of budget years."""
    return await paginer(tx, _SELECT, _T, page)


# Closings


async def store_cloture(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a closing; one at a time for a year.

    Raises:
        TransitionInterdite: another is under way.
    """
    row = {**values, "client_id": tx.acces.client_id}
    try:
        return (await tx.execute(insert(_C).returning(*_C.__table__.columns), row)).one()
    except IntegrityError:
        raise TransitionInterdite(StatutCloture.EN_COURS, []) from None


async def read_cloture(tx: Transaction, exercice_id: UUID, cloture_id: UUID) -> Row[Any]:
    """Read a closing of a year.

    Raises:
        Introuvable: none of this year has this id.
    """
    statement = _CLOTURE.where(_C.exercice_id == exercice_id)
    row = (await tx.execute(statement, {"id": cloture_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def start_cloture(tx: Transaction, cloture_id: UUID) -> Row[Any] | None:
    """Take up a closing, begun or not; null when it is done."""
    return (await tx.execute(_START, {"p_id": cloture_id})).one_or_none()


async def finish_cloture(
    tx: Transaction,
    cloture_id: UUID,
    statut: StatutCloture,
    resultat: dict[str, Any],
    termine_le: datetime,
) -> int | None:
    """Write what came of a closing; null when another run did."""
    values = {
        "p_id": cloture_id,
        "p_statut": statut,
        "p_resultat": resultat,
        "p_termine_le": termine_le,
    }
    version: int | None = (await tx.execute(_FINISH, values)).scalar_one_or_none()
    return version


async def read_services_faits(
    tx: Transaction, annee: int, seuil_centimes: int, liquidation_id: UUID | None = None
) -> list[ServiceFait]:
    """Read what was done in a year, is not ordered in it, and is not attached to it yet.

    Args:
        liquidation_id: this one only, whose row is held.
    """
    values = {
        "annee": annee,
        "debut": date(annee, 1, 1),
        "fin": date(annee, 12, 31),
        "seuil": seuil_centimes,
        "liquidation_id": liquidation_id,
    }
    rows = await tx.execute(_SERVICES, values)
    return [ServiceFait(row.id, row.montant, row.ae_id) for row in rows]


async def read_liquidations(tx: Transaction, annee: int, ids: Sequence[UUID]) -> set[UUID]:
    """Return which of some liquidations are of a service done in a year."""
    values = {"debut": date(annee, 1, 1), "fin": date(annee, 12, 31), "ids": list(ids)}
    return {row.id for row in await tx.execute(_LIQUIDATIONS, values)}


async def read_credits(tx: Transaction, annee: int) -> Sequence[Row[Any]]:
    """Read the payment credits of a year."""
    return (await tx.execute(_OF_YEAR, {"annee": annee})).all()


async def read_dernier_jour(tx: Transaction, credit_id: UUID) -> date:
    """Return the last day on which an entry of some credits takes effect."""
    found: date = (await tx.execute(_DERNIER_JOUR, {"credit_id": credit_id})).scalar_one()
    return found


async def read_anterieurs(tx: Transaction, annee: int) -> list[int]:
    """Return the years before this one that are recorded and not closed."""
    rows = await tx.execute(_ANTERIEURS, {"annee": annee})
    return [row.annee for row in rows]


async def read_credit_de(
    tx: Transaction, annee: int, service_fait: ServiceFait, choisi: UUID | None
) -> Row[Any] | None:
    """Read the credits that a service done is attached to: those chosen, or its authorisation's."""
    if choisi is not None:
        statement, values = _CREDIT.where(_K.id == choisi), {}
    else:
        statement = _OF_AUTORISATION
        values = {"annee": annee, "autorisation_id": service_fait.autorisation_id}
    return (await tx.execute(statement, values)).one_or_none()


async def credit_suivant(tx: Transaction, credit_id: UUID, source: str) -> UUID:
    """Return the same credits of the year after, opened at zero when there are none."""
    values = {"credit": credit_id, "neuf": new_id(), "source": source}
    row = (await tx.execute(_SUIVANT, values)).first()
    if row is None:  # made at this instant by another, whom the insert waited for
        row = (await tx.execute(_SUIVANT, values)).one()
    if row.neuf:
        await open_comptes(tx, Livre.CP, row.id)
    found: UUID = row.id
    return found


async def store_rattachement(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert a rattachement; its liquidation has no other."""
    await tx.add(_R, values)


async def list_rattachements(
    tx: Transaction, page: PageDemandee, exercice_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of what was attached to a year."""
    return await paginer(tx, _RATTACHEMENTS.where(_R.exercice_id == exercice_id), _R, page)


async def read_nommees(
    tx: Transaction, annee: int, ids: Collection[UUID]
) -> dict[UUID, EnveloppeNommee]:
    """Read what a closing must know of the envelopes that it names; unknown ones are left out."""
    rows = await tx.execute(_NOMMEES, {"ids": list(ids), "fin": date(annee, 12, 31)})
    return {row.id: EnveloppeNommee(row.exercice, row.financeur, row.finie) for row in rows}


async def list_restes(
    tx: Transaction, page: PageDemandee, annee: int, instant: datetime
) -> Sequence[Row[Any]]:
    """Read a page of envelopes whose window is over and that have something left."""
    values = {"fin": date(annee, 12, 31), "instant": instant}
    return await paginer(tx, _A_SOLDER, _V, page, values)


async def read_engages(tx: Transaction, annee: int) -> list[Reste]:
    """Read what is engaged and not liquidated of envelopes whose window is over."""
    rows = await tx.execute(_ENGAGES, {"fin": date(annee, 12, 31)})
    return [Reste(**row._mapping) for row in rows]


async def read_restes(tx: Transaction, annee: int) -> list[Reste]:
    """Read all that is left of envelopes whose window is over, and neither liquidated nor settled.

    Of what is not engaged, one line an envelope, what is reserved counted in.
    """
    rows = await tx.execute(_LIBRES, {"fin": date(annee, 12, 31)})
    return [*(Reste(**row._mapping) for row in rows), *await read_engages(tx, annee)]


async def store_reliquat(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert what a closing made of a rest; it settles each once."""
    await tx.add(_B, values)


async def a_reliquat(
    tx: Transaction, cloture_id: UUID, enveloppe_id: UUID, engagement_id: UUID | None
) -> bool:
    """Tell whether a closing settled a rest; the gate of its envelope is held."""
    statement = select(_B.id).where(
        siens(_B),
        _B.cloture_id == cloture_id,
        _B.enveloppe_id == enveloppe_id,
        _B.engagement_id == engagement_id,
    )
    return (await tx.execute(statement)).one_or_none() is not None


async def list_reliquats(
    tx: Transaction, page: PageDemandee, exercice_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of what the closings of a year made of its rests."""
    statement = select(*_B.__table__.columns).where(siens(_B), _B.exercice_id == exercice_id)
    return await paginer(tx, statement, _B, page)


async def read_totaux(tx: Transaction, exercice_id: UUID, annee: int) -> dict[str, int]:
    """Sum what a year leaves on its last day."""
    values = {"exercice_id": exercice_id, "annee": annee, "fin": date(annee, 12, 31)}
    return dict((await tx.execute(_TOTAUX, values)).one()._mapping)
