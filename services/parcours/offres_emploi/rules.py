"""Offers and who is put forward for them: places never given twice, and an issue told once.

What a person declines is recorded and leads nowhere: no path goes from here to a suspension.
"""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.parcours.employeurs import (
    MiseEnRelationCreation,
    MiseEnRelationResultatCreation,
    OffreEmploiClotureCreation,
    OffreEmploiCreation,
    StatutMiseEnRelation,
    StatutOffre,
)

TRANSITIONS: Mapping[StatutOffre, tuple[StatutOffre, ...]] = {
    StatutOffre.OUVERTE: (StatutOffre.POURVUE, StatutOffre.CLOSE),
    StatutOffre.POURVUE: (StatutOffre.CLOSE,),
    StatutOffre.CLOSE: (),
}
ISSUES = tuple(issue for issue in StatutMiseEnRelation if issue != StatutMiseEnRelation.PROPOSEE)


class DejaProposee(Refus):
    """A person is put forward once at a time for an offer."""

    code = "transition-interdite"
    detail = "Cette personne est deja proposee sur cette offre."


def verifier_offre(demande: OffreEmploiCreation, jour: date) -> None:
    """Check the first day of an offer.

    Raises:
        Validation: it is to come.
    """
    _exige_date("/date_ouverture", demande.date_ouverture, date.min, jour)


def verifier_cloture(
    demande: OffreEmploiClotureCreation, statut: StatutOffre, ouverture: date, jour: date
) -> None:
    """Check that an offer may close, on a day that has come.

    Raises:
        TransitionInterdite: it is closed.
        Validation: the day is to come, or before the first.
    """
    if StatutOffre.CLOSE not in TRANSITIONS[statut]:
        raise TransitionInterdite(statut, TRANSITIONS[statut])
    _exige_date("/date_cloture", demande.date_cloture, ouverture, jour)


def verifier_proposition(
    demande: MiseEnRelationCreation, statut: StatutOffre, ouverture: date, jour: date
) -> None:
    """Check that a person may be put forward: a place is left.

    Raises:
        TransitionInterdite: the offer is filled or closed.
        Validation: the day is to come, or before the offer.
    """
    if statut is not StatutOffre.OUVERTE:
        raise TransitionInterdite(statut, TRANSITIONS[statut])
    _exige_date("/date_proposition", demande.date_proposition, ouverture, jour)


def verifier_resultat(
    demande: MiseEnRelationResultatCreation,
    statut: StatutMiseEnRelation,
    proposition: date,
    jour: date,
    *,
    parcours_id: UUID,
    parcours_emploi_id: UUID | None,
) -> None:
    """Check the issue of a mise en relation, told once.

    Raises:
        TransitionInterdite: it is told.
        Validation: with the field.
    """
    if statut is not StatutMiseEnRelation.PROPOSEE:
        raise TransitionInterdite(statut, [])
    erreurs = []
    if demande.issue not in ISSUES:
        erreurs.append(Erreur("/issue", "hors-bornes", "Une issue est attendue"))
    if demande.emploi_id is not None and (
        demande.issue is not StatutMiseEnRelation.RECRUTEE or parcours_emploi_id != parcours_id
    ):
        erreurs.append(Erreur("/emploi_id", "hors-bornes", "L'emploi de la personne recrutee"))
    if erreurs:
        raise Validation(erreurs)
    _exige_date("/date_resultat", demande.date_resultat, proposition, jour)


def apres_recrutement(statut: StatutOffre, places: int, pourvues: int) -> tuple[StatutOffre, int]:
    """Return the state and the places taken once one more person is hired.

    Raises:
        TransitionInterdite: no place is left, or the offer is closed.
    """
    if statut is not StatutOffre.OUVERTE:
        raise TransitionInterdite(statut, TRANSITIONS[statut])
    return (StatutOffre.POURVUE if pourvues + 1 == places else statut), pourvues + 1


def _exige_date(champ: str, valeur: date, depuis: date, jour: date) -> None:
    """Both ends are included."""
    if not depuis <= valeur <= jour:
        raise Validation([Erreur(champ, "date-incoherente", "A venir, ou avant ce qui precede")])
