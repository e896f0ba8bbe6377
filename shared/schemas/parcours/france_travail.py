"""The diagnostic of France Travail, version 4, as it comes and goes: its names are its own.

Only what we read is declared, so as to be checked; the rest is kept as it came. In our document it
is an object of no stated properties: the contract's names are not those of France Travail.
"""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, core_schema

from shared.schemas.commun import (
    Code,
    Entree,
    Identifiant,
    Libelle,
    Modele,
    Rang,
    _clean_multiline,
    _without_nir,
)
from shared.schemas.parcours.diagnostics import Diagnostic
from shared.schemas.parcours.freins import CodeFrein

_Court = Annotated[str, StringConstraints(strict=True, max_length=64)]
_Texte = Annotated[str, StringConstraints(strict=True, max_length=300)]


def _propre(value: Any) -> Any:
    """Refuse in any key or text what no text should carry; change nothing."""
    match value:
        case str():
            _clean_multiline(value)
            _without_nir(value)
        case dict():
            for nom, sous in value.items():
                _propre(nom)
                _propre(sous)
        case list():
            for sous in value:
                _propre(sous)
    return value


class _Piece(BaseModel):
    model_config = ConfigDict(extra="allow", alias_generator=to_camel, frozen=True)


class _Agent(_Piece):
    id: _Court | None = None


class _Exploree(_Piece):
    agent: _Agent | None = None
    date_exploration: Annotated[str, StringConstraints(strict=True, max_length=40)] | None = None


class _Besoin(_Exploree):
    code: _Court
    valeur: Literal["NON_EXPLORE", "BESOIN", "POINT_FORT"]


class _Situation(_Exploree):
    code: _Court
    valeur: Literal["NON_ABORDEE", "OUI", "NON"]


class _Objectif(_Exploree):
    code: _Court
    libelle: _Texte
    valeur: Literal["NON_ABORDE", "EN_COURS", "REALISE", "ABANDONNE"]


class _Contrainte(_Exploree):
    code: _Court
    valeur: Literal["NON_ABORDEE", "OUI", "CLOTUREE"]
    est_prioritaire: Annotated[bool, Field(strict=True)] | None = None
    impact: Literal["FORT", "MOYEN", "FAIBLE", "NON_RENSEIGNE"] | None = None
    situations: list[_Situation] | None = None
    objectifs: list[_Objectif] | None = None


class _SansContrainte(_Piece):
    flag: Annotated[bool, Field(strict=True)] | None = None
    date: Annotated[str, StringConstraints(strict=True, max_length=40)] | None = None


class _ThematiqueContrainte(_Exploree):
    contraintes: list[_Contrainte] | None = None
    declare_sans_contrainte: _SansContrainte | None = None


class _Autonomie(_Exploree):
    contrainte: _Contrainte | None = None
    besoin: _Besoin | None = None


class _PouvoirAgir(_Exploree):
    confiance: Literal["OUI", "NON", "NE_SAIT_PAS"] | None = None
    accompagnement: Literal["OUI", "NON", "NE_SAIT_PAS"] | None = None


class _Projet(_Piece):
    agent: _Agent | None = None
    code_typologie: Literal["EF", "PM", "MR"] | None = None
    code_rome: Annotated[str, StringConstraints(strict=True, pattern="^[A-Z][0-9]{4}$")] | None = (
        None
    )
    code_appellation: (
        Annotated[str, StringConstraints(strict=True, pattern="^[0-9]{4,6}$")] | None
    ) = None
    statut: _Court | None = None
    est_prioritaire: Annotated[bool, Field(strict=True)] | None = None


class _Thematique(_Exploree):
    besoins: list[_Besoin] | None = None


class _BesoinsParDiagnostic(_Piece):
    diagnostic: _Projet | None = None
    agent_derniere_exploration_besoin: _Agent | None = None
    date_derniere_exploration_besoin: (
        Annotated[str, StringConstraints(strict=True, max_length=40)] | None
    ) = None
    thematiques_besoins: list[_Thematique] | None = None


class DossierFranceTravail(_Piece):
    """What `GET /diagnosticargumente/v4/dossiers` answers."""

    besoins_par_diagnostic: list[_BesoinsParDiagnostic] | None = Field(default=None, max_length=20)
    thematique_contrainte: _ThematiqueContrainte | None = None
    pouvoir_agir: _PouvoirAgir | None = None
    autonomie_numerique: _Autonomie | None = None

    def tel_quel(self) -> dict[str, Any]:
        """The same JSON as came: nothing added, nothing left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _verifie(_: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    """Check by the class, which our document does not show, and give back what came."""
    return core_schema.no_info_after_validator_function(
        DossierFranceTravail.tel_quel, handler(DossierFranceTravail)
    )


_LIBRE = WithJsonSchema(
    {
        "type": "object",
        "additionalProperties": {},  # `true` says the same, and a generator warns of it
        "description": "Dossier de l'API Diagnostic usager v4 de France Travail, avec ses noms",
    }
)


class DiagnosticFranceTravailCreation(Entree):
    """Un diagnostic v4 lu chez France Travail ; il remplace le courant sans l'effacer."""

    remplace_id: Identifiant | None = Field(
        default=None, description="Le diagnostic courant, que l'appelant a lu ; absent du premier"
    )
    dossier: Annotated[
        dict[str, Any], GetPydanticSchema(_verifie), BeforeValidator(_propre), _LIBRE
    ]


class EcartFranceTravail(Modele):
    """Ce que dit France Travail et que le parcours ne suit pas : au référent d'en décider."""

    frein: CodeFrein
    contrainte: str = Field(max_length=8, description="Code de contrainte de France Travail")
    motif: Libelle


class DiagnosticRecu(Modele):
    """Le diagnostic signé de l'agent de France Travail, et ce qui n'en est pas suivi."""

    diagnostic: Diagnostic
    ecarts: list[EcartFranceTravail] = Field(max_length=30)


class DiagnosticFranceTravail(Modele):
    """Le diagnostic courant d'un parcours, comme France Travail l'écrit."""

    diagnostic_id: Identifiant
    rang: Rang = Field(description="1 pour le premier du parcours")
    version_listes: str = Field(
        max_length=120, description="Version de l'API, puis des listes de contraintes et de besoins"
    )
    recu_de_france_travail: bool = Field(
        description="Vrai : le dossier reçu, tenu à jour ; faux : écrit depuis le nôtre"
    )
    champs_masques: list[Code] = Field(
        max_length=1, description="contrainte_25 sans `parcours.sante:lire`"
    )
    dossier: Annotated[dict[str, Any], _LIBRE]
