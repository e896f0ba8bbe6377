"""How an amount is split over those who pay it: exact, to the cent, and fair over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID


@dataclass(frozen=True)
class Quote:
    """What one payer owes of each amount, and what it was given so far.

    Args:
        poids: its exact fraction; the fractions of all payers sum to 1.
        deja_centimes: what earlier splits gave it.
        plafond_centimes: the most it can take now.
    """

    poids: Fraction
    deja_centimes: int
    plafond_centimes: int


def repartir(montant_centimes: int, quotes: Sequence[Quote]) -> list[int]:
    """Split an amount over its payers, in their order.

    Each gets the whole cents of its fraction; the cents left go, one by one, to the payer that is
    furthest under its fraction of all that was ever split, the first in order when two are equal.
    A plain split of each amount would favour the same payer every time. The parts sum to the
    amount, none is negative nor above its ceiling.

    Raises:
        ValueError: the ceilings together do not cover the amount.

    Source: règles de financement, § 5 (décision de conception).
    """
    if montant_centimes > sum(quote.plafond_centimes for quote in quotes):
        raise ValueError("les plafonds ne couvrent pas le montant")
    parts = [min(int(montant_centimes * quote.poids), quote.plafond_centimes) for quote in quotes]
    total = montant_centimes + sum(quote.deja_centimes for quote in quotes)
    for _ in range(montant_centimes - sum(parts)):
        # `max` keeps the first of equals: the order of the payers breaks ties.
        rang = max(
            (rang for rang, quote in enumerate(quotes) if parts[rang] < quote.plafond_centimes),
            key=lambda rang: total * quotes[rang].poids - quotes[rang].deja_centimes - parts[rang],
        )
        parts[rang] += 1
    return parts


@dataclass(frozen=True)
class Part:
    """What an envelope bears of a whole, and what was given of it so far.

    Args:
        poids_centimes: its share of the whole.
        deja_centimes: what earlier splits gave it.
        reste_centimes: the most it can take now.
    """

    enveloppe_id: UUID
    poids_centimes: int
    deja_centimes: int
    reste_centimes: int


def ventiler(montant_centimes: int, parts: Sequence[Part]) -> dict[UUID, int]:
    """Split a part of what was split before, within each line: all of it ends to the cent (I-13).

    Lines that have nothing left are out of it; those that get nothing are left out of the answer.

    Raises:
        ValueError: more than is left.
    """
    libres = [part for part in parts if part.reste_centimes > 0]
    total = sum(part.poids_centimes for part in libres)
    quotes = [
        Quote(Fraction(part.poids_centimes, total), part.deja_centimes, part.reste_centimes)
        for part in libres
    ]
    return {
        part.enveloppe_id: centimes
        for part, centimes in zip(libres, repartir(montant_centimes, quotes), strict=True)
        if centimes
    }
