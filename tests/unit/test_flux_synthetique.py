"""The synthetic flux: valid, repeatable, varied, and about nobody."""

import os
from collections import Counter
from datetime import date
from io import BytesIO
from itertools import islice
from pathlib import Path

import pytest
from lxml import etree

from deploy.local.flux_synthetique import COMMUNES, ecrire, generer
from services.orientation.flux.canonique import (
    EnteteFlux,
    EtatDossier,
    Foyer,
    ObjetSuspension,
    TransmissionFlux,
    a_orienter,
)
from services.orientation.flux.lecture import lire
from shared.identifiants import commune_valide

REFERENCE = date(2026, 10, 31)
RACINE_DEPOT = Path(__file__).parents[2]


def octets(*, foyers: int = 400, graine: int = 35, type_flux: str = "M") -> bytes:
    return b"".join(
        generer(foyers=foyers, graine=graine, date_reference=REFERENCE, type_flux=type_flux)
    )


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    donnees = os.environ.get("JALONS_REFERENCE")
    dossier = Path(donnees) if donnees else RACINE_DEPOT.parent / "shared" / "data"
    chemin = dossier / "caf" / "vrsb0801.xsd"
    if not chemin.exists():
        pytest.skip("vrsb0801.xsd absent : indiquer son dossier dans JALONS_REFERENCE")
    return etree.XMLSchema(etree.parse(chemin))


@pytest.fixture(scope="module")
def foyers() -> list[Foyer]:
    lus = list(lire([octets()], "035"))
    assert isinstance(lus[0], EnteteFlux)
    assert isinstance(lus[-1], TransmissionFlux)
    foyers = [lu for lu in lus if isinstance(lu, Foyer)]
    assert len(foyers) == len(lus) - 2
    return foyers


@pytest.mark.parametrize("type_flux", ["M", "I", "J"])
@pytest.mark.parametrize("graine", range(4))
def test_is_valid_against_the_schema(schema: etree.XMLSchema, graine: int, type_flux: str) -> None:
    document = etree.parse(BytesIO(octets(foyers=200, graine=graine, type_flux=type_flux)))

    schema.assertValid(document)


def test_schema_refuses_what_is_wrong(schema: etree.XMLSchema) -> None:
    document = etree.parse(BytesIO(octets(foyers=1).replace(b"ETATDOSRSA", b"ETAT")))

    assert not schema.validate(document)


def test_same_seed_gives_same_bytes() -> None:
    assert octets() == octets()
    assert octets() != octets(graine=36)


def test_writes_what_it_generates(tmp_path: Path) -> None:
    chemin = tmp_path / "flux.xml"

    ecrire(chemin, foyers=400, graine=35, date_reference=REFERENCE)

    assert chemin.read_bytes() == octets()


def test_streams_a_file_of_any_size() -> None:
    morceaux = generer(foyers=8_000_000, graine=1, date_reference=REFERENCE)

    assert len(list(islice(morceaux, 10))) == 10


def test_is_in_windows_1252() -> None:
    texte = octets().decode("windows-1252")

    assert {"é", "ç", "œ"} <= set(texte)
    assert 'encoding="windows-1252"' in texte.partition("\n")[0]


def test_counts_match_after_reading(foyers: list[Foyer]) -> None:
    document = etree.parse(BytesIO(octets()))

    assert len(foyers) == 400
    assert Counter(len(foyer.personnes) for foyer in foyers) == Counter(
        len(element.findall("Personne")) for element in document.iter("InfosFoyerRSA")
    )
    assert Counter(foyer.etat_dossier for foyer in foyers) == Counter(
        element.text for element in document.iter("ETATDOSRSA")
    )
    droits = [element.text == "1" for element in document.iter("TOPPERSDRODEVORSA")]
    assert sum(p.droits_devoirs for foyer in foyers for p in foyer.personnes) == sum(droits)


def test_has_the_variety_of_a_departement(foyers: list[Foyer]) -> None:
    etats = Counter(foyer.etat_dossier for foyer in foyers)
    adresses = [foyer.adresse for foyer in foyers if foyer.adresse]

    assert set(etats) == set(EtatDossier)
    assert etats[EtatDossier.OUVERT] > len(foyers) / 2
    assert {foyer.fonorg for foyer in foyers} == {"CAF", "MSA"}
    assert {p.role for foyer in foyers for p in foyer.personnes} == {"DEM", "CJT", "ENF"}
    assert {s.objet for foyer in foyers for s in foyer.suspensions} == set(ObjetSuspension)
    assert {p.nature for foyer in foyers for p in foyer.prestations} == {"RSD", "RSI"}
    assert {adresse.commune for adresse in adresses} == {insee for insee, _, _ in COMMUNES}
    for present in ("transfert", "sans_domicile", "motif_cloture"):
        assert {bool(getattr(foyer, present)) for foyer in foyers} == {True, False}
    assert {a_orienter(p, f) for f in foyers for p in f.personnes} == {True, False}


def test_keys_are_unique(foyers: list[Foyer]) -> None:
    assert len({foyer.cle for foyer in foyers}) == len(foyers)
    assert len({(foyer.fonorg, foyer.matricule) for foyer in foyers}) == len(foyers)


def test_nir_belong_to_nobody(foyers: list[Foyer]) -> None:
    personnes = [p for foyer in foyers for p in foyer.personnes]
    nirs = [(p.nir, p) for p in personnes if p.nir]

    assert 0 < len(nirs) < len(personnes)
    assert len({nir for nir, _ in nirs}) == len(nirs)
    for nir, personne in nirs:
        assert nir[:5] == f"{personne.sexe}{personne.date_naissance:%y%m}"
        assert nir[7:10] == "999"


def test_communes_are_well_formed() -> None:
    for insee, code_postal, _ in COMMUNES:
        assert commune_valide(insee).startswith("35")
        assert code_postal.startswith("35")


def test_daily_file_bears_its_events() -> None:
    lus = [lu for lu in lire([octets(type_flux="J")], "035") if isinstance(lu, Foyer)]

    assert {fait for foyer in lus for fait in foyer.faits_generateurs} == {"DEMRSA", "MUT"}


def test_serves_another_departement() -> None:
    flux = generer(
        foyers=50,
        graine=1,
        date_reference=REFERENCE,
        ideparte="001",
        communes=[("01053", "01000", "Bourg-en-Bresse")],
    )

    lus = [lu for lu in lire(flux, "001") if isinstance(lu, Foyer)]

    assert len(lus) == 50
    assert {foyer.adresse.code_postal for foyer in lus if foyer.adresse} == {"01000"}
