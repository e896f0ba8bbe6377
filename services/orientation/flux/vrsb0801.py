"""The flux des bénéficiaires, version VRSB0801 (Cristal V4200): its elements into our model. Pure.

A foyer is taken whole or rejected whole. Only what the model cannot do without makes a rejection;
a code that nobody told us is kept as it came, with a warning.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Final

from lxml.etree import _Element

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
    ValeurIllisible,
    cle_organisme,
)
from shared.identifiants import (
    IdentifiantInvalide,
    commune_valide,
    nir_complet,
    numero_allocataire,
)

VERSION: Final = "VRSB0801"

# The longest text of the schema (LIBANO).
_TEXTE_MAX: Final = 200

# The codes whose meaning is known. Source: referentiels/codes-flux-caf.csv.
_CODES: Final = {
    element: frozenset(codes.split())
    for element, codes in {
        "FONORG": "CAF MSA",
        "ROLEPERS": "DEM CJT ENF AUT RDO",
        "SEXE": "1 2",
        "SITFAM": "ABA CEL DIV ISO MAR PAC RPA RVC RVM SEF SEL VEU VIM",
        "NATPF": "RCB RCD RCI RCJ RCU RSB RSD RSI RSJ RSU",
        "MOTICLORSA": "ECH EFF MUT PCG RAU RFD RGD RSO RST",
        "MOTISUSDRORSA": "DA DB DC DD DE DF DG DH DI DJ DK DL DM DN DO DP DQ DR GA GC GE GF GI GJ"
        " GK GL GR GS GX",
        "MOTISUSVERSRSA": "01 02 03 04 05 06 09 19 31 34 35 36 44 70 78 84 85 97 AB CG CV CZ DA"
        " DB DC",
        "FG": "ABANEURES ADR AIDFAM ASF CARRSA CIRMA CREALI DECDEMPCG DEMRSA DERPRE DESALL ENTDED"
        " ETACIV EXCPRE HOSPLA INTGRO JUSACT JUSRSAJEU MUT PROPCG RAD REA RECPEN RESTRIRSA"
        " SITENFAUT SITFAM SITPRO SUIRMA SURPONEXP SUS TITPEN",
    }.items()
}
_Valeurs = Mapping[str, str]
_BOOLEENS: Final = {"0": False, "1": True, "false": False, "true": True}


def lire_entete(element: _Element, ideparte: str) -> EnteteFlux:
    """Read IdentificationFlux.

    Raises:
        ValeurIllisible: an element is missing or malformed.
    """
    valeurs = _valeurs(element)
    return EnteteFlux(
        version_flux=VERSION,
        ideparte=ideparte,
        application=_requis(valeurs, "APPLIEME"),
        version_application=_requis(valeurs, "NUMVERSIONAPPLIEME"),
        type_flux=_requis(valeurs, "TYPEFLUX"),
        nature_flux=_requis(valeurs, "NATFLUX"),
        date_creation=_date(valeurs, "DTCREAFLUX"),
        heure_creation=_heure(valeurs, "HEUCREAFLUX"),
        date_reference=_date(valeurs, "DTREF"),
    )


def lire_transmission(element: _Element, nombre_lus: int) -> TransmissionFlux:
    """Read TransmissionFlux, and set it against the number of foyers that were read.

    Raises:
        ValeurIllisible: a counter is missing or malformed.
    """
    valeurs = _valeurs(element)
    return TransmissionFlux(
        nombre_dossiers=_entier(valeurs, "NBTOTDOSRSATRANSM"),
        nombre_anomalies=_entier(valeurs, "NBTOTDOSRSATRANSMANO"),
        nombre_lus=nombre_lus,
    )


def lire_foyer(element: _Element, *, ligne: int, ideparte: str) -> Foyer | FoyerRejete:
    """Read InfosFoyerRSA: the foyer if nothing stands against it, else why it is rejected."""
    try:
        return _foyer(element, ligne, ideparte)
    except ValeurIllisible as refus:
        personnes = sum(1 for _ in element.iterfind("Personne"))
        return FoyerRejete(ligne, _cle(element), refus.motif, refus.champ, personnes)


def _foyer(element: _Element, ligne: int, ideparte_attendu: str) -> Foyer:
    identification = _bloc(element, "IdentificationRSA")
    organisme = _valeurs(_bloc(identification, "Organisme"))
    demande = _valeurs(_bloc(identification, "DemandeRSA"))
    matricule_brut, matricule = _matricule(organisme)
    ideparte = _requis(_valeurs(_bloc(identification, "Partenaire")), "IDEPARTE")
    if ideparte != ideparte_attendu:
        raise ValeurIllisible(MotifRejet.IDEPARTE_INATTENDU, "IDEPARTE")
    donnees = _bloc(element, "DonneesAdministratives")
    famille = _valeurs(_bloc(donnees, "SituationFamille"))
    prestation = _bloc(element, "PrestationRSA")
    situation = _bloc(prestation, "SituationDossierRSA")
    droit = _bloc(prestation, "DetailDroitRSA")
    tronc = _valeurs(_bloc(droit, "TroncCommunDroitRSA"))
    avertissements: list[Avertissement] = []
    motif_cloture, date_cloture = _cloture(situation, avertissements)
    return Foyer(
        ligne=ligne,
        fonorg=_code(organisme, "FONORG", avertissements),
        numorg=_requis(organisme, "NUMORG"),
        matricule_brut=matricule_brut,
        matricule=matricule,
        numero_demande=demande.get("NUMDEMRSA"),
        date_demande=_date(demande, "DTDEMRSA"),
        ideparte=ideparte,
        transfert=identification.find("OrganismeCedant") is not None,
        etat_dossier=_etat_dossier(_bloc(situation, "EtatDossierRSA")),
        prestations=_prestations(droit, avertissements),
        suspensions=tuple(_suspensions(situation, avertissements)),
        motif_cloture=motif_cloture,
        date_cloture=date_cloture,
        faits_generateurs=tuple(
            _code(_valeurs(evenement), "FG", avertissements)
            for evenement in element.iterfind("Evenement")
        ),
        situation_famille=_code(famille, "SITFAM", avertissements),
        nombre_a_charge=_entier(tronc, "NBENFAUTCHA") if "NBENFAUTCHA" in tronc else None,
        sans_domicile=_booleen(tronc, "TOPSANSDOMFIXE"),
        adresse=_adresse(donnees, avertissements),
        personnes=_personnes(element, avertissements),
        avertissements=tuple(avertissements),
    )


def _cle(element: _Element) -> str | None:
    """Name a foyer that is rejected, as far as it can be read."""
    try:
        identification = _bloc(element, "IdentificationRSA")
        numero_demande = _valeurs(_bloc(identification, "DemandeRSA")).get("NUMDEMRSA")
        organisme = _valeurs(_bloc(identification, "Organisme"))
        return numero_demande or cle_organisme(
            fonorg=_requis(organisme, "FONORG"),
            numorg=_requis(organisme, "NUMORG"),
            matricule=_matricule(organisme)[1],
        )
    except ValeurIllisible:
        return None


def _matricule(organisme: _Valeurs) -> tuple[str, str]:
    """Return the matricule as it came, and normalised."""
    brut = organisme.get("MATRICULE")
    if brut is None:
        raise ValeurIllisible(MotifRejet.MATRICULE_ABSENT, "MATRICULE")
    try:
        return brut, numero_allocataire(brut)
    except IdentifiantInvalide:
        raise ValeurIllisible(MotifRejet.MATRICULE_INVALIDE, "MATRICULE") from None


def _etat_dossier(element: _Element) -> EtatDossier:
    try:
        return EtatDossier(_requis(_valeurs(element), "ETATDOSRSA"))
    except ValueError:
        raise ValeurIllisible(MotifRejet.ETAT_DOSSIER_INCONNU, "ETATDOSRSA") from None


def _cloture(
    situation: _Element, avertissements: list[Avertissement]
) -> tuple[str | None, date | None]:
    for nom in ("FinDroit", "FinDroitMoisAnterieur"):
        if (fin := situation.find(nom)) is not None:
            valeurs = _valeurs(fin)
            return _code(valeurs, "MOTICLORSA", avertissements), _date(valeurs, "DTCLORSA")
    return None, None


def _prestations(
    droit: _Element, avertissements: list[Avertissement]
) -> tuple[PrestationFlux, ...]:
    return tuple(
        PrestationFlux(
            nature=_code(valeurs, "NATPF", avertissements),
            date_debut=_date(valeurs, "DDNATDRO"),
            date_fin=_date(valeurs, "DFNATDRO") if "DFNATDRO" in valeurs else None,
        )
        for valeurs in map(_valeurs, droit.iterfind("DetailCalculDroitRSA"))
    )


def _suspensions(
    situation: _Element, avertissements: list[Avertissement]
) -> Iterator[SuspensionFlux]:
    for objet, bloc, motif, debut in (
        (ObjetSuspension.DROIT, "SuspensionDroit", "MOTISUSDRORSA", "DDSUSDRORSA"),
        (ObjetSuspension.VERSEMENT, "SuspensionVersement", "MOTISUSVERSRSA", "DDSUSVERSRSA"),
    ):
        for valeurs in map(_valeurs, situation.iterfind(bloc)):
            yield SuspensionFlux(
                objet=objet,
                motif=_code(valeurs, motif, avertissements),
                date_debut=_date(valeurs, debut),
            )


def _personnes(element: _Element, avertissements: list[Avertissement]) -> tuple[PersonneFlux, ...]:
    personnes = tuple(_personne(bloc, avertissements) for bloc in element.iterfind("Personne"))
    demandeurs = sum(personne.role == "DEM" for personne in personnes)
    if demandeurs == 0:
        raise ValeurIllisible(MotifRejet.DEMANDEUR_ABSENT, "ROLEPERS")
    if demandeurs > 1:
        avertissements.append(Avertissement(CodeAvertissement.DEMANDEUR_MULTIPLE, "ROLEPERS"))
    return personnes


def _personne(element: _Element, avertissements: list[Avertissement]) -> PersonneFlux:
    etat_civil = _valeurs(_bloc(element, "Identification"))
    rsa = _role_rsa(element)
    droits = element.find("MontantCalculDroitRSAPersonne")
    calcul = {} if droits is None else _valeurs(droits)
    prenoms = (_requis(etat_civil, "PRENOM"), *_presentes(etat_civil, "PRENOM2", "PRENOM3"))
    personne = PersonneFlux(
        role=_code(rsa, "ROLEPERS", avertissements),
        a_charge=_booleen(rsa, "TOPCHAPERS"),
        nom=_requis(etat_civil, "NOM"),
        nom_naissance=etat_civil.get("NOMNAI"),
        prenoms=prenoms,
        date_naissance=_date(etat_civil, "DTNAI"),
        sexe=_code(etat_civil, "SEXE", avertissements),
        nir=_nir(etat_civil),
        droits_devoirs=droits is not None and _booleen(calcul, "TOPPERSDRODEVORSA"),
        entree_droits_devoirs=(
            "TOPPERSENTDRODEVORSA" in calcul and _booleen(calcul, "TOPPERSENTDRODEVORSA")
        ),
    )
    # Children often have no NIR; it is looked for when the person may be oriented.
    if personne.nir is None and personne.role in ("DEM", "CJT"):
        avertissements.append(Avertissement(CodeAvertissement.NIR_ABSENT, "NIR"))
    if personne.nir is not None and not _nir_coherent(personne.nir, personne):
        avertissements.append(Avertissement(CodeAvertissement.NIR_INCOHERENT, "NIR"))
    return personne


def _role_rsa(element: _Element) -> _Valeurs:
    """Return the role of the person for the RSA: the other one is for the PFA."""
    for prestation in map(_valeurs, element.iterfind("Prestations")):
        if prestation.get("NATPREST") == "RSA":
            return prestation
    raise ValeurIllisible(MotifRejet.ELEMENT_ABSENT, "Prestations")


def _nir(etat_civil: _Valeurs) -> str | None:
    if "NIR" not in etat_civil:
        return None
    try:
        return nir_complet(etat_civil["NIR"])
    except IdentifiantInvalide:
        raise ValeurIllisible(MotifRejet.NIR_INVALIDE, "NIR") from None


def _nir_coherent(nir: str, personne: PersonneFlux) -> bool:
    # 3, 4, 7 and 8 are provisional numbers: they say nothing sure of the civil status.
    if nir[0] not in "12":
        return True
    return nir[:3] == f"{personne.sexe}{personne.date_naissance.year % 100:02}"


def _adresse(donnees: _Element, avertissements: list[Avertissement]) -> AdresseFlux | None:
    """Read the current address, of rank 01: ranks 02 and 03 are where the foyer lived before."""
    for adresse in donnees.iterfind("Adresse"):
        if _entier(_valeurs(_bloc(adresse, "TroncCommunAdresse")), "RGADR") == 1:
            france = adresse.find("AdresseDetailleeFrance")
            if france is not None:
                return _adresse_france(_valeurs(france), avertissements)
            return _adresse_hors_france(_valeurs(_bloc(adresse, "AdresseHorsFrance")))
    avertissements.append(Avertissement(CodeAvertissement.ADRESSE_ABSENTE, "Adresse"))
    return None


def _adresse_france(france: _Valeurs, avertissements: list[Avertissement]) -> AdresseFlux:
    commune = france.get("NUMCOM")
    try:
        commune = commune_valide(commune or "")
    except IdentifiantInvalide:
        avertissements.append(Avertissement(CodeAvertissement.COMMUNE_INVALIDE, "NUMCOM"))
    code_postal = france.get("CODEPOS")
    voie = " ".join(_presentes(france, "NUMVOIE", "LIBTYPEVOIE", "NOMVOIE"))
    return AdresseFlux(
        lignes=(
            *_presentes(france, "COMPLIDEADR", "COMPLADR"),
            *([voie] if voie else []),
            *_presentes(france, "LIEUDIST"),
        ),
        # An integer in the schema: the zero of the Ain may be lost on the way.
        code_postal=code_postal and code_postal.zfill(5),
        commune=commune,
        nom_commune=france.get("NOMCOM"),
    )


def _adresse_hors_france(etranger: _Valeurs) -> AdresseFlux:
    return AdresseFlux(
        lignes=tuple(_presentes(etranger, *(f"LIBLIG{rang}ADR" for rang in range(2, 8)))),
        code_postal=None,
        commune=None,
        nom_commune=None,
    )


def _bloc(element: _Element, nom: str) -> _Element:
    bloc = element.find(nom)
    if bloc is None:
        raise ValeurIllisible(MotifRejet.ELEMENT_ABSENT, nom)
    return bloc


def _valeurs(bloc: _Element) -> _Valeurs:
    """Return the values of a block by name, without the spaces that pad them, nor blank ones.

    Read at once, they cost a seventh of as many searches: a file may hold 100 000 foyers.
    """
    valeurs = {}
    for enfant in bloc:
        if texte := (enfant.text or "").strip():
            if len(texte) > _TEXTE_MAX:
                raise ValeurIllisible(MotifRejet.TEXTE_TROP_LONG, str(enfant.tag))
            valeurs[enfant.tag] = texte
    return valeurs


def _presentes(valeurs: _Valeurs, *noms: str) -> list[str]:
    return [valeurs[nom] for nom in noms if nom in valeurs]


def _requis(valeurs: _Valeurs, nom: str) -> str:
    if nom not in valeurs:
        raise ValeurIllisible(MotifRejet.ELEMENT_ABSENT, nom)
    return valeurs[nom]


def _code(valeurs: _Valeurs, nom: str, avertissements: list[Avertissement]) -> str:
    code = _requis(valeurs, nom)
    if code not in _CODES[nom]:
        avertissements.append(Avertissement(CodeAvertissement.CODE_INCONNU, nom))
    return code


def _date(valeurs: _Valeurs, nom: str) -> date:
    texte = _requis(valeurs, nom)
    # fromisoformat alone would also take 20260131 and 2026-W05-6.
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", texte):
        try:
            return date.fromisoformat(texte)
        except ValueError:
            pass
    raise ValeurIllisible(MotifRejet.DATE_INVALIDE, nom)


def _heure(valeurs: _Valeurs, nom: str) -> time:
    texte = _requis(valeurs, nom)
    if re.fullmatch(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?", texte):
        try:
            return time.fromisoformat(texte)
        except ValueError:
            pass
    raise ValeurIllisible(MotifRejet.DATE_INVALIDE, nom)


def _entier(valeurs: _Valeurs, nom: str) -> int:
    texte = _requis(valeurs, nom)
    # The longest counter of the schema has 8 digits; int() would also take 1_000 and ١.
    if not re.fullmatch(r"[0-9]{1,9}", texte):
        raise ValeurIllisible(MotifRejet.NOMBRE_INVALIDE, nom)
    return int(texte)


def _booleen(valeurs: _Valeurs, nom: str) -> bool:
    texte = _requis(valeurs, nom)
    if texte not in _BOOLEENS:
        raise ValeurIllisible(MotifRejet.BOOLEEN_INVALIDE, nom)
    return _BOOLEENS[texte]
