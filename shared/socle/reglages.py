"""Settings of a service, from the environment. What is shared has one name for all of them."""

from pydantic import AwareDatetime, Field, SecretStr
from pydantic_settings import BaseSettings


class Reglages(BaseSettings):
    """What a service needs to run. Each service gives its own prefix, e.g. JALONS_PARCOURS_."""

    url: str = Field(description="Adresse publique du service : c'est aussi son audience")
    postgres: SecretStr = Field(description="URL PostgreSQL du rôle d'exécution, sans droit de DDL")
    cle: SecretStr = Field(description="Secret de 32 octets, base64 URL : scelle, signe, condense")
    secret: SecretStr = Field(
        default=SecretStr(""), description="Secret OAuth du service auprès de ses voisins"
    )
    connexions: int = Field(
        default=20, ge=1, le=500, description="Connexions du pool, par processus"
    )
    arret_s: float = Field(
        default=5, ge=0, le=60, description="Secondes de service après l'annonce d'un arrêt"
    )
    maintenance_jusqu_a: AwareDatetime | None = Field(
        default=None, description="Instant jusqu'auquel toute requête reçoit 503 `maintenance`"
    )
    journal: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    emetteur: str = Field(validation_alias="JALONS_EMETTEUR_URL")
    url_orientation: str = Field(default="", validation_alias="JALONS_ORIENTATION_URL")
    url_parcours: str = Field(default="", validation_alias="JALONS_PARCOURS_URL")
    url_financement: str = Field(default="", validation_alias="JALONS_FINANCEMENT_URL")

    def url_de(self, service: str) -> str:
        """Where a sibling answers."""
        found: str = getattr(self, f"url_{service}")
        return found
