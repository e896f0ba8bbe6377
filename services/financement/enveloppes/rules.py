"""What an envelope must be to be recorded, and which acts may change what it is worth."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.financement.journal.rules import (
    Ligne,
    erreurs_effet,
    exige_effet,
    lignes_ouverture,
    transfert,
)
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.commun import CENTIMES_MAX
from shared.schemas.financement.enveloppes import (
    AvenantEnveloppeCommande,
    ClotureEnveloppeCommande,
    EnveloppeCreation,
    OuvertureCommande,
    Qualificatif,
    SortReliquat,
    StatutEnveloppe,
    VirementCommande,
)
from shared.schemas.financement.journal import Livre, Poste

# Source: règles de financement, § 3. The exact act that opens is itself the notification: an
# announced envelope is notified and opened by one act, and what was announced is never posted.
TRANSITIONS: Mapping[StatutEnveloppe, tuple[StatutEnveloppe, ...]] = {
    StatutEnveloppe.ANNONCEE: (StatutEnveloppe.NOTIFIEE, StatutEnveloppe.OUVERTE),
    StatutEnveloppe.NOTIFIEE: (StatutEnveloppe.OUVERTE,),
    StatutEnveloppe.OUVERTE: (StatutEnveloppe.CLOSE,),
    # What a dégagement gives back to a closed envelope is closed again, in its turn.
    StatutEnveloppe.CLOSE: (StatutEnveloppe.CLOSE, StatutEnveloppe.SOLDEE),
    StatutEnveloppe.SOLDEE: (),
}
# Nothing more is committed on them, nor on what comes back to them.
FERMEES = frozenset({StatutEnveloppe.CLOSE, StatutEnveloppe.SOLDEE})


class EnveloppeEngagee(Refus):
    """What is to leave an envelope is reserved or engaged (I-32)."""

    code = "disponible-insuffisant"
    detail = "Ce qui est reserve ou engage ne peut pas quitter l'enveloppe."


@dataclass(frozen=True)
class Blocage:
    """An engagement that keeps money in an envelope, and how much."""

    engagement_id: UUID
    numero: int
    montant_centimes: int


@dataclass(frozen=True)
class EtatEnveloppe:
    """All that the rules need to know of an envelope whose gate is held.

    Args:
        axe_fongible: its money may leave its axis; true without an axis.
        volet_fongible: the same of its volet.
        soldes: of the book eng by poste, what is due given back.
    """

    id: UUID
    statut: StatutEnveloppe
    convention_id: UUID | None
    exercice: int | None
    financeur: str | None
    axe: int | None
    axe_fongible: bool
    volet: int | None
    volet_fongible: bool
    fenetre_fin: date | None
    soldes: Mapping[str, int]
    fenetre_debut: date | None = None


def exige_transition(statut: StatutEnveloppe, cible: StatutEnveloppe) -> None:
    """Refuse an act that the state does not allow.

    Raises:
        TransitionInterdite: with the states that it does.
    """
    if cible not in TRANSITIONS[statut]:
        raise TransitionInterdite(statut, TRANSITIONS[statut])


def exige_ouverte(enveloppe: EtatEnveloppe) -> None:
    """Refuse to change what an envelope is worth unless it is open.

    Raises:
        TransitionInterdite: it is not opened yet, or it is closed.
    """
    if enveloppe.statut is not StatutEnveloppe.OUVERTE:
        raise TransitionInterdite(enveloppe.statut, TRANSITIONS[enveloppe.statut])


def exige_non_soldees(statuts: Collection[StatutEnveloppe]) -> None:
    """Refuse to move a balance of an envelope that ended: its state is the last.

    Raises:
        TransitionInterdite: one of them is `soldee`.
    """
    if StatutEnveloppe.SOLDEE in statuts:
        raise TransitionInterdite(StatutEnveloppe.SOLDEE, TRANSITIONS[StatutEnveloppe.SOLDEE])


def variation_permise(
    enveloppe: EtatEnveloppe,
    demande: AvenantEnveloppeCommande,
    blocages: Sequence[Blocage],
    aujourdhui: date,
) -> int:
    """Return the cents that a new amount adds to an envelope, or takes away from it.

    It may be lowered down to what is reserved and engaged, that included. Zero: its window alone
    changes.

    Raises:
        Validation: the act takes effect in the future, changes nothing, or moves the window of a
            convention's envelope, or so that it ends before it begins.
        TransitionInterdite: the envelope is not open.
        EnveloppeEngagee: with what is left, and the engagements that hold the rest (I-32).
    """
    erreurs = erreurs_effet(demande.date_effet, aujourdhui)
    erreurs += _erreurs_fenetre_deplacee(enveloppe, demande)
    variation = 0
    if demande.montant_centimes is not None:
        variation = demande.montant_centimes - enveloppe.soldes["ouvert"]
    if variation == 0 and not (demande.fenetre_debut or demande.fenetre_fin):
        erreurs.append(Erreur("/montant_centimes", "hors-bornes", "C'est deja son montant"))
    if erreurs:
        raise Validation(erreurs)
    exige_ouverte(enveloppe)
    exige_disponible(enveloppe, -variation, blocages)
    return variation


def _erreurs_fenetre_deplacee(
    enveloppe: EtatEnveloppe, demande: AvenantEnveloppeCommande
) -> list[Erreur]:
    """Say that a window is not moved by this act: the avenant of a convention moves its own."""
    if not (demande.fenetre_debut or demande.fenetre_fin):
        return []
    champ = "/fenetre_fin" if demande.fenetre_fin else "/fenetre_debut"
    if enveloppe.convention_id is not None:
        message = "L'avenant de sa convention la deplace"
        return [Erreur(champ, "hors-bornes", message)]
    debut = demande.fenetre_debut or enveloppe.fenetre_debut or date.min
    if debut > (demande.fenetre_fin or enveloppe.fenetre_fin or date.max):
        return [Erreur(champ, "date-incoherente", "La fin precede le debut")]
    return []


def exige_disponible(
    enveloppe: EtatEnveloppe, montant_centimes: int, blocages: Sequence[Blocage]
) -> None:
    """Refuse to take out of an envelope more than what is free.

    Raises:
        EnveloppeEngagee: with what is free, and what holds the rest.
    """
    if montant_centimes > enveloppe.soldes["disponible"]:
        raise EnveloppeEngagee(
            disponible_centimes=enveloppe.soldes["disponible"],
            reserve_centimes=enveloppe.soldes["reserve"],
            engagements=[vars(blocage) for blocage in blocages],
        )


def virement_permis(
    de: EtatEnveloppe,
    vers: EtatEnveloppe,
    demande: VirementCommande,
    blocages: Sequence[Blocage],
    aujourdhui: date,
) -> None:
    """Refuse money that may not pass from an envelope to another.

    Raises:
        Validation: the same envelope, an effect to come, a border that no decision crosses, or
            more than an envelope can be worth.
        TransitionInterdite: one of the two is not open.
        EnveloppeEngagee: what is to leave is held.
    """
    exige_effet(demande.date_effet, aujourdhui)
    exige_passage(de, vers, decision=demande.decision)
    for enveloppe in (de, vers):
        exige_ouverte(enveloppe)
    exige_disponible(de, demande.montant_centimes, blocages)
    _exige_bornes(vers, demande.montant_centimes, "/montant_centimes")


def _exige_bornes(enveloppe: EtatEnveloppe, montant_centimes: int, pointeur: str) -> None:
    """Refuse what would make an envelope worth more than an amount can say.

    Raises:
        Validation: `hors-bornes`.
    """
    if enveloppe.soldes["ouvert"] + montant_centimes > CENTIMES_MAX:
        raise Validation([Erreur(pointeur, "hors-bornes", "L'enveloppe depasserait la borne")])


def exige_passage(de: EtatEnveloppe, vers: EtatEnveloppe, *, decision: str | None) -> None:
    """Refuse to cross a border of I-16 without the decision that says so.

    Raises:
        Validation: `requis`, at the decision; `hors-bornes` when both are the same.
    """
    if de.id == vers.id:
        raise Validation([Erreur("/enveloppe_id", "hors-bornes", "C'est la meme enveloppe")])
    frontieres = [
        nom
        for nom, franchie in (
            ("financeur", de.financeur != vers.financeur),
            ("convention", de.convention_id != vers.convention_id),
            ("axe", de.axe != vers.axe and not (de.axe_fongible and vers.axe_fongible)),
            (
                "volet",
                de.volet != vers.volet and not (de.volet_fongible and vers.volet_fongible),
            ),
        )
        if franchie
    ]
    if frontieres and decision is None:
        message = f"Une decision est requise pour changer de : {', '.join(frontieres)}"
        raise Validation([Erreur("/decision", "requis", message)])


def cloture_permise(
    enveloppe: EtatEnveloppe,
    vers: EtatEnveloppe | None,
    demande: ClotureEnveloppeCommande,
    aujourdhui: date,
) -> int:
    """Return the cents that leave an envelope whose window is over: all that is free.

    Args:
        vers: the one that is to receive a carry-over, null for none.

    Raises:
        Validation: the window is not over that day, or the receiver is missing, not of a later
            year, or would be worth more than an amount can say.
        TransitionInterdite: the envelope is not open, or its receiver is not.
        EnveloppeEngagee: something is reserved: it is to be confirmed or given back first.
    """
    erreurs = erreurs_fenetre(enveloppe, demande.date_effet, aujourdhui)
    reporte = demande.reliquat is SortReliquat.REPORT
    if reporte != (vers is not None):
        erreurs.append(
            Erreur("/enveloppe_id", "requis", "Un report, et lui seul, nomme une enveloppe")
        )
    if vers is not None:
        erreurs += erreurs_suivante(enveloppe, vers)
    if erreurs:
        raise Validation(erreurs)
    exige_transition(enveloppe.statut, StatutEnveloppe.CLOSE)
    if vers is not None:
        exige_recevable(enveloppe, vers, enveloppe.soldes["disponible"], demande.decision)
    if enveloppe.soldes["reserve"]:
        raise EnveloppeEngagee(
            disponible_centimes=enveloppe.soldes["disponible"],
            reserve_centimes=enveloppe.soldes["reserve"],
            engagements=[],
        )
    return enveloppe.soldes["disponible"]


def acte_nomme(source: str, decision: str | None) -> str:
    """Return what justifies an entry: the act, and the decision that it carries."""
    return source if decision is None else f"{source} ; {decision}"


def fin_fenetre(exercice: int | None, fenetre_fin: date | None) -> date:
    """Return the last day on which an envelope may be committed: its year's when none is said."""
    return fenetre_fin or (date(exercice, 12, 31) if exercice else date.min)


def erreurs_fenetre(enveloppe: EtatEnveloppe, date_effet: date, aujourdhui: date) -> list[Erreur]:
    """Say that what an envelope leaves is settled before its window is over, or on a day to come.

    Both ends are in a window.
    """
    erreurs = erreurs_effet(date_effet, aujourdhui)
    if date_effet <= fin_fenetre(enveloppe.exercice, enveloppe.fenetre_fin):
        erreurs.append(Erreur("/date_effet", "date-incoherente", "La fenetre n'est pas finie"))
    return erreurs


def erreurs_suivante(
    de: EtatEnveloppe, vers: EtatEnveloppe, pointeur: str = "/enveloppe_id"
) -> list[Erreur]:
    """Say that a carry-over does not go to a later year."""
    if (vers.exercice or 0) > (de.exercice or 0):
        return []
    return [Erreur(pointeur, "hors-bornes", "Une enveloppe d'un exercice suivant")]


def exige_recevable(
    de: EtatEnveloppe,
    vers: EtatEnveloppe,
    montant_centimes: int,
    decision: str | None,
    pointeur: str = "/enveloppe_id",
) -> None:
    """Refuse a carry-over to an envelope that may not receive it.

    Raises:
        Validation: a border that no decision crosses, or more than an envelope can be worth.
        TransitionInterdite: it is not open.
    """
    exige_passage(de, vers, decision=decision)
    exige_ouverte(vers)
    _exige_bornes(vers, montant_centimes, pointeur)


def lignes_reliquat(enveloppe_id: UUID, montant_centimes: int, vers: UUID | None) -> list[Ligne]:
    """Take what is free out of an envelope: lost, or opened to another for as much (I-24)."""
    poste = Poste.ANNULE if vers is None else Poste.REPORTE
    lignes = transfert(Livre.ENG, enveloppe_id, montant_centimes, Poste.DISPONIBLE, poste)
    return (
        lignes if vers is None else [*lignes, *lignes_ouverture(Livre.ENG, vers, montant_centimes)]
    )


def exige_soldable(enveloppe: EtatEnveloppe, blocages: Sequence[Blocage]) -> None:
    """Refuse to end an envelope that still has something to spend, to order or to pay.

    Raises:
        TransitionInterdite: it is not closed.
        EnveloppeEngagee: with what is left of it.
    """
    exige_transition(enveloppe.statut, StatutEnveloppe.SOLDEE)
    reste = {
        f"{poste}_centimes": enveloppe.soldes[poste]
        for poste in ("disponible", "reserve", "engage", "liquide", "mandate")
    }
    if any(reste.values()):
        raise EnveloppeEngagee(**reste, engagements=[vars(blocage) for blocage in blocages])


def verifier_enveloppe(demande: EnveloppeCreation) -> None:
    """Check that the window ends after it begins, and that what it is for is of a convention.

    Raises:
        Validation: `date-incoherente`, or `hors-bornes`.
    """
    if (demande.fenetre_debut or date.min) > (demande.fenetre_fin or date.max):
        raise Validation([Erreur("/fenetre_fin", "date-incoherente", "La fin precede le debut")])
    erreurs = [
        Erreur(f"/{champ}", "hors-bornes", "Sans convention, rien de tel")
        for champ in ("axe", "volet", "action_id")
        if demande.convention_id is None and getattr(demande, champ) is not None
    ]
    if erreurs:
        raise Validation(erreurs)


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
    erreurs = erreurs_effet(demande.date_effet, aujourdhui)
    if demande.qualificatif is not Qualificatif.EXACT:
        erreurs.append(
            Erreur("/qualificatif", "hors-bornes", "Seul un montant exact peut etre ouvert")
        )
    if erreurs:
        raise Validation(erreurs)
    exige_transition(statut, StatutEnveloppe.OUVERTE)
    return StatutEnveloppe.OUVERTE


def disponibilite_legale(soldes: Mapping[str, int]) -> int:
    """Return the credits opened less those engaged, mandated or not; a reservation is not one.

    Source: règles de financement, § 1.9 (comptabilité d'engagement) et § 6.
    """
    consommes = ("engage", "liquide", "mandate", "paye")
    return soldes["ouvert"] - sum(soldes[poste] for poste in consommes)
