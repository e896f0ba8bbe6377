"""The welcome: its order, its places, its days, and what an absence leads to."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.orientation.accueils.rules import (
    OrdreAccueil,
    PlacesEpuisees,
    PremierAccueil,
    Relance,
    SeanceAVenir,
    exige_commencee,
    exige_ordre,
    exige_places,
    exige_statut,
    rang_relance,
    statut_apres,
    verifier_accueil,
    verifier_dispense,
    verifier_envoi,
    verifier_passee,
    verifier_presence,
)
from shared.refus import TransitionInterdite, Validation
from shared.schemas.orientation.accueils import (
    AccueilCreation,
    MotifAbsence,
    PresenceAccueil,
    PresenceCreation,
    StatutAccueil,
    StatutConvocation,
    TypeAccueil,
    TypeLieu,
)

REUNION, ENTRETIEN, SOCIAL, ECRIVAIN = TypeAccueil
PRESENTE, ABSENTE, EXCUSEE = PresenceAccueil
ENVOYEE, HONOREE, A_RELANCER, RELANCEE = StatutConvocation
PROGRAMME, TENU, ANNULE = StatutAccueil
PARIS = ZoneInfo("Europe/Paris")
# 23:30 UTC is already the next day where the collectivité is.
DEBUT = datetime(2026, 3, 16, 23, 30, tzinfo=UTC)
FIN = DEBUT + timedelta(hours=2)
SEANCE, VEILLE, LENDEMAIN = date(2026, 3, 17), date(2026, 3, 16), date(2026, 3, 18)
INSTANT = timedelta(microseconds=1)


def seance(type_: TypeAccueil, places: int | None, fin_le: datetime = FIN) -> AccueilCreation:
    return AccueilCreation(
        type=type_,
        type_lieu=TypeLieu.CAF,
        lieu="Salle d'essai",
        code_commune="42218",
        debut_le=DEBUT,
        fin_le=fin_le,
        places=places,
    )


@pytest.mark.parametrize(
    ("demande", "erreur"),
    [
        pytest.param(seance(REUNION, 12), None, id="réunion avec places"),
        pytest.param(seance(REUNION, None), ("/places", "requis"), id="réunion sans places"),
        pytest.param(seance(ENTRETIEN, 1), None, id="entretien, une place"),
        pytest.param(seance(ENTRETIEN, None), ("/places", "requis"), id="entretien sans place"),
        pytest.param(seance(ENTRETIEN, 2), ("/places", "hors-bornes"), id="entretien à deux"),
        pytest.param(seance(ECRIVAIN, None), None, id="permanence sans limite"),
        pytest.param(seance(SOCIAL, 5), None, id="permanence limitée"),
        pytest.param(seance(REUNION, 1, DEBUT + INSTANT), None, id="un instant de durée"),
        pytest.param(seance(REUNION, 1, DEBUT), ("/fin_le", "date-incoherente"), id="aucune durée"),
    ],
)
def test_a_session_ends_after_it_begins_and_has_its_places(
    demande: AccueilCreation, erreur: tuple[str, str] | None
) -> None:
    assert _premiere(lambda: verifier_accueil(demande)) == erreur


@pytest.mark.parametrize(
    ("type_", "debut_le", "suivis", "dispenses", "admis"),
    [
        pytest.param(ENTRETIEN, FIN, {}, set(), False, id="rien avant l'entretien"),
        pytest.param(ENTRETIEN, FIN, {REUNION: FIN}, set(), True, id="à la fin de la réunion"),
        pytest.param(
            ENTRETIEN, FIN - INSTANT, {REUNION: FIN}, set(), False, id="avant la fin de la réunion"
        ),
        pytest.param(ENTRETIEN, DEBUT, {}, {REUNION}, True, id="dispensée de la réunion"),
        pytest.param(
            ENTRETIEN, FIN - INSTANT, {REUNION: FIN}, {REUNION}, True, id="dispensée, et venue"
        ),
        pytest.param(ENTRETIEN, FIN, {}, {ENTRETIEN}, False, id="dispensée d'autre chose"),
        pytest.param(ENTRETIEN, FIN, {SOCIAL: DEBUT}, set(), False, id="venue à autre chose"),
        pytest.param(REUNION, DEBUT, {}, set(), True, id="la réunion est la première"),
        pytest.param(ECRIVAIN, DEBUT, {}, set(), True, id="une permanence n'a pas d'ordre"),
    ],
)
def test_the_interview_comes_after_the_meeting(
    type_: TypeAccueil,
    debut_le: datetime,
    suivis: dict[TypeAccueil, datetime],
    dispenses: set[TypeAccueil],
    admis: bool,
) -> None:
    deja = PremierAccueil(suivis, dispenses)
    if admis:
        exige_ordre(type_, debut_le, deja)
        return
    with pytest.raises(OrdreAccueil) as refus:
        exige_ordre(type_, debut_le, deja)
    assert refus.value.members == {
        "statut_actuel": "reunion_collective_attendue",
        "transitions_possibles": ["reunion_collective", "dispense"],
        "reunion_fin_le": "2026-03-17T01:30:00.000000Z" if REUNION in suivis else None,
    }


@pytest.mark.parametrize(
    ("places", "prises", "admis"),
    [
        pytest.param(12, 12, True, id="dernière place"),
        pytest.param(12, 13, False, id="une de trop"),
        pytest.param(None, 1000, True, id="sans limite"),
    ],
)
def test_the_last_place_may_be_taken(places: int | None, prises: int, admis: bool) -> None:
    if admis:
        exige_places(places, prises)
        return
    with pytest.raises(PlacesEpuisees):
        exige_places(places, prises)


@pytest.mark.parametrize("statut", StatutAccueil)
def test_a_held_or_cancelled_session_is_as_it_is(statut: StatutAccueil) -> None:
    exige_statut(statut, PROGRAMME, TENU, ANNULE)
    others = [one for one in StatutAccueil if one is not statut]
    with pytest.raises(TransitionInterdite) as refus:
        exige_statut(statut, *others)
    assert refus.value.members["statut_actuel"] is statut


@pytest.mark.parametrize(
    ("relance", "rang"),
    [
        pytest.param(None, 0, id="première"),
        pytest.param(Relance(UUID(int=1), 0, ABSENTE), 1, id="après une absence"),
        pytest.param(Relance(UUID(int=1), 1, EXCUSEE), 2, id="après une excuse"),
        pytest.param(Relance(UUID(int=1), 1, None), 1, id="séance annulée : ne compte pas"),
    ],
)
def test_a_cancelled_session_does_not_count(relance: Relance | None, rang: int) -> None:
    assert rang_relance(relance) == rang


@pytest.mark.parametrize(
    ("envoi", "jour", "erreur"),
    [
        pytest.param(SEANCE, LENDEMAIN, None, id="jour de la séance, ici"),
        pytest.param(LENDEMAIN, LENDEMAIN, True, id="après la séance"),
        pytest.param(VEILLE, VEILLE, None, id="aujourd'hui"),
        pytest.param(SEANCE, VEILLE, True, id="dans l'avenir"),
    ],
)
def test_an_invitation_is_sent_before_the_session(
    envoi: date, jour: date, erreur: bool | None
) -> None:
    attendue = ("/date_envoi", "date-incoherente") if erreur else None
    assert _premiere(lambda: verifier_envoi(envoi, jour, DEBUT, PARIS)) == attendue


@pytest.mark.parametrize(
    ("instant", "admis"),
    [
        pytest.param(DEBUT - INSTANT, False, id="un instant avant"),
        pytest.param(DEBUT, True, id="au début même"),
    ],
)
def test_nobody_is_present_before_the_beginning(instant: datetime, admis: bool) -> None:
    if admis:
        exige_commencee(ENVOYEE, DEBUT, instant)
        return
    with pytest.raises(SeanceAVenir) as refus:
        exige_commencee(ENVOYEE, DEBUT, instant)
    assert refus.value.members["debut_le"] == "2026-03-16T23:30:00.000000Z"


@pytest.mark.parametrize(
    ("presence", "motif", "constat", "erreur"),
    [
        pytest.param(PRESENTE, None, SEANCE, None, id="présente"),
        pytest.param(PRESENTE, "autre", SEANCE, ("/motif", "hors-bornes"), id="présente, motif"),
        pytest.param(ABSENTE, None, SEANCE, None, id="absente sans motif"),
        pytest.param(ABSENTE, "transport", SEANCE, None, id="absente avec motif"),
        pytest.param(EXCUSEE, "autre", LENDEMAIN, None, id="excusée, constat d'aujourd'hui"),
        pytest.param(EXCUSEE, None, SEANCE, ("/motif", "requis"), id="excusée sans motif"),
        pytest.param(
            ABSENTE, None, VEILLE, ("/date_constat", "date-incoherente"), id="avant la séance"
        ),
        pytest.param(
            ABSENTE,
            None,
            date(2026, 3, 19),
            ("/date_constat", "date-incoherente"),
            id="dans l'avenir",
        ),
    ],
)
def test_a_statement_has_its_day_and_its_reason(
    presence: PresenceAccueil, motif: str | None, constat: date, erreur: tuple[str, str] | None
) -> None:
    demande = PresenceCreation(presence=presence, motif=motif and MotifAbsence(motif))
    found = _premiere(lambda: verifier_presence(demande, constat, LENDEMAIN, DEBUT, PARIS))
    assert found == erreur


@pytest.mark.parametrize(
    ("statut", "presence", "apres"),
    [
        pytest.param(ENVOYEE, PRESENTE, HONOREE, id="venue"),
        pytest.param(ENVOYEE, ABSENTE, A_RELANCER, id="absente"),
        pytest.param(ENVOYEE, EXCUSEE, A_RELANCER, id="excusée"),
        pytest.param(HONOREE, ABSENTE, A_RELANCER, id="corrigée : absente"),
        pytest.param(A_RELANCER, PRESENTE, HONOREE, id="corrigée : venue"),
        pytest.param(RELANCEE, EXCUSEE, RELANCEE, id="relancée : le reste"),
        pytest.param(RELANCEE, PRESENTE, HONOREE, id="relancée à tort"),
    ],
)
def test_an_absence_is_to_be_followed(
    statut: StatutConvocation, presence: PresenceAccueil, apres: StatutConvocation
) -> None:
    assert statut_apres(statut, presence) is apres


@pytest.mark.parametrize(
    ("type_", "erreur"),
    [
        pytest.param(REUNION, None, id="réunion"),
        pytest.param(ENTRETIEN, None, id="entretien"),
        pytest.param(SOCIAL, ("/type", "hors-bornes"), id="accueil social"),
        pytest.param(ECRIVAIN, ("/type", "hors-bornes"), id="écrivain public"),
    ],
)
def test_one_is_dispensed_from_a_step(type_: TypeAccueil, erreur: tuple[str, str] | None) -> None:
    assert _premiere(lambda: verifier_dispense(type_)) == erreur


@pytest.mark.parametrize(
    ("le", "erreur"),
    [
        pytest.param(SEANCE, None, id="aujourd'hui"),
        pytest.param(LENDEMAIN, ("/date_contact", "date-incoherente"), id="demain"),
    ],
)
def test_what_is_recorded_has_happened(le: date, erreur: tuple[str, str] | None) -> None:
    assert _premiere(lambda: verifier_passee("date_contact", le, SEANCE)) == erreur


def _premiere(verifier: Callable[[], None]) -> tuple[str, str] | None:
    try:
        verifier()
    except Validation as refus:
        erreur = refus.members["erreurs"][0]
        return erreur["pointeur"], erreur["code"]
    return None
