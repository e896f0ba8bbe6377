"""The lines of financement: each made by the act of its route, its postings in the same commit."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import uuid4

from shared.socle.service import Service
from tests.api.financement.conftest import CONVENTION, Terrain
from tests.api.test_imports_lignes import importer, sorts


async def test_a_stock_of_conventions_goes_down_to_the_cent(
    terrain: Terrain, services: Mapping[str, Service], ouverte: str
) -> None:
    """Convention, envelope, action, piece, engagement, each file naming what the last one made.

    Planted: the savepoint of a refused line not returned to, its reservation stayed, red.
    """
    client, service = terrain.client, services["financement"]

    async def charger(type_: str, *corps: Mapping[str, Any]) -> list[dict[str, Any]]:
        stock = [
            {"ligne_cle": str(rang), "reference_externe": f"{type_}:{rang}", **un}
            for rang, un in enumerate(corps)
        ]
        _, lus = await importer(client, service, ouverte, type_, stock)
        _, encore = await importer(client, service, ouverte, type_, stock)
        for avant, apres in zip(lus, encore, strict=True):
            if avant["statut"] == "creee":
                assert (apres["statut"], apres["id"]) == ("identique", avant["id"])
            else:
                assert apres["statut"] == "refusee"
        return lus

    lus = await charger(
        "conventions", {**CONVENTION, "reference": "35-PTI"}, CONVENTION, {"reference": "x"}
    )
    assert sorts(lus) == ["creee", "refusee", "refusee"]
    assert lus[1]["probleme"]["code"] == "reference-externe-existante"

    enveloppe = {
        "reference": "env-lignes",
        "convention_id": lus[0]["id"],
        "exercice": 2024,
        "financeur": "etat",
    }
    lus = await charger("enveloppes", enveloppe, {**enveloppe, "convention_id": str(uuid4())})
    assert sorts(lus) == ["creee", "refusee"]

    ouverte_id = await terrain.enveloppe(1_000_00)
    action = {
        "convention_id": terrain.convention_id,
        "code": "act-lignes",
        "libelle": "Action d'essai",
        "cle": [{"enveloppe_id": ouverte_id, "numerateur": 1, "denominateur": 1}],
        "mode_capacite": "stock",
        "places_ouvertes": 12,
    }
    lus = await charger("actions", action, {**action, "code": "b", "couleur": "bleu"})
    assert sorts(lus) == ["creee", "refusee"]
    action_id = lus[0]["id"]
    assert await terrain.places(action_id) == (12, 0, 0)

    piece = sha256(b"essai").hexdigest()
    facture = {"type": "facture", "sha256": piece, "date_piece": "2024-03-01"}
    lus = await charger("justificatifs", facture, {**facture, "sha256": "court"})
    assert sorts(lus) == ["creee", "refusee"]

    engagement = {
        "action_id": action_id,
        "tiers_siret": "10000000900017",
        "objet": "Atelier de mobilité",
        "montant_centimes": 600_00,
        "nature": "juridique",
        "date_engagement": "2024-06-01",
    }
    lus = await charger("engagements", engagement, {**engagement, "objet": "Un de trop"})
    assert (sorts(lus), lus[1]["probleme"]["code"]) == (
        ["creee", "refusee"],
        "disponible-insuffisant",
    )
    assert await terrain.soldes(ouverte_id) == (400_00, 0, 600_00)
