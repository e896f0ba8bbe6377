"""What a funder owes of an expense, down to the cent and in words, and what follows from it."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from uuid import UUID

from services.financement.engagements.rules import DoubleFinancement
from services.financement.formats import euros, jour
from services.financement.formats import taux as pourcent
from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.financement.actions import BaseReference, Cofinancement
from shared.schemas.financement.bilans import (
    AVERTISSEMENTS_MAX,
    AvertissementBilan,
    Bilan,
    BilanCreation,
    CodeAvertissementBilan,
    LigneBilan,
    NatureLigneBilan,
    OrigineDepense,
    RefactionLigne,
    StatutBilan,
    TypeRefaction,
)
from shared.schemas.financement.enveloppes import Financeur
from shared.schemas.financement.justificatifs import UsageJustificatif

TRANSITIONS: Mapping[StatutBilan, tuple[StatutBilan, ...]] = {
    StatutBilan.INCOMPLET: (StatutBilan.REMPLACE,),
    StatutBilan.CALCULE: (StatutBilan.ADOPTE, StatutBilan.REMPLACE),
    StatutBilan.ADOPTE: (),
    StatutBilan.REMPLACE: (),
}
# What each type asks for, and what it may be given beside.
CHAMPS: Mapping[TypeRefaction, tuple[frozenset[str], frozenset[str]]] = {
    TypeRefaction.PRORATA_INDICATEUR: (frozenset({"indicateur", "cible", "realise"}), frozenset()),
    TypeRefaction.MAINTIEN_EFFORT: (
        frozenset({"effort_centimes", "effort_precedent_centimes"}),
        frozenset({"seuil_points_base", "part_maximale_points_base", "montant_centimes", "motif"}),
    ),
    TypeRefaction.PLAFOND_ACTION: (
        frozenset({"action_id", "depense_centimes", "plafond_centimes"}),
        frozenset(),
    ),
    TypeRefaction.MANUEL: (
        frozenset({"montant_centimes", "motif"}),
        frozenset({"part_maximale_points_base"}),
    ),
}


@dataclass(frozen=True)
class ModeleEffort:
    """A dated model of the clause that asks to keep one's own effort."""

    depuis: date
    seuil_points_base: int
    part_maximale_points_base: int
    source: str


EFFORTS = (  # the most recent first
    ModeleEffort(
        depuis=date(2017, 1, 1),
        seuil_points_base=9_500,
        part_maximale_points_base=2_000,
        source="CASF, art. D.263-4 (FAPI 2017, abrogé), pris pour modèle",
    ),
)


@dataclass(frozen=True)
class Assiette:
    """What a claim is reckoned from; `lignes` say what was taken off the expense already."""

    depense_centimes: int
    origine: OrigineDepense
    date_arrete: date
    taux: Fraction
    source_taux: str | None
    confirme: bool
    plafond_centimes: int
    lignes: Sequence[LigneBilan] = ()


@dataclass(frozen=True)
class Creance:
    """What is owed: `du_centimes`, the réfactions taken off, and the lines that say so."""

    du_centimes: int
    refactions_centimes: int
    lignes: Sequence[LigneBilan]


@dataclass(frozen=True)
class Suite:
    """What follows from a claim, once compared with what was cashed and claimed."""

    encaisse_centimes: int
    a_titrer_centimes: int
    a_reduire_centimes: int
    a_reverser_centimes: int
    lignes: Sequence[LigneBilan]


@dataclass(frozen=True)
class EnveloppeBilan:
    """What a bilan on paper says of its envelope."""

    reference: str
    financeur: Financeur | None
    exercice: int | None


@dataclass(frozen=True)
class ActionRetenue:
    """What an action was spent of an expense, and what is known of who else pays it."""

    id: UUID
    libelle: str
    renforcee: bool
    base: BaseReference | None
    cofinancements: Sequence[Cofinancement]
    depense_centimes: int


@dataclass(frozen=True)
class AutreBilan:
    """What another funder is asked for the same expense; `lue`: of the journal, the very same."""

    id: UUID
    financeur: Financeur | None
    lue: bool
    depense_centimes: int
    du_centimes: int
    taux: Fraction


@dataclass(frozen=True)
class PieceAilleurs:
    """A piece of the expense, told of elsewhere too; by hand when no other liquidation is named."""

    liquidation_id: UUID
    justificatif_id: UUID
    financeur: Financeur | None
    usage: UsageJustificatif
    autre_liquidation_id: UUID | None


@dataclass(frozen=True)
class DepenseVoisine:
    """A liquidation of the expense, and one of the same third party, object and month."""

    liquidation_id: UUID
    autre_liquidation_id: UUID


@dataclass(frozen=True)
class Voisinage:
    """All that may say that an expense is financed twice."""

    actions: Sequence[ActionRetenue]
    autres: Sequence[AutreBilan]
    pieces: Sequence[PieceAilleurs]
    depenses: Sequence[DepenseVoisine]


def verifier_bilan(demande: BilanCreation, aujourdhui: date) -> None:
    """Check the day of a bilan, and that each réfaction has what its type asks for.

    Raises:
        Validation: with each field that is missing or that its type does not take.
    """
    erreurs = []
    if demande.date_arrete > aujourdhui:
        erreurs.append(Erreur("/date_arrete", "date-incoherente", "L'arrete est a venir"))
    for rang, refaction in enumerate(demande.refactions):
        requis, admis = CHAMPS[refaction.type]
        donnes = {nom for nom, valeur in refaction if valeur is not None} - {"type"}
        if "montant_centimes" in donnes:
            requis = requis | {"motif"}
        base = f"/refactions/{rang}"
        erreurs += [
            Erreur(f"{base}/{nom}", "requis", "Requis par le type")
            for nom in sorted(requis - donnes)
        ]
        erreurs += [
            Erreur(f"{base}/{nom}", "hors-bornes", "Sans objet pour ce type")
            for nom in sorted(donnes - requis - admis)
        ]
        if refaction.type is TypeRefaction.MAINTIEN_EFFORT and modele(demande.date_arrete) is None:
            erreurs += [
                Erreur(f"{base}/{nom}", "requis", "Aucun modele a cette date")
                for nom in ("part_maximale_points_base", "seuil_points_base")
                if nom not in donnes
            ]
    if erreurs:
        raise Validation(erreurs)


def depense_retenue(
    donnee_centimes: int | None, lue_centimes: int, *, ambigue: bool
) -> tuple[int, OrigineDepense]:
    """Return the expense that a claim is reckoned on: the one given, or the journal's.

    Args:
        ambigue: other envelopes of the convention and year overlap this one, or are of its funder.

    Raises:
        Validation: nothing is given, and the journal cannot tell.
    """
    if donnee_centimes is not None:
        return donnee_centimes, OrigineDepense.DONNEE
    if ambigue:
        message = "Plusieurs enveloppes se recouvrent : la depense est a donner"
        raise Validation([Erreur("/depense_retenue_centimes", "requis", message)])
    return lue_centimes, OrigineDepense.JOURNAL


def bases_deduites(
    actions: Sequence[ActionRetenue], origine: OrigineDepense
) -> tuple[int, list[LigneBilan]]:
    """Return what reinforced actions did before, in all, and the lines that take it off.

    Only what a convention adds counts. An expense that is given is taken as the addition alone:
    nothing is taken off it, and an avertissement says so.

    Source: règles de financement, § 13 (`base_reference`).
    """
    if origine is OrigineDepense.DONNEE:
        return 0, []
    lignes = []
    for action in actions:
        if action.renforcee and action.base is not None:
            retire = min(action.base.montant_centimes, action.depense_centimes)
            phrase = (
                f"Action renforcée « {action.libelle} » : {euros(action.depense_centimes)}"
                f" dépensés, dont {euros(retire)} d'avant ({action.base.annee}) ne comptent pas."
            )
            lignes.append(_ligne(NatureLigneBilan.BASE_REFERENCE, retire, phrase))
    return sum(ligne.montant_centimes for ligne in lignes), lignes


def bases_connues(actions: Sequence[ActionRetenue]) -> bool:
    """Return whether each reinforced action of an expense says what it did before."""
    return all(action.base is not None for action in actions if action.renforcee)


def exige_finance_une_fois(
    financeur: Financeur | None, assiette: Assiette, du_centimes: int, voisinage: Voisinage
) -> None:
    """Refuse a claim whose expense is certainly financed twice.

    A piece that the Union already pays elsewhere, claimed from it again; a piece told of by a flat
    rate, and at its cost here; funders that pay together more than the expense that all of them
    read of the journal.

    Raises:
        DoubleFinancement: with the piece, or the other bilan.

    Source: règles de financement, § 13, I-17.
    """
    union = Financeur.UNION_EUROPEENNE
    for piece in voisinage.pieces:
        if piece.usage is UsageJustificatif.BASE_FORFAIT or union is financeur is piece.financeur:
            raise DoubleFinancement(id=piece.justificatif_id)
    autres = [autre for autre in voisinage.autres if autre.lue]
    if assiette.origine is OrigineDepense.DONNEE or not autres:
        return
    depense = max(assiette.depense_centimes, *(autre.depense_centimes for autre in autres))
    if du_centimes + sum(autre.du_centimes for autre in autres) > depense:
        raise DoubleFinancement(id=autres[0].id)
    for autre in autres:
        if union is financeur is autre.financeur:
            raise DoubleFinancement(id=autre.id)


def avertissements(
    financeur: Financeur | None, assiette: Assiette, voisinage: Voisinage
) -> list[AvertissementBilan]:
    """Return what a claim cannot decide alone, the gravest first.

    Source: règles de financement, § 13.
    """
    trouves = []
    for action in voisinage.actions:
        codes = []
        if action.renforcee and action.base is None:
            codes.append(CodeAvertissementBilan.BASE_REFERENCE_ABSENTE)
        elif action.renforcee and assiette.origine is OrigineDepense.DONNEE:
            codes.append(CodeAvertissementBilan.BASE_REFERENCE_NON_DEDUITE)
        if _parts(action, financeur, assiette, voisinage.autres) > 1:
            codes.append(CodeAvertissementBilan.PARTS_AU_DELA_DU_TOUT)
        trouves += [_avertissement(code, action_id=action.id) for code in codes]
    trouves += [
        _avertissement(
            CodeAvertissementBilan.JUSTIFICATIF_DECLARE_AILLEURS,
            liquidation_id=piece.liquidation_id,
            autre_liquidation_id=piece.autre_liquidation_id,
            justificatif_id=piece.justificatif_id,
        )
        for piece in voisinage.pieces
    ]
    trouves += [
        _avertissement(
            CodeAvertissementBilan.TIERS_PERIODE_OBJET,
            liquidation_id=une.liquidation_id,
            autre_liquidation_id=une.autre_liquidation_id,
        )
        for une in voisinage.depenses
    ]
    return trouves[:AVERTISSEMENTS_MAX]


def _parts(
    action: ActionRetenue,
    financeur: Financeur | None,
    assiette: Assiette,
    autres: Sequence[AutreBilan],
) -> Fraction:
    """What this claim, the others and the rates that texts give take of an action together."""
    taux: dict[Financeur | None, Fraction] = {}
    # The last rate of a funder that holds on the day; what a claim says of it comes after.
    for un in sorted(action.cofinancements, key=lambda un: un.valable_du or date.min):
        connu = un.numerateur is not None and un.denominateur is not None
        if connu and (un.valable_du or date.min) <= assiette.date_arrete:
            taux[un.financeur] = Fraction(un.numerateur or 0, un.denominateur or 1)
    taux |= {autre.financeur: autre.taux for autre in autres}
    return sum((taux | {financeur: assiette.taux}).values(), Fraction())


def _avertissement(code: CodeAvertissementBilan, **de: UUID | None) -> AvertissementBilan:
    vide = dict.fromkeys(("action_id", "liquidation_id", "autre_liquidation_id", "justificatif_id"))
    return AvertissementBilan.model_validate({**vide, **de, "code": code})


def empreinte(bilan: Bilan) -> str:
    """Return the SHA-256 of the canonical JSON of a bilan, its own digest left out."""
    canonique = json.dumps(
        bilan.model_dump(mode="json", exclude={"sha256"}),
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(canonique.encode()).hexdigest()


def modele(au: date) -> ModeleEffort | None:
    """Return the model of a day, or null before the first."""
    return next((one for one in EFFORTS if one.depuis <= au), None)


def creance(assiette: Assiette, refactions: Sequence[RefactionLigne]) -> Creance:
    """Return what a funder owes: the lesser of the ceiling and of its rate, less the réfactions.

    Rounded down, in favour of the funder: a cent is owed when it is whole (I-18), so what is taken
    off is rounded up. Each réfaction is reckoned on what is owed before any of them, and takes off
    what is left at most.

    Args:
        refactions: checked by `verifier_bilan`.

    Raises:
        Validation: an amount that was decided exceeds the share that bounds it.

    Source: règles de financement, § 4 (I-18), § 5, § 7 F, § 12.
    """
    part = int(assiette.depense_centimes * assiette.taux)
    avant = min(part, assiette.plafond_centimes)
    lignes = [*_lignes_assiette(assiette, part)]
    reste = avant
    for rang, refaction in enumerate(refactions):
        montant, explication = _CALCULS[refaction.type](refaction, avant, assiette, rang)
        retire = min(montant, reste)
        if retire < montant:
            explication += f" Limitée à ce qui reste dû : {euros(retire)}."
        reste -= retire
        lignes.append(
            LigneBilan(
                nature=NatureLigneBilan.REFACTION,
                type_refaction=refaction.type,
                montant_centimes=retire,
                explication=explication,
            )
        )
    total = avant - reste
    phrase = f"Le financeur doit {euros(reste)}"
    phrase += f", soit {euros(avant)} moins {euros(total)} de réfactions." if total else "."
    lignes.append(_ligne(NatureLigneBilan.DU, reste, phrase))
    return Creance(reste, total, lignes)


def suite(
    du_centimes: int, *, encaisse_centimes: int, titre_centimes: int, a_titrer_centimes: int
) -> Suite:
    """Compare what is owed with what was cashed, and with the titres not cashed yet.

    Args:
        du_centimes: what the funder owes.
        encaisse_centimes: what it paid and is not to be given back.
        titre_centimes: claimed and not cashed.
        a_titrer_centimes: notified and not claimed: no titre can exceed it.
    """
    rendre = max(0, encaisse_centimes - du_centimes)
    attendu = max(0, du_centimes - encaisse_centimes)
    reduire = max(0, titre_centimes - attendu)
    titrer = min(max(0, attendu - titre_centimes), a_titrer_centimes)
    lignes = [
        _ligne(
            NatureLigneBilan.ENCAISSE, encaisse_centimes, f"Encaissé : {euros(encaisse_centimes)}."
        ),
        _ligne(
            NatureLigneBilan.TITRES_EN_COURS,
            titre_centimes,
            f"Titres émis et non encaissés : {euros(titre_centimes)}.",
        ),
    ]
    dit = f"{euros(du_centimes)} dus, {euros(encaisse_centimes)} encaissés"
    if rendre:
        phrase = f"{dit} : {euros(rendre)} à reverser au financeur."
        lignes.append(_ligne(NatureLigneBilan.A_REVERSER, rendre, phrase))
    if reduire:
        phrase = f"{dit} : {euros(reduire)} à ôter des titres émis."
        lignes.append(_ligne(NatureLigneBilan.A_REDUIRE, reduire, phrase))
    if titrer:
        phrase = f"{dit} : {euros(titrer)} à réclamer par un titre."
        lignes.append(_ligne(NatureLigneBilan.A_TITRER, titrer, phrase))
    return Suite(encaisse_centimes, titrer, reduire, rendre, lignes)


def lignes_creance(lignes: Sequence[LigneBilan]) -> list[LigneBilan]:
    """Return the lines of the claim itself, that an adoption freezes, out of all of a bilan's."""
    natures = [ligne.nature for ligne in lignes]
    return list(lignes[: natures.index(NatureLigneBilan.DU) + 1])


def exige_adoptable(
    statut: StatutBilan, *, date_arrete: date, date_adoption: date, aujourdhui: date
) -> None:
    """Check that an assembly can adopt a bilan: complete, and neither before its day nor later.

    Raises:
        TransitionInterdite: justificatifs are missing, or it was adopted or replaced.
        Validation: `date-incoherente`.
    """
    if StatutBilan.ADOPTE not in TRANSITIONS[statut]:
        raise TransitionInterdite(statut, TRANSITIONS[statut])
    if not date_arrete <= date_adoption <= aujourdhui:
        message = "Avant l'arrete du bilan, ou a venir"
        raise Validation([Erreur("/date_adoption", "date-incoherente", message)])


def _ligne(nature: NatureLigneBilan, montant_centimes: int, explication: str) -> LigneBilan:
    return LigneBilan(
        nature=nature,
        type_refaction=None,
        montant_centimes=montant_centimes,
        explication=explication,
    )


def _lignes_assiette(assiette: Assiette, part: int) -> list[LigneBilan]:
    depense, plafond = assiette.depense_centimes, assiette.plafond_centimes
    d_ou = "donnée"
    if assiette.origine is OrigineDepense.JOURNAL:
        d_ou = f"lue au journal (liquidé, mandaté et payé au {jour(assiette.date_arrete)})"
    reserve = "" if assiette.confirme else " Taux à confirmer."
    borne = f"Plafond notifié : {euros(plafond)} ; "
    borne += "il ramène la part du financeur." if part > plafond else "il n'est pas dépassé."
    return [
        *assiette.lignes,
        _ligne(
            NatureLigneBilan.DEPENSE_RETENUE,
            depense,
            f"Dépense retenue, {d_ou} : {euros(depense)}.",
        ),
        _ligne(
            NatureLigneBilan.PART_DU_FINANCEUR,
            part,
            f"Au taux de {assiette.taux} ({assiette.source_taux or 'sans source'}), au centime"
            f" inférieur : {euros(part)}.{reserve}",
        ),
        _ligne(NatureLigneBilan.PLAFOND, plafond, borne),
    ]


def _prorata(refaction: RefactionLigne, avant: int, _: Assiette, __: int) -> tuple[int, str]:
    assert refaction.cible is not None
    assert refaction.realise is not None
    atteint = min(refaction.realise, refaction.cible)
    montant = avant - int(avant * Fraction(atteint, refaction.cible))
    return montant, (
        f"Réfaction au prorata de « {refaction.indicateur} » : {refaction.realise} pour"
        f" {refaction.cible} attendus, donc {euros(montant)} en moins."
    )


def _maintien(
    refaction: RefactionLigne, avant: int, assiette: Assiette, rang: int
) -> tuple[int, str]:
    effort, precedent = refaction.effort_centimes, refaction.effort_precedent_centimes
    assert effort is not None
    assert precedent is not None
    modele_du_jour = modele(assiette.date_arrete)
    seuil, part = refaction.seuil_points_base, refaction.part_maximale_points_base
    if modele_du_jour is not None:
        seuil = modele_du_jour.seuil_points_base if seuil is None else seuil
        part = modele_du_jour.part_maximale_points_base if part is None else part
    assert seuil is not None
    source = f" ({modele_du_jour.source})" if modele_du_jour is not None else ""
    compare = f"effort de {euros(effort)} pour {euros(precedent)} l'année précédente"
    if Fraction(effort) < precedent * Fraction(seuil, 10_000):
        return avant, (
            f"Maintien de l'effort{source} : {compare}, sous {pourcent(seuil)} ; tout le dû,"
            f" {euros(avant)}, est retiré."
        )
    if refaction.montant_centimes is None:
        return 0, (
            f"Maintien de l'effort{source} : {compare}, {pourcent(seuil)} au moins ; rien n'est"
            " retiré."
        )
    _exige_part(refaction.montant_centimes, avant, part, rang)
    return refaction.montant_centimes, (
        f"Maintien de l'effort{source} : seuil tenu, manquement substantiel"
        f" « {refaction.motif} » ; {euros(refaction.montant_centimes)} retirés,"
        f" {pourcent(part or 0)} du dû au plus."
    )


def _plafond_action(
    refaction: RefactionLigne, _: int, assiette: Assiette, __: int
) -> tuple[int, str]:
    depense, plafond = refaction.depense_centimes, refaction.plafond_centimes
    assert depense is not None
    assert plafond is not None
    montant = math.ceil(max(0, depense - plafond) * assiette.taux)
    return montant, (
        f"Plafond d'une action : {euros(depense)} dépensés pour {euros(plafond)} admis ;"
        f" {euros(montant)} en moins, la part du financeur dans l'excédent."
    )


def _manuel(refaction: RefactionLigne, avant: int, _: Assiette, rang: int) -> tuple[int, str]:
    montant = refaction.montant_centimes
    assert montant is not None
    _exige_part(montant, avant, refaction.part_maximale_points_base, rang)
    return montant, f"Réfaction décidée : {euros(montant)}. Motif : {refaction.motif}."


_CALCULS: Mapping[
    TypeRefaction, Callable[[RefactionLigne, int, Assiette, int], tuple[int, str]]
] = {
    TypeRefaction.PRORATA_INDICATEUR: _prorata,
    TypeRefaction.MAINTIEN_EFFORT: _maintien,
    TypeRefaction.PLAFOND_ACTION: _plafond_action,
    TypeRefaction.MANUEL: _manuel,
}


def _exige_part(montant: int, avant: int, part_points_base: int | None, rang: int) -> None:
    if part_points_base is None:
        return
    if montant > avant * Fraction(part_points_base, 10_000):
        message = "Au-dela de la part du du qui le borne"
        raise Validation([Erreur(f"/refactions/{rang}/montant_centimes", "hors-bornes", message)])
