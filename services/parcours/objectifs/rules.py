"""What may be aimed at to lift a frein, and from which state to which it goes.

Source: parcours-rules.md §2 and §3 (France Travail's values; an objectif is matched by contrainte
and libellé, for its codes moved).
"""

import unicodedata
from collections.abc import Collection, Mapping
from datetime import date

from services.parcours.freins.rules import SANTE, EtatFrein, exige_episode_ouvert
from shared.referentiels import charger
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.parcours.freins import CodeFrein, FondementLevee, LeveeCreation
from shared.schemas.parcours.objectifs import (
    EtatObjectifCreation,
    ObjectifCreation,
    StatutObjectif,
)

CLOS = (StatutObjectif.REALISE, StatutObjectif.ABANDONNE)

# What was closed by mistake, or comes back, is taken up again: the history keeps both.
TRANSITIONS: Mapping[StatutObjectif, tuple[StatutObjectif, ...]] = {
    StatutObjectif.NON_ABORDE: (StatutObjectif.EN_COURS, *CLOS),
    StatutObjectif.EN_COURS: CLOS,
    StatutObjectif.REALISE: (StatutObjectif.EN_COURS,),
    StatutObjectif.ABANDONNE: (StatutObjectif.EN_COURS,),
}


def forme(libelle: str) -> str:
    """Return a libellé as it is compared: case, spaces and apostrophes count for nothing."""
    plie = unicodedata.normalize("NFKC", libelle).casefold().replace("’", "'")
    return " ".join(plie.split())


_CONTRAINTES = {CodeFrein(ligne["code"]): ligne["contrainte_ft"] for ligne in charger("freins")}
_CONNUS = frozenset(
    (ligne["contrainte"], forme(ligne["libelle"]))
    for ligne in charger("contraintes-france-travail")
    if ligne["niveau"] == "objectif"
)


class ObjectifExistant(Refus):
    """The same objectif, whatever its case, is there in this episode."""

    code = "reference-externe-existante"
    detail = "Cet objectif est deja fixe pour cet episode."


def contrainte_connue(code: CodeFrein, libelle: str) -> str | None:
    """Return the contrainte of France Travail whose objectif this is, if it is one."""
    contrainte = _CONTRAINTES[code]
    return contrainte if (contrainte, forme(libelle)) in _CONNUS else None


def verifier_creation(etat: EtatFrein, demande: ObjectifCreation, jour: date) -> None:
    """Check an objectif of an open episode; beside health its words are France Travail's.

    Raises:
        TransitionInterdite: the episode ended.
        Validation: with the fields.
    """
    exige_episode_ouvert(etat.statut)
    erreurs = _date(demande.date_etat, depuis=etat.date_debut, jour=jour)
    if etat.code in SANTE and contrainte_connue(etat.code, demande.libelle) is None:
        erreurs.append(
            Erreur("/libelle", "code-referentiel-inconnu", "Pas de texte libre sur la sante")
        )
    if erreurs:
        raise Validation(erreurs)


def verifier_etat(
    statut: StatutObjectif, date_etat: date, demande: EtatObjectifCreation, jour: date
) -> None:
    """Check the next state of an objectif, dated no earlier than the last one.

    Raises:
        TransitionInterdite: it may not follow.
        Validation: with the date.
    """
    if demande.statut not in TRANSITIONS[statut]:
        raise TransitionInterdite(statut, TRANSITIONS[statut])
    erreurs = _date(demande.date_etat, depuis=date_etat, jour=jour)
    if erreurs:
        raise Validation(erreurs)


def verifier_objectifs_atteints(
    demande: LeveeCreation, objectifs: Collection[StatutObjectif]
) -> None:
    """Refuse to call reached what is still aimed at; the référent's own decision needs none.

    Raises:
        Validation: an objectif is neither realise nor abandonne.
    """
    if demande.fondement is FondementLevee.OBJECTIFS_ATTEINTS and set(objectifs) - set(CLOS):
        raise Validation(
            [Erreur("/fondement", "hors-bornes", "Un objectif n'est ni realise ni abandonne")]
        )


def _date(valeur: date, *, depuis: date, jour: date) -> list[Erreur]:
    """Both ends are included."""
    if depuis <= valeur <= jour:
        return []
    return [Erreur("/date_etat", "date-incoherente", "A venir, ou avant ce qui precede")]
