"""What may be engaged, given back, and what seems to be paid for twice."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.financement.enveloppes import rules as enveloppes
from services.financement.enveloppes.rules import EtatEnveloppe
from services.financement.journal.rules import Ligne, transfert
from services.financement.repartition import Part, ventiler
from services.financement.reservations.rules import DisponibleInsuffisant, HorsPeriode
from shared.identifiants import IdentifiantInvalide, rna, siret
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.financement.credits import StatutAutorisation
from shared.schemas.financement.engagements import (
    CouvertureCreation,
    EngagementCreation,
    ReportEngagementCreation,
    StatutEngagement,
)
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
    """What an envelope bears of an engagement, and what became of it.

    Args:
        couvert_centimes: what of it was of a year to come when it was engaged.
        recu_centimes: what of it was carried from the envelope of an earlier year.
        exercice: of the envelope.
    """

    enveloppe_id: UUID
    montant_centimes: int
    liquide_centimes: int
    degage_centimes: int
    couvert_centimes: int = 0
    recu_centimes: int = 0
    exercice: int | None = None

    @property
    def reste_centimes(self) -> int:
        """What is neither liquidated nor given back."""
        return self.montant_centimes - self.liquide_centimes - self.degage_centimes


@dataclass(frozen=True)
class EtatEngagement:
    """An engagement whose gates are held.

    Args:
        non_couvert_centimes: what its authorisation bears alone, for years to come.
        echeancier: the amount of each year, none: all of it is of its own.
    """

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
    non_couvert_centimes: int = 0
    echeancier: Mapping[int, int] = field(default_factory=dict)

    @property
    def reste_centimes(self) -> int:
        """What is neither liquidated nor given back, of all lines."""
        return sum(ligne.reste_centimes for ligne in self.lignes)

    @property
    def degageable_centimes(self) -> int:
        """What may still be given back: by envelopes, and by the authorisation alone."""
        return self.reste_centimes + self.non_couvert_centimes


@dataclass(frozen=True)
class Degage:
    """What of an engagement will not be spent.

    Args:
        rendus: by envelope, what it gets back.
        non_couvert_centimes: what no envelope bore yet, and the authorisation gets back.
    """

    rendus: Mapping[UUID, int]
    non_couvert_centimes: int = 0

    @property
    def total_centimes(self) -> int:
        """Of all envelopes, and of the authorisation alone."""
        return sum(self.rendus.values()) + self.non_couvert_centimes


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
            is not the amount, personnel on an authorisation (I-20), or a piece named twice.
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
    if demande.personnel and demande.ae_id is not None:
        message = "Jamais de personnel sur une autorisation d'engagement"
        erreurs.append(Erreur("/ae_id", "hors-bornes", message))
    if len(set(demande.pieces)) < len(demande.pieces):
        erreurs.append(Erreur("/pieces", "hors-bornes", "Une piece y est deux fois"))
    if erreurs:
        raise Validation(erreurs)
    return jour


def montant_couvert(demande: EngagementCreation, jour: date) -> int:
    """Return the cents that envelopes bear at once; an authorisation alone bears the rest.

    Of an engagement on an authorisation, only the year of the engagement is on envelopes: those of
    the years to come are not notified.

    Source: règles de financement, § 9 (« only the AE is engaged »).
    """
    if demande.ae_id is None or not demande.echeancier:
        return demande.montant_centimes
    return sum(
        echeance.montant_centimes
        for echeance in demande.echeancier
        if echeance.exercice == jour.year
    )


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


def montant_degage(etat: EtatEngagement, demande_centimes: int | None) -> Degage:
    """Return what each envelope gets back of what is neither liquidated nor given back.

    In proportion to what is left of each line, so that what stays engaged keeps its shares; then,
    of an authorisation, what it bears for the years to come.

    Raises:
        TransitionInterdite: nothing is left to give back.
        DisponibleInsuffisant: more is asked than is left.
    """
    reste = etat.degageable_centimes
    if StatutEngagement.DEGAGE not in TRANSITIONS[etat.statut] or not reste:
        raise TransitionInterdite(etat.statut, TRANSITIONS[etat.statut])
    montant = reste if demande_centimes is None else demande_centimes
    if montant > reste:
        raise DisponibleInsuffisant(disponible_centimes=reste)
    des_enveloppes = min(montant, etat.reste_centimes)
    parts = [
        Part(ligne.enveloppe_id, ligne.reste_centimes, 0, ligne.reste_centimes)
        for ligne in etat.lignes
    ]
    rendus = ventiler(des_enveloppes, parts) if des_enveloppes else {}
    return Degage(rendus, montant - des_enveloppes)


def verifier_couverture(
    etat: EtatEngagement,
    demande: CouvertureCreation,
    etats: Mapping[UUID, EtatEnveloppe],
    convention_id: UUID | None,
    jour: date,
) -> dict[UUID, int]:
    """Check what envelopes of a year take over from an authorisation; return it by envelope.

    Args:
        etats: of the envelopes that the demand names, gates held.
        convention_id: of the action; an envelope is of it, or of none.

    Raises:
        TransitionInterdite: the engagement is over, or an envelope is not open.
        Validation: a year that the schedule does not name for later, more than is left of it, or an
            envelope named twice, of another year or of another convention.
        HorsPeriode: out of an envelope's window.
        DisponibleInsuffisant: more than an envelope has.

    Source: règles de financement, § 9.
    """
    if StatutEngagement.SOLDE not in TRANSITIONS[etat.statut]:
        raise TransitionInterdite(etat.statut, TRANSITIONS[etat.statut])
    montants = {ligne.enveloppe_id: ligne.montant_centimes for ligne in demande.enveloppes}
    erreurs = []
    prevu = etat.echeancier.get(demande.exercice, 0)
    if etat.ae_id is None or demande.exercice <= etat.date_engagement.year or not prevu:
        erreurs.append(Erreur("/exercice", "hors-bornes", "Pas une annee a venir de l'echeancier"))
    deja = sum(
        ligne.couvert_centimes for ligne in etat.lignes if ligne.exercice == demande.exercice
    )
    reste = min(prevu - deja, etat.non_couvert_centimes)
    if sum(montants.values()) > reste:
        erreurs.append(Erreur("/enveloppes", "hors-bornes", "Plus que l'echeance, ou ce qui reste"))
    if len(montants) < len(demande.enveloppes):
        erreurs.append(Erreur("/enveloppes", "hors-bornes", "Une enveloppe y est deux fois"))
    for rang, ligne in enumerate(demande.enveloppes):
        enveloppe = etats[ligne.enveloppe_id]
        if enveloppe.exercice != demande.exercice or enveloppe.convention_id not in (
            None,
            convention_id,
        ):
            message = "Ni de cet exercice, ou d'une autre convention"
            erreurs.append(Erreur(f"/enveloppes/{rang}/enveloppe_id", "hors-bornes", message))
    if erreurs:
        raise Validation(erreurs)
    for enveloppe_id, montant in montants.items():
        enveloppe = etats[enveloppe_id]
        enveloppes.exige_ouverte(enveloppe)
        debut, fin = enveloppe.fenetre_debut, enveloppe.fenetre_fin
        if not (debut or date.min) <= jour <= (fin or date.max):
            raise HorsPeriode(enveloppe_id=enveloppe_id, fenetre_debut=debut, fenetre_fin=fin)
        if montant > enveloppe.soldes["disponible"]:
            raise DisponibleInsuffisant(
                enveloppe_id=enveloppe_id, disponible_centimes=enveloppe.soldes["disponible"]
            )
    return montants


def montant_reporte(
    etat: EtatEngagement,
    de: EtatEnveloppe,
    vers: EtatEnveloppe,
    demande: ReportEngagementCreation,
    aujourdhui: date,
) -> int:
    """Return the cents that an envelope whose window is over gives over to a later year's (I-24).

    All that is left of its line: what is neither liquidated, given back nor carried before.

    Raises:
        Validation: it bears nothing of the engagement, its window is not over that day, the
            receiver is of no later year or another, or a border that no decision crosses.
        TransitionInterdite: nothing of the line is left, an envelope is settled, or the receiver
            is not open.

    Source: règles de financement, § 6 (« engaged rest carried by avenant »).
    """
    erreurs = enveloppes.erreurs_fenetre(de, demande.date_effet, aujourdhui)
    lignes = [ligne for ligne in etat.lignes if ligne.enveloppe_id == de.id]
    if not lignes:
        erreurs.append(Erreur("/enveloppe_id", "hors-bornes", "Elle ne porte rien de l'engagement"))
    erreurs += enveloppes.erreurs_suivante(de, vers, "/vers_enveloppe_id")
    if erreurs:
        raise Validation(erreurs)
    enveloppes.exige_non_soldees({de.statut})
    (ligne,) = lignes
    if not ligne.reste_centimes:
        raise TransitionInterdite(etat.statut, [])
    enveloppes.exige_recevable(
        de, vers, ligne.reste_centimes, demande.decision, "/vers_enveloppe_id"
    )
    return ligne.reste_centimes


def lignes_report(de: UUID, vers: UUID, montant_centimes: int) -> list[Ligne]:
    """Engaged on the envelope of a later year, which is opened for as much, and no more on this."""
    return [
        *transfert(Livre.ENG, de, montant_centimes, Poste.ENGAGE, Poste.REPORTE),
        *transfert(Livre.ENG, vers, montant_centimes, Poste.OUVERT, Poste.ENGAGE),
    ]


def lignes_degagement(
    degage: Degage,
    ae_id: UUID | None,
    statut: StatutAutorisation = StatutAutorisation.VOTEE,
) -> list[Ligne]:
    """Give back to the envelopes, and to the authorisation that bears the engagement too.

    Args:
        statut: of the authorisation; of one that was cancelled, what is given back is cancelled.
    """
    lignes = lignes_transfert(degage.rendus, Poste.ENGAGE, Poste.DISPONIBLE)
    if ae_id is not None:
        vers = Poste.AFFECTEE if statut is StatutAutorisation.VOTEE else Poste.ANNULEE
        lignes += transfert(Livre.AE, ae_id, degage.total_centimes, Poste.ENGAGEE, vers)
    return lignes


def lignes_transfert(montants: Mapping[UUID, int], de: Poste, vers: Poste) -> list[Ligne]:
    """Move the cents of each envelope from a poste of its book to the next."""
    return [
        ligne
        for enveloppe_id, centimes in montants.items()
        for ligne in transfert(Livre.ENG, enveloppe_id, centimes, de, vers)
    ]
