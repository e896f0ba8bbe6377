"""What a value of an indicator must be to be recorded."""

from datetime import date

from shared.refus import Erreur, Validation
from shared.schemas.financement.indicateurs import ValeurIndicateurCreation


def verifier_valeur(demande: ValeurIndicateurCreation, aujourdhui: date) -> None:
    """Check that it was observed, and that a ratio is whole: both of its terms, or none.

    Raises:
        Validation: `date-incoherente` or `requis`, with the field.
    """
    erreurs = []
    if demande.date_observation > aujourdhui:
        message = "Une valeur s'observe un jour passe"
        erreurs.append(Erreur("/date_observation", "date-incoherente", message))
    if (demande.numerateur is None) != (demande.denominateur is None):
        champ = "numerateur" if demande.numerateur is None else "denominateur"
        erreurs.append(Erreur(f"/{champ}", "requis", "Un rapport a deux termes"))
    if erreurs:
        raise Validation(erreurs)
