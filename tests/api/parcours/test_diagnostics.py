"""Diagnostics: one after the other, none erased; what they say of a frein is observed."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.socle.service import Service
from tests.api.parcours.conftest import ORDINAIRES, Observer, Orientation, Suivre, ensemble
from tests.conftest import URLS, Client, Connecter, Reseau


@pytest.fixture
def client(connecter: Connecter) -> Client:
    """Every scope."""
    return connecter("parcours")


async def _signer(client: Client, parcours_id: str, jour: date, **champs: Any) -> httpx.Response:
    demande = {"date_diagnostic": str(jour), "agent": "agt-1", **champs}
    return await client.post(f"/v1/parcours/{parcours_id}/diagnostics", demande)


def _frein(code: str, niveau: str | None, **champs: Any) -> dict[str, Any]:
    return {"code": code, "niveau": niveau, **champs}


async def test_a_diagnostic_is_signed_and_read_back(
    client: Client, parcours_id: str, jour: date
) -> None:
    projet = {
        "typologie": "MR",
        "code_rome": "H2409",
        "est_prioritaire": True,
        "besoins": [{"code": "5", "valeur": "besoin"}, {"code": "1", "valeur": "point_fort"}],
    }
    signed = await _signer(
        client,
        parcours_id,
        jour,
        projets=[projet],
        pouvoir_agir={"confiance": "non", "accompagnement": "oui"},
        autonomie_numerique="besoin",
    )

    assert (signed.status_code, signed.headers["ETag"]) == (201, '"1"')
    diagnostic = signed.json()
    assert (await client.get(signed.headers["Location"])).json() == diagnostic
    assert (diagnostic["rang"], diagnostic["courant"]) == (1, True)
    (kept,) = diagnostic["projets"]
    assert [one["code"] for one in kept["besoins"]] == [str(rang) for rang in range(1, 22)]
    assert [one["valeur"] for one in kept["besoins"]][:6] == [
        "point_fort",
        *["non_explore"] * 3,
        "besoin",
        "non_explore",
    ]
    assert diagnostic["auteur"] == {"client_id": "si-essai"}


async def test_explored_none_is_not_unexplored(
    client: Client, parcours_id: str, jour: date
) -> None:
    first = (await _signer(client, parcours_id, jour)).json()
    second = await _signer(client, parcours_id, jour, remplace_id=first["id"], sans_contrainte=True)

    assert first["sans_contrainte"] == {"declare": False, "date_declaration": None}
    assert second.json()["sans_contrainte"] == {"declare": True, "date_declaration": str(jour)}


async def test_the_next_one_supersedes_and_erases_nothing(
    client: Client, parcours_id: str, jour: date
) -> None:
    """Planted: `remplace_id` not compared with the current one, red."""
    first = (await _signer(client, parcours_id, jour)).json()

    unread = await _signer(client, parcours_id, jour)
    assert (unread.status_code, unread.json()["diagnostic_id"]) == (409, first["id"])
    second = (await _signer(client, parcours_id, jour, remplace_id=first["id"])).json()

    listed = (await client.get(f"/v1/parcours/{parcours_id}/diagnostics")).json()["elements"]
    assert listed == [second, {**first, "courant": False}]
    assert (await client.get(f"/v1/diagnostics/{first['id']}")).headers["ETag"] == '"2"'


async def test_one_supersedes_of_many(client: Client, parcours_id: str, jour: date) -> None:
    answers = await ensemble(client, *(_signer(client, parcours_id, jour) for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 4


async def test_the_database_itself_keeps_what_was_signed(
    services: Mapping[str, Service], client: Client, parcours_id: str, ouverte: str, jour: date
) -> None:
    await _signer(client, parcours_id, jour, freins=[_frein("mobilite", "fort")])
    service = services["parcours"]
    for table in ("diagnostic", "frein_diagnostic"):
        with pytest.raises(DBAPIError, match="ajout seul"):
            async with service.base.transaction(service.acces_interne(ouverte)) as tx:
                await tx.execute(text(f"DELETE FROM {table} WHERE collectivite = :collectivite"))


async def test_each_line_observes_its_frein(
    client: Client, observer: Observer, parcours_id: str, jour: date, hier: date
) -> None:
    """One opens, one is observed again, one comes back; one lifted stays lifted."""
    ouvert = (await observer("logement")).json()
    leves = []
    for code in ("finances", "langue_illettrisme"):
        frein = (await observer(code)).json()
        levee = {"fondement": "objectifs_atteints", "date_levee": str(jour)}
        path = f"/v1/freins/{frein['id']}/levees"
        leves.append((await client.post(path, levee, version=1)).json())

    signed = await _signer(
        client,
        parcours_id,
        jour,
        freins=[
            _frein("mobilite", "fort", situations=["6"], commentaire="Permis suspendu"),
            _frein("logement", "moyen"),
            _frein("finances", "moyen"),
            _frein("langue_illettrisme", "sans_impact"),
        ],
    )

    assert signed.status_code == 201, signed.text
    lines = {one["code"]: one for one in signed.json()["freins"]}
    assert lines["mobilite"]["situations"] == ["6"]
    now = {
        code: (await client.get(f"/v1/freins/{one['frein_id']}")).json()
        for code, one in lines.items()
    }
    assert (now["mobilite"]["niveau"], now["mobilite"]["date_debut"]) == ("fort", str(jour))
    assert (now["logement"]["id"], now["logement"]["niveau"]) == (ouvert["id"], "moyen")
    assert (now["finances"]["statut"], now["finances"]["precedent_id"]) == (
        "ouvert",
        leves[0]["id"],
    )
    assert now["langue_illettrisme"] == leves[1]
    (seen,) = (await client.get(f"/v1/freins/{now['mobilite']['id']}/niveaux")).json()["elements"]
    assert (seen["source"], seen["commentaire"]) == ("referent", "Permis suspendu")


async def test_all_or_nothing(client: Client, parcours_id: str, jour: date) -> None:
    refused = await _signer(
        client, parcours_id, jour, freins=[_frein("mobilite", "fort"), _frein("autre", "moyen")]
    )

    assert [one["pointeur"] for one in refused.json()["erreurs"]] == ["/freins/1/libelle"]
    assert (await client.get("/v1/freins")).json()["elements"] == []
    assert (await client.get(f"/v1/parcours/{parcours_id}/diagnostics")).json()["elements"] == []


async def test_without_its_scope_health_is_not_in_a_diagnostic(
    connecter: Connecter, client: Client, parcours_id: str, jour: date
) -> None:
    """Planted: lines of health read without the scope, red."""
    ordinary = connecter("parcours", ORDINAIRES)
    lignes = [_frein("mobilite", "fort"), _frein("sante", "fort"), _frein("handicap", None)]
    refused = await _signer(ordinary, parcours_id, jour, freins=lignes)
    assert (refused.status_code, refused.json()["code"]) == (403, "donnee-sante-interdite")
    signed = (await _signer(client, parcours_id, jour, freins=lignes)).json()
    assert [one["code"] for one in signed["freins"]] == ["mobilite", "sante", "handicap"]

    shown = {**signed, "freins": signed["freins"][:1]}
    assert (await ordinary.get(f"/v1/diagnostics/{signed['id']}")).json() == shown
    path = f"/v1/parcours/{parcours_id}/diagnostics"
    assert (await ordinary.get(path)).json()["elements"] == [shown]
    hidden = {one["frein_id"] for one in signed["freins"][1:]}
    timeline = (await ordinary.get(f"/v1/parcours/{parcours_id}/chronologie")).json()["elements"]
    assert not hidden & {one["ressource_id"] for one in timeline}
    whole = (await client.get(f"/v1/parcours/{parcours_id}/chronologie")).json()["elements"]
    assert hidden <= {one["ressource_id"] for one in whole}
    feed = (await client.get("/v1/changements")).json()["elements"]
    assert not hidden & {one["id"] for one in feed}


async def test_what_the_orientation_told_is_proposed_and_not_written(
    connecter: Connecter, orientation: Orientation, suivre: Suivre, jour: date
) -> None:
    criteres = [
        {"champ": "contrainte_mobilite", "valeur": "AUCUN_MOYEN_DE_TRANSPORT"},
        {"champ": "contrainte_logement", "valeur": "AUCUNE"},
        {"champ": "contrainte_sante", "valeur": "IMPACT_FORT_RECHERCHE_EMPLOI"},
    ]
    decidee = await orientation.decider(criteres=criteres)
    await suivre()
    client, ordinary = connecter("parcours"), connecter("parcours", ORDINAIRES)
    (parcours,) = (await client.get("/v1/parcours")).json()["elements"]
    frein = await client.post(
        f"/v1/parcours/{parcours['id']}/freins",
        {**_frein("logement", "fort"), "date_observation": str(jour), "source": "referent"},
    )
    path = f"/v1/parcours/{parcours['id']}/diagnostics/prerempli"

    prefilled = (await ordinary.get(path)).json()

    assert (prefilled["orientation_id"], prefilled["remplace_id"]) == (decidee["id"], None)
    found = {one["code"]: one for one in prefilled["freins"]}
    assert len(found) == 13
    assert (found["mobilite"]["niveau"], found["mobilite"]["critere"]) == ("fort", criteres[0])
    # What an agent observed stands beside what the orientation told: he settles it.
    assert (found["logement"]["niveau"], found["logement"]["niveau_connu"]) == (
        "sans_impact",
        "fort",
    )
    assert found["finances"]["niveau"] == "non_explore"
    assert (await client.get(f"/v1/freins/{frein.json()['id']}")).json() == frein.json()
    assert len((await client.get(path)).json()["freins"]) == 15
    signed = (await _signer(client, parcours["id"], jour)).json()
    assert (await client.get(path)).json()["remplace_id"] == signed["id"]


async def test_a_silent_orientation_is_said(
    client: Client, parcours_id: str, reseau: Reseau, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(reseau.apps, httpx.URL(URLS["orientation"]).host)
    answer = await client.get(f"/v1/parcours/{parcours_id}/diagnostics/prerempli")
    assert (answer.status_code, answer.json()["code"]) == (503, "dependance-indisponible")


async def test_another_collectivite_sees_nothing(
    connecter: Connecter, client: Client, parcours_id: str, jour: date
) -> None:
    signed = (await _signer(client, parcours_id, jour)).json()
    other = connecter("parcours", dans="999X")
    for chemin in (
        "/v1/diagnostics/{}",
        "/v1/referents/{}",
        "/v1/passations/{}",
        "/v1/intervenants/{}",
    ):
        for one in (signed["id"], str(uuid4())):
            assert (await other.get(chemin.format(one))).status_code == 404
    for end in ("diagnostics", "diagnostics/prerempli", "referents", "suivi", "chronologie"):
        assert (await other.get(f"/v1/parcours/{parcours_id}/{end}")).status_code == 404
