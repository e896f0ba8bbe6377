"""The decision. Planted by hand and seen red: an acceptance that carries another parcours, a
decision dated tomorrow, a second decision on an open orientation, `autre` without a comment."""

from dataclasses import replace
from datetime import date

import pytest

from services.orientation.orientations.rules import (
    Choix,
    Decision,
    OrientationDejaDecidee,
    Preconisation,
    decider,
)
from shared.refus import TransitionInterdite, Validation
from shared.schemas.orientation.vocabulaire import (
    EtatDecision,
    MotifRefus,
    StatutOrientation,
    TypeParcours,
)
from tests.unit.orientation.construire import un_id

JOUR, DEMAIN = date(2026, 3, 2), date(2026, 3, 3)
EN_ATTENTE = StatutOrientation.EN_ATTENTE
PRO, SOCIAL = TypeParcours.PROFESSIONNEL, TypeParcours.SOCIAL
PROPOSE, AUTRE = un_id(1), un_id(2)
PRECONISATION = Preconisation(PRO, PROPOSE)
ACCEPTEE = Decision(EtatDecision.ACCEPTEE, JOUR)
REFUSEE = Decision(
    EtatDecision.REFUSEE,
    JOUR,
    motif_refus=MotifRefus.APPRECIATION_DIFFERENTE,
    type_parcours=SOCIAL,
    organisme_referent_id=AUTRE,
)


@pytest.mark.parametrize(
    ("decision", "choix"),
    [
        pytest.param(ACCEPTEE, Choix(PRO, PROPOSE), id="acceptée"),
        pytest.param(
            replace(ACCEPTEE, type_parcours=PRO, organisme_referent_id=PROPOSE),
            Choix(PRO, PROPOSE),
            id="acceptée, en répétant la préconisation",
        ),
        pytest.param(
            replace(ACCEPTEE, date_decision=date(2026, 2, 27)),
            Choix(PRO, PROPOSE),
            id="enregistrée après coup",
        ),
        pytest.param(
            replace(ACCEPTEE, commentaire="Vu en entretien"), Choix(PRO, PROPOSE), id="commentée"
        ),
        pytest.param(REFUSEE, Choix(SOCIAL, AUTRE), id="refusée, autre choix"),
        pytest.param(
            replace(REFUSEE, type_parcours=PRO),
            Choix(PRO, AUTRE),
            id="refusée, seul l'organisme change",
        ),
        pytest.param(
            replace(REFUSEE, motif_refus=MotifRefus.AUTRE, commentaire="Déménagement"),
            Choix(SOCIAL, AUTRE),
            id="autre motif, commenté",
        ),
    ],
)
def test_the_choice_of_the_decider(decision: Decision, choix: Choix) -> None:
    assert decider(EN_ATTENTE, PRECONISATION, decision, jour=JOUR) == choix


@pytest.mark.parametrize(
    ("decision", "erreurs"),
    [
        pytest.param(
            replace(ACCEPTEE, type_parcours=SOCIAL),
            {"/type_parcours": "hors-bornes"},
            id="acceptée avec un autre parcours",
        ),
        pytest.param(
            replace(ACCEPTEE, organisme_referent_id=AUTRE),
            {"/organisme_referent_id": "hors-bornes"},
            id="acceptée avec un autre organisme",
        ),
        pytest.param(
            replace(ACCEPTEE, motif_refus=MotifRefus.AUTRE),
            {"/motif_refus": "champ-inconnu"},
            id="acceptée avec un motif de refus",
        ),
        pytest.param(
            replace(ACCEPTEE, date_decision=DEMAIN),
            {"/date_decision": "date-incoherente"},
            id="datée de demain",
        ),
        pytest.param(
            replace(REFUSEE, motif_refus=None), {"/motif_refus": "requis"}, id="refus sans motif"
        ),
        pytest.param(
            replace(REFUSEE, type_parcours=None),
            {"/type_parcours": "requis"},
            id="refus sans parcours",
        ),
        pytest.param(
            replace(REFUSEE, organisme_referent_id=None),
            {"/organisme_referent_id": "requis"},
            id="refus sans organisme",
        ),
        pytest.param(
            replace(REFUSEE, motif_refus=MotifRefus.AUTRE),
            {"/commentaire": "requis"},
            id="autre motif sans commentaire",
        ),
        pytest.param(
            replace(REFUSEE, motif_refus=MotifRefus.AUTRE, commentaire=" \n"),
            {"/commentaire": "requis"},
            id="autre motif, commentaire vide",
        ),
        pytest.param(
            Decision(EtatDecision.REFUSEE, DEMAIN),
            {
                "/motif_refus": "requis",
                "/type_parcours": "requis",
                "/organisme_referent_id": "requis",
                "/date_decision": "date-incoherente",
            },
            id="tout à la fois",
        ),
    ],
)
def test_refuses_an_incoherent_decision(decision: Decision, erreurs: dict[str, str]) -> None:
    with pytest.raises(Validation) as refus:
        decider(EN_ATTENTE, PRECONISATION, decision, jour=JOUR)

    assert {e["pointeur"]: e["code"] for e in refus.value.members["erreurs"]} == erreurs


@pytest.mark.parametrize(
    "preconisation",
    [
        pytest.param(Preconisation(PRO, None), id="aucun organisme trouvé"),
        pytest.param(Preconisation(None, PROPOSE), id="parcours indéterminé"),
    ],
)
def test_an_incomplete_proposal_cannot_be_accepted_but_may_be_replaced(
    preconisation: Preconisation,
) -> None:
    with pytest.raises(Validation) as refus:
        decider(EN_ATTENTE, preconisation, ACCEPTEE, jour=JOUR)

    (erreur,) = refus.value.members["erreurs"]
    assert erreur["pointeur"] == "/etat_decision"
    assert decider(EN_ATTENTE, preconisation, REFUSEE, jour=JOUR) == Choix(SOCIAL, AUTRE)


@pytest.mark.parametrize("statut", [StatutOrientation.OUVERTE, StatutOrientation.CLOTUREE])
@pytest.mark.parametrize("decision", [ACCEPTEE, REFUSEE, replace(ACCEPTEE, date_decision=DEMAIN)])
def test_an_orientation_is_decided_once(statut: StatutOrientation, decision: Decision) -> None:
    with pytest.raises(OrientationDejaDecidee) as refus:
        decider(statut, PRECONISATION, decision, jour=JOUR)

    assert (refus.value.code, refus.value.status) == ("orientation-deja-decidee", 409)
    assert refus.value.members == {"statut_actuel": statut}


@pytest.mark.parametrize("decision", [ACCEPTEE, REFUSEE])
def test_a_draft_cannot_be_decided(decision: Decision) -> None:
    with pytest.raises(TransitionInterdite) as refus:
        decider(StatutOrientation.BROUILLON, Preconisation(None, None), decision, jour=JOUR)

    assert refus.value.members == {
        "statut_actuel": "brouillon",
        "transitions_possibles": ["en_attente"],
    }
