"""data·inclusion's catalogue read every day against the fake, and what an absence proves."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.parcours.settings import Settings
from services.parcours.synchronisations import rules, travail
from shared.clients.data_inclusion import AccesDataInclusion, DataInclusion, ErreurDataInclusion
from shared.refus import Validation
from shared.schemas.parcours.synchronisations import StatutSynchronisation
from shared.socle.service import Service
from tests.api.parcours.test_offres import SERVICE
from tests.conftest import Client, Connecter, Reseau
from tests.doubles.data_inclusion import Catalogue, Panne, app

LISTE = "/v1/synchronisations-data-inclusion"
JOUR = timedelta(days=1)
Tour = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def catalogue() -> Catalogue:
    """data·inclusion, empty."""
    return Catalogue()


@pytest.fixture(autouse=True)
def sans_attente(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between attempts, unless they ask for one."""
    monkeypatch.setattr("shared.clients.france_travail.reprises._PREMIERE_S", 0)


@pytest_asyncio.fixture
async def service(
    services: Mapping[str, Service], reseau: Reseau, ouverte: str, catalogue: Catalogue
) -> AsyncIterator[Service]:
    """Parcours, whose collectivité has a way in."""
    found = services["parcours"]
    assert isinstance(found.reglages, Settings)
    hote = f"di-{ouverte.lower()}.example"
    reseau.apps[hote] = app(catalogue)  # type: ignore[assignment]
    corps = {"url": f"https://{hote}", "jeton": catalogue.jeton, "taille": 3, "essais": 2}
    found.reglages.data_inclusion[ouverte] = AccesDataInclusion.model_validate(corps)
    horloge = found.horloge
    yield found
    found.horloge = horloge
    del found.reglages.data_inclusion[ouverte], reseau.apps[hote]


@pytest_asyncio.fixture
async def client(connecter: Connecter) -> Client:
    """The département's own client of parcours."""
    return connecter("parcours")


@pytest_asyncio.fixture
async def synchroniser(service: Service, ouverte: str, client: Client) -> Tour:
    """A turn of the worker, so much later than the last; returns the last reading."""
    now = datetime.now(UTC)

    async def run(apres: timedelta = JOUR) -> dict[str, Any]:
        nonlocal now
        now += apres
        service.horloge = lambda: now
        await travail.synchroniser_data_inclusion(service, ouverte)
        found: dict[str, Any] = (await client.get(LISTE)).json()["elements"][0]
        return found

    return run


@pytest.fixture
def departement(ouverte: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The collectivité of a test is on the territory of 35."""
    monkeypatch.setattr(
        "services.parcours.offres.rules._DEPARTEMENTS", {ouverte[:-1]: frozenset({"35"})}
    )


pytestmark = pytest.mark.usefixtures("departement")


async def offres(client: Client) -> dict[str, dict[str, Any]]:
    page = await client.get("/v1/offres?limite=200")
    return {une["reference"]: une for une in page.json()["elements"]}


async def test_the_catalogue_becomes_offers_and_a_day_later_what_changed(
    client: Client, catalogue: Catalogue, synchroniser: Tour
) -> None:
    """By the rules of the route: no contact, a zone of elsewhere refused, what is older ignored."""
    for _ in range(7):
        catalogue.ajouter()
    ailleurs = catalogue.ajouter(zone_eligibilite=["44"])
    catalogue.ajouter(code_insee="44109")
    catalogue.ajouter(thematiques=["inconnue--ici"])
    lue = await synchroniser()
    assert lue["statut"] == "terminee"
    assert (lue["lues"], lue["nouvelles"], lue["refusees"]) == (8, 7, 1)
    assert lue["refus"] == [{"reference": ailleurs["id"], "champ": "zone_eligibilite"}]
    connues = await offres(client)
    assert {une["freins"][0] for une in connues.values()} == {"numerique"}
    assert "exemple" not in str(connues).lower()
    catalogue.services["dora--00000001"] |= {"nom": "Atelier changé", "date_maj": "2026-03-01"}
    catalogue.services["dora--00000002"] |= {"nom": "Sans date plus récente"}
    encore = await synchroniser(timedelta(hours=1))
    assert encore["id"] == lue["id"]  # not its time
    lue = await synchroniser()
    assert (lue["modifiees"], lue["inchangees"], lue["nouvelles"]) == (1, 6, 0)
    assert (await offres(client))["dora--00000001"]["titre"] == "Atelier changé"
    assert (await client.get(f"{LISTE}/{lue['id']}")).json() == lue
    feed = (await client.get("/v1/changements?limite=200")).json()["elements"]
    dits = [un["type"] for un in feed if un["ressource"] == "synchronisations-data-inclusion"]
    assert dits == ["parcours.synchronisation_data_inclusion.terminee"] * 2


async def test_pages_that_move_give_each_service_once(
    client: Client, catalogue: Catalogue, synchroniser: Tour
) -> None:
    """One row comes twice, another not at all: counted, and nothing is gone for it.

    Planted: `Lecture` that keeps rows and not identifiers, red.
    """
    for _ in range(7):
        catalogue.ajouter()
    await synchroniser()
    catalogue.decale = True
    lue = await synchroniser()
    assert lue["doublons"] == lue["manquantes"] == lue["absentes"] > 0
    assert lue["lues"] + lue["manquantes"] == 7
    assert lue["retirees"] == 0
    assert {une["date_retrait"] for une in (await offres(client)).values()} == {None}


async def test_one_absence_is_not_a_deletion(
    client: Client, catalogue: Catalogue, synchroniser: Tour
) -> None:
    """Three in a row, and they say that they know it no more; it stays readable, and may return.

    Planted: absent once is withdrawn, red; withdrawn without asking of it, red.
    """
    for _ in range(4):
        catalogue.ajouter()
    await synchroniser()
    reference = "dora--00000001"
    perdue = catalogue.services.pop(reference)
    for _ in range(2):
        lue = await synchroniser()
        assert (lue["absentes"], lue["retirees"]) == (1, 0)
    catalogue.services[reference] = perdue
    assert (await synchroniser())["absentes"] == 0  # seen: counted from the beginning again
    # Lists leave it out, and they still know it.
    catalogue.caches.add(reference)
    for _ in range(4):
        assert (await synchroniser())["retirees"] == 0
    del catalogue.services[reference]
    retirees = [(await synchroniser())["retirees"] for _ in range(4)]
    assert sum(retirees) == 1
    une = (await offres(client))[reference]
    assert (une["titre"], une["date_retrait"] is not None) == ("Atelier 1", True)
    feed = (await client.get("/v1/changements?limite=200")).json()["elements"]
    assert [un["type"] for un in feed if un["id"] == une["id"]] == [
        "parcours.offre.enregistree",
        "parcours.offre.retiree",
    ]
    catalogue.caches.clear()
    catalogue.services[reference] = perdue
    assert (await synchroniser())["modifiees"] == 1
    une = (await offres(client))[reference]
    assert (une["date_retrait"], une["version"]) == (None, 3)


async def test_a_catalogue_that_is_ill_withdraws_nothing(
    client: Client, catalogue: Catalogue, synchroniser: Tour
) -> None:
    """It lost more than half; and what was imported by hand is not followed at all."""
    for _ in range(4):
        catalogue.ajouter()
    made = await client.post("/v1/offres-data-inclusion", {**SERVICE, "id": "dora--a-la-main"})
    assert made.status_code == 201, made.text
    await synchroniser()
    gardes = dict(catalogue.services)
    catalogue.services.clear()
    for _ in range(5):
        lue = await synchroniser()
        assert (lue["statut"], lue["absentes"], lue["retirees"]) == ("terminee", 4, 0)
    catalogue.services |= gardes
    assert (await synchroniser())["inchangees"] == 4
    assert {une["date_retrait"] for une in (await offres(client)).values()} == {None}


@pytest.mark.parametrize(
    ("panne", "erreur", "appels"),
    [
        pytest.param(Panne("/services", statut=401, nombre=9), "401", 1, id="jeton refusé"),
        pytest.param(Panne("/services", statut=500, nombre=9), "500", 2, id="en panne"),
        pytest.param(Panne("/services", statut=429, nombre=9), "429", 2, id="trop vite"),
        pytest.param(
            Panne("/services", statut=429, nombre=9, retry_after="3600"), "429", 1, id="patience"
        ),
        pytest.param(Panne("/services", corps="<html>", nombre=9), "illisible", 1, id="une page"),
        pytest.param(Panne("/services", corps="[]", nombre=9), "illisible", 1, id="autre chose"),
    ],
)
async def test_what_fails_is_said_and_taken_up_an_hour_later(
    client: Client,
    catalogue: Catalogue,
    synchroniser: Tour,
    panne: Panne,
    erreur: str,
    appels: int,
) -> None:
    catalogue.ajouter()
    catalogue.pannes.append(Panne(**vars(panne)))
    lue = await synchroniser()
    assert (lue["statut"], lue["erreur"], lue["lues"]) == ("echouee", erreur, 0)
    assert catalogue.appels["/api/v1/services"] == appels
    catalogue.pannes.clear()
    assert (await synchroniser(timedelta(minutes=59)))["id"] == lue["id"]
    assert (await synchroniser(timedelta(minutes=1)))["nouvelles"] == 1
    assert len((await client.get(LISTE)).json()["elements"]) == 2


async def test_a_fault_in_the_middle_counts_no_absence(
    catalogue: Catalogue, synchroniser: Tour, service: Service, ouverte: str
) -> None:
    """One that passes is repeated; one that lasts proves nothing; one who died is replaced."""
    for _ in range(7):
        catalogue.ajouter()
    catalogue.pannes.append(Panne("/services", statut=503))
    assert (await synchroniser())["nouvelles"] == 7
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        service_mort = await travail._commencer(service, tx)
    assert service_mort is None  # not its time
    service.horloge = lambda h=service.horloge(): h + JOUR  # type: ignore[misc]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        service_mort = await travail._commencer(service, tx)
    assert service_mort is not None
    assert (await synchroniser(JOUR + rules.BAIL - timedelta(seconds=1)))["statut"] == "en_cours"
    lue = await synchroniser(timedelta(seconds=1))
    assert (lue["statut"], lue["inchangees"]) == ("terminee", 7)


async def test_communes_bring_what_serves_them_from_elsewhere(
    catalogue: Catalogue, service: Service, ouverte: str, synchroniser: Tour
) -> None:
    assert isinstance(service.reglages, Settings)
    acces = service.reglages.data_inclusion[ouverte]
    service.reglages.data_inclusion[ouverte] = acces.model_copy(update={"communes": ["35238"]})
    catalogue.ajouter()
    catalogue.ajouter(code_insee=None, modes_accueil=["a-distance"], zone_eligibilite=["france"])
    catalogue.ajouter(code_insee="44109", zone_eligibilite=["44"])
    lue = await synchroniser()
    assert (lue["lues"], lue["nouvelles"], lue["doublons"]) == (2, 2, 0)


async def test_the_client_filters_and_says_none(catalogue: Catalogue) -> None:
    catalogue.ajouter()
    loin = catalogue.ajouter(modes_accueil=["a-distance"], frais="payant")
    acces = AccesDataInclusion.model_validate({"url": "https://di.example", "jeton": "autre"})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app(catalogue))) as http:
        with pytest.raises(ErreurDataInclusion, match="401"):
            await DataInclusion(acces, http).lire_service(loin["id"])
        catalogue.jeton = "autre"
        client = DataInclusion(acces, http)
        found = await client.chercher(
            "35238", thematiques=["numerique--maitriser-les-fondamentaux-du-numerique"]
        )
        assert loin["id"] in found.services
        assert await client.lire_service("dora--absent") is None
        assert "autre" not in repr(acces)


@pytest.mark.parametrize(
    ("absences", "jours", "retiree"),
    [
        pytest.param(1, 1, False, id="une absence"),
        pytest.param(2, 2, False, id="deux"),
        pytest.param(3, 3, True, id="trois"),
        pytest.param(1, 29, False, id="vingt-neuf jours"),
        pytest.param(1, 30, True, id="trente jours"),
    ],
)
def test_gone_is_three_readings_or_thirty_days(absences: int, jours: int, retiree: bool) -> None:
    jour = datetime(2026, 3, 1, tzinfo=UTC).date()
    assert rules.a_retirer(absences, jour - timedelta(days=jours), jour) is retiree


@pytest.mark.parametrize(
    ("statut", "age", "due"),
    [
        pytest.param(None, None, True, id="la première"),
        pytest.param(StatutSynchronisation.TERMINEE, rules.PERIODE, True, id="un jour après"),
        pytest.param(
            StatutSynchronisation.TERMINEE, rules.PERIODE - timedelta(seconds=1), False, id="avant"
        ),
        pytest.param(StatutSynchronisation.ECHOUEE, rules.REPRISE, True, id="échouée"),
        pytest.param(StatutSynchronisation.EN_COURS, rules.REPRISE, False, id="en cours"),
        pytest.param(StatutSynchronisation.EN_COURS, rules.BAIL, True, id="morte"),
    ],
)
def test_a_reading_is_due(
    statut: StatutSynchronisation | None, age: timedelta | None, due: bool
) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    commencee = None if age is None else now - age
    assert rules.a_commencer(now, statut=statut, commencee_le=commencee) is due


def test_a_record_keeps_what_an_offer_takes() -> None:
    record = Catalogue().ajouter(description="x" * 3000, lien_mobilisation="pas une adresse")
    lu = rules.service_lu(record)
    assert (len(lu.description or ""), lu.lien_mobilisation) == (2000, None)
    with pytest.raises(Validation):
        rules.service_lu({**record, "date_maj": "hier"})


def test_half_a_catalogue_counts_and_less_does_not() -> None:
    assert rules.absences_comptees(vues=2, suivies=4)
    assert not rules.absences_comptees(vues=1, suivies=4)
    assert rules.absences_comptees(vues=0, suivies=0)
