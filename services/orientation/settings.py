"""Settings of orientation."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.delais import ALERTE_JOURS
from shared.socle.reglages import Reglages


class Settings(Reglages):
    """Read from the environment under JALONS_ORIENTATION_."""

    model_config = SettingsConfigDict(env_prefix="JALONS_ORIENTATION_", extra="ignore")

    alerte_jours: int = Field(
        default=ALERTE_JOURS,
        ge=0,
        le=365,
        description="Jours avant une échéance où elle devient « à risque » et s'annonce",
    )


def alerte_jours(reglages: Reglages) -> int:
    """How many days before its end a deadline is at risk, for a service known by its base."""
    assert isinstance(reglages, Settings)
    return reglages.alerte_jours
