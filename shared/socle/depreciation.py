"""What is about to end: said in the document, in each answer, and counted by client (guide, 19).

An operation that something better replaces is marked where it is written:

    @depreciee(depuis=date(2027, 1, 4), extinction=date(2028, 1, 5), lien="https://…")
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import Any, TypeVar

R = TypeVar("R", bound=Callable[..., Any])

DEPRECIEES: dict[Callable[..., Any], "Depreciation"] = {}


@dataclass(frozen=True)
class Depreciation:
    """From when an operation is not to be used any more, and when it ends.

    Args:
        depuis: the first day on which answers say it.
        extinction: the day it ends, twelve months later at the least (guide, 19.3).
        lien: the page that says what replaces it, and how to go there.
    """

    depuis: date
    extinction: date
    lien: str

    def __post_init__(self) -> None:
        annonce = (self.extinction.year - self.depuis.year) * 12
        annonce += self.extinction.month - self.depuis.month
        if annonce - (self.extinction.day < self.depuis.day) < 12:
            raise ValueError("Une opération s'annonce dépréciée douze mois au moins avant sa fin.")

    @property
    def entetes(self) -> Mapping[str, str]:
        """What each answer says: RFC 9745, RFC 8594 and RFC 8288."""
        depuis, fin = (datetime.combine(day, time(), UTC) for day in (self.depuis, self.extinction))
        return {
            "Deprecation": f"@{int(depuis.timestamp())}",
            "Sunset": format_datetime(fin, usegmt=True),
            "Link": f'<{self.lien}>; rel="deprecation"',
        }


def depreciee(*, depuis: date, extinction: date, lien: str) -> Callable[[R], R]:
    """Mark a route: its docstring, which callers read, says what replaces it."""

    def mark(endpoint: R) -> R:
        DEPRECIEES[endpoint] = Depreciation(depuis, extinction, lien)
        return endpoint

    return mark


def depreciation(route: object) -> Depreciation | None:
    """How a route ends, if it was said."""
    return DEPRECIEES.get(getattr(route, "endpoint", None))  # type: ignore[arg-type]
