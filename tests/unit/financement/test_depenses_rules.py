"""The spending chain, decided: each boundary on both sides."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.financement.engagements.rules import (
    DoubleFinancement,
    EngagementVoisin,
    EtatEngagement,
    LigneEngagement,
    cle_doublon,
    doublons_engagement,
    montant_degage,
)
from services.financement.justificatifs.rules import (
    EtatPiece,
    exige_imputable,
    parts_liquidation,
)
from services.financement.liquidations.rules import (
    RolesCumules,
    exige_certificateur,
    exige_place,
    ventilation_liquidee,
)
from services.financement.mandats.rules import erreurs_imputation
from services.financement.reservations.rules import DisponibleInsuffisant
from shared.refus import Validation
from shared.schemas.financement.engagements import EngagementCreation, StatutEngagement
from shared.schemas.financement.enveloppes import Financeur
from shared.schemas.financement.justificatifs import ImputationCreation, UsageJustificatif
from shared.schemas.financement.mandats import MandatCreation

ETAT, DEPARTEMENT = UUID(int=1), UUID(int=2)
REEL, FORFAIT = UsageJustificatif.DEPENSE_REELLE, UsageJustificatif.BASE_FORFAIT


def engage(*montants: int, liquides: tuple[int, ...] = (), **values: Any) -> EtatEngagement:
    """An engagement on as many envelopes as there are amounts."""
    found = liquides or (0,) * len(montants)
    lignes = [
        LigneEngagement(UUID(int=rang + 1), montant, liquide, 0)
        for rang, (montant, liquide) in enumerate(zip(montants, found, strict=True))
    ]
    base: dict[str, Any] = {
        "id": uuid4(),
        "version": 1,
        "statut": StatutEngagement.ENGAGE,
        "action_id": uuid4(),
        "ae_id": None,
        "client_id": "gestionnaire",
        "cle_doublon": None,
        "date_engagement": date(2026, 1, 1),
        "montant_centimes": sum(montants),
    }
    return EtatEngagement(**{**base, **values}, lignes=lignes)


def apres(etat: EtatEngagement, liquides: dict[UUID, int]) -> EtatEngagement:
    """The engagement once this is liquidated."""
    return engage(
        *(ligne.montant_centimes for ligne in etat.lignes),
        liquides=tuple(
            ligne.liquide_centimes + liquides.get(ligne.enveloppe_id, 0) for ligne in etat.lignes
        ),
    )


def test_example_a() -> None:
    """§7 A. Planted: the odd cent to the first line each time, red."""
    etat = engage(24_125_18, 24_125_17)
    attendus = [(15_500_01, 15_500_00), (5_000_00, 5_000_01), (3_625_17, 3_625_16)]
    for montant, attendu in zip((31_000_01, 10_000_01, 7_250_33), attendus, strict=True):
        parts = ventilation_liquidee(etat, montant)
        assert (parts[ETAT], parts[DEPARTEMENT]) == attendu
        etat = apres(etat, parts)
    assert etat.reste_centimes == 0


@given(
    montants=st.lists(st.integers(1, 10**9), min_size=1, max_size=5),
    coupes=st.lists(st.integers(1, 10**9), max_size=12),
)
def test_partial_liquidations_end_exact(montants: list[int], coupes: list[int]) -> None:
    """I-13: never above a line, and the last takes the exact remainder of each.

    Planted: the split by the line's share alone, without its ceiling, red.
    """
    etat = engage(*montants)
    for coupe in [*coupes, etat.reste_centimes]:
        montant = min(coupe, etat.reste_centimes)
        parts = ventilation_liquidee(etat, montant)
        assert sum(parts.values()) == montant
        etat = apres(etat, parts)
        assert all(ligne.reste_centimes >= 0 for ligne in etat.lignes)
    parts = ventilation_liquidee(etat, etat.reste_centimes)
    etat = apres(etat, parts)
    assert all(ligne.reste_centimes == 0 for ligne in etat.lignes)


E26, E27, F26, F27, E28 = (UUID(int=rang) for rang in (26, 27, 126, 127, 28))


def portee(
    enveloppe_id: UUID, montant: int, liquide: int = 0, couvert: int = 0, recu: int = 0
) -> LigneEngagement:
    """A line of the envelope of the year that its id tells."""
    exercice = 2000 + enveloppe_id.int % 100
    return LigneEngagement(enveloppe_id, montant, liquide, 0, couvert, recu, exercice)


@pytest.mark.parametrize(
    ("lignes", "montant", "attendu"),
    [
        pytest.param(
            [portee(E27, 50_00, couvert=50_00), portee(E26, 50_00, 25_00)],
            25_00,
            {E26: 25_00},
            id="l'année de l'engagement d'abord",
        ),
        pytest.param(
            [portee(E26, 50_00, 25_00), portee(E27, 50_00, couvert=50_00)],
            25_01,
            {E26: 25_00, E27: 1},
            id="épuisée, la suivante",
        ),
        pytest.param(
            [
                portee(E28, 10_00, couvert=10_00),
                portee(E27, 30_00, couvert=30_00),
                portee(F27, 10_00, couvert=10_00),
            ],
            20_00,
            {E27: 15_00, F27: 5_00},
            id="les années à venir dans l'ordre, chacune à ses parts",
        ),
        pytest.param(
            [portee(E27, 60_00, couvert=40_00), portee(F26, 20_00)],
            50_00,
            {E27: 30_00, F26: 20_00},
            id="une enveloppe couverte en plus de sa part",
        ),
        pytest.param(
            [portee(E26, 50_00, 50_00), portee(F26, 100_00, 50_00), portee(E27, 50_00, recu=50_00)],
            50_00,
            {F26: 25_00, E27: 25_00},
            id="le reste d'un seul financeur, reporté",
        ),
        pytest.param(
            [
                portee(E26, 25_00, 25_00),
                portee(F26, 50_00, 25_00),
                portee(E27, 75_00, couvert=50_00, recu=25_00),
                portee(F27, 50_00, couvert=50_00),
            ],
            60_00,
            {E27: 30_00, F26: 25_00, F27: 5_00},
            id="reporté sur une enveloppe qui couvrait son année",
        ),
    ],
)
def test_the_earlier_year_pays_first_and_funders_keep_their_shares(
    lignes: list[LigneEngagement], montant: int, attendu: dict[UUID, int]
) -> None:
    etat = replace(engage(1), lignes=lignes)
    assert ventilation_liquidee(etat, montant) == attendu


@st.composite
def lignes_portees(draw: st.DrawFn) -> LigneEngagement:
    """A line that was made, covered, carried or drawn on in any way."""
    enveloppe_id = UUID(int=draw(st.sampled_from([26, 27, 28])) + 100 * draw(st.integers(0, 10**6)))
    propre, couvert, recu = (draw(st.integers(0, 10**6)) for _ in range(3))
    reporte = draw(st.integers(0, propre + couvert + recu))
    montant = propre + couvert + recu - reporte
    return portee(enveloppe_id, montant, draw(st.integers(0, montant)), couvert, recu)


@given(
    lignes=st.lists(lignes_portees(), min_size=1, max_size=6, unique_by=lambda un: un.enveloppe_id),
    coupes=st.lists(st.integers(1, 10**7), max_size=8),
)
def test_what_was_covered_and_carried_ends_exact_too(
    lignes: list[LigneEngagement], coupes: list[int]
) -> None:
    """I-13."""
    etat = replace(engage(1), lignes=lignes)
    for coupe in [*coupes, etat.reste_centimes]:
        montant = min(coupe, etat.reste_centimes)
        parts = ventilation_liquidee(etat, montant)
        assert sum(parts.values()) == montant
        etat = replace(
            etat,
            lignes=[
                replace(une, liquide_centimes=une.liquide_centimes + parts.get(une.enveloppe_id, 0))
                for une in etat.lignes
            ],
        )
        assert all(une.reste_centimes >= 0 for une in etat.lignes)
    ventilation_liquidee(etat, etat.reste_centimes)
    assert etat.reste_centimes == 0


@given(
    montants=st.lists(st.integers(1, 10**9), min_size=1, max_size=5),
    part=st.integers(1, 10**9),
)
def test_what_is_given_back_is_of_what_is_left(montants: list[int], part: int) -> None:
    etat = engage(*montants)
    montant = min(part, etat.reste_centimes)

    rendus = montant_degage(etat, montant).rendus

    assert sum(rendus.values()) == montant
    assert all(rendus.get(ligne.enveloppe_id, 0) <= ligne.reste_centimes for ligne in etat.lignes)
    assert montant_degage(etat, None).total_centimes == etat.reste_centimes


@pytest.mark.parametrize(
    ("client_id", "seuil", "refuse"),
    [
        pytest.param("gestionnaire", None, False, id="aucun seuil connu"),
        pytest.param("gestionnaire", 100, False, id="au seuil"),
        pytest.param("gestionnaire", 99, True, id="un centime au-dessus"),
        pytest.param("certificateur", 0, False, id="un autre client"),
    ],
)
def test_who_engaged_above_the_threshold_does_not_certify(
    client_id: str, seuil: int | None, refuse: bool
) -> None:
    etat = engage(50, 50)
    if refuse:
        with pytest.raises(RolesCumules):
            exige_certificateur(etat, client_id, seuil)
    else:
        exige_certificateur(etat, client_id, seuil)


def demande(**values: Any) -> EngagementCreation:
    """An engagement towards a third party."""
    base = {
        "action_id": uuid4(),
        "tiers_siret": "10000000900017",
        "objet": "Location de véhicules",
        "montant_centimes": 100,
        "nature": "juridique",
    }
    return EngagementCreation.model_validate({**base, **values})


def test_two_spellings_of_one_object_are_one() -> None:
    """Accents, capitals and punctuation aside; another third party is another key."""
    une = cle_doublon(demande())
    assert une == cle_doublon(demande(objet="LOCATION  de vehicules !"))
    assert une != cle_doublon(demande(objet="Location de vélos"))
    assert une != cle_doublon(demande(tiers_siret="10000001700010"))


PIECE = uuid4()


@pytest.mark.parametrize(
    ("cle", "exercices", "pieces", "codes"),
    [
        pytest.param("x", {2026}, {PIECE}, None, id="tout est le même : certain"),
        pytest.param("x", {2026}, set(), ["tiers_periode_objet"], id="sans pièce commune"),
        pytest.param(
            "x", {2027}, {PIECE}, ["justificatif_deja_joint"], id="une autre année, la même pièce"
        ),
        pytest.param("y", {2026}, {PIECE}, ["justificatif_deja_joint"], id="un autre objet"),
        pytest.param("x", {2027}, set(), [], id="une autre année"),
    ],
)
def test_what_seems_to_be_engaged_twice(
    cle: str, exercices: set[int], pieces: set[UUID], codes: list[str] | None
) -> None:
    voisin = EngagementVoisin(uuid4(), "x", frozenset({2025, 2026}), frozenset({PIECE}))
    arguments = (cle, frozenset(exercices), frozenset(pieces), [voisin])
    if codes is None:
        with pytest.raises(DoubleFinancement):
            doublons_engagement(*arguments)
    else:
        assert [found.code for found in doublons_engagement(*arguments)] == codes


def piece(total: int | None, impute: int = 0, **values: Any) -> EtatPiece:
    """A piece, of which something may be borne already."""
    base: dict[str, Any] = {"financeurs": frozenset(), "usages": frozenset()}
    return EtatPiece(uuid4(), "0" * 64, total, impute, **{**base, **values})


FINANCEURS = {ETAT: Financeur.ETAT, DEPARTEMENT: Financeur.DEPARTEMENT}


@pytest.mark.parametrize(
    ("pieces", "couvert"),
    [
        pytest.param([], 0, id="aucune pièce"),
        pytest.param([piece(None)], 0, id="une pièce sans montant"),
        pytest.param([piece(100_01)], 100_01, id="une pièce au centime"),
        pytest.param([piece(60_00), piece(60_00)], 100_01, id="deux pièces, la seconde en partie"),
        pytest.param([piece(60_00)], 60_00, id="il manque des pièces"),
        pytest.param([piece(200_00, 99_99)], 100_01, id="le reste d'une pièce, au centime"),
    ],
)
def test_pieces_cover_what_is_kept(pieces: list[EtatPiece], couvert: int) -> None:
    ventilation = {ETAT: 50_01, DEPARTEMENT: 50_00}

    parts = parts_liquidation(100_01, pieces, ventilation, FINANCEURS)

    assert sum(part.montant_centimes for part in parts) == couvert
    for une in pieces:
        portees = sum(part.montant_centimes for part in parts if part.justificatif_id == une.id)
        assert portees <= une.reste_centimes
    if couvert == 100_01:
        for financeur, montant in zip(FINANCEURS.values(), (50_01, 50_00), strict=True):
            assert montant == sum(
                part.montant_centimes for part in parts if part.financeur is financeur
            )


def test_a_piece_that_was_borne_before_and_falls_short_is_a_double_funding() -> None:
    with pytest.raises(DisponibleInsuffisant) as refused:
        parts_liquidation(100_01, [piece(200_00, 100_00)], {ETAT: 100_01}, FINANCEURS)
    assert refused.value.members == {"disponible_centimes": 100_00}


UNION = frozenset({Financeur.UNION_EUROPEENNE})


@pytest.mark.parametrize(
    ("etat", "financeur", "usage", "montant", "refus"),
    [
        pytest.param(piece(100), "etat", REEL, 100, None, id="dernier centime"),
        pytest.param(piece(100), "etat", REEL, 101, DisponibleInsuffisant, id="un de trop"),
        pytest.param(piece(None), "etat", REEL, 1, Validation, id="pièce sans montant"),
        pytest.param(
            piece(100, 10, financeurs=UNION, usages=frozenset({REEL})),
            "union_europeenne",
            REEL,
            1,
            DoubleFinancement,
            id="deux fois l'Union",
        ),
        pytest.param(
            piece(100, 10, financeurs=UNION, usages=frozenset({REEL})),
            "etat",
            REEL,
            90,
            None,
            id="l'Union, puis l'État",
        ),
        pytest.param(
            piece(100, 10, usages=frozenset({FORFAIT})),
            "etat",
            REEL,
            1,
            DoubleFinancement,
            id="au réel après le forfait",
        ),
        pytest.param(
            piece(100, 10, usages=frozenset({REEL})),
            "etat",
            FORFAIT,
            1,
            DoubleFinancement,
            id="au forfait après le réel",
        ),
    ],
)
def test_a_piece_is_told_once(
    etat: EtatPiece,
    financeur: str,
    usage: UsageJustificatif,
    montant: int,
    refus: type[Exception] | None,
) -> None:
    """I-17."""
    corps = ImputationCreation(
        financeur=Financeur(financeur), usage=usage, montant_centimes=montant, objet="Bilan"
    )
    if refus is None:
        exige_imputable(etat, corps)
    else:
        with pytest.raises(refus):
            exige_imputable(etat, corps)


@pytest.mark.parametrize(
    ("values", "jour", "pointeurs"),
    [
        pytest.param({}, date(2026, 3, 2), [], id="M57"),
        pytest.param({"chapitre": "017"}, date(2026, 3, 2), [], id="chapitre non confirmé"),
        pytest.param({"nature": "7471"}, date(2026, 3, 2), ["/nature"], id="nature de recette"),
        pytest.param({"fonction": "564"}, date(2024, 1, 1), ["/fonction"], id="M52 éteinte"),
        pytest.param({"fonction": "564"}, date(2023, 12, 31), ["/nature"], id="deux plans"),
    ],
)
def test_an_imputation_is_of_the_table_of_the_day(
    values: dict[str, str], jour: date, pointeurs: list[str]
) -> None:
    corps = {"bordereau": "B-1", "fonction": "444", "nature": "65748", **values}

    erreurs = erreurs_imputation(MandatCreation.model_validate(corps), jour)

    assert [erreur.pointeur for erreur in erreurs] == pointeurs


def test_a_liquidation_has_a_bounded_number_of_pieces() -> None:
    """Two hundred fit; one more would be shown to nobody."""
    exige_place(150, 50)
    with pytest.raises(Validation):
        exige_place(151, 50)
