"""Measures: exact fractions rounded once, a null where there is nothing to divide by, alerts."""

from datetime import date
from uuid import UUID

import pytest

from services.financement.points_etape.rules import (
    Fait,
    alerte,
    calculer,
    empreinte,
    exige_transition,
    points_base,
    projection,
    rapport,
    verifier_dates,
    verifier_rang,
)
from shared.refus import TransitionInterdite, Validation
from shared.schemas.financement.conventions import TypeConvention
from shared.schemas.financement.enveloppes import Financeur, StatutEnveloppe
from shared.schemas.financement.journal import Livre, Poste
from shared.schemas.financement.points_etape import (
    ActionSuivie,
    AlerteProjection,
    CadrePointEtape,
    ContenuPointEtape,
    DimensionMesure,
    EnveloppeSuivie,
    IntituleOrdre,
    LeveeObservee,
    LigneMesures,
    MotifAbsence,
    ObservationsPointEtape,
    StatutPointEtape,
)

ETAT, DEPARTEMENT, PERMIS, GARDE = (UUID(int=rang) for rang in range(1, 5))
DEBUT, FIN = date(2024, 1, 1), date(2024, 12, 31)


def enveloppe(objet: UUID, financeur: Financeur, **values: object) -> EnveloppeSuivie:
    return EnveloppeSuivie.model_validate(
        {
            "enveloppe_id": objet,
            "reference": financeur.value,
            "statut": StatutEnveloppe.OUVERTE,
            "financeur": financeur,
            "volet": None,
            "axe": None,
            "action_id": None,
            "fenetre_debut": DEBUT,
            "fenetre_fin": FIN,
            "annonce": None,
            **values,
        }
    )


def action(objet: UUID, axe: int | None, volet: int | None = None) -> ActionSuivie:
    return ActionSuivie(action_id=objet, code=f"a{axe}", libelle="Action", axe=axe, volet=volet)


def cadre(*enveloppes: EnveloppeSuivie, jour: date = date(2024, 6, 30)) -> CadrePointEtape:
    return CadrePointEtape(
        convention_id=UUID(int=9),
        convention_type=TypeConvention.CONTRAT_LOCAL_SOLIDARITES,
        reference="35-CLS",
        intitule="Contrat local",
        exercice=2024,
        date_arrete=jour,
        connu_au=4,
        versions=[],
        axes=[IntituleOrdre(ordre=1, libelle="Un"), IntituleOrdre(ordre=2, libelle="Deux")],
        volets=[],
        enveloppes=list(enveloppes),
        actions=[action(PERMIS, 1), action(GARDE, 2)],
        precedent=None,
    )


DEUX = (enveloppe(ETAT, Financeur.ETAT), enveloppe(DEPARTEMENT, Financeur.DEPARTEMENT))


def observations(
    *levees: LeveeObservee, motif: MotifAbsence | None = None
) -> ObservationsPointEtape:
    return ObservationsPointEtape(
        indicateurs=[],
        date_debut=DEBUT,
        date_fin=FIN,
        seuil=5,
        levees=list(levees),
        motif_absence=motif,
    )


def eng(objet: UUID, action_id: UUID | None, **soldes: int) -> list[Fait]:
    return [
        Fait(objet, action_id, Livre.ENG, Poste(poste), solde) for poste, solde in soldes.items()
    ]


def ligne(contenu: ContenuPointEtape, dimension: DimensionMesure, cle: str = "") -> LigneMesures:
    (found,) = [une for une in contenu.mesures if (une.dimension, une.cle) == (dimension, cle)]
    return found


@pytest.mark.parametrize(
    ("partie", "tout", "attendu"),
    [
        pytest.param(48_250_35, 1_241_700_00, 389, id="exemple A, engagement : 3,89 %"),
        pytest.param(31_000_01, 1_241_700_00, 250, id="exemple A, paiement : 2,50 %"),
        pytest.param(730_670_00, 1_355_340_00, 5391, id="exemple B, part de l'État : 53,91 %"),
        pytest.param(1, 20_000, 1, id="la moitié s'arrondit au-dessus"),
        pytest.param(1, 20_001, 0, id="moins de la moitié, au-dessous"),
        pytest.param(1, 0, None, id="sur rien : nul, et non zéro"),
        pytest.param(1, None, None, id="dénominateur inconnu"),
    ],
)
def test_a_rate_is_rounded_once(partie: int, tout: int | None, attendu: int | None) -> None:
    assert points_base(partie, tout) == attendu


@pytest.mark.parametrize(
    ("numerateur", "denominateur", "attendu"),
    [(100_00, 3, 33_33), (200_00, 3, 66_67), (-1, 2, 0), (-3, 2, -1), (5, 0, None)],
)
def test_a_ratio_is_half_up(numerateur: int, denominateur: int, attendu: int | None) -> None:
    assert rapport(numerateur, denominateur) == attendu


@pytest.mark.parametrize(
    ("jour", "attendu"),
    [
        pytest.param(date(2023, 12, 31), None, id="avant la fenêtre"),
        pytest.param(date(2024, 1, 1), 366_00, id="le premier jour compte pour un"),
        pytest.param(date(2024, 1, 2), 183_00, id="deux jours"),
        pytest.param(date(2024, 12, 31), 1_00, id="le dernier jour : ce qui est"),
        pytest.param(date(2025, 6, 30), 1_00, id="après la fenêtre : ce qui est"),
    ],
)
def test_a_projection_is_linear_on_the_window(jour: date, attendu: int | None) -> None:
    assert projection(1_00, DEBUT, FIN, jour) == attendu


def test_no_window_no_projection() -> None:
    assert projection(1_00, None, FIN, DEBUT) is projection(1_00, DEBUT, None, DEBUT) is None


@pytest.mark.parametrize(
    ("projete", "ouvert", "attendue"),
    [
        pytest.param(79_99, 100_00, AlerteProjection.SOUS_CONSOMMATION, id="sous 80 %"),
        pytest.param(80_00, 100_00, None, id="80 % tout juste"),
        pytest.param(100_00, 100_00, None, id="100 % tout juste"),
        pytest.param(100_01, 100_00, AlerteProjection.SURCONSOMMATION, id="un centime de trop"),
        pytest.param(None, 100_00, None, id="pas de projection"),
        pytest.param(1, 0, None, id="rien d'ouvert"),
        pytest.param(1, None, None, id="ouvert inconnu"),
    ],
)
def test_alerts(projete: int | None, ouvert: int | None, attendue: AlerteProjection | None) -> None:
    assert alerte(projete, ouvert) is attendue


def test_what_is_open_is_said_only_of_whole_envelopes() -> None:
    """An axis shares envelopes with another: what it may spend is not known, what it did is."""
    faits = [
        *eng(ETAT, None, ouvert=100_00, disponible=100_00),
        *eng(ETAT, PERMIS, disponible=-30_00, engage=10_00, paye=20_00),
        *eng(ETAT, GARDE, disponible=-5_00, reserve=5_00),
    ]
    contenu = calculer(cadre(DEUX[0]), observations(), faits, [], None)

    un, deux = (ligne(contenu, DimensionMesure.AXE, cle) for cle in "12")
    total = ligne(contenu, DimensionMesure.TOTAL)
    assert (un.engage_centimes, un.paye_centimes, un.reste_a_payer_centimes) == (
        30_00,
        20_00,
        10_00,
    )
    assert (un.ouvert_centimes, un.taux_engagement_points_base, un.alerte) == (None, None, None)
    assert (deux.engage_centimes, deux.reserve_centimes) == (0, 5_00)
    assert (total.ouvert_centimes, total.disponible_centimes) == (100_00, 65_00)
    assert (total.taux_engagement_points_base, total.taux_paiement_points_base) == (3000, 2000)
    # 20,00 of 182 days out of 366: 40,22 at the end, far from the 100,00 that are open.
    assert (total.projection_centimes, total.alerte) == (40_22, "sous_consommation")


def test_an_axis_of_its_own_envelope_has_what_is_open() -> None:
    une = enveloppe(ETAT, Financeur.ETAT, axe=2)
    faits = [*eng(ETAT, None, ouvert=100_00, disponible=90_00), *eng(ETAT, PERMIS, engage=10_00)]
    contenu = calculer(cadre(une), observations(), faits, [], None)

    found = ligne(contenu, DimensionMesure.AXE, "2")
    assert (found.ouvert_centimes, found.engage_centimes) == (100_00, 10_00)
    assert ligne(contenu, DimensionMesure.AXE, "1").ouvert_centimes is None


def test_one_envelope_without_a_window_leaves_no_projection() -> None:
    sans = enveloppe(DEPARTEMENT, Financeur.DEPARTEMENT, fenetre_debut=None, fenetre_fin=None)
    faits = [*eng(ETAT, None, ouvert=1_00, paye=1_00), *eng(DEPARTEMENT, None, ouvert=1_00)]
    contenu = calculer(cadre(DEUX[0], sans), observations(), faits, [], None)

    assert ligne(contenu, DimensionMesure.TOTAL).projection_centimes is None
    assert ligne(contenu, DimensionMesure.FINANCEUR, "etat").projection_centimes == 2_01


def test_shares_are_told_beside_those_agreed() -> None:
    """3 and 1 of 4 liquidated where half and half is agreed: the gaps cancel, to the cent."""
    faits = [
        *eng(ETAT, None, ouvert=50_00, liquide=1_00, paye=2_00),
        *eng(DEPARTEMENT, None, ouvert=50_00, paye=1_01),
    ]
    contenu = calculer(cadre(*DEUX), observations(), faits, [], None)

    departement, etat = contenu.parts
    assert (etat.part_contractuelle_points_base, etat.part_reelle_points_base) == (5000, 7481)
    assert (etat.ecart_points_base, etat.ecart_centimes) == (2481, 99)
    assert (departement.ecart_points_base, departement.ecart_centimes) == (-2481, -1_00)
    assert contenu.contribution.paye_centimes == 1_01


def test_nothing_liquidated_has_no_share() -> None:
    contenu = calculer(cadre(DEUX[0]), observations(), eng(ETAT, None, ouvert=1), [], None)

    (part,) = contenu.parts
    assert (part.part_reelle_points_base, part.ecart_points_base, part.ecart_centimes) == (
        None,
        None,
        0,
    )


@pytest.mark.parametrize(
    ("levees", "motif", "attendu"),
    [
        pytest.param(
            [LeveeObservee(action_id=PERMIS, personnes=6, freins_leves=7, masque=False)],
            None,
            (6, 7, False, 14_29),
            id="100,00 pour sept freins",
        ),
        pytest.param(
            [LeveeObservee(action_id=PERMIS, personnes=None, freins_leves=None, masque=True)],
            None,
            (None, None, True, None),
            id="moins de cinq personnes : rien n'en est dit",
        ),
        pytest.param([], None, (0, 0, False, None), id="personne : aucun coût, et non zéro"),
        pytest.param(
            [], MotifAbsence.PARCOURS_SILENCIEUX, (None, None, False, None), id="parcours muet"
        ),
    ],
)
def test_cost_per_lifted_frein(
    levees: list[LeveeObservee], motif: MotifAbsence | None, attendu: tuple[object, ...]
) -> None:
    faits = eng(ETAT, PERMIS, paye=100_00)
    contenu = calculer(cadre(DEUX[0]), observations(*levees, motif=motif), faits, [], None)

    found = contenu.resultats[0]
    assert (
        found.personnes,
        found.freins_leves,
        found.masque,
        found.cout_par_frein_leve_centimes,
    ) == attendu


def test_a_share_taken_from_an_envelope_without_a_volet_is_presumed() -> None:
    """Example B: what no document puts in a volet is put in its action's, and told."""
    le_cadre = cadre(*DEUX).model_copy(update={"actions": [action(PERMIS, None, 2)]})
    faits = [*eng(ETAT, None, ouvert=10_00), *eng(ETAT, PERMIS, engage=3_00, paye=1_00)]
    (found,) = calculer(le_cadre, observations(), faits, [], None).volets_presumes

    assert (found.enveloppe_id, found.action_id, found.volet) == (ETAT, PERMIS, 2)
    assert found.engage_centimes == 4_00


def test_the_digest_is_that_of_the_content_and_of_nothing_else() -> None:
    """Read back from what is kept, the same; one cent elsewhere, another."""
    faits = eng(ETAT, None, ouvert=10_00, disponible=10_00)
    contenu = calculer(cadre(*DEUX), observations(), faits, [], None)
    lu = ContenuPointEtape.model_validate_json(contenu.model_dump_json())
    autre = calculer(
        cadre(*DEUX), observations(), eng(ETAT, None, ouvert=10_01, disponible=10_01), [], None
    )

    assert empreinte(lu) == empreinte(contenu) != empreinte(autre)


@pytest.mark.parametrize(
    ("actuel", "voulu", "possibles"),
    [
        ("brouillon", "valide", ["arrete"]),
        ("arrete", "arrete", ["valide"]),
        ("valide", "arrete", []),
        ("valide", "valide", []),
    ],
)
def test_no_way_back(actuel: str, voulu: str, possibles: list[str]) -> None:
    with pytest.raises(TransitionInterdite) as refused:
        exige_transition(StatutPointEtape(actuel), StatutPointEtape(voulu))
    assert refused.value.members["transitions_possibles"] == possibles
    exige_transition(StatutPointEtape.BROUILLON, StatutPointEtape.ARRETE)
    exige_transition(StatutPointEtape.ARRETE, StatutPointEtape.VALIDE)


@pytest.mark.parametrize(
    ("jour", "admis"),
    [
        pytest.param(date(2023, 12, 31), False, id="avant l'exercice"),
        pytest.param(date(2024, 1, 1), True, id="premier jour"),
        pytest.param(date(2025, 3, 2), True, id="aujourd'hui, exercice passé"),
        pytest.param(date(2025, 3, 3), False, id="demain"),
    ],
)
def test_the_day_is_of_the_year_and_past(jour: date, admis: bool) -> None:
    if admis:
        verifier_dates(2024, jour, date(2025, 3, 2))
    else:
        with pytest.raises(Validation):
            verifier_dates(2024, jour, date(2025, 3, 2))


@pytest.mark.parametrize(("rang", "admis"), [(2, False), (3, True), (9, True), (10, False)])
def test_the_rank_is_of_the_journal_and_not_before_the_previous(rang: int, admis: bool) -> None:
    if admis:
        verifier_rang(rang, dernier=9, precedent=3)
    else:
        with pytest.raises(Validation):
            verifier_rang(rang, dernier=9, precedent=3)
