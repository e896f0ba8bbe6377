"""Essential data of subsidies: what the schema lets through and the law does not."""

import csv
import io
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from services.financement.exports.scdl import (
    COLONNES,
    Subvention,
    a_publier,
    dates_publication,
    defauts,
    defauts_parts,
    ecrire,
    verifier_attribuant,
)
from shared.refus import Validation
from tests.conftest import REFERENCE

SIRET = "10000000900017"
UNE = Subvention(
    reference="35-SUB-1",
    attribuant="Ille-et-Vilaine",
    siret_attribuant=SIRET,
    date_convention=date(2026, 3, 16),
    decision="Session du 2 mars",
    beneficiaire="Association d'exemple, Redon",
    siret=SIRET,
    rna=None,
    objet="Garage solidaire",
    montant_centimes=45_000_00,
    debut=date(2026, 1, 1),
    fin=date(2026, 12, 31),
)


@pytest.mark.parametrize(
    ("changes", "attendus"),
    [
        pytest.param({}, [], id="bonne"),
        pytest.param({"siret": "10000000900018"}, ["idBeneficiaire"], id="clé du SIRET"),
        pytest.param({"siret": "1000000090001"}, ["idBeneficiaire"], id="treize chiffres"),
        pytest.param({"siret": None}, ["idBeneficiaire"], id="ni SIRET ni RNA"),
        pytest.param({"siret": None, "rna": "W351000001"}, [], id="un RNA suffit"),
        pytest.param({"rna": "W35100001"}, ["rnaBeneficiaire"], id="RNA trop court"),
        pytest.param({"siret_attribuant": "0" * 14}, ["idAttribuant"], id="SIRET de zéros"),
        pytest.param({"beneficiaire": " "}, ["nomBeneficiaire"], id="sans nom"),
        pytest.param({"objet": "x" * 256}, [], id="256 caractères"),
        pytest.param({"objet": "x" * 257}, ["objet"], id="257 caractères"),
        pytest.param({"fin": date(2025, 12, 31)}, ["datesPeriodeVersement"], id="fin avant début"),
        pytest.param({"part": Fraction(0)}, ["pourcentageSubvention"], id="part nulle"),
    ],
)
def test_what_may_not_be_published(changes: dict[str, Any], attendus: list[str]) -> None:
    assert defauts(replace(UNE, **changes)) == attendus


def test_shares_of_one_subsidy_sum_to_one() -> None:
    """0.99 is refused; 0.50 and 0.50 are not."""
    moities = [replace(UNE, part=Fraction(1, 2)) for _ in range(2)]
    manquante = [replace(UNE, part=Fraction(part, 100)) for part in (50, 49)]

    assert defauts_parts(moities) == []
    assert defauts_parts(manquante) == ["35-SUB-1"]


@pytest.mark.parametrize(("centimes", "publiee"), [(23_000_00, False), (23_000_01, True)])
def test_the_threshold_is_not_above_itself(centimes: int, publiee: bool) -> None:
    assert a_publier(centimes) is publiee


@pytest.mark.parametrize(
    ("signature", "alerte", "limite"),
    [
        (date(2026, 3, 16), date(2026, 5, 16), date(2026, 6, 16)),
        (date(2025, 12, 31), date(2026, 2, 28), date(2026, 3, 31)),
    ],
)
def test_three_months_from_the_signature(signature: date, alerte: date, limite: date) -> None:
    assert dates_publication(signature) == (alerte, limite)


@pytest.mark.parametrize("siret", ["1" * 14, "10000000900018", "abc"])
def test_the_departements_own_siret_is_checked(siret: str) -> None:
    with pytest.raises(Validation):
        verifier_attribuant(siret)
    verifier_attribuant(SIRET)


@pytest.mark.parametrize("separateur", ["/", "_"])
def test_the_file_is_the_schemas(separateur: str) -> None:
    """Fields, order and forms of the published list; real dates; a comma in a name is quoted."""
    texte = ecrire([UNE, replace(UNE, fin=UNE.debut)], separateur=separateur)

    une, unique = csv.DictReader(io.StringIO(texte, newline=""))
    assert tuple(une) == COLONNES
    assert une["nomBeneficiaire"] == "Association d'exemple, Redon"
    assert une["montant"] == "45000.00"
    assert une["pourcentageSubvention"] == "1"
    assert une["datesPeriodeVersement"] == f"2026-01-01{separateur}2026-12-31"
    assert une["conditionsVersement"] == "échelonné"
    assert (unique["datesPeriodeVersement"], unique["conditionsVersement"]) == (
        "2026-01-01",
        "unique",
    )
    for date_ in une["datesPeriodeVersement"].split(separateur):
        date.fromisoformat(date_)


def test_the_columns_are_those_of_the_published_schema() -> None:
    chemin = Path(REFERENCE) / "scdl-subventions-fields.csv"
    if not chemin.exists():
        pytest.skip("la liste des champs n'est pas là")
    with chemin.open(encoding="utf-8", newline="") as fichier:
        assert [row["field"] for row in csv.DictReader(fichier)] == list(COLONNES)
