"""SQL of the journal: the only place that writes entries, lines and balances."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, ScalarSelect, Uuid, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import InstrumentedAttribute

from services.financement import tables
from services.financement.journal import rules
from services.financement.journal.rules import ACTIFS, ORIGINE, POSTES, Ecriture, Ligne
from shared.refus import Introuvable
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste, Sens
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer

_E, _L, _S = tables.Ecriture, tables.LigneEcriture, tables.Solde

# Writing

_GATES = (
    select(_S.objet_id, _S.solde)
    .where(
        siens(_S),
        _S.poste == Poste.DISPONIBLE.value,
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
    "  action_id, reservation_id, engagement_id, extourne_de, source,"
    "  empreinte_precedente, empreinte)"
    " SELECT :collectivite, id, seq, evenement, date_effet, :inscrite_le, :client, action_id,"
    "  reservation_id, engagement_id, extourne_de, source,"
    "  decode(precedente, 'hex'), decode(empreinte, 'hex')"
    " FROM jsonb_to_recordset(cast(:ecritures AS jsonb)) AS e(id uuid, seq bigint, evenement text,"
    "  date_effet date, action_id uuid, reservation_id uuid, engagement_id uuid,"
    "  extourne_de uuid, source text, precedente text, empreinte text)"
    "), lignes AS ("
    " INSERT INTO ligne_ecriture"
    "  (collectivite, ecriture_id, rang, livre, poste, objet_id, sens, quantite, actif)"
    " SELECT :collectivite, ecriture_id, rang, livre, poste, objet_id, sens, quantite, actif"
    " FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS l(ecriture_id uuid, rang bigint,"
    "  livre text, poste text, objet_id uuid, sens text, quantite bigint, actif text)"
    "), soldes AS ("
    " UPDATE solde SET solde = solde.solde + v.variation"
    " FROM jsonb_to_recordset(cast(:variations AS jsonb))"
    "  AS v(livre text, poste text, objet_id uuid, variation bigint)"
    " WHERE solde.collectivite = :collectivite AND solde.objet_id = v.objet_id"
    " AND solde.livre = v.livre AND solde.poste = v.poste RETURNING 1"
    "), tete AS ("
    " UPDATE chaine SET seq = :seq, empreinte = :empreinte WHERE collectivite = :collectivite"
    ") SELECT count(*) FROM soldes"
).bindparams(bindparam("inscrite_le", type_=_E.inscrite_le.type))


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
    tx: Transaction, ecritures: Sequence[Ecriture], *, inscrite_le: datetime
) -> None:
    """Post entries, in order, as the last thing that a command does.

    The gates of all their objects are held. The head of the chain is locked here, so that the
    collectivité's other commands wait for the end of this one only.
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
            {**vars(ligne), "ecriture_id": ecriture_id, "rang": rang, "actif": ACTIFS[ligne.livre]}
            for rang, ligne in enumerate(ecriture.lignes)
        ]
    moved = rules.variations(ligne for ecriture in ecritures for ligne in ecriture.lignes)
    deltas = [
        {"livre": livre, "poste": poste, "objet_id": objet_id, "variation": variation}
        for (livre, poste, objet_id), variation in moved.items()
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
        },
    )
    if found.scalar_one() != len(deltas):
        raise RuntimeError("Une écriture touche un compte qui n'est pas ouvert")


# Reading


def soldes_de(objet_id: InstrumentedAttribute[UUID]) -> ScalarSelect[Any]:
    """A column: the balances of each row's object, by poste; null when it has no account."""
    return (
        select(func.jsonb_object_agg(_S.poste, _S.solde))
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


async def read_ecriture(tx: Transaction, ecriture_id: UUID) -> Row[Any]:
    """Read one entry.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": ecriture_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_ecritures(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of the journal."""
    return await paginer(tx, _SELECT, _E, page)


# Proof


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
    "  WHEN (sens = 'credit') = (poste IN ('ouvert', 'ouverte')) THEN quantite"
    "  ELSE -quantite END) AS attendu"
    " FROM ligne_ecriture WHERE collectivite = :collectivite GROUP BY livre, poste, objet_id)"
    " SELECT poste FROM rejeu FULL JOIN (SELECT * FROM solde WHERE collectivite = :collectivite) s"
    "  USING (livre, poste, objet_id)"
    " WHERE coalesce(attendu, 0) IS DISTINCT FROM coalesce(solde, 0)"
)
_WRONG_PARTS = text(
    "WITH rejeu AS ("
    " SELECT e.action_id, l.objet_id AS enveloppe_id,"
    "  sum(CASE l.sens WHEN 'credit' THEN l.quantite ELSE -l.quantite END) AS attendu"
    " FROM ecriture e JOIN ligne_ecriture l"
    "  ON l.collectivite = e.collectivite AND l.ecriture_id = e.id"
    " WHERE e.collectivite = :collectivite AND e.action_id IS NOT NULL"
    " AND l.livre = 'eng' AND l.poste = 'disponible' GROUP BY 1, 2)"
    " SELECT action_id FROM rejeu"
    " FULL JOIN (SELECT * FROM part_financement WHERE collectivite = :collectivite) p"
    "  USING (action_id, enveloppe_id)"
    " WHERE coalesce(attendu, 0) IS DISTINCT FROM coalesce(attribue_centimes, 0)"
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
    balances (I-07), what each part of an action was given, the head of the chain.
    """
    anomalies = await _broken_chain(tx)
    for statement, constat in (
        (_WRONG_SOLDES, "un solde differe du rejeu du journal"),
        (_WRONG_PARTS, "une part d'action differe du rejeu du journal"),
        (_WRONG_HEAD, "la tete de chaine n'est pas la derniere ecriture"),
    ):
        rows = (await tx.execute(statement)).all()
        anomalies += [Anomalie(None, constat) for _ in rows]
    return anomalies


async def _broken_chain(tx: Transaction) -> list[Anomalie]:
    anomalies: list[Anomalie] = []
    seq, precedente = 0, ORIGINE
    while rows := (await tx.execute(_CHAIN, {"depuis": seq})).all():
        for row in rows:
            ecriture = _ecriture(row)
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


def _ecriture(row: Row[Any]) -> Ecriture:
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
        extourne_de=row.extourne_de,
        source=row.source,
    )
