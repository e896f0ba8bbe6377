"""What brings two persons together, which acts follow, and what a merge does to orientations."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.orientation.personnes.rules import identites_proches
from services.orientation.rapprochements.rules import (
    TRANSITIONS,
    DeuxOrientationsEnVigueur,
    Fusionnable,
    Identite,
    OrientationVive,
    absorbee,
    exige_transition,
    motifs,
    orientations_fusionnees,
)
from shared.refus import TransitionInterdite, Validation
from shared.schemas.orientation.rapprochements import MotifRapprochement, StatutRapprochement
from shared.schemas.orientation.vocabulaire import StatutOrientation

NEE = date(1991, 1, 31)
BASE = Identite("Essai", "Anne Marie", None, NEE)


@pytest.mark.parametrize(
    ("autre", "attendu"),
    [
        pytest.param({}, "meme_identite", id="même identité"),
        pytest.param({"nom": "ESSAI", "prenoms": "Anne-Marie"}, None, id="prénom composé"),
        pytest.param({"prenoms": "anne, marie"}, "meme_identite", id="virgule"),
        pytest.param({"prenoms": "Anne"}, "meme_nom_premier_prenom", id="premier prénom"),
        pytest.param(
            {"nom": "Rivière", "nom_naissance": "Essai"}, "nom_de_naissance", id="nom de naissance"
        ),
        pytest.param(
            {"nom": "Anne", "prenoms": "Essai"}, "nom_et_prenom_inverses", id="nom et prénom"
        ),
        pytest.param({"nom": "Rivière"}, None, id="autre nom"),
        pytest.param({"prenoms": "Lucie"}, None, id="jumelle"),
        pytest.param({"date_naissance": date(1991, 2, 1)}, None, id="le lendemain"),
    ],
)
def test_says_why(autre: dict[str, Any], attendu: str | None) -> None:
    found = motifs(BASE, replace(BASE, **autre))

    assert found == ([MotifRapprochement(attendu)] if attendu else [])
    assert motifs(replace(BASE, **autre), BASE) == found


NOMS = ("Essai", "Anne", "Rivière", "Anne Marie")


@pytest.mark.parametrize("naissance", [None, *NOMS[:3]])
@pytest.mark.parametrize("prenoms", NOMS)
@pytest.mark.parametrize("nom", NOMS[:3])
def test_what_digests_find_has_a_reason_and_the_reverse(
    nom: str, prenoms: str, naissance: str | None
) -> None:
    """No pair is proposed without one, and none with one is missed."""
    for other in (BASE, Identite("Rivière", "Anne", "Essai", NEE)):
        one = Identite(nom, prenoms, naissance, NEE)
        shared = {
            proche
            for proche in identites_proches(one.nom, one.prenoms, one.nom_naissance, NEE)
            if proche
        } & set(identites_proches(other.nom, other.prenoms, other.nom_naissance, NEE))
        assert bool(shared) == bool(motifs(one, other))


@pytest.mark.parametrize("voulu", StatutRapprochement)
@pytest.mark.parametrize("actuel", StatutRapprochement)
def test_acts_follow_the_table(actuel: StatutRapprochement, voulu: StatutRapprochement) -> None:
    if voulu in TRANSITIONS[actuel]:
        exige_transition(actuel, voulu)
        return
    with pytest.raises(TransitionInterdite) as raised:
        exige_transition(actuel, voulu)
    assert raised.value.members["transitions_possibles"] == list(TRANSITIONS[actuel])


A, B = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("flux", "gardee", "perdue"),
    [
        pytest.param((False, False), A, B, id="aucune au flux"),
        pytest.param((True, True), B, A, id="deux au flux"),
        pytest.param((True, False), A, B, id="celle du flux"),
        pytest.param((True, False), B, None, id="pas celle du flux"),
        pytest.param((False, False), UUID(int=3), None, id="ni l'une ni l'autre"),
    ],
)
def test_keeps_the_one_that_the_flux_maintains(
    flux: tuple[bool, bool], gardee: UUID, perdue: UUID | None
) -> None:
    pair = [Fusionnable(A, flux[0]), Fusionnable(B, flux[1])]
    if perdue is not None:
        assert absorbee(gardee, pair) == perdue
        return
    with pytest.raises(Validation):
        absorbee(gardee, pair)


def vive(ident: int, personne: UUID, statut: str, jour: int) -> OrientationVive:
    return OrientationVive(
        UUID(int=ident),
        personne,
        StatutOrientation(statut),
        datetime(2026, 2, jour, tzinfo=UTC),
        date(2026, 3, jour),
    )


@pytest.mark.parametrize(
    ("vives", "ecrits"),
    [
        pytest.param([], [], id="aucune"),
        pytest.param([vive(1, A, "brouillon", 5)], [], id="celle de la gardée"),
        pytest.param([vive(2, B, "en_attente", 5)], [], id="celle de l'absorbée"),
        pytest.param(
            [vive(1, A, "ouverte", 1), vive(2, B, "brouillon", 5)], [], id="l'une décidée"
        ),
        pytest.param(
            [vive(1, A, "brouillon", 5), vive(2, B, "en_attente", 5)],
            [(2, {"statut": "cloturee"})],
            id="deux, même réception",
        ),
        pytest.param(
            [vive(1, A, "brouillon", 4), vive(2, B, "en_attente", 5)],
            [(2, {"statut": "cloturee"})],
            id="deux, la gardée d'abord",
        ),
        pytest.param(
            [vive(1, A, "brouillon", 5), vive(2, B, "en_attente", 4)],
            [
                (2, {"statut": "cloturee"}),
                (
                    1,
                    {
                        "recu_le": datetime(2026, 2, 4, tzinfo=UTC),
                        "date_limite": date(2026, 3, 4),
                    },
                ),
            ],
            id="deux, l'absorbée d'abord",
        ),
    ],
)
def test_leaves_one_to_decide_under_the_earlier_reception(
    vives: list[OrientationVive], ecrits: list[Any]
) -> None:
    found = orientations_fusionnees(A, vives)

    assert [(un.lignes[0].int, un.apres) for un in found] == ecrits
    assert all(un.avant.keys() == un.apres.keys() for un in found)


def test_refuses_two_in_force() -> None:
    with pytest.raises(DeuxOrientationsEnVigueur) as raised:
        orientations_fusionnees(A, [vive(1, A, "ouverte", 1), vive(2, B, "ouverte", 2)])
    assert raised.value.members["orientations"] == [str(UUID(int=1)), str(UUID(int=2))]
