"""A gzip body, inflated while it is received: bounded at each step, never whole."""

import zlib
from collections.abc import AsyncIterable, AsyncIterator

from shared.refus import Refus
from shared.socle.contrat import EnteteInvalide

# A flux compresses 10 to 25 times; deflate goes to 1032, on a body that says nothing.
RATIO_MAX = 100
# Up to one piece of a file, which any request may send plain, the ratio tells nothing.
PLANCHER = 1024 * 1024

_TRANCHE = 64 * 1024  # fed at once, whatever the server read: what is counted as received
_PAS = 1024 * 1024  # inflated at once: what memory holds
_GZIP = 16 + zlib.MAX_WBITS


class ArchiveAbusive(Refus):
    code = "archive-abusive"


class GzipIllisible(EnteteInvalide):
    """Truncated, altered, or not gzip: a 400, so that the key may serve for the whole file."""

    detail = "Le corps n'est pas du gzip, ou pas entier."


async def decompresser(flux: AsyncIterable[bytes], *, maximum: int) -> AsyncIterator[bytes]:
    """Yield what a gzip body holds, some bytes at a time; members that follow are more of it.

    Args:
        flux: the body, as received.
        maximum: bytes that it may hold.

    Raises:
        ArchiveAbusive: it holds more than `maximum`, or than 100 times what was received.
        GzipIllisible: it is truncated, altered, or followed by something else.
    """
    membre = zlib.decompressobj(_GZIP)
    recus = taille = 0
    async for chunk in flux:
        for debut in range(0, len(chunk), _TRANCHE):
            reste = chunk[debut : debut + _TRANCHE]
            recus += len(reste)
            # Members that hold nothing would never end: what is received is bounded too.
            if recus > maximum:
                raise ArchiveAbusive(corps_max_octets=maximum, ratio_max=RATIO_MAX)
            admis = min(maximum, max(PLANCHER, RATIO_MAX * recus))
            while reste:
                if membre.eof:
                    membre = zlib.decompressobj(_GZIP)
                try:
                    morceau = membre.decompress(reste, _PAS)
                except zlib.error:
                    raise GzipIllisible(entete="Content-Encoding") from None
                taille += len(morceau)
                if taille > admis:
                    raise ArchiveAbusive(corps_max_octets=maximum, ratio_max=RATIO_MAX)
                yield morceau
                reste = membre.unused_data if membre.eof else membre.unconsumed_tail
    if not membre.eof:
        raise GzipIllisible(entete="Content-Encoding")
