"""Reserved: webhooks."""

revision, down_revision = "0013", "0012"


def upgrade() -> None:
    pass
