"""Activities planned and done: ISO weeks, what holds of what was said, and the intensity followed.

Hours are an objective of the plan d'action. They are no working time and no compulsory activity,
and an intensity is read by people: nothing here, nor any route, job or fact, leads from it to a
sanction (tests/unit/parcours/test_heures_sans_sanction.py).

Source: parcours-rules.md §5 (code du travail L5411-6 II 3°, R5411-15).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from services.parcours.contrats_engagement.rules import bornes_heures
from shared.refus import Erreur, Refus, Validation
from shared.schemas.parcours.activites import (
    ActiviteCreation,
    DeclarationHeuresCreation,
    RepereHeuresCreation,
)
from shared.schemas.parcours.contrats_engagement import (
    ModaliteActivite,
    SignataireContrat,
    TypeActeContrat,
)

SEMAINES_SUIVIES = 4
_JOUR_MAX = 24 * 60
_POINTS_BASE = 10_000
_PREMIER_JOUR, _DERNIER_JOUR = date(1800, 1, 1), date(2999, 12, 31)  # those of `DateCivile`


class SemaineEntiere(Refus):
    """The week was said whole: a day more would count twice."""

    code = "transition-interdite"
    detail = "Cette semaine est declaree entiere : elle se corrige entiere."

    def __init__(self) -> None:
        super().__init__(statut_actuel="semaine", transitions_possibles=["semaine"])


class ActiviteArretee(Refus):
    """It ceases once."""

    code = "transition-interdite"
    detail = "Cette activite a deja cesse."

    def __init__(self) -> None:
        super().__init__(statut_actuel="arretee", transitions_possibles=[])


def lundi(jour: date) -> date:
    """Return the first day of the ISO week that holds a civil day."""
    return jour - timedelta(days=jour.weekday())


def code_semaine(jour: date) -> str:
    """Return the ISO week that holds a civil day: its year is that of its Thursday."""
    annee, semaine, _ = jour.isocalendar()
    return f"{annee:04}-W{semaine:02}"


def semaines_lisibles(jour: date, nombre: int, *, parametre: str) -> list[date]:
    """Return the Mondays of the weeks asked for, from that of a day back.

    Args:
        jour: in the first of them.
        nombre: one or more.
        parametre: of the query, that gave the day.

    Raises:
        Validation: `hors-bornes`, some week holds a day that no date of the contract may be.
    """
    derniere = lundi(jour)
    premiere = derniere - timedelta(weeks=nombre - 1)
    if premiere < _PREMIER_JOUR or derniere + timedelta(days=6) > _DERNIER_JOUR:
        message = "Une semaine sort des annees admises"
        raise Validation([Erreur(f"?{parametre}", "hors-bornes", message)])
    return [derniere - timedelta(weeks=rang) for rang in range(nombre)]


def lundi_de(code: str) -> date:
    """Return the Monday of an ISO week.

    Raises:
        Validation: that year has no such week.
    """
    annee, semaine = code.split("-W")
    try:
        return date.fromisocalendar(int(annee), int(semaine), 1)
    except ValueError:
        message = "Cette annee n'a pas cette semaine"
        raise Validation([Erreur("/semaine", "date-incoherente", message)]) from None


def semaines_suivies(jour: date) -> list[date]:
    """Return the Mondays of the last four complete weeks, from the last one back.

    A week is complete once its Sunday is over: on that day it is not.
    """
    courante = lundi(jour)
    return [courante - timedelta(weeks=rang) for rang in range(1, SEMAINES_SUIVIES + 1)]


@dataclass(frozen=True)
class EtatActivite:
    """When an activity holds: from its first day to its last, both included."""

    date_debut: date
    date_fin: date | None
    date_arret: date | None = None

    @property
    def dernier_jour(self) -> date:
        """The last one planned, or the one on which it ceased."""
        return min(jour for jour in (self.date_fin, self.date_arret, date.max) if jour)


def verifier_activite(demande: ActiviteCreation, jour: date) -> None:
    """Check an activity to plan: the ceiling of a week is admitted, a day is a period.

    Raises:
        Validation: `hors-bornes` or `date-incoherente`, with the field.
    """
    erreurs = []
    if demande.duree_hebdomadaire_minutes > bornes_heures(jour).plafond_minutes:
        pointeur = "/duree_hebdomadaire_minutes"
        erreurs.append(Erreur(pointeur, "hors-bornes", "Au-dela du plafond d'une semaine"))
    if demande.date_fin is not None and demande.date_fin < demande.date_debut:
        erreurs.append(Erreur("/date_fin", "date-incoherente", "Avant le debut"))
    if erreurs:
        raise Validation(erreurs)


def verifier_arret(etat: EtatActivite, date_arret: date, jour: date) -> None:
    """Check that an activity ceases on a day of its own that has come; its first and last do.

    Raises:
        ActiviteArretee: it did already.
        Validation: `date-incoherente`.
    """
    if etat.date_arret is not None:
        raise ActiviteArretee
    if not etat.date_debut <= date_arret <= min(etat.dernier_jour, jour):
        message = "Hors de l'activite, ou a venir"
        raise Validation([Erreur("/date_arret", "date-incoherente", message)])


def semaine_declaree(demande: DeclarationHeuresCreation, etat: EtatActivite, jour: date) -> date:
    """Check what is said to be done, and return the Monday of its week.

    A day holds 24 hours at most. Today and the current week are admitted, what is to come is not;
    so is the week in which the activity begins or ends. Nothing done is admitted outside of the
    activity too: what was said of those days, before its end was, is withdrawn so.

    Raises:
        Validation: `requis`, `champ-inconnu`, `hors-bornes` or `date-incoherente`, with the field.
    """
    if demande.date_activite is None and demande.semaine is None:
        raise Validation([Erreur("/date_activite", "requis", "Un jour, ou une semaine")])
    if demande.date_activite is not None and demande.semaine is not None:
        raise Validation([Erreur("/semaine", "champ-inconnu", "Un jour, ou une semaine")])
    if demande.date_activite is not None:
        champ, debut, fin = "/date_activite", demande.date_activite, demande.date_activite
        if demande.duree_minutes > _JOUR_MAX:
            raise Validation([Erreur("/duree_minutes", "hors-bornes", "Plus que dans un jour")])
    else:
        assert demande.semaine is not None
        champ, debut = "/semaine", lundi_de(demande.semaine)
        fin = debut + timedelta(days=6)
    dehors = debut > etat.dernier_jour or fin < etat.date_debut
    if debut > jour or (dehors and demande.duree_minutes > 0):
        raise Validation([Erreur(champ, "date-incoherente", "Hors de l'activite, ou a venir")])
    return lundi(debut)


def verifier_repere(demande: RepereHeuresCreation) -> None:
    """Check a local landmark: within what a contract may count, its ends in order.

    Raises:
        Validation: `hors-bornes`, with the field.
    """
    plafond = bornes_heures(demande.date_debut).plafond_minutes
    if not demande.minimum_minutes <= demande.maximum_minutes <= plafond:
        message = "Sous le minimum, ou au-dela du plafond d'une semaine"
        raise Validation([Erreur("/maximum_minutes", "hors-bornes", message)])


@dataclass(frozen=True)
class Declaration:
    """What was said of a day, or of a whole week when it names none."""

    activite_id: UUID
    modalite: ModaliteActivite
    lundi: date
    date_activite: date | None
    duree_minutes: int


def retenues(declarations: Iterable[Declaration]) -> list[Declaration]:
    """Return what holds of what was said, in the order in which it was said.

    The last word on a day holds; a whole week takes the place of the days said before it.
    """
    dites: dict[tuple[UUID, date], dict[date | None, Declaration]] = {}
    for une in declarations:
        de_la_semaine = dites.setdefault((une.activite_id, une.lundi), {})
        if une.date_activite is None:
            de_la_semaine.clear()
        de_la_semaine[une.date_activite] = une
    return [une for de_la_semaine in dites.values() for une in de_la_semaine.values()]


@dataclass(frozen=True)
class Prevue:
    """An activity planned, as it was known."""

    modalite: ModaliteActivite
    duree_hebdomadaire_minutes: int
    etat: EtatActivite


@dataclass(frozen=True)
class ActeConnu:
    """An act on a contract, with the hours of the version that it is about."""

    contrat_id: UUID
    type: TypeActeContrat
    revision: int
    orientation_id: UUID
    signataire: SignataireContrat | None
    date_acte: date
    duree_hebdomadaire_minutes: int


@dataclass
class _Engagement:
    """What a contract engages to, act after act."""

    minutes: int | None = None
    suspendu: bool = False
    signatures: dict[tuple[int, UUID], set[SignataireContrat]] = field(default_factory=dict)

    def apres(self, acte: ActeConnu) -> None:
        match acte.type:
            case TypeActeContrat.SIGNATURE:
                assert acte.signataire is not None
                cle = (acte.revision, acte.orientation_id)
                signes = self.signatures.setdefault(cle, set())
                signes.add(acte.signataire)
                if signes == set(SignataireContrat):
                    self.minutes = acte.duree_hebdomadaire_minutes
            case TypeActeContrat.REFUS:
                # What was signed before stands until another version is signed.
                for cle in [one for one in self.signatures if one[0] == acte.revision]:
                    del self.signatures[cle]
            case TypeActeContrat.SUSPENSION:
                self.suspendu = True
            case TypeActeContrat.REPRISE:
                self.suspendu = False
            case TypeActeContrat.NOUVELLE_DECISION | TypeActeContrat.CLOTURE:
                self.minutes = None


def objectif(actes: Iterable[ActeConnu], jour: date) -> int | None:
    """Return the weekly minutes that a signed contract sets on a day, or nothing.

    The last version that both signed holds until another is, a decision comes, the inscription
    ends or the contract closes. No hour set and no contract are told alike: the first has a
    reason, which may be of health.

    Args:
        actes: of the contracts of one parcours, in the order in which they were written.
    """
    engagements: dict[UUID, _Engagement] = {}
    for acte in actes:
        if acte.date_acte <= jour:
            engagements.setdefault(acte.contrat_id, _Engagement()).apres(acte)
    # One is not closed at a time: at most one of them engages.
    return next(
        (un.minutes for un in engagements.values() if un.minutes and not un.suspendu),
        None,
    )


Repartition = Mapping[ModaliteActivite, int]


@dataclass(frozen=True)
class Semaine:
    """One ISO week: the objective of the contract, what the plan holds, what was done."""

    lundi: date
    objectif_minutes: int | None
    prevu: Repartition
    realise: Repartition


@dataclass(frozen=True)
class Fermeture:
    """When a parcours was closed: from an exit, included, to the return, excluded, if any came."""

    date_sortie: date
    date_retour: date | None = None

    def couvre(self, debut: date, fin: date) -> bool:
        """Tell whether it was closed from one day to another, both included."""
        return self.date_sortie <= debut and (self.date_retour is None or fin < self.date_retour)


@dataclass(frozen=True)
class Suivi:
    """All that was known of a parcours, from which its weeks are told."""

    actes: Sequence[ActeConnu]
    prevues: Sequence[Prevue]
    declarations: Sequence[Declaration]
    fermetures: Sequence[Fermeture] = ()


def semaine(suivi: Suivi, lundi_: date) -> Semaine:
    """Return one week. The objective is that of its Monday: a week begun does not change it.

    An activity is planned whole in each week that it touches. Of a parcours that ended nothing is,
    from its last day on, in the weeks that its return, if any, does not touch.
    """
    dimanche = lundi_ + timedelta(days=6)
    clos = any(une.couvre(lundi_, dimanche) for une in suivi.fermetures)
    clos_lundi = any(une.couvre(lundi_, lundi_) for une in suivi.fermetures)
    return Semaine(
        lundi=lundi_,
        objectif_minutes=None if clos_lundi else objectif(suivi.actes, lundi_),
        prevu=_repartition(
            (une.modalite, une.duree_hebdomadaire_minutes)
            for une in suivi.prevues
            if not clos and une.etat.date_debut <= dimanche and une.etat.dernier_jour >= lundi_
        ),
        realise=_repartition(
            (une.modalite, une.duree_minutes)
            for une in retenues(suivi.declarations)
            if une.lundi == lundi_
        ),
    )


def intensite_points_base(semaines: Iterable[Semaine]) -> int | None:
    """Return realised over planned, in basis points rounded down; nothing when none is planned.

    Source: parcours-rules.md §5, « intensité suivie ».
    """
    vues = list(semaines)
    prevu = sum(une.objectif_minutes or 0 for une in vues)
    if prevu == 0:
        return None
    return sum(sum(une.realise.values()) for une in vues) * _POINTS_BASE // prevu


def _repartition(parts: Iterable[tuple[ModaliteActivite, int]]) -> Repartition:
    found = dict.fromkeys(ModaliteActivite, 0)
    for modalite, minutes in parts:
        found[modalite] += minutes
    return found
