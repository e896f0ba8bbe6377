"""How a département reads immersion-facile: what the two of them agreed on."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from shared.clients.partenaires import Adresse


class AccesImmersionFacile(BaseModel):
    """One collectivité's key. Without one, nothing is read for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url_api: Adresse
    cle: SecretStr = Field(min_length=1)  # a JWT of theirs, sent as it is: no "Bearer"
    delai_s: float = Field(default=30, gt=0, le=120)
