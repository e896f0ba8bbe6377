"""What is not mandated is found without summing all that ever was."""

import psycopg
import pytest

from tests.api.financement.conftest import CONVENTION
from tests.api.plans import CODE, Seul, creer, expliquer, instructions, lues, seul
from tests.conftest import Emetteur, Reseau

PEU, BEAUCOUP = 200, 8_000
FIN = "2025-12-31"
# Engaged, liquidated and ordered in 2025, a cent each.
ENGAGEMENTS = f"""
    INSERT INTO engagement (collectivite, id, exercice, numero, action_id, date_engagement, places,
        montant_centimes, statut, objet)
    SELECT '{CODE}', gen_random_uuid(), 2025, %(depuis)s + n, %(action)s, DATE '2025-01-01', 0, 1,
        'solde', 'Ancien'
    FROM generate_series(1, %(nombre)s) n
"""
LIGNES = f"""
    INSERT INTO engagement_ligne (collectivite, engagement_id, enveloppe_id, rang,
        montant_centimes, liquide_centimes)
    SELECT '{CODE}', id, %(enveloppe)s, 0, 1, 1 FROM engagement WHERE numero > %(depuis)s
        AND exercice = 2025
"""
ECRITURES = f"""
    INSERT INTO ecriture (collectivite, id, seq, evenement, date_effet, inscrite_le, client_id,
        engagement_id, empreinte_precedente, empreinte)
    SELECT '{CODE}', gen_random_uuid(), 1000000 + 3 * numero + rang, evenement,
        DATE '2025-02-01' + rang, TIMESTAMPTZ '2025-02-01 12:00Z', 'si-essai', id,
        sha256('a'), sha256('b')
    FROM engagement,
        (VALUES (0, 'engagement'), (1, 'liquidation'), (2, 'mandat')) v(rang, evenement)
    WHERE numero > %(depuis)s AND exercice = 2025
"""
MOUVEMENTS = f"""
    INSERT INTO ligne_ecriture (collectivite, ecriture_id, rang, seq, livre, poste, objet_id, sens,
        quantite, actif)
    SELECT '{CODE}', e.id, v.rang, e.seq, 'eng', v.poste, %(enveloppe)s, v.sens, 1, 'centime'
    FROM ecriture e JOIN (VALUES
        ('engagement', 0, 'engage', 'debit'), ('engagement', 1, 'disponible', 'credit'),
        ('liquidation', 0, 'liquide', 'debit'), ('liquidation', 1, 'engage', 'credit'),
        ('mandat', 0, 'mandate', 'debit'), ('mandat', 1, 'liquide', 'credit')
    ) v(evenement, rang, poste, sens) USING (evenement)
    WHERE e.seq >= 1000003 + 3 * %(depuis)s AND e.engagement_id IS NOT NULL
        AND e.date_effet < DATE '2026-01-01'
"""


def _remplir(plein: Seul, enveloppe_id: str, action_id: str, depuis: int, nombre: int) -> None:
    values = {
        "enveloppe": enveloppe_id,
        "action": action_id,
        "depuis": depuis,
        "nombre": nombre,
    }
    with psycopg.connect(plein.admin) as base:
        base.execute("SET session_replication_role = replica")  # triggers off: the fill is trusted
        for ordre in (ENGAGEMENTS, LIGNES, ECRITURES, MOUVEMENTS):
            base.execute(ordre.encode(), values)
    with psycopg.connect(plein.admin, autocommit=True) as base:
        base.execute("ANALYZE")


async def _lues(plein: Seul, chemin: str) -> float:
    with instructions(plein.service) as sent:
        answer = await plein.client.get(chemin)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["elements"]) == 3
    plans = [await expliquer(plein.service, *one, "ANALYZE") for one in sent]
    return sum(lues(plan, frozenset()) for plan in plans)


async def test_what_is_mandated_is_not_summed(
    serveur: str,
    emetteur: Emetteur,
    reseau: Reseau,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Of what is over at most its own row is, and none of its entries is summed.

    Planted: every engagement summed in the journal, as before (17 rows each), red.
    """
    dossier = tmp_path_factory.mktemp("gros_engagements")
    async with seul("financement", serveur, emetteur, reseau, dossier) as plein:
        convention = await creer(plein.client, "/v1/conventions", CONVENTION)
        cadre = {"reference": "une", "convention_id": convention["id"]}
        enveloppe_id = (await creer(plein.client, "/v1/enveloppes", cadre))["id"]
        ouverture = {
            "montant_centimes": 10**9,
            "qualificatif": "exact",
            "date_effet": "2019-12-31",
            "source": "acte d'essai",
        }
        await creer(plein.client, f"/v1/enveloppes/{enveloppe_id}/ouvertures", ouverture, version=1)
        part = {"enveloppe_id": enveloppe_id, "numerateur": 1, "denominateur": 1}
        action = {"code": "une", "libelle": "Une action", "cle": [part]}
        chemin = f"/v1/conventions/{convention['id']}/actions"
        action_id = (await creer(plein.client, chemin, action))["id"]
        for rang in range(3):
            corps = {
                "action_id": action_id,
                "tiers_siret": "10000000900017",
                "objet": f"Atelier {rang}",
                "montant_centimes": 100,
                "nature": "juridique",
                "date_engagement": "2025-06-01",
            }
            await creer(plein.client, "/v1/engagements", corps)
        chemins = ("/v1/engagements-non-mandates", f"/v1/engagements-non-mandates?au={FIN}")
        _remplir(plein, enveloppe_id, action_id, 10, PEU)
        peu = [await _lues(plein, chemin) for chemin in chemins]
        _remplir(plein, enveloppe_id, action_id, 10 + PEU, BEAUCOUP)
        beaucoup = [await _lues(plein, chemin) for chemin in chemins]

        for chemin, avant, apres in zip(chemins, peu, beaucoup, strict=True):
            print(f"{chemin}: {avant:.0f}, puis {apres:.0f}")
            assert 0 < apres - avant <= 2 * BEAUCOUP, chemin
