"""Read criteria stated in France Travail's vocabulary, and derive the inputs of the tables.

France Travail's contract gives every field one value (a string, never a list): so do we, and a
later statement replaces an earlier one, field by field. Nothing is guessed: an input is known
when no value of the missing fields could change it, and missing otherwise.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from shared.referentiels import charger, codes
from shared.refus import Erreur, Validation
from shared.schemas.orientation.vocabulaire import NiveauFrein

REFERENTIEL = "criteres-orientation-api-france-travail"

# Art. 9 GDPR: health, or the status of disabled worker (contract guide, 16.3).
CHAMPS_SANTE = frozenset(
    {
        "contrainte_sante",
        "boe",
        "boe_souhait_accompagnement",
        "baeeh",
        "esat",
        "scolarite_etablissement_specialise",
    }
)

T = TypeVar("T")


@dataclass(frozen=True, order=True)
class Critere:
    """One field of the questionnaire and its only value, as France Travail codes them."""

    champ: str
    valeur: str


@dataclass(frozen=True)
class Enonce:
    """Criteria stated together; a questionnaire may be filled step by step."""

    enonce_le: datetime
    criteres: tuple[Critere, ...]


@dataclass(frozen=True)
class Grille:
    """How criteria become levels: dated, and replaceable by a département's own reading."""

    version: str
    depuis: date
    source: str
    niveaux_qualifiants: frozenset[str]
    niveaux: Mapping[Critere, NiveauFrein]
    obstacles: frozenset[Critere]
    projection: Mapping[str, frozenset[str]]  # by field, the values of who can plan ahead


@dataclass(frozen=True)
class Deduction(Generic[T]):
    """An input, the criteria that settle it, or the fields still missing to know it."""

    valeur: T | None
    criteres: tuple[Critere, ...] = ()
    manquants: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entrees:
    """The five inputs of the parcours table: A, P, Q, F and O of the référentiel."""

    activite_recente: Deduction[bool]
    capacite_a_se_projeter: Deduction[bool]
    formation_qualifiante: Deduction[bool]
    niveau_freins: Deduction[NiveauFrein]
    obstacle_temporaire: Deduction[bool]


def _niveaux() -> tuple[dict[Critere, NiveauFrein], frozenset[Critere]]:
    lignes = {
        Critere(ligne["champ"], ligne["code"]): ligne
        for ligne in charger("niveaux-freins-depuis-criteres")
    }
    niveaux = {critere: NiveauFrein(ligne["niveau"]) for critere, ligne in lignes.items()}
    obstacles = (c for c, ligne in lignes.items() if ligne["obstacle_temporaire"] == "oui")
    return niveaux, frozenset(obstacles)


_NIVEAUX, _OBSTACLES = _niveaux()
_ACTIVITE_RECENTE = frozenset({"EN_ACTIVITE", "DEUX_DERNIERES_ANNEES"})

# The cut of "formation qualifiante", the ability to plan ahead and the levels of impact could not
# be read in the text: they are our proposal, so that a département may pass a grid of its own.
GRILLE = Grille(
    version="proposee-2025-01-01",
    depuis=date(2025, 1, 1),
    source="Proposition de Jalons; tableau annexe de l'arrêté du 21 novembre 2024 non lu",
    niveaux_qualifiants=frozenset({"NV5", "NV4", "NV3", "NV2", "NV1"}),
    niveaux=_NIVEAUX,
    obstacles=_OBSTACLES,
    projection={
        "capacite_a_travailler": frozenset({"true"}),
        "projet_pro": codes(REFERENTIEL, champ="projet_pro") - {"AUCUN"},
    },
)

_ORDRE = tuple(NiveauFrein)


def verifier(criteres: Sequence[Critere], pointeur: str = "/criteres") -> None:
    """Check every pair against the referential, and that no field is stated twice.

    Raises:
        Validation: with one error for each wrong field or value.
    """
    erreurs: list[Erreur] = []
    vus: set[str] = set()
    for rang, critere in enumerate(criteres):
        valeurs = codes(REFERENTIEL, champ=critere.champ, usage="critere")
        if not valeurs:
            erreurs.append(
                Erreur(f"{pointeur}/{rang}/champ", "code-referentiel-inconnu", "Critere inconnu")
            )
        elif critere.champ in vus:
            erreurs.append(
                Erreur(f"{pointeur}/{rang}/champ", "format-inattendu", "Critere deja enonce")
            )
        elif critere.valeur not in valeurs:
            message = "Valeur hors du referentiel de ce critere"
            erreurs.append(Erreur(f"{pointeur}/{rang}/valeur", "code-referentiel-inconnu", message))
        vus.add(critere.champ)
    if erreurs:
        raise Validation(erreurs)


def fusionner(enonces: Iterable[Enonce]) -> tuple[Critere, ...]:
    """Return one criterion per field, sorted by field: the latest statement of each wins.

    Of two statements of one instant, the one given last wins.
    """
    derniers: dict[str, Critere] = {}
    for enonce in sorted(enonces, key=lambda enonce: enonce.enonce_le):
        derniers |= {critere.champ: critere for critere in enonce.criteres}
    return tuple(sorted(derniers.values()))


def vrai(criteres: Iterable[Critere], champ: str) -> bool | None:
    """Return the boolean of a field, or None when it was not stated."""
    valeur = _par_champ(criteres).get(champ)
    return None if valeur is None else valeur == "true"


def deriver(
    criteres: Iterable[Critere],
    *,
    obstacle_declare: bool | None = None,
    grille: Grille = GRILLE,
) -> Entrees:
    """Return the inputs of the parcours table, each with the criteria that settle it.

    Args:
        criteres: checked and merged, one per field.
        obstacle_declare: what the professional says of a temporary obstacle, if anything.
        grille: how levels are read.

    Source: référentiel du Comité national pour l'emploi, délibération du 7 novembre 2024;
        the derivations of P, Q and of the levels are ours.
    """
    valeurs = _par_champ(criteres)
    return Entrees(
        activite_recente=_conjonction(valeurs, {"situation_professionnelle": _ACTIVITE_RECENTE}),
        capacite_a_se_projeter=_conjonction(valeurs, grille.projection),
        formation_qualifiante=_conjonction(valeurs, {"niveau_etude": grille.niveaux_qualifiants}),
        niveau_freins=_niveau_freins(valeurs, grille),
        obstacle_temporaire=_obstacle(valeurs, obstacle_declare, grille),
    )


def _par_champ(criteres: Iterable[Critere]) -> dict[str, str]:
    return {critere.champ: critere.valeur for critere in criteres}


def _enonces(valeurs: Mapping[str, str], champs: Iterable[str]) -> tuple[Critere, ...]:
    return tuple(Critere(champ, valeurs[champ]) for champ in champs if champ in valeurs)


def _conjonction(
    valeurs: Mapping[str, str], attendues: Mapping[str, frozenset[str]]
) -> Deduction[bool]:
    """Every field has a value it may have; one that has not settles it, whatever is missing."""
    enonces = _enonces(valeurs, attendues)
    if contraires := tuple(c for c in enonces if c.valeur not in attendues[c.champ]):
        return Deduction(False, contraires)
    manquants = tuple(champ for champ in attendues if champ not in valeurs)
    return Deduction(None if manquants else True, enonces, manquants)


def _niveau_freins(valeurs: Mapping[str, str], grille: Grille) -> Deduction[NiveauFrein]:
    """The highest level; a strong frein settles it, an unexplored one never counts as none."""
    champs = dict.fromkeys(critere.champ for critere in grille.niveaux)
    enonces = {critere: grille.niveaux[critere] for critere in _enonces(valeurs, champs)}
    plus_haut = max(enonces.values(), key=_ORDRE.index, default=None)
    manquants = tuple(champ for champ in champs if champ not in valeurs)
    if manquants and plus_haut is not NiveauFrein.FORT:
        return Deduction(None, tuple(enonces), manquants)
    return Deduction(plus_haut, tuple(c for c, niveau in enonces.items() if niveau is plus_haut))


def _obstacle(valeurs: Mapping[str, str], declare: bool | None, grille: Grille) -> Deduction[bool]:
    """A flagged criterion or the professional says so; silence of both is not a no."""
    champs = dict.fromkeys(critere.champ for critere in sorted(grille.obstacles))
    enonces = _enonces(valeurs, champs)
    if signales := tuple(critere for critere in enonces if critere in grille.obstacles):
        return Deduction(True, signales)
    if declare is not None:
        return Deduction(declare)
    manquants = tuple(champ for champ in champs if champ not in valeurs)
    return Deduction(None if manquants else False, enonces, manquants)
