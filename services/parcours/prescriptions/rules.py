"""What may be prescribed, confirmed or given back, and when a reservation has fallen."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from services.parcours.freins.rules import erreurs_texte_libre
from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.parcours.prescriptions import (
    FinPrescriptionCreation,
    IssuePrescription,
    PrescriptionAnnulationCreation,
    PrescriptionConfirmationCreation,
    PrescriptionCreation,
    ReponsePrescriptionCreation,
    SensReponse,
    StatutPrescription,
)

TRANSITIONS: Mapping[StatutPrescription, tuple[StatutPrescription, ...]] = {
    StatutPrescription.RESERVEE: (
        StatutPrescription.ACCEPTEE,
        StatutPrescription.REFUSEE,
        StatutPrescription.CONFIRMEE,
        StatutPrescription.ANNULEE,
        StatutPrescription.EXPIREE,
    ),
    StatutPrescription.ACCEPTEE: (
        StatutPrescription.CONFIRMEE,
        StatutPrescription.ANNULEE,
        StatutPrescription.EXPIREE,
    ),
    StatutPrescription.CONFIRMEE: (StatutPrescription.TERMINEE, StatutPrescription.ABANDONNEE),
    StatutPrescription.REFUSEE: (),
    StatutPrescription.ANNULEE: (),
    StatutPrescription.EXPIREE: (),
    StatutPrescription.TERMINEE: (),
    StatutPrescription.ABANDONNEE: (),
}
# Its reservation holds, until `expire_le`.
EN_ATTENTE = (StatutPrescription.RESERVEE, StatutPrescription.ACCEPTEE)


def statut_a(statut: str, expire_le: datetime, maintenant: datetime) -> StatutPrescription:
    """Return the state as of an instant: at `expire_le` itself the reservation has fallen."""
    if statut in EN_ATTENTE and maintenant >= expire_le:
        return StatutPrescription.EXPIREE
    return StatutPrescription(statut)


def verifier_creation(demande: PrescriptionCreation) -> None:
    """Check that something is asked for, of something.

    Raises:
        Validation: neither a place nor a cent, or neither an offer nor an action.
    """
    erreurs = []
    if not demande.places and not demande.montant_centimes:
        erreurs.append(Erreur("/places", "hors-bornes", "Une place ou un montant au moins"))
    if demande.offre_id is None and demande.action_id is None:
        erreurs.append(Erreur("/action_id", "requis", "Une offre ou une action"))
    if erreurs:
        raise Validation(erreurs)


def action_prescrite(demande: PrescriptionCreation, de_l_offre: UUID | None) -> UUID | None:
    """Return the action to reserve; named beside an offer, it is the offer's.

    Raises:
        Validation: it is another.
    """
    if demande.action_id not in (None, de_l_offre) and demande.offre_id is not None:
        raise Validation([Erreur("/action_id", "hors-bornes", "Ce n'est pas celle de l'offre")])
    return de_l_offre or demande.action_id


def exige_offre(*, mene_a: bool) -> None:
    """Refuse to pass over the conditions of the offer that leads to an action.

    Raises:
        Validation: the offer is not named.
    """
    if mene_a:
        raise Validation([Erreur("/offre_id", "requis", "Une offre mene a cette action")])


def exige_reservee(statut: str) -> None:
    """Refuse to resolve twice.

    Whether the reservation has expired is financement's to say: it may have been confirmed there
    in time, and its answer lost on the way here.

    Raises:
        TransitionInterdite: it was confirmed, refused or cancelled.
    """
    if statut not in EN_ATTENTE:
        raise TransitionInterdite(statut, TRANSITIONS[StatutPrescription(statut)])


def exige_transition(statut: StatutPrescription, vers: StatutPrescription) -> None:
    """Refuse what does not follow.

    Raises:
        TransitionInterdite: with what may.
    """
    if vers not in TRANSITIONS[statut]:
        raise TransitionInterdite(statut, TRANSITIONS[statut])


def verifier_reponse(demande: ReponsePrescriptionCreation) -> None:
    """Check that a refusal says why, and that nothing else does.

    Raises:
        Validation: with the reason.
    """
    refusee = demande.sens is SensReponse.REFUSEE
    if refusee and demande.motif is None:
        raise Validation([Erreur("/motif", "requis", "Champ requis")])
    if not refusee and demande.motif is not None:
        raise Validation([Erreur("/motif", "champ-inconnu", "Seul un refus a un motif")])


def verifier_fin(demande: FinPrescriptionCreation, *, depuis: date, jour: date) -> None:
    """Check when it ended, from the day it began to today, and what it did if it was whole.

    Raises:
        Validation: with the fields.
    """
    erreurs = []
    if not depuis <= demande.date_fin <= jour:
        erreurs.append(Erreur("/date_fin", "date-incoherente", "A venir, ou avant la confirmation"))
    terminee = demande.issue is IssuePrescription.TERMINEE
    if terminee and demande.effet_frein is None:
        erreurs.append(Erreur("/effet_frein", "requis", "Champ requis"))
    if not terminee and demande.effet_frein is not None:
        erreurs.append(Erreur("/effet_frein", "champ-inconnu", "Seule une fin menee a un effet"))
    if erreurs:
        raise Validation(erreurs)


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
