"""When a decision was sent and received: the date certaine from which other delays run."""

from dataclasses import dataclass
from datetime import date

from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.orientation.vocabulaire import ModeNotification, StatutOrientation


@dataclass(frozen=True)
class Envoi:
    """A decision sent by one means; without a reception, it was not received, or not yet."""

    mode: ModeNotification
    date_envoi: date
    date_reception: date | None = None


def exige_decidee(statut: StatutOrientation, *, decidee: bool) -> None:
    """Refuse to notify what was not decided; a decision replaced since may still be notified.

    Raises:
        TransitionInterdite: there is no decision.
    """
    if not decidee:
        raise TransitionInterdite(statut, [StatutOrientation.OUVERTE])


def date_certaine(envoi: Envoi, *, date_decision: date, jour: date) -> date | None:
    """Return the day when the decision was received for certain; None when it was not.

    Handed over, it is received that very day. Each of these days may be the same one.

    Args:
        envoi: what was sent.
        date_decision: nothing is sent before it.
        jour: today, where the collectivité is; nothing recorded is in the future.

    Raises:
        Validation: `date-incoherente`, with the field.

    Source: code du travail, R5411-8-1.
    """
    remise = envoi.mode is ModeNotification.REMISE_EN_MAIN_PROPRE
    reception = envoi.date_reception or (envoi.date_envoi if remise else None)
    erreurs = []
    if not date_decision <= envoi.date_envoi <= jour:
        message = "L'envoi precede la decision, ou il est dans l'avenir"
        erreurs.append(Erreur("/date_envoi", "date-incoherente", message))
    if reception is not None and not envoi.date_envoi <= reception <= jour:
        message = "La reception precede l'envoi, ou elle est dans l'avenir"
        erreurs.append(Erreur("/date_reception", "date-incoherente", message))
    elif remise and reception != envoi.date_envoi:
        message = "Une remise en main propre est recue le jour meme"
        erreurs.append(Erreur("/date_reception", "date-incoherente", message))
    if erreurs:
        raise Validation(erreurs)
    return reception


def premiere(connue: date | None, reception: date | None) -> date | None:
    """Return the first reception of a decision: a later one starts no delay again."""
    return min((d for d in (connue, reception) if d is not None), default=None)
