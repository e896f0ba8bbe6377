"""Snapshot exports: what is asked, the files and their sealed pieces."""

from shared.socle.migrations import exports

revision, down_revision = "0019", "0018"


def upgrade() -> None:
    exports()
