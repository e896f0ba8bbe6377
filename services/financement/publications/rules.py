"""What a publication must be, and what it makes of the three months to publish in."""

from datetime import date

from shared.refus import Erreur, Validation
from shared.schemas.financement.conventions import TypeConvention
from shared.schemas.financement.exports import PublicationSubventionCreation
from shared.schemas.orientation.echeances import EtatEcheance


def verifier_publication(
    demande: PublicationSubventionCreation,
    type_convention: TypeConvention,
    date_signature: date | None,
    aujourdhui: date,
) -> None:
    """Check that what is published is a signed subsidy, on a day between its signature and today.

    Raises:
        Validation: with the field; of the convention itself, without one.
    """
    erreurs = []
    if type_convention is not TypeConvention.CONVENTION_SUBVENTION or date_signature is None:
        erreurs.append(Erreur("", "hors-bornes", "Ce n'est pas une subvention signee"))
    elif not date_signature <= demande.date_publication <= aujourdhui:
        message = "Avant la signature, ou a venir"
        erreurs.append(Erreur("/date_publication", "date-incoherente", message))
    if erreurs:
        raise Validation(erreurs)


def etat_publication(
    *, alerte: date, limite: date, publiee: date | None, aujourdhui: date
) -> EtatEcheance:
    """Return where a publication stands: the first one counts, and the last day is in time."""
    if publiee is not None:
        return EtatEcheance.RESPECTEE if publiee <= limite else EtatEcheance.DEPASSEE
    if aujourdhui > limite:
        return EtatEcheance.EN_RETARD
    return EtatEcheance.A_RISQUE if aujourdhui >= alerte else EtatEcheance.A_TEMPS
