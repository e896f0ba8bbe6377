"""The sandbox: the moves of its clock, and the faults that were asked for."""

from shared.socle.migrations import bac_a_sable

revision, down_revision = "0018", "0017"


def upgrade() -> None:
    bac_a_sable()
