"""Units, portfolios and who is in them, through the door; figures, and what is counted beside."""

import asyncio
from collections import Counter
from typing import Any

import pytest
import pytest_asyncio

from tests.api.orientation.conftest import Dossier, criteres
from tests.api.orientation.test_places import borner, decider
from tests.conftest import Client, Connecter

MERGE_PATCH = "application/merge-patch+json"


async def creer(client: Client, chemin: str, **corps: Any) -> dict[str, Any]:
    answer = await client.post(chemin, corps)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def modifier(client: Client, chemin: str, version: int, **corps: Any) -> dict[str, Any]:
    answer = await client.request(
        "PATCH",
        chemin,
        json=corps,
        headers={"If-Match": f'"{version}"', "Content-Type": MERGE_PATCH},
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest_asyncio.fixture
async def ft(client: Client) -> dict[str, Any]:
    """France Travail, for which the test's client speaks too."""
    organismes = (await client.get("/v1/organismes-referents")).json()["elements"]
    (found,) = (one for one in organismes if one["type"] == "france_travail")
    return await modifier(
        client, f"/v1/organismes-referents/{found['id']}", found["version"], clients=["si-essai"]
    )


@pytest.fixture
def unites(ft: dict[str, Any]) -> str:
    """Where the units of France Travail are."""
    return f"/v1/organismes-referents/{ft['id']}/unites"


async def placer(client: Client, ouvrir: Dossier, **personne: Any) -> dict[str, Any]:
    """Someone placed at France Travail (P5, O09), as its place reads."""
    orientation = await ouvrir(**personne)
    url = f"/v1/orientations/{orientation['id']}/criteres"
    assert (await client.post(url, criteres(), version=1)).status_code == 201
    decision = await decider(client, orientation)
    place: dict[str, Any] = (await client.get(f"/v1/places/{decision['place']['place_id']}")).json()
    return place


async def test_a_decision_gives_the_unit_of_the_persons_commune(
    client: Client, ouvrir: Dossier, unites: str
) -> None:
    """Planted: the unit left out of the place, red."""
    partout = await creer(client, unites, reference="siege", nom="Siège")
    redon = await creer(
        client, unites, reference="redon", nom="Agence de Redon", communes=["35236"], places=1
    )
    await creer(client, unites, reference="pilote", nom="Agence sans communes", territoire="nord")

    places = [
        await placer(client, ouvrir, code_commune=commune)
        for commune in ("35236", "35236", "35238")
    ]

    assert [one["unite_id"] for one in places] == [redon["id"], redon["id"], partout["id"]]
    # A unit's places are an indicator: the second one is placed all the same.
    assert [one["statut"] for one in places] == ["placee"] * 3
    read = (await client.get(f"/v1/unites/{redon['id']}")).json()
    assert (read["places"], read["charge"]) == (1, 2)
    listed = (await client.get(unites)).json()["elements"]
    assert [(one["reference"], one["charge"]) for one in listed] == [
        ("siege", 1),
        ("redon", 2),
        ("pilote", 0),
    ]
    suivis = (await client.get(f"{unites[:-7]}/places?unite_id={redon['id']}")).json()["elements"]
    assert [one["id"] for one in suivis] == [places[0]["id"], places[1]["id"]]


async def test_without_units_a_place_has_none(client: Client, ouvrir: Dossier) -> None:
    place = await placer(client, ouvrir)

    assert (place["unite_id"], place["portefeuille_id"]) == (None, None)


async def test_a_unit_changes_for_the_decisions_to_come(
    client: Client, ouvrir: Dossier, unites: str
) -> None:
    """Its communes once known, a unit of a territory is given people; who is there stays."""
    unite = await creer(client, unites, reference="redon", nom="Agence", territoire="redon")
    avant = await placer(client, ouvrir)
    changed = await modifier(client, f"/v1/unites/{unite['id']}", 1, communes=["35236"])
    apres = await placer(client, ouvrir)
    await modifier(client, f"/v1/unites/{unite['id']}", 2, communes=["35238"], date_fin=None)

    assert (avant["unite_id"], apres["unite_id"]) == (None, unite["id"])
    assert changed["version"] == 2
    read = (await client.get(f"/v1/unites/{unite['id']}")).json()
    assert (read["charge"], read["communes"], read["version"]) == (1, ["35238"], 3)


async def test_a_unit_is_refused_and_nothing_is_written(client: Client, unites: str) -> None:
    await creer(client, unites, reference="redon", nom="Agence")

    doublon = await client.post(unites, {"reference": "redon", "nom": "Autre"})
    renversee = await client.post(
        unites,
        {"reference": "b", "nom": "B", "date_debut": "2026-02-02", "date_fin": "2026-02-01"},
    )
    inconnu = "/v1/organismes-referents/019b789f-d7a0-7c02-9e41-6b1f0f5a2d33/unites"
    ailleurs = await client.post(inconnu, {"reference": "c", "nom": "C"})

    assert [(one.status_code, one.json()["code"]) for one in (doublon, renversee, ailleurs)] == [
        (409, "reference-externe-existante"),
        (422, "validation"),
        (404, "introuvable"),
    ]
    assert len((await client.get(unites)).json()["elements"]) == 1


async def test_a_person_passes_from_one_referent_to_another_and_the_history_stays(
    client: Client, ouvrir: Dossier, ft: dict[str, Any], unites: str
) -> None:
    """Released with the place: the load falls, what was done is still read.

    Planted: the portfolio before left out of the act; places given back still counted; red both.
    """
    unite = await creer(client, unites, reference="redon", nom="Agence", communes=["35236"])
    autre = await creer(client, unites, reference="vitre", nom="Agence", communes=["35360"])
    ici = {"organisme_referent_id": ft["id"], "taille": 140, "role": "referent_rsa"}
    un = await creer(client, "/v1/portefeuilles", **ici, reference="agent-1", unite_id=unite["id"])
    deux = await creer(
        client, "/v1/portefeuilles", **ici, reference="agent-2", unite_id=autre["id"]
    )
    place = await placer(client, ouvrir)
    url = f"/v1/places/{place['id']}/affectations"

    actes = [
        await client.post(url, {"portefeuille_id": one["id"]}, version=rang)
        for rang, one in enumerate((un, deux), start=1)
    ]
    charges = [(await client.get(f"/v1/portefeuilles/{one['id']}")).json() for one in (un, deux)]
    quitte = await client.post(url, {}, version=3)

    assert [one.status_code for one in (*actes, quitte)] == [201] * 3
    assert [one.headers["ETag"] for one in (*actes, quitte)] == ['"2"', '"3"', '"4"']
    assert [one["charge"] for one in charges] == [0, 1]
    listed = (await client.get(url)).json()["elements"]
    assert [
        (one["portefeuille_precedent_id"], one["portefeuille_id"], one["unite_id"])
        for one in listed
    ] == [
        (None, un["id"], unite["id"]),
        (un["id"], deux["id"], autre["id"]),
        (deux["id"], None, autre["id"]),
    ]
    assert (await client.get(f"{url}/{listed[1]['id']}")).json() == listed[1]
    read = (await client.get(f"/v1/places/{place['id']}")).json()
    assert (read["portefeuille_id"], read["unite_id"], read["version"]) == (None, autre["id"], 4)
    feed = (await client.get("/v1/changements?limite=200")).json()["elements"]
    assert [one["version"] for one in feed if one["type"] == "orientation.place.affectee"] == [
        2,
        3,
        4,
    ]


async def test_a_place_given_back_leaves_its_portfolio(
    client: Client, ouvrir: Dossier, ft: dict[str, Any]
) -> None:
    portefeuille = await creer(
        client,
        "/v1/portefeuilles",
        organisme_referent_id=ft["id"],
        reference="agent-1",
        role="infirmier",
    )
    place = await placer(client, ouvrir)
    url = f"/v1/places/{place['id']}/affectations"
    await client.post(url, {"portefeuille_id": portefeuille["id"]}, version=1)
    lien = f"/v1/orientations/{place['orientation_id']}"
    orientation = (await client.get(lien)).json()
    annulee = await client.post(
        f"{lien}/annulations", {"motif": "Erreur"}, version=orientation["version"]
    )
    assert annulee.status_code == 201, annulee.text

    read = (await client.get(f"/v1/portefeuilles/{portefeuille['id']}")).json()
    refused = await client.post(url, {}, version=3)

    assert (read["charge"], read["taille"]) == (0, None)
    assert (refused.status_code, refused.json()["code"]) == (409, "transition-interdite")
    assert len((await client.get(url)).json()["elements"]) == 1


async def test_a_new_decision_for_the_same_organisme_changes_nobody(
    client: Client, ouvrir: Dossier, ft: dict[str, Any], unites: str
) -> None:
    """Who stays at its organisme stays with its unit and its référent.

    Planted: the commune's unit given again, red; the portfolio left out, red.
    """
    await creer(client, unites, reference="redon", nom="Agence", communes=["35236"])
    autre = await creer(client, unites, reference="vitre", nom="Agence", communes=["35360"])
    portefeuille = await creer(
        client,
        "/v1/portefeuilles",
        organisme_referent_id=ft["id"],
        reference="agent-1",
        role="referent_rsa",
        unite_id=autre["id"],
    )
    place = await placer(client, ouvrir)
    url = f"/v1/places/{place['id']}/affectations"
    await client.post(url, {"portefeuille_id": portefeuille["id"]}, version=1)
    ancienne = (await client.get(f"/v1/orientations/{place['orientation_id']}")).json()
    body = {"personne_id": ancienne["personne_id"]}
    suivante = (await client.post("/v1/orientations", body)).json()
    await client.post(f"/v1/orientations/{suivante['id']}/criteres", criteres(), version=1)

    decision = await decider(client, suivante)

    nouvelle = (await client.get(f"/v1/places/{decision['place']['place_id']}")).json()
    assert (nouvelle["unite_id"], nouvelle["portefeuille_id"]) == (autre["id"], portefeuille["id"])
    assert (await client.get(f"/v1/portefeuilles/{portefeuille['id']}")).json()["charge"] == 1


async def test_one_assignment_of_many_at_once_wins(
    client: Client, ouvrir: Dossier, ft: dict[str, Any]
) -> None:
    """Twelve agents take one person at once: one does, eleven are told that it changed.

    Planted: the version not compared in the write, red.
    """
    agents = [
        await creer(
            client,
            "/v1/portefeuilles",
            organisme_referent_id=ft["id"],
            reference=f"agent-{rang}",
            role="conseiller_emploi",
        )
        for rang in range(12)
    ]
    place = await placer(client, ouvrir)
    url = f"/v1/places/{place['id']}/affectations"

    answers = await asyncio.gather(
        *(client.post(url, {"portefeuille_id": one["id"]}, version=1) for one in agents)
    )

    assert Counter(one.status_code for one in answers) == {201: 1, 412: 11}
    charges = [(await client.get(f"/v1/portefeuilles/{one['id']}")).json() for one in agents]
    assert sum(one["charge"] for one in charges) == 1
    assert len((await client.get(url)).json()["elements"]) == 1


async def test_who_waits_has_no_portfolio_yet(
    client: Client, ouvrir: Dossier, ft: dict[str, Any], unites: str
) -> None:
    await borner(client, ft, 0)
    unite = await creer(client, unites, reference="redon", nom="Agence")
    portefeuille = await creer(
        client,
        "/v1/portefeuilles",
        organisme_referent_id=ft["id"],
        reference="agent-1",
        role="referent_rsa",
    )
    place = await placer(client, ouvrir)
    url = f"/v1/places/{place['id']}/affectations"

    refused = await client.post(url, {"portefeuille_id": portefeuille["id"]}, version=1)
    moved = await client.post(url, {"unite_id": unite["id"]}, version=1)

    assert place["statut"] == "en_file"
    assert refused.json()["statut_actuel"] == "en_file"
    assert (refused.status_code, moved.status_code) == (409, 201)
    assert (await client.get(f"/v1/unites/{unite['id']}")).json()["charge"] == 0


async def test_the_referent_is_the_organismes_own_choice(
    client: Client, connecter: Connecter, ouvrir: Dossier, ft: dict[str, Any]
) -> None:
    """Planted: any client with the scope, red."""
    place = await placer(client, ouvrir)
    tiers = connecter("orientation", client_id="ailleurs")
    corps = {"organisme_referent_id": ft["id"], "reference": "agent-1", "role": "referent_rsa"}
    portefeuille = await creer(client, "/v1/portefeuilles", **corps)

    refused = [
        await tiers.post("/v1/portefeuilles", corps | {"reference": "agent-2"}),
        await tiers.post(
            f"/v1/places/{place['id']}/affectations",
            {"portefeuille_id": portefeuille["id"]},
            version=1,
        ),
        await tiers.request(
            "PATCH",
            f"/v1/portefeuilles/{portefeuille['id']}",
            json={"taille": 12},
            headers={"If-Match": '"1"', "Content-Type": MERGE_PATCH},
        ),
    ]

    assert [(one.status_code, one.json()["code"]) for one in refused] == [
        (409, "autorite-incompetente")
    ] * 3
    changed = await modifier(client, f"/v1/portefeuilles/{portefeuille['id']}", 1, taille=140)
    assert (changed["taille"], changed["version"]) == (140, 2)


@pytest.mark.parametrize(
    ("corps", "pointeur"),
    [
        pytest.param({"reference": "299019999900185"}, "/reference", id="un NIR pour agent"),
        pytest.param({"role": "ministre"}, "/role", id="rôle inconnu"),
        pytest.param({"unite_id": "019b789f-d7a0-7c02-9e41-6b1f0f5a2d33"}, "/unite_id", id="unité"),
        pytest.param(
            {"organisme_referent_id": "019b789f-d7a0-7c02-9e41-6b1f0f5a2d33"},
            "/organisme_referent_id",
            id="organisme",
        ),
    ],
)
async def test_a_portfolio_is_refused(
    client: Client, ft: dict[str, Any], corps: dict[str, Any], pointeur: str
) -> None:
    base = {"organisme_referent_id": ft["id"], "reference": "agent-1", "role": "referent_rsa"}

    refused = await client.post("/v1/portefeuilles", base | corps)

    assert refused.status_code == 422
    assert [one["pointeur"] for one in refused.json()["erreurs"]] == [pointeur]
    assert (await client.get("/v1/portefeuilles")).json()["elements"] == []


async def test_a_team_is_the_portfolios_of_a_unit_by_role(
    client: Client, ft: dict[str, Any], unites: str
) -> None:
    """Ten référents and two nurses, as the pilot announces; the figures stand beside."""
    unite = await creer(client, unites, reference="redon", nom="Agence", territoire="redon")
    for rang in range(12):
        await creer(
            client,
            "/v1/portefeuilles",
            organisme_referent_id=ft["id"],
            unite_id=unite["id"],
            reference=f"agent-{rang}",
            role="infirmier" if rang >= 10 else "referent_rsa",
            taille=140 if rang < 10 else None,
        )
    page = f"/v1/portefeuilles?unite_id={unite['id']}"

    referents = (await client.get(f"{page}&role=referent_rsa")).json()["elements"]
    assert sum(one["taille"] for one in referents) == 1400
    base = {"unite": "personnes", "qualificatif": "exact", "mesure": "agents", "source": "page"}
    for reference, role, valeur, territoire, constat in (
        ("referents_rsa_2024", "referent_rsa", 10, "redon", 10),
        ("infirmieres_2024", "infirmier", 2, "redon", 2),
        ("recrutements_2023", None, 15, "redon", 12),
        ("ailleurs", None, 15, "loire", 0),
    ):
        found = await creer(
            client,
            "/v1/indicateurs",
            **base,
            reference=reference,
            libelle=reference,
            role=role,
            valeur=valeur,
            territoire=territoire,
        )
        assert (found["valeur"], found["constat"], found["etat_constat"]) == (
            valeur,
            constat,
            "compte",
        )


async def test_the_pilots_cap_is_an_indicator_and_says_when_communes_are_unknown(
    client: Client, ouvrir: Dossier, ouverte: str, unites: str
) -> None:
    """An announced 5 people, 6 placed: nobody is refused. Unknown communes are not zero people."""
    plafond = await creer(
        client,
        "/v1/indicateurs",
        reference="capacite_experimentation_2023",
        libelle="bénéficiaires du RSA pouvant être concernés",
        valeur=5,
        unite="personnes",
        qualificatif="jusqu_a",
        annee=2023,
        territoire="redon",
        mesure="personnes_suivies",
        texte_source="jusqu'à 5",
        source="page, ligne 5",
    )
    url = f"/v1/indicateurs/{plafond['id']}"
    assert (plafond["constat"], plafond["etat_constat"]) == (None, "communes_inconnues")
    assert (plafond["qualificatif"], plafond["source"]) == ("jusqu_a", "page, ligne 5")
    # The département says the communes once, with its objective; a unit of the territory adds its.
    collectivite = f"/v1/collectivites/{ouverte}"
    delai = {"code": "pilote", "duree": 15, "unite": "jours", "source": "page"}
    version = (await client.get(collectivite)).headers["ETag"].strip('"')
    await modifier(
        client,
        collectivite,
        int(version),
        delais=[delai | {"territoire": "redon", "communes": ["35236"]}],
    )

    async def constat() -> tuple[int | None, str]:
        read = (await client.get(url)).json()
        return read["constat"], read["etat_constat"]

    assert await constat() == (0, "compte")
    for _ in range(4):
        await placer(client, ouvrir)
    await placer(client, ouvrir, code_commune="35238")
    assert await constat() == (None, "masque")
    await creer(client, unites, reference="a", nom="Agence", territoire="redon", communes=["35238"])
    assert await constat() == (5, "compte")
    assert (await placer(client, ouvrir))["statut"] == "placee"
    assert await constat() == (6, "compte")
    doublon = await client.post(
        "/v1/indicateurs",
        {
            "reference": plafond["reference"],
            "libelle": "x",
            "unite": "personnes",
            "qualificatif": "exact",
            "source": "x",
        },
    )
    assert (doublon.status_code, doublon.json()["code"]) == (409, "reference-externe-existante")
