"""Leaving, and coming back: the right, which a flux tells, and the parcours, which is decided.

A right that is suspended is no exit and is not followed. One that closes closes no parcours; by a
mutation it is a transfer, for which the file is kept. One that opens again opens none: who closed a
parcours decides of the return, which is proposed while the delay runs, for a person whose
orientation is still in force is not oriented again, and no decision would tell of her. Who leaves
droits et devoirs keeps the accompaniment, and owes no contract any more.

Source: parcours-rules.md §8; motifs-sortie.csv; code du travail R5411-15-2.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from shared.delais import Delai, delai_en_vigueur
from shared.referentiels import charger
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.orientation.vocabulaire import StatutOrientation
from shared.schemas.parcours.accompagnement import StatutParcours
from shared.schemas.parcours.sorties import EffetDroit, TypeMouvementDroit

REENTREE = "reentree_parcours"
DECISION_ANNULEE, DECES = "decision_annulee", "deces"
_TRANSFERT = "transfert"


class RetourTropTardif(Refus):
    """Past the delay another orientation opens another parcours, linked to this one."""

    code = "transition-interdite"
    detail = "Le delai de retour est passe : une nouvelle orientation ouvre un autre parcours."

    def __init__(self, date_limite: date) -> None:
        super().__init__(
            statut_actuel=StatutParcours.CLOS,
            transitions_possibles=[],
            date_limite_retour=str(date_limite),
        )


class OrientationFinie(Refus):
    """The orientation of the last period is in force no more: a decision is to come."""

    code = "transition-interdite"
    detail = "Son orientation n'est plus en vigueur : une nouvelle decision le rouvrira."

    def __init__(self) -> None:
        super().__init__(statut_actuel=StatutParcours.CLOS, transitions_possibles=[])


class AutreParcoursOuvert(Refus):
    """One open parcours a person."""

    code = "transition-interdite"
    detail = "La personne a un autre parcours ouvert."

    def __init__(self) -> None:
        super().__init__(statut_actuel=StatutParcours.CLOS, transitions_possibles=[])


def _codes_flux() -> Mapping[str, str]:
    """The reason for each MOTICLORSA, as the list gives it."""
    prefixe = "MOTICLORSA="
    return {
        code: ligne["code"]
        for ligne in charger("motifs-sortie")
        if ligne["code_flux_caf"].startswith(prefixe)
        for code in ligne["code_flux_caf"].removeprefix(prefixe).split("|")
    }


_MOTIFS = _codes_flux()
_FAMILLES = {ligne["code"]: ligne["famille"] for ligne in charger("motifs-sortie")}


def motif_sortie(type_: TypeMouvementDroit, motif_flux: str | None) -> str | None:
    """Return the reason of the list; None where a flux gives none, or one that is unknown."""
    match type_:
        case TypeMouvementDroit.DROIT_CLOS:
            return _MOTIFS.get(motif_flux or "")
        case TypeMouvementDroit.DECES:
            return DECES
        case TypeMouvementDroit.SORTIE_DROITS_DEVOIRS:
            return "hors_droits_devoirs"
    return None


def effet_droit(type_: TypeMouvementDroit, motif: str | None) -> EffetDroit:
    """Return what a movement of the right is to the parcours."""
    match type_:
        case TypeMouvementDroit.DROIT_OUVERT | TypeMouvementDroit.DROIT_TRANSFERE:
            return EffetDroit.ENTREE_DROIT
        case TypeMouvementDroit.DROIT_CLOS if _FAMILLES.get(motif or "") == _TRANSFERT:
            return EffetDroit.TRANSFERT
        case TypeMouvementDroit.DROIT_CLOS | TypeMouvementDroit.DECES:
            return EffetDroit.SORTIE_DROIT
        case TypeMouvementDroit.SORTIE_DROITS_DEVOIRS:
            return EffetDroit.DISPENSE
        case TypeMouvementDroit.ENTREE_DROITS_DEVOIRS:
            return EffetDroit.OBLIGATION


def limite_retour(date_sortie: date, locaux: Iterable[Delai] = ()) -> date:
    """Return the last day on which a return opens the same parcours again."""
    return delai_en_vigueur(REENTREE, date_sortie, locaux).echeance(date_sortie)


def propose_retour(
    effet: EffetDroit, date_reference: date, date_sortie: date | None, locaux: Iterable[Delai] = ()
) -> bool:
    """Return whether a movement of the right proposes that a parcours open again.

    Args:
        effet: what the movement is.
        date_reference: day of the flux; both the day of the exit and the last of the delay are in.
        date_sortie: of the parcours; None: it is open.
        locaux: delays of the collectivité.

    Source: parcours-rules.md §8 (PROPOSE).
    """
    return (
        effet is EffetDroit.ENTREE_DROIT
        and date_sortie is not None
        and date_sortie <= date_reference <= limite_retour(date_sortie, locaux)
    )


def date_retour(date_effet: date, date_sortie: date) -> date:
    """Return the day of a return that a decision brings: never before the exit."""
    return max(date_effet, date_sortie)


@dataclass(frozen=True)
class EtatClos:
    """All that the rules need to know of a parcours to open again."""

    statut: str
    date_sortie: date | None
    orientation: StatutOrientation | None  # None: erased
    autre_ouvert: bool


def verifier_reouverture(
    etat: EtatClos, date_reouverture: date, jour: date, locaux: Iterable[Delai] = ()
) -> None:
    """Check that a parcours may be opened again as it was: soon enough, its orientation in force.

    Both ends are included: the day of the exit, and the last day of the delay.

    Raises:
        TransitionInterdite: it is open.
        Validation: the day is before the exit, or to come.
        RetourTropTardif: past the delay.
        OrientationFinie: another decision is needed.
        AutreParcoursOuvert: the person goes on elsewhere.
    """
    if etat.statut != StatutParcours.CLOS or etat.date_sortie is None:
        raise TransitionInterdite(etat.statut, (StatutParcours.CLOS,))
    if not etat.date_sortie <= date_reouverture <= jour:
        message = "Avant la sortie, ou a venir"
        raise Validation([Erreur("/date_reouverture", "date-incoherente", message)])
    limite = limite_retour(etat.date_sortie, locaux)
    if date_reouverture > limite:
        raise RetourTropTardif(limite)
    if etat.autre_ouvert:
        raise AutreParcoursOuvert
    if etat.orientation is not StatutOrientation.OUVERTE:
        raise OrientationFinie
