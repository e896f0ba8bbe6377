"""How far the sandbox's clock goes, what a fault answers, and whose NIR is taken."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.refus import Validation
from shared.schemas.bac_a_sable import AVANCE_MAX_S, ProblemeProvoque
from shared.socle.bac_a_sable.rules import PanneProvoquee, decalage_apres, verifier_nir

REEL = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("decalage_s", "instant", "avance_s", "attendu"),
    [
        pytest.param(0, None, 1, 1, id="une seconde"),
        pytest.param(60, None, 30, 90, id="ajoutée à ce qu'elle a"),
        pytest.param(0, REEL, None, 0, id="l'instant réel"),
        pytest.param(60, REEL + timedelta(seconds=60), None, 60, id="où elle est déjà"),
        pytest.param(0, REEL + timedelta(days=1), None, 86_400, id="le lendemain"),
        pytest.param(0, REEL + timedelta(microseconds=1), None, 1, id="jamais en deçà"),
        pytest.param(1, None, AVANCE_MAX_S - 1, AVANCE_MAX_S, id="dix ans"),
    ],
)
def test_moves_forward(
    decalage_s: int, instant: datetime | None, avance_s: int | None, attendu: int
) -> None:
    assert decalage_apres(decalage_s, REEL, instant=instant, avance_s=avance_s) == attendu


@pytest.mark.parametrize(
    ("decalage_s", "instant", "avance_s", "pointeur", "code"),
    [
        pytest.param(0, None, None, "/instant", "requis", id="ni l'un ni l'autre"),
        pytest.param(0, REEL, 1, "/instant", "requis", id="les deux"),
        pytest.param(
            60, REEL + timedelta(seconds=59), None, "/instant", "hors-bornes", id="en arrière"
        ),
        pytest.param(1, None, AVANCE_MAX_S, "/avance_s", "hors-bornes", id="une seconde de trop"),
        pytest.param(
            0,
            REEL + timedelta(seconds=AVANCE_MAX_S, microseconds=1),
            None,
            "/instant",
            "hors-bornes",
            id="un instant trop loin",
        ),
    ],
)
def test_refuses_to_move(
    decalage_s: int, instant: datetime | None, avance_s: int | None, pointeur: str, code: str
) -> None:
    with pytest.raises(Validation) as refus:
        decalage_apres(decalage_s, REEL, instant=instant, avance_s=avance_s)
    (erreur,) = refus.value.members["erreurs"]
    assert (erreur["pointeur"], erreur["code"]) == (pointeur, code)


@pytest.mark.parametrize(
    ("code", "reprise_s", "status", "entetes"),
    [
        ("quota-depasse", None, 429, {"Retry-After": "60"}),
        ("quota-depasse", 7, 429, {"Retry-After": "7"}),
        ("surcharge", None, 503, {"Retry-After": "2"}),
        ("maintenance", 900, 503, {"Retry-After": "900"}),
        ("idempotence-en-cours", None, 409, {"Retry-After": "2"}),
        ("interne", 7, 500, {}),
        ("delai-depasse", None, 504, {}),
        ("introuvable", None, 404, {}),
        ("client-suspendu", None, 403, {}),
        ("jeton-expire", None, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}),
    ],
)
def test_a_fault_answers_as_the_true_problem(
    code: str, reprise_s: int | None, status: int, entetes: dict[str, str]
) -> None:
    panne = PanneProvoquee(ProblemeProvoque(code), reprise_s)
    assert (panne.code, panne.status, panne.headers) == (code, status, entetes)


@pytest.mark.parametrize("nir", [None, "291014299912323", "288122A99901409", "287049999932182"])
def test_takes_who_is_nobody(nir: str | None) -> None:
    verifier_nir(nir)


def test_refuses_who_may_be_somebody() -> None:
    with pytest.raises(Validation) as refus:
        verifier_nir("295023523800142")
    (erreur,) = refus.value.members["erreurs"]
    assert (erreur["pointeur"], erreur["code"]) == ("/nir", "nir-interdit-ici")
    assert "295023523800142" not in str(refus.value.members)
