"""The orientation service, as its siblings see it."""

from uuid import UUID

from shared.clients.voisin import Voisin
from shared.schemas.orientation import Orientation


class OrientationClient(Voisin):
    """Read orientations."""

    async def lire_orientation(self, orientation_id: UUID) -> Orientation:
        """Return an orientation as it is now."""
        return await self._get(f"/v1/orientations/{orientation_id}", Orientation)
