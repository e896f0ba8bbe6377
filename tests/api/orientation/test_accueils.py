"""The welcome, through the door: its order, its places, its absences, and what orients nobody."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from shared.socle.service import Service
from tests.api.orientation.conftest import PERSONNE
from tests.conftest import Client, Connecter

REUNION, ENTRETIEN = "reunion_collective", "entretien_individuel"
# Ten in the morning in Paris; the sessions below are a day later.
MAINTENANT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DEMAIN = MAINTENANT + timedelta(days=1)
AILLEURS = "00000000-0000-4000-8000-000000000000"


@dataclass
class Terrain:
    """A client of orientation, and a clock that tests move."""

    client: Client
    instant: datetime = MAINTENANT

    async def creer(self, chemin: str, corps: dict[str, Any], **rest: Any) -> dict[str, Any]:
        """POST what must succeed."""
        answer = await self.client.post(chemin, corps, **rest)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def lire(self, chemin: str) -> dict[str, Any]:
        """GET what must be there."""
        answer = await self.client.get(chemin)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def personne(self) -> str:
        """A new person."""
        found: str = (await self.creer("/v1/personnes", PERSONNE))["id"]
        return found

    async def seance(self, type_: str = REUNION, debut_le: datetime = DEMAIN, **rest: Any) -> str:
        """A session of two hours."""
        corps = {
            "type": type_,
            "type_lieu": "caf",
            "lieu": "Salle d'essai",
            "code_commune": "42218",
            "debut_le": debut_le.isoformat(),
            "fin_le": (debut_le + timedelta(hours=2)).isoformat(),
            "places": 1 if type_ == ENTRETIEN else 12,
            **rest,
        }
        found: str = (await self.creer("/v1/accueils", corps))["id"]
        return found

    async def convoquer(self, accueil_id: str, personne_id: str, **rest: Any) -> httpx.Response:
        """Try to convene."""
        corps = {"personne_id": personne_id, "mode": "courrier", **rest}
        return await self.client.post(f"/v1/accueils/{accueil_id}/convocations", corps)

    async def convoquee(self, accueil_id: str, personne_id: str) -> dict[str, Any]:
        """Convene."""
        answer = await self.convoquer(accueil_id, personne_id)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def constater(
        self, convocation: dict[str, Any], presence: str, **rest: Any
    ) -> httpx.Response:
        """State a presence."""
        return await self.client.post(
            f"/v1/convocations/{convocation['id']}/presences",
            {"presence": presence, **rest},
            version=convocation["version"],
        )

    async def faits(self) -> Counter[str]:
        """How many facts of each type the feed tells."""
        feed = await self.lire("/v1/changements?limite=200")
        return Counter(one["type"].removeprefix("orientation.") for one in feed["elements"])


@pytest_asyncio.fixture
async def terrain(
    connecter: Connecter, ouverte: str, services: Mapping[str, Service]
) -> AsyncIterator[Terrain]:
    """This test's collectivité, and a stopped clock."""
    service, terrain = services["orientation"], Terrain(connecter("orientation"))
    before = service.horloge
    service.horloge = lambda: terrain.instant
    yield terrain
    service.horloge = before


def refus(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_session_is_programmed_read_and_listed(terrain: Terrain) -> None:
    organisme = await terrain.creer(
        "/v1/organismes-referents",
        {"reference": "cd", "type": "conseil_departemental", "nom": "Département"},
    )
    meeting = await terrain.seance(organisme_referent_id=organisme["id"])
    later = await terrain.seance(
        "ecrivain_public_numerique",
        DEMAIN + timedelta(days=7),
        type_lieu="intercommunalite",
        code_commune="42187",
        places=None,
    )

    found = await terrain.lire(f"/v1/accueils/{meeting}")

    assert (found["statut"], found["places"], found["places_prises"]) == ("programme", 12, 0)
    assert found["debut_le"] == "2026-03-03T09:00:00.000000Z"
    for filtre, expected in (
        ("", [later, meeting]),
        ("type=ecrivain_public_numerique", [later]),
        ("code_commune=42218", [meeting]),
        ("debut_le_max=2026-03-03T09:00:00Z", [meeting]),
        ("debut_le_min=2026-03-03T09:00:01Z", [later]),
    ):
        listed = await terrain.lire(f"/v1/accueils?{filtre}")
        assert [one["id"] for one in listed["elements"]] == expected, filtre
    assert (await terrain.faits())["accueil.programme"] == 2


async def test_what_a_session_lacks_is_named(terrain: Terrain) -> None:
    base = {
        "type": REUNION,
        "type_lieu": "caf",
        "lieu": "Salle d'essai",
        "code_commune": "42218",
        "debut_le": "2026-03-03T09:00:00Z",
        "fin_le": "2026-03-03T11:00:00Z",
        "places": 12,
    }
    for change, pointeur in (
        ({"places": None}, "/places"),
        ({"fin_le": "2026-03-03T09:00:00Z"}, "/fin_le"),
        ({"debut_le": "2026-03-03T09:00:00"}, "/debut_le"),
        ({"organisme_referent_id": AILLEURS}, "/organisme_referent_id"),
    ):
        answer = await terrain.client.post("/v1/accueils", {**base, **change})
        assert refus(answer) == (422, "validation"), change
        assert [one["pointeur"] for one in answer.json()["erreurs"]] == [pointeur]


async def test_the_interview_waits_for_the_meeting(terrain: Terrain) -> None:
    """One convened, then absent, has not attended. Planted: the order ignored, red."""
    personne = await terrain.personne()
    meeting, again = await terrain.seance(), await terrain.seance(debut_le=DEMAIN)
    interview = await terrain.seance(ENTRETIEN, DEMAIN + timedelta(hours=2))
    too_early = await terrain.seance(ENTRETIEN, DEMAIN + timedelta(hours=1))

    first = await terrain.convoquer(interview, personne)
    assert refus(first) == (409, "transition-interdite")
    assert first.json()["transitions_possibles"] == [REUNION, "dispense"]
    convened = await terrain.convoquee(meeting, personne)
    assert refus(await terrain.convoquer(interview, personne)) == (409, "transition-interdite")
    terrain.instant = DEMAIN
    absent = await terrain.constater(convened, "absente")
    assert absent.status_code == 201, absent.text
    assert refus(await terrain.convoquer(interview, personne)) == (409, "transition-interdite")
    convened = await terrain.convoquee(again, personne)
    assert (await terrain.constater(convened, "presente")).status_code == 201

    early = await terrain.convoquer(too_early, personne)
    assert refus(early) == (409, "transition-interdite")
    assert early.json()["reunion_fin_le"] == "2026-03-03T11:00:00.000000Z"
    held = await terrain.convoquee(interview, personne)

    assert (held["type"], held["rang_relance"], held["precedente_id"]) == (ENTRETIEN, 0, None)
    # Nor does the interview move before the meeting afterwards.
    moved = await terrain.client.request(
        "PATCH",
        f"/v1/accueils/{interview}",
        json={"debut_le": (DEMAIN + timedelta(hours=1)).isoformat()},
        headers={"If-Match": '"1"', "Content-Type": "application/merge-patch+json"},
    )
    assert refus(moved) == (409, "transition-interdite")


async def test_a_dispensation_stands_for_the_meeting(terrain: Terrain) -> None:
    personne, other = await terrain.personne(), await terrain.personne()
    interview = await terrain.seance(ENTRETIEN)
    chemin = f"/v1/personnes/{personne}/dispenses"
    corps = {"type": REUNION, "motif": "deja_accompagnee", "date_dispense": "2026-03-02"}

    tomorrow = await terrain.client.post(chemin, {**corps, "date_dispense": "2026-03-03"})
    wrong = await terrain.client.post(chemin, {**corps, "type": "accueil_social_universel"})
    created = await terrain.client.post(chemin, corps)

    assert refus(tomorrow) == refus(wrong) == (422, "validation")
    assert created.status_code == 201, created.text
    found = created.json()
    assert (found["motif"], found["auteur"]) == ("deja_accompagnee", {"client_id": "si-essai"})
    assert await terrain.lire(created.headers["Location"]) == found
    assert (await terrain.lire(chemin))["elements"] == [found]
    assert refus(await terrain.convoquer(interview, other)) == (409, "transition-interdite")
    assert (await terrain.convoquer(interview, personne)).status_code == 201
    elsewhere = f"/v1/personnes/{other}/dispenses/{found['id']}"
    assert (await terrain.client.get(elsewhere)).status_code == 404
    assert refus(await terrain.client.post(f"/v1/personnes/{AILLEURS}/dispenses", corps)) == (
        404,
        "introuvable",
    )


async def test_thirty_at_once_take_twelve_places(terrain: Terrain) -> None:
    """Planted: the places counted without the lock, more than twelve were taken, red."""
    meeting = await terrain.seance(places=12)
    personnes = [await terrain.personne() for _ in range(30)]

    answers = await asyncio.gather(*(terrain.convoquer(meeting, one) for one in personnes))

    full = [answer for answer in answers if answer.status_code != 201]
    assert len(answers) - len(full) == 12
    assert {refus(answer) for answer in full} == {(409, "disponible-insuffisant")}
    assert full[0].json()["places"] == 12
    assert (await terrain.lire(f"/v1/accueils/{meeting}"))["places_prises"] == 12
    listed = await terrain.lire(f"/v1/convocations?accueil_id={meeting}")
    assert len({one["personne_id"] for one in listed["elements"]}) == 12


async def test_one_person_at_once_is_convened_once(terrain: Terrain) -> None:
    """To one session, or to two of one step. Planted: the person not held, red."""
    personne = await terrain.personne()
    seances = [await terrain.seance() for _ in range(4)]

    answers = await asyncio.gather(
        *(terrain.convoquer(one, personne) for one in seances for _ in range(2))
    )

    made = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(made) == 1
    assert {refus(answer) for answer in refused} == {(409, "reference-externe-existante")}
    assert {answer.json()["id"] for answer in refused} == set(made)


async def test_a_no_show_is_invited_again_and_counted(terrain: Terrain) -> None:
    personne = await terrain.personne()
    first, second, third = [await terrain.seance() for _ in range(3)]
    convened = await terrain.convoquee(first, personne)
    terrain.instant = DEMAIN

    answer = await terrain.constater(convened, "absente", motif="transport")

    assert answer.headers["ETag"] == '"2"'
    assert (answer.json()["statut"], answer.json()["presence"]) == ("a_relancer", "absente")
    todo = await terrain.lire("/v1/convocations?statut=a_relancer")
    assert [one["id"] for one in todo["elements"]] == [convened["id"]]
    again = await terrain.convoquee(second, personne)
    assert (again["precedente_id"], again["rang_relance"]) == (convened["id"], 1)
    assert (await terrain.lire("/v1/convocations?statut=a_relancer"))["elements"] == []
    before = await terrain.lire(f"/v1/convocations/{convened['id']}")
    assert before["statut"] == "relancee"
    excused = await terrain.constater(again, "excusee", motif="autre")
    assert excused.status_code == 201, excused.text
    last = await terrain.convoquee(third, personne)
    assert (last["precedente_id"], last["rang_relance"]) == (again["id"], 2)
    faits = await terrain.faits()
    assert (faits["convocation.envoyee"], faits["convocation.relancee"]) == (3, 2)
    assert (faits["convocation.presence_constatee"], faits["accueil.tenu"]) == (2, 2)


async def test_a_statement_is_corrected_by_another(terrain: Terrain) -> None:
    convened = await terrain.convoquee(await terrain.seance(), await terrain.personne())
    terrain.instant = DEMAIN
    absent = (await terrain.constater(convened, "absente")).json()

    stale = await terrain.constater(convened, "presente")
    corrected = await terrain.constater(absent, "presente")

    assert refus(stale) == (412, "version-depassee")
    assert (corrected.json()["statut"], corrected.json()["presence"]) == ("honoree", "presente")
    history = await terrain.lire(f"/v1/convocations/{convened['id']}/presences")
    assert [(one["presence"], one["date_constat"]) for one in history["elements"]] == [
        ("presente", "2026-03-03"),
        ("absente", "2026-03-03"),
    ]
    assert history["elements"][0]["auteur"] == {"client_id": "si-essai"}


async def test_nobody_is_present_before_the_session(terrain: Terrain) -> None:
    """Planted: the clock not looked at, red."""
    convened = await terrain.convoquee(await terrain.seance(), await terrain.personne())
    terrain.instant = DEMAIN - timedelta(microseconds=1)

    early = await terrain.constater(convened, "presente", date_constat="2026-03-03")

    assert refus(early) == (409, "transition-interdite")
    assert early.json()["debut_le"] == "2026-03-03T09:00:00.000000Z"
    terrain.instant = DEMAIN
    for corps, pointeur in (
        ({"presence": "presente", "date_constat": "2026-03-02"}, "/date_constat"),
        ({"presence": "excusee"}, "/motif"),
        ({"presence": "absente", "motif": "maladie"}, "/motif"),
    ):
        answer = await terrain.client.post(
            f"/v1/convocations/{convened['id']}/presences", corps, version=1
        )
        assert refus(answer) == (422, "validation"), corps
        assert [one["pointeur"] for one in answer.json()["erreurs"]] == [pointeur]
    assert (await terrain.constater(convened, "presente")).status_code == 201


async def test_those_of_a_cancelled_session_are_to_be_invited_again(terrain: Terrain) -> None:
    """And it does not count against them."""
    meeting, other = await terrain.seance(), await terrain.seance()
    personnes = [await terrain.personne() for _ in range(2)]
    convened = [await terrain.convoquee(meeting, one) for one in personnes]
    annulations = f"/v1/accueils/{meeting}/annulations"

    stale = await terrain.client.post(annulations, {"motif": "Salle indisponible"}, version=2)
    answer = await terrain.client.post(annulations, {"motif": "Salle indisponible"}, version=1)

    assert refus(stale) == (412, "version-depassee")
    assert answer.status_code == 201, answer.text
    assert (answer.json()["statut"], answer.json()["motif_annulation"]) == (
        "annule",
        "Salle indisponible",
    )
    todo = await terrain.lire("/v1/convocations?statut=a_relancer")
    assert {one["id"] for one in todo["elements"]} == {one["id"] for one in convened}
    again = await terrain.client.post(annulations, {"motif": "Encore"}, version=2)
    assert refus(again) == (409, "transition-interdite")
    assert again.json()["statut_actuel"] == "annule"
    stranger = await terrain.personne()
    assert refus(await terrain.convoquer(meeting, stranger)) == (409, "transition-interdite")
    terrain.instant = DEMAIN
    late = await terrain.constater({**convened[0], "version": 2}, "presente")
    assert refus(late) == (409, "transition-interdite")
    moved = await terrain.convoquee(other, personnes[0])
    assert (moved["precedente_id"], moved["rang_relance"]) == (convened[0]["id"], 0)
    faits = await terrain.faits()
    assert (faits["accueil.annule"], faits["convocation.a_relancer"]) == (1, 2)


async def test_a_session_is_modified_while_it_is_to_come(terrain: Terrain) -> None:
    meeting = await terrain.seance(places=3)
    convened = [await terrain.convoquee(meeting, await terrain.personne()) for _ in range(2)]

    async def patch(version: int, **corps: Any) -> httpx.Response:
        return await terrain.client.request(
            "PATCH",
            f"/v1/accueils/{meeting}",
            json=corps,
            headers={
                "If-Match": f'"{version}"',
                "Content-Type": "application/merge-patch+json",
            },
        )

    assert refus(await patch(1, places=1)) == (409, "disponible-insuffisant")
    assert refus(await patch(1, places=None)) == (422, "validation")
    assert refus(await patch(1, fin_le=DEMAIN.isoformat())) == (422, "validation")
    same = await patch(1, places=3)
    assert (same.status_code, same.headers["ETag"]) == (200, '"1"')
    changed = await patch(1, places=2, lieu="Autre salle", type_lieu="intercommunalite")
    assert changed.status_code == 200, changed.text
    assert (changed.json()["places"], changed.json()["places_prises"]) == (2, 2)
    assert refus(await patch(1, places=4)) == (412, "version-depassee")
    terrain.instant = DEMAIN
    assert (await terrain.constater(convened[0], "presente")).status_code == 201
    held = await patch(3, lieu="Ailleurs")
    assert refus(held) == (409, "transition-interdite")
    assert held.json()["statut_actuel"] == "tenu"
    cancelled = await terrain.client.post(
        f"/v1/accueils/{meeting}/annulations", {"motif": "Trop tard"}, version=3
    )
    assert refus(cancelled) == (409, "transition-interdite")
    assert (await terrain.faits())["accueil.modifie"] == 1


async def test_a_first_contact_orients_nobody(terrain: Terrain) -> None:
    """Nor does any act of the welcome touch the orientation that is to be made."""
    personne = await terrain.personne()
    opened = await terrain.creer("/v1/orientations", {"personne_id": personne})
    base = {"type": "sur_place", "type_lieu": "point_accueil", "lieu": "Accueil d'essai"}

    known = await terrain.creer(
        "/v1/contacts", {**base, "personne_id": personne, "motif": "logement"}
    )
    counted = await terrain.creer(
        "/v1/contacts", {**base, "motif": "autre", "date_contact": "2026-02-27"}
    )
    unknown = await terrain.client.post(
        "/v1/contacts", {**base, "motif": "autre", "personne_id": str(uuid4())}
    )
    tomorrow = await terrain.client.post(
        "/v1/contacts", {**base, "motif": "autre", "date_contact": "2026-03-03"}
    )

    assert (known["personne_id"], known["date_contact"]) == (personne, "2026-03-02")
    assert counted["personne_id"] is None
    assert refus(unknown) == (404, "introuvable")
    assert refus(tomorrow) == (422, "validation")
    assert await terrain.lire(f"/v1/contacts/{known['id']}") == known
    recent = await terrain.lire("/v1/contacts?date_contact_min=2026-03-01")
    assert recent["elements"] == [known]
    older = await terrain.lire("/v1/contacts?date_contact_max=2026-02-27")
    assert older["elements"] == [counted]
    assert (await terrain.lire("/v1/orientations"))["elements"] == [opened]
    assert [nom for nom in await terrain.faits() if nom.startswith("orientation.")] == [
        "orientation.ouverte"
    ]


@pytest.mark.parametrize("envoi", ["2026-03-03", "2026-03-04"])
async def test_an_invitation_is_not_dated_of_the_future(terrain: Terrain, envoi: str) -> None:
    meeting, personne = await terrain.seance(), await terrain.personne()

    answer = await terrain.convoquer(meeting, personne, date_envoi=envoi)

    assert refus(answer) == (422, "validation")
    assert (await terrain.convoquer(meeting, personne, date_envoi="2026-03-02")).status_code == 201


async def test_another_collectivite_sees_nothing(terrain: Terrain, connecter: Connecter) -> None:
    meeting, personne = await terrain.seance(), await terrain.personne()
    convened = await terrain.convoquee(meeting, personne)
    opened = {
        "code": "44D",
        "libelle": "Loire-Atlantique",
        "ideparte": "044",
        "fuseau": "Europe/Paris",
    }
    other = Terrain(connecter("orientation", dans="44D"))
    await other.client.post("/v1/collectivites", opened)
    theirs = await other.seance()

    for chemin in (
        f"accueils/{meeting}",
        f"convocations/{convened['id']}",
        f"convocations/{convened['id']}/presences",
        f"personnes/{personne}/dispenses",
    ):
        assert (await other.client.get(f"/v1/{chemin}")).status_code == 404
    listed = await other.lire(f"/v1/convocations?accueil_id={meeting}")
    assert listed["elements"] == []
    assert refus(await other.convoquer(theirs, personne)) == (404, "introuvable")
    assert refus(await terrain.convoquer(theirs, personne)) == (404, "introuvable")
    assert refus(await terrain.convoquer(meeting, str(uuid4()))) == (404, "introuvable")


async def test_reading_is_not_writing(terrain: Terrain, connecter: Connecter) -> None:
    meeting = await terrain.seance()
    reader = connecter("orientation", "orientation:lire")

    refused = await reader.post(f"/v1/accueils/{meeting}/annulations", {"motif": "x"}, version=1)

    assert refus(refused) == (403, "portee-insuffisante")
    assert (await reader.get(f"/v1/accueils/{meeting}")).status_code == 200
