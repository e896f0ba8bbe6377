"""Reserved."""

revision, down_revision = "0021", "0020"


def upgrade() -> None:
    pass
