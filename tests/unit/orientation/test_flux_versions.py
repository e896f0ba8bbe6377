"""Two versions of one flux: the same foyers, the same refusals, but for what a version cannot say.

Each promise was seen red once, in a copy, with the bug that the docstring names.
"""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from deploy.local.flux_synthetique import CODES_VRSD0301, Version, generer
from services.orientation.flux.canonique import (
    Avertissement,
    CodeAvertissement,
    EnteteFlux,
    EtatDossier,
    Foyer,
    FoyerRejete,
    MotifRejet,
    ObjetSuspension,
    TransmissionFlux,
    a_orienter,
)
from services.orientation.flux.lecture import FluxIllisible, MotifIllisible, lire
from tests.unit.orientation import test_flux_lecture as ancien
from tests.unit.orientation.test_flux_lecture import LU, remplacer

RACINE_DEPOT = Path(__file__).parents[3]
REFERENCE = date(2026, 10, 31)
VERSIONS: tuple[Version, ...] = get_args(Version)

ENTETE = remplacer(
    ancien.ENTETE, "<TYPEFLUX>", "<VERSIONFLUX>VRSD0301</VERSIONFLUX>\n<TYPEFLUX>"
).replace("</DTREF>\n", "</DTREF>\n<TYPEPARTE>CGD</TYPEPARTE><IDEPARTE>035</IDEPARTE>\n")
CALCUL = """\
<CalculDroitRSAPersonne>
<TOPPERSDRODEVORSA>1</TOPPERSDRODEVORSA><TOPPERSENTDRODEVORSA>1</TOPPERSENTDRODEVORSA>
<DDSOUDRODEV>2026-09-01</DDSOUDRODEV>
</CalculDroitRSAPersonne>
"""


def en_vrsd0301(texte: str) -> str:
    """Write the foyer of `test_flux_lecture.py` as VRSD0301 does."""
    for avant, apres in (
        ("<PRENOM2>Zoé</PRENOM2>", "<LISPRENOMS>MAËLLE, Zoé</LISPRENOMS>"),
        (
            (
                "<Prestations><NATPREST>PFA</NATPREST><ROLEPERS>CJT</ROLEPERS>"
                "<TOPCHAPERS>0</TOPCHAPERS></Prestations>\n"
            ),
            "<FonctionPersonnePFA><ROLEPERS>CJT</ROLEPERS></FonctionPersonnePFA>\n",
        ),
        ("<Prestations><NATPREST>RSA</NATPREST>", "<FonctionPersonneRSA>"),
        ("</Prestations>", "</FonctionPersonneRSA>"),
        ("<NBENFAUTCHA>00</NBENFAUTCHA></TroncCommunDroitRSA>", "</TroncCommunDroitRSA>"),
        (
            "<DetailCalculDroitRSA>",
            (
                "<MontantsCalculDroitRSA><NBENFAUTCHA>00</NBENFAUTCHA></MontantsCalculDroitRSA>\n"
                "<DetailCalculDroitRSA><RSASocle>"
            ),
        ),
        (
            "</DetailCalculDroitRSA>",
            "</RSASocle><RSAActivite><NATPF>ABS</NATPF></RSAActivite></DetailCalculDroitRSA>",
        ),
    ):
        texte = remplacer(texte, avant, apres)
    debut = texte.index("<MontantCalculDroitRSAPersonne>")
    fin = texte.index("</Personne>")
    return texte[:debut] + CALCUL + texte[fin:]


FOYER = en_vrsd0301(ancien.FOYER)
FOYERS: dict[Version, str] = {"VRSB0801": ancien.FOYER, "VRSD0301": FOYER}


def flux(version: Version, *foyers: str) -> bytes:
    entete = ENTETE if version == "VRSD0301" else ancien.ENTETE
    texte = f"{ancien.DECLARATION}<Racine>\n{entete}{''.join(foyers)}"
    return f"{texte}{ancien.transmission(len(foyers))}</Racine>\n".encode("windows-1252")


def lire_foyer(texte: str) -> Foyer:
    _, foyer, _ = lire([flux("VRSD0301", texte)], "035")
    assert isinstance(foyer, Foyer), foyer
    return foyer


def synthetique(version: Version, **autres: object) -> list[LU]:
    reglages = {"foyers": 600, "graine": 35, "date_reference": REFERENCE, "type_flux": "J"}
    octets = generer(**{**reglages, **autres}, version=version)  # type: ignore[arg-type]
    return list(lire(octets, "035"))


# The same foyers


def test_reads_the_header() -> None:
    entete = next(lire([flux("VRSD0301", FOYER)], "035"))

    assert isinstance(entete, EnteteFlux)
    assert entete == replace(
        next(lire([flux("VRSB0801")], "035")),  # type: ignore[type-var]
        version_flux="VRSD0301",
    )


def test_one_foyer_in_both_versions_is_one_foyer() -> None:
    """Seen red with NBENFAUTCHA read in TroncCommunDroitRSA alone, and with RSASocle unread."""
    assert replace(lire_foyer(FOYER), ligne=12) == ancien.lire_foyer()
    assert lire_foyer(FOYER).empreinte == ancien.lire_foyer().empreinte


@pytest.mark.parametrize("type_flux", ["M", "J"])
@pytest.mark.parametrize("graine", [1, 35])
def test_same_seed_gives_the_same_foyers(graine: int, type_flux: str) -> None:
    """Equal in all but: the line, and the codes of what VRSD0301 names by fewer words.

    Those are the faits générateurs, the reasons of suspensions and the reason of a closure; their
    dates and objects are equal. A refusal has no date in our model, and a death only comes in
    VRSD0301, of which the generator writes none. Seen red with `fin >= date_reference` in
    `_droits_devoirs`, with PRENOM not taken out of LISPRENOMS, and with the end of the right of an
    état 6 left out.
    """
    par_version = {
        version: [
            lu
            for lu in synthetique(version, graine=graine, type_flux=type_flux)
            if isinstance(lu, Foyer)
        ]
        for version in VERSIONS
    }

    anciens = [
        replace(dans_la_langue_de_vrsd0301(foyer), ligne=0) for foyer in par_version[VERSIONS[0]]
    ]
    nouveaux = [replace(foyer, ligne=0) for foyer in par_version[VERSIONS[1]]]

    assert len(nouveaux) == 600
    assert nouveaux == anciens
    orientees = [a_orienter(p, f) for f in nouveaux for p in f.personnes]
    assert set(orientees) == {True, False}
    assert any(
        f.etat_dossier == EtatDossier.CLOS_ANTERIEUREMENT and f.motif_cloture for f in nouveaux
    )
    assert {bool(f.faits_generateurs) for f in nouveaux} == (
        {False} if type_flux == "M" else {False, True}
    )


def dans_la_langue_de_vrsd0301(foyer: Foyer) -> Foyer:
    codes = CODES_VRSD0301
    noms = {
        ObjetSuspension.DROIT: "MOTISUSDRORSA",
        ObjetSuspension.VERSEMENT: "MOTISUSVERSRSA",
    }
    return replace(
        foyer,
        faits_generateurs=tuple(codes["FG"][fait] for fait in foyer.faits_generateurs),
        suspensions=tuple(
            replace(suspension, motif=codes[noms[suspension.objet]][suspension.motif])
            for suspension in foyer.suspensions
        ),
        motif_cloture=foyer.motif_cloture and codes["MOTICLORSA"][foyer.motif_cloture],
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_every_code_of_a_synthetic_flux_is_known(version: Version) -> None:
    """Seen red with `SCG` taken out of the known codes of VRSD0301."""
    avertissements = Counter(
        avertissement.code
        for lu in synthetique(version)
        if isinstance(lu, Foyer)
        for avertissement in lu.avertissements
    )

    assert set(avertissements) == {CodeAvertissement.NIR_ABSENT}


# Who is under droits et devoirs


@pytest.mark.parametrize(
    ("debut", "fin", "soumise"),
    [
        pytest.param("2026-10-31", None, True, id="depuis DTREF"),
        pytest.param("2026-11-01", None, False, id="le lendemain de DTREF"),
        pytest.param("2026-09-01", "2026-11-01", True, id="fin le lendemain"),
        pytest.param("2026-09-01", "2026-10-31", False, id="fin le jour de DTREF"),
        pytest.param("2026-09-01", "2026-09-01", False, id="période vide"),
        pytest.param(None, None, False, id="sans dates"),
        pytest.param(None, "2027-01-01", False, id="fin sans début"),
    ],
)
@pytest.mark.parametrize("ou", ["CalculDroitRSAPersonne", "Personne"])
def test_droits_et_devoirs_are_read_from_their_dates(
    debut: str | None, fin: str | None, soumise: bool, ou: str
) -> None:
    """Seen red with `<` for the first day, with `>=` for the last, and with Personne not read."""
    dates = f"<DDSOUDRODEV>{debut}</DDSOUDRODEV>" if debut else ""
    dates += f"<DFSOUDRODEV>{fin}</DFSOUDRODEV>" if fin else ""
    bloc = f"<{ou}>{dates}</{ou}>" if ou != "Personne" else dates

    foyer = lire_foyer(remplacer(FOYER, CALCUL, bloc))

    assert foyer.personnes[0].droits_devoirs is soumise
    assert foyer.avertissements == ()


@pytest.mark.parametrize(("top", "soumise"), [("1", True), ("0", False)])
def test_without_dates_the_top_decides(top: str, soumise: bool) -> None:
    sans = remplacer(FOYER, "<DDSOUDRODEV>2026-09-01</DDSOUDRODEV>\n", "")
    foyer = lire_foyer(remplacer(sans, "<TOPPERSDRODEVORSA>1", f"<TOPPERSDRODEVORSA>{top}"))

    assert foyer.personnes[0].droits_devoirs is soumise
    assert foyer.avertissements == ()


def test_dates_that_contradict_the_top_decide_and_warn() -> None:
    foyer = lire_foyer(remplacer(FOYER, "<TOPPERSDRODEVORSA>1", "<TOPPERSDRODEVORSA>0"))

    assert foyer.personnes[0].droits_devoirs is True
    assert foyer.avertissements == (
        Avertissement(CodeAvertissement.DROITS_DEVOIRS_INCOHERENTS, "DDSOUDRODEV"),
    )


def test_the_dead_are_not_oriented() -> None:
    """Seen red with `date_deces` left out of `a_orienter`."""
    foyer = lire_foyer(remplacer(FOYER, "<SEXE>2</SEXE>", "<SEXE>2</SEXE><DTDC>2026-10-02</DTDC>"))
    vivante = lire_foyer(FOYER)

    assert foyer.personnes[0].date_deces == date(2026, 10, 2)
    assert not a_orienter(foyer.personnes[0], foyer)
    assert a_orienter(vivante.personnes[0], vivante)
    assert foyer.empreinte != vivante.empreinte


# Where the tree leaves a doubt


@pytest.mark.parametrize(
    ("top", "role"),
    [pytest.param("1", "DEM", id="responsable"), pytest.param("0", "CJT", id="non")],
)
@pytest.mark.parametrize("bloc", ["DossierCafMsa", "DossierCAF"])
def test_a_ben_is_told_by_who_holds_the_dossier(bloc: str, top: str, role: str) -> None:
    ben = remplacer(FOYER, "<ROLEPERS>DEM", "<ROLEPERS>BEN")
    dossier = f"<{bloc}><TOPRESPDOS>{top}</TOPRESPDOS></{bloc}>"
    personne = ben[ben.index("<Personne>") : ben.index("<DonneesAdministratives>")]
    autre = remplacer(personne, "</Personne>", f"{dossier}</Personne>")
    deux = FOYER.replace("<Personne>", autre + "<Personne>", 1)

    assert [personne.role for personne in lire_foyer(deux).personnes] == [role, "DEM"]


@pytest.mark.parametrize(
    ("liste", "prenoms"),
    [
        pytest.param("Maëlle Zoé Anne-Lise", ("Maëlle", "Zoé", "Anne-Lise"), id="espaces"),
        pytest.param("Maëlle,Zoé", ("Maëlle", "Zoé"), id="virgules"),
        pytest.param("MAËLLE", ("Maëlle",), id="seul"),
        pytest.param("", ("Maëlle",), id="vide"),
        pytest.param("Maëllenn Zoé", ("Maëlle", "Maëllenn", "Zoé"), id="autre prénom"),
    ],
)
def test_prenoms_are_listed_once(liste: str, prenoms: tuple[str, ...]) -> None:
    foyer = lire_foyer(remplacer(FOYER, "MAËLLE, Zoé", liste))

    assert foyer.personnes[0].prenoms == prenoms


@pytest.mark.parametrize(
    ("avant", "apres"),
    [
        pytest.param("<RSASocle>", "", id="DetailCalculDroitRSA sans RSASocle"),
        pytest.param("<MontantsCalculDroitRSA>", "", id="NBENFAUTCHA dans le tronc commun"),
        pytest.param(
            "</DonneesAdministratives>", "", id="PrestationRSA dans DonneesAdministratives"
        ),
    ],
)
def test_reads_elements_where_they_may_also_stand(avant: str, apres: str) -> None:
    fin = avant.replace("<", "</")
    match avant:
        case "<RSASocle>":
            texte = remplacer(remplacer(FOYER, avant, apres), fin, apres)
        case "<MontantsCalculDroitRSA>":
            bloc = f"{avant}<NBENFAUTCHA>00</NBENFAUTCHA>{fin}\n"
            sans = remplacer(FOYER, bloc, "")
            texte = remplacer(
                sans,
                "</TroncCommunDroitRSA>",
                "<NBENFAUTCHA>00</NBENFAUTCHA></TroncCommunDroitRSA>",
            )
        case _:
            sans = remplacer(FOYER, avant, "")
            texte = remplacer(sans, "</PrestationRSA>", f"</PrestationRSA>{avant}")

    assert replace(lire_foyer(texte), ligne=0) == replace(lire_foyer(FOYER), ligne=0)


def test_reads_every_reason_of_an_event() -> None:
    """Seen red with the block read as values by name: the last MOTITRANSFLUX alone remained."""
    evenements = (
        "<Evenement><SessionEvenement><DTLIQ>2026-10-30</DTLIQ></SessionEvenement>"
        "<ListeMotifsEvenement><MOTITRANSFLUX>CREDEM</MOTITRANSFLUX>"
        "<MOTITRANSFLUX>CHADRE</MOTITRANSFLUX></ListeMotifsEvenement></Evenement>"
        "<Evenement><FG>MUT </FG></Evenement><Evenement><FG>XYZ</FG></Evenement>"
    )
    foyer = lire_foyer(remplacer(FOYER, "</PrestationRSA>", f"</PrestationRSA>{evenements}"))

    assert foyer.faits_generateurs == ("CREDEM", "CHADRE", "MUT", "XYZ")
    assert foyer.avertissements == (Avertissement(CodeAvertissement.CODE_INCONNU, "FG"),)


# The same refusals


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("avant", "apres", "motif", "champ"),
    [
        pytest.param("208956400000000", " ", "matricule_absent", "MATRICULE", id="sans matricule"),
        pytest.param("208956400000000", "20A9564", "matricule_invalide", "MATRICULE", id="lettre"),
        pytest.param("<IDEPARTE>035", "<IDEPARTE>044", "ideparte_inattendu", "IDEPARTE", id="044"),
        pytest.param("DOSRSA>2", "DOSRSA>9", "etat_dossier_inconnu", "ETATDOSRSA", id="état 9"),
        pytest.param(">DEM<", ">ENF<", "demandeur_absent", "ROLEPERS", id="sans demandeur"),
        pytest.param(ancien.NIR, f"{ancien.NIR}99", "nir_invalide", "NIR", id="clé du NIR"),
        pytest.param("<NOM>Kerlémar ", "<NOM>", "element_absent", "NOM", id="sans nom"),
        pytest.param(
            "PrestationRSA>", "Prestation>", "element_absent", "PrestationRSA", id="sans bloc"
        ),
        pytest.param("07-14</DTNAI>", "02-30</DTNAI>", "date_invalide", "DTNAI", id="30 février"),
        pytest.param("CHA>00", "CHA>1_0", "nombre_invalide", "NBENFAUTCHA", id="nombre"),
        pytest.param("<TOPCHAPERS>1", "<TOPCHAPERS>2", "booleen_invalide", "TOPCHAPERS", id="2"),
        pytest.param("Kerlémar ", "K" * 201, "texte_trop_long", "NOM", id="nom démesuré"),
    ],
)
def test_rejects_for_the_same_reasons(
    version: Version, avant: str, apres: str, motif: str, champ: str
) -> None:
    """Seen red with the état defaulted to `0` when it is unknown."""
    bon = FOYERS[version]
    fautif = remplacer(bon, avant, apres)

    entete, premier, rejet, dernier, compteurs = lire([flux(version, bon, fautif, bon)], "035")

    assert isinstance(entete, EnteteFlux)
    assert entete.version_flux == version
    assert isinstance(premier, Foyer)
    assert isinstance(dernier, Foyer)
    assert rejet == FoyerRejete(
        ligne=premier.ligne + bon.count("\n"),
        cle="03512345678",
        motif=MotifRejet(motif),
        champ=champ,
        personnes=1,
    )
    assert isinstance(compteurs, TransmissionFlux)
    assert compteurs.complet


def test_every_reason_that_a_reading_gives_is_tried() -> None:
    essais = next(
        marque
        for marque in test_rejects_for_the_same_reasons.pytestmark  # type: ignore[attr-defined]
        if marque.args[0] != "version"
    )

    essayes = {essai.values[2] for essai in essais.args[1]}

    # The last one is the database's answer, not the reading's: tests/api/orientation.
    assert essayes == set(MotifRejet) - {MotifRejet.ECRITURE_IMPOSSIBLE}


@pytest.mark.parametrize(
    ("avant", "apres", "motif", "champ"),
    [
        pytest.param(
            "FonctionPersonneRSA", "Fonction", "element_absent", "FonctionPersonneRSA", id="rôle"
        ),
        pytest.param(
            "<DDSOUDRODEV>2026-09-01",
            "<DDSOUDRODEV>hier",
            "date_invalide",
            "DDSOUDRODEV",
            id="date",
        ),
        pytest.param(
            "<ROLEPERS>DEM", "<ROLEPERS>BEN", "element_absent", "TOPRESPDOS", id="BEN seul"
        ),
        pytest.param("<NATPF>RSD", "<NATPF>", "element_absent", "NATPF", id="nature"),
    ],
)
def test_rejects_what_only_vrsd0301_has(avant: str, apres: str, motif: str, champ: str) -> None:
    _, rejet, _ = lire([flux("VRSD0301", remplacer(FOYER, avant, apres))], "035")

    assert isinstance(rejet, FoyerRejete)
    assert (rejet.motif, rejet.champ) == (MotifRejet(motif), champ)


# The whole file


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("annonces", "complet"), [(2, True), (3, False), (1, False)])
def test_counters_are_set_against_what_was_read(
    version: Version, annonces: int, complet: bool
) -> None:
    bon = FOYERS[version]
    fautif = remplacer(bon, "<ETATDOSRSA>2", "<ETATDOSRSA>9")
    octets = flux(version, bon, fautif).replace(b">00000002<", b">%08d<" % annonces)

    *_, compteurs = lire([octets], "035")

    assert compteurs == TransmissionFlux(nombre_dossiers=annonces, nombre_anomalies=0, nombre_lus=2)
    assert compteurs.complet is complet


@pytest.mark.parametrize("version", VERSIONS)
def test_faulty_foyers_of_a_synthetic_flux_are_counted(version: Version) -> None:
    lus = synthetique(version, foyers=100, fautifs=7)

    assert sum(isinstance(lu, FoyerRejete) for lu in lus) == 7
    compteurs = lus[-1]
    assert isinstance(compteurs, TransmissionFlux)
    assert (compteurs.nombre_lus, compteurs.complet) == (100, True)


@pytest.mark.parametrize(
    ("versionflux", "schema"),
    [
        pytest.param("VRSD0401", None, id="VERSIONFLUX à venir"),
        pytest.param("0301", None, id="VERSIONFLUX sans le nom"),
        pytest.param("VRSD0401", "vrsd0301.xsd", id="VERSIONFLUX contre le schéma"),
        pytest.param("", "vrsd0101.xsd", id="schéma inconnu"),
    ],
)
def test_an_unknown_version_is_refused(versionflux: str, schema: str | None) -> None:
    """Seen red with an unknown version read as VRSD0301: no foyer may be read by guess."""
    octets = remplacer(
        flux("VRSD0301", FOYER).decode("windows-1252"), ">VRSD0301<", f">{versionflux}<"
    )
    if schema:
        octets = remplacer(octets, "<Racine>", f'<{ancien.RACINE_VRSD} {ancien.SCHEMA}="{schema}">')

    with pytest.raises(FluxIllisible) as panne:
        list(lire([octets.encode("windows-1252")], "035"))

    assert panne.value.code == MotifIllisible.VERSION_INCONNUE


def test_the_schema_tells_the_version_when_versionflux_does_not() -> None:
    octets = remplacer(flux("VRSD0301", FOYER).decode("windows-1252"), ">VRSD0301<", "><")
    octets = remplacer(octets, "<Racine>", f'<{ancien.RACINE_VRSD} {ancien.SCHEMA}="vrsd0301.xsd">')

    entete = next(lire([octets.encode("windows-1252")], "035"))

    assert isinstance(entete, EnteteFlux)
    assert entete.version_flux == "VRSD0301"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="mesure propre à Linux")
@pytest.mark.parametrize("version", VERSIONS)
def test_memory_is_flat(version: Version, complet: bool) -> None:
    """Eight times the foyers take no more memory, libxml2's own included; forty with `--complet`.

    Seen red with foyers not freed: 18 times the memory at forty times the foyers.
    """
    foyers = 20_000 if complet else 4_000
    assert memoire_maximale(foyers, version) < 1.15 * memoire_maximale(500, version)


def memoire_maximale(foyers: int, version: Version) -> int:
    """Read a flux in a process of its own: tracemalloc does not see what libxml2 allocates.

    Nor is `ru_maxrss` of use: a process inherits that of the one which started it.
    """
    programme = f"""
from datetime import date
from pathlib import Path
from deploy.local.flux_synthetique import generer
from services.orientation.flux.lecture import lire

flux = generer(
    foyers={foyers}, graine=1, date_reference=date(2026, 10, 31), type_flux="J", version="{version}"
)
lus = sum(1 for _ in lire(flux, "035"))
assert lus == {foyers} + 2
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""
    sortie = subprocess.run(
        [sys.executable, "-W", "error", "-c", programme],
        cwd=RACINE_DEPOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return int(sortie.stdout)
