"""Figures for people: French in pages, harmless in a spreadsheet."""

import csv
import io
from datetime import date

import pytest

from services.financement.formats import (
    cellule,
    euros,
    jour,
    lignes_csv,
    mois,
    montant,
    nombre,
    taux,
)


@pytest.mark.parametrize(
    ("centimes", "francais", "brut"),
    [
        (0, "0,00 €", "0.00"),
        (5, "0,05 €", "0.05"),
        (100, "1,00 €", "1.00"),
        (1_241_700_00, "1 241 700,00 €", "1241700.00"),
        (-1_000_01, "−1 000,01 €", "-1000.01"),
        (9_007_199_254_740_991, "90 071 992 547 409,91 €", "90071992547409.91"),
    ],
)
def test_amounts(centimes: int, francais: str, brut: str) -> None:
    def simple(texte: str) -> str:
        return texte.replace("\u202f", " ").replace("\u00a0", " ")

    assert simple(euros(centimes)) == francais
    assert montant(centimes) == brut


def test_what_is_not_known_is_a_dash() -> None:
    assert euros(None) == nombre(None) == taux(None) == jour(None) == "–"


def test_rates_days_and_months() -> None:
    assert taux(389).replace("\u00a0", " ") == "3,89 %"
    assert taux(-1).replace("\u00a0", " ") == "−0,01 %"
    assert jour(date(2026, 3, 1)) == "1er mars 2026"
    assert jour(date(2026, 8, 12)) == "12 août 2026"
    assert mois("2026-12") == "décembre 2026"


@pytest.mark.parametrize(
    ("valeur", "attendue"),
    [
        ("=1+1", "'=1+1"),
        ("+33", "'+33"),
        ("@x", "'@x"),
        ("-1+2", "'-1+2"),
        ("\tx", "'\tx"),
        ("-12.50", "-12.50"),
        (-3, "-3"),
        ("Permis = B", "Permis = B"),
        (None, ""),
    ],
)
def test_no_cell_is_a_formula(valeur: object, attendue: str) -> None:
    assert cellule(valeur) == attendue


def test_rows_are_read_back_as_written() -> None:
    rows = [["a,b", 'dit "oui"', "ligne\nsuivante"], [1, None, "=x"]]

    found = list(csv.reader(io.StringIO(lignes_csv(rows), newline="")))

    assert found == [["a,b", 'dit "oui"', "ligne\nsuivante"], ["1", "", "'=x"]]
