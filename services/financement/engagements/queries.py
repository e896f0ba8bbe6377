"""SQL of the engagements: numbered in order, split to the cent."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Date,
    Row,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, array

from services.financement import tables
from services.financement.engagements.rules import (
    Degage,
    EngagementVoisin,
    EtatEngagement,
    LigneEngagement,
)
from services.financement.journal.queries import lock_disponibles
from services.financement.journal.rules import Tenue
from services.financement.reservations.rules import EtatReservation
from shared.refus import Erreur, Introuvable, Validation, VersionDepassee
from shared.schemas.financement.credits import StatutAutorisation
from shared.schemas.financement.engagements import Engagement, StatutEngagement
from shared.schemas.financement.journal import Livre, Poste, Sens
from shared.schemas.financement.liquidations import StatutLiquidation
from shared.socle.db import Transaction, exige_version, siens
from shared.socle.pages import PageDemandee, entre, paginer, parmi

# States of a liquidation that waits for its order.
A_MANDATER = (StatutLiquidation.CERTIFIEE.value, StatutLiquidation.CERTIFIEE_PARTIELLEMENT.value)
_AUCUNE = cast(array([]), ARRAY(Text()))
_T, _L, _A = tables.Engagement, tables.EngagementLigne, tables.AutorisationEngagement
_V, _Q = tables.Enveloppe, tables.Liquidation
_P, _J, _E, _LE = (
    tables.EngagementPiece,
    tables.Justificatif,
    tables.Ecriture,
    tables.LigneEcriture,
)
# What an envelope bears of an engagement now, less what another took over; and what is left of it.
PORTE = _L.montant_centimes + _L.couvert_centimes + _L.recu_centimes - _L.reporte_centimes
RESTE = PORTE - _L.liquide_centimes - _L.degage_centimes
_VENTILATION = (
    select(
        func.coalesce(
            func.jsonb_agg(
                aggregate_order_by(
                    func.jsonb_build_object(
                        "enveloppe_id",
                        _L.enveloppe_id,
                        "montant_centimes",
                        PORTE,
                        "liquide_centimes",
                        _L.liquide_centimes,
                        "degage_centimes",
                        _L.degage_centimes,
                        "couvert_centimes",
                        _L.couvert_centimes,
                        "recu_centimes",
                        _L.recu_centimes,
                        "exercice",
                        select(_V.exercice)
                        .where(siens(_V), _V.id == _L.enveloppe_id)
                        .scalar_subquery(),
                    ),
                    _L.rang,
                )
            ),
            func.jsonb_build_array(),
        )
    )
    .where(siens(_L), _L.engagement_id == _T.id)
    .scalar_subquery()
    .label("ventilation")
)
_PIECES = (
    select(func.coalesce(func.array_agg(aggregate_order_by(_J.sha256, _J.id)), _AUCUNE))
    .join(_P, (_P.collectivite == _J.collectivite) & (_P.justificatif_id == _J.id))
    .where(siens(_P), _P.engagement_id == _T.id)
    .scalar_subquery()
    .label("pieces")
)
_SELECT = select(*_T.__table__.columns, _VENTILATION, _PIECES).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("id"))
_OBJETS: CompoundSelect[Any] = union_all(
    select(_L.enveloppe_id.label("objet_id")).where(siens(_L), _L.engagement_id == bindparam("id")),
    select(_T.ae_id).where(siens(_T), _T.id == bindparam("id"), _T.ae_id.is_not(None)),
)
_LOCK = select(_T.id).where(siens(_T), _T.id == bindparam("id")).with_for_update()
# The engagement takes the year's next number, its reservation is resolved when it is born of one,
# and the parts of the action follow what is taken or given back: one round trip, just before the
# journal's.
_STORE = text(
    "WITH lignes AS (SELECT * FROM jsonb_to_recordset(cast(:lignes AS jsonb))"
    "  AS l(enveloppe_id uuid, rang bigint, prise bigint, variation bigint)"
    "), suivant AS ("
    " INSERT INTO compteur_engagement AS c (collectivite, exercice, dernier)"
    " VALUES (:collectivite, :exercice, 1)"
    " ON CONFLICT (collectivite, exercice) DO UPDATE SET dernier = c.dernier + 1"
    " RETURNING dernier"
    "), entete AS ("
    " INSERT INTO engagement (collectivite, id, exercice, numero, action_id, reservation_id,"
    "  beneficiaire_ref, date_engagement, places, montant_centimes, statut, tiers_siret, tiers_rna,"
    "  objet, nature, personnel, echeancier, ae_id, non_couvert_centimes, client_id, cle_doublon,"
    "  avertissements, cree_le, modifie_le)"
    " SELECT :collectivite, :id, :exercice, dernier, :action_id, :reservation_id,"
    "  :beneficiaire_ref, :date_engagement, :places, :montant_centimes, 'engage', :tiers_siret,"
    "  :tiers_rna, :objet, :nature, :personnel, cast(:echeancier AS jsonb), :ae_id, :non_couvert,"
    "  :client, :cle_doublon, cast(:avertissements AS jsonb), :instant, :instant FROM suivant"
    "), ventilation AS ("
    " INSERT INTO engagement_ligne"
    "  (collectivite, engagement_id, enveloppe_id, rang, montant_centimes)"
    " SELECT :collectivite, :id, enveloppe_id, rang, prise FROM lignes WHERE prise > 0"
    "), jointes AS ("
    " INSERT INTO engagement_piece (collectivite, engagement_id, justificatif_id)"
    " SELECT :collectivite, :id, unnest(cast(:pieces AS uuid[]))"
    "), resolue AS ("
    " UPDATE reservation SET statut = 'confirmee', resolue_le = :instant, modifie_le = :instant,"
    "  version = version + 1 WHERE collectivite = :collectivite AND id = :reservation_id"
    "), parts AS ("
    " UPDATE part_financement p SET attribue_centimes = p.attribue_centimes + l.variation"
    " FROM lignes l WHERE p.collectivite = :collectivite AND p.action_id = :action_id"
    "  AND p.enveloppe_id = l.enveloppe_id AND l.variation <> 0"
    ") SELECT dernier FROM suivant"
).bindparams(
    bindparam("instant", type_=_T.cree_le.type),
    *(bindparam(nom, type_=Uuid()) for nom in ("reservation_id", "beneficiaire_ref", "ae_id")),
    *(bindparam(nom, type_=Text()) for nom in ("tiers_siret", "tiers_rna", "objet", "nature")),
    bindparam("cle_doublon", type_=Text()),
    bindparam("pieces", type_=ARRAY(Uuid())),
)
# What of each line is liquidated or given back, and what the parts of the action get back.
_USE = text(
    "WITH lignes AS (SELECT * FROM jsonb_to_recordset(cast(:lignes AS jsonb))"
    "  AS l(enveloppe_id uuid, liquide bigint, degage bigint)"
    "), employees AS ("
    " UPDATE engagement_ligne e SET liquide_centimes = e.liquide_centimes + l.liquide,"
    "  degage_centimes = e.degage_centimes + l.degage"
    " FROM lignes l WHERE e.collectivite = :collectivite AND e.engagement_id = :id"
    "  AND e.enveloppe_id = l.enveloppe_id"
    "), parts AS ("
    " UPDATE part_financement p SET attribue_centimes = p.attribue_centimes - l.degage"
    " FROM lignes l WHERE p.collectivite = :collectivite AND p.action_id = :action_id"
    "  AND p.enveloppe_id = l.enveloppe_id AND l.degage > 0"
    ") UPDATE engagement SET statut = :statut, version = version + 1, modifie_le = :instant,"
    "  non_couvert_centimes = non_couvert_centimes - :non_couvert"
    " WHERE collectivite = :collectivite AND id = :id RETURNING version"
).bindparams(
    bindparam("instant", type_=_T.cree_le.type), bindparam("non_couvert", type_=BigInteger())
)
# The rest of a line, taken over by another envelope: of the lines, and of the parts of the action;
# an envelope that is not in its key has no part, and is given none.
_CARRY = text(
    "WITH donnee AS ("
    " UPDATE engagement_ligne SET reporte_centimes = reporte_centimes + :montant"
    " WHERE collectivite = :collectivite AND engagement_id = :id AND enveloppe_id = :de"
    "), recue AS ("
    " INSERT INTO engagement_ligne AS e (collectivite, engagement_id, enveloppe_id, rang,"
    "  montant_centimes, recu_centimes)"
    " SELECT :collectivite, :id, :vers, max(rang) + 1, 0, :montant FROM engagement_ligne"
    "  WHERE collectivite = :collectivite AND engagement_id = :id"
    " ON CONFLICT (collectivite, engagement_id, enveloppe_id)"
    "  DO UPDATE SET recu_centimes = e.recu_centimes + excluded.recu_centimes"
    "), parts AS ("
    " UPDATE part_financement SET attribue_centimes = attribue_centimes"
    "  + CASE enveloppe_id WHEN :vers THEN :montant ELSE -:montant END"
    " WHERE collectivite = :collectivite AND action_id = :action_id"
    "  AND enveloppe_id IN (:de, :vers)"
    ") UPDATE engagement SET version = version + 1, modifie_le = :instant"
    " WHERE collectivite = :collectivite AND id = :id RETURNING version"
).bindparams(
    bindparam("instant", type_=_T.cree_le.type),
    bindparam("montant", type_=BigInteger()),
    *(bindparam(nom, type_=Uuid()) for nom in ("id", "action_id", "de", "vers")),
)
# What envelopes of a year take over from the authorisation, which bore it alone.
_COVER = text(
    "WITH prises AS (SELECT * FROM jsonb_to_recordset(cast(:lignes AS jsonb))"
    "  AS l(enveloppe_id uuid, rang bigint, prise bigint)"
    "), lignes AS ("
    " INSERT INTO engagement_ligne AS e (collectivite, engagement_id, enveloppe_id, rang,"
    "  montant_centimes, couvert_centimes)"
    " SELECT :collectivite, :id, enveloppe_id, rang + 1 + coalesce((SELECT max(d.rang)"
    "   FROM engagement_ligne d WHERE d.collectivite = :collectivite AND d.engagement_id = :id),"
    "   -1), 0, prise FROM prises"
    " ON CONFLICT (collectivite, engagement_id, enveloppe_id)"
    "  DO UPDATE SET couvert_centimes = e.couvert_centimes + excluded.couvert_centimes"
    "), parts AS ("
    " UPDATE part_financement p SET attribue_centimes = p.attribue_centimes + prise FROM prises"
    " WHERE p.collectivite = :collectivite AND p.action_id = :action_id"
    "  AND p.enveloppe_id = prises.enveloppe_id"
    ") UPDATE engagement SET version = version + 1, modifie_le = :instant,"
    "  non_couvert_centimes = non_couvert_centimes - (SELECT sum(prise) FROM prises)"
    " WHERE collectivite = :collectivite AND id = :id RETURNING version"
).bindparams(
    bindparam("instant", type_=_T.cree_le.type),
    *(bindparam(nom, type_=Uuid()) for nom in ("id", "action_id")),
)
_AE = (
    select(tables.Solde.solde, _A.statut)
    .join(_A, (_A.collectivite == tables.Solde.collectivite) & (_A.id == tables.Solde.objet_id))
    .where(
        siens(tables.Solde),
        tables.Solde.livre == Livre.AE.value,
        tables.Solde.poste == Poste.AFFECTEE.value,
        tables.Solde.objet_id == bindparam("id"),
    )
)
_VOISINS = (
    select(
        _T.id,
        _T.cle_doublon,
        _T.exercice,
        _T.echeancier,
        select(func.coalesce(func.array_agg(_P.justificatif_id), cast(array([]), ARRAY(Uuid()))))
        .where(siens(_P), _P.engagement_id == _T.id)
        .scalar_subquery()
        .label("justificatifs"),
    )
    .where(
        siens(_T),
        _T.statut != StatutEngagement.DEGAGE.value,
        or_(
            _T.cle_doublon == bindparam("cle"),
            _T.id.in_(
                select(_P.engagement_id).where(
                    siens(_P),
                    _P.justificatif_id == func.any(bindparam("pieces", type_=ARRAY(Uuid()))),
                )
            ),
        ),
    )
    .order_by(_T.cree_le, _T.id)
)


async def store_reserve(
    tx: Transaction,
    engagement_id: UUID,
    reservation: EtatReservation,
    beneficiaire_ref: UUID,
    prises: Mapping[UUID, int],
    jour: date,
    instant: datetime,
) -> Engagement:
    """Insert what a confirmed reservation became, and resolve the reservation."""
    lignes = [
        {
            "enveloppe_id": tenue.objet_id,
            "rang": rang,
            "prise": prises[tenue.objet_id],
            "variation": prises[tenue.objet_id] - tenue.quantite,
        }
        for rang, tenue in enumerate(reservation.tenues)
        if tenue.livre is Livre.ENG
    ]
    values = {
        "reservation_id": reservation.id,
        "beneficiaire_ref": beneficiaire_ref,
        "action_id": reservation.action_id,
        "places": prises[reservation.action_id],
        "date_engagement": jour,
    }
    return await _store(tx, engagement_id, values, lignes, instant)


async def store_engagement(
    tx: Transaction,
    engagement_id: UUID,
    values: Mapping[str, Any],
    tenues: Sequence[Tenue],
    instant: datetime,
) -> Engagement:
    """Insert what is owed to a third party, and count it in the parts of its action."""
    lignes = [
        {
            "enveloppe_id": tenue.objet_id,
            "rang": rang,
            "prise": tenue.quantite,
            "variation": tenue.quantite,
        }
        for rang, tenue in enumerate(tenues)
    ]
    return await _store(tx, engagement_id, values, lignes, instant)


async def _store(
    tx: Transaction,
    engagement_id: UUID,
    values: Mapping[str, Any],
    lignes: Sequence[Mapping[str, Any]],
    instant: datetime,
) -> Engagement:
    found: dict[str, Any] = {
        **dict.fromkeys(("reservation_id", "beneficiaire_ref", "tiers_siret", "tiers_rna")),
        **dict.fromkeys(("objet", "nature", "ae_id", "cle_doublon")),
        "places": 0,
        "personnel": False,
        "non_couvert": 0,
        "echeancier": [],
        "pieces": [],
        "avertissements": [],
        **values,
        "id": engagement_id,
        "exercice": values["date_engagement"].year,
    }
    found["montant_centimes"] = found["non_couvert"] + sum(ligne["prise"] for ligne in lignes)
    await tx.execute(
        _STORE,
        {
            **found,
            "client": tx.acces.auteur,
            "instant": instant,
            "lignes": json.dumps(lignes, default=str),
            "echeancier": json.dumps(found["echeancier"]),
            "avertissements": json.dumps(found["avertissements"], default=str),
        },
    )
    return render(await read_engagement(tx, engagement_id))


def render(row: Row[Any]) -> Engagement:
    """The contract of a row of `read_engagement`."""
    return Engagement.model_validate(
        {
            **row._mapping,
            # What was carried whole to another envelope is of it only.
            "ventilation": [ligne for ligne in row.ventilation if ligne["montant_centimes"]],
            "auteur": row.client_id and {"client_id": row.client_id},
            "liquide_centimes": sum(ligne["liquide_centimes"] for ligne in row.ventilation),
            # Of envelopes, and of what none bore: all that is not borne and will not be.
            "degage_centimes": row.montant_centimes
            - row.non_couvert_centimes
            - sum(
                ligne["montant_centimes"] - ligne["degage_centimes"] for ligne in row.ventilation
            ),
        }
    )


async def lock_engagement(
    tx: Transaction,
    engagement_id: UUID,
    version: int | None,
    *,
    autres: Collection[UUID] = (),
) -> EtatEngagement:
    """Hold the gates of all that an engagement moves, then its row, then read it.

    Args:
        version: that the caller read; null: a job, which takes it as it is.
        autres: objects that the act moves too.

    Raises:
        Introuvable: none of this collectivité has this id.
        VersionDepassee: it changed since the caller read it, or while its gates were waited for.
    """
    tenus = {*autres, *await read_objets(tx, engagement_id)}
    await lock_disponibles(tx, tenus)
    await tx.execute(_LOCK, {"id": engagement_id})
    row = await read_engagement(tx, engagement_id)
    if version is not None:
        exige_version(row.version, version)
    if any(UUID(ligne["enveloppe_id"]) not in tenus for ligne in row.ventilation):
        raise VersionDepassee(row.version)
    return EtatEngagement(
        id=row.id,
        version=row.version,
        statut=StatutEngagement(row.statut),
        action_id=row.action_id,
        ae_id=row.ae_id,
        client_id=row.client_id,
        cle_doublon=row.cle_doublon,
        date_engagement=row.date_engagement,
        montant_centimes=row.montant_centimes,
        non_couvert_centimes=row.non_couvert_centimes,
        echeancier={one["exercice"]: one["montant_centimes"] for one in row.echeancier},
        lignes=[
            LigneEngagement(
                enveloppe_id=UUID(ligne["enveloppe_id"]),
                montant_centimes=ligne["montant_centimes"],
                liquide_centimes=ligne["liquide_centimes"],
                degage_centimes=ligne["degage_centimes"],
                couvert_centimes=ligne["couvert_centimes"],
                recu_centimes=ligne["recu_centimes"],
                exercice=ligne["exercice"],
            )
            for ligne in row.ventilation
        ],
    )


async def read_affectee(tx: Transaction, ae_id: UUID) -> tuple[int, StatutAutorisation]:
    """Return what of an authorisation is assigned and not engaged, and its state.

    Its gate is held, with those of the envelopes, all in id order: there is no other order, and no
    circle.

    Raises:
        Validation: none of this collectivité has this id.
    """
    row = (await tx.execute(_AE, {"id": ae_id})).one_or_none()
    if row is None:
        raise Validation([Erreur("/ae_id", "code-referentiel-inconnu", "Autorisation inconnue")])
    return row.solde, StatutAutorisation(row.statut)


async def store_emploi(
    tx: Transaction,
    etat: EtatEngagement,
    statut: StatutEngagement,
    instant: datetime,
    *,
    liquides: Mapping[UUID, int],
    degage: Degage,
) -> int:
    """Write what of each line is liquidated and given back; return the engagement's version."""
    lignes = [
        {
            "enveloppe_id": enveloppe_id,
            "liquide": liquides.get(enveloppe_id, 0),
            "degage": degage.rendus.get(enveloppe_id, 0),
        }
        for enveloppe_id in {**liquides, **degage.rendus}
    ]
    values = {
        "id": etat.id,
        "action_id": etat.action_id,
        "statut": statut,
        "instant": instant,
        "non_couvert": degage.non_couvert_centimes,
    }
    found = await tx.execute(_USE, {**values, "lignes": json.dumps(lignes, default=str)})
    version: int = found.scalar_one()
    return version


async def read_objets(tx: Transaction, engagement_id: UUID) -> set[UUID]:
    """Return what an engagement moves: the envelopes that bear it, and its authorisation."""
    return {row.objet_id for row in await tx.execute(_OBJETS, {"id": engagement_id})}


async def store_couverture(
    tx: Transaction, etat: EtatEngagement, instant: datetime, montants: Mapping[UUID, int]
) -> int:
    """Write what envelopes take over from an authorisation; return the engagement's version."""
    lignes = [
        {"enveloppe_id": enveloppe_id, "rang": rang, "prise": centimes}
        for rang, (enveloppe_id, centimes) in enumerate(montants.items())
    ]
    values = {"id": etat.id, "action_id": etat.action_id, "instant": instant}
    found = await tx.execute(_COVER, {**values, "lignes": json.dumps(lignes, default=str)})
    version: int = found.scalar_one()
    return version


async def store_report(
    tx: Transaction,
    etat: EtatEngagement,
    instant: datetime,
    *,
    de: UUID,
    vers: UUID,
    montant_centimes: int,
) -> int:
    """Move the rest of a line to another envelope; return the engagement's version."""
    values = {"id": etat.id, "action_id": etat.action_id, "instant": instant}
    found = await tx.execute(
        _CARRY, {**values, "de": de, "vers": vers, "montant": montant_centimes}
    )
    version: int = found.scalar_one()
    return version


async def read_voisins(tx: Transaction, cle: str, pieces: Sequence[UUID]) -> list[EngagementVoisin]:
    """Read the engagements that may pay for the same thing: by its key, or by a piece."""
    rows = await tx.execute(_VOISINS, {"cle": cle, "pieces": list(pieces)})
    return [
        EngagementVoisin(
            id=row.id,
            cle_doublon=row.cle_doublon,
            exercices=frozenset(one["exercice"] for one in row.echeancier)
            or frozenset({row.exercice}),
            pieces=frozenset(row.justificatifs),
        )
        for row in rows
    ]


async def read_engagement(tx: Transaction, engagement_id: UUID) -> Row[Any]:
    """Read one engagement.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": engagement_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_engagements(
    tx: Transaction,
    page: PageDemandee,
    enveloppes: Sequence[UUID],
    *,
    date_engagement_min: date | None,
    date_engagement_max: date | None,
) -> Sequence[Row[Any]]:
    """Read a page of engagements, made between two days, paid by some envelopes when asked."""
    statement = _SELECT.where(entre(_T.date_engagement, date_engagement_min, date_engagement_max))
    if enveloppes:
        paid = select(_L.engagement_id).where(siens(_L), _L.enveloppe_id.in_(enveloppes))
        statement = statement.where(_T.id.in_(paid))
    return await paginer(tx, statement, _T, page)


def _reste(engagement_id: Any, poste: Poste, au: date, enveloppes: Sequence[UUID]) -> Any:
    """A column: what the entries of an engagement, of a day and before, leave on a poste."""
    signe = case((_LE.sens == Sens.DEBIT.value, _LE.quantite), else_=-_LE.quantite)
    return cast(
        select(func.coalesce(func.sum(signe), 0))
        .join(_E, (_E.collectivite == _LE.collectivite) & (_E.id == _LE.ecriture_id))
        .where(siens(_E), _E.engagement_id == engagement_id, _E.date_effet <= au)
        .where(_LE.livre == Livre.ENG.value, _LE.poste == poste.value)
        .where(parmi(_LE.objet_id, enveloppes))
        .scalar_subquery(),
        BigInteger,
    )


# Those of which something may have been left on a day: what is left now, and what moved since. The
# partial indexes serve each: of what is mandated and paid to the end, nothing is summed.
_ENTAMES: CompoundSelect[Any] = union(
    select(_L.engagement_id).where(siens(_L), literal_column("0") < RESTE),
    select(_Q.engagement_id).where(
        siens(_Q), _Q.statut.in_([literal_column(f"'{one}'") for one in A_MANDATER])
    ),
    select(_E.engagement_id).where(
        siens(_E), _E.engagement_id.is_not(None), _E.date_effet > bindparam("au", type_=Date())
    ),
)


async def list_non_mandates(
    tx: Transaction, page: PageDemandee, au: date, enveloppes: Sequence[UUID]
) -> Sequence[Row[Any]]:
    """Read a page of what was engaged or liquidated on a day, and not mandated then.

    Of the journal, and not of what is kept beside it: a day that is past stays as it was. Of what
    some envelopes bear of it when asked.
    """
    entames = _ENTAMES.subquery()
    candidats = select(*_T.__table__.columns).where(
        siens(_T), _T.date_engagement <= au, _T.id.in_(select(entames.c.engagement_id))
    )
    if enveloppes:
        portes = select(_L.engagement_id).where(siens(_L), _L.enveloppe_id.in_(enveloppes))
        candidats = candidats.where(_T.id.in_(portes))
    # Materialised: or the planner sums the journal for each engagement, and then looks which it is.
    peu = candidats.cte("candidats").prefix_with("MATERIALIZED")
    vues = select(
        *peu.c,
        _reste(peu.c.id, Poste.ENGAGE, au, enveloppes).label("engage_centimes"),
        _reste(peu.c.id, Poste.LIQUIDE, au, enveloppes).label("liquide_centimes"),
    ).subquery()
    statement = select(vues).where(vues.c.engage_centimes + vues.c.liquide_centimes > literal(0))
    return await paginer(tx, statement, vues.c, page, {"au": au})
