"""Who may decide an orientation on a given day (C1 to C6). A hard rule: nothing overrides it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.orientation.orientations.referent import AGES_MISSION_LOCALE, Situation
from shared.refus import Refus
from shared.schemas.orientation.vocabulaire import TypeOrganisme


class AutoriteIncompetente(Refus):
    """The author's organisme is not the one that may decide on the day of the decision."""

    code = "autorite-incompetente"
    detail = "A la date de la decision, cet organisme n'est pas competent pour cette personne."

    def __init__(self, competents: dict[TypeOrganisme, str]) -> None:
        super().__init__(
            regle=next(iter(competents.values())), decideurs_competents=list(competents)
        )


@dataclass(frozen=True)
class Delegation:
    """A convention by which the PCD delegates decisions to France Travail; ends included."""

    date_debut: date
    date_fin: date | None = None

    def couvre(self, jour: date) -> bool:
        """Tell whether the convention is in force on `jour`."""
        return self.date_debut <= jour and (self.date_fin is None or jour <= self.date_fin)


def decideurs_competents(
    situation: Situation,
    date_decision: date,
    *,
    date_echeance: date | None,
    delegations: Iterable[Delegation] = (),
) -> dict[TypeOrganisme, str]:
    """Return the types of organisme that may decide, each with the rule that says so.

    Never empty. The due date itself still belongs to the PCD; the day after, competence is
    France Travail's. What counts is the day of the decision, not the day it is recorded.

    Args:
        situation: the person, on `date_decision`.
        date_decision: civil day of the decision.
        date_echeance: last day of the six weeks; None while that clock has not started.
        delegations: conventions from the PCD to France Travail.

    Source: code du travail, L5411-5-1 II and L5314-2; CASF L262-29 and D262-65-2.
    """
    if situation.brsa:
        competents = {}
        hors_delai = date_echeance is not None and date_decision > date_echeance
        if not hors_delai:
            competents[TypeOrganisme.CONSEIL_DEPARTEMENTAL] = "C1"
        if any(delegation.couvre(date_decision) for delegation in delegations):
            competents[TypeOrganisme.FRANCE_TRAVAIL] = "C2"
        elif hors_delai:
            competents[TypeOrganisme.FRANCE_TRAVAIL] = "C3"
        return competents
    competents = {}
    jeune = situation.age is not None and AGES_MISSION_LOCALE.contient(situation.age)
    if jeune and situation.demande_mission_locale:
        competents[TypeOrganisme.MISSION_LOCALE] = "C4"
    if situation.boe and situation.demande_cap_emploi:
        competents[TypeOrganisme.CAP_EMPLOI] = "C5"
    return competents or {TypeOrganisme.FRANCE_TRAVAIL: "C6"}


def verifier_competence(
    auteur: TypeOrganisme,
    situation: Situation,
    date_decision: date,
    *,
    date_echeance: date | None,
    delegations: Iterable[Delegation] = (),
) -> str:
    """Return the rule, C1 to C6, that makes the author's organisme competent.

    Raises:
        AutoriteIncompetente: no rule does; the refusal names who is competent, and why.
    """
    competents = decideurs_competents(
        situation, date_decision, date_echeance=date_echeance, delegations=delegations
    )
    if auteur not in competents:
        raise AutoriteIncompetente(competents)
    return competents[auteur]
