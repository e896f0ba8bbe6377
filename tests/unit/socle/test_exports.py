"""What an export may show, for how long, and how its lines are written."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.socle.exports.rules import (
    FICHIER_S,
    FichierExpire,
    expiration,
    ligne,
    portees_gardees,
    verifier_lecture,
)

FIN = datetime(2026, 3, 3, 11, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("portees", "gardees"),
    [
        pytest.param([], [], id="aucune"),
        pytest.param(
            ["parcours:lire", "parcours:exporter", "parcours:ecrire", "parcours:administrer"],
            ["parcours:lire"],
            id="lire seulement",
        ),
        pytest.param(
            ["parcours:lire", "parcours.sante:lire", "orientation.sante:lire"],
            ["parcours:lire"],
            id="jamais la santé",
        ),
        pytest.param(
            ["parcours.consultation:lire", "parcours:lire"],
            ["parcours.consultation:lire", "parcours:lire"],
            id="un autre domaine",
        ),
    ],
)
def test_an_export_reads_with_the_scopes_that_read_and_no_health(
    portees: list[str], gardees: list[str]
) -> None:
    assert portees_gardees(portees) == gardees


def test_a_file_is_read_until_its_hour_ends() -> None:
    fin = expiration(FIN)
    assert fin - FIN == timedelta(seconds=FICHIER_S) == timedelta(hours=1)
    verifier_lecture(fin, fin - timedelta(microseconds=1))
    with pytest.raises(FichierExpire):
        verifier_lecture(fin, fin)


def test_a_line_is_one_object_and_one_line() -> None:
    assert ligne({"nom": "Maëlle\n", "vide": None}) == '{"nom":"Maëlle\\n","vide":null}\n'.encode()
