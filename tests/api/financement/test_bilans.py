"""A claim on a funder, through the API: the worked example F, to the cent."""

from collections.abc import AsyncIterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from services.financement.journal.queries import inscrire, lock_disponibles, verifier_journal
from services.financement.journal.rules import Ecriture, transfert
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste
from shared.socle.service import Service
from tests.api.financement.conftest import CONVENTION, Horloge, Terrain
from tests.api.financement.test_recettes import (
    JOUR,
    encaissement,
    notifiee,
    recette,
    refus,
    titre,
)

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


async def test_example_f_is_reckoned_explained_adopted_and_given_back(terrain: Terrain) -> None:
    """Planted: the trop-perçu not posted at the adoption, red."""
    enveloppe_id = await encaissee(terrain)

    bilan = await terrain.creer(f"/v1/enveloppes/{enveloppe_id}/bilans", BILAN)
    assert (bilan["statut"], bilan["plafond_centimes"]) == ("calcule", 620_850_00)
    assert (bilan["du_centimes"], bilan["encaisse_centimes"]) == (590_000_00, 620_850_00)
    assert bilan["a_reverser_centimes"] == 30_850_00
    lignes = {one["nature"]: one for one in bilan["lignes"]}
    assert list(lignes) == [
        "depense_retenue",
        "part_du_financeur",
        "plafond",
        "du",
        "encaisse",
        "titres_en_cours",
        "a_reverser",
    ]
    assert lignes["part_du_financeur"]["montant_centimes"] == 590_000_00
    assert "1/2 (Cadrage national)" in lignes["part_du_financeur"]["explication"]
    # Reckoned is not posted.
    assert await recette(terrain, enveloppe_id) == {
        "notifie": 620_850_00,
        "encaisse": 620_850_00,
    }

    adopte = await terrain.creer(f"/v1/bilans/{bilan['id']}/adoptions", ADOPTION, version=1)
    assert (adopte["statut"], adopte["version"], adopte["hors_delai"]) == ("adopte", 2, False)
    assert await recette(terrain, enveloppe_id) == {
        "notifie": 620_850_00,
        "encaisse": 590_000_00,
        "a_reverser": 30_850_00,
    }
    interdit = (409, "transition-interdite")
    chemin = f"/v1/bilans/{bilan['id']}/adoptions"
    assert await refus(terrain, chemin, ADOPTION, version=2) == interdit
    await terrain.creer(
        f"/v1/enveloppes/{enveloppe_id}/reversements",
        {"montant_centimes": 30_850_00, "reference": "M-204", "date_effet": JOUR},
    )


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
