"""How funders share a convention: a dated rule per type, and never one that no text gives.

A type without a row is never checked: a CDIE is not half and half (730 670,00 and 624 670,00 for
35 in 2024), and nothing is known of a PDI or of a PTI.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil

from shared.refus import Erreur, Refus, Validation
from shared.schemas.commun import CENTIMES_MAX
from shared.schemas.financement.conventions import (
    AvertissementAvenant,
    CodeAvertissementAvenant,
    ConstatParite,
    NatureRegleParite,
    PariteExercice,
    PartParite,
    RegleParite,
    TypeConvention,
)
from shared.schemas.financement.enveloppes import Financeur


@dataclass(frozen=True)
class Regle:
    """A rule of parity: the fraction of the year's total that is wanted of some funders.

    Args:
        contraignante: broken, it bars the entry into force and the application of an avenant.
    """

    type: TypeConvention
    nature: NatureRegleParite
    parts: Mapping[Financeur, Fraction]
    contraignante: bool
    depuis: date
    source: str


_MOITIE = Fraction(1, 2)
REGLES = (  # the most recent first
    Regle(
        TypeConvention.CONTRAT_LOCAL_SOLIDARITES,
        NatureRegleParite.EGALITE,
        {Financeur.ETAT: _MOITIE, Financeur.DEPARTEMENT: _MOITIE},
        contraignante=True,
        depuis=date(2024, 1, 1),
        source="instructions des 27 octobre et 23 novembre 2023 : cofinancement à parts égales ;"
        " aucune tolérance n'y est dite",
    ),
    Regle(
        TypeConvention.CONVENTION_APPUI_LUTTE_PAUVRETE_ACCES_EMPLOI,
        NatureRegleParite.MINIMUM,
        {Financeur.DEPARTEMENT: _MOITIE},
        contraignante=False,
        depuis=date(2019, 1, 1),
        source="presse : les collectivités apportent au moins la moitié ; clause non lue",
    ),
)


class PariteRompue(Refus):
    """The funders' shares of a year break the rule that binds this type (I-33)."""

    code = "transition-interdite"
    detail = "La parite que ce type de convention exige est rompue."


def regle_de(type_convention: str, annee_debut: int) -> Regle | None:
    """Return the rule of a type for a convention that begins in a year; null: it has none."""
    jour = date(annee_debut, 12, 31)
    return next((one for one in REGLES if one.type == type_convention and one.depuis <= jour), None)


def regle_publiee(regle: Regle | None) -> RegleParite | None:
    """Return a rule as the API shows it."""
    if regle is None:
        return None
    return RegleParite(
        nature=regle.nature,
        contraignante=regle.contraignante,
        valable_du=regle.depuis,
        source=regle.source,
    )


@dataclass(frozen=True)
class Part:
    """What a funder opened, or would, for a year; zero: nothing."""

    exercice: int
    financeur: Financeur
    montant_centimes: int


def parites(parts: Iterable[Part], regle: Regle | None) -> list[PariteExercice]:
    """Return the shares of each year in which something is opened, and what the rule says of them.

    The fraction is exact: with an odd cent no two shares are equal, and the rule is broken.

    Raises:
        Validation: `hors-bornes`, the total of a year is more than an amount can say.
    """
    montants: dict[int, dict[Financeur, int]] = {}
    for part in parts:
        annee = montants.setdefault(part.exercice, {})
        annee[part.financeur] = annee.get(part.financeur, 0) + part.montant_centimes
    return [
        _exercice(exercice, found, regle)
        for exercice, found in sorted(montants.items())
        if any(found.values())
    ]


def _exercice(
    exercice: int, montants: Mapping[Financeur, int], regle: Regle | None
) -> PariteExercice:
    total = sum(montants.values())
    if total > CENTIMES_MAX:
        raise Validation([Erreur("/", "hors-bornes", f"Le total de {exercice} depasse la borne")])
    voulues = regle.parts if regle else {}
    parts = []
    for financeur in Financeur:
        if not montants.get(financeur) and financeur not in voulues:
            continue
        montant, attendu = montants.get(financeur, 0), None
        if financeur in voulues:
            attendu = ceil(total * voulues[financeur])
        parts.append(
            PartParite(
                financeur=financeur,
                montant_centimes=montant,
                attendu_centimes=attendu,
                ecart_centimes=None if attendu is None else montant - attendu,
            )
        )
    return PariteExercice(
        exercice=exercice,
        total_centimes=total,
        parts=parts,
        constat=_constat(total, montants, regle),
    )


def _constat(total: int, montants: Mapping[Financeur, int], regle: Regle | None) -> ConstatParite:
    if regle is None:
        return ConstatParite.SANS_REGLE
    ecarts = [montants.get(un, 0) - total * fraction for un, fraction in regle.parts.items()]
    egalite = regle.nature is NatureRegleParite.EGALITE
    tient = not any(ecarts) if egalite else min(ecarts) >= 0
    return ConstatParite.RESPECTEE if tient else ConstatParite.ROMPUE


def avertissements(
    exercices: Sequence[PariteExercice], regle: Regle | None
) -> list[AvertissementAvenant]:
    """Return a warning for each year whose shares break the rule, with the widest gap of it."""
    return [
        AvertissementAvenant(
            code=CodeAvertissementAvenant.PARITE_ROMPUE,
            exercice=one.exercice,
            ecart_centimes=max(
                (part.ecart_centimes for part in one.parts if part.ecart_centimes is not None),
                key=abs,
            ),
            bloquant=regle is not None and regle.contraignante,
        )
        for one in exercices
        if one.constat is ConstatParite.ROMPUE
    ]


def exige_parite(
    exercices: Sequence[PariteExercice],
    regle: Regle | None,
    statut: str,
    possibles: Sequence[str],
) -> None:
    """Refuse an act that the parity of its type bars.

    Raises:
        PariteRompue: with the years, when the rule binds.
    """
    rompus = [one.exercice for one in exercices if one.constat is ConstatParite.ROMPUE]
    if rompus and regle is not None and regle.contraignante:
        raise PariteRompue(
            statut_actuel=statut,
            transitions_possibles=list(possibles),
            exercices_rompus=rompus,
        )
