"""A diagnostic in the words of France Travail (v4), and in ours: read, and written back.

The two are a lens over the document that came: `lire` takes what our model holds, `ecrire` puts
back what it holds now, and touches nothing else. Written back unchanged, the document is the one
that came; read again, what was written is what we hold. Without a document, ours is written over
an empty one, made of the lists (`squelette`).

Source: parcours-rules.md §2 and §3; France Travail, API Diagnostic usager 4.0.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, auto
from typing import Any
from zoneinfo import ZoneInfo

from services.parcours.diagnostics.rules import BESOINS
from services.parcours.freins.rules import OUVERTS, PESANTS, SANTE, EtatFrein
from services.parcours.objectifs.rules import CLOS, TRANSITIONS
from shared.delais import jour_civil
from shared.referentiels import charger, version
from shared.refus import Erreur, Validation
from shared.schemas.orientation.vocabulaire import NiveauFrein
from shared.schemas.parcours.diagnostics import ReponsePouvoirAgir, ValeurBesoin
from shared.schemas.parcours.freins import CodeFrein, StatutFrein
from shared.schemas.parcours.objectifs import StatutObjectif

VERSION_LISTES = ":".join(
    ("v4", version("contraintes-france-travail"), version("besoins-france-travail"))
)
NUMERIQUE, PERSONNELLES = "22", "7"
_OBJECTIF_ISOLEMENT = "Rompre l'isolement"
Json = dict[str, Any]

_CONTRAINTE = {
    CodeFrein(ligne["code"]): ligne["contrainte_ft"]
    for ligne in charger("freins")
    # Handicap is a status: the contrainte of health never tells it.
    if ligne["contrainte_ft"] and ligne["code"] != CodeFrein.HANDICAP
}
_FREINS: dict[str, list[CodeFrein]] = defaultdict(list)
for _code, _contrainte in _CONTRAINTE.items():
    _FREINS[_contrainte].append(_code)
CONTRAINTES_SANTE = frozenset(_CONTRAINTE[code] for code in SANTE if code in _CONTRAINTE)
_SITUATIONS = {
    CodeFrein(ligne["code"]): frozenset(ligne["situations_ft"].split("|")) - {""}
    for ligne in charger("freins")
}
# Of a contrainte that several freins share, the one that stands for the rest of it.
_DEFAUT = {"24": CodeFrein.FAMILLE}
# What an objective tells of, where a contrainte has several freins and no situation says which.
_FREINS_OBJECTIFS = {
    ("24", "Trouver des solutions de garde d'enfant"): CodeFrein.GARDE_ENFANT,
    ("24", "Faire face à la prise en charge d'une personne dépendante"): CodeFrein.PROCHE_AIDANT,
    ("24", "Obtenir le statut d'aidant familial"): CodeFrein.PROCHE_AIDANT,
    ("24", _OBJECTIF_ISOLEMENT): CodeFrein.ISOLEMENT,
}
# A weak impact is read as in the criteria of orientation, where the list says it is unconfirmed;
# an impact that nobody gave is ours to propose.
_NIVEAU = {
    "FORT": NiveauFrein.FORT,
    "MOYEN": NiveauFrein.MOYEN,
    "FAIBLE": NiveauFrein.MOYEN,
    "NON_RENSEIGNE": NiveauFrein.MOYEN,
    None: NiveauFrein.MOYEN,
}
_IMPACT = {
    NiveauFrein.FORT: "FORT",
    NiveauFrein.MOYEN: "MOYEN",
    NiveauFrein.SANS_IMPACT: "FAIBLE",
}
_AGENT = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_TUS = ("NON_RENSEIGNE", None)  # impacts that say nothing
_ORDRE = (NiveauFrein.SANS_IMPACT, NiveauFrein.MOYEN, NiveauFrein.FORT)


@dataclass(frozen=True)
class FreinVu:
    """What a diagnostic says of a frein, in our words."""

    statut: StatutFrein
    niveau: NiveauFrein | None
    situations: tuple[str, ...] = ()
    date_observation: date | None = None
    impact: str | None = None  # as France Travail said it, to tell a word from a silence


@dataclass(frozen=True)
class ProjetVu:
    """A project, and the needs that were explored."""

    typologie: str
    code_rome: str | None
    code_appellation: str | None
    est_prioritaire: bool
    besoins: Mapping[str, ValeurBesoin]


@dataclass(frozen=True)
class Vue:
    """All of a diagnostic that both sides say."""

    projets: tuple[ProjetVu, ...]
    freins: Mapping[CodeFrein, FreinVu]
    sans_contrainte: bool
    pouvoir_agir: tuple[ReponsePouvoirAgir, ReponsePouvoirAgir] | None
    autonomie_numerique: ValeurBesoin
    date_declaration: date | None = None
    # By contrainte and folded label: those that we follow; `lire` makes none of its own.
    objectifs: Mapping[tuple[str, str], StatutObjectif] = field(default_factory=dict)


@dataclass(frozen=True)
class ObjectifClos:
    """An objective that France Travail ended, by our own label of it where we have one."""

    contrainte: str
    libelle: str
    statut: StatutObjectif
    date_etat: date | None


@dataclass(frozen=True)
class Signature:
    """Who signs a document that came, and the day: those of what was explored last."""

    agent: str
    date_diagnostic: date


class Suite(Enum):
    """What a word of France Travail does to our last episode."""

    OUVRIR = auto()
    OBSERVER = auto()
    ROUVRIR = auto()
    RIEN = auto()


def lire(dossier: Json, fuseau: ZoneInfo) -> Vue:
    """Return what our model holds of a document.

    A contrainte that is not OUI tells nothing of our freins: NON_ABORDEE is not explored, and
    CLOTUREE ends a frein that we would have.

    Raises:
        Validation: it says one thing twice, or a thing and its contrary.
    """
    _verifier(dossier)
    freins: dict[CodeFrein, FreinVu] = {}
    for contrainte in _contraintes(dossier):
        if contrainte["valeur"] == "OUI":
            freins |= _freins_de(contrainte, fuseau)
    thematique = dossier.get("thematiqueContrainte") or {}
    declaration = thematique.get("declareSansContrainte") or {}
    pouvoir = dossier.get("pouvoirAgir") or {}
    dits = [pouvoir.get(nom) for nom in ("confiance", "accompagnement")]
    besoin = (dossier.get("autonomieNumerique") or {}).get("besoin") or {}
    return Vue(
        projets=tuple(_projet(bloc) for bloc in _projets(dossier)),
        freins=freins,
        sans_contrainte=bool(declaration.get("flag")),
        pouvoir_agir=(ReponsePouvoirAgir(dits[0].lower()), ReponsePouvoirAgir(dits[1].lower()))
        if dits[0] and dits[1]
        else None,
        autonomie_numerique=ValeurBesoin(besoin.get("valeur", "NON_EXPLORE").lower()),
        date_declaration=_jour(declaration.get("date"), fuseau),
    )


def ecrire(vue: Vue, dossier: Json) -> Json:
    """Return the document with what our model holds put back, and nothing else changed.

    What it says already in other words than ours stays: a weak impact is not rewritten as a
    middle one, nor a silence as a word. Of the freins that share the contrainte of family, one
    without a situation of its own is told by its contrainte alone: they have no other word for it.
    """
    ecrit = deepcopy(dossier)
    _ecrire_projets(ecrit, vue.projets)
    a_dire = {_CONTRAINTE[code] for code in vue.freins if code in _CONTRAINTE}
    for code in sorted(a_dire - {un["code"] for un in _contraintes(ecrit)}):
        _ajouter(ecrit, code)
    for contrainte in _contraintes(ecrit):
        siens = {
            code: vue.freins[code] for code in _FREINS[contrainte["code"]] if code in vue.freins
        }
        if siens:
            _ecrire_contrainte(contrainte, siens)
        for objectif in contrainte.get("objectifs") or ():
            tenu = vue.objectifs.get((contrainte["code"], plier(objectif["libelle"])))
            if tenu is not None:
                objectif["valeur"] = tenu.upper()
    _ecrire_declaration(ecrit, vue)
    _ecrire_pouvoir(ecrit, vue)
    autonomie = ecrit.get("autonomieNumerique") or {}
    besoin = autonomie.get("besoin")
    if besoin or vue.autonomie_numerique is not ValeurBesoin.NON_EXPLORE:
        if not besoin:
            besoin = _besoin_vide("7")
            ecrit["autonomieNumerique"] = {**autonomie, "besoin": besoin}
        besoin["valeur"] = vue.autonomie_numerique.upper()
    return ecrit


def squelette() -> Json:
    """Return a document where nothing is explored, made of the lists."""
    contraintes = [_contrainte_vide(ligne) for ligne in _lignes("contrainte")]
    return {
        "besoinsParDiagnostic": [],
        "thematiqueContrainte": {
            "agent": None,
            "dateExploration": None,
            "code": PERSONNELLES,
            "libelle": "Résoudre ses contraintes personnelles",
            "declareSansContrainte": {"flag": False, "date": None},
            "contraintes": [un for un in contraintes if un["code"] != NUMERIQUE],
        },
        "pouvoirAgir": None,
        "autonomieNumerique": {
            "dateExploration": None,
            "agent": None,
            "contrainte": next(un for un in contraintes if un["code"] == NUMERIQUE),
            "besoin": _besoin_vide("7"),
        },
    }


def signature(dossier: Json, fuseau: ZoneInfo) -> Signature:
    """Return who explored last, and the civil day where the collectivité is.

    Raises:
        Validation: nothing in it is dated, or its last agent has no code.
    """
    datees = [
        (instant, agent)
        for piece in _pieces(dossier)
        for agent, dit in _paraphes(piece)
        if (instant := _instant(dit)) is not None
    ]
    if not datees:
        raise Validation([Erreur("/dossier", "requis", "Aucune exploration datee")])
    dernier = max(instant for instant, _ in datees)
    # A contrainte bears a day and no agent: whoever signed that day, or the last one who did.
    signes = [(instant, agent) for instant, agent in datees if agent and _AGENT.fullmatch(agent)]
    if not signes:
        raise Validation([Erreur("/dossier", "requis", "Aucun agent n'a signe de son code")])
    return Signature(max(signes)[1], jour_civil(dernier, fuseau))


def dit_sante(dossier: Json) -> bool:
    """Tell whether something of health was explored."""
    return any(
        contrainte["valeur"] != "NON_ABORDEE"
        or any(un["valeur"] != "NON_ABORDEE" for un in contrainte.get("situations") or ())
        or any(un["valeur"] != "NON_ABORDE" for un in contrainte.get("objectifs") or ())
        or contrainte.get("dateExploration")
        for contrainte in _contraintes(dossier)
        if contrainte["code"] in CONTRAINTES_SANTE
    )


def separer(dossier: Json) -> tuple[Json, list[tuple[int, Json]]]:
    """Return the document without its contraintes of health, and those, each with its rank."""
    thematique = dossier.get("thematiqueContrainte") or {}
    toutes = thematique.get("contraintes") or []
    sante = [(rang, un) for rang, un in enumerate(toutes) if un["code"] in CONTRAINTES_SANTE]
    if not sante:
        return dossier, []
    reste = [un for un in toutes if un["code"] not in CONTRAINTES_SANTE]
    return {**dossier, "thematiqueContrainte": {**thematique, "contraintes": reste}}, sante


def reunir(dossier: Json, sante: Iterable[tuple[int, Json]]) -> Json:
    """Put contraintes of health back, each where it was."""
    contraintes = list((dossier.get("thematiqueContrainte") or {}).get("contraintes") or [])
    for rang, un in sante:
        contraintes.insert(rang, un)
    if not contraintes:
        return dossier
    thematique = dossier.get("thematiqueContrainte") or {}
    return {**dossier, "thematiqueContrainte": {**thematique, "contraintes": contraintes}}


def suite(vu: FreinVu, etat: EtatFrein | None, jour: date) -> tuple[Suite, str | None]:
    """Return what to do of a frein that France Travail says is there, and why nothing is done.

    A frein that we have not is opened. One that is open takes what is newer and says something
    else than we would: our own level, come back, changes nothing. One that ended comes back only
    if France Travail saw it since: nothing that we know later is undone by an older word.

    Args:
        vu: what France Travail says; dated.
        etat: our last episode.
        jour: the civil day where the collectivité is; what is later is not followed.

    Source: parcours-rules.md §3, « Synchronisation ».
    """
    vu_le = vu.date_observation
    if vu_le is None or vu_le > jour:
        return Suite.RIEN, "Exploration sans date, ou a venir"
    if etat is None:
        return Suite.OUVRIR, None
    if etat.statut in OUVERTS:
        if vu.impact in _TUS or _coherent(etat.niveau, vu.impact):
            return Suite.RIEN, None
        if vu_le < etat.date_observation:
            return Suite.RIEN, "Impact plus ancien que notre derniere observation"
        return Suite.OBSERVER, None
    if etat.date_fin is not None and vu_le <= etat.date_fin:
        return Suite.RIEN, "Le frein a pris fin depuis"
    return (Suite.ROUVRIR, None) if vu.niveau in PESANTS else (Suite.RIEN, "Sans impact")


def cloturees(dossier: Json, ouverts: Iterable[CodeFrein]) -> list[CodeFrein]:
    """Return our open freins that France Travail says are over: the référent lifts them, not we.

    Of a contrainte that several freins share, all of them: it does not say which.
    """
    closes = {un["code"] for un in _contraintes(dossier) if un["valeur"] == "CLOTUREE"}
    return [code for code in ouverts if _CONTRAINTE.get(code) in closes]


def contrainte_de(code: CodeFrein) -> str | None:
    """Return the contrainte of a frein; none for those that France Travail has no word for."""
    return _CONTRAINTE.get(code)


def code_objectif(contrainte: str, libelle: str) -> str | None:
    """Return our code of an objective, by its contrainte and label: their codes moved.

    Accents, case, spaces and punctuation do not tell two labels apart: their own documents differ
    by them from one answer to another.
    """
    return _CODES_OBJECTIFS.get((contrainte, plier(libelle)))


def objectifs_clos(dossier: Json, fuseau: ZoneInfo) -> list[ObjectifClos]:
    """Return the objectives that France Travail ended, as ours are labelled."""
    return [
        ObjectifClos(
            contrainte["code"],
            _LIBELLES_OBJECTIFS.get((contrainte["code"], plier(un["libelle"])), un["libelle"]),
            statut,
            _jour(un.get("dateExploration"), fuseau),
        )
        for contrainte in _contraintes(dossier)
        for un in contrainte.get("objectifs") or ()
        if (statut := StatutObjectif(un["valeur"].lower())) in CLOS
    ]


def vise(clos: ObjectifClos, code: CodeFrein, statut: StatutObjectif) -> bool:
    """Tell whether their end of an objective may be of one of ours, under way."""
    return _CONTRAINTE.get(code) == clos.contrainte and clos.statut in TRANSITIONS[statut]


def clot(clos: ObjectifClos, date_etat: date, jour: date) -> bool:
    """Tell whether their end of an objective is dated, and no older than what we know."""
    return clos.date_etat is not None and date_etat <= clos.date_etat <= jour


def plier(libelle: str) -> str:
    """Return what does not move of a label: its letters and figures."""
    nu = unicodedata.normalize("NFKD", libelle).casefold()
    return "".join(lettre for lettre in nu if lettre.isalnum())


def _lignes(niveau: str, contrainte: str | None = None) -> list[Mapping[str, str]]:
    return [
        ligne
        for ligne in charger("contraintes-france-travail")
        if ligne["niveau"] == niveau and contrainte in (None, ligne["contrainte"])
    ]


_CODES_OBJECTIFS = {
    (ligne["contrainte"], plier(ligne["libelle"])): ligne["code"] for ligne in _lignes("objectif")
}
_LIBELLES_OBJECTIFS = {
    (ligne["contrainte"], plier(ligne["libelle"])): ligne["libelle"]
    for ligne in _lignes("objectif")
}
_FREINS_PLIES = {
    (contrainte, plier(libelle)): code for (contrainte, libelle), code in _FREINS_OBJECTIFS.items()
}


def _contraintes(dossier: Json) -> Iterator[Json]:
    yield from (dossier.get("thematiqueContrainte") or {}).get("contraintes") or ()
    numerique = (dossier.get("autonomieNumerique") or {}).get("contrainte")
    if numerique:
        yield numerique


def _projets(dossier: Json) -> list[Json]:
    """The projects that ours can hold: under way, and of a typologie that is told."""
    return [
        bloc
        for bloc in dossier.get("besoinsParDiagnostic") or ()
        if (projet := bloc.get("diagnostic"))
        and projet.get("codeTypologie")
        and projet.get("statut") in (None, "EN_COURS")
    ]


def _verifier(dossier: Json) -> None:
    erreurs = []
    vues: set[str] = set()
    for contrainte in _contraintes(dossier):
        if contrainte["code"] in vues:
            erreurs.append(Erreur("/dossier", "format-inattendu", "Contrainte dite deux fois"))
        vues.add(contrainte["code"])
        if contrainte["valeur"] == "OUI" and _sans_contrainte(dossier):
            message = "Sans contrainte, et une contrainte"
            erreurs.append(Erreur("/dossier/thematiqueContrainte", "hors-bornes", message))
    numerique = (dossier.get("autonomieNumerique") or {}).get("contrainte")
    if numerique and numerique["code"] != NUMERIQUE:
        champ = "/dossier/autonomieNumerique/contrainte/code"
        erreurs.append(Erreur(champ, "code-referentiel-inconnu", "Seule la contrainte 22 y est"))
    for bloc in _projets(dossier):
        codes = [besoin["code"] for besoin in _besoins(bloc)]
        if len(codes) != len(set(codes)):
            champ = "/dossier/besoinsParDiagnostic"
            erreurs.append(Erreur(champ, "format-inattendu", "Besoin dit deux fois"))
    if sum(bool(bloc["diagnostic"].get("estPrioritaire")) for bloc in _projets(dossier)) > 1:
        champ = "/dossier/besoinsParDiagnostic"
        erreurs.append(Erreur(champ, "hors-bornes", "Un seul projet est prioritaire"))
    if erreurs:
        raise Validation(erreurs)


def _sans_contrainte(dossier: Json) -> bool:
    thematique = dossier.get("thematiqueContrainte") or {}
    return bool((thematique.get("declareSansContrainte") or {}).get("flag"))


def _freins_de(contrainte: Json, fuseau: ZoneInfo) -> dict[CodeFrein, FreinVu]:
    siens = _FREINS[contrainte["code"]]
    constatees = {un["code"] for un in contrainte.get("situations") or () if un["valeur"] == "OUI"}
    if len(siens) > 1:
        designes = {code for code in siens if _SITUATIONS[code] & constatees} | {
            frein
            for un in contrainte.get("objectifs") or ()
            if un["valeur"] == "EN_COURS"
            and (frein := _FREINS_PLIES.get((contrainte["code"], plier(un["libelle"]))))
        }
        siens = [code for code in siens if code in designes] or [_DEFAUT[contrainte["code"]]]
    return {
        code: FreinVu(
            statut=StatutFrein.OUVERT,
            niveau=_NIVEAU[contrainte.get("impact")],
            situations=tuple(sorted(_SITUATIONS[code] & constatees, key=int)),
            date_observation=_jour(contrainte.get("dateExploration"), fuseau),
            impact=contrainte.get("impact"),
        )
        for code in siens
    }


def _besoins(bloc: Json) -> Iterator[Json]:
    """The needs that our list knows."""
    for thematique in bloc.get("thematiquesBesoins") or ():
        for besoin in thematique.get("besoins") or ():
            if besoin["code"] in BESOINS:
                yield besoin


def _projet(bloc: Json) -> ProjetVu:
    projet = bloc["diagnostic"]
    return ProjetVu(
        typologie=projet["codeTypologie"],
        code_rome=projet.get("codeRome"),
        code_appellation=projet.get("codeAppellation"),
        est_prioritaire=bool(projet.get("estPrioritaire")),
        besoins={
            besoin["code"]: ValeurBesoin(besoin["valeur"].lower())
            for besoin in _besoins(bloc)
            if besoin["valeur"] != "NON_EXPLORE"
        },
    )


def _ecrire_projets(ecrit: Json, projets: Sequence[ProjetVu]) -> None:
    anciens = _projets(ecrit)
    if len(anciens) != len(projets):
        # Ours say nothing of which was which: those that came give way to all of ours.
        autres = [un for un in ecrit.get("besoinsParDiagnostic") or () if un not in anciens]
        anciens = [_bloc_vide() for _ in projets]
        ecrit["besoinsParDiagnostic"] = [*autres, *anciens]
    for bloc, projet in zip(anciens, projets, strict=True):
        _ecrire_projet(bloc, projet)


def _ecrire_projet(bloc: Json, vu: ProjetVu) -> None:
    projet = bloc["diagnostic"]
    projet["codeTypologie"] = vu.typologie
    _dire(projet, "codeRome", vu.code_rome)
    _dire(projet, "codeAppellation", vu.code_appellation)
    if bool(projet.get("estPrioritaire")) != vu.est_prioritaire:
        projet["estPrioritaire"] = vu.est_prioritaire
    connus = {besoin["code"]: besoin for besoin in _besoins(bloc)}
    for code in vu.besoins:
        if code not in connus:
            connus[code] = _ajouter_besoin(bloc, code)
    for code, besoin in connus.items():
        besoin["valeur"] = vu.besoins.get(code, ValeurBesoin.NON_EXPLORE).upper()


def _dire(objet: Json, nom: str, valeur: str | None) -> None:
    """Set a member, but for a silence that is said by its absence."""
    if objet.get(nom) != valeur:
        objet[nom] = valeur


def _ecrire_contrainte(contrainte: Json, siens: Mapping[CodeFrein, FreinVu]) -> None:
    ouverts = {code: vu for code, vu in siens.items() if vu.statut in OUVERTS}
    valeur = "OUI" if ouverts else "CLOTUREE"
    neuve = contrainte["valeur"] != valeur
    contrainte["valeur"] = valeur
    if ouverts:
        niveau = max(
            (vu.niveau for vu in ouverts.values() if vu.niveau in _ORDRE),
            key=_ORDRE.index,
            default=None,
        )
        # A silence of theirs stays one: they said OUI, and left the impact to us.
        if neuve or not (
            contrainte.get("impact") in _TUS or _coherent(niveau, contrainte["impact"])
        ):
            contrainte["impact"] = _IMPACT[niveau] if niveau else "NON_RENSEIGNE"
        elif contrainte.get("impact") in _TUS and niveau is not NiveauFrein.MOYEN and niveau:
            contrainte["impact"] = _IMPACT[niveau]
    explore_le = max(
        (vu.date_observation for vu in siens.values() if vu.date_observation), default=None
    )
    if neuve and explore_le:
        contrainte["dateExploration"] = _midi(explore_le)
    for code, vu in ouverts.items():
        _ecrire_situations(contrainte, code, vu.situations)


def _ecrire_situations(contrainte: Json, code: CodeFrein, constatees: Sequence[str]) -> None:
    """Say those of a frein; what is not its own, and what was refused as NON, stays."""
    connues = {un["code"]: un for un in contrainte.get("situations") or ()}
    for situation in sorted(_SITUATIONS[code], key=int):
        constatee = situation in constatees
        if situation not in connues:
            if constatee:
                nouvelle = _situation_vide(situation) | {"valeur": "OUI"}
                contrainte["situations"] = [*(contrainte.get("situations") or ()), nouvelle]
        elif (connues[situation]["valeur"] == "OUI") != constatee:
            connues[situation]["valeur"] = "OUI" if constatee else "NON_ABORDEE"


def _coherent(niveau: NiveauFrein | None, impact: str | None) -> bool:
    """Whether a level of ours would be told, or read, by this impact."""
    return niveau is not None and impact in {
        _IMPACT.get(niveau),
        *(un for un, lu in _NIVEAU.items() if lu is niveau),
    }


def _ecrire_declaration(ecrit: Json, vue: Vue) -> None:
    if _sans_contrainte(ecrit) == vue.sans_contrainte:
        return
    thematique = ecrit.get("thematiqueContrainte") or squelette()["thematiqueContrainte"]
    declare = vue.sans_contrainte and vue.date_declaration
    thematique["declareSansContrainte"] = {
        "flag": vue.sans_contrainte,
        "date": _midi(vue.date_declaration) if declare and vue.date_declaration else None,
    }
    ecrit["thematiqueContrainte"] = thematique


def _ecrire_pouvoir(ecrit: Json, vue: Vue) -> None:
    dit = ecrit.get("pouvoirAgir") or {}
    noms = ("confiance", "accompagnement")
    if vue.pouvoir_agir is None:
        if all(dit.get(nom) for nom in noms):
            ecrit["pouvoirAgir"] = None
        return
    valeurs = {nom: un.upper() for nom, un in zip(noms, vue.pouvoir_agir, strict=True)}
    if any(dit.get(nom) != valeur for nom, valeur in valeurs.items()):
        # Their analysis was of other answers: it is theirs to make again.
        ecrit["pouvoirAgir"] = {**dit, **valeurs, "resultatAnalyse": None}


def _ajouter(ecrit: Json, code: str) -> None:
    vide = _contrainte_vide(next(un for un in _lignes("contrainte") if un["code"] == code))
    if code == NUMERIQUE:
        ecrit["autonomieNumerique"] = {
            **(ecrit.get("autonomieNumerique") or {}),
            "contrainte": vide,
        }
        return
    thematique = ecrit.get("thematiqueContrainte") or {
        **squelette()["thematiqueContrainte"],
        "contraintes": [],
    }
    thematique["contraintes"] = [*(thematique.get("contraintes") or []), vide]
    ecrit["thematiqueContrainte"] = thematique


def _contrainte_vide(ligne: Mapping[str, str]) -> Json:
    return {
        "code": ligne["code"],
        "libelle": ligne["libelle"],
        "valeur": "NON_ABORDEE",
        "estPrioritaire": False,
        "dateExploration": None,
        "impact": "NON_RENSEIGNE",
        "situations": [_situation_vide(un["code"]) for un in _lignes("situation", ligne["code"])],
        "objectifs": [
            {"code": un["code"], "libelle": un["libelle"], "valeur": "NON_ABORDE"} | _NON_SIGNE
            for un in _lignes("objectif", ligne["code"])
        ],
    }


_NON_SIGNE = {"dateExploration": None, "agent": None}
_LIBELLES_SITUATIONS = {un["code"]: un["libelle"] for un in _lignes("situation")}


def _situation_vide(code: str) -> Json:
    return {"code": code, "libelle": _LIBELLES_SITUATIONS[code], "valeur": "NON_ABORDEE"} | (
        _NON_SIGNE
    )


def _besoin_vide(code: str) -> Json:
    libelle = next(un["libelle"] for un in charger("besoins-france-travail") if un["code"] == code)
    return {"code": code, "libelle": libelle, "valeur": "NON_EXPLORE"} | _NON_SIGNE


def _bloc_vide() -> Json:
    thematiques: dict[str, Json] = {}
    for ligne in charger("besoins-france-travail"):
        code = ligne["thematique_code"] or None
        thematique = thematiques.setdefault(
            ligne["thematique_code"],
            {"code": code, "libelle": ligne["thematique_libelle"] if code else None, "besoins": []},
        )
        thematique["besoins"].append(_besoin_vide(ligne["code"]))
    return {
        "diagnostic": {
            "codeTypologie": None,
            "codeRome": None,
            "codeAppellation": None,
            "statut": "EN_COURS",
            "estPrioritaire": False,
        },
        "thematiquesBesoins": list(thematiques.values()),
    }


def _ajouter_besoin(bloc: Json, code: str) -> Json:
    vide = _besoin_vide(code)
    thematiques = bloc.get("thematiquesBesoins") or []
    bloc["thematiquesBesoins"] = [*thematiques, {"code": None, "libelle": None, "besoins": [vide]}]
    return vide


def _pieces(valeur: Any) -> Iterator[Json]:
    match valeur:
        case dict():
            yield valeur
            for sous in valeur.values():
                yield from _pieces(sous)
        case list():
            for sous in valeur:
                yield from _pieces(sous)


_PARAPHES = (
    ("agent", "dateExploration"),
    ("agent", "dateMiseAJour"),
    ("agentDerniereExplorationBesoin", "dateDerniereExplorationBesoin"),
)


def _paraphes(piece: Json) -> list[tuple[str | None, Any]]:
    return [
        (_agent(piece.get(agent)), piece.get(jour)) for agent, jour in _PARAPHES if piece.get(jour)
    ]


def _agent(dit: Any) -> str | None:
    # What is not declared is of any shape.
    match dit:
        case {"id": str(code)}:
            return code
    return None


def _instant(dit: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(dit)
    except (TypeError, ValueError):
        return None
    # At the ends of the calendar, no day of it is left in another time zone.
    return found if found.tzinfo is not None and 1900 <= found.year <= 2100 else None


def _jour(dit: Any, fuseau: ZoneInfo) -> date | None:
    instant = _instant(dit)
    return None if instant is None else jour_civil(instant, fuseau)


def _midi(jour: date) -> str:
    """An instant that is of this civil day in every time zone of a département."""
    return f"{jour.isoformat()}T12:00:00.000+00:00"
