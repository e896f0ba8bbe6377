"""What changed of a foyer and of its persons, from one flux to the next. Pure.

The first sight of a foyer tells of it no more than its opening, and that only when the right is
open: what was so already is no change. A person known before, by another foyer or by the API, may
arrive in it, or enter droits et devoirs.
A closed right closes nothing of a person's orientation by itself, for the follow-up does not
depend on the status of one day (orientation-rules, 11, Ille-et-Vilaine); `motifs-sortie.csv` gives
each MOTICLORSA a reason to leave, and leaving is an act of the parcours. A death does: the reason
DECES leaves nobody to follow.

The motif is that of the closing alone: those of suspensions tell of health (hospitalisation, AAH).

Source: flux-caf.md, 6.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from services.orientation.flux.canonique import EtatDossier, dossier_actif, suspendu
from shared.schemas.orientation.imports import TypeMouvement

# A new application, as the two versions of the flux name it.
FAITS_DEMANDE = frozenset({"DEMRSA", "CREDEM"})


@dataclass(frozen=True)
class FoyerAvant:
    """What is kept of a foyer; `annonce`: its opening was told, and no closing since."""

    etat: EtatDossier
    commune: str | None
    annonce: bool


@dataclass(frozen=True)
class FoyerApres:
    """What a flux says of a foyer.

    Args:
        soumis: one of its adults is under droits et devoirs.
        demande: a new application is among its faits générateurs.
        transfert: it comes from another caisse.
    """

    etat: EtatDossier
    commune: str | None
    soumis: bool = False
    demande: bool = False
    transfert: bool = False


@dataclass(frozen=True)
class PersonneAvant:
    """What is kept of a person; they are in this foyer, came from another, or neither."""

    ici: bool
    d_ailleurs: bool = False
    droits_devoirs: bool = False
    decedee: bool = False


@dataclass(frozen=True)
class PersonneApres:
    """What a flux says of a person of a foyer."""

    droits_devoirs: bool = False
    decedee: bool = False


def mouvements_foyer(avant: FoyerAvant | None, apres: FoyerApres) -> Sequence[TypeMouvement]:
    """Return what changed of the right and of the residence, in this order.

    The opening is told once, when the right is open (be it suspended) and either somebody is under
    droits et devoirs or an application brought it; again only after a closing. `droit_transfere`
    takes its place when the foyer comes from another caisse. A move is one from a commune that was
    known to another: an address that is missing, or abroad, tells none.

    Args:
        avant: None at first sight.
        apres: what the flux says.
    """
    found = []
    actif = dossier_actif(apres.etat)
    annonce = avant is not None and avant.annonce
    if actif and not annonce and (apres.soumis or apres.demande or apres.transfert):
        transfere = TypeMouvement.DROIT_TRANSFERE
        found.append(transfere if apres.transfert else TypeMouvement.DROIT_OUVERT)
    if avant is None:
        return found
    etait_suspendu, est_suspendu = suspendu(avant.etat), suspendu(apres.etat)
    if est_suspendu and not etait_suspendu:
        found.append(TypeMouvement.DROIT_SUSPENDU)
    if etait_suspendu and actif and not est_suspendu:
        found.append(TypeMouvement.DROIT_RETABLI)
    if dossier_actif(avant.etat) and not actif:
        found.append(TypeMouvement.DROIT_CLOS)
    if avant.commune and apres.commune and avant.commune != apres.commune:
        found.append(TypeMouvement.DEMENAGEMENT)
    return found


def mouvements_personne(
    avant: PersonneAvant | None, apres: PersonneApres, *, foyer_connu: bool
) -> Sequence[TypeMouvement]:
    """Return what changed of a person whom a flux tells in a foyer.

    Args:
        avant: None for a person unknown so far.
        apres: what the flux says.
        foyer_connu: whether the foyer was: with a new one its persons do not arrive, they are it.
    """
    found = []
    connue = avant or PersonneAvant(ici=False)
    if not connue.ici and (foyer_connu or connue.d_ailleurs):
        found.append(TypeMouvement.PERSONNE_ARRIVEE)
    compare = avant is not None or foyer_connu
    if compare and apres.droits_devoirs and not connue.droits_devoirs:
        found.append(TypeMouvement.ENTREE_DROITS_DEVOIRS)
    if connue.droits_devoirs and not apres.droits_devoirs:
        found.append(TypeMouvement.SORTIE_DROITS_DEVOIRS)
    if avant is not None and apres.decedee and not avant.decedee:
        found.append(TypeMouvement.DECES)
    return found


def version_de(personnes: Sequence[UUID]) -> int:
    """Return what tells apart two readings of a movement: whom it concerns, in order."""
    return int.from_bytes(sha256(b"".join(un.bytes for un in personnes)).digest()[:6])
