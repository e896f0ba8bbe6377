"""SQL of the journal: the only place that writes entries, lines and balances."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Date,
    Row,
    ScalarSelect,
    Uuid,
    bindparam,
    cast,
    exists,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import InstrumentedAttribute, aliased

from services.financement import tables
from services.financement.journal import rules
from services.financement.journal.rules import (
    ACTIFS,
    CONTREPARTIES,
    ORIGINE,
    PORTES,
    POSTES,
    Compte,
    Ecriture,
    Ligne,
)
from shared.refus import Introuvable, Refus
from shared.schemas.financement.credits import StatutExercice
from shared.schemas.financement.journal import (
    ACTES_MAX,
    EvenementJournal,
    Livre,
    Poste,
    Preuve,
    Sens,
)
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, entre, paginer, trancher

_E, _L, _S = tables.Ecriture, tables.LigneEcriture, tables.Solde

# Writing

_GATES = (
    select(_S.objet_id, _S.solde)
    .where(
        siens(_S),
        _S.poste.in_(sorted(PORTES)),
        _S.objet_id == func.any(bindparam("objets", type_=ARRAY(Uuid()))),
    )
    .order_by(_S.objet_id)
    .with_for_update()
)
_HEAD = (
    select(tables.Chaine.seq, tables.Chaine.empreinte).where(siens(tables.Chaine)).with_for_update()
)
_FIRST_HEAD = text(
    "INSERT INTO chaine (collectivite, seq, empreinte) VALUES (:collectivite, 0, :origine)"
    " ON CONFLICT DO NOTHING"
)
# Entries, lines, balances and the chain's head, in one round trip: the head is held no longer.
_POST = text(
    "WITH entrees AS ("
    " INSERT INTO ecriture (collectivite, id, seq, evenement, date_effet, inscrite_le, client_id,"
    "  action_id, reservation_id, engagement_id, origine, origine_id, extourne_de, source,"
    "  empreinte_precedente, empreinte)"
    " SELECT :collectivite, id, seq, evenement, date_effet, :inscrite_le, :client, action_id,"
    "  reservation_id, engagement_id, origine, origine_id, extourne_de, source,"
    "  decode(precedente, 'hex'), decode(empreinte, 'hex')"
    " FROM jsonb_to_recordset(cast(:ecritures AS jsonb)) AS e(id uuid, seq bigint, evenement text,"
    "  date_effet date, action_id uuid, reservation_id uuid, engagement_id uuid,"
    "  origine text, origine_id uuid, extourne_de uuid, source text, precedente text,"
    "  empreinte text)"
    "), lignes AS ("
    " INSERT INTO ligne_ecriture"
    "  (collectivite, ecriture_id, rang, seq, livre, poste, objet_id, sens, quantite, actif)"
    " SELECT :collectivite, ecriture_id, rang, seq, livre, poste, objet_id, sens, quantite, actif"
    " FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS l(ecriture_id uuid, rang bigint,"
    "  seq bigint, livre text, poste text, objet_id uuid, sens text, quantite bigint, actif text)"
    "), variations AS ("
    " SELECT * FROM jsonb_to_recordset(cast(:variations AS jsonb))"
    "  AS v(livre text, poste text, objet_id uuid, date_effet date, variation bigint)"
    "), jours AS ("
    " INSERT INTO mouvement_jour AS m (collectivite, objet_id, livre, poste, date_effet,"
    "  jour_inscription, variation)"
    " SELECT collectivite, objet_id, livre, poste, date_effet,"
    "  (cast(:inscrite_le AS timestamptz) AT TIME ZONE fuseau)::date, variation"
    " FROM variations, collectivite WHERE collectivite = :collectivite"
    " ON CONFLICT (collectivite, objet_id, livre, poste, date_effet, jour_inscription)"
    "  DO UPDATE SET variation = m.variation + excluded.variation"
    "), soldes AS ("
    " UPDATE solde SET solde = solde.solde + v.variation"
    " FROM (SELECT livre, poste, objet_id, sum(variation)::bigint AS variation FROM variations"
    "  GROUP BY livre, poste, objet_id) v"
    " WHERE solde.collectivite = :collectivite AND solde.objet_id = v.objet_id"
    " AND solde.livre = v.livre AND solde.poste = v.poste RETURNING 1"
    "), tete AS ("
    " UPDATE chaine SET seq = :seq, empreinte = :empreinte WHERE collectivite = :collectivite"
    # The head is held: a year that was closed meanwhile is seen to be.
    ") SELECT (SELECT count(*) FROM soldes) AS comptes,"
    # Days of effect are local: so is the day of inscription that they are compared with.
    "  (SELECT (cast(:inscrite_le AS timestamptz) AT TIME ZONE fuseau)::date FROM collectivite"
    "   WHERE collectivite = :collectivite) AS jour,"
    "  (SELECT jsonb_object_agg(annee, statut) FROM exercice WHERE collectivite = :collectivite"
    "   AND statut <> 'ouvert' AND annee = ANY (:annees)) AS exercices"
).bindparams(
    bindparam("inscrite_le", type_=_E.inscrite_le.type),
    bindparam("annees", type_=ARRAY(BigInteger())),
)
# The first day, from one on, on which an account of some objects is below zero.
_PASSE_NEGATIF = text(
    "SELECT min(date_effet) FROM ("
    " SELECT date_effet, sum(sum(variation)) OVER"
    "  (PARTITION BY objet_id, livre, poste ORDER BY date_effet) AS cumul"
    " FROM mouvement_jour WHERE collectivite = :collectivite AND objet_id = ANY (:objets)"
    " GROUP BY objet_id, livre, poste, date_effet) c"
    " WHERE cumul < 0 AND date_effet >= :depuis"
).bindparams(bindparam("objets", type_=ARRAY(Uuid())), bindparam("depuis", type_=Date()))


class PasseNegatif(Refus):
    """A back-dated entry would make a balance of that time negative (I-05)."""

    code = "disponible-insuffisant"
    detail = "A cette date d'effet, un solde passe deviendrait negatif."


async def open_comptes(tx: Transaction, livre: Livre, objet_id: UUID) -> None:
    """Open the accounts of a book for a new object, at zero."""
    await tx.add(
        _S, [{"objet_id": objet_id, "livre": livre, "poste": poste} for poste in POSTES[livre]]
    )


async def lock_disponibles(tx: Transaction, objets: Collection[UUID]) -> dict[UUID, int]:
    """Hold the objects' gates until the transaction ends, and return what is available.

    In id order: two commands on the same objects queue, and none waits for the other in a circle.
    """
    rows = await tx.execute(_GATES, {"objets": list(objets)})
    return {row.objet_id: row.solde for row in rows}


async def inscrire(
    tx: Transaction,
    ecritures: Sequence[Ecriture],
    *,
    inscrite_le: datetime,
    cloture: bool = False,
) -> None:
    """Post entries, in order, as the last thing that a command does.

    The gates of all their objects are held. The head of the chain is locked here, so that the
    collectivité's other commands wait for the end of this one only.

    Args:
        cloture: they are those of a year's closing.

    Raises:
        PeriodeClose: one takes effect in a year that is closed (I-22).
        PasseNegatif: an entry of a past day would make a balance of that time negative.
    """
    head = (await tx.execute(_HEAD)).one_or_none()
    if head is None:
        await tx.execute(_FIRST_HEAD, {"origine": ORIGINE})
        head = (await tx.execute(_HEAD)).one()
    seq, empreinte = head.seq, bytes(head.empreinte)
    entries: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for ecriture in ecritures:
        seq, precedente, ecriture_id = seq + 1, empreinte, new_id()
        empreinte = rules.empreinte(
            precedente,
            ecriture,
            ecriture_id=ecriture_id,
            collectivite=tx.collectivite,
            seq=seq,
            inscrite_le=inscrite_le,
            client_id=tx.acces.auteur,
        )
        members = {name: value for name, value in vars(ecriture).items() if name != "lignes"}
        chained = {"seq": seq, "precedente": precedente.hex(), "empreinte": empreinte.hex()}
        entries.append({**members, "id": ecriture_id, **chained})
        lines += [
            {
                **vars(ligne),
                "ecriture_id": ecriture_id,
                "rang": rang,
                "seq": seq,
                "actif": ACTIFS[ligne.livre],
            }
            for rang, ligne in enumerate(ecriture.lignes)
        ]
    deltas = [
        {
            "livre": livre,
            "poste": poste,
            "objet_id": objet_id,
            "date_effet": jour,
            "variation": variation,
        }
        for jour, memes in groupby(
            sorted(ecritures, key=lambda one: one.date_effet), key=lambda one: one.date_effet
        )
        for (livre, poste, objet_id), variation in rules.variations(
            ligne for ecriture in memes for ligne in ecriture.lignes
        ).items()
    ]
    found = await tx.execute(
        _POST,
        {
            "inscrite_le": inscrite_le,
            "client": tx.acces.auteur,
            "ecritures": json.dumps(entries, default=str),
            "lignes": json.dumps(lines, default=str),
            "variations": json.dumps(deltas, default=str),
            "seq": seq,
            "empreinte": empreinte,
            "annees": sorted({ecriture.date_effet.year for ecriture in ecritures}),
        },
    )
    posted = found.one()
    statuts = {int(un): StatutExercice(statut) for un, statut in (posted.exercices or {}).items()}
    rules.exige_periode(ecritures, statuts, posted.jour, cloture=cloture)
    comptes = {(delta["livre"], delta["poste"], delta["objet_id"]) for delta in deltas}
    if posted.comptes != len(comptes):
        raise RuntimeError("Une écriture touche un compte qui n'est pas ouvert")
    await _exige_passe(tx, ecritures, posted.jour)


async def _exige_passe(tx: Transaction, ecritures: Sequence[Ecriture], jour: date) -> None:
    """Refuse what makes a balance negative on the line of effect dates.

    What takes effect today is after all else, and the balance of all is checked by the database.
    """
    passees = [ecriture for ecriture in ecritures if ecriture.date_effet < jour]
    if not passees:
        return
    found = await tx.execute(
        _PASSE_NEGATIF,
        {
            "objets": list({ligne.objet_id for une in passees for ligne in une.lignes}),
            "depuis": min(une.date_effet for une in passees),
        },
    )
    if (negatif := found.scalar_one()) is not None:
        raise PasseNegatif(date=negatif)


# Reading


def soldes_de(objet_id: InstrumentedAttribute[UUID]) -> ScalarSelect[Any]:
    """A column: the balances of each row's object, by poste; null when it has no account."""
    return (
        select(func.jsonb_object_agg(_S.poste, _S.solde))
        .where(siens(_S), _S.objet_id == objet_id)
        .scalar_subquery()
    )


_M = tables.MouvementJour


@dataclass(frozen=True)
class Regard:
    """As of which day, and by what was known in the evening of which day; null: without bound."""

    au: date | None
    connu_au: date | None


def soldes_au(objet_id: InstrumentedAttribute[UUID], regard: Regard) -> ScalarSelect[Any]:
    """A column: the balances of each row's object as of a day, by poste; null without account.

    What was due back and not swept that day counts as reserved until the entry that gives it back,
    which bears the day it was due.
    """
    cumul = (
        select(func.coalesce(func.sum(_M.variation), 0))
        .where(siens(_M), _M.objet_id == _S.objet_id)
        .where(_M.livre == _S.livre, _M.poste == _S.poste)
        .where(entre(_M.date_effet, None, regard.au))
        .where(entre(_M.jour_inscription, None, regard.connu_au))
        .correlate(_S)
        .scalar_subquery()
    )
    return (
        select(func.jsonb_object_agg(_S.poste, cast(cumul, BigInteger)))
        .where(siens(_S), _S.objet_id == objet_id)
        .scalar_subquery()
    )


_LIGNES = (
    select(
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_object(
                    *(
                        part
                        for name in ("livre", "poste", "objet_id", "sens", "quantite", "actif")
                        for part in (name, getattr(_L, name))
                    )
                ),
                _L.rang,
            )
        )
    )
    .where(siens(_L), _L.ecriture_id == _E.id)
    .scalar_subquery()
)
_SELECT = select(*_E.__table__.columns, _LIGNES.label("lignes")).where(siens(_E))
_BY_ID = _SELECT.where(_E.id == bindparam("id"))
_UNDOES = _SELECT.where(_E.extourne_de == bindparam("id"))
_SOLDES = select(_S.livre, _S.poste, _S.objet_id, _S.solde).where(
    siens(_S), _S.objet_id == func.any(bindparam("objets", type_=ARRAY(Uuid())))
)


async def read_ecriture(tx: Transaction, ecriture_id: UUID) -> Row[Any]:
    """Read one entry.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": ecriture_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_chaine(tx: Transaction) -> None:
    """Hold the head of the chain, as `inscrire` does: nothing is posted meanwhile."""
    await tx.execute(_HEAD)


async def read_contrepassation(tx: Transaction, ecriture_id: UUID) -> Row[Any] | None:
    """Read the entry that undoes another, if there is one."""
    return (await tx.execute(_UNDOES, {"id": ecriture_id})).one_or_none()


async def read_soldes(tx: Transaction, objets: Collection[UUID]) -> dict[Compte, int]:
    """Read the balances of objects whose gates are held, by account."""
    rows = await tx.execute(_SOLDES, {"objets": list(objets)})
    return {(Livre(row.livre), Poste(row.poste), row.objet_id): row.solde for row in rows}


async def list_ecritures(
    tx: Transaction, page: PageDemandee, objet_id: UUID | None
) -> Sequence[Row[Any]]:
    """Read a page of the journal, or of the entries that move an object."""
    if objet_id is None:
        return await paginer(tx, _SELECT, _E, page)
    # One row an entry, in the order of an index: all of an object's are not read for a page.
    avant = aliased(_L)
    une = (
        select(_L.seq, _L.ecriture_id.label("id"))
        .where(siens(_L), _L.objet_id == objet_id)
        .where(
            ~exists().where(
                siens(avant),
                avant.ecriture_id == _L.ecriture_id,
                avant.objet_id == _L.objet_id,
                avant.rang < _L.rang,
            )
        )
        .subquery()
    )
    # The page first, then what stands beside it: joined to all, the whole journal may be hashed.
    elues = trancher(select(une), une.c, page).subquery()
    return await paginer(tx, _SELECT.join(elues, elues.c.id == _E.id), elues.c, page)


# Proof

_CONTREPARTIES = ", ".join(f"('{livre}', '{poste}')" for livre, poste in CONTREPARTIES.items())
_EST_CONTREPARTIE = f"((livre, poste) IN ({_CONTREPARTIES}))"
# From the lines, not from what is kept beside them: the sums, and what they come from.
_PREUVE = text(
    "WITH vues AS ("
    " SELECT e.id, e.seq, e.evenement, e.source, e.empreinte, l.livre, l.poste,"
    f"  CASE WHEN (l.sens = 'credit') = {_EST_CONTREPARTIE}"
    "   THEN l.quantite ELSE -l.quantite END AS variation"
    " FROM collectivite c JOIN ligne_ecriture l USING (collectivite)"
    "  JOIN ecriture e ON e.collectivite = l.collectivite AND e.id = l.ecriture_id"
    " WHERE c.collectivite = :collectivite AND l.objet_id = :objet_id"
    "  AND e.date_effet <= coalesce(:au, 'infinity')"
    "  AND (e.inscrite_le AT TIME ZONE c.fuseau)::date <= coalesce(:connu_au, 'infinity')"
    "), parts AS ("
    " SELECT evenement, livre, poste, sum(variation)::bigint AS variation,"
    "  count(*) AS nombre, min(seq) AS premiere, max(seq) AS derniere"
    " FROM vues GROUP BY 1, 2, 3"
    ") SELECT"
    " (SELECT coalesce(jsonb_agg(jsonb_build_object('evenement', evenement, 'livre', livre,"
    "   'poste', poste, 'variation', variation, 'lignes', nombre) ORDER BY livre, poste,"
    "   premiere), '[]') FROM parts) AS parts,"
    " (SELECT coalesce(jsonb_agg(jsonb_build_object('livre', livre, 'poste', poste, 'quantite',"
    "   quantite) ORDER BY livre, poste), '[]')"
    "   FROM (SELECT livre, poste, sum(variation) AS quantite FROM parts GROUP BY 1, 2) s)"
    "   AS comptes,"
    " (SELECT coalesce(jsonb_agg(jsonb_build_object('ecriture_id', id, 'seq', seq, 'source',"
    "   source) ORDER BY seq), '[]') FROM (SELECT DISTINCT id, seq, source FROM vues"
    "   WHERE source IS NOT NULL ORDER BY seq LIMIT :limite) a) AS actes,"
    " (SELECT count(DISTINCT seq) FROM vues) AS ecritures,"
    " (SELECT jsonb_build_object('seq', seq, 'empreinte', encode(empreinte, 'hex'))"
    "   FROM vues ORDER BY seq DESC LIMIT 1) AS derniere"
).bindparams(
    bindparam("au", type_=Date()),
    bindparam("connu_au", type_=Date()),
    bindparam("limite", ACTES_MAX),
)


async def read_preuve(tx: Transaction, objet_id: UUID, regard: Regard) -> Preuve:
    """Replay the lines of an object, as of a day: its balances, and what makes each of them."""
    values = {"objet_id": objet_id, "au": regard.au, "connu_au": regard.connu_au}
    row = (await tx.execute(_PREUVE, values)).one()
    return Preuve.model_validate({"objet_id": objet_id, **row._mapping})


@dataclass(frozen=True)
class Anomalie:
    """What the journal does not prove, and from which entry on when one is to blame."""

    seq: int | None
    constat: str


_LOT = 1000
_CHAIN = _SELECT.where(_E.seq > bindparam("depuis")).order_by(_E.seq).limit(_LOT)
# One statement, one instant: what is posted meanwhile is in both sides or in neither.
_WRONG_SOLDES = text(
    "WITH rejeu AS ("
    " SELECT livre, poste, objet_id, sum(CASE"
    f"  WHEN (sens = 'credit') = {_EST_CONTREPARTIE} THEN quantite"
    "  ELSE -quantite END) AS attendu"
    " FROM ligne_ecriture WHERE collectivite = :collectivite GROUP BY livre, poste, objet_id)"
    " SELECT poste FROM rejeu FULL JOIN (SELECT * FROM solde WHERE collectivite = :collectivite) s"
    "  USING (livre, poste, objet_id)"
    " WHERE coalesce(attendu, 0) IS DISTINCT FROM coalesce(solde, 0)"
)
_WRONG_JOURS = text(
    "WITH rejeu AS ("
    " SELECT l.livre, l.poste, l.objet_id, e.date_effet,"
    "  (e.inscrite_le AT TIME ZONE fuseau)::date AS jour_inscription,"
    f"  sum(CASE WHEN (sens = 'credit') = {_EST_CONTREPARTIE} THEN quantite"
    "   ELSE -quantite END) AS attendu"
    " FROM collectivite c JOIN ecriture e USING (collectivite) JOIN ligne_ecriture l"
    "  ON l.collectivite = e.collectivite AND l.ecriture_id = e.id AND l.seq = e.seq"
    " WHERE c.collectivite = :collectivite GROUP BY 1, 2, 3, 4, 5)"
    " SELECT poste FROM rejeu"
    " FULL JOIN (SELECT * FROM mouvement_jour WHERE collectivite = :collectivite) m"
    "  USING (livre, poste, objet_id, date_effet, jour_inscription)"
    " WHERE coalesce(attendu, 0) IS DISTINCT FROM coalesce(variation, 0)"
)
_WRONG_PARTS = text(
    "WITH rejeu AS ("
    " SELECT e.action_id, l.objet_id AS enveloppe_id,"
    # What left `disponible` for the action, and what a report brought to the envelope or took off.
    "  sum(CASE l.sens WHEN 'credit' THEN l.quantite ELSE -l.quantite END) AS attendu"
    " FROM ecriture e JOIN ligne_ecriture l"
    "  ON l.collectivite = e.collectivite AND l.ecriture_id = e.id"
    " WHERE e.collectivite = :collectivite AND e.action_id IS NOT NULL"
    " AND l.livre = 'eng' AND (l.poste = 'disponible'"
    "  OR (e.evenement = 'report' AND l.poste IN ('reporte', 'ouvert'))) GROUP BY 1, 2)"
    " SELECT action_id FROM rejeu"
    " FULL JOIN (SELECT * FROM part_financement WHERE collectivite = :collectivite) p"
    "  USING (action_id, enveloppe_id)"
    " WHERE coalesce(attendu, 0) IS DISTINCT FROM coalesce(attribue_centimes, 0)"
    # An envelope that is not in the key bears what was carried to it, and has no part to count.
    " AND (numerateur IS NOT NULL OR attendu < 0 OR NOT EXISTS ("
    "  SELECT FROM engagement g JOIN engagement_ligne l"
    "   ON l.collectivite = g.collectivite AND l.engagement_id = g.id"
    "  WHERE g.collectivite = :collectivite AND g.action_id = rejeu.action_id"
    "   AND l.enveloppe_id = rejeu.enveloppe_id AND l.recu_centimes + l.couvert_centimes > 0))"
)
# What is left of each line of an engagement, and what its authorisation bears of it.
_WRONG_ENGAGEMENTS = text(
    "WITH rejeu AS ("
    " SELECT e.engagement_id, l.objet_id, sum(CASE l.sens WHEN 'debit' THEN l.quantite"
    "  ELSE -l.quantite END) AS attendu"
    " FROM ecriture e JOIN ligne_ecriture l"
    "  ON l.collectivite = e.collectivite AND l.ecriture_id = e.id"
    " WHERE e.collectivite = :collectivite AND e.engagement_id IS NOT NULL"
    " AND (l.livre, l.poste) IN (('eng', 'engage'), ('ae', 'engagee')) GROUP BY 1, 2"
    "), tenu AS ("
    " SELECT engagement_id, enveloppe_id AS objet_id, montant_centimes + couvert_centimes"
    "  + recu_centimes - reporte_centimes - degage_centimes - liquide_centimes AS reste"
    " FROM engagement_ligne WHERE collectivite = :collectivite"
    " UNION ALL SELECT g.id, g.ae_id, g.non_couvert_centimes + coalesce((SELECT sum("
    "   l.montant_centimes + l.couvert_centimes - l.degage_centimes) FROM engagement_ligne l"
    "  WHERE l.collectivite = g.collectivite AND l.engagement_id = g.id), 0)"
    " FROM engagement g WHERE g.collectivite = :collectivite AND g.ae_id IS NOT NULL"
    ") SELECT engagement_id FROM rejeu FULL JOIN tenu USING (engagement_id, objet_id)"
    " WHERE coalesce(attendu, 0) IS DISTINCT FROM coalesce(reste, 0)"
)
# What leaves an envelope by a carry-over is what opens another, in the same entry (I-24).
_WRONG_REPORTS = text(
    "SELECT e.seq FROM ecriture e JOIN ligne_ecriture l"
    "  ON l.collectivite = e.collectivite AND l.ecriture_id = e.id"
    " WHERE e.collectivite = :collectivite AND e.evenement = 'report' AND l.livre = 'eng'"
    " GROUP BY e.seq HAVING"
    "  sum(l.quantite) FILTER (WHERE l.poste = 'reporte' AND l.sens = 'debit')"
    "  IS DISTINCT FROM sum(l.quantite) FILTER (WHERE l.poste = 'ouvert' AND l.sens = 'credit')"
)
_WRONG_HEAD = text(
    "SELECT c.seq FROM chaine c LEFT JOIN ("
    "  SELECT collectivite, seq, empreinte FROM ecriture WHERE collectivite = :collectivite"
    "  ORDER BY seq DESC LIMIT 1) e USING (collectivite)"
    " WHERE c.collectivite = :collectivite AND (e.seq, e.empreinte) IS DISTINCT FROM"
    "  (nullif(c.seq, 0), CASE WHEN c.seq > 0 THEN c.empreinte END)"
)


async def verifier_journal(tx: Transaction) -> list[Anomalie]:
    """Replay the collectivité's whole journal; nothing found means that every figure is proved.

    The chain (I-04), the balance of each entry (I-01), and what is kept beside the journal: the
    balances (I-07) of now and of each day, what each part of an action was given, what is left of
    each line of an engagement, carried once (I-24), the head of the chain.
    """
    anomalies = await _broken_chain(tx)
    for statement, constat in (
        (_WRONG_SOLDES, "un solde differe du rejeu du journal"),
        (_WRONG_JOURS, "un mouvement de jour differe du rejeu du journal"),
        (_WRONG_PARTS, "une part d'action differe du rejeu du journal"),
        (_WRONG_ENGAGEMENTS, "une ligne d'engagement differe du rejeu du journal"),
        (_WRONG_REPORTS, "un report n'ouvre pas ce qu'il ferme"),
        (_WRONG_HEAD, "la tete de chaine n'est pas la derniere ecriture"),
    ):
        rows = (await tx.execute(statement)).all()
        anomalies += [Anomalie(None, constat) for _ in rows]
    return anomalies


async def read_suite(tx: Transaction, depuis: int) -> Sequence[Row[Any]]:
    """Read the entries that follow a rank, in order, as many as a transaction should hold."""
    return (await tx.execute(_CHAIN, {"depuis": depuis})).all()


async def _broken_chain(tx: Transaction) -> list[Anomalie]:
    anomalies: list[Anomalie] = []
    seq, precedente = 0, ORIGINE
    while rows := await read_suite(tx, seq):
        for row in rows:
            ecriture = ecriture_de(row)
            attendue = rules.empreinte(
                precedente,
                ecriture,
                ecriture_id=row.id,
                collectivite=tx.collectivite,
                seq=row.seq,
                inscrite_le=row.inscrite_le,
                client_id=row.client_id,
            )
            if row.seq != seq + 1:
                anomalies.append(Anomalie(row.seq, "un rang manque avant cette ecriture"))
            if bytes(row.empreinte) != attendue or bytes(row.empreinte_precedente) != precedente:
                anomalies.append(Anomalie(row.seq, "cette ecriture n'est pas celle inscrite"))
            if not rules.equilibree(ecriture.lignes):
                anomalies.append(Anomalie(row.seq, "cette ecriture n'est pas equilibree"))
            seq, precedente = row.seq, bytes(row.empreinte)
    return anomalies


def ecriture_de(row: Row[Any]) -> Ecriture:
    """Turn what was read into what the rules know."""
    lignes = [
        Ligne(
            livre=Livre(ligne["livre"]),
            poste=Poste(ligne["poste"]),
            objet_id=UUID(ligne["objet_id"]),
            sens=Sens(ligne["sens"]),
            quantite=ligne["quantite"],
        )
        for ligne in row.lignes or ()
    ]
    return Ecriture(
        evenement=EvenementJournal(row.evenement),
        date_effet=row.date_effet,
        lignes=lignes,
        action_id=row.action_id,
        reservation_id=row.reservation_id,
        engagement_id=row.engagement_id,
        origine=row.origine,
        origine_id=row.origine_id,
        extourne_de=row.extourne_de,
        source=row.source,
    )
