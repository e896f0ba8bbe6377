"""The flux des bénéficiaires, version VRSD0301: its elements into our model. Pure.

As for VRSB0801, a foyer is taken whole or rejected whole, and a code that nobody told us is kept
as it came, with a warning. Of DroitOuvert only the day is read; nothing of ours needs what this
version adds in CaracteristiquesEmployabilite, ContratPCGPersonneRSA and MesureProtection.

Source: flux-caf.md, 3; github:atolcd/webrsa@dd9efe0
project/app/Plugin/Fluxcnaf/Model/Fluxcnaf.php, the tree of « Bénéficiaire VRSD0301 », and the notes
of the script that moves its database from VRSB0801 to it. No schema and no real file was seen:
cardinalities are those of VRSB0801, and all of this is UNCONFIRMED.

- VERSIONFLUX is `VRSD0301`, in full (text of 8 characters at most).
- droits et devoirs: from DDSOUDRODEV, included, to DFSOUDRODEV, excluded, at DTREF. Without
  DDSOUDRODEV, TOPPERSDRODEVORSA decides, which the tree keeps; without both the person is not
  under them. When both are there and differ, the dates decide, with a warning.
- DDSOUDRODEV and its sisters stand in CalculDroitRSAPersonne; also read right under Personne.
- PrestationRSA stands under InfosFoyerRSA, as the tree says; also read under
  DonneesAdministratives, where the script's notes put it.
- DossierCafMsa bears TOPRESPDOS; the name DossierCAF is also read.
- The notes say that this version knows no DEM nor CJT, only BEN; the published codes still have
  both. A BEN is read as DEM if TOPRESPDOS is 1, as CJT if not; DEM and CJT are read as they are.
- LISPRENOMS begins with PRENOM; spaces or commas part the prénoms. As 50 characters hold it, the
  last prénom may be cut.
- RessourcesTropElevees is what SuspensionVersement was, FinDroit also what
  FinDroitMoisAnterieur was.
- NBENFAUTCHA stands in MontantsCalculDroitRSA; also read in TroncCommunDroitRSA.
- DetailCalculDroitRSA holds RSASocle and RSAActivite; NATPF `ABS` there means none. A nature of
  before (`RSASocle-1`, `RSAActivite-1`) is not read. NATPF right under DetailCalculDroitRSA is.
- MOTITRANSFLUX takes the place of FG, with codes of its own; FG is also read.
- NBCARATRANSM counts characters, we do not know which: it is not checked.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from lxml.etree import _Element

from services.orientation.flux import blocs, vrsb0801
from services.orientation.flux.canonique import (
    Avertissement,
    CodeAvertissement,
    EnteteFlux,
    Foyer,
    FoyerRejete,
    PersonneFlux,
    PrestationFlux,
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
    jour_facultatif,
    requis,
    texte,
    valeurs,
)

VERSION: Final = "VRSD0301"

# The codes that the notes give; the lists may be longer.
_CODES: Final = {
    **blocs.CODES,
    **connus(
        MOTICLORSA="CAU CCG CFD CMD CMU",
        MOTISUSDRORSA="SCA SCG SCO SDT SMU",
        MOTISUSVERSRSA="MAU MCO MRE",
        MOTITRANSFLUX="CHADRE CHCARE CHFAMI CHRDOS CHSTPE CIRMA CLOTUR CONACC CREDEM DDEPCG"
        " DECPCG DECRES ENTDED JUSACT MUTATI REA SANPCG SUIRMA SUSADM",
    ),
    "FG": vrsb0801.FAITS_GENERATEURS,
}

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
    ailleurs = donnees.find("PrestationRSA")
    prestation = bloc(element, "PrestationRSA") if ailleurs is None else ailleurs
    situation = bloc(prestation, "SituationDossierRSA")
    droit = bloc(prestation, "DetailDroitRSA")
    tronc = valeurs(bloc(droit, "TroncCommunDroitRSA"))
    montants = {**tronc, **valeurs(droit.find("MontantsCalculDroitRSA"))}
    ouvert = valeurs(situation.find("DroitOuvert"))
    avertissements: list[Avertissement] = []
    motif_cloture, date_cloture = blocs.cloture(situation.find("FinDroit"), _CODES, avertissements)
    return Foyer(
        ligne=ligne,
        fonorg=code(organisme, "FONORG", _CODES, avertissements),
        numorg=requis(organisme, "NUMORG"),
        matricule_brut=matricule_brut,
        matricule=matricule,
        numero_demande=demande.get("NUMDEMRSA"),
        date_demande=jour(demande, "DTDEMRSA"),
        date_ouverture=jour_facultatif(ouvert, "DTODRSA"),
        ideparte=ideparte,
        transfert=identification.find("OrganismeCedant") is not None,
        etat_dossier=blocs.etat_dossier(situation),
        prestations=tuple(_prestations(droit, avertissements)),
        suspensions=tuple(
            blocs.suspensions(situation, "RessourcesTropElevees", _CODES, avertissements)
        ),
        motif_cloture=motif_cloture,
        date_cloture=date_cloture,
        faits_generateurs=tuple(_faits_generateurs(element, avertissements)),
        situation_famille=code(famille, "SITFAM", _CODES, avertissements),
        nombre_a_charge=entier(montants, "NBENFAUTCHA") if "NBENFAUTCHA" in montants else None,
        sans_domicile=booleen(tronc, "TOPSANSDOMFIXE"),
        adresse=blocs.adresse(donnees, avertissements),
        personnes=blocs.verifier_personnes(
            tuple(
                _personne(personne, entete.date_reference, avertissements)
                for personne in element.iterfind("Personne")
            ),
            avertissements,
        ),
        avertissements=tuple(avertissements),
    )


def _prestations(droit: _Element, avertissements: list[Avertissement]) -> Iterator[PrestationFlux]:
    for detail in droit.iterfind("DetailCalculDroitRSA"):
        for calcul in (detail, *detail.iterfind("RSASocle"), *detail.iterfind("RSAActivite")):
            champs = valeurs(calcul)
            if champs.get("NATPF") == "ABS" or (calcul is detail and "NATPF" not in champs):
                continue
            yield blocs.prestation(champs, _CODES, avertissements)


def _faits_generateurs(element: _Element, avertissements: list[Avertissement]) -> Iterator[str]:
    for evenement in element.iterfind("Evenement"):
        # Not `valeurs`, which keeps one value by name: this is a list.
        for motifs in (evenement, *evenement.iterfind("ListeMotifsEvenement")):
            for nom in ("MOTITRANSFLUX", "FG"):
                for motif in motifs.iterfind(nom):
                    if valeur := texte(motif):
                        yield code({nom: valeur}, nom, _CODES, avertissements)


def _personne(
    element: _Element, date_reference: date, avertissements: list[Avertissement]
) -> PersonneFlux:
    etat_civil = valeurs(bloc(element, "Identification"))
    rsa = _fonction_rsa(element)
    calcul = {**valeurs(element), **valeurs(element.find("CalculDroitRSAPersonne"))}
    personne = PersonneFlux(
        role=code(rsa, "ROLEPERS", _CODES, avertissements),
        a_charge=booleen(rsa, "TOPCHAPERS"),
        nom=requis(etat_civil, "NOM"),
        nom_naissance=etat_civil.get("NOMNAI"),
        prenoms=_prenoms(etat_civil),
        date_naissance=jour(etat_civil, "DTNAI"),
        sexe=code(etat_civil, "SEXE", _CODES, avertissements),
        nir=blocs.nir(etat_civil),
        droits_devoirs=_droits_devoirs(calcul, date_reference, avertissements),
        entree_droits_devoirs=booleen_facultatif(calcul, "TOPPERSENTDRODEVORSA"),
        date_deces=jour_facultatif(etat_civil, "DTDC"),
    )
    return blocs.verifier_nir(personne, avertissements)


def _fonction_rsa(element: _Element) -> Valeurs:
    fonction = valeurs(bloc(element, "FonctionPersonneRSA"))
    if fonction.get("ROLEPERS") != "BEN":
        return fonction
    dossier = {**valeurs(element.find("DossierCAF")), **valeurs(element.find("DossierCafMsa"))}
    return {**fonction, "ROLEPERS": "DEM" if booleen(dossier, "TOPRESPDOS") else "CJT"}


def _prenoms(etat_civil: Valeurs) -> tuple[str, ...]:
    prenom = requis(etat_civil, "PRENOM")
    tous = re.findall(r"[^\s,]+", etat_civil.get("LISPRENOMS", ""))
    usuels = re.findall(r"[^\s,]+", prenom)
    if [un.casefold() for un in tous[: len(usuels)]] == [un.casefold() for un in usuels]:
        tous = tous[len(usuels) :]
    return prenom, *tous


def _droits_devoirs(
    calcul: Valeurs, date_reference: date, avertissements: list[Avertissement]
) -> bool:
    """Whether the person is under droits et devoirs on the day of reference."""
    top = booleen_facultatif(calcul, "TOPPERSDRODEVORSA")
    debut = jour_facultatif(calcul, "DDSOUDRODEV")
    fin = jour_facultatif(calcul, "DFSOUDRODEV")
    if debut is None:
        return top
    soumise = debut <= date_reference and (fin is None or fin > date_reference)
    if "TOPPERSDRODEVORSA" in calcul and top != soumise:
        incoherents = CodeAvertissement.DROITS_DEVOIRS_INCOHERENTS
        avertissements.append(Avertissement(incoherents, "DDSOUDRODEV"))
    return soumise
