"""What a day of reading is compared with, and from when it is too much (contract guide, 17.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from statistics import median_low
from typing import Any
from zoneinfo import ZoneInfo

from shared.refus import Refus, TransitionInterdite
from shared.schemas.volumes import EtatVolume

# Days with reads, and none that was blocked: what was refused is no habit.
JOURS_MIN, JOURS_MAX = 10, 20
FOIS_ALERTE, FOIS_BLOCAGE = 3, 10


class LeveeParLeBloque(Refus):
    """A client does not lift what holds itself: another looks at it."""

    code = "portee-insuffisante"
    detail = "Un autre client leve ce blocage."


@dataclass(frozen=True)
class Seuils:
    """What a day is compared with, and the last numbers of persons that pass."""

    reference: int
    alerte: int
    blocage: int


def bornes_de(row: Any) -> Seuils:
    """The bounds kept with a day: its habit does not move while it lasts."""
    return Seuils(row.reference, alerte=row.seuil_alerte, blocage=row.seuil_blocage)


def seuils(nombres: Sequence[int], plancher: int) -> Seuils:
    """Return the bounds of a day, both included: one more person passes them.

    Args:
        nombres: distinct persons of the last active days, `JOURS_MAX` at most, in any order.
        plancher: persons below which nothing is said; it stands for the habit of whom has none.
    """
    reference = median_low(nombres) if len(nombres) >= JOURS_MIN else plancher
    return Seuils(
        reference,
        alerte=max(FOIS_ALERTE * reference, plancher),
        blocage=max(FOIS_BLOCAGE * reference, plancher),
    )


def etat_apres(etat: EtatVolume, nombre: int, bornes: Seuils) -> EtatVolume:
    """Return the state of a day once so many distinct persons would have been shown.

    Lifted, it stays so until its end; blocked, until it is lifted.
    """
    if etat in (EtatVolume.LEVE, EtatVolume.BLOQUE):
        return etat
    if nombre > bornes.blocage:
        return EtatVolume.BLOQUE
    return EtatVolume.ALERTE if nombre > bornes.alerte else etat


def verifier_levee(etat: EtatVolume, *, lecteur: str, par: str) -> None:
    """Refuse to lift what is not blocked, or by whom it holds.

    Raises:
        LeveeParLeBloque: the client lifts its own.
        TransitionInterdite: the day is not blocked.
    """
    if par == lecteur:
        raise LeveeParLeBloque
    if etat is not EtatVolume.BLOQUE:
        raise TransitionInterdite(etat.value, [])


def secondes_restantes(jour: date, fuseau: ZoneInfo, instant: datetime) -> int:
    """Seconds until the civil day ends, one at least."""
    fin = datetime.combine(jour + timedelta(days=1), time(), fuseau).astimezone(UTC)
    return max(1, ceil((fin - instant).total_seconds()))
