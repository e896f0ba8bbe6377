"""Tables of the volume guard."""

from shared.socle.migrations import volumes

revision, down_revision = "0020", "0019"


def upgrade() -> None:
    """Make them."""
    volumes()
