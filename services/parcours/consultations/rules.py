"""The code of a person: how it is written, how long it is good, when it opens.

Ours, no text says it: seven civil days, unless the collectivité has a delay of the same code;
five wrong secrets. Of its 24 characters the first eight find it and the others prove it: 80 bits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from shared.delais import Delai, Unite, delai_en_vigueur
from shared.refus import Refus
from shared.schemas.orientation.reorientations import MomentReorientation
from shared.schemas.parcours.consultations import StatutCodeConsultation

CODE_CONSULTATION = "code_consultation"
DUREES = (
    Delai(
        code=CODE_CONSULTATION,
        duree=7,
        unite=Unite.JOURS,
        depuis=None,
        source="Proposition de Jalons : aucun texte ne borne un code de consultation",
        confirme=False,
    ),
)
ESSAIS_MAX = 5
HASARD_OCTETS = 15
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O or U to misread
_LECTURE = str.maketrans({"I": "1", "L": "1", "O": "0", " ": None, "-": None})
_LONGUEUR, _REPERE = 24, 8


class CodeRefuse(Refus):
    """Unknown, wrong, expired, revoked, blocked or of another collectivité: told alike."""

    code = "introuvable"


@dataclass(frozen=True)
class EtatCode:
    """All that decides whether a code opens."""

    expire_le: datetime
    revoque_le: datetime | None
    essais: int


def duree(jour: date, locaux: Iterable[Delai] = ()) -> Delai:
    """Return how long a code given on a day is good: the collectivité's own length, or ours."""
    siens = [un for un in locaux if un.code == CODE_CONSULTATION]
    return delai_en_vigueur(CODE_CONSULTATION, jour, [*siens, *DUREES])


def ecrire_code(hasard: bytes) -> str:
    """Return a code, in six groups of four, from fifteen bytes of chance."""
    nombre = int.from_bytes(hasard)
    lettres = [_ALPHABET[nombre >> 5 * rang & 31] for rang in range(_LONGUEUR)]
    return "-".join("".join(lettres[rang : rang + 4]) for rang in range(0, _LONGUEUR, 4))


def lire_code(saisi: str) -> tuple[str, str]:
    """Return what finds a code and what proves it, as it was typed: any case, O for 0, I for 1.

    Raises:
        CodeRefuse: it has not the length of a code.
    """
    lettres = saisi.upper().translate(_LECTURE)
    if len(lettres) != _LONGUEUR:
        raise CodeRefuse
    return lettres[:_REPERE], lettres[_REPERE:]


def statut(etat: EtatCode, maintenant: datetime) -> StatutCodeConsultation:
    """Return where a code stands; at `expire_le` it is good no more."""
    if etat.revoque_le is not None:
        return StatutCodeConsultation.REVOQUE
    if etat.essais >= ESSAIS_MAX:
        return StatutCodeConsultation.BLOQUE
    if maintenant >= etat.expire_le:
        return StatutCodeConsultation.EXPIRE
    return StatutCodeConsultation.VALABLE


def exige_valable(etat: EtatCode | None, maintenant: datetime, *, juste: bool) -> None:
    """Refuse a code that does not open, and never say why.

    Raises:
        CodeRefuse: always the same.
    """
    if etat is None or not juste or statut(etat, maintenant) is not StatutCodeConsultation.VALABLE:
        raise CodeRefuse


def moment(*, diagnostique: bool, signe: bool) -> MomentReorientation:
    """Return when a réorientation is asked: its effect on the contract depends on it.

    Source: code du travail, D5411-8-2 and D5411-14-2.
    """
    if diagnostique and not signe:
        return MomentReorientation.APRES_DIAGNOSTIC
    return MomentReorientation.ACCOMPAGNEMENT
