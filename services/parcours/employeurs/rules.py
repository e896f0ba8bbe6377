"""What an employer must be, to be one."""

from datetime import date

from shared.identifiants import IdentifiantInvalide, siret
from shared.refus import Erreur, Refus, Validation
from shared.schemas.parcours.employeurs import AccompagnementEmployeurCreation, EmployeurCreation


class EmployeurExistant(Refus):
    """A SIRET is one establishment."""

    code = "reference-externe-existante"
    detail = "Un employeur porte deja ce SIRET."


def verifier_employeur(demande: EmployeurCreation) -> None:
    """Check the keys of a SIRET.

    Raises:
        Validation: it is none.
    """
    try:
        siret(demande.siret)
    except IdentifiantInvalide:
        raise Validation([Erreur("/siret", "format-inattendu", "Ce n'est pas un SIRET")]) from None


def verifier_accompagnement(demande: AccompagnementEmployeurCreation, jour: date) -> None:
    """Check the day of what was done.

    Raises:
        Validation: it is to come.
    """
    if demande.date_accompagnement > jour:
        raise Validation([Erreur("/date_accompagnement", "date-incoherente", "A venir")])
