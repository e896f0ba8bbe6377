"""What follows a decision: who annuls it, and the day when it was received for certain."""

from datetime import date

import pytest

from services.orientation.annulations.rules import verifier_auteur, verifier_statut
from services.orientation.notifications.rules import (
    Envoi,
    date_certaine,
    exige_decidee,
    premiere,
)
from services.orientation.orientations.competence import AutoriteIncompetente
from shared.refus import TransitionInterdite, Validation
from shared.schemas.orientation.vocabulaire import (
    ModeNotification,
    StatutOrientation,
    TypeOrganisme,
)

DECISION, JOUR = date(2026, 3, 2), date(2026, 3, 20)
MAIN, LETTRE = ModeNotification.REMISE_EN_MAIN_PROPRE, ModeNotification.LETTRE_RECOMMANDEE


@pytest.mark.parametrize("statut", [s for s in StatutOrientation if s != "ouverte"])
def test_only_a_decision_in_force_is_annulled(statut: StatutOrientation) -> None:
    verifier_statut(StatutOrientation.OUVERTE)

    with pytest.raises(TransitionInterdite):
        verifier_statut(statut)


def test_who_decided_annuls() -> None:
    organisme = TypeOrganisme.CONSEIL_DEPARTEMENTAL
    verifier_auteur("si", decideurs=["si"], type_decideur=organisme, regle="C1")

    with pytest.raises(AutoriteIncompetente) as refus:
        verifier_auteur("ft", decideurs=["si"], type_decideur=organisme, regle="C1")

    assert refus.value.members == {"regle": "C1", "decideurs_competents": [organisme]}


@pytest.mark.parametrize(
    ("envoi", "certaine"),
    [
        pytest.param(Envoi(LETTRE, DECISION, DECISION), DECISION, id="tout le même jour"),
        pytest.param(Envoi(LETTRE, JOUR, JOUR), JOUR, id="aujourd'hui"),
        pytest.param(Envoi(LETTRE, DECISION), None, id="lettre non reçue"),
        pytest.param(Envoi(MAIN, JOUR), JOUR, id="remise, reçue le jour même"),
        pytest.param(Envoi(MAIN, JOUR, JOUR), JOUR, id="remise, le jour répété"),
    ],
)
def test_the_day_of_reception(envoi: Envoi, certaine: date | None) -> None:
    assert date_certaine(envoi, date_decision=DECISION, jour=JOUR) == certaine


@pytest.mark.parametrize(
    ("envoi", "champs"),
    [
        pytest.param(Envoi(LETTRE, date(2026, 3, 1)), ["/date_envoi"], id="avant la décision"),
        pytest.param(Envoi(LETTRE, date(2026, 3, 21)), ["/date_envoi"], id="envoi demain"),
        pytest.param(
            Envoi(LETTRE, JOUR, date(2026, 3, 19)), ["/date_reception"], id="reçue avant l'envoi"
        ),
        pytest.param(
            Envoi(LETTRE, DECISION, date(2026, 3, 21)), ["/date_reception"], id="reçue demain"
        ),
        pytest.param(
            Envoi(MAIN, DECISION, JOUR), ["/date_reception"], id="remise, reçue un autre jour"
        ),
        pytest.param(
            Envoi(MAIN, date(2026, 3, 21)),
            ["/date_envoi", "/date_reception"],
            id="remise demain",
        ),
    ],
)
def test_a_day_that_cannot_be_is_refused(envoi: Envoi, champs: list[str]) -> None:
    with pytest.raises(Validation) as refus:
        date_certaine(envoi, date_decision=DECISION, jour=JOUR)

    assert [erreur["pointeur"] for erreur in refus.value.members["erreurs"]] == champs


@pytest.mark.parametrize(
    ("connue", "reception", "gardee"),
    [
        pytest.param(None, None, None, id="jamais reçue"),
        pytest.param(None, JOUR, JOUR, id="la première"),
        pytest.param(DECISION, JOUR, DECISION, id="la seconde ne compte pas"),
        pytest.param(JOUR, DECISION, DECISION, id="plus ancienne, dite après"),
        pytest.param(JOUR, None, JOUR, id="un envoi de plus, perdu"),
    ],
)
def test_the_first_reception_counts(
    connue: date | None, reception: date | None, gardee: date | None
) -> None:
    assert premiere(connue, reception) == gardee


def test_what_was_not_decided_is_not_notified() -> None:
    exige_decidee(StatutOrientation.CLOTUREE, decidee=True)

    with pytest.raises(TransitionInterdite):
        exige_decidee(StatutOrientation.EN_ATTENTE, decidee=False)
