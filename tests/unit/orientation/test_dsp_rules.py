"""Hints of the socio-professional data: each row of the page, and nothing that answers."""

from datetime import date

import pytest

from services.orientation.criteres.rules import CHAMPS_SANTE
from services.orientation.dsp.rules import (
    FREINS_SANTE,
    CodeDsp,
    Declaration,
    indices,
    sans_sante,
    sensible,
    verifier,
)
from shared.referentiels import charger, codes
from shared.refus import Validation

JOUR = date(2026, 3, 2)
CRITERES = "criteres-orientation-api-france-travail"


def lus(texte: str) -> tuple[CodeDsp, ...]:
    """Codes written CHAMP:code CHAMP:code."""
    return tuple(CodeDsp(*un.split(":")) for un in texte.split())


def annonces(texte: str) -> set[str]:
    """The freins that some codes announce."""
    return {un.frein for un in indices([Declaration(JOUR, lus(texte))]).freins}


@pytest.mark.parametrize(
    ("declares", "freins"),
    [
        pytest.param("DIFSOC:0401 DIFDISP:0501 DIFLOG:1001", set(), id="aucune difficulté"),
        pytest.param("DIFSOC:0402", {"sante"}, id="santé"),
        pytest.param("DIFSOC:0403", {"handicap"}, id="RQTH"),
        pytest.param("DIFSOC:0404", {"langue_illettrisme"}, id="français"),
        pytest.param("DIFSOC:0405", {"administratif_juridique"}, id="démarches"),
        pytest.param("DIFSOC:0406", {"finances"}, id="endettement"),
        pytest.param("DIFSOC:0407", {"autre"}, id="autres"),
        pytest.param("DIFDISP:0502", {"garde_enfant"}, id="garde"),
        pytest.param("DIFDISP:0503", {"garde_enfant"}, id="garde, 0503"),
        pytest.param("DIFDISP:0514", {"garde_enfant"}, id="garde, 0514"),
        pytest.param("DIFDISP:0504", {"garde_enfant", "proche_aidant"}, id="proche invalide"),
        pytest.param("DIFDISP:0505", {"proche_aidant"}, id="proche dépendant"),
        pytest.param("DIFDISP:0506", {"famille"}, id="éloignement d'un parent"),
        pytest.param("DIFDISP:0507", {"mobilite"}, id="mobilité"),
        pytest.param("DIFDISP:0508", {"sante"}, id="santé, disponibilité"),
        pytest.param("DIFSOCPRO:2101", {"sante"}, id="santé, besoin"),
        pytest.param("DIFSOCPRO:2103", {"famille"}, id="famille, besoin"),
        pytest.param("DIFDISP:0509", {"logement"}, id="logement, disponibilité"),
        pytest.param("DIFDISP:0510", {"langue_illettrisme"}, id="illettrisme"),
        pytest.param("DIFDISP:0511", {"qualification"}, id="qualification"),
        pytest.param("DIFDISP:0513", {"autre"}, id="discrimination"),
        pytest.param("DIFLOG:1002", {"logement"}, id="impayés"),
        pytest.param("DIFLOG:1003", {"logement", "finances"}, id="difficultés financières"),
        pytest.param("DIFLOG:1005", {"logement", "mobilite"}, id="isolé"),
        pytest.param("DIFLOG:1008", {"logement", "mobilite"}, id="éloigné"),
        pytest.param("NATLOG:0912", {"logement"}, id="sans hébergement"),
        pytest.param("NATLOG:0901", set(), id="logé"),
        pytest.param("NATMOB:2504", {"mobilite"}, id="ne se déplace pas"),
        pytest.param("NATMOB:2501", set(), id="se déplace dans la commune"),
        pytest.param("TOPMOYLOCO:0 TOPPERMICONDUB:0", {"mobilite"}, id="ni véhicule ni permis"),
        pytest.param("TOPMOYLOCO:1 TOPPERMICONDUB:1", set(), id="véhicule et permis"),
        pytest.param("TOPSANSDOMFIXE:1", {"logement"}, id="sans domicile fixe, du flux"),
        pytest.param("NIVETU:1207", {"qualification"}, id="jamais scolarisé"),
        pytest.param("NIVETU:1201", set(), id="diplômé"),
    ],
)
def test_freins_to_explore(declares: str, freins: set[str]) -> None:
    assert annonces(declares) == freins


@pytest.mark.parametrize(
    ("declares", "champ", "possibles"),
    [
        pytest.param("NIVETU:1201", "niveau_etude", {"NV1", "NV2"}, id="I et II"),
        pytest.param("NIVETU:1204", "niveau_etude", {"NV5"}, id="V"),
        pytest.param("NIVETU:1207", "niveau_etude", {"AFS"}, id="jamais scolarisé"),
        pytest.param("HISPRO:1904", "situation_professionnelle", {"JAMAIS"}, id="jamais"),
        pytest.param(
            "CESSDERACT:2702",
            "situation_professionnelle",
            {"DEUX_DERNIERES_ANNEES", "PLUS_DEUX_ANS"},
            id="un an ou plus : à demander",
        ),
        pytest.param(
            "CESSDERACT:2701 HISPRO:1904",
            "situation_professionnelle",
            {"EN_ACTIVITE", "DEUX_DERNIERES_ANNEES", "JAMAIS"},
            id="contraires : la question reste ouverte",
        ),
        pytest.param("TOPPROJPRO:0", "projet_pro", {"AUCUN"}, id="sans projet"),
    ],
)
def test_answers_that_remain_possible(declares: str, champ: str, possibles: set[str]) -> None:
    (un,) = indices([Declaration(JOUR, lus(declares))]).criteres

    assert (un.champ, set(un.valeurs_possibles)) == (champ, possibles)
    assert set(un.codes) == set(lus(declares))


def test_of_one_element_the_latest_declaration_speaks_and_others_stay() -> None:
    avant = Declaration(date(2026, 1, 5), lus("DIFSOC:0404 DIFSOC:0406 NATMOB:2504"))
    apres = Declaration(JOUR, lus("DIFSOC:0405"))

    for ordre in ([avant, apres], [apres, avant]):
        assert {un.frein for un in indices(ordre).freins} == {"administratif_juridique", "mobilite"}


def test_what_speaks_of_health_is_marked_and_no_criterion_of_health_is_hinted_at() -> None:
    annoncent = {
        CodeDsp(champ, code)
        for champ in codes("codes-flux-caf", colonne="champ", flux="dsp")
        for code in codes("codes-flux-caf", flux="dsp", champ=champ)
        if annonces(f"{champ}:{code}") & FREINS_SANTE
    }

    assert annoncent == set(
        lus(
            "DIFSOC:0402 DIFSOC:0403 DIFSOCPRO:2101 DIFDISP:0508 NATACCOSOCINDI:0416 FREINFORM:2305"
        )
    )
    assert all(sensible(un) for un in annoncent)
    # What announces no frein of health, and tells of somebody's: AAH, sick pay, a relative's.
    assert all(
        sensible(un)
        for un in lus(
            "SITPERSDEMRSA:0102 SITPERSDEMRSA:0104 SITPERSDEMRSA:0105 DIFDISP:0504 DIFDISP:0506"
        )
    )
    assert not sensible(CodeDsp("DIFDISP", "0507"))
    assert CHAMPS_SANTE.isdisjoint(codes("criteres-possibles-depuis-dsp", colonne="critere"))


def test_without_the_scope_a_frein_may_stay_and_its_codes_of_health_do_not() -> None:
    montres = sans_sante(indices([Declaration(JOUR, lus("DIFDISP:0502 DIFDISP:0504 DIFSOC:0402"))]))

    assert [(un.frein, un.codes) for un in montres.freins] == [
        ("garde_enfant", lus("DIFDISP:0502")),
        ("proche_aidant", ()),
    ]


def test_every_answer_hinted_at_is_one_that_the_criterion_takes() -> None:
    for ligne in charger("criteres-possibles-depuis-dsp"):
        assert set(ligne["valeurs"].split("|")) <= codes(CRITERES, champ=ligne["critere"])


def test_every_code_of_the_table_of_freins_is_one_that_may_be_declared() -> None:
    annonces_par = "|".join(frein["codes_dsp"] for frein in charger("freins")).split("|")
    premiers = {CodeDsp(*une.split("-")[0].split(":")) for une in annonces_par if une}

    verifier(sorted(premiers), JOUR, JOUR)


@pytest.mark.parametrize(
    ("declares", "jour", "champ", "code"),
    [
        pytest.param("INCONNU:1", JOUR, "/codes/0/champ", "code-referentiel-inconnu", id="élément"),
        pytest.param(
            "DIFSOC:0402 DIFSOC:0499", JOUR, "/codes/1/code", "code-referentiel-inconnu", id="code"
        ),
        pytest.param(
            "TOPMOYLOCO:2", JOUR, "/codes/0/code", "code-referentiel-inconnu", id="booléen"
        ),
        pytest.param("DIFSOC:0402 DIFSOC:0402", JOUR, "/codes/1", "format-inattendu", id="deux"),
        pytest.param(
            "DIFSOC:0402", date(2026, 3, 3), "/date_declaration", "date-incoherente", id="demain"
        ),
    ],
)
def test_what_the_referential_does_not_know_is_refused(
    declares: str, jour: date, champ: str, code: str
) -> None:
    with pytest.raises(Validation) as refus:
        verifier(lus(declares), jour, JOUR)

    (erreur,) = refus.value.members["erreurs"]
    assert (erreur["pointeur"], erreur["code"]) == (champ, code)
