"""A call to somebody else's platform: bounded in time and size, never redirected, told in one word.

Nothing of what they answer is in an error: it may quote a person, and ends in a log.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
from pydantic import StringConstraints

from shared.clients.france_travail.reprises import attente_s

REPONSE_MAX = 16 * 1024 * 1024
# Over TLS, or to this machine: a secret goes with each call.
Adresse = Annotated[
    str,
    StringConstraints(pattern=r"^(https://|http://127\.0\.0\.1(:[0-9]+)?(/|$))", max_length=200),
]


class ErreurPartenaire(Exception):
    """A call that gave nothing.

    Attributes:
        statut: HTTP status; None when no answer came.
        code: what went wrong, in a word of ours, or theirs when it has the form of one.
        attente_s: seconds that they ask for before another call.
    """

    def __init__(self, statut: int | None, code: str, *, attente_s: float = 0) -> None:
        super().__init__(statut, code)
        self.statut, self.code, self.attente_s = statut, code, attente_s


@dataclass(frozen=True)
class Reponse:
    """An answer, whole."""

    statut: int
    entetes: Mapping[str, str]
    corps: bytes


async def appeler(
    client: httpx.AsyncClient, methode: str, url: str, *, delai_s: float, **reste: Any
) -> Reponse:
    """Call once, and return a success.

    Raises:
        ErreurPartenaire: no answer, none that is a success, or too long a one. `sans-reponse` may
            have been done there.
    """
    reponse = await _lire(client, methode, url, delai_s=delai_s, **reste)
    if 200 <= reponse.statut < 300:
        return reponse
    code = {401: "acces-refuse", 403: "acces-refuse", 429: "trop-d-appels"}.get(
        reponse.statut, "panne" if reponse.statut >= 500 else "refuse"
    )
    demandee = attente_s(
        reponse.entetes.get("retry-after"), 1, hasard=0, maintenant=datetime.now(UTC)
    )
    raise ErreurRefusee(reponse, code, attente_s=demandee)


class ErreurRefusee(ErreurPartenaire):
    """They answered, and it is no success."""

    def __init__(self, reponse: Reponse, code: str, *, attente_s: float) -> None:
        super().__init__(reponse.statut, code, attente_s=attente_s)
        self.reponse = reponse


async def _lire(
    client: httpx.AsyncClient, methode: str, url: str, *, delai_s: float, **reste: Any
) -> Reponse:
    try:
        # httpx bounds each step: who drips an answer would outlast them all.
        async with asyncio.timeout(delai_s):
            demande = client.build_request(methode, url, timeout=None, **reste)
            answer = await client.send(demande, stream=True, follow_redirects=False)
            corps = bytearray()
            try:
                async for morceau in answer.aiter_bytes():
                    corps += morceau
                    if len(corps) > REPONSE_MAX:
                        # A success or not, it may have been done there.
                        raise ErreurPartenaire(None, "reponse-trop-grande")
            finally:
                await answer.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, OSError):  # TimeoutError is one
        raise ErreurPartenaire(None, "sans-reponse") from None
    return Reponse(answer.status_code, answer.headers, bytes(corps))
