"""France Travail's work queue, read whole against the fake, and what each task waits for here."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
import structlog
from sqlalchemy import text

from services.orientation.activites_france_travail import queries, travail
from shared.clients.france_travail.client import FranceTravail
from shared.clients.france_travail.contrats import FileLue
from shared.socle.service import Service
from tests.api.orientation.conftest import Dossier
from tests.api.orientation.test_france_travail import (
    Preparer,
    monde,
    ouvertes,
    preparer,
    regler,
    service,
)
from tests.api.orientation.test_france_travail import tour as echanger
from tests.api.orientation.test_places import decider
from tests.conftest import Client
from tests.doubles.france_travail import Monde, Panne, Usager
from tests.doubles.france_travail import usager as double

__all__ = ["echanger", "monde", "preparer", "service"]  # fixtures
LISTE = "/v1/activites-france-travail"
CHERCHER = "GET /partenaire/activites-operationnelles/v2/activites/chercher"
Tour = Callable[[], Awaitable[None]]


@pytest_asyncio.fixture
async def lire(service: Service, ouverte: str) -> Tour:
    """A turn of the worker in which each queue is read, as if its time had come."""

    async def run() -> None:
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            due = "UPDATE lecture_france_travail SET reprendre_le = now() - interval '1 second'"
            await tx.execute(text(f"{due} WHERE collectivite = :collectivite"))
        await travail.lire_activites_france_travail(service, ouverte)

    return run


async def file(client: Client, query: str = "") -> dict[str, dict[str, Any]]:
    """The list, by identifier of their own."""
    page = await client.get(f"{LISTE}?limite=200{query}")
    assert page.status_code == 200, page.text
    return {une["identifiant_ft"]: une for une in page.json()["elements"]}


def ids(monde: Monde, numero: str, code: str = "ACT382") -> list[str]:
    return [
        une["identifiantActivite"]
        for une in monde.activites
        if (une["usager"]["identifiant"], une["codeActivite"]) == (numero, code)
    ]


async def faits(client: Client) -> list[tuple[str, str]]:
    feed = (await client.get("/v1/changements?limite=200")).json()["elements"]
    debut = "orientation.activite_france_travail."
    return [
        (un["type"].removeprefix(debut), un["id"]) for un in feed if un["type"].startswith(debut)
    ]


async def test_each_task_says_what_it_waits_for_and_follows_what_is_decided(
    client: Client, preparer: Preparer, ouvrir: Dossier, monde: Monde, lire: Tour, echanger: Tour
) -> None:
    """Nothing is read before a person opens it; a decision here, and their queue follows.

    Planted: the queue read without a setting, red; the state left as it was when read, red.
    """
    un = await preparer()
    monde.preconiser(un["numero"], "PED", "FT")
    monde.tache("99900099999", "ACT382", "INSEA", typeParcours="PSP")
    monde.ajouter(Usager("99900099999", "191019999999999", "1991-01-31"))
    await lire()
    assert (monde.appels[CHERCHER], await file(client)) == (0, {})
    assert (await regler(client)).status_code == 201
    await lire()
    (a_decider,) = ids(monde, un["numero"])
    (inconnue,) = ids(monde, "99900099999")
    lues = await file(client)
    assert {nom: une["statut"] for nom, une in lues.items()} == {
        a_decider: "a_decider",
        inconnue: "inconnue",
    }
    assert lues[a_decider]["orientation_id"] == un["id"]
    assert lues[a_decider]["personne_id"] == un["personne_id"]
    assert (lues[inconnue]["personne_id"], lues[inconnue]["type_parcours_ft"]) == (None, "PSP")
    assert len(await faits(client)) == 2
    # Read again, nothing changed: no version, no fact.
    await lire()
    assert [une["version"] for une in (await file(client)).values()] == [1, 1]
    # Whose it is, for who is to look her up: on one task only, and while she is nobody's here.
    seule = (await client.get(f"{LISTE}/{lues[inconnue]['id']}")).json()
    assert seule["numero_france_travail"] == "99900099999"
    autre = await ouvrir(numero_france_travail="99900099999")
    await lire()
    seule = (await client.get(f"{LISTE}/{lues[inconnue]['id']}")).json()
    assert (seule["statut"], seule["orientation_id"]) == ("a_decider", autre["id"])
    assert seule["numero_france_travail"] is None
    # Decided here: seen at the next turn, without asking them; sent, and gone from their queue.
    await decider(client, un)
    appels = monde.appels[CHERCHER]
    await lire_sans_demander(lire, monde, appels)
    lue = (await file(client))[a_decider]
    assert (lue["statut"], lue["decision_id"] is not None) == ("deja_decidee", True)
    await echanger()
    assert ouvertes(monde, un["numero"]) == [("PED", "FT")]
    assert ids(monde, un["numero"], "ACT380") != []
    await lire()
    lue = (await file(client))[a_decider]
    assert (lue["statut"], lue["envoi"]) == ("disparue", "enregistree")
    assert lue["disparue_le"] is not None
    dits = [nom for nom, un_id in await faits(client) if un_id == lue["id"]]
    assert dits == ["apparue", "modifiee", "disparue"]


async def lire_sans_demander(lire: Tour, monde: Monde, appels: int) -> None:
    """A turn in which they do not answer: what is known here is brought up to date all the same."""
    monde.pannes.append(Panne("/activites/chercher", statut=400, nombre=2))
    await lire()
    assert monde.appels[CHERCHER] == appels + 2


async def test_a_task_is_gone_only_after_a_reading_that_went_to_its_end(
    client: Client,
    monde: Monde,
    lire: Tour,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two pages, the second refused: nothing is said gone.

    Planted: what an unfinished reading lacks said gone, red.
    """
    monkeypatch.setattr(double, "_PAGE_ACTIVITES", 3)
    await regler(client)
    for rang in range(5):
        monde.tache(f"9990009999{rang}", "ACT382", "INSEA")
    await lire()
    assert len(await file(client, "&statut=inconnue")) == 5
    derniere = max(monde.activites, key=lambda une: str(une["identifiantActivite"]))
    monde.activites.remove(derniere)
    coupe = Panne("/activites/chercher", statut=503, nombre=0)
    monde.pannes.append(coupe)
    for statut in (503, 500, 400):
        coupe.nombre, coupe.statut = 1, statut
        await lire()
        assert await file(client, "&statut=disparue") == {}
    # Of several pages: the queue may have moved between two, so two readings are to lack it.
    await lire()
    assert await file(client, "&statut=disparue") == {}
    await lire()
    assert list(await file(client, "&statut=disparue")) == [derniere["identifiantActivite"]]
    # It comes back, and is there again.
    monde.activites.append(derniere)
    await lire()
    assert await file(client, "&statut=disparue") == {}
    assert [nom for nom, _ in await faits(client)][-2:] == ["disparue", "apparue"]
    # On one page, the queue is what it is at one moment: gone at once.
    monkeypatch.setattr(double, "_PAGE_ACTIVITES", 1000)
    monde.activites.remove(derniere)
    await lire()
    assert list(await file(client, "&statut=disparue")) == [derniere["identifiantActivite"]]
    monde.activites.clear()
    await lire()
    assert len(await file(client, "&statut=disparue")) == 5


async def test_a_queue_that_moves_while_it_is_read_jumps_over_nothing_for_good(
    client: Client,
    monde: Monde,
    lire: Tour,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first of a page goes while it is read: the next one falls between two pages.

    Planted: gone as soon as one reading of two pages lacks it, red.
    """
    monkeypatch.setattr(double, "_PAGE_ACTIVITES", 2)
    await regler(client)
    for rang in range(4):
        monde.tache(f"9990009999{rang}", "ACT382", "INSEA")
    await lire()
    ordre = sorted(monde.activites, key=lambda une: str(une["identifiantActivite"]))
    appeler = FranceTravail._appeler

    async def bouger(self: FranceTravail, *args: Any, **rest: Any) -> Any:
        said = await appeler(self, *args, **rest)
        if ordre[0] in monde.activites:
            monde.activites.remove(ordre[0])  # the third is now the second, on a page already read
        return said

    monkeypatch.setattr(FranceTravail, "_appeler", bouger)
    for _ in range(2):
        await lire()
        assert await file(client, "&statut=disparue") == {}
    await lire()
    disparues = await file(client, "&statut=disparue")
    assert list(disparues) == [ordre[0]["identifiantActivite"]]


async def test_a_cursor_that_leads_back_ends_the_reading(
    client: Client, monde: Monde, lire: Tour
) -> None:
    await regler(client)
    monde.tache("99900099999", "ACT382", "INSEA")
    await lire()
    boucle = {"size": 1, "activites": monde.activites, "hasMore": True, "cursor": "toujours"}
    monde.pannes.append(Panne("/activites/chercher", genre="corps", corps=boucle, nombre=2))
    avant = monde.appels[CHERCHER]
    await lire()
    assert monde.appels[CHERCHER] == avant + 3  # two of ACT382, one of ACT414
    assert len(await file(client, "&statut=inconnue")) == 1


async def test_an_answer_that_says_nothing_of_the_queue_empties_it_not(
    client: Client, monde: Monde, lire: Tour
) -> None:
    """A 200 of which `activites` is missing is no empty queue. Planted: taken for one, red."""
    await regler(client)
    monde.tache("99900099999", "ACT382", "INSEA")
    await lire()
    for corps in ({"size": 0, "hasMore": False}, {}):
        monde.pannes.append(Panne("/activites/chercher", genre="corps", corps=corps))
        await lire()
        assert len(await file(client, "&statut=inconnue")) == 1


async def test_the_older_of_two_readings_says_nothing_was_seen_earlier(
    client: Client, service: Service, ouverte: str, monde: Monde, lire: Tour
) -> None:
    """Planted: whichever ends last believed, red."""
    await regler(client)
    monde.tache("99900099999", "ACT382", "INSEA")
    await lire()
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        ((identifiant, avant),) = (await queries.connues(tx, ids(monde, "99900099999"))).items()
        plus_tard = avant.vue_le + timedelta(minutes=5)
        await queries.revoir(tx, [avant.id], plus_tard)
        await queries.revoir(tx, [avant.id], avant.vue_le)
        assert await queries.changer(tx, avant, {"organisme_ft": "CD"}) is not None
        apres = (await queries.connues(tx, [identifiant]))[identifiant]
        assert apres.vue_le == plus_tard


async def test_a_thousand_and_one_are_read_listed_and_filtered(
    client: Client, service: Service, monde: Monde, lire: Tour
) -> None:
    await regler(client)
    for rang in range(1000):
        monde.tache(f"99900{rang:06d}", "ACT382", "INSEA", typeOrganismeAccompagnateur="CD")
    monde.tache("99900099999", "ACT414", "INSEA")
    await lire()
    found, url = [], f"{LISTE}?limite=200&code_activite=ACT382&statut=inconnue&statut=a_decider"
    while url:
        page = (await client.get(url)).json()
        found += page["elements"]
        url = page["pagination"]["suivant"]
    assert (len(found), len({une["id"] for une in found})) == (1000, 1000)
    assert {une["organisme_ft"] for une in found} == {"CD"}
    (reorientation,) = (await file(client, "&code_activite=ACT414")).values()
    jour = reorientation["date_echeance"]
    demain = (service.horloge() + timedelta(days=20)).date().isoformat()
    assert len(await file(client, f"&date_echeance_min={jour}&date_echeance_max={jour}")) == 200
    assert await file(client, f"&date_echeance_min={demain}") == {}
    refuse = await client.get(f"{LISTE}?statut=autre")
    assert refuse.status_code == 422


async def test_a_reorientation_is_answered_by_a_decision_that_follows_it(
    client: Client, preparer: Preparer, monde: Monde, lire: Tour
) -> None:
    """Decided before they asked is no answer; a person known, for whom nothing is open, is said."""
    await regler(client)
    un = await preparer()
    monde.preconiser(un["numero"], "PED", "FT")
    await decider(client, un)
    monde.tache(un["numero"], "ACT414", "INSEA")
    monde.activites[-1]["dateCreation"] = "2099-01-01T08:00:00"  # without a zone: Paris
    created = await client.post(
        "/v1/personnes",
        {
            "nom": "Essai",
            "prenoms": "Noé",
            "date_naissance": "1990-02-03",
            "beneficiaire_rsa": True,
            "numero_france_travail": "99900099998",
        },
    )
    assert created.status_code == 201, created.text
    monde.tache("99900099998", "ACT382", "INSEA")
    await lire()
    lues = await file(client)
    statuts = {
        une["code_activite"]: une["statut"] for une in lues.values() if une["orientation_id"]
    }
    assert statuts == {"ACT382": "deja_decidee", "ACT414": "a_decider"}
    assert [une["statut"] for une in lues.values() if not une["orientation_id"]] == [
        "sans_orientation"
    ]
    assert {une["creee_ft_le"] for une in lues.values() if une["code_activite"] == "ACT414"} == {
        "2099-01-01T07:00:00.000000Z"
    }
    monde.activites[1]["dateCreation"] = "2020-01-01T08:00:00Z"
    await lire()
    assert {une["statut"] for une in (await file(client, "&code_activite=ACT414")).values()} == {
        "deja_decidee"
    }


async def test_a_decision_that_found_no_preconisation_leaves_when_one_waits(
    client: Client, preparer: Preparer, monde: Monde, lire: Tour, echanger: Tour
) -> None:
    """Decided here first: nothing there waited for it. Planted: not taken up again, red."""
    await regler(client)
    un = await preparer()
    await decider(client, un)
    await echanger()
    assert ouvertes(monde, un["numero"]) == []
    monde.preconiser(un["numero"], "PSO", "CD")
    await echanger()
    assert ouvertes(monde, un["numero"]) == []
    await lire()
    (lue,) = (await file(client)).values()
    assert (lue["statut"], lue["envoi"]) == ("deja_decidee", "a_faire")
    await echanger()
    assert ouvertes(monde, un["numero"]) == [("PED", "FT")]
    await lire()
    assert set(await file(client, "&statut=disparue")) == {lue["identifiant_ft"]}


async def test_two_workers_read_a_queue_once_and_who_lost_it_writes_nothing(
    client: Client,
    service: Service,
    ouverte: str,
    monde: Monde,
    lire: Tour,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A reading that lasts longer than its lease brings nothing back: another has read since.

    Planted: written without holding the lease, red.
    """
    await regler(client)
    monde.tache("99900099999", "ACT382", "INSEA")
    await lire()
    appels = monde.appels[CHERCHER]
    await travail.lire_activites_france_travail(service, ouverte)
    assert monde.appels[CHERCHER] == appels  # not its time
    chercher = FranceTravail.chercher_activites

    async def lent(self: FranceTravail, code: str) -> FileLue:
        lue = await chercher(self, code)
        monkeypatch.setattr(FranceTravail, "chercher_activites", chercher)
        monde.activites.clear()
        await lire()  # its lease ended meanwhile, and another read
        return lue

    monkeypatch.setattr(FranceTravail, "chercher_activites", lent)
    await lire()
    assert len(await file(client, "&statut=disparue")) == 1


async def test_no_number_is_kept_in_clear_nor_logged(
    client: Client, service: Service, ouverte: str, monde: Monde, lire: Tour
) -> None:
    await regler(client)
    monde.tache("99900099999", "ACT382", "INSEA")
    with structlog.testing.capture_logs() as journal:
        await lire()
        monde.pannes.append(Panne("/activites/chercher", statut=400, nombre=1))
        await lire()
    assert journal
    assert "99900099999" not in str(journal)
    assert "99900099999" not in str(await file(client))
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        lignes = "SELECT a::text FROM activite_france_travail a"
        found = await tx.execute(text(f"{lignes} WHERE collectivite = :collectivite"))
        assert "99900099999" not in str(found.all())
    monde.activites.clear()
    await lire()
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        found = await tx.execute(
            text(
                "SELECT numero_scelle FROM activite_france_travail"
                " WHERE collectivite = :collectivite"
            )
        )
        assert found.scalars().all() == [None]
