"""The parcours service, as its siblings see it."""

from uuid import UUID

from shared.clients.voisin import Voisin
from shared.schemas.parcours.accompagnement import Parcours


class ParcoursClient(Voisin):
    """Read parcours."""

    async def lire_parcours(self, parcours_id: UUID) -> Parcours:
        """Return a parcours as it is now."""
        return await self._get(f"/v1/parcours/{parcours_id}", Parcours)
