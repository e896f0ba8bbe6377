"""What one service tells another when it asks, and how long it waits."""

import asyncio
import math
import time
from uuid import uuid4

import httpx

from shared import contexte
from shared.clients.emetteur import Emetteur as Adresses
from shared.clients.financement import FinancementClient
from shared.clients.jetons import Jetons
from shared.refus import Refus
from tests.conftest import EMETTEUR, URLS, Emetteur


class Silencieux:
    """A sibling that keeps what it was told, and says nothing for a while."""

    def __init__(self, emetteur: Emetteur, silence_s: float) -> None:
        self._emetteur = emetteur
        self._silence_s = silence_s
        self.recus: list[httpx.Headers] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if str(request.url).startswith(EMETTEUR):
            return self._emetteur.repondre(request)
        self.recus.append(request.headers)
        await asyncio.sleep(self._silence_s)
        return httpx.Response(404, json={"code": "introuvable", "title": "Ressource introuvable"})


def voisin(client: httpx.AsyncClient) -> FinancementClient:
    emetteur = Adresses(EMETTEUR, client)
    return FinancementClient(
        url=URLS["financement"],
        portees="financement:lire",
        collectivite="35D",
        jetons=Jetons(emetteur=emetteur, client_id="service-parcours", secret="secret"),
        client=client,
    )


async def ask(client: httpx.AsyncClient) -> str:
    try:
        await voisin(client).lire_reservation(uuid4())
    except Refus as refus:
        return refus.code
    raise AssertionError("le voisin n'a rien à rendre")


async def test_a_call_carries_the_trace_the_origin_and_what_is_left_of_the_time(
    emetteur: Emetteur,
) -> None:
    """21.1, 21.2, 15.7. Planted: the caller's whole delay told again, not what is left, red."""
    sibling = Silencieux(emetteur, 0)
    trace = contexte.adopt("00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    async with httpx.AsyncClient(transport=httpx.MockTransport(sibling)) as client:
        with contexte.demande("plie-redon", 1):
            await asyncio.sleep(0.2)
            assert await ask(client) == "introuvable"
        with contexte.demande("plie-redon", math.inf):
            await ask(client)
        await ask(client)  # a job's own work: for no one

    asked, unbounded, alone = sibling.recus
    assert asked["traceparent"].startswith(f"00-{trace}-")
    assert asked["Client-Origine"] == "plie-redon"
    assert 100 <= int(asked["Delai-Max"]) <= 800
    assert (unbounded["Delai-Max"], alone["Delai-Max"]) == ("2000", "2000")
    assert "Client-Origine" not in alone


async def test_a_silent_sibling_is_not_waited_for_past_the_callers_time(
    emetteur: Emetteur,
) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(Silencieux(emetteur, 30))) as client:
        began = time.monotonic()
        with contexte.demande("plie-redon", 0.3):
            assert await ask(client) == "dependance-indisponible"
        assert time.monotonic() - began < 1.5
