"""What a convention and its versions must be, which acts they admit, and what was so on a day."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from shared.identifiants import IdentifiantInvalide, siret
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.financement.conventions import (
    AvenantCreation,
    Axe,
    AxeLigne,
    ContenuConvention,
    ContenuModification,
    ConventionCreation,
    Difference,
    Partie,
    Signataire,
    SignataireLigne,
    StatutConvention,
    StatutSignataire,
    StatutVersion,
    TermesEnveloppe,
    TypeActe,
    TypeAvenant,
    TypeConvention,
    Volet,
    VoletLigne,
)
from shared.schemas.financement.tiers import Tiers, TiersLigne

# Source: règles de financement, § 3.
TRANSITIONS: Mapping[StatutConvention, tuple[StatutConvention, ...]] = {
    StatutConvention.PROJET: (StatutConvention.DELIBEREE, StatutConvention.ABANDONNEE),
    StatutConvention.DELIBEREE: (StatutConvention.SIGNEE_PARTIELLEMENT, StatutConvention.SIGNEE),
    StatutConvention.SIGNEE_PARTIELLEMENT: (StatutConvention.SIGNEE,),
    StatutConvention.SIGNEE: (StatutConvention.EN_VIGUEUR,),
    StatutConvention.EN_VIGUEUR: (StatutConvention.TERMINEE, StatutConvention.RESILIEE),
    StatutConvention.TERMINEE: (StatutConvention.SOLDEE,),
    StatutConvention.SOLDEE: (),
    StatutConvention.RESILIEE: (),
    StatutConvention.ABANDONNEE: (),
}
TRANSITIONS_AVENANT: Mapping[StatutVersion, tuple[StatutVersion, ...]] = {
    StatutVersion.PROJET: (StatutVersion.DELIBERE, StatutVersion.ABANDONNE),
    StatutVersion.DELIBERE: (StatutVersion.SIGNE,),
    StatutVersion.SIGNE: (StatutVersion.APPLICABLE,),
    StatutVersion.APPLICABLE: (StatutVersion.REMPLACE,),
    StatutVersion.REMPLACE: (),
    StatutVersion.ABANDONNE: (),
}
AVENANTS_OUVERTS = frozenset({StatutVersion.PROJET, StatutVersion.DELIBERE, StatutVersion.SIGNE})
# An avenant needs a convention that binds: there is nothing to amend in a draft, nor in the past.
AMENDABLES = frozenset({StatutConvention.SIGNEE, StatutConvention.EN_VIGUEUR})

_CIBLES = {
    TypeActe.DELIBERATION: StatutConvention.DELIBEREE,
    TypeActe.ENTREE_EN_VIGUEUR: StatutConvention.EN_VIGUEUR,
    TypeActe.FIN: StatutConvention.TERMINEE,
    TypeActe.RESILIATION: StatutConvention.RESILIEE,
    TypeActe.SOLDE: StatutConvention.SOLDEE,
    TypeActe.ABANDON: StatutConvention.ABANDONNEE,
}
_CIBLES_AVENANT = {
    TypeActe.DELIBERATION: StatutVersion.DELIBERE,
    TypeActe.APPLICATION: StatutVersion.APPLICABLE,
    TypeActe.ABANDON: StatutVersion.ABANDONNE,
}
_SIGNATURES = {
    TypeActe.SIGNATURE: StatutSignataire.SIGNE,
    TypeActe.REFUS: StatutSignataire.REFUSE,
    TypeActe.RETRAIT: StatutSignataire.RETIRE,
}
# Those invited may still sign a convention that is signed without them (§ 3, PTI).
_SIGNABLES = frozenset(
    {
        StatutConvention.DELIBEREE,
        StatutConvention.SIGNEE_PARTIELLEMENT,
        StatutConvention.SIGNEE,
        StatutConvention.EN_VIGUEUR,
    }
)
_MOTIVES = frozenset({TypeActe.RESILIATION, TypeActe.ABANDON})

_DIVISIONS = frozenset({"axes", "volets"})
CHAMPS: Mapping[TypeAvenant, frozenset[str]] = {
    TypeAvenant.FINANCIER: frozenset({"enveloppes"}),
    TypeAvenant.PROLONGATION: frozenset(
        {"annee_fin", "date_fin", "date_bilan", "enveloppes", *_DIVISIONS}
    ),
    TypeAvenant.EXECUTION: frozenset({"date_bilan", "enveloppes"}),
    TypeAvenant.PARTIES: frozenset({"parties", "comite_pilotage", "beneficiaire"}),
    TypeAvenant.CONTENU: frozenset(
        {
            "intitule",
            "nombre_actions",
            "nombre_actions_territoriales",
            "nombre_orientations",
            "territoires",
            "publics",
            "comite_pilotage",
            *_DIVISIONS,
        }
    ),
    TypeAvenant.GENERAL: frozenset(ContenuModification.model_fields),
}


class ConventionIncomplete(Refus):
    """What the next state needs is missing: a signature, or the parity that binds (I-33)."""

    code = "transition-interdite"
    detail = "Il manque des signatures requises, ou la parite qui lie ce type est rompue."


class AvenantOuvert(Refus):
    """Another avenant of the convention is not applied yet."""

    code = "transition-interdite"
    detail = "Un avenant de la convention est deja ouvert."


# What is recorded


def verifier_convention(demande: ConventionCreation) -> None:
    """Check its dates, its divisions, its parties, and who a subsidy is for.

    Raises:
        Validation: `date-incoherente`, `hors-bornes`, `requis` or `format-inattendu`.
    """
    erreurs = _erreurs_de_contenu(demande)
    if demande.annee_fin is not None and demande.annee_fin < demande.annee_debut:
        erreurs.append(Erreur("/annee_fin", "date-incoherente", "La fin precede le debut"))
    erreurs += _repetitions("/signataires", [one.organisme for one in demande.signataires])
    if demande.date_signature is not None and (
        (demande.date_deliberation or date.min) > demande.date_signature
    ):
        erreurs.append(
            Erreur("/date_signature", "date-incoherente", "La signature precede la deliberation")
        )
    if (demande.date_effet or date.min) > (demande.date_fin or date.max):
        erreurs.append(Erreur("/date_fin", "date-incoherente", "La fin precede l'effet"))
    subvention = demande.type is TypeConvention.CONVENTION_SUBVENTION
    if subvention is not (demande.beneficiaire is not None):
        erreurs.append(
            Erreur("/beneficiaire", "requis" if subvention else "hors-bornes", "Selon le type")
        )
    if erreurs:
        raise Validation(erreurs)


@dataclass(frozen=True)
class Cadre:
    """What an avenant must leave: what actions are in, and the envelopes that it may speak of.

    Args:
        enveloppes: the execution window of each, as it is; a null end is open.
    """

    axes: frozenset[int]
    volets: frozenset[int]
    enveloppes: Mapping[UUID, tuple[date | None, date | None]]


def verifier_avenant(
    type_avenant: TypeAvenant,
    modification: ContenuModification,
    contenu: ContenuConvention,
    cadre: Cadre,
) -> None:
    """Check that an avenant changes what its type may, and leaves a content that holds.

    Raises:
        Validation: with each field of `changements` that cannot be accepted.
    """
    erreurs = [
        Erreur(f"/changements/{champ}", "hors-bornes", "Ce type d'avenant ne le change pas")
        for champ in sorted(modification.model_fields_set - CHAMPS[type_avenant])
    ]
    erreurs += _erreurs_de_contenu(contenu, "/changements")
    erreurs += _repetitions("/changements/parties", [one.organisme for one in contenu.parties])
    erreurs += _repetitions(
        "/changements/enveloppes", [one.enveloppe_id for one in contenu.enveloppes]
    )
    erreurs += [
        Erreur(f"/changements/enveloppes/{rang}", "date-incoherente", "La fin precede le debut")
        for rang, termes in enumerate(contenu.enveloppes)
        if not _fenetre_tient(termes, cadre.enveloppes.get(termes.enveloppe_id, (None, None)))
    ]
    erreurs += [
        Erreur(f"/changements/enveloppes/{rang}", "code-referentiel-inconnu", "Inconnue d'elle")
        for rang, termes in enumerate(contenu.enveloppes)
        if termes.enveloppe_id not in cadre.enveloppes
    ]
    erreurs += [
        Erreur(f"/changements/{champ}", "hors-bornes", "Des actions en relevent")
        for champ, utilisees, divisions in (
            ("axes", cadre.axes, contenu.axes),
            ("volets", cadre.volets, contenu.volets),
        )
        if utilisees - {division.ordre for division in divisions}
    ]
    if contenu.annee_fin is not None and contenu.annee_fin < contenu.annee_debut:
        erreurs.append(
            Erreur("/changements/annee_fin", "date-incoherente", "La fin precede le debut")
        )
    if erreurs:
        raise Validation(erreurs)


def _fenetre_tient(termes: TermesEnveloppe, fenetre: tuple[date | None, date | None]) -> bool:
    """Tell whether a window still begins before it ends, once moved: an end not named stays."""
    debut, fin = fenetre
    return (termes.fenetre_debut or debut or date.min) <= (termes.fenetre_fin or fin or date.max)


def verifier_statut(demande: AvenantCreation) -> None:
    """Check that an avenant enters as a draft, or deliberated: later states are for its acts.

    Raises:
        Validation: `hors-bornes`, or a deliberation of a draft.
    """
    erreurs = []
    if demande.statut not in (StatutVersion.PROJET, StatutVersion.DELIBERE):
        erreurs.append(Erreur("/statut", "hors-bornes", "Projet ou delibere"))
    if demande.statut is StatutVersion.PROJET and demande.date_deliberation is not None:
        erreurs.append(Erreur("/date_deliberation", "hors-bornes", "Un projet n'en a pas"))
    if erreurs:
        raise Validation(erreurs)


def verifier_dates(
    date_deliberation: date | None,
    date_effet: date | None,
    effet_courant: date | None,
    aujourdhui: date | None,
) -> None:
    """Check the dates of an avenant: it takes effect after the version that it replaces (I-30).

    A past day of effect is allowed, and flagged; the periods neither overlap nor leave a hole.

    Raises:
        Validation: `date-incoherente`.
    """
    erreurs = []
    if (date_deliberation or date.min) > (aujourdhui or date.max):
        erreurs.append(Erreur("/date_deliberation", "date-incoherente", "Elle est a venir"))
    if date_effet is not None and date_effet <= (effet_courant or date.min):
        erreurs.append(
            Erreur("/date_effet", "date-incoherente", "Pas apres l'effet de la version en vigueur")
        )
    if erreurs:
        raise Validation(erreurs)


def erreurs_de_tiers(tiers: TiersLigne | Tiers | None, pointeur: str) -> list[Erreur]:
    """What is wrong with a legal person: it has one number at least, and its keys hold.

    python-stdnum knows the key of a SIRET; that of an RNA number has no key to check.
    """
    if tiers is None:
        return []
    if tiers.siret is None:
        wrong = tiers.rna is None
        return [Erreur(pointeur, "requis", "Un SIRET ou un numero RNA")] if wrong else []
    try:
        siret(tiers.siret)
    except IdentifiantInvalide:
        return [Erreur(f"{pointeur}/siret", "format-inattendu", "La cle du SIRET est fausse")]
    return []


_Division = AxeLigne | VoletLigne | Axe | Volet


def _erreurs_de_contenu(
    demande: ConventionCreation | ContenuConvention, racine: str = ""
) -> list[Erreur]:
    erreurs = []
    listes: tuple[tuple[str, Sequence[_Division]], ...] = (
        ("axes", demande.axes),
        ("volets", demande.volets),
    )
    for champ, divisions in listes:
        erreurs += _repetitions(f"{racine}/{champ}", [d.ordre for d in divisions], "/ordre")
        for rang, division in enumerate(divisions):
            ici = f"{racine}/{champ}/{rang}"
            if (division.date_debut or date.min) > (division.date_fin or date.max):
                erreurs.append(
                    Erreur(f"{ici}/date_fin", "date-incoherente", "La fin precede le debut")
                )
            taux = division.taux_etat
            if taux is not None and taux.numerateur > taux.denominateur:
                erreurs.append(Erreur(f"{ici}/taux_etat", "hors-bornes", "Un au plus"))
    return erreurs + erreurs_de_tiers(demande.beneficiaire, f"{racine}/beneficiaire")


def _repetitions(champ: str, valeurs: Sequence[object], suite: str = "") -> list[Erreur]:
    return [
        Erreur(f"{champ}/{rang}{suite}", "hors-bornes", "Deja pris dans cette liste")
        for rang, valeur in enumerate(valeurs)
        if valeur in valeurs[:rang]
    ]


def signataire_initial(ligne: SignataireLigne) -> Signataire:
    """Return a party as recorded: who is only invited is not required unless the source says so."""
    requis = ligne.requis
    if requis is None:
        requis = ligne.statut is not StatutSignataire.INVITE
    return Signataire.model_validate({**ligne.model_dump(), "requis": requis})


def contenu_initial(demande: ConventionCreation) -> ContenuConvention:
    """Return what the initial version agrees."""
    parties = [signataire_initial(ligne).model_dump() for ligne in demande.signataires]
    return ContenuConvention.model_validate(
        {**demande.model_dump(), "parties": parties, "enveloppes": []}
    )


def contenu_apres(
    contenu: ContenuConvention, modification: ContenuModification
) -> ContenuConvention:
    """Return what an avenant makes of a content; what it does not name stays."""
    sent = modification.model_dump(include=modification.model_fields_set)
    return ContenuConvention.model_validate({**contenu.model_dump(), **sent})


def signataires_avenant(
    parties: Iterable[Partie], signataires: Iterable[Signataire]
) -> list[Signataire]:
    """Return who is to sign an avenant; who was only invited to the convention still is.

    Who withdrew from the convention is a party no more, and is not asked.
    """
    statuts = {one.organisme: one.statut for one in signataires}
    return [
        Signataire(
            **partie.model_dump(),
            statut=StatutSignataire.INVITE
            if statuts.get(partie.organisme) is StatutSignataire.INVITE
            else StatutSignataire.A_SIGNER,
            date_signature=None,
        )
        for partie in parties
        if statuts.get(partie.organisme) is not StatutSignataire.RETIRE
    ]


def statut_initiale(statut: StatutConvention) -> StatutVersion:
    """Return where the initial version stands when its convention stands there."""
    return {
        StatutConvention.PROJET: StatutVersion.PROJET,
        StatutConvention.DELIBEREE: StatutVersion.DELIBERE,
        StatutConvention.SIGNEE_PARTIELLEMENT: StatutVersion.DELIBERE,
        StatutConvention.SIGNEE: StatutVersion.SIGNE,
        StatutConvention.ABANDONNEE: StatutVersion.ABANDONNE,
    }.get(statut, StatutVersion.APPLICABLE)


def canonique(valeur: Any) -> str:
    """Return JSON with sorted keys and no space: what a digest is taken of."""
    return json.dumps(valeur, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def empreinte(contenu: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a content, as JSON holds it."""
    return hashlib.sha256(canonique(contenu).encode()).hexdigest()


def differences(avant: ContenuConvention, apres: ContenuConvention) -> list[Difference]:
    """Return the fields that change, with both values."""
    de, vers = avant.model_dump(mode="json"), apres.model_dump(mode="json")
    return [
        Difference(champ=champ, avant=canonique(de[champ]), apres=canonique(vers[champ]))
        for champ in de
        if de[champ] != vers[champ]
    ]


def parties_apres(
    signataires: Sequence[Signataire], version: Sequence[Signataire]
) -> tuple[Signataire, ...]:
    """Return who is a party once an avenant applies: those it names, with what each signed.

    Who was a party already keeps the signature of the convention; who joins brings the avenant's.
    """
    connus = {one.organisme: one for one in signataires}
    return tuple(
        one
        if (connu := connus.get(one.organisme)) is None
        else connu.model_copy(update={"qualite": one.qualite, "requis": one.requis})
        for one in version
    )


# Acts


@dataclass(frozen=True)
class Etat:
    """Where a convention stands, or an avenant: what its acts made of it."""

    statut: str
    signataires: tuple[Signataire, ...]
    date_deliberation: date | None = None
    reference_deliberation: str | None = None
    date_signature: date | None = None
    date_effet: date | None = None
    date_cloture: date | None = None

    @property
    def retroactif(self) -> bool:
        """Whether it takes effect before it is signed: allowed, and flagged (I-34)."""
        return (self.date_effet or date.max) < (self.date_signature or date.min)


@dataclass(frozen=True)
class Acte:
    """An act, of a convention or of an avenant."""

    type: TypeActe
    date_acte: date
    organisme: str | None = None
    qualite: str | None = None
    reference: str | None = None
    motif: str | None = None


def signatures_manquantes(signataires: Iterable[Signataire]) -> list[str]:
    """Return who must sign and has not; when nobody is required, all who did not leave are.

    A required party that refused is missing; one that withdrew is a party no more.
    """
    presents = [one for one in signataires if one.statut is not StatutSignataire.RETIRE]
    requis = [one for one in presents if one.requis] or [
        one for one in presents if one.statut is not StatutSignataire.REFUSE
    ]
    return [one.organisme for one in requis if one.statut is not StatutSignataire.SIGNE]


def est_signe(signataires: Sequence[Signataire]) -> bool:
    """Tell whether all who must sign did, and somebody did: nothing binds nobody (I-33)."""
    signe = any(one.statut is StatutSignataire.SIGNE for one in signataires)
    return signe and not signatures_manquantes(signataires)


def apres_acte(etat: Etat, acte: Acte, aujourdhui: date) -> Etat:
    """Return the convention's state after an act of today or before.

    Raises:
        Validation: a field that the type needs, an unknown party, or dates out of order (I-34).
        TransitionInterdite: the state does not admit the act.
        ConventionIncomplete: it would take effect without a required signature (I-33).
    """
    statut = StatutConvention(etat.statut)
    _exige_acte(etat, acte, aujourdhui)
    if acte.type in _SIGNATURES:
        permis = statut in _SIGNABLES
    else:
        permis = _CIBLES[acte.type] in TRANSITIONS[statut]
    if not permis:
        raise TransitionInterdite(statut, TRANSITIONS[statut])
    if acte.type is TypeActe.ENTREE_EN_VIGUEUR:
        _exige_signatures(etat, TRANSITIONS[statut])
    return effet(etat, acte)


def apres_acte_avenant(etat: Etat, acte: Acte, aujourdhui: date) -> Etat:
    """Return the avenant's state after an act of today or before.

    Raises:
        Validation: a field that the type needs, an unknown party, or dates out of order (I-34).
        TransitionInterdite: the state does not admit the act, or its day of effect is to come.
        ConventionIncomplete: it would apply without a required signature.
    """
    statut = StatutVersion(etat.statut)
    _exige_acte(etat, acte, aujourdhui)
    if acte.type in _SIGNATURES:
        permis = statut is StatutVersion.DELIBERE
    else:
        permis = _CIBLES_AVENANT[acte.type] in TRANSITIONS_AVENANT[statut]
    if not permis:
        raise TransitionInterdite(statut, TRANSITIONS_AVENANT[statut])
    if acte.type is TypeActe.APPLICATION:
        _exige_signatures(etat, TRANSITIONS_AVENANT[statut])
        if (etat.date_effet or acte.date_acte) > aujourdhui:
            raise Validation([Erreur("/date_acte", "date-incoherente", "L'effet est a venir")])
    return effet_avenant(etat, acte)


def effet(etat: Etat, acte: Acte) -> Etat:
    """Return what an act makes of a convention: no check, for those that passed them."""
    statut = StatutConvention(etat.statut)
    if acte.type in _SIGNATURES:
        apres = _signe(etat, acte)
        signables = (StatutConvention.DELIBEREE, StatutConvention.SIGNEE_PARTIELLEMENT)
        if statut not in signables:
            return apres
        if not est_signe(apres.signataires):
            signees = any(one.statut is StatutSignataire.SIGNE for one in apres.signataires)
            suivant = StatutConvention.SIGNEE_PARTIELLEMENT if signees else statut
            return replace(apres, statut=suivant.value)
        return replace(apres, statut=StatutConvention.SIGNEE.value, date_signature=_derniere(apres))
    apres = replace(etat, statut=_CIBLES[acte.type].value)
    match acte.type:
        case TypeActe.DELIBERATION:
            return replace(
                apres, date_deliberation=acte.date_acte, reference_deliberation=acte.reference
            )
        case TypeActe.ENTREE_EN_VIGUEUR:
            return replace(apres, date_effet=acte.date_acte)
        case TypeActe.FIN | TypeActe.RESILIATION:
            return replace(apres, date_cloture=acte.date_acte)
    return apres


def effet_avenant(etat: Etat, acte: Acte) -> Etat:
    """Return what an act makes of an avenant."""
    if acte.type in _SIGNATURES:
        apres = _signe(etat, acte)
        if not est_signe(apres.signataires):
            return apres
        return replace(apres, statut=StatutVersion.SIGNE.value, date_signature=_derniere(apres))
    apres = replace(etat, statut=_CIBLES_AVENANT[acte.type].value)
    match acte.type:
        case TypeActe.DELIBERATION:
            return replace(
                apres, date_deliberation=acte.date_acte, reference_deliberation=acte.reference
            )
        case TypeActe.APPLICATION:
            return replace(apres, date_effet=etat.date_effet or acte.date_acte)
    return apres


def _signe(etat: Etat, acte: Acte) -> Etat:
    signataires = tuple(
        one.model_copy(
            update={
                "statut": _SIGNATURES[acte.type],
                "date_signature": acte.date_acte if acte.type is TypeActe.SIGNATURE else None,
                "qualite": acte.qualite or one.qualite,
            }
        )
        if one.organisme == acte.organisme
        else one
        for one in etat.signataires
    )
    return replace(etat, signataires=signataires)


def _derniere(etat: Etat) -> date | None:
    """The day of the last required signature; an invited party that signs later moves nothing."""
    jours = [one.date_signature for one in etat.signataires if one.requis and one.date_signature]
    jours = jours or [one.date_signature for one in etat.signataires if one.date_signature]
    return max(jours, default=None)


def _exige_acte(etat: Etat, acte: Acte, aujourdhui: date) -> None:
    erreurs = []
    if acte.date_acte > aujourdhui:
        erreurs.append(Erreur("/date_acte", "date-incoherente", "L'acte est a venir"))
    if acte.type in _SIGNATURES:
        if acte.organisme not in {one.organisme for one in etat.signataires}:
            erreurs.append(
                Erreur("/organisme", "code-referentiel-inconnu", "Ce n'est pas une partie")
            )
        if acte.date_acte < (etat.date_deliberation or date.min):
            erreurs.append(
                Erreur("/date_acte", "date-incoherente", "La signature precede la deliberation")
            )
    elif acte.organisme is not None:
        erreurs.append(Erreur("/organisme", "hors-bornes", "Seule une signature en a un"))
    if acte.type in _MOTIVES and acte.motif is None:
        erreurs.append(Erreur("/motif", "requis", "Cet acte est motive"))
    if acte.type in (TypeActe.FIN, TypeActe.RESILIATION) and (
        acte.date_acte < (etat.date_effet or date.min)
    ):
        erreurs.append(Erreur("/date_acte", "date-incoherente", "La fin precede l'effet"))
    if erreurs:
        raise Validation(erreurs)


def _exige_signatures(etat: Etat, possibles: Sequence[str]) -> None:
    if not est_signe(etat.signataires):
        raise ConventionIncomplete(
            statut_actuel=etat.statut,
            transitions_possibles=list(possibles),
            signataires_manquants=signatures_manquantes(etat.signataires),
        )


# What was so on a day


@dataclass(frozen=True)
class Version:
    """What is needed of a version to tell what held on a day."""

    date_effet: date | None
    jour_inscription: date
    signataires: tuple[Signataire, ...]
    contenu: ContenuConvention


@dataclass(frozen=True)
class ActeInscrit:
    """An act, the version that it is of, and the day from which it was known."""

    numero: int
    acte: Acte
    jour_inscription: date


@dataclass(frozen=True)
class Vue:
    """A convention as it was on a day, by what was known on another."""

    numero: int
    contenu: ContenuConvention
    etat: Etat


def vue_au(
    versions: Sequence[Version],
    initial: Etat,
    actes: Iterable[ActeInscrit],
    au: date | None,
    connu_au: date | None,
) -> Vue | None:
    """Return the convention on day `au` as known on the evening of `connu_au`; none: not recorded.

    Both days are included, and null is without bound. Before its first day of effect the text of
    the initial version is shown; the state tells that it was not in force.

    Args:
        versions: all, by number.
        initial: the state as recorded, from which the acts are replayed.
        actes: those of the convention and of its avenants, in the order of their inscription.
    """
    jour, connu = au or date.max, connu_au or date.max
    if versions[0].jour_inscription > connu:
        return None
    courante, etat = 0, initial
    for one in actes:
        if one.jour_inscription > connu:
            break
        if one.numero == 0:
            if one.acte.date_acte <= jour:
                etat = effet(etat, one.acte)
        elif one.acte.type is TypeActe.APPLICATION:
            version = versions[one.numero]
            if (version.date_effet or date.min) <= jour:
                courante = one.numero
                etat = replace(
                    etat, signataires=parties_apres(etat.signataires, version.signataires)
                )
    return Vue(courante, versions[courante].contenu, etat)
