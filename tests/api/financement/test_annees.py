"""Years to come: an authorisation bears them alone until their envelopes are notified."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select

from services.financement import tables
from services.financement.journal.queries import verifier_journal
from shared.socle.db import siens
from shared.socle.service import Service
from tests.api.financement.conftest import Terrain
from tests.api.financement.depenses import Chaine, chaine_de, faite, parts
from tests.api.financement.test_credits import VOTE, credits_de
from tests.conftest import Connecter

ECHEANCES = {2026: 40_00, 2027: 30_01, 2028: 20_00}


@dataclass
class Suite:
    """An engagement of three years, on an authorisation."""

    chaine: Chaine
    autorisation_id: str
    action_id: str
    enveloppe_id: str

    @property
    def terrain(self) -> Terrain:
        return self.chaine.terrain

    async def engager(self, echeances: Mapping[int, int] = ECHEANCES) -> dict[str, Any]:
        """Engage the sum of a schedule."""
        return faite(
            await self.chaine.engager(
                self.action_id,
                sum(echeances.values()),
                ae_id=self.autorisation_id,
                echeancier=[
                    {"exercice": exercice, "montant_centimes": montant}
                    for exercice, montant in echeances.items()
                ],
            )
        )

    async def couvrir(
        self, engagement: dict[str, Any], exercice: int, *montants: tuple[str, int]
    ) -> httpx.Response:
        """Try to engage a year on its envelopes."""
        chemin = f"/v1/engagements/{engagement['id']}"
        corps = {
            "exercice": exercice,
            "enveloppes": [
                {"enveloppe_id": enveloppe_id, "montant_centimes": montant}
                for enveloppe_id, montant in montants
            ],
            "source": "Notification",
        }
        version = (await self.terrain.lire(chemin))["version"]
        return await self.chaine.gestionnaire.post(f"{chemin}/couvertures", corps, version=version)

    async def autorisation(self) -> dict[str, int]:
        """What the authorisation has engaged, has left assigned, and bears alone."""
        found = await self.terrain.lire(f"/v1/autorisations-engagement/{self.autorisation_id}")
        noms = ("engagee", "affectee", "annulee", "engage_non_couvert")
        return {nom: found[f"{nom}_centimes"] for nom in noms}


@pytest_asyncio.fixture
async def suite(
    terrain: Terrain, connecter: Connecter, services: Mapping[str, Service], ouverte: str
) -> AsyncIterator[Suite]:
    """An action with an envelope of 2026; once the test is over, the journal proves all."""
    enveloppe_id = await terrain.enveloppe(1_000_00, exercice=2026)
    action_id = await terrain.action((enveloppe_id, 1, 1))
    autorisation_id = (await terrain.creer("/v1/autorisations-engagement", VOTE))["id"]
    await terrain.creer(
        f"/v1/autorisations-engagement/{autorisation_id}/affectations",
        {
            "action_id": action_id,
            "montant_centimes": 100_00,
            "date_effet": "2026-02-01",
            "source": "Délibération",
        },
    )
    yield Suite(chaine_de(terrain, connecter), autorisation_id, action_id, enveloppe_id)
    service = services["financement"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        assert await verifier_journal(tx) == []


async def test_years_to_come_are_engaged_on_the_authorisation_alone(suite: Suite) -> None:
    """§ 9: the ENG line of 2027 exists when its envelope is notified; until then it is a risk.

    Planted: the whole amount taken of the envelopes of the year, red.
    """
    engagement = await suite.engager()

    assert (engagement["montant_centimes"], parts(engagement)) == (90_01, [40_00])
    assert engagement["non_couvert_centimes"] == 50_01
    assert await suite.autorisation() == {
        "engagee": 90_01,
        "affectee": 9_99,
        "annulee": 0,
        "engage_non_couvert": 50_01,
    }
    trop = await suite.chaine.liquider(engagement, 40_01)
    assert (trop.status_code, trop.json()["disponible_centimes"]) == (409, 40_00)

    suivante = await suite.terrain.enveloppe(500_00, exercice=2027)
    couvert = faite(await suite.couvrir(engagement, 2027, (suivante, 30_01)))

    assert (couvert["non_couvert_centimes"], parts(couvert)) == (20_00, [40_00, 30_01])
    assert (await suite.chaine.postes(suivante))["engage"] == 30_01
    assert await suite.autorisation() == {
        "engagee": 90_01,
        "affectee": 9_99,
        "annulee": 0,
        "engage_non_couvert": 20_00,
    }


async def test_the_year_that_bears_it_pays_before_the_next_one(suite: Suite) -> None:
    """§ 6: what 2026 still holds is not lost at its closing because 2027 paid for it.

    Planted: the lines of both years weighed together, red.
    """
    engagement = await suite.engager({2026: 50_00, 2027: 50_00})
    faite(await suite.chaine.liquider(engagement, 25_00))
    suivante = await suite.terrain.enveloppe(500_00, exercice=2027)
    faite(await suite.couvrir(engagement, 2027, (suivante, 50_00)))

    payes = [faite(await suite.chaine.liquider(engagement, un)) for un in (25_00, 50_00)]

    assert [
        [(part["enveloppe_id"], part["montant_centimes"]) for part in paye["ventilation"]]
        for paye in payes
    ] == [[(suite.enveloppe_id, 25_00)], [(suivante, 50_00)]]


async def test_what_is_not_spent_of_all_years_is_given_back(suite: Suite) -> None:
    """To the envelopes what they bear, to the authorisation all of it."""
    engagement = await suite.engager()
    faite(await suite.chaine.liquider(engagement, 10_00))

    chemin = f"/v1/engagements/{engagement['id']}/degagements"
    rendu = faite(await suite.chaine.gestionnaire.post(chemin, {"motif": "Fin"}, version=2))

    assert (rendu["statut"], rendu["degage_centimes"]) == ("degage", 80_01)
    assert rendu["non_couvert_centimes"] == 0
    assert (await suite.chaine.postes(suite.enveloppe_id))["engage"] == 0
    assert await suite.autorisation() == {
        "engagee": 10_00,
        "affectee": 90_00,
        "annulee": 0,
        "engage_non_couvert": 0,
    }


async def test_the_year_spent_to_the_end_leaves_the_next_ones_engaged(suite: Suite) -> None:
    """The last cent of the year is not that of the engagement. Planted: it is `solde`, red."""
    engagement = await suite.engager()
    faite(await suite.chaine.liquider(engagement, 40_00))
    apres = await suite.terrain.lire(f"/v1/engagements/{engagement['id']}")
    assert apres["statut"] == "partiellement_liquide"

    suivante = await suite.terrain.enveloppe(500_00, exercice=2027)
    faite(await suite.couvrir(apres, 2027, (suivante, 30_00)))
    liquidation = faite(await suite.chaine.liquider(apres, 25_00, pour_solde=True))

    assert liquidation["ventilation"] == [{"enveloppe_id": suivante, "montant_centimes": 25_00}]
    assert (await suite.autorisation())["engage_non_couvert"] == 0
    fini = await suite.terrain.lire(f"/v1/engagements/{engagement['id']}")
    assert (fini["statut"], fini["degage_centimes"]) == ("solde", 25_01)


async def test_the_last_liquidation_on_a_cancelled_authorisation_gives_it_nothing_back(
    suite: Suite,
) -> None:
    """What comes back is cancelled as the rest was. Planted: given back to `affectee`, red."""
    engagement = await suite.engager({2026: 40_00})
    chemin = f"/v1/autorisations-engagement/{suite.autorisation_id}"
    version = (await suite.terrain.lire(chemin))["version"]
    annulation = {"date_effet": "2026-03-01", "source": "Délibération 2"}
    await suite.terrain.creer(f"{chemin}/annulations", annulation, version=version)

    faite(await suite.chaine.liquider(engagement, 10_00, pour_solde=True))

    assert await suite.autorisation() == {
        "engagee": 10_00,
        "affectee": 0,
        "annulee": 90_00,
        "engage_non_couvert": 0,
    }


@pytest.mark.parametrize(
    ("cas", "statut", "ou"),
    [
        ("annee de l'engagement", 422, "/exercice"),
        ("annee hors de l'echeancier", 422, "/exercice"),
        ("un centime de trop", 422, "/enveloppes"),
        ("deja couverte", 422, "/enveloppes"),
        ("enveloppe d'une autre annee", 422, "/enveloppes/0/enveloppe_id"),
        ("enveloppe inconnue", 422, "/enveloppes"),
        ("enveloppe non ouverte", 409, "transition-interdite"),
        ("disponible insuffisant", 409, "disponible-insuffisant"),
        ("fenetre pas encore ouverte", 409, "hors-periode"),
    ],
)
async def test_a_year_is_not_covered(suite: Suite, cas: str, statut: int, ou: str) -> None:
    engagement = await suite.engager()
    enveloppe_id = await suite.terrain.enveloppe(500_00, exercice=2027)
    exercice, montant = 2027, 30_01
    match cas:
        case "annee de l'engagement":
            exercice = 2026
        case "annee hors de l'echeancier":
            exercice = 2029
        case "un centime de trop":
            montant = 30_02
        case "deja couverte":
            faite(await suite.couvrir(engagement, 2027, (enveloppe_id, 30_01)))
            montant = 1
        case "enveloppe d'une autre annee":
            enveloppe_id = suite.enveloppe_id
        case "enveloppe inconnue":
            enveloppe_id = engagement["id"]
        case "enveloppe non ouverte":
            enveloppe_id = await suite.terrain.enveloppe(None, exercice=2027)
        case "disponible insuffisant":
            enveloppe_id = await suite.terrain.enveloppe(30_00, exercice=2027)
        case _:
            enveloppe_id = await suite.terrain.enveloppe(
                500_00, exercice=2027, fenetre_debut="2027-01-01"
            )

    answer = await suite.couvrir(engagement, exercice, (enveloppe_id, montant))

    assert answer.status_code == statut, answer.text
    found = answer.json()
    assert ou in [found["code"], *(une["pointeur"] for une in found.get("erreurs", ()))]


async def test_personnel_is_never_on_an_authorisation(suite: Suite) -> None:
    """I-20: the ten référents RSA of 35 are paid by annual credits."""
    corps = {"personnel": True}
    refuse = await suite.chaine.engager(
        suite.action_id, 10_00, ae_id=suite.autorisation_id, **corps
    )
    annuel = faite(await suite.chaine.engager(suite.action_id, 10_00, **corps))

    assert refuse.status_code == 422
    assert [une["pointeur"] for une in refuse.json()["erreurs"]] == ["/ae_id"]
    assert annuel["personnel"] is True
    assert (await suite.autorisation())["engagee"] == 0


async def test_credits_and_authorisations_that_do_not_exist_are_refused(suite: Suite) -> None:
    """By the rules first; the keys of the base hold them too."""
    await suite.terrain.creer("/v1/credits-paiement", credits_de(None, 2026, 30_00))
    refuse = await suite.chaine.engager(suite.action_id, 10_00, ae_id=suite.action_id)
    assert [une["pointeur"] for une in refuse.json()["erreurs"]] == ["/ae_id"]


async def test_nothing_is_committed_any_more_to_an_action_that_was_abandoned(suite: Suite) -> None:
    """Reserved before, it is not confirmed either. Planted: its state not looked at, red."""
    terrain = suite.terrain
    retenue = (await terrain.reserver(suite.action_id, montant=5_00)).json()
    engagement = await suite.engager({2026: 40_00})
    acte = {"type": "abandon", "date_acte": "2026-03-01", "motif": "Porteur défaillant"}
    await terrain.creer(f"/v1/actions/{suite.action_id}/actes", acte, version=1)

    refuses = [
        await terrain.reserver(suite.action_id, montant=1_00),
        await terrain.client.post(f"/v1/reservations/{retenue['id']}/confirmations", {}),
        await suite.chaine.engager(suite.action_id, 1_00),
    ]
    (offerte,) = (
        await terrain.client.post("/v1/actions/recherches", {"action_ids": [suite.action_id]})
    ).json()["elements"]

    assert {(one.status_code, one.json()["code"]) for one in refuses} == {
        (409, "transition-interdite")
    }
    assert offerte["montant_disponible_centimes"] == 0
    # What is owed is paid all the same.
    faite(await suite.chaine.liquider(engagement, 10_00))


async def test_the_window_of_an_envelope_without_a_convention_is_moved(
    suite: Suite, services: Mapping[str, Service], ouverte: str
) -> None:
    """By an avenant of its own, kept with what it moved; that of a convention moves the others."""
    terrain = suite.terrain
    libre = await terrain.enveloppe(
        10_00, convention_id=None, exercice=2026, fenetre_fin="2026-06-30"
    )
    avenant = {"fenetre_fin": "2026-12-31", "date_effet": "2026-03-01", "source": "Décision"}

    moved = await terrain.creer(f"/v1/enveloppes/{libre}/avenants", avenant, version=2)
    envers = await terrain.client.post(
        f"/v1/enveloppes/{libre}/avenants", {**avenant, "fenetre_debut": "2027-01-01"}, version=3
    )
    tenue = await terrain.client.post(
        f"/v1/enveloppes/{suite.enveloppe_id}/avenants", avenant, version=2
    )
    rien = await terrain.client.post(
        f"/v1/enveloppes/{libre}/avenants",
        {"date_effet": "2026-03-01", "source": "Décision"},
        version=3,
    )

    assert (moved["fenetre_fin"], moved["version"]) == ("2026-12-31", 3)
    assert moved["ouvert_centimes"] == 10_00
    for answer, pointeur in (
        (envers, "/fenetre_fin"),
        (tenue, "/fenetre_fin"),
        (rien, "/montant_centimes"),
    ):
        assert answer.status_code == 422, answer.text
        assert [une["pointeur"] for une in answer.json()["erreurs"]] == [pointeur]
    montant = {"montant_centimes": 20_00, "date_effet": "2026-03-01", "source": "Décision 2"}
    await terrain.creer(f"/v1/enveloppes/{libre}/avenants", montant, version=3)
    service, kept = services["financement"], tables.AvenantFenetre
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        rows = (await tx.execute(select(kept.__table__).where(siens(kept)))).all()
    assert [
        (str(un.enveloppe_id), un.fenetre_debut_avant, un.fenetre_debut, un.source) for un in rows
    ] == [(libre, None, None, "Décision")]
    (ecrite, *_) = (await terrain.lire(f"/v1/ecritures?objet_id={libre}"))["elements"]
    assert [un.client_id for un in rows] == [ecrite["client_id"]]
    assert [(un.fenetre_fin_avant, un.fenetre_fin, un.date_effet) for un in rows] == [
        (date(2026, 6, 30), date(2026, 12, 31), date(2026, 3, 1))
    ]


async def test_a_settled_envelope_is_given_nothing_back(suite: Suite) -> None:
    """Its state is the last: a titre claims it. Planted: its state not looked at, red."""
    terrain, chaine = suite.terrain, suite.chaine
    enveloppe_id = await terrain.enveloppe(10_00, exercice=2025)
    action_id = await terrain.action((enveloppe_id, 1, 1))
    engagement = faite(await chaine.engager(action_id, 10_00))
    mandat = await chaine.clore(faite(await chaine.liquider(engagement, 10_00)))
    fin = {"reliquat": "annulation", "date_effet": "2026-03-02", "source": "constat"}
    await terrain.creer(f"/v1/enveloppes/{enveloppe_id}/clotures", fin, version=2)
    await terrain.creer(f"/v1/enveloppes/{enveloppe_id}/soldes", {"source": "constat"}, version=3)

    rendu = {
        "montant_centimes": 1_00,
        "date_valeur": "2026-03-02",
        "reference_comptable": "R",
        "motif": "Trop",
    }
    answer = await chaine.acte(mandat, "remboursements", rendu)

    assert (answer.status_code, answer.json()["code"]) == (409, "transition-interdite")


async def test_what_is_not_mandated_is_listed_by_envelope_and_by_day(suite: Suite) -> None:
    """Ordered since, it was not on that day; and what never drew on an envelope is not of it."""
    terrain, chaine = suite.terrain, suite.chaine
    autre = await terrain.enveloppe(10_00, exercice=2026)
    ailleurs = faite(await chaine.engager(await terrain.action((autre, 1, 1)), 5_00))
    engagement = faite(await chaine.engager(suite.action_id, 40_00))
    await chaine.clore(faite(await chaine.liquider(engagement, 40_00, pour_solde=True)))

    async def listes(filtre: str) -> list[tuple[str, int]]:
        found = await terrain.lire(f"/v1/engagements-non-mandates?{filtre}")
        return [(one["id"], one["engage_centimes"]) for one in found["elements"]]

    assert await listes("") == [(ailleurs["id"], 5_00)]
    assert await listes(f"enveloppe_id={suite.enveloppe_id}") == []
    assert await listes(f"enveloppe_id={autre}&au=2026-03-02") == [(ailleurs["id"], 5_00)]
