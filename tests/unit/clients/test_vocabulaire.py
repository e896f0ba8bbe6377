"""PED, PSP, PSO: one way and back, and the inversion that others have sent."""

import pytest

from shared.clients.france_travail.vocabulaire import (
    ORGANISMES_FT,
    PARCOURS,
    PARCOURS_FT,
    inverses,
    table_inversee,
)
from shared.schemas.orientation.vocabulaire import TypeOrganisme, TypeParcours

PRO, SOCIOPRO, SOCIAL = TypeParcours


def test_every_parcours_goes_and_comes_back() -> None:
    """Planted: the two codes exchanged in the référentiel, red."""
    assert dict(PARCOURS_FT) == {PRO: "PED", SOCIOPRO: "PSP", SOCIAL: "PSO"}
    assert {ici: PARCOURS[PARCOURS_FT[ici]] for ici in TypeParcours} == {
        ici: ici for ici in TypeParcours
    }


def test_every_organisme_but_the_other_has_a_code() -> None:
    assert set(TypeOrganisme) - set(ORGANISMES_FT) <= {TypeOrganisme.AUTRE_ORGANISME}
    assert set(ORGANISMES_FT.values()) <= {"CD", "FT", "ML", "CE", "CAF"}
    assert ORGANISMES_FT[TypeOrganisme.DELEGATAIRE_DEPARTEMENTAL] == "CD"


@pytest.mark.parametrize("ici", TypeParcours)
@pytest.mark.parametrize("la", ["PED", "PSP", "PSO", "EO", "IND"])
def test_an_inversion_is_told_from_a_disagreement(ici: TypeParcours, la: str) -> None:
    assert inverses(ici, la) is ((ici, la) in {(SOCIAL, "PSP"), (SOCIOPRO, "PSO")})


@pytest.mark.parametrize(
    ("table", "inversee"),
    [
        pytest.param(dict(PARCOURS_FT), False, id="la nôtre"),
        pytest.param({PRO: "PED", SOCIAL: "PSP", SOCIOPRO: "PSO"}, True, id="l'envoi de WebRSA"),
        pytest.param({SOCIAL: "PSP"}, True, id="une moitié"),
        pytest.param({}, False, id="vide"),
    ],
)
def test_an_inverted_table_is_recognised(table: dict[TypeParcours, str], inversee: bool) -> None:
    assert table_inversee(table) is inversee
