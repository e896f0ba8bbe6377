"""The review of a parcours social: when it is due, and who makes it together."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.orientation.criteres.rules import GRILLE, Critere
from shared.refus import Erreur, Refus, Validation
from shared.schemas.orientation.vocabulaire import (
    NiveauFrein,
    StatutOrientation,
    TypeOrganisme,
    TypeParcours,
)

REEXAMEN = "reexamen_social"
# Santé, logement, famille (garde d'enfant, proche aidant); handicap is a status of its own.
_CAUSES = frozenset({"contrainte_sante", "contrainte_logement", "contrainte_familiale"})
_HANDICAP = Critere("boe", "true")


class SansReexamen(Refus):
    """Only a parcours social in force is reviewed."""

    code = "transition-interdite"
    detail = "Seul un parcours social en vigueur est reexamine."

    def __init__(self, statut: StatutOrientation) -> None:
        super().__init__(statut_actuel=statut, transitions_possibles=[])


class AutreAuteur(Refus):
    """The client speaks for none of the two who review together."""

    code = "autorite-incompetente"
    detail = "Le client ne parle ni pour le referent ni pour France Travail."

    def __init__(self, organismes: Iterable[UUID]) -> None:
        super().__init__(organismes_attendus=list(organismes))


@dataclass(frozen=True)
class Partie:
    """One of the two organismes of a joint review, and the clients that speak for it."""

    id: UUID
    type: TypeOrganisme
    clients: Collection[str]


def difficultes_durables(criteres: Iterable[Critere]) -> bool:
    """Tell whether the stated difficulties are of those that give twelve months, not six.

    No criterion says how long one lasts: the strongest level stands for it, until a review tells.
    One answer for all causes, so that none of them shows.

    Source: CASF D262-65-2-1; the reading of the criteria is proposed.
    """
    return any(
        critere == _HANDICAP
        or (critere.champ in _CAUSES and GRILLE.niveaux.get(critere) is NiveauFrein.FORT)
        for critere in criteres
    )


def exige_social(statut: StatutOrientation, type_parcours: TypeParcours | None) -> None:
    """Refuse to review what is not a parcours social in force.

    Raises:
        SansReexamen: it is not.
    """
    if statut is not StatutOrientation.OUVERTE or type_parcours is not TypeParcours.SOCIAL:
        raise SansReexamen(statut)


def verifier_conjoint(auteur: str, referent: Partie, france_travail: Partie) -> None:
    """Check that a review is made by the référent with France Travail, and told by one of them.

    Raises:
        Validation: the other organisme is not France Travail.
        AutreAuteur: the client speaks for neither.

    Source: CASF L262-31.
    """
    if france_travail.type is not TypeOrganisme.FRANCE_TRAVAIL:
        message = "Le diagnostic est conjoint avec France Travail"
        raise Validation([Erreur("/france_travail_id", "hors-bornes", message)])
    if auteur not in referent.clients and auteur not in france_travail.clients:
        raise AutreAuteur([referent.id, france_travail.id])


def verifier_date(date_reexamen: date, depart: date, jour: date) -> None:
    """Check that a review is after what it reviews, and not to come; both ends are admitted.

    Args:
        depart: when the parcours took effect, or its last review.

    Raises:
        Validation: `date-incoherente`.
    """
    if not depart <= date_reexamen <= jour:
        message = "Le reexamen precede le parcours ou le precedent, ou il est dans l'avenir"
        raise Validation([Erreur("/date_reexamen", "date-incoherente", message)])
