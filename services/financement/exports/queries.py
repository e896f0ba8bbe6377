"""SQL of the exports: subsidies, and what each year opens of them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Row, Select, and_, bindparam, cast, func, select, text

from services.financement import tables
from services.financement.exports.rules import Attente
from services.financement.exports.scdl import SEUIL_CENTIMES
from services.financement.journal.queries import Regard, soldes_au
from shared.schemas.financement.conventions import StatutConvention, TypeConvention
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, entre, paginer
from shared.socle.tables import Collectivite

_C, _V, _E, _S = tables.Convention, tables.VersionConvention, tables.Enveloppe, tables.Solde
_LIBELLE = select(Collectivite.libelle).where(siens(Collectivite))
# What a year opens of a convention; above the threshold only.
_ANNEES = (
    select(
        _E.convention_id,
        _E.exercice,
        cast(func.sum(_S.solde), BigInteger).label("montant_centimes"),
        func.min(_E.fenetre_debut).label("fenetre_debut"),
        func.max(_E.fenetre_fin).label("fenetre_fin"),
    )
    .join(_S, and_(_S.collectivite == _E.collectivite, _S.objet_id == _E.id))
    .where(siens(_E), _S.livre == "eng", _S.poste == "ouvert", _E.convention_id.is_not(None))
    .group_by(_E.convention_id, _E.exercice)
    .having(func.sum(_S.solde) > SEUIL_CENTIMES)
)
_SIGNEES = (
    siens(_C),
    _C.type == TypeConvention.CONVENTION_SUBVENTION,
    _C.statut != StatutConvention.ABANDONNEE,
    _C.date_signature.is_not(None),
)
_EN_ATTENTE = text(
    "SELECT r.id AS reservation_id, c.reference AS convention, a.code AS action, r.cree_le,"
    "  r.expire_le, r.places, v.reference AS enveloppe, v.exercice, v.financeur,"
    "  l.quantite AS montant_centimes"
    " FROM reservation r"
    " JOIN action a ON a.collectivite = r.collectivite AND a.id = r.action_id"
    " JOIN convention c ON c.collectivite = a.collectivite AND c.id = a.convention_id"
    " LEFT JOIN reservation_ligne l ON l.collectivite = r.collectivite AND l.reservation_id = r.id"
    "  AND l.livre = 'eng'"
    " LEFT JOIN enveloppe v ON v.collectivite = l.collectivite AND v.id = l.objet_id"
    " WHERE r.collectivite = :collectivite AND r.statut = 'en_attente' AND r.expire_le > :instant"
    " ORDER BY r.expire_le, r.id, l.rang"
).bindparams(bindparam("instant", type_=tables.Reservation.expire_le.type))
# When the data of a subsidy were first published.
_P = tables.PublicationSubvention
_PUBLIEE = (
    select(func.min(_P.date_publication))
    .where(siens(_P), _P.convention_id == _C.id)
    .correlate(_C)
    .scalar_subquery()
    .label("date_publication")
)
_CHAMPS = (
    _C.id,
    _C.reference,
    _C.intitule,
    _C.date_signature,
    _C.date_effet,
    _C.reference_deliberation,
    _C.cree_le,
    _V.contenu["beneficiaire"].label("beneficiaire"),
)


def _subventions(annees: Any, *columns: Any) -> Select[Any]:
    version = and_(_V.collectivite == _C.collectivite, _V.id == _C.version_courante_id)
    return (
        select(*_CHAMPS, *columns)
        .join(_V, version)
        .join(annees, annees.c.convention_id == _C.id)
        .where(*_SIGNEES)
    )


async def list_restes(tx: Transaction, jour: date) -> Sequence[Row[Any]]:
    """Read all the opened envelopes with their balances of a day: a state cut short is false."""
    statement = (
        select(
            _E.reference,
            _E.exercice,
            _E.financeur,
            soldes_au(_E.id, Regard(jour, None)).label("soldes"),
        )
        .where(siens(_E), _E.statut.not_in(["annoncee", "notifiee"]))
        .order_by(_E.exercice, _E.reference)
    )
    return (await tx.execute(statement)).all()


async def list_en_attente(tx: Transaction, instant: datetime) -> list[Attente]:
    """Read all that is held at an instant, in the order in which it ends."""
    rows = (await tx.execute(_EN_ATTENTE, {"instant": instant})).all()
    return [Attente(**row._mapping) for row in rows]


async def read_attribuant(tx: Transaction) -> str:
    """The name of the département."""
    found: str = (await tx.execute(_LIBELLE)).scalar_one()
    return found


async def list_subventions(tx: Transaction, exercice: int) -> Sequence[Row[Any]]:
    """Read all the subsidies of a year that are signed and above the threshold."""
    annees = _ANNEES.where(_E.exercice == bindparam("exercice")).subquery()
    statement = _subventions(
        annees, annees.c.montant_centimes, annees.c.fenetre_debut, annees.c.fenetre_fin
    )
    return (await tx.execute(statement.order_by(_C.reference), {"exercice": exercice})).all()


async def list_echeances(
    tx: Transaction, page: PageDemandee, signature_min: date | None, signature_max: date | None
) -> Sequence[Row[Any]]:
    """Read a page of subsidies to publish, each with its greatest year.

    Convention by convention, in order: together, the envelopes of all would be summed for a page.
    """
    annees = _ANNEES.where(_E.convention_id == _C.id).correlate(_C).subquery()
    plus = (
        select(
            annees.c.convention_id,
            func.max(annees.c.montant_centimes).label("montant_centimes"),
            func.min(annees.c.fenetre_debut).label("fenetre_debut"),
            func.max(annees.c.fenetre_fin).label("fenetre_fin"),
        )
        .group_by(annees.c.convention_id)
        .lateral()
    )
    statement = _subventions(
        plus, plus.c.montant_centimes, plus.c.fenetre_debut, plus.c.fenetre_fin, _PUBLIEE
    ).where(entre(_C.date_signature, signature_min, signature_max))
    return await paginer(tx, statement, _C, page)
