"""Webhooks that a public key verifies."""

from shared.socle.migrations import cles_publiques_webhooks

revision, down_revision = "0019", "0018"


def upgrade() -> None:
    cles_publiques_webhooks()
