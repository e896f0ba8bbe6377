"""What a funder owes: to the cent, down, and in words."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.financement.bilans.rules import (
    EFFORTS,
    Assiette,
    creance,
    exige_adoptable,
    suite,
    verifier_bilan,
)
from shared.refus import TransitionInterdite, Validation
from shared.schemas.financement.bilans import (
    BilanCreation,
    OrigineDepense,
    RefactionLigne,
    StatutBilan,
)

FIN = date(2025, 12, 31)
AUJOURDHUI = date(2026, 3, 2)


def assiette(depense: int = 1_180_000_01, **values: Any) -> Assiette:
    """The worked example F of the rules, but for what a case says."""
    base: dict[str, Any] = {
        "depense_centimes": depense,
        "origine": OrigineDepense.DONNEE,
        "date_arrete": FIN,
        "taux": Fraction(1, 2),
        "source_taux": "cadrage national",
        "confirme": True,
        "plafond_centimes": 620_850_00,
    }
    return Assiette(**{**base, **values})


def refaction(**values: Any) -> RefactionLigne:
    """A réfaction."""
    return RefactionLigne.model_validate(values)


PRORATA = {"type": "prorata_indicateur", "indicateur": "Suivis", "cible": 3, "realise": 2}
MAINTIEN = {"type": "maintien_effort", "effort_precedent_centimes": 100_00}
ACTION = {
    "type": "plafond_action",
    "action_id": "019cad9d-67a0-7c02-9e41-6b1f0f5a2d33",
    "plafond_centimes": 100_00,
}
MANUEL = {"type": "manuel", "montant_centimes": 100, "motif": "Bilan tardif"}


@pytest.mark.parametrize(
    ("donnees", "du"),
    [
        pytest.param(assiette(), 590_000_00, id="exemple F : au centime inférieur"),
        pytest.param(assiette(1_241_700_00), 620_850_00, id="au plafond"),
        pytest.param(assiette(1_241_700_02), 620_850_00, id="un centime au-dessus"),
        pytest.param(assiette(1_241_699_99), 620_849_99, id="un centime au-dessous"),
        pytest.param(assiette(0), 0, id="aucune dépense"),
        pytest.param(assiette(1, taux=Fraction(1)), 1, id="taux entier"),
    ],
)
def test_a_claim_is_the_lesser_rounded_down(donnees: Assiette, du: int) -> None:
    assert creance(donnees, []).du_centimes == du


@pytest.mark.parametrize(
    ("une", "retire"),
    [
        # 2/3 of 590 000.00 is 393 333.33, down: what is taken off is rounded up.
        pytest.param(PRORATA, 196_666_67, id="prorata, arrondi au supérieur"),
        pytest.param(PRORATA | {"realise": 3}, 0, id="cible atteinte"),
        pytest.param(PRORATA | {"realise": 9}, 0, id="cible dépassée"),
        pytest.param(MAINTIEN | {"effort_centimes": 95_00}, 0, id="effort de 95 %"),
        pytest.param(MAINTIEN | {"effort_centimes": 94_99}, 590_000_00, id="effort sous 95 %"),
        pytest.param(
            MAINTIEN | {"effort_centimes": 89_99, "seuil_points_base": 9_000},
            590_000_00,
            id="sous le seuil de la convention",
        ),
        pytest.param(
            MAINTIEN | {"effort_centimes": 95_00, "montant_centimes": 118_000_00, "motif": "x"},
            118_000_00,
            id="manquement, 20 % juste",
        ),
        pytest.param(ACTION | {"depense_centimes": 100_00}, 0, id="action au plafond"),
        pytest.param(ACTION | {"depense_centimes": 100_01}, 1, id="demi-centime au supérieur"),
        pytest.param(MANUEL, 100, id="montant décidé"),
        pytest.param(MANUEL | {"montant_centimes": 10**9}, 590_000_00, id="plus que le dû"),
    ],
)
def test_each_refaction_takes_off_its_amount_and_says_why(une: dict[str, Any], retire: int) -> None:
    found = creance(assiette(), [refaction(**une)])
    assert found.refactions_centimes == retire
    assert found.du_centimes == 590_000_00 - retire
    (ligne,) = [one for one in found.lignes if one.type_refaction is not None]
    assert ligne.montant_centimes == retire
    assert len(ligne.explication) > 40


@pytest.mark.parametrize(
    "une",
    [
        pytest.param(
            MAINTIEN | {"effort_centimes": 95_00, "montant_centimes": 118_000_01, "motif": "x"},
            id="un centime au-dessus de 20 %",
        ),
        pytest.param(
            MANUEL | {"montant_centimes": 59_000_01, "part_maximale_points_base": 1_000},
            id="au-dessus de la part convenue",
        ),
    ],
)
def test_what_is_decided_stays_within_its_share(une: dict[str, Any]) -> None:
    with pytest.raises(Validation):
        creance(assiette(), [refaction(**une)])


@pytest.mark.parametrize(
    ("refactions", "date_arrete", "pointeurs"),
    [
        pytest.param([PRORATA, MANUEL], FIN, [], id="complètes"),
        pytest.param([], date(2026, 3, 3), ["/date_arrete"], id="arrêté à venir"),
        pytest.param([{"type": "manuel"}], FIN, ["montant_centimes", "motif"], id="manuel vide"),
        pytest.param([PRORATA | {"motif": "x"}], FIN, ["motif"], id="motif sans montant"),
        pytest.param(
            [MAINTIEN | {"effort_centimes": 1, "montant_centimes": 1}],
            FIN,
            ["motif"],
            id="sans motif",
        ),
        pytest.param(
            [MAINTIEN | {"effort_centimes": 1}],
            EFFORTS[-1].depuis.replace(year=2016),
            ["part_maximale_points_base", "seuil_points_base"],
            id="avant le modèle",
        ),
    ],
)
def test_a_refaction_has_what_its_type_asks(
    refactions: list[dict[str, Any]], date_arrete: date, pointeurs: list[str]
) -> None:
    demande = BilanCreation(
        date_arrete=date_arrete.isoformat(),
        taux_code="etat",
        refactions=[refaction(**one) for one in refactions],
    )
    found = []
    try:
        verifier_bilan(demande, AUJOURDHUI)
    except Validation as refus:
        found = [one["pointeur"] for one in refus.members["erreurs"]]
    attendus = [nom if nom.startswith("/") else f"/refactions/0/{nom}" for nom in pointeurs]
    assert found == attendus


@pytest.mark.parametrize(
    ("encaisse", "titre", "a_titrer", "titrer", "reduire", "reverser"),
    [
        pytest.param(620_850_00, 0, 0, 0, 0, 30_850_00, id="exemple F : trop encaissé"),
        pytest.param(590_000_00, 0, 30_850_00, 0, 0, 0, id="juste encaissé"),
        pytest.param(400_000_00, 100_000_00, 120_850_00, 90_000_00, 0, 0, id="reste à titrer"),
        pytest.param(400_000_00, 220_850_00, 0, 0, 30_850_00, 0, id="trop titré"),
        pytest.param(0, 0, 500_000_00, 500_000_00, 0, 0, id="pas plus que le notifié restant"),
        pytest.param(600_000_00, 20_850_00, 0, 0, 20_850_00, 10_000_00, id="tout en trop"),
    ],
)
def test_what_follows_from_a_claim(
    encaisse: int, titre: int, a_titrer: int, titrer: int, reduire: int, reverser: int
) -> None:
    found = suite(
        590_000_00, encaisse_centimes=encaisse, titre_centimes=titre, a_titrer_centimes=a_titrer
    )
    assert (found.a_titrer_centimes, found.a_reduire_centimes, found.a_reverser_centimes) == (
        titrer,
        reduire,
        reverser,
    )


@given(
    depense=st.integers(0, 10**12),
    taux=st.fractions(0, 1, max_denominator=997),
    plafond=st.integers(0, 10**12),
    realise=st.integers(0, 120),
    montant=st.integers(1, 10**12),
)
def test_a_claim_never_exceeds_its_exact_value(
    depense: int, taux: Fraction, plafond: int, realise: int, montant: int
) -> None:
    """I-18, whatever the réfactions: not a cent above the exact value, nor below zero.

    Planted: `round` for `int` in the part of the funder, red.
    """
    donnees = assiette(depense, taux=taux, plafond_centimes=plafond)
    avant = min(depense * taux, Fraction(plafond))
    nu = creance(donnees, []).du_centimes
    assert avant - 1 < nu <= avant
    prorata = creance(donnees, [refaction(**PRORATA | {"cible": 100, "realise": realise})])
    assert prorata.du_centimes <= nu * min(Fraction(realise, 100), Fraction(1))
    toutes = creance(
        donnees, [refaction(**PRORATA), refaction(**MANUEL | {"montant_centimes": montant})]
    )
    assert toutes.du_centimes + toutes.refactions_centimes == nu
    assert toutes.du_centimes >= 0


@pytest.mark.parametrize(
    ("statut", "date_adoption", "refus"),
    [
        pytest.param("incomplet", AUJOURDHUI, TransitionInterdite, id="pièces manquantes"),
        pytest.param("remplace", AUJOURDHUI, TransitionInterdite, id="remplacé"),
        pytest.param("adopte", AUJOURDHUI, TransitionInterdite, id="déjà adopté"),
        pytest.param("calcule", date(2025, 12, 30), Validation, id="avant l'arrêté"),
        pytest.param("calcule", date(2026, 3, 3), Validation, id="à venir"),
    ],
)
def test_an_adoption_is_refused(statut: str, date_adoption: date, refus: type[Exception]) -> None:
    with pytest.raises(refus):
        exige_adoptable(
            StatutBilan(statut),
            date_arrete=FIN,
            date_adoption=date_adoption,
            aujourdhui=AUJOURDHUI,
        )
