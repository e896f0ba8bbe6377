"""What an offer may say, whom it is for, how far it is, and in which order it is shown."""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.parcours.offres.rules import (
    Conditions,
    Personne,
    age_au,
    eligibilite,
    exige_eligible,
    exige_prescriptible,
    freins_leves,
    offre_importee,
    ordre,
    verifier_offre,
)
from shared.refus import Validation
from shared.schemas.parcours.freins import CodeFrein
from shared.schemas.parcours.offres import (
    ConditionOffre,
    Eligibilite,
    EtatFinancement,
    Offre,
    OffreCreation,
    Proximite,
    ServiceDataInclusionCreation,
    Solution,
    StatutEligibilite,
)

LIBRE = Conditions(None, None, False, False, frozenset(), False)
ADULTE = Personne(18, True, "35238", projet=True, contrat_signe=True)
INCONNUE = Personne(None, None, None, projet=False, contrat_signe=False)
AGE, RSA, COMMUNE, PROJET, CONTRAT = ConditionOffre
JOUR = date(2026, 7, 1)


@pytest.mark.parametrize(
    ("naissance", "jour", "age"),
    [
        pytest.param(date(2008, 7, 1), JOUR, 18, id="le jour même"),
        pytest.param(date(2008, 7, 2), JOUR, 17, id="la veille"),
        pytest.param(date(2008, 2, 29), date(2026, 2, 28), 17, id="né un 29 février, le 28"),
        pytest.param(date(2008, 2, 29), date(2026, 3, 1), 18, id="né un 29 février, le 1er mars"),
    ],
)
def test_years_are_completed_on_the_birthday(naissance: date, jour: date, age: int) -> None:
    assert age_au(naissance, jour) == age


@pytest.mark.parametrize(
    ("offre", "personne", "manquantes", "inconnues"),
    [
        pytest.param(LIBRE, INCONNUE, [], [], id="sans condition, rien à savoir"),
        pytest.param(replace(LIBRE, age_min=18), ADULTE, [], [], id="âge minimal, inclus"),
        pytest.param(replace(LIBRE, age_min=19), ADULTE, [AGE], [], id="un an trop jeune"),
        pytest.param(replace(LIBRE, age_max=18), ADULTE, [], [], id="âge maximal, inclus"),
        pytest.param(replace(LIBRE, age_max=17), ADULTE, [AGE], [], id="un an trop vieux"),
        pytest.param(replace(LIBRE, age_min=18), INCONNUE, [], [AGE], id="âge inconnu"),
        pytest.param(replace(LIBRE, beneficiaire_rsa_requis=True), ADULTE, [], [], id="au RSA"),
        pytest.param(
            replace(LIBRE, beneficiaire_rsa_requis=True),
            replace(ADULTE, beneficiaire_rsa=False),
            [RSA],
            [],
            id="pas au RSA",
        ),
        pytest.param(
            replace(LIBRE, communes=frozenset({"35238"})), ADULTE, [], [], id="commune servie"
        ),
        pytest.param(
            replace(LIBRE, communes=frozenset({"35278"})), ADULTE, [COMMUNE], [], id="hors zone"
        ),
        pytest.param(
            replace(LIBRE, zone_a_verifier=True), ADULTE, [], [COMMUNE], id="zone non connue ici"
        ),
        pytest.param(replace(LIBRE, projet_requis=True), ADULTE, [], [], id="parcours réel"),
        pytest.param(
            replace(LIBRE, projet_requis=True),
            replace(ADULTE, contrat_signe=False),
            [CONTRAT],
            [],
            id="contrat non signé",
        ),
        pytest.param(
            replace(LIBRE, projet_requis=True, age_min=18),
            INCONNUE,
            [PROJET, CONTRAT],
            [AGE],
            id="ni projet ni contrat, âge inconnu",
        ),
    ],
)
def test_each_condition_is_met_missing_or_unknown(
    offre: Conditions,
    personne: Personne,
    manquantes: list[ConditionOffre],
    inconnues: list[ConditionOffre],
) -> None:
    found = eligibilite(offre, personne)

    assert (found.manquantes, found.inconnues) == (manquantes, inconnues)
    attendu = StatutEligibilite.A_VERIFIER if inconnues else StatutEligibilite.ELIGIBLE
    assert found.statut is (StatutEligibilite.NON_ELIGIBLE if manquantes else attendu)
    if manquantes:
        with pytest.raises(Validation) as refus:
            exige_eligible(offre, personne)
        assert len(refus.value.members["erreurs"]) == len(manquantes)
    else:
        exige_eligible(offre, personne)


OFFRE: Mapping[str, Any] = {
    "titre": "Une offre",
    "freins": ["mobilite"],
    "modalite": "individuelle",
    "date_debut": "2026-01-01",
}

# The kinds that the departments and the issue name: each can be said.
GENRES: Mapping[str, tuple[Mapping[str, Any], set[str]]] = {
    "sport et culture": (
        {
            "thematiques": ["remobilisation--activites-sportives-et-culturelles"],
            "modalite": "collective",
            "type": "atelier",
        },
        {"confiance"},
    ),
    "ateliers socio-esthétiques": (
        {
            "thematiques": ["remobilisation--bien-etre-confiance-en-soi"],
            "modalite": "collective",
            "type": "atelier",
        },
        {"confiance"},
    ),
    "garde éphémère et itinérante": (
        {
            "thematiques": ["famille--garde-denfants"],
            "modalite": "collective",
            "code_commune": None,
        },
        {"garde_enfant"},
    ),
    "maison kangourou, territoire Gier Ondaine Pilat": (
        {
            "thematiques": ["famille--garde-denfants"],
            "modalite": "collective",
            "communes": ["42207", "42099"],
        },
        {"garde_enfant"},
    ),
    "aide au permis de conduire": (
        {
            "thematiques": ["mobilite--preparer-un-permis"],
            "type": "aide-financiere",
            "age_min": 18,
            "beneficiaire_rsa_requis": True,
            "projet_requis": True,
        },
        {"mobilite"},
    ),
    "santé mentale": (
        {"thematiques": ["sante--sante-mentale"], "type": "accompagnement"},
        {"sante"},
    ),
    "parentalité": (
        {
            "thematiques": ["famille--soutien-a-la-parentalite-et-a-leducation"],
            "modalite": "collective",
        },
        {"famille"},
    ),
    "travailleurs indépendants": (
        {
            "thematiques": ["creer-une-entreprise--developper-son-entreprise"],
            "freins": ["administratif_juridique"],
            "type": "accompagnement",
        },
        {"administratif_juridique"},
    ),
    "formation aux métiers du social et du médico-social": (
        {
            "thematiques": ["se-former--trouver-sa-formation"],
            "modalite": "collective",
            "type": "formation",
        },
        {"qualification"},
    ),
    "ateliers numériques": (
        {
            "thematiques": ["numerique--maitriser-les-fondamentaux-du-numerique"],
            "modalite": "collective",
            "type": "atelier",
        },
        {"numerique"},
    ),
    "accès à la crèche": (
        {"thematiques": ["famille--garde-denfants"], "publics": ["familles"]},
        {"garde_enfant"},
    ),
}


@pytest.mark.parametrize("genre", GENRES)
def test_every_kind_of_action_can_be_said(genre: str) -> None:
    champs, freins = GENRES[genre]
    demande = OffreCreation.model_validate({**OFFRE, "titre": genre, "freins": [], **champs})

    verifier_offre(demande)

    assert set(freins_leves(demande.thematiques, demande.freins)) == freins


@pytest.mark.parametrize(
    ("champs", "pointeur"),
    [
        pytest.param({"freins": []}, "/freins", id="ni frein ni thématique"),
        pytest.param({"thematiques": ["mobilite--voler"]}, "/thematiques/0", id="thématique"),
        pytest.param({"publics": ["tous-publics", "pilotes"]}, "/publics", id="public"),
        pytest.param({"type": "miracle"}, "/type", id="type de service"),
        pytest.param({"frais": "troc"}, "/frais", id="frais"),
        pytest.param({"age_min": 26, "age_max": 25}, "/age_max", id="âges croisés"),
        pytest.param({"date_fin": "2025-12-31"}, "/date_fin", id="finie avant de commencer"),
    ],
)
def test_what_no_list_knows_is_refused(champs: dict[str, Any], pointeur: str) -> None:
    with pytest.raises(Validation) as refus:
        verifier_offre(OffreCreation.model_validate({**OFFRE, **champs}))
    assert [one["pointeur"] for one in refus.value.members["erreurs"]] == [pointeur]


def test_bounds_may_touch() -> None:
    bornes = {"age_min": 18, "age_max": 18, "date_fin": "2026-01-01"}
    verifier_offre(OffreCreation.model_validate({**OFFRE, **bornes}))


SERVICE: Mapping[str, Any] = {"id": "dora--1", "nom": "Un service", "date_maj": "2026-06-01"}


@pytest.mark.parametrize(
    ("zone", "communes", "doute"),
    [
        pytest.param(["35"], [], False, id="le département"),
        pytest.param(["france"], [], False, id="la France"),
        pytest.param(["99100"], [], False, id="la France, par son code"),
        pytest.param(["35238", "35278"], ["35238", "35278"], False, id="des communes"),
        pytest.param(["35238", "44109"], ["35238"], False, id="une commune d'ailleurs aussi"),
        pytest.param(["243500139"], [], True, id="un EPCI"),
        pytest.param(["35238", "243500139"], [], True, id="une commune et un EPCI"),
        pytest.param(["35", "243500139"], [], False, id="le département et un EPCI"),
        pytest.param([], [], True, id="rien de dit"),
    ],
)
def test_a_zone_is_known_or_to_be_checked(
    zone: list[str], communes: list[str], doute: bool
) -> None:
    service = ServiceDataInclusionCreation.model_validate({**SERVICE, "zone_eligibilite": zone})
    found = offre_importee(service, "35")
    assert (found["communes"], found["zone_a_verifier"]) == (communes, doute)


@pytest.mark.parametrize(
    ("zone", "communes", "doute"),
    [
        pytest.param(["2A", "2B"], [], False, id="les deux départements"),
        pytest.param(["2A"], [], True, id="l'un des deux"),
        pytest.param(["2A004", "13055"], ["2A004"], False, id="une commune"),
    ],
)
def test_a_collectivite_may_be_of_two_departements(
    zone: list[str], communes: list[str], doute: bool
) -> None:
    service = ServiceDataInclusionCreation.model_validate({**SERVICE, "zone_eligibilite": zone})
    found = offre_importee(service, "20")
    assert (found["communes"], found["zone_a_verifier"]) == (communes, doute)


@pytest.mark.parametrize("zone", [["44"], ["44109"]], ids=["un département", "une commune"])
def test_a_service_of_elsewhere_is_refused(zone: list[str]) -> None:
    """Planted: communes of any département kept, red."""
    service = ServiceDataInclusionCreation.model_validate({**SERVICE, "zone_eligibilite": zone})
    with pytest.raises(Validation):
        offre_importee(service, "35")


def _offre(**champs: Any) -> Offre:
    instant = "2026-01-01T00:00:00Z"
    return Offre.model_validate(
        {
            **dict.fromkeys(Offre.model_fields),
            "id": str(UUID(int=1)),
            "version": 1,
            "cree_le": instant,
            "modifie_le": instant,
            "origine": "collectivite",
            "thematiques": [],
            "publics": [],
            "communes": [],
            "beneficiaire_rsa_requis": False,
            "projet_requis": False,
            "zone_a_verifier": False,
            "a_distance": False,
            "action_id": str(UUID(int=2)),
            **OFFRE,
            **champs,
        }
    )


@pytest.mark.parametrize(
    ("champs", "code", "erreurs"),
    [
        pytest.param({"date_fin": str(JOUR)}, CodeFrein.MOBILITE, 0, id="dernier jour"),
        pytest.param({"date_fin": "2026-06-30"}, CodeFrein.MOBILITE, 1, id="finie la veille"),
        pytest.param({"date_debut": str(JOUR)}, CodeFrein.MOBILITE, 0, id="premier jour"),
        pytest.param({"date_debut": "2026-07-02"}, CodeFrein.MOBILITE, 1, id="demain"),
        pytest.param({}, CodeFrein.LOGEMENT, 1, id="un autre frein"),
        pytest.param({"action_id": None}, CodeFrein.MOBILITE, 1, id="sans action"),
    ],
)
def test_an_offer_is_prescribed_on_its_days_for_its_freins(
    champs: dict[str, Any], code: CodeFrein, erreurs: int
) -> None:
    if not erreurs:
        exige_prescriptible(_offre(**champs), code, JOUR)
        return
    with pytest.raises(Validation) as refus:
        exige_prescriptible(_offre(**champs), code, JOUR)
    assert len(refus.value.members["erreurs"]) == erreurs


def _solution(rang: int, **champs: Any) -> Solution:
    base: dict[str, Any] = {
        "id": UUID(int=rang),
        "titre": "Offre",
        "modalite": None,
        "origine": "collectivite",
        "code_commune": None,
        "proximite": Proximite.MEME_COMMUNE,
        "eligibilite": _statut(StatutEligibilite.ELIGIBLE),
        "conditions_acces": None,
        "action_id": UUID(int=9),
        "financement": EtatFinancement.LU,
        "places_disponibles": 1,
        "prix_centimes": 10_00,
        "montant_disponible_centimes": 10_00,
        "prochaine_seance_le": None,
    }
    return Solution.model_validate({**base, **champs})


def _statut(statut: StatutEligibilite) -> Eligibilite:
    return Eligibilite(statut=statut, manquantes=[], inconnues=[])


def test_what_she_may_have_and_is_there_comes_first() -> None:
    """Then the nearest, then the cheapest. Each is after the one before for one reason alone."""
    rangees = [
        _solution(1),
        _solution(2, prix_centimes=10_01, montant_disponible_centimes=10_01),
        _solution(3, prix_centimes=None),
        _solution(4, proximite=Proximite.COMMUNE_DESSERVIE),
        # Nothing told is no reason to put it among what has run out.
        _solution(5, proximite=Proximite.HORS_ZONE, financement="silencieux", places_disponibles=0),
        _solution(6, montant_disponible_centimes=9_99),
        _solution(7, places_disponibles=0, proximite=Proximite.COMMUNE_DESSERVIE),
        _solution(8, eligibilite=_statut(StatutEligibilite.A_VERIFIER)),
        _solution(9, eligibilite=_statut(StatutEligibilite.NON_ELIGIBLE)),
    ]

    random.Random(0).shuffle(rangees)
    assert [one.id.int for one in sorted(rangees, key=ordre)] == list(range(1, 10))
