"""Settings of parcours."""

from pydantic_settings import SettingsConfigDict

from shared.socle.reglages import Reglages


class Settings(Reglages):
    """Read from the environment under JALONS_PARCOURS_."""

    model_config = SettingsConfigDict(env_prefix="JALONS_PARCOURS_", extra="ignore")
