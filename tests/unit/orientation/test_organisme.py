"""The organisme référent. Planted by hand and seen red: 26 for 25 in the mission locale's ages,
`<` for `<=` at both ends of a convention, O07 before O06, a délégataire without a convention."""

from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest

from services.orientation.orientations.referent import (
    REGLES,
    TABLE_ORGANISME,
    Defaut,
    Ecart,
    MotifEcart,
    Organisme,
    RegleLocale,
    Situation,
    TableOrganisme,
    age_revolu,
    obstacle,
    proposer_organisme,
    verifier_organisme,
)
from services.orientation.orientations.rules import Base
from shared.refus import Validation
from shared.schemas.orientation.vocabulaire import TypeOrganisme, TypeParcours
from tests.unit.orientation.construire import un_id

JOUR = date(2026, 3, 2)
RENNES, REDON = "35238", "35236"
SOCIAL, SOCIO, PRO = (
    TypeParcours.SOCIAL,
    TypeParcours.SOCIO_PROFESSIONNEL,
    TypeParcours.PROFESSIONNEL,
)
CD = Organisme(un_id(1), TypeOrganisme.CONSEIL_DEPARTEMENTAL)
FT = Organisme(un_id(2), TypeOrganisme.FRANCE_TRAVAIL)
ML = Organisme(un_id(3), TypeOrganisme.MISSION_LOCALE)
CE = Organisme(un_id(4), TypeOrganisme.CAP_EMPLOI)
PLIE = Organisme(
    un_id(5),
    TypeOrganisme.DELEGATAIRE_DEPARTEMENTAL,
    communes=frozenset({RENNES}),
    date_debut=date(2026, 1, 1),
    date_fin=date(2026, 12, 31),
)
TOUS = [CD, FT, ML, CE, PLIE]
ADULTE = Situation(brsa=True, age=40, code_commune=RENNES)
JEUNE = replace(ADULTE, age=25)
BOE = replace(ADULTE, boe=True, boe_souhait_accompagnement=True)


@pytest.mark.parametrize(
    ("parcours", "situation", "regle", "choisi"),
    [
        pytest.param(SOCIAL, ADULTE, "O05", CD, id="social"),
        pytest.param(SOCIAL, BOE, "O05", CD, id="social, même BOE"),
        pytest.param(SOCIAL, JEUNE, "O05", CD, id="social, même jeune"),
        pytest.param(PRO, BOE, "O06", CE, id="BOE qui le souhaite"),
        pytest.param(
            PRO, replace(BOE, boe_souhait_accompagnement=False), "O09", FT, id="BOE qui ne veut pas"
        ),
        pytest.param(PRO, replace(BOE, boe=False), "O09", FT, id="souhait sans être BOE"),
        pytest.param(PRO, replace(BOE, age=25), "O06", CE, id="BOE avant jeune"),
        pytest.param(PRO, JEUNE, "O07", ML, id="25 ans révolus"),
        pytest.param(PRO, replace(ADULTE, age=26), "O09", FT, id="26 ans"),
        pytest.param(SOCIO, replace(ADULTE, age=16), "O07", ML, id="16 ans"),
        pytest.param(SOCIO, replace(ADULTE, age=15), "O08", CD, id="15 ans, trop jeune"),
        pytest.param(PRO, replace(ADULTE, age=None), "O09", FT, id="âge inconnu"),
        pytest.param(SOCIO, ADULTE, "O08", CD, id="socio-professionnel"),
        pytest.param(PRO, ADULTE, "O09", FT, id="professionnel"),
    ],
)
def test_the_table(
    parcours: TypeParcours, situation: Situation, regle: str, choisi: Organisme
) -> None:
    proposition = proposer_organisme(parcours, situation, TOUS, JOUR)

    assert (proposition.regle, proposition.organisme_id) == (REGLES[regle], choisi.id)
    assert proposition.type_organisme is choisi.type
    assert REGLES[regle].base is Base.PROPOSE
    assert {ecart.organisme_id for ecart in proposition.ecartes} == {
        candidat.id for candidat in TOUS if candidat is not choisi
    }


@pytest.mark.parametrize(
    ("defaut", "regle", "choisi"),
    [
        pytest.param(Defaut(TypeOrganisme.CONSEIL_DEPARTEMENTAL), "O02", CD, id="le PCD décide"),
        pytest.param(Defaut(TypeOrganisme.FRANCE_TRAVAIL), "O03", CD, id="France Travail décide"),
        pytest.param(
            Defaut(TypeOrganisme.FRANCE_TRAVAIL, PLIE.id), "O01", PLIE, id="déjà accompagnée"
        ),
        pytest.param(
            Defaut(TypeOrganisme.CONSEIL_DEPARTEMENTAL, un_id(99)),
            "O02",
            CD,
            id="organisme disparu",
        ),
    ],
)
def test_missing_information_through_the_persons_fault(
    defaut: Defaut, regle: str, choisi: Organisme
) -> None:
    proposition = proposer_organisme(None, BOE, TOUS, JOUR, defaut=defaut)

    assert (proposition.regle, proposition.organisme_id) == (REGLES[regle], choisi.id)
    assert REGLES[regle].base is Base.TEXTE


def test_a_delegataire_may_take_a_default_decided_by_the_pcd_alone() -> None:
    sans_cd = [FT, PLIE]

    par_pcd = Defaut(TypeOrganisme.CONSEIL_DEPARTEMENTAL)
    assert proposer_organisme(None, ADULTE, sans_cd, JOUR, defaut=par_pcd).organisme_id == PLIE.id
    par_ft = Defaut(TypeOrganisme.FRANCE_TRAVAIL)
    assert proposer_organisme(None, ADULTE, sans_cd, JOUR, defaut=par_ft).organisme_id is None


ARRETE = RegleLocale(
    "arrêté conjoint (illustration)",
    type_parcours=SOCIO,
    types=(TypeOrganisme.DELEGATAIRE_DEPARTEMENTAL,),
    communes=frozenset({RENNES}),
)


def local(*locales: RegleLocale) -> TableOrganisme:
    return replace(TABLE_ORGANISME, locales=locales)


@pytest.mark.parametrize(
    ("parcours", "commune", "regle"),
    [
        pytest.param(SOCIO, RENNES, "O04", id="son territoire"),
        pytest.param(SOCIO, REDON, "O08", id="autre territoire"),
        pytest.param(SOCIO, None, "O08", id="commune inconnue"),
        pytest.param(PRO, RENNES, "O09", id="autre parcours"),
    ],
)
def test_a_local_order_binds_where_it_says(
    parcours: TypeParcours, commune: str | None, regle: str
) -> None:
    situation = replace(ADULTE, code_commune=commune)

    proposition = proposer_organisme(parcours, situation, TOUS, JOUR, table=local(ARRETE))

    assert proposition.regle
    assert proposition.regle.code == regle
    if regle == "O04":
        assert (proposition.organisme_id, proposition.regle.base) == (PLIE.id, Base.TEXTE)
        assert proposition.regle.source == ARRETE.reference


def test_a_local_order_without_its_organisme_proposes_nothing_else() -> None:
    proposition = proposer_organisme(SOCIO, ADULTE, [CD, FT], JOUR, table=local(ARRETE))

    assert proposition.regle
    assert (proposition.regle.code, proposition.organisme_id) == ("O04", None)


@pytest.mark.parametrize(
    ("public", "situation", "regle"),
    [
        pytest.param({"age_min": 40}, ADULTE, "O04", id="âge minimal inclus"),
        pytest.param({"age_min": 41}, ADULTE, "O08", id="un an trop jeune"),
        pytest.param({"age_max": 40}, ADULTE, "O04", id="âge maximal inclus"),
        pytest.param({"age_max": 39}, ADULTE, "O08", id="un an trop âgé"),
        pytest.param({"age_max": 99}, replace(ADULTE, age=None), "O08", id="âge inconnu"),
        pytest.param({"boe": True}, replace(ADULTE, boe=True), "O04", id="BOE"),
        pytest.param({"boe": True}, replace(ADULTE, boe=False), "O08", id="non BOE"),
        pytest.param({"boe": False}, ADULTE, "O08", id="BOE inconnu"),
    ],
)
def test_a_local_order_binds_whom_it_says(
    public: dict[str, int], situation: Situation, regle: str
) -> None:
    arrete = replace(ARRETE, **public)

    proposition = proposer_organisme(SOCIO, situation, TOUS, JOUR, table=local(arrete))

    assert proposition.regle
    assert proposition.regle.code == regle


def test_of_two_local_orders_the_first_wins() -> None:
    second = replace(ARRETE, types=(TypeOrganisme.FRANCE_TRAVAIL,))

    choix = [
        proposer_organisme(SOCIO, ADULTE, TOUS, JOUR, table=local(*locales)).organisme_id
        for locales in ((ARRETE, second), (second, ARRETE))
    ]

    assert choix == [PLIE.id, FT.id]


@pytest.mark.parametrize(
    ("organisme", "situation", "jour", "motif"),
    [
        pytest.param(PLIE, ADULTE, date(2026, 1, 1), None, id="premier jour de la convention"),
        pytest.param(PLIE, ADULTE, date(2026, 12, 31), None, id="dernier jour"),
        pytest.param(
            PLIE, ADULTE, date(2025, 12, 31), MotifEcart.PERIODE_NON_COMMENCEE, id="veille"
        ),
        pytest.param(PLIE, ADULTE, date(2027, 1, 1), MotifEcart.PERIODE_ECHUE, id="lendemain"),
        pytest.param(
            replace(PLIE, date_debut=None),
            ADULTE,
            JOUR,
            MotifEcart.CONVENTION_ABSENTE,
            id="délégataire sans convention",
        ),
        pytest.param(CD, ADULTE, JOUR, None, id="le département n'en a pas besoin"),
        pytest.param(
            PLIE,
            replace(ADULTE, code_commune=REDON),
            JOUR,
            MotifEcart.HORS_TERRITOIRE,
            id="ailleurs",
        ),
        pytest.param(
            PLIE,
            replace(ADULTE, code_commune=None),
            JOUR,
            MotifEcart.COMMUNE_INCONNUE,
            id="commune inconnue",
        ),
        pytest.param(CD, replace(ADULTE, code_commune=None), JOUR, None, id="tout le département"),
        pytest.param(ML, replace(ADULTE, age=15), JOUR, MotifEcart.HORS_AGE, id="15 ans"),
        pytest.param(ML, replace(ADULTE, age=16), JOUR, None, id="16 ans"),
        pytest.param(ML, replace(ADULTE, age=25), JOUR, None, id="25 ans révolus"),
        pytest.param(ML, replace(ADULTE, age=26), JOUR, MotifEcart.HORS_AGE, id="26 ans"),
        pytest.param(ML, replace(ADULTE, age=None), JOUR, MotifEcart.AGE_INCONNU, id="âge inconnu"),
    ],
)
def test_what_bars_an_organisme_bars_the_decision_too(
    organisme: Organisme, situation: Situation, jour: date, motif: MotifEcart | None
) -> None:
    assert obstacle(organisme, situation, jour) is motif
    if motif is None:
        verifier_organisme(organisme, situation, jour)
        return
    with pytest.raises(Validation) as refus:
        verifier_organisme(organisme, situation, jour)
    (erreur,) = refus.value.members["erreurs"]
    assert (erreur["pointeur"], erreur["code"]) == ("/organisme_referent_id", "hors-bornes")


@pytest.mark.parametrize(
    ("situation", "absent", "regle", "choisi"),
    [
        pytest.param(BOE, CE, "O09", FT, id="pas de Cap emploi ici"),
        pytest.param(JEUNE, ML, "O09", FT, id="pas de mission locale ici"),
        pytest.param(replace(BOE, age=25), CE, "O07", ML, id="à défaut de Cap emploi, l'âge"),
    ],
)
def test_a_preference_that_nobody_can_meet_gives_way(
    situation: Situation, absent: Organisme, regle: str, choisi: Organisme
) -> None:
    ailleurs = replace(absent, communes=frozenset({REDON}))
    candidats = [ailleurs if candidat is absent else candidat for candidat in TOUS]

    proposition = proposer_organisme(PRO, situation, candidats, JOUR)

    assert (proposition.regle, proposition.organisme_id) == (REGLES[regle], choisi.id)
    assert Ecart(absent.id, MotifEcart.HORS_TERRITOIRE) in proposition.ecartes


def test_without_any_candidate_the_choice_is_left_to_the_decider() -> None:
    proposition = proposer_organisme(PRO, ADULTE, [], JOUR)

    assert (proposition.regle, proposition.organisme_id) == (REGLES["O09"], None)


def test_without_a_parcours_nothing_is_proposed() -> None:
    proposition = proposer_organisme(None, ADULTE, TOUS, JOUR)

    assert (proposition.regle, proposition.organisme_id) == (None, None)
    assert len(proposition.ecartes) == len(TOUS)


def test_accompagnement_global_needs_its_convention() -> None:
    sans = proposer_organisme(SOCIO, ADULTE, [FT], JOUR)
    avec = proposer_organisme(SOCIO, ADULTE, [replace(FT, accompagnement_global=True)], JOUR)

    assert (sans.organisme_id, avec.organisme_id) == (None, FT.id)


def test_a_territory_of_its_own_comes_before_the_whole_departement() -> None:
    unite = replace(CD, id=un_id(9), communes=frozenset({RENNES}))

    proposition = proposer_organisme(SOCIO, ADULTE, [*TOUS, unite], JOUR)

    assert proposition.organisme_id == unite.id
    assert Ecart(CD.id, MotifEcart.NON_PRIORITAIRE) in proposition.ecartes
    assert Ecart(FT.id, MotifEcart.TYPE_NON_RETENU) in proposition.ecartes


def test_the_order_of_candidates_changes_nothing() -> None:
    jumeaux = [CD, replace(CD, id=un_id(8)), PLIE, FT]

    assert len({proposer_organisme(SOCIO, ADULTE, o, JOUR) for o in permutations(jumeaux)}) == 1


@pytest.mark.parametrize(
    ("naissance", "jour", "age"),
    [
        pytest.param(date(2000, 3, 2), date(2026, 3, 1), 25, id="veille des 26 ans"),
        pytest.param(date(2000, 3, 2), date(2026, 3, 2), 26, id="jour des 26 ans"),
        pytest.param(date(2000, 2, 29), date(2026, 2, 28), 25, id="né un 29 février, le 28"),
        pytest.param(date(2000, 2, 29), date(2026, 3, 1), 26, id="né un 29 février, le 1er mars"),
    ],
)
def test_full_years(naissance: date, jour: date, age: int) -> None:
    assert age_revolu(naissance, jour) == age
