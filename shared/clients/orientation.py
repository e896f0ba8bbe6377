"""The orientation service, as its siblings see it."""

from uuid import UUID

from shared.clients.voisin import Voisin
from shared.schemas.orientation.orientations import Orientation
from shared.schemas.orientation.reorientations import Reorientation


class OrientationClient(Voisin):
    """Read orientations, and what is asked of them."""

    async def lire_orientation(self, orientation_id: UUID) -> Orientation:
        """Return an orientation as it is now."""
        return await self._get(f"/v1/orientations/{orientation_id}", Orientation)

    async def lire_reorientation(self, reorientation_id: UUID) -> Reorientation:
        """Return a request of réorientation as it is now."""
        return await self._get(f"/v1/reorientations/{reorientation_id}", Reorientation)
