"""The sandbox, through the door: whom it serves, its clock, its faults (guide, 22.1)."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
import pytest_asyncio
from pydantic import ValidationError
from sqlalchemy import text
from standardwebhooks import Webhook as Reference

from deploy.local import bases as provision
from deploy.local.flux_synthetique import generer
from services.orientation.app import PORTEES, app
from services.orientation.imports import travail
from services.orientation.settings import Settings
from shared.identifiants import nir_complet
from shared.socle import retention
from shared.socle.bac_a_sable import queries
from shared.socle.coffre import nouvelle_cle
from shared.socle.service import Service, ouvrir
from shared.socle.suivi import Suivi, un_tour
from shared.socle.travailleur import repeter
from shared.socle.webhooks import travail as webhooks
from shared.socle.webhooks.envoi import Expediteur
from tests.conftest import EMETTEUR, URLS, Client, Connecter, Emetteur, Reseau
from tests.doubles.recepteur import recepteur

BAC = "999D"
PERSONNE = {
    "nom": "Essai-Sable",
    "prenoms": "Maëlle",
    "date_naissance": "1991-01-31",
    "code_commune": "35236",
    "beneficiaire_rsa": True,
    "droits_devoirs": True,
}
PANNES, HORLOGES = "/v1/pannes-de-test", "/v1/horloges-de-test"


def reglages(adresses: provision.Adresses, **changes: Any) -> Settings:
    """The settings of a sandbox's orientation."""
    values: dict[str, Any] = {
        "url": URLS["orientation"],
        "postgres": adresses.service,
        "cle": nouvelle_cle(),
        "secret": "secret-de-test",
        "connexions": 10,
        "JALONS_EMETTEUR_URL": EMETTEUR,
        "JALONS_BAC_A_SABLE": True,
    }
    return Settings(**values | changes)


class Bac:
    """Two processes of one sandbox, over one base."""

    def __init__(self, services: list[Service], https: list[httpx.AsyncClient], sign: Emetteur):
        self.services = services
        self._https, self._emetteur = https, sign

    def client(self, processus: int = 0, *, client_id: str = "si-essai", dans: str = BAC) -> Client:
        """A client with every scope."""
        jeton = self._emetteur.jeton("orientation", dans, " ".join(PORTEES), client_id)
        return Client(self._https[processus], jeton)


@pytest.fixture
def vide(serveur: str, bases: Mapping[str, provision.Adresses]) -> Iterator[None]:
    """The sandbox as it opens: at the true time, and nothing asked for."""
    yield
    base = bases["orientation"].service.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(serveur, dbname=base, autocommit=True) as connexion:
        connexion.execute("TRUNCATE horloge_de_test, panne_de_test")


@pytest_asyncio.fixture
async def bac(
    bases: Mapping[str, provision.Adresses], reseau: Reseau, emetteur: Emetteur, vide: None
) -> AsyncIterator[Bac]:
    """A sandbox of two processes, whose collectivité is open."""
    reglage = reglages(bases["orientation"])
    async with AsyncExitStack() as stack:
        voisins = await stack.enter_async_context(httpx.AsyncClient(transport=reseau))
        services, https = [], []
        for _ in range(2):
            service = Service("orientation", reglage, client=voisins)
            stack.push_async_callback(service.base.aclose)
            application = app(reglage)
            application.state.service = service
            transport = httpx.ASGITransport(application)
            https.append(
                await stack.enter_async_context(
                    httpx.AsyncClient(transport=transport, base_url=URLS["orientation"])
                )
            )
            services.append(service)
        found = Bac(services, https, emetteur)
        corps = {
            "code": BAC,
            "libelle": "Bac à sable",
            "ideparte": "999",
            "fuseau": "Europe/Paris",
        }
        ouverture = await found.client().post("/v1/collectivites", corps)
        assert ouverture.status_code == 201 or ouverture.json()["code"].endswith("existante")
        yield found


async def orientation_ouverte(client: Client) -> dict[str, Any]:
    """A case opened now."""
    personne = await client.post("/v1/personnes", PERSONNE)
    assert personne.status_code == 201, personne.text
    creee = await client.post("/v1/orientations", {"personne_id": personne.json()["id"]})
    assert creee.status_code == 201, creee.text
    found: dict[str, Any] = creee.json()
    return found


async def etats(client: Client, orientation_id: str) -> set[str]:
    """The states of the deadlines of a case."""
    page = await client.get("/v1/echeances", params={"orientation_id": orientation_id})
    assert page.status_code == 200, page.text
    return {one["etat"] for one in page.json()["elements"]}


async def avancer(client: Client, **corps: Any) -> dict[str, Any]:
    """Move the clock."""
    answer = await client.post(HORLOGES, corps)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_time_passes_in_every_process(bac: Bac) -> None:
    """A deadline is missed by the other process's next request, with tokens of the true time.

    Planted: the clock not read at each request, red.
    """
    client, autre = bac.client(), bac.client(1)
    orientation = await orientation_ouverte(client)
    assert await etats(autre, orientation["id"]) == {"a_temps"}
    deplacee = await avancer(client, avance_s=100 * 86_400)
    assert "en_retard" in await etats(autre, orientation["id"])
    assert "en_retard" in await etats(client, orientation["id"])
    assert deplacee["decalage_s"] == 100 * 86_400
    lue = await autre.get(f"{HORLOGES}/{deplacee['id']}")
    assert lue.json() == deplacee
    suivante = await orientation_ouverte(autre)
    jour = datetime.fromisoformat(suivante["recu_le"]) - datetime.fromisoformat(
        orientation["recu_le"]
    )
    assert jour > timedelta(days=99)


async def test_the_clock_only_goes_forward(bac: Bac) -> None:
    client = bac.client()
    premiere = await avancer(client, avance_s=3_600)
    but = datetime.fromisoformat(premiere["instant"]) + timedelta(hours=1)
    seconde = await avancer(client, instant=but.isoformat())
    assert seconde["decalage_s"] in (7_199, 7_200)
    recul = await client.post(HORLOGES, {"instant": premiere["instant"]})
    assert recul.status_code == 422
    assert recul.json()["erreurs"][0]["pointeur"] == "/instant"
    liste = await client.get(HORLOGES)
    assert [one["id"] for one in liste.json()["elements"]] == [seconde["id"], premiere["id"]]


async def test_moves_at_once_add_up(bac: Bac) -> None:
    """Planted: the clock read without the lock, red."""
    await asyncio.gather(*(avancer(bac.client(rang % 2), avance_s=60) for rang in range(10)))
    liste = await bac.client().get(HORLOGES)
    decalages = sorted(one["decalage_s"] for one in liste.json()["elements"])
    assert decalages == [60 * rang for rang in range(1, 11)]


async def test_work_without_a_request_follows(
    bac: Bac, bases: Mapping[str, provision.Adresses]
) -> None:
    """A worker, which nobody calls, starts at the sandbox's time, and its sweeps follow a move.

    Planted: sweeps that sleep their pause out, red; one under way when the clock moves, not woken
    after it, red; the clock not read before the first sweep, red.
    """
    await avancer(bac.client(), avance_s=86_400)
    lus: list[datetime] = []
    commence, finir = asyncio.Event(), asyncio.Event()

    async def relever(service: Service, _: str) -> None:
        lus.append(service.horloge())
        commence.set()
        if len(lus) == 2:
            await finir.wait()

    async with ouvrir("orientation", reglages(bases["orientation"])) as service:
        releve = asyncio.create_task(repeter(service, relever, 3_600, BAC))
        for rang in (1, 2, 3):
            await asyncio.wait_for(commence.wait(), 2)
            commence.clear()
            assert lus[-1] - datetime.now(UTC) > timedelta(hours=24 * rang - 1)
            await avancer(bac.client(), avance_s=86_400)
            if rang == 2:  # under way, it has read the clock already
                while service.horloge() - datetime.now(UTC) < timedelta(hours=71):
                    await asyncio.sleep(0.05)
                finir.set()
        releve.cancel()


async def test_a_process_never_goes_back(bac: Bac) -> None:
    """An answer that was read before a move, and comes after it, changes nothing.

    Planted: whatever was read last believed, red.
    """
    await avancer(bac.client(), avance_s=86_400)
    service = bac.services[0]
    assert service.bac is not None
    async with service.base.transaction(service.acces_interne(BAC)) as tx:
        avant = await queries.read_decalage(tx)
    await avancer(bac.client(), avance_s=86_400)
    await service.bac.lire()
    service.bac.savoir(avant)
    assert service.horloge() - datetime.now(UTC) > timedelta(hours=47)


async def test_what_meets_the_outside_keeps_the_true_time(
    bac: Bac, bases: Mapping[str, provision.Adresses]
) -> None:
    """Forty days ahead, a receiver of today believes a webhook, and a maintenance still holds.

    Planted: signed at the sandbox's time, red; the maintenance by it, red.
    """
    client, service = bac.client(), bac.services[0]
    await avancer(client, avance_s=40 * 86_400)
    async with recepteur() as partenaire:
        service.reglages.webhooks_essais.append(partenaire.origine)
        made = await client.post("/v1/webhooks", {"url": partenaire.url})
        assert made.status_code == 201, made.text
        expediteur = Expediteur(service.reglages.webhooks_essais)
        await webhooks.vider(service, BAC, UUID(made.json()["id"]), expediteur)
        expediteur.fermer()
        ((headers, corps),) = partenaire.recus
        Reference(made.json()["secret"]).verify(corps, headers)
    service.reglages.maintenance_jusqu_a = datetime.now(UTC) + timedelta(hours=1)
    assert (await client.get(HORLOGES)).status_code == 503


async def test_exactly_so_many_calls_fail(bac: Bac) -> None:
    """Of two processes together, and a failed call writes nothing.

    Planted: the fault read without its lock, red; the fault raised in the caller's own
    transaction, which gives the call back, red.
    """
    client = bac.client()
    panne = await client.post(
        PANNES,
        {"code": "surcharge", "appels": 7, "operation": "creer_personne", "reprise_s": 5},
    )
    assert panne.status_code == 201, panne.text
    cles = [str(uuid4()) for _ in range(24)]
    answers = await asyncio.gather(
        *(
            bac.client(rang % 2).post("/v1/personnes", PERSONNE, cle=cle)
            for rang, cle in enumerate(cles)
        )
    )
    assert Counter(one.status_code for one in answers) == {503: 7, 201: 17}
    rate = next(one for one in answers if one.status_code == 503)
    assert rate.headers["content-type"] == "application/problem+json"
    assert rate.headers["retry-after"] == "5"
    assert rate.json()["code"] == "surcharge"
    lue = await client.get(f"{PANNES}/{panne.json()['id']}")
    assert (lue.json()["appels"], lue.json()["restants"]) == (7, 0)
    # Sent again under the same keys, those that failed are done, the others are told again.
    reprises = [await client.post("/v1/personnes", PERSONNE, cle=cle) for cle in cles]
    assert Counter(one.headers.get("idempotency-replayed") for one in reprises) == {
        "true": 17,
        None: 7,
    }


async def test_a_fault_is_of_one_client_and_one_operation(bac: Bac) -> None:
    """Planted: the operation not compared, red; the client not compared, red."""
    client, autre = bac.client(), bac.client(client_id="si-voisin")
    corps = {"code": "quota-depasse", "appels": 2, "operation": "lister_personnes"}
    refusee = await client.post(PANNES, corps)
    assert refusee.status_code == 422
    assert refusee.json()["erreurs"][0]["pointeur"] == "/operation"
    corps["operation"] = "lister_orientations"
    panne = await client.post(PANNES, corps)
    assert (await client.get("/v1/limites")).status_code == 200
    assert (await autre.get("/v1/orientations")).status_code == 200
    assert (await autre.get(f"{PANNES}/{panne.json()['id']}")).status_code == 404
    premier = await client.get("/v1/orientations")
    assert (premier.status_code, premier.headers["retry-after"]) == (429, "60")
    assert [one["restants"] for one in (await client.get(PANNES)).json()["elements"]] == [1]
    retrait = await client.request(
        "DELETE", f"{PANNES}/{panne.json()['id']}", headers={"If-Match": '"1"'}
    )
    assert retrait.status_code == 204
    assert (await client.get("/v1/orientations")).status_code == 200
    assert (await client.get(f"{PANNES}/{panne.json()['id']}")).status_code == 404


async def test_a_fault_may_be_slow(bac: Bac) -> None:
    """It holds nothing while it waits, and a caller's own deadline still binds."""
    client = bac.client()
    lente = {"code": "interne", "appels": 1, "latence_ms": 400}
    assert (await client.post(PANNES, lente)).status_code == 201
    debut = time.monotonic()
    assert (await client.get("/v1/limites")).status_code == 500
    assert time.monotonic() - debut >= 0.4
    assert (await client.post(PANNES, lente)).status_code == 201
    pressee = await client.get("/v1/limites", headers={"Delai-Max": "100"})
    assert (pressee.status_code, pressee.json()["code"]) == (504, "delai-depasse")


async def test_faults_come_in_their_order(bac: Bac) -> None:
    client = bac.client()
    for code in ("interne", "delai-depasse", "jeton-expire"):
        assert (await client.post(PANNES, {"code": code})).status_code == 201
    got = [(await client.get("/v1/limites")).status_code for _ in range(4)]
    assert got == [500, 504, 401, 200]


async def test_only_a_nir_of_nobody_is_taken(bac: Bac) -> None:
    """By two ways of creating, and by the search. Planted: not looked at in the search, red."""
    client = bac.client()
    de_quelqu_un, de_personne = (
        "291013599800142",
        nir_complet("2910135999" + f"{uuid4().int:0>39}"[-3:]),
    )
    corps = PERSONNE | {"nir": nir_complet(de_quelqu_un[:13])}
    recherche = {"nir": corps["nir"], "date_naissance": "1991-01-31"}
    for chemin, envoye in (
        ("/v1/personnes", corps),
        ("/v1/personnes/enregistrements", corps | {"source": "agent"}),
        ("/v1/personnes/recherches", recherche),
    ):
        answer = await client.post(chemin, envoye)
        assert answer.status_code == 422, answer.text
        (erreur,) = answer.json()["erreurs"]
        assert (erreur["pointeur"], erreur["code"]) == ("/nir", "nir-interdit-ici")
        assert corps["nir"] not in answer.text
    assert (await client.post("/v1/personnes", PERSONNE | {"nir": de_personne})).status_code == 201


async def test_a_flux_holds_nobody(bac: Bac) -> None:
    """The foyer of somebody is refused whole; the others are read. Planted: not looked at, red."""
    client, service = bac.client(), bac.services[0]
    graine = uuid4().int % 10**6
    contenu = b"".join(
        generer(foyers=4, graine=graine, ideparte="999", date_reference=date(2026, 10, 31))
    )
    nir = contenu.partition(b"<NIR>")[2].partition(b"</NIR>")[0]
    assert nir[7:10] == b"999"
    vrai = nir_complet((nir[:7] + b"238" + nir[10:13]).decode())[: len(nir)].encode()
    received = await client.request(
        "POST",
        "/v1/imports?type=flux_beneficiaires",
        content=contenu.replace(nir, vrai),
        headers={"Content-Type": "application/xml", "Idempotency-Key": str(uuid4())},
    )
    assert received.status_code == 202, received.text
    await travail.importer_flux(service, import_id=received.json()["id"], collectivite=BAC)
    lu = (await client.get(received.headers["Location"])).json()
    assert lu["statut"] == "terminee"
    assert (lu["compteurs"]["foyers_lus"], lu["compteurs"]["foyers_refuses"]) == (4, 1)
    resultats = await client.get(f"{received.headers['Location']}/resultats")
    assert "nir_interdit_ici" in resultats.text
    assert vrai.decode() not in resultats.text


async def test_tokens_of_the_one_are_nothing_to_the_other(
    bac: Bac, connecter: Connecter, ouverte: str
) -> None:
    """Though one issuer signed both. Planted: either not compared, red."""
    for client in (bac.client(dans=ouverte), connecter("orientation", dans=BAC)):
        answer = await client.get("/v1/limites")
        assert answer.status_code == 401
        assert answer.json()["code"] == "jeton-audience"
    assert (await bac.client().get("/v1/limites")).status_code == 200
    assert (await connecter("orientation").get("/v1/limites")).status_code == 200


@pytest.mark.parametrize("service", URLS)
async def test_nothing_of_it_is_in_production(
    connecter: Connecter, ouverte: str, service: str
) -> None:
    """Planted: the route open everywhere, red."""
    client = connecter(service)
    for chemin, corps in ((HORLOGES, {"avance_s": 60}), (PANNES, {"code": "interne"})):
        assert (await client.post(chemin, corps)).status_code == 404
        assert (await client.get(chemin)).status_code == 404
        assert (await client.get(f"{chemin}/{uuid4()}")).status_code == 404
    assert (await client.get("/v1/limites")).status_code == 200


@pytest.mark.parametrize(
    ("url", "admis"),
    [
        ("http://127.0.0.1:8701", True),
        ("https://orientation.insertion.example", True),
        ("https://bac-a-sable.orientation.insertion.fr", True),
        ("https://orientation.insertion.fr", False),
        ("https://orientation-bac-a-sable.insertion.fr", False),
    ],
)
def test_no_production_opens_it_by_accident(
    bases: Mapping[str, provision.Adresses], url: str, admis: bool
) -> None:
    if admis:
        assert reglages(bases["orientation"], url=url).bac_a_sable
    else:
        with pytest.raises(ValidationError, match="JALONS_BAC_A_SABLE"):
            reglages(bases["orientation"], url=url)


async def test_what_is_written_after_a_move_is_kept(bac: Bac) -> None:
    """The database dates rows at the true time: forty days later, they are of today.

    Planted: the purge by the moved clock, red.
    """
    client, cle = bac.client(), str(uuid4())
    await avancer(client, avance_s=40 * 86_400)
    premiere = await client.post("/v1/personnes", PERSONNE, cle=cle)
    await retention.purger(bac.services[0], BAC)
    encore = await client.post("/v1/personnes", PERSONNE, cle=cle)
    assert encore.headers["idempotency-replayed"] == "true"
    assert encore.json() == premiere.json()


async def test_a_position_that_expired_is_left_even_for_nothing(
    services: Mapping[str, Service],
    connecter: Connecter,
    ouverte: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A feed that said nothing for thirty-one days is not asked again without end.

    Planted: the position kept when its page is empty, red.
    """

    async def rien(*_: Any) -> None:
        return None

    producteur, suiveur = services["orientation"], services["financement"]
    suivi = Suivi("orientation", frozenset(), rien, rien)
    creee = await connecter("orientation").post("/v1/personnes", PERSONNE)
    assert creee.status_code == 201
    await un_tour(suiveur, suivi, ouverte, attente_s=0)

    async def position() -> str | None:
        async with suiveur.base.transaction(suiveur.acces_interne(ouverte)) as tx:
            lue = await tx.execute(text("SELECT position FROM suivi WHERE source = 'orientation'"))
            return lue.scalar_one_or_none()

    avant = await position()
    assert avant is not None
    plus_tard = datetime.now(UTC) + timedelta(days=31)
    monkeypatch.setattr(producteur, "horloge", lambda: plus_tard)
    await retention.purger(producteur, ouverte)
    await un_tour(suiveur, suivi, ouverte, attente_s=0)
    apres = await position()
    assert apres != avant
    await un_tour(suiveur, suivi, ouverte, attente_s=0)
    assert await position() == apres


async def test_nothing_is_asked_of_the_base_elsewhere(services: Mapping[str, Service]) -> None:
    """A production pays nothing for the sandbox: no clock to read, no fault to look for."""
    assert all(service.bac is None for service in services.values())
    service = services["orientation"]
    async with service.base.transaction(service.acces_interne(BAC)) as tx:
        assert (await tx.execute(text("SELECT count(*) FROM horloge_de_test"))).scalar_one() == 0
