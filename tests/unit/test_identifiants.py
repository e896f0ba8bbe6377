"""Identifiers: every row of the tables they come from, valid and invalid.

All values are invented: commune 999 does not exist, and the companies neither.
"""

import pytest

from shared.identifiants import (
    IdentifiantInvalide,
    commune_valide,
    nir_complet,
    numero_allocataire,
    numero_france_travail,
    siren,
    siret,
)


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        pytest.param("184073599900147", "184073599900147", id="homme, département 35"),
        pytest.param("291014299912323", "291014299912323", id="femme, département 42"),
        pytest.param("288122A99901409", "288122A99901409", id="Corse-du-Sud, clé 09"),
        pytest.param("195032B99925834", "195032B99925834", id="Haute-Corse"),
        pytest.param("287049999932182", "287049999932182", id="née à l'étranger"),
        pytest.param("182339749908826", "182339749908826", id="mois fictif 33, DOM 974"),
        pytest.param("291014299904997", "291014299904997", id="clé 97, la plus grande"),
        pytest.param("1840735999001", "184073599900147", id="treize caractères"),
        pytest.param("288122A999014", "288122A99901409", id="treize caractères, 2A"),
        pytest.param(" 1 84 07 35 999 001 47 ", "184073599900147", id="espaces"),
        pytest.param("1.84.07.35.999.001.47", "184073599900147", id="points"),
        pytest.param("288122a99901409", "288122A99901409", id="minuscule"),
    ],
)
def test_accepts_nir(texte: str, attendu: str) -> None:
    assert nir_complet(texte) == attendu


@pytest.mark.parametrize("mois", ["01", "12", "20", "42", "50", "99"])
def test_accepts_real_and_fictive_months(mois: str) -> None:
    assert nir_complet(f"184{mois}35999001")[:13] == f"184{mois}35999001"


@pytest.mark.parametrize("sexe", list("123478"))
def test_accepts_provisional_numbers(sexe: str) -> None:
    assert nir_complet(f"{sexe}840735999001")[0] == sexe


@pytest.mark.parametrize(
    ("texte", "code"),
    [
        pytest.param("184073599900148", "cle", id="clé fausse"),
        pytest.param("288122A99901479", "cle", id="clé calculée avec 20 au lieu de 19"),
        pytest.param("288122C99901409", "departement", id="2C n'existe pas"),
        pytest.param("184153599900178", "mois", id="mois 15, clé juste"),
        pytest.param("1840035999001", "mois", id="mois 00"),
        pytest.param("1841935999001", "mois", id="mois 19"),
        pytest.param("1844335999001", "mois", id="mois 43"),
        pytest.param("1844935999001", "mois", id="mois 49"),
        pytest.param("584073599900141", "sexe", id="premier chiffre 5, clé juste"),
        pytest.param("18407359990014", "longueur", id="quatorze caractères"),
        pytest.param("", "longueur", id="vide"),
        pytest.param("28812A999901409", "departement", id="lettre mal placée"),
        pytest.param("1840700999001", "departement", id="département 00"),
        pytest.param("1840735A99001", "commune", id="lettre dans la commune"),
        pytest.param("184073599900A", "ordre", id="lettre dans l'ordre"),
        pytest.param("1A40735999001", "annee", id="lettre dans l'année"),
        pytest.param("184073599900100", "cle", id="clé 00"),
        pytest.param("1840735999001AB", "cle", id="clé en lettres"),
        pytest.param("١840735999001", "sexe", id="chiffre arabe oriental"),
    ],
)
def test_refuses_nir(texte: str, code: str) -> None:
    with pytest.raises(IdentifiantInvalide) as refus:
        nir_complet(texte)

    assert refus.value.code == code
    # The value is personal: neither the exception nor what caused it may say it.
    assert str(refus.value) == code
    assert refus.value.__cause__ is None
    assert refus.value.__context__ is None


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        pytest.param("2089564", "2089564", id="sept chiffres"),
        pytest.param("208956400000000", "2089564", id="zéros à droite"),
        pytest.param("034614500000000", "0346145", id="zéro initial gardé"),
        pytest.param(" 786 7687 ", "7867687", id="espaces"),
        pytest.param("000002089564000", "2089564", id="zéros des deux côtés"),
        pytest.param("000000002089564", "2089564", id="zéros à gauche"),
        pytest.param("2089564K", "2089564", id="ancienne lettre clé"),
        pytest.param("922016057501584", "922016057501584", id="MSA, quinze chiffres"),
        pytest.param("12345", "12345", id="MSA, numéro court"),
    ],
)
def test_accepts_numero_allocataire(texte: str, attendu: str) -> None:
    assert numero_allocataire(texte) == attendu
    assert numero_allocataire(attendu) == attendu


@pytest.mark.parametrize(
    ("texte", "code"),
    [
        pytest.param("", "absent", id="vide"),
        pytest.param("   ", "absent", id="espaces seuls"),
        pytest.param("20A9564", "caracteres", id="lettre à l'intérieur"),
        pytest.param("2089564000000001234", "longueur", id="plus de quinze chiffres"),
        pytest.param("000000000000000", "nul", id="zéros seuls"),
    ],
)
def test_refuses_numero_allocataire(texte: str, code: str) -> None:
    with pytest.raises(IdentifiantInvalide, match=f"^{code}$"):
        numero_allocataire(texte)


@pytest.mark.parametrize("texte", ["10000000001", " 100 000 000 01 ", "00000000001"])
def test_accepts_numero_france_travail(texte: str) -> None:
    assert numero_france_travail(texte) == texte.replace(" ", "")


@pytest.mark.parametrize(
    ("texte", "code"),
    [
        pytest.param("1000000000A", "caracteres", id="lettre à la fin"),
        pytest.param("1253359X", "caracteres", id="ancien identifiant, avec lettre"),
        pytest.param("12345678", "longueur", id="ancien identifiant, huit chiffres"),
        pytest.param("1253359", "longueur", id="sept chiffres"),
        pytest.param("125335XX", "caracteres", id="deux lettres"),
        pytest.param("00000000", "longueur", id="remplissage, huit zéros"),
        pytest.param("00000000000", "nul", id="remplissage, onze zéros"),
    ],
)
def test_refuses_numero_france_travail(texte: str, code: str) -> None:
    with pytest.raises(IdentifiantInvalide, match=f"^{code}$"):
        numero_france_travail(texte)


@pytest.mark.parametrize("texte", ["000123455", "000777771", "000987651", "000 123 455"])
def test_accepts_siren(texte: str) -> None:
    assert siren(texte) == texte.replace(" ", "")


@pytest.mark.parametrize(
    ("texte", "code"),
    [
        pytest.param("000123450", "cle", id="Luhn"),
        pytest.param("00012345", "longueur", id="huit chiffres"),
        pytest.param("00012345A", "caracteres", id="lettre"),
        pytest.param("000000000", "nul", id="zéros seuls"),
        pytest.param("", "longueur", id="vide"),
    ],
)
def test_refuses_siren(texte: str, code: str) -> None:
    with pytest.raises(IdentifiantInvalide, match=f"^{code}$"):
        siren(texte)


@pytest.mark.parametrize(
    "texte",
    [
        pytest.param("00012345500016", id="SIRET"),
        pytest.param("00077777100023", id="SIRET, deuxième"),
        pytest.param("00098765100171", id="SIRET, troisième"),
        pytest.param("35600000000048", id="La Poste, siège"),
        pytest.param("35600000099995", id="La Poste, somme juste et Luhn faux"),
    ],
)
def test_accepts_siret(texte: str) -> None:
    assert siret(texte) == texte


@pytest.mark.parametrize(
    ("texte", "code"),
    [
        pytest.param("00012345500017", "cle", id="Luhn"),
        pytest.param("00012345000017", "siren", id="Luhn juste, SIREN faux"),
        pytest.param("35600000099982", "cle", id="La Poste, Luhn juste et somme fausse"),
        pytest.param("0001234550001", "longueur", id="treize chiffres"),
        pytest.param("00000000000000", "nul", id="zéros seuls"),
    ],
)
def test_refuses_siret(texte: str, code: str) -> None:
    with pytest.raises(IdentifiantInvalide, match=f"^{code}$"):
        siret(texte)


@pytest.mark.parametrize(
    "code",
    [
        *("35238", "2A004", "97411", "44109", "75056", "98735"),
        pytest.param("69389", id="arrondissement de Lyon"),
        pytest.param("01053", id="Ain"),
    ],
)
def test_accepts_commune(code: str) -> None:
    assert commune_valide(code.lower()) == code


@pytest.mark.parametrize(
    ("texte", "code"),
    [
        pytest.param("20004", "commune", id="Corse d'avant 1976"),
        pytest.param("2C004", "commune", id="2C"),
        pytest.param("3523", "longueur", id="quatre caractères"),
        pytest.param("99999", "commune", id="étranger"),
        pytest.param("96001", "commune", id="département 96"),
        pytest.param("97901", "commune", id="979"),
        pytest.param("98101", "commune", id="981"),
        pytest.param("00001", "commune", id="département 00"),
    ],
)
def test_refuses_commune(texte: str, code: str) -> None:
    with pytest.raises(IdentifiantInvalide, match=f"^{code}$"):
        commune_valide(texte)
