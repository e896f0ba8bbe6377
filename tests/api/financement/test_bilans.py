"""A claim on a funder, through the API: its expense, its pieces, its rates."""

import csv
import hashlib
import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio
from lxml import html
from psycopg import errors

from deploy.local.bases import Adresses
from services.financement.journal.queries import inscrire, lock_disponibles, verifier_journal
from services.financement.journal.rules import Ecriture, transfert
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste
from shared.socle.service import Service
from tests.api.financement.conftest import CONVENTION, Horloge, Terrain, ouverture
from tests.api.financement.depenses import Chaine, chaine_de, faite
from tests.api.financement.test_recettes import (
    JOUR,
    encaissement,
    notifiee,
    recette,
    refus,
    titre,
)
from tests.conftest import Connecter

TAUX = {
    "code": "etat-cls",
    "nature": "intervention",
    "libelle": "Part de l'État",
    "numerateur": 1,
    "denominateur": 2,
    "valable_du": "2024-01-01",
    "source": "Cadrage national",
    "confirme": True,
}
BILAN = {
    "date_arrete": "2025-12-31",
    "depense_retenue_centimes": 1_180_000_01,
    "taux_code": "etat-cls",
}
ADOPTION = {
    "assemblee": "Conseil départemental",
    "date_adoption": JOUR,
    "reference": "Délibération n° 2026-031",
}


@pytest_asyncio.fixture(autouse=True)
async def prouve(
    terrain: Terrain, services: Mapping[str, Service], ouverte: str
) -> AsyncIterator[None]:
    """Whatever a test does, the journal proves its balances in the end."""
    yield
    service = services["financement"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        assert await verifier_journal(tx) == []


async def encaissee(terrain: Terrain) -> str:
    """The State's envelope of example A: 620 850.00 notified, claimed and cashed; and its rate."""
    await terrain.creer("/v1/taux", TAUX)
    enveloppe_id = await notifiee(terrain)
    emis = await terrain.creer(f"/v1/enveloppes/{enveloppe_id}/titres", titre())
    await terrain.creer(f"/v1/titres/{emis['id']}/encaissements", encaissement(620_850_00))
    return enveloppe_id


async def test_it_waits_for_its_justificatifs(terrain: Terrain) -> None:
    enveloppe_id = await encaissee(terrain)
    chemin = f"/v1/enveloppes/{enveloppe_id}/bilans"
    manque = BILAN | {"justificatifs_manquants": ["Feuilles de temps de novembre"]}

    incomplet = await terrain.creer(chemin, manque)
    assert incomplet["statut"] == "incomplet"
    adoptions = "/v1/bilans/{}/adoptions"
    refused = await terrain.client.post(
        adoptions.format(incomplet["id"]), ADOPTION, version=incomplet["version"]
    )
    assert (refused.status_code, refused.json()["statut_actuel"]) == (409, "incomplet")
    complet = await terrain.creer(chemin, BILAN | {"date_limite": "2026-03-01"})
    ancien = await terrain.lire(f"/v1/bilans/{incomplet['id']}")
    assert (ancien["statut"], ancien["version"]) == ("remplace", 2)
    adopte = await terrain.creer(adoptions.format(complet["id"]), ADOPTION, version=1)
    assert adopte["hors_delai"] is True
    bilans = await terrain.lire(f"/v1/bilans?enveloppe_id={enveloppe_id}")
    assert [one["statut"] for one in bilans["elements"]] == ["adopte", "remplace"]


async def test_what_is_not_cashed_yet_is_to_be_claimed(terrain: Terrain) -> None:
    await terrain.creer("/v1/taux", TAUX)
    enveloppe_id = await notifiee(terrain)
    refactions = [
        {"type": "manuel", "montant_centimes": 90_000_00, "motif": "Action abandonnée"},
        {"type": "prorata_indicateur", "indicateur": "Suivis", "cible": 10, "realise": 9},
    ]

    bilan = await terrain.creer(
        f"/v1/enveloppes/{enveloppe_id}/bilans", BILAN | {"refactions": refactions}
    )
    assert bilan["refactions_centimes"] == 90_000_00 + 59_000_00
    assert bilan["du_centimes"] == bilan["a_titrer_centimes"] == 441_000_00
    await terrain.creer(f"/v1/bilans/{bilan['id']}/adoptions", ADOPTION, version=1)
    assert await recette(terrain, enveloppe_id) == {
        "notifie": 620_850_00,
        "a_titrer": 620_850_00,
    }


async def test_the_expense_is_read_from_the_journal_of_all_funders(
    terrain: Terrain, services: Mapping[str, Service], ouverte: str, horloge: Horloge
) -> None:
    """What was liquidated as of the day, on the envelopes of one convention and one year."""
    await terrain.creer("/v1/taux", TAUX)
    etat = await notifiee(terrain)
    await terrain.creer(
        f"/v1/enveloppes/{etat}/ouvertures",
        {
            "montant_centimes": 1_000,
            "qualificatif": "exact",
            "date_effet": "2024-01-01",
            "source": "x",
        },
        version=1,
    )
    departement = await terrain.enveloppe(1_000, financeur="departement")
    autre_annee = await terrain.enveloppe(1_000, financeur="departement", exercice=2025)
    service = services["financement"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await lock_disponibles(tx, [])
        jours = ((etat, "2024-06-01", 300), (departement, "2024-07-01", 301))
        await inscrire(
            tx,
            [
                Ecriture(
                    EvenementJournal.LIQUIDATION,
                    date.fromisoformat(jour),
                    transfert(
                        Livre.ENG,
                        UUID(enveloppe),
                        montant,
                        Poste.DISPONIBLE,
                        Poste.LIQUIDE,
                    ),
                )
                for enveloppe, jour, montant in (
                    *jours,
                    (departement, "2025-01-02", 50),
                    (autre_annee, "2024-06-01", 70),
                )
            ],
            inscrite_le=horloge(),
        )

    corps = {"date_arrete": "2024-12-31", "taux_code": "etat-cls"}
    bilan = await terrain.creer(f"/v1/enveloppes/{etat}/bilans", corps)
    assert (bilan["origine_depense"], bilan["depense_retenue_centimes"]) == ("journal", 601)
    assert bilan["du_centimes"] == 300


@pytest.mark.parametrize(
    ("etat", "autre", "lue"),
    [
        pytest.param({}, {"financeur": "departement", "volet": 2}, False, id="CDIE de 35"),
        pytest.param({"volet": 1}, {"financeur": "departement", "axe": 1}, False, id="croisées"),
        pytest.param({"volet": 2}, {"financeur": "etat", "volet": 2}, False, id="même financeur"),
        pytest.param({"volet": 2}, {"financeur": "etat", "volet": 1}, True, id="autre volet"),
        pytest.param({}, {"financeur": "departement"}, True, id="même objet"),
        pytest.param({}, {"financeur": "etat", "exercice": 2025}, True, id="autre exercice"),
    ],
)
async def test_an_expense_that_the_journal_cannot_tell_is_to_be_given(
    terrain: Terrain, etat: dict[str, Any], autre: dict[str, Any], lue: bool
) -> None:
    """Seen red: a base read on strict equality of the objects, whoever else overlaps it."""
    await terrain.creer("/v1/taux", TAUX)
    objets = [{"ordre": ordre, "libelle": "x"} for ordre in (1, 2)]
    convention = await terrain.creer(
        "/v1/conventions", CONVENTION | {"reference": "x", "axes": objets, "volets": objets}
    )
    enveloppe_id = await notifiee(terrain, convention_id=convention["id"], **etat)
    await terrain.enveloppe(1_000, convention_id=convention["id"], **autre)
    chemin = f"/v1/enveloppes/{enveloppe_id}/bilans"

    answer = await terrain.client.post(
        chemin, {"date_arrete": "2024-12-31", "taux_code": "etat-cls"}
    )
    if lue:
        assert (answer.status_code, answer.json()["origine_depense"]) == (201, "journal")
    else:
        (erreur,) = answer.json()["erreurs"]
        assert (answer.status_code, erreur["pointeur"]) == (422, "/depense_retenue_centimes")
    assert (await terrain.creer(chemin, BILAN))["origine_depense"] == "donnee"


async def test_an_adoption_posts_on_its_own_day(terrain: Terrain) -> None:
    """Cashed after the assembly met: given back from the day it is known, no date to make up.

    Seen red: posted on the day of the assembly, when nothing was cashed yet.
    """
    enveloppe_id = await encaissee(terrain)
    bilan = await terrain.creer(f"/v1/enveloppes/{enveloppe_id}/bilans", BILAN)
    veille = ADOPTION | {"date_adoption": "2026-03-01"}
    adopte = await terrain.creer(f"/v1/bilans/{bilan['id']}/adoptions", veille, version=1)
    assert (adopte["date_adoption"], adopte["a_reverser_centimes"]) == ("2026-03-01", 30_850_00)
    (acte,) = [
        one
        for one in (await terrain.lire(f"/v1/actes-recettes?enveloppe_id={enveloppe_id}"))[
            "elements"
        ]
        if one["nature"] == "trop_percu"
    ]
    assert acte["date_effet"] == JOUR


async def test_a_liquidation_without_its_pieces_holds_the_bilan(terrain: Terrain) -> None:
    """An expense spent by the ordinary way, half a cent of the State's part given up."""
    await terrain.creer("/v1/taux", TAUX)
    etat = await notifiee(terrain, exercice=2026)
    exact = {"montant_centimes": 100_00, "qualificatif": "exact", "date_effet": "2026-01-01"}
    await terrain.creer(f"/v1/enveloppes/{etat}/ouvertures", exact | {"source": "x"}, version=1)
    departement = await terrain.enveloppe(100_00, financeur="departement", exercice=2026)
    action_id = await terrain.action((etat, 1, 2), (departement, 1, 2))
    reservation = (await terrain.reserver(action_id, montant=100_01)).json()
    chemin = f"/v1/reservations/{reservation['id']}/confirmations"
    confirmation = {"places": 0, "montant_centimes": 100_01}
    engagement = await terrain.creer(chemin, confirmation, version=1)
    facture = {"type": "facture", "sha256": "0" * 64, "date_piece": JOUR}
    await terrain.creer("/v1/justificatifs", facture | {"montant_total_centimes": 100_01})
    liquidation = await terrain.creer(
        f"/v1/engagements/{engagement['id']}/liquidations",
        {
            "montant_presente_centimes": 100_01,
            "montant_retenu_centimes": 100_01,
            "date_service_fait": JOUR,
        },
        version=1,
    )
    corps = {"date_arrete": JOUR, "taux_code": "etat-cls"}

    bilan = await terrain.creer(f"/v1/enveloppes/{etat}/bilans", corps)
    assert (bilan["depense_retenue_centimes"], bilan["du_centimes"]) == (100_01, 50_00)
    assert (bilan["statut"], bilan["liquidations_a_justifier"]) == ("incomplet", 1)
    await terrain.creer(
        f"/v1/liquidations/{liquidation['id']}/justifications",
        {"justificatifs": ["0" * 64]},
        version=1,
    )
    bilan = await terrain.creer(f"/v1/enveloppes/{etat}/bilans", corps)
    assert (bilan["statut"], bilan["liquidations_a_justifier"]) == ("calcule", 0)


async def test_the_rate_is_that_of_the_day(terrain: Terrain) -> None:
    enveloppe_id = await encaissee(terrain)
    doute: dict[str, Any] = TAUX | {"valable_du": "2025-12-31", "numerateur": 1, "denominateur": 4}
    doute |= {"source": None, "confirme": False}
    await terrain.creer("/v1/taux", doute)
    assert await refus(terrain, "/v1/taux", doute) == (409, "reference-externe-existante")
    chemin = f"/v1/enveloppes/{enveloppe_id}/bilans"

    veille = await terrain.creer(chemin, BILAN | {"date_arrete": "2025-12-30"})
    assert (veille["taux"]["denominateur"], veille["taux"]["confirme"]) == (2, True)
    jour = await terrain.creer(chemin, BILAN)
    assert (jour["taux"]["denominateur"], jour["taux"]["confirme"]) == (4, False)
    assert "Taux à confirmer." in jour["lignes"][1]["explication"]
    for values in ({"date_arrete": "2023-12-31"}, {"taux_code": "inconnu"}):
        assert await refus(terrain, chemin, BILAN | values) == (422, "validation")


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"numerateur": 3}, id="plus de 100 %"),
        pytest.param({"source": None}, id="confirmé sans source"),
    ],
)
async def test_a_rate_is_refused(terrain: Terrain, values: dict[str, Any]) -> None:
    assert await refus(terrain, "/v1/taux", TAUX | values) == (422, "validation")


# Financed twice (§ 13, third moment; I-17)


@pytest_asyncio.fixture
async def chaine(terrain: Terrain, connecter: Connecter) -> Chaine:
    """The four hands of a payment; the rate of the CLS is recorded."""
    await terrain.creer("/v1/taux", TAUX)
    return chaine_de(terrain, connecter)


LU = {"date_arrete": JOUR, "taux_code": "etat-cls"}


async def payeurs(terrain: Terrain, *financeurs: str, **values: Any) -> dict[str, str]:
    """Envelopes of 1 000,00 that pay the same thing, those of outside funders notified."""
    found = {}
    for financeur in financeurs:
        one = await terrain.enveloppe(None, **{"financeur": financeur, "exercice": 2026, **values})
        chemin = f"/v1/enveloppes/{one}"
        if financeur != "departement":
            notification = {"montant_centimes": 1_000_00, "qualificatif": "exact"}
            notification |= {"date_effet": "2026-01-15", "reference": "Notification"}
            await terrain.creer(f"{chemin}/notifications", notification)
        version = (await terrain.lire(chemin))["version"]
        await terrain.creer(f"{chemin}/ouvertures", ouverture(1_000_00), version=version)
        found[financeur] = one
    return found


async def depenser(
    chaine: Chaine, payees: dict[str, str], montant: int, **values: Any
) -> tuple[str, dict[str, Any]]:
    """An action paid in equal parts, and one liquidation of it that its piece covers."""
    pieces = values.pop("justificatifs", None) or [await chaine.piece(montant)]
    engage = {nom: values.pop(nom) for nom in ("objet", "tiers_siret") if nom in values}
    action_id = await chaine.terrain.action(
        *((one, 1, len(payees)) for one in payees.values()), **values
    )
    engagement = faite(await chaine.engager(action_id, montant, **engage))
    return action_id, faite(await chaine.liquider(engagement, montant, justificatifs=pieces))


async def calculer(terrain: Terrain, enveloppe_id: str, **values: Any) -> Any:
    """Try a bilan on what the journal says; its answer."""
    return await terrain.client.post(f"/v1/enveloppes/{enveloppe_id}/bilans", {**LU, **values})


def codes(bilan: dict[str, Any]) -> list[str]:
    """What a bilan does not decide alone."""
    return [one["code"] for one in bilan["avertissements"]]


@pytest.mark.parametrize(
    ("financeur", "usage", "claimed", "code"),
    [
        pytest.param("union_europeenne", "depense_reelle", "union_europeenne", None, id="Union"),
        pytest.param("etat", "base_forfait", "etat", None, id="au forfait et au coût réel"),
        pytest.param(
            "etat",
            "depense_reelle",
            "union_europeenne",
            "justificatif_declare_ailleurs",
            id="un autre financeur, dit et non refusé",
        ),
    ],
)
async def test_a_piece_told_of_elsewhere(
    chaine: Chaine, financeur: str, usage: str, claimed: str, code: str | None
) -> None:
    """I-17 over pieces that the expense names. Planted: the pieces of the expense not read, red.

    The second piece covers nothing of the liquidation: its digest alone says that it is the same
    expense that is declared elsewhere.
    """
    terrain = chaine.terrain
    payees = await payeurs(terrain, claimed, "departement")
    pieces = [await chaine.piece(100_00), await chaine.piece(40_00, type="bulletin_paie")]
    _, liquidation = await depenser(chaine, payees, 100_00, justificatifs=pieces)
    before = await calculer(terrain, payees[claimed])
    assert (before.status_code, codes(before.json())) == (201, [])
    par_sha = {
        one["sha256"]: one["id"] for one in (await terrain.lire("/v1/justificatifs"))["elements"]
    }
    seconde = par_sha[pieces[1]]
    faite(
        await chaine.gestionnaire.post(
            f"/v1/justificatifs/{seconde}/imputations",
            {
                "financeur": financeur,
                "usage": usage,
                "montant_centimes": 40_00,
                "objet": "Demande 7",
            },
        )
    )

    answer = await calculer(terrain, payees[claimed])
    adoption = await terrain.client.post(
        f"/v1/bilans/{before.json()['id']}/adoptions", ADOPTION, version=1
    )

    if code is None:
        for refused in (answer, adoption):
            assert (refused.status_code, refused.json()["code"], refused.json()["id"]) == (
                409,
                "reference-externe-existante",
                seconde,
            )
    else:
        (dit,) = answer.json()["avertissements"]
        assert dit == {
            "code": code,
            "action_id": None,
            "liquidation_id": liquidation["id"],
            "autre_liquidation_id": None,
            "justificatif_id": seconde,
        }


async def test_an_expense_is_of_the_year_that_paid_it(chaine: Chaine) -> None:
    """Carried, an engagement is paid by two years: what one paid says nothing of the other's claim.

    Planted: the expense of an envelope taken of every engagement that it bore, red.
    """
    terrain = chaine.terrain
    (avant,) = (await payeurs(terrain, "union_europeenne", exercice=2025)).values()
    (apres,) = (await payeurs(terrain, "union_europeenne")).values()
    pieces = [await chaine.piece(40_00), await chaine.piece(20_00, type="bulletin_paie")]
    engagement = faite(await chaine.engager(await terrain.action((avant, 1, 1)), 100_00))
    faite(await chaine.liquider(engagement, 40_00, justificatifs=pieces))
    faite(
        await terrain.client.post(
            f"/v1/engagements/{engagement['id']}/reports",
            {
                "enveloppe_id": avant,
                "vers_enveloppe_id": apres,
                "date_effet": JOUR,
                "source": "Avenant 3",
            },
            version=2,
        )
    )
    faite(await chaine.liquider(engagement, 20_00))

    connues = (await terrain.lire("/v1/justificatifs"))["elements"]
    (une,) = (one for one in connues if one["sha256"] == pieces[1])
    bilans = [faite(await calculer(terrain, one)) for one in (avant, apres)]
    assert [
        (one["statut"], one["depense_retenue_centimes"], one["liquidations_a_justifier"])
        for one in bilans
    ] == [("calcule", 40_00, 0), ("incomplet", 20_00, 1)]
    ailleurs = {"financeur": "union_europeenne", "usage": "depense_reelle", "objet": "Demande 7"}
    faite(
        await chaine.gestionnaire.post(
            f"/v1/justificatifs/{une['id']}/imputations", ailleurs | {"montant_centimes": 20_00}
        )
    )
    answers = [await calculer(terrain, one) for one in (avant, apres)]
    assert [one.status_code for one in answers] == [409, 201]


async def test_the_same_third_party_month_and_object_is_told(chaine: Chaine) -> None:
    """Planted: the month not compared, red."""
    terrain = chaine.terrain
    payees = await payeurs(terrain, "etat", "departement")
    values = {"objet": "Location de véhicules"}
    _, retenue = await depenser(chaine, payees, 100_00, **values)
    autre = await payeurs(terrain, "caf", volet=None, convention_id=None)
    engagement = faite(
        await chaine.engager(
            await terrain.action((autre["caf"], 1, 1)), 60_00, objet="LOCATION de vehicules"
        )
    )
    faite(await chaine.liquider(engagement, 20_00, date_service_fait="2026-02-28"))
    voisine = faite(await chaine.liquider(engagement, 20_00, date_service_fait="2026-03-02"))

    bilan = (await calculer(terrain, payees["etat"])).json()

    assert [
        (one["code"], one["liquidation_id"], one["autre_liquidation_id"])
        for one in bilan["avertissements"]
    ] == [("tiers_periode_objet", retenue["id"], voisine["id"])]


async def test_funders_do_not_pay_together_more_than_the_expense(chaine: Chaine) -> None:
    """I-17: half of the State, and then 60 % of the région: refused; 50 %: whole, and no more.

    A rate that a text gives to the Union beside the key is told, since nobody claims it yet.
    Planted: the claims of the others not read, red; the rate beside the key not read, red.
    """
    terrain = chaine.terrain
    payees = await payeurs(terrain, "etat", "region", "departement")
    cofinancement = {"financeur": "union_europeenne", "numerateur": 1, "denominateur": 10}
    await depenser(chaine, payees, 100_00)
    for code, numerateur in (("region-60", 60), ("region-50", 50)):
        region = {"code": code, "numerateur": numerateur, "denominateur": 100}
        await terrain.creer("/v1/taux", TAUX | region)

    etat = await calculer(terrain, payees["etat"])
    trop = await calculer(terrain, payees["region"], taux_code="region-60")
    juste = await calculer(terrain, payees["region"], taux_code="region-50")

    assert etat.json()["du_centimes"] == 50_00
    assert (trop.status_code, trop.json()["id"]) == (409, etat.json()["id"])
    assert (juste.status_code, juste.json()["du_centimes"], codes(juste.json())) == (
        201,
        50_00,
        [],
    )
    # A rate that is not in force yet is of no claim of today.
    for debut in ("2027-01-01", "2026-03-02"):
        datee = {**cofinancement, "source": "Fiche", "valable_du": debut}
        action_id, _ = await depenser(chaine, payees, 10_00, cofinancements=[datee])
    (dit,) = (await calculer(terrain, payees["etat"])).json()["avertissements"]
    assert (dit["code"], dit["action_id"]) == ("parts_au_dela_du_tout", action_id)


async def test_a_reinforced_action_counts_only_its_increment(chaine: Chaine) -> None:
    """§ 13: 300,00 spent, 120,00 done before. Planted: the base not taken off, red.

    Without a base nothing is adopted; an expense that is given is the addition, and that is told.
    """
    terrain = chaine.terrain
    payees = await payeurs(terrain, "etat", "departement")
    action_id, _ = await depenser(chaine, payees, 300_00, caractere="renforcee")
    await depenser(chaine, payees, 50_00, caractere="nouvelle")

    sans = (await calculer(terrain, payees["etat"])).json()
    assert (sans["statut"], codes(sans)) == ("incomplet", ["base_reference_absente"])
    base = {"montant_centimes": 120_00, "file_active": 12, "annee": 2023, "source": "CA 2023"}
    chemin = f"/v1/actions/{action_id}"
    changed = await terrain.client.request(
        "PATCH",
        chemin,
        json={"base_reference": base},
        headers={"If-Match": '"1"', "Content-Type": "application/merge-patch+json"},
    )
    assert changed.status_code == 200, changed.text
    avec = (await calculer(terrain, payees["etat"])).json()
    donnee = (await calculer(terrain, payees["etat"], depense_retenue_centimes=180_00)).json()

    assert (avec["statut"], codes(avec)) == ("calcule", [])
    assert (avec["depense_retenue_centimes"], avec["du_centimes"]) == (230_00, 115_00)
    premiere = avec["lignes"][0]
    assert (premiere["nature"], premiere["montant_centimes"]) == ("base_reference", 120_00)
    assert "2023" in premiere["explication"]
    assert (donnee["depense_retenue_centimes"], codes(donnee)) == (
        180_00,
        ["base_reference_non_deduite"],
    )


# On paper


async def test_a_bilan_is_read_three_ways_with_its_digest(terrain: Terrain) -> None:
    """The digest is that of what is read; the page is whole, accessible, and runs nothing.

    Planted: the digest made before the adoption was written, red.
    """
    enveloppe_id = await encaissee(terrain)
    manque = {"justificatifs_manquants": ["<b>Feuilles</b> de temps"], "date_limite": JOUR}
    motif = "=Action <i>abandonnée</i>"
    refaction = {"type": "manuel", "montant_centimes": 1_234_567_89, "motif": motif}
    brouillon = await terrain.creer(
        f"/v1/enveloppes/{enveloppe_id}/bilans", BILAN | manque | {"refactions": []}
    )
    assert brouillon["sha256"] is None
    incomplete = (
        await terrain.client.get(f"/v1/bilans/{brouillon['id']}", headers={"Accept": "text/html"})
    ).text
    assert "&lt;b&gt;Feuilles&lt;/b&gt; de temps" in incomplete
    bilan = await terrain.creer(
        f"/v1/enveloppes/{enveloppe_id}/bilans", BILAN | {"refactions": [refaction]}
    )
    adopte = await terrain.creer(f"/v1/bilans/{bilan['id']}/adoptions", ADOPTION, version=1)

    chemin = f"/v1/bilans/{bilan['id']}"
    lu = await terrain.lire(chemin)
    assert lu == adopte
    sans = {nom: valeur for nom, valeur in lu.items() if nom != "sha256"}
    canonique = json.dumps(sans, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert hashlib.sha256(canonique.encode()).hexdigest() == lu["sha256"]

    tableur = await terrain.client.get(chemin, headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(tableur.text, newline="")))
    assert [(row["Ligne"], row["Montant (€)"]) for row in rows][-1] == ("À reverser", "620850.00")
    assert {row["Empreinte SHA-256"] for row in rows} == {lu["sha256"]}
    page = await terrain.client.get(chemin, headers={"Accept": "text/html"})
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    arbre = html.fromstring(page.text)
    assert arbre.get("lang") == "fr"
    assert not arbre.xpath("//script | //img | //link | //iframe | //@onload | //@style")
    for tableau in arbre.xpath("//table"):
        assert tableau.xpath("caption")
        assert tableau.xpath("thead//th[@scope='col']")
        assert tableau.xpath("tbody//th[@scope='row']")
    texte = arbre.text_content()
    assert lu["sha256"] in texte
    assert "1\u202f180\u202f000,01\u00a0€" in texte
    assert motif in texte
    refused = await terrain.client.get(chemin, headers={"Accept": "application/pdf"})
    assert refused.status_code == 406


@pytest.mark.parametrize("role", ["proprietaire", "service"])
@pytest.mark.parametrize(
    "ordre",
    [
        "UPDATE bilan SET du_centimes = 1 WHERE statut = 'adopte'",
        "UPDATE bilan SET sha256 = NULL, statut = 'calcule'",
        "DELETE FROM bilan WHERE statut = 'adopte'",
    ],
)
async def test_nobody_changes_an_adopted_bilan(
    terrain: Terrain, bases: Mapping[str, Adresses], ouverte: str, role: str, ordre: str
) -> None:
    """Not even the owner of the table. Planted: the migration without its trigger, red."""
    enveloppe_id = await encaissee(terrain)
    bilan = await terrain.creer(f"/v1/enveloppes/{enveloppe_id}/bilans", BILAN)
    await terrain.creer(f"/v1/bilans/{bilan['id']}/adoptions", ADOPTION, version=1)

    with closing(psycopg.connect(getattr(bases["financement"], role))) as connexion:
        connexion.execute("SELECT set_config('app.collectivite', %s, false)", [ouverte])
        with pytest.raises((errors.RestrictViolation, errors.InsufficientPrivilege)):
            connexion.execute(ordre.encode())


# National rates (§ 1.7, § 14)


async def test_national_rates_stand_beside_ours_and_ours_win(terrain: Terrain) -> None:
    """FSE+ flat rates and contrats aidés, to be confirmed; paged with ours, and read by id.

    Planted: a national rate preferred to ours, red; ours of a day to come preferred, red.
    """
    tous = (await terrain.lire("/v1/taux"))["elements"]
    assert {(un["code"], un["nature"], un["numerateur"], un["denominateur"]) for un in tous} == {
        *((f"fse_forfait_{taux}", "forfait", taux, 100) for taux in (7, 15, 20, 40)),
        ("cui_cae", "contrat_aide", 88, 100),
        ("cui_cie", "contrat_aide", 67, 100),
    }
    assert {(un["origine"], un["confirme"], bool(un["source"])) for un in tous} == {
        ("national", False, True)
    }
    assert await terrain.lire(f"/v1/taux/{tous[0]['id']}") == tous[0]

    local: dict[str, Any] = TAUX | {"code": "cui_cie", "nature": "contrat_aide"}
    for numerateur, debut in ((1, "2025-01-01"), (2, "2026-04-01")):
        un = {"numerateur": numerateur, "denominateur": 2, "valable_du": debut}
        await terrain.creer("/v1/taux", local | un)
    vus: list[Any] = []
    suite: str | None = "/v1/taux?limite=2&au=2026-03-02"
    while suite:
        page = await terrain.lire(suite)
        vus += [
            (un["code"], un["origine"], un["part_mensuelle_centimes"]) for un in page["elements"]
        ]
        suivant = page["pagination"]["suivant"]
        suite = suivant and suivant[suivant.index("/v1/") :]
    # 646,52 € since April 2025: 88 % and a half of it, half a cent up.
    assert sorted(vus) == sorted(
        [
            ("cui_cae", "national", 568_94),
            ("cui_cie", "collectivite", 323_26),
            *((f"fse_forfait_{taux}", "national", None) for taux in (7, 15, 20, 40)),
        ]
    )
    filtre = "/v1/taux?nature=contrat_aide&au={}"
    avril = (await terrain.lire(filtre.format("2026-04-01")))["elements"]
    assert {un["code"]: un["numerateur"] for un in avril} == {"cui_cae": 88, "cui_cie": 2}
    # The RSA of 2012 is not known here: nothing is made up.
    ancien = (await terrain.lire(filtre.format("2012-01-01")))["elements"]
    assert {(un["code"], un["part_mensuelle_centimes"]) for un in ancien} == {
        ("cui_cae", None),
        ("cui_cie", None),
    }
    assert (await terrain.lire(filtre.format("2010-12-31")))["elements"] == []
