"""Alembic's entry for financement."""

from services.financement.tables import Base
from shared.socle.migrations import run

run("financement", Base.metadata)
