"""Tables of the volume guard."""

from shared.socle.migrations import volumes

revision, down_revision = "0017", "0016"


def upgrade() -> None:
    """Make them."""
    volumes()
