"""What may be prescribed, confirmed or given back, and when a reservation has fallen."""

from collections.abc import Mapping
from datetime import datetime

from services.parcours.freins.rules import erreurs_texte_libre
from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.parcours.prescriptions import (
    PrescriptionAnnulationCreation,
    PrescriptionConfirmationCreation,
    PrescriptionCreation,
    StatutPrescription,
)

TRANSITIONS: Mapping[StatutPrescription, tuple[StatutPrescription, ...]] = {
    StatutPrescription.RESERVEE: (
        StatutPrescription.CONFIRMEE,
        StatutPrescription.ANNULEE,
        StatutPrescription.EXPIREE,
    ),
    StatutPrescription.CONFIRMEE: (),
    StatutPrescription.ANNULEE: (),
    StatutPrescription.EXPIREE: (),
}


def statut_a(statut: str, expire_le: datetime, maintenant: datetime) -> StatutPrescription:
    """Return the state as of an instant: at `expire_le` itself the reservation has fallen."""
    if statut == StatutPrescription.RESERVEE and maintenant >= expire_le:
        return StatutPrescription.EXPIREE
    return StatutPrescription(statut)


def verifier_creation(demande: PrescriptionCreation) -> None:
    """Check that something is asked for.

    Raises:
        Validation: neither a place nor a cent.
    """
    if not demande.places and not demande.montant_centimes:
        raise Validation([Erreur("/places", "hors-bornes", "Une place ou un montant au moins")])


def exige_reservee(statut: str) -> None:
    """Refuse to resolve twice.

    Whether the reservation has expired is financement's to say: it may have been confirmed there
    in time, and its answer lost on the way here.

    Raises:
        TransitionInterdite: it was confirmed or cancelled.
    """
    if statut != StatutPrescription.RESERVEE:
        raise TransitionInterdite(statut, TRANSITIONS[StatutPrescription(statut)])


def verifier_montant(
    demande: PrescriptionConfirmationCreation, *, places: int, reserve_centimes: int
) -> None:
    """Check that no more is confirmed than was reserved, the last cent included, nor nothing.

    Raises:
        Validation: it is more, or neither a place nor a cent.
    """
    montant = demande.montant_centimes
    if montant is not None and not (0 if places else 1) <= montant <= reserve_centimes:
        raise Validation(
            [Erreur("/montant_centimes", "hors-bornes", "Ni plus que reserve, ni rien")]
        )


def verifier_annulation(demande: PrescriptionAnnulationCreation, *, sante: bool) -> None:
    """Check that it is said why, and that nothing is said beside health.

    Raises:
        Validation: with the field.
    """
    erreurs = erreurs_texte_libre("/motif", demande.motif, sante=sante, requis=True)
    if erreurs:
        raise Validation(erreurs)
