"""The figures through the door: real parcours, counted once each, health under its scope."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest_asyncio

from tests.api.parcours.conftest import ORDINAIRES, Horloge, Orientation, Suivre
from tests.conftest import Client, Connecter


@pytest_asyncio.fixture
async def client(connecter: Connecter) -> Client:
    """Every scope."""
    return connecter("parcours")


@pytest_asyncio.fixture
async def parcours(orientation: Orientation, suivre: Suivre, client: Client) -> list[str]:
    """Six parcours of one organisme, and one of another."""
    un, autre = "019b789f-d7a0-7c02-9e41-6b1f0f5a2d33", "019b789f-d7a0-7c02-9e41-6b1f0f5a2d34"
    for organisme in [un] * 6 + [autre]:
        await orientation.decider(organisme_referent_id=organisme)
    await suivre()
    listes = (await client.get("/v1/parcours")).json()["elements"]
    return [row["id"] for row in sorted(listes, key=lambda row: row["organisme_referent_id"])]


async def _observer(client: Client, parcours_id: str, code: str, hier: date) -> dict[str, Any]:
    observe = await client.post(
        f"/v1/parcours/{parcours_id}/freins",
        {"code": code, "niveau": "fort", "date_observation": str(hier), "source": "referent"},
    )
    assert observe.status_code == 201, observe.text
    found: dict[str, Any] = observe.json()
    return found


def _lue(groupe: dict[str, Any], nom: str) -> dict[str, int | None] | None:
    """The numbers of a répartition; none when it is not there, or hidden whole."""
    found = next((un for un in groupe["repartitions"] if un["nom"] == nom), None)
    if found is None or found["masquee"]:
        return None
    return {un["modalite"]: un["nombre"] for un in found["effectifs"]}


async def test_people_and_freins_are_counted(
    client: Client, connecter: Connecter, parcours: list[str], hier: date, jour: date
) -> None:
    """Seven people, all with a frein, lifted of all in a day; health under its own scope.

    Planted: freins of health read whatever the scope, red.
    """
    for un in parcours:
        frein = await _observer(client, un, "mobilite", hier)
        await _observer(client, un, "sante", hier)
        leve = await client.post(
            f"/v1/freins/{frein['id']}/levees",
            {"fondement": "decision_referent", "date_levee": str(jour), "commentaire": "Permis"},
            version=frein["version"],
        )
        assert leve.status_code == 201, leve.text

    avec = (await client.get("/v1/indicateurs/accompagnement?par=organisme")).json()
    sans = (await connecter("parcours", ORDINAIRES).get("/v1/indicateurs/accompagnement")).json()

    ensemble = avec["ensemble"]
    assert ensemble["accompagnees"] == 7
    assert _lue(ensemble, "statut") == {"en_cours": 7}
    assert _lue(ensemble, "frein_leve.mobilite") == {"avec": 7}
    assert _lue(ensemble, "frein_ouvert.sante") == {"avec": 7}
    assert ensemble["delais_levee"] == [{"code": "mobilite", "mediane_jours": 1}]
    # One of the groups is of one person: the other would tell it, so none is shown.
    assert [un["accompagnees"] for un in avec["groupes"]] == [None, None]
    assert avec["avec_sante"] is True
    assert (sans["avec_sante"], sans["groupes"]) == (False, [])
    assert not [un for un in sans["ensemble"]["repartitions"] if "sante" in un["nom"]]


async def test_a_period_bounds_what_is_counted(
    client: Client, parcours: list[str], hier: date
) -> None:
    """Both ends are included; an older parcours that is open is accompanied still."""
    for un in parcours:
        await _observer(client, un, "logement", hier)

    async def lus(debut: date, fin: date) -> dict[str, int | None] | None:
        chemin = f"/v1/indicateurs/accompagnement?date_debut={debut}&date_fin={fin}"
        ensemble = (await client.get(chemin)).json()["ensemble"]
        assert ensemble["accompagnees"] == 7
        return _lue(ensemble, "frein_ouvert.logement")

    assert await lus(hier, hier) == {"avec": 7}
    assert await lus(hier.replace(day=1), hier.replace(day=hier.day - 1)) is None


async def test_a_period_upside_down_is_refused(client: Client, parcours: list[str]) -> None:
    for chemin in ("accompagnement", "levee"):
        refuse = await client.get(
            f"/v1/indicateurs/{chemin}?date_debut=2026-02-02&date_fin=2026-02-01"
        )
        assert refuse.status_code == 422


async def test_an_empty_collectivite_has_figures(client: Client, ouverte: str) -> None:
    vides = (await client.get("/v1/indicateurs/accompagnement?par=type_parcours")).json()
    levees = (await client.get("/v1/indicateurs/levee")).json()

    assert (vides["ensemble"]["accompagnees"], vides["groupes"]) == (0, [])
    assert levees["actions"] == []


async def _action(financement: Client, annee: int) -> str:
    """An action of ten places, and the money for them."""

    async def creer(chemin: str, corps: dict[str, Any], **rest: Any) -> str:
        answer = await financement.post(chemin, corps, **rest)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    convention = await creer(
        "/v1/conventions",
        {
            "reference": f"35-CDIE-{annee}",
            "type": "convention_departementale_insertion_emploi",
            "intitule": "Convention départementale pour l'insertion et l'emploi",
            "annee_debut": annee,
            "statut": "deliberee",
        },
    )
    enveloppe = await creer(
        "/v1/enveloppes",
        {
            "reference": f"etat-{annee}",
            "convention_id": convention,
            "exercice": annee,
            "financeur": "etat",
        },
    )
    await creer(
        f"/v1/enveloppes/{enveloppe}/ouvertures",
        {
            "montant_centimes": 1_000_00,
            "qualificatif": "exact",
            "date_effet": f"{annee}-01-01",
            "source": "arrêté d'essai",
        },
        version=1,
    )
    return await creer(
        f"/v1/conventions/{convention}/actions",
        {
            "code": "garage-solidaire",
            "libelle": "Garage solidaire",
            "mode_capacite": "stock",
            "places_ouvertes": 10,
            "cle": [{"enveloppe_id": enveloppe, "numerateur": 1, "denominateur": 1}],
        },
    )


async def test_what_was_lifted_after_an_action(
    client: Client, connecter: Connecter, parcours: list[str], horloge: Horloge
) -> None:
    """Four people are not told; the fifth tells them all. One that was not confirmed is not one."""
    # The database dates a prescription: both clocks must agree.
    horloge.instant = datetime.now(UTC)
    jour = horloge.instant.astimezone(ZoneInfo("Europe/Paris")).date()
    hier = jour - timedelta(days=1)
    action = await _action(connecter("financement"), jour.year)
    vues = []
    for rang, un in enumerate(parcours[:6]):
        frein = await _observer(client, un, "mobilite", hier)
        prescrite = await client.post(
            "/v1/prescriptions",
            {"frein_id": frein["id"], "action_id": action, "montant_centimes": 10_00},
        )
        assert prescrite.status_code == 201, prescrite.text
        if rang != 4:
            chemin = f"/v1/prescriptions/{prescrite.json()['id']}/confirmations"
            confirmee = await client.post(chemin, {}, version=1)
            assert confirmee.status_code == 201, confirmee.text
        lu = (await client.get(f"/v1/freins/{frein['id']}")).json()
        leve = await client.post(
            f"/v1/freins/{frein['id']}/levees",
            {"fondement": "decision_referent", "date_levee": str(jour), "commentaire": "Permis"},
            version=lu["version"],
        )
        assert leve.status_code == 201, leve.text
        vues.append((await client.get("/v1/indicateurs/levee")).json()["actions"])

    masquee = {
        "action_id": action,
        "personnes": None,
        "freins_leves": None,
        "mediane_jours": None,
        "masque": True,
    }
    assert vues[:5] == [[masquee]] * 5
    assert vues[5] == [
        masquee | {"personnes": 5, "freins_leves": 5, "mediane_jours": 0, "masque": False}
    ]
