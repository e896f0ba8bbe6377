"""How a frein goes from one level, and one state, to another, and who may see the sensitive ones.

Source: parcours-rules.md §3 (référentiel national CNE, arrêté du 21 novembre 2024); contract
guide, 15.4 and 16.3, for health.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from shared.referentiels import codes
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.orientation.vocabulaire import NiveauFrein
from shared.schemas.parcours.freins import (
    AbandonCreation,
    CodeFrein,
    FondementLevee,
    FreinCreation,
    LeveeCreation,
    NiveauCreation,
    ReouvertureCreation,
    StatutFrein,
)

SANTE = frozenset({CodeFrein.SANTE, CodeFrein.HANDICAP})
# Handicap is a status, not a level.
SANS_NIVEAU = frozenset(CodeFrein(code) for code in codes("freins", nature="statut"))
OUVERTS = (StatutFrein.OUVERT, StatutFrein.EN_COURS)
PESANTS = (NiveauFrein.MOYEN, NiveauFrein.FORT)

TRANSITIONS: Mapping[StatutFrein, tuple[StatutFrein, ...]] = {
    StatutFrein.OUVERT: (StatutFrein.EN_COURS, StatutFrein.LEVE, StatutFrein.ABANDONNE),
    StatutFrein.EN_COURS: (StatutFrein.LEVE, StatutFrein.ABANDONNE),
    StatutFrein.LEVE: (StatutFrein.OUVERT,),  # by another episode
    StatutFrein.ABANDONNE: (StatutFrein.OUVERT,),
}
# What was explored is never unexplored again; the same level may be observed again, later.
_EXPLORES = (NiveauFrein.SANS_IMPACT, NiveauFrein.MOYEN, NiveauFrein.FORT)
NIVEAUX: Mapping[NiveauFrein, tuple[NiveauFrein, ...]] = dict.fromkeys(NiveauFrein, _EXPLORES)


class DonneeSanteInterdite(Refus):
    """The token may write the rest, not what is of health."""

    code = "donnee-sante-interdite"


class FreinDejaOuvert(Refus):
    """One episode at a time: the open one takes the new observation."""

    code = "transition-interdite"
    detail = "Un episode de ce frein est deja ouvert : son niveau s'y observe."


@dataclass(frozen=True)
class EtatFrein:
    """All that the rules need to know of an episode."""

    code: CodeFrein
    statut: StatutFrein
    niveau: NiveauFrein | None
    date_debut: date
    date_observation: date
    date_fin: date | None
    suivi: bool  # another episode took it up


def lit_sante(portees: Collection[str]) -> bool:
    """Tell whether the token reads freins of health."""
    return "parcours.sante:lire" in portees


def connait_sante(portees: Collection[str]) -> bool:
    """Tell whether the token may know, when it acts, that a frein of health is there."""
    return lit_sante(portees) or "parcours.sante:ecrire" in portees


def exige_ecriture(*, sante: bool, portees: Collection[str]) -> None:
    """Refuse to write on a frein of health without its scope.

    Raises:
        DonneeSanteInterdite: the scope is missing.
    """
    if sante and "parcours.sante:ecrire" not in portees:
        raise DonneeSanteInterdite


def verifier_creation(demande: FreinCreation, jour: date, dernier: EtatFrein | None = None) -> None:
    """Check a first observation.

    Args:
        dernier: the last episode of this frein, if there was one: two do not overlap, and the
            day when it ended is admitted. Once it ended, this one takes it up.

    Raises:
        Validation: with the fields.
    """
    erreurs = [
        *erreurs_niveau("/niveau", demande.code, demande.niveau),
        *_commentaire(demande.code, demande.commentaire),
        *_date(
            "/date_observation",
            demande.date_observation,
            depuis=(dernier and dernier.date_fin) or date.min,
            jour=jour,
        ),
    ]
    if dernier is not None and dernier.date_fin is not None:
        erreurs += _retour(demande.niveau)
    if demande.code is CodeFrein.AUTRE and not demande.libelle:
        erreurs.append(Erreur("/libelle", "requis", "Le frein autre a un libelle"))
    if demande.code is not CodeFrein.AUTRE and demande.libelle:
        erreurs.append(Erreur("/libelle", "champ-inconnu", "Seul le frein autre a un libelle"))
    _refuser(erreurs)


def verifier_observation(etat: EtatFrein, demande: NiveauCreation, jour: date) -> None:
    """Check a new observation of an open episode, at another level or at the same one.

    Raises:
        TransitionInterdite: the episode ended, or the level is not one that may follow.
        Validation: with the fields.
    """
    if etat.statut not in OUVERTS:
        raise TransitionInterdite(etat.statut, TRANSITIONS[etat.statut])
    _refuser(
        [
            *erreurs_niveau("/niveau", etat.code, demande.niveau),
            *_commentaire(etat.code, demande.commentaire),
            *_date(
                "/date_observation", demande.date_observation, depuis=etat.date_debut, jour=jour
            ),
        ]
    )
    if etat.niveau is not None and demande.niveau not in NIVEAUX[etat.niveau]:
        raise TransitionInterdite(etat.niveau, NIVEAUX[etat.niveau])


def observation_courante(
    etat: EtatFrein, demande: NiveauCreation
) -> tuple[NiveauFrein | None, date]:
    """Return the level and its day once the observation is added.

    The latest day observed gives the level; of two on one day, the last one said. An older
    observation that comes late joins the history, and changes nothing.
    """
    if demande.date_observation < etat.date_observation:
        return etat.niveau, etat.date_observation
    return demande.niveau, demande.date_observation


def fin_connue(
    date_fin: date | None, su_le: datetime, jour: date, jusqu_a: datetime | None
) -> date | None:
    """Return the end of an episode if it had come on a day, and was known before an instant.

    Args:
        date_fin: the day of the end, if it ended; that day is included.
        su_le: when the service was told.
        jour: the day spoken of.
        jusqu_a: excluded; none: all that is known counts.
    """
    if date_fin is None or date_fin > jour or (jusqu_a is not None and su_le >= jusqu_a):
        return None
    return date_fin


def verifier_levee(etat: EtatFrein, demande: LeveeCreation, jour: date) -> None:
    """Check that a frein that weighs may be lifted: objectives reached, or a reasoned decision.

    Raises:
        TransitionInterdite: the episode ended, or its level is not moyen or fort.
        Validation: with the fields.
    """
    _exige_transition(etat, StatutFrein.LEVE)
    _refuser(
        [
            *_commentaire(
                etat.code,
                demande.commentaire,
                requis=demande.fondement is FondementLevee.DECISION_REFERENT,
            ),
            *_date("/date_levee", demande.date_levee, depuis=etat.date_observation, jour=jour),
        ]
    )


def verifier_abandon(etat: EtatFrein, demande: AbandonCreation, jour: date) -> None:
    """Check that an episode may be given up, at any level; it is said why.

    Raises:
        TransitionInterdite: the episode ended.
        Validation: with the fields.
    """
    _exige_transition(etat, StatutFrein.ABANDONNE)
    _refuser(
        [
            *_commentaire(etat.code, demande.commentaire, requis=True),
            *_date("/date_abandon", demande.date_abandon, depuis=etat.date_observation, jour=jour),
        ]
    )


def verifier_reouverture(etat: EtatFrein, demande: ReouvertureCreation, jour: date) -> None:
    """Check that an ended episode may be taken up by another, at a level that weighs.

    Raises:
        TransitionInterdite: the episode is open, or was taken up already.
        Validation: with the fields.
    """
    if etat.statut in OUVERTS or etat.suivi:
        possibles = () if etat.suivi else transitions_possibles(etat)
        raise TransitionInterdite(etat.statut, possibles)
    erreurs = [
        *erreurs_niveau("/niveau", etat.code, demande.niveau),
        *_commentaire(etat.code, demande.commentaire),
        *_date(
            "/date_observation",
            demande.date_observation,
            depuis=etat.date_fin or etat.date_debut,
            jour=jour,
        ),
        *_retour(demande.niveau),
    ]
    _refuser(erreurs)


def transitions_possibles(etat: EtatFrein) -> tuple[StatutFrein, ...]:
    """Return the states that may follow; a frein that does not weigh is not lifted."""
    leve = etat.niveau in PESANTS or etat.code in SANS_NIVEAU
    return tuple(
        statut for statut in TRANSITIONS[etat.statut] if leve or statut is not StatutFrein.LEVE
    )


def exige_episode_ouvert(statut: StatutFrein) -> None:
    """Refuse to prescribe for an episode that ended.

    Raises:
        TransitionInterdite: it did.
    """
    if statut not in OUVERTS:
        raise TransitionInterdite(statut, TRANSITIONS[statut])


def erreurs_texte_libre(
    champ: str, valeur: str | None, *, sante: bool, requis: bool = False
) -> list[Erreur]:
    """Return what is wrong with a free text: beside health there is none, required or not.

    The frein and its level are kept, never a diagnosis.
    """
    if sante and valeur is not None:
        return [Erreur(champ, "champ-inconnu", "Pas de texte libre sur la sante")]
    if requis and not sante and not valeur:
        return [Erreur(champ, "requis", "Champ requis")]
    return []


def erreurs_niveau(champ: str, code: CodeFrein, niveau: NiveauFrein | None) -> list[Erreur]:
    """Return what is wrong with a level: a status has none, all others have one."""
    if code in SANS_NIVEAU and niveau is not None:
        return [Erreur(champ, "champ-inconnu", "Un statut n'a pas de niveau")]
    if code not in SANS_NIVEAU and niveau is None:
        return [Erreur(champ, "requis", "Champ requis")]
    return []


def _exige_transition(etat: EtatFrein, vers: StatutFrein) -> None:
    possibles = transitions_possibles(etat)
    if vers not in possibles:
        raise TransitionInterdite(etat.statut, possibles)


def _commentaire(code: CodeFrein, valeur: str | None, *, requis: bool = False) -> list[Erreur]:
    return erreurs_texte_libre("/commentaire", valeur, sante=code in SANTE, requis=requis)


def _retour(niveau: NiveauFrein | None) -> list[Erreur]:
    if niveau is None or niveau in PESANTS:
        return []
    return [Erreur("/niveau", "hors-bornes", "Un frein revient moyen ou fort")]


def _date(champ: str, valeur: date, *, depuis: date, jour: date) -> list[Erreur]:
    """Both ends are included."""
    if depuis <= valeur <= jour:
        return []
    return [Erreur(champ, "date-incoherente", "A venir, ou avant ce qui precede")]


def _refuser(erreurs: list[Erreur]) -> None:
    if erreurs:
        raise Validation(erreurs)
