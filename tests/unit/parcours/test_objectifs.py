"""Objectifs: their words, their states, and when they let a frein be lifted."""

from datetime import date
from itertools import product
from typing import Any

import pytest

from services.parcours.freins.rules import EtatFrein
from services.parcours.objectifs import rules
from shared.refus import TransitionInterdite, Validation
from shared.schemas.orientation.vocabulaire import NiveauFrein
from shared.schemas.parcours.freins import CodeFrein, FondementLevee, LeveeCreation, StatutFrein
from shared.schemas.parcours.objectifs import (
    EtatObjectifCreation,
    ObjectifCreation,
    StatutObjectif,
)

NON_ABORDE, EN_COURS, REALISE, ABANDONNE = StatutObjectif
DEBUT, HIER, JOUR = date(2026, 6, 1), date(2026, 6, 30), date(2026, 7, 1)
PERMIS = "Obtenir le permis de conduire (code / conduite)"
SOINS = "Bénéficier d'un accompagnement pour accéder aux droits et aux soins"
PERMISES = {
    (NON_ABORDE, EN_COURS),
    (NON_ABORDE, REALISE),
    (NON_ABORDE, ABANDONNE),
    (EN_COURS, REALISE),
    (EN_COURS, ABANDONNE),
    (REALISE, EN_COURS),
    (ABANDONNE, EN_COURS),
}


def frein(code: CodeFrein = CodeFrein.MOBILITE, statut: StatutFrein = StatutFrein.OUVERT) -> Any:
    return EtatFrein(code, statut, NiveauFrein.FORT, DEBUT, DEBUT, None, False)


def objectif(libelle: str = PERMIS, date_etat: date = JOUR) -> ObjectifCreation:
    return ObjectifCreation.model_validate(
        {"libelle": libelle, "date_etat": str(date_etat), "source": "referent"}
    )


@pytest.mark.parametrize(
    ("code", "libelle", "contrainte"),
    [
        pytest.param(CodeFrein.MOBILITE, PERMIS, "23", id="tel quel"),
        pytest.param(CodeFrein.MOBILITE, f"  {PERMIS.upper()} ", "23", id="casse et espaces"),
        pytest.param(CodeFrein.LOGEMENT, PERMIS, None, id="d'une autre contrainte"),
        pytest.param(CodeFrein.MOBILITE, "Acheter un vélo", None, id="inconnu"),
        pytest.param(CodeFrein.SANTE, SOINS.replace("'", "’"), "25", id="apostrophe courbe"),
        pytest.param(CodeFrein.CONFIANCE, PERMIS, None, id="frein sans contrainte"),
    ],
)
def test_an_objectif_is_matched_by_contrainte_and_libelle(
    code: CodeFrein, libelle: str, contrainte: str | None
) -> None:
    assert rules.contrainte_connue(code, libelle) == contrainte


@pytest.mark.parametrize(
    ("etat", "demande"),
    [
        pytest.param(frein(), objectif(date_etat=DEBUT), id="premier jour de l'épisode"),
        pytest.param(frein(), objectif("Acheter un vélo"), id="libellé libre"),
        pytest.param(frein(CodeFrein.SANTE), objectif(SOINS), id="santé, libellé connu"),
    ],
)
def test_an_objectif_may_be_aimed_at(etat: EtatFrein, demande: ObjectifCreation) -> None:
    rules.verifier_creation(etat, demande, JOUR)


@pytest.mark.parametrize(
    ("etat", "demande", "refus"),
    [
        pytest.param(frein(), objectif(date_etat=date(2026, 7, 2)), Validation, id="demain"),
        pytest.param(
            frein(), objectif(date_etat=date(2026, 5, 31)), Validation, id="avant l'épisode"
        ),
        pytest.param(
            frein(CodeFrein.SANTE),
            objectif("Opération du dos"),
            Validation,
            id="santé, texte libre",
        ),
        pytest.param(
            frein(CodeFrein.HANDICAP), objectif("Fauteuil"), Validation, id="handicap, texte libre"
        ),
        pytest.param(
            frein(statut=StatutFrein.LEVE), objectif(), TransitionInterdite, id="épisode levé"
        ),
    ],
)
def test_an_objectif_is_refused(etat: EtatFrein, demande: ObjectifCreation, refus: Any) -> None:
    with pytest.raises(refus):
        rules.verifier_creation(etat, demande, JOUR)


@pytest.mark.parametrize(("avant", "apres"), list(product(StatutObjectif, repeat=2)))
def test_states_follow_one_another(avant: StatutObjectif, apres: StatutObjectif) -> None:
    demande = EtatObjectifCreation.model_validate(
        {"statut": apres, "date_etat": str(JOUR), "source": "referent"}
    )
    if (avant, apres) in PERMISES:
        rules.verifier_etat(avant, HIER, demande, JOUR)
    else:
        with pytest.raises(TransitionInterdite):
            rules.verifier_etat(avant, HIER, demande, JOUR)


@pytest.mark.parametrize(
    "jour",
    [
        pytest.param("2026-06-29", id="avant l'état précédent"),
        pytest.param("2026-07-02", id="demain"),
    ],
)
def test_a_state_is_dated_from_the_last_one_to_today(jour: str) -> None:
    demande = EtatObjectifCreation.model_validate(
        {"statut": "en_cours", "date_etat": jour, "source": "personne"}
    )
    with pytest.raises(Validation):
        rules.verifier_etat(NON_ABORDE, HIER, demande, JOUR)


@pytest.mark.parametrize(
    ("fondement", "objectifs", "permise"),
    [
        pytest.param("objectifs_atteints", [REALISE, ABANDONNE], True, id="tous clos"),
        pytest.param("objectifs_atteints", [], True, id="aucun fixé, comme avant"),
        pytest.param("objectifs_atteints", [REALISE, EN_COURS], False, id="un en cours"),
        pytest.param("objectifs_atteints", [NON_ABORDE], False, id="un non abordé"),
        pytest.param("decision_referent", [EN_COURS], True, id="décision commentée"),
    ],
)
def test_reached_means_that_none_is_left(
    fondement: str, objectifs: list[StatutObjectif], permise: bool
) -> None:
    levee = LeveeCreation(
        fondement=FondementLevee(fondement), date_levee=JOUR, commentaire="Permis obtenu"
    )
    if permise:
        rules.verifier_objectifs_atteints(levee, objectifs)
    else:
        with pytest.raises(Validation):
            rules.verifier_objectifs_atteints(levee, objectifs)
