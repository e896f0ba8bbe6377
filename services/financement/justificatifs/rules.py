"""Pieces: what may be told of them, to whom, and never twice (I-17)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.financement.engagements.rules import DoubleFinancement
from services.financement.repartition import Part, ventiler
from services.financement.reservations.rules import DisponibleInsuffisant
from shared.identifiants import IdentifiantInvalide, siret
from shared.refus import Erreur, Validation
from shared.schemas.financement.enveloppes import Financeur
from shared.schemas.financement.justificatifs import (
    ImputationCreation,
    JustificatifCreation,
    UsageJustificatif,
)


@dataclass(frozen=True)
class EtatPiece:
    """A piece whose row is held, and what is told of it so far.

    Args:
        montant_total_centimes: what it proves; null: it bears no amount.
        financeurs: who bears a part of it.
        usages: how these parts are told.
    """

    id: UUID
    sha256: str
    montant_total_centimes: int | None
    impute_centimes: int
    financeurs: frozenset[Financeur | None]
    usages: frozenset[UsageJustificatif]

    @property
    def reste_centimes(self) -> int:
        """What of its amount nobody bears yet."""
        return (self.montant_total_centimes or 0) - self.impute_centimes


@dataclass(frozen=True)
class PartPiece:
    """The part of a piece that a funder is to bear."""

    justificatif_id: UUID
    financeur: Financeur | None
    montant_centimes: int


def verifier_justificatif(demande: JustificatifCreation, aujourdhui: date) -> None:
    """Check a piece.

    Raises:
        Validation: a wrong SIRET, or a day to come.
    """
    erreurs = []
    try:
        if demande.emetteur_siret is not None:
            siret(demande.emetteur_siret)
    except IdentifiantInvalide:
        erreurs.append(Erreur("/emetteur_siret", "format-inattendu", "Ce n'est pas un SIRET"))
    if demande.date_piece > aujourdhui:
        erreurs.append(Erreur("/date_piece", "date-incoherente", "Le jour est a venir"))
    if erreurs:
        raise Validation(erreurs)


def exige_connues(
    demandes: Sequence[str], pieces: Sequence[EtatPiece], champ: str
) -> list[EtatPiece]:
    """Return the pieces in the order in which they are asked.

    Raises:
        Validation: one is not recorded, or is named twice.
    """
    connues = {piece.sha256: piece for piece in pieces}
    erreurs = [
        Erreur(f"/{champ}/{rang}", "code-referentiel-inconnu", "Justificatif inconnu")
        for rang, sha256 in enumerate(demandes)
        if sha256 not in connues
    ]
    if len(set(demandes)) < len(demandes):
        erreurs.append(Erreur(f"/{champ}", "hors-bornes", "Une piece y est deux fois"))
    if erreurs:
        raise Validation(erreurs)
    return [connues[sha256] for sha256 in demandes]


def exige_imputable(
    piece: EtatPiece, demande: ImputationCreation, *, pointeur: str = "/montant_centimes"
) -> None:
    """Refuse to tell of a piece what is told already.

    Raises:
        Validation: the piece bears no amount.
        DisponibleInsuffisant: more than is left of it.
        DoubleFinancement: a second part of the Union, or real cost beside a flat rate.

    Source: règles de financement, I-17.
    """
    if piece.montant_total_centimes is None:
        raise Validation([Erreur(pointeur, "hors-bornes", "La piece ne porte pas de montant")])
    _exige_une_fois(piece, {demande.financeur}, demande.usage)
    if demande.montant_centimes > piece.reste_centimes:
        raise DisponibleInsuffisant(disponible_centimes=piece.reste_centimes)


def parts_liquidation(
    a_justifier_centimes: int,
    pieces: Sequence[EtatPiece],
    ventilation: Mapping[UUID, int],
    financeurs: Mapping[UUID, Financeur | None],
) -> list[PartPiece]:
    """Return what each funder bears of each piece, for what a liquidation keeps.

    Pieces are taken in order, each up to what nobody bears of it; each amount is shared as the
    liquidation is. What they do not cover stays to be justified, unless a piece falls short
    because it was borne before: that is a double funding, and certain.

    Args:
        a_justifier_centimes: what is kept and not covered yet.
        pieces: in the order in which they were named; those without an amount cover nothing.
        ventilation: what each envelope bears of the liquidation.
        financeurs: by envelope, who pays it.

    Raises:
        DoubleFinancement, DisponibleInsuffisant: see above, with what is left of the pieces.
    """
    chiffrees = [piece for piece in pieces if piece.montant_total_centimes is not None]
    reste = sum(piece.reste_centimes for piece in chiffrees)
    if reste < a_justifier_centimes and any(piece.impute_centimes for piece in chiffrees):
        raise DisponibleInsuffisant(disponible_centimes=reste)
    parts: list[PartPiece] = []
    donnes = dict.fromkeys(ventilation, 0)
    for piece in chiffrees:
        montant = min(a_justifier_centimes, piece.reste_centimes)
        a_justifier_centimes -= montant
        par_financeur: dict[Financeur | None, int] = {}
        for enveloppe_id, centimes in ventiler(montant, _lignes(ventilation, donnes)).items():
            donnes[enveloppe_id] += centimes
            financeur = financeurs[enveloppe_id]
            par_financeur[financeur] = par_financeur.get(financeur, 0) + centimes
        if par_financeur:
            _exige_une_fois(piece, set(par_financeur), UsageJustificatif.DEPENSE_REELLE)
        parts += [
            PartPiece(piece.id, financeur, centimes)
            for financeur, centimes in par_financeur.items()
        ]
    return parts


def _lignes(ventilation: Mapping[UUID, int], donnes: Mapping[UUID, int]) -> list[Part]:
    return [
        Part(enveloppe_id, centimes, donnes[enveloppe_id], centimes - donnes[enveloppe_id])
        for enveloppe_id, centimes in ventilation.items()
    ]


def _exige_une_fois(
    piece: EtatPiece, financeurs: set[Financeur | None], usage: UsageJustificatif
) -> None:
    """One part of the Union at most, and one way to tell of the expense."""
    union = Financeur.UNION_EUROPEENNE
    if (union in financeurs and union in piece.financeurs) or piece.usages - {usage}:
        raise DoubleFinancement(id=piece.id)
