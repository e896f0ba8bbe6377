"""Many writers for a while: the books balance, nothing is below zero, and nobody is told 5xx."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest_asyncio

from deploy.local.partenaire import Json, Partenaire
from deploy.local.services import Installation
from services.financement.journal.queries import verifier_journal
from shared.clients.emetteur import Emetteur
from shared.clients.jetons import Jetons
from shared.socle.auth import Acces
from shared.socle.db import BaseDeDonnees

CODE, CLIENT = "35D", "si-departement-35"
PORTEES = "financement:lire financement:ecrire"
ECRIVAINS, ENVELOPPES, OUVERT, PLACES = 32, 6, 30_000, 200


@pytest_asyncio.fixture
async def actions(si: Partenaire, installation: Installation) -> list[str]:
    """Six envelopes, and six actions that each draw on two of them."""
    collectivite = {
        "code": CODE,
        "libelle": "Ille-et-Vilaine",
        "ideparte": "035",
        "fuseau": "Europe/Paris",
    }
    await si.ecrire("financement", "/v1/collectivites", collectivite, cle="collectivite")
    convention = {
        "reference": "charge",
        "type": "contrat_local_solidarites",
        "intitule": "Convention en charge",
        "annee_debut": 2024,
    }
    convention_id = (
        await si.ecrire("financement", "/v1/conventions", convention, cle="convention")
    )["id"]
    enveloppes = []
    for rang in range(ENVELOPPES):
        corps: Json = {"reference": f"charge-{rang}"}
        found = await si.ecrire("financement", "/v1/enveloppes", corps, cle=f"env-{rang}")
        enveloppes.append(found["id"])
        ouverture = {
            "montant_centimes": OUVERT,
            "qualificatif": "exact",
            "date_effet": "2024-01-01",
            "source": "acte d'essai",
        }
        await si.ecrire(
            "financement",
            f"/v1/enveloppes/{found['id']}/ouvertures",
            ouverture,
            cle=f"ouverture-{rang}",
            version=1,
        )
    faites = []
    for rang in range(ENVELOPPES):
        corps = {
            "code": f"charge-{rang}",
            "libelle": "Action en charge",
            "mode_capacite": "stock",
            "places_ouvertes": PLACES,
            "cle": [
                {"enveloppe_id": enveloppes[rang], "numerateur": 3, "denominateur": 7},
                # Crossed: who does not lock in id order waits for whoever waits for him.
                {
                    "enveloppe_id": enveloppes[(rang + 1 + 2 * (rang % 2)) % ENVELOPPES],
                    "numerateur": 4,
                    "denominateur": 7,
                },
            ],
        }
        chemin = f"/v1/conventions/{convention_id}/actions"
        faites.append((await si.ecrire("financement", chemin, corps, cle=f"action-{rang}"))["id"])
    return faites


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=ECRIVAINS)
    async with httpx.AsyncClient(timeout=30, trust_env=False, limits=limits) as found:
        yield found


async def test_thirty_two_writers_over_six_envelopes(
    installation: Installation, actions: list[str], http: httpx.AsyncClient, complet: bool
) -> None:
    """A minute with `--complet`, else five seconds: sums of zero, nothing negative, no 5xx.

    Planted: the gates read without their lock, red (500, a balance that the database refuses).
    """
    jetons = Jetons(
        emetteur=Emetteur(installation.adresses.emetteur, http),
        client_id=CLIENT,
        secret=installation.secret(CLIENT),
    )
    url = installation.adresses.service("financement")
    fin = time.monotonic() + (60 if complet else 5)
    statuts: Counter[tuple[int, str]] = Counter()

    async def poster(chemin: str, corps: Json) -> Any:
        headers = {
            "Authorization": f"Bearer {await jetons.obtenir(PORTEES, CODE)}",
            "Idempotency-Key": str(uuid4()),
        }
        answer = await http.post(url + chemin, json=corps, headers=headers)
        found = answer.json()
        statuts[answer.status_code, found.get("code", "")] += 1
        return found

    async def ecrire(graine: int) -> None:
        alea = random.Random(graine)
        while time.monotonic() < fin:
            demande = {
                "action_id": alea.choice(actions),
                "places": alea.randint(0, 1),
                "montant_centimes": alea.choice([1, 3, 97, 1_001]),
                "beneficiaire_ref": str(uuid4()),
                # Some expire under the feet of the others, and of the sweeper.
                "duree_s": alea.choice([1, 2, 3_600]),
            }
            found = await poster("/v1/reservations", demande)
            if "expire_le" not in found:
                continue
            suite, corps = alea.choice(
                [("confirmations", {}), ("annulations", {"motif": "essai"}), ("", {})]
            )
            if suite:
                await poster(f"/v1/reservations/{found['id']}/{suite}", corps)

    await asyncio.gather(*(ecrire(graine) for graine in range(ECRIVAINS)))

    assert {statut for statut, _ in statuts} == {201, 409}, statuts
    assert {code for statut, code in statuts if statut == 409} <= {
        "disponible-insuffisant",
        "reservation-expiree",
    }
    assert statuts[201, ""] > ECRIVAINS
    _equilibrer(installation)
    base = BaseDeDonnees(installation._bases["financement"].service)
    async with base.transaction(Acces(CLIENT, CODE, frozenset())) as tx:
        assert await verifier_journal(tx) == []
    await base.aclose()


def _equilibrer(installation: Installation) -> None:
    """Debits equal credits in the whole; no account is below zero at any rank of the journal."""
    with psycopg.connect(installation._bases["financement"].service) as base:
        base.execute("SELECT set_config('app.collectivite', %s, false)", [CODE])
        ecarts = base.execute(
            "SELECT actif, sum(CASE sens WHEN 'debit' THEN quantite ELSE -quantite END)"
            " FROM ligne_ecriture GROUP BY actif"
        ).fetchall()
        negatifs = base.execute(
            "SELECT min(cumul) FROM (SELECT sum(CASE WHEN (sens = 'credit') ="
            " (poste IN ('ouvert', 'ouverte')) THEN quantite ELSE -quantite END)"
            " OVER (PARTITION BY objet_id, livre, poste ORDER BY seq, rang) AS cumul"
            " FROM ligne_ecriture) c"
        ).fetchone()
    assert dict(ecarts) == {"centime": 0, "place": 0}
    assert negatifs is not None
    assert negatifs[0] >= 0
