"""Conventions of immersion-facile: read each day, each the mise en situation of one person."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text
from starlette.responses import HTMLResponse, JSONResponse, Response

from services.parcours.immersions import travail
from shared.clients.immersion_facile.acces import AccesImmersionFacile
from shared.socle.service import Service
from tests.api.orientation.conftest import PERSONNE
from tests.api.parcours.conftest import Horloge, Orientation, Suivre
from tests.api.parcours.test_emplois import EMPLOYEUR, PMSMP
from tests.api.test_listes import suivre as lire_tout
from tests.conftest import Client, Connecter, Reseau
from tests.doubles.immersion_facile import Monde, app, trop_d_appels

CLE = "cle-d-essai"
LISTE = "/v1/conventions-immersion"
IDENTITE = {"firstName": "Maëlle", "lastName": "Essai-Rivière", "birthdate": "1991-01-31"}
Tour = Callable[[], Awaitable[None]]


@pytest.fixture
def monde() -> Monde:
    """immersion-facile, empty."""
    return Monde(CLE)


@pytest.fixture
def client(connecter: Connecter) -> Client:
    """A client of parcours."""
    return connecter("parcours")


@pytest_asyncio.fixture
async def service(
    services: Mapping[str, Service], reseau: Reseau, ouverte: str, monde: Monde
) -> AsyncIterator[Service]:
    """Parcours, whose collectivité has a key."""
    found = services["parcours"]
    hote = f"immersion-{ouverte.lower()}.example"
    reseau.apps[hote] = app(monde)  # type: ignore[assignment]
    acces = {"url_api": f"https://{hote}/", "cle": CLE, "delai_s": 2}
    found.reglages.immersion_facile[ouverte] = AccesImmersionFacile.model_validate(acces)  # type: ignore[attr-defined]
    yield found
    del found.reglages.immersion_facile[ouverte], reseau.apps[hote]  # type: ignore[attr-defined]


@pytest.fixture
def tour(service: Service, ouverte: str) -> Tour:
    """A turn of the worker, whose next reading is due."""

    async def run() -> None:
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            await tx.execute(
                text(
                    "UPDATE lecture_immersions SET reprendre_le = now() - interval '1 second'"
                    " WHERE collectivite = :collectivite"
                )
            )
        await travail.lire_immersions(service, ouverte)

    return run


@pytest_asyncio.fixture
async def personne_id(connecter: Connecter, ouverte: str) -> str:
    """A person whom orientation knows."""
    created = await connecter("orientation").post("/v1/personnes", PERSONNE)
    assert created.status_code == 201, created.text
    return str(created.json()["id"])


@pytest_asyncio.fixture
async def parcours_id(
    orientation: Orientation, suivre: Suivre, client: Client, personne_id: str
) -> str:
    """Her parcours, open."""
    await orientation.decider(personne_id)  # type: ignore[arg-type]
    await suivre()
    found = await client.get(f"/v1/parcours?personne_id={personne_id}")
    return str(found.json()["elements"][0]["id"])


@pytest_asyncio.fixture
async def employeur_id(client: Client, ouverte: str) -> str:
    """Who takes her in."""
    created = await client.post("/v1/employeurs", EMPLOYEUR)
    assert created.status_code == 201, created.text
    return str(created.json()["id"])


def nommer(monde: Monde, convention_id: str, **champs: str) -> None:
    """Hold a convention of somebody else."""
    monde.poser(convention_id)["signatories"]["beneficiary"] |= champs


async def conventions(client: Client) -> list[dict[str, Any]]:
    return await lire_tout(client, LISTE)


async def emplois(client: Client) -> list[dict[str, Any]]:
    found = await lire_tout(client, "/v1/emplois")
    return [un for un in found if un["statut"] != "annule"]


async def test_an_accepted_convention_becomes_her_mise_en_situation_once(
    client: Client, monde: Monde, tour: Tour, parcours_id: str, employeur_id: str
) -> None:
    """Read again and again, nothing doubles."""
    convention_id = str(uuid4())
    monde.poser(convention_id)
    monde.poser(str(uuid4()), status="IN_REVIEW")
    monde.poser(str(uuid4()), internshipKind="mini-stage-cci")
    for _ in range(3):
        await tour()
    (une,) = await conventions(client)
    assert (une["convention_id"], une["etat"]) == (convention_id, "rattachee")
    assert (une["parcours_id"], une["rattachement"]) == (parcours_id, "identite")
    (emploi,) = await emplois(client)
    assert emploi["id"] == une["emploi_id"]
    assert (emploi["parcours_id"], emploi["employeur_id"]) == (parcours_id, employeur_id)
    assert (emploi["date_debut"], emploi["date_fin"]) == ("2026-07-06", "2026-07-17")
    assert emploi["pmsmp"] == {
        "objet": "confirmer",
        "prescripteur": "conseil_departemental",
        "renouvelle_id": None,
    }
    # 70 hours in twelve days: 40 h 45 a week, by quarters of an hour.
    assert (emploi["duree_hebdomadaire_minutes"], emploi["rome"]) == (2445, "F1703")
    assert monde.appels == 27  # nine periods a reading
    bilan = (await client.get(f"{LISTE}/bilan")).json()
    assert bilan["lue_le"] is not None
    assert bilan["code"] is None


async def test_it_is_read_once_a_day_whoever_reads(
    client: Client, service: Service, monde: Monde, ouverte: str
) -> None:
    await asyncio.gather(*(travail.lire_immersions(service, ouverte) for _ in range(3)))
    await travail.lire_immersions(service, ouverte)
    assert monde.appels == 9


async def test_nobody_is_asked_without_a_key(
    client: Client, service: Service, monde: Monde, ouverte: str
) -> None:
    await travail.lire_immersions(service, "44Z")
    assert monde.appels == 0


async def test_of_a_person_unknown_nothing_is_told_and_a_person_says_whose_it_is(
    client: Client,
    connecter: Connecter,
    service: Service,
    monde: Monde,
    tour: Tour,
    ouverte: str,
    parcours_id: str,
    employeur_id: str,
) -> None:
    """The identity stays sealed, and what was said by hand is not undone by a reading."""
    convention = monde.poser(str(uuid4()))
    convention["signatories"]["beneficiary"] |= {"lastName": "Ailleurs", "firstName": "Zoé"}
    await tour()
    (une,) = await lire_tout(client, f"{LISTE}?etat=personne_inconnue")
    assert (une["parcours_id"], une["emploi_id"]) == (None, None)
    assert "Ailleurs" not in json.dumps(une, ensure_ascii=False)
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        row = (await tx.execute(text("SELECT to_jsonb(c) FROM convention_immersion c"))).scalar()
    assert b"Ailleurs".hex() not in json.dumps(row)
    assert (await client.get(f"{LISTE}/bilan")).json()["personnes_inconnues"] == 1
    lue = await client.get(f"{LISTE}/{une['id']}")
    assert (lue.status_code, lue.json()) == (200, une)

    chemin, corps = f"{LISTE}/{une['id']}/rattachements", {"parcours_id": parcours_id}
    lecteur = connecter("parcours", "parcours:lire")
    assert (await lecteur.post(chemin, corps, version=une["version"])).status_code == 403
    assert (await client.post(chemin, corps, version=99)).status_code == 412
    done = await client.post(chemin, corps, version=une["version"])
    assert done.status_code == 201, done.text
    assert (done.json()["etat"], done.json()["rattachement"]) == ("rattachee", "manuel")
    again = await client.post(chemin, corps, version=done.json()["version"])
    assert (again.status_code, again.json()["code"]) == (409, "transition-interdite")
    await tour()
    assert [(un["etat"], un["rattachement"]) for un in await conventions(client)] == [
        ("rattachee", "manuel")
    ]
    assert len(await emplois(client)) == 1


async def test_two_of_one_identity_are_for_a_person_to_tell(
    client: Client, connecter: Connecter, monde: Monde, tour: Tour, parcours_id: str
) -> None:
    homonyme = await connecter("orientation").post("/v1/personnes", PERSONNE)
    assert homonyme.status_code == 201, homonyme.text
    monde.poser(str(uuid4()))
    await tour()
    assert [une["etat"] for une in await conventions(client)] == ["personne_inconnue"]


async def test_it_waits_for_its_employer_then_is_done(
    client: Client, monde: Monde, tour: Tour, parcours_id: str
) -> None:
    monde.poser(str(uuid4()))
    await tour()
    assert [une["etat"] for une in await conventions(client)] == ["employeur_inconnu"]
    assert (await client.post("/v1/employeurs", EMPLOYEUR)).status_code == 201
    await tour()
    assert [une["etat"] for une in await conventions(client)] == ["rattachee"]


async def test_past_a_bound_of_the_law_it_is_said_and_nothing_is_made(
    client: Client, monde: Monde, tour: Tour, parcours_id: str, employeur_id: str
) -> None:
    monde.poser(str(uuid4()), dateEnd="2026-09-30T00:00:00.000Z")
    await tour()
    assert [une["etat"] for une in await conventions(client)] == ["hors_bornes"]
    assert await emplois(client) == []


async def test_the_second_of_one_goal_renews_the_first(
    client: Client, monde: Monde, tour: Tour, parcours_id: str, employeur_id: str
) -> None:
    monde.poser(str(uuid4()))
    await tour()
    monde.poser(
        str(uuid4()), dateStart="2026-07-20T00:00:00.000Z", dateEnd="2026-07-24T00:00:00.000Z"
    )
    await tour()
    seconde, premiere = await emplois(client)
    assert seconde["pmsmp"]["renouvelle_id"] == premiere["id"]


async def test_one_written_by_hand_is_not_written_again(
    client: Client, monde: Monde, tour: Tour, parcours_id: str, employeur_id: str
) -> None:
    saisie = await client.post(
        f"/v1/parcours/{parcours_id}/emplois",
        PMSMP
        | {"employeur_id": employeur_id, "date_debut": "2026-07-06", "date_fin": "2026-07-17"},
    )
    assert saisie.status_code == 201, saisie.text
    monde.poser(str(uuid4()))
    await tour()
    (une,) = await conventions(client)
    assert (une["etat"], une["emploi_id"]) == ("rattachee", saisie.json()["id"])
    assert len(await emplois(client)) == 1


async def test_what_a_person_wrote_is_never_cancelled_by_a_convention(
    client: Client, monde: Monde, tour: Tour, parcours_id: str, employeur_id: str
) -> None:
    """Moved there, cancelled there, accepted again: what the agent wrote is as they wrote it.

    Planted: the convention cancels whatever it is of, red.
    """
    jours = {"date_debut": "2026-07-06", "date_fin": "2026-07-17"}
    corps = PMSMP | {"employeur_id": employeur_id} | jours
    saisie = (await client.post(f"/v1/parcours/{parcours_id}/emplois", corps)).json()
    convention_id = str(uuid4())
    monde.poser(convention_id)
    await tour()
    for champs, etat in (
        ({"dateEnd": "2026-07-24T00:00:00.000Z"}, "rattachee"),
        ({"status": "CANCELLED"}, "annulee"),
        ({"status": "ACCEPTED_BY_VALIDATOR"}, "rattachee"),
    ):
        monde.poser(convention_id, **champs)
        await tour()
        (une,) = await conventions(client)
        assert (une["etat"], une["emploi_id"]) == (etat, saisie["id"])
    (emploi,) = await emplois(client)
    assert (emploi["id"], emploi["statut"], emploi["version"]) == (saisie["id"], "ouvert", 1)


async def test_two_conventions_of_one_mise_en_situation_do_not_take_it_from_each_other(
    client: Client, monde: Monde, tour: Tour, parcours_id: str, employeur_id: str
) -> None:
    """Planted: the other left without one when the first is cancelled, red."""
    premiere, seconde = str(uuid4()), str(uuid4())
    monde.poser(premiere)
    await tour()
    monde.poser(seconde)
    await tour()
    (partagee,) = await emplois(client)
    monde.poser(premiere, status="CANCELLED")
    await tour()
    (refaite,) = await emplois(client)
    assert refaite["id"] != partagee["id"]
    etats = {une["convention_id"]: une for une in await conventions(client)}
    assert (etats[premiere]["etat"], etats[premiere]["emploi_id"]) == ("annulee", None)
    assert (etats[seconde]["etat"], etats[seconde]["emploi_id"]) == ("rattachee", refaite["id"])


async def test_a_corrected_identity_is_recognised_again(
    client: Client, monde: Monde, tour: Tour, parcours_id: str, employeur_id: str
) -> None:
    """Of another, it leaves nothing with the first; said by hand, it stays where it was put.

    Planted: the first person kept, red.
    """
    convention_id = str(uuid4())
    monde.poser(convention_id)
    await tour()
    nommer(monde, convention_id, firstName="Gwenola")
    await tour()
    (une,) = await conventions(client)
    assert (une["etat"], une["parcours_id"]) == ("personne_inconnue", None)
    assert await emplois(client) == []
    donnee = await client.post(
        f"{LISTE}/{une['id']}/rattachements", {"parcours_id": parcours_id}, version=une["version"]
    )
    assert donnee.status_code == 201, donnee.text
    nommer(monde, convention_id, firstName="Gwenaëlle")
    await tour()
    (une,) = await conventions(client)
    assert (une["etat"], une["parcours_id"]) == ("rattachee", parcours_id)
    assert len(await emplois(client)) == 1


async def test_an_identity_that_nobody_can_bear_hides_no_other(
    client: Client, monde: Monde, tour: Tour, parcours_id: str, employeur_id: str
) -> None:
    """Planted: the whole turn given up for it, red."""
    fautive, suivante = str(uuid4()), str(uuid4())
    nommer(monde, fautive, lastName="Essai\u202eRivière")
    monde.poser(suivante)
    await tour()
    etats = {une["convention_id"]: une["etat"] for une in await conventions(client)}
    assert etats == {fautive: "personne_inconnue", suivante: "rattachee"}


@pytest.mark.parametrize("statut", ["CANCELLED", "REJECTED", "DEPRECATED"])
async def test_cancelled_there_it_is_cancelled_here(
    client: Client, monde: Monde, tour: Tour, parcours_id: str, employeur_id: str, statut: str
) -> None:
    convention_id = str(uuid4())
    monde.poser(convention_id)
    monde.poser(str(uuid4()), status=statut)  # never accepted while we looked
    await tour()
    monde.poser(convention_id, status=statut)
    for _ in range(2):
        await tour()
    (une,) = await conventions(client)
    assert (une["etat"], une["statut"], une["emploi_id"]) == ("annulee", statut, None)
    assert await emplois(client) == []


async def test_moved_there_it_is_moved_here(
    client: Client, monde: Monde, tour: Tour, parcours_id: str, employeur_id: str
) -> None:
    convention_id = str(uuid4())
    monde.poser(convention_id)
    await tour()
    monde.poser(convention_id, dateEnd="2026-07-24T00:00:00.000Z")
    await tour()
    (emploi,) = await emplois(client)
    assert emploi["date_fin"] == "2026-07-24"
    (une,) = await conventions(client)
    assert (une["emploi_id"], une["date_fin"]) == (emploi["id"], "2026-07-24")


async def test_what_a_person_has_ended_is_left_as_they_said(
    client: Client,
    monde: Monde,
    tour: Tour,
    horloge: Horloge,
    parcours_id: str,
    employeur_id: str,
) -> None:
    convention_id = str(uuid4())
    monde.poser(convention_id)
    await tour()
    horloge.avancer(timedelta(days=8))
    (emploi,) = await emplois(client)
    fin = {"type": "fin", "date_acte": "2026-07-08", "motif": "embauche"}
    done = await client.post(f"/v1/emplois/{emploi['id']}/actes", fin, version=emploi["version"])
    assert done.status_code == 201, done.text
    monde.poser(convention_id, dateEnd="2026-07-24T00:00:00.000Z")
    await tour()
    assert [(un["statut"], un["date_fin"]) for un in await emplois(client)] == [
        ("termine", "2026-07-08")
    ]
    assert [une["emploi_id"] for une in await conventions(client)] == [emploi["id"]]


@pytest.mark.parametrize(
    ("panne", "code"),
    [
        pytest.param(trop_d_appels(3600), "trop-d-appels", id="trop d'appels"),
        pytest.param(JSONResponse({"status": 500, "message": "x"}, 500), "panne", id="panne"),
        pytest.param(JSONResponse({"status": 403}, 403), "acces-refuse", id="clé révoquée"),
        pytest.param(HTMLResponse("<html>"), "illisible", id="page d'un pare-feu"),
        pytest.param(Response(status_code=302, headers={"Location": "/"}), "refuse", id="renvoi"),
    ],
)
async def test_what_fails_is_told_and_read_again_later(
    client: Client,
    service: Service,
    monde: Monde,
    tour: Tour,
    ouverte: str,
    parcours_id: str,
    employeur_id: str,
    panne: Response,
    code: str,
) -> None:
    monde.poser(str(uuid4()))
    monde.pannes.append(panne)
    await tour()
    assert (await client.get(f"{LISTE}/bilan")).json()["code"] == code
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        dans = (
            await tx.execute(text("SELECT reprendre_le - now() FROM lecture_immersions"))
        ).scalar_one()
    assert dans > timedelta(seconds=3500 if code == "trop-d-appels" else 50)
    await travail.lire_immersions(service, ouverte)  # not due yet
    assert monde.appels == 1
    await tour()
    assert [une["etat"] for une in await conventions(client)] == ["rattachee"]
    assert (await client.get(f"{LISTE}/bilan")).json()["code"] is None


async def test_one_that_cannot_be_read_hides_no_other(
    client: Client, monde: Monde, tour: Tour, parcours_id: str, employeur_id: str
) -> None:
    monde.poser(str(uuid4()), schedule=None)
    monde.poser(str(uuid4()))
    await tour()
    assert [une["etat"] for une in await conventions(client)] == ["rattachee"]
    assert (await client.get(f"{LISTE}/bilan")).json()["illisibles"] == 1


async def test_a_silent_orientation_leaves_them_for_the_next_turn(
    client: Client,
    reseau: Reseau,
    service: Service,
    monde: Monde,
    tour: Tour,
    ouverte: str,
    parcours_id: str,
    employeur_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monde.poser(str(uuid4()))
    with monkeypatch.context() as silence:
        silence.delitem(reseau.apps, httpx.URL("https://orientation.insertion.example").host)
        await tour()
    assert [une["etat"] for une in await conventions(client)] == ["a_traiter"]
    await travail.lire_immersions(service, ouverte)
    assert [une["etat"] for une in await conventions(client)] == ["rattachee"]


async def test_what_is_nobodys_goes_in_its_time(
    client: Client, monde: Monde, tour: Tour, horloge: Horloge, ouverte: str
) -> None:
    monde.poser(str(uuid4()))
    await tour()
    monde.conventions.clear()
    horloge.avancer(timedelta(days=180 + 16))  # the 180th day after its last
    await tour()
    assert len(await conventions(client)) == 1
    horloge.avancer(timedelta(days=1))
    await tour()
    assert await conventions(client) == []


async def test_the_second_of_two_that_share_one_is_moved_with_its_own_days(
    client: Client, monde: Monde, tour: Tour, parcours_id: str, employeur_id: str
) -> None:
    """Planted: what another convention made taken for an agent's, red."""
    premiere, seconde = str(uuid4()), str(uuid4())
    monde.poser(premiere)
    await tour()
    monde.poser(seconde)
    await tour()
    assert len(await emplois(client)) == 1
    monde.poser(seconde, dateStart="2026-08-03T00:00:00.000Z", dateEnd="2026-08-07T00:00:00.000Z")
    await tour()
    etats = {une["convention_id"]: une for une in await conventions(client)}
    par_id = {un["id"]: un for un in await emplois(client)}
    sien = par_id[etats[seconde]["emploi_id"]]
    assert (sien["date_debut"], sien["date_fin"]) == ("2026-08-03", "2026-08-07")
    assert len(par_id) == 2


async def test_the_second_of_two_that_share_one_leaves_with_its_person(
    client: Client, monde: Monde, tour: Tour, parcours_id: str, employeur_id: str
) -> None:
    """Planted: what another convention made taken for an agent's, red."""
    premiere, seconde = str(uuid4()), str(uuid4())
    monde.poser(premiere)
    await tour()
    monde.poser(seconde)
    await tour()
    nommer(monde, seconde, firstName="Gwenola")
    await tour()
    etats = {une["convention_id"]: une for une in await conventions(client)}
    assert (etats[seconde]["etat"], etats[seconde]["parcours_id"]) == ("personne_inconnue", None)
    assert etats[premiere]["etat"] == "rattachee"
    assert len(await emplois(client)) == 1


async def test_the_second_of_two_that_share_one_is_cancelled_without_it(
    client: Client, monde: Monde, tour: Tour, parcours_id: str, employeur_id: str
) -> None:
    """Planted: what another convention made taken for an agent's, red."""
    premiere, seconde = str(uuid4()), str(uuid4())
    monde.poser(premiere)
    await tour()
    monde.poser(seconde)
    await tour()
    monde.poser(seconde, status="CANCELLED")
    await tour()
    etats = {une["convention_id"]: une for une in await conventions(client)}
    assert (etats[seconde]["etat"], etats[seconde]["emploi_id"]) == ("annulee", None)
    assert len(await emplois(client)) == 1


async def test_cancelled_there_it_is_still_told_whose_it_was(
    client: Client, monde: Monde, tour: Tour, parcours_id: str, employeur_id: str
) -> None:
    """Planted: the parcours forgotten with what was made there, red."""
    convention_id = str(uuid4())
    monde.poser(convention_id)
    await tour()
    monde.poser(convention_id, status="CANCELLED")
    await tour()
    (une,) = await conventions(client)
    assert (une["etat"], une["parcours_id"]) == ("annulee", parcours_id)
