"""What an organisme référent must be to be recorded."""

from datetime import date

from shared.refus import Erreur, Validation
from shared.schemas.orientation import (
    OrganismeReferent,
    OrganismeReferentCreation,
    TypeOrganisme,
)


def verifier_organisme(demande: OrganismeReferentCreation | OrganismeReferent) -> None:
    """Check that each period ends after it begins, and that each stands where it may.

    Raises:
        Validation: `date-incoherente` or `hors-bornes`, with the field.

    Source: code du travail, L5411-5-1 II 2° (délégation) et IV 3° (délégataire).
    """
    erreurs = [
        Erreur(f"/{nom}", "date-incoherente", "La fin precede le debut")
        for nom, debut, fin in (
            ("date_fin", demande.date_debut, demande.date_fin),
            ("convention_fin", demande.convention_debut, demande.convention_fin),
            ("delegation_fin", demande.delegation_debut, demande.delegation_fin),
        )
        if (debut or date.min) > (fin or date.max)
    ]
    if demande.delegation_debut and demande.type is not TypeOrganisme.FRANCE_TRAVAIL:
        erreurs.append(
            Erreur("/delegation_debut", "hors-bornes", "Seul France Travail reçoit la delegation")
        )
    if erreurs:
        raise Validation(erreurs)
