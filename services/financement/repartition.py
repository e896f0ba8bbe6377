"""How an amount is split over those who pay it: exact, to the cent, and fair over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


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
