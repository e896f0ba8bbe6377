"""Reserved."""

revision, down_revision = "0024", "0023"


def upgrade() -> None:
    pass
