"""Who may annul a decision, and when. What was decided stays written: an act ends its effects."""

from collections.abc import Collection

from services.orientation.orientations.competence import AutoriteIncompetente
from shared.refus import TransitionInterdite
from shared.schemas.orientation.vocabulaire import StatutOrientation, TypeOrganisme

TRANSITIONS = {
    StatutOrientation.BROUILLON: (StatutOrientation.EN_ATTENTE,),
    StatutOrientation.EN_ATTENTE: (StatutOrientation.OUVERTE,),
    StatutOrientation.OUVERTE: (StatutOrientation.CLOTUREE,),
    StatutOrientation.CLOTUREE: (),
}


def verifier_statut(statut: StatutOrientation) -> None:
    """Check that a decision is in force.

    One that another replaced, or that was annulled, has no effect left to end.

    Raises:
        TransitionInterdite: none is.

    Source: orientation-rules, 6, which has no way back from `ouverte` to `en_attente`.
    """
    if statut is not StatutOrientation.OUVERTE:
        raise TransitionInterdite(statut, TRANSITIONS[statut])


def verifier_auteur(
    auteur: str, *, decideurs: Collection[str], type_decideur: TypeOrganisme, regle: str
) -> None:
    """Check that the one who annuls speaks for the organisme that decided.

    Args:
        auteur: client of the token.
        decideurs: clients that speak for that organisme.
        type_decideur: its type.
        regle: what made it competent, C1 to C6.

    Raises:
        AutoriteIncompetente: the author is another authority.

    Source: proposed, by parallelism of competences.
    """
    if auteur not in decideurs:
        raise AutoriteIncompetente({type_decideur: regle})
