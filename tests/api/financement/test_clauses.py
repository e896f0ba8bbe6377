"""Social clauses: minutes by month and public, proved like cents; never a person."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from services.financement.journal.queries import verifier_journal
from shared.socle.service import Service
from tests.api.financement.conftest import Terrain
from tests.api.financement.test_recettes import JOUR, refus

CLAUSE = {
    "reference": "M-2015-044",
    "objet": "Clauses du Département",
    "acheteur_siret": "10000000900017",
    "titulaire_siret": "10000001700010",
    "facilitateur": "Maison de l'emploi",
    "minutes_prevues": 4_440_000,
    "part_brsa_cible_points_base": 4_000,
    "date_debut": "2015-01-01",
    "date_fin": "2026-12-31",
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


def minutes(nombre: int, public: str = "brsa", **values: Any) -> dict[str, Any]:
    """The minutes of a month and a public."""
    return {
        "mois": "2026-02-01",
        "public": public,
        "minutes": nombre,
        "date_effet": JOUR,
        **values,
    }


async def test_nothing_is_declared_beyond_what_is_planned(terrain: Terrain) -> None:
    """What is left is told in minutes, as it is counted. Seen red: told in cents."""
    clause = await terrain.creer("/v1/clauses", CLAUSE | {"minutes_prevues": 600})
    chemin = f"/v1/clauses/{clause['id']}/declarations"
    trop = (409, "disponible-insuffisant")
    refused = await terrain.client.post(chemin, minutes(601))
    assert (refused.status_code, refused.json()["code"]) == trop
    assert (refused.json()["disponible_minutes"], "disponible_centimes" in refused.json()) == (
        600,
        False,
    )
    await terrain.creer(chemin, minutes(600))
    assert await refus(terrain, chemin, minutes(1)) == trop


@pytest.mark.parametrize(
    ("personnes", "contrats", "montres"),
    [
        pytest.param(4, 5, (None, 5, True), id="quatre personnes, cinq contrats"),
        pytest.param(5, 4, (5, None, True), id="cinq personnes, quatre contrats"),
        pytest.param(5, 5, (5, 5, False), id="au seuil"),
        pytest.param(0, None, (0, None, False), id="aucune, et non dits"),
    ],
)
async def test_few_persons_are_not_shown(
    terrain: Terrain,
    personnes: int,
    contrats: int | None,
    montres: tuple[int | None, int | None, bool],
) -> None:
    clause = await terrain.creer("/v1/clauses", CLAUSE)
    chemin = f"/v1/clauses/{clause['id']}/declarations"
    corps = minutes(600, personnes=personnes, contrats=contrats)
    creee = await terrain.creer(chemin, corps)
    lue = await terrain.lire(f"{chemin}/{creee['id']}")
    (listee,) = (await terrain.lire(f"{chemin}?statut=declaree"))["elements"]
    for found in (creee, lue, listee):
        assert (found["personnes"], found["contrats"], found["masque"]) == montres


@pytest.mark.parametrize(
    ("clause", "declaration"),
    [
        pytest.param({"titulaire_siret": "10000001700011"}, {}, id="clé de SIRET"),
        pytest.param({"date_fin": "2014-12-31"}, {}, id="fin avant le début"),
        pytest.param({"date_debut": "2026-03-03"}, {}, id="début à venir"),
        pytest.param({}, {"mois": "2026-02-02"}, id="pas le premier du mois"),
        pytest.param({}, {"mois": "2014-12-01"}, id="mois avant la clause"),
        pytest.param({}, {"mois": "2026-04-01"}, id="mois à venir"),
        pytest.param({}, {"date_effet": "2026-03-03"}, id="déclarée demain"),
    ],
)
async def test_days_and_numbers_are_checked(
    terrain: Terrain, clause: dict[str, Any], declaration: dict[str, Any]
) -> None:
    if clause:
        assert await refus(terrain, "/v1/clauses", CLAUSE | clause) == (422, "validation")
        return
    creee = await terrain.creer("/v1/clauses", CLAUSE)
    chemin = f"/v1/clauses/{creee['id']}/declarations"
    assert await refus(terrain, chemin, minutes(60, **declaration)) == (422, "validation")


async def test_a_market_has_one_clause_a_lot_and_a_declaration_one_decision(
    terrain: Terrain,
) -> None:
    await terrain.creer("/v1/clauses", CLAUSE | {"lot": "1"})
    clause = await terrain.creer("/v1/clauses", CLAUSE)
    existante = (409, "reference-externe-existante")
    assert await refus(terrain, "/v1/clauses", CLAUSE) == existante
    chemin = f"/v1/clauses/{clause['id']}/declarations"
    declaration = await terrain.creer(chemin, minutes(60))
    decisions = f"{chemin}/{declaration['id']}/decisions"
    rejet = {"sens": "rejetee", "date_effet": JOUR}
    assert await refus(terrain, decisions, rejet, version=1) == (422, "validation")
    validee = rejet | {"sens": "validee"}
    await terrain.creer(decisions, validee, version=1)
    assert await refus(terrain, decisions, validee, version=2) == (409, "transition-interdite")
