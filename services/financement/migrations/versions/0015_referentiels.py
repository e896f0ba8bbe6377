"""The register of the versions of the coded lists."""

from shared.socle.migrations import versions_referentiels

revision, down_revision = "0015", "0014"


def upgrade() -> None:
    versions_referentiels()
