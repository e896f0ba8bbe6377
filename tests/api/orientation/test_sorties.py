"""An exit told by parcours gives the place back, through the two feeds."""

from collections.abc import Mapping
from typing import Any

from services.orientation.places.sorties import SORTIES
from services.parcours.taches import TRAVAIL
from shared.socle.service import Service
from shared.socle.suivi import un_tour
from tests.api.orientation.conftest import Dossier
from tests.api.orientation.test_places import decider, ft, ouvrir_et_proposer
from tests.conftest import Client, Connecter

__all__ = ["ft"]


async def test_an_exit_places_the_first_in_the_queue(
    client: Client,
    connecter: Connecter,
    ouvrir: Dossier,
    ft: dict[str, Any],
    services: Mapping[str, Service],
    ouverte: str,
) -> None:
    """Told twice, it is applied once. Planted: the place not released, red."""
    dossiers = [await ouvrir_et_proposer(client, ouvrir) for _ in range(2)]
    decisions = [await decider(client, one) for one in dossiers]
    await un_tour(services["parcours"], TRAVAIL.suivis[0], ouverte, attente_s=0)
    parcours = connecter("parcours")
    url = f"/v1/parcours?personne_id={dossiers[0]['personne_id']}"
    (ouvert,) = (await parcours.get(url)).json()["elements"]
    sortie = {"motif": "emploi_durable", "date_sortie": decisions[0]["date_effet"]}
    closed = await parcours.post(f"/v1/parcours/{ouvert['id']}/clotures", sortie, version=1)
    assert closed.status_code == 201, closed.text

    await un_tour(services["orientation"], SORTIES, ouverte, attente_s=0)
    await un_tour(services["orientation"], SORTIES, ouverte, attente_s=0)

    lues = [(await client.get(f"/v1/orientations/{one['id']}")).json() for one in dossiers]
    assert [(one["statut"], one["place"]["statut"]) for one in lues] == [
        ("cloturee", "liberee"),
        ("ouverte", "placee"),
    ]
    feed = (await client.get("/v1/changements?limite=200")).json()["elements"]
    assert [one["type"] for one in feed][-2:] == [
        "orientation.orientation.close",
        "orientation.place.attribuee",
    ]


async def test_an_annulled_decision_opens_no_parcours(
    client: Client,
    connecter: Connecter,
    ouvrir: Dossier,
    services: Mapping[str, Service],
    ouverte: str,
) -> None:
    """Annulled before parcours heard of it. Planted: parcours reads the decision only, red."""
    dossier = await ouvrir_et_proposer(client, ouvrir)
    await decider(client, dossier)
    url = f"/v1/orientations/{dossier['id']}/annulations"
    await client.post(url, {"motif": "Critères relevés par erreur"}, version=3)

    await un_tour(services["parcours"], TRAVAIL.suivis[0], ouverte, attente_s=0)

    assert (await connecter("parcours").get("/v1/parcours")).json()["elements"] == []
