"""Who is placed and who waits. Capacity bars no decision: past the last place there is a queue."""

from datetime import date

import pytest

from services.orientation.orientations.referent import (
    MotifEcart,
    Organisme,
    Situation,
    organisme_alternatif,
    proposer_organisme,
)
from services.orientation.places.rules import (
    FILE_ATTENTE,
    Attribution,
    Stock,
    attribuer,
    garder,
    limite_file,
)
from shared.delais import Delai, Unite
from shared.schemas.orientation.vocabulaire import StatutPlace, TypeOrganisme, TypeParcours
from tests.unit.orientation.construire import un_id

EFFET = date(2026, 3, 2)
PLACEE = Attribution(StatutPlace.PLACEE)


def _local(jours: int, depuis: date | None = None, code: str = FILE_ATTENTE) -> Delai:
    return Delai(code, jours, Unite.JOURS, depuis, "délibération d'essai", confirme=False)


@pytest.mark.parametrize(
    ("stock", "attribution"),
    [
        pytest.param(Stock(None, occupees=10_000), PLACEE, id="aucune borne"),
        pytest.param(Stock(50, occupees=49), PLACEE, id="dernière place"),
        pytest.param(
            Stock(50, occupees=50),
            Attribution(StatutPlace.EN_FILE, 1, 1, date(2026, 4, 1)),
            id="complet, premier de la file",
        ),
        pytest.param(
            Stock(50, occupees=50, file=2, dernier=7),
            Attribution(StatutPlace.EN_FILE, 8, 3, date(2026, 4, 1)),
            id="complet, après d'autres qui ont laissé des trous",
        ),
        pytest.param(
            Stock(10, occupees=50),
            Attribution(StatutPlace.EN_FILE, 1, 1, date(2026, 4, 1)),
            id="moins de places que de personnes",
        ),
        pytest.param(
            Stock(0), Attribution(StatutPlace.EN_FILE, 1, 1, date(2026, 4, 1)), id="zéro place"
        ),
    ],
)
def test_a_decision_gives_a_place_or_the_end_of_the_queue(
    stock: Stock, attribution: Attribution
) -> None:
    assert attribuer(stock, EFFET) == attribution


@pytest.mark.parametrize(
    ("statut", "attribution"),
    [
        pytest.param(
            StatutPlace.EN_FILE,
            Attribution(StatutPlace.EN_FILE, 8, 3, date(2026, 4, 1)),
            id="attend encore",
        ),
        pytest.param(StatutPlace.PLACEE, PLACEE, id="placée après avoir attendu"),
    ],
)
def test_who_stays_keeps_the_place_or_the_turn(
    statut: StatutPlace, attribution: Attribution
) -> None:
    """Planted: the number of a turn that is over kept, red."""
    assert garder(statut, 8, 3, date(2026, 4, 1)) == attribution


@pytest.mark.parametrize(
    ("places", "occupees", "libres"),
    [
        pytest.param(None, 3, None, id="aucune borne"),
        pytest.param(3, 1, 2, id="deux"),
        pytest.param(3, 3, 0, id="aucune"),
        pytest.param(3, 5, 0, id="jamais moins que zéro"),
    ],
)
def test_what_is_left(places: int | None, occupees: int, libres: int | None) -> None:
    assert Stock(places, occupees).libres == libres


@pytest.mark.parametrize(
    ("locaux", "limite"),
    [
        pytest.param([], date(2026, 4, 1), id="le nôtre, trente jours"),
        pytest.param([_local(15)], date(2026, 3, 17), id="celui de la collectivité"),
        pytest.param([_local(15, code="autre")], date(2026, 4, 1), id="un autre code"),
        pytest.param(
            [_local(15), _local(10, date(2026, 3, 2)), _local(5, date(2026, 3, 3))],
            date(2026, 3, 12),
            id="le plus récent en vigueur ce jour-là",
        ),
        pytest.param([_local(5, date(2026, 3, 3))], date(2026, 4, 1), id="pas encore en vigueur"),
    ],
)
def test_the_last_day_of_the_wait(locaux: list[Delai], limite: date) -> None:
    assert limite_file(EFFET, locaux) == limite


ADULTE = Situation(brsa=True, age=40, code_commune="35238")
JEUNE = Situation(brsa=True, age=20, code_commune="35238")
CD = Organisme(un_id(1), TypeOrganisme.CONSEIL_DEPARTEMENTAL)
FT = Organisme(un_id(2), TypeOrganisme.FRANCE_TRAVAIL)
PLIE = Organisme(un_id(3), TypeOrganisme.DELEGATAIRE_DEPARTEMENTAL, date_debut=date(2026, 1, 1))
ML = Organisme(un_id(4), TypeOrganisme.MISSION_LOCALE)
TOUS = [CD, FT, PLIE, ML]
SOCIO, PRO = TypeParcours.SOCIO_PROFESSIONNEL, TypeParcours.PROFESSIONNEL


@pytest.mark.parametrize(
    ("parcours", "situation", "complets", "trouve"),
    [
        pytest.param(SOCIO, ADULTE, {CD.id}, PLIE.id, id="un autre de la même règle"),
        pytest.param(SOCIO, ADULTE, {CD.id, PLIE.id}, None, id="tous complets"),
        pytest.param(PRO, JEUNE, {ML.id}, None, id="une autre règle n'est pas une alternative"),
    ],
)
def test_where_else_there_is_room(
    parcours: TypeParcours, situation: Situation, complets: set[object], trouve: object
) -> None:
    found = organisme_alternatif(
        parcours,
        situation,
        TOUS,
        EFFET,
        complets=frozenset(complets),  # type: ignore[arg-type]
    )

    assert found == trouve


def test_want_of_room_is_the_last_reason_to_be_set_aside() -> None:
    complets = frozenset({CD.id, ML.id})

    ecartes = proposer_organisme(SOCIO, ADULTE, TOUS, EFFET, complets=complets).ecartes

    assert {one.organisme_id: one.motif for one in ecartes} == {
        CD.id: MotifEcart.CAPACITE_ATTEINTE,
        FT.id: MotifEcart.TYPE_NON_RETENU,
        ML.id: MotifEcart.HORS_AGE,
    }
