"""What may be engaged, given back, and what seems to be paid for twice."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.financement.journal.rules import Ligne, transfert
from services.financement.repartition import Part, ventiler
from services.financement.reservations.rules import DisponibleInsuffisant
from shared.identifiants import IdentifiantInvalide, rna, siret
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.financement.credits import StatutAutorisation
from shared.schemas.financement.engagements import EngagementCreation, StatutEngagement
from shared.schemas.financement.journal import Livre, Poste
from shared.schemas.financement.justificatifs import Avertissement, CodeAvertissement

AVERTISSEMENTS_MAX = 50
# Source: règles de financement, § 3.
TRANSITIONS: Mapping[StatutEngagement, tuple[StatutEngagement, ...]] = {
    StatutEngagement.PROPOSE: (StatutEngagement.ENGAGE,),
    StatutEngagement.ENGAGE: (
        StatutEngagement.PARTIELLEMENT_LIQUIDE,
        StatutEngagement.SOLDE,
        StatutEngagement.DEGAGE,
    ),
    StatutEngagement.PARTIELLEMENT_LIQUIDE: (StatutEngagement.SOLDE, StatutEngagement.DEGAGE),
    StatutEngagement.SOLDE: (),
    StatutEngagement.DEGAGE: (),
}


class DoubleFinancement(Refus):
    """The same expense is engaged, or told to a funder, before: it is certain."""

    code = "reference-externe-existante"
    detail = "Cette depense est deja financee."


@dataclass(frozen=True)
class LigneEngagement:
    """What an envelope bears of an engagement, and what became of it."""

    enveloppe_id: UUID
    montant_centimes: int
    liquide_centimes: int
    degage_centimes: int

    @property
    def reste_centimes(self) -> int:
        """What is neither liquidated nor given back."""
        return self.montant_centimes - self.liquide_centimes - self.degage_centimes


@dataclass(frozen=True)
class EtatEngagement:
    """An engagement whose gates are held."""

    id: UUID
    version: int
    statut: StatutEngagement
    action_id: UUID
    ae_id: UUID | None
    client_id: str | None
    cle_doublon: str | None
    date_engagement: date
    montant_centimes: int
    lignes: Sequence[LigneEngagement]

    @property
    def reste_centimes(self) -> int:
        """What is neither liquidated nor given back, of all lines."""
        return sum(ligne.reste_centimes for ligne in self.lignes)


@dataclass(frozen=True)
class EngagementVoisin:
    """Another engagement that may pay for the same thing."""

    id: UUID
    cle_doublon: str | None
    exercices: frozenset[int]
    pieces: frozenset[UUID]


def verifier_engagement(demande: EngagementCreation, aujourdhui: date) -> date:
    """Check an engagement towards a third party; return the day that it is of.

    Raises:
        Validation: no third party or two, a wrong SIRET or RNA, a day to come, a schedule that
            is not the amount, or a piece named twice.
    """
    jour = demande.date_engagement or aujourdhui
    erreurs = []
    if (demande.tiers_siret is None) == (demande.tiers_rna is None):
        erreurs.append(Erreur("/tiers_siret", "requis", "Un SIRET ou un RNA, et un seul"))
    for champ, verifier, message in (
        ("tiers_siret", siret, "Ce n'est pas un SIRET"),
        ("tiers_rna", rna, "Ce n'est pas un RNA"),
    ):
        valeur = getattr(demande, champ)
        try:
            if valeur is not None:
                verifier(valeur)
        except IdentifiantInvalide:
            erreurs.append(Erreur(f"/{champ}", "format-inattendu", message))
    if jour > aujourdhui:
        erreurs.append(Erreur("/date_engagement", "date-incoherente", "Le jour est a venir"))
    if echeances := demande.echeancier:
        exercices = [echeance.exercice for echeance in echeances]
        if sum(echeance.montant_centimes for echeance in echeances) != demande.montant_centimes:
            erreurs.append(Erreur("/echeancier", "hors-bornes", "La somme n'est pas le montant"))
        if len(set(exercices)) < len(exercices) or min(exercices) < jour.year:
            message = "Un exercice y est deux fois, ou precede l'engagement"
            erreurs.append(Erreur("/echeancier", "hors-bornes", message))
    if len(set(demande.pieces)) < len(demande.pieces):
        erreurs.append(Erreur("/pieces", "hors-bornes", "Une piece y est deux fois"))
    if erreurs:
        raise Validation(erreurs)
    return jour


def cle_doublon(demande: EngagementCreation) -> str:
    """Return third party and object in a form that two spellings of one object share."""
    sans_accents = unicodedata.normalize("NFKD", demande.objet.casefold())
    lettres = "".join(
        lettre if lettre.isalnum() else " "
        for lettre in sans_accents.encode("ascii", "ignore").decode()
    )
    return f"{demande.tiers_siret or demande.tiers_rna}|{' '.join(lettres.split())}"


def exercices_de(demande: EngagementCreation, jour: date) -> frozenset[int]:
    """Return the years that an engagement pays for: those of its schedule, or its own."""
    return frozenset(echeance.exercice for echeance in demande.echeancier) or frozenset({jour.year})


def doublons_engagement(
    cle: str,
    exercices: frozenset[int],
    pieces: frozenset[UUID],
    voisins: Sequence[EngagementVoisin],
) -> list[Avertissement]:
    """Return what seems to be engaged twice, over pieces and over third party, year and object.

    Raises:
        DoubleFinancement: all of it is the same, a piece included: it is certain.

    Source: règles de financement, § 13.
    """
    trouves = []
    for voisin in voisins:
        communes = pieces & voisin.pieces
        meme = voisin.cle_doublon == cle and bool(voisin.exercices & exercices)
        if meme and communes:
            raise DoubleFinancement(id=voisin.id)
        if meme:
            trouves.append(
                Avertissement(
                    code=CodeAvertissement.TIERS_PERIODE_OBJET,
                    engagement_id=voisin.id,
                    liquidation_id=None,
                    justificatif_id=None,
                )
            )
        trouves += [
            Avertissement(
                code=CodeAvertissement.JUSTIFICATIF_DEJA_JOINT,
                engagement_id=voisin.id,
                liquidation_id=None,
                justificatif_id=piece,
            )
            for piece in sorted(communes)
        ]
    return trouves[:AVERTISSEMENTS_MAX]


def exige_autorisation(
    montant_centimes: int, affecte_centimes: int, *, pointeur: str = "/montant_centimes"
) -> None:
    """Refuse to engage on an authorisation more than is assigned and not engaged (I-20).

    Raises:
        DisponibleInsuffisant: with what is left of it.
    """
    if montant_centimes > affecte_centimes:
        raise DisponibleInsuffisant(disponible_centimes=affecte_centimes)


def montant_degage(etat: EtatEngagement, demande_centimes: int | None) -> dict[UUID, int]:
    """Return what each envelope gets back of what is neither liquidated nor given back.

    In proportion to what is left of each line, so that what stays engaged keeps its shares.

    Raises:
        TransitionInterdite: nothing is left to give back.
        DisponibleInsuffisant: more is asked than is left.
    """
    if StatutEngagement.DEGAGE not in TRANSITIONS[etat.statut] or not etat.reste_centimes:
        raise TransitionInterdite(etat.statut, TRANSITIONS[etat.statut])
    montant = etat.reste_centimes if demande_centimes is None else demande_centimes
    if montant > etat.reste_centimes:
        raise DisponibleInsuffisant(disponible_centimes=etat.reste_centimes)
    parts = [
        Part(ligne.enveloppe_id, ligne.reste_centimes, 0, ligne.reste_centimes)
        for ligne in etat.lignes
    ]
    return ventiler(montant, parts)


def lignes_degagement(
    rendus: Mapping[UUID, int],
    ae_id: UUID | None,
    statut: StatutAutorisation = StatutAutorisation.VOTEE,
) -> list[Ligne]:
    """Give back to the envelopes, and to the authorisation that bears the engagement too.

    Args:
        statut: of the authorisation; of one that was cancelled, what is given back is cancelled.
    """
    lignes = lignes_transfert(rendus, Poste.ENGAGE, Poste.DISPONIBLE)
    if ae_id is not None:
        vers = Poste.AFFECTEE if statut is StatutAutorisation.VOTEE else Poste.ANNULEE
        lignes += transfert(Livre.AE, ae_id, sum(rendus.values()), Poste.ENGAGEE, vers)
    return lignes


def lignes_transfert(montants: Mapping[UUID, int], de: Poste, vers: Poste) -> list[Ligne]:
    """Move the cents of each envelope from a poste of its book to the next."""
    return [
        ligne
        for enveloppe_id, centimes in montants.items()
        for ligne in transfert(Livre.ENG, enveloppe_id, centimes, de, vers)
    ]
