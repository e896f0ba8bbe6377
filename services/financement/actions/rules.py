"""What an action must be to be recorded: its key sums to one, its places can be counted."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from uuid import UUID

from services.financement.conventions.rules import erreurs_de_tiers
from shared.referentiels import codes
from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.financement.actions import (
    ActeActionCreation,
    Action,
    ActionCreation,
    CaractereAction,
    Cofinancement,
    CofinancementLigne,
    ModeCapacite,
    Part,
    PartLigne,
    StatutAction,
    TypeActeAction,
)

TRANSITIONS: Mapping[StatutAction, tuple[StatutAction, ...]] = {
    StatutAction.PREVUE: (StatutAction.EN_COURS, StatutAction.ABANDONNEE),
    StatutAction.EN_COURS: (StatutAction.TERMINEE, StatutAction.ABANDONNEE),
    StatutAction.TERMINEE: (),
    StatutAction.ABANDONNEE: (),
}
_CIBLES = {
    TypeActeAction.DEMARRAGE: StatutAction.EN_COURS,
    TypeActeAction.ACHEVEMENT: StatutAction.TERMINEE,
    TypeActeAction.ABANDON: StatutAction.ABANDONNEE,
}


@dataclass(frozen=True)
class Cadre:
    """What the rules need to know of the convention, and of the envelopes that the key names.

    Args:
        axes: the convention's, by their order.
        volets: the same.
        conventions: of each envelope known, the convention, null when it has none.
    """

    convention_id: UUID
    axes: frozenset[int]
    volets: frozenset[int]
    conventions: Mapping[UUID, UUID | None]


@dataclass(frozen=True)
class PartDisponible:
    """What an envelope pays of an action, has left, and when it may be drawn on."""

    poids: Fraction
    disponible_centimes: int
    fenetre_debut: date | None
    fenetre_fin: date | None
    fermee: bool


def montant_disponible(parts: Sequence[PartDisponible], jour: date) -> int:
    """Return the most cents that a reservation of this day can take.

    Zero out of a window, or of an envelope that is closed.

    Each envelope must cover the whole cents of its fraction, and all together the amount: the
    same as `tenues_reservees`, which refuses one cent more.
    """
    if any(
        part.fermee
        or not (part.fenetre_debut or date.min) <= jour <= (part.fenetre_fin or date.max)
        for part in parts
    ):
        return 0
    # floor(montant * poids) <= disponible holds below (disponible + 1) / poids, that excluded.
    bornes = [math.ceil((part.disponible_centimes + 1) / part.poids) - 1 for part in parts]
    return min([sum(part.disponible_centimes for part in parts), *bornes])


def verifier_action(demande: ActionCreation | Action, cadre: Cadre) -> None:
    """Check an action against its convention, its envelopes and the list of freins.

    Raises:
        Validation: with each field that cannot be accepted.
    """
    erreurs = [
        Erreur(f"/{champ}", "code-referentiel-inconnu", "Inconnu de la convention")
        for champ, ordre, connus in (
            ("axe", demande.axe, cadre.axes),
            ("volet", demande.volet, cadre.volets),
        )
        if ordre is not None and ordre not in connus
    ]
    if demande.mode_capacite is ModeCapacite.AUCUNE and demande.places_ouvertes is not None:
        erreurs.append(
            Erreur("/places_ouvertes", "hors-bornes", "Sans mode de capacite, pas de places")
        )
    connus = codes("freins")
    erreurs += [
        Erreur(f"/freins/{rang}", "code-referentiel-inconnu", "Frein inconnu")
        for rang, frein in enumerate(demande.freins)
        if frein not in connus
    ]
    erreurs += _erreurs_de_cle(demande.cle, cadre)
    erreurs += erreurs_de_tiers(demande.porteur, "/porteur")
    renforcee = demande.caractere is CaractereAction.RENFORCEE
    if demande.base_reference is not None and not renforcee:
        erreurs.append(
            Erreur("/base_reference", "hors-bornes", "Seule une action renforcee en a une")
        )
    cofinancements: Sequence[CofinancementLigne | Cofinancement] = demande.cofinancements
    for rang, cofinancement in enumerate(cofinancements):
        taux = (cofinancement.numerateur, cofinancement.denominateur)
        if (taux[0] is None) is not (taux[1] is None):
            erreurs.append(Erreur(f"/cofinancements/{rang}", "requis", "Un taux a deux termes"))
        elif taux[0] is not None and taux[1] is not None and taux[0] > taux[1]:
            erreurs.append(Erreur(f"/cofinancements/{rang}", "hors-bornes", "Un au plus"))
    if erreurs:
        raise Validation(erreurs)


def apres_acte(
    statut: StatutAction,
    date_statut: date | None,
    demande: ActeActionCreation,
    aujourdhui: date,
) -> StatutAction:
    """Return the state of an action after an act of today or before.

    Raises:
        TransitionInterdite: the state does not admit the act.
        Validation: the act is to come, precedes the one before, or is not motivated.
    """
    erreurs = []
    if not (date_statut or date.min) <= demande.date_acte <= aujourdhui:
        erreurs.append(Erreur("/date_acte", "date-incoherente", "A venir, ou avant le precedent"))
    if demande.type is TypeActeAction.ABANDON and demande.motif is None:
        erreurs.append(Erreur("/motif", "requis", "Cet acte est motive"))
    if erreurs:
        raise Validation(erreurs)
    cible = _CIBLES[demande.type]
    if cible not in TRANSITIONS[statut]:
        raise TransitionInterdite(statut, TRANSITIONS[statut])
    return cible


def _erreurs_de_cle(cle: Sequence[PartLigne | Part], cadre: Cadre) -> list[Erreur]:
    erreurs = []
    for rang, part in enumerate(cle):
        pointeur = f"/cle/{rang}/enveloppe_id"
        if part.enveloppe_id not in cadre.conventions:
            erreurs.append(Erreur(pointeur, "code-referentiel-inconnu", "Enveloppe inconnue"))
        elif cadre.conventions[part.enveloppe_id] not in (None, cadre.convention_id):
            erreurs.append(Erreur(pointeur, "hors-bornes", "Enveloppe d'une autre convention"))
        elif part.enveloppe_id in {autre.enveloppe_id for autre in cle[:rang]}:
            erreurs.append(Erreur(pointeur, "hors-bornes", "Cette enveloppe est deja nommee"))
    if cle and sum(Fraction(part.numerateur, part.denominateur) for part in cle) != 1:
        erreurs.append(Erreur("/cle", "hors-bornes", "La somme des parts doit valoir 1"))
    return erreurs
