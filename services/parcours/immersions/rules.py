"""What a convention of immersion-facile becomes here. Pure.

Source: partners.md §5; code du travail D5135-1 to D5135-8 for what a PMSMP may be.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from uuid import UUID

from services.parcours.emplois.rules import Occupation
from shared.clients.immersion_facile.contrats import ConventionLue
from shared.refus import TransitionInterdite
from shared.schemas.parcours.emplois import (
    DetailPmsmp,
    EmploiCreation,
    ObjetPmsmp,
    PrescripteurPmsmp,
    StatutEmploi,
    TypeEmploi,
)
from shared.schemas.parcours.immersions import EtatConvention

ACCEPTEE = "ACCEPTED_BY_VALIDATOR"
# No more, there: nothing is left of it here either.
FINIES = frozenset({"REJECTED", "CANCELLED", "DEPRECATED"})
STATUTS = (ACCEPTEE, *sorted(FINIES))
# What may still change: a convention is accepted late, or cancelled after it began.
_AVANT, _APRES, _PERIODE = timedelta(days=90), timedelta(days=180), timedelta(days=30)
# Ours: as long as a rendez-vous of a partner. Of nobody known, it serves nothing longer.
CONVENTIONS_JOURS = 180
_PREMIERE, _PLUS_LONGUE, _JOUR_S = timedelta(minutes=1), timedelta(hours=6), 86_400.0
_MINUTES_MAX, _QUART = 2_880, 15
_OBJETS: Mapping[str, ObjetPmsmp] = {
    "Découvrir un métier ou un secteur d'activité": ObjetPmsmp.DECOUVRIR,
    "Confirmer un projet professionnel": ObjetPmsmp.CONFIRMER,
    "Initier une démarche de recrutement": ObjetPmsmp.INITIER,
}
_PRESCRIPTEURS: Mapping[str, PrescripteurPmsmp] = {
    "conseil-departemental": PrescripteurPmsmp.CONSEIL_DEPARTEMENTAL,
    "pole-emploi": PrescripteurPmsmp.FRANCE_TRAVAIL,
    "france-travail": PrescripteurPmsmp.FRANCE_TRAVAIL,
    "mission-locale": PrescripteurPmsmp.MISSION_LOCALE,
    "cap-emploi": PrescripteurPmsmp.CAP_EMPLOI,
    "structure-IAE": PrescripteurPmsmp.STRUCTURE_IAE,
}
# By hand, from these: the others are settled, or wait for nobody.
RATTACHABLES = (EtatConvention.PERSONNE_INCONNUE, EtatConvention.EMPLOYEUR_INCONNU)


def periodes(jour: date) -> Iterator[tuple[date, date]]:
    """Cut what is read into short periods: after a day, and until another, that one included."""
    debut, fin = jour - _AVANT, jour + _APRES
    while debut < fin:
        suivant = min(debut + _PERIODE, fin)
        yield debut, suivant
        debut = suivant


def est_suivie(convention: ConventionLue) -> bool:
    """Tell whether it is a PMSMP of a goal that we know, with its days in order."""
    return (
        convention.internship_kind == "immersion"
        and convention.immersion_objective in _OBJETS
        and convention.date_start <= convention.date_end
        and convention.status in STATUTS
    )


def objet(convention: ConventionLue) -> ObjetPmsmp:
    """Tell why, in the words of D5135-3."""
    return _OBJETS[convention.immersion_objective]


def prescripteur(convention: ConventionLue) -> PrescripteurPmsmp:
    """Tell who prescribes, by the kind of their agency."""
    return _PRESCRIPTEURS.get(convention.agency_kind, PrescripteurPmsmp.AUTRE)


def minutes_hebdomadaires(convention: ConventionLue) -> int:
    """Return the minutes of a week, by quarters of an hour: their hours are of the whole of it.

    Less than a week counts as one. Between a quarter of an hour and 48 hours, as an emploi.
    """
    jours = (convention.date_end - convention.date_start).days + 1
    minutes = convention.schedule.total_hours * 60 * 7 / max(jours, 7)
    quarts = round(minutes / _QUART)
    return min(max(quarts, 1) * _QUART, _MINUTES_MAX)


def apres_lecture(
    statut: str, etat: EtatConvention | None, *, changee: bool
) -> EtatConvention | None:
    """Tell what is to be done of a convention that was read; None leaves it as it is.

    Who was not found is looked for at each reading: an employer or a person may have come since.
    """
    if statut in FINIES:
        if etat is None:  # never accepted while we looked
            return None
        return EtatConvention.ANNULEE if etat is not EtatConvention.ANNULEE else None
    if etat is None or changee or etat in RATTACHABLES or etat is EtatConvention.ANNULEE:
        return EtatConvention.A_TRAITER
    return None


def demande(
    *,
    employeur_id: UUID,
    debut: date,
    fin: date,
    objet: ObjetPmsmp,
    prescripteur: PrescripteurPmsmp,
    rome: str,
    minutes: int,
    occupations: Iterable[Occupation],
) -> EmploiCreation:
    """Return the mise en situation that a convention makes.

    The second in one structure with the same goal renews the first (D5135-3): it says so.
    """
    premiere = next(
        (
            une
            for une in occupations
            if une.type is TypeEmploi.PMSMP
            and une.statut is not StatutEmploi.ANNULE
            and une.employeur_id == employeur_id
            and une.objet is objet
            and une.renouvelle_id is None
            and une.debut < debut
        ),
        None,
    )
    return EmploiCreation(
        type=TypeEmploi.PMSMP,
        employeur_id=employeur_id,
        date_debut=debut,
        date_fin=fin,
        duree_hebdomadaire_minutes=minutes,
        rome=rome,
        pmsmp=DetailPmsmp(
            objet=objet, prescripteur=prescripteur, renouvelle_id=premiere and premiere.id
        ),
    )


def deja_saisie(
    occupations: Iterable[Occupation], *, employeur_id: UUID, debut: date, fin: date
) -> Occupation | None:
    """Return the same mise en situation, if somebody wrote it by hand."""
    return next(
        (
            une
            for une in occupations
            if une.type is TypeEmploi.PMSMP
            and une.statut is not StatutEmploi.ANNULE
            and (une.employeur_id, une.debut, une.fin) == (employeur_id, debut, fin)
        ),
        None,
    )


def exige_rattachable(etat: EtatConvention) -> None:
    """Refuse to say whose a convention is once it is somebody's, or nobody's any more.

    Raises:
        TransitionInterdite: with where it stands.
    """
    if etat not in RATTACHABLES:
        raise TransitionInterdite(etat, [])


def reprise_dans(essais: int, *, demandee_s: float = 0) -> timedelta:
    """Tell how long to wait after so many failed attempts; as long as they ask, up to a day."""
    attente: timedelta = _PREMIERE * (1 << min(essais - 1, 20))
    return max(min(_PLUS_LONGUE, attente), timedelta(seconds=min(demandee_s, _JOUR_S)))
