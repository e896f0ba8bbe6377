"""Essential data of subsidies, as the schema SCDL subventions 2.1.1 lays them out. Pure.

Source: arrêté du 17 novembre 2017 ; schema.data.gouv.fr/scdl/subventions/2.1.1. The schema takes
dates that are not in the calendar and periods that end before they begin: here they are checked.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from services.financement.formats import cellule, montant
from shared.delais import Unite, echeance
from shared.identifiants import IdentifiantInvalide, siret
from shared.refus import Erreur, Validation

# A convention is compulsory, and its data are published, above this amount in a year. Source:
# décret n° 2001-495 du 6 juin 2001, art. 1er.
SEUIL_CENTIMES = 23_000_00
# Published within three months of the signature; we warn after two. Source: décret n° 2017-779.
ALERTE_MOIS, LIMITE_MOIS = 2, 3
OBJET_MAX, CONDITIONS_MAX = 256, 256
COLONNES = (
    "nomAttribuant",
    "idAttribuant",
    "dateConvention",
    "referenceDecision",
    "nomBeneficiaire",
    "idBeneficiaire",
    "rnaBeneficiaire",
    "objet",
    "montant",
    "nature",
    "conditionsVersement",
    "datesPeriodeVersement",
    "idRAE",
    "notificationUE",
    "pourcentageSubvention",
    "dispositifAide",
)
_SIRET = re.compile(r"[0-9]{14}")
_RNA = re.compile(r"W[0-9]{9}")  # the schema knows no letter, which Corsica and overseas have


@dataclass(frozen=True)
class Subvention:
    """What is published of one beneficiary of a subsidy.

    Args:
        reference: of the subsidy: its beneficiaries' shares sum to one.
        fin: last day of the payments; the same as `debut` when there is only one.
        part: of the beneficiary, in hundredths.
    """

    reference: str
    attribuant: str
    siret_attribuant: str
    date_convention: date
    decision: str | None
    beneficiaire: str
    siret: str | None
    rna: str | None
    objet: str
    montant_centimes: int
    debut: date
    fin: date
    part: Fraction = Fraction(1)


def dates_publication(date_signature: date) -> tuple[date, date]:
    """Return the day to warn on, and the last one to publish on, both from the signature."""
    return (
        echeance(date_signature, ALERTE_MOIS, Unite.MOIS),
        echeance(date_signature, LIMITE_MOIS, Unite.MOIS),
    )


def a_publier(montant_centimes: int) -> bool:
    """Tell whether a subsidy of a year must be published: above the threshold, not at it."""
    return montant_centimes > SEUIL_CENTIMES


def verifier_attribuant(siret_attribuant: str) -> None:
    """Check the département's own SIRET, which the caller gives.

    Raises:
        Validation: `format-inattendu`.
    """
    if not _vrai_siret(siret_attribuant):
        message = "Ce SIRET n'en est pas un"
        raise Validation([Erreur("?siret_attribuant", "format-inattendu", message)])


def defauts(subvention: Subvention) -> list[str]:
    """Return what forbids to publish a row, by the names of its fields; none: it may be."""
    found = []
    if not _vrai_siret(subvention.siret_attribuant):
        found.append("idAttribuant")
    if not subvention.beneficiaire.strip():
        found.append("nomBeneficiaire")
    if subvention.siret is None and subvention.rna is None:
        found.append("idBeneficiaire")
    if subvention.siret is not None and not _vrai_siret(subvention.siret):
        found.append("idBeneficiaire")
    if subvention.rna is not None and not _RNA.fullmatch(subvention.rna):
        found.append("rnaBeneficiaire")
    if not 0 < len(subvention.objet) <= OBJET_MAX:
        found.append("objet")
    if subvention.fin < subvention.debut:
        found.append("datesPeriodeVersement")
    if not Fraction(1, 100) <= subvention.part <= 1:
        found.append("pourcentageSubvention")
    return found


def defauts_parts(subventions: Sequence[Subvention]) -> list[str]:
    """Return the subsidies whose shares do not sum to one."""
    sommes: defaultdict[str, Fraction] = defaultdict(Fraction)
    for une in subventions:
        sommes[une.reference] += une.part
    return [reference for reference, somme in sommes.items() if somme != 1]


def ecrire(subventions: Sequence[Subvention], *, separateur: str) -> str:
    """Write the file: commas, a decimal point, one row a beneficiary.

    Args:
        separateur: between two dates of a period: `/` for the schema, `_` in the arrêté.
    """
    lignes = [COLONNES, *(_ligne(une, separateur) for une in subventions)]
    return "".join(",".join(map(_champ, ligne)) + "\r\n" for ligne in lignes)


def _ligne(une: Subvention, separateur: str) -> Sequence[str]:
    unique = une.debut == une.fin
    periode = une.debut.isoformat() if unique else f"{une.debut}{separateur}{une.fin}"
    centiemes = une.part.numerator * 100 // une.part.denominator
    return (
        une.attribuant,
        une.siret_attribuant,
        une.date_convention.isoformat(),
        une.decision or "",
        une.beneficiaire,
        une.siret or "",
        une.rna or "",
        une.objet,
        montant(une.montant_centimes),
        "aide en numéraire",
        "unique" if unique else "échelonné",
        periode,
        "",
        "non",
        "1" if une.part == 1 else f"0.{centiemes:02d}",
        "",
    )


def _champ(texte: str) -> str:
    sure = cellule(texte)
    return '"' + sure.replace('"', '""') + '"' if re.search(r'[",\r\n]', sure) else sure


def _vrai_siret(texte: str) -> bool:
    try:
        return _SIRET.fullmatch(texte) is not None and siret(texte) == texte
    except IdentifiantInvalide:
        return False
