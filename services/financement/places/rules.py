"""How places end: left by who held them, or closed while they are free."""

from uuid import UUID

from services.financement.journal.rules import Ligne, transfert
from services.financement.reservations.rules import DisponibleInsuffisant
from shared.refus import Erreur, Validation
from shared.schemas.financement.actions import ModeCapacite
from shared.schemas.financement.journal import Livre, Poste

# Of a stock, the place is free again; of a flow, it was served, and the year has one less.
SUITES = {ModeCapacite.STOCK: Poste.DISPONIBLE, ModeCapacite.FLUX: Poste.SERVIE}


def places_liberees(demandees: int | None, occupees: int) -> int:
    """Return the places that an engagement leaves: all that it still holds unless fewer are asked.

    Raises:
        Validation: it holds fewer, or none at all.
    """
    places = occupees if demandees is None else demandees
    if not 1 <= places <= occupees:
        raise Validation([Erreur("/places", "hors-bornes", "Plus que l'engagement n'en occupe")])
    return places


def exige_libres(places: int, disponibles: int) -> None:
    """Refuse to close places that are held.

    Raises:
        DisponibleInsuffisant: with those that are free.
    """
    if places > disponibles:
        raise DisponibleInsuffisant(places_disponibles=disponibles)


def lignes_liberees(mode: ModeCapacite, action_id: UUID, places: int) -> list[Ligne]:
    """Free the places, or count them as served."""
    return transfert(Livre.PLA, action_id, places, Poste.OCCUPEE, SUITES[mode])
