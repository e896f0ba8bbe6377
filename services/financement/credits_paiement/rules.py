"""What may be opened for a year: no more than the schedule says of an authorisation's credits."""

from collections.abc import Sequence
from datetime import date

from services.financement.journal.rules import erreurs_effet
from shared.refus import Erreur, Validation
from shared.schemas.financement.credits import (
    CreditPaiementCreation,
    EcheanceCpLigne,
    OuvertureCreditCommande,
)


def verifier_credit(demande: CreditPaiementCreation, aujourdhui: date) -> None:
    """Check new payment credits: of something, and opened on a day of their year.

    Raises:
        Validation: with each field that cannot be accepted.
    """
    erreurs = erreurs_ouverture(demande, demande.exercice, aujourdhui)
    if demande.autorisation_engagement_id is None and demande.imputation is None:
        erreurs.append(Erreur("/imputation", "requis", "Une autorisation ou une imputation"))
    if erreurs:
        raise Validation(erreurs)


def erreurs_ouverture(
    demande: CreditPaiementCreation | OuvertureCreditCommande, exercice: int, aujourdhui: date
) -> list[Erreur]:
    """Say that credits of a year are opened on a day of another, or to come."""
    if demande.date_effet.year != exercice:
        return [Erreur("/date_effet", "date-incoherente", "Un jour de l'exercice est attendu")]
    return erreurs_effet(demande.date_effet, aujourdhui)


def exige_echeance(
    montant_centimes: int,
    exercice: int,
    echeancier: Sequence[EcheanceCpLigne],
    ouvert_centimes: int,
) -> None:
    """Refuse to open more than the schedule says for the year.

    Args:
        ouvert_centimes: what was opened by vote before.

    Raises:
        Validation: `hors-bornes`.
    """
    prevu = sum(ligne.montant_centimes for ligne in echeancier if ligne.exercice == exercice)
    if ouvert_centimes + montant_centimes > prevu:
        message = "Plus que l'echeancier de l'autorisation ne prevoit pour l'exercice"
        raise Validation([Erreur("/montant_centimes", "hors-bornes", message)])
