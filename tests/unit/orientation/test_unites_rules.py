"""Which unit a person is given to, to whom an organisme may give one, and what is told of it."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest

from services.orientation.indicateurs.rules import constat, verifier_indicateur
from services.orientation.portefeuilles.rules import (
    Service,
    Suivi,
    unite_apres,
    verifier_unite,
)
from services.orientation.unites.rules import (
    Unite,
    en_cours,
    unite_desservante,
    verifier_periode,
)
from shared.refus import TransitionInterdite, Validation
from shared.schemas.orientation.organismes import RoleAgent
from shared.schemas.orientation.statistiques import (
    EtatConstat,
    IndicateurCreation,
    MesureIndicateur,
)
from shared.schemas.orientation.vocabulaire import StatutPlace
from tests.unit.orientation.construire import un_id

JOUR = date(2026, 3, 9)
VEILLE, LENDEMAIN = JOUR - timedelta(days=1), JOUR + timedelta(days=1)
PARTOUT = Unite(un_id(1))
REDON = Unite(un_id(2), frozenset({"35236"}))
REDON_AUSSI = Unite(un_id(3), frozenset({"35236", "35238"}))
SANS_COMMUNES = Unite(un_id(0), territoire="redon-vallons-de-vilaine")


@pytest.mark.parametrize(
    ("unites", "commune", "choisie"),
    [
        pytest.param([], "35236", None, id="aucune unité"),
        pytest.param([PARTOUT], "35236", PARTOUT, id="sans communes ni territoire : partout"),
        pytest.param([PARTOUT], None, PARTOUT, id="partout, même de commune inconnue"),
        pytest.param([PARTOUT, REDON], "35236", REDON, id="celle du territoire d'abord"),
        pytest.param([PARTOUT, REDON], "35238", PARTOUT, id="hors de son territoire"),
        pytest.param([REDON], "35238", None, id="aucune ne sert la commune"),
        pytest.param([REDON], None, None, id="commune inconnue : pas de territoire"),
        pytest.param([REDON_AUSSI, REDON], "35236", REDON, id="deux du territoire : par id"),
        pytest.param([SANS_COMMUNES], "35236", None, id="un territoire sans ses communes"),
        pytest.param([SANS_COMMUNES, PARTOUT], "35236", PARTOUT, id="puis celle qui sert partout"),
        pytest.param([replace(REDON, date_debut=LENDEMAIN)], "35236", None, id="la veille"),
        pytest.param([replace(REDON, date_debut=JOUR)], "35236", REDON, id="premier jour"),
        pytest.param([replace(REDON, date_fin=JOUR)], "35236", REDON, id="dernier jour"),
        pytest.param([replace(REDON, date_fin=VEILLE)], "35236", None, id="le lendemain"),
    ],
)
def test_the_unit_that_serves_a_commune(
    unites: list[Unite], commune: str | None, choisie: Unite | None
) -> None:
    """In whichever order units are given. Planted: the first one found kept, red."""
    found = {unite_desservante(ordre, commune, JOUR) for ordre in permutations(unites)}

    assert found == {choisie.id if choisie else None}


ICI, AILLEURS = un_id(10), un_id(11)
PLACE = Suivi(ICI, StatutPlace.PLACEE, unite_id=un_id(2), depuis=VEILLE)
UNITE, AUTRE = Service(un_id(2), ICI), Service(un_id(3), ICI)
AGENT = Service(un_id(20), ICI)
AGENT_AUTRE = Service(un_id(21), ICI, unite_id=AUTRE.id)


@pytest.mark.parametrize(
    ("suivi", "unite", "portefeuille", "apres"),
    [
        pytest.param(PLACE, None, AGENT, UNITE.id, id="agent sans unité : celle d'avant"),
        pytest.param(PLACE, None, AGENT_AUTRE, AUTRE.id, id="celle de l'agent"),
        pytest.param(PLACE, AUTRE, AGENT_AUTRE, AUTRE.id, id="les deux, d'accord"),
        pytest.param(PLACE, AUTRE, None, AUTRE.id, id="une unité, plus de portefeuille"),
        pytest.param(PLACE, None, None, UNITE.id, id="plus de portefeuille : l'unité reste"),
        pytest.param(replace(PLACE, unite_id=None), None, AGENT, None, id="aucune unité"),
        pytest.param(
            replace(PLACE, statut=StatutPlace.EN_FILE),
            AUTRE,
            None,
            AUTRE.id,
            id="en file : l'unité",
        ),
    ],
)
def test_the_unit_after_an_assignment(
    suivi: Suivi, unite: Service | None, portefeuille: Service | None, apres: object
) -> None:
    found = unite_apres(suivi, unite, portefeuille, date_affectation=VEILLE, jour=JOUR)

    assert found == apres


@pytest.mark.parametrize(
    ("unite", "portefeuille", "jour", "pointeurs"),
    [
        pytest.param(None, AGENT, LENDEMAIN, ["/date_affectation"], id="dans l'avenir"),
        pytest.param(
            None, AGENT, VEILLE - timedelta(days=1), ["/date_affectation"], id="avant la dernière"
        ),
        pytest.param(
            Service(un_id(3), AILLEURS), None, JOUR, ["/unite_id"], id="unité d'un autre organisme"
        ),
        pytest.param(
            None,
            Service(un_id(20), AILLEURS),
            JOUR,
            ["/portefeuille_id"],
            id="agent d'un autre organisme",
        ),
        pytest.param(
            None, replace(AGENT, date_fin=VEILLE), JOUR, ["/portefeuille_id"], id="agent parti"
        ),
        pytest.param(
            replace(AUTRE, date_debut=LENDEMAIN), None, JOUR, ["/unite_id"], id="unité à venir"
        ),
        pytest.param(UNITE, AGENT_AUTRE, JOUR, ["/unite_id"], id="en désaccord"),
    ],
)
def test_what_an_assignment_may_not_be(
    unite: Service | None, portefeuille: Service | None, jour: date, pointeurs: list[str]
) -> None:
    with pytest.raises(Validation) as refused:
        unite_apres(PLACE, unite, portefeuille, date_affectation=jour, jour=JOUR)

    assert [un["pointeur"] for un in refused.value.members["erreurs"]] == pointeurs


@pytest.mark.parametrize(
    ("statut", "portefeuille", "possibles"),
    [
        pytest.param(StatutPlace.LIBEREE, None, [], id="place rendue"),
        pytest.param(StatutPlace.EN_FILE, AGENT, ["placee"], id="en file : pas de portefeuille"),
    ],
)
def test_whose_place_allows_no_assignment(
    statut: StatutPlace, portefeuille: Service | None, possibles: list[str]
) -> None:
    with pytest.raises(TransitionInterdite) as refused:
        unite_apres(
            replace(PLACE, statut=statut), None, portefeuille, date_affectation=JOUR, jour=JOUR
        )

    assert refused.value.members["transitions_possibles"] == possibles


def test_periods_and_units_of_others() -> None:
    assert en_cours(None, None, JOUR)
    verifier_periode(JOUR, JOUR)
    verifier_unite(UNITE, ICI)
    verifier_unite(None, ICI)
    with pytest.raises(Validation):
        verifier_periode(LENDEMAIN, JOUR)
    with pytest.raises(Validation):
        verifier_unite(UNITE, AILLEURS)


SUIVIES, AGENTS = MesureIndicateur.PERSONNES_SUIVIES, MesureIndicateur.AGENTS


@pytest.mark.parametrize(
    ("mesure", "nombre", "inconnues", "attendu"),
    [
        pytest.param(None, None, False, (None, EtatConstat.SANS_MESURE), id="rien à compter"),
        pytest.param(SUIVIES, 0, False, (0, EtatConstat.COMPTE), id="personne"),
        pytest.param(SUIVIES, 1, False, (None, EtatConstat.MASQUE), id="une personne"),
        pytest.param(SUIVIES, 4, False, (None, EtatConstat.MASQUE), id="quatre"),
        pytest.param(SUIVIES, 5, False, (5, EtatConstat.COMPTE), id="cinq"),
        pytest.param(SUIVIES, 1401, False, (1401, EtatConstat.COMPTE), id="au-delà de l'annonce"),
        pytest.param(
            SUIVIES, 0, True, (None, EtatConstat.COMMUNES_INCONNUES), id="communes inconnues"
        ),
        pytest.param(AGENTS, 2, True, (2, EtatConstat.COMPTE), id="deux infirmières"),
    ],
)
def test_what_is_told_beside_a_figure(
    mesure: MesureIndicateur | None,
    nombre: int | None,
    inconnues: bool,
    attendu: tuple[int | None, EtatConstat],
) -> None:
    """Planted: communes that nobody told counted as none, red."""
    assert constat(mesure, nombre, communes_inconnues=inconnues) == attendu


def test_a_role_is_of_agents() -> None:
    creation = IndicateurCreation.model_validate(
        {
            "reference": "infirmieres_2024",
            "libelle": "recrutement d'infirmières",
            "unite": "personnes",
            "qualificatif": "exact",
            "mesure": "agents",
            "role": "infirmier",
            "source": "essai",
        }
    )
    verifier_indicateur(creation)
    assert creation.role is RoleAgent.INFIRMIER
    with pytest.raises(Validation):
        verifier_indicateur(creation.model_copy(update={"mesure": SUIVIES}))
