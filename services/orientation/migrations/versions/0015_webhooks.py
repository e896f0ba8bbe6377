"""Reserved: webhooks."""

revision, down_revision = "0015", "0014"


def upgrade() -> None:
    pass
