"""Settings of a service, from the environment. What is shared has one name for all of them."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import AwareDatetime, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from shared.clients.france_travail.acces import AccesFranceTravail
from shared.socle.webhooks.rules import ORIGINE_ESSAI


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
    # An installation may admit more than what is documented, never less (contract guide, 17.2).
    quota_lecture: int = Field(
        default=600, ge=600, le=1_000_000, description="Lectures par minute et par client"
    )
    quota_ecriture: int = Field(
        default=120, ge=120, le=1_000_000, description="Écritures par minute et par client"
    )
    quota_recherche: int = Field(
        default=30, ge=30, le=1_000_000, description="Recherches par minute et par client"
    )
    quota_job: int = Field(
        default=10, ge=10, le=1_000_000, description="Travaux demandés par heure et par client"
    )
    volume_plancher: int = Field(
        default=500,
        ge=1,
        le=1_000_000,
        description="Personnes lues en un jour sous lesquelles rien n'est dit ; l'habitude de qui"
        " n'en a pas encore. Sans effet en financement, qui n'en connaît aucune",
    )
    webhooks_essais: list[str] = Field(
        default=[],
        max_length=20,
        validation_alias="JALONS_WEBHOOKS_ESSAIS",
        description="Origines de cette machine, ex. http://127.0.0.1:8704, où les webhooks vont"
        " aussi ; refusées si l'adresse du service n'est ni de cette machine ni en `.example`",
    )
    bac_a_sable: bool = Field(
        default=False,
        validation_alias="JALONS_BAC_A_SABLE",
        description="Bac à sable : la collectivité 999D seule, horloge et pannes de test ; refusé"
        " si l'adresse du service n'est ni de cette machine ni en `.example`, ni un nom qui"
        " commence par `bac-a-sable`",
    )
    france_travail: dict[str, AccesFranceTravail] = Field(
        default={},
        max_length=20,
        description="Accès à France Travail, par collectivité ; sans, rien ne lui est demandé",
    )
    emetteur: str = Field(validation_alias="JALONS_EMETTEUR_URL")
    url_orientation: str = Field(default="", validation_alias="JALONS_ORIENTATION_URL")
    url_parcours: str = Field(default="", validation_alias="JALONS_PARCOURS_URL")
    url_financement: str = Field(default="", validation_alias="JALONS_FINANCEMENT_URL")

    @model_validator(mode="after")
    def _essais_hors_production(self) -> Self:
        """No production can open this by accident: nobody is served at such an address."""
        nom = urlsplit(self.url).hostname or ""
        bac = nom == "127.0.0.1" or nom.endswith(".example") or nom.startswith("bac-a-sable")
        if self.bac_a_sable and not bac:
            raise ValueError("JALONS_BAC_A_SABLE n'est admis qu'à l'adresse d'un bac à sable")
        if self.webhooks_essais and nom != "127.0.0.1" and not nom.endswith(".example"):
            raise ValueError("JALONS_WEBHOOKS_ESSAIS n'est admis que sur une machine d'essai")
        if not all(ORIGINE_ESSAI.fullmatch(one) for one in self.webhooks_essais):
            raise ValueError("JALONS_WEBHOOKS_ESSAIS : http://127.0.0.1:<port> attendu")
        return self

    def url_de(self, service: str) -> str:
        """Where a sibling answers."""
        found: str = getattr(self, f"url_{service}")
        return found
