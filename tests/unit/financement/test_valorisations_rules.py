"""What a contribution in kind is worth, and what bounds it."""

from fractions import Fraction
from typing import Any

import pytest

from services.financement.reservations.rules import DisponibleInsuffisant
from services.financement.valorisations.rules import (
    Regle,
    exige_plafond,
    exige_temps,
    montant_valorise,
    statut_decide,
    verifier_regle,
)
from shared.refus import TransitionInterdite, Validation
from shared.schemas.financement.justificatifs import TypeJustificatif
from shared.schemas.financement.valorisations import (
    DecisionValorisationCreation,
    MethodeValorisation,
    RegleValorisationCreation,
    StatutValorisation,
    ValorisationCreation,
)

HORAIRE, REEL = MethodeValorisation.TAUX_HORAIRE, MethodeValorisation.COUT_REEL
HEURES = {
    "nature": "personnel",
    "mois": "2026-02-01",
    "date_effet": "2026-03-02",
    "minutes": 2_400,
    "taux_horaire_centimes": 28_50,
    "agent_ref": "019b789f-d7a0-7b6e-9a14-c82f5d03e7b9",
    "temps_mois_minutes": 9_100,
}
LOCAUX = {"nature": "locaux", "mois": "2026-02-01", "date_effet": "2026-03-02"}


def regle(methode: MethodeValorisation = HORAIRE, **values: Any) -> Regle:
    """A rule that admits."""
    base: dict[str, Any] = {
        "autorisee": True,
        "methode": methode,
        "part_maximale": Fraction(1, 5),
        "pieces_requises": frozenset({TypeJustificatif.FEUILLE_TEMPS}),
    }
    return Regle(**{**base, **values})


@pytest.mark.parametrize(
    ("corps", "une", "montant"),
    [
        pytest.param(HEURES, regle(), 1_140_00, id="quarante heures à 28,50 €"),
        pytest.param(HEURES | {"minutes": 1, "taux_horaire_centimes": 90}, regle(), 2, id="demi"),
        pytest.param(HEURES | {"minutes": 1, "taux_horaire_centimes": 89}, regle(), 1, id="moins"),
        pytest.param(LOCAUX | {"montant_centimes": 12_34}, regle(REEL), 12_34, id="coût réel"),
    ],
)
def test_it_is_worth_its_method(corps: dict[str, Any], une: Regle, montant: int) -> None:
    assert montant_valorise(ValorisationCreation.model_validate(corps), une) == montant


@pytest.mark.parametrize(
    ("corps", "une", "pointeurs"),
    [
        pytest.param(HEURES, None, {"/nature"}, id="sans règle"),
        pytest.param(HEURES, regle(autorisee=False), {"/nature"}, id="règle qui refuse"),
        pytest.param(LOCAUX, regle(REEL), {"/montant_centimes"}, id="sans montant"),
        pytest.param(HEURES | {"montant_centimes": 1}, regle(), {"/montant_centimes"}, id="deux"),
        pytest.param(HEURES | {"agent_ref": None}, regle(), {"/agent_ref"}, id="sans agent"),
        pytest.param(HEURES | {"mois": "2026-02-02"}, regle(), {"/mois"}, id="pas le premier"),
        pytest.param(HEURES | {"mois": "2026-04-01"}, regle(), {"/mois"}, id="mois à venir"),
        pytest.param(
            HEURES | {"minutes": 1, "taux_horaire_centimes": 29}, regle(), {"/minutes"}, id="rien"
        ),
    ],
)
def test_what_is_not_admitted_is_refused(
    corps: dict[str, Any], une: Regle | None, pointeurs: set[str]
) -> None:
    with pytest.raises(Validation) as refus:
        montant_valorise(ValorisationCreation.model_validate(corps), une)
    assert {one["pointeur"] for one in refus.value.members["erreurs"]} == pointeurs


def test_it_stays_within_its_share() -> None:
    """The share is rounded down: of 1 000.04, a fifth is 200.00 and not 200.01."""
    exige_plafond(regle(), 100_00, deja_centimes=100_00, part_centimes=1_000_04)
    with pytest.raises(DisponibleInsuffisant) as refus:
        exige_plafond(regle(), 100_01, deja_centimes=100_00, part_centimes=1_000_04)
    assert refus.value.members == {"disponible_centimes": 100_00}


def test_a_month_has_its_minutes() -> None:
    exige_temps(100, deja_minutes=9_000, temps_mois_minutes=9_100, temps_dit_minutes=9_100)
    with pytest.raises(DisponibleInsuffisant):
        exige_temps(101, deja_minutes=9_000, temps_mois_minutes=9_100, temps_dit_minutes=9_100)
    with pytest.raises(Validation):
        exige_temps(1, deja_minutes=0, temps_mois_minutes=9_100, temps_dit_minutes=9_101)


@pytest.mark.parametrize(
    ("statut", "sens", "motif", "pieces", "attendu"),
    [
        pytest.param("declaree", "validee", None, ["feuille_temps"], "validee", id="complet"),
        pytest.param("declaree", "validee", None, ["facture"], TransitionInterdite, id="pièce"),
        pytest.param("declaree", "rejetee", "Hors objet", [], "rejetee", id="rejeté"),
        pytest.param("declaree", "rejetee", None, [], Validation, id="rejeté sans motif"),
        pytest.param("validee", "rejetee", "x", [], TransitionInterdite, id="déjà décidé"),
    ],
)
def test_a_decision(
    statut: str, sens: str, motif: str | None, pieces: list[str], attendu: Any
) -> None:
    demande = DecisionValorisationCreation.model_validate(
        {"sens": sens, "motif": motif, "date_effet": "2026-03-02"}
    )
    types = [TypeJustificatif(one) for one in pieces]
    etat = StatutValorisation(statut)
    if isinstance(attendu, str):
        assert statut_decide(etat, demande, regle(), types) == attendu
    else:
        with pytest.raises(attendu):
            statut_decide(etat, demande, regle(), types)


def test_what_is_admitted_has_a_method_and_a_source() -> None:
    demande = RegleValorisationCreation(nature="locaux", valable_du="2026-01-01", autorisee=True)
    with pytest.raises(Validation) as refus:
        verifier_regle(demande)
    pointeurs = [one["pointeur"] for one in refus.value.members["erreurs"]]
    assert pointeurs == ["/methode", "/source"]
    verifier_regle(demande.model_copy(update={"autorisee": False}))
