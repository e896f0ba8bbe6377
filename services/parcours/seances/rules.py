"""When a séance has room, who may be in it, and what its attendance sheet may say."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from services.parcours.prescriptions.rules import statut_a
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.parcours.offres import SeanceCreation, StatutInscription, StatutPresence
from shared.schemas.parcours.prescriptions import StatutPrescription

# A prescription that still leads, or led, somewhere.
VIVANTES = (
    StatutPrescription.RESERVEE,
    StatutPrescription.ACCEPTEE,
    StatutPrescription.CONFIRMEE,
)
# Holds the place that it took, as the séance counts them (queries).
_TIENNENT = (*VIVANTES, StatutPrescription.TERMINEE)

# A sheet may be corrected; an inscription is never undone.
_EMARGEMENT = (StatutInscription.PRESENT, StatutInscription.ABSENT, StatutInscription.EXCUSE)
TRANSITIONS: Mapping[StatutInscription, tuple[StatutInscription, ...]] = {
    depuis: tuple(vers for vers in _EMARGEMENT if vers is not depuis)
    for depuis in StatutInscription
}


class SeanceComplete(Refus):
    """Every place of the séance is taken."""

    code = "disponible-insuffisant"
    detail = "La seance est complete."


class InscriptionExistante(Refus):
    """One inscription a prescription and séance."""

    code = "reference-externe-existante"
    detail = "Cette prescription est deja inscrite a la seance."


def verifier_seance(demande: SeanceCreation, maintenant: datetime) -> None:
    """Check that a séance is to come, and ends after it begins.

    Raises:
        Validation: with the instants.
    """
    erreurs = []
    if demande.debut_le <= maintenant:
        erreurs.append(Erreur("/debut_le", "date-incoherente", "A venir seulement"))
    if demande.fin_le <= demande.debut_le:
        erreurs.append(Erreur("/fin_le", "date-incoherente", "Apres le debut"))
    if erreurs:
        raise Validation(erreurs)


def exige_inscriptible(
    statut: str,
    expire_le: datetime,
    *,
    offre_prescrite: UUID | None,
    offre_seance: UUID,
    fin_le: datetime,
    maintenant: datetime,
) -> None:
    """Refuse who is not prescribed this offer, or no longer, and a séance that is over.

    Raises:
        TransitionInterdite: the prescription is not one that leads anywhere.
        Validation: it is of another offer, or the séance has ended.
    """
    vu = statut_a(statut, expire_le, maintenant)
    if vu not in VIVANTES:
        raise TransitionInterdite(vu, [])
    if offre_prescrite != offre_seance:
        raise Validation([Erreur("/prescription_id", "hors-bornes", "Elle est d'une autre offre")])
    if maintenant >= fin_le:
        raise Validation([Erreur("/", "date-incoherente", "La seance est finie")])


def exige_place(prises: int, places: int) -> None:
    """Refuse the one too many; the last place may be taken.

    Raises:
        SeanceComplete: none is left.
    """
    if prises >= places:
        raise SeanceComplete(places_disponibles=0)


def a_rendu(
    statut: StatutInscription, prescription: str, expire_le: datetime, maintenant: datetime
) -> bool:
    """Tell whether an inscription holds no place: it may be another's by now."""
    if statut is StatutInscription.INSCRIT:
        return statut_a(prescription, expire_le, maintenant) not in _TIENNENT
    return statut is StatutInscription.EXCUSE


def verifier_presence(
    statut: StatutInscription, vers: StatutPresence, debut_le: datetime, maintenant: datetime
) -> None:
    """Check what the sheet says: nobody came, nor failed to, before it began.

    Raises:
        TransitionInterdite: it said so already.
        Validation: the séance has not begun.
    """
    if StatutInscription(vers) not in TRANSITIONS[statut]:
        raise TransitionInterdite(statut, TRANSITIONS[statut])
    if vers is not StatutPresence.EXCUSE and maintenant < debut_le:
        raise Validation([Erreur("/statut", "date-incoherente", "La seance n'a pas commence")])
