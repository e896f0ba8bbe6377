"""The fonds d'aide aux jeunes, offers and clauses: what each decision makes, on both sides."""

from datetime import date
from uuid import UUID

import pytest

from services.parcours.aides_jeunes.rules import (
    EtatAide,
    Reglement,
    apres_decision,
    montant_verse,
    verifier_annulation,
    verifier_demande,
    verifier_reglement,
)
from services.parcours.marches.rules import part_points_base
from services.parcours.offres_emploi.rules import apres_recrutement, verifier_resultat
from shared.refus import TransitionInterdite, Validation
from shared.schemas.parcours.aides_jeunes import (
    AideJeuneCreation,
    DecisionAideCreation,
    NatureAide,
    ReglementAideCreation,
    SensDecisionAide,
    StatutAide,
)
from shared.schemas.parcours.employeurs import (
    MiseEnRelationResultatCreation,
    StatutMiseEnRelation,
    StatutOffre,
)

DEMANDE, JOUR = date(2026, 6, 10), date(2026, 7, 1)
REGLEMENT = Reglement(18, 25, 90_00, 1_000_00, {NatureAide.PERMIS: 450_00})


def demande(**champs: object) -> AideJeuneCreation:
    return AideJeuneCreation.model_validate(
        {
            "action_id": str(UUID(int=1)),
            "nature": "permis",
            "montant_centimes": 450_00,
            "paye_a": "tiers",
            "age": 20,
            "date_demande": "2026-06-10",
            **champs,
        }
    )


@pytest.mark.parametrize(
    ("champs", "deja", "attendu"),
    [
        pytest.param({}, 0, [], id="au plafond de la nature"),
        pytest.param({"montant_centimes": 450_01}, 0, ["/montant_centimes"], id="un centime"),
        pytest.param({}, 550_00, [], id="au plafond de l'année"),
        pytest.param({}, 550_01, ["/montant_centimes"], id="un centime de trop dans l'année"),
        pytest.param({"nature": "projet", "montant_centimes": 999_99}, 0, [], id="sans plafond"),
        pytest.param({"age": 18}, 0, [], id="dix-huit ans"),
        pytest.param({"age": 17}, 0, ["/age"], id="dix-sept ans"),
        pytest.param({"age": 25}, 0, [], id="vingt-cinq ans"),
        pytest.param({"age": 26}, 0, ["/age"], id="vingt-six ans"),
        pytest.param({"date_demande": "2026-07-02"}, 0, ["/date_demande"], id="demain"),
    ],
)
def test_what_may_be_asked(champs: dict[str, object], deja: int, attendu: list[str]) -> None:
    """Planted: the year's cap compared before the request is added, red."""
    found: list[str] = []
    try:
        verifier_demande(demande(**champs), REGLEMENT, deja, JOUR)
    except Validation as refus:
        found = [un["pointeur"] for un in refus.members["erreurs"]]
    assert found == attendu


def test_without_a_reglement_no_amount_is_capped() -> None:
    verifier_demande(demande(montant_centimes=9_999_99), Reglement(), 0, JOUR)


def etat(statut: StatutAide = StatutAide.DEMANDEE, **champs: object) -> EtatAide:
    values: dict[str, object] = {
        "statut": statut,
        "urgence": True,
        "demande_centimes": 100_00,
        "montant_centimes": 80_00 if statut is StatutAide.VERSEE else 0,
        "date_demande": DEMANDE,
        **champs,
    }
    return EtatAide(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("avant", "montant", "attendu"),
    [
        pytest.param(etat(), 90_00, 90_00, id="au plafond d'urgence"),
        pytest.param(etat(), 90_01, Validation, id="un centime de trop"),
        pytest.param(etat(demande_centimes=50_00), None, 50_00, id="tout"),
        pytest.param(etat(demande_centimes=50_00), 50_01, Validation, id="plus que demandé"),
        pytest.param(etat(urgence=False), 1_00, TransitionInterdite, id="sans urgence"),
        pytest.param(etat(StatutAide.VERSEE), 1_00, TransitionInterdite, id="deux fois"),
        pytest.param(etat(StatutAide.REFUSEE), 1_00, TransitionInterdite, id="refusée"),
    ],
)
def test_what_is_paid_before_the_commission(
    avant: EtatAide, montant: int | None, attendu: int | type[Exception]
) -> None:
    if isinstance(attendu, int):
        assert montant_verse(avant, montant, REGLEMENT) == attendu
    else:
        with pytest.raises(attendu):
            montant_verse(avant, montant, REGLEMENT)


OUI, NON = SensDecisionAide


@pytest.mark.parametrize(
    ("avant", "sens", "montant", "jour", "attendu"),
    [
        pytest.param(etat(), OUI, None, DEMANDE, (StatutAide.ATTRIBUEE, 100_00), id="tout"),
        pytest.param(etat(), OUI, 60_00, JOUR, (StatutAide.ATTRIBUEE, 60_00), id="moins"),
        pytest.param(etat(), OUI, 100_01, JOUR, Validation, id="plus que demandé"),
        pytest.param(etat(), NON, None, JOUR, (StatutAide.REFUSEE, 0), id="refusée"),
        pytest.param(etat(), NON, 1_00, JOUR, Validation, id="refusée, un montant"),
        pytest.param(etat(), OUI, None, date(2026, 6, 9), Validation, id="avant la demande"),
        pytest.param(etat(), OUI, None, date(2026, 7, 2), Validation, id="demain"),
        pytest.param(
            etat(StatutAide.VERSEE), OUI, None, JOUR, (StatutAide.ATTRIBUEE, 80_00), id="versée"
        ),
        pytest.param(
            etat(StatutAide.VERSEE), OUI, 80_01, JOUR, Validation, id="versée, autre montant"
        ),
        pytest.param(
            etat(StatutAide.VERSEE),
            NON,
            None,
            JOUR,
            (StatutAide.REFUSEE, 80_00),
            id="versée, refusée ensuite",
        ),
        pytest.param(
            etat(StatutAide.ATTRIBUEE), NON, None, JOUR, TransitionInterdite, id="déjà décidée"
        ),
        pytest.param(etat(StatutAide.ANNULEE), OUI, None, JOUR, TransitionInterdite, id="retirée"),
    ],
)
def test_what_the_commission_decides(
    avant: EtatAide,
    sens: SensDecisionAide,
    montant: int | None,
    jour: date,
    attendu: tuple[StatutAide, int] | type[Exception],
) -> None:
    decision = DecisionAideCreation(sens=sens, date_commission=jour, montant_centimes=montant)
    if isinstance(attendu, tuple):
        assert apres_decision(avant, decision, JOUR) == attendu
    else:
        with pytest.raises(attendu):
            apres_decision(avant, decision, JOUR)


def test_what_was_paid_is_not_withdrawn() -> None:
    verifier_annulation(etat(), JOUR, JOUR)
    with pytest.raises(TransitionInterdite):
        verifier_annulation(etat(StatutAide.VERSEE), JOUR, JOUR)
    with pytest.raises(Validation):
        verifier_annulation(etat(), date(2026, 7, 2), JOUR)


@pytest.mark.parametrize(
    "champs",
    [
        pytest.param({"age_max": 17}, id="âges à l'envers"),
        pytest.param(
            {"natures_plafonnees": [{"nature": "permis", "montant_centimes": 1}] * 2},
            id="nature répétée",
        ),
    ],
)
def test_a_reglement_says_each_thing_once(champs: dict[str, object]) -> None:
    corps = {"depuis": "2026-01-01", "age_min": 18, "age_max": 25, "source": "Essai"}
    verifier_reglement(ReglementAideCreation.model_validate(corps))
    with pytest.raises(Validation):
        verifier_reglement(ReglementAideCreation.model_validate(corps | champs))


@pytest.mark.parametrize(
    ("statut", "places", "pourvues", "attendu"),
    [
        pytest.param(StatutOffre.OUVERTE, 2, 0, (StatutOffre.OUVERTE, 1), id="il en reste"),
        pytest.param(StatutOffre.OUVERTE, 2, 1, (StatutOffre.POURVUE, 2), id="le dernier"),
        pytest.param(StatutOffre.POURVUE, 2, 2, None, id="pourvue"),
        pytest.param(StatutOffre.CLOSE, 2, 0, None, id="close"),
    ],
)
def test_a_place_is_given_once(
    statut: StatutOffre, places: int, pourvues: int, attendu: tuple[StatutOffre, int] | None
) -> None:
    if attendu is not None:
        assert apres_recrutement(statut, places, pourvues) == attendu
    else:
        with pytest.raises(TransitionInterdite):
            apres_recrutement(statut, places, pourvues)


@pytest.mark.parametrize(
    ("issue", "jour", "admis"),
    [
        pytest.param("declinee", JOUR, True, id="déclinée"),
        pytest.param("proposee", JOUR, False, id="pas une issue"),
        pytest.param("non_retenue", date(2026, 6, 9), False, id="avant la proposition"),
        pytest.param("sans_suite", date(2026, 7, 2), False, id="demain"),
    ],
)
def test_an_issue_is_told_on_a_day_that_has_come(issue: str, jour: date, admis: bool) -> None:
    resultat = MiseEnRelationResultatCreation(issue=StatutMiseEnRelation(issue), date_resultat=jour)

    def verifier(statut: StatutMiseEnRelation) -> None:
        verifier_resultat(
            resultat, statut, DEMANDE, JOUR, parcours_id=UUID(int=1), parcours_emploi_id=None
        )

    if admis:
        verifier(StatutMiseEnRelation.PROPOSEE)
        with pytest.raises(TransitionInterdite):
            verifier(StatutMiseEnRelation.RECRUTEE)
    else:
        with pytest.raises(Validation):
            verifier(StatutMiseEnRelation.PROPOSEE)


@pytest.mark.parametrize(
    ("rsa", "minutes", "part"),
    [
        pytest.param(29_600 * 60, 74_000 * 60, 4_000, id="Loire-Atlantique, 2015"),
        pytest.param(1, 3, 3_333, id="arrondie en bas"),
        pytest.param(0, 0, None, id="aucune heure"),
    ],
)
def test_the_share_of_the_rsa(rsa: int, minutes: int, part: int | None) -> None:
    assert part_points_base(rsa, minutes) == part
