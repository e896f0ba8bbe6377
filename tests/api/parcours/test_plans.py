"""The deadlines of parcours stand on an index, whatever the number of people (architecture.md)."""

import json
from collections.abc import Mapping

import psycopg
from sqlalchemy import text

from deploy.local.bases import Adresses
from shared.socle.service import Service
from tests.api.test_plans import instructions, lues, noeuds
from tests.conftest import Connecter

PERSONNES, LUES_MAX = 5_000, 1_000
PEUPLER = (
    """
    INSERT INTO parcours (collectivite, id, personne_id, statut, date_ouverture, orientation_id,
        type_parcours, organisme_referent_id, cree_le)
    SELECT :collectivite, gen_random_uuid(), gen_random_uuid(), 'ouvert', DATE '2026-01-05',
        gen_random_uuid(), 'social', gen_random_uuid(), now() - n * interval '1 minute'
    FROM generate_series(1, :nombre) n
    """,
    """
    INSERT INTO periode (collectivite, id, parcours_id, orientation_id, type_parcours,
        organisme_referent_id, date_debut, date_fin, date_depart_contrat, cree_le)
    SELECT p.collectivite, gen_random_uuid(), p.id,
        CASE WHEN finie THEN gen_random_uuid() ELSE p.orientation_id END, 'social',
        p.organisme_referent_id, date_ouverture, CASE WHEN finie THEN date_ouverture END,
        date_ouverture + extract(minute FROM p.cree_le)::int, p.cree_le
    FROM parcours p, unnest(ARRAY[true, false]) finie
    WHERE collectivite = :collectivite
        AND (NOT finie OR extract(minute FROM p.cree_le)::int % 10 = 0)
    """,
)


async def test_a_page_of_deadlines_reads_little(
    services: Mapping[str, Service],
    bases: Mapping[str, Adresses],
    connecter: Connecter,
    ouverte: str,
) -> None:
    """In the order of the rows; date_limite is computed, and to order by it reads all that is open.

    Planted: the index left out, and the first periods asked for by NOT EXISTS, each red.
    """
    service = services["parcours"]
    acces = service.acces_interne(ouverte)
    async with service.base.transaction(acces) as tx:
        for order in PEUPLER:
            nombre = {"nombre": PERSONNES} if ":nombre" in order else {}
            await tx.execute(text(order), nombre)
    with psycopg.connect(bases["parcours"].proprietaire, autocommit=True) as base:
        base.execute("ANALYZE")

    with instructions(service) as sent:
        page = await connecter("parcours").get("/v1/echeances?limite=20")
    assert len(page.json()["elements"]) == 20, page.text

    ((statement, parameters),) = [one for one in sent if "date_depart_contrat" in one[0]]
    async with service.base.transaction(acces) as tx:
        found = await tx.connexion.exec_driver_sql(
            f"EXPLAIN (FORMAT JSON, ANALYZE) {statement}", tuple(parameters)
        )
        plan = found.scalar_one()
    whole = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    assert lues(whole) < LUES_MAX, [one.get("Index Name") for one in noeuds(whole)]
