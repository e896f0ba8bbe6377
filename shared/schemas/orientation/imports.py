"""The flux CAF/MSA, foyer by foyer, and what they change."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
    Booleen,
    DateCivile,
    Entier,
    Identifiant,
    Instant,
    Modele,
    Page,
    Rang,
    Ressource,
)
from shared.schemas.imports import CompteursLignes, ProblemeImport, StatutImport, StatutLigne
from shared.schemas.orientation.vocabulaire import Mot


class TypeImport(StrEnum):
    """Ce qu'un fichier contient. Liste ouverte."""

    FLUX_BENEFICIAIRES = "flux_beneficiaires"
    PERSONNES = "personnes"
    ORIENTATIONS = "orientations"
    CRITERES = "criteres"
    DECISIONS = "decisions"
    ORGANISMES_REFERENTS = "organismes_referents"


class CompteursImport(Modele):
    """Ce que la lecture d'un flux a fait.

    Les personnes lues sont à orienter, hors orientation, ou refusées avec leur foyer.
    """

    foyers_lus: Entier
    foyers_crees: Entier
    foyers_modifies: Entier
    foyers_identiques: Entier
    foyers_refuses: Entier
    personnes_lues: Entier
    personnes_a_orienter: Entier
    personnes_hors_orientation: Entier
    personnes_refusees: Entier
    orientations_creees: Entier
    orientations_closes: Entier


class ImportFichier(Ressource):
    """Un fichier reçu, et où en est sa lecture."""

    type: TypeImport
    statut: StatutImport
    essai: Booleen = Field(description="Vrai : tout est vérifié, rien n'est écrit")
    taille_octets: Entier
    sha256: str = Field(
        min_length=64, max_length=64, description="Empreinte du fichier, décompressé"
    )
    recu_le: Instant
    termine_le: Instant | None
    date_reference: DateCivile | None = Field(description="DTREF du flux")
    compteurs: CompteursImport
    lignes: CompteursLignes | None = Field(description="null : un flux, dit par `compteurs`")
    complet: Booleen = Field(description="Vrai : autant de foyers lus que le flux en annonce")
    probleme: ProblemeImport | None


class PageImports(Page[ImportFichier]):
    """Une page d'imports."""


class ResultatImport(Modele):
    """Le sort d'un foyer : son rang, sa ligne, et pourquoi il est refusé s'il l'est."""

    ligne: Rang = Field(description="Ligne du fichier où le foyer commence")
    rang: Rang = Field(description="Rang du foyer dans le fichier, à partir de 1")
    statut: StatutLigne
    id: Identifiant | None = Field(json_schema_extra={"readOnly": True}, description="Dossier")
    probleme: ProblemeImport | None
    avertissements: list[Mot] = Field(
        max_length=200, description="Éléments lus avec réserve, dans une liste ouverte"
    )


class TypeMouvement(StrEnum):
    """Ce qui a changé d'un flux CAF/MSA à l'autre. Liste ouverte."""

    DROIT_OUVERT = "droit_ouvert"
    DROIT_TRANSFERE = "droit_transfere"
    DROIT_SUSPENDU = "droit_suspendu"
    DROIT_RETABLI = "droit_retabli"
    DROIT_CLOS = "droit_clos"
    ENTREE_DROITS_DEVOIRS = "entree_droits_devoirs"
    SORTIE_DROITS_DEVOIRS = "sortie_droits_devoirs"
    DEMENAGEMENT = "demenagement"
    PERSONNE_ARRIVEE = "personne_arrivee"
    PERSONNE_PARTIE = "personne_partie"
    DECES = "deces"


class Mouvement(Modele):
    """Un changement dit par un flux, d'un foyer ou d'une de ses personnes. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    type: TypeMouvement
    dossier_id: Identifiant
    personne_id: Identifiant | None = Field(description="null : c'est tout le foyer qui change")
    import_id: Identifiant
    date_reference: DateCivile = Field(description="DTREF du flux qui le dit")
    motif: str | None = Field(
        max_length=10, description="De `droit_clos` : MOTICLORSA, comme la version du flux l'écrit"
    )
    version_flux: str = Field(max_length=8, description="Version du flux, ex. VRSB0801")
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class MouvementDetaille(Mouvement):
    """Un changement, et qui il concerne."""

    personne_ids: list[Identifiant] = Field(
        max_length=200,
        description="La personne, ou celles du foyer à l'instant quand c'est tout lui qui change",
    )


class PageMouvements(Page[Mouvement]):
    """Une page de mouvements."""
