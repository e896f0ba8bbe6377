"""The code of a person: written, typed, and good until an instant that is out."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.parcours.consultations import rules
from services.parcours.consultations.rules import CodeRefuse, EtatCode
from shared.delais import Delai, Unite
from shared.schemas.orientation.reorientations import MomentReorientation
from shared.schemas.parcours.consultations import StatutCodeConsultation

FIN = datetime(2026, 7, 8, 22, tzinfo=UTC)


@given(st.binary(min_size=rules.HASARD_OCTETS, max_size=rules.HASARD_OCTETS))
def test_a_code_is_read_as_it_was_written(hasard: bytes) -> None:
    code = rules.ecrire_code(hasard)
    repere, secret = rules.lire_code(code)

    assert len(code) == 29
    assert (len(repere), len(secret)) == (8, 16)
    assert rules.lire_code(code.lower().replace("-", " ")) == (repere, secret)
    assert rules.lire_code(code.replace("0", "o").replace("1", "l")) == (repere, secret)


@given(st.integers(0, 2**120 - 1), st.integers(0, 119))
def test_no_chance_is_lost(hasard: int, bit: int) -> None:
    """Each bit drawn is in the code.

    Planted: four bits a letter, red.
    """
    codes = {rules.ecrire_code(un.to_bytes(15)) for un in (hasard, hasard ^ 1 << bit)}

    assert len(codes) == 2


@pytest.mark.parametrize("saisi", ["", "7K3M", "7K3M-QX9D-2VBH-8RTN-5WPA-E4YC-0"])
def test_what_is_not_a_code_is_refused(saisi: str) -> None:
    with pytest.raises(CodeRefuse):
        rules.lire_code(saisi)


@pytest.mark.parametrize(
    ("etat", "maintenant", "statut"),
    [
        pytest.param(
            EtatCode(FIN, None, 4),
            FIN - timedelta(microseconds=1),
            StatutCodeConsultation.VALABLE,
            id="dernier instant, quatre essais faux",
        ),
        pytest.param(EtatCode(FIN, None, 0), FIN, StatutCodeConsultation.EXPIRE, id="expire"),
        pytest.param(
            EtatCode(FIN, None, 5),
            FIN - timedelta(days=1),
            StatutCodeConsultation.BLOQUE,
            id="cinq essais faux",
        ),
        pytest.param(
            EtatCode(FIN, FIN - timedelta(days=2), 5),
            FIN,
            StatutCodeConsultation.REVOQUE,
            id="revoque l'emporte",
        ),
    ],
)
def test_a_code_stands(
    etat: EtatCode, maintenant: datetime, statut: StatutCodeConsultation
) -> None:
    assert rules.statut(etat, maintenant) is statut


@pytest.mark.parametrize(
    ("etat", "juste"),
    [
        pytest.param(None, False, id="inconnu"),
        pytest.param(EtatCode(FIN, None, 0), False, id="faux"),
        pytest.param(EtatCode(FIN, None, 5), True, id="juste, trop tard"),
        pytest.param(EtatCode(FIN - timedelta(days=9), None, 0), True, id="expire"),
    ],
)
def test_what_does_not_open_is_refused_alike(etat: EtatCode | None, juste: bool) -> None:
    with pytest.raises(CodeRefuse) as refus:
        rules.exige_valable(etat, FIN - timedelta(days=1), juste=juste)

    assert (refus.value.status, refus.value.detail, refus.value.members) == (404, None, {})


def test_the_collectivite_may_say_how_long() -> None:
    local = Delai(
        code=rules.CODE_CONSULTATION,
        duree=2,
        unite=Unite.JOURS,
        depuis=date(2026, 6, 1),
        source="Règlement",
        confirme=True,
    )

    assert rules.duree(date(2026, 5, 31), [local]).duree == 7
    assert rules.duree(date(2026, 6, 1), [local]).duree == 2
    assert not rules.duree(date(2026, 5, 31)).confirme


@pytest.mark.parametrize(
    ("diagnostique", "signe", "attendu"),
    [
        (True, False, MomentReorientation.APRES_DIAGNOSTIC),
        (True, True, MomentReorientation.ACCOMPAGNEMENT),
        (False, False, MomentReorientation.ACCOMPAGNEMENT),
    ],
    ids=["apres le diagnostic", "contrat signe", "avant le diagnostic"],
)
def test_a_request_is_dated_by_what_was_done(
    diagnostique: bool, signe: bool, attendu: MomentReorientation
) -> None:
    assert rules.moment(diagnostique=diagnostique, signe=signe) is attendu
