"""Settings of financement."""

from pydantic_settings import SettingsConfigDict

from shared.socle.reglages import Reglages


class Settings(Reglages):
    """Read from the environment under JALONS_FINANCEMENT_."""

    model_config = SettingsConfigDict(env_prefix="JALONS_FINANCEMENT_", extra="ignore")
