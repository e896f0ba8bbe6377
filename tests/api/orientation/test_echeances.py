"""Deadlines through the door, and what they announce in the feed."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import cast, func, literal, select
from sqlalchemy.types import Date

from deploy.local.flux_synthetique import Version
from services.orientation import tables
from services.orientation.echeances import alertes
from services.orientation.echeances.alertes import alerter_echeances
from shared.delais import Delai, Unite, fin_de_delai
from shared.socle.echeances import date_limite
from shared.socle.ids import new_id
from shared.socle.service import Service
from tests.api.orientation.conftest import Dossier, criteres
from tests.api.orientation.test_imports import importer
from tests.api.orientation.test_mouvements import Flux, poser
from tests.api.orientation.test_places import borner, decider, ouvrir_et_proposer
from tests.api.orientation.test_unites import modifier
from tests.api.test_listes import suivre
from tests.conftest import Client, Connecter

PARIS, REUNION = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")
REDON = {
    "code": "entree_parcours",
    "duree": 15,
    "unite": "jours",
    "source": "Essai",
    "fin": "entree_parcours",
    "territoire": "redon",
    "communes": ["35236"],
}
LOIRE = {
    "code": "accueil",
    "duree": 1,
    "unite": "mois",
    "source": "Essai",
    "depart": "ouverture_droit",
    "fin": "accueil",
}


@pytest.fixture
def service(services: dict[str, Service]) -> Service:
    return services["orientation"]


@pytest.fixture
def a_l_heure(service: Service, monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Stop the service's clock at an instant."""

    def stop(instant: datetime) -> None:
        monkeypatch.setattr(service, "horloge", lambda: instant)

    return stop


async def fixer(client: Client, code: str, *delais: dict[str, Any]) -> None:
    url = f"/v1/collectivites/{code}"
    version = (await client.get(url)).headers["ETag"]
    changed = await client.request(
        "PATCH",
        url,
        json={"delais": list(delais)},
        headers={"Content-Type": "application/merge-patch+json", "If-Match": version},
    )
    assert changed.status_code == 200, changed.text


async def dues(client: Client, query: str = "") -> list[dict[str, Any]]:
    answer = await client.get(f"/v1/echeances?tri=date_limite&{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["elements"]
    return found


async def test_local_delays_make_deadlines_beside_the_law(
    client: Client, ouverte: str, ouvrir: Dossier
) -> None:
    await fixer(client, ouverte, REDON, LOIRE)
    ici = await ouvrir(recu_le="2026-01-31T10:00:00Z")
    ailleurs = await ouvrir(recu_le="2026-01-31T10:00:00Z", code_commune="35238", prenoms="Autre")

    found = await dues(client, f"orientation_id={ici['id']}")

    assert [
        (one["code"], one["nature"], one["depart"], one["fin"], one["confirme"], one["date_limite"])
        for one in found
    ] == [
        ("entree_parcours", "objectif_local", "reception", "entree_parcours", False, "2026-02-15"),
        ("accueil", "objectif_local", "reception", "accueil", False, "2026-02-28"),
        ("orientation_pcd", "legale", "reception", "decision", True, "2026-03-14"),
    ]
    assert {one["date_depart"] for one in found} == {"2026-01-31"}
    assert {one["orientation_id"] for one in found} == {ici["id"]}
    assert len({one["id"] for one in found}) == 3
    assert found[2]["id"] == ici["id"]
    assert [one["code"] for one in await dues(client, f"orientation_id={ailleurs['id']}")] == [
        "accueil",
        "orientation_pcd",
    ]
    assert {one["orientation_id"] for one in await dues(client, "commune=35238")} == {
        ailleurs["id"]
    }
    assert {one["code"] for one in await dues(client, "code=accueil")} == {"accueil"}
    assert await dues(client, "code=inconnu") == []


@pytest.mark.parametrize(
    ("version", "depart", "confirme"),
    [
        pytest.param("VRSD0301", "2026-10-05", True, id="DTODRSA"),
        pytest.param("VRSB0801", "2026-10-02", False, id="la demande, faute de mieux"),
    ],
)
async def test_the_opening_that_a_flux_tells_starts_the_delay(
    client: Client, service: Service, ouverte: str, version: Version, depart: str, confirme: bool
) -> None:
    await fixer(client, ouverte, LOIRE)
    flux = Flux.premier(20, version)
    for foyer in flux.foyers:
        situation = foyer.find(".//SituationDossierRSA")
        assert situation is not None
        poser(foyer, "DTDEMRSA", "2026-10-02")
        if version == "VRSD0301":
            ouvert = poser(situation, "DroitOuvert", "")
            poser(ouvert, "DTODRSA", "2026-10-05")

    await importer(client, service, ouverte, flux.octets())

    found = await dues(client, "code=accueil")
    assert {
        (one["depart"], one["date_depart"], one["date_limite"], one["confirme"]) for one in found
    } == {("ouverture_droit", depart, f"2026-11-{depart[-2:]}", confirme)}


async def test_pages_meet_each_deadline_of_each_orientation_once(
    client: Client, ouverte: str, ouvrir: Dossier
) -> None:
    """Planted: the orientation as id of its local deadlines too, red."""
    await fixer(client, ouverte, REDON, LOIRE)
    for rang in range(4):
        await ouvrir(recu_le="2026-01-31T10:00:00Z", prenoms=f"Personne {'abcd'[rang]}")

    for tri in ("cree_le", "-cree_le", "date_limite", "-date_limite"):
        found, url = [], f"/v1/echeances?limite=1&tri={tri}"
        while url:
            page = (await client.get(url)).json()
            found += page["elements"]
            url = page["pagination"]["suivant"]
        assert len(found) == len({one["id"] for one in found}) == 12
        keys = [one[tri.lstrip("-")] for one in found]
        assert keys == sorted(keys, reverse=tri.startswith("-"))


async def test_an_objective_rules_from_its_day_to_the_next_row(
    client: Client, ouverte: str, ouvrir: Dossier
) -> None:
    row = {**REDON, "territoire": None, "communes": [], "depart": "reception"}
    await fixer(
        client,
        ouverte,
        {**row, "depuis": "2026-02-01"},
        {**row, "depuis": "2026-03-01", "duree": 10},
    )
    for jour in ("2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01"):
        await ouvrir(recu_le=f"{jour}T10:00:00Z", prenoms=f"Du {jour}")

    found = await dues(client, "code=entree_parcours")

    assert [(one["date_depart"], one["date_limite"]) for one in found] == [
        ("2026-02-01", "2026-02-16"),
        ("2026-03-01", "2026-03-11"),
        ("2026-02-28", "2026-03-15"),
    ]
    assert {one["confirme"] for one in found} == {True}


async def test_without_rsa_the_six_weeks_bind_nobody(client: Client, ouvrir: Dossier) -> None:
    await ouvrir(recu_le="2026-01-04T23:30:00Z", beneficiaire_rsa=False)

    assert await dues(client) == []


async def test_the_effect_of_the_decision_ends_an_entry(
    client: Client, ouverte: str, ouvrir: Dossier
) -> None:
    await fixer(client, ouverte, REDON)
    orientation = await ouvrir(recu_le="2026-01-05T10:00:00Z")
    await client.post(f"/v1/orientations/{orientation['id']}/criteres", criteres(), version=1)
    decided = await client.post(
        f"/v1/orientations/{orientation['id']}/decisions",
        {"etat_decision": "acceptee", "date_decision": "2026-01-19", "date_effet": "2026-01-21"},
        version=2,
    )
    assert decided.status_code == 201, decided.text

    assert [(one["code"], one["etat"]) for one in await dues(client)] == [
        ("entree_parcours", "depassee"),
        ("orientation_pcd", "respectee"),
    ]
    assert await dues(client, "etat=en_retard") == []
    assert [one["code"] for one in await dues(client, "etat=depassee")] == ["entree_parcours"]


@pytest.mark.parametrize("tri", ["date_limite", "-cree_le"])
async def test_what_was_decided_in_time_and_what_was_not_are_two_lists(
    client: Client, ouvrir: Dossier, tri: str
) -> None:
    """The last day is in time; each commune has its own.

    Planted: the comparison left out of the trigger, red.
    """
    organismes = (await client.get("/v1/organismes-referents")).json()["elements"]
    (ft,) = (one for one in organismes if one["type"] == "france_travail")
    # Past the six weeks it decides.
    await modifier(
        client, f"/v1/organismes-referents/{ft['id']}", ft["version"], clients=["si-essai"]
    )
    etats = {"2026-02-16": "respectee", "2026-02-17": "depassee"}
    for commune in ("35236", "35238"):
        for rang, jour in enumerate((*etats, None)):
            orientation = await ouvrir(
                recu_le="2026-01-05T10:00:00Z", code_commune=commune, prenoms=f"A{'bcd'[rang]}"
            )
            url = f"/v1/orientations/{orientation['id']}"
            await client.post(f"{url}/criteres", criteres(), version=1)
            if jour is not None:
                corps = {"etat_decision": "acceptee", "date_decision": jour, "date_effet": jour}
                decided = await client.post(f"{url}/decisions", corps, version=2)
                assert decided.status_code == 201, decided.text

    for etat in etats.values():
        found = await suivre(client, f"/v1/echeances?etat={etat}&tri={tri}&limite=1")
        assert [one["etat"] for one in found] == [etat] * 2
        for bornes, combien in (
            ("min=2026-02-16", 2),
            ("max=2026-02-16", 2),
            ("max=2026-02-15", 0),
        ):
            entre = f"/v1/echeances?etat={etat}&date_limite_{bornes}&limite=1"
            assert len(await suivre(client, entre)) == combien
        ici = await client.get(f"/v1/echeances?etat={etat}&tri={tri}&commune=35238")
        assert len(ici.json()["elements"]) == 1
    deux = await suivre(client, f"/v1/echeances?etat=respectee&etat=depassee&tri={tri}&limite=1")
    assert len({one["id"] for one in deux}) == len(deux) == 4


@pytest.mark.parametrize(
    ("presence", "etat"),
    [
        pytest.param("presente", "respectee", id="présente"),
        pytest.param("absente", "en_retard", id="absente"),
    ],
)
async def test_the_individual_interview_ends_the_welcome(
    client: Client, ouverte: str, ouvrir: Dossier, service: Service, presence: str, etat: str
) -> None:
    await fixer(client, ouverte, LOIRE)
    orientation = await ouvrir(recu_le="2026-01-05T10:00:00Z")
    debut = datetime(2026, 2, 5, 22, 30, tzinfo=UTC)  # 5 February in Paris, the last day
    seance = new_id()
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await tx.add(
            tables.Accueil,
            {
                "id": seance,
                "type": "entretien_individuel",
                "statut": "tenu",
                "type_lieu": "caf",
                "lieu": "CAF",
                "code_commune": "35236",
                "debut_le": debut,
                "fin_le": debut + timedelta(hours=1),
                "places": 1,
            },
        )
        await tx.add(
            tables.Convocation,
            {
                "id": new_id(),
                "accueil_id": seance,
                "personne_id": UUID(orientation["personne_id"]),
                "type": "entretien_individuel",
                "statut": "honoree",
                "mode": "courrier",
                "date_envoi": date(2026, 1, 20),
                "rang_relance": 0,
                "presence": presence,
            },
        )

    assert [(one["date_limite"], one["etat"]) for one in await dues(client, "code=accueil")] == [
        ("2026-02-05", etat)
    ]


async def test_the_database_counts_as_the_engine(ouverte: str, service: Service) -> None:
    """Every day of five years, with two 29 February, in every unit."""
    delais = [
        Delai("essai", duree, unite, None, "Essai", confirme=True)
        for unite in Unite
        for duree in (1, 6, 13)
    ]
    jours = [date(2024, 1, 1) + timedelta(days=n) for n in range(5 * 366)]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        for delai in delais:
            depart = cast(literal(date(2024, 1, 1)), Date) + func.generate_series(0, len(jours) - 1)
            limite = date_limite(cast(depart, Date), delai)
            found = (await tx.execute(select(limite))).scalars().all()
            assert found == [delai.echeance(jour) for jour in jours], delai


async def annonces(client: Client) -> list[tuple[str, str]]:
    elements = (await client.get("/v1/changements?limite=200")).json()["elements"]
    return [
        (one["type"].rpartition(".")[2], one["id"])
        for one in elements
        if one["type"].startswith("orientation.echeance.")
    ]


@pytest.mark.parametrize(
    ("fuseau", "recu_le", "due"),
    [
        pytest.param(PARIS, "2026-01-04T23:30:00Z", date(2026, 2, 16), id="Paris"),
        pytest.param(PARIS, "2028-01-18T12:00:00Z", date(2028, 2, 29), id="29 février"),
        pytest.param(REUNION, "2026-11-19T19:59:59Z", date(2026, 12, 31), id="31 décembre là-bas"),
    ],
)
async def test_a_deadline_announces_itself_at_seven_days_then_past_midnight(
    connecter: Connecter,
    collectivite: str,
    service: Service,
    a_l_heure: Callable[[datetime], None],
    fuseau: ZoneInfo,
    recu_le: str,
    due: date,
) -> None:
    """One second each side of local midnight. Planted: midnight of UTC, red."""
    client = connecter("orientation")
    created = await client.post(
        "/v1/collectivites",
        {"code": collectivite, "libelle": "Essai", "ideparte": "035", "fuseau": fuseau.key},
    )
    assert created.status_code == 201, created.text
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        ident, personne = new_id(), uuid4()
        await tx.add(
            tables.Personne,
            {
                "id": personne,
                "client_id": "si-essai",
                "nom": "Essai",
                "prenoms": "Camille",
                "date_naissance": date(1990, 4, 12),
                "beneficiaire_rsa": True,
                "droits_devoirs": True,
                "identite_empreinte": b"",
            },
        )
        await tx.add(
            tables.Orientation,
            {
                "id": ident,
                "personne_id": personne,
                "origine": "saisie",
                "statut": "brouillon",
                "recu_le": datetime.fromisoformat(recu_le),
                "date_limite": due,
                "criteres": [],
            },
        )
    seconde = timedelta(seconds=1)
    alerte = fin_de_delai(due - timedelta(days=8), fuseau)
    fin = fin_de_delai(due, fuseau)

    told = []
    for instant in (alerte - seconde, alerte, fin - seconde, fin, fin + timedelta(days=40)):
        a_l_heure(instant)
        await alerter_echeances(service, collectivite)
        told.append(await annonces(client))

    risque, depassee = ("a_risque", str(ident)), ("depassee", str(ident))
    assert told == [[], [risque], [risque], [risque, depassee], [risque, depassee]]


async def test_what_is_decided_announces_nothing(
    client: Client, ouverte: str, ouvrir: Dossier, service: Service
) -> None:
    orientation = await ouvrir(recu_le="2026-01-05T10:00:00Z")
    await client.post(f"/v1/orientations/{orientation['id']}/criteres", criteres(), version=1)
    await client.post(
        f"/v1/orientations/{orientation['id']}/decisions",
        {"etat_decision": "acceptee", "date_decision": "2026-01-19"},
        version=2,
    )

    await alerter_echeances(service, ouverte)

    assert await annonces(client) == []


async def test_the_last_day_of_a_wait_announces_itself_and_a_place_ends_it(
    client: Client,
    ouverte: str,
    ouvrir: Dossier,
    service: Service,
    a_l_heure: Callable[[datetime], None],
) -> None:
    """Of three who are decided, two wait; one of them gets the place before the last day.

    Planted: who has a place since told too, red.
    """
    organismes = (await client.get("/v1/organismes-referents")).json()["elements"]
    await borner(client, next(un for un in organismes if un["type"] == "france_travail"), 1)
    dossiers = [await ouvrir_et_proposer(client, ouvrir) for _ in range(3)]
    placee, bientot, attend = [await decider(client, un) for un in dossiers]
    limite = date.fromisoformat(attend["place"]["date_limite_file"])
    url = f"/v1/orientations/{placee['orientation_id']}/annulations"
    assert (await client.post(url, {"motif": "Erreur"}, version=3)).status_code == 201
    place = await client.get(f"/v1/places/{bientot['place']['place_id']}")
    assert place.json()["statut"] == "placee"

    told = []
    for jour in (limite - timedelta(days=8), limite, limite + timedelta(days=1)):
        a_l_heure(datetime.combine(jour, time(12), tzinfo=PARIS))
        await alerter_echeances(service, ouverte)
        told.append([un for un in await annonces(client) if un[1] == attend["orientation_id"]])

    risque, depassee = ((palier, attend["orientation_id"]) for palier in ("a_risque", "depassee"))
    assert told == [[], [risque], [risque, depassee]]
    assert bientot["orientation_id"] not in {un[1] for un in await annonces(client)}


async def test_two_workers_announce_once_batch_by_batch(
    client: Client,
    ouverte: str,
    ouvrir: Dossier,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted: facts published without their rows, told twice, red."""
    await fixer(client, ouverte, REDON)
    monkeypatch.setattr(alertes, "LOT", 3)
    opened = [
        await ouvrir(recu_le="2026-01-05T10:00:00Z", prenoms=f"Personne {'abcd'[rang]}")
        for rang in range(4)
    ]

    await asyncio.gather(*(alerter_echeances(service, ouverte) for _ in range(4)))
    await alerter_echeances(service, ouverte)

    # Each is late twice: for the law, and for the objective of its territory.
    assert sorted(await annonces(client)) == sorted(
        ("depassee", one["id"]) for one in opened for _ in range(2)
    )


async def test_a_crash_between_the_row_and_its_fact_loses_neither(
    client: Client,
    ouverte: str,
    ouvrir: Dossier,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted: a commit before the fact, red."""
    orientation = await ouvrir(recu_le="2026-01-05T10:00:00Z")

    async def tomber(*_: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(alertes, "publier", tomber)
        with pytest.raises(RuntimeError):
            await alerter_echeances(service, ouverte)
    await alerter_echeances(service, ouverte)

    assert await annonces(client) == [("depassee", orientation["id"])]
