"""What is engaged and not liquidated when a window ends, carried to the next year's envelope."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from services.financement.journal.queries import verifier_journal
from shared.socle.service import Service
from tests.api.financement.conftest import Terrain
from tests.api.financement.depenses import Chaine, chaine_de, faite, parts
from tests.conftest import Connecter

AVENANT = {"date_effet": "2026-03-02", "source": "Avenant 3"}


@pytest_asyncio.fixture
async def chaine(
    terrain: Terrain, connecter: Connecter, services: Mapping[str, Service], ouverte: str
) -> AsyncIterator[Chaine]:
    """The four hands; once the test is over, the journal proves every balance."""
    yield chaine_de(terrain, connecter)
    service = services["financement"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        assert await verifier_journal(tx) == []


async def annees(terrain: Terrain, *, dans_la_cle: bool = False) -> tuple[str, list[str]]:
    """An action paid by halves by two funders of 2025, and their envelopes of 2025 then 2026."""
    enveloppes = [
        await terrain.enveloppe(1_000_00 if exercice == 2025 else 10_00, **cadre)
        for exercice in (2025, 2026)
        for cadre in (
            {"financeur": "etat", "exercice": exercice},
            {"financeur": "departement", "exercice": exercice},
        )
    ]
    cle = enveloppes if dans_la_cle else enveloppes[:2]
    return await terrain.action(*((one, 1, len(cle)) for one in cle)), enveloppes


async def reporter(
    chaine: Chaine, engagement: dict[str, Any], de: str, vers: str, **values: Any
) -> Any:
    """Try to carry a line of an engagement, as it is now."""
    chemin = f"/v1/engagements/{engagement['id']}"
    version = (await chaine.terrain.lire(chemin))["version"]
    corps = {"enveloppe_id": de, "vers_enveloppe_id": vers, **AVENANT, **values}
    return await chaine.terrain.client.post(f"{chemin}/reports", corps, version=version)


async def test_the_engaged_rest_is_carried_and_paid_by_the_next_year(chaine: Chaine) -> None:
    """§ 6, I-24: REPORTE(N) is what OUVERT(N+1) gains, once, and the split stays exact to the cent.

    Worked example A: 48 250,35, of which 31 000,01 is paid before.
    """
    terrain = chaine.terrain
    action_id, (etat25, dept25, etat26, dept26) = await annees(terrain)
    engagement = faite(await chaine.engager(action_id, 482_35))
    paye = faite(await chaine.liquider(engagement, 310_01))
    await chaine.clore(paye)

    for de, vers in ((etat25, etat26), (dept25, dept26)):
        faite(await reporter(chaine, engagement, de, vers))

    apres = await terrain.lire(f"/v1/engagements/{engagement['id']}")
    porte = {part["enveloppe_id"]: part["montant_centimes"] for part in apres["ventilation"]}
    assert porte == {etat25: 155_01, dept25: 155_00, etat26: 86_17, dept26: 86_17}
    assert sum(porte.values()) == apres["montant_centimes"] == 482_35
    for de, vers, reste in ((etat25, etat26, 86_17), (dept25, dept26, 86_17)):
        avant, suivant = await chaine.postes(de), await chaine.postes(vers)
        assert (avant["engage"], avant["reporte"]) == (0, reste)
        assert (suivant["ouvert"], suivant["engage"]) == (10_00 + reste, reste)
        assert suivant["disponible"] == 10_00

    partie = faite(await chaine.liquider(apres, 100_01))
    solde = faite(await chaine.liquider(apres, 72_33, pour_solde=True))
    assert {part["enveloppe_id"] for part in partie["ventilation"]} == {etat26, dept26}
    assert sum(parts(partie)) == 100_01
    assert sum(parts(solde)) == 72_33
    for one in (partie, solde):
        await chaine.clore(one)
    assert [(await chaine.postes(one))["paye"] for one in (etat25, dept25, etat26, dept26)] == [
        155_01,
        155_00,
        86_17,
        86_17,
    ]
    assert (await terrain.lire(f"/v1/engagements/{engagement['id']}"))["statut"] == "solde"


async def test_funders_keep_their_shares_when_one_alone_is_carried(chaine: Chaine) -> None:
    """Half is paid, one funder's rest is carried: the next payment is by halves still.

    Planted: who received weighed without what the giver paid, red.
    """
    action_id, (etat25, dept25, etat26, _) = await annees(chaine.terrain)
    engagement = faite(await chaine.engager(action_id, 200_00))
    faite(await chaine.liquider(engagement, 100_00))
    faite(await reporter(chaine, engagement, etat25, etat26))

    suivante = faite(await chaine.liquider(engagement, 50_00))

    payeurs = {part["enveloppe_id"]: part["montant_centimes"] for part in suivante["ventilation"]}
    assert payeurs == {dept25: 25_00, etat26: 25_00}


async def test_what_is_not_mandated_of_an_envelope_is_what_it_bears(chaine: Chaine) -> None:
    """As in the rests of its year: neither another funder's half, nor what was carried from it.

    Planted: the engagement summed over all its envelopes, red.
    """
    action_id, (etat25, dept25, etat26, _) = await annees(chaine.terrain)
    engagement = faite(await chaine.engager(action_id, 100_00))

    async def engages(*enveloppes: str) -> list[int]:
        filtre = "&".join(f"enveloppe_id={one}" for one in enveloppes)
        found = await chaine.terrain.lire(f"/v1/engagements-non-mandates?{filtre}")
        return [one["engage_centimes"] for one in found["elements"]]

    assert await engages(etat25) == [50_00]
    assert await engages(etat25, dept25) == await engages() == [100_00]
    faite(await reporter(chaine, engagement, etat25, etat26))
    assert (await engages(etat25), await engages(etat26)) == ([], [50_00])


async def test_nothing_is_carried_twice(chaine: Chaine) -> None:
    """I-24. Planted: the line not told of what it gave (its split passes its amount), red."""
    action_id, (de, _, vers, _) = await annees(chaine.terrain)
    engagement = faite(await chaine.engager(action_id, 100_00))
    faite(await reporter(chaine, engagement, de, vers))

    again = await reporter(chaine, engagement, de, vers)

    assert (again.status_code, again.json()["code"]) == (409, "transition-interdite")
    assert (await chaine.postes(vers))["engage"] == 50_00


async def test_what_is_given_back_after_a_report_returns_to_who_bears_it(chaine: Chaine) -> None:
    """The rest of a carried line is the next year's; so is the part of an action that has it."""
    action_id, (etat25, dept25, etat26, dept26) = await annees(chaine.terrain, dans_la_cle=True)
    engagement = faite(await chaine.engager(action_id, 40_00))
    assert parts(engagement) == [10_00] * 4
    faite(await reporter(chaine, engagement, etat25, etat26))

    chemin = f"/v1/engagements/{engagement['id']}"
    rendu = await chaine.gestionnaire.post(f"{chemin}/degagements", {"motif": "tout"}, version=2)

    assert faite(rendu)["degage_centimes"] == 40_00
    assert [
        (found["disponible"], found["engage"], found["ouvert"])
        for found in [await chaine.postes(one) for one in (etat25, dept25, etat26, dept26)]
    ] == [
        (990_00, 0, 1_000_00),
        (1_000_00, 0, 1_000_00),
        (20_00, 0, 20_00),
        (10_00, 0, 10_00),
    ]


async def test_a_carried_engagement_is_undone_by_no_reversal(chaine: Chaine) -> None:
    """Its lines would still say that it is carried. Planted: undone as any report is, red."""
    action_id, (de, _, vers, _) = await annees(chaine.terrain)
    engagement = faite(await chaine.engager(action_id, 100_00))
    faite(await reporter(chaine, engagement, de, vers))
    entries = (await chaine.terrain.lire(f"/v1/ecritures?objet_id={vers}"))["elements"]
    (report,) = [one for one in entries if one["evenement"] == "report"]

    answer = await chaine.terrain.client.post(
        f"/v1/ecritures/{report['id']}/contrepassations", AVENANT
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "transition-interdite")


@pytest.mark.parametrize(
    ("cas", "statut", "ou"),
    [
        ("fenetre encore ouverte", 422, "/date_effet"),
        ("effet a venir", 422, "/date_effet"),
        ("exercice anterieur", 422, "/vers_enveloppe_id"),
        ("enveloppe qui ne porte rien", 422, "/enveloppe_id"),
        ("autre financeur, sans decision", 422, "/decision"),
        ("enveloppe suivante non ouverte", 409, "transition-interdite"),
        ("version lue avant un autre report", 412, "version-depassee"),
    ],
)
async def test_a_report_is_refused(chaine: Chaine, cas: str, statut: int, ou: str) -> None:
    terrain = chaine.terrain
    action_id, (de, dept25, vers, dept26) = await annees(terrain)
    engagement = faite(await chaine.engager(action_id, 100_00))
    values: dict[str, Any] = {}
    match cas:
        case "fenetre encore ouverte":
            values = {"date_effet": "2025-12-31"}
        case "effet a venir":
            values = {"date_effet": "2026-03-03"}
        case "exercice anterieur":
            vers = dept25
        case "enveloppe qui ne porte rien":
            de = await terrain.enveloppe(1_00, exercice=2025)
        case "autre financeur, sans decision":
            vers = dept26
        case "enveloppe suivante non ouverte":
            vers = await terrain.enveloppe(None, exercice=2026)
        case _:
            faite(await reporter(chaine, engagement, dept25, dept26))

    if statut == 412:
        corps = {"enveloppe_id": de, "vers_enveloppe_id": vers, **AVENANT}
        chemin = f"/v1/engagements/{engagement['id']}/reports"
        answer = await terrain.client.post(chemin, corps, version=1)
    else:
        answer = await reporter(chaine, engagement, de, vers, **values)

    assert answer.status_code == statut, answer.text
    found = answer.json()
    assert ou in [found["code"], *(une["pointeur"] for une in found.get("erreurs", ()))]
    assert (await chaine.postes(de))["reporte"] == 0


async def test_a_service_certified_before_the_report_is_paid_by_the_year_that_bore_it(
    chaine: Chaine,
) -> None:
    """I-05 on the line of effect dates: the next year bore nothing on that day."""
    action_id, (etat25, dept25, etat26, dept26) = await annees(chaine.terrain)
    engagement = faite(await chaine.engager(action_id, 100_00, date_engagement="2025-11-03"))
    for de, vers in ((etat25, etat26), (dept25, dept26)):
        faite(await reporter(chaine, engagement, de, vers))
    jours = {"date_service_fait": "2025-12-01", "date_certification": "2025-12-20"}

    answer = await chaine.liquider(engagement, 10_00, **jours)

    assert (answer.status_code, answer.json()["code"]) == (409, "disponible-insuffisant")
