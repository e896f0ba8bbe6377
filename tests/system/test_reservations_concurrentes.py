"""Many at once: the last place goes to one, one key has one effect, and nothing is lost."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from services.financement.journal.queries import verifier_journal
from services.financement.taches import expirer_reservations
from shared.socle.service import Service
from tests.conftest import Client, Connecter


async def _creer(client: Client, chemin: str, corps: Any, **rest: Any) -> str:
    answer = await client.post(chemin, corps, **rest)
    assert answer.status_code == 201, answer.text
    created: str = answer.json()["id"]
    return created


async def _convention(client: Client) -> str:
    corps = {
        "reference": "c",
        "type": "contrat_local_solidarites",
        "intitule": "Une convention",
        "annee_debut": 2024,
    }
    return await _creer(client, "/v1/conventions", corps)


async def _enveloppe(client: Client, montant_centimes: int) -> str:
    enveloppe_id = await _creer(client, "/v1/enveloppes", {"reference": uuid4().hex})
    ouverture = {
        "montant_centimes": montant_centimes,
        "qualificatif": "exact",
        "date_effet": "2024-01-01",
        "source": "acte d'essai",
    }
    await _creer(client, f"/v1/enveloppes/{enveloppe_id}/ouvertures", ouverture, version=1)
    return enveloppe_id


async def _action(
    client: Client, convention_id: str, places: int, *enveloppes: str, **values: Any
) -> str:
    corps = {
        "code": uuid4().hex,
        "libelle": "Une action",
        "mode_capacite": "stock",
        "places_ouvertes": places,
        "cle": [
            {"enveloppe_id": enveloppe_id, "numerateur": 1, "denominateur": len(enveloppes)}
            for enveloppe_id in enveloppes
        ],
        **values,
    }
    return await _creer(client, f"/v1/conventions/{convention_id}/actions", corps)


def _demande(action_id: str, places: int, montant: int = 0, **values: Any) -> dict[str, Any]:
    return {
        "action_id": action_id,
        "places": places,
        "montant_centimes": montant,
        "beneficiaire_ref": str(uuid4()),
        **values,
    }


async def _prouver(service: Service, collectivite: str) -> None:
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        assert await verifier_journal(tx) == []


async def test_the_last_place_goes_to_one(
    connecter: Connecter, ouverte: str, services: Mapping[str, Service]
) -> None:
    """I-42: 50 callers at once, one place. Seen red without the lock of the gates."""
    client = connecter("financement")
    enveloppe_id = await _enveloppe(client, 1_000_00)
    action_id = await _action(client, await _convention(client), 1, enveloppe_id)

    answers = await asyncio.gather(
        *(client.post("/v1/reservations", _demande(action_id, 1, 10)) for _ in range(50))
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 49}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {
        "disponible-insuffisant"
    }
    found = (await client.get(f"/v1/actions/{action_id}")).json()
    assert (found["places_disponibles"], found["places_reservees"]) == (0, 1)
    await _prouver(services["financement"], ouverte)


async def test_one_key_forty_times_at_once_has_one_effect(
    connecter: Connecter, ouverte: str, services: Mapping[str, Service]
) -> None:
    client = connecter("financement")
    action_id = await _action(client, await _convention(client), 40)
    cle, demande = str(uuid4()), _demande(action_id, 1)

    answers = await asyncio.gather(
        *(client.post("/v1/reservations", demande, cle=cle) for _ in range(40))
    )
    replayed = await client.post("/v1/reservations", demande, cle=cle)

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {
        "idempotence-en-cours"
    }
    made = [answer.json() for answer in answers if answer.status_code == 201]
    assert made
    assert all(one == replayed.json() for one in made)
    assert replayed.headers["Idempotency-Replayed"] == "true"
    found = (await client.get(f"/v1/actions/{action_id}")).json()
    assert (found["places_disponibles"], found["places_reservees"]) == (39, 1)


async def test_of_many_confirmations_and_cancellations_one_resolves(
    connecter: Connecter, ouverte: str, services: Mapping[str, Service]
) -> None:
    """I-40. Seen red when the reservation is read before its gates are held."""
    client = connecter("financement")
    enveloppe_id = await _enveloppe(client, 1_000_00)
    action_id = await _action(client, await _convention(client), 1, enveloppe_id)
    reservation_id = await _creer(client, "/v1/reservations", _demande(action_id, 1, 10))

    answers = await asyncio.gather(
        *(
            client.post(f"/v1/reservations/{reservation_id}/{suite}", corps)
            for _ in range(10)
            for suite, corps in (("confirmations", {}), ("annulations", {"motif": "x"}))
        )
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {
        "reservation-deja-resolue"
    }
    await _prouver(services["financement"], ouverte)


async def test_crossed_commands_neither_deadlock_nor_lose_a_cent(
    connecter: Connecter, ouverte: str, services: Mapping[str, Service]
) -> None:
    """Two actions name the same envelopes in opposite orders, while the sweeper runs.

    Seen red when the gates are not locked in id order.
    """
    client, service = connecter("financement"), services["financement"]
    convention_id = await _convention(client)
    enveloppes = [await _enveloppe(client, 100_00) for _ in range(3)]
    actions = [
        await _action(client, convention_id, 40, *enveloppes),
        await _action(client, convention_id, 40, *reversed(enveloppes)),
    ]
    alea = random.Random(35)
    # Fewer than the pool's connections: what is tried is the locks, not how long a queue may be.
    ensemble = asyncio.Semaphore(10)

    async def vivre() -> list[int]:
        async with ensemble:
            return await reserver_puis_resoudre()

    async def reserver_puis_resoudre() -> list[int]:
        demande = _demande(
            alea.choice(actions), 1, alea.randint(1, 5_00), duree_s=alea.choice([1, 60])
        )
        suite, corps = alea.choice([("confirmations", {}), ("annulations", {"motif": "x"})])
        answer = await client.post("/v1/reservations", demande)
        statuts = [answer.status_code]
        if answer.status_code == 201:
            chemin = f"/v1/reservations/{answer.json()['id']}/{suite}"
            statuts.append((await client.post(chemin, corps)).status_code)
        return statuts

    async def balayer() -> list[int]:
        for _ in range(15):
            await asyncio.sleep(0.1)
            await expirer_reservations(service, ouverte)
        return []

    found = await asyncio.gather(balayer(), *(vivre() for _ in range(120)))

    assert {statut for statuts in found for statut in statuts} <= {201, 409}
    await asyncio.sleep(1)
    await expirer_reservations(service, ouverte)
    for enveloppe_id in enveloppes:
        soldes = (await client.get(f"/v1/enveloppes/{enveloppe_id}")).json()
        parts = ("disponible_centimes", "reserve_centimes", "engage_centimes")
        assert sum(soldes[part] for part in parts) == soldes["ouvert_centimes"] == 100_00
    await _prouver(service, ouverte)
