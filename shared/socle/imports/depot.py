"""A file that comes in: bounded while it is received, sealed piece by piece, never in memory."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import IO, Any

from fastapi import Request

from shared.refus import Refus
from shared.socle.coffre import Coffre
from shared.socle.contrat import CorpsTropGrand, TypeNonAdmis, recevoir
from shared.socle.idempotence import Commande
from shared.socle.imports.decompression import RATIO_MAX, decompresser
from shared.socle.problems import DelaiDepasse

MORCEAU = 1024 * 1024
DEPOT_S = 900

# What a route that takes a file says of its encoding.
CONTENT_ENCODING: dict[str, Any] = {
    "name": "Content-Encoding",
    "in": "header",
    "required": False,
    "description": "`gzip` : le corps est décompressé à mesure qu'il arrive, dans la"
    f" même limite de taille, et jamais plus de {RATIO_MAX} fois ce qui est reçu",
    "schema": {
        "type": "string",
        "pattern": "^(gzip|identity)$",
        "maxLength": 8,
        "examples": ["gzip"],
    },
}


class CorpsVide(Refus):
    code = "entete-invalide"
    detail = "Corps vide."


class EncodageNonAdmis(TypeNonAdmis):
    """Its header tells which encodings are taken (RFC 9110, 15.5.16)."""

    def __init__(self) -> None:
        super().__init__(encodages_admis=["gzip"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept-Encoding": "gzip"}


@dataclass(frozen=True)
class Depot:
    """A file as received: its digest and size, how many lines it has, its pieces sealed on disk."""

    empreinte: bytes
    taille: int
    lignes: int
    _spool: IO[bytes]
    _longueurs: Sequence[int]

    def morceaux(self) -> Iterator[bytes]:
        """The sealed pieces, in order; read once."""
        self._spool.seek(0)
        return (self._spool.read(longueur) for longueur in self._longueurs)

    def commande(self, commande: Commande) -> Commande:
        """The command that deposits this very file: another one under its key is another use."""
        meme = hashlib.sha256(commande.empreinte + self.empreinte).digest()
        return replace(commande, empreinte=meme)


@asynccontextmanager
async def deposer(
    request: Request,
    coffre: Coffre,
    *,
    contexte: str,
    maximum: int,
    lignes_max: int | None = None,
) -> AsyncIterator[Depot]:
    """Receive the body of a request, and hold it while the block runs.

    Args:
        request: an upload, whose route reads its own stream.
        coffre: what seals the pieces.
        contexte: table and column of the pieces.
        maximum: bytes that the file may have, inflated.
        lignes_max: lines that it may have.

    Raises:
        CorpsTropGrand: the file has more bytes, or more lines.
        ArchiveAbusive, GzipIllisible, EncodageNonAdmis, CorpsVide: the body is not such a file.
        DelaiDepasse: it did not come in time.
    """
    contenu = _contenu(request, maximum)
    with tempfile.TemporaryFile() as spool:
        try:
            async with asyncio.timeout(DEPOT_S) as bound:
                depot = await _recevoir(contenu, spool, coffre, contexte, maximum, lignes_max)
        except TimeoutError:
            if not bound.expired():
                raise
            raise DelaiDepasse from None
        yield depot


def _contenu(request: Request, maximum: int) -> AsyncIterable[bytes]:
    """The file that the body holds, whatever its encoding."""
    # A second line of the header is a second encoding.
    match ", ".join(request.headers.getlist("content-encoding")).strip().lower():
        case "" | "identity":
            return recevoir(request)
        case "gzip":
            return decompresser(recevoir(request), maximum=maximum)
    raise EncodageNonAdmis


async def _recevoir(
    contenu: AsyncIterable[bytes],
    spool: IO[bytes],
    coffre: Coffre,
    contexte: str,
    maximum: int,
    lignes_max: int | None,
) -> Depot:
    digest = hashlib.sha256()
    taille = fins = 0
    longueurs: list[int] = []
    piece = bytearray()
    entiere = True

    def seal() -> None:
        sealed = coffre.sceller(bytes(piece), contexte)
        spool.write(sealed)
        longueurs.append(len(sealed))
        piece.clear()

    async for chunk in contenu:
        if not chunk:
            continue
        taille += len(chunk)
        if taille > maximum:
            raise CorpsTropGrand(corps_max_octets=maximum)
        fins += chunk.count(b"\n")
        entiere = chunk.endswith(b"\n")
        if lignes_max is not None and fins + (not entiere) > lignes_max:
            raise CorpsTropGrand(lignes_max=lignes_max)
        digest.update(chunk)
        piece += chunk
        if len(piece) >= MORCEAU:
            seal()
    if not taille:
        raise CorpsVide
    if piece:
        seal()
    return Depot(digest.digest(), taille, fins + (not entiere), spool, longueurs)
