"""Young people: the FAJ with the real financement on the wire, CEJ, and the network."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deploy.local import bases as provision
from shared.socle.service import Service
from tests.api.parcours.conftest import ORDINAIRES, Horloge, ensemble
from tests.api.parcours.test_emplois import compter, erreurs
from tests.api.parcours.test_prescriptions import FINANCEMENT, Coupure
from tests.conftest import Client, Connecter, Reseau, validations_lentes

CEJ = {"type": "cej", "date_debut": "2026-03-03", "date_fin": "2027-03-02", "age_entree": 19}


@dataclass(frozen=True)
class Fonds:
    """An envelope of 1 000,00 € for young people, and a client that asks."""

    client: Client
    financement: Client
    parcours_id: str
    action_id: str
    enveloppe_id: str

    async def demander(
        self, montant_centimes: int = 400_00, *, cle: str | None = None, **champs: Any
    ) -> httpx.Response:
        """Ask for an aid."""
        demande = {
            "action_id": self.action_id,
            "nature": "permis",
            "montant_centimes": montant_centimes,
            "paye_a": "tiers",
            "age": 20,
            "date_demande": "2026-07-01",
            **champs,
        }
        return await self.client.post(
            f"/v1/parcours/{self.parcours_id}/aides-jeunes", demande, cle=cle
        )

    async def decider(
        self,
        aide: dict[str, Any],
        sens: str = "attribution",
        *,
        cle: str | None = None,
        **rest: Any,
    ) -> httpx.Response:
        """Tell what the commission decided."""
        corps = {"sens": sens, "date_commission": "2026-07-01", **rest}
        return await self.client.post(f"/v1/aides-jeunes/{aide['id']}/decisions", corps, cle=cle)

    async def soldes(self) -> tuple[int, int, int]:
        """Cents of the envelope: available, reserved, engaged."""
        found = (await self.financement.get(f"/v1/enveloppes/{self.enveloppe_id}")).json()
        available, reserved, engaged = (
            found[f"{kind}_centimes"] for kind in ("disponible", "reserve", "engage")
        )
        return available, reserved, engaged


@pytest_asyncio.fixture
async def fonds(connecter: Connecter, ouverte: str, parcours_id: str) -> Fonds:
    """The fund, on both sides."""
    financement = connecter("financement")

    async def creer(chemin: str, corps: dict[str, Any], **rest: Any) -> str:
        answer = await financement.post(chemin, corps, **rest)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    convention_id = await creer(
        "/v1/conventions",
        {
            "reference": "44-FAJ-2026",
            "type": "convention_departementale_insertion_emploi",
            "intitule": "Fonds d'aide aux jeunes",
            "annee_debut": 2026,
            "statut": "deliberee",
        },
    )
    enveloppe_id = await creer(
        "/v1/enveloppes",
        {
            "reference": "faj-2026",
            "convention_id": convention_id,
            "exercice": 2026,
            "financeur": "departement",
        },
    )
    await creer(
        f"/v1/enveloppes/{enveloppe_id}/ouvertures",
        {
            "montant_centimes": 1_000_00,
            "qualificatif": "exact",
            "date_effet": "2026-01-01",
            "source": "délibération d'essai",
        },
        version=1,
    )
    action_id = await creer(
        f"/v1/conventions/{convention_id}/actions",
        {
            "code": "faj",
            "libelle": "Fonds d'aide aux jeunes",
            "cle": [{"enveloppe_id": enveloppe_id, "numerateur": 1, "denominateur": 1}],
        },
    )
    client = connecter("parcours", ORDINAIRES)
    return Fonds(client, financement, parcours_id, action_id, enveloppe_id)


@pytest_asyncio.fixture
async def reglement(connecter: Connecter, ouverte: str) -> dict[str, Any]:
    """The rules of the fund: 450,00 € for a licence, 90,00 € at once, 600,00 € a year."""
    created = await connecter("parcours").post(
        "/v1/reglements-aides-jeunes",
        {
            "depuis": "2026-01-01",
            "age_min": 18,
            "age_max": 25,
            "urgence_max_centimes": 90_00,
            "annuel_max_centimes": 600_00,
            "natures_plafonnees": [{"nature": "permis", "montant_centimes": 450_00}],
            "source": "Règlement intérieur d'essai",
        },
    )
    assert created.status_code == 201, created.text
    found: dict[str, Any] = created.json()
    return found


class Entretemps:
    """Financement, and what happens once between one of its acts and its answer."""

    def __init__(
        self, app: ASGIApp, acte: str, suite: Callable[[], Coroutine[Any, Any, Any]]
    ) -> None:
        self._app, self._acte = app, acte
        self.suites = [suite]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, hold its answer, and let the rest happen."""
        if not (scope["method"] == "POST" and scope["path"].endswith(self._acte) and self.suites):
            await self._app(scope, receive, send)
            return
        suite = self.suites.pop()
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        await self._app(scope, receive, hold)
        await suite()
        for message in held:
            await send(message)


async def perdre() -> None:
    """The answer is lost."""
    raise httpx.ReadTimeout("perdue")


async def test_an_aid_is_reserved_then_granted(fonds: Fonds) -> None:
    asked = await fonds.demander()
    assert (asked.status_code, asked.headers["ETag"]) == (201, '"1"'), asked.text
    aide = asked.json()
    assert (aide["statut"], aide["montant_centimes"]) == ("demandee", 0)
    assert await fonds.soldes() == (600_00, 400_00, 0)
    kept = await fonds.financement.get(f"/v1/reservations/{aide['reservation_id']}")
    assert kept.json()["beneficiaire_ref"] == fonds.parcours_id

    granted = await fonds.decider(aide, montant_centimes=350_00)

    assert granted.status_code == 201, granted.text
    found = granted.json()
    assert (found["statut"], found["montant_centimes"]) == ("attribuee", 350_00)
    assert await fonds.soldes() == (650_00, 0, 350_00)
    assert (await fonds.client.get(granted.headers["Location"])).json() == found
    again = await fonds.decider(aide, "refus")
    assert (again.status_code, again.json()["code"]) == (409, "transition-interdite")
    feed = (await fonds.client.get("/v1/changements")).json()["elements"]
    assert [un["type"] for un in feed][-2:] == [
        "parcours.aide_jeune.demandee",
        "parcours.aide_jeune.attribuee",
    ]
    told = (await fonds.client.get(f"/v1/parcours/{fonds.parcours_id}/chronologie")).json()
    assert {un["type"] for un in told["elements"]} >= {"aide_demandee", "aide_attribuee"}


async def test_a_refusal_releases(fonds: Fonds) -> None:
    """Planted: the reservation left to fall by itself, red."""
    aide = (await fonds.demander()).json()

    refused = await fonds.decider(aide, "refus")

    assert (refused.status_code, refused.json()["statut"]) == (201, "refusee"), refused.text
    assert await fonds.soldes() == (1_000_00, 0, 0)
    # It says nothing of why, nor of whom.
    kept = await fonds.financement.get(f"/v1/reservations/{aide['reservation_id']}")
    assert kept.json()["motif"] == "Aide aux jeunes refusee ou retiree"


async def test_a_request_is_withdrawn(fonds: Fonds) -> None:
    aide = (await fonds.demander()).json()

    done = await fonds.client.post(
        f"/v1/aides-jeunes/{aide['id']}/annulations", {"date_annulation": "2026-07-01"}
    )

    assert (done.status_code, done.json()["statut"]) == (201, "annulee"), done.text
    assert await fonds.soldes() == (1_000_00, 0, 0)


@pytest.mark.parametrize(("sens", "statut"), [("attribution", "attribuee"), ("refus", "refusee")])
async def test_an_urgent_aid_is_paid_before_the_commission(
    fonds: Fonds, reglement: dict[str, Any], sens: str, statut: str
) -> None:
    """Engaged at once; the commission says after, and moves no cent."""
    aide = (await fonds.demander(200_00, urgence=True)).json()
    chemin = f"/v1/aides-jeunes/{aide['id']}/versements"
    over = await fonds.client.post(chemin, {"montant_centimes": 90_01})
    assert erreurs(over) == [("/montant_centimes", "hors-bornes")]
    assert await fonds.soldes() == (800_00, 200_00, 0)

    paid = await fonds.client.post(chemin, {"montant_centimes": 90_00})

    assert (paid.status_code, paid.json()["statut"]) == (201, "versee"), paid.text
    assert paid.json()["date_versement"] == "2026-07-01"
    assert await fonds.soldes() == (910_00, 0, 90_00)
    decided = await fonds.decider(aide, sens)
    assert (decided.json()["statut"], decided.json()["montant_centimes"]) == (statut, 90_00)
    assert await fonds.soldes() == (910_00, 0, 90_00)


async def test_what_is_not_urgent_waits(fonds: Fonds) -> None:
    aide = (await fonds.demander()).json()

    refused = await fonds.client.post(f"/v1/aides-jeunes/{aide['id']}/versements", {})

    assert (refused.status_code, refused.json()["code"]) == (409, "transition-interdite")
    assert await fonds.soldes() == (600_00, 400_00, 0)


async def test_a_commission_after_the_fall_reserves_anew(fonds: Fonds, horloge: Horloge) -> None:
    """Planted: the fallen reservation confirmed, red."""
    aide = (await fonds.demander()).json()
    horloge.avancer(timedelta(days=31))
    assert await fonds.soldes() == (1_000_00, 0, 0)

    granted = await fonds.decider(aide, date_commission="2026-08-01")

    assert (granted.status_code, granted.json()["statut"]) == (201, "attribuee"), granted.text
    assert granted.json()["reservation_id"] != aide["reservation_id"]
    assert await fonds.soldes() == (600_00, 0, 400_00)


async def test_a_refusal_after_the_fall_is_written(fonds: Fonds, horloge: Horloge) -> None:
    aide = (await fonds.demander()).json()
    horloge.avancer(timedelta(days=31))

    refused = await fonds.decider(aide, "refus", date_commission="2026-08-01")

    assert (refused.status_code, refused.json()["statut"]) == (201, "refusee"), refused.text
    assert await fonds.soldes() == (1_000_00, 0, 0)


async def test_the_same_key_asks_once_even_when_the_answer_is_lost(
    fonds: Fonds, reseau: Reseau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: a fresh key at each call, red: twice the amount was held."""
    cle = str(uuid4())
    with monkeypatch.context() as loss:
        loss.setitem(reseau.apps, FINANCEMENT, Coupure(reseau.apps[FINANCEMENT]))
        lost = await fonds.demander(cle=cle)
    assert (lost.status_code, lost.json()["code"]) == (503, "dependance-indisponible")
    assert await fonds.soldes() == (600_00, 400_00, 0)
    assert (await fonds.client.get("/v1/aides-jeunes")).json()["elements"] == []

    healed = await fonds.demander(cle=cle)
    again = await fonds.demander(cle=cle)

    assert healed.status_code == 201
    assert healed.json() == again.json()
    assert await fonds.soldes() == (600_00, 400_00, 0)


@pytest.mark.parametrize("meme_cle", [True, False], ids=["même clé", "autre clé"])
async def test_a_grant_whose_answer_is_lost_is_found_again(
    fonds: Fonds,
    reseau: Reseau,
    horloge: Horloge,
    monkeypatch: pytest.MonkeyPatch,
    meme_cle: bool,
) -> None:
    """Even after the fall: engaged there, it is not engaged a second time."""
    aide = (await fonds.demander()).json()
    cle = str(uuid4())
    with monkeypatch.context() as loss:
        loss.setitem(reseau.apps, FINANCEMENT, Coupure(reseau.apps[FINANCEMENT]))
        assert (await fonds.decider(aide, cle=cle)).status_code == 503
    assert await fonds.soldes() == (600_00, 0, 400_00)
    horloge.avancer(timedelta(days=31))

    healed = await fonds.decider(aide, cle=cle if meme_cle else str(uuid4()))

    assert (healed.status_code, healed.json()["statut"]) == (201, "attribuee"), healed.text
    assert await fonds.soldes() == (600_00, 0, 400_00)


async def test_two_commands_after_the_fall_engage_once(
    fonds: Fonds, reseau: Reseau, horloge: Horloge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is told between what the other reserves and what it engages.

    Planted: what is reserved anew written with the decision alone, red: 750,00 € for 400,00.
    """
    aide = (await fonds.demander()).json()
    horloge.avancer(timedelta(days=31))
    decidees: list[httpx.Response] = []

    async def autre() -> None:
        decidees.append(await fonds.decider(aide, date_commission="2026-08-01"))

    entretemps = Entretemps(reseau.apps[FINANCEMENT], "/reservations", autre)
    monkeypatch.setitem(reseau.apps, FINANCEMENT, entretemps)
    last = await fonds.decider(aide, montant_centimes=350_00, date_commission="2026-08-01")

    assert [un.status_code for un in decidees] == [201]
    assert (last.status_code, last.json()["code"]) == (409, "transition-interdite")
    assert await fonds.soldes() == (600_00, 0, 400_00)
    kept = (await fonds.client.get(f"/v1/aides-jeunes/{aide['id']}")).json()
    assert kept == decidees[0].json()


@pytest.mark.parametrize("meme_cle", [True, False], ids=["même clé", "autre clé"])
async def test_a_grant_lost_after_the_fall_is_not_refused(
    fonds: Fonds,
    reseau: Reseau,
    horloge: Horloge,
    monkeypatch: pytest.MonkeyPatch,
    meme_cle: bool,
) -> None:
    """Planted: what is reserved anew written with the decision alone, red: refused, and engaged."""
    aide = (await fonds.demander()).json()
    horloge.avancer(timedelta(days=31))
    cle = str(uuid4())
    with monkeypatch.context() as loss:
        entretemps = Entretemps(reseau.apps[FINANCEMENT], "/confirmations", perdre)
        loss.setitem(reseau.apps, FINANCEMENT, entretemps)
        lost = await fonds.decider(aide, cle=cle, date_commission="2026-08-01")
    assert (lost.status_code, lost.json()["code"]) == (503, "dependance-indisponible")
    assert await fonds.soldes() == (600_00, 0, 400_00)

    refused = await fonds.decider(aide, "refus", date_commission="2026-08-01")
    assert (refused.status_code, refused.json()["code"]) == (409, "reservation-deja-resolue")
    healed = await fonds.decider(aide, cle=cle if meme_cle else None, date_commission="2026-08-01")

    assert (healed.status_code, healed.json()["statut"]) == (201, "attribuee"), healed.text
    assert await fonds.soldes() == (600_00, 0, 400_00)
    feed = (await fonds.client.get("/v1/changements")).json()["elements"]
    assert [(un["type"], un["version"]) for un in feed if un["id"] == aide["id"]] == [
        ("parcours.aide_jeune.demandee", 1),
        ("parcours.aide_jeune.demandee", 2),
        ("parcours.aide_jeune.attribuee", 3),
    ]


@pytest.mark.parametrize("versee", [True, False], ids=["versée", "demandée"])
async def test_what_was_paid_is_decided_once_the_parcours_is_closed(
    fonds: Fonds, versee: bool
) -> None:
    """Planted: the open parcours asked of both, red: nobody could ever say whether it was due."""
    aide = (await fonds.demander(80_00, urgence=True)).json()
    if versee:
        paid = await fonds.client.post(f"/v1/aides-jeunes/{aide['id']}/versements", {})
        assert paid.status_code == 201, paid.text
    chemin = f"/v1/parcours/{fonds.parcours_id}"
    closed = await fonds.client.post(
        f"{chemin}/clotures",
        {"motif": "formation", "date_sortie": "2026-06-30"},
        version=(await fonds.client.get(chemin)).json()["version"],
    )
    assert closed.status_code == 201, closed.text

    decided = await fonds.decider(aide)

    if versee:
        assert (decided.status_code, decided.json()["statut"]) == (201, "attribuee"), decided.text
    else:
        assert (decided.status_code, decided.json()["code"]) == (409, "parcours-clos")


@pytest.mark.parametrize(
    ("champs", "attendu"),
    [
        pytest.param({"montant_centimes": 450_01}, "/montant_centimes", id="plafond du permis"),
        pytest.param({"age": 26}, "/age", id="trop âgé"),
        pytest.param({"date_demande": "2026-07-02"}, "/date_demande", id="demain"),
        pytest.param({"nature": "sante"}, "/nature", id="nature inconnue"),
        pytest.param({"montant_centimes": 0}, "/montant_centimes", id="rien"),
    ],
)
async def test_bad_input_reserves_nothing(
    fonds: Fonds,
    reglement: dict[str, Any],
    services: Mapping[str, Service],
    ouverte: str,
    champs: dict[str, Any],
    attendu: str,
) -> None:
    refused = await fonds.demander(**champs)

    assert [champ for champ, _ in erreurs(refused)] == [attendu]
    assert await fonds.soldes() == (1_000_00, 0, 0)
    assert await compter(services, ouverte, "aide_jeune") == 0


async def test_the_years_cap_is_kept_by_requests_at_once(
    fonds: Fonds,
    reglement: dict[str, Any],
    bases: Mapping[str, provision.Adresses],
    ouverte: str,
) -> None:
    """600,00 € a year, five times 150,00 € while commits are slow: four at the most.

    Planted: the parcours not held, red.
    """
    async with validations_lentes(bases["parcours"].proprietaire, ouverte):
        await ensemble(fonds.client, *(fonds.demander(150_00) for _ in range(5)))

    asked = (await fonds.client.get("/v1/aides-jeunes")).json()["elements"]
    assert 1 <= len(asked) <= 4


async def test_what_is_refused_counts_no_more(fonds: Fonds, reglement: dict[str, Any]) -> None:
    aide = (await fonds.demander()).json()
    assert erreurs(await fonds.demander(200_01)) == [("/montant_centimes", "hors-bornes")]

    await fonds.decider(aide, "refus")

    assert (await fonds.demander(200_01)).status_code == 201


async def test_a_reglement_rules_from_its_day(
    fonds: Fonds, reglement: dict[str, Any], connecter: Connecter
) -> None:
    administre = connecter("parcours")
    suivant = {
        "depuis": "2026-07-01",
        "age_min": 16,
        "age_max": 29,
        "source": "Délibération de juillet",
    }
    denied = await fonds.client.post("/v1/reglements-aides-jeunes", suivant)
    assert (denied.status_code, denied.json()["code"]) == (403, "portee-insuffisante")
    made = await administre.post("/v1/reglements-aides-jeunes", suivant)
    assert (await administre.get(made.headers["Location"])).json() == made.json()
    twice = await administre.post("/v1/reglements-aides-jeunes", suivant)
    assert (twice.status_code, twice.json()["code"]) == (409, "reference-externe-existante")
    assert len((await fonds.client.get("/v1/reglements-aides-jeunes")).json()["elements"]) == 2

    assert (await fonds.demander(700_00, age=29)).status_code == 201
    avant = await fonds.demander(100_00, age=29, date_demande="2026-06-30")
    assert erreurs(avant)[0][0] == "/age"


async def test_another_departement_finds_nothing(fonds: Fonds, connecter: Connecter) -> None:
    aide = (await fonds.demander()).json()
    ailleurs = connecter("parcours", dans="44D")

    answers = [await ailleurs.get(f"/v1/aides-jeunes/{one}") for one in (aide["id"], str(uuid4()))]
    assert {un.status_code for un in answers} == {404}
    assert (await ailleurs.get("/v1/aides-jeunes")).json()["elements"] == []


@pytest.fixture
def dispositifs(parcours_id: str) -> str:
    """Where those of the open parcours are written."""
    return f"/v1/parcours/{parcours_id}/dispositifs"


async def test_a_cej_is_due_prolonged_and_closed(
    connecter: Connecter, dispositifs: str, parcours_id: str
) -> None:
    client = connecter("parcours", ORDINAIRES)
    cle = str(uuid4())
    made = await client.post(dispositifs, CEJ | {"date_fin": "2026-07-05"}, cle=cle)
    assert made.status_code == 201, made.text
    assert (await client.post(dispositifs, CEJ | {"date_fin": "2026-07-05"}, cle=cle)).json() == (
        made.json()
    )
    cej = made.json()
    (due,) = (await client.get("/v1/echeances?code=fin_cej")).json()["elements"]
    assert (due["date_limite"], due["etat"]) == ("2026-07-05", "a_risque")
    assert due["dispositif_id"] == cej["id"]
    chemin = f"/v1/dispositifs/{cej['id']}/actes"

    trop = await client.post(chemin, {"type": "prolongation", "date_acte": "2027-09-03"}, version=1)
    assert erreurs(trop) == [("/date_acte", "hors-bornes")]
    long = await client.post(chemin, {"type": "prolongation", "date_acte": "2027-09-02"}, version=1)
    assert long.json()["date_fin"] == "2027-09-02", long.text
    cloture = {"type": "cloture", "date_acte": "2026-06-30", "motif": "emploi"}
    closed = await client.post(chemin, cloture, version=2)
    assert (closed.json()["statut"], closed.json()["date_fin"]) == ("clos", "2026-06-30")
    suivant = await client.post(
        dispositifs, CEJ | {"date_debut": "2026-12-30", "date_fin": "2027-06-29"}
    )
    assert erreurs(suivant) == [("/date_debut", "hors-bornes")]
    suivant = await client.post(
        dispositifs, CEJ | {"date_debut": "2026-12-31", "date_fin": "2027-06-29"}
    )
    assert suivant.status_code == 201, suivant.text
    acts = (await client.get(chemin)).json()["elements"]
    assert [un["type"] for un in acts] == ["cloture", "prolongation", "debut"]
    told = (await client.get(f"/v1/parcours/{parcours_id}/chronologie")).json()["elements"]
    assert [un["type"] for un in told if un["ressource_id"] == cej["id"]] == [
        "dispositif_prolongation",
        "dispositif_cloture",
        "dispositif_debut",
    ]


async def test_a_cej_admitted_for_a_handicap_is_of_health(
    connecter: Connecter, dispositifs: str, parcours_id: str
) -> None:
    """Planted: the filter left out of the list, of the deadlines, of the timeline, each red."""
    ordinaire, sante = connecter("parcours", ORDINAIRES), connecter("parcours")
    corps = CEJ | {"age_entree": 28, "rqth": True, "date_fin": "2026-07-05"}
    refused = await ordinaire.post(dispositifs, corps)
    assert (refused.status_code, refused.json()["code"]) == (403, "donnee-sante-interdite")
    made = await sante.post(dispositifs, corps)
    assert made.status_code == 201, made.text
    cej = made.json()
    assert "rqth" not in cej
    absent = str(uuid4())

    for chemin in ("", "/actes", "/membres"):
        found = [
            await ordinaire.get(f"/v1/dispositifs/{one}{chemin}") for one in (cej["id"], absent)
        ]
        assert [un.status_code for un in found] == [404, 404]
    acte = {"type": "cloture", "date_acte": "2026-06-30", "motif": "emploi"}
    for one in (cej["id"], absent):
        done = await ordinaire.post(f"/v1/dispositifs/{one}/actes", acte, version=1)
        assert (done.status_code, done.json()["code"]) == (404, "introuvable")
    for chemin in ("/v1/dispositifs", "/v1/echeances?code=fin_cej"):
        assert (await ordinaire.get(chemin)).json()["elements"] == []
        assert len((await sante.get(chemin)).json()["elements"]) == 1
    chronologie = f"/v1/parcours/{parcours_id}/chronologie"
    assert "dispositif" not in (await ordinaire.get(chronologie)).text
    assert "dispositif_debut" in (await sante.get(chronologie)).text
    feed = (await sante.get("/v1/changements")).json()["elements"]
    assert not [un for un in feed if un["ressource"] == "dispositifs"]
    # What bounds the next one counts it all the same.
    again = await sante.post(dispositifs, corps | {"date_debut": "2026-08-01"})
    assert again.status_code == 422


@pytest.mark.parametrize("essai", ["", "?essai=true"], ids=["commande", "essai"])
async def test_no_refusal_tells_of_a_hidden_cej(
    connecter: Connecter, dispositifs: str, essai: str
) -> None:
    """Planted: the hidden one counted whoever asks, red: trials told its days, and the handicap."""
    ordinaire, sante = connecter("parcours", ORDINAIRES), connecter("parcours")
    before = await ordinaire.post(dispositifs, CEJ | {"date_fin": "2026-05-31"})
    assert before.status_code == 201, before.text
    hidden = CEJ | {"rqth": True, "date_debut": "2026-12-15", "date_fin": "2027-06-30"}
    made = await sante.post(dispositifs, hidden)
    assert made.status_code == 201, made.text
    suivant = CEJ | {"date_debut": "2027-01-01", "date_fin": "2027-03-31"}
    chemin = f"/v1/dispositifs/{before.json()['id']}/actes{essai}"
    prolonge = {"type": "prolongation", "date_acte": "2026-06-30"}

    # Who may know is told: five months and a half between the two, and one within the other.
    assert (await sante.post(chemin, prolonge, version=1)).status_code == 422
    assert (await sante.post(f"{dispositifs}{essai}", suivant)).status_code == 422
    for done in (
        await ordinaire.post(chemin, prolonge, version=1),
        await ordinaire.post(f"{dispositifs}{essai}", suivant),
    ):
        assert done.status_code == 201, done.text


async def test_the_network_around_who_leaves_the_ase(
    connecter: Connecter, dispositifs: str
) -> None:
    """Planted: a partner of health listed to all, red."""
    ordinaire, sante = connecter("parcours", ORDINAIRES), connecter("parcours")
    made = await ordinaire.post(
        dispositifs,
        {
            "type": "trajectoire_autonomie",
            "date_debut": "2026-03-03",
            "date_fin": "2027-03-02",
            "agent": "agt-ase-1",
        },
    )
    assert made.status_code == 201, made.text
    chemin = f"/v1/dispositifs/{made.json()['id']}/membres"
    bailleur = {"role": "logement", "organisme_id": str(uuid4()), "date_debut": "2026-03-10"}
    soignant = bailleur | {"role": "sante"}

    entered = await ordinaire.post(chemin, bailleur)
    assert entered.status_code == 201, entered.text
    assert (await ordinaire.get(entered.headers["Location"])).json() == entered.json()
    twice = await ordinaire.post(chemin, bailleur)
    assert (twice.status_code, twice.json()["code"]) == (409, "transition-interdite")
    early = await ordinaire.post(chemin, bailleur | {"date_debut": "2026-03-02"})
    assert erreurs(early) == [("/date_debut", "date-incoherente")]
    denied = await ordinaire.post(chemin, soignant)
    assert (denied.status_code, denied.json()["code"]) == (403, "donnee-sante-interdite")
    of_health = await sante.post(chemin, soignant)
    assert of_health.status_code == 201, of_health.text

    assert [un["role"] for un in (await ordinaire.get(chemin)).json()["elements"]] == ["logement"]
    roles = [un["role"] for un in (await sante.get(chemin)).json()["elements"]]
    assert roles == ["sante", "logement"]
    assert (await ordinaire.get(of_health.headers["Location"])).status_code == 404
    feed = (await sante.get("/v1/changements")).json()["elements"]
    assert [un["type"] for un in feed if un["ressource"] == "membres"] == ["parcours.membre.arrive"]
    left = await ordinaire.post(
        f"/v1/membres/{entered.json()['id']}/clotures", {"date_fin": "2026-06-30"}, version=1
    )
    assert (left.status_code, left.json()["date_fin"]) == (201, "2026-06-30"), left.text
    # Gone, it may come back, and stays in what was.
    assert (await ordinaire.post(chemin, bailleur)).status_code == 201
    assert len((await ordinaire.get(chemin)).json()["elements"]) == 2
