"""Webhooks: from a fact of the feed to a receiver, through the worker's own code, on loopback."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Row, text
from standardwebhooks import Webhook as Reference

from shared.socle import retention
from shared.socle.service import Service
from shared.socle.webhooks import queries, rules, travail
from shared.socle.webhooks.envoi import Expediteur
from tests.api.orientation.conftest import PERSONNE
from tests.api.plans import expliquer, instructions, lues
from tests.conftest import Client, Connecter
from tests.doubles.recepteur import Recepteur, Reponse, accuser, honnete, recepteur

Json = dict[str, Any]


@pytest.fixture
def client(connecter: Connecter, ouverte: str) -> Client:
    return connecter("orientation")


class Banc:
    """Orientation's worker in one collectivité, its clock moved by hand."""

    def __init__(self, service: Service, collectivite: str, client: Client) -> None:
        self.service, self.collectivite, self.client = service, collectivite, client
        self.avance = timedelta()
        self.expediteur = Expediteur(service.reglages.webhooks_essais)

    def horloge(self) -> datetime:
        return datetime.now(UTC) + self.avance

    async def tour(self) -> None:
        """One round: all facts are queued, and all that is due is sent, each queue by itself."""
        while await travail.distribuer(self.service, self.collectivite):
            pass
        await asyncio.gather(
            *(
                travail.vider(self.service, self.collectivite, one, self.expediteur)
                for one, due in (await travail.dues(self.service, self.collectivite)).items()
                if due
            )
        )

    async def abonner(self, recepteur: Recepteur, **corps: Any) -> Json:
        """A subscription whose receiver gave its challenge back."""
        self.admettre(recepteur)
        made = await self.client.post("/v1/webhooks", {"url": recepteur.url, **corps})
        assert made.status_code == 201, made.text
        await self.tour()
        found = await self.lire(made.json()["id"])
        assert found["statut"] == "actif"
        return {**found, "secret": made.json()["secret"]}

    def admettre(self, *recepteurs: Recepteur) -> None:
        essais = self.service.reglages.webhooks_essais
        essais.extend(one.origine for one in recepteurs)
        self.expediteur = Expediteur(essais)

    async def lire(self, webhook_id: str) -> Json:
        answer = await self.client.get(f"/v1/webhooks/{webhook_id}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def livraisons(self, webhook_id: str, query: str = "") -> list[Json]:
        answer = await self.client.get(f"/v1/webhooks/{webhook_id}/livraisons?limite=200{query}")
        assert answer.status_code == 200, answer.text
        return [one for one in answer.json()["elements"] if one["type"] != "endpoint.verification"]

    async def commander(self, webhook: Json, commande: str, statut: int = 201) -> Json:
        path = f"/v1/webhooks/{webhook['id']}"
        version = (await self.client.get(path)).json()["version"]
        answer = await self.client.post(f"{path}/{commande}", version=version)
        assert answer.status_code == statut, answer.text
        found: Json = answer.json()
        return found

    async def executer(self, statement: str, **parameters: Any) -> Sequence[Row[Any]]:
        acces = self.service.acces_interne(self.collectivite)
        async with self.service.base.transaction(acces) as tx:
            done = await tx.execute(text(statement), parameters)
            return done.all() if done.returns_rows else ()

    async def mettre_en_file(self, webhook: Json, nombre: int, statut: str = "en_attente") -> None:
        """So many deliveries, as if the facts were told long ago."""
        await self.executer(
            "INSERT INTO webhook_livraison (collectivite, id, webhook_id, evenement_id, type,"
            " survenu_le, corps, trace, statut, rang, prochaine_le, nombre_tentatives, tentatives)"
            " SELECT :collectivite, gen_random_uuid(), :webhook, gen_random_uuid(),"
            " 'orientation.personne.enregistree', now() - n * interval '1 second', '{}',"
            " repeat('0', 32), :statut, 0, now() - n * interval '1 second', 0, '[]'"
            " FROM generate_series(1, cast(:nombre AS integer)) n",
            webhook=UUID(webhook["id"]),
            nombre=nombre,
            statut=statut,
        )

    async def personne(self, nombre: int = 1) -> list[str]:
        """So many facts, by the ids of what they are of."""
        found = []
        for _ in range(nombre):
            nom = f"Essai-{uuid4().hex[:8].translate(str.maketrans('0123456789', 'ghijklmnop'))}"
            answer = await self.client.post("/v1/personnes", PERSONNE | {"nom": nom, "nir": None})
            assert answer.status_code == 201, answer.text
            found.append(answer.json()["id"])
        return found


@pytest_asyncio.fixture
async def banc(
    services: Mapping[str, Service],
    ouverte: str,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Banc]:
    service = services["orientation"]
    monkeypatch.setattr(service.reglages, "webhooks_essais", [])
    banc = Banc(service, ouverte, client)
    monkeypatch.setattr(service, "horloge", banc.horloge)
    yield banc
    banc.expediteur.fermer()


@pytest.fixture
def analyser(bases: Mapping[str, Any]) -> Callable[[], None]:
    """What the server does by itself, later: without it a long queue is planned as a short one."""

    def analyser() -> None:
        with psycopg.connect(bases["orientation"].proprietaire, autocommit=True) as base:
            base.execute("ANALYZE webhook_livraison")

    return analyser


@pytest_asyncio.fixture
async def partenaire() -> AsyncIterator[Recepteur]:
    async with recepteur() as found:
        yield found


async def test_a_receiver_proves_that_it_is_its_owners_then_is_told_what_happens(
    banc: Banc, partenaire: Recepteur
) -> None:
    """Each request bears a signature that the library of the standard believes."""
    banc.admettre(partenaire)
    await banc.personne()  # before the subscription: the feed has it, the receiver does not
    cle = str(uuid4())
    body = {"url": partenaire.url, "contacts": ["astreinte@partenaire.example"]}
    made = await banc.client.post("/v1/webhooks", body, cle=cle)
    again = await banc.client.post("/v1/webhooks", body, cle=cle)
    webhook = made.json()
    assert (again.headers["Idempotency-Replayed"], again.json()) == ("true", webhook)
    assert (webhook["statut"], webhook["version"]) == ("a_verifier", 1)
    assert (await banc.lire(webhook["id"]))["secret"] is None
    await banc.personne()  # before the proof

    await banc.tour()
    (personne,) = await banc.personne()
    await banc.tour()

    told = await banc.lire(webhook["id"])
    assert (told["statut"], told["version"], told["echec_depuis_le"]) == ("actif", 2, None)
    reference = Reference(webhook["secret"])
    for headers, corps in partenaire.recus:
        assert headers["content-type"] == "application/json"
        assert len(corps) <= rules.CORPS_MAX
        assert headers["traceparent"].startswith("00-")
        reference.verify(corps, headers)
    kinds = [one["type"] for one in partenaire.faits]
    assert kinds == ["orientation.webhook.active", "orientation.personne.enregistree"]
    facts = (await banc.client.get("/v1/changements?limite=200")).json()["elements"]
    fact = next(one for one in facts if one["id"] == personne)
    assert partenaire.recus[-1][0]["webhook-id"] == fact["evenement_id"]
    assert partenaire.faits[-1] == {
        "type": fact["type"],
        "timestamp": fact["survenu_le"],
        "data": {
            "collectivite": banc.collectivite,
            "ressource": "personnes",
            "id": personne,
            "version": 1,
            "operation": "creation",
        },
    }
    (livraison, _) = await banc.livraisons(webhook["id"], "&statut=livree")
    assert livraison["nombre_tentatives"] == 1
    assert livraison["prochaine_le"] is None
    (tentative,) = livraison["tentatives"]
    assert (tentative["issue"], tentative["statut_http"]) == ("recue", 204)
    assert set(tentative) == {"tentee_le", "issue", "statut_http", "duree_ms"}


@pytest.mark.parametrize(
    ("reponse", "issue"),
    [
        pytest.param((200, {}, b'{"defi":"autre"}'), "defi_non_rendu", id="un autre défi"),
        pytest.param((204, {}, b""), "defi_non_rendu", id="rien"),
        pytest.param((302, {"Location": "/ailleurs"}, b""), "redirection", id="ailleurs"),
        pytest.param((500, {}, b"oups"), "statut_refuse", id="une panne"),
    ],
)
async def test_a_receiver_that_proves_nothing_receives_nothing(
    banc: Banc, reponse: Reponse, issue: str
) -> None:
    """Planted: the challenge not compared, red."""

    async def repondre(_: Mapping[str, str], corps: bytes) -> Reponse:
        return reponse

    async with recepteur(repondre) as found:
        banc.admettre(found)
        made = await banc.client.post("/v1/webhooks", {"url": found.url})
        await banc.tour()
        await banc.personne()
        banc.avance += timedelta(seconds=10)
        await banc.tour()
    webhook = await banc.lire(made.json()["id"])
    assert webhook["statut"] == "a_verifier"
    assert found.faits == []
    assert len(found.recus) == 2  # the challenge, and again on its schedule
    page = await banc.client.get(f"/v1/webhooks/{webhook['id']}/livraisons?statut=en_attente")
    (livraison,) = page.json()["elements"]
    assert [one["issue"] for one in livraison["tentatives"]] == [issue, issue]


async def test_an_address_inside_is_refused_at_the_door(banc: Banc) -> None:
    for url in ("https://127.0.0.1/", "http://si.partenaire.example/", "https://si.local/"):
        refused = await banc.client.post("/v1/webhooks", {"url": url})
        assert (refused.status_code, refused.json()["code"]) == (422, "validation")
        (erreur,) = refused.json()["erreurs"]
        assert (erreur["pointeur"], erreur["code"]) == ("/url", "url-webhook-interdite")
        assert url not in refused.text
    refused = await banc.client.post(
        "/v1/webhooks",
        {"url": "https://si.partenaire.example/", "types": ["orientation.lune.levee"]},
    )
    assert [one["pointeur"] for one in refused.json()["erreurs"]] == ["/types/0"]
    assert (await banc.client.get("/v1/webhooks")).json()["elements"] == []


async def test_only_what_was_asked_for_is_sent(banc: Banc, partenaire: Recepteur) -> None:
    await banc.abonner(partenaire, types=["orientation.orientation.ouverte"])
    (personne,) = await banc.personne()
    opened = await banc.client.post("/v1/orientations", {"personne_id": personne})
    assert opened.status_code == 201
    await banc.tour()
    assert [one["type"] for one in partenaire.faits] == ["orientation.orientation.ouverte"]


async def test_a_pause_delays_and_loses_nothing(banc: Banc, partenaire: Recepteur) -> None:
    """Planted: what comes during a pause not queued, red."""
    webhook = await banc.abonner(partenaire, types=["orientation.personne.enregistree"])
    paused = await banc.commander(webhook, "pauses")
    assert (paused["statut"], paused["version"]) == ("en_pause", 3)
    personnes = await banc.personne(3)
    await banc.tour()
    assert partenaire.faits == []
    refused = await banc.commander(webhook, "pauses", 409)
    assert refused["transitions_possibles"] == ["reprises", "rejeux"]

    await banc.commander(webhook, "reprises")
    await banc.tour()
    assert sorted(one["data"]["id"] for one in partenaire.faits) == sorted(personnes)  # type: ignore[index]


async def test_two_secrets_sign_for_three_days(banc: Banc, partenaire: Recepteur) -> None:
    """Planted: the previous secret signing for ever, red."""
    webhook = await banc.abonner(partenaire)
    renewed = await banc.commander(webhook, "secrets")
    assert renewed["secret"] != webhook["secret"]

    async def believed() -> list[bool]:
        partenaire.recus.clear()
        await banc.personne()
        await banc.tour()
        headers, corps = partenaire.recus[-1]
        sent = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        signatures = headers["webhook-signature"].split(" ")
        return [
            Reference(one).sign(headers["webhook-id"], sent, corps.decode()) in signatures
            for one in (webhook["secret"], renewed["secret"])
        ]

    assert await believed() == [True, True]
    banc.avance = timedelta(hours=71, minutes=59)
    assert await believed() == [True, True]
    banc.avance = timedelta(hours=72, minutes=1)
    assert await believed() == [False, True]


async def test_a_shared_platform_verifies_with_a_public_key(
    banc: Banc, partenaire: Recepteur
) -> None:
    """What signs is never shown, and both keys hold during a rotation.

    Planted: the secret shown at the creation, red; the previous key not signing, red.
    """
    webhook = await banc.abonner(partenaire, signature="v1a")
    renewed = await banc.commander(webhook, "secrets")
    lue = await banc.lire(webhook["id"])
    assert (webhook["secret"], renewed["secret"], webhook["signature"]) == (None, None, "v1a")
    assert lue["cle_publique"] == renewed["cle_publique"] != webhook["cle_publique"]

    async def verified() -> list[bool]:
        partenaire.recus.clear()
        await banc.personne()
        await banc.tour()
        headers, corps = partenaire.recus[-1]
        signe = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + corps
        signatures = headers["webhook-signature"].split(" ")
        return [
            any(_verifie(one["cle_publique"], signature, signe) for signature in signatures)
            for one in (webhook, renewed)
        ]

    assert await verified() == [True, True]
    banc.avance = timedelta(hours=72, minutes=1)
    assert await verified() == [False, True]


def _verifie(publique: str, signature: str, signe: bytes) -> bool:
    """As a receiver does that shares no secret."""
    cle = Ed25519PublicKey.from_public_bytes(base64.b64decode(publique.removeprefix("whpk_")))
    try:
        cle.verify(base64.b64decode(signature.removeprefix("v1a,")), signe)
    except InvalidSignature:
        return False
    return True


async def test_a_receiver_that_is_gone_is_left_alone_and_may_come_back(
    banc: Banc, partenaire: Recepteur
) -> None:
    """410 turns it off with a reason, visibly; what it missed is replayed under the same ids.

    Planted: what is missed while off not kept, red; another id at a replay, red.
    """
    webhook = await banc.abonner(partenaire, types=["orientation.personne.enregistree"])
    debut = datetime.now(UTC) - timedelta(minutes=1)

    async def gone(_: Mapping[str, str], corps: bytes) -> Reponse:
        return 410, {}, b""

    partenaire.repondre = gone
    personnes = await banc.personne(1)
    await banc.tour()
    off = await banc.lire(webhook["id"])
    assert (off["statut"], off["motif_desactivation"]) == ("desactive", "recepteur_disparu")
    assert off["desactive_le"] is not None
    facts = (await banc.client.get("/v1/changements?limite=200")).json()["elements"]
    assert facts[-1]["type"] == "orientation.webhook.desactive"
    personnes += await banc.personne(2)
    await banc.tour()
    assert len(partenaire.faits) == 1
    missed = await banc.livraisons(webhook["id"], "&statut=abandonnee")
    assert len(missed) == 3

    partenaire.repondre = honnete
    again = {"depuis": debut.isoformat(), "statut": "abandonnee"}
    refused = await banc.client.post(f"/v1/webhooks/{webhook['id']}/rejeux", again)
    assert (refused.status_code, refused.json()["code"]) == (409, "transition-interdite")
    await banc.commander(webhook, "verifications")
    await banc.tour()
    back = await banc.lire(webhook["id"])
    assert (back["statut"], back["motif_desactivation"]) == ("actif", None)
    partenaire.recus.clear()
    replayed = await banc.client.post(f"/v1/webhooks/{webhook['id']}/rejeux", again)
    assert (replayed.status_code, replayed.json()["nombre"]) == (202, 3)
    assert replayed.headers["Location"] == f"/v1/webhooks/{webhook['id']}/livraisons"
    await banc.tour()
    assert sorted(one["data"]["id"] for one in partenaire.faits) == sorted(personnes)  # type: ignore[index]
    assert {headers["webhook-id"] for headers, _ in partenaire.recus} == {
        one["evenement_id"] for one in missed
    }
    late = {**again, "depuis": (datetime.now(UTC) + timedelta(minutes=1)).isoformat()}
    none = await banc.client.post(f"/v1/webhooks/{webhook['id']}/rejeux", late)
    assert none.json()["nombre"] == 0


async def test_five_days_without_a_success_are_enough(banc: Banc, partenaire: Recepteur) -> None:
    """And a success in between begins them again. Planted: never begun again, red."""
    webhook = await banc.abonner(partenaire, types=["orientation.personne.enregistree"])

    async def broken(_: Mapping[str, str], corps: bytes) -> Reponse:
        return 500, {}, b""

    async def essayer(jours: float) -> str:
        banc.avance = timedelta(days=jours)
        await banc.personne()
        await banc.tour()
        return str((await banc.lire(webhook["id"]))["statut"])

    partenaire.repondre = broken
    assert await essayer(0) == "actif"
    assert await essayer(4.9) == "actif"
    partenaire.repondre = honnete
    assert await essayer(4.95) == "actif"
    assert (await banc.lire(webhook["id"]))["echec_depuis_le"] is None
    partenaire.repondre = broken
    assert await essayer(6) == "actif"
    assert await essayer(11.1) == "desactive"
    assert (await banc.lire(webhook["id"]))["motif_desactivation"] == "sans_succes"


async def test_days_of_pause_are_no_days_of_failure(banc: Banc, partenaire: Recepteur) -> None:
    """Planted: the failure counted through the pause, red."""
    webhook = await banc.abonner(partenaire, types=["orientation.personne.enregistree"])

    async def broken(_: Mapping[str, str], corps: bytes) -> Reponse:
        return 500, {}, b""

    partenaire.repondre = broken
    await banc.personne()
    await banc.tour()
    assert (await banc.lire(webhook["id"]))["echec_depuis_le"] is not None
    await banc.commander(webhook, "pauses")
    banc.avance = timedelta(days=6)
    assert (await banc.commander(webhook, "reprises"))["echec_depuis_le"] is None
    await banc.tour()
    assert len(partenaire.recus) == 3
    assert (await banc.lire(webhook["id"]))["statut"] == "actif"


async def test_a_long_queue_is_given_up_by_slices(banc: Banc, partenaire: Recepteur) -> None:
    """No transaction holds more than a page of it, and the state commits before all of them.

    Planted: all in one transaction, red.
    """
    webhook = await banc.abonner(partenaire, types=["orientation.personne.enregistree"])
    await banc.mettre_en_file(webhook, 2 * rules.PAGE + 100)

    async def gone(_: Mapping[str, str], corps: bytes) -> Reponse:
        return 410, {}, b""

    partenaire.repondre = gone
    await banc.tour()
    assert (await banc.lire(webhook["id"]))["statut"] == "desactive"
    slices = await banc.executer(
        "SELECT statut, count(*) AS nombre FROM webhook_livraison"
        " WHERE collectivite = :collectivite AND type <> 'endpoint.verification'"
        " GROUP BY statut, xmin::text"
    )
    assert {one.statut for one in slices} == {"abandonnee"}
    assert sum(one.nombre for one in slices) == 2 * rules.PAGE + 100
    assert max(one.nombre for one in slices) <= rules.PAGE


async def test_what_a_worker_left_unfinished_is_given_up_before_the_receiver_is_back(
    banc: Banc, partenaire: Recepteur
) -> None:
    """Planted: the challenge taken while facts wait, red."""
    webhook = await banc.abonner(partenaire, types=["orientation.personne.enregistree"])
    await banc.executer(
        "UPDATE webhook SET statut = 'desactive' WHERE collectivite = :collectivite"
    )
    await banc.mettre_en_file(webhook, rules.PAGE + 1)
    await banc.commander(webhook, "verifications")
    await banc.tour()
    assert (await banc.lire(webhook["id"]))["statut"] == "actif"
    await banc.tour()
    assert partenaire.faits == []
    assert await banc.livraisons(webhook["id"], "&statut=en_attente") == []


@pytest.mark.parametrize("statut", ["actif", "en_pause", "a_verifier"])
async def test_a_round_reads_what_it_sends_not_what_waits(
    banc: Banc, partenaire: Recepteur, analyser: Callable[[], None], statut: str
) -> None:
    """Of 5 000 that wait. Planted: without the index of those in flight, red; the state tested
    beside each delivery, red; without the index of challenges, red.
    """
    webhook = await banc.abonner(partenaire, types=["orientation.personne.enregistree"])
    await banc.mettre_en_file(webhook, 5_000)
    await banc.executer(
        "UPDATE webhook SET statut = :statut WHERE collectivite = :collectivite", statut=statut
    )
    analyser()
    acces = banc.service.acces_interne(banc.collectivite)
    maintenant = banc.horloge()
    with instructions(banc.service) as sent:
        await travail.dues(banc.service, banc.collectivite)
        async with banc.service.base.transaction(acces) as tx:
            await queries.take(tx, UUID(webhook["id"]), maintenant, maintenant + rules.BAIL)
    await banc.executer(
        "UPDATE webhook_livraison SET prise_jusqu_a = NULL WHERE collectivite = :collectivite"
        " AND prise_jusqu_a IS NOT NULL"
    )
    read = {
        statement: lues(
            await expliquer(
                banc.service, statement, parameters, "ANALYZE", collectivite=banc.collectivite
            )
        )
        for statement, parameters in sent
        if "webhook" in statement
    }
    assert len(read) >= 2
    assert max(read.values()) < 100, read


async def test_a_replay_says_where_the_next_one_begins(
    banc: Banc, partenaire: Recepteur, analyser: Callable[[], None]
) -> None:
    """Even of what was delivered meanwhile. Planted: the first instant told, red."""
    webhook = await banc.abonner(partenaire, types=["orientation.personne.enregistree"])
    await banc.mettre_en_file(webhook, rules.REJEU_MAX + 1, "livree")
    analyser()
    path = f"/v1/webhooks/{webhook['id']}/rejeux"
    demande = {"depuis": (banc.horloge() - timedelta(days=1)).isoformat(), "statut": "livree"}
    made = await banc.client.post(path, demande)
    assert made.status_code == 202, made.text
    first = made.json()
    assert (first["nombre"], first["incomplet"]) == (rules.REJEU_MAX, True)
    await banc.executer(
        "UPDATE webhook_livraison SET statut = 'livree' WHERE collectivite = :collectivite"
    )
    rest = await banc.client.post(path, demande | {"depuis": first["dernier_survenu_le"]})
    # The last one again, since both ends are included, and the one that was left.
    assert (rest.json()["nombre"], rest.json()["incomplet"]) == (2, False)
    later = {"depuis": (banc.horloge() + timedelta(days=1)).isoformat()}
    assert (await banc.client.post(path, later)).json()["dernier_survenu_le"] is None


async def test_nobody_subscribed_is_asked_seldom(banc: Banc) -> None:
    """Planted: half a second as for the others, red."""
    with instructions(banc.service) as sent:
        tenir = asyncio.create_task(travail.tenir(banc.service, banc.collectivite))
        await asyncio.sleep(2.5)
        tenir.cancel()
        await asyncio.gather(tenir, return_exceptions=True)
    assert len([one for one, _ in sent if "FROM webhook w" in one]) == 1


async def test_a_page_for_people_is_no_receipt(banc: Banc, partenaire: Recepteur) -> None:
    """A firewall answers 200 and a page in the receiver's place; whoever wants it says so."""
    webhook = await banc.abonner(partenaire, types=["orientation.personne.enregistree"])

    async def firewall(_: Mapping[str, str], corps: bytes) -> Reponse:
        return 200, {"Content-Type": "text/html"}, b"<html>"

    partenaire.repondre = firewall
    await banc.personne()
    await banc.tour()
    (livraison,) = await banc.livraisons(webhook["id"])
    assert livraison["statut"] == "en_attente"
    assert livraison["tentatives"][0]["issue"] == "page_html"
    patched = await banc.client.request(
        "PATCH",
        f"/v1/webhooks/{webhook['id']}",
        content=b'{"html_est_echec":false}',
        headers={"If-Match": '"2"', "Content-Type": "application/merge-patch+json"},
    )
    assert (patched.status_code, patched.json()["statut"]) == (200, "actif")
    banc.avance += timedelta(minutes=1)
    await banc.tour()
    (livraison,) = await banc.livraisons(webhook["id"])
    assert livraison["statut"] == "livree"


async def test_another_address_is_proved_before_it_receives(
    banc: Banc, partenaire: Recepteur
) -> None:
    """What happens meanwhile waits for it."""
    webhook = await banc.abonner(partenaire, types=["orientation.personne.enregistree"])
    async with recepteur() as autre:
        banc.admettre(autre)
        patched = await banc.client.request(
            "PATCH",
            f"/v1/webhooks/{webhook['id']}",
            content=json.dumps({"url": autre.url}).encode(),
            headers={"If-Match": '"2"', "Content-Type": "application/merge-patch+json"},
        )
        assert patched.json()["statut"] == "a_verifier"
        await banc.personne()
        while await travail.distribuer(banc.service, banc.collectivite):
            pass
        await banc.tour()
        await banc.tour()
    assert partenaire.faits == []
    assert [one["type"] for one in autre.faits] == ["orientation.personne.enregistree"]
    assert json.loads(autre.recus[0][1])["type"] == "endpoint.verification"


async def test_another_address_does_not_answer_for_the_former_one(
    banc: Banc, partenaire: Recepteur
) -> None:
    """What the former one says late. Planted: not compared, red."""
    webhook = await banc.abonner(partenaire, types=["orientation.personne.enregistree"])
    recu, libre = asyncio.Event(), asyncio.Event()

    async def gone(_: Mapping[str, str], corps: bytes) -> Reponse:
        recu.set()
        await libre.wait()
        return 410, {}, b""

    partenaire.repondre = gone
    await banc.personne()
    tour = asyncio.create_task(banc.tour())
    await recu.wait()
    patched = await banc.client.request(
        "PATCH",
        f"/v1/webhooks/{webhook['id']}",
        content=json.dumps({"url": f"{partenaire.url}/ailleurs"}).encode(),
        headers={"If-Match": '"2"', "Content-Type": "application/merge-patch+json"},
    )
    assert patched.status_code == 200, patched.text
    partenaire.repondre = honnete
    libre.set()
    await tour
    found = await banc.lire(webhook["id"])
    assert (found["statut"], found["echec_depuis_le"]) == ("actif", None)
    facts = (await banc.client.get("/v1/changements?limite=200")).json()["elements"]
    assert "orientation.webhook.desactive" not in [one["type"] for one in facts]


async def test_a_slow_receiver_holds_its_own_queue_only(banc: Banc) -> None:
    """Five in flight to each, whoever sends. Planted: ten in flight, red."""
    libre = asyncio.Event()

    async def slow(_: Mapping[str, str], corps: bytes) -> Reponse:
        if b"endpoint.verification" not in corps:
            await libre.wait()
        return accuser(corps)

    async with recepteur(slow) as lent, recepteur() as vif:
        seul = ["orientation.personne.enregistree"]
        lente = await banc.abonner(lent, types=seul)
        vive = await banc.abonner(vif, types=seul)
        await banc.personne(12)
        # Two workers.
        tours = [asyncio.create_task(banc.tour()) for _ in range(2)]
        async with asyncio.timeout(20):
            while len(await banc.livraisons(vive["id"], "&statut=livree")) < 12:
                await asyncio.sleep(0.05)
        assert lent.au_plus == lent.ensemble == 5
        assert len(await banc.livraisons(lente["id"], "&statut=en_attente")) == 12
        libre.set()
        await asyncio.gather(*tours)
        assert len(await banc.livraisons(lente["id"], "&statut=livree")) == 12
        assert (lent.au_plus, len(lent.faits)) == (5, 12)


async def test_a_worker_that_dies_while_sending_leaves_nothing_behind(
    banc: Banc, partenaire: Recepteur
) -> None:
    """Its lease ends, and another sends again, under the same id. Planted: no lease's end, red."""
    webhook = await banc.abonner(partenaire, types=["orientation.personne.enregistree"])
    recu = asyncio.Event()

    async def deaf(_: Mapping[str, str], corps: bytes) -> Reponse:
        recu.set()
        await asyncio.sleep(60)
        return accuser(corps)

    partenaire.repondre = deaf
    await banc.personne()
    tour = asyncio.create_task(banc.tour())
    await recu.wait()
    tour.cancel()
    await asyncio.gather(tour, return_exceptions=True)
    partenaire.repondre = honnete
    await banc.tour()
    assert len(partenaire.faits) == 1  # leased still
    banc.avance += rules.BAIL
    await banc.tour()
    assert len(partenaire.faits) == 2
    assert len({headers["webhook-id"] for headers, _ in partenaire.recus[-2:]}) == 1
    (livraison,) = await banc.livraisons(webhook["id"])
    assert (livraison["statut"], livraison["nombre_tentatives"]) == ("livree", 1)


async def test_a_fact_that_commits_late_is_sent_all_the_same(
    banc: Banc, partenaire: Recepteur, services: Mapping[str, Service]
) -> None:
    """Read below the oldest running transaction, as the feed. Planted: read above it, red."""
    await banc.abonner(partenaire, types=["orientation.personne.enregistree"])
    from shared.schemas.commun import Operation
    from shared.socle.evenements import Fait, publier

    tard = uuid4()
    acces = banc.service.acces_interne(banc.collectivite)
    async with banc.service.base.transaction(acces) as tx:
        await publier(
            tx,
            Fait("orientation.personne.enregistree", "personnes", tard, 1, Operation.CREATION),
        )
        tot = await banc.personne(2)
        await banc.tour()
    await banc.tour()
    seen = [UUID(one["data"]["id"]) for one in partenaire.faits]  # type: ignore[index]
    assert sorted(seen) == sorted([tard, *map(UUID, tot)])


async def test_a_restored_database_sends_what_is_new_and_repeats_no_id(
    banc: Banc, partenaire: Recepteur, bases: Mapping[str, Any]
) -> None:
    """Another epoch numbers its transactions again: the place in the feed means nothing there.

    Who subscribed is told nothing from before. Planted: the epoch not compared, red; the instant
    of the activation not compared, red.
    """
    await banc.personne()
    await banc.abonner(partenaire, types=["orientation.personne.enregistree"])
    await banc.personne(2)
    await banc.tour()
    acces = banc.service.acces_interne(banc.collectivite)
    async with banc.service.base.transaction(acces) as tx:
        await tx.execute(
            text(
                "UPDATE webhook_position SET epoque = gen_random_uuid(),"
                " xid = '900000000000' WHERE collectivite = :collectivite"
            )
        )
    await banc.personne()
    await banc.tour()
    ids = [headers["webhook-id"] for headers, _ in partenaire.recus]
    assert len(ids) == len(set(ids))
    assert len(partenaire.faits) == 3


async def test_a_job_is_one_event_and_the_feed_stays_exact(
    banc: Banc, partenaire: Recepteur
) -> None:
    """An import of sixty foyers. Planted: its facts queued with the others, red."""
    from datetime import date

    from deploy.local.flux_synthetique import generer
    from services.orientation.imports.travail import importer_flux

    await banc.abonner(partenaire)
    await banc.tour()
    partenaire.recus.clear()
    contenu = b"".join(generer(foyers=60, graine=35, date_reference=date(2026, 10, 31)))
    made = await banc.client.request(
        "POST",
        "/v1/imports?type=flux_beneficiaires",
        content=contenu,
        headers={"Content-Type": "application/xml", "Idempotency-Key": str(uuid4())},
    )
    assert made.status_code == 202, made.text
    import_id = made.json()["id"]
    await importer_flux(banc.service, import_id=import_id, collectivite=banc.collectivite)
    await banc.tour()

    assert [(one["type"], one["data"]["id"]) for one in partenaire.faits] == [  # type: ignore[index]
        ("orientation.import.recu", import_id),
        ("orientation.import.terminee", import_id),
    ]
    facts = []
    suite = "/v1/changements?limite=200"
    while page := (await banc.client.get(suite)).json():
        if not page["elements"]:
            break
        facts += page["elements"]
        suite = page["pagination"]["suivant"]
    assert len(facts) > 100


async def test_of_another_collectivite_there_is_nothing(
    banc: Banc, partenaire: Recepteur, connecter: Connecter
) -> None:
    webhook = await banc.abonner(partenaire)
    stranger = connecter("orientation", dans="44D")
    path = f"/v1/webhooks/{webhook['id']}"
    assert (await stranger.get("/v1/webhooks")).json()["elements"] == []
    for answer in (
        await stranger.get(path),
        await stranger.get(f"{path}/livraisons"),
        await stranger.post(f"{path}/pauses", version=2),
        await stranger.post(f"{path}/secrets", version=2),
        await stranger.post(f"{path}/rejeux", {"depuis": "2026-01-01T00:00:00Z"}),
        await stranger.request("DELETE", path, headers={"If-Match": '"2"'}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "introuvable")
    reader = connecter("orientation", "orientation:lire")
    assert (await reader.get(path)).status_code == 403


async def test_what_is_deleted_is_sent_no_more(banc: Banc, partenaire: Recepteur) -> None:
    webhook = await banc.abonner(partenaire)
    await banc.personne()
    path = f"/v1/webhooks/{webhook['id']}"
    stale = await banc.client.request("DELETE", path, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["version_courante"]) == (412, 2)
    done = await banc.client.request("DELETE", path, headers={"If-Match": '"2"'})
    assert (done.status_code, done.content) == (204, b"")
    partenaire.recus.clear()
    await banc.tour()
    assert partenaire.recus == []
    assert (await banc.client.get(path)).status_code == 404


async def test_the_log_is_kept_for_thirty_days(banc: Banc, partenaire: Recepteur) -> None:
    webhook = await banc.abonner(partenaire)
    await banc.personne()
    await banc.tour()
    assert await banc.livraisons(webhook["id"])
    banc.avance = timedelta(days=retention.LIVRAISONS_JOURS, minutes=1)
    await retention.purger(banc.service, banc.collectivite)
    assert await banc.livraisons(webhook["id"]) == []
    assert (await banc.lire(webhook["id"]))["statut"] == "actif"


async def test_a_trial_opens_nothing(banc: Banc) -> None:
    body = {"url": "https://si.partenaire.example/reception"}
    tried = await banc.client.post("/v1/webhooks?essai=true", body)
    assert (tried.status_code, tried.json()["essai"]) == (201, True)
    assert (await banc.client.get("/v1/webhooks")).json()["elements"] == []


async def test_a_busy_receiver_is_left_alone_as_long_as_it_asks(
    banc: Banc, partenaire: Recepteur
) -> None:
    webhook = await banc.abonner(partenaire, types=["orientation.personne.enregistree"])

    async def busy(_: Mapping[str, str], corps: bytes) -> Reponse:
        return 503, {"Retry-After": "3600"}, b""

    partenaire.repondre = busy
    await banc.personne()
    await banc.tour()
    (livraison,) = await banc.livraisons(webhook["id"])
    prochaine = datetime.fromisoformat(livraison["prochaine_le"])
    assert timedelta(minutes=59) < prochaine - banc.horloge() <= timedelta(hours=1)
