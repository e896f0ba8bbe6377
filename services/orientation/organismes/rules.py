"""What an organisme référent must be to be recorded, and who acts for it."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from shared.refus import Erreur, Refus, Validation
from shared.schemas.orientation.organismes import OrganismeReferent, OrganismeReferentCreation
from shared.schemas.orientation.vocabulaire import TypeOrganisme


class AutreOrganisme(Refus):
    """The client does not speak for the organisme whose act this is."""

    code = "autorite-incompetente"
    detail = "Cet acte revient a un organisme pour lequel le client ne parle pas."

    def __init__(self, organisme_attendu_id: UUID) -> None:
        super().__init__(organisme_attendu_id=organisme_attendu_id)


def exige_parole(auteur: str, organisme_id: UUID, clients: Collection[str]) -> None:
    """Check that the client speaks for the organisme whose act this is.

    Raises:
        AutreOrganisme: it does not.

    Source: code du travail, L5411-5-2 II (who asks for another orientation, who answers) and
        L5411-6 II 1° (the organisme designates the référent).
    """
    if auteur not in clients:
        raise AutreOrganisme(organisme_id)


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
