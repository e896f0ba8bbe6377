"""Service done: who may certify it, how much of it is owed, and what each envelope pays."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.financement.engagements.rules import (
    AVERTISSEMENTS_MAX,
    TRANSITIONS,
    Degage,
    EtatEngagement,
    LigneEngagement,
    lignes_transfert,
)
from services.financement.journal.rules import Ligne
from services.financement.repartition import Part, ventiler
from services.financement.reservations.rules import DisponibleInsuffisant
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.financement.engagements import StatutEngagement
from shared.schemas.financement.journal import Poste
from shared.schemas.financement.justificatifs import Avertissement, CodeAvertissement
from shared.schemas.financement.liquidations import (
    JUSTIFICATIFS_MAX,
    LiquidationCreation,
    StatutLiquidation,
)


class RolesCumules(Refus):
    """One client may not hold both of two roles that the law keeps apart (I-50)."""

    code = "autorite-incompetente"
    detail = "Ce client a deja tenu, sur cette depense, un role qui ne se cumule pas avec celui-ci."


class SeuilExistant(Refus):
    """One threshold from a day on."""

    code = "reference-externe-existante"
    detail = "Un seuil vaut deja depuis ce jour."


@dataclass(frozen=True)
class LiquidationVoisine:
    """Another liquidation that may pay for the same thing, and the piece that it shares if any."""

    id: UUID
    engagement_id: UUID
    justificatif_id: UUID | None


def exige_place(deja: int, ajoutees: int) -> None:
    """Check that a liquidation can hold the pieces that are brought, and those it has.

    Raises:
        Validation: more than a liquidation shows.
    """
    if deja + ajoutees > JUSTIFICATIFS_MAX:
        message = f"Une liquidation a {JUSTIFICATIFS_MAX} pieces au plus"
        raise Validation([Erreur("/justificatifs", "trop-long", message)])


def verifier_liquidation(
    demande: LiquidationCreation, etat: EtatEngagement, aujourdhui: date
) -> date:
    """Check a service done; return the day on which it is certified.

    Raises:
        Validation: more is kept than presented, less without a reason, or days that do not follow.
    """
    jour = demande.date_certification or aujourdhui
    erreurs = []
    if demande.montant_retenu_centimes > demande.montant_presente_centimes:
        message = "Plus que ce qui est presente"
        erreurs.append(Erreur("/montant_retenu_centimes", "hors-bornes", message))
    elif (
        demande.montant_retenu_centimes < demande.montant_presente_centimes
        and demande.motif_ecart is None
    ):
        erreurs.append(Erreur("/motif_ecart", "requis", "Il est retenu moins : un motif le dit"))
    if not etat.date_engagement <= jour <= aujourdhui:
        message = "Avant l'engagement, ou a venir"
        erreurs.append(Erreur("/date_certification", "date-incoherente", message))
    if demande.date_service_fait > jour:
        message = "Le service n'est pas fait ce jour-la"
        erreurs.append(Erreur("/date_service_fait", "date-incoherente", message))
    if erreurs:
        raise Validation(erreurs)
    return jour


def exige_certificateur(etat: EtatEngagement, client_id: str, seuil_centimes: int | None) -> None:
    """Refuse that who engaged above the threshold certifies too; the threshold itself is under it.

    Args:
        seuil_centimes: the collectivité's, on that day; null: none is known, nothing is refused.

    Raises:
        RolesCumules: the client engaged it.

    Source: règles de financement, I-50.
    """
    if (
        seuil_centimes is not None
        and etat.montant_centimes > seuil_centimes
        and etat.client_id == client_id
    ):
        raise RolesCumules


def ventilation_liquidee(etat: EtatEngagement, retenu_centimes: int) -> dict[UUID, int]:
    """Return what each envelope pays of what is kept, within its line of the engagement.

    What the engagement bears of its own year is paid first, what was carried of it too; then what
    was covered since, year after year. Within a year, the envelope that is furthest under its share
    goes first; when all that is left is kept, each line takes its exact remainder (I-13).

    Raises:
        TransitionInterdite: nothing may be liquidated any more.
        DisponibleInsuffisant: more than is left of the engagement.

    Source: règles de financement, § 5, § 6 (« two years that must not be confused »).
    """
    if StatutEngagement.SOLDE not in TRANSITIONS[etat.statut]:
        raise TransitionInterdite(etat.statut, TRANSITIONS[etat.statut])
    if retenu_centimes > etat.reste_centimes:
        raise DisponibleInsuffisant(disponible_centimes=etat.reste_centimes)
    liquides: Counter[UUID] = Counter()
    for parts in _parts_par_annee(etat.lignes):
        reste = retenu_centimes - liquides.total()
        dus = min(reste, sum(part.reste_centimes for part in parts))
        liquides.update(ventiler(dus, parts))
    return dict(liquides)


def _parts_par_annee(lignes: Sequence[LigneEngagement]) -> list[list[Part]]:
    """What the engagement bears of its own year, then of each year that was covered since.

    One line may be of both, covered and carried to: what is paid of it is of its own year first.
    """
    # Who received has paid nothing yet, who gave has: once carried, only what is left is fair.
    reporte = any(ligne.recu_centimes for ligne in lignes)
    propres: list[Part] = []
    a_venir: defaultdict[int, list[Part]] = defaultdict(list)
    for ligne in lignes:
        couvert = min(ligne.couvert_centimes, ligne.reste_centimes)
        propre = ligne.reste_centimes - couvert
        deja = min(ligne.liquide_centimes, ligne.montant_centimes - ligne.couvert_centimes)
        for parts, reste, paye in (
            (propres, propre, deja),
            (a_venir[ligne.exercice or 0], couvert, ligne.liquide_centimes - deja),
        ):
            donne = 0 if reporte else paye
            parts.append(Part(ligne.enveloppe_id, donne + reste, donne, reste))
    return [propres, *(a_venir[annee] for annee in sorted(a_venir))]


def rendu_pour_solde(
    etat: EtatEngagement, demande: LiquidationCreation, liquides: Mapping[UUID, int]
) -> Degage:
    """Return what is given back by the last liquidation: what is not kept, years to come too."""
    if not demande.pour_solde:
        return Degage({})
    rendus = {
        ligne.enveloppe_id: rendu
        for ligne in etat.lignes
        if (rendu := ligne.reste_centimes - liquides.get(ligne.enveloppe_id, 0))
    }
    return Degage(rendus, etat.non_couvert_centimes)


def statut_apres(etat: EtatEngagement, demande: LiquidationCreation) -> StatutEngagement:
    """Return the state of an engagement once a liquidation is certified."""
    if demande.pour_solde or demande.montant_retenu_centimes == etat.degageable_centimes:
        return StatutEngagement.SOLDE
    if demande.montant_retenu_centimes:
        return StatutEngagement.PARTIELLEMENT_LIQUIDE
    return etat.statut


def statut_certifie(presente_centimes: int, retenu_centimes: int) -> StatutLiquidation:
    """Return the state of a liquidation that is not mandated."""
    if not retenu_centimes:
        return StatutLiquidation.REFUSEE
    if retenu_centimes < presente_centimes:
        return StatutLiquidation.CERTIFIEE_PARTIELLEMENT
    return StatutLiquidation.CERTIFIEE


def doublons_liquidation(
    voisines: Sequence[LiquidationVoisine], imputables: Collection[UUID]
) -> list[Avertissement]:
    """Return what seems to be paid twice: by a piece that another pays too, or by the rest.

    Args:
        voisines: of the same month, third party and object, or that name one of its pieces.
        imputables: the pieces that bear an amount; a contract or a RIB serves many times.
    """
    return [
        Avertissement(
            code=CodeAvertissement.JUSTIFICATIF_DEJA_IMPUTE
            if voisine.justificatif_id
            else CodeAvertissement.TIERS_PERIODE_OBJET,
            engagement_id=voisine.engagement_id,
            liquidation_id=voisine.id,
            justificatif_id=voisine.justificatif_id,
        )
        for voisine in voisines
        if voisine.justificatif_id is None or voisine.justificatif_id in imputables
    ][:AVERTISSEMENTS_MAX]


def lignes_liquidation(liquides: Mapping[UUID, int]) -> list[Ligne]:
    """Owed, and no more only promised."""
    return lignes_transfert(liquides, Poste.ENGAGE, Poste.LIQUIDE)
