"""Each read of parcours stands on an index, whatever the number of people (architecture.md).

Like `tests/api/test_plans.py`: 20 000 people, in a database of its own.
"""

from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest
import pytest_asyncio

from tests.api import plans
from tests.api.parcours.test_contrats_engagement import CONTENU
from tests.api.plans import CODE, JOUR, Plein, creer, instructions
from tests.bench.peuplement_parcours import POPULATION
from tests.conftest import Emetteur, Reseau


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

    Before the indexes of 0012, and while deadlines were asked for by joins and NOT EXISTS: red.
    """
    plans.d_un_autre_planificateur(serveur)
    fautes = await plans.fautes_des_lectures(plein)
    assert not fautes, "\n".join(map(str, fautes))


async def test_each_command_finds_its_rows_by_an_index(plein: Plein) -> None:
    client, jour = plein.client, str(JOUR)
    with psycopg.connect(plein.admin) as base:
        found = base.execute(
            "SELECT p.id, max(d.id::text), p.version FROM parcours p"
            " JOIN diagnostic d ON d.parcours_id = p.id"
            " WHERE p.statut = 'ouvert' AND d.collectivite = %s AND NOT EXISTS"
            " (SELECT FROM contrat_engagement c WHERE c.personne_id = p.personne_id)"
            " AND NOT EXISTS (SELECT FROM diagnostic s WHERE s.remplace_id = d.id)"
            " AND p.date_ouverture < current_date - 200 GROUP BY p.id, p.version LIMIT 1",
            [CODE],
        ).fetchone()
    assert found is not None
    url, diagnostic, version = f"/v1/parcours/{found[0]}", found[1], found[2]
    observe = {"date_observation": jour, "source": "referent"}
    etat = {"date_etat": jour, "source": "referent"}
    with instructions(plein.service) as sent:
        frein = {"code": "autre", "libelle": "Essai", "niveau": "fort", **observe}
        du_frein = f"/v1/freins/{(await creer(client, f'{url}/freins', frein))['id']}"
        await creer(client, f"{du_frein}/niveaux", {"niveau": "moyen", **observe}, version=1)
        vise = await creer(client, f"{du_frein}/objectifs", {"libelle": "Un essai", **etat})
        realise = {"statut": "realise", **etat}
        await creer(client, f"/v1/objectifs/{vise['id']}/etats", realise, version=1)
        leve = {"date_levee": jour, "fondement": "objectifs_atteints"}
        await creer(client, f"{du_frein}/levees", leve, version=2)
        signe = {"date_diagnostic": jour, "agent": "agt-1", "remplace_id": diagnostic}
        await creer(client, f"{url}/diagnostics", signe)
        contrat = await creer(client, f"{url}/contrats-engagement", CONTENU)
        du_contrat = f"/v1/contrats-engagement/{contrat['id']}"
        signature = {"signataire": "organisme", "date_signature": jour}
        await creer(client, f"{du_contrat}/signatures", signature, version=1)
        activite = await creer(
            client,
            f"{url}/activites",
            {
                "type": "formation",
                "libelle": "Code de la route",
                "modalite": "collective",
                "encadree": True,
                "duree_hebdomadaire_minutes": 240,
                "date_debut": str(JOUR - timedelta(days=30)),
            },
        )
        heures = {"duree_minutes": 60, "source": "declare", "date_activite": jour}
        await creer(client, f"/v1/activites/{activite['id']}/heures", heures, version=1)
        rendez_vous = {
            "motif": "autre",
            "modalite": "physique",
            "reception": "individuelle",
            "initiateur": "usager",
            "agent": "agt-1",
            "debut_le": "2030-03-01T09:00:00Z",
            "fin_le": "2030-03-01T10:00:00Z",
        }
        await creer(client, f"{url}/rendez-vous", rendez_vous)
        sortie = {"motif": "autre", "date_sortie": jour, "commentaire": "Un essai"}
        await creer(client, f"{url}/clotures", sortie, version=version)
    assert len(sent) > 50
    fautes = await plans.fautes_des_commandes(plein, sent)
    assert not fautes, "\n".join(map(str, fautes))
