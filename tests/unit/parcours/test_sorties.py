"""Leaving and coming back: what a flux says is no exit, and how long a return opens again."""

from dataclasses import replace
from datetime import date

import pytest

from services.parcours.sorties import rules
from services.parcours.sorties.rules import (
    AutreParcoursOuvert,
    EtatClos,
    OrientationFinie,
    RetourTropTardif,
)
from services.parcours.taches import MOUVEMENTS
from shared.delais import Delai, Unite
from shared.referentiels import charger, codes
from shared.refus import TransitionInterdite, Validation
from shared.schemas.orientation.vocabulaire import StatutOrientation
from shared.schemas.parcours.sorties import EffetDroit, TypeMouvementDroit

SORTIE = date(2026, 1, 31)
CLOS = EtatClos("clos", SORTIE, StatutOrientation.OUVERTE, autre_ouvert=False)


@pytest.mark.parametrize(
    ("motif_flux", "motif", "effet"),
    [
        pytest.param("PCG", "droit_clos_decision_pcd", "sortie_droit", id="décision du PCD"),
        pytest.param("MUT", "droit_clos_mutation", "transfert", id="mutation : un transfert"),
        pytest.param("RST", "radie_option_dom", "sortie_droit", id="deux codes, le premier"),
        pytest.param("RSO", "radie_option_dom", "sortie_droit", id="deux codes, le second"),
        pytest.param("ZZZ", None, "sortie_droit", id="code inconnu"),
        pytest.param(None, None, "sortie_droit", id="sans code"),
    ],
)
def test_a_closed_right_gives_its_reason(
    motif_flux: str | None, motif: str | None, effet: str
) -> None:
    """Planted: the family of the reason not read, red."""
    clos = TypeMouvementDroit.DROIT_CLOS
    assert rules.motif_sortie(clos, motif_flux) == motif
    assert rules.effet_droit(clos, motif) == effet


def test_every_closing_of_the_flux_has_its_reason() -> None:
    du_flux = [
        ligne for ligne in charger("motifs-sortie") if ligne["code_flux_caf"].startswith("MOTICLO")
    ]
    assert len(du_flux) == 8
    for ligne in du_flux:
        for code in ligne["code_flux_caf"].removeprefix("MOTICLORSA=").split("|"):
            found = rules.motif_sortie(TypeMouvementDroit.DROIT_CLOS, code)
            assert found == ligne["code"]
    assert rules.DECISION_ANNULEE in codes("motifs-sortie")


@pytest.mark.parametrize(
    ("type_", "motif", "effet"),
    [
        (TypeMouvementDroit.SORTIE_DROITS_DEVOIRS, "hors_droits_devoirs", EffetDroit.DISPENSE),
        (TypeMouvementDroit.ENTREE_DROITS_DEVOIRS, None, EffetDroit.OBLIGATION),
        (TypeMouvementDroit.DECES, "deces", EffetDroit.SORTIE_DROIT),
        (TypeMouvementDroit.DROIT_OUVERT, None, EffetDroit.ENTREE_DROIT),
        (TypeMouvementDroit.DROIT_TRANSFERE, None, EffetDroit.ENTREE_DROIT),
    ],
)
def test_each_movement_has_one_effect(
    type_: TypeMouvementDroit, motif: str | None, effet: EffetDroit
) -> None:
    assert rules.motif_sortie(type_, None) == motif
    assert rules.effet_droit(type_, motif) is effet


def test_a_suspended_right_is_not_followed() -> None:
    """ETATDOSRSA 3 or 4 is no exit, and its return is no return."""
    assert {one.rsplit(".", 1)[1] for one in MOUVEMENTS} == {
        "droit_ouvert",
        "droit_transfere",
        "droit_clos",
        "entree_droits_devoirs",
        "sortie_droits_devoirs",
        "deces",
    }


@pytest.mark.parametrize(
    ("retour", "refus"),
    [
        pytest.param(SORTIE, None, id="le jour de la sortie"),
        pytest.param(date(2027, 1, 31), None, id="dernier jour des douze mois"),
        pytest.param(date(2027, 2, 1), RetourTropTardif, id="un jour de trop"),
        pytest.param(date(2026, 1, 30), Validation, id="avant la sortie"),
        pytest.param(date(2027, 6, 2), Validation, id="à venir"),
    ],
)
def test_a_return_within_twelve_months(retour: date, refus: type[Exception] | None) -> None:
    """Planted: `>=` for `>`, red."""
    if refus is None:
        rules.verifier_reouverture(CLOS, retour, date(2027, 6, 1))
    else:
        with pytest.raises(refus):
            rules.verifier_reouverture(CLOS, retour, date(2027, 6, 1))


def test_the_collectivite_may_set_the_delay_of_a_return() -> None:
    local = Delai(rules.REENTREE, 6, Unite.MOIS, None, "Règlement", confirme=False)
    assert rules.limite_retour(SORTIE) == date(2027, 1, 31)
    assert rules.limite_retour(SORTIE, [local]) == date(2026, 7, 31)


@pytest.mark.parametrize(
    ("etat", "refus"),
    [
        (replace(CLOS, statut="ouvert", date_sortie=None), TransitionInterdite),
        (replace(CLOS, autre_ouvert=True), AutreParcoursOuvert),
        (replace(CLOS, orientation=StatutOrientation.CLOTUREE), OrientationFinie),
        (replace(CLOS, orientation=None), OrientationFinie),
    ],
    ids=["ouvert", "autre parcours ouvert", "orientation close", "orientation effacée"],
)
def test_refuses_a_return(etat: EtatClos, refus: type[Exception]) -> None:
    with pytest.raises(refus):
        rules.verifier_reouverture(etat, SORTIE, SORTIE)
