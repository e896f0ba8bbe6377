"""The suspension-remobilisation: what each act requires, and the bounds of what is decided.

The software records the procedure and checks bounds; it never decides, proposes or computes a
share, a duration or an amount, and nothing here reads what a person did of her hours: the ground
is a contract refused or not respected, which an organisme reports and an authority judges.

This suspension is of the RSA. That of a contrat d'engagement, which the end of an inscription
brings (`contrats_engagement`), is another thing and no sanction: neither leads to the other.

Source: parcours-rules.md §7 (CASF L262-37, R262-68, R262-68-1, R262-68-6, R262-68-7, R262-69).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.delais import Delai, Unite, delai_en_vigueur, echeance
from shared.referentiels import charger, codes
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.orientation.organismes import OrganismeReferent
from shared.schemas.orientation.vocabulaire import TypeOrganisme
from shared.schemas.parcours.suspensions import (
    AuditionEp,
    AvisEpSuspensionCreation,
    DecisionSuspensionCreation,
    FormeObservations,
    FoyerSuspension,
    InformationSuspensionCreation,
    LeveeSuspensionCreation,
    MesureSuspension,
    MotifLevee,
    NotificationSuspensionCreation,
    ObservationsSuspensionCreation,
    RangManquement,
    StatutSuspension,
    SuspensionCreation,
    TermeSuspensionCreation,
)

OBSERVATIONS, DECISION = "observations_pcd", "decision_pcd"
SAISIE, REITERATION = "instruction_proposition_ft", "reiteration_rsa"
# None was read for the PCD: a collectivité may set its own, under the same code.
DELAIS = (SAISIE, OBSERVATIONS, DECISION, REITERATION)
FIN_MESURE = "fin_mesure"
# The five last days of the fifteen: from the tenth on.
ALERTE_SAISIE_JOURS = 5

S = StatutSuspension
TRANSITIONS: Mapping[StatutSuspension, tuple[StatutSuspension, ...]] = {
    S.SIGNALE: (S.CONTRADICTOIRE, S.DESSAISI),
    S.CONTRADICTOIRE: (S.AVIS_EP, S.DECIDE),
    S.AVIS_EP: (S.DECIDE,),
    S.DECIDE: (S.EN_COURS, S.ANNULE),
    S.EN_COURS: (S.LEVE, S.TERME, S.ANNULE),
    # An appeal may come after the end.
    S.LEVE: (S.ANNULE,),
    S.TERME: (S.ANNULE,),
    S.ANNULE: (),
    S.DESSAISI: (),
}
SANCTIONS = frozenset({MesureSuspension.SUSPENSION, MesureSuspension.SUPPRESSION})
# N63: refuses to draw one up. For the others there is a contract.
SANS_CONTRAT = frozenset({"N63"})
LEVEES = {
    "contrat": MotifLevee.CONTRAT_ELABORE_OU_ACTUALISE,
    "obligations": MotifLevee.OBLIGATIONS_RESPECTEES,
}


class AutoriteIncompetente(Refus):
    """The client does not speak for an organisme whose act this may be.

    Source: CASF L262-37 (the PCD decides) and R262-69 (the others report).
    """

    code = "autorite-incompetente"
    detail = "Cet acte revient a un organisme pour lequel le client ne parle pas."

    def __init__(self, attendus: Collection[TypeOrganisme]) -> None:
        super().__init__(decideurs_competents=sorted(attendus))


class HorsDroitsDevoirs(Refus):
    """This scheme is of persons under droits et devoirs (R262-68-7)."""

    code = "transition-interdite"
    detail = "La personne n'est pas soumise aux droits et devoirs : rien ne se suspend ici."

    def __init__(self) -> None:
        super().__init__(statut_actuel="hors_droits_devoirs", transitions_possibles=[])


class ObservationsEnCours(Refus):
    """The person may still answer, and has not."""

    code = "transition-interdite"
    detail = "Le delai d'observations court encore, et aucune n'a ete recue."

    def __init__(self, statut: StatutSuspension, date_limite: date) -> None:
        super().__init__(
            statut_actuel=statut,
            transitions_possibles=list(TRANSITIONS[statut]),
            date_limite_observations=str(date_limite),
        )


class SanctionEnCours(Refus):
    """A first-rank sanction of the person is decided or running already."""

    code = "transition-interdite"
    detail = "Une sanction de la personne est deja en cours : une autre de premier rang ne s'ouvre."

    def __init__(self, statut: StatutSuspension, suspension_id: UUID) -> None:
        super().__init__(
            statut_actuel=statut,
            transitions_possibles=list(TRANSITIONS[statut]),
            suspension_en_cours_id=str(suspension_id),
        )


@dataclass(frozen=True)
class Bareme:
    """One row of the table: what it admits, both ends included; None: no bound."""

    code: str
    depuis: date
    natures: frozenset[str]
    rangs: frozenset[str]
    mesures: frozenset[str]
    avis_ep: frozenset[str]  # the measures that an avis must precede
    levee: str
    part_min: int | None
    part_max: int | None
    duree_min: int | None
    duree_max: int | None


def _ensemble(cellule: str) -> frozenset[str]:
    return frozenset(cellule.split("|")) - {""}


def _entier(cellule: str) -> int | None:
    return int(cellule) if cellule else None


BAREMES = tuple(
    Bareme(
        code=ligne["code"],
        depuis=date.fromisoformat(ligne["depuis"]),
        natures=_ensemble(ligne["natures_ft"]),
        rangs=_ensemble(ligne["rangs"]),
        mesures=_ensemble(ligne["mesures"]),
        avis_ep=_ensemble(ligne["mesures_avis_ep"]),
        levee=ligne["levee_anticipee"],
        part_min=_entier(ligne["part_min_pct"]),
        part_max=_entier(ligne["part_max_pct"]),
        duree_min=_entier(ligne["duree_min_mois"]),
        duree_max=_entier(ligne["duree_max_mois"]),
    )
    for ligne in charger("bareme-sanctions")
)
PLAFOND_FOYER = "rsa_plafond_foyer"


def bareme(nature: str, rang: RangManquement, jour: date) -> Bareme | None:
    """Return the row for a breach of that nature and rank, on the day of the facts."""
    return max(
        (
            one
            for one in BAREMES
            if nature in one.natures and rang in one.rangs and one.depuis <= jour
        ),
        key=lambda one: one.depuis,
        default=None,
    )


def plafond_foyer(foyer: FoyerSuspension, jour: date) -> int | None:
    """Return the largest share admitted for the household; None: no cap of its own.

    Source: CASF R262-68-6: more than one person, or the majoration of L262-9.
    """
    if foyer.personnes == 1 and not foyer.majoration:
        return None
    plafonds = [one for one in BAREMES if one.code == PLAFOND_FOYER and one.depuis <= jour]
    return max(plafonds, key=lambda one: one.depuis).part_max if plafonds else None


@dataclass(frozen=True)
class Precedente:
    """A sanction of the person that was notified and stands: not annulled."""

    id: UUID
    rang: RangManquement
    date_notification: date
    statut: StatutSuspension
    persiste: bool = False  # seen at its end


def comptees(precedentes: Iterable[Precedente], reorientation: date | None) -> Sequence[Precedente]:
    """Return the sanctions that count: those notified since the last réorientation, if any.

    Source: code du travail R5412-3-4; its twin of the CASF was not read.
    """
    return [
        one
        for one in precedentes
        if reorientation is None or one.date_notification >= reorientation
    ]


def rang(
    date_faits: date,
    precedentes: Iterable[Precedente],
    *,
    reorientation: date | None,
    persistance_de: UUID | None,
    locaux: Iterable[Delai] = (),
) -> RangManquement:
    """Return the rank of a breach.

    It persists when it was seen so at the end of a measure that counts. It repeats from the day
    after the notification of a first sanction to the last day of the window, included.

    Args:
        precedentes: sanctions of the person.
        reorientation: first day of the last one.
        persistance_de: the measure at whose end it was seen.
        locaux: delays of the collectivité.

    Source: CASF L262-37 II; code du travail R5412-3-4.
    """
    locaux = tuple(locaux)
    retenues = comptees(precedentes, reorientation)
    if any(one.id == persistance_de and one.persiste for one in retenues):
        return RangManquement.PERSISTANCE
    if any(
        one.date_notification < date_faits <= fin
        for one in retenues
        if one.rang is RangManquement.PREMIER
        if (fin := _limite(REITERATION, one.date_notification, locaux)) is not None
    ):
        return RangManquement.REITERATION
    return RangManquement.PREMIER


def exige_autorite(
    auteur: str, organisme: OrganismeReferent | None, *, signalant_id: UUID | None = None
) -> None:
    """Check that the client speaks for the département, or for the organisme that may report.

    Args:
        auteur: client of the token.
        organisme: whose act it is said to be; None: unknown.
        signalant_id: the organisme référent, where it may act too.

    Raises:
        Validation: there is no such organisme.
        AutoriteIncompetente: the act is not one of its own, or it is another client's.
    """
    if organisme is None:
        raise Validation([Erreur("/organisme_id", "hors-bornes", "Organisme inconnu")])
    departement = organisme.type is TypeOrganisme.CONSEIL_DEPARTEMENTAL
    if auteur in organisme.clients and (departement or organisme.id == signalant_id):
        return
    raise AutoriteIncompetente([TypeOrganisme.CONSEIL_DEPARTEMENTAL])


def exige_statut(
    statut: str, admis: Collection[StatutSuspension], mesure: str | None = None
) -> None:
    """Refuse an act that the state does not allow: after `sans_suite` there is none.

    Raises:
        TransitionInterdite: it does not.
    """
    ou = StatutSuspension(statut)
    fini = mesure == MesureSuspension.SANS_SUITE
    if ou not in admis or fini:
        raise TransitionInterdite(ou, () if fini else TRANSITIONS[ou])


def verifier_signalement(
    demande: SuspensionCreation,
    jour: date,
    *,
    contrat_signe: bool,
    precedentes: Iterable[Precedente],
    droits_devoirs: bool,
) -> None:
    """Check what is reported.

    Args:
        contrat_signe: whether both have signed the person's contract, once at least.
        precedentes: sanctions of the person that count.
        droits_devoirs: whether the person is under them today.

    Raises:
        HorsDroitsDevoirs: not under them.
        Validation: with the fields.
    """
    if not droits_devoirs:
        raise HorsDroitsDevoirs
    erreurs = []
    nature = demande.nature_manquement
    connues = codes("codes-sanctions-ft", champ="natureManquement")
    if nature not in connues:
        erreurs.append(Erreur("/nature_manquement", "code-referentiel-inconnu", "Nature inconnue"))
    elif nature not in SANS_CONTRAT and not contrat_signe:
        erreurs.append(
            Erreur("/nature_manquement", "hors-bornes", "La personne n'a signe aucun contrat")
        )
    if nature in connues and bareme(nature, RangManquement.PREMIER, demande.date_faits) is None:
        erreurs.append(Erreur("/date_faits", "date-incoherente", "Avant le bareme"))
    _date(erreurs, "/date_faits", demande.date_faits, None, jour)
    if demande.date_proposition_ft is not None:
        _date(erreurs, "/date_proposition_ft", demande.date_proposition_ft, None, jour)
    precedente = demande.suspension_precedente_id
    if precedente is not None and not any(
        one.id == precedente and one.persiste for one in precedentes
    ):
        erreurs.append(
            Erreur(
                "/suspension_precedente_id",
                "hors-bornes",
                "Aucune mesure de la personne ne finit ainsi depuis sa derniere reorientation",
            )
        )
    _exige(erreurs)


def date_limite_saisie(demande: SuspensionCreation, locaux: Iterable[Delai] = ()) -> date | None:
    """Return the last day to take up a proposal of France Travail; None without one."""
    proposee = demande.date_proposition_ft
    return _limite(SAISIE, proposee, locaux) if proposee is not None else None


@dataclass(frozen=True)
class Procedure:
    """All that the rules need to know of a procedure."""

    id: UUID
    statut: StatutSuspension
    nature: str
    date_faits: date
    date_signalement: date
    date_proposition_ft: date | None
    date_saisie: date | None
    date_information: date | None
    date_limite_observations: date | None
    date_observations: date | None
    date_avis_ep: date | None
    date_limite_decision: date | None
    date_decision: date | None
    mesure: MesureSuspension | None
    rang: RangManquement | None
    duree_mois: int | None
    date_notification: date | None
    date_debut: date | None
    date_fin: date | None
    suspension_precedente_id: UUID | None


def verifier_saisie(procedure: Procedure, date_saisie: date, jour: date) -> None:
    """Check that a proposal of France Travail waits for the choice; late, it is still recorded.

    Raises:
        TransitionInterdite: there is none, or the choice was made.
        Validation: the day is to come, or before the proposal.
    """
    exige_statut(procedure.statut, (S.SIGNALE,))
    if procedure.date_proposition_ft is None or procedure.date_saisie is not None:
        raise TransitionInterdite(procedure.statut, TRANSITIONS[procedure.statut])
    _exige_date("/date_saisie", date_saisie, procedure.date_proposition_ft, jour)


def apres_information(
    procedure: Procedure,
    demande: InformationSuspensionCreation,
    jour: date,
    locaux: Iterable[Delai] = (),
) -> tuple[date, date]:
    """Return the last day to answer, and the last day to decide.

    Raises:
        TransitionInterdite: told already, or a proposal of France Travail waits for the choice.
        Validation: the day is to come, or before the facts.
    """
    exige_statut(procedure.statut, (S.SIGNALE,))
    if procedure.date_proposition_ft is not None and procedure.date_saisie is None:
        raise TransitionInterdite(procedure.statut, TRANSITIONS[procedure.statut])
    _exige_date("/date_information", demande.date_information, procedure.date_faits, jour)
    locaux = tuple(locaux)
    observations = delai_en_vigueur(OBSERVATIONS, demande.date_information, locaux)
    limite = observations.echeance(demande.date_information)
    return limite, delai_en_vigueur(DECISION, limite, locaux).echeance(limite)


def apres_observations(
    procedure: Procedure,
    demande: ObservationsSuspensionCreation,
    jour: date,
    locaux: Iterable[Delai] = (),
) -> date | None:
    """Return the last day to decide, when a hearing moves it; None: it stays.

    Late observations are received: nothing says that they are not.

    Raises:
        TransitionInterdite: not in the contradictoire.
        Validation: the day is to come, or before the information.
    """
    exige_statut(procedure.statut, (S.CONTRADICTOIRE, S.AVIS_EP))
    assert procedure.date_information is not None
    _exige_date("/date_observations", demande.date_observations, procedure.date_information, jour)
    if demande.forme is FormeObservations.ECRITES:
        return None
    return _reportee(procedure, demande.date_observations, locaux)


def apres_avis(
    procedure: Procedure,
    demande: AvisEpSuspensionCreation,
    jour: date,
    locaux: Iterable[Delai] = (),
) -> date | None:
    """Return the last day to decide, when the hearing of the person moves it; None: it stays.

    Raises:
        TransitionInterdite: not in the contradictoire, or an avis was given.
        Validation: the day is to come, or before the information.
    """
    exige_statut(procedure.statut, (S.CONTRADICTOIRE,))
    assert procedure.date_information is not None
    _exige_date("/date_avis", demande.date_avis, procedure.date_information, jour)
    if demande.audition is not AuditionEp.ENTENDUE:
        return None
    return _reportee(procedure, demande.date_avis, locaux)


@dataclass(frozen=True)
class Decidee:
    """What of a decision is not the caller's: its rank, and the row whose bounds it respects."""

    rang: RangManquement | None
    bareme: str | None


def apres_decision(
    procedure: Procedure,
    demande: DecisionSuspensionCreation,
    jour: date,
    *,
    precedentes: Sequence[Precedente],
    en_cours: UUID | None,
    reorientation: date | None,
    droits_devoirs: bool,
    locaux: Iterable[Delai] = (),
) -> Decidee:
    """Check a decision whole: when, what, and within which bounds.

    The last day of the observations is still the person's: from the day after, or from the day
    on which some were received.

    Args:
        precedentes: sanctions of the person that were notified and stand.
        en_cours: another sanction of the person, decided or running today.

    Raises:
        TransitionInterdite: not in the contradictoire.
        ObservationsEnCours: too early.
        HorsDroitsDevoirs: a sanction, of who is not under them any more.
        Validation: with the fields.
        SanctionEnCours: of first rank, and another one runs.

    Source: CASF L262-37 I to III, R262-68, R262-68-1, R262-68-6.
    """
    exige_statut(procedure.statut, (S.CONTRADICTOIRE, S.AVIS_EP))
    assert procedure.date_information is not None
    assert procedure.date_limite_observations is not None
    date_decision = demande.date_decision or jour
    recues = [one for one in (procedure.date_observations, procedure.date_avis_ep) if one]
    depuis = max(procedure.date_information, *recues) if recues else procedure.date_information
    _exige_date("/date_decision", date_decision, depuis, jour)
    if procedure.date_observations is None and date_decision <= procedure.date_limite_observations:
        raise ObservationsEnCours(procedure.statut, procedure.date_limite_observations)
    if demande.mesure is MesureSuspension.SANS_SUITE:
        _verifier_sans_suite(demande)
        return Decidee(rang=None, bareme=None)
    if not droits_devoirs:
        raise HorsDroitsDevoirs
    locaux = tuple(locaux)
    du_rang = rang(
        procedure.date_faits,
        precedentes,
        reorientation=reorientation,
        persistance_de=procedure.suspension_precedente_id,
        locaux=locaux,
    )
    ligne = bareme(procedure.nature, du_rang, procedure.date_faits)
    # No first sanction without a row: what is reported has one from its first day.
    assert ligne is not None
    _verifier_sanction(demande, ligne, procedure)
    if du_rang is RangManquement.PREMIER and en_cours is not None:
        raise SanctionEnCours(procedure.statut, en_cours)
    return Decidee(rang=du_rang, bareme=ligne.code)


def _verifier_sans_suite(demande: DecisionSuspensionCreation) -> None:
    erreurs = []
    if demande.motif_sans_suite is None:
        erreurs.append(Erreur("/motif_sans_suite", "requis", "Requis sans suite"))
    erreurs += [
        Erreur(f"/{champ}", "champ-inconnu", "Sans objet sans suite")
        for champ in ("part_pourcent", "duree_mois", "foyer")
        if getattr(demande, champ) is not None
    ]
    _exige(erreurs)


def _verifier_sanction(
    demande: DecisionSuspensionCreation, ligne: Bareme, procedure: Procedure
) -> None:
    erreurs = []
    if demande.mesure not in ligne.mesures:
        erreurs.append(Erreur("/mesure", "hors-bornes", "Pas a ce rang du manquement"))
    if demande.mesure in ligne.avis_ep and procedure.date_avis_ep is None:
        erreurs.append(
            Erreur("/mesure", "hors-bornes", "L'avis de l'equipe pluridisciplinaire manque")
        )
    erreurs += [
        Erreur(f"/{champ}", "requis", "Requis pour une sanction")
        for champ in ("part_pourcent", "duree_mois", "foyer", "voies_recours")
        if not getattr(demande, champ)
    ]
    if demande.motif_sans_suite is not None:
        erreurs.append(Erreur("/motif_sans_suite", "champ-inconnu", "Sans objet ici"))
    part, duree = demande.part_pourcent, demande.duree_mois
    maxima = [ligne.part_max]
    if demande.foyer is not None:
        maxima.append(plafond_foyer(demande.foyer, procedure.date_faits))
    if part is not None and not _entre(
        part, ligne.part_min, min((one for one in maxima if one is not None), default=None)
    ):
        # No bound is told: read as an answer, one would be a proposal.
        erreurs.append(Erreur("/part_pourcent", "hors-bornes", "Hors du bareme"))
    if duree is not None and not _entre(duree, ligne.duree_min, ligne.duree_max):
        erreurs.append(Erreur("/duree_mois", "hors-bornes", "Hors du bareme"))
    _exige(erreurs)


def apres_notification(
    procedure: Procedure, demande: NotificationSuspensionCreation, jour: date
) -> date:
    """Return the day when the measure ends, its duration counted from its first day.

    Raises:
        TransitionInterdite: nothing is decided, or `sans_suite`, or it was notified.
        Validation: notified before the decision or to come; begun before the notification.
    """
    exige_statut(procedure.statut, (S.DECIDE,), procedure.mesure)
    assert procedure.date_decision is not None
    assert procedure.duree_mois is not None
    erreurs: list[Erreur] = []
    _date(erreurs, "/date_notification", demande.date_notification, procedure.date_decision, jour)
    if demande.date_debut < demande.date_notification:
        erreurs.append(Erreur("/date_debut", "date-incoherente", "Avant la notification"))
    _exige(erreurs)
    return echeance(demande.date_debut, procedure.duree_mois, Unite.MOIS)


def verifier_transmission(procedure: Procedure, date_transmission: date, jour: date) -> None:
    """Check that a notified measure is transmitted, one day or another.

    Raises:
        TransitionInterdite: it was not notified, or it is annulled.
        Validation: the day is to come, or before the notification.
    """
    exige_statut(procedure.statut, (S.EN_COURS, S.LEVE, S.TERME))
    assert procedure.date_notification is not None
    _exige_date("/date_transmission", date_transmission, procedure.date_notification, jour)


def verifier_remobilisation(
    procedure: Procedure, motif: MotifLevee, date_remobilisation: date, jour: date
) -> None:
    """Check what the organisme référent reports after a suspension: nothing ends by it.

    Raises:
        TransitionInterdite: no suspension runs.
        Validation: the ground is not that of the breach; the day is to come, before the
            notification, or not before the term.

    Source: CASF R262-69.
    """
    _verifier_levable(procedure)
    erreurs = _motif_levee(procedure, motif)
    _avant_terme(erreurs, "/date_remobilisation", date_remobilisation, procedure, jour)
    _exige(erreurs)


def apres_levee(procedure: Procedure, demande: LeveeSuspensionCreation, jour: date) -> date:
    """Return the day on which the measure ends: that of the remobilisation, before its term.

    One who complies before the measure begins ends it on its first day.

    Raises:
        TransitionInterdite: it does not run, or it is a suppression.
        Validation: the ground is not that of the breach; the day is to come, before the
            notification, or not before the term.

    Source: CASF R262-68 (contract) and R262-68-1 (obligations).
    """
    _verifier_levable(procedure)
    assert procedure.date_debut is not None
    erreurs = _motif_levee(procedure, demande.motif)
    _avant_terme(erreurs, "/date_levee", demande.date_levee, procedure, jour)
    _exige(erreurs)
    return max(demande.date_levee, procedure.date_debut)


def verifier_terme(procedure: Procedure, demande: TermeSuspensionCreation, jour: date) -> None:
    """Check that the measure has come to its term, that day included.

    Raises:
        TransitionInterdite: it does not run.
        Validation: before the term, or to come.
    """
    exige_statut(procedure.statut, (S.EN_COURS,))
    assert procedure.date_fin is not None
    _exige_date("/date_terme", demande.date_terme, procedure.date_fin, jour)


def verifier_annulation(procedure: Procedure, date_annulation: date, jour: date) -> None:
    """Check that there is a sanction to annul.

    Raises:
        TransitionInterdite: none was decided, or it is annulled already.
        Validation: the day is to come, or before the decision.
    """
    exige_statut(procedure.statut, (S.DECIDE, S.EN_COURS, S.LEVE, S.TERME), procedure.mesure)
    assert procedure.date_decision is not None
    _exige_date("/date_annulation", date_annulation, procedure.date_decision, jour)


def delais_appliques(
    dates: Mapping[str, date | None], jour: date, locaux: Iterable[Delai] = ()
) -> list[Delai]:
    """Return the delays of a procedure, each as of the day that starts it, or today.

    Args:
        dates: by code, the day that starts it.
    """
    locaux = tuple(locaux)
    found = []
    for code in DELAIS:
        try:
            found.append(delai_en_vigueur(code, dates.get(code) or jour, locaux))
        except LookupError:
            continue
    return found


def _verifier_levable(procedure: Procedure) -> None:
    exige_statut(procedure.statut, (S.EN_COURS,))
    if procedure.mesure is not MesureSuspension.SUSPENSION:
        raise TransitionInterdite(
            procedure.statut, [one for one in TRANSITIONS[S.EN_COURS] if one is not S.LEVE]
        )


def _motif_levee(procedure: Procedure, motif: MotifLevee) -> list[Erreur]:
    assert procedure.rang is not None
    ligne = bareme(procedure.nature, procedure.rang, procedure.date_faits)
    if ligne is None or LEVEES.get(ligne.levee) is not motif:
        return [Erreur("/motif", "hors-bornes", "Pas pour ce manquement")]
    return []


def _avant_terme(
    erreurs: list[Erreur], champ: str, valeur: date, procedure: Procedure, jour: date
) -> None:
    """From the notification, included, to the term, excluded."""
    assert procedure.date_fin is not None
    _date(erreurs, champ, valeur, procedure.date_notification, jour)
    if valeur >= procedure.date_fin:
        erreurs.append(Erreur(champ, "date-incoherente", "Le terme est venu"))


def _reportee(procedure: Procedure, audition: date, locaux: Iterable[Delai]) -> date | None:
    """A hearing moves the last day to decide later, never sooner: they come in any order."""
    jours = (procedure.date_limite_decision, _limite(DECISION, audition, locaux))
    return max((one for one in jours if one is not None), default=None)


def _limite(code: str, depart: date, locaux: Iterable[Delai]) -> date | None:
    try:
        return delai_en_vigueur(code, depart, locaux).echeance(depart)
    except LookupError:
        return None


def _entre(valeur: int, minimum: int | None, maximum: int | None) -> bool:
    return (minimum is None or minimum <= valeur) and (maximum is None or valeur <= maximum)


def _date(erreurs: list[Erreur], champ: str, valeur: date, depuis: date | None, jour: date) -> None:
    """Both ends are included."""
    if not (depuis or date.min) <= valeur <= jour:
        erreurs.append(Erreur(champ, "date-incoherente", "A venir, ou trop tot"))


def _exige_date(champ: str, valeur: date, depuis: date, jour: date) -> None:
    erreurs: list[Erreur] = []
    _date(erreurs, champ, valeur, depuis, jour)
    _exige(erreurs)


def _exige(erreurs: Sequence[Erreur]) -> None:
    if erreurs:
        raise Validation(erreurs)
