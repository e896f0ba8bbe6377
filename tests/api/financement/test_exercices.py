"""A budget year ends: what may still be entered, what is attached, what its credits become."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from services.financement.exercices.restes import Restes
from services.financement.exercices.travail import cloturer_exercice
from services.financement.journal.queries import lock_disponibles, verifier_journal
from shared.schemas.financement.credits import ResteLigne
from shared.socle.service import Service
from tests.api.financement.conftest import Horloge, Terrain
from tests.api.financement.test_credits import VOTE, credits_de

TIERS = "10000000900017"


OBJETS = ("engage", "disponible")


def perdu(enveloppe_id: str, objet: str, **values: Any) -> dict[str, Any]:
    """A rest, cancelled unless said."""
    return {"enveloppe_id": enveloppe_id, "objet": objet, "sort": "annulation", **values}


@dataclass
class Annee:
    """The year 2025 of a collectivité: an envelope, an authorisation, credits, services done."""

    terrain: Terrain
    horloge: Horloge
    service: Service
    collectivite: str
    exercice_id: str = ""
    action_id: str = ""
    autorisation_id: str = ""
    credit_ae: str = ""
    credit_annuel: str = ""
    clotures: list[str] = field(default_factory=list)

    async def engager(self, montant: int, *, ae: bool = True) -> str:
        """An engagement of December."""
        engagement = await self.terrain.creer(
            "/v1/engagements",
            {
                "action_id": self.action_id,
                "tiers_siret": TIERS,
                "objet": f"Prestation {uuid4().hex[:6]}",
                "montant_centimes": montant,
                "nature": "juridique",
                "date_engagement": "2025-12-01",
                "ae_id": self.autorisation_id if ae else None,
            },
        )
        return str(engagement["id"])

    async def certifier(self, engagement_id: str, montant: int, jour: str = "2025-12-20") -> str:
        """All of an engagement, liquidated for a service of this day."""
        liquidation = await self.terrain.creer(
            f"/v1/engagements/{engagement_id}/liquidations",
            {
                "montant_presente_centimes": montant,
                "montant_retenu_centimes": montant,
                "date_service_fait": jour,
                "pour_solde": True,
            },
            version=1,
        )
        return str(liquidation["id"])

    async def service_fait(self, montant: int, jour: str = "2025-12-20", *, ae: bool = True) -> str:
        """An engagement of December, liquidated at once for a service of this day."""
        return await self.certifier(await self.engager(montant, ae=ae), montant, jour)

    async def mandater(self, liquidation_id: str, **values: Any) -> httpx.Response:
        """Try to order a service done, of the last day of the year, on the authorisation's."""
        corps = {
            "bordereau": "B1",
            "fonction": "444",
            "nature": "65748",
            "date_emission": "2025-12-31",
            "credit_id": self.credit_ae,
            **values,
        }
        chemin = f"/v1/liquidations/{liquidation_id}/mandats"
        return await self.terrain.client.post(chemin, corps, version=1)

    async def finir(self, jour: datetime = datetime(2026, 2, 2, 10, tzinfo=UTC)) -> None:
        """Go to this day of the next year, the complementary period open since January."""
        self.horloge.instant = datetime(2026, 1, 5, 10, tzinfo=UTC)
        chemin = f"/v1/exercices/{self.exercice_id}/journees-complementaires"
        await self.terrain.creer(chemin, {"source": "Règlement"}, version=1)
        self.horloge.instant = jour

    async def demander(self, **choix: Any) -> str:
        """Ask for the closing, and do not run it; unless said, what is not paid is lost."""
        choix = {"restes": [perdu(self.terrain.enveloppes[0], objet) for objet in OBJETS], **choix}
        chemin = f"/v1/exercices/{self.exercice_id}"
        version = (await self.terrain.lire(chemin))["version"]
        answer = await self.terrain.client.post(
            f"{chemin}/clotures", {"source": "Délibération", **choix}, version=version
        )
        assert answer.status_code == 202, answer.text
        self.clotures.append(answer.json()["id"])
        return self.clotures[-1]

    async def clore(self, cloture_id: str) -> dict[str, Any]:
        """Run the job, as the worker does; return what came of it."""
        await cloturer_exercice(self.service, cloture_id=cloture_id, collectivite=self.collectivite)
        chemin = f"/v1/exercices/{self.exercice_id}/clotures/{cloture_id}"
        return await self.terrain.lire(chemin)

    async def statut(self) -> str:
        """Where the year stands."""
        return str((await self.terrain.lire(f"/v1/exercices/{self.exercice_id}"))["statut"])

    async def credit(self, credit_id: str) -> dict[str, int]:
        """Balances of payment credits that are not zero."""
        found = await self.terrain.lire(f"/v1/credits-paiement/{credit_id}")
        return {
            nom.removesuffix("_centimes"): valeur
            for nom, valeur in found.items()
            if nom.endswith("_centimes") and valeur
        }

    async def suivant(self, autorisation_id: str | None) -> dict[str, int]:
        """The same of the credits of 2026."""
        found = (await self.terrain.lire("/v1/credits-paiement?exercice=2026"))["elements"]
        (one,) = [un for un in found if un["autorisation_engagement_id"] == autorisation_id]
        return await self.credit(one["id"])

    async def ecritures(self) -> list[dict[str, Any]]:
        """The whole journal."""
        return list((await self.terrain.lire("/v1/ecritures?limite=200"))["elements"])


@pytest_asyncio.fixture
async def annee(
    terrain: Terrain, horloge: Horloge, services: Mapping[str, Service], ouverte: str
) -> AsyncIterator[Annee]:
    """December 2025; in the end the journal proves its balances."""
    horloge.instant = datetime(2025, 12, 22, 10, tzinfo=UTC)
    une = Annee(terrain, horloge, services["financement"], ouverte)
    corps = {"annee": 2025, "seuil_rattachement_centimes": 5_00, "source": "Règlement"}
    une.exercice_id = (await terrain.creer("/v1/exercices", corps))["id"]
    enveloppe_id = await terrain.enveloppe(1_000_00, exercice=2025)
    une.action_id = await terrain.action((enveloppe_id, 1, 1))
    une.autorisation_id = (await terrain.creer("/v1/autorisations-engagement", VOTE))["id"]
    affectation = {"action_id": une.action_id, "montant_centimes": 100_00}
    chemin = f"/v1/autorisations-engagement/{une.autorisation_id}/affectations"
    await terrain.creer(chemin, {**affectation, "date_effet": "2025-02-01", "source": "x"})
    for autorisation_id in (une.autorisation_id, None):
        made = await terrain.creer("/v1/credits-paiement", credits_de(autorisation_id, 2025, 30_00))
        if autorisation_id is None:
            une.credit_annuel = made["id"]
        else:
            une.credit_ae = made["id"]
    yield une
    acces = une.service.acces_interne(ouverte)
    async with une.service.base.transaction(acces) as tx:
        assert await verifier_journal(tx) == []


async def test_a_year_is_closed_with_its_rattachements(annee: Annee) -> None:
    """§ 6 and § 9: attached on the last day, given back on the first, the rest lost or carried."""
    pour_ae = await annee.service_fait(12_00)
    annuel = await annee.service_fait(20_00, ae=False)
    petit = await annee.service_fait(4_99)
    await annee.finir()

    cloture_id = await annee.demander(
        rattachements=[{"liquidation_id": annuel, "credit_paiement_id": annee.credit_annuel}],
        credits=[{"credit_paiement_id": annee.credit_ae, "reliquat": "report"}],
    )
    found = await annee.clore(cloture_id)

    assert found["statut"] == "terminee"
    assert found["resultat"] == {
        "reste_a_liquider_centimes": 0,
        "reste_a_mandater_centimes": 36_99,
        "rattachements": 2,
        "rattache_centimes": 32_00,
        "reporte_centimes": 18_00,
        "annule_centimes": 10_00,
        "ecarts": [],
        "restes_reportes_centimes": 0,
        "restes_degages_centimes": 0,
        "restes_annules_centimes": 963_01,
        "a_reverser_centimes": 0,
        "restes": [],
    }
    assert await annee.statut() == "clos"
    assert await annee.credit(annee.credit_ae) == {
        "ouvert": 30_00,
        "rattache": 12_00,
        "reporte": 18_00,
        "consommation_nette": 12_00,
    }
    assert await annee.suivant(annee.autorisation_id) == {
        "ouvert": 30_00,
        "disponible": 30_00,
        "consommation_nette": -12_00,
    }
    assert (await annee.suivant(None))["disponible"] == 20_00
    listed = await annee.terrain.lire(f"/v1/exercices/{annee.exercice_id}/rattachements")
    assert {one["liquidation_id"] for one in listed["elements"]} == {pour_ae, annuel}
    assert petit not in {one["liquidation_id"] for one in listed["elements"]}
    dates = Counter(
        (one["evenement"], one["date_effet"])
        for one in await annee.ecritures()
        if "rattachement" in one["evenement"]
    )
    assert dates == {
        ("rattachement", "2025-12-31"): 2,
        ("contrepassation_rattachement", "2026-01-01"): 2,
    }


async def test_a_closing_run_twice_is_the_same(annee: Annee) -> None:
    """I-23, I-24: by year and line."""
    await annee.service_fait(12_00)
    await annee.finir()
    cloture_id = await annee.demander()

    first = await annee.clore(cloture_id)
    entries = await annee.ecritures()
    again = await annee.clore(cloture_id)

    assert first == again
    assert await annee.ecritures() == entries


async def test_a_closing_killed_half_way_is_finished_by_the_next_run(
    annee: Annee, complet: bool
) -> None:
    """Killed after any of its transactions, then run to its end: each line once, the same sums.

    Planted: the services done read whatever was attached, red.
    """
    nombre = 40 if complet else 8
    services = [await annee.service_fait(5_00) for _ in range(5)]
    services += [await annee.service_fait(5_01, ae=False) for _ in range(nombre - 5)]
    budget = {"montant_centimes": 300_00, "date_effet": "2025-11-03", "source": "DM"}
    await annee.terrain.creer(f"/v1/credits-paiement/{annee.credit_annuel}/ouvertures", budget)
    await annee.finir()
    cloture_id = await annee.demander(
        rattachements=[
            {"liquidation_id": one, "credit_paiement_id": annee.credit_annuel}
            for one in services[5:]
        ]
    )
    chemin = f"/v1/exercices/{annee.exercice_id}/rattachements"
    attaches = 0
    for _ in range(3):
        travail = asyncio.create_task(
            cloturer_exercice(annee.service, cloture_id=cloture_id, collectivite=annee.collectivite)
        )
        while not travail.done():
            found = len((await annee.terrain.lire(chemin))["elements"])
            if found > attaches:
                attaches = found
                break
            await asyncio.sleep(0)
        travail.cancel()
        await asyncio.gather(travail, return_exceptions=True)

    done = await annee.clore(cloture_id)

    assert attaches
    assert done["statut"] == "terminee"
    assert done["resultat"]["rattachements"] == nombre
    assert done["resultat"]["rattache_centimes"] == 25_00 + 5_01 * (nombre - 5)
    entries = Counter(
        one["origine_id"]
        for one in await annee.ecritures()
        if one["origine"] in ("liquidations", "rattachements")
    )
    assert set(Counter(entries.values())) <= {1, 2}
    listed = (await annee.terrain.lire(f"{chemin}?limite=200"))["elements"]
    assert {one["liquidation_id"] for one in listed} == set(services)
    assert {entries[one["id"]] for one in listed} == {2}


async def test_two_runs_at_the_same_instant_attach_once(annee: Annee) -> None:
    """Two workers hold one job: the gates and the unique keys leave one of each line."""
    for _ in range(4):
        await annee.service_fait(6_00)
    await annee.finir()
    cloture_id = await annee.demander()

    runs = await asyncio.gather(
        *(
            cloturer_exercice(annee.service, cloture_id=cloture_id, collectivite=annee.collectivite)
            for _ in range(2)
        ),
        return_exceptions=True,
    )
    found = await annee.clore(cloture_id)

    assert any(one is None for one in runs)
    assert found["resultat"]["rattachements"] == 4
    assert await annee.statut() == "clos"


async def test_what_has_no_credits_waits_for_a_choice(annee: Annee) -> None:
    """The year stays open to choices; a closing that takes it up does nothing twice."""
    du = await annee.service_fait(12_00)
    annuel = await annee.service_fait(20_00, ae=False)
    trop = await annee.service_fait(50_00, ae=False)
    await annee.finir()
    choix = [{"liquidation_id": trop, "credit_paiement_id": annee.credit_annuel}]

    pending = await annee.clore(await annee.demander(rattachements=choix))
    assert await annee.statut() == "journee_complementaire"
    exclus = [{"liquidation_id": one, "credit_paiement_id": None} for one in (annuel, trop)]
    found = await annee.clore(await annee.demander(rattachements=exclus))

    assert pending["statut"] == "a_reprendre"
    assert {(one["liquidation_id"], one["motif"]) for one in pending["resultat"]["ecarts"]} == {
        (annuel, "sans_credits"),
        (trop, "credits_insuffisants"),
    }
    assert (found["statut"], found["resultat"]["rattachements"]) == ("terminee", 1)
    listed = await annee.terrain.lire(f"/v1/exercices/{annee.exercice_id}/rattachements")
    assert [one["liquidation_id"] for one in listed["elements"]] == [du]


async def test_a_closed_year_takes_no_entry(annee: Annee) -> None:
    """I-22. Planted: the check left out of the posting, red."""
    terrain = annee.terrain
    # Its window runs on: the closing of the year leaves it open.
    enveloppe_id = await terrain.enveloppe(1_000_00, exercice=2025, fenetre_fin="2026-06-30")
    avenant = {"source": "x", "montant_centimes": 2_000_00, "date_effet": "2025-12-30"}
    chemin = f"/v1/enveloppes/{enveloppe_id}/avenants"
    await annee.finir(datetime(2026, 1, 20, 10, tzinfo=UTC))

    complementaire = await terrain.client.post(chemin, avenant, version=2)
    await annee.clore(await annee.demander())
    close = await terrain.client.post(chemin, avenant, version=2)
    suivante = await terrain.client.post(chemin, {**avenant, "date_effet": "2026-01-20"}, version=2)

    assert (complementaire.status_code, complementaire.json()["code"]) == (409, "periode-close")
    assert complementaire.json()["statut_actuel"] == "journee_complementaire"
    assert (close.json()["code"], close.json()["statut_actuel"]) == ("periode-close", "clos")
    assert suivante.status_code == 201


async def test_the_complementary_period_takes_the_orders_of_service_done(annee: Annee) -> None:
    """Until the end of January, dated the last day of the year; not the day after."""
    liquidations = [await annee.service_fait(5_00) for _ in range(2)]
    # 23:30 where the collectivité is, then half an hour past midnight: the same day of UTC.
    await annee.finir(datetime(2026, 1, 31, 22, 30, tzinfo=UTC))

    answers = []
    for liquidation_id in liquidations:
        answers.append(await annee.mandater(liquidation_id))
        annee.horloge.avancer(hours=1)

    assert answers[0].status_code == 201, answers[0].text
    assert (answers[1].status_code, answers[1].json()["code"]) == (409, "periode-close")
    assert (await annee.credit(annee.credit_ae))["mandate"] == 5_00


async def test_what_was_due_in_the_year_is_given_back_in_it(annee: Annee) -> None:
    """Swept late, dated its day: the complementary period takes it, and a closing sweeps first."""
    annee.horloge.instant = datetime(2025, 12, 31, 21, tzinfo=UTC)
    await annee.terrain.reserver(annee.action_id, montant=10_00)
    await annee.finir()

    await annee.clore(await annee.demander())

    assert await annee.statut() == "clos"
    (une,) = [one for one in await annee.ecritures() if one["evenement"] == "expiration"]
    assert une["date_effet"] == "2025-12-31"


@pytest.mark.parametrize(
    "cas", ["avant la fin de l'annee", "sans journee complementaire", "deja demandee", "annee 2024"]
)
async def test_a_year_is_closed_in_order(annee: Annee, cas: str) -> None:
    terrain, chemin = annee.terrain, f"/v1/exercices/{annee.exercice_id}"
    suite, version = "clotures", 1
    match cas:
        case "avant la fin de l'annee":
            annee.horloge.instant = datetime(2025, 12, 31, 22, tzinfo=UTC)
            suite = "journees-complementaires"
        case "deja demandee":
            await annee.finir()
            await annee.demander()
            version = 2
        case "annee 2024":
            await terrain.creer("/v1/exercices", {"annee": 2024})
            await annee.finir()
            version = 2

    answer = await terrain.client.post(f"{chemin}/{suite}", {"source": "x"}, version=version)

    assert (answer.status_code, answer.json()["code"]) == (409, "transition-interdite")


async def test_closing_and_posting_at_the_same_instant(annee: Annee) -> None:
    """Whoever posts has posted before the year closes, or is refused: none slips in after."""
    terrain = annee.terrain
    await annee.finir(datetime(2026, 1, 20, 10, tzinfo=UTC))
    cloture_id = await annee.demander()
    une = {**VOTE, "date_effet": "2026-01-15"}
    anciens = [
        {
            **credits_de(None, 2025, 1_00),
            "imputation": f"017-{rang}",
            "date_effet": "2025-12-01",
        }
        for rang in range(6)
    ]

    travail = asyncio.create_task(annee.clore(cloture_id))
    answers = await asyncio.gather(
        *(terrain.client.post("/v1/credits-paiement", corps) for corps in anciens),
        terrain.client.post("/v1/autorisations-engagement", {**une, "reference": "autre"}),
    )
    await travail

    assert {one.json()["code"] for one in answers[:-1]} == {"periode-close"}
    assert answers[-1].status_code == 201


async def test_what_is_attached_is_not_ordered_in_its_year(annee: Annee) -> None:
    """I-21, I-23: the same euros would be attached and ordered."""
    attache = await annee.service_fait(10_00)
    await annee.service_fait(20_00, ae=False)
    await annee.finir(datetime(2026, 1, 20, 10, tzinfo=UTC))
    pending = await annee.clore(await annee.demander())

    meme = await annee.mandater(attache)
    suivants = (await annee.terrain.lire("/v1/credits-paiement?exercice=2026"))["elements"]
    apres = await annee.mandater(attache, date_emission=None, credit_id=suivants[0]["id"])

    assert pending["statut"] == "a_reprendre"
    assert meme.status_code == 422, meme.text
    assert [une["pointeur"] for une in meme.json()["erreurs"]] == ["/date_emission"]
    assert apres.status_code == 201, apres.text
    found = await annee.credit(annee.credit_ae)
    assert (found["rattache"], found.get("mandate", 0)) == (10_00, 0)


async def test_ordering_and_attaching_at_the_same_instant(annee: Annee) -> None:
    """Each service done is ordered in its year, or attached to it."""
    services = [await annee.service_fait(5_00) for _ in range(5)]
    await annee.finir(datetime(2026, 1, 20, 10, tzinfo=UTC))
    cloture_id = await annee.demander()

    travail = asyncio.create_task(annee.clore(cloture_id))
    answers = await asyncio.gather(*(annee.mandater(one) for one in reversed(services)))
    await travail

    mandates = {
        one for one, answer in zip(reversed(services), answers, strict=True) if answer.is_success
    }
    chemin = f"/v1/exercices/{annee.exercice_id}/rattachements"
    attaches = {one["liquidation_id"] for one in (await annee.terrain.lire(chemin))["elements"]}
    assert not mandates & attaches
    assert mandates | attaches == set(services)


async def test_what_is_certified_while_a_year_closes_waits_for_another_closing(
    annee: Annee,
) -> None:
    """The job read what was done; a service certified since is not left behind."""
    await annee.service_fait(5_00)
    engagement_id = await annee.engager(6_00)
    await annee.finir(datetime(2026, 1, 20, 10, tzinfo=UTC))
    cloture_id = await annee.demander()
    chemin = f"/v1/exercices/{annee.exercice_id}/clotures/{cloture_id}"

    acces = annee.service.acces_interne(annee.collectivite)
    async with annee.service.base.transaction(acces) as tx:
        await lock_disponibles(tx, [UUID(annee.credit_ae)])
        travail = asyncio.create_task(annee.clore(cloture_id))
        while (await annee.terrain.lire(chemin))["statut"] != "en_cours":
            await asyncio.sleep(0.01)
        tardif = await annee.certifier(engagement_id, 6_00)
    found = await travail

    assert found["statut"] == "a_reprendre"
    assert [one["liquidation_id"] for one in found["resultat"]["ecarts"]] == [tardif]
    assert await annee.statut() == "journee_complementaire"
    exclus = [{"liquidation_id": tardif, "credit_paiement_id": None}]
    assert (await annee.clore(await annee.demander(rattachements=exclus)))["statut"] == "terminee"


@pytest.mark.parametrize("cas", ["credits d'un autre exercice", "service fait inconnu"])
async def test_a_closing_refuses_a_choice_that_it_could_not_follow(annee: Annee, cas: str) -> None:
    """Ignored, it would let the default cancel what was to be carried over."""
    await annee.finir()
    autre = await annee.terrain.creer("/v1/credits-paiement", credits_de(None, 2026, 1_00))
    choix, pointeur = (
        (
            {"credits": [{"credit_paiement_id": autre["id"], "reliquat": "report"}]},
            "/credits/0/credit_paiement_id",
        )
        if cas == "credits d'un autre exercice"
        else (
            {"rattachements": [{"liquidation_id": str(uuid4()), "credit_paiement_id": None}]},
            "/rattachements/0/liquidation_id",
        )
    )

    answer = await annee.terrain.client.post(
        f"/v1/exercices/{annee.exercice_id}/clotures", {"source": "x", **choix}, version=2
    )

    assert answer.status_code == 422, answer.text
    assert [une["pointeur"] for une in answer.json()["erreurs"]] == [pointeur]


async def test_a_service_is_not_attached_to_the_credits_of_another_authorisation(
    annee: Annee,
) -> None:
    """I-21."""
    fait = await annee.service_fait(10_00)
    await annee.finir()
    choix = [{"liquidation_id": fait, "credit_paiement_id": annee.credit_annuel}]

    found = await annee.clore(await annee.demander(rattachements=choix))

    assert found["statut"] == "a_reprendre"
    assert await annee.credit(annee.credit_annuel) == {"ouvert": 30_00, "disponible": 30_00}


async def test_an_order_on_an_authorisation_takes_its_credits(annee: Annee) -> None:
    """I-21: or their limit would bind who wishes it."""
    fait = await annee.service_fait(10_00)

    sans = await annee.mandater(fait, credit_id=None, date_emission=None)
    avec = await annee.mandater(fait, date_emission=None)

    assert [une["pointeur"] for une in sans.json()["erreurs"]] == ["/credit_id"]
    assert avec.status_code == 201, avec.text


async def test_what_a_cancelled_authorisation_gets_back_is_cancelled(annee: Annee) -> None:
    """What it engaged still runs; nothing new is engaged on it."""
    engagement_id = await annee.engager(10_00)
    chemin = f"/v1/autorisations-engagement/{annee.autorisation_id}"
    version = (await annee.terrain.lire(chemin))["version"]
    annulation = {"date_effet": "2025-12-02", "source": "Délibération 2"}
    await annee.terrain.creer(f"{chemin}/annulations", annulation, version=version)

    degagement = {"motif": "Abandon", "montant_centimes": 4_00}
    await annee.terrain.creer(f"/v1/engagements/{engagement_id}/degagements", degagement, version=1)
    corps = {
        "action_id": annee.action_id,
        "tiers_siret": TIERS,
        "objet": "Autre prestation",
        "montant_centimes": 1_00,
        "nature": "juridique",
        "ae_id": annee.autorisation_id,
    }
    answer = await annee.terrain.client.post("/v1/engagements", corps)

    found = await annee.terrain.lire(chemin)
    names = ("engagee", "affectee", "annulee")
    assert [found[f"{name}_centimes"] for name in names] == [6_00, 0, 94_00]
    assert (answer.status_code, answer.json()["code"]) == (409, "transition-interdite")


# What envelopes leave


@dataclass
class Suite:
    """The envelope of 2025, that of 2026, and what of 2025 is engaged, free and cashed."""

    annee: Annee
    de: str
    vers: str

    async def postes(self, enveloppe_id: str) -> dict[str, int]:
        """Balances of an envelope that are not zero, without the sum that they make."""
        found = await self.annee.terrain.lire(f"/v1/enveloppes/{enveloppe_id}")
        return {
            nom.removesuffix("_centimes"): valeur
            for nom, valeur in found.items()
            if nom.endswith("_centimes") and valeur and nom != "disponibilite_legale_centimes"
        }

    async def reliquats(self) -> list[dict[str, Any]]:
        """What the closings made of the rests."""
        chemin = f"/v1/exercices/{self.annee.exercice_id}/reliquats?limite=200"
        return list((await self.annee.terrain.lire(chemin))["elements"])

    def restes(self, cloture_id: str, *choix: dict[str, Any]) -> Restes:
        """The rests of a closing, alone: without the sweep before, nor what comes after."""
        lignes = [ResteLigne.model_validate(one) for one in choix]
        return Restes(
            service=self.annee.service,
            collectivite=self.annee.collectivite,
            cloture_id=UUID(cloture_id),
            exercice_id=UUID(self.annee.exercice_id),
            annee=2025,
            source="Délibération",
            choix={(one.enveloppe_id, one.objet, one.engagement_id): one for one in lignes},
        )

    async def encaisser(self, montant: int) -> None:
        """Cash a part of what the State notified of 2025."""
        terrain, base = self.annee.terrain, f"/v1/enveloppes/{self.de}"
        await terrain.creer(
            f"{base}/notifications",
            {
                "montant_centimes": 1_000_00,
                "qualificatif": "exact",
                "date_effet": "2025-02-01",
                "reference": "N",
            },
        )
        titre = {"montant_centimes": montant, "date_emission": "2025-03-01", "objet": "Avance"}
        emis = await terrain.creer(f"{base}/titres", titre)
        await terrain.creer(
            f"/v1/titres/{emis['id']}/encaissements",
            {"montant_centimes": montant, "date_effet": "2025-04-01", "reference": "E"},
        )


@pytest_asyncio.fixture
async def suite(annee: Annee) -> Suite:
    """Both envelopes open."""
    (de,) = annee.terrain.enveloppes
    return Suite(annee, de, await annee.terrain.enveloppe(1_00, exercice=2026))


async def test_each_rest_follows_the_choice_made_of_it(suite: Suite) -> None:
    """§ 9 (1) and (4), I-24: listed, then carried, given back, lost or owed to the State.

    Of 950,00 cashed, 930,00 stay: liquidated or carried, to be free or engaged next year.
    """
    annee, terrain = suite.annee, suite.annee.terrain
    await suite.encaisser(950_00)
    reporte, degage, annule, rendu = [
        await annee.engager(montant) for montant in (10_00, 20_00, 30_00, 40_00)
    ]
    await annee.certifier(await annee.engager(5_00, ae=False), 5_00)
    await annee.finir()
    chemin = f"/v1/exercices/{annee.exercice_id}/restes"
    (reste,) = (await terrain.lire(chemin))["elements"]
    assert {nom: valeur for nom, valeur in reste.items() if nom.endswith("_centimes")} == {
        "disponible_centimes": 895_00,
        "reserve_centimes": 0,
        "engage_centimes": 100_00,
        "liquide_centimes": 5_00,
    }

    pending = await annee.clore(await annee.demander(restes=[], rattachements=[]))
    assert pending["statut"] == "a_reprendre"
    assert {
        (one["engagement_id"], one["montant_centimes"], one["motif"])
        for one in pending["resultat"]["restes"]
    } == {
        (None, 895_00, "sans_choix"),
        (reporte, 10_00, "sans_choix"),
        (degage, 20_00, "sans_choix"),
        (annule, 30_00, "sans_choix"),
        (rendu, 40_00, "sans_choix"),
    }
    exclu = (await terrain.lire("/v1/liquidations"))["elements"][0]["id"]
    done = await annee.clore(
        await annee.demander(
            rattachements=[{"liquidation_id": exclu}],
            restes=[
                perdu(
                    suite.de,
                    "engage",
                    engagement_id=reporte,
                    sort="report",
                    vers_enveloppe_id=suite.vers,
                ),
                perdu(suite.de, "engage", engagement_id=degage, sort="degagement"),
                perdu(suite.de, "engage", engagement_id=rendu, sort="retour_financeur"),
                perdu(suite.de, "engage"),
                perdu(suite.de, "disponible", sort="report", vers_enveloppe_id=suite.vers),
            ],
        )
    )

    assert (done["statut"], done["resultat"]["restes"]) == ("terminee", [])
    assert {
        nom: done["resultat"][nom] for nom in done["resultat"] if nom.startswith("restes_")
    } == {
        "restes_reportes_centimes": 925_00,
        "restes_degages_centimes": 20_00,
        "restes_annules_centimes": 70_00,
    }
    assert done["resultat"]["a_reverser_centimes"] == 20_00
    assert await suite.postes(suite.de) == {
        "ouvert": 1_000_00,
        "liquide": 5_00,
        "reporte": 925_00,
        "annule": 70_00,
    }
    assert await suite.postes(suite.vers) == {
        "ouvert": 926_00,
        "disponible": 916_00,
        "engage": 10_00,
    }
    recettes = await terrain.lire(f"/v1/enveloppes/{suite.de}/recette")
    assert (recettes["encaisse_centimes"], recettes["a_reverser_centimes"]) == (930_00, 20_00)
    assert (await terrain.lire(chemin))["elements"][0]["liquide_centimes"] == 5_00
    assert {
        (one["engagement_id"], one["sort"], one["montant_centimes"])
        for one in await suite.reliquats()
    } == {
        (reporte, "report", 10_00),
        (degage, "degagement", 20_00),
        (annule, "annulation", 30_00),
        (rendu, "retour_financeur", 40_00),
        (None, "report", 915_00),
    }
    autorisation = await terrain.lire(f"/v1/autorisations-engagement/{annee.autorisation_id}")
    assert (autorisation["engagee_centimes"], autorisation["affectee_centimes"]) == (10_00, 90_00)


@pytest.mark.parametrize(
    ("encaisse", "deja", "du"),
    [
        pytest.param(1_000_00, 400_00, 0, id="deja rendu au bilan"),
        pytest.param(500_00, 0, 0, id="avance moindre que la depense"),
        pytest.param(700_00, 0, 100_00, id="verse en partie"),
        pytest.param(1_000_00, 0, 400_00, id="tout verse"),
    ],
)
async def test_a_funder_is_given_back_what_it_paid_of_the_rest(
    suite: Suite, encaisse: int, deja: int, du: int
) -> None:
    """Never twice, nor what paid a spending: 600,00 of 1 000,00 are spent, 400,00 left.

    Planted: all that is cashed given back up to the rest, the first three red.
    """
    annee, terrain = suite.annee, suite.annee.terrain
    await suite.encaisser(encaisse)
    fait = await annee.certifier(await annee.engager(600_00, ae=False), 600_00)
    rendu = await annee.engager(150_00, ae=False)
    await annee.finir()
    if deja:
        trop = {"montant_centimes": deja, "date_effet": "2026-01-15", "motif": "Bilan"}
        await terrain.creer(f"/v1/enveloppes/{suite.de}/trop-percus", trop)

    done = await annee.clore(
        await annee.demander(
            rattachements=[{"liquidation_id": fait}],
            restes=[
                perdu(suite.de, "engage", engagement_id=rendu, sort="retour_financeur"),
                perdu(suite.de, "disponible", sort="retour_financeur"),
            ],
        )
    )

    assert (done["statut"], done["resultat"]["a_reverser_centimes"]) == ("terminee", du)
    recettes = await terrain.lire(f"/v1/enveloppes/{suite.de}/recette")
    assert recettes["a_reverser_centimes"] == deja + du
    assert await suite.postes(suite.de) == {
        "ouvert": 1_000_00,
        "liquide": 600_00,
        "annule": 400_00,
    }


async def test_what_falls_due_where_nothing_is_left_is_given_back(suite: Suite) -> None:
    """Held to receive a carry-over of nothing: a reservation that is ended is posted as such.

    Planted: its entry dropped, red.
    """
    annee, terrain = suite.annee, suite.annee.terrain
    await annee.finir()
    corps = {"reliquat": "annulation", "date_effet": "2026-01-20", "source": "Constat"}
    await terrain.creer(f"/v1/enveloppes/{suite.de}/clotures", corps, version=2)
    action_id = await terrain.action((suite.vers, 1, 1))
    held = await terrain.reserver(action_id, montant=60, duree_s=60)
    assert held.status_code == 201, held.text
    choix = perdu(suite.de, "disponible", sort="report", vers_enveloppe_id=suite.vers)
    cloture_id = await annee.demander(restes=[choix])
    annee.horloge.avancer(seconds=90)

    assert await suite.restes(cloture_id, choix).solder() == {}

    found = await terrain.lire(f"/v1/reservations/{held.json()['id']}")
    assert found["statut"] == "expiree"
    assert await suite.postes(suite.vers) == {"ouvert": 1_00, "disponible": 1_00}
    async with annee.service.base.transaction(
        annee.service.acces_interne(annee.collectivite)
    ) as tx:
        assert await verifier_journal(tx) == []


async def test_what_comes_back_to_an_envelope_once_settled_waits_for_a_choice(
    suite: Suite,
) -> None:
    """Killed after a rest, run again when the envelope has something again: one reliquat a line.

    Planted: settled again, red (the run breaks on the unique key, and so would each retry).
    """
    annee, terrain = suite.annee, suite.annee.terrain
    engagement_id = await annee.engager(10_00, ae=False)
    await annee.finir()
    choix = perdu(suite.de, "disponible")
    cloture_id = await annee.demander(restes=[choix])
    await suite.restes(cloture_id, choix).solder()
    chemin = f"/v1/engagements/{engagement_id}/degagements"
    await terrain.creer(chemin, {"motif": "Abandon"}, version=1)

    pending = await annee.clore(cloture_id)

    assert pending["statut"] == "a_reprendre"
    assert [(one["montant_centimes"], one["motif"]) for one in pending["resultat"]["restes"]] == [
        (10_00, "sans_choix")
    ]
    assert len(await suite.reliquats()) == 1
    done = await annee.clore(await annee.demander(restes=[choix]))
    assert (done["statut"], len(await suite.reliquats())) == ("terminee", 2)


@pytest.mark.parametrize("sort", ["report", "annulation"])
async def test_what_a_closing_posted_is_not_undone(suite: Suite, sort: str) -> None:
    """Its reliquat and its sums would stay. Planted: posted as any other act, red."""
    annee, terrain = suite.annee, suite.annee.terrain
    await annee.engager(10_00, ae=False)
    await annee.finir()
    vers = {"vers_enveloppe_id": suite.vers} if sort == "report" else {}
    cloture_id = await annee.demander(
        restes=[perdu(suite.de, "engage"), perdu(suite.de, "disponible", sort=sort, **vers)]
    )
    await annee.clore(cloture_id)
    siennes = [one for one in await annee.ecritures() if one["origine"] == "clotures"]

    # Of the engaged, of the free, and of the two credits.
    assert [one["origine_id"] for one in siennes] == [cloture_id] * 4
    assert sum(one["evenement"] == "report" for one in siennes) == (sort == "report")
    corps = {"date_effet": "2026-02-02", "source": "Erreur"}
    for one in siennes:
        chemin = f"/v1/ecritures/{one['id']}/contrepassations"
        answer = await terrain.client.post(chemin, corps)
        assert (answer.status_code, answer.json()["code"]) == (409, "transition-interdite")


async def test_a_closing_killed_between_two_rests_is_finished_by_the_next_run(
    suite: Suite, complet: bool
) -> None:
    """Each rest settled once, whatever the number of deaths; the same sums in the end.

    Planted: a closing that was begun not taken up again, red.
    """
    annee = suite.annee
    nombre = 40 if complet else 8
    for _ in range(nombre):
        await annee.engager(1_01, ae=False)
    await annee.finir()
    cloture_id = await annee.demander(
        restes=[
            perdu(suite.de, "engage", sort="report", vers_enveloppe_id=suite.vers),
            perdu(suite.de, "disponible", sort="report", vers_enveloppe_id=suite.vers),
        ]
    )
    faits, morts = 0, 0
    for _ in range(3):
        travail = asyncio.create_task(
            cloturer_exercice(annee.service, cloture_id=cloture_id, collectivite=annee.collectivite)
        )
        while not travail.done():
            found = len(await suite.reliquats())
            if found > faits:
                faits = found
                break
            await asyncio.sleep(0)
        morts += travail.cancel()
        await asyncio.gather(travail, return_exceptions=True)

    done = await annee.clore(cloture_id)

    assert morts
    assert 0 < faits < nombre + 1
    assert (done["statut"], done["resultat"]["restes_reportes_centimes"]) == ("terminee", 1_000_00)
    assert await suite.postes(suite.de) == {"ouvert": 1_000_00, "reporte": 1_000_00}
    assert await suite.postes(suite.vers) == {
        "ouvert": 1_001_00,
        "disponible": 1_001_00 - nombre * 1_01,
        "engage": nombre * 1_01,
    }
    assert len(await suite.reliquats()) == nombre + 1


async def test_two_closings_of_rests_at_the_same_instant_settle_each_once(suite: Suite) -> None:
    annee = suite.annee
    for _ in range(4):
        await annee.engager(1_01, ae=False)
    await annee.finir()
    cloture_id = await annee.demander(
        restes=[
            perdu(suite.de, objet, sort="report", vers_enveloppe_id=suite.vers) for objet in OBJETS
        ]
    )

    await asyncio.gather(
        *(
            cloturer_exercice(annee.service, cloture_id=cloture_id, collectivite=annee.collectivite)
            for _ in range(2)
        ),
        return_exceptions=True,
    )
    done = await annee.clore(cloture_id)

    assert done["resultat"]["restes_reportes_centimes"] == 1_000_00
    assert len(await suite.reliquats()) == 5


async def test_what_is_reserved_waits_for_its_confirmation(suite: Suite) -> None:
    """It may still be engaged: nobody chooses for who reserved."""
    annee = suite.annee
    held = await annee.terrain.reserver(annee.action_id, montant=10_00, duree_s=86_400 * 30)
    assert held.status_code == 201, held.text
    await annee.finir(datetime(2026, 1, 20, 10, tzinfo=UTC))

    pending = await annee.clore(await annee.demander())

    assert [(one["montant_centimes"], one["motif"]) for one in pending["resultat"]["restes"]] == [
        (1_000_00, "reservation_en_attente")
    ]
    assert await annee.statut() == "journee_complementaire"


async def test_a_window_that_runs_on_is_not_settled_by_the_year(suite: Suite) -> None:
    """§ 6: the envelope's year ends with its window, and not with the budget's."""
    annee = suite.annee
    ouverte = await annee.terrain.enveloppe(50_00, exercice=2025, fenetre_fin="2026-06-30")
    await annee.finir()

    done = await annee.clore(await annee.demander())

    assert done["statut"] == "terminee"
    assert await suite.postes(ouverte) == {"ouvert": 50_00, "disponible": 50_00}


@pytest.mark.parametrize(
    ("choix", "pointeur"),
    [
        pytest.param({"enveloppe_id": str(uuid4())}, "/restes/0/enveloppe_id", id="inconnue"),
        pytest.param({"enveloppe": "vers"}, "/restes/0/enveloppe_id", id="fenetre non finie"),
        pytest.param({"sort": "report"}, "/restes/0/vers_enveloppe_id", id="report sans enveloppe"),
        pytest.param(
            {"sort": "report", "vers_enveloppe_id": "de"},
            "/restes/0/vers_enveloppe_id",
            id="report sur le meme exercice",
        ),
        pytest.param(
            {"objet": "disponible", "sort": "degagement"}, "/restes/0/sort", id="rien a degager"
        ),
        pytest.param(
            {"objet": "disponible", "engagement_id": str(uuid4())},
            "/restes/0/engagement_id",
            id="engagement du disponible",
        ),
        pytest.param(
            {"enveloppe": "dept", "sort": "retour_financeur"}, "/restes/0/sort", id="departement"
        ),
        pytest.param({"deux": True}, "/restes/1/enveloppe_id", id="deux fois"),
    ],
)
async def test_a_choice_of_a_rest_is_refused(
    suite: Suite, choix: dict[str, Any], pointeur: str
) -> None:
    annee = suite.annee
    dept = await annee.terrain.enveloppe(1_00, exercice=2025, financeur="departement")
    await annee.finir()
    noms = {"de": suite.de, "vers": suite.vers, "dept": dept}
    choix = {cle: noms.get(str(valeur), valeur) for cle, valeur in choix.items()}
    deux = choix.pop("deux", False)
    ligne = perdu(choix.pop("enveloppe", suite.de), "engage") | choix

    answer = await annee.terrain.client.post(
        f"/v1/exercices/{annee.exercice_id}/clotures",
        {"source": "x", "restes": [ligne] * (2 if deux else 1)},
        version=2,
    )

    assert answer.status_code == 422, answer.text
    assert [une["pointeur"] for une in answer.json()["erreurs"]] == [pointeur]


async def test_a_choice_that_cannot_be_followed_waits_for_another(suite: Suite) -> None:
    """The envelope of the next year is closed meanwhile; the rest is where it was."""
    annee = suite.annee
    engagement_id = await annee.engager(10_00)
    ferme = await annee.terrain.enveloppe(None, exercice=2026)
    await annee.finir()

    pending = await annee.clore(
        await annee.demander(
            restes=[
                perdu(suite.de, "engage", sort="report", vers_enveloppe_id=ferme),
                perdu(suite.de, "disponible"),
            ]
        )
    )

    assert [(one["engagement_id"], one["motif"]) for one in pending["resultat"]["restes"]] == [
        (engagement_id, "sort_impossible")
    ]
    assert (await suite.postes(suite.de))["engage"] == 10_00
    assert await annee.statut() == "journee_complementaire"
