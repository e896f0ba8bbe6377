"""The diagnostic v4: what we hold is read, put back, and nothing else is touched."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.parcours.france_travail import rules
from services.parcours.france_travail.rules import FreinVu, Suite, Vue
from services.parcours.freins.rules import EtatFrein
from shared.referentiels import charger
from shared.refus import Validation
from shared.schemas.orientation.vocabulaire import NiveauFrein
from shared.schemas.parcours.diagnostics import ReponsePouvoirAgir, ValeurBesoin
from shared.schemas.parcours.france_travail import DiagnosticFranceTravailCreation
from shared.schemas.parcours.freins import CodeFrein, StatutFrein
from shared.schemas.parcours.objectifs import StatutObjectif
from shared.thematiques import VERSION_THEMATIQUES, freins_de, thematiques_de
from tests.conftest import REFERENCE

PARIS = ZoneInfo("Europe/Paris")
JOUR = date(2026, 7, 1)
_API = REFERENCE / "france-travail" / "diagnostic-usager.openapi.json"


_PARTS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "/dossiers": lambda found: found,
    "/contraintes": lambda found: {"thematiqueContrainte": found},
    "/autonomienumerique": lambda found: {"autonomieNumerique": found},
    "/pouvoiragir": lambda found: {"pouvoirAgir": found},
    "/besoins": lambda found: {"besoinsParDiagnostic": found},
    "/diagnostics": lambda found: {
        "besoinsParDiagnostic": [{"diagnostic": un} for un in found["diagnostics"]]
    },
}


def _exemples() -> Iterator[Any]:
    """Every answer that their document shows, as the part of a file that it is."""
    if not _API.exists():
        return
    for chemin, methodes in json.loads(_API.read_text(encoding="utf-8"))["paths"].items():
        contenu = methodes.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        for nom, un in contenu.get("application/json", {}).get("examples", {}).items():
            valeur = un["value"]
            valeur = json.loads(valeur) if isinstance(valeur, str) else valeur
            if chemin in _PARTS:
                yield pytest.param(_PARTS[chemin](valeur), id=f"{chemin} {nom}")


EXEMPLES = list(_exemples())


def _recu(dossier: dict[str, Any]) -> dict[str, Any]:
    return DiagnosticFranceTravailCreation.model_validate({"dossier": dossier}).dossier


@pytest.mark.skipif(not EXEMPLES, reason="le document de France Travail n'est pas ici")
@pytest.mark.parametrize("dossier", EXEMPLES)
def test_their_examples_come_and_go_without_loss(dossier: dict[str, Any]) -> None:
    recu = _recu(dossier)

    assert recu == dossier
    assert rules.ecrire(rules.lire(recu, PARIS), recu) == dossier


@pytest.mark.skipif(not EXEMPLES, reason="le document de France Travail n'est pas ici")
def test_their_examples_tell_what_we_hold() -> None:
    """Not the identity: each thing held is read, and each objective known by its label."""
    dossier = next(un.values[0] for un in EXEMPLES if "/dossiers" in str(un.id))
    vue = rules.lire(dossier, PARIS)

    assert {code: (un.niveau, un.situations) for code, un in vue.freins.items()} == {
        CodeFrein.MOBILITE: (NiveauFrein.MOYEN, ("7",)),
        CodeFrein.NUMERIQUE: (NiveauFrein.MOYEN, ("42", "48")),
    }
    assert vue.projets[0].besoins == {"3": ValeurBesoin.BESOIN, "4": ValeurBesoin.POINT_FORT}
    assert vue.pouvoir_agir == (ReponsePouvoirAgir.NON, ReponsePouvoirAgir.NE_SAIT_PAS)
    assert vue.autonomie_numerique is ValeurBesoin.BESOIN
    assert rules.signature(dossier, PARIS) == rules.Signature("ertc8250", date(2022, 12, 9))
    # Their code of « Accéder à un véhicule » is 29 in v4; in our list, of an older version, 26.
    assert rules.code_objectif("23", "Accéder à un véhicule") == "26"
    dits = [
        rules.code_objectif(contrainte["code"], objectif["libelle"])
        for contrainte in dossier["thematiqueContrainte"]["contraintes"]
        for objectif in contrainte["objectifs"]
    ]
    assert len(dits) == 12
    assert None not in dits


def test_an_objective_is_ours_by_its_label() -> None:
    """By contrainte and label, and not by a code that moved; ended no earlier than our last word.

    Planted: compared by code, red.
    """
    dossier = {
        "thematiqueContrainte": {
            "contraintes": [
                {
                    "code": "23",
                    "valeur": "OUI",
                    "objectifs": [
                        {
                            "code": "29",
                            "libelle": "ACCÉDER  À UN VEHICULE",
                            "valeur": "REALISE",
                            "dateExploration": "2026-06-30T23:30:00.000+02:00",
                        },
                        {"code": "4", "libelle": "Autre chose", "valeur": "EN_COURS"},
                    ],
                }
            ]
        }
    }
    (clos,) = rules.objectifs_clos(dossier, PARIS)
    jours = [date(2026, 6, 30), date(2026, 7, 1)]

    assert clos.libelle == "Accéder à un véhicule"
    assert [rules.clot(clos, jour, JOUR) for jour in jours] == [True, False]
    assert rules.vise(clos, CodeFrein.MOBILITE, StatutObjectif.EN_COURS)
    assert not rules.vise(clos, CodeFrein.LOGEMENT, StatutObjectif.EN_COURS)
    assert not rules.vise(clos, CodeFrein.MOBILITE, StatutObjectif.ABANDONNE)


# ---------------------------------------------------------------------------- drawn documents

_INSTANTS = st.dates(date(2020, 1, 1), JOUR).map(lambda un: f"{un}T09:30:00.000+02:00")
_AGENTS = st.none() | st.builds(
    lambda code, nom: {"id": code, "nom": nom, "structure": "CDG"},
    st.from_regex(r"[a-z]{4}[0-9]{4}", fullmatch=True),
    st.sampled_from(["Dupont", "Martin"]),
)
_INCONNU = st.none() | st.booleans() | st.integers() | st.text("abç é", max_size=5)


def _lignes(niveau: str, contrainte: str) -> list[Any]:
    return [
        un
        for un in charger("contraintes-france-travail")
        if (un["niveau"], un["contrainte"]) == (niveau, contrainte)
    ]


@st.composite
def _contrainte(draw: st.DrawFn, code: str, *, oui: bool = True) -> dict[str, Any]:
    valeurs = ["NON_ABORDEE", "CLOTUREE", *(["OUI"] if oui else [])]
    found: dict[str, Any] = {
        "code": code,
        "valeur": draw(st.sampled_from(valeurs)),
        "dateExploration": draw(st.none() | _INSTANTS),
        "estPrioritaire": draw(st.booleans()),
    }
    if draw(st.booleans()):
        found["impact"] = draw(st.sampled_from(["FORT", "MOYEN", "FAIBLE", "NON_RENSEIGNE", None]))
    if draw(st.booleans()):
        found["situations"] = [
            {"code": un["code"], "valeur": draw(st.sampled_from(["NON_ABORDEE", "OUI", "NON"]))}
            | {"agent": draw(_AGENTS), "dateExploration": draw(st.none() | _INSTANTS)}
            for un in _lignes("situation", code)
            if draw(st.booleans())
        ]
    if draw(st.booleans()):
        etats = ["NON_ABORDE", "EN_COURS", "REALISE", "ABANDONNE"]
        found["objectifs"] = [
            {"code": "999", "libelle": un["libelle"], "valeur": draw(st.sampled_from(etats))}
            for un in _lignes("objectif", code)
            if draw(st.booleans())
        ]
    if draw(st.booleans()):
        found["cequonneconnaitpas"] = draw(_INCONNU)
    return found


@st.composite
def _bloc(draw: st.DrawFn, *, prioritaire: bool) -> dict[str, Any]:
    codes = draw(st.lists(st.integers(1, 24).map(str), unique=True, max_size=8))
    return {
        "diagnostic": {
            "codeTypologie": draw(st.sampled_from(["EF", "PM", "MR", None])),
            "codeRome": draw(st.sampled_from(["F1204", None])),
            "statut": draw(st.sampled_from(["EN_COURS", "ARCHIVE", None])),
            "estPrioritaire": prioritaire,
            "nomMetier": draw(_INCONNU),
        },
        "thematiquesBesoins": [
            {
                "code": "1",
                "besoins": [
                    {
                        "code": code,
                        "valeur": draw(st.sampled_from(["NON_EXPLORE", "BESOIN", "POINT_FORT"])),
                        "agent": draw(_AGENTS),
                    }
                    for code in codes
                ],
            }
        ],
    }


@st.composite
def dossiers(draw: st.DrawFn) -> dict[str, Any]:
    """A document v4: any part may miss, and there is what we do not know."""
    found: dict[str, Any] = {}
    sans = draw(st.booleans())
    if draw(st.booleans()):
        premier = draw(st.booleans())
        found["besoinsParDiagnostic"] = [
            draw(_bloc(prioritaire=premier and rang == 0))
            for rang in range(draw(st.integers(0, 3)))
        ]
    if draw(st.booleans()):
        codes = draw(st.permutations([str(code) for code in range(23, 31)]))
        found["thematiqueContrainte"] = {
            "contraintes": [
                draw(_contrainte(code, oui=not sans)) for code in codes[: draw(st.integers(0, 8))]
            ],
            "declareSansContrainte": draw(st.just({"flag": sans, "date": None}))
            if sans or draw(st.booleans())
            else None,
        }
    else:
        sans = False
    if draw(st.booleans()):
        reponses = st.sampled_from(["OUI", "NON", "NE_SAIT_PAS", None])
        found["pouvoirAgir"] = {"confiance": draw(reponses), "accompagnement": draw(reponses)}
    if draw(st.booleans()):
        found["autonomieNumerique"] = {
            "contrainte": draw(st.none() | _contrainte("22", oui=not sans)),
            "besoin": draw(st.none() | st.just({"code": "7", "valeur": "BESOIN"})),
        }
    return found


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(dossiers())
def test_any_document_comes_and_goes_without_loss(dossier: dict[str, Any]) -> None:
    """Written back unchanged, a document is the one that came.

    Planted: an impact read as MOYEN written back as MOYEN where they said FAIBLE, red; a situation
    that our freins do not hold set to NON_ABORDEE, red.
    """
    recu = _recu(dossier)
    avant = deepcopy(recu)

    assert rules.ecrire(rules.lire(recu, PARIS), recu) == avant == dossier


@st.composite
def vues(draw: st.DrawFn) -> Vue:
    """What we may hold. Of the family's freins the one that stands for the rest: no other tells."""
    codes = [un for un in rules._CONTRAINTE if rules.contrainte_de(un) != "24"]
    freins = {
        code: FreinVu(
            statut=draw(st.sampled_from(StatutFrein)),
            niveau=draw(
                st.sampled_from([NiveauFrein.SANS_IMPACT, NiveauFrein.MOYEN, NiveauFrein.FORT])
            ),
            situations=tuple(
                sorted(draw(st.sets(st.sampled_from(sorted(rules._SITUATIONS[code])))), key=int)
            ),
            date_observation=draw(st.dates(date(2020, 1, 1), JOUR)),
        )
        for code in draw(st.lists(st.sampled_from([*codes, CodeFrein.FAMILLE]), unique=True))
    }
    ouverts = any(un.statut in ("ouvert", "en_cours") for un in freins.values())
    reponses = st.sampled_from(ReponsePouvoirAgir)
    return Vue(
        projets=tuple(
            rules.ProjetVu(
                draw(st.sampled_from(["EF", "PM", "MR"])),
                draw(st.sampled_from([None, "H2409"])),
                draw(st.sampled_from([None, "13782"])),
                est_prioritaire=False,
                besoins=draw(
                    st.dictionaries(
                        st.integers(1, 21).map(str),
                        st.sampled_from([ValeurBesoin.BESOIN, ValeurBesoin.POINT_FORT]),
                    )
                ),
            )
            for _ in range(draw(st.integers(0, 2)))
        ),
        freins=freins,
        sans_contrainte=draw(st.booleans()) and not ouverts,
        pouvoir_agir=draw(st.none() | st.tuples(reponses, reponses)),
        autonomie_numerique=draw(st.sampled_from(ValeurBesoin)),
        date_declaration=JOUR,
    )


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(vues(), st.booleans())
def test_what_is_written_is_read_again(vue: Vue, vide: bool) -> None:
    """Over an empty document or one made of the lists, ours is told whole, and a second time alike.

    Planted: the level of a frein not written, red; a project's needs not written, red.
    """
    dossier: dict[str, Any] = {} if vide else rules.squelette()
    ecrit = rules.ecrire(vue, dossier)
    lue = rules.lire(_recu(ecrit), PARIS)

    ouverts = {c: un for c, un in vue.freins.items() if un.statut in ("ouvert", "en_cours")}
    assert set(lue.freins) >= set(ouverts) - {CodeFrein.FAMILLE}
    for code, un in lue.freins.items():
        if CodeFrein.FAMILLE in ouverts and rules.contrainte_de(code) == "24":
            continue
        assert un.situations == ouverts[code].situations
        assert rules._coherent(ouverts[code].niveau, un.impact)
    assert (lue.projets, lue.pouvoir_agir, lue.autonomie_numerique, lue.sans_contrainte) == (
        vue.projets,
        vue.pouvoir_agir,
        vue.autonomie_numerique,
        vue.sans_contrainte,
    )
    assert rules.ecrire(vue, ecrit) == ecrit


@given(dossiers())
def test_health_comes_apart_and_together_again(dossier: dict[str, Any]) -> None:
    reste, sante = rules.separer(dossier)

    assert not rules.dit_sante(reste)
    assert "25" not in {un["code"] for un in rules._contraintes(reste)}
    if sante:
        assert rules.reunir(reste, sante) == dossier


@pytest.mark.parametrize(
    ("contrainte", "freins"),
    [
        pytest.param({"situations": ["13"]}, {CodeFrein.GARDE_ENFANT}, id="sans garde"),
        pytest.param({"situations": ["11"]}, {CodeFrein.PROCHE_AIDANT}, id="aidant"),
        pytest.param(
            {"situations": ["13", "14"]}, {CodeFrein.GARDE_ENFANT, CodeFrein.FAMILLE}, id="deux"
        ),
        pytest.param({"objectifs": ["Rompre l’isolement"]}, {CodeFrein.ISOLEMENT}, id="isolement"),
        pytest.param({}, {CodeFrein.FAMILLE}, id="rien ne le dit"),
    ],
)
def test_a_contrainte_of_the_family_is_of_the_frein_it_names(
    contrainte: dict[str, list[str]], freins: set[CodeFrein]
) -> None:
    un = {"code": "24", "valeur": "OUI", "impact": "FORT"} | {
        "situations": [{"code": c, "valeur": "OUI"} for c in contrainte.get("situations", [])],
        "objectifs": [
            {"code": "0", "libelle": libelle, "valeur": "EN_COURS"}
            for libelle in contrainte.get("objectifs", [])
        ],
    }
    vue = rules.lire({"thematiqueContrainte": {"contraintes": [un]}}, PARIS)

    assert set(vue.freins) == freins


_HIER, _AVANT = date(2026, 6, 30), date(2026, 6, 29)


def _etat(statut: StatutFrein, niveau: NiveauFrein, le: date) -> EtatFrein:
    fini = statut in (StatutFrein.LEVE, StatutFrein.ABANDONNE)
    return EtatFrein(
        CodeFrein.MOBILITE, statut, niveau, date(2026, 1, 1), le, le if fini else None, suivi=False
    )


@pytest.mark.parametrize(
    ("etat", "impact", "le", "suite", "dit"),
    [
        pytest.param(None, "FORT", JOUR, Suite.OUVRIR, False, id="inconnu, le jour meme"),
        pytest.param(None, "FORT", date(2026, 7, 2), Suite.RIEN, True, id="demain"),
        pytest.param(None, "FORT", None, Suite.RIEN, True, id="sans date"),
        pytest.param(("ouvert", "moyen"), "FORT", JOUR, Suite.OBSERVER, False, id="plus fort"),
        pytest.param(("ouvert", "moyen"), "FORT", _HIER, Suite.OBSERVER, False, id="le meme jour"),
        pytest.param(("ouvert", "moyen"), "FORT", _AVANT, Suite.RIEN, True, id="la veille"),
        pytest.param(("ouvert", "moyen"), "FAIBLE", JOUR, Suite.RIEN, False, id="meme mot"),
        pytest.param(("ouvert", "sans_impact"), "FAIBLE", JOUR, Suite.RIEN, False, id="echo"),
        pytest.param(("ouvert", "fort"), "NON_RENSEIGNE", JOUR, Suite.RIEN, False, id="silence"),
        pytest.param(("leve", "fort"), "MOYEN", JOUR, Suite.ROUVRIR, False, id="revenu"),
        pytest.param(("leve", "fort"), "MOYEN", _HIER, Suite.RIEN, True, id="le jour de la levee"),
        pytest.param(("abandonne", "fort"), "FORT", JOUR, Suite.ROUVRIR, False, id="abandonne"),
    ],
)
def test_their_word_is_followed_when_it_is_newer(
    etat: tuple[str, str] | None, impact: str, le: date | None, suite: Suite, dit: bool
) -> None:
    niveau = rules._NIVEAU[impact]
    vu = FreinVu(StatutFrein.OUVERT, niveau, date_observation=le, impact=impact)
    connu = _etat(StatutFrein(etat[0]), NiveauFrein(etat[1]), _HIER) if etat else None

    que_faire, motif = rules.suite(vu, connu, JOUR)

    assert (que_faire, motif is not None) == (suite, dit)


@pytest.mark.parametrize(
    "dossier",
    [
        pytest.param({"thematiqueContrainte": {"contraintes": [{"code": "23"}]}}, id="sans valeur"),
        pytest.param({"pouvoirAgir": {"confiance": "oui"}}, id="hors liste"),
        pytest.param({"autre": "a\u0000b"}, id="caractere"),
        pytest.param({"autre": ["2 95 02 99 900 001 42".replace(" ", "")]}, id="NIR"),
    ],
)
def test_an_unreadable_document_is_refused(dossier: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _recu(dossier)


_OUI = {"code": "23", "valeur": "OUI"}


@pytest.mark.parametrize(
    "dossier",
    [
        pytest.param({"thematiqueContrainte": {"contraintes": [_OUI, _OUI]}}, id="deux fois"),
        pytest.param(
            {
                "thematiqueContrainte": {
                    "contraintes": [_OUI],
                    "declareSansContrainte": {"flag": True},
                }
            },
            id="aucune, et une",
        ),
        pytest.param({"autonomieNumerique": {"contrainte": _OUI}}, id="23 au numerique"),
    ],
)
def test_a_document_that_contradicts_itself_is_refused(dossier: dict[str, Any]) -> None:
    with pytest.raises(Validation):
        rules.lire(_recu(dossier), PARIS)


@pytest.mark.parametrize(
    "agent",
    [
        pytest.param("bob", id="un texte"),
        pytest.param({"id": 5}, id="un nombre"),
        pytest.param(["ertc8250"], id="une liste"),
    ],
)
def test_what_is_not_declared_signs_nothing(agent: Any) -> None:
    """A member that nobody declared is of any shape: it is passed over.

    Planted: any truthy agent asked for its `id`, red.
    """
    dossier = {
        "pouvoirAgir": {"agent": {"id": "ertc8250"}, "dateExploration": "2026-06-30T10:00:00Z"},
        "autre": {"agent": agent, "dateExploration": "2026-07-01T10:00:00Z"},
    }

    signe = rules.signature(_recu(dossier), PARIS)

    assert (signe.agent, signe.date_diagnostic) == ("ertc8250", date(2026, 7, 1))


@pytest.mark.parametrize("dit", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
def test_a_day_out_of_the_calendar_is_none(dit: str) -> None:
    """Planted: no bound on the year, red."""
    objectif = {"code": "4", "libelle": "X", "valeur": "REALISE", "dateExploration": dit}
    contrainte = {"code": "23", "valeur": "OUI", "dateExploration": dit, "objectifs": [objectif]}
    thematique = {"declareSansContrainte": {"flag": False, "date": dit}}
    dossier = _recu({"thematiqueContrainte": {**thematique, "contraintes": [contrainte]}})

    lu = rules.lire(dossier, PARIS)

    assert (lu.date_declaration, lu.freins[CodeFrein.MOBILITE].date_observation) == (None, None)
    assert [un.date_etat for un in rules.objectifs_clos(dossier, PARIS)] == [None]
    with pytest.raises(Validation):
        rules.signature(dossier, PARIS)


def test_nothing_dated_is_not_signed() -> None:
    with pytest.raises(Validation):
        rules.signature({"pouvoirAgir": {"confiance": "OUI"}}, PARIS)


def test_thematiques_lead_to_freins_and_back() -> None:
    for frein in CodeFrein:
        for thematique in thematiques_de(frein):
            assert frein in freins_de(thematique)
    assert freins_de("mobilite--preparer-un-permis") == (CodeFrein.MOBILITE,)
    mdph = "sante--constituer-un-dossier-mdph-invalidite"
    assert set(freins_de(mdph)) == {CodeFrein.SANTE, CodeFrein.HANDICAP}
    assert freins_de("inconnue") == thematiques_de(CodeFrein.AUTRE) == ()
    assert VERSION_THEMATIQUES.startswith("data-inclusion-v1:")
