"""The lines of parcours: each made by the act of its route, noted as it is."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from shared.socle.service import Service
from tests.api.parcours.test_activites import ACTIVITE
from tests.api.parcours.test_contrats_engagement import CONTENU
from tests.api.parcours.test_offres import OFFRE
from tests.api.parcours.test_rendez_vous import DEMANDE
from tests.api.test_imports_lignes import importer, sorts
from tests.conftest import Connecter


async def test_what_is_under_a_parcours_by_the_acts_of_its_routes(
    connecter: Connecter,
    services: Mapping[str, Service],
    ouverte: str,
    parcours_id: str,
    hier: date,
) -> None:
    """What changed a parcours is noted in its journal under the depositor's name.

    Planted: the act called without its note, red.
    """
    client, service = connecter("parcours"), services["parcours"]

    def ligne(rang: int, corps: Mapping[str, Any], **champs: Any) -> dict[str, Any]:
        tete = {"ligne_cle": str(rang), "reference_externe": f"x:{rang}"}
        return {**tete, "parcours_id": parcours_id, **corps, **champs}

    frein = {
        "code": "mobilite",
        "niveau": "fort",
        "date_observation": str(hier),
        "source": "referent",
    }
    parcours = (await client.get(f"/v1/parcours/{parcours_id}")).json()
    referent = {
        "agent": "agt-1",
        "organisme_referent_id": parcours["organisme_referent_id"],
        "date_debut": str(hier),
    }
    diagnostic = {"date_diagnostic": str(hier), "agent": "agt-1"}
    for type_, corps, chemin in (
        ("referents", referent, "referents"),
        ("diagnostics", diagnostic, "diagnostics"),
        ("freins", frein, "freins"),
        ("contrats_engagement", CONTENU, "contrats-engagement"),
        ("activites", ACTIVITE, "activites"),
        ("rendez_vous", DEMANDE, "rendez-vous"),
    ):
        stock = [
            ligne(1, corps),
            ligne(2, corps, parcours_id=str(uuid4())),
            ligne(3, corps, couleur="bleu"),
        ]
        done, lus = await importer(client, service, ouverte, type_, stock)
        assert sorts(lus) == ["creee", "refusee", "refusee"], (type_, lus)
        assert [un["probleme"]["code"] for un in lus[1:]] == ["introuvable", "validation"]
        read = await client.get(f"/v1/{chemin}/{lus[0]['id']}")
        assert read.json()["parcours_id"] == parcours_id
        _, encore = await importer(client, service, ouverte, type_, stock)
        assert (sorts(encore)[0], encore[0]["id"]) == ("identique", lus[0]["id"])
        assert done["type"] == type_

    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        found = await tx.execute(
            text("SELECT operation FROM acces_parcours WHERE client_id = 'si-essai' AND ecriture")
        )
        assert sorted(found.scalars()) == [
            "creer_activite",
            "creer_contrat_engagement",
            "creer_diagnostic",
            "creer_frein",
            "creer_referent",
            "creer_rendez_vous",
        ]


async def test_health_needs_its_own_scope_in_a_file_too(
    connecter: Connecter,
    services: Mapping[str, Service],
    ouverte: str,
    parcours_id: str,
    hier: date,
) -> None:
    """The rights are the depositor's, whoever runs the job. Planted: the service's own, red."""
    service = services["parcours"]
    sans = connecter("parcours", "parcours:lire parcours:ecrire parcours:importer")
    ligne = {
        "ligne_cle": "1",
        "reference_externe": "s:1",
        "parcours_id": parcours_id,
        "code": "sante",
        "niveau": "moyen",
        "date_observation": str(hier),
        "source": "referent",
    }
    _, lus = await importer(sans, service, ouverte, "freins", [ligne])
    assert lus[0]["probleme"]["code"] == "donnee-sante-interdite"
    diagnostic = {
        **{nom: ligne[nom] for nom in ("ligne_cle", "reference_externe", "parcours_id")},
        "date_diagnostic": str(hier),
        "agent": "agt-1",
        "freins": [{"code": "sante", "niveau": "moyen"}],
    }
    _, lus = await importer(sans, service, ouverte, "diagnostics", [diagnostic])
    assert lus[0]["probleme"]["code"] == "donnee-sante-interdite"
    _, lus = await importer(connecter("parcours"), service, ouverte, "freins", [ligne])
    assert sorts(lus) == ["creee"]


async def test_a_catalogue_is_made_then_brought_up_to_date(
    connecter: Connecter, services: Mapping[str, Service], ouverte: str
) -> None:
    client, service = connecter("parcours"), services["parcours"]
    offre = {"ligne_cle": "1", "reference_externe": "of:1", **OFFRE}
    _, lus = await importer(client, service, ouverte, "offres", [offre])
    change = {**offre, "titre": "Garage solidaire de Redon"}
    _, apres = await importer(client, service, ouverte, "offres", [change])
    _, encore = await importer(client, service, ouverte, "offres", [change])

    assert [sorts(un) for un in (lus, apres, encore)] == [["creee"], ["modifiee"], ["identique"]]
    read = (await client.get(f"/v1/offres/{lus[0]['id']}")).json()
    assert (read["titre"], read["version"]) == ("Garage solidaire de Redon", 2)
