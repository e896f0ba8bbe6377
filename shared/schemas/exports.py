"""Snapshot exports: what is asked, what the files are, and what each line of tombstones says."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    Entier,
    Entree,
    Identifiant,
    Instant,
    Modele,
    Page,
    Rang,
    Ressource,
)

FICHIERS_MAX = 10_000
_Type = Annotated[str, StringConstraints(pattern=r"^[a-z]+(_[a-z]+)*$", max_length=60)]
_Valeur = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class StatutExport(StrEnum):
    """États d'un export. Liste fermée."""

    EN_ATTENTE = "en_attente"
    EN_COURS = "en_cours"
    TERMINEE = "terminee"
    ECHOUEE = "echouee"


class MotifSuppression(StrEnum):
    """Pourquoi un élément n'est plus à garder. Liste ouverte."""

    EFFACEMENT = "effacement"
    HORS_LISTE = "hors_liste"


class FiltreExport(Entree):
    """Un filtre de la liste exportée : le nom d'un de ses paramètres, et les valeurs voulues."""

    champ: _Type = Field(description="Paramètre de filtre de la liste, ex. `statut`")
    valeurs: list[_Valeur] = Field(
        min_length=1, max_length=50, description="Valeurs voulues, écrites comme dans l'URL"
    )


class ExportCreation(Entree):
    """Ce qui est à exporter ; le type est celui d'une liste du service."""

    filtre: list[FiltreExport] = Field(
        default_factory=list,
        max_length=20,
        description="Filtres de la liste, chacun une fois ; aucun : tout ce qu'elle rend",
    )
    depuis: str | None = Field(
        default=None,
        min_length=1,
        max_length=400,
        description="Curseur du flux de changements : seulement ce que le flux annonce depuis, et"
        " ce qui n'est plus à garder. C'est `curseur_changements` de l'export d'avant",
    )


class FichierExport(Modele):
    """Un fichier d'un export, et l'empreinte de ce qu'il contient."""

    rang: Rang = Field(description="Rang du fichier dans l'export, à partir de 1")
    url: str = Field(max_length=2000, description="Où le lire, avec un jeton")
    nombre: Entier = Field(description="Lignes du fichier")
    octets: int = Field(
        strict=True,
        ge=0,
        le=9_007_199_254_740_991,
        json_schema_extra={"format": "int64"},
        description="Taille du fichier, décompressé",
    )
    sha256: str = Field(
        min_length=64, max_length=64, description="Empreinte du fichier, décompressé"
    )
    expire_le: Instant = Field(description="Instant dès lequel il ne se lit plus")


class ErreurExport(Modele):
    """Ce qui a empêché l'export d'aller à son terme."""

    code: str = Field(max_length=60, description="Motif, dans une liste ouverte")


class Export(Ressource):
    """Un export : ce qui est demandé, et, terminé, ses fichiers au même instant."""

    type: _Type = Field(description="Liste exportée")
    filtre: list[FiltreExport] = Field(max_length=20, description="Filtres demandés")
    depuis: str | None = Field(max_length=400, description="Curseur demandé")
    statut: StatutExport
    instant_reference: Instant | None = Field(
        description="Instant que montrent tous les fichiers ; null tant qu'il n'est pas pris"
    )
    curseur_changements: str | None = Field(
        max_length=400,
        description="Position du flux où continuer : `/v1/changements?depuis=` rend, sans trou, ce"
        " qui change après les fichiers ; null avant la fin",
    )
    nombre: Entier = Field(description="Éléments exportés")
    fichiers: list[FichierExport] = Field(
        max_length=FICHIERS_MAX, description="Fichiers des éléments, une ligne JSON chacun"
    )
    nombre_supprimes: Entier = Field(description="Éléments qui ne sont plus à garder")
    supprimes: list[FichierExport] = Field(
        max_length=FICHIERS_MAX,
        description="Fichiers de ce qui n'est plus à garder, une ligne `{id, motif}` chacun ; avec"
        " `depuis`, toujours un au moins, même vide",
    )
    erreurs: list[ErreurExport] = Field(max_length=10, description="Vide si tout a été lu")
    termine_le: Instant | None = Field(description="Fin du travail, réussi ou non")


class PageExports(Page[Export]):
    """Une page d'exports."""


class SuppressionExport(Modele):
    """Une ligne d'un fichier de `supprimes`."""

    id: Identifiant
    motif: MotifSuppression
