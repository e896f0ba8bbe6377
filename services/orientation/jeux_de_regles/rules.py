"""Sets of rules as data: whole or refused, in force for a period, compared with the default.

What is law is no data: a temporary obstacle gives the parcours social, O01 to O03, who decides,
and the ages of the mission locale are in no set.
"""

import hashlib
import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from services.orientation.criteres.rules import CHAMPS_SANTE, GRILLE, REFERENTIEL, Critere, Grille
from services.orientation.orientations.proposition import NATIONALES, Regles
from services.orientation.orientations.referent import (
    REGLES,
    TABLE_ORGANISME,
    RegleLocale,
    TableOrganisme,
)
from services.orientation.orientations.rules import (
    CAS,
    TABLE_PARCOURS,
    Base,
    Cas,
    RegleParcours,
    TableParcours,
)
from shared.referentiels import codes
from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.orientation.jeux_de_regles import (
    ConditionBoe,
    ContenuJeuDeRegles,
    MiseEnVigueurCreation,
    NiveauLigne,
    OrganismeLigne,
    ParcoursLigne,
    ProjectionLigne,
    SimulationCreation,
    StatutJeuDeRegles,
)
from shared.schemas.orientation.vocabulaire import CritereLigne, NiveauFrein

CODE_NATIONAL = "national-2025-01-01"
PERIODE_MAX_JOURS = 366  # of a simulation; a bound of ours

# Those that no text sets: a set of rules says their order of types.
_PROPOSEES = ("O05", "O06", "O07", "O08", "O09")
_CONDITIONS_BOE = {ConditionBoe.INDIFFERENT: None, ConditionBoe.OUI: True, ConditionBoe.NON: False}
_NIVEAU_ETUDE = "niveau_etude"
_SANS_CONTRAINTE = "AUCUNE"
_DEJA_LUS = {"situation_professionnelle", _NIVEAU_ETUDE, *(c.champ for c in GRILLE.niveaux)}
# Who reads a proposal may lack the scope for health: none of it may hide behind an input.
_PROJECTIBLES = codes(REFERENTIEL, "champ", usage="critere") - CHAMPS_SANTE - _DEJA_LUS

K = TypeVar("K", bound=Hashable)


def decomposer(regles: Regles) -> ContenuJeuDeRegles:
    """Return the rules as the data they are made of, in one order."""
    grille = regles.grille
    return ContenuJeuDeRegles(
        parcours=[
            ParcoursLigne.model_validate({**cas._asdict(), "type_parcours": regle.type_parcours})
            for cas, regle in regles.parcours.lignes.items()
        ],
        niveaux=[NiveauLigne(**vars(un), niveau=niveau) for un, niveau in grille.niveaux.items()],
        niveaux_qualifiants=sorted(grille.niveaux_qualifiants),
        obstacles=[CritereLigne(**vars(un)) for un in sorted(grille.obstacles)],
        projection=[
            ProjectionLigne(champ=champ, valeurs=sorted(valeurs))
            for champ, valeurs in grille.projection.items()
        ],
        organismes=[
            OrganismeLigne(regle=code, types=list(regles.organisme.regles[code].types))
            for code in _PROPOSEES
        ],
        regles_locales=[],
    )


def _cas(ligne: ParcoursLigne) -> Cas:
    return Cas(*(getattr(ligne, nom) for nom in Cas._fields))


def normaliser(contenu: ContenuJeuDeRegles) -> ContenuJeuDeRegles:
    """Write the same rules in the same way, whatever the order in which they were sent.

    The order of types and of local rules is a rule, and stays.
    """
    return contenu.model_copy(
        update={
            "parcours": sorted(contenu.parcours, key=lambda un: CAS.index(_cas(un))),
            "niveaux": sorted(contenu.niveaux, key=lambda un: (un.champ, un.valeur)),
            "niveaux_qualifiants": sorted(contenu.niveaux_qualifiants),
            "obstacles": sorted(contenu.obstacles, key=lambda un: (un.champ, un.valeur)),
            "projection": [
                ProjectionLigne(champ=un.champ, valeurs=sorted(un.valeurs))
                for un in sorted(contenu.projection, key=lambda un: un.champ)
            ],
            "organismes": sorted(contenu.organismes, key=lambda un: un.regle),
            "regles_locales": [
                un.model_copy(update={"communes": sorted(un.communes)})
                for un in contenu.regles_locales
            ],
        }
    )


NATIONAL = normaliser(decomposer(NATIONALES))


def empreinte(contenu: ContenuJeuDeRegles) -> bytes:
    """Tell two contents apart: SHA-256 of the rules, once normalised."""
    ecrit = json.dumps(contenu.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(ecrit.encode()).digest()


def composer(contenu: ContenuJeuDeRegles, *, code: str, reference: str, depuis: date) -> Regles:
    """Return rules from checked data.

    A row that says what the national table says keeps its code, its base and its source; any
    other is local, and its source is the order. A table with no such row is the national one.

    Args:
        contenu: the rules, checked.
        code: of the set; the versions of its own tables are made of it.
        reference: the order of the préfet and the PCD.
        depuis: first day of the set.
    """
    lignes = {_cas(un): _ligne(un, reference) for un in contenu.parcours}
    parcours = TableParcours(f"parcours-{code}", lignes)
    grille = Grille(
        version=f"grille-{code}",
        depuis=depuis,
        source=reference,
        niveaux_qualifiants=frozenset(contenu.niveaux_qualifiants),
        niveaux={Critere(un.champ, un.valeur): un.niveau for un in contenu.niveaux},
        obstacles=frozenset(Critere(un.champ, un.valeur) for un in contenu.obstacles),
        projection={un.champ: frozenset(un.valeurs) for un in contenu.projection},
    )
    organisme = TableOrganisme(
        f"organisme-{code}",
        REGLES
        | {
            un.regle: replace(
                REGLES[un.regle], types=tuple(un.types), base=Base.LOCAL, source=reference
            )
            for un in contenu.organismes
            if tuple(un.types) != REGLES[un.regle].types
        },
        tuple(
            RegleLocale(
                reference,
                un.type_parcours,
                tuple(un.types),
                frozenset(un.communes),
                un.age_min,
                un.age_max,
                _CONDITIONS_BOE[un.boe],
            )
            for un in contenu.regles_locales
        ),
    )
    return Regles(
        TABLE_PARCOURS if parcours.lignes == TABLE_PARCOURS.lignes else parcours,
        grille if _lectures_locales(grille) else GRILLE,
        TABLE_ORGANISME
        if not organisme.locales and organisme.regles == TABLE_ORGANISME.regles
        else organisme,
    )


def ecarts(regles: Regles) -> list[str]:
    """Return what departs from the national set: codes of rules, names of readings."""
    tables = (regles.parcours.lignes, regles.organisme.regles)
    locales = {un.code for table in tables for un in table.values() if un.base is Base.LOCAL}
    arretes = {"O04"} if regles.organisme.locales else set()
    return sorted(locales | arretes) + _lectures_locales(regles.grille)


def _lectures_locales(grille: Grille) -> list[str]:
    lectures = ("niveaux", "niveaux_qualifiants", "obstacles", "projection")
    return [nom for nom in lectures if getattr(grille, nom) != getattr(GRILLE, nom)]


def _ligne(ligne: ParcoursLigne, reference: str) -> RegleParcours:
    nationale = TABLE_PARCOURS.lignes[_cas(ligne)]
    if ligne.type_parcours is nationale.type_parcours:
        return nationale
    return RegleParcours(f"L{nationale.code[1:]}", ligne.type_parcours, Base.LOCAL, reference)


def verifier_contenu(contenu: ContenuJeuDeRegles) -> None:
    """Check that the rules answer every case, once, in words of the référentiels.

    Raises:
        Validation: each case missing, double or unknown, by name.
    """
    erreurs = [
        *_couverture("parcours", map(_cas, contenu.parcours), CAS, _dire_cas),
        *_couverture("niveaux", _criteres(contenu.niveaux), GRILLE.niveaux, _dire_critere),
        *_couverture("organismes", (un.regle for un in contenu.organismes), _PROPOSEES, str),
        *_erreurs_niveaux(contenu.niveaux),
        *_erreurs_obstacles(contenu),
        *_parmi(
            "niveaux_qualifiants",
            contenu.niveaux_qualifiants,
            codes(REFERENTIEL, champ=_NIVEAU_ETUDE, usage="critere"),
        ),
        *_erreurs_projection(contenu.projection),
        *_erreurs_types(contenu),
    ]
    if erreurs:
        raise Validation(erreurs)


def _couverture(
    table: str, cles: Iterable[K], attendues: Iterable[K], dire: Callable[[K], str]
) -> Iterator[Erreur]:
    restantes = dict.fromkeys(attendues)
    connues = frozenset(restantes)
    for rang, cle in enumerate(cles):
        if cle not in connues:
            yield Erreur(f"/{table}/{rang}", "code-referentiel-inconnu", "Cas inconnu")
        elif cle not in restantes:
            yield Erreur(f"/{table}/{rang}", "format-inattendu", f"Deja donne : {dire(cle)}")
        restantes.pop(cle, None)
    for cle in restantes:
        yield Erreur(f"/{table}", "requis", f"Absent : {dire(cle)}")


def _parmi(table: str, valeurs: Sequence[str], connues: frozenset[str]) -> Iterator[Erreur]:
    for rang, valeur in enumerate(valeurs):
        pointeur = f"/{table}/{rang}"
        if valeur not in connues:
            yield Erreur(pointeur, "code-referentiel-inconnu", "Valeur hors du referentiel")
        elif valeur in valeurs[:rang]:
            yield Erreur(pointeur, "format-inattendu", "Valeur deja donnee")


def _erreurs_niveaux(niveaux: Sequence[NiveauLigne]) -> Iterator[Erreur]:
    for rang, un in enumerate(niveaux):
        aucune = un.valeur == _SANS_CONTRAINTE
        if un.niveau is NiveauFrein.NON_EXPLORE or (
            aucune and un.niveau is not NiveauFrein.SANS_IMPACT
        ):
            message = "Une contrainte absente est sans impact" if aucune else "Niveau a dire"
            yield Erreur(f"/niveaux/{rang}/niveau", "hors-bornes", message)


def _erreurs_obstacles(contenu: ContenuJeuDeRegles) -> Iterator[Erreur]:
    freins = {
        critere
        for critere, un in zip(_criteres(contenu.niveaux), contenu.niveaux, strict=True)
        if un.niveau is not NiveauFrein.SANS_IMPACT
    }
    vus = set()
    for rang, critere in enumerate(_criteres(contenu.obstacles)):
        if critere not in GRILLE.niveaux:
            message = "Cette valeur ne dit pas une contrainte"
            yield Erreur(f"/obstacles/{rang}", "code-referentiel-inconnu", message)
        elif critere not in freins:
            message = "Une valeur sans impact n'est pas un obstacle"
            yield Erreur(f"/obstacles/{rang}", "hors-bornes", message)
        elif critere in vus:
            yield Erreur(f"/obstacles/{rang}", "format-inattendu", "Valeur deja donnee")
        vus.add(critere)


def _erreurs_projection(projection: Sequence[ProjectionLigne]) -> Iterator[Erreur]:
    champs = [un.champ for un in projection]
    yield from (
        Erreur(f"{erreur.pointeur}/champ", erreur.code, "Critere inconnu ici, ou deja donne")
        for erreur in _parmi("projection", champs, _PROJECTIBLES)
    )
    for rang, un in enumerate(projection):
        if un.champ in _PROJECTIBLES:
            connues = codes(REFERENTIEL, champ=un.champ, usage="critere")
            yield from _parmi(f"projection/{rang}/valeurs", un.valeurs, connues)


def _erreurs_types(contenu: ContenuJeuDeRegles) -> Iterator[Erreur]:
    listes: dict[str, Sequence[str]] = {
        f"organismes/{rang}/types": un.types for rang, un in enumerate(contenu.organismes)
    }
    for rang, locale in enumerate(contenu.regles_locales):
        listes[f"regles_locales/{rang}/types"] = locale.types
        ages = locale.age_min, locale.age_max
        if ages[0] is not None and ages[1] is not None and ages[1] < ages[0]:
            message = "L'age maximal precede l'age minimal"
            yield Erreur(f"/regles_locales/{rang}/age_max", "hors-bornes", message)
    for table, types in listes.items():
        yield from _parmi(table, types, frozenset(types))


def _criteres(lignes: Iterable[NiveauLigne | CritereLigne]) -> list[Critere]:
    return [Critere(un.champ, un.valeur) for un in lignes]


def _dire_critere(critere: Critere) -> str:
    return f"{critere.champ}={critere.valeur}"


def _dire_cas(cas: Cas) -> str:
    reponses = {True: "oui", False: "non"}
    return ", ".join(
        f"{nom}={valeur if isinstance(valeur, str) else reponses[valeur]}"
        for nom, valeur in cas._asdict().items()
    )


@dataclass(frozen=True)
class Validite:
    """What is known of a set besides its rules; both days are included.

    `date_fin` is the eve of the next set, or the end that the order gave.
    """

    simule: bool
    date_debut: date | None = None
    date_fin: date | None = None


def statut(validite: Validite, jour: date) -> StatutJeuDeRegles:
    """Return where a set stands on `jour`; computed, never stored."""
    if validite.date_debut is None:
        return StatutJeuDeRegles.SIMULE if validite.simule else StatutJeuDeRegles.BROUILLON
    if jour < validite.date_debut:
        return StatutJeuDeRegles.A_VENIR
    if validite.date_fin is not None and validite.date_fin < jour:
        return StatutJeuDeRegles.REMPLACE
    return StatutJeuDeRegles.EN_VIGUEUR


def exiger_brouillon(statut_actuel: StatutJeuDeRegles) -> None:
    """Check that a set may still be changed.

    Raises:
        TransitionInterdite: it was put in force: another set replaces it, none changes it.
    """
    if statut_actuel not in (StatutJeuDeRegles.BROUILLON, StatutJeuDeRegles.SIMULE):
        raise TransitionInterdite(statut_actuel, [])


def exiger_simulation(statut_actuel: StatutJeuDeRegles) -> None:
    """Check that a set was simulated as it is, and is not in force yet.

    Raises:
        TransitionInterdite: a simulation of this content is to be ended first, or it is in force.
    """
    exiger_brouillon(statut_actuel)
    if statut_actuel is StatutJeuDeRegles.BROUILLON:
        raise TransitionInterdite(statut_actuel, [StatutJeuDeRegles.SIMULE])


def verifier_mise_en_vigueur(
    demande: MiseEnVigueurCreation, debuts: Iterable[date], jour: date
) -> None:
    """Check the period of a set: to come, and over before the next one begins.

    One that has begun before ends on the eve of this one, so it is never in the way.

    Args:
        demande: both days included; no end, it lasts until another set begins.
        debuts: first days of the other sets.
        jour: today, where the collectivité is; a set may begin today.

    Raises:
        Validation: `date-incoherente`, with the field and the day that is in the way.

    Source: code du travail L5411-5-1 III al. 2; nothing is proposed again under later rules.
    """
    erreurs = []
    fin = demande.date_fin or date.max
    if demande.date_debut < jour:
        message = "Un jeu de regles ne vaut pas pour le passe"
        erreurs.append(Erreur("/date_debut", "date-incoherente", message))
    if fin < demande.date_debut:
        erreurs.append(Erreur("/date_fin", "date-incoherente", "La fin precede le debut"))
    suivants = [debut for debut in debuts if demande.date_debut <= debut <= fin]
    if suivants:
        message = f"Un autre jeu commence le {min(suivants).isoformat()}"
        champ = "date_debut" if min(suivants) == demande.date_debut else "date_fin"
        erreurs.append(Erreur(f"/{champ}", "date-incoherente", message))
    if erreurs:
        raise Validation(erreurs)


def verifier_periode(demande: SimulationCreation, jour: date) -> None:
    """Check that the days to replay are past, in order, and a year at most.

    Raises:
        Validation: `date-incoherente`.
    """
    erreurs = []
    if demande.date_fin > jour:
        message = "La periode finit dans l'avenir"
        erreurs.append(Erreur("/date_fin", "date-incoherente", message))
    if not 0 <= (demande.date_fin - demande.date_debut).days <= PERIODE_MAX_JOURS:
        message = "La fin precede le debut, ou le suit de plus d'un an"
        erreurs.append(Erreur("/date_debut", "date-incoherente", message))
    if erreurs:
        raise Validation(erreurs)
