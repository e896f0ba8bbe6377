"""Rendez-vous: states, slots, statements, reconvening, and France Travail's codes both ways."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.parcours.rendez_vous import rules
from services.parcours.rendez_vous.rules import EtatRendezVous
from shared.refus import TransitionInterdite, Validation
from shared.schemas.parcours.rendez_vous import (
    InitiateurRendezVous,
    ModaliteRendezVous,
    ModificationRendezVousCreation,
    MotifRendezVous,
    PresenceRendezVousCreation,
    ReceptionRendezVous,
    StatutRendezVous,
)

S = StatutRendezVous
REUNION = ZoneInfo("Indian/Reunion")
DEBUT = datetime(2026, 3, 10, 21, 30, tzinfo=UTC)  # the 11th, at half past one, in La Réunion
PRIS = EtatRendezVous(S.PRIS, DEBUT, rang_relance=0, repris=False)
UNE_SECONDE = timedelta(seconds=1)

CODES: Mapping[type[StrEnum], str] = {
    MotifRendezVous: "ACC ORI AUT",
    ModaliteRendezVous: "PHYSIQUE TELEPHONE VISIO",
    ReceptionRendezVous: "IND COL",
    StatutRendezVous: "PRIS EFFECTUE MODIFIE ABSENT ANNULE",
    InitiateurRendezVous: "USAGER PARTENAIRE",
}


@pytest.mark.parametrize("liste", CODES, ids=lambda liste: liste.__name__)
def test_every_word_is_a_code_of_france_travail_and_back(liste: type[StrEnum]) -> None:
    """France Travail's lists whole (parcours-rules.md §6)."""
    codes = {valeur: rules.vers_france_travail(valeur) for valeur in liste}
    assert set(codes.values()) == set(CODES[liste].split())
    assert {code: rules.depuis_france_travail(liste, code) for code in codes.values()} == {
        code: valeur for valeur, code in codes.items()
    }


def test_words_mean_what_their_codes_do() -> None:
    """Planted: ACC and ORI exchanged, red."""
    assert rules.depuis_france_travail(MotifRendezVous, "ACC") == "premier_accompagnement"
    assert rules.depuis_france_travail(MotifRendezVous, "ORI") == "orientation"
    assert rules.depuis_france_travail(ReceptionRendezVous, "COL") == "collective"
    with pytest.raises(Validation):
        rules.depuis_france_travail(MotifRendezVous, "PRIS")


def _creneau(duree: timedelta) -> ModificationRendezVousCreation:
    return ModificationRendezVousCreation.model_validate(
        {
            "debut_le": DEBUT,
            "fin_le": DEBUT + duree,
            "modalite": "visio",
            "initiateur": "usager",
        }
    )


@pytest.mark.parametrize(
    ("duree", "code"),
    [
        pytest.param(UNE_SECONDE, None, id="une seconde"),
        pytest.param(timedelta(days=1), None, id="un jour"),
        pytest.param(timedelta(0), "date-incoherente", id="nulle"),
        pytest.param(-UNE_SECONDE, "date-incoherente", id="à rebours"),
        pytest.param(timedelta(days=1) + UNE_SECONDE, "hors-bornes", id="plus d'un jour"),
    ],
)
def test_a_slot_has_bounds(duree: timedelta, code: str | None) -> None:
    if code is None:
        rules.verifier_creneau(_creneau(duree))
        return
    with pytest.raises(Validation) as refused:
        rules.verifier_creneau(_creneau(duree))
    assert [one["code"] for one in refused.value.members["erreurs"]] == [code]


@pytest.mark.parametrize("statut", S)
def test_what_a_state_allows(statut: StatutRendezVous) -> None:
    etat = replace(PRIS, statut=statut)
    for exige, admis in (
        (rules.exige_a_venir, (S.PRIS, S.MODIFIE)),
        (rules.exige_a_reprendre, (S.ABSENT, S.ANNULE)),
    ):
        if statut in admis:
            exige(etat)
        else:
            with pytest.raises(TransitionInterdite) as refused:
                exige(etat)
            assert refused.value.members["statut_actuel"] == statut
            assert refused.value.members["transitions_possibles"] == list(rules.TRANSITIONS[statut])


def test_a_missed_one_is_taken_again_once() -> None:
    with pytest.raises(TransitionInterdite):
        rules.exige_a_reprendre(replace(PRIS, statut=S.ABSENT, repris=True))


@pytest.mark.parametrize(
    ("statut", "rang"),
    [
        pytest.param(S.ABSENT, 3, id="manqué : une relance de plus"),
        pytest.param(S.ANNULE, 2, id="annulé : à personne"),
    ],
)
def test_only_an_absence_is_counted(statut: StatutRendezVous, rang: int) -> None:
    assert rules.rang_apres(replace(PRIS, statut=statut, rang_relance=2)) == rang


def _constater(
    presence: str = "presente",
    etat: EtatRendezVous = PRIS,
    *,
    motif: str | None = None,
    constat: date = date(2026, 3, 11),
    instant: datetime = DEBUT,
) -> StatutRendezVous:
    demande = PresenceRendezVousCreation.model_validate({"presence": presence, "motif": motif})
    return rules.statut_constate(
        etat, demande, date_constat=constat, instant=instant, fuseau=REUNION
    )


@pytest.mark.parametrize(
    ("presence", "motif", "etat", "statut"),
    [
        pytest.param("presente", None, PRIS, S.EFFECTUE, id="honoré"),
        pytest.param("absente", None, PRIS, S.ABSENT, id="absent, sans motif"),
        pytest.param("absente", "transport", PRIS, S.ABSENT, id="absent, et pourquoi"),
        pytest.param("excusee", "transport", PRIS, S.ABSENT, id="excusé"),
        pytest.param("presente", None, replace(PRIS, statut=S.MODIFIE), S.EFFECTUE, id="déplacé"),
        pytest.param("presente", None, replace(PRIS, statut=S.ABSENT), S.EFFECTUE, id="corrigé"),
        pytest.param(
            "excusee", "transport", replace(PRIS, statut=S.ABSENT), S.ABSENT, id="excusé après coup"
        ),
        pytest.param("absente", None, replace(PRIS, statut=S.EFFECTUE), S.ABSENT, id="détrompé"),
    ],
)
def test_a_presence_is_stated(
    presence: str, motif: str | None, etat: EtatRendezVous, statut: StatutRendezVous
) -> None:
    assert _constater(presence, etat, motif=motif) is statut


@pytest.mark.parametrize(
    ("champs", "refus"),
    [
        pytest.param({"instant": DEBUT - UNE_SECONDE}, rules.RendezVousAVenir, id="avant le début"),
        # 20:00 UTC is midnight in La Réunion: in UTC it is of the day before.
        pytest.param({"constat": date(2026, 3, 10)}, Validation, id="la veille, là-bas"),
        pytest.param({"constat": date(2026, 3, 12)}, Validation, id="demain"),
        pytest.param({"presence": "excusee"}, Validation, id="excusé sans motif"),
        pytest.param({"motif": "transport"}, Validation, id="présent avec un motif"),
        pytest.param({"etat": replace(PRIS, statut=S.ANNULE)}, TransitionInterdite, id="annulé"),
        pytest.param(
            {"etat": replace(PRIS, statut=S.ABSENT, repris=True)}, TransitionInterdite, id="repris"
        ),
    ],
)
def test_a_presence_is_refused(champs: Mapping[str, Any], refus: type[Any]) -> None:
    """Planted: the civil day counted in UTC, red."""
    with pytest.raises(refus):
        _constater(**champs)
