"""A silent consumer delays, and loses nothing."""

import asyncio
from typing import Any

from deploy.local.partenaire import Json, Partenaire
from deploy.local.services import Installation
from tests.api.orientation.conftest import PERSONNE, criteres

DECISIONS = 200


async def _prepare(si: Partenaire) -> list[Json]:
    """Two hundred orientations that wait for a decision."""
    for service in ("orientation", "parcours", "financement"):
        await si.ecrire(
            service,
            "/v1/collectivites",
            {
                "code": "35D",
                "libelle": "Ille-et-Vilaine",
                "ideparte": "035",
                "fuseau": "Europe/Paris",
            },
            cle="collectivite",
        )
    for reference, type_, clients in (
        ("cd", "conseil_departemental", ["si-departement-35"]),
        ("ft", "france_travail", []),
    ):
        corps: dict[str, Any] = {
            "reference": reference,
            "type": type_,
            "nom": reference.upper(),
            "clients": clients,
        }
        await si.ecrire("orientation", "/v1/organismes-referents", corps, cle=f"org-{reference}")

    async def one(rang: int) -> Json:
        personne = await si.ecrire(
            "orientation", "/v1/personnes", PERSONNE | {"nom": f"Essai {rang}"}, cle=f"p{rang}"
        )
        orientation = await si.ecrire(
            "orientation", "/v1/orientations", {"personne_id": personne["id"]}, cle=f"o{rang}"
        )
        await si.ecrire(
            "orientation",
            f"/v1/orientations/{orientation['id']}/criteres",
            criteres(),
            cle=f"c{rang}",
            version=1,
        )
        return orientation

    return await asyncio.gather(*map(one, range(DECISIONS)))


async def test_every_decision_opens_one_parcours_once_parcours_is_back(
    installation: Installation, si: Partenaire
) -> None:
    """`parcours` is killed, and its worker again and again, while 200 decisions are made.

    Planted: the follower moving its cursor in a transaction of its own, before the effect: the
    pages between the two were lost, red.
    """
    orientations = await _prepare(si)
    done = asyncio.Event()

    async def decide(rang: int, orientation: Json) -> None:
        await asyncio.sleep(rang * 0.06)
        await si.ecrire(
            "orientation",
            f"/v1/orientations/{orientation['id']}/decisions",
            {"etat_decision": "acceptee"},
            cle=f"d{orientation['id']}",
            version=2,
        )

    async def opened() -> list[Json]:
        return [one async for one in si.tout("parcours", "/v1/parcours")]

    async def kill() -> None:
        for _ in range(3):
            known = len(await opened())
            while len(await opened()) == known and not done.is_set():
                await asyncio.sleep(0.02)
            # It has just applied a page: the next one is on its way, and dies half applied.
            await asyncio.sleep(0.1)
            installation.tuer("travailleur")
            await asyncio.to_thread(installation.relancer, "travailleur", attendre=False)
        installation.tuer("parcours")
        installation.tuer("travailleur")

    killing = asyncio.create_task(kill())
    await asyncio.gather(*(decide(rang, one) for rang, one in enumerate(orientations)))
    done.set()
    await killing
    await asyncio.to_thread(installation.relancer, "parcours")
    await asyncio.to_thread(installation.relancer, "travailleur")

    for _ in range(150):
        if len(await opened()) >= DECISIONS:
            break
        await asyncio.sleep(0.2)
    await asyncio.sleep(1)  # a double would come now
    found = await opened()
    assert len(found) == DECISIONS
    assert {one["orientation_id"] for one in found} == {one["id"] for one in orientations}
    assert {one["personne_id"] for one in found} == {one["personne_id"] for one in orientations}
