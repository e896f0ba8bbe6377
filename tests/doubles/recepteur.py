"""A partner's receiver: a real server on loopback, as good or as bad as a test wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Reponse = tuple[int, Mapping[str, str], bytes]
Repondre = Callable[[Mapping[str, str], bytes], Awaitable[Reponse]]


def accuser(corps: bytes, statut: int = 204) -> Reponse:
    """What an honest receiver answers: the challenge, or nothing."""
    evenement = json.loads(corps)
    if evenement["type"] == "endpoint.verification":
        rendu = json.dumps({"defi": evenement["data"]["defi"]}).encode()
        return 200, {"Content-Type": "application/json"}, rendu
    return statut, {}, b""


async def honnete(_: Mapping[str, str], corps: bytes) -> Reponse:
    """Takes whatever comes."""
    return accuser(corps)


@dataclass
class Recepteur:
    """What was received, in order, and how the next is answered."""

    repondre: Repondre = honnete
    recus: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    ensemble: int = 0
    au_plus: int = 0
    port: int = 0

    @property
    def origine(self) -> str:
        """What the service is to admit."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.origine}/reception"

    @property
    def faits(self) -> list[dict[str, object]]:
        """The bodies of the facts received, challenges left out."""
        bodies = [json.loads(corps) for _, corps in self.recus]
        return [one for one in bodies if one["type"] != "endpoint.verification"]

    async def servir(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer, and the end."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:-2]
            headers = {
                nom.lower(): valeur for nom, _, valeur in (line.partition(": ") for line in head)
            }
            corps = await reader.readexactly(int(headers["content-length"]))
            self.recus.append((headers, corps))
            self.ensemble += 1
            self.au_plus = max(self.au_plus, self.ensemble)
            try:
                statut, entetes, contenu = await self.repondre(headers, corps)
            finally:
                self.ensemble -= 1
            lignes = {"Content-Length": str(len(contenu)), "Connection": "close", **entetes}
            tete = "".join(f"{nom}: {valeur}\r\n" for nom, valeur in lignes.items())
            writer.write(f"HTTP/1.1 {statut} X\r\n{tete}\r\n".encode() + contenu)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the sender left, or the test did
        finally:
            writer.close()


@asynccontextmanager
async def recepteur(repondre: Repondre = honnete, port: int = 0) -> AsyncIterator[Recepteur]:
    """Listen, on a port of its own unless one is given, until the block ends."""
    found = Recepteur(repondre)
    server = await asyncio.start_server(found.servir, "127.0.0.1", port)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
