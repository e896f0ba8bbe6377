"""Places: who is placed, who waits, and until when. Capacity bars no decision."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shared.delais import Delai, Unite, delai_en_vigueur
from shared.schemas.orientation.vocabulaire import StatutPlace

# No text gives the wait a term: ours, unless the collectivité has a delay of the same code. The
# day of the decision's effect picks among them: a change adds a row and never edits one.
FILE_ATTENTE = "file_attente"
ATTENTES = (
    Delai(
        code=FILE_ATTENTE,
        duree=30,
        unite=Unite.JOURS,
        depuis=None,
        source="Proposition de Jalons : aucun texte lu ne borne l'attente d'une place",
        confirme=False,
    ),
)


@dataclass(frozen=True)
class Stock:
    """The places of an organisme, counted while its row is held.

    Args:
        places: its bound; None when none is told.
        occupees: how many people it has.
        file: how many wait.
        dernier: the last number given in its queue.
    """

    places: int | None
    occupees: int = 0
    file: int = 0
    dernier: int = 0

    @property
    def libres(self) -> int | None:
        """How many more may be placed, zero when it has more than it may; None: any number."""
        return None if self.places is None else max(self.places - self.occupees, 0)


@dataclass(frozen=True)
class Attribution:
    """What a decision gives: a place at once, or a number in the queue and its last day."""

    statut: StatutPlace
    numero: int | None = None
    rang: int | None = None
    date_limite_file: date | None = None


def attribuer(stock: Stock, date_effet: date, locaux: Iterable[Delai] = ()) -> Attribution:
    """Return the place that a decision gives, the last one included; past it, the queue's end.

    Args:
        stock: of the organisme, without this person.
        date_effet: of the decision: the wait counts from that day.
        locaux: delays of the collectivité.
    """
    if stock.libres is None or stock.libres > 0:
        return Attribution(StatutPlace.PLACEE)
    return Attribution(
        StatutPlace.EN_FILE,
        numero=stock.dernier + 1,
        rang=stock.file + 1,
        date_limite_file=limite_file(date_effet, locaux),
    )


def garder(
    statut: StatutPlace, numero: int | None, rang: int | None, date_limite_file: date | None
) -> Attribution:
    """Return what a new decision for the same organisme gives: the place held, or the same turn.

    Past its bound too, an organisme takes no place back. Who waited keeps the number and the last
    day; who waited once and has a place waits for nothing.
    """
    if statut is StatutPlace.EN_FILE:
        return Attribution(statut, numero, rang, date_limite_file)
    return Attribution(statut)


def limite_file(date_effet: date, locaux: Iterable[Delai] = ()) -> date:
    """Return the last civil day of the wait: the collectivité's own delay, or ours."""
    # Ours comes from no day: it holds wherever no local one does, and a dated one is more recent.
    siens = [delai for delai in locaux if delai.code == FILE_ATTENTE]
    return delai_en_vigueur(FILE_ATTENTE, date_effet, [*siens, *ATTENTES]).echeance(date_effet)
