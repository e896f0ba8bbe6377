"""Counters of the quotas."""

from shared.socle.migrations import quotas

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    quotas()
