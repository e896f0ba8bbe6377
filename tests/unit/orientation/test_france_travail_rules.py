"""Our decision beside theirs: each disagreement, and what would mend it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.orientation.france_travail.rules import (
    REPARABLES,
    Attendre,
    Leur,
    Modifier,
    Notre,
    ecart,
    geste,
    leur,
    refuse_a_jamais,
    reprise_dans,
    verifier_correspondance,
)
from shared.clients.france_travail.contrats import (
    DecisionEnvoyee,
    OrientationForcee,
    OrientationLue,
)
from shared.refus import Validation
from shared.schemas.orientation.france_travail import TypeEcart
from shared.schemas.orientation.vocabulaire import MotifRefus, TypeOrganisme, TypeParcours

PRO, SOCIOPRO, SOCIAL = TypeParcours
CD, FT = TypeOrganisme.CONSEIL_DEPARTEMENTAL, TypeOrganisme.FRANCE_TRAVAIL
JOUR = date(2026, 2, 1)


def notre(parcours: TypeParcours, organisme: TypeOrganisme = CD, **rest: Any) -> Notre:
    base: dict[str, Any] = {
        "decideur": CD,
        "motif_refus": None,
        "date_decision": JOUR,
        "date_effet": JOUR,
    }
    return Notre(type_parcours=parcours, type_organisme=organisme, **base | rest)


def lue(etat: str, parcours: str, organisme: str = "CD", jour: int = 1) -> OrientationLue:
    return OrientationLue(
        etat=etat,
        parcours=parcours,
        organisme=organisme,
        date_creation=datetime(2026, 1, jour, tzinfo=UTC),
    )


ATTEND, OUVERT, CLOTURE = "EN_ATTENTE", "OUVERT", "CLOTURE"
CAS = [
    pytest.param(notre(SOCIAL), [lue(OUVERT, "PSO")], None, id="les mêmes"),
    pytest.param(None, [], None, id="ni ici ni là"),
    pytest.param(None, [lue(ATTEND, "PED", "FT")], None, id="en attente des deux côtés"),
    pytest.param(
        notre(SOCIAL), [lue(OUVERT, "PSO"), lue(ATTEND, "PED", "FT", 9)], None, id="réexamen là-bas"
    ),
    pytest.param(
        notre(PRO, FT), [lue(CLOTURE, "PSO"), lue(OUVERT, "PED", "FT", 2)], None, id="une close"
    ),
    pytest.param(
        notre(SOCIAL, TypeOrganisme.AUTRE_ORGANISME),
        [lue(OUVERT, "PSO", "CAF")],
        None,
        id="organisme sans code",
    ),
    pytest.param(
        notre(SOCIAL, TypeOrganisme.DELEGATAIRE_DEPARTEMENTAL),
        [lue(OUVERT, "PSO")],
        None,
        id="délégataire : le département",
    ),
    pytest.param(None, [lue(OUVERT, "PED", "FT")], TypeEcart.ABSENTE_ICI, id="décidée là-bas"),
    pytest.param(notre(SOCIAL), [], TypeEcart.ABSENTE_LA_BAS, id="rien là-bas"),
    pytest.param(notre(SOCIAL), [lue(CLOTURE, "PSO")], TypeEcart.ABSENTE_LA_BAS, id="close là-bas"),
    pytest.param(
        notre(SOCIAL), [lue(ATTEND, "PSO")], TypeEcart.NON_DECIDEE_LA_BAS, id="attend là-bas"
    ),
    pytest.param(
        notre(SOCIAL),
        [lue(OUVERT, "PED"), lue(ATTEND, "PSO", jour=9)],
        TypeEcart.NON_DECIDEE_LA_BAS,
        id="attend, une autre ouverte",
    ),
    pytest.param(
        notre(SOCIAL), [lue(OUVERT, "PSP")], TypeEcart.PARCOURS_INVERSE, id="social en PSP"
    ),
    pytest.param(
        notre(SOCIOPRO), [lue(OUVERT, "PSO")], TypeEcart.PARCOURS_INVERSE, id="sociopro en PSO"
    ),
    pytest.param(
        notre(SOCIAL), [lue(OUVERT, "PED")], TypeEcart.PARCOURS_DIFFERENT, id="autre parcours"
    ),
    pytest.param(
        notre(PRO, FT), [lue(OUVERT, "IND", "FT")], TypeEcart.PARCOURS_DIFFERENT, id="indéterminé"
    ),
    pytest.param(
        notre(PRO, FT), [lue(OUVERT, "PED")], TypeEcart.ORGANISME_DIFFERENT, id="autre organisme"
    ),
]


@pytest.mark.parametrize(("ici", "la", "attendu"), CAS)
def test_each_disagreement_has_its_type(
    ici: Notre | None, la: list[OrientationLue], attendu: TypeEcart | None
) -> None:
    """Planted: the inversion not told from another parcours, red."""
    assert ecart(ici, leur(la)) is attendu


@pytest.mark.parametrize(("ici", "la", "attendu"), CAS)
def test_what_is_repaired_disagrees_no_more(
    ici: Notre | None, la: list[OrientationLue], attendu: TypeEcart | None
) -> None:
    """Each repair, applied as they would, leaves no disagreement; what agrees needs none."""
    if ici is None or (attendu is None and any(une.etat == ATTEND for une in la)):
        return
    match geste(ici, leur(la), reparation=True):
        case Attendre.ENREGISTREE:
            assert attendu is None
            return
        case DecisionEnvoyee() as decision:
            attend = leur(la).attend
            assert attend is not None
            apres = lue(
                OUVERT,
                decision.parcours or attend.parcours or "",
                decision.organisme or attend.organisme or "",
            )
        case Modifier(parcours):
            ouverte = leur(la).ouverte
            assert ouverte is not None
            apres = lue(OUVERT, parcours, ouverte.organisme or "")
        case OrientationForcee() as forcee:
            apres = lue(OUVERT, forcee.parcours, forcee.organisme)
        case autre:
            pytest.fail(f"{autre}")
    assert attendu in REPARABLES
    assert ecart(ici, Leur(None, apres)) is None


@pytest.mark.parametrize(
    ("ici", "la", "reparation", "attendu"),
    [
        pytest.param(
            notre(PRO, FT),
            [lue(ATTEND, "PED", "FT")],
            False,
            ("ACCEPTEE", None, None, None),
            id="la leur : acceptée",
        ),
        pytest.param(
            notre(SOCIAL),
            [lue(ATTEND, "PED", "FT")],
            False,
            ("REFUSEE", "APPRECIATION_DIFFERENTE", "PSO", "CD"),
            id="une autre : refusée, avec la nôtre",
        ),
        pytest.param(
            notre(SOCIAL, motif_refus=MotifRefus.MANQUE_CAPACITE_ACCUEIL),
            [lue(ATTEND, "IND", "IND")],
            False,
            ("REFUSEE", "MANQUE_CAPACITE_ACCUEIL", "PSO", "CD"),
            id="indéterminée : toujours refusée, notre motif",
        ),
        pytest.param(
            notre(SOCIAL), [lue(OUVERT, "PSO")], False, Attendre.ENREGISTREE, id="déjà là"
        ),
        pytest.param(notre(SOCIAL), [], False, Attendre.SANS_PRECONISATION, id="rien n'attend"),
        pytest.param(
            notre(SOCIAL),
            [lue(OUVERT, "PED")],
            False,
            Attendre.SANS_PRECONISATION,
            id="une autre ouverte : à une personne de voir",
        ),
        pytest.param(
            notre(SOCIAL, TypeOrganisme.AUTRE_ORGANISME),
            [lue(ATTEND, "PSO")],
            False,
            Attendre.SANS_CODE,
            id="organisme sans code",
        ),
        pytest.param(notre(SOCIAL), [lue(OUVERT, "PSP")], True, Modifier("PSO"), id="le parcours"),
    ],
)
def test_what_is_sent(
    ici: Notre, la: list[OrientationLue], reparation: bool, attendu: object
) -> None:
    found = geste(ici, leur(la), reparation=reparation)
    if isinstance(found, DecisionEnvoyee):
        dite = (found.etat_decision, found.motif_refus, found.parcours, found.organisme)
        assert dite == attendu
        assert found.organisme_decision == "CD"
    else:
        assert found == attendu


@pytest.mark.parametrize(
    ("table", "mot"),
    [
        pytest.param({PRO: "PED", SOCIOPRO: "PSP", SOCIAL: "PSO"}, None, id="la nôtre"),
        pytest.param({PRO: "PED", SOCIOPRO: "PSO", SOCIAL: "PSP"}, "inverses", id="WebRSA"),
        pytest.param({PRO: "PSO", SOCIOPRO: "PSP", SOCIAL: "PED"}, "appliquee", id="une autre"),
    ],
)
def test_only_the_table_that_is_applied_opens(
    table: dict[TypeParcours, str], mot: str | None
) -> None:
    if mot is None:
        verifier_correspondance(table)
        return
    with pytest.raises(Validation) as refus:
        verifier_correspondance(table)
    assert mot in refus.value.members["erreurs"][0]["message"]


@pytest.mark.parametrize(
    ("statut", "code", "final"),
    [
        (200, "S002", True),
        (500, "R998", True),
        (403, "R001", True),
        (400, None, True),
        (404, None, False),
        (404, "S002", True),
        (403, None, False),
        (401, None, False),
        (302, None, False),
        (400, "invalid_scope", False),
        (500, None, False),
        (None, "circuit-ouvert", False),
    ],
)
def test_what_is_of_the_way_in_closes_no_decision(
    statut: int | None, code: str | None, final: bool
) -> None:
    assert refuse_a_jamais(statut, code) is final


def test_a_decision_is_tried_less_and_less_often() -> None:
    assert [reprise_dans(n) for n in (1, 2, 3, 50)] == [
        timedelta(seconds=30),
        timedelta(seconds=60),
        timedelta(seconds=120),
        timedelta(hours=6),
    ]


@pytest.mark.parametrize(
    ("demandee_s", "attendue"),
    [
        pytest.param(10, timedelta(seconds=30), id="moins que le nôtre"),
        pytest.param(3600, timedelta(hours=1), id="plus que le nôtre"),
        pytest.param(1e20, timedelta(days=1), id="un jour au plus"),
    ],
)
def test_what_they_ask_for_is_waited_for(demandee_s: float, attendue: timedelta) -> None:
    assert reprise_dans(1, demandee_s=demandee_s) == attendue
