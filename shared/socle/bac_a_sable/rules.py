"""Decisions of the sandbox: how far its clock goes, and what a fault asked for answers. Pure."""

from datetime import datetime, timedelta

from shared.identifiants import nir_fictif
from shared.refus import Erreur, Refus, Validation
from shared.schemas.bac_a_sable import AVANCE_MAX_S, ProblemeProvoque

_QUOTA_S, _REPRISE_S = 60, 2
_AVEC_REPRISE = frozenset(
    {
        ProblemeProvoque.IDEMPOTENCE_EN_COURS,
        ProblemeProvoque.QUOTA_DEPASSE,
        ProblemeProvoque.SURCHARGE,
        ProblemeProvoque.DEPENDANCE_INDISPONIBLE,
        ProblemeProvoque.MAINTENANCE,
    }
)


class PanneProvoquee(Refus):
    """The answer that a partner asked for, as the true one would be rendered."""

    detail = "Panne de test demandee par ce client : rien n'a ete fait."

    def __init__(self, code: ProblemeProvoque, reprise_s: int | None) -> None:
        self.code = code.value
        super().__init__()
        self._code, self._reprise_s = code, reprise_s

    @property
    def headers(self) -> dict[str, str]:
        """What the true answer carries for a client to obey."""
        if self._code is ProblemeProvoque.JETON_EXPIRE:
            return {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        if self._code not in _AVEC_REPRISE:
            return {}
        ordinaire = _QUOTA_S if self._code is ProblemeProvoque.QUOTA_DEPASSE else _REPRISE_S
        return {"Retry-After": str(self._reprise_s or ordinaire)}


def decalage_apres(
    decalage_s: int, reel: datetime, *, instant: datetime | None, avance_s: int | None
) -> int:
    """Return the seconds between the true clock and the sandbox's, once it is moved.

    It only goes forward: what was written before it moved would otherwise be of its future, and
    the database's own clock, which dates rows, is never ahead of it.

    Args:
        decalage_s: what it is ahead by now, zero or more.
        reel: the true instant.
        instant: what it must show, rounded up to a whole second of difference; or
        avance_s: seconds to add.

    Raises:
        Validation: not one of the two, before what the clock shows, or ten years ahead of it.
    """
    if (instant is None) == (avance_s is None):
        raise Validation([Erreur("/instant", "requis", "`instant` ou `avance_s`, l'un des deux")])
    if instant is not None:
        # Whole seconds, and never short of what was asked for.
        voulu, pointeur = -((reel - instant) // timedelta(seconds=1)), "/instant"
    else:
        voulu, pointeur = decalage_s + (avance_s or 0), "/avance_s"
    if voulu < decalage_s:
        raise Validation([Erreur(pointeur, "hors-bornes", "L'horloge ne recule pas")])
    if voulu > AVANCE_MAX_S:
        raise Validation([Erreur(pointeur, "hors-bornes", "Dix ans d'avance au plus")])
    return voulu


def verifier_nir(nir: str | None) -> None:
    """Refuse a NIR that may be somebody's: the sandbox holds nobody.

    Raises:
        Validation: its commune is not 999.
    """
    if nir is not None and not nir_fictif(nir):
        message = "Le bac a sable ne prend que des NIR de la commune 999"
        raise Validation([Erreur("/nir", "nir-interdit-ici", message)])
