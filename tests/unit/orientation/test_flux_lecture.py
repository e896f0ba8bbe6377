"""The reading of a flux: foyers whole or not at all, in any size, from a file we do not trust."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.local.flux_synthetique import generer
from services.orientation.flux.canonique import (
    AdresseFlux,
    Avertissement,
    CodeAvertissement,
    EnteteFlux,
    EtatDossier,
    Foyer,
    FoyerRejete,
    MotifRejet,
    ObjetSuspension,
    PersonneFlux,
    PrestationFlux,
    SuspensionFlux,
    TransmissionFlux,
    a_orienter,
    dossier_actif,
)
from services.orientation.flux.lecture import FluxIllisible, MotifIllisible, lire

DECLARATION = '<?xml version="1.0" encoding="windows-1252"?>\n'
ENTETE = """\
<IdentificationFlux>
<APPLIEME>CRI</APPLIEME>
<NUMVERSIONAPPLIEME>6200</NUMVERSIONAPPLIEME>
<TYPEFLUX>M</TYPEFLUX>
<NATFLUX>D</NATFLUX>
<DTCREAFLUX>2026-10-31</DTCREAFLUX>
<HEUCREAFLUX>21:27:43.0000</HEUCREAFLUX>
<DTREF>2026-10-31</DTREF>
</IdentificationFlux>
"""
NIR = "2840735999001"
FOYER = f"""\
<InfosFoyerRSA>
<IdentificationRSA>
<Organisme><FONORG>CAF</FONORG><NUMORG>351</NUMORG><MATRICULE>208956400000000</MATRICULE></Organisme>
<Partenaire><TYPEPARTE>CG  </TYPEPARTE><IDEPARTE>035</IDEPARTE></Partenaire>
<DemandeRSA><DTDEMRSA>2026-09-01</DTDEMRSA><NUMDEMRSA>03512345678</NUMDEMRSA></DemandeRSA>
</IdentificationRSA>
<Personne>
<Identification>
<NOM>Kerlémar </NOM><NOMNAI>Cœurfauçon</NOMNAI><PRENOM>Maëlle</PRENOM><PRENOM2>Zoé</PRENOM2>
<DTNAI>1984-07-14</DTNAI><NIR>{NIR}  </NIR><SEXE>2</SEXE>
</Identification>
<Prestations><NATPREST>PFA</NATPREST><ROLEPERS>CJT</ROLEPERS><TOPCHAPERS>0</TOPCHAPERS></Prestations>
<Prestations><NATPREST>RSA</NATPREST><ROLEPERS>DEM</ROLEPERS><TOPCHAPERS>1</TOPCHAPERS></Prestations>
<MontantCalculDroitRSAPersonne>
<TOPPERSDRODEVORSA>1</TOPPERSDRODEVORSA><TOPPERSENTDRODEVORSA>1</TOPPERSENTDRODEVORSA>
</MontantCalculDroitRSAPersonne>
</Personne>
<DonneesAdministratives>
<SituationFamille><SITFAM>CEL</SITFAM><DDSITFAM>1984-07-14</DDSITFAM></SituationFamille>
<Adresse>
<TroncCommunAdresse><RGADR>02</RGADR></TroncCommunAdresse>
<AdresseDetailleeFrance><NUMCOM>35288</NUMCOM></AdresseDetailleeFrance>
</Adresse>
<Adresse>
<TroncCommunAdresse><RGADR>01</RGADR></TroncCommunAdresse>
<AdresseDetailleeFrance>
<COMPLIDEADR/><COMPLADR>Bât. 3</COMPLADR><NUMVOIE>18</NUMVOIE><LIBTYPEVOIE>RUE</LIBTYPEVOIE>
<NOMVOIE>des Ormes</NOMVOIE><LIEUDIST/>
<NUMCOM>35238</NUMCOM><CODEPOS>35000</CODEPOS><NOMCOM>Rennes</NOMCOM>
</AdresseDetailleeFrance>
</Adresse>
</DonneesAdministratives>
<PrestationRSA>
<SituationDossierRSA>
<EtatDossierRSA><ETATDOSRSA>2</ETATDOSRSA></EtatDossierRSA>
</SituationDossierRSA>
<DetailDroitRSA>
<TroncCommunDroitRSA><TOPSANSDOMFIXE>0</TOPSANSDOMFIXE><NBENFAUTCHA>00</NBENFAUTCHA></TroncCommunDroitRSA>
<DetailCalculDroitRSA><NATPF>RSD</NATPF><DDNATDRO>2026-09-01</DDNATDRO></DetailCalculDroitRSA>
</DetailDroitRSA>
</PrestationRSA>
</InfosFoyerRSA>
"""

LU = EnteteFlux | Foyer | FoyerRejete | TransmissionFlux


def transmission(nombre: int) -> str:
    return f"""\
<TransmissionFlux>
<NBTOTDOSRSATRANSM>{nombre:08}</NBTOTDOSRSATRANSM>
<NBTOTDOSRSATRANSMANO>00000000</NBTOTDOSRSATRANSMANO>
</TransmissionFlux>
"""


def flux(*foyers: str, declaration: str = DECLARATION, racine: str = "Racine") -> bytes:
    contenu = ENTETE + "".join(foyers) + transmission(len(foyers))
    return f"{declaration}<{racine}>\n{contenu}</{racine}>\n".encode("windows-1252")


def remplacer(texte: str, avant: str, apres: str) -> str:
    assert avant in texte, "the case no longer touches anything"
    return texte.replace(avant, apres)


def lire_foyer(texte: str = FOYER) -> Foyer:
    _, foyer, _ = lire([flux(texte)], "035")
    assert isinstance(foyer, Foyer)
    return foyer


def lire_jusqu_a_la_panne(octets: bytes, pas: int | None = None) -> tuple[list[LU], FluxIllisible]:
    lus: list[LU] = []
    try:
        for lu in lire(en_morceaux(octets, pas or 65_536), "035"):
            lus.append(lu)  # noqa: PERF402  # what came before the failure is kept
    except FluxIllisible as panne:
        return lus, panne
    pytest.fail("the file was read to its end")


def en_morceaux(octets: bytes, pas: int) -> Iterator[bytes]:
    for debut in range(0, len(octets), pas):
        yield octets[debut : debut + pas]


def synthetique(foyers: int) -> bytes:
    return b"".join(generer(foyers=foyers, graine=7, date_reference=date(2026, 10, 31)))


# What is read


def test_reads_the_header() -> None:
    entete = next(lire([flux(FOYER)], "035"))

    assert entete == EnteteFlux(
        version_flux="VRSB0801",
        ideparte="035",
        application="CRI",
        version_application="6200",
        type_flux="M",
        nature_flux="D",
        date_creation=date(2026, 10, 31),
        heure_creation=time(21, 27, 43),
        date_reference=date(2026, 10, 31),
    )
    assert entete.cle == "CRI/6200/M/D/2026-10-31T21:27:43/035"


def test_reads_a_foyer() -> None:
    assert lire_foyer() == Foyer(
        ligne=12,
        fonorg="CAF",
        numorg="351",
        matricule_brut="208956400000000",
        matricule="2089564",
        numero_demande="03512345678",
        date_demande=date(2026, 9, 1),
        ideparte="035",
        transfert=False,
        etat_dossier=EtatDossier.OUVERT,
        prestations=(PrestationFlux(nature="RSD", date_debut=date(2026, 9, 1), date_fin=None),),
        suspensions=(),
        motif_cloture=None,
        date_cloture=None,
        faits_generateurs=(),
        situation_famille="CEL",
        nombre_a_charge=0,
        sans_domicile=False,
        adresse=AdresseFlux(
            lignes=("Bât. 3", "18 RUE des Ormes"),
            code_postal="35000",
            commune="35238",
            nom_commune="Rennes",
        ),
        personnes=(
            PersonneFlux(
                role="DEM",
                a_charge=True,
                nom="Kerlémar",
                nom_naissance="Cœurfauçon",
                prenoms=("Maëlle", "Zoé"),
                date_naissance=date(1984, 7, 14),
                sexe="2",
                nir="284073599900194",
                droits_devoirs=True,
                entree_droits_devoirs=True,
            ),
        ),
        avertissements=(),
    )


def test_reads_the_encoding_that_the_file_declares() -> None:
    en_utf8 = flux(FOYER).decode("windows-1252").replace("windows-1252", "utf-8").encode()

    assert list(lire([en_utf8], "035")) == list(lire([flux(FOYER)], "035"))


def test_reads_suspensions_closure_transfer_and_events() -> None:
    texte = remplacer(
        FOYER,
        "</EtatDossierRSA>",
        "</EtatDossierRSA>"
        "<SuspensionDroit><MOTISUSDRORSA>GJ</MOTISUSDRORSA><DDSUSDRORSA>2026-10-01</DDSUSDRORSA>"
        "</SuspensionDroit>"
        "<SuspensionVersement><MOTISUSVERSRSA>06</MOTISUSVERSRSA>"
        "<DDSUSVERSRSA>2026-10-02</DDSUSVERSRSA></SuspensionVersement>"
        "<FinDroit><MOTICLORSA>MUT </MOTICLORSA><DTCLORSA>2026-10-03</DTCLORSA></FinDroit>",
    )
    texte = remplacer(
        texte,
        "</PrestationRSA>",
        "</PrestationRSA><Evenement><FG>DEMRSA</FG></Evenement><Evenement><FG>MUT</FG></Evenement>",
    )
    texte = remplacer(
        texte, "</IdentificationRSA>", "<OrganismeCedant></OrganismeCedant></IdentificationRSA>"
    )

    foyer = lire_foyer(texte)

    assert foyer.suspensions == (
        SuspensionFlux(objet=ObjetSuspension.DROIT, motif="GJ", date_debut=date(2026, 10, 1)),
        SuspensionFlux(objet=ObjetSuspension.VERSEMENT, motif="06", date_debut=date(2026, 10, 2)),
    )
    assert (foyer.motif_cloture, foyer.date_cloture) == ("MUT", date(2026, 10, 3))
    assert foyer.faits_generateurs == ("DEMRSA", "MUT")
    assert foyer.transfert
    assert foyer.avertissements == ()


def test_reads_an_address_abroad() -> None:
    debut = FOYER.index("<AdresseDetailleeFrance>\n<COMPLIDEADR/>")
    fin = FOYER.rindex("</Adresse>")
    etranger = (
        "<AdresseHorsFrance><LIBLIG2ADR>12 calle Inventada</LIBLIG2ADR><LIBLIG3ADR/>"
        "<LIBLIG4ADR>Nulle-Part</LIBLIG4ADR></AdresseHorsFrance>"
    )

    assert lire_foyer(FOYER[:debut] + etranger + FOYER[fin:]).adresse == AdresseFlux(
        lignes=("12 calle Inventada", "Nulle-Part"),
        code_postal=None,
        commune=None,
        nom_commune=None,
    )


def test_gives_back_the_zero_of_a_postal_code() -> None:
    adresse = lire_foyer(remplacer(FOYER, "<CODEPOS>35000<", "<CODEPOS>1000<")).adresse

    assert adresse is not None
    assert adresse.code_postal == "01000"


def test_without_numdemrsa_the_caisse_gives_the_key() -> None:
    sans = remplacer(FOYER, "03512345678", "   ")

    assert lire_foyer().cle == "03512345678"
    assert lire_foyer(sans).cle == "CAF/351/2089564"


@pytest.mark.parametrize(
    ("avant", "apres", "code", "champ"),
    [
        pytest.param("<SITFAM>CEL", "<SITFAM>XYZ", "code_inconnu", "SITFAM", id="code inconnu"),
        pytest.param("<FONORG>CAF", "<FONORG>XXX", "code_inconnu", "FONORG", id="organisme"),
        pytest.param("<NATPF>RSD", "<NATPF>RSZ", "code_inconnu", "NATPF", id="nature"),
        pytest.param(f"<NIR>{NIR}", "<NIR>", "nir_absent", "NIR", id="NIR vide"),
        pytest.param("<SEXE>2", "<SEXE>1", "nir_incoherent", "NIR", id="sexe autre que le NIR"),
        pytest.param("<DTNAI>1984", "<DTNAI>1985", "nir_incoherent", "NIR", id="autre année"),
        pytest.param("35238", "20238", "commune_invalide", "NUMCOM", id="commune"),
        pytest.param("<RGADR>01", "<RGADR>03", "adresse_absente", "Adresse", id="sans rang 01"),
    ],
)
def test_keeps_and_warns(avant: str, apres: str, code: str, champ: str) -> None:
    foyer = lire_foyer(remplacer(FOYER, avant, apres))

    assert foyer.avertissements == (Avertissement(CodeAvertissement(code), champ),)


def test_keeps_an_unknown_code_as_it_came() -> None:
    assert lire_foyer(remplacer(FOYER, "<SITFAM>CEL", "<SITFAM>XYZ")).situation_famille == "XYZ"


# What is rejected

PERSONNE = FOYER[FOYER.index("<Personne>") : FOYER.index("<DonneesAdministratives>")]
AUTRE_DATE = "<DDNATDRO>2026-09-01"


@pytest.mark.parametrize(
    ("avant", "apres", "motif", "champ"),
    [
        pytest.param("208956400000000", "  ", "matricule_absent", "MATRICULE", id="sans matricule"),
        pytest.param("208956400000000", "20A9564", "matricule_invalide", "MATRICULE", id="lettre"),
        pytest.param("<IDEPARTE>035", "<IDEPARTE>044", "ideparte_inattendu", "IDEPARTE", id="044"),
        pytest.param("<IDEPARTE>035", "<IDEPARTE>", "element_absent", "IDEPARTE", id="sans 035"),
        pytest.param(
            "<ETATDOSRSA>2", "<ETATDOSRSA>9", "etat_dossier_inconnu", "ETATDOSRSA", id="état 9"
        ),
        pytest.param(
            "<ETATDOSRSA>2", "<ETATDOSRSA>", "element_absent", "ETATDOSRSA", id="sans état"
        ),
        pytest.param(
            "<ROLEPERS>DEM", "<ROLEPERS>ENF", "demandeur_absent", "ROLEPERS", id="sans demandeur"
        ),
        pytest.param(PERSONNE, "", "demandeur_absent", "ROLEPERS", id="sans personne"),
        pytest.param(NIR, f"{NIR}99", "nir_invalide", "NIR", id="clé du NIR"),
        pytest.param(NIR, "0000000000000", "nir_invalide", "NIR", id="NIR de zéros"),
        pytest.param("<NOM>Kerlémar ", "<NOM>", "element_absent", "NOM", id="sans nom"),
        pytest.param("<SEXE>2</SEXE>", "", "element_absent", "SEXE", id="sans sexe"),
        pytest.param(
            "<NATPREST>RSA", "<NATPREST>PFA", "element_absent", "Prestations", id="sans rôle RSA"
        ),
        pytest.param(
            "1984-07-14</DTNAI>", "1984-02-30</DTNAI>", "date_invalide", "DTNAI", id="30 février"
        ),
        pytest.param(
            "1984-07-14</DTNAI>", "19840714</DTNAI>", "date_invalide", "DTNAI", id="date compacte"
        ),
        pytest.param(
            "1984-07-14</DTNAI>", "1984-W05-6</DTNAI>", "date_invalide", "DTNAI", id="semaine"
        ),
        pytest.param(AUTRE_DATE, "<DDNATDRO>hier", "date_invalide", "DDNATDRO", id="mot"),
        pytest.param(
            "<NBENFAUTCHA>00", "<NBENFAUTCHA>1_0", "nombre_invalide", "NBENFAUTCHA", id="nombre"
        ),
        pytest.param(
            "<TOPSANSDOMFIXE>0", "<TOPSANSDOMFIXE>2", "booleen_invalide", "TOPSANSDOMFIXE", id="2"
        ),
        pytest.param("Kerlémar ", "K" * 201, "texte_trop_long", "NOM", id="nom démesuré"),
        pytest.param("PrestationRSA", "Prestation", "element_absent", "PrestationRSA", id="bloc"),
    ],
)
def test_rejects_a_foyer_whole(avant: str, apres: str, motif: str, champ: str) -> None:
    """A foyer at fault is rejected with its line, and its neighbours are read.

    Seen red by hand: a NIR that is wrong taken as absent wrote the rest of the foyer.
    """
    fautif = remplacer(FOYER, avant, apres)

    _, premier, rejet, dernier, compteurs = lire([flux(FOYER, fautif, FOYER)], "035")

    assert rejet == FoyerRejete(
        ligne=12 + FOYER.count("\n"),
        cle="03512345678",
        motif=MotifRejet(motif),
        champ=champ,
        personnes=rejet.personnes,
    )
    assert isinstance(premier, Foyer)
    assert isinstance(dernier, Foyer)
    assert premier.empreinte == dernier.empreinte
    assert isinstance(compteurs, TransmissionFlux)
    assert compteurs.complet


def test_a_rejection_says_nothing_of_the_person() -> None:
    _, rejet, _ = lire([flux(remplacer(FOYER, NIR, f"{NIR}99"))], "035")

    for valeur in (NIR, "Kerlémar", "Maëlle", "1984"):
        assert valeur not in repr(rejet)


@pytest.mark.parametrize(
    ("avant", "apres", "cle"),
    [
        pytest.param("03512345678", "", "CAF/351/2089564", id="par la caisse"),
        pytest.param("<DemandeRSA>", "<DemandeRSA>", "03512345678", id="par NUMDEMRSA"),
        pytest.param("IdentificationRSA", "Identite", None, id="sans identification"),
    ],
)
def test_a_rejected_foyer_is_named_when_it_can_be(avant: str, apres: str, cle: str | None) -> None:
    texte = remplacer(remplacer(FOYER, avant, apres), "<ETATDOSRSA>2", "<ETATDOSRSA>9")

    _, rejet, _ = lire([flux(texte)], "035")

    assert isinstance(rejet, FoyerRejete)
    assert rejet.cle == cle


# The counters


@pytest.mark.parametrize(("annonces", "complet"), [(2, True), (3, False), (1, False)])
def test_counters_are_set_against_what_was_read(annonces: int, complet: bool) -> None:
    octets = flux(FOYER, FOYER).replace(b">00000002<", b">%08d<" % annonces)

    *_, compteurs = lire([octets], "035")

    assert compteurs == TransmissionFlux(nombre_dossiers=annonces, nombre_anomalies=0, nombre_lus=2)
    assert compteurs.complet is complet


# Cut anywhere


@pytest.mark.parametrize("pas", [1, 7, 65_536])
def test_chunks_change_nothing(pas: int) -> None:
    octets = synthetique(40)

    assert list(lire(en_morceaux(octets, pas), "035")) == list(lire([octets], "035"))


@settings(deadline=None, database=None, max_examples=60)
@given(coupes=st.lists(st.integers(min_value=0, max_value=len(flux(FOYER, FOYER)))))
def test_any_cut_changes_nothing(coupes: list[int]) -> None:
    octets = flux(FOYER, FOYER)
    bornes = [0, *sorted(coupes), len(octets)]
    morceaux = [octets[debut:fin] for debut, fin in pairwise(bornes)]

    assert list(lire(morceaux, "035")) == list(lire([octets], "035"))


# Fingerprint


def test_fingerprint_ignores_the_line() -> None:
    _, avant, _ = lire([flux(FOYER)], "035")
    _, apres, _ = lire([flux("\n\n\n" + FOYER)], "035")

    assert isinstance(avant, Foyer)
    assert isinstance(apres, Foyer)
    assert apres.ligne == avant.ligne + 3
    assert apres.empreinte == avant.empreinte


@pytest.mark.parametrize(
    ("avant", "apres"),
    [
        pytest.param("<TOPPERSDRODEVORSA>1", "<TOPPERSDRODEVORSA>0", id="droits et devoirs"),
        pytest.param("<ETATDOSRSA>2", "<ETATDOSRSA>4", id="état"),
        pytest.param("18</NUMVOIE>", "19</NUMVOIE>", id="adresse"),
        pytest.param(PERSONNE, PERSONNE * 2, id="personne de plus"),
    ],
)
def test_fingerprint_sees_a_change(avant: str, apres: str) -> None:
    assert lire_foyer(remplacer(FOYER, avant, apres)).empreinte != lire_foyer().empreinte


def test_fingerprints_of_different_foyers_differ() -> None:
    foyers = [lu for lu in lire([synthetique(300)], "035") if isinstance(lu, Foyer)]

    assert len({foyer.empreinte for foyer in foyers}) == 300


# Who is to be oriented


@pytest.mark.parametrize("etat", list(EtatDossier))
def test_active_dossiers_are_2_3_4(etat: EtatDossier) -> None:
    assert dossier_actif(etat) is (etat.value in "234")


@pytest.mark.parametrize(
    ("role", "droits_devoirs", "etat", "attendu"),
    [
        pytest.param("DEM", True, "2", True, id="demandeur"),
        pytest.param("CJT", True, "4", True, id="conjoint, versement suspendu"),
        pytest.param("ENF", True, "2", False, id="enfant"),
        pytest.param("AUT", True, "2", False, id="autre personne"),
        pytest.param("DEM", False, "2", False, id="hors droits et devoirs"),
        pytest.param("DEM", True, "5", False, id="dossier clos"),
        pytest.param("DEM", True, "0", False, id="demande en attente"),
    ],
)
def test_who_is_to_be_oriented(role: str, droits_devoirs: bool, etat: str, attendu: bool) -> None:
    foyer = replace(lire_foyer(), etat_dossier=EtatDossier(etat))
    personne = replace(foyer.personnes[0], role=role, droits_devoirs=droits_devoirs)

    assert a_orienter(personne, foyer) is attendu


# A file that cannot be trusted

RIRES = "".join(
    f'<!ENTITY r{rang} "{f"&r{rang - 1};" * 10}">' if rang else '<!ENTITY r0 "ha">'
    for rang in range(10)
)


@pytest.mark.parametrize(
    "doctype",
    [
        pytest.param("<!DOCTYPE Racine>", id="doctype seul"),
        pytest.param('<!DOCTYPE Racine [<!ENTITY e "Kerlémar">]>', id="entité interne"),
        pytest.param(
            '<!DOCTYPE Racine [<!ENTITY e SYSTEM "file:///nulle-part">]>', id="entité externe"
        ),
        pytest.param('<!DOCTYPE Racine SYSTEM "http://dtd.invalid/x.dtd">', id="DTD externe"),
        pytest.param(
            '<!DOCTYPE Racine [<!ENTITY % e SYSTEM "http://dtd.invalid/x.dtd">%e;]>',
            id="entité paramètre",
        ),
        pytest.param(f"<!DOCTYPE Racine [{RIRES}]>", id="milliard de rires"),
    ],
)
@pytest.mark.parametrize("pas", [1, 65_536])
@pytest.mark.parametrize("encodage", ["windows-1252", "utf-16"])
def test_refuses_a_doctype(doctype: str, pas: int, encodage: str) -> None:
    """Nothing is read from a file that has a DOCTYPE, whatever it declares.

    Seen red by hand, the check of `docinfo` taken away: all twenty-four cases read the file.
    """
    texte = flux(FOYER).decode("windows-1252").replace("windows-1252", encodage)
    octets = texte.replace("<Racine>", f"{doctype}\n<Racine>").encode(encodage)

    lus, panne = lire_jusqu_a_la_panne(octets, pas)

    assert lus == []
    assert panne.code == MotifIllisible.DOCTYPE_INTERDIT


@pytest.mark.parametrize(
    "ou", [pytest.param("Racine", id="attribut"), pytest.param("NOM", id="texte")]
)
def test_a_bomb_never_swells(ou: str) -> None:
    attribut = ' a="&r9;"' if ou == "Racine" else ""
    texte = DECLARATION + f"<!DOCTYPE Racine [{RIRES}]>\n<Racine{attribut}>\n" + ENTETE
    texte += FOYER.replace("Kerlémar", "&r9;") + transmission(1) + "</Racine>"

    lus, panne = lire_jusqu_a_la_panne(texte.encode("windows-1252"))

    assert lus == []
    # In an attribute, the parser's own bound stops it before we see the root.
    assert panne.code in (MotifIllisible.DOCTYPE_INTERDIT, MotifIllisible.XML_INVALIDE)


def test_refuses_an_entity_that_nobody_declared() -> None:
    lus, panne = lire_jusqu_a_la_panne(flux(FOYER, FOYER.replace("Kerlémar", "&secret;")))

    assert [type(lu) for lu in lus] == [EnteteFlux, Foyer]
    assert panne.code == MotifIllisible.XML_INVALIDE
    assert "secret" not in str(panne)


def test_a_predefined_entity_is_text() -> None:
    assert lire_foyer(FOYER.replace("Kerlémar", "Ker &amp; Fils")).personnes[0].nom == "Ker & Fils"


@pytest.mark.parametrize(
    ("contenu", "code"),
    [
        pytest.param("<a>" * 5_000, "xml_invalide", id="profondeur"),
        pytest.param(f"<NOM>{'x' * 2_000_000}</NOM>", "bloc_trop_long", id="texte démesuré"),
        pytest.param("<a/>" * 500_000, "bloc_trop_long", id="éléments sans fin"),
        pytest.param(f"<!--{'x' * 2_000_000}-->", "bloc_trop_long", id="commentaire démesuré"),
        pytest.param(FOYER, "structure_inattendue", id="foyer dans un foyer"),
    ],
)
def test_refuses_what_has_no_bound(contenu: str, code: str) -> None:
    ouvert = FOYER.replace("<Personne>", contenu + "<Personne>")

    lus, panne = lire_jusqu_a_la_panne(flux(FOYER, ouvert))

    assert [type(lu) for lu in lus] == [EnteteFlux, Foyer]
    assert panne.code == code


@pytest.mark.parametrize("pas", [1, 7, 65_536])
def test_a_broken_file_gives_what_was_complete(pas: int) -> None:
    octets = flux(FOYER, remplacer(FOYER, "</NOM>", "</MON>"), FOYER)

    lus, panne = lire_jusqu_a_la_panne(octets, pas)

    assert [type(lu) for lu in lus] == [EnteteFlux, Foyer]
    assert panne.code == MotifIllisible.XML_INVALIDE
    assert panne.ligne == 12 + FOYER.count("\n") + FOYER[: FOYER.index("<NOM>")].count("\n")
    assert "Kerl" not in str(panne)


@pytest.mark.parametrize("pas", [1, 7, 65_536])
@pytest.mark.parametrize(
    ("dernier_mot", "nombre_lus"),
    [
        pytest.param("</IdentificationRSA>", 2, id="dans le second foyer"),
        pytest.param("</InfosFoyerRSA>", 3, id="après le second foyer"),
        pytest.param("</TransmissionFlux>", 3, id="après les compteurs"),
    ],
)
def test_a_truncated_file_is_never_taken_for_whole(
    dernier_mot: str, nombre_lus: int, pas: int
) -> None:
    octets = flux(FOYER, FOYER)
    coupe = octets.rindex(dernier_mot.encode()) + len(dernier_mot)

    lus, panne = lire_jusqu_a_la_panne(octets[:coupe], pas)

    assert len(lus) == nombre_lus
    assert not any(isinstance(lu, TransmissionFlux) for lu in lus)
    assert panne.code == MotifIllisible.XML_INVALIDE


RACINE_VRSD = 'Racine xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
SCHEMA = "xsi:noNamespaceSchemaLocation"


@pytest.mark.parametrize(
    ("texte", "code"),
    [
        pytest.param("", "xml_invalide", id="vide"),
        pytest.param("Nom;Prénom\n", "xml_invalide", id="CSV"),
        pytest.param("<Racine></Racine>", "entete_absent", id="racine vide"),
        pytest.param("<Autre></Autre>", "racine_inconnue", id="autre racine, vide"),
        pytest.param(f"<Autre>{ENTETE}</Autre>", "racine_inconnue", id="autre racine"),
        pytest.param(
            f'<Racine xmlns="u">{ENTETE}</Racine>', "racine_inconnue", id="espace de noms"
        ),
        pytest.param(f"<Racine>{FOYER}{ENTETE}</Racine>", "entete_absent", id="en-tête second"),
        pytest.param(
            f"<Racine>{ENTETE.replace('2026-10-31', 'hier')}</Racine>",
            "entete_invalide",
            id="en-tête illisible",
        ),
        pytest.param(
            f"<Racine>{ENTETE.replace('CRI', '')}</Racine>", "entete_invalide", id="sans APPLIEME"
        ),
        pytest.param(
            f'<{RACINE_VRSD} {SCHEMA}="vrsd0101.xsd">{ENTETE}</Racine>',
            "version_inconnue",
            id="schéma d'une autre version",
        ),
        pytest.param(
            f"<Racine>{ENTETE.replace('<DTREF>', '<VERSIONFLUX>VRSD0401</VERSIONFLUX><DTREF>')}",
            "version_inconnue",
            id="VERSIONFLUX d'une autre version",
        ),
    ],
)
def test_refuses_a_file_that_is_not_a_flux(texte: str, code: str) -> None:
    lus, panne = lire_jusqu_a_la_panne((DECLARATION + texte).encode("windows-1252"))

    assert lus == []
    assert panne.code == code


@pytest.mark.parametrize("schema", ["vrsb0801.xsd", "http://exemple.invalid/VRSB0801.xsd"])
def test_accepts_the_version_that_the_file_declares(schema: str) -> None:
    racine = f'<{RACINE_VRSD} {SCHEMA}="{schema}">'
    octets = flux(FOYER).replace(b"<Racine>", racine.encode())

    assert len(list(lire([octets], "035"))) == 3


@pytest.mark.parametrize(
    ("suite", "code"),
    [
        pytest.param("", "transmission_absente", id="sans compteurs"),
        pytest.param(
            transmission(1).replace("00000001", "un"), "transmission_invalide", id="illisibles"
        ),
        pytest.param(transmission(1) + FOYER, "structure_inattendue", id="foyer après"),
        pytest.param(transmission(1) * 2, "structure_inattendue", id="compteurs deux fois"),
        pytest.param(ENTETE + transmission(1), "structure_inattendue", id="second en-tête"),
    ],
)
def test_refuses_an_end_that_is_not_one(suite: str, code: str) -> None:
    texte = f"{DECLARATION}<Racine>{ENTETE}{FOYER}{suite}</Racine>"

    lus, panne = lire_jusqu_a_la_panne(texte.encode("windows-1252"))

    assert [type(lu) for lu in lus] == [EnteteFlux, Foyer]
    assert panne.code == code


# Of any size


def test_lines_are_right_beyond_65535() -> None:
    octets = synthetique(1_000)
    lignes = [
        numero
        for numero, ligne in enumerate(octets.split(b"\n"), start=1)
        if ligne == b"<InfosFoyerRSA>"
    ]
    assert lignes[-1] > 65_535

    assert [lu.ligne for lu in lire([octets], "035") if isinstance(lu, Foyer)] == lignes
