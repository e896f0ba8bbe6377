"""Receipts: what a funder notifies is claimed, cashed and given back, never more than once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from services.financement.journal.queries import verifier_journal
from shared.socle.service import Service
from tests.api.financement.conftest import Terrain
from tests.conftest import Connecter

JOUR = "2026-03-02"
NOTIFIE = 620_850_00


@pytest_asyncio.fixture(autouse=True)
async def prouve(
    terrain: Terrain, services: Mapping[str, Service], ouverte: str
) -> AsyncIterator[None]:
    """Whatever a test does, the journal proves its balances in the end."""
    yield
    service = services["financement"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        assert await verifier_journal(tx) == []


def notification(montant: int = NOTIFIE, **values: Any) -> dict[str, Any]:
    """What a funder notifies."""
    return {
        "montant_centimes": montant,
        "qualificatif": "exact",
        "date_effet": "2026-01-15",
        "reference": "Notification du 15 janvier 2026",
        **values,
    }


def titre(montant: int = NOTIFIE, **values: Any) -> dict[str, Any]:
    """A claim."""
    return {"montant_centimes": montant, "date_emission": JOUR, "objet": "Part de l'État", **values}


def encaissement(montant: int, **values: Any) -> dict[str, Any]:
    """A part cashed."""
    return {"montant_centimes": montant, "date_effet": JOUR, "reference": "B-118", **values}


async def notifiee(terrain: Terrain, montant: int = NOTIFIE, **values: Any) -> str:
    """An envelope of the State, notified."""
    enveloppe_id = await terrain.enveloppe(None, **values)
    await terrain.creer(f"/v1/enveloppes/{enveloppe_id}/notifications", notification(montant))
    return enveloppe_id


async def recette(terrain: Terrain, enveloppe_id: str, **query: str) -> dict[str, int]:
    """The balances that are not zero."""
    suite = "&".join(f"{nom}={valeur}" for nom, valeur in query.items())
    found = await terrain.lire(f"/v1/enveloppes/{enveloppe_id}/recette?{suite}")
    return {
        nom.removesuffix("_centimes"): valeur
        for nom, valeur in found.items()
        if nom.endswith("_centimes") and valeur
    }


async def refus(
    terrain: Terrain, chemin: str, corps: dict[str, Any], **rest: Any
) -> tuple[int, str]:
    """What a refused POST answers."""
    answer = await terrain.client.post(chemin, corps, **rest)
    return answer.status_code, answer.json()["code"]


async def test_money_is_notified_claimed_cashed_in_parts_and_given_back(terrain: Terrain) -> None:
    enveloppe_id = await terrain.enveloppe(
        None, annonce={"montant_centimes": NOTIFIE, "qualificatif": "environ"}
    )
    base = f"/v1/enveloppes/{enveloppe_id}"
    assert await recette(terrain, enveloppe_id) == {}

    acte = await terrain.creer(f"{base}/notifications", notification())
    assert (acte["nature"], acte["montant_centimes"]) == ("notification", NOTIFIE)
    assert (await terrain.lire(base))["statut"] == "notifiee"
    premier = await terrain.creer(f"{base}/titres", titre(400_000_00))
    second = await terrain.creer(f"{base}/titres", titre(NOTIFIE - 400_000_00))
    assert [(one["exercice"], one["numero"]) for one in (premier, second)] == [(2026, 1), (2026, 2)]
    chemin = f"/v1/titres/{premier['id']}"
    partiel = await terrain.creer(f"{chemin}/encaissements", encaissement(150_000_01))
    assert (partiel["statut"], partiel["reste_centimes"]) == ("encaisse_partiel", 249_999_99)
    entier = await terrain.creer(f"{chemin}/encaissements", encaissement(249_999_99))
    assert (entier["statut"], entier["reste_centimes"], entier["version"]) == ("encaisse", 0, 3)
    await terrain.creer(
        f"{base}/trop-percus",
        {"montant_centimes": 30_850_00, "motif": "Deux fois", "date_effet": JOUR},
    )
    await terrain.creer(
        f"{base}/reversements",
        {"montant_centimes": 850_00, "reference": "M-1", "date_effet": JOUR},
    )

    assert await recette(terrain, enveloppe_id) == {
        "notifie": NOTIFIE,
        "titre": 220_850_00,
        "encaisse": 369_150_00,
        "a_reverser": 30_000_00,
        "reverse": 850_00,
    }
    # As of the day of the notification, all was still to be claimed.
    assert await recette(terrain, enveloppe_id, au="2026-01-15") == {
        "notifie": NOTIFIE,
        "a_titrer": NOTIFIE,
    }
    actes = await terrain.lire(f"/v1/actes-recettes?enveloppe_id={enveloppe_id}")
    assert Counter(one["nature"] for one in actes["elements"]) == {
        "notification": 1,
        "encaissement": 2,
        "trop_percu": 1,
        "reversement": 1,
    }


@pytest.mark.parametrize(
    ("enveloppe", "corps", "code"),
    [
        pytest.param({"financeur": "departement"}, {}, "validation", id="du département"),
        pytest.param({"financeur": None}, {}, "validation", id="de personne"),
        pytest.param({}, {"qualificatif": "presque"}, "validation", id="montant approché"),
        pytest.param({}, {"date_effet": "2026-03-03"}, "validation", id="demain"),
    ],
)
async def test_only_an_outside_funder_notifies_an_exact_amount(
    terrain: Terrain, enveloppe: dict[str, Any], corps: dict[str, Any], code: str
) -> None:
    enveloppe_id = await terrain.enveloppe(None, **enveloppe)
    chemin = f"/v1/enveloppes/{enveloppe_id}/notifications"
    assert await refus(terrain, chemin, notification(**corps)) == (422, code)
    assert await recette(terrain, enveloppe_id) == {}


async def test_nothing_moves_beyond_what_there_is(terrain: Terrain) -> None:
    enveloppe_id = await notifiee(terrain, 100_00)
    base = f"/v1/enveloppes/{enveloppe_id}"

    refused = await terrain.client.post(f"{base}/titres", titre(100_01))
    assert (refused.status_code, refused.json()["disponible_centimes"]) == (409, 100_00)
    emis = await terrain.creer(f"{base}/titres", titre(100_00))
    trop = (409, "disponible-insuffisant")
    encaissements = f"/v1/titres/{emis['id']}/encaissements"
    assert await refus(terrain, encaissements, encaissement(100_01)) == trop
    motif = {"motif": "x", "date_effet": JOUR}
    acte = {"montant_centimes": 1, "date_effet": JOUR}
    assert await refus(terrain, f"{base}/trop-percus", acte | {"motif": "x"}) == trop
    assert await refus(terrain, f"{base}/reversements", acte | {"reference": "x"}) == trop
    reduction = motif | {"montant_centimes": 100_01, "suite": "a_titrer"}
    chemin = f"/v1/titres/{emis['id']}/reductions"
    assert await refus(terrain, chemin, reduction, version=1) == trop
    # A complement adds to the ceiling.
    await terrain.creer(f"{base}/notifications", notification(1))
    await terrain.creer(f"{base}/titres", titre(1))
    assert await recette(terrain, enveloppe_id) == {"notifie": 100_01, "titre": 100_01}


async def test_a_titre_is_reduced_cancelled_and_issued_again(terrain: Terrain) -> None:
    """The correcting titre names the one corrected, and why; what is abandoned is not claimed."""
    enveloppe_id = await notifiee(terrain, 1_000_00)
    base = f"/v1/enveloppes/{enveloppe_id}"
    autre = await terrain.creer(f"/v1/enveloppes/{await notifiee(terrain)}/titres", titre(1_00))
    emis = await terrain.creer(f"{base}/titres", titre(1_000_00, date_emission="2026-02-02"))
    chemin = f"/v1/titres/{emis['id']}"
    moins = {"motif": "Erreur de calcul", "date_effet": JOUR, "suite": "abandonne"}

    reduit = await terrain.creer(
        f"{chemin}/reductions", moins | {"montant_centimes": 100_00}, version=1
    )
    assert (reduit["statut"], reduit["reste_centimes"]) == ("reduit", 900_00)
    annulation = moins | {"suite": "a_titrer"}
    assert await refus(terrain, f"{chemin}/annulations", annulation, version=1) == (
        412,
        "version-depassee",
    )
    avant = annulation | {"date_effet": "2026-02-01"}
    assert (await refus(terrain, f"{chemin}/annulations", avant, version=2))[0] == 422
    annule = await terrain.creer(f"{chemin}/annulations", annulation, version=2)
    assert (annule["statut"], annule["reduit_centimes"]) == ("annule", 1_000_00)
    interdit = (409, "transition-interdite")
    assert await refus(terrain, f"{chemin}/encaissements", encaissement(1)) == interdit
    assert await refus(terrain, f"{chemin}/annulations", annulation, version=3) == interdit

    for values in (
        {"titre_corrige_id": emis["id"]},
        {"motif": "Débiteur mal nommé"},
        {"titre_corrige_id": autre["id"], "motif": "D'une autre enveloppe"},
    ):
        assert (await refus(terrain, f"{base}/titres", titre(900_00, **values)))[0] == 422
    reemis = await terrain.creer(
        f"{base}/titres",
        titre(900_00, titre_corrige_id=emis["id"], motif="Débiteur mal nommé"),
    )
    assert reemis["titre_corrige_id"] == emis["id"]
    assert await recette(terrain, enveloppe_id) == {
        "notifie": 1_000_00,
        "titre": 900_00,
        "abandonne": 100_00,
    }


async def test_a_titre_of_a_former_year_is_corrected_by_a_mandate(terrain: Terrain) -> None:
    enveloppe_id = await terrain.enveloppe(None)
    base = f"/v1/enveloppes/{enveloppe_id}"
    await terrain.creer(f"{base}/notifications", notification(date_effet="2025-02-01"))
    emis = await terrain.creer(f"{base}/titres", titre(date_emission="2025-12-31"))
    await terrain.creer(
        f"/v1/titres/{emis['id']}/annulations",
        {"motif": "Non dû", "date_effet": JOUR, "suite": "abandonne"},
        version=1,
    )
    actes = await terrain.lire(f"/v1/actes-recettes?titre_id={emis['id']}")
    (acte,) = actes["elements"]
    assert (acte["nature"], acte["sur_exercice_anterieur"]) == ("annulation", True)


async def test_numbers_have_no_hole_under_concurrency(terrain: Terrain) -> None:
    """Ten at once where six fit: the six are numbered 1 to 6, a refusal takes no number.

    Planted: the gate of the envelope not held, red.
    """
    enveloppe_id = await notifiee(terrain, 600)
    chemin = f"/v1/enveloppes/{enveloppe_id}/titres"

    async def emettre() -> int:
        for _ in range(20):
            answer = await terrain.client.post(chemin, titre(100))
            if answer.status_code != 503:
                return answer.status_code
        raise AssertionError("surcharge")

    codes = Counter(await asyncio.gather(*(emettre() for _ in range(10))))
    assert codes == {201: 6, 409: 4}
    titres = await terrain.lire(f"/v1/titres?enveloppe_id={enveloppe_id}&exercice=2026&statut=emis")
    assert sorted(one["numero"] for one in titres["elements"]) == [1, 2, 3, 4, 5, 6]


async def test_a_titre_is_not_cashed_twice_at_once(terrain: Terrain) -> None:
    enveloppe_id = await notifiee(terrain, 300)
    emis = await terrain.creer(f"/v1/enveloppes/{enveloppe_id}/titres", titre(300))
    chemin = f"/v1/titres/{emis['id']}/encaissements"

    answers = await asyncio.gather(
        *(terrain.client.post(chemin, encaissement(200)) for _ in range(4))
    )
    assert Counter(one.status_code for one in answers) == {201: 1, 409: 3}
    assert await recette(terrain, enveloppe_id) == {"notifie": 300, "titre": 100, "encaisse": 200}


async def test_who_claims_does_not_cash(terrain: Terrain, connecter: Connecter) -> None:
    enveloppe_id = await notifiee(terrain)
    ordonnateur = connecter("financement", "financement:lire financement.ordonnateur:ecrire")
    comptable = connecter("financement", "financement:lire financement.comptable:ecrire")
    emis = await ordonnateur.post(f"/v1/enveloppes/{enveloppe_id}/titres", titre())
    assert emis.status_code == 201, emis.text
    chemin = f"/v1/titres/{emis.json()['id']}/encaissements"

    assert (
        await comptable.post(f"/v1/enveloppes/{enveloppe_id}/titres", titre(1))
    ).status_code == 403
    assert (await ordonnateur.post(chemin, encaissement(1))).status_code == 403
    assert (await comptable.post(chemin, encaissement(1))).status_code == 201


async def test_a_titre_cashed_once_with_one_key(terrain: Terrain) -> None:
    enveloppe_id = await notifiee(terrain, 300)
    emis = await terrain.creer(f"/v1/enveloppes/{enveloppe_id}/titres", titre(300))
    chemin = f"/v1/titres/{emis['id']}/encaissements"
    answers = [
        await terrain.client.post(chemin, encaissement(100), cle="une-cle-de-comptable")
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert (await recette(terrain, enveloppe_id))["encaisse"] == 100
