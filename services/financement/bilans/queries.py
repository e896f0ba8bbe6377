"""SQL of the claims."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Date,
    Row,
    Uuid,
    bindparam,
    cast,
    distinct,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from services.financement import tables
from services.financement.bilans.rules import (
    ActionRetenue,
    AutreBilan,
    DepenseVoisine,
    PieceAilleurs,
)
from services.financement.journal.queries import lock_disponibles
from shared.refus import Introuvable
from shared.schemas.financement.actions import BaseReference, Cofinancement
from shared.schemas.financement.bilans import OrigineDepense, StatutBilan
from shared.schemas.financement.enveloppes import Financeur
from shared.schemas.financement.journal import Livre, Poste
from shared.schemas.financement.justificatifs import UsageJustificatif
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer, parmi

_T, _X, _V, _M = tables.Bilan, tables.Taux, tables.Enveloppe, tables.MouvementJour
_TAUX = (
    select(
        func.jsonb_build_object(
            *(part for column in _X.__table__.columns for part in (column.name, column))
        )
    )
    .where(siens(_X), _X.id == _T.taux_id)
    .scalar_subquery()
    .label("taux")
)
_SELECT = select(*_T.__table__.columns, _TAUX).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("p_id"))
_ENVELOPPE_DU_BILAN = select(_T.enveloppe_id).where(siens(_T), _T.id == bindparam("p_id"))
_INSERT = insert(_T)
_REPLACE = (
    update(_T)
    .where(
        siens(_T),
        _T.enveloppe_id == bindparam("p_enveloppe_id"),
        _T.statut.in_([StatutBilan.INCOMPLET.value, StatutBilan.CALCULE.value]),
    )
    .values(
        statut=StatutBilan.REMPLACE.value,
        version=_T.version + 1,
        modifie_le=bindparam("p_modifie_le"),
    )
    .returning(_T.id, _T.version)
)
_ADOPT = (
    update(_T)
    .where(siens(_T), _T.id == bindparam("p_id"))
    .values(
        statut=StatutBilan.ADOPTE.value,
        assemblee=bindparam("p_assemblee"),
        date_adoption=bindparam("p_date_adoption"),
        reference_adoption=bindparam("p_reference"),
        encaisse_centimes=bindparam("p_encaisse"),
        a_titrer_centimes=bindparam("p_a_titrer"),
        a_reduire_centimes=bindparam("p_a_reduire"),
        a_reverser_centimes=bindparam("p_a_reverser"),
        lignes=bindparam("p_lignes"),
        avertissements=bindparam("p_avertissements"),
        version=_T.version + 1,
        modifie_le=bindparam("p_modifie_le"),
    )
)
# The envelopes that pay the same thing as one, itself included: of its convention, year, volet, axe
# and action; without a convention or a year, itself alone.
_AUTRE, _L, _EL = aliased(_V), tables.Liquidation, tables.EngagementLigne
_ASSIETTE = (
    select(_AUTRE.id)
    .join(
        _V,
        (_V.collectivite == _AUTRE.collectivite)
        & (
            (_V.id == _AUTRE.id)
            | (
                (_V.convention_id == _AUTRE.convention_id)
                & (_V.exercice == _AUTRE.exercice)
                & _V.volet.is_not_distinct_from(_AUTRE.volet)
                & _V.axe.is_not_distinct_from(_AUTRE.axe)
                & _V.action_id.is_not_distinct_from(_AUTRE.action_id)
            )
        ),
    )
    .where(siens(_V), _V.id == bindparam("p_id"))
)
# Another envelope of its convention and year may pay the same thing, a null standing for all: the
# base cannot tell when it is not the very same object (CDIE of 35: the State's has no volet, the
# Département's is of volet 2), nor which of two of one funder bears an expense (I-18).
_OBJET = [(getattr(_V, nom), getattr(_AUTRE, nom)) for nom in ("volet", "axe", "action_id")]
_AMBIGUE = (
    exists()
    .where(
        siens(_V),
        _V.id == bindparam("p_id"),
        _AUTRE.collectivite == _V.collectivite,
        _AUTRE.id != _V.id,
        _AUTRE.convention_id == _V.convention_id,
        _AUTRE.exercice == _V.exercice,
        *(or_(un == autre, un.is_(None), autre.is_(None)) for un, autre in _OBJET),
        or_(
            _AUTRE.financeur == _V.financeur,
            *(un.is_distinct_from(autre) for un, autre in _OBJET),
        ),
    )
    .label("ambigue")
)
# What all funders spent on it, whether that is sure, and how many of its liquidations no piece
# covers yet.
_DEPENSE = select(
    select(cast(func.coalesce(func.sum(_M.variation), 0), BigInteger))
    .where(
        siens(_M),
        _M.objet_id.in_(_ASSIETTE),
        _M.livre == Livre.ENG.value,
        _M.poste.in_([Poste.LIQUIDE.value, Poste.MANDATE.value, Poste.PAYE.value]),
        _M.date_effet <= bindparam("p_jour"),
    )
    .scalar_subquery()
    .label("depense_centimes"),
    _AMBIGUE,
    select(func.count(distinct(_L.id)))
    .join(_EL, (_EL.collectivite == _L.collectivite) & (_EL.engagement_id == _L.engagement_id))
    .where(
        siens(_L),
        _EL.enveloppe_id.in_(_ASSIETTE),
        # Carried, an engagement is of two years: a liquidation is of those that pay it.
        _L.ventilation.op("@>")(
            func.jsonb_build_array(func.jsonb_build_object("enveloppe_id", _EL.enveloppe_id))
        ),
        _L.justifie_centimes < _L.montant_retenu_centimes,
        _L.date_certification <= bindparam("p_jour"),
    )
    .scalar_subquery()
    .label("liquidations_a_justifier"),
)

_RETENUES = (
    "WITH retenue AS (SELECT l.id, l.engagement_id, l.date_service_fait, l.ventilation,"
    "  g.action_id, g.cle_doublon FROM liquidation l JOIN engagement g"
    "  ON g.collectivite = l.collectivite AND g.id = l.engagement_id"
    " WHERE l.collectivite = :collectivite AND l.date_certification <= :jour"
    "  AND l.statut <> 'refusee' AND EXISTS (SELECT FROM engagement_ligne el"
    "   WHERE el.collectivite = l.collectivite AND el.engagement_id = l.engagement_id"
    "   AND el.enveloppe_id = ANY (:enveloppes)"
    "   AND l.ventilation @> jsonb_build_array("
    "    jsonb_build_object('enveloppe_id', el.enveloppe_id))))"
)
_PARAMETRES = (
    bindparam("enveloppes", type_=ARRAY(Uuid())),
    bindparam("jour", type_=Date()),
)
# Every piece that the expense names, told of elsewhere too, by a liquidation of another or by hand.
_PIECES = text(
    f"{_RETENUES} SELECT r.id AS liquidation_id, i.justificatif_id, i.financeur, i.usage,"
    "  i.liquidation_id AS autre_id"
    " FROM retenue r JOIN liquidation_piece p"
    "  ON p.collectivite = :collectivite AND p.liquidation_id = r.id"
    " JOIN imputation i ON i.collectivite = :collectivite AND i.justificatif_id = p.justificatif_id"
    " WHERE NOT EXISTS (SELECT FROM retenue a WHERE a.id = i.liquidation_id)"
    # What refuses a claim first: however many there are, it is read.
    " ORDER BY i.usage <> 'base_forfait' AND i.financeur IS DISTINCT FROM 'union_europeenne',"
    "  r.id, i.justificatif_id, i.id LIMIT :limite"
).bindparams(*_PARAMETRES)
# The same third party, object and month, of another engagement; each pair once.
_VOISINES = text(
    f"{_RETENUES} SELECT r.id AS liquidation_id, v.id AS autre_id FROM retenue r"
    " JOIN engagement g ON g.collectivite = :collectivite AND g.cle_doublon = r.cle_doublon"
    "  AND g.id <> r.engagement_id"
    " JOIN liquidation v ON v.collectivite = :collectivite AND v.engagement_id = g.id"
    "  AND v.statut <> 'refusee'"
    "  AND v.date_service_fait >= date_trunc('month', r.date_service_fait)::date"
    "  AND v.date_service_fait < (date_trunc('month', r.date_service_fait)"
    "   + interval '1 month')::date"
    " WHERE r.id < v.id OR NOT EXISTS (SELECT FROM retenue a WHERE a.id = v.id)"
    " ORDER BY r.id, v.id LIMIT :limite"
).bindparams(*_PARAMETRES)
_ACTIONS = text(
    f"{_RETENUES} SELECT a.id, a.libelle, a.caractere, a.base_reference, a.cofinancements,"
    "  sum((v->>'montant_centimes')::bigint)::bigint AS depense_centimes"
    " FROM retenue r JOIN action a ON a.collectivite = :collectivite AND a.id = r.action_id"
    " CROSS JOIN LATERAL jsonb_array_elements(r.ventilation) v"
    " WHERE (v->>'enveloppe_id')::uuid = ANY (:enveloppes)"
    " GROUP BY a.collectivite, a.id ORDER BY a.code"
).bindparams(*_PARAMETRES)
# The last claim of each other funder of the same thing, that no other reckoning replaced.
_AUTRES = text(
    "SELECT DISTINCT ON (b.enveloppe_id) b.id, e.financeur, b.depense_retenue_centimes,"
    "  b.origine_depense, b.du_centimes, t.numerateur, t.denominateur"
    " FROM bilan b JOIN enveloppe e ON e.collectivite = b.collectivite AND e.id = b.enveloppe_id"
    " JOIN taux t ON t.collectivite = b.collectivite AND t.id = b.taux_id"
    " WHERE b.collectivite = :collectivite AND b.statut <> 'remplace'"
    "  AND b.enveloppe_id = ANY (:enveloppes) AND b.enveloppe_id <> :enveloppe_id"
    " ORDER BY b.enveloppe_id, b.cree_le DESC, b.id DESC"
).bindparams(_PARAMETRES[0], bindparam("enveloppe_id", type_=Uuid()))
_FIGER = (
    update(_T).where(siens(_T), _T.id == bindparam("p_id")).values(sha256=bindparam("p_sha256"))
)


async def lock_bilan(tx: Transaction, bilan_id: UUID) -> Row[Any]:
    """Hold the gates of the bilan's expense, then read the bilan.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    enveloppe_id = (await tx.execute(_ENVELOPPE_DU_BILAN, {"p_id": bilan_id})).scalar_one_or_none()
    if enveloppe_id is None:
        raise Introuvable
    await lock_assiette(tx, enveloppe_id)
    return await read_bilan(tx, bilan_id)


async def read_bilan(tx: Transaction, bilan_id: UUID) -> Row[Any]:
    """Read one bilan.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": bilan_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_bilans(
    tx: Transaction, page: PageDemandee, enveloppes: Sequence[UUID]
) -> Sequence[Row[Any]]:
    """Read a page of bilans, of some envelopes when asked."""
    return await paginer(tx, _SELECT.where(parmi(_T.enveloppe_id, enveloppes)), _T, page)


async def read_depense(tx: Transaction, enveloppe_id: UUID, jour: date) -> Row[Any]:
    """Read what all who pay the same thing spent as of a day, and what of it no piece covers.

    `ambigue` when other envelopes overlap this one: what is read is then no base of a claim.
    """
    return (await tx.execute(_DEPENSE, {"p_id": enveloppe_id, "p_jour": jour})).one()


async def lock_assiette(tx: Transaction, enveloppe_id: UUID) -> list[UUID]:
    """Hold the gates of the envelopes that pay the same thing as one, itself included.

    Two funders' claims on one expense queue: each sees what the other says of it.
    """
    ids = list((await tx.execute(_ASSIETTE, {"p_id": enveloppe_id})).scalars())
    await lock_disponibles(tx, ids)
    return ids


async def read_actions_retenues(
    tx: Transaction, enveloppes: Sequence[UUID], jour: date
) -> list[ActionRetenue]:
    """Read what each action was spent of some envelopes, as of a day."""
    rows = await tx.execute(_ACTIONS, {"enveloppes": list(enveloppes), "jour": jour})
    return [
        ActionRetenue(
            id=row.id,
            libelle=row.libelle,
            renforcee=row.caractere == "renforcee",
            base=row.base_reference and BaseReference.model_validate(row.base_reference),
            cofinancements=[Cofinancement.model_validate(one) for one in row.cofinancements],
            depense_centimes=row.depense_centimes,
        )
        for row in rows
    ]


async def read_pieces_ailleurs(
    tx: Transaction, enveloppes: Sequence[UUID], jour: date, limite: int
) -> list[PieceAilleurs]:
    """Read which pieces of an expense are told of elsewhere too."""
    values = {"enveloppes": list(enveloppes), "jour": jour, "limite": limite}
    return [
        PieceAilleurs(
            liquidation_id=row.liquidation_id,
            justificatif_id=row.justificatif_id,
            financeur=row.financeur and Financeur(row.financeur),
            usage=UsageJustificatif(row.usage),
            autre_liquidation_id=row.autre_id,
        )
        for row in await tx.execute(_PIECES, values)
    ]


async def read_depenses_voisines(
    tx: Transaction, enveloppes: Sequence[UUID], jour: date, limite: int
) -> list[DepenseVoisine]:
    """Read which liquidations may pay what those of an expense pay."""
    values = {"enveloppes": list(enveloppes), "jour": jour, "limite": limite}
    return [
        DepenseVoisine(row.liquidation_id, row.autre_id)
        for row in await tx.execute(_VOISINES, values)
    ]


async def read_autres_bilans(
    tx: Transaction, enveloppes: Sequence[UUID], enveloppe_id: UUID
) -> list[AutreBilan]:
    """Read what the other funders of an expense are asked for it."""
    values = {"enveloppes": list(enveloppes), "enveloppe_id": enveloppe_id}
    return [
        AutreBilan(
            id=row.id,
            financeur=row.financeur and Financeur(row.financeur),
            lue=row.origine_depense == OrigineDepense.JOURNAL,
            depense_centimes=row.depense_retenue_centimes,
            du_centimes=row.du_centimes,
            taux=Fraction(row.numerateur, row.denominateur),
        )
        for row in await tx.execute(_AUTRES, values)
    ]


async def store_empreinte(tx: Transaction, bilan_id: UUID, sha256: str) -> None:
    """Keep the digest of a bilan that is adopted: nothing of it changes any more."""
    await tx.execute(_FIGER, {"p_id": bilan_id, "p_sha256": bytes.fromhex(sha256)})


async def replace_bilans(
    tx: Transaction, enveloppe_id: UUID, instant: datetime
) -> Sequence[Row[Any]]:
    """Put aside the bilans of an envelope that no assembly adopted; return them."""
    values = {"p_enveloppe_id": enveloppe_id, "p_modifie_le": instant}
    return (await tx.execute(_REPLACE, values)).all()


async def store_bilan(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert a bilan."""
    await tx.execute(_INSERT, values)


async def store_adoption(tx: Transaction, bilan_id: UUID, values: Mapping[str, Any]) -> None:
    """Adopt a bilan whose envelope is held."""
    await tx.execute(_ADOPT, {"p_id": bilan_id, **values})
