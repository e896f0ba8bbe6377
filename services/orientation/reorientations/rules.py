"""Réorientation: who may ask, what is waited for, what a decision needs, what the contract owes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from services.orientation.orientations.rules import EFFET_MAX
from shared.delais import (
    Delai,
    Interruption,
    Unite,
    delai_en_vigueur,
    echeance_suivie,
)
from shared.referentiels import charger
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.orientation.reorientations import (
    DemandeurReorientation,
    EffetContrat,
    EtatAttente,
    MomentReorientation,
    StatutReorientation,
)
from shared.schemas.orientation.vocabulaire import EtatDecision, StatutOrientation, TypeParcours

MOTIF_AUTRE = "autre"
TRANSITIONS = {
    StatutReorientation.EN_ATTENTE: (
        StatutReorientation.ACCEPTEE,
        StatutReorientation.REFUSEE,
        StatutReorientation.ANNULEE,
    ),
    StatutReorientation.ACCEPTEE: (),
    StatutReorientation.REFUSEE: (),
    StatutReorientation.ANNULEE: (),
}
# No text read bounds the answer, and whether the équipe pluridisciplinaire is still consulted is
# unconfirmed: ours, unless the collectivité has a delay of the same code. The day of the request
# picks among them: a change adds a row and never edits one.
REPONSE, AVIS_EP = "reponse_reorientation", "avis_ep_reorientation"
DELAIS_REORIENTATION = (
    Delai(
        code=REPONSE,
        duree=15,
        unite=Unite.JOURS,
        depuis=None,
        source="Proposition de Jalons : aucun texte lu ne borne la réponse de l'organisme",
        confirme=False,
    ),
    Delai(
        code=AVIS_EP,
        duree=1,
        unite=Unite.MOIS,
        depuis=None,
        source="CASF L262-39, avant 2025 : un mois, puis l'avis est réputé rendu",
        confirme=False,
    ),
)
CONTRAT, CONTRAT_REORIENTATION = "contrat_engagement", "contrat_apres_reorientation"


class SansObjet(StrEnum):
    """Why a request ended without anybody's answer: its orientation did."""

    ORIENTATION_REMPLACEE = "orientation_remplacee"
    DECISION_ANNULEE = "decision_annulee"
    ORIENTATION_CLOSE = "orientation_close"


class AvisAttendu(Refus):
    """The équipe pluridisciplinaire has its month; past it, silence is an avis."""

    code = "transition-interdite"
    detail = "L'avis de l'equipe pluridisciplinaire est attendu jusqu'a cette date, incluse."

    def __init__(self, date_limite_avis: date) -> None:
        super().__init__(
            statut_actuel=StatutReorientation.EN_ATTENTE,
            transitions_possibles=[StatutReorientation.ANNULEE],
            date_limite_avis=date_limite_avis,
        )


@dataclass(frozen=True)
class Motif:
    """A row of the referential; a None leaves the choice free."""

    code: str
    demandeur: DemandeurReorientation | None
    moment: MomentReorientation | None


MOTIFS = {
    ligne["code"]: Motif(
        code=ligne["code"],
        demandeur=DemandeurReorientation(ligne["demandeur"]) if ligne["demandeur"] else None,
        moment=MomentReorientation(ligne["moment"]) if ligne["moment"] else None,
    )
    for ligne in charger("motifs-reorientation")
}


@dataclass(frozen=True)
class Demande:
    """What is asked of the decider."""

    demandeur: DemandeurReorientation
    moment: MomentReorientation
    motif: str
    commentaire: str | None
    type_parcours: TypeParcours
    organisme_id: UUID
    date_demande: date


@dataclass(frozen=True)
class EnVigueur:
    """The orientation that a request would replace."""

    statut: StatutOrientation
    type_parcours: TypeParcours | None
    organisme_id: UUID | None
    date_effet: date | None


def verifier_demande(demande: Demande, orientation: EnVigueur, jour: date) -> None:
    """Check that a request may be made: on what is in force, for a reason, for a change.

    Args:
        jour: today, where the collectivité is; a request may bear that day or an earlier one,
            not before the orientation took effect.

    Raises:
        TransitionInterdite: the orientation is not in force.
        Validation: the motif does not hold here, nothing would change, or the day is wrong.

    Source: code du travail, L5411-5-2 II; motifs-reorientation.csv.
    """
    if orientation.statut is not StatutOrientation.OUVERTE or orientation.date_effet is None:
        raise TransitionInterdite(orientation.statut, [])
    erreurs = []
    motif = MOTIFS.get(demande.motif)
    if motif is None:
        erreurs.append(Erreur("/motif", "code-referentiel-inconnu", "Motif inconnu"))
    else:
        for nom in ("demandeur", "moment"):
            if getattr(motif, nom) not in (None, getattr(demande, nom)):
                message = "Ce motif ne vaut pas ici"
                erreurs.append(Erreur(f"/{nom}", "hors-bornes", message))
    if demande.motif == MOTIF_AUTRE and not (demande.commentaire or "").strip():
        erreurs.append(Erreur("/commentaire", "requis", "Requis avec le motif autre"))
    if (demande.type_parcours, demande.organisme_id) == (
        orientation.type_parcours,
        orientation.organisme_id,
    ):
        message = "Le parcours et l'organisme sont ceux d'aujourd'hui"
        erreurs.append(Erreur("/organisme_propose_id", "hors-bornes", message))
    if not orientation.date_effet <= demande.date_demande <= jour:
        message = "La demande precede l'effet de l'orientation, ou elle est dans l'avenir"
        erreurs.append(Erreur("/date_demande", "date-incoherente", message))
    if erreurs:
        raise Validation(erreurs)


def date_limite(code: str, date_demande: date, locaux: Iterable[Delai] = ()) -> date:
    """Return the last civil day of a wait that a request opens: the collectivité's own, or ours."""
    # Ours come from no day: they hold wherever no local one does.
    siens = [delai for delai in locaux if delai.code == code]
    return delai_en_vigueur(code, date_demande, [*siens, *DELAIS_REORIENTATION]).echeance(
        date_demande
    )


def exige_en_attente(statut: StatutReorientation) -> None:
    """Refuse an act on a request that has ended.

    Raises:
        TransitionInterdite: it has.
    """
    if statut is not StatutReorientation.EN_ATTENTE:
        raise TransitionInterdite(statut, TRANSITIONS[statut])


def attente(
    statut: StatutReorientation, limite: date | None, *, faite: bool, jour: date
) -> EtatAttente:
    """Return what has become of an answer or of an avis; its last day is still in time.

    Args:
        statut: of the request; once it ended, nothing more is waited for.
        limite: last day of the wait; None when nothing was asked.
        faite: whether it came, in time or not.
        jour: today, where the collectivité is.
    """
    if faite:
        return EtatAttente.RECUE
    if limite is None:
        return EtatAttente.NON_REQUISE
    if jour > limite:
        return EtatAttente.SILENCE
    if statut is not StatutReorientation.EN_ATTENTE:
        return EtatAttente.SANS_OBJET
    return EtatAttente.ATTENDUE


def exige_premier(*, deja: bool) -> None:
    """Refuse a second answer, or a second avis.

    Raises:
        TransitionInterdite: one came already.
    """
    if deja:
        raise TransitionInterdite(EtatAttente.RECUE, [])


def verifier_avis(date_avis: date, *, date_demande: date, jour: date) -> None:
    """Check that an avis was given between the request and today, both included.

    Raises:
        Validation: `date-incoherente`.
    """
    if not date_demande <= date_avis <= jour:
        message = "L'avis precede la demande, ou il est dans l'avenir"
        raise Validation([Erreur("/date_avis", "date-incoherente", message)])


@dataclass(frozen=True)
class Decision:
    """What the decider answers to a request."""

    etat: EtatDecision
    date_decision: date
    date_effet: date | None = None
    motif: str | None = None


def verifier_decision(
    decision: Decision,
    *,
    date_demande: date,
    effet_precedent: date,
    date_avis: date | None,
    date_limite_avis: date | None,
    jour: date,
) -> date | None:
    """Return the day when the new orientation takes effect; None when the request is refused.

    The one in force ends the day before, so it has one day at least. Without a day, it is that of
    the decision, or that next day. An effect is within a year, a bound of ours.

    Args:
        decision: of the competent authority, on a request that waits.
        effet_precedent: first day of the orientation in force.
        date_avis: when the équipe pluridisciplinaire gave its avis.
        date_limite_avis: last day of its month; None when it is not consulted.
        jour: today, where the collectivité is.

    Raises:
        AvisAttendu: the avis was not given on the day of the decision, and its month not over.
        Validation: a day is wrong, or a refusal says nothing of why.

    Source: orientation-rules, 6 and 8; CASF L262-39 for the month of silence, unconfirmed.
    """
    le = decision.date_decision
    erreurs = []
    if not date_demande <= le <= jour:
        message = "La decision precede la demande, ou elle est dans l'avenir"
        erreurs.append(Erreur("/date_decision", "date-incoherente", message))
    effet = None
    if decision.etat is EtatDecision.REFUSEE:
        if not (decision.motif or "").strip():
            erreurs.append(Erreur("/motif", "requis", "Requis quand la demande est refusee"))
        if decision.date_effet is not None:
            erreurs.append(Erreur("/date_effet", "champ-inconnu", "Un refus n'a pas d'effet"))
    else:
        lendemain = effet_precedent + timedelta(days=1)
        effet = decision.date_effet or max(le, lendemain)
        if not max(le, lendemain) <= effet <= le + EFFET_MAX:
            message = "L'effet precede la decision ou l'orientation en vigueur, ou suit d'un an"
            erreurs.append(Erreur("/date_effet", "date-incoherente", message))
    if erreurs:
        raise Validation(erreurs)
    rendu = date_avis is not None and date_avis <= le
    if date_limite_avis is not None and not rendu and le <= date_limite_avis:
        raise AvisAttendu(date_limite_avis)
    return effet


@dataclass(frozen=True)
class Contrat:
    """What a request does to the delay of the contract, as far as orientation can date it."""

    effet: EffetContrat
    date_limite: date | None
    source: str


def contrat(
    moment: MomentReorientation,
    date_demande: date,
    *,
    date_fin: date | None,
    notification_precedente: date | None,
    notification_nouvelle: date | None,
) -> Contrat:
    """Return by when a contract is due, from what is known; without a date, no delay runs.

    Asked after the diagnostic, the month that ran is wiped out, and a whole one starts when the
    new decision is notified; one that had ended already is not revived. Refused or withdrawn, it
    starts again that day, never before its notification: no text says so. Asked later, a new
    contract is due once notified.

    Args:
        date_fin: day on which the request was refused or withdrawn.
        notification_precedente: date certaine of the orientation in force when it was asked.
        notification_nouvelle: date certaine of the orientation that came of it.

    Source: code du travail, D5411-8-2 and D5411-14-2.
    """
    apres_diagnostic = moment is MomentReorientation.APRES_DIAGNOSTIC
    effet, source = (
        (EffetContrat.DELAI_INTERROMPU, "Code du travail D5411-8-2")
        if apres_diagnostic
        else (EffetContrat.NOUVEAU_CONTRAT, "Code du travail D5411-14-2")
    )
    limite = None
    if apres_diagnostic and notification_precedente is not None:
        # Asked before the month began, it interrupts it from its first day; ended by then, it
        # interrupts nothing.
        interruption = Interruption(
            max(date_demande, notification_precedente),
            notification_nouvelle or (date_fin and max(date_fin, notification_precedente)),
        )
        limite = echeance_suivie(
            delai_en_vigueur(CONTRAT, notification_precedente),
            notification_precedente,
            interruptions=[interruption],
        )
    elif notification_nouvelle is not None:
        limite = delai_en_vigueur(CONTRAT_REORIENTATION, notification_nouvelle).echeance(
            notification_nouvelle
        )
    return Contrat(effet, limite, source)
