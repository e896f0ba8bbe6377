"""Exports and files of lines, of each service: the demonstration asks for none."""

import asyncio

from deploy.local.partenaire import Partenaire


async def exporter(si: Partenaire, service: str) -> list[str]:
    """Three exports of a list that holds something, of which one is finished."""
    type_ = {"orientation": "orientations", "parcours": "parcours"}.get(service, "conventions")
    chemin = "/v1/exports"
    found = [
        str((await si.ecrire(service, chemin, {"type": type_}, cle=f"export:{rang}"))["id"])
        for rang in range(3)
    ]
    async with asyncio.timeout(60):
        while (await si.lire(service, f"{chemin}/{found[-1]}"))["statut"] != "terminee":
            await asyncio.sleep(0.2)
    return found


async def importer(si: Partenaire, service: str) -> str:
    """A file of one line, which says why it is refused."""
    types = {"orientation": "personnes", "parcours": "freins", "financement": "conventions"}
    depot = await si.deposer(
        f"/v1/imports?type={types[service]}",
        b'{"ligne_cle":"1"}\n',
        cle=f"import:{service}",
        media="application/x-ndjson",
        service=service,
    )
    return str(depot["id"])
