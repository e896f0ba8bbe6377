"""What a diagnostic may say, what it does to the freins, and what the orientation told already.

Source: parcours-rules.md §2 (L5411-5-2 I; référentiel national CNE, arrêté du 21 novembre 2024).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from uuid import UUID

from services.parcours.freins import rules as freins
from services.parcours.freins.rules import EtatFrein
from shared.referentiels import charger, codes
from shared.refus import Erreur, Refus, Validation
from shared.schemas.orientation.vocabulaire import CritereLigne, NiveauFrein
from shared.schemas.parcours.diagnostics import (
    Besoin,
    DiagnosticCreation,
    FreinDiagnosticLigne,
    FreinPropose,
    ProjetLigne,
    ValeurBesoin,
)
from shared.schemas.parcours.freins import (
    CodeFrein,
    FreinCreation,
    NiveauCreation,
    ReouvertureCreation,
    SourceObservation,
)

BESOINS = tuple(ligne["code"] for ligne in charger("besoins-france-travail"))
_SITUATIONS = {
    CodeFrein(ligne["code"]): frozenset(ligne["situations_ft"].split("|")) - {""}
    for ligne in charger("freins")
}
# (criterion, its only value that tells of this frein, or "" for the rest) by frein.
_CRITERES = {
    CodeFrein(ligne["code"]): (champ, nom)
    for ligne in charger("freins")
    for champ, _, nom in [ligne["criteres_ft"].partition("=")]
    if champ.startswith("contrainte_")
}
_NIVEAUX = {
    (ligne["champ"], ligne["code"]): NiveauFrein(ligne["niveau"])
    for ligne in charger("niveaux-freins-depuis-criteres")
}
_NOMMEES = frozenset((champ, nom) for champ, nom in _CRITERES.values() if nom)


class DiagnosticRemplace(Refus):
    """Whoever writes a diagnostic has read the one that it supersedes."""

    code = "transition-interdite"
    detail = "Un autre diagnostic est courant : il se lit avant d'etre remplace."


class Suite(Enum):
    """What a line does to its frein."""

    OUVRIR = auto()
    OBSERVER = auto()
    ROUVRIR = auto()
    RIEN = auto()  # lifted, and found without impact: it stays lifted


@dataclass(frozen=True)
class EtatDiagnostic:
    """The current diagnostic, as the next one must know it."""

    id: UUID
    rang: int
    date_diagnostic: date


def exige_lu(courant: EtatDiagnostic | None, remplace_id: UUID | None) -> None:
    """Refuse to supersede a diagnostic that the caller has not read.

    Raises:
        DiagnosticRemplace: the current one is not the one that the caller names.
    """
    if remplace_id != (courant.id if courant else None):
        raise DiagnosticRemplace(
            statut_actuel="courant" if courant else "absent",
            transitions_possibles=["remplacement"],
            diagnostic_id=str(courant.id) if courant else None,
        )


def verifier_diagnostic(
    demande: DiagnosticCreation, courant: EtatDiagnostic | None, jour: date
) -> None:
    """Check what a diagnostic says, but for what its lines do to the freins.

    Args:
        demande: the diagnostic.
        courant: the one it supersedes; the same day is admitted.
        jour: civil day where the collectivité is; included.

    Raises:
        Validation: with the fields.
    """
    erreurs = []
    depuis = courant.date_diagnostic if courant else date.min
    if not depuis <= demande.date_diagnostic <= jour:
        message = "A venir, ou avant le diagnostic remplace"
        erreurs.append(Erreur("/date_diagnostic", "date-incoherente", message))
    if sum(projet.est_prioritaire for projet in demande.projets) > 1:
        erreurs.append(Erreur("/projets", "hors-bornes", "Un seul projet est prioritaire"))
    for rang, projet in enumerate(demande.projets):
        erreurs += _besoins(f"/projets/{rang}/besoins", projet)
    vus: set[CodeFrein] = set()
    for rang, ligne in enumerate(demande.freins):
        erreurs += _ligne(f"/freins/{rang}", ligne, deja=ligne.code in vus)
        vus.add(ligne.code)
    # Freins that the diagnostic does not name are left alone: to refuse for one of them would
    # tell that it is there, be it of health.
    if demande.sans_contrainte and any(ligne.niveau in freins.PESANTS for ligne in demande.freins):
        message = "Un frein pese : il y a une contrainte"
        erreurs.append(Erreur("/sans_contrainte", "hors-bornes", message))
    if demande.sans_contrainte and CodeFrein.HANDICAP in vus:
        message = "Le handicap est un statut a accompagner"
        erreurs.append(Erreur("/sans_contrainte", "hors-bornes", message))
    if erreurs:
        raise Validation(erreurs)


def dit_sante(demande: DiagnosticCreation) -> bool:
    """Tell whether a line is about health."""
    return any(ligne.code in freins.SANTE for ligne in demande.freins)


def suite(ligne: FreinDiagnosticLigne, etat: EtatFrein | None) -> Suite:
    """Return what a line does to the last episode of its frein.

    Source: parcours-rules.md §3: a lifted frein comes back moyen or fort, by a new episode.
    """
    if etat is None:
        return Suite.OUVRIR
    if etat.statut in freins.OUVERTS:
        return Suite.OBSERVER
    if ligne.niveau is not None and ligne.niveau not in freins.PESANTS:
        return Suite.RIEN
    return Suite.ROUVRIR


def verifier_lignes(
    demande: DiagnosticCreation, etats: Mapping[CodeFrein, EtatFrein], jour: date
) -> None:
    """Check each line by the rules of the freins, as if it were observed alone.

    Raises:
        Validation: with the fields, where they stand in the diagnostic.
    """
    erreurs = []
    for rang, ligne in enumerate(demande.freins):
        etat = etats.get(ligne.code)
        try:
            match suite(ligne, etat), etat:
                case Suite.OBSERVER, EtatFrein() as ouvert if ligne.niveau is not None:
                    freins.verifier_observation(ouvert, observation(demande, ligne), jour)
                case Suite.ROUVRIR, EtatFrein() as termine:
                    freins.verifier_reouverture(termine, reouverture(demande, ligne), jour)
                case Suite.OUVRIR, _:
                    freins.verifier_creation(creation(demande, ligne), jour)
                case Suite.RIEN, _ if ligne.commentaire:
                    champ = f"/freins/{rang}/commentaire"
                    message = "Le frein reste leve : rien n'y est observe"
                    erreurs.append(Erreur(champ, "champ-inconnu", message))
                case _:
                    pass
        except Validation as refus:
            erreurs += [_replacee(rang, erreur) for erreur in refus.members["erreurs"]]
    if erreurs:
        raise Validation(erreurs)


def creation(demande: DiagnosticCreation, ligne: FreinDiagnosticLigne) -> FreinCreation:
    """Return the first observation that a line makes."""
    return FreinCreation(
        code=ligne.code,
        niveau=ligne.niveau,
        libelle=ligne.libelle,
        commentaire=ligne.commentaire,
        date_observation=demande.date_diagnostic,
        source=SourceObservation.REFERENT,
    )


def observation(demande: DiagnosticCreation, ligne: FreinDiagnosticLigne) -> NiveauCreation:
    """Return the new observation that a line makes of an open episode."""
    assert ligne.niveau is not None  # handicap, a status, is not observed twice
    return NiveauCreation(
        niveau=ligne.niveau,
        commentaire=ligne.commentaire,
        date_observation=demande.date_diagnostic,
        source=SourceObservation.REFERENT,
    )


def reouverture(demande: DiagnosticCreation, ligne: FreinDiagnosticLigne) -> ReouvertureCreation:
    """Return the return of a frein that a line tells."""
    return ReouvertureCreation(
        niveau=ligne.niveau,
        commentaire=ligne.commentaire,
        date_observation=demande.date_diagnostic,
        source=SourceObservation.REFERENT,
    )


def besoins(dits: Mapping[str, str]) -> list[Besoin]:
    """Return the twenty-one needs of a project; what was not said was not explored."""
    return [
        Besoin(code=code, valeur=ValeurBesoin(dits.get(code, ValeurBesoin.NON_EXPLORE)))
        for code in BESOINS
    ]


def proposer(
    criteres: Iterable[CritereLigne],
    ouverts: Mapping[CodeFrein, tuple[UUID, NiveauFrein | None]],
    *,
    sante: bool,
) -> list[FreinPropose]:
    """Return every frein to explore, what a criterion tells of it, and what is known.

    A criterion shared by several freins (contrainte_familiale) tells of the one that its value
    names; `AUCUNE` tells of them all. A criterion proposes and changes nothing of what is known.

    Args:
        criteres: of the orientation, one per field.
        ouverts: the open episodes: id and level, by code.
        sante: whether health may be known.
    """
    valeurs = {critere.champ: critere.valeur for critere in criteres}
    found = []
    for code in CodeFrein:
        if code in freins.SANTE and not sante:
            continue
        frein_id, niveau_connu = ouverts.get(code, (None, None))
        critere, niveau = _propose(code, valeurs)
        found.append(
            FreinPropose(
                code=code,
                niveau=niveau,
                critere=critere,
                frein_id=frein_id,
                niveau_connu=niveau_connu,
            )
        )
    return found


def _propose(
    code: CodeFrein, valeurs: Mapping[str, str]
) -> tuple[CritereLigne | None, NiveauFrein]:
    champ, nom = _CRITERES.get(code, ("", ""))
    valeur = valeurs.get(champ)
    niveau = _NIVEAUX.get((champ, valeur)) if valeur is not None else None
    if valeur is None or niveau is None:
        return None, NiveauFrein.NON_EXPLORE
    designe = valeur == nom if nom else (champ, valeur) not in _NOMMEES
    if not designe and niveau is not NiveauFrein.SANS_IMPACT:
        return None, NiveauFrein.NON_EXPLORE
    return CritereLigne(champ=champ, valeur=valeur), niveau


def _besoins(pointeur: str, projet: ProjetLigne) -> list[Erreur]:
    erreurs = []
    vus: set[str] = set()
    for rang, besoin in enumerate(projet.besoins):
        champ = f"{pointeur}/{rang}/code"
        if besoin.code not in BESOINS:
            erreurs.append(Erreur(champ, "code-referentiel-inconnu", "Besoin inconnu"))
        elif besoin.code in vus:
            erreurs.append(Erreur(champ, "format-inattendu", "Besoin deja dit"))
        vus.add(besoin.code)
    return erreurs


def _ligne(pointeur: str, ligne: FreinDiagnosticLigne, *, deja: bool) -> list[Erreur]:
    erreurs = []
    if deja:
        erreurs.append(Erreur(f"{pointeur}/code", "format-inattendu", "Frein deja dit"))
    if ligne.niveau is NiveauFrein.NON_EXPLORE:
        erreurs.append(
            Erreur(f"{pointeur}/niveau", "hors-bornes", "Ce qui n'est pas explore s'omet")
        )
    if ligne.code is not CodeFrein.AUTRE and ligne.libelle:
        erreurs.append(
            Erreur(f"{pointeur}/libelle", "champ-inconnu", "Seul le frein autre a un libelle")
        )
    erreurs += freins.erreurs_niveau(f"{pointeur}/niveau", ligne.code, ligne.niveau)
    erreurs += freins.erreurs_texte_libre(
        f"{pointeur}/commentaire", ligne.commentaire, sante=ligne.code in freins.SANTE
    )
    connues = codes("contraintes-france-travail", niveau="situation") & _SITUATIONS[ligne.code]
    erreurs += [
        Erreur(f"{pointeur}/situations/{rang}", "code-referentiel-inconnu", "Situation inconnue")
        for rang, situation in enumerate(ligne.situations)
        if situation not in connues
    ]
    return erreurs


def _replacee(rang: int, erreur: Mapping[str, str]) -> Erreur:
    """An error of a frein, where the caller wrote it."""
    champ = erreur["pointeur"]
    if champ == "/date_observation":
        return Erreur("/date_diagnostic", erreur["code"], erreur["message"])
    return Erreur(f"/freins/{rang}{champ}", erreur["code"], erreur["message"])
