"""How a département reaches France Travail: what the two of them agreed on."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from shared.clients.partenaires import Adresse

# The pipe is forbidden in the identity of an agent, and an empty one is answered 401.
Nom = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^|]+$")]


class Agent(BaseModel):
    """On whose behalf a call is made; `BATCH` is a job of ours."""

    model_config = ConfigDict(frozen=True)

    identifiant: Nom = "BATCH"
    nom: Nom = "JALONS"
    prenom: Nom = "TRAVAILLEUR"


class AccesFranceTravail(BaseModel):
    """One collectivité's way in. Without one, nothing is asked of France Travail for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The host of the tokens and their realm are two settings: they are not always seen together.
    url_jetons: Adresse
    url_api: Adresse
    realm: str = Field(default="/agent", max_length=40)
    client_id: str = Field(min_length=1, max_length=200)
    secret: SecretStr = Field(min_length=1)
    prefixe_portees: bool = False
    agent: Agent = Agent()
    par_seconde: float = Field(default=3, gt=0, le=1000)  # by product: no quota is published
    delai_s: float = Field(default=60, gt=0, le=120)  # of one call
    essais: int = Field(default=4, ge=1, le=10)
    # Of a call and its repetitions: a lease is longer than the four of a sending.
    patience_s: float = Field(default=180, gt=0, le=180)
