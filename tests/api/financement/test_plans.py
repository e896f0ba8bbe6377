"""Each read of financement stands on an index, whatever the number of dossiers (architecture.md).

Like `tests/api/test_plans.py`: 20 000 dossiers, in a database of their own.
"""

from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio

from tests.api import plans
from tests.api.plans import CODE, JOUR, Plein, creer, instructions
from tests.bench.peuplement_financement import CONVENTION_RARE, POPULATION, RARE
from tests.conftest import Emetteur, Reseau

BENEFICIAIRE = "019cb368-8f1e-7a0b-9c4d-2f6e81b7a350"


@pytest_asyncio.fixture(scope="module")
async def plein(
    serveur: str, emetteur: Emetteur, reseau: Reseau, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Plein]:
    """20 000 dossiers, in a database that no other test uses."""
    dossier = tmp_path_factory.mktemp("plans")
    async with plans.plein(POPULATION, 20_000, serveur, emetteur, reseau, dossier) as found:
        yield found


async def test_each_list_and_read_stands_on_an_index(plein: Plein, serveur: str) -> None:
    """Neither a whole table, nor most of an index: the first page and the second.

    Before the indexes of 0014, while the entries of an envelope were joined to all before they
    were cut to a page, and while what is to publish was summed over all envelopes: red.
    """
    plans.d_un_autre_planificateur(serveur)
    fautes = await plans.fautes_des_lectures(plein)
    assert not fautes, "\n".join(map(str, fautes))


@pytest.mark.parametrize(
    ("chemin", "table", "condition"),
    [
        pytest.param(
            "/v1/mandats?exercice=2019&exercice=2024&statut=rejete&statut=paye",
            "mandat",
            "exercice IN (2019, 2024) AND statut IN ('rejete', 'paye')",
            id="mandats",
        ),
        pytest.param(
            f"/v1/titres?exercice=2019&statut=annule&statut=emis&enveloppe_id={RARE}",
            "titre",
            f"exercice = 2019 AND statut IN ('annule', 'emis') AND enveloppe_id = '{RARE}'",
            id="titres",
        ),
        pytest.param(
            f"/v1/enveloppes?convention_id={CONVENTION_RARE}&exercice=2019&exercice=2023",
            "enveloppe",
            f"convention_id = '{CONVENTION_RARE}' AND exercice IN (2019, 2023)",
            id="enveloppes",
        ),
        pytest.param(
            f"/v1/ecritures?objet_id={RARE}&tri=-seq",
            "ecriture",
            f"id IN (SELECT ecriture_id FROM ligne_ecriture WHERE objet_id = '{RARE}')",
            id="écritures",
        ),
    ],
)
async def test_what_is_cut_to_the_page_is_what_was_asked(
    plein: Plein, chemin: str, table: str, condition: str
) -> None:
    """The first two pages of several values of a filter, in order, none twice."""
    ordre = "seq DESC" if "seq" in chemin else "cree_le DESC, id DESC"
    with psycopg.connect(plein.admin) as base:
        demande = f"SELECT id::text FROM {table} WHERE {condition} ORDER BY {ordre} LIMIT 14"
        attendus = [row[0] for row in base.execute(demande.encode()).fetchall()]
    premiere = await plein.client.get(f"{chemin}&limite=7")
    suite = await plein.client.get(premiere.links["next"]["url"])
    lus = [un["id"] for page in (premiere, suite) for un in page.json()["elements"]]
    assert lus == attendus


async def test_a_page_takes_as_many_statements_as_one_element(plein: Plein) -> None:
    """What stands beside an element is read with the page, and not element by element."""
    listes = [un for un in plein.demandes() if un.nom.endswith("?tri=-cree_le")]
    assert len(listes) > 25
    for demande in listes:
        combien = []
        for limite in (1, 50):
            with instructions(plein.service) as sent:
                page = await plein.client.get(f"{demande.chemins[-1]}&limite={limite}")
            assert page.status_code == 200, (demande.nom, page.text)
            combien.append(len(sent))
        assert combien[0] == combien[1] <= 5, (demande.nom, combien)


async def test_each_command_finds_its_rows_by_an_index(plein: Plein) -> None:
    client, jour = plein.client, str(JOUR)
    certificateur, ordonnateur, comptable = map(plein.par, ("certifie", "mandate", "paie"))
    with psycopg.connect(plein.admin) as base:
        found = base.execute(
            "SELECT action_id FROM part_financement WHERE collectivite = %s"
            " ORDER BY action_id DESC LIMIT 1",
            [CODE],
        ).fetchone()
    assert found is not None
    corps = {
        "action_id": str(found[0]),
        "beneficiaire_ref": BENEFICIAIRE,
        "places": 0,
        "montant_centimes": 100_00,
    }
    with instructions(plein.service) as sent:
        annulee = await creer(client, "/v1/reservations", corps)
        rendue = {"motif": "Un essai"}
        await creer(client, f"/v1/reservations/{annulee['id']}/annulations", rendue, version=1)
        reservee = await creer(client, "/v1/reservations", corps)
        confirmation = f"/v1/reservations/{reservee['id']}/confirmations"
        engagement = await creer(client, confirmation, {}, version=1)
        facture = {
            "type": "facture",
            "sha256": f"{1:064x}",
            "montant_total_centimes": 60_00,
            "date_piece": jour,
        }
        piece = await creer(client, "/v1/justificatifs", facture)
        service_fait = {
            "montant_presente_centimes": 60_00,
            "montant_retenu_centimes": 60_00,
            "date_service_fait": jour,
            "date_certification": jour,
            "justificatifs": [piece["sha256"]],
        }
        chemin = f"/v1/engagements/{engagement['id']}"
        liquidation = await creer(certificateur, f"{chemin}/liquidations", service_fait, version=1)
        await creer(client, f"{chemin}/degagements", {"motif": "Un essai"}, version=2)
        ordre = {
            "bordereau": "1",
            "fonction": "444",
            "nature": "65748",
            "date_emission": jour,
        }
        chemin = f"/v1/liquidations/{liquidation['id']}/mandats"
        mandat = await creer(ordonnateur, chemin, ordre, version=liquidation["version"])
        chemin = f"/v1/mandats/{mandat['id']}"
        await creer(comptable, f"{chemin}/prises-en-charge", {}, version=1)
        versement = {
            "montant_centimes": 60_00,
            "date_valeur": jour,
            "reference_comptable": "essai",
        }
        await creer(comptable, f"{chemin}/paiements", versement, version=2)
    assert len(sent) > 50
    fautes = await plans.fautes_des_commandes(plein, sent)
    assert not fautes, "\n".join(map(str, fautes))
