"""A decision is notified by a means that gives a date certaine, through the door."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.orientation.conftest import Dossier, criteres
from tests.api.orientation.test_places import decider, ouvrir_et_proposer
from tests.conftest import Client, Connecter
from tests.jours import aujourdhui


def _jour(ecart: int) -> str:
    return (aujourdhui() + timedelta(days=ecart)).isoformat()


async def _decidee(client: Client, ouvrir: Dossier) -> str:
    """A decision taken ten days ago."""
    recu_le = (datetime.now(UTC) - timedelta(days=12)).isoformat().replace("+00:00", "Z")
    dossier = await ouvrir(recu_le=recu_le)
    url = f"/v1/orientations/{dossier['id']}"
    await client.post(f"{url}/criteres", criteres(), version=1)
    await decider(client, dossier, date_decision=_jour(-10))
    return url


async def test_a_letter_lost_then_another_and_the_first_reception_counts(
    client: Client, ouvrir: Dossier
) -> None:
    url = await _decidee(client, ouvrir)
    envois = [
        {"mode": "lettre_recommandee", "date_envoi": _jour(-9)},
        {
            "mode": "lettre_recommandee_electronique",
            "date_envoi": _jour(-7),
            "date_reception": _jour(-3),
        },
        {"mode": "lettre_recommandee", "date_envoi": _jour(-9), "date_reception": _jour(-5)},
        {"mode": "remise_en_main_propre", "date_envoi": _jour(-1)},
    ]
    dates = []

    for rang, envoi in enumerate(envois):
        answer = await client.post(f"{url}/notifications", envoi, version=3 + rang)
        assert answer.status_code == 201, answer.text
        assert (await client.get(answer.headers["Location"])).json() == answer.json()
        dates.append((await client.get(url)).json()["date_notification"])

    assert dates == [None, _jour(-3), _jour(-5), _jour(-5)]
    listed = (await client.get(f"{url}/notifications")).json()["elements"]
    assert [one["date_reception"] for one in reversed(listed)] == [
        None,
        _jour(-3),
        _jour(-5),
        _jour(-1),
    ]
    feed = (await client.get("/v1/changements?limite=200")).json()["elements"]
    told = [one["version"] for one in feed if one["type"] == "orientation.notification.enregistree"]
    assert told == [4, 5, 6, 7]


@pytest.mark.parametrize(
    ("envoi", "reception", "champ"),
    [
        pytest.param(-11, None, "/date_envoi", id="avant la décision"),
        pytest.param(2, None, "/date_envoi", id="dans l'avenir"),
        pytest.param(-5, -6, "/date_reception", id="reçue avant l'envoi"),
        pytest.param(-5, 2, "/date_reception", id="reçue dans l'avenir"),
    ],
)
async def test_a_date_that_cannot_be_is_refused_and_nothing_is_written(
    client: Client, ouvrir: Dossier, envoi: int, reception: int | None, champ: str
) -> None:
    url = await _decidee(client, ouvrir)
    corps = {"mode": "espace_numerique", "date_envoi": _jour(envoi)}
    if reception is not None:
        corps["date_reception"] = _jour(reception)

    refused = await client.post(f"{url}/notifications", corps, version=3)

    assert refused.status_code == 422, refused.text
    assert [(one["pointeur"], one["code"]) for one in refused.json()["erreurs"]] == [
        (champ, "date-incoherente")
    ]
    assert (await client.get(f"{url}/notifications")).json()["elements"] == []
    assert (await client.get(url)).json()["version"] == 3


async def test_only_a_decision_is_notified(
    client: Client, connecter: Connecter, ouvrir: Dossier
) -> None:
    dossier = await ouvrir_et_proposer(client, ouvrir)
    url = f"/v1/orientations/{dossier['id']}/notifications"
    corps = {"mode": "remise_en_main_propre", "date_envoi": _jour(0)}

    early = await client.post(url, corps, version=2)
    assert (early.status_code, early.json()["code"]) == (409, "transition-interdite")
    unknown = await client.post(url, corps | {"mode": "courriel"}, version=2)
    assert (unknown.status_code, unknown.json()["erreurs"][0]["pointeur"]) == (422, "/mode")
    elsewhere = await connecter("orientation", dans="999Z").get(url)
    assert elsewhere.json()["code"] == "introuvable"
