"""The retry matrix of France Travail, row by row, and how long to wait."""

from datetime import UTC, datetime

import pytest

from shared.clients.france_travail.reprises import Issue, Suite, attente_s, suite

F, R, L, N = Suite.FINALE, Suite.REPRENDRE, Suite.LIRE_AVANT, Suite.RENOUVELER
MAINTENANT = datetime(2026, 10, 21, 7, 27, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("issue", "idempotent", "sinon"),
    [
        pytest.param(Issue(429), R, R, id="429 : refusé avant d'être fait"),
        pytest.param(Issue(502), R, L, id="502"),
        pytest.param(Issue(503), R, L, id="503"),
        pytest.param(Issue(504), R, L, id="504"),
        pytest.param(Issue(None, partie=False), R, R, id="jamais partie"),
        pytest.param(Issue(None), R, L, id="partie, sans réponse"),
        pytest.param(Issue(503, "R999"), R, R, id="R999"),
        pytest.param(Issue(200, "R999"), R, R, id="R999 dans un 200"),
        pytest.param(Issue(200, lisible=False), R, L, id="200, une page ou un JSON tronqué"),
        pytest.param(Issue(401), N, N, id="401"),
        pytest.param(Issue(302), F, F, id="302 : il manque un en-tête pa-*"),
        pytest.param(Issue(400), F, F, id="400"),
        pytest.param(Issue(403), F, F, id="403"),
        pytest.param(Issue(404), F, F, id="404"),
        pytest.param(Issue(500), F, F, id="500"),
        pytest.param(Issue(500, lisible=False), F, F, id="500, une page"),
        pytest.param(Issue(403, "R001"), F, F, id="R001"),
        pytest.param(Issue(403, "R002"), F, F, id="R002"),
        pytest.param(Issue(400, "R997"), F, F, id="R997"),
        pytest.param(Issue(500, "R998"), F, F, id="R998 : sans adresse chez eux"),
        pytest.param(Issue(503, "R998"), F, F, id="R998, quel qu'en soit le statut"),
        pytest.param(Issue(200, "S002"), F, F, id="S002"),
        pytest.param(Issue(200, "S003"), F, F, id="S003"),
        pytest.param(Issue(400, "ID_NON_RECONNU"), F, F, id="ID_NON_RECONNU"),
        pytest.param(Issue(200, "ERT_200_FONCT_1"), F, F, id="une erreur dans un 200"),
        pytest.param(Issue(200, "C999"), F, F, id="C999"),
    ],
)
def test_each_row(issue: Issue, idempotent: Suite, sinon: Suite) -> None:
    """Planted: R998 left to its status, red; 503 repeated when it is not idempotent, red."""
    assert suite(issue, idempotent=True) is idempotent
    assert suite(issue, idempotent=False) is sinon


@pytest.mark.parametrize(
    ("retry_after", "attendu"),
    [
        pytest.param("2", 2.0, id="secondes"),
        pytest.param("Wed, 21 Oct 2026 07:28:00 GMT", 30.0, id="date HTTP"),
        pytest.param("Wed, 21 Oct 2026 07:00:00 GMT", 0.0, id="date passée"),
        pytest.param("Wed, 21 Oct 2026 07:28:00 -0000", 60.0, id="date sans fuseau"),
        pytest.param("abc", 60.0, id="illisible"),
        pytest.param("", 60.0, id="vide"),
        pytest.param("-5", 60.0, id="négatif"),
    ],
)
def test_what_they_ask_is_obeyed(retry_after: str, attendu: float) -> None:
    assert attente_s(retry_after, 1, hasard=0.5, maintenant=MAINTENANT) == attendu


@pytest.mark.parametrize(
    ("essai", "hasard", "attendu"),
    [(1, 0.0, 0.0), (1, 1.0, 0.5), (2, 1.0, 1.0), (4, 0.5, 2.0), (9, 1.0, 30.0)],
)
def test_else_the_wait_is_drawn_below_a_bound_that_doubles(
    essai: int, hasard: float, attendu: float
) -> None:
    assert attente_s(None, essai, hasard=hasard, maintenant=MAINTENANT) == attendu
