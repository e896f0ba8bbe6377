"""Alembic's entry for orientation."""

from services.orientation.tables import Base
from shared.socle.migrations import run

run("orientation", Base.metadata)
