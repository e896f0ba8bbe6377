"""What a database's failure means for the caller, and what a value's fault is called."""

import errno

import pytest
from sqlalchemy.exc import DBAPIError

from shared.socle import problems


class _Orig(Exception):
    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("texte qui cite une ligne")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "code", "status"),
    [
        pytest.param("53100", "surcharge", 503, id="disque plein"),
        pytest.param("53300", "surcharge", 503, id="trop de connexions"),
        pytest.param("40001", "surcharge", 503, id="sérialisation"),
        pytest.param("40P01", "surcharge", 503, id="interblocage"),
        pytest.param("55P03", "surcharge", 503, id="verrou occupé"),
        pytest.param("57014", "delai-depasse", 504, id="délai de la requête SQL"),
        pytest.param("57P01", "dependance-indisponible", 503, id="serveur qui s'arrête"),
        pytest.param("08006", "dependance-indisponible", 503, id="connexion perdue"),
        pytest.param(None, "dependance-indisponible", 503, id="connexion jamais faite"),
        pytest.param("23505", "interne", 500, id="contrainte non prévue"),
    ],
)
def test_a_database_failure_is_told_by_what_the_caller_can_do(
    sqlstate: str | None, code: str, status: int
) -> None:
    refus = problems.from_database(DBAPIError("SELECT 1", {}, _Orig(sqlstate)))

    assert (refus.code, refus.status) == (code, status)
    assert ("Retry-After" in refus.headers) == (status == 503)
    assert "cite" not in problems.render(refus).body.decode()


def test_a_full_disk_here_is_told_like_one_there() -> None:
    refus = problems.from_database(OSError(errno.ENOSPC, "No space left on device"))

    assert (refus.code, refus.headers["Retry-After"]) == ("surcharge", "2")
