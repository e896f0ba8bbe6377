"""Say in plain French why a parcours and an organisme were proposed.

The text is for any reader: impersonal, it names no person and no difficulty of theirs.
Criteria stand apart, field by field, so that a reader without the scope for health data can be
given all but those marked `sante`. The same stored inputs always give the same bytes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.orientation.criteres.rules import CHAMPS_SANTE, GRILLE, Critere, Entrees, Grille
from services.orientation.orientations.referent import (
    AGES_MISSION_LOCALE,
    Ecart,
    PropositionOrganisme,
)
from services.orientation.orientations.rules import Base, PropositionParcours
from shared.schemas.orientation.vocabulaire import NiveauFrein, TypeOrganisme, TypeParcours


@dataclass(frozen=True, order=True)
class CritereEvalue:
    """A criterion, its value, and what it did to the proposal."""

    champ: str
    valeur: str
    effet: str
    sante: bool


@dataclass(frozen=True)
class Explication:
    """Why: the text, then the facts it rests on."""

    texte: str
    regle_parcours: str
    base_parcours: Base
    source_parcours: str
    entretien_recommande: bool
    entrees_manquantes: tuple[str, ...]
    champs_manquants: tuple[str, ...]
    regle_organisme: str | None
    base_organisme: Base | None
    source_organisme: str | None
    criteres: tuple[CritereEvalue, ...]
    organismes_ecartes: tuple[Ecart, ...]
    versions: tuple[str, ...]


_PARCOURS = {
    TypeParcours.PROFESSIONNEL: "le parcours professionnel",
    TypeParcours.SOCIO_PROFESSIONNEL: "le parcours socio-professionnel",
    TypeParcours.SOCIAL: "le parcours social",
}

_ORGANISMES = {
    TypeOrganisme.FRANCE_TRAVAIL: "France Travail",
    TypeOrganisme.CONSEIL_DEPARTEMENTAL: "le conseil départemental",
    TypeOrganisme.DELEGATAIRE_DEPARTEMENTAL: "un délégataire du conseil départemental",
    TypeOrganisme.MISSION_LOCALE: "une mission locale",
    TypeOrganisme.CAP_EMPLOI: "un Cap emploi",
    TypeOrganisme.AUTRE_ORGANISME: "un autre organisme habilité",
}

_ENTREES = {
    "activite_recente": "activité en cours ou dans les deux dernières années",
    "capacite_a_se_projeter": "capacité à se projeter",
    "formation_qualifiante": "formation supérieure ou qualifiante",
    "niveau_freins": "niveau des freins",
    "obstacle_temporaire": "obstacle temporaire à la recherche d'emploi",
}

_RAISONS_PARCOURS = {
    "P1": "Un obstacle temporaire à la recherche d'emploi est signalé.",
    "P2": "Un frein fort est relevé, sans activité récente ni capacité à se projeter.",
    "P3": "Un frein fort est relevé, avec une activité récente ou une capacité à se projeter.",
    "P4": "Le frein le plus élevé est de niveau moyen.",
    "P5": "Aucun frein n'a d'impact, une formation qualifiante est acquise, et une activité"
    " récente ou une capacité à se projeter est établie.",
    "P6": "Aucun frein n'a d'impact, une activité récente et une capacité à se projeter sont"
    " établies, sans formation qualifiante.",
    "P7": "Aucun frein n'a d'impact, mais le projet ou la qualification reste à construire.",
}

_RAISONS_ORGANISME = {
    "O01": "un accompagnement y est déjà en cours",
    "O02": "les informations nécessaires manquaient à l'échéance",
    "O03": "les informations nécessaires manquaient à l'échéance, et France Travail décide",
    "O04": "un arrêté local le prévoit",
    "O05": "c'est l'organisme prévu pour le parcours social",
    "O06": "un accompagnement spécialisé est souhaité",
    "O07": "l'âge le permet",
    "O08": "c'est l'organisme prévu pour le parcours socio-professionnel",
    "O09": "c'est l'organisme prévu pour le parcours professionnel",
}

_RESERVES = {
    Base.INTERPRETATION: "interprète les textes",
    Base.LOCAL: "applique un arrêté local",
    Base.PROPOSE: "est une proposition de l'outil",
}

# The fields read into an input of the table, besides those that the grid names.
_CHAMPS = {
    "situation_professionnelle": "activite_recente",
    "niveau_etude": "formation_qualifiante",
}
_SANS_EFFET = "sans effet sur la proposition"
_REPONSES = {True: "oui", False: "non", None: "à compléter"}

_NIVEAUX = {
    NiveauFrein.SANS_IMPACT: "sans impact",
    NiveauFrein.MOYEN: "moyen",
    NiveauFrein.FORT: "fort",
}


def expliquer(
    parcours: PropositionParcours,
    criteres: Iterable[Critere],
    organisme: PropositionOrganisme | None = None,
    *,
    grille: Grille = GRILLE,
) -> Explication:
    """Return the explanation of a proposal, from what it was computed with.

    Args:
        parcours: the parcours proposed.
        criteres: all that was stated, one criterion per field.
        organisme: the organisme proposed; None for a draft.
        grille: the grid with which `parcours` was derived.
    """
    entrees = parcours.entrees
    regle = organisme.regle if organisme else None
    manquants = {champ for nom in parcours.manquantes for champ in getattr(entrees, nom).manquants}
    return Explication(
        texte=" ".join(_phrases(parcours, organisme, grille)),
        regle_parcours=parcours.regle.code,
        base_parcours=parcours.regle.base,
        source_parcours=parcours.regle.source,
        entretien_recommande=parcours.regle.entretien_recommande,
        entrees_manquantes=parcours.manquantes,
        champs_manquants=tuple(sorted(manquants)),
        regle_organisme=regle.code if regle else None,
        base_organisme=regle.base if regle else None,
        source_organisme=regle.source if regle else None,
        criteres=tuple(sorted(_evalues(criteres, entrees, organisme, grille))),
        organismes_ecartes=organisme.ecartes if organisme else (),
        versions=(
            parcours.version,
            grille.version,
            *((organisme.version,) if organisme else ()),
        ),
    )


def _phrases(
    parcours: PropositionParcours, organisme: PropositionOrganisme | None, grille: Grille
) -> Iterator[str]:
    regle = parcours.regle
    if regle.type_parcours is None:
        manquantes = ", ".join(_ENTREES[nom] for nom in parcours.manquantes)
        yield "Aucun parcours ne peut encore être proposé."
        yield f"Il reste à connaître : {manquantes}."
    else:
        yield f"La règle {regle.code} propose {_PARCOURS[regle.type_parcours]}."
        yield _raison_parcours(parcours)
    if grille.version != GRILLE.version:
        yield f"Un arrêté local dit comment les critères sont lus : {grille.source}."
    if regle.entretien_recommande:
        yield "Un entretien est recommandé avant la décision."
    if organisme and organisme.regle:
        yield _phrase_organisme(organisme, organisme.regle.code)
    if reserves := _reserves(parcours, organisme):
        yield f"{reserves} : une décision motivée peut s'en écarter."
    yield (
        "Cette proposition ne vaut pas décision."
        if organisme or regle.type_parcours
        else "L'orientation reste à l'état de brouillon."
    )


def _raison_parcours(parcours: PropositionParcours) -> str:
    if parcours.regle.base is not Base.LOCAL:
        return _RAISONS_PARCOURS[parcours.regle.code]
    entrees = parcours.entrees
    niveau = entrees.niveau_freins.valeur
    reponses = {
        nom: _REPONSES[getattr(entrees, nom).valeur]
        for nom in ("activite_recente", "capacite_a_se_projeter", "formation_qualifiante")
    } | {"niveau_freins": _NIVEAUX[niveau] if niveau else ""}
    dites = " ; ".join(f"{_ENTREES[nom]}, {reponse}" for nom, reponse in reponses.items())
    return f"Un arrêté local le fixe pour ces réponses : {dites}."


def _phrase_organisme(organisme: PropositionOrganisme, regle: str) -> str:
    if organisme.type_organisme is None:
        return f"La règle {regle} ne trouve aucun organisme référent : le décideur le choisit."
    nom = _ORGANISMES[organisme.type_organisme]
    return f"La règle {regle} propose {nom} comme organisme référent : {_RAISONS_ORGANISME[regle]}."


def _reserves(parcours: PropositionParcours, organisme: PropositionOrganisme | None) -> str:
    """Say of each rule that is not the text's what it is; nothing of the others."""
    bases = [(parcours.regle.code, parcours.regle.base)]
    if organisme and organisme.regle:
        bases.append((organisme.regle.code, organisme.regle.base))
    reserves = [f"la règle {code} {_RESERVES[base]}" for code, base in bases if base in _RESERVES]
    texte = " et ".join(reserves)
    return texte[:1].upper() + texte[1:]


def _evalues(
    criteres: Iterable[Critere],
    entrees: Entrees,
    organisme: PropositionOrganisme | None,
    grille: Grille,
) -> Iterator[CritereEvalue]:
    regle = organisme.regle if organisme else None
    ouvre = dict.fromkeys(regle.conditions, f"ouvre la règle {regle.code}") if regle else {}
    for critere in criteres:
        effet = _effet(critere, entrees, ouvre, grille)
        yield CritereEvalue(critere.champ, critere.valeur, effet, critere.champ in CHAMPS_SANTE)
    declare = entrees.obstacle_temporaire
    if declare.valeur is not None and not declare.criteres:
        valeur = _REPONSES[declare.valeur]
        effet = f"{_ENTREES['obstacle_temporaire']}, dit par le professionnel : {valeur}"
        yield CritereEvalue("obstacle_temporaire", valeur, effet, sante=False)
    if organisme and organisme.situation.age is not None:
        jeune = organisme.situation.age <= AGES_MISSION_LOCALE.maximum
        effet = ouvre.get("age", _SANS_EFFET)
        if regle and regle.code == "O04":  # its bounds are the order's own
            if regle.conditions >= {"age"}:
                yield CritereEvalue("age_vise_par_l_arrete_local", "oui", effet, sante=False)
            effet = _SANS_EFFET
        yield CritereEvalue("age_25_ans_revolus_au_plus", _REPONSES[jeune], effet, sante=False)


def _effet(critere: Critere, entrees: Entrees, ouvre: Mapping[str, str], grille: Grille) -> str:
    champs = _CHAMPS | dict.fromkeys(grille.projection, "capacite_a_se_projeter")
    if nom := champs.get(critere.champ):
        return f"{_ENTREES[nom]} : {_REPONSES[getattr(entrees, nom).valeur]}"
    if niveau := grille.niveaux.get(critere):
        signale = ", obstacle temporaire" if critere in grille.obstacles else ""
        return f"frein : {_NIVEAUX[niveau]}{signale}"
    return ouvre.get(critere.champ, _SANS_EFFET)
