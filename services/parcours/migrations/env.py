"""Alembic's entry for parcours."""

from services.parcours.tables import Base
from shared.socle.migrations import run

run("parcours", Base.metadata)
