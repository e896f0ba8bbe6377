"""As of which day a balance is read, and by what was known on which day."""

from datetime import date
from typing import Annotated

from fastapi import Query

from services.financement.journal.queries import Regard
from shared.schemas.commun import DateCivile

Au = Annotated[
    DateCivile | None,
    Query(
        description="Les soldes de ce jour compris, sans les écritures d'effet postérieur",
        examples=["2026-03-31"],
    ),
]
ConnuAu = Annotated[
    DateCivile | None,
    Query(
        description="Ce qui était inscrit au soir de ce jour : les écritures postérieures n'y sont"
        " pas, même d'effet antérieur",
        examples=["2026-04-15"],
    ),
]


def regard_de(au: date | None, connu_au: date | None) -> Regard | None:
    """Return what is asked, or null for the balances of this instant."""
    return None if au is None and connu_au is None else Regard(au, connu_au)
