"""Orders to pay: where they are imputed, who may pay them, and what each payment takes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.financement.engagements.rules import lignes_transfert
from services.financement.journal.rules import Ligne, transfert
from services.financement.liquidations.rules import RolesCumules
from services.financement.repartition import Part, ventiler
from services.financement.reservations.rules import DisponibleInsuffisant
from shared.referentiels import charger
from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.financement.enveloppes import StatutEnveloppe
from shared.schemas.financement.journal import Livre, Poste
from shared.schemas.financement.liquidations import StatutLiquidation
from shared.schemas.financement.mandats import MandatCreation, StatutMandat

# Source: règles de financement, § 3. A paid order is undone by a titre only.
TRANSITIONS: Mapping[StatutMandat, tuple[StatutMandat, ...]] = {
    StatutMandat.EMIS: (StatutMandat.PRIS_EN_CHARGE, StatutMandat.REJETE),
    StatutMandat.PRIS_EN_CHARGE: (StatutMandat.PAYE,),
    StatutMandat.PAYE: (),
    StatutMandat.REJETE: (),
}
MANDATABLES = (StatutLiquidation.CERTIFIEE, StatutLiquidation.CERTIFIEE_PARTIELLEMENT)


@dataclass(frozen=True)
class Credit:
    """Payment credits whose gate is held."""

    exercice: int
    ae_id: UUID | None
    disponible_centimes: int


@dataclass(frozen=True)
class EtatLiquidation:
    """A liquidation whose gates are held.

    Args:
        exercice_rattachement: the year that it is attached to, null: none.
    """

    id: UUID
    engagement_id: UUID
    action_id: UUID
    ae_id: UUID | None
    statut: StatutLiquidation
    date_certification: date
    exercice_rattachement: int | None
    ventilation: Mapping[UUID, int]


@dataclass(frozen=True)
class LigneMandat:
    """What an envelope bears of an order, what is paid of it, and what came back."""

    enveloppe_id: UUID
    montant_centimes: int
    paye_centimes: int
    rembourse_centimes: int
    statut_enveloppe: StatutEnveloppe
    fenetre_fin: date | None


@dataclass(frozen=True)
class EtatMandat:
    """An order whose gates are held, and who did what on the expense.

    Args:
        ordonnateurs: who certified the service done, and who ordered the payment.
    """

    id: UUID
    version: int
    statut: StatutMandat
    liquidation_id: UUID
    engagement_id: UUID
    action_id: UUID
    credit_id: UUID | None
    date_emission: date
    ordonnateurs: frozenset[str]
    lignes: Sequence[LigneMandat]

    @property
    def ventilation(self) -> dict[UUID, int]:
        """What each envelope bears of the order."""
        return {ligne.enveloppe_id: ligne.montant_centimes for ligne in self.lignes}


def verifier_mandat(demande: MandatCreation, etat: EtatLiquidation, aujourdhui: date) -> date:
    """Check an order; return the day of it.

    What is attached to a year is expense of it already: it is ordered in a later one (I-23). What
    is engaged on an authorisation takes its payment credits (I-21).

    Raises:
        TransitionInterdite: the liquidation is refused, or an order of it is alive.
        Validation: a day before the certification, to come, or of the year that it is attached to;
            no credits where it takes some; or an imputation out of the table.
    """
    if etat.statut not in MANDATABLES:
        raise TransitionInterdite(etat.statut, [])
    jour = demande.date_emission or aujourdhui
    erreurs = []
    if not etat.date_certification <= jour <= aujourdhui:
        message = "Avant la certification, ou a venir"
        erreurs.append(Erreur("/date_emission", "date-incoherente", message))
    if etat.exercice_rattachement is not None and jour.year <= etat.exercice_rattachement:
        message = "Service fait rattache a cet exercice ou apres : il se mandate l'annee suivante"
        erreurs.append(Erreur("/date_emission", "date-incoherente", message))
    if etat.ae_id is not None and demande.credit_id is None:
        message = "L'engagement porte sur une autorisation : ses credits de paiement"
        erreurs.append(Erreur("/credit_id", "requis", message))
    erreurs += erreurs_imputation(demande, jour)
    if erreurs:
        raise Validation(erreurs)
    return jour


def erreurs_imputation(demande: MandatCreation, jour: date) -> list[Erreur]:
    """Return what of an imputation is in no plan of that day; all its codes are of one plan.

    A code that is read under another plan only is taken, and the table says that it is so.

    Source: règles de financement, § 1.9 (`imputations-comptables`).
    """
    codes = {
        "fonction": demande.fonction,
        "nature": demande.nature,
        **({"chapitre": demande.chapitre} if demande.chapitre else {}),
    }
    plans = [
        {
            ligne["plan"]
            for ligne in charger("imputations-comptables")
            if (ligne["type"], ligne["code"]) == (type_, code)
            and ligne["sens"] != "recette"
            and ligne["depuis"] <= jour.isoformat() <= (ligne["jusqu_a"] or "9999-12-31")
        }
        for type_, code in codes.items()
    ]
    inconnus = [
        Erreur(f"/{type_}", "code-referentiel-inconnu", "Code inconnu ce jour-la")
        for type_, trouves in zip(codes, plans, strict=True)
        if not trouves
    ]
    if not inconnus and not set.intersection(*plans):
        return [Erreur("/nature", "code-referentiel-inconnu", "Codes de deux plans de comptes")]
    return inconnus


def exige_credit(
    credit: Credit | None, montant_centimes: int, exercice: int, ae_id: UUID | None
) -> None:
    """Refuse an order beyond its payment credits (I-21).

    Raises:
        Validation: unknown, of another year, or of another authorisation.
        DisponibleInsuffisant: with what is left of them.
    """
    if credit is None:
        raise Validation([Erreur("/credit_id", "code-referentiel-inconnu", "Credits inconnus")])
    if credit.exercice != exercice:
        raise Validation([Erreur("/credit_id", "hors-bornes", "Credits d'un autre exercice")])
    if credit.ae_id != ae_id:
        message = "Credits d'une autre autorisation que celle de l'engagement"
        raise Validation([Erreur("/credit_id", "hors-bornes", message)])
    if montant_centimes > credit.disponible_centimes:
        raise DisponibleInsuffisant(disponible_centimes=credit.disponible_centimes)


def exige_comptable(ordonnateurs: Collection[str], client_id: str) -> None:
    """Refuse the acts of the comptable to who certified the service done or ordered the payment.

    Raises:
        RolesCumules: it is one of them.

    Source: règles de financement, § 1.9 et I-50.
    """
    if client_id in ordonnateurs:
        raise RolesCumules


def exige_transition(statut: StatutMandat, vers: StatutMandat) -> None:
    """Refuse an act that the state of an order does not allow.

    Raises:
        TransitionInterdite: with those that it allows.
    """
    if vers not in TRANSITIONS[statut]:
        raise TransitionInterdite(statut, TRANSITIONS[statut])


def verifier_jour(champ: str, jour: date, *, depuis: date, aujourdhui: date) -> None:
    """Refuse a day before an order, or to come.

    Raises:
        Validation: `date-incoherente`.
    """
    if not depuis <= jour <= aujourdhui:
        message = "Avant l'emission du mandat, ou a venir"
        raise Validation([Erreur(f"/{champ}", "date-incoherente", message)])


def ventilation_payee(etat: EtatMandat, montant_centimes: int) -> dict[UUID, int]:
    """Return what each envelope pays of a payment, in whole or in part; the last ends exact.

    Raises:
        DisponibleInsuffisant: more than is left to pay.
    """
    return _ventiler(
        montant_centimes,
        [
            Part(
                ligne.enveloppe_id,
                ligne.montant_centimes,
                ligne.paye_centimes,
                ligne.montant_centimes - ligne.paye_centimes,
            )
            for ligne in etat.lignes
        ],
    )


def ventilation_rendue(etat: EtatMandat, montant_centimes: int) -> dict[UUID, int]:
    """Return what each envelope is given back of what it paid.

    Raises:
        DisponibleInsuffisant: more than was paid and not given back.
    """
    return _ventiler(
        montant_centimes,
        [
            Part(
                ligne.enveloppe_id,
                ligne.paye_centimes,
                ligne.rembourse_centimes,
                ligne.paye_centimes - ligne.rembourse_centimes,
            )
            for ligne in etat.lignes
        ],
    )


def _ventiler(montant_centimes: int, parts: Sequence[Part]) -> dict[UUID, int]:
    reste = sum(part.reste_centimes for part in parts)
    if montant_centimes > reste:
        raise DisponibleInsuffisant(disponible_centimes=reste)
    return ventiler(montant_centimes, parts)


def statut_paye(etat: EtatMandat, montant_centimes: int) -> StatutMandat:
    """Return the state of an order once a payment is made: paid when nothing is left to pay."""
    paye = sum(ligne.paye_centimes for ligne in etat.lignes) + montant_centimes
    du = sum(ligne.montant_centimes for ligne in etat.lignes)
    return StatutMandat.PAYE if paye == du else etat.statut


def redevenus_disponibles(
    etat: EtatMandat, rendus: Mapping[UUID, int], jour: date
) -> dict[UUID, int]:
    """Return what of a repayment may be spent again: that of envelopes still open that day.

    Of the others it is cancelled. Both ends of a window are in it.

    Source: règles de financement, § 6 (« beneficiary repays, year open / closed »).
    """
    ouvertes = {
        ligne.enveloppe_id
        for ligne in etat.lignes
        if ligne.statut_enveloppe is StatutEnveloppe.OUVERTE
        and jour <= (ligne.fenetre_fin or date.max)
    }
    return {
        enveloppe_id: centimes
        for enveloppe_id, centimes in rendus.items()
        if enveloppe_id in ouvertes
    }


def lignes_mandat(ventilation: Mapping[UUID, int], credit_id: UUID | None) -> list[Ligne]:
    """Ordered: of the envelopes, and of the payment credits of the year, in one entry (I-21)."""
    lignes = lignes_transfert(ventilation, Poste.LIQUIDE, Poste.MANDATE)
    if credit_id is not None:
        total = sum(ventilation.values())
        lignes += transfert(Livre.CP, credit_id, total, Poste.DISPONIBLE, Poste.MANDATE)
    return lignes


def lignes_rejet(etat: EtatMandat) -> list[Ligne]:
    """Owed again, and no more ordered; the payment credits are free again."""
    lignes = lignes_transfert(etat.ventilation, Poste.MANDATE, Poste.LIQUIDE)
    if etat.credit_id is not None:
        total = sum(etat.ventilation.values())
        lignes += transfert(Livre.CP, etat.credit_id, total, Poste.MANDATE, Poste.DISPONIBLE)
    return lignes


def lignes_remboursement(
    rendus: Mapping[UUID, int], disponibles: Mapping[UUID, int]
) -> list[Ligne]:
    """Given back: to what may be spent, or to what is cancelled."""
    annules = {
        enveloppe_id: centimes
        for enveloppe_id, centimes in rendus.items()
        if enveloppe_id not in disponibles
    }
    return [
        *lignes_transfert(disponibles, Poste.PAYE, Poste.DISPONIBLE),
        *lignes_transfert(annules, Poste.PAYE, Poste.ANNULE),
    ]
