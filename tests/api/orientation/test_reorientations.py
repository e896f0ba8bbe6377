"""A réorientation through the door: asked, answered, decided; and the review of the social one."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.orientation.echeances.alertes import alerter_echeances
from services.orientation.places.sorties import SORTIES
from services.parcours.taches import TRAVAIL
from shared.delais import Unite, echeance
from shared.schemas.parcours.accompagnement import StatutParcours
from shared.socle.service import Service
from shared.socle.suivi import un_tour
from tests.api.orientation.conftest import Dossier, criteres
from tests.api.orientation.test_places import borner
from tests.conftest import Client, Connecter
from tests.jours import aujourdhui

JOUR = aujourdhui()
RECU, DECISION, DEMANDE = (JOUR - timedelta(days=ago) for ago in (50, 40, 20))
SOCIAL = {"contrainte_sante": "INCAPACITE_RECHERCHE_ACTIVITE_PRO"}


@pytest_asyncio.fixture
async def organismes(client: Client) -> dict[str, str]:
    """The ids of the organismes, by type."""
    listed = (await client.get("/v1/organismes-referents")).json()["elements"]
    return {one["type"]: one["id"] for one in listed}


@pytest_asyncio.fixture
async def ft(connecter: Connecter, client: Client) -> Client:
    """France Travail's own client."""
    return connecter("orientation", client_id="ft-essai")


@pytest_asyncio.fixture
async def sociale(client: Client, ouvrir: Dossier, organismes: dict[str, str]) -> dict[str, Any]:
    """A person in the parcours social of the département since forty days."""
    return await orienter(client, ouvrir, organismes)


async def orienter(
    client: Client, ouvrir: Dossier, organismes: dict[str, str], **stated: str
) -> dict[str, Any]:
    """Decide a parcours social; the orientation as it is read then."""
    orientation = await ouvrir(f"{RECU}T08:00:00Z")
    url = f"/v1/orientations/{orientation['id']}"
    body = criteres(**(stated or SOCIAL)) | {"obstacle_temporaire": True}
    stated_ = await client.post(f"{url}/criteres", body, version=1)
    assert stated_.status_code == 201, stated_.text
    decision = {"etat_decision": "acceptee", "date_decision": str(DECISION)}
    decided = await client.post(f"{url}/decisions", decision, version=2)
    assert decided.status_code == 201, decided.text
    found: dict[str, Any] = (await client.get(url)).json()
    assert (found["type_parcours"], found["organisme_referent_id"]) == (
        "social",
        organismes["conseil_departemental"],
    )
    return found


def demande(organismes: dict[str, str], **changes: Any) -> dict[str, Any]:
    """What the organisme référent asks: France Travail, parcours professionnel."""
    return {
        "demandeur": "organisme",
        "moment": "apres_diagnostic",
        "motif": "diagnostic_autre_organisme",
        "type_parcours_propose": "professionnel",
        "organisme_propose_id": organismes["france_travail"],
        "date_demande": str(DEMANDE),
    } | changes


async def demander(
    client: Client, orientation: dict[str, Any], organismes: dict[str, str], **changes: Any
) -> dict[str, Any]:
    """Ask, and return the request."""
    url = f"/v1/orientations/{orientation['id']}/reorientations"
    version = (await client.get(f"/v1/orientations/{orientation['id']}")).json()["version"]
    asked = await client.post(url, demande(organismes, **changes), version=version)
    assert asked.status_code == 201, asked.text
    found: dict[str, Any] = asked.json()
    return found


async def faire(
    client: Client, reorientation: dict[str, Any], acte: str, corps: dict[str, Any]
) -> httpx.Response:
    """One act on a request, as it was read."""
    url = f"/v1/reorientations/{reorientation['id']}/{acte}"
    return await client.post(url, corps, version=reorientation["version"])


async def regler(client: Client, collectivite: str, **changes: Any) -> None:
    """Set the collectivité."""
    url = f"/v1/collectivites/{collectivite}"
    headers = {
        "If-Match": (await client.get(url)).headers["ETag"],
        "Content-Type": "application/merge-patch+json",
    }
    patched = await client.request("PATCH", url, json=changes, headers=headers)
    assert patched.status_code == 200, patched.text


async def types(client: Client, *, depuis: int = 0) -> list[str]:
    """What the feed told, in order."""
    feed = (await client.get("/v1/changements?limite=200")).json()["elements"]
    return [one["type"].removeprefix("orientation.") for one in feed][depuis:]


async def test_asked_answered_accepted(
    client: Client, ft: Client, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    """The new orientation is decided at once, and the former one is closed.

    Planted: the former one left open, red (one in force per person); the request not moved before
    what it replaces is closed, red (it ends without object).
    """
    depuis = len(await types(client))
    asked = await demander(client, sociale, organismes)
    assert (asked["statut"], asked["version"], asked["actes"]) == ("en_attente", 1, [])
    assert asked["date_limite_reponse"] == str(DEMANDE + timedelta(days=15))
    assert (asked["etat_reponse"], asked["etat_avis"]) == ("silence", "non_requise")
    assert asked["contrat"] == {
        "effet": "delai_interrompu",
        "date_limite": None,
        "source": "Code du travail D5411-8-2",
    }

    answered = await faire(ft, asked, "reponses", {"reponse": "accord"})

    assert answered.status_code == 201, answered.text
    assert (answered.json()["etat_reponse"], answered.json()["version"]) == ("recue", 2)
    decided = await faire(client, answered.json(), "decisions", {"etat_decision": "acceptee"})
    assert decided.status_code == 201, decided.text
    assert decided.headers["ETag"] == '"3"'
    found = decided.json()
    assert (await client.get(decided.headers["Location"])).json() == found
    assert [(un["type"], un["sens"], un["organisme_id"]) for un in found["actes"]] == [
        ("reponse", "accord", organismes["france_travail"]),
        ("decision", "acceptee", organismes["conseil_departemental"]),
    ]
    ancienne = (await client.get(f"/v1/orientations/{sociale['id']}")).json()
    nouvelle = (await client.get(f"/v1/orientations/{found['orientation_suivante_id']}")).json()
    assert (ancienne["statut"], ancienne["place"]["statut"]) == ("cloturee", "liberee")
    assert (nouvelle["statut"], nouvelle["origine"]) == ("ouverte", "reorientation")
    assert (nouvelle["type_parcours"], nouvelle["organisme_referent_id"]) == (
        "professionnel",
        organismes["france_travail"],
    )
    assert (nouvelle["date_effet"], nouvelle["place"]["statut"]) == (str(JOUR), "placee")
    for nom in ("personne_id", "criteres", "proposition_id"):
        assert nouvelle[nom] == ancienne[nom]
    decisions = (await client.get("/v1/decisions?limite=1")).json()["elements"]
    assert (decisions[0]["orientation_id"], decisions[0]["regle_competence"]) == (
        nouvelle["id"],
        "C1",
    )
    assert await types(client, depuis=depuis) == [
        "reorientation.demandee",
        "reorientation.repondue",
        "reorientation.acceptee",
        "orientation.ouverte",
        "orientation.close",
        "decision.enregistree",
    ]


async def test_a_refusal_says_why_and_moves_nothing(
    client: Client, ft: Client, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    asked = await demander(client, sociale, organismes)
    mute = await faire(ft, asked, "reponses", {"reponse": "refus"})
    assert (mute.status_code, mute.json()["erreurs"][0]["pointeur"]) == (422, "/motif")
    answered = await faire(ft, asked, "reponses", {"reponse": "refus", "motif": "Hors public"})
    again = await faire(ft, answered.json(), "reponses", {"reponse": "accord"})
    assert (again.status_code, again.json()["code"]) == (409, "transition-interdite")

    mute = await faire(client, answered.json(), "decisions", {"etat_decision": "refusee"})
    assert (mute.status_code, mute.json()["erreurs"][0]["pointeur"]) == (422, "/motif")
    refus = {"etat_decision": "refusee", "motif": "Le suivi social va à son terme"}
    refused = await faire(client, answered.json(), "decisions", refus)

    assert (refused.status_code, refused.json()["statut"]) == (201, "refusee")
    assert refused.json()["orientation_suivante_id"] is None
    assert (await client.get(f"/v1/orientations/{sociale['id']}")).json() == sociale
    late = await faire(client, refused.json(), "decisions", {"etat_decision": "acceptee"})
    assert (late.status_code, late.json()["code"]) == (409, "transition-interdite")
    # Another request may be made.
    await demander(client, sociale, organismes)


async def test_who_speaks_for_whom(
    client: Client,
    ft: Client,
    connecter: Connecter,
    sociale: dict[str, Any],
    organismes: dict[str, str],
) -> None:
    """Planted: each of the checks left out in turn, red."""
    url = f"/v1/orientations/{sociale['id']}/reorientations"
    stranger = await ft.post(url, demande(organismes), version=sociale["version"])
    assert (stranger.status_code, stranger.json()["code"]) == (409, "autorite-incompetente")
    assert stranger.json()["organisme_attendu_id"] == organismes["conseil_departemental"]
    asked = await demander(client, sociale, organismes)

    wrong = await faire(client, asked, "reponses", {"reponse": "accord"})
    assert wrong.json()["organisme_attendu_id"] == organismes["france_travail"]
    wrong = await faire(ft, asked, "annulations", {"motif": "Non"})
    assert wrong.json()["organisme_attendu_id"] == organismes["conseil_departemental"]
    wrong = await faire(ft, asked, "decisions", {"etat_decision": "acceptee"})
    assert (wrong.status_code, wrong.json()["decideurs_competents"]) == (
        409,
        ["conseil_departemental"],
    )
    wrong = await faire(ft, asked, "avis", {"avis": "favorable"})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "autorite-incompetente")
    assert wrong.json()["decideurs_competents"] == ["conseil_departemental"]
    reader = connecter("orientation", "orientation:lire")
    for acte, corps in (
        ("reponses", {"reponse": "accord"}),
        ("avis", {"avis": "favorable"}),
        ("decisions", {"etat_decision": "acceptee"}),
        ("annulations", {"motif": "Non"}),
    ):
        assert (await faire(reader, asked, acte, corps)).status_code == 403
    assert (await client.get(f"/v1/reorientations/{asked['id']}")).json() == asked


async def test_one_waits_at_a_time_until_it_is_withdrawn(
    client: Client, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    """Planted: the unique index left out, red."""
    asked = await demander(client, sociale, organismes)
    url = f"/v1/orientations/{sociale['id']}/reorientations"

    second = await client.post(url, demande(organismes), version=sociale["version"])

    assert (second.status_code, second.json()["code"]) == (409, "reference-externe-existante")
    assert second.json()["id"] == asked["id"]
    withdrawn = await faire(client, asked, "annulations", {"motif": "La personne y renonce"})
    assert (withdrawn.json()["statut"], withdrawn.json()["actes"][0]["sens"]) == (
        "annulee",
        "retiree",
    )
    assert await types(client, depuis=-1) == ["reorientation.annulee"]
    await demander(client, sociale, organismes)


async def test_ten_requests_at_once_leave_one(
    client: Client, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    url = f"/v1/orientations/{sociale['id']}/reorientations"
    answers = await asyncio.gather(
        *(client.post(url, demande(organismes), version=sociale["version"]) for _ in range(10))
    )

    assert Counter(one.status_code for one in answers) == {201: 1, 409: 9}


async def test_of_two_decisions_one_wins(
    client: Client, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    asked = await demander(client, sociale, organismes)
    corps = [
        {"etat_decision": "acceptee"},
        {"etat_decision": "refusee", "motif": "Le suivi social va à son terme"},
    ]

    answers = await asyncio.gather(*(faire(client, asked, "decisions", un) for un in corps * 4))

    assert Counter(one.status_code for one in answers) == {201: 1, 412: 7}
    ouvertes = (await client.get("/v1/orientations?statut=ouverte")).json()["elements"]
    assert len(ouvertes) == 1


async def test_bad_requests_write_nothing(
    client: Client, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    url = f"/v1/orientations/{sociale['id']}/reorientations"
    for changes, pointeur in (
        ({"organisme_propose_id": str(uuid4())}, "/organisme_propose_id"),
        ({"motif": "mutation"}, "/motif"),
        ({"date_demande": str(JOUR + timedelta(days=1))}, "/date_demande"),
        ({"statut": "acceptee"}, "/statut"),
        ({"demandeur": "personne"}, "/demandeur"),
    ):
        refused = await client.post(url, demande(organismes, **changes), version=3)
        assert refused.status_code == 422, changes
        assert refused.json()["erreurs"][0]["pointeur"] == pointeur
    loin = await client.post(
        "/v1/organismes-referents",
        {
            "reference": "asso",
            "type": "autre_organisme",
            "nom": "Association",
            "communes": ["35047"],
        },
    )
    body = demande(organismes, organisme_propose_id=loin.json()["id"])
    refused = await client.post(url, body, version=3)
    assert refused.json()["erreurs"] == [
        {
            "pointeur": "/organisme_propose_id",
            "code": "hors-bornes",
            "message": "L'organisme n'agit pas sur la commune de residence",
        }
    ]
    stale = await client.post(url, demande(organismes), version=2)
    assert stale.status_code == 412
    assert (await client.get("/v1/reorientations")).json()["elements"] == []


async def test_another_departement_finds_nothing(
    client: Client, connecter: Connecter, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    asked = await demander(client, sociale, organismes)
    autre = connecter("orientation", dans="44D")

    for chemin in (f"/v1/reorientations/{asked['id']}", f"/v1/orientations/{sociale['id']}"):
        assert (await autre.get(chemin)).status_code == 404
    for acte, corps in (
        ("reponses", {"reponse": "accord"}),
        ("avis", {"avis": "favorable"}),
        ("decisions", {"etat_decision": "acceptee"}),
        ("annulations", {"motif": "Non"}),
    ):
        assert (await faire(autre, asked, acte, corps)).status_code == 404
    assert (await client.get(f"/v1/reorientations/{asked['id']}")).json() == asked


async def test_requests_are_listed_by_state_and_organisme(
    client: Client, ouvrir: Dossier, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    first = await demander(client, sociale, organismes)
    withdrawn = (await faire(client, first, "annulations", {"motif": "Erreur"})).json()
    second = await demander(client, await orienter(client, ouvrir, organismes), organismes)

    async def ids(query: str) -> list[str]:
        found = (await client.get(f"/v1/reorientations?{query}")).json()["elements"]
        return [one["id"] for one in found]

    assert await ids("") == [second["id"], first["id"]]
    assert await ids("statut=annulee") == [first["id"]]
    assert await ids("statut=en_attente&statut=annulee") == [second["id"], first["id"]]
    assert await ids(f"orientation_id={sociale['id']}") == [first["id"]]
    for organisme in organismes.values():
        assert await ids(f"organisme_id={organisme}") == [second["id"], first["id"]]
    assert await ids(f"organisme_id={uuid4()}") == []
    listed = (await client.get("/v1/reorientations?statut=annulee")).json()["elements"]
    assert listed == [withdrawn]


async def test_the_equipe_pluridisciplinaire_has_its_month(
    client: Client, ouverte: str, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    """Off until the département asks for it. Planted: the switch not read, red."""
    await regler(client, ouverte, avis_ep_avant_reorientation=True)
    asked = await demander(client, sociale, organismes)
    limite = echeance(DEMANDE, 1, Unite.MOIS)
    assert (asked["date_limite_avis"], asked["etat_avis"]) == (str(limite), "attendue")

    early = await faire(client, asked, "decisions", {"etat_decision": "acceptee"})

    assert (early.status_code, early.json()["code"]) == (409, "transition-interdite")
    assert early.json()["date_limite_avis"] == str(limite)
    avis = await faire(client, asked, "avis", {"avis": "defavorable"})
    assert (avis.status_code, avis.json()["etat_avis"]) == (201, "recue")
    assert await types(client, depuis=-1) == ["reorientation.avis_rendu"]
    # It informs, and binds nobody.
    decided = await faire(client, avis.json(), "decisions", {"etat_decision": "acceptee"})
    assert (decided.status_code, decided.json()["statut"]) == (201, "acceptee")


async def test_its_silence_is_an_avis(
    client: Client, ouverte: str, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    """Asked over a month ago, and the département's own delay for the answer."""
    delai = {
        "code": "reponse_reorientation",
        "duree": 8,
        "unite": "jours",
        "source": "Règlement intérieur",
    }
    await regler(client, ouverte, avis_ep_avant_reorientation=True, delais=[delai])
    demandee = DECISION + timedelta(days=1)
    asked = await demander(client, sociale, organismes, date_demande=str(demandee))
    assert asked["date_limite_reponse"] == str(demandee + timedelta(days=8))
    assert (asked["etat_reponse"], asked["etat_avis"]) == ("silence", "silence")

    decided = await faire(client, asked, "decisions", {"etat_decision": "acceptee"})

    assert (decided.status_code, decided.json()["etat_reponse"]) == (201, "silence")


async def test_the_month_of_the_contract_starts_again(
    client: Client, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    """From the notification of the new decision (D5411-8-2)."""

    async def notifier(orientation_id: str, le: date) -> None:
        url = f"/v1/orientations/{orientation_id}"
        version = (await client.get(url)).json()["version"]
        body = {"mode": "remise_en_main_propre", "date_envoi": str(le)}
        done = await client.post(f"{url}/notifications", body, version=version)
        assert done.status_code == 201, done.text

    await notifier(sociale["id"], DECISION + timedelta(days=1))
    asked = await demander(client, sociale, organismes)
    assert asked["contrat"]["date_limite"] is None
    corps = {"etat_decision": "acceptee", "date_decision": str(DEMANDE)}
    decided = (await faire(client, asked, "decisions", corps)).json()
    assert decided["contrat"]["date_limite"] is None

    await notifier(decided["orientation_suivante_id"], JOUR)

    lue = (await client.get(f"/v1/reorientations/{asked['id']}")).json()
    assert lue["contrat"]["date_limite"] == str(echeance(JOUR, 1, Unite.MOIS))


async def test_the_place_follows(
    client: Client, ouvrir: Dossier, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    """One place at the département: the person who waits for it gets it; France Travail is full."""
    for organisme, places in (
        (organismes["conseil_departemental"], 1),
        (organismes["france_travail"], 0),
    ):
        await borner(client, {"id": organisme}, places)
    attend = await orienter(client, ouvrir, organismes)
    assert attend["place"]["statut"] == "en_file"
    asked = await demander(client, sociale, organismes)

    decided = (await faire(client, asked, "decisions", {"etat_decision": "acceptee"})).json()

    nouvelle = (await client.get(f"/v1/orientations/{decided['orientation_suivante_id']}")).json()
    assert (nouvelle["place"]["statut"], nouvelle["place"]["rang"]) == ("en_file", 1)
    promue = (await client.get(f"/v1/orientations/{attend['id']}")).json()
    assert promue["place"]["statut"] == "placee"
    assert await types(client, depuis=-1) == ["place.attribuee"]


async def _annuler_la_decision(client: Client, sociale: dict[str, Any], **_: Any) -> None:
    url = f"/v1/orientations/{sociale['id']}/annulations"
    done = await client.post(url, {"motif": "Erreur"}, version=sociale["version"])
    assert done.status_code == 201, done.text


async def _decider_une_autre(client: Client, sociale: dict[str, Any], **_: Any) -> None:
    body = {"personne_id": sociale["personne_id"]}
    autre = (await client.post("/v1/orientations", body)).json()
    url = f"/v1/orientations/{autre['id']}"
    await client.post(f"{url}/criteres", criteres(), version=1)
    done = await client.post(f"{url}/decisions", {"etat_decision": "acceptee"}, version=2)
    assert done.status_code == 201, done.text


async def _clore_le_parcours(
    sociale: dict[str, Any],
    connecter: Connecter,
    services: Mapping[str, Service],
    ouverte: str,
    **_: Any,
) -> None:
    await un_tour(services["parcours"], TRAVAIL.suivis[0], ouverte, attente_s=0)
    parcours = connecter("parcours")
    url = f"/v1/parcours?personne_id={sociale['personne_id']}"
    (ouvert,) = (await parcours.get(url)).json()["elements"]
    sortie = {"motif": "emploi_durable", "date_sortie": str(JOUR)}
    done = await parcours.post(f"/v1/parcours/{ouvert['id']}/clotures", sortie, version=1)
    assert done.status_code == 201, done.text
    await un_tour(services["orientation"], SORTIES, ouverte, attente_s=0)


@pytest.mark.parametrize(
    ("fin", "motif"),
    [
        pytest.param(_annuler_la_decision, "decision_annulee", id="décision annulée"),
        pytest.param(_decider_une_autre, "orientation_remplacee", id="autre orientation"),
        pytest.param(_clore_le_parcours, "orientation_close", id="parcours clos"),
    ],
)
async def test_a_request_ends_with_its_orientation(
    fin: Any,
    motif: str,
    client: Client,
    connecter: Connecter,
    services: Mapping[str, Service],
    ouverte: str,
    sociale: dict[str, Any],
    organismes: dict[str, str],
) -> None:
    """Planted: each of the three left out in turn, red."""
    asked = await demander(client, sociale, organismes)

    await fin(
        client=client, sociale=sociale, connecter=connecter, services=services, ouverte=ouverte
    )

    lue = (await client.get(f"/v1/reorientations/{asked['id']}")).json()
    assert (lue["statut"], lue["version"]) == ("annulee", 2)
    assert [(un["sens"], un["motif"]) for un in lue["actes"]] == [("sans_objet", motif)]
    assert "reorientation.annulee" in await types(client)
    late = await faire(client, lue, "decisions", {"etat_decision": "acceptee"})
    assert (late.status_code, late.json()["code"]) == (409, "transition-interdite")


async def test_its_end_is_dated_by_the_services_clock(
    client: Client,
    services: Mapping[str, Service],
    sociale: dict[str, Any],
    organismes: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted: dated by the database's clock, red."""
    asked = await demander(client, sociale, organismes)
    later = services["orientation"].horloge() + timedelta(days=2)
    monkeypatch.setattr(services["orientation"], "horloge", lambda: later)

    await _annuler_la_decision(client, sociale)

    lue = (await client.get(f"/v1/reorientations/{asked['id']}")).json()
    assert [un["date_acte"] for un in lue["actes"]] == [str(JOUR + timedelta(days=2))]


async def test_decided_and_annulled_at_once_one_wins(
    client: Client, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    """Whichever comes first, the person is never in two parcours, nor the request left waiting."""
    asked = await demander(client, sociale, organismes)
    url = f"/v1/orientations/{sociale['id']}/annulations"

    decided, annulled = await asyncio.gather(
        faire(client, asked, "decisions", {"etat_decision": "acceptee"}),
        client.post(url, {"motif": "Erreur"}, version=sociale["version"]),
    )

    assert sorted((decided.status_code, annulled.status_code))[0] == 201
    assert max(decided.status_code, annulled.status_code) in (409, 412)
    lue = (await client.get(f"/v1/reorientations/{asked['id']}")).json()
    assert lue["statut"] == ("acceptee" if decided.status_code == 201 else "annulee")


async def test_an_orientation_to_decide_comes_first(
    client: Client, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    """At most one to decide: that one replaces what is in force, and the request with it."""
    asked = await demander(client, sociale, organismes)
    body = {"personne_id": sociale["personne_id"]}
    assert (await client.post("/v1/orientations", body)).status_code == 201

    refused = await faire(client, asked, "decisions", {"etat_decision": "acceptee"})

    assert (refused.status_code, refused.json()["code"]) == (409, "reference-externe-existante")
    assert (await client.get(f"/v1/reorientations/{asked['id']}")).json() == asked
    assert (await client.get(f"/v1/orientations/{sociale['id']}")).json() == sociale


async def test_the_parcours_goes_on_without_a_gap(
    client: Client,
    connecter: Connecter,
    services: Mapping[str, Service],
    ouverte: str,
    sociale: dict[str, Any],
    organismes: dict[str, str],
) -> None:
    """Through the two services: one parcours, two periods, the second from the first's end."""
    suivi = TRAVAIL.suivis[0]
    await un_tour(services["parcours"], suivi, ouverte, attente_s=0)
    asked = await demander(client, sociale, organismes)
    decided = (await faire(client, asked, "decisions", {"etat_decision": "acceptee"})).json()

    await un_tour(services["parcours"], suivi, ouverte, attente_s=0)

    parcours = connecter("parcours")
    (lu,) = (await parcours.get("/v1/parcours")).json()["elements"]
    detail = (await parcours.get(f"/v1/parcours/{lu['id']}")).json()
    assert (detail["statut"], detail["date_ouverture"]) == (StatutParcours.OUVERT, str(DECISION))
    assert [
        (un["orientation_id"], un["type_parcours"], un["date_debut"], un["date_fin"])
        for un in detail["periodes"]
    ] == [
        (sociale["id"], "social", str(DECISION), str(JOUR)),
        (decided["orientation_suivante_id"], "professionnel", str(JOUR), None),
    ]


async def test_a_reorientation_owes_no_six_weeks_and_counts_for_nobody_new(
    client: Client, ouvrir: Dossier, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    """Planted: its orientation listed as one to make, red; counted as received, red."""
    for _ in range(5):  # fewer are masked
        await orienter(client, ouvrir, organismes)
    asked = await demander(client, sociale, organismes)

    decided = (await faire(client, asked, "decisions", {"etat_decision": "acceptee"})).json()

    dues = f"/v1/echeances?orientation_id={decided['orientation_suivante_id']}"
    assert (await client.get(dues)).json()["elements"] == []
    periode = f"date_debut={RECU}&date_fin={JOUR}"
    counted = await client.get(f"/v1/statistiques/orientation?{periode}")
    assert counted.json()["ensemble"]["a_orienter"] == 6


async def test_an_annulled_reorientation_leaves_the_person_to_orient(
    client: Client, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    """Six weeks from the request: those of the first orientation are over.

    What was stated came along, and is merged with what is stated after. Planted: the statements
    left behind, red (P0: all is missing).
    """
    url = f"/v1/propositions/{sociale['proposition_id']}"
    proposee = (await client.get(url)).json()["regle"]
    asked = await demander(client, sociale, organismes)
    decided = (await faire(client, asked, "decisions", {"etat_decision": "acceptee"})).json()
    url = f"/v1/orientations/{decided['orientation_suivante_id']}"

    done = await client.post(f"{url}/annulations", {"motif": "Erreur"}, version=2)

    assert done.status_code == 201, done.text
    again = done.json()["orientation_suivante_id"]
    lue = (await client.get(f"/v1/orientations/{again}")).json()
    assert (lue["statut"], lue["criteres"]) == ("en_attente", sociale["criteres"])
    assert lue["date_limite"] == str(JOUR + timedelta(weeks=6))
    later = criteres() | {"criteres": [{"champ": "niveau_etude", "valeur": "NV3"}]}
    again_proposed = await client.post(f"/v1/orientations/{again}/criteres", later, version=1)
    assert again_proposed.json()["regle"] == proposee, again_proposed.text
    body = {"etat_decision": "acceptee"}
    decided_again = await client.post(f"/v1/orientations/{again}/decisions", body, version=2)
    assert decided_again.status_code == 201, decided_again.text


async def test_acts_are_never_changed(
    client: Client,
    services: Mapping[str, Service],
    ouverte: str,
    sociale: dict[str, Any],
    organismes: dict[str, str],
) -> None:
    asked = await demander(client, sociale, organismes)
    await faire(client, asked, "annulations", {"motif": "Erreur"})
    reexamen = {"issue": "maintien", "france_travail_id": organismes["france_travail"]}
    await reexaminer(client, sociale, reexamen)
    service = services["orientation"]

    for table in ("acte_reorientation", "reexamen"):
        with pytest.raises(DBAPIError, match="ajout seul"):
            async with service.base.transaction(service.acces_interne(ouverte)) as tx:
                await tx.connexion.execute(text(f"DELETE FROM {table}"))


# --- review of the parcours social


async def reexaminer(
    client: Client, orientation: dict[str, Any], corps: dict[str, Any]
) -> httpx.Response:
    """Record a review of an orientation, as it is now."""
    url = f"/v1/orientations/{orientation['id']}"
    version = (await client.get(url)).json()["version"]
    body = {"difficultes_durables": False} | corps
    return await client.post(f"{url}/reexamens", body, version=version)


async def du(client: Client, orientation: dict[str, Any]) -> dict[str, Any]:
    """The review that an orientation owes."""
    url = f"/v1/echeances?code=reexamen_social&orientation_id={orientation['id']}"
    (found,) = (await client.get(url)).json()["elements"]
    due: dict[str, Any] = found
    return due


async def test_a_parcours_social_owes_its_review(
    client: Client, ouvrir: Dossier, organismes: dict[str, str]
) -> None:
    """Six months, twelve when difficulties last; what shows is a date, and no cause.

    Planted: twelve for everybody, red.
    """
    court = await orienter(client, ouvrir, organismes, contrainte_sante="AUCUNE")
    long = await orienter(client, ouvrir, organismes)

    dus = [await du(client, one) for one in (court, long)]

    assert [one["date_limite"] for one in dus] == [
        str(echeance(DECISION, mois, Unite.MOIS)) for mois in (6, 12)
    ]
    assert [(one["depart"], one["date_depart"]) for one in dus] == [
        ("entree_parcours", str(DECISION))
    ] * 2
    assert {(one["nature"], one["confirme"], one["etat"], one["source"]) for one in dus} == {
        ("legale", False, "a_temps", "CASF L262-31; CASF D262-65-2-1")
    }
    toutes = (await client.get("/v1/echeances")).json()["elements"]
    assert Counter(one["code"] for one in toutes) == {"orientation_pcd": 2, "reexamen_social": 2}
    assert len({one["id"] for one in toutes}) == 4


async def test_a_review_starts_the_next(
    client: Client,
    ft: Client,
    connecter: Connecter,
    sociale: dict[str, Any],
    organismes: dict[str, str],
) -> None:
    avec = {"issue": "maintien", "france_travail_id": organismes["france_travail"]}
    url = f"/v1/orientations/{sociale['id']}/reexamens"

    done = await reexaminer(ft, sociale, avec | {"date_reexamen": str(DEMANDE)})

    assert done.status_code == 201, done.text
    assert done.headers["ETag"] == f'"{sociale["version"] + 1}"'
    assert (await client.get(done.headers["Location"])).json() == done.json()
    assert (await client.get(url)).json()["elements"] == [done.json()]
    assert await types(client, depuis=-1) == ["reexamen.enregistre"]
    repart = await du(client, sociale)
    assert (repart["depart"], repart["date_depart"]) == ("reexamen", str(DEMANDE))
    assert repart["date_limite"] == str(echeance(DEMANDE, 6, Unite.MOIS))
    await reexaminer(client, sociale, avec | {"difficultes_durables": True})
    assert (await du(client, sociale))["date_limite"] == str(echeance(JOUR, 12, Unite.MOIS))

    early = await reexaminer(client, sociale, avec | {"date_reexamen": str(DEMANDE)})
    assert early.json()["erreurs"][0]["pointeur"] == "/date_reexamen"
    alone = {"issue": "maintien", "france_travail_id": organismes["conseil_departemental"]}
    refused = await reexaminer(client, sociale, alone)
    assert refused.json()["erreurs"][0]["pointeur"] == "/france_travail_id"
    stranger = connecter("orientation", client_id="autre-essai")
    refused = await reexaminer(stranger, sociale, avec)
    assert (refused.status_code, refused.json()["code"]) == (409, "autorite-incompetente")
    other = connecter("orientation", dans="44D")
    assert (await other.get(done.headers["Location"])).status_code == 404


async def test_only_the_parcours_social_is_reviewed(
    client: Client, sociale: dict[str, Any], organismes: dict[str, str]
) -> None:
    asked = await demander(client, sociale, organismes)
    decided = (await faire(client, asked, "decisions", {"etat_decision": "acceptee"})).json()
    avec = {"issue": "maintien", "france_travail_id": organismes["france_travail"]}

    for orientation_id in (sociale["id"], decided["orientation_suivante_id"]):
        refused = await reexaminer(client, {"id": orientation_id}, avec)
        assert (refused.status_code, refused.json()["code"]) == (409, "transition-interdite")
    reexamens = (await client.get("/v1/echeances?code=reexamen_social")).json()["elements"]
    assert reexamens == []


async def test_the_next_review_is_announced_too(
    client: Client,
    services: Mapping[str, Service],
    ouverte: str,
    sociale: dict[str, Any],
    organismes: dict[str, str],
) -> None:
    """Planted: the announcement of the former one kept, red (the second is never made)."""
    service = services["orientation"]

    async def vieillir(jours: int) -> None:
        """As if the last start were older: time itself is not moved here."""
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            statement = text(
                "UPDATE orientation SET date_effet = date_effet - :jours ::int,"
                " date_reexamen = date_reexamen - :jours ::int WHERE collectivite = :collectivite"
            )
            await tx.execute(statement, {"jours": jours})

    async def annonces() -> int:
        for _ in range(2):
            await alerter_echeances(service, ouverte)
        return (await types(client)).count("echeance.depassee")

    avant = await annonces()
    await vieillir(400)
    assert await annonces() == avant + 1
    avec = {"issue": "contrat_revise", "france_travail_id": organismes["france_travail"]}
    assert (await reexaminer(client, sociale, avec)).status_code == 201
    assert await annonces() == avant + 1
    await vieillir(400)
    assert await annonces() == avant + 2
