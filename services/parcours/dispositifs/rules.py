"""How long a PASS IAE, a CEJ, a PACEA or a contrat trajectoire autonomie holds, and for whom.

Each bound is a dated row with its article; one whose text was not read says so (`confirme`), and so
does the refusal that it causes. Both ends of a period are included everywhere.

Source: parcours-rules.md §5 (L5131-4, L5131-6, R5131-16; PASS IAE as les-emplois counts it).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.parcours.emplois.rules import dernier_jour
from shared.delais import Delai, Pause, Unite, delai_en_vigueur, echeance_prolongee
from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.parcours.dispositifs import (
    ActeDispositifCreation,
    DispositifCreation,
    MembreClotureCreation,
    MembreCreation,
    RoleMembre,
    StatutDispositif,
    TypeActeDispositif,
    TypeDispositif,
)

# The last day that the contract writes.
DERNIER_JOUR = date(2999, 12, 31)
CEJ, CEJ_PROLONGE, CEJ_CARENCE = "cej", "cej_prolonge", "cej_carence"
PACEA, PASS_IAE = "pacea", "pass_iae"
# The twelve months of a CEJ are a row of the referential.
DUREES = (
    Delai(CEJ_PROLONGE, 18, Unite.MOIS, None, "Code du travail R5131-16", True),
    Delai(CEJ_CARENCE, 6, Unite.MOIS, None, "Code du travail R5131-16", True),
    Delai(PACEA, 24, Unite.MOIS, None, "Code du travail R5131-11", False),
    Delai(PASS_IAE, 2 * 365, Unite.JOURS, None, "les-emplois : 2 x 365 jours", True),
)


@dataclass(frozen=True)
class Ages:
    """The ages, in whole years, at which one may enter; both included."""

    depuis: date | None
    minimum: int
    maximum: int
    maximum_rqth: int
    source: str
    confirme: bool


AGES: Mapping[TypeDispositif, tuple[Ages, ...]] = {
    TypeDispositif.CEJ: (Ages(None, 16, 25, 29, "L5131-6", True),),
    TypeDispositif.PACEA: (Ages(None, 16, 25, 25, "L5131-4", False),),
}
# Its members tell that there is something to treat.
ROLES_SANTE = frozenset({RoleMembre.SANTE})
TRANSITIONS: Mapping[StatutDispositif, tuple[StatutDispositif, ...]] = {
    StatutDispositif.OUVERT: (StatutDispositif.CLOS,),
    StatutDispositif.CLOS: (),
}


@dataclass(frozen=True)
class EtatDispositif:
    """All that the rules need to know of one."""

    type: TypeDispositif
    statut: StatutDispositif
    debut: date
    fin: date
    suspensions: Sequence[Pause] = ()


def duree(code: str, jour: date) -> Delai:
    """Return the length that rules on a day."""
    return delai_en_vigueur(code, jour, DUREES)


def fin_pass(debut: date, suspensions: Sequence[Pause] = ()) -> date:
    """Return the last day of a PASS IAE: twice 365 days, then each day of suspension.

    Source: les-emplois (approvals), 2 x 365 days.
    """
    fin = echeance_prolongee(
        dernier_jour(debut, duree(PASS_IAE, debut)), debut - timedelta(days=1), suspensions
    )
    assert fin is not None  # a suspension says its last day
    return fin


def date_fin(demande: DispositifCreation) -> date:
    """Return the last day of what is asked.

    Raises:
        Validation: it is missing, is not the caller's to say, or passes 2999.
    """
    if demande.type is TypeDispositif.PASS_IAE:
        if demande.date_fin is not None:
            raise Validation([Erreur("/date_fin", "champ-inconnu", "Elle se calcule")])
        return _ecrite("/date_debut", fin_pass(demande.date_debut))
    if demande.date_fin is None:
        raise Validation([Erreur("/date_fin", "requis", "Le dernier jour prevu")])
    return demande.date_fin


def verifier_creation(demande: DispositifCreation, autres: Sequence[EtatDispositif]) -> None:
    """Check a dispositif against the law, given the person's others of the same type.

    Raises:
        Validation: with the field and the article of each bound that is passed.
    """
    debut, fin = demande.date_debut, date_fin(demande)
    erreurs = _forme(demande)
    if fin < debut:
        erreurs.append(Erreur("/date_fin", "date-incoherente", "Avant le debut"))
    if demande.type in AGES:
        erreurs += _age(demande)
    regle = _duree_initiale(demande.type, debut)
    if regle is not None and fin > dernier_jour(debut, regle):
        erreurs.append(_passee("/date_fin", f"Plus de {regle.duree} mois", regle))
    erreurs += _voisinage("/date_debut", demande.type, debut, fin, autres)
    _refuser(erreurs)


def apres_acte(
    etat: EtatDispositif,
    demande: ActeDispositifCreation,
    autres: Sequence[EtatDispositif],
    jour: date,
) -> tuple[StatutDispositif, date]:
    """Return the state and the last day once an act is done.

    Args:
        etat: the dispositif.
        demande: the act.
        autres: the person's others of the same type, which a later end must not reach.
        jour: civil day where the collectivité is.

    Raises:
        TransitionInterdite: it is closed, or the act does not fit its type.
        Validation: with the field.
    """
    if etat.statut is not StatutDispositif.OUVERT:
        raise TransitionInterdite(etat.statut, TRANSITIONS[etat.statut])
    _verifier_champs(demande)
    match demande.type:
        case TypeActeDispositif.PROLONGATION:
            fin = _prolonge(etat, demande)
        case TypeActeDispositif.SUSPENSION:
            fin = _suspendu(etat, demande)
        case TypeActeDispositif.CLOTURE:
            if not etat.debut <= demande.date_acte <= min(jour, etat.fin):
                raise Validation(
                    [Erreur("/date_acte", "date-incoherente", "A venir, ou hors du dispositif")]
                )
            return StatutDispositif.CLOS, demande.date_acte
        case TypeActeDispositif.DEBUT:
            raise Validation([Erreur("/type", "hors-bornes", "La creation l'a ecrit")])
    _refuser(_voisinage("/date_acte", etat.type, etat.debut, fin, autres))
    return StatutDispositif.OUVERT, fin


def verifier_membre(demande: MembreCreation, debut: date, jour: date) -> None:
    """Check the first day of a partner.

    Raises:
        Validation: it is to come, or before the dispositif.
    """
    _exige_entre("/date_debut", demande.date_debut, debut, jour)


def verifier_depart(demande: MembreClotureCreation, debut: date, jour: date) -> None:
    """Check the last day of a partner.

    Raises:
        Validation: it is to come, or before the first.
    """
    _exige_entre("/date_fin", demande.date_fin, debut, jour)


def roles_connus(*, sante: bool) -> Collection[RoleMembre]:
    """Return the roles that may be known, by whether health may be."""
    return [role for role in RoleMembre if sante or role not in ROLES_SANTE]


def _forme(demande: DispositifCreation) -> list[Erreur]:
    trajectoire = demande.type is TypeDispositif.TRAJECTOIRE_AUTONOMIE
    attendus = {
        "age_entree": demande.type in AGES,
        "agent": trajectoire,
        "numero": False,
        "rqth": False,
    }
    admis = {
        "age_entree": True,
        "agent": trajectoire,
        "numero": demande.type is TypeDispositif.PASS_IAE,
        "rqth": demande.type is TypeDispositif.CEJ,
    }
    erreurs = []
    for champ in admis:
        present = getattr(demande, champ) is not None
        if attendus[champ] and not present:
            erreurs.append(Erreur(f"/{champ}", "requis", "Ce type le demande"))
        if present and not admis[champ]:
            erreurs.append(Erreur(f"/{champ}", "champ-inconnu", "Ce type n'en a pas"))
    return erreurs


def _age(demande: DispositifCreation) -> list[Erreur]:
    if demande.age_entree is None:
        return []
    regle = max(
        (
            une
            for une in AGES[demande.type]
            if une.depuis is None or une.depuis <= demande.date_debut
        ),
        key=lambda une: une.depuis or date.min,
    )
    maximum = regle.maximum_rqth if demande.rqth else regle.maximum
    if regle.minimum <= demande.age_entree <= maximum:
        return []
    lu = regle.source if regle.confirme else f"{regle.source}, non confirme"
    return [Erreur("/age_entree", "hors-bornes", f"Hors des ages de la loi ({lu})")]


def _duree_initiale(type_: TypeDispositif, debut: date) -> Delai | None:
    """No text read bounds a contrat trajectoire autonomie."""
    codes = {TypeDispositif.CEJ: CEJ, TypeDispositif.PACEA: PACEA}
    return duree(codes[type_], debut) if type_ in codes else None


def _voisinage(
    champ: str, type_: TypeDispositif, debut: date, fin: date, autres: Sequence[EtatDispositif]
) -> list[Erreur]:
    """One at a time; between two CEJ six whole months, whichever was told first."""
    if any(un.debut <= fin and debut <= un.fin for un in autres):
        return [Erreur(champ, "date-incoherente", "Un autre court ces jours-la")]
    carence = duree(CEJ_CARENCE, debut)
    if type_ is TypeDispositif.CEJ and any(
        max(debut, un.debut) <= carence.echeance(min(fin, un.fin)) for un in autres
    ):
        return [_passee(champ, "Moins de six mois entre deux", carence)]
    return []


def _prolonge(etat: EtatDispositif, demande: ActeDispositifCreation) -> date:
    if etat.type is TypeDispositif.PASS_IAE:
        # Only its suspensions push its end.
        raise TransitionInterdite(etat.statut, TRANSITIONS[etat.statut])
    if demande.date_acte <= etat.fin:
        raise Validation([Erreur("/date_acte", "date-incoherente", "Avant la fin actuelle")])
    codes = {TypeDispositif.CEJ: CEJ_PROLONGE, TypeDispositif.PACEA: PACEA}
    if etat.type in codes:
        regle = duree(codes[etat.type], etat.debut)
        if demande.date_acte > dernier_jour(etat.debut, regle):
            raise Validation([_passee("/date_acte", f"Plus de {regle.duree} mois", regle)])
    return demande.date_acte


def _suspendu(etat: EtatDispositif, demande: ActeDispositifCreation) -> date:
    if etat.type is not TypeDispositif.PASS_IAE:
        raise TransitionInterdite(etat.statut, TRANSITIONS[etat.statut])
    assert demande.date_fin is not None
    if not etat.debut <= demande.date_acte <= etat.fin or demande.date_fin < demande.date_acte:
        raise Validation([Erreur("/date_acte", "date-incoherente", "Hors du PASS IAE")])
    if any(
        pause.fin is not None and pause.debut <= demande.date_fin and demande.date_acte <= pause.fin
        for pause in etat.suspensions
    ):
        raise Validation([Erreur("/date_acte", "date-incoherente", "Suspendu deja ces jours-la")])
    pauses = [*etat.suspensions, Pause(demande.date_acte, demande.date_fin)]
    return _ecrite("/date_fin", fin_pass(etat.debut, pauses))


def _ecrite(champ: str, fin: date) -> date:
    """A last day that is computed, if it can be told."""
    if fin > DERNIER_JOUR:
        raise Validation([Erreur(champ, "hors-bornes", "La fin passerait 2999")])
    return fin


def _verifier_champs(demande: ActeDispositifCreation) -> None:
    erreurs = []
    for champ, type_ in (
        ("date_fin", TypeActeDispositif.SUSPENSION),
        ("motif", TypeActeDispositif.CLOTURE),
    ):
        present = getattr(demande, champ) is not None
        if present != (demande.type is type_):
            code = "champ-inconnu" if present else "requis"
            erreurs.append(Erreur(f"/{champ}", code, f"D'une {type_} seulement"))
    _refuser(erreurs)


def _exige_entre(champ: str, valeur: date, depuis: date, jour: date) -> None:
    """Both ends are included."""
    if not depuis <= valeur <= jour:
        raise Validation([Erreur(champ, "date-incoherente", "A venir, ou avant ce qui precede")])


def _passee(champ: str, phrase: str, regle: Delai) -> Erreur:
    article = regle.source.removeprefix("Code du travail ")
    lu = article if regle.confirme else f"{article}, non confirme"
    return Erreur(champ, "hors-bornes", f"{phrase} ({lu})")


def _refuser(erreurs: Sequence[Erreur]) -> None:
    if erreurs:
        raise Validation(erreurs)
