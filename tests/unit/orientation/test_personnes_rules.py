"""Who is recognised, by what, and who is not: a table that an agent could read."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.orientation.personnes.rules import (
    Candidat,
    IdentiteAmbigue,
    PersonneExistante,
    cles_communes,
    identites_proches,
    reconnaitre,
    situation_rsa,
    verifier_foyer,
    verifier_orientable,
    verifier_risque,
)
from shared.refus import Validation
from shared.schemas.orientation.personnes import ReconnuePar, SituationRsa, SourcePersonne
from shared.schemas.orientation.vocabulaire import OrganismeDemande

NEE, AUTRE_JOUR = date(1991, 1, 31), date(1991, 1, 13)
A, B = UUID(int=1), UUID(int=2)
NIR, NUMERO, REFERENCE = (
    ReconnuePar.NIR,
    ReconnuePar.NUMERO_FRANCE_TRAVAIL,
    ReconnuePar.REFERENCE,
)
MATRICULE, IDENTITE, AUCUNE = ReconnuePar.MATRICULE, ReconnuePar.IDENTITE, ReconnuePar.AUCUNE


def candidat(
    ident: UUID, *cles: ReconnuePar, naissance: date = NEE, autre_nir: bool = False
) -> Candidat:
    return Candidat(ident, naissance, frozenset(cles), autre_nir)


@pytest.mark.parametrize(
    ("candidats", "numero", "attendu"),
    [
        pytest.param([], True, (None, AUCUNE), id="personne"),
        pytest.param([candidat(A, NIR)], True, (A, NIR), id="NIR, autre nom"),
        pytest.param([candidat(A, NIR, IDENTITE)], True, (A, NIR), id="NIR et nom"),
        pytest.param([candidat(A, NUMERO)], True, (A, NUMERO), id="numéro France Travail"),
        pytest.param([candidat(A, REFERENCE)], False, (A, REFERENCE), id="clé du client"),
        pytest.param([candidat(A, MATRICULE)], True, (A, MATRICULE), id="matricule et rôle"),
        pytest.param(
            [candidat(B, MATRICULE), candidat(A, NIR)], True, (A, NIR), id="le NIR l'emporte"
        ),
        pytest.param(
            [candidat(B, REFERENCE), candidat(A, NUMERO)],
            True,
            (A, NUMERO),
            id="le numéro avant la clé du client",
        ),
        pytest.param([candidat(A, IDENTITE)], False, (A, IDENTITE), id="nom seul"),
        pytest.param(
            [candidat(A, IDENTITE)], True, (None, AUCUNE), id="nom seul, avec un numéro inconnu"
        ),
        pytest.param(
            [candidat(A, IDENTITE), candidat(A, IDENTITE)],
            False,
            (A, IDENTITE),
            id="deux fiches d'une même personne gardée",
        ),
        pytest.param(
            [candidat(A, MATRICULE, naissance=AUTRE_JOUR)],
            True,
            (None, AUCUNE),
            id="matricule, autre naissance : le conjoint a changé",
        ),
        pytest.param(
            [candidat(A, MATRICULE, autre_nir=True)],
            True,
            (None, AUCUNE),
            id="matricule, autre NIR : une autre personne",
        ),
        pytest.param(
            [candidat(A, IDENTITE, autre_nir=True)],
            False,
            (None, AUCUNE),
            id="nom, autre NIR : une autre personne",
        ),
        pytest.param(
            [candidat(A, NUMERO, autre_nir=True), candidat(A, NIR)],
            True,
            (A, NIR),
            id="fusionnée : le NIR de l'une, le numéro de l'absorbée",
        ),
        pytest.param(
            [candidat(A, NUMERO, naissance=AUTRE_JOUR), candidat(A, NIR)],
            True,
            (A, NIR),
            id="fusionnée, née deux jours différents",
        ),
    ],
)
def test_recognises(candidats: list[Candidat], numero: bool, attendu: Any) -> None:
    """Planted: the rows of a merged person held against one another, red."""
    assert reconnaitre(NEE, candidats, numero=numero) == attendu


@pytest.mark.parametrize(
    ("candidats", "refus", "membres"),
    [
        pytest.param(
            [candidat(A, NIR, naissance=AUTRE_JOUR)], PersonneExistante, {}, id="NIR d'une autre"
        ),
        pytest.param(
            [candidat(A, NUMERO, naissance=AUTRE_JOUR)],
            PersonneExistante,
            {},
            id="numéro d'une autre",
        ),
        pytest.param(
            [candidat(A, NUMERO, autre_nir=True)], PersonneExistante, {}, id="deux NIR, un numéro"
        ),
        pytest.param(
            [candidat(B, NIR), candidat(A, NUMERO, naissance=AUTRE_JOUR)],
            PersonneExistante,
            {},
            id="NIR de l'une, numéro d'une autre",
        ),
        pytest.param(
            [candidat(A, REFERENCE, naissance=AUTRE_JOUR)],
            PersonneExistante,
            {"id": str(A)},
            id="clé du client, autre naissance",
        ),
        pytest.param(
            [candidat(A, NUMERO, naissance=AUTRE_JOUR), candidat(A, IDENTITE, MATRICULE)],
            PersonneExistante,
            {},
            id="fusionnée, et aucune clé propre ne s'accorde",
        ),
        pytest.param(
            [candidat(A, IDENTITE), candidat(B, IDENTITE)],
            IdentiteAmbigue,
            {},
            id="deux homonymes",
        ),
    ],
)
def test_refuses_what_would_confuse_two_people(
    candidats: list[Candidat], refus: type[Exception], membres: dict[str, str]
) -> None:
    with pytest.raises(refus) as raised:
        reconnaitre(NEE, candidats, numero=False)

    assert raised.value.members == membres  # type: ignore[attr-defined]


def test_keys_sent_together_name_the_others() -> None:
    candidats = [
        candidat(A, NIR),
        candidat(B, MATRICULE),
        candidat(UUID(int=3), IDENTITE),
        candidat(UUID(int=4), MATRICULE, naissance=AUTRE_JOUR),
    ]
    assert cles_communes(A, NEE, candidats) == [B]


@pytest.mark.parametrize(
    ("une", "autre", "proches"),
    [
        pytest.param(("Le Goff", "Anne"), ("LE-GOFF", "anne"), True, id="casse et traits"),
        pytest.param(("Le Goff", "Anne Marie"), ("Le Goff", "Anne"), True, id="premier prénom"),
        pytest.param(("Le Goff", "Anne, Marie"), ("Le Goff", "Anne"), True, id="virgule"),
        pytest.param(("Anne", "Le Goff"), ("Le Goff", "Anne"), False, id="prénom en deux mots"),
        pytest.param(("Anne", "Goff"), ("Goff", "Anne"), True, id="inversés"),
        pytest.param(("Le Goff", "Anna"), ("Le Goff", "Anne"), False, id="autre prénom"),
    ],
)
def test_spells_what_namesakes_share(
    une: tuple[str, str], autre: tuple[str, str], proches: bool
) -> None:
    assert (
        identites_proches(*une, None, NEE)[0] == identites_proches(*autre, None, NEE)[0]
    ) is proches


def test_a_birth_name_is_a_second_spelling_unless_it_is_the_same() -> None:
    assert identites_proches("Essai", "Anne", "ESSAI", NEE)[1] is None
    assert (
        identites_proches("Essai", "Anne", "Rivière", NEE)[1]
        == identites_proches("Riviere", "Anne", None, NEE)[0]
    )


@pytest.mark.parametrize(
    ("foyer", "manquants"),
    [
        pytest.param((None, None, None), [], id="rien"),
        pytest.param(("CAF/351", "2089564", "DEM"), [], id="entier"),
        pytest.param((None, "2089564", None), ["/organisme_payeur", "/role"], id="matricule seul"),
        pytest.param(("CAF/351", None, "CJT"), ["/matricule"], id="sans matricule"),
    ],
)
def test_a_number_of_a_foyer_names_nobody_alone(foyer: Any, manquants: list[str]) -> None:
    if not manquants:
        verifier_foyer(*foyer)
        return
    with pytest.raises(Validation) as raised:
        verifier_foyer(*foyer)
    assert [un["pointeur"] for un in raised.value.members["erreurs"]] == manquants


JOUR = date(2026, 3, 2)
CAF = SourcePersonne.CAF


@pytest.mark.parametrize(
    ("risque", "source", "beneficiaire", "erreur"),
    [
        pytest.param(None, None, True, None, id="rien n'est dit"),
        pytest.param(JOUR, CAF, False, None, id="le jour même"),
        pytest.param(date(2026, 3, 3), CAF, False, "date-incoherente", id="le lendemain"),
        pytest.param(date(1988, 12, 1), CAF, None, None, id="premier jour du revenu minimum"),
        pytest.param(date(1988, 11, 30), CAF, None, "date-incoherente", id="la veille"),
        pytest.param(JOUR, None, False, "requis", id="sans source"),
        pytest.param(None, CAF, False, "requis", id="sans date"),
        pytest.param(JOUR, CAF, True, "hors-bornes", id="bénéficiaire"),
    ],
)
def test_a_risk_has_a_date_and_a_source(
    risque: date | None, source: SourcePersonne | None, beneficiaire: bool, erreur: str | None
) -> None:
    if erreur is None:
        verifier_risque(risque, source, beneficiaire=beneficiaire, jour=JOUR)
        return
    with pytest.raises(Validation) as raised:
        verifier_risque(risque, source, beneficiaire=beneficiaire, jour=JOUR)
    assert [un["code"] for un in raised.value.members["erreurs"]] == [erreur]


def test_a_right_that_opened_ends_the_risk() -> None:
    assert situation_rsa(beneficiaire=False, date_risque=None) is SituationRsa.HORS_RSA
    assert situation_rsa(beneficiaire=False, date_risque=JOUR) is SituationRsa.A_RISQUE
    assert situation_rsa(beneficiaire=True, date_risque=JOUR) is SituationRsa.BENEFICIAIRE


def test_a_risk_alone_opens_no_orientation() -> None:
    verifier_orientable(SituationRsa.HORS_RSA, None)
    verifier_orientable(SituationRsa.BENEFICIAIRE, None)
    verifier_orientable(SituationRsa.A_RISQUE, OrganismeDemande.MISSION_LOCALE)
    with pytest.raises(Validation):
        verifier_orientable(SituationRsa.A_RISQUE, None)
