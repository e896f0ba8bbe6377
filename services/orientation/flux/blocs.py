"""The blocks that every version of the flux des bénéficiaires writes alike. Pure."""

from collections.abc import Callable, Iterator
from datetime import date
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
from services.orientation.flux.elements import (
    Codes,
    Valeurs,
    bloc,
    code,
    connus,
    entier,
    heure,
    jour,
    jour_facultatif,
    presentes,
    requis,
    valeurs,
)
from shared.identifiants import (
    IdentifiantInvalide,
    commune_valide,
    nir_complet,
    numero_allocataire,
)

# Source: referentiels/codes-flux-caf.csv.
CODES: Final = connus(
    FONORG="CAF MSA",
    ROLEPERS="DEM CJT ENF AUT RDO",
    SEXE="1 2",
    SITFAM="ABA CEL DIV ISO MAR PAC RPA RVC RVM SEF SEL VEU VIM",
    NATPF="RCB RCD RCI RCJ RCU RSB RSD RSI RSJ RSU",
)


def entete(element: _Element, version: str, ideparte: str) -> EnteteFlux:
    """Read IdentificationFlux.

    Raises:
        ValeurIllisible: an element is missing or malformed.
    """
    champs = valeurs(element)
    return EnteteFlux(
        version_flux=version,
        ideparte=ideparte,
        application=requis(champs, "APPLIEME"),
        version_application=requis(champs, "NUMVERSIONAPPLIEME"),
        type_flux=requis(champs, "TYPEFLUX"),
        nature_flux=requis(champs, "NATFLUX"),
        date_creation=jour(champs, "DTCREAFLUX"),
        heure_creation=heure(champs, "HEUCREAFLUX"),
        date_reference=jour(champs, "DTREF"),
    )


def lire_transmission(element: _Element, nombre_lus: int) -> TransmissionFlux:
    """Read TransmissionFlux, and set it against the number of foyers that were read.

    Raises:
        ValeurIllisible: a counter is missing or malformed.
    """
    champs = valeurs(element)
    return TransmissionFlux(
        nombre_dossiers=entier(champs, "NBTOTDOSRSATRANSM"),
        nombre_anomalies=entier(champs, "NBTOTDOSRSATRANSMANO"),
        nombre_lus=nombre_lus,
    )


def foyer_ou_rejet(element: _Element, ligne: int, lire: Callable[[], Foyer]) -> Foyer | FoyerRejete:
    """Return the foyer if nothing stands against it, else why it is rejected."""
    try:
        return lire()
    except ValeurIllisible as refus:
        personnes = sum(1 for _ in element.iterfind("Personne"))
        return FoyerRejete(ligne, _cle(element), refus.motif, refus.champ, personnes)


def _cle(element: _Element) -> str | None:
    """Name a foyer that is rejected, as far as it can be read."""
    try:
        identification = bloc(element, "IdentificationRSA")
        numero_demande = valeurs(bloc(identification, "DemandeRSA")).get("NUMDEMRSA")
        organisme = valeurs(bloc(identification, "Organisme"))
        return numero_demande or cle_organisme(
            fonorg=requis(organisme, "FONORG"),
            numorg=requis(organisme, "NUMORG"),
            matricule=matricule_normalise(organisme)[1],
        )
    except ValeurIllisible:
        return None


def matricule_normalise(organisme: Valeurs) -> tuple[str, str]:
    """Return the matricule as it came, and normalised."""
    brut = organisme.get("MATRICULE")
    if brut is None:
        raise ValeurIllisible(MotifRejet.MATRICULE_ABSENT, "MATRICULE")
    try:
        return brut, numero_allocataire(brut)
    except IdentifiantInvalide:
        raise ValeurIllisible(MotifRejet.MATRICULE_INVALIDE, "MATRICULE") from None


def ideparte_attendu(identification: _Element, attendu: str) -> str:
    """Return the département that the foyer is addressed to, which must be the one expected."""
    ideparte = requis(valeurs(bloc(identification, "Partenaire")), "IDEPARTE")
    if ideparte != attendu:
        raise ValeurIllisible(MotifRejet.IDEPARTE_INATTENDU, "IDEPARTE")
    return ideparte


def etat_dossier(situation: _Element) -> EtatDossier:
    """Return the état, without which nothing can be said of a foyer."""
    try:
        return EtatDossier(requis(valeurs(bloc(situation, "EtatDossierRSA")), "ETATDOSRSA"))
    except ValueError:
        raise ValeurIllisible(MotifRejet.ETAT_DOSSIER_INCONNU, "ETATDOSRSA") from None


def cloture(
    fin: _Element | None, codes: Codes, avertissements: list[Avertissement]
) -> tuple[str | None, date | None]:
    """Return the reason and the day of the end of the right, if it ended."""
    if fin is None:
        return None, None
    champs = valeurs(fin)
    return code(champs, "MOTICLORSA", codes, avertissements), jour(champs, "DTCLORSA")


def prestation(
    champs: Valeurs, codes: Codes, avertissements: list[Avertissement]
) -> PrestationFlux:
    """Return a nature of prestation and its period."""
    return PrestationFlux(
        nature=code(champs, "NATPF", codes, avertissements),
        date_debut=jour(champs, "DDNATDRO"),
        date_fin=jour_facultatif(champs, "DFNATDRO"),
    )


def suspensions(
    situation: _Element, versement: str, codes: Codes, avertissements: list[Avertissement]
) -> Iterator[SuspensionFlux]:
    """Yield the suspensions of the right, then of its payment, in blocks named `versement`."""
    for objet, nom, motif, debut in (
        (ObjetSuspension.DROIT, "SuspensionDroit", "MOTISUSDRORSA", "DDSUSDRORSA"),
        (ObjetSuspension.VERSEMENT, versement, "MOTISUSVERSRSA", "DDSUSVERSRSA"),
    ):
        for champs in map(valeurs, situation.iterfind(nom)):
            yield SuspensionFlux(
                objet=objet,
                motif=code(champs, motif, codes, avertissements),
                date_debut=jour(champs, debut),
            )


def verifier_personnes(
    personnes: tuple[PersonneFlux, ...], avertissements: list[Avertissement]
) -> tuple[PersonneFlux, ...]:
    """Return the persons of a foyer, which must have a demandeur."""
    demandeurs = sum(personne.role == "DEM" for personne in personnes)
    if demandeurs == 0:
        raise ValeurIllisible(MotifRejet.DEMANDEUR_ABSENT, "ROLEPERS")
    if demandeurs > 1:
        avertissements.append(Avertissement(CodeAvertissement.DEMANDEUR_MULTIPLE, "ROLEPERS"))
    return personnes


def nir(etat_civil: Valeurs) -> str | None:
    """Return the NIR on 15 characters, whether its key came or not."""
    if "NIR" not in etat_civil:
        return None
    try:
        return nir_complet(etat_civil["NIR"])
    except IdentifiantInvalide:
        raise ValeurIllisible(MotifRejet.NIR_INVALIDE, "NIR") from None


def verifier_nir(personne: PersonneFlux, avertissements: list[Avertissement]) -> PersonneFlux:
    """Return the person, with a warning if its NIR surprises."""
    # Children often have no NIR; it is looked for when the person may be oriented.
    if personne.nir is None and personne.role in ("DEM", "CJT"):
        avertissements.append(Avertissement(CodeAvertissement.NIR_ABSENT, "NIR"))
    if personne.nir is not None and not _nir_coherent(personne.nir, personne):
        avertissements.append(Avertissement(CodeAvertissement.NIR_INCOHERENT, "NIR"))
    return personne


def _nir_coherent(nir: str, personne: PersonneFlux) -> bool:
    # 3, 4, 7 and 8 are provisional numbers: they say nothing sure of the civil status.
    if nir[0] not in "12":
        return True
    return nir[:3] == f"{personne.sexe}{personne.date_naissance.year % 100:02}"


def adresse(donnees: _Element, avertissements: list[Avertissement]) -> AdresseFlux | None:
    """Read the current address, of rank 01: ranks 02 and 03 are where the foyer lived before."""
    for element in donnees.iterfind("Adresse"):
        if entier(valeurs(bloc(element, "TroncCommunAdresse")), "RGADR") == 1:
            france = element.find("AdresseDetailleeFrance")
            if france is not None:
                return _adresse_france(valeurs(france), avertissements)
            return _adresse_hors_france(valeurs(bloc(element, "AdresseHorsFrance")))
    avertissements.append(Avertissement(CodeAvertissement.ADRESSE_ABSENTE, "Adresse"))
    return None


def _adresse_france(france: Valeurs, avertissements: list[Avertissement]) -> AdresseFlux:
    commune = france.get("NUMCOM")
    try:
        commune = commune_valide(commune or "")
    except IdentifiantInvalide:
        avertissements.append(Avertissement(CodeAvertissement.COMMUNE_INVALIDE, "NUMCOM"))
    code_postal = france.get("CODEPOS")
    voie = " ".join(presentes(france, "NUMVOIE", "LIBTYPEVOIE", "NOMVOIE"))
    return AdresseFlux(
        lignes=(
            *presentes(france, "COMPLIDEADR", "COMPLADR"),
            *([voie] if voie else []),
            *presentes(france, "LIEUDIST"),
        ),
        # An integer in the schema: the zero of the Ain may be lost on the way.
        code_postal=code_postal and code_postal.zfill(5),
        commune=commune,
        nom_commune=france.get("NOMCOM"),
    )


def _adresse_hors_france(etranger: Valeurs) -> AdresseFlux:
    return AdresseFlux(
        lignes=tuple(presentes(etranger, *(f"LIBLIG{rang}ADR" for rang in range(2, 8)))),
        code_postal=None,
        commune=None,
        nom_commune=None,
    )
