"""A parcours opens, goes on, ends."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from services.parcours.accompagnements import rules
from shared.refus import Refus, TransitionInterdite, Validation
from shared.schemas.orientation.vocabulaire import TypeParcours
from shared.schemas.parcours.accompagnement import ClotureCreation

DEBUT, JOUR = date(2026, 3, 9), date(2026, 6, 1)
UN_JOUR = timedelta(days=1)


def _decidee(personne_id: UUID) -> rules.OrientationDecidee:
    return rules.OrientationDecidee(uuid4(), personne_id, TypeParcours.SOCIAL, uuid4(), DEBUT)


@pytest.mark.parametrize(
    ("date_effet", "debut"),
    [
        pytest.param(JOUR, JOUR, id="plus tard"),
        pytest.param(DEBUT, DEBUT, id="le jour même : la période remplacée est vide"),
        pytest.param(DEBUT - UN_JOUR, DEBUT, id="avant : l'histoire n'est pas réécrite"),
    ],
)
def test_periods_follow_one_another(date_effet: date, debut: date) -> None:
    assert rules.debut_apres(date_effet, DEBUT) == debut


def test_a_person_is_once_in_each_wave_and_in_order() -> None:
    anne, bruno = uuid4(), uuid4()
    premiere, autre, seconde = _decidee(anne), _decidee(bruno), _decidee(anne)

    assert rules.vagues([premiere, autre, seconde]) == [[premiere, autre], [seconde]]
    assert rules.vagues([]) == []


@pytest.mark.parametrize(
    ("motif", "sortie", "commentaire"),
    [
        pytest.param("emploi_durable", JOUR, None, id="aujourd'hui"),
        pytest.param("emploi_durable", DEBUT, None, id="premier jour de la période"),
        pytest.param("autre", JOUR, "Départ annoncé", id="autre, commenté"),
    ],
)
def test_an_open_parcours_ends(motif: str, sortie: date, commentaire: str | None) -> None:
    demande = ClotureCreation(motif=motif, date_sortie=sortie, commentaire=commentaire)

    rules.verifier_cloture(demande, statut="ouvert", debut_courant=DEBUT, jour=JOUR)


@pytest.mark.parametrize(
    ("statut", "motif", "sortie", "attendu", "code"),
    [
        pytest.param("clos", "retraite", JOUR, TransitionInterdite, None, id="déjà clos"),
        pytest.param(
            "ouvert", "retraite", JOUR + UN_JOUR, Validation, "date-incoherente", id="demain"
        ),
        pytest.param(
            "ouvert", "retraite", DEBUT - UN_JOUR, Validation, "date-incoherente", id="la veille"
        ),
        pytest.param(
            "ouvert", "ennui", JOUR, Validation, "code-referentiel-inconnu", id="motif inconnu"
        ),
        pytest.param("ouvert", "autre", JOUR, Validation, "requis", id="autre, sans un mot"),
    ],
)
def test_refuses_to_end(
    statut: str, motif: str, sortie: date, attendu: type[Refus], code: str | None
) -> None:
    demande = ClotureCreation(motif=motif, date_sortie=sortie)

    with pytest.raises(attendu) as refus:
        rules.verifier_cloture(demande, statut=statut, debut_courant=DEBUT, jour=JOUR)

    if code is not None:
        assert [erreur["code"] for erreur in refus.value.members["erreurs"]] == [code]


def test_nothing_is_written_on_what_ended() -> None:
    rules.exige_ouvert("ouvert")
    with pytest.raises(rules.ParcoursClos):
        rules.exige_ouvert("clos")
