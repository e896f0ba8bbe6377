"""The worked examples A to G of the rules (§ 7), to the cent, through the HTTP door alone."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest_asyncio

from services.financement.journal.queries import verifier_journal
from shared.socle.service import Service
from tests.api.financement.conftest import CONVENTION, Terrain, ouverture
from tests.api.financement.depenses import Chaine, chaine_de, faite, parts
from tests.api.financement.test_bilans import ADOPTION, BILAN, encaissee
from tests.api.financement.test_clauses import CLAUSE, minutes
from tests.api.financement.test_conventions import DEPARTEMENT, ETAT, acte, convention, faire
from tests.api.financement.test_depenses import moitie, somme
from tests.api.financement.test_points_etape import ligne, ouvrir
from tests.api.financement.test_recettes import JOUR, recette, refus
from tests.conftest import Connecter

A_SIGNER = [{"organisme": ETAT}, {"organisme": DEPARTEMENT}]


@pytest_asyncio.fixture(autouse=True)
async def prouve(
    terrain: Terrain, services: Mapping[str, Service], ouverte: str
) -> AsyncIterator[None]:
    """Whatever an example does, the journal proves its balances in the end."""
    yield
    service = services["financement"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        assert await verifier_journal(tx) == []


@pytest_asyncio.fixture
async def chaine(terrain: Terrain, connecter: Connecter) -> Chaine:
    """The four hands of a payment."""
    return chaine_de(terrain, connecter)


async def test_example_a_a_cls_by_halves_from_its_opening_to_its_solde(chaine: Chaine) -> None:
    """The life of one action, the position before the solde and its point d'étape; then 17 parts.

    Planted: the odd cent of every split given to the first payer, red at the second liquidation.
    """
    terrain = chaine.terrain
    # On the last day of the window, what is projected is what is there.
    fenetre = {"fenetre_debut": "2024-01-01", "fenetre_fin": JOUR}
    action_id, enveloppes = await moitie(terrain, **fenetre)
    assert [await terrain.soldes(one) for one in enveloppes] == [(620_850_00, 0, 0)] * 2

    engagement = faite(await chaine.engager(action_id, 48_250_35))
    assert parts(engagement) == [24_125_18, 24_125_17]
    premiere = faite(await chaine.liquider(engagement, 31_000_01))
    assert parts(premiere) == [15_500_01, 15_500_00]
    assert (await chaine.clore(premiere))["statut"] == "paye"
    deuxieme = faite(await chaine.liquider(engagement, 10_000_01))
    assert parts(deuxieme) == [5_000_00, 5_000_01]
    assert (await terrain.reserver(action_id, montant=100_000_00)).status_code == 201

    found = await somme(chaine, enveloppes)
    attendus = {
        "ouvert": 1_241_700_00,
        "disponible": 1_093_449_65,
        "reserve": 100_000_00,
        "engage": 7_250_33,
        "liquide": 10_000_01,
        "mandate": 0,
        "paye": 31_000_01,
        "disponibilite_legale": 1_193_449_65,
    }
    assert {poste: found[poste] for poste in attendus} == attendus
    point = await ouvrir(terrain, JOUR)
    assert ligne(point, "total") == {
        "dimension": "total",
        "cle": "",
        "libelle": "Total",
        "ouvert_centimes": 1_241_700_00,
        "disponible_centimes": 1_093_449_65,
        "reserve_centimes": 100_000_00,
        "engage_centimes": 48_250_35,
        "liquide_centimes": 41_000_02,
        "mandate_centimes": 31_000_01,
        "paye_centimes": 31_000_01,
        "reste_a_payer_centimes": 17_250_34,
        "taux_engagement_points_base": 3_89,
        "taux_paiement_points_base": 2_50,
        "projection_centimes": 41_000_02,
        "alerte": "sous_consommation",
    }
    assert ligne(point, "financeur", "etat")["liquide_centimes"] == 20_500_01
    permis = ligne(point, "action", (await terrain.lire(f"/v1/actions/{action_id}"))["code"])
    assert (permis["paye_centimes"], permis["ouvert_centimes"]) == (31_000_01, None)
    financeurs = {part["financeur"]: part for part in point["contenu"]["parts"]}
    assert financeurs["etat"]["part_contractuelle_points_base"] == 50_00
    assert [financeurs[un]["ecart_centimes"] for un in ("etat", "departement")] == [0, 0]
    assert point["contenu"]["contribution"] == {"paye_centimes": 15_500_00, "valide_centimes": 0}
    assert point["contenu"]["chronologie"][-1] == {
        "mois": "2026-03",
        "engage_centimes": 48_250_35,
        "liquide_centimes": 41_000_02,
        "paye_centimes": 31_000_01,
    }

    solde = faite(await chaine.liquider(engagement, 7_250_33, pour_solde=True))
    assert parts(solde) == [3_625_17, 3_625_16]
    engagement = await terrain.lire(f"/v1/engagements/{engagement['id']}")
    assert (engagement["statut"], engagement["liquide_centimes"]) == ("solde", 48_250_35)
    assert (await chaine.liquider(engagement, 1)).json()["code"] == "transition-interdite"

    # Equal over the 17 actions: here seventeen payers of one engagement, a test of rounding only.
    dix_sept = [await terrain.enveloppe(73_041_18, financeur=None) for _ in range(17)]
    egales = await terrain.action(*((one, 1, 17) for one in dix_sept))
    engage = faite(await chaine.engager(egales, 1_241_700_00))
    assert parts(engage) == [73_041_18] * 11 + [73_041_17] * 6


async def test_example_b_a_cdie_whose_parts_are_not_equal(terrain: Terrain, chaine: Chaine) -> None:
    """Never checked as 50/50, and refused as such; the State's volet presumed, until it is told.

    Planted: the rule of the CLS given to the CDIE, red; a move between volets without a decision
    let through, red.
    """
    volets = [{"ordre": rang, "libelle": f"Volet {rang}", "fongible": False} for rang in (1, 2)]
    for type_convention, statut in (
        (CONVENTION["type"], 201),
        ("contrat_local_solidarites", 409),
    ):
        one = await convention(terrain, type=type_convention, volets=volets, signataires=A_SIGNER)
        terrain.convention_id = one["id"]
        etat = await terrain.enveloppe(730_670_00)
        departement = await terrain.enveloppe(624_670_00, financeur="departement", volet=2)
        await faire(terrain, one, "deliberation", "2023-12-15")
        for organisme in (ETAT, DEPARTEMENT):
            await faire(terrain, one, "signature", "2023-12-18", organisme=organisme)
        entree = await acte(terrain, one, "entree_en_vigueur", "2024-01-01")
        assert entree.status_code == statut, entree.text
        (exercice,) = (await terrain.lire(f"/v1/conventions/{one['id']}/parite"))["exercices"]
        assert exercice["total_centimes"] == 1_355_340_00
        assert exercice["constat"] == ("sans_regle" if statut == 201 else "rompue")

        if statut == 201:
            action_id = await terrain.action((etat, 1, 2), (departement, 1, 2), volet=2)
            faite(await chaine.engager(action_id, 10_000_01))
            contenu = (await ouvrir(terrain))["contenu"]
            (part,) = [une for une in contenu["parts"] if une["financeur"] == "etat"]
            assert part["part_contractuelle_points_base"] == 53_91
            contenu = (await ouvrir(terrain, JOUR))["contenu"]
            assert contenu["volets_presumes"] == [
                {
                    "enveloppe_id": etat,
                    "action_id": action_id,
                    "volet": 2,
                    "engage_centimes": 5_000_01,
                }
            ]

    # The hypothesis of § 1.3, which no page prints.
    suppose = await convention(terrain, type=CONVENTION["type"], volets=volets)
    terrain.convention_id = suppose["id"]
    premier = await terrain.enveloppe(106_000_00, volet=1)
    second = await terrain.enveloppe(624_670_00, volet=2)
    await terrain.enveloppe(624_670_00, volet=2, financeur="departement")
    point = await ouvrir(terrain)
    assert [ligne(point, "volet", un)["ouvert_centimes"] for un in "12"] == [
        106_000_00,
        1_249_340_00,
    ]
    virement = {"montant_centimes": 1, "date_effet": JOUR, "source": "x"}
    for de, vers in ((premier, second), (second, premier)):
        chemin = f"/v1/enveloppes/{de}/virements"
        assert await refus(terrain, chemin, {**virement, "enveloppe_id": vers}) == (
            422,
            "validation",
        )


async def annoncee(
    terrain: Terrain, montant: int, qualificatif: str, **values: Any
) -> dict[str, Any]:
    """An announced amount: kept as it is printed, and no act that says the same opens it."""
    annonce = {"montant_centimes": montant, "qualificatif": qualificatif, "source": "page"}
    enveloppe_id = await terrain.enveloppe(None, annonce=annonce, **values)
    chemin = f"/v1/enveloppes/{enveloppe_id}"
    corps = ouverture(montant, qualificatif=qualificatif)
    refused = await terrain.client.post(f"{chemin}/ouvertures", corps, version=1)
    assert refused.json()["erreurs"][0]["pointeur"] == "/qualificatif"
    found = await terrain.lire(chemin)
    assert (found["statut"], found["annonce"], found["ouvert_centimes"]) == (
        "annoncee",
        annonce,
        0,
    )
    return found


async def test_example_c_an_experimentation_announced_and_places_that_a_person_qualifies(
    terrain: Terrain,
) -> None:
    """Near 720 000 then near a million, of nobody: no posting; 1 400 places in a chosen mode.

    Planted: places let in without a mode, red.
    """
    deuxieme = {"exercice": 2024, "financeur": None}
    await annoncee(terrain, 720_000_00, "presque", exercice=2023)
    assert (await annoncee(terrain, 1_000_000_00, "presque", **deuxieme))["financeur"] is None

    corps = {"code": "xft", "libelle": "Accompagner", "places_ouvertes": 1_400}
    chemin = f"/v1/conventions/{terrain.convention_id}/actions"
    assert await refus(terrain, chemin, corps) == (422, "validation")
    for mode in ("stock", "flux"):
        choisie = await terrain.creer(chemin, {**corps, "code": mode, "mode_capacite": mode})
        assert (choisie["mode_capacite"], choisie["places_disponibles"]) == (mode, 1_400)
    ecritures = (await terrain.lire("/v1/ecritures"))["elements"]
    assert [(one["lignes"][0]["livre"], one["lignes"][0]["quantite"]) for one in ecritures] == [
        ("pla", 1_400)
    ] * 2


async def test_example_d_a_lower_bound_is_no_money_and_halves_nothing(terrain: Terrain) -> None:
    """A bit more than 570 000 of the State: the Département's share is not told, not the same."""
    one = await convention(
        terrain, type="convention_appui_lutte_pauvrete_acces_emploi", annee_debut=2019
    )
    terrain.convention_id = one["id"]
    await annoncee(terrain, 570_000_00, "un_peu_plus_de", exercice=2019)
    muette = await terrain.enveloppe(None, exercice=2019, financeur="departement")

    found = await terrain.lire(f"/v1/enveloppes/{muette}")
    assert (found["annonce"], found["ouvert_centimes"]) == (None, 0)
    assert (await terrain.lire(f"/v1/conventions/{one['id']}/parite"))["exercices"] == []
    contenu = (await ouvrir(terrain, "2019-12-31", exercice=2019))["contenu"]
    assert contenu["parts"] == []
    assert [
        une["annonce"] and une["annonce"]["montant_centimes"]
        for une in sorted(contenu["cadre"]["enveloppes"], key=lambda une: une["financeur"])
    ] == [None, 570_000_00]
    assert (await terrain.lire("/v1/ecritures"))["elements"] == []


async def test_example_e_a_pdi_announced_with_a_rate_not_told_and_a_pti_without_money(
    terrain: Terrain,
) -> None:
    """More than four millions a year, the FSE at no known rate; ten invited, no envelope."""
    pdi = await convention(
        terrain, type="programme_departemental_insertion", annee_debut=2014, annee_fin=2019
    )
    terrain.convention_id = pdi["id"]
    pdi_annuelle = await annoncee(
        terrain, 4_000_000_00, "plus_de", exercice=None, financeur="departement"
    )
    assert pdi_annuelle["exercice"] is None
    action_id = await terrain.action(
        origine="experimentale",
        cofinancements=[{"financeur": "union_europeenne", "source": "page"}],
    )
    (fse,) = (await terrain.lire(f"/v1/actions/{action_id}"))["cofinancements"]
    assert (fse["financeur"], fse["numerateur"], fse["denominateur"]) == (
        "union_europeenne",
        None,
        None,
    )

    dix = [f"Institution {rang}" for rang in range(1, 11)]
    pti = await convention(
        terrain,
        type="pacte_territorial_insertion",
        annee_debut=2018,
        annee_fin=2021,
        signataires=[{"organisme": nom, "statut": "invite", "requis": False} for nom in dix],
    )
    assert [one["statut"] for one in pti["signataires"]] == ["invite"] * 10
    parite = await terrain.lire(f"/v1/conventions/{pti['id']}/parite")
    assert (parite["regle"], parite["exercices"]) == (None, [])
    enveloppes = await terrain.lire(f"/v1/enveloppes?convention_id={pti['id']}")
    assert enveloppes["elements"] == []
    assert (await terrain.lire("/v1/ecritures"))["elements"] == []


async def test_example_f_a_bilan_reckoned_explained_adopted_and_given_back(
    terrain: Terrain,
) -> None:
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

    chemin = f"/v1/bilans/{bilan['id']}/adoptions"
    adopte = await terrain.creer(chemin, ADOPTION, version=1)
    assert (adopte["statut"], adopte["version"], adopte["hors_delai"]) == ("adopte", 2, False)
    assert await recette(terrain, enveloppe_id) == {
        "notifie": 620_850_00,
        "encaisse": 590_000_00,
        "a_reverser": 30_850_00,
    }
    interdit = (409, "transition-interdite")
    assert await refus(terrain, chemin, ADOPTION, version=2) == interdit
    await terrain.creer(
        f"/v1/enveloppes/{enveloppe_id}/reversements",
        {"montant_centimes": 30_850_00, "reference": "M-204", "date_effet": JOUR},
    )


async def test_example_g_clauses_counted_in_minutes(terrain: Terrain) -> None:
    """74 000 hours are 4 440 000 minutes, of which 40 % make 1 776 000: 29 600 hours."""
    clause = await terrain.creer("/v1/clauses", CLAUSE)
    assert (clause["prevues_minutes"], clause["cible_brsa_minutes"]) == (
        74_000 * 60,
        29_600 * 60,
    )
    assert (clause["part_brsa_points_base"], clause["publics"]) == (None, [])
    chemin = f"/v1/clauses/{clause['id']}"

    ids = [
        (await terrain.creer(f"{chemin}/declarations", minutes(nombre, public)))["id"]
        for nombre, public in ((1_776_000, "brsa"), (2_000_000, "deld"), (600, "rqth"))
    ]
    for rang, sens in enumerate(("validee", "validee", "rejetee")):
        await terrain.creer(
            f"{chemin}/declarations/{ids[rang]}/decisions",
            {"sens": sens, "date_effet": JOUR, "motif": "Hors clause" if rang == 2 else None},
            version=1,
        )
    found = await terrain.lire(chemin)
    assert [found[f"{nom}_minutes"] for nom in ("a_realiser", "declarees", "validees")] == [
        663_400,
        0,
        3_776_000,
    ]
    # 1 776 000 of 3 776 000.
    assert (found["rejetees_minutes"], found["part_brsa_points_base"]) == (600, 4_703)
    assert {one["public"]: one["validees_minutes"] for one in found["publics"]} == {
        "brsa": 1_776_000,
        "deld": 2_000_000,
        "rqth": 0,
    }
    complete = await terrain.creer(
        f"{chemin}/complements",
        {"minutes": 600, "date_effet": JOUR, "source": "Avenant 1"},
        version=1,
    )
    assert (complete["prevues_minutes"], complete["version"]) == (4_440_600, 2)
    assert complete["cible_brsa_minutes"] == 1_776_240
