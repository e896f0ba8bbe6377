"""What a convention must be to be recorded."""

from collections.abc import Sequence

from shared.refus import Erreur, Validation
from shared.schemas.financement.conventions import ConventionCreation


def verifier_convention(demande: ConventionCreation) -> None:
    """Check that it ends after it begins, and that axes and volets are each numbered once.

    Raises:
        Validation: `date-incoherente` or `hors-bornes`, with the field.
    """
    erreurs = []
    if demande.annee_fin is not None and demande.annee_fin < demande.annee_debut:
        erreurs.append(Erreur("/annee_fin", "date-incoherente", "La fin precede le debut"))
    for champ, ordres in (
        ("axes", [axe.ordre for axe in demande.axes]),
        ("volets", [volet.ordre for volet in demande.volets]),
    ):
        erreurs += [
            Erreur(f"/{champ}/{rang}/ordre", "hors-bornes", "Cet ordre est deja pris")
            for rang in _repetes(ordres)
        ]
    if erreurs:
        raise Validation(erreurs)


def _repetes(valeurs: Sequence[int]) -> list[int]:
    return [rang for rang, valeur in enumerate(valeurs) if valeur in valeurs[:rang]]
