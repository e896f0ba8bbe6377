"""SQL of the orders to pay, of payments and of what the payee gives back."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Row, Text, Uuid, bindparam, cast, func, insert, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by

from services.financement import tables
from services.financement.journal.queries import lock_disponibles
from services.financement.liquidations.queries import lock_liquidation
from services.financement.mandats.rules import Credit, EtatLiquidation, EtatMandat, LigneMandat
from shared.refus import Introuvable
from shared.schemas.financement.enveloppes import StatutEnveloppe
from shared.schemas.financement.liquidations import StatutLiquidation
from shared.schemas.financement.mandats import Mandat, StatutMandat
from shared.socle.db import Transaction, exige_version, siens
from shared.socle.pages import PageDemandee, paginer, par_tranches, parmi

_T, _L, _Q = tables.Mandat, tables.MandatLigne, tables.Liquidation
_G, _V = tables.Engagement, tables.Enveloppe
_C, _R, _X = tables.CreditPaiement, tables.Rattachement, tables.Exercice


def _somme(colonne: Any) -> Any:
    return cast(
        select(func.coalesce(func.sum(colonne), 0))
        .where(siens(_L), _L.mandat_id == _T.id)
        .scalar_subquery(),
        BigInteger,
    )


_LIGNES = (
    select(
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_object(
                    *(
                        part
                        for colonne in (
                            _L.enveloppe_id,
                            _L.montant_centimes,
                            _L.paye_centimes,
                            _L.rembourse_centimes,
                            _V.statut,
                            _V.fenetre_fin,
                        )
                        for part in (colonne.name, colonne)
                    )
                ),
                _L.rang,
            )
        )
    )
    .join(_V, (_V.collectivite == _L.collectivite) & (_V.id == _L.enveloppe_id))
    .where(siens(_L), _L.mandat_id == _T.id)
    .scalar_subquery()
    .label("ventilation")
)
_SELECT = select(
    *_T.__table__.columns,
    _LIGNES,
    _somme(_L.paye_centimes).label("paye_centimes"),
    _somme(_L.rembourse_centimes).label("rembourse_centimes"),
).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("id"))
_RATTACHE = (
    select(_X.annee)
    .join(_R, (_R.collectivite == _X.collectivite) & (_R.exercice_id == _X.id))
    .where(siens(_R), _R.liquidation_id == _Q.id)
    .scalar_subquery()
)
_SUITE = (
    select(
        _Q.client_id.label("certificateur"),
        _Q.engagement_id,
        _G.action_id,
        _G.ae_id,
        _RATTACHE.label("exercice_rattachement"),
    )
    .join(_G, (_G.collectivite == _Q.collectivite) & (_G.id == _Q.engagement_id))
    .where(siens(_Q), _Q.id == bindparam("id"))
)
_VENTILATION = select(_Q.ventilation).where(siens(_Q), _Q.id == bindparam("id"))
_OBJETS = (
    select(_L.enveloppe_id, _T.credit_id)
    .join(_T, (_T.collectivite == _L.collectivite) & (_T.id == _L.mandat_id))
    .where(siens(_L), _L.mandat_id == bindparam("id"))
)
_LOCK = select(_T.id).where(siens(_T), _T.id == bindparam("id")).with_for_update()
_CREDIT = select(_C.exercice, _C.autorisation_engagement_id).where(
    siens(_C), _C.id == bindparam("id")
)
# The order takes the year's next number: one round trip, just before the journal's.
_STORE = text(
    "WITH suivant AS ("
    " INSERT INTO compteur_mandat AS c (collectivite, exercice, dernier)"
    " VALUES (:collectivite, :exercice, 1)"
    " ON CONFLICT (collectivite, exercice) DO UPDATE SET dernier = c.dernier + 1"
    " RETURNING dernier"
    "), entete AS ("
    " INSERT INTO mandat (collectivite, id, liquidation_id, exercice, numero, bordereau, chapitre,"
    "  fonction, nature, montant_centimes, date_emission, credit_id, statut, client_id, cree_le,"
    "  modifie_le)"
    " SELECT :collectivite, :id, :liquidation_id, :exercice, dernier, :bordereau, :chapitre,"
    "  :fonction, :nature, :montant_centimes, :date_emission, :credit_id, 'emis', :client,"
    "  :instant, :instant FROM suivant"
    ") INSERT INTO mandat_ligne (collectivite, mandat_id, enveloppe_id, rang, montant_centimes)"
    " SELECT :collectivite, :id, enveloppe_id, rang, montant_centimes"
    " FROM jsonb_to_recordset(cast(:lignes AS jsonb))"
    "  AS l(enveloppe_id uuid, rang bigint, montant_centimes bigint)"
).bindparams(
    bindparam("instant", type_=_T.cree_le.type),
    bindparam("chapitre", type_=Text()),
    bindparam("credit_id", type_=Uuid()),
)
# What each line paid, or was given back; and what the parts of the action are given back.
_MOVE = text(
    "WITH lignes AS (SELECT * FROM jsonb_to_recordset(cast(:lignes AS jsonb))"
    "  AS l(enveloppe_id uuid, paye bigint, rembourse bigint, disponible bigint)"
    "), employees AS ("
    " UPDATE mandat_ligne m SET paye_centimes = m.paye_centimes + l.paye,"
    "  rembourse_centimes = m.rembourse_centimes + l.rembourse"
    " FROM lignes l WHERE m.collectivite = :collectivite AND m.mandat_id = :id"
    "  AND m.enveloppe_id = l.enveloppe_id"
    "), parts AS ("
    " UPDATE part_financement p SET attribue_centimes = p.attribue_centimes - l.disponible"
    " FROM lignes l WHERE p.collectivite = :collectivite AND p.action_id = :action_id"
    "  AND p.enveloppe_id = l.enveloppe_id AND l.disponible > 0"
    ") UPDATE mandat SET statut = :statut, version = version + 1, modifie_le = :instant,"
    "  date_prise_en_charge = coalesce(:prise_en_charge, date_prise_en_charge),"
    "  motif_rejet = coalesce(:motif_rejet, motif_rejet)"
    " WHERE collectivite = :collectivite AND id = :id RETURNING version"
).bindparams(
    bindparam("instant", type_=_T.cree_le.type),
    bindparam("prise_en_charge", type_=_T.date_emission.type),
    bindparam("motif_rejet", type_=Text()),
)


def render(row: Row[Any]) -> Mandat:
    """The contract of a row of `read_mandat`."""
    return Mandat.model_validate({**row._mapping, "auteur": {"client_id": row.client_id}})


async def lock_a_mandater(
    tx: Transaction, liquidation_id: UUID, version: int, credit_id: UUID | None
) -> tuple[EtatLiquidation, Credit | None]:
    """Hold the gates of what pays a liquidation and of credits, then its row; read them.

    Raises:
        Introuvable: no liquidation of this collectivité has this id.
        VersionDepassee: it changed since the caller read it.
    """
    found = (await tx.execute(_VENTILATION, {"id": liquidation_id})).scalar_one_or_none()
    objets = {UUID(part["enveloppe_id"]) for part in found or ()}
    disponibles = await lock_disponibles(tx, objets | ({credit_id} if credit_id else set()))
    row = await lock_liquidation(tx, liquidation_id)
    exige_version(row.version, version)
    suite = (await tx.execute(_SUITE, {"id": liquidation_id})).one()
    etat = EtatLiquidation(
        id=row.id,
        engagement_id=row.engagement_id,
        action_id=suite.action_id,
        ae_id=suite.ae_id,
        statut=StatutLiquidation(row.statut),
        date_certification=row.date_certification,
        exercice_rattachement=suite.exercice_rattachement,
        ventilation={
            UUID(part["enveloppe_id"]): part["montant_centimes"] for part in row.ventilation
        },
    )
    if credit_id is None:
        return etat, None
    credit = (await tx.execute(_CREDIT, {"id": credit_id})).one_or_none()
    return etat, credit and Credit(
        credit.exercice, credit.autorisation_engagement_id, disponibles[credit_id]
    )


async def store_mandat(
    tx: Transaction, values: Mapping[str, Any], ventilation: Mapping[UUID, int]
) -> None:
    """Insert an order, numbered in its year."""
    lignes = [
        {"enveloppe_id": enveloppe_id, "rang": rang, "montant_centimes": centimes}
        for rang, (enveloppe_id, centimes) in enumerate(ventilation.items())
    ]
    await tx.execute(
        _STORE,
        {**values, "client": tx.acces.auteur, "lignes": json.dumps(lignes, default=str)},
    )


async def lock_mandat(tx: Transaction, mandat_id: UUID, version: int) -> EtatMandat:
    """Hold the gates of what pays an order, then its row, then read it.

    Raises:
        Introuvable: none of this collectivité has this id.
        VersionDepassee: it changed since the caller read it.
    """
    rows = (await tx.execute(_OBJETS, {"id": mandat_id})).all()
    objets = {row.enveloppe_id for row in rows} | {row.credit_id for row in rows} - {None}
    await lock_disponibles(tx, objets)
    await tx.execute(_LOCK, {"id": mandat_id})
    row = await read_mandat(tx, mandat_id)
    exige_version(row.version, version)
    suite = (await tx.execute(_SUITE, {"id": row.liquidation_id})).one()
    return EtatMandat(
        id=row.id,
        version=row.version,
        statut=StatutMandat(row.statut),
        liquidation_id=row.liquidation_id,
        engagement_id=suite.engagement_id,
        action_id=suite.action_id,
        credit_id=row.credit_id,
        date_emission=row.date_emission,
        ordonnateurs=frozenset({suite.certificateur, row.client_id}),
        lignes=[
            LigneMandat(
                enveloppe_id=UUID(ligne["enveloppe_id"]),
                montant_centimes=ligne["montant_centimes"],
                paye_centimes=ligne["paye_centimes"],
                rembourse_centimes=ligne["rembourse_centimes"],
                statut_enveloppe=StatutEnveloppe(ligne["statut"]),
                fenetre_fin=ligne["fenetre_fin"] and date.fromisoformat(ligne["fenetre_fin"]),
            )
            for ligne in row.ventilation
        ],
    )


async def update_mandat(
    tx: Transaction,
    etat: EtatMandat,
    statut: StatutMandat,
    instant: datetime,
    *,
    payes: Mapping[UUID, int] = {},
    rendus: Mapping[UUID, int] = {},
    disponibles: Mapping[UUID, int] = {},
    prise_en_charge: date | None = None,
    motif_rejet: str | None = None,
) -> int:
    """Write the next version of an order, and what moved of its lines; return the version."""
    lignes = [
        {
            "enveloppe_id": enveloppe_id,
            "paye": payes.get(enveloppe_id, 0),
            "rembourse": rendus.get(enveloppe_id, 0),
            "disponible": disponibles.get(enveloppe_id, 0),
        }
        for enveloppe_id in {**payes, **rendus}
    ]
    found = await tx.execute(
        _MOVE,
        {
            "id": etat.id,
            "action_id": etat.action_id,
            "statut": statut,
            "instant": instant,
            "prise_en_charge": prise_en_charge,
            "motif_rejet": motif_rejet,
            "lignes": json.dumps(lignes, default=str),
        },
    )
    version: int = found.scalar_one()
    return version


async def store_mouvement(
    tx: Transaction,
    table: type[tables.Paiement | tables.Remboursement],
    values: Mapping[str, Any],
    ventilation: Mapping[UUID, int],
) -> None:
    """Insert a payment, or what the payee gives back."""
    lignes = [
        {"enveloppe_id": str(enveloppe_id), "montant_centimes": centimes}
        for enveloppe_id, centimes in ventilation.items()
    ]
    found = {**values, "ventilation": lignes, "client_id": tx.acces.auteur}
    await tx.execute(insert(table), found)


async def read_mandat(tx: Transaction, mandat_id: UUID) -> Row[Any]:
    """Read one order.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": mandat_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_mandats(
    tx: Transaction,
    page: PageDemandee,
    *,
    liquidations: Sequence[UUID],
    exercices: Sequence[int],
    statuts: Sequence[StatutMandat],
) -> Sequence[Row[Any]]:
    """Read a page of orders, of some liquidations, years or states when asked."""
    statement = _SELECT.where(parmi(_T.liquidation_id, liquidations))
    if exercices:
        statement = statement.where(parmi(_T.statut, statuts))
        tranches = par_tranches(statement, _T.exercice, exercices, _T, page)
    else:
        tranches = par_tranches(statement, _T.statut, statuts, _T, page)
    ensemble = tranches.subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page)


async def list_mouvements(
    tx: Transaction,
    page: PageDemandee,
    table: type[tables.Paiement | tables.Remboursement],
    mandat_id: UUID,
) -> Sequence[Row[Any]]:
    """Read a page of the payments of an order, or of what was given back."""
    statement = select(*table.__table__.columns).where(siens(table), table.mandat_id == mandat_id)
    return await paginer(tx, statement, table, page)
