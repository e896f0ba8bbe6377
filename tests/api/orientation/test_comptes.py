"""Places counted as they change: the accounts are what the rows say, and hold nobody back."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from alembic import command
from sqlalchemy import delete, text, update

from deploy.local import bases as provision
from deploy.local.services import alembic, migrer
from services.orientation import tables
from services.orientation.places.comptes import replier_comptes
from shared.socle.db import Transaction
from shared.socle.ids import new_id
from shared.socle.service import Service
from tests.api.test_listes import orientations

_STATUTS = ("placee", "en_file", "liberee")
# Both sides in one statement: of one instant, whatever others write meanwhile.
_ECARTS = """
WITH lignes AS (
  SELECT o.id, sum((statut = 'placee')::int), sum((statut = 'en_file')::int)
  FROM place p, unnest(ARRAY[p.organisme_id, p.unite_id, p.portefeuille_id]) AS o (id)
  WHERE o.id IS NOT NULL AND statut <> 'liberee' AND collectivite = {code} GROUP BY o.id),
comptes AS (
  SELECT objet_id, sum(placees), sum(en_file) FROM compte_place WHERE collectivite = {code}
  GROUP BY objet_id HAVING sum(placees) <> 0 OR sum(en_file) <> 0)
SELECT (SELECT count(*) FROM lignes), (SELECT count(*) FROM (
  (TABLE lignes EXCEPT ALL TABLE comptes) UNION ALL (TABLE comptes EXCEPT ALL TABLE lignes)) e)
"""


@pytest.fixture
def service(services: Mapping[str, Service]) -> Service:
    return services["orientation"]


async def lieux(tx: Transaction) -> dict[str, list[UUID]]:
    """Two organismes without a bound, with two units and two portfolios."""
    ids = {nom: [new_id(), new_id()] for nom in ("organisme", "unite", "portefeuille")}
    for rang in range(2):
        organisme = ids["organisme"][rang]
        await tx.add(
            tables.OrganismeReferent,
            {
                "id": organisme,
                "reference": f"compte-{rang}",
                "type": "france_travail",
                "nom": "Essai",
                "communes": [],
                "clients": [],
                "illustratif": True,
            },
        )
        await tx.add(
            tables.Unite,
            {
                "id": ids["unite"][rang],
                "organisme_referent_id": organisme,
                "reference": "u",
                "nom": "Essai",
                "communes": [],
                "illustratif": True,
            },
        )
        await tx.add(
            tables.Portefeuille,
            {
                "id": ids["portefeuille"][rang],
                "organisme_referent_id": organisme,
                "reference": "p",
                "role": "referent_rsa",
            },
        )
    return ids


def au_hasard(hasard: random.Random, ids: Mapping[str, Sequence[UUID]]) -> dict[str, Any]:
    """Where a place may be, and how it stands."""
    numero = hasard.randrange(2**40)  # unique in a queue
    return {
        "statut": hasard.choice(_STATUTS),
        "numero": numero,
        "organisme_id": hasard.choice(ids["organisme"]),
        "unite_id": hasard.choice([None, *ids["unite"]]),
        "portefeuille_id": hasard.choice([None, *ids["portefeuille"]]),
    }


async def ecarts(tx: Transaction) -> tuple[int, int]:
    """How many have places, and of how many the account differs from the rows."""
    row = (await tx.execute(text(_ECARTS.format(code=":collectivite")))).one()
    return row[0], row[1]


async def test_the_accounts_are_the_rows_at_any_instant(
    service: Service, ouverte: str, complet: bool
) -> None:
    """Places come, move, are given back and go, by many at once, while two sum what was added.

    Planted: the trigger without its columns of units, red; the sum without what it took out, red;
    a removal that is not counted, red.
    """
    acces = service.acces_interne(ouverte)
    async with service.base.transaction(acces) as tx:
        ids = await lieux(tx)
        dossiers = await orientations(tx, 64 if complet else 16)
    finis = 0

    async def ecrire(rang: int) -> None:
        nonlocal finis
        hasard = random.Random(rang)
        miens = dossiers[rang::4]
        places: dict[UUID, UUID] = {}
        for _ in range(200 if complet else 30):
            async with service.base.transaction(acces) as tx:
                dossier = hasard.choice(miens)
                la = places.get(dossier)
                values = au_hasard(hasard, ids)
                if la is None:
                    places[dossier] = new_id()
                    place = {"id": places[dossier], "orientation_id": dossier}
                    await tx.add(tables.Place, values | place)
                elif hasard.random() < 0.2:
                    await tx.execute(delete(tables.Place).where(tables.Place.id == la))
                    del places[dossier]
                else:
                    one = update(tables.Place).where(tables.Place.id == la)
                    await tx.execute(one.values(**values))
        finis += 1

    async def replier() -> None:
        while finis < 4:
            await replier_comptes(service, ouverte)
            async with service.base.transaction(acces) as tx:
                assert (await ecarts(tx))[1] == 0

    async with asyncio.TaskGroup() as tasks:
        for rang in range(4):
            tasks.create_task(ecrire(rang))
        for _ in range(2):
            tasks.create_task(replier())

    await replier_comptes(service, ouverte)
    async with service.base.transaction(acces) as tx:
        comptes, faux = await ecarts(tx)
        rows = await tx.execute(
            text(
                "SELECT count(*), count(DISTINCT objet_id) FROM compte_place"
                " WHERE collectivite = :collectivite"
            )
        )
        lignes, objets = rows.one()
    assert (comptes > 2, faux) == (True, 0)
    assert lignes == objets <= 6


async def test_two_places_at_one_organisme_do_not_wait_for_each_other(
    service: Service, ouverte: str
) -> None:
    """Without a bound nothing is held: crossed writings end, neither after the other.

    Planted: the count kept in the organisme's row, red (lock timeout).
    """
    acces = service.acces_interne(ouverte)
    async with service.base.transaction(acces) as tx:
        ids = await lieux(tx)
        dossiers = await orientations(tx, 4)

    async def placer(tx: Transaction, dossier: UUID, organisme: UUID) -> None:
        place = {"id": new_id(), "orientation_id": dossier, "organisme_id": organisme}
        await tx.add(tables.Place, place | {"statut": "placee"})

    a, b = ids["organisme"]
    async with service.base.transaction(acces) as un, service.base.transaction(acces) as deux:
        await placer(un, dossiers[0], a)
        await placer(deux, dossiers[1], b)
        await placer(un, dossiers[2], b)
        await placer(deux, dossiers[3], a)

    async with service.base.transaction(acces) as tx:
        assert await ecarts(tx) == (2, 0)


def test_the_past_is_counted_and_compared_by_the_migration(
    serveur: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two collectivités, places of each state, decisions on time and late.

    Planted: the collectivité not set in its turn, so that row-level security shows nothing, red.
    """
    prefixe = f"migration_{uuid4().hex[:8]}"
    url = provision.creer(serveur, tmp_path / "secrets.json", prefixe)["orientation"].proprietaire
    codes = ("35D", "42D")
    try:
        monkeypatch.setenv("JALONS_ORIENTATION_MIGRATION", url)
        command.upgrade(alembic("orientation"), "0013")
        with psycopg.connect(url) as base:
            for code in codes:
                _passe(base, code)

        migrer("orientation", url)

        with psycopg.connect(url) as base:
            for code in codes:
                base.execute(f"SET app.collectivite = '{code}'")
                assert base.execute(_ECARTS.format(code=f"'{code}'")).fetchone() == (2, 0)
                compte = "SELECT placees, en_file FROM compte_place ORDER BY placees"
                assert base.execute(compte).fetchall() == [(2, 0), (4, 3)]
                hors = "SELECT hors_delai, count(*) FROM orientation GROUP BY 1 ORDER BY 1"
                assert base.execute(hors).fetchall() == [(False, 4), (True, 5), (None, 1)]
    finally:
        provision.supprimer_tout(serveur, prefixe)


def _passe(base: psycopg.Connection[Any], code: str) -> None:
    """Ten cases of before: four decided in time, five late, one to decide; nine have places."""
    ids = {"c": code, "o": uuid4(), "u": uuid4()}
    base.execute(f"SET app.collectivite = '{code}'")
    for statement in (
        (
            "INSERT INTO collectivite (collectivite, libelle, ideparte, fuseau, delais)"
            " VALUES (%(c)s, 'Essai', '035', 'Europe/Paris', '[]')"
        ),
        (
            "INSERT INTO organisme_referent"
            " (collectivite, id, reference, type, nom, communes, clients, illustratif)"
            " VALUES (%(c)s, %(o)s, 'o', 'france_travail', 'Essai', '[]', '[]', true)"
        ),
        (
            "INSERT INTO unite (collectivite, id, organisme_referent_id, reference, nom, communes,"
            " illustratif) VALUES (%(c)s, %(u)s, %(o)s, 'u', 'Essai', '[]', true)"
        ),
        (
            "INSERT INTO personne (collectivite, id, client_id, nom, prenoms, date_naissance,"
            " beneficiaire_rsa, droits_devoirs, identite_empreinte)"
            " SELECT %(c)s, gen_random_uuid(), 'si-essai', 'Essai', 'Camille', '1990-04-12', true,"
            " true, '' FROM generate_series(0, 9)"
        ),
        (
            "INSERT INTO orientation (collectivite, id, personne_id, origine, statut, recu_le,"
            " date_limite, criteres, decision_id)"
            " SELECT %(c)s, gen_random_uuid(), id, 'saisie',"
            " CASE WHEN n = 9 THEN 'brouillon' ELSE 'ouverte' END,"
            " '2026-01-01', '2026-02-12', '[]', CASE WHEN n < 9 THEN gen_random_uuid() END"
            " FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM personne) p"
        ),
        (
            "INSERT INTO decision (collectivite, id, orientation_id, etat_decision, type_parcours,"
            " organisme_referent_id, date_decision, date_effet, regle_competence,"
            " organisme_decideur_id, client_id)"
            # The last day is in time.
            " SELECT %(c)s, decision_id, id, 'acceptee', 'professionnel', %(o)s,"
            " date '2026-02-12' + (CASE WHEN n < 4 THEN 0 ELSE 1 END), '2026-02-13', 'C1', %(o)s,"
            " 'si-essai' FROM (SELECT *, row_number() OVER (ORDER BY id) - 1 AS n FROM orientation"
            "  WHERE decision_id IS NOT NULL) o"
        ),
        (
            "INSERT INTO place (collectivite, id, orientation_id, organisme_id, statut, numero,"
            " unite_id) SELECT %(c)s, gen_random_uuid(), id, %(o)s,"
            " CASE WHEN n < 4 THEN 'placee' WHEN n < 7 THEN 'en_file' ELSE 'liberee' END, n,"
            " CASE WHEN n IN (0, 1, 8) THEN %(u)s::uuid END"
            " FROM (SELECT *, row_number() OVER (ORDER BY id) - 1 AS n FROM orientation"
            "  WHERE decision_id IS NOT NULL) o"
        ),
    ):
        base.execute(statement, ids)
