"""The welcome: who may be convened to what, in which order, and what an absence leads to.

An absence leads to a new invitation and to nothing else: no sanction is decided here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from shared.delais import jour_civil
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.commun import Instant
from shared.schemas.orientation.accueils import (
    Accueil,
    AccueilCreation,
    PresenceAccueil,
    PresenceCreation,
    StatutAccueil,
    StatutConvocation,
    TypeAccueil,
)

# The welcome of the Loire, in its order: one is convened to one session of a step at a time.
ETAPES = (TypeAccueil.REUNION_COLLECTIVE, TypeAccueil.ENTRETIEN_INDIVIDUEL)

# A fact that is an instant is written as every instant on the wire.
_INSTANT: TypeAdapter[datetime | None] = TypeAdapter(Instant | None)


class PlacesEpuisees(Refus):
    """The session cannot hold so many; nothing was taken."""

    code = "disponible-insuffisant"
    detail = "Les places de la seance ne suffisent pas."


class OrdreAccueil(Refus):
    """The individual interview comes after the collective meeting, or a dispensation."""

    code = "transition-interdite"
    detail = "L'entretien individuel suit la reunion collective."

    def __init__(self, reunion_fin_le: datetime | None) -> None:
        super().__init__(
            statut_actuel="reunion_collective_attendue",
            transitions_possibles=["reunion_collective", "dispense"],
            reunion_fin_le=_INSTANT.dump_python(reunion_fin_le, mode="json"),
        )


class SeanceAVenir(Refus):
    """Nobody is present, or absent, before the session begins."""

    code = "transition-interdite"
    detail = "La seance n'a pas commence."

    def __init__(self, statut: StatutConvocation, debut_le: datetime) -> None:
        super().__init__(
            statut_actuel=statut,
            transitions_possibles=[],
            debut_le=_INSTANT.dump_python(debut_le, mode="json"),
        )


@dataclass(frozen=True)
class PremierAccueil:
    """What a person has had of the welcome.

    Args:
        suivis: by type of session attended, the end of the first one.
        dispenses: the steps that the person is dispensed from.
    """

    suivis: Mapping[TypeAccueil, datetime]
    dispenses: Collection[TypeAccueil]


@dataclass(frozen=True)
class Relance:
    """The convocation that a new one follows."""

    id: UUID
    rang_relance: int
    presence: PresenceAccueil | None


def verifier_accueil(accueil: AccueilCreation | Accueil) -> None:
    """Check that a session ends after it begins, and has the places that its type asks for.

    Raises:
        Validation: `date-incoherente`, `requis` or `hors-bornes`, with the field.
    """
    erreurs = []
    if accueil.fin_le <= accueil.debut_le:
        erreurs.append(Erreur("/fin_le", "date-incoherente", "La fin ne suit pas le debut"))
    if accueil.type in ETAPES and accueil.places is None:
        erreurs.append(Erreur("/places", "requis", "Une seance de ce type a des places"))
    elif accueil.type is TypeAccueil.ENTRETIEN_INDIVIDUEL and accueil.places != 1:
        erreurs.append(Erreur("/places", "hors-bornes", "Un entretien individuel a une place"))
    if erreurs:
        raise Validation(erreurs)


def exige_statut(statut: StatutAccueil, *admis: StatutAccueil) -> None:
    """Refuse an act that the state of a session does not allow.

    Raises:
        TransitionInterdite: held or cancelled, it goes nowhere from there.
    """
    if statut not in admis:
        raise TransitionInterdite(statut, [])


def exige_places(places: int | None, prises: int) -> None:
    """Refuse to have more people convened than places; the last one may be taken.

    Args:
        places: of the session; none: without limit.
        prises: people convened, the new one included.

    Raises:
        PlacesEpuisees: with the places, and those taken.
    """
    if places is not None and prises > places:
        raise PlacesEpuisees(places=places)


def exige_ordre(type_: TypeAccueil, debut_le: datetime, deja: PremierAccueil) -> None:
    """Refuse an individual interview before a collective meeting was attended.

    It may begin at the very instant at which the meeting ends. A dispensation stands for it.

    Raises:
        OrdreAccueil: with the end of the meeting, when one was attended.

    Source: règles d'orientation, § 11 ; page publique de la Loire (réunion collective, puis
    entretien individuel).
    """
    if type_ is not TypeAccueil.ENTRETIEN_INDIVIDUEL:
        return
    reunion_fin_le = deja.suivis.get(TypeAccueil.REUNION_COLLECTIVE)
    suivie = reunion_fin_le is not None and debut_le >= reunion_fin_le
    if not suivie and TypeAccueil.REUNION_COLLECTIVE not in deja.dispenses:
        raise OrdreAccueil(reunion_fin_le)


def rang_relance(relancee: Relance | None) -> int:
    """Return how often the person was invited again: a cancelled session is not theirs to bear."""
    if relancee is None:
        return 0
    return relancee.rang_relance + (relancee.presence is not None)


def verifier_envoi(date_envoi: date, jour: date, debut_le: datetime, fuseau: ZoneInfo) -> None:
    """Check that an invitation was sent, and not after the day of the session, itself included.

    Raises:
        Validation: `date-incoherente`.
    """
    if date_envoi > min(jour, jour_civil(debut_le, fuseau)):
        message = "L'envoi est dans l'avenir, ou apres la seance"
        raise Validation([Erreur("/date_envoi", "date-incoherente", message)])


def exige_commencee(statut: StatutConvocation, debut_le: datetime, instant: datetime) -> None:
    """Refuse a statement made before the session; at the instant at which it begins, it may be.

    Raises:
        SeanceAVenir: with the beginning.
    """
    if instant < debut_le:
        raise SeanceAVenir(statut, debut_le)


def verifier_presence(
    demande: PresenceCreation, date_constat: date, jour: date, debut_le: datetime, fuseau: ZoneInfo
) -> None:
    """Check a statement of presence: its day, from that of the session to today, and its reason.

    Raises:
        Validation: `date-incoherente`, `requis` or `hors-bornes`, with the field.
    """
    erreurs = []
    if not jour_civil(debut_le, fuseau) <= date_constat <= jour:
        erreurs.append(
            Erreur("/date_constat", "date-incoherente", "Avant la seance, ou dans l'avenir")
        )
    if demande.presence is PresenceAccueil.EXCUSEE and demande.motif is None:
        erreurs.append(Erreur("/motif", "requis", "Une excuse a un motif"))
    if demande.presence is PresenceAccueil.PRESENTE and demande.motif is not None:
        erreurs.append(Erreur("/motif", "hors-bornes", "Une presence n'a pas de motif"))
    if erreurs:
        raise Validation(erreurs)


def statut_apres(statut: StatutConvocation, presence: PresenceAccueil) -> StatutConvocation:
    """Return the state of a convocation after a statement; what was invited again stays so."""
    if presence is PresenceAccueil.PRESENTE:
        return StatutConvocation.HONOREE
    if statut is StatutConvocation.RELANCEE:
        return statut
    return StatutConvocation.A_RELANCER


def verifier_dispense(type_: TypeAccueil) -> None:
    """Check that what is dispensed from is a step of the welcome.

    Raises:
        Validation: `hors-bornes`.
    """
    if type_ not in ETAPES:
        raise Validation([Erreur("/type", "hors-bornes", "Cet accueil n'est pas une etape")])


def verifier_passee(champ: str, le: date, jour: date) -> None:
    """Check that what is recorded has happened; today is accepted.

    Raises:
        Validation: `date-incoherente`.
    """
    if le > jour:
        raise Validation([Erreur(f"/{champ}", "date-incoherente", "La date est dans l'avenir")])
