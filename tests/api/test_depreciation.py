"""An operation that is to end says so: in the document, in each answer, and in the access log."""

import importlib
from datetime import date

import pytest
import structlog

from services.orientation.organismes.routes import lister_organismes_referents
from shared.socle.depreciation import DEPRECIEES, Depreciation, depreciee
from tests.conftest import Connecter

# The example of the contract guide (19.3), to the letter.
FIN = Depreciation(
    depuis=date(2027, 1, 4),
    extinction=date(2028, 1, 5),
    lien="https://docs.insertion.example/migrations/champs-v1",
)
ENTETES = {
    "Deprecation": "@1799020800",
    "Sunset": "Wed, 05 Jan 2028 00:00:00 GMT",
    "Link": '<https://docs.insertion.example/migrations/champs-v1>; rel="deprecation"',
}


@pytest.fixture
def finissante(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of organismes référents, as it would be in its last year."""
    monkeypatch.setitem(DEPRECIEES, lister_organismes_referents, FIN)


async def deux_organismes(connecter: Connecter) -> None:
    for reference in ("cd", "ft"):
        corps = {"reference": reference, "type": "autre_organisme", "nom": reference}
        made = await connecter("orientation").post("/v1/organismes-referents", corps)
        assert made.status_code == 201, made.text


@pytest.mark.usefixtures("finissante")
async def test_every_answer_of_it_says_when_it_ends(connecter: Connecter, ouverte: str) -> None:
    """Planted: headers set by the route alone, red: what is refused did not say it."""
    await deux_organismes(connecter)
    client = connecter("orientation")

    page = await client.get("/v1/organismes-referents", params={"limite": 1})
    refus = await client.get("/v1/organismes-referents", params={"limite": 0})
    autre = await client.get("/v1/orientations")

    assert (page.status_code, refus.status_code) == (200, 422)
    for name, value in ENTETES.items():
        assert value in page.headers.get_list(name)
        assert refus.headers[name] == value
        assert name not in autre.headers
    # A page still says its next one.
    assert len(page.headers.get_list("Link")) == 2
    assert page.links["next"]["url"] == page.json()["pagination"]["suivant"]


@pytest.mark.usefixtures("finissante")
async def test_its_use_is_told_of_each_client(connecter: Connecter, ouverte: str) -> None:
    client = connecter("orientation", client_id="si-en-retard")

    with structlog.testing.capture_logs() as lines:
        await client.get("/v1/organismes-referents")
        await client.get("/v1/orientations")

    told = [(one["client"], one["route"]) for one in lines if one.get("extinction") == "2028-01-05"]
    assert told == [("si-en-retard", "/v1/organismes-referents")]


@pytest.mark.usefixtures("finissante")
def test_the_document_says_it() -> None:
    document = importlib.import_module("services.orientation.app").app(None).openapi()
    operations = {
        operation["operationId"]: operation
        for methods in document["paths"].values()
        for operation in methods.values()
    }

    finissent = [name for name, one in operations.items() if "x-extinction" in one]
    found = operations["lister_organismes_referents"]

    assert finissent == ["lister_organismes_referents"]
    assert (found["deprecated"], found["x-extinction"]) == (True, "2028-01-05")
    for answer in found["responses"].values():
        assert {"Deprecation", "Sunset", "Link"} <= set(answer["headers"])


@pytest.mark.parametrize(
    ("extinction", "admise"),
    [
        pytest.param(date(2028, 1, 4), True, id="douze mois"),
        pytest.param(date(2028, 1, 3), False, id="un jour de moins"),
        pytest.param(date(2027, 2, 1), False, id="un mois"),
    ],
)
def test_an_end_is_announced_twelve_months_before(extinction: date, admise: bool) -> None:
    def annoncer() -> None:
        depreciee(depuis=date(2027, 1, 4), extinction=extinction, lien=FIN.lien)(annoncer)

    if admise:
        annoncer()
        assert DEPRECIEES.pop(annoncer).extinction == extinction
    else:
        with pytest.raises(ValueError, match="douze mois"):
            annoncer()
