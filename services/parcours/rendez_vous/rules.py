"""Rendez-vous: which acts a state allows, what an absence leads to, and France Travail's codes.

An absence is a fact, excused or not. It leads to another rendez-vous and to nothing else: whether
it is a breach is for people to say, elsewhere, with the person's word.

Source: parcours-rules.md §6; france-travail-integration.md §7.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from shared.delais import jour_civil
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.commun import Instant
from shared.schemas.orientation.accueils import PresenceAccueil
from shared.schemas.parcours.rendez_vous import (
    CreneauCreation,
    InitiateurRendezVous,
    ModaliteRendezVous,
    MotifRendezVous,
    PresenceRendezVousCreation,
    ReceptionRendezVous,
    StatutRendezVous,
)

DUREE_MAX = timedelta(days=1)
A_VENIR = (StatutRendezVous.PRIS, StatutRendezVous.MODIFIE)
A_REPRENDRE = (StatutRendezVous.ABSENT, StatutRendezVous.ANNULE)
# A statement is corrected by another, up to the rendez-vous that follows.
CONSTATABLES = (*A_VENIR, StatutRendezVous.EFFECTUE, StatutRendezVous.ABSENT)
TRANSITIONS: Mapping[StatutRendezVous, tuple[StatutRendezVous, ...]] = {
    **dict.fromkeys(
        A_VENIR,
        (
            StatutRendezVous.MODIFIE,
            StatutRendezVous.EFFECTUE,
            StatutRendezVous.ABSENT,
            StatutRendezVous.ANNULE,
        ),
    ),
    StatutRendezVous.EFFECTUE: (StatutRendezVous.ABSENT,),
    StatutRendezVous.ABSENT: (StatutRendezVous.EFFECTUE,),
    StatutRendezVous.ANNULE: (),
}

# Ours, then France Travail's: one word for one, so that it reads both ways.
CODES_FRANCE_TRAVAIL: Mapping[type[StrEnum], Mapping[StrEnum, str]] = {
    MotifRendezVous: {
        MotifRendezVous.PREMIER_ACCOMPAGNEMENT: "ACC",
        MotifRendezVous.ORIENTATION: "ORI",
        MotifRendezVous.AUTRE: "AUT",
    },
    ModaliteRendezVous: {
        ModaliteRendezVous.PHYSIQUE: "PHYSIQUE",
        ModaliteRendezVous.TELEPHONE: "TELEPHONE",
        ModaliteRendezVous.VISIO: "VISIO",
    },
    ReceptionRendezVous: {
        ReceptionRendezVous.INDIVIDUELLE: "IND",
        ReceptionRendezVous.COLLECTIVE: "COL",
    },
    StatutRendezVous: {
        StatutRendezVous.PRIS: "PRIS",
        StatutRendezVous.EFFECTUE: "EFFECTUE",
        StatutRendezVous.MODIFIE: "MODIFIE",
        StatutRendezVous.ABSENT: "ABSENT",
        StatutRendezVous.ANNULE: "ANNULE",
    },
    InitiateurRendezVous: {
        InitiateurRendezVous.USAGER: "USAGER",
        InitiateurRendezVous.PARTENAIRE: "PARTENAIRE",
    },
}
_E = TypeVar("_E", bound=StrEnum)
# A fact that is an instant is written as every instant on the wire.
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


class RendezVousAVenir(Refus):
    """Nobody is present, or absent, before it begins."""

    code = "transition-interdite"
    detail = "Le rendez-vous n'a pas commence."

    def __init__(self, statut: StatutRendezVous, debut_le: datetime) -> None:
        super().__init__(
            statut_actuel=statut,
            transitions_possibles=[StatutRendezVous.MODIFIE, StatutRendezVous.ANNULE],
            debut_le=_INSTANT.dump_python(debut_le, mode="json"),
        )


@dataclass(frozen=True)
class EtatRendezVous:
    """All that the rules need to know of a rendez-vous."""

    statut: StatutRendezVous
    debut_le: datetime
    rang_relance: int
    repris: bool


def vers_france_travail(valeur: StrEnum) -> str:
    """Return France Travail's code of one of our words."""
    return CODES_FRANCE_TRAVAIL[type(valeur)][valeur]


def depuis_france_travail(liste: type[_E], code: str) -> _E:
    """Return our word for a code of France Travail's.

    Raises:
        Validation: `code-referentiel-inconnu`: the list has no such code.
    """
    for valeur in liste:
        if CODES_FRANCE_TRAVAIL[liste][valeur] == code:
            return valeur
    raise Validation([Erreur("", "code-referentiel-inconnu", "Code France Travail inconnu")])


def verifier_creneau(demande: CreneauCreation) -> None:
    """Check that a slot ends after it begins, a day later at most.

    Raises:
        Validation: `date-incoherente` or `hors-bornes`.
    """
    if demande.fin_le <= demande.debut_le:
        raise Validation([Erreur("/fin_le", "date-incoherente", "La fin ne suit pas le debut")])
    if demande.fin_le - demande.debut_le > DUREE_MAX:
        raise Validation([Erreur("/fin_le", "hors-bornes", "Plus d'un jour apres le debut")])


def exige_a_venir(etat: EtatRendezVous) -> None:
    """Refuse to move or cancel what was honoured, missed or cancelled.

    Raises:
        TransitionInterdite: with what may still be.
    """
    _exige(etat, A_VENIR)


def exige_a_reprendre(etat: EtatRendezVous) -> None:
    """Refuse to take again what was neither missed nor cancelled, or was taken again already.

    Raises:
        TransitionInterdite: with what may still be.
    """
    if etat.repris:
        raise TransitionInterdite(etat.statut, [])
    _exige(etat, A_REPRENDRE)


def rang_apres(etat: EtatRendezVous) -> int:
    """Return how often a person was convened again: what was cancelled is not theirs to bear."""
    return etat.rang_relance + (etat.statut is StatutRendezVous.ABSENT)


def statut_constate(
    etat: EtatRendezVous,
    demande: PresenceRendezVousCreation,
    *,
    date_constat: date,
    instant: datetime,
    fuseau: ZoneInfo,
) -> StatutRendezVous:
    """Return the state after a statement; the instant at which it begins admits one.

    Args:
        date_constat: from the day of the rendez-vous to today, both included.
        instant: now.

    Raises:
        TransitionInterdite: it was cancelled, or taken again since.
        RendezVousAVenir: it has not begun.
        Validation: `date-incoherente`, `requis` or `hors-bornes`, with the field.
    """
    if etat.repris:
        raise TransitionInterdite(etat.statut, [])
    _exige(etat, CONSTATABLES)
    if instant < etat.debut_le:
        raise RendezVousAVenir(etat.statut, etat.debut_le)
    erreurs = []
    if not jour_civil(etat.debut_le, fuseau) <= date_constat <= jour_civil(instant, fuseau):
        message = "Avant le rendez-vous, ou dans l'avenir"
        erreurs.append(Erreur("/date_constat", "date-incoherente", message))
    if demande.presence is PresenceAccueil.EXCUSEE and demande.motif is None:
        erreurs.append(Erreur("/motif", "requis", "Une excuse a un motif"))
    if demande.presence is PresenceAccueil.PRESENTE and demande.motif is not None:
        erreurs.append(Erreur("/motif", "hors-bornes", "Une presence n'a pas de motif"))
    if erreurs:
        raise Validation(erreurs)
    if demande.presence is PresenceAccueil.PRESENTE:
        return StatutRendezVous.EFFECTUE
    return StatutRendezVous.ABSENT


def _exige(etat: EtatRendezVous, admis: Collection[StatutRendezVous]) -> None:
    if etat.statut not in admis:
        raise TransitionInterdite(etat.statut, TRANSITIONS[etat.statut])
