"""What is counted beside an announced figure, and what may be shown of it. Never a bar."""

from shared.masques import SEUIL
from shared.refus import Erreur, Validation
from shared.schemas.orientation.statistiques import (
    EtatConstat,
    IndicateurCreation,
    MesureIndicateur,
)


def verifier_indicateur(demande: IndicateurCreation) -> None:
    """Check that a role goes with a count of agents: any other count has none.

    Raises:
        Validation: `hors-bornes`.
    """
    if demande.role and demande.mesure is not MesureIndicateur.AGENTS:
        message = "Un role ne va qu'avec la mesure agents"
        raise Validation([Erreur("/role", "hors-bornes", message)])


def constat(
    mesure: MesureIndicateur | None, nombre: int | None, *, communes_inconnues: bool
) -> tuple[int | None, EtatConstat]:
    """Return what is shown of a count, and why when nothing is.

    People are not told from 1 to 4; nobody is zero, and is told. Where the communes are unknown a
    zero would lie: nothing is told. Units and agents are no beneficiaries, and are told as they
    are. Each count is masked by itself: where territories share out a whole, the whole less the
    others tells the last one.
    """
    if mesure is None or nombre is None:
        return None, EtatConstat.SANS_MESURE
    if mesure is MesureIndicateur.PERSONNES_SUIVIES:
        if communes_inconnues:
            return None, EtatConstat.COMMUNES_INCONNUES
        if 0 < nombre < SEUIL:
            return None, EtatConstat.MASQUE
    return nombre, EtatConstat.COMPTE
