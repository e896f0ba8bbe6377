"""What may be prescribed, confirmed, given back."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.parcours.prescriptions import rules
from shared.refus import TransitionInterdite, Validation
from shared.schemas.parcours.prescriptions import (
    PrescriptionAnnulationCreation,
    PrescriptionConfirmationCreation,
    PrescriptionCreation,
    StatutPrescription,
)

RESERVEE, CONFIRMEE, ANNULEE, EXPIREE = StatutPrescription
TERME = datetime(2026, 6, 1, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("statut", "maintenant", "vu"),
    [
        pytest.param(RESERVEE, TERME - INSTANT, RESERVEE, id="juste avant"),
        pytest.param(RESERVEE, TERME, EXPIREE, id="à l'instant même"),
        pytest.param(CONFIRMEE, TERME + INSTANT, CONFIRMEE, id="confirmée à temps"),
        pytest.param(ANNULEE, TERME + INSTANT, ANNULEE, id="annulée à temps"),
    ],
)
def test_a_reservation_falls_with_time(
    statut: StatutPrescription, maintenant: datetime, vu: StatutPrescription
) -> None:
    assert rules.statut_a(statut.value, TERME, maintenant) is vu


def test_a_reservation_is_resolved_once() -> None:
    rules.exige_reservee(RESERVEE.value)
    for statut in (CONFIRMEE, ANNULEE):
        with pytest.raises(TransitionInterdite) as refus:
            rules.exige_reservee(statut.value)
        assert refus.value.members == {"statut_actuel": statut, "transitions_possibles": []}


@pytest.mark.parametrize(
    ("places", "montant", "accepte"),
    [
        pytest.param(1, 0, True, id="une place gratuite"),
        pytest.param(0, 1, True, id="un centime, sans place"),
        pytest.param(0, 0, False, id="rien"),
    ],
)
def test_something_is_prescribed(places: int, montant: int, accepte: bool) -> None:
    demande = PrescriptionCreation(
        frein_id=uuid4(), action_id=uuid4(), montant_centimes=montant, places=places
    )
    if accepte:
        rules.verifier_creation(demande)
        return
    with pytest.raises(Validation):
        rules.verifier_creation(demande)


@pytest.mark.parametrize(
    ("places", "montant", "accepte"),
    [
        pytest.param(1, None, True, id="tout"),
        pytest.param(1, 0, True, id="rien que la place"),
        pytest.param(0, 0, False, id="rien"),
        pytest.param(0, 1, True, id="un centime"),
        pytest.param(1, 100_00, True, id="dernier centime"),
        pytest.param(1, 100_01, False, id="un centime de trop"),
    ],
)
def test_no_more_is_confirmed_than_reserved(
    places: int, montant: int | None, accepte: bool
) -> None:
    demande = PrescriptionConfirmationCreation(montant_centimes=montant)
    if accepte:
        rules.verifier_montant(demande, places=places, reserve_centimes=100_00)
        return
    with pytest.raises(Validation):
        rules.verifier_montant(demande, places=places, reserve_centimes=100_00)


@pytest.mark.parametrize(
    ("motif", "sante", "accepte"),
    [
        pytest.param("Action reportée", False, True, id="motivée"),
        pytest.param(None, False, False, id="muette"),
        pytest.param(None, True, True, id="santé, muette"),
        pytest.param("Hospitalisation", True, False, id="santé, motivée"),
    ],
)
def test_giving_back_is_said_why_but_beside_health(
    motif: str | None, sante: bool, accepte: bool
) -> None:
    demande = PrescriptionAnnulationCreation(motif=motif)
    if accepte:
        rules.verifier_annulation(demande, sante=sante)
        return
    with pytest.raises(Validation):
        rules.verifier_annulation(demande, sante=sante)
