"""When a parcours opens, goes on under another orientation, and ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from uuid import UUID

from shared.referentiels import codes
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.orientation.orientations import Orientation
from shared.schemas.orientation.vocabulaire import TypeParcours
from shared.schemas.parcours.accompagnement import ClotureCreation, StatutParcours

MOTIF_AUTRE = "autre"
# An exit that tells of a handicap; without the scope of health, another end of the right.
MOTIFS_SANTE: Mapping[str, str] = {"aah": "radie_autre_motif"}
TRANSITIONS = {
    StatutParcours.OUVERT: (StatutParcours.CLOS,),
    # A person who comes back soon opens it again (sorties); later, another one.
    StatutParcours.CLOS: (StatutParcours.OUVERT,),
}


class ParcoursClos(Refus):
    """Nothing is written any more on a parcours that ended."""

    code = "parcours-clos"


@dataclass(frozen=True)
class OrientationDecidee:
    """What opens a period: an orientation on which the authority has decided."""

    orientation_id: UUID
    personne_id: UUID
    type_parcours: TypeParcours
    organisme_referent_id: UUID
    date_effet: date


def orientation_decidee(orientation: Orientation) -> OrientationDecidee | None:
    """Return what the decision says, or nothing when no decision stands."""
    if (
        orientation.decision_id is None
        or orientation.annulation_id is not None
        or orientation.type_parcours is None
        or orientation.organisme_referent_id is None
        or orientation.date_effet is None
    ):
        return None
    return OrientationDecidee(
        orientation_id=orientation.id,
        personne_id=orientation.personne_id,
        type_parcours=orientation.type_parcours,
        organisme_referent_id=orientation.organisme_referent_id,
        date_effet=orientation.date_effet,
    )


def vagues(decidees: Sequence[OrientationDecidee]) -> list[list[OrientationDecidee]]:
    """Return the decisions in waves, in order, each person once in each.

    A wave is written in a few statements; two decisions for one person follow one another.
    """
    found: list[list[OrientationDecidee]] = []
    rangs: dict[UUID, int] = {}
    for decidee in decidees:
        rang = rangs[decidee.personne_id] = rangs.get(decidee.personne_id, -1) + 1
        if rang == len(found):
            found.append([])
        found[rang].append(decidee)
    return found


def debut_apres(date_effet: date, debut_courant: date) -> date:
    """Return the day when the current period gives way to the next: its end, the other's start.

    A decision that takes effect before the current period began would rewrite history: it
    replaces that period from its first day, and what came before stays.
    """
    return max(date_effet, debut_courant)


def soir(jour: date, fuseau: tzinfo) -> datetime:
    """Return the instant when a civil day ends: what was known then is what came before."""
    return datetime.combine(jour + timedelta(days=1), time.min, fuseau)


def exige_ouvert(statut: str) -> None:
    """Refuse to write on a parcours that ended.

    Raises:
        ParcoursClos: it did.
    """
    if statut != StatutParcours.OUVERT:
        raise ParcoursClos


def motif_connu(motif: str | None, *, sante: bool) -> str | None:
    """Return why a parcours ended, as it may be known.

    Args:
        motif: None: it is open.
        sante: whether health may be known.
    """
    return motif if sante or motif is None else MOTIFS_SANTE.get(motif, motif)


def verifier_cloture(
    demande: ClotureCreation, *, statut: str, debut_courant: date, jour: date
) -> None:
    """Check that a parcours may end so: open, for a known reason, on a day that has come.

    Args:
        demande: the exit.
        statut: of the parcours.
        debut_courant: first day of its current period; an exit on that day is admitted.
        jour: civil day where the collectivité is; an exit on that day is admitted.

    Raises:
        TransitionInterdite: it ended already.
        Validation: `code-referentiel-inconnu`, `date-incoherente` or `requis`, with the field.

    Source: motifs-sortie.csv, `autre` (commentaire obligatoire).
    """
    if statut != StatutParcours.OUVERT:
        raise TransitionInterdite(statut, TRANSITIONS[StatutParcours(statut)])
    erreurs = []
    if demande.motif not in codes("motifs-sortie"):
        erreurs.append(Erreur("/motif", "code-referentiel-inconnu", "Motif de sortie inconnu"))
    if demande.motif == MOTIF_AUTRE and not demande.commentaire:
        erreurs.append(Erreur("/commentaire", "requis", "Le motif autre se commente"))
    if not debut_courant <= demande.date_sortie <= jour:
        erreurs.append(
            Erreur("/date_sortie", "date-incoherente", "Hors de la periode en cours, ou a venir")
        )
    if erreurs:
        raise Validation(erreurs)
