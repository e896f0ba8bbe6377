"""The journal in two plain forms that an outside tool can add up again. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.financement.formats import lignes_csv, montant
from services.financement.journal.rules import CONTREPARTIES
from shared.schemas.financement.journal import Actif, Ecriture, LigneEcriture, Poste, Sens

# In beancount a commodity is in capitals; only an amount of money has cents.
_MONNAIES = {Actif.CENTIME: "EUR", Actif.PLACE: "PLACE", Actif.MINUTE: "MINUTE"}
# Directives are sorted by date: an account is open before all that may move it, however late the
# entry that comes first.
_OUVERTURE = "1900-01-01"
ENTETES_JOURNAL = (
    "Rang",
    "Écriture",
    "Date d'effet",
    "Inscrite le",
    "Événement",
    "Livre",
    "Poste",
    "Objet",
    "Côté",
    "Quantité",
    "Actif",
    "Action",
    "Engagement",
    "Origine",
    "Ressource d'origine",
    "Contre-passe",
    "Acte",
    "Empreinte",
)


ENTETES_RESTES = (
    "Enveloppe",
    "Exercice",
    "Financeur",
    "Engagé non liquidé (€)",
    "Liquidé non mandaté (€)",
    "Engagé non mandaté (€)",
    "Réservé en attente (€)",
)


def restes_csv(lignes: Sequence[tuple[str, int | None, str | None, Mapping[str, int]]]) -> str:
    """What is engaged and not mandated, and what is held, of each envelope that has any."""
    rows = []
    for reference, exercice, financeur, soldes in lignes:
        engage, liquide, reserve = (
            soldes[poste] for poste in (Poste.ENGAGE, Poste.LIQUIDE, Poste.RESERVE)
        )
        if engage or liquide or reserve:
            montants = (engage, liquide, engage + liquide, reserve)
            rows.append([reference, exercice, financeur, *map(montant, montants)])
    return lignes_csv([ENTETES_RESTES, *rows])


ENTETES_EN_ATTENTE = (
    "Réservation",
    "Convention",
    "Action",
    "Prise le",
    "Expire le",
    "Places",
    "Enveloppe",
    "Exercice",
    "Financeur",
    "Montant retenu (€)",
)


@dataclass(frozen=True)
class Attente:
    """A line of what a pending reservation holds; without an envelope, it holds places alone."""

    reservation_id: UUID
    convention: str
    action: str
    cree_le: datetime
    expire_le: datetime
    places: int
    enveloppe: str | None
    exercice: int | None
    financeur: str | None
    montant_centimes: int | None


def en_attente_csv(attentes: Sequence[Attente]) -> str:
    """What is held, reservation by reservation; the places of one are counted once."""
    vues: set[UUID] = set()
    rows = []
    for une in attentes:
        premiere = une.reservation_id not in vues
        vues.add(une.reservation_id)
        rows.append(
            [
                une.reservation_id,
                une.convention,
                une.action,
                une.cree_le.isoformat(),
                une.expire_le.isoformat(),
                une.places if premiere else 0,
                une.enveloppe,
                une.exercice,
                une.financeur,
                montant(une.montant_centimes or 0),
            ]
        )
    return lignes_csv([ENTETES_EN_ATTENTE, *rows])


def journal_csv(ecritures: Sequence[Ecriture], *, entetes: bool) -> str:
    """Entries as CSV, one row a line."""
    lignes = [
        [
            ecriture.seq,
            ecriture.id,
            ecriture.date_effet.isoformat(),
            ecriture.inscrite_le.isoformat(),
            ecriture.evenement,
            ligne.livre,
            ligne.poste,
            ligne.objet_id,
            ligne.sens,
            _quantite(ligne),
            _MONNAIES.get(ligne.actif, ligne.actif),
            ecriture.action_id,
            ecriture.engagement_id,
            ecriture.origine,
            ecriture.origine_id,
            ecriture.extourne_de,
            ecriture.source,
            ecriture.empreinte,
        ]
        for ecriture in ecritures
        for ligne in ecriture.lignes
    ]
    return lignes_csv([ENTETES_JOURNAL, *lignes] if entetes else lignes)


def journal_texte(ecritures: Sequence[Ecriture], ouverts: set[str]) -> str:
    """Entries in beancount's language, each with the accounts that it is the first to move.

    Args:
        ouverts: accounts opened so far; those opened here are added to it.
    """
    parts = []
    for ecriture in ecritures:
        comptes = [compte(ligne) for ligne in ecriture.lignes]
        for nom in dict.fromkeys(comptes):
            if nom not in ouverts:
                ouverts.add(nom)
                parts.append(f"{_OUVERTURE} open {nom}\n")
        acte = _chaine(ecriture.source or "")
        parts.append(f"{ecriture.date_effet} * {_chaine(ecriture.evenement)} {acte}\n")
        parts.append(f"  seq: {ecriture.seq}\n  empreinte: {_chaine(ecriture.empreinte)}\n")
        for nom, ligne in zip(comptes, ecriture.lignes, strict=True):
            signe = "" if ligne.sens is Sens.DEBIT else "-"
            monnaie = _MONNAIES.get(ligne.actif, ligne.actif.upper())
            parts.append(f"  {nom}  {signe}{_quantite(ligne)} {monnaie}\n")
        parts.append("\n")
    return "".join(parts)


def compte(ligne: LigneEcriture) -> str:
    """The account of a line: a contra is where the money comes from, the rest is what we hold."""
    racine = "Equity" if CONTREPARTIES.get(ligne.livre) is ligne.poste else "Assets"
    poste = ligne.poste.replace("_", "-").capitalize()
    return f"{racine}:{ligne.livre.capitalize()}:{poste}:O-{ligne.objet_id}"


def _quantite(ligne: LigneEcriture) -> str:
    return montant(ligne.quantite) if ligne.actif is Actif.CENTIME else str(ligne.quantite)


def _chaine(texte: str) -> str:
    return '"' + texte.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
