"""What may be claimed of a funder, cashed, taken off or given back, and what each act posts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.financement.journal.rules import Ligne, transfert
from services.financement.reservations.rules import DisponibleInsuffisant
from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.financement.enveloppes import Financeur, Qualificatif
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste
from shared.schemas.financement.recettes import NatureActeRecette, StatutTitre, SuiteReduction

# Source: règles de financement, § 3. A titre that was reduced is still to be cashed, or cancelled:
# the page, which stops there, says nothing of what is left of it (décision de conception).
TRANSITIONS: Mapping[StatutTitre, tuple[StatutTitre, ...]] = {
    StatutTitre.EMIS: (
        StatutTitre.ENCAISSE_PARTIEL,
        StatutTitre.ENCAISSE,
        StatutTitre.REDUIT,
        StatutTitre.ANNULE,
    ),
    StatutTitre.ENCAISSE_PARTIEL: (StatutTitre.ENCAISSE_PARTIEL, StatutTitre.ENCAISSE),
    StatutTitre.ENCAISSE: (),
    StatutTitre.REDUIT: (
        StatutTitre.ENCAISSE_PARTIEL,
        StatutTitre.ENCAISSE,
        StatutTitre.REDUIT,
        StatutTitre.ANNULE,
    ),
    StatutTitre.ANNULE: (),
}
# What each act moves. Source: règles de financement, § 6.
MOUVEMENTS: Mapping[NatureActeRecette, tuple[EvenementJournal, Poste, Poste]] = {
    NatureActeRecette.NOTIFICATION: (
        EvenementJournal.NOTIFICATION,
        Poste.NOTIFIE,
        Poste.A_TITRER,
    ),
    NatureActeRecette.ENCAISSEMENT: (EvenementJournal.ENCAISSEMENT, Poste.TITRE, Poste.ENCAISSE),
    NatureActeRecette.TROP_PERCU: (
        EvenementJournal.TROP_PERCU,
        Poste.ENCAISSE,
        Poste.A_REVERSER,
    ),
    NatureActeRecette.REVERSEMENT: (
        EvenementJournal.REVERSEMENT,
        Poste.A_REVERSER,
        Poste.REVERSE,
    ),
}
SUITES: Mapping[SuiteReduction, Poste] = {
    SuiteReduction.A_TITRER: Poste.A_TITRER,
    SuiteReduction.ABANDONNE: Poste.ABANDONNE,
}


@dataclass(frozen=True)
class EtatTitre:
    """All that the rules need to know of a titre."""

    statut: StatutTitre
    montant_centimes: int
    encaisse_centimes: int
    reduit_centimes: int

    @property
    def reste_centimes(self) -> int:
        """What is still to be cashed."""
        return self.montant_centimes - self.encaisse_centimes - self.reduit_centimes


def verifier_effet(
    jour: date, aujourdhui: date, *, depuis: date | None = None, champ: str = "date_effet"
) -> None:
    """Check that an act takes effect today or before, and not before the one it is about.

    Raises:
        Validation: `date-incoherente`.
    """
    if jour > aujourdhui:
        raise Validation([Erreur(f"/{champ}", "date-incoherente", "L'effet est a venir")])
    if depuis is not None and jour < depuis:
        raise Validation([Erreur(f"/{champ}", "date-incoherente", "Avant l'acte vise")])


def verifier_notification(financeur: str | None, qualificatif: Qualificatif) -> None:
    """Check that an outside funder notifies an exact amount (I-14).

    Raises:
        Validation: the amount is not exact, or the envelope is of the Département, or of nobody
            known: neither owes it a receipt.
    """
    if financeur in (None, Financeur.DEPARTEMENT):
        message = "L'enveloppe n'est pas celle d'un financeur exterieur"
        raise Validation([Erreur("", "hors-bornes", message)])
    if qualificatif is not Qualificatif.EXACT:
        message = "Seul un montant exact peut etre notifie"
        raise Validation([Erreur("/qualificatif", "hors-bornes", message)])


def exige_solde(soldes: Mapping[str, int] | None, poste: Poste, montant_centimes: int) -> None:
    """Refuse to move more than a poste holds; the last cent may be moved.

    Raises:
        DisponibleInsuffisant: with what the poste holds.
    """
    solde = (soldes or {}).get(poste, 0)
    if montant_centimes > solde:
        raise DisponibleInsuffisant(disponible_centimes=solde)


def verifier_correction(
    corrige: EtatTitre | None, *, nomme: bool, motif: str | None, meme_enveloppe: bool
) -> None:
    """Check a titre that corrects another: it names one, reduced or cancelled, and says why.

    Raises:
        Validation: with the field.

    Source: règles de financement, § 1.9 (un titre réémis nomme le titre corrigé et son motif).
    """
    if nomme is not (motif is not None):
        raise Validation([Erreur("/motif", "requis", "Un titre corrige va avec un motif")])
    if not nomme:
        return
    if corrige is None or not meme_enveloppe:
        message = "Titre inconnu de cette enveloppe"
        raise Validation([Erreur("/titre_corrige_id", "code-referentiel-inconnu", message)])
    if corrige.reduit_centimes == 0:
        message = "Ce titre n'est ni reduit ni annule"
        raise Validation([Erreur("/titre_corrige_id", "hors-bornes", message)])


def statut_encaisse(etat: EtatTitre, montant_centimes: int) -> StatutTitre:
    """Return the state of a titre once a part of it is cashed.

    Raises:
        TransitionInterdite: nothing of it is to be cashed any more.
        DisponibleInsuffisant: more than what is left of it.
    """
    if StatutTitre.ENCAISSE not in TRANSITIONS[etat.statut]:
        raise TransitionInterdite(etat.statut, TRANSITIONS[etat.statut])
    _exige_reste(etat, montant_centimes)
    entier = montant_centimes == etat.reste_centimes
    return StatutTitre.ENCAISSE if entier else StatutTitre.ENCAISSE_PARTIEL


def statut_reduit(etat: EtatTitre, montant_centimes: int) -> StatutTitre:
    """Return the state of a titre once it claims less; cancelled when it claims nothing.

    Raises:
        TransitionInterdite: a part of it is cashed, or it is cancelled.
        DisponibleInsuffisant: more than what is left of it.
    """
    if StatutTitre.REDUIT not in TRANSITIONS[etat.statut]:
        raise TransitionInterdite(etat.statut, TRANSITIONS[etat.statut])
    _exige_reste(etat, montant_centimes)
    entier = montant_centimes == etat.reste_centimes
    return StatutTitre.ANNULE if entier else StatutTitre.REDUIT


def _exige_reste(etat: EtatTitre, montant_centimes: int) -> None:
    if montant_centimes > etat.reste_centimes:
        raise DisponibleInsuffisant(disponible_centimes=etat.reste_centimes)


def lignes_acte(
    nature: NatureActeRecette, enveloppe_id: UUID, montant_centimes: int
) -> list[Ligne]:
    """Return what an act on an envelope, or a cashing, moves."""
    _, de, vers = MOUVEMENTS[nature]
    return transfert(Livre.REC, enveloppe_id, montant_centimes, de, vers)


def lignes_reduction(
    suite: SuiteReduction, enveloppe_id: UUID, montant_centimes: int
) -> list[Ligne]:
    """Return what a titre that claims less moves."""
    return transfert(Livre.REC, enveloppe_id, montant_centimes, Poste.TITRE, SUITES[suite])
