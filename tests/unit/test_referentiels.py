"""Coded lists: whole, sourced, and in step with the vocabularies that they mirror."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from shared.referentiels import charger, codes
from shared.schemas.orientation.vocabulaire import (
    MotifRefus,
    NiveauFrein,
    TypeOrganisme,
    TypeParcours,
)
from shared.schemas.parcours.contrats_engagement import MotifHeures, TypeActivite

LISTES = {  # name: what makes a row unique
    "bareme-sanctions": ("code", "depuis"),
    "besoins-france-travail": ("code",),
    "codes-flux-caf": ("champ", "code"),
    "codes-sanctions-ft": ("champ", "code"),
    "contraintes-france-travail": ("niveau", "contrainte", "code"),
    "criteres-orientation-api-france-travail": ("champ", "code"),
    "criteres-possibles-depuis-dsp": ("champ", "code", "critere"),
    "delais": ("code", "depuis"),
    "enumerations-data-inclusion": ("referentiel", "code"),
    "freins": ("code",),
    "imputations-comptables": ("plan", "type", "code"),
    "montants-rsa": ("code", "depuis"),
    "motifs-heures-activite": ("code",),
    "motifs-reorientation": ("code",),
    "motifs-sortie": ("code",),
    "niveaux-freins-depuis-criteres": ("champ", "code"),
    "organismes-referents": ("code",),
    "table-decision-organisme": ("regle",),
    "taux-nationaux": ("code", "depuis"),
    "thematiques-data-inclusion": ("code",),
    "types-activites-plan-action": ("code",),
    "types-parcours": ("code",),
}
CRITERES = "criteres-orientation-api-france-travail"


@pytest.mark.parametrize("nom", LISTES)
def test_every_row_is_unique_and_bears_its_source(nom: str) -> None:
    lignes = charger(nom)

    assert len({tuple(ligne[cle] for cle in LISTES[nom]) for ligne in lignes}) == len(lignes)
    assert all(ligne["source"] for ligne in lignes)
    assert all(None not in ligne and None not in ligne.values() for ligne in lignes)


@pytest.mark.parametrize(
    "nom", ["delais", "freins", "motifs-reorientation", "motifs-sortie", "organismes-referents"]
)
def test_codes_of_ours_are_in_lower_snake_case(nom: str) -> None:
    assert all(re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", code) for code in codes(nom))


def test_a_list_is_read_once_and_cannot_be_changed() -> None:
    assert charger("freins") is charger("freins")
    with pytest.raises(TypeError):
        charger("freins")[0]["code"] = "autre"  # type: ignore[index]  # what is being refused


def test_an_unknown_list_is_a_fault() -> None:
    with pytest.raises(FileNotFoundError):
        charger("inconnue")


def test_the_fifteen_freins_of_the_sector() -> None:
    assert len(codes("freins")) == 15
    assert "garde_enfant" in codes("freins")


def test_enumerations_are_those_of_the_lists() -> None:
    techniques = {"entretien_orientation", "indetermine"}
    assert codes("types-parcours") - techniques == set(TypeParcours)
    assert codes("organismes-referents") - techniques == set(TypeOrganisme)
    assert codes("niveaux-freins-depuis-criteres", "niveau") < set(NiveauFrein)
    assert codes("motifs-heures-activite") == set(MotifHeures)
    assert codes("types-activites-plan-action") == set(TypeActivite)
    refus = codes(CRITERES, champ="decision.motif_refus")
    assert {code.lower() for code in refus} == set(MotifRefus)


def test_freins_name_situations_that_france_travail_has() -> None:
    """Each under the contrainte of its frein: a frein's own codes are a part of them."""
    theirs: dict[str, set[str]] = {}
    for ligne in charger("contraintes-france-travail"):
        if ligne["niveau"] == "situation":
            theirs.setdefault(ligne["contrainte"], set()).add(ligne["code"])
    assert len(charger("besoins-france-travail")) == 21
    for frein in charger("freins"):
        situations = set(frein["situations_ft"].split("|")) - {""}
        assert situations <= theirs.get(frein["contrainte_ft"], set()), frein["code"]


def test_every_contrainte_has_one_level() -> None:
    contraintes = {
        (ligne["champ"], ligne["code"])
        for ligne in charger(CRITERES)
        if ligne["champ"].startswith("contrainte_")
    }
    niveaux = {
        (ligne["champ"], ligne["code"]) for ligne in charger("niveaux-freins-depuis-criteres")
    }
    assert niveaux == contraintes


def test_criteria_are_those_of_france_travail() -> None:
    """Read from their own document, which is not copied here: its folder is a setting."""
    dossier = Path(os.environ.get("JALONS_REFERENCE", "../shared/data"))
    document = dossier / "france-travail" / "orientation-usager-v1.openapi.json"
    if not document.exists():
        pytest.skip(f"{document.name} is not here: set JALONS_REFERENCE to its folder's parent")
    schemas: dict[str, Any] = json.loads(document.read_text(encoding="utf-8"))["components"][
        "schemas"
    ]
    champs = schemas["CriteresOrientationCA_Lecture"]["properties"]

    enumeres = {champ: set(forme["enum"]) for champ, forme in champs.items() if "enum" in forme}
    booleens = {champ for champ, forme in champs.items() if forme.get("type") == "boolean"}

    assert enumeres == {champ: codes(CRITERES, champ=champ, usage="critere") for champ in enumeres}
    assert all(codes(CRITERES, champ=champ) == {"true", "false"} for champ in booleens)
    # One value per field: no field of theirs is a list.
    assert "array" not in {forme.get("type") for forme in champs.values()}
