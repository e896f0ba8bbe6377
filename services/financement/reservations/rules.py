"""Places and cents taken together, confirmed, given back: what may be, and how it is split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from fractions import Fraction
from typing import Any
from uuid import UUID

from services.financement.journal.rules import Ecriture, Tenue, lignes_liberation
from services.financement.repartition import Quote, repartir
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.financement.actions import StatutAction
from shared.schemas.financement.journal import EvenementJournal, Livre
from shared.schemas.financement.reservations import (
    ConfirmationCreation,
    ReservationCreation,
    StatutReservation,
)


class DisponibleInsuffisant(Refus):
    """Places or cents are short; nothing was taken of either."""

    code = "disponible-insuffisant"
    detail = "Les places ou les montants demandes depassent ce qui est disponible."


class HorsPeriode(Refus):
    """An envelope of the action is not open to commitments on that day."""

    code = "hors-periode"


class ReservationExpiree(Refus):
    """The reservation ended at `expire_le`, that very instant included."""

    code = "reservation-expiree"


class ReservationDejaResolue(Refus):
    """The reservation was confirmed or cancelled before: it resolves once (I-40)."""

    code = "reservation-deja-resolue"


@dataclass(frozen=True)
class PartAction:
    """What an envelope pays of an action, was given so far, and when it may be drawn on.

    Args:
        fermee: it is closed or settled: what comes back to it is not spent again.
    """

    enveloppe_id: UUID
    poids: Fraction
    attribue_centimes: int
    fenetre_debut: date | None
    fenetre_fin: date | None
    fermee: bool


@dataclass(frozen=True)
class EtatAction:
    """All that the rules need to know of an action whose gates are held.

    Args:
        parts: of its key, in order.
        disponibles: by object, cents of its envelopes, and its own places; absent: none.
    """

    action_id: UUID
    parts: Sequence[PartAction]
    disponibles: Mapping[UUID, int]
    statut: StatutAction = StatutAction.EN_COURS


@dataclass(frozen=True)
class EtatReservation:
    """A reservation whose gates are held, and what it holds."""

    id: UUID
    action_id: UUID
    version: int
    statut: StatutReservation
    expire_le: datetime
    tenues: Sequence[Tenue]


def statut_a(
    statut: StatutReservation, expire_le: datetime, instant: datetime
) -> StatutReservation:
    """Return the state as of an instant: expired from `expire_le` on, swept or not (I-41)."""
    if statut is StatutReservation.EN_ATTENTE and instant >= expire_le:
        return StatutReservation.EXPIREE
    return statut


def verifier_demande(demande: ReservationCreation) -> None:
    """Refuse a reservation of nothing.

    Raises:
        Validation: neither a place nor a cent is asked for.
    """
    if demande.places == 0 and demande.montant_centimes == 0:
        raise Validation([Erreur("/", "hors-bornes", "Une place ou un centime au moins")])


def exige_vivante(statut: StatutAction) -> None:
    """Refuse to commit anything more to an action that was abandoned.

    Raises:
        TransitionInterdite: nothing is possible from there.
    """
    if statut is StatutAction.ABANDONNEE:
        raise TransitionInterdite(statut, [])


def apres_expirations(etat: EtatAction, echues: Sequence[EtatReservation]) -> EtatAction:
    """Return the action's state once the reservations that are due have given back."""
    disponibles = dict(etat.disponibles)
    rendus: dict[UUID, int] = {}
    for echue in echues:
        for tenue in echue.tenues:
            disponibles[tenue.objet_id] += tenue.quantite
            if echue.action_id == etat.action_id:
                rendus[tenue.objet_id] = rendus.get(tenue.objet_id, 0) + tenue.quantite
    parts = [
        replace(part, attribue_centimes=part.attribue_centimes - rendus.get(part.enveloppe_id, 0))
        for part in etat.parts
    ]
    return replace(etat, parts=parts, disponibles=disponibles)


def tenues_reservees(
    etat: EtatAction, *, places: int, montant_centimes: int, jour: date
) -> list[Tenue]:
    """Return what a reservation holds: the cents of each envelope, and the places.

    Each envelope must cover its whole cents of the amount: another never pays in its stead. The
    last place and the last cent may be taken; both ends of a window are in it.

    Args:
        etat: the action, what is due already given back.
        places: to take, zero or more.
        montant_centimes: to take, zero or more.
        jour: civil day of the reservation, where the collectivité is.

    Raises:
        TransitionInterdite: the action was abandoned.
        HorsPeriode: an envelope that would pay is closed, or `jour` out of its window.
        DisponibleInsuffisant: places or cents are short, with what is left of both.

    Source: règles de financement, § 5 et § 8 ; I-42, I-43.
    """
    exige_vivante(etat.statut)
    if montant_centimes:
        exige_fenetres(etat.parts, jour)
    disponibles = [etat.disponibles.get(part.enveloppe_id, 0) for part in etat.parts]
    courtes = [
        int(montant_centimes * part.poids) > disponible
        for part, disponible in zip(etat.parts, disponibles, strict=True)
    ]
    places_disponibles = etat.disponibles.get(etat.action_id, 0)
    if places > places_disponibles or any(courtes) or montant_centimes > sum(disponibles):
        centimes = _centimes_disponibles(etat.parts, disponibles) if montant_centimes else {}
        raise DisponibleInsuffisant(places_disponibles=places_disponibles, **centimes)
    quotes = [
        Quote(part.poids, part.attribue_centimes, disponible)
        for part, disponible in zip(etat.parts, disponibles, strict=True)
    ]
    tenues = [
        Tenue(Livre.ENG, part.enveloppe_id, centimes)
        for part, centimes in zip(etat.parts, repartir(montant_centimes, quotes), strict=True)
        if centimes
    ]
    return [*tenues, *([Tenue(Livre.PLA, etat.action_id, places)] if places else [])]


def _centimes_disponibles(
    parts: Sequence[PartAction], disponibles: Sequence[int]
) -> dict[str, Any]:
    """Say what is left: of each envelope, and of the key, which the first to run short rules."""
    couples = list(zip(parts, disponibles, strict=True))
    return {
        "disponible_centimes": min((int(reste / part.poids) for part, reste in couples), default=0),
        "enveloppes": [
            {"enveloppe_id": part.enveloppe_id, "disponible_centimes": reste}
            for part, reste in couples
        ],
    }


def exige_fenetres(parts: Sequence[PartAction], jour: date) -> None:
    """Refuse to commit money of an envelope that is closed, or out of its window.

    Both ends are in the window.

    Raises:
        HorsPeriode: with the envelope and its window.
    """
    for part in parts:
        dedans = (part.fenetre_debut or date.min) <= jour <= (part.fenetre_fin or date.max)
        if part.fermee or not dedans:
            raise HorsPeriode(
                enveloppe_id=part.enveloppe_id,
                fenetre_debut=part.fenetre_debut,
                fenetre_fin=part.fenetre_fin,
            )


def exige_en_attente(reservation: EtatReservation, instant: datetime) -> None:
    """Refuse to resolve a reservation twice, or from `expire_le` on.

    Raises:
        ReservationExpiree: it is due, swept or not.
        ReservationDejaResolue: it was confirmed or cancelled.
    """
    match statut_a(reservation.statut, reservation.expire_le, instant):
        case StatutReservation.EN_ATTENTE:
            return
        case StatutReservation.EXPIREE:
            raise ReservationExpiree
        case statut:
            raise ReservationDejaResolue(statut_actuel=statut)


def prises_confirmees(
    reservation: EtatReservation, parts: Sequence[PartAction], demande: ConfirmationCreation
) -> dict[UUID, int]:
    """Return, by object, what is confirmed of what is held: all of it unless less is asked.

    The confirmed amount is split anew, within what each envelope holds for this reservation.

    Raises:
        Validation: more than is held, or nothing at all.
    """
    tenus = {tenue.objet_id: tenue.quantite for tenue in reservation.tenues}
    places_tenues = tenus.get(reservation.action_id, 0)
    centimes_tenus = sum(tenus.values()) - places_tenues
    places = places_tenues if demande.places is None else demande.places
    montant = centimes_tenus if demande.montant_centimes is None else demande.montant_centimes
    erreurs = [
        Erreur(f"/{champ}", "hors-bornes", "Plus que ce qui est reserve")
        for champ, demandes, tenu in (
            ("places", places, places_tenues),
            ("montant_centimes", montant, centimes_tenus),
        )
        if demandes > tenu
    ]
    if places == 0 and montant == 0:
        erreurs.append(Erreur("/", "hors-bornes", "Rien a confirmer : la reservation s'annule"))
    if erreurs:
        raise Validation(erreurs)
    quotes = [
        Quote(
            poids=part.poids,
            # What this reservation holds was counted when it was made, and is split again.
            deja_centimes=part.attribue_centimes - tenus.get(part.enveloppe_id, 0),
            plafond_centimes=tenus.get(part.enveloppe_id, 0),
        )
        for part in parts
    ]
    prises = {
        part.enveloppe_id: centimes
        for part, centimes in zip(parts, repartir(montant, quotes), strict=True)
    }
    return {**prises, reservation.action_id: places}


def ecriture_liberation(
    reservation: EtatReservation, evenement: EvenementJournal, date_effet: date
) -> Ecriture:
    """Return the entry that gives back all that a reservation holds."""
    return Ecriture(
        evenement=evenement,
        date_effet=date_effet,
        lignes=lignes_liberation(reservation.tenues),
        action_id=reservation.action_id,
        reservation_id=reservation.id,
    )


def ecritures_expiration(echues: Sequence[EtatReservation], fuseau: tzinfo) -> list[Ecriture]:
    """Return the entries of reservations that are due, in order, each dated its `expire_le`."""
    return [
        ecriture_liberation(
            echue, EvenementJournal.EXPIRATION, echue.expire_le.astimezone(fuseau).date()
        )
        for echue in sorted(echues, key=lambda echue: (echue.expire_le, echue.id))
    ]
