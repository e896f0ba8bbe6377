"""What a rate must be to be recorded."""

from shared.refus import Erreur, Validation
from shared.schemas.financement.bilans import TauxDateCreation


def verifier_taux(demande: TauxDateCreation) -> None:
    """Check that a rate is a fraction of one, and that what is confirmed has a source.

    Raises:
        Validation: with the field.
    """
    erreurs = []
    if demande.numerateur > demande.denominateur:
        erreurs.append(Erreur("/numerateur", "hors-bornes", "Le taux depasse 100 %"))
    if demande.confirme and demande.source is None:
        erreurs.append(Erreur("/source", "requis", "Un taux confirme a une source"))
    if erreurs:
        raise Validation(erreurs)
