"""Sets of rules: whole or refused by name, never in two periods at once, counted without a name.

Planted and seen red: a case given twice let through, `<` for `<=` at the end of a period, today
refused, a last day counted as past, hidden counts added to a load, small communes shown.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.orientation.jeux_de_regles.effets import Effets, Issue, resultat
from services.orientation.jeux_de_regles.rules import (
    NATIONAL,
    Validite,
    composer,
    ecarts,
    exiger_brouillon,
    exiger_simulation,
    statut,
    verifier_contenu,
    verifier_mise_en_vigueur,
)
from shared.refus import TransitionInterdite, Validation
from shared.schemas.orientation.jeux_de_regles import (
    ContenuJeuDeRegles,
    GroupeSimulation,
    MiseEnVigueurCreation,
    StatutJeuDeRegles,
)
from shared.schemas.orientation.vocabulaire import TypeParcours
from tests.unit.orientation.construire import un_id

BROUILLON, SIMULE, A_VENIR, EN_VIGUEUR, REMPLACE = StatutJeuDeRegles
JOUR, DEBUT, FIN = date(2026, 3, 2), date(2026, 3, 1), date(2026, 3, 31)


def contenu(**tables: Any) -> ContenuJeuDeRegles:
    return ContenuJeuDeRegles.model_validate({**NATIONAL.model_dump(), **tables})


def sans(nom: str, rang: int = 0) -> list[Any]:
    lignes = list(NATIONAL.model_dump()[nom])
    del lignes[rang]
    return lignes


def avec(nom: str, *lignes: Any) -> list[Any]:
    return [*NATIONAL.model_dump()[nom], *lignes]


def change(nom: str, rang: int, **valeurs: Any) -> list[Any]:
    lignes = list(NATIONAL.model_dump()[nom])
    lignes[rang] = {**lignes[rang], **valeurs}
    return lignes


AUCUNE = next(n for n, un in enumerate(NATIONAL.niveaux) if un.valeur == "AUCUNE")
LOCALE = {"type_parcours": "social", "types": ["cap_emploi"]}


@pytest.mark.parametrize(
    ("tables", "pointeur", "code"),
    [
        pytest.param({"parcours": sans("parcours")}, "/parcours", "requis", id="cas absent"),
        pytest.param(
            {"parcours": avec("parcours", NATIONAL.parcours[3].model_dump())},
            "/parcours/24",
            "format-inattendu",
            id="cas en double",
        ),
        pytest.param(
            {"parcours": avec("parcours", change("parcours", 0, niveau_freins="non_explore")[0])},
            "/parcours/24",
            "code-referentiel-inconnu",
            id="niveau non exploré",
        ),
        pytest.param({"niveaux": sans("niveaux")}, "/niveaux", "requis", id="valeur sans niveau"),
        pytest.param(
            {"niveaux": avec("niveaux", NATIONAL.niveaux[0].model_dump())},
            f"/niveaux/{len(NATIONAL.niveaux)}",
            "format-inattendu",
            id="niveau en double",
        ),
        pytest.param(
            {"niveaux": change("niveaux", AUCUNE, niveau="fort")},
            f"/niveaux/{AUCUNE}/niveau",
            "hors-bornes",
            id="une contrainte absente n'est pas un frein",
        ),
        pytest.param(
            {"niveaux": change("niveaux", 1, niveau="non_explore")},
            "/niveaux/1/niveau",
            "hors-bornes",
            id="niveau à dire",
        ),
        pytest.param(
            {"obstacles": [{"champ": "niveau_etude", "valeur": "NV5"}]},
            "/obstacles/0",
            "code-referentiel-inconnu",
            id="un niveau d'étude n'est pas un obstacle",
        ),
        pytest.param(
            {"obstacles": [{"champ": "contrainte_sante", "valeur": "AUCUNE"}]},
            "/obstacles/0",
            "hors-bornes",
            id="obstacle sans impact",
        ),
        pytest.param(
            {"obstacles": avec("obstacles", NATIONAL.obstacles[0].model_dump())},
            f"/obstacles/{len(NATIONAL.obstacles)}",
            "format-inattendu",
            id="obstacle en double",
        ),
        pytest.param(
            {"niveaux_qualifiants": ["NV9"]},
            "/niveaux_qualifiants/0",
            "code-referentiel-inconnu",
            id="niveau d'étude inconnu",
        ),
        pytest.param(
            {"projection": [{"champ": "contrainte_sante", "valeurs": ["AUCUNE"]}]},
            "/projection/0/champ",
            "code-referentiel-inconnu",
            id="la santé ne dit pas la projection",
        ),
        pytest.param(
            {"projection": [{"champ": "boe", "valeurs": ["true"]}]},
            "/projection/0/champ",
            "code-referentiel-inconnu",
            id="ni le handicap",
        ),
        pytest.param(
            {"projection": [{"champ": "projet_pro", "valeurs": ["SALARIAT", "RENTIER"]}]},
            "/projection/0/valeurs/1",
            "code-referentiel-inconnu",
            id="valeur de projection inconnue",
        ),
        pytest.param(
            {"organismes": sans("organismes")}, "/organismes", "requis", id="règle absente"
        ),
        pytest.param(
            {"organismes": change("organismes", 0, types=["cap_emploi", "cap_emploi"])},
            "/organismes/0/types/1",
            "format-inattendu",
            id="type en double",
        ),
        pytest.param(
            {"regles_locales": [{**LOCALE, "age_min": 30, "age_max": 29}]},
            "/regles_locales/0/age_max",
            "hors-bornes",
            id="âges à l'envers",
        ),
        pytest.param(
            {"regles_locales": [{**LOCALE, "age_min": 30, "age_max": 0}]},
            "/regles_locales/0/age_max",
            "hors-bornes",
            id="âge maximal nul",
        ),
    ],
)
def test_refuses_what_is_not_whole(tables: dict[str, Any], pointeur: str, code: str) -> None:
    with pytest.raises(Validation) as refus:
        verifier_contenu(contenu(**tables))

    assert (pointeur, code) in {
        (erreur["pointeur"], erreur["code"]) for erreur in refus.value.members["erreurs"]
    }


def test_all_the_missing_cases_are_named() -> None:
    with pytest.raises(Validation) as refus:
        verifier_contenu(contenu(parcours=[]))

    messages = [erreur["message"] for erreur in refus.value.members["erreurs"]]
    assert len(set(messages)) == 24
    assert (
        "Absent : activite_recente=non, capacite_a_se_projeter=non,"
        " formation_qualifiante=non, niveau_freins=fort" in messages
    )


@pytest.mark.parametrize(
    ("tables", "attendus"),
    [
        pytest.param({}, [], id="aucun"),
        pytest.param(
            {"parcours": change("parcours", 0, type_parcours="social")}, ["L5"], id="un cas"
        ),
        pytest.param(
            {"organismes": change("organismes", 3, types=["france_travail"])}, ["O08"], id="ordre"
        ),
        pytest.param({"regles_locales": [LOCALE]}, ["O04"], id="règle locale"),
        pytest.param({"obstacles": sans("obstacles")}, ["obstacles"], id="obstacles"),
    ],
)
def test_what_departs_from_the_national_set_is_told(
    tables: dict[str, Any], attendus: list[str]
) -> None:
    regles = composer(contenu(**tables), code="essai", reference="Arrêté", depuis=DEBUT)

    assert ecarts(regles) == attendus


@pytest.mark.parametrize(
    ("validite", "attendu"),
    [
        pytest.param(Validite(simule=False), BROUILLON, id="rien encore"),
        pytest.param(Validite(simule=True), SIMULE, id="simulé"),
        pytest.param(Validite(True, date(2026, 3, 3)), A_VENIR, id="veille du premier jour"),
        pytest.param(Validite(True, JOUR), EN_VIGUEUR, id="premier jour"),
        pytest.param(Validite(True, DEBUT, JOUR), EN_VIGUEUR, id="dernier jour"),
        pytest.param(Validite(True, DEBUT, DEBUT), REMPLACE, id="lendemain du dernier"),
    ],
)
def test_where_a_set_stands(validite: Validite, attendu: StatutJeuDeRegles) -> None:
    assert statut(validite, JOUR) is attendu


@pytest.mark.parametrize(
    ("exiger", "admis"),
    [(exiger_brouillon, {BROUILLON, SIMULE}), (exiger_simulation, {SIMULE})],
)
def test_what_a_state_allows(
    exiger: Callable[[StatutJeuDeRegles], None], admis: set[StatutJeuDeRegles]
) -> None:
    for un in StatutJeuDeRegles:
        if un in admis:
            exiger(un)
            continue
        with pytest.raises(TransitionInterdite) as refus:
            exiger(un)
        assert refus.value.members["statut_actuel"] == un


def demande(debut: date, fin: date | None = None) -> MiseEnVigueurCreation:
    return MiseEnVigueurCreation(reference_arrete="Arrêté", date_debut=debut, date_fin=fin)


@pytest.mark.parametrize(
    ("debut", "fin", "debuts"),
    [
        pytest.param(JOUR, None, [], id="dès aujourd'hui"),
        pytest.param(JOUR, None, [DEBUT], id="le précédent finit la veille"),
        pytest.param(JOUR, FIN, [date(2026, 4, 1)], id="finit la veille du suivant"),
        pytest.param(JOUR, JOUR, [date(2026, 3, 3)], id="un seul jour"),
    ],
)
def test_accepts_a_free_period(debut: date, fin: date | None, debuts: list[date]) -> None:
    verifier_mise_en_vigueur(demande(debut, fin), debuts, JOUR)


@pytest.mark.parametrize(
    ("debut", "fin", "debuts", "champ"),
    [
        pytest.param(DEBUT, None, [], "/date_debut", id="hier"),
        pytest.param(JOUR, DEBUT, [], "/date_fin", id="à l'envers"),
        pytest.param(JOUR, None, [JOUR], "/date_debut", id="le même premier jour"),
        pytest.param(JOUR, None, [FIN], "/date_fin", id="sans fin, avant un autre"),
        pytest.param(JOUR, FIN, [FIN], "/date_fin", id="finit le jour où l'autre commence"),
    ],
)
def test_refuses_a_period_that_is_taken_or_past(
    debut: date, fin: date | None, debuts: list[date], champ: str
) -> None:
    with pytest.raises(Validation) as refus:
        verifier_mise_en_vigueur(demande(debut, fin), debuts, JOUR)

    (erreur,) = refus.value.members["erreurs"]
    assert (erreur["pointeur"], erreur["code"]) == (champ, "date-incoherente")


PRO, SOCIAL = TypeParcours.PROFESSIONNEL, TypeParcours.SOCIAL
FT, CD = Issue(PRO, un_id(1)), Issue(SOCIAL, un_id(2))


def effets(*personnes: tuple[str | None, Issue, Issue]) -> Effets:
    found = Effets()
    for rang, (commune, avant, apres) in enumerate(personnes):
        found.ajouter(un_id(1000 + rang), commune, avant, apres)
    return found


def test_counts_by_parcours_organisme_and_commune() -> None:
    trouve = resultat(
        effets(*[("35238", FT, FT)] * 6, *[("35236", FT, CD)] * 5, *[("35236", CD, CD)] * 5),
        {un_id(1): 10},
    )

    ensemble = trouve.ensemble
    assert (ensemble.rejouees, ensemble.deplacees) == (16, 5)
    assert [(p.avant, p.apres, p.nombre) for p in ensemble.passages] == [
        (PRO, PRO, 6),
        (PRO, SOCIAL, 5),
        (SOCIAL, SOCIAL, 5),
    ]
    assert [(c.organisme_id, c.places, c.avant, c.apres) for c in ensemble.charges] == [
        (un_id(1), 10, 11, 6),
        (un_id(2), None, 5, 10),
    ]
    assert {t.cle: (t.rejouees, t.deplacees) for t in trouve.territoires} == {
        "35236": (10, 5),
        "35238": (6, 0),
    }


def test_nothing_to_replay_is_nothing_moved() -> None:
    trouve = resultat(Effets(), {})

    assert (trouve.ensemble.rejouees, trouve.ensemble.masque) == (0, False)
    assert trouve.territoires == []


def test_four_who_move_are_not_told() -> None:
    trouve = resultat(effets(*[("35238", FT, FT)] * 20, *[("35238", FT, CD)] * 4), {})

    assert (trouve.ensemble.rejouees, trouve.ensemble.deplacees) == (24, None)
    assert {p.nombre for p in trouve.ensemble.passages} == {None}
    assert {(c.avant, c.apres) for c in trouve.ensemble.charges} == {(None, None), (0, None)}


def test_without_a_parcours_there_is_no_organisme() -> None:
    rien = Issue(None, None)
    trouve = resultat(effets(*[("35238", rien, FT)] * 5), {})

    (passage,) = trouve.ensemble.passages
    assert (passage.avant, passage.apres, passage.nombre) == (None, PRO, 5)
    assert [c.organisme_id for c in trouve.ensemble.charges] == [None, un_id(1)]


_issues = st.sampled_from([FT, CD, Issue(PRO, None), Issue(None, None)])


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.tuples(st.sampled_from(["35238", "35236", "35047", None]), _issues, _issues),
            st.integers(1, 12),
        ),
        max_size=8,
    )
)
def test_no_group_of_one_to_four_is_shown(
    groupes: list[tuple[tuple[str | None, Issue, Issue], int]],
) -> None:
    """And what is shown is true: each commune's counts add up to the whole's, once hidden."""
    personnes = [un for un, nombre in groupes for _ in range(nombre)]

    trouve = resultat(effets(*personnes), {})

    reels = Counter(commune or "inconnue" for commune, _, _ in personnes)
    for groupe in (trouve.ensemble, *trouve.territoires):
        nombres = [groupe.rejouees, groupe.deplacees, *(p.nombre for p in groupe.passages)]
        assert not [n for n in nombres if n is not None and 0 < n < 5], groupe
        if groupe is not trouve.ensemble:
            assert groupe.rejouees in (None, reels[groupe.cle])
        if groupe.passages and None not in (p.nombre for p in groupe.passages):
            assert sum(p.nombre or 0 for p in groupe.passages) == groupe.rejouees
        assert _charges_vraies(groupe)
    caches = sum(reels[t.cle] for t in trouve.territoires if t.masque)
    assert caches == 0 or caches >= 5 or not trouve.ensemble.rejouees


def _charges_vraies(groupe: GroupeSimulation) -> bool:
    sommes = [
        {UUID(int=0) if c.organisme_id is None else c.organisme_id: n for c, n in paires}
        for paires in (
            [(c, c.avant) for c in groupe.charges],
            [(c, c.apres) for c in groupe.charges],
        )
    ]
    return all(
        None in un.values() or not un or sum(n or 0 for n in un.values()) == groupe.rejouees
        for un in sommes
    )
