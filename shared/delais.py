"""The deadline engine: dates in, due dates out. Pure; today and the time zone are arguments.

Lateness is computed from a due date each time it is asked, and stored nowhere.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from shared.referentiels import charger

ALERTE_JOURS = 7  # at risk from D-7 included; a choice of ours, each collectivité may pass its own


class Unite(StrEnum):
    """Units in which texts count."""

    JOURS = "jours"
    SEMAINES = "semaines"
    MOIS = "mois"
    ANS = "ans"


class Etat(StrEnum):
    """Where a deadline stands on a given day."""

    A_TEMPS = "a_temps"
    A_RISQUE = "a_risque"
    EN_RETARD = "en_retard"
    RESPECTEE = "respectee"
    DEPASSEE = "depassee"  # done, but after the due date


@dataclass(frozen=True)
class Delai:
    """A delay set by a text or by a local objective, from the day it takes effect.

    `depuis` is None when that day was not read: the delay then holds for any past day.
    `confirme` is False when the text itself could not be read: such a value is a setting.
    """

    code: str
    duree: int
    unite: Unite
    depuis: date | None
    source: str
    confirme: bool

    def echeance(self, depart: date) -> date:
        """Return the last civil day of the delay."""
        return echeance(depart, self.duree, self.unite)


DELAIS = tuple(
    Delai(
        code=ligne["code"],
        duree=int(ligne["duree"]),
        unite=Unite(ligne["unite"]),
        depuis=date.fromisoformat(ligne["depuis"]) if ligne["depuis"] else None,
        source=ligne["source"],
        confirme=ligne["confirme"] == "oui",
    )
    for ligne in charger("delais")
)


def delai_en_vigueur(code: str, jour: date, locaux: Iterable[Delai] = ()) -> Delai:
    """Return the delay that binds on the day of the event which starts it.

    A local objective comes before the national delay of the same code, and the most recent
    of either wins. A reform adds a row; the old one still dates the old cases.

    Raises:
        LookupError: no delay of this code was in force on `jour`.
    """
    for delais in (locaux, DELAIS):
        en_vigueur = [
            delai
            for delai in delais
            if delai.code == code and (delai.depuis is None or delai.depuis <= jour)
        ]
        if en_vigueur:
            return max(en_vigueur, key=lambda delai: delai.depuis or date.min)
    raise LookupError(f"No delay {code} in force on {jour}")


def echeance(depart: date, duree: int, unite: Unite) -> date:
    """Return the last civil day of a delay that starts with an event on `depart`.

    The day of the event does not count. Months and years run date to date, and end on the
    last day of the month when it has no such day; a week is seven days. Weekends and
    holidays extend nothing: no text read says that they do.
    """
    match unite:
        case Unite.JOURS:
            return depart + timedelta(days=duree)
        case Unite.SEMAINES:
            return depart + timedelta(weeks=duree)
        case Unite.MOIS:
            return _mois_apres(depart, duree)
        case Unite.ANS:
            return _mois_apres(depart, 12 * duree)


def _mois_apres(depart: date, mois: int) -> date:
    annees, rang = divmod(depart.month - 1 + mois, 12)
    annee, numero = depart.year + annees, rang + 1
    return date(annee, numero, min(depart.day, monthrange(annee, numero)[1]))


@dataclass(frozen=True)
class Pause:
    """Civil days during which a delay does not run: both ends included; no end, it still lasts."""

    debut: date
    fin: date | None


@dataclass(frozen=True)
class Interruption:
    """An event that wipes out the time run, and the one from which the delay starts again.

    Without `reprise` nothing runs: the delay waits for the event that will start it.
    """

    jour: date
    reprise: date | None


def echeance_prolongee(
    date_echeance: date, depart: date, pauses: Iterable[Pause] = ()
) -> date | None:
    """Return the last civil day of a delay once its pauses are added; None while one lasts.

    A day of pause pushes the end by a day, whatever the unit, and a day paused twice counts once.
    The day of the event does not run, so it cannot be paused. A pause that begins after the end,
    pushed already by the former ones, came too late.
    """
    for pause in sorted(pauses, key=lambda pause: pause.debut):
        debut = max(pause.debut, depart + timedelta(days=1))
        if debut > date_echeance:
            break
        if pause.fin is None:
            return None
        if pause.fin >= debut:
            date_echeance += pause.fin - debut + timedelta(days=1)
            depart = pause.fin
    return date_echeance


def depart_suivi(
    delai: Delai,
    depart: date,
    *,
    pauses: Iterable[Pause] = (),
    interruptions: Iterable[Interruption] = (),
) -> date | None:
    """Return the day from which a delay runs once it was interrupted; None while nothing runs.

    An interruption starts the whole delay again at its `reprise`; one that comes after the end
    revives nothing, and one before the start is of another delay.

    Source: Code du travail D5411-8-2, for the contract asked again by a réorientation.
    """
    pauses = tuple(pauses)
    for interruption in sorted(interruptions, key=lambda one: one.jour):
        if interruption.jour < depart:
            continue
        fin = echeance_prolongee(delai.echeance(depart), depart, pauses)
        if fin is not None and interruption.jour > fin:
            break
        if interruption.reprise is None:
            return None
        depart = interruption.reprise
    return depart


def echeance_suivie(
    delai: Delai,
    depart: date,
    *,
    pauses: Iterable[Pause] = (),
    interruptions: Iterable[Interruption] = (),
) -> date | None:
    """Return the last civil day of a delay that was paused or interrupted; None if none runs."""
    pauses = tuple(pauses)
    suivi = depart_suivi(delai, depart, pauses=pauses, interruptions=interruptions)
    if suivi is None:
        return None
    return echeance_prolongee(delai.echeance(suivi), suivi, pauses)


def jour_civil(instant: datetime, fuseau: ZoneInfo) -> date:
    """Return the civil day, where the collectivité is, of an aware instant.

    Raises:
        ValueError: `instant` bears no offset, so it has no day anywhere.
    """
    if instant.tzinfo is None:
        raise ValueError("An instant must be aware")
    return instant.astimezone(fuseau).date()


def fin_de_delai(date_echeance: date, fuseau: ZoneInfo) -> datetime:
    """Return the UTC instant of the local midnight that ends the last civil day."""
    minuit = datetime.combine(date_echeance + timedelta(days=1), time.min, tzinfo=fuseau)
    return minuit.astimezone(UTC)


def etat(
    date_echeance: date,
    jour: date,
    *,
    date_accomplie: date | None = None,
    alerte_jours: int = ALERTE_JOURS,
) -> Etat:
    """Return where a deadline stands on the civil day `jour`.

    The due date itself is still in time; the alert begins `alerte_jours` before it, included.
    """
    if date_accomplie is not None:
        return Etat.RESPECTEE if date_accomplie <= date_echeance else Etat.DEPASSEE
    if jour > date_echeance:
        return Etat.EN_RETARD
    restant = date_echeance - jour
    return Etat.A_RISQUE if restant <= timedelta(days=alerte_jours) else Etat.A_TEMPS
