"""Parcours: opened and turned by the feed, closed through the door."""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from services.parcours import tables
from shared.refus import DependanceIndisponible
from shared.socle.ids import new_id
from shared.socle.service import Service
from tests.api.parcours.conftest import Orientation, Suivre, ensemble
from tests.conftest import URLS, Client, Connecter, Reseau


async def _faits(client: Client) -> list[str]:
    feed = (await client.get("/v1/changements")).json()
    return [one["type"] for one in feed["elements"]]


async def _clore(client: Client, parcours_id: str, jour: date, **rest: Any) -> httpx.Response:
    demande = {"motif": "emploi_durable", "date_sortie": str(jour)}
    return await client.post(
        f"/v1/parcours/{parcours_id}/clotures", demande, **{"version": 1, **rest}
    )


async def test_a_decision_opens_a_parcours(
    connecter: Connecter, orientation: Orientation, suivre: Suivre
) -> None:
    client = connecter("parcours")
    decidee = await orientation.decider()

    assert await suivre() == 1

    (listed,) = (await client.get("/v1/parcours?statut=ouvert")).json()["elements"]
    read = await client.get(f"/v1/parcours/{listed['id']}")
    assert read.headers["ETag"] == '"1"'
    (periode,) = read.json()["periodes"]
    copied = {"type_parcours", "organisme_referent_id"}
    assert {**listed, "periodes": [periode]} == read.json()
    assert listed["personne_id"] == decidee["personne_id"]
    assert periode["orientation_id"] == listed["orientation_id"] == decidee["id"]
    assert {name: periode[name] for name in copied} == {name: decidee[name] for name in copied}
    assert (periode["date_debut"], periode["date_fin"]) == (decidee["date_effet"], None)
    assert await _faits(client) == ["parcours.parcours.ouvert"]


async def test_a_reorientation_goes_on_without_a_gap(
    connecter: Connecter, orientation: Orientation, suivre: Suivre
) -> None:
    """Both are in one page of the feed: the second finds what the first opened."""
    client = connecter("parcours")
    premiere = await orientation.decider()
    seconde = await orientation.decider(
        UUID(premiere["personne_id"]), type_parcours="professionnel", date_effet="2026-05-04"
    )

    await suivre()

    (listed,) = (await client.get("/v1/parcours")).json()["elements"]
    assert (listed["version"], listed["type_parcours"]) == (2, "professionnel")
    assert listed["date_ouverture"] == "2026-03-09"
    read = (await client.get(f"/v1/parcours/{listed['id']}")).json()
    assert [
        (one["orientation_id"], one["date_debut"], one["date_fin"]) for one in read["periodes"]
    ] == [
        (premiere["id"], "2026-03-09", "2026-05-04"),
        (seconde["id"], "2026-05-04", None),
    ]
    assert await _faits(client) == ["parcours.parcours.ouvert", "parcours.parcours.reoriente"]


async def test_a_decision_told_twice_opens_once(
    connecter: Connecter, orientation: Orientation, suivre: Suivre
) -> None:
    """Planted once: without `known_orientations` the second telling broke a unique index."""
    client = connecter("parcours")
    decidee = await orientation.decider()
    await orientation.redire(decidee)
    await suivre()
    await orientation.redire(decidee)

    assert await suivre() == 1

    (listed,) = (await client.get("/v1/parcours")).json()["elements"]
    assert listed["version"] == 1
    assert await _faits(client) == ["parcours.parcours.ouvert"]


async def test_what_vanished_or_is_not_decided_is_skipped(
    connecter: Connecter, orientation: Orientation, suivre: Suivre
) -> None:
    vanished = await orientation.decider()
    del orientation.orientations[vanished["id"]]
    await orientation.decider(decision_id=None, type_parcours=None, statut="en_attente")
    kept = await orientation.decider()

    with capture_logs() as logs:
        assert await suivre() == 3

    seen = [line["event"] for line in logs if "orientation_id" in line]
    assert sorted(seen) == ["orientation_disparue", "orientation_non_decidee"]
    listed = (await connecter("parcours").get("/v1/parcours")).json()["elements"]
    assert [one["orientation_id"] for one in listed] == [kept["id"]]


async def test_a_silent_orientation_delays_and_loses_nothing(
    connecter: Connecter,
    orientation: Orientation,
    suivre: Suivre,
    reseau: Reseau,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decidee = await orientation.decider()
    with monkeypatch.context() as silence:
        silence.delitem(reseau.apps, httpx.URL(URLS["orientation"]).host)
        with pytest.raises(DependanceIndisponible):
            await suivre()

    await suivre()

    listed = (await connecter("parcours").get("/v1/parcours")).json()["elements"]
    assert [one["orientation_id"] for one in listed] == [decidee["id"]]


async def test_two_workers_open_one_parcours(
    connecter: Connecter, orientation: Orientation, suivre: Suivre
) -> None:
    await orientation.decider()

    assert sorted(await asyncio.gather(suivre(), suivre())) == [0, 1]

    listed = (await connecter("parcours").get("/v1/parcours")).json()["elements"]
    assert len(listed) == 1


async def test_the_database_itself_keeps_one_open_parcours(
    services: Mapping[str, Service], ouverte: str
) -> None:
    service = services["parcours"]
    row = {
        "personne_id": uuid4(),
        "statut": "ouvert",
        "date_ouverture": date(2026, 3, 9),
        "type_parcours": "social",
        "organisme_referent_id": uuid4(),
    }
    with pytest.raises(IntegrityError):
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            await tx.add(
                tables.Parcours,
                [{"id": new_id(), "orientation_id": uuid4(), **row} for _ in range(2)],
            )


async def test_a_parcours_is_closed_with_its_period(
    connecter: Connecter, parcours_id: str, jour: date
) -> None:
    client = connecter("parcours")

    closed = await _clore(client, parcours_id, jour)

    assert (closed.status_code, closed.headers["ETag"]) == (201, '"2"')
    assert closed.headers["Location"] == f"/v1/parcours/{parcours_id}"
    read = (await client.get(f"/v1/parcours/{parcours_id}")).json()
    assert (read["statut"], read["motif_cloture"]) == ("clos", "emploi_durable")
    assert read["date_cloture"] == read["periodes"][0]["date_fin"] == str(jour)
    assert (await _faits(client))[-1] == "parcours.parcours.clos"


async def test_what_is_closed_stays_closed(
    connecter: Connecter, parcours_id: str, jour: date
) -> None:
    client = connecter("parcours")
    await _clore(client, parcours_id, jour)

    again = await _clore(client, parcours_id, jour, version=2)

    assert (again.status_code, again.json()["code"]) == (409, "transition-interdite")
    where = (again.json()["statut_actuel"], again.json()["transitions_possibles"])
    assert where == ("clos", ["ouvert"])


async def test_a_person_who_comes_back_late_opens_another(
    connecter: Connecter, orientation: Orientation, suivre: Suivre, jour: date
) -> None:
    client = connecter("parcours")
    personne_id = UUID((await orientation.decider())["personne_id"])
    await suivre()
    (first,) = (await client.get("/v1/parcours")).json()["elements"]
    await _clore(client, first["id"], jour)

    tard = jour.replace(year=jour.year + 2)
    await orientation.decider(personne_id, date_effet=str(tard))
    await suivre()

    listed = (await client.get(f"/v1/parcours?personne_id={personne_id}")).json()["elements"]
    assert [(one["statut"], one["version"]) for one in listed] == [("ouvert", 1), ("clos", 2)]


@pytest.mark.parametrize(
    ("demande", "erreur"),
    [
        pytest.param(
            {"motif": "ennui"}, ("/motif", "code-referentiel-inconnu"), id="motif inconnu"
        ),
        pytest.param({"motif": "autre"}, ("/commentaire", "requis"), id="autre, muet"),
        pytest.param(
            {"date_sortie": "2999-01-01"}, ("/date_sortie", "date-incoherente"), id="à venir"
        ),
    ],
)
async def test_refuses_to_close(
    connecter: Connecter,
    parcours_id: str,
    jour: date,
    demande: dict[str, str],
    erreur: tuple[str, str],
) -> None:
    answer = await connecter("parcours").post(
        f"/v1/parcours/{parcours_id}/clotures",
        {"motif": "retraite", "date_sortie": str(jour), **demande},
        version=1,
    )

    assert answer.status_code == 422
    assert [(one["pointeur"], one["code"]) for one in answer.json()["erreurs"]] == [erreur]


async def test_one_closes_of_many(connecter: Connecter, parcours_id: str, jour: date) -> None:
    """Planted once, without the lock: several closed."""
    client = connecter("parcours")

    answers = await ensemble(client, *(_clore(client, parcours_id, jour) for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [201] + [412] * 5


async def test_another_collectivite_sees_nothing(
    connecter: Connecter, parcours_id: str, jour: date
) -> None:
    """Word for word what an id that never was gets.

    Planted once, filter and row-level security both off: the parcours was read.
    """
    other = connecter("parcours", dans="999X")

    answers = [
        (
            await other.get(f"/v1/parcours/{one}"),
            await _clore(other, one, jour),
            await other.post(
                f"/v1/parcours/{one}/freins",
                {
                    "code": "mobilite",
                    "niveau": "fort",
                    "date_observation": str(jour),
                    "source": "referent",
                },
            ),
        )
        for one in (parcours_id, str(uuid4()))
    ]

    kept = {"type", "title", "status", "code"}
    for theirs, absent in zip(*answers, strict=True):
        assert theirs.status_code == absent.status_code == 404
        assert {name: theirs.json()[name] for name in kept} == {
            name: absent.json()[name] for name in kept
        }
    assert (await other.get("/v1/parcours")).json()["elements"] == []


async def test_scopes(connecter: Connecter, parcours_id: str, jour: date) -> None:
    reader = connecter("parcours", "parcours:lire")
    assert (await _clore(reader, parcours_id, jour)).json()["code"] == "portee-insuffisante"
    writer = connecter("parcours", "parcours:ecrire")
    answer = await writer.get(f"/v1/parcours/{parcours_id}")
    assert answer.json()["code"] == "portee-insuffisante"


async def test_the_reason_is_sealed(
    services: Mapping[str, Service],
    connecter: Connecter,
    parcours_id: str,
    ouverte: str,
    jour: date,
) -> None:
    await connecter("parcours").post(
        f"/v1/parcours/{parcours_id}/clotures",
        {"motif": "autre", "date_sortie": str(jour), "commentaire": "Départ annoncé"},
        version=1,
    )
    service = services["parcours"]

    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        found = await tx.execute(
            text("SELECT commentaire_cloture FROM parcours WHERE collectivite = :collectivite")
        )
        kept = found.scalar_one()

    assert b"annonc" not in kept
    assert service.coffre.ouvrir(kept, "parcours.commentaire_cloture").decode() == "Départ annoncé"
