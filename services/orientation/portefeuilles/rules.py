"""Portfolios: what one may be, and to whom a person may be given at the organisme référent."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.orientation.unites.rules import en_cours
from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.orientation.vocabulaire import StatutPlace


@dataclass(frozen=True)
class Suivi:
    """Who follows a person at its organisme: the state of the place, its unit and its portfolio."""

    organisme_id: UUID
    statut: StatutPlace
    unite_id: UUID | None = None
    depuis: date | None = None  # day of the last assignment


@dataclass(frozen=True)
class Service:
    """A unit or a portfolio, by what an assignment needs to know of it. Both ends count."""

    id: UUID
    organisme_id: UUID
    date_debut: date | None = None
    date_fin: date | None = None
    unite_id: UUID | None = None  # of a portfolio


def verifier_unite(unite: Service | None, organisme_id: UUID) -> None:
    """Check that a unit named in a portfolio is one of the agent's own organisme.

    Raises:
        Validation: it is another's.
    """
    if unite is not None and unite.organisme_id != organisme_id:
        message = "L'unite est d'un autre organisme"
        raise Validation([Erreur("/unite_id", "hors-bornes", message)])


def unite_apres(
    suivi: Suivi,
    unite: Service | None,
    portefeuille: Service | None,
    *,
    date_affectation: date,
    jour: date,
) -> UUID | None:
    """Return the unit that follows the person once assigned.

    The one named, else the portfolio's, else the one before. Neither its places nor the size of
    a portfolio bar anything: they are indicators, and only the organisme's bound makes people
    wait.

    Args:
        suivi: where the person is.
        unite: the unit named, if any.
        portefeuille: the portfolio named; None: the person leaves the one it is in.
        date_affectation: from the last assignment's day to `jour`, both included.
        jour: today, where the collectivité is.

    Raises:
        TransitionInterdite: the place was given back, or waits and has no portfolio yet.
        Validation: another organisme's, out of its period, at odds with each other, or a day out
            of its bounds.
    """
    if suivi.statut is StatutPlace.LIBEREE:
        raise TransitionInterdite(suivi.statut, [])
    if suivi.statut is StatutPlace.EN_FILE and portefeuille is not None:
        raise TransitionInterdite(suivi.statut, [StatutPlace.PLACEE])
    erreurs = []
    if date_affectation > jour or (suivi.depuis and date_affectation < suivi.depuis):
        message = "Le jour est dans l'avenir, ou avant la derniere affectation"
        erreurs.append(Erreur("/date_affectation", "date-incoherente", message))
    for nom, un in (("unite_id", unite), ("portefeuille_id", portefeuille)):
        if un is None:
            continue
        if un.organisme_id != suivi.organisme_id:
            message = "Il est d'un autre organisme que la place"
            erreurs.append(Erreur(f"/{nom}", "hors-bornes", message))
        elif not en_cours(un.date_debut, un.date_fin, date_affectation):
            message = "Il n'est pas en service a cette date"
            erreurs.append(Erreur(f"/{nom}", "date-incoherente", message))
    autre = portefeuille.unite_id if portefeuille else None
    if unite and autre and unite.id != autre:
        message = "Le portefeuille est d'une autre unite"
        erreurs.append(Erreur("/unite_id", "hors-bornes", message))
    if erreurs:
        raise Validation(erreurs)
    return unite.id if unite else autre or suivi.unite_id
