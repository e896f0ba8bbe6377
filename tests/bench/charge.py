"""A load generator that costs little beside what it measures: sockets, `select`, bytes made ready.

httpx costs more per request than the bare route that it would measure. Closed loop, each
connection sends as soon as it was answered: that finds the ceiling. Open loop, requests are due at
a steady pace whatever comes back, and latency counts from the instant when each was due: a server
that stalls cannot slow down the questions asked of it (no coordinated omission).
"""

import math
import re
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from deploy.local.postgres import ErreurLocale

_SILENCE_S = 15
_LONGUEUR = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)

Requete = Callable[[], bytes]


@dataclass(frozen=True)
class Passe:
    """What one round saw."""

    debit: float  # answers a second
    mediane_ms: float
    p99_ms: float
    part_generateur: float  # of one core, spent by the generator itself


class _Connexion:
    """A kept-alive connection, with one request under way at most."""

    def __init__(self, port: int, requete: Requete) -> None:
        self._requete = requete
        self.prise = socket.create_connection(("127.0.0.1", port), timeout=_SILENCE_S)
        self.prise.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self._recu = b""

    def envoyer(self, due: float) -> None:
        self.due = due
        self.prise.sendall(self._requete())

    def lire(self) -> bytes | None:
        """Read what came; return the status once the answer is whole."""
        morceau = self.prise.recv(65_536)
        if not morceau:
            raise ErreurLocale(
                "Le serveur mesuré a fermé une connexion.", "Son journal dit pourquoi."
            )
        self._recu += morceau
        entetes, fin, corps = self._recu.partition(b"\r\n\r\n")
        longueur = _LONGUEUR.search(entetes)
        if not fin or (longueur and len(corps) < int(longueur[1])):
            return None
        self._recu = b""
        return entetes[9:12]


def mettre_en_charge(
    port: int,
    requetes: Sequence[Requete],
    *,
    duree_s: float,
    attendu: bytes,
    cadence: float | None = None,
) -> Passe:
    """Load a server for a while, by one connection for each maker of requests.

    Args:
        port: of the server, on loopback.
        requetes: each gives the bytes of its connection's next request.
        duree_s: requests are sent during so long; those under way are then waited for.
        attendu: the status that each answer must have.
        cadence: requests a second that are due (open loop); None: as fast as answers come.

    Raises:
        ErreurLocale: an answer had another status, or did not come.
    """
    with ExitStack() as pile:
        connexions = [_Connexion(port, requete) for requete in requetes]
        for connexion in connexions:
            pile.enter_context(connexion.prise)
        cpu, debut = time.process_time(), time.perf_counter()
        latences = _echanger(connexions, debut, debut + duree_s, attendu, cadence)
        duree, cpu = time.perf_counter() - debut, time.process_time() - cpu
    latences.sort()
    return Passe(
        debit=len(latences) / duree,
        mediane_ms=centile(latences, 0.5) * 1000,
        p99_ms=centile(latences, 0.99) * 1000,
        part_generateur=cpu / duree,
    )


def _echanger(
    connexions: Sequence[_Connexion],
    debut: float,
    fin: float,
    attendu: bytes,
    cadence: float | None,
) -> list[float]:
    """Send what is due and read what comes, from `debut` to `fin`; return the latencies."""
    libres = deque(connexions)
    occupees: dict[socket.socket, _Connexion] = {}
    latences: list[float] = []
    due = maintenant = debut
    while True:
        if cadence is None:
            due = maintenant
        while libres and due <= maintenant and due < fin:
            connexion = libres.popleft()
            occupees[connexion.prise] = connexion
            connexion.envoyer(due)
            due += 1 / cadence if cadence else 0
        if not occupees and due >= fin:
            return latences
        attente = max(0.0, due - maintenant) if libres and due < fin else _SILENCE_S
        pretes, _, _ = select.select(occupees, (), (), attente)
        maintenant = time.perf_counter()
        if not pretes and attente == _SILENCE_S:
            raise ErreurLocale("Le serveur mesuré ne répond plus.", "Son journal dit pourquoi.")
        for prise in pretes:
            connexion = occupees[prise]
            statut = connexion.lire()
            if statut is None:
                continue
            if statut != attendu:
                raise ErreurLocale(
                    f"Le serveur mesuré a répondu {statut.decode()} au lieu de {attendu.decode()}.",
                    "Son journal dit pourquoi.",
                )
            latences.append(time.perf_counter() - connexion.due)
            libres.append(occupees.pop(prise))


def centile(triees: Sequence[float], part: float) -> float:
    """The value that this part of the sorted values does not exceed."""
    return triees[max(0, math.ceil(part * len(triees)) - 1)]
