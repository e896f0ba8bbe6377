"""What may be prescribed, confirmed, given back."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from services.parcours.prescriptions import rules
from shared.refus import TransitionInterdite, Validation
from shared.schemas.parcours.prescriptions import (
    FinPrescriptionCreation,
    PrescriptionAnnulationCreation,
    PrescriptionConfirmationCreation,
    PrescriptionCreation,
    ReponsePrescriptionCreation,
    StatutPrescription,
)

RESERVEE, CONFIRMEE, ANNULEE, EXPIREE, ACCEPTEE, REFUSEE, TERMINEE, ABANDONNEE = StatutPrescription
TERME = datetime(2026, 6, 1, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("statut", "maintenant", "vu"),
    [
        pytest.param(RESERVEE, TERME - INSTANT, RESERVEE, id="juste avant"),
        pytest.param(RESERVEE, TERME, EXPIREE, id="à l'instant même"),
        pytest.param(CONFIRMEE, TERME + INSTANT, CONFIRMEE, id="confirmée à temps"),
        pytest.param(ANNULEE, TERME + INSTANT, ANNULEE, id="annulée à temps"),
        pytest.param(ACCEPTEE, TERME - INSTANT, ACCEPTEE, id="acceptée, juste avant"),
        pytest.param(ACCEPTEE, TERME, EXPIREE, id="acceptée, à l'instant même"),
    ],
)
def test_a_reservation_falls_with_time(
    statut: StatutPrescription, maintenant: datetime, vu: StatutPrescription
) -> None:
    assert rules.statut_a(statut.value, TERME, maintenant) is vu


def test_a_reservation_is_resolved_once() -> None:
    rules.exige_reservee(RESERVEE.value)
    rules.exige_reservee(ACCEPTEE.value)
    for statut, suites in (
        (CONFIRMEE, [TERMINEE, ABANDONNEE]),
        (ANNULEE, []),
        (REFUSEE, []),
        (TERMINEE, []),
    ):
        with pytest.raises(TransitionInterdite) as refus:
            rules.exige_reservee(statut.value)
        assert refus.value.members == {"statut_actuel": statut, "transitions_possibles": suites}


@pytest.mark.parametrize(
    ("avant", "apres", "permise"),
    [
        pytest.param(RESERVEE, ACCEPTEE, True, id="acceptée"),
        pytest.param(RESERVEE, REFUSEE, True, id="refusée"),
        pytest.param(ACCEPTEE, REFUSEE, False, id="acceptée puis refusée : elle s'annule"),
        pytest.param(ACCEPTEE, CONFIRMEE, True, id="acceptée puis confirmée"),
        pytest.param(EXPIREE, ACCEPTEE, False, id="acceptée trop tard"),
        pytest.param(CONFIRMEE, TERMINEE, True, id="menée à son terme"),
        pytest.param(CONFIRMEE, ABANDONNEE, True, id="abandonnée en route"),
        pytest.param(ACCEPTEE, TERMINEE, False, id="finie sans avoir commencé"),
        pytest.param(TERMINEE, ABANDONNEE, False, id="une seule fin"),
    ],
)
def test_a_prescription_goes_one_way(
    avant: StatutPrescription, apres: StatutPrescription, permise: bool
) -> None:
    if permise:
        rules.exige_transition(avant, apres)
        return
    with pytest.raises(TransitionInterdite):
        rules.exige_transition(avant, apres)


def _fin(issue: str, jour: str, effet: str | None) -> FinPrescriptionCreation:
    champs = {"issue": issue, "date_fin": jour, "effet_frein": effet}
    return FinPrescriptionCreation.model_validate(champs)


DEPUIS, JOUR = date(2026, 6, 1), date(2026, 7, 1)


@pytest.mark.parametrize(
    ("fin", "permise"),
    [
        pytest.param(("terminee", "2026-06-01", "inchange"), True, id="le jour du démarrage"),
        pytest.param(("terminee", "2026-07-01", "resolu"), True, id="aujourd'hui"),
        pytest.param(("terminee", "2026-07-02", "resolu"), False, id="demain"),
        pytest.param(("terminee", "2026-05-31", "resolu"), False, id="avant le démarrage"),
        pytest.param(("terminee", "2026-07-01", None), False, id="menée à terme, sans effet dit"),
        pytest.param(("abandonnee", "2026-07-01", None), True, id="abandonnée"),
        pytest.param(("abandonnee", "2026-07-01", "resolu"), False, id="abandonnée, avec effet"),
    ],
)
def test_an_end_is_dated_and_says_what_it_did(fin: tuple[str, str, str], permise: bool) -> None:
    if permise:
        rules.verifier_fin(_fin(*fin), depuis=DEPUIS, jour=JOUR)
        return
    with pytest.raises(Validation):
        rules.verifier_fin(_fin(*fin), depuis=DEPUIS, jour=JOUR)


@pytest.mark.parametrize(
    ("sens", "motif", "permise"),
    [
        pytest.param("refusee", "complet", True, id="refusée, motivée"),
        pytest.param("refusee", None, False, id="refusée, muette"),
        pytest.param("acceptee", None, True, id="acceptée"),
        pytest.param("acceptee", "complet", False, id="acceptée, motivée"),
    ],
)
def test_a_refusal_alone_says_why(sens: str, motif: str | None, permise: bool) -> None:
    demande = ReponsePrescriptionCreation.model_validate({"sens": sens, "motif": motif})
    if permise:
        rules.verifier_reponse(demande)
        return
    with pytest.raises(Validation):
        rules.verifier_reponse(demande)


def test_an_offer_or_an_action_is_prescribed() -> None:
    offre, sienne, autre = (uuid4() for _ in range(3))
    vide = {"frein_id": uuid4(), "montant_centimes": 1}
    with pytest.raises(Validation):
        rules.verifier_creation(PrescriptionCreation(**vide))
    assert rules.action_prescrite(PrescriptionCreation(**vide, offre_id=offre), sienne) == sienne
    seule = PrescriptionCreation(**vide, action_id=autre)
    assert rules.action_prescrite(seule, None) == autre
    with pytest.raises(Validation):
        rules.action_prescrite(
            PrescriptionCreation(**vide, offre_id=offre, action_id=autre), sienne
        )


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
