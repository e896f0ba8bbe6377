"""An export whose worker is killed while it writes: whole in the end, and of one instant."""

import asyncio
import hashlib
import json
from datetime import datetime

import httpx
import psycopg

from deploy.local.partenaire import Partenaire
from deploy.local.services import SERVICES, Installation

NOMBRE = 12_000
_PERSONNES = (
    "INSERT INTO personne (collectivite, id, client_id, nom, prenoms, date_naissance,"
    " beneficiaire_rsa, droits_devoirs, identite_empreinte)"
    " SELECT '35D', gen_random_uuid(), 'si-essai', 'Essai-Export', 'Camille', '1990-04-12', true,"
    " true, ''::bytea FROM generate_series(1, %s)"
)
_ORIENTATIONS = (
    "INSERT INTO orientation (collectivite, id, personne_id, origine, statut, recu_le, date_limite,"
    " criteres) SELECT '35D', gen_random_uuid(), id, 'saisie', 'brouillon', now(), '2026-03-01',"
    " '[]' FROM personne WHERE collectivite = '35D'"
)
_MORCEAUX = "SELECT count(*) FROM export_morceau WHERE collectivite = '35D'"


async def test_a_killed_worker_leaves_no_half_of_an_export(
    installation: Installation, si: Partenaire
) -> None:
    """Killed when some pieces are written; the next one begins again, whole, and counts each once.

    Planted: what the dead worker wrote kept, and the export never ends, red.
    """
    for service in SERVICES:
        await si.ecrire(
            service,
            "/v1/collectivites",
            {"code": "35D", "libelle": "Essai", "ideparte": "035", "fuseau": "Europe/Paris"},
            cle=f"ouvrir:{service}",
        )
    url = installation._bases["orientation"].service
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as base:
        await base.execute("SELECT set_config('app.collectivite', '35D', false)")
        await base.execute(_PERSONNES, (NOMBRE,))
        await base.execute(_ORIENTATIONS)
        export = await si.ecrire(
            "orientation", "/v1/exports", {"type": "orientations"}, cle="export"
        )
        chemin = f"/v1/exports/{export['id']}"
        async with asyncio.timeout(30):
            while not (await (await base.execute(_MORCEAUX)).fetchone())[0]:  # type: ignore[index]
                await asyncio.sleep(0.005)
        installation.tuer("travailleur")
        tue = await si.lire("orientation", chemin)
        assert (tue["statut"], tue["fichiers"]) == ("en_cours", [])
        await asyncio.to_thread(installation.relancer, "travailleur", attendre=False)

    async with asyncio.timeout(90):
        while (fini := await si.lire("orientation", chemin))["statut"] != "terminee":
            await asyncio.sleep(0.2)
    assert datetime.fromisoformat(fini["instant_reference"]) < datetime.fromisoformat(
        fini["termine_le"]
    )
    assert [un["nombre"] for un in fini["fichiers"]] == [10_000, 2_000]
    vus = set()
    entetes = {
        "Authorization": f"Bearer {await si.jeton('orientation')}",
        "Accept-Encoding": "identity",
    }
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        for fichier in fini["fichiers"]:
            answer = await http.get(fichier["url"], headers=entetes)
            assert hashlib.sha256(answer.content).hexdigest() == fichier["sha256"]
            assert len(answer.content) == fichier["octets"]
            vus |= {json.loads(ligne)["id"] for ligne in answer.content.splitlines()}
    assert len(vus) == NOMBRE
