"""Places and cents taken together: each bound, on both sides, and each refusal."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.financement.journal.rules import Tenue
from services.financement.reservations.rules import (
    DisponibleInsuffisant,
    EtatAction,
    EtatReservation,
    HorsPeriode,
    PartAction,
    ReservationDejaResolue,
    ReservationExpiree,
    apres_expirations,
    ecritures_expiration,
    exige_en_attente,
    prises_confirmees,
    statut_a,
    tenues_reservees,
    verifier_demande,
)
from shared.refus import Refus, Validation
from shared.schemas.financement.journal import Livre
from shared.schemas.financement.reservations import (
    ConfirmationCreation,
    ReservationCreation,
    StatutReservation,
)

ETAT, DEPARTEMENT, ACTION, AUTRE = (UUID(int=rang) for rang in range(1, 5))
DEBUT, FIN, JUIN = date(2026, 1, 1), date(2026, 12, 31), date(2026, 6, 1)
PARTS = [
    PartAction(ETAT, Fraction(2, 3), 0, DEBUT, FIN, fermee=False),
    PartAction(DEPARTEMENT, Fraction(1, 3), 0, None, None, fermee=False),
]
ACTION_OUVERTE = EtatAction(ACTION, PARTS, {ETAT: 200_00, DEPARTEMENT: 100_00, ACTION: 2})
INSTANT = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
TENUES = [
    Tenue(Livre.ENG, ETAT, 67),
    Tenue(Livre.ENG, DEPARTEMENT, 33),
    Tenue(Livre.PLA, ACTION, 2),
]
RESERVATION = EtatReservation(UUID(int=9), ACTION, 1, StatutReservation.EN_ATTENTE, INSTANT, TENUES)


@pytest.mark.parametrize(
    ("places", "montant", "jour", "tenues"),
    [
        pytest.param(2, 300_00, JUIN, [(ETAT, 200_00), (DEPARTEMENT, 100_00), (ACTION, 2)],
                     id="dernière place et dernier centime"),
        pytest.param(1, 0, date(2030, 1, 1), [(ACTION, 1)], id="sans argent, pas de fenêtre"),
        pytest.param(0, 1, JUIN, [(ETAT, 1)], id="un centime, une seule enveloppe"),
        pytest.param(0, 3, DEBUT, [(ETAT, 2), (DEPARTEMENT, 1)], id="premier jour inclus"),
        pytest.param(0, 3, FIN, [(ETAT, 2), (DEPARTEMENT, 1)], id="dernier jour inclus"),
    ],
)  # fmt: skip
def test_takes(places: int, montant: int, jour: date, tenues: list[tuple[UUID, int]]) -> None:
    found = tenues_reservees(ACTION_OUVERTE, places=places, montant_centimes=montant, jour=jour)

    assert [(tenue.objet_id, tenue.quantite) for tenue in found] == tenues


@pytest.mark.parametrize(
    ("places", "montant", "jour", "refus"),
    [
        pytest.param(3, 0, JUIN, DisponibleInsuffisant, id="une place de trop"),
        pytest.param(3, 1, JUIN, DisponibleInsuffisant, id="l'argent ne suffit pas aux places"),
        pytest.param(1, 300_01, JUIN, DisponibleInsuffisant, id="un centime de trop"),
        pytest.param(0, 1, date(2025, 12, 31), HorsPeriode, id="la veille"),
        pytest.param(0, 1, date(2027, 1, 1), HorsPeriode, id="le lendemain"),
    ],
)
def test_refuses(places: int, montant: int, jour: date, refus: type[Refus]) -> None:
    with pytest.raises(refus):
        tenues_reservees(ACTION_OUVERTE, places=places, montant_centimes=montant, jour=jour)


def test_no_funder_pays_in_the_stead_of_another() -> None:
    """300,00 € are there, but not where the key takes them; what is told can be had."""
    etat = EtatAction(ACTION, PARTS, {ETAT: 100_00, DEPARTEMENT: 200_00})

    with pytest.raises(DisponibleInsuffisant) as refus:
        tenues_reservees(etat, places=0, montant_centimes=150_02, jour=JUIN)

    assert refus.value.members == {
        "places_disponibles": 0,
        "disponible_centimes": 150_00,
        "enveloppes": [
            {"enveloppe_id": ETAT, "disponible_centimes": 100_00},
            {"enveloppe_id": DEPARTEMENT, "disponible_centimes": 200_00},
        ],
    }
    assert tenues_reservees(etat, places=0, montant_centimes=150_00, jour=JUIN)


def test_an_action_that_pays_nothing_gives_no_cent() -> None:
    with pytest.raises(DisponibleInsuffisant):
        tenues_reservees(
            EtatAction(ACTION, [], {ACTION: 1}), places=1, montant_centimes=1, jour=JUIN
        )


def test_a_reservation_of_nothing_is_refused() -> None:
    with pytest.raises(Validation):
        verifier_demande(ReservationCreation(action_id=ACTION, beneficiaire_ref=AUTRE, places=0))


def test_what_is_due_comes_back_to_its_objects_and_to_its_own_action() -> None:
    voisine = EtatReservation(
        UUID(int=8), AUTRE, 1, StatutReservation.EN_ATTENTE, INSTANT, [Tenue(Livre.ENG, ETAT, 5)]
    )
    parts = [
        PartAction(ETAT, Fraction(2, 3), 67, None, None, fermee=False),
        PartAction(DEPARTEMENT, Fraction(1, 3), 33, None, None, fermee=False),
    ]
    etat = EtatAction(ACTION, parts, {ETAT: 0, DEPARTEMENT: 0, ACTION: 0})

    apres = apres_expirations(etat, [RESERVATION, voisine])

    assert apres.disponibles == {ETAT: 72, DEPARTEMENT: 33, ACTION: 2}
    assert [part.attribue_centimes for part in apres.parts] == [0, 0]


@pytest.mark.parametrize(
    ("ecart", "statut"),
    [
        pytest.param(-1, StatutReservation.EN_ATTENTE, id="juste avant"),
        pytest.param(0, StatutReservation.EXPIREE, id="à l'instant même"),
        pytest.param(1, StatutReservation.EXPIREE, id="juste après"),
    ],
)
def test_expires_at_the_very_instant(ecart: int, statut: StatutReservation) -> None:
    instant = INSTANT + timedelta(microseconds=ecart)

    assert statut_a(StatutReservation.EN_ATTENTE, INSTANT, instant) is statut


@pytest.mark.parametrize(
    ("statut", "ecart", "refus"),
    [
        pytest.param("en_attente", 0, ReservationExpiree, id="échue, pas encore balayée"),
        pytest.param("expiree", 0, ReservationExpiree, id="échue et balayée"),
        pytest.param("confirmee", -1, ReservationDejaResolue, id="confirmée"),
        pytest.param("confirmee", 1, ReservationDejaResolue, id="confirmée, longtemps après"),
        pytest.param("annulee", -1, ReservationDejaResolue, id="annulée"),
    ],
)
def test_resolves_once(statut: str, ecart: int, refus: type[Refus]) -> None:
    reservation = EtatReservation(
        UUID(int=9), ACTION, 1, StatutReservation(statut), INSTANT, TENUES
    )

    with pytest.raises(refus):
        exige_en_attente(reservation, INSTANT + timedelta(microseconds=ecart))


CONFIRMEES = [
    PartAction(ETAT, Fraction(2, 3), 67, None, None, fermee=False),
    PartAction(DEPARTEMENT, Fraction(1, 3), 33, None, None, fermee=False),
]


@pytest.mark.parametrize(
    ("places", "montant", "prises"),
    [
        pytest.param(None, None, {ETAT: 67, DEPARTEMENT: 33, ACTION: 2}, id="tout"),
        pytest.param(1, 50, {ETAT: 33, DEPARTEMENT: 17, ACTION: 1}, id="la moitié"),
        pytest.param(0, 100, {ETAT: 67, DEPARTEMENT: 33, ACTION: 0}, id="l'argent seul"),
        pytest.param(2, 0, {ETAT: 0, DEPARTEMENT: 0, ACTION: 2}, id="les places seules"),
    ],
)
def test_confirms(places: int | None, montant: int | None, prises: dict[UUID, int]) -> None:
    demande = ConfirmationCreation(places=places, montant_centimes=montant)

    assert prises_confirmees(RESERVATION, CONFIRMEES, demande) == prises


@pytest.mark.parametrize(
    ("places", "montant"),
    [
        pytest.param(3, None, id="une place de trop"),
        pytest.param(None, 101, id="un centime de trop"),
        pytest.param(0, 0, id="rien"),
    ],
)
def test_does_not_confirm(places: int | None, montant: int | None) -> None:
    demande = ConfirmationCreation(places=places, montant_centimes=montant)

    with pytest.raises(Validation):
        prises_confirmees(RESERVATION, CONFIRMEES, demande)


def test_expirations_are_posted_in_order_each_on_its_own_day() -> None:
    paris = ZoneInfo("Europe/Paris")
    tard = datetime(2026, 6, 1, 22, 30, tzinfo=UTC)  # past midnight in Paris
    echues = [
        EtatReservation(UUID(int=rang), ACTION, 1, StatutReservation.EN_ATTENTE, quand, TENUES)
        for rang, quand in ((3, tard), (2, INSTANT), (1, INSTANT))
    ]

    found = ecritures_expiration(echues, paris)

    assert [(entry.reservation_id, entry.date_effet) for entry in found] == [
        (UUID(int=1), date(2026, 6, 1)),
        (UUID(int=2), date(2026, 6, 1)),
        (UUID(int=3), date(2026, 6, 2)),
    ]
