"""Reserved: france_travail."""

revision, down_revision = "0016", "0015"


def upgrade() -> None:
    pass
