"""Units of an organisme référent: which one serves a commune, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.refus import Erreur, Validation


@dataclass(frozen=True)
class Unite:
    """What the choice needs to know of a unit. Both ends of the period count.

    Args:
        communes: those it serves.
        territoire: a territory by its name; while its communes are unknown, nobody is given to
            the unit. Without communes nor territory, it serves all that its organisme does.
    """

    id: UUID
    communes: frozenset[str] = frozenset()
    territoire: str | None = None
    date_debut: date | None = None
    date_fin: date | None = None

    def dessert(self, commune: str | None, jour: date) -> bool:
        """Tell whether the unit serves a commune on a day; an unknown commune is no unit's own."""
        if not en_cours(self.date_debut, self.date_fin, jour):
            return False
        return commune in self.communes if self.communes else self.territoire is None


def unite_desservante(unites: Iterable[Unite], commune: str | None, jour: date) -> UUID | None:
    """Return the unit to which a person of a commune is given; None when no unit serves it.

    Of several, one with communes of its own before one that serves everywhere; then by id, so
    that the order in which units are given changes nothing.
    """
    retenues = [unite for unite in unites if unite.dessert(commune, jour)]
    choix = min(retenues, key=lambda un: (not un.communes, str(un.id)), default=None)
    return choix.id if choix else None


def en_cours(debut: date | None, fin: date | None, jour: date) -> bool:
    """Tell whether a day is within a period; both ends are included, an absent one is open."""
    return (debut or date.min) <= jour <= (fin or date.max)


def verifier_periode(debut: date | None, fin: date | None) -> None:
    """Check that a period ends after it begins.

    Raises:
        Validation: `date-incoherente`.
    """
    if (debut or date.min) > (fin or date.max):
        raise Validation([Erreur("/date_fin", "date-incoherente", "La fin precede le debut")])
