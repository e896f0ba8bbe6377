"""Identifiers that persons, foyers and organismes bear elsewhere: checked, and written one way.

Pure. Each function takes what was received, trims it, and returns the form that we store: always
text, for leading zeros, `2A` and `2B` matter. python-stdnum knows the keys; the rules it leaves
out are here.
"""

import re

from stdnum.fr import nir as stdnum_nir
from stdnum.fr import siren as stdnum_siren
from stdnum.fr import siret as stdnum_siret


class IdentifiantInvalide(ValueError):
    """The code names the rule that is broken; the value is personal, and appears nowhere."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


# Each part of a NIR: the rule it can break, where it stands, what is accepted there.
_PARTIES_NIR = (
    ("sexe", slice(0, 1), r"[123478]"),
    ("annee", slice(1, 3), r"[0-9]{2}"),
    # 20-42 and 50-99 are fictive months, for a birth date that is not wholly known.
    ("mois", slice(3, 5), r"0[1-9]|1[0-2]|[23][0-9]|4[0-2]|[5-9][0-9]"),
    # 20 was Corsica before 1976; 96 is history; 97 and 98 are overseas; 99 is abroad.
    ("departement", slice(5, 7), r"0[1-9]|[1-9][0-9]|2[AB]"),
    ("commune", slice(7, 10), r"[0-9]{3}"),
    ("ordre", slice(10, 13), r"[0-9]{3}"),
)


def nir_complet(texte: str) -> str:
    """Return the NIR on 15 characters: the key is checked when given, computed otherwise.

    Raises:
        IdentifiantInvalide: `longueur` (neither 13 nor 15), `sexe`, `annee`, `mois`,
            `departement`, `commune`, `ordre` or `cle`.

    Source: identifiers.md, 1; the key follows python-stdnum, `stdnum.fr.nir`.
    """
    nir = _compact(texte)
    if len(nir) not in (13, 15):
        raise IdentifiantInvalide("longueur")
    for code, partie, accepte in _PARTIES_NIR:
        if not re.fullmatch(accepte, nir[partie]):
            raise IdentifiantInvalide(code)
    cle = stdnum_nir.calc_check_digits(nir)
    if nir[13:] not in ("", cle):
        raise IdentifiantInvalide("cle")
    return nir[:13] + cle


def nir_fictif(nir: str) -> bool:
    """Whether a NIR is of commune 999, which no commune bears: it belongs to nobody.

    Source: identifiers.md, 1.
    """
    return nir[7:10] == "999"


def numero_allocataire(texte: str) -> str:
    """Return the number of a foyer at its CAF or MSA, without the zeros that pad it.

    A CAF number has 7 digits, and travels padded with zeros on its right, up to 15. One trailing
    letter, an old key, is dropped. Shorter and longer numbers exist at the MSA.

    Raises:
        IdentifiantInvalide: `absent`, `caracteres`, `longueur` (over 15 digits) or `nul`.

    Source: identifiers.md, 2.
    """
    brut = _compact(texte)
    if not brut:
        raise IdentifiantInvalide("absent")
    lu = re.fullmatch(r"([0-9]+)[A-Z]?", brut)
    if not lu:
        raise IdentifiantInvalide("caracteres")
    numero = lu[1]
    if len(numero) > 15:
        raise IdentifiantInvalide("longueur")
    if not numero.strip("0"):
        # A placeholder: foyers keyed by it would become one.
        raise IdentifiantInvalide("nul")
    numero = _sans_remplissage(numero)
    return numero if len(numero) <= 7 else _sans_remplissage(numero.lstrip("0"))


def numero_france_travail(texte: str) -> str:
    """Return the national number of a person at France Travail, on 11 digits.

    It has no public key, and the older local identifier, of 8 characters, does not give it.

    Raises:
        IdentifiantInvalide: `caracteres`, `longueur` or `nul` (a placeholder).

    Source: identifiers.md, 3.
    """
    return _chiffres(texte, longueur=11)


def siren(texte: str) -> str:
    """Return the SIREN on 9 digits.

    Raises:
        IdentifiantInvalide: `caracteres`, `longueur`, `nul` or `cle`.
    """
    numero = _chiffres(texte, longueur=9)
    if not stdnum_siren.is_valid(numero):
        raise IdentifiantInvalide("cle")
    return numero


def siret(texte: str) -> str:
    """Return the SIRET on 14 digits; python-stdnum knows the exception of La Poste.

    Raises:
        IdentifiantInvalide: `caracteres`, `longueur`, `nul`, `siren` (the first 9 digits are not
            a SIREN) or `cle`.
    """
    numero = _chiffres(texte, longueur=14)
    if not stdnum_siren.is_valid(numero[:9]):
        raise IdentifiantInvalide("siren")
    if not stdnum_siret.is_valid(numero):
        raise IdentifiantInvalide("cle")
    return numero


def commune_valide(texte: str) -> str:
    """Return the Insee code of a commune, arrondissements municipaux included.

    Only the shape is checked: whether the commune exists is for the referential to say.

    Raises:
        IdentifiantInvalide: `longueur` (not 5 characters) or `commune`.

    Source: identifiers.md, 6; unlike in a NIR, Corsica is never `20`.
    """
    code = _compact(texte)
    if len(code) != 5:
        raise IdentifiantInvalide("longueur")
    metropole = r"(?!20)(?:0[1-9]|[1-8][0-9]|9[0-5]|2[AB])[0-9]{3}"
    if not re.fullmatch(rf"{metropole}|97[1-8][0-9]{{2}}|98[4678][0-9]{{2}}", code):
        raise IdentifiantInvalide("commune")
    return code


def _compact(texte: str) -> str:
    return re.sub(r"[\s.]", "", texte).upper()


def _sans_remplissage(numero: str) -> str:
    return numero if numero[7:].strip("0") else numero[:7]


def _chiffres(texte: str, longueur: int) -> str:
    numero = _compact(texte)
    if not re.fullmatch(r"[0-9]*", numero):
        raise IdentifiantInvalide("caracteres")
    if len(numero) != longueur:
        raise IdentifiantInvalide("longueur")
    if not numero.strip("0"):
        # Luhn accepts it.
        raise IdentifiantInvalide("nul")
    return numero


def rna(texte: str) -> str:
    """Return the number of an association in the national register: W, then nine characters.

    It has no key: only its shape is checked. The fourth character may be a letter, where the
    prefecture is of Corsica or overseas.

    Raises:
        IdentifiantInvalide: `longueur` or `caracteres`.
    """
    numero = _compact(texte)
    if len(numero) != 10:
        raise IdentifiantInvalide("longueur")
    if not re.fullmatch(r"W[0-9][0-9A-Z][0-9]{7}", numero):
        raise IdentifiantInvalide("caracteres")
    return numero
