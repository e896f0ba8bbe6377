"""How a budget year ends: what is attached to it, what its credits become, and when."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.financement.journal.rules import Ecriture, lignes_ouverture, transfert
from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.financement.credits import (
    ClotureExerciceCreation,
    MotifEcart,
    ObjetReste,
    ResteLigne,
    SortReste,
    StatutExercice,
)
from shared.schemas.financement.enveloppes import Financeur
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste

# Source: règles de financement, § 3. No way back: corrections go to the next open year.
TRANSITIONS: Mapping[StatutExercice, tuple[StatutExercice, ...]] = {
    StatutExercice.OUVERT: (StatutExercice.JOURNEE_COMPLEMENTAIRE,),
    StatutExercice.JOURNEE_COMPLEMENTAIRE: (StatutExercice.CLOS,),
    StatutExercice.CLOS: (),
}


@dataclass(frozen=True)
class ServiceFait:
    """A service done in the year, that no order of the year pays.

    Args:
        autorisation_id: what its engagement draws on, null for annual credits.
    """

    liquidation_id: UUID
    montant_centimes: int
    autorisation_id: UUID | None


@dataclass(frozen=True)
class Credits:
    """Payment credits whose gate is held.

    Args:
        autorisation_id: that they are of, null for annual credits.
    """

    id: UUID
    exercice: int
    autorisation_id: UUID | None
    disponible_centimes: int


@dataclass(frozen=True)
class EnveloppeNommee:
    """What a closing must know of an envelope that it names.

    Args:
        finie: its window is over on the last day of the year, and it is not settled.
    """

    exercice: int | None
    financeur: str | None
    finie: bool


@dataclass(frozen=True)
class Reste:
    """Cents that an envelope whose window is over leaves: of an engagement, or of none."""

    enveloppe_id: UUID
    engagement_id: UUID | None
    montant_centimes: int


# Where an envelope may leave something that is not paid. What is liquidated is owed: it is ordered
# later, and its budget year is the affair of the rattachements.
RESTES = (Poste.DISPONIBLE, Poste.RESERVE, Poste.ENGAGE, Poste.LIQUIDE)


def exige_transition(statut: StatutExercice, cible: StatutExercice) -> None:
    """Refuse an act that the state of the year does not allow.

    Raises:
        TransitionInterdite: with the states that it does.
    """
    if cible not in TRANSITIONS[statut]:
        raise TransitionInterdite(statut, TRANSITIONS[statut])


def exige_finie(annee: int, aujourdhui: date) -> None:
    """Refuse to end a year before its last day is over.

    Raises:
        TransitionInterdite: nothing is possible yet.
    """
    if aujourdhui <= date(annee, 12, 31):
        raise TransitionInterdite(StatutExercice.OUVERT, [])


def exige_ordre(anterieurs: Collection[int]) -> None:
    """Refuse to close a year before those that come before it: each opens the next.

    Raises:
        TransitionInterdite: an earlier year is not closed.
    """
    if anterieurs:
        raise TransitionInterdite(StatutExercice.JOURNEE_COMPLEMENTAIRE, [])


def verifier_choix(
    demande: ClotureExerciceCreation, ouverts: Collection[UUID], liquidations: Collection[UUID]
) -> None:
    """Refuse choices of what is not of the year, or made twice: what is not chosen is lost.

    Args:
        ouverts: the payment credits of the year.
        liquidations: those of a service done in the year.

    Raises:
        Validation: with each choice that cannot be followed.
    """
    sorts = [ligne.credit_paiement_id for ligne in demande.credits]
    services = [ligne.liquidation_id for ligne in demande.rattachements]
    erreurs = []
    for nom, membre, ids, connus in (
        ("credits", "credit_paiement_id", sorts, ouverts),
        ("rattachements", "liquidation_id", services, liquidations),
    ):
        for rang, un in enumerate(ids):
            pointeur = f"/{nom}/{rang}/{membre}"
            if un not in connus:
                erreurs.append(Erreur(pointeur, "code-referentiel-inconnu", "Pas de cet exercice"))
            elif un in ids[:rang]:
                erreurs.append(Erreur(pointeur, "hors-bornes", "Deja choisi plus haut"))
    erreurs += [
        Erreur(
            f"/rattachements/{rang}/credit_paiement_id",
            "code-referentiel-inconnu",
            "Credits d'un autre exercice, ou inconnus",
        )
        for rang, ligne in enumerate(demande.rattachements)
        if ligne.credit_paiement_id is not None and ligne.credit_paiement_id not in ouverts
    ]
    if erreurs:
        raise Validation(erreurs)


def verifier_restes(
    lignes: Sequence[ResteLigne], enveloppes: Mapping[UUID, EnveloppeNommee]
) -> None:
    """Refuse choices that could not be followed.

    Raises:
        Validation: an envelope that is unknown or whose window is not over, an engagement named of
            what is not engaged, a rest chosen twice, a carry-over to nothing or to no later year, a
            dégagement of what is not engaged, or a return to who paid nothing.
    """
    erreurs = []
    vus = set()
    for rang, ligne in enumerate(lignes):
        ici = f"/restes/{rang}"
        enveloppe = enveloppes.get(ligne.enveloppe_id)
        vers = ligne.vers_enveloppe_id and enveloppes.get(ligne.vers_enveloppe_id)
        engage = ligne.objet is ObjetReste.ENGAGE
        if enveloppe is None or not enveloppe.finie:
            message = "Inconnue, soldee, ou sa fenetre n'est pas finie"
            erreurs.append(Erreur(f"{ici}/enveloppe_id", "code-referentiel-inconnu", message))
            continue
        cle = (ligne.enveloppe_id, ligne.objet, ligne.engagement_id)
        if cle in vus:
            erreurs.append(Erreur(f"{ici}/enveloppe_id", "hors-bornes", "Deja choisi plus haut"))
        vus.add(cle)
        if ligne.engagement_id is not None and not engage:
            message = "Ce qui n'est pas engage n'en nomme pas"
            erreurs.append(Erreur(f"{ici}/engagement_id", "hors-bornes", message))
        if (ligne.sort is SortReste.REPORT) != (ligne.vers_enveloppe_id is not None):
            message = "Un report, et lui seul, nomme une enveloppe"
            erreurs.append(Erreur(f"{ici}/vers_enveloppe_id", "requis", message))
        elif ligne.vers_enveloppe_id is not None and (
            not vers or (vers.exercice or 0) <= (enveloppe.exercice or 0)
        ):
            message = "Une enveloppe d'un exercice suivant"
            erreurs.append(Erreur(f"{ici}/vers_enveloppe_id", "hors-bornes", message))
        if ligne.sort is SortReste.DEGAGEMENT and not engage:
            message = "Seul ce qui est engage se degage"
            erreurs.append(Erreur(f"{ici}/sort", "hors-bornes", message))
        if ligne.sort is SortReste.RETOUR_FINANCEUR and enveloppe.financeur in (
            None,
            Financeur.DEPARTEMENT,
        ):
            message = "L'enveloppe n'est pas celle d'un financeur exterieur"
            erreurs.append(Erreur(f"{ici}/sort", "hors-bornes", message))
    if erreurs:
        raise Validation(erreurs)


def choix_du_reste(
    reste: Reste, choix: Mapping[tuple[UUID, ObjetReste, UUID | None], ResteLigne]
) -> ResteLigne | None:
    """Return what was chosen of a rest: by its engagement, or for all that none names."""
    objet = ObjetReste.DISPONIBLE if reste.engagement_id is None else ObjetReste.ENGAGE
    nomme = choix.get((reste.enveloppe_id, objet, reste.engagement_id))
    return nomme or choix.get((reste.enveloppe_id, objet, None))


def retour_du(montant_centimes: int, *, encaisse_centimes: int, garde_centimes: int) -> int:
    """Return what is owed back to a funder of a rest that is lost: what it paid of it.

    What is cashed pays what the envelope keeps first; what was found overpaid is cashed no more.

    Args:
        garde_centimes: what is opened and not lost, this rest taken off: spent, or to be, here or
            where it was carried.
    """
    return max(0, min(montant_centimes, encaisse_centimes - garde_centimes))


def ecart(service_fait: ServiceFait, restants: Credits | None, annee: int) -> MotifEcart | None:
    """Return why a service done cannot be attached to these credits; null when it can.

    Those of another authorisation than its engagement's, or of none, are no credits of it.
    """
    if restants is None or restants.autorisation_id != service_fait.autorisation_id:
        return MotifEcart.SANS_CREDITS
    if restants.exercice != annee:
        return MotifEcart.CREDITS_AUTRE_EXERCICE
    if service_fait.montant_centimes > restants.disponible_centimes:
        return MotifEcart.CREDITS_INSUFFISANTS
    return None


def ecritures_rattachement(
    rattachement_id: UUID, montant_centimes: int, *, credit: UUID, suivant: UUID, annee: int
) -> list[Ecriture]:
    """Attach a service done to its year, and give it back the next one: together or not at all.

    Source: règles de financement, § 6 ; I-23.
    """
    rattache = transfert(Livre.CP, credit, montant_centimes, Poste.DISPONIBLE, Poste.RATTACHE)
    return [
        Ecriture(
            evenement=evenement,
            date_effet=jour,
            lignes=lignes,
            origine="rattachements",
            origine_id=rattachement_id,
        )
        for evenement, jour, lignes in (
            (
                EvenementJournal.RATTACHEMENT,
                date(annee, 12, 31),
                rattache,
            ),
            (
                EvenementJournal.CONTREPASSATION_RATTACHEMENT,
                date(annee + 1, 1, 1),
                lignes_ouverture(Livre.CP, suivant, montant_centimes),
            ),
        )
    ]


def ecritures_reliquat(
    credit: UUID,
    suivant: UUID | None,
    *,
    annee: int,
    montant_centimes: int,
    dernier_jour: date,
    source: str,
) -> list[Ecriture]:
    """Settle what a year did not use: lost, or opened the next year for as much (I-24).

    Args:
        suivant: the credits that receive a carry-over, null: it is lost.
        dernier_jour: of the entries of these credits; an order rejected in January gives back then,
            and what it gave back cannot have been settled before.
    """
    fin = max(date(annee, 12, 31), dernier_jour)
    if suivant is None:
        perdus = transfert(Livre.CP, credit, montant_centimes, Poste.DISPONIBLE, Poste.ANNULE)
        return [Ecriture(EvenementJournal.ANNULATION_CREDITS, fin, perdus, source=source)]
    reportes = transfert(Livre.CP, credit, montant_centimes, Poste.DISPONIBLE, Poste.REPORTE)
    ouverts = lignes_ouverture(Livre.CP, suivant, montant_centimes)
    debut = max(date(annee + 1, 1, 1), dernier_jour)
    return [
        Ecriture(EvenementJournal.REPORT, fin, reportes, source=source),
        Ecriture(EvenementJournal.REPORT, debut, ouverts, source=source),
    ]
