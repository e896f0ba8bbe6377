"""Sending to an address that a partner chose: no name leads it inside (contract guide, 18.7).

The name is looked up once, every address that it gives is judged, and the connection goes to an
address, never to the name: what a second lookup would say is never asked. TLS is still that of
the name. There is no redirection to follow, no proxy of the environment, no connection kept.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpcore

from shared.refus import Validation
from shared.schemas.webhooks import IssueTentative
from shared.socle.webhooks import rules

_ADRESSES_MAX = 4
_AGENT = "Jalons-Webhooks/1"

Resoudre = Callable[[str, int], Awaitable[Sequence[str]]]


class AdresseInterdite(Exception):
    """The name leads to an address that no webhook goes to."""


class NomInconnu(Exception):
    """The name leads nowhere."""


@dataclass(frozen=True)
class Reponse:
    """How an attempt ended. What was answered is read for the challenge only, and not kept."""

    issue: IssueTentative
    statut: int | None = None
    retry_after: str | None = None
    contenu: bytes = b""
    duree_ms: int = 0


class Expediteur:
    """Sends one body to one address, within the time of an attempt.

    Args:
        essais: origins of this machine that are admitted too; none in production.
        resoudre: gives the addresses of a name.
        reseau: opens connections to addresses.
        tls: how receivers are believed; by default as browsers do.
    """

    def __init__(
        self,
        essais: Collection[str] = (),
        *,
        resoudre: Resoudre | None = None,
        reseau: httpcore.AsyncNetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._essais = frozenset(essais)
        # Its own threads: a name that is slow to answer holds none of those that others need.
        self._fils = ThreadPoolExecutor(64, thread_name_prefix="dns")
        self._reseau = _ReseauGarde(
            resoudre or self._resoudre, reseau or httpcore.AnyIOBackend(), self._essais
        )
        self._tls = tls or httpcore.default_ssl_context()

    async def envoyer(
        self, url: str, entetes: Mapping[str, str], corps: bytes, *, html_est_echec: bool
    ) -> Reponse:
        """Try once; whatever happens is an answer."""
        debut = time.perf_counter()
        try:
            rules.verifier_url(url, self._essais)
            async with asyncio.timeout(rules.DELAI_REPONSE_S):
                reponse = await self._envoyer(url, entetes, corps, html_est_echec)
        except TimeoutError:
            reponse = Reponse(IssueTentative.DELAI_DEPASSE)
        except (Validation, AdresseInterdite):
            reponse = Reponse(IssueTentative.ADRESSE_INTERDITE)
        except NomInconnu:
            reponse = Reponse(IssueTentative.NOM_INCONNU)
        except (httpcore.NetworkError, httpcore.TimeoutException, OSError):
            reponse = Reponse(IssueTentative.CONNEXION)
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
            reponse = Reponse(IssueTentative.REPONSE_ILLISIBLE)
        duree = round((time.perf_counter() - debut) * 1000)
        return Reponse(reponse.issue, reponse.statut, reponse.retry_after, reponse.contenu, duree)

    def fermer(self) -> None:
        """Let go of the threads, without waiting for what they look up."""
        self._fils.shutdown(wait=False, cancel_futures=True)

    async def _envoyer(
        self, url: str, entetes: Mapping[str, str], corps: bytes, html_est_echec: bool
    ) -> Reponse:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": _AGENT,
            "Connection": "close",
            **entetes,
        }
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=self._tls, network_backend=self._reseau, max_keepalive_connections=0
            ) as pool,
            pool.stream("POST", url, headers=list(headers.items()), content=corps) as answer,
        ):
            kept = {
                name.decode().lower(): value.decode("latin-1") for name, value in answer.headers
            }
            issue = rules.issue_de(
                answer.status, kept.get("content-type", ""), html_est_echec=html_est_echec
            )
            contenu = await _lire(answer.aiter_stream())
            return Reponse(issue, answer.status, kept.get("retry-after"), contenu)

    async def _resoudre(self, nom: str, port: int) -> Sequence[str]:
        found = await asyncio.get_running_loop().run_in_executor(
            self._fils, lambda: socket.getaddrinfo(nom, port, type=socket.SOCK_STREAM)
        )
        return [str(adresse[0]) for *_, adresse in found]


async def _lire(stream: Any) -> bytes:
    """The first 64 KiB; what a receiver says beyond is left with it."""
    contenu = bytearray()
    async for chunk in stream:
        contenu += chunk
        if len(contenu) >= rules.REPONSE_MAX:
            break
    return bytes(contenu[: rules.REPONSE_MAX])


class _ReseauGarde(httpcore.AsyncNetworkBackend):
    """Connects to judged addresses only."""

    def __init__(
        self, resoudre: Resoudre, reseau: httpcore.AsyncNetworkBackend, essais: Collection[str]
    ) -> None:
        self._resoudre = resoudre
        self._reseau = reseau
        self._essais = {one.partition("://")[2] for one in essais}

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Look the name up once, and connect to an address that it gave."""
        adresses = [host] if f"{host}:{port}" in self._essais else await self._juger(host, port)
        for adresse in adresses[:-1]:
            try:
                return await self._reseau.connect_tcp(adresse, port, 3)
            except httpcore.ConnectError:
                continue
            except httpcore.ConnectTimeout:
                continue
        return await self._reseau.connect_tcp(adresses[-1], port, timeout)

    async def _juger(self, nom: str, port: int) -> Sequence[str]:
        try:
            found = await self._resoudre(nom, port)
        except (OSError, UnicodeError):
            raise NomInconnu from None
        adresses = list(dict.fromkeys(found))
        if not adresses:
            raise NomInconnu
        # One that is not admitted condemns the name: whoever gives both means the other one.
        if not all(rules.adresse_admise(one) for one in adresses):
            raise AdresseInterdite
        return adresses[:_ADRESSES_MAX]

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Never: a webhook goes to the network."""
        raise AdresseInterdite

    async def sleep(self, seconds: float) -> None:
        """Wait, as the pool asks."""
        await asyncio.sleep(seconds)
