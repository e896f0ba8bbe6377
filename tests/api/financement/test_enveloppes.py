"""What an opened envelope is worth: amended, moved to another, closed; and entries undone."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.financement.journal.queries import verifier_journal
from shared.schemas.commun import CENTIMES_MAX
from shared.socle.service import Service
from tests.api.financement.conftest import CONVENTION, Horloge, Terrain

ACTE = {"date_effet": "2026-02-01", "source": "acte d'essai"}


@pytest_asyncio.fixture(autouse=True)
async def preuve(
    terrain: Terrain, services: Mapping[str, Service], ouverte: str
) -> AsyncIterator[None]:
    """Whatever a test does, the journal proves its balances in the end."""
    yield
    service = services["financement"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        assert await verifier_journal(tx) == []


async def engager(terrain: Terrain, enveloppe_id: str, montant: int) -> str:
    """An engagement paid by this envelope alone."""
    action_id = await terrain.action((enveloppe_id, 1, 1))
    reservation = (await terrain.reserver(action_id, montant=montant)).json()
    chemin = f"/v1/reservations/{reservation['id']}/confirmations"
    return str((await terrain.creer(chemin, {}))["id"])


def nom(terrain: Terrain, enveloppe_id: str, acte: str) -> str:
    """The path of an act on an envelope."""
    return f"/v1/enveloppes/{enveloppe_id}/{acte}"


async def test_an_amount_is_raised_and_lowered_by_its_difference(terrain: Terrain) -> None:
    enveloppe_id = await terrain.enveloppe(100_00)
    chemin = nom(terrain, enveloppe_id, "avenants")

    plus = await terrain.creer(chemin, {**ACTE, "montant_centimes": 130_00}, version=2)
    moins = await terrain.creer(chemin, {**ACTE, "montant_centimes": 0}, version=3)
    late = await terrain.client.post(chemin, {**ACTE, "montant_centimes": 1}, version=3)

    assert (plus["ouvert_centimes"], plus["disponible_centimes"]) == (130_00, 130_00)
    assert (moins["ouvert_centimes"], moins["disponible_centimes"]) == (0, 0)
    assert late.json()["code"] == "version-depassee"
    entries = (await terrain.lire(f"/v1/ecritures?objet_id={enveloppe_id}"))["elements"]
    assert [(one["evenement"], one["lignes"][0]["quantite"]) for one in entries] == [
        ("ouverture", 100_00),
        ("avenant", 30_00),
        ("avenant", 130_00),
    ]


async def test_an_amount_is_not_lowered_below_what_is_engaged(terrain: Terrain) -> None:
    """I-32, to the cent: the refusal lists what holds. Planted: no comparison, a 500, red."""
    enveloppe_id = await terrain.enveloppe(100_00)
    engagement_id = await engager(terrain, enveloppe_id, 60_00)
    action_id = await terrain.action((enveloppe_id, 1, 1))
    await terrain.reserver(action_id, montant=10_00)
    chemin = nom(terrain, enveloppe_id, "avenants")

    refused = await terrain.client.post(chemin, {**ACTE, "montant_centimes": 69_99}, version=2)
    # Dated today: on the first of February all of it was still free, and stays so in the past.
    juste = {**ACTE, "date_effet": "2026-03-02", "montant_centimes": 70_00}
    found = await terrain.creer(chemin, juste, version=2)

    assert (refused.status_code, refused.json()["code"]) == (409, "disponible-insuffisant")
    assert refused.json()["engagements"] == [
        {"engagement_id": engagement_id, "numero": 1, "montant_centimes": 60_00}
    ]
    assert refused.json()["reserve_centimes"] == 10_00
    assert found["disponible_centimes"] == 0


async def test_what_is_due_back_may_leave_an_envelope(terrain: Terrain, horloge: Horloge) -> None:
    """I-41: a reservation that is due, swept or not, holds nothing."""
    enveloppe_id = await terrain.enveloppe(100_00)
    action_id = await terrain.action((enveloppe_id, 1, 1), mode_capacite="stock", places_ouvertes=3)
    await terrain.reserver(action_id, places=2, montant=80_00)
    horloge.avancer(hours=1)

    corps = {**ACTE, "date_effet": "2026-03-02", "montant_centimes": 0}
    found = await terrain.creer(nom(terrain, enveloppe_id, "avenants"), corps, version=2)

    assert (found["disponible_centimes"], found["reserve_centimes"]) == (0, 0)
    assert await terrain.places(action_id) == (3, 0, 0)


@pytest.mark.parametrize(
    ("corps", "pointeur"),
    [
        pytest.param({"montant_centimes": 100_00}, "/montant_centimes", id="rien ne change"),
        pytest.param({"date_effet": "2026-03-03"}, "/date_effet", id="effet à venir"),
    ],
)
async def test_an_amount_changes_and_not_in_the_future(
    terrain: Terrain, corps: dict[str, Any], pointeur: str
) -> None:
    enveloppe_id = await terrain.enveloppe(100_00)

    answer = await terrain.client.post(
        nom(terrain, enveloppe_id, "avenants"),
        {**ACTE, "montant_centimes": 1, **corps},
        version=2,
    )

    assert [one["pointeur"] for one in answer.json()["erreurs"]] == [pointeur]


@pytest.mark.parametrize("acte", ["avenants", "virements", "clotures", "soldes"])
async def test_an_envelope_that_is_not_open_is_worth_nothing(terrain: Terrain, acte: str) -> None:
    enveloppe_id, autre = await terrain.enveloppe(None), await terrain.enveloppe(1)
    actes: dict[str, dict[str, Any]] = {
        "avenants": {**ACTE, "montant_centimes": 1},
        "virements": {**ACTE, "montant_centimes": 1, "enveloppe_id": autre},
        "clotures": {**ACTE, "reliquat": "annulation"},
        "soldes": {"source": "acte"},
    }
    corps = actes[acte]

    answer = await terrain.client.post(nom(terrain, enveloppe_id, acte), corps, version=1)

    assert (answer.status_code, answer.json()["code"]) == (409, "transition-interdite")


async def test_money_moves_between_two_envelopes(terrain: Terrain) -> None:
    de, vers = await terrain.enveloppe(100_00), await terrain.enveloppe(10_00)
    corps = {**ACTE, "montant_centimes": 40_00, "enveloppe_id": vers}

    found = await terrain.creer(nom(terrain, de, "virements"), corps)

    assert (found["ouvert_centimes"], found["version"]) == (60_00, 3)
    assert (await terrain.lire(f"/v1/enveloppes/{vers}"))["ouvert_centimes"] == 50_00
    entry = (await terrain.lire("/v1/ecritures"))["elements"][-1]
    assert (entry["evenement"], len(entry["lignes"])) == ("virement", 4)


@pytest.mark.parametrize(
    ("du", "autre", "frontiere"),
    [
        pytest.param({}, {"financeur": "departement"}, "financeur", id="financeur"),
        pytest.param({}, {"convention_id": None}, "convention", id="convention"),
        pytest.param({}, {"volet": 2}, "volet", id="vers un volet non fongible"),
        pytest.param({"volet": 2}, {}, "volet", id="hors d'un volet non fongible"),
        pytest.param({"volet": 2}, {"volet": 3}, "volet", id="entre deux volets non fongibles"),
        pytest.param({"volet": 2}, {"volet": 2}, None, id="dans un volet non fongible"),
        pytest.param({}, {"volet": 1}, None, id="volet fongible"),
        pytest.param({}, {"axe": 2}, "axe", id="vers un axe non fongible"),
        pytest.param({"axe": 2}, {}, "axe", id="hors d'un axe non fongible"),
        pytest.param({"axe": 2}, {"axe": 1}, "axe", id="d'un axe non fongible à un autre"),
        pytest.param({"axe": 2}, {"axe": 2}, None, id="dans un axe non fongible"),
        pytest.param({}, {"axe": 1}, None, id="axe fongible"),
    ],
)
async def test_a_border_is_crossed_by_a_decision_only(
    terrain: Terrain, du: dict[str, Any], autre: dict[str, Any], frontiere: str | None
) -> None:
    """I-16. Planted: the fongibility of the receiver alone, red; the axes not looked at, red."""
    divisions = [
        {"ordre": rang, "libelle": f"division {rang}", "fongible": rang == 1} for rang in (1, 2, 3)
    ]
    corps = {**CONVENTION, "reference": "divisions", "axes": divisions, "volets": divisions}
    terrain.convention_id = (await terrain.creer("/v1/conventions", corps))["id"]
    de = await terrain.enveloppe(100_00, **du)
    vers = await terrain.enveloppe(10_00, **autre)
    corps = {**ACTE, "montant_centimes": 40_00, "enveloppe_id": vers}
    chemin = nom(terrain, de, "virements")

    answer = await terrain.client.post(chemin, corps)
    decide = await terrain.client.post(chemin, {**corps, "decision": "Décision 12"})

    assert answer.status_code == (201 if frontiere is None else 422)
    if frontiere is not None:
        (erreur,) = answer.json()["erreurs"]
        assert (erreur["pointeur"], erreur["code"]) == ("/decision", "requis")
        assert erreur["message"].endswith(frontiere)
    assert decide.status_code == 201
    source = (await terrain.lire("/v1/ecritures"))["elements"][-1]["source"]
    assert source == "acte d'essai ; Décision 12"


async def test_of_twenty_crossed_virements_none_is_lost(terrain: Terrain) -> None:
    """Both ways at once, over what there is: no deadlock, no cent made."""
    une, autre = await terrain.enveloppe(50_00), await terrain.enveloppe(50_00)

    answers = await asyncio.gather(
        *(
            terrain.client.post(
                nom(terrain, de, "virements"),
                {**ACTE, "montant_centimes": 20_00, "enveloppe_id": vers},
            )
            for _ in range(10)
            for de, vers in ((une, autre), (autre, une))
        )
    )

    faits = Counter(one.status_code for one in answers)
    assert set(faits) <= {201, 409}
    assert faits[201] >= 2
    soldes = [await terrain.soldes(one) for one in (une, autre)]
    assert sum(disponible for disponible, _, _ in soldes) == 100_00


async def test_a_remainder_is_carried_over_once(terrain: Terrain, horloge: Horloge) -> None:
    """I-24: what leaves one year is what the other opens."""
    ancienne = await terrain.enveloppe(100_00, exercice=2025, fenetre_fin="2026-03-31")
    suivante = await terrain.enveloppe(10_00, exercice=2026)
    await engager(terrain, ancienne, 30_00)
    corps = {
        "reliquat": "report",
        "enveloppe_id": suivante,
        "date_effet": "2026-04-01",
        "source": "Avenant 1",
    }
    chemin = nom(terrain, ancienne, "clotures")
    early = await terrain.client.post(chemin, {**corps, "date_effet": "2026-03-02"}, version=2)
    horloge.avancer(days=40)

    found = await terrain.creer(chemin, corps, version=2)
    again = await terrain.creer(chemin, corps, version=3)
    left = await terrain.client.post(
        nom(terrain, ancienne, "soldes"), {"source": "constat"}, version=4
    )

    assert early.json()["erreurs"][0]["pointeur"] == "/date_effet"
    assert (found["statut"], found["reporte_centimes"], found["engage_centimes"]) == (
        "close",
        70_00,
        30_00,
    )
    assert again["reporte_centimes"] == 70_00
    receiver = await terrain.lire(f"/v1/enveloppes/{suivante}")
    assert (receiver["ouvert_centimes"], receiver["disponible_centimes"]) == (80_00, 80_00)
    assert (left.status_code, left.json()["engage_centimes"]) == (409, 30_00)


async def test_a_remainder_is_lost_and_the_envelope_ends(
    terrain: Terrain, horloge: Horloge
) -> None:
    enveloppe_id = await terrain.enveloppe(100_00, exercice=2025)
    chemin = nom(terrain, enveloppe_id, "clotures")
    corps = {"reliquat": "annulation", "date_effet": "2026-01-01", "source": "constat"}
    action_id = await terrain.action((enveloppe_id, 1, 1))
    await terrain.reserver(action_id, montant=1)

    held = await terrain.client.post(chemin, corps, version=2)
    horloge.avancer(hours=1)
    found = await terrain.creer(chemin, corps, version=2)
    ended = await terrain.creer(
        nom(terrain, enveloppe_id, "soldes"), {"source": "constat"}, version=3
    )
    refused = await terrain.reserver(action_id, montant=1)

    assert (held.status_code, held.json()["reserve_centimes"]) == (409, 1)
    assert (found["statut"], found["annule_centimes"]) == ("close", 100_00)
    assert ended["statut"] == "soldee"
    assert refused.json()["code"] == "hors-periode"


async def test_a_closed_envelope_is_not_spent_again(terrain: Terrain) -> None:
    """It has no window: what a dégagement gives back to it stays there, and is not offered.

    Planted: the window alone looked at, red.
    """
    enveloppe_id = await terrain.enveloppe(100_00, exercice=2025)
    action_id = await terrain.action((enveloppe_id, 1, 1))
    reservation = (await terrain.reserver(action_id, montant=60_00)).json()
    chemin = f"/v1/reservations/{reservation['id']}/confirmations"
    engagement_id = (await terrain.creer(chemin, {}))["id"]
    corps = {"reliquat": "annulation", "date_effet": "2026-03-02", "source": "constat"}
    await terrain.creer(nom(terrain, enveloppe_id, "clotures"), corps, version=2)
    chemin = f"/v1/engagements/{engagement_id}/degagements"
    await terrain.creer(chemin, {"motif": "Abandon"}, version=1)

    refused = await terrain.reserver(action_id, montant=1)
    (offered,) = (
        await terrain.client.post("/v1/actions/recherches", {"action_ids": [action_id]})
    ).json()["elements"]

    assert (await terrain.soldes(enveloppe_id))[0] == 60_00
    assert (refused.status_code, refused.json()["code"]) == (409, "hors-periode")
    assert offered["montant_disponible_centimes"] == 0


async def test_a_settled_envelope_moves_no_more(terrain: Terrain) -> None:
    """`soldee` is the last state. Planted: no look at the state, its closing undone, red."""
    enveloppe_id = await terrain.enveloppe(100_00, exercice=2025)
    corps = {"reliquat": "annulation", "date_effet": "2026-01-01", "source": "constat"}
    await terrain.creer(nom(terrain, enveloppe_id, "clotures"), corps, version=2)
    entry = await ecriture_de(terrain, "annulation_credits")
    await terrain.creer(nom(terrain, enveloppe_id, "soldes"), {"source": "constat"}, version=3)

    answer = await terrain.client.post(f"/v1/ecritures/{entry['id']}/contrepassations", ACTE)

    assert (answer.status_code, answer.json()["code"]) == (409, "transition-interdite")
    assert answer.json()["statut_actuel"] == "soldee"
    assert await terrain.soldes(enveloppe_id) == (0, 0, 0)


async def test_the_longest_decision_is_read_again(terrain: Terrain) -> None:
    """An act and its decision, each as long as may be. Planted: read back as one, a 500, red."""
    de, vers = await terrain.enveloppe(100_00), await terrain.enveloppe(10_00)
    corps = {"montant_centimes": 1, "enveloppe_id": vers, "date_effet": "2026-02-01"}
    textes = {"source": "a" * 300, "decision": "b" * 300}

    await terrain.creer(nom(terrain, de, "virements"), {**corps, **textes})

    entry = (await terrain.lire("/v1/ecritures"))["elements"][-1]
    preuve = await terrain.lire(f"/v1/enveloppes/{de}/preuve")
    attendu = f"{textes['source']} ; {textes['decision']}"
    assert (entry["source"], preuve["actes"][-1]["source"]) == (attendu, attendu)


async def test_an_envelope_is_worth_what_an_amount_can_say(terrain: Terrain) -> None:
    """The bound may be reached, and no act passes it. Planted: the receiver not looked at, red."""
    de = await terrain.enveloppe(100_00, exercice=2025)
    vers = await terrain.enveloppe(CENTIMES_MAX - 10, exercice=2026)
    virement = {**ACTE, "enveloppe_id": vers}
    report = {
        "reliquat": "report",
        "enveloppe_id": vers,
        "date_effet": "2026-03-02",
        "source": "Avenant 1",
    }

    async def virer(montant: int) -> httpx.Response:
        corps = {**virement, "montant_centimes": montant}
        return await terrain.client.post(nom(terrain, de, "virements"), corps)

    over, exact = await virer(11), await virer(10)
    closed = await terrain.client.post(nom(terrain, de, "clotures"), report, version=3)
    parite = await terrain.client.get(f"/v1/conventions/{terrain.convention_id}/parite")

    assert exact.status_code == 201
    for refused, pointeur in ((over, "/montant_centimes"), (closed, "/enveloppe_id")):
        assert refused.status_code == 422
        (erreur,) = refused.json()["erreurs"]
        assert (erreur["pointeur"], erreur["code"]) == (pointeur, "hors-bornes")
    assert (await terrain.lire(f"/v1/enveloppes/{vers}"))["ouvert_centimes"] == CENTIMES_MAX
    assert parite.status_code == 200
    await terrain.enveloppe(1, exercice=2026)
    parite = await terrain.client.get(f"/v1/conventions/{terrain.convention_id}/parite")
    assert (parite.status_code, parite.json()["code"]) == (422, "validation")


@pytest.mark.parametrize(
    ("values", "pointeur"),
    [
        pytest.param({"volet": 1, "convention_id": None}, "/volet", id="volet sans convention"),
        pytest.param({"volet": 7}, "/volet", id="volet inconnu"),
        pytest.param({"axe": 7}, "/axe", id="axe inconnu"),
        pytest.param(
            {"action_id": "019cad9d-67a0-7c02-9e41-6b1f0f5a2d33"}, "/action_id", id="action"
        ),
    ],
)
async def test_what_an_envelope_is_for_is_of_its_convention(
    terrain: Terrain, values: dict[str, Any], pointeur: str
) -> None:
    corps = {"reference": "e", "convention_id": terrain.convention_id, **values}

    answer = await terrain.client.post("/v1/enveloppes", corps)

    assert [one["pointeur"] for one in answer.json()["erreurs"]] == [pointeur]


async def ecriture_de(terrain: Terrain, evenement: str) -> dict[str, Any]:
    """The last entry of an event."""
    found = (await terrain.lire("/v1/ecritures?limite=200"))["elements"]
    return dict(next(one for one in reversed(found) if one["evenement"] == evenement))


async def test_an_entry_is_undone_by_its_mirror_once(terrain: Terrain) -> None:
    """I-06. Ten at the same instant: one. Planted: the gates not held, two or a 500, red."""
    enveloppe_id = await terrain.enveloppe(100_00)
    avenant = {**ACTE, "montant_centimes": 130_00}
    await terrain.creer(nom(terrain, enveloppe_id, "avenants"), avenant, version=2)
    original = await ecriture_de(terrain, "avenant")
    chemin = f"/v1/ecritures/{original['id']}/contrepassations"

    answers = await asyncio.gather(*(terrain.client.post(chemin, ACTE) for _ in range(10)))

    assert Counter(one.status_code for one in answers) == {201: 1, 409: 9}
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {
        "transition-interdite"
    }
    (made,) = [one.json() for one in answers if one.status_code == 201]
    inverse = {"debit": "credit", "credit": "debit"}
    assert made["lignes"] == [
        {**ligne, "sens": inverse[ligne["sens"]]} for ligne in original["lignes"]
    ]
    assert (made["extourne_de"], made["evenement"]) == (original["id"], "contrepassation")
    found = await terrain.lire(f"/v1/enveloppes/{enveloppe_id}")
    assert (found["ouvert_centimes"], found["version"]) == (100_00, 4)
    again = await terrain.client.post(f"/v1/ecritures/{made['id']}/contrepassations", ACTE)
    assert again.json()["code"] == "transition-interdite"


@pytest.mark.parametrize(
    ("evenement", "corps", "code"),
    [
        pytest.param("engagement", {}, "transition-interdite", id="un engagement"),
        pytest.param("ouverture", {}, "disponible-insuffisant", id="ce qui est engagé"),
        pytest.param("avenant", {"date_effet": "2026-01-31"}, "validation", id="avant elle"),
        pytest.param("avenant", {"date_effet": "2026-03-03"}, "validation", id="à venir"),
    ],
)
async def test_what_cannot_be_undone(
    terrain: Terrain, evenement: str, corps: dict[str, Any], code: str
) -> None:
    enveloppe_id = await terrain.enveloppe(100_00)
    await engager(terrain, enveloppe_id, 60_00)
    avenant = {**ACTE, "montant_centimes": 130_00}
    await terrain.creer(nom(terrain, enveloppe_id, "avenants"), avenant, version=2)
    entry = await ecriture_de(terrain, evenement)

    answer = await terrain.client.post(
        f"/v1/ecritures/{entry['id']}/contrepassations", {**ACTE, **corps}
    )

    assert answer.json()["code"] == code


async def test_no_balance_of_the_past_becomes_negative(terrain: Terrain, horloge: Horloge) -> None:
    """I-05: today there is enough again, on the first of February there would not have been."""
    enveloppe_id = await terrain.enveloppe(100_00)
    chemin = nom(terrain, enveloppe_id, "avenants")
    for rang, (jour, montant) in enumerate(
        (("2026-01-10", 150_00), ("2026-02-01", 20_00), ("2026-02-10", 120_00))
    ):
        corps = {"source": "acte", "date_effet": jour, "montant_centimes": montant}
        await terrain.creer(chemin, corps, version=2 + rang)
    entries = (await terrain.lire(f"/v1/ecritures?objet_id={enveloppe_id}"))["elements"]
    hausse = f"/v1/ecritures/{entries[1]['id']}/contrepassations"

    past = await terrain.client.post(hausse, {"date_effet": "2026-01-15", "source": "erreur"})
    now = await terrain.client.post(hausse, {"date_effet": "2026-03-02", "source": "erreur"})

    assert (past.status_code, past.json()["code"]) == (409, "disponible-insuffisant")
    assert past.json()["date"] == "2026-02-01"
    assert now.status_code == 201
    assert (await terrain.lire(f"/v1/enveloppes/{enveloppe_id}"))["ouvert_centimes"] == 70_00


@pytest.mark.parametrize(("mode", "libres"), [("stock", 3), ("flux", 1)])
async def test_places_are_left_once(terrain: Terrain, mode: str, libres: int) -> None:
    """Of a stock they are free again, of a flow served.

    Planted: the places read before the gate, red.
    """
    action_id = await terrain.action(mode_capacite=mode, places_ouvertes=3)
    reservation = (await terrain.reserver(action_id, places=2)).json()
    chemin = f"/v1/reservations/{reservation['id']}/confirmations"
    engagement_id = (await terrain.creer(chemin, {}))["id"]
    corps = {"date_effet": "2026-03-02", "motif": "fin"}

    answers = await asyncio.gather(
        *(
            terrain.client.post(f"/v1/engagements/{engagement_id}/liberations", corps)
            for _ in range(5)
        )
    )

    assert Counter(one.status_code for one in answers) == {201: 1, 422: 4}
    assert await terrain.places(action_id) == (libres, 0, 0)


async def test_free_places_are_closed(terrain: Terrain, horloge: Horloge) -> None:
    """And what is due back is free; as of a day, the places are those of that day."""
    action_id = await terrain.action(mode_capacite="stock", places_ouvertes=3)
    await terrain.reserver(action_id, places=2)
    chemin = f"/v1/actions/{action_id}/fermetures"
    corps = {"places": 2, "date_effet": "2026-03-02", "source": "avenant"}

    held = await terrain.client.post(chemin, corps)
    horloge.avancer(days=1)
    found = await terrain.creer(chemin, {**corps, "date_effet": "2026-03-03"})

    assert (held.status_code, held.json()["places_disponibles"]) == (409, 1)
    assert (found["places_disponibles"], found["places_reservees"]) == (1, 0)
    for au, places in (("2026-03-01", 0), ("2026-03-02", 3), ("2026-03-03", 1)):
        suite = f"au={au}"
        past = await terrain.lire(f"/v1/actions/{action_id}?{suite}")
        listed = (await terrain.lire(f"/v1/actions?{suite}"))["elements"]
        assert past["places_disponibles"] == places
        assert [one["places_disponibles"] for one in listed] == [places]
    known = await terrain.lire(f"/v1/actions/{action_id}?connu_au=2026-03-02")
    assert (known["places_disponibles"], known["places_reservees"]) == (1, 2)
