"""Who answers for a parcours: one référent at a time, who hands over when both sides agree.

Source: parcours-rules.md §6 (code du travail, L5411-6: le référent unique appartient à l'organisme
référent; changer d'organisme est une réorientation).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.parcours.accompagnement import (
    CotePassation,
    IntervenantClotureCreation,
    IntervenantCreation,
    MotifPassation,
    PassationCreation,
    PassationReponseCreation,
    ReferentClotureCreation,
    ReferentCreation,
    RoleIntervenant,
    SensPassation,
    StatutPassation,
)

# A nurse tells that there is something to nurse: shown under the scope of health only.
ROLES_SANTE = frozenset({RoleIntervenant.INFIRMIER})
# Whoever left or is away cannot answer: another agent of the organisme does for him.
SANS_CEDANT = (MotifPassation.DEPART, MotifPassation.ABSENCE)
TRANSITIONS = {
    StatutPassation.PROPOSEE: (
        StatutPassation.ACCEPTEE,
        StatutPassation.REFUSEE,
        StatutPassation.CADUQUE,
    ),
    StatutPassation.ACCEPTEE: (),
    StatutPassation.REFUSEE: (),
    StatutPassation.CADUQUE: (),
}


class AutreOrganisme(Refus):
    """The référent unique belongs to the organisme référent; another one is not ours to give."""

    code = "autorite-incompetente"
    detail = "Changer d'organisme est une reorientation : elle se decide dans orientation."


class ReferentDejaDesigne(Refus):
    """One référent at a time: the next one comes by a hand-over."""

    code = "transition-interdite"
    detail = "Un referent est deja designe : le suivant vient par une passation."


class PassationEnCours(Refus):
    """One hand-over at a time."""

    code = "transition-interdite"
    detail = "Une passation attend deja les reponses des deux cotes."


class IntervenantDejaLa(Refus):
    """The same agent, in the same role, once at a time."""

    code = "transition-interdite"
    detail = "Cet agent intervient deja dans ce role."


class ReponseDejaDonnee(Refus):
    """A side answers once."""

    code = "transition-interdite"
    detail = "Ce cote a deja repondu."


@dataclass(frozen=True)
class EtatPassation:
    """All that the rules need to know of a hand-over."""

    statut: StatutPassation
    motif: MotifPassation
    cedant: str
    repreneur: str
    reponses: tuple[CotePassation, ...]  # all agreements: a refusal ends the hand-over


def exige_organisme(demande: object, organisme: object) -> None:
    """Refuse an agent of another organisme than the référent one.

    Raises:
        AutreOrganisme: it is a réorientation.
    """
    if demande != organisme:
        raise AutreOrganisme


def verifier_designation(
    demande: ReferentCreation, *, debut_periode: date, dernier_depart: date | None, jour: date
) -> None:
    """Check the first day of a référent: no overlap with the one before, nothing rewritten.

    Args:
        demande: the designation.
        debut_periode: first day of the current period; included, be it to come.
        dernier_depart: day when the last référent ends, if there was one; included.
        jour: civil day where the collectivité is; included.

    Raises:
        Validation: `date-incoherente`.
    """
    depuis = max(debut_periode, dernier_depart or debut_periode)
    _refuser(_date("/date_debut", demande.date_debut, depuis, max(jour, debut_periode)))


def verifier_fin(demande: ReferentClotureCreation, *, date_debut: date, jour: date) -> None:
    """Check the last day of a référent whom nobody succeeds: the structure follows.

    Args:
        demande: the end.
        date_debut: his first day; included, be it to come: he then never begins.
        jour: civil day where the collectivité is; included.

    Raises:
        Validation: `date-incoherente`.
    """
    _refuser(_date("/date_fin", demande.date_fin, date_debut, max(date_debut, jour)))


def exige_en_cours(date_fin: date | None, *, date_debut: date, jour: date) -> None:
    """Refuse to end what ended, by `jour` included, or never began; an end to come may be sooner.

    Raises:
        TransitionInterdite: it did.
    """
    if date_fin is not None and date_fin <= max(date_debut, jour):
        raise TransitionInterdite("termine", ())


def verifier_passation(demande: PassationCreation, *, cedant: str, date_debut: date) -> None:
    """Check a hand-over: to somebody else, not before the référent was one.

    Raises:
        Validation: with the field.
    """
    erreurs = []
    if demande.agent == cedant:
        erreurs.append(Erreur("/agent", "hors-bornes", "Il est deja le referent"))
    if demande.date_passation < date_debut:
        erreurs.append(Erreur("/date_passation", "date-incoherente", "Avant sa designation"))
    _refuser(erreurs)


def statut_apres(etat: EtatPassation, demande: PassationReponseCreation) -> StatutPassation:
    """Return where a hand-over stands once a side answers: both agree, or one refuses.

    Raises:
        TransitionInterdite: it is settled.
        ReponseDejaDonnee: this side answered.
        Validation: the agent is not of this side.
    """
    if etat.statut is not StatutPassation.PROPOSEE:
        raise TransitionInterdite(etat.statut, TRANSITIONS[etat.statut])
    if demande.cote in etat.reponses:
        raise ReponseDejaDonnee(
            statut_actuel=etat.statut, transitions_possibles=list(TRANSITIONS[etat.statut])
        )
    if not _parle_pour(etat, demande):
        raise Validation([Erreur("/agent", "hors-bornes", "Cet agent n'est pas de ce cote")])
    if demande.sens is SensPassation.REFUS:
        return StatutPassation.REFUSEE
    if {*etat.reponses, demande.cote} == set(CotePassation):
        return StatutPassation.ACCEPTEE
    return StatutPassation.PROPOSEE


def debut_apres_accord(date_passation: date, jour: date) -> date:
    """Return the day when the référent changes: the day asked, once both have agreed.

    Until then the one who answered did: what was is not rewritten.
    """
    return max(date_passation, jour)


def verifier_intervenant(demande: IntervenantCreation, jour: date) -> None:
    """Check the first day of a contributor.

    Raises:
        Validation: it is to come.
    """
    _refuser(_date("/date_debut", demande.date_debut, date.min, jour))


def verifier_depart(demande: IntervenantClotureCreation, *, date_debut: date, jour: date) -> None:
    """Check the last day of a contributor.

    Raises:
        Validation: it is to come, or before the first.
    """
    _refuser(_date("/date_fin", demande.date_fin, date_debut, jour))


def roles_connus(*, sante: bool) -> Sequence[RoleIntervenant]:
    """Return the roles that may be known, by whether health may be."""
    return [role for role in RoleIntervenant if sante or role not in ROLES_SANTE]


def _parle_pour(etat: EtatPassation, demande: PassationReponseCreation) -> bool:
    if demande.cote is CotePassation.REPRENEUR:
        return demande.agent == etat.repreneur
    # Never the successor: he would be both sides at once.
    absent = etat.motif in SANS_CEDANT and demande.agent != etat.repreneur
    return absent or demande.agent == etat.cedant


def _date(champ: str, valeur: date, depuis: date, jour: date) -> list[Erreur]:
    """Both ends are included."""
    if depuis <= valeur <= jour:
        return []
    return [Erreur(champ, "date-incoherente", "A venir, ou avant ce qui precede")]


def _refuser(erreurs: Sequence[Erreur]) -> None:
    if erreurs:
        raise Validation(erreurs)
