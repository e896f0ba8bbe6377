"""Double entry: what each event debits and credits, and how entries are chained."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.financement.credits import StatutExercice
from shared.schemas.financement.journal import Actif, EvenementJournal, Livre, Poste, Sens

ORIGINE = bytes(32)  # what the first entry of a journal is chained to
ORIGINE_CLOTURE = "clotures"  # whose act an entry is, when a year closes

# Accounts of a book: the contra, credit-normal, then those that money, places or minutes go
# through, all debit-normal. Source: règles de financement, § 6.
POSTES: Mapping[Livre, tuple[Poste, ...]] = {
    Livre.ENG: (
        Poste.OUVERT,
        Poste.DISPONIBLE,
        Poste.RESERVE,
        Poste.ENGAGE,
        Poste.LIQUIDE,
        Poste.MANDATE,
        Poste.PAYE,
        Poste.REPORTE,
        Poste.ANNULE,
    ),
    Livre.REC: (
        Poste.NOTIFIE,
        Poste.A_TITRER,
        Poste.TITRE,
        Poste.ENCAISSE,
        Poste.A_REVERSER,
        Poste.REVERSE,
        Poste.ABANDONNE,
    ),
    Livre.VAL: (Poste.PREVU, Poste.A_JUSTIFIER, Poste.DECLARE, Poste.VALIDE, Poste.REJETE),
    Livre.AE: (Poste.VOTEE, Poste.DISPONIBLE, Poste.AFFECTEE, Poste.ENGAGEE, Poste.ANNULEE),
    Livre.CP: (
        Poste.OUVERT,
        Poste.DISPONIBLE,
        Poste.MANDATE,
        Poste.RATTACHE,
        Poste.REPORTE,
        Poste.ANNULE,
    ),
    Livre.PLA: (
        Poste.OUVERTE,
        Poste.DISPONIBLE,
        Poste.RESERVEE,
        Poste.OCCUPEE,
        Poste.SERVIE,
        Poste.FERMEE,
    ),
    Livre.HEU: (Poste.PREVUE, Poste.A_REALISER, Poste.DECLAREE, Poste.VALIDEE, Poste.REJETEE),
}
CONTREPARTIES: Mapping[Livre, Poste] = {livre: postes[0] for livre, postes in POSTES.items()}
# The gate of an object: the row of `solde` that whoever moves one of its balances holds first. An
# envelope's is that of its book eng, for its books rec and val too.
PORTES = frozenset({Poste.DISPONIBLE, Poste.A_REALISER})
ACTIFS: Mapping[Livre, Actif] = {
    Livre.ENG: Actif.CENTIME,
    Livre.REC: Actif.CENTIME,
    Livre.VAL: Actif.CENTIME,
    Livre.AE: Actif.CENTIME,
    Livre.CP: Actif.CENTIME,
    Livre.PLA: Actif.PLACE,
    Livre.HEU: Actif.MINUTE,
}
# Where a book keeps what is held, and what is taken up.
RESERVES: Mapping[Livre, Poste] = {Livre.ENG: Poste.RESERVE, Livre.PLA: Poste.RESERVEE}
PRISES: Mapping[Livre, Poste] = {Livre.ENG: Poste.ENGAGE, Livre.PLA: Poste.OCCUPEE}


@dataclass(frozen=True)
class Ligne:
    """One line: an account of an object, a side, a quantity above zero."""

    livre: Livre
    poste: Poste
    objet_id: UUID
    sens: Sens
    quantite: int


@dataclass(frozen=True)
class Tenue:
    """What is held of an object: cents of an envelope (eng), places of an action (pla)."""

    livre: Livre
    objet_id: UUID
    quantite: int


@dataclass(frozen=True)
class Ecriture:
    """An entry to post: its lines balance for each asset.

    Args:
        origine: what kind of resource the act is of (`liquidations`, `mandats`…), and its id; null
            when one of the three ids names it.
        extourne_de: the entry that this one undoes, by the same lines on the other side.
        source: the act or document that justifies it.
    """

    evenement: EvenementJournal
    date_effet: date
    lignes: Sequence[Ligne]
    action_id: UUID | None = None
    reservation_id: UUID | None = None
    engagement_id: UUID | None = None
    origine: str | None = None
    origine_id: UUID | None = None
    extourne_de: UUID | None = None
    source: str | None = None


Compte = tuple[Livre, Poste, UUID]


def transfert(livre: Livre, objet_id: UUID, quantite: int, de: Poste, vers: Poste) -> list[Ligne]:
    """Move a quantity of an object from a poste to another; from or to the contra as well.

    From the contra it adds to what there is in the book, to the contra it takes away from it.
    """
    return [
        Ligne(livre, vers, objet_id, Sens.DEBIT, quantite),
        Ligne(livre, de, objet_id, Sens.CREDIT, quantite),
    ]


def lignes_ouverture(livre: Livre, objet_id: UUID, quantite: int) -> list[Ligne]:
    """Money notified exactly, or places opened: available, against the contra."""
    return transfert(livre, objet_id, quantite, CONTREPARTIES[livre], Poste.DISPONIBLE)


def lignes_reservation(tenues: Iterable[Tenue]) -> list[Ligne]:
    """Hold what is available: cents and places in one entry (I-43)."""
    return [
        ligne
        for tenue in tenues
        for ligne in transfert(
            tenue.livre,
            tenue.objet_id,
            tenue.quantite,
            Poste.DISPONIBLE,
            RESERVES[tenue.livre],
        )
    ]


def lignes_liberation(tenues: Iterable[Tenue]) -> list[Ligne]:
    """Give back all that is held: cancelled, or expired."""
    return [
        ligne
        for tenue in tenues
        for ligne in transfert(
            tenue.livre,
            tenue.objet_id,
            tenue.quantite,
            RESERVES[tenue.livre],
            Poste.DISPONIBLE,
        )
    ]


def lignes_engagement(tenues: Iterable[Tenue], prises: Mapping[UUID, int]) -> list[Ligne]:
    """Take up what is confirmed of what is held, and give the rest back.

    Args:
        tenues: what is held.
        prises: by object, how much of it is confirmed, at most what is held.
    """
    lignes = []
    for tenue in tenues:
        prise = prises.get(tenue.objet_id, 0)
        rendue = tenue.quantite - prise
        lignes += [
            Ligne(tenue.livre, poste, tenue.objet_id, Sens.DEBIT, quantite)
            for poste, quantite in ((PRISES[tenue.livre], prise), (Poste.DISPONIBLE, rendue))
            if quantite
        ]
        reserve = RESERVES[tenue.livre]
        lignes.append(Ligne(tenue.livre, reserve, tenue.objet_id, Sens.CREDIT, tenue.quantite))
    return lignes


def lignes_contrepassation(lignes: Iterable[Ligne]) -> list[Ligne]:
    """Undo an entry: the same accounts and quantities, sides swapped (I-06)."""
    inverse = {Sens.DEBIT: Sens.CREDIT, Sens.CREDIT: Sens.DEBIT}
    return [replace(ligne, sens=inverse[ligne.sens]) for ligne in lignes]


def erreurs_effet(date_effet: date, aujourdhui: date) -> list[Erreur]:
    """Say that an act takes effect in the future: what is not there yet could be promised today."""
    if date_effet <= aujourdhui:
        return []
    return [Erreur("/date_effet", "date-incoherente", "L'effet est a venir")]


def exige_effet(date_effet: date, aujourdhui: date) -> None:
    """Refuse an act that takes effect in the future.

    Raises:
        Validation: `date-incoherente`.
    """
    if erreurs := erreurs_effet(date_effet, aujourdhui):
        raise Validation(erreurs)


# In the complementary period, what is entered of the year just ended: service done before its last
# day, ordered or attached; and its certification, without which there is nothing to order. Source:
# règles de financement, I-22 et § 1.9.
COMPLEMENTAIRES = frozenset(
    {
        EvenementJournal.LIQUIDATION,
        EvenementJournal.MANDAT,
        EvenementJournal.RATTACHEMENT,
        EvenementJournal.TITRE,
    }
)


class PeriodeClose(Refus):
    """The budget year of an entry is closed, or takes some entries only (I-22)."""

    code = "periode-close"
    detail = "L'exercice de la date d'effet n'admet plus cette ecriture."


def exige_periode(
    ecritures: Iterable[Ecriture],
    statuts: Mapping[int, StatutExercice],
    jour: date,
    *,
    cloture: bool = False,
) -> None:
    """Refuse what takes effect in a closed year.

    Args:
        statuts: of the years that are not open.
        jour: day of inscription; the complementary period ends with the following January.
        cloture: the entries are those of the closing itself, which may settle the year until it is
            closed.

    Raises:
        PeriodeClose: with the year, and where it stands.
    """
    for ecriture in ecritures:
        annee = ecriture.date_effet.year
        statut = statuts.get(annee, StatutExercice.OUVERT)
        a_temps = jour <= date(annee + 1, 1, 31) and ecriture.evenement in COMPLEMENTAIRES
        # What was due back that day is given back that day, whenever the sweeper comes.
        admise = cloture or a_temps or ecriture.evenement is EvenementJournal.EXPIRATION
        if statut is StatutExercice.CLOS or (statut is not StatutExercice.OUVERT and not admise):
            raise PeriodeClose(exercice=annee, statut_actuel=statut)


def exige_contrepassable(ecriture: Ecriture, date_effet: date, *, contrepassee: bool) -> None:
    """Refuse to undo an entry on which the state of another object rests, or twice (I-06).

    A carry-over of payment credits is two entries, of two years: one alone would open the next year
    for what was not carried, or the reverse (I-24). That of an engagement is in its lines too, and
    what a closing posted is in its reliquats and its sums.

    Raises:
        TransitionInterdite: it was undone, it undoes another, an act of its own undoes it, or it is
            half of a carry-over, of an engagement, or of the closing of a year.
        Validation: it would be undone before it took effect.
    """
    if contrepassee:
        raise TransitionInterdite("contrepassee", [])
    moitie = ecriture.evenement is EvenementJournal.REPORT and any(
        ligne.livre is Livre.CP for ligne in ecriture.lignes
    )
    nommee = ecriture.engagement_id is not None or ecriture.origine == ORIGINE_CLOTURE
    if moitie or nommee or ecriture.evenement not in CONTREPASSABLES:
        raise TransitionInterdite(ecriture.evenement, [])
    if date_effet < ecriture.date_effet:
        erreur = Erreur("/date_effet", "date-incoherente", "Avant l'ecriture a contre-passer")
        raise Validation([erreur])


# What nothing but balances rests on: the rest is undone by an act of the object that it moved.
CONTREPASSABLES = frozenset(
    {
        EvenementJournal.OUVERTURE,
        EvenementJournal.OUVERTURE_PLACES,
        EvenementJournal.FERMETURE_PLACES,
        EvenementJournal.AVENANT,
        EvenementJournal.VIREMENT,
        EvenementJournal.REPORT,
        EvenementJournal.ANNULATION_CREDITS,
        EvenementJournal.AFFECTATION_AE,
        EvenementJournal.OUVERTURE_CP,
    }
)


def manquant(soldes: Mapping[Compte, int], lignes: Iterable[Ligne]) -> bool:
    """Tell whether lines would take more out of an account than there is."""
    return any(soldes[compte] + ajout < 0 for compte, ajout in variations(lignes).items())


def variations(lignes: Iterable[Ligne]) -> dict[Compte, int]:
    """Return what the lines add to each balance, in the account's normal direction."""
    found: defaultdict[Compte, int] = defaultdict(int)
    for ligne in lignes:
        contra = ligne.poste is CONTREPARTIES[ligne.livre]
        signe = 1 if (ligne.sens is Sens.CREDIT) is contra else -1
        found[ligne.livre, ligne.poste, ligne.objet_id] += signe * ligne.quantite
    return dict(found)


def equilibree(lignes: Sequence[Ligne]) -> bool:
    """Tell whether debits equal credits for each asset, on two lines at least (I-01)."""
    ecarts: defaultdict[Actif, int] = defaultdict(int)
    for ligne in lignes:
        ecarts[ACTIFS[ligne.livre]] += ligne.quantite * (1 if ligne.sens is Sens.DEBIT else -1)
    return len(lignes) >= 2 and not any(ecarts.values())


def empreinte(
    precedente: bytes,
    ecriture: Ecriture,
    *,
    ecriture_id: UUID,
    collectivite: str,
    seq: int,
    inscrite_le: datetime,
    client_id: str,
) -> bytes:
    """Return the digest that chains an entry to the one before it (I-04).

    The canonical form is JSON with sorted keys, without the members that are null: a later release
    may add a column to the journal and old digests hold.
    """
    membres: dict[str, Any] = {
        **{nom: valeur for nom, valeur in vars(ecriture).items() if nom != "lignes"},
        "id": ecriture_id,
        "collectivite": collectivite,
        "seq": seq,
        "inscrite_le": inscrite_le.astimezone(UTC).isoformat(timespec="microseconds"),
        "client_id": client_id,
        "lignes": [
            [ligne.livre, ligne.poste, ligne.objet_id, ligne.sens, ligne.quantite]
            for ligne in ecriture.lignes
        ],
    }
    canonique = json.dumps(
        {nom: valeur for nom, valeur in membres.items() if valeur is not None},
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        default=str,
    )
    return hashlib.sha256(precedente + canonique.encode()).digest()
