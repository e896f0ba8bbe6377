"""Webhooks: subscriptions, deliveries, and the job that a fact is of."""

from shared.socle.migrations import webhooks

revision, down_revision = "0015", "0014"


def upgrade() -> None:
    webhooks()
