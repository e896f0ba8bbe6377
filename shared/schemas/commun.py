"""Types and envelopes that the three services share on the wire (contract guide, 4 to 7)."""

import re
import unicodedata
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

CENTIMES_MAX = 9_007_199_254_740_991  # 2**53 - 1: exact in every JSON reader

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Within living memory and within reason: at the ends of the calendar an offset overflows.
_ANNEE = "(1[89]|2[0-9])[0-9]{2}"
_DATE = re.compile(rf"{_ANNEE}-[0-9]{{2}}-[0-9]{{2}}")
_INSTANT = re.compile(
    rf"{_ANNEE}-[0-9]{{2}}-[0-9]{{2}}[Tt ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]{{1,9}})?)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
# 13 or 15 characters in the shape of a NIR, wherever they stand.
_FORME_NIR = re.compile(r"(?<!\d)[123478]\d{4}(\d{2}|2[ABab])\d{6}(\d{2})?(?!\d)")


def _matches(shape: re.Pattern[str], code: str, message: str) -> Any:
    def check(value: object) -> object:
        # Only strings become UUIDs, dates and instants: FastAPI would read 0 as 1970-01-01.
        if isinstance(value, str) and not shape.fullmatch(value):
            raise PydanticCustomError(code, message)
        if not isinstance(value, str | UUID | date | datetime):
            raise PydanticCustomError("type-inattendu", "Une chaine est attendue")
        return value

    return check


def _clean(value: str, *, multiline: bool = False) -> str:
    """Normalise to NFC and trim; refuse what no text should carry (contract guide, 7.4)."""
    for char in value:
        point = ord(char)
        control = point < 0x20 or 0x7F <= point < 0xA0
        if (
            (control and not (multiline and char in "\t\n"))
            or 0xD800 <= point < 0xE000
            or point in _BIDI
        ):
            raise PydanticCustomError("caractere-interdit", "Un caractere n'est pas admis")
    return unicodedata.normalize("NFC", value).strip()


def _clean_multiline(value: str) -> str:
    return _clean(value, multiline=True)


def _without_nir(value: str) -> str:
    if _FORME_NIR.search(value):
        raise PydanticCustomError("nir-interdit-ici", "Un NIR n'a pas sa place ici")
    return value


def _never_null(value: object) -> object:
    if value is None:
        raise PydanticCustomError("type-inattendu", "Un booleen est attendu")
    return value


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _with_z(value: datetime) -> str:
    # Always with milliseconds or not at all would depend on the clock: six digits, always.
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


Identifiant = Annotated[UUID, BeforeValidator(_matches(_UUID, "uuid-attendu", "UUID attendu"))]
DateCivile = Annotated[
    date,
    BeforeValidator(_matches(_DATE, "date-attendue", "Date AAAA-MM-JJ attendue")),
    WithJsonSchema({"type": "string", "format": "date", "pattern": f"^{_ANNEE}-"}),
]
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_matches(_INSTANT, "date-attendue", "Instant RFC 3339 attendu")),
    AfterValidator(_to_utc),
    PlainSerializer(_with_z, return_type=str, when_used="json"),
]
Booleen = Annotated[bool, Field(strict=True)]
# Absent says "unknown". Sent, it is true or false: a boolean is never null (contract guide, 7.5).
BooleenFacultatif = Annotated[
    Booleen | None, BeforeValidator(_never_null), WithJsonSchema({"type": "boolean"})
]
Centimes = Annotated[
    int,
    Field(
        strict=True,
        ge=0,
        le=CENTIMES_MAX,
        json_schema_extra={"format": "int64"},
        description="Montant en centimes d'euro",
    ),
]
CentimesPositifs = Annotated[
    int,
    Field(
        strict=True,
        ge=1,
        le=CENTIMES_MAX,
        json_schema_extra={"format": "int64"},
        description="Montant en centimes d'euro, un centime au moins",
    ),
]
# A narrower bound is a type of its own: beside an annotated one, `Field(ge=…)` changes nothing.
Entier = Annotated[int, Field(strict=True, ge=0, le=2_147_483_647)]
Rang = Annotated[int, Field(strict=True, ge=1, le=2_147_483_647)]
Version = Annotated[
    int,
    Field(
        strict=True,
        ge=1,
        le=2_147_483_647,
        description="Version, un de plus à chaque changement ; c'est l'ETag",
    ),
]
Annee = Annotated[int, Field(strict=True, ge=1900, le=2200)]

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$", max_length=64)]
Libelle = Annotated[str, AfterValidator(_clean), StringConstraints(min_length=1, max_length=300)]
Nom = Annotated[str, AfterValidator(_clean), StringConstraints(min_length=1, max_length=100)]
Commentaire = Annotated[
    str,
    AfterValidator(_clean_multiline),
    StringConstraints(max_length=2000),
    Field(description="Texte libre : ni donnée de santé, ni identité d'un tiers"),
]
ReferenceExterne = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._:-]+$", min_length=1, max_length=64),
    AfterValidator(_without_nir),
    Field(description="Clé du partenaire, unique par client et type de ressource ; jamais un NIR"),
]
COLLECTIVITE = r"^([0-9]{2,3}|2[AB])[A-Z]$"
CodeCollectivite = Annotated[
    str,
    StringConstraints(pattern=COLLECTIVITE, max_length=4),
    Field(description="Code Insee de la collectivité à compétences départementales, ex. 35D"),
]
CodeCommune = Annotated[
    str,
    StringConstraints(
        pattern=r"^(0[1-9]|1[0-9]|2[1-9AB]|[3-8][0-9]|9[0-5])[0-9]{3}$"
        r"|^97[1-8][0-9]{2}$|^98[4678][0-9]{2}$",
        max_length=5,
    ),
    Field(description="Code commune Insee (COG), jamais un code postal"),
]


class Modele(BaseModel):
    """Base of what we answer: open to new fields, immutable, without defaults."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Entree(BaseModel):
    """Base of what we accept: an unknown field is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# Default of a merge patch's fields: absent is unchanged, and null, where it is taken, clears.
# Nobody reads it, nor does the document show it: `changements` keeps what was sent.
INCHANGE: Any = Field(default_factory=lambda: None)


class Ressource(Modele):
    """What every mutable resource carries; all of it ours."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True}, description="Identifiant opaque")
    version: Version = Field(json_schema_extra={"readOnly": True})
    cree_le: Instant = Field(
        json_schema_extra={"readOnly": True}, description="Instant de création"
    )
    modifie_le: Instant = Field(
        json_schema_extra={"readOnly": True}, description="Instant du dernier changement"
    )


LIMITE_MAX = 200

Limite = Annotated[
    int, Field(strict=True, ge=1, le=LIMITE_MAX, description="Nombre d'éléments par page, au plus")
]

T = TypeVar("T")


class Pagination(Modele):
    """Où la lecture continue ; `suivant` nul est le seul signe de la fin d'une liste."""

    limite: Limite
    suivant: str | None = Field(max_length=2000, description="URL complète de la page suivante")


class Page(Modele, Generic[T]):
    """Une page d'une collection."""

    elements: list[T] = Field(max_length=LIMITE_MAX, description="Éléments de la page")
    pagination: Pagination


# With `champs` a list answers another shape: its media type says so, and each has its own schema.
MEDIA_PARTIEL = "application/vnd.jalons.partiel+json"


class ElementPartiel(Modele):
    """Les champs demandés par `champs`, et eux seuls, tels que l'élément entier les rend."""

    model_config = ConfigDict(extra="allow")


class PagePartielle(Page[ElementPartiel]):
    """Une page dont chaque élément est réduit aux champs demandés par `champs`."""


class Operation(StrEnum):
    """Ce qui est arrivé à une ressource. Liste fermée."""

    CREATION = "creation"
    MODIFICATION = "modification"
    EFFACEMENT = "effacement"


class Changement(Modele):
    """Un fait du flux de changements : des identifiants, aucune donnée personnelle."""

    evenement_id: Identifiant
    type: str = Field(max_length=80, description="service.ressource.fait")
    ressource: str = Field(max_length=40, description="Collection de la ressource")
    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    version: Version = Field(json_schema_extra={"readOnly": True})
    operation: Operation
    survenu_le: Instant


class Auteur(Modele):
    """Qui a agi : le client du jeton, jamais une personne."""

    client_id: str = Field(max_length=64, description="Client OAuth")


class QuotaApplique(Modele):
    """Un quota appliqué, par client et par collectivité."""

    classe: str = Field(max_length=40, description="Classe, telle que dans `RateLimit-Policy`")
    nombre: Rang = Field(description="Requêtes admises dans une fenêtre")
    fenetre_s: Rang = Field(description="Durée de la fenêtre, en secondes")


class LimitesImport(Modele):
    """Les bornes d'un import."""

    octets_max: Rang = Field(description="Taille d'un fichier, décompressé")
    ratio_max: Rang = Field(description="Octets décompressés pour un octet reçu, en gzip")
    depot_max_s: Rang = Field(description="Durée du dépôt d'un fichier, en secondes")
    resultats_jours: Rang = Field(description="Conservation des résultats après la fin")


class Limites(Modele):
    """Les nombres du contrat, tels que ce service les applique."""

    limite_max: Rang = Field(description="Éléments par page")
    curseur_duree_s: Rang = Field(description="Durée de vie d'un curseur de liste, en secondes")
    corps_max_octets: Rang = Field(description="Taille d'un corps JSON")
    json_profondeur_max: Rang = Field(description="Niveaux d'un corps JSON")
    json_cles_max: Rang = Field(description="Clés d'un objet JSON")
    json_elements_max: Rang = Field(
        description="Éléments d'un corps JSON, comptés par ses virgules"
    )
    delai_min_ms: Rang = Field(description="Plus petit `Delai-Max`, en millisecondes")
    delai_max_ms: Rang = Field(description="Plus grand `Delai-Max`, en millisecondes")
    delai_defaut_ms: Rang = Field(description="Délai d'une requête sans `Delai-Max`")
    attente_max_s: Rang = Field(description="Plus longue `attente` du flux de changements")
    idempotence_jours: Rang = Field(description="Conservation des réponses à rejouer")
    changements_jours: Rang = Field(description="Conservation du flux de changements")
    jeton_duree_max_s: Rang = Field(description="Durée de vie d'un jeton d'accès")
    jeton_tolerance_s: Rang = Field(description="Écart d'horloge toléré sur un jeton")
    intervalle_premier_max: Rang = Field(
        description="Rang du premier élément d'un `Range`, au plus loin"
    )
    export_lignes_max: Rang = Field(description="Lignes d'un fichier d'export")
    export_duree_s: Rang = Field(
        description="Secondes pendant lesquelles les fichiers d'un export se lisent"
    )
    exports_jours: Rang = Field(description="Conservation de ce que dit un export")
    imports: LimitesImport | None = Field(description="Nul si ce service n'importe rien")
    import_lignes_max: Rang = Field(description="Lignes d'un fichier NDJSON")
    import_lignes_octets_max: Rang = Field(description="Taille d'un fichier NDJSON, décompressé")
    import_ligne_octets_max: Rang = Field(description="Taille d'une ligne d'un fichier NDJSON")
    quotas: list[QuotaApplique] = Field(max_length=20, description="Les quotas appliqués")
