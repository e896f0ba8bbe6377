"""Snapshot exports: what is asked, the files and their sealed pieces."""

from shared.socle.migrations import exports

revision, down_revision = "0017", "0016"


def upgrade() -> None:
    exports()
