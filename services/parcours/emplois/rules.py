"""What the law bounds of a mise en situation or of a job: lengths, numbers, ages, overlaps.

Each bound is a dated row with its article; one whose text was not read says so (`confirme`), and so
does the refusal that it causes. Both ends of a period are included everywhere.

Source: parcours-rules.md §5 (code du travail D5135-3, L5132-4, L5132-15-1, L5134-19-1, L5134-23,
L5134-26).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from shared.delais import Delai, Unite, delai_en_vigueur
from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.parcours.emplois import (
    ActeEmploiCreation,
    Derogation,
    EmploiCreation,
    ObjetPmsmp,
    StatutEmploi,
    StructureIae,
    TypeActeEmploi,
    TypeEmploi,
)

PMSMP, FENETRE = "pmsmp", "pmsmp_fenetre"
JOURS_PMSMP, NOMBRE_PMSMP = "pmsmp_jours", "pmsmp_nombre"
CDDI_MIN, CDDI, CDDI_DEROGATION = "cddi_min", "cddi", "cddi_derogation"
AIDE, AIDE_DEROGATION, AIDE_MINUTES = "aide", "aide_derogation", "aide_minutes"
APPRENTISSAGE = "apprentissage_age"
ACCOMPAGNEMENT = "accompagnement_fin_contrat_aide"
# No group of fewer people is shown, nor one that a difference would give.
SEUIL = 5
# Until which age the département counts those it hires as young: no text fixes it.
AGE_JEUNE = 25

# The month of a PMSMP is a row of the referential.
DUREES = (
    Delai(FENETRE, 12, Unite.MOIS, None, "Code du travail D5135-3", True),
    Delai(CDDI_MIN, 4, Unite.MOIS, None, "Code du travail L5132-15-1", True),
    Delai(CDDI, 24, Unite.MOIS, None, "Code du travail L5132-15-1", True),
    Delai(CDDI_DEROGATION, 60, Unite.MOIS, None, "Code du travail L5132-15-1", False),
    Delai(AIDE, 24, Unite.MOIS, None, "Code du travail L5134-23", True),
    Delai(AIDE_DEROGATION, 60, Unite.MOIS, None, "Code du travail L5134-23-1", False),
    # Ours: how long before its end an aided contract is followed more closely. No département
    # prints a length; each sets its own under the same code.
    Delai(ACCOMPAGNEMENT, 8, Unite.SEMAINES, None, "Proposition : aucun texte lu", False),
)


@dataclass(frozen=True)
class Nombre:
    """A number of the law, from the day it takes effect (None: that day was not read)."""

    code: str
    valeur: int
    depuis: date | None
    source: str
    confirme: bool


NOMBRES = (
    Nombre(NOMBRE_PMSMP, 2, None, "Code du travail D5135-3", True),
    Nombre(JOURS_PMSMP, 60, None, "Code du travail D5135-3", True),
    Nombre(AIDE_MINUTES, 20 * 60, None, "Code du travail L5134-26", True),
    Nombre(APPRENTISSAGE, 25, None, "Code du travail L6222-1", False),
    Nombre(APPRENTISSAGE, 29, date(2019, 1, 1), "Code du travail L6222-1", False),
)
# Two that no person holds on one day. No text read lists them: what each supposes of the week.
INCOMPATIBLES = frozenset(
    {
        frozenset({TypeEmploi.CONTRAT_AIDE}),
        frozenset({TypeEmploi.APPRENTISSAGE}),
        frozenset({TypeEmploi.CONTRAT_AIDE, TypeEmploi.APPRENTISSAGE}),
    }
)
DETAILS = (TypeEmploi.PMSMP, TypeEmploi.IAE, TypeEmploi.CONTRAT_AIDE, TypeEmploi.APPRENTISSAGE)
SANS_TERME = (TypeEmploi.CDI, TypeEmploi.CREATION_ACTIVITE)
# An association intermédiaire or a company may hire for good ("CDI inclusion"); so may who is
# aided, whose aid has its last day (L5134-24, not confirmed).
TERME_LIBRE = (TypeEmploi.IAE, TypeEmploi.APPRENTISSAGE, TypeEmploi.CONTRAT_AIDE)
TRANSITIONS: Mapping[StatutEmploi, tuple[StatutEmploi, ...]] = {
    StatutEmploi.OUVERT: (StatutEmploi.TERMINE, StatutEmploi.ANNULE),
    StatutEmploi.TERMINE: (),
    StatutEmploi.ANNULE: (),
}


@dataclass(frozen=True)
class Occupation:
    """One mise en situation or job of a person, as it stands or as it is asked (without an id)."""

    id: UUID | None
    type: TypeEmploi
    statut: StatutEmploi
    employeur_id: UUID | None
    debut: date
    fin: date | None
    structure: StructureIae | None = None
    objet: ObjetPmsmp | None = None
    renouvelle_id: UUID | None = None
    fin_aide: date | None = None
    minutes: int | None = None
    derogation: Derogation | None = None
    age_entree: int | None = None
    accompagnement: date | None = None

    @property
    def jours(self) -> int:
        """Civil days, both ends included; of what has a last day."""
        assert self.fin is not None
        return (self.fin - self.debut).days + 1


@dataclass(frozen=True)
class PassIae:
    """The days that a PASS IAE covers, less those of its suspensions."""

    debut: date
    fin: date
    suspensions: Sequence[tuple[date, date]]

    def couvre(self, jour: date) -> bool:
        """Tell whether it holds on a day."""
        return self.debut <= jour <= self.fin and not any(
            debut <= jour <= fin for debut, fin in self.suspensions
        )


def duree(code: str, jour: date) -> Delai:
    """Return the length that rules on a day."""
    return delai_en_vigueur(code, jour, DUREES)


def nombre(code: str, jour: date) -> Nombre:
    """Return the number that rules on a day."""
    return max(
        (un for un in NOMBRES if un.code == code and (un.depuis is None or un.depuis <= jour)),
        key=lambda un: un.depuis or date.min,
    )


def delai_accompagnement(locaux: Iterable[Delai], jour: date) -> Delai:
    """Return how long before its end an aided contract is followed more closely, on a day.

    The collectivité's own first, then what the tool proposes.
    """
    siens = [
        un
        for un in locaux
        if un.code == ACCOMPAGNEMENT and (un.depuis is None or un.depuis <= jour)
    ]
    return delai_en_vigueur(ACCOMPAGNEMENT, jour, siens or DUREES)


def dernier_jour(debut: date, delai: Delai) -> date:
    """Return the last day of a period that lasts so long, its first day counted.

    A month from the 3rd ends on the 2nd; from a day that the last month has not, on its last.
    """
    limite = delai.echeance(debut)
    raccourci = delai.unite in (Unite.MOIS, Unite.ANS) and limite.day < debut.day
    return limite if raccourci else limite - timedelta(days=1)


def occupation(demande: EmploiCreation) -> Occupation:
    """Return what is asked, as the bounds read it."""
    return Occupation(
        id=None,
        type=demande.type,
        statut=StatutEmploi.OUVERT,
        employeur_id=demande.employeur_id,
        debut=demande.date_debut,
        fin=demande.date_fin,
        structure=demande.iae.structure if demande.iae else None,
        objet=demande.pmsmp.objet if demande.pmsmp else None,
        renouvelle_id=demande.pmsmp.renouvelle_id if demande.pmsmp else None,
        fin_aide=demande.contrat_aide.date_fin_aide if demande.contrat_aide else None,
        minutes=demande.duree_hebdomadaire_minutes,
        derogation=next(
            (
                un.derogation
                for un in (demande.iae, demande.contrat_aide, demande.apprentissage)
                if un is not None
            ),
            None,
        ),
        age_entree=demande.apprentissage.age_entree
        if demande.apprentissage
        else demande.age_entree,
    )


def verifier_forme(demande: EmploiCreation) -> None:
    """Check that a body is the one of its type.

    Raises:
        Validation: `requis`, `champ-inconnu` or `date-incoherente`, with the field.
    """
    erreurs = []
    for detail in DETAILS:
        present = getattr(demande, detail.value) is not None
        if present and detail is not demande.type:
            erreurs.append(Erreur(f"/{detail}", "champ-inconnu", "Le detail d'un autre type"))
        if not present and detail is demande.type:
            erreurs.append(Erreur(f"/{detail}", "requis", "Le detail de ce type"))
    if (demande.employeur_id is None) != (demande.type is TypeEmploi.CREATION_ACTIVITE):
        code = "requis" if demande.employeur_id is None else "champ-inconnu"
        erreurs.append(Erreur("/employeur_id", code, "Sauf pour une creation d'activite"))
    if demande.date_fin is None and demande.type not in (*SANS_TERME, *TERME_LIBRE):
        erreurs.append(Erreur("/date_fin", "requis", "Ce type a un terme"))
    if demande.date_fin is None and demande.iae and demande.iae.structure is StructureIae.ACI:
        erreurs.append(Erreur("/date_fin", "requis", "Un CDDI a un terme"))
    if demande.date_fin is not None and demande.type in SANS_TERME:
        erreurs.append(Erreur("/date_fin", "champ-inconnu", "Ce type n'a pas de terme"))
    if demande.date_fin is not None and demande.date_fin < demande.date_debut:
        erreurs.append(Erreur("/date_fin", "date-incoherente", "Avant le debut"))
    if demande.contrat_aide:
        if demande.duree_hebdomadaire_minutes is None:
            erreurs.append(
                Erreur("/duree_hebdomadaire_minutes", "requis", "La duree d'un contrat aide")
            )
        fin_aide = demande.contrat_aide.date_fin_aide
        if not demande.date_debut <= fin_aide <= (demande.date_fin or date.max):
            erreurs.append(
                Erreur("/contrat_aide/date_fin_aide", "date-incoherente", "Hors du contrat")
            )
    if demande.apprentissage and demande.age_entree not in (
        None,
        demande.apprentissage.age_entree,
    ):
        erreurs.append(Erreur("/age_entree", "hors-bornes", "Deux ages differents"))
    _refuser(erreurs)


def verifier_bornes(
    nouvelle: Occupation,
    autres: Iterable[Occupation],
    *,
    pass_iae: PassIae | None = None,
    structures: Sequence[StructureIae] = (),
) -> None:
    """Check one mise en situation or job against the law, given the person's others.

    Args:
        nouvelle: what is asked, or what a prolongation would make of it.
        autres: all of the person's others, whatever the parcours; those cancelled never were.
        pass_iae: that admits an IAE contract.
        structures: what the employer is, for an IAE contract.

    Raises:
        Validation: with the field and the article of each bound that is passed.
    """
    vecues = [
        une for une in autres if une.statut is not StatutEmploi.ANNULE and une.id != nouvelle.id
    ]
    erreurs = [*_chevauchements(nouvelle, vecues)]
    match nouvelle.type:
        case TypeEmploi.PMSMP:
            erreurs += _pmsmp(nouvelle, [une for une in vecues if une.type is TypeEmploi.PMSMP])
        case TypeEmploi.IAE:
            if pass_iae is not None and not pass_iae.couvre(nouvelle.debut):
                erreurs.append(
                    Erreur("/iae/pass_iae_id", "date-incoherente", "Ne couvre pas le premier jour")
                )
            if nouvelle.structure not in structures:
                erreurs.append(
                    Erreur("/iae/structure", "hors-bornes", "L'employeur n'est pas cette structure")
                )
            if nouvelle.structure is StructureIae.ACI:
                erreurs += _cddi(nouvelle, vecues)
        case TypeEmploi.CONTRAT_AIDE:
            erreurs += _aide(nouvelle, vecues)
        case TypeEmploi.APPRENTISSAGE:
            erreurs += _apprentissage(nouvelle)
    _refuser(erreurs)


def fautes_pmsmp(conventions: Sequence[Occupation]) -> Iterable[Nombre]:
    """Tell which numbers are passed by the conventions of one person in one structure.

    Any twelve months are looked at: those that begin with a convention hold the most of them. A
    convention counts where it begins, whole, in civil days: the strictest reading of "days".

    Source: D5135-3.
    """
    for premiere in conventions:
        jusqu_a = dernier_jour(premiere.debut, duree(FENETRE, premiere.debut))
        dedans = [une for une in conventions if premiere.debut <= une.debut <= jusqu_a]
        admis, jours = (nombre(code, premiere.debut) for code in (NOMBRE_PMSMP, JOURS_PMSMP))
        if len(dedans) > admis.valeur:
            yield admis
        if sum(une.jours for une in dedans) > jours.valeur:
            yield jours


def apres_acte(
    etat: Occupation, demande: ActeEmploiCreation, jour: date
) -> tuple[StatutEmploi, date | None]:
    """Return the state and the last day once an act is done.

    Raises:
        TransitionInterdite: it ended or was cancelled, or the act does not fit its type.
        Validation: with the field.
    """
    if etat.statut is not StatutEmploi.OUVERT:
        raise TransitionInterdite(etat.statut, TRANSITIONS[etat.statut])
    _verifier_champs(demande)
    debut, fin = etat.debut, etat.fin
    match demande.type:
        case TypeActeEmploi.PROLONGATION:
            if fin is None or etat.type is TypeEmploi.PMSMP:
                # A PMSMP is renewed by another convention, which counts.
                raise TransitionInterdite(etat.statut, TRANSITIONS[etat.statut])
            _exige_date(demande, fin + timedelta(days=1), date.max)
            return StatutEmploi.OUVERT, demande.date_acte
        case TypeActeEmploi.ACCOMPAGNEMENT_RENFORCE:
            if etat.type is not TypeEmploi.CONTRAT_AIDE or etat.accompagnement is not None:
                raise TransitionInterdite(etat.statut, TRANSITIONS[etat.statut])
            _exige_date(demande, debut, min(jour, fin or date.max))
            return StatutEmploi.OUVERT, fin
        case TypeActeEmploi.FIN:
            _exige_date(demande, debut, min(jour, fin or date.max))
            return StatutEmploi.TERMINE, demande.date_acte
        case TypeActeEmploi.ANNULATION:
            _exige_date(demande, date.min, jour)
            return StatutEmploi.ANNULE, fin
        case TypeActeEmploi.DEBUT:
            raise Validation([Erreur("/type", "hors-bornes", "La creation l'a ecrit")])


def prolongee(etat: Occupation, demande: ActeEmploiCreation) -> Occupation:
    """Return what a prolongation makes of a job, for the bounds.

    Its derogation is its own: one given before lifts no bound of what comes after. An aid goes on
    only if it ended with the contract; one that does not keeps what admitted it.
    """
    fin, derogation = demande.date_acte, demande.derogation
    if etat.fin_aide is None:
        return replace(etat, fin=fin, derogation=derogation)
    if etat.fin_aide == etat.fin:
        return replace(etat, fin=fin, fin_aide=fin, derogation=derogation)
    return replace(etat, fin=fin)


def montrer(recrutes: int, handicap: int) -> tuple[int | None, int | None]:
    """Return what may be shown of a count and of those in it who have a handicap.

    None of them, or all, is told of each: both are hidden with the groups too small.
    """
    if 0 < recrutes < SEUIL:
        return None, None
    shown = recrutes == 0 or (handicap >= SEUIL and recrutes - handicap >= SEUIL)
    return recrutes, handicap if shown else None


def _verifier_champs(demande: ActeEmploiCreation) -> None:
    erreurs = []
    fin = demande.type is TypeActeEmploi.FIN
    if fin and demande.motif is None:
        erreurs.append(Erreur("/motif", "requis", "Une fin dit pourquoi"))
    if not fin and demande.motif is not None:
        erreurs.append(Erreur("/motif", "champ-inconnu", "D'une fin seulement"))
    if demande.derogation is not None and demande.type is not TypeActeEmploi.PROLONGATION:
        erreurs.append(Erreur("/derogation", "champ-inconnu", "D'une prolongation seulement"))
    _refuser(erreurs)


def _pmsmp(nouvelle: Occupation, autres: Sequence[Occupation]) -> list[Erreur]:
    assert nouvelle.fin is not None
    regle = duree(PMSMP, nouvelle.debut)
    erreurs = []
    if nouvelle.fin > dernier_jour(nouvelle.debut, regle):
        erreurs.append(_passee("/date_fin", "Plus d'un mois, de date a date", regle))
    meme_structure = [une for une in autres if une.employeur_id == nouvelle.employeur_id]
    erreurs += [
        _passee("/date_debut", "Trop de conventions ou de jours en douze mois", faute)
        for faute in dict.fromkeys(fautes_pmsmp([*meme_structure, nouvelle]))
    ]
    if any(_ensemble(une, nouvelle) for une in meme_structure):
        erreurs.append(
            Erreur("/date_debut", "date-incoherente", "Une convention y court deja ces jours-la")
        )
    if nouvelle.renouvelle_id is not None:
        erreurs += _renouvellement(nouvelle, autres)
    return erreurs


def _renouvellement(nouvelle: Occupation, autres: Sequence[Occupation]) -> list[Erreur]:
    """Once, for the same goals, in the same structure, after the first."""
    premiere = next((une for une in autres if une.id == nouvelle.renouvelle_id), None)
    deja = any(une.renouvelle_id == nouvelle.renouvelle_id for une in autres)
    if (
        premiere is None
        or deja
        or premiere.renouvelle_id is not None
        or premiere.objet is not nouvelle.objet
        or premiere.employeur_id != nouvelle.employeur_id
        or premiere.debut >= nouvelle.debut
    ):
        message = "Une fois, du meme objet, dans la meme structure (D5135-3)"
        return [Erreur("/pmsmp/renouvelle_id", "hors-bornes", message)]
    return []


def _cddi(nouvelle: Occupation, autres: Sequence[Occupation]) -> list[Erreur]:
    assert nouvelle.fin is not None
    siens = [
        une
        for une in autres
        if une.structure is StructureIae.ACI and une.employeur_id == nouvelle.employeur_id
    ]
    erreurs = []
    minimum = duree(CDDI_MIN, nouvelle.debut)
    if _sans_derogation(nouvelle) and nouvelle.fin < dernier_jour(nouvelle.debut, minimum):
        erreurs.append(_passee("/date_fin", "Moins de quatre mois, sans derogation", minimum))
    code = CDDI if nouvelle.derogation is None else CDDI_DEROGATION
    return erreurs + _en_tout(code, nouvelle, [(une.debut, une.fin) for une in siens])


def _aide(nouvelle: Occupation, autres: Sequence[Occupation]) -> list[Erreur]:
    assert nouvelle.minutes is not None
    erreurs = []
    plancher = nombre(AIDE_MINUTES, nouvelle.debut)
    if _sans_derogation(nouvelle) and nouvelle.minutes < plancher.valeur:
        erreurs.append(
            _passee("/duree_hebdomadaire_minutes", "Moins de vingt heures par semaine", plancher)
        )
    siens = [
        (une.debut, une.fin_aide if une.fin is None else min(une.fin_aide, une.fin))
        for une in autres
        if une.fin_aide is not None and une.employeur_id == nouvelle.employeur_id
    ]
    code = AIDE if nouvelle.derogation is None else AIDE_DEROGATION
    aidee = Occupation(
        nouvelle.id,
        nouvelle.type,
        nouvelle.statut,
        nouvelle.employeur_id,
        nouvelle.debut,
        nouvelle.fin_aide,
    )
    return erreurs + _en_tout(code, aidee, siens)


def _en_tout(
    code: str, nouvelle: Occupation, autres: Sequence[tuple[date, date | None]]
) -> list[Erreur]:
    """The days of all, against the days of so many months from the first of them."""
    assert nouvelle.fin is not None
    regle = duree(code, nouvelle.debut)
    premier = min([nouvelle.debut, *(debut for debut, _ in autres)])
    admis = (dernier_jour(premier, regle) - premier).days + 1
    faits = sum((fin - debut).days + 1 for debut, fin in autres if fin is not None)
    if nouvelle.jours + faits > admis:
        return [_passee("/date_fin", f"Plus de {regle.duree} mois en tout", regle)]
    return []


def _apprentissage(nouvelle: Occupation) -> list[Erreur]:
    maximum = nombre(APPRENTISSAGE, nouvelle.debut)
    assert nouvelle.age_entree is not None
    if _sans_derogation(nouvelle) and nouvelle.age_entree > maximum.valeur:
        message = f"Plus de {maximum.valeur} ans, sans derogation"
        return [_passee("/apprentissage/age_entree", message, maximum)]
    return []


def _sans_derogation(nouvelle: Occupation) -> bool:
    """Whether what bounds a beginning is to be checked: what goes on was admitted when it began."""
    return nouvelle.id is None and nouvelle.derogation is None


def _chevauchements(nouvelle: Occupation, autres: Sequence[Occupation]) -> list[Erreur]:
    if any(
        frozenset({une.type, nouvelle.type}) in INCOMPATIBLES and _ensemble(une, nouvelle)
        for une in autres
    ):
        message = "Un contrat incompatible court ces jours-la (non confirme)"
        return [Erreur("/date_debut", "date-incoherente", message)]
    return []


def _ensemble(une: Occupation, autre: Occupation) -> bool:
    return une.debut <= (autre.fin or date.max) and autre.debut <= (une.fin or date.max)


def _passee(champ: str, phrase: str, borne: Delai | Nombre) -> Erreur:
    article = borne.source.removeprefix("Code du travail ")
    lu = article if borne.confirme else f"{article}, non confirme"
    return Erreur(champ, "hors-bornes", f"{phrase} ({lu})")


def _exige_date(demande: ActeEmploiCreation, depuis: date, jusqu_a: date) -> None:
    """Both ends are included."""
    if not depuis <= demande.date_acte <= jusqu_a:
        raise Validation([Erreur("/date_acte", "date-incoherente", "A venir, ou hors du contrat")])


def _refuser(erreurs: Sequence[Erreur]) -> None:
    if erreurs:
        raise Validation(erreurs)
