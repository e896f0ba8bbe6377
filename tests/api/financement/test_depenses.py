"""The spending chain, through the door: to the cent, by other hands, and once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from services.financement.journal.queries import verifier_journal
from shared.socle.service import Service
from tests.api.financement.conftest import Terrain
from tests.api.financement.depenses import (
    CERTIFIER,
    LIRE,
    PAYER,
    Chaine,
    chaine_de,
    faite,
    parts,
)
from tests.conftest import Connecter


@pytest_asyncio.fixture
async def chaine(
    terrain: Terrain, connecter: Connecter, services: Mapping[str, Service], ouverte: str
) -> AsyncIterator[Chaine]:
    """The four hands; once the test is over, the journal proves every balance."""
    yield chaine_de(terrain, connecter)
    service = services["financement"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        assert await verifier_journal(tx) == []


async def moitie(
    terrain: Terrain, montant: int = 620_850_00, **values: Any
) -> tuple[str, list[str]]:
    """An action paid by halves by the State and the département (§7 A: CLS 35, 2024)."""
    enveloppes = [
        await terrain.enveloppe(montant, financeur="etat", **values),
        await terrain.enveloppe(montant, financeur="departement", **values),
    ]
    return await terrain.action(*((one, 1, 2) for one in enveloppes)), enveloppes


async def somme(chaine: Chaine, enveloppes: list[str]) -> Counter[str]:
    """The balances of some envelopes together."""
    found: Counter[str] = Counter()
    for one in enveloppes:
        found.update(await chaine.postes(one))
    return found


async def test_engagements_are_numbered_without_a_hole_in_each_year(chaine: Chaine) -> None:
    action_id, _ = await moitie(chaine.terrain, 100_00)

    assert faite(await chaine.engager(action_id, 10_00))["numero"] == 1
    refused = await chaine.engager(action_id, 1_000_00)
    reserved = faite(await chaine.terrain.reserver(action_id, montant=10_00))
    chemin = f"/v1/reservations/{reserved['id']}/confirmations"
    born = faite(await chaine.terrain.client.post(chemin, {}))
    last = faite(await chaine.engager(action_id, 10_00))
    before = faite(await chaine.engager(action_id, 10_00, date_engagement="2025-12-31"))

    assert (refused.status_code, refused.json()["code"]) == (409, "disponible-insuffisant")
    assert (born["numero"], born["tiers_siret"], born["objet"]) == (2, None, None)
    assert (last["numero"], last["reservation_id"], last["beneficiaire_ref"]) == (3, None, None)
    assert (before["exercice"], before["numero"]) == (2025, 1)
    assert last["auteur"] == {"client_id": "gestionnaire"}


async def test_an_engagement_is_of_a_day_when_its_envelopes_are_open(chaine: Chaine) -> None:
    enveloppe_id = await chaine.terrain.enveloppe(
        100_00, fenetre_debut="2025-01-01", fenetre_fin="2025-12-31"
    )
    action_id = await chaine.terrain.action((enveloppe_id, 1, 1))

    late = await chaine.engager(action_id, 10_00)
    last_day = await chaine.engager(action_id, 10_00, date_engagement="2025-12-31")

    assert (late.status_code, late.json()["code"]) == (409, "hors-periode")
    assert last_day.status_code == 201


@pytest.mark.parametrize(
    ("values", "pointeur"),
    [
        pytest.param({"tiers_siret": None}, "/tiers_siret", id="sans tiers"),
        pytest.param({"tiers_rna": "W351000001"}, "/tiers_siret", id="deux tiers"),
        pytest.param({"tiers_siret": "10000000900018"}, "/tiers_siret", id="clé du SIRET"),
        pytest.param(
            {"tiers_siret": None, "tiers_rna": "X351000001"}, "/tiers_rna", id="forme du RNA"
        ),
        pytest.param({"date_engagement": "2026-03-03"}, "/date_engagement", id="demain"),
        pytest.param(
            {"echeancier": [{"exercice": 2026, "montant_centimes": 9_99}]},
            "/echeancier",
            id="échéancier court",
        ),
        pytest.param(
            {"echeancier": [{"exercice": 2025, "montant_centimes": 10_00}]},
            "/echeancier",
            id="échéance passée",
        ),
        pytest.param({"pieces": ["0" * 64]}, "/pieces/0", id="pièce inconnue"),
        pytest.param({"ae_id": str(uuid4())}, "/ae_id", id="autorisation inconnue"),
    ],
)
async def test_an_engagement_is_refused(
    chaine: Chaine, values: dict[str, Any], pointeur: str
) -> None:
    action_id, enveloppes = await moitie(chaine.terrain, 100_00)

    answer = await chaine.engager(action_id, 10_00, **values)

    assert answer.status_code == 422, answer.text
    assert answer.json()["erreurs"][0]["pointeur"] == pointeur
    assert await chaine.terrain.soldes(enveloppes[0]) == (100_00, 0, 0)


async def test_of_32_at_once_exactly_10_fit(chaine: Chaine) -> None:
    """No If-Match: the locks of the gates queue them, and the stock decides.

    Planted: the gates of the action read and not held, red.
    """
    action_id, enveloppes = await moitie(chaine.terrain, 50_05)

    answers = await asyncio.gather(*(chaine.engager(action_id, 10_01) for _ in range(32)))

    assert Counter(answer.status_code for answer in answers) == {201: 10, 409: 22}
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {
        "disponible-insuffisant"
    }
    numeros = sorted(one.json()["numero"] for one in answers if one.status_code == 201)
    assert numeros == list(range(1, 11))
    assert [await chaine.terrain.soldes(one) for one in enveloppes] == [(0, 0, 50_05)] * 2


async def test_what_is_given_back_may_be_engaged_again(chaine: Chaine) -> None:
    action_id, enveloppes = await moitie(chaine.terrain, 100_00)
    engagement = faite(await chaine.engager(action_id, 200_00))
    faite(await chaine.liquider(engagement, 50_01))
    chemin = f"/v1/engagements/{engagement['id']}"

    part = faite(
        await chaine.gestionnaire.post(
            f"{chemin}/degagements", {"montant_centimes": 49_99, "motif": "moindre"}, version=2
        )
    )
    stale = await chaine.gestionnaire.post(f"{chemin}/degagements", {"motif": "tout"}, version=2)
    too_much = await chaine.gestionnaire.post(
        f"{chemin}/degagements", {"montant_centimes": 100_01, "motif": "trop"}, version=3
    )
    whole = faite(
        await chaine.gestionnaire.post(f"{chemin}/degagements", {"motif": "tout"}, version=3)
    )
    again = await chaine.engager(action_id, 149_99)

    assert (part["statut"], part["degage_centimes"]) == ("partiellement_liquide", 49_99)
    assert stale.status_code == 412
    assert (too_much.status_code, too_much.json()["disponible_centimes"]) == (409, 100_00)
    assert (whole["statut"], whole["degage_centimes"]) == ("degage", 149_99)
    assert again.status_code == 201
    assert (await somme(chaine, enveloppes))["liquide"] == 50_01


async def test_the_last_liquidation_gives_the_rest_back(chaine: Chaine) -> None:
    action_id, enveloppes = await moitie(chaine.terrain, 100_00)
    engagement = faite(await chaine.engager(action_id, 100_01))

    kept = faite(
        await chaine.liquider(
            engagement, 90_00, 80_03, pour_solde=True, motif_ecart="Heures non faites"
        )
    )

    assert kept["statut"] == "certifiee_partiellement"
    found = await somme(chaine, enveloppes)
    assert (found["liquide"], found["engage"]) == (80_03, 0)
    assert found["disponible"] == 200_00 - 80_03
    engagement = await chaine.terrain.lire(f"/v1/engagements/{engagement['id']}")
    assert (engagement["statut"], engagement["degage_centimes"]) == ("solde", 19_98)


async def test_a_refused_service_is_kept_and_moves_nothing(chaine: Chaine) -> None:
    action_id, enveloppes = await moitie(chaine.terrain, 100_00)
    engagement = faite(await chaine.engager(action_id, 100_00))

    silent = await chaine.liquider(engagement, 50_00, 0)
    refused = faite(await chaine.liquider(engagement, 50_00, 0, motif_ecart="Rien n'est fait"))
    too_much = await chaine.liquider(engagement, 100_01)

    assert silent.json()["erreurs"][0]["pointeur"] == "/motif_ecart"
    assert (refused["statut"], refused["ventilation"]) == ("refusee", [])
    assert (await somme(chaine, enveloppes))["engage"] == 100_00
    assert (await chaine.mandater(refused)).json()["code"] == "transition-interdite"
    assert (too_much.status_code, too_much.json()["disponible_centimes"]) == (409, 100_00)


async def test_a_rejected_order_leaves_its_liquidation_to_be_ordered_again(
    chaine: Chaine,
) -> None:
    action_id, enveloppes = await moitie(chaine.terrain, 100_00)
    engagement = faite(await chaine.engager(action_id, 100_00))
    liquidation = faite(await chaine.liquider(engagement, 100_00))
    mandat = faite(await chaine.mandater(liquidation))

    twice = await chaine.mandater(liquidation)
    unpaid = await chaine.payer(mandat, 100_00)
    rejected = faite(await chaine.acte(mandat, "rejets", {"motif": "Nature inexacte"}))
    after = await chaine.terrain.lire(f"/v1/liquidations/{liquidation['id']}")
    second = faite(await chaine.mandater(liquidation))

    assert twice.json()["code"] == unpaid.json()["code"] == "transition-interdite"
    assert (rejected["statut"], rejected["motif_rejet"]) == ("rejete", "Nature inexacte")
    assert after["statut"] == "certifiee"
    assert (mandat["numero"], second["numero"], second["exercice"]) == (1, 2, 2026)
    found = await somme(chaine, enveloppes)
    assert (found["mandate"], found["liquide"]) == (100_00, 0)
    listed = await chaine.terrain.lire(f"/v1/mandats?liquidation_id={liquidation['id']}")
    assert [one["statut"] for one in listed["elements"]] == ["emis", "rejete"]


async def test_an_order_is_paid_in_parts_and_ends_exact(chaine: Chaine) -> None:
    action_id, enveloppes = await moitie(chaine.terrain, 100_00)
    liquidation = faite(await chaine.liquider(faite(await chaine.engager(action_id, 33_33)), 33_33))
    mandat = await chaine.mandat_pris(liquidation)

    first = faite(await chaine.payer(mandat, 11_11))
    too_much = await chaine.payer(mandat, 22_23)
    last = faite(await chaine.payer(mandat, 22_22))

    assert (first["statut"], first["paye_centimes"]) == ("pris_en_charge", 11_11)
    assert (too_much.status_code, too_much.json()["disponible_centimes"]) == (409, 22_22)
    assert (last["statut"], last["paye_centimes"]) == ("paye", 33_33)
    paid = [(await chaine.postes(one))["paye"] for one in enveloppes]
    assert paid == parts(mandat)
    listed = await chaine.terrain.lire(f"/v1/mandats/{mandat['id']}/paiements")
    assert [one["montant_centimes"] for one in listed["elements"]] == [22_22, 11_11]
    assert all(one["auteur"] == {"client_id": "comptable"} for one in listed["elements"])


async def test_two_payments_at_the_same_instant_are_one(chaine: Chaine) -> None:
    """Planted: `exige_version` left out of `lock_mandat`, red."""
    action_id, enveloppes = await moitie(chaine.terrain, 100_00)
    liquidation = faite(await chaine.liquider(faite(await chaine.engager(action_id, 40_00)), 40_00))
    mandat = await chaine.mandat_pris(liquidation)

    answers = await asyncio.gather(
        *(chaine.payer(mandat, 10_00, version=mandat["version"]) for _ in range(8))
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 412: 7}
    assert (await somme(chaine, enveloppes))["paye"] == 10_00


async def test_what_the_payee_gives_back_follows_its_envelope(chaine: Chaine) -> None:
    """Open, it may be spent again; its window over, it is cancelled."""
    ouverte = await chaine.terrain.enveloppe(100_00)
    finie = await chaine.terrain.enveloppe(
        100_00, fenetre_debut="2025-01-01", fenetre_fin="2025-12-31"
    )
    action_id = await chaine.terrain.action((ouverte, 1, 2), (finie, 1, 2))
    engagement = faite(await chaine.engager(action_id, 100_00, date_engagement="2025-12-30"))
    paye = await chaine.clore(faite(await chaine.liquider(engagement, 100_00)))
    corps = {
        "montant_centimes": 30_01,
        "date_valeur": "2026-03-02",
        "reference_comptable": "ENC-1",
        "motif": "Non employé",
    }

    rendu = faite(await chaine.acte(paye, "remboursements", corps))
    too_much = await chaine.acte(paye, "remboursements", {**corps, "montant_centimes": 70_00})
    before = await chaine.acte(paye, "remboursements", {**corps, "date_valeur": "2026-03-01"})

    assert (rendu["statut"], rendu["rembourse_centimes"]) == ("paye", 30_01)
    assert (too_much.status_code, too_much.json()["disponible_centimes"]) == (409, 69_99)
    assert before.json()["erreurs"][0]["pointeur"] == "/date_valeur"
    one, two = await chaine.postes(ouverte), await chaine.postes(finie)
    assert (one["paye"], one["disponible"], one["annule"]) == (34_99, 65_01, 0)
    assert (two["paye"], two["disponible"], two["annule"]) == (35_00, 50_00, 15_00)
    listed = await chaine.terrain.lire(f"/v1/mandats/{paye['id']}/remboursements")
    assert [found["motif"] for found in listed["elements"]] == ["Non employé"]


@pytest.mark.parametrize(
    ("values", "pointeur"),
    [
        pytest.param({"fonction": "999"}, "/fonction", id="fonction inconnue"),
        pytest.param({"nature": "7471"}, "/nature", id="nature de recette"),
        pytest.param({"fonction": "564"}, "/fonction", id="fonction d'un plan éteint"),
        pytest.param({"chapitre": "016"}, "/chapitre", id="chapitre inconnu"),
        pytest.param({"date_emission": "2026-03-03"}, "/date_emission", id="demain"),
        pytest.param({"date_emission": "2026-03-01"}, "/date_emission", id="avant certification"),
        pytest.param({"credit_id": str(uuid4())}, "/credit_id", id="crédits inconnus"),
    ],
)
async def test_an_order_is_refused(chaine: Chaine, values: dict[str, Any], pointeur: str) -> None:
    action_id, _ = await moitie(chaine.terrain, 100_00)
    liquidation = faite(await chaine.liquider(faite(await chaine.engager(action_id, 10_00)), 10_00))

    answer = await chaine.mandater(liquidation, **values)

    assert answer.status_code == 422, answer.text
    assert answer.json()["erreurs"][0]["pointeur"] == pointeur
    assert (await chaine.mandater(liquidation, chapitre="017")).status_code == 201


async def test_each_role_has_its_scope_and_no_client_holds_two(
    chaine: Chaine, connecter: Connecter
) -> None:
    """I-50, by the scope and by the client. Planted: `exige_comptable` left out, red."""
    action_id, _ = await moitie(chaine.terrain, 100_00)
    engagement = faite(await chaine.engager(action_id, 10_00))
    corps = {
        "montant_presente_centimes": 10_00,
        "montant_retenu_centimes": 10_00,
        "date_service_fait": "2026-03-01",
    }
    chemin = f"/v1/engagements/{engagement['id']}/liquidations"
    hands = (chaine.gestionnaire, chaine.ordonnateur, chaine.comptable)
    by_others = [await hand.post(chemin, corps, version=1) for hand in hands]
    deux_mains = connecter("financement", f"{LIRE} {CERTIFIER} {PAYER}", client_id="deux-mains")
    liquidation = faite(await deux_mains.post(chemin, corps, version=1))
    mandat = faite(await chaine.mandater(liquidation))
    by_ordonnateur = await chaine.acte(mandat, "prises-en-charge", {}, par=chaine.ordonnateur)
    refused = [
        await chaine.acte(mandat, acte, demande, par=deux_mains)
        for acte, demande in (("prises-en-charge", {}), ("rejets", {"motif": "x"}))
    ]
    faite(await chaine.acte(mandat, "prises-en-charge", {}))
    refused.append(await chaine.payer(mandat, 10_00, par=deux_mains))

    assert {one.json()["code"] for one in [*by_others, by_ordonnateur]} == {"portee-insuffisante"}
    assert {(one.status_code, one.json()["code"]) for one in refused} == {
        (409, "autorite-incompetente")
    }
    assert (await chaine.payer(mandat, 10_00)).status_code == 201


async def test_above_the_threshold_who_engaged_does_not_certify(
    chaine: Chaine, connecter: Connecter
) -> None:
    """I-50. None known, nothing is refused; of that day on, the threshold itself is under it.

    Planted: `>=` in the place of `>`, red.
    """
    action_id, _ = await moitie(chaine.terrain, 100_00)
    portees = f"{LIRE} financement.engagement:ecrire {CERTIFIER}"
    both = connecter("financement", portees, client_id="deux-roles")
    chaine.gestionnaire = chaine.certificateur = both

    unknown = await chaine.liquider(faite(await chaine.engager(action_id, 50_00)), 10_00)
    seuil = {"montant_centimes": 40_00, "valable_du": "2026-03-02", "source": "Règlement"}
    made = faite(await chaine.terrain.client.post("/v1/seuils-certification", seuil))
    again = await chaine.terrain.client.post("/v1/seuils-certification", seuil)
    at = await chaine.liquider(faite(await chaine.engager(action_id, 40_00)), 10_00)
    above = await chaine.liquider(faite(await chaine.engager(action_id, 40_01)), 10_00)

    assert unknown.status_code == at.status_code == 201
    assert (above.status_code, above.json()["code"]) == (409, "autorite-incompetente")
    assert again.json()["code"] == "reference-externe-existante"
    assert await chaine.terrain.lire(f"/v1/seuils-certification/{made['id']}") == made


async def test_the_threshold_is_of_the_day_and_not_of_the_day_that_is_said(
    chaine: Chaine, connecter: Connecter
) -> None:
    """I-50: who dates his act before the threshold is bound by it."""
    action_id, _ = await moitie(chaine.terrain, 100_00)
    seuil = {"montant_centimes": 40_00, "valable_du": "2026-03-02", "source": "Règlement"}
    faite(await chaine.terrain.client.post("/v1/seuils-certification", seuil))
    portees = f"{LIRE} financement.engagement:ecrire {CERTIFIER}"
    both = connecter("financement", portees, client_id="deux-roles")
    chaine.gestionnaire = chaine.certificateur = both
    engagement = faite(await chaine.engager(action_id, 50_00, date_engagement="2026-03-01"))

    answer = await chaine.liquider(engagement, 10_00, date_certification="2026-03-01")

    assert (answer.status_code, answer.json()["code"]) == (409, "autorite-incompetente")


async def test_the_state_of_what_is_engaged_and_not_mandated_is_of_a_day(chaine: Chaine) -> None:
    action_id, _ = await moitie(chaine.terrain, 100_00)
    vieux = faite(await chaine.engager(action_id, 30_00, date_engagement="2025-12-15"))
    neuf = faite(await chaine.engager(action_id, 20_00))
    liquidation = faite(await chaine.liquider(vieux, 10_00))
    faite(await chaine.liquider(neuf, 5_00))
    faite(await chaine.mandater(liquidation))

    async def etat(jour: str) -> dict[str, tuple[int, int]]:
        found = await chaine.terrain.lire(f"/v1/engagements-non-mandates?au={jour}")
        return {
            one["id"]: (one["engage_centimes"], one["liquide_centimes"])
            for one in found["elements"]
        }

    assert await etat("2025-12-14") == {}
    assert await etat("2025-12-31") == {vieux["id"]: (30_00, 0)}
    assert await etat("2026-03-02") == {vieux["id"]: (20_00, 0), neuf["id"]: (15_00, 5_00)}
    solde = faite(await chaine.liquider(vieux, 20_00))
    faite(await chaine.mandater(solde))
    assert await etat("2026-03-02") == {neuf["id"]: (15_00, 5_00)}


async def test_a_piece_pays_once(chaine: Chaine) -> None:
    """§13 and I-17: warned of where it may be, refused where it is certain.

    Planted: `parts_liquidation` that takes what is left of a piece whatever was borne of it, red.
    """
    action_id, _ = await moitie(chaine.terrain, 1_000_00)
    facture = await chaine.piece(100_00)
    attestation = await chaine.piece(type="attestation_service_fait")
    un, deux = [faite(await chaine.engager(action_id, 100_00)) for _ in range(2)]

    first = faite(await chaine.liquider(un, 60_00, justificatifs=[attestation, facture]))
    second = faite(await chaine.liquider(deux, 40_00, justificatifs=[facture, attestation]))
    third = await chaine.liquider(deux, 1, justificatifs=[facture])

    assert (first["justifie_centimes"], first["avertissements"]) == (60_00, [])
    assert [(one["code"], one["liquidation_id"]) for one in second["avertissements"]] == [
        ("justificatif_deja_impute", first["id"])
    ]
    assert (third.status_code, third.json()["disponible_centimes"]) == (409, 0)
    listed = await chaine.terrain.lire("/v1/justificatifs?type=facture")
    assert [one["impute_centimes"] for one in listed["elements"]] == [100_00]
    chemin = f"/v1/justificatifs/{listed['elements'][0]['id']}/imputations"
    portees = (await chaine.terrain.lire(chemin))["elements"]
    assert Counter((one["financeur"], one["montant_centimes"]) for one in portees) == {
        ("etat", 30_00): 1,
        ("departement", 30_00): 1,
        ("etat", 20_00): 1,
        ("departement", 20_00): 1,
    }
    same = {"type": "facture", "sha256": facture, "date_piece": "2026-03-01"}
    again = await chaine.gestionnaire.post("/v1/justificatifs", same)
    assert again.json()["code"] == "reference-externe-existante"


async def test_one_piece_in_two_claims_of_the_union_is_refused(chaine: Chaine) -> None:
    """I-17, as a claim tells of a piece that no liquidation of ours names."""
    await chaine.piece(100_00, type="bulletin_paie")
    (piece,) = (await chaine.terrain.lire("/v1/justificatifs"))["elements"]
    chemin = f"/v1/justificatifs/{piece['id']}/imputations"
    corps = {
        "financeur": "union_europeenne",
        "usage": "depense_reelle",
        "montant_centimes": 40_00,
        "objet": "Demande 1",
    }

    answers = await asyncio.gather(*(chaine.gestionnaire.post(chemin, corps) for _ in range(6)))
    forfait = await chaine.gestionnaire.post(
        chemin, {**corps, "financeur": "etat", "usage": "base_forfait"}
    )
    whole = await chaine.gestionnaire.post(
        chemin, {**corps, "financeur": "etat", "montant_centimes": 60_01}
    )
    rest = await chaine.gestionnaire.post(
        chemin, {**corps, "financeur": "etat", "montant_centimes": 60_00}
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 5}
    assert forfait.json()["code"] == "reference-externe-existante"
    assert (whole.status_code, whole.json()["disponible_centimes"]) == (409, 60_00)
    assert rest.status_code == 201


async def test_what_pieces_do_not_cover_is_listed_until_they_come(chaine: Chaine) -> None:
    action_id, _ = await moitie(chaine.terrain, 100_00)
    engagement = faite(await chaine.engager(action_id, 100_00))
    nue = faite(await chaine.liquider(engagement, 30_00))
    partielle = faite(
        await chaine.liquider(engagement, 20_00, justificatifs=[await chaine.piece(15_00)])
    )
    faite(await chaine.liquider(engagement, 10_00, justificatifs=[await chaine.piece(10_00)]))
    liste = "/v1/liquidations?a_justifier=true"

    before = [one["id"] for one in (await chaine.terrain.lire(liste))["elements"]]
    corps = {"justificatifs": [await chaine.piece(50_00)]}
    chemin = f"/v1/liquidations/{nue['id']}"
    covered = faite(await chaine.certificateur.post(f"{chemin}/justifications", corps, version=1))
    after = [one["id"] for one in (await chaine.terrain.lire(liste))["elements"]]

    assert before == [partielle["id"], nue["id"]]
    assert (covered["justifie_centimes"], covered["justificatifs"]) == (
        30_00,
        corps["justificatifs"],
    )
    assert after == [partielle["id"]]


async def test_what_seems_to_be_engaged_twice_is_told_and_what_is_is_refused(
    chaine: Chaine,
) -> None:
    action_id, enveloppes = await moitie(chaine.terrain, 100_00)
    convention = await chaine.piece(type="convention_signee")
    values = {"objet": "Location de véhicules", "pieces": [convention]}

    first = faite(await chaine.engager(action_id, 10_00, **values))
    certain = await chaine.engager(action_id, 10_00, **{**values, "objet": "LOCATION de vehicules"})
    without = faite(await chaine.engager(action_id, 10_00, objet="location de véhicules"))
    other = faite(await chaine.engager(action_id, 10_00, **{**values, "objet": "Permis"}))

    assert (certain.status_code, certain.json()["code"]) == (409, "reference-externe-existante")
    assert certain.json()["id"] == first["id"]
    assert first["pieces"] == [convention]
    told = [(one["code"], one["engagement_id"]) for one in without["avertissements"]]
    assert told == [("tiers_periode_objet", first["id"])]
    told = [(one["code"], one["engagement_id"]) for one in other["avertissements"]]
    assert told == [("justificatif_deja_joint", first["id"])]
    assert (await somme(chaine, enveloppes))["engage"] == 30_00
