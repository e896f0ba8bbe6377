"""Settings of orientation."""

from collections.abc import Mapping

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.clients.rdv_insertion.acces import AccesRdvInsertion
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
    rdv_insertion: dict[str, AccesRdvInsertion] = Field(
        default={},
        max_length=20,
        description="Échange avec rdv-insertion, par collectivité ; sans, rien n'en est reçu",
    )


def alerte_jours(reglages: Reglages) -> int:
    """How many days before its end a deadline is at risk, for a service known by its base."""
    assert isinstance(reglages, Settings)
    return reglages.alerte_jours


def acces_rdv_insertion(reglages: Reglages) -> Mapping[str, AccesRdvInsertion]:
    """The exchanges with rdv-insertion, by collectivité, of a service known by its base."""
    assert isinstance(reglages, Settings)
    return reglages.rdv_insertion
