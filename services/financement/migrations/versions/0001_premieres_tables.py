"""First tables of financement: those that every service has."""

from shared.socle.migrations import communs

revision, down_revision = "0001", None


def upgrade() -> None:
    communs()
