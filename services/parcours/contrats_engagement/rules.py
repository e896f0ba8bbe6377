"""The contrat d'engagement: its states, its two signatures, its month, and its weekly hours.

The hours are an objective of the plan d'action. They are not working time, not a compulsory
activity, and nothing here, nor any route, job or fact, leads from them to a sanction: a contract
is suspended by the end of an inscription, which the caller tells.

Source: parcours-rules.md §4, §5 and §9 (code du travail L5411-6, D5411-14-1, D5411-14-2,
D5411-8-2, R5411-14 to R5411-15-3).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.parcours.freins.rules import DonneeSanteInterdite
from shared.delais import (
    Delai,
    Etat,
    Interruption,
    Unite,
    delai_en_vigueur,
    depart_suivi,
    etat,
)
from shared.referentiels import codes
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.orientation.reorientations import (
    MomentReorientation,
    Reorientation,
    StatutReorientation,
    TypeActeReorientation,
)
from shared.schemas.orientation.vocabulaire import TypeParcours
from shared.schemas.parcours.contrats_engagement import (
    ContratEngagementCreation,
    DispositifContrat,
    IntensiteCreation,
    MotifHeures,
    NatureRevision,
    SignataireContrat,
    StatutContrat,
)

CONTRAT, CONTRAT_REORIENTATION, ORE = "contrat_engagement", "contrat_apres_reorientation", "ore"
SUSPENSION = "contrat_suspendu_cloture"
A_ZERO = frozenset(MotifHeures(code) for code in codes("motifs-heures-activite", effet="zero"))
REDUITS = frozenset(MotifHeures(code) for code in codes("motifs-heures-activite", effet="reduit"))
PARTIES = frozenset(SignataireContrat)
_LIES_A_ZERO = ("a_la_demande", "date_demande")

TRANSITIONS: Mapping[StatutContrat, tuple[StatutContrat, ...]] = {
    StatutContrat.A_SIGNER: (
        StatutContrat.EN_ATTENTE_SIGNATURE,
        StatutContrat.REFUSE,
        StatutContrat.SUSPENDU,
    ),
    StatutContrat.EN_ATTENTE_SIGNATURE: (
        StatutContrat.SIGNE,
        StatutContrat.REFUSE,
        StatutContrat.A_SIGNER,
        StatutContrat.SUSPENDU,
    ),
    # Back to be signed by an essential change, or by a new decision.
    StatutContrat.SIGNE: (StatutContrat.A_SIGNER, StatutContrat.SUSPENDU),
    StatutContrat.REFUSE: (
        StatutContrat.EN_ATTENTE_SIGNATURE,
        StatutContrat.SIGNE,
        StatutContrat.A_SIGNER,
        StatutContrat.SUSPENDU,
    ),
    # To what it was before; a new decision meanwhile makes that to be signed.
    StatutContrat.SUSPENDU: (
        StatutContrat.A_SIGNER,
        StatutContrat.EN_ATTENTE_SIGNATURE,
        StatutContrat.SIGNE,
        StatutContrat.REFUSE,
        StatutContrat.CLOTURE,
    ),
    StatutContrat.CLOTURE: (),
}
_SIGNABLES = (StatutContrat.A_SIGNER, StatutContrat.EN_ATTENTE_SIGNATURE, StatutContrat.REFUSE)
_REFUSABLES = (StatutContrat.A_SIGNER, StatutContrat.EN_ATTENTE_SIGNATURE)
_VIVANTS = (*_SIGNABLES, StatutContrat.SIGNE)


class ContratNonClos(Refus):
    """One that is not closed at a time: that one takes the next version."""

    code = "transition-interdite"
    detail = "Un contrat non clos existe deja : une nouvelle version s'y ecrit."


class DejaSigne(Refus):
    """This party has signed this version."""

    code = "transition-interdite"
    detail = "Cette partie a deja signe cette version."


class VersionARefaire(Refus):
    """The decision has changed since: the organisme that commits itself may not be the same."""

    code = "transition-interdite"
    detail = "Une nouvelle decision est venue : une version doit y repondre avant la signature."


@dataclass(frozen=True)
class BornesHeures:
    """What a week may count, in minutes, both ends included."""

    depuis: date
    norme_minutes: int
    plafond_minutes: int


# The norm: code du travail L5411-6 II 3°; 15 to 20 hours is what the pilot and public pages say,
# within these bounds. No text read sets a maximum: ours, the legal working week, not confirmed.
BORNES = (BornesHeures(depuis=date(2025, 1, 1), norme_minutes=15 * 60, plafond_minutes=35 * 60),)
# Below this age, the want of childcare may set the hours at zero.
AGE_GARDE = 12
REEXAMEN, REEXAMEN_SOCIAL = "reexamen_heures", "reexamen_heures_social"
# Ours, unless the collectivité has a delay of the same code.
DELAIS_REEXAMEN = tuple(
    Delai(
        code=code,
        duree=duree,
        unite=Unite.MOIS,
        depuis=None,
        source="Proposition de Jalons : aucun texte lu ne borne le réexamen d'un motif",
        confirme=False,
    )
    for code, duree in ((REEXAMEN, 6), (REEXAMEN_SOCIAL, 12))
)


def bornes_heures(jour: date) -> BornesHeures:
    """Return the bounds in force; before the first, those of the first: nothing held then."""
    return max(
        (bornes for bornes in BORNES if bornes.depuis <= jour),
        key=lambda bornes: bornes.depuis,
        default=BORNES[0],
    )


def erreurs_heures(intensite: IntensiteCreation, jour: date) -> list[Erreur]:
    """Return what is wrong with weekly hours, each with its field.

    From the norm to the ceiling, both included: no reason, and none is kept. Below, more than
    zero: the individual situation, and a diagnostic. Zero: one of the four reasons, at the
    person's request, on a day that has come; lone parent: a child under twelve that day.

    Source: code du travail L5411-6 II; motifs-heures-activite.csv.
    """
    minutes, motif = intensite.duree_hebdomadaire_minutes, intensite.motif
    bornes = bornes_heures(jour)
    if minutes > bornes.plafond_minutes:
        return [_erreur("duree_hebdomadaire_minutes", "hors-bornes", "Au-dela du plafond")]
    if minutes >= bornes.norme_minutes:
        admis: Collection[MotifHeures] = ()
        requis: tuple[str, ...] = ()
    elif minutes > 0:
        admis, requis = REDUITS, ("diagnostic_id",)
    else:
        admis = A_ZERO
        enfant = ("age_enfant",) if motif is MotifHeures.PARENT_ISOLE_SANS_GARDE else ()
        requis = (*_LIES_A_ZERO, *enfant)
    erreurs = []
    if admis and motif is None:
        erreurs.append(_erreur("motif", "requis", "Une duree reduite se motive"))
    elif motif is not None and motif not in admis:
        erreurs.append(_erreur("motif", "hors-bornes", "Ce motif ne vaut pas pour cette duree"))
    for champ in (*_LIES_A_ZERO, "diagnostic_id", "age_enfant"):
        valeur = getattr(intensite, champ)
        # A child of less than a year is of age 0, which equals False.
        donne = valeur is not None and valeur is not False
        if champ in requis and not donne:
            erreurs.append(_erreur(champ, "requis", "Requis pour cette duree et ce motif"))
        # A diagnostic may be named whatever the hours; the rest would be kept for nothing.
        if donne and champ not in (*requis, "diagnostic_id"):
            erreurs.append(_erreur(champ, "champ-inconnu", "Sans objet ici"))
    if intensite.date_demande is not None and intensite.date_demande > jour:
        erreurs.append(_erreur("date_demande", "date-incoherente", "A venir"))
    if "age_enfant" in requis and (intensite.age_enfant or 0) >= AGE_GARDE:
        erreurs.append(_erreur("age_enfant", "hors-bornes", "L'enfant a douze ans ou plus"))
    if intensite.date_reexamen is not None and not admis:
        erreurs.append(_erreur("date_reexamen", "champ-inconnu", "Aucun motif a revoir"))
    return erreurs


def date_reexamen(
    intensite: IntensiteCreation,
    type_parcours: TypeParcours,
    jour: date,
    locaux: Iterable[Delai] = (),
) -> date | None:
    """Return the day when the reason is seen again, the last admitted one unless said.

    Args:
        jour: the version's; the review comes after it.
        locaux: delays of the collectivité, which come before ours.

    Raises:
        Validation: it comes too late, or not after `jour`.
    """
    if intensite.motif is None:
        return None
    code = REEXAMEN_SOCIAL if type_parcours is TypeParcours.SOCIAL else REEXAMEN
    siens = [delai for delai in locaux if delai.code == code]
    limite = delai_en_vigueur(code, jour, [*siens, *DELAIS_REEXAMEN]).echeance(jour)
    voulue = intensite.date_reexamen or limite
    if not jour < voulue <= limite:
        raise Validation([_erreur("date_reexamen", "date-incoherente", "Trop tard, ou passee")])
    return voulue


def exige_motif(motif: MotifHeures | None, portees: Collection[str]) -> None:
    """Refuse a reason for zero hours to whom does not write health.

    The lone parent's is kept with the others: were it shown, its absence would tell of health.

    Raises:
        DonneeSanteInterdite: the scope is missing.
    """
    if motif in A_ZERO and "parcours.sante:ecrire" not in portees:
        raise DonneeSanteInterdite


def verifier_contenu(
    demande: ContratEngagementCreation,
    type_parcours: TypeParcours,
    jour: date,
    *,
    diagnostic_connu: bool,
) -> None:
    """Check a version whole.

    Args:
        diagnostic_connu: whether the diagnostic that it names, if any, is of this parcours.

    Raises:
        Validation: with the fields.
    """
    erreurs = erreurs_heures(demande.plan_action.intensite, jour)
    if demande.plan_action.intensite.diagnostic_id is not None and not diagnostic_connu:
        erreurs.append(_erreur("diagnostic_id", "hors-bornes", "Aucun diagnostic de ce parcours"))
    nomme = demande.dispositif is not DispositifContrat.DROIT_COMMUN
    if nomme != (demande.duree_accompagnement_mois is not None):
        code, message = (
            ("requis", "Requise pour ce dispositif")
            if nomme
            else ("champ-inconnu", "Pour un CEJ ou un PACEA seuls")
        )
        erreurs.append(Erreur("/duree_accompagnement_mois", code, message))
    if demande.offre_raisonnable_emploi is not None and type_parcours is TypeParcours.SOCIAL:
        message = "Sans objet dans un parcours social"
        erreurs.append(Erreur("/offre_raisonnable_emploi", "champ-inconnu", message))
    for rang, action in enumerate(demande.plan_action.actions):
        debut, fin = action.date_debut, action.date_fin
        if debut is not None and fin is not None and fin < debut:
            pointeur = f"/plan_action/actions/{rang}/date_fin"
            erreurs.append(Erreur(pointeur, "date-incoherente", "Avant le debut"))
    if erreurs:
        raise Validation(erreurs)


@dataclass(frozen=True)
class EtatContrat:
    """All that the rules need to know of a contract."""

    statut: StatutContrat
    orientation_id: UUID
    orientation_revision_id: UUID
    date_notification: date | None
    # Of this version, under this decision, since the person last refused it.
    signatures: Mapping[SignataireContrat, date]
    date_suspension: date | None = None
    statut_precedent: StatutContrat | None = None


@dataclass(frozen=True)
class Essentiel:
    """What of a version cannot change without being signed again."""

    orientation_id: UUID
    organisme_referent_id: UUID
    dispositif: DispositifContrat
    duree_hebdomadaire_minutes: int
    engagements: tuple[tuple[str, ...], tuple[str, ...]]  # of the organisme, of the person
    offre_raisonnable_emploi: object


def nature(avant: Essentiel, apres: Essentiel) -> NatureRevision:
    """Return what a version changes: objectives, actions and référent do not ask a signature.

    Source: parcours-rules.md §4 (réorientation, dispositif, ORE…) and §6 (change of référent).
    """
    return NatureRevision.ACTUALISATION if avant == apres else NatureRevision.AVENANT


def apres_revision(statut: StatutContrat, sorte: NatureRevision) -> StatutContrat:
    """Return the state once a version is written: only what is signed and unchanged stays signed.

    Raises:
        TransitionInterdite: the contract is suspended or closed.
    """
    _exige(statut, _VIVANTS)
    if statut is StatutContrat.SIGNE and sorte is NatureRevision.ACTUALISATION:
        return StatutContrat.SIGNE
    return StatutContrat.A_SIGNER


def apres_signature(
    etat: EtatContrat, signataire: SignataireContrat, date_signature: date, jour: date
) -> tuple[StatutContrat, date | None]:
    """Return the state after a signature, and the day when both had signed.

    Late is admitted: the due date is computed apart. The day of the notification and today are
    both admitted. What the person refused stays refused until the person signs.

    Raises:
        TransitionInterdite: the contract is not one to sign.
        VersionARefaire: its version answers to another decision.
        DejaSigne: this party has.
        Validation: `date-incoherente`: the decision was not notified by then, or in the future.
    """
    _exige(etat.statut, _SIGNABLES)
    if etat.orientation_revision_id != etat.orientation_id:
        raise VersionARefaire(statut_actuel=etat.statut, transitions_possibles=[])
    if signataire in etat.signatures:
        raise DejaSigne(
            statut_actuel=etat.statut,
            transitions_possibles=list(TRANSITIONS[etat.statut]),
        )
    if etat.date_notification is None or not etat.date_notification <= date_signature <= jour:
        message = "Avant la notification de la decision, ou a venir"
        raise Validation([Erreur("/date_signature", "date-incoherente", message)])
    signatures = {**etat.signatures, signataire: date_signature}
    if etat.statut is StatutContrat.REFUSE and SignataireContrat.PERSONNE not in signatures:
        return StatutContrat.REFUSE, None
    if signatures.keys() < PARTIES:
        return StatutContrat.EN_ATTENTE_SIGNATURE, None
    return StatutContrat.SIGNE, max(signatures.values())


def apres_refus(statut: StatutContrat, date_refus: date, jour: date) -> StatutContrat:
    """Return the state after a refusal: nothing is drawn from it here.

    Raises:
        TransitionInterdite: the contract does not wait for a signature.
        Validation: the day is to come.
    """
    _exige(statut, _REFUSABLES)
    _exige_date("/date_refus", date_refus, date.min, jour)
    return StatutContrat.REFUSE


def apres_suspension(statut: StatutContrat, date_suspension: date, jour: date) -> StatutContrat:
    """Return the state after the end of an inscription, whatever it was.

    Raises:
        TransitionInterdite: the contract is suspended or closed already.
        Validation: the day is to come.
    """
    _exige(statut, _VIVANTS)
    _exige_date("/date_suspension", date_suspension, date.min, jour)
    return StatutContrat.SUSPENDU


def apres_reprise(etat: EtatContrat, date_reprise: date, jour: date) -> StatutContrat:
    """Return the state that the contract takes up again.

    Raises:
        TransitionInterdite: it is not suspended.
        Validation: the day is before the suspension, or to come.
    """
    _exige(etat.statut, (StatutContrat.SUSPENDU,))
    assert etat.statut_precedent is not None
    _exige_date("/date_reprise", date_reprise, etat.date_suspension or date.min, jour)
    return etat.statut_precedent


def apres_cloture(etat: EtatContrat, date_cloture: date, jour: date) -> StatutContrat:
    """Return the state once the suspension has lasted its twelve months, the last day included.

    Raises:
        TransitionInterdite: the contract is not suspended.
        Validation: the day is too early, or to come.

    Source: github:France-Travail/si_plateforme, API_ContratEngagement.excalidraw; not confirmed.
    """
    _exige(etat.statut, (StatutContrat.SUSPENDU,))
    assert etat.date_suspension is not None
    delai = delai_en_vigueur(SUSPENSION, etat.date_suspension)
    _exige_date("/date_cloture", date_cloture, delai.echeance(etat.date_suspension), jour)
    return StatutContrat.CLOTURE


def apres_decision(statut: StatutContrat) -> StatutContrat:
    """Return the state under a new decision: all is to be signed again, but what is suspended.

    Source: D5411-14-2; France Travail, API_OrientationUsager.excalidraw.
    """
    return statut if statut is StatutContrat.SUSPENDU else StatutContrat.A_SIGNER


def interruption(reorientation: Reorientation) -> Interruption | None:
    """Return what a request does to the month: asked after the diagnostic, it interrupts it.

    Refused or withdrawn, a whole month starts again that day: no text says so. Accepted, the
    notification of the new decision starts another, which is another period's.

    Source: D5411-8-2.
    """
    if reorientation.moment is not MomentReorientation.APRES_DIAGNOSTIC:
        return None
    fins = [
        acte.date_acte
        for acte in reorientation.actes
        if acte.type in (TypeActeReorientation.DECISION, TypeActeReorientation.ANNULATION)
    ]
    ecartee = reorientation.statut in (StatutReorientation.REFUSEE, StatutReorientation.ANNULEE)
    return Interruption(reorientation.date_demande, max(fins) if ecartee and fins else None)


def depart_contrat(
    notification: date | None,
    interruptions: Iterable[Interruption],
    *,
    signature: date | None = None,
) -> date | None:
    """Return the day from which the month to sign runs; None while none runs.

    Args:
        notification: date certaine of the decision; None: not notified.
        interruptions: of this decision; one asked before the month began holds from its first
            day, unless it ended by then, and one asked once the contract was signed changes
            nothing.
        signature: when both had signed.

    Source: D5411-14-1, D5411-8-2.
    """
    if notification is None:
        return None
    delai = delai_contrat(notification)
    if delai is None:
        return notification
    return depart_suivi(
        delai,
        notification,
        interruptions=[
            Interruption(max(one.jour, notification), one.reprise)
            for one in interruptions
            if one.reprise is None or one.reprise > notification
            if signature is None or one.jour < signature
        ],
    )


def delai_contrat(depart: date, *, reoriente: bool = False) -> Delai | None:
    """Return the delay to sign; None before the first day that the law set one."""
    try:
        return delai_en_vigueur(CONTRAT_REORIENTATION if reoriente else CONTRAT, depart)
    except LookupError:
        return None


def echeance_contrat(
    depart: date | None,
    jour: date,
    *,
    statut: StatutContrat,
    reoriente: bool,
    signature: date | None,
    dispense: bool = False,
) -> tuple[date | None, Etat | None]:
    """Return the last day to sign, and where that stands today: computed, stored nowhere.

    Of who is no longer inscribed, nothing is owed: unsigned when suspended or closed, none. Nor of
    who is out of droits et devoirs (R5411-15-2).
    """
    fini = statut in (StatutContrat.SUSPENDU, StatutContrat.CLOTURE)
    if signature is None and (fini or dispense):
        return None, None
    delai = delai_contrat(depart, reoriente=reoriente) if depart is not None else None
    if depart is None or delai is None:
        return None, None
    limite = delai.echeance(depart)
    return limite, etat(limite, jour, date_accomplie=signature)


def _exige(statut: StatutContrat, admis: Collection[StatutContrat]) -> None:
    if statut not in admis:
        raise TransitionInterdite(statut, TRANSITIONS[statut])


def _exige_date(champ: str, valeur: date, depuis: date, jour: date) -> None:
    """Both ends are included."""
    if not depuis <= valeur <= jour:
        raise Validation([Erreur(champ, "date-incoherente", "A venir, ou trop tot")])


def _erreur(champ: str, code: str, message: str) -> Erreur:
    return Erreur(f"/plan_action/intensite/{champ}", code, message)
