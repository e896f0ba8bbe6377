"""What an envelope must be to be recorded, and which act may open it."""

from collections.abc import Mapping
from datetime import date

from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.financement.enveloppes import (
    EnveloppeCreation,
    OuvertureCommande,
    Qualificatif,
    StatutEnveloppe,
)

# Source: règles de financement, § 3. The exact act that opens is itself the notification: an
# announced envelope is notified and opened by one act, and what was announced is never posted.
TRANSITIONS: Mapping[StatutEnveloppe, tuple[StatutEnveloppe, ...]] = {
    StatutEnveloppe.ANNONCEE: (StatutEnveloppe.NOTIFIEE, StatutEnveloppe.OUVERTE),
    StatutEnveloppe.NOTIFIEE: (StatutEnveloppe.OUVERTE,),
    StatutEnveloppe.OUVERTE: (StatutEnveloppe.CLOSE,),
    StatutEnveloppe.CLOSE: (StatutEnveloppe.SOLDEE,),
    StatutEnveloppe.SOLDEE: (),
}


def verifier_enveloppe(demande: EnveloppeCreation) -> None:
    """Check that the window ends after it begins; both days are in it.

    Raises:
        Validation: `date-incoherente`.
    """
    if (demande.fenetre_debut or date.min) > (demande.fenetre_fin or date.max):
        raise Validation([Erreur("/fenetre_fin", "date-incoherente", "La fin precede le debut")])


def statut_initial(demande: EnveloppeCreation) -> StatutEnveloppe:
    """Return `annoncee` for an amount that is only announced, else `notifiee`."""
    return StatutEnveloppe.ANNONCEE if demande.annonce else StatutEnveloppe.NOTIFIEE


def ouverture_permise(
    statut: StatutEnveloppe, demande: OuvertureCommande, aujourdhui: date
) -> StatutEnveloppe:
    """Return the state of the envelope once opened, by an exact act of today or before.

    Raises:
        Validation: the amount is not exact (I-14), or the act takes effect in the future: what is
            not there yet could be promised today.
        TransitionInterdite: the envelope was opened before.
    """
    erreurs = []
    if demande.qualificatif is not Qualificatif.EXACT:
        erreurs.append(
            Erreur("/qualificatif", "hors-bornes", "Seul un montant exact peut etre ouvert")
        )
    if demande.date_effet > aujourdhui:
        erreurs.append(Erreur("/date_effet", "date-incoherente", "L'effet est a venir"))
    if erreurs:
        raise Validation(erreurs)
    if StatutEnveloppe.OUVERTE not in TRANSITIONS[statut]:
        raise TransitionInterdite(statut, TRANSITIONS[statut])
    return StatutEnveloppe.OUVERTE


def disponibilite_legale(soldes: Mapping[str, int]) -> int:
    """Return the credits opened less those engaged, mandated or not; a reservation is not one.

    Source: règles de financement, § 1.9 (comptabilité d'engagement) et § 6.
    """
    consommes = ("engage", "liquide", "mandate", "paye")
    return soldes["ouvert"] - sum(soldes[poste] for poste in consommes)
