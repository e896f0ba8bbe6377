"""Files of lines: received sealed, applied line by line, the fate of each kept."""

from shared.socle.migrations import imports

revision, down_revision = "0016", "0015"


def upgrade() -> None:
    imports()
