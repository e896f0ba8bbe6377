"""Alembic's entry for parcours."""

from services.parcours.tables import Base
from shared.socle.migrations import run
from shared.socle.volumes.tables import Base as Volumes

run("parcours", Base.metadata, Volumes.metadata)
