"""The coded lists on the wire: what they hold, on a day or in a version, and what changed."""

from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import DateCivile, Instant, Modele, Page

CODES_MAX = 5_000
NomReferentiel = Annotated[
    str, StringConstraints(pattern=r"^[a-z]+(-[a-z]+)*$", min_length=2, max_length=60)
]
# What `shared.referentiels.version` gives: the beginning of a SHA-256.
VersionCode = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{12}$", min_length=12, max_length=12)
]
_Code = Annotated[str, StringConstraints(max_length=200)]


class AttributReferentiel(Modele):
    """Une colonne propre à la liste, et sa valeur pour un code."""

    nom: str = Field(max_length=60, description="Colonne, telle que le dictionnaire la décrit")
    valeur: str = Field(
        max_length=2_000, description="Valeur ; plusieurs valeurs sont séparées par `|`"
    )


class CodeReferentiel(Modele):
    """Un code d'une liste et la période où un acte peut le porter."""

    code: str = Field(
        max_length=200,
        description="Code, tel qu'il circule ; deux lignes peuvent le partager, leurs attributs les"
        " distinguent",
    )
    libelle: str | None = Field(max_length=600, description="Libellé pour des personnes")
    date_debut: DateCivile | None = Field(description="Premier jour ; `null` : sans borne connue")
    date_fin: DateCivile | None = Field(description="Dernier jour ; `null` : sans borne connue")
    attributs: list[AttributReferentiel] = Field(
        max_length=40, description="Ce que la liste dit d'autre de ce code, sa source comprise"
    )


class ReferentielResume(Modele):
    """Une liste de codes, et la version que le service applique."""

    nom: str = Field(max_length=60, description="Nom de la liste, dans son adresse")
    sens: str = Field(max_length=300, description="Ce que la liste contient")
    version_codes: VersionCode = Field(
        description="Version du contenu : deux contenus différents n'ont jamais la même"
    )
    en_vigueur_le: Instant = Field(description="Depuis quand le service applique cette version")


class Referentiel(ReferentielResume):
    """Une liste de codes, entière ou à une date, dans une de ses versions."""

    remplacee_le: Instant | None = Field(
        description="Quand une autre l'a remplacée ; `null` : elle est appliquée"
    )
    codes: list[CodeReferentiel] = Field(
        max_length=CODES_MAX, description="Les codes, dans l'ordre de la liste"
    )


class VersionReferentiel(Modele):
    """Une version d'une liste, et ce qu'elle change de la précédente."""

    nom: str = Field(max_length=60, description="Nom de la liste")
    version_codes: VersionCode = Field(description="Version du contenu")
    en_vigueur_le: Instant = Field(description="Depuis quand le service l'applique")
    remplacee_le: Instant | None = Field(
        description="Quand une autre l'a remplacée ; `null` : elle est appliquée"
    )
    ajoutes: list[_Code] = Field(
        max_length=CODES_MAX, description="Codes qui n'étaient pas dans la précédente"
    )
    retires: list[_Code] = Field(
        max_length=CODES_MAX,
        description="Codes qui n'y sont plus : un acte qui en porte un reste valable",
    )
    modifies: list[_Code] = Field(
        max_length=CODES_MAX, description="Codes dont un libellé ou un attribut a changé"
    )


class PageReferentiels(Page[ReferentielResume]):
    """Une page des listes de codes."""


class PageVersionsReferentiel(Page[VersionReferentiel]):
    """Une page des versions d'une liste."""
