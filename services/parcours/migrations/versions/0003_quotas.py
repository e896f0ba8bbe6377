"""Counters of the quotas."""

from shared.socle.migrations import quotas

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    quotas()
