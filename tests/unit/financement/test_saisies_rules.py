"""What conventions, actions and envelopes must be to be recorded."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.financement.actions.rules import Cadre, verifier_action
from services.financement.conventions.rules import verifier_convention
from services.financement.enveloppes.rules import (
    disponibilite_legale,
    ouverture_permise,
    statut_initial,
    verifier_enveloppe,
)
from shared.refus import TransitionInterdite, Validation
from shared.schemas.financement.actions import ActionCreation
from shared.schemas.financement.conventions import ConventionCreation
from shared.schemas.financement.enveloppes import (
    EnveloppeCreation,
    OuvertureCommande,
    Qualificatif,
    StatutEnveloppe,
)

CONVENTION, AUTRE, SIENNE, LIBRE, VOISINE = (UUID(int=rang) for rang in range(1, 6))
CADRE = Cadre(
    CONVENTION, frozenset({1, 2}), frozenset(), {SIENNE: CONVENTION, LIBRE: None, VOISINE: AUTRE}
)


def _action(**values: Any) -> ActionCreation:
    return ActionCreation.model_validate({"code": "a", "libelle": "Une action", **values})


def _part(enveloppe: UUID, numerateur: int, denominateur: int) -> dict[str, Any]:
    return {
        "enveloppe_id": str(enveloppe),
        "numerateur": numerateur,
        "denominateur": denominateur,
    }


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({}, id="elle ne paie rien"),
        pytest.param({"axe": 2, "freins": ["mobilite", "garde_enfant"]}, id="axe et freins"),
        pytest.param({"cle": [_part(SIENNE, 1, 1)]}, id="une seule enveloppe"),
        pytest.param(
            {"cle": [_part(SIENNE, 73_067, 135_534), _part(LIBRE, 62_467, 135_534)]},
            id="enveloppe sans convention",
        ),
        pytest.param({"mode_capacite": "stock", "places_ouvertes": 0}, id="aucune place ouverte"),
    ],
)
def test_an_action_is_accepted(values: dict[str, Any]) -> None:
    verifier_action(_action(**values), CADRE)


@pytest.mark.parametrize(
    ("values", "pointeurs"),
    [
        pytest.param({"axe": 3, "volet": 1}, ["/axe", "/volet"], id="axe et volet inconnus"),
        pytest.param({"places_ouvertes": 3}, ["/places_ouvertes"], id="places sans mode"),
        pytest.param({"freins": ["mobilite", "MOBILITE"]}, ["/freins/1"], id="frein inconnu"),
        pytest.param({"cle": [_part(SIENNE, 1, 2)]}, ["/cle"], id="la moitié manque"),
        pytest.param(
            {"cle": [_part(SIENNE, 1, 3), _part(LIBRE, 666_667, 1_000_000)]},
            ["/cle"],
            id="un tiers arrondi",
        ),
        pytest.param({"cle": [_part(UUID(int=99), 1, 1)]}, ["/cle/0/enveloppe_id"], id="inconnue"),
        pytest.param(
            {"cle": [_part(VOISINE, 1, 1)]}, ["/cle/0/enveloppe_id"], id="d'une autre convention"
        ),
        pytest.param(
            {"cle": [_part(SIENNE, 1, 2), _part(SIENNE, 1, 2)]},
            ["/cle/1/enveloppe_id"],
            id="nommée deux fois",
        ),
    ],
)
def test_an_action_is_refused(values: dict[str, Any], pointeurs: list[str]) -> None:
    with pytest.raises(Validation) as refus:
        verifier_action(_action(**values), CADRE)

    assert [erreur["pointeur"] for erreur in refus.value.members["erreurs"]] == pointeurs


def _convention(**values: Any) -> ConventionCreation:
    return ConventionCreation.model_validate(
        {
            "reference": "c",
            "type": "contrat_local_solidarites",
            "intitule": "Une convention",
            "annee_debut": 2024,
            **values,
        }
    )


def test_a_convention_of_one_year_is_accepted() -> None:
    verifier_convention(_convention(annee_fin=2024, axes=[{"ordre": 1, "libelle": "Un axe"}]))


@pytest.mark.parametrize(
    ("values", "pointeur"),
    [
        pytest.param({"annee_fin": 2023}, "/annee_fin", id="finit avant de commencer"),
        pytest.param(
            {"axes": [{"ordre": 1, "libelle": "Un"}, {"ordre": 1, "libelle": "Deux"}]},
            "/axes/1/ordre",
            id="axe numéroté deux fois",
        ),
        pytest.param(
            {"volets": [{"ordre": 2, "libelle": "Un"}, {"ordre": 2, "libelle": "Deux"}]},
            "/volets/1/ordre",
            id="volet numéroté deux fois",
        ),
    ],
)
def test_a_convention_is_refused(values: dict[str, Any], pointeur: str) -> None:
    with pytest.raises(Validation) as refus:
        verifier_convention(_convention(**values))

    assert refus.value.members["erreurs"][0]["pointeur"] == pointeur


JOUR = date(2026, 3, 2)


def _ouverture(
    date_effet: date = JOUR, qualificatif: Qualificatif = Qualificatif.EXACT
) -> OuvertureCommande:
    return OuvertureCommande(
        montant_centimes=1, qualificatif=qualificatif, date_effet=date_effet, source="acte"
    )


@pytest.mark.parametrize("statut", [StatutEnveloppe.ANNONCEE, StatutEnveloppe.NOTIFIEE])
def test_an_exact_act_opens(statut: StatutEnveloppe) -> None:
    assert ouverture_permise(statut, _ouverture(), JOUR) is StatutEnveloppe.OUVERTE


@pytest.mark.parametrize(
    "qualificatif", [pytest.param(q, id=q) for q in Qualificatif if q is not Qualificatif.EXACT]
)
def test_no_amount_but_an_exact_one_opens(qualificatif: Qualificatif) -> None:
    """I-14. Seen red without the check of the qualifier."""
    with pytest.raises(Validation):
        ouverture_permise(StatutEnveloppe.NOTIFIEE, _ouverture(qualificatif=qualificatif), JOUR)


def test_an_act_of_tomorrow_does_not_open_today() -> None:
    with pytest.raises(Validation):
        ouverture_permise(StatutEnveloppe.NOTIFIEE, _ouverture(date(2026, 3, 3)), JOUR)


@pytest.mark.parametrize(
    ("statut", "possibles"),
    [
        (StatutEnveloppe.OUVERTE, ["close"]),
        (StatutEnveloppe.CLOSE, ["close", "soldee"]),
        (StatutEnveloppe.SOLDEE, []),
    ],
)
def test_what_was_opened_is_not_opened_again(statut: StatutEnveloppe, possibles: list[str]) -> None:
    with pytest.raises(TransitionInterdite) as refus:
        ouverture_permise(statut, _ouverture(), JOUR)

    assert refus.value.members == {"statut_actuel": statut, "transitions_possibles": possibles}


def _enveloppe(**values: Any) -> EnveloppeCreation:
    return EnveloppeCreation.model_validate({"reference": "e", **values})


def test_an_announced_envelope_is_only_announced() -> None:
    annonce = {"montant_centimes": 720_000_00, "qualificatif": "presque"}

    assert statut_initial(_enveloppe(annonce=annonce)) is StatutEnveloppe.ANNONCEE
    assert statut_initial(_enveloppe()) is StatutEnveloppe.NOTIFIEE


def test_a_window_may_last_one_day_and_not_less() -> None:
    verifier_enveloppe(_enveloppe(fenetre_debut="2026-01-01", fenetre_fin="2026-01-01"))
    with pytest.raises(Validation):
        verifier_enveloppe(_enveloppe(fenetre_debut="2026-01-02", fenetre_fin="2026-01-01"))


def test_legal_availability_of_the_worked_example() -> None:
    """Règles de financement, § 7 A: a pending reservation does not count in it."""
    soldes = {
        "ouvert": 1_241_700_00,
        "disponible": 1_093_449_65,
        "reserve": 100_000_00,
        "engage": 7_250_33,
        "liquide": 10_000_01,
        "mandate": 0,
        "paye": 31_000_01,
    }

    assert disponibilite_legale(soldes) == 1_193_449_65
