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

    It may be lowered down to what is reserved and engaged, that included.

    Raises:
        Validation: the act takes effect in the future, or changes nothing.
        TransitionInterdite: the envelope is not open.
        EnveloppeEngagee: with what is left, and the engagements that hold the rest (I-32).
    """
    erreurs = erreurs_effet(demande.date_effet, aujourdhui)
    variation = demande.montant_centimes - enveloppe.soldes["ouvert"]
    if variation == 0:
        erreurs.append(Erreur("/montant_centimes", "hors-bornes", "C'est deja son montant"))
    if erreurs:
        raise Validation(erreurs)
    exige_ouverte(enveloppe)
    exige_disponible(enveloppe, -variation, blocages)
    return variation


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
    erreurs = erreurs_effet(demande.date_effet, aujourdhui)
    fin = enveloppe.fenetre_fin or (
        date(enveloppe.exercice, 12, 31) if enveloppe.exercice else date.min
    )
    if demande.date_effet <= fin:
        erreurs.append(Erreur("/date_effet", "date-incoherente", "La fenetre n'est pas finie"))
    reporte = demande.reliquat is SortReliquat.REPORT
    if reporte != (vers is not None):
        erreurs.append(
            Erreur("/enveloppe_id", "requis", "Un report, et lui seul, nomme une enveloppe")
        )
    if vers is not None and (vers.exercice or 0) <= (enveloppe.exercice or 0):
        erreurs.append(
            Erreur("/enveloppe_id", "hors-bornes", "Une enveloppe d'un exercice suivant")
        )
    if erreurs:
        raise Validation(erreurs)
    exige_transition(enveloppe.statut, StatutEnveloppe.CLOSE)
    if vers is not None:
        exige_passage(enveloppe, vers, decision=demande.decision)
        exige_ouverte(vers)
        _exige_bornes(vers, enveloppe.soldes["disponible"], "/enveloppe_id")
    if enveloppe.soldes["reserve"]:
        raise EnveloppeEngagee(
            disponible_centimes=enveloppe.soldes["disponible"],
            reserve_centimes=enveloppe.soldes["reserve"],
            engagements=[],
        )
    return enveloppe.soldes["disponible"]


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
