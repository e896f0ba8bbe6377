"""A circuit by product: it opens when calls fail one after the other, and heals by one trial."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from shared.clients.france_travail.erreurs import CircuitOuvert


@dataclass
class Circuit:
    """Count what fails; open, let nothing pass; half open, one.

    Args:
        seuil: failures in a row that open it.
        repos_s: how long it stays open before a trial.
    """

    seuil: int = 5
    repos_s: float = 30
    horloge: Callable[[], float] = time.monotonic
    _suite: int = 0
    _jusqu_a: float = 0
    _essai: bool = False

    def passer(self) -> None:
        """Ask to call.

        Raises:
            CircuitOuvert: it is open, or another makes the trial.
        """
        if self._suite < self.seuil:
            return
        if self._essai or self.horloge() < self._jusqu_a:
            raise CircuitOuvert
        self._essai = True

    def dire(self, *, repond: bool) -> None:
        """Tell how a call ended: an answer that refuses us is an answer."""
        self._essai = False
        self._suite = 0 if repond else self._suite + 1
        if self._suite >= self.seuil:
            self._jusqu_a = self.horloge() + self.repos_s

    def abandonner(self) -> None:
        """Tell that a call was given up before its end: it proves nothing."""
        self._essai = False
