"""Snapshot exports: what is asked, the files and their sealed pieces."""

from shared.socle.migrations import exports

revision, down_revision = "0016", "0015"


def upgrade() -> None:
    exports()
