"""Propose a parcours, and check the decision that follows.

The tool proposes, a human of the competent organisme decides. Every proposal carries the rule,
its base and the version of the table: from the stored inputs it recomputes to the same bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from enum import StrEnum
from itertools import product
from typing import NamedTuple
from uuid import UUID

from services.orientation.criteres.rules import Entrees
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.orientation.vocabulaire import (
    EtatDecision,
    MotifRefus,
    NiveauFrein,
    StatutOrientation,
    TypeParcours,
)

EFFET_MAX = timedelta(days=366)
VERSION_TABLE_PARCOURS = "parcours-2025-01-01"


class Base(StrEnum):
    """What a rule rests on; whatever is not `texte` may be set aside by a human with a motif."""

    TEXTE = "texte"
    INTERPRETATION = "interpretation"
    PROPOSE = "propose"
    LOCAL = "local"  # an order of the préfet and the PCD; its reference is the source
    TECHNIQUE = "technique"


@dataclass(frozen=True)
class RegleParcours:
    """A row of the parcours table."""

    code: str
    type_parcours: TypeParcours | None
    base: Base
    source: str
    entretien_recommande: bool = False


_REFERENTIEL_CNE = "Référentiel d'orientation, délibération CNE du 7 novembre 2024"
_PRO = TypeParcours.PROFESSIONNEL
_SOCIO = TypeParcours.SOCIO_PROFESSIONNEL
_SOCIAL = TypeParcours.SOCIAL
P0 = RegleParcours("P0", None, Base.TECHNIQUE, "Cinématique de l'API de France Travail")
P1 = RegleParcours("P1", _SOCIAL, Base.TEXTE, "Code du travail L5411-5-1 I al. 2")
P2 = RegleParcours("P2", _SOCIAL, Base.TEXTE, _REFERENTIEL_CNE)
P3 = RegleParcours("P3", _SOCIO, Base.INTERPRETATION, _REFERENTIEL_CNE, True)
P4 = RegleParcours("P4", _SOCIO, Base.TEXTE, _REFERENTIEL_CNE)
P5 = RegleParcours("P5", _PRO, Base.TEXTE, _REFERENTIEL_CNE)
P6 = RegleParcours("P6", _PRO, Base.INTERPRETATION, _REFERENTIEL_CNE)
P7 = RegleParcours("P7", _SOCIO, Base.INTERPRETATION, _REFERENTIEL_CNE)


class Cas(NamedTuple):
    """A, P, Q and F of the référentiel, all known, for one without a temporary obstacle."""

    activite_recente: bool
    capacite_a_se_projeter: bool
    formation_qualifiante: bool
    niveau_freins: NiveauFrein


_NIVEAUX_CONNUS = [niveau for niveau in NiveauFrein if niveau is not NiveauFrein.NON_EXPLORE]
CAS = tuple(
    Cas(*cas) for cas in product((True, False), (True, False), (True, False), _NIVEAUX_CONNUS)
)


def _regle_nationale(cas: Cas) -> RegleParcours:
    """The first that applies of P2 to P7, in the order of the référentiel."""
    activite, projection = cas.activite_recente, cas.capacite_a_se_projeter
    if cas.niveau_freins is NiveauFrein.FORT:
        return P3 if activite or projection else P2
    if cas.niveau_freins is NiveauFrein.MOYEN:
        return P4
    if cas.formation_qualifiante and (activite or projection):
        return P5
    return P6 if activite and projection else P7


@dataclass(frozen=True)
class TableParcours:
    """The rule of each of the 24 cases. A temporary obstacle is not one of them: that is law."""

    version: str
    lignes: Mapping[Cas, RegleParcours]


TABLE_PARCOURS = TableParcours(VERSION_TABLE_PARCOURS, {cas: _regle_nationale(cas) for cas in CAS})


@dataclass(frozen=True)
class PropositionParcours:
    """The parcours proposed, or none and the inputs that are missing."""

    regle: RegleParcours
    manquantes: tuple[str, ...]
    entrees: Entrees
    version: str

    @property
    def type_parcours(self) -> TypeParcours | None:
        """None when the orientation has to stay a draft."""
        return self.regle.type_parcours


def proposer_parcours(
    entrees: Entrees, table: TableParcours = TABLE_PARCOURS
) -> PropositionParcours:
    """Return the parcours of the case, or none and the inputs that are missing (P0).

    Source: code du travail, L5411-5-1 I; référentiel du Comité national pour l'emploi. P3, P6
        and P7 fill what we could not read, and say so.
    """
    manquantes = tuple(
        champ.name
        for champ in fields(entrees)
        if getattr(entrees, champ.name).valeur in (None, NiveauFrein.NON_EXPLORE)
    )
    if manquantes:
        regle = P0
    elif entrees.obstacle_temporaire.valeur:
        regle = P1
    else:
        regle = table.lignes[Cas(*(getattr(entrees, nom).valeur for nom in Cas._fields))]
    return PropositionParcours(regle, manquantes, entrees, table.version)


class OrientationDejaDecidee(Refus):
    """A decision stands; only a new orientation replaces it."""

    code = "orientation-deja-decidee"
    detail = "Une decision existe deja ; une reorientation seule peut la remplacer."

    def __init__(self, statut_actuel: StatutOrientation) -> None:
        super().__init__(statut_actuel=statut_actuel)


@dataclass(frozen=True)
class Preconisation:
    """What was proposed; a None leaves the choice to the decider."""

    type_parcours: TypeParcours | None
    organisme_referent_id: UUID | None


@dataclass(frozen=True)
class Decision:
    """What the decider answers to a préconisation."""

    etat_decision: EtatDecision
    date_decision: date
    motif_refus: MotifRefus | None = None
    commentaire: str | None = None
    type_parcours: TypeParcours | None = None
    organisme_referent_id: UUID | None = None


@dataclass(frozen=True)
class Choix:
    """The parcours and the organisme référent that a decision names."""

    type_parcours: TypeParcours
    organisme_referent_id: UUID


def verifier_dates(date_decision: date, date_effet: date, recu: date) -> None:
    """Check that a decision comes after what it decides on, and takes effect after it.

    Both ends are included. A decision recorded late bears its own day, never one before the
    information was received; its effect is within a year, a bound of ours.

    Raises:
        Validation: `date-incoherente`, with the field.
    """
    erreurs = []
    if date_decision < recu:
        message = "La decision precede la reception de l'information"
        erreurs.append(Erreur("/date_decision", "date-incoherente", message))
    if not date_decision <= date_effet <= date_decision + EFFET_MAX:
        message = "L'effet precede la decision, ou la suit de plus d'un an"
        erreurs.append(Erreur("/date_effet", "date-incoherente", message))
    if erreurs:
        raise Validation(erreurs)


def decider(
    statut: StatutOrientation, preconisation: Preconisation, decision: Decision, *, jour: date
) -> Choix:
    """Return the parcours and organisme that the decision sets.

    Args:
        statut: of the orientation, `en_attente` being the only one that can be decided.
        preconisation: what the tool proposed.
        decision: accepted as proposed, or refused with a motif and the decider's own choice.
        jour: today, where the collectivité is; a decision may bear that date or an earlier one.

    Raises:
        OrientationDejaDecidee: the orientation is open or closed.
        TransitionInterdite: the orientation is a draft.
        Validation: the decision is incomplete, contradictory or dated after `jour`.

    Source: cinématique de l'API orientation usager de France Travail; the comment required
        with `autre` is proposed.
    """
    if statut in (StatutOrientation.OUVERTE, StatutOrientation.CLOTUREE):
        raise OrientationDejaDecidee(statut)
    if statut is not StatutOrientation.EN_ATTENTE:
        raise TransitionInterdite(statut, [StatutOrientation.EN_ATTENTE])
    if decision.etat_decision is EtatDecision.ACCEPTEE:
        erreurs, choix = _acceptation(preconisation, decision)
    else:
        erreurs, choix = _refus(decision)
    if decision.date_decision > jour:
        message = "La date de decision est dans l'avenir"
        erreurs.append(Erreur("/date_decision", "date-incoherente", message))
    if erreurs or choix is None:
        raise Validation(erreurs)
    return choix


def _acceptation(
    preconisation: Preconisation, decision: Decision
) -> tuple[list[Erreur], Choix | None]:
    """What was proposed is taken whole: nothing may contradict it."""
    erreurs = []
    if decision.motif_refus is not None:
        message = "Une acceptation ne porte pas de motif de refus"
        erreurs.append(Erreur("/motif_refus", "champ-inconnu", message))
    type_parcours, organisme_id = preconisation.type_parcours, preconisation.organisme_referent_id
    if type_parcours is None or organisme_id is None:
        # France Travail's rule for an undetermined proposal: only one's own choice is accepted.
        message = "La preconisation est incomplete : seule une decision refusee, avec un choix"
        return [
            *erreurs,
            Erreur("/etat_decision", "hors-bornes", f"{message}, est recevable"),
        ], None
    for nom, propose in vars(preconisation).items():
        if getattr(decision, nom) not in (None, propose):
            message = "Une acceptation reprend ce qui est preconise"
            erreurs.append(Erreur(f"/{nom}", "hors-bornes", message))
    return erreurs, Choix(type_parcours, organisme_id)


def _refus(decision: Decision) -> tuple[list[Erreur], Choix | None]:
    """The decider says why, and what instead."""
    erreurs = [
        Erreur(f"/{nom}", "requis", "Requis quand la preconisation est refusee")
        for nom in ("motif_refus", "type_parcours", "organisme_referent_id")
        if getattr(decision, nom) is None
    ]
    if decision.motif_refus is MotifRefus.AUTRE and not (decision.commentaire or "").strip():
        erreurs.append(Erreur("/commentaire", "requis", "Requis avec le motif autre"))
    if decision.type_parcours is None or decision.organisme_referent_id is None:
        return erreurs, None
    return erreurs, Choix(decision.type_parcours, decision.organisme_referent_id)
