"""Activities and hours through the door: planned, said, corrected; the weeks as they were known."""

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from deploy.local.bases import Adresses
from services.parcours import tables
from shared.socle.ids import new_id
from shared.socle.service import Service
from tests.api.parcours.conftest import ORDINAIRES, Horloge, Orientation, Suivre
from tests.api.parcours.heure import base_a_l_heure
from tests.api.parcours.test_contrats_engagement import SANS_HEURES, _contenu, _signer
from tests.conftest import Client, Connecter
from tests.jours import aujourdhui

# The clock stands on Wednesday 1 July 2026, week 27: the last complete one is week 26.
LUNDI = date(2026, 6, 22)
SEMAINE = timedelta(weeks=1)
ACTIVITE: Mapping[str, Any] = {
    "type": "formation",
    "libelle": "Code de la route",
    "modalite": "collective",
    "encadree": True,
    "duree_hebdomadaire_minutes": 240,
    "date_debut": "2026-06-01",
}


@pytest.fixture
def client(connecter: Connecter) -> Client:
    """Every scope."""
    return connecter("parcours")


@pytest_asyncio.fixture
async def parcours_id(orientation: Orientation, suivre: Suivre, client: Client) -> str:
    """An open parcours whose decision was notified: a contract may be signed."""
    decidee = await orientation.decider(type_parcours="professionnel")
    await orientation.notifier(decidee, "2026-05-04")
    await suivre()
    found = await client.get(f"/v1/parcours?personne_id={decidee['personne_id']}")
    parcours: str = found.json()["elements"][0]["id"]
    return parcours


async def _prevoir(client: Client, parcours_id: str, **champs: Any) -> dict[str, Any]:
    made = await client.post(f"/v1/parcours/{parcours_id}/activites", {**ACTIVITE, **champs})
    assert made.status_code == 201, made.text
    body: dict[str, Any] = made.json()
    return body


async def _dire(
    client: Client, activite: Mapping[str, Any], minutes: int, **champs: Any
) -> httpx.Response:
    path = f"/v1/activites/{activite['id']}"
    demande = {"duree_minutes": minutes, "source": "declare", **champs}
    version = (await client.get(path)).json()["version"]
    return await client.post(f"{path}/heures", demande, version=version)


async def _engager(client: Client, parcours_id: str, le: str, **intensite: Any) -> None:
    """Sign a contract of fifteen hours, or of others."""
    contenu = _contenu({"duree_hebdomadaire_minutes": 900, **intensite})
    path = f"/v1/parcours/{parcours_id}/contrats-engagement"
    contrat = await client.post(path, contenu)
    assert contrat.status_code == 201, contrat.text
    signed = await _signer(client, contrat.json(), le)
    assert signed.status_code == 201, signed.text


async def _intensite(client: Client, parcours_id: str, query: str = "") -> dict[str, Any]:
    found = await client.get(f"/v1/parcours/{parcours_id}/intensite{query}")
    assert found.status_code == 200, found.text
    body: dict[str, Any] = found.json()
    return body


async def test_an_activity_is_planned_by_who_holds_it(client: Client, parcours_id: str) -> None:
    referent = (await client.get(f"/v1/parcours/{parcours_id}")).json()["organisme_referent_id"]
    made = await client.post(f"/v1/parcours/{parcours_id}/activites", dict(ACTIVITE))
    autre = await _prevoir(client, parcours_id, organisme_id=str(uuid4()), libelle="Atelier")

    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    assert (await client.get(made.headers["Location"])).json() == made.json()
    assert (made.json()["organisme_id"], made.json()["par_organisme_referent"]) == (referent, True)
    assert autre["par_organisme_referent"] is False
    listed = (await client.get(f"/v1/activites?parcours_id={parcours_id}")).json()["elements"]
    assert listed == [autre, made.json()]
    feed = (await client.get("/v1/changements")).json()["elements"]
    assert [one["type"] for one in feed][-2:] == ["parcours.activite.prevue"] * 2


async def test_weeks_tell_planned_and_done(client: Client, parcours_id: str) -> None:
    """The objective of a week is that of its Monday; alone and in group apart."""
    await _engager(client, parcours_id, "2026-06-10")
    groupe = await _prevoir(client, parcours_id)
    seul = await _prevoir(
        client, parcours_id, modalite="individuelle", duree_hebdomadaire_minutes=600
    )
    await _dire(client, groupe, 120, date_activite="2026-06-23")
    await _dire(client, groupe, 105, date_activite="2026-06-25", source="atteste_partenaire")
    await _dire(client, seul, 1125, semaine="2026-W26")
    await _dire(client, seul, 450, semaine="2026-W25")
    await _dire(client, seul, 900, semaine="2026-W27")  # under way: in no intensity yet

    found = await _intensite(client, parcours_id, "?semaines=4")

    assert [
        (une["semaine"], une["objectif_minutes"], une["complete"]) for une in found["semaines"]
    ] == [
        ("2026-W27", 900, False),
        ("2026-W26", 900, True),
        ("2026-W25", 900, True),
        ("2026-W24", None, True),  # signed on its Wednesday
    ]
    assert found["semaines"][1]["prevu"] == {
        "individuelle_minutes": 600,
        "collective_minutes": 240,
        "total_minutes": 840,
    }
    assert found["semaines"][1]["realise"] == {
        "individuelle_minutes": 1125,
        "collective_minutes": 225,
        "total_minutes": 1350,
    }
    assert (found["objectif_minutes"], found["realise_minutes"]) == (1800, 1800)
    assert found["intensite_points_base"] == 10_000


async def test_a_correction_is_another_word(client: Client, parcours_id: str) -> None:
    activite = await _prevoir(client, parcours_id)
    for minutes in (120, 60):
        await _dire(client, activite, minutes, date_activite="2026-06-23")
    day = (await _intensite(client, parcours_id))["realise_minutes"]
    await _dire(client, activite, 300, semaine="2026-W26", source="atteste_partenaire")
    week = (await _intensite(client, parcours_id))["realise_minutes"]
    late = await _dire(client, activite, 15, date_activite="2026-06-24")

    assert (day, week) == (60, 300)
    assert (late.status_code, late.json()["code"]) == (409, "transition-interdite")
    said = (await client.get(f"/v1/activites/{activite['id']}/heures")).json()["elements"]
    assert [(one["duree_minutes"], one["date_activite"]) for one in said] == [
        (300, None),
        (60, "2026-06-23"),
        (120, "2026-06-23"),
    ]
    assert {one["semaine"] for one in said} == {"2026-W26"}
    assert said[0]["auteur"] == {"client_id": "si-essai"}


async def test_what_was_said_cannot_be_changed(
    services: Mapping[str, Service], ouverte: str, client: Client, parcours_id: str
) -> None:
    activite = await _prevoir(client, parcours_id)
    await _dire(client, activite, 120, date_activite="2026-06-23")
    service = services["parcours"]
    for order in (
        "UPDATE declaration_heures SET duree_minutes = 0",
        "DELETE FROM declaration_heures",
    ):
        with pytest.raises(DBAPIError, match="ajout seul"):
            async with service.base.transaction(service.acces_interne(ouverte)) as tx:
                await tx.execute(text(order))


async def test_a_later_correction_leaves_what_was_known(
    services: Mapping[str, Service], ouverte: str, client: Client, parcours_id: str, complet: bool
) -> None:
    """Words drawn over three weeks, on days and on whole weeks; each evening is asked again after
    the next words. The sums are those of a model: who spoke last of each day, or of its week.

    Planted: `connu_au` unheeded in the declarations, red.
    """
    tirage = random.Random(4)
    ids = [(await _prevoir(client, parcours_id))["id"] for _ in range(2)]
    service, soirs = services["parcours"], 60 if complet else 12
    model: dict[Any, int] = {}
    entieres: set[Any] = set()
    answers: dict[str, dict[str, Any]] = {}
    for rang in range(soirs):
        said_on = date(2026, 4, 1) + timedelta(days=rang)
        for _ in range(3):
            cle = (tirage.choice(ids), date(2026, 3, 9) + tirage.randrange(3) * SEMAINE)
            jour = cle[1] + timedelta(days=tirage.randrange(7))
            whole = cle in entieres or tirage.random() < 0.1
            minutes = 15 * tirage.randrange(20)
            if whole:
                entieres.add(cle)
                model = {one: value for one, value in model.items() if one[0] != cle}
            model[cle, None if whole else jour] = minutes
            row = {
                "id": new_id(),
                "parcours_id": UUID(parcours_id),
                "activite_id": UUID(cle[0]),
                "date_lundi": cle[1],
                "date_activite": None if whole else jour,
                "duree_minutes": minutes,
                "source": "declare",
                "client_id": "si-essai",
                "cree_le": datetime(said_on.year, said_on.month, said_on.day, 12, tzinfo=UTC),
            }
            async with service.base.transaction(service.acces_interne(ouverte)) as tx:
                await tx.add(tables.DeclarationHeures, row)
        query = f"?au=2026-03-30&connu_au={said_on}"
        found = await _intensite(client, parcours_id, query)
        assert found["realise_minutes"] == sum(model.values())
        answers[query] = found
    for query, before in answers.items():
        assert await _intensite(client, parcours_id, query) == before


async def test_an_activity_that_ceased_was_planned_as_was_known(
    services: Mapping[str, Service], ouverte: str, client: Client, parcours_id: str
) -> None:
    activite = await _prevoir(client, parcours_id)
    made = await client.post(
        f"/v1/activites/{activite['id']}/clotures", {"date_arret": "2026-06-14"}, version=1
    )
    assert (made.status_code, made.json()["date_arret"]) == (201, "2026-06-14")
    twice = await client.post(
        f"/v1/activites/{activite['id']}/clotures", {"date_arret": "2026-06-13"}, version=2
    )
    assert (twice.status_code, twice.json()["code"]) == (409, "transition-interdite")

    service = services["parcours"]
    order = "UPDATE activite SET cree_le = '2026-06-20T12:00Z', arret_le = '2026-06-25T12:00Z'"
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await tx.execute(text(order))
    for connu_au, prevues in (("2026-06-19", 0), ("2026-06-20", 4), ("2026-06-25", 2)):
        query = f"?au=2026-06-28&connu_au={connu_au}&semaines=4"
        semaines = (await _intensite(client, parcours_id, query))["semaines"]
        assert [une["prevu"]["total_minutes"] for une in semaines].count(240) == prevues


async def test_a_return_leaves_what_was_known_of_the_gap(
    bases: Mapping[str, Adresses],
    ouverte: str,
    horloge: Horloge,
    client: Client,
    parcours_id: str,
) -> None:
    """Each evening answers after the return as it did before, and the gap holds nothing planned.

    Planted: the exits kept by a return not read, then their evenings unheeded, each red.
    """

    async def prevues(query: str) -> list[int]:
        semaines = (await _intensite(client, parcours_id, f"{query}&semaines=5"))["semaines"]
        return [une["prevu"]["total_minutes"] for une in semaines]

    async def clore(jour: str) -> None:
        sortie = {"motif": "emploi_durable", "date_sortie": jour}
        version = (await client.get(f"/v1/parcours/{parcours_id}")).json()["version"]
        path = f"/v1/parcours/{parcours_id}/clotures"
        assert (await client.post(path, sortie, version=version)).status_code == 201

    async def rouvrir(jour: str) -> None:
        version = (await client.get(f"/v1/parcours/{parcours_id}")).json()["version"]
        path = f"/v1/parcours/{parcours_id}/reouvertures"
        made = await client.post(path, {"date_reouverture": jour}, version=version)
        assert made.status_code == 201, made.text

    soirs = {
        "?au=2026-07-05&connu_au=2026-06-07": [240] * 5,
        "?au=2026-07-05&connu_au=2026-06-08": [0, 0, 0, 0, 240],
        "?au=2026-07-05&connu_au=2026-06-30": [0, 0, 0, 0, 240],
        "?au=2026-07-05&connu_au=2026-07-01": [240, 0, 0, 0, 240],
        "?au=2026-07-05&connu_au=2026-07-02": [240, 0, 0, 0, 240],
    }
    with base_a_l_heure(bases["parcours"].proprietaire, ouverte, horloge) as heure:
        heure.mettre(datetime(2026, 6, 1, 10, tzinfo=UTC))
        await _prevoir(client, parcours_id)
        heure.mettre(datetime(2026, 6, 8, 10, tzinfo=UTC))
        await clore("2026-06-08")
        assert await prevues("?au=2026-06-30&connu_au=2026-06-30") == [0, 0, 0, 0, 240]
        heure.mettre(datetime(2026, 7, 1, 10, tzinfo=UTC))
        await rouvrir("2026-07-01")
        assert await prevues("?au=2026-06-30&connu_au=2026-06-30") == [0, 0, 0, 0, 240]
        # Again, known a day later.
        heure.passer(1)
        await clore("2026-07-02")
        assert {un: await prevues(un) for un in soirs} == soirs
        assert await prevues("?au=2026-07-12") == [0, 240, 0, 0, 0]
        await rouvrir("2026-07-02")
        assert {un: await prevues(un) for un in soirs} == soirs
        assert await prevues("?au=2026-07-12") == [240, 240, 0, 0, 0]


@pytest.mark.parametrize("parametre", ["au", "connu_au"])
@pytest.mark.parametrize(
    ("jour", "status"),
    [
        pytest.param("1800-01-01", 422, id="premier jour"),
        pytest.param("1800-02-24", 200, id="huit semaines après"),
        pytest.param("2999-12-29", 200, id="dernier dimanche"),
        pytest.param("2999-12-31", 422, id="dernier jour"),
    ],
)
async def test_the_weeks_of_a_day_at_the_ends_of_the_calendar(
    client: Client, parcours_id: str, parametre: str, jour: str, status: int
) -> None:
    """Planted: no bound, a 500, red."""
    found = await client.get(f"/v1/parcours/{parcours_id}/intensite?{parametre}={jour}")

    assert found.status_code == status, found.text
    if status == 422:
        (erreur,) = found.json()["erreurs"]
        assert (erreur["pointeur"], erreur["code"]) == (f"?{parametre}", "hors-bornes")


async def test_no_hour_set_reads_as_no_contract(connecter: Connecter, parcours_id: str) -> None:
    """Why there is none may be of health: the weeks of both are the same, byte for byte.

    Planted: the objective shown as 0, red.
    """
    everything, ordinary = connecter("parcours"), connecter("parcours", ORDINAIRES)
    activite = await _prevoir(everything, parcours_id)
    await _dire(everything, activite, 120, date_activite="2026-06-23")
    before = await _intensite(ordinary, parcours_id)
    await _engager(
        everything,
        parcours_id,
        "2026-06-01",
        **SANS_HEURES,
    )
    after = await _intensite(ordinary, parcours_id)

    assert before == after == await _intensite(everything, parcours_id)
    assert (after["intensite_points_base"], after["objectif_minutes"]) == (None, None)


async def test_a_local_landmark_is_shown_as_such(
    connecter: Connecter, client: Client, parcours_id: str
) -> None:
    repere = {"minimum_minutes": 900, "maximum_minutes": 1200, "source": "Convention locale"}
    assert (await _intensite(client, parcours_id))["repere"] is None
    made = [
        await client.post("/v1/reperes-heures", {**repere, "date_debut": jour, "source": jour})
        for jour in ("2026-06-01", "2026-01-01", "2026-07-02")
    ]

    assert [one.status_code for one in made] == [201] * 3
    shown = (await _intensite(client, parcours_id))["repere"]
    assert shown == made[0].json() == (await client.get(made[0].headers["Location"])).json()
    assert (await _intensite(client, parcours_id, "?au=2026-05-31"))["repere"]["source"] == (
        "2026-01-01"
    )
    listed = (await client.get("/v1/reperes-heures")).json()["elements"]
    assert listed == [one.json() for one in reversed(made)]
    refused = await connecter("parcours", ORDINAIRES).post(
        "/v1/reperes-heures", {**repere, "date_debut": "2026-08-01"}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "portee-insuffisante")
    # A landmark binds nobody: a contract of thirty hours stands beside it.
    await _engager(client, parcours_id, "2026-06-01", duree_hebdomadaire_minutes=1800)
    assert (await _intensite(client, parcours_id))["semaines"][0]["objectif_minutes"] == 1800


@pytest.mark.parametrize(
    ("champs", "pointeur"),
    [
        pytest.param({"duree_minutes": 20}, "/duree_minutes", id="pas un quart d'heure"),
        pytest.param({"duree_minutes": -15}, "/duree_minutes", id="négatif"),
        pytest.param({"date_activite": "2026-07-02"}, "/date_activite", id="demain"),
        pytest.param({"semaine": "2026-W26"}, "/semaine", id="jour et semaine"),
        pytest.param({"date_activite": None, "semaine": "2025-W53"}, "/semaine", id="pas de W53"),
        pytest.param({"source": "sanction"}, "/source", id="source inconnue"),
        pytest.param({"heures": 2}, "/heures", id="champ inconnu"),
    ],
)
async def test_bad_hours_write_nothing(
    client: Client, parcours_id: str, champs: Mapping[str, Any], pointeur: str
) -> None:
    activite = await _prevoir(client, parcours_id)
    refused = await _dire(client, activite, 60, **{"date_activite": "2026-06-23", **champs})

    assert (refused.status_code, refused.json()["code"]) == (422, "validation")
    assert [one["pointeur"] for one in refused.json()["erreurs"]] == [pointeur]
    assert (await client.get(f"/v1/activites/{activite['id']}")).json() == activite
    assert (await client.get(f"/v1/activites/{activite['id']}/heures")).json()["elements"] == []


async def test_a_command_is_of_a_version_and_once(client: Client, parcours_id: str) -> None:
    activite = await _prevoir(client, parcours_id)
    path = f"/v1/activites/{activite['id']}/heures"
    demande = {"duree_minutes": 60, "source": "declare", "date_activite": "2026-06-23"}
    cle = str(uuid4())

    first, again = [await client.post(path, demande, cle=cle, version=1) for _ in range(2)]
    stale = await client.post(path, demande, version=1)
    blind = await client.post(path, demande)

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert (stale.status_code, blind.status_code) == (412, 428)
    assert len((await client.get(path)).json()["elements"]) == 1


async def test_another_collectivite_sees_and_writes_nothing(
    connecter: Connecter, client: Client, parcours_id: str, collectivite: str
) -> None:
    activite = await _prevoir(client, parcours_id)
    etranger = connecter("parcours", dans="999Z")
    path = f"/v1/activites/{activite['id']}"
    heures = {"duree_minutes": 60, "source": "declare", "date_activite": "2026-06-23"}

    answers = [
        await etranger.get(path),
        await etranger.get(f"{path}/heures"),
        await etranger.get(f"/v1/parcours/{parcours_id}/intensite"),
        await etranger.post(f"{path}/heures", heures, version=1),
        await etranger.post(f"/v1/parcours/{parcours_id}/activites", dict(ACTIVITE)),
    ]
    assert [one.status_code for one in answers] == [404] * len(answers)
    assert (await etranger.get("/v1/activites")).json()["elements"] == []
    assert (await client.get(path)).json() == activite
    reader = connecter("parcours", "parcours:lire")
    assert (await reader.post(f"{path}/heures", heures, version=1)).status_code == 403


async def test_nothing_is_written_on_a_parcours_that_ended(
    client: Client, parcours_id: str
) -> None:
    activite = await _prevoir(client, parcours_id)
    version = (await client.get(f"/v1/parcours/{parcours_id}")).json()["version"]
    sortie = {"motif": "emploi_durable", "date_sortie": "2026-06-24"}
    await client.post(f"/v1/parcours/{parcours_id}/clotures", sortie, version=version)

    refused = [
        await client.post(f"/v1/parcours/{parcours_id}/activites", dict(ACTIVITE)),
        await _dire(client, activite, 60, date_activite="2026-06-23"),
    ]
    assert [one.json()["code"] for one in refused] == ["parcours-clos"] * 2
    semaines = (await _intensite(client, parcours_id, "?semaines=2"))["semaines"]
    assert [une["prevu"]["total_minutes"] for une in semaines] == [0, 240]


async def test_hours_are_withdrawn_whatever_ended_since(client: Client, parcours_id: str) -> None:
    """Of a day after the end recorded since, then of a parcours that ended; none is added there.

    Planted: zero refused outside of the activity, then on the closed parcours, each red.
    """
    activite = await _prevoir(client, parcours_id)
    for jour in ("2026-06-23", "2026-06-25"):
        await _dire(client, activite, 120, date_activite=jour)
    version = (await client.get(f"/v1/activites/{activite['id']}")).json()["version"]
    await client.post(
        f"/v1/activites/{activite['id']}/clotures", {"date_arret": "2026-06-24"}, version=version
    )
    refused = await _dire(client, activite, 60, date_activite="2026-06-25")
    withdrawn = await _dire(client, activite, 0, date_activite="2026-06-25")
    assert (refused.status_code, withdrawn.status_code) == (422, 201)
    assert (await _intensite(client, parcours_id))["realise_minutes"] == 120

    parcours = (await client.get(f"/v1/parcours/{parcours_id}")).json()
    sortie = {"motif": "emploi_durable", "date_sortie": "2026-06-24"}
    path = f"/v1/parcours/{parcours_id}/clotures"
    assert (await client.post(path, sortie, version=parcours["version"])).status_code == 201
    withdrawn = await _dire(client, activite, 0, date_activite="2026-06-23")
    assert withdrawn.status_code == 201, withdrawn.text
    assert (await _intensite(client, parcours_id))["realise_minutes"] == 0


async def test_the_review_of_reduced_hours_is_due(client: Client, parcours_id: str) -> None:
    """Six months; of whatever reason, which it does not tell. Planted: no such kind, red."""
    await _engager(client, parcours_id, "2026-06-01", **SANS_HEURES)

    due = (await client.get("/v1/echeances?code=reexamen_heures")).json()["elements"]

    (one,) = due
    assert (one["date_depart"], one["date_limite"], one["etat"]) == (
        str(aujourdhui()),
        "2027-01-01",
        "a_temps",
    )
    assert (one["nature"], one["confirme"]) == ("objectif_local", False)
    assert one["parcours_id"] == parcours_id
    assert not (await client.get("/v1/echeances?code=reexamen_heures_social")).json()["elements"]
    contrat = (await client.get(f"/v1/contrats-engagement/{one['contrat_id']}")).json()
    actuel = {"motif": "Quinze heures", **_contenu({"duree_hebdomadaire_minutes": 900})}
    path = f"/v1/contrats-engagement/{one['contrat_id']}/revisions"
    await client.post(path, actuel, version=contrat["version"])
    assert not (await client.get("/v1/echeances?code=reexamen_heures")).json()["elements"]


async def test_the_timeline_tells_activities_and_no_hours(client: Client, parcours_id: str) -> None:
    activite = await _prevoir(client, parcours_id)
    await _dire(client, activite, 120, date_activite="2026-06-23")
    await client.post(
        f"/v1/activites/{activite['id']}/clotures", {"date_arret": "2026-06-25"}, version=2
    )
    page = (await client.get(f"/v1/parcours/{parcours_id}/chronologie")).json()["elements"]
    assert [
        (one["type"], one["date_evenement"]) for one in page if one["ressource"] == "activites"
    ] == [("activite_arretee", "2026-06-25"), ("activite_commencee", "2026-06-01")]
