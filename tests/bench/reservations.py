"""Posting to the journal under measure: reservations of a cent, each connection on an envelope."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg

from deploy.local.partenaire import Json, Partenaire

PORTEES = "financement:lire financement:ecrire"
_CENTIMES = 10**12  # more than any run takes
_COMPTES = (
    "idempotence",
    "reservation",
    "reservation_ligne",
    "evenement",
    "ecriture",
    "ligne_ecriture",
)


@dataclass
class Reserve:
    """An action, and the envelope of its own that pays it; reserved on again and again."""

    action_id: str
    enveloppe_id: str
    rang: int = 0

    def corps(self) -> Json:
        """One cent, for nobody, so long that nothing expires under measure."""
        return {
            "action_id": self.action_id,
            "montant_centimes": 1,
            "beneficiaire_ref": str(uuid4()),
            "duree_s": 30 * 24 * 3600,
        }

    def requete(self, jeton: str) -> bytes:
        """The bytes of the next reservation."""
        corps = json.dumps(self.corps()).encode()
        self.rang += 1
        entetes = (
            "POST /v1/reservations HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {jeton}\r\nContent-Type: application/json\r\n"
            f'Idempotency-Key: "{self.action_id}-{self.rang}"\r\n'
            f"Content-Length: {len(corps)}\r\n\r\n"
        )
        return entetes.encode() + corps


async def creer(si: Partenaire, nombre: int) -> Sequence[Reserve]:
    """Make envelopes, opened, and the action that each one pays whole."""
    convention = await si.ecrire(
        "financement",
        "/v1/conventions",
        {
            "reference": "banc",
            "type": "contrat_local_solidarites",
            "intitule": "Convention du banc",
            "annee_debut": 2024,
        },
        cle="convention",
    )
    found = []
    for rang in range(nombre):
        enveloppe = await si.ecrire(
            "financement", "/v1/enveloppes", {"reference": f"banc-{rang}"}, cle=f"enveloppe-{rang}"
        )
        await si.ecrire(
            "financement",
            f"/v1/enveloppes/{enveloppe['id']}/ouvertures",
            {
                "montant_centimes": _CENTIMES,
                "qualificatif": "exact",
                "date_effet": "2024-01-01",
                "source": "Banc",
            },
            cle=f"ouverture-{rang}",
            version=1,
        )
        part = {"enveloppe_id": enveloppe["id"], "numerateur": 1, "denominateur": 1}
        action = await si.ecrire(
            "financement",
            f"/v1/conventions/{convention['id']}/actions",
            {"code": f"banc-{rang}", "libelle": "Action du banc", "cle": [part]},
            cle=f"action-{rang}",
        )
        found.append(Reserve(action["id"], enveloppe["id"]))
    return found


def compter(base: psycopg.Connection[Any]) -> dict[str, int]:
    """What a reservation adds to: rows, and the moves of balances and of the head."""
    found = {}
    for nom, quoi in (
        *((table, f"count(*) FROM {table}") for table in _COMPTES),
        ("tete", "sum(seq)::bigint FROM chaine"),
        ("reserve", "coalesce(sum(solde), 0)::bigint FROM solde WHERE poste = 'reserve'"),
        (
            "jours",
            "coalesce(sum(variation), 0)::bigint FROM mouvement_jour WHERE poste = 'reserve'",
        ),
        ("part", "coalesce(sum(attribue_centimes), 0)::bigint FROM part_financement"),
        ("reponse gardee", "count(*) FROM idempotence WHERE corps IS NOT NULL"),
    ):
        row = base.execute(f"SELECT {quoi}".encode()).fetchone()
        assert row is not None
        found[nom] = row[0]
    return found


def valeurs(base: psycopg.Connection[Any], reserves: Sequence[Reserve]) -> dict[str, object]:
    """What the last reservation wrote, for pgbench to write the like."""
    row = base.execute(
        "SELECT i.collectivite, i.client_id, i.empreinte, i.entetes::text, i.corps, e.trace,"
        " r.beneficiaire_ref FROM reservation r JOIN evenement e ON e.id = r.id, idempotence i"
        " WHERE i.route = '/v1/reservations' ORDER BY r.cree_le DESC, i.cree_le DESC LIMIT 1"
    ).fetchone()
    assert row is not None
    collectivite, client, empreinte, entetes, corps, trace, beneficiaire = row
    return {
        "collectivite": collectivite,
        "client": client,
        "empreinte": empreinte.hex(),
        "entetes": entetes,
        "corps": corps.hex(),
        "trace": trace,
        "beneficiaire": beneficiaire,
        "enveloppes": ",".join(one.enveloppe_id for one in reserves),
        "actions": ",".join(one.action_id for one in reserves),
    }
