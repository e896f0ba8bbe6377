"""The parcours service, as its siblings see it."""

from datetime import date
from uuid import UUID

from shared.clients.voisin import Voisin
from shared.schemas.parcours.accompagnement import Parcours
from shared.schemas.parcours.indicateurs import IndicateursLevee


class ParcoursClient(Voisin):
    """Read parcours, and what was counted of them."""

    async def lire_parcours(self, parcours_id: UUID) -> Parcours:
        """Return a parcours as it is now."""
        return await self._get(f"/v1/parcours/{parcours_id}", Parcours)

    async def lire_indicateurs_levee(self, debut: date, fin: date) -> IndicateursLevee:
        """Return what was lifted after each action, small groups hidden; both ends included."""
        return await self._get(
            "/v1/indicateurs/levee",
            IndicateursLevee,
            date_debut=debut.isoformat(),
            date_fin=fin.isoformat(),
        )
