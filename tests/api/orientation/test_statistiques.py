"""Statistics through the door: counted right, masked, and of nobody."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from services.orientation import tables
from shared.socle.ids import new_id
from shared.socle.service import Service
from tests.api.orientation.conftest import Dossier, criteres
from tests.conftest import Client, Connecter

PERIODE = "date_debut=2026-01-01&date_fin=2026-01-31"


@pytest_asyncio.fixture
async def remplie(client: Client, ouverte: str, services: dict[str, Service]) -> Client:
    """24 people received in January, 12 of them in Redon; one in February; one without the RSA.

    Of the 20 decided, 14 are in time; 6 proposals are refused.
    """
    organismes = (await client.get("/v1/organismes-referents")).json()["elements"]
    (cd,) = (one["id"] for one in organismes if one["reference"] == "cd")
    service = services["orientation"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        for rang in range(26):
            personne, orientation, decision = uuid4(), new_id(), new_id()
            recu = datetime(2026, 1, 5, 12, tzinfo=UTC)
            if rang == 24:
                recu = datetime(2026, 1, 31, 23, tzinfo=UTC)  # 1 February in Paris
            decidee = rang < 20
            await tx.add(
                tables.Personne,
                {
                    "id": personne,
                    "client_id": "si-essai",
                    "nom": "Essai",
                    "prenoms": "Camille",
                    "date_naissance": date(2004, 1, 1) if rang % 4 == 0 else date(1980, 1, 1),
                    "commune": "35236" if rang % 2 == 0 else "35238",
                    "beneficiaire_rsa": rang != 25,
                    "droits_devoirs": True,
                    "identite_empreinte": b"",
                },
            )
            criteres = [{"champ": "niveau_etude", "valeur": "NV4"}] if rang % 2 else []
            await tx.add(
                tables.Orientation,
                {
                    "id": orientation,
                    "personne_id": personne,
                    "origine": "saisie",
                    "statut": "ouverte" if decidee else "brouillon",
                    "recu_le": recu,
                    "date_limite": date(2026, 2, 16),
                    "criteres": [*criteres, {"champ": "boe", "valeur": "true"}],
                    "decision_id": decision if decidee else None,
                },
            )
            if decidee:
                await tx.add(
                    tables.Decision,
                    {
                        "id": decision,
                        "orientation_id": orientation,
                        "proposition_id": uuid4(),
                        "etat_decision": "refusee" if rang < 6 else "acceptee",
                        "motif_refus": "appreciation_differente" if rang < 6 else None,
                        "type_parcours": "social",
                        "organisme_referent_id": cd,
                        "date_decision": date(2026, 2, 16) + timedelta(days=int(rang >= 14)),
                        "date_effet": date(2026, 2, 16),
                        "regle_competence": "C3" if rang >= 14 else "C1",
                        "organisme_decideur_id": cd,
                        "client_id": "si-essai",
                    },
                )
    return client


async def lire(client: Client, query: str = "") -> dict[str, Any]:
    answer = await client.get(f"/v1/statistiques/orientation?{PERIODE}{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def montre(groupe: dict[str, Any], nom: str) -> dict[str, int | None] | None:
    (found,) = (one for one in groupe["repartitions"] if one["nom"] == nom)
    if found["masquee"]:
        assert found["effectifs"] == []
        return None
    assert all(un["masque"] == (un["nombre"] is None) for un in found["effectifs"])
    return {un["modalite"]: un["nombre"] for un in found["effectifs"]}


async def test_counts_of_the_period(remplie: Client) -> None:
    found = await lire(remplie)
    ensemble = found["ensemble"]

    assert (found["seuil"], found["groupes"], ensemble["a_orienter"]) == (5, [], 24)
    # Four are not decided: masked, and with them the least of the others.
    assert montre(ensemble, "delai") == {"dans_delai": 14, "hors_delai": None, "non_decidee": None}
    assert montre(ensemble, "decision") == {
        "acceptee": 14,
        "refusee.appreciation_differente": None,
        "non_decidee": None,
    }
    assert montre(ensemble, "parcours") == {
        "social.conseil_departemental": None,
        "non_decidee": None,
    }
    assert montre(ensemble, "defaut") == {"C3": None, "non": 14, "non_decidee": None}
    assert montre(ensemble, "critere.niveau_etude") == {"NV4": 12, "non_renseigne": 12}
    assert montre(ensemble, "critere.boe") == {"true": 24}


async def test_delays_and_rates_when_nothing_hides_them(
    remplie: Client, ouverte: str, services: dict[str, Service]
) -> None:
    """Twelve more in time at once: the mean of 32 delays of 42, 43 and 0 days."""
    ensemble = (await lire(remplie))["ensemble"]
    assert ensemble["delai_moyen_heures"] is None

    service = services["orientation"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await tx.execute(
            tables.Orientation.__table__.update()
            .where(tables.Orientation.collectivite == ouverte)
            .where(tables.Orientation.statut == "brouillon")
            .values(recu_le=datetime(2026, 3, 1, tzinfo=UTC))
        )
    ensemble = (await lire(remplie))["ensemble"]

    assert montre(ensemble, "delai") == {"dans_delai": 14, "hors_delai": 6}
    assert ensemble["dans_delai_points_base"] == 7000
    assert ensemble["delai_moyen_heures"] == round((14 * 42 + 6 * 43) / 20 * 24)
    assert ensemble["delai_median_heures"] == 42 * 24


async def test_a_territory_stands_beside_the_rest(remplie: Client) -> None:
    found = await lire(remplie, "&commune=35236")

    assert {one["cle"]: one["a_orienter"] for one in found["groupes"]} == {
        "territoire": 12,
        "hors_territoire": 12,
    }
    for groupe in found["groupes"]:
        assert montre(groupe, "critere.boe") == {"true": 12}
        # 12 and 12: each of 7 in time, which leaves five of the masked ones.
        assert montre(groupe, "delai") == {
            "dans_delai": 7,
            "hors_delai": None,
            "non_decidee": None,
        }


@pytest.mark.parametrize(
    ("query", "cles"),
    [
        pytest.param("&par=commune", {"35236": 12, "35238": 12}, id="commune"),
        pytest.param(
            "&par=commune&commune=35238", {"35238": 12, "autres": 12}, id="communes voulues"
        ),
        pytest.param("&par=age", {"moins_de_26": 6, "de_26_a_49": 18}, id="âge"),
        pytest.param(
            "&par=age&commune=35236",
            {
                "territoire.moins_de_26": 6,
                "territoire.de_26_a_49": 6,
                "hors_territoire.de_26_a_49": 12,
            },
            id="âge, par territoire",
        ),
    ],
)
async def test_groups_share_out_the_whole(
    remplie: Client, query: str, cles: dict[str, int]
) -> None:
    found = await lire(remplie, query)

    assert {one["cle"]: one["a_orienter"] for one in found["groupes"]} == cles


async def test_a_small_group_is_hidden_and_another_with_it(remplie: Client) -> None:
    """Planted: groups hidden alone, red."""
    found = await lire(remplie, "&par=organisme")

    # Twenty with the département's organisme, four with none: the whole gives them away.
    assert [(one["a_orienter"], one["masque"]) for one in found["groupes"]] == [(None, True)] * 2
    assert all(one["masquee"] for groupe in found["groupes"] for one in groupe["repartitions"])


async def test_health_criteria_are_for_their_scope(remplie: Client, connecter: Connecter) -> None:
    found = await lire(connecter("orientation", "orientation:lire"))

    assert found["champs_masques"] == ["criteres_sante"]
    assert {one["nom"] for one in found["ensemble"]["repartitions"]} == {
        "critere.niveau_etude",
        "decision",
        "defaut",
        "delai",
        "parcours",
    }


async def test_the_year_so_far_when_no_period_is_asked(
    client: Client, services: dict[str, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    instant = datetime(2026, 12, 31, 23, tzinfo=UTC)  # 1 January in Paris
    monkeypatch.setattr(services["orientation"], "horloge", lambda: instant)

    found = (await client.get("/v1/statistiques/orientation")).json()

    assert (found["date_debut"], found["date_fin"]) == ("2027-01-01", "2027-01-01")


async def test_nobody_is_a_statistic(client: Client, ouvrir: Dossier) -> None:
    assert (await lire(client))["ensemble"]["a_orienter"] == 0
    orientation = await ouvrir(recu_le="2026-01-05T10:00:00Z")
    await client.post(f"/v1/orientations/{orientation['id']}/criteres", criteres(), version=1)

    found = await lire(client, "&par=commune")

    (groupe,) = found["groupes"]
    for one in (found["ensemble"], groupe):
        assert (one["a_orienter"], one["masque"]) == (None, True)
        assert all(repartition["masquee"] for repartition in one["repartitions"])


@pytest.mark.parametrize(
    ("query", "pointeur", "code"),
    [
        pytest.param(
            "date_debut=2026-02-01&date_fin=2026-01-31",
            "?date_fin",
            "date-incoherente",
            id="fin avant le début",
        ),
        pytest.param(
            "date_debut=2999-01-01", "?date_fin", "date-incoherente", id="début dans l'avenir"
        ),
        pytest.param(f"{PERIODE}&par=sexe", "?par", "code-referentiel-inconnu", id="axe inconnu"),
        pytest.param(f"{PERIODE}&commune=99999", "?commune", "format-inattendu", id="commune"),
    ],
)
async def test_bad_periods_are_named(client: Client, query: str, pointeur: str, code: str) -> None:
    refused = await client.get(f"/v1/statistiques/orientation?{query}")

    assert refused.status_code == 422
    assert [(e["pointeur"], e["code"]) for e in refused.json()["erreurs"]] == [(pointeur, code)]


async def test_an_annulled_decision_counts_its_person_once(remplie: Client) -> None:
    """The next orientation bears the same reception. Planted: both counted, red."""
    decidees = (await remplie.get("/v1/decisions?limite=200")).json()["elements"]
    en_temps = next(one for one in decidees if one["date_decision"] == "2026-02-16")
    annulation = f"/v1/orientations/{en_temps['orientation_id']}/annulations"
    annulled = await remplie.post(annulation, {"motif": "Erreur"}, version=1)
    assert annulled.status_code == 201, annulled.text

    ensemble = (await lire(remplie))["ensemble"]

    assert ensemble["a_orienter"] == 24
    assert montre(ensemble, "delai") == {"dans_delai": 13, "hors_delai": 6, "non_decidee": 5}
