"""Each read of orientation stands on an index, whatever the number of people (architecture.md).

A database of its own with 20 000 people in one collectivité; each list by each of its filters and
orders, each read by id and each command is sent through the door, and the statements that the
service really sent are planned again, and run again, on the same rows.
"""

from collections.abc import AsyncIterator, Mapping
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import Update, update

from services.orientation import tables
from shared.socle.service import Service
from tests.api import plans
from tests.api.orientation.conftest import PERSONNE, criteres
from tests.api.plans import JOUR, Plein, creer, instructions
from tests.bench.peuplement_orientation import POPULATION
from tests.conftest import Connecter, Emetteur, Reseau

NAISSANCE = {"prenoms": "Camille", "date_naissance": "1990-04-12"}
SEANCE = {
    "type": "reunion_collective",
    "type_lieu": "point_accueil",
    "lieu": "Maison d'essai",
    "code_commune": "35238",
    "debut_le": "2030-03-01T09:00:00Z",
    "fin_le": "2030-03-01T11:00:00Z",
    "places": 20,
}


@pytest_asyncio.fixture(scope="module")
async def plein(
    serveur: str, emetteur: Emetteur, reseau: Reseau, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Plein]:
    """20 000 people, in a database that no other test uses."""
    dossier = tmp_path_factory.mktemp("plans")
    async with plans.plein(POPULATION, 20_000, serveur, emetteur, reseau, dossier) as found:
        yield found


async def test_each_list_and_read_stands_on_an_index(plein: Plein, serveur: str) -> None:
    """Neither a whole table, nor most of an index: the first page and the second.

    A range in the order of another column, which no index gives, is refused. Before the indexes of
    0012, and before 0014: red. The bounds are those of the planner that Jalons brings; what
    PostgreSQL 15 does otherwise is in docs/mesures.md.
    """
    plans.d_un_autre_planificateur(serveur)
    fautes = await plans.fautes_des_lectures(plein)
    assert not fautes, "\n".join(map(str, fautes))


async def test_each_command_finds_its_rows_by_an_index(plein: Plein) -> None:
    client = plein.client
    with instructions(plein.service) as sent:
        trouvee = await client.post("/v1/personnes/recherches", {"nom": "Personne"} | NAISSANCE)
        assert trouvee.status_code == 200, trouvee.text
        personne = await creer(client, "/v1/personnes", PERSONNE)
        found = await creer(client, "/v1/orientations", {"personne_id": personne["id"]})
        url = f"/v1/orientations/{found['id']}"
        await creer(client, f"{url}/criteres", criteres(), version=1)
        await creer(client, f"{url}/decisions", {"etat_decision": "acceptee"}, version=2)
        jour = str(JOUR)
        remise = {"mode": "remise_en_main_propre", "date_envoi": jour, "date_reception": jour}
        await creer(client, f"{url}/notifications", remise, version=3)
        seance = await creer(client, "/v1/accueils", SEANCE)
        envoi = {"personne_id": personne["id"], "mode": "courrier", "date_envoi": jour}
        await creer(client, f"/v1/accueils/{seance['id']}/convocations", envoi)
        await creer(client, f"{url}/annulations", {"motif": "essai"}, version=4)
    assert len(sent) > 50
    fautes = await plans.fautes_des_commandes(plein, sent)
    assert not fautes, "\n".join(map(str, fautes))


async def test_a_case_is_listed_where_its_person_lives_now(
    services: Mapping[str, Service], connecter: Connecter, ouverte: str
) -> None:
    """A case keeps the commune of its person beside it, whoever moves the one or the other.

    Planted: the trigger on persons left out, red.
    """
    client = connecter("orientation")
    habitants = [
        await creer(client, "/v1/personnes", PERSONNE | {"nom": nom, "code_commune": commune})
        for nom, commune in (("Essai-Ici", "35236"), ("Essai-Ailleurs", "35238"))
    ]
    ici, ailleurs = (UUID(one["id"]) for one in habitants)
    found = await creer(client, "/v1/orientations", {"personne_id": str(ici)})

    async def communes() -> list[str]:
        listees = {}
        for commune in ("35236", "35238", "35288"):
            page = await client.get(f"/v1/echeances?code=orientation_pcd&commune={commune}")
            listees[commune] = [one["orientation_id"] for one in page.json()["elements"]]
        return [commune for commune, ids in listees.items() if found["id"] in ids]

    async def changer(statement: Update) -> None:
        service = services["orientation"]
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            await tx.execute(statement)

    assert await communes() == ["35236"]
    personne, dossier = tables.Personne, tables.Orientation
    await changer(update(personne).where(personne.id == ici).values(commune="35288"))
    assert await communes() == ["35288"]
    await changer(
        update(dossier).where(dossier.id == UUID(found["id"])).values(personne_id=ailleurs)
    )
    assert await communes() == ["35238"]
