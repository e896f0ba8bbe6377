"""The flux des bénéficiaires, version VRSB0801 (Cristal V4200): its elements into our model. Pure.

A foyer is taken whole or rejected whole. Only what the model cannot do without makes a rejection;
a code that nobody told us is kept as it came, with a warning.
"""

from typing import Final

from lxml.etree import _Element

from services.orientation.flux import blocs
from services.orientation.flux.canonique import (
    Avertissement,
    EnteteFlux,
    Foyer,
    FoyerRejete,
    MotifRejet,
    PersonneFlux,
    ValeurIllisible,
)
from services.orientation.flux.elements import (
    Valeurs,
    bloc,
    booleen,
    booleen_facultatif,
    code,
    connus,
    entier,
    jour,
    presentes,
    requis,
    valeurs,
)

VERSION: Final = "VRSB0801"

# The codes whose meaning is known. Source: referentiels/codes-flux-caf.csv.
_CODES: Final = {
    **blocs.CODES,
    **connus(
        MOTICLORSA="ECH EFF MUT PCG RAU RFD RGD RSO RST",
        MOTISUSDRORSA="DA DB DC DD DE DF DG DH DI DJ DK DL DM DN DO DP DQ DR GA GC GE GF GI GJ"
        " GK GL GR GS GX",
        MOTISUSVERSRSA="01 02 03 04 05 06 09 19 31 34 35 36 44 70 78 84 85 97 AB CG CV CZ DA DB DC",
        FG="ABANEURES ADR AIDFAM ASF CARRSA CIRMA CREALI DECDEMPCG DEMRSA DERPRE DESALL ENTDED"
        " ETACIV EXCPRE HOSPLA INTGRO JUSACT JUSRSAJEU MUT PROPCG RAD REA RECPEN RESTRIRSA"
        " SITENFAUT SITFAM SITPRO SUIRMA SURPONEXP SUS TITPEN",
    ),
}

FAITS_GENERATEURS: Final = _CODES["FG"]

lire_transmission = blocs.lire_transmission


def lire_entete(element: _Element, ideparte: str) -> EnteteFlux:
    """Read IdentificationFlux.

    Raises:
        ValeurIllisible: an element is missing or malformed.
    """
    return blocs.entete(element, VERSION, ideparte)


def lire_foyer(element: _Element, *, ligne: int, entete: EnteteFlux) -> Foyer | FoyerRejete:
    """Read InfosFoyerRSA: the foyer if nothing stands against it, else why it is rejected."""
    return blocs.foyer_ou_rejet(element, ligne, lambda: _foyer(element, ligne, entete))


def _foyer(element: _Element, ligne: int, entete: EnteteFlux) -> Foyer:
    identification = bloc(element, "IdentificationRSA")
    organisme = valeurs(bloc(identification, "Organisme"))
    demande = valeurs(bloc(identification, "DemandeRSA"))
    matricule_brut, matricule = blocs.matricule_normalise(organisme)
    ideparte = blocs.ideparte_attendu(identification, entete.ideparte)
    donnees = bloc(element, "DonneesAdministratives")
    famille = valeurs(bloc(donnees, "SituationFamille"))
    prestation = bloc(element, "PrestationRSA")
    situation = bloc(prestation, "SituationDossierRSA")
    droit = bloc(prestation, "DetailDroitRSA")
    tronc = valeurs(bloc(droit, "TroncCommunDroitRSA"))
    avertissements: list[Avertissement] = []
    motif_cloture, date_cloture = blocs.cloture(_fin_droit(situation), _CODES, avertissements)
    return Foyer(
        ligne=ligne,
        fonorg=code(organisme, "FONORG", _CODES, avertissements),
        numorg=requis(organisme, "NUMORG"),
        matricule_brut=matricule_brut,
        matricule=matricule,
        numero_demande=demande.get("NUMDEMRSA"),
        date_demande=jour(demande, "DTDEMRSA"),
        ideparte=ideparte,
        transfert=identification.find("OrganismeCedant") is not None,
        etat_dossier=blocs.etat_dossier(situation),
        prestations=tuple(
            blocs.prestation(valeurs(calcul), _CODES, avertissements)
            for calcul in droit.iterfind("DetailCalculDroitRSA")
        ),
        suspensions=tuple(
            blocs.suspensions(situation, "SuspensionVersement", _CODES, avertissements)
        ),
        motif_cloture=motif_cloture,
        date_cloture=date_cloture,
        faits_generateurs=tuple(
            code(valeurs(evenement), "FG", _CODES, avertissements)
            for evenement in element.iterfind("Evenement")
        ),
        situation_famille=code(famille, "SITFAM", _CODES, avertissements),
        nombre_a_charge=entier(tronc, "NBENFAUTCHA") if "NBENFAUTCHA" in tronc else None,
        sans_domicile=booleen(tronc, "TOPSANSDOMFIXE"),
        adresse=blocs.adresse(donnees, avertissements),
        personnes=blocs.verifier_personnes(
            tuple(_personne(personne, avertissements) for personne in element.iterfind("Personne")),
            avertissements,
        ),
        avertissements=tuple(avertissements),
    )


def _fin_droit(situation: _Element) -> _Element | None:
    fin = situation.find("FinDroit")
    return situation.find("FinDroitMoisAnterieur") if fin is None else fin


def _personne(element: _Element, avertissements: list[Avertissement]) -> PersonneFlux:
    etat_civil = valeurs(bloc(element, "Identification"))
    rsa = _role_rsa(element)
    droits = element.find("MontantCalculDroitRSAPersonne")
    calcul = valeurs(droits)
    prenoms = (requis(etat_civil, "PRENOM"), *presentes(etat_civil, "PRENOM2", "PRENOM3"))
    personne = PersonneFlux(
        role=code(rsa, "ROLEPERS", _CODES, avertissements),
        a_charge=booleen(rsa, "TOPCHAPERS"),
        nom=requis(etat_civil, "NOM"),
        nom_naissance=etat_civil.get("NOMNAI"),
        prenoms=prenoms,
        date_naissance=jour(etat_civil, "DTNAI"),
        sexe=code(etat_civil, "SEXE", _CODES, avertissements),
        nir=blocs.nir(etat_civil),
        droits_devoirs=droits is not None and booleen(calcul, "TOPPERSDRODEVORSA"),
        entree_droits_devoirs=booleen_facultatif(calcul, "TOPPERSENTDRODEVORSA"),
    )
    return blocs.verifier_nir(personne, avertissements)


def _role_rsa(element: _Element) -> Valeurs:
    """Return the role of the person for the RSA: the other one is for the PFA."""
    for prestation in map(valeurs, element.iterfind("Prestations")):
        if prestation.get("NATPREST") == "RSA":
            return prestation
    raise ValeurIllisible(MotifRejet.ELEMENT_ABSENT, "Prestations")
