"""What may be voted, revised and assigned: the schedule always sums to the authorisation."""

from collections.abc import Mapping, Sequence
from datetime import date

from services.financement.journal.rules import erreurs_effet
from services.financement.reservations.rules import DisponibleInsuffisant
from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.financement.credits import (
    AutorisationEngagementCreation,
    EcheanceCpLigne,
    RevisionAutorisationCreation,
    StatutAutorisation,
)


def exige_votee(statut: StatutAutorisation) -> None:
    """Refuse any act on an authorisation that was cancelled.

    Raises:
        TransitionInterdite: nothing is possible from there.
    """
    if statut is not StatutAutorisation.VOTEE:
        raise TransitionInterdite(statut, [])


def verifier_vote(
    demande: AutorisationEngagementCreation | RevisionAutorisationCreation, aujourdhui: date
) -> None:
    """Check a vote: one line a year, which sum to the total (I-20), of today or before.

    Raises:
        Validation: with each field that cannot be accepted.
    """
    erreurs = erreurs_effet(demande.date_effet, aujourdhui)
    annees = [ligne.exercice for ligne in demande.echeancier]
    erreurs += [
        Erreur(f"/echeancier/{rang}/exercice", "hors-bornes", "Cette annee est deja nommee")
        for rang, annee in enumerate(annees)
        if annee in annees[:rang]
    ]
    if sum(ligne.montant_centimes for ligne in demande.echeancier) != demande.montant_vote_centimes:
        erreurs.append(
            Erreur("/echeancier", "hors-bornes", "La somme des annees doit valoir le montant vote")
        )
    if erreurs:
        raise Validation(erreurs)


def variation_votee(
    demande: RevisionAutorisationCreation,
    *,
    votee_centimes: int,
    disponible_centimes: int,
    echeancier: Sequence[EcheanceCpLigne],
    ouverts: Mapping[int, int],
    depuis: date,
) -> int:
    """Return the cents that a revision adds to the total, or takes away from it.

    Years before the one in which it takes effect stay as they were voted; those that follow keep at
    least the payment credits already opened.

    Args:
        votee_centimes: the total so far.
        disponible_centimes: neither assigned, engaged nor cancelled.
        echeancier: the schedule so far.
        ouverts: by year, the payment credits opened by vote.
        depuis: the day on which the schedule so far took effect.

    Raises:
        Validation: a past year changes, a year keeps less than was opened, or the revision takes
            effect before the one that it replaces.
        DisponibleInsuffisant: what is to be taken away is assigned or engaged.

    Source: règles de financement, § 9.
    """
    avant = {ligne.exercice: ligne.montant_centimes for ligne in echeancier}
    apres = {ligne.exercice: ligne.montant_centimes for ligne in demande.echeancier}
    erreurs = [
        Erreur("/echeancier", "hors-bornes", f"L'exercice {annee} est passe : il ne change plus")
        for annee in sorted(avant.keys() | apres.keys())
        if annee < demande.date_effet.year and avant.get(annee, 0) != apres.get(annee, 0)
    ]
    erreurs += [
        Erreur("/echeancier", "hors-bornes", f"L'exercice {annee} a plus de credits ouverts")
        for annee, ouvert in sorted(ouverts.items())
        if apres.get(annee, 0) < ouvert
    ]
    if demande.date_effet < depuis:
        erreurs.append(Erreur("/date_effet", "date-incoherente", "Avant la revision en vigueur"))
    if erreurs:
        raise Validation(erreurs)
    variation = demande.montant_vote_centimes - votee_centimes
    if -variation > disponible_centimes:
        raise DisponibleInsuffisant(disponible_centimes=disponible_centimes)
    return variation
