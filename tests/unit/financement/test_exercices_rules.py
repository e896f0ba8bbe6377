"""Budget years: what each state takes, what is attached, what may be undone."""

import json
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.financement.exercices.rules import (
    Credits,
    ServiceFait,
    ecart,
    ecritures_rattachement,
    ecritures_reliquat,
    exige_finie,
    exige_transition,
    verifier_choix,
)
from services.financement.journal.rules import (
    CONTREPASSABLES,
    Ecriture,
    PeriodeClose,
    equilibree,
    exige_contrepassable,
    exige_periode,
    lignes_ouverture,
    manquant,
    transfert,
)
from shared.refus import TransitionInterdite, Validation
from shared.schemas.financement.credits import (
    ClotureExerciceCreation,
    MotifEcart,
    StatutExercice,
)
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste

OBJET = UUID(int=1)
FIN, JANVIER, FEVRIER = date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 1)


def ecriture(evenement: EvenementJournal, jour: date = FIN) -> Ecriture:
    """An entry of one cent."""
    return Ecriture(evenement, jour, lignes_ouverture(Livre.CP, OBJET, 1))


@pytest.mark.parametrize(
    ("statut", "evenement", "inscrite", "cloture", "admise"),
    [
        pytest.param("ouvert", "avenant", FEVRIER, False, True, id="année ouverte"),
        pytest.param("journee_complementaire", "mandat", JANVIER, False, True, id="31 janvier"),
        pytest.param("journee_complementaire", "mandat", FEVRIER, False, False, id="1er février"),
        pytest.param("journee_complementaire", "titre", JANVIER, False, True, id="un titre"),
        pytest.param(
            "journee_complementaire", "liquidation", JANVIER, False, True, id="ce qui se mandate"
        ),
        pytest.param("journee_complementaire", "avenant", JANVIER, False, False, id="un avenant"),
        pytest.param(
            "journee_complementaire", "annulation_credits", FEVRIER, True, True, id="la clôture"
        ),
        pytest.param(
            "journee_complementaire", "expiration", FEVRIER, False, True, id="ce qui était échu"
        ),
        pytest.param("clos", "expiration", JANVIER, False, False, id="année close"),
        pytest.param("clos", "rattachement", JANVIER, True, False, id="close, pour elle aussi"),
    ],
)
def test_a_year_takes_what_its_state_admits(
    statut: str, evenement: str, inscrite: date, cloture: bool, admise: bool
) -> None:
    """I-22, on both sides of each border."""
    entree = ecriture(EvenementJournal(evenement))
    statuts = {2025: StatutExercice(statut)}

    if admise:
        exige_periode([entree], statuts, inscrite, cloture=cloture)
    else:
        with pytest.raises(PeriodeClose):
            exige_periode([entree], statuts, inscrite, cloture=cloture)


def test_the_next_year_is_not_the_one_that_is_closed() -> None:
    entree = ecriture(EvenementJournal.AVENANT, date(2026, 1, 1))

    exige_periode([entree], {2025: StatutExercice.CLOS}, FEVRIER)


@pytest.mark.parametrize(
    ("centimes", "exercice", "motif"),
    [
        pytest.param(100, 2025, None, id="au centime"),
        pytest.param(101, 2025, MotifEcart.CREDITS_INSUFFISANTS, id="un centime de trop"),
        pytest.param(1, 2026, MotifEcart.CREDITS_AUTRE_EXERCICE, id="autre année"),
    ],
)
def test_a_service_is_attached_to_credits_of_its_year(
    centimes: int, exercice: int, motif: MotifEcart | None
) -> None:
    fait = ServiceFait(uuid4(), centimes, None)

    assert ecart(fait, Credits(OBJET, exercice, None, 100), 2025) is motif
    assert ecart(fait, None, 2025) is MotifEcart.SANS_CREDITS


@pytest.mark.parametrize(
    ("de", "vers", "motif"),
    [
        pytest.param(UUID(int=5), UUID(int=5), None, id="la sienne"),
        pytest.param(UUID(int=5), UUID(int=6), MotifEcart.SANS_CREDITS, id="une autre"),
        pytest.param(UUID(int=5), None, MotifEcart.SANS_CREDITS, id="credits annuels"),
        pytest.param(None, UUID(int=6), MotifEcart.SANS_CREDITS, id="depense annuelle"),
    ],
)
def test_a_service_is_attached_to_credits_of_its_authorisation(
    de: UUID | None, vers: UUID | None, motif: MotifEcart | None
) -> None:
    fait = ServiceFait(uuid4(), 1, de)

    assert ecart(fait, Credits(OBJET, 2025, vers, 100), 2025) is motif


CREDIT, SERVICE = str(UUID(int=7)), str(UUID(int=8))
REPORT = {"credit_paiement_id": CREDIT, "reliquat": "report"}
RATTACHE = {"liquidation_id": SERVICE, "credit_paiement_id": CREDIT}


@pytest.mark.parametrize(
    ("choix", "pointeurs"),
    [
        pytest.param({"credits": [REPORT], "rattachements": [RATTACHE]}, [], id="de l'exercice"),
        pytest.param(
            {"rattachements": [{**RATTACHE, "credit_paiement_id": None}]}, [], id="non rattache"
        ),
        pytest.param(
            {"credits": [{**REPORT, "credit_paiement_id": SERVICE}]},
            ["/credits/0/credit_paiement_id"],
            id="autres credits",
        ),
        pytest.param(
            {"credits": [REPORT, {**REPORT, "reliquat": "annulation"}]},
            ["/credits/1/credit_paiement_id"],
            id="credits deux fois",
        ),
        pytest.param(
            {"rattachements": [RATTACHE, RATTACHE]},
            ["/rattachements/1/liquidation_id"],
            id="service fait deux fois",
        ),
        pytest.param(
            {"rattachements": [{"liquidation_id": CREDIT, "credit_paiement_id": SERVICE}]},
            ["/rattachements/0/liquidation_id", "/rattachements/0/credit_paiement_id"],
            id="d'un autre exercice",
        ),
    ],
)
def test_choices_are_of_the_year_and_made_once(choix: dict[str, Any], pointeurs: list[str]) -> None:
    """A choice that is ignored would let the default destroy what was to be carried over."""
    demande = ClotureExerciceCreation.model_validate_json(json.dumps({"source": "x", **choix}))
    connus = {"ouverts": {UUID(CREDIT)}, "liquidations": {UUID(SERVICE)}}

    if not pointeurs:
        verifier_choix(demande, **connus)
    else:
        with pytest.raises(Validation) as refus:
            verifier_choix(demande, **connus)
        assert [une["pointeur"] for une in refus.value.members["erreurs"]] == pointeurs


def test_a_rattachement_is_two_entries_of_two_years() -> None:
    """I-23: the last day of one, the first of the other, for as much."""
    suivant = uuid4()

    attache, rendu = ecritures_rattachement(
        uuid4(), 12_00, credit=OBJET, suivant=suivant, annee=2025
    )

    assert (attache.date_effet, rendu.date_effet) == (FIN, date(2026, 1, 1))
    assert attache.lignes == transfert(Livre.CP, OBJET, 12_00, Poste.DISPONIBLE, Poste.RATTACHE)
    assert rendu.lignes == lignes_ouverture(Livre.CP, suivant, 12_00)
    assert attache.origine_id == rendu.origine_id


@pytest.mark.parametrize("suivant", [None, UUID(int=2)])
@pytest.mark.parametrize(
    ("dernier", "jour"),
    [
        pytest.param(date(2025, 6, 1), FIN, id="le dernier jour"),
        pytest.param(date(2026, 1, 15), date(2026, 1, 15), id="après un mandat rejeté en janvier"),
    ],
)
def test_what_is_left_is_settled_when_it_was_there(
    suivant: UUID | None, dernier: date, jour: date
) -> None:
    entrees = ecritures_reliquat(
        OBJET, suivant, annee=2025, montant_centimes=7, dernier_jour=dernier, source="x"
    )

    assert all(equilibree(entree.lignes) for entree in entrees)
    assert entrees[0].date_effet == jour
    assert len(entrees) == (1 if suivant is None else 2)


@pytest.mark.parametrize(
    ("jour", "admis"),
    [pytest.param(FIN, False, id="31 décembre"), pytest.param(date(2026, 1, 1), True, id="1er")],
)
def test_a_year_ends_after_its_last_day(jour: date, admis: bool) -> None:
    if admis:
        exige_finie(2025, jour)
    else:
        with pytest.raises(TransitionInterdite):
            exige_finie(2025, jour)


def test_a_year_has_no_way_back() -> None:
    for de in StatutExercice:
        for vers in StatutExercice:
            if list(StatutExercice).index(vers) == list(StatutExercice).index(de) + 1:
                exige_transition(de, vers)
            else:
                with pytest.raises(TransitionInterdite):
                    exige_transition(de, vers)


@pytest.mark.parametrize("evenement", list(EvenementJournal))
def test_only_what_nothing_rests_on_is_undone(evenement: EvenementJournal) -> None:
    """I-06: and a contre-passation never is."""
    une = Ecriture(evenement, FIN, lignes_ouverture(Livre.ENG, OBJET, 1))

    if evenement in CONTREPASSABLES:
        exige_contrepassable(une, FIN, contrepassee=False)
    else:
        with pytest.raises(TransitionInterdite):
            exige_contrepassable(une, FIN, contrepassee=False)
    with pytest.raises(TransitionInterdite):
        exige_contrepassable(une, FIN, contrepassee=True)
    assert EvenementJournal.CONTREPASSATION not in CONTREPASSABLES


def test_half_of_a_carry_over_of_payment_credits_is_not_undone() -> None:
    """I-24: what one year carried, the next one opened."""
    for une in ecritures_reliquat(
        OBJET, uuid4(), annee=2025, montant_centimes=7, dernier_jour=FIN, source="x"
    ):
        with pytest.raises(TransitionInterdite):
            exige_contrepassable(une, date(2026, 2, 1), contrepassee=False)


def test_an_entry_is_not_undone_before_it_took_effect() -> None:
    with pytest.raises(Validation):
        exige_contrepassable(
            ecriture(EvenementJournal.AVENANT), date(2025, 12, 30), contrepassee=False
        )


@pytest.mark.parametrize(("solde", "court"), [(10, False), (9, True)])
def test_the_last_cent_may_leave_an_account(solde: int, court: bool) -> None:
    lignes = transfert(Livre.ENG, OBJET, 10, Poste.DISPONIBLE, Poste.OUVERT)
    soldes = {
        (Livre.ENG, Poste.DISPONIBLE, OBJET): solde,
        (Livre.ENG, Poste.OUVERT, OBJET): 10,
    }

    assert manquant(soldes, lignes) is court
