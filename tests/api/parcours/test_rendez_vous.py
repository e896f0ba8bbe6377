"""Rendez-vous through the door: taken, moved, honoured or missed, taken again, cancelled."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from deploy.local.bases import Adresses
from shared.socle.service import Service
from tests.api.parcours.conftest import Horloge, ensemble
from tests.api.plans import instructions, lues, noeuds
from tests.conftest import Client, Connecter

# The clock stands on Wednesday 1 July 2026, at noon in Paris.
CRENEAU: Mapping[str, Any] = {
    "debut_le": "2026-07-02T08:00:00.000000Z",
    "fin_le": "2026-07-02T09:00:00.000000Z",
    "modalite": "physique",
    "lieu": "Maison du département",
    "initiateur": "partenaire",
}
DEMANDE: Mapping[str, Any] = {
    **CRENEAU,
    "motif": "premier_accompagnement",
    "reception": "individuelle",
    "agent": "agt-1",
}
TENU = {"debut_le": "2026-07-01T08:00:00.000000Z", "fin_le": "2026-07-01T09:00:00.000000Z"}
SUIVANT = {"debut_le": "2026-07-09T08:00:00.000000Z", "fin_le": "2026-07-09T09:00:00.000000Z"}


@pytest.fixture
def client(connecter: Connecter) -> Client:
    """Every scope."""
    return connecter("parcours")


async def _prendre(client: Client, parcours_id: str, **champs: Any) -> dict[str, Any]:
    made = await client.post(f"/v1/parcours/{parcours_id}/rendez-vous", {**DEMANDE, **champs})
    assert made.status_code == 201, made.text
    body: dict[str, Any] = made.json()
    return body


async def _acte(
    client: Client, rendez_vous: Mapping[str, Any], nom: str, corps: Mapping[str, Any]
) -> httpx.Response:
    path = f"/v1/rendez-vous/{rendez_vous['id']}"
    return await client.post(f"{path}/{nom}", dict(corps), version=rendez_vous["version"])


async def _actes(client: Client, rendez_vous: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = await client.get(f"/v1/rendez-vous/{rendez_vous['id']}/actes")
    elements: list[dict[str, Any]] = found.json()["elements"]
    return elements


async def _faits(client: Client) -> list[str]:
    feed = (await client.get("/v1/changements")).json()["elements"]
    prefix = "parcours.rendez_vous."
    return [one["type"].removeprefix(prefix) for one in feed if one["type"].startswith(prefix)]


async def test_one_is_taken_in_the_codes_of_france_travail(
    client: Client, parcours_id: str
) -> None:
    made = await client.post(f"/v1/parcours/{parcours_id}/rendez-vous", dict(DEMANDE))

    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    rendez_vous = made.json()
    assert (await client.get(made.headers["Location"])).json() == rendez_vous
    parcours = (await client.get(f"/v1/parcours/{parcours_id}")).json()
    assert rendez_vous["organisme_id"] == parcours["organisme_referent_id"]
    assert (rendez_vous["statut"], rendez_vous["rang_relance"]) == ("pris", 0)
    assert rendez_vous["france_travail"] == {
        "motif": "ACC",
        "modalite": "PHYSIQUE",
        "reception": "IND",
        "statut": "PRIS",
        "initiateur": "PARTENAIRE",
    }


async def test_a_move_keeps_the_former_slot(client: Client, parcours_id: str) -> None:
    pris = await _prendre(client, parcours_id)
    autre = {**CRENEAU, **SUIVANT, "modalite": "visio", "lieu": None, "initiateur": "usager"}

    moved = await _acte(client, pris, "modifications", autre)

    assert moved.status_code == 201, moved.text
    assert {**pris, **moved.json()} == moved.json()
    assert (moved.json()["id"], moved.json()["statut"]) == (pris["id"], "modifie")
    assert (moved.json()["debut_le"], moved.json()["modalite"]) == (SUIVANT["debut_le"], "visio")
    assert moved.json()["france_travail"]["statut"] == "MODIFIE"
    modification, prise = await _actes(client, pris)
    assert (modification["statut"], modification["debut_le"], modification["initiateur"]) == (
        "modifie",
        CRENEAU["debut_le"],
        "usager",
    )
    assert (prise["statut"], prise["debut_le"]) == ("pris", CRENEAU["debut_le"])
    assert await _faits(client) == ["pris", "modifie"]


async def test_an_absence_leads_to_another_one_and_to_nothing_else(
    client: Client, parcours_id: str, horloge: Horloge
) -> None:
    pris = await _prendre(client, parcours_id, **TENU)
    absent = await _acte(client, pris, "presences", {"presence": "absente"})
    excuse = await _acte(
        client, absent.json(), "presences", {"presence": "excusee", "motif": "transport"}
    )
    again = await _acte(client, excuse.json(), "reconvocations", {**CRENEAU, **SUIVANT})

    assert (absent.json()["statut"], absent.json()["presence"]) == ("absent", "absente")
    assert (excuse.json()["statut"], excuse.json()["motif_absence"]) == ("absent", "transport")
    suivant = again.json()
    assert again.status_code == 201
    assert (suivant["statut"], suivant["precedent_id"], suivant["rang_relance"]) == (
        "pris",
        pris["id"],
        1,
    )
    assert (suivant["motif"], suivant["agent"]) == (pris["motif"], pris["agent"])
    missed = (await client.get(f"/v1/rendez-vous/{pris['id']}")).json()
    assert (missed["suivant_id"], missed["statut"]) == (suivant["id"], "absent")
    feed = [one["type"] for one in (await client.get("/v1/changements")).json()["elements"]]
    assert feed == [
        "parcours.parcours.ouvert",
        *(
            f"parcours.rendez_vous.{fait}"
            for fait in ("pris", "absent", "absent", "repris", "pris")
        ),
    ]
    twice = await _acte(client, missed, "reconvocations", {**CRENEAU, **SUIVANT})
    late = await _acte(client, missed, "presences", {"presence": "presente"})
    assert [one.json()["code"] for one in (twice, late)] == ["transition-interdite"] * 2
    horloge.avancer(timedelta(days=8))
    missed_again = await _acte(client, suivant, "presences", {"presence": "absente"})
    third = await _acte(client, missed_again.json(), "reconvocations", {**CRENEAU, **SUIVANT})
    assert third.json()["rang_relance"] == 2


async def test_a_cancelled_one_is_nobodys_absence(client: Client, parcours_id: str) -> None:
    pris = await _prendre(client, parcours_id)
    annule = await _acte(client, pris, "annulations", {"initiateur": "partenaire"})
    again = await _acte(client, annule.json(), "reconvocations", {**CRENEAU, **SUIVANT})

    assert (annule.json()["statut"], annule.json()["presence"]) == ("annule", None)
    assert (again.json()["rang_relance"], again.json()["precedent_id"]) == (0, pris["id"])
    for nom, corps in (
        ("annulations", {"initiateur": "usager"}),
        ("modifications", CRENEAU),
        ("presences", {"presence": "presente"}),
    ):
        read = (await client.get(f"/v1/rendez-vous/{pris['id']}")).json()
        refused = await _acte(client, read, nom, corps)
        assert (refused.status_code, refused.json()["code"]) == (409, "transition-interdite")


async def test_nobody_is_present_before_it_begins(
    client: Client, parcours_id: str, horloge: Horloge
) -> None:
    pris = await _prendre(client, parcours_id)
    refused = await _acte(client, pris, "presences", {"presence": "presente"})
    horloge.avancer(timedelta(hours=22))
    done = await _acte(client, pris, "presences", {"presence": "presente"})

    assert (refused.status_code, refused.json()["debut_le"]) == (409, CRENEAU["debut_le"])
    assert (done.status_code, done.json()["statut"]) == (201, "effectue")


async def test_an_agenda_is_in_the_order_of_the_days(client: Client, parcours_id: str) -> None:
    """A day is that of the département: in July, what begins at 22:00 UTC is of the next one."""
    debuts = [
        "2026-07-02T21:59:00",
        "2026-06-30T22:00:00",
        "2026-07-02T22:00:00",
        "2026-07-01T09:00:00",
    ]
    made = {}
    for debut in debuts:
        fin = debut[:-2] + "30"
        made[debut] = await _prendre(
            client, parcours_id, debut_le=f"{debut}Z", fin_le=f"{fin}Z", agent="agt-9"
        )
    await _prendre(client, parcours_id, agent="agt-8")

    async def lire(query: str) -> list[str]:
        found = await client.get(f"/v1/rendez-vous?{query}")
        assert found.status_code == 200, found.text
        return [one["debut_le"][:19] for one in found.json()["elements"]]

    jours = "date_rendez_vous_min=2026-07-01&date_rendez_vous_max=2026-07-02"
    assert await lire(f"agent=agt-9&tri=debut_le&{jours}") == [debuts[1], debuts[3], debuts[0]]
    assert await lire("agent=agt-9") == sorted(debuts, reverse=True)
    assert made[debuts[2]]["date_rendez_vous"] == "2026-07-03"
    await _acte(client, made[debuts[3]], "presences", {"presence": "presente"})
    assert await lire("statut=effectue") == [debuts[3]]
    assert len(await lire("statut=effectue&statut=pris")) == 5
    assert len(await lire(f"parcours_id={parcours_id}&statut=pris")) == 4
    assert await lire(f"parcours_id={uuid4()}") == []
    assert await lire(f"agent=agt-9&organisme_id={uuid4()}") == []
    tous = f"organisme_id={made[debuts[0]]['organisme_id']}"
    assert len(await lire(tous)) == 5
    assert await lire(f"{tous}&statut=effectue") == [debuts[3]]
    assert await lire(f"organisme_id={uuid4()}") == []


async def test_the_timeline_tells_each_act(client: Client, parcours_id: str) -> None:
    pris = await _prendre(client, parcours_id, **TENU)
    await _acte(client, pris, "presences", {"presence": "absente"})
    page = (await client.get(f"/v1/parcours/{parcours_id}/chronologie")).json()["elements"]
    assert [
        (one["type"], one["date_evenement"], one["ressource_id"])
        for one in page
        if one["ressource"] == "rendez-vous"
    ] == [
        ("rendez_vous_absent", "2026-07-01", pris["id"]),
        ("rendez_vous_pris", "2026-07-01", pris["id"]),
    ]


@pytest.mark.parametrize(
    ("champs", "pointeur"),
    [
        pytest.param({"fin_le": CRENEAU["debut_le"]}, "/fin_le", id="durée nulle"),
        pytest.param({"fin_le": "2026-07-03T08:00:01Z"}, "/fin_le", id="plus d'un jour"),
        pytest.param({"motif": "ACC"}, "/motif", id="code de France Travail"),
        pytest.param({"agent": "1990499999999"}, "/agent", id="un NIR"),
        pytest.param({"statut": "effectue"}, "/statut", id="statut"),
    ],
)
async def test_bad_input_writes_nothing(
    client: Client, parcours_id: str, champs: Mapping[str, Any], pointeur: str
) -> None:
    refused = await client.post(f"/v1/parcours/{parcours_id}/rendez-vous", {**DEMANDE, **champs})
    assert (refused.status_code, refused.json()["code"]) == (422, "validation")
    assert [one["pointeur"] for one in refused.json()["erreurs"]] == [pointeur]
    assert (await client.get("/v1/rendez-vous")).json()["elements"] == []


async def test_one_act_of_many_and_once(client: Client, parcours_id: str) -> None:
    pris = await _prendre(client, parcours_id, **TENU)
    path = f"/v1/rendez-vous/{pris['id']}/presences"
    cle = str(uuid4())

    answers = await ensemble(
        client,
        *(client.post(path, {"presence": "absente"}, version=1) for _ in range(4)),
    )
    assert sorted(one.status_code for one in answers) == [201] + [412] * 3
    first, again = [
        await client.post(path, {"presence": "presente"}, cle=cle, version=2) for _ in range(2)
    ]
    assert first.json() == again.json()
    assert len(await _actes(client, pris)) == 3
    assert (await client.post(path, {"presence": "absente"})).status_code == 428


async def test_another_collectivite_sees_and_writes_nothing(
    connecter: Connecter, client: Client, parcours_id: str
) -> None:
    pris = await _prendre(client, parcours_id, **TENU)
    etranger = connecter("parcours", dans="999Z")
    path = f"/v1/rendez-vous/{pris['id']}"

    answers = [
        await etranger.get(path),
        await etranger.get(f"{path}/actes"),
        await etranger.post(f"/v1/parcours/{parcours_id}/rendez-vous", dict(DEMANDE)),
        await etranger.post(f"{path}/presences", {"presence": "absente"}, version=1),
        await etranger.post(f"{path}/annulations", {"initiateur": "usager"}, version=1),
        await etranger.post(f"{path}/modifications", dict(CRENEAU), version=1),
        await etranger.post(f"{path}/reconvocations", dict(CRENEAU), version=1),
    ]
    assert [one.status_code for one in answers] == [404] * len(answers)
    assert (await client.get(path)).json() == pris
    reader = connecter("parcours", "parcours:lire")
    refused = await reader.post(f"{path}/presences", {"presence": "absente"}, version=1)
    assert refused.status_code == 403


async def test_an_act_cannot_be_changed(
    services: Mapping[str, Service], ouverte: str, client: Client, parcours_id: str
) -> None:
    await _prendre(client, parcours_id)
    service = services["parcours"]
    for order in ("UPDATE acte_rendez_vous SET statut = 'absent'", "DELETE FROM acte_rendez_vous"):
        with pytest.raises(DBAPIError, match="ajout seul"):
            async with service.base.transaction(service.acces_interne(ouverte)) as tx:
                await tx.execute(text(order))


PEUPLER = """
    INSERT INTO rendez_vous (collectivite, id, parcours_id, motif, modalite, reception, statut,
        initiateur, agent, organisme_id, debut_le, fin_le, rang_relance)
    SELECT :collectivite, gen_random_uuid(), p.id, 'autre', 'visio', 'individuelle',
        CASE WHEN n % 10 = 0 THEN 'annule' ELSE 'pris' END, 'usager', 'agt-' || n % 50,
        ('00000000-0000-4000-8000-' || lpad((n % 50)::text, 12, '0'))::uuid, debut,
        debut + interval '1 hour', 0
    FROM parcours p, generate_series(1, 5000) n,
        LATERAL (SELECT TIMESTAMPTZ '2026-07-01' + n * interval '1 hour') AS un(debut)
    WHERE p.collectivite = :collectivite
"""
ORGANISME = "00000000-0000-4000-8000-000000000007"


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("", id="tous"),
        pytest.param("tri=debut_le", id="à rebours"),
        pytest.param("agent=agt-7&tri=debut_le", id="agenda"),
        pytest.param(f"organisme_id={ORGANISME}", id="organisme"),
        pytest.param(f"organisme_id={ORGANISME}&statut=pris&tri=debut_le", id="organisme, états"),
        pytest.param("statut=annule&statut=absent", id="états"),
        pytest.param(
            "date_rendez_vous_min=2026-08-01&date_rendez_vous_max=2026-08-31", id="un mois"
        ),
    ],
)
async def test_a_page_reads_little(
    services: Mapping[str, Service],
    bases: Mapping[str, Adresses],
    client: Client,
    parcours_id: str,
    ouverte: str,
    query: str,
) -> None:
    """Each filter on the index that has its rows in order: no more is read than is shown.

    Planted: no index of the organisme, red.
    """
    service = services["parcours"]
    acces = service.acces_interne(ouverte)
    async with service.base.transaction(acces) as tx:
        await tx.execute(text(PEUPLER))
    with psycopg.connect(bases["parcours"].proprietaire, autocommit=True) as base:
        base.execute("ANALYZE rendez_vous")

    with instructions(service) as sent:
        page = await client.get(f"/v1/rendez-vous?limite=20&{query}")
    assert len(page.json()["elements"]) == 20, page.text

    ((statement, parameters),) = [one for one in sent if "rendez_vous" in one[0]]
    async with service.base.transaction(acces) as tx:
        found = await tx.connexion.exec_driver_sql(
            f"EXPLAIN (FORMAT JSON, ANALYZE) {statement}", tuple(parameters)
        )
        plan = found.scalar_one()
    whole = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    assert lues(whole) < 300, [one.get("Index Name") for one in noeuds(whole)]
