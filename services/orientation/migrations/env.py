"""Alembic's entry for orientation."""

from services.orientation.tables import Base
from shared.socle.migrations import run
from shared.socle.volumes.tables import Base as Volumes

run("orientation", Base.metadata, Volumes.metadata)
