"""How a département and rdv-insertion reach each other: what the two of them agreed on."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from shared.clients.partenaires import Adresse


class AccesApiRdvInsertion(BaseModel):
    """How a département calls rdv-insertion: an agent of its own there, and its organisations."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url_api: Adresse  # up to /api/v1
    url_connexion: Adresse  # of rdv-solidarités: another host gives the tokens
    email: str = Field(min_length=3, max_length=200)
    mot_de_passe: SecretStr = Field(min_length=1)
    # By `reference` of our organisme: the `rdv_solidarites_organisation_id` of theirs.
    organisations: dict[str, int] = Field(max_length=200)
    # Which law lets a NIR go there is for each département to say.
    nir: bool = False
    delai_s: float = Field(default=30, gt=0, le=60)


class AccesRdvInsertion(BaseModel):
    """One collectivité's exchange. Without one, nothing is taken from rdv-insertion for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # One by organisation there; during a rotation, the old one beside the new one.
    # An empty one would be anybody's.
    secrets: list[Annotated[SecretStr, Field(min_length=16)]] = Field(default=[], max_length=50)
    # Whose `reference_externe` their `department_internal_id` is, when it is no id of ours.
    client_references: str | None = Field(default=None, max_length=64)
    # Without it nobody is invited.
    api: AccesApiRdvInsertion | None = None
