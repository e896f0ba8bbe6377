"""A stop that was asked for: announced first, and no request is refused or cut."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date

import httpx
import pytest

from deploy.local.flux_synthetique import generer
from deploy.local.partenaire import Json
from deploy.local.services import Installation
from tests.api.orientation.conftest import PERSONNE
from tests.system.conftest import departement

DELAI_S = 2
COLLECTIVITES = {
    "35D": {"libelle": "Ille-et-Vilaine", "ideparte": "035"},
    "44D": {"libelle": "Loire-Atlantique", "ideparte": "044"},
}


@pytest.fixture(params=[1, 2], ids=["un processus", "deux processus"])
def installation(
    request: pytest.FixtureRequest,
    neuve: Callable[[], Installation],
    monkeypatch: pytest.MonkeyPatch,
    complet: bool,
) -> Iterator[Installation]:
    """A Jalons whose orientation announces its stop."""
    if request.param > 1 and not complet:
        pytest.skip("les processus multiples : --complet")
    monkeypatch.setenv("JALONS_ORIENTATION_ARRET_S", str(DELAI_S))
    with neuve().en_marche(workers=request.param) as found:
        yield found


async def sonder(url: str) -> tuple[list[tuple[float, int]], float]:
    """What a load balancer sees, up to the instant when the door is closed."""
    vus: list[tuple[float, int]] = []
    # A door that takes a connection and leaves it there is not closed.
    async with httpx.AsyncClient(
        timeout=1.5, trust_env=False, headers={"Connection": "close"}
    ) as http:
        while True:
            try:
                answer = await http.get(f"{url}/sante/pret")
            except (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError):
                return vus, time.monotonic()
            vus.append((time.monotonic(), answer.status_code))
            await asyncio.sleep(0.02)


async def test_a_stop_is_announced_and_cuts_no_request(installation: Installation) -> None:
    """Commands, reads, a long poll and an upload, none of which sees more of it than a delay.

    Planted, each red: uvicorn's own command, and its own handling of the signal; a long poll that
    ignores the stop; the exit status left to the signal; with two processes, the parent's hold on
    the door.
    """
    service = installation.processus("orientation")
    url = installation.adresses.service("orientation")
    signale = asyncio.Event()  # the stop was asked for
    averti = asyncio.Event()  # callers have seen it announced for a while
    ecrites: list[Json] = []
    lues: list[int] = []

    async def ecrire(qui: int) -> None:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            si = departement(installation, http, "35D")
            while not averti.is_set():
                cle = f"arret-{qui}-{len(ecrites)}"
                corps = PERSONNE | {"nom": f"Arrêt {cle}"}
                ecrites.append(await si.ecrire("orientation", "/v1/personnes", corps, cle=cle))

    async def lire() -> None:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            si = departement(installation, http, "35D")
            while not averti.is_set():
                page = await si.lire("orientation", "/v1/orientations")
                lues.append(len(page["elements"]))

    async def attendre() -> tuple[Json, float]:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            # Nobody writes there: it waits.
            si = departement(installation, http, "44D")
            page = await si.lire("orientation", "/v1/changements", depuis="maintenant", attente=20)
        return page, time.monotonic()

    async def deposer() -> tuple[Json, float]:
        async def lentement() -> AsyncIterator[bytes]:
            contenu = b"".join(generer(foyers=30, graine=7, date_reference=date(2026, 10, 31)))
            morceaux = [contenu[i : i + 4096] for i in range(0, len(contenu), 4096)]
            yield b"".join(morceaux[:-1])
            await signale.wait()
            # It ends well after the door was closed.
            await asyncio.sleep(DELAI_S + 2)
            yield morceaux[-1]

        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            si = departement(installation, http, "35D")
            recu = await si.deposer(
                "/v1/imports?type=flux_beneficiaires", lentement(), cle="arret-depot"
            )
        return recu, time.monotonic()

    async def arreter() -> float:
        while len(ecrites) < 20 or len(lues) < 20:
            await asyncio.sleep(0.02)
        service.demander_arret()
        signale.set()
        demande = time.monotonic()
        # Half of the delay: callers go on as if nothing was, and are answered.
        await asyncio.sleep(DELAI_S / 2)
        averti.set()
        return demande

    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        for code, collectivite in COLLECTIVITES.items():
            await departement(installation, http, code).ecrire(
                "orientation",
                "/v1/collectivites",
                {"code": code, "fuseau": "Europe/Paris", **collectivite},
                cle="collectivite",
            )

    vus, demande, attente, depot, *_ = await asyncio.gather(
        sonder(url), arreter(), attendre(), deposer(), *map(ecrire, range(4)), lire(), lire()
    )
    sondes, ferme = vus
    page, rendue = attente
    recu, recu_a = depot
    assert await asyncio.to_thread(service.attendre_arret) == 0

    avant = [statut for instant, statut in sondes if instant < demande]
    annonce = [(instant, statut) for instant, statut in sondes if statut == 503]
    assert set(avant) == {200}
    # Announced soon, told until the end, and the door was open as long as that.
    assert annonce[0][0] - demande < DELAI_S / 2
    assert sondes[-len(annonce) :] == annonce
    assert ferme - demande >= DELAI_S
    assert page["elements"] == []
    assert demande < rendue < ferme < recu_a

    installation.relancer("orientation")
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        si = departement(installation, http, "35D")
        await asyncio.gather(
            *(si.lire("orientation", f"/v1/personnes/{une['id']}") for une in ecrites)
        )
        await si.lire("orientation", f"/v1/imports/{recu['id']}")
