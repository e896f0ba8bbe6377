"""Settings of orientation."""

from pydantic_settings import SettingsConfigDict

from shared.socle.reglages import Reglages


class Settings(Reglages):
    """Read from the environment under JALONS_ORIENTATION_."""

    model_config = SettingsConfigDict(env_prefix="JALONS_ORIENTATION_", extra="ignore")
