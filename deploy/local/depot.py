"""Deposit a flux in a running installation, and follow its reading."""

import asyncio
import hashlib
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from deploy.emetteur.clients import Autorisation
from deploy.local.partenaire import Json, Partenaire
from deploy.local.services import Installation


async def deposer(
    installation: Installation,
    fichier: Path,
    client_id: str,
    autorisation: Autorisation,
    console: Console,
) -> Json:
    """Send a file, and show how far its reading is until it ends. The same file is sent once."""
    contenu = fichier.read_bytes()
    cle = hashlib.sha256(contenu).hexdigest()
    async with httpx.AsyncClient(timeout=900, trust_env=False) as http:
        si = Partenaire(
            installation.adresses,
            http,
            client_id=client_id,
            secret=installation.secret(client_id),
            collectivite=autorisation.collectivite,
            portees=autorisation.portees,
        )
        recu = await si.deposer("/v1/imports?type=flux_beneficiaires", contenu, cle=cle)
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
        ) as progress:
            task = progress.add_task("Reçu")
            while True:
                importe = await si.lire("orientation", f"/v1/imports/{recu['id']}")
                c = importe["compteurs"]
                progress.update(
                    task,
                    description=f"{c['foyers_lus']} foyers lus, {c['foyers_refuses']} refusés,"
                    f" {c['orientations_creees']} orientations à faire",
                )
                if importe["statut"] in ("terminee", "echouee"):
                    return importe
                await asyncio.sleep(0.5)
