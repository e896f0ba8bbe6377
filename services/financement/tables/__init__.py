"""Tables of financement: what was agreed, what it pays, and the journal that proves it."""

from services.financement.tables.base import Base
from services.financement.tables.conventions import Action, Convention
from services.financement.tables.engagements import CompteurEngagement, Engagement, EngagementLigne
from services.financement.tables.enveloppes import Enveloppe, PartFinancement
from services.financement.tables.journal import (
    Chaine,
    Ecriture,
    LigneEcriture,
    MouvementJour,
    Solde,
)
from services.financement.tables.reservations import Reservation, ReservationLigne

__all__ = [
    "Action",
    "Base",
    "Chaine",
    "CompteurEngagement",
    "Convention",
    "Ecriture",
    "Engagement",
    "EngagementLigne",
    "Enveloppe",
    "LigneEcriture",
    "MouvementJour",
    "PartFinancement",
    "Reservation",
    "ReservationLigne",
    "Solde",
]
