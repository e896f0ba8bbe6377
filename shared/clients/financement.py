"""The financement service, as its siblings see it."""

from collections.abc import Sequence
from uuid import UUID

from shared.clients.voisin import Voisin
from shared.schemas.financement.actions import Disponibilite, Disponibilites, DisponibilitesRequete
from shared.schemas.financement.engagements import Engagement
from shared.schemas.financement.reservations import (
    AnnulationCreation,
    ConfirmationCreation,
    Reservation,
    ReservationCreation,
)


class FinancementClient(Voisin):
    """Read an action; reserve, confirm and give back places and cents, together.

    One key, one effect: called again with it, each command answers what it answered first.
    404 and 409 are told again as financement said them; the rest is `dependance-indisponible`.
    """

    async def creer_reservation(
        self, demande: ReservationCreation, *, cle: str, essai: bool = False
    ) -> Reservation:
        """Take places and cents together; they come back by themselves at `expire_le`."""
        return await self._post("/v1/reservations", demande, Reservation, cle=cle, essai=essai)

    async def lire_disponibilites(self, actions: Sequence[UUID]) -> dict[UUID, Disponibilite]:
        """Read what is left of some actions, in one call; those it does not know are left out."""
        demande = DisponibilitesRequete(action_ids=list(actions))
        answer = await self._send(
            "POST",
            "/v1/actions/recherches",
            delai_s=2,
            content=demande.model_dump_json(),
            headers={"Content-Type": "application/json"},
        )
        found = Disponibilites.model_validate_json(answer.content).elements
        return {one.action_id: one for one in found}

    async def lire_reservation(self, reservation_id: UUID) -> Reservation:
        """Read how a reservation stands, and the engagement it became."""
        return await self._get(f"/v1/reservations/{reservation_id}", Reservation)

    async def lire_engagement(self, engagement_id: UUID) -> Engagement:
        """Read an engagement."""
        return await self._get(f"/v1/engagements/{engagement_id}", Engagement)

    async def creer_confirmation(
        self, reservation_id: UUID, demande: ConfirmationCreation, *, cle: str
    ) -> Engagement:
        """Turn a reservation into an engagement; what is not confirmed is given back."""
        path = f"/v1/reservations/{reservation_id}/confirmations"
        return await self._post(path, demande, Engagement, cle=cle)

    async def creer_annulation(
        self, reservation_id: UUID, demande: AnnulationCreation, *, cle: str
    ) -> Reservation:
        """Give a reservation back before its time."""
        path = f"/v1/reservations/{reservation_id}/annulations"
        return await self._post(path, demande, Reservation, cle=cle)
