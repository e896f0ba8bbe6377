"""Settings of parcours."""

from collections.abc import Mapping

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.clients.data_inclusion import AccesDataInclusion
from shared.clients.immersion_facile.acces import AccesImmersionFacile
from shared.socle.reglages import Reglages


class Settings(Reglages):
    """Read from the environment under JALONS_PARCOURS_."""

    model_config = SettingsConfigDict(env_prefix="JALONS_PARCOURS_", extra="ignore")

    immersion_facile: dict[str, AccesImmersionFacile] = Field(
        default={},
        max_length=20,
        description="Accès à immersion-facile, par collectivité ; sans, rien n'y est lu",
    )
    data_inclusion: dict[str, AccesDataInclusion] = Field(
        default={},
        max_length=20,
        description="Accès à data·inclusion, par collectivité ; sans, rien ne lui est demandé",
    )


def acces_immersion_facile(reglages: Reglages) -> Mapping[str, AccesImmersionFacile]:
    """The ways into immersion-facile, by collectivité, of a service known by its base."""
    assert isinstance(reglages, Settings)
    return reglages.immersion_facile


def acces_data_inclusion(reglages: Reglages, collectivite: str) -> AccesDataInclusion | None:
    """The way in of a collectivité, for a service known by its base."""
    assert isinstance(reglages, Settings)
    return reglages.data_inclusion.get(collectivite)
