"""PATCH: what is sent changes, the rest stays, and one writer of several wins (guide, 8 and 9)."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from shared.socle.service import Service
from tests.conftest import URLS, Client, Connecter

FUSION = "application/merge-patch+json"
ORGANISME = {
    "reference": "asso",
    "type": "delegataire_departemental",
    "nom": "Association d'essai",
    "communes": ["35238", "35047"],
    "convention_debut": "2026-01-01",
    "convention_fin": "2026-12-31",
    "clients": ["si-asso"],
    "source": "Délibération d'essai",
}


async def patch(
    client: Client, url: str, corps: Any, version: int | None = 1, **headers: str
) -> httpx.Response:
    """PATCH with the version that the caller has read."""
    sent = {"Content-Type": FUSION} | {k.replace("_", "-"): v for k, v in headers.items()}
    if version is not None:
        sent.setdefault("If-Match", f'"{version}"')
    content = corps if isinstance(corps, bytes) else json.dumps(corps).encode()
    return await client.request("PATCH", url, content=content, headers=sent)


async def changements(client: Client) -> list[tuple[str, int, str]]:
    page = await client.get("/v1/changements")
    return [(one["type"], one["version"], one["operation"]) for one in page.json()["elements"]]


@pytest.fixture
def client(connecter: Connecter, ouverte: str) -> Client:
    return connecter("orientation")


@pytest.fixture
async def url(client: Client) -> str:
    """An organisme référent, at its first version."""
    created = await client.post("/v1/organismes-referents", ORGANISME)
    assert created.status_code == 201, created.text
    return created.headers["Location"]


async def test_what_is_sent_changes_and_the_rest_stays(client: Client, url: str) -> None:
    """null clears, an array is replaced whole, and the fact is told once."""
    before = (await client.get(url)).json()

    changed = await patch(client, url, {"nom": "Autre nom", "source": None, "communes": ["35001"]})

    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"'), changed.text
    assert changed.json() == before | {
        "nom": "Autre nom",
        "source": None,
        "communes": ["35001"],
        "version": 2,
        "modifie_le": changed.json()["modifie_le"],
    }
    assert changed.json()["modifie_le"] > before["modifie_le"]
    read = await client.get(url)
    assert (read.json(), read.headers["ETag"]) == (changed.json(), '"2"')
    assert (await changements(client))[1:] == [
        ("orientation.organisme_referent.modifie", 2, "modification")
    ]


@pytest.mark.parametrize(
    "corps",
    [
        pytest.param({}, id="vide"),
        pytest.param({"nom": ORGANISME["nom"]}, id="la même valeur"),
        pytest.param({"nom": f" {ORGANISME['nom']} "}, id="la même, une fois ses blancs ôtés"),
        pytest.param({"date_fin": None, "communes": ["35238", "35047"]}, id="null sur null"),
    ],
)
async def test_what_changes_nothing_leaves_no_trace(
    client: Client, url: str, corps: dict[str, Any]
) -> None:
    """Planted: a version step at each patch, red."""
    before = (await client.get(url)).json()

    answer = await patch(client, url, corps)

    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    assert answer.json() == (await client.get(url)).json() == before
    assert len(await changements(client)) == 1


@pytest.mark.parametrize(
    ("corps", "pointeur", "code"),
    [
        pytest.param({"couleur": "bleu"}, "/couleur", "champ-inconnu", id="inconnu"),
        pytest.param({"version": 7}, "/version", "champ-inconnu", id="version"),
        pytest.param({"id": "x"}, "/id", "champ-inconnu", id="identifiant"),
        pytest.param({"cree_le": "x"}, "/cree_le", "champ-inconnu", id="instant"),
        pytest.param({"reference": "cd"}, "/reference", "champ-inconnu", id="référence"),
        pytest.param({"type": "cap_emploi"}, "/type", "champ-inconnu", id="type"),
        pytest.param({"nom": None}, "/nom", "type-inattendu", id="null où il faut un nom"),
        pytest.param({"communes": None}, "/communes", "type-inattendu", id="null pour un tableau"),
        pytest.param({"communes": ["35"]}, "/communes/0", "format-inattendu", id="commune"),
        pytest.param({"date_fin": 0}, "/date_fin", "type-inattendu", id="nombre pour une date"),
        pytest.param(
            {"convention_fin": "2025-12-31"},
            "/convention_fin",
            "date-incoherente",
            id="avant un début qui n'est pas envoyé",
        ),
        pytest.param([], "/", "type-inattendu", id="tableau"),
        pytest.param(None, "/", "type-inattendu", id="null"),
    ],
)
async def test_what_may_not_be_is_refused_whole(
    client: Client, url: str, corps: Any, pointeur: str, code: str
) -> None:
    good = {"source": "Une autre"} if isinstance(corps, dict) else {}
    refused = await patch(client, url, corps | good if good else corps)

    assert (refused.status_code, refused.json()["code"]) == (422, "validation"), refused.text
    assert (pointeur, code) in [(e["pointeur"], e["code"]) for e in refused.json()["erreurs"]]
    assert (await client.get(url)).headers["ETag"] == '"1"'


async def test_the_door_is_read_in_order(client: Client, url: str, connecter: Connecter) -> None:
    weak = connecter("orientation", "orientation:lire")
    corps = {"nom": "Autre"}

    async def code(chez: Client = client, **rest: Any) -> tuple[int, str]:
        answer = await patch(chez, **{"url": url, "corps": corps, **rest})
        return answer.status_code, answer.json()["code"]

    assert await code(weak) == (403, "portee-insuffisante")
    for media in ("application/json", "application/json-patch+json", "text/plain"):
        refused = await patch(client, url, corps, Content_Type=media)
        assert (refused.status_code, refused.json()["code"]) == (415, "type-non-admis")
        assert refused.headers["Accept-Patch"] == FUSION
    assert await code(corps=b"{", version=None) == (400, "json-illisible")
    assert await code(version=None) == (428, "precondition-requise")
    assert await code(If_Match="*") == (400, "if-match-etoile")
    assert await code(If_Match='W/"1"') == (400, "entete-invalide")
    assert await code(corps={"couleur": 1}, version=9) == (422, "validation")
    absent = url[:-4] + "0000"
    assert await code(url=absent, version=9) == (404, "introuvable")
    stale = await patch(client, url, corps, version=9)
    assert (stale.status_code, stale.json()["version_courante"]) == (412, 1)
    stale = await patch(client, url, {}, version=9)  # even with nothing to change
    assert stale.status_code == 412


async def test_a_trial_answers_as_the_call_would_and_changes_nothing(
    client: Client, url: str
) -> None:
    before = (await client.get(url)).json()

    trial = await patch(client, f"{url}?essai=true", {"nom": "Autre"})
    bad = await patch(client, f"{url}?essai=true", {"convention_fin": "2025-12-31"})

    assert (trial.status_code, trial.headers["ETag"]) == (200, '"2"')
    assert (trial.json()["essai"], trial.json()["nom"]) == (True, "Autre")
    assert bad.status_code == 422
    assert (await client.get(url)).json() == before
    assert len(await changements(client)) == 1


@pytest.mark.parametrize("nombre", [2, 24])
async def test_of_many_writers_of_one_version_one_wins(
    client: Client, url: str, complet: bool, nombre: int
) -> None:
    """Planted: the version out of the UPDATE's condition, red."""
    for version in range(1, 31 if complet else 4):
        answers = await asyncio.gather(
            *(patch(client, url, {"nom": f"Nom {version}-{n}"}, version) for n in range(nombre))
        )

        codes = sorted(answer.status_code for answer in answers)
        assert codes == [200] + [412] * (nombre - 1)
        assert {a.json()["version_courante"] for a in answers if a.status_code == 412} == {
            version + 1
        }
        (won,) = [answer.json() for answer in answers if answer.is_success]
        assert (await client.get(url)).json() == won
    told = [one for one in await changements(client) if one[2] == "modification"]
    assert [version for _, version, _ in told] == list(range(2, len(told) + 2))


async def test_a_stranger_meets_nothing_to_change(
    url: str, connecter: Connecter, services: Mapping[str, Service]
) -> None:
    stranger = connecter("orientation", dans="998Z")

    refused = await patch(stranger, url, {"nom": "Autre"})

    assert (refused.status_code, refused.json()["code"]) == (404, "introuvable")


@pytest.mark.parametrize("nom", URLS)
async def test_a_collectivite_changes_its_name_and_delays(
    connecter: Connecter, ouverte: str, nom: str
) -> None:
    client, url = connecter(nom), f"/v1/collectivites/{ouverte}"
    delai = {"code": "premier-rendez-vous", "duree": 15, "unite": "jours", "source": "Essai"}
    complet = delai | dict.fromkeys(("depuis", "depart", "fin", "territoire")) | {"communes": []}

    changed = await patch(client, url, {"libelle": "Autre", "delais": [delai]})
    same = await patch(client, url, {"delais": [delai]}, version=2)
    elsewhere = await patch(client, "/v1/collectivites/35D", {"libelle": "Autre"}, version=2)
    zone = await patch(client, url, {"fuseau": "Indian/Reunion"}, version=2)

    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert (changed.json()["libelle"], changed.json()["delais"]) == ("Autre", [complet])
    assert (same.status_code, same.headers["ETag"]) == (200, '"2"')
    assert (elsewhere.status_code, zone.status_code) == (404, 422)
    assert zone.json()["erreurs"][0]["code"] == "champ-inconnu"
    assert (await client.get(url)).json() == changed.json()


async def test_an_action_changes_but_not_its_places_nor_who_pays(
    connecter: Connecter, ouverte: str
) -> None:
    client = connecter("financement")
    convention = await client.post(
        "/v1/conventions",
        {
            "reference": "essai",
            "type": "contrat_local_solidarites",
            "intitule": "Essai",
            "annee_debut": 2026,
            "axes": [{"ordre": 1, "libelle": "Un"}, {"ordre": 2, "libelle": "Deux"}],
        },
    )
    created = await client.post(
        f"{convention.headers['Location']}/actions",
        {
            "code": "a1",
            "libelle": "Action",
            "axe": 1,
            "mode_capacite": "stock",
            "places_ouvertes": 5,
            "freins": ["mobilite"],
        },
    )
    url = created.headers["Location"]

    changed = await patch(client, url, {"libelle": "Autre", "axe": 2, "freins": ["logement"]})

    assert changed.status_code == 200, changed.text
    assert changed.json() == created.json() | {
        "libelle": "Autre",
        "axe": 2,
        "freins": ["logement"],
        "version": 2,
        "modifie_le": changed.json()["modifie_le"],
    }
    assert (await client.get(url)).json() == changed.json()
    assert (await changements(client))[-1] == ("financement.action.modifiee", 2, "modification")
    for corps, pointeur in (
        ({"axe": 3}, "/axe"),
        ({"freins": ["paresse"]}, "/freins/0"),
        ({"places_ouvertes": 9}, "/places_ouvertes"),
        ({"cle": []}, "/cle"),
        ({"prix_centimes": 1}, "/prix_centimes"),
        ({"code": "a2"}, "/code"),
    ):
        refused = await patch(client, url, corps, version=2)
        assert refused.status_code == 422
        assert [one["pointeur"] for one in refused.json()["erreurs"]] == [pointeur]
