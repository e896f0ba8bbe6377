"""A balance costs the same after a million entries as after a thousand (issue of the journal)."""

import time
from collections.abc import Sequence
from statistics import median

import psycopg
import pytest

from tests.api.plans import CODE, Seul, creer, expliquer, instructions, lues, seul
from tests.conftest import Emetteur, Reseau

JOURS = 1_000  # of effect and of inscription: what a balance of the past is a sum of
PETIT, GRAND, COMPLET = 1_000, 100_000, 1_000_000
ENTREES = f"""
    INSERT INTO ecriture (collectivite, id, seq, evenement, date_effet, inscrite_le, client_id,
        empreinte_precedente, empreinte)
    SELECT '{CODE}', gen_random_uuid(), %(depuis)s + n, 'reservation',
        DATE '2020-01-01' + (n %% {JOURS})::int,
        TIMESTAMPTZ '2020-01-01 12:00Z' + (n %% {JOURS}) * interval '1 day', 'si-essai',
        sha256(n::text::bytea), sha256(n::text::bytea)
    FROM generate_series(1, %(nombre)s) n
"""
LIGNES = f"""
    INSERT INTO ligne_ecriture (collectivite, ecriture_id, rang, seq, livre, poste, objet_id, sens,
        quantite, actif)
    SELECT '{CODE}', id, rang, seq, 'eng', poste, %(objet)s, sens, 1, 'centime'
    FROM ecriture,
        (VALUES (0, 'reserve', 'debit'), (1, 'disponible', 'credit')) v(rang, poste, sens)
    WHERE seq > %(depuis)s
"""
JOURNEES = f"""
    INSERT INTO mouvement_jour
    SELECT '{CODE}', objet_id, livre, poste, date_effet, date_effet,
        sum(CASE sens WHEN 'debit' THEN quantite ELSE -quantite END)
    FROM ligne_ecriture l
        JOIN ecriture e ON e.collectivite = l.collectivite AND e.id = l.ecriture_id
    WHERE l.objet_id = %(objet)s AND l.seq > %(depuis)s GROUP BY 1, 2, 3, 4, 5, 6
"""
# The opening too was known on its day of effect.
CONNUES = "UPDATE mouvement_jour SET jour_inscription = date_effet WHERE objet_id = %(objet)s"
SOLDES = """
    UPDATE solde SET solde = solde + CASE poste WHEN 'reserve' THEN %(nombre)s ELSE -%(nombre)s END
    WHERE objet_id = %(objet)s AND poste IN ('reserve', 'disponible')
"""
LECTURES = ("", "?au=2022-01-01", "?au=2022-01-01&connu_au=2021-12-01")


async def _ouvrir(plein: Seul, reference: str, nombre: int) -> str:
    """An envelope that so many entries have drawn on, a cent each, over the same days."""
    enveloppe = await creer(plein.client, "/v1/enveloppes", {"reference": reference})
    ouverture = {
        "montant_centimes": 10**9,
        "qualificatif": "exact",
        "date_effet": "2019-12-31",
        "source": "acte d'essai",
    }
    chemin = f"/v1/enveloppes/{enveloppe['id']}/ouvertures"
    await creer(plein.client, chemin, ouverture, version=1)
    with psycopg.connect(plein.admin) as base:
        base.execute("SET session_replication_role = replica")  # triggers off: the fill is trusted
        row = base.execute("SELECT max(seq) FROM ecriture").fetchone()
        assert row is not None
        values = {"objet": enveloppe["id"], "nombre": nombre, "depuis": row[0]}
        for ordre in (ENTREES, "ANALYZE ecriture", LIGNES, "ANALYZE", JOURNEES, CONNUES, SOLDES):
            base.execute(ordre.encode(), values)
        # The next entry is chained to the last of them.
        base.execute(
            "UPDATE chaine SET seq = seq + %(nombre)s, empreinte = sha256(%(nombre)s::text::bytea)",
            values,
        )
    with psycopg.connect(plein.admin, autocommit=True) as base:
        base.execute("ANALYZE")
    found: str = enveloppe["id"]
    return found


async def _lues(plein: Seul, chemin: str) -> float:
    with instructions(plein.service) as sent:
        answer = await plein.client.get(chemin)
    assert answer.status_code == 200, answer.text
    plans = [await expliquer(plein.service, *one, "ANALYZE") for one in sent]
    return sum(lues(plan, frozenset()) for plan in plans)


async def _mediane_s(plein: Seul, chemins: Sequence[str]) -> list[float]:
    """Of each path, read in turns: what slows the machine slows them all."""
    durees: list[list[float]] = [[] for _ in chemins]
    for _ in range(30):
        for rang, chemin in enumerate(chemins):
            debut = time.perf_counter()
            await plein.client.get(chemin)
            durees[rang].append(time.perf_counter() - debut)
    return [median(une) for une in durees]


async def test_a_balance_does_not_depend_on_the_number_of_entries(
    serveur: str,
    emetteur: Emetteur,
    reseau: Reseau,
    tmp_path_factory: pytest.TempPathFactory,
    complet: bool,
) -> None:
    """Of now, of a day, and as known on a day: the same rows read, within 1.5 in time.

    100 000 entries by default, 1 000 000 with `--complet`. Time is judged with `--complet` only.
    """
    dossier = tmp_path_factory.mktemp("gros_journal")
    async with seul("financement", serveur, emetteur, reseau, dossier) as plein:
        petite = await _ouvrir(plein, "petite", PETIT)
        grande = await _ouvrir(plein, "grande", COMPLET if complet else GRAND)
        for lecture in LECTURES:
            chemins = [f"/v1/enveloppes/{une}{lecture}" for une in (petite, grande)]
            peu, beaucoup = [await _lues(plein, chemin) for chemin in chemins]
            assert 0 < beaucoup <= 1.5 * peu, lecture
            rapide, lente = await _mediane_s(plein, chemins)
            print(f"{lecture or 'disponible'}: {lente / rapide:.2f}")
            if complet:
                assert lente <= 1.5 * rapide, lecture
        assert await _lues(plein, f"/v1/ecritures?objet_id={grande}&limite=20") < 500
