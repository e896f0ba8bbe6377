"""What every import says of itself: a file came in, a job reads it, each line has its fate."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import Booleen, Entier, Instant, Modele, Ressource


class StatutImport(StrEnum):
    """États d'un import. Liste fermée."""

    EN_ATTENTE = "en_attente"
    EN_COURS = "en_cours"
    TERMINEE = "terminee"
    ECHOUEE = "echouee"
    ANNULEE = "annulee"


class StatutLigne(StrEnum):
    """Ce qu'il est advenu d'une ligne d'import. Liste fermée."""

    CREEE = "creee"
    MODIFIEE = "modifiee"
    IDENTIQUE = "identique"
    REFUSEE = "refusee"


class ProblemeImport(Modele):
    """Pourquoi la lecture d'un fichier, ou d'un foyer, s'est arrêtée."""

    code: str = Field(max_length=60, description="Motif, dans une liste ouverte")
    ligne: Entier | None
    champ: str | None = Field(max_length=60, description="Élément en cause, jamais sa valeur")


class CompteursLignes(Modele):
    """Ce que sont devenues les lignes lues jusqu'ici d'un fichier NDJSON."""

    lues: Entier
    creees: Entier
    modifiees: Entier
    identiques: Entier
    refusees: Entier


class ImportLignes(Ressource):
    """Un fichier NDJSON reçu, et où en est sa lecture."""

    statut: StatutImport
    essai: Booleen = Field(description="Vrai : tout est vérifié, rien n'est écrit")
    taille_octets: Entier
    sha256: str = Field(
        min_length=64, max_length=64, description="Empreinte du fichier, décompressé"
    )
    recu_le: Instant
    termine_le: Instant | None
    lignes: CompteursLignes
    probleme: ProblemeImport | None
