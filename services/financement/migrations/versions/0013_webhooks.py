"""Webhooks: subscriptions, deliveries, and the job that a fact is of."""

from shared.socle.migrations import webhooks

revision, down_revision = "0013", "0012"


def upgrade() -> None:
    webhooks()
