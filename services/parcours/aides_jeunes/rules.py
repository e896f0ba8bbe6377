"""The fonds d'aide aux jeunes: who may ask, for how much, and what each decision makes of an aid.

Ages and caps are the règlement intérieur's, dated, each collectivité its own: no text read fixes an
amount. Without one, the ages are those of the law and nothing is capped.

Source: parcours-rules.md §5; financement-rules.md §14 (CASF L263-3, L263-4, not read).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.parcours.aides_jeunes import (
    AideJeuneCreation,
    DecisionAideCreation,
    NatureAide,
    ReglementAideCreation,
    SensDecisionAide,
    StatutAide,
)

AGE_MIN, AGE_MAX = 18, 25  # CASF L263-3, not confirmed
TRANSITIONS: Mapping[StatutAide, tuple[StatutAide, ...]] = {
    StatutAide.DEMANDEE: (
        StatutAide.VERSEE,
        StatutAide.ATTRIBUEE,
        StatutAide.REFUSEE,
        StatutAide.ANNULEE,
    ),
    # Paid before the commission, which then says whether it should have been.
    StatutAide.VERSEE: (StatutAide.ATTRIBUEE, StatutAide.REFUSEE),
    StatutAide.ATTRIBUEE: (),
    StatutAide.REFUSEE: (),
    StatutAide.ANNULEE: (),
}


class ReglementExistant(Refus):
    """One set of rules from a day on."""

    code = "reference-externe-existante"
    detail = "Un reglement vaut deja depuis ce jour."


@dataclass(frozen=True)
class Reglement:
    """The rules of the fund on a day."""

    age_min: int = AGE_MIN
    age_max: int = AGE_MAX
    urgence_max_centimes: int | None = None
    annuel_max_centimes: int | None = None
    plafonds: Mapping[NatureAide, int] | None = None


@dataclass(frozen=True)
class EtatAide:
    """All that the rules need to know of an aid."""

    statut: StatutAide
    urgence: bool
    demande_centimes: int
    montant_centimes: int
    date_demande: date


def verifier_reglement(demande: ReglementAideCreation) -> None:
    """Check a set of rules.

    Raises:
        Validation: ages the wrong way round, or a nature capped twice.
    """
    erreurs = []
    if demande.age_max < demande.age_min:
        erreurs.append(Erreur("/age_max", "hors-bornes", "Sous l'age minimum"))
    natures = [ligne.nature for ligne in demande.natures_plafonnees]
    if len(set(natures)) < len(natures):
        erreurs.append(Erreur("/natures_plafonnees", "hors-bornes", "Une nature y est deux fois"))
    _refuser(erreurs)


def verifier_demande(
    demande: AideJeuneCreation, reglement: Reglement, deja_centimes: int, jour: date
) -> None:
    """Check a request against the rules in force; each bound may be reached.

    Args:
        demande: what is asked.
        reglement: that rules the day of the request.
        deja_centimes: asked, paid or granted to this person in the same civil year.
        jour: civil day where the collectivité is.

    Raises:
        Validation: with the fields.
    """
    erreurs = []
    if demande.date_demande > jour:
        erreurs.append(Erreur("/date_demande", "date-incoherente", "A venir"))
    if not reglement.age_min <= demande.age <= reglement.age_max:
        erreurs.append(Erreur("/age", "hors-bornes", "Hors des ages du reglement"))
    plafond = (reglement.plafonds or {}).get(demande.nature)
    if plafond is not None and demande.montant_centimes > plafond:
        erreurs.append(Erreur("/montant_centimes", "hors-bornes", "Plafond de cette nature"))
    annuel = reglement.annuel_max_centimes
    if annuel is not None and deja_centimes + demande.montant_centimes > annuel:
        erreurs.append(Erreur("/montant_centimes", "hors-bornes", "Plafond de l'annee"))
    _refuser(erreurs)


def montant_verse(etat: EtatAide, montant_centimes: int | None, reglement: Reglement) -> int:
    """Return the cents that are paid before the commission.

    Raises:
        TransitionInterdite: it is not asked any more, or is not urgent.
        Validation: more than was asked, or than the cap of an urgency.
    """
    _exige(etat, StatutAide.VERSEE)
    if not etat.urgence:
        suites = [une for une in TRANSITIONS[etat.statut] if une is not StatutAide.VERSEE]
        raise TransitionInterdite(etat.statut, suites)
    montant = etat.demande_centimes if montant_centimes is None else montant_centimes
    plafonds = (etat.demande_centimes, reglement.urgence_max_centimes)
    if any(plafond is not None and montant > plafond for plafond in plafonds):
        raise Validation(
            [Erreur("/montant_centimes", "hors-bornes", "Plus que demande, ou que l'urgence")]
        )
    return montant


def apres_decision(
    etat: EtatAide, demande: DecisionAideCreation, jour: date
) -> tuple[StatutAide, int]:
    """Return the state and the cents once the commission has decided.

    What was paid stays as it was paid: a refusal then says that it should not have been.

    Raises:
        TransitionInterdite: it is decided, or was withdrawn.
        Validation: with the field.
    """
    attribuee = demande.sens is SensDecisionAide.ATTRIBUTION
    statut = StatutAide.ATTRIBUEE if attribuee else StatutAide.REFUSEE
    _exige(etat, statut)
    erreurs = []
    if not etat.date_demande <= demande.date_commission <= jour:
        erreurs.append(
            Erreur("/date_commission", "date-incoherente", "A venir, ou avant la demande")
        )
    versee = etat.statut is StatutAide.VERSEE
    montant = demande.montant_centimes
    if montant is not None and not attribuee:
        erreurs.append(Erreur("/montant_centimes", "champ-inconnu", "D'une attribution seulement"))
    elif montant is not None and versee and montant != etat.montant_centimes:
        erreurs.append(Erreur("/montant_centimes", "hors-bornes", "Verse, il ne change plus"))
    elif montant is not None and montant > etat.demande_centimes:
        erreurs.append(Erreur("/montant_centimes", "hors-bornes", "Plus que demande"))
    _refuser(erreurs)
    if versee:
        return statut, etat.montant_centimes
    return statut, (montant or etat.demande_centimes) if attribuee else 0


def verifier_annulation(etat: EtatAide, date_annulation: date, jour: date) -> None:
    """Check that a request may be withdrawn.

    Raises:
        TransitionInterdite: it was paid or decided.
        Validation: the day is to come, or before the request.
    """
    _exige(etat, StatutAide.ANNULEE)
    if not etat.date_demande <= date_annulation <= jour:
        raise Validation(
            [Erreur("/date_annulation", "date-incoherente", "A venir, ou avant la demande")]
        )


def _exige(etat: EtatAide, vers: StatutAide) -> None:
    if vers not in TRANSITIONS[etat.statut]:
        raise TransitionInterdite(etat.statut, TRANSITIONS[etat.statut])


def _refuser(erreurs: Iterable[Erreur]) -> None:
    found = list(erreurs)
    if found:
        raise Validation(found)
