"""immersion-facile, as it is read here: the conventions of the agencies that a key may see.

Source: partners.md §5. Their list has no pages: it is asked for by short periods.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx
from pydantic import ValidationError

from shared.clients.immersion_facile.acces import AccesImmersionFacile
from shared.clients.immersion_facile.contrats import ConventionLue
from shared.clients.partenaires import ErreurPartenaire, appeler


@dataclass(frozen=True)
class Lot:
    """The conventions of a period, and how many could not be read."""

    conventions: Sequence[ConventionLue]
    illisibles: int


class ImmersionFacile:
    """Their API, with one key."""

    def __init__(self, acces: AccesImmersionFacile, client: httpx.AsyncClient) -> None:
        self._acces = acces
        self._client = client

    async def lister_conventions(
        self, *, apres: date, jusqu_a: date, statuts: Sequence[str]
    ) -> Lot:
        """Return the conventions that begin after a day, and on another at the latest.

        Raises:
            ErreurPartenaire: they give none.
        """
        reponse = await appeler(
            self._client,
            "GET",
            f"{self._acces.url_api.rstrip('/')}/v2/conventions",
            delai_s=self._acces.delai_s,
            headers={"authorization": self._acces.cle.get_secret_value()},
            params=[
                ("startDateGreater", apres.isoformat()),
                ("startDateLessOrEqual", jusqu_a.isoformat()),
                *(("withStatuses", statut) for statut in statuts),
            ],
        )
        try:
            elements = json.loads(reponse.corps)
        except ValueError:
            elements = None
        if not isinstance(elements, list):
            # A firewall's page is 200 too.
            raise ErreurPartenaire(reponse.statut, "illisible")
        lues = [_lire(un) for un in elements]
        conventions = [une for une in lues if une is not None]
        return Lot(conventions, len(lues) - len(conventions))


def _lire(element: Any) -> ConventionLue | None:
    """One that says something else than expected hides no other."""
    try:
        return ConventionLue.model_validate(element)
    except ValidationError:
        return None
