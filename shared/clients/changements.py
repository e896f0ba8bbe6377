"""The change feed of a sibling, as its followers read it."""

from shared.clients.voisin import Voisin
from shared.schemas.commun import Changement, Page


class ChangementsClient(Voisin):
    """Follow `GET /v1/changements` of any of the three services."""

    async def lire(
        self, depuis: str | None, *, limite: int, attente_s: int
    ) -> tuple[list[Changement], str]:
        """Return the facts after a cursor, and the cursor after them."""
        query = {"limite": limite, "attente": attente_s} | ({"depuis": depuis} if depuis else {})
        page = await self._get("/v1/changements", Page[Changement], delai_s=attente_s + 5, **query)
        assert page.pagination.suivant is not None  # this list always has a next
        suivant = page.pagination.suivant.split("depuis=", 1)[1].split("&", 1)[0]
        return page.elements, suivant
