"""What is read of a convention of immersion-facile, in its own words.

Source: partners.md §5, and their ConventionReadPublicV2.
"""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

# Their days are instants at midnight: the day is what is written.
Jour = Annotated[date, BeforeValidator(lambda une: une[:10] if isinstance(une, str) else une)]
Texte = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]


class _Leur(BaseModel):
    """What is read in their spelling; what is not named here is left."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel)


class Beneficiaire(_Leur):
    """Who goes there."""

    first_name: Texte
    last_name: Texte
    birthdate: Jour


class _Signataires(_Leur):
    beneficiary: Beneficiaire


class _Horaire(_Leur):
    total_hours: float = Field(ge=0, le=2_000)


class _Metier(_Leur):
    rome_code: Annotated[str, StringConstraints(pattern=r"^[A-N][0-9]{4}$")]


class ConventionLue(_Leur):
    """What is used of a convention; all else that they send is left."""

    id: UUID
    status: Annotated[str, StringConstraints(pattern=r"^[A-Z_]{1,40}$")]
    date_start: Jour
    date_end: Jour
    siret: Annotated[str, StringConstraints(pattern=r"^[0-9]{14}$")]
    internship_kind: Literal["immersion", "mini-stage-cci"] = "immersion"
    agency_kind: Annotated[str, StringConstraints(max_length=60)] = "autre"
    immersion_objective: Annotated[str, StringConstraints(max_length=100)]
    immersion_appellation: _Metier
    schedule: _Horaire
    signatories: _Signataires
