"""What the socio-professional data (DSP) of an application let one expect: hints, never answers.

A code says which frein to explore, or which answers to a criterion remain possible. It sets no
level, settles no input of the tables and enters no proposal: a human asks, then states a criterion.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from shared.referentiels import charger, codes
from shared.refus import Erreur, Validation

# Art. 9 GDPR: what hints at these is shown to those who may read of health.
FREINS_SANTE = frozenset({"sante", "handicap"})
_BOOLEENS = frozenset({"0", "1"})
# They announce no frein of health, and tell of the health of the person or of a relative: end of
# AAH, of sick pay or of maternity pay, a pension of invalidity; a relative invalid, or in hospital.
_SITUATIONS_SANTE = ("0102", "0103", "0104", "0105")
_PROCHES_SANTE = ("0504", "0505", "0506")


@dataclass(frozen=True, order=True)
class CodeDsp:
    """One element of the DSP and one of its values; an element may bear several."""

    champ: str
    code: str


# Of the flux des bénéficiaires, of the whole foyer.
SANS_DOMICILE = CodeDsp("TOPSANSDOMFIXE", "1")
_CODES_SANTE = frozenset(
    {CodeDsp("SITPERSDEMRSA", code) for code in _SITUATIONS_SANTE}
    | {CodeDsp("DIFDISP", code) for code in _PROCHES_SANTE}
)


@dataclass(frozen=True)
class Declaration:
    """Codes declared together, on one day."""

    date_declaration: date
    codes: tuple[CodeDsp, ...]


@dataclass(frozen=True)
class IndiceFrein:
    """A frein to explore, and the codes that announce it."""

    frein: str
    codes: tuple[CodeDsp, ...]


@dataclass(frozen=True)
class IndiceCritere:
    """A criterion to ask for, and the answers that the codes leave possible."""

    champ: str
    valeurs_possibles: tuple[str, ...]
    codes: tuple[CodeDsp, ...]


@dataclass(frozen=True)
class Indices:
    """All that the codes announce."""

    freins: tuple[IndiceFrein, ...]
    criteres: tuple[IndiceCritere, ...]


def verifier(declares: Sequence[CodeDsp], date_declaration: date, jour: date) -> None:
    """Check the codes against the referential, and the day.

    Raises:
        Validation: `code-referentiel-inconnu`, `format-inattendu` when a code is given twice, or
            `date-incoherente`.
    """
    erreurs: list[Erreur] = []
    vus: set[CodeDsp] = set()
    for rang, declare in enumerate(declares):
        connus = _connus().get(declare.champ)
        if connus is None:
            erreurs.append(_inconnu(f"/codes/{rang}/champ", "Element inconnu des DSP"))
        elif declare.code not in connus:
            erreurs.append(_inconnu(f"/codes/{rang}/code", "Valeur inconnue de cet element"))
        elif declare in vus:
            erreurs.append(Erreur(f"/codes/{rang}", "format-inattendu", "Code deja donne"))
        vus.add(declare)
    if date_declaration > jour:
        message = "La declaration est dans l'avenir"
        erreurs.append(Erreur("/date_declaration", "date-incoherente", message))
    if erreurs:
        raise Validation(erreurs)


def indices(declarations: Iterable[Declaration]) -> Indices:
    """Return what the declarations announce; of one element, the latest declaration speaks.

    Args:
        declarations: in the order they were recorded; of two of one day, the last one wins.

    Source: webrsa's labels of the DSP; the correspondence is a proposal of ours.
    """
    derniers: dict[str, tuple[CodeDsp, ...]] = {}
    for declaration in sorted(declarations, key=lambda une: une.date_declaration):
        champs = dict.fromkeys(un.champ for un in declaration.codes)
        for champ in champs:
            derniers[champ] = tuple(un for un in declaration.codes if un.champ == champ)
    en_vigueur = sorted(un for declares in derniers.values() for un in declares)
    return Indices(tuple(_freins(en_vigueur)), tuple(_criteres(en_vigueur)))


def sensible(declare: CodeDsp) -> bool:
    """Tell whether a code speaks of health or of handicap."""
    annonces = _freins_par_code().get(declare, frozenset())
    return declare in _CODES_SANTE or not FREINS_SANTE.isdisjoint(annonces)


def sans_sante(trouves: Indices) -> Indices:
    """Return the hints for one who may not read of health: a frein may stay without its codes."""
    return Indices(
        tuple(
            IndiceFrein(un.frein, tuple(code for code in un.codes if not sensible(code)))
            for un in trouves.freins
            if un.frein not in FREINS_SANTE
        ),
        trouves.criteres,
    )


def _freins(declares: Sequence[CodeDsp]) -> Iterator[IndiceFrein]:
    for ligne in charger("freins"):
        annonces = tuple(
            un for un in declares if ligne["code"] in _freins_par_code().get(un, frozenset())
        )
        if annonces:
            yield IndiceFrein(ligne["code"], annonces)


def _criteres(declares: Sequence[CodeDsp]) -> Iterator[IndiceCritere]:
    """Of several codes on one criterion, what they all leave possible; nothing, all of it."""
    par_critere: dict[str, list[tuple[CodeDsp, tuple[str, ...]]]] = {}
    for ligne in charger("criteres-possibles-depuis-dsp"):
        declare = CodeDsp(ligne["champ"], ligne["code"])
        if declare in declares:
            valeurs = tuple(ligne["valeurs"].split("|"))
            par_critere.setdefault(ligne["critere"], []).append((declare, valeurs))
    for champ, enonces in sorted(par_critere.items()):
        toutes = tuple(dict.fromkeys(v for _, valeurs in enonces for v in valeurs))
        communes = tuple(v for v in toutes if all(v in valeurs for _, valeurs in enonces))
        # Codes that contradict each other leave the question open between what they say.
        yield IndiceCritere(champ, communes or toutes, tuple(declare for declare, _ in enonces))


@cache
def _freins_par_code() -> dict[CodeDsp, frozenset[str]]:
    trouves: dict[CodeDsp, set[str]] = {}
    for ligne in charger("freins"):
        for annonce in filter(None, ligne["codes_dsp"].split("|")):
            champ, _, etendue = annonce.partition(":")
            premier, _, dernier = etendue.partition("-")
            for numero in range(int(premier), int(dernier or premier) + 1):
                code = CodeDsp(champ, f"{numero:0{len(premier)}}")
                trouves.setdefault(code, set()).add(ligne["code"])
    return {code: frozenset(freins) for code, freins in trouves.items()}


@cache
def _connus() -> dict[str, frozenset[str]]:
    """The values of each element; booleans are in no list of codes, and take 0 or 1."""
    listes = codes("codes-flux-caf", colonne="champ", flux="dsp")
    booleens = {code.champ for code in _freins_par_code()} | codes(
        "criteres-possibles-depuis-dsp", colonne="champ"
    )
    connus = {champ: codes("codes-flux-caf", flux="dsp", champ=champ) for champ in listes}
    return connus | dict.fromkeys(booleens - listes, _BOOLEENS)


def _inconnu(pointeur: str, message: str) -> Erreur:
    return Erreur(pointeur, "code-referentiel-inconnu", message)
